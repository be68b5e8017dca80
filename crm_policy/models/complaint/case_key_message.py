import re

from odoo import api, models

# What opens a case without a login, as a mail quotes it; other mail programs write it in %.
FOLLOWED = re.compile(r"(policy(?:/|%2F)case(?:/|%2F))[A-Za-z0-9_-]{32}", re.IGNORECASE)
SIGNED = re.compile(r"(hash(?:=|%3D))[0-9a-f]{64}", re.IGNORECASE)
LEFT_OUT = "..."


class CrmPolicyCaseKeyMessage(models.AbstractModel):
    """A message on a case: whoever answers a mail quotes it, with the private link in it.

    All who read the case read the answer, so the key is left out of what is kept.
    """

    _name = "crm.policy.case.key.message"
    _description = "Message without a Private Link"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._policy_without_key(vals) for vals in vals_list])

    @api.model
    def _policy_without_key(self, vals):
        body = vals.get("body")
        if vals.get("model") != "helpdesk.ticket" or not body:
            return vals
        kept = FOLLOWED.sub(rf"\1{LEFT_OUT}", body)
        kept = SIGNED.sub(rf"\1{LEFT_OUT}", kept)
        case = self.env["helpdesk.ticket"].sudo().browse(vals.get("res_id") or ())
        if case.access_token:
            kept = kept.replace(case.access_token, LEFT_OUT)
        # A markup stays one.
        return {**vals, "body": type(body)(kept)} if kept != body else vals
