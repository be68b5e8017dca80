from odoo import fields, models


class CrmPolicyOrganisationCheck(models.TransientModel):
    """One thing that is missing in the organisation, as it was when the list was opened."""

    _name = "crm.policy.organisation.check"
    _description = "Organisation Check"
    _order = "level, code, id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    code = fields.Selection(
        [
            ("department_missing", "Department Missing"),
            ("department_reports_elsewhere", "Reports Elsewhere"),
            ("director_missing", "No Director"),
            ("duty_without_owner", "Duty Without Owner"),
            ("executive_missing", "Executive Missing"),
            ("post_vacant", "Post Vacant"),
            ("role_vacant", "Role Vacant"),
            ("substitute_missing", "Substitute Missing"),
            ("team_below_quorum", "Team Below Quorum"),
        ],
        string="Finding",
        required=True,
        readonly=True,
    )
    level = fields.Selection(
        [("blocking", "Work Stops"), ("warning", "To Watch")], required=True, readonly=True
    )
    message = fields.Char(string="What Is Missing", required=True, readonly=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", readonly=True)

    def action_policy_check(self):
        """Look at the companies of the user and list what is missing."""
        self.check_access("create")
        findings = self.create(
            [
                {
                    "company_id": company.id,
                    "code": finding["code"],
                    "level": finding["level"],
                    "message": finding["message"],
                    "res_model": finding["record"]._name,
                    "res_id": finding["record"].id,
                }
                for company in self.env.companies
                for finding in company._policy_organisation_findings()
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_policy.organisation_check_action"
        )
        return action | {"domain": [("id", "in", findings.ids)]}

    def action_policy_open(self):
        """Open what has to be put right."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
