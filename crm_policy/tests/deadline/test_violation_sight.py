"""Who sees violations and who was told: role by role, and that nobody writes them."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .alert_common import AlertCommon

# Who sees the violation of the specialist of the first team.
SEES = {
    "specialist",  # himself
    "supervisor",  # his manager in the organisation chart
    "manager",
    "director",
    "ceo",
    "qc",
    "hr",
}
HIDDEN = {
    "other_specialist",
    "other_supervisor",
    "other_manager",
    "finance",
    "analyst",
    "policy_admin",
    "legal",
    "committee",
    "employee",
    "system",
    "helpdesk_manager",
    "other_company",
    "portal",
    "public",
}
GROUPS = {
    "hr": "base.group_user,crm_policy.group_hr",
    "legal": "base.group_user,crm_policy.group_legal",
    "committee": "base.group_user,crm_policy.group_committee",
    "other_supervisor": "base.group_user,crm_policy.group_supervisor",
    "other_manager": "base.group_user,crm_policy.group_manager",
    "employee": "base.group_user",
    "system": "base.group_system",
    "helpdesk_manager": "helpdesk_mgmt.group_helpdesk_manager",
    "portal": "base.group_portal",
    "public": "base.group_public",
}


class TestViolationSight(AlertCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_alerts("response-normal", {"levels": 1})
        cls.people = {**cls.users, "other_specialist": cls.other_specialist}
        for name, groups in GROUPS.items():
            cls.people[name] = new_test_user(
                cls.env,
                login=f"t_sight_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
        other = cls._new_company("杭州分公司")
        cls.people["other_company"] = cls._new_user("director", login="t_hz", company=other)

    def setUp(self):
        super().setUp()
        case = self._request("2026-03-05 09:00", policy_department_id=self.department.id)
        self._run("2026-03-05 10:30")
        self.violation = self._violations(case)
        self.escalation = self._clocks(case).escalation_ids

    def _as_user(self, user, record):
        record = record.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        record.invalidate_recordset()
        return record

    def test_who_reads_a_violation(self):
        self.assertEqual(set(self.people), SEES | HIDDEN)
        for name, user in self.people.items():
            mine = self._as_user(user, self.violation)
            with self.subTest(name):
                try:
                    found = bool(mine.search([("id", "=", mine.id)]))
                except AccessError:
                    found = False
                self.assertEqual(found, name in SEES)
                if name in SEES:
                    self.assertEqual(mine.number, self.violation.sudo().number)
                    mine.read(["explanation", "state", "res_name", "can_explain"])
                else:
                    with self.assertRaises(AccessError):
                        mine.read(["explanation"])

    def test_nobody_writes_a_violation(self):
        for name, user in {**self.people, "superuser": self.env.user}.items():
            mine = self._as_user(user, self.violation) if name != "superuser" else self.violation
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    mine.write({"state": "waived"})
                with self.assertRaises(AccessError):
                    mine.unlink()
                with self.assertRaises(AccessError):
                    mine.create({"number": "VIO-2026-9999"})
                with self.assertRaises(AccessError):
                    mine.copy()
        self.assertEqual(self.violation.state, "open")

    def test_nobody_hidden_from_it_takes_a_step(self):
        steps = {
            "explain": ("x",),
            "uphold": ("x",),
            "waive": ("other", "x"),
            "appeal": ("x",),
            "confirm": ("x",),
            "grant": ("other", "x"),
        }
        for name in HIDDEN:
            mine = self._as_user(self.people[name], self.violation)
            for step, args in steps.items():
                with self.subTest(name, step=step), self.assertRaises(AccessError):
                    getattr(mine, f"action_policy_{step}")(*args)
            with self.subTest(name), self.assertRaises(AccessError):
                mine.action_policy_open_document()

    def test_who_was_told_is_evidence(self):
        for name, user in {**self.people, "superuser": self.env.user}.items():
            mine = self._as_user(user, self.escalation) if name != "superuser" else self.escalation
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    mine.write({"how": "top"})
                with self.assertRaises(AccessError):
                    mine.unlink()
                with self.assertRaises(AccessError):
                    mine.create({"how": "top"})

    def test_who_reads_who_was_told(self):
        for name in (
            "other_specialist",
            "finance",
            "employee",
            "other_company",
            "portal",
            "public",
        ):
            mine = self._as_user(self.people[name], self.escalation)
            with self.subTest(name), self.assertRaises(AccessError):
                mine.read(["user_id", "deadline_id"])
        for name in ("specialist", "supervisor", "manager", "director"):
            mine = self._as_user(self.people[name], self.escalation)
            with self.subTest(name):
                self.assertEqual(mine.user_id.login, "t_supervisor")

    def test_the_reader_of_another_department_is_let_in_when_he_is_told(self):
        """Whoever decides an appeal sees what he decides."""
        boss = self._new_user("finance", login="t_boss")
        self.violation._policy_open_for(boss)
        self.assertTrue(self._as_user(boss, self.violation).number)

    def test_the_dialog_says_no_more_than_the_violation(self):
        Step = self.env["crm.policy.violation.step"]
        for name in ("other_specialist", "finance", "policy_admin"):
            user = self.people[name]
            with self.subTest(name):
                step = Step.with_user(user).create(
                    {"violation_id": self.violation.id, "step": "explain"}
                )
                step.invalidate_recordset()
                with self.assertRaises(AccessError):
                    step.read(["explanation", "decision_text", "appeal_text", "clause_id"])

    def test_the_name_of_the_case_is_only_for_who_reads_it(self):
        """Whoever asked for it first in the same transaction, and with whatever rights."""
        case = self.env["helpdesk.ticket"].browse(self.violation.res_id)
        self.assertEqual(self.violation.sudo().res_name, case.display_name)
        personnel = self.violation.with_user(self.people["hr"])
        self.assertEqual(personnel.res_name, "")
