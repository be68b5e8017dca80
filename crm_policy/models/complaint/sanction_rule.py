from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import codes_of
from ...tools.amounts import is_plausible

KINDS = [
    ("performance_deduction", "Performance Deduction"),
    ("cash", "Cash Fine"),
    ("oral_warning", "Oral Warning"),
    ("warning", "Warning on File"),
    ("demerit", "Demerit"),
    ("major_demerit", "Major Demerit"),
    ("bonus", "Bonus"),
    ("grievance_award", "Grievance Award"),
]
# Kinds that are money; the others are words on the file of a person.
MONEY = ("performance_deduction", "cash", "bonus", "grievance_award")
TRIGGERS = [
    ("grievance_unknown", "Grievance over an Unknown Policy"),
    ("unauthorised_notice", "Notice without Approval"),
    ("unauthorised_complaint", "Notice without Approval That Caused a Complaint"),
    ("department_share", "Share of a Department"),
    ("person_share", "Share of a Person"),
    ("quality_accident", "Decision of the Team on a Quality Accident"),
]
# A heavier case of the same: it takes the place of the other one (RWD-FIN-03).
FAMILIES = {"unauthorised_complaint": "unauthorised_notice"}
AMOUNTS = ("amount", "percent", "cap", "from_amount")


class CrmPolicySanctionRule(models.Model):
    """What is proposed as a sanction, and for what (RWD-FIN-01 to -03, RWD-ADM-02, CMP-LOSS-02).

    An amount, or a percentage of the part of a loss; in bands of that part, each from an amount
    on: what lies on the border belongs to the higher one.
    """

    _name = "crm.policy.sanction.rule"
    _description = "Sanction Rule"
    _inherit = ["crm.policy.rule.mixin"]
    _order = "version_id, trigger, from_amount, id"

    _pack_section = "sanction_rules"
    _pack_sequence = 68
    _pack_schema = {
        "code": (str, True),
        "name": ("text", True),
        "trigger": (codes_of(TRIGGERS), True),
        "kind": (codes_of(KINDS), False),
        "amount": (float, False),
        "percent": (float, False),
        "cap": (float, False),
        "from_amount": (float, False),
    }

    name = fields.Char(required=True, translate=True)
    trigger = fields.Selection(TRIGGERS, required=True)
    kind = fields.Selection(KINDS, required=True, default="performance_deduction")
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary()
    percent = fields.Float(digits=(5, 2), help="Of the part of the loss.")
    cap = fields.Monetary(
        string="At Most",
        help="Of all departments of a case together; each is cut in proportion. 0: no limit.",
    )
    from_amount = fields.Monetary(help="The part of the loss from which it counts.")

    _code_uniq = models.Constraint(
        "UNIQUE(version_id, code)", "A policy version has each sanction rule once."
    )
    _band_uniq = models.UniqueIndex(
        "(version_id, trigger, COALESCE(from_amount, 0))",
        "A policy version has one sanction rule for each trigger from each amount on.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", *AMOUNTS)
    def _check_amounts(self):
        for rule in self:
            sound = all(is_plausible(rule[name]) for name in AMOUNTS) and rule.percent <= 100
            # What is money costs something; a warning does not.
            given = bool(rule.amount) + bool(rule.percent)
            if not sound or given != (1 if rule.kind in MONEY else 0):
                raise ValidationError(
                    self.env._(
                        "Sanction rule %(rule)s: money is an amount or a percentage up to 100, one "
                        "of the two; a warning is neither.",
                        rule=rule.code,
                    )
                )

    # === LINTER === #

    @api.model
    def _policy_findings(self, versions):
        """Bands that leave a gap at the bottom, and cash where the company allows none."""
        findings = list(super()._policy_findings(versions))
        rules = self.search([("version_id", "in", versions.ids)])
        for _key, group in (
            rules.grouped(lambda rule: (rule.version_id, rule.trigger)).items()
        ):  # fmt: skip
            lowest = group.sorted("from_amount")[0]
            if lowest.from_amount:
                findings.append(
                    self._policy_finding(
                        "sanction_gap",
                        "warning",
                        self.env._(
                            "%(rule)s begins at %(amount)s: nothing is proposed for less.",
                            rule=lowest.name,
                            amount=lowest.currency_id.format(lowest.from_amount),
                        ),
                        lowest,
                        lowest.clause_id,
                    )
                )
            for rule in group:
                if rule.kind == "cash" and not rule.company_id.policy_cash_fines:
                    findings.append(
                        self._policy_finding(
                            "sanction_cash",
                            "error",
                            self.env._(
                                "%(rule)s is a fine in cash, which the company does not allow.",
                                rule=rule.name,
                            ),
                            rule,
                            rule.clause_id,
                        )
                    )
        return findings

    # === BUSINESS METHODS === #

    @api.model
    def _policy_rules_of(self, version, trigger):
        """Return the rules of a version for a trigger, the lowest band first; as superuser."""
        found = self.sudo().search([("version_id", "=", version.id), ("trigger", "=", trigger)])
        return found.sorted("from_amount")

    def _policy_band(self, amount):
        """Return the rule among these in whose band ``amount`` lies; empty for none."""
        fitting = self.filtered(
            lambda rule: rule.currency_id.compare_amounts(rule.from_amount, amount) <= 0
        )
        return fitting.sorted("from_amount")[-1:]

    def _policy_family(self):
        """Return what a person is sanctioned for once, whichever of its rules it is."""
        return FAMILIES.get(self.trigger, self.trigger)

    def _policy_amount_for(self, base):
        """Return what the rule proposes for a part of a loss; a single one, under the cap."""
        amount = self.amount or self.currency_id.round(base * self.percent / 100)
        return min(amount, self.cap) if self.cap else amount
