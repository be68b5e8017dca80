import base64

from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyPackLoad(models.TransientModel):
    """Load a policy pack: one that ships with the add-on, or a file."""

    _name = "crm.policy.pack.load"
    _description = "Load a Policy Pack"

    shipped = fields.Selection("_selection_shipped", string="Pack")
    file = fields.Binary()
    filename = fields.Char()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    finding = fields.Text(readonly=True)

    @api.model
    def _selection_shipped(self):
        return [(stem, stem) for stem in self.env["crm.policy"]._policy_packs()]

    def action_policy_check(self):
        """Check the pack and say what it holds, without writing anything."""
        self.ensure_one()
        pack = self.env["crm.policy"]._policy_check_pack(self._policy_content())
        counts = ", ".join(
            f"{section} {len(rows)}" for section, rows in pack.items() if isinstance(rows, list)
        )
        self.finding = self.env._(
            "The pack is sound: version %(number)s of %(code)s with %(counts)s.",
            number=pack["version"]["number"],
            code=pack["policy"]["code"],
            counts=counts,
        )
        return {**self.get_formview_action(), "target": "new"}

    def action_policy_apply(self):
        """Load the pack as a draft version and open it."""
        self.ensure_one()
        version = self.env["crm.policy"]._policy_apply_pack(self._policy_content(), self.company_id)
        return version.get_formview_action()

    def _policy_content(self):
        if self.file:
            return base64.b64decode(self.file)
        path = self.env["crm.policy"]._policy_packs().get(self.shipped)
        if not path:
            raise UserError(self.env._("Choose a pack or a file."))
        return path.read_bytes()
