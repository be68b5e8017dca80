from markupsafe import Markup

from odoo import api, fields, models

from .case_form import COPY_REPORT


class CrmPolicyCaseCopy(models.Model):
    """Who has got which copy of a settled complaint form, and when he has read it (CMP-FLOW-09).

    The copies come about with the settlement. A second print of one is marked as a duplicate.
    """

    _name = "crm.policy.case.copy"
    _description = "Copy of the Complaint Form"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id, cycle, number, id"
    _rec_name = "name"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    paper_id = fields.Many2one(
        "crm.policy.case.paper", required=True, readonly=True, index=True, ondelete="restrict"
    )
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    rule_id = fields.Many2one(
        "crm.policy.copy.rule", required=True, readonly=True, index=True, ondelete="restrict"
    )
    number = fields.Integer(string="Copy No.", required=True, readonly=True)
    name = fields.Char(string="Copy of the Form", related="rule_id.name")
    role_id = fields.Many2one("crm.policy.role", related="rule_id.role_id", string="Recipient")
    clause_id = fields.Many2one("crm.policy.clause", related="rule_id.clause_id")
    user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_case_copy_user_rel",
        string="Handed Out To",
        readonly=True,
        help="Who held the role at the settlement. Empty: nobody did.",
    )
    sent_at = fields.Datetime(string="Handed Out At", required=True, readonly=True)
    read_at = fields.Datetime(readonly=True)
    read_by_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    print_ids = fields.One2many("crm.policy.case.print", "copy_id", string="Prints", readonly=True)
    print_count = fields.Integer(string="Printed", compute="_compute_print_count")
    is_mine = fields.Boolean(compute="_compute_is_mine")
    content_html = fields.Html(
        string="Complaint Form",
        compute="_compute_content_html",
        sanitize=False,
        help="Shown to a recipient once he has opened his copy.",
    )

    _once = models.UniqueIndex("(paper_id, rule_id)", "Each copy is handed out once.")

    # === COMPUTE METHODS === #

    @api.depends("print_ids")
    def _compute_print_count(self):
        counts = dict(
            self.env["crm.policy.case.print"]
            .sudo()
            ._read_group([("copy_id", "in", self.ids)], ["copy_id"], ["__count"])
        )
        for copy in self:
            copy.print_count = counts.get(copy, 0)

    @api.depends("user_ids", "read_at")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for copy in self:
            copy.is_mine = self.env.user in copy.sudo().user_ids

    @api.depends("paper_id", "read_at")
    @api.depends_context("uid")
    def _compute_content_html(self):
        for copy in self:
            accused = self.env.user in copy.sudo().ticket_id.policy_accused_user_ids
            hidden = not copy._origin or accused or (copy.is_mine and not copy.read_at)
            copy.content_html = False if hidden else copy._policy_page()

    # === ACTION METHODS === #

    def action_policy_open(self):
        """Open a copy on the screen; of a recipient it is noted that he has read it."""
        self.ensure_one()
        self._policy_check_reader()
        self._policy_note_reading()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Copy of the Complaint Form"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def action_policy_print(self):
        """Print copies: the first time as they are, after that as duplicates."""
        self._policy_check_reader()
        return self.env["ir.actions.report"]._for_xml_id(f"{COPY_REPORT}_report") | {
            "context": {"active_ids": self.ids, "active_model": self._name}
        }

    # === BUSINESS METHODS === #

    @api.model
    def _policy_hand_out(self, cases):
        """Hand out the copies of cases that have just been settled; ``cases`` are superuser's.

        What their version does not ask for is not made. Each recipient sees the case from now on.
        """
        rules = self.env["crm.policy.copy.rule"].sudo().search(
            [("version_id", "in", cases.policy_version_id.ids)]
        )  # fmt: skip
        by_version = rules.grouped("version_id")
        cases = cases.filtered(
            lambda case: case.policy_settled_at and case.policy_version_id in by_version
        )
        if not cases:
            return self
        papers = self.env["crm.policy.case.paper"].sudo()._policy_insert(
            [
                {
                    "ticket_id": case.id,
                    "company_id": case.company_id.id,
                    "cycle": case.policy_cycle,
                    "settled_at": case.policy_settled_at,
                    "lang": case._policy_form_lang(),
                    "content": case._policy_form_content(),
                }
                for case in cases
            ]
        )  # fmt: skip
        people = {rule: rule.role_id._users_for(cases) for rule in rules}
        now = fields.Datetime.now()
        copies = self.sudo()._policy_insert(
            [
                {
                    "ticket_id": paper.ticket_id.id,
                    "company_id": paper.company_id.id,
                    "paper_id": paper.id,
                    "cycle": paper.cycle,
                    "rule_id": rule.id,
                    "number": rule.number,
                    # Never to whom the case is about.
                    "user_ids": (
                        people[rule][paper.ticket_id.id] - paper.ticket_id.policy_accused_user_ids
                    ).ids,
                    "sent_at": now,
                }
                for paper in papers
                for rule in by_version[paper.ticket_id.policy_version_id]
            ]
        )
        copies._policy_open_cases()
        copies._policy_log_copies("copy.handed_out")
        copies._policy_tell()
        return copies

    def _policy_open_cases(self):
        """Open the cases for those recipients who do not see them yet."""
        for user in self.user_ids:
            cases = self.filtered(lambda copy, user=user: user in copy.user_ids).ticket_id
            hidden = cases - cases.with_user(user)._filtered_access("read").sudo()
            self.env["crm.policy.case.access"].sudo()._policy_grant(hidden, user, "copy")

    def _policy_tell(self):
        """Tell the recipients once, inside the house, each in his language."""
        for case, copies in self.grouped("ticket_id").items():
            for lang, users in copies.user_ids.grouped("lang").items():
                there = case.with_context(lang=lang or None)
                there.env["mail.thread"].with_company(case.company_id).message_notify(
                    model=case._name,
                    res_id=case.id,
                    partner_ids=users.partner_id.ids,
                    subject=there.env._("Settled: %(case)s", case=there.display_name),
                    body=there.env._(
                        "%(clause)s: your copy of the complaint form is there. Open it on the "
                        "case, under Form Copies; it stays in the house.",
                        clause=copies[:1].clause_id._policy_citation(),
                    ),
                )

    def _policy_check_reader(self):
        self.check_access("read")
        self.ticket_id._policy_check_form_reader()

    def _policy_note_reading(self):
        """Note that the current user has read his copies."""
        mine = self.sudo().filtered(
            lambda copy: not copy.read_at and self.env.user in copy.user_ids
        )
        if mine:
            mine._policy_update({"read_at": fields.Datetime.now(), "read_by_id": self.env.uid})
            mine._policy_log_copies("copy.read")

    def _policy_log_copies(self, event_type):
        for clause, copies in self.grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                event_type,
                copies,
                payloads={
                    copy.id: {"ticket": copy.ticket_id.id, "number": copy.number} for copy in copies
                },
                clause=clause,
            )

    def _policy_copies_printed(self):
        """Return the pages of the copies for the template; whoever prints his own has read it.

        :return: list of dicts ``case``, ``content``, ``lang``, ``copy`` and ``duplicate``.
        """
        self._policy_check_reader()
        self._policy_note_reading()
        return [
            {
                "case": copy.ticket_id,
                "content": copy.paper_id.content,
                "lang": copy.paper_id.lang,
                "copy": copy.with_context(lang=copy.paper_id.lang),
                "duplicate": bool(copy.print_count),
            }
            for copy in self.sudo()
        ]

    def _policy_page(self):
        """Return the form on the screen, as its reader's language has the labels."""
        copy = self.sudo()
        return Markup(  # made of our own template, which escapes what it shows
            self.env["ir.qweb"]._render(
                "crm_policy.complaint_form_body",
                {"content": copy.paper_id.content, "copy": copy, "duplicate": False},
            )
        )
