{
    "name": "CRM Policy: Inventory",
    "summary": "Goods that come back are received with the quantity that was approved",
    "version": "19.0.1.0.0",
    "category": "Supply Chain/Inventory",
    "author": "CRM Policy Founders",
    "website": "https://github.com/crm-policy/crm_policy",
    "license": "AGPL-3",
    "depends": ["crm_policy", "stock"],
    "auto_install": True,
    "data": [
        "views/return_note_views.xml",
        "views/stock_picking_views.xml",
    ],
}
