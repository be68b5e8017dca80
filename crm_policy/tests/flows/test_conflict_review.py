"""The conflicts of a quarter are analysed, and something follows (CFL-IMP-01, handbook 6.10)."""

# What is said here nobody reads.
# pylint: disable=translation-required

from re import escape
from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import at, shanghai
from .test_conflict import ConflictFlow

LOGGER = "odoo.addons.crm_policy.models.governance.conflict_review"


class ConflictReviewFlow(ConflictFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Review = cls.env["crm.policy.conflict.review"]
        cls.governing._policy_guarded_write({"effective_from": "2026-01-01"})
        # A test cannot commit.
        Cron = type(cls.env["ir.cron"])
        cls.classPatch(Cron, "_commit_progress", lambda *_args, **_options: 60.0)

    def _open(self, moment="2026-07-01 05:45"):
        """Run the job; return what it has opened for this company."""
        known = self._reviews()
        with at(moment):
            self.Review._cron_open()
        return self._reviews() - known

    def _reviews(self):
        return self.Review.search([("company_id", "=", self.company.id)])

    def _put(self, closed="2026-05-12 10:00", intake="2026-05-02 10:00", **vals):
        """Put an archived conflict there, without its course."""
        conflict = self._new_case(policy_kind="conflict")
        conflict._policy_guarded_write(
            {
                "policy_intake_at": shanghai(intake),
                "policy_closed_at": closed and shanghai(closed),
                "policy_conflict_category": "price",
                "policy_conflict_scope": "internal",
                **vals,
            }
        )
        return conflict

    def _figures(self, review):
        return {line.value: (line.case_count, line.average_days) for line in review.line_ids}

    def _written(self, review, role="manager", **vals):
        review.with_user(self.users[role]).write(
            {"conclusion": "合同未写明返利口径", "none_reason": "合同范本已修订", **vals}
        )

    def _confirmations(self, review):
        return self.env["crm.policy.event"].search(
            [
                ("res_model", "=", review._name),
                ("res_id", "=", review.id),
                ("type", "=", "conflict_review.confirmed"),
            ]
        )

    def _confirmed(self, review, moment="2026-07-03 10:00"):
        with at(moment):
            self._written(review)
            self._as("director", review).action_policy_confirm()


class TestConflictReview(ConflictReviewFlow):
    def test_what_was_archived_is_counted(self):
        conflict = self._archived()
        self._put("2026-06-30 23:59:59", "2026-06-20 23:59:59", policy_cause_class="quality")
        self._put(closed=None)
        review = self._open()
        self.assertEqual(
            (str(review.period_start), str(review.period_end)), ("2026-04-01", "2026-06-30")
        )
        self.assertEqual(review.policy_version_id, self.governing)
        self.assertIn(conflict, review.case_ids)
        self.assertEqual((review.received_count, review.case_count), (3, 2))
        # 29 days from 04-13 10:00 to 05-12 10:00, and 10.
        self.assertEqual(review.average_days, 19.5)
        self.assertEqual(
            self._figures(review),
            {
                "category_price": (2, 19.5),
                "cause_quality": (1, 10.0),
                "cause_none": (1, 29.0),
                "scope_internal": (2, 19.5),
                "degree_high": (1, 29.0),
                "degree_low": (1, 10.0),
                "outcome_third_party": (1, 29.0),
                "outcome_none": (1, 10.0),
            },
        )
        self.assertEqual(
            review.line_ids.mapped("dimension"), sorted(
                review.line_ids.mapped("dimension"),
                key=["category", "cause", "scope", "degree", "outcome"].index,
            )
        )  # fmt: skip
        self.assertEqual(review.line_ids[0].share, 100)

    def test_the_span_is_over_where_the_company_works_and_only_once(self):
        inside = self._put("2026-04-01 00:00", "2026-03-20 00:00")
        self._put("2026-03-31 23:59:59", "2026-03-20 00:00")
        self._put("2026-07-01 00:00")
        self.assertEqual(
            str(self._open("2026-06-30 23:59").period_end), "2026-03-31", "that of before"
        )
        review = self._open("2026-07-01 00:00")
        self.assertEqual(review.case_ids, inside)
        self.assertFalse(self._open("2026-07-01 05:45"), "once")
        self.assertFalse(self._open("2026-09-30 23:59"), "once")

    def test_a_quarter_without_conflicts_has_its_record_too(self):
        review = self._open()
        self.assertEqual((review.case_count, review.average_days), (0, 0))
        self.assertFalse(review.line_ids)
        self._confirmed(review)
        self.assertEqual(review.state, "confirmed")

    def test_what_was_missed_is_made_up_for(self):
        self._open("2026-04-02 05:45")
        reviews = self._open("2027-01-10 05:45")
        self.assertEqual(
            sorted(map(str, reviews.mapped("period_start"))),
            ["2026-04-01", "2026-07-01", "2026-10-01"],
        )

    def test_before_the_policy_asked_nobody_owed_one(self):
        self.governing._policy_guarded_write({"effective_from": "2026-07-01"})
        self.assertFalse(self._open("2026-07-01 05:45"))
        self.governing._policy_guarded_write({"effective_from": "2026-06-30"})
        self.assertTrue(self._open("2026-07-01 05:45"))
        # Not of the time either in which it was not in force.
        self.governing._policy_guarded_write({"effective_from": "2026-11-01"})
        reviews = self._open("2027-01-01 05:45")
        self.assertEqual(reviews.mapped("period_start")[0].month, 10)
        self.assertEqual(len(reviews), 1)

    def test_a_policy_without_the_number_has_none(self):
        self._set_parameter("conflict_review_months", 0)
        self.assertFalse(self._open())
        others = self._reviews().search([("policy_id", "!=", self.governing.policy_id.id)])
        self.assertFalse(others & self._reviews(), "the service pack says nothing of conflicts")

    def test_the_months_are_the_policys_and_no_day_counts_twice(self):
        self._set_parameter("conflict_review_months", 6)
        review = self._open()
        self.assertEqual(str(review.period_start), "2026-01-01")
        self._set_parameter("conflict_review_months", 3)
        self.assertEqual(str(self._open("2026-10-01 05:45").period_start), "2026-07-01")
        self._set_parameter("conflict_review_months", 12)
        review = self._open("2027-01-01 05:45")
        self.assertEqual(
            (str(review.period_start), str(review.period_end)), ("2026-10-01", "2026-12-31")
        )

    def test_conflicts_of_former_versions_count_and_the_open_record_follows(self):
        conflict = self._put()
        review = self._open()
        later = self.governing.with_user(self.users["policy_admin"]).action_policy_new_version()
        later = self.env["crm.policy.version"].browse(later["res_id"])
        later.sudo()._policy_guarded_write({"transition": "switch", "state": "effective",
                                            "effective_from": "2026-07-02"})  # fmt: skip
        self.governing._policy_guarded_write({"state": "superseded", "effective_to": "2026-07-01"})
        self._confirmed(review)
        other = self._open("2026-10-01 05:45")
        self.assertEqual(other.policy_version_id, later)
        other._policy_guarded_write({"policy_version_id": self.governing.id})
        later._policy_switch_cases()
        self.assertEqual(other.policy_version_id, later)
        self.assertEqual(review.policy_version_id, self.governing, "confirmed under the former")
        self._put("2026-08-01 10:00")
        with at("2026-10-02 10:00"):
            self._as("manager", other).action_policy_count()
        self.assertEqual(other.case_count, 1, "archived under the former version")
        self.assertEqual(review.case_ids, conflict)

    def test_only_conflicts_of_the_policy_and_the_company(self):
        elsewhere = self._new_company("别家公司")
        inside = self._put()
        other = self._put()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET company_id = %s WHERE id = %s", [elsewhere.id, other.id]
        )
        another = self._put()
        another._policy_guarded_write({"policy_version_id": self.version.id})
        complaint = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
        complaint._policy_guarded_write({"policy_closed_at": shanghai("2026-05-12 10:00")})
        archived = self._put(active=False)
        self.env.invalidate_all()
        review = self._open()
        self.assertEqual(review.case_ids, inside | archived)

    def test_what_was_cancelled_did_not_come_in(self):
        """It is another case's, merged into it, or none at all."""
        self._put(closed=None)
        self._put(closed=None, policy_outcome="cancelled")
        self._put(closed=None, policy_outcome="withdrawn")
        self._put(closed=None, intake="2026-03-31 23:59:59")
        self.assertEqual(self._open().received_count, 2)

    def test_how_it_has_ended(self):
        """What was agreed in an earlier round of the case is no settlement of the present one."""
        conflict = self._archived()
        review = self._open()
        for vals, outcome in (
            ({"policy_outcome": "accepted"}, "outcome_third_party"),
            ({"policy_outcome": "withdrawn"}, "outcome_withdrawn"),
            ({"policy_outcome": "accepted", "policy_cycle": 1}, "outcome_accepted"),
            ({"policy_outcome": False, "policy_cycle": 1}, "outcome_none"),
        ):
            with self.subTest(vals):
                conflict._policy_guarded_write(vals)
                self._as("manager", review).action_policy_count()
                self.assertEqual(review.line_ids[-1].value, outcome)

    def test_a_policy_out_of_use_asks_for_nothing(self):
        self.env.cr.execute(
            "UPDATE crm_policy SET active_in_company = FALSE WHERE id = %s",
            [self.governing.policy_id.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self._open())
        self.env.cr.execute(
            "UPDATE crm_policy SET active_in_company = TRUE WHERE id = %s",
            [self.governing.policy_id.id],
        )
        self.env.invalidate_all()
        self.env.cr.execute("UPDATE res_company SET active = FALSE WHERE id = %s",
                            [self.company.id])  # fmt: skip
        self.assertFalse(self._open())
        self.env.cr.execute("UPDATE res_company SET active = TRUE WHERE id = %s",
                            [self.company.id])  # fmt: skip
        self.env.invalidate_all()
        self.assertTrue(self._open())

    def test_the_clock_and_what_happens_when_it_is_late(self):
        review = self._open("2026-07-01 05:45")
        clock = review.policy_deadline_ids
        self.assertEqual(clock.rule_id.code, "conflict-review")
        self.assertEqual(clock.clause_id.number, "6.10")
        # Ten working days after Wednesday 2026-07-01.
        self.assertEqual(clock.due_at, shanghai("2026-07-15 18:00"))
        Deadline = self.env["crm.policy.deadline"]
        with at("2026-07-01 10:30"):
            Deadline._cron_mark_overdue()
        self.assertEqual(review.activity_ids.user_id, self.users["director"])
        with at("2026-07-16 05:45"):
            Deadline._cron_mark_overdue()
        self.assertTrue(clock.overdue_at)
        violation = self.env["crm.policy.violation"].search([("deadline_id", "=", clock.id)])
        self.assertEqual(violation.clause_id.number, "6.10")
        self._confirmed(review, "2026-07-16 10:00")
        self.assertEqual(clock.state, "late")

    def test_the_exact_instant_is_on_time(self):
        review = self._open("2026-07-01 05:45")
        self._confirmed(review, "2026-07-15 18:00:00")
        self.assertEqual(review.policy_deadline_ids.state, "met")

    def test_a_refusal_names_what_is_missing_and_who_decides(self):
        review = self._open()
        mine = self._as("director", review)
        name = escape(self.users["director"].name)
        with at("2026-07-02 10:00"):
            with self.assertRefused(
                UserError,
                rf"Clause 6\.10 .*the conclusion, an improvement plan, or why .*{name}",
            ):
                mine.action_policy_confirm()
            mine.write({"conclusion": " ", "none_reason": "\n"})
            with self.assertRefused(UserError, "Missing: the conclusion, an improvement plan"):
                mine.action_policy_confirm()
            mine.conclusion = "口径不清"
            with self.assertRefused(UserError, "Missing: an improvement plan, or why none"):
                mine.action_policy_confirm()
            plan = self._plan()
            mine.improvement_ids = [Command.link(plan.id)]
            plan._policy_guarded_write({"cancelled_at": shanghai("2026-07-02 09:00")})
            with self.assertRefused(UserError, "Missing: an improvement plan, or why none"):
                mine.action_policy_confirm()
            plan._policy_guarded_write({"cancelled_at": False})
            mine.none_reason = False
            mine.action_policy_confirm()
        [event] = self._confirmations(review)
        self.assertIn("conclusion", event.payload)
        self.assertNotIn("none_reason", event.payload)
        self.assertEqual(event.payload["improvements"], plan.ids)
        self.assertEqual(review.confirmed_by_id, self.users["director"])
        self.assertEqual(review.confirmed_at, shanghai("2026-07-02 10:00"))

    def _plan(self, role="director", **vals):
        Plan = self.env["crm.policy.improvement"].with_user(self.users[role])
        return Plan.create({"name": "返利条款写入合同", **vals}).with_env(self.env)

    def test_what_has_changed_is_counted_before_it_is_confirmed(self):
        conflict = self._put()
        review = self._open()
        self._written(review)
        mine = self._as("director", review)
        for change, back in (
            ({"policy_closed_at": False}, {"policy_closed_at": conflict.policy_closed_at}),
            ({"policy_conflict_category": "service"}, {"policy_conflict_category": "price"}),
            ({"policy_intake_at": shanghai("2026-03-01 10:00")},
             {"policy_intake_at": conflict.policy_intake_at}),
        ):  # fmt: skip
            with self.subTest(change):
                conflict._policy_guarded_write(change)
                with self.assertRefused(UserError, "Missing: the figures of today"):
                    mine.action_policy_confirm()
                conflict._policy_guarded_write(back)
        with self.subTest("another one that is like it"):
            conflict._policy_guarded_write({"policy_closed_at": False})
            other = self._put()
            with self.assertRefused(UserError, "Missing: the figures of today"):
                mine.action_policy_confirm()
            conflict._policy_guarded_write({"policy_closed_at": other.policy_closed_at})
            other._policy_guarded_write({"policy_closed_at": False})
        with self.subTest("one that came in"), self.assertRefused(UserError, "figures of today"):
            mine.action_policy_confirm()
        other._policy_guarded_write({"policy_outcome": "cancelled"})
        late = self._put()
        with at("2026-07-02 10:00"):
            with self.assertRefused(UserError, "count them anew"):
                mine.action_policy_confirm()
            mine.action_policy_count()
            mine.action_policy_confirm()
        self.assertEqual(review.case_ids, conflict | late)

    def test_what_is_no_more_is_not_shown(self):
        conflict = self._put()
        review = self._open()
        conflict._policy_guarded_write({"policy_conflict_category": "service"})
        self._as("manager", review).action_policy_count()
        self.assertNotIn("category_price", self._figures(review))
        self.assertEqual(self._figures(review)["category_service"], (1, 10.0))
        conflict._policy_guarded_write({"policy_conflict_category": "price"})
        self._as("manager", review).action_policy_count()
        self.assertEqual(self._figures(review)["category_price"], (1, 10.0))
        self.assertEqual(len(review.line_ids), 5)

    def test_what_is_confirmed_stays(self):
        conflict = self._put()
        review = self._open()
        self._confirmed(review)
        conflict._policy_guarded_write({"policy_closed_at": False})
        for user in (self.users["director"], self.env.user):
            mine = review.with_user(user)
            for act in (
                lambda mine=mine: mine.write({"conclusion": "另一个结论"}),
                lambda mine=mine: mine.write({"none_reason": False}),
                lambda mine=mine: mine.write({"improvement_ids": [Command.create({"name": "x"})]}),
                mine.action_policy_confirm,
                mine.action_policy_count,
            ):
                with self.assertRefused(UserError, "is confirmed: it stays as it is"):
                    act()
        with self.assertRefused(UserError, "stays as it is"):
            review.sudo().write({"conclusion": "另一个结论"})
        self.assertEqual(review.case_count, 1)
        review.write({"activity_ids": []})  # what is said beside it goes on
        [event] = self._confirmations(review)
        self.assertEqual(event.clause, "6.10")
        self.assertEqual(event.payload["archived"], 1)
        self.assertNotIn("返利", str(event.payload))
        sealed = self.env["crm.policy.sealed"].search(
            [("res_model", "=", review._name), ("res_id", "=", review.id)]
        )
        self.assertEqual(sealed.mapped("text"), ["合同范本已修订", "合同未写明返利口径"])

    def test_who_prepares_and_who_confirms(self):
        review = self._open()
        clause = r"Clause 6\.10 "
        for role in ("specialist", "supervisor", "finance", "policy_admin"):
            with self.subTest(role):
                self.assertFalse(self._as(role, review).has_access("read"))
                for act in ("action_policy_confirm", "action_policy_count",
                            "action_policy_open_cases"):  # fmt: skip
                    with self.assertRaises(AccessError):
                        getattr(self._as(role, review), act)()
        for role in ("qc", "ceo", "analyst"):
            with self.subTest(role):
                mine = self._as(role, review)
                self.assertTrue(mine.conclusion is not None and not mine.can_write)
                with self.assertRefused(AccessError, rf"{clause}.* is written by .*Manager"):
                    mine.write({"conclusion": "x"})
                for act in (mine.action_policy_count, mine.action_policy_pause):
                    with self.assertRefused(AccessError, rf"{clause}.* is written by .*Manager"):
                        act()
                with self.assertRefused(AccessError, rf"{clause}.* is confirmed by: "):
                    mine.action_policy_confirm()
        manager = self._as("manager", review)
        self.assertEqual((manager.can_write, manager.can_confirm), (True, False))
        self._written(review)
        with self.assertRefused(AccessError, rf"{clause}.* is confirmed by: "):
            manager.action_policy_confirm()
        director = self._as("director", review)
        self.assertEqual((director.can_write, director.can_confirm), (True, True))
        director.action_policy_confirm()
        self.assertEqual((director.can_write, director.can_confirm), (False, False))

    def test_whom_the_policy_names(self):
        """Whoever fills the post confirms it, and reads it, though he sees no case."""
        rule = self.env["crm.policy.deadline.rule"].search(
            [("code", "=", "conflict-review"), ("version_id", "=", self.governing.id)]
        )
        rule._policy_guarded_write({"role_id": self._role_of("finance").id})
        review = self._open()
        mine = self._as("finance", review)
        self.assertTrue(mine.can_confirm)
        with at("2026-07-02 10:00"):
            mine.write({"conclusion": "x", "none_reason": "y"})
            mine.action_policy_confirm()
        self.assertEqual(review.confirmed_by_id, self.users["finance"])
        rule._policy_guarded_write({"role_id": False})
        elsewhere = self._new_company("别家公司")
        self._new_user("director", login="t_review_director2", company=elsewhere)
        other = self._open("2026-10-01 05:45")
        self.assertEqual(other._policy_responsible(), self.users["director"])
        self.users["director"].active = False
        with self.assertRefused(AccessError, "is confirmed by: -"):
            self._as("manager", other).action_policy_confirm()

    def test_another_company_sees_nothing(self):
        self._put()
        review = self._open()
        self.assertTrue(review.line_ids)
        elsewhere = self._new_company("别家公司")
        stranger = self._new_user("director", login="t_review_stranger", company=elsewhere)
        there = review.with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        self.assertFalse(there.has_access("read"))
        self.assertFalse(there.search([]))
        self.assertFalse(there.env[review.line_ids._name].search([]))

    def test_hidden_conflicts_are_counted_and_not_named(self):
        shown = self._put()
        hidden = self._put(
            policy_department_id=self.operations.id, user_id=self.users["director"].id
        )
        review = self._open()
        manager = self._as("manager", review)
        self.assertFalse(hidden.with_user(self.users["manager"]).has_access("read"))
        self.assertEqual(manager.case_count, 2)
        self.env.invalidate_all()
        self.assertEqual(manager.case_ids.ids, shown.ids)
        self.env.invalidate_all()
        [row] = manager.web_read({"case_ids": {"fields": {"display_name": {}}}})
        self.assertEqual([case["id"] for case in row["case_ids"]], shown.ids)
        self.assertEqual(manager.read(["case_ids"])[0]["case_ids"], shown.ids)
        action = manager.action_policy_open_cases()
        self.assertEqual(action["domain"], [("id", "in", shown.ids)])
        self.assertEqual(manager.line_ids.mapped("case_count")[:1], [2])
        director = self._as("director", review)
        everything = director.action_policy_open_cases()
        self.assertEqual(set(everything["domain"][0][2]), set((shown | hidden).ids))
        self.env.invalidate_all()
        self.assertEqual(len(manager.case_ids), 1, "and this is in the cache now")
        self._written(review)
        director.action_policy_confirm()
        [event] = self._confirmations(review)
        self.assertEqual(event.payload["cases"], (shown | hidden).ids)

    def test_nobody_links_a_plan_that_he_may_not_read(self):
        review = self._open()
        plan = self._plan(user_id=self.users["director"].id)
        manager = self._as("manager", review)
        self.assertFalse(plan.with_user(self.users["manager"]).has_access("read"))
        with self.assertRaises(AccessError):
            manager.write({"improvement_ids": [Command.link(plan.id)]})
        self._as("director", review).write({"improvement_ids": [Command.link(plan.id)]})
        self.env.invalidate_all()
        self.assertFalse(manager.improvement_ids, "and is not shown it either")
        values = {"improvement_ids": [Command.create({"name": "客服培训"})]}
        shape = {"improvement_ids": {"fields": {"display_name": {}}}}
        [row] = manager.web_save(values, shape)
        self.assertEqual(len(row["improvement_ids"]), 1)
        self.env.invalidate_all()
        self.assertEqual(len(review.improvement_ids), 2)
        # Nor does he unlink what he does not see.
        manager.write({"improvement_ids": [Command.clear()]})
        self.assertEqual(review.improvement_ids, plan)

    def test_the_plan_of_another_company(self):
        review = self._open()
        elsewhere = self._new_company("别家公司")
        plan = self._plan()
        self.env.cr.execute(
            "UPDATE crm_policy_improvement SET company_id = %s WHERE id = %s",
            [elsewhere.id, plan.id],
        )
        self.env.invalidate_all()
        with self.assertRefused(ValidationError, "belongs to another company"):
            review.sudo().write({"improvement_ids": [Command.link(plan.id)]})

    def test_nobody_types_one_in(self):
        self._put()
        review = self._open()
        line = review.line_ids[0]
        for user in (self.users["director"], self.users["policy_admin"], self.env.user):
            mine = review.with_user(user)
            for act in (
                lambda mine=mine: mine.create(
                    {"company_id": self.company.id, "policy_id": self.governing.policy_id.id,
                     "period_start": "2026-01-01", "period_end": "2026-03-31"}
                ),
                lambda mine=mine: mine.write({"case_count": 1}),
                lambda mine=mine: mine.write({"confirmed_at": "2026-07-01"}),
                mine.unlink,
                lambda user=user: line.with_user(user).write({"case_count": 5}),
                line.with_user(user).unlink,
            ):  # fmt: skip
                with self.assertRaises(UserError):
                    act()
        with self.assertRefused(UserError, "is kept, not deleted"):
            review.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            review._policy_guarded_create(
                [
                    {
                        "company_id": self.company.id,
                        "policy_id": review.policy_id.id,
                        "policy_version_id": self.governing.id,
                        "period_start": review.period_start,
                        "period_end": review.period_end,
                    }
                ]
            )

    def test_one_policy_that_fails_does_not_stop_the_others(self):
        # The other policy of the company asks for it, too.
        self.version._policy_guarded_write({"effective_from": "2026-01-01"})
        row = {"code": "conflict_review_months", "name": "x", "value": 3}
        self.env["crm.policy.parameter"]._policy_guarded_create(
            [{**row, "clause_id": self.version.clause_ids[:1].id}]
        )
        Review, broken = type(self.Review), self.governing
        count = Review._policy_open

        def fail(self, version):
            if version == broken:
                raise ZeroDivisionError
            return count(self, version)

        with patch.object(Review, "_policy_open", fail), self.assertLogs(LOGGER, "ERROR"):
            self.assertEqual(self._open().policy_version_id, self.version)
        again = self._open("2026-07-02 05:45")
        self.assertEqual(again.policy_version_id, self.governing, "tried again")

    def test_somebody_else_has_opened_it_meanwhile(self):
        Review = type(self.Review)

        def found(self, version):
            raise UniqueViolation

        with patch.object(Review, "_policy_open", found), patch(f"{LOGGER}._logger") as log:
            self.assertFalse(self._open())
        log.info.assert_called_once()
        log.exception.assert_not_called()

    def test_a_run_that_is_to_stop_goes_on_the_next_time(self):
        self.version._policy_guarded_write({"effective_from": "2026-01-01"})
        row = {"code": "conflict_review_months", "name": "x", "value": 3}
        self.env["crm.policy.parameter"]._policy_guarded_create(
            [{**row, "clause_id": self.version.clause_ids[:1].id}]
        )
        versions = self.governing | self.version
        Review, Cron = type(self.Review), type(self.env["ir.cron"])
        asked = patch.object(Review, "_policy_asking", lambda *_args: versions)
        with asked, patch.object(Cron, "_commit_progress", lambda *_args, **_options: 0):
            self.assertEqual(len(self._open()), 1)
        self.assertEqual(len(self._open()), 1)
        self.assertEqual(self._reviews().policy_version_id, versions)

    def test_the_number_of_queries_does_not_grow_with_the_cases(self):
        review = self._open()
        counts = []
        for _round in range(2):
            for _number in range(3):
                self._put()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            review._policy_count()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(review.case_count, 6)
        self.assertLessEqual(counts[1], counts[0])

    def test_the_span_before_stands_beside_it(self):
        self._put("2026-02-12 10:00", "2026-02-02 10:00")
        first = self._open("2026-04-01 05:45")
        self._put()
        self._put(policy_conflict_category="service")
        second = self._open()
        self.assertEqual((first.previous_count, second.previous_count), (0, 1))
        before = {line.value: line.previous_count for line in second.line_ids}
        self.assertEqual((before["category_price"], before["category_service"]), (1, 0))
        groups = second.line_ids._read_group(
            [("dimension", "=", "category"), ("review_id", "in", (first | second).ids)],
            ["period_start:quarter", "value"],
            ["case_count:sum"],
        )
        self.assertEqual([count for *_group, count in groups], [1, 1, 1])

    def test_the_form(self):
        self._put()
        review = self._open()
        with Form(review.with_user(self.users["manager"])) as form:
            form.conclusion = "口径不清"
            form.none_reason = "范本已修订"
        self.assertEqual(review.conclusion, "口径不清")
        labels = dict(review.line_ids.with_context(lang="zh_CN")._policy_values())
        self.assertEqual(len(labels), len(set(labels)))
        self.assertEqual(labels["category_price"], "价格与结算")
