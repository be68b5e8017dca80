"""A department disagrees with its share; the general manager upholds or changes (CMP-FLOW-11)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import at, shanghai
from ..flows.test_shipped_packs import ManufacturerFlow


class PetitionCommon(ManufacturerFlow):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = new_test_user(
            cls.env,
            login="t_mfg_head",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )
        cls.manufacturing = cls.env["hr.department"].create(
            {"name": "制造部", "company_id": cls.company.id}
        )
        [employee] = cls._new_employees([cls.head], cls.manufacturing).values()
        cls.manufacturing.manager_id = employee

    def setUp(self):
        super().setUp()
        self.case = self._registered()
        with at("2026-03-04 15:00"):  # a Wednesday
            self._drive_on(self.case)
        self.env["crm.policy.case.access"]._policy_grant(self.case, self.head, "manual")
        self.ours, self.theirs = self.case.policy_responsibility_ids.sorted("share", reverse=True)

    def _blame(self, case):
        if not case.policy_responsibility_ids:
            lines = (self.manufacturing, 70), (self.department, 30)
            self.env["crm.policy.responsibility"].create(
                [{"ticket_id": case.id, "department_id": who.id, "share": share}
                 for who, share in lines]
            )  # fmt: skip
            self.env["crm.policy.loss"].create(
                {"ticket_id": case.id, "kind": "freight", "amount": 1000}
            )

    def _file(self, moment="2026-03-05 09:00", user=None, share=40, text="来料问题", **wanted):
        wanted = wanted or {self.ours.id: share, self.theirs.id: 100 - share}
        with at(moment):
            case = self.case.with_user(user or self.head)
            case.action_policy_petition(wanted, text)
        return self.case.policy_petition_ids


class TestPetition(PetitionCommon):
    def test_changed(self):
        settled = self.case.policy_settled_at
        petition = self._file()
        self.assertEqual(petition.policy_department_id, self.manufacturing)
        self.assertEqual(petition.outcome, "pending")
        self.assertEqual(
            petition.line_ids.mapped(lambda line: (line.share_before, line.share_after)),
            [(70, 40), (30, 60)],
        )
        self.assertEqual(self.ours.share, 70, "nothing changes before the decision")
        self.assertEqual(petition.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with at("2026-03-06 09:00"):
            self._as("ceo", petition).action_policy_approve("属实")
        self.assertEqual((petition.outcome, petition.decision_text), ("changed", "属实"))
        self.assertEqual((self.ours.share, self.ours.amount), (40, 400))
        self.assertEqual((self.theirs.share, self.theirs.amount), (60, 600))
        self.assertEqual(self.case.policy_settled_at, settled, "the customer's remedies go on")
        self.assertIn("70 % → 40 %", self.case.message_ids[0].body)
        events = self.env["crm.policy.event"].search(
            [("type", "=", "responsibility.changed"), ("res_id", "=", self.ours.id)]
        )
        self.assertEqual(events.payload["share"], 40)

    def test_the_wizard_shows_no_share_of_another_case(self):
        other = self._registered()
        self._blame(other)
        foreign = other.policy_responsibility_ids[0]
        Turn = self.env["crm.policy.petition.turn"].with_user(self.head)
        vals = {"ticket_id": self.case.id, "mine_id": self.ours.id, "other_id": self.theirs.id}
        self.assertTrue(Turn.create(vals))
        for name in ("mine_id", "other_id"):
            with self.subTest(name), self.assertRaises(AccessError):
                Turn.create({**vals, name: foreign.id})

    def test_upheld(self):
        petition = self._file()
        self._as("ceo", petition).action_policy_reject("证据不足")
        self.assertEqual((petition.outcome, self.ours.share), ("upheld", 70))
        self.assertIn("证据不足", self.case.message_ids[0].body)
        with self.assertRefused(UserError, "has petitioned already"):
            self._file()

    def test_proposed_sanctions_follow(self):
        self._as("supervisor", self.case).action_policy_propose_sanctions()
        sanction = self.case.policy_sanction_ids.filtered(
            lambda sanction: sanction.department_id == self.manufacturing
        )
        self.assertEqual(sanction.amount, 70)
        petition = self._file()
        self._as("ceo", petition).action_policy_approve("属实")
        self.assertEqual((sanction.amount, sanction.base_amount), (40, 400))

    def test_within_three_working_days(self):
        with self.assertRefused(UserError, r"3\.11.*3 working days, until 2026-03-09 18:00"):
            self._file("2026-03-09 18:00:01")
        with at("2026-03-09 18:00:01"):
            self.assertFalse(self.case.with_user(self.head).policy_may_petition)
        self.env.invalidate_all()
        with at("2026-03-09 18:00"):
            self.assertTrue(self.case.with_user(self.head).policy_may_petition)
            self.assertFalse(self.case.with_user(self.users["ceo"]).policy_may_petition)
        self.assertTrue(self._file("2026-03-09 18:00"))

    def test_who_and_what(self):
        for user in (self.users["specialist"], self.people["quality"]):
            with self.assertRefused(AccessError, "head of a department that bears a share"):
                self._file(user=user)
        stranger = new_test_user(
            self.env,
            login="t_pet_stranger",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        with self.assertRaises(AccessError):
            self._file(user=stranger)
        with self.assertRefused(ValidationError, "why the department disagrees"):
            self._file(text=" ")
        for wanted in (
            {self.ours.id: 40},
            {self.ours.id: 100, self.theirs.id: 0},
            {self.ours.id: -10, self.theirs.id: 110},
            {self.ours.id: 70, self.theirs.id: 30},
            {999999: 100},
            {"x": 1},
        ):
            with self.subTest(wanted), self.assertRaises(ValidationError), at("2026-03-05 09:00"):
                self.case.with_user(self.head).action_policy_petition(wanted, "x")
        other = self._registered()
        self.env["crm.policy.responsibility"].create(
            {"ticket_id": other.id, "department_id": self.manufacturing.id, "share": 100}
        )
        self.env["crm.policy.case.access"]._policy_grant(other, self.head, "manual")
        with self.assertRaises(AccessError), at("2026-03-05 09:00"):
            other.with_user(self.head).action_policy_petition({}, "x")  # nothing is decided

    def test_nobody_writes_one(self):
        petition = self._file()
        for record in (petition, petition.line_ids):
            with self.assertRaises(AccessError):
                record.write({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            petition.write({"text": "x"})
        with self.assertRaises(UserError):
            petition.with_user(self.head).action_policy_approve("x")
        self.assertEqual(petition.filed_at, shanghai("2026-03-05 09:00"))

    def test_the_print(self):
        petition = self._file()
        report = self.env["ir.actions.report"]
        page = report.with_user(self.head)._render_qweb_html("crm_policy.petition", petition.ids)
        for words in ("制造部", "来料问题", "70 %", "40 %", "Internal"):
            self.assertIn(words, page[0].decode())
        portal = new_test_user(self.env, login="t_pet_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        with self.assertRaises(AccessError):
            report.with_user(portal)._render_qweb_html("crm_policy.petition", petition.ids)

    def test_the_wizard(self):
        with at("2026-03-05 09:00"):
            turn = (
                self.env["crm.policy.petition.turn"]
                .with_user(self.head)
                .create(
                    {
                        "ticket_id": self.case.id,
                        "mine_id": self.ours.id,
                        "share": 50,
                        "other_id": self.theirs.id,
                        "text": "来料问题",
                    }
                )
            )
            turn.action_policy_confirm()
        self.assertEqual(self.case.policy_petition_ids.line_ids.mapped("share_after"), [50, 50])

    def test_the_head_who_is_complained_about_prints_none(self):
        petition = self._file()
        self.case.sudo().policy_accused_user_ids = self.head
        report = self.env["ir.actions.report"].with_user(self.head)
        with self.assertRefused(AccessError, "about yourself"):
            report._render_qweb_html("crm_policy.petition", petition.ids)

    def test_the_head_who_is_complained_about_files_none(self):
        self.case.sudo().policy_accused_user_ids = self.head
        with self.assertRefused(AccessError, "about yourself"):
            self._file()
        self.assertFalse(self.case.policy_petition_ids)

    def test_nothing_to_petition_about(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        with self.assertRefused(UserError, "not governed"):
            ticket.action_policy_petition({}, "x")
        self.case.sudo()._policy_guarded_write({"policy_outcome": "withdrawn"})
        with self.assertRefused(UserError, "about what was decided"):
            self._file()
        self.case.sudo()._policy_guarded_write({"policy_outcome": False})
        self._set_parameter("petition_days", 0)
        with self.assertRefused(UserError, "knows no petitions"):
            self._file()
        self.assertFalse(self.case.with_user(self.head).policy_may_petition)

    def test_who_asks_or_is_complained_about_does_not_decide(self):
        Ceo = self.env.ref("crm_policy.group_ceo")
        other = new_test_user(
            self.env,
            login="t_pet_ceo",
            groups="base.group_user,crm_policy.group_ceo",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.head.group_ids += Ceo
        self.case.sudo().policy_accused_user_ids = self.users["ceo"]
        petition = self._file()
        self.assertEqual(petition.policy_approval_id.eligible_user_ids, other)
        for user in (self.head, self.users["ceo"]):
            with self.subTest(user.login), self.assertRaises(UserError):
                petition.with_user(user).action_policy_approve("属实")
        self.assertEqual((petition.outcome, self.ours.share), ("pending", 70))

    def test_shares_that_have_changed_meanwhile_are_not_overwritten(self):
        petition = self._file()
        (self.ours | self.theirs)._policy_guarded_write({"share": 50})
        with self.assertRefused(UserError, "have changed meanwhile"):
            self._as("ceo", petition).action_policy_approve("属实")
        self.ours._policy_guarded_write({"share": 70})
        self.theirs._policy_guarded_write({"share": 30})
        self.case.sudo()._policy_guarded_write({"policy_cycle": 1})
        with self.assertRefused(UserError, "have changed meanwhile"):
            self._as("ceo", petition).action_policy_approve("属实")
        self.assertEqual((self.ours.share, petition.outcome), (70, "pending"))

    def test_it_stays(self):
        petition = self._file()
        with self.assertRefused(UserError, "stays with the case"):
            petition.unlink()

    def test_a_head_who_does_not_see_the_case_any_more_files_none(self):
        other = self._new_company("别家")
        self.head.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(self.manufacturing.manager_id.user_id, self.head)
        with self.assertRaises(AccessError):
            self._file()
        self.assertFalse(self.case.policy_petition_ids)

    def test_a_share_of_another_case_is_none_of_it(self):
        other = self._registered()
        self._blame(other)
        foreign = other.policy_responsibility_ids[0]
        with self.assertRefused(ValidationError, "not its shares"):
            wanted = {self.ours.id: 40, self.theirs.id: 60, foreign.id: 70}
            with at("2026-03-05 09:00"):
                self.case.with_user(self.head).action_policy_petition(wanted, "来料问题")
        self.assertFalse(self.case.policy_petition_ids)

    def test_the_wizard_shows_nothing_of_a_hidden_case(self):
        stranger = new_test_user(
            self.env,
            login="t_pet_stranger",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        turn = self.env["crm.policy.petition.turn"].with_user(stranger)
        with self.assertRaises(AccessError):
            self.assertFalse(turn.new({"ticket_id": self.case.id}).line_ids)
