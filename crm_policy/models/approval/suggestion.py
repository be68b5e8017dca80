from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...const import COUNTS_FROM, SUBJECTS, UNITS, WINDOWS
from ...words import list_words

RULES = {
    "deadline": ("deadline_rule_id", "crm.policy.deadline.rule"),
    "limit": ("authority_id", "crm.policy.authority"),
    "route": ("route_id", "crm.policy.route"),
}


class CrmPolicySuggestion(models.Model):
    """A rule that a sentence of a draft may mean. It becomes one when a person accepts it."""

    _name = "crm.policy.suggestion"
    _description = "Suggested Rule"
    _inherit = [
        "crm.policy.suggestion.finder",
        "crm.policy.suggestion.words",
        "crm.policy.guarded",
    ]
    _order = "version_id, clause_id, sequence, id"
    _rec_name = "words"

    # What the rules of a written policy are about: a room above says.
    _policy_deadline_model = None
    _policy_route_model = None

    clause_id = fields.Many2one(
        "crm.policy.clause", required=True, readonly=True, index=True, ondelete="cascade"
    )
    version_id = fields.Many2one(
        related="clause_id.version_id", string="Policy Version", store=True, index=True
    )
    company_id = fields.Many2one(related="clause_id.company_id", store=True, index=True)
    version_state = fields.Selection(related="version_id.state", string="State of the Version")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("deadline", "Deadline"), ("limit", "Limit"), ("route", "Approval")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("open", "Undecided"), ("accepted", "Adopted"), ("dropped", "Dropped")],
        required=True,
        default="open",
        readonly=True,
        index=True,
    )
    sentence = fields.Text(required=True, readonly=True)
    words = fields.Char(required=True, readonly=True, help="The words it comes from.")
    words_at = fields.Integer(readonly=True, help="Where the words begin in the sentence.")
    note_codes = fields.Char(readonly=True)
    role_words = fields.Char(
        string="Post in the Text", readonly=True, help="How the text calls who is responsible."
    )

    name = fields.Char()
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Responsible",
        index="btree_not_null",
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
    )

    # Deadline
    start_path = fields.Selection("_selection_facts", string="From")
    done_path = fields.Selection("_selection_facts", string="Until")
    duration = fields.Float(digits=(12, 2))
    unit = fields.Selection(UNITS)
    count_from = fields.Selection(COUNTS_FROM, default="next_day", required=True)
    window = fields.Selection(WINDOWS, string="Counts When Done", default="any", required=True)
    domain = fields.Char(string="Applies to", default="[]", required=True)
    model_name = fields.Char(compute="_compute_model_name")

    # Limit and approval
    subject = fields.Selection(SUBJECTS, string="Business Type")
    any_subject = fields.Boolean(
        string="Any Business Type", help="It is about whatever is granted for a case."
    )
    max_amount = fields.Monetary(string="Limit")
    unlimited = fields.Boolean()
    own_cases = fields.Boolean(string="Decides on His Own Cases")
    currency_id = fields.Many2one(related="company_id.currency_id")
    route_kind = fields.Selection(
        [
            ("competent", "The lowest role whose limit covers the amount decides"),
            ("sequence", "Each step signs, one after the other"),
        ],
        default="sequence",
        required=True,
    )
    step_ids = fields.One2many("crm.policy.suggestion.step", "suggestion_id", string="Steps")

    # What became of it
    deadline_rule_id = fields.Many2one(
        "crm.policy.deadline.rule", readonly=True, index="btree_not_null", ondelete="set null"
    )
    authority_id = fields.Many2one(
        "crm.policy.authority", readonly=True, index="btree_not_null", ondelete="set null"
    )
    route_id = fields.Many2one(
        "crm.policy.route", readonly=True, index="btree_not_null", ondelete="set null"
    )

    missing = fields.Char(string="Still Missing", compute="_compute_missing")
    certainty = fields.Selection(
        [
            ("sure", "Said in the Text"),
            ("assumed", "With Assumptions"),
            ("incomplete", "Incomplete"),
        ],
        compute="_compute_missing",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _selection_facts(self):
        """Return the facts between which a deadline may run: [(field, label)]."""
        model = self.env.get(self._policy_deadline_model or "")
        if model is None:
            return []
        labels = model.fields_get(sorted(model._policy_fact_fields()), ["string"])
        # In the order in which they are declared, which is that in which they happen.
        return [(name, labels[name]["string"]) for name in model._fields if name in labels]

    def _compute_model_name(self):
        self.model_name = self._policy_deadline_model

    @api.depends(
        "kind", "start_path", "done_path", "duration", "unit", "role_id", "max_amount", "unlimited",
        "route_kind", "step_ids.role_id", "note_codes", "subject", "any_subject",
    )  # fmt: skip
    def _compute_missing(self):
        for hint in self:
            lacking = hint._policy_lacking()
            labels = hint.fields_get(lacking, ["string"])
            hint.missing = list_words(self.env, [labels[name]["string"] for name in lacking])
            assumed = "assumed" if hint.note_codes not in (False, "[]") else "sure"
            hint.certainty = "incomplete" if lacking else assumed

    def _policy_lacking(self):
        """Return the fields without which it cannot become a rule."""
        self.ensure_one()
        if self.kind == "deadline":
            return [
                name for name in ("start_path", "done_path", "duration", "unit") if not self[name]
            ]
        lacking = [] if self.subject or self.any_subject else ["subject"]
        if self.kind == "limit":
            lacking += [] if self.role_id else ["role_id"]
            return lacking + ([] if self.unlimited or self.max_amount else ["max_amount"])
        signed = self.step_ids and all(step.role_id for step in self.step_ids)
        return lacking + ([] if signed or self.route_kind == "competent" else ["step_ids"])

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "clause_id", "version_id", "company_id", "kind", "state", "sentence", "words",
            "words_at", "note_codes", "role_words", "deadline_rule_id", "authority_id", "route_id",
        }  # fmt: skip

    def write(self, vals):
        self._policy_check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._policy_check_draft()

    def _policy_check_open(self):
        """Refuse to touch what was decided, or what belongs to a version that people rely on."""
        self.version_id._policy_check_draft()
        if any(hint.state != "open" for hint in self):
            raise UserError(
                self.env._("This suggestion is decided. Take it up again to change it.")
            )

    # === ACTION METHODS === #

    def action_policy_accept(self):
        """Make real rules of these suggestions, on the draft that they belong to."""
        self.check_access("write")
        self._policy_check_open()
        for hint in self:
            lacking = hint._policy_lacking()
            if lacking:
                raise UserError(
                    self.env._(
                        '%(clause)s, "%(words)s": fill in %(fields)s first.',
                        clause=hint.clause_id._policy_citation(),
                        words=hint.words,
                        fields=hint.missing,
                    )
                )
            link, model = RULES[hint.kind]
            rule = self.env[model].create([hint._policy_rule_values()])
            hint._policy_guarded_write({link: rule.id, "state": "accepted"})
        return True

    def action_policy_drop(self):
        """Say that these sentences mean no rule."""
        self.check_access("write")
        self._policy_check_open()
        self._policy_guarded_write({"state": "dropped"})
        return True

    def action_policy_reopen(self):
        """Take a decision back: the rule that came of it goes."""
        self.check_access("write")
        self.version_id._policy_check_draft()
        for hint in self:
            link = RULES[hint.kind][0]
            hint[link].unlink()
        self._policy_guarded_write({"state": "open"})
        return True

    def action_policy_correct(self):
        """Open one suggestion beside the sentence that it comes from."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.clause_id.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _policy_accept_complete(self):
        """Accept the open suggestions that lack nothing; a rule that is refused stays open.

        :return: (how many were accepted, the words of those refused).
        """
        accepted, refused = 0, []
        for hint in self:
            if hint.state != "open" or hint._policy_lacking():
                continue
            try:
                with self.env.cr.savepoint():
                    hint.action_policy_accept()
                    self.env.flush_all()
                accepted += 1
            except UserError as error:
                hint.invalidate_recordset()
                refused.append(str(error.args[0]))
        return accepted, refused

    def _policy_rule_values(self):
        """Return the create values of the rule that this suggestion is."""
        self.ensure_one()
        values = {"code": self._policy_rule_code(), "clause_id": self.clause_id.id}
        name = self.name or self.clause_id.name
        if self.kind == "deadline":
            copied = ("start_path", "done_path", "duration", "unit", "count_from", "window",
                      "domain")  # fmt: skip
            return values | {name: self[name] for name in copied} | {
                "name": name,
                "model_name": self._policy_deadline_model,
                "role_id": self.role_id.id,
            }  # fmt: skip
        if self.kind == "limit":
            return values | {
                "role_id": self.role_id.id,
                "subject": not self.any_subject and self.subject,
                "max_amount": 0 if self.unlimited else self.max_amount,
                "unlimited": self.unlimited,
                "own_cases": self.own_cases,
                "currency_id": self.currency_id.id,
            }
        return values | {
            "name": name,
            "model_name": self._policy_route_model,
            "subject": not self.any_subject and self.subject,
            "kind": self.route_kind,
            "step_ids": [
                Command.create(
                    {
                        "sequence": number,
                        "role_id": step.role_id.id,
                        "amount_from": step.amount_from,
                        "currency_id": self.currency_id.id,
                    }
                )
                for number, step in enumerate(self.step_ids, start=1)
                if self.route_kind == "sequence"
            ],
        }

    def _policy_rule_code(self):
        """Return a code that no rule of this kind has in the version: "3.1-2"."""
        rules = self.env[RULES[self.kind][1]].search([("version_id", "=", self.version_id.id)])
        taken, serial = set(rules.mapped("code")), 1
        while f"{self.clause_id.number}-{serial}" in taken:
            serial += 1
        return f"{self.clause_id.number}-{serial}"
