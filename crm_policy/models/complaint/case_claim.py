from odoo import fields, models


class CrmPolicyCaseClaim(models.AbstractModel):
    """A case of whose loss others bear a part: what is claimed from them (CMP-CLS-04)."""

    _name = "crm.policy.case.claim"
    _description = "Case with Claims"

    policy_claim_ids = fields.One2many(
        "crm.policy.claim",
        "ticket_id",
        string="Claims against Third Parties",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_claim_ids"}

    def action_policy_new_claim(self):
        """Open a new claim against whoever bears a share and is none of our own."""
        self.ensure_one()
        self.check_access("read")
        lines = self.sudo()._policy_present_shares().filtered(
            lambda line: line.party in ("supplier", "carrier")
        )  # fmt: skip
        line = lines[:1]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claim against a Third Party"),
            "res_model": "crm.policy.claim",
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {
                "default_ticket_id": self.id,
                "default_party": line.party or "supplier",
                "default_partner_id": line.partner_id.id,
                "default_amount": line.amount,
            },
        }
