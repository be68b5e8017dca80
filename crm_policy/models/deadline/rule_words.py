from odoo import models
from odoo.tools import format_list


class CrmPolicyRuleWords(models.AbstractModel):
    """A deadline rule as sentences that one reads aloud: what the rule does, all of it."""

    _name = "crm.policy.rule.words"
    _description = "Deadline Rule in Words"

    def _policy_sentence(self):
        """Return the rule in words: the demand first, then whatever bends it.

        :rtype: str
        """
        self.ensure_one()
        sentences = [self._policy_demand_words(), *self._policy_option_words()]
        result = sentences[0]
        for sentence in sentences[1:]:
            # Chinese has no space between two sentences.
            result = self.env._("%(first)s %(second)s", first=result, second=sentence)
        return result

    def _policy_demand_words(self):
        names = {
            "start": self._policy_path_label(self.start_path),
            "done": self._policy_path_label(self.done_path),
        }
        if self.unit == "given":
            return self.env._(
                '"%(done)s" no later than "%(due)s".',
                done=names["done"],
                due=self._policy_path_label(self.due_path),
            )
        if self.unit == "day_of_month":
            if self.before:
                return self.env._(
                    '"%(done)s" before day %(day)g of the month after "%(start)s".',
                    day=self.duration,
                    **names,
                )
            return self.env._(
                '"%(done)s" by day %(day)g of the month after "%(start)s", that day included.',
                day=self.duration,
                **names,
            )
        return self.env._(
            '"%(done)s" within %(duration)s of "%(start)s".',
            duration=self._policy_duration_words(),
            **names,
        )

    def _policy_duration_words(self):
        """Return "48 working hours"."""
        number = f"{self.duration:g}"
        one = number == "1"
        words = {
            "working_minutes": self.env._("1 working minute")
            if one
            else self.env._("%s working minutes", number),
            "working_hours": self.env._("1 working hour")
            if one
            else self.env._("%s working hours", number),
            "working_days": self.env._("1 working day")
            if one
            else self.env._("%s working days", number),
            "calendar_hours": self.env._("1 hour") if one else self.env._("%s hours", number),
            "calendar_days": self.env._("1 day") if one else self.env._("%s days", number),
            "calendar_months": self.env._("1 month") if one else self.env._("%s months", number),
        }
        return words.get(self.unit, number)

    def _policy_option_words(self):
        """Return a sentence for each part of the rule that is not as usual."""
        return [*self._policy_day_words(), *self._policy_clock_words(), *self._policy_case_words()]

    def _policy_day_words(self):
        """Return how the days are counted."""
        days = self.unit in ("calendar_days", "calendar_months", "day_of_month")
        words = []
        if self.unit == "working_days" and self.count_from == "same_day":
            words.append(self.env._("The day of the start is the first of them."))
        if days and self.before and self.unit != "day_of_month":
            words.append(self.env._("The last day is excluded: due at the end of the day before."))
        if days and self.roll == "next_workday":
            words.append(self.env._("A day without work becomes the next working day."))
        if days and self.roll == "previous_workday":
            words.append(self.env._("A day without work becomes the working day before."))
        return words

    def _policy_clock_words(self):
        """Return what else moves the due date."""
        words = []
        if self.unit != "given" and self.due_path:
            due = self._policy_path_label(self.due_path)
            words.append(self.env._('Or by "%s", where that is earlier.', due))
        if self.window == "day":
            words.append(self.env._("What is done before the day it is due does not count."))
        if self.factor_path:
            factor = self._policy_path_label(self.factor_path)
            words.append(self.env._('The time is multiplied by "%s".', factor))
        if self.calendar_id:
            words.append(self.env._("Counted by the calendar %s.", self.calendar_id.name))
        if self.pause_reason_ids:
            reasons = self._policy_listed(self.pause_reason_ids.mapped("name"))
            words.append(self.env._("Stands still for: %s.", reasons))
        return words

    def _policy_case_words(self):
        """Return for which cases it runs, who answers for it and how grave it is."""
        words = []
        if condition := self._policy_condition_words():
            words.append(self.env._("Applies where %s.", condition))
        if self.role_id:
            words.append(self.env._("Responsible: %s.", self.role_id.name))
        if self.severity and self.severity != "minor":
            severity = dict(self._fields["severity"]._description_selection(self.env))
            words.append(self.env._("Missing it is: %s.", severity[self.severity]))
        return words

    def _policy_listed(self, names, style="standard"):
        return format_list(self.env, list(names), style)

    # === THE CONDITION === #

    def _policy_condition_words(self):
        """Return the condition in words; "" where there is none."""
        model = self.env.get(self.model_name)
        try:
            domain = self._policy_domain()
        except (ValueError, SyntaxError, TypeError):
            return self.domain  # the constraint says what is wrong with it
        if model is None or domain.is_true():
            return ""
        return self._policy_domain_words(model, domain)

    def _policy_domain_words(self, model, domain):
        if hasattr(domain, "children"):
            words = []
            for child in domain.children:
                part = self._policy_domain_words(model, child)
                words.append(f"({part})" if hasattr(child, "children") else part)
            joint = self.env._(" and ") if domain.OPERATOR == "&" else self.env._(" or ")
            return joint.join(words)
        if hasattr(domain, "child"):
            return self.env._("not (%s)", self._policy_domain_words(model, domain.child))
        if not hasattr(domain, "field_expr"):
            return str(domain)
        return self._policy_condition_in_words(model, domain)

    def _policy_condition_in_words(self, model, condition):
        """Return one condition: "Kind is Complaint"."""
        path, operator, value = condition.field_expr, condition.operator, condition.value
        name = self._policy_path_label(path)
        field = self._policy_end_of(model, path)
        if (
            isinstance(value, (list, tuple, set))
            or hasattr(value, "__iter__")
            and (not isinstance(value, str))
        ):
            words = (self._policy_value_words(field, item) for item in value)
            shown = self._policy_listed(words, "or")
        elif value is False and field is not None and field.type != "boolean":
            if operator in ("=", "in"):
                return self.env._("%s is not set", name)
            return self.env._("%s is set", name)
        else:
            shown = self._policy_value_words(field, value)
        values = {"name": name, "value": shown}
        if operator in ("=", "in"):
            return self.env._("%(name)s is %(value)s", **values)
        if operator in ("!=", "not in"):
            return self.env._("%(name)s is not %(value)s", **values)
        return f"{name} {operator} {shown}"

    def _policy_value_words(self, field, value):
        if field is None:
            return str(value)
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, str(value))
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if field.type == "many2one" and isinstance(value, int):
            return self.env[field.comodel_name].sudo().browse(value).exists().display_name or ""
        return str(value)
