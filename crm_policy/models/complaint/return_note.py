from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_compare

from ...tools.amounts import is_plausible
from ...words import list_words
from .remedy_quantity import GOODS

# The role of the organisation that takes goods in.
WAREHOUSE = "warehouse"
SUPERIORS = ("crm_policy.group_supervisor",)
OVER_RECEIPT = "over_receipt_percent"


class CrmPolicyReturnNote(models.Model):
    """Goods come back: so many were approved, so many came, and Accounting books what came.

    Where they differ the warehouse asks first; somebody else says what to do, and the warehouse
    signs for what really came (RET-RTN-01, RET-RTN-02, RET-ACC-01, RET-ACC-02).
    """

    _name = "crm.policy.return.note"
    _description = "Goods Return Note"
    _inherit = ["crm.policy.goods.document"]

    _policy_numbers = "RT-YYYY-NNNN"
    _policy_kinds = GOODS
    _policy_signed_names = ("reason", "basis", "item_ref", "quantity", "over_receipt_percent")
    _policy_needed_names = ("reason", "basis")
    _policy_measures = ("quantity", "over_receipt_percent")
    _policy_order_of_facts = {
        "policy_approved_at": (),
        "policy_sent_at": ("policy_approved_at",),
        "policy_received_at": ("policy_sent_at",),
        "policy_proof_at": ("policy_received_at",),
        "policy_handed_at": ("policy_proof_at",),
        "policy_booked_at": ("policy_handed_at",),
    }
    _policy_final_fact = "policy_received_at"

    basis = fields.Text(help="On what the return rests: the decision, the agreement.")
    quantity = fields.Float(string="Quantity Approved")
    over_receipt_percent = fields.Float(
        string="More Is Taken up to (%)",
        digits=(5, 2),
        compute="_compute_over_receipt_percent",
        store=True,
        readonly=False,
        precompute=True,
        help="As agreed with the customer on his order; the company's own ratio otherwise. It is "
        "signed with the note.",
    )
    actual_quantity = fields.Float(
        string="Quantity Received", digits=(16, 2), readonly=True, copy=False
    )
    difference = fields.Float(
        digits=(16, 2), compute="_compute_difference", help="Received beside what was approved."
    )
    received_by_id = fields.Many2one(
        "res.users", string="Signed by (Warehouse)", readonly=True, copy=False, ondelete="restrict"
    )
    asked_at = fields.Datetime(
        string="Difference Reported At",
        readonly=True,
        copy=False,
        help="When the warehouse found that what came is not what the note says.",
    )
    instruction = fields.Text(readonly=True, copy=False)
    instructed_by_id = fields.Many2one(
        "res.users", string="Instruction By", readonly=True, copy=False, ondelete="restrict"
    )
    policy_sent_at = fields.Datetime(string="Sent to the Warehouse At", readonly=True, copy=False)
    policy_received_at = fields.Datetime(string="Received At", readonly=True, copy=False)
    policy_proof_at = fields.Datetime(string="Proof Obtained At", readonly=True, copy=False)
    proof_ids = fields.One2many("crm.policy.proof", "return_id", string="Return Proof", copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approved", "Approved"),
            ("sent", "At the Warehouse"),
            ("mismatch", "Differs"),
            ("received", "Goods Received"),
            ("proof", "Proof Obtained"),
            ("accounting", "With Accounting"),
            ("booked", "Booked"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )
    is_mine_to_receive = fields.Boolean(compute="_compute_is_mine_to_receive")

    _remedy_uniq = models.UniqueIndex(
        "(remedy_id) WHERE cancelled_at IS NULL", "A remedy has one return note at a time."
    )

    # === COMPUTE METHODS === #

    @api.depends("remedy_id")
    def _compute_over_receipt_percent(self):
        Parameter = self.env["crm.policy.parameter"]
        for note in self:
            version = note.remedy_id.sudo().ticket_id.policy_version_id
            note.over_receipt_percent = Parameter._policy_of(version, OVER_RECEIPT).value

    @api.depends("quantity", "actual_quantity", "asked_at", "policy_received_at")
    def _compute_difference(self):
        for note in self:
            known = note.asked_at or note.policy_received_at
            note.difference = note.actual_quantity - note.quantity if known else 0.0

    @api.depends(
        "policy_approved_at",
        "policy_sent_at",
        "asked_at",
        "policy_received_at",
        "policy_proof_at",
        "policy_handed_at",
        "policy_booked_at",
        "cancelled_at",
    )
    def _compute_state(self):
        for note in self:
            note.state = (
                (note.cancelled_at and "cancelled")
                or (note.policy_booked_at and "booked")
                or (note.policy_handed_at and "accounting")
                or (note.policy_proof_at and "proof")
                or (note.policy_received_at and "received")
                or (note.asked_at and "mismatch")
                or (note.policy_sent_at and "sent")
                or (note.policy_approved_at and "approved")
                or "draft"
            )

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_is_mine_to_receive(self):
        for note in self:
            waits = note.state in ("sent", "mismatch")
            note.is_mine_to_receive = waits and self.env.user in note._policy_receivers()

    # === CONSTRAINT METHODS === #

    @api.constrains("quantity", "over_receipt_percent", "remedy_id")
    def _check_quantity(self):
        """No more comes back than was granted; what is not determined yet comes back later."""
        for note in self.sudo():
            granted = note.remedy_id.quantity
            if not granted:
                raise ValidationError(
                    self.env._(
                        "%(remedy)s: determine the quantity first.",
                        remedy=note.remedy_id.display_name,
                    )
                )
            if not 0 < note.quantity <= granted:
                raise ValidationError(
                    self.env._(
                        "%(remedy)s grants %(granted)g pieces: a note for %(quantity)g is not "
                        "possible.",
                        remedy=note.remedy_id.display_name,
                        granted=granted,
                        quantity=note.quantity,
                    )
                )
            if not 0 <= note.over_receipt_percent <= 100:
                raise ValidationError(
                    self.env._(
                        "%(field)s: between 0 and 100.",
                        field=note._policy_label("over_receipt_percent"),
                    )
                )

    # === SIGHT === #

    @api.model
    def _policy_own_domain(self):
        # The warehouse sees the notes that were sent to it, not the cases behind them.
        roles = self.env["crm.policy.role"].sudo().search([("code", "=", WAREHOUSE)])
        his = roles.filtered(lambda role: self.env.user in role._policy_everybody())
        return super()._policy_own_domain() | (
            Domain("policy_sent_at", "!=", False) & Domain("company_id", "in", his.company_id.ids)
        )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "actual_quantity",
            "received_by_id",
            "asked_at",
            "instruction",
            "instructed_by_id",
            "state",
        }

    # === ACTION METHODS === #

    def action_policy_send(self, at=None, reason=None):
        """Send the note to the warehouse (RET-RTN-01)."""
        self._policy_check_clerk()
        self.sudo()._policy_set_fact("policy_sent_at", at, reason)
        for note in self:
            note._policy_tell("sent", note._policy_receivers())
        return True

    def action_policy_receive(self, quantity=None, at=None, reason=None):
        """Sign for what came, as the warehouse; where it is not what the note says, ask first.

        The first time another quantity is only reported. Once somebody has said what to do the
        warehouse signs for that quantity (RET-RTN-02).

        :param float quantity: pieces that came.
        :raises AccessError: the user does not hold the role of the warehouse.
        :raises ValidationError: it is no quantity that can be meant.
        """
        self.ensure_one()
        self._policy_check_receiver()
        if isinstance(quantity, str | bool) or not quantity or not is_plausible(quantity):
            raise ValidationError(
                self.env._("A quantity of %(quantity)s cannot be meant.", quantity=quantity)
            )
        note = self.sudo()
        note._policy_check_fact("policy_received_at", None)
        if note._policy_must_ask(quantity):
            note._policy_report_difference(quantity)
        else:
            note._policy_sign_for(quantity, at, reason)
        return True

    def action_policy_instruct(self, text=None):
        """Tell the warehouse what to do with goods that differ from the note (RET-RTN-02).

        :param str text: required.
        :raises AccessError: the user is no superior who works on the case.
        :raises UserError: there is no difference, or the user has reported it himself.
        :raises PolicyRefusal: more came than the ratio allows and nobody has decided on that;
            offers to ask who is competent (RET-ACC-02).
        """
        self.ensure_one()
        self.check_access("write")
        self.ticket_id._policy_check_actor(SUPERIORS)
        text = self._policy_text(text, self.env._("Say what the warehouse is to do."))
        note = self.sudo()
        if note.state != "mismatch":
            raise UserError(
                self.env._("%(note)s: the warehouse has not asked.", note=note.display_name)
            )
        if note.received_by_id == self.env.user:
            raise UserError(
                self.env._(
                    "%(note)s: somebody else than who has found the difference says what to do.",
                    note=note.display_name,
                )
            )
        note._policy_check_over_receipt()
        note._policy_guarded_write({"instruction": text, "instructed_by_id": self.env.uid})
        seals = self.env["crm.policy.sealed"]._policy_seal(note, "instruction", text)
        self.env["crm.policy.event"]._policy_log(
            "return.instructed",
            note,
            {"quantity": note.actual_quantity, "instruction": seals[note.id]},
            clause=note._policy_ratio_clause(),
        )
        note._policy_tell("instructed", note.received_by_id)
        return True

    # === BUSINESS METHODS === #

    def _policy_warehouse(self):
        """Return the role that takes goods in, as superuser; empty where the company has none."""
        return (
            self.env["crm.policy.role"]
            .sudo()
            .search([("code", "=", WAREHOUSE), ("company_id", "=", self.sudo().company_id.id)])
        )

    def _policy_receivers(self):
        """Return who may sign for the goods; never who is complained about."""
        case = self.sudo().ticket_id
        role = self._policy_warehouse()
        holders = role._users_for(case)[case.id] if role else self.env["res.users"]
        return (holders - case.policy_accused_user_ids).sudo(False)

    def _policy_check_receiver(self):
        """Refuse whoever does not take goods in.

        :raises AccessError: the user does not hold the role of the warehouse.
        """
        self.check_access("read")
        self.ticket_id._policy_refuse_accused()
        receivers = self._policy_receivers()
        if self.env.user not in receivers:
            role = self._policy_warehouse()
            raise AccessError(
                self.env._(
                    "Goods are taken in by %(role)s: %(users)s.",
                    role=role.name or self.env._("the warehouse"),
                    users=list_words(self.env, receivers.mapped("name")) or "-",
                )
            )

    def _policy_must_ask(self, quantity):
        """Return whether so many are not what the note says, and nobody has said what to do."""
        known = self.instruction and not float_compare(self.actual_quantity, quantity, 2)
        return bool(float_compare(quantity, self.quantity, precision_digits=2) and not known)

    def _policy_sign_for(self, quantity, at=None, reason=None):
        """Write down that the warehouse has taken so many in; person and quantity are checked."""
        with self.env.cr.savepoint():
            self._policy_set_fact("policy_received_at", at, reason)
            self._policy_guarded_write(
                {"actual_quantity": quantity, "received_by_id": self.env.uid}
            )

    def _policy_report_difference(self, quantity):
        """Keep what came until somebody says what to do with it."""
        self._policy_guarded_write(
            {
                "actual_quantity": quantity,
                "received_by_id": self.env.uid,
                "asked_at": fields.Datetime.now(),
                "instruction": False,
                "instructed_by_id": False,
            }
        )
        self.env["crm.policy.event"]._policy_log(
            "return.mismatch", self, {"approved": self.quantity, "actual": quantity}
        )
        self.ticket_id._message_log(body=self._policy_news("asked")[1])
        self._policy_tell("asked", self.create_uid | self.ticket_id.user_id)

    def _policy_news(self, what):
        """Return subject and sentence of what is told, in the language of the environment.

        :param str what: sent, asked or instructed.
        """
        words = {
            "note": self.number,
            "item": self.item_ref or "-",
            "customer": self.sudo().partner_id.display_name or "-",
            "approved": self.quantity,
            "actual": self.actual_quantity,
        }
        if what == "sent":
            return (
                self.env._("To take in: %(note)s", **words),
                self.env._(
                    "%(note)s: %(approved)g pieces of %(item)s come back from %(customer)s.",
                    **words,
                ),
            )
        if what == "asked":
            return (
                self.env._("What came differs: %(note)s", **words),
                self.env._(
                    "%(note)s: %(actual)g came, %(approved)g were approved. The warehouse waits "
                    "for an instruction.",
                    **words,
                ),
            )
        return (
            self.env._("Instruction for the warehouse: %(note)s", **words),
            f"{self.number}: {self.instruction}",
        )

    def _policy_ratio_clause(self):
        parameter = self.env["crm.policy.parameter"]._policy_of(
            self.ticket_id.policy_version_id, OVER_RECEIPT
        )
        return parameter.clause_id or self.policy_approval_id.clause_id

    def _policy_check_over_receipt(self):
        """Refuse more than was approved and the ratio allows, unless it was decided since."""
        most = self.quantity * (1 + self.over_receipt_percent / 100)
        if float_compare(self.actual_quantity, most, precision_digits=2) <= 0:
            return
        remedy, clause = self.remedy_id, self._policy_ratio_clause()
        decided, amount = remedy._policy_decided_amount(), self._policy_amount_of_goods()
        if not remedy.amount:
            raise UserError(
                self.env._(
                    "%(clause)s: %(quantity)g came; at most %(most)g are taken in. Let the "
                    "customer have the rest back.",
                    clause=clause._policy_citation(),
                    quantity=self.actual_quantity,
                    most=most,
                )
            )
        if remedy.currency_id.compare_amounts(amount, decided) > 0:
            limit = self._policy_amount_of_goods(min(most, self.actual_quantity))
            remedy._policy_refuse_excess(amount, decided, limit, clause)

    def _policy_amount_of_goods(self, quantity=None):
        """Return what the goods that came are worth to the customer, or ``quantity`` of them."""
        quantity = self.actual_quantity if quantity is None else quantity
        remedy = self.remedy_id
        if remedy._policy_is_priced():
            return remedy._policy_price_of(quantity)[0]
        return remedy.currency_id.round(remedy.amount * quantity / remedy.quantity)

    def _policy_papers_amount(self):
        return self._policy_amount_of_goods()

    def _policy_booked_clause(self):
        return self._policy_ratio_clause()

    def _policy_approval_amount(self):
        return self._policy_amount_of_goods(self.quantity)

    def _policy_check_fact(self, name, moment):
        result = super()._policy_check_fact(name, moment)
        if name == "policy_handed_at" and not self.proof_ids:
            raise UserError(self.env._("%(note)s: the proof is missing.", note=self.display_name))
        return result

    def _policy_copies(self):
        # The first stays with the issuer for follow-up, the others go on (RET-RTN-01).
        return [
            self.env._("Copy 1: Issuer"),
            self.env._("Copy 2: Warehouse"),
            self.env._("Copy 3: Accounting"),
            self.env._("Copy 4: Sales"),
        ]

    def _policy_certified(self):
        """Return the notes whose certificate is printed for the buyer's seal: goods are there."""
        for note in self.sudo():
            if not note.policy_received_at:
                raise UserError(
                    self.env._("%(note)s: nothing has come back yet.", note=note.display_name)
                )
        return self._policy_printed()
