"""Registering a call: who is found, what is seen, what is refused, and what comes of it."""

import base64

from psycopg2.errors import UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import Form, new_test_user
from odoo.tools import SQL, mute_logger

from ...exceptions import PolicyRefusal
from ...models.complaint.caller import TAIL_OF
from ..common import ROLES, PolicyCommon, at, shanghai

WINDOW = ("specialist", "supervisor", "manager", "director")
NUMBER = "051265551234"


class CallCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write({"phone": "+86 512 6555 1234", "city": "苏州"})
        cls.Call = cls.env["crm.policy.call"].with_user(cls.users["specialist"])
        cls.Ticket = cls.env["helpdesk.ticket"]

    @classmethod
    def _call(cls, role="specialist", **vals):
        values = {"caller": "0512-65551234", "kind": "complaint", "what": "PCB 分层", **vals}
        return cls.Call.with_user(cls.users[role]).create(values)

    @classmethod
    def _register(cls, role="specialist", **vals):
        """Register a call and return its case."""
        call = cls._call(role, **vals)
        call.action_policy_save()
        return call.registered_id.with_env(cls.env)

    def _cases(self):
        return self.Ticket.search([("company_id", "=", self.company.id)])

    @classmethod
    def _hide(cls, case):
        """Let nobody but the administrator see a case, as the visibility rule will."""
        model = cls.env["ir.model"]._get("helpdesk.ticket")
        domain = f"[('id', '!=', {case.id})]"
        cls.env["ir.rule"].create({"name": "hide", "model_id": model.id, "domain_force": domain})


class TestCaller(CallCommon):
    """Who is found by a number or a name."""

    def _found(self, text, company=None):
        Partner = self.env["res.partner"].with_user(self.users["specialist"])
        return Partner._policy_find_callers(text, company or self.company, 8)

    def test_a_number_finds_its_contact_however_both_are_written(self):
        rows = [
            ("+86 512 6555 1234", "0512-65551234"),
            ("0512-65551234", "+8651265551234"),
            ("(0512) 6555 1234", "65551234"),
            ("65551234", "051265551234"),
            ("0512-65551234-801", "0512 6555 1234"),
            ("0512-65551234转801", "051265551234"),
            ("0512-65551234", "0512-65551234 ext. 12"),
            ("13812345678", "+86 138 1234 5678"),
            ("138-1234-5678", "013812345678"),
            ("400-820-8820", "4008208820"),
            ("+1 650 253 0000", "0016502530000"),
        ]
        for stored, typed in rows:
            with self.subTest(stored=stored, typed=typed):
                self.partner.phone = stored
                self.assertEqual(self._found(typed), self.partner)

    def test_a_number_of_another_city_and_nonsense_find_nobody(self):
        for typed in ("010-65551234", "555123", "12345", "", False, "110", "1" * 40, "%", "_"):
            with self.subTest(typed=typed):
                self.assertNotIn(self.partner, self._found(typed))

    def test_a_name_finds_its_contact(self):
        self.partner.name = "湖州泓远电子"
        self.assertEqual(self._found("泓远电子"), self.partner)

    def test_contacts_of_another_company_are_not_found(self):
        other = self._new_company("无锡分公司")
        self.partner.write({"company_id": other.id, "name": "湖州泓远电子"})
        self.assertFalse(self._found(NUMBER))
        self.assertFalse(self._found("泓远电子"))
        both = self.users["specialist"]
        both.company_ids = [Command.link(other.id)]
        allowed = (self.company + other).ids
        Partner = self.env["res.partner"].with_user(both).with_context(allowed_company_ids=allowed)
        # Even who works for both registers for one of them at a time.
        self.assertFalse(Partner._policy_find_callers(NUMBER, self.company, 8))
        self.assertEqual(Partner._policy_find_callers(NUMBER, other, 8), self.partner)

    def test_the_card_names_the_company_behind_a_shared_number(self):
        people = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.partner.id, "phone": NUMBER}
                for name in ("王芳", "李强")
            ]
        )
        form = Form(self.Call)
        form.caller = NUMBER
        self.assertEqual(form.partner_id, self.partner)
        self.assertEqual(form.card["partner"]["name"], "苏州恒达电子")
        self.assertEqual(form.card["partner"]["city"], "苏州")
        self.assertEqual([row["id"] for row in form.card["candidates"]], people.ids)
        form.partner_id = people[0]
        self.assertEqual(form.card["partner"]["company"], "苏州恒达电子")

    def test_strangers_with_one_number_are_for_the_person_to_tell_apart(self):
        other = self.env["res.partner"].create({"name": "宁波永安", "phone": NUMBER})
        form = Form(self.Call)
        form.caller = NUMBER
        self.assertFalse(form.partner_id)
        self.assertIs(form.card["partner"], False)
        ids = {row["id"] for row in form.card["candidates"]}
        self.assertEqual(ids, {self.partner.id, other.id})

    def test_the_index_answers_a_look_up(self):
        self.env.flush_all()
        # In so small a table any index will do: leave it no other one.
        self.env.cr.execute(
            "SET LOCAL enable_seqscan = off; DROP INDEX IF EXISTS res_partner_phone_partial_tgm, "
            "res_partner_phone_partial_gin_idx"
        )
        tail = SQL(TAIL_OF, SQL("phone"))
        rows = self.env.execute_query(
            SQL(
                "EXPLAIN SELECT id FROM res_partner WHERE phone IS NOT NULL AND %s = '5551234'",
                tail,
            )
        )
        self.assertIn("res_partner_policy_phone_idx", str(rows))


class TestRelatedCases(CallCommon):
    """Is it one of these? Of what the reader may not see there is a number only."""

    def _cards(self, **vals):
        form = Form(self.Call)
        form.caller = vals.pop("caller", NUMBER)
        form.kind = vals.pop("kind", "complaint")
        for name, value in vals.items():
            form[name] = value
        return form.card["cases"]

    def test_open_cases_of_the_whole_company_are_shown(self):
        buyer = self.env["res.partner"].create({"name": "王芳", "parent_id": self.partner.id})
        case = self._new_case(partner_id=buyer.id, policy_kind="inquiry", name="交期")
        [shown] = self._cards()
        self.assertEqual(shown["id"], case.id)
        self.assertEqual(shown["number"], case.number)
        self.assertEqual(shown["title"], "交期")
        self.assertTrue(shown["open"])
        self.assertEqual(shown["same"], [])

    def test_a_case_of_another_department_shows_its_number_only(self):
        case = self._new_case(name="机密")
        self._hide(case)
        shown = self._cards()
        self.assertEqual(shown, [{"id": 0, "number": case.number, "masked": True, "same": []}])

    def test_cases_of_another_company_are_not_shown(self):
        other = self._new_company("无锡分公司")
        admin = self._new_user("policy_admin", login="t_other_admin", company=other)
        director = self._new_user("director", login="t_other_director", company=other)
        policy = self.env["crm.policy"].with_context(allowed_company_ids=other.ids)
        version = policy.with_user(admin)._policy_install_shipped("service", other)
        version.with_user(director).action_policy_publish()
        user = self._new_user("specialist", login="t_other_company", company=other)
        self.Ticket.with_user(user).with_context(allowed_company_ids=other.ids).create(
            {
                "name": "x",
                "description": "x",
                "policy_kind": "inquiry",
                "partner_id": self.partner.id,
                "company_id": other.id,
            }
        )
        self.assertEqual(self._cards(), [])

    def test_what_is_similar_is_said_and_what_is_old_is_not(self):
        with at("2026-03-02 10:00"):
            case = self._new_case(policy_order_ref="S00125", policy_item_ref="PCB-204")
            self._drive(case, "close")
        with at("2026-03-20 10:00"):
            [shown] = self._cards(order_ref="S00125", item_ref="PCB-204")
            self.assertEqual(shown["same"], ["order", "item", "kind"])
            self.assertFalse(shown["open"])
            [shown] = self._cards(order_ref="S00126")
            self.assertEqual(shown["same"], ["kind"])
            self.assertEqual(self._cards(kind="inquiry"), [])
        with at("2026-04-01 10:00"):
            self.assertEqual(len(self._cards(order_ref="S00125")), 1)
        with at("2026-04-01 10:01"):
            self.assertEqual(self._cards(order_ref="S00125"), [])
            self._set_parameter("similar_days", 31)
            self.assertEqual(len(self._cards(order_ref="S00125")), 1)

    def test_it_warns_and_does_not_block(self):
        self._register(order_ref="S00125")
        case = self._register(order_ref="S00125")
        self.assertEqual(case.policy_order_ref, "S00125")

    def test_an_unknown_number_finds_the_case_of_its_last_call(self):
        case = self._register(caller="13900001111", kind="inquiry", add_contact=False)
        [shown] = self._cards(caller="+86 139 0000 1111")
        self.assertEqual(shown["id"], case.id)


class TestRegister(CallCommon):
    """What a call becomes."""

    def test_a_complaint_starts_its_clocks(self):
        department = self.users["specialist"].with_company(self.company).employee_id.department_id
        self.assertTrue(department)
        team = self.users["specialist"].helpdesk_team_ids
        self.assertEqual(team.company_id, self.company)
        other = self._new_company("无锡分公司")
        Team = self.env["helpdesk.ticket.team"]
        members = [Command.set(self.users["specialist"].ids)]
        Team.create({"name": "别家", "company_id": other.id, "user_ids": members, "sequence": 0})
        with at("2026-03-06 10:00"):
            call = self._call(
                what="  PCB-204 分层\n3 月 2 日到货,上线时发现 <分层>。",
                complaint_type_id=self.types["quality"].id,
                order_ref="S00125",
                item_ref="PCB-204",
                quantity=2000,
                defective_quantity=150,
                remedy_sought="replacement",
                rings=2,
                ref="call-1",
            )
            action = call.action_policy_save()
        case = call.registered_id
        self.assertEqual(action["res_id"], call.id)
        self.assertEqual(case.name, "PCB-204 分层")
        self.assertIn("上线时发现 &lt;分层&gt;。", case.description)
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.user_id, self.users["specialist"])
        self.assertEqual(case.create_uid, self.users["specialist"])
        self.assertEqual(case.company_id, self.company)
        self.assertEqual(case.team_id, team)
        self.assertEqual(case.policy_department_id, department)
        self.assertEqual(
            case.channel_id, self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone")
        )
        self.assertEqual(case.policy_complaint_type_id, self.types["quality"])
        self.assertEqual(
            (case.policy_quantity, case.policy_defective_quantity, case.policy_remedy_sought),
            (2000, 150, "replacement"),
        )
        self.assertEqual(case.policy_caller_number, NUMBER)
        self.assertEqual(case.policy_call_ref, "call-1")
        self.assertEqual(case.policy_call_at, shanghai("2026-03-06 10:00"))
        self.assertEqual(case.policy_accepted_at, shanghai("2026-03-06 10:00"))
        self.assertFalse(case.policy_to_sort)
        self.assertEqual(
            call.result,
            {
                "number": case.number,
                "title": "PCB-204 分层",
                "closed": False,
                "noted": False,
                "to_sort": False,
                "deadlines": [
                    {
                        "name": "Complaint response",
                        "clause": "3.2",
                        "due": "2026-03-07 02:00:00",
                        "state": "open",
                    },
                    {
                        "name": "Complaint solution",
                        "clause": "3.3",
                        "due": "2026-03-08 02:00:00",
                        "state": "open",
                    },
                ],
            },
        )

    def test_the_key_pressed_twice_registers_once(self):
        call = self._call()
        call.action_policy_save()
        call.action_policy_save()
        self.assertEqual(len(self._cases()), 1)

    def test_an_undetermined_quantity_may_stay_empty(self):
        case = self._register(quantity_undetermined=True)
        self.assertTrue(case.policy_quantity_undetermined)
        self.assertEqual(case.policy_quantity, 0)

    def test_an_inquiry_takes_no_product_along(self):
        case = self._register(kind="inquiry", order_ref="S00125", quantity=3)
        self.assertFalse(case.policy_order_ref)
        self.assertEqual(case.policy_quantity, 0)

    def test_a_long_first_line_is_cut_in_the_title_only(self):
        case = self._register(what="长" * 200)
        self.assertEqual(case.name, "长" * 119 + "…")
        self.assertIn("长" * 200, case.description)

    def test_answered_at_once(self):
        with at("2026-03-06 10:00"):
            call = self._call(kind="inquiry", what="交期?", answer="周五发货")
            call.action_policy_save()
        case = call.registered_id
        self.assertEqual(case.policy_response_text, "周五发货")
        self.assertEqual(case.policy_closed_at, shanghai("2026-03-06 10:00"))
        self.assertEqual(case.policy_outcome, "accepted")
        self.assertEqual(case.policy_call_outcome, "answered")
        self.assertTrue(case.stage_id.closed)
        self.assertEqual(case.policy_deadline_ids.mapped("state"), ["met"])
        self.assertTrue(call.result["closed"])

    def test_answered_but_left_open(self):
        call = self._call(kind="request", answer="已转告仓库")
        call.action_policy_leave_open()
        self.assertEqual(call.registered_id.policy_response_text, "已转告仓库")
        self.assertFalse(call.registered_id.policy_closed_at)

    def test_a_complaint_is_not_answered_away(self):
        for kind in ("complaint", "conflict"):
            with self.subTest(kind=kind):
                case = self._register(kind=kind, answer="抱歉")
                self.assertTrue(case.policy_accepted_at)
                self.assertFalse(case.policy_responded_at)
                self.assertFalse(case.policy_closed_at)

    def test_without_an_answer_nothing_is_closed(self):
        for answer in (False, " \n "):
            with self.subTest(answer=answer):
                case = self._register(kind="inquiry", answer=answer)
                self.assertFalse(case.policy_responded_at)
                self.assertFalse(case.policy_closed_at)

    def test_who_is_to_be_called_back_is_not_done_yet(self):
        with at("2026-03-06 10:00"):
            case = self._register(
                kind="inquiry",
                answer="先查一下",
                outcome="callback",
                promised_at=shanghai("2026-03-06 16:00"),
            )
        self.assertTrue(case.policy_responded_at)
        self.assertFalse(case.policy_closed_at)

    def test_the_outcome_that_was_chosen_stays(self):
        case = self._register(kind="inquiry", answer="已安抚并答复", outcome="emotional")
        self.assertTrue(case.policy_closed_at)
        self.assertEqual(case.policy_call_outcome, "emotional")

    def test_what_is_missing_is_named(self):
        rows = [{"kind": False}, {"what": " \n "}, {"caller": False}, {"caller": " "}]
        for vals in rows:
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                self._call(**vals).action_policy_save()

    def test_a_refused_value_leaves_nothing_behind_and_the_call_as_it_was(self):
        events = self.env["crm.policy.event"].search_count([])
        partners = self.env["res.partner"].search_count([])
        self.users["specialist"].group_ids += self.env.ref("base.group_partner_manager")
        call = self._call(
            caller="13900001111", contact_name="周敏", quantity=100, defective_quantity=150
        )
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            call.action_policy_save()
        self.assertFalse(self._cases())
        self.assertEqual(self.env["crm.policy.event"].search_count([]), events)
        self.assertEqual(self.env["res.partner"].search_count([]), partners)
        self.assertEqual(call.what, "PCB 分层")
        call.defective_quantity = 50
        call.action_policy_save()
        self.assertEqual(len(self._cases()), 1)

    def test_rings_beyond_the_limit_are_flagged_and_stay_so(self):
        rows = [(0, False), (3, False), (4, True)]
        for rings, is_long in rows:
            with self.subTest(rings=rings):
                case = self._register(rings=rings)
                self.assertEqual(case.policy_rang_long, is_long)
        self._set_parameter("ring_max", 9)
        self.assertTrue(case.policy_rang_long)

    def test_files_go_along(self):
        file = (
            self.env["ir.attachment"]
            .with_user(self.users["specialist"])
            .create(
                {
                    "name": "a.txt",
                    "datas": base64.b64encode(b"a"),
                    "res_model": "crm.policy.call",
                    "res_id": 0,
                }
            )
        )
        case = self._register(attachment_ids=[Command.set(file.ids)])
        self.assertEqual((file.res_model, file.res_id), ("helpdesk.ticket", case.id))

    def test_files_of_others_do_not_go_along(self):
        partner_file = {"name": "b.txt", "res_model": "res.partner", "res_id": self.partner.id}
        mine = (
            self.env["ir.attachment"].with_user(self.users["specialist"]).create({"name": "c.txt"})
        )
        files = self.env["ir.attachment"].create(
            [partner_file, {"name": "d.txt", "res_model": "crm.policy.call", "res_id": 0}]
        )
        for file in files + mine:
            with self.subTest(file=file.name), self.assertRaises(AccessError):
                self._register(attachment_ids=[Command.set(file.ids)])
        self.assertEqual(files[0].res_model, "res.partner")

    def test_the_sheet_prints_question_answer_and_promise(self):
        with at("2026-03-06 10:00"):
            case = self._register(
                kind="inquiry",
                what="能否加急?",
                outcome="callback",
                promised_at=shanghai("2026-03-06 16:00"),
            )
        with at("2026-03-06 15:00"):
            self._as("specialist", case).action_policy_promise_kept("可以,周一发货")
        html = str(
            self.env["ir.actions.report"]
            .with_user(self.users["specialist"])
            .with_context(lang="en_US", tz="Asia/Shanghai")
            ._render_qweb_html("crm_policy.call_record", case.ids)[0],
            "utf-8",
        )
        for text in (
            NUMBER,
            case.number,
            "能否加急?",
            "可以,周一发货",
            "苏州恒达电子",
            "Call Record",
        ):
            self.assertIn(text, html)


class TestNewCaller(CallCommon):
    """Who is not among the contacts."""

    def test_becomes_a_contact_of_his_company(self):
        self.users["specialist"].group_ids += self.env.ref("base.group_partner_manager")
        vals = {"kind": "inquiry", "contact_name": "周敏", "contact_company": "昆山联创"}
        case = self._register(caller="139 0000 1111", **vals)
        self.assertEqual(case.partner_id.name, "周敏")
        self.assertEqual(case.partner_id.phone, "13900001111")
        self.assertEqual(case.partner_id.parent_id.name, "昆山联创")
        self.assertTrue(case.partner_id.parent_id.is_company)
        self.assertFalse(case.policy_to_sort)
        again = self._register(caller="13900002222", **{**vals, "contact_name": "钱进"})
        self.assertEqual(again.partner_id.parent_id, case.partner_id.parent_id)

    def test_stays_to_sort_without_the_right_to_add_contacts(self):
        partners = self.env["res.partner"].search_count([])
        call = self._call(caller="13900001111", contact_name="周敏", contact_company="昆山联创")
        self.assertFalse(call.may_create_contact)
        call.action_policy_save()
        case = call.registered_id
        self.assertFalse(case.partner_id)
        self.assertEqual(case.partner_name, "昆山联创 周敏")
        self.assertEqual(case.policy_caller_number, "13900001111")
        self.assertTrue(case.policy_to_sort)
        self.assertEqual(case.policy_sort_reason, "The caller is not known yet.")
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_stays_to_sort_if_one_says_so_or_knows_no_name(self):
        self.users["specialist"].group_ids += self.env.ref("base.group_partner_manager")
        for vals in ({"contact_name": "周敏", "add_contact": False}, {"contact_name": False}):
            with self.subTest(vals=vals):
                case = self._register(caller="13900001111", **vals)
                self.assertFalse(case.partner_id)
                self.assertTrue(case.policy_to_sort)


class TestPromise(CallCommon):
    """Who promises to call back does so (SLA-15, SLA-16)."""

    def _promised(self, at_text="2026-03-06 16:00", **vals):
        vals = {"kind": "inquiry", "outcome": "callback", **vals}
        return self._register(promised_at=shanghai(at_text) if at_text else False, **vals)

    def _clock(self, case):
        return case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == "promised-call")

    def test_it_is_due_when_it_was_promised(self):
        with at("2026-03-06 10:00"):
            case = self._promised()
        clock = self._clock(case)
        self.assertEqual(clock.due_at, shanghai("2026-03-06 16:00"))
        self.assertEqual(clock.clause_number, "1.4")
        self.assertEqual(clock.user_id, self.users["specialist"])
        with at("2026-03-06 16:00"):
            self._as("specialist", case).action_policy_promise_kept("周五发货")
        self.assertEqual((clock.state, clock.done_at), ("met", shanghai("2026-03-06 16:00")))
        self.assertEqual(case.policy_promised_call_text, "周五发货")

    def test_a_day_is_offered_and_no_more(self):
        with at("2026-03-06 10:00"):
            form = Form(self.Call)
            form.caller = NUMBER
            form.kind = "inquiry"
            form.outcome = "callback"
            self.assertEqual(form.promised_at, shanghai("2026-03-07 10:00"))
            with self.assertRaisesRegex(PolicyRefusal, "1.4"):
                self._promised("2026-03-07 10:01")
            case = self._promised("2026-03-07 10:00")
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-07 10:00"))

    def test_it_needs_a_number_and_a_time_to_come(self):
        with at("2026-03-06 10:00"):
            with self.assertRaises(ValidationError):
                self._promised(False)
            with self.assertRaises(ValidationError):
                self._promised(number=False, caller="恒达电子", partner_id=False, add_contact=False)
            with self.assertRaises(ValidationError):
                self._promised("2026-03-06 10:00")
        self.assertFalse(self._cases())

    def test_the_customers_own_number_will_do(self):
        self.partner.name = "湖州泓远电子"
        with at("2026-03-06 10:00"):
            case = self._promised(caller="泓远电子")
        self.assertEqual(case.policy_caller_number, "+86 512 6555 1234")

    def test_a_missed_one_is_found_overdue_even_on_a_closed_case(self):
        with at("2026-03-06 10:00"):
            case = self._promised()
            mine = self._as("specialist", case)
            mine.action_policy_respond("先答复一部分")
            mine.action_policy_close()
        with at("2026-03-06 16:00:01"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        clock = self._clock(case)
        self.assertEqual(clock.overdue_at, shanghai("2026-03-06 16:00:01"))
        with at("2026-03-06 17:00"):
            self._as("specialist", case).action_policy_promise_kept("已回电")
        self.assertEqual((clock.state, clock.lateness_seconds), ("late", 3600))

    def test_it_is_kept_once_by_the_window_and_in_words(self):
        with at("2026-03-06 10:00"):
            case = self._promised()
            plain = self._register(kind="inquiry")
            cancelled = self._promised()
            self._as("supervisor", cancelled).action_policy_cancel("误登记")
        with at("2026-03-06 11:00"):
            mine = self._as("specialist", case)
            with self.assertRaises(ValidationError):
                mine.action_policy_promise_kept(" ")
            with self.assertRaises(AccessError):
                self._as("finance", case).action_policy_promise_kept("已回电")
            for wrong in (plain, cancelled):
                with self.assertRaises(UserError):
                    self._as("specialist", wrong).action_policy_promise_kept("已回电")
            with self.assertRaises(ValidationError):
                mine.action_policy_promise_kept("已回电", shanghai("2026-03-06 09:59"), "补录")
            mine.action_policy_promise_kept("已回电", shanghai("2026-03-06 10:30"), "补录")
            with self.assertRaises(UserError):
                mine.action_policy_promise_kept("又回电")
        self.assertEqual(case.policy_promised_call_text, "已回电")
        self.assertEqual(case.policy_promised_call_at, shanghai("2026-03-06 10:30"))

    def test_the_step_dialog_records_it(self):
        with at("2026-03-06 10:00"):
            case = self._promised()
            self.env["crm.policy.case.step"].with_user(self.users["specialist"]).create(
                {"ticket_id": case.id, "step": "promise_kept", "text": "已回电"}
            ).action_policy_confirm()
        self.assertTrue(case.policy_promised_call_at)

    def test_the_sweep_agrees(self):
        with at("2026-03-06 10:00"):
            self._promised()
            rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
                Domain("model_name", "=", "helpdesk.ticket")
            )
            rules = rules.filtered(lambda rule: rule.company_id == self.company)
            differences = self.env["crm.policy.deadline"]._policy_differences(
                "helpdesk.ticket", rules
            )
        self.assertEqual(differences, [])


class TestAddToCase(CallCommon):
    """It was one of these."""

    def test_it_becomes_a_note(self):
        case = self._register(kind="inquiry")
        call = self._call(what="客户催问", kind=False, case_id=case.id, rings=5)
        call.action_policy_save()
        self.assertEqual(call.registered_id, case)
        self.assertTrue(call.result["noted"])
        self.assertEqual(len(self._cases()), 1)
        note = case.message_ids[0]
        self.assertIn("客户催问", note.body)
        self.assertIn(NUMBER, note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertFalse(case.policy_rang_long, "the facts of the first call stay")

    def test_the_first_call_on_a_case_is_recorded_with_its_promise(self):
        with at("2026-03-06 10:00"):
            case = self._new_case(policy_kind="inquiry")
            vals = {"case_id": case.id, "outcome": "callback", "ref": "call-7"}
            self._register(promised_at=shanghai("2026-03-06 12:00"), **vals)
            self.assertEqual(case.policy_call_ref, "call-7")
            self.assertIn("promised-call", case.policy_deadline_ids.mapped("rule_code"))
            # A second promise would start no clock: it is not taken here.
            with self.assertRaises(UserError):
                self._register(promised_at=shanghai("2026-03-06 13:00"), **{**vals, "ref": False})

    def test_not_to_an_ended_one_a_hidden_one_or_one_of_another_kind(self):
        closed = self._call(kind="inquiry", answer="好")
        closed.action_policy_save()
        ungoverned = self.Ticket.create(
            {"name": "x", "description": "x", "company_id": self.company.id}
        )
        hidden = self._register(kind="inquiry")
        self._hide(hidden)
        rows = [
            (closed.registered_id, UserError),
            (ungoverned, UserError),
            (hidden, AccessError),
        ]
        for case, error in rows:
            messages = len(case.sudo().message_ids)
            with self.subTest(case=case.id), self.assertRaises(error):
                self._call(case_id=case.id).action_policy_save()
            self.assertEqual(len(case.sudo().message_ids), messages)


class TestCallReference(CallCommon):
    """What a phone system hands over."""

    def test_only_numbers_references_and_counts_get_through(self):
        rows = [
            (("+86 138 1234 5678", "a-1", "3"), ("13812345678", "a-1", 3)),
            ((" 8613812345678", "a:1/2@b.c", 12), ("13812345678", "a:1/2@b.c", 12)),
            (("051265551234", "x" * 64, "-1"), ("051265551234", "x" * 64, 0)),
            (("<b>1</b>", "x" * 65, "100"), (False, False, 0)),
            (("javascript:1", "a b", "3; DROP"), (False, False, 0)),
            (("1" * 5000, "中文", "³"), (False, False, 0)),
            ((None, None, None), (False, False, 0)),
            (([1], {"a": 1}, [3]), (False, False, 0)),
        ]
        for given, expected in rows:
            with self.subTest(given=given):
                context = self.Call.action_policy_incoming(*given)["context"]
                got = tuple(context[f"default_{name}"] for name in ("caller", "ref", "rings"))
                self.assertEqual(got, expected)
        self.assertFalse(self._cases())

    def test_the_same_reference_opens_the_case_that_is_there(self):
        case = self._register(ref="call-1")
        action = self.Call.action_policy_incoming(NUMBER, "call-1", "2")
        self.assertEqual((action["res_model"], action["res_id"]), ("helpdesk.ticket", case.id))
        # Two windows with the same call: the second finds the case of the first.
        self.assertEqual(self._register(ref="call-1"), case)
        self.assertEqual(len(self._cases()), 1)

    def test_the_same_reference_of_another_company_is_another_call(self):
        self._register(ref="call-1")
        other = self._new_company("无锡分公司")
        found = self.Ticket._policy_case_of_call("call-1", other)
        self.assertFalse(found)

    def test_a_case_of_another_department_is_named_not_opened(self):
        case = self._register(ref="call-1")
        self._hide(case)
        for act in (
            lambda: self.Call.action_policy_incoming(NUMBER, "call-1", "2"),
            lambda: self._register(ref="call-1"),
        ):
            with self.assertRaisesRegex(UserError, case.number):
                act()

    def test_the_database_holds_a_reference_once(self):
        first, second = self._register(ref="call-1"), self._register()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            second.sudo()._policy_guarded_write({"policy_call_ref": first.policy_call_ref})
            second.flush_recordset()

    def test_a_forged_reference_is_dropped(self):
        case = self._register(ref="<img src=x>")
        self.assertFalse(case.policy_call_ref)


class TestWho(CallCommon):
    """Customer service is the one window (CMP-INT-04)."""

    def test_roles(self):
        portal = new_test_user(self.env, "t_portal_call", groups="base.group_portal")
        users = {**self.users, "portal": portal, "public": self.env.ref("base.public_user")}
        self.assertEqual(set(users), {*ROLES, "portal", "public"})
        own = {role: self._call(role, kind="inquiry", answer="好") for role in WINDOW}
        for role, user in users.items():
            Call = self.Call.with_user(user)
            call = own.get(role, own["specialist"]).with_user(user)
            acts = {
                "incoming": lambda Call=Call: Call.action_policy_incoming(NUMBER, "r", "1"),
                "next": lambda Call=Call: Call.action_policy_next(),
                "create": lambda Call=Call: Call.create({"caller": NUMBER}),
                "read": lambda call=call: call.read(["caller", "card"]),
                "save": lambda call=call: call.action_policy_save(),
                "leave open": lambda call=call: call.action_policy_leave_open(),
                "open": lambda call=call: call.action_policy_open_case(),
            }
            for name, act in acts.items():
                with self.subTest(role=role, act=name):
                    if role in WINDOW:
                        act()
                    else:
                        with self.assertRaises(AccessError):
                            act()
        self.assertEqual(len(self._cases()), len(WINDOW))

    def test_the_call_of_a_colleague_is_not_mine(self):
        call = self._call()
        theirs = call.with_user(self.other_specialist)
        for act in (theirs.action_policy_save, lambda: theirs.read(["caller"])):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(self._cases())

    def test_another_companys_customer_type_and_company_are_refused(self):
        other = self._new_company("无锡分公司")
        foreign = self.env["res.partner"].create({"name": "别家客户", "company_id": other.id})
        policy = self.env["crm.policy"].create({"code": "X", "name": "X", "company_id": other.id})
        kind = self.env["crm.policy.complaint.type"].create(
            {"code": "x", "name": "X", "company_id": other.id, "policy_id": policy.id}
        )
        rows = [
            {"partner_id": foreign.id},
            {"complaint_type_id": kind.id},
            {"company_id": other.id},
        ]
        for vals in rows:
            with self.subTest(vals=vals), self.assertRaises(UserError):
                self._register(**vals)
        self.assertFalse(self._cases())

    def test_a_hidden_customer_is_refused(self):
        model = self.env["ir.model"]._get("res.partner")
        domain = f"[('id', '!=', {self.partner.id})]"
        self.env["ir.rule"].create({"name": "x", "model_id": model.id, "domain_force": domain})
        with self.assertRaises(AccessError):
            self._register(partner_id=self.partner.id)

    def test_the_facts_of_a_call_are_not_typed_in(self):
        case = self._register()
        forged = {
            "policy_call_at": fields.Datetime.now(),
            "policy_call_ref": "x",
            "policy_rings": 1,
            "policy_rang_long": False,
            "policy_call_outcome": "answered",
            "policy_promised_at": fields.Datetime.now(),
            "policy_promised_call_at": fields.Datetime.now(),
            "policy_promised_call_text": "x",
        }
        for name, value in forged.items():
            with self.subTest(name=name):
                with self.assertRaises(AccessError):
                    self._as("director", case).write({name: value})
                with self.assertRaises(AccessError):
                    self._new_case(**{name: value})


class TestCallQueries(CallCommon):
    """What a look-up and a save cost, whatever is there already."""

    def _look_up(self):
        self.env.invalidate_all()
        form_values = self.Call.onchange(
            {"caller": NUMBER, "kind": "complaint", "company_id": self.company.id},
            ["caller"],
            {"caller": {}, "partner_id": {"fields": {}}, "card": {}, "kind": {}, "company_id": {}},
        )
        return form_values["value"]["card"]["cases"]

    def _count(self, act):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_a_look_up_costs_the_same_for_one_case_and_for_six(self):
        self._new_case()
        self._look_up()
        one = self._count(self._look_up)
        for _number in range(5):
            self._new_case()
        six = self._count(self._look_up)
        self.assertEqual(len(self._look_up()), 6)
        self.assertEqual(one, six)
        self.assertLessEqual(six, 10)

    def test_a_save_costs_the_same_with_a_register_full_of_cases(self):
        self._register()
        few = self._count(self._register)
        for _number in range(6):
            self._register()
        many = self._count(self._register)
        self.assertEqual(few, many)
        self.assertLessEqual(many, 32)
