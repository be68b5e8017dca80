from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

REPORTERS = "crm_policy.group_supervisor"
# What a record of this kind cannot do without.
NEEDED = ("person_ids", "occurred_on", "clause_id")
# What a violation rests on once it is reported.
REPORTED = (*NEEDED, "name", "body")


class CrmPolicyNoticeBreach(models.AbstractModel):
    """What somebody has spread among customers without approval (RWD-FIN-02, RWD-FIN-03).

    A supervisor records who, when and what; each person is a violation, once per occasion, with the
    appeal that every violation has. The complaints that came of it are linked, as they weigh.
    """

    _name = "crm.policy.notice.breach"
    _description = "Unauthorised Notice"

    person_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_notice_person_rel",
        string="Persons",
        copy=False,
        help="Who has spread it.",
    )
    occurred_on = fields.Date(string="Spread On", copy=False)
    clause_id = fields.Many2one(
        "crm.policy.clause",
        string="Clause Broken",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
    )
    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        relation="crm_policy_notice_ticket_rel",
        string="Complaints Caused",
        copy=False,
        help="Complaints that came of it.",
    )
    violation_ids = fields.One2many(
        "crm.policy.violation",
        "res_id",
        string="Violations",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "company_id", *NEEDED)
    def _check_breach(self):
        for notice in self.filtered(lambda notice: notice.kind == "unauthorised"):
            stored = notice.sudo()
            if not all(stored[name] for name in NEEDED):
                raise ValidationError(
                    self.env._("Say who has spread it, when, and which clause that breaks.")
                )
            if stored.occurred_on > fields.Date.context_today(self):
                raise ValidationError(
                    self.env._(
                        "%(day)s lies in the future.", day=fields.Date.to_string(stored.occurred_on)
                    )
                )
            if stored.clause_id.company_id != stored.company_id:
                raise ValidationError(
                    self.env._("Name the clause, one of %(company)s.",
                               company=stored.company_id.name)
                )  # fmt: skip

    @api.constrains("ticket_ids", "company_id")
    def _check_complaints(self):
        for notice in self:
            foreign = notice.sudo().ticket_ids.filtered(
                lambda case, notice=notice: (
                    not case.policy_kind or case.company_id != notice.company_id
                )
            )
            if foreign:
                raise ValidationError(
                    self.env._(
                        "%(case)s is no case of %(company)s under a policy.",
                        case=foreign[0].display_name,
                        company=notice.company_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        notices = super().create(vals_list)
        found = notices.filtered(lambda notice: notice.kind == "unauthorised")
        if found and not self.env.user.has_group(REPORTERS):
            raise AccessError(self.env._("Supervisors and above record violations."))
        for notice in found.sudo():
            notice._policy_guarded_write({"number": notice._policy_next_number()})
        return notices

    def write(self, vals):
        names = [name for name in REPORTED if name in vals]
        reported = {
            notice: [notice.sudo()[name] for name in names]
            for notice in self
            if names and notice.sudo().violation_ids
        }
        complaints = {notice: notice.sudo().ticket_ids for notice in self}
        result = super().write(vals)
        for notice, before in reported.items():
            now = [notice.sudo()[name] for name in names]
            # Others may turn out to have taken part; nobody and nothing else changes.
            more = "person_ids" in names and before[names.index("person_ids")]
            kept = [value for name, value in zip(names, now, strict=True) if name != "person_ids"]
            was = [value for name, value in zip(names, before, strict=True) if name != "person_ids"]
            if kept != was or (more and more - notice.sudo().person_ids):
                raise UserError(
                    self.env._(
                        "%(notice)s is recorded as a violation: persons are added, nothing else "
                        "changes.",
                        notice=notice.display_name,
                    )
                )
        if "ticket_ids" in vals:
            for notice, before in complaints.items():
                cases = notice.sudo().ticket_ids
                if cases != before:
                    self.env["crm.policy.event"]._policy_log(
                        "notice.complaints", notice.sudo(), {"cases": cases.ids}
                    )
                    notice._policy_propose_fines()
        return result

    # === ACTION METHODS === #

    def action_policy_report_persons(self, severity="minor"):
        """Record a violation for each person that has none yet for this occasion.

        :param str severity: minor, serious or grave.
        :raises AccessError: no supervisor, or the record is hidden from him.
        :raises UserError: it is a notice of the company, or somebody reports himself.
        """
        self.check_access("read")
        Violation = self.env["crm.policy.violation"]
        for notice in self:
            stored = notice.sudo()
            if stored.kind != "unauthorised":
                raise UserError(
                    self.env._(
                        "%(notice)s is a notice of the company, no violation.",
                        notice=notice.display_name,
                    )
                )
            known = stored.violation_ids.filtered(lambda violation: violation.state != "withdrawn")
            for person in stored.person_ids - known.user_id:
                Violation.action_policy_report(
                    stored.clause_id.id,
                    self._name,
                    notice.id,
                    self.env._(
                        "%(notice)s, spread on %(day)s without approval.",
                        notice=notice.display_name,
                        day=fields.Date.to_string(stored.occurred_on),
                    ),
                    person.id,
                    severity,
                )
            stored.invalidate_recordset(["violation_ids"])
            # Whoever judges reads what it is about.
            stored._policy_open_for(stored.violation_ids.reader_ids - stored.person_ids)
        self._policy_propose_fines()
        return True

    # === BUSINESS METHODS === #

    def _policy_propose_fines(self):
        """Propose what each person pays for this occasion; more where it led to a complaint.

        Once per person and occasion: the heavier one takes the place of the lighter, or adds what
        is missing to one that is decided (RWD-FIN-02, RWD-FIN-03).

        :return: the sanctions, as superuser.
        """
        Sanction = self.env["crm.policy.sanction"]
        Rule = self.env["crm.policy.sanction.rule"]
        sanctions = Sanction.sudo()
        for notice in self.sudo().filtered(lambda notice: notice.kind == "unauthorised"):
            trigger = "unauthorised_complaint" if notice.ticket_ids else "unauthorised_notice"
            rule = Rule._policy_rules_of(notice.clause_id.version_id, trigger)[:1]
            blamed = notice.violation_ids.filtered(
                lambda violation: violation.state not in ("withdrawn", "waived")
            )
            for person in blamed.user_id if rule else ():
                sanction = Sanction._policy_propose(rule, person, notice)
                sanction._policy_send_round()
                sanctions |= sanction
        return sanctions
