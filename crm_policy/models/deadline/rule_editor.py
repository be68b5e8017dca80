from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.cell_values import FIRST_YEAR, LAST_YEAR


class CrmPolicyRuleEditor(models.AbstractModel):
    """A deadline rule under somebody's hands: pickers instead of names, and a try before saving."""

    _name = "crm.policy.rule.editor"
    _description = "Deadline Rule Editor"

    # For people: the governed models by their names. The three below are the same for other
    # programs; only who may read Odoo's own tables of models and fields can use those.
    model_choice = fields.Selection(
        "_policy_model_choices",
        string="Kind of Document",
        compute="_compute_model_choice",
        inverse="_inverse_model_choice",
    )
    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        compute="_compute_pickers",
        inverse="_inverse_model_id",
        compute_sudo=True,
    )
    start_field_id = fields.Many2one(
        "ir.model.fields",
        string="From Field",
        compute="_compute_pickers",
        inverse="_inverse_start_field_id",
        compute_sudo=True,
        help="Empty: the path leads over a link.",
    )
    done_field_id = fields.Many2one(
        "ir.model.fields",
        string="Until Field",
        compute="_compute_pickers",
        inverse="_inverse_done_field_id",
        compute_sudo=True,
        help="Empty: the path leads over a link.",
    )
    is_published = fields.Boolean(compute="_compute_is_published")
    try_at = fields.Datetime(
        string="Started At",
        compute="_compute_try_at",
        readonly=False,
        help="Any moment, to see when the rule would fall due.",
    )
    try_account = fields.Json(string="Falls Due", compute="_compute_try_account")
    try_problem = fields.Char(compute="_compute_try_account")

    # === COMPUTE METHODS === #

    @api.model
    def _policy_model_choices(self):
        names = self.env.registry.descendants(["crm.policy.subject"], "_inherit")
        concrete = [name for name in names if not self.env[name]._abstract]
        return [(name, self.env["ir.model"]._get(name).name) for name in sorted(concrete)]

    @api.depends("model_name")
    def _compute_model_choice(self):
        choices = dict(self._policy_model_choices())
        for rule in self:
            rule.model_choice = rule.model_name if rule.model_name in choices else False

    def _inverse_model_choice(self):
        for rule in self:
            rule.model_name = rule.model_choice

    @api.onchange("model_choice")
    def _onchange_model_choice(self):
        if self.model_choice and self.model_choice != self.model_name:
            # The paths of one model mean nothing in another.
            self.update(
                {
                    "model_name": self.model_choice,
                    "start_path": False,
                    "done_path": False,
                    "due_path": False,
                    "factor_path": False,
                    "domain": "[]",
                }
            )

    @api.depends("model_name", "start_path", "done_path")
    def _compute_pickers(self):
        Field = self.env["ir.model.fields"]
        for rule in self:
            rule.model_id = self.env["ir.model"]._get(rule.model_name)
            for end in ("start", "done"):
                path = rule[f"{end}_path"] or ""
                field = Field._get(rule.model_name, path) if path and "." not in path else Field
                rule[f"{end}_field_id"] = field

    def _inverse_model_id(self):
        for rule in self:
            rule.model_name = rule.model_id.sudo().model

    def _inverse_start_field_id(self):
        for rule in self.filtered("start_field_id"):
            rule.start_path = rule.start_field_id.sudo().name

    def _inverse_done_field_id(self):
        for rule in self.filtered("done_field_id"):
            rule.done_path = rule.done_field_id.sudo().name

    @api.depends("clause_id.version_id.state")
    def _compute_is_published(self):
        for rule in self:
            rule.is_published = rule.clause_id.version_id.state not in (False, "draft")

    @api.depends("duration")
    def _compute_try_at(self):
        for rule in self:
            rule.try_at = rule.try_at or fields.Datetime.now()

    @api.depends(
        "try_at", "duration", "unit", "count_from", "before", "roll", "calendar_id", "due_path"
    )
    @api.depends_context("lang", "tz")
    def _compute_try_account(self):
        for rule in self:
            rule.try_account, rule.try_problem = rule._policy_tried()

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """A rule that is made on a clause is named after it."""
        values = super().default_get(fields)
        clause = self.env["crm.policy.clause"].browse(values.get("clause_id")).exists()
        if clause:
            codes = set(self.search([("version_id", "=", clause.version_id.id)]).mapped("code"))
            number, count = f"{clause.number}".replace(" ", ""), 1
            while f"{number}-{count}" in codes:
                count += 1
            values.setdefault("code", f"{number}-{count}")
            values.setdefault("name", clause.name)
        return values

    # === BUSINESS METHODS === #

    def _policy_tried(self):
        """Return (account, problem): when the rule as it stands falls due, or why it does not."""
        if self.unit == "given" or not self.try_at:
            return False, False
        if not FIRST_YEAR <= self.try_at.year <= LAST_YEAR:
            return False, self.env._(
                "%(date)s is no date of a calendar: it lies before %(first)s or after %(last)s.",
                date=self.try_at.date(),
                first=FIRST_YEAR,
                last=LAST_YEAR,
            )
        company = self.company_id or self.env.company
        try:
            self._check_duration()
            [due] = self._policy_due([self.try_at], company)
            account = self._policy_account(self.try_at, due, company)
        except (UserError, ValidationError) as error:
            return False, str(error)
        words = self._policy_instant_words
        return {
            "facts": [
                (self.env._("From"), words(account["start"], company)),
                (self.env._("Due"), words(account["due"], company)),
            ],
            "rows": self._policy_account_rows(account["rows"], company),
            "total": self._policy_total_words(account),
            "exact": True,
        }, False
