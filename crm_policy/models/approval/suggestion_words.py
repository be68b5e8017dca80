import ast
import json

from markupsafe import Markup

from odoo import api, fields, models

from ...words import list_words


class CrmPolicySuggestionWords(models.AbstractModel):
    """How a suggested rule is put to the person who decides: his sentence, the rule, the doubts."""

    _name = "crm.policy.suggestion.words"
    _description = "Words of a Suggested Rule"

    marked = fields.Html(string="Sentence of the Policy", compute="_compute_marked", sanitize=False)
    notes = fields.Text(string="Assumed", compute="_compute_notes")
    rule_words = fields.Char(string="Suggested Rule", compute="_compute_rule_words")

    # === THE SENTENCE === #

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

    # === THE RULE === #

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
            words.append(list_words(self.env, [labels.get(code, code) for code in values]))
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
