"""Who is appointed: to the department of a record, above it, or for the whole company."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import PolicyCommon, at


class TestPosts(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("anna", "bert", "carl", "dora"):
            cls.users[name] = cls._new_user("specialist", login=f"t_{name}")
            cls._new_employee(cls.users[name])
        Department = cls.env["hr.department"].with_company(cls.company)
        cls.plant = Department.create({"name": "制造中心", "company_id": cls.company.id})
        cls.shop = Department.create({"name": "一车间", "parent_id": cls.plant.id})
        cls.line = Department.create({"name": "包装线", "parent_id": cls.shop.id})
        cls.office = Department.create({"name": "财务部", "company_id": cls.company.id})
        cls.quality = cls._role_of("quality")

    def _acting(self, department=None, role=None):
        case = self._new_case(policy_department_id=department and department.id)
        return (role or self.quality)._users_for(case)[case.id]

    def test_the_nearest_department_above_the_record_counts(self):
        anna, bert, carl = (self.users[name] for name in ("anna", "bert", "carl"))
        self._new_post("quality", anna)
        self._new_post("quality", bert, department_id=self.plant.id)
        self._new_post("quality", carl, department_id=self.shop.id)
        for department, user in (
            (self.line, carl),
            (self.shop, carl),
            (self.plant, bert),
            (self.office, anna),
            (None, anna),
        ):
            with self.subTest(department and department.name):
                self.assertEqual(self._acting(department), user)

    def test_a_post_that_nobody_was_appointed_to_is_looked_past(self):
        self._new_post("quality", self.users["anna"])
        self._new_post("quality", department_id=self.shop.id, planned=2)
        self.assertEqual(self._acting(self.line), self.users["anna"])

    def test_the_person_of_the_role_acts_where_no_post_names_one(self):
        self.quality.user_id = self.users["dora"]
        self.assertEqual(self._acting(self.line), self.users["dora"])
        self._new_post("quality", self.users["anna"], department_id=self.shop.id)
        self.assertEqual(self._acting(self.line), self.users["anna"])
        self.assertEqual(self._acting(self.office), self.users["dora"])

    def test_an_archived_post_appoints_nobody(self):
        post = self._new_post("quality", self.users["anna"])
        post.active = False
        self.assertFalse(self._acting())

    def test_the_substitute_acts_for_who_is_away_and_only_then(self):
        anna, bert, carl = (self.users[name] for name in ("anna", "bert", "carl"))
        self._new_post("quality", anna | bert, carl)
        self._away(anna, "2026-03-02 09:00", "2026-03-04 18:00")
        for moment, users in (
            ("2026-03-02 08:59:59", anna | bert),
            ("2026-03-02 09:00", bert | carl),
            ("2026-03-04 17:59:59", bert | carl),
            ("2026-03-04 18:00", anna | bert),
        ):
            with self.subTest(moment), at(moment):
                self.assertEqual(self._acting(), users)

    def test_whoever_has_left_is_replaced_by_the_substitute(self):
        self._new_post("quality", self.users["anna"], self.users["carl"])
        self.users["anna"].active = False
        self.assertEqual(self._acting(), self.users["carl"])

    def test_a_substitute_acts_where_nobody_holds_the_post(self):
        self._new_post("quality", substitute=self.users["carl"])
        self.assertEqual(self._acting(), self.users["carl"])

    def test_when_all_are_away_the_role_is_vacant_whoever_stands_above(self):
        anna, bert, carl = (self.users[name] for name in ("anna", "bert", "carl"))
        self._new_post("quality", anna)
        self._new_post("quality", bert, carl, department_id=self.shop.id)
        self._away(bert, "2026-03-02 09:00", "2026-03-04 18:00")
        self._away(carl, "2026-03-03 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            self.assertEqual(self._acting(self.line), carl)
        with at("2026-03-03 10:00"):
            self.assertFalse(self._acting(self.line))

    def test_who_holds_the_post_of_another_department_does_not_stand_in(self):
        anna, bert, carl = (self.users[name] for name in ("anna", "bert", "carl"))
        self._new_post("quality", anna, bert, department_id=self.plant.id)
        self._new_post("quality", carl, department_id=self.office.id)
        with at("2026-03-03 10:00"):
            for user in (anna, bert):
                self._away(user, "2026-03-03 00:00", "2026-03-04 00:00")
            cases = [
                self._new_case(policy_department_id=department.id)
                for department in (self.plant, self.office)
            ]
            found = self.quality._users_for(cases[0] | cases[1])
            self.assertEqual([found[case.id] for case in cases], [self.env["res.users"], carl])

    def test_a_post_says_whether_it_is_held(self):
        anna, carl = self.users["anna"], self.users["carl"]
        post = self._new_post("quality", anna, carl)
        plan = self.env["crm.policy.post"].search([("role_id", "=", self._role_of("manager").id)])
        self._away(anna, "2026-03-02 09:00", "2026-03-04 18:00")
        self._away(carl, "2026-03-03 09:00", "2026-03-03 18:00")
        for moment, users, status in (
            ("2026-03-01 10:00", anna, "held"),
            ("2026-03-02 10:00", carl, "substituted"),
            ("2026-03-03 10:00", self.env["res.users"], "vacant"),
        ):
            (post | plan).invalidate_recordset()
            with self.subTest(moment), at(moment):
                self.assertEqual((post.acting_user_ids, post.status), (users, status))
                self.assertFalse(plan.status)

    def test_a_holder_who_works_for_another_company_too_spoils_no_list(self):
        anna, bert = self.users["anna"], self.users["bert"]
        anna.company_ids |= self._new_company("无锡分公司")
        post = self._new_post("quality", anna)
        self.env.invalidate_all()
        [row] = post.with_user(bert).read(["acting_user_ids", "status"])
        self.assertEqual((row["acting_user_ids"], row["status"]), (anna.ids, "held"))

    def test_training_and_the_holidays_of_everybody_take_nobody_away(self):
        self._new_post("quality", self.users["anna"])
        self._away(self.users["anna"], "2026-03-02 09:00", "2026-03-04 18:00", time_type="other")
        self._away(self.users["anna"], "2026-03-02 09:00", "2026-03-04 18:00", resource_id=False)
        with at("2026-03-03 10:00"):
            self.assertEqual(self._acting(), self.users["anna"])

    def test_time_off_from_another_company_is_no_absence_here(self):
        other = self._new_company("无锡分公司")
        anna = self.users["anna"]
        anna.company_ids |= other
        employee = self._new_employee(anna, company_id=other.id)
        self._new_post("quality", anna)
        self._away(
            anna,
            "2026-03-02 09:00",
            "2026-03-04 18:00",
            resource_id=employee.resource_id.id,
        )
        with at("2026-03-03 10:00"):
            self.assertEqual(self._acting(), anna)

    def test_whoever_no_longer_belongs_to_the_company_does_not_act(self):
        other = self._new_company("无锡分公司")
        anna = self.users["anna"]
        self._new_post("quality", anna)
        anna.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertFalse(self._acting())

    def test_the_portal_and_other_companies_are_not_appointed(self):
        other = self._new_company("无锡分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        portal = new_test_user(
            self.env,
            login="t_portal",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for user in (stranger, portal):
            for vals in ({"users": user}, {"substitute": user}):
                with self.subTest(user.login), self.assertRefused(ValidationError, "member of"):
                    self._new_post("quality", **vals)

    def test_posts_keep_to_their_company(self):
        other = self._new_company("无锡分公司")
        foreign = self.env["hr.department"].create({"name": "外地", "company_id": other.id})
        with self.assertRefused(ValidationError, "one company"):
            self._new_post("quality", department_id=foreign.id)
        post = self._new_post("quality")
        theirs = self.quality.copy({"company_id": other.id, "clause_id": False})
        for vals in (
            {"clause_id": self.version.clause_ids[0].id},
            {"plan_role_id": self._role_of("manager").id, "plan_of": "role", "plan_per": 5},
        ):
            with self.assertRefused(ValidationError, "one company"):
                post.create({"role_id": theirs.id, **vals})
        self.assertTrue(post.create({"role_id": theirs.id}))
        for vals in ({"company_id": other.id}, {"company_id": False}):
            with self.assertRaises(AccessError):
                post.write(vals)

    def test_roles_that_find_their_holders_have_none_appointed(self):
        with self.assertRefused(ValidationError, "finds them by itself"):
            self._new_post("manager", self.users["anna"])

    def test_a_record_without_department_and_any_number_of_records(self):
        self._new_post("quality", self.users["anna"])
        self._new_post("quality", self.users["bert"], self.users["carl"],
                       department_id=self.shop.id)  # fmt: skip
        places = [self.line, self.shop, self.plant, None] * 3
        cases = self.env["helpdesk.ticket"].concat(
            *(
                self._new_case(policy_department_id=place and place.id, name=str(number))
                for number, place in enumerate(places)
            )
        )
        roles = {
            "appointed": self.quality,
            "field": self._role_of("handler"),
            "path": self._role_of("sales"),
            "head": self._role_of("department_head"),
            "manager": self.quality.create(
                {"code": "x", "name": "x", "kind": "manager_of", "field_path": "user_id"}
            ),
        }
        for name, role in roles.items():
            counts = []
            for records in (cases[:4], cases):
                self.env.flush_all()
                self.env.transaction.clear()
                before = self.env.cr.sql_log_count
                found = role._users_for(records)
                counts.append(self.env.cr.sql_log_count - before)
                self.assertEqual(found.keys(), set(records.ids))
            with self.subTest(name):
                self.assertEqual(counts[0], counts[1])
                self.assertLessEqual(counts[1], 16)

    def test_whoever_audits_the_company_by_his_post_sees_all_cases(self):
        auditor, local = (
            new_test_user(
                self.env,
                login=login,
                groups="base.group_user",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for login in ("t_auditor", "t_local_auditor")
        )
        self.assertEqual(auditor.policy_case_scope, "none")
        post = self._new_post("internal_audit", auditor)
        self._new_post("internal_audit", local, department_id=self.shop.id)
        self.assertEqual(auditor.policy_case_scope, "all")
        self.assertEqual(local.policy_case_scope, "none")
        post.user_ids = [Command.clear()]
        self.assertEqual(auditor.policy_case_scope, "none")

    # === EVIDENCE === #

    def _events(self, post):
        return self.env["crm.policy.event"].search(
            [("type", "=", "post.appointed"), ("res_id", "=", post.id)], order="id"
        )

    def test_every_appointment_is_in_the_ledger(self):
        anna, bert = self.users["anna"], self.users["bert"]
        post = self._as("director", self.env["crm.policy.post"]).create(
            {"role_id": self.quality.id, "user_ids": [Command.set(anna.ids)]}
        )
        post.write({"user_ids": [Command.set(bert.ids)], "substitute_id": anna.id})
        post.planned = 3
        post.active = False
        events = self._events(post)
        common = {"role": "quality", "department": False}
        self.assertEqual(
            events.mapped("payload"),
            [
                {**common, "users": anna.ids, "substitute": False, "active": True},
                {
                    **common,
                    "users": bert.ids,
                    "users_before": anna.ids,
                    "substitute": anna.id,
                    "substitute_before": False,
                    "active": True,
                },
                {
                    **common,
                    "users": bert.ids,
                    "substitute": anna.id,
                    "active": False,
                    "active_before": True,
                },
            ],
        )
        self.assertEqual(set(events.mapped("actor_id")), {self.users["director"].id})

    def test_a_post_is_archived_never_deleted(self):
        post = self._new_post("quality", self.users["anna"])
        with self.assertRefused(UserError, "archive it"):
            post.unlink()

    def test_nobody_appoints_himself(self):
        post = self._new_post("quality", self.users["anna"])
        for role in ("director", "policy_admin"):
            mine, me = self._as(role, post), self.users[role]
            for vals in ({"user_ids": [Command.link(me.id)]}, {"substitute_id": me.id}):
                with self.subTest(role), self.assertRefused(UserError, "appoints himself"):
                    mine.write(vals)
        self._new_post("quality", self.users["director"])
        self._as("director", post).planned = 2  # what he is already, he stays

    def test_nobody_comes_back_or_moves_to_another_post_by_himself(self):
        post = self._new_post("quality", self.users["director"])
        mine = self._as("director", post)
        elsewhere = self.env["hr.department"].create({"name": "二部"})
        for vals in (
            {"role_id": self._role_of("warehouse").id, "department_id": elsewhere.id},
            {"department_id": elsewhere.id},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "appoints himself"):
                mine.write(vals)
        mine.active = False
        with self.assertRefused(UserError, "appoints himself"):
            mine.active = True
        self._as("policy_admin", post).active = True
        self.assertTrue(post.active)

    def test_an_archived_post_appoints_nobody_whatever_a_client_shows(self):
        post = self._new_post("quality", self.users["anna"], self.users["director"])
        role = self._role_of("quality")
        post.active = False
        self.env.invalidate_all()
        role = role.with_context(active_test=False)
        self.assertEqual(len(role.post_ids), 1)
        self.assertFalse(role._users_for(self.company)[self.company.id])
        self.assertFalse(role._policy_staff() | role._policy_holders())
        self.assertTrue(role._policy_is_vacant())

    # === PACKS === #

    def test_a_pack_brings_the_posts_as_vacant_roles(self):
        codes = {
            "deputy_gm", "gm_office", "quality", "production", "rd", "warehouse",
            "sales_manager", "complaint_officer", "admission_office", "market_development",
            "internal_audit", "general_administration",
        }  # fmt: skip
        roles = self.env["crm.policy.role"].search(
            [("company_id", "=", self.company.id), ("code", "in", list(codes))]
        )
        self.assertEqual(set(roles.mapped("code")), codes)
        self.assertEqual(set(roles.mapped("kind")), {"user"})
        self.assertEqual(roles.filtered("substitute_required").code, "complaint_officer")
        case = self._new_case()
        for role in roles:
            self.assertFalse(role._users_for(case)[case.id])

    def test_loading_again_keeps_what_the_company_has_appointed_and_planned(self):
        post = self._new_post("quality", self.users["anna"])
        plan = self.env["crm.policy.post"].search(
            [("role_id.code", "=", "manager"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(plan.planned, 3)
        plan.planned = 5
        self.quality.user_id = self.users["dora"]
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = admin._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        before = self.env["crm.policy.post"].search_count([])
        admin._policy_apply_pack(content, self.company)
        self.assertEqual(self.env["crm.policy.post"].search_count([]), before)
        self.assertEqual(post.user_ids, self.users["anna"])
        self.assertEqual(plan.planned, 5)
        self.assertEqual(self.quality.user_id, self.users["dora"])
