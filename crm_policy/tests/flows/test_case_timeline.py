"""The timeline of a case: every event of it and its papers, for whoever may read them."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow


class TestCaseTimeline(ManufacturerFlow):
    def setUp(self):
        super().setUp()
        self.case = self._registered()

    def _told(self, user=None, **options):
        case = self.case.with_user(user or self.users["specialist"])
        return case.policy_timeline(**options)

    def _events(self, user=None, **options):
        return self._told(user, **options)["events"]

    def _types(self, user=None):
        return [event["type"] for event in self._events(user)]

    def test_every_event_with_who_when_and_clause(self):
        told = self._told()
        self.assertFalse(told["more"])
        events = {event["type"]: event for event in told["events"]}
        registered = events["fact.registered"]
        self.assertEqual(registered["at"], str(shanghai("2026-03-03 09:15")))
        self.assertEqual(registered["what"], "Registered")
        self.assertEqual(registered["actor"], self.people["gm_office"].name)
        self.assertEqual(registered["policy"], self.governing.policy_id.name)
        self.assertEqual((registered["clause"], registered["version"]), ("2.2", "1"))
        self.assertFalse(registered["on_behalf"])
        # The department that was asked by it, with the name of its step.
        asked = events["fact.asked"]
        self.assertIn("Quality investigation", asked["document"])
        self.assertFalse(registered["document"])
        self.assertEqual(told["events"][-1]["type"], "case.received")

    def test_papers_of_the_case_and_their_signatures_are_in_it(self):
        with at("2026-03-04 10:00"):
            remedy = self._new_remedy(self.case, 500)
            self._opine(self.case, until="first-opinion")
        types = self._types()
        self.assertIn("fact.answered", types)
        self.assertIn("approval.submitted", types, "the mandate")
        self.assertEqual(types, self._types(self.users["director"]))
        self.assertTrue(remedy)
        other = self._new_case(policy_complaint_type_id=self.types["mfr-quality"].id)
        self.assertEqual(
            [event["type"] for event in self._as("specialist", other).policy_timeline()["events"]],
            ["case.received"],
        )

    def test_what_was_recorded_late_says_when_it_happened(self):
        with at("2026-03-03 16:00"):
            self._as("specialist", self.case).action_policy_respond(
                "已联系", at=shanghai("2026-03-03 10:00"), reason="外出"
            )
        [event] = [event for event in self._events() if event["type"] == "fact.responded"]
        self.assertEqual(event["happened_at"], str(shanghai("2026-03-03 10:00")))
        self.assertTrue(event["clause"])

    def test_for_whom_somebody_acted(self):
        self.env["crm.policy.event"]._policy_log(
            "approval.approved",
            self.case.sudo(),
            on_behalf={self.case.id: self.users["manager"]},
        )
        self.assertEqual(self._events()[0]["on_behalf"], self.users["manager"].name)

    def test_earlier_events_come_page_by_page(self):
        everything = [event["id"] for event in self._events()]
        pages, before = [], None
        while True:
            told = self._told(limit=2, before=before)
            pages += [event["id"] for event in told["events"]]
            if not told["more"]:
                break
            before = pages[-1]
        self.assertEqual(pages, everything)
        for limit in (0, -1, True, "10", None, 2.0):
            with self.subTest(limit), self.assertRaises(ValidationError):
                self._told(limit=limit)

    def test_only_who_may_read_the_case(self):
        stranger = new_test_user(
            self.env, login="t_line", groups="base.group_user", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        with self.assertRaises(AccessError):
            self._told(stranger)
        customer = new_test_user(
            self.env, login="t_line_portal", groups="base.group_portal",
            company_id=self.company.id, company_ids=self.company.ids,
        )  # fmt: skip
        customer.partner_id.parent_id = self.case.partner_id.commercial_partner_id
        self.env.invalidate_all()
        self.assertTrue(
            self.case.with_user(customer).search([("id", "=", self.case.id)]), "it is his own case"
        )
        with self.assertRaisesRegex(AccessError, "employees only"):
            self._told(customer)

    def test_a_sanction_stays_hidden_from_whom_it_is_hidden(self):
        sanction = (
            self.env["crm.policy.sanction"]
            .with_user(self.users["supervisor"])
            .create(
                {
                    "ticket_id": self.case.id,
                    "kind": "warning",
                    "employee_id": self._new_employee(self.other_specialist).id,
                    "clause_id": self.governing.clause_ids.filtered("text")[0].id,
                    "fact": "未按工艺卡操作",
                }
            )
        )
        self.env["crm.policy.event"]._policy_log("sanction.proposed", sanction.sudo())
        self.assertIn("sanction.proposed", self._types(self.users["supervisor"]))
        self.assertFalse(sanction.with_user(self.users["specialist"]).has_access("read"))
        self.assertNotIn("sanction.proposed", self._types())

    def test_all_words_are_known_and_queries_do_not_grow(self):
        for event in self._events():
            self.assertNotEqual(event["what"], event["type"])
        counts = []
        for number in (10, 20):
            for _time in range(number):
                self.env["crm.policy.event"]._policy_log("case.noted", self.case.sudo())
            self.env.flush_all()
            self.env["crm.policy.event"].search_count([])
            self._events(limit=number)
            self.env.invalidate_all()
            self.case.with_user(self.users["specialist"]).env.user.has_group("base.group_user")
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self._events(limit=number)), number)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
