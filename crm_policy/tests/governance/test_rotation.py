"""Rotation: asked for by oneself, decided by the head of department, no case left behind."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon


class TestRotation(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Department = cls.env["hr.department"].with_company(cls.company)
        cls.service = Department.create({"name": "客户服务部", "company_id": cls.company.id})
        cls.support = Department.create({"name": "技术支持部", "company_id": cls.company.id})
        cls.users["head"] = cls._new_user("supervisor", login="t_head")
        cls.users["hr"] = cls._new_user("hr")
        cls.service.manager_id = cls._new_employee(cls.users["head"], department_id=cls.service.id)
        cls.applicant = cls.users["specialist"]
        cls._new_employee(cls.applicant, department_id=cls.service.id)
        cls.from_post = cls._new_post("relations_manager", cls.applicant)
        cls.to_post = cls._new_post("technical_support")

    def _request(self, role="specialist", **vals):
        values = {
            "from_post_id": self.from_post.id,
            "to_post_id": self.to_post.id,
            "to_department_id": self.support.id,
            "wanted_from": "2026-04-01",
            "reason": "学习产品知识,为期半年",
            **vals,
        }
        rotation = self.env["crm.policy.rotation"].with_user(self.users[role]).create(values)
        return rotation.with_env(self.env)

    def _approved(self):
        rotation = self._request()
        self._as("specialist", rotation).action_policy_submit()
        self._as("head", rotation).action_policy_approve("同意")
        return rotation

    def test_from_the_application_to_the_new_post(self):
        rotation = self._request()
        self.assertEqual(rotation.state, "draft")
        self.assertEqual(rotation.policy_department_id, self.service)
        self._as("specialist", rotation).action_policy_submit()
        self.assertEqual(rotation.state, "submitted")
        request = rotation.policy_approval_id
        self.assertEqual(request.clause_id.number, "9.4")
        self.assertEqual(request.eligible_user_ids, self.users["head"])
        self._as("head", rotation).action_policy_approve("同意")
        self.assertEqual(rotation.state, "approved")
        self.assertEqual(self.to_post.user_ids, self.env["res.users"])
        self._as("head", rotation).action_policy_done()
        self.assertEqual(rotation.state, "done")
        self.assertEqual(rotation.done_user_id, self.users["head"])
        self.assertFalse(self.from_post.user_ids)
        self.assertEqual(self.to_post.user_ids, self.applicant)
        employee = self.applicant.with_company(self.company).employee_id
        self.assertEqual(employee.department_id, self.support)
        event = self.env["crm.policy.event"].search(
            [("type", "=", "rotation.done"), ("res_id", "=", rotation.id)]
        )
        self.assertEqual(event.clause, "9.4")
        self.assertEqual(event.actor_id, self.users["head"].id)
        self.assertEqual(
            event.payload,
            {
                "user": self.applicant.id,
                "from_post": self.from_post.id,
                "to_post": self.to_post.id,
                "from_department": self.service.id,
                "to_department": self.support.id,
            },
        )
        appointed = self.env["crm.policy.event"].search(
            [("type", "=", "post.appointed"), ("res_id", "=", self.to_post.id)], limit=1
        )
        self.assertEqual(appointed.payload["users"], self.applicant.ids)
        self.assertEqual(appointed.actor_id, self.users["head"].id)

    def test_the_form_begins_with_the_post_that_one_holds(self):
        with Form(self._as("specialist", self.env["crm.policy.rotation"])) as form:
            self.assertEqual(form.from_post_id, self.from_post)
            self.assertEqual(form.policy_department_id, self.service)
            form.to_post_id = self.to_post
            form.wanted_from = "2026-04-01"
            form.reason = "学习产品知识"
        rotation = form.save()
        self.assertEqual((rotation.user_id, rotation.state), (self.applicant, "draft"))
        self.assertTrue(rotation.can_change)
        self.assertFalse(rotation.can_move)

    def test_the_buttons_are_for_whom_they_work(self):
        rotation = self._approved()
        for role, change, move in (
            ("specialist", True, False),
            ("head", False, True),
            ("hr", True, False),
            ("director", False, True),
            ("ceo", False, False),
        ):
            mine = self._as(role, rotation)
            with self.subTest(role):
                self.assertEqual((mine.can_change, mine.can_move), (change, move))

    def test_nobody_leaves_open_cases_behind(self):
        rotation = self._approved()
        kept = [
            self._new_case(policy_department_id=place and place.id, name=str(number))
            for number, place in enumerate((self.service, None))
        ]
        self._new_case(policy_department_id=self.support.id)  # of the new department already
        mine = self._as("head", rotation)
        with self.assertRefused(UserError, "Clause 9.4.*has 2 open cases"):
            mine.action_policy_done()
        kept[0].user_id = self.other_specialist
        rotation.invalidate_recordset()
        with self.assertRefused(UserError, "has 1 open cases"):
            mine.action_policy_done()
        self._as("supervisor", kept[1]).action_policy_cancel("withdrawn")
        rotation.invalidate_recordset()
        mine.action_policy_done()
        self.assertEqual(rotation.state, "done")

    def test_a_refused_request_moves_nobody_and_may_be_asked_again(self):
        rotation = self._request()
        self._as("specialist", rotation).action_policy_submit()
        self._as("head", rotation).action_policy_reject("人手不足")
        self.assertEqual(rotation.state, "refused")
        with self.assertRefused(UserError, "not approved"):
            self._as("policy_admin", rotation).action_policy_done()
        self._as("specialist", rotation).action_policy_submit()
        self.assertEqual(rotation.state, "submitted")

    def test_a_draft_is_not_carried_out(self):
        rotation = self._request()
        with self.assertRefused(UserError, "not approved"):
            self._as("policy_admin", rotation).action_policy_done()

    def test_what_was_approved_stays_as_it_was(self):
        rotation = self._approved()
        self._as("specialist", rotation).write({"to_post_id": self._new_post("quality").id})
        self.assertEqual(rotation.state, "draft")
        with self.assertRefused(UserError, "not approved"):
            self._as("policy_admin", rotation).action_policy_done()
        rotation = self._approved()
        self._as("policy_admin", rotation).action_policy_done()
        with self.assertRefused(UserError, "is ended"):
            self._as("specialist", rotation).write({"reason": "其他"})

    # === WHO === #

    def test_the_applicant_never_decides(self):
        head = self.users["head"]
        rotation = self._request("head", from_post_id=False)
        self._as("head", rotation).action_policy_submit()
        eligible = rotation.policy_approval_id.eligible_user_ids
        self.assertNotIn(head, eligible)
        self.assertTrue(eligible)
        with self.assertRaises(PolicyRefusal):
            self._as("head", rotation).action_policy_approve("同意")
        rotation = self._request("hr", user_id=head.id, from_post_id=False)
        self._as("hr", rotation).action_policy_submit()
        with self.assertRaises(AccessError):
            self._as("head", rotation).action_policy_approve("同意")

    def test_a_department_without_head_is_decided_above(self):
        self.service.manager_id = False
        rotation = self._request()
        self._as("specialist", rotation).action_policy_submit()
        self.assertEqual(
            rotation.policy_approval_id.eligible_user_ids,
            self.users["manager"] | self.users["director"] | self.users["ceo"],
        )

    def test_nobody_chooses_who_decides(self):
        rotation = self._request()
        for name, value in {
            "policy_department_id": self.support.id,
            "policy_version_id": False,
            "state": "approved",
            "policy_approval_state": "approved",
            "done_at": "2026-01-01 00:00:00",
            "cancelled_at": "2026-01-01 00:00:00",
        }.items():
            for user in (self.applicant, self.env.user):
                with self.subTest(name), self.assertRaises(AccessError):
                    rotation.with_user(user).write({name: value})
                with self.subTest(name), self.assertRaises(AccessError):
                    self._request(**{name: value})

    def test_the_head_of_the_day_of_the_submission_decides(self):
        rotation = self._request()
        chief = self._new_user("supervisor", login="t_chief")
        self.support.manager_id = self._new_employee(chief, department_id=self.support.id)
        self.applicant.with_company(self.company).employee_id.department_id = self.support
        self._as("specialist", rotation).write({"to_department_id": self.service.id})
        self._as("specialist", rotation).action_policy_submit()
        self.assertEqual(rotation.policy_approval_id.eligible_user_ids, chief)

    def test_everybody_asks_for_himself_and_personnel_for_others(self):
        other = self.other_specialist.id
        with self.assertRaises(AccessError):
            self._request("specialist", user_id=other, from_post_id=False)
        rotation = self._request("specialist")
        with self.assertRaises(AccessError):
            self._as("specialist", rotation).write({"user_id": other, "from_post_id": False})
        rotation = self._request("hr", user_id=other, from_post_id=False)
        self.assertEqual(rotation.user_id.id, other)

    def test_who_carries_it_out(self):
        rotation = self._approved()
        for role in ("specialist", "manager", "hr", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, rotation).action_policy_done()
        self._as("director", rotation).action_policy_done()
        self.assertEqual(rotation.state, "done")

    def test_a_director_does_not_move_himself(self):
        director = self.users["director"]
        self._new_employee(director, department_id=self.service.id)
        rotation = self._request("director", from_post_id=False)
        self._as("director", rotation).action_policy_submit()
        self._as("head", rotation).action_policy_approve("同意")
        with self.assertRefused(AccessError, "never by the applicant"):
            self._as("director", rotation).action_policy_done()
        self._as("head", rotation).action_policy_done()

    def test_who_sees_it(self):
        rotation = self._request()
        self._as("specialist", rotation).action_policy_submit()
        for role, sees in {
            "specialist": True,
            "head": True,
            "hr": True,
            "director": True,
            "ceo": True,
            "policy_admin": True,
            "supervisor": False,
            "manager": False,
            "finance": False,
        }.items():
            with self.subTest(role):
                self.assertEqual(bool(self._as(role, rotation).search([])), sees)
        for role in ("head", "director", "ceo"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, rotation).write({"reason": "改"})

    # === CANCELLING === #

    def test_an_application_is_taken_back(self):
        rotation = self._approved()
        self._as("specialist", rotation).action_policy_cancel()
        self.assertEqual(rotation.state, "cancelled")
        self.assertEqual(rotation.policy_approval_id.state, "lapsed")
        for attempt in ("action_policy_submit", "action_policy_cancel"):
            with self.assertRaises(UserError):
                getattr(self._as("specialist", rotation), attempt)()
        with self.assertRaises(UserError):
            self._as("policy_admin", rotation).action_policy_done()

    def test_what_was_submitted_is_not_deleted(self):
        rotation = self._approved()
        with self.assertRefused(UserError, "kept, not deleted"):
            self._as("specialist", rotation).unlink()

    # === WHAT MAKES SENSE === #

    def test_a_move_makes_sense(self):
        other = self._new_company("无锡分公司")
        foreign = self.env["hr.department"].create({"name": "外地", "company_id": other.id})
        manager_plan = self.env["crm.policy.post"].search(
            [("role_id", "=", self._role_of("manager").id)]
        )
        for vals, problem in (
            ({"to_post_id": False, "to_department_id": False}, "name the post"),
            ({"to_department_id": foreign.id}, "one company"),
            ({"to_post_id": manager_plan.id}, "nobody is appointed"),
            ({"to_post_id": self.from_post.id}, "the present one"),
            (
                {"from_post_id": False, "to_post_id": False, "to_department_id": self.service.id},
                "the present one",
            ),
            ({"from_post_id": self._new_post("quality").id}, "does not hold"),
        ):
            with self.subTest(problem), self.assertRefused(ValidationError, problem):
                self._request(**vals)
        for missing in ("wanted_from", "reason"):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                with self.cr.savepoint():
                    self._request(**{missing: False})

    def test_without_a_route_in_force_nobody_decides(self):
        self._as("director", self.version).action_policy_abolish("机构撤销")
        rotation = self._request()
        with self.assertRefused(UserError, "no policy in force.*no approval route"):
            self._as("specialist", rotation).action_policy_submit()
