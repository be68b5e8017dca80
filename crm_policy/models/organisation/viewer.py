from odoo import api, fields, models
from odoo.fields import Command

# How far somebody sees, the widest first: the first group he has counts.
SCOPES = [
    ("all", "All Cases"),
    ("department", "Own Departments and Below"),
    ("team", "Own Teams"),
    ("own", "Own Cases"),
    ("none", "Cases Opened for Him"),
]
SCOPE_GROUPS = {
    "all": ("director", "ceo", "qc", "analyst"),
    "department": ("manager",),
    "team": ("supervisor",),
    "own": ("specialist",),
}


class CrmPolicyViewer(models.AbstractModel):
    """A user, and which governed cases he sees (D.1): what the one global rule on cases reads.

    The departments are stored, so that the rule compares with a list of ids instead of walking the
    tree of departments for each row.
    """

    _name = "crm.policy.viewer"
    _description = "Viewer of Cases"
    _inherit = ["crm.policy.guarded"]

    policy_department_ids = fields.Many2many(
        "hr.department",
        relation="crm_policy_user_department_rel",
        string="Departments Seen",
        readonly=True,
        copy=False,
        help="The departments whose cases he sees: a manager's own, those he heads, and below. "
        "It follows the organisation chart by itself.",
    )
    policy_case_scope = fields.Selection(
        SCOPES, string="Cases Seen", compute="_compute_policy_case_scope"
    )

    @api.depends("group_ids")
    def _compute_policy_case_scope(self):
        posts = self.env["crm.policy.role"].sudo().search([("sees_all_cases", "=", True)])
        holders = posts._policy_holders()
        for user in self:
            scope = "none"
            if not user.share:
                scope = next(
                    (
                        scope
                        for scope, groups in SCOPE_GROUPS.items()
                        if any(user.has_group(f"crm_policy.group_{name}") for name in groups)
                    ),
                    "none",
                )
            user.policy_case_scope = "all" if user in holders else scope

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_department_ids"}

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        self._policy_refresh_departments()
        return users

    def write(self, vals):
        result = super().write(vals)
        if {"group_ids", "company_ids", "active"}.intersection(vals):
            self._policy_refresh_departments()
        return result

    @api.model
    def _policy_refresh_departments(self):
        """Bring the stored departments of all users up to date; the only method that writes them.

        A handful of queries whatever the number of people. The rules' cache is cleared only when
        something has changed.
        """
        group = self.env.ref("crm_policy.group_manager", raise_if_not_found=False)
        if not group:
            return  # the add-on is being installed or removed
        users = self.env["res.users"].sudo().with_context(active_test=False)
        managers = users.browse(group.sudo().all_user_ids.ids).filtered("active")
        wanted = self._policy_departments_of(managers)
        holders = users.search([("policy_department_ids", "!=", False)])
        changed = False
        for user in managers | holders:
            departments = wanted.get(user.id, set())
            if departments != set(user.policy_department_ids.ids):
                user._policy_guarded_write(
                    {"policy_department_ids": [Command.set(sorted(departments))]}
                )
                changed = True
        if changed:
            self.env.registry.clear_cache()
        self._policy_chart_changed()

    @api.model
    def _policy_chart_changed(self):
        """Bring up to date what follows from groups and the chart; rooms above add theirs."""

    def _policy_mates(self):
        """Return the users of whose work these are told: themselves, and who shares their teams."""
        return self

    @api.model
    def _policy_departments_of(self, managers):
        """Return {user id: ids of the departments he answers for}: his own, headed, and below."""
        everything = self.env(su=True, context={"active_test": False})
        departments = everything["hr.department"].search_fetch(
            [], ["parent_path", "manager_id", "company_id"]
        )
        employees = everything["hr.employee"].search([("user_id", "in", managers.ids)])
        employees = employees.filtered("active")
        roots = {user.id: set() for user in managers}
        user_of = {}
        for employee in employees:
            user_of[employee.id] = employee.user_id.id
            roots[employee.user_id.id].update(employee.department_id.ids)
        for department in departments:
            if department.manager_id.id in user_of:
                roots[user_of[department.manager_id.id]].add(department.id)
        companies = {user.id: set(user.company_ids.ids) | {False} for user in managers}
        found = {user.id: set() for user in managers}
        for department in departments:
            path = {int(part) for part in (department.parent_path or "").split("/") if part}
            for user_id, own in roots.items():
                if own & path and department.company_id.id in companies[user_id]:
                    found[user_id].add(department.id)
        return found
