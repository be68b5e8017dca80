from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list

from ...tools.zones import local_day
from .role import can_act

# What counts the delegations of a company: 1, 2, 3, for ever.
NUMBERS = "N"


class CrmPolicyDelegation(models.Model):
    """Somebody lets another person decide for him on some days (ORG-DELEG-01, D.3 no. 11).

    It is written once: in force on its days, or until it is revoked. What has to be otherwise is
    revoked and written anew, so that each signature keeps the paper it was given under.
    """

    _name = "crm.policy.delegation"
    _description = "Delegation"
    _inherit = [
        "crm.policy.delegation.check",
        "crm.policy.delegation.course",
        "crm.policy.guarded",
        "crm.policy.remembered",
    ]
    _order = "id desc"

    number = fields.Char(readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    from_user_id = fields.Many2one(
        "res.users",
        string="Principal",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        help="Whose powers they are; he keeps them, too.",
    )
    to_user_id = fields.Many2one(
        "res.users",
        string="Delegate",
        required=True,
        index=True,
        ondelete="restrict",
        help="Who acts for him. He passes nothing on.",
    )
    role_ids = fields.Many2many(
        "crm.policy.role",
        relation="crm_policy_delegation_role_rel",
        column1="delegation_id",
        column2="role_id",
        ondelete="restrict",
        string="Roles Delegated",
        help="Empty: all roles that the principal holds.",
    )
    date_from = fields.Date(
        string="First Day", required=True, default=lambda self: self._policy_today(self.env.company)
    )
    date_to = fields.Date(
        string="Last Day",
        required=True,
        help="This day included, to midnight in the company's zone.",
    )
    max_amount = fields.Monetary(
        string="Up to the Amount",
        help="The amount itself is still within it. Zero: as far as the principal's own limit.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.company.currency_id,
    )
    takes_cases = fields.Boolean(
        string="New Cases, Too",
        default=True,
        help="What the intake rules would give to the principal goes to the delegate, where he "
        "works in the same team.",
    )
    reason = fields.Char(help="A business trip, holidays: both of them read it.")

    starts_at = fields.Datetime(
        string="In Force From",
        readonly=True,
        copy=False,
        help="00:00 of the first day, or the moment at which it was written.",
    )
    ends_at = fields.Datetime(
        string="In Force Until",
        readonly=True,
        copy=False,
        help="00:00 after the last day; at this moment it is over.",
    )
    revoked_at = fields.Datetime(readonly=True, copy=False)
    revoked_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    state = fields.Selection(
        [
            ("planned", "Not Begun"),
            ("active", "In Force"),
            ("ended", "Ended"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
        search="_search_state",
    )
    scope = fields.Char(string="Roles", compute="_compute_scope")
    can_revoke = fields.Boolean(compute="_compute_can_revoke")
    own_role_ids = fields.Many2many(
        "crm.policy.role", compute="_compute_own_role_ids", string="Roles of the Principal"
    )
    warning = fields.Text(string="To Look At", compute="_compute_warning")

    _number_uniq = models.UniqueIndex("(company_id, number)", "A number is given once.")
    _running_idx = models.Index("(company_id, from_user_id) WHERE revoked_at IS NULL")
    _unfinished_idx = models.Index("(ends_at) WHERE closed_at IS NULL")

    # === COMPUTE METHODS === #

    @api.depends("number", "from_user_id", "to_user_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            if not line.number:
                line.display_name = self.env._("New Delegation")
                continue
            line.display_name = self.env._(
                "No. %(number)s: %(principal)s → %(delegate)s",
                number=line.number,
                principal=line.from_user_id.sudo().name,
                delegate=line.to_user_id.sudo().name,
            )

    @api.depends("starts_at", "ends_at", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for line in self:
            if not line.starts_at:
                line.state = False  # it is being written
            elif line.revoked_at:
                line.state = "revoked"
            elif now < line.starts_at:
                line.state = "planned"
            else:
                line.state = "active" if now < line.ends_at else "ended"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now, standing = fields.Datetime.now(), Domain("revoked_at", "=", False)
        found = {
            "planned": standing & Domain("starts_at", ">", now),
            "active": self._policy_active_domain(now),
            "ended": standing & Domain("ends_at", "<=", now),
            "revoked": Domain("revoked_at", "!=", False),
        }
        return Domain.OR(found[state] for state in value if state in found)

    @api.depends("role_ids.name")
    @api.depends_context("lang")
    def _compute_scope(self):
        for line in self:
            line.scope = format_list(self.env, line.sudo().role_ids.mapped("name")) or self.env._(
                "All roles"
            )

    @api.depends("state", "from_user_id", "to_user_id")
    @api.depends_context("uid")
    def _compute_can_revoke(self):
        for line in self:
            line.can_revoke = line.state in ("planned", "active") and line._policy_may_revoke()

    @api.depends("from_user_id", "company_id")
    def _compute_own_role_ids(self):
        roles = self.env["crm.policy.role"].search([("company_id", "in", self.company_id.ids)])
        for line in self:
            own = roles.filtered(lambda role, line=line: role.company_id == line.company_id)
            line.own_role_ids = own._policy_held_by_right(line.from_user_id).with_env(self.env)

    @api.depends("from_user_id", "to_user_id", "date_from", "date_to", "state")
    def _compute_warning(self):
        for line in self:
            line.warning = "\n".join(
                text for _code, text in (line._policy_doubts() if line.starts_at else ())
            )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "number",
            "starts_at",
            "ends_at",
            "revoked_at",
            "revoked_by_id",
            "opened_at",
            "closed_at",
        }

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._policy_check_author()
        lines.sudo()._policy_put_in_force()
        return lines

    # To refuse is all it does.
    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A delegation is not changed: revoke it and write a new one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A delegation is evidence of who acted for whom: revoke it."))

    def _policy_put_in_force(self):
        """Number what was written, refuse what must not be, and tell both of them."""
        counter = self.env["crm.policy.counter"].sudo()
        for company, lines in self.grouped("company_id").items():
            today = self._policy_today(company)
            # Who writes another one at the same time waits here and is then repeated by Odoo.
            numbers = counter._policy_reserve(
                company, f"{self._name}/{NUMBERS}", "never", today, len(lines)
            )
            for line, number in zip(lines, numbers, strict=True):
                start, stop = line._policy_span()
                line._policy_guarded_write(
                    {
                        "number": number.rpartition("/")[2],
                        "starts_at": start,
                        "ends_at": stop,
                    }
                )
                line._policy_check()
        self._policy_log_state("delegation.created")
        self._policy_plan()
        self._policy_tell("created")
        self._policy_keep()

    # === ACTION METHODS === #

    def action_policy_revoke(self):
        """End delegations at once: either of the two, who wrote it, a superior or a clerk."""
        self.check_access("read")
        for line in self:
            if not line._policy_may_revoke():
                line._policy_refuse_revoker()
            if line.state not in ("planned", "active"):
                raise UserError(
                    self.env._("Delegation %(number)s is over already.", number=line.number)
                )
        lines = self.sudo()
        lines._policy_guarded_write(
            {"revoked_at": fields.Datetime.now(), "revoked_by_id": self.env.uid}
        )
        lines._policy_log_state("delegation.revoked")
        lines._policy_keep()
        lines._policy_tell("revoked")
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _policy_today(self, company):
        return local_day(fields.Datetime.now(), company.sudo())

    @api.model
    def _policy_active_domain(self, moment):
        """Return what is in force at ``moment``: from its first instant, no longer at its end."""
        return (
            Domain("starts_at", "<=", moment)
            & Domain("ends_at", ">", moment)
            & Domain("revoked_at", "=", False)
        )

    @api.model
    def _policy_in_force(self, principals, company):
        """Return, as superuser, the delegations of ``principals`` that are in force now."""
        if not principals:  # saves work
            return self.sudo().browse()
        return self.sudo().search(
            self._policy_active_domain(fields.Datetime.now())
            & Domain("company_id", "=", company.id)
            & Domain("from_user_id", "in", principals.ids)
        )

    @api.model
    def _policy_acting(self, companies):
        """Return, as superuser, the delegations in force whose delegate is there to act.

        A query for each company, once in a transaction, and one for its absences if it has any.
        """
        now, acting = fields.Datetime.now(), self.sudo().browse()
        Leaves = self.env["resource.calendar.leaves"]
        for company in companies:
            around = self._policy_around(
                now,
                company,
                lambda first, last, company=company: (
                    Domain("company_id", "=", company.id)
                    & Domain("revoked_at", "=", False)
                    & Domain("starts_at", "<", last)
                    & Domain("ends_at", ">", first)
                ),
            )
            group = around and around.filtered_domain(self._policy_active_domain(now))
            if not group:  # saves work
                continue
            principals = can_act(group.from_user_id, company)
            present = Leaves._policy_present(group.to_user_id, company)
            acting |= group.filtered(
                lambda line, principals=principals, present=present: (
                    line.from_user_id in principals and line.to_user_id in present
                )
            )
        return acting

    def _policy_roles(self):
        """Return the roles that are delegated: those named, else all that the principal holds."""
        self.ensure_one()
        if self.role_ids:
            return self.role_ids
        roles = self.env["crm.policy.role"].search([("company_id", "=", self.company_id.id)])
        return roles._policy_held_by_right(self.from_user_id)

    def _policy_covers(self, role):
        """Return whether ``role`` is among those delegated; that he holds it is asked elsewhere."""
        return not self.role_ids or role in self.role_ids

    def _policy_within_cap(self, amount, currency=None):
        """Return whether ``amount`` is within the cap; the cap itself is.

        What cannot be compared with it today, for want of an exchange rate, is not.
        """
        if not self.max_amount:
            return True
        own = amount
        if currency and currency != self.currency_id:
            today = self._policy_today(self.company_id)
            Exchange = self.env["crm.policy.exchange"]
            if not all(
                Exchange._policy_has_rate(each, self.company_id, today)
                for each in (currency, self.currency_id)
            ):
                return False
            own = currency._convert(amount, self.currency_id, self.company_id, today)
        return self.currency_id.compare_amounts(own, self.max_amount) <= 0

    @api.model
    def _policy_stand_ins(self, principals, company):
        """Return {user: the delegation under which another person gets his new cases now}.

        Several may be in force for different roles: the oldest counts.
        """
        found = {}
        for line in self._policy_in_force(principals, company).sorted("id"):
            if line.takes_cases:
                found.setdefault(line.from_user_id, line)
        return found

    def _policy_words(self):
        """Return what stands on every trace: "B for A under delegation 7"."""
        self.ensure_one()
        line = self.sudo()
        return self.env._(
            "%(deputy)s for %(principal)s under delegation %(number)s",
            deputy=line.to_user_id.name,
            principal=line.from_user_id.name,
            number=line.number,
        )

    def _policy_log_state(self, event_type):
        payloads = {
            line.id: {
                "number": line.number,
                "from": line.from_user_id.id,
                "to": line.to_user_id.id,
                "roles": sorted(line.role_ids.mapped("code")),
                "date_from": str(line.date_from),
                "date_to": str(line.date_to),
                "max_amount": line.max_amount,
                "currency": line.currency_id.name,
                "takes_cases": line.takes_cases,
            }
            for line in self
        }
        self.env["crm.policy.event"]._policy_log(event_type, self, payloads=payloads)
