from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.zones import company_zone, day_end, to_local

# How long a round lasts, in calendar days; a parameter of the policy.
DAYS = "consultation_days"


class CrmPolicyConsulted(models.AbstractModel):
    """A text that touches customers is shown to them before it is decided (POL-CON-01).

    The round begins when the draft is handed over and runs its whole time: what goes back to its
    author before that begins anew, and so does a text that is no longer the one they were shown.
    Nobody decides before it is over and every comment is answered.
    """

    _name = "crm.policy.consulted"
    _description = "Text That Customers Are Asked About"
    _inherit = ["crm.policy.guarded"]

    affects_customers = fields.Boolean(
        string="Touches Customers",
        tracking=True,
        help="Customers are asked before it is decided: allocation of goods, permits, standards "
        "of service.",
    )
    consulted_partner_ids = fields.Many2many(
        "res.partner",
        relation="crm_policy_version_consulted_rel",
        string="Customers Asked",
        help="Everybody of a company that is asked, or the one person, who has an account of the "
        "portal.",
    )
    consultation_opened_at = fields.Datetime(string="Round Opened At", readonly=True, copy=False)
    consultation_closes_at = fields.Datetime(string="Open Until", readonly=True, copy=False)
    consultation_hash = fields.Char(
        readonly=True, copy=False, help="SHA-256 of the text that the customers were shown."
    )
    consultation_ids = fields.One2many(
        "crm.policy.consultation",
        "version_id",
        string="Comments",
        groups="crm_policy.group_policy_admin,crm_policy.group_director,crm_policy.group_ceo,"
        "crm_policy.group_committee,crm_policy.group_legal",
    )
    consultation_state = fields.Selection(
        [("none", "Not Asked Yet"), ("open", "Asked Now"), ("closed", "Round Over")],
        string="Consultation",
        compute="_compute_consultation",
    )
    consultation_count = fields.Integer(
        string="Number of Comments", compute="_compute_consultation"
    )
    consultation_unanswered = fields.Integer(string="Not Answered", compute="_compute_consultation")
    consultation_changed = fields.Boolean(compute="_compute_consultation")

    # === COMPUTE METHODS === #

    @api.depends("state", "consultation_opened_at", "consultation_closes_at")
    def _compute_consultation(self):
        counts = {}
        groups = (
            self.env["crm.policy.consultation"]
            .sudo()
            ._read_group([("version_id", "in", self.ids)], ["version_id", "state"], ["__count"])
        )
        for version, state, count in groups:
            counts[version.id, state] = count
        now = fields.Datetime.now()
        for version in self:
            answered = counts.get((version.id, "answered"), 0)
            waiting = counts.get((version.id, "open"), 0)
            version.consultation_count = answered + waiting
            version.consultation_unanswered = waiting
            closes_at = version.consultation_closes_at
            if not closes_at:
                version.consultation_state = "none"
            else:
                version.consultation_state = "open" if now <= closes_at else "closed"
            version.consultation_changed = bool(
                version.state in ("draft", "review")
                and version.consultation_hash
                and version.consultation_hash != version._policy_content_hash()
            )

    # === GUARDS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "consultation_opened_at",
            "consultation_closes_at",
            "consultation_hash",
        }

    def _policy_check_consulted(self):
        """Refuse to hand over what touches customers while nobody of them can be asked."""
        for version in self.filtered("affects_customers"):
            if not version._policy_consulted_users():
                raise UserError(
                    self.env._(
                        "%(version)s touches customers: name those who are asked, with an account "
                        "of the portal, on its tab Consultation.",
                        version=version.display_name,
                    )
                )
            if not version._policy_consultation_days():
                raise UserError(
                    self.env._(
                        "%(version)s touches customers, and no policy says how long they are "
                        "asked: give it the parameter %(parameter)s.",
                        version=version.display_name,
                        parameter=DAYS,
                    )
                )

    def _policy_check_heard(self):
        """Refuse a decision before the customers had their time and their answers."""
        now = fields.Datetime.now()
        for version in self.sudo().filtered("affects_customers"):
            closes_at = version.consultation_closes_at
            if not closes_at:
                raise UserError(
                    self.env._(
                        "%(version)s touches customers, who have not been asked: take it back to "
                        "draft and hand it over again.",
                        version=version.display_name,
                    )
                )
            if now <= closes_at:
                local = to_local(closes_at, company_zone(version.company_id))
                raise UserError(
                    self.env._(
                        "%(version)s: customers are asked until %(day)s. It is decided after that.",
                        version=version.display_name,
                        day=local.date(),
                    )
                )
            waiting = version.consultation_ids.filtered(lambda line: line.state == "open")
            if waiting:
                raise UserError(
                    self.env._(
                        "%(version)s: answer what customers have said before it is decided:\n"
                        "%(comments)s",
                        version=version.display_name,
                        comments="\n".join(f"- {line.display_name}" for line in waiting),
                    )
                )

    # === BUSINESS METHODS === #

    def _policy_consulted_users(self):
        """Return the accounts of the portal whose people are asked about this version."""
        self.ensure_one()
        version = self.sudo()
        partners = version.consulted_partner_ids
        return (
            self.env["res.users"]
            .sudo()
            .search(
                Domain("share", "=", True)
                & Domain("company_ids", "in", version.company_id.id)
                & Domain("group_ids", "in", self.env.ref("base.group_portal").id)
                & (
                    Domain("partner_id", "in", partners.ids)
                    | Domain("partner_id.commercial_partner_id", "in", partners.ids)
                )
            )
        )

    def _policy_consultation_days(self):
        """Return how many days a round lasts, 0 where no policy says it.

        The version in force goes before the draft: no draft shortens the time of its own round.
        """
        self.ensure_one()
        Parameter = self.env["crm.policy.parameter"].sudo()
        for version in (self.policy_id.current_version_id, self):
            found = Parameter._policy_of(version, DAYS)
            if found:
                return int(found.value)
        return int(Parameter._policy_value(self.company_id.id, DAYS))

    def _policy_open_consultation(self):
        """Begin the round of those that touch customers and had none, and tell the customers.

        A round that is over counts for the text that was shown, and for what was changed of it
        because a customer has asked for that; another text is shown anew.
        """
        now = fields.Datetime.now()
        for version in self.filtered("affects_customers"):
            if version.consultation_closes_at and not version._policy_needs_another_round():
                continue  # it has had its whole time
            last = version._policy_today() + timedelta(days=version._policy_consultation_days())
            version._policy_guarded_write(
                {
                    "consultation_opened_at": now,
                    "consultation_closes_at": day_end(last, company_zone(version.company_id)),
                    "consultation_hash": version._policy_content_hash(),
                }
            )
            users = version._policy_consulted_users()
            version._policy_invite(users, last)
            self.env["crm.policy.event"]._policy_log(
                "consultation.opened",
                version.sudo(),
                {"until": str(last), "users": users.ids},
                clause=version,
            )

    def _policy_needs_another_round(self):
        """Return whether the text has changed since its round, and no comment of it was adopted."""
        self.ensure_one()
        version = self.sudo()
        if version.consultation_hash == version._policy_content_hash():
            return False
        return not version.consultation_ids.filtered(
            lambda line: (
                line.answer in ("accepted", "partly")
                and line.commented_at >= version.consultation_opened_at
            )
        )

    def _policy_break_consultation(self):
        """End rounds before their time: the text is about to change."""
        now = fields.Datetime.now()
        broken = self.filtered(
            lambda version: version.consultation_closes_at and now <= version.consultation_closes_at
        )
        if broken:
            broken._policy_guarded_write(
                {"consultation_opened_at": False, "consultation_closes_at": False}
            )
            self.env["crm.policy.event"]._policy_log("consultation.broken_off", broken.sudo())

    def _policy_invite(self, users, last):
        """Write to the customers who are asked, each in his language."""
        link = f"{self.get_base_url()}/my/policies"
        for lang, group in users.grouped("lang").items():
            there = self.sudo().with_context(lang=lang)
            values = {"version": there, "link": link, "last": last}
            self.env["mail.thread"].sudo().with_context(lang=lang).message_notify(
                partner_ids=group.partner_id.ids,
                subject=there.env._(
                    "%(company)s asks for your opinion: %(policy)s",
                    company=there.company_id.name,
                    policy=there.policy_id.name,
                ),
                body=there.env["ir.qweb"]._render("crm_policy.consultation_invitation", values),
                email_layout_xmlid="mail.mail_notification_light",
            )

    @api.model
    def _policy_open_to(self, user):
        """Return, as superuser, the versions on which a customer may have his say now."""
        if not user.share or not user.active:
            return self.sudo().browse()
        partners = user.partner_id | user.partner_id.commercial_partner_id
        now = fields.Datetime.now()
        return self.sudo().search(
            [
                ("state", "=", "review"),
                ("approver_id", "=", False),
                ("affects_customers", "=", True),
                ("consultation_opened_at", "<=", now),
                ("consultation_closes_at", ">=", now),
                ("consulted_partner_ids", "in", partners.ids),
                ("company_id", "in", user.company_ids.ids),
            ]
        )
