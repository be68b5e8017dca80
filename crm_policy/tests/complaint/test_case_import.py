"""Cases of an old register: what they keep, what is refused, and what follows from them."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import PolicyCommon, at, shanghai

# A complaint from its receipt to its closing, before the policy took effect.
PAST = {
    "policy_intake_at": "2025-11-03 09:10",
    "policy_accepted_at": "2025-11-03 09:20",
    "policy_registered_at": "2025-11-03 10:00",
    "policy_responded_at": "2025-11-03 11:00",
    "policy_solution_at": "2025-11-04 15:00",
    "policy_decided_at": "2025-11-05 09:00",
    "policy_settled_at": "2025-11-05 16:00",
    "policy_replied_at": "2025-11-06 09:30",
    "policy_callback_at": "2025-11-20 14:00",
    "policy_rechecked_at": "2025-11-21 10:00",
    "policy_closed_at": "2025-11-21 17:00",
}
OPEN = ("policy_intake_at", "policy_accepted_at", "policy_registered_at")
NOW = "2026-03-12 10:00"


class TestCaseImport(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        with at("2026-03-02 08:00"):
            super().setUpClass()

    def _row(self, facts=None, **row):
        """Return a row of a closed quality complaint; ``facts`` in Shanghai's wall time."""
        facts = PAST if facts is None else facts
        vals = {
            "name": "外壳开裂",
            "policy_kind": "complaint",
            "policy_complaint_type_id": self.types["quality"].id,
            "partner_id": self.partner.id,
            "company_id": self.company.id,
            "user_id": self.users["specialist"].id,
            **row.pop("vals", {}),
        }
        outcome = "accepted" if "policy_closed_at" in facts else None
        facts = {name: shanghai(value) for name, value in facts.items()}
        return {"vals": vals, "facts": facts, "number": "KS-2025-17", "outcome": outcome, **row}

    def _open_row(self, day="2026-03-10", **row):
        facts = {
            name: f"{day} 09:{minute}" for name, minute in zip(OPEN, (10, 20, 30), strict=True)
        }
        return self._row(facts, **{"number": "260304", **row})

    def _import(self, *rows):
        with at(NOW):
            return self.env["helpdesk.ticket"]._policy_import_cases(rows)

    def _refused(self, *rows):
        """Return the sentences of a refusal; nothing is left of the rows."""
        Ticket = self.env["helpdesk.ticket"].with_context(active_test=False)
        before = Ticket.search_count([])
        with self.assertRaises(ValidationError) as refusal:
            self._import(*rows)
        self.assertEqual(Ticket.search_count([]), before)
        return str(refusal.exception).split("\n")

    def _deadlines(self, case):
        return self.env["crm.policy.deadline"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)]
        )

    def _run(self, cron, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref(f"crm_policy.cron_{cron}").method_direct_trigger()
        self.env.invalidate_all()

    # === WHAT IS KEPT === #

    def test_a_closed_case_keeps_everything(self):
        author = new_test_user(self.env, "t_left", groups="base.group_user", name="王五")
        author.active = False
        texts = {
            "policy_response_text": "已致电",
            "policy_solution": "换货",
            "policy_reply_text": "同意换货",
            "policy_reply_channel": "phone",
            "policy_callback_score": 4,
            "policy_callback_text": "满意",
            "policy_recheck_user_id": self.users["qc"].id,
            "policy_recheck_text": "齐全",
        }
        case = self._import(
            self._row(texts=texts, author_id=author.id, source_ref="OA-881", number=" KS-2025-17 ")
        )
        self.assertEqual(case.policy_number, "KS-2025-17")
        self.assertEqual(case.number, "KS-2025-17")
        self.assertEqual(case.policy_handle, "KS-2025-17")
        self.assertEqual(case.policy_import_ref, "OA-881")
        for name, value in PAST.items():
            self.assertEqual(case[name], shanghai(value), name)
        for name, value in texts.items():
            self.assertEqual(case._fields[name].convert_to_write(case[name], case), value, name)
        self.assertEqual(case.policy_outcome, "accepted")
        self.assertEqual(case.policy_step, "closed")
        self.assertTrue(case.stage_id.closed)
        self.assertEqual(case.closed_date, shanghai("2025-11-21 17:00"))
        self.assertEqual(case.create_uid, author)
        self.assertEqual(case.user_id, self.users["specialist"])
        self.assertFalse(case.assigned_date)
        self.assertEqual(case.policy_version_id, self.version)
        self.assertEqual(case.policy_imported_at, shanghai(NOW))
        self.assertIn("外壳开裂", case.description)
        self.assertFalse(case.policy_next_action)

    def test_the_event_holds_the_instants_and_no_words(self):
        case = self._import(self._row(author_id=self.users["qc"].id, source_ref="OA-881"))
        [event] = self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)]
        )
        self.assertEqual((event.type, event.version), ("case.imported", "1"))
        self.assertEqual(
            event.payload,
            {
                "number": "KS-2025-17",
                "source_ref": "OA-881",
                "outcome": "accepted",
                "author": self.users["qc"].id,
                "before_policy": True,
                "facts": {
                    name.removeprefix("policy_").removesuffix("_at"): str(shanghai(value))
                    for name, value in PAST.items()
                },
            },
        )

    def test_one_note_names_the_old_author_and_what_is_not_known(self):
        facts = {name: PAST[name] for name in ("policy_registered_at", "policy_closed_at")}
        case = self._import(self._row(facts, author_id=self.users["qc"].id))
        [note] = case.message_ids
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertIn("KS-2025-17", note.body)
        self.assertIn(self.users["qc"].name, note.body)
        self.assertIn("Settled At", note.body)
        self.assertNotIn("Registered At", note.body)

    def test_what_is_not_known_of_a_finished_case_stays_empty(self):
        facts = {name: PAST[name] for name in ("policy_registered_at", "policy_closed_at")}
        case = self._import(self._row(facts))
        self.assertEqual(case.policy_step, "closed")
        self.assertFalse(case.policy_intake_at)
        self.assertFalse(case.policy_settled_at)
        [event] = self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)]
        )
        self.assertEqual(
            event.payload["missing"],
            ["intake", "accepted", "responded", "solution", "decided", "settled", "replied",
             "callback", "rechecked"],
        )  # fmt: skip
        # Nothing takes it in again as if it were new.
        case.write({"company_id": self.company.id})
        self.assertFalse(case.policy_intake_at)

    def test_a_withdrawn_case_has_ended_without_being_closed(self):
        facts = {"policy_registered_at": PAST["policy_registered_at"]}
        case = self._import(self._row(facts, outcome="withdrawn"))
        self.assertEqual((case.policy_step, case.policy_outcome), ("cancelled", "withdrawn"))
        self.assertTrue(case.stage_id.closed)
        self.assertFalse(case.policy_closed_at)

    def test_an_open_case_goes_on_from_where_it_stood(self):
        case = self._import(self._open_row())
        self.assertEqual((case.policy_step, case.policy_next_action), ("registered", "respond"))
        self.assertFalse(case.stage_id.closed)
        with at("2026-03-12 11:00"):
            self._as("specialist", case).action_policy_respond("已致电")
        self.assertEqual(case.policy_responded_at, shanghai("2026-03-12 11:00"))

    def test_cases_come_back_in_order(self):
        rows = [self._open_row(number=f"2602{serial:02d}") for serial in (7, 3, 9)]
        self.assertEqual(
            self._import(*rows).mapped("policy_number"), ["260207", "260203", "260209"]
        )

    def test_remedies_come_along_as_granted(self):
        remedies = [{"kind": "refund", "amount": 300}, {"kind": "apology", "note": "电话致歉"}]
        past, open_case = self._import(
            self._row(remedies=remedies), self._open_row(remedies=remedies[:1])
        )
        self.assertEqual(past.policy_remedy_ids.mapped("kind"), ["refund", "apology"])
        self.assertEqual(past.policy_remedy_amount, 300)
        self.assertEqual(set(past.policy_remedy_ids.mapped("policy_approval_state")), {"approved"})
        self.assertEqual(open_case.policy_remedy_ids.policy_approval_state, "none")
        events = self.env["crm.policy.event"].search(
            [("type", "=", "remedy.imported"), ("res_id", "in", past.policy_remedy_ids.ids)]
        )
        self.assertEqual(
            events.sorted("res_id").mapped("payload"),
            [{"amount": 300.0, "state": "approved"}, {"amount": 0.0, "state": "approved"}],
        )
        # Nobody changes afterwards what was granted.
        with self.assertRaises(UserError):
            self._as("specialist", past.policy_remedy_ids[0]).amount = 9

    def test_a_case_of_before_the_policy_is_taken_up_under_it(self):
        facts = {name: PAST[name] for name in ("policy_registered_at", "policy_closed_at")}
        case = self._import(self._row(facts, vals={"user_id": self.users["supervisor"].id}))
        self.assertTrue(case.policy_grandfathered)
        with at("2026-03-12 11:00"):
            self._as("supervisor", case).action_policy_reopen("客户再次来电")
        moment = shanghai("2026-03-12 11:00")
        self.assertEqual((case.policy_intake_at, case.policy_accepted_at), (moment, moment))
        self.assertEqual(case.policy_registered_at, shanghai("2025-11-03 10:00"))
        self.assertEqual((case.policy_number, case.policy_next_action), ("KS-2025-17", "respond"))
        self.assertEqual(
            {deadline.rule_code: deadline.state for deadline in self._deadlines(case)},
            {"complaint-response": "open", "complaint-solution": "open"},
        )
        with at("2026-03-12 12:00"):
            self._as("supervisor", case).action_policy_respond("已致电")

    # === NUMBERS === #

    def _next_number(self, kind="quality", moment="2026-03-13 10:00"):
        with at(moment):
            case = self._new_case(policy_complaint_type_id=self.types[kind].id)
            self._as("specialist", case).action_policy_accept()
            self._as("specialist", case).action_policy_register()
        return case.policy_number

    def test_new_numbers_go_on_behind_the_imported_ones(self):
        self._import(self._open_row(number="260317"), self._open_row(number="260304"))
        self.assertEqual(self._next_number(), "260318")
        self.assertEqual(self._next_number(moment="2026-04-01 10:00"), "260401")

    def test_a_widened_number_is_understood(self):
        self._import(self._open_row(number="2603100"))
        self.assertEqual(self._next_number(), "2603101")

    def test_the_counter_never_goes_back(self):
        self.assertEqual(self._next_number(), "260301")
        self._import(self._open_row(number="260305"))
        self._import(self._open_row(number="260303"))
        self.assertEqual(self._next_number(), "260306")

    def test_a_number_of_another_type_s_pattern_counts_there(self):
        self._import(self._open_row(number="260312099"))
        self.assertEqual(self._next_number("service"), "260313100")
        self.assertEqual(self._next_number(), "260301")

    def test_a_number_that_only_a_later_pattern_gives_is_left_out(self):
        self._import(self._open_row(number="A-1"), self._open_row(number="2603-02"))
        for kind in self.types.values():
            kind.number_pattern = "YYMM-NN"
        self.assertEqual(self._next_number(), "2603-01")
        self.assertEqual(self._next_number(), "2603-03")

    def test_foreign_numbers_stay_as_they_are(self):
        case = self._import(self._open_row(number="客诉〔2025〕17号"))
        self.assertEqual(case.policy_number, "客诉〔2025〕17号")
        self.assertEqual(self._next_number(), "260301")

    def test_numbers_and_keys_are_used_once(self):
        self._import(self._row(number="260304", source_ref="OA-1"))
        row = self._row(number="260304", source_ref="OA-1")
        self.assertEqual(
            self._refused(row, self._row(number="X"), self._row(number="X", source_ref="OA-2")),
            [
                "Row 1 (260304): 260304 is used already, by 260304 - 外壳开裂.",
                "Row 1 (260304): OA-1 is used already, by 260304 - 外壳开裂.",
                "Row 3 (X): X stands in row 2 already.",
            ],
        )

    def _other_company(self):
        """Return another company under the same policy, and its type of quality complaints."""
        company = self._new_company("杭州分公司")
        people = self.users["policy_admin"] | self.users["director"]
        people.company_ids += company
        policies = self.env["crm.policy"].with_context(allowed_company_ids=company.ids)
        version = policies.with_user(people[0])._policy_install_shipped("service", company)
        with at(NOW):
            version.with_user(people[1]).action_policy_publish()
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", company.id), ("code", "=", "quality")]
        )
        return company, kind

    def test_the_database_keeps_a_key_of_the_old_register_once(self):
        self._import(self._row(number="A", source_ref="OA-1"))
        second = self._import(self._row(number="B", source_ref="OA-2"))
        self.env.flush_all()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET policy_import_ref = 'OA-1' WHERE id = %s", second.ids
            )

    def test_another_company_may_have_the_same_numbers(self):
        company, kind = self._other_company()
        other = {"company_id": company.id, "policy_complaint_type_id": kind.id}
        cases = self._import(self._row(number="260304"), self._row(vals=other, number="260304"))
        self.assertEqual(len(cases.company_id), 2)
        self.assertEqual(self._next_number(), "260305")

    # === CLOCKS === #

    def test_a_case_that_ended_before_the_policy_has_no_clocks(self):
        past = self._import(self._row())
        self.assertTrue(past.policy_grandfathered)
        self.assertFalse(self._deadlines(past))
        self._run("sweep_deadlines", NOW)
        self.assertFalse(self._deadlines(past))

    def test_a_case_that_ended_under_the_policy_has_met_and_late_clocks(self):
        moments = {
            name: value.replace("2025-11-2", "2026-03-1").replace("2025-11", "2026-03")
            for name, value in PAST.items()
        }
        moments |= {"policy_callback_at": "2026-03-11 14:00"}
        moments |= {
            "policy_rechecked_at": "2026-03-11 15:00",
            "policy_closed_at": "2026-03-11 17:00",
        }
        moments |= {
            "policy_solution_at": "2026-03-05 15:00",
            "policy_decided_at": "2026-03-05 15:30",
        }
        case = self._import(self._row(moments))
        self.assertFalse(case.policy_grandfathered)
        self.assertEqual(
            {deadline.rule_code: deadline.state for deadline in self._deadlines(case)},
            {"complaint-response": "met", "complaint-solution": "late", "reply": "met",
             "callback": "met"},
        )  # fmt: skip

    def test_an_open_case_that_is_late_shows_it_and_alarms_nobody(self):
        late, fresh = self._import(
            self._open_row("2026-03-04", number="A"), self._open_row("2026-03-12", number="B")
        )
        self._run("mark_overdue", NOW)
        with at(NOW):
            self.assertTrue(late.policy_is_late)
            self.assertFalse(fresh.policy_is_late)
        self.assertEqual(set(self._deadlines(late).mapped("overdue_at")), {shanghai(NOW)})
        self.assertEqual(set(self._deadlines(fresh).mapped("overdue_at")), {False})
        self.assertEqual(len(late.message_ids), 1)
        Event = self.env["crm.policy.event"]
        self.assertFalse(Event.search([("type", "=", "deadline.overdue")]).filtered(
            lambda event: event.payload["res_id"] in (late + fresh).ids
        ))  # fmt: skip
        # What falls due afterwards is announced as ever.
        self._run("mark_overdue", "2026-03-16 10:00")
        self.assertEqual(len(fresh.message_ids), 3)  # overdue, and who was told
        self.assertEqual(len(late.message_ids), 1)
        told = self.env["crm.policy.escalation"].search([("company_id", "=", self.company.id)])
        self.assertEqual(set(told.deadline_id.mapped("res_id")), set(fresh.ids))
        violations = self.env["crm.policy.violation"].search([("res_id", "in", late.ids)])
        self.assertFalse(violations.filtered(lambda line: line.res_model == late._name))

    # === WHAT IS REFUSED === #

    def test_dates_against_their_order(self):
        facts = PAST | {
            "policy_settled_at": "2025-11-04 16:00",
            "policy_accepted_at": "2025-11-03 09:00",
        }
        self.assertEqual(
            self._refused(self._row(facts)),
            [
                "Row 1 (KS-2025-17): Accepted At lies before Received At.",
                "Row 1 (KS-2025-17): Settled At lies before Decided At.",
            ],
        )

    def test_a_gap_does_not_hide_a_contradiction(self):
        facts = {"policy_registered_at": "2025-11-09 10:00", "policy_closed_at": "2025-11-08 10:00"}
        self.assertEqual(
            self._refused(self._row(facts)),
            ["Row 1 (KS-2025-17): Closed At lies before Registered At."],
        )

    def test_the_future(self):
        facts = PAST | {"policy_closed_at": "2026-03-12 10:01"}
        self.assertEqual(
            self._refused(self._row(facts)),
            ["Row 1 (KS-2025-17): Closed At: 2026-03-12 02:01:00 lies in the future."],
        )

    def test_an_open_case_with_gaps(self):
        facts = {
            "policy_registered_at": "2026-03-10 10:00",
            "policy_settled_at": "2026-03-11 10:00",
        }
        self.assertEqual(
            self._refused(self._row(facts), self._row({}, number="B")),
            [
                "Row 1 (KS-2025-17): It is still open and goes on from here, so it needs: Received "
                "At, Accepted At, Responded At, Solution Proposed At, Decided At.",
                "Row 2 (B): It is still open and goes on from here, so it needs: Received At.",
            ],
        )

    def test_ends_that_are_none(self):
        closed = {"policy_closed_at": PAST["policy_closed_at"]}
        self.assertEqual(
            self._refused(
                self._row(closed, outcome=None, number="A"),
                self._open_row(outcome="accepted", number="B"),
                self._row(closed, outcome="gone", number="C"),
                self._row({}, outcome="cancelled", number="D"),
            ),
            [
                "Row 1 (A): It is closed: say its outcome.",
                "Row 2 (B): It has an outcome, but Closed At is missing.",
                "Row 3 (C): There is no outcome gone.",
                "Row 4 (D): Not a single date is known.",
            ],
        )

    def test_facts_that_have_no_place(self):
        inquiry = {"policy_kind": "inquiry", "policy_complaint_type_id": False}
        answered = {
            name: PAST[name] for name in (*OPEN, "policy_responded_at", "policy_settled_at")
        }
        self.assertEqual(
            self._refused(
                self._row(answered, vals=inquiry, number="A"),
                self._row({"policy_fetched_at": "2025-11-03 09:10"}, number="B"),
                {**self._row({}, number="C"), "facts": {"policy_intake_at": "2025-11-03"}},
            ),
            [
                "Row 1 (A): Settled At has no place in a case of its kind.",
                "Row 2 (B): policy_fetched_at is no fact of a case.",
                "Row 3 (C): Received At: 2025-11-03 is no date and time.",
            ],
        )

    def test_values_that_no_case_takes(self):
        self.assertEqual(
            self._refused(
                self._row(vals={"policy_number": "1"}, number="A"),
                self._row(vals={"policy_kind": "gripe"}, number="B"),
                self._row(vals={"name": ""}, number="C"),
                self._row(vals={"policy_quantity": 5, "policy_defective_quantity": 6}, number="D"),
                self._row(vals={"policy_claim_amount": 1e12}, number="E"),
                self._row(
                    vals={"partner_id": False, "policy_complaint_type_id": False}, number="F"
                ),
                self._row(texts={"policy_callback_score": 6}, number="G"),
                self._row(texts={"policy_reply_channel": "pigeon", "policy_step": "x"}, number="H"),
            ),
            [
                "Row 1 (A): policy_number: not a value of a new case.",
                "Row 2 (B): Kind: there is no kind gripe.",
                "Row 3 (C): Title is missing.",
                "Row 4 (D): The defective quantity exceeds the quantity delivered.",
                "Row 5 (E): Claimed: 1000000000000.0 cannot be meant.",
                "Row 6 (F): It cannot be registered without: Type.",
                "Row 6 (F): It cannot be registered without: Contact.",
                "Row 7 (G): Satisfaction is a whole number from 1 to 5, not 6.",
                "Row 8 (H): policy_step is no text of a step.",
                "Row 8 (H): There is no reply channel pigeon.",
            ],
        )

    def test_remedies_that_are_none(self):
        remedies = [{"kind": "hug"}, {"kind": "refund", "amount": -1}]
        self.assertEqual(
            self._refused(self._row(remedies=remedies)),
            [
                "Row 1 (KS-2025-17): There is no remedy hug.",
                "Row 1 (KS-2025-17): An amount of -1 cannot be meant.",
            ],
        )

    def test_a_customer_of_another_company(self):
        other = self._new_company("杭州分公司")
        partner = self.env["res.partner"].create({"name": "异地客户", "company_id": other.id})
        self.assertEqual(
            self._refused(self._row(vals={"partner_id": partner.id})),
            ["Row 1 (KS-2025-17): The customer belongs to another company."],
        )

    def test_a_type_of_another_company(self):
        company, kind = self._other_company()
        words = "Row 1 (KS-2025-17): Type: {} is not in use in {}."
        here, there = {"company_id": self.company.id}, {"company_id": company.id}
        theirs = {"policy_complaint_type_id": kind.id}
        self.assertEqual(
            [
                self._refused(self._row(vals={**here, **theirs})),
                self._refused(self._row(vals=there)),
            ],
            [
                [words.format(kind.name, self.company.name)],
                [words.format(self.types["quality"].name, company.name)],
            ],
        )

    def test_a_handler_without_a_post(self):
        user = self.users["analyst"]
        self.assertEqual(
            self._refused(self._row(vals={"user_id": user.id})),
            [f"Row 1 (KS-2025-17): {user.name} has no post in customer service."],
        )

    def test_an_open_case_re_checked_by_its_handler(self):
        me = self.users["specialist"].id
        facts = {name: PAST[name] for name in PAST if name != "policy_closed_at"}
        texts = {"policy_solution": "换货", "policy_recheck_user_id": me}
        self.assertEqual(
            self._refused(self._row(facts, texts=texts)),
            ["Row 1 (KS-2025-17): It is re-checked by another person than its handler."],
        )
        # What is over was so, and stays on record.
        case = self._import(self._row(texts=texts))
        self.assertEqual(case.policy_recheck_user_id.id, me)

    def test_a_company_without_a_policy(self):
        company = self._new_company("无制度公司")
        vals = {
            "company_id": company.id,
            "policy_complaint_type_id": False,
            "policy_kind": "inquiry",
        }
        facts = {"policy_intake_at": "2026-03-10 09:00"}
        self.assertEqual(
            self._refused(self._row(facts, vals=vals)),
            ["Row 1 (KS-2025-17): 无制度公司 has no policy in force for: Inquiry."],
        )

    def test_nobody_writes_what_the_import_wrote(self):
        case = self._import(self._open_row())
        for vals in (
            {"policy_imported_at": fields.Datetime.now()},
            {"policy_import_ref": "x"},
            {"policy_grandfathered": True},
        ):
            with self.assertRaises(AccessError):
                case.sudo().write(vals)
            with self.assertRaises(AccessError):
                self._new_case(**vals)
        with self.assertRaises(UserError):
            case.sudo().unlink()

    # === COST === #

    def test_queries_do_not_grow_with_the_rows(self):
        self._import(self._open_row(number="W1"), self._row(number="W2"))
        counts = []
        for count in (20, 40):
            rows = []
            for serial in range(count):
                past = timedelta(days=serial % 5)
                row = (self._row if serial % 2 else self._open_row)(
                    number=f"Q{count}-{serial}",
                    source_ref=f"R{count}-{serial}",
                    author_id=self.users["qc"].id,
                )
                row["facts"] = {name: moment - past for name, moment in row["facts"].items()}
                rows.append(row)
            self.env.flush_all()
            self.env.invalidate_all()
            with patch.object(self.env.cr, "execute", wraps=self.env.cr.execute) as execute:
                self._import(*rows)
                self.env.flush_all()
            counts.append(execute.call_count)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[0], 120)
