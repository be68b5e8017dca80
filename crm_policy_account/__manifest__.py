{
    "name": "CRM Policy: Invoicing",
    "summary": "Returns and allowances become credit notes; disputed receivables leave the bonus",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "CRM Policy Founders",
    "website": "https://github.com/crm-policy/crm_policy",
    "license": "AGPL-3",
    "depends": ["crm_policy", "account"],
    "auto_install": True,
    "data": [
        "security/ir.model.access.csv",
        "security/collection_rules.xml",
        "wizard/collection_sheet_views.xml",
        "views/account_move_views.xml",
        "views/goods_document_views.xml",
        "views/collection_rate_views.xml",
    ],
}
