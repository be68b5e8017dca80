{
    "name": "Benchmark: the rows of an approval and nothing else",
    "version": "19.0.1.0.0",
    "author": "CRM Policy Founders",
    "website": "https://github.com/crm-policy/crm_policy",
    "license": "AGPL-3",
    "depends": ["base"],
    "data": ["ir.model.access.csv"],
    "installable": True,
}
