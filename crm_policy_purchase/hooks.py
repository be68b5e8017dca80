"""What an uninstallation does beyond what Odoo does."""


def uninstall_hook(env):
    """End the requests that wait: without us no order needs them, and nobody could sign them."""
    env["crm.policy.approval"]._policy_withdraw_of("purchase.order")
