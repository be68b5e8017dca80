from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...words import list_words


class CrmPolicyBreach(models.AbstractModel):
    """A document that shows its violations: to each user those that he may see."""

    _name = "crm.policy.breach"
    _description = "Document with Violations"

    # The fact that waits for the explanations of what was late on the way, None for none.
    _policy_explained_before = None

    policy_violation_count = fields.Integer(
        string="Violations", compute="_compute_policy_violation_count"
    )
    policy_violation_open = fields.Integer(
        string="Violations Not Decided", compute="_compute_policy_violation_count"
    )

    @api.depends_context("uid")
    def _compute_policy_violation_count(self):
        Violation = self.env["crm.policy.violation"]
        counts = {}
        if Violation.has_access("read"):
            rows = Violation._read_group(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "!=", "withdrawn"),
                ],
                ["res_id", "state"],
                ["__count"],
            )
            for res_id, state, count in rows:
                total, open_ones = counts.get(res_id, (0, 0))
                counts[res_id] = (
                    total + count,
                    open_ones + (count if state in ("open", "explained") else 0),
                )
        for record in self:
            total, open_ones = counts.get(record.id, (0, 0))
            record.policy_violation_count = total
            record.policy_violation_open = open_ones

    def _policy_counts(self):
        counted = ("crm.policy.violation", "res_id")
        mine = dict.fromkeys(("policy_violation_count", "policy_violation_open"), counted)
        return {**super()._policy_counts(), **mine}

    def action_policy_open_violations(self):
        """Open the violations of this document."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.violation_action")
        domain = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        return {**action, "domain": domain, "context": {}}

    def _policy_check_fact(self, name, moment):
        """Refuse to end what was late without a reason: whoever was late says why (CMP-DLN-02)."""
        result = super()._policy_check_fact(name, moment)
        if name != self._policy_explained_before:
            return result
        unexplained = (
            self.env["crm.policy.violation"]
            .sudo()
            .search(
                self._policy_breach_domain()
                & Domain("state", "=", "open")
                & Domain("user_id.active", "=", True),
                order="id",
            )
        )
        if unexplained:
            raise ValidationError(
                self.env._(
                    "%(record)s was late: %(violations)s must be explained first, by %(people)s.",
                    record=self.display_name,
                    violations=list_words(self.env, unexplained.mapped("display_name")),
                    people=list_words(self.env, unexplained.user_id.mapped("name")),
                )
            )
        return result

    def _policy_breach_domain(self):
        """Return which violations count as these documents' delays.

        :rtype: Domain
        """
        return Domain("res_model", "=", self._name) & Domain("res_id", "in", self.ids)
