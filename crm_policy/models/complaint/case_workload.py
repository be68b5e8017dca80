from odoo import models
from odoo.fields import Domain

from ...const import ENDED_OUTCOMES


class CrmPolicyCaseWorkload(models.AbstractModel):
    """A case keeps its handler busy until it is closed or ended otherwise."""

    _name = "crm.policy.case.workload"
    _description = "Open Cases"
    _inherit = ["crm.policy.workload"]

    def _policy_open_domain(self):
        return (
            Domain("policy_kind", "!=", False)
            & Domain("policy_closed_at", "=", False)
            & Domain("policy_outcome", "not in", ENDED_OUTCOMES)
        )
