"""Judgements are reviewed by another body than who has judged (CFL-RSP-02, handbook 6.8)."""

# What is said here nobody reads.
# pylint: disable=translation-required

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..common import at, shanghai
from .test_conflict import ConflictFlow


class TestBlameReview(ConflictFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Review = cls.env["crm.policy.blame.review"]

    @classmethod
    def _install_policy(cls, *args, **kw):
        # Who holds a role when the team begins to decide has the seat.
        if "hr" not in vars(cls):
            cls.hr = cls._new_user("hr", login="t_review_hr")
        return super()._install_policy(*args, **kw)

    def _drawn(self, moment="2026-07-01 05:30", **numbers):
        """Draw; `numbers` are those of the cases by their policy number, 50 of any other."""
        Case = type(self.env["helpdesk.ticket"])

        def number(case):
            return numbers.get(case.policy_number.replace("-", "_"), 50.0)

        known = self._reviews()
        with at(moment), patch.object(Case, "_policy_judgement_number", number):
            self.Review._cron_draw()
        return self._reviews() - known

    def _reviews(self):
        return self.Review.search([("company_id", "=", self.company.id)])

    def _vote(self, review, outcome, moment="2026-07-02 10:00", comment="认定依据不足"):
        with at(moment):
            for user in (self.users["qc"], self.hr):
                if review.policy_approval_state == "pending":
                    getattr(review.with_user(user), f"action_policy_{outcome}")(comment)

    def test_a_fifth_and_at_least_one_of_the_last_quarter(self):
        first, _rule, _fault = self._judged()
        second, _rule, _fault = self._judged("low")
        third, _rule, _fault = self._judged("medium")
        self.assertFalse(self._drawn("2026-06-30 23:00"), "the quarter is not over")
        numbers = {"CF_2026_0001": 19.99, "CF_2026_0002": 20.0, "CF_2026_0003": 99.0}
        drawn = self._drawn(**numbers)
        self.assertEqual(drawn.ticket_id, first, "below 20; second and third are not")
        self.assertEqual(
            (str(drawn.period_start), str(drawn.period_end)), ("2026-04-01", "2026-06-30")
        )
        self.assertEqual(drawn.judge_ids, self.users["manager"])
        self.assertEqual(drawn.policy_approval_state, "pending")
        self.assertFalse(self._drawn("2026-07-02 05:30", **numbers), "once")
        lowest = self._drawn(
            "2026-07-03 05:30", CF_2026_0001=90.0, CF_2026_0002=80.0, CF_2026_0003=70.0
        )
        self.assertEqual(lowest.ticket_id, third, "nobody below 20: the lowest")
        self.assertFalse(self._drawn("2026-10-01 05:30", **numbers), "of the next quarter none")
        self.assertFalse(self._reviews().filtered(lambda review: review.ticket_id == second))

    def test_the_number_is_no_chance_of_the_moment(self):
        conflict, _rule, _fault = self._judged()
        number = conflict._policy_judgement_number()
        self.assertEqual(number, conflict._policy_judgement_number())
        self.assertTrue(0 <= number < 100)
        other = self._told()
        self.assertNotEqual(number, other._policy_judgement_number())
        conflict._policy_guarded_write({"policy_cycle": 1})
        self.assertNotEqual(number, conflict._policy_judgement_number())

    def test_the_clock_of_the_team(self):
        self._judged()
        review = self._drawn()
        [step] = review.policy_approval_id.step_ids
        clock = step.sudo().policy_deadline_ids
        self.assertEqual(clock.rule_id.code, "judgement-review-step")
        # Ten working days after Wednesday 2026-07-01.
        self.assertEqual(clock.due_at, shanghai("2026-07-15 18:00"))
        self._vote(review, "approve", "2026-07-15 18:00:00")
        self.env.cr.precommit.run()  # the clocks of steps are kept at the end
        self.assertEqual(clock.state, "met")

    def test_what_stands_stays(self):
        conflict, _rule, fault = self._judged()
        review = self._drawn()
        self._vote(review, "approve", comment="认定准确")
        self.assertEqual((review.outcome, review.decision_text), ("upheld", "认定准确"))
        self.assertFalse(fault.is_overturned)
        self.assertEqual(fault.deduction_points, 4.0)
        self.assertIn("Clause 6.8", conflict.message_ids[0].body)
        self.assertIn("stands", conflict.message_ids[0].body)

    def test_what_does_not_stand_falls_with_its_sanctions(self):
        conflict = self._archived()
        fault = conflict.policy_responsibility_ids.filtered("employee_id")
        sanction = (
            self.env["crm.policy.sanction"]
            .with_user(self.users["supervisor"])
            .create(
                {
                    "ticket_id": conflict.id,
                    "employee_id": fault.employee_id.id,
                    "kind": "warning",
                    "clause_id": conflict.policy_version_id.clause_ids[:1].id,
                    "fact": "年度返利计算口径争议",
                }
            )
            .with_env(self.env)
        )
        review = self._drawn()
        self._vote(review, "reject")
        self.assertEqual((review.outcome, review.decision_text), ("overturned", "认定依据不足"))
        self.assertEqual(set(review.responsibility_ids.mapped("is_overturned")), {True})
        self.assertEqual(fault.deduction_points, 0)
        self.assertEqual(sanction.state, "revoked")
        self.assertIn("6.8", sanction.revoked_text)
        self.assertIn("认定依据不足", sanction.revoked_text)
        self.assertIn("overturned", conflict.message_ids[0].body)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", review._name), ("res_id", "=", review.id)]
        )
        self.assertIn("judgement.overturned", events.mapped("type"))

    def test_who_has_judged_or_is_concerned_has_no_vote(self):
        team = self.env["crm.policy.team"].search(
            [("code", "=", "responsibility"), ("company_id", "=", self.company.id)]
        )
        manager, li = self.users["manager"], self.people["li"]
        team.member_ids = [
            Command.create({"user_id": manager.id}), Command.create({"user_id": li.id}),
        ]  # fmt: skip
        conflict, _rule, _fault = self._judged()
        review = self._drawn()
        asked = review.policy_approval_id.eligible_user_ids
        self.assertIn(self.hr, asked, asked.mapped("login"))
        for user in (manager, li, self.people["wang"], self.users["specialist"]):
            self.assertNotIn(user, asked)
            with self.assertRaises(UserError):
                review.with_user(user).action_policy_reject("不同意")
        self.assertEqual(review.outcome, "pending")
        self.assertTrue(conflict.with_user(self.hr).has_access("read"), "asked, so he reads it")

    def test_a_team_that_cannot_decide_is_asked_when_it_can(self):
        conflict, _rule, _fault = self._judged()
        team = self.env["crm.policy.team"].search(
            [("code", "=", "responsibility"), ("company_id", "=", self.company.id)]
        )
        team.sudo().member_ids = [
            Command.clear(), Command.create({"user_id": self.users["manager"].id}),
        ]  # fmt: skip
        review = self._drawn()
        self.assertEqual(review.outcome, "waiting")
        told = conflict.message_ids
        self.assertTrue(told[0].body)
        self._drawn("2026-07-02 05:30")
        self.assertEqual(conflict.message_ids, told, "said once")
        team.sudo().member_ids = [Command.create({"user_id": self.users["qc"].id})]
        self._drawn("2026-07-03 05:30")
        self.assertEqual(review.outcome, "pending")

    def test_nobody_types_one_in(self):
        conflict, _rule, _fault = self._judged()
        review = self._drawn()
        for user in (self.users["director"], self.users["policy_admin"]):
            mine = review.with_user(user)
            for act in (
                lambda mine=mine: mine.create(
                    {"ticket_id": conflict.id, "policy_version_id": review.policy_version_id.id}
                ),
                lambda mine=mine: mine.write({"drawn_value": 1}),
                mine.unlink,
            ):
                with self.assertRaises(UserError):
                    act()
        with self.assertRefused(UserError, "stays with the case"):
            review.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            review._policy_guarded_create(
                [
                    {
                        "ticket_id": conflict.id,
                        "policy_version_id": review.policy_version_id.id,
                        "cycle": 0,
                    }
                ]
            )

    def test_a_policy_without_the_number_draws_nothing(self):
        self._judged()
        months = self.env["crm.policy.parameter"].search(
            [
                ("code", "=", "responsibility_recheck_months"),
                ("version_id", "=", self.governing.id),
            ]
        )
        self.env.cr.execute("UPDATE crm_policy_parameter SET value = 0 WHERE id = %s", [months.id])
        self.env.invalidate_all()
        self.assertFalse(self._drawn())
