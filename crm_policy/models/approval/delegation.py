from odoo import models


class CrmPolicyDelegation(models.Model):
    """A delegation opens to its delegate what waits for his principal's signature."""

    _inherit = "crm.policy.delegation"

    def _policy_open_sight(self):
        result = super()._policy_open_sight()
        if self:
            waiting = (
                self.env["crm.policy.approval"]
                .sudo()
                .search(
                    [
                        ("state", "=", "pending"),
                        ("company_id", "in", self.company_id.ids),
                        ("eligible_user_ids", "in", self.to_user_id.ids),
                    ]
                )
            )
            for approval, lines in waiting._policy_lent(waiting).items():
                for line in lines.values():
                    approval._policy_show_to(line)
        return result
