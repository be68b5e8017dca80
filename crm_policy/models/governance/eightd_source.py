import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ...tools.zones import local_day
from ...words import list_words, with_note

# What keeps the trouble from coming back elsewhere; the other kinds correct it.
PREVENTING = ("rule", "training", "monitoring", "technology", "incentive")
FACTS = (
    "policy_order_ref", "policy_item_ref", "policy_lot_ref", "policy_shipped_on",
    "policy_quantity", "policy_defective_quantity",
)  # fmt: skip
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Below this a number without decimals is rather a quantity than an amount.
PLAIN_AMOUNT = 1000


class CrmPolicyEightdSource(models.AbstractModel):
    """What a case and its improvement plan say in an 8D report, and what never leaves the house."""

    _name = "crm.policy.eightd.source"
    _description = "Source of 8D Reports"

    # === FILLING === #

    @api.model
    def _policy_draw_up(self, case):
        """Return the first draft of a case, filled; the caller has checked the user."""
        case = case.sudo()
        [report] = self.sudo()._policy_guarded_create(
            [
                {
                    **self._policy_filled_values(case),
                    "ticket_id": case.id,
                    "revision": 1,
                    "lead_id": self.env.uid,
                }
            ]
        )
        return report

    @api.model
    def _policy_filled_values(self, case):
        """Return what the case says in each section, without the name of anybody."""
        case = case.sudo()
        plan = case.policy_improvement_ids.filtered(lambda plan: not plan.cancelled_at)[:1]
        opinions = case.policy_countersign_ids.filtered(
            lambda line: line.cycle == case.policy_cycle and line.policy_answered_at
        )
        actions = plan.action_ids.filtered(lambda action: not action.cancelled_at)
        prevention = actions.filtered(lambda action: action.kind in PREVENTING)
        responded = case.policy_responded_at
        return {
            "improvement_id": plan.id,
            "team_ids": [(6, 0, opinions.answered_by_id.ids)],
            "d2_text": self._policy_facts_words(case),
            "d3_text": case.policy_response_text or False,
            "d3_on": responded and local_day(responded, case.company_id),
            "d3_user_id": case.user_id.id,
            "d4_occurrence": plan.root_cause or self._policy_cause_words(opinions),
            "d5_text": self._policy_action_words(actions - prevention),
            "d6_text": self._policy_effect_words(plan),
            "d7_text": self._policy_action_words(prevention),
            "d8_text": plan.close_text or False,
        }

    @api.model
    def _policy_facts_words(self, case):
        """Return title, goods and quantities, and what the customer has told."""
        parts = [case.name]
        for name in FACTS:
            value = case[name]
            if value:
                value = f"{value:g}" if isinstance(value, float) else value
                parts.append(f"{case._policy_label(name)}: {value}")
        parts.append(html2plaintext(case.description or "").strip())
        return "\n".join(part for part in parts if part)

    @api.model
    def _policy_cause_words(self, opinions):
        """Return what Quality has found, where no plan says the root cause."""
        found = opinions.filtered(lambda line: line.role_id.code == "quality")
        return "\n".join(found.mapped("opinion")) or False

    @api.model
    def _policy_action_words(self, actions):
        """Return a line for each action: what, by which department, until when, done when."""
        lines = []
        for number, action in enumerate(actions, 1):
            done = action.done_at and local_day(action.done_at, action.company_id)
            parts = [action.department_id.name, action.due]
            if done:
                parts.append(self.env._("done %(day)s", day=done))
            note = list_words(self.env, [part for part in parts if part])
            lines.append(with_note(self.env, f"{number}. {action.name}", note))
        return "\n".join(lines) or False

    @api.model
    def _policy_effect_words(self, plan):
        lines = [
            self.env._(
                "%(indicator)s: %(actual)g %(unit)s (before: %(baseline)g, target: %(target)g)",
                indicator=goal.indicator,
                actual=goal.actual,
                unit=goal.unit or "",
                baseline=goal.baseline,
                target=goal.target,
            )
            for goal in plan.goal_ids.filtered("measured")
        ]
        return "\n".join([*lines, *filter(None, [plan.check_text])]) or False

    # === LISTS === #

    def _policy_lists(self):
        """Return the lists with persons that only the internal version shows; JSON-able."""
        self.ensure_one()
        report = self.sudo()
        people = report.lead_id | report.team_ids
        actions = report.improvement_id.action_ids.filtered(lambda line: not line.cancelled_at)
        return {
            "team": [
                {
                    "name": user.name,
                    "department": report._policy_department_of(user),
                    "lead": user == report.lead_id,
                }
                for user in people
            ],
            "contained_by": {
                "name": report.d3_user_id.name or "",
                "department": report._policy_department_of(report.d3_user_id),
            },
            "actions": [
                {
                    "what": action.name,
                    "department": action.department_id.name or "",
                    "who": action.user_id.name or "",
                    "due": str(action.due or ""),
                    "done": str(
                        action.done_at and local_day(action.done_at, action.company_id) or ""
                    ),
                    "evidence": action.evidence or "",
                }
                for action in actions
            ],
        }

    def _policy_department_of(self, user):
        return user.with_company(self.company_id).employee_id.department_id.name or ""

    # === WHAT STAYS INSIDE === #

    def _policy_check_leaks(self):
        """Refuse sections that name a colleague, a sanction, a share or what the case has cost."""
        found = self._policy_leaks()
        if found:
            raise UserError(
                self.env._(
                    "The customer reads these sections; take out what stays inside. Persons stand "
                    "in the lists of the internal version. %(found)s",
                    found=list_words(self.env, found),
                )
            )

    def _policy_leaks(self):
        """Return what must not leave the house, with the section that tells it."""
        report = self.sudo()
        words = report._policy_inside_words()
        amounts = report._policy_inside_amounts()
        found = []
        for name in report._policy_sections():
            text = report[name] or ""
            told = [word for word in words if self._policy_says(text, word)]
            told += report._policy_told_amounts(text, amounts)
            told += report._policy_told_shares(text)
            label = report._fields[name].get_description(self.env, ["string"])["string"]
            found += [f"{label}: {word}" for word in dict.fromkeys(told)]
        return found

    @api.model
    def _policy_says(self, text, word):
        """Return whether a text says a name: of Latin letters as a word of its own."""
        if word.isascii():
            return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None
        return word in text

    def _policy_inside_words(self):
        """Return the names of colleagues but the lead's, and the numbers of sanctions."""
        employees = (
            self.env["hr.employee"]
            .sudo()
            .with_context(active_test=False)
            .search_fetch([("company_id", "=", self.company_id.id)], ["name", "user_id"])
        )
        names = {
            *employees.filtered(lambda person: person.user_id != self.lead_id).mapped("name"),
            *(self.team_ids | self.d3_user_id - self.lead_id).mapped("name"),
        } - {self.lead_id.name}
        numbers = self.ticket_id.policy_sanction_ids.mapped("number")
        return sorted(name for name in {*names, *numbers} if name and len(name) > 1)

    def _policy_inside_amounts(self):
        case = self.ticket_id
        amounts = [
            *case.policy_loss_ids.mapped("amount"),
            case.policy_loss_amount,
            *case.policy_responsibility_ids.mapped("decided_amount"),
            *case.policy_sanction_ids.mapped("amount"),
        ]
        return {round(amount, 2) for amount in amounts if amount}

    @api.model
    def _policy_told_amounts(self, text, amounts):
        told = []
        for match in NUMBER.finditer(text):
            value = float(match.group().replace(",", ""))
            plain = "." not in match.group() and value < PLAIN_AMOUNT
            if round(value, 2) in amounts and not plain:
                told.append(match.group())
        return told

    def _policy_told_shares(self, text):
        """Return the percents beside a party in one line that are its share."""
        told = []
        for line in text.splitlines():
            for share in self.ticket_id.policy_responsibility_ids:
                percent = rf"(?<![\d.]){share.share:g}(?:\.0+)?\s*[%％]"
                name = share._policy_party_name()
                if name and name in line and re.search(percent, line):
                    told.append(f"{name} {share.share:g} %")
        return told
