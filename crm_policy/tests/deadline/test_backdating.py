"""Facts are recorded when they happen, or late within the limit and with the reason of a clause."""

from datetime import UTC, date, datetime

from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at, shanghai


class TestBackdating(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with at("2026-03-02 10:20"):
            cls.case = cls._new_case()
            cls._as("specialist", cls.case).action_policy_accept()
        cls.mine = cls._as("specialist", cls.case)

    def _events(self, event_type):
        return self.env["crm.policy.event"].search(
            [("type", "=", event_type), ("res_id", "=", self.case.id),
             ("res_model", "=", "helpdesk.ticket")]
        )  # fmt: skip

    def _respond(self, moment, reason="客户当天已接到电话"):
        return self.mine.action_policy_respond("已致电", at=moment, reason=reason)

    def test_now_needs_no_reason(self):
        with at("2026-03-03 09:00"):
            self._respond(None, None)
        self.assertEqual(self.case.policy_responded_at, shanghai("2026-03-03 09:00"))
        event = self._events("fact.responded")
        self.assertNotIn("backdated", event.payload)
        self.assertEqual((event.policy, event.version), ("SVC", "1"))
        self.assertEqual(event.actor_id, self.users["specialist"].id)

    def test_within_the_limit_with_a_reason(self):
        with at("2026-03-03 11:00"):
            self._respond("2026-03-02 08:00:00")  # 16:00 here
        self.assertEqual(self.case.policy_responded_at, shanghai("2026-03-02 16:00"))
        event = self._events("fact.responded")
        self.assertTrue(event.payload["backdated"])
        self.assertEqual(event.payload["at"], "2026-03-02 08:00:00")
        self.assertEqual(event.clause, "3.1")
        deadline = self.case.policy_deadline_ids.filtered(
            lambda line: line.rule_code == "complaint-response"
        )
        self.assertEqual(deadline.state, "met", "it was in time, only recorded late")

    def test_the_limit_itself_is_within(self):
        with at("2026-03-03 15:00:00"):
            self._respond(shanghai("2026-03-02 15:00:00"))
        self.assertTrue(self.case.policy_responded_at)

    def test_one_second_beyond_the_limit_is_refused(self):
        with at("2026-03-03 15:00:00"):
            with self.assertRaisesRegex(
                PolicyRefusal, r"Clause 3\.1 .*Responded At would be dated back.*limit is 24 hours"
            ):
                self._respond(shanghai("2026-03-02 14:59:59"))
        self._assert_untouched()

    def test_what_is_refused(self):
        rows = [
            ("without a reason", shanghai("2026-03-02 16:00"), None, ValidationError,
             r"Clause 3\.1.*give a reason"),
            ("blank reason", shanghai("2026-03-02 16:00"), " \n", ValidationError, "give a reason"),
            ("tomorrow", shanghai("2026-03-04 09:00"), "x", ValidationError, "lies in the future"),
            ("a second ahead", shanghai("2026-03-03 09:00:01"), "x", ValidationError,
             "lies in the future"),
            ("before the acceptance", shanghai("2026-03-02 10:19:59"), "x", ValidationError,
             "cannot lie before 2026-03-02 02:20:00"),
            ("words", "yesterday", "x", ValidationError, "yesterday is no date and time"),
            ("no such day", "2026-02-30 10:00:00", "x", ValidationError, "no date and time"),
            ("a number", 20260302, "x", ValidationError, "is no date and time"),
            ("a mapping", {"year": 2026}, "x", ValidationError, "is no date and time"),
            ("true", True, "x", ValidationError, "is no date and time"),
            ("with a zone", datetime(2026, 3, 2, 8, tzinfo=UTC), "x", ValidationError,
             "is no date and time"),
        ]  # fmt: skip
        for name, moment, reason, error, words in rows:
            with self.subTest(name), at("2026-03-03 09:00"):
                with self.assertRaisesRegex(error, words):
                    self._respond(moment, reason)
                self._assert_untouched()

    def _assert_untouched(self):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.case.policy_responded_at)
        self.assertFalse(self.case.policy_response_text, "nothing is half written")
        self.assertFalse(self._events("fact.responded"))
        self.assertEqual(
            set(self.case.policy_deadline_ids.mapped("state")), {"open"}, "the clock runs on"
        )

    def test_a_day_is_its_beginning(self):
        """What comes as a date is midnight in UTC, eight in the morning here."""
        with at("2026-03-04 07:00"):
            self._respond(date(2026, 3, 3))
        self.assertEqual(self.case.policy_responded_at, shanghai("2026-03-03 08:00"))

    def test_where_a_clause_gives_no_hours_nothing_is_dated_back(self):
        with at("2026-03-03 09:00"):
            self._respond(None, None)
            self.mine.action_policy_register()
        with at("2026-03-03 10:00"):
            self.mine.action_policy_propose("返工")
        with at("2026-03-03 11:00"):
            with self.assertRaisesRegex(PolicyRefusal, r"4\.2.*limit is 0 hours"):
                self.mine.action_policy_decide(at=shanghai("2026-03-03 10:30"), reason="x")
        self.assertFalse(self.case.policy_decided_at)

    def test_without_a_fact_rule_nothing_is_dated_back(self):
        self.env.cr.execute(
            "DELETE FROM crm_policy_fact_rule WHERE version_id = %s", [self.version.id]
        )
        self.env.invalidate_all()
        refusal = self.assertRaisesRegex(PolicyRefusal, "no clause of .* allows")
        with at("2026-03-03 09:00"), refusal:
            self._respond(shanghai("2026-03-02 16:00"))
        self._assert_untouched()

    def test_the_intake_is_dated_by_the_machine(self):
        with at("2026-03-03 09:00"), self.assertRaisesRegex(UserError, "recorded already"):
            self.case._policy_set_fact("policy_intake_at", shanghai("2026-03-02 09:00"), "x")

    def test_a_fact_is_recorded_once(self):
        with at("2026-03-03 09:00"):
            self._respond(None, None)
            with self.assertRaisesRegex(UserError, "recorded already"):
                self._respond(None, None)
        self.assertEqual(len(self._events("fact.responded")), 1)

    def test_no_fact_of_that_name(self):
        with self.assertRaisesRegex(ValidationError, "has no fact name"):
            self.case._policy_set_fact("name")

    def test_facts_are_neither_written_nor_created_by_hand(self):
        for name in sorted(self.case._policy_fact_fields()):
            with self.subTest(name):
                for actor in (self.case, self.mine, self.case.sudo()):
                    with self.assertRaisesRegex(AccessError, "cannot be written"):
                        actor.write({name: "2026-03-02 00:00:00"})
                    with self.assertRaisesRegex(AccessError, "cannot be written"):
                        actor.create({"name": "x", "description": "x", name: "2026-03-02 00:00:00"})

    def test_neither_context_nor_user_defaults_make_facts(self):
        user = self.users["specialist"]
        self.env["ir.default"].with_user(user).set(
            "helpdesk.ticket", "policy_closed_at", "2026-03-01 00:00:00", user_id=True
        )
        case = (
            self.env["helpdesk.ticket"]
            .with_user(user)
            .with_context(default_policy_accepted_at="2026-03-01 00:00:00",
                          default_policy_version_id=self.version.id,
                          default_policy_number="1", default_policy_outcome="accepted")
            .create({"name": "x", "description": "x", "policy_kind": "request",
                     "company_id": self.company.id})
        )  # fmt: skip
        for name in ("policy_accepted_at", "policy_closed_at", "policy_number", "policy_outcome"):
            self.assertFalse(case[name], name)
        self.assertEqual(case.policy_step, "received")

    def test_several_cases_at_once_or_none(self):
        with at("2026-03-03 09:00"):
            other = self._new_case()  # not accepted: it cannot be answered yet
            with self.assertRaises(UserError):
                (self.mine + other.with_user(self.users["specialist"])).action_policy_respond("x")
        self._assert_untouched()
