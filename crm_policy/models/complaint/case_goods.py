from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

from ...const import FRONT_LINE
from ...words import list_words
from .remedy_quantity import GOODS

# Granted with the decision itself: words, and what the customer is let off.
GRANTED_AT_ONCE = ("apology", "refusal", *FRONT_LINE)


class CrmPolicyCaseGoods(models.AbstractModel):
    """A case of which something is carried out: goods come back, money is paid (CMP-SET-01)."""

    _name = "crm.policy.case.goods"
    _description = "Case with Goods and Money"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.get("policy_quantity"):
            self._policy_check_goods()
        return result

    # === BUSINESS METHODS === #

    def _policy_live_remedies(self):
        """Return the remedies of the present cycle that nobody has refused, as superuser."""
        self.ensure_one()
        remedies = self.sudo().policy_remedy_ids
        live = remedies.filtered(
            lambda remedy: (
                remedy.cycle == self.policy_cycle and remedy.policy_approval_state != "rejected"
            )
        )
        # What is read of them is read of those of all cases that stand together.
        return live.with_prefetch(remedies._prefetch_ids)

    def _policy_check_goods(self):
        """Refuse to grant more pieces than were delivered, where the case says how many were.

        :raises ValidationError: by one remedy, or by those that each take pieces of their own.
        """
        for case in self.sudo().filtered("policy_quantity"):
            remedies = case._policy_live_remedies()
            goods = sum(remedies.filtered(lambda line: line.kind in GOODS).mapped("quantity"))
            most = max([*remedies.mapped("quantity"), goods], default=0.0)
            if float_compare(most, case.policy_quantity, precision_digits=2) > 0:
                raise ValidationError(
                    self.env._(
                        "%(case)s: remedies for %(quantity)g pieces; %(delivered)g were delivered.",
                        case=case.display_name,
                        quantity=most,
                        delivered=case.policy_quantity,
                    )
                )

    def _policy_unexecuted(self):
        waiting = self._policy_live_remedies().filtered(
            lambda remedy: (
                not remedy.executed_at
                and not remedy.excess_of_id
                and remedy.kind not in GRANTED_AT_ONCE
            )
        )
        return super()._policy_unexecuted() + waiting.mapped("display_name")

    def _policy_close_problems(self):
        # A paper that is under way is goods or money under way.
        remedies = self.sudo().policy_remedy_ids
        waiting = [
            document.display_name
            for documents in (remedies.return_note_ids, remedies.allowance_ids)
            for document in documents
            if not (document.policy_booked_at or document.cancelled_at)
        ]
        problems = super()._policy_close_problems()
        if waiting:
            problems.append(
                self.env._(
                    "Not booked yet: %(documents)s.", documents=list_words(self.env, waiting)
                )
            )
        return problems
