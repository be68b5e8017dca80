from odoo import fields, models


class CrmPolicyVersionPack(models.AbstractModel):
    """What a version remembers of the policy pack that it was loaded from."""

    _name = "crm.policy.version.pack"
    _description = "Origin of a Version"

    pack_version = fields.Char(
        readonly=True, help="The number of the policy pack that this version was loaded from."
    )
    pack_fingerprint = fields.Char(readonly=True, copy=False)
    # What the company has deleted since stays deleted when the pack is upgraded.
    pack_codes = fields.Json(readonly=True, help="The rows that the pack brought, by section.")
