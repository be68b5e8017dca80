"""Responsibility and claims of a duplicate, in the case that it is merged into (CMP-DUP-01)."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError

from ..common import at
from .blame_common import BlameCommon

SCAN = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"


class TestDuplicateBlame(BlameCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env["res.partner"].create({"name": "昆山铜箔", "is_company": True})

    def setUp(self):
        super().setUp()
        self.first = self._quality_case()
        with at("2026-03-03 09:00"):
            self.second = self._quality_case()

    def _merge(self, case=None, into=None):
        case, into = case or self.second, into or self.first
        with at("2026-03-04 11:00"):
            self._as("supervisor", case).action_policy_merge(into.id, "同一批货，重复来电")

    def _supplied(self, case, share=60):
        """Write what the supplier bears, and Manufacturing the rest of it."""
        return self._share(
            case, share, party="supplier", partner_id=self.supplier.id
        ) | self._share(case, 100 - share, department_id=self.manufacturing.id)

    def _claim(self, case, amount):
        Claim = self.env["crm.policy.claim"].with_user(self.users["specialist"])
        return Claim.create(
            {
                "ticket_id": case.id,
                "partner_id": self.supplier.id,
                "basis": "采购合同 2026-03 第7条",
                "amount": amount,
                "text": "铜箔附着力不足，150片分层",
            }
        ).with_env(self.env)

    def _decide(self, case):
        with at("2026-03-03 11:00"):
            self._as("specialist", case).action_policy_decide()

    def _sent(self, case, amount):
        """Return a claim that was sent after the decision; the case is reopened since."""
        self._decide(case)
        claim = self._claim(case, amount)
        with at("2026-03-03 12:00"):
            claim.with_user(self.users["specialist"]).action_policy_send()
        with at("2026-03-03 14:00"):
            case._policy_reopen("客户不同意方案")
        return claim

    def _event(self, name="case.blame_moved"):
        [event] = self.env["crm.policy.event"].search([("type", "=", name)])
        return event

    # === SHARES === #

    def test_shares_move_where_the_main_case_has_none(self):
        self._losses(self.first)
        self._losses(self.second)
        lines = self._shares(self.second)
        self.assertEqual(lines.mapped("amount"), [4296.0, 1074.0])
        self._merge()
        self.assertEqual(lines.ticket_id, self.first)
        self.assertEqual(set(lines.mapped("cycle")), {self.first.policy_cycle})
        self.assertEqual(self.first.policy_share_total, 100)
        self.assertEqual(lines.mapped("amount"), [8592.0, 2148.0])
        self.assertFalse(self.second.policy_responsibility_ids)
        payload = self._event().payload
        self.assertEqual((payload["shares"], payload["withdrawn"]), (lines.ids, []))
        for case in (self.first, self.second):
            self.assertIn("move from", case.message_ids[0].body)
            self.assertIn("生产部 80 %", case.message_ids[0].body)

    def test_the_shares_of_the_main_case_stand_and_stay_100_percent(self):
        self._losses(self.first)
        self._losses(self.second)
        kept = self._shares(self.first)
        lines = self._supplied(self.second)
        ids = lines.ids
        self._merge()
        self.assertFalse(lines.exists())
        self.assertEqual(self.first.policy_responsibility_ids, kept)
        self.assertEqual(self.first.policy_share_total, 100)
        self.assertEqual(kept.mapped("amount"), [8592.0, 2148.0])
        self.assertEqual(sum(kept.mapped("amount")), self.first.policy_loss_amount)
        payload = self._event().payload
        self.assertEqual(payload["shares"], [])
        self.assertEqual([line["id"] for line in payload["withdrawn"]], ids)
        self.assertEqual([line["share"] for line in payload["withdrawn"]], [60, 40])
        self.assertEqual(payload["withdrawn"][0]["partner"], self.supplier.id)
        removed = self.env["crm.policy.event"].search([("type", "=", "responsibility.removed")])
        self.assertEqual(set(removed.mapped("res_id")), set(ids))
        for case in (self.first, self.second):
            self.assertIn("are withdrawn: 昆山铜箔 60 %", case.message_ids[0].body)

    def test_what_a_coin_leaves_goes_to_the_first_party(self):
        Loss = self.env["crm.policy.loss"].with_user(self.users["specialist"])
        for case, amount in ((self.first, 50.0), (self.second, 50.01)):
            Loss.create({"ticket_id": case.id, "kind": "freight", "amount": amount})
        lines = self._share(self.second, 33.34, department_id=self.manufacturing.id)
        lines |= self._share(self.second, 33.33, department_id=self.quality.id)
        lines |= self._share(self.second, 33.33, party="customer", partner_id=self.partner.id)
        self._merge()
        self.assertEqual(lines.mapped("amount"), [33.35, 33.33, 33.33])
        self.assertEqual(self.first.policy_loss_amount, 100.01)

    def test_of_two_duplicates_the_shares_of_the_first_move(self):
        with at("2026-03-03 09:30"):
            third = self._quality_case()
        moving, late = self._shares(self.second), self._supplied(third)
        self._merge(self.second | third)
        self.assertEqual(self.first.policy_responsibility_ids, moving)
        self.assertFalse(late.exists())

    def test_a_decided_main_case_takes_no_shares(self):
        """Nor are those of the duplicate dropped in silence."""
        self._shares(self.first)
        self._decide(self.first)
        lines = self._shares(self.second)
        with self.assertRefused(
            UserError, r"3\.10.*has shares of the responsibility.*cannot now.*reopens"
        ):
            self._merge()
        self.assertEqual(lines.ticket_id, self.second)
        self.assertFalse(self.second.policy_outcome)
        lines.with_user(self.users["specialist"]).unlink()
        self._merge()
        self.assertEqual(self.second.policy_outcome, "cancelled")

    def test_while_the_main_case_is_signed_no_shares_move_into_it(self):
        lines = self._shares(self.second)
        pending = self._new_remedy(self.first, 500)
        self._as("specialist", pending).action_policy_submit()
        with self.assertRefused(UserError, "has shares of the responsibility.*is being signed"):
            self._merge()
        self.assertEqual(lines.ticket_id, self.second)

    def test_whom_the_shares_name_does_not_move_them(self):
        head = self.head
        head.group_ids = [Command.link(self.env.ref("crm_policy.group_supervisor").id)]
        self.team.user_ids = [Command.link(head.id)]
        for written in (False, True):
            with self.subTest(written=written), self.cr.savepoint() as point:
                if written:
                    self._shares(self.first)
                self._shares(self.second)
                with self.assertRefused(UserError, "about yourself or your department"):
                    self.second.with_user(head).action_policy_merge(self.first.id, "重复")
                self.assertFalse(self.second.policy_outcome)
                point.rollback()
                self.env.invalidate_all()

    def test_what_was_decided_before_stays(self):
        self._losses(self.second)
        old = self._shares(self.second)
        self._decide(self.second)
        with at("2026-03-03 14:00"):
            self.second._policy_reopen("客户不同意方案")
        self._merge()
        self.assertEqual(old.ticket_id, self.second)
        self.assertEqual(old.mapped("decided_amount"), [4296.0, 1074.0])
        self.assertFalse(self.first.policy_responsibility_ids)

    def test_where_nothing_is_written_nothing_is_said(self):
        self._shares(self.first)
        self._merge()
        self.assertFalse(self.env["crm.policy.event"].search([("type", "=", "case.blame_moved")]))
        self.assertIn("重复来电", self.first.message_ids[0].body)

    # === CLAIMS === #

    def test_a_claim_that_was_not_sent_moves(self):
        self._losses(self.second)
        self._supplied(self.second)
        claim = self._claim(self.second, 3000)
        self.assertEqual(claim.limit_amount, 3222.0)
        self._merge()
        self.assertEqual((claim.ticket_id, claim.state), (self.first, "draft"))
        self.assertEqual(claim.policy_version_id, self.first.policy_version_id)
        self.assertEqual(claim.limit_amount, 3222.0)
        self.assertEqual(self.first.policy_claim_ids, claim)
        self.assertFalse(self.first.policy_merged_claim_ids)
        self.assertEqual(self._event().payload["claims"], claim.ids)
        self.assertEqual(self._event("claim.moved").res_id, claim.id)
        self._decide_later(self.first)
        claim.with_user(self.users["specialist"]).action_policy_send()
        self.assertEqual(claim.state, "sent")

    def _decide_later(self, case):
        with at("2026-03-05 11:00"):
            self._as("specialist", case).action_policy_decide()

    def test_a_claim_beyond_what_the_main_case_says_stops_the_merging(self):
        """The supplier bears 60 percent there and 10 here: 3,000 are more than 1,074.00."""
        self._losses(self.first)
        self._losses(self.second)
        self._supplied(self.first, 10)
        self._supplied(self.second)
        claim = self._claim(self.second, 3000)
        with self.assertRefused(ValidationError, r"3\.14.*3,000\.00.*leaves.*1,074\.00"):
            self._merge()
        self.env.invalidate_all()
        self.assertFalse(self.second.policy_outcome)
        self.assertEqual(len(self.second.policy_responsibility_ids), 2)
        claim.with_user(self.users["specialist"]).action_policy_withdraw("重新计算")
        self._merge()
        self.assertEqual(claim.ticket_id, self.second)

    def test_whom_the_main_case_is_about_does_not_follow_the_claim_up(self):
        self._losses(self.second)
        self._supplied(self.second)
        claim = self._claim(self.second, 3000)
        clerk = self.other_specialist
        claim.user_id = clerk
        self.first._policy_guarded_write({"policy_accused_user_ids": [Command.link(clerk.id)]})
        self._merge()
        self.assertEqual(claim.ticket_id, self.first)
        self.assertNotEqual(claim.user_id, clerk)

    def test_a_claim_that_was_sent_stays_and_counts_in_the_main_case(self):
        self._losses(self.second)
        self._supplied(self.second)
        claim = self._sent(self.second, 3000)
        self._losses(self.first)
        self._supplied(self.first)
        self._merge()
        self.assertEqual((claim.ticket_id, claim.state), (self.second, "sent"))
        mine = self._as("specialist", self.first)
        self.assertEqual(mine.policy_merged_claim_ids, claim)
        self.assertIn("claims", mine.policy_pages)
        self.assertEqual(self._event().payload["claims_kept"], claim.ids)
        self.assertIn(claim.number, self.first.message_ids[0].body)
        # 60 percent of 5,370 that were moved or written there, less the 3,000 that he owes already.
        self.assertEqual(self.first.policy_loss_amount, 5370.0)
        self.assertEqual(claim.limit_amount, 3222.0)
        with self.assertRefused(ValidationError, r"leaves.*222\.00"):
            self._claim(self.first, 222.01)
        self.assertEqual(self._claim(self.first, 222).limit_amount, 222.0)

    def test_a_claim_that_was_sent_comes_to_its_end_in_the_duplicate(self):
        self._losses(self.second)
        self._supplied(self.second)
        claim = self._sent(self.second, 3000)
        self._merge()
        mine = claim.with_user(self.users["specialist"])
        with at("2026-03-06 10:00"):
            mine.action_policy_answer("承认七成")
            Scan = self.env["ir.attachment"].with_user(self.users["specialist"])
            scan = Scan.create({"name": "协议.pdf", "raw": SCAN})
            mine.write({"attachment_ids": [Command.link(scan.id)]})
            mine.action_policy_settle(2100, "已达成")
        self.assertEqual((claim.state, claim.settled_amount), ("settled", 2100))
        with self.assertRefused(UserError, "it stays as it is"):
            mine.write({"amount": 1})

    def test_the_claims_of_merged_cases_are_seen_by_whom_these_are_open_to(self):
        """Through two mergings; the case in between has nothing of its own."""
        third = self._quality_case()
        self._losses(third)
        self._supplied(third)
        claim = self._sent(third, 3000)
        self._merge(third, self.second)
        self._merge(self.second, self.first)
        mine = self._as("specialist", self.first)
        self.assertEqual(mine.policy_merged_claim_ids, claim)
        self.assertEqual(third._policy_main_case(), self.first)
        clerk = self.other_specialist
        self.env["crm.policy.case.access"]._policy_grant(self.first, clerk, "manual")
        self.env.invalidate_all()
        theirs = self.first.with_user(clerk)
        self.assertTrue(theirs.has_access("read"))
        self.assertFalse(third.with_user(clerk).has_access("read"))
        self.assertFalse(theirs.policy_merged_claim_ids)
