from odoo import models
from odoo.exceptions import ValidationError

from ...score import Score
from .complaint_mixin import WINDOW

# By these the customer is spoken to, and can be asked at once how satisfied he is.
SPOKEN = ("phone", "visit")


class CrmPolicyCaseReply(models.AbstractModel):
    """Telling the customer what was decided, and asking him what he says to it (CMP-RPL-01)."""

    _name = "crm.policy.case.reply"
    _description = "Reply of a Case"

    policy_reply_score = Score(
        string="Satisfaction with the Reply",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From 1 to 5, as the customer said when he was told the decision.",
    )

    # === ACTION METHODS === #

    def action_policy_reply(self, text=None, channel=None, at=None, reason=None, score=None):
        """Record that the customer was told the decision (CMP-RPL-01, CMP-FLOW-12).

        :param str channel: phone, letter, email or visit.
        :param int score: how satisfied he is with it, 1 to 5; None where he was not asked.
        :raises ValidationError: the policy has those asked who are spoken to, and he was not.
        """
        vals = {"policy_reply_text": text, "policy_reply_channel": channel}
        for name, value in vals.items():
            self._policy_require(name, value)
        Interaction = self.env["crm.policy.interaction"]
        if score is not None:
            vals["policy_reply_score"] = Interaction._policy_check_score(score)
        self._policy_check_doer("policy_replied_at", WINDOW)
        if score is None and channel in SPOKEN:
            self.sudo()._policy_check_asked_for_score()
        with self.env.cr.savepoint():
            result = self._policy_act("policy_replied_at", WINDOW, at, reason, vals)
            for case in self.sudo():
                Interaction._policy_record(
                    case,
                    "reply",
                    case.policy_replied_at,
                    clause=case._policy_fact_clause("policy_replied_at") or case.policy_version_id,
                    channel=channel,
                    score=score or 0,
                    outcome="reached" if channel in SPOKEN else False,
                    text=text,
                )
        return result

    # === BUSINESS METHODS === #

    def _policy_check_asked_for_score(self):
        for version in self.policy_version_id:
            asked = self.env["crm.policy.parameter"]._policy_of(version, "reply_satisfaction")
            if asked.value:
                raise ValidationError(
                    self.env._(
                        "%(clause)s: ask the customer how satisfied he is with the decision, and "
                        "fill in %(field)s.",
                        clause=asked.clause_id._policy_citation(),
                        field=self._policy_label("policy_reply_score"),
                    )
                )
