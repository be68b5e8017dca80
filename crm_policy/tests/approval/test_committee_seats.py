"""Nobody alone appoints those who will approve what he wants (POL-OWN-01, D.3)."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ...exceptions import PolicyRefusal
from ..policy.test_publication import PublicationCommon


class TestCommitteeSeats(PublicationCommon):
    """The handbook is in force: its committee of five decides what comes next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft.action_policy_review()
        cls._approve_version(cls.draft)
        cls.friend = cls._new_user("specialist", login="t_friend")
        cls.second = cls._new_user("director", login="t_director2")
        cls.plain = cls.env["crm.policy.team"].create(
            {
                "code": "plain",
                "name": "考核小组",
                "kind": "responsibility",
                "member_ids": [Command.create({"user_id": cls.finance.id})],
            }
        )

    def _friendly(self, user, **vals):
        """Let ``user`` take away all seats but his own and give his friend one."""
        strangers = self.committee.member_ids.filtered(lambda seat: seat.user_id != user)
        commands = [Command.delete(seat.id) for seat in strangers]
        commands.append(Command.create({"user_id": self.friend.id, "sequence": 9}))
        self.committee.with_user(user).write({"member_ids": commands, **vals})

    def _seated(self):
        self.env.invalidate_all()
        return self.committee.member_ids.user_id

    def _read_change(self, user):
        """Return the window in which ``user`` reads the change that waits."""
        action = self.committee.with_user(user).action_policy_read_change()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def _confirm(self, user):
        self._read_change(user).action_policy_confirm()

    def _events(self, kind):
        return self.env["crm.policy.event"].search(
            [("type", "=", f"team.{kind}"), ("res_id", "=", self.committee.id)]
        )

    def test_a_change_of_the_seats_waits_for_a_second_person(self):
        before = self.committee.member_ids.user_id
        for user in (self.director, self.admin):
            with self.subTest(user.login):
                self._friendly(user, quorum=1)
                self.assertEqual((self._seated(), self.committee.quorum), (before, 60))
                self.assertEqual(self.committee.voter_ids, before)
                self.assertEqual(self.committee.change_by_id, user)
                self.assertIn("t_friend", self.committee.change_words)
                self.assertRegex(self.committee.change_words, r"Quorum \(%\): 1")
                with self.assertRefused(AccessError, "another person confirms it"):
                    self._confirm(user)
                self.committee.with_user(user).action_policy_drop_change()
                self.assertFalse(self.committee.change_by_id)
        self.assertEqual(len(self._events("change_wanted")), 2)
        self.assertEqual(len(self._events("change_dropped")), 2)

    def test_once_confirmed_it_counts(self):
        self._friendly(self.director, quorum=100)
        for user in (self.friend, self.admin, self.users["specialist"]):
            for action in ("read", "drop"):
                with self.subTest(user.login, action=action), self.assertRaises(AccessError):
                    getattr(self.committee.with_user(user), f"action_policy_{action}_change")()
        self._confirm(self.finance)
        self.assertEqual(self._seated(), self.director | self.friend)
        self.assertEqual(self.committee.quorum, 100)
        [event] = self._events("change_confirmed")
        self.assertEqual(event.actor_id, self.finance.id)
        self.assertEqual(event.payload, {"wanted_by": self.director.id})
        with self.assertRefused(UserError, "no change waits"):
            self._confirm(self.finance)

    def test_a_second_director_confirms_it_unless_he_gets_a_seat(self):
        wish = {"member_ids": [Command.create({"user_id": self.friend.id})]}
        self.committee.with_user(self.director).write(wish)
        self._confirm(self.second)
        self.assertIn(self.friend, self._seated())
        wish = {"member_ids": [Command.create({"user_id": self.second.id})]}
        self.committee.with_user(self.director).write(wish)
        with self.assertRaises(AccessError):
            self._confirm(self.second)

    def test_nobody_goes_past_it(self):
        seat = self.committee.member_ids[-1]
        director = self.director
        attempts = {
            "new seat": lambda: seat.with_user(director).create(
                {"team_id": self.committee.id, "user_id": self.friend.id}
            ),
            "by a default": lambda: (
                seat.with_user(director)
                .with_context(default_team_id=self.committee.id)
                .create({"user_id": self.friend.id})
            ),
            "vote": lambda: seat.with_user(director).write({"vote": "advisory"}),
            "substitute": lambda: seat.with_user(director).write({"substitute_id": self.friend.id}),
            "unseat": lambda: seat.with_user(director).unlink(),
            "move away": lambda: seat.with_user(director).write({"team_id": self.plain.id}),
            "move in": lambda: self.plain.member_ids.with_user(director).write(
                {"team_id": self.committee.id}
            ),
            "as superuser": lambda: seat.with_user(director).sudo().unlink(),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRefused(PolicyRefusal, "on the team itself"):
                attempt()
        for name in ("change_vals", "change_by_id", "change_at"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.committee.with_user(director).write({name: False})
        for vals in (
            {"member_ids": [Command.link(self.plain.member_ids.id)]},
            {"member_ids": [Command.update(self.plain.member_ids.id, {"vote": "advisory"})]},
            {"member_ids": [Command.delete(self.plain.member_ids.id)]},
            {"member_ids": [Command.set([])]},
        ):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "given, changed and taken"):
                self.committee.with_user(director).write(vals)
        for vals in ({"quorum": 1}, {"active": False}, {"date_to": "2020-01-01"}):
            with self.subTest(vals):
                self.committee.with_user(director).write(vals)
                self.assertEqual(self.committee.status, "ready")
                self.assertEqual(self.committee.quorum_count, 3)

    def test_what_could_not_be_made_is_refused_when_it_is_wanted(self):
        for vals in (
            {"member_ids": [Command.clear()]},
            {"member_ids": [Command.create({"user_id": self.env.ref("base.public_user").id})]},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self.committee.with_user(self.director).write(vals)
        self.assertFalse(self.committee.change_by_id)
        self.assertEqual(len(self._seated()), 5)

    def test_who_may_not_keep_the_organisation_wants_nothing(self):
        for user in (self.finance, self.users["specialist"]):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.committee.with_user(user).write({"quorum": 1})
        # Nor is he told what somebody else wants.
        self.committee.with_user(self.director).write({"quorum": 70})
        with self.assertRefused(AccessError, "not allowed to modify"):
            self.committee.with_user(self.users["specialist"]).write({"quorum": 1})

    def test_one_change_waits_at_a_time(self):
        self.committee.with_user(self.director).write({"quorum": 65})
        with self.assertRefused(UserError, "waits already"):
            self.committee.with_user(self.admin).write({"quorum": 70})
        self.committee.with_user(self.director).write({"quorum": 80, "name": "客户关系委员会"})
        self.assertEqual(self.committee.name, "客户关系委员会")
        self._confirm(self.ceo)
        self.assertEqual(self.committee.quorum, 80)

    def test_what_stays_as_it_is_needs_nobody(self):
        self.committee.with_user(self.director).write({"quorum": 60, "active": True})
        self.assertFalse(self.committee.change_by_id)

    def test_a_team_that_signs_nothing_is_changed_by_one(self):
        self.plain.with_user(self.director).write({"quorum": 100})
        self.plain.member_ids.with_user(self.director).write({"vote": "voting", "sequence": 2})
        self.assertEqual(self.plain.quorum, 100)

    def test_nobody_is_stuck_where_nobody_else_is_there(self):
        others = self._seated() | self.second | self.users["director"] | self.users["ceo"]
        (others - self.director).write({"active": False})
        wish = {"member_ids": [Command.create({"user_id": self.friend.id})]}
        self.committee.with_user(self.director).write(wish)
        self.assertIn(self.friend, self._seated())

    def test_where_nobody_holds_a_seat_an_appointer_confirms(self):
        gone = self.committee.member_ids.user_id
        self.committee.member_ids = [Command.create({"user_id": self.friend.id, "sequence": 9})]
        self.friend.active = False
        (gone - self.director).write({"active": False})
        self.director.active = False
        wish = {"member_ids": [Command.create({"user_id": self.users["specialist"].id})]}
        self.committee.with_user(self.admin).write(wish)
        self.assertNotIn(self.users["specialist"], self._seated())
        self._confirm(self.second)
        self.assertIn(self.users["specialist"], self._seated())

    def test_the_trial_of_a_wish_leaves_no_trace(self):
        self.env.cr.flush()
        before = len(self._events("changed"))
        self._friendly(self.director, quorum=1)
        self.env.cr.flush()
        self.assertEqual(len(self._events("changed")), before)
        self.assertEqual(len(self._events("change_wanted")), 1)

    def test_what_was_logged_before_the_trial_stays(self):
        before = len(self._events("changed"))
        self.committee.with_user(self.director).write({"name": "委员会"})
        self._friendly(self.director)
        self.env.cr.flush()
        self.assertEqual(len(self._events("changed")), before + 1)

    def test_only_what_was_read_is_confirmed(self):
        self.committee.with_user(self.director).write({"quorum": 80})
        window = self._read_change(self.finance)
        self.assertIn("80", window.change_words)
        for wish in (None, False, "", "0" * 64):
            with self.subTest(wish), self.assertRefused(UserError, "80"):
                self.committee.with_user(self.finance).action_policy_confirm_change(wish)
        self._friendly(self.director, quorum=1)
        with self.assertRefused(UserError, "t_friend"):
            window.action_policy_confirm()
        self.assertEqual(self.committee.quorum, 60)
        self.assertNotIn(self.friend, self._seated())
        self._confirm(self.finance)
        self.assertEqual(self.committee.quorum, 1)

    def test_the_window_is_its_readers_own(self):
        self.committee.with_user(self.director).write({"quorum": 80})
        window = self._read_change(self.finance)
        for attempt in (
            lambda: window.with_user(self.ceo).action_policy_confirm(),
            lambda: window.write({"wish": "x"}),
            lambda: window.create({"team_id": self.committee.id, "wish": "x"}),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(self.committee.quorum, 60)

    def test_routes_of_every_approved_version_have_a_team_decide(self):
        version = self.draft.sudo()
        for state in ("effective", "superseded", "abolished", "review"):
            with self.subTest(state):
                version._policy_guarded_write({"state": state})
                self.assertTrue(version.approver_id)
                self.assertEqual(self.committee._policy_deciding(), self.committee)
        version._policy_guarded_write({"state": "draft"})
        self.assertFalse(self.committee._policy_deciding())

    def test_a_wish_that_seats_its_only_confirmer_is_refused(self):
        people = self._seated() | self.users["director"] | self.users["ceo"]
        (people - self.director).write({"active": False})
        wish = {"member_ids": [Command.create({"user_id": self.second.id})]}
        with self.assertRefused(UserError, "nobody could confirm"):
            self.committee.with_user(self.director).write(wish)
        self.assertFalse(self.committee.change_by_id)
        self.assertNotIn(self.second, self._seated())

    def test_a_wish_that_waits_does_not_make_the_next_one_count_at_once(self):
        people = self._seated() | self.users["director"] | self.users["ceo"]
        (people - self.director - self.finance).write({"active": False})
        seat = {"member_ids": [Command.create({"user_id": self.second.id})]}
        self.committee.with_user(self.director).write(seat)
        self.finance.active = False
        self.committee.with_user(self.director).write({"quorum": 1})
        self.assertEqual(self.committee.quorum, 60)

    def test_who_is_freshly_seated_may_drop(self):
        wish = {"member_ids": [Command.create({"user_id": self.second.id})]}
        self.committee.with_user(self.director).write(wish)
        team = self.committee.with_user(self.second)
        self.assertEqual((team.can_confirm_change, team.can_drop_change), (False, True))
        team.action_policy_drop_change()
        self.assertFalse(self.committee.change_by_id)

    def test_who_gets_a_vote_is_fresh(self):
        self.committee.member_ids = [
            Command.create({"user_id": self.second.id, "vote": "advisory", "sequence": 9})
        ]
        seat = self.committee.member_ids.filtered(lambda seat: seat.user_id == self.second)
        wish = {"member_ids": [Command.update(seat.id, {"vote": "voting"})]}
        self.committee.with_user(self.director).write(wish)
        self.assertNotIn(self.second, self.committee._policy_confirmers())

    def test_the_staff_of_a_role_is_fresh(self):
        role = self._role_of("production")
        role.write({"kind": "user", "user_id": self.second.id})
        with patch.object(type(role), "_policy_holders", lambda self: self.env["res.users"]):
            wish = {"member_ids": [Command.create({"role_id": role.id, "sequence": 9})]}
            self.committee.with_user(self.director).write(wish)
            self.assertNotIn(self.second, self.committee._policy_confirmers())
