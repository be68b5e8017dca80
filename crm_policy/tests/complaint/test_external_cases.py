"""A case that an authority watches has its own clocks, is answered, and nothing of it goes away."""

import base64

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at, shanghai

REF = "4420260300123"


class TestExternalCases(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sources = {
            source.code: source
            for source in cls.env["crm.policy.complaint.source"].search(
                [("company_id", "=", cls.company.id)]
            )
        }

    def _external(self, code="12315", reference=REF, **vals):
        vals = {"policy_source_id": self.sources[code].id, **vals}
        return self._new_case(policy_external_ref=reference, **vals)

    def _received(self, code="12315", when="2026-03-05 10:00", **vals):
        """Return a case of a source, handed over and entered at ``when``."""
        with at(when):
            case = self._external(code, **vals)
            self._as("specialist", case).action_policy_receive_external()
        return case

    def _clock(self, case, code):
        return case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)

    def _assert_kept(self, change, words="5.1"):
        """Assert that ``change`` is refused, with the clause and the source."""
        with self.assertRaisesRegex(PolicyRefusal, words) as caught, self.env.cr.savepoint():
            change()
        self.assertIn("12315", str(caught.exception))

    # === CLOCKS === #

    def test_the_clocks_of_the_sources(self):
        """Thursday 2026-03-05: working days skip the weekend, hours do not."""
        for code, rule, due, kind in (
            ("12315", "external-12315", "2026-03-12 18:00", "complaint"),
            ("12345", "external-12345", "2026-03-10 18:00", "complaint"),
            ("12345", "external-12345-inquiry", "2026-03-06 18:00", "inquiry"),
            ("regulator", "external-regulator", "2026-03-10 18:00", "complaint"),
            ("platform", "external-platform", "2026-03-07 10:00", "complaint"),
            ("media", "external-media", "2026-03-06 10:00", "complaint"),
        ):
            with self.subTest(rule=rule):
                case = self._received(code, policy_kind=kind, reference=f"{rule}-1")
                clocks = case.policy_deadline_ids.filtered(
                    lambda clock: clock.rule_code.startswith("external")
                )
                self.assertEqual(clocks.mapped("rule_code"), [rule])
                self.assertEqual(clocks.start_at, shanghai("2026-03-05 10:00"))
                self.assertEqual(clocks.due_at, shanghai(due))
                self.assertEqual(case.policy_external_next_due_at, shanghai(due))

    def test_a_holiday_moves_working_days_only(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "清明节",
                "calendar_id": self.company.resource_calendar_id.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-04-06 00:00"),
                "date_to": shanghai("2026-04-06 23:59:59"),
            }
        )
        case = self._received("12345", "2026-04-03 16:00")
        self.assertEqual(self._clock(case, "external-12345").due_at, shanghai("2026-04-09 18:00"))
        case = self._received("platform", "2026-04-03 16:00")
        self.assertEqual(
            self._clock(case, "external-platform").due_at, shanghai("2026-04-05 16:00")
        )

    def test_a_date_in_another_age_is_none(self):
        with at("2026-03-05 10:00"):
            mine = self._as("specialist", self._external())
            for due in ("9999-12-31 12:00:00", "0026-03-09 12:00:00"):
                with self.subTest(due), self.assertRaisesRegex(ValidationError, "no date and time"):
                    mine.action_policy_receive_external(due_at=due)
            self.assertFalse(mine.policy_external_received_at)

    def test_the_date_of_the_authority_runs_beside_the_pack(self):
        with at("2026-03-05 10:00"):
            case = self._external()
            mine = self._as("specialist", case)
            mine.action_policy_receive_external(due_at=shanghai("2026-03-09 12:00"))
            own = self._clock(case, "external-date")
            self.assertEqual(own.due_at, shanghai("2026-03-09 12:00"))
            self.assertEqual(own.clause_number, "5.7")
            self.assertEqual(
                self._clock(case, "external-12315").due_at, shanghai("2026-03-12 18:00")
            )
            self.assertEqual(case.policy_external_next_due_at, shanghai("2026-03-09 12:00"))
        with at("2026-03-06 09:00"):
            with self.assertRaisesRegex(ValidationError, "why"):
                mine.action_policy_external_due(shanghai("2026-03-20 12:00"))
            mine.action_policy_external_due(shanghai("2026-03-20 12:00"), "补充检测")
            self.assertEqual(own.due_at, shanghai("2026-03-20 12:00"))
            # The authority's extension does not lengthen the company's own limit.
            self.assertEqual(case.policy_external_next_due_at, shanghai("2026-03-12 18:00"))
            event = (
                self.env["crm.policy.event"]
                .sudo()
                .search([("type", "=", "case.external_due"), ("res_id", "=", case.id)])
            )
            self.assertEqual(
                (event.clause, event.payload),
                ("5.1", {"old": "2026-03-09 04:00:00", "new": "2026-03-20 04:00:00"}),
            )
        with at("2026-03-12 18:00"):
            mine.action_policy_reply_external("已与消费者达成一致")
        states = {clock.rule_code: clock.state for clock in case.policy_deadline_ids}
        self.assertEqual((states["external-date"], states["external-12315"]), ("met", "met"))

    def test_a_second_too_late(self):
        case = self._received()
        with at("2026-03-12 18:00:01"):
            self._as("specialist", case).action_policy_reply_external("迟复")
        self.assertEqual(self._clock(case, "external-12315").state, "late")

    def test_no_date_of_the_authority_no_clock(self):
        case = self._received()
        self.assertFalse(self._clock(case, "external-date"))

    def test_the_sweep_keeps_the_date_of_the_authority(self):
        with at("2026-03-05 10:00"):
            case = self._external()
            self._as("specialist", case).action_policy_receive_external(
                due_at=shanghai("2026-03-09 12:00")
            )
            Deadline = self.env["crm.policy.deadline"]
            rules = self.env["crm.policy.deadline.rule"].search(
                [("version_id", "=", self.version.id), ("model_name", "=", "helpdesk.ticket")]
            )
            self.env.flush_all()
            differences = Deadline._policy_differences("helpdesk.ticket", rules)
            self.assertNotIn(case.id, [record for _rule, record in differences])
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_external_due_at = %s WHERE id = %s",
                [shanghai("2026-03-10 12:00"), case.id],
            )
            self.env.invalidate_all()
            own = self._clock(case, "external-date")
            self.assertIn(
                (own.rule_id.id, case.id), Deadline._policy_differences("helpdesk.ticket", rules)
            )
            Deadline._policy_sync(own.rule_id, case)
            self.assertEqual(own.due_at, shanghai("2026-03-10 12:00"))
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_external_due_at = NULL WHERE id = %s", [case.id]
            )
            self.env.invalidate_all()
            Deadline._policy_sync(own.rule_id, case)
            self.assertEqual(own.state, "cancelled")

    def test_a_given_date_and_a_field_belong_together(self):
        rule = self._clock(self._received(), "external-12315").rule_id.copy_data()[0]
        draft = self.env["crm.policy.version"].create(
            {
                "policy_id": self.version.policy_id.id,
                "number": "9",
                "clause_ids": [Command.create({"number": "1", "name": "x"})],
            }
        )
        rule = {**rule, "clause_id": draft.clause_ids.id}
        Rule = self.env["crm.policy.deadline.rule"]
        for vals, words in (
            ({"unit": "given"}, "which field holds the date"),
            (
                {"unit": "given", "duration": -1, "due_path": "policy_external_due_at"},
                "is no duration",
            ),
            ({"unit": "given", "duration": 0, "due_path": "policy_external_ref"}, "no stored"),
        ):
            with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
                Rule.create({**rule, **vals})

    # === STEPS === #

    def test_received_before_acceptance_and_answered_before_closing(self):
        with at("2026-03-05 10:00"):
            case = self._external()
            mine = self._as("specialist", case)
            self.assertEqual(case.policy_next_action, "receive_external")
            with self.assertRaisesRegex(UserError, "Handed Over At"):
                mine.action_policy_accept()
            mine.action_policy_receive_external()
            self.assertEqual(case.policy_next_action, "accept")
            self._drive(case, "recheck")
            self.assertEqual(case.policy_next_action, "reply_external")
            with self.assertRaisesRegex(UserError, r"Authority Answered At \(5\.2\)"):
                mine.action_policy_close()
            with self.assertRaisesRegex(ValidationError, "Answer to the Authority"):
                mine.action_policy_reply_external(" ")
            mine.action_policy_reply_external("已退货退款,消费者满意")
            self.assertEqual(case.policy_external_reply_text, "已退货退款,消费者满意")
            self.assertEqual(case.policy_next_action, "close")
            mine.action_policy_close()
        self.assertEqual(case.policy_step, "closed")
        with self.assertRaisesRegex(UserError, "ended"):
            mine.write({"policy_external_result": "mediated"})

    def test_the_answer_comes_after_the_hand_over_and_once(self):
        with at("2026-03-05 10:00"):
            case = self._external()
            mine = self._as("specialist", case)
            with self.assertRaisesRegex(UserError, "Handed Over At"):
                mine.action_policy_reply_external("x")
            mine.action_policy_receive_external()
            mine.action_policy_reply_external("第一次")
            with self.assertRaisesRegex(UserError, "recorded already"):
                mine.action_policy_reply_external("第二次")
            self.assertEqual(case.policy_external_reply_text, "第一次")
            with self.assertRaisesRegex(UserError, "recorded already"):
                mine.action_policy_receive_external()
            with self.assertRaisesRegex(UserError, "between the handing over and the answer"):
                mine.action_policy_external_due(shanghai("2026-03-20 12:00"), "x")

    def test_the_hand_over_is_dated_back_over_a_weekend_with_a_reason(self):
        with at("2026-03-09 09:30"):
            mine = self._as("specialist", self._external())
            with self.assertRaisesRegex(PolicyRefusal, r"5\.1.*96"):
                mine.action_policy_receive_external(at=shanghai("2026-03-05 09:29"), reason="迟到")
            with self.assertRaisesRegex(ValidationError, "reason"):
                mine.action_policy_receive_external(at=shanghai("2026-03-06 17:00"))
            mine.action_policy_receive_external(at=shanghai("2026-03-06 17:00"), reason="周末")
            self.assertEqual(mine.policy_external_received_at, shanghai("2026-03-06 17:00"))
            clock = self._clock(mine, "external-12315")
            self.assertEqual(clock.due_at, shanghai("2026-03-13 18:00"))
            mine.action_policy_accept()

    def test_a_date_before_the_hand_over_or_none_is_refused(self):
        with at("2026-03-05 10:00"):
            mine = self._as("specialist", self._external())
            with self.assertRaisesRegex(ValidationError, "cannot lie before"):
                mine.action_policy_receive_external(due_at=shanghai("2026-03-05 09:00"))
            self.assertFalse(mine.policy_external_received_at)
            with self.assertRaisesRegex(ValidationError, "no date and time"):
                mine.action_policy_receive_external(due_at="soon")
            mine.action_policy_receive_external()
            with self.assertRaisesRegex(ValidationError, "Fill in Date Set by the Authority"):
                mine.action_policy_external_due(None, "x")

    def test_a_case_of_the_customer_is_handed_over_later(self):
        case = self._new_case()
        self.assertEqual(case.policy_source_id.code, "customer")
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        with self.assertRaisesRegex(ValidationError, "which authority"):
            mine.action_policy_receive_external()
        with self.assertRaisesRegex(PolicyRefusal, "not changed by hand"):
            mine.write({"policy_source_id": self.sources["12315"].id})
        with self.assertRaisesRegex(ValidationError, "has a number there"):
            mine.action_policy_receive_external(source_id=self.sources["12315"].id)
        mine.action_policy_receive_external(source_id=self.sources["12315"].id, reference="a-1")
        self.assertEqual(case.policy_external_ref, "A-1")
        self.assertEqual((case.policy_severity, case.policy_urgency), ("major", "urgent"))
        self.assertTrue(self._clock(case, "external-12315"))
        self._drive_on(case)
        with self.assertRaisesRegex(UserError, "Authority Answered At"):
            mine.action_policy_close()

    def _drive_on(self, case):
        mine = self._as("specialist", case)
        mine.action_policy_register()
        mine.action_policy_respond("x")
        mine.action_policy_propose("x")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("x", "phone")
        mine.action_policy_callback(4, "x")
        self._as("supervisor", case).action_policy_recheck("x")

    # === SOURCE === #

    def test_every_governed_case_has_a_source_and_others_none(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        self.assertFalse(ticket.policy_source_id)
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "company_id": self.company.id}
        )
        ticket.policy_kind = "inquiry"
        self.assertEqual(ticket.policy_source_id.code, "customer")

    def test_the_source_raises_and_keeps_up_severity_and_urgency(self):
        case = self._external()
        self.assertEqual((case.policy_severity, case.policy_urgency), ("major", "urgent"))
        crisis = self._external(reference="2", policy_severity="crisis")
        self.assertEqual(crisis.policy_severity, "crisis")
        mine = self._as("specialist", case)
        with self.assertRaisesRegex(ValidationError, r"5\.1.*12315"):
            self._as("manager", case).action_policy_lower_severity("general", "误判")
        with self.assertRaisesRegex(ValidationError, r"5\.1.*12315"):
            mine.policy_urgency = "normal"

    def test_nobody_takes_a_case_away_from_its_authority(self):
        case = self._external()
        for role in ("specialist", "director"):
            for source_id in (self.sources["customer"].id, self.sources["regulator"].id, False):
                with self.assertRaisesRegex(PolicyRefusal, r"5\.1.*not changed by hand"):
                    self._as(role, case).sudo().write({"policy_source_id": source_id})
        with self.assertRaisesRegex(PolicyRefusal, "not changed by hand"):
            self._as("specialist", case).action_policy_receive_external(
                source_id=self.sources["regulator"].id
            )

    def test_demands_stay_while_there_are_cases(self):
        self._external()
        admin = self.users["policy_admin"]
        for name in ("is_external", "blocks_deletion", "needs_reference"):
            with self.assertRaisesRegex(UserError, "stays"):
                self.sources["12315"].with_user(admin).write({name: False})
        self.sources["media"].with_user(admin).write({"blocks_deletion": False})
        self.assertFalse(self.sources["media"].blocks_deletion)
        for role in ("specialist", "director"):
            with self.assertRaises(AccessError):
                self.sources["media"].with_user(self.users[role]).write({"rank": 1})

    def test_a_source_of_another_company_is_refused(self):
        other = self._new_company("上海别家")
        foreign = self.sources["12315"].copy({"company_id": other.id})
        with self.assertRaises(UserError):
            self._new_case(policy_source_id=foreign.id)
        with self.assertRaisesRegex(ValidationError, "which authority"):
            self._as("specialist", self._new_case()).action_policy_receive_external(
                source_id=foreign.id, reference="1"
            )

    # === REFERENCE === #

    def test_a_second_delivery_is_refused_with_the_way_to_the_first(self):
        first = self._external()
        with self.assertRaisesRegex(PolicyRefusal, r"5\.1.*registered already") as caught:
            self._external(reference=" 4420260300123 ")
        self.assertEqual(caught.exception.context["policy_action"]["res_id"], first.id)
        self.assertIn(first.number, str(caught.exception))
        self._external("12345")  # another authority has its own numbers
        case = self._external(reference="2")
        with self.assertRaisesRegex(PolicyRefusal, "registered already"):
            self._as("specialist", case).write({"policy_external_ref": REF})
        plain = self._as("specialist", self._new_case())
        with self.assertRaisesRegex(PolicyRefusal, "registered already"):
            plain.action_policy_receive_external(source_id=self.sources["12315"].id, reference=REF)

    def test_the_database_refuses_it_too(self):
        self._external()
        case = self._external(reference="2")
        self.env.flush_all()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_external_ref = %s WHERE id = %s", [REF, case.id]
            )

    def test_who_may_not_read_the_first_gets_no_button(self):
        first = self._external()
        other = self._new_company("上海别家")
        stranger = self._new_user("specialist", login="t_stranger", company=other)
        theirs = first.with_user(stranger).with_context(allowed_company_ids=other.ids)
        refusal = theirs._policy_second_delivery()
        self.assertIsNone(refusal.context["policy_action"])

    def test_one_entered_by_mistake_may_come_again(self):
        case = self._external()
        self._as("manager", case).action_policy_cancel("误录")
        self.assertTrue(self._external())

    def test_the_reference_stays_once_received(self):
        case = self._received()
        with self.assertRaisesRegex(UserError, "does not change any more"):
            self._as("director", case).sudo().write({"policy_external_ref": "other"})

    # === EVIDENCE === #

    def test_the_case_is_not_archived_nor_deleted(self):
        case = self._external()
        for role in ("specialist", "director"):
            self._assert_kept(
                lambda role=role: self._as(role, case).sudo().write({"active": False})
            )
        self._assert_kept(case.action_archive)
        with self.assertRaises(UserError):
            case.unlink()
        plain = self._new_case()
        plain.active = False
        self.assertFalse(plain.active)

    def test_a_stranger_who_cancels_learns_nothing(self):
        case = self._external()
        other = self._new_company("上海别家")
        stranger = self._new_user("supervisor", login="t_stranger", company=other)
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        for user in (stranger, portal):
            with self.subTest(user.login), self.assertRaises(AccessError) as caught:
                case.with_user(user).action_policy_cancel("误录")
            self.assertNotIn(case.policy_handle, str(caught.exception))
            self.assertNotIn("12315", str(caught.exception))
        self.assertFalse(case.policy_outcome)

    def test_only_a_manager_cancels(self):
        case = self._external()
        self._assert_kept(lambda: self._as("supervisor", case).action_policy_cancel("误录"))
        self._as("manager", case).action_policy_cancel("误录")
        self.assertEqual(case.policy_step, "cancelled")
        # What was entered by mistake keeps nothing.
        case.active = False
        self.partner.active = False

    def test_the_customer_is_not_archived_deleted_or_merged(self):
        company = self.env["res.partner"].create({"name": "集团", "is_company": True})
        self.partner.parent_id = company
        twin = self.env["res.partner"].create({"name": "苏州恒达"})
        self._external()
        for partner in (self.partner, company):
            self._assert_kept(lambda partner=partner: partner.write({"active": False}))
            self._assert_kept(lambda partner=partner: partner.sudo().action_archive())
            self._assert_kept(partner.unlink)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        for target in (self.partner, twin):
            self._assert_kept(
                lambda target=target: wizard._merge((self.partner + twin).ids, target)
            )
        twin.active = False
        twin.unlink()

    def test_attachments_are_neither_deleted_nor_replaced(self):
        case, plain = self._external(), self._new_case()
        vals = {"name": "证据.txt", "raw": b"first", "res_model": "helpdesk.ticket"}
        kept = self.env["ir.attachment"].create({**vals, "res_id": case.id})
        free = self.env["ir.attachment"].create({**vals, "res_id": plain.id})
        for change in (
            {"raw": b"other"},
            {"datas": base64.b64encode(b"other")},
            {"name": "x.txt"},
            {"res_id": plain.id},
            {"res_model": "res.partner", "res_id": self.partner.id},
            {"type": "url", "url": "https://example.com"},
        ):
            self._assert_kept(lambda change=change: kept.sudo().write(change))
        self._assert_kept(kept.unlink)
        self._assert_kept((free + kept).unlink)
        kept.write({"description": "检测报告", "res_id": case.id, "name": "证据.txt"})
        self.assertEqual(kept.raw, b"first")
        free.write({"raw": b"other"})
        free.unlink()

    def test_messages_are_neither_deleted_nor_rewritten(self):
        case, plain = self._external(), self._new_case()
        words = {"body": "已致电", "message_type": "comment"}
        kept = self._as("specialist", case).message_post(**words)
        free = self._as("specialist", plain).message_post(**words)
        for change in ({"body": "x"}, {"subject": "x"}, {"res_id": plain.id}, {"model": False}):
            self._assert_kept(lambda change=change: kept.sudo().write(change))
        self._assert_kept(
            lambda: self._as("specialist", case)._message_update_content(kept, body="x")
        )
        self._assert_kept(kept.sudo().unlink)
        self.assertIn("已致电", kept.body)
        kept.sudo().is_internal = True
        free.sudo().write({"body": "x"})
        free.sudo().unlink()

    def test_sending_a_mail_works_and_its_message_stays(self):
        case = self._external()
        vals = {
            "subject": "通知",
            "body_html": "<p>您好</p>",
            "email_to": "hengda@example.com",
            "model": "helpdesk.ticket",
            "auto_delete": True,
            "is_notification": False,
        }
        kept, free = self.env["mail.mail"].create(
            [{**vals, "res_id": case.id}, {**vals, "res_id": self._new_case().id}]
        )
        message, passing = kept.mail_message_id, free.mail_message_id
        (kept + free).unlink()
        self.assertFalse((kept + free).exists())
        self.assertTrue(message.exists())
        self.assertFalse(passing.exists())

    def test_the_customer_is_written_to_by_mail(self):
        """Odoo puts the number of the case into the subject of the message itself."""
        case = self._external()
        said = {
            "body": "已安排复检",
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            "partner_ids": self.partner.ids,
        }
        mine = self._as("specialist", case)
        for subject in (None, "关于您的投诉", f"Re: [{case.policy_handle}] 投诉", "两\n行"):
            with self.subTest(subject):
                message = mine.message_post(subject=subject, **said).sudo()
                self.assertEqual(message.notification_ids.res_partner_id, self.partner)
                self.assertIn(f"[{case.policy_handle}]", message.mail_ids.subject)
                self._assert_kept(lambda message=message: message.write({"subject": "x"}))
                self._assert_kept(
                    lambda message=message: message.write({"subject": f"[{case.policy_handle}] x"})
                )
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.users["specialist"])
            .create(
                {
                    "model": case._name,
                    "res_ids": str(case.ids),
                    "composition_mode": "comment",
                    "partner_ids": self.partner.ids,
                    "subject": "回复",
                    "body": "已安排",
                }
            )
        )
        before = case.message_ids
        composer.action_send_mail()
        self.assertEqual((case.message_ids - before).notification_ids.res_partner_id, self.partner)

    # === RIGHTS === #

    def test_guarded_and_by_role(self):
        case = self._external()
        now = fields.Datetime.now()
        for vals in (
            {"policy_external_received_at": now},
            {"policy_external_replied_at": now},
            {"policy_external_due_at": now},
            {"policy_external_reply_text": "x"},
        ):
            for record in (self._as("director", case), case.sudo()):
                with self.assertRaisesRegex(AccessError, "cannot be written"):
                    record.write(vals)
            with self.assertRaisesRegex(AccessError, "cannot be written"):
                self._external(reference="9", **vals)
        for role in ("finance", "ceo", "qc", "analyst", "policy_admin"):
            mine = self._as(role, case)
            for step in (
                mine.action_policy_receive_external,
                lambda mine=mine: mine.action_policy_reply_external("x"),
                lambda mine=mine: mine.action_policy_external_due(now, "x"),
            ):
                with self.assertRaises(AccessError):
                    step()
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        with self.assertRaisesRegex(UserError, "not governed"):
            ticket.action_policy_receive_external(source_id=self.sources["12315"].id)

    def test_the_dialog_takes_the_steps(self):
        with at("2026-03-05 10:00"):
            case = self._external(reference=False)
            Step = self.env["crm.policy.external.step"].with_user(self.users["specialist"])

            def take(**vals):
                Step.create({"ticket_id": case.id, **vals}).action_policy_confirm()

            source_id = self.sources["12315"].id
            with self.assertRaisesRegex(ValidationError, "Say when"):
                take(step="receive", source_id=source_id, reference=REF, happened_earlier=True)
            take(
                step="receive",
                source_id=source_id,
                reference=REF,
                happened_earlier=True,
                at=shanghai("2026-03-04 16:00"),
                reason="传真晚到",
            )
            self.assertEqual(case.policy_external_received_at, shanghai("2026-03-04 16:00"))
            take(step="due", due_at=shanghai("2026-03-10 12:00"), reason="来函要求")
            self.assertEqual(case.policy_external_due_at, shanghai("2026-03-10 12:00"))
            take(step="reply", text="已答复")
            self.assertEqual(case.policy_external_replied_at, shanghai("2026-03-05 10:00"))

    def test_a_search_by_what_the_authority_waits_for(self):
        case, answered = self._received(), self._received(reference="2")
        with at("2026-03-05 11:00"):
            self._as("specialist", answered).action_policy_reply_external("x")
        found = self.env["helpdesk.ticket"].search(
            [
                ("policy_source_id.is_external", "=", True),
                ("policy_external_replied_at", "=", False),
                ("company_id", "=", self.company.id),
            ]
        )
        self.assertEqual(found, case)
