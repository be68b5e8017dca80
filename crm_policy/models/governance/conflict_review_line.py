from odoo import api, fields, models

# What the conflicts are counted by, and the field of the case that says it.
FIELDS = {
    "category": "policy_conflict_category",
    "cause": "policy_cause_class",
    "scope": "policy_conflict_scope",
    "degree": "policy_conflict_degree",
    "outcome": "policy_outcome",
}
UNSAID = "none"


class CrmPolicyConflictReviewLine(models.Model):
    """How many conflicts of a span are alike in something, and how long they took."""

    _name = "crm.policy.conflict.review.line"
    _description = "Figure of an Analysis of Conflicts"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "review_id"
    _order = "review_id, sequence, id"
    _rec_name = "value"

    review_id = fields.Many2one(
        "crm.policy.conflict.review",
        string="Analysis",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="review_id.company_id", store=True, index=True)
    policy_id = fields.Many2one(related="review_id.policy_id", store=True)
    period_start = fields.Date(related="review_id.period_start", store=True)
    dimension = fields.Selection(
        [
            ("category", "Conflict About"),
            ("cause", "Cause Class"),
            ("scope", "Internal or External"),
            ("degree", "Degree"),
            ("outcome", "Outcome"),
        ],
        string="Counted By",
        required=True,
        readonly=True,
    )
    value = fields.Selection(
        selection="_policy_values", string="Counted Value", required=True, readonly=True
    )
    sequence = fields.Integer(readonly=True, help="The place of the value among all of them.")
    case_count = fields.Integer(string="Conflicts", readonly=True)
    average_days = fields.Float(
        string="Days on Average", digits=(12, 1), readonly=True, aggregator="avg"
    )
    share = fields.Float(
        string="Share of Conflicts (%)",
        compute="_compute_share",
        digits=(12, 0),
        aggregator=None,
    )
    previous_count = fields.Integer(
        string="Span Before",
        compute="_compute_previous_count",
        aggregator=None,
        help="How many they were in the span before.",
    )

    _once = models.UniqueIndex("(review_id, value)", "An analysis has each figure once.")

    # === COMPUTE METHODS === #

    @api.depends("case_count", "review_id.case_count")
    def _compute_share(self):
        for line in self:
            total = line.review_id.case_count
            line.share = line.case_count * 100 / total if total else 0.0

    @api.depends("review_id", "value")
    def _compute_previous_count(self):
        before = self.review_id._policy_before()
        counts = {
            (line.review_id, line.value): line.case_count
            for line in self.sudo().search([("review_id", "in", [r.id for r in before.values()])])
        }
        for line in self:
            line.previous_count = counts.get((before.get(line.review_id.id), line.value), 0)

    # === BUSINESS METHODS === #

    @api.model
    def _policy_values(self):
        """Return what is counted, with the words of the case and of its mediation."""
        Case, Round = self.env["helpdesk.ticket"], self.env["crm.policy.mediation"]
        unsaid = (UNSAID, self.env._("Not Said"))
        values = []
        for dimension, name in FIELDS.items():
            words = Case._fields[name]._description_selection(self.env)
            if dimension == "outcome":
                words = Round._fields["method"]._description_selection(self.env) + words
            values += [(f"{dimension}_{code}", label) for code, label in [*words, unsaid]]
        return values

    @api.model
    def _policy_put(self, review, figures):
        """Write the figures of an analysis; of what is there no more there are none.

        :param dict figures: {value: (number of conflicts, average of their days)}.
        """
        known = self.sudo().search([("review_id", "=", review.id)])
        for line in known:
            count, days = figures.get(line.value, (0, 0.0))
            line._policy_update({"case_count": count, "average_days": days})
        places = {value: place for place, (value, _label) in enumerate(self._policy_values())}
        self.sudo()._policy_insert(
            [
                {
                    "review_id": review.id,
                    "dimension": value.partition("_")[0],
                    "value": value,
                    "sequence": places[value],
                    "case_count": count,
                    "average_days": days,
                }
                for value, (count, days) in figures.items()
                if value not in known.mapped("value")
            ]
        )
