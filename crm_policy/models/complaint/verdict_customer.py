from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmPolicyVerdictCustomer(models.AbstractModel):
    """The findings of a committee as their customer reads them, and what he says to them himself.

    His sales manager writes for him what was found out and shows it to him, with the delivery and
    what he bears. His "I agree", in the portal or by his private link, stands for a signed paper;
    his objection has the committee meet again (CMP-RTE-07).
    """

    _name = "crm.policy.verdict.customer"
    _description = "Verdict in the Eyes of the Customer"

    customer_text = fields.Text(
        string="Findings for the Customer",
        readonly=True,
        copy=False,
        help="What was found out, as the customer reads it: no names, nothing of the house.",
    )
    presented_at = fields.Datetime(string="Shown to the Customer At", readonly=True, copy=False)
    presented_by_id = fields.Many2one(
        "res.users", string="Shown By", readonly=True, copy=False, ondelete="restrict"
    )
    confirmed_at = fields.Datetime(
        string="Confirmed by the Customer At",
        readonly=True,
        copy=False,
        help="When he agreed himself, in the portal or by his private link.",
    )
    confirmed_by_id = fields.Many2one(
        "res.partner",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who was logged in for the customer; empty: it came by his private link.",
    )
    can_present = fields.Boolean(compute="_compute_can_present")

    # === COMPUTE METHODS === #

    @api.depends("can_settle", "presented_at")
    @api.depends_context("uid")
    def _compute_can_present(self):
        for verdict in self:
            verdict.can_present = verdict.can_settle and not verdict.sudo().presented_at

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "customer_text",
            "presented_at",
            "presented_by_id",
            "confirmed_at",
            "confirmed_by_id",
        }

    # === ACTION METHODS === #

    def action_policy_present(self, text=None):
        """Show the customer what was found out, on the page of his case; he answers there.

        :param str text: the findings in words to him. Delivery, memo and his own share go with it.
        :raises AccessError: somebody else speaks with him.
        :raises UserError: it is not signed, or the customer has it already.
        """
        text = self._policy_text(text, self.env._("Write down what the customer is told."))
        for verdict in self:
            stored = verdict._policy_take_step("settle")
            if stored.presented_at:
                raise UserError(
                    self.env._(
                        "%(verdict)s: the customer has it before him. It stays as he reads it.",
                        verdict=verdict.display_name,
                    )
                )
            stored._policy_guarded_write(
                {
                    "customer_text": text,
                    "presented_at": fields.Datetime.now(),
                    "presented_by_id": self.env.uid,
                }
            )
            seals = self.env["crm.policy.sealed"]._policy_seal(stored, "customer_text", text)
            stored._policy_log_step("presented", {"round": stored.round, "text": seals[stored.id]})
        return True

    # === WHAT THE CUSTOMER SAYS === #

    def _policy_check_unconfirmed(self):
        """Refuse a word of ours against the customer's own."""
        self.ensure_one()
        if self.sudo().confirmed_at:
            raise UserError(
                self.env._(
                    "%(verdict)s: the customer has agreed to it himself.",
                    verdict=self.display_name,
                )
            )

    def _policy_customer_decides(self, agrees, text, author):
        """Take the customer's own word; as superuser, once (the caller sees to it).

        :param author: ``res.partner`` who was logged in, or None.
        """
        self.ensure_one()
        if not agrees:
            self._policy_note_objection(text, self.presented_by_id)
            self._policy_remind_settlers(
                self.env._("%(verdict)s: the customer objects.", verdict=self.display_name)
            )
            return
        self._policy_guarded_write(
            {
                "confirmed_at": fields.Datetime.now(),
                "confirmed_by_id": author.id if author else False,
            }
        )
        self._policy_log_step("confirmed", {"round": self.round, **self._policy_confirmation()})
        self._policy_cosign()

    def _policy_cosign(self):
        """Make it the consensus in the name of who has shown it; where that cannot be, ask him.

        It comes late and needs his reason, say, or he speaks for the customer no more.
        """
        shown_by = self.presented_by_id
        mine = self.with_user(shown_by).with_context(
            allowed_company_ids=self.company_id.ids, lang=shown_by.lang
        )
        try:
            with self.env.cr.savepoint():
                if not shown_by.active:
                    raise UserError(self.env._("%(user)s is here no more.", user=shown_by.name))
                mine.action_policy_agree()
        except UserError as problem:
            self.invalidate_recordset()
            self._policy_remind_settlers(
                self.env._(
                    "%(verdict)s: the customer has agreed, record the consensus. %(problem)s",
                    verdict=self.display_name,
                    problem=problem,
                )
            )

    def _policy_confirmation(self):
        """Return the evidence of the customer's own word: when and who, no address."""
        if not self.confirmed_at:
            return {}
        said = {"confirmed_at": str(self.confirmed_at)}
        return said | ({"partner": self.confirmed_by_id.id} if self.confirmed_by_id else {})

    def _policy_remind_settlers(self, words):
        """Leave it to do for who speaks with the customer and who has the case in hand."""
        case = self.ticket_id
        users = self._policy_settlers() | case._policy_in_hand()
        self.env["crm.policy.escalation"]._policy_remind_quietly(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(case._name),
                    "res_id": case.id,
                    "user_id": user.id,
                    "summary": words,
                }
                for user in users.filtered("active")
            ]
        )
