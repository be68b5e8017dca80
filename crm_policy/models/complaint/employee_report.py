from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import clean_context, email_normalize, plaintext2html

from ...const import STEPS

# What the window gets to read of it: field of the report -> field of the case.
TOLD = {
    "name": "name",
    "partner_name": "partner_name",
    "partner_email": "partner_email",
    "partner_phone": "policy_contact_phone",
    "order_ref": "policy_order_ref",
    "item_ref": "policy_item_ref",
    "lot_ref": "policy_lot_ref",
    "occurred_on": "policy_occurred_on",
}
LONGEST_TEXT = 10_000  # characters


class CrmPolicyEmployeeReport(models.Model):
    """What an employee without a post in customer service has heard of a customer (CMP-INT-04).

    Anybody writes down a complaint, only the window takes it in: sent, it becomes a case that the
    window sorts, and its reporter sees no more of it than its number and how far it is. That is why
    it is a record of its own: nobody has to open the case for him.
    """

    _name = "crm.policy.employee.report"
    _description = "Complaint Reported by an Employee"
    _inherit = ["crm.policy.guarded"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Subject", required=True)
    text = fields.Text(
        string="What Happened", required=True, help="When, where and what, without judgement."
    )
    reporter_id = fields.Many2one(
        "res.users",
        string="Reported By",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        check_company=True,
        ondelete="restrict",
        help="Leave it empty if the customer is not among our contacts.",
    )
    partner_name = fields.Char(string="Name of the Caller")
    partner_phone = fields.Char(string="Phone")
    partner_email = fields.Char(string="Email")
    order_ref = fields.Char(string="Order")
    item_ref = fields.Char(string="Item")
    lot_ref = fields.Char(string="Lot")
    occurred_on = fields.Date(string="Happened On")
    attachment_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_employee_report_attachment_rel",
        string="Photos and Papers",
        copy=False,
        ondelete="restrict",
    )
    sent_at = fields.Datetime(string="Reported At", readonly=True, copy=False)
    # Whose it has become; the reporter sees of it what the two fields below say.
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="crm_policy.group_specialist",
    )
    number = fields.Char(string="Case No.", compute="_compute_case", compute_sudo=True)
    state = fields.Selection(
        [("draft", "Not Sent Yet"), *STEPS], compute="_compute_case", compute_sudo=True
    )

    # === COMPUTE METHODS === #

    @api.depends("sent_at", "ticket_id.policy_handle", "ticket_id.policy_step")
    def _compute_case(self):
        for report in self:
            case = report.ticket_id
            report.number = case.policy_handle or case.number
            # What the window has not sorted yet was received, no more.
            report.state = (case.policy_step or "received") if case else "draft"

    # === CONSTRAINT METHODS === #

    @api.constrains("name", "text", "partner_email", "occurred_on")
    def _check_words(self):
        for report in self:
            problem = report._policy_words_problem()
            if problem:
                raise ValidationError(problem)

    @api.constrains("company_id")
    def _check_company_own(self):
        # The record rule looks at what a report was before it is written.
        for report in self:
            if report.company_id not in report.reporter_id.sudo().company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work in %(company)s.",
                        user=report.reporter_id.name,
                        company=report.company_id.sudo().name,
                    )
                )

    def _policy_words_problem(self):
        if not all((self[name] or "").strip() for name in ("name", "text")):
            return self.env._("Write down what the customer complains about.")
        if len(self.text) > LONGEST_TEXT:
            return self.env._("The text is too long. Shorten it, please.")
        if self.partner_email and not email_normalize(self.partner_email):
            return self.env._("%(email)s is no e-mail address.", email=self.partner_email)
        if self.occurred_on and self.occurred_on > fields.Date.context_today(self):
            return self.env._(
                "%(day)s lies in the future.", day=fields.Date.to_string(self.occurred_on)
            )
        return None

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"reporter_id", "sent_at", "ticket_id"}

    @api.model_create_multi
    def create(self, vals_list):
        # pylint: disable=method-required-super; it is called with the reporter
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        reports = self._policy_guarded_create(
            [{**vals, "reporter_id": self.env.uid} for vals in vals_list]
        )
        reports._policy_keep_files()
        return reports

    def write(self, vals):
        self._policy_refuse_sent()
        result = super().write(vals)
        self._policy_keep_files()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._policy_refuse_sent()

    def _policy_refuse_sent(self):
        for report in self:
            if report.sent_at:
                raise UserError(
                    self.env._(
                        "%(report)s is at customer service under number %(number)s and stays as "
                        "it was reported. Tell customer service what you want to add.",
                        report=report.name,
                        number=report.number,
                    )
                )

    def _policy_keep_files(self):
        """Let the files that the reporter has just uploaded belong to his report."""
        for report in self:
            loose = report.sudo().attachment_ids.filtered(
                lambda file: not file.res_id and file.create_uid == self.env.user
            )
            loose.write({"res_model": self._name, "res_id": report.id})

    # === ACTION METHODS === #

    def action_policy_send(self):
        """Hand the reports in at the window: each becomes a case, with its number (CMP-INT-04).

        :raises AccessError: somebody else has written it.
        :raises UserError: it is sent already.
        """
        self.check_access("write")
        for report in self:
            if report.reporter_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "%(report)s is sent by who has written it.", report=report.display_name
                    )
                )
            stored = report.sudo()
            # The second of two clicks waits here.
            stored._policy_hold_rows()
            stored._policy_refuse_sent()
            case = stored._policy_open_case()
            stored._policy_guarded_write({"sent_at": fields.Datetime.now(), "ticket_id": case.id})
            self.env["crm.policy.event"]._policy_log(
                "employee_report.sent", stored, {"case": case.id}, clause=case.policy_version_id
            )
        return True

    # === BUSINESS METHODS === #

    def _policy_open_case(self):
        """Create the case as a door of the company: neither rights nor defaults of the reporter
        count, and he does not follow it; ``self`` is superuser's."""
        self.ensure_one()
        context = {
            **clean_context(self.env.context),
            "mail_create_nosubscribe": True,
            "allowed_company_ids": self.company_id.ids,
        }
        Ticket = self.env(user=SUPERUSER_ID, context=context)["helpdesk.ticket"]
        reason = self.env._("Reported by %(user)s.", user=self.reporter_id.name)
        said = {told: self[name] for name, told in TOLD.items() if self[name]}
        case = Ticket._policy_open_by_door(
            {
                **said,
                "description": plaintext2html(self.text),
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "user_id": False,
                "team_id": False,
                "policy_department_id": False,
                "policy_kind": "complaint",
                # What it is, and whose it becomes, is said at the window.
                "policy_to_sort": True,
                "policy_sort_reason": reason,
            }
        )
        case._policy_guarded_write({"policy_reporter_id": self.reporter_id.id})
        for file in self.attachment_ids:
            file.with_user(SUPERUSER_ID).copy({"res_model": case._name, "res_id": case.id})
        return case
