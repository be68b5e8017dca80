"""Many at once: the same outcome as one by one, in a constant number of statements."""

from odoo.exceptions import UserError

from ..approval_common import ApprovalCommon


class TestApprovalBatch(ApprovalCommon):
    def _remedies(self, count, amount=5000):
        case = self._new_case()
        remedies = (
            self.env["crm.policy.remedy"]
            .with_user(self.users["specialist"])
            .create(
                [
                    {"ticket_id": case.id, "kind": "compensation", "amount": 1, "note": str(number)}
                    for number in range(count)
                ]
            )
        )
        return remedies.with_env(self.env)

    def _statements(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        call()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_statements_do_not_grow_with_the_number(self):
        self._set_route("manager", "ceo")
        counts, Approval = {}, self.env["crm.policy.approval"]
        for size in (2, 10, 20):
            remedies = self._remedies(size)
            counts[size] = [
                self._statements(self._as("specialist", remedies).action_policy_submit),
                self._statements(self._as("manager", remedies).action_policy_approve),
                self._statements(
                    lambda found=remedies: Approval.browse(
                        found.policy_approval_id.ids
                    )._policy_keep_deciders()
                ),
            ]
            # What completes a request takes from limits in total, one after the other.
            self._as("ceo", remedies).action_policy_approve()
            self.assertEqual(set(remedies.mapped("policy_approval_state")), {"approved"})
            requests = remedies.policy_approval_id
            self.assertEqual(len(requests), size)
            self.assertEqual(len(requests.decision_ids), 2 * size)
            self.assertEqual(len(self._events(requests, "approval.submitted")), size)
        self.assertEqual(counts[10], counts[20], counts)

    def test_what_each_further_one_costs(self):
        self._set_route("manager", "finance", "ceo")
        spent = {}
        for size in (2, 5, 10):  # the first fills what is cached for longer than a transaction
            remedies = self._remedies(size)

            def submit(found=remedies):
                for remedy in found:
                    self._as("specialist", remedy).action_policy_submit()
                    self.env.flush_all()

            def sign(found=remedies):
                for role in ("manager", "finance", "ceo"):
                    for remedy in found:
                        self._as(role, remedy).action_policy_approve()
                        self.env.flush_all()

            spent[size] = (self._statements(submit), self._statements(sign))
        each = [(more - less) / 5 for less, more in zip(spent[5], spent[10], strict=True)]
        # Of the engine itself 2 and 5; the remedy's own checks, message and sight are the rest.
        self.assertLessEqual(each[0], 4)
        self.assertLessEqual(each[1], 14)

    def test_what_was_read_before_a_signature_is_read_anew_after_it(self):
        self._set_route("manager", "ceo")
        remedy = self._submitted()
        request = self._as("manager", remedy.policy_approval_id)
        for role, states, end in (
            ("manager", ["approved", "pending"], "pending"),
            ("ceo", ["approved", "approved"], "approved"),
        ):
            request, document = self._as(role, request), self._as(role, remedy)
            waiting_for = request.waiting_for
            self.assertTrue(request.can_decide and document.policy_can_decide)
            self.assertEqual(request.chain["state"], "pending")
            document.action_policy_approve()
            self.assertFalse(request.can_decide or document.policy_can_decide)
            self.assertNotEqual(request.waiting_for, waiting_for)
            self.assertEqual([link["state"] for link in request.chain["steps"]], states)
            self.assertEqual(document.policy_approval_chain["state"], end)

    def test_what_a_click_costs(self):
        """One signature with nothing read before, and the message to who signs next."""
        self._set_route("manager", "ceo")
        for _time in range(2):  # the first fills what is cached for longer than a transaction
            remedy = self._as("manager", self._submitted())
            self.env.cr.flush()

            def click(found=remedy):
                found.action_policy_approve()
                self.env.cr.flush()

            spent = self._statements(click)
        self.assertLessEqual(spent, 42)

    def test_a_batch_is_refused_as_a_whole(self):
        self._set_route("manager", "ceo")
        remedies = self._remedies(3)
        self._as("specialist", remedies).action_policy_submit()
        self._as("manager", remedies[0]).action_policy_approve()
        with self.assertRaises(UserError):
            self._as("manager", remedies).action_policy_approve()
        self.assertEqual(
            [len(request.decision_ids) for request in remedies.policy_approval_id], [1, 0, 0]
        )

    def test_the_window_signs_many_and_names_those_that_are_refused(self):
        self._set_route("manager", "ceo")
        remedies = self._remedies(3)
        self._as("specialist", remedies).action_policy_submit()
        self._as("manager", remedies[0]).action_policy_approve()
        wizard = self.env["crm.policy.approval.sign"].with_user(self.users["manager"])
        window = wizard.create(
            {"approval_ids": [(6, 0, remedies.policy_approval_id.ids)], "comment": "同意"}
        )
        action = window.action_policy_confirm()
        self.assertIn("2 requests are done", action["params"]["message"])
        self.assertIn("you are not asked to decide", action["params"]["message"])
        for remedy in remedies:
            self.assertEqual(self._steps(remedy), [("manager", "approved"), ("ceo", "pending")])
        window = wizard.create(
            {"approval_ids": [(6, 0, remedies.policy_approval_id.ids)], "outcome": "reject"}
        )
        message = window.with_user(self.users["manager"]).action_policy_confirm()["params"][
            "message"
        ]
        self.assertIn("0 requests are done", message)

    def test_the_window_of_each_turn(self):
        self._set_route("manager", "finance")
        wizard = self.env["crm.policy.approval.sign"]
        remedy = self._submitted()
        request = remedy.policy_approval_id

        def window(role, **vals):
            mine = wizard.with_user(self.users[role])
            mine.create({"approval_id": request.id, **vals}).action_policy_confirm()

        window("specialist", outcome="copy", user_ids=[(6, 0, self.users["qc"].ids)])
        self.assertEqual(request.copy_user_ids, self.users["qc"])
        window("manager", outcome="add", user_id=self.users["qc"].id, before=True)
        self.assertEqual(self._who(remedy), ["qc"])
        self._sign(remedy, "qc")
        window("manager", outcome="forward", user_id=self.users["director"].id, comment="请定")
        self.assertEqual(self._who(remedy), ["director"])
        self._sign(remedy, "director")
        signed = request.step_ids.filtered(lambda step: step.person_id == self.users["director"])
        window("finance", outcome="return", step_id=signed.id, comment="请复核")
        self.assertEqual(self._who(remedy), ["director"])
        window("director", outcome="return", comment="退回")
        self.assertEqual(request.state, "returned")
