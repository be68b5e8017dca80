import re

from odoo import api, models

# What opens a case without a login, as a mail quotes it; other mail programs write it in %.
FOLLOWED = re.compile(r"(policy(?:/|%2F)case(?:/|%2F))[A-Za-z0-9_-]{32}", re.IGNORECASE)
SIGNED = re.compile(r"(hash(?:=|%3D))[0-9a-f]{64}", re.IGNORECASE)
# What the key of the portal looks like (``portal.mixin``); few messages have anything like it.
KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LEFT_OUT = "..."


class CrmPolicyCaseKeyMessage(models.AbstractModel):
    """A message on a case: whoever answers a mail quotes it, with the private link in it.

    All who read the case read the answer, so the key is left out of what is kept.
    """

    _name = "crm.policy.case.key.message"
    _description = "Message without a Private Link"

    @api.model_create_multi
    def create(self, vals_list):
        told = {vals["res_id"] for vals in vals_list if self._policy_looks_like_key(vals)}
        cases = self.env["helpdesk.ticket"].sudo().browse(told)
        keys = {case.id: case.access_token for case in cases}
        return super().create([self._policy_without_key(vals, keys) for vals in vals_list])

    @api.model
    def _policy_looks_like_key(self, vals):
        """Return whether a message on a case has something like the key of the portal in it."""
        is_on_case = vals.get("model") == "helpdesk.ticket" and vals.get("res_id")
        return bool(is_on_case and KEY.search(vals.get("body") or ""))

    @api.model
    def _policy_without_key(self, vals, keys):
        """Return ``vals`` without what opens its case.

        :param dict keys: {id of a case: its key}, of those in whose messages it may be.
        """
        body = vals.get("body")
        if vals.get("model") != "helpdesk.ticket" or not body:
            return vals
        kept = FOLLOWED.sub(rf"\1{LEFT_OUT}", body)
        kept = SIGNED.sub(rf"\1{LEFT_OUT}", kept)
        if key := keys.get(vals.get("res_id")):
            kept = kept.replace(key, LEFT_OUT)
        # A markup stays one.
        return {**vals, "body": type(body)(kept)} if kept != body else vals
