import json

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.zones import local_day
from ...words import list_words

NUMBERS = "8D-YYYY-NNNN"
# What the customer may read, in its order; persons stand in fields of their own.
SECTIONS = ("d2_text", "d3_text", "d4_occurrence", "d4_escape", "d5_text", "d6_text", "d7_text",
            "d8_text")  # fmt: skip
TEXTS = frozenset({*SECTIONS, "lead_id", "team_ids", "d3_on", "d3_user_id"})
# Without these there is no report; what comes later is marked as open, and follows in a revision.
NEEDED = ("lead_id", "d2_text", "d3_text", "d3_on", "d3_user_id")
WRITERS = ("crm_policy.group_qc", "crm_policy.group_director")
ROLE = "quality"


class CrmPolicyEightd(models.Model):
    """The 8D report of a case: the steps from the team to the closing, as the customer gets them.

    A record of its own and not fields of the improvement plan: it is issued in numbered versions
    that never change, it is seen with the case and not with the plan, and a customer wants one
    also of a case that nobody improves anything after. Quality writes it; issuing seals it.
    """

    _name = "crm.policy.eightd"
    _description = "8D Report"
    _inherit = ["crm.policy.eightd.source", "crm.policy.dependent", "crm.policy.guarded"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id desc, revision desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    improvement_id = fields.Many2one(
        "crm.policy.improvement", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    number = fields.Char(string="No.", readonly=True, copy=False)
    revision = fields.Integer(string="Version", readonly=True, copy=False, aggregator=None)
    previous_id = fields.Many2one(
        "crm.policy.eightd",
        string="Version Before",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("issued", "Issued")], compute="_compute_state", store=True
    )
    issued_at = fields.Datetime(readonly=True, copy=False)
    issued_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    content = fields.Json(readonly=True, copy=False, help="The lists as they were issued.")
    seal = fields.Char(readonly=True, copy=False, help="The hash that stands in the ledger.")
    lead_id = fields.Many2one(
        "res.users",
        string="Team Lead",
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="The only person whom the customer's version names.",
    )
    team_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_eightd_team_rel",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="The customer reads their departments only.",
    )
    d2_text = fields.Text(string="D2 Problem")
    d3_text = fields.Text(string="D3 Containment")
    d3_on = fields.Date(string="Contained On")
    d3_user_id = fields.Many2one(
        "res.users",
        string="Responsible for the Containment",
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    d4_occurrence = fields.Text(string="D4 Why It Occurred")
    d4_escape = fields.Text(string="D4 Why It Was Not Detected")
    d5_text = fields.Text(string="D5 Corrective Actions")
    d6_text = fields.Text(string="D6 Implementation and Verification")
    d7_text = fields.Text(string="D7 Prevention")
    d8_text = fields.Text(string="D8 Closing and Recognition")
    can_write = fields.Boolean(compute="_compute_can_write")
    can_revise = fields.Boolean(compute="_compute_can_write")

    _draft_once = models.UniqueIndex(
        "(ticket_id) WHERE issued_at IS NULL", "A case has one draft of its 8D report."
    )
    _revision_once = models.UniqueIndex(
        "(ticket_id, revision)", "Each version of an 8D report is there once."
    )

    # === COMPUTE METHODS === #

    @api.depends("issued_at")
    def _compute_state(self):
        for report in self:
            report.state = "issued" if report.issued_at else "draft"

    @api.depends("number", "revision", "ticket_id.policy_handle", "issued_at")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for report in self:
            report.display_name = (
                f"{report.number}-{report.revision}"
                if report.issued_at
                else self.env._(
                    "8D report of %(case)s, draft", case=report.sudo().ticket_id.policy_handle or ""
                )
            )

    @api.depends("state", "ticket_id")
    @api.depends_context("uid")
    def _compute_can_write(self):
        for report in self:
            stored = report.sudo()
            writes = self.env.user in stored._policy_writers(stored.ticket_id)
            report.can_write = writes and not stored.issued_at
            report.can_revise = writes and bool(stored.issued_at) and stored._policy_is_last()

    # === CONSTRAINT METHODS === #

    @api.constrains("lead_id", "team_ids", "d3_user_id", "ticket_id")
    def _check_people(self):
        for report in self.sudo():
            company = report.company_id
            for user in report.lead_id | report.team_ids | report.d3_user_id:
                if user.share or company not in user.company_ids:
                    raise ValidationError(
                        self.env._(
                            "%(person)s does not work for %(company)s.",
                            person=user.name,
                            company=company.name,
                        )
                    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "ticket_id", "company_id", "improvement_id", "number", "revision", "previous_id",
            "state", "issued_at", "issued_by_id", "content", "seal",
        }  # fmt: skip

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse: a report is drawn up from its case, which fills it."""
        # pylint: disable=method-required-super; to refuse is all it does
        raise AccessError(self.env._("An 8D report is drawn up with the button on its case."))

    def write(self, vals):
        self._policy_check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("8D reports stay with their case."))

    def _policy_hidden(self, operation):
        """Let Quality write the reports of cases that it sees, though it does not handle them."""
        hidden = super()._policy_hidden(operation)
        if operation == "read" or not hidden:
            return hidden
        user = self.env.user
        seen = hidden.sudo().ticket_id.with_env(self.env)._filtered_access("read").sudo()
        mine = seen.filtered(lambda case: user in self._policy_writers(case))
        return hidden.filtered(lambda report: report.sudo().ticket_id not in mine)

    # === ACTION METHODS === #

    def action_policy_refill(self):
        """Fill the empty sections of drafts with what the case knows by now."""
        self.check_access("write")
        self._policy_check_draft()
        for report in self.sudo():
            filled = self._policy_filled_values(report.ticket_id)
            vals = {
                name: value
                for name, value in filled.items()
                if name not in TEXTS or not report[name]
            }
            report._policy_guarded_write(vals)
        return True

    def action_policy_issue(self):
        """Issue drafts: each gets its number, is sealed, and never changes again.

        :raises UserError: something is missing, or a section tells the customer what stays inside.
        """
        self.check_access("write")
        self._policy_check_draft()
        for report in self.sudo():
            report._policy_check_complete()
            report._policy_check_leaks()
            company = report.company_id
            now = fields.Datetime.now()
            number = report.previous_id.number
            if not number:
                [number] = (
                    self.env["crm.policy.counter"]
                    .sudo()
                    ._policy_reserve(company, NUMBERS, "year", local_day(now, company), 1)
                )
            content = report._policy_lists()
            report._policy_guarded_write(
                {
                    "number": number,
                    "content": content,
                    "issued_at": now,
                    "issued_by_id": self.env.uid,
                }
            )
            seals = self.env["crm.policy.sealed"]._policy_seal(
                report, "eightd", report._policy_sealed_text()
            )
            report._policy_guarded_write({"seal": seals[report.id]})
            self.env["crm.policy.event"]._policy_log(
                "eightd.issued",
                report,
                {"number": number, "revision": report.revision, "hash": report.seal},
                clause=report.ticket_id.policy_version_id,
            )
        return True

    def action_policy_revise(self):
        """Draw up the next version of an issued report; the issued one stays as it is.

        :return: the action that opens the draft.
        """
        self.ensure_one()
        self.check_access("read")
        stored = self.sudo()
        self._policy_check_writer(stored.ticket_id)
        if not stored.issued_at or not stored._policy_is_last():
            raise UserError(
                self.env._("%(report)s is not the last issued version.", report=self.display_name)
            )
        vals = {name: stored[name] for name in SECTIONS}
        [draft] = self.sudo()._policy_guarded_create(
            [
                {
                    **vals,
                    "ticket_id": stored.ticket_id.id,
                    "improvement_id": stored.improvement_id.id,
                    "previous_id": stored.id,
                    "revision": stored.revision + 1,
                    "lead_id": stored.lead_id.id,
                    "team_ids": [Command.set(stored.team_ids.ids)],
                    "d3_on": stored.d3_on,
                    "d3_user_id": stored.d3_user_id.id,
                }
            ]
        )
        return draft._policy_form()

    # === BUSINESS METHODS === #

    def _policy_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _policy_sections(self):
        return SECTIONS

    def _policy_is_last(self):
        """Return whether no later version was drawn up."""
        return not self.search_count([("previous_id", "=", self.id)], limit=1)

    @api.model
    def _policy_writers(self, case):
        """Return who writes the reports of a case: Quality, inspectors and directors."""
        role = (
            self.env["crm.policy.role"]
            .sudo()
            .search([("code", "=", ROLE), ("company_id", "=", case.company_id.id)])
        )
        users = role._users_for(case)[case.id] if role else self.env["res.users"]
        for group in WRITERS:
            users |= self.env.ref(group).sudo().all_user_ids
        return users.filtered(
            lambda user: user.active and not user.share and case.company_id in user.company_ids
        )

    @api.model
    def _policy_check_writer(self, case):
        case._policy_refuse_accused()
        writers = self._policy_writers(case)
        if self.env.user not in writers:
            raise AccessError(
                self.env._(
                    "The 8D report of %(case)s is written by: %(users)s.",
                    case=case.policy_handle,
                    users=list_words(self.env, writers.mapped("name")) or "-",
                )
            )

    def _policy_check_draft(self):
        """Refuse to touch what was issued, and whoever is not Quality."""
        for report in self.sudo():
            if report.issued_at:
                raise UserError(
                    self.env._(
                        "%(report)s is issued and sealed. Draw up a new version.",
                        report=report.display_name,
                    )
                )
            if not self.env.su:
                self._policy_check_writer(report.ticket_id)

    def _policy_check_complete(self):
        labels = self.fields_get(NEEDED, ["string"])
        missing = [labels[name]["string"] for name in NEEDED if not self[name]]
        if missing:
            raise UserError(
                self.env._(
                    "%(report)s is issued with these filled in: %(missing)s.",
                    report=self.display_name,
                    missing=list_words(self.env, missing),
                )
            )

    def _policy_sealed_text(self):
        """Return what the seal stands for: sections, persons and lists, in a fixed order."""
        values = {name: self[name] or "" for name in SECTIONS}
        return json.dumps(
            {
                **values,
                "number": self.number,
                "revision": self.revision,
                "lead": self.lead_id.id,
                "team": sorted(self.team_ids.ids),
                "contained": [str(self.d3_on or ""), self.d3_user_id.id],
                "content": self.content,
            },
            sort_keys=True,
            ensure_ascii=False,
        )

    # === PRINTING === #

    def _policy_printable(self, copy):
        """Return the reports, for the print; note who has printed which version.

        :param str copy: "internal" or "customer".
        :raises UserError: a draft tells the customer what stays inside.
        """
        self.check_access("read")
        if copy == "customer":
            for report in self.sudo().filtered(lambda report: not report.issued_at):
                report._policy_check_leaks()
        for version, reports in self.sudo().grouped(self._policy_version_of).items():
            self.env["crm.policy.event"]._policy_log(
                "eightd.printed", reports, {"copy": copy}, clause=version
            )
        return self

    def _policy_version_of(self, report):
        return report.ticket_id.policy_version_id

    def _policy_shown_lists(self):
        """Return the lists of the report: as they were issued, or as they are now."""
        return self.content if self.issued_at else self._policy_lists()
