from odoo import api, fields, models


class CrmPolicyCaseEightd(models.AbstractModel):
    """A case of which Quality writes an 8D report."""

    _name = "crm.policy.case.eightd"
    _description = "Case with an 8D Report"

    policy_eightd_ids = fields.One2many(
        "crm.policy.eightd",
        "ticket_id",
        string="8D Reports",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_eightd_count = fields.Integer(
        string="Number of 8D Reports",
        compute="_compute_policy_eightd_count",
        groups="base.group_user",
    )

    @api.depends_context("uid")
    def _compute_policy_eightd_count(self):
        counts = dict(
            self.env["crm.policy.eightd"]._read_group(
                [("ticket_id", "in", self.ids)], ["ticket_id"], ["__count"]
            )
        )
        for case in self:
            case.policy_eightd_count = counts.get(case._origin, 0)

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_eightd_ids"}

    def _policy_counts(self):
        counted = ("crm.policy.eightd", "ticket_id")
        return {**super()._policy_counts(), "policy_eightd_count": counted}

    def action_policy_open_eightd(self):
        """Open the 8D reports of the case; Quality draws up the first one with it.

        :raises AccessError: there is none, and the user is not Quality.
        """
        self.ensure_one()
        self.check_access("read")
        self._policy_check_governed()
        reports = self.env["crm.policy.eightd"].search([("ticket_id", "=", self.id)])
        if not reports:
            reports._policy_check_writer(self.sudo())
            reports = reports._policy_draw_up(self)
        if len(reports) == 1:
            return reports._policy_form()
        return {
            **self.env["ir.actions.actions"]._for_xml_id("crm_policy.eightd_action"),
            "domain": [("ticket_id", "=", self.id)],
        }
