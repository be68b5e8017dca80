from odoo import models
from odoo.exceptions import UserError

APPEAL = "crm_policy.activity_appeal"


class CrmPolicySanctionWord(models.AbstractModel):
    """How a sanction becomes known: its printed notice, and who is told of which step."""

    _name = "crm.policy.sanction.word"
    _description = "Notice of a Sanction"

    # === THE PRINTED NOTICE === #

    def _policy_printable(self):
        """Return the sanctions, for the printed notice.

        :raises UserError: one of them is not approved.
        """
        for sanction in self:
            if not sanction.copy_ids:
                raise UserError(
                    self.env._(
                        "%(sanction)s: the notice is printed once it is approved.",
                        sanction=sanction.display_name,
                    )
                )
        return self

    def _policy_signatures(self):
        """Return the signatures that stand under the printed notice, in their order."""
        return self.policy_approval_id.decision_ids.filtered(
            lambda decision: decision.outcome == "approved"
        ).sorted("id")

    # === WHO IS TOLD === #

    def _policy_tell(self):
        """Leave an activity for whom it concerns: he reads it, and may appeal."""
        self._policy_ask(
            lambda sanction: sanction._policy_concerned(),
            lambda words: words.env._("Read %(sanction)s", sanction=words.display_name),
        )

    def _policy_tell_appeal(self):
        """Leave an activity for who may answer an appeal: until then nothing is carried out."""
        self._policy_ask(
            lambda sanction: sanction._policy_appeal_level(),
            lambda words: words.env._(
                "Answer the appeal against %(sanction)s", sanction=words.display_name
            ),
            {"activity_type_id": self.env.ref(APPEAL).id},
        )

    def _policy_tell_answer(self):
        """Tell whom it concerns of the answer; nobody is asked for one any more."""
        asked = self.env.ref(APPEAL)
        self.activity_ids.filtered(lambda line: line.activity_type_id == asked).unlink()
        self._policy_ask(
            lambda sanction: sanction._policy_concerned(),
            lambda words: words.env._(
                "Your appeal against %(sanction)s is answered", sanction=words.display_name
            ),
        )

    def _policy_tell_revoked(self):
        """Tell whom it concerns that it counts no more; of what was not decided he never knew."""
        self.filtered("copy_ids")._policy_ask(
            lambda sanction: sanction._policy_concerned(),
            lambda words: words.env._("%(sanction)s is revoked", sanction=words.display_name),
        )

    def _policy_ask(self, whom, summary, vals=None):
        """Leave an activity for ``whom(sanction)`` with ``summary(sanction in his language)``."""
        vals_list = [
            {
                **(vals or {}),
                "res_model_id": self.env["ir.model"]._get_id(self._name),
                "res_id": sanction.id,
                "user_id": user.id,
                "summary": summary(sanction.with_context(lang=user.lang)),
            }
            for sanction in self
            for user in whom(sanction).filtered("active")
        ]
        self.env["crm.policy.escalation"]._policy_remind_quietly(vals_list)
