from odoo import fields, models
from odoo.exceptions import UserError

from ...words import list_words


class CrmPolicyCaseSuccessor(models.AbstractModel):
    """A case that ends because it goes on in another one: merged into it, or converted.

    It keeps its number, its texts and its files; what its customer says later reaches the case in
    which it goes on.
    """

    _name = "crm.policy.case.successor"
    _description = "Case That Goes On in Another"

    policy_successor_id = fields.Many2one(
        "helpdesk.ticket",
        string="Goes On In",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    policy_predecessor_ids = fields.One2many(
        "helpdesk.ticket",
        "policy_successor_id",
        string="Cases That Go On Here",
        context={"active_test": False},
        readonly=True,
        groups=fields.NO_ACCESS,
        export_string_translation=False,
    )

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"policy_successor_id"}

    def _policy_check_continuable(self):
        """Refuse to end a case in another while something of it would get lost.

        :raises UserError: it is decided or ended, has remedies or rulings that are signed or wait
            for it, a promised call or an authority waits for its answer, or an emergency is not
            over.
        """
        for case in self.sudo():
            problem = case._policy_continuing_problem()
            if problem:
                raise UserError(problem)
        self.sudo().policy_remedy_ids._policy_on_word()._policy_refuse_oral()
        self._policy_check_cancellable()

    def _policy_continuing_problem(self):
        """Return why the case cannot end in another one, or None."""
        self.ensure_one()
        if self.policy_decided_at or self.policy_closed_at or self.policy_outcome:
            return self.env._("%(case)s is decided or ended: it stays.", case=self.display_name)
        if self.policy_is_external:
            return self.env._(
                "%(case)s came through %(origin)s, which waits for its answer: it stays.",
                case=self.display_name,
                origin=self.policy_source_id.name,
            )
        if self.policy_call_outcome == "callback" and not self.policy_promised_call_at:
            return self.env._(
                "%(case)s: make the promised call first, or say that it was made.",
                case=self.display_name,
            )
        live = [
            document.display_name
            for document in (*self.policy_remedy_ids, *self.policy_ruling_ids)
            if document.cycle == self.policy_cycle
            and document.policy_approval_state in ("pending", "approved")
        ]
        if live:
            return self.env._(
                "%(case)s has something that is approved or being approved: %(documents)s.",
                case=self.display_name,
                documents=list_words(self.env, live),
            )
        return None

    def _policy_continue_in(self, successor, outcome):
        """End the case with ``outcome``; what waits in it waits in ``successor`` from now on."""
        self.ensure_one()
        if self.policy_customer_wrote_at and not successor.policy_customer_wrote_at:
            successor._policy_guarded_write(
                {"policy_customer_wrote_at": self.policy_customer_wrote_at}
            )
        self._policy_guarded_write(
            {
                "policy_outcome": outcome,
                "policy_successor_id": successor.id,
                "policy_customer_wrote_at": False,
                "policy_to_sort": False,
                "policy_sort_reason": False,
            }
        )
        self._policy_drop_crisis()

    def _policy_customer_wrote(self, message):
        successor = self.policy_successor_id
        if not successor or self.policy_outcome == "not_accepted":
            # Not accepted: what he says now is posted on the new case, for him to see.
            return super()._policy_customer_wrote(message)
        successor._message_log(
            body=self.env._(
                "The customer has written on %(case)s, which goes on here.",
                case=self.display_name,
            )
        )
        return successor._policy_customer_wrote(message)
