"""What came in by itself is sorted by a person, by the buttons only."""

from odoo.exceptions import AccessError, UserError, ValidationError

from .mail_common import MailCommon


class TestMailSorting(MailCommon):
    def setUp(self):
        super().setUp()
        self.team.policy_mail_kind = False
        self.case = self._receive(self._mail(sender="wang@nowhere.example"))

    def test_the_window_finds_what_is_to_be_sorted(self):
        domain = [("policy_to_sort", "=", True)]
        for role, seen in (("specialist", True), ("supervisor", True), ("policy_admin", False)):
            Ticket = self.Ticket.with_user(self.users[role])
            self.assertEqual(self.case in Ticket.search(domain), seen, role)

    def test_a_case_is_sorted_once_its_kind_and_type_are_set(self):
        mine = self._as("specialist", self.case)
        with self.assertRaisesRegex(ValidationError, "Fill in: Kind"):
            mine.action_policy_sorted()
        mine.policy_kind = "complaint"
        with self.assertRaisesRegex(ValidationError, "Fill in: Type"):
            mine.action_policy_sorted()
        mine.policy_complaint_type_id = self.types["quality"]
        mine.action_policy_sorted()
        self.assertFalse(self.case.policy_to_sort or self.case.policy_sort_reason)
        # Its clock counts from when it came in.
        self.assertEqual(self.case.policy_intake_at, self.case.create_date.replace(microsecond=0))
        self.assertEqual(self.case.policy_version_id, self.version)
        event = self._events(self.case, "case.sorted")
        self.assertEqual(event.actor_id, self.users["specialist"].id)
        with self.assertRaisesRegex(UserError, "sorted already"):
            self._as("director", self.case).action_policy_sorted()

    def test_who_sorts_goes_on_seeing_it(self):
        mine = self._as("specialist", self.case)
        mine.policy_kind = "inquiry"
        self.case.write({"team_id": False, "policy_department_id": False, "user_id": False})
        mine.action_policy_sorted()
        self.assertEqual(self.case.user_id, self.users["specialist"])
        self.assertTrue(mine.has_access("write"))

    def test_what_another_department_answers_for_stays_there(self):
        mine = self._as("specialist", self.case)
        mine.policy_kind = "inquiry"
        other = self.env["hr.department"].create({"name": "B", "company_id": self.company.id})
        team = self.team.copy({"name": "B", "user_ids": [], "alias_name": False})
        self.case.write({"team_id": team.id, "policy_department_id": other.id, "user_id": False})
        mine.action_policy_sorted()
        self.assertFalse(self.case.user_id)
        self.assertTrue(mine.has_access("read"))
        self.assertFalse(mine.has_access("write"))

    def test_an_inquiry_needs_no_type(self):
        mine = self._as("specialist", self.case)
        mine.policy_kind = "inquiry"
        mine.action_policy_sorted()
        self.assertFalse(self.case.policy_to_sort)

    def test_the_mark_is_not_written_by_hand(self):
        for user in (self.users["specialist"], self.users["director"], self.env.user):
            for vals in ({"policy_to_sort": False}, {"policy_sort_reason": "x"}):
                with self.assertRaises(AccessError):
                    self.case.with_user(user).write(vals)
        with self.assertRaises(AccessError):
            self.case.sudo().write({"policy_to_sort": False})
        self.case.write({"policy_to_sort": True})

    def test_only_the_window_sorts(self):
        for role in ("finance", "policy_admin", "qc"):
            with self.assertRaises(AccessError):
                self._as(role, self.case).action_policy_sorted()

    def test_what_is_not_ours_is_closed_with_a_reason_by_a_supervisor(self):
        with self.assertRaises(AccessError):
            self._as("specialist", self.case).action_policy_put_aside("advertising")
        theirs = self._as("supervisor", self.case)
        for reason in (None, " "):
            with self.assertRaises(ValidationError):
                theirs.action_policy_put_aside(reason)
        theirs.action_policy_put_aside("advertising")
        self.assertTrue(self.case.stage_id.closed)
        self.assertFalse(self.case.policy_to_sort or self.case.policy_kind)
        self.assertIn("Not ours: advertising", self.case.message_ids[0].body)
        self.assertEqual(len(self._events(self.case, "case.put_aside")), 1)

    def test_what_is_not_ours_but_governed_is_cancelled(self):
        self._as("specialist", self.case).policy_kind = "inquiry"
        self._as("supervisor", self.case).action_policy_put_aside("test mail")
        self.assertEqual(self.case.policy_step, "cancelled")
        self.assertFalse(self.case.policy_to_sort)

    def test_a_reason_is_asked_in_the_dialog(self):
        step = (
            self.env["crm.policy.case.step"]
            .with_user(self.users["supervisor"])
            .create({"ticket_id": self.case.id, "step": "put_aside", "reason": "advertising"})
        )
        step.action_policy_confirm()
        self.assertTrue(self.case.stage_id.closed)
