from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_compare

from ...tools.amounts import is_plausible
from ...tools.cell_values import FIRST_YEAR
from ...words import list_words
from .goods_document import ACCOUNTING

INVOICE = ("invoice_ref", "invoice_date")
RETURNED = ("returned_quantity", "returned_price", "returned_amount")
RECEIVED = ("received_quantity", "received_price", "received_amount")
# What each kind of proof has to say (RET-PRF-01, E.6).
NEEDED = {
    "original_invoice": INVOICE,
    "annotated_copy": (*INVOICE, *RETURNED, *RECEIVED),
    "return_certificate": (*INVOICE, *RETURNED),
    "red_letter": ("red_letter_ref", *INVOICE),
}
# An electronic invoice has no seal; the tax office confirms it.
UNSEALED = ("red_letter",)


class CrmPolicyProof(models.Model):
    """What the buyer gives for goods that came back, so that Accounting may book (RET-PRF-01)."""

    _name = "crm.policy.proof"
    _description = "Proof of a Return"
    _inherit = ["crm.policy.sealed.paper", "crm.policy.case.entry"]
    _rec_name = "type"
    _order = "id desc"
    # The facts of its return note lock it.
    _policy_locked_by = None
    _policy_of_one_cycle = False

    return_id = fields.Many2one(
        "crm.policy.return.note",
        string="Return Note",
        required=True,
        index=True,
        ondelete="restrict",
        copy=False,
    )
    type = fields.Selection(
        [
            ("original_invoice", "Original Invoice Sent Back"),
            ("annotated_copy", "Copy of the Invoice with What Came Back"),
            ("return_certificate", "Sales Return Certificate"),
            ("red_letter", "Confirmation of a Red-Letter Invoice"),
        ],
        required=True,
        default="annotated_copy",
    )
    invoice_ref = fields.Char(string="Invoice No.")
    invoice_date = fields.Date()
    returned_quantity = fields.Float(digits=(16, 2))
    returned_price = fields.Float(digits=(16, 4))
    returned_amount = fields.Monetary()
    received_quantity = fields.Float(digits=(16, 2))
    received_price = fields.Float(digits=(16, 4))
    received_amount = fields.Monetary()
    red_letter_ref = fields.Char(string="Confirmation No.")
    sealed = fields.Boolean(help="The invoice seal of the buyer is on it.")
    attachment_ids = fields.Many2many(
        "ir.attachment",
        string="Scans",
        copy=False,
        ondelete="restrict",
        help="Pictures or PDF.",
    )

    _return_uniq = models.UniqueIndex("(return_id)", "A return note has one proof.")

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "type", *INVOICE, *RETURNED, *RECEIVED, "red_letter_ref", "sealed", "attachment_ids"
    )
    def _check_complete(self):
        """Refuse a proof that proves nothing: a number, the seal or the scan is missing."""
        for proof in self.sudo():
            missing = [
                proof._fields[name].get_description(self.env, ["string"])["string"]
                for name in (
                    "type",
                    *NEEDED.get(proof.type, ()),
                    *(() if proof.type in UNSEALED else ("sealed",)),
                    "attachment_ids",
                )
                if not proof[name]
            ]
            if missing:
                raise ValidationError(
                    self.env._("The proof lacks: %(fields)s.", fields=list_words(self.env, missing))
                )
            if any(not is_plausible(proof[name]) for name in (*RETURNED, *RECEIVED)):
                raise ValidationError(
                    self.env._("A quantity or an amount on the proof cannot be meant.")
                )
            today = fields.Date.context_today(proof)
            if not FIRST_YEAR <= proof.invoice_date.year or proof.invoice_date > today:
                raise ValidationError(
                    self.env._("No invoice can be dated %(date)s.", date=str(proof.invoice_date))
                )

    @api.constrains("type", "received_quantity", "return_id")
    def _check_received(self):
        """The buyer's paper and our warehouse speak of the same goods (RET-ACC-01)."""
        for proof in self.sudo():
            came = proof.return_id.actual_quantity
            if "received_quantity" in NEEDED.get(proof.type, ()) and float_compare(
                proof.received_quantity, came, precision_digits=2
            ):
                raise ValidationError(
                    self.env._(
                        "The proof says %(proof)g pieces were received; the warehouse signed for "
                        "%(came)g.",
                        proof=proof.received_quantity,
                        came=came,
                    )
                )

    # === SIGHT === #

    @api.model
    def _policy_own_domain(self):
        # It goes with its note to Accounting.
        own = super()._policy_own_domain()
        if self.env.user.has_group(ACCOUNTING):
            own |= Domain("return_id.policy_handed_at", "!=", False)
        return own

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        Note = self.env["crm.policy.return.note"]
        notes = [
            Note.browse(vals["return_id"]).exists()
            if isinstance(vals.get("return_id"), int)
            else Note
            for vals in vals_list
        ]
        for note in notes:
            note._policy_check_clerk()
        # The fact first: it says what has to be there before a proof.
        for note in notes:
            note.sudo()._policy_set_fact("policy_proof_at")
        proofs = super().create(
            [
                {**vals, "ticket_id": note.sudo().ticket_id.id}
                for vals, note in zip(vals_list, notes, strict=True)
            ]
        )
        proofs._policy_log_scans()
        return proofs

    def write(self, vals):
        if {"return_id", "ticket_id"}.intersection(vals):
            raise UserError(self.env._("A proof stays with its return note."))
        for proof in self:
            proof.return_id._policy_check_clerk()
        result = super().write(vals)
        self._policy_log_scans()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A proof stays with its return note."))

    # === BUSINESS METHODS === #

    def _policy_log_scans(self):
        for proof in self.sudo():
            self.env["crm.policy.event"]._policy_log(
                "return.proved",
                proof.return_id,
                {"type": proof.type, "scans": proof._policy_checksums()},
            )

    def _policy_lock_problem(self, case):
        problem = super()._policy_lock_problem(case)
        if not problem and self.return_id.policy_handed_at:
            return self.env._(
                "%(note)s is with Accounting: its proof stays as it is.",
                note=self.return_id.display_name,
            )
        return problem
