"""A case goes before a standing team that can decide; its people see it, and nobody else does."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon


class TestCaseCommittee(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = [cls._plain(f"t_seat{number}") for number in range(3)]
        cls.substitute, cls.late = cls._plain("t_stand_in"), cls._plain("t_late")
        cls.env["crm.policy.team"].search([("code", "=", "emergency")]).active = False
        cls.emergency = cls.env["crm.policy.team"].create(
            {
                "code": "flood",
                "name": "防汛小组",
                "kind": "emergency",
                "company_id": cls.company.id,
                "member_ids": [
                    Command.create({"user_id": user.id, "substitute_id": stand_in})
                    for user, stand_in in zip(
                        cls.members, (cls.substitute.id, False, False), strict=True
                    )
                ],
            }
        )
        cls.case = cls._new_case()

    @classmethod
    def _plain(cls, login):
        user = cls._new_user("hr", login=login)
        user.group_ids = cls.env.ref("base.group_user")
        return user

    def _sees(self, user, case=None):
        return (case or self.case).with_user(user).has_access("read")

    def test_its_people_read_the_case_and_do_not_change_it(self):
        people = [*self.members, self.substitute]
        self.assertFalse(any(map(self._sees, people)))
        self._as("supervisor", self.case).action_policy_call_committee("emergency")
        self.assertTrue(all(map(self._sees, people)))
        self.assertFalse(any(self.case.with_user(user).has_access("write") for user in people))
        self.assertFalse(self._sees(self.late))
        self.assertEqual(self.case.policy_committee_id, self.emergency)
        event = self.env["crm.policy.event"].search([("type", "=", "case.committee")])
        self.assertEqual(event.payload, {"team": self.emergency.id, "code": "flood"})
        self.assertEqual(
            (event.res_id, event.actor_id), (self.case.id, self.users["supervisor"].id)
        )

    def test_who_joins_later_sees_it_too_unless_it_is_closed(self):
        closed = self._new_case()
        self._as("supervisor", closed).action_policy_call_committee("emergency")
        self._drive(closed, "close")
        self._as("supervisor", self.case).action_policy_call_committee("emergency")
        self.emergency.member_ids = [Command.create({"user_id": self.late.id})]
        self.assertTrue(self._sees(self.late))
        self.assertFalse(self._sees(self.late, closed))

    def test_who_is_appointed_to_a_role_that_sits_there_sees_it(self):
        role = self.env["crm.policy.role"].search(
            [("code", "=", "quality"), ("company_id", "=", self.company.id)]
        )
        self.emergency.member_ids = [Command.create({"role_id": role.id})]
        self._as("supervisor", self.case).action_policy_call_committee("emergency")
        self.assertFalse(self._sees(self.late))
        self.env["crm.policy.post"].create(
            {"role_id": role.id, "user_ids": [Command.set(self.late.ids)]}
        )
        self.assertTrue(self._sees(self.late))

    def test_a_team_that_cannot_decide_is_not_called(self):
        supervisor = self._as("supervisor", self.case)
        with self.assertRaisesRegex(UserError, "has no team for Early Warning.*sets it up"):
            supervisor.action_policy_call_committee("warning")
        for user in (*self.members, self.substitute):
            user.active = False
        with self.assertRaisesRegex(UserError, "cannot decide: 0 of its 3.*2 are needed"):
            supervisor.action_policy_call_committee("emergency")
        self.assertFalse(self.case.policy_committee_id)

    def test_who_calls_and_what_is_refused(self):
        for role in ("specialist", "qc", "ceo", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.case).action_policy_call_committee("emergency")
        for kind in (None, "", "nonsense", 3, False):
            with self.subTest(kind=kind), self.assertRaises(ValidationError):
                self._as("supervisor", self.case).action_policy_call_committee(kind)
        for user in (self.users["director"], self.env.user):
            with self.assertRaises(AccessError):
                self.case.with_user(user).policy_committee_id = self.emergency
        self._as("supervisor", self.case).action_policy_cancel("重复")
        with self.assertRaisesRegex(UserError, "is ended"):
            self._as("supervisor", self.case).action_policy_call_committee("emergency")

    def test_the_dialog_calls_it(self):
        step = self.env["crm.policy.case.step"].with_user(self.users["supervisor"])
        step.create(
            {
                "ticket_id": self.case.id,
                "step": "call_committee",
                "committee_id": self.emergency.id,
            }
        ).action_policy_confirm()
        self.assertEqual(self.case.policy_committee_id, self.emergency)

    def test_the_dialog_offers_the_teams_that_can_decide(self):
        Window = self.env["crm.policy.case.step"].with_user(self.users["supervisor"])
        offered = Window.create({"ticket_id": self.case.id, "step": "call_committee"})
        self.assertEqual(offered.offered_team_ids, self.emergency)
        self.assertNotIn(self.emergency, offered.short_team_ids)
        # Another of its kind is not called, so not offered; nor is it missed if it is too few.
        second = self.emergency.copy({"code": "flood2"})
        again = Window.create({"ticket_id": self.case.id, "step": "call_committee"})
        self.assertEqual(again.offered_team_ids, self.emergency)
        gone = self._plain("t_gone")
        gone.active = False
        second.member_ids = [
            Command.clear(),
            Command.create({"user_id": gone.id}),
        ]
        self.assertEqual(second.status, "short")
        again = Window.create({"ticket_id": self.case.id, "step": "call_committee"})
        self.assertEqual(again.offered_team_ids, self.emergency)
        self.assertNotIn(second, again.short_team_ids)
        for user in (*self.members, self.substitute):
            user.active = False
        without = Window.create({"ticket_id": self.case.id, "step": "call_committee"})
        self.assertFalse(without.offered_team_ids)
        self.assertIn(self.emergency, without.short_team_ids)
        with self.assertRaisesRegex(ValidationError, "Say which committee is called"):
            without.action_policy_confirm()

    def test_no_team_of_another_company_is_offered(self):
        other = self.env["res.company"].create({"name": "宁波"})
        self.users["supervisor"].company_ids += other
        self.members[0].company_ids += other
        seat = Command.create({"user_id": self.members[0].id})
        foreign = self.env["crm.policy.team"].create(
            {
                "code": "dike",
                "name": "堤防小组",
                "kind": "warning",
                "company_id": other.id,
                "member_ids": [seat],
            }
        )
        window = self.env["crm.policy.case.step"].with_user(self.users["supervisor"])
        window = window.with_context(allowed_company_ids=(self.company + other).ids)
        window = window.create({"ticket_id": self.case.id, "step": "call_committee"})
        self.assertEqual(foreign.with_user(self.users["supervisor"]).status, "ready")
        self.assertNotIn(foreign, window.offered_team_ids)
