from odoo import fields, models


class CrmPolicyCaseKey(models.AbstractModel):
    """The private link of a case: whoever has it speaks as its customer, so none of us gets it.

    It goes out in mails to the customer and his people, and nowhere else. This holds of every
    ticket: one that is not governed yet keeps its link when it becomes a case.
    """

    _name = "crm.policy.case.key"
    _description = "Private Link of a Case"

    access_token = fields.Char(groups=fields.NO_ACCESS)

    def _policy_keeps_key(self):
        """Return whether the current user is one of us, to whom the key is not given."""
        return not self.env.su and self.env.user._is_internal()

    def _add_missing_default_values(self, values):
        """Take no default of anybody's: who has chosen a key would have it."""
        result = super()._add_missing_default_values(values)
        if "access_token" not in values:
            result.pop("access_token", None)
        return result

    def _portal_ensure_token(self):
        self.check_access("read")
        return super(CrmPolicyCaseKey, self.sudo())._portal_ensure_token()

    def _sign_token(self, pid):
        return super(CrmPolicyCaseKey, self.sudo())._sign_token(pid)

    def _get_share_url(self, redirect=False, signup_partner=False, pid=None, share_token=True):
        """Return the address; for one of us that of the page behind the login."""
        if self._policy_keeps_key():
            signup_partner, pid, share_token = False, None, False
        return super()._get_share_url(
            redirect=redirect, signup_partner=signup_partner, pid=pid, share_token=share_token
        )

    def get_portal_url(
        self, suffix=None, report_type=None, download=None, query_string=None, anchor=None
    ):
        """Return the address of the page; for one of us that of the page behind the login."""
        url = super().get_portal_url(suffix, report_type, download, query_string, anchor)
        if not self._policy_keeps_key():
            return url
        key = f"access_token={self.sudo().access_token}"
        return url.replace(f"?{key}&", "?").replace(f"?{key}", "")
