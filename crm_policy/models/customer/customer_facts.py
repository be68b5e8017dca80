from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

READERS = ",".join(
    f"crm_policy.group_{role}"
    for role in ("specialist", "finance", "ceo", "qc", "analyst", "legal", "hr", "committee",
                 "policy_admin")
)  # fmt: skip

SECRET = frozenset({"policy_customer_id", "policy_grade_id", "policy_sla_factor"})


class CrmPolicyCustomerFacts(models.AbstractModel):
    """What the policy says of a customer, as it is shown on his contacts (of ``res.partner``).

    The contact's own row is never written: which row of the narrow table is meant depends on the
    company that asks. Portal and public never read these fields.
    """

    _name = "crm.policy.customer.facts"
    _description = "Facts About a Customer"

    policy_customer_ids = fields.One2many("crm.policy.customer", "partner_id", groups=READERS)
    policy_customer_id = fields.Many2one(
        "crm.policy.customer",
        string="Customer Under the Policy",
        compute="_compute_policy_customer_id",
        search="_search_policy_customer_id",
        compute_sudo=True,
        groups=READERS,
    )
    policy_grade_id = fields.Many2one(
        related="policy_customer_id.grade_id", string="Customer Grade", groups=READERS
    )
    policy_sla_factor = fields.Float(
        related="policy_customer_id.grade_id.sla_factor",
        string="Factor of Deadlines",
        aggregator=None,
        groups=READERS,
    )

    @api.depends_context("company")
    @api.depends(
        "commercial_partner_id",
        "commercial_partner_id.policy_customer_ids.company_id",
    )
    def _compute_policy_customer_id(self):
        company = self.env.company
        rows = self.env["crm.policy.customer"].search(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", [False, company.id]),
            ]
        )
        shared = {row.partner_id.id: row for row in rows if not row.company_id}
        own = {row.partner_id.id: row for row in rows if row.company_id}
        for partner in self:
            customer_id = partner.commercial_partner_id.id
            partner.policy_customer_id = own.get(customer_id) or shared.get(customer_id)

    def _search_policy_customer_id(self, operator, value):
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        field = self._fields["policy_customer_id"]
        if operator == "any!" and not self._has_field_access(field, "read"):
            # A search for a related field comes here without anybody having asked who searches,
            # and an error would be taken for "cannot be done so". The portal finds nothing.
            return Domain.FALSE
        self._check_field_access(field, "read")
        Customer, company = self.env["crm.policy.customer"].sudo(), self.env.company
        none_too = operator == "in" and False in value
        if operator == "in":
            value = Domain("id", "in", [item for item in value if item])
        rows = Customer._search(value) if isinstance(value, Domain) else value

        def to_sql(_model, alias, _query):
            row = Customer._policy_row_sql(alias, company)
            found = SQL("%s IN %s", row, rows.subselect())
            return SQL("(%s OR %s IS NULL)", found, row) if none_too else found

        return Domain.custom(to_sql=to_sql)

    def _field_to_sql(self, alias, field_expr, query=None):
        name = field_expr.split(".")[0]
        if name in SECRET:
            # For a related field the ORM does not ask: who groups by it would count the grades.
            self._check_field_access(self._fields[name], "read")
        if field_expr == "policy_customer_id":
            return self.env["crm.policy.customer"]._policy_row_sql(alias, self.env.company)
        return super()._field_to_sql(alias, field_expr, query)
