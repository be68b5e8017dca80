"""What the organisation check finds, and that it finds nothing where all is in order."""

from odoo import Command
from odoo.exceptions import AccessError

from ..common import PolicyCommon


class TestOrganisationFindings(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = (
            cls.env["hr.department"]
            .with_company(cls.company)
            .create({"name": "客户服务部", "company_id": cls.company.id})
        )
        cls.boss, cls.head = (
            cls._new_employee(cls.users[role], department_id=cls.service.id)
            for role in ("ceo", "director")
        )
        for role in ("specialist", "manager"):
            cls._new_employee(cls.users[role], department_id=cls.service.id)
        cls.head.parent_id = cls.boss
        cls.service.manager_id = cls.head
        cls.company.write(
            {"policy_department_id": cls.service.id, "policy_executive_id": cls.users["ceo"].id}
        )
        appointed = cls.env["crm.policy.role"].search(
            [("company_id", "=", cls.company.id), ("kind", "=", "user")]
        )
        for role in appointed:
            cls._new_post(role.code, cls.users["specialist"], cls.users["manager"])
        cls.env["crm.policy.team"].search([("code", "=", "emergency")]).active = False
        groups = ("legal", "hr")
        cls.users |= {group: cls._new_user(group) for group in groups}

    def _found(self):
        self.env.invalidate_all()
        return {
            (finding["code"], finding["level"], finding["record"])
            for finding in self.company._policy_organisation_findings()
        }

    def test_all_in_order_finds_nothing(self):
        # marketing, one of the appointed roles, owns a duty; so do finance, legal, hr and qc
        self.assertEqual(self._found(), set())

    def test_what_another_company_lacks_is_not_found_here(self):
        other = self._new_company("杭州分公司")
        mine, gone = (
            self._new_user("manager", login=f"t_other{number}", company=other) for number in (1, 2)
        )
        role = self._role_of("quality").copy({"company_id": other.id, "clause_id": False})
        role.copy({"code": "lone"})
        self.env["crm.policy.post"].create(
            [{"role_id": role.id, "user_ids": [Command.set(gone.ids)]},
             {"role_id": role.copy({"code": "strict"}).id, "user_ids": [Command.set(mine.ids)]}]
        )  # fmt: skip
        self.env["crm.policy.team"].create(
            {"code": "t", "name": "t", "kind": "warning", "company_id": other.id,
             "member_ids": [Command.create({"user_id": gone.id})]}
        )  # fmt: skip
        duty = self.env["crm.policy.duty"].search([("company_id", "=", self.company.id)], limit=1)
        duty.copy({"company_id": other.id, "role_id": role.id})
        delegation = (
            self.env["crm.policy.delegation"]
            .with_user(mine)
            .with_context(allowed_company_ids=other.ids)
        )
        delegation.create({"to_user_id": gone.id, "date_to": delegation._policy_today(other)})
        gone.active = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_role SET substitute_required = true"
            " WHERE code = 'strict' AND company_id = %s",
            other.ids,
        )
        self.env.invalidate_all()
        codes = {finding["code"] for finding in other._policy_organisation_findings()}
        self.assertLessEqual(
            {"post_vacant", "role_vacant", "substitute_missing", "delegation_void",
             "team_below_quorum", "duty_without_owner"},
            codes,
        )  # fmt: skip
        self.assertEqual(self._found(), set())

    def test_each_thing_that_is_missing(self):
        quality = self._new_post("quality", self.users["specialist"], self.users["manager"])
        officer = self._new_post("complaint_officer", self.users["specialist"],
                                 self.users["manager"])  # fmt: skip
        rd = self._role_of("rd")
        committee = self.env["crm.policy.team"].search(
            [("company_id", "=", self.company.id), ("code", "!=", "emergency")]
        )
        duty = self.env["crm.policy.duty"].search(
            [("code", "=", "policy-compliance"), ("company_id", "=", self.company.id)]
        )
        training = self.env["crm.policy.duty"].search(
            [("code", "=", "staff-training"), ("company_id", "=", self.company.id)]
        )
        other = self._new_employee(self.users["finance"])

        def vacate(post):
            post.write({"user_ids": [Command.clear()], "substitute_id": False})

        def leave_committee():
            committee.quorum = 100
            committee.member_ids = [Command.create({"user_id": self.users["analyst"].id})]
            self.users["analyst"].active = False

        rows = {
            "department": (
                lambda: self.company.write({"policy_department_id": False}),
                {("department_missing", "warning", self.company)},
            ),
            "executive": (
                lambda: self.company.write({"policy_executive_id": False}),
                {("executive_missing", "warning", self.company)},
            ),
            "line": (
                lambda: self.head.write({"parent_id": other.id}),
                {("department_reports_elsewhere", "warning", self.service)},
            ),
            "director": (
                lambda: self.users["director"].write({"active": False}),
                {("director_missing", "blocking", self.company)},
            ),
            "planned post": (
                lambda: vacate(quality) or quality.write({"planned": 1}),
                {("post_vacant", "warning", quality)},
            ),
            "role": (
                lambda: vacate(rd.post_ids),
                {("role_vacant", "warning", rd)},
            ),
            "substitute": (
                lambda: self.users["manager"].employee_id.write({"department_id": False}),
                {("substitute_missing", "blocking", officer)},
            ),
            "team": (leave_committee, {("team_below_quorum", "blocking", committee)}),
            "duty without role": (
                lambda: duty.write({"role_id": False}),
                {("duty_without_owner", "warning", duty)},
            ),
            "duty without person": (
                lambda: self.users["hr"].write({"active": False}),
                {("duty_without_owner", "warning", training)},
            ),
        }
        for name, (change, expected) in rows.items():
            with self.subTest(name):
                savepoint = self.env.cr.savepoint(flush=True)
                change()
                self.assertEqual(self._found(), expected)
                self.env.flush_all()
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertEqual(self._found(), set())

    def test_the_head_may_be_the_executive_himself(self):
        self.company.policy_executive_id = self.users["director"]
        self.assertEqual(self._found(), set())

    def test_roles_that_a_company_does_not_have_are_archived(self):
        rd = self._role_of("rd")
        rd.post_ids.active = False
        self.assertEqual(self._found(), {("role_vacant", "warning", rd)})
        rd.active = False
        self.assertEqual(self._found(), set())

    def test_the_check_lists_and_opens_what_is_missing(self):
        self.company.policy_executive_id = False
        Check = self.env["crm.policy.organisation.check"]
        for role in ("director", "hr", "policy_admin"):
            action = self._as(role, Check).action_policy_check()
            lines = self._as(role, Check).search(action["domain"])
            self.assertEqual(lines.mapped("code"), ["executive_missing"])
            self.assertIn("no last address", lines.message)
            opened = lines.action_policy_open()
            self.assertEqual(
                (opened["res_model"], opened["res_id"]), ("res.company", self.company.id)
            )
        for role in ("specialist", "manager", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, Check).action_policy_check()

    def test_the_check_knows_every_finding(self):
        codes = dict(self.env["crm.policy.organisation.check"]._fields["code"].selection)
        self.company.write({"policy_department_id": False, "policy_executive_id": False})
        self.assertLessEqual({code for code, _level, _record in self._found()}, codes.keys())
