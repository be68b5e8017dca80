from odoo import api, fields, models
from odoo.tools import hmac

from ...tools.draw import drawn_percent
from .case_legal import SEVERE

RECHECKED = "policy_rechecked_at"
# The number of the policy that says which share of the cases is re-checked; without it all are.
SHARE = "recheck_percent"
DRAWS = [
    ("all", "All Are Re-checked"),
    ("severe", "Severe: Always"),
    ("drawn", "Drawn"),
    ("not_drawn", "Not Drawn"),
]


class CrmPolicyCaseDraw(models.AbstractModel):
    """Which cases another person re-checks where not all of them are (CMP-RSP-05).

    A case is drawn when its re-check could begin. The draw is no chance of the moment: it follows
    from the case alone and from a secret of the database, so that nobody foresees it, nobody draws
    twice, and an auditor gets the same again. Severe cases are re-checked always, those that become
    severe later, too.
    """

    _name = "crm.policy.case.draw"
    _description = "Case Drawn for a Re-check"

    policy_recheck_draw = fields.Selection(
        DRAWS, string="Drawn for Re-check", readonly=True, copy=False, groups="base.group_user"
    )
    policy_recheck_share = fields.Float(
        string="Share Re-checked (%)", readonly=True, copy=False, groups="base.group_user"
    )
    policy_recheck_value = fields.Float(
        string="Drawn Number",
        digits=(5, 2),
        readonly=True,
        copy=False,
        aggregator=None,
        groups="base.group_user",
        help="Between 0 and 100; below the share the case is re-checked.",
    )
    policy_recheck_words = fields.Char(
        string="Re-check", compute="_compute_policy_recheck_words", groups="base.group_user"
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_recheck_draw",
        "policy_recheck_share",
        "policy_recheck_value",
        "policy_severity",
        RECHECKED,
    )
    @api.depends_context("lang")
    def _compute_policy_recheck_words(self):
        for case in self:
            case.policy_recheck_words = case._policy_draw_words()

    def _policy_draw_words(self):
        """Return in words whether the case is re-checked and why, or False before the draw."""
        numbers = {
            "share": f"{self.policy_recheck_share:g}",
            "value": f"{self.policy_recheck_value:.2f}",
        }
        draw = self.policy_recheck_draw
        if draw in (False, "all"):
            return False
        if self.policy_severity in SEVERE:
            return self.env._("Severe cases are always re-checked.")
        if draw == "not_drawn":
            return self.env._(
                "Not drawn: of such cases %(share)s %% are re-checked, the number is %(value)s. It "
                "closes without a re-check.",
                **numbers,
            )
        return self.env._(
            "Drawn: of such cases %(share)s %% are re-checked, the number is %(value)s.", **numbers
        )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_recheck_draw",
            "policy_recheck_share",
            "policy_recheck_value",
        }

    def _policy_reopen_vals(self):
        # What is handled anew is drawn anew.
        return {
            **super()._policy_reopen_vals(),
            "policy_recheck_draw": False,
            "policy_recheck_share": 0,
            "policy_recheck_value": 0,
        }

    # === BUSINESS METHODS === #

    def _policy_set_fact(self, name, at=None, reason=None):
        result = super()._policy_set_fact(name, at, reason)
        self._policy_draw_rechecks()
        return result

    def _policy_draw_rechecks(self):
        """Draw those cases whose re-check could begin now, once in each of their cycles."""
        for case in self.sudo():
            order = case._policy_fact_order() if case.policy_kind else {}
            if RECHECKED not in order or case.policy_recheck_draw or case[RECHECKED]:
                continue
            if not case._policy_missing_facts(RECHECKED):
                case._policy_draw()

    def _policy_draw(self):
        self.ensure_one()
        parameter = self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, SHARE)
        share = parameter.value if parameter else 100
        value = self._policy_drawn_number()
        if share >= 100:
            draw = "all"
        elif self.policy_severity in SEVERE:
            draw = "severe"
        else:
            draw = "drawn" if value < share else "not_drawn"
        self._policy_guarded_write(
            {
                "policy_recheck_draw": draw,
                "policy_recheck_share": share,
                "policy_recheck_value": value,
            }
        )
        if draw == "all":
            return
        self.env["crm.policy.event"]._policy_log(
            f"recheck.{draw}",
            self,
            {"share": share, "number": value, "cycle": self.policy_cycle},
            clause=parameter.clause_id or self.policy_version_id,
        )
        self._message_log(
            body=f"{parameter.clause_id._policy_citation()}: {self._policy_draw_words()}"
        )

    def _policy_drawn_number(self):
        """Return the number of the case in its cycle, from 0 up to 100; the same each time."""
        self.ensure_one()
        basis = (self.company_id.id, self.id, self.policy_cycle)
        return drawn_percent(hmac(self.env(su=True), "crm_policy.recheck", basis))

    def _policy_needs_no_recheck(self, fact):
        """Return whether nobody is asked for the re-check: it was not drawn and is not severe."""
        return (
            fact == RECHECKED
            and self.sudo().policy_recheck_draw == "not_drawn"
            and self.policy_severity not in SEVERE
        )

    def _policy_passes_by(self, fact):
        return self._policy_needs_no_recheck(fact) or super()._policy_passes_by(fact)

    def _policy_missing_facts(self, name):
        missing = super()._policy_missing_facts(name)
        return [fact for fact in missing if not self._policy_needs_no_recheck(fact)]
