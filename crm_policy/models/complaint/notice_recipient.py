from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

CHANNELS = [("mail", "E-Mail"), ("fax", "Fax"), ("letter", "Letter")]
# What Odoo says of a mail that has not ended yet.
UNDER_WAY = ("ready", "process", "pending")


class CrmPolicyNoticeRecipient(models.Model):
    """One customer of a notice: how it reached him, when, and who made sure that he knows it."""

    _name = "crm.policy.notice.recipient"
    _description = "Recipient of a Notice"
    _inherit = ["crm.policy.dependent", "crm.policy.subject"]
    _policy_document_field = "notice_id"
    _order = "notice_id desc, id"
    _rec_name = "partner_id"

    notice_id = fields.Many2one("crm.policy.notice", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="notice_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    channel = fields.Selection(CHANNELS, required=True, default="mail")
    email = fields.Char(string="Sent To", readonly=True, copy=False)
    message_id = fields.Many2one(
        "mail.message", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    dispatched_at = fields.Datetime(readonly=True, copy=False)
    policy_delivered_at = fields.Datetime(
        string="Reached At",
        readonly=True,
        copy=False,
        help="When his mail server took it, or the fax or letter was delivered.",
    )
    delivery_ref = fields.Char(
        string="Proof", readonly=True, copy=False, help="Fax report or number of the consignment."
    )
    failed_at = fields.Datetime(string="Not Reached At", readonly=True, copy=False)
    failure = fields.Char(string="Why Not Reached", readonly=True, copy=False)
    policy_sent_at = fields.Datetime(
        string="To Explain Since",
        readonly=True,
        copy=False,
        help="When the notice had reached all customers.",
    )
    policy_confirmed_at = fields.Datetime(string="Confirmed At", readonly=True, copy=False)
    policy_briefed_at = fields.Datetime(string="Briefed At", readonly=True, copy=False)
    briefed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    briefing = fields.Text(
        string="What He Was Told", readonly=True, copy=False, help="The last time it was explained."
    )
    understood = fields.Boolean(readonly=True, copy=False)
    delivery = fields.Selection(
        [
            ("waiting", "To Be Sent"),
            ("under_way", "On Its Way"),
            ("delivered", "Delivered"),
            ("failed", "Not Delivered"),
        ],
        compute="_compute_delivery",
        store=True,
        index=True,
    )
    completed_at = fields.Datetime(
        string="Added After the Approval At",
        readonly=True,
        copy=False,
        help="Who is concerned as well and was reached for that by the one who sends it; those who "
        "signed did not read of him.",
    )
    can_brief = fields.Boolean(compute="_compute_can_brief")

    _partner_uniq = models.Constraint(
        "UNIQUE(notice_id, partner_id)", "A notice goes to each customer once."
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_delivered_at", "failed_at", "dispatched_at")
    def _compute_delivery(self):
        for line in self:
            line.delivery = (
                (line.policy_delivered_at and "delivered")
                or (line.failed_at and "failed")
                or (line.dispatched_at and "under_way")
                or "waiting"
            )

    @api.depends("notice_id.number", "notice_id.name", "partner_id.display_name")
    def _compute_display_name(self):
        for line in self:
            notice = line.notice_id.number or line.notice_id.name
            line.display_name = f"{line.partner_id.display_name}, {notice}"

    @api.depends("policy_sent_at", "policy_briefed_at")
    @api.depends_context("uid")
    def _compute_can_brief(self):
        for line in self:
            waits = line.policy_sent_at and not line.policy_briefed_at
            line.can_brief = bool(waits) and self.env.user in (
                line.sudo().notice_id._policy_duty_holders(
                    self._name, "policy_briefed_at", line.sudo()
                )
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "notice_id")
    def _check_partner(self):
        for line in self.sudo():
            company = line.partner_id.company_id
            if company and company != line.notice_id.company_id:
                raise ValidationError(
                    self.env._(
                        "%(customer)s is a customer of another company.",
                        customer=line.partner_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {
            "policy_delivered_at",
            "policy_confirmed_at",
            "policy_briefed_at",
        }

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "company_id",
            "email",
            "message_id",
            "dispatched_at",
            "delivery_ref",
            "failed_at",
            "failure",
            "policy_sent_at",
            "briefed_by_id",
            "briefing",
            "understood",
            "delivery",
            "completed_at",
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_partners(vals_list)
        lines = super().create(vals_list)
        lines._policy_check_open()
        lines._policy_complete_signed()
        for notice, group in lines.sudo().grouped("notice_id").items():
            # They are governed as the notice is.
            if notice.policy_version_id:
                group._policy_guarded_write({"policy_version_id": notice.policy_version_id.id})
        return lines

    def write(self, vals):
        if vals.keys() & {"partner_id", "channel", "notice_id"}:
            self._policy_check_partners([vals])
            self._policy_check_open()
            self._policy_check_waiting()
        moved = bool(vals.keys() & {"partner_id", "notice_id"})
        if moved:
            self._policy_refuse_signed()
        left = self.sudo().notice_id if "notice_id" in vals else self.env["crm.policy.notice"]
        result = super().write(vals)
        if left:
            self._policy_check_open()
            self._policy_complete_signed()
            left._policy_settle_rest()
        if moved:
            (left | self.sudo().notice_id)._policy_void_changed()
        return result

    def unlink(self):
        left = self.sudo().notice_id
        result = super().unlink()
        left._policy_settle_rest()
        left.exists()._policy_void_changed()
        return result

    def _policy_check_partners(self, vals_list):
        """Refuse contacts that the user may not read, before anything else tells of them."""
        partner_ids = [vals["partner_id"] for vals in vals_list if vals.get("partner_id")]
        if any(type(partner_id) is not int for partner_id in partner_ids):
            raise ValidationError(
                self.env._("Name the customers, and how each of them gets the notice.")
            )
        self.env["res.partner"].browse(set(partner_ids)).exists().check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_dispatched(self):
        self._policy_check_open()
        for line in self:
            if line.dispatched_at or line.policy_delivered_at:
                raise UserError(
                    self.env._("%(line)s is on its way: it stays.", line=line.display_name)
                )
        self._policy_refuse_signed()

    def _policy_check_open(self):
        """Refuse to change to whom a notice goes that is none of ours, taken back or sent."""
        notices = self.sudo().notice_id
        notices._policy_check_official()
        for notice in notices:
            if notice.policy_sent_at:
                raise UserError(
                    self.env._(
                        "%(notice)s has reached all its customers: to others goes another notice.",
                        notice=notice.display_name,
                    )
                )

    def _policy_refuse_signed(self):
        """Refuse to take a customer off the list that was signed, or to put another in his place
        (NTC-01); who was added afterwards may go again."""
        for line in self.sudo():
            notice = line.notice_id
            if notice.policy_approval_state == "approved" and not line.completed_at:
                raise UserError(
                    self.env._(
                        "%(clause)s: %(notice)s is approved for %(customer)s, among others: he "
                        "stays on the list. Take the notice back and write another one.",
                        clause=notice.policy_approval_id.clause_id._policy_citation(),
                        notice=notice.display_name,
                        customer=line.partner_id.display_name,
                    )
                )

    def _policy_complete_signed(self):
        """Let who sends an approved notice complete its list, as whom it concerns has to get it
        (NTC-02), and nobody else; the ledger names whom. What waits for signatures lapses."""
        for notice, lines in self.sudo().grouped("notice_id").items():
            if notice.policy_approval_state != "approved":
                notice._policy_void_changed()
                continue
            notice._policy_check_duty(notice._name, "policy_sent_at")
            lines._policy_guarded_write({"completed_at": fields.Datetime.now()})
            self.env["crm.policy.event"]._policy_log(
                "notice.completed",
                notice,
                {"partners": lines.partner_id.ids},
                clause=notice.policy_approval_id.clause_id,
            )

    def _policy_check_waiting(self):
        for line in self:
            if line.delivery in ("under_way", "delivered"):
                raise UserError(
                    self.env._("%(line)s is on its way: it stays.", line=line.display_name)
                )

    # === SUBJECT === #

    def _policy_shown(self):
        return self.notice_id

    def _policy_open_for(self, users):
        for line in self.sudo():
            # Whoever is told that a salesperson is late has to see whose customer waits.
            line.notice_id._policy_open_for(users & line.user_id)
            line.notice_id._policy_open_lines_for(users - line.user_id)

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if name == "policy_delivered_at":
            before, problem = self.notice_id.policy_approved_at, self.env._("approved")
        else:
            before, problem = self.policy_delivered_at, self.env._("delivered")
            if name == "policy_briefed_at":
                before, problem = self.policy_sent_at, self.env._("sent to all customers")
        if not before or moment < before:
            raise UserError(
                self.env._(
                    "%(line)s: %(fact)s comes after the notice is %(before)s.",
                    line=self.display_name,
                    fact=self._policy_label(name),
                    before=problem,
                )
            )
        return result

    # === ACTION METHODS === #

    def action_policy_deliver(self, channel=None, reference=None, at=None, reason=None):
        """Record that it was faxed or posted; who sends notices, for whoever mail did not reach.

        :param str channel: fax or letter.
        :param str reference: report of the fax, number of the consignment.
        :param at: when; now by default, earlier within the clause's limit and with ``reason``.
        :raises AccessError: somebody else than the policy names for it.
        :raises UserError: the notice is not approved as it stands, or he was reached already.
        :raises ValidationError: there is no such channel, or no proof.
        """
        self.check_access("read")
        if channel not in ("fax", "letter"):
            raise ValidationError(
                self.env._("By hand a notice goes by fax or letter; mails prove themselves.")
            )
        proof = self._policy_text(reference, self.env._("Write down the proof of delivery."))
        for notice, lines in self.sudo().grouped("notice_id").items():
            notice._policy_take_duty("policy_sent_at")
            lines.invalidate_recordset()
            notice._policy_check_signed()
            notice._policy_begin_sending()
            lines._policy_set_fact("policy_delivered_at", at, reason)
            lines._policy_guarded_write(
                {
                    "channel": channel,
                    "delivery_ref": proof,
                    "dispatched_at": fields.Datetime.now(),
                    "failed_at": False,
                    "failure": False,
                    # A mail that still arrives, or comes back, changes nothing any more.
                    "message_id": False,
                }
            )
            notice._policy_settle()
        return True

    def action_policy_confirm(self, at=None, reason=None):
        """Record that the customer has confirmed that he has it; who sends it or explains it."""
        self.check_access("read")
        for line in self.sudo():
            explains = line.notice_id._policy_duty_holders(self._name, "policy_briefed_at", line)
            if self.env.user not in explains:
                line.notice_id._policy_check_duty(line.notice_id._name, "policy_sent_at")
        self.sudo()._policy_set_fact("policy_confirmed_at", at, reason)
        return True

    def action_policy_brief(self, text=None, understood=True, at=None, reason=None):
        """Record that the notice was explained to the customer (NTC-03); his salesperson.

        Until he has understood it, it is not done: the clock goes on, and what was said is kept.

        :param str text: what was said, to whom.
        :param bool understood: whether he knows and understands it now.
        :raises AccessError: somebody else than the policy names for it.
        :raises UserError: it has not reached all customers yet, or this is recorded already.
        :raises ValidationError: there is no text, or understood is neither yes nor no.
        """
        self.check_access("read")
        text = self._policy_text(text, self.env._("Write down what was said, and to whom."))
        if not isinstance(understood, bool):
            raise ValidationError(self.env._("Say whether the customer has understood it."))
        for notice, lines in self.sudo().grouped("notice_id").items():
            for line in lines:
                notice._policy_check_duty(self._name, "policy_briefed_at", line)
            notice._policy_hold_rows()
            lines.invalidate_recordset()
            if understood:
                lines._policy_set_fact("policy_briefed_at", at, reason)
            else:
                lines._policy_check_to_brief()
                self.env["crm.policy.event"]._policy_log(
                    "notice.not_understood", lines, clause=notice.policy_version_id
                )
            lines._policy_guarded_write(
                {"briefing": text, "understood": understood, "briefed_by_id": self.env.uid}
            )
            notice._policy_settle()
        return True

    def action_policy_open(self):
        """Open the notice."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.notice_id._name,
            "res_id": self.notice_id.id,
            "view_mode": "form",
        }

    def _policy_check_to_brief(self):
        now = fields.Datetime.now()
        for line in self:
            line._policy_check_fact("policy_briefed_at", now)

    # === MAIL === #

    def _policy_is_to_mail(self):
        """Return whether a mail is to be sent to him: none is under way, and none arrived."""
        self.ensure_one()
        return self.channel == "mail" and self.delivery in ("waiting", "failed")

    def _policy_mail(self):
        """Put a mail for each customer into the queue: he reads nobody's address but his own.

        One statement for all of a kind, whatever their number; the queue starts after the commit.
        """
        if not self:
            return
        common = self.notice_id._policy_mail_values()
        mails = self.env["mail.mail"].sudo().create(
            [
                {
                    **common,
                    "partner_ids": [Command.set(line.partner_id.ids)],
                    "recipient_ids": [Command.set(line.partner_id.ids)],
                }
                for line in self
            ]
        )  # fmt: skip
        self.env["mail.notification"].sudo().create(
            [
                {
                    "author_id": common["author_id"],
                    "mail_message_id": mail.mail_message_id.id,
                    "mail_mail_id": mail.id,
                    "res_partner_id": line.partner_id.id,
                    "notification_type": "email",
                    "notification_status": "ready",
                    "is_read": True,
                }
                for line, mail in zip(self, mails, strict=True)
            ]
        )
        now = fields.Datetime.now()
        for line, mail in zip(self, mails, strict=True):
            line._policy_guarded_write(
                {
                    "message_id": mail.mail_message_id.id,
                    "email": email_normalize(line.partner_id.email),
                    "dispatched_at": now,
                    "failed_at": False,
                    "failure": False,
                }
            )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _policy_mail_ended(self, status, reason):
        """Record what Odoo says of the mails: taken by the mail server, or lost.

        What came back does not count where the customer has confirmed or understood the notice,
        nor a second time.

        :param str status: of ``mail.notification``.
        :param str reason: why it was lost, in the words of the mail server.
        """
        if not self or status in UNDER_WAY:
            return
        now = fields.Datetime.now()
        self.notice_id._policy_hold_rows()
        self.invalidate_recordset()
        if status == "sent":
            fresh = self.filtered(lambda line: not line.policy_delivered_at)
            fresh._policy_set_fact("policy_delivered_at")
            fresh._policy_guarded_write({"failed_at": False, "failure": False})
            self.notice_id._policy_settle()
            return
        lost = self.filtered(
            lambda line: not (line.policy_confirmed_at or line.policy_briefed_at or line.failed_at)
        )
        lost._policy_guarded_write(
            {
                "policy_delivered_at": False,
                "policy_sent_at": False,
                "failed_at": now,
                "failure": " ".join((reason or "").split())[:300],
            }
        )
        self.env["crm.policy.event"]._policy_log(
            "notice.not_delivered", lost, {"status": status}, clause=lost.policy_version_id[:1]
        )
        lost.notice_id._policy_come_back()

    def _policy_access_error(self):
        return AccessError(
            self.env._("Only who writes, approves, sends or explains a notice sees its customers.")
        )
