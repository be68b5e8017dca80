import ast
import json
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...const import COUNTS_FROM, SUBJECTS, UNITS, WINDOWS
from ...tools import rule_hints

RULES = {
    "deadline": ("deadline_rule_id", "crm.policy.deadline.rule"),
    "limit": ("authority_id", "crm.policy.authority"),
    "route": ("route_id", "crm.policy.route"),
}


class CrmPolicySuggestion(models.Model):
    """A rule that a sentence of a draft may mean. It becomes one when a person accepts it."""

    _name = "crm.policy.suggestion"
    _description = "Suggested Rule"
    _inherit = ["crm.policy.guarded"]
    _order = "version_id, clause_id, sequence, id"
    _rec_name = "words"

    # What the rules of a written policy are about: a room above says.
    _policy_deadline_model = None
    _policy_route_model = None

    clause_id = fields.Many2one(
        "crm.policy.clause", required=True, readonly=True, index=True, ondelete="cascade"
    )
    version_id = fields.Many2one(
        related="clause_id.version_id", string="Policy Version", store=True, index=True
    )
    company_id = fields.Many2one(related="clause_id.company_id", store=True, index=True)
    version_state = fields.Selection(related="version_id.state", string="State of the Version")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("deadline", "Deadline"), ("limit", "Limit"), ("route", "Approval")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("open", "Undecided"), ("accepted", "Adopted"), ("dropped", "Dropped")],
        required=True,
        default="open",
        readonly=True,
        index=True,
    )
    sentence = fields.Text(required=True, readonly=True)
    words = fields.Char(required=True, readonly=True, help="The words it comes from.")
    words_at = fields.Integer(readonly=True, help="Where the words begin in the sentence.")
    marked = fields.Html(string="Sentence of the Policy", compute="_compute_marked", sanitize=False)
    note_codes = fields.Char(readonly=True)
    notes = fields.Text(string="Assumed", compute="_compute_notes")
    role_words = fields.Char(
        string="Post in the Text", readonly=True, help="How the text calls who is responsible."
    )

    name = fields.Char()
    role_id = fields.Many2one(
        "crm.policy.role",
        string="Responsible",
        index="btree_not_null",
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
    )

    # Deadline
    start_path = fields.Selection("_selection_facts", string="From")
    done_path = fields.Selection("_selection_facts", string="Until")
    duration = fields.Float(digits=(12, 2))
    unit = fields.Selection(UNITS)
    count_from = fields.Selection(COUNTS_FROM, default="next_day", required=True)
    window = fields.Selection(WINDOWS, string="Counts When Done", default="any", required=True)
    domain = fields.Char(string="Applies to", default="[]", required=True)
    model_name = fields.Char(compute="_compute_model_name")

    # Limit and approval
    subject = fields.Selection(SUBJECTS, string="Business Type")
    any_subject = fields.Boolean(
        string="Any Business Type", help="It is about whatever is granted for a case."
    )
    max_amount = fields.Monetary(string="Limit")
    unlimited = fields.Boolean()
    own_cases = fields.Boolean(string="Decides on His Own Cases")
    currency_id = fields.Many2one(related="company_id.currency_id")
    route_kind = fields.Selection(
        [
            ("competent", "The lowest role whose limit covers the amount decides"),
            ("sequence", "Each step signs, one after the other"),
        ],
        default="sequence",
        required=True,
    )
    step_ids = fields.One2many("crm.policy.suggestion.step", "suggestion_id", string="Steps")

    # What became of it
    deadline_rule_id = fields.Many2one(
        "crm.policy.deadline.rule", readonly=True, index="btree_not_null", ondelete="set null"
    )
    authority_id = fields.Many2one(
        "crm.policy.authority", readonly=True, index="btree_not_null", ondelete="set null"
    )
    route_id = fields.Many2one(
        "crm.policy.route", readonly=True, index="btree_not_null", ondelete="set null"
    )

    rule_words = fields.Char(string="Suggested Rule", compute="_compute_rule_words")
    missing = fields.Char(string="Still Missing", compute="_compute_missing")
    certainty = fields.Selection(
        [
            ("sure", "Said in the Text"),
            ("assumed", "With Assumptions"),
            ("incomplete", "Incomplete"),
        ],
        compute="_compute_missing",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _selection_facts(self):
        """Return the facts between which a deadline may run: [(field, label)]."""
        model = self.env.get(self._policy_deadline_model or "")
        if model is None:
            return []
        labels = model.fields_get(sorted(model._policy_fact_fields()), ["string"])
        # In the order in which they are declared, which is that in which they happen.
        return [(name, labels[name]["string"]) for name in model._fields if name in labels]

    def _compute_model_name(self):
        self.model_name = self._policy_deadline_model

    @api.depends("sentence", "words", "words_at")
    def _compute_marked(self):
        for hint in self:
            end = hint.words_at + len(hint.words or "")
            sentence = hint.sentence or ""
            hint.marked = Markup("%s<mark>%s</mark>%s") % (
                sentence[: hint.words_at],
                sentence[hint.words_at : end],
                sentence[end:],
            )

    @api.depends("note_codes")
    def _compute_notes(self):
        words = self._policy_note_words()
        for hint in self:
            codes = json.loads(hint.note_codes or "[]")
            hint.notes = "\n".join(words[code] for code in codes)

    @api.model
    def _policy_note_words(self):
        """Return what each note of :mod:`rule_hints` says to the person who decides."""
        return {
            "around_the_clock": self.env._("The text says hours: they count around the clock."),
            "calendar": self.env._(
                "The text says days: all days count, until the end of the last one."
            ),
            "minutes": self.env._("The text says minutes: they count in working time."),
            "same_day": self.env._("By the end of work on the same working day."),
            "ordinal": self.env._(
                "The day of the event is the first day; the day itself is meant."
            ),
            "ordinal_workday": self.env._("The next working day is the first one."),
            "on_the_day": self.env._(
                "The text names the day: what is done earlier does not count."
            ),
            "not_before": self.env._("The text says from when on, not until when."),
            "no_within": self.env._('The text does not say "within"; it is read so.'),
            "in_advance": self.env._("So long before something: a clock cannot run backwards."),
            "inclusive": self.env._("The day itself still counts."),
            "range": self.env._("The text gives a range: its end is taken."),
            "vague": self.env._("The text gives no exact number."),
            "half_day": self.env._("Half a day: say how many working hours."),
            "half_month": self.env._("Half a month is taken as 15 days."),
            "periodic": self.env._("A duty that comes again and again: say from what it counts."),
            "table": self.env._('From a table, which does not say "within".'),
            "done_named": self.env._("What must be done is taken from the heading."),
            "start_carried": self.env._("From what it counts is taken from the words before it."),
            "ordinary": self.env._(
                '"Ordinary" is not part of the condition; add it where it matters.'
            ),
            "exclusive": self.env._(
                "The text excludes the amount itself: the limit is a cent less."
            ),
            "from_amount": self.env._("Above this amount there is no upper limit."),
            "own_cases": self.env._("The text lets him decide without asking anyone."),
            "currency": self.env._("The text names a foreign currency."),
            "levels": self.env._("The text says how many levels, not always which."),
            "levels_differ": self.env._("The text names fewer or more posts than levels."),
            "competent": self.env._("Who may sign follows from the limits of this policy."),
        }

    @api.depends(
        "kind",
        "start_path",
        "done_path",
        "duration",
        "unit",
        "domain",
        "role_id",
        "subject",
        "any_subject",
        "max_amount",
        "unlimited",
        "route_kind",
        "step_ids.role_id",
        "step_ids.words",
        "step_ids.amount_from",
        "count_from",
        "window",
    )
    def _compute_rule_words(self):
        for hint in self:
            hint.rule_words = getattr(hint, f"_policy_{hint.kind}_words")()

    def _policy_deadline_words(self):
        labels = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("start_path", "done_path", "unit")
        }
        gap = "…"
        start = labels["start_path"].get(self.start_path, gap)
        done = labels["done_path"].get(self.done_path, gap)
        amount = f"{self.duration:g}" if self.duration else gap
        if self.unit == "day_of_month":
            words = self.env._(
                "By day %(day)s of the month after %(start)s: %(done)s",
                day=amount,
                start=start,
                done=done,
            )
        elif self.unit == "working_days" and self.count_from == "same_day":
            words = self.env._(
                "Within %(duration)s working days from %(start)s, that day included: %(done)s",
                duration=amount,
                start=start,
                done=done,
            )
        elif self.window == "day":
            words = self.env._(
                "On the day %(duration)s %(unit)s after %(start)s: %(done)s",
                duration=amount,
                unit=labels["unit"].get(self.unit, gap),
                start=start,
                done=done,
            )
        else:
            words = self.env._(
                "Within %(duration)s %(unit)s from %(start)s: %(done)s",
                duration=amount,
                unit=labels["unit"].get(self.unit, gap),
                start=start,
                done=done,
            )
        return " · ".join(filter(None, [words, self._policy_domain_words(), self.role_id.name]))

    def _policy_domain_words(self):
        """Return which cases are meant: "Complaint, Conflict; Urgent"."""
        model = self.env.get(self._policy_deadline_model or "")
        words = []
        conditions = self._policy_conditions()
        if conditions is None:
            return self.domain  # the rule will say what is wrong with it
        for name, operator, values in conditions:
            field = model._fields.get(name) if model is not None else None
            if field is None or field.type != "selection" or operator != "in":
                return self.domain
            labels = dict(field._description_selection(self.env))
            words.append(", ".join(labels.get(code, code) for code in values))
        return "; ".join(words)

    def _policy_conditions(self):
        """Return the condition as [(field, operator, value)], None where it is no such list."""
        try:
            conditions = ast.literal_eval(self.domain or "[]")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
        sound = isinstance(conditions, list) and all(
            isinstance(each, list | tuple)
            and len(each) == 3
            and isinstance(each[0], str)
            and isinstance(each[2], list | tuple)
            for each in conditions
        )
        return [tuple(each) for each in conditions] if sound else None

    def _policy_limit_words(self):
        return self.env._(
            "%(role)s decides %(subject)s up to %(amount)s",
            role=self.role_id.name or self.role_words or "…",
            subject=self._policy_subject_words() or "…",
            amount=self.env._("any amount") if self.unlimited else f"{self.max_amount:,.2f}",
        )

    def _policy_subject_words(self):
        subjects = dict(self._fields["subject"]._description_selection(self.env))
        return subjects.get(self.subject) or (self.any_subject and self.env._("anything"))

    def _policy_route_words(self):
        subject = self._policy_subject_words() or "…"
        if self.route_kind == "competent":
            kinds = dict(self._fields["route_kind"]._description_selection(self.env))
            return f"{subject} · {kinds['competent']}"
        steps = " → ".join(step.role_id.name or step.words or "…" for step in self.step_ids)
        lowest = max(self.step_ids.mapped("amount_from"), default=0)
        above = self.env._("above %(amount)s", amount=f"{lowest:,.2f}") if lowest else ""
        return " · ".join(filter(None, [subject, steps or "…", above]))

    @api.depends(
        "kind", "start_path", "done_path", "duration", "unit", "role_id", "max_amount", "unlimited",
        "route_kind", "step_ids.role_id", "note_codes", "subject", "any_subject",
    )  # fmt: skip
    def _compute_missing(self):
        for hint in self:
            lacking = hint._policy_lacking()
            labels = hint.fields_get(lacking, ["string"])
            hint.missing = ", ".join(labels[name]["string"] for name in lacking)
            assumed = "assumed" if hint.note_codes not in (False, "[]") else "sure"
            hint.certainty = "incomplete" if lacking else assumed

    def _policy_lacking(self):
        """Return the fields without which it cannot become a rule."""
        self.ensure_one()
        if self.kind == "deadline":
            return [
                name for name in ("start_path", "done_path", "duration", "unit") if not self[name]
            ]
        lacking = [] if self.subject or self.any_subject else ["subject"]
        if self.kind == "limit":
            lacking += [] if self.role_id else ["role_id"]
            return lacking + ([] if self.unlimited or self.max_amount else ["max_amount"])
        signed = self.step_ids and all(step.role_id for step in self.step_ids)
        return lacking + ([] if signed or self.route_kind == "competent" else ["step_ids"])

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "clause_id", "version_id", "company_id", "kind", "state", "sentence", "words",
            "words_at", "note_codes", "role_words", "deadline_rule_id", "authority_id", "route_id",
        }  # fmt: skip

    def write(self, vals):
        self._policy_check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self.version_id._policy_check_draft()

    def _policy_check_open(self):
        """Refuse to touch what was decided, or what belongs to a version that people rely on."""
        self.version_id._policy_check_draft()
        if any(hint.state != "open" for hint in self):
            raise UserError(
                self.env._("This suggestion is decided. Take it up again to change it.")
            )

    # === ACTION METHODS === #

    def action_policy_accept(self):
        """Make real rules of these suggestions, on the draft that they belong to."""
        self.check_access("write")
        self._policy_check_open()
        for hint in self:
            lacking = hint._policy_lacking()
            if lacking:
                raise UserError(
                    self.env._(
                        '%(clause)s, "%(words)s": fill in %(fields)s first.',
                        clause=hint.clause_id._policy_citation(),
                        words=hint.words,
                        fields=hint.missing,
                    )
                )
            link, model = RULES[hint.kind]
            rule = self.env[model].create([hint._policy_rule_values()])
            hint._policy_guarded_write({link: rule.id, "state": "accepted"})
        return True

    def action_policy_drop(self):
        """Say that these sentences mean no rule."""
        self.check_access("write")
        self._policy_check_open()
        self._policy_guarded_write({"state": "dropped"})
        return True

    def action_policy_reopen(self):
        """Take a decision back: the rule that came of it goes."""
        self.check_access("write")
        self.version_id._policy_check_draft()
        for hint in self:
            link = RULES[hint.kind][0]
            hint[link].unlink()
        self._policy_guarded_write({"state": "open"})
        return True

    def action_policy_correct(self):
        """Open one suggestion beside the sentence that it comes from."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.clause_id.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _policy_accept_complete(self):
        """Accept the open suggestions that lack nothing; a rule that is refused stays open.

        :return: (how many were accepted, the words of those refused).
        """
        accepted, refused = 0, []
        for hint in self:
            if hint.state != "open" or hint._policy_lacking():
                continue
            try:
                with self.env.cr.savepoint():
                    hint.action_policy_accept()
                    self.env.flush_all()
                accepted += 1
            except UserError as error:
                hint.invalidate_recordset()
                refused.append(str(error.args[0]))
        return accepted, refused

    def _policy_rule_values(self):
        """Return the create values of the rule that this suggestion is."""
        self.ensure_one()
        values = {"code": self._policy_rule_code(), "clause_id": self.clause_id.id}
        name = self.name or self.clause_id.name
        if self.kind == "deadline":
            copied = ("start_path", "done_path", "duration", "unit", "count_from", "window",
                      "domain")  # fmt: skip
            return values | {name: self[name] for name in copied} | {
                "name": name,
                "model_name": self._policy_deadline_model,
                "role_id": self.role_id.id,
            }  # fmt: skip
        if self.kind == "limit":
            return values | {
                "role_id": self.role_id.id,
                "subject": not self.any_subject and self.subject,
                "max_amount": 0 if self.unlimited else self.max_amount,
                "unlimited": self.unlimited,
                "own_cases": self.own_cases,
                "currency_id": self.currency_id.id,
            }
        return values | {
            "name": name,
            "model_name": self._policy_route_model,
            "subject": not self.any_subject and self.subject,
            "kind": self.route_kind,
            "step_ids": [
                Command.create(
                    {
                        "sequence": number,
                        "role_id": step.role_id.id,
                        "amount_from": step.amount_from,
                        "currency_id": self.currency_id.id,
                    }
                )
                for number, step in enumerate(self.step_ids, start=1)
                if self.route_kind == "sequence"
            ],
        }

    def _policy_rule_code(self):
        """Return a code that no rule of this kind has in the version: "3.1-2"."""
        rules = self.env[RULES[self.kind][1]].search([("version_id", "=", self.version_id.id)])
        taken, serial = set(rules.mapped("code")), 1
        while f"{self.clause_id.number}-{serial}" in taken:
            serial += 1
        return f"{self.clause_id.number}-{serial}"

    @api.model
    def _policy_suggest(self, clauses):
        """Create the suggestions that the texts of ``clauses`` of a draft give.

        :return: the suggestions.
        """
        clauses.version_id._policy_check_draft()
        roles = self._policy_roles_by_name(clauses.company_id)
        vals_list = []
        for clause in clauses:
            hints = self._policy_find(clause, clause.parent_id, roles)
            vals_list += [
                {
                    "clause_id": clause.id,
                    "sequence": number,
                    **self._policy_hint_values(hint, roles),
                }
                for number, hint in enumerate(hints, start=1)
            ]
        found = self.sudo()._policy_guarded_create(vals_list).with_env(self.env)
        return found + found._policy_suggest_route()

    @api.model
    def _policy_find(self, clause, parent, roles):
        """Return what :func:`rule_hints.find` sees in a clause, a record or one just read."""
        lead = parent and parent.text or ""
        return rule_hints.find(clause.text or clause.name, list(roles), lead, clause.name)

    def _policy_suggest_route(self):
        """Suggest that the limits decide who signs where no general route is suggested."""
        limits = self.filtered(lambda hint: hint.kind == "limit")
        general = self.filtered(lambda hint: hint.kind == "route" and hint.any_subject)
        vals_list = []
        for version, found in limits.grouped("version_id").items():
            if version not in general.version_id:
                first = found[0]
                vals_list.append(
                    {
                        "clause_id": first.clause_id.id,
                        "sequence": 100,
                        "kind": "route",
                        "route_kind": "competent",
                        "any_subject": True,
                        "sentence": first.sentence,
                        "words": first.words,
                        "words_at": first.words_at,
                        "name": first.clause_id.name,
                        "note_codes": json.dumps(["competent"]),
                    }
                )
        return self.sudo()._policy_guarded_create(vals_list).with_env(self.env)

    @api.model
    def _policy_roles_by_name(self, company):
        """Return {name: role} of a company, in all languages; a name of two roles is none's."""
        roles = self.env["crm.policy.role"].search([("company_id", "in", company.ids)])
        by_name = defaultdict(set)
        for code, _label in self.env["res.lang"].get_installed():
            for role in roles.with_context(lang=code):
                by_name[role.name].add(role.id)
        return {
            name: self.env["crm.policy.role"].browse(ids)
            for name, ids in by_name.items()
            if len(ids) == 1
        }

    @api.model
    def _policy_hint_values(self, hint, roles):
        """Return the create values of what :mod:`rule_hints` found in a sentence."""
        values = hint.values
        role = values.get("role")
        vals = {
            "kind": hint.kind,
            "sentence": hint.sentence,
            "words": hint.words,
            "words_at": hint.span[0],
            "note_codes": json.dumps(list(dict.fromkeys(hint.notes))),
            "role_words": role,
            "role_id": roles[role].id if role in roles else False,
        }
        same = ("name", "duration", "unit", "count_from", "window", "subject", "any_subject",
                "max_amount", "unlimited", "own_cases")  # fmt: skip
        vals |= {name: values[name] for name in same if name in values}
        facts = {name for name, _label in self._selection_facts()}
        for name in ("start", "done"):
            if values.get(name) in facts:
                vals[f"{name}_path"] = values[name]
        if "domain" in values:
            vals["domain"] = repr(self._policy_sound_domain(values["domain"]))
        if "steps" in values:
            vals["step_ids"] = [
                Command.create(
                    {
                        "sequence": number,
                        "words": word,
                        "role_id": roles[word].id if word in roles else False,
                        "amount_from": amount,
                    }
                )
                for number, (word, amount) in enumerate(values["steps"], start=1)
            ]
        return vals

    @api.model
    def _policy_sound_domain(self, conditions):
        """Return those conditions whose field the governed model has."""
        model = self.env.get(self._policy_deadline_model or "")
        return [
            tuple(each) for each in conditions if model is not None and each[0] in model._fields
        ]
