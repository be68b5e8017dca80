from odoo import fields, models


class ResourceCalendar(models.Model):
    _name = "resource.calendar"
    # Working time comes first: the standard's attendances do not ask those behind it.
    _inherit = ["crm.policy.worktime", "resource.calendar", "crm.policy.cached"]

    policy_statutory_country_id = fields.Many2one(
        "res.country",
        string="Statutory Days Of",
        compute="_compute_policy_statutory_country_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="This country's statutory holidays and make-up workdays count in this calendar. "
        "Empty: none do, as for a hotline around the clock or a branch in a country whose days "
        "nobody has entered.",
    )
