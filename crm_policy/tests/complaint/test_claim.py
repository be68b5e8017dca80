"""What suppliers and carriers bear is claimed from them (CMP-CLS-04, CMP-RTE-13)."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import at, shanghai
from ..flows.test_shipped_packs import ManufacturerFlow

SCAN = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"
LETTER = "crm_policy.claim_letter"


class TestClaim(ManufacturerFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._appoint("purchasing")
        cls.buyer = cls.people["purchasing"]
        cls.supplier = cls.env["res.partner"].create({"name": "昆山铜箔", "is_company": True})

    def setUp(self):
        super().setUp()
        self.case = self._registered(policy_item_ref="PCB-204", policy_defective_quantity=150,
                                     policy_quantity=2000)  # fmt: skip

    def _blame(self, case):
        """The supplier bears 60 percent of a loss of 1,000."""
        if case.policy_responsibility_ids:
            return
        Share = self.env["crm.policy.responsibility"]
        Share.create(
            [
                {"ticket_id": case.id, "department_id": self.department.id, "share": 40},
                {"ticket_id": case.id, "party": "supplier", "partner_id": self.supplier.id,
                 "share": 60},
            ]
        )  # fmt: skip
        self.env["crm.policy.loss"].create(
            {"ticket_id": case.id, "kind": "freight", "amount": 1000}
        )

    def _decided(self):
        with at("2026-03-04 15:00"):
            self._drive_on(self.case)
        return self.case

    def _claim(self, user="specialist", **vals):
        Claim = self.env["crm.policy.claim"].with_user(self.users[user])
        return Claim.create(
            {
                "ticket_id": self.case.id,
                "party": "supplier",
                "partner_id": self.supplier.id,
                "basis": "采购合同 2026-03 第7条",
                "amount": 600,
                "text": "铜箔附着力不足，150片分层",
                **vals,
            }
        ).with_env(self.env)

    def _attach(self, claim):
        scan = self.env["ir.attachment"].create({"name": "协议.pdf", "raw": SCAN})
        claim.write({"attachment_ids": [Command.link(scan.id)]})

    def test_from_the_shares_to_the_money(self):
        case = self._decided()
        with at("2026-03-05 09:00"):
            claim = self._claim()
        self.assertEqual((claim.state, claim.user_id), ("draft", self.buyer))
        self.assertTrue(claim.number.startswith("CL-2026-"))
        self.assertIn("3.14", claim.activity_ids.summary)
        self.assertEqual(claim.activity_ids.user_id, self.buyer)
        self.assertEqual(case.policy_claim_ids, claim)
        theirs = claim.with_user(self.buyer)
        with at("2026-03-05 10:00"):
            theirs.action_policy_send()
        self.assertEqual(self._dues(claim), {"claim-answer": shanghai("2026-03-19 18:00")})
        self.assertEqual(claim.due_at, shanghai("2026-03-19 18:00"))
        with at("2026-03-12 10:00"):
            theirs.action_policy_answer("承认七成")
        self.assertEqual(self._clock(claim, "claim-answer").state, "met")
        with self.assertRefused(UserError, "attach the proof"):
            theirs.action_policy_settle(420, "已达成")
        self._attach(claim)
        theirs.action_policy_settle(420, "已达成")
        self.assertEqual((claim.state, claim.settled_amount), ("settled", 420))
        self.assertFalse(claim.activity_ids)
        self.assertIn("420", case.message_ids[0].body)
        with self.assertRefused(UserError, "Settled"):
            theirs.action_policy_refuse("x")

    def test_never_more_than_his_part(self):
        self._decided()
        with self.assertRefused(ValidationError, r"3\.14.*600\.01.*600\.00"):
            self._claim(amount=600.01)
        first = self._claim(amount=400)
        self.assertEqual(first.limit_amount, 600)
        with self.assertRefused(ValidationError, "200.00"):
            self._claim(amount=201)
        second = self._claim(amount=200)
        with self.assertRefused(ValidationError, "leaves"):
            second.amount = 300
        first.with_user(self.buyer).action_policy_withdraw("重新计算")
        second.amount = 600
        other = self.env["res.partner"].create({"name": "别家"})
        with self.assertRefused(ValidationError, "leaves.*0.00"):
            self._claim(partner_id=other.id, amount=1)
        for amount in (0, -1, True, "x", float("nan")):
            with self.subTest(amount), self.assertRaises(ValidationError):
                self._claim(amount=amount)

    def test_not_before_the_decision(self):
        self._blame(self.case)
        claim = self._claim()
        with self.assertRefused(UserError, "3.14.*once the case is decided"):
            claim.with_user(self.buyer).action_policy_send()

    def test_what_was_sent_stays(self):
        self._decided()
        claim = self._claim()
        claim.with_user(self.buyer).action_policy_send()
        for vals in (
            {"amount": 1},
            {"text": "x"},
            {"partner_id": self.partner.id},
            {"party": "carrier"},
            {"basis": "x"},
            {"ticket_id": self.case.id},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "was sent: it stays"):
                self._as("specialist", claim).write(vals)
        with self.assertRefused(UserError, "not deleted"):
            claim.unlink()
        self._attach(claim)
        proof = claim.attachment_ids
        self._attach(claim)
        for command in (Command.unlink(proof.id), Command.clear(), Command.set([])):
            with self.subTest(command), self.assertRefused(UserError, "none is taken away"):
                self._as("specialist", claim).write({"attachment_ids": [command]})
        self.assertEqual(len(claim.attachment_ids), 2)
        with self.assertRefused(ValidationError, "at most what is claimed"):
            claim.with_user(self.buyer).action_policy_settle(700)
        with self.assertRefused(ValidationError, "why he does not pay"):
            claim.with_user(self.buyer).action_policy_refuse(" ")
        claim.with_user(self.buyer).action_policy_refuse("不认")
        self.assertEqual(claim.state, "refused")

    def test_whose_it_is(self):
        self._decided()
        claim = self._claim()
        stranger = new_test_user(
            self.env,
            login="t_claim_stranger",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        for user in (stranger, self.people["quality"]):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    claim.with_user(user).action_policy_send()
                with self.assertRaises(AccessError):
                    claim.with_user(user).write({"amount": 1})
                with self.assertRaises(AccessError):
                    claim.with_user(user).sudo().action_policy_send()
        Report = self.env["ir.actions.report"].with_user(stranger)
        for act in (
            lambda: Report._render_qweb_html(LETTER, claim.ids),
            lambda: claim.with_user(stranger)._policy_printed(),
            lambda: self.case.with_user(stranger).action_policy_new_claim(),
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(claim.with_user(stranger).search([("id", "=", claim.id)]))
        with self.assertRaises(AccessError):
            claim.with_user(self.buyer).write({"state": "settled"})
        self.case.sudo().policy_accused_user_ids = self.buyer
        with self.assertRefused(AccessError, "about yourself"):
            claim.with_user(self.buyer).action_policy_send()

    def test_it_opens_the_case_to_nobody_else(self):
        self._decided()
        accused = self.people["quality"]
        self.case.sudo().policy_accused_user_ids = accused
        other = self.env["res.company"].create({"name": "别家"})
        people = {
            self._new_user("specialist", login="t_claim_other", company=other): "Name an employee",
            new_test_user(self.env, login="t_claim_door", groups="base.group_portal",
                          company_id=self.company.id, company_ids=self.company.ids):
                "Name an employee",
            accused: "is complained about in this case",
        }  # fmt: skip
        claim = self._claim(amount=100)
        for user, words in people.items():
            with self.subTest(user.login):
                with self.assertRefused(ValidationError, words):
                    self._claim(amount=1, user_id=user.id)
                with self.assertRefused(ValidationError, words):
                    self._as("specialist", claim).write({"user_id": user.id})
        self.case.sudo().policy_accused_user_ids = self.buyer
        self.assertEqual(self._claim(amount=1).user_id, self.case.user_id)

    def test_without_purchasing_the_handler_follows_it_up(self):
        self._new_post("purchasing", self.env["res.users"])
        self._decided()
        self.assertEqual(self._claim().user_id, self.case.user_id)

    def test_a_proof_is_a_scan(self):
        self._decided()
        claim = self._claim()
        text = self.env["ir.attachment"].create({"name": "x.pdf", "raw": b"hello"})
        with self.assertRefused(ValidationError, "neither a picture nor a PDF"):
            claim.write({"attachment_ids": [Command.link(text.id)]})

    def test_the_letter_leaves_the_house(self):
        self._decided()
        claim = self._claim()
        report = self.env["ir.actions.report"]
        html = report.with_user(self.buyer)._render_qweb_html(LETTER, claim.ids)[0]
        page = html.decode()
        for words in ("昆山铜箔", "600.00", "采购合同", "附着力不足", "PCB-204", "150"):
            self.assertIn(words, page)
        for inner in ("已核实", "Herr Olsen", "恒达", "40 %", "1,000"):
            self.assertNotIn(inner, page)
        file = self.env["ir.attachment"].create({"name": "索赔函.html", "raw": html})
        self.assertTrue(
            self.env["mail.mail"].create(
                {"email_to": "supplier@example.com", "attachment_ids": file.ids}
            )
        )
        portal = new_test_user(self.env, login="t_claim_portal", groups="base.group_portal")
        with self.assertRefused(AccessError, "is internal"):
            claim.with_user(portal).sudo()._policy_printed()
        with self.assertRaises(AccessError):
            report.with_user(portal)._render_qweb_html(LETTER, claim.ids)

    def test_a_new_one_is_filled_in(self):
        self._decided()
        context = self._as("specialist", self.case).action_policy_new_claim()["context"]
        self.assertEqual(context["default_partner_id"], self.supplier.id)
        self.assertEqual((context["default_party"], context["default_amount"]), ("supplier", 600))

    def test_the_wizard(self):
        self._decided()
        claim = self._claim()
        claim.with_user(self.buyer).action_policy_send()
        Turn = self.env["crm.policy.claim.turn"].with_user(self.buyer)
        Turn.create({"claim_id": claim.id, "text": "再议"}).action_policy_confirm()
        self.assertEqual(claim.state, "answered")
        self._attach(claim)
        turn = Turn.create({"claim_id": claim.id, "turn": "settle", "amount": 300})
        turn.action_policy_confirm()
        self.assertEqual(claim.settled_amount, 300)

    def test_the_wizard_speaks_the_currency_of_the_case(self):
        self._decided()
        claim = self._claim()
        claim.with_user(self.buyer).action_policy_send()
        self._attach(claim)
        other = self.env.ref("base.USD")
        other.active = True
        abroad = self._new_company("海外分公司")
        abroad.currency_id = other
        self.buyer.company_ids += abroad
        Turn = self.env["crm.policy.claim.turn"].with_user(self.buyer).with_company(abroad)
        vals = {"claim_id": claim.id, "turn": "settle", "amount": 300}
        turn = Turn.create(vals)
        self.assertEqual(turn.currency_id, self.case.policy_currency_id)
        words = f"{claim.number} is in {claim.currency_id.name}.*not in {other.name}"
        with self.assertRefused(ValidationError, words):
            Turn.create({**vals, "currency_id": other.id})
        with self.assertRefused(ValidationError, words):
            turn.currency_id = other
        for amount in (0, -1, 600.01):
            with self.subTest(amount), self.assertRefused(ValidationError, "at most what is"):
                Turn.create({**vals, "amount": amount}).action_policy_confirm()
        self.assertEqual(claim.state, "sent")

    def test_the_wizard_shows_no_claim_of_another_case(self):
        self._decided()
        claim = self._claim()
        stranger = new_test_user(
            self.env,
            login="t_claim_stranger",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        Turn = self.env["crm.policy.claim.turn"]
        self.assertTrue(Turn.with_user(self.buyer).create({"claim_id": claim.id}))
        with self.assertRaises(AccessError):
            Turn.with_user(stranger).create({"claim_id": claim.id})

    def test_who_works_on_another_case_claims_nothing(self):
        self._decided()
        quality = self.people["quality"]
        self.assertTrue(self.case.with_user(quality).has_access("read"))
        vals = {
            "ticket_id": self.case.id,
            "partner_id": self.supplier.id,
            "basis": "x",
            "amount": 1,
            "text": "x",
        }
        with self.assertRaises(AccessError):
            self.env["crm.policy.claim"].with_user(quality).create(vals)
        with self.assertRaises(AccessError):
            self.env["crm.policy.claim"].with_user(quality).sudo().create(vals)
        self.assertFalse(self.case.policy_claim_ids)

    def test_a_third_party_of_another_company(self):
        self._decided()
        other = self._new_company("别家")
        stranger = self.supplier.copy({"company_id": other.id})
        with self.assertRefused(ValidationError, "belongs to another company"):
            self._claim(partner_id=stranger.id)
        claim = self._claim()
        with self.assertRefused(ValidationError, "belongs to another company"):
            claim.partner_id = stranger

    def test_shares_that_fell_since_are_seen_when_it_is_sent(self):
        self._decided()
        claim = self._claim(amount=600)
        line = self.case.policy_responsibility_ids.filtered(lambda line: line.share == 60)
        line._policy_guarded_write({"amount": 500})
        with self.assertRefused(ValidationError, r"600\.00.*leaves.*500\.00"):
            claim.with_user(self.buyer).action_policy_send()
        self.assertEqual(claim.state, "draft")

    def test_amounts_that_cannot_be_meant(self):
        self._decided()
        claim = self._claim()
        for amount in (0, True, "x", 1e15, float("inf")):
            with self.subTest(amount), self.assertRefused(ValidationError, "cannot be meant"):
                self._as("specialist", claim).write({"amount": amount})
        self.assertEqual(claim.amount, 600)
        claim.with_user(self.buyer).action_policy_send()
        self._attach(claim)
        for amount in (None, 0, -1, True, "420", float("nan"), 600.01):
            with self.subTest(amount), self.assertRefused(ValidationError, "at most what is"):
                claim.with_user(self.buyer).action_policy_settle(amount, "x")
        self.assertEqual(claim.state, "sent")

    def test_steps_out_of_order(self):
        self._decided()
        claim = self._claim()
        theirs = claim.with_user(self.buyer)
        self._attach(claim)
        for act in (
            lambda: theirs.action_policy_answer("x"),
            lambda: theirs.action_policy_settle(1),
            lambda: theirs.action_policy_refuse("x"),
        ):
            with self.assertRefused(UserError, "Draft.*not due"):
                act()
        theirs.action_policy_send()
        with self.assertRefused(UserError, "Sent.*not due"):
            theirs.action_policy_send()
        theirs.action_policy_withdraw("重新计算")
        for act in (
            lambda: theirs.action_policy_send(),
            lambda: theirs.action_policy_withdraw("x"),
        ):
            with self.assertRefused(UserError, "Withdrawn.*not due"):
                act()

    def test_purchasing_of_another_company_follows_up_nothing(self):
        self._decided()
        other = self._new_company("别家")
        self.buyer.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(self._claim().user_id, self.case.user_id)

    def test_a_follower_who_does_not_see_it_any_more_does_nothing(self):
        self._decided()
        claim = self._claim()
        other = self._new_company("别家")
        self.buyer.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(claim.user_id, self.buyer)
        # It is the claim that is closed to him, not only the case behind it.
        mine = claim.with_user(self.buyer).with_context(allowed_company_ids=other.ids)
        with self.assertRefused(AccessError, r"\(crm\.policy\.claim\)"):
            mine.action_policy_send()
        self.assertFalse(claim.policy_sent_at)

    def test_who_reads_the_case_and_does_not_work_on_it_takes_no_step(self):
        self._decided()
        claim, reader = self._claim(), self.other_specialist
        self.case._policy_open_for(reader)
        mine = claim.with_user(reader)
        self.assertTrue(mine.has_access("read"))
        self.assertFalse(mine.has_access("write"))
        with self.assertRaises(AccessError):
            mine.action_policy_send()
        self.assertFalse(claim.policy_sent_at)

    def test_of_two_steps_at_once_the_second_waits(self):
        self._decided()
        claim = self._claim()

        def first(claims):
            if claims.state == "draft":
                claims._policy_end("withdrawn", "同事")

        with (
            patch.object(type(claim), "_policy_hold_rows", first),
            self.assertRefused(UserError, "Withdrawn.*not due"),
        ):
            self._as("specialist", claim).action_policy_send()

    def test_a_letter_of_a_policy_without_a_limit_names_no_day(self):
        self._decided()
        claim = self._claim()
        self.assertIn("answer by", claim._policy_request_words())
        none = self.env["crm.policy.deadline.rule"]
        with patch.object(type(claim), "_policy_rule", lambda _claim: none):
            self.assertIn("we claim", claim._policy_request_words())
            self.assertNotIn("answer by", claim._policy_request_words())
