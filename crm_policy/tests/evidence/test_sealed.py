"""A text is provable as long as it is there, and gone without a trace but its hash afterwards."""

from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..common import at
from ..ledger_common import LedgerCommon

REASON = "客户张三丰当天已来电"


class TestSealed(LedgerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with at("2026-03-02 10:20"):
            cls.case = cls._new_case()
            cls._as("specialist", cls.case).action_policy_accept()
        with at("2026-03-03 11:00"):
            cls._as("specialist", cls.case).action_policy_respond(
                "已致电", at="2026-03-02 08:00:00", reason=REASON
            )
        cls.sealed = cls.env["crm.policy.sealed"].search([("res_id", "=", cls.case.id)])
        cls._chain_all()

    def test_the_reason_for_recording_late_is_sealed_into_its_event(self):
        event = self.env["crm.policy.event"].search(
            [("type", "=", "fact.responded"), ("res_id", "=", self.case.id)]
        )
        self.assertEqual(
            event.payload,
            {"at": "2026-03-02 08:00:00", "backdated": True, "reason": self.sealed.hash},
        )
        self.assertEqual(
            (self.sealed.res_model, self.sealed.name, self.sealed.text),
            ("helpdesk.ticket", "policy_responded_at", REASON),
        )
        self.assertTrue(self.sealed._policy_matches(REASON))
        self.assertFalse(self.sealed._policy_matches(REASON + " "))

    def test_who_works_on_the_case_may_not_touch_what_is_sealed_about_it(self):
        """That the document is his opens nothing that the rights on the record itself refuse."""
        mine = self._as("specialist", self.sealed)
        self.assertTrue(self._as("specialist", self.case).has_access("write"))
        for operation in ("write", "unlink"):
            with self.subTest(operation):
                self.assertFalse(mine.has_access(operation))

    def test_equal_texts_have_hashes_of_their_own(self):
        """Else one could tell from the ledger who gave the same reason."""
        cases = self.case | self._new_case()
        seals = self.env["crm.policy.sealed"]._policy_seal(cases, "x", "同一句话")
        self.assertEqual(len(set(seals.values())), 2)

    def test_a_destroyed_text_cannot_be_proved_and_the_chain_holds(self):
        before = self._file()
        seal = self.sealed.hash
        self.sealed._policy_destroy("pipl.47")
        self._chain_all()
        self.env.flush_all()
        self.env.invalidate_all()
        [row] = self.env.execute_query_dict(
            self._select("SELECT text, salt, hash FROM crm_policy_sealed WHERE id = %s")
        )
        self.assertEqual(row, {"text": None, "salt": None, "hash": seal})
        self.assertFalse(self.sealed._policy_matches(REASON))
        event = self.env["crm.policy.event"].search([("type", "=", "sealed.destroyed")])
        self.assertEqual(event.payload, {"hash": seal, "reason": "pipl.47"})
        self.assertEqual(event.company_id, self.company.id)
        self.assertEqual(self.chain._policy_check(self.company.id, full=True), [])
        after = self._file()
        for content in (before, after):
            self.assertEqual(self._words(content), [])
            self.assertNotIn(REASON, content.decode())
            self.assertIn(seal, content.decode())
        self.sealed._policy_destroy("again")
        self.assertEqual(
            self.env["crm.policy.event"].search_count([("type", "=", "sealed.destroyed")]), 1
        )

    def _select(self, query):
        return SQL(query, self.sealed.id)

    def test_the_reason_of_a_destruction_is_a_code(self):
        for reason in (None, "", "张三丰要求", "a b", "x" * 41):
            with self.subTest(reason), self.assertRaises(ValueError):
                self.sealed._policy_destroy(reason)
        self.assertTrue(self.sealed.text)

    def test_sealed_texts_are_evidence(self):
        for attempt in (
            lambda: self.sealed.write({"text": "x"}),
            lambda: self.sealed.unlink(),
            lambda: self.sealed.create({}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_who_reads_a_sealed_text_and_nobody_its_salt(self):
        for role, allowed in (("director", True), ("qc", True), ("ceo", True), ("finance", False)):
            mine = self.sealed.with_user(self.users[role])
            with self.subTest(role):
                self.assertEqual(mine.has_access("read"), allowed)
                with self.assertRaises(AccessError):
                    mine.read(["salt"])
        self.assertEqual(
            self.sealed.with_user(self.users["qc"]).search([]).mapped("text"), [REASON]
        )

    def test_who_does_not_see_the_case_does_not_see_the_text(self):
        self.env.flush_all()
        hidden = self.env["crm.policy.sealed"]._policy_seal(
            self.env["crm.policy.authority"].search([], limit=1), "x", "秘密"
        )
        row = self.env["crm.policy.sealed"].search([("hash", "in", list(hidden.values()))])
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "crm.policy.authority")]
        ).perm_read = False
        mine = row.with_user(self.users["qc"])
        self.assertFalse(mine.search([("id", "=", row.id)]))
        with self.assertRaises(AccessError):
            mine.read(["text"])

    def test_sealing_takes_as_many_queries_for_twice_as_many_records(self):
        cases = self.case
        counts = []
        for _time in range(3):  # the first one learns what is cached then
            cases |= self._new_case() | self._new_case()
            cases.mapped("company_id")
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["crm.policy.sealed"]._policy_seal(cases, "x", "同一句话")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
