from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# Who confirms where no department owns the policy: those who put its versions in force.
CONFIRMERS = (
    "crm_policy.group_director",
    "crm_policy.group_ceo",
    "crm_policy.group_committee",
)
SPREAD = 1_000  # more models than that never have rows of packs


class CrmPolicyProposed(models.Model):
    """The values that the sources of a policy do not fix, until somebody has confirmed them."""

    _name = "crm.policy.proposed"
    _description = "Proposed Value"
    _auto = False
    _order = "version_id, clause_id, res_model, code, id"
    _rec_name = "code"

    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    code = fields.Char(readonly=True)
    clause_id = fields.Many2one("crm.policy.clause", readonly=True)
    version_id = fields.Many2one("crm.policy.version", string="Policy Version", readonly=True)
    policy_id = fields.Many2one("crm.policy", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    section = fields.Char(string="What", compute="_compute_words")
    name = fields.Char(compute="_compute_words")
    value = fields.Char(compute="_compute_words")

    # === COMPUTE METHODS === #

    @property
    def _table_query(self):
        """Return the rows to confirm of every model that packs fill, whatever its room."""
        names = [
            name
            for name in sorted(self.env.registry.descendants(["crm.policy.pack.row"], "_inherit"))
            if not self.env[name]._abstract and self.env[name]._auto
        ]
        for name in names:
            self.env[name].flush_model()
        parts = [self._policy_rows_sql(number, self.env[name]) for number, name in enumerate(names)]
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _policy_rows_sql(self, number, model):
        """Return the SELECT of one model's rows that wait for a confirmation."""
        clause = SQL.identifier("r", "id" if model._name == "crm.policy.clause" else "clause_id")
        if "clause_id" not in model._fields and model._name != "crm.policy.clause":
            clause = SQL("NULL::integer")
        key = model._fields.get(model._pack_key)
        code = SQL("NULL::varchar")
        if key and key.type == "char":
            code = SQL.identifier("r", key.name)
        return SQL(
            """
            SELECT r.id::bigint * %(spread)s + %(number)s AS id, %(model)s AS res_model,
                   r.id AS res_id, %(code)s AS code, c.id AS clause_id,
                   c.version_id AS version_id, c.policy_id AS policy_id, r.company_id AS company_id
              FROM %(table)s r LEFT JOIN crm_policy_clause c ON c.id = %(clause)s
             WHERE r.is_proposed AND r.confirmed_at IS NULL
            """,
            spread=SPREAD,
            number=number,
            model=model._name,
            code=code,
            table=SQL.identifier(model._table),
            clause=clause,
        )

    @api.depends("res_model", "res_id")
    def _compute_words(self):
        for res_model, lines in self.grouped("res_model").items():
            model = self.env[res_model].sudo()
            section = self.env["ir.model"]._get(res_model).name
            for line in lines:
                row = model.browse(line.res_id)
                line.section = section
                line.name = row.display_name
                line.value = row._pack_value_words()

    # === ACTION METHODS === #

    def action_policy_open(self):
        """Open the row itself."""
        self.ensure_one()
        self.check_access("read")
        return self.env[self.res_model].browse(self.res_id).get_formview_action()

    def action_policy_confirm(self):
        """Confirm these values: from now on they are the company's own.

        :raises AccessError: neither the head of the department that owns the policy nor, where
            there is none, a person who approves policies.
        """
        if len(self.exists()) < len(self):
            raise UserError(self.env._("One of these values is confirmed already, or gone."))
        self.check_access("read")
        for line in self:
            line._policy_check_owner()
        for line in self:
            row = self.env[line.res_model].sudo().browse(line.res_id)
            row._policy_guarded_write(
                {"confirmed_at": fields.Datetime.now(), "confirmed_by_id": self.env.uid}
            )
            self.env["crm.policy.event"]._policy_log(
                "value.confirmed",
                row,
                {
                    "code": line.code or "",
                    "value": {number.path: number.value for number in row._pack_numbers()},
                },
                clause=line.sudo().clause_id or None,
            )
        self.env.flush_all()
        self.invalidate_model()
        return True

    def _policy_check_owner(self):
        """Refuse whoever does not own the policy that the value belongs to."""
        user = self.env.user
        head = self.sudo().policy_id.owner_department_id.manager_id.user_id
        if head.active:
            if user != head:
                raise AccessError(
                    self.env._(
                        "%(policy)s belongs to %(department)s: its head, %(head)s, confirms the "
                        "values.",
                        policy=self.sudo().policy_id.display_name,
                        department=self.sudo().policy_id.owner_department_id.name,
                        head=head.name,
                    )
                )
        elif not any(user.has_group(group) for group in CONFIRMERS):
            raise AccessError(
                self.env._(
                    "A proposed value is confirmed by a director, the CEO or the committee, as the "
                    "policy has no department that owns it."
                )
            )
