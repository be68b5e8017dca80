"""Behind a seat that is a role nobody alone makes or unmakes those who decide (POL-OWN-01)."""

from datetime import timedelta

import yaml

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import Form

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon
from ..policy.test_publication import PublicationCommon


class TestCommitteeRoster(PublicationCommon):
    """The committee is one seat: whoever holds the role of the committee, five persons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.five = cls.committee.member_ids.user_id
        cls.role = cls._role_of("committee")
        cls.group = cls.env.ref("crm_policy.group_committee")
        cls.group.user_ids = [Command.set(cls.five.ids)]
        cls.committee.member_ids = [
            Command.clear(),
            Command.create({"role_id": cls.role.id}),
        ]
        cls.seat = cls.committee.member_ids
        cls.friend = cls._new_user("specialist", login="t_friend")
        cls.system = cls._new_user("specialist", login="t_system")
        cls.system.group_ids = [Command.link(cls.env.ref("base.group_system").id)]

    def _decide(self):
        """Let the committee decide from now on."""
        self.draft.action_policy_review()
        self._approve_version(self.draft)

    def _appointed(self):
        """Make the seat one of appointed persons, while the committee signs nothing yet."""
        self.role.write({"kind": "user"})
        self.post = self._new_post("committee", self.five)

    def _voters(self):
        self.env.invalidate_all()
        return self.committee.voter_ids

    def _confirm(self, user):
        action = self.committee.with_user(user).action_policy_read_change()
        window = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        window.action_policy_confirm()
        return window

    def _away_now(self, user):
        employee = user.with_company(self.company).employee_id
        if not employee:
            employee = self.env["hr.employee"].create({"name": user.login, "user_id": user.id})
        self.env["resource.calendar.leaves"].create(
            {
                "name": "年假",
                "resource_id": employee.resource_id.id,
                "date_from": Datetime.now() - timedelta(hours=1),
                "date_to": Datetime.now() + timedelta(hours=1),
            }
        )

    def _events(self, kind):
        return self.env["crm.policy.event"].search(
            [("type", "=", f"team.{kind}"), ("res_id", "=", self.committee.id)]
        )

    def _numbers(self):
        self.env.invalidate_all()
        team = self.committee
        return team.voter_ids, team.voter_count, team.quorum_count, team.status

    # === BEFORE IT DECIDES === #

    def test_a_team_that_signs_nothing_follows_its_roles(self):
        self.group.user_ids = [Command.link(self.friend.id)]
        self.assertEqual(self._voters(), self.five | self.friend)
        self.group.user_ids = [Command.set(self.friend.ids)]
        self.assertEqual(self._numbers(), (self.friend, 1, 1, "ready"))
        self.assertFalse(self.seat.roster_at)
        self.assertFalse(self.committee.roster_gap)

    def test_it_begins_to_decide_with_those_who_hold_the_role_then(self):
        self.group.user_ids = [Command.link(self.friend.id)]
        self.draft.action_policy_review()
        self.env.invalidate_all()
        self.assertEqual(self.seat.roster_ids, self.five | self.friend)
        self.assertEqual(self.seat.roster_votes, 6)
        taken = self.seat.roster_at
        self.assertTrue(taken)
        self.group.user_ids = [Command.unlink(self.friend.id)]
        self._approve_version(self.draft)
        self.env.invalidate_all()
        # It decided already: the approval takes no other roster.
        self.assertEqual(self.seat.roster_ids, self.five | self.friend)

    def test_a_draft_that_was_taken_back_leaves_no_old_roster(self):
        request = self._handed_over()
        self.draft.with_user(request.requester_id).action_policy_recall()
        self.group.user_ids = [Command.link(self.friend.id)]
        self.draft.action_policy_review()
        self.env.invalidate_all()
        self.assertEqual(self.seat.roster_ids, self.five | self.friend)

    def test_a_team_of_any_route_begins_with_the_version_of_the_route(self):
        team = self.env["crm.policy.team"].search(
            [("code", "=", "emergency"), ("company_id", "=", self.company.id)]
        )
        self.assertTrue(team.member_ids.role_id)
        self._decide()
        self.assertFalse(team.member_ids.roster_ids)
        policy = self.env["crm.policy"].with_user(self.admin)
        pack = yaml.safe_load(policy._policy_packs()["handbook"].read_text())
        pack["version"]["number"] = "2"
        steps = [{"team": "emergency", "mode": "quorum"}]
        pack["routes"][1] |= {"kind": "sequence", "steps": steps}
        draft = policy._policy_apply_pack(yaml.safe_dump(pack, allow_unicode=True), self.company)
        self._hand_over(draft)
        self.assertFalse(team.member_ids.roster_ids)
        self._approve_version(draft)
        self.assertEqual(draft.state, "effective")
        seats = team.member_ids.filtered("role_id")
        for seat in seats:
            self.assertEqual(seat.roster_ids, seat.role_id._policy_people_for(team)[team.id])
            self.assertTrue(seat.roster_at)

    # === WHO IS GIVEN THE ROLE === #

    def test_who_joins_the_group_has_no_vote_until_two_have_taken_him_over(self):
        self._decide()
        self.group.with_user(self.system).user_ids = [Command.link(self.friend.id)]
        self.assertEqual(self._numbers(), (self.five, 5, 3, "ready"))
        self.assertIn("+ t_friend", self.committee.roster_gap)
        [event] = self._events("holders_changed")
        self.assertEqual(event.actor_id, self.system.id)
        for user in (self.friend, self.finance, self.system):
            team = self.committee.with_user(user)
            self.assertFalse(team.can_take_over)
            with self.subTest(user.login), self.assertRaises(AccessError):
                team.action_policy_take_over()
        self.assertTrue(self.committee.with_user(self.director).can_take_over)
        self.committee.with_user(self.director).action_policy_take_over()
        self.assertFalse(self.committee.roster_gap)
        self.assertEqual(self._voters(), self.five)
        for user in (self.director, self.friend):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._confirm(user)
        window = self._confirm(self.finance)
        self.assertIn("+ t_friend", window.change_words)
        self.assertEqual(self._numbers(), (self.five | self.friend, 6, 4, "ready"))
        self.assertFalse(self.committee.roster_gap)

    def test_who_is_appointed_by_a_director_waits_for_another_ones_word(self):
        self._appointed()
        self._decide()
        self.post.with_user(self.director).write({"user_ids": [Command.link(self.friend.id)]})
        self.assertEqual(self._voters(), self.five)
        self.assertEqual(self.committee.change_by_id, self.director)
        self.assertIn("+ t_friend", self.committee.change_words)
        with self.assertRaises(AccessError):
            self._confirm(self.director)
        self._confirm(self.ceo)
        self.assertEqual(self._voters(), self.five | self.friend)

    def test_who_is_given_the_role_does_not_confirm_it_himself(self):
        second = self._new_user("director", login="t_director2")
        self._appointed()
        self._decide()
        self.assertIn(second, self.committee._policy_electorate())
        self.post.with_user(self.director).write({"user_ids": [Command.link(second.id)]})
        self.assertIn("+ t_director2", self.committee.change_words)
        with self.assertRaises(AccessError):
            self._confirm(second)

    def test_a_role_that_finds_others_gives_them_no_seat(self):
        self._decide()
        department = self.env["hr.department"].create({"name": "友"})
        employee = self.env["hr.employee"].create({"name": "友", "user_id": self.friend.id})
        department.manager_id = employee
        self.env.ref("crm_policy.group_qc").user_ids = [Command.set(self.friend.ids)]
        ways = {
            "user": {"kind": "user", "user_id": self.friend.id},
            "group": {"group_id": self.env.ref("crm_policy.group_qc").id},
            "head": {"kind": "department_head", "department_id": department.id},
        }
        for name, vals in ways.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.role.with_user(self.admin).write(vals)
                voters, size, needed, status = self._numbers()
                self.assertFalse(voters)
                self.assertEqual((size, needed, status), (5, 3, "short"))
                self.assertIn("+ t_friend", self.committee.change_words)
                self.assertIn("− t_finance", self.committee.change_words)
                self.assertNotIn(self.friend, self.committee._policy_confirmers())
                self.assertFalse(self.committee._policy_seated())
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_new_head_of_the_department_has_no_vote(self):
        department = self.env["hr.department"].create({"name": "委"})
        head, other = self.env["hr.employee"].create(
            [{"name": user.login, "user_id": user.id} for user in (self.finance, self.friend)]
        )
        department.manager_id = head
        role = self._role_of("sales_manager")
        role.write({"kind": "department_head", "department_id": department.id})
        self.committee.member_ids = [Command.create({"role_id": role.id})]
        self.group.user_ids = [Command.unlink(self.finance.id)]
        self._decide()
        self.assertEqual(self._voters(), self.five)
        department.manager_id = other
        self.assertEqual(self._numbers(), (self.five - self.finance, 5, 3, "ready"))
        self.assertIn("+ t_friend", self.committee.roster_gap)

    def test_who_covers_a_role_must_have_a_vote(self):
        self.committee.must_cover_role_ids = self._role_of("finance")
        self._decide()
        self.env.ref("crm_policy.group_finance").user_ids = [Command.set(self.friend.ids)]
        self.group.user_ids = [Command.link(self.friend.id)]
        self.env.invalidate_all()
        self.assertEqual(self.committee.uncovered_role_ids, self._role_of("finance"))

    def test_nobody_appoints_himself_by_the_role(self):
        mine = self.role.with_user(self.admin)
        for vals in (
            {"kind": "user", "user_id": self.admin.id},
            {"group_id": self.env.ref("crm_policy.group_policy_admin").id},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "Nobody appoints himself"):
                mine.write(vals)
        self.role.write({"kind": "user", "user_id": self.admin.id})
        mine.write({"active": True})  # he holds it already
        with self.assertRefused(UserError, "Nobody appoints himself"):
            mine.write({"sees_all_cases": True})

    def test_nobody_makes_himself_a_role(self):
        roles = self.env["crm.policy.role"].with_user(self.admin)
        everybody = self.env.ref("base.group_user").id
        for vals in (
            {"kind": "user", "user_id": self.admin.id},
            {"kind": "group", "group_id": everybody, "sees_all_cases": True},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "Nobody appoints himself"):
                roles.create({"code": "mine", "name": "我的", **vals})
        self.assertTrue(roles.create({"code": "all", "name": "全员", "group_id": everybody}))

    # === WHO LOSES IT === #

    def test_who_unmakes_the_others_has_no_quorum(self):
        self._decide()
        self.group.with_user(self.system).user_ids = [Command.set(self.ceo.ids)]
        self.assertEqual(self._numbers(), (self.ceo, 5, 3, "short"))
        self.assertEqual(self.committee._policy_votes(self.env["res.users"]), (5, 3))
        self.committee.with_user(self.director).action_policy_take_over()
        self.assertEqual(self.committee.voter_count, 5)
        self._confirm(self.ceo)
        self.assertEqual(self._numbers(), (self.ceo, 1, 1, "ready"))

    def test_the_last_one_of_the_committee_hands_over_nothing(self):
        self._decide()
        self.group.with_user(self.system).user_ids = [Command.set(self.ceo.ids)]
        self.committee.must_cover_role_ids = False
        draft = self.draft.with_user(self.admin)._policy_new_version()
        with self.assertRefused(PolicyRefusal, "1 of its 5 voting members"):
            self._hand_over(draft)

    def test_a_fresh_holder_abolishes_nothing(self):
        self._decide()
        self.group.with_user(self.system).user_ids = [Command.link(self.friend.id)]
        self.draft.with_user(self.ceo).action_policy_abolish("改版")
        with self.assertRefused(AccessError, "decided by members of"):
            self.draft.with_user(self.friend).action_policy_abolish("改版")
        self.assertEqual(self.draft.state, "effective")

    def test_who_takes_the_role_from_all_does_not_become_the_only_one_asked(self):
        self.committee.must_cover_role_ids = False
        three = self.finance | self.legal | self.marketing
        self.role.write({"kind": "user"})
        post = self._new_post("committee", three)
        self._decide()
        self.ceo.active = False
        mine = post.with_user(self.director)
        mine.write({"user_ids": [Command.clear()]})
        mine.write({"user_ids": [Command.set(self.friend.ids)]})
        self.assertEqual(self._numbers(), (self.env["res.users"], 3, 2, "short"))
        self.assertEqual(self.committee.change_by_id, self.director)
        self.assertEqual(self.committee._policy_confirmers(), three)
        self._confirm(self.legal)
        self.assertEqual(self.seat.roster_votes, 0)

    def test_who_has_left_counts_until_that_is_confirmed(self):
        self._decide()
        self.finance.active = False
        self.assertEqual(self._numbers(), (self.five - self.finance, 5, 3, "ready"))
        self.assertIn("− t_finance", self.committee.roster_gap)

    def test_an_absence_is_no_change(self):
        self._appointed()
        self._decide()
        self._away_now(self.finance)
        self.assertEqual(self._numbers(), (self.five - self.finance, 5, 3, "ready"))
        self.assertFalse(self.committee.roster_gap)

    def test_who_stands_in_was_taken_over_with_the_post(self):
        self._appointed()
        self.post.substitute_id = self.friend
        self._decide()
        self.assertEqual((self._voters(), self.seat.roster_votes), (self.five, 5))
        self._away_now(self.finance)
        self.assertEqual(self._voters(), self.five - self.finance | self.friend)

    # === TAKING OVER === #

    def test_a_seat_given_by_a_role_is_given_to_those_who_were_read(self):
        self._decide()
        role = self._role_of("sales_manager")
        post = self._new_post("sales_manager", self.friend)
        wish = {"member_ids": [Command.create({"role_id": role.id})]}
        self.committee.with_user(self.director).write(wish)
        self.assertIn("+ t_friend", self.committee.change_words)
        other = self._new_user("specialist", login="t_other")
        post.user_ids = [Command.set(other.ids)]
        self._confirm(self.finance)
        self.assertEqual(self._voters(), self.five)
        self.assertIn("+ t_other", self.committee.roster_gap)

    def test_a_person_in_the_place_of_a_role_needs_no_roster(self):
        self._decide()
        seat = Command.update(self.seat.id, {"role_id": False, "user_id": self.finance.id})
        self.committee.with_user(self.director).write({"member_ids": [seat]})
        self._confirm(self.ceo)
        self.assertEqual(self._voters(), self.finance)
        self.assertFalse(self.seat.roster_at)
        self.assertFalse(self.seat.roster_ids)

    def test_another_role_in_a_seat_forgets_the_former_roster(self):
        request = self._handed_over()
        self.draft.with_user(request.requester_id).action_policy_recall()
        self.assertEqual(self.seat.roster_ids, self.five)
        self.seat.with_user(self.director).role_id = self._role_of("legal")
        self.assertFalse(self.seat.roster_ids)
        self.assertFalse(self.seat.roster_at)

    def test_a_person_takes_the_place_of_a_role_in_the_form(self):
        self._decide()
        with (
            Form(self.committee.with_user(self.director)) as form,
            form.member_ids.edit(0) as seat,
        ):
            seat.role_id = self.env["crm.policy.role"]
            seat.user_id = self.finance
        self.assertIn("t_finance", self.committee.change_words)
        self._confirm(self.ceo)
        self.assertEqual(self._voters(), self.finance)

    def test_who_is_seated_newly_by_a_vote_is_on_the_roster(self):
        self.seat.vote = "advisory"
        self.committee.member_ids = [Command.create({"user_id": self.finance.id, "sequence": 9})]
        self.seat._policy_take_roster(self.director.ids, 1)
        change = {"member_ids": [[Command.UPDATE, self.seat.id, {"vote": "voting"}]]}
        self.role.write({"kind": "field", "field_path": "create_uid"})
        self.assertIn(self.director, self.committee._policy_newly_seated(change))

    def test_an_account_that_is_gone_hides_no_wish(self):
        self._decide()
        gone = self.env["res.users"].search([], order="id desc", limit=1).id + 1000
        wish = [Command.UPDATE, self.seat.id, {"roster": [gone, *self.five.ids], "votes": 6}]
        self.committee.sudo()._policy_guarded_write(
            {
                "change_vals": {"member_ids": [wish]},
                "change_by_id": self.director.id,
                "change_at": Datetime.now(),
            }
        )
        self.assertIn("6", self.committee.change_words)
        self._confirm(self.ceo)
        self.assertEqual(self.seat.roster_ids, self.five)

    def test_a_team_that_cannot_be_changed_keeps_nobody_in_the_company(self):
        self.committee.member_ids = [Command.create({"user_id": self.friend.id, "sequence": 9})]
        self.group.user_ids = [Command.link(self.friend.id)]
        self._decide()
        other = self.env["res.company"].create({"name": "另一家"})
        actor = self.director
        actor.group_ids = [Command.link(self.env.ref("base.group_erp_manager").id)]
        actor.company_ids = [Command.link(other.id)]
        vals = {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        self.friend.with_user(actor).write(vals)
        self.assertEqual(self.friend.company_ids, other)
        self.assertFalse(self.committee.change_by_id)
        self.assertIn("− t_friend", self.committee.roster_gap)

    def test_the_ledger_knows_the_first_roster(self):
        self._decide()
        event = self._events("changed").sorted("id")[-1]
        self.assertEqual(event.payload["members"][0]["holders"], sorted(self.five.ids))

    def test_the_ledger_knows_the_roster(self):
        self._decide()
        self.group.with_user(self.system).user_ids = [Command.link(self.friend.id)]
        self.committee.with_user(self.director).action_policy_take_over()
        self._confirm(self.finance)
        event = self._events("changed").sorted("id")[-1]
        [seat] = event.payload["members"]
        self.assertEqual(seat["holders"], sorted((self.five | self.friend).ids))
        self.assertEqual(seat["votes"], 6)

    def test_what_has_changed_is_told_once(self):
        self._decide()
        told = self.env["mail.message"].search_count([("subject", "like", "To take over")])
        self.group.with_user(self.system).user_ids = [Command.link(self.friend.id)]
        self.env.ref("crm_policy.group_analyst").user_ids = [Command.link(self.friend.id)]
        messages = self.env["mail.message"].search([("subject", "like", "To take over")])
        self.assertEqual(len(messages) - told, 1)
        self.assertIn("t_friend", messages[0].body)
        self.assertIn(self.director.partner_id, messages[0].notified_partner_ids)
        self.group.user_ids = [Command.unlink(self.friend.id)]
        self.group.user_ids = [Command.link(self.friend.id)]
        again = self.env["mail.message"].search_count([("subject", "like", "To take over")])
        self.assertEqual(again - told, 2)

    def test_a_wish_that_waits_is_not_replaced_by_an_appointment(self):
        self._appointed()
        self._decide()
        self.committee.with_user(self.director).write({"quorum": 80})
        self.post.with_user(self.director).write({"user_ids": [Command.link(self.friend.id)]})
        self.assertNotIn("t_friend", self.committee.change_words)
        self.assertFalse(self.committee.with_user(self.director).can_take_over)
        self.assertIn("+ t_friend", self.committee.roster_gap)

    def test_an_appointment_is_not_refused_because_nobody_could_confirm_the_seat(self):
        second = self._new_user("director", login="t_director2")
        self._appointed()
        self._decide()
        others = self.five | self.users["director"] | self.users["ceo"]
        (others - self.director).write({"active": False})
        self.post.with_user(self.director).write({"user_ids": [Command.link(second.id)]})
        self.assertFalse(self.committee.change_by_id)
        self.assertIn("+ t_director2", self.committee.roster_gap)
        self.assertEqual(self._voters(), self.director)

    def test_nobody_writes_a_roster(self):
        self._decide()
        for name, value in (
            ("roster_ids", [Command.link(self.friend.id)]),
            ("roster_votes", 1),
            ("roster_at", False),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                self.seat.sudo().write({name: value})
        with self.assertRaises(AccessError):
            self.committee.sudo().write({"roster_told": False})
        smuggled = {"roster": self.friend.ids, "votes": 1, "roster_votes": 1}
        command = Command.update(self.seat.id, smuggled)
        self.committee.with_user(self.director).write({"member_ids": [command]})
        self.assertFalse(self.committee.change_by_id)
        self.assertEqual(self._voters(), self.five)

    def test_a_copy_begins_without_a_roster(self):
        self._decide()
        copy = self.committee.copy({"code": "copy"})
        self.assertFalse(copy.member_ids.roster_at)
        self.assertFalse(copy.member_ids.roster_ids)

    def test_where_nobody_else_is_there_it_counts_at_once(self):
        self._appointed()
        self._decide()
        others = self.five | self.users["director"] | self.users["ceo"]
        (others - self.director).write({"active": False})
        self.post.with_user(self.director).write({"user_ids": [Command.link(self.friend.id)]})
        self.assertEqual(self._voters(), self.director | self.friend)


class TestTeamOfARoute(ApprovalCommon):
    """A team signs remedies: whoever takes its members their role does not sign in its place."""

    def _requested(self, mode):
        self.one, self.two = self.users["qc"], self.users["finance"]
        self.post = self._new_post("quality", self.one | self.two)
        team = self.env["crm.policy.team"].search(
            [("code", "=", "quality-complaint"), ("company_id", "=", self.company.id)]
        )
        team.member_ids = [
            Command.clear(),
            Command.create({"role_id": self._role_of("quality").id}),
        ]
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        pack = yaml.safe_load(policy._policy_packs()["service"].read_text())
        pack["version"]["number"] = "2"
        pack["teams"] = []
        steps = [{"team": "quality-complaint", "mode": mode}]
        pack["routes"][0] |= {"kind": "sequence", "steps": steps}
        text = yaml.safe_dump(pack, allow_unicode=True)
        version = policy._policy_apply_pack(text, self.company)
        self._hand_over(version)
        self._approve_version(version)
        self.assertEqual(team.member_ids.roster_ids, self.one | self.two)
        remedy = self._new_remedy(self._new_case(), 5000)
        self._as("specialist", remedy).action_policy_submit()
        return remedy

    def _sign_as(self, user, remedy):
        self.env.invalidate_all()
        remedy.with_user(user).action_policy_approve("同意")

    def test_who_is_taken_the_role_is_waited_for(self):
        for mode in ("all", "majority"):
            with self.subTest(mode), self.env.cr.savepoint() as savepoint:
                remedy = self._requested(mode)
                self._sign_as(self.one, remedy)
                director = self.post.with_user(self.users["director"])
                director.write({"user_ids": [Command.unlink(self.two.id)]})
                remedy.sudo().policy_approval_id._policy_keep_deciders()
                self.assertEqual(remedy.policy_approval_state, "pending")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_an_emptied_team_is_not_represented_by_who_stands_above(self):
        remedy = self._requested("any")
        director = self.users["director"]
        self.post.with_user(director).write({"user_ids": [Command.clear()]})
        for user in (director, self.users["manager"], self.users["ceo"]):
            with self.subTest(user.login), self.assertRaises(UserError):
                self._sign_as(user, remedy)
        self.assertEqual(remedy.policy_approval_state, "pending")
        self.assertFalse(remedy.policy_approval_id.decision_ids)
