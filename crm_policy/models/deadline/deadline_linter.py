import ast
from datetime import timedelta
from itertools import combinations

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import domain_overlap, fact_order

# A week, every three hours: two rules are compared from wherever in it they may start.
SAMPLES = [timedelta(hours=hours) for hours in range(0, 24 * 7, 3)]


class CrmPolicyDeadlineLinter(models.AbstractModel):
    """Finds deadline rules that contradict each other, cannot be met, or do not run."""

    _name = "crm.policy.deadline.linter"
    _description = "Linter of Deadline Rules"
    _inherit = ["crm.policy.linter"]

    @api.model
    def _policy_findings(self, versions):
        findings = list(super()._policy_findings(versions))
        rules = self.env["crm.policy.deadline.rule"].search([("version_id", "in", versions.ids)])
        for _version, group in rules.grouped("version_id").items():
            sound = group.browse()
            for rule in group:
                problem = self._policy_path_problem(rule)
                if problem:
                    findings.append(
                        self._policy_rule_finding("rule_not_running", "error", problem, rule)
                    )
                else:
                    sound += rule
            for _key, alike in sound.grouped(lambda r: (r.model_name, r.start_path)).items():
                findings += self._policy_find_backwards(alike)
                findings += self._policy_find_pairs(alike)
            findings += self._policy_find_unused(sound)
        return findings

    def _policy_rule_finding(self, code, severity, text, rule):
        return self._policy_finding(code, severity, text, rule, rule.clause_id)

    @staticmethod
    def _policy_path_problem(rule):
        """Return why a rule cannot run, or None: its model or a field may be gone."""
        try:
            rule._check_paths()
        except ValidationError as error:
            return str(error)
        return None

    def _policy_find_backwards(self, rules):
        """A clock that starts with what can only come after its end."""
        for rule in rules:
            if rule.done_path in self._policy_before(rule, rule.start_path):
                yield self._policy_rule_finding(
                    "deadline_backwards",
                    "error",
                    self.env._(
                        "%(rule)s ends with what has happened before it starts.", rule=rule.name
                    ),
                    rule,
                )

    @staticmethod
    def _policy_before(rule, fact):
        """Return the facts that lie before ``fact`` in any order that the policy has."""
        orders = rule.env[rule.model_name]._policy_fact_orders(rule.version_id)
        return {name for order in orders for name in fact_order.predecessors(order, fact)}

    def _policy_find_pairs(self, rules):
        """Two rules of one start: the same end twice, or the later end due before the earlier."""
        for one, other in combinations(rules.sorted("id"), 2):
            # A date that an authority gives stands beside the company's own limit on purpose.
            if (one.unit == "given") != (other.unit == "given"):
                continue
            answer = self._policy_overlap(one, other)
            if answer == "no":
                continue
            if one.done_path == other.done_path:
                yield self._policy_rule_finding(
                    "deadline_duplicate",
                    "error" if answer == "yes" else "warning",
                    self._policy_duplicate_words(answer, one, other),
                    other,
                )
                continue
            order = self._policy_before(one, one.done_path)
            later, earlier = (one, other) if other.done_path in order else (other, one)
            before = self._policy_before(later, later.done_path)
            if earlier.done_path in before and self._policy_always_sooner(later, earlier):
                # SLA-04 refuses a solution due before the response. Elsewhere it is odd, but both
                # can be done in time.
                refused = answer == "yes" and earlier.done_path == "policy_responded_at"
                yield self._policy_rule_finding(
                    "deadline_impossible",
                    "error" if refused else "warning",
                    self.env._(
                        "%(later)s is always due before %(earlier)s, which has to happen first.",
                        later=later.name,
                        earlier=earlier.name,
                    ),
                    later,
                )

    def _policy_duplicate_words(self, answer, one, other):
        if answer == "yes":
            return self.env._(
                "%(one)s and %(other)s count the same from the same start for the same cases. "
                "Narrow one of them, or drop it.",
                one=one.name,
                other=other.name,
            )
        return self.env._(
            "%(one)s and %(other)s count the same from the same start; their conditions may both "
            "hold for one case.",
            one=one.name,
            other=other.name,
        )

    def _policy_overlap(self, one, other):
        """Return "yes", "no" or "maybe": whether a case can match both rules."""
        model = self.env[one.model_name]
        first, second = (ast.literal_eval(rule.domain or "[]") for rule in (one, other))
        paths = {token[0] for token in [*first, *second] if isinstance(token, list | tuple)}
        multiple = {path for path in paths if self._policy_is_multiple(model, path)}
        return domain_overlap.overlap(first, second, multiple)

    @staticmethod
    def _policy_is_multiple(model, path):
        """Return whether a path leads to several values at once."""
        for name in str(path).split("."):
            field = model._fields.get(name) if model is not None else None
            if field is None:
                return False
            if field.type in ("one2many", "many2many"):
                return True
            model = model.env.get(field.comodel_name or "")
        return False

    def _policy_always_sooner(self, later, earlier):
        """Return whether ``later`` falls due before ``earlier`` wherever in a week they start."""
        if later.unit == "given":
            return False
        now = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [now + step for step in SAMPLES]
        company = later.company_id
        try:
            dues = later._policy_due(starts, company), earlier._policy_due(starts, company)
        except UserError:
            return False  # no working calendar: the rules say so themselves when they run
        return all(late < early for late, early in zip(*dues, strict=True))

    def _policy_find_unused(self, rules):
        """Rules in force that no case has come under for long."""
        for version, group in rules.grouped("version_id").items():
            days = version.company_id.policy_coverage_days
            since = fields.Date.subtract(version._policy_today(), days=days)
            if version.state != "effective" or version.effective_from > since:
                continue
            groups = self.env["crm.policy.deadline"]._read_group(
                [
                    ("rule_id", "in", group.ids),
                    ("state", "!=", "cancelled"),
                    ("start_at", ">=", fields.Datetime.subtract(fields.Datetime.now(), days=days)),
                ],
                ["rule_id"],
            )
            used = {rule.id for [rule] in groups}
            for rule in group.filtered(lambda rule, used=used: rule.id not in used):
                yield self._policy_rule_finding(
                    "rule_never_hit",
                    "note",
                    self.env._(
                        "%(rule)s: no case has come under it for %(days)s days.",
                        rule=rule.name,
                        days=days,
                    ),
                    rule,
                )
