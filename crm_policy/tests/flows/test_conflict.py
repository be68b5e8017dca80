"""S13's conflict under the handbook, line by line, and what is refused on its way (C.7)."""

# What is said here nobody reads.
# pylint: disable=translation-required

from hashlib import sha1

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from ..common import at, shanghai
from .test_shipped_packs import PackFlow


class ConflictFlow(PackFlow):
    pack = "handbook"
    kinds = ("complaint", "conflict")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("wang", "li"):
            cls.people[code] = new_test_user(
                cls.env,
                login=f"t_conflict_{code}",
                groups="base.group_user",
                company_id=cls.company.id,
                company_ids=cls.company.ids,
                tz="Asia/Shanghai",
            )
        cls.operations = cls.env["hr.department"].create(
            {"name": "运营部", "company_id": cls.company.id}
        )
        cls.employees = cls._new_employees([cls.people["wang"], cls.people["li"]], cls.operations)
        cls.operations.manager_id = cls.employees[cls.people["li"]]
        cls.counsel = cls.env["res.users"].search([("login", "=", "t_seat_legal")])

    def _identified(self, **vals):
        with at("2026-04-13 10:00"):
            conflict = self._new_case(
                policy_kind="conflict",
                name="年度返利计算口径争议",
                policy_arose_from="internal_report",
                policy_arose_user_id=self.users["specialist"].id,
                **vals,
            )
            self._as("specialist", conflict).action_policy_accept()
        return conflict

    def _assessed(self, degree="high", **vals):
        conflict = self._identified(**vals)
        with at("2026-04-14 16:00"):
            self._as("manager", conflict).action_policy_assess("price", degree, "internal")
        return conflict

    def _round(self, conflict, method="negotiation", role="specialist", **vals):
        Round = self.env["crm.policy.mediation"].with_user(self.users[role])
        return Round.create({"ticket_id": conflict.id, "method": method, **vals}).with_env(self.env)

    def _review(self, conflict, outcome="approve", comment="合法合规"):
        self._as("specialist", conflict).action_policy_ask_legal("拟由行业协会调解")
        ruling = conflict.policy_ruling_ids[-1:].with_user(self.counsel)
        getattr(ruling, f"action_policy_{outcome}")(comment)

    def _prepared(self, conflict):
        """Tell the rights and let Legal look at it."""
        self._as("specialist", conflict).action_policy_tell_rights("可选择协商、调解或仲裁")
        self._review(conflict)

    def _settled(self, degree="high"):
        conflict = self._assessed(degree)
        self._agree(conflict)
        return conflict

    def _agree(self, conflict):
        """Negotiate in vain, let Legal look at it, and agree before the association."""
        with at("2026-04-16 11:00"):
            self._round(conflict, result="failed", text="双方各执一词")
            self._prepared(conflict)
        with at("2026-04-24 15:00"):
            self._round(
                conflict,
                "third_party",
                mediator="市电子行业协会",
                our_consent=True,
                customer_consent=True,
                result="agreed",
                text="按协会口径补付返利",
            )
            self._as("specialist", conflict).action_policy_settle()

    def _told(self, degree="high"):
        conflict = self._settled(degree)
        with at("2026-04-27 10:00"):
            self._as("specialist", conflict).action_policy_reply("已达成一致", "phone", score=4)
        return conflict

    def _share(self, conflict, share, role="specialist", **vals):
        Share = self.env["crm.policy.responsibility"].with_user(self.users[role])
        return Share.create({"ticket_id": conflict.id, "share": share, **vals}).with_env(self.env)

    def _judged(self, degree="high"):
        conflict = self._told(degree)
        with at("2026-04-28 10:00"):
            rule = self._share(
                conflict, 60, department_id=self.operations.id, fault_type="objective"
            )
            fault = self._share(
                conflict, 40, party="employee", employee_id=self.employees[self.people["wang"]].id
            )
            self._as("manager", conflict).action_policy_decide()
        return conflict, rule, fault

    def _signed(self):
        conflict, rule, fault = self._judged()
        with at("2026-04-29 10:00"):
            rule.with_user(self.people["li"]).action_policy_sign()
            fault.with_user(self.people["wang"]).action_policy_sign()
        return conflict

    def _archived(self):
        conflict = self._signed()
        mine = self._as("specialist", conflict)
        with at("2026-05-12 10:00"):
            mine.action_policy_callback(4, "执行情况良好")
            mine.action_policy_close()
        return conflict


class TestConflict(ConflictFlow):
    def test_who_signs_finds_it_without_seeing_the_case(self):
        conflict, rule, fault = self._judged()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.signature_action")
        domain = safe_eval(action["domain"])
        wang, li = self.people["wang"], self.people["li"]
        kind = self.env.ref("crm_policy.activity_signature")

        def found(user):
            lines = self.env["crm.policy.responsibility"].with_user(user)
            return lines.search(domain).with_env(self.env)

        def asked():
            return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)]).user_id

        self.assertFalse(self.env["helpdesk.ticket"].with_user(wang).search([]) & conflict)
        self.assertEqual((found(wang), found(li)), (fault, rule))
        self.assertEqual(asked(), wang | li, "and each is told")
        menus = self.env["ir.ui.menu"].with_user(wang)._visible_menu_ids()
        self.assertIn(self.env.ref("crm_policy.menu_own_signatures").id, menus)
        self.assertNotIn(self.env.ref("crm_policy.menu_cases").id, menus)
        with at("2026-04-29 10:00"):
            fault.with_user(wang).action_policy_sign()
            self.assertEqual(asked(), li)
            self._as("specialist", rule).action_policy_refuse_signature(
                "不认可", self.users["supervisor"].id
            )
        self.assertFalse(asked())

    def test_its_steps_have_their_own_names(self):
        conflict = self._assessed()
        self.assertEqual(conflict.policy_step_name, "Assessed")
        needed = self._as("specialist", conflict).policy_still_needed
        self.assertIn("Agreement Reached (", needed)

    def test_s13_line_by_line(self):
        conflict = self._identified()
        mine = self._as("specialist", conflict)
        self.assertEqual(conflict.policy_number, "CF-2026-0001")
        self.assertEqual(self._dues(conflict), {"conflict-assess": shanghai("2026-04-14 18:00")})
        with at("2026-04-14 16:00"):
            self._as("manager", conflict).action_policy_assess("price", "high", "internal")
        self.assertEqual(conflict.policy_severity, "major")
        self.assertEqual(self._clock(conflict, "conflict-assess").state, "met")
        self.assertEqual(
            self._clock(conflict, "conflict-treat").due_at, shanghai("2026-04-28 18:00")
        )
        with (
            at("2026-04-15 10:00"),
            self.assertRefused(ValidationError, r"Clause 6\.6 .*after an earlier means has failed"),
        ):
            self._round(
                conflict,
                "arbitration",
                mediator="仲裁委员会",
                our_consent=True,
                customer_consent=True,
            )
        self._agree(conflict)
        self.assertEqual(self._clock(conflict, "conflict-treat").state, "met")
        self.assertEqual(
            self._clock(conflict, "conflict-feedback").due_at, shanghai("2026-04-28 18:00")
        )
        with at("2026-04-27 10:00"):
            mine.action_policy_reply("已达成一致", "phone", score=4)
        follow_up = self._clock(conflict, "conflict-follow-up")
        self.assertEqual(follow_up.due_at, shanghai("2026-05-12 23:59:59"))
        self.assertEqual(follow_up.earliest_at, shanghai("2026-05-12 00:00"))
        with at("2026-04-28 10:00"):
            rule = self._share(
                conflict, 60, department_id=self.operations.id, fault_type="objective"
            )
            fault = self._share(
                conflict, 40, party="employee", employee_id=self.employees[self.people["wang"]].id
            )
            self._as("manager", conflict).action_policy_decide()
        self.assertEqual((rule.deduction_points, fault.deduction_points), (0.0, 4.0))
        with at("2026-05-12 10:00"):
            mine.action_policy_callback(4, "执行情况良好")
            with self.assertRefused(UserError, r"Clause 6\.9 .*the signature on .*40 %"):
                mine.action_policy_close()
            rule.with_user(self.people["li"]).action_policy_sign()
            fault.with_user(self.people["wang"]).action_policy_sign()
            mine.action_policy_close()
        self.assertEqual(conflict.policy_closed_at, shanghai("2026-05-12 10:00"))
        with self.assertRefused(UserError, r"Clause 6\.9 .*is archived: Title"):
            mine.name = "另一个标题"

    def test_the_exact_instant_is_on_time(self):
        for moment, state in (("2026-04-14 18:00:00", "met"), ("2026-04-14 18:00:01", "late")):
            with self.subTest(moment):
                conflict = self._identified()
                with at(moment):
                    self._as("manager", conflict).action_policy_assess("price", "low", "external")
                self.assertEqual(self._clock(conflict, "conflict-assess").state, state)

    def test_across_the_holiday_and_the_make_up_day(self):
        """Labour Day until 05-05; Saturday 05-09 is worked (Correction 19)."""
        self.company.resource_calendar_id.policy_statutory_country_id = self.env.ref("base.cn")
        with at("2026-04-30 10:00"):
            conflict = self._new_case(policy_kind="conflict")
        self.assertEqual(self._dues(conflict)["conflict-assess"], shanghai("2026-05-06 18:00"))
        with at("2026-05-08 10:00"):
            conflict = self._new_case(policy_kind="conflict")
        self.assertEqual(self._dues(conflict)["conflict-assess"], shanghai("2026-05-09 18:00"))

    def test_numbers_of_a_year_and_never_a_complaints_clock(self):
        first, second = self._identified(), self._identified()
        self.assertEqual((first | second).mapped("policy_number"), ["CF-2026-0001", "CF-2026-0002"])
        with at("2027-01-04 10:00"):
            third = self._new_case(policy_kind="conflict")
        self.assertEqual(third.policy_number, "CF-2027-0001")
        self.assertNotIn("complaint-response", self._dues(first))

    def test_the_source_is_named_with_its_link(self):
        complaint = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
        for vals, field in (
            ({}, "Came to Light By"),
            ({"policy_arose_from": "complaint"}, "Arose from Case"),
            ({"policy_arose_from": "survey"}, "Arose from Rating"),
            ({"policy_arose_from": "feedback"}, "Arose from Rating"),
            ({"policy_arose_from": "health"}, "What Showed It"),
            ({"policy_arose_from": "internal_report"}, "Reported By"),
        ):
            with self.subTest(vals):
                conflict = self._new_case(policy_kind="conflict", **vals)
                with self.assertRefused(ValidationError, rf"Clause 6\.5 .*still needed: {field}"):
                    self._as("specialist", conflict).action_policy_accept()
        action = self._as("specialist", complaint).action_policy_open_conflict()
        self.assertEqual(action["context"]["default_policy_arose_case_id"], complaint.id)
        conflict = self._new_case(
            policy_kind="conflict",
            policy_arose_from="complaint",
            policy_arose_case_id=complaint.id,
        )
        self._as("specialist", conflict).action_policy_accept()
        self.assertTrue(conflict.policy_accepted_at)
        stranger = self.env["res.partner"].create({"name": "别家", "is_company": True})
        with self.assertRefused(ValidationError, "another case of the same customer"):
            self._new_case(
                policy_kind="conflict",
                partner_id=stranger.id,
                policy_arose_from="complaint",
                policy_arose_case_id=complaint.id,
            )

    def test_who_may_not_read_the_origin_does_not_link_it(self):
        manager, clerk = self.users["manager"], self.users["specialist"]
        hidden = self._new_case(
            user=manager,
            user_id=manager.id,
            policy_department_id=self.operations.id,
            policy_complaint_type_id=self.types["hbk-complaint"].id,
        )
        self.assertFalse(hidden.with_user(clerk).has_access("read"))
        conflict = self._identified()
        with self.assertRaises(AccessError):
            conflict.with_user(clerk).policy_arose_case_id = hidden
        conflict.with_user(manager).policy_arose_case_id = hidden

    def test_a_manager_assesses_and_names_everything(self):
        conflict = self._identified()
        with at("2026-04-14 10:00"):
            with self.assertRefused(AccessError, r"Clause 6\.5 .*recorded by Manager"):
                self._as("specialist", conflict).action_policy_assess("price", "low", "internal")
            manager = self._as("manager", conflict)
            for values in ((None, "low", "internal"), ("x", "low", "internal"),
                           ("price", "huge", "internal"), ("price", "low", None)):  # fmt: skip
                with self.subTest(values), self.assertRefused(ValidationError, "Fill in"):
                    manager.action_policy_assess(*values)
            with self.assertRefused(ValidationError, "still needed: Conflict About"):
                manager.action_policy_investigate()
            with self.assertRefused(ValidationError, "is at least major"):
                conflict.policy_conflict_degree = "high"
            manager.action_policy_assess("price", "medium", "external")
        self.assertEqual(conflict.policy_conflict_degree, "medium")
        conflict.policy_severity = "crisis"
        self.assertEqual(conflict.policy_conflict_degree, "high")
        complaint = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
        with self.assertRefused(UserError, "is no conflict"):
            self._as("manager", complaint).action_policy_assess("price", "low", "internal")


class TestMediation(ConflictFlow):
    consents = {"mediator": "协会", "our_consent": True, "customer_consent": True}

    def test_nobody_mediates_before_the_assessment_or_the_conflict(self):
        conflict = self._identified()
        with self.assertRefused(ValidationError, "is assessed first"):
            self._round(conflict)
        complaint = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id)
        with self.assertRefused(ValidationError, "Only a conflict is mediated"):
            self._round(complaint)
        conflict = self._assessed()
        with at("2026-04-15 10:00"):
            with self.assertRefused(ValidationError, "before the conflict is known"):
                self._round(conflict, at=shanghai("2026-04-13 09:59"))
            with self.assertRefused(ValidationError, "lies in the future"):
                self._round(conflict, at=shanghai("2026-04-15 10:01"))

    def test_the_next_means_after_a_failed_one(self):
        conflict = self._assessed("low")
        with at("2026-04-16 10:00"):
            first = self._round(conflict)
            with self.assertRefused(ValidationError, "is not ended yet"):
                self._round(conflict)
            with self.assertRefused(ValidationError, "after an earlier means has failed"):
                self._round(conflict, "third_party", result="failed", text="x", **self.consents)
            with self.assertRefused(ValidationError, "Write down what came of it"):
                first.result = "failed"
            first.write({"result": "failed", "text": "各执一词"})
            with self.assertRefused(UserError, "has ended: it stays"):
                first.text = "另一种说法"
            with self.assertRefused(UserError, "has ended: it stays"):
                first.unlink()
            for lacking in ({"customer_consent": False}, {"our_consent": False}):
                with self.subTest(lacking), self.assertRefused(ValidationError, "consent of the"):
                    self._round(conflict, "third_party", **{**self.consents, **lacking})
            with self.assertRefused(ValidationError, "Say who mediates"):
                self._round(conflict, "third_party", **{**self.consents, "mediator": " "})
            self._round(conflict, "third_party", result="failed", text="x", **self.consents)

    def test_arbitration_waits_for_legal_and_the_rights(self):
        conflict = self._assessed("low")
        mine = self._as("specialist", conflict)
        with at("2026-04-16 10:00"):
            self._round(conflict, result="failed", text="x")
            with self.assertRefused(
                ValidationError, r"Still needed before: the review by Legal, Notice of Rights"
            ):
                self._round(conflict, "arbitration", **self.consents)
            mine.action_policy_tell_rights("可选择仲裁")
            mine.action_policy_ask_legal("拟提交仲裁")
            with self.assertRefused(ValidationError, "the end of the review by Legal"):
                self._round(conflict, "arbitration", **self.consents)
            self.assertEqual(mine.policy_legal_state, "pending")
            ruling = conflict.policy_ruling_ids
            self.assertEqual(ruling.policy_approval_id.eligible_user_ids, self.counsel)
            ruling.with_user(self.counsel).action_policy_approve("可以")
            self.assertEqual(mine.policy_legal_state, "passed")
            self._round(conflict, "arbitration", result="agreed", text="裁决", **self.consents)
            mine.action_policy_settle()
        self.assertTrue(conflict.policy_settled_at)

    def test_what_the_settlement_needs(self):
        conflict = self._assessed("high")
        mine = self._as("specialist", conflict)
        with at("2026-04-16 10:00"):
            with self.assertRefused(
                ValidationError,
                r"Clause 6\.6 .*the solution, Notice of Rights, the review by Legal",
            ):
                mine.action_policy_settle()
            self._round(conflict, result="failed", text="x")
            mine.action_policy_tell_rights("可选择协商、调解或仲裁")
            self._review(conflict, "reject", "补偿条件侵害客户权利")
            self.assertEqual(mine.policy_legal_state, "objection")
            with self.assertRefused(
                ValidationError, "has brought none, .* which objects: 补偿条件侵害客户权利"
            ):
                mine.action_policy_settle()
            self._round(conflict, result="agreed", text="一致")
            self._review(conflict)
            mine.action_policy_settle()
            with self.assertRefused(UserError, "is decided"):
                mine.action_policy_ask_legal("再审")
            with self.assertRefused(UserError, "stays as it was when this was recorded"):
                self._round(conflict)

    def test_a_solution_without_a_mediator_settles_a_mild_one(self):
        conflict = self._assessed("low")
        mine = self._as("specialist", conflict)
        mine.policy_solution = "改进交货通知流程"
        with at("2026-04-16 10:00"):
            with self.assertRefused(ValidationError, "still needed: Notice of Rights"):
                mine.action_policy_settle()
            mine.action_policy_tell_rights("可选择协商、调解或仲裁")
            mine.action_policy_settle()
        self.assertTrue(conflict.policy_settled_at)

    def test_what_it_costs_is_decided_within_the_limits(self):
        conflict = self._assessed("low")
        mine = self._as("specialist", conflict)
        with at("2026-04-16 10:00"):
            self._round(conflict, result="agreed", text="补偿")
            mine.action_policy_tell_rights("可选择协商、调解或仲裁")
            remedy = self._new_remedy(conflict, 1000.01)
            with self.assertRefused(UserError, r"1,000\.01"):
                mine.action_policy_settle()
            remedy.with_user(self.users["specialist"]).amount = 1000
            mine.action_policy_settle()
            self.assertEqual(remedy.policy_approval_state, "approved")
            with self.assertRefused(UserError, "its remedies stay"):
                remedy.with_user(self.users["specialist"]).amount = 900

    def test_whom_it_is_about_writes_no_round(self):
        conflict = self._assessed("low")
        conflict.policy_accused_user_ids = self.other_specialist
        with self.assertRaises(AccessError):
            self.env["crm.policy.mediation"].with_user(self.other_specialist).create(
                {"ticket_id": conflict.id}
            )


class TestConflictAfterwards(ConflictFlow):
    def test_the_customer_is_asked(self):
        conflict = self._settled()
        mine = self._as("specialist", conflict)
        with at("2026-04-27 10:00"):
            with self.assertRefused(ValidationError, r"Clause 6\.7 .*from 1 to 5"):
                mine.action_policy_reply("已达成一致", "letter")
            with self.assertRefused(ValidationError, "of 5 say what is done next"):
                mine.action_policy_reply("已达成一致", "phone", score=2)
            mine.action_policy_reply("已达成一致", "phone", score=2, measures="重新测算返利")
        self.assertEqual(conflict.policy_cycle, 1)
        self.assertFalse(conflict.policy_settled_at)
        self.assertEqual(conflict.policy_follow_up, "重新测算返利")
        self.assertEqual(conflict.policy_number, "CF-2026-0001")
        self.assertEqual(
            {clock.rule_code: clock.due_at
             for clock in conflict.policy_deadline_ids if clock.cycle == 1},
            {"conflict-assess": shanghai("2026-04-28 18:00")},
        )  # fmt: skip
        # What was agreed has not lasted: the next means may follow.
        with at("2026-04-28 10:00"):
            self._as("manager", conflict).action_policy_assess("price", "high", "internal")
            self._round(
                conflict, "third_party", mediator="协会", our_consent=True, customer_consent=True
            )

    def test_who_says_three_is_not_treated_anew(self):
        conflict = self._settled()
        with at("2026-04-27 10:00"):
            self._as("specialist", conflict).action_policy_reply("已达成一致", "phone", score=3)
        self.assertEqual((conflict.policy_cycle, conflict.policy_step), (0, "replied"))

    def test_the_responsibility_is_judged_after_the_settlement(self):
        conflict = self._told()
        manager = self._as("manager", conflict)
        with at("2026-04-28 10:00"):
            with self.assertRefused(UserError, "Say who is responsible"):
                manager.action_policy_decide()
            self._share(conflict, 60, department_id=self.operations.id, fault_type="objective")
            with self.assertRefused(UserError, "are 60 percent together"):
                manager.action_policy_decide()
            with self.assertRefused(AccessError, r"Clause 6\.8 .*recorded by Manager"):
                self._as("specialist", conflict).action_policy_decide()

    def test_points_by_degree(self):
        for degree, points in (("low", 0.8), ("medium", 2.0), ("high", 4.0)):
            with self.subTest(degree):
                _conflict, rule, fault = self._judged(degree)
                self.assertEqual(rule.deduction_points, 0)
                self.assertAlmostEqual(fault.deduction_points, points)

    def test_what_no_person_did_goes_to_who_improves_it(self):
        conflict, rule, fault = self._judged()
        plan = conflict.policy_improvement_ids
        self.assertEqual(len(plan), 1)
        self.assertEqual(plan.source, "conflict")
        self.assertEqual(plan.action_ids.department_id, rule.department_id)
        self.assertEqual(plan.action_ids.kind, "rule")
        self.assertNotIn(fault.employee_id.user_id, plan.action_ids.user_id)

    def test_who_is_responsible_signs_and_nobody_else(self):
        conflict, rule, fault = self._judged()
        wang, li = self.people["wang"], self.people["li"]
        self.assertEqual((rule | fault).mapped("signature_state"), ["open", "open"])
        # He reads what he signs, and not the case.
        with self.assertRaises(AccessError):
            conflict.with_user(wang).check_access("read")
        self.assertTrue(fault.with_user(wang).can_sign)
        with self.assertRaises(AccessError):
            rule.with_user(wang).check_access("read")
        with at("2026-04-29 10:00"):
            with self.assertRefused(AccessError, "is signed by who is responsible"):
                fault.with_user(self.users["manager"]).action_policy_sign()
            fault.with_user(wang).action_policy_sign()
            with self.assertRefused(UserError, "needs no signature any more"):
                fault.with_user(wang).action_policy_sign()
            rule.with_user(li).action_policy_sign()
        self.assertEqual(fault.signed_by_id, wang)
        self.assertEqual(rule.signed_at, shanghai("2026-04-29 10:00"))

    def test_nothing_is_signed_before_it_is_decided(self):
        conflict = self._told()
        with at("2026-04-28 10:00"):
            fault = self._share(
                conflict, 100, party="employee", employee_id=self.employees[self.people["wang"]].id
            )
            with self.assertRaises(AccessError):
                fault.with_user(self.people["wang"]).action_policy_sign()
            with self.assertRefused(UserError, "once the responsibility is decided"):
                self._as("specialist", fault).action_policy_refuse_signature(
                    "不认可", self.users["manager"].id
                )

    def test_a_refusal_has_a_witness(self):
        conflict, rule, fault = self._judged()
        wang, witness = self.people["wang"], self.users["supervisor"]
        mine = self._as("specialist", fault)
        with at("2026-04-29 10:00"):
            with self.assertRefused(ValidationError, "why it is not signed"):
                mine.action_policy_refuse_signature(" ", witness.id)
            for wrong in (None, "x", True, self.env.ref("base.public_user").id):
                with self.subTest(wrong), self.assertRefused(ValidationError, "Name an employee"):
                    mine.action_policy_refuse_signature("不认可", wrong)
            for wrong in (wang, self.users["specialist"]):
                with self.assertRefused(ValidationError, "another person"):
                    mine.action_policy_refuse_signature("不认可", wrong.id)
            with self.assertRaises(AccessError):
                fault.with_user(wang).action_policy_refuse_signature("不认可", witness.id)
            mine.action_policy_refuse_signature("不认可", witness.id)
            rule.with_user(self.people["li"]).action_policy_sign()
        self.assertEqual(fault.signature_state, "refused")
        with at("2026-05-12 10:00"):
            clerk = self._as("specialist", conflict)
            clerk.action_policy_callback(4, "执行情况良好")
            clerk.action_policy_close()
        self.assertTrue(conflict.policy_closed_at)

    def test_an_archived_record_stays_and_its_opening_leaves_a_trace(self):
        conflict = self._archived()
        mine = self._as("specialist", conflict)
        mine.env.user.sudo().group_ids += self.env.ref("base.group_allow_export")
        for vals in ({"policy_solution": "x"}, {"user_id": False}, {"active": False},
                     {"policy_mediation_ids": [(5,)]}, {"tag_ids": [(5,)]}):  # fmt: skip
            with self.subTest(vals), self.assertRefused(UserError, "is archived"):
                mine.write(vals)
        with self.assertRaises(UserError):
            conflict.policy_mediation_ids[:1].unlink()
        with self.assertRefused(UserError, "never deleted"):
            conflict.unlink()
        mine.message_post(body="电话确认归档")

        def opened():
            self.env.cr.flush()
            self.env.cr.precommit.run()
            return self.env["crm.policy.event"].search(
                [("type", "=", "conflict.opened"), ("res_id", "=", conflict.id)]
            )

        before = opened()
        mine.web_read({"name": {}, "policy_step": {}})
        self.assertEqual(opened(), before, "a list opens nothing")
        mine.web_read({"name": {}, "description": {}})
        self.assertEqual(len(opened() - before), 1)
        self.assertEqual((opened() - before).actor_id, self.users["specialist"].id)
        mine.export_data(["name", "description"])
        self.assertEqual(len(opened() - before), 2)
        mine.search_read([("id", "=", conflict.id)], ["name"])
        self.assertEqual(len(opened() - before), 2, "a list opens nothing")
        mine.search_read([("id", "=", conflict.id)], ["description"])
        self.assertEqual(len(opened() - before), 3)
        with at("2026-05-20 10:00"):
            self._as("supervisor", conflict).action_policy_reopen("客户来函")
        mine.policy_solution = "继续处理"

    def test_the_customer_sees_no_responsibility(self):
        conflict, _rule, _fault = self._judged()
        steps = conflict._policy_customer_steps()
        self.assertEqual(
            [(step["code"], bool(step["at"])) for step in steps],
            [("received", True), ("examined", True), ("carried_out", True), ("closed", False)],
        )

    def test_the_record_is_printed_once_it_is_archived(self):
        conflict = self._signed()
        report = self.env["ir.actions.report"].with_user(self.users["specialist"])
        with self.assertRefused(Exception, "is printed once it is archived"):
            report._render_qweb_html("crm_policy.conflict_record", conflict.ids)
        mine = self._as("specialist", conflict)
        with at("2026-05-12 10:00"):
            mine.action_policy_callback(4, "执行情况良好")
            mine.action_policy_close()
        html = report._render_qweb_html("crm_policy.conflict_record", conflict.ids)[0].decode()
        told = ("市电子行业协会", "按协会口径补付返利", "执行情况良好")
        checksum = sha1(html.encode(), usedforsecurity=False).hexdigest()
        self.assertIn(checksum, conflict.policy_print_ids.mapped("checksum"))
        for words in ("CF-2026-0001", *told, "4.00", self.people["wang"].name):
            self.assertIn(words, html)
