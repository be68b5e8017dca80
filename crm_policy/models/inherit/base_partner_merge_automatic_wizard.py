from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """A customer of a case that an authority watches is not merged with another one."""

    _name = "base.partner.merge.automatic.wizard"
    # The standard asks nobody behind it: what is done before and after a merge comes first.
    _inherit = [
        "crm.policy.customer.merge",
        "base.partner.merge.automatic.wizard",
        "crm.policy.external.evidence",
    ]

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        self._policy_refuse_if_kept(
            [("partner_id", "child_of", list(partner_ids))], self.env._("merging the contact")
        )
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
