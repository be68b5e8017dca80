"""Nobody acts in his own emergency, nobody splits its sum, and somebody is left to ratify it."""

from functools import partial
from unittest.mock import patch

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

    # === AT ONCE === #

    def test_each_turn_is_taken_with_the_row_of_the_emergency_held(self):
        """That the second of two waits, two processes show (``test_emergency_processes``)."""
        case = self._new_crisis()
        remedy = self._new_remedy(case, 30000)
        emergency = self._start(case)
        step = emergency.step_ids[0]
        [doer, *_others] = step._policy_doers()
        model, held = type(emergency), []
        hold = model._policy_hold_rows

        def noted(rows):
            held.append(rows)
            return hold(rows)

        for name, turn in (
            ("act", partial(self._act, emergency, 100)),
            ("done", step.with_user(doer).action_policy_done),
            ("execute", partial(self._execute, remedy)),
        ):
            held.clear()
            with self.subTest(name), patch.object(model, "_policy_hold_rows", noted):
                turn()
                self.assertIn(emergency, held)

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

    def test_among_those_who_are_told_at_last_the_accused_does_not_lead(self):
        emergency = self._start(self._new_crisis())
        other = self._new_user("policy_admin", login="t_admin2")
        self._accuse(emergency.ticket_id, "policy_admin")
        self.emergency_team.active = False
        _members, leaders = emergency._policy_people()
        self.assertIn(other, leaders)
        self.assertNotIn(self.users["policy_admin"], leaders)

    def test_an_accused_officer_of_the_plan_does_no_step_of_it_and_is_not_shown_the_case(self):
        accused, other = (self._new_user("legal", login=f"t_legal{number}") for number in (1, 2))
        case = self._new_crisis()
        case.policy_accused_user_ids = [Command.set(accused.ids)]
        emergency = self._start(case)
        [step] = emergency.step_ids.filtered(lambda line: line.role_id.code == "legal")
        self.assertEqual(step._policy_doers() & (accused | other), other)
        granted = case.policy_access_ids.user_id
        self.assertIn(other, granted)
        self.assertNotIn(accused, granted)
        with self.assertRaises(AccessError):
            step.with_user(accused).action_policy_done()
        step.with_user(other).action_policy_done()
        self.assertEqual(step.done_by_id, other)

    def test_who_leads_and_who_only_acts(self):
        """Whoever led it at its start and whoever sits in the chair now; the others act."""
        emergency = self._start(self._new_crisis())
        _members, leaders = emergency._policy_people()
        self.assertEqual(leaders, self.users["manager"])
        with self.assertRaises(AccessError):
            self._as("supervisor", emergency).action_policy_stabilise("稳定")
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.manager2.id, "sequence": 0}),
            Command.create({"user_id": self.users["qc"].id, "sequence": 8}),
        ]
        members, leaders = emergency._policy_people()
        self.assertEqual(leaders, self.users["manager"] | self.manager2)
        self.assertEqual(members, leaders | self.users["supervisor"] | self.users["qc"])

    def test_who_starts_it_leads_it_in_the_chair_only(self):
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.manager2.id, "sequence": 0})
        ]
        self.assertEqual(self._start(self._new_crisis()).leader_id, self.manager2)
        # The chair is a post that two hold: he of them who starts it leads it.
        self.emergency_team.member_ids = [
            Command.clear(),
            Command.create({"role_id": self._role_of("manager").id, "sequence": 1}),
        ]
        for user in (self.manager2, self.users["manager"]):
            case = self._new_crisis()
            case.with_user(user).action_policy_start_emergency("crisis", "停产")
            self.assertEqual(case.policy_emergency_id.leader_id, user)

    def test_the_last_who_could_ratify_does_not_act_once_the_other_has(self):
        other = self._new_user("ceo", login="t_ceo2")
        emergency = self._start(self._new_crisis(), role="ceo")
        self.emergency_team.member_ids = [Command.create({"user_id": other.id, "sequence": 9})]
        with self.assertRefused(PolicyRefusal, "nobody would be left to ratify"):
            emergency.with_user(other).action_policy_act("空运替换件", 1)
        self.assertFalse(emergency.action_ids)

    def test_no_step_is_done_once_it_is_closed(self):
        emergency = self._start(self._new_crisis())
        self._hand_in(emergency, 9000)
        self._as("director", emergency).action_policy_approve("同意")
        self._record(emergency, "follow_up", 5)
        self._as("manager", emergency).action_policy_close("备件预留")
        with self.assertRefused(UserError, "is closed"):
            self._as("supervisor", emergency.step_ids[0]).action_policy_done()
        self.assertFalse(emergency.step_ids[0].done_at)

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

    def test_a_stranger_learns_nothing_of_an_emergency_from_what_is_refused(self):
        stranger = self._new_user("manager", login="t_stranger", company=self._new_company("杭州"))
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        emergency = self._start(self._new_crisis())
        words = (emergency.number, self.users["supervisor"].name, self.users["manager"].name)
        for user in (stranger, portal):
            mine = emergency.with_user(user)
            steps = emergency.step_ids.with_user(user)
            for number, attempt in enumerate(
                (
                    partial(mine.action_policy_act, "空运替换件", 1),
                    partial(mine.action_policy_record, "response", "已到场"),
                    partial(mine.action_policy_stabilise, "稳定"),
                    partial(mine.action_policy_close, "备件预留"),
                    steps.action_policy_done,
                )
            ):
                with (
                    self.subTest(user=user.login, attempt=number),
                    self.assertRaises(AccessError) as caught,
                ):
                    attempt()
                for word in words:
                    self.assertNotIn(word, str(caught.exception))

    def test_a_stranger_is_not_led_to_the_case_even_where_it_was_just_read(self):
        """What another has read in the same transaction stands in the cache, for everybody."""
        stranger = self._new_user("manager", login="t_stranger", company=self._new_company("杭州"))
        emergency = self._start(self._new_crisis())
        self.assertTrue(emergency.ticket_id)
        with self.assertRaises(AccessError):
            emergency.with_user(stranger).action_policy_open_case()
        with self.assertRaises(ValueError):
            emergency.browse().action_policy_open_case()
        action = self._as("manager", emergency).action_policy_open_case()
        self.assertEqual(action["res_id"], emergency.ticket_id.id)

    # === ONE SUM === #

    def _granted(self, case, amount, role="director"):
        remedy = self._new_remedy(case, amount)
        self._as("specialist", remedy).action_policy_submit()
        self._as(role, remedy).action_policy_approve("同意")
        self.assertEqual(remedy.policy_approval_state, "approved")
        return remedy

    def _used(self, record):
        rows = self.env["crm.policy.authority.use"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return rows.mapped("amount")

    def test_what_was_granted_before_counts_with_the_emergency(self):
        case = self._new_crisis()
        remedy = self._granted(case, 45000)
        emergency = self._start(case)
        self._hand_in(emergency, 45000)
        self.assertEqual(emergency.policy_approval_id.amount, 90000)
        with self.assertRefused(PolicyRefusal, r"90,000\.00 exceeds your limit of .*50,000\.00"):
            self._as("director", emergency).action_policy_approve("同意")
        self._as("ceo", emergency).action_policy_approve("同意")
        self.assertEqual((self._used(remedy), self._used(emergency)), ([45000], [45000]))

    def test_what_an_emergency_has_cost_counts_with_a_remedy(self):
        case = self._new_crisis()
        emergency = self._start(case)
        self._act(emergency, 45000)
        remedy = self._new_remedy(case, 45000)
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.amount, 90000)
        with self.assertRefused(PolicyRefusal, r"90,000\.00 exceeds your limit"):
            self._as("director", remedy).action_policy_approve("同意")
        self._as("ceo", remedy).action_policy_approve("同意")
        self.assertEqual(self._used(remedy), [45000])

    def test_what_is_executed_counts_once(self):
        case = self._new_crisis()
        emergency = self._start(case)
        executed = self._new_remedy(case, 45000)
        self._execute(executed)
        self._hand_in(emergency)
        self.assertEqual(emergency.policy_approval_id.amount, 45000)
        self.assertEqual(executed._policy_case_amount(), 45000)
        self._as("director", emergency).action_policy_approve("同意")
        self.assertEqual((self._used(executed), self._used(emergency)), ([], [45000]))

    def test_linked_cases_count_both_ways(self):
        first = self._new_crisis(policy_order_ref="S00125")
        self._granted(first, 45000)
        second = self._new_crisis(policy_order_ref="S00125")
        emergency = self._start(second)
        self._hand_in(emergency, 45000)
        self.assertEqual(emergency.policy_approval_id.amount, 45000)
        words = r"45,000\.00, with .*45,000\.00 of the cases linked to it, exceeds your limit"
        with self.assertRefused(PolicyRefusal, words):
            self._as("director", emergency).action_policy_approve("同意")
        self._as("ceo", emergency).action_policy_approve("同意")
        third = self._new_case(policy_order_ref="S00125")
        remedy = self._new_remedy(third, 1000)
        self.assertEqual(remedy._policy_linked_amount(), 90000)

    def test_a_second_emergency_books_its_own_total_only(self):
        case = self._new_crisis()
        first = self._start(case)
        self._hand_in(first, 9000)
        self._as("director", first).action_policy_approve("同意")
        self._record(first, "follow_up", 5)
        self._as("manager", first).action_policy_close("备件预留")
        second = self._start(case)
        self._hand_in(second, 8000)
        self.assertEqual(second.policy_approval_id.amount, 17000)
        self._as("director", second).action_policy_approve("同意")
        self.assertEqual((self._used(first), self._used(second)), ([9000], [8000]))

    # === WHO IS LEFT TO RATIFY === #

    def test_the_deputy_of_the_ratifier_sees_the_case(self):
        deputy = self._new_user("hr", login="t_deputy")
        with at("2026-03-02 10:00"):
            delegation = (
                self.env["crm.policy.delegation"]
                .with_user(self.users["director"])
                .create({"to_user_id": deputy.id, "date_to": "2026-03-06"})
            )
            emergency = self._start(self._new_crisis())
            self._hand_in(emergency, 30000)
            self.assertIn(deputy, emergency.policy_approval_id.eligible_user_ids)
            row = emergency.ticket_id.policy_access_ids.filtered(lambda row: row.user_id == deputy)
            self.assertEqual((row.reason, row.delegation_id.id), ("delegation", delegation.id))
            self.assertTrue(emergency.with_user(deputy).read(["statement"]))
            emergency.with_user(deputy).action_policy_approve("代为审批")
        self.assertEqual(emergency.state, "ratified")

    def test_once_it_is_handed_in_those_who_were_asked_ratify_it(self):
        second = self._new_user("director", login="t_director2")
        emergency = self._start(self._new_crisis())
        self._stabilise(emergency, 30000)
        self.assertEqual(emergency._policy_ratifiers(), self.users["director"] | second)
        self._as("manager", emergency).action_policy_submit()
        request = emergency.policy_approval_id
        self._as("director", request).action_policy_forward(second.id, "出差，请代为审批")
        self.assertEqual(request.eligible_user_ids, second)
        self.assertEqual(emergency._policy_ratifiers(), second)

    def test_the_only_one_who_could_ratify_does_not_start_it(self):
        case = self._new_crisis()
        words = "6.1.*nobody would be left to ratify EMG.*t_ceo"
        with self.assertRefused(PolicyRefusal, words):
            self._start(case, role="ceo")
        self._new_user("ceo", login="t_ceo2")
        self.assertTrue(self._start(case, role="ceo"))

    def test_where_a_fixed_route_ratifies_its_signers_are_asked_and_not_the_limits(self):
        """Who holds the highest authority may act: it is others who sign."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_route SET kind = 'sequence' WHERE version_id = %s"
            " AND model_name = 'crm.policy.emergency'",
            self.version.ids,
        )
        self.assertTrue(self.env.cr.rowcount)
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertTrue(self._start(self._new_crisis(), role="ceo"))

    def test_the_only_one_who_could_ratify_does_not_act(self):
        self.emergency_team.member_ids = [
            Command.create({"user_id": self.users["ceo"].id, "sequence": 9})
        ]
        case = self._new_crisis()
        emergency = self._start(case)
        remedy = self._new_remedy(case, 300)
        for call in (
            lambda: self._act(emergency, 5, "ceo"),
            lambda: self._execute(remedy, "ceo"),
        ):
            with self.assertRefused(PolicyRefusal, "nobody would be left to ratify"):
                call()
        own = self._new_remedy(case, 300, beneficiary_id=self.users["ceo"].partner_id.id)
        with self.assertRefused(PolicyRefusal, "nobody would be left to ratify"):
            self._execute(own)
        self._act(emergency, 5)
        extra = self._new_user("ceo", login="t_ceo2")
        self._act(emergency, 60000, "ceo")
        self._hand_in(emergency)
        self.assertEqual(emergency.policy_approval_id.eligible_user_ids, extra)

    # === UNDER ONE VERSION === #

    def test_it_is_ratified_under_the_version_under_which_it_was_started(self):
        case = self._new_crisis()
        with at("2026-03-02 10:00"):
            emergency = self._start(case)
        content = self.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        old, new = 'number: "1"\n  transition: ', 'number: "2"\n  transition: '
        self.assertEqual(content.count(f"{old}keep"), 1)
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        version = policy._policy_apply_pack(
            content.replace(f"{old}keep", f"{new}switch"), self.company
        )
        self._hand_over(version)
        version.with_user(self.users["director"]).action_policy_publish()
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_switch_cases").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(case.policy_version_id, version.with_env(self.env))
        self.assertEqual(emergency.policy_version_id, self.version)
        self.assertEqual(emergency.step_ids.policy_version_id, self.version)
