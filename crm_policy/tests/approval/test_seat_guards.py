"""Guards of the seats of a committee that no flow meets by itself, one each (POL-OWN-01)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError

from ..policy.test_publication import PublicationCommon


class TestSeatGuards(PublicationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft.action_policy_review()
        cls._approve_version(cls.draft)
        cls.friend = cls._new_user("specialist", login="t_friend")
        cls.second = cls._new_user("director", login="t_director2")

    def _seat(self, **vals):
        """Give the committee a seat without a vote, as an installation would."""
        values = {"vote": "advisory", "sequence": 8, **vals}
        self.committee.member_ids = [Command.create(values)]
        return self.committee.member_ids.filtered(lambda seat: seat.vote == "advisory")

    def _give_vote(self, seat):
        command = Command.update(seat.id, {"vote": "voting"})
        self.committee.with_user(self.director).write({"member_ids": [command]})
        self.assertEqual(self.committee.change_by_id, self.director)
        return self.committee.sudo()._policy_confirmers()

    def test_who_knows_the_change_confirms_it_only_where_he_may(self):
        """The window is not the only way to call it."""
        before = self.committee.member_ids.user_id
        seat = Command.create({"user_id": self.friend.id, "sequence": 9})
        self.committee.with_user(self.director).write({"member_ids": [seat]})
        wish = self.committee._policy_wish()
        for user in (self.director, self.friend, self.admin):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.committee.with_user(user).action_policy_confirm_change(wish)
            self.assertEqual(self.committee.member_ids.user_id, before)
        self.committee.with_user(self.finance).action_policy_confirm_change(wish)
        self.assertEqual(self.committee.member_ids.user_id, before | self.friend)

    def test_nobody_says_that_another_wants_it(self):
        for vals in ({"change_by_id": self.finance.id}, {"change_vals": {"quorum": 1}}):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.committee.with_user(self.director).write({"quorum": 1, **vals})
        self.assertFalse(self.committee.change_by_id)

    def test_a_director_of_another_company_has_no_say_in_it(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("director", login="t_stranger", company=other)
        electorate = self.committee._policy_electorate()
        self.assertIn(self.second, electorate)
        self.assertNotIn(stranger, electorate)

    def test_who_gains_a_vote_as_a_substitute_or_by_his_role_does_not_confirm_it(self):
        seat = self._seat(user_id=self.friend.id, substitute_id=self.second.id)
        self.assertNotIn(self.second, self._give_vote(seat))
        self.committee.with_user(self.director).action_policy_drop_change()
        role = self._role_of("qc").copy({"code": "x_qc", "group_id": False, "kind": "user"})
        role.user_id = self.second
        seat.write({"user_id": False, "substitute_id": False, "role_id": role.id})
        self.assertNotIn(self.second, self._give_vote(seat))

    def _plain_team(self):
        seat = Command.create({"user_id": self.friend.id})
        vals = {"code": "plain", "name": "考核小组", "kind": "responsibility"}
        return self.committee.create({**vals, "member_ids": [seat]})

    def _want(self, **vals):
        self.committee.with_user(self.director).write(vals)

    def test_who_works_in_another_company_now_touches_no_change_of_this_one(self):
        """He is of both and has a say here: the window that he looks at is the other company's."""
        other = self._new_company("杭州分公司")
        self.finance.company_ids += other
        self._want(quorum=70)
        wish = self.committee._policy_wish()
        team = self.committee.with_user(self.finance).with_context(allowed_company_ids=other.ids)
        for action, arguments in (("read", ()), ("confirm", (wish,)), ("drop", ())):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(team, f"action_policy_{action}_change")(*arguments)
            self.assertEqual(
                (self.committee.change_by_id, self.committee.quorum), (self.director, 60)
            )
        self.committee.with_user(self.finance).action_policy_confirm_change(wish)
        self.assertEqual(self.committee.quorum, 70)

    def test_what_nobody_wants_is_not_dropped(self):
        with self.assertRefused(UserError, "no change waits"):
            self.committee.with_user(self.finance).action_policy_drop_change()
        self.assertFalse(
            self.env["crm.policy.event"].search([("type", "=", "team.change_dropped")])
        )

    def test_no_button_takes_two_teams_or_none(self):
        self._want(quorum=70)
        wish, teams = self.committee._policy_wish(), self.committee.with_user(self.finance)
        plain = self._plain_team()
        for wrong in (teams.browse(), teams | plain.with_user(self.finance)):
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                wrong.action_policy_confirm_change(wish)
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                wrong.action_policy_read_change()

    def test_the_same_roles_again_are_no_change(self):
        roles = self.committee.must_cover_role_ids
        self.assertTrue(roles)
        self._want(must_cover_role_ids=[Command.set(roles.ids)])
        self.assertFalse(self.committee.change_by_id)

    def test_a_seat_that_is_linked_again_stays_and_one_of_another_team_is_not_taken(self):
        own = self.committee.member_ids[0]
        self._want(member_ids=[Command.link(own.id)])
        self.assertFalse(self.committee.change_by_id)
        plain = self._plain_team()
        for command in (Command.link(plain.member_ids.id), Command.unlink(own.id)):
            with self.subTest(command), self.assertRefused(UserError, "given, changed and taken"):
                self._want(member_ids=[command])
