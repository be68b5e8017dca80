from odoo import models

from .finding import LIVE_STATES


class CrmPolicyLedgerChain(models.AbstractModel):
    _inherit = "crm.policy.ledger.chain"

    def _policy_conclude(self, company_id, first, head, problems):
        """Let the findings of the company say at once what is so now."""
        before = self.env["crm.policy.ledger.anchor"]._policy_last_check(company_id).state
        result = super()._policy_conclude(company_id, first, head, problems)
        if company_id and "broken" in (before, "broken" if problems else "sound"):
            versions = self.env["crm.policy.version"].sudo().search(
                [("company_id", "=", company_id), ("state", "in", LIVE_STATES)]
            )  # fmt: skip
            self.env["crm.policy.finding"]._policy_refresh(versions)
        return result
