"""What callers send: ids of nobody, of others, lists, texts; copies, imports, contexts."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon

NO_IDS = (None, False, True, 0, -1, "1", "x", 1.5, [], [1], {"id": 1}, 10**9)


class TestApprovalArguments(ApprovalCommon):
    def test_a_person_who_is_named_is_an_employee_with_a_part_in_it(self):
        self._set_route("manager")
        remedy = self._submitted(beneficiary_id=self.users["analyst"].partner_id.id)
        other = self._new_user("manager", login="t_far", company=self._new_company("无锡分公司"))
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        gone = self._new_user("director", login="t_gone")
        gone.active = False
        mine = self._as("manager", remedy)
        calls = (
            lambda value: mine.action_policy_add_signer(value),
            lambda value: mine.action_policy_add_signer(value, before=True),
            lambda value: mine.action_policy_forward(value, "请处理"),
            lambda value: mine.action_policy_copy([value]),
        )
        for number, call in enumerate(calls):
            for value in (*NO_IDS, other.id, portal.id, gone.id):
                with (
                    self.subTest(call=number, value=value),
                    self.assertRaisesRegex(ValidationError, "active employee of"),
                ):
                    call(value)
            for role in ("specialist", "analyst"):
                with (
                    self.subTest(call=number, role=role),
                    self.assertRaisesRegex(PolicyRefusal, "no part in the decision"),
                ):
                    call(self.users[role].id)
        self.assertEqual(self._steps(remedy), [("manager", "pending")])
        self.assertFalse(remedy.policy_approval_id.decision_ids)

    def test_nobody_adds_himself(self):
        self._set_route("manager")
        remedy = self._submitted()
        with self.assertRaisesRegex(UserError, "signs this step already"):
            self._as("manager", remedy).action_policy_add_signer(self.users["manager"].id)

    def test_steps_comments_and_lists_are_what_they_should_be(self):
        self._set_route("manager", "finance")
        remedy = self._submitted()
        self._sign(remedy, "manager")
        mine = self._as("finance", remedy)
        for value in ("1", "x", 1.5, [1], {"id": 1}, True, -1):
            with self.subTest(step=value), self.assertRaisesRegex(ValidationError, "Name one step"):
                mine.action_policy_return(value, "理由")
        for value in (5, ["x"], {"a": 1}, True):
            for call in (
                lambda value: mine.action_policy_approve(value),
                lambda value: mine.action_policy_reject(value),
                lambda value: mine.action_policy_return(None, value),
                lambda value: mine.action_policy_add_signer(self.users["qc"].id, False, value),
                lambda value: mine.action_policy_forward(self.users["ceo"].id, value),
            ):
                with (
                    self.subTest(comment=value),
                    self.assertRaisesRegex(ValidationError, "comment is a text"),
                ):
                    call(value)
        for value in (None, 5, "x", [], self.users["qc"].id):
            with self.subTest(users=value), self.assertRaisesRegex(ValidationError, "persons"):
                mine.action_policy_copy(value)
        for value in (None, 1, "x"):
            with (
                self.subTest(before=value),
                self.assertRaisesRegex(ValidationError, "true or false"),
            ):
                mine.action_policy_add_signer(self.users["qc"].id, before=value)
        self.assertEqual(self._steps(remedy)[1], ("finance", "pending"))

    def test_every_turn_asks_for_the_right_to_read_first(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        stranger = new_test_user(
            self.env,
            login="t_stranger",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        qc = self.users["qc"].id
        for user in (stranger, portal):
            for record in (remedy, request):
                mine = record.with_user(user)
                for method, arguments in {
                    "approve": ("x",),
                    "reject": ("x",),
                    "return": (None, "x"),
                    "recall": (),
                    "add_signer": (qc,),
                    "forward": (qc, "x"),
                    "copy": ([qc],),
                    "remind": (),
                }.items():
                    with self.subTest(user=user.login, model=record._name, method=method):
                        with self.assertRaises(AccessError) as caught:
                            getattr(mine, f"action_policy_{method}")(*arguments)
                        # He learns nothing of what it is about, nor of the people.
                        self.assertNotIn(request.name, str(caught.exception))
                        self.assertNotIn("t_manager", str(caught.exception))
                        self.assertNotIn("t_specialist", str(caught.exception))

    def test_a_copy_of_a_document_is_not_approved(self):
        remedy = self._submitted()
        self._sign(remedy, "manager")
        copy = self._as("specialist", remedy).copy()
        self.assertEqual(copy.policy_approval_state, "none")
        self.assertFalse(copy.policy_approval_id)

    def test_an_import_writes_no_fact_and_no_evidence(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        for model, names, row in (
            ("crm.policy.remedy", ["ticket_id/.id", "amount", "policy_approval_id/.id"],
             [str(self.case.id), "5", str(request.id)]),
            ("crm.policy.remedy", [".id", "policy_approval_state"], [str(remedy.id), "Approved"]),
            ("crm.policy.approval.step", [".id", "state"],
             [str(request.step_ids.id), "Approved"]),
            ("crm.policy.approval", [".id", "state"], [str(request.id), "Approved"]),
        ):  # fmt: skip
            with self.subTest(model, names=names):
                loaded = self.env[model].with_user(self.users["manager"]).load(names, [row])
                self.assertFalse(loaded["ids"])
        self.assertEqual((request.state, request.step_ids.state), ("pending", "pending"))

    def test_contexts_are_no_defaults_of_evidence(self):
        forged = {
            "default_state": "approved",
            "default_policy_approval_state": "approved",
            "default_mode": "any",
            "default_user_id": self.users["specialist"].id,
            "default_person_id": self.users["specialist"].id,
        }
        self._set_route({"role": "ceo", "mode": "all"})
        remedy = self._new_remedy(self._new_case(), 5000)
        self._as("specialist", remedy).with_context(**forged).action_policy_submit()
        request = remedy.policy_approval_id
        self.assertEqual((request.state, remedy.policy_approval_state), ("pending", "pending"))
        self.assertEqual(
            (request.step_ids.state, request.step_ids.mode, request.step_ids.person_id.id),
            ("pending", "all", False),
        )
        for model in ("crm.policy.remedy", "crm.policy.approval", "crm.policy.approval.step"):
            records = self.env[model].with_user(self.users["specialist"]).with_context(**forged)
            guarded = records._policy_guarded_fields()
            names = {"state", "policy_approval_state", "mode", "user_id"} & guarded
            defaults = records.default_get(sorted(names))
            self.assertNotIn("approved", defaults.values())
            self.assertNotIn(self.users["specialist"].id, defaults.values())

    def test_values_changed_behind_the_orm_are_not_decided(self):
        remedy = self._submitted()
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_policy_remedy SET amount = 9 WHERE id = %s", [remedy.id])
        self.env.invalidate_all()
        qc, mine = self.users["qc"].id, self._as("manager", remedy)
        for call in (
            lambda: mine.action_policy_approve("同意"),
            lambda: mine.action_policy_return(None, "理由"),
            lambda: mine.action_policy_add_signer(qc),
            lambda: mine.action_policy_forward(qc, "请处理"),
        ):
            with self.assertRaisesRegex(UserError, "has changed since"):
                call()
        self._as("specialist", remedy).action_policy_recall()
        self.assertEqual(remedy.policy_approval_state, "none")
