from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class CrmPolicyPausable(models.AbstractModel):
    """A governed document whose clocks may stand still for a while."""

    _name = "crm.policy.pausable"
    _description = "Document That Can Be Paused"

    policy_pause_ids = fields.One2many(
        "crm.policy.pause",
        "res_id",
        string="Pauses",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_paused_until = fields.Datetime(
        string="Stands Still Until",
        compute="_compute_policy_paused_until",
        groups="base.group_user",
        help="At the latest; it runs again as soon as the work is resumed.",
    )
    policy_pause_state = fields.Selection(
        [
            ("closed", "Cannot Be Paused"),
            ("none", "Running"),
            ("asked", "Pause Asked For"),
            ("running", "Standing Still"),
        ],
        string="Pause",
        compute="_compute_policy_paused_until",
        groups="base.group_user",
    )
    policy_is_paused = fields.Boolean(
        string="Paused",
        compute="_compute_policy_paused_until",
        search="_search_policy_is_paused",
        groups="base.group_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_pause_ids.state", "policy_pause_ids.limit_at")
    def _compute_policy_paused_until(self):
        now = fields.Datetime.now()
        current = self.sudo().policy_pause_ids.filtered(
            lambda pause: pause.state in ("asked", "running")
        )
        limits = {pause.res_id: pause.limit_at for pause in current}
        pausable = self.sudo().filtered(lambda record: record._policy_has_pause_reason())
        for record in self:
            limit = limits.get(record.id)
            paused = bool(limit) and limit > now
            if paused:
                state = "running"
            elif limit is False:
                state = "asked"
            else:
                state = "none" if record.sudo() in pausable else "closed"
            record.policy_is_paused = paused
            record.policy_paused_until = paused and limit
            record.policy_pause_state = state

    def _search_policy_is_paused(self, operator, value):
        if operator != "in":
            return NotImplemented
        running = self.env["crm.policy.pause"]._search(
            [
                ("res_model", "=", self._name),
                ("state", "=", "running"),
                ("limit_at", ">", fields.Datetime.now()),
            ]
        )
        return [("id", "in", running.subselect("res_id"))]

    # === ACTION METHODS === #

    def action_policy_pause(self, reason=None, text=None, at=None):
        """Let the clocks stand still that a reason of the policy stops (CMP-DLN-03).

        They do at once, or when whom the clause names has allowed it; and run again by themselves
        when the limit of the reason is reached.

        :param str reason: code of a ``crm.policy.pause.reason`` of the document's version.
        :param str text: what for.
        :param at: now, or nothing: no pause is dated back or announced.
        :raises PolicyRefusal: the limit of the reason is used up.
        :raises UserError: the document stands still already, or is ended.
        """
        self._policy_check_pauser()
        self._policy_check_pause_at(at)
        self._policy_check_pausable()
        self.env["crm.policy.pause"]._policy_ask(self, reason, text)
        return True

    def action_policy_resume(self, at=None):
        """Let the clocks run again, or withdraw what was asked for."""
        self._policy_check_pauser()
        self._policy_check_pause_at(at)
        Pause = self.env["crm.policy.pause"]
        current = Pause._policy_current(self)
        for record in self:
            if record.id not in current.mapped("res_id"):
                raise UserError(
                    self.env._("%(record)s does not stand still.", record=record.display_name)
                )
        Pause._policy_end(self, "resumed")
        return True

    # === BUSINESS METHODS === #

    def _policy_has_pause_reason(self):
        """Return whether a record is worked on and its policy knows a reason for a pause."""
        self.ensure_one()
        version = self.policy_version_id
        return bool(version and self.env["crm.policy.pause.reason"]._policy_codes(version.id)) and (
            bool(self.filtered_domain(self._policy_open_domain()))
        )

    def _policy_check_pauser(self):
        """Refuse who may not pause the documents; a model adds who of its people may."""
        self.check_access("write")

    def _policy_check_pausable(self):
        """Refuse a document whose clocks have come to their end."""
        for record in self:
            version = record.sudo().policy_version_id
            if not version:
                raise UserError(
                    self.env._(
                        "%(record)s is not governed by a policy.", record=record.display_name
                    )
                )
        ended = self - self.sudo().filtered_domain(self._policy_open_domain()).with_env(self.env)
        if ended:
            raise UserError(self.env._("%(case)s is ended.", case=ended[0].display_name))

    def _policy_check_pause_at(self, at):
        if at is None or at is False:
            return
        now = fields.Datetime.now()
        if self._policy_moment("policy_paused_until", at, now) != now:
            raise ValidationError(
                self.env._(
                    "A pause begins and ends when it is said, not at %(at)s: nobody dates it back.",
                    at=at,
                )
            )

    def _policy_keep_paused(self, codes):
        """Bring the deadlines up to date that pauses for these reasons stop or have stopped."""
        Rule = self.env["crm.policy.deadline.rule"].sudo()
        versions = set(self.policy_version_id._ids)
        rules = Rule.browse(
            rule_id
            for version_id, rule_id in Rule._policy_rules_by_field(self._name).get("", ())
            if version_id in versions
        ).filtered(lambda rule: rule._policy_pause_codes() & codes)
        if rules:
            self.env["crm.policy.deadline"]._policy_sync(rules, self)

    def _policy_pause_log(self):
        """Return {id: the pauses of these records}, for the clocks: one query for all of them."""
        return self.env["crm.policy.pause"]._policy_log_of(self)

    def _policy_pauses(self, rule):
        """Return when the clock of a rule stood still on this record.

        :param rule: a ``crm.policy.deadline.rule``.
        :return: pairs (from, to) of naive UTC in order; ``to`` is None while it stands still.
        """
        self.ensure_one()
        codes = rule._policy_pause_codes()
        return [
            (pause.stop.start, None if pause.stop.running else pause.stop.stop)
            for pause in self._policy_pause_log().get(self.id, ())
            if pause.code in codes
        ]
