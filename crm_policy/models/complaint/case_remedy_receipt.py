from odoo import api, models

from ...const import ENDED_OUTCOMES
from .customer_answer import LONGEST_WORDS

# What he may say to what was handed over to him.
RECEIPTS = frozenset({"received", "not_received"})
LONGEST_NAME = 100  # characters


class CrmPolicyCaseRemedyReceipt(models.AbstractModel):
    """The customer acknowledges on the page of his case what was handed over (RET-CMP-01).

    He sees of it what he has been given: kind and amount; no other remedy, and nothing that was
    written down inside.
    """

    _name = "crm.policy.case.remedy.receipt"
    _description = "Case Whose Customer Acknowledges Remedies"

    # === COMPUTE METHODS === #

    @api.depends("policy_remedy_ids.handed_at", "policy_remedy_ids.received_at")
    def _compute_policy_next_action(self):
        return super()._compute_policy_next_action()

    # === WHAT HE SEES === #

    def _policy_handed_remedies(self):
        """Return what was handed over to the customer himself, as superuser.

        What somebody else gets is acknowledged by him, on paper.
        """
        self.ensure_one()
        customer = self.sudo().partner_id.commercial_partner_id
        if self.policy_outcome in ENDED_OUTCOMES:
            return self.env["crm.policy.remedy"].sudo()
        return self.sudo().policy_remedy_ids.filtered(
            lambda remedy: (
                remedy.handed_at and remedy._policy_recipient().commercial_partner_id == customer
            )
        )

    def _policy_customer_receipts(self):
        """Return what he has been given, as he reads it; not what he has signed for on paper.

        :return: dicts ``id``, ``words``, ``handed_at``, ``received_at`` (naive UTC or False) and
            ``waits`` (for his word).
        """
        kinds = dict(self.env["crm.policy.remedy"]._fields["kind"]._description_selection(self.env))
        return [
            {
                "id": remedy.id,
                "words": " ".join(
                    filter(
                        None,
                        [
                            kinds[remedy.kind],
                            remedy.currency_id.format(remedy.handed_amount)
                            if remedy.handed_amount
                            else "",
                        ],
                    )
                ),
                "handed_at": remedy.handed_at,
                "received_at": remedy.received_at,
                "waits": remedy._policy_waits_for_receipt(),
            }
            for remedy in self._policy_handed_remedies()
            if remedy.received_channel != "paper"
        ]

    def _policy_customer_next(self):
        if any(receipt["waits"] for receipt in self._policy_customer_receipts()):
            return self.env._("Please confirm that you have received what we gave you.")
        return super()._policy_customer_next()

    # === WHAT HE SAYS === #

    def _policy_customer_answers(self, form, channel, author=None):
        if form.get("saying") not in RECEIPTS:
            return super()._policy_customer_answers(form, channel, author)
        self.ensure_one()
        case = self.sudo()
        # Of two at once the second waits, and finds what the first has said.
        case._policy_hold_rows()
        given = form.get("remedy") or ""
        remedy = case._policy_handed_remedies().filtered(lambda line: str(line.id) == given)
        received = form["saying"] == "received"
        if remedy.received_at and received:
            return []
        if not remedy._policy_waits_for_receipt():
            return [self.env._("There is nothing to confirm any more. Write to us below.")]
        words = (form.get("words") or "").strip()
        name = author.name if author else " ".join((form.get("name") or "").split())
        if len(words) > LONGEST_WORDS or len(name) > LONGEST_NAME:
            return [self.env._("The text is too long. Shorten it, please.")]
        if received and not name:
            return [self.env._("Write your name, please: who has received it.")]
        if not received and not words:
            return [self.env._("Tell us what is missing, please.")]
        if received:
            remedy._policy_customer_received(name, channel, author)
        else:
            remedy._policy_customer_misses(words, author)
        return []

    # === WHAT WAITS FOR HIM === #

    def _policy_unreceived(self):
        """Return what was decided and wants a receipt that is not there, as superuser."""
        return self._policy_live_remedies().filtered(
            lambda remedy: (
                not remedy.executed_at
                and remedy._policy_wants_receipt()
                and remedy._policy_may_execute()
                and not remedy._policy_waits_for_settlement()
                and not remedy._policy_document_problem()
            )
        )

    def _policy_needed_next(self):
        texts = super()._policy_needed_next()
        waiting = self._policy_unreceived()
        return [*texts, waiting._policy_receipt_words()] if waiting else texts

    def _policy_close_problems(self):
        problems = super()._policy_close_problems()
        waiting = self._policy_unreceived()
        return [*problems, waiting._policy_receipt_words()] if waiting else problems
