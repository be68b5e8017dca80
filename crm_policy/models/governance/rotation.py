from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# What the head of department decides on.
ASKED = (
    "user_id",
    "from_post_id",
    "to_post_id",
    "to_department_id",
    "wanted_from",
    "reason",
)
# Who applies in another's name, and who carries out what was approved.
CLERKS = "crm_policy.group_hr,crm_policy.group_policy_admin"
MOVERS = "crm_policy.group_director,crm_policy.group_policy_admin"


class CrmPolicyRotation(models.Model):
    """Somebody asks for another post for a while; the head of his department decides (ORG-ROT-01).

    The posts change hands when the move is carried out, and only once his open cases have found
    another handler.
    """

    _name = "crm.policy.rotation"
    _description = "Rotation Request"
    _inherit = ["crm.policy.approvable"]
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users",
        string="Applicant",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    from_post_id = fields.Many2one(
        "crm.policy.post",
        string="Present Post",
        index="btree_not_null",
        ondelete="restrict",
        compute="_compute_from_post_id",
        store=True,
        readonly=False,
    )
    # The role of the head of department finds its person by this name.
    policy_department_id = fields.Many2one(
        "hr.department",
        string="Present Department",
        index="btree_not_null",
        ondelete="restrict",
        compute="_compute_policy_department_id",
        store=True,
        help="Where the applicant works when he submits; its head decides.",
    )
    to_post_id = fields.Many2one(
        "crm.policy.post", string="Wanted Post", index="btree_not_null", ondelete="restrict"
    )
    to_department_id = fields.Many2one(
        "hr.department", string="Wanted Department", index="btree_not_null", ondelete="restrict"
    )
    wanted_from = fields.Date(required=True)
    reason = fields.Text(required=True)
    policy_version_id = fields.Many2one(
        "crm.policy.version", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    done_at = fields.Datetime(readonly=True, copy=False)
    done_user_id = fields.Many2one(
        "res.users", string="Carried Out By", readonly=True, copy=False, ondelete="restrict"
    )
    cancelled_at = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("done", "Carried Out"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )
    open_work_count = fields.Integer(compute="_compute_open_work_count", string="Open Cases")
    can_change = fields.Boolean(compute="_compute_can")
    can_move = fields.Boolean(compute="_compute_can")

    # === COMPUTE METHODS === #

    @api.depends("user_id")
    def _compute_policy_department_id(self):
        for rotation in self:
            rotation.policy_department_id = rotation._policy_employee().department_id

    @api.depends("user_id", "company_id")
    def _compute_from_post_id(self):
        for rotation in self:
            rotation.from_post_id = self.env["crm.policy.post"].search(
                [
                    ("user_ids", "in", rotation.user_id.ids),
                    ("company_id", "=", rotation.company_id.id),
                ],
                limit=1,
            )

    @api.depends("policy_approval_state", "done_at", "cancelled_at")
    def _compute_state(self):
        states = {"pending": "submitted", "approved": "approved", "rejected": "refused"}
        for rotation in self:
            rotation.state = (
                (rotation.cancelled_at and "cancelled")
                or (rotation.done_at and "done")
                or states.get(rotation.policy_approval_state, "draft")
            )

    @api.depends("user_id", "policy_department_id", "state")
    def _compute_open_work_count(self):
        workload = self.env["crm.policy.workload"]
        for rotation in self:
            ended = rotation.state in ("done", "cancelled")
            rotation.open_work_count = (
                0
                if ended
                else workload._policy_open_work(
                    rotation.company_id, rotation.user_id, rotation.policy_department_id
                )
            )

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can(self):
        for rotation in self:
            is_open = rotation.state not in ("done", "cancelled")
            rotation.can_change = is_open and rotation.has_access("write")
            rotation.can_move = rotation.state == "approved" and rotation._policy_may_move()

    @api.depends("user_id", "to_post_id", "to_department_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rotation in self:
            post = rotation.to_post_id.sudo().display_name or rotation.to_department_id.sudo().name
            rotation.display_name = f"{rotation.user_id.sudo().name} → {post or ''}"

    # === CONSTRAINT METHODS === #

    @api.constrains("user_id", "company_id", "from_post_id", "to_post_id", "to_department_id",
                    "policy_department_id")  # fmt: skip
    def _check_move(self):
        for rotation in self.sudo():
            posts = rotation.from_post_id | rotation.to_post_id
            departments = rotation.policy_department_id | rotation.to_department_id
            company = rotation.company_id
            if (
                company not in rotation.user_id.company_ids
                or posts.company_id - company
                or departments.company_id - company
            ):
                message = self.env._("applicant, posts and departments belong to one company.")
            elif not (rotation.to_post_id or rotation.to_department_id):
                message = self.env._("name the post or the department that is wanted.")
            elif rotation.to_post_id and rotation.to_post_id.role_id.kind != "user":
                message = self.env._("nobody is appointed to the wanted post.")
            elif rotation.to_post_id == rotation.from_post_id and (
                rotation.to_post_id or rotation.to_department_id == rotation.policy_department_id
            ):
                message = self.env._("the wanted post is the present one.")
            elif rotation.from_post_id and rotation.user_id not in rotation.from_post_id.user_ids:
                message = self.env._("the applicant does not hold the present post.")
            else:
                continue
            raise ValidationError(
                self.env._("%(rotation)s: %(problem)s",
                           rotation=rotation.display_name, problem=message)
            )  # fmt: skip

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        # The department says who decides: nobody chooses it.
        return super()._policy_guarded_fields() | {
            "policy_department_id",
            "policy_version_id",
            "done_at",
            "done_user_id",
            "cancelled_at",
            "state",
        }

    @api.model_create_multi
    def create(self, vals_list):
        rotations = super().create(vals_list)
        rotations._policy_check_applicant()
        return rotations

    def write(self, vals):
        if any(name in vals for name in ASKED):
            for rotation in self:
                if rotation.state in ("done", "cancelled"):
                    raise UserError(
                        self.env._("%(rotation)s is ended.", rotation=rotation.display_name)
                    )
        result = super().write(vals)
        if "user_id" in vals:
            self._policy_check_applicant()
        return result

    def _policy_check_applicant(self):
        if self.env.su or any(self.env.user.has_group(group) for group in CLERKS.split(",")):
            return
        if self.user_id - self.env.user:
            raise AccessError(
                self.env._("Everybody asks for his own rotation; personnel does it for others.")
            )

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Ask the head of the present department."""
        for rotation in self:
            if rotation.state not in ("draft", "refused"):
                raise UserError(
                    self.env._("%(rotation)s is no draft.", rotation=rotation.display_name)
                )
        return super().action_policy_submit()

    def action_policy_done(self):
        """Carry out what was approved: the posts change hands (the decider, director, admin)."""
        self.check_access("read")
        for rotation in self:
            if not rotation._policy_may_move():
                raise AccessError(
                    self.env._(
                        "%(rotation)s is carried out by who approved it, a director or the policy "
                        "administrator, never by the applicant.",
                        rotation=rotation.display_name,
                    )
                )
            rotation.sudo()._policy_move()
        return True

    def action_policy_cancel(self):
        """Take an application back; what was asked for lapses."""
        self.check_access("write")
        for rotation in self:
            if rotation.state in ("done", "cancelled"):
                raise UserError(
                    self.env._("%(rotation)s is ended.", rotation=rotation.display_name)
                )
            request = rotation.sudo().policy_approval_id
            if request.state in ("pending", "approved"):
                request._policy_lapse()
            rotation.sudo()._policy_guarded_write({"cancelled_at": fields.Datetime.now()})
        self.env["crm.policy.event"]._policy_log("rotation.cancelled", self.sudo())
        return True

    def _policy_may_move(self):
        """Return whether the user decided on it or keeps the posts; the applicant never may."""
        user = self.env.user
        deciders = self.sudo().policy_approval_id.decision_ids.user_id
        return user != self.user_id and (
            user in deciders or any(user.has_group(group) for group in MOVERS.split(","))
        )

    # === BUSINESS METHODS === #

    def _policy_employee(self):
        return self.user_id.sudo().with_company(self.company_id).employee_id

    def _policy_move(self):
        """Hand the posts over; the applicant leaves no open case behind."""
        self.ensure_one()
        if self.state != "approved":
            raise UserError(self.env._("%(rotation)s is not approved.", rotation=self.display_name))
        clause = self.policy_approval_id.clause_id
        if self.open_work_count:
            raise UserError(
                self.env._(
                    "%(clause)s: %(person)s still has %(count)s open cases. Give them another "
                    "handler first.",
                    clause=clause._policy_citation(),
                    person=self.user_id.name,
                    count=self.open_work_count,
                )
            )
        if self.from_post_id:
            self.from_post_id.user_ids -= self.user_id
        if self.to_post_id:
            self.to_post_id.user_ids |= self.user_id
        if self.to_department_id:
            self._policy_employee().department_id = self.to_department_id
        self._policy_guarded_write({"done_at": fields.Datetime.now(), "done_user_id": self.env.uid})
        self.env["crm.policy.event"]._policy_log(
            "rotation.done",
            self,
            {
                "user": self.user_id.id,
                "from_post": self.from_post_id.id,
                "to_post": self.to_post_id.id,
                "from_department": self.policy_department_id.id,
                "to_department": self.to_department_id.id,
            },
            clause=clause,
        )

    # === APPROVAL === #

    def _policy_submit(self):
        for rotation in self:
            route = (
                self.env["crm.policy.route"]
                .sudo()
                .search(
                    [
                        ("model_name", "=", self._name),
                        ("company_id", "=", rotation.company_id.id),
                        ("version_id.state", "=", "effective"),
                    ],
                    limit=1,
                )
            )
            rotation.sudo()._policy_guarded_write(
                {
                    "policy_version_id": route.version_id.id,
                    # He may have moved since he wrote it.
                    "policy_department_id": rotation._policy_employee().department_id.id,
                }
            )
        return super()._policy_submit()

    def _policy_approval_values(self):
        return {
            "user": self.user_id.id,
            "from_post": self.from_post_id.id,
            "from_department": self.policy_department_id.id,
            "to_post": self.to_post_id.id,
            "to_department": self.to_department_id.id,
            "wanted_from": str(self.wanted_from),
            "reason": self.reason or "",
        }

    def _policy_approval_version(self):
        return self.policy_version_id

    def _policy_approval_barred_users(self):
        return self.user_id
