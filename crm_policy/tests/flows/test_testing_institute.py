"""The testing institute (002 篇八), the handbook's complaints (001 第5章 四), 004's requests."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import at, shanghai
from .test_shipped_packs import PackFlow


class TestTestingInstitute(PackFlow):
    pack = "testing"
    kinds = ("inquiry", "query", "complaint")

    def _complaint(self, written=False, **vals):
        channel = self.env.ref("crm_policy.channel_letter") if written else self.phone
        with at("2026-03-02 10:20"):
            return self._new_case(
                policy_complaint_type_id=self.types["tst-service"].id,
                name="对检测结果有异议",
                channel_id=channel.id,
                **vals,
            )

    def test_who_writes_is_called_before_it_is_classified(self):
        case = self._complaint(written=True)
        mine = self._as("specialist", case)
        self.assertEqual(self._dues(case), {"call-complainant": shanghai("2026-03-02 11:20")})
        activity = case.activity_ids
        self.assertEqual(activity.activity_type_id, self.env.ref("crm_policy.activity_first_call"))
        self.assertEqual(activity.user_id, self.users["specialist"])
        with at("2026-03-02 11:20"):
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.action_policy_respond("已收到来信")
            with self.assertRefused(
                ValidationError, r"Clause 2\.4 .*still needed: What the Complainant Said"
            ):
                mine.action_policy_investigate()
            with self.assertRefused(ValidationError, "Fill in What the Complainant Said"):
                mine.action_policy_call(" ")
            mine.action_policy_call("3月1日收到报告，铅含量与样品不符")
            mine.action_policy_investigate()
        self.assertEqual(self._clock(case, "call-complainant").state, "met")
        self.assertFalse(case.activity_ids)

    def test_who_rings_is_not_called(self):
        case = self._complaint()
        self.assertFalse(self._dues(case))
        self.assertFalse(case.activity_ids)
        with at("2026-03-02 10:30"):
            mine = self._as("specialist", case)
            with self.assertRaises(AccessError):
                case.with_user(self.users["qc"]).action_policy_call("x")
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.action_policy_respond("已致电")
            mine.action_policy_investigate()

    def test_general_48_major_24_hours(self):
        for severity, rule, due in (
            ("general", "solution-general", "2026-03-04 10:30"),
            ("major", "solution-major", "2026-03-03 10:30"),
            ("crisis", "solution-major", "2026-03-03 10:30"),
        ):
            with self.subTest(severity):
                case = self._complaint(policy_severity=severity)
                with at("2026-03-02 10:30"):
                    self._as("specialist", case).action_policy_accept()
                self.assertEqual(self._dues(case), {rule: shanghai(due)})

    def test_a_case_without_facts_stays_at_the_window(self):
        case = self._complaint(description="<p><br></p>")
        with self.assertRefused(ValidationError, r"Clause 2\.2 .*still needed: Description"):
            self._as("specialist", case).action_policy_accept()

    def test_somebody_is_sent(self):
        case = self._complaint()
        mine, user = self._as("specialist", case), self.users["qc"]
        for values in ((user.id, "x", "看样品"), (user.id, None, "看样品"),
                       (None, "2026-03-03", "看样品"), (user.id, "2026-03-03", " ")):  # fmt: skip
            with self.subTest(values), self.assertRaises(ValidationError):
                mine.action_policy_send_person(*values)
        accused = self.users["manager"]
        case.sudo().policy_accused_user_ids = accused
        with self.assertRefused(UserError, "t_manager.* is complained about: somebody else"):
            mine.action_policy_send_person(accused.id, "2026-03-03", "看样品")
        mine.action_policy_send_person(user.id, "2026-03-03", "看样品")
        self.assertEqual(case.activity_ids.user_id, user)
        self.assertEqual(str(case.activity_ids.date_deadline), "2026-03-03")
        case.with_user(user).check_access("read")

    def test_a_gap_on_the_sheet_shows_and_keeps_it_open(self):
        case = self._complaint()
        mine = self._as("specialist", case)

        def sheet():
            report = self.env["ir.actions.report"].with_user(self.users["specialist"])
            html, _kind = report._render_qweb_html("crm_policy.handling_sheet", case.ids)
            return html.decode()

        with at("2026-03-02 10:30"):
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.action_policy_respond("已致电")
            mine.action_policy_investigate()
            self.assertEqual(sheet().count("o_policy_gap"), 3)
            mine.action_policy_propose("复检")
            mine.action_policy_decide()
            mine.action_policy_settle()
            mine.action_policy_reply("复检结果一致", "phone")
            self.assertEqual(sheet().count("o_policy_gap"), 1)
        with at("2026-03-05 10:30"):
            self._set_parameter("callback_attempts", 1)
            # Who gives no score leaves no gap: that he was asked in vain stands there (CMP-SET-02).
            mine.action_policy_callback_attempt("declined", "不愿评价")
            self.assertEqual(sheet().count("o_policy_gap"), 0)
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            case._policy_guarded_write({"policy_reply_text": " "})
            with self.assertRefused(ValidationError, r"Clause 3\.2 .*still needed: "):
                mine.action_policy_close()
            case._policy_guarded_write({"policy_reply_text": "复检结果一致"})
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_with_everything_on_it_it_closes(self):
        case = self._complaint()
        mine = self._as("specialist", case)
        with at("2026-03-02 10:30"):
            for step in ("accept", "register"):
                getattr(mine, f"action_policy_{step}")()
            mine.action_policy_respond("已致电")
            mine.action_policy_investigate()
            mine.action_policy_propose("复检")
            mine.action_policy_decide()
            mine.action_policy_settle()
            mine.action_policy_reply("复检结果一致", "phone", score=4)
            mine.action_policy_callback(4, "满意")
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)


class TestHandbookComplaint(PackFlow):
    pack = "handbook"
    kinds = ("complaint",)

    def _investigated(self, **vals):
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=self.types["hbk-complaint"].id, **vals)
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_register()
            mine.action_policy_respond("已致电客户")
            mine.action_policy_investigate()
        return case, mine

    def test_an_interim_plan_stops_the_clock_of_the_plan(self):
        case, mine = self._investigated(policy_cause_class="quality")
        with at("2026-03-04 10:20"):
            for day in (None, "x", "2026-03-03"):
                with self.subTest(day), self.assertRaises(ValidationError):
                    mine.action_policy_plan("先隔离库存，再复检", day)
            mine.action_policy_plan("先隔离库存，再复检", "2026-03-10")
        clock = self._clock(case, "complaint-solution")
        self.assertEqual((clock.due_at, clock.state), (shanghai("2026-03-04 10:20"), "met"))
        self.assertFalse(case.policy_solution_at)
        with at("2026-03-10 10:00"):
            mine.action_policy_propose("返工并补发")
        self.assertEqual(case.policy_plan_at, shanghai("2026-03-04 10:20"))
        self.assertEqual(str(case.policy_plan_expected_on), "2026-03-10")

    def test_a_simple_case_gets_its_solution_at_once(self):
        case, mine = self._investigated()
        with at("2026-03-04 10:20:01"):
            with self.assertRefused(UserError, r"Clause 5\.6 .*a quality or severe case"):
                mine.action_policy_plan("稍后答复", "2026-03-10")
            mine.action_policy_propose("补发")
        self.assertEqual(self._clock(case, "complaint-solution").state, "late")

    def test_legal_passes_a_major_one_before_its_decision(self):
        case, mine = self._investigated(policy_severity="major")
        counsel = self.env["res.users"].search([("login", "=", "t_seat_legal")])
        with at("2026-03-03 10:00"):
            mine.action_policy_propose("补偿")
            self.assertEqual(mine.policy_legal_state, "needed")
            with self.assertRefused(
                ValidationError, r"Clause 5\.9 .*still needed: the review by Legal"
            ):
                mine.action_policy_decide()
            mine.action_policy_ask_legal("拟补偿500元")
            case.policy_ruling_ids.with_user(counsel).action_policy_reject("条款不合规")
            with self.assertRefused(ValidationError, "which objects: 条款不合规"):
                mine.action_policy_decide()
            mine.action_policy_ask_legal("改为补发")
            case.policy_ruling_ids[-1:].with_user(counsel).action_policy_approve("合规")
            mine.action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    def test_a_general_one_needs_no_lawyer(self):
        _case, mine = self._investigated()
        with at("2026-03-03 10:00"):
            mine.action_policy_propose("补发")
            mine.action_policy_decide()
        self.assertFalse(mine.policy_legal_state)


class TestServiceDepartmentRequests(PackFlow):
    pack = "service_department"
    kinds = ("inquiry", "query", "request", "suggestion")

    def test_the_customer_confirms_and_evaluates(self):
        with at("2026-03-04 10:00"):
            case = self._new_case(policy_kind="request")
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_respond("已处理")
            with self.assertRefused(UserError, r"Clause 3\.1 .*missing first: Called Back At"):
                mine.action_policy_close()
            mine.action_policy_callback(2, "没有解决")
            self.assertEqual((case.policy_cycle, case.policy_callback_at), (1, False))
            mine.action_policy_respond("已重新处理")
            mine.action_policy_callback(5, "已解决")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)

    def test_an_inquiry_is_answered_there_and_then(self):
        with at("2026-03-04 10:00"):
            case = self._new_case(policy_kind="inquiry")
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_respond("已答复")
            mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)
