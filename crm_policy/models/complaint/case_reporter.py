from odoo import fields, models


class CrmPolicyCaseReporter(models.AbstractModel):
    """Which colleague has told the window of a case."""

    _name = "crm.policy.case.reporter"
    _description = "Case Reported by an Employee"

    policy_reporter_id = fields.Many2one(
        "res.users",
        string="Reported by Employee",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="Who of our people has told customer service; he sees its number and how far it is.",
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_reporter_id"}
