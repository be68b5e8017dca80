"""Committees: who votes, who is in the chair, and when enough of them are there."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..common import PolicyCommon, at

SEATS = ("production", "sales_manager", "quality", "warehouse", "complaint_officer")


class TestTeams(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.users"]
        for number in range(1, 8):
            user = cls._new_user("specialist", login=f"t_member{number}")
            cls._new_employee(user)
            cls.people |= user
        cls.env["crm.policy.team"].search([("code", "=", "emergency")]).active = False
        cls.committee = cls.env["crm.policy.team"].search(
            [("code", "=", "quality-complaint"), ("company_id", "=", cls.company.id)]
        )

    def _team(self, users, quorum=50, **vals):
        """Set up a team in which ``users`` vote, in this order."""
        members = [Command.create({"user_id": user.id, "sequence": number})
                   for number, user in enumerate(users)]  # fmt: skip
        values = {
            "code": f"x{self.env['crm.policy.team'].search_count([])}",
            "name": "应急小组",
            "kind": "emergency",
            "company_id": self.company.id,
            "quorum": quorum,
            "member_ids": members,
            **vals,
        }
        return self.env["crm.policy.team"].create(values)

    # === QUORUM === #

    def test_the_quorum_is_rounded_up_to_whole_persons(self):
        rows = [
            # voters, percent, needed
            (5, 50, 3),
            (4, 50, 2),
            (3, 50, 2),
            (1, 50, 1),
            (6, 50, 3),
            (3, 66, 2),
            (3, 67, 3),
            (3, 100, 3),
            (7, 1, 1),
            (7, 100, 7),
        ]
        for size, percent, needed in rows:
            with self.subTest(size=size, percent=percent):
                team = self._team(self.people[:size], percent)
                self.assertEqual(team.quorum_count, needed)
                self.assertEqual(team.voter_count, size)
                self.assertTrue(team._policy_has_quorum(self.people[:needed]))
                self.assertFalse(team._policy_has_quorum(self.people[: needed - 1]))

    def test_only_members_that_vote_make_a_quorum(self):
        team = self._team(self.people[:3])
        team.member_ids[2].vote = "advisory"
        self.assertEqual(team._policy_voters(), self.people[:2])
        guests = self.people[2:7]
        self.assertFalse(team._policy_has_quorum(guests))
        self.assertTrue(team._policy_has_quorum(guests | self.people[0]))

    def test_whoever_has_two_seats_counts_once(self):
        self._new_post("production", self.people[0])
        team = self._team(self.people[:3])
        team.member_ids = [Command.create({"role_id": self._role_of("production").id})]
        self.assertEqual(len(team.member_ids), 4)
        self.assertEqual(team._policy_voters(), self.people[:3])
        self.assertEqual((team.voter_count, team.quorum_count), (3, 2))
        self.assertFalse(team._policy_has_quorum(self.people[0]))

    def test_a_substitute_counts_while_his_member_is_away(self):
        team = self._team(self.people[:3])
        member, substitute = self.people[0], self.people[6]
        team.member_ids[0].substitute_id = substitute
        self._away(member, "2026-03-02 09:00", "2026-03-03 18:00")
        with at("2026-03-02 08:00"):
            self.assertEqual(team._policy_voters(), self.people[:3])
            self.assertFalse(team._policy_has_quorum(substitute | self.people[1]))
        team.invalidate_recordset()
        with at("2026-03-02 10:00"):
            self.assertEqual(team._policy_voters(), self.people[1:3] | substitute)
            self.assertTrue(team._policy_has_quorum(substitute | self.people[1]))
            self.assertFalse(team._policy_has_quorum(member | self.people[1]))
        self._away(substitute, "2026-03-02 09:00", "2026-03-03 18:00")
        team.invalidate_recordset()
        with at("2026-03-02 10:00"):
            self.assertEqual(team._policy_voters(), self.people[1:3])

    def test_an_absence_does_not_lower_the_quorum(self):
        team = self._team(self.people[:5])
        for user in self.people[:3]:
            self._away(user, "2026-03-02 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            self.assertEqual(team._policy_voters(), self.people[3:5])
            self.assertEqual((team.voter_count, team.quorum_count), (5, 3))
            self.assertFalse(team._policy_has_quorum(self.people))
            self.assertEqual(team.status, "short")

    def test_a_team_that_has_lost_its_members_never_has_a_quorum(self):
        team = self._team(self.people[:1])
        team.member_ids.unlink()
        self.assertFalse(team._policy_has_quorum(self.env["res.users"]))
        with self.assertRaises(UserError):
            self.env["crm.policy.team"]._policy_team_of("emergency", self.company)

    # === WHO MUST BE REPRESENTED === #

    def test_who_must_be_represented_and_is_not_is_named(self):
        roles = self._role_of("finance") | self._role_of("ceo") | self._role_of("quality")
        team = self._team(self.people[:2], must_cover_role_ids=[Command.set(roles.ids)])
        self.assertEqual(team.uncovered_role_ids, roles)
        team.member_ids[0].user_id = self.users["finance"]
        self.assertEqual(team.uncovered_role_ids, roles - self._role_of("finance"))
        team.member_ids = [Command.create({"role_id": self._role_of("ceo").id})]
        self.assertEqual(team.uncovered_role_ids, self._role_of("quality"))
        self._new_post("quality", self.people[1])
        team.invalidate_recordset()
        self.assertFalse(team.uncovered_role_ids)
        # Without a vote nobody is represented; nor by somebody who has left.
        team.member_ids.filtered(lambda seat: seat.user_id == self.people[1]).vote = "advisory"
        self.assertEqual(team.uncovered_role_ids, self._role_of("quality"))
        self.users["finance"].active = False
        team.invalidate_recordset()
        self.assertEqual(team.uncovered_role_ids, self._role_of("quality") | roles[0])

    def test_who_is_away_is_represented_all_the_same(self):
        roles = self._role_of("finance")
        self._new_employee(self.users["finance"])
        team = self._team(self.users["finance"], must_cover_role_ids=[Command.set(roles.ids)])
        self._away(self.users["finance"], "2026-03-02 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            self.assertFalse(team._policy_voters())
            self.assertFalse(team._policy_uncovered())

    def test_a_role_of_another_company_is_not_represented_here(self):
        other = self._new_company("无锡分公司")
        stranger = self._role_of("finance").copy({"company_id": other.id})
        with self.assertRefused(ValidationError, "does not belong to 苏州明远电子"):
            self._team(self.people[:1], must_cover_role_ids=[Command.set(stranger.ids)])

    # === THE TEAM FOR A CASE === #

    def test_no_team_says_what_to_set_up(self):
        with self.assertRefused(UserError, "no team for Early Warning.*Organisation, Teams"):
            self.env["crm.policy.team"]._policy_team_of("warning", self.company)

    def test_a_team_below_its_quorum_is_no_team(self):
        with self.assertRefused(UserError, "1 of its 6 voting members.*3 are needed"):
            self.env["crm.policy.team"]._policy_team_of("quality_complaint", self.company)
        for code, user in zip(SEATS[:2], self.people, strict=False):
            self._new_post(code, user)
        self.committee.invalidate_recordset()
        team = self.env["crm.policy.team"]._policy_team_of("quality_complaint", self.company)
        self.assertEqual(team, self.committee)

    def test_a_team_set_up_for_one_occasion_runs_its_days(self):
        team = self._team(self.people[:3], date_from="2026-03-02", date_to="2026-03-06")
        Team = self.env["crm.policy.team"]
        for moment, runs in (
            ("2026-03-01 23:59:59", False),
            ("2026-03-02 00:00", True),
            ("2026-03-06 23:59:59", True),
            ("2026-03-07 00:00", False),
        ):
            team.invalidate_recordset()
            with self.subTest(moment), at(moment):
                self.assertEqual(team.status, "ready" if runs else "ended")
                if runs:
                    self.assertEqual(Team._policy_team_of("emergency", self.company), team)
                else:
                    with self.assertRaises(UserError):
                        Team._policy_team_of("emergency", self.company)

    def test_the_team_of_another_company_or_an_archived_one_does_not_help(self):
        team = self._team(self.people[:3])
        other = self._new_company("无锡分公司")
        with self.assertRaises(UserError):
            team._policy_team_of("emergency", other)
        team.active = False
        with self.assertRaises(UserError):
            team._policy_team_of("emergency", self.company)

    # === MEMBERS === #

    def test_the_first_who_votes_is_in_the_chair(self):
        team = self._team(self.people[:3])
        self.assertEqual(team.chair_ids, self.people[0])
        team.member_ids[0].vote = "advisory"
        self.assertEqual(team.chair_ids, self.people[1])
        team.member_ids.filtered(lambda seat: seat.user_id == self.people[2]).sequence = -1
        self.assertEqual(team.chair_ids, self.people[2])
        self.assertEqual(team.member_ids.filtered("is_chair").user_id, self.people[2])

    def test_a_team_has_somebody_who_votes(self):
        for members in (
            [],
            [Command.create({"user_id": self.people[0].id, "vote": "advisory"})],
        ):
            with self.assertRefused(ValidationError, "at least one member votes"):
                self._team([], member_ids=members)

    def test_a_team_does_not_move_to_another_company_without_its_members(self):
        team = self._team(self.people[:2])
        with self.assertRefused(ValidationError, "does not belong to 无锡分公司"):
            team.company_id = self._new_company("无锡分公司")

    def test_members_belong_to_the_company_and_are_there_once(self):
        other = self._new_company("无锡分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        foreign = self.env["crm.policy.role"].create(
            {"code": "x", "name": "x", "kind": "user", "company_id": other.id}
        )
        team = self._team(self.people[:2])
        for vals in (
            {"user_id": stranger.id},
            {"role_id": foreign.id},
            {"user_id": self.people[2].id, "substitute_id": stranger.id},
        ):
            with self.assertRefused(ValidationError, "does not belong to"):
                team.member_ids = [Command.create(vals)]
        with self.assertRefused(ValidationError, "his own substitute"):
            team.member_ids[0].substitute_id = self.people[0]
        for vals, problem in (
            ({"user_id": self.people[0].id}, "once"),
            ({}, "either a person"),
            ({"user_id": self.people[3].id, "role_id": self._role_of("ceo").id}, "either a"),
        ):
            self._refused_by_database(lambda vals=vals: team.member_ids.create(
                {"team_id": team.id, **vals}), problem)  # fmt: skip

    def _refused_by_database(self, attempt, problem):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            attempt()
            self.env.flush_all()

    def test_every_change_is_in_the_ledger(self):
        team = self._team(self.people[:2])
        team.member_ids[1].vote = "advisory"
        team.quorum = 60
        team.member_ids[1].unlink()
        events = self.env["crm.policy.event"].search(
            [("type", "=", "team.changed"), ("res_id", "=", team.id)], order="id"
        )
        first, second = (
            {"user": user.id, "role": False, "substitute": False, "vote": "voting"}
            for user in self.people[:2]
        )
        advisory = second | {"vote": "advisory"}
        self.assertEqual(
            [(event.payload["quorum"], event.payload["members"]) for event in events],
            [(50, [first, second]), (50, [first, advisory]), (60, [first, advisory]),
             (60, [first])],
        )  # fmt: skip
        with self.assertRefused(UserError, "archive it"):
            team.unlink()

    # === PACKS === #

    def test_the_pack_seats_the_quality_committee_by_roles(self):
        self.assertEqual(
            self.committee.member_ids.role_id.mapped("code"),
            ["production", "sales_manager", "quality", "warehouse", "finance",
             "complaint_officer"],
        )  # fmt: skip
        self.assertEqual(self.committee.quorum, 50)
        self.assertEqual(self.committee.clause_id.number, "9.2")
        self._new_post("production", self.people[0])
        self.assertEqual(self.committee.chair_ids, self.people[0])

    def test_who_must_be_represented_is_named_by_a_code(self):
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = admin._policy_packs()["handbook"].read_text("utf-8")
        self.assertIn("must_cover: [", content)
        for code in ("5, ", "{role: ceo}, ", "[ceo], "):
            pack = content.replace("must_cover: [", f"must_cover: [{code}", 1)
            with (
                self.subTest(code),
                self.assertRefused(ValidationError, r"must_cover: roles by their codes"),
            ):
                admin._policy_apply_pack(pack, self.company)

    def test_a_bad_seat_is_named(self):
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = admin._policy_packs()["service"].read_text("utf-8")
        for seat in ("production", "{role: production, chair: true}", "{role: 5}",
                     "{role: production, advisory: maybe}"):  # fmt: skip
            pack = content.replace("- {role: production}", f"- {seat}", 1)
            pack = pack.replace("code: SVC", "code: NEW", 1)
            with self.subTest(seat), self.assertRefused(ValidationError, "member 1"):
                admin._policy_apply_pack(pack, self.company)
