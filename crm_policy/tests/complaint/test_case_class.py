"""How severe a case is, what it is about, what nobody can mean (CMP-CLS-01, -03, corr. 7, 8)."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at

MORNING = "2026-03-02 10:20"


class TestCaseSeverity(PolicyCommon):
    def _events(self, case, kind="case.severity"):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id), ("type", "=", kind)]
        )

    def _crises(self, case):
        """Return who has the activity that the case is a crisis."""
        activities = self.env["mail.activity"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)]
        )
        kind = self.env.ref("crm_policy.activity_crisis")
        return activities.filtered(lambda activity: activity.activity_type_id == kind).user_id

    # === AT LEAST BY LOSS AND IMPACT === #

    def test_the_loss_makes_a_case_major_or_a_crisis_from_its_limit_on(self):
        for loss, severity in (
            (0, "general"),
            (9999.99, "general"),
            (10000, "major"),
            (49999.99, "major"),
            (50000, "crisis"),
        ):
            with self.subTest(loss):
                case = self._new_case(policy_estimated_loss=loss)
                self.assertEqual(case.policy_severity, severity)
                late = self._new_case()
                late.with_user(self.users["specialist"]).policy_estimated_loss = loss
                self.assertEqual(late.policy_severity, severity)

    def test_the_claim_makes_no_case_severe(self):
        """K3: what the customer asks for is no loss."""
        case = self._new_case(policy_claim_amount=192100)
        self.assertEqual(case.policy_severity, "general")

    def test_the_limits_are_those_of_the_policy_of_the_case(self):
        self._set_parameter("severity_major_from", 5370.01)
        self.assertEqual(self._new_case(policy_estimated_loss=5370).policy_severity, "general")
        self.assertEqual(self._new_case(policy_estimated_loss=5370.01).policy_severity, "major")
        self.env.cr.execute("DELETE FROM crm_policy_parameter WHERE code LIKE 'severity%'")
        self.env.registry.clear_cache()
        self.assertEqual(self._new_case(policy_estimated_loss=40000).policy_severity, "general")
        case = self._new_case(policy_impact="media", policy_estimated_loss=50000)
        self.assertEqual(case.policy_severity, "crisis")

    def test_an_impact_makes_a_case_as_severe_as_the_policy_says(self):
        for impact in ("safety", "media", "authority", "key_customer"):
            self.assertEqual(self._new_case(policy_impact=impact).policy_severity, "major")
        self.assertEqual(self._new_case(policy_impact="none").policy_severity, "general")
        self._set_parameter("severity_impact_safety", 2)
        case = self._new_case()
        case.policy_impact = "safety"
        self.assertEqual(case.policy_severity, "crisis")

    def test_a_default_of_the_caller_is_raised_too(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.users["specialist"])
        vals = {"name": "t", "description": "d", "policy_kind": "inquiry"}
        context = {"default_policy_estimated_loss": 10000, "default_policy_severity": "general"}
        self.assertEqual(Ticket.with_context(**context).create(vals).policy_severity, "major")
        context = {"default_policy_estimated_loss": 10000, "default_policy_severity": "crisis"}
        self.assertEqual(Ticket.with_context(**context).create(vals).policy_severity, "crisis")

    def test_a_person_raises_it_further_and_the_rest_stays(self):
        case = self._new_case(policy_severity="major", policy_estimated_loss=100)
        self.assertEqual(case.policy_severity, "major")
        case.policy_estimated_loss = 20000
        self.assertEqual(case.policy_severity, "major")
        self.assertFalse(self._events(case))
        case.policy_estimated_loss = 60000
        self.assertEqual(case.policy_severity, "crisis")
        self.assertEqual(self._events(case).payload, {"from": "major", "to": "crisis"})
        self.assertEqual(self._events(case).clause, "3.9")
        case.policy_estimated_loss = 100
        self.assertEqual(case.policy_severity, "crisis", "it does not fall by itself")

    def test_a_ticket_that_is_governed_later_is_as_severe_as_it_is(self):
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "t",
                "description": "d",
                "company_id": self.company.id,
                "policy_estimated_loss": 10000,
            }
        )
        self.assertEqual(ticket.policy_severity, "general")
        ticket.policy_kind = "inquiry"
        self.assertEqual(ticket.policy_severity, "major")

    def test_what_is_ended_stays_as_severe_as_it_was(self):
        case = self._new_case()
        self._as("supervisor", case).action_policy_cancel("误登")
        case.policy_estimated_loss = 60000
        self.assertEqual(case.policy_severity, "general")

    # === LOWERING IT === #

    def test_nobody_lowers_it_by_hand(self):
        case = self._new_case(policy_severity="major")
        for user in (*self.users.values(), self.env.user):
            for severity in ("general", False):
                with self.subTest(user.login), self.assertRaises(UserError):
                    case.with_user(user).policy_severity = severity
        with self.assertRefused(UserError, "3.9.*not lowered by hand.*Manager"):
            self._as("director", case).write({"policy_severity": "general", "name": "x"})
        case.write({"policy_severity": "major", "name": "x"})

    def test_only_a_manager_lowers_it_and_says_why(self):
        case = self._new_case(policy_severity="crisis")
        self.assertTrue(self._crises(case))
        for role in ("specialist", "supervisor", "ceo", "finance", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).sudo().action_policy_lower_severity("general", "误判")
        mine = self._as("manager", case)
        for reason in (None, "", "  ", 5, ["x"]):
            with self.subTest(reason), self.assertRefused(ValidationError, "Say why"):
                mine.action_policy_lower_severity("general", reason)
        for severity in (None, "", "low", 0, True, ["general"], {"a": 1}):
            with self.subTest(severity), self.assertRefused(ValidationError, "Severity"):
                mine.action_policy_lower_severity(severity, "误判")
        with self.assertRefused(UserError, "raised in the form"):
            mine.action_policy_lower_severity("crisis", "误判")
        mine.action_policy_lower_severity("major", "客户已撤回人身伤害说法")
        self.assertEqual(case.policy_severity, "major")
        self.assertFalse(self._crises(case), "nothing is left to do")
        payload = self._events(case).payload
        self.assertEqual((payload["from"], payload["to"]), ("crisis", "major"))
        sealed = self.env["crm.policy.sealed"].search([("hash", "=", payload["reason"])])
        self.assertEqual(sealed.text, "客户已撤回人身伤害说法")

    def test_it_is_not_lowered_below_loss_and_impact(self):
        case = self._new_case(policy_severity="crisis", policy_estimated_loss=10000)
        mine = self._as("manager", case)
        with self.assertRefused(UserError, "3.9.*10,000.00.*at least: Major"):
            mine.action_policy_lower_severity("general", "误判")
        mine.action_policy_lower_severity("major", "误判")
        case.policy_estimated_loss = 9999.99
        mine.action_policy_lower_severity("general", "损失已重新估算")
        self.assertEqual(case.policy_severity, "general")

    def test_whom_the_case_is_about_does_not_lower_it(self):
        case = self._new_case(policy_severity="major")
        case.policy_accused_user_ids = self.users["manager"]
        with self.assertRefused(AccessError, "about yourself"):
            self._as("manager", case).sudo().action_policy_lower_severity("general", "误判")

    # === THE EXECUTIVE IS TOLD === #

    def test_the_executive_is_told_of_a_crisis_at_once(self):
        ceo = self.users["ceo"]
        for name, crisis in {
            "at the intake": lambda: self._new_case(policy_estimated_loss=50000),
            "by hand": lambda: self._raise(policy_severity="crisis"),
            "by its loss": lambda: self._raise(policy_estimated_loss=50000),
        }.items():
            case = crisis()
            with self.subTest(name):
                self.assertEqual(self._crises(case), ceo)
                self.assertTrue(case.with_user(ceo).has_access("read"))
                told = self.env["mail.message"].search(
                    [
                        ("model", "=", case._name),
                        ("res_id", "=", case.id),
                        ("partner_ids", "in", ceo.partner_id.ids),
                    ]
                )
                self.assertEqual(len(told), 1)
                self.assertEqual(self._events(case, "case.crisis").payload, {"told": ceo.ids})
                case.policy_estimated_loss = 70000
                self.assertEqual(self._crises(case), ceo)
                self.assertEqual(len(self._events(case, "case.crisis")), 1, "told once")

    def _raise(self, **vals):
        case = self._new_case()
        self.assertFalse(self._crises(case))
        case.with_user(self.users["specialist"]).write(vals)
        return case

    def test_a_crisis_about_the_executive_goes_to_those_under_him(self):
        case = self._new_case(
            policy_accused_user_ids=self.users["ceo"].ids, policy_severity="crisis"
        )
        self.assertEqual(self._crises(case), self.users["director"])

    def test_the_executive_of_another_company_is_told_nothing(self):
        other = self._new_company("杭州分公司")
        self._new_user("ceo", login="t_other_ceo", company=other)
        case = self._new_case(policy_severity="crisis")
        self.assertEqual(self._crises(case), self.users["ceo"])

    def test_a_crisis_that_comes_in_by_a_door_is_told_too(self):
        public = self.env["helpdesk.ticket"].with_user(self.env.ref("base.public_user")).sudo()
        case = public.create(
            {
                "name": "触电",
                "description": "<p>触电</p>",
                "policy_kind": "inquiry",
                "policy_severity": "crisis",
                "company_id": self.company.id,
                "user_id": False,
                "team_id": False,
            }
        )
        self.assertEqual(self._crises(case.with_env(self.env)), self.users["ceo"])

    def test_a_crisis_makes_an_emergency_possible(self):
        case = self._new_case(policy_estimated_loss=50000)
        self.assertIsNone(case._policy_no_crisis(self.version))


class TestCaseCause(PolicyCommon):
    def test_negligence_is_said_of_quality_only(self):
        """Correction 4."""
        for cause in (False, "non_quality"):
            with self.subTest(cause), self.assertRefused(ValidationError, "quality only"):
                self._new_case(policy_cause_class=cause, policy_cause_negligence=True)
        case = self._new_case(policy_cause_class="quality", policy_cause_negligence=True)
        with self.assertRaises(ValidationError):
            case.policy_cause_class = "non_quality"

    def test_what_was_decided_upon_stays(self):
        case = self._new_case(policy_cause_class="quality", policy_quantity=10)
        self._drive(case, "decide")
        for name, value in {
            "policy_cause_class": "non_quality",
            "policy_cause_negligence": True,
            "policy_quantity": 9,
            "policy_cleared_quantity": 1,
            "policy_price_unit": 1,
            "policy_tax_percent": 13,
            "policy_quantity_undetermined": True,
        }.items():
            with self.subTest(name), self.assertRefused(UserError, "is decided.*stays"):
                case.write({name: value})
        case.write({"policy_cause_class": "quality", "policy_quantity": 10.0, "name": "x"})
        case.policy_estimated_loss = 5370


class TestCaseGoods(PolicyCommon):
    # === THE CEILING === #

    def test_an_open_quantity_costs_what_is_delivered_and_not_cleared(self):
        """Correction 8, K2."""
        case = self._new_case(
            policy_quantity=2000,
            policy_price_unit=85,
            policy_tax_percent=13,
            policy_quantity_undetermined=True,
        )
        self.assertEqual(case._policy_ceiling(), 192100.00)
        self.assertEqual(case._policy_ceiling("excluded"), 170000.00)
        case.policy_cleared_quantity = 1850
        self.assertEqual(case._policy_ceiling(), 14407.50)
        self.assertEqual(case.policy_ceiling_amount, 14407.50)
        case.policy_cleared_quantity = 2000
        self.assertEqual(case._policy_ceiling(), 0)

    def test_the_ceiling_is_rounded_half_up(self):
        case = self._new_case(policy_quantity=3, policy_price_unit=0.335, policy_tax_percent=0.5)
        self.assertEqual(case._policy_ceiling("excluded"), 1.01)
        self.assertEqual(case._policy_ceiling(), 1.02)

    def test_without_quantity_or_price_there_is_no_ceiling(self):
        case = self._new_case(policy_quantity_undetermined=True)
        self.assertEqual(case.policy_ceiling_amount, 0)
        with self.assertRefused(ValidationError, "Quantity, Unit Price"):
            case._policy_ceiling()
        case.policy_quantity = 10
        with self.assertRefused(ValidationError, "without: Unit Price"):
            case._policy_ceiling()
        self.assertEqual(case.policy_ceiling_amount, 0)

    # === BAD INPUT === #

    def test_no_more_is_cleared_than_was_delivered(self):
        with self.assertRefused(ValidationError, "cleared quantity exceeds"):
            self._new_case(policy_quantity=10, policy_cleared_quantity=10.01)
        with self.assertRaises(ValidationError):
            self._new_case(policy_cleared_quantity=1)
        case = self._new_case(policy_quantity=10, policy_cleared_quantity=10)
        with self.assertRaises(ValidationError):
            case.policy_quantity = 9

    def test_absurd_measures_of_the_goods_are_refused(self):
        case = self._new_case()
        for name in (
            "policy_estimated_loss",
            "policy_cleared_quantity",
            "policy_price_unit",
            "policy_tax_percent",
            "policy_sample_quantity",
        ):
            for value in (-0.01, 1e10, float("nan"), float("inf"), "many"):
                with self.subTest(name, value=value):
                    with self.assertRaises(ValidationError):
                        self._new_case(**{name: value})
                    with self.assertRaises(ValidationError):
                        case.write({name: value})
        with self.assertRaises(ValidationError):
            case.policy_tax_percent = 100.01

    def test_nothing_is_shipped_before_it_is_ordered(self):
        with at(MORNING):
            with self.assertRefused(ValidationError, "2026-02-27.*2026-02-26"):
                self._new_case(policy_ordered_on="2026-02-27", policy_shipped_on="2026-02-26")
            case = self._new_case(policy_ordered_on="2026-02-26", policy_shipped_on="2026-02-26")
            with self.assertRaises(ValidationError):
                case.policy_ordered_on = "2026-02-27"

    def test_a_day_that_nobody_can_mean_is_refused(self):
        for name in ("policy_ordered_on", "policy_shipped_on", "policy_occurred_on"):
            with at("2026-03-02 23:30"):
                case = self._new_case(**{name: "2026-03-02"})
                for day in ("2026-03-03", "9999-01-01", "0026-02-26", "1026-02-26"):
                    with self.subTest(name, day=day):
                        with self.assertRefused(ValidationError, f"{day}.*past"):
                            self._new_case(**{name: day})
                        with self.assertRaises(ValidationError):
                            case.write({name: day})
            with at("2026-03-03 00:30"):
                # The company's day, not that of UTC.
                case.write({name: "2026-03-03"})

    def test_the_customer_is_none_of_another_company(self):
        other = self._new_company("杭州分公司")
        theirs = self.env["res.partner"].create({"name": "别家客户", "company_id": other.id})
        ours = self.env["res.partner"].create({"name": "本家客户", "company_id": self.company.id})
        with self.assertRefused(ValidationError, "别家客户 belongs to another company"):
            self._new_case(partner_id=theirs.id)
        case = self._new_case(partner_id=ours.id)
        with self.assertRaises(ValidationError):
            case.partner_id = theirs
        case.partner_id = self.partner

    def test_customers_read_nothing_of_it(self):
        case = self._new_case()
        portal = self.env["res.users"].browse(self.env.ref("base.public_user").id)
        for name in (
            "policy_cause_class",
            "policy_cause_negligence",
            "policy_impact",
            "policy_estimated_loss",
            "policy_price_unit",
            "policy_ceiling_amount",
            "policy_sales_opinion",
            "policy_evidence",
        ):
            field = case._fields[name]
            self.assertFalse(case.with_user(portal)._has_field_access(field, "read"), name)
