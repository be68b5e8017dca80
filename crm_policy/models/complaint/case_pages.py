from odoo import api, fields, models

from .responsibility import OWN_PARTIES


class CrmPolicyCasePages(models.AbstractModel):
    """Which pages and buttons of the form a case has use for: its policy decides, and its rows."""

    _name = "crm.policy.case.pages"
    _description = "Pages of a Case"

    policy_pages = fields.Char(
        compute="_compute_policy_pages",
        export_string_translation=False,
        groups="base.group_user",
    )

    @api.depends(
        "policy_kind",
        "policy_version_id",
        "policy_complaint_type_id",
        "policy_countersign_ids",
        "policy_production_ids",
        "policy_claim_ids",
        "policy_predecessor_ids.policy_claim_ids",
        "policy_responsibility_ids.party",
    )
    def _compute_policy_pages(self):
        """Return the codes with commas: opinions, production, claims, send, for the views."""
        Step = self.env["crm.policy.countersign.step"]
        for case in self:
            stored = case.sudo()
            asked, filled = Step._policy_asks_for(
                stored.policy_version_id.id, stored.policy_complaint_type_id.id
            )
            third = set(stored.policy_responsibility_ids.mapped("party")).difference(OWN_PARTIES)
            pages = {
                "opinions": stored.policy_countersign_ids or asked,
                "production": stored.policy_production_ids or "production" in filled,
                "claims": stored.policy_claim_ids
                or third
                or stored._policy_merged_cases().policy_claim_ids,
                # The policy wants somebody to look at it himself.
                "send": bool(stored.policy_kind) and stored._policy_calls_first(),
            }
            case.policy_pages = ",".join(code for code, wanted in pages.items() if wanted)
