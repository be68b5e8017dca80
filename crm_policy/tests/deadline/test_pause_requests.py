"""A pause that is asked for waits in the activities of who may decide, until it is decided."""

from odoo import Command
from odoo.tests import new_test_user

from ..common import at
from ..pause_common import PauseCommon

MOMENT = "2026-03-02 11:00"


class TestPauseRequests(PauseCommon):
    def _asked(self, case):
        """Return the logins of those in whose activities a request waits."""
        activities = self.env["mail.activity"].search(
            [("policy_pause_id", "in", case.policy_pause_ids.ids)]
        )
        return sorted(login.removeprefix("t_") for login in activities.user_id.mapped("login"))

    def _ask(self, role="specialist", **vals):
        vals.setdefault("policy_department_id", self.department.id)
        case = self._complaint("2026-03-02 10:20", **vals)
        pause = self._pause(case, MOMENT, "group", "与集团会商", role=role)
        return case, pause

    def test_who_decides_is_asked(self):
        case, pause = self._ask()
        [activity] = self.env["mail.activity"].search([("policy_pause_id", "=", pause.id)])
        self.assertRecordValues(
            activity,
            [
                {
                    "user_id": self.users["manager"].id,
                    "res_model": "helpdesk.ticket",
                    "res_id": case.id,
                    "activity_type_id": self.env.ref("crm_policy.activity_pause").id,
                }
            ],
        )
        self.assertRegex(
            activity.summary,
            r"^Clause 3\.3: t_specialist.* asks for a pause: Consulting the group$",
        )
        self.assertEqual(str(activity.date_deadline), "2026-03-02")

    def test_a_pause_that_nobody_has_to_allow_asks_nobody(self):
        case = self._complaint("2026-03-02 10:20")
        self._pause(case, MOMENT, "samples")
        self.assertEqual(case.policy_pause_ids.state, "running")
        self.assertFalse(self._asked(case))

    def test_every_way_to_its_end_takes_the_request_back(self):
        ways = {
            "approved": lambda case, pause: self._as("manager", pause).action_policy_approve(),
            "refused": lambda case, pause: self._as("manager", pause).action_policy_refuse("不"),
            "withdrawn": lambda case, pause: self._as("specialist", case).action_policy_resume(),
            "ended": lambda case, pause: case._policy_guarded_write(
                {"policy_outcome": "withdrawn"}
            ),
        }
        for name, way in ways.items():
            case, pause = self._ask()
            with self.subTest(name), at("2026-03-02 11:10"):
                self.assertEqual(self._asked(case), ["manager"])
                way(case, pause)
                self.assertNotEqual(pause.state, "asked")
                self.assertEqual(self._asked(case), [])

    def test_nobody_is_asked_about_his_own(self):
        case, _pause = self._ask(role="manager")
        self.assertEqual(self._asked(case), ["director"], "directors are managers too")

    def test_while_the_manager_is_away_the_next_who_may_decides(self):
        self._new_employee(self.users["manager"])
        self._away(self.users["manager"], "2026-03-02 00:00", "2026-03-04 00:00")
        case, pause = self._ask()
        self.assertEqual(self._asked(case), ["director"])
        with at("2026-03-02 11:10"):
            self._as("director", pause).action_policy_approve()
        self.assertEqual(pause.state, "running")

    def _give_to_post(self, code):
        reason = self.env["crm.policy.pause.reason"]._policy_for(self.version, "group")
        reason._policy_guarded_write({"role_id": self._role_of(code).id})

    def test_the_substitute_of_a_post_is_asked_may_read_and_decides(self):
        self._give_to_post("quality")
        self._new_employee(self.users["finance"])
        substitute = new_test_user(
            self.env,
            login="t_plain",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self._new_post("quality", self.users["finance"], substitute)
        self._away(self.users["finance"], "2026-03-02 00:00", "2026-03-04 00:00")
        case, pause = self._ask()
        self.assertEqual(self._asked(case), ["plain"])
        self.assertTrue(case.with_user(substitute).has_access("read"))
        with at("2026-03-02 11:10"):
            pause.with_user(substitute).action_policy_approve()
        self.assertEqual(pause.approved_by, substitute)

    def test_a_post_that_nobody_holds_asks_the_administrators(self):
        self._give_to_post("quality")
        case, _pause = self._ask()
        self.assertEqual(self._asked(case), ["policy_admin"])

    def test_it_makes_nobody_a_follower_and_sends_no_mail(self):
        mails = self.env["mail.mail"].search_count([])
        case, _pause = self._ask()
        self.assertNotIn(self.users["manager"].partner_id, case.message_partner_ids)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_it_speaks_the_language_of_who_reads_it(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["manager"].lang = "zh_CN"
        case, pause = self._ask()
        activity = self.env["mail.activity"].search([("policy_pause_id", "=", pause.id)])
        self.assertIn("集团会商", activity.summary)

    def test_several_at_once_cost_the_same_for_each_number(self):
        counts = []
        self.users["specialist"].group_ids = [Command.link(self.env.ref("base.group_user").id)]
        for number in (3, 3, 6):
            with at("2026-03-02 10:20"):
                cases = self.env["helpdesk.ticket"].concat(
                    *(self._new_case() for _number in range(number))
                )
                self._as("specialist", cases).action_policy_accept()
            pauses = self.Pause.browse()
            with at(MOMENT):
                for case in cases:
                    pauses += self.Pause._policy_ask(case, "group", "x")
                self.env["mail.activity"].search([("policy_pause_id", "in", pauses.ids)]).unlink()
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                pauses._policy_ask_deciders()
                self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(pauses.mapped("res_id")), number)
        self.assertLessEqual(counts[2], counts[1], counts)
