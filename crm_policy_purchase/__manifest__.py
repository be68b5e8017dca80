{
    "name": "CRM Policy: Purchase",
    "summary": "Purchase orders are signed, in the order of the policy, before they are confirmed",
    "version": "19.0.1.0.0",
    "category": "Supply Chain/Purchase",
    "author": "CRM Policy Founders",
    "website": "https://github.com/crm-policy/crm_policy",
    "license": "AGPL-3",
    "depends": ["crm_policy", "purchase"],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
    "data": [
        "report/purchase_approval_templates.xml",
        "wizard/emergency_turn_views.xml",
        "views/purchase_order_views.xml",
    ],
}
