"""Mandate, negotiation and "not established" on the route of the manufacturer (S2, CMP-FLOW)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import at, shanghai
from .test_shipped_packs import ManufacturerFlow


class RulingCommon(ManufacturerFlow):
    def setUp(self):
        super().setUp()
        self.case = self._registered()
        with at("2026-03-03 10:00"):
            mine = self._as("specialist", self.case)
            mine.action_policy_respond("已联系")
            mine.action_policy_propose("退货")


class TestMandate(RulingCommon):
    def _ask(self, amount=None, text="拟退货100件", role="specialist"):
        return self._as(role, self.case).action_policy_ask_mandate(amount, text)

    def test_the_last_opinion_asks_for_what_the_remedies_come_to(self):
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 10000.01)
            self._opine(self.case, until="first-opinion")
        self.assertFalse(self._line(self.case, "negotiation"))
        with (
            at("2026-03-10 15:30"),
            self.assertRefused(
                UserError, r"Clause 3\.8 .*before Negotiation comes: Mandate Given At"
            ),
        ):
            self._as("supervisor", self.case).action_policy_ask("negotiation")
        mandate = self.case.policy_ruling_ids
        self.assertEqual((mandate.amount, mandate.text), (10000.01, "已核实"))
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.people["deputy_gm"])
        mine = self._as("specialist", self.case)
        self.assertEqual(mine.policy_next_action, "ruling")
        self.assertIn(self.people["deputy_gm"].name, mine.policy_waits_for)
        with at("2026-03-10 16:00"), self.assertRefused(UserError, "is being decided already"):
            self._ask(500)

    def test_up_to_10000_the_sales_manager_gives_it(self):
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 10000)
            self._opine(self.case, until="first-opinion")
        mandate = self.case.policy_ruling_ids
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.people["sales_manager"])
        with at("2026-03-11 09:00"):
            mandate.with_user(self.people["sales_manager"]).action_policy_approve("同意")
        self.assertEqual(self.case.policy_mandated_at, shanghai("2026-03-11 09:00"))
        self.assertEqual(self.case.policy_step, "mandated")
        # It spends nothing of anybody's limits in total.
        used = self.env["crm.policy.authority.use"].search([("amount", "!=", 0)])
        self.assertFalse(used.filtered(lambda use: use.user_id == self.people["sales_manager"]))

    def test_without_an_amount_somebody_asks_by_hand(self):
        with at("2026-03-10 14:00"):
            with self.assertRefused(UserError, "Mandate Given At: missing first: Investigated At"):
                self._ask(500)
            self._opine(self.case)
        self.assertFalse(self.case.policy_ruling_ids)
        mine = self._as("specialist", self.case)
        self.assertEqual(mine.policy_next_action, "ask_mandate")
        with at("2026-03-10 15:00"):
            for amount in ("500", True, -1, 1e12):
                with self.subTest(amount), self.assertRefused(ValidationError, "cannot be meant"):
                    self._ask(amount)
            with self.assertRefused(ValidationError, "up to which amount"):
                self._ask()
            for text in (None, " ", 7):
                with self.assertRefused(ValidationError, "Write down what Sales is to offer"):
                    self._ask(500, text)
            with self.assertRefused(AccessError, "This step is taken by"):
                self._ask(500, role="qc")
            turn = (
                self.env["crm.policy.ruling.turn"]
                .with_user(self.users["specialist"])
                .create({"ticket_id": self.case.id, "amount": 60000, "text": "全部退货"})
            )
            turn.action_policy_confirm()
        mandate = self.case.policy_ruling_ids
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with at("2026-03-10 16:00"):
            mandate.with_user(self.users["ceo"]).action_policy_reject("依据不足")
        self.assertFalse(self.case.policy_mandated_at)
        self.assertEqual(mine.policy_next_action, "ask_mandate")

    def test_while_the_quantity_cannot_be_told_the_ceiling_counts(self):
        """K2, Correction 8: 2,000 x 85.00 + 13 %, or the 150 that were not cleared."""
        self.case.write({"policy_quantity": 2000, "policy_quantity_undetermined": True})
        with at("2026-03-10 14:00"):
            self._new_remedy(self.case, 500)
            self._opine(self.case, until="first-opinion")
            self.assertFalse(self.case.policy_ruling_ids, "the price is not known")
            with self.assertRefused(ValidationError, "is not known without: Unit Price"):
                self._ask(500)
            self.case.write({"policy_price_unit": 85, "policy_tax_percent": 13})
            with self.assertRefused(
                ValidationError, r"Clause 3\.7 .*with .*192,100\.00, .* not with .*192,099\.99"
            ):
                self._ask(192099.99)
            self._ask()
        mandate = self.case.policy_ruling_ids
        self.assertEqual(mandate.amount, 192100)
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.users["ceo"])
        with at("2026-03-10 15:00"):
            self._as("specialist", mandate).action_policy_recall()
            self.case.policy_cleared_quantity = 1850
            self._ask()
        mandate = self.case.policy_ruling_ids[-1]
        self.assertEqual(mandate.amount, 14407.5)
        self.assertEqual(mandate.policy_approval_id.eligible_user_ids, self.people["deputy_gm"])

    def test_a_mandate_is_compared_as_the_company_compares_amounts(self):
        """T8: 11,300 with 1,300 of tax are 10,000 without: the sales manager's."""
        for basis, amount, role in (
            ("included", 11300, "deputy_gm"),
            ("excluded", 10000, "sales_manager"),
        ):
            with self.subTest(basis), self.cr.savepoint() as savepoint:
                self.company.policy_amount_basis = basis
                with at("2026-03-10 15:00"):
                    self._new_remedy(self.case, 11300, tax_amount=1300)
                    self._opine(self.case, until="first-opinion")
                mandate = self.case.policy_ruling_ids
                self.assertEqual((mandate.amount, mandate.tax_amount), (11300, 1300))
                request = mandate.policy_approval_id
                self.assertEqual(request.amount, amount)
                self.assertEqual(request.eligible_user_ids, self.people[role])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_an_amount_asked_for_by_hand_has_the_tax_of_what_is_drafted(self):
        self.company.policy_amount_basis = "excluded"
        with at("2026-03-10 15:00"):
            self._opine(self.case)
            for drafted, tax, amount in (
                (0, 0, 11300),  # nothing says how much of it is tax
                (1130, 130, 10000),
            ):
                if drafted:
                    self._new_remedy(self.case, drafted, tax_amount=tax)
                self._ask(11300)
                request = self.case.policy_ruling_ids[-1].policy_approval_id
                with self.subTest(drafted):
                    self.assertEqual(request.amount, amount)
                self._as("specialist", self.case.policy_ruling_ids[-1]).action_policy_recall()

    def test_without_its_tax_the_ceiling_has_no_more_of_it_than_the_version_allows(self):
        self.company.policy_amount_basis = "excluded"
        self.case.write(
            {"policy_quantity": 150, "policy_quantity_undetermined": True, "policy_price_unit": 85}
        )
        with at("2026-03-10 14:00"):
            self.case.policy_tax_percent = 13
            self._opine(self.case, until="first-opinion")
        mandate = self.case.policy_ruling_ids
        self.assertEqual((mandate.amount, mandate.policy_approval_id.amount), (14407.5, 12750))
        with at("2026-03-10 15:00"):
            mandate.with_user(self.people["gm_office"]).action_policy_recall()
            self.case.policy_tax_percent = 100
            self._ask()
        mandate = self.case.policy_ruling_ids[-1]
        self.assertEqual(mandate.amount, 25500)
        self.assertEqual(mandate.tax_amount, 2933.63, "13 % of it, not 100")

    def test_when_the_company_counts_in_another_way_a_mandate_is_asked_for_anew(self):
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 11300, tax_amount=1300)
            self._opine(self.case, until="first-opinion")
            mandate = self.case.policy_ruling_ids
            self.company.policy_amount_basis = "excluded"
            self.assertEqual(mandate.policy_approval_state, "none")
            self._ask()
        asked = self.case.policy_ruling_ids - mandate
        self.assertEqual(asked.policy_approval_id.eligible_user_ids, self.people["sales_manager"])
        with at("2026-03-10 16:00"):
            asked.with_user(self.people["sales_manager"]).action_policy_approve("同意")
            # What is signed stays so; a ruling without an amount is not asked for anew either.
            self.company.policy_amount_basis = "included"
            self.assertEqual(asked.policy_approval_state, "approved")
            self._as("specialist", self.case).action_policy_ask_not_established("来料无异常")
            unfounded = self.case.policy_ruling_ids[-1]
            self.company.policy_amount_basis = "excluded"
            self.assertEqual(unfounded.policy_approval_state, "pending")

    def test_who_is_complained_about_gives_no_mandate(self):
        self.case.policy_accused_user_ids = self.people["deputy_gm"]
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 20000)
            self._opine(self.case, until="first-opinion")
        request = self.case.policy_ruling_ids.policy_approval_id
        self.assertTrue(request.eligible_user_ids)
        self.assertNotIn(self.people["deputy_gm"], request.eligible_user_ids)

    def test_an_investigation_is_not_finished_before_the_departments_are(self):
        with at("2026-03-04 10:00"):
            with self.assertRefused(
                UserError, r"Clause 3\.1 .*these answer first: Quality investigation, Production"
            ):
                self.case._policy_set_fact("policy_investigated_at")
            with self.assertRefused(UserError, "comes about by itself: The Last Opinion"):
                self._as("specialist", self.case).action_policy_investigate()
            with self.assertRefused(UserError, "comes about by itself: A Ruling"):
                self._as("specialist", self.case).action_policy_mandate()
            with self.assertRefused(UserError, "comes about by itself: Everything Carried Out"):
                self._as("specialist", self.case).action_policy_execute()

    def test_a_mandate_of_the_time_before_a_reopening_gives_nothing(self):
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 500)
            self._opine(self.case)
            self._sign(self.case)
            mine = self._as("specialist", self.case)
            mine.action_policy_reply("同意", "phone", score=4)
            self._carry_out(self.case)
        self.assertEqual(self.case._policy_mandate().amount, 500)
        with at("2026-03-25 15:00"):
            mine.action_policy_callback(4, "客户认可")
            self._as("qc", self.case).action_policy_recheck("记录齐全")
            mine.action_policy_close()
            talk = self.case.policy_negotiation_ids
            self._as("supervisor", self.case).action_policy_reopen("客户再次反映")
            self.assertFalse(self.case._policy_mandate())
            self.assertEqual(self.case._policy_mandate_wanted(), 0)
            talk._policy_guarded_write({"reviewed_at": False})
            with self.assertRefused(UserError, "before the case was reopened"):
                talk.with_user(self.users["specialist"]).write({"text": "改口"})

    def test_nobody_writes_a_ruling_by_hand(self):
        with at("2026-03-10 15:00"):
            self._new_remedy(self.case, 500)
            self._opine(self.case, until="first-opinion")
        mandate = self.case.policy_ruling_ids
        for record in (mandate.with_user(self.users["ceo"]), mandate):
            for name, value in (
                ("amount", 90000), ("text", "改"), ("kind", "not_established"), ("cycle", 4),
                ("policy_approval_state", "approved"),
            ):  # fmt: skip
                with self.subTest(name), self.assertRaises(AccessError):
                    record.write({name: value})
        with self.assertRaises(AccessError):
            self.env["crm.policy.ruling"].create({"ticket_id": self.case.id, "kind": "mandate"})
        with self.assertRefused(UserError, "stays with the case"):
            mandate.unlink()

    def test_a_policy_without_mandates_asks_for_none(self):
        plain = self._new_case(policy_complaint_type_id=self.types["quality"].id)
        self._as("specialist", plain).action_policy_accept()
        with self.assertRefused(UserError, "asks for no mandate"):
            self._as("specialist", plain).action_policy_ask_mandate(500, "拟退货")


class TestNegotiation(RulingCommon):
    def setUp(self):
        super().setUp()
        with at("2026-03-11 09:00"):
            self._new_remedy(self.case, 10565.5)
            self._opine(self.case, until="first-opinion")
            self.case.policy_ruling_ids.with_user(self.people["deputy_gm"]).action_policy_approve(
                "同意"
            )
        self.line = self._line(self.case, "negotiation")

    def _talk(self, user=None, **vals):
        return (
            self.env["crm.policy.negotiation"]
            .with_user(user or self.users["specialist"])
            .create(
                {
                    "ticket_id": self.case.id,
                    "contact": "李经理",
                    "position": "partial",
                    "text": "要求全额赔付",
                    **vals,
                }
            )
            .with_env(self.env)
        )

    def test_the_mandate_brings_the_negotiation(self):
        self.assertEqual(self.line.policy_asked_at, shanghai("2026-03-11 09:00"))
        self.assertEqual(self._dues(self.line), {"negotiation": shanghai("2026-03-13 23:59:59")})

    def test_what_exceeds_the_mandate_is_a_demand(self):
        with at("2026-03-12 10:00"):
            with self.assertRefused(
                ValidationError,
                r"Clause 3\.7 .*10,565\.51 are offered, the mandate is .*10,565\.50",
            ):
                self._talk(offered_amount=10565.51)
            talk = self._talk(offered_amount=10565.5, demanded_amount=30000)
        self.assertEqual(talk.demanded_amount, 30000)

    def test_the_step_is_not_done_before_a_superior_has_read_it(self):
        with at("2026-03-12 10:00"):
            with self.assertRefused(ValidationError, r"Clause 3\.8 .*\n.*how the customer stands"):
                self._answer(self.line, "sales_manager")
            talk = self._talk()
            with self.assertRefused(ValidationError, "has not read the negotiation"):
                self._answer(self.line, "sales_manager")
            with self.assertRefused(UserError, "nobody reads his own"):
                talk.with_user(self.users["specialist"]).action_policy_review()
            stranger = new_test_user(
                self.env,
                login="t_stranger",
                groups="base.group_user",
                company_id=self.company.id,
                company_ids=self.company.ids,
            )
            self.env["crm.policy.case.access"]._policy_grant(self.case, stranger, "manual")
            with self.assertRefused(AccessError, "is read by a superior of"):
                talk.with_user(stranger).action_policy_review()
            talk.with_user(self.people["sales_manager"]).action_policy_review()
            with self.assertRefused(UserError, "was read: it stays as it is"):
                talk.with_user(self.users["specialist"]).write({"text": "改口"})
            with self.assertRefused(UserError, "was read"):
                talk.unlink()
            with self.assertRefused(UserError, "was read"):
                talk.with_user(self.people["sales_manager"]).action_policy_review()
            self._answer(self.line, "sales_manager")
        self.assertTrue(self.line.policy_answered_at)
        self.assertEqual(self._line(self.case, "synthesis").policy_asked_at.day, 12)

    def test_the_department_that_is_asked_writes_it(self):
        """The sales manager does not work on the case; while he is asked he writes his talks."""
        manager = self.people["sales_manager"]
        with at("2026-03-12 10:00"):
            with self.assertRaises(AccessError):
                self.case.with_user(manager).write({"policy_order_ref": "SO-1"})
            talk = self._talk(manager)
            talk.with_user(manager).text = "客户同意"
            self.assertFalse(talk.with_user(manager).can_review)
            self.assertTrue(talk.with_user(self.users["supervisor"]).can_review)
            for role in ("quality", "production"):
                with self.subTest(role), self.assertRaises(AccessError):
                    self._talk(self.people[role])
            talk.with_user(self.users["supervisor"]).action_policy_review()
            self._answer(self.line, "sales_manager")
            with self.assertRaises(AccessError):
                self._talk(manager)

    def test_who_has_rewritten_it_does_not_read_it_for_the_author(self):
        with at("2026-03-12 10:00"):
            talk = self._talk()
            boss = talk.with_user(self.users["supervisor"])
            boss.text = "客户要求更多"
            self.assertFalse(boss.can_review)
            with self.assertRefused(UserError, "nobody reads his own"):
                boss.action_policy_review()

    def test_what_no_client_sends(self):
        with at("2026-03-12 10:00"):
            for value in ([], "x", True, False, {}):
                with self.subTest(value), self.assertRefused(ValidationError, "is no case"):
                    self._talk(ticket_id=value)
            for value in ("7", True, float("nan"), -1, 1e12):
                with self.subTest(value), self.assertRefused(ValidationError, "cannot be meant"):
                    self._talk(offered_amount=value)

    def test_who_is_asked_for_something_else_writes_no_talks(self):
        other = self._registered()
        self.assertTrue(self._line(other, "quality").with_user(self.people["quality"]).is_mine)
        with self.assertRaises(AccessError):
            self._talk(self.people["quality"], ticket_id=other.id)

    def test_moments_that_cannot_be(self):
        with at("2026-03-12 10:00"):
            with self.assertRefused(ValidationError, "lies in the future"):
                self._talk(at="2026-03-13 10:00:00")
            with self.assertRefused(ValidationError, "before the mandate is given"):
                self._talk(at="2026-03-09 10:00:00")

    def test_there_is_none_on_a_case_that_is_not_there(self):
        plain = self.env["helpdesk.ticket"].create(
            {
                "name": "Printer",
                "description": "-",
                "company_id": self.company.id,
                "user_id": self.users["specialist"].id,
            }
        )
        ended = self._new_case(policy_complaint_type_id=self.types["mfr-quality"].id)
        self._as("supervisor", ended).action_policy_cancel("误登")
        with at("2026-03-12 10:00"):
            with self.assertRefused(UserError, "is not governed by a policy"):
                self._talk(ticket_id=plain.id)
            with self.assertRefused(UserError, "is ended"):
                self._talk(ticket_id=ended.id)
            talk = self._talk()
            with self.assertRefused(UserError, "is ended"):
                talk.with_user(self.users["specialist"]).write({"ticket_id": ended.id})

    def test_it_is_locked_by_the_decision(self):
        with at("2026-03-12 10:00"):
            self._opine(self.case)
            self._sign(self.case, role="deputy_gm")
            with self.assertRefused(UserError, "stays as it was when this was recorded"):
                self._talk()
            talk = self.case.policy_negotiation_ids
            talk._policy_guarded_write({"reviewed_at": False})
            with self.assertRefused(UserError, "stays as it was when this was recorded"):
                talk.write({"text": "改口"})
            with self.assertRefused(UserError, "stays as it was when this was recorded"):
                talk.unlink()


class TestNotEstablished(RulingCommon):
    def _ask(self, role="specialist", text="检验合格，属客户储存不当"):
        self._as(role, self.case).action_policy_ask_not_established(text)
        return self.case.policy_ruling_ids

    def test_the_sales_manager_decides_and_nobody_is_asked_any_more(self):
        with at("2026-03-04 10:00"):
            ruling = self._ask()
        request = ruling.policy_approval_id
        self.assertEqual(request.eligible_user_ids, self.people["sales_manager"])
        self.assertEqual(request.clause_id.number, "5.5")
        with at("2026-03-05 09:00"):
            ruling.with_user(self.people["sales_manager"]).action_policy_approve("属实")
        case = self.case
        self.assertEqual(case.policy_outcome, "not_established")
        self.assertEqual(case.policy_settled_at, shanghai("2026-03-05 09:00"))
        self.assertEqual(self._clock(case, "settle").state, "met")
        self.assertEqual(self._dues(case)["reply"], shanghai("2026-03-05 14:00"))
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        quality = self._line(case, "quality")
        self.assertEqual(self._clock(quality, "quality").state, "cancelled")
        with at("2026-03-05 09:30"), self.assertRefused(UserError, "is ended"):
            self._answer(quality, "quality")
        mine = self._as("specialist", case)
        self.assertEqual(mine.policy_next_action, "reply")
        with at("2026-03-05 09:30"), self.assertRefused(UserError, "decided|ended"):
            self._new_remedy(case, 500)
        with at("2026-03-05 10:00"):
            mine.action_policy_reply("检验合格，不属质量问题", "letter")
        with at("2026-03-20 10:00"):
            mine.action_policy_callback(3, "客户知悉")
            self._as("qc", case).action_policy_recheck("记录齐全")
            # Nothing was investigated, mandated or carried out: it is passed by.
            self.assertEqual(
                (case.policy_investigated_at, case.policy_mandated_at, case.policy_executed_at),
                (False, False, False),
            )
            self.assertEqual(mine.policy_next_action, "close")
            self.assertFalse(mine.policy_missing)
            mine.action_policy_close()
        self.assertEqual(case.policy_outcome, "not_established")
        self.assertTrue(case.policy_closed_at)

    def test_a_major_one_is_decided_by_the_general_manager(self):
        self.case.policy_severity = "major"
        with at("2026-03-04 10:00"):
            ruling = self._ask()
        self.assertEqual(ruling.policy_approval_id.eligible_user_ids, self.users["ceo"])

    def test_it_does_not_outlive_the_case(self):
        """Neither a cancelled nor a decided case is brought back by a late signature."""
        manager = self.people["sales_manager"]
        with at("2026-03-04 10:00"):
            ruling = self._ask()
            request = ruling.policy_approval_id
            self._as("supervisor", self.case).action_policy_cancel("误登")
            self.assertEqual(request.state, "lapsed")
            with self.assertRaises(UserError):
                ruling.with_user(manager).action_policy_approve("属实")
            self.assertEqual(self.case.policy_outcome, "cancelled")

    def test_remedies_wait_for_it(self):
        manager = self.people["sales_manager"]
        with at("2026-03-04 10:00"):
            self._new_remedy(self.case, 500)
            self._opine(self.case)
            ruling = self._ask()[-1]
            with self.assertRefused(UserError, "is established at all is being decided"):
                self._as("specialist", self.case).action_policy_submit()
            # What slipped through beside it is not overwritten.
            self.case.policy_remedy_ids._policy_guarded_write({"policy_approval_state": "approved"})
            with self.assertRefused(UserError, "has gone on meanwhile"):
                ruling.with_user(manager).action_policy_approve("属实")

    def test_refused_it_goes_on(self):
        with at("2026-03-04 10:00"):
            ruling = self._ask()
            ruling.with_user(self.people["sales_manager"]).action_policy_reject("再查")
        self.assertFalse(self.case.policy_outcome)
        with at("2026-03-04 11:00"):
            self._answer(self._line(self.case, "quality"), "quality")

    def test_not_beside_a_remedy_and_not_without_reasons(self):
        with at("2026-03-04 10:00"):
            for text in (None, "  "):
                with self.assertRefused(ValidationError, "why the complaint is not established"):
                    self._ask(text=text)
            self._new_remedy(self.case, 500)
            self._opine(self.case)
            self._as("specialist", self.case).action_policy_submit()
            with self.assertRefused(UserError, "is taken for established"):
                self._ask()
            self._sign_all()
            with self.assertRefused(UserError, "instead of its remedies"):
                self._ask()

    def _sign_all(self):
        self.case.policy_remedy_ids.with_user(self.people["sales_manager"]).action_policy_approve(
            "同意"
        )
