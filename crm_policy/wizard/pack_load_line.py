from odoo import fields, models


class CrmPolicyPackLoadLine(models.TransientModel):
    """A difference between a policy pack and what the company has; where both changed, a choice."""

    _name = "crm.policy.pack.load.line"
    _description = "Difference of a Policy Pack"
    _order = "id"

    load_id = fields.Many2one(
        "crm.policy.pack.load", required=True, index=True, readonly=True, ondelete="cascade"
    )
    key = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("new", "New"),
            ("changed", "Changed"),
            ("removed", "Removed"),
            ("kept", "Changed by Us"),
            ("own", "Added by Us"),
            ("dropped", "Deleted by Us"),
        ],
        string="Difference",
        required=True,
        readonly=True,
    )
    section = fields.Char(string="What", readonly=True)
    code = fields.Char(readonly=True)
    name = fields.Char(readonly=True)
    field = fields.Char(readonly=True)
    was = fields.Text(string="Former Pack", readonly=True)
    ours = fields.Text(readonly=True)
    theirs = fields.Text(string="This Pack", readonly=True)
    shared = fields.Boolean(
        string="At Once",
        readonly=True,
        help="It has no versions: what is taken over counts at once, not with the new version.",
    )
    choice = fields.Selection([("ours", "Keep ours"), ("theirs", "Take the pack's")])
