"""CMP-RTE-10: what keeps the decision of the team on quality accidents, whoever tries, and how."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at
from .test_accident_team import STEP, AccidentCommon

MEMBERS = r"is written and signed by the members of .*t_quality"
MYSELF = "is about yourself: others decide"


class TestAccidentGuards(AccidentCommon):
    def setUp(self):
        super().setUp()
        self.case = self._started()

    def _lines(self, accident, name):
        """Return the lines as code that runs for somebody with all rights gets them."""
        return accident.line_ids.with_user(self.people[name]).sudo()

    def test_it_is_of_a_meeting_that_was_held(self):
        with self.assertRefused(ValidationError, "has not met yet"):
            self._accident(
                self.case, "2026-03-13 10:00", ("wu", "warning", 0), held_at="2026-03-13 02:01:00"
            )
        self._accident(
            self.case, "2026-03-13 10:00", ("wu", "warning", 0), held_at="2026-03-13 02:00:00"
        )

    def test_it_stays_with_its_case_for_everybody(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        other = self._registered("2026-03-12 14:10")
        for record in (self._by("quality", accident), accident.sudo()):
            with self.assertRefused(UserError, "stays with its case"):
                record.write({"ticket_id": other.id})
        with self.assertRefused(UserError, "stays with its case: withdraw it"):
            accident.sudo().unlink()

    def test_only_members_write(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        for record in (
            accident.with_user(self.users["director"]),
            accident.with_user(self.users["specialist"]).sudo(),
        ):
            with self.assertRefused(AccessError, MEMBERS):
                record.write({"none_reason": "x"})
        problem = accident.sudo()._policy_sign_problem(self.users["director"])
        self.assertIsInstance(problem, AccessError)
        self.assertRegex(str(problem), MEMBERS)

    def test_nobody_writes_about_himself_with_all_rights(self):
        member = self.env["crm.policy.accident"].with_user(self.people["warehouse"]).sudo()
        himself = {
            "employee_id": self._staff("warehouse").id,
            "kind": "warning",
            "fact": "未点检",
        }
        with self.assertRefused(AccessError, MYSELF), at("2026-03-13 10:00"):
            member.create({"ticket_id": self.case.id, "line_ids": [Command.create(himself)]})
        accident = self._accident(self.case, "2026-03-13 10:00", ("warehouse", "warning", 0))
        for change in (
            lambda: member.browse(accident.id).write({"none_reason": "x"}),
            lambda: self._lines(accident, "warehouse").write({"employee_id": self._staff("wu").id}),
            lambda: self._lines(accident, "warehouse").unlink(),
        ):
            with self.assertRefused(AccessError, MYSELF):
                change()
        other = self._accident_of_another_case()
        with self.assertRefused(AccessError, MYSELF):
            self._lines(other, "warehouse").write({"employee_id": self._staff("warehouse").id})

    def _accident_of_another_case(self):
        case = self._registered("2026-03-12 14:10")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        return self._accident(case, "2026-03-13 10:00", ("wu", "warning", 0))

    def test_what_is_signed_gets_no_line(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        with at("2026-03-13 10:10"):
            self._by("quality", accident).action_policy_sign()
            Line = self.env["crm.policy.accident.line"].with_user(self.people["production"])
            with self.assertRefused(UserError, "is signed: it stays"):
                Line.create(
                    {"accident_id": accident.id, "employee_id": self._staff("zhou").id,
                     "kind": "warning", "fact": "未点检"}
                )  # fmt: skip

    def test_a_person_answers_for_something(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        with self.assertRefused(ValidationError, "Say what the person answers for"):
            self._by("quality", accident.line_ids).write({"fact": "  "})

    def test_an_ended_case_is_left_alone(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        self.case.sudo()._policy_guarded_write({"policy_outcome": "withdrawn"})
        problem = accident.sudo()._policy_sign_problem(self.people["quality"])
        self.assertRegex(str(problem), "is ended")
        with self.assertRefused(UserError, "is ended"):
            self._lines(accident, "quality").write({"fact": "未点检"})

    def test_who_is_complained_about_decides_nothing(self):
        accident = self._accident(self.case, "2026-03-13 10:00", ("wu", "warning", 0))
        self.case.sudo().policy_accused_user_ids = self.people["quality"]
        for step in ("sign", "withdraw"):
            mine = accident.with_user(self.people["quality"]).sudo()
            with self.assertRefused(AccessError, "complaint about yourself"):
                getattr(mine, f"_policy_{step}_problem")(self.people["quality"])

    def test_without_persons_no_rule_is_needed(self):
        rules = self.env["crm.policy.sanction.rule"]._policy_rules_of(
            self.governing, "quality_accident"
        )
        self.env.cr.execute(
            "UPDATE crm_policy_sanction_rule SET trigger = 'person_share' WHERE id IN %s",
            [tuple(rules.ids)],
        )
        rules.invalidate_recordset()
        accident = self._decide_accident(
            self.case, "2026-03-13 10:00", none_reason="设备突发故障，无人失职"
        )
        self.assertEqual(accident.state, "decided")
        self.assertTrue(self._opinion(self.case, STEP).policy_answered_at)
