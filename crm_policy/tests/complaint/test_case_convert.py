"""A case that turns out to be something else goes on as what it is (CMP-CLS-02, corr. 14)."""

import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at, shanghai


class TestConversion(PolicyCommon):
    def _inquiry(self, **vals):
        with at("2026-03-02 10:20"):
            return self._new_case(policy_kind="inquiry", **vals)

    def _accepted(self, **vals):
        case = self._inquiry(**vals)
        with at("2026-03-02 10:30"):
            self._as("specialist", case).action_policy_accept()
        return case

    def _convert(self, case, kind="complaint", code="quality", role="specialist", reason="投诉"):
        """Convert a case; return the one in which it goes on."""
        type_id = code and self.types[code].id
        with at("2026-03-03 09:00"):
            action = self._as(role, case).action_policy_convert(kind, type_id, reason)
        return self.env["helpdesk.ticket"].browse(action["res_id"])

    def _events(self, case):
        return self.env["crm.policy.event"].search(
            [("res_id", "=", case.id), ("type", "=", "case.converted")]
        )

    # === BEFORE THE ACCEPTANCE === #

    def test_before_its_acceptance_a_case_simply_changes(self):
        case = self._inquiry()
        self.assertEqual(self._convert(case), case)
        self.assertEqual(case.policy_kind, "complaint")
        self.assertEqual(case.policy_complaint_type_id, self.types["quality"])
        self.assertEqual(case.policy_intake_at, shanghai("2026-03-02 10:20"))
        self.assertFalse(case.policy_outcome)
        payload = self._events(case).payload
        self.assertEqual(payload["from"], {"kind": "inquiry", "type": False})
        self.assertEqual(payload["into"], case.id)
        self.assertIn("投诉", case.message_ids[0].body)

    def test_what_is_numbered_keeps_its_number_and_goes_on_in_another_case(self):
        self.types["quality"].number_event = "intake"
        with at("2026-03-02 10:20"):
            case = self._new_case()
        number = case.policy_number
        new = self._convert(case, code="packaging", role="supervisor")
        self.assertNotEqual(new, case)
        self.assertEqual(case.policy_number, number)

    def test_the_type_of_an_accepted_case_changes_until_it_is_numbered(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        self.assertEqual(self._convert(case, code="packaging"), case)
        self.assertEqual(case.policy_complaint_type_id, self.types["packaging"])
        self.assertIn("open", case.policy_deadline_ids.mapped("state"))

    def test_a_type_of_another_policy_makes_another_case(self):
        self._install_policy("furniture")
        self.types["frn-quality"] = self.env["crm.policy.complaint.type"].search(
            [("code", "=", "frn-quality"), ("company_id", "=", self.company.id)]
        )
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        new = self._convert(case, code="frn-quality", role="supervisor")
        self.assertNotEqual(new, case)
        self.assertEqual(new.policy_version_id.policy_id.code, "FRN")
        self.assertEqual(case.policy_version_id, self.version)

    # === AFTERWARDS === #

    def test_an_accepted_case_ends_and_goes_on_with_its_intake(self):
        case = self._accepted()
        new = self._convert(case)
        self.assertEqual(case.policy_outcome, "converted")
        self.assertEqual(case.policy_successor_id, new)
        self.assertEqual(new.policy_origin_id, case)
        self.assertEqual(new.policy_kind, "complaint")
        self.assertEqual(new.policy_step, "received")
        self.assertEqual(new.policy_intake_at, shanghai("2026-03-02 10:20"))
        self.assertFalse(new.policy_accepted_at)
        self.assertEqual(new.create_uid, self.users["specialist"])
        self.assertNotIn("open", case.policy_deadline_ids.mapped("state"))
        payload = self._events(case).payload
        self.assertEqual(payload["to"], {"kind": "complaint", "type": self.types["quality"].id})
        self.assertEqual(payload["into"], new.id)

    def test_its_limits_count_from_its_acceptance_as_a_complaint(self):
        """Correction 14."""
        new = self._convert(self._accepted())
        with at("2026-03-03 10:20"):
            self._as("specialist", new).action_policy_accept()
        due = {clock.rule_code: clock.due_at for clock in new.policy_deadline_ids}
        self.assertEqual(
            {due["complaint-response"], due["complaint-solution"]},
            {shanghai("2026-03-04 10:20"), shanghai("2026-03-05 10:20")},
        )

    def test_nobody_has_missed_what_the_former_kind_did_not_ask_for(self):
        version = self._install_policy("furniture")
        self.types["frn-quality"] = self.env["crm.policy.complaint.type"].search(
            [("code", "=", "frn-quality"), ("company_id", "=", self.company.id)]
        )
        new = self._convert(self._accepted(), code="frn-quality")
        self.assertEqual(new.policy_version_id, version)
        clock = new.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "first-call")
        self.assertEqual(clock.start_at, shanghai("2026-03-02 10:20"))
        self.assertTrue(clock.accepted_overdue)
        self.assertFalse(clock.next_alert_at)

    def test_what_was_said_of_it_goes_along(self):
        accused = self.users["supervisor"]
        case = self._accepted(
            policy_order_ref="S00125",
            policy_quantity=2000,
            policy_price_unit=85,
            policy_impact="safety",
            policy_sales_opinion="客户情况属实",
            policy_urgency="urgent",
            team_id=self.team.id,
            policy_accused_user_ids=[Command.set(accused.ids)],
        )
        new = self._convert(case)
        for name in (
            "name",
            "description",
            "partner_id",
            "company_id",
            "user_id",
            "team_id",
            "channel_id",
            "policy_department_id",
            "policy_source_id",
            "policy_order_ref",
            "policy_quantity",
            "policy_price_unit",
            "policy_impact",
            "policy_severity",
            "policy_sales_opinion",
            "policy_urgency",
            "policy_accused_user_ids",
        ):
            with self.subTest(name):
                self.assertTrue(case[name])
                self.assertEqual(new[name], case[name])

    def test_its_files_are_files_of_both(self):
        case = self._accepted()
        self.env["ir.attachment"].create(
            {
                "name": "照片.png",
                "datas": base64.b64encode(b"photo"),
                "res_model": case._name,
                "res_id": case.id,
            }
        )
        new = self._convert(case)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", case._name), ("res_id", "in", (case | new).ids)]
        )
        self.assertEqual(sorted(files.mapped("res_id")), sorted((case | new).ids))
        self.assertEqual(len(set(files.mapped("store_fname"))), 1, "stored once")

    def test_a_complaint_becomes_one_of_another_type(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
        with at("2026-03-02 10:30"):
            self._drive(case, "register")
        new = self._convert(case, code="packaging", role="supervisor")
        self.assertTrue(case.policy_number)
        self.assertFalse(new.policy_number)
        self.assertEqual(new.policy_complaint_type_id, self.types["packaging"])

    # === NO NEW TIME === #

    def _late(self, told=True, **vals):
        """Return a complaint whose first response is overdue since 03-04 10:30."""
        with at("2026-03-02 10:20"):
            case = self._new_case(**vals)
        with at("2026-03-02 10:30"):
            self._as("specialist", case).action_policy_accept()
            self._as("specialist", case).action_policy_register()
        if told:
            self._mark_overdue("2026-03-03 10:31")
        return case

    def _mark_overdue(self, moment):
        self.env.flush_all()
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _response(self, case):
        return case.policy_deadline_ids.filtered(
            lambda clock: clock.rule_code == "complaint-response"
        )

    def _convert_late(self, case, kind="complaint", code="packaging", moment="2026-03-03 11:00"):
        type_id = code and self.types[code].id
        with at(moment):
            action = self._as("supervisor", case).action_policy_convert(kind, type_id, "归类有误")
        return self.env["helpdesk.ticket"].browse(action["res_id"])

    def _violations(self, cases):
        return self.env["crm.policy.violation"].search(
            [("deadline_id.res_model", "=", cases._name), ("deadline_id.res_id", "in", cases.ids)]
        )

    def test_a_late_complaint_stays_late_in_the_case_in_which_it_goes_on(self):
        case = self._late()
        [violation] = self._violations(case)
        new = self._convert_late(case)
        self.assertNotEqual(new, case)
        self.assertEqual(new.policy_accepted_at, shanghai("2026-03-02 10:30"))
        self.assertEqual(new.policy_step, "accepted")
        clock = self._response(new)
        self.assertEqual(clock.start_at, shanghai("2026-03-02 10:30"))
        self.assertEqual(clock.due_at, shanghai("2026-03-03 10:30"))
        self.assertTrue(clock.is_overdue)
        # It stays whose it was, and there is no second one for the same delay.
        self._mark_overdue("2026-03-03 12:00")
        self.assertEqual(self._violations(case | new), violation)
        self.assertEqual(violation.state, "open")

    def test_a_delay_that_nobody_has_noticed_yet_is_not_lost(self):
        case = self._late(told=False)
        new = self._convert_late(case)
        self._mark_overdue("2026-03-03 12:00")
        self.assertEqual(len(self._violations(case | new)), 1)

    def test_what_is_not_due_yet_runs_on(self):
        case = self._late(told=False)
        new = self._convert_late(case, moment="2026-03-03 09:00")
        self.assertEqual(self._response(new).due_at, shanghai("2026-03-03 10:30"))
        self._mark_overdue("2026-03-03 10:31")
        self.assertEqual(self._violations(case | new).deadline_id, self._response(new))

    def test_a_response_that_was_given_counts(self):
        case = self._late(told=False)
        with at("2026-03-02 15:00"):
            self._as("specialist", case).action_policy_respond("已致电")
        new = self._convert_late(case)
        self.assertEqual(new.policy_responded_at, shanghai("2026-03-02 15:00"))
        self.assertEqual(new.policy_response_text, "已致电")
        self.assertEqual(self._response(new).state, "met")

    def test_a_conflict_has_its_type_and_its_source(self):
        handbook = self._install_policy("handbook")
        self.env["crm.policy.default"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "conflict")]
        ).policy_id = handbook.policy_id
        conflict = self.env["crm.policy.complaint.type"].search(
            [("kind", "=", "conflict"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(conflict), 1)
        new = self._convert_late(self._late(told=False), "conflict", None)
        self.assertEqual(new.policy_complaint_type_id, conflict)
        self.assertEqual(new.policy_arose_from, "complaint")
        self.assertEqual(new.policy_arose_case_id, new.policy_origin_id)
        with at("2026-03-02 10:20"):
            fresh = self._new_case()
        same = self._convert_late(fresh, "conflict", None)
        self.assertEqual(same, fresh, "not accepted yet, it simply changes")
        self.assertEqual(same.policy_complaint_type_id, conflict)

    # === WHO, WHEN AND WITH WHAT === #

    def test_nobody_makes_less_of_a_complaint_on_his_own(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._as("specialist", case).action_policy_accept()
        with self.assertRefused(AccessError, "Supervisor"):
            self._convert(case, "inquiry", None)
        self._convert(case, "inquiry", None, role="supervisor")
        self.assertEqual(case.policy_outcome, "converted")

    def test_who_does_not_work_at_the_window_converts_nothing(self):
        case = self._accepted()
        for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).sudo().action_policy_convert("complaint", False, "投诉")
        self.assertFalse(case.policy_outcome)

    def test_whom_it_is_about_converts_nothing(self):
        case = self._accepted()
        case.write(
            {
                "user_id": self.other_specialist.id,
                "policy_accused_user_ids": [Command.set(self.users["specialist"].ids)],
            }
        )
        with self.assertRefused(AccessError, "about yourself"):
            self._as("specialist", case).sudo().action_policy_convert("complaint", False, "投诉")

    def test_bad_kinds_types_and_reasons_are_named(self):
        case = self._as("specialist", self._accepted())
        for kind in (None, "", 5, True, ["complaint"], "nonsense", "Complaint", {"a": 1}):
            with self.subTest(kind), self.assertRaises(ValidationError):
                case.action_policy_convert(kind, False, "投诉")
        for type_id in (999_999_999, "quality", True, [1], {"id": 1}, -1):
            with self.subTest(type_id), self.assertRaises(ValidationError):
                case.action_policy_convert("complaint", type_id, "投诉")
        for reason in (None, "", "  ", 5, ["x"]):
            with self.subTest(reason), self.assertRefused(ValidationError, "Say why"):
                case.action_policy_convert("complaint", False, reason)
        with self.assertRefused(UserError, "that already: Inquiry"):
            case.action_policy_convert("inquiry", False, "投诉")
        archived = self.types["packaging"]
        archived.active = False
        with self.assertRefused(ValidationError, "not in use"):
            case.action_policy_convert("complaint", archived.id, "投诉")
        self.assertFalse(case.policy_outcome)

    def test_what_is_decided_or_ended_stays(self):
        case = self._accepted()
        with at("2026-03-02 11:00"):
            self._as("specialist", case).action_policy_respond("已答复")
            self._as("specialist", case).action_policy_close()
        with self.assertRefused(UserError, "decided or ended"):
            self._convert(case)
        with at("2026-03-02 10:20"):
            complaint = self._new_case()
            self._drive(complaint, "decide")
        with self.assertRefused(UserError, "decided or ended"):
            self._convert(complaint, "conflict", "quality", role="supervisor")
        twice = self._accepted()
        self._convert(twice)
        with self.assertRefused(UserError, "decided or ended"):
            self._convert(twice)

    def test_a_case_with_granted_remedies_stays(self):
        with at("2026-03-02 10:20"):
            case = self._new_case()
            self._drive(case, "propose")
            self._new_remedy(case, 20000)
            self._as("specialist", case).action_policy_submit()
        with self.assertRefused(UserError, "being approved"):
            self._convert(case, "conflict", "quality", role="supervisor")

    def test_an_ungoverned_ticket_is_not_converted(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        with self.assertRefused(UserError, "not governed"):
            ticket.action_policy_convert("complaint", False, "投诉")

    # === AFTER IT === #

    def test_the_customer_s_word_reaches_the_case_in_which_it_goes_on(self):
        case = self._accepted()
        new = self._convert(case)
        said = "补充照片"
        with at("2026-03-04 09:00"):
            case.message_post(
                body=said, author_id=self.partner.id, message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )  # fmt: skip
        self.assertTrue(new.policy_customer_wrote_at)
        self.assertFalse(case.policy_to_sort)

    def test_a_crisis_is_left_to_the_case_in_which_it_goes_on(self):
        case = self._accepted(policy_severity="crisis")
        new = self._convert(case)
        kind = self.env.ref("crm_policy.activity_crisis")
        activities = self.env["mail.activity"].search(
            [("activity_type_id", "=", kind.id), ("res_id", "in", (case | new).ids)]
        )
        self.assertEqual(activities.mapped("res_id"), new.ids)

    def test_the_dialogue_opens_the_case_in_which_it_goes_on(self):
        case = self._accepted()
        wizard = (
            self.env["crm.policy.case.turn"]
            .with_user(self.users["specialist"])
            .create(
                {
                    "ticket_id": case.id,
                    "turn": "convert",
                    "kind": "complaint",
                    "complaint_type_id": self.types["quality"].id,
                    "reason": "客户改为投诉",
                }
            )
        )
        action = wizard.action_policy_confirm()
        self.assertEqual(action["res_id"], case.policy_successor_id.id)
