"""Comfort after a major complaint: severity, approval, and the receipt of its recipient
(RET-CMP-01)."""

from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ...exceptions import PolicyRefusal
from ..common import PolicyCommon, at, shanghai
from ..portal_common import HTML, PNG, PortalCommon


class ReceiptCommon(PolicyCommon):
    def _decided(self, kind="compensation", amount=300, **vals):
        """Return a major complaint with one remedy, decided and settled on Monday at ten."""
        with at("2026-03-02 10:00"):
            case = self._new_case(**{"policy_severity": "major", **vals})
            self._drive(case, "respond")
            remedy = self._new_remedy(case, amount, kind=kind)
            mine = self._as("specialist", case)
            mine.action_policy_propose("安抚并补偿")
            mine.action_policy_submit()
            self._as("manager", remedy).action_policy_approve("同意")
            mine.action_policy_decide()
            mine.action_policy_settle()
        return case, remedy

    def _handed(self, moment="2026-03-03 10:00", **vals):
        case, remedy = self._decided(**vals)
        with at(moment):
            self._as("specialist", remedy).action_policy_hand_over()
        return case, remedy

    def _paper(self, name="签收单.png", raw=PNG, role="specialist"):
        Attachment = self.env["ir.attachment"].with_user(self.users[role])
        return Attachment.create({"name": name, "raw": raw})

    def _events(self, remedy, *types):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", remedy._name), ("res_id", "=", remedy.id), ("type", "in", types)],
            order="id",
        )


class TestComfort(ReceiptCommon):
    def _comfort(self, severity, amount=800, **vals):
        case = self._new_case(policy_severity=severity)
        self._drive(case, "respond")
        remedy = self._new_remedy(case, amount, **{"is_comfort": True, **vals})
        self._as("specialist", case).action_policy_propose("安抚")
        return case, remedy

    def test_money_comforts_from_major_on(self):
        case, remedy = self._comfort("general")
        with self.assertRefused(
            PolicyRefusal,
            r"^Clause 4\.7 .*Compensation ¥.800\.00 comforts the customer of .*, severity General; "
            r"money comforts from Major on\. The severity is said by: t_specialist .*\.$",
        ):
            self._as("specialist", case).action_policy_submit()
        self.assertFalse(remedy.policy_approval_id)
        with self.assertRefused(PolicyRefusal, "comforts the customer"):
            self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)
        with self.assertRefused(PolicyRefusal, "comforts the customer"):
            self._as("specialist", remedy).action_policy_execute_emergency("客户在现场")
        with self.assertRefused(PolicyRefusal, "comforts the customer"):
            self._as("manager", case).action_policy_decide()
        nobody = new_test_user(self.env, login="t_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            remedy.with_user(nobody).action_policy_execute_emergency("客户在现场")
        case.policy_severity = "major"
        self._as("specialist", case).action_policy_submit()
        self.assertIn(self.users["manager"], remedy.policy_approval_id.eligible_user_ids)

    def test_it_is_decided_by_its_amount(self):
        """10,000 is the manager's, a cent more the director's."""
        for amount, role, other in (
            (10_000, "manager", "ceo"),
            (10_000.01, "director", "manager"),
        ):
            with self.subTest(amount):
                case, remedy = self._comfort("crisis", amount)
                self._as("specialist", case).action_policy_submit()
                signers = remedy.policy_approval_id.eligible_user_ids
                self.assertIn(self.users[role], signers)
                self.assertNotIn(self.users[other], signers)

    def test_what_makes_good_and_what_is_no_money_needs_no_severity(self):
        for vals in ({"is_comfort": False}, {"kind": "gift"}):
            case, remedy = self._comfort("general", **vals)
            self._as("specialist", case).action_policy_submit()
            self.assertEqual(remedy.policy_approval_state, "pending")

    def test_the_number_is_the_policy_s(self):
        self._set_parameter("comfort_severity_degrees", 2)
        case, _remedy = self._comfort("major")
        with self.assertRefused(PolicyRefusal, "severity Major; money comforts from Crisis on"):
            self._as("specialist", case).action_policy_submit()
        # There is none above a crisis.
        self._set_parameter("comfort_severity_degrees", 9)
        case, _remedy = self._comfort("crisis")
        self._as("specialist", case).action_policy_submit()
        self._set_parameter("comfort_severity_degrees", 0)
        case, _remedy = self._comfort("general")
        self._as("specialist", case).action_policy_submit()

    def test_what_was_signed_as_no_comfort_does_not_become_one(self):
        case, remedy = self._comfort("major", is_comfort=False)
        self._as("specialist", case).action_policy_submit()
        self._as("specialist", remedy).is_comfort = True
        self.assertEqual(remedy.policy_approval_state, "none")
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_approve("同意")
        self._as("specialist", case).action_policy_decide()
        with self.assertRefused(UserError, "stay as they were decided"):
            self._as("specialist", remedy).is_comfort = False


class TestRemedyReceipt(ReceiptCommon):
    # === WITHOUT A RECEIPT === #

    def test_it_is_not_carried_out_before_its_recipient_has_acknowledged_it(self):
        for kind, amount, label in (
            ("compensation", 300, r"Compensation ¥.300\.00"),
            ("gift", 0, "Gift"),
        ):
            case, remedy = self._decided(kind, amount)
            words = (
                rf"^Clause 4\.7 .*{label} counts as carried out with ¥.{amount}\.00 once its "
                r"recipient has acknowledged it\. Missing: his signature on a paper \(scanned\), "
                r"or his confirmation on the page of his case\. "
                rf"Can give it: {self.partner.name}\.$"
            )
            with self.subTest(kind):
                with self.assertRaises(PolicyRefusal) as caught:
                    self._as("specialist", remedy).action_policy_execute_amount()
                self.assertRegex(str(caught.exception), words)
                action = caught.exception.context["policy_action"]
                self.assertEqual(
                    (action["res_model"], action["context"]),
                    (
                        "crm.policy.remedy.turn",
                        {"default_remedy_id": remedy.id, "default_turn": "receipt"},
                    ),
                )
                self.assertFalse(remedy.executed_at)
                self.assertEqual(remedy.receipt_state, "open")
                self.assertIn("Receipt (4.7): ", case.policy_still_needed)

    def test_what_the_policy_does_not_name_is_carried_out_as_before(self):
        _case, refund = self._decided("refund")
        mine = self._as("specialist", refund)
        self.assertEqual((refund.wants_receipt, refund.receipt_state), (False, False))
        for refused in (
            lambda: mine.action_policy_hand_over(),
            lambda: mine.action_policy_receipt(self._paper().ids, "张三"),
        ):
            with self.assertRefused(UserError, "needs no receipt"):
                refused()
        mine.action_policy_execute_amount()
        self.assertEqual(refund.executed_amount, 300)
        self._set_parameter("receipt_compensation", 0)
        case, remedy = self._decided()
        self.assertFalse(case.policy_still_needed)
        self._as("specialist", remedy).action_policy_execute_amount(300)
        self.assertTrue(remedy.executed_at)

    def test_the_case_waits_and_is_not_closed_without_it(self):
        case, remedy = self._handed()
        self.assertEqual(remedy.receipt_state, "asked")
        words = f"Receipt (4.7): {remedy.display_name}, to be acknowledged by {self.partner.name}"
        self.assertIn(words, case.policy_still_needed)
        mine = self._as("specialist", case)
        with at("2026-03-03 11:00"):
            mine.action_policy_reply("补偿300元", "phone")
            case._policy_set_fact("policy_callback_at")
            case._policy_set_fact("policy_rechecked_at")
            self.assertEqual(case.policy_next_action, "needs")
            with self.assertRefused(UserError, r"Receipt \(4\.7\): .*to be acknowledged by"):
                mine.action_policy_close()
            self._as("specialist", remedy).action_policy_receipt(self._paper().ids, "张三")
            self.assertEqual(case.policy_next_action, "close")
            self.assertFalse(case.policy_still_needed)
            mine.action_policy_close()
        self.assertEqual(case.policy_closed_at, shanghai("2026-03-03 11:00"))

    def test_of_what_is_refused_no_receipt_is_waited_for(self):
        case = self._new_case(policy_severity="major")
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 800)
        self._as("specialist", case).action_policy_propose("补偿")
        self.assertEqual(remedy.receipt_state, "open")
        self._as("specialist", case).action_policy_submit()
        self._as("manager", remedy).action_policy_reject("不予补偿")
        self.assertFalse(remedy.receipt_state)
        self.assertFalse(case._policy_unreceived())

    def test_before_the_decision_nothing_is_waited_for(self):
        case = self._new_case(policy_severity="major")
        self._drive(case, "respond")
        remedy = self._new_remedy(case, 300)
        self.assertFalse(case.policy_still_needed)
        with self.assertRefused(PolicyRefusal, "carried out once it is decided"):
            self._as("specialist", remedy).action_policy_hand_over()
        with self.assertRefused(PolicyRefusal, "carried out once it is decided"):
            self._as("specialist", remedy).action_policy_receipt(self._paper().ids, "张三")

    # === ON PAPER === #

    def test_a_signed_paper_carries_it_out(self):
        case, remedy = self._handed()
        paper = self._paper()
        with at("2026-03-04 09:30"):
            self._as("specialist", remedy).action_policy_receipt(
                paper.ids, " 张三 ", date(2026, 3, 3)
            )
        now = shanghai("2026-03-04 09:30")
        self.assertEqual(
            (remedy.handed_at, remedy.handed_by_id, remedy.handed_amount, remedy.received_at,
             remedy.received_on, remedy.received_name, remedy.received_channel,
             remedy.received_partner_id.id, remedy.receipt_ids, remedy.receipt_state,
             remedy.executed_at, remedy.executed_amount),
            (shanghai("2026-03-03 10:00"), self.users["specialist"], 300, now,
             date(2026, 3, 3), "张三", "paper", False, paper, "received", now, 300),
        )  # fmt: skip
        self.assertEqual((paper.res_model, paper.res_id), (remedy._name, remedy.id))
        handed, received, executed = self._events(
            remedy, "remedy.handed_over", "remedy.received", "remedy.executed"
        )
        self.assertEqual(handed.payload, {"amount": 300})
        self.assertEqual(
            {name: received.payload[name] for name in ("channel", "amount", "scans")},
            {"channel": "paper", "amount": 300, "scans": [paper.checksum]},
        )
        self.assertNotIn("张三", str(received.payload))
        self.assertEqual((handed.clause, received.clause), ("4.7", "4.7"))
        self.assertEqual((received.actor_id, executed.payload["amount"]),
                         (self.users["specialist"].id, 300))  # fmt: skip
        with self.assertRefused(UserError, "was carried out"):
            self._as("specialist", remedy).action_policy_receipt(self._paper().ids, "李四")
        self.assertFalse(case.policy_still_needed)

    def test_a_paper_alone_hands_it_over_as_well(self):
        _case, remedy = self._decided()
        with at("2026-03-04 09:30"):
            self._as("specialist", remedy).action_policy_receipt(
                self._paper().ids, "张三", amount=280
            )
        self.assertEqual(
            (remedy.handed_amount, remedy.executed_amount, remedy.received_on),
            (280, 280, date(2026, 3, 4)),
        )

    def test_what_proves_nothing(self):
        _case, remedy = self._handed()
        mine = self._as("specialist", remedy)
        foreign = self.env["ir.attachment"].with_user(self.users["ceo"]).create(
            {"name": "别人的.png", "raw": PNG, "res_model": "crm.policy.remedy.turn", "res_id": 0}
        )  # fmt: skip
        page = self._paper("签收单.png", HTML).ids
        with at("2026-03-04 09:30"):
            for ids, name, day, error, words in (
                (None, "张三", None, ValidationError, r"Clause 4\.7.*attach the paper that .*"),
                ([], "张三", None, ValidationError, "attach the paper"),
                ("7", "张三", None, ValidationError, "attach the paper"),
                ([0], "张三", None, ValidationError, "attach the paper"),
                ([2**30], "张三", None, ValidationError, "not there"),
                (foreign.ids, "张三", None, AccessError, "not allowed"),
                (page, "张三", None, ValidationError, "neither a picture nor a PDF"),
                (self._paper().ids, "  ", None, ValidationError, "who has signed"),
                (self._paper().ids, 5, None, ValidationError, "who has signed"),
                (self._paper().ids, "张三", date(2026, 3, 5), ValidationError, "2026-03-05"),
                (self._paper().ids, "张三", date(2026, 3, 1), ValidationError,
                 "can be dated 2026-03-01; the case was taken up on 2026-03-02"),
                (self._paper().ids, "张三", "昨天", ValidationError, "is no date"),
                (self._paper().ids, "张三", 5, ValidationError, "is no date"),
            ):  # fmt: skip
                with (
                    self.subTest(ids=ids, name=name, day=day),
                    self.assertRefused(error, words),
                    self.env.cr.savepoint(),
                ):
                    mine.action_policy_receipt(ids, name, day)
        self.env.invalidate_all()
        self.assertFalse(remedy.received_at or remedy.executed_at or remedy.receipt_ids)

    # === HANDING OVER === #

    def test_handing_over_has_the_limits_of_carrying_out(self):
        _case, remedy = self._decided()
        mine = self._as("specialist", remedy)
        with self.assertRefused(PolicyRefusal, r"¥.315\.01; ¥.300\.00 were decided, .*¥.315\.00"):
            mine.action_policy_hand_over(315.01)
        with self.assertRefused(ValidationError, "cannot be meant"):
            mine.action_policy_hand_over("300")
        mine.action_policy_hand_over(315)
        self.assertEqual(remedy.handed_amount, 315)
        with self.assertRefused(UserError, "handed over already"):
            mine.action_policy_hand_over(315)
        with self.assertRefused(UserError, "was handed over|stay as they were decided"):
            mine.amount = 200
        with self.assertRefused(UserError, "was handed over|stay as they were decided"):
            mine.unlink()

    def test_who_may_not_carry_it_out_hands_nothing_over(self):
        _case, remedy = self._decided()
        for role in ("finance", "qc"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, remedy).action_policy_hand_over()
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, remedy).action_policy_receipt(self._paper(role=role).ids, "张三")

    def test_nobody_writes_the_receipt_himself(self):
        _case, remedy = self._handed()
        for vals in (
            {"handed_at": False},
            {"handed_by_id": self.users["ceo"].id},
            {"handed_amount": 1},
            {"received_at": shanghai("2026-03-04 09:30")},
            {"received_on": "2026-03-04"},
            {"received_name": "张三"},
            {"received_partner_id": self.partner.id},
            {"received_channel": "portal"},
            {"receipt_ids": [Command.link(self._paper().id)]},
        ):
            for record in (self._as("manager", remedy), remedy.sudo()):
                with self.subTest(vals), self.assertRaises(AccessError):
                    record.write(vals)

    def test_what_was_handed_over_on_a_leader_s_word_stays_as_he_signed_it(self):
        """The case is not decided yet; what was given is."""
        with at("2026-03-02 10:00"):
            case = self._new_case(policy_severity="major")
            self._drive(case, "respond")
            remedy = self._new_remedy(case, 5000)
            mine = self._as("specialist", remedy)
            mine.action_policy_oral_yes(self.users["manager"].id)
            mine.action_policy_hand_over()
            self._as("manager", remedy).action_policy_approve("补签")
            with self.assertRefused(UserError, "was handed over: it stays as it was decided"):
                mine.amount = 200
        self.env.invalidate_all()
        self.assertEqual((remedy.amount, remedy.policy_approval_state), (5000, "approved"))

    def test_what_was_handed_over_is_not_deleted_though_its_word_was_denied(self):
        with at("2026-03-02 10:00"):
            case = self._new_case(policy_severity="major")
            self._drive(case, "respond")
            remedy = self._new_remedy(case, 5000)
            mine = self._as("specialist", remedy)
            mine.action_policy_oral_yes(self.users["manager"].id)
            mine.action_policy_hand_over()
            self._as("manager", remedy).action_policy_reject("没有同意过")
            with self.assertRefused(UserError, "was handed over: it stays as it was decided"):
                mine.unlink()
        self.assertTrue(remedy.exists())

    def test_an_excess_goes_with_its_remedy(self):
        case, remedy = self._decided()
        mine = self._as("specialist", remedy)
        mine.action_policy_ask_excess(500)
        excess = case.policy_remedy_ids - remedy
        self._as("manager", excess).action_policy_approve("同意")
        self.assertFalse(excess.wants_receipt)
        mine.action_policy_hand_over()
        self.assertEqual(remedy.handed_amount, 500)
        self.assertNotIn(excess.display_name, case.policy_still_needed)

    # === THE WINDOW === #

    def test_the_window_hands_over_and_enters_the_receipt(self):
        _case, remedy = self._decided()
        Turn = self.env["crm.policy.remedy.turn"].with_user(self.users["specialist"])
        with at("2026-03-03 10:00"):
            window = Form(Turn.with_context(default_remedy_id=remedy.id, default_turn="handed"))
            self.assertEqual((window.amount, window.recipient_id), (300, self.partner))
            window.amount = 290
            window.save().action_policy_confirm()
        self.assertEqual(remedy.handed_amount, 290)
        with at("2026-03-04 10:00"):
            window = Form(Turn.with_context(default_remedy_id=remedy.id, default_turn="receipt"))
            self.assertEqual(
                (window.amount, window.received_name, window.received_on),
                (290, self.partner.name, date(2026, 3, 4)),
            )
            window.received_name = "张三"
            window.attachment_ids.add(self._paper())
            window.save().action_policy_confirm()
        self.assertEqual((remedy.received_name, remedy.executed_amount), ("张三", 290))


@tagged("post_install", "-at_install")
class TestReceiptInThePortal(PortalCommon, ReceiptCommon):
    def _ours(self, **vals):
        return self._handed(partner_id=self.customer.partner_id.id, **vals)

    def _url(self, case):
        return f"/my/ticket/{case.id}"

    def _say(self, case, remedy, login="t_customer", moment="2026-03-04 09:30", **form):
        with at(moment):
            self.authenticate(login, login)
            form = {"saying": "received", "remedy": remedy.id, **form}
            answer = self._post(f"{self._url(case)}/answer", csrf_token=self._csrf("/new/ticket"),
                                **form)  # fmt: skip
        self.env.invalidate_all()
        return answer

    def _page(self, case, login="t_customer"):
        with at("2026-03-04 09:00"):
            self.authenticate(login, login)
            return self._get(self._url(case)).text

    def test_he_confirms_it_himself(self):
        case, remedy = self._ours()
        other = self._new_remedy_of_the_case(case)
        page = self._page(case)
        for words in ("Please confirm that you have received what we gave you", "300.00",
                      "Please confirm that you have received:", "I Have Received It"):  # fmt: skip
            self.assertIn(words, page)
        for words in ("7,777", "别的补救", "t_specialist", "Your name"):
            self.assertNotIn(words, page)
        answer = self._say(case, remedy)
        self.assertEqual(answer.status_code, 303)
        now, who = shanghai("2026-03-04 09:30"), self.customer.partner_id
        self.assertEqual(
            (remedy.received_at, remedy.received_name, remedy.received_partner_id,
             remedy.received_channel, remedy.executed_at, remedy.executed_amount,
             remedy.receipt_ids),
            (now, who.name, who, "portal", now, 300, self.env["ir.attachment"]),
        )  # fmt: skip
        received = self._events(remedy, "remedy.received")
        self.assertEqual(
            (received.payload["partner"], received.payload["channel"], received.clause),
            (who.id, "portal", "4.7"),
        )
        note = case.message_ids.filtered(lambda message: "has received: " in message.body)
        self.assertEqual(note.author_id, who)
        # The second time changes nothing; the page shows the first.
        self.assertEqual(self._say(case, remedy, moment="2026-03-05 09:30").status_code, 303)
        self.assertEqual(remedy.received_at, now)
        page = self._page(case)
        self.assertIn("- received", page)
        self.assertNotIn("I Have Received It", page)
        self.assertFalse(other.handed_at)

    def _new_remedy_of_the_case(self, case):
        [remedy] = self.env["crm.policy.remedy"].sudo()._policy_guarded_create(
            [{"ticket_id": case.id, "kind": "compensation", "amount": 7777, "note": "别的补救"}]
        )  # fmt: skip
        return remedy

    def test_nothing_is_asked_before_it_was_handed_over(self):
        case, remedy = self._decided(partner_id=self.customer.partner_id.id)
        self.assertNotIn("I Have Received It", self._page(case))
        answer = self._say(case, remedy)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("nothing to confirm", answer.text)
        self.assertFalse(remedy.received_at)

    def test_of_two_at_once_the_second_waits(self):
        case, remedy = self._ours()
        form = {"saying": "received", "remedy": str(remedy.id)}

        def first(_cases):
            if not remedy.received_at:
                remedy._policy_receive("同事", "link")

        with patch.object(type(case), "_policy_hold_rows", first):
            problems = case._policy_customer_answers(form, "portal", self.customer.partner_id)
        self.assertEqual((problems, remedy.received_name), ([], "同事"))
        self.assertEqual(len(self._events(remedy, "remedy.received")), 1)

    def test_the_other_answers_are_taken_as_before(self):
        case, remedy = self._ours()
        with at("2026-03-03 11:00"):
            self._as("specialist", case).action_policy_reply("补偿300元", "phone")
        self.assertEqual(self._say(case, remedy, saying="confirm").status_code, 303)
        self.assertEqual(case._policy_customer_words().outcome, "confirmed")
        self.assertFalse(remedy.received_at)

    def test_nothing_is_asked_on_a_case_that_was_ended(self):
        case, remedy = self._ours()
        case._policy_guarded_write({"policy_outcome": "withdrawn"})
        self.assertFalse(case._policy_customer_receipts())
        self.assertEqual(self._say(case, remedy).status_code, 422)
        self.assertFalse(remedy.received_at)

    def test_he_has_not_got_it(self):
        case, remedy = self._ours()
        answer = self._say(case, remedy, saying="not_received")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Tell us what is missing", answer.text)
        self.assertTrue(remedy.handed_at)
        self._say(case, remedy, saying="not_received", words="没有到账")
        self.assertEqual(
            (remedy.handed_at, remedy.handed_by_id.id, remedy.handed_amount, remedy.executed_at),
            (False, False, 0, False),
        )
        self.assertEqual(len(self._events(remedy, "remedy.not_received")), 1)
        self.assertIn("没有到账", str(case.message_ids.mapped("body")))
        to_do = case.activity_ids.filtered(lambda line: "has not received" in (line.summary or ""))
        self.assertEqual(to_do.user_id, self.users["specialist"])
        # It is handed over once more.
        with at("2026-03-05 10:00"):
            self._as("specialist", remedy).action_policy_hand_over()
        self._say(case, remedy, moment="2026-03-06 09:30")
        self.assertEqual(remedy.executed_at, shanghai("2026-03-06 09:30"))

    def test_by_the_private_link_he_writes_his_name(self):
        case, remedy = self._ours()
        self.authenticate(None, None)
        with at("2026-03-04 09:30"):
            token = self.env["crm.policy.follow.link"]._policy_issue(case, 30, "findings")
            url = f"/policy/case/{token}"
            self.assertIn("Your name", self._get(url).text)
            form = {"saying": "received", "remedy": remedy.id}
            answer = self._post(f"{url}/answer", page=url, **form)
            self.assertEqual(answer.status_code, 422)
            self.assertIn("who has received it", answer.text)
            answer = self._post(f"{url}/answer", page=url, name="王" * 101, **form)
            self.assertIn("too long", answer.text)
            answer = self._post(f"{url}/answer", page=url, name="  王 五 ", **form)
            self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(
            (remedy.received_name, remedy.received_channel, remedy.received_partner_id.id,
             remedy.executed_at),
            ("王 五", "link", False, shanghai("2026-03-04 09:30")),
        )  # fmt: skip
        said = self._events(remedy, "remedy.received").payload
        link = self.env["crm.policy.follow.link"].search([("ticket_id", "=", case.id)])
        self.assertEqual((said["link"], said["given_with"]), (link.id, "findings"))

    def test_nobody_else_confirms_it(self):
        case, remedy = self._ours()
        other, foreign = self._handed(partner_id=self.stranger.partner_id.id)
        answer = self._say(case, foreign)
        self.assertEqual(answer.status_code, 422)
        self.assertTrue(self._say(case, remedy, "t_stranger").headers["Location"].endswith("/my"))
        for login in ("t_specialist", "t_ceo"):
            answer = self._say(case, remedy, login)
            self.assertNotEqual((answer.status_code, remedy.received_at), (303, True))
        self.assertFalse(remedy.received_at or foreign.received_at)
        self.assertFalse(other.policy_closed_at)

    def test_what_somebody_else_gets_he_signs_on_paper(self):
        case, remedy = self._decided(partner_id=self.customer.partner_id.id)
        guest = self.env["res.partner"].create({"name": "同行客人"})
        remedy._policy_guarded_write({"beneficiary_id": guest.id})
        with at("2026-03-03 10:00"):
            self._as("specialist", remedy).action_policy_hand_over()
        self.assertIn("to be acknowledged by 同行客人", case.policy_still_needed)
        self.assertNotIn("I Have Received It", self._page(case))
        self.assertEqual(self._say(case, remedy).status_code, 422)
        self.assertFalse(remedy.received_at)

    def test_what_came_between_is_left_to_a_person(self):
        case, remedy = self._ours()
        remedy._policy_guarded_write({"policy_approval_state": "none"})
        self._say(case, remedy)
        self.assertTrue(remedy.received_at)
        self.assertFalse(remedy.executed_at)
        remedy._policy_guarded_write({"policy_approval_state": "approved"})
        mine = self._as("specialist", remedy)
        for again in (
            lambda: mine.action_policy_hand_over(),
            lambda: mine.action_policy_receipt(self._paper().ids, "李四"),
        ):
            with self.assertRefused(UserError, "has acknowledged it already"):
                again()
        with self.assertRefused(UserError, r"has acknowledged ¥.300\.00"):
            mine.action_policy_execute_amount(299)
        mine.action_policy_execute_amount()
        self.assertEqual(remedy.executed_amount, 300)
