"""A closed case is taken up again: by the customer's word, or by a supervisor with a reason."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..common import PolicyCommon, at, shanghai


class TestCaseReopen(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create(
            {"name": "张工", "parent_id": cls.partner.id, "email": "zhang@hengda.example.com"}
        )
        cls.stranger = cls.env["res.partner"].create(
            {"name": "路人", "email": "stranger@example.com"}
        )

    def _closed(self, **vals):
        with at("2026-03-02 09:30"):
            case = self._new_case(**vals)
            self._drive(case, "callback")
        with at("2026-03-04 17:00"):
            self._as("supervisor", case).action_policy_recheck("记录齐全")
            self._as("specialist", case).action_policy_close()
        return case

    def _write(self, case, author=None, **vals):
        """Post what the customer (or somebody else) writes, as the mail gateway does."""
        author = self.contact if author is None else author
        values = {"body": "又出现分层了", "message_type": "email", "author_id": author.id,
                  "subtype_xmlid": "mail.mt_comment", **vals}  # fmt: skip
        return case.message_post(**values)

    # === BY THE CUSTOMER'S WORD === #

    def test_within_the_days_of_the_clause_the_case_is_taken_up_again(self):
        case = self._closed()
        number = case.policy_number
        # Day 30 after 4 March ends on 3 April at midnight; the last second still counts.
        with at("2026-04-03 23:59:59"):
            self._write(case)
        self.assertFalse(case.policy_closed_at or case.closed_date or case.policy_outcome)
        self.assertFalse(case.stage_id.closed)
        self.assertEqual(case.policy_step, "registered")
        self.assertEqual(case.policy_number, number)
        self.assertEqual(case.policy_cycle, 1)
        self.assertEqual(case.policy_reopened_at, shanghai("2026-04-03 23:59:59"))
        self.assertEqual(case.policy_customer_wrote_at, shanghai("2026-04-03 23:59:59"))
        self.assertFalse(case.policy_callback_score or case.policy_reply_text)
        notes = " ".join(case.message_ids.mapped("body"))
        for text in ("3.7", "同意返工补发", "客户认可", "记录齐全"):
            self.assertIn(text, notes)
        event = self.env["crm.policy.event"].search([("type", "=", "case.reopened")], limit=1)
        self.assertEqual((event.res_id, event.clause), (case.id, "3.7"))
        self.assertEqual(
            event.payload, {"cycle": 1, "closed_at": "2026-03-04 09:00:00", "score": 4}
        )

    def test_later_it_becomes_a_case_of_its_own(self):
        case = self._closed()
        with at("2026-04-04 00:00"):
            self._write(case, body="<p>又分层了</p>")
        self.assertTrue(case.policy_closed_at)
        follower = self.env["helpdesk.ticket"].search([("policy_origin_id", "=", case.id)])
        self.assertEqual(len(follower), 1)
        self.assertEqual(follower.policy_kind, "complaint")
        self.assertEqual(follower.partner_id, self.partner)
        self.assertEqual(follower.policy_complaint_type_id, case.policy_complaint_type_id)
        self.assertEqual(follower.team_id, case.team_id)
        self.assertIn("又分层了", follower.description)
        self.assertTrue(follower.policy_to_sort)
        self.assertEqual(follower.policy_intake_at, shanghai("2026-04-04 00:00"))
        self.assertIn(follower.number, case.message_ids[0].body)

    def test_without_a_clause_a_person_sorts_it_out(self):
        rule = self.env["crm.policy.fact.rule"].search(
            [("version_id", "=", self.version.id), ("fact_name", "=", "policy_reopened_at")]
        )
        case = self._closed()
        self.env.cr.execute(
            "UPDATE crm_policy_fact_rule SET reopen_days = 0 WHERE id = %s", rule.ids
        )
        rule.invalidate_recordset()
        with at("2026-03-05 10:00"):
            self._write(case)
        self.assertTrue(case.policy_closed_at)
        self.assertTrue(case.policy_to_sort)
        self.assertIn("closed", case.policy_sort_reason)

    def test_no_policy_in_force_loses_nothing(self):
        case = self._closed()
        self.version.policy_id.active_in_company = False
        with at("2026-06-01 10:00"):
            self._write(case)
        self.assertTrue(case.policy_to_sort)
        self.assertIn("no policy in force", case.policy_sort_reason)

    def test_a_cancelled_case_is_put_before_a_person(self):
        with at("2026-03-02 09:30"):
            case = self._new_case()
            self._as("supervisor", case).action_policy_cancel("重复")
            self._write(case)
        self.assertEqual(case.policy_outcome, "cancelled")
        self.assertTrue(case.policy_to_sort)

    def test_whose_word_counts(self):
        specialist = self.users["specialist"].partner_id
        colleague = self.stranger.copy({"name": "李工", "parent_id": self.partner.id})
        mail = {"author_id": False, "email_from": "Zhang <ZHANG@hengda.example.com>"}
        for who, author, vals, counts in (
            ("the contact", self.contact, {}, True),
            ("his company", self.partner, {}, True),
            ("a colleague of his", colleague, {}, True),
            ("through the portal", self.contact, {"message_type": "comment"}, True),
            ("by address alone", self.stranger, mail, True),
            ("a stranger", self.stranger, {}, False),
            ("our specialist", specialist, {"message_type": "comment"}, False),
            ("a note", self.contact, {"subtype_xmlid": "mail.mt_note", "is_internal": True}, False),
            ("a system message", self.contact, {"message_type": "notification"}, False),
        ):
            with self.subTest(who):
                case = self._closed(partner_email="zhang@hengda.example.com")
                with at("2026-03-05 10:00"):
                    self._write(case, author, **vals)
                self.assertEqual(case.policy_cycle, int(counts))
                self.assertEqual(bool(case.policy_closed_at), not counts)

    def test_our_answer_clears_the_waiting_customer(self):
        with at("2026-03-02 09:30"):
            case = self._new_case()
            self._write(case)
            self.assertTrue(case.policy_customer_wrote_at)
            mine = self._as("specialist", case)
            words = {"body": "您好", "message_type": "comment"}
            mine.message_post(**words, subtype_xmlid="mail.mt_note")
            self.assertTrue(case.policy_customer_wrote_at)
            mine.message_post(**words, subtype_xmlid="mail.mt_comment")
            self.assertFalse(case.policy_customer_wrote_at)
        self.assertEqual(case.policy_cycle, 0)

    def test_an_ungoverned_ticket_is_left_alone(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "partner_id": self.partner.id}
        )
        self._write(ticket)
        self.assertFalse(ticket.policy_customer_wrote_at or ticket.policy_to_sort)

    # === THE CLOCKS === #

    def _clocks(self, case, cycle):
        return {
            clock.rule_code: clock for clock in case.policy_deadline_ids if clock.cycle == cycle
        }

    def test_the_new_cycle_has_clocks_of_its_own_and_the_old_breach_stays(self):
        with at("2026-03-02 09:30"):
            case = self._new_case()
            self._drive(case, "register")
        with at("2026-03-03 09:30:01"):  # one second after the 24 hours
            self._as("specialist", case).action_policy_respond("已致电")
        with at("2026-03-04 09:00"):
            for step in ("propose", "decide", "settle", "reply", "callback"):
                arguments = {
                    "propose": ("返工",),
                    "reply": ("同意", "phone"),
                    "callback": (4, "好"),
                }
                getattr(self._as("specialist", case), f"action_policy_{step}")(
                    *arguments.get(step, ())
                )
            self._as("supervisor", case).action_policy_recheck("ok")
            self._as("specialist", case).action_policy_close()
        with at("2026-03-06 10:00"):
            self._write(case)
        old, new = self._clocks(case, 0), self._clocks(case, 1)
        self.assertEqual(old["complaint-response"].state, "late")
        self.assertEqual({clock.state for clock in old.values()}, {"late", "met"})
        self.assertEqual(set(new), {"complaint-response", "complaint-solution"})
        self.assertEqual(new["complaint-response"].start_at, shanghai("2026-03-06 10:00"))
        self.assertEqual(new["complaint-response"].due_at, shanghai("2026-03-07 10:00"))
        self.assertEqual(new["complaint-solution"].due_at, shanghai("2026-03-08 10:00"))
        # The sweep sees nothing to mend: SQL and hooks say the same.
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
            Domain("model_name", "=", "helpdesk.ticket")
        )
        rules = rules.filtered(lambda rule: rule.version_id == self.version)
        Deadline = self.env["crm.policy.deadline"]
        self.assertEqual(Deadline._policy_differences("helpdesk.ticket", rules), [])
        with at("2026-03-06 11:00"):
            self._as("specialist", case).action_policy_respond("再次致电")
        self.assertEqual(new["complaint-response"].state, "met")
        self.assertEqual(old["complaint-response"].state, "late")
        self.assertEqual(Deadline._policy_differences("helpdesk.ticket", rules), [])
        # A clock that the hooks have missed is made by the sweep, in its own cycle.
        rule_id = new["complaint-solution"].rule_id.id
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM crm_policy_deadline WHERE id = %s", new["complaint-solution"].ids
        )
        self.env.invalidate_all()
        self.assertEqual(
            Deadline._policy_differences("helpdesk.ticket", rules), [(rule_id, case.id)]
        )

    def test_twice_reopened(self):
        case = self._closed()
        for cycle, day in ((1, "2026-03-05"), (2, "2026-03-06")):
            with at(f"{day} 10:00"):
                self._write(case)
            self.assertEqual(case.policy_cycle, cycle)
            with at(f"{day} 11:00"):
                mine = self._as("specialist", case)
                mine.action_policy_respond("致电")
                mine.action_policy_propose("退货")
                mine.action_policy_decide()
                mine.action_policy_settle()
                mine.action_policy_reply("同意", "phone")
                mine.action_policy_callback(5, "满意")
                self._as("supervisor", case).action_policy_recheck("ok")
                mine.action_policy_close()
        self.assertTrue(case.policy_closed_at)
        self.assertEqual({clock.cycle for clock in case.policy_deadline_ids}, {0, 1, 2})

    # === REMEDIES OF THE FORMER CYCLE === #

    def test_what_was_decided_stays_and_counts(self):
        with at("2026-03-02 09:30"):
            case = self._new_case()
            remedy = self._new_remedy(case, 300)
            self._drive(case, "callback")
            self._as("supervisor", case).action_policy_recheck("ok")
            self._receive(remedy)
            self._as("specialist", case).action_policy_close()
        with at("2026-03-03 09:30"):
            self._write(case)
            with self.assertRaisesRegex(UserError, "stay as they were decided"):
                self._as("specialist", remedy).amount = 1
            with self.assertRaises(UserError):
                self._as("specialist", remedy).unlink()
            again = self._new_remedy(case, 250)
            self.assertEqual(again.cycle, 1)
            self.assertEqual(remedy.policy_approval_state, "approved")
            mine = self._as("specialist", case)
            mine.action_policy_respond("致电")
            mine.action_policy_propose("补偿")
            # 300 of the first time and 250 now pass the limit of 500: splitting does not help.
            with self.assertRaisesRegex(UserError, "550.00.*500.00"):
                mine.action_policy_decide()
            again.amount = 200
            mine.action_policy_decide()
        self.assertTrue(case.policy_decided_at)

    # === BY A SUPERVISOR === #

    def test_who_reopens(self):
        for role, may in (
            ("specialist", False),
            ("supervisor", True),
            ("manager", True),
            ("director", True),
            ("qc", False),
            ("ceo", False),
            ("policy_admin", False),
        ):
            with self.subTest(role):
                case = self._closed()
                if may:
                    self._as(role, case).action_policy_reopen("客户来电")
                else:
                    with self.assertRaises(AccessError):
                        self._as(role, case).action_policy_reopen("客户来电")
                self.assertEqual(case.policy_cycle, int(may))

    def test_a_reason_and_a_closed_case_are_needed(self):
        case = self._closed()
        for reason in (None, "", "  "):
            with self.assertRaises(ValidationError):
                self._as("supervisor", case).action_policy_reopen(reason)
        self._as("supervisor", case).action_policy_reopen("客户来电")
        with self.assertRaisesRegex(UserError, "not closed"):
            self._as("supervisor", case).action_policy_reopen("再一次")

    def test_nobody_writes_the_cycle(self):
        case = self._closed()
        for user in (self.users["director"], self.env.user):
            for vals in (
                {"policy_cycle": 3},
                {"policy_reopened_at": "2026-01-01"},
                {"policy_customer_wrote_at": False},
                {"policy_closed_at": False},
            ):
                with self.subTest(user.login, vals=vals), self.assertRaises(AccessError):
                    case.with_user(user).write(vals)
