from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...exceptions import PolicyRefusal
from ...tools.zones import local_day
from ...words import list_words

# Which kinds of remedies the policy wants an acknowledgement for: a parameter each, 0 is none.
RECEIPT = "receipt_{kind}"
# How a recipient can say that he has it.
CHANNELS = [
    ("paper", "Signed Paper"),
    ("portal", "Portal"),
    ("link", "Private Link"),
]
HANDED = ("handed_at", "handed_by_id", "handed_amount")


class CrmPolicyRemedyReceipt(models.AbstractModel):
    """A remedy that counts as carried out once its recipient has acknowledged it (RET-CMP-01).

    Which kinds do is said by the policy. We write down that we have handed it over; then the
    recipient signs a paper, of which the scan is kept, or confirms it himself on the page of his
    case. With that it is carried out, with the amount that was handed over.

    What goes by a document of its own (an allowance certificate) has the seal of the customer on
    that document; nobody asks him a second time.
    """

    _name = "crm.policy.remedy.receipt"
    _description = "Remedy with a Receipt"
    _inherit = ["crm.policy.sealed.paper"]
    _policy_scans = "receipt_ids"

    currency_id = fields.Many2one("res.currency")
    wants_receipt = fields.Boolean(
        string="Receipt Needed",
        compute="_compute_wants_receipt",
        help="By its policy it counts as carried out once its recipient has acknowledged it.",
    )
    handed_at = fields.Datetime(string="Given to the Recipient At", readonly=True, copy=False)
    handed_by_id = fields.Many2one(
        "res.users", string="Given By", readonly=True, copy=False, ondelete="restrict"
    )
    handed_amount = fields.Monetary(string="Amount Given", readonly=True, copy=False)
    received_at = fields.Datetime(
        string="Receipt Recorded At",
        readonly=True,
        copy=False,
        help="When its recipient confirmed it himself, or his signed paper was entered.",
    )
    received_on = fields.Date(readonly=True, copy=False, help="The day on the signed paper.")
    received_name = fields.Char(string="Acknowledged By", readonly=True, copy=False)
    received_partner_id = fields.Many2one(
        "res.partner",
        string="Contact Who Acknowledged It",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who was logged in for the customer; empty: it came on paper or by his private link.",
    )
    received_channel = fields.Selection(
        CHANNELS, string="Acknowledged By Way Of", readonly=True, copy=False
    )
    receipt_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_remedy_receipt_rel",
        string="Signed Receipt",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Pictures or PDF.",
    )
    receipt_state = fields.Selection(
        [
            ("open", "Not Given Yet"),
            ("asked", "Waiting for the Recipient"),
            ("received", "Acknowledged"),
        ],
        string="Receipt",
        compute="_compute_receipt_state",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "ticket_id.policy_version_id", "excess_of_id")
    def _compute_wants_receipt(self):
        for remedy in self:
            remedy.wants_receipt = remedy.sudo()._policy_wants_receipt()

    @api.depends(
        "wants_receipt", "handed_at", "received_at", "executed_at", "policy_approval_state"
    )
    def _compute_receipt_state(self):
        for remedy in self:
            over = remedy.executed_at or remedy.policy_approval_state == "rejected"
            remedy.receipt_state = (
                (remedy.received_at and "received")
                or (remedy.handed_at and "asked")
                or (remedy.wants_receipt and not over and "open")
            )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            *HANDED,
            "received_at",
            "received_on",
            "received_name",
            "received_partner_id",
            "received_channel",
            "receipt_ids",
        }

    def write(self, vals):
        handed = self.sudo().filtered("handed_at")
        former = {remedy: remedy._policy_fingerprint() for remedy in handed}
        result = super().write(vals)
        for remedy, fingerprint in former.items():
            if remedy._policy_fingerprint() != fingerprint:
                remedy._policy_refuse_handed()
        return result

    def unlink(self):
        self.sudo().filtered("handed_at")._policy_refuse_handed()
        return super().unlink()

    def _policy_refuse_handed(self):
        for remedy in self:
            raise UserError(
                self.env._(
                    "%(remedy)s was handed over: it stays as it was decided.",
                    remedy=remedy.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_policy_hand_over(self, amount=None):
        """Write down that it was handed over, and ask its recipient to confirm that.

        :param float amount: in the currency of the case; what was decided by default.
        :raises PolicyRefusal: as for :meth:`action_policy_execute_amount`.
        :raises UserError: its policy asks for no receipt, or it is handed over already.
        """
        remedy, amount, _clause = self._policy_check_execution(amount)
        remedy._policy_check_receivable()
        if remedy.handed_at:
            raise UserError(
                self.env._("%(remedy)s is handed over already.", remedy=remedy.display_name)
            )
        remedy._policy_hand_over(amount)
        return True

    def action_policy_receipt(
        self, attachment_ids=None, signed_by=None, received_on=None, amount=None
    ):
        """Enter the paper on which the recipient has signed; with it the remedy is carried out.

        :param list attachment_ids: ids of the scans: pictures or PDF.
        :param str signed_by: who has signed.
        :param received_on: ``date`` on the paper; today by default.
        :param float amount: what he has received, where nobody has written that down yet.
        :raises ValidationError: the scan or the name is missing, or the day cannot be.
        """
        self.ensure_one()
        if self.sudo().handed_at:
            amount = self.sudo().handed_amount
        remedy, amount, clause = self._policy_check_execution(amount)
        remedy._policy_check_receivable()
        papers = self._policy_receipt_papers(attachment_ids)
        name = self._policy_receipt_name(signed_by)
        day = remedy._policy_receipt_day(received_on)
        with self.env.cr.savepoint():
            if not remedy.handed_at:
                remedy._policy_hand_over(amount)
            remedy._policy_guarded_write({"receipt_ids": [fields.Command.set(papers.ids)]})
            self._policy_keep_scans()
            remedy._policy_receive(name, "paper", day)
            remedy._policy_carry_out(amount, clause)
        return True

    # === BUSINESS METHODS === #

    def _policy_wants_receipt(self):
        """Return whether the policy wants an acknowledgement; as superuser."""
        version = self.ticket_id.policy_version_id
        if not (version and self.kind) or self.excess_of_id:
            return False
        value = self.env["crm.policy.parameter"]._policy_value_under
        return bool(value(version.id, RECEIPT.format(kind=self.kind)))

    def _policy_receipt_clause(self):
        """Return the clause that wants the acknowledgement, as superuser."""
        code = RECEIPT.format(kind=self.kind)
        return self.env["crm.policy.parameter"]._policy_of(
            self.ticket_id.policy_version_id, code
        ).clause_id  # fmt: skip

    def _policy_recipient(self):
        """Return who gets it, as superuser; empty where the case knows no customer."""
        return self.beneficiary_id or self.ticket_id.partner_id

    def _policy_waits_for_receipt(self):
        """Return whether it was handed over and its recipient has not acknowledged it."""
        return bool(self.handed_at and not self.received_at)

    def _policy_refuse_unreceived(self, amount):
        """Refuse to count as carried out what its recipient has not acknowledged (RET-CMP-01).

        :raises PolicyRefusal: names the clause, what is missing and who can give it.
        """
        currency = self.currency_id
        if self.received_at:
            if currency.compare_amounts(amount, self.handed_amount):
                raise UserError(
                    self.env._(
                        "%(remedy)s: %(name)s has acknowledged %(amount)s.",
                        remedy=self.display_name,
                        name=self.received_name,
                        amount=currency.format(self.handed_amount),
                    )
                )
            return
        if not self._policy_wants_receipt():
            return
        action = self.env["ir.actions.actions"]._for_xml_id("crm_policy.remedy_turn_action_receipt")
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(remedy)s counts as carried out with %(amount)s once its recipient "
                "has acknowledged it. Missing: his signature on a paper (scanned), or his "
                "confirmation on the page of his case. Can give it: %(recipient)s.",
                clause=self._policy_receipt_clause()._policy_citation(),
                remedy=self.display_name,
                amount=currency.format(amount),
                recipient=self._policy_recipient().display_name or self.env._("the customer"),
            ),
            action={**action, "context": {"default_remedy_id": self.id, "default_turn": "receipt"}},
            button=self.env._("Enter the Receipt"),
        )

    def _policy_check_receivable(self):
        """Refuse a hand-over that its policy asks no receipt for, or that is acknowledged."""
        if not self._policy_wants_receipt():
            raise UserError(
                self.env._(
                    "%(remedy)s needs no receipt: record that it was carried out.",
                    remedy=self.display_name,
                )
            )
        if self.received_at:
            raise UserError(
                self.env._(
                    "%(remedy)s: %(name)s has acknowledged it already.",
                    remedy=self.display_name,
                    name=self.received_name,
                )
            )

    def _policy_receipt_papers(self, attachment_ids):
        """Return the files that a caller names; he may read them."""
        ids = attachment_ids if isinstance(attachment_ids, list | tuple) else []
        if not ids or not all(isinstance(id_, int) and id_ > 0 for id_ in ids):
            raise ValidationError(
                self.env._(
                    "%(clause)s: %(remedy)s: attach the paper that %(recipient)s has signed.",
                    clause=self.sudo()._policy_receipt_clause()._policy_citation(),
                    remedy=self.display_name,
                    recipient=self.sudo()._policy_recipient().display_name
                    or self.env._("the customer"),
                )
            )
        papers = self.env["ir.attachment"].browse(ids).exists()
        papers.check_access("read")
        if len(papers) != len(set(ids)):
            raise ValidationError(self.env._("One of the files is not there."))
        return papers

    def _policy_receipt_name(self, name):
        name = name.strip() if isinstance(name, str) else ""
        if not name:
            raise ValidationError(
                self.env._("%(remedy)s: say who has signed the receipt.", remedy=self.display_name)
            )
        return name

    def _policy_receipt_day(self, received_on):
        """Return the day on the paper: not after today, not before the case was taken up."""
        today = local_day(fields.Datetime.now(), self.company_id)
        try:
            day = fields.Date.to_date(received_on) or today
        except (TypeError, ValueError):
            raise ValidationError(
                self.env._("%(date)s is no date.", date=str(received_on))
            ) from None
        first = local_day(self.ticket_id.policy_intake_at, self.company_id)
        if not first <= day <= today:
            raise ValidationError(
                self.env._(
                    "%(remedy)s: no receipt can be dated %(date)s; the case was taken up on "
                    "%(first)s.",
                    remedy=self.display_name,
                    date=str(day),
                    first=str(first),
                )
            )
        return day

    def _policy_hand_over(self, amount):
        """Write down that it was handed over; the caller has checked person and amount."""
        self._policy_guarded_write(
            {
                "handed_at": fields.Datetime.now(),
                "handed_by_id": self.env.uid,
                "handed_amount": amount,
            }
        )
        self.env["crm.policy.event"]._policy_log(
            "remedy.handed_over", self, {"amount": amount}, clause=self._policy_receipt_clause()
        )

    def _policy_receive(self, name, channel, day=None, author=None, link=None):
        """Keep who has acknowledged it, when and how.

        :param str channel: one of :data:`CHANNELS`.
        :param author: ``res.partner`` who was logged in, or None.
        :param link: ``crm.policy.follow.link`` by which he has come, or None.
        """
        now = fields.Datetime.now()
        self._policy_guarded_write(
            {
                "received_at": now,
                "received_on": day or local_day(now, self.company_id),
                "received_name": name,
                "received_channel": channel,
                "received_partner_id": author.id if author else False,
            }
        )
        # The ledger holds no names: what was typed enters as a hash.
        seals = self.env["crm.policy.sealed"]._policy_seal(self, "received_name", name)
        said = {"channel": channel, "amount": self.handed_amount, "name": seals[self.id]}
        if author:
            said["partner"] = author.id
        if link:
            said |= link._policy_payload()
        if self.receipt_ids:
            said["scans"] = self._policy_checksums()
        self.env["crm.policy.event"]._policy_log(
            "remedy.received", self, said, clause=self._policy_receipt_clause()
        )

    # === WHAT THE CUSTOMER SAYS === #

    def _policy_customer_received(self, name, channel, author, link=None):
        """Take the word of the recipient that he has it; as superuser.

        :param str name: as he calls himself.
        :param author: ``res.partner`` who was logged in, or None.
        """
        self.ensure_one()
        self._policy_receive(name, channel, author=author, link=link)
        speaker = author or self.ticket_id.partner_id
        sender = {"author_id": speaker.id} if speaker else {}
        self.ticket_id._message_log(
            body=self.env._(
                "%(name)s has received: %(remedy)s.", name=name, remedy=self.display_name
            ),
            **sender,
        )
        # What has come between since is said where it is recorded by hand.
        if not self.executed_at and self._policy_may_execute():
            _limit, clause = self._policy_execution_limit(self._policy_decided_amount())
            self._policy_carry_out(self.handed_amount, clause)

    def _policy_customer_misses(self, text, author, link=None):
        """Take the word of the recipient that he has not got it; as superuser."""
        self.ensure_one()
        handed_by = self.handed_by_id
        self._policy_guarded_write(dict.fromkeys(HANDED, False))
        self.env["crm.policy.event"]._policy_log(
            "remedy.not_received",
            self,
            {
                **({"partner": author.id} if author else {}),
                **(link._policy_payload() if link else {}),
            },
            clause=self._policy_receipt_clause(),
        )
        case = self.ticket_id
        case._policy_customer_says(text, author=author or case.partner_id)
        users = (handed_by | case.user_id).filtered("active")
        self.env["crm.policy.escalation"]._policy_remind_quietly(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(case._name),
                    "res_id": case.id,
                    "user_id": user.id,
                    "summary": self.env._(
                        "The customer has not received: %(remedy)s.", remedy=self.display_name
                    ),
                }
                for user in users
            ]
        )

    def _policy_receipt_words(self):
        """Return who has to acknowledge what, in words for the people of the case."""
        clauses = {remedy._policy_receipt_clause().number: None for remedy in self}
        return self.env._(
            "Receipt (%(clauses)s): %(remedies)s",
            clauses=list_words(self.env, [number for number in clauses if number]),
            remedies=list_words(
                self.env,
                [
                    self.env._(
                        "%(remedy)s, to be acknowledged by %(recipient)s",
                        remedy=remedy.display_name,
                        recipient=remedy._policy_recipient().display_name
                        or self.env._("the customer"),
                    )
                    for remedy in self
                ],
            ),
        )
