"""Nobody acts in his own emergency, nobody splits its sum, and somebody is left to ratify it."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ...exceptions import PolicyRefusal
from ..common import at
from .emergency_common import EmergencyCommon


class TestEmergencyGuards(EmergencyCommon):
    def _accuse(self, case, *roles):
        users = self.env["res.users"].union(*(self.users[role] for role in roles))
        case.policy_accused_user_ids = [Command.set(users.ids)]
        return case

    # === ONE'S OWN MATTER === #

    def test_the_accused_does_not_start_the_emergency_of_his_case(self):
        case = self._accuse(self._new_crisis(), "director")
        with self.assertRefused(AccessError, "complaint about yourself"):
            self._start(case, role="director")
        self.assertFalse(case.policy_emergency_id)

    def test_the_customer_himself_does_not_start_it(self):
        case = self._new_crisis(partner_id=self.users["director"].partner_id.id)
        with self.assertRefused(AccessError, "your own matter"):
            self._start(case, role="director")
        self.assertFalse(case.policy_emergency_id)

    def test_the_accused_neither_leads_nor_acts_nor_is_told(self):
        remedies = {}
        for role, concerned in (
            ("accused", self._accuse(self._new_crisis(), "manager")),
            ("customer", self._new_crisis(partner_id=self.users["manager"].partner_id.id)),
        ):
            with self.subTest(role):
                remedies[role] = self._new_remedy(concerned, 30000)
                emergency = self._start(concerned, role="director")
                self.assertEqual(emergency.leader_id, self.users["supervisor"])
                self.assertEqual(emergency.member_ids, self.users["supervisor"])
                granted = concerned.policy_access_ids.user_id
                self.assertNotIn(self.users["manager"], granted)
                told = concerned.message_ids.filtered(lambda message: message.partner_ids)
                self.assertNotIn(self.users["manager"].partner_id, told.partner_ids)
                with self.assertRefused(PolicyRefusal, "only the team"):
                    self._execute(remedies[role], "manager")
                for call in (
                    lambda record: record.action_policy_act("空运替换件", 1),
                    lambda record: record.action_policy_stabilise("稳定"),
                ):
                    with self.assertRaises(AccessError):
                        call(self._as("manager", emergency))
                for step in emergency.step_ids:
                    self.assertNotIn(self.users["manager"], step._policy_doers())

    def test_who_is_accused_later_leads_and_acts_no_more(self):
        emergency = self._start(self._new_crisis())
        self._accuse(emergency.ticket_id, "manager")
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.users["qc"].id, "sequence": 9})
        ]
        members, leaders = emergency._policy_people()
        self.assertEqual(members, self.users["supervisor"] | self.users["qc"])
        self.assertEqual(leaders, members)

    def test_an_accused_manager_above_does_not_lead_either(self):
        emergency = self._start(self._new_crisis())
        boss = self._new_employee(self.users["director"])
        boss.parent_id = self._new_employee(self.users["ceo"])
        self._new_employee(self.users["manager"]).parent_id = boss
        self._accuse(emergency.ticket_id, "director")
        self.emergency_team.active = False
        _members, leaders = emergency._policy_people()
        self.assertEqual(leaders, self.users["ceo"])

    def test_a_team_of_nobody_but_the_accused_acts_not_at_all(self):
        case = self._accuse(self._new_crisis(), "manager", "supervisor")
        with self.assertRefused(UserError, "has nobody for"):
            self._start(case, role="director")

    def test_a_concerned_member_who_joins_later_is_not_shown_the_case(self):
        case = self._accuse(self._new_crisis(), "qc")
        self._start(case)
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.users["qc"].id, "sequence": 9}),
            Command.create({"user_id": self.users["analyst"].id, "sequence": 10}),
        ]
        granted = case.policy_access_ids.user_id
        self.assertIn(self.users["analyst"], granted)
        self.assertNotIn(self.users["qc"], granted)

    def test_neither_the_accused_nor_the_customer_ratifies(self):
        for role, case in (
            ("accused", self._accuse(self._new_crisis(), "director")),
            ("customer", self._new_crisis(partner_id=self.users["director"].partner_id.id)),
        ):
            with self.subTest(role):
                emergency = self._start(case)
                self._hand_in(emergency, 30000)
                self.assertNotIn(
                    self.users["director"], emergency.policy_approval_id.eligible_user_ids
                )
                with self.assertRaises(UserError):
                    self._as("director", emergency).action_policy_approve("同意")
                self._as("ceo", emergency).action_policy_approve("同意")
                self.assertEqual(emergency.state, "ratified")

    # === WHAT A STRANGER LEARNS === #

    def test_a_stranger_who_cancels_learns_nothing_of_the_case(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        case = self._new_crisis()
        emergency = self._start(case)
        for user in (stranger, portal):
            with self.subTest(user.login), self.assertRaises(AccessError) as caught:
                case.with_user(user).action_policy_cancel("误录")
            for word in (emergency.number, case.name, self.users["director"].name):
                self.assertNotIn(word, str(caught.exception))
        self.assertFalse(case.policy_outcome)
