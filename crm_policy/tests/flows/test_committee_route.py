"""S3, line by line: from the hand-over to the callback on the repaired goods (002 篇六)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..committee_common import CommitteeCommon
from ..common import at, shanghai


class TestCommitteeRoute(CommitteeCommon):
    def _started(self):
        self.env["crm.policy.counter"]._policy_reserve(
            self.company, "YYMMDDNNN", "year", shanghai("2026-03-11 10:00").date(), 98
        )
        case = self._registered("2026-03-12 14:10")
        self.assertEqual(case.policy_number, "260312099")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        return case

    def _due(self, case, step):
        return self._clock(self._opinion(case, step), step).due_at

    def test_s3(self):
        case = self._started()
        self.assertEqual(self._furniture("2026-03-13 09:00").policy_number, "260313100")
        self.assertEqual(self._due(case, "quality-external"), shanghai("2026-03-16 18:00"))
        self.assertEqual(self._due(case, "quality-internal"), shanghai("2026-03-17 18:00"))
        # CMP-RTE-04: the sales manager is sent there at once.
        activity = case.activity_ids.filtered(
            lambda line: line.user_id == self.people["sales_manager"]
        )
        self.assertRegex(activity.summary, "on the spot")
        # Who has signed for it is not asked to sign any more.
        team = self.env.ref("crm_policy.activity_accident")
        self.assertFalse(
            case.activity_ids.filtered(
                lambda line: (
                    line.user_id == self.people["production"] and line.activity_type_id != team
                )
            )
        )
        with at("2026-03-13 08:40"):
            self.assertTrue(self._by("sales_manager", case).policy_can_report)
            self.assertTrue(self._by("production", case).policy_can_convene)
            self.assertFalse(self._by("quality", case).policy_can_convene)
        self._report(case, "2026-03-13 08:50")
        first = self._verdict(case, "2026-03-13 10:00", 70, 30)
        self.assertEqual((first.round, first.factory_amount, first.customer_amount),
                         (1, 4760.00, 2040.00))  # fmt: skip
        self._sign(first, "2026-03-13 11:00")
        self.assertEqual(first.signed_at, shanghai("2026-03-13 11:00"))
        with at("2026-03-13 17:00"):
            self._by("sales_manager", first).action_policy_object("客户只承担两成")
        self.assertEqual(first.objected_at, shanghai("2026-03-13 17:00"))
        second = self._verdict(case, "2026-03-16 10:00", 80, 20)
        self.assertEqual((second.round, second.factory_amount, second.customer_amount),
                         (2, 5440.00, 1360.00))  # fmt: skip
        self._sign(second, "2026-03-16 11:00")
        self._agree(second, "2026-03-16 16:30")
        outside = self._opinion(case, "quality-external")
        self.assertEqual(outside.policy_answered_at, shanghai("2026-03-16 16:30"))
        self.assertEqual(self._clock(outside, "quality-external").state, "met")
        self.assertIn("5,440.00", outside.opinion)
        # Its approver is the one of the amount, never who has asked for it.
        self.assertEqual(second.policy_approval_id.amount, 5440.00)
        with at("2026-03-16 16:40"):
            with self.assertRefused(ValidationError, r"3\.3.*approval of.*round 2"):
                self._as("specialist", case).action_policy_decide()
            with self.assertRefused(UserError, r"2\.3.*approval of"):
                self._by("production", case).action_policy_hand_back("返厂重新贴面")
        self._approve(second, "2026-03-16 16:50")
        self.assertNotIn(
            self.people["sales_manager"], second.policy_approval_id.decision_ids.user_id
        )
        mine = self._as("specialist", case)
        with at("2026-03-16 17:00"):
            mine.action_policy_decide()
            mine.action_policy_settle()
            # CMP-RTE-11: nobody speaks to the customer before the form is back.
            with self.assertRefused(ValidationError, "form handed back"):
                mine.action_policy_reply("同意返修", "phone", score=4)
            self._by("production", case).action_policy_hand_back("返厂重新贴面，厂方承担八成")
            self.assertEqual(case.policy_handover_state, "given")
            with self.assertRefused(ValidationError, "form handed back"):
                mine.action_policy_reply("同意返修", "phone", score=4)
            self._as("specialist", case.policy_handover_ids[-1:]).action_policy_receive()
            self.assertEqual(case.policy_handover_state, "back")
            mine.action_policy_reply("同意返修", "phone", score=4)
        # The committee on the accident decides late: 03-18 09:30.
        inside = self._opinion(case, "quality-internal")
        with at("2026-03-17 18:00:01"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        told = self._clock(inside, "quality-internal").escalation_ids.filtered(
            lambda row: row.step_id.kind == "escalation"
        )
        self.assertIn(self.users["ceo"], told.user_id)
        self._decide_accident(case, "2026-03-18 09:30", none_reason="设备故障，无人失职")
        self.assertEqual(self._clock(inside, "quality-internal").state, "late")
        # The callback follows the delivery: planned, then real (CBK-QLT-01).
        self.assertEqual(self._clock(case, "callback-repair").due_at,
                         shanghai("2026-03-28 23:59:59"))  # fmt: skip
        self.assertFalse(self._clock(case, "callback-other"))
        with at("2026-03-30 11:00"):
            case.with_user(self.users["supervisor"]).policy_repair_delivery_at = shanghai(
                "2026-03-30 10:00"
            )
        clock = self._clock(case, "callback-repair")
        self.assertEqual(clock.earliest_at, shanghai("2026-03-31 00:00"))
        self.assertEqual(clock.due_at, shanghai("2026-03-31 23:59:59"))
        with at("2026-03-30 15:00"):
            mine.action_policy_callback(5, "客户满意")
        self.assertFalse(case.policy_callback_at, "it came a day too early")
        with at("2026-03-31 10:00"):
            mine.action_policy_callback(5, "客户满意")
            self._as("supervisor", case).action_policy_recheck("记录齐全")
        self.assertEqual(self._clock(case, "callback-repair").state, "met")

    def test_s3_a_delivery_in_another_age_is_refused(self):
        case = self._started()
        with at("2026-03-16 17:00"):
            for moment in ("9999-12-31 10:00:00", "0026-03-27 04:00:00", "2100-01-01 00:00:00"):
                with self.subTest(moment), self.assertRaisesRegex(ValidationError, "no date"):
                    case.with_user(self.users["supervisor"]).policy_repair_delivery_at = moment

    def test_s3_shares_that_do_not_sum(self):
        case = self._started()
        self._report(case, "2026-03-13 08:50")
        for factory, customer in ((70, 20), (80, 30), (110, -10), (0, 0), (100, 0.01)):
            with (
                self.subTest((factory, customer)),
                self.assertRefused(ValidationError, "100 % together"),
            ):
                self._verdict(case, "2026-03-13 10:00", factory, customer)
        verdict = self._verdict(case, "2026-03-13 10:00", 66.67, 33.33, budget=100.01)
        self.assertEqual((verdict.customer_amount, verdict.factory_amount), (33.33, 66.68))

    def test_s3_a_sales_manager_files_with_his_sheet(self):
        """CMP-RTE-05."""
        seller = self._person("seller", "base.group_user,crm_policy.group_specialist")
        self.partner.user_id = seller
        kind = self.types["frn-quality"].id
        with at("2026-03-12 14:10"):
            with self.assertRefused(ValidationError, r"3\.3.*basic-data sheet.*Field Reports"):
                self._new_case(user=seller, policy_complaint_type_id=kind)
            # Another route asks for none; nor does another's customer.
            self._new_case(user=seller, policy_complaint_type_id=self.types["frn-packaging"].id)
            stranger = self.env["res.partner"].create({"name": "他人客户"})
            self._new_case(user=seller, policy_complaint_type_id=kind, partner_id=stranger.id)
            case = self._new_case(
                user=seller,
                policy_complaint_type_id=kind,
                policy_field_report_ids=[(0, 0, {"site": "现场", "facts": "起泡 17 处"})],
            )
        self.assertEqual(case.policy_field_report_ids.create_uid, seller)

    def test_the_committee_meets_after_the_hand_over_and_the_report(self):
        case = self._registered("2026-03-12 14:10")
        officer = self.people["production"]
        self.env["crm.policy.case.access"]._policy_grant(case, officer, "manual")
        with self.assertRaises(AccessError):
            self._verdict(case, "2026-03-12 14:30", 80, 20)
        self.people["director"] = self.users["director"]
        with self.assertRefused(UserError, r"3\.3.*comes: Signed For At.*field report"):
            self._verdict(case, "2026-03-12 14:30", 80, 20, user="director")
        self._handed(case, "2026-03-12 14:40", "2026-03-12 15:00")
        with self.assertRefused(UserError, r"3\.3.*comes: a submitted field report"):
            self._verdict(case, "2026-03-12 15:30", 80, 20)
        self._report(case, "2026-03-12 16:00", submit=False)
        with self.assertRefused(UserError, "a submitted field report"):
            self._verdict(case, "2026-03-12 16:30", 80, 20)
        with at("2026-03-12 17:00"):
            self._by("sales_manager", case.policy_field_report_ids).action_policy_submit_report()
            self.env["crm.policy.team"].search(
                [("code", "=", "quality-complaint"), ("company_id", "=", self.company.id)]
            ).active = False
            with self.assertRefused(UserError, "has no team for Quality Complaints"):
                self._verdict(case, "2026-03-12 17:00", 80, 20)

    def test_rounds_follow_an_objection_only(self):
        case = self._started()
        self._report(case, "2026-03-13 08:50")
        first = self._verdict(case, "2026-03-13 10:00", 70, 30)
        with self.assertRefused(UserError, "meets again once the customer has objected"):
            self._verdict(case, "2026-03-13 10:05", 80, 20)
        with at("2026-03-13 10:10"):
            with self.assertRefused(UserError, "not due"):
                self._by("sales_manager", first).action_policy_object("不同意")
        self._sign(first, "2026-03-13 11:00", "production", "quality")
        self.assertFalse(first.signed_at, "two of six are no quorum")
        with at("2026-03-13 11:10"):
            with self.assertRefused(UserError, "is signed: it stays"):
                self._by("production", first).factory_percent = 90
            with self.assertRefused(UserError, "you have signed"):
                self._by("quality", first).action_policy_sign()
            self.env["crm.policy.case.access"]._policy_grant(case, self.people["ma"], "manual")
            with self.assertRefused(AccessError, "signed by the members"):
                self._by("ma", first).action_policy_sign()
        self._sign(first, "2026-03-13 11:20", "complaint_officer")
        self.assertEqual(first.state, "signed")
        with at("2026-03-13 12:00"):
            for name in ("production", "quality"):
                with self.subTest(name), self.assertRefused(AccessError, "by his sales manager"):
                    self._by(name, first).action_policy_agree([1])
            for papers in (None, [], "1", [True, "x"], [0]):
                with self.subTest(papers), self.assertRefused(ValidationError, "signed"):
                    self._by("sales_manager", first).action_policy_agree(papers)
        self._agree(first, "2026-03-13 15:00")
        with self.assertRefused(UserError, "customer has agreed"):
            self._verdict(case, "2026-03-13 16:00", 80, 20)

    def test_a_late_consensus_says_why(self):
        """CMP-RTE-08."""
        case = self._started()
        self._report(case, "2026-03-13 08:50")
        verdict = self._verdict(case, "2026-03-13 10:00", 80, 20)
        self._sign(verdict, "2026-03-13 11:00")
        with self.assertRefused(ValidationError, r"3\.3.*late. Say why"):
            self._agree(verdict, "2026-03-16 18:00:01")
        self._agree(verdict, "2026-03-16 18:00:01", "客户出差")
        self.assertEqual(verdict.late_reason, "客户出差")
        clock = self._clock(self._opinion(case, "quality-external"), "quality-external")
        self.assertEqual(clock.state, "late")

    def test_a_verdict_that_is_not_approved_is_taken_up_again(self):
        case = self._started()
        self._report(case, "2026-03-13 08:50")
        first = self._verdict(case, "2026-03-13 10:00", 80, 20)
        self._sign(first, "2026-03-13 11:00")
        self._agree(first, "2026-03-13 15:00")
        with at("2026-03-13 16:00"):
            user = first.policy_approval_id.eligible_user_ids[0]
            first.with_user(user).action_policy_reject("返修费用过高")
        self.assertEqual(first.state, "rejected")
        second = self._verdict(case, "2026-03-16 09:30", 90, 10, budget=5000)
        self.assertEqual(second.round, 2)

    def test_the_papers_are_printed(self):
        """FRM-07, E.10: names and instants stand for the signatures."""
        case = self._started()
        report = self._report(case, "2026-03-13 08:50")
        verdict = self._verdict(case, "2026-03-13 10:00", 80, 20)
        self._sign(verdict, "2026-03-13 11:00")
        Report = self.env["ir.actions.report"].with_user(self.users["specialist"])
        for name, record, words in (
            ("handover_sheet", case.policy_handover_ids, ("t_specialist", "t_production")),
            ("field_report_sheet", report, ("起泡 17 处", "t_sales_manager", "客户签字.png")),
            ("verdict_memo", verdict, ("5,440.00", "1,360.00", "t_warehouse", "03/27/2026")),
            ("case_contact_sheet", case, ("260312099", "t_production", "苏州恒达电子")),
        ):
            with self.subTest(name), at("2026-03-13 12:00"):
                html, _kind = Report._render_qweb_html(f"crm_policy.{name}", record.ids)
                for word in words:
                    self.assertIn(word, html.decode())

    def test_the_opinion_waits_for_the_customer(self):
        case = self._started()
        with at("2026-03-13 10:00"), self.assertRefused(ValidationError, "customer has not agreed"):
            self._by("production", self._opinion(case, "quality-external")).action_policy_answer(
                "已处理"
            )

    def test_goods_of_the_group_stop_the_clock(self):
        """CMP-RTE-12."""
        case = self._started()
        line = self._opinion(case, "quality-external")
        with at("2026-03-13 09:00"):
            with self.assertRefused(UserError, "goods that it has made"):
                self._by("production", case).action_policy_consult_group("总部 2026-031")
            with self.assertRefused(UserError, "once it is asked"):
                self._as("supervisor", line).action_policy_pause("group-consultation", "x")
            self._as("specialist", case).policy_made_by_group = True
            with self.assertRefused(ValidationError, "which reference"):
                self._by("production", case).action_policy_consult_group("")
            with self.assertRefused(UserError, "by who has the case in hand"):
                self._as("specialist", case).action_policy_consult_group("总部 2026-031")
            self._by("production", case).action_policy_consult_group("总部 2026-031")
        self.assertEqual(case.policy_group_asked_at, shanghai("2026-03-13 09:00"))
        with at("2026-03-16 09:00"):
            line.invalidate_recordset()
            self.assertTrue(line.policy_is_paused)
        self.assertTrue(
            case.activity_ids.filtered(lambda row: row.user_id == self.users["specialist"])
        )
        self._report(case, "2026-03-13 10:00")
        with self.assertRefused(UserError, "group has not answered"):
            self._verdict(case, "2026-03-13 10:30", 80, 20)
        with at("2026-03-17 09:00"):
            self._by("production", case).action_policy_group_answer("总部同意承担")
            line.invalidate_recordset()
            self.assertFalse(line.policy_is_paused)
        # Two working days and their hours stood still: Friday and Monday.
        self.assertEqual(self._clock(line, "quality-external").due_at,
                         shanghai("2026-03-18 18:00"))  # fmt: skip


class TestFieldReport(CommitteeCommon):
    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10")
        self._handed(self.case, "2026-03-12 14:40", "2026-03-12 15:00")

    def test_what_is_changed_after_it_was_submitted_stays_to_be_seen(self):
        report = self._report(self.case, "2026-03-13 09:00")
        self.assertEqual(report.submitted_at, shanghai("2026-03-13 09:00"))
        mine = self._by("sales_manager", report)
        with at("2026-03-13 10:00"):
            mine.facts = "实木贴面起泡 12 处"
        self.assertEqual(report.change_count, 1)
        self.assertIn("起泡 17 处", self.case.message_ids[0].body)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", report._name), ("res_id", "=", report.id)], order="id"
        )
        self.assertEqual(events.mapped("type"), ["field_report.submitted", "field_report.changed"])
        with at("2026-03-13 10:10"):
            with self.assertRefused(UserError, "none is taken away"):
                mine.signature_ids = [(5,)]
            with self.assertRefused(UserError, "stays with its case"):
                mine.unlink()
            with self.assertRefused(UserError, "submitted already"):
                mine.action_policy_submit_report()

    def test_it_is_signed_by_the_customer(self):
        user = self.people["sales_manager"]
        with at("2026-03-13 09:00"):
            Report = self.env["crm.policy.field.report"].with_user(user)
            vals = {"ticket_id": self.case.id, "site": "现场", "facts": "起泡"}
            report = Report.create(vals)
            with self.assertRefused(ValidationError, "that the customer has signed"):
                report.action_policy_submit_report()
            text = self._paper("x.png", user, datas="aGVsbG8=")
            for name in ("signature_ids", "photo_ids"):
                with self.subTest(name), self.assertRefused(ValidationError, "neither a picture"):
                    report.write({name: [(4, text.id)]})
            with self.assertRefused(ValidationError, "in the future"):
                report.visited_on = "2026-03-14"
            with self.assertRaises(AccessError):
                report.sudo().write({"submitted_at": "2026-03-13 01:00:00"})

    def test_only_who_was_sent_there_writes_it(self):
        with at("2026-03-13 09:00"):
            for name in ("warehouse", "ma"):
                with self.subTest(name), self.assertRaises(AccessError):
                    self.env["crm.policy.field.report"].with_user(self.people[name]).create(
                        {"ticket_id": self.case.id, "site": "现场", "facts": "起泡"}
                    )
