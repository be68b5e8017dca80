"""The verdict of a committee: who signs, who settles it, and that its writers do not decide."""

from odoo import Command
from odoo.exceptions import AccessError, UserError

from ..common import at, shanghai
from ..flows.test_committee_route import CommitteeCommon


class TestVerdict(CommitteeCommon):
    def setUp(self):
        super().setUp()
        self.case = self._registered("2026-03-12 14:10")
        self._handed(self.case, "2026-03-12 14:40", "2026-03-12 15:00")
        self._report(self.case, "2026-03-13 08:50")
        self.verdict = self._verdict(self.case, "2026-03-13 10:00", 70, 30)

    def _settled(self):
        self._sign(self.verdict, "2026-03-13 11:00")
        self._agree(self.verdict, "2026-03-13 15:00")
        return self.verdict

    def test_whoever_rewrites_it_does_not_decide_on_it(self):
        self._settled()
        approver = self.verdict.policy_approval_id.eligible_user_ids[0]
        self.verdict = self._anew()
        with at("2026-03-16 10:10"):
            self.verdict.with_user(approver).repair_budget = 6900
            self.verdict.with_user(approver).memo = "返厂重新贴面"
            self._by("production", self.verdict).memo = "返厂重新贴面，分两批"
        self.assertEqual(self.verdict.writer_ids, approver)
        self._sign(self.verdict, "2026-03-16 11:00")
        self._agree(self.verdict, "2026-03-16 15:00")
        request = self.verdict.policy_approval_id
        self.assertNotIn(approver, request.eligible_user_ids)
        with at("2026-03-16 15:30"), self.assertRaises(UserError):
            self.verdict.with_user(approver).action_policy_approve("同意")
        self.assertEqual(self.verdict.policy_approval_state, "pending")

    def _anew(self):
        """Have the verdict refused, and the committee meet again."""
        with at("2026-03-13 16:00"):
            user = self.verdict.policy_approval_id.eligible_user_ids[0]
            self.verdict.with_user(user).action_policy_reject("返修费用过高")
            # Whoever decides can reach the case: he works on all of them.
            user.group_ids = [Command.link(self.env.ref("crm_policy.group_director").id)]
        return self._verdict(self.case, "2026-03-16 10:00", 80, 20)

    def test_its_writers_are_nobody_s_to_write(self):
        theirs = self._by("production", self.verdict)
        for command in (Command.clear(), Command.link(self.users["ceo"].id)):
            with self.assertRaises(AccessError):
                theirs.write({"writer_ids": [command]})

    def test_an_objection_and_the_next_round_in_one_go(self):
        """The index on the round that runs never sees two of them."""
        self._sign(self.verdict, "2026-03-13 11:00")
        with at("2026-03-13 12:00"):
            self._by("sales_manager", self.verdict).action_policy_object("客户只承担两成")
        second = self._verdict(self.case, "2026-03-13 12:00", 80, 20)
        with at("2026-03-13 12:00"):
            self._by("quality", second).action_policy_sign()
        self.env.flush_all()
        self.assertEqual((self.verdict.state, second.state), ("objected", "draft"))

    def test_who_the_case_is_about_neither_signs_nor_settles(self):
        with at("2026-03-13 11:00"):
            self.case.sudo().policy_accused_user_ids = self.people["warehouse"]
            with self.assertRefused(AccessError, "about yourself"):
                self._by("warehouse", self.verdict).action_policy_sign()
            self.assertFalse(self._by("warehouse", self.verdict).can_sign)
            self.case.sudo().policy_accused_user_ids = False
        self._sign(self.verdict, "2026-03-13 11:00")
        with at("2026-03-13 12:00"):
            self.case.sudo().policy_accused_user_ids = self.people["sales_manager"]
            with self.assertRefused(AccessError, "about yourself"):
                self._by("sales_manager", self.verdict).action_policy_object("不同意")
        self.assertEqual(self.verdict.state, "signed")

    def test_steps_out_of_order(self):
        paper = self._paper("客户确认.png", self.people["sales_manager"])
        with at("2026-03-13 11:00"):
            mine = self._by("sales_manager", self.verdict)
            with self.assertRefused(UserError, "not due"):
                mine.action_policy_agree(paper.ids)
            with self.assertRefused(UserError, "once the customer agrees"):
                mine.action_policy_submit()
        self._settled()
        with at("2026-03-13 16:00"):
            for act in (
                lambda: self._by("complaint_officer", self.verdict).action_policy_sign(),
                lambda: mine.action_policy_object("还是不同意"),
                lambda: mine.action_policy_agree(paper.ids),
            ):
                with self.assertRefused(UserError, "Consensus.*not due"):
                    act()
        self.assertEqual(self.verdict.agreed_at, shanghai("2026-03-13 15:00"))
