import math

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...words import list_words
from .role import refuse_own_appointment


class CrmPolicyPost(models.Model):
    """Who is appointed to a role, in the company or in one of its departments, and how many.

    Holders are appointed for roles of "Appointed Persons"; for roles of a group the post carries
    the planned head count only (ORG-HC-01).
    """

    _name = "crm.policy.post"
    _description = "Post"
    _inherit = ["crm.policy.pack.section", "crm.policy.guarded"]
    _order = "role_id, department_id, id"

    _pack_section = "staffing"
    _pack_sequence = 15
    # The code of a row is the code of its role.
    _pack_key = "role_id"
    _pack_schema = {
        "code": (str, True),
        "clause": (str, False),
        "planned": (int, False),
        "planned_max": (int, False),
        "per": (float, False),
        "of": (str, False),
    }

    role_id = fields.Many2one("crm.policy.role", required=True, index=True, ondelete="restrict")
    role_kind = fields.Selection(related="role_id.kind")
    substitute_required = fields.Boolean(related="role_id.substitute_required")
    company_id = fields.Many2one(related="role_id.company_id", store=True, index=True)
    department_id = fields.Many2one(
        "hr.department",
        index=True,
        ondelete="restrict",
        help="Empty: the whole company. A post counts for the departments below it, too.",
    )
    user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_post_holder_rel",
        column1="post_id",
        column2="user_id",
        ondelete="restrict",
        string="Holders",
        context={"active_test": False},
    )
    substitute_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        help="Acts while a holder is away or has left, and while there is no holder.",
    )
    clause_id = fields.Many2one(
        "crm.policy.clause",
        index="btree_not_null",
        ondelete="restrict",
        help="The clause that fixes the head count.",
    )
    planned = fields.Integer(string="Planned From", help="Zero: no head count is planned.")
    planned_max = fields.Integer(
        string="Planned To", help="Empty: exactly the planned number, not a range."
    )
    plan_per = fields.Float(
        string="One Per",
        help="One person for so many, rounded up; takes the place of the planned number.",
    )
    plan_of = fields.Selection(
        [("open_work", "Open Cases"), ("role", "Holders of Another Role")], string="Counted In"
    )
    plan_role_id = fields.Many2one(
        "crm.policy.role", string="Counted Role", index="btree_not_null", ondelete="restrict"
    )
    active = fields.Boolean(default=True)
    acting_user_ids = fields.Many2many(
        "res.users", compute="_compute_acting_user_ids", string="Acting Now"
    )
    status = fields.Selection(
        [("held", "Held"), ("substituted", "Substitute Acts"), ("vacant", "Vacant")],
        compute="_compute_acting_user_ids",
        help="Empty where the role finds its holders by itself.",
    )

    _place_uniq = models.UniqueIndex(
        "(role_id, COALESCE(department_id, 0)) WHERE active IS TRUE",
        "A role has one post in each department and one for the whole company.",
    )
    _planned_positive = models.Constraint(
        "CHECK(planned >= 0 AND planned_max >= 0 AND plan_per >= 0)",
        "A head count is not negative.",
    )
    _planned_range = models.Constraint(
        "CHECK(COALESCE(planned_max, 0) = 0 OR planned_max >= planned)",
        "The planned head count goes from the lower number to the higher one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("role_id.name", "department_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for post in self:
            parts = [post.department_id.sudo().name, post.role_id.name]
            post.display_name = " / ".join(part for part in parts if part)

    @api.depends("role_id", "user_ids", "substitute_id")
    def _compute_acting_user_ids(self):
        for role, posts in self.grouped("role_id").items():
            people = role.sudo()._policy_present(posts.user_ids | posts.substitute_id)
            for post in posts:
                acting = post._policy_acting(people)
                post.acting_user_ids = acting
                post.status = role.kind == "user" and (
                    (not acting and "vacant")
                    or (post.substitute_id in acting and "substituted")
                    or "held"
                )

    # === CONSTRAINT METHODS === #

    @api.constrains("role_id", "user_ids", "substitute_id", "department_id", "plan_role_id")
    def _check_people(self):
        for post in self.sudo():
            company, people = post.company_id, post.user_ids | post.substitute_id
            if people and post.role_id.kind != "user":
                raise ValidationError(
                    self.env._(
                        "%(role)s: its holders are not appointed, the role finds them by itself. "
                        "Only a head count can be planned.",
                        role=post.role_id.name,
                    )
                )
            strangers = people.filtered(
                lambda user, company=company: user.share or company not in user.company_ids
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(post)s: %(people)s is not a member of %(company)s.",
                        post=post.display_name,
                        people=list_words(self.env, strangers.mapped("name")),
                        company=company.name,
                    )
                )
            if (
                post.department_id.company_id - company
                or post.plan_role_id.company_id - company
                or post.clause_id.company_id - company
            ):
                raise ValidationError(
                    self.env._(
                        "%(post)s: role, department and clause belong to one company.",
                        post=post.display_name,
                    )
                )
            post._policy_check_substitute()

    @api.constrains("plan_per", "plan_of", "plan_role_id", "role_id")
    def _check_plan(self):
        for post in self:
            counted = post.plan_of == "open_work" or (
                post.plan_of == "role" and (post.plan_role_id - post.role_id)
            )
            if (post.plan_of or post.plan_per) and not (counted and post.plan_per):
                raise ValidationError(
                    self.env._(
                        "%(post)s: say what the head count is counted in; a role is not counted "
                        "in itself.",
                        post=post.display_name,
                    )
                )

    def _policy_check_substitute(self):
        """Refuse an appointment without the substitute that its role demands (ORG-DELEG-01)."""
        for post in self:
            if not post.role_id.substitute_required:
                continue
            for holder in post.user_ids.filtered("active"):
                problem = post._policy_substitute_problem(holder)
                if problem:
                    raise ValidationError(
                        self.env._(
                            "%(rule)s: %(post)s has a substitute from the same department. "
                            "%(problem)s",
                            rule=post.role_id._policy_rule_words(),
                            post=post.display_name,
                            problem=problem,
                        )
                    )

    def _policy_substitute_problem(self, holder):
        """Return why the substitute cannot stand in for ``holder``, None when he can."""
        self.ensure_one()
        post, substitute = self.sudo(), self.sudo().substitute_id
        if not substitute:
            return self.env._("None is named.")
        values = {"substitute": substitute.name, "holder": holder.name}
        if substitute in post.user_ids:
            return self.env._("%(substitute)s holds the post himself.", **values)
        if substitute not in post.role_id._policy_can_act(substitute):
            return self.env._("%(substitute)s no longer works here.", **values)
        departments = post._policy_departments_of(substitute | holder)
        if not departments[holder.id] or departments[holder.id] != departments[substitute.id]:
            return self.env._("%(substitute)s is not in the department of %(holder)s.", **values)
        return None

    def _policy_departments_of(self, users):
        """Return {user id: hr.department} of the users' employees in the post's company."""
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search([("user_id", "in", users.ids), ("company_id", "=", self.company_id.id)])
        )
        found = {employee.user_id.id: employee.department_id for employee in employees}
        return {user.id: found.get(user.id, self.env["hr.department"]) for user in users}

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # It follows the role.
        return super()._policy_guarded_fields() | {"company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        posts = super().create(vals_list)
        posts._policy_log_appointments({})
        return posts

    def write(self, vals):
        before = self._policy_appointments()
        result = super().write(vals)
        self._policy_log_appointments(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A post is evidence of who held it: archive it instead."))

    def _policy_appointments(self):
        """Return {id: who holds the post}, ids and codes only."""
        return {
            post.id: {
                "role": post.role_id.code,
                "department": post.department_id.id,
                "users": sorted(post.user_ids.ids),
                "substitute": post.substitute_id.id,
                "active": post.active,
            }
            for post in self.sudo()
        }

    def _policy_log_appointments(self, before):
        """Write an event for each post whose appointment is no longer what it was.

        :param dict before: what :meth:`_policy_appointments` returned; empty for new posts.
        :raises UserError: somebody appoints himself.
        """
        payloads = {}
        for post_id, after in self._policy_appointments().items():
            old = before.get(post_id, {})
            changes = {key: value for key, value in after.items() if old.get(key) != value}
            if changes:
                people = {*after["users"], after["substitute"]}
                # Of a post that was archived, or was another one, he is no holder yet.
                same = old.get("active") and all(
                    old[key] == after[key] for key in ("role", "department")
                )
                known = {*old["users"], old["substitute"]} if same else set()
                if not self.env.su and after["active"] and self.env.uid in people - known:
                    refuse_own_appointment(self.env)
                payloads[post_id] = after | {
                    f"{key}_before": old[key] for key in changes if key in old
                }
        posts = self.sudo().browse(payloads)
        posts.role_id._policy_holders_changed()
        self.env["crm.policy.event"]._policy_log("post.appointed", posts, payloads=payloads)

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        place = f"staffing ({row['code']})"
        role = self._pack_reference("crm.policy.role", version, place, row["code"])
        vals = {
            "role_id": role.id,
            "clause_id": clauses[row["clause"]].id if row.get("clause") else False,
            "planned": row.get("planned", 0),
            "planned_max": row.get("planned_max", 0),
            "plan_per": row.get("per", 0),
        }
        if row.get("of") == "open_work":
            vals["plan_of"] = "open_work"
        elif row.get("of"):
            counted = self._pack_reference("crm.policy.role", version, place, row["of"])
            vals |= {"plan_of": "role", "plan_role_id": counted.id}
        return vals

    @api.model
    def _pack_known(self, vals):
        # What the company has planned, and whom it has appointed, is its own.
        return self.with_context(active_test=False).search(
            [("role_id", "=", vals["role_id"]), ("department_id", "=", False)], limit=1
        )

    # === BUSINESS METHODS === #

    @api.model
    def _policy_never_empty(self, users):
        """Return the posts of ``users``, or that they stand in for, that need somebody always."""
        return self.sudo().search(
            [
                ("role_id.substitute_required", "=", True),
                "|",
                ("user_ids", "in", users.ids),
                ("substitute_id", "in", users.ids),
            ]
        )

    def _policy_acting(self, present):
        """Return who acts on this post: its holders, the substitute for those who are not there.

        :param present: ``res.users`` who can act now.
        """
        self.ensure_one()
        users = self.user_ids & present
        if not self.user_ids or self.user_ids - users:
            users |= self.substitute_id & present
        return users

    @api.model
    def _policy_holders(self, role, records):
        """Return who acts for an appointed role on each record, None where nobody is appointed.

        The post of the record's department counts, else that of the nearest department above it,
        else the company's. A post that nobody was ever appointed to is looked past; one whose
        people are all away is not: then the role is vacant.

        :param role: ``crm.policy.role`` of kind "user".
        :rtype: dict[int, res.users | None]
        """
        places = self._policy_posts_for(role, records)
        filled = self.sudo().union(*set(places.values()))
        if not filled:
            return dict.fromkeys(places)
        present = role._policy_present(filled.user_ids | filled.substitute_id)
        acting = {post: post._policy_acting(present) for post in filled}
        return {record_id: acting.get(post) for record_id, post in places.items()}

    @api.model
    def _policy_posts_for(self, role, records):
        """Return {id: the post that counts for each record}, empty where nobody is appointed.

        :param role: ``crm.policy.role`` of kind "user".
        """
        # Whatever the caller's context shows: an archived post appoints nobody.
        posts = role.sudo().post_ids.filtered("active")
        filled = {
            post.department_id.id: post for post in posts if post.user_ids or post.substitute_id
        }
        if not filled:
            return {record.id: posts.browse() for record in records}
        has_department = "policy_department_id" in records
        found = {}
        for record in records.sudo():
            path = (has_department and record.policy_department_id.parent_path) or ""
            places = [int(place) for place in reversed(path.split("/")) if place]
            found[record.id] = next(
                (filled[place] for place in (*places, False) if place in filled), posts.browse()
            )
        return found

    def _policy_head_count(self):
        """Return {id: (planned from, planned to, actual)} for each post, persons each.

        Within a chain of groups everybody counts once, under his highest one: a director is no
        second specialist. Posts without a plan have (0, 0, actual).
        """
        counts = {}
        for post in self.sudo():
            low, high = post.planned, post.planned_max or post.planned
            if post.plan_per:
                low = high = math.ceil(round(post._policy_plan_base() / post.plan_per, 9))
            counts[post.id] = (low, high, len(post._policy_staff()))
        return counts

    def _policy_plan_base(self):
        if self.plan_of == "role":
            return len(self.plan_role_id._policy_staff())
        return self.env["crm.policy.workload"]._policy_open_work(
            self.company_id, department=self.department_id
        )

    def _policy_staff(self):
        """Return who fills this post, present or not."""
        if self.role_id.kind == "user":
            return self.role_id._policy_can_act(self.user_ids)
        staff = self.role_id._policy_staff()
        if self.department_id:
            below = (
                self.env["hr.department"].sudo().search([("id", "child_of", self.department_id.id)])
            )
            places = self._policy_departments_of(staff)
            staff = staff.filtered(lambda user: places[user.id] in below)
        return staff
