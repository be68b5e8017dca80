"""The refusals of the policy engine, as the web client and RPC callers see them."""

from odoo.exceptions import UserError


class PolicyRefusal(UserError):
    """A request that a clause forbids, with the button that does what is allowed instead.

    Over RPC it is an ordinary ``UserError``; the web client finds ``exception_class`` in the
    serialised context and shows :file:`static/src/refusal/refusal_dialog.esm.js`.

    :param str message: the whole sentence: clause, what was asked, the limit, who can decide.
    :param dict action: window or server action that the button runs; None for no button.
    :param str button: label of the button.
    """

    def __init__(self, message, action=None, button=None):
        super().__init__(message)
        self.context = {
            "exception_class": "crm_policy.PolicyRefusal",
            "policy_action": action,
            "policy_button": button,
        }
