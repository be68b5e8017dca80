from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..words import list_words

COLUMNS = ("delivery_ref", "partner", "order_ref", "item_ref", "lot_ref")


class CrmPolicyIntakePageBatch(models.TransientModel):
    """Make an intake page for each of many delivery notes, from a list copied out of a sheet."""

    _name = "crm.policy.intake.page.batch"
    _description = "Intake Pages for Delivery Notes"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    page_id = fields.Many2one(
        "crm.policy.intake.page",
        string="Like This Page",
        domain="[('company_id', '=', company_id)]",
        help="Kind, type, department, validity and limits are taken from it.",
    )
    text = fields.Text(
        string="Delivery Notes",
        required=True,
        help="One per line; then, separated by tabs: customer, order, item, lot.",
    )

    def action_policy_make(self):
        """Create the pages and show them, ready to be printed."""
        self.ensure_one()
        pages = self.env["crm.policy.intake.page"].create(self._policy_vals_list())
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crm_policy.intake_page_action"),
            "domain": [("id", "in", pages.ids)],
            "context": {},
        }

    def _policy_vals_list(self):
        rows = [
            [cell.strip() for cell in line.split("\t")]
            for line in self.text.splitlines()
            if line.strip()
        ]
        partners = self._policy_partners({row[1] for row in rows if len(row) > 1 and row[1]})
        common = {"company_id": self.company_id.id}
        if self.page_id:
            [copied] = self.page_id.copy_data()
            common = {**copied, **common}
        vals_list = []
        for row in rows:
            cells = dict(zip(COLUMNS, row, strict=False))
            partner = partners.get(cells.pop("partner", ""))
            vals = {name: value for name, value in cells.items() if value}
            if partner:
                vals["partner_id"] = partner.id
            vals_list.append({**common, "name": vals.get("delivery_ref", row[0]), **vals})
        return vals_list

    @api.model
    def _policy_partners(self, names):
        """Return {name or internal reference: partner}; refuse what is unknown or ambiguous."""
        found = self.env["res.partner"].search(
            ["|", ("name", "in", list(names)), ("ref", "in", list(names))]
        )
        partners, wrong = {}, []
        for name in names:
            matching = found.filtered(lambda one, name=name: name in (one.name, one.ref))
            if len(matching) == 1:
                partners[name] = matching
            else:
                wrong.append(name)
        if wrong:
            raise ValidationError(
                self.env._(
                    "These customers are unknown or there are several of them: %(names)s.",
                    names=list_words(self.env, sorted(wrong)),
                )
            )
        return partners
