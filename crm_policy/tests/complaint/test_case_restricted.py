"""Who comes by a link to a case that is not his is told whom to ask, and nothing of the case."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import users
from odoo.tools import mute_logger

from ..common import PolicyCommon

WORDS = (
    "This case is restricted. It is open to those who work on it, to their superiors and to "
    "whoever it was shown to. If you need it for your work, ask: "
)


class TestCaseRestricted(PolicyCommon):
    def _refusal(self, case, user, operation="read", **context):
        mine = case.with_user(user).with_context(**context)
        with mute_logger("odoo.addons.base.models.ir_rule"), self.assertRaises(AccessError) as said:
            mine.check_access(operation)
        return said.exception

    def _hidden(self, **vals):
        other = self.other_specialist
        return self._new_case(name="PCB-2 秘密", user=other, user_id=other.id, **vals)

    def _only_director(self):
        """Return the name of the one director that is left."""
        directors = self.env.ref("crm_policy.group_director").all_user_ids
        (directors - self.users["director"]).active = False
        return self.users["director"].name

    def test_whoever_opens_it_learns_whom_to_ask_and_nothing_else(self):
        director, clerk = self._only_director(), self.users["specialist"]
        boss = self.users["supervisor"]
        for case in (
            self._hidden(),
            self._hidden(policy_kind="conflict"),
            self._hidden(policy_accused_user_ids=[Command.set(clerk.ids)]),
        ):
            clerk.employee_id.parent_id = boss.employee_id
            for operation in ("read", "write"):
                said = str(self._refusal(case, clerk, operation))
                self.assertEqual(said, f"{WORDS}{boss.name}, {director}.")
            clerk.employee_id.parent_id = False
            self.assertEqual(str(self._refusal(case, clerk)), f"{WORDS}{director}.")

    def test_where_nobody_is_known_the_post_is_named(self):
        group = self.env.ref("crm_policy.group_director")
        case = self._hidden()
        clerk = self._new_user("legal", login="t_alone")
        group.all_user_ids.active = False
        self.assertEqual(str(self._refusal(case, clerk)), f"{WORDS}{group.name}.")

    def test_who_is_of_another_company_or_gone_or_oneself_is_not_named(self):
        clerk, away = self.users["specialist"], self.env["res.company"].create({"name": "away"})
        self._only_director()
        self._new_user("director", login="t_away", company=away)
        self._new_user("director", login="t_gone").active = False
        clerk.employee_id.parent_id = self.env["hr.employee"].create({"name": "no user"})
        said = str(self._refusal(self._hidden(), clerk))
        self.assertEqual(said, f"{WORDS}{self.users['director'].name}.")

    @users("t_specialist")
    def test_the_developer_mode_tells_no_name(self):
        """Odoo would name the record and the rules."""
        self.env.user.group_ids |= self.env.ref("base.group_no_one")
        case = self._hidden()
        said = str(self._refusal(case, self.env.user))
        self.assertTrue(said.startswith(WORDS))
        self.assertNotIn("PCB-2", said)

    def test_it_is_said_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        director, clerk = self._only_director(), self.users["specialist"]
        clerk.employee_id.parent_id = self.users["supervisor"].employee_id
        clerk.lang = "zh_CN"
        said = str(self._refusal(self._hidden(), clerk, lang="en_US"))
        self.assertIn(f"{self.users['supervisor'].name}、{director}", said)

    def test_all_say_the_same_governed_or_not(self):
        """Not even that is to be learnt from the answer."""
        clerk = self.users["specialist"]
        plain = self.env["helpdesk.ticket"].create(
            {"name": "plain", "description": "x", "user_id": self.other_specialist.id}
        )
        if not plain.with_user(clerk).has_access("read"):
            self.assertEqual(
                str(self._refusal(plain, clerk)), str(self._refusal(self._hidden(), clerk))
            )

    def test_who_reads_it_hears_odoo_where_he_may_not_write(self):
        case = self._hidden()
        case.sudo()._policy_open_for(self.users["specialist"])
        self.assertTrue(case.with_user(self.users["specialist"]).has_access("read"))
        said = str(self._refusal(case, self.users["specialist"], "write"))
        self.assertFalse(said.startswith("This case is restricted"))

    def test_who_only_has_to_switch_the_company_is_told_so(self):
        away = self.env["res.company"].create({"name": "elsewhere"})
        director = self.users["director"]
        case = self._new_case()
        director.company_ids |= away
        error = self._refusal(case, director, allowed_company_ids=away.ids)
        self.assertEqual(error.context["suggested_company"]["id"], self.company.id)

    def test_customers_hear_odoo(self):
        case = self._new_case()
        stranger = self.env["res.users"].create(
            {
                "name": "stranger",
                "login": "t_portal_stranger",
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        said = str(self._refusal(case, stranger))
        self.assertNotIn("This case is restricted", said)
        self.assertNotIn(self.users["director"].name, said)
