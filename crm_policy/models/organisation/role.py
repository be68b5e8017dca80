from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Who holds the post: a change of these leaves a trace.
APPOINTMENT = frozenset(
    {
        "kind",
        "group_id",
        "user_id",
        "department_id",
        "field_path",
        "substitute_required",
        "active",
        "sees_all_cases",
    }
)


def can_act(users, company):
    """Return those of ``users`` who work for the company: none archived, none of the portal."""
    if not users:  # saves work
        return users
    # Who asks need not work for all companies that these people work for.
    return users.browse(
        user.id
        for user in users.sudo()
        if user.active and not user.share and company in user.company_ids
    )


def refuse_own_appointment(env):
    """Refuse that somebody gives a role to himself."""
    raise UserError(env._("Nobody appoints himself: let another person do it."))


class CrmPolicyRole(models.Model):
    """A post that a rule speaks of, and how to find who holds it for a given record."""

    _name = "crm.policy.role"
    _description = "Policy Role"
    _inherit = ["crm.policy.deputy", "crm.policy.pack.section"]
    _order = "sequence, id"

    _pack_section = "roles"
    _pack_sequence = 10
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "kind": (("group", "department_head", "manager_of", "user", "field"), True),
        "group": (str, False),
        "field_path": (str, False),
        "substitute_required": (bool, False),
        "clause": (str, False),
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
            ("department_head", "Head of a Department"),
            ("manager_of", "Manager of a Person on the Record"),
            ("user", "Appointed Persons"),
            ("field", "Person on the Record"),
        ],
        required=True,
        default="group",
    )
    group_id = fields.Many2one("res.groups", index=True, ondelete="restrict")
    user_id = fields.Many2one(
        "res.users",
        index=True,
        ondelete="restrict",
        help="Acts where no post names a holder. Departments and substitutes: see the posts.",
    )
    department_id = fields.Many2one(
        "hr.department",
        index="btree_not_null",
        ondelete="restrict",
        help="Whose head it is. Empty: the head of the record's own department.",
    )
    field_path = fields.Char(
        string="Field",
        help="For persons on the record: the field that names them, user_id, or a path to it, "
        "commercial_partner_id.user_id.",
    )

    post_ids = fields.One2many("crm.policy.post", "role_id", string="Posts")
    substitute_required = fields.Boolean(
        help="Nobody is appointed without a substitute from his own department, and nobody goes "
        "away unless the substitute is there.",
    )
    clause_id = fields.Many2one(
        "crm.policy.clause",
        index="btree_not_null",
        ondelete="restrict",
        help="The clause that a refusal names.",
    )

    sees_all_cases = fields.Boolean(
        help="Who holds this post by name reads all cases of the company: internal audit, say."
    )

    _code_uniq = models.Constraint("UNIQUE(company_id, code)", "A company has each role code once.")

    @api.constrains("kind", "group_id", "user_id", "field_path")
    def _check_source(self):
        needed = {
            "group": "group_id",
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
        if clause := row.pop("clause", None):
            row["clause_id"] = clauses[clause].id
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
        for role in roles:
            if role.user_id == self.env.user or role.sees_all_cases:
                role._policy_refuse_own(self.env["res.users"])
        if any(roles.mapped("sees_all_cases")):
            self._policy_scopes_changed()
        return roles

    def write(self, vals):
        appoints = APPOINTMENT.intersection(vals)
        before = {role: role._policy_everybody() for role in self} if appoints else {}
        blind = self.filtered(lambda role: not role.sees_all_cases)
        result = super().write(vals)
        if vals.get("substitute_required"):
            self.sudo().post_ids._policy_check_substitute()
        if appoints:
            for role, people in before.items():
                role._policy_refuse_own(people)
            for role in blind.filtered("sees_all_cases"):
                role._policy_refuse_own(self.env["res.users"])
            self._policy_scopes_changed()
            self._policy_holders_changed()
            self.env["crm.policy.event"]._policy_log(
                "role.changed",
                self,
                payloads={
                    role.id: {
                        "code": role.code,
                        "kind": role.kind,
                        "group": role.group_id.id,
                        "user": role.user_id.id,
                        "department": role.department_id.id,
                        "substitute_required": role.substitute_required,
                    }
                    for role in self
                },
            )
        return result

    def _policy_refuse_own(self, people):
        """Refuse what has made the current user a holder, unless he was one of ``people``."""
        self.ensure_one()
        if not self.env.su and self.env.user in self._policy_everybody() - people:
            refuse_own_appointment(self.env)

    # === HOLDERS === #

    def _users_for(self, records):
        """Return who holds this role for each record; nobody archived, nobody of another company.

        Of appointed persons who are away the substitute acts. A constant number of queries,
        whatever the number of records.

        :param records: any records; department and person roles read them as superuser.
        :rtype: dict[int, res.users]
        """
        self.ensure_one()
        role = self.sudo()
        if role.kind == "user":
            if not role.post_ids:  # saves work
                return dict.fromkeys(records._ids, role._policy_can_act(role.user_id))
            lone = role._policy_can_act(role.user_id)
            found = self.env["crm.policy.post"]._policy_holders(role, records)
            return {
                record_id: lone if users is None else users for record_id, users in found.items()
            }
        if role.kind == "group" or (role.kind == "department_head" and role.department_id):
            users = role._policy_fixed_users()
            return {record.id: users for record in records}
        return {
            record.id: role._policy_can_act(role._policy_users_on(record))
            for record in records.sudo()
        }

    def _policy_fixed_users(self):
        """Return the holders that no record changes."""
        if self.kind == "group":
            return self._policy_can_act(self.group_id.all_user_ids)
        return self._policy_can_act(self.department_id.manager_id.user_id)

    def _policy_users_on(self, record):
        """Return the persons that a record itself points at."""
        if self.kind == "department_head":
            name = "policy_department_id"
            department = record[name] if name in record else None
            return department.manager_id.user_id if department else self.env["res.users"]
        users = record
        for name in self.field_path.split("."):
            if not isinstance(users, models.BaseModel) or name not in users:
                return self.env["res.users"]
            users = users[name]
        if not isinstance(users, type(self.env["res.users"])):
            return self.env["res.users"]
        if self.kind == "manager_of":
            employees = users.with_company(self.company_id).employee_id
            return employees.parent_id.user_id
        return users

    def _policy_people_for(self, records):
        """Return who holds this role for each record or stands in there, present or not.

        :rtype: dict[int, res.users]
        """
        people = self._users_for(records)
        if self.kind == "user":
            posts = self.env["crm.policy.post"]._policy_posts_for(self.sudo(), records)
            for record_id, post in posts.items():
                people[record_id] |= self._policy_can_act(post.user_ids | post.substitute_id)
        return people

    def _policy_seat_holders(self, record):
        """Return whose the role is on a record, present or not; nobody who only stands in."""
        self.ensure_one()
        role = self.sudo()
        if role.kind != "user":
            return role._users_for(record)[record.id]
        post = self.env["crm.policy.post"]._policy_posts_for(role, record)[record.id]
        return role._policy_can_act(post.user_ids if post else role.user_id)

    def _policy_everybody(self):
        """Return who holds the role anywhere in the company, by name or by a group, or stands in.

        Not whom a record names.
        """
        role = self.sudo()
        return role._policy_holders() | role._policy_staff()

    def _policy_holders_changed(self):
        """Let those who hold these roles from now on see what is theirs to see."""
        roles = self.sudo()
        if any(roles.mapped("sees_all_cases")):
            roles._policy_scopes_changed()
        seats = self.env["crm.policy.team.member"].sudo().search([("role_id", "in", self.ids)])
        self.env["crm.policy.case.access"].sudo()._policy_keep_teams(seats.team_id)

    def _policy_scopes_changed(self):
        """Forget who sees all cases: it stands in the cache of the record rules."""
        self.env["res.users"].invalidate_model(["policy_case_scope"])
        self.env.registry.clear_cache()

    def _policy_holders(self):
        """Return who holds one of these posts whatever the record: members and named persons.

        Those appointed for the whole company and their substitutes; a department's own holder sees
        what is its own.
        """
        holders = self.env["res.users"]
        for role in self.sudo():
            posts = role.post_ids.filtered(lambda post: post.active and not post.department_id)
            named = role.user_id | posts.user_ids | posts.substitute_id
            users = role.group_id.all_user_ids if role.kind == "group" else named
            holders |= role._policy_can_act(users)
        return holders

    def _policy_can_act(self, users):
        return can_act(users, self.company_id)

    def _policy_present(self, users):
        """Return those of ``users`` who can act at this moment: none that is away."""
        return self.env["resource.calendar.leaves"]._policy_present(users, self.company_id)

    def _policy_held_by(self, user, record):
        """Return whether ``user`` holds this role for ``record``."""
        return user in self._users_for(record)[record.id]

    def _policy_staff(self):
        """Return who fills the role anywhere in the company, each under his highest group."""
        role = self.sudo()
        if role.kind == "group":
            group = role.group_id
            higher = (group.all_implied_by_ids - group).filtered(
                lambda other: other.privilege_id == group.privilege_id
            )
            return role._policy_can_act(group.all_user_ids - higher.user_ids)
        if role.kind == "user":
            posts = role.post_ids.filtered("active")
            return role._policy_can_act(posts.user_ids | role.user_id)
        return role._policy_fixed_users()

    def _policy_is_on_record(self):
        """Return whether only a record says who holds the role."""
        self.ensure_one()
        return self.kind in ("manager_of", "field") or (
            self.kind == "department_head" and not self.department_id
        )

    def _policy_is_vacant(self):
        """Return whether nobody holds the role, present or not; what a record says counts as held.

        Of a group those count whose highest one it is: a director is no supervisor.
        """
        self.ensure_one()
        if self._policy_is_on_record():
            return False
        substitutes = self.sudo().post_ids.filtered("active").substitute_id
        return not (self._policy_staff() | self._policy_can_act(substitutes))

    def _policy_rule_words(self):
        """Return how a refusal names the rule behind the role: its clause as it is in force."""
        self.ensure_one()
        clause = self.sudo().clause_id
        if not clause:
            return self.env._("Role %(role)s", role=self.name)
        policy = clause.version_id.policy_id
        current = (
            self.env["crm.policy.clause"]
            .sudo()
            .search(
                [
                    ("number", "=", clause.number),
                    ("version_id.policy_id", "=", policy.id),
                    ("version_id.state", "=", "effective"),
                ],
                limit=1,
            )
        )
        return ", ".join(
            part for part in ((current or clause)._policy_citation(), clause.source) if part
        )
