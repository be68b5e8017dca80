from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_compare

from odoo.addons.crm_policy.exceptions import PolicyRefusal
from odoo.addons.crm_policy.words import list_words

ENDED = ("done", "cancel")


class CrmPolicyReturnNote(models.Model):
    """A return note with a transfer: the warehouse receives in its own screen (RET-RTN-01, -02).

    What the transfers of a note bring counts together. Once none of them is open the warehouse has
    signed, with the quantity that came; another quantity than the note's waits for an instruction.
    """

    _inherit = "crm.policy.return.note"

    product_id = fields.Many2one(
        "product.product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain=[("type", "=", "consu")],
        help="What the warehouse takes in. It is found by the item of the case; choose it where "
        "that says too little.",
    )
    picking_ids = fields.One2many(
        "stock.picking",
        "policy_return_id",
        string="Transfers",
        readonly=True,
        groups="stock.group_stock_user",
    )
    picking_state = fields.Selection(
        [("none", "None"), ("open", "Open"), ("ended", "Ended")],
        string="Return Transfer",
        compute="_compute_picking_state",
        compute_sudo=True,
    )
    quantity_in_stock = fields.Float(
        string="Taken In so Far",
        digits=(16, 2),
        readonly=True,
        copy=False,
        help="By all transfers of this note that are done.",
    )

    # === COMPUTE METHODS === #

    @api.depends("item_ref")
    def _compute_product_id(self):
        for note in self:
            note.product_id = note.product_id or note._policy_product_of_item()

    @api.depends("picking_ids.state")
    def _compute_picking_state(self):
        for note in self:
            open_ones = note._policy_open_pickings()
            note.picking_state = (open_ones and "open") or (note.picking_ids and "ended") or "none"

    # === CONSTRAINT METHODS === #

    @api.constrains("product_id", "remedy_id")
    def _check_product(self):
        """A warehouse takes in goods, those of its own company."""
        for note in self.sudo():
            product = note.product_id
            strange = product.company_id and product.company_id != note.remedy_id.company_id
            if product and (product.type != "consu" or strange):
                raise ValidationError(
                    self.env._(
                        "%(product)s is nothing that a warehouse takes in.",
                        product=product.display_name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"picking_ids", "quantity_in_stock"}

    def write(self, vals):
        if "product_id" in vals:
            for note in self.sudo().filtered("picking_ids"):
                if note._policy_is_changed("product_id", vals["product_id"]):
                    raise UserError(
                        self.env._(
                            "%(note)s: the transfer of %(product)s is there; its product stays.",
                            note=note.display_name,
                            product=note.product_id.display_name,
                        )
                    )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_policy_make_transfer(self):
        """Make the transfer that brings the goods back, where the signatures made none."""
        self._policy_check_clerk()
        for note in self.sudo():
            # Two who ask at once make one.
            note._policy_hold_rows()
            problem = note._policy_transfer_problem()
            if problem:
                raise UserError(problem)
            note._policy_make_transfer()
        return True

    def action_policy_open_transfers(self):
        """Open the transfers of this note."""
        self.ensure_one()
        self.check_access("read")
        Actions = self.env["ir.actions.actions"]
        action = Actions._for_xml_id("stock.stock_picking_action_picking_type")
        pickings = self.picking_ids
        name = self.env._("Return Transfers")
        own = [("policy_return_id", "=", self.id)]
        action |= {"name": name, "domain": own, "context": {"create": False}}
        if len(pickings) == 1:
            action |= {"res_id": pickings.id, "views": [(False, "form")]}
        return action

    def action_policy_receive(self, quantity=None, at=None, reason=None):
        """Sign for what came without a transfer; where there is one it says what came.

        :raises UserError: a transfer is open, or transfers that are done brought another quantity.
        """
        note = self.sudo()
        open_ones = note._policy_open_pickings()
        if open_ones:
            raise UserError(
                self.env._(
                    "%(note)s: receive the goods in the transfer %(transfers)s.",
                    note=note.display_name,
                    transfers=list_words(self.env, open_ones.mapped("name")),
                )
            )
        came = note.quantity_in_stock
        number = quantity if isinstance(quantity, float | int) else 0.0
        if came and float_compare(number, came, precision_digits=2):
            raise UserError(
                self.env._(
                    "%(note)s: the transfers brought %(came)g pieces: sign for those.",
                    note=note.display_name,
                    came=came,
                )
            )
        return super().action_policy_receive(quantity, at, reason)

    def action_policy_cancel(self, reason=None):
        for note in self.sudo().filtered("quantity_in_stock"):
            raise UserError(
                self.env._(
                    "%(note)s: %(came)g pieces are in stock already.",
                    note=note.display_name,
                    came=note.quantity_in_stock,
                )
            )
        result = super().action_policy_cancel(reason)
        self.sudo()._policy_open_pickings().action_cancel()
        return result

    # === THE TRANSFER === #

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        for note in self.sudo():
            if not note._policy_transfer_problem():
                note._policy_make_transfer()
        return result

    def _policy_open_pickings(self):
        return self.picking_ids.filtered(lambda picking: picking.state not in ENDED)

    def _policy_product_of_item(self):
        """Return the one product that the item of the note names, as superuser."""
        Product = self.env["product.product"].sudo()
        item = (self.item_ref or "").strip()
        if not item:
            return Product
        company = self.remedy_id.sudo().company_id
        companies = Domain("company_id", "in", [False, company.id]) & Domain("type", "=", "consu")
        found = Product.search(Domain("default_code", "=", item) & companies, limit=2)
        found = found or Product.search(Domain("barcode", "=", item) & companies, limit=2)
        return found if len(found) == 1 else Product

    def _policy_return_type(self):
        """Return the operation with which the company takes goods in."""
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)], limit=1
        )
        return warehouse.in_type_id

    def _policy_transfer_problem(self):
        """Return why no transfer can be made, or None."""
        if self.state not in ("approved", "sent"):
            return self.env._(
                "%(note)s: a transfer is made once the note is approved, and before the goods are "
                "received.",
                note=self.display_name,
            )
        if self._policy_open_pickings() or self.quantity_in_stock:
            return self.env._("%(note)s has its transfer.", note=self.display_name)
        if not self.product_id:
            return self.env._(
                "%(note)s: choose the product that comes back.", note=self.display_name
            )
        if not self._policy_return_type():
            return self.env._("%(company)s has no warehouse.", company=self.company_id.name)
        return None

    def _policy_make_transfer(self):
        """Make the transfer: from where the goods were delivered, of the quantity approved."""
        self = self._policy_for_another_app()
        delivered, lot = self._policy_delivery()
        kind = delivered.picking_type_id.return_picking_type_id or self._policy_return_type()
        partner = self.partner_id
        source = delivered.location_dest_id or partner.property_stock_customer
        place = {
            "location_id": source.id,
            "location_dest_id": kind.default_location_dest_id.id,
            "company_id": self.company_id.id,
            "partner_id": partner.id,
        }
        picking = self.env["stock.picking"]._policy_guarded_create(
            [
                {
                    **place,
                    "picking_type_id": kind.id,
                    "origin": self.number,
                    "return_id": delivered.picking_id.id,
                    "policy_return_id": self.id,
                }
            ]
        )
        move = self.env["stock.move"].create(
            {
                **place,
                "picking_id": picking.id,
                "picking_type_id": kind.id,
                "product_id": self.product_id.id,
                "product_uom": self.product_id.uom_id.id,
                "product_uom_qty": self.quantity,
                "origin_returned_move_id": delivered.id,
                "procure_method": "make_to_stock",
                "origin": self.number,
            }
        )
        picking.action_confirm()
        picking.action_assign()
        if lot and self.product_id.tracking == "lot":
            move.move_line_ids.lot_id = lot
        self.env["crm.policy.event"]._policy_log(
            "return.transfer",
            self,
            {"picking": picking.id, "quantity": self.quantity, "delivery": delivered.id},
        )
        return picking

    def _policy_delivery(self):
        """Return (the move that delivered these goods, their lot), as far as the case tells."""
        case = self.ticket_id
        Lot = self.env["stock.lot"]
        if case.policy_lot_ref:
            Lot = Lot.search(
                [
                    ("product_id", "=", self.product_id.id),
                    ("name", "=", case.policy_lot_ref.strip()),
                    ("company_id", "in", [False, self.company_id.id]),
                ],
                limit=1,
            )
        domain = (
            Domain("state", "=", "done")
            & Domain("company_id", "=", self.company_id.id)
            & Domain("product_id", "=", self.product_id.id)
            & Domain("location_dest_id.usage", "=", "customer")
            & Domain("partner_id.commercial_partner_id", "=", case.commercial_partner_id.id)
        )
        if Lot:
            domain &= Domain("move_line_ids.lot_id", "in", Lot.ids)
        order = (case.policy_order_ref or "").strip()
        if order:
            domain &= Domain("picking_id.origin", "=", order) | Domain(
                "picking_id.name", "=", order
            )
        if not order and not Lot:
            return self.env["stock.move"], Lot
        return self.env["stock.move"].search(domain, order="date desc, id desc", limit=1), Lot

    # === WHAT CAME === #

    def _policy_refuse_unready(self):
        """Refuse to take goods in for a note that is not approved and sent to the warehouse.

        :raises PolicyRefusal: names the clause, what was asked and who can decide.
        """
        for note in self:
            if note.state in ("sent", "mismatch"):
                continue
            clause = note._policy_ratio_clause()
            source = clause._policy_citation() if clause else note.policy_version_id.display_name
            deciders = note.policy_approval_id.eligible_user_ids
            states = dict(note._fields["state"]._description_selection(self.env))
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(note)s is not with the warehouse (%(state)s): %(quantity)g "
                    "pieces were to be taken in, 0 may be. May decide: %(deciders)s; then %(user)s "
                    "sends it.",
                    clause=source,
                    note=note.display_name,
                    state=states[note.state],
                    quantity=note.quantity,
                    deciders=list_words(self.env, deciders.mapped("name")) or "-",
                    user=note.user_id.name or "-",
                )
            )

    def _policy_refuse_uninstructed(self, came):
        """Refuse to take in another quantity than the note's before the instruction is there."""
        case = self.ticket_id
        raise PolicyRefusal(
            self.env._(
                "%(clause)s: %(came)g came, %(note)s is for %(approved)g. The warehouse takes them "
                "in once somebody else has said what to do. May decide: %(deciders)s.",
                clause=self._policy_ratio_clause()._policy_citation(),
                came=came,
                note=self.display_name,
                approved=self.quantity,
                deciders=list_words(self.env, self._policy_instructors(case).mapped("name")) or "-",
            )
        )

    def _policy_instructors(self, case):
        """Return who may say what to do with a difference: superiors of the handler."""
        people = case.team_id.user_id | case.policy_department_id.manager_id.user_id
        return people - self.received_by_id - case.policy_accused_user_ids

    def _policy_is_different(self, came, final):
        """Return whether so many, with all transfers that are still open, must be asked about."""
        more = float_compare(came, self.quantity, precision_digits=2) > 0
        return (final or more) and self._policy_must_ask(came)

    def _policy_take_in(self):
        """Write back what the transfers have brought; the last one signs for it.

        :raises PolicyRefusal: it is not what the note says, and nobody has said what to do.
        """
        for note in self:
            came = sum(note.picking_ids.move_ids.mapped(lambda move: move._policy_came()))
            # Two transfers that end at the same time meet in this row.
            note._policy_guarded_write({"quantity_in_stock": came})
            final = not note._policy_open_pickings()
            if note._policy_is_different(came, final):
                note._policy_refuse_uninstructed(came)
            if final and came:
                note._policy_sign_for(came)

    def _policy_end_short(self):
        """The rest was called off: what has come so far is what came."""
        for note in self:
            came = note.quantity_in_stock
            if not came or note._policy_open_pickings() or note.policy_received_at:
                continue
            if note._policy_must_ask(came):
                note._policy_report_difference(came)
            else:
                note._policy_sign_for(came)
