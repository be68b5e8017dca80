from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

KINDS = [("official", "Notice"), ("unauthorised", "Spread without Approval")]
CLASSES = [
    ("policy", "Sales Policy"),
    ("price", "Prices"),
    ("product", "Products"),
    ("delivery", "Delivery and Logistics"),
    ("service", "Service"),
    ("other", "Other"),
]
STATES = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("reviewed", "Reviewed"),
    ("approved", "Approved"),
    ("sending", "Being Sent"),
    ("sent", "Sent"),
    ("briefed", "Briefed"),
    ("archived", "Archived"),
    ("rejected", "Rejected"),
    ("withdrawn", "Taken Back"),
    ("recorded", "On Record"),
]
# What a signature stands for: from then on it stays as it was signed.
SIGNED = frozenset({"name", "notice_class", "body", "attachment_ids", "policy_department_id"})


class CrmPolicyNotice(models.Model):
    """A written notice to customers: drafted by a department, approved, and sent by one person.

    Only who holds the post that the policy names for it sends notices (NTC-01): each customer gets
    his own copy and nobody's address but his own, it counts as sent when the last of them was
    reached, his salesperson explains it to him, and a copy is filed. What somebody has spread
    without approval is recorded here as well, so that violations have their document (RWD-FIN-02).
    """

    _name = "crm.policy.notice"
    _description = "Notice to Customers"
    _inherit = [
        "crm.policy.notice.send",
        "crm.policy.notice.breach",
        "crm.policy.notice.approval",
        "crm.policy.subject",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["number", "name"]
    _policy_clock_fields = ("withdrawn_at",)

    number = fields.Char(string="No.", readonly=True, copy=False)
    name = fields.Char(string="Title", required=True)
    kind = fields.Selection(KINDS, required=True, default="official")
    notice_class = fields.Selection(
        CLASSES, string="Class", required=True, index=True, help="Under which it is filed."
    )
    body = fields.Html(string="Text", required=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", relation="crm_policy_notice_file_rel", string="Files", copy=False
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    # The role of the head of department finds its person by this name.
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Drafting Department",
        index="btree_not_null",
        ondelete="restrict",
        default=lambda self: self.env.user.employee_id.department_id,
        help="The department that has drafted it; its head reviews it.",
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_notice_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them approves it.",
    )
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_notice_reader_rel",
        string="Opened For",
        readonly=True,
        copy=False,
        help="The salespeople of its customers, and whoever was told of it.",
    )
    keeper_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_notice_keeper_rel",
        string="See All Recipients",
        readonly=True,
        copy=False,
        help="Who approves, sends or files it.",
    )
    recipient_ids = fields.One2many("crm.policy.notice.recipient", "notice_id", string="Recipients")
    policy_reviewed_at = fields.Datetime(string="Reviewed At", readonly=True, copy=False)
    policy_approved_at = fields.Datetime(string="Approved At", readonly=True, copy=False)
    policy_sending_at = fields.Datetime(
        string="Begun to Send At", readonly=True, copy=False, help="Nothing of it changes any more."
    )
    policy_sent_at = fields.Datetime(
        string="Sent At", readonly=True, copy=False, help="When the last customer was reached."
    )
    policy_briefed_at = fields.Datetime(
        string="Briefed At", readonly=True, copy=False, help="To the last customer."
    )
    policy_filed_at = fields.Datetime(string="Filed At", readonly=True, copy=False)
    file_ref = fields.Char(string="File No.", readonly=True, copy=False)
    filed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    sent_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    withdrawn_at = fields.Datetime(string="Taken Back At", readonly=True, copy=False)
    withdrawal_reason = fields.Char(string="Why It Was Taken Back", readonly=True, copy=False)
    state = fields.Selection(STATES, compute="_compute_state", store=True, index=True)

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "A company has each number of a notice once."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "kind",
        "policy_approval_state",
        "policy_reviewed_at",
        "policy_sending_at",
        "policy_sent_at",
        "policy_briefed_at",
        "policy_filed_at",
        "withdrawn_at",
    )
    def _compute_state(self):
        """It is archived once it is both explained to all and filed, whichever comes last."""
        asked = {"pending": "submitted", "approved": "approved", "rejected": "rejected"}
        for notice in self:
            briefed = notice.policy_sent_at and notice.policy_briefed_at
            reviewed = notice.policy_approval_state == "pending" and notice.policy_reviewed_at
            notice.state = (
                (notice.kind == "unauthorised" and "recorded")
                or (notice.withdrawn_at and "withdrawn")
                or (briefed and notice.policy_filed_at and "archived")
                or (briefed and "briefed")
                or (notice.policy_sent_at and "sent")
                or (notice.policy_sending_at and "sending")
                or (reviewed and "reviewed")
                or asked.get(notice.policy_approval_state, "draft")
            )

    @api.depends("number", "name")
    def _compute_display_name(self):
        for notice in self:
            notice.display_name = " ".join(part for part in (notice.number, notice.name) if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "policy_department_id", "company_id")
    def _check_department(self):
        for notice in self.filtered(lambda notice: notice.kind == "official"):
            department = notice.sudo().policy_department_id
            if not department:
                raise ValidationError(
                    self.env._("Say which department wants the notice: its head reviews it.")
                )
            if department.company_id and department.company_id != notice.company_id:
                raise ValidationError(
                    self.env._(
                        "%(department)s belongs to another company.", department=department.name
                    )
                )

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"policy_approved_at", "policy_filed_at"}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "number",
            "writer_ids",
            "reader_ids",
            "keeper_ids",
            "policy_reviewed_at",
            "policy_sending_at",
            "policy_sent_at",
            "policy_briefed_at",
            "file_ref",
            "filed_by_id",
            "sent_by_id",
            "withdrawn_at",
            "withdrawal_reason",
            "state",
        }

    @api.model_create_multi
    def create(self, vals_list):
        notices = super().create(vals_list)
        notices._policy_claim_files(notices.sudo().attachment_ids)
        return notices

    def write(self, vals):
        signed = SIGNED.intersection(vals)
        if signed:
            self._policy_check_unsigned()
        for name in {"kind", "company_id"}.intersection(vals):
            field = self._fields[name]
            for notice in self:
                if field.convert_to_write(notice[name], notice) != vals[name]:
                    raise UserError(
                        self.env._(
                            "%(notice)s stays what it is: write another one.",
                            notice=notice.display_name,
                        )
                    )
        before = self.sudo().attachment_ids
        if signed:
            others = self.filtered(lambda notice: notice.create_uid != self.env.user)
            others._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._policy_claim_files(self.sudo().attachment_ids - before)
        return result

    def _policy_check_unsigned(self):
        for notice in self:
            if notice.policy_approval_state == "approved" or notice.policy_sending_at:
                raise UserError(
                    self.env._(
                        "%(notice)s is approved as it stands: its text, class and files stay. Take "
                        "it back and write another one.",
                        notice=notice.display_name,
                    )
                )

    def _policy_claim_files(self, files):
        """Make loose files part of the notice, readable to whoever reads it.

        The ORM has refused those that the user may not read himself.
        """
        for notice in self:
            loose = files.filtered(lambda file: not file.res_id) & notice.sudo().attachment_ids
            loose.write({"res_model": self._name, "res_id": notice.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_numbered(self):
        for notice in self:
            if notice.number:
                raise UserError(
                    self.env._(
                        "%(notice)s is kept: take it back instead.", notice=notice.display_name
                    )
                )

    # === SUBJECT === #

    @api.model
    def _policy_running_domain(self):
        return Domain("kind", "=", "official") & Domain("withdrawn_at", "=", False)

    def _policy_open_for(self, users):
        for notice in self.sudo():
            fresh = users - notice.reader_ids
            if fresh:
                notice._policy_guarded_write(
                    {"reader_ids": [Command.link(user.id) for user in fresh]}
                )

    def _policy_open_lines_for(self, users):
        """Let ``users`` read the notices and to whom they go."""
        for notice in self.sudo():
            fresh = users - notice.keeper_ids
            if fresh:
                notice._policy_guarded_write(
                    {"keeper_ids": [Command.link(user.id) for user in fresh]}
                )

    # === ACTION METHODS === #

    def action_policy_withdraw(self, reason=None):
        """Take a notice back that was not begun to be sent; what was asked for lapses.

        :raises AccessError: the user may not change it.
        :raises UserError: it is being sent.
        :raises ValidationError: there is no reason.
        """
        self.check_access("write")
        reason = self._policy_text(reason, self.env._("Say why it is taken back."))
        for notice in self.sudo():
            notice._policy_check_official()
            if notice.policy_sending_at:
                raise UserError(
                    self.env._(
                        "%(notice)s is with the customers: it cannot be taken back. Send a notice "
                        "that corrects it.",
                        notice=notice.display_name,
                    )
                )
            request = notice.policy_approval_id
            if request.state in ("pending", "approved"):
                request._policy_lapse()
            notice._policy_guarded_write(
                {
                    "withdrawn_at": fields.Datetime.now(),
                    "withdrawal_reason": reason,
                    # A draft without a number could be deleted, and the reason with it.
                    "number": notice.number or notice._policy_next_number(),
                }
            )
        self.env["crm.policy.event"]._policy_log("notice.withdrawn", self.sudo())
        return True

    def _policy_tell(self, users, subject, body):
        """Tell colleagues of a notice, by inbox or e-mail as each of them wants."""
        partners = users.filtered(lambda user: user.active and not user.share).partner_id
        if partners:
            self.ensure_one()
            self.sudo().message_notify(partner_ids=partners.ids, subject=subject, body=body)
