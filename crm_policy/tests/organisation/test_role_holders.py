"""Who holds a post for a record: by group, department, manager or by being named on it."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon


class TestRoleHolders(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = cls._new_user("supervisor", login="t_head")
        cls.boss = cls._new_user("manager", login="t_boss")
        employees = cls._new_employees([cls.boss, cls.head], cls.department)
        handler = cls.users["specialist"].with_company(cls.company).employee_id
        handler.parent_id = employees[cls.boss]
        cls.department = cls.env["hr.department"].create(
            {
                "name": "质量部",
                "manager_id": employees[cls.head].id,
                "company_id": cls.company.id,
            }
        )
        cls.case = cls._new_case(policy_department_id=cls.department.id)
        cls.remedy = cls._new_remedy(cls.case, 100)

    def _role(self, kind, **vals):
        return self.env["crm.policy.role"].create(
            {"code": f"x_{kind}", "name": kind, "kind": kind, "company_id": self.company.id, **vals}
        )

    def _holders(self, role, record=None):
        record = self.case if record is None else record
        return role._users_for(record)[record.id]

    def test_each_kind_finds_its_person_on_the_case_and_on_its_remedy(self):
        group = self.env.ref("crm_policy.group_qc")
        for role, user in (
            (self._role("group", group_id=group.id), self.users["qc"]),
            (self._role("user", user_id=self.boss.id), self.boss),
            (self._role("field", field_path="user_id"), self.users["specialist"]),
            (self._role("manager_of", field_path="user_id"), self.boss),
            (self._role("department_head"), self.head),
        ):
            for record in (self.case, self.remedy):
                with self.subTest(f"{role.kind} of {record._name}"):
                    self.assertEqual(self._holders(role, record), user)

    def test_the_head_of_a_fixed_department_heads_it_for_every_record(self):
        role = self._role("department_head", department_id=self.department.id)
        elsewhere = self._new_case(policy_department_id=False)
        for record in (self.case, elsewhere):
            self.assertEqual(self._holders(role, record), self.head)

    def test_a_path_leads_to_the_salesperson_of_the_customer(self):
        self.partner.user_id = self.boss
        contact = self.env["res.partner"].create({"name": "张工", "parent_id": self.partner.id})
        case = self._new_case(partner_id=contact.id)
        role = self.env["crm.policy.role"].search(
            [("code", "=", "sales"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(self._holders(role, case), self.boss)

    def test_the_archived_the_portal_and_other_companies_hold_nothing(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        portal = new_test_user(
            self.env,
            login="t_portal",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        role = self._role("user", user_id=self.boss.id)
        for user in (stranger, portal):
            role.user_id = user
            with self.subTest(user.login):
                self.assertFalse(self._holders(role))
        role.user_id = self.boss
        self.boss.active = False
        self.assertFalse(self._holders(role))

    def test_of_whatever_kind_it_is_nobody_from_outside_holds_it(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("qc", login="t_stranger", company=other)
        group = self._role("group", group_id=self.env.ref("crm_policy.group_qc").id)
        self.assertIn(stranger, group.group_id.all_user_ids)
        self.assertEqual(self._holders(group), self.users["qc"])
        self.assertEqual(group._policy_holders(), self.users["qc"])
        roles = {
            self._role("field", field_path="user_id"): self.users["specialist"],
            self._role("manager_of", field_path="user_id"): self.boss,
            self._role("department_head"): self.head,
            self._role("department_head", code="x_fixed", department_id=self.department.id): (
                self.head
            ),
        }
        for role, user in roles.items():
            self.assertEqual(self._holders(role), user)
        (self.users["specialist"] | self.boss | self.head).active = False
        for role in roles:
            with self.subTest(role.code):
                self.assertFalse(self._holders(role))

    def test_nobody_there_is_nobody(self):
        empty = self._new_case(policy_department_id=False, user_id=False)
        for role in (
            self._role("department_head"),
            self._role("field", field_path="user_id"),
            self._role("manager_of", field_path="user_id"),
        ):
            self.assertFalse(self._holders(role, empty))

    def test_a_path_that_names_no_person_finds_nobody(self):
        for path in ("partner_id", "name", "no_such_field", "partner_id.name.user_id"):
            role = self._role("field", field_path=path, code=path)
            with self.subTest(path):
                self.assertFalse(self._holders(role))

    def test_a_role_says_where_its_holders_come_from(self):
        for kind in ("group", "field", "manager_of"):
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, "fill in"):
                self._role(kind)

    def test_only_the_policy_administrator_appoints(self):
        role = self.env["crm.policy.role"].search(
            [("code", "=", "ceo"), ("company_id", "=", self.company.id)]
        )
        for name in ("specialist", "manager", "director", "ceo"):
            mine = self._as(name, role)
            with self.subTest(name), self.assertRaises(AccessError):
                mine.write({"kind": "user", "user_id": self.users[name].id})

    def test_an_appointment_leaves_its_trace(self):
        role = self.env["crm.policy.role"].search(
            [("code", "=", "ceo"), ("company_id", "=", self.company.id)]
        )
        self._as("policy_admin", role).write({"kind": "user", "user_id": self.boss.id})
        event = self.env["crm.policy.event"].search(
            [("type", "=", "role.changed"), ("res_id", "=", role.id)]
        )
        self.assertEqual(event.actor_id, self.users["policy_admin"].id)
        self.assertEqual(
            event.payload,
            {
                "code": "ceo",
                "kind": "user",
                "group": role.group_id.id,
                "user": self.boss.id,
                "department": False,
                "substitute_required": False,
            },
        )
        self._as("policy_admin", role).write({"name": "总经理"})
        events = self.env["crm.policy.event"].search_count(
            [("type", "=", "role.changed"), ("res_id", "=", role.id)]
        )
        self.assertEqual(events, 1)

    def test_nobody_gives_a_role_or_its_sight_to_himself(self):
        admin, words = self.users["policy_admin"], "Nobody appoints himself"
        Role = self.env["crm.policy.role"].with_user(admin)
        group = {"kind": "group", "group_id": self.env.ref("crm_policy.group_policy_admin").id}
        base = {"name": "审计", "company_id": self.company.id}
        for number, vals in enumerate(
            ({"kind": "user", "user_id": admin.id}, {**group, "sees_all_cases": True})
        ):
            with self.subTest(vals), self.assertRefused(UserError, words):
                Role.create({**base, "code": f"x-own-{number}", **vals})
        role = Role.create({**base, "code": "x-audit", "kind": "user", "user_id": self.boss.id})
        with self.assertRefused(UserError, words):
            role.write({"user_id": admin.id})
        # Whoever holds it already does not make it see everything.
        held = Role.create({**base, "code": "x-group", **group})
        with self.assertRefused(UserError, words):
            held.write({"sees_all_cases": True})
        role.write({"sees_all_cases": True})
        self.assertTrue(role.sees_all_cases)

    def test_whose_a_role_is_on_a_record_whoever_appoints_him(self):
        case, role = self._new_case(), self._role_of("ceo")
        self.assertEqual(role._policy_seat_holders(case), self.users["ceo"])
        role.write({"kind": "user", "user_id": self.boss.id})
        self.assertEqual(role._policy_seat_holders(case), self.boss)

    def test_whom_a_record_names_is_not_missing(self):
        vals = {"kind": "field", "field_path": "user_id", "group_id": False}
        role = self._role_of("ceo").copy({"code": "x-handler", **vals})
        self.assertFalse(role._policy_is_vacant())
        role.write({"kind": "user"})
        self.assertTrue(role._policy_is_vacant())

    # === LIMITS === #

    def test_an_amount_in_the_currency_of_the_limit_needs_no_rate(self):
        usd, cny = self.env.ref("base.USD"), self.env.ref("base.CNY")
        usd.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", usd.id)]).unlink()
        clause = self.version.clause_ids[:1]
        line = self.env["crm.policy.authority"].new(
            {
                "max_amount": 100,
                "currency_id": usd.id,
                "company_id": self.company.id,
                "clause_id": clause.id,
            }
        )
        self.assertTrue(line._policy_covers(100, usd))
        self.assertFalse(line._policy_covers(100.01, usd))
        self.assertTrue(line._policy_covers(0, cny))
        with self.assertRefused(PolicyRefusal, "USD has no exchange rate for .*May enter one"):
            line._policy_covers(1, cny)

    def test_a_limit_is_compared_in_its_own_currency(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": usd.id,
                "rate": 0.125,
                "name": "2020-01-01",
                "company_id": self.company.id,
            }
        )
        line = self.env["crm.policy.authority"].new(
            {"max_amount": 100, "currency_id": usd.id, "company_id": self.company.id}
        )
        cny = self.env.ref("base.CNY")
        self.assertTrue(line._policy_covers(800, cny))
        self.assertFalse(line._policy_covers(800.09, cny))

    def test_a_limit_in_force_is_not_raised(self):
        line = self.env["crm.policy.authority"].search(
            [("code", "=", "front-line"), ("company_id", "=", self.company.id)]
        )
        for user in (self.users["policy_admin"], self.env.user):
            for attempt in (
                lambda mine: mine.write({"max_amount": 1e9}),
                lambda mine: mine.write({"own_cases": False}),
                lambda mine: mine.unlink(),
            ):
                with self.assertRaisesRegex(UserError, "no longer a draft"):
                    attempt(line.with_user(user))
        self.assertEqual(line.max_amount, 500)
