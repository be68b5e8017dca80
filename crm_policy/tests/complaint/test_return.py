"""Goods come back: the note, the warehouse, the difference, the booking (C.8, S2.10)."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from .goods_common import GoodsCommon

NOTE = "crm.policy.return.note"
RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}


class TestReturn(GoodsCommon):
    def _note(self, remedy, **vals):
        vals.setdefault("basis", "2026-03-12 交涉结果")
        return self._issue(NOTE, remedy, **vals)

    def _sent(self, remedy, **vals):
        note = self._note(remedy, **vals)
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        self._by("specialist", note).action_policy_send()
        return note

    def _prove(self, note, **vals):
        values = {
            "return_id": note.id,
            "type": "annotated_copy",
            "invoice_ref": "25322000000012345678",
            "invoice_date": "2026-02-26",
            "returned_quantity": note.actual_quantity,
            "returned_price": 85,
            "returned_amount": 8500,
            "received_quantity": note.actual_quantity,
            "received_price": 85,
            "received_amount": 8500,
            "sealed": True,
            "attachment_ids": [(4, self._scan().id)],
            **vals,
        }
        return self.env["crm.policy.proof"].with_user(self.users["specialist"]).create(values)

    # === THE WAY OF A NOTE === #

    def test_hundred_come_back_of_a_hundred(self):
        """S2.10: 100 = 100, 9,605.00."""
        case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        self.assertRegex(note.number, r"^RT-\d{4}-0001$")
        self.assertEqual(
            (note.quantity, note.item_ref, note.over_receipt_percent, note.state, note.treatment),
            (100, "PCB-204", 5, "draft", "return"),
        )
        clerk = self._by("specialist", note)
        clerk.action_policy_submit()
        self.assertEqual(note.policy_approval_id.eligible_user_ids, self.posts["manager_office"])
        self._by("manager_office", note).action_policy_approve("同意")
        self.assertEqual(note.state, "approved")
        clerk.action_policy_send()
        self.assertEqual(note.state, "sent")
        self.assertTrue(self._by("warehouse", note).is_mine_to_receive)
        self._by("warehouse", note).action_policy_receive(100)
        self.assertEqual((note.state, note.actual_quantity), ("received", 100))
        self.assertEqual(note.received_by_id, self.posts["warehouse"])
        self._prove(note)
        self.assertEqual(note.state, "proof")
        clerk.action_policy_hand_over()
        self.assertEqual(note.state, "accounting")
        self._by("finance", note).action_policy_book("记-2026-03-018")
        self.assertEqual((note.state, note.voucher_ref), ("booked", "记-2026-03-018"))
        self.assertEqual(remedy.executed_amount, 9605.00)
        self.assertTrue(remedy.executed_at)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", NOTE), ("res_id", "=", note.id)], order="id"
        )
        self.assertEqual(
            [kind for kind in events.mapped("type") if not kind.startswith("approval")],
            [
                "return.issued",
                "fact.approved",
                "fact.sent",
                "fact.received",
                "fact.proof",
                "return.proved",
                "fact.handed",
                "fact.booked",
            ],
        )

    def test_booking_is_what_the_case_was_waiting_for(self):
        self._ask_for_execution()
        case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        self._by("warehouse", note).action_policy_receive(100)
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        self.assertEqual(case._policy_unexecuted(), [remedy.display_name])
        self.assertFalse(case.policy_executed_at)
        self._by("finance", note).action_policy_book("1")
        self.assertTrue(case.policy_executed_at)

    def test_no_step_before_its_turn(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        clerk, warehouse = self._by("specialist", note), self._by("warehouse", note)
        finance = self._by("finance", note)
        with self.assertRefused(UserError, "missing first: Approved At"):
            clerk.action_policy_send()
        clerk.action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        with self.assertRaises(AccessError):  # not sent: the warehouse does not see it
            warehouse.action_policy_receive(100)
        clerk.action_policy_send()
        with self.assertRefused(UserError, "recorded already"):
            clerk.action_policy_send()
        with self.assertRefused(UserError, "missing first: Received At"):
            self._prove(note)
        warehouse.action_policy_receive(100)
        with self.assertRefused(UserError, "recorded already"):
            warehouse.action_policy_receive(90)
        with self.assertRefused(UserError, "missing first: Proof Obtained At"):
            clerk.action_policy_hand_over()
        self._prove(note)
        with self.assertRefused(UserError, "missing first: Handed to Accounting At"):
            finance.action_policy_book("1")
        clerk.action_policy_hand_over()
        for voucher in (None, " ", 5, ["x"]):
            with self.subTest(voucher), self.assertRaises(ValidationError):
                finance.action_policy_book(voucher)
        finance.action_policy_book("1")
        with self.assertRefused(UserError, "recorded already"):
            finance.action_policy_book("2")

    def test_each_step_by_whom_it_is_due_to(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        for who in ("finance", "qc", "analyst"):
            with self.subTest(who), self.assertRaises(AccessError):
                self._by(who, note).action_policy_submit()
        self._by("specialist", note).action_policy_submit()
        with self.assertRaises(UserError):
            self._by("specialist", note).action_policy_approve("同意")
        self._by("manager_office", note).action_policy_approve("同意")
        with self.assertRaises(AccessError):
            self._by("manager_office", note).action_policy_send()
        self._by("specialist", note).action_policy_send()
        for who in ("specialist", "supervisor", "finance", "manager_office"):
            with self.subTest(who), self.assertRefused(AccessError, "t_warehouse|work"):
                self._by(who, note).action_policy_receive(100)
        self._by("warehouse", note).action_policy_receive(100)
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        for who in ("specialist", "manager", "warehouse"):
            with self.subTest(who), self.assertRefused(AccessError, "taken by"):
                self._by(who, note).action_policy_book("1")

    def test_the_manufacturer_says_who_signs_and_what_is_taken_in(self):
        routes = self.env["crm.policy.route"].search([("version_id", "=", self.manufacturer.id)])
        signers = {
            route.model_name: [(step.role_id.code, step.amount_from) for step in route.step_ids]
            for route in routes
        }
        self.assertEqual(signers[NOTE], [("manager_office", 0)])
        self.assertEqual(
            signers["crm.policy.allowance"],
            [("manager_office", 0), ("deputy_gm", 0), ("ceo", 50_000)],
        )
        ratio = self.env["crm.policy.parameter"]._policy_of(
            self.manufacturer, "over_receipt_percent"
        )
        self.assertEqual((ratio.value, ratio.clause_id.number), (5, "6.3"))

    # === SETTLEMENT === #

    def test_there_is_no_note_before_the_case_is_settled(self):
        """S2.7: before this, allowance and return buttons raise."""
        case, remedy = self._case_with(RETURN, settle=False)
        with self.assertRefused(PolicyRefusal, "is settled"):
            self._note(remedy)
        self.assertFalse(remedy.can_issue)
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", case).action_policy_settle()
        self.assertEqual((remedy.can_issue, remedy.document_ref), (True, False))
        note = self._note(remedy)
        self.assertEqual((remedy.can_issue, remedy.document_ref), (False, note.number))

    def test_nor_without_the_decision_and_for_another_kind(self):
        case = self._new_case(policy_quantity=2000)
        self._drive(case, "respond")
        remedy = self.env["crm.policy.remedy"].create({"ticket_id": case.id, **RETURN})
        with self.assertRefused(PolicyRefusal, "once it is decided"):
            self._note(remedy)
        _case, allowance = self._case_with({**RETURN, "kind": "allowance"})
        with self.assertRefused(ValidationError, "not carried out by a document"):
            self._note(allowance)

    def test_what_goes_by_a_note_is_not_carried_out_without(self):
        _case, remedy = self._case_with(RETURN)
        self.assertFalse(remedy.can_execute)
        mine = self._as("specialist", remedy)
        with self.assertRefused(PolicyRefusal, "Clause 4.2.*Goods Return Note: not issued yet"):
            mine.action_policy_execute_amount(9605)
        note = self._note(remedy)
        with self.assertRefused(PolicyRefusal, note.number):
            mine.action_policy_execute_amount(9605)

    def test_a_policy_without_such_notes_knows_none(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_route SET model_name = 'x' WHERE model_name = %s", [NOTE]
        )
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        case = self._new_case(policy_quantity=200)
        self._drive(case, "respond")
        remedy = self.env["crm.policy.remedy"].create({"ticket_id": case.id, **RETURN})
        self._as("specialist", case).action_policy_propose("退货")
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        self._as("specialist", case).action_policy_decide()
        self._as("specialist", case).action_policy_settle()
        self.assertEqual([remedy.can_issue, remedy.can_execute], [False, True])
        note = self._note(remedy)
        with self.assertRefused(UserError, "no approval route"):
            self._by("specialist", note).action_policy_submit()

    def test_the_case_is_not_closed_over_an_open_note(self):
        case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        mine = self._as("specialist", case)
        mine.action_policy_reply("同意退货", "phone")
        problems = case._policy_close_problems()
        self.assertEqual(problems, [f"Not booked yet: {note.display_name}."])
        self._by("specialist", note).action_policy_cancel("客户改为自行处理")
        self.assertFalse(case._policy_close_problems())

    # === QUANTITIES === #

    def test_no_note_for_more_than_was_granted(self):
        _case, remedy = self._case_with(RETURN)
        for quantity in (100.01, 0, -1, float("inf"), 1e12):
            with self.subTest(quantity), self.assertRaises(ValidationError):
                self._note(remedy, quantity=quantity)
        with self.assertRaises(ValidationError):
            self._note(remedy, over_receipt_percent=101)
        _case, typed = self._case_with({"kind": "return", "amount": 500})
        with self.assertRefused(ValidationError, "determine the quantity"):
            self._note(typed)

    def test_a_remedy_has_one_note_at_a_time(self):
        _case, remedy = self._case_with(RETURN)
        self._note(remedy)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._note(remedy)
            self.env.flush_all()

    def test_a_note_that_was_cancelled_makes_room_for_another(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        for text in (None, " ", 5):
            with self.subTest(text), self.assertRaises(ValidationError):
                self._by("specialist", note).action_policy_cancel(text)
        self._by("specialist", note).action_policy_cancel("填错")
        self.assertEqual(note.state, "cancelled")
        other = self._sent(remedy)
        self.assertRegex(other.number, "0002$")
        with self.assertRefused(UserError, "is cancelled"):
            self._by("specialist", note).action_policy_submit()
        with self.assertRefused(UserError, "is cancelled"):
            self._by("specialist", note).reason = "x"
        self._by("warehouse", other).action_policy_receive(100)
        with self.assertRefused(UserError, "Received At is recorded"):
            self._by("specialist", other).action_policy_cancel("晚了")

    def test_where_goods_differ_the_warehouse_asks_first(self):
        """RET-RTN-02: 94 of 100; voucher for what came, 9,028.70 (RET-ACC-02)."""
        _case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        warehouse, boss = self._by("warehouse", note), self._by("supervisor", note)
        with self.assertRefused(UserError, "has not asked"):
            boss.action_policy_instruct("照收")
        warehouse.action_policy_receive(94)
        self.assertEqual(
            (note.state, note.actual_quantity, note.difference, note.policy_received_at),
            ("mismatch", 94, -6, False),
        )
        # Asking twice is no instruction.
        warehouse.action_policy_receive(94)
        self.assertEqual(note.state, "mismatch")
        with self.assertRaises(AccessError):
            self._by("specialist", note).action_policy_instruct("照收")
        with self.assertRaises(AccessError):
            warehouse.action_policy_instruct("照收")
        for text in (None, "", 5):
            with self.subTest(text), self.assertRaises(ValidationError):
                boss.action_policy_instruct(text)
        boss.action_policy_instruct("按实收94片签收")
        self.assertEqual(note.instructed_by_id, self.users["supervisor"])
        # It was for these pieces: others are a new question.
        warehouse.action_policy_receive(93)
        self.assertEqual((note.state, note.instruction), ("mismatch", False))
        warehouse.action_policy_receive(94)
        boss.action_policy_instruct("按实收94片签收")
        warehouse.action_policy_receive(94)
        self.assertEqual(note.state, "received")
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        self._by("finance", note).action_policy_book("1")
        self.assertEqual(remedy.executed_amount, 9028.70)

    def test_who_is_to_act_is_told(self):
        _case, remedy = self._case_with(RETURN)
        Message = self.env["mail.message"]
        last = Message.search([], order="id desc", limit=1)

        def told():
            messages = Message.search([("id", ">", last.id), ("model", "=", NOTE)], order="id")
            return [(line.subject, line.partner_ids.user_ids) for line in messages]

        note = self._sent(remedy)
        self.assertEqual(told(), [(f"To take in: {note.number}", self.posts["warehouse"])])
        self._by("warehouse", note).action_policy_receive(94)
        self._by("supervisor", note).action_policy_instruct("照收")
        self.assertEqual(
            told()[1:],
            [
                (f"What came differs: {note.number}", self.users["specialist"]),
                (f"Instruction for the warehouse: {note.number}", self.posts["warehouse"]),
            ],
        )

    def test_who_has_found_the_difference_gives_no_instruction(self):
        post = self.env["crm.policy.post"].search([("role_id.code", "=", "warehouse")])
        post.user_ids = [(4, self.users["supervisor"].id)]
        _case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        self._by("supervisor", note).action_policy_receive(94)
        with self.assertRefused(UserError, "somebody else than who has found"):
            self._by("supervisor", note).action_policy_instruct("照收")
        self._by("manager", note).action_policy_instruct("照收")

    def test_more_is_taken_within_the_ratio(self):
        """S5, RET-ACC-02: 105 of 100 are exactly five percent, 10,085.25."""
        _case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        self._by("warehouse", note).action_policy_receive(105)
        self._by("supervisor", note).action_policy_instruct("照收")
        self._by("warehouse", note).action_policy_receive(105)
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        self._by("finance", note).action_policy_book("1")
        self.assertEqual(remedy.executed_amount, 10_085.25)

    def test_beyond_the_ratio_it_is_decided_first(self):
        case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        self._by("warehouse", note).action_policy_receive(106)
        boss = self._by("supervisor", note)
        with self.assertRefused(PolicyRefusal, r"Clause 4\.2.*10,181\.30.*9,605\.00.*10,085\.25"):
            boss.action_policy_instruct("照收")
        self._as("supervisor", remedy).action_policy_ask_excess(10_181.30)
        with self.assertRaises(PolicyRefusal):
            boss.action_policy_instruct("照收")
        excess = case.policy_remedy_ids - remedy
        excess.with_user(excess.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同"
        )
        boss.action_policy_instruct("照收")
        self._by("warehouse", note).action_policy_receive(106)
        self.assertEqual(note.state, "received")

    def test_the_ratio_that_the_customer_has_agreed_is_signed_with_the_note(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy, over_receipt_percent=10)
        self._by("specialist", note).action_policy_submit()
        self._by("specialist", note).over_receipt_percent = 20
        self.assertEqual(note.policy_approval_state, "none")
        self._by("specialist", note).over_receipt_percent = 10
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        self._by("specialist", note).action_policy_send()
        self._by("warehouse", note).action_policy_receive(110)
        self._by("supervisor", note).action_policy_instruct("订单约定10%")
        self._by("warehouse", note).action_policy_receive(110)
        self.assertEqual(note.state, "received")

    def test_goods_without_a_price_are_never_taken_beyond_the_ratio(self):
        _case, remedy = self._case_with({"kind": "exchange", "quantity": 100})
        note = self._sent(remedy)
        self._by("warehouse", note).action_policy_receive(106)
        with self.assertRefused(UserError, "at most 105 are taken in"):
            self._by("supervisor", note).action_policy_instruct("照收")
        self._by("warehouse", note).action_policy_receive(100)
        self.assertEqual(note.state, "received")

    def test_what_cannot_be_meant_is_not_received(self):
        _case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)
        for quantity in (None, 0, -1, "100", True, float("nan"), 1e12, [100]):
            with self.subTest(quantity), self.assertRaises(ValidationError):
                self._by("warehouse", note).action_policy_receive(quantity)

    # === WHAT IS SIGNED STAYS === #

    def test_what_was_signed_is_not_changed(self):
        _case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        clerk = self._by("specialist", note)
        clerk.reason = "分层、起泡"
        clerk.action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        for vals in (
            {"reason": "x"},
            {"basis": "x"},
            {"quantity": 50},
            {"item_ref": "x"},
            {"over_receipt_percent": 50},
        ):
            for who in (clerk, note):
                with self.subTest(vals), self.assertRefused(UserError, "as it was signed"):
                    who.write(vals)
        with self.assertRaises(UserError):
            note.unlink()

    def test_a_note_stays_with_its_remedy(self):
        _case, remedy = self._case_with(RETURN)
        _case, other = self._case_with(RETURN)
        note = self._note(remedy)
        for vals in ({"remedy_id": other.id}, {"ticket_id": other.ticket_id.id}):
            with self.subTest(vals), self.assertRaises(UserError):
                self._by("specialist", note).write(vals)

    def test_who_has_written_it_does_not_sign_it(self):
        _case, remedy = self._case_with(RETURN)
        post = self.env["crm.policy.post"].search([("role_id.code", "=", "manager_office")])
        post.user_ids = [(4, self.users["manager"].id)]
        note = self._note(remedy)
        self._by("manager", note).basis = "经理补充"
        self._by("specialist", note).action_policy_submit()
        self.assertNotIn(self.users["manager"], note.policy_approval_id.eligible_user_ids)

    def test_it_is_signed_with_reason_and_basis(self):
        _case, remedy = self._case_with(RETURN)
        for vals in ({"reason": " "}, {"basis": False}):
            note = self._note(remedy, **vals)
            with self.subTest(vals), self.assertRefused(ValidationError, "Fill in"):
                self._by("specialist", note).action_policy_submit()
            self._by("specialist", note).action_policy_cancel("x")

    # === SIGHT === #

    def test_the_warehouse_sees_what_was_sent_to_it_and_no_case(self):
        case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        mine = self._by("warehouse", self.env[NOTE])
        self.assertFalse(mine.search([]))
        with self.assertRaises(AccessError):
            self._by("warehouse", note).read(["quantity"])
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        self._by("specialist", note).action_policy_send()
        self.assertEqual(mine.search([]), note)
        self.assertEqual(self._by("warehouse", note).quantity, 100)
        with self.assertRaises(AccessError):
            self._by("warehouse", case).read(["name"])
        with self.assertRaises(AccessError):
            self._by("warehouse", note).reason = "x"
        self.assertFalse(self._by("policy_admin", self.env[NOTE]).search([]))

    def test_the_window_shows_no_document_that_is_hidden(self):
        case, remedy = self._case_with(RETURN)
        note = self._note(remedy)
        for name, record, turn, computed in (
            ("goods", note, {"return_id": note.id, "turn": "cancel"}, "quantity"),
            ("ruling", case, {"ticket_id": case.id}, "amount"),
            ("case", case, {"ticket_id": case.id, "turn": "merge"}, "into_id"),
        ):
            stranger = self.posts["warehouse"] if name == "goods" else self.other_specialist
            Turn = self.env[f"crm.policy.{name}.turn"].with_user(stranger)
            with self.subTest(name):
                self.assertFalse(record.with_user(stranger).has_access("read"))
                with self.assertRaises(AccessError):
                    Turn.create(turn)
                with self.assertRaises(AccessError):
                    Turn.new(turn)[computed]

    def test_the_window_takes_each_step(self):
        _case, remedy = self._case_with(RETURN)
        note = self._sent(remedy)

        def turn(who, **vals):
            Turn = self._by(who, self.env["crm.policy.goods.turn"])
            return Turn.create({"return_id": note.id, **vals})

        window = turn("warehouse", turn="receive")
        self.assertEqual(window.quantity, 100)
        window.quantity = 94
        window.action_policy_confirm()
        turn("supervisor", turn="instruct", text="照收").action_policy_confirm()
        window = turn("warehouse", turn="receive")
        self.assertEqual(window.quantity, 94)
        window.action_policy_confirm()
        self._prove(note)
        self._by("specialist", note).action_policy_hand_over()
        turn("finance", turn="book", voucher="1").action_policy_confirm()
        self.assertEqual(note.state, "booked")
