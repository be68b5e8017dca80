from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Who holds the post: a change of these leaves a trace.
APPOINTMENT = frozenset({"kind", "group_id", "user_id", "field_path", "active", "sees_all_cases"})


class CrmPolicyRole(models.Model):
    """A post that a rule speaks of, and how to find who holds it for a given record."""

    _name = "crm.policy.role"
    _description = "Policy Role"
    _inherit = ["crm.policy.pack.section"]
    _order = "sequence, code"

    _pack_section = "roles"
    _pack_sequence = 10
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "kind": (("group", "department_head", "manager_of", "field"), True),
        "group": (str, False),
        "field_path": (str, False),
        "sees_all_cases": (bool, False),
    }

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("group", "Members of a Group"),
            ("department_head", "Head of the Record's Department"),
            ("manager_of", "Manager of a Person on the Record"),
            ("user", "One Person"),
            ("field", "Person on the Record"),
        ],
        required=True,
        default="group",
    )
    group_id = fields.Many2one("res.groups", index=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", index=True, ondelete="restrict")
    field_path = fields.Char(
        string="Field", help="For persons on the record: the field that names them, user_id."
    )

    sees_all_cases = fields.Boolean(
        help="Who holds this post by name reads all cases of the company: internal audit, say."
    )

    _code_uniq = models.Constraint("UNIQUE(company_id, code)", "A company has each role code once.")

    @api.constrains("kind", "group_id", "user_id", "field_path")
    def _check_source(self):
        needed = {
            "group": "group_id",
            "user": "user_id",
            "field": "field_path",
            "manager_of": "field_path",
        }
        for role in self:
            name = needed.get(role.kind)
            if name and not role[name]:
                raise ValidationError(
                    self.env._(
                        "Role %(role)s: fill in %(field)s.",
                        role=role.name,
                        field=role._fields[name].get_description(self.env)["string"],
                    )
                )

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        group = row.pop("group", None)
        if row["kind"] == "group":
            record = self.env.ref(f"crm_policy.group_{group}", raise_if_not_found=False)
            if not record:
                raise ValidationError(
                    self.env._(
                        "Policy pack, roles (%(code)s): there is no group %(group)s.",
                        code=row["code"],
                        group=group,
                    )
                )
            row["group_id"] = record.id
        return super()._pack_prepare(version, row, clauses)

    @api.model_create_multi
    def create(self, vals_list):
        roles = super().create(vals_list)
        if any(roles.mapped("sees_all_cases")):
            self._policy_scopes_changed()
        return roles

    def write(self, vals):
        result = super().write(vals)
        if APPOINTMENT.intersection(vals):
            self._policy_scopes_changed()
            self.env["crm.policy.event"]._policy_log(
                "role.changed",
                self,
                payloads={
                    role.id: {
                        "code": role.code,
                        "kind": role.kind,
                        "group": role.group_id.id,
                        "user": role.user_id.id,
                    }
                    for role in self
                },
            )
        return result

    def _users_for(self, records):
        """Return who holds this role for each record; nobody archived, nobody of another company.

        :param records: any records; department and person roles read them as superuser.
        :rtype: dict[int, res.users]
        """
        self.ensure_one()
        role = self.sudo()
        if role.kind in ("group", "user"):
            users = role.group_id.all_user_ids if role.kind == "group" else role.user_id
            users = role._policy_can_act(users)
            return {record.id: users for record in records}
        found = {}
        for record in records.sudo():
            found[record.id] = role._policy_can_act(role._policy_users_on(record))
        return found

    def _policy_users_on(self, record):
        """Return the persons that a record itself points at."""
        if self.kind == "department_head":
            name = "policy_department_id"
            department = record[name] if name in record else self.env["hr.department"]
            return department.manager_id.user_id
        users = record[self.field_path] if self.field_path in record else None
        if not isinstance(users, type(self.env["res.users"])):
            return self.env["res.users"]
        if self.kind == "manager_of":
            employees = users.with_company(self.company_id).employee_id
            return employees.parent_id.user_id
        return users

    def _policy_scopes_changed(self):
        """Forget who sees all cases: it stands in the cache of the record rules."""
        self.env["res.users"].invalidate_model(["policy_case_scope"])
        self.env.registry.clear_cache()

    def _policy_holders(self):
        """Return who holds one of these posts whatever the record: members and named persons."""
        holders = self.env["res.users"]
        for role in self.sudo():
            users = role.group_id.all_user_ids if role.kind == "group" else role.user_id
            holders |= role._policy_can_act(users)
        return holders

    def _policy_can_act(self, users):
        return users.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )

    def _policy_held_by(self, user, record):
        """Return whether ``user`` holds this role for ``record``."""
        return user in self._users_for(record)[record.id]
