import ast
import logging
from collections import defaultdict

from odoo import Command, api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import COUNTS_FROM, ROLLS, SEVERITIES_OF_BREACH, UNITS, WINDOWS, codes_of
from ...tools import pauses

_logger = logging.getLogger(__name__)

MAX_HOPS = 2


class CrmPolicyDeadlineRule(models.Model):
    """From one instant of a record, another must follow within a time, if the record matches."""

    _name = "crm.policy.deadline.rule"
    _description = "Deadline Rule"
    _inherit = [
        "crm.policy.alert.plan",
        "crm.policy.rule.mixin",
        "crm.policy.deadline.plan",
        "crm.policy.rule.account",
        "crm.policy.rule.words",
        "crm.policy.rule.editor",
    ]
    _order = "version_id, sequence, id"

    _pack_section = "deadline_rules"
    _pack_sequence = 30
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "model": (str, True),
        "start": (str, True),
        "done": (str, True),
        "domain": (list, False),
        "duration": (float, False),
        "due": (str, False),
        "unit": (codes_of(UNITS), True),
        "count_from": (codes_of(COUNTS_FROM), False),
        "before": (bool, False),
        "roll": (codes_of(ROLLS), False),
        "window": (codes_of(WINDOWS), False),
        "factor": (str, False),
        "pauses": ("texts", False),
        "severity": (codes_of(SEVERITIES_OF_BREACH), False),
        "calendar": (str, False),
        "role": (str, False),
        "customer_text": ("text", False),
        "alerts": (list, False),
    }

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    model_name = fields.Char(string="Model", required=True, index=True)
    start_path = fields.Char(string="From", required=True)
    done_path = fields.Char(string="Until", required=True)
    domain = fields.Char(string="Applies to", default="[]", required=True)
    role_id = fields.Many2one(
        "crm.policy.role", string="Responsible", index=True, ondelete="restrict"
    )
    severity = fields.Selection(
        SEVERITIES_OF_BREACH,
        required=True,
        default="minor",
        help="How grave it is when the deadline is missed.",
    )
    customer_text = fields.Char(
        string="Words for the Customer",
        translate=True,
        help="What the customer reads of this deadline in the portal, with its date and time. "
        "Empty: he does not see it.",
    )
    sentence = fields.Char(compute="_compute_sentence", string="Rule in Words")

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each deadline rule code once."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "model_name",
        "start_path",
        "done_path",
        "due_path",
        "factor_path",
        "duration",
        "unit",
        "count_from",
        "before",
        "roll",
        "window",
        "domain",
        "calendar_id",
        "role_id",
        "severity",
        "pause_reason_ids",
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = rule._policy_sentence()

    def _policy_path_label(self, path):
        model = self.env.get(self.model_name)
        names = []
        for name in (path or "").split("."):
            if model is None or name not in model._fields:
                return path or ""
            names.append(model._fields[name].get_description(self.env, ["string"])["string"])
            model = self.env.get(model._fields[name].comodel_name or "")
        return " / ".join(names)

    # === CONSTRAINT METHODS === #

    @api.constrains("model_name", "start_path", "done_path", "due_path", "factor_path", "domain")
    def _check_paths(self):
        for rule in self:
            model = self.env.get(rule.model_name)
            if model is None or model._abstract or not hasattr(model, "_policy_set_fact"):
                raise ValidationError(
                    self.env._(
                        "Deadline rule %(rule)s: %(model)s is not a governed model.",
                        rule=rule.code,
                        model=rule.model_name,
                    )
                )
            rule._policy_check_path(model, rule.start_path)
            rule._policy_check_path(model, rule.done_path)
            if rule.due_path:
                rule._policy_check_path(model, rule.due_path)
            if rule.factor_path:
                rule._policy_check_factor(model)
            rule._policy_check_domain(model)

    def _policy_check_path(self, model, path):
        field = self._policy_end_of(model, path)
        if field is None or not field.store or field.type != "datetime":
            raise ValidationError(
                self.env._(
                    "Deadline rule %(rule)s: %(path)s is no stored point in time of %(model)s, "
                    "reached over at most %(hops)s links.",
                    rule=self.code,
                    path=path,
                    model=self.model_name,
                    hops=MAX_HOPS,
                )
            )

    def _policy_check_factor(self, model):
        field = self._policy_end_of(model, self.factor_path)
        # A related number has a column at the end of its path.
        readable = field is not None and (field.store or field.related)
        if not readable or field.type not in ("float", "integer"):
            raise ValidationError(
                self.env._(
                    "Deadline rule %(rule)s: %(path)s is no number of %(model)s, reached over at "
                    "most %(hops)s links, that could stretch a duration.",
                    rule=self.code,
                    path=self.factor_path,
                    model=self.model_name,
                    hops=MAX_HOPS,
                )
            )

    def _policy_end_of(self, model, path):
        """Return the field at the end of a dotted path, None where there is no such path."""
        *hops, last = path.split(".")
        if len(hops) > MAX_HOPS:
            return None
        for name in hops:
            field = model._fields.get(name)
            if field is None or field.type != "many2one":
                return None
            model = self.env[field.comodel_name]
        return model._fields.get(last)

    def _policy_check_domain(self, model):
        try:
            self._policy_domain().validate(model)
        except (ValueError, SyntaxError, TypeError) as error:
            raise ValidationError(
                self.env._(
                    "Deadline rule %(rule)s: the condition %(domain)s cannot be used: %(error)s",
                    rule=self.code,
                    domain=self.domain,
                    error=error,
                )
            ) from error

    # === PACKS === #

    @api.model
    def _pack_prepare(self, version, row, clauses):
        row = dict(row)
        place = f"deadline_rules ({row['code']})"
        role = row.pop("role", None)
        calendar = row.pop("calendar", None)
        reasons = self.env["crm.policy.pause.reason"].browse()
        for code in row.pop("pauses", None) or []:
            reasons += reasons._policy_for(version, code)
        vals = {
            "pause_reason_ids": [Command.set(reasons.ids)],
            "model_name": row.pop("model"),
            "start_path": row.pop("start"),
            "done_path": row.pop("done"),
            "due_path": row.pop("due", False),
            "factor_path": row.pop("factor", False),
            "duration": row.pop("duration", 0),
            "domain": repr(row.pop("domain", None) or []),
        }
        if role:
            vals["role_id"] = self._pack_reference("crm.policy.role", version, place, role).id
        if calendar:
            vals["calendar_id"] = self._pack_reference(
                "resource.calendar", version, place, calendar, by="name"
            ).id
        return {**super()._pack_prepare(version, row, clauses), **vals}

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("model_name")
    def _policy_rules_by_field(self, model_name):
        """Return {field name: the rules that read it}; under "" all rules of the model.

        Drafts do not run; a superseded version goes on for the cases that it governs.

        :return: the rules as pairs (version id, rule id).
        """
        by_field = defaultdict(list)
        for rule in self._policy_running_rules(Domain("model_name", "=", model_name)):
            for name in {"", *rule._policy_watched_fields()}:
                by_field[name].append((rule.version_id.id, rule.id))
        return {name: tuple(pairs) for name, pairs in by_field.items()}

    @api.model
    def _policy_running_rules(self, domain=Domain.TRUE):
        """Return the rules that run, as superuser.

        A rule whose model or field went away with its module waits for it; the others go on.
        """
        rules = self.sudo().search(
            Domain("version_id.state", "in", ("effective", "superseded", "abolished")) & domain
        )
        sound = rules.browse()
        for rule in rules:
            try:
                rule._check_paths()
                sound += rule
            except ValidationError as error:
                _logger.warning("Not run: %s", error)
        return sound

    @api.model
    def _policy_stretched_rules(self):
        """Return the rules that run and whose durations a number on the record stretches."""
        return self._policy_running_rules(Domain("factor_path", "!=", False))

    def _policy_watched_fields(self):
        """Return the fields of the record itself whose change may move this deadline."""
        self.ensure_one()
        paths = (self.start_path, self.done_path, self.due_path, self.factor_path)
        names = {path.split(".")[0] for path in paths if path}
        names |= {
            condition.field_expr.split(".")[0]
            for condition in self._policy_domain().iter_conditions()
        }
        names |= {"policy_version_id", "company_id", "policy_department_id", "policy_reopened_at"}
        names.add("partner_id")
        names |= set(self.env[self.model_name]._policy_clock_fields)
        if self.role_id.field_path:
            names.add(self.role_id.field_path.split(".")[0])
        return names | self._policy_behind(names)

    def _policy_behind(self, names):
        """Return the fields of the record from which the computed ones of ``names`` follow."""
        model = self.env[self.model_name]
        behind, todo = set(), set(names)
        while todo:
            field = model._fields.get(todo.pop())
            depends = self.env.registry.field_depends[field] if field and field.compute else ()
            found = {path.split(".")[0] for path in depends} - behind
            behind |= found
            todo |= found
        return behind

    def _policy_domain(self):
        """Return the condition alone, as a :class:`Domain`."""
        return Domain(ast.literal_eval(self.domain or "[]"))

    def _policy_case_domain(self):
        """Return which records the rule runs for: condition, version, and clock not stopped."""
        return self._policy_condition() & Domain("policy_version_id", "=", self.version_id.id)

    @api.model
    @tools.ormcache("version_id", "model_name", "path")
    def _policy_is_kept_by(self, version_id, model_name, path):
        """Return whether a time limit of the version is kept by the fact ``path`` of a model."""
        rules = Domain("version_id", "=", version_id) & Domain("model_name", "=", model_name)
        return bool(self.sudo().search_count(rules & Domain("done_path", "=", path), limit=1))

    @tools.ormcache("self.id")
    def _policy_condition(self):
        """Return which records of its version the rule runs for; worked out once, not per save."""
        model = self.env[self.model_name]
        condition = (
            self._policy_domain()
            & (Domain(self.due_path, "!=", False) if self.unit == "given" else Domain.TRUE)
            & model._policy_running_domain()
        )
        return condition.optimize(model)

    # === HELPERS OF THE DEADLINES === #

    def _policy_at(self, record, end):
        """Return the instant that a path shows on a record, or False.

        :param str end: "start", "done", "due" or "factor".
        """
        for name in self[f"{end}_path"].split("."):
            record = record[name]
        return record

    def _policy_start(self, record):
        """Return from when this rule's clock runs in the present cycle of a record, or False.

        What had happened before a reopening starts nothing a second time, and what was done before
        it and still stands is not asked for again: the new cycle counts from the reopening. Neither
        is what was done when a new version took the record over; the rest counts from its start.
        """
        start, reopened = self._policy_at(record, "start"), record.policy_reopened_at
        anew = max(filter(None, (reopened, record.policy_switched_at)), default=None)
        if not start or not anew:
            return start
        done = self._policy_at(record, "done")
        if done and done < anew:
            return False
        return max(start, reopened) if reopened else start

    def _policy_has_moved(self, record, deadline, stops=()):
        """Return whether the time of a deadline that may move follows from other facts now.

        :param stops: the pauses of the record that stop this rule's clocks.
        """
        return (
            deadline.state == "cancelled"
            or deadline.start_at != self._policy_start(record)
            or deadline.factor != self._policy_factor(record)
            or bool(self.due_path)
            or (deadline.pause_log or "") != ";".join(pause.mark for pause in stops)
        )

    def _policy_outcome(self, record, plan, company, stops=()):
        """Return state, done and lateness of a deadline.

        Late is later than the instant itself (T7); the lateness is working time where the company
        has a calendar. What was done before the window opened does not count (correction 2).

        :param plan: ``start_at``, ``due_at``, ``earliest_at`` and ``factor`` of the deadline.
        :param stops: the pauses of the record that stop this rule's clocks.
        """
        done, due = self._policy_at(record, "done"), plan["due_at"]
        if not done or (plan["earliest_at"] and done < plan["earliest_at"]):
            return {"state": "open", "done_at": False, "lateness_seconds": 0}
        # What is done stands still no more; a pause that goes on counts until then.
        seconds = 0
        if stops:
            _due, counted = self._policy_replay(plan["start_at"], company, plan["factor"], stops)
            seconds = self._policy_paused_seconds(pauses.cut(counted, done), company)
        ended = {"done_at": done, "paused_at": False, "paused_seconds": seconds}
        if done <= due:
            return {**ended, "state": "met", "lateness_seconds": 0}
        calendar = self.calendar_id or company.resource_calendar_id
        seconds = (done - due).total_seconds()
        if calendar and not calendar.flexible_hours:
            [seconds] = calendar.with_company(company)._policy_work_between([(due, done)])
        return {**ended, "state": "late", "lateness_seconds": int(seconds)}

    @staticmethod
    def _policy_responsible(record, users):
        """Return person, department and customer of a clock that runs; a pool has no name."""
        department = record["policy_department_id"] if "policy_department_id" in record else False
        return {
            "user_id": users.id if users and len(users) == 1 else False,
            "department_id": department.id if department else False,
            "partner_id": record.partner_id.id if "partner_id" in record else False,
        }

    def _policy_snapshot(self, record):
        """Return what a new deadline keeps of its rule and record."""
        return {
            **self._policy_own_snapshot(),
            "company_id": record.company_id.id,
            "res_model": record._name,
            "res_id": record.id,
            "cycle": record.policy_cycle,
        }

    @tools.ormcache("self.id", "self.env.lang")
    def _policy_own_snapshot(self):
        """Return what a new deadline keeps of its rule."""
        return {
            "rule_id": self.id,
            "rule_code": self.code,
            "clause_id": self.clause_id.id,
            "clause_number": self.clause_id.number,
            "version_label": self.version_id.display_name,
            "is_trial": self.version_id.enforcement == "trial",
            "role_id": self.role_id.id,
        }

    def _policy_wanted_sql(self, model, recent=Domain.TRUE):
        """Return SELECT rule_id, res_id, cycle, start_at, done_at, due_at, factor of its records.

        ``start_at`` says in SQL what :meth:`_policy_start` says; ``due_at`` is null but for a date
        that is given; ``factor`` is what :meth:`_policy_factor` says.

        :param Domain recent: which records to look at.
        """
        model = model.with_company(self.company_id)
        query = model._search(self._policy_case_domain() & recent)
        return query.select(
            SQL("%s AS rule_id", self.id),
            SQL("%s AS res_id", SQL.identifier(query.table, "id")),
            SQL("COALESCE(%s, 0) AS cycle", SQL.identifier(query.table, "policy_cycle")),
            SQL(
                "CASE WHEN %(start)s IS NOT NULL"
                " AND (%(done)s < GREATEST(%(reopened)s, %(switched)s)) IS NOT TRUE"
                " THEN GREATEST(%(start)s, %(reopened)s) END AS start_at",
                start=self._policy_path_sql(model, query, self.start_path),
                done=self._policy_path_sql(model, query, self.done_path),
                reopened=SQL.identifier(query.table, "policy_reopened_at"),
                switched=SQL.identifier(query.table, "policy_switched_at"),
            ),
            SQL("%s AS done_at", self._policy_path_sql(model, query, self.done_path)),
            SQL(
                "%s AS due_at",
                self._policy_path_sql(model, query, self.due_path)
                if self.unit == "given"
                else SQL("NULL::timestamp"),
            ),
            SQL(
                "COALESCE(NULLIF(GREATEST(%s, 0), 0), 1)::double precision AS factor",
                self._policy_path_sql(model, query, self.factor_path)
                if self.factor_path
                else SQL("1"),
            ),
        )

    @staticmethod
    def _policy_path_sql(model, query, path):
        """Return the SQL of a dotted path, with its joins added to ``query``."""
        alias, (*hops, last) = query.table, path.split(".")
        for name in hops:
            model, alias = model._fields[name].join(model, alias, query)
        return model._field_to_sql(alias, last, query)
