"""What a milestone needs before it is recorded, however it comes about (CMP-INT-01, -02, -06)."""

import base64
from datetime import date

from odoo.exceptions import UserError, ValidationError

from ...const import NEEDS
from .test_milestones import MilestoneCommon

GOODS = {
    "policy_order_ref": "SO-2026-118",
    "policy_item_ref": "PCB-204",
    "policy_shipped_on": date(2026, 2, 20),
    "policy_quantity": 2000,
    "policy_defective_quantity": 150,
    "policy_remedy_sought": "replacement",
}
SAMPLE = {"policy_sample": "attached"}
FACTS = {
    "policy_occurred_on": date(2026, 3, 1),
    "policy_place": "客户SMT车间",
    "description": "<p>3月1日贴片后发现150片分层，位于板边，批号L26021。</p>",
}


class NeedsCommon(MilestoneCommon):
    def _needing(self, fact, needs, **more):
        """Give the company a course in which one fact needs something; return a new case."""
        rows = [
            (name, after, {**vals, **({"needs": needs, **more} if name == fact else {})})
            for name, after, vals in self.COURSE
        ]
        self._course(rows)
        return self._new_case(description="<p><br></p>")

    def _parameter(self, code, value):
        self.version._policy_guarded_write({"state": "draft"})
        self.env["crm.policy.parameter"].create(
            {"code": code, "name": code, "value": value, "clause_id": self.clause.id}
        )
        self.version._policy_guarded_write({"state": "effective"})
        self.env.registry.clear_cache()

    def _missing(self, case):
        return case._policy_missing_needs("policy_registered_at")


class TestNeeds(NeedsCommon):
    def test_without_a_type_it_is_not_registered_by_which_clause(self):
        case = self._new_case(policy_complaint_type_id=False)
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        mine.action_policy_respond("已致电")
        words = r"^(Clause \S+ .*|.+v\d.*): .*cannot be registered without: Type\."
        with self.assertRefused(ValidationError, words):
            mine.action_policy_register()
        self.assertFalse(case.policy_registered_at)

    def test_all_that_is_missing_is_said_at_once(self):
        case = self._needing("registered", "product, sample, sales_opinion")
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        mine.action_policy_respond("已致电")
        words = (
            r"Clause \S+ .*Registered At: still needed: Order, Item, Shipped On, Quantity, "
            r"Defective Quantity, Remedy Sought, Sample, Opinion of the Salesperson\."
        )
        with self.assertRefused(ValidationError, words):
            mine.action_policy_register()
        self.assertFalse(case.policy_number)
        self.assertEqual(mine.policy_next_action, "register")
        self.assertIn("Order, Item", mine.policy_still_needed)
        mine.write({**GOODS, "policy_item_ref": False})
        with self.assertRefused(
            ValidationError, "still needed: Item, Sample, Opinion of the Salesperson"
        ):
            mine.action_policy_register()
        mine.write({**GOODS, **SAMPLE, "policy_sales_opinion": "属实"})
        self.assertFalse(mine.policy_still_needed)
        mine.action_policy_register()
        self.assertTrue(case.policy_number)

    def test_a_case_of_other_courses_needs_nothing(self):
        self._needing("registered", "product")
        query = self._new_case(policy_kind="query")
        self._as("specialist", query).action_policy_accept()
        self.assertFalse(query.policy_still_needed)

    def test_goods(self):
        case = self._needing("registered", "product")
        case.write({**GOODS, "policy_defective_quantity": 0})
        self.assertEqual(self._missing(case), ["Defective Quantity"])
        # The customer is still processing (CMP-INT-03).
        case.policy_quantity_undetermined = True
        self.assertEqual(self._missing(case), [])
        case.policy_order_ref = False
        self.assertEqual(self._missing(case), ["Order"])
        # What people did is no matter of goods.
        case.policy_cause_class = "non_quality"
        self.assertEqual(self._missing(case), [])

    def test_a_sample_or_the_reason_why_there_is_none(self):
        case = self._needing("registered", "sample")
        self.assertEqual(self._missing(case), ["Sample"])
        for sample, note, missing in (
            ("attached", False, []),
            ("awaited", False, []),
            ("none", False, ["why there is no sample"]),
            ("none", "  ", ["why there is no sample"]),
            ("none", "已全部装机", []),
        ):
            with self.subTest(sample=sample, note=note):
                case.write({"policy_sample": sample, "policy_sample_note": note})
                self.assertEqual(self._missing(case), missing)

    def test_the_opinion_is_no_blank(self):
        case = self._needing("registered", "sales_opinion")
        case.policy_sales_opinion = "  "
        self.assertEqual(self._missing(case), ["Opinion of the Salesperson"])

    def test_the_facts_have_time_place_and_content(self):
        case = self._needing("registered", "facts")
        self.assertEqual(
            self._missing(case),
            ["Occurred On", "Place", "a description of at least 1 characters"],
        )
        self._parameter("description_min", 20)
        case.write({**FACTS, "description": "<p>" + "板" * 19 + "</p>"})
        self.assertEqual(self._missing(case), ["a description of at least 20 characters"])
        case.description = "<p>" + "板" * 20 + "</p>"
        self.assertEqual(self._missing(case), [])

    def test_a_severe_case_says_what_shows_it(self):
        case = self._needing("registered", "facts")
        case.write(FACTS)
        for severity in ("major", "crisis"):
            case.policy_severity = severity
            self.assertEqual(self._missing(case), ["Evidence"])
        for evidence, missing in (
            ("none", []),
            ("witness", []),
            ("attached", ["the evidence as an attachment"]),
        ):
            with self.subTest(evidence):
                case.policy_evidence = evidence
                self.assertEqual(self._missing(case), missing)
        self.env["ir.attachment"].create(
            {
                "name": "照片.jpg",
                "datas": base64.b64encode(b"x"),
                "res_model": case._name,
                "res_id": case.id,
            }
        )
        self.assertEqual(self._missing(case), [])

    def test_whether_it_is_tracked_follows_from_the_cause(self):
        """CMP-IMP-02, Correction 4: only negligence is exempt."""
        case = self._needing("decided", "cause_class, tracking")
        self.assertEqual(
            case._policy_missing_needs("policy_decided_at"), ["Cause Class", "Improvement Tracked"]
        )
        for cause, negligence, tracked in (
            ("quality", False, True),
            ("quality", True, False),
            ("non_quality", False, True),
            (False, False, False),
        ):
            with self.subTest(cause=cause, negligence=negligence):
                case.write({"policy_cause_class": cause, "policy_cause_negligence": negligence})
                self.assertEqual(case.policy_tracking, tracked)
        case.write({"policy_cause_class": "quality", "policy_cause_negligence": True})
        case.policy_tracking = True
        self.assertTrue(case.policy_tracking)
        self.assertEqual(case._policy_missing_needs("policy_decided_at"), [])

    def test_a_decided_case_keeps_what_was_said_of_tracking(self):
        self._course()
        case = self._new_case(policy_cause_class="quality")
        case._policy_guarded_write({"policy_decided_at": case.policy_intake_at})
        with self.assertRefused(UserError, "is decided: Improvement Tracked stays as it was"):
            self._as("specialist", case).policy_tracking = False

    def test_nothing_is_submitted_before_what_the_decision_needs(self):
        case = self._needing("decided", "cause_class")
        self._drive(case, "propose")
        remedy = self._new_remedy(case, 20000)
        with self.assertRefused(UserError, "Decided At: missing first: Cause Class"):
            self._as("specialist", case).action_policy_submit()
        case.policy_cause_class = "quality"
        self._as("specialist", case).action_policy_submit()
        case.policy_cause_class = False
        remedy.with_user(remedy.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同意"
        )
        self.assertFalse(case.policy_decided_at, "signed, and something is missing again")
        self._as("specialist", case).policy_cause_class = "quality"
        self.assertTrue(case.policy_settled_at)

    def test_what_comes_about_by_itself_waits_for_it(self):
        rows = [
            *self.COURSE[:6],
            ("executed", "settled", {"set_by": "execution", "needs": "sample"}),
            ("closed", "executed", {}),
        ]
        self._course(rows)
        case = self._new_case()
        self._drive(case, "propose")
        remedy = self._new_remedy(case, 20000, kind="apology")
        self._as("specialist", case).action_policy_submit()
        remedy.with_user(remedy.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同意"
        )
        self.assertTrue(case.policy_settled_at)
        if case._policy_unexecuted():
            remedy.with_user(self.users["specialist"]).action_policy_execute()
        self.assertFalse(case.policy_executed_at)
        mine = self._as("specialist", case)
        self.assertEqual(mine.policy_next_action, "needs")
        self.assertIn("Sample", mine.policy_still_needed)
        with self.assertRefused(ValidationError, "Carried Out At: still needed: Sample"):
            case._policy_set_fact("policy_executed_at")
        mine.policy_sample = "attached"
        self.assertTrue(case.policy_executed_at)


class TestNeedsOfMilestones(MilestoneCommon):
    def setUp(self):
        super().setUp()
        self.version._policy_guarded_write({"state": "draft"})

    def _one(self, **vals):
        return self.env["crm.policy.milestone"].create(
            {"code": "x", "clause_id": self.clause.id, "fact": "accepted", **vals}
        )

    def test_every_code_has_its_method(self):
        case = self.env["helpdesk.ticket"]
        methods = case._policy_needs()
        self.assertEqual(set(methods), {code for code, _label in NEEDS})
        for code, method in methods.items():
            with self.subTest(code):
                self.assertTrue(callable(getattr(case, method)))

    def test_an_unknown_need_is_refused(self):
        self._one(needs="sample, facts")
        with self.assertRefused(
            ValidationError, "Milestone y: nothing is known under moon; there are: product, sample"
        ):
            self._one(code="y", fact="registered", needs="sample, moon")

    def test_the_linter_sees_a_need_of_a_part_that_is_gone(self):
        milestone = self._one()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_milestone SET needs = 'moon' WHERE id = %s", [milestone.id]
        )
        milestone.invalidate_recordset()
        findings = milestone._policy_findings(self.version)
        [found] = [line for line in findings if line["code"] == "milestone_with_unknown_need"]
        self.assertEqual(found["severity"], "error")
        self.assertIn("needs what nothing here looks for: moon", found["text"])

    def test_a_pack_says_it(self):
        row = self.env["crm.policy.milestone"]._pack_prepare(
            self.version,
            {"code": "x", "clause": self.clause.number, "fact": "accepted", "needs": ["sample"]},
            {self.clause.number: self.clause},
        )
        self.assertEqual(row["needs"], "sample")
