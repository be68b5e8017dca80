from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal
from ...tools.zones import company_zone, day_start, to_local
from ...words import list_words

# How many days before the date of the effect check it may be made at the earliest.
EARLY = "effect_early_days"
SUPERVISORS = ("crm_policy.group_director", "crm_policy.group_qc")
OVER = ("achieved", "partly", "failed", "cancelled")


class CrmPolicyImprovementCourse(models.AbstractModel):
    """The steps of an improvement plan, and who takes them (C.11)."""

    _name = "crm.policy.improvement.course"
    _description = "Course of an Improvement Plan"

    can_start = fields.Boolean(compute="_compute_can")
    can_check = fields.Boolean(compute="_compute_can")
    can_close = fields.Boolean(compute="_compute_can")
    can_cancel = fields.Boolean(compute="_compute_can")
    can_measure = fields.Boolean(compute="_compute_can")
    effect_from = fields.Date(
        string="Effect Check From",
        compute="_compute_effect_from",
        help="Before this day the effect has had no time to show.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "user_id", "checked_at", "goal_ids.measured", "action_ids.user_id")
    @api.depends_context("uid")
    def _compute_can(self):
        user = self.env.user
        for plan in self:
            stored = plan.sudo()._origin
            if not stored:
                plan.can_start = plan.can_check = plan.can_close = False
                plan.can_cancel = plan.can_measure = False
                continue
            plan.can_start = stored.state == "approved" and plan.has_access("write")
            supervises = not stored._policy_supervise_problem(user)
            plan.can_measure = supervises and stored.state == "evaluating" and not stored.checked_at
            plan.can_check = plan.can_measure and not stored._policy_check_problem()
            plan.can_close = supervises and stored.state == "evaluating" and bool(stored.checked_at)
            plan.can_cancel = not stored._policy_cancel_problem(user, plan)

    @api.depends("implemented_at", "effect_months", "company_id")
    def _compute_effect_from(self):
        for plan in self:
            moment = plan.sudo()._policy_effect_from()
            zone = company_zone(plan.company_id)
            plan.effect_from = moment and to_local(moment, zone).date()

    # === ACTION METHODS === #

    def action_policy_submit(self):
        """Ask for the signature on a complete plan."""
        for plan in self.sudo():
            if plan.state != "draft":
                raise UserError(self.env._("%(plan)s is no draft.", plan=plan.display_name))
            missing = plan._policy_missing()
            if missing:
                raise UserError(
                    self.env._(
                        "%(clause)s: %(plan)s is not complete. Missing: %(missing)s.",
                        clause=plan._policy_cited("started_at"),
                        plan=plan.display_name,
                        missing=list_words(self.env, missing),
                    )
                )
        return super().action_policy_submit()

    def action_policy_start(self):
        """Begin with the actions of an approved plan: their clocks run from now on."""
        self.check_access("write")
        for plan in self:
            stored = plan._policy_hold()
            if stored.state != "approved":
                raise UserError(
                    self.env._(
                        "%(clause)s: %(plan)s is begun once it is approved.",
                        clause=stored._policy_cited("started_at"),
                        plan=stored.display_name,
                    )
                )
            stored._policy_set_fact("started_at")
            for action in stored.action_ids.filtered(lambda line: line.state == "planned"):
                action._policy_set_fact("opened_at")
        return True

    def action_policy_check(self, text=None):
        """Record the effect check: every goal is measured, by somebody other than the owner.

        :param str text: what was found.
        :raises PolicyRefusal: it is too early, or a goal is not measured.
        :raises AccessError: it is the user's own work, or not his to check.
        """
        self.check_access("read")
        text = self._policy_text(text, self.env._("Write down what the check has found."))
        for plan in self:
            stored = plan._policy_hold()
            stored._policy_check_supervisor(self.env.user)
            problem = stored._policy_check_problem()
            if problem:
                raise PolicyRefusal(problem)
            stored._policy_guarded_write({"check_text": text, "checked_by_id": self.env.uid})
            stored._policy_set_fact("checked_at")
        return True

    def action_policy_close(self, result=None, text=None):
        """Close a plan whose effect was checked.

        :param str result: achieved, where every target is reached; else partly, which opens a new
            loop, or failed (Correction 16).
        :param str text: the conclusion.
        :raises PolicyRefusal: the effect check is missing, or the targets say something else.
        """
        self.check_access("read")
        text = self._policy_text(text, self.env._("Write down the conclusion."))
        for plan in self:
            stored = plan._policy_hold()
            stored._policy_check_supervisor(self.env.user)
            problem = stored._policy_close_problem(result)
            if problem:
                raise PolicyRefusal(problem)
            stored._policy_guarded_write(
                {"result": result, "close_text": text, "closed_by_id": self.env.uid}
            )
            stored._policy_set_fact("closed_at")
            if result == "partly":
                stored._policy_new_loop(text)
        return True

    def action_policy_cancel(self, reason=None):
        """Give a plan up that is not needed; what was asked for lapses."""
        self.check_access("read")
        reason = self._policy_text(reason, self.env._("Say why it is cancelled."))
        for plan in self:
            stored = plan._policy_hold()
            problem = stored._policy_cancel_problem(self.env.user, plan)
            if problem:
                raise problem
            request = stored.policy_approval_id
            if request.state == "pending":
                request._policy_lapse()
            stored._policy_guarded_write({"cancel_text": reason, "cancelled_by_id": self.env.uid})
            stored._policy_set_fact("cancelled_at")
        return True

    # === BUSINESS METHODS - WHO === #

    def _policy_hold(self):
        """Hold the row, so that the second of two at once finds what the first has done."""
        self.ensure_one()
        stored = self.sudo()
        stored._policy_hold_rows()
        return stored

    def _policy_check_supervisor(self, user):
        problem = self._policy_supervise_problem(user)
        if problem:
            raise problem

    def _policy_supervise_problem(self, user):
        """Return why a user does not supervise the plan, as an error; None where he does."""
        own = self.owner_ids | self.user_id | self.action_ids.user_id
        words = {
            "clause": self._policy_cited("checked_at"),
            "plan": self.display_name,
            "users": list_words(self.env, (self._policy_supervisors() - own).mapped("name"))
            or self.env._("nobody yet"),
        }
        if user in own:
            return AccessError(
                self.env._(
                    "%(clause)s: whoever owns %(plan)s or carries out one of its actions does not "
                    "judge its effect. May do it: %(users)s.",
                    **words,
                )
            )
        if user not in self._policy_supervisors():
            return AccessError(
                self.env._(
                    "%(clause)s: the effect of %(plan)s is judged by: %(users)s.",
                    **words,
                )
            )
        return None

    def _policy_supervisors(self):
        """Return who checks effects: the role of the clock on it, directors and inspectors."""
        rule = self._policy_rule_until("checked_at")
        users = rule.role_id._users_for(self)[self.id] if rule.role_id else self.env["res.users"]
        for group in SUPERVISORS:
            users |= self.env.ref(group).sudo().all_user_ids
        company = self.company_id
        return users.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )

    def _policy_cancel_problem(self, user, plan):
        """Return why a user cannot cancel it, as an error, or None.

        :param plan: the plan as the user has it.
        """
        if self.state in OVER:
            return UserError(self.env._("%(plan)s is over.", plan=self.display_name))
        idea = self.state == "draft" and not self.is_tracked and not self.policy_approval_id
        if idea and plan.with_user(user).has_access("write"):
            return None
        return self._policy_supervise_problem(user)

    # === BUSINESS METHODS - WHAT IS MISSING === #

    def _policy_rule_until(self, name):
        """Return the rule of the version whose clock ends with a fact, as superuser."""
        return (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("version_id", "=", self.policy_version_id.id),
                    ("model_name", "=", self._name),
                    ("done_path", "=", name),
                ],
                limit=1,
            )
        )

    def _policy_cited(self, name):
        """Return how a refusal names what a fact rests on: the clause of its clock."""
        clause = self._policy_rule_until(name).clause_id
        if clause:
            return clause._policy_citation()
        return self.policy_version_id.display_name or self.env._("no policy in force")

    def _policy_missing(self):
        """Return what a plan lacks before it is signed."""
        labels = self.fields_get(["problem", "root_cause", "user_id", "policy_department_id"])
        missing = [
            label["string"]
            for name, label in labels.items()
            if not (self[name].strip() if isinstance(self[name], str) else self[name])
        ]
        if not self.goal_ids:
            missing.append(self.env._("a goal with baseline and target"))
        if not self.action_ids:
            missing.append(self.env._("an action"))
        vague = self.action_ids.filtered(lambda line: not line.user_id or not line.due)
        missing += [
            self.env._("who does it until when: %(action)s", action=line.name) for line in vague
        ]
        return missing

    def _policy_effect_from(self):
        """Return from when on the effect can be checked, naive UTC; False before it is known."""
        if not self.implemented_at:
            return False
        zone = company_zone(self.company_id)
        early = self.env["crm.policy.parameter"]._policy_value_under(
            self.policy_version_id.id, EARLY
        )
        day = to_local(self.implemented_at, zone).date() + relativedelta(months=self.effect_months)
        return day_start(day - timedelta(days=int(early)), zone)

    def _policy_check_problem(self):
        """Return why the effect cannot be checked now, or None."""
        words = {"clause": self._policy_cited("checked_at"), "plan": self.display_name}
        if self.state != "evaluating":
            return self.env._(
                "%(clause)s: %(plan)s is checked once its last action is done.", **words
            )
        if self.checked_at:
            return self.env._("%(clause)s: %(plan)s is checked already.", **words)
        if fields.Datetime.now() < self._policy_effect_from():
            return self.env._(
                "%(clause)s: the effect of %(plan)s shows %(months)s months after its last action. "
                "It is checked from %(day)s on.",
                months=self.effect_months,
                day=self.effect_from,
                **words,
            )
        unmeasured = self.goal_ids.filtered(lambda goal: not goal.measured)
        if unmeasured:
            return self.env._(
                "%(clause)s: %(plan)s has goals that nobody has measured: %(goals)s.",
                goals=list_words(self.env, unmeasured.mapped("indicator")),
                **words,
            )
        return None

    def _policy_close_problem(self, result):
        """Return why the plan cannot be closed with this result, or None."""
        results = dict(self._fields["result"]._description_selection(self.env))
        words = {
            "clause": self._policy_cited("checked_at"),
            "plan": self.display_name,
        }
        if result not in results:
            return self.env._(
                "Say how %(plan)s ends: %(results)s.",
                plan=self.display_name,
                results=list_words(self.env, results.values()),
            )
        if self.state != "evaluating" or not self.checked_at:
            return self.env._(
                "%(clause)s: %(plan)s is closed after its effect check, which is missing.", **words
            )
        missed = self.goal_ids.filtered(lambda goal: not goal.is_reached)
        if result == "achieved" and missed:
            return self.env._(
                "%(clause)s: %(plan)s has missed targets: %(goals)s. It is achieved in part, with "
                "a new loop, or it has failed.",
                goals=list_words(self.env, [goal._policy_words() for goal in missed]),
                **words,
            )
        if result != "achieved" and not missed:
            return self.env._(
                "%(clause)s: %(plan)s has reached every target: it is achieved.", **words
            )
        if result == "partly" and all(goal.achievement <= 0 for goal in self.goal_ids):
            return self.env._(
                "%(clause)s: no goal of %(plan)s has come nearer to its target: it has failed.",
                **words,
            )
        return None

    # === BUSINESS METHODS - WHAT FOLLOWS === #

    def _policy_actions_changed(self):
        """Record that a plan is carried out once no action is open and one of them is done."""
        for plan in self.sudo().filtered(lambda plan: plan.state == "running"):
            states = set(plan.action_ids.mapped("state"))
            if "done" in states and not {"planned", "open"} & states:
                plan._policy_set_fact("implemented_at")

    def _policy_new_loop(self, text):
        """Open the plan that goes on with the missed goals, from where they stand (IMP-04)."""
        missed = self.goal_ids.filtered(lambda goal: not goal.is_reached)
        plan = self._policy_open(
            [
                {
                    "name": self.name,
                    "previous_id": self.id,
                    "ticket_id": self.ticket_id.id,
                    "sanction_id": self.sanction_id.id,
                    "user_id": self.user_id.id,
                    "policy_department_id": self.policy_department_id.id,
                    "problem": self.problem,
                    "root_cause": self.root_cause,
                    "budget": 0.0,
                    "action_ids": [],
                    "goal_ids": [
                        (0, 0, {
                            "indicator": goal.indicator,
                            "unit": goal.unit,
                            "baseline": goal.actual,
                            "target": goal.target,
                        })
                        for goal in missed
                    ],
                }
            ]
        )  # fmt: skip
        self._message_log(body=self.env._("Goes on as %(plan)s. %(text)s",
                                          plan=plan.display_name, text=text))  # fmt: skip
        return plan
