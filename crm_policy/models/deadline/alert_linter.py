from datetime import timedelta
from itertools import combinations

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

SECOND = timedelta(seconds=1)
# A week, every six hours: the alerts of a rule are looked at from wherever in it a clock may start.
SAMPLES = [timedelta(hours=hours) for hours in range(0, 24 * 7, 6)]


class CrmPolicyAlertLinter(models.AbstractModel):
    """Finds warnings and escalations at the wrong moment, in the wrong order, or to nobody."""

    _name = "crm.policy.alert.linter"
    _description = "Linter of Warnings and Escalations"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        findings = list(super()._policy_findings(versions))
        rules = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "in", versions.ids), ("alert_ids", "!=", False)]
        )
        for rule in rules:
            samples = self._policy_samples(rule)
            findings += self._policy_find_moments(rule, samples)
            findings += self._policy_find_order(rule, samples)
            findings += self._policy_find_nobody(rule)
        for company, group in rules.grouped("company_id").items():
            findings += self._policy_find_circles(group, company)
        return findings

    def _policy_alert_finding(self, code, severity, text, rule, record):
        return self._policy_finding(code, severity, text, record, rule.clause_id)

    @api.model
    def _policy_samples(self, rule):
        """Return [(first second counted, due, {step id: instant})] of clocks of the coming week.

        Nothing where a record gives the date, or where the rule does not run: the linter of the
        rules says so.
        """
        if rule.unit == "given":
            return []
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [today + step for step in SAMPLES]
        company = rule.company_id
        try:
            rule._check_paths()
            dues = rule._policy_due(starts, company)
            begins = starts
            if rule.unit in ("working_minutes", "working_hours"):
                counted = rule._policy_calendar(company)._policy_add_work(starts, 1)
                begins = [moment - SECOND for moment in counted]
        except (UserError, ValidationError):
            return []
        samples = []
        for start, begin, due in zip(starts, begins, dues, strict=True):
            instants = rule._policy_planned_instants(start, due, company)
            samples.append((begin, due, {step.id: at for step, at in instants.items()}))
        return samples

    def _policy_find_moments(self, rule, samples):
        """A warning that comes too late or at once, an escalation that comes too early."""
        for step in rule.alert_ids:
            words = {"rule": rule.name, "step": step.display_name}
            if step.kind == "escalation":
                if any(instants[step.id] < due for _begin, due, instants in samples):
                    yield self._policy_alert_finding(
                        "alert_before_due",
                        "error",
                        self.env._(
                            "%(rule)s, “%(step)s”: it would come before the deadline, when nothing "
                            "is overdue yet.",
                            **words,
                        ),
                        rule,
                        step,
                    )
            elif any(instants[step.id] >= due for _begin, due, instants in samples):
                yield self._policy_alert_finding(
                    "alert_not_before_due",
                    "error",
                    self.env._(
                        "%(rule)s, “%(step)s”: the warning would not come before the deadline.",
                        **words,
                    ),
                    rule,
                    step,
                )
            elif samples and all(instants[step.id] <= begin for begin, _due, instants in samples):
                yield self._policy_alert_finding(
                    "alert_at_start",
                    "warning",
                    self.env._(
                        "%(rule)s, “%(step)s”: the time is shorter than that, it always warns as "
                        "soon as the clock starts.",
                        **words,
                    ),
                    rule,
                    step,
                )

    def _policy_find_order(self, rule, samples):
        """A higher level that may be told before a lower one; roles stand on no level."""
        ladder = rule.alert_ids.filtered(
            lambda step: step.kind == "escalation" and step.tell != "role"
        )
        steps = ladder.sorted(lambda step: step.levels if step.tell == "manager" else 0)
        for lower, higher in combinations(steps, 2):
            if any(instants[higher.id] < instants[lower.id] for _begin, _due, instants in samples):
                yield self._policy_alert_finding(
                    "alert_order",
                    "warning",
                    self.env._(
                        "%(rule)s: “%(higher)s” may come before “%(lower)s”, who stands below.",
                        rule=rule.name,
                        higher=higher.display_name,
                        lower=lower.display_name,
                    ),
                    rule,
                    higher,
                )

    def _policy_find_nobody(self, rule):
        """A role that is told and that nobody holds."""
        for role in rule.alert_ids.filtered(lambda step: step.tell == "role").role_id:
            if role._policy_is_vacant():
                yield self._policy_alert_finding(
                    "alert_to_nobody",
                    "warning",
                    self.env._(
                        "%(rule)s tells %(role)s, but nobody holds this role: the next level above "
                        "the responsible is told instead.",
                        rule=rule.name,
                        role=role.name,
                    ),
                    rule,
                    role,
                )

    def _policy_find_circles(self, rules, company):
        """Managers who stand above each other, where a ladder climbs to them."""
        climbing = rules.filtered(lambda rule: "manager" in rule.alert_ids.mapped("tell"))
        for role, group in climbing.grouped("role_id").items():
            on_record = not role or role._policy_is_on_record()
            people = self._policy_employed(company) if on_record else role._policy_staff()
            for circle in self.env["crm.policy.ladder"]._policy_circles(people, company):
                names = " → ".join([*circle.mapped("name"), circle[0].name])
                for rule in group:
                    yield self._policy_alert_finding(
                        "manager_circle",
                        "warning",
                        self.env._(
                            "%(rule)s tells managers, but these are each other's managers in a "
                            "circle: %(people)s. Where it ends there, the policy administrators "
                            "are told.",
                            rule=rule.name,
                            people=names,
                        ),
                        rule,
                        circle[0],
                    )

    @api.model
    def _policy_employed(self, company):
        """Return everybody who works for a company with a login: any of them may be responsible."""
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search([("company_id", "=", company.id), ("user_id", "!=", False)])
        )
        return employees.user_id
