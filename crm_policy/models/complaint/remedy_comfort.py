from odoo import fields, models

from ...const import SEVERITIES
from ...exceptions import PolicyRefusal
from ...words import list_words

# By how many degrees above "general" a case has to be severe before money comforts its customer.
DEGREES = "comfort_severity_degrees"
PAID = ("compensation",)
RANKS = [code for code, _label in SEVERITIES]


class CrmPolicyRemedyComfort(models.AbstractModel):
    """A payment that comforts the customer, beyond what it makes good for (RET-CMP-01).

    Where the policy says from which severity on it is made, nobody asks for one in a milder case.
    """

    _name = "crm.policy.remedy.comfort"
    _description = "Remedy as Comfort"

    is_comfort = fields.Boolean(
        string="As Comfort",
        help="The payment comforts the customer; it makes good for no damage of his. The policy "
        "may ask for a major complaint.",
    )

    # === BUSINESS METHODS === #

    def _policy_check_comfort(self):
        """Refuse a payment as comfort in a case that is not severe enough for it.

        :raises PolicyRefusal: names the clause, the severity, the least that is asked, and who
            says it.
        """
        for remedy in self.sudo():
            if not (remedy.is_comfort and remedy.kind in PAID):
                continue
            case = remedy.ticket_id
            parameter = self.env["crm.policy.parameter"]._policy_of(case.policy_version_id, DEGREES)
            least = min(int(parameter.value), len(RANKS) - 1)
            if RANKS.index(case.policy_severity or RANKS[0]) >= least:
                continue
            labels = dict(case._fields["policy_severity"]._description_selection(self.env))
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(remedy)s comforts the customer of %(case)s, severity "
                    "%(severity)s; money comforts from %(least)s on. The severity is said by: "
                    "%(users)s.",
                    clause=parameter.clause_id._policy_citation(),
                    remedy=remedy.display_name,
                    case=case.policy_handle,
                    severity=labels[case.policy_severity or RANKS[0]],
                    least=labels[RANKS[least]],
                    users=list_words(self.env, case.user_id.mapped("name"))
                    or self.env._("the handler of the case"),
                )
            )

    def action_policy_execute_emergency(self, reason=None):
        """Execute before the approval; money that comforts needs its severity here, too."""
        self.check_access("read")
        self._policy_check_comfort()
        return super().action_policy_execute_emergency(reason)

    def _policy_submit(self):
        self._policy_check_comfort()
        return super()._policy_submit()

    def _policy_comfort_values(self):
        """Return what a signature stands for beside the amount: only what is said.

        Requests of remedies that say nothing of it stand for what they stood for before.
        """
        return {"comfort": True} if self.is_comfort else {}
