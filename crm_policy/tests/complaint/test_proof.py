"""What the buyer gives for goods that came back (RET-PRF-01, E.6)."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .goods_common import GoodsCommon

RETURN = {"kind": "return", "quantity": 100, "price_unit": 85, "tax_percent": 13}
INVOICE = {"invoice_ref": "25322000000012345678", "invoice_date": "2026-02-26"}
RETURNED = {"returned_quantity": 100, "returned_price": 85, "returned_amount": 8500}
RECEIVED = {"received_quantity": 100, "received_price": 85, "received_amount": 8500}
WHOLE = {
    "original_invoice": {**INVOICE, "sealed": True},
    "annotated_copy": {**INVOICE, **RETURNED, **RECEIVED, "sealed": True},
    "return_certificate": {**INVOICE, **RETURNED, "sealed": True},
    "red_letter": {**INVOICE, "red_letter_ref": "3201000000012345678"},
}


class TestProof(GoodsCommon):
    def _received(self):
        _case, remedy = self._case_with(RETURN)
        note = self._issue("crm.policy.return.note", remedy, basis="交涉结果")
        self._by("specialist", note).action_policy_submit()
        self._by("manager_office", note).action_policy_approve("同意")
        self._by("specialist", note).action_policy_send()
        self._by("warehouse", note).action_policy_receive(100)
        return note

    def _prove(self, note, kind, who="specialist", **vals):
        vals.setdefault("attachment_ids", [(4, self._scan().id)])
        Proof = self.env["crm.policy.proof"].with_user(self.users[who])
        return Proof.create({"return_id": note.id, "type": kind, **vals}).with_env(self.env)

    def test_each_kind_says_what_it_has_to(self):
        note = self._received()
        for kind, values in WHOLE.items():
            for name in (*values, "attachment_ids"):
                vals = {**values, name: False}
                with self.subTest(kind, lacks=name), self.assertRefused(ValidationError, "lacks"):
                    self._prove(note, kind, **vals)
            with self.subTest(kind):
                savepoint = self.env.cr.savepoint()
                with savepoint:
                    self._prove(note, kind, **values)
                    self.assertEqual(note.state, "proof")
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_what_proves_nothing(self):
        note = self._received()
        whole = WHOLE["annotated_copy"]
        for vals, words in (
            ({"received_quantity": 99}, "99 pieces were received.*100"),
            ({"returned_amount": -1}, "cannot be meant"),
            ({"invoice_date": "2127-01-01"}, "can be dated"),
            ({"invoice_date": "0026-02-26"}, "can be dated"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                self._prove(note, "annotated_copy", **{**whole, **vals})
        for content in (b"<html>x</html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90"):
            scan = self._scan(content)
            with self.subTest(content), self.assertRefused(ValidationError, "neither a picture"):
                self._prove(note, "annotated_copy", **whole, attachment_ids=[(4, scan.id)])

    def test_there_is_one_and_it_stays(self):
        note = self._received()
        proof = self._prove(note, "original_invoice", **WHOLE["original_invoice"])
        with self.assertRefused(UserError, "recorded already"):
            self._prove(note, "original_invoice", **WHOLE["original_invoice"])
        mine = self._by("specialist", proof)
        mine.invoice_ref = "25322000000012345679"
        with self.assertRefused(ValidationError, "lacks"):
            mine.sealed = False
        self._by("specialist", note).action_policy_hand_over()
        for who in (mine, proof):
            with self.assertRefused(UserError, "with Accounting"):
                who.invoice_ref = "x"
            with self.assertRefused(UserError, "with Accounting|not allowed"):
                who.unlink()
            with self.assertRefused(UserError, "stays with its return note"):
                who.return_id = note.id

    def test_a_reopening_of_the_case_leaves_it_as_it_is(self):
        note = self._received()
        proof = self._prove(note, "original_invoice", **WHOLE["original_invoice"])
        note.ticket_id._policy_reopen("客户来电")
        self._by("specialist", proof).attachment_ids = [(4, self._scan().id)]
        self.assertEqual(len(proof.attachment_ids), 2)
        self._by("specialist", note).action_policy_hand_over()
        with self.assertRefused(UserError, "with Accounting"):
            self._by("specialist", proof).invoice_ref = "x"
        self.assertTrue(self._by("finance", proof).has_access("read"))
        self.assertFalse(self._by("finance", proof).has_access("write"))
        self._by("finance", note).action_policy_book("1")
        self.assertEqual(note.state, "booked")

    def test_its_kind_is_not_taken_off(self):
        note = self._received()
        proof = self._prove(note, "original_invoice", **WHOLE["original_invoice"])
        with self.assertRefused(ValidationError, "lacks: Type"):
            self._by("specialist", proof).type = False

    def test_its_scan_is_kept_and_seen_by_accounting(self):
        note = self._received()
        scan = self._scan()
        self._prove(note, "red_letter", **WHOLE["red_letter"], attachment_ids=[(4, scan.id)])
        self.assertEqual((scan.res_model, scan.res_id), ("crm.policy.proof", note.proof_ids.id))
        self.assertTrue(self._by("finance", scan).raw)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._by("specialist", scan).unlink()

    def test_who_works_on_no_case_proves_nothing(self):
        note = self._received()
        for who in ("finance", "qc", "analyst"):
            with self.subTest(who), self.assertRaises(AccessError):
                self._prove(note, "original_invoice", who, **WHOLE["original_invoice"])
