from odoo import fields, models

from ..const import SEVERITIES_OF_BREACH


class CrmPolicyViolationReport(models.TransientModel):
    """Record a violation by hand: whose, of which clause, on which document."""

    _name = "crm.policy.violation.report"
    _description = "Report a Violation"

    res_model = fields.Char(string="Document Model", required=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    clause_id = fields.Many2one(
        "crm.policy.clause",
        required=True,
        ondelete="cascade",
        domain="[('company_id', '=', company_id), ('version_id.state', '=', 'effective')]",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        ondelete="cascade",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Empty: a group's duty.",
    )
    severity = fields.Selection(SEVERITIES_OF_BREACH, required=True, default="minor")
    description = fields.Text(string="Course of Events", required=True)

    def action_policy_confirm(self):
        """Record it and open it; nothing typed is lost when it is refused."""
        self.ensure_one()
        return self.env["crm.policy.violation"].action_policy_report(
            self.clause_id.id,
            self.res_model,
            self.res_id,
            self.description,
            user_id=self.user_id.id,
            severity=self.severity,
        )
