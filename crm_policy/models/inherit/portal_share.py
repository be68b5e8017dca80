from odoo import models


class PortalShare(models.TransientModel):
    _name = "portal.share"
    _inherit = ["crm.policy.share", "portal.share"]
