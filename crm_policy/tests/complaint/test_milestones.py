"""The course of a case as its policy says it: order, persons, what comes about by itself."""

from odoo.exceptions import AccessError, UserError, ValidationError

from ...const import FACT_ORDER
from ..common import PolicyCommon


class MilestoneCommon(PolicyCommon):
    """The service company with a course of its own for its quality complaints."""

    # fact, after, further values
    COURSE = (
        ("accepted", "", {}),
        ("registered", "accepted", {}),
        ("responded", "accepted", {}),
        ("solution", "registered, responded", {}),
        ("decided", "solution", {"set_by": "approval"}),
        ("settled", "decided", {"set_by": "approval"}),
        ("replied", "settled", {"channels": "phone, letter"}),
        ("closed", "replied", {}),
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clause = cls.env["crm.policy.clause"].search(
            [("version_id", "=", cls.version.id)], limit=1
        )

    @classmethod
    def _course(cls, rows=None, **vals):
        """Put a course into the version and the version in force."""
        cls.version._policy_guarded_write({"state": "draft"})
        milestones = cls.env["crm.policy.milestone"].create(
            [
                {
                    "code": f"{vals.get('kind', 'complaint')}-{fact}",
                    "clause_id": cls.clause.id,
                    "sequence": 10 * number,
                    "fact": fact,
                    "after": after,
                    **vals,
                    **more,
                }
                for number, (fact, after, more) in enumerate(rows or cls.COURSE)
            ]
        )
        cls.version._policy_guarded_write({"state": "effective"})
        return milestones


class TestMilestones(MilestoneCommon):
    def setUp(self):
        super().setUp()
        self.version._policy_guarded_write({"state": "draft"})

    def _one(self, fact, **vals):
        return self.env["crm.policy.milestone"].create(
            {"code": f"x-{fact}", "clause_id": self.clause.id, "fact": fact, **vals}
        )

    def test_without_milestones_the_order_of_the_kind_holds(self):
        self.version._policy_guarded_write({"state": "effective"})
        case = self._new_case()
        expected = {**FACT_ORDER["complaint"], "policy_plan_at": ("policy_accepted_at",)}
        self.assertEqual(case._policy_fact_order(), expected)

    def test_a_course_is_that_of_its_kind_or_type(self):
        self._course()
        other = self.env["crm.policy.complaint.type"].create(
            {
                "code": "short",
                "name": "Short",
                "policy_id": self.version.policy_id.id,
                "company_id": self.company.id,
            }
        )
        self._course(
            [
                ("accepted", "", {"code": "short-accepted"}),
                ("closed", "accepted", {"code": "short-closed"}),
            ],
            complaint_type_id=other.id,
        )
        short = self._new_case(policy_complaint_type_id=other.id)
        self.assertEqual(
            short._policy_fact_order(),
            {
                "policy_accepted_at": ("policy_intake_at",),
                "policy_closed_at": ("policy_accepted_at",),
            },
        )
        with self.assertRefused(UserError, "has no place in a case of its kind"):
            self._as("specialist", short).action_policy_register()
        case = self._new_case()
        order = case._policy_fact_order()
        self.assertEqual(order["policy_settled_at"], ("policy_decided_at",))
        self.assertEqual(order["policy_accepted_at"], ("policy_intake_at",))
        self.assertNotIn("policy_callback_at", order)
        query = self._new_case(policy_kind="query")
        self.assertEqual(query._policy_fact_order(), FACT_ORDER["query"])

    def test_impossible_milestones_are_refused(self):
        self._one("accepted", sequence=1)
        for vals, words in (
            ({"fact": "closed", "after": "settled"}, "comes after settled, which does not stand"),
            ({"fact": "closed", "after": "moon"}, "comes after moon"),
            ({"fact": "closed", "after": "accepted", "sequence": 0}, "comes after accepted"),
            ({"fact": "accepted", "sequence": 2}, "has this fact already"),
            ({"fact": "registered", "set_by": "approval"}, "does not come about by itself"),
            ({"fact": "investigated", "set_by": "opinions"}, "name the opinions"),
            ({"fact": "closed", "channels": "phone"}, "only the reply has channels"),
            ({"fact": "replied", "channels": "pigeon"}, "channels pigeon do not fit"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                self._one(**{"sequence": 20, **vals, "code": "bad"})
        with self.assertRefused(ValidationError, "it has no role"):
            self._one("decided", set_by="approval", role_id=self._role_of("ceo").id, code="bad")

    def test_the_linter_wants_a_beginning_and_an_end(self):
        self._one("accepted")
        self._one("settled", opinions="moons", sequence=20)
        self.env["crm.policy.finding"]._policy_refresh(self.version)
        codes = (
            self.env["crm.policy.finding"]
            .search([])
            .filtered(lambda line: line.res_model == "crm.policy.milestone")
        )
        self.assertEqual(
            sorted(codes.mapped(lambda line: (line.code, line.severity))),
            [("course_without_end", "error"), ("milestone_without_opinion", "error")],
        )


class TestCaseOnItsCourse(MilestoneCommon):
    def _case(self, until="propose", **vals):
        case = self._new_case(**vals)
        self._drive(case, until=until)
        return case

    def test_the_last_signature_settles_the_case(self):
        self._course()
        case = self._case()
        mine = self._as("specialist", case)
        self.assertEqual(mine.policy_next_action, "remedies")
        self.assertIn("A remedy to sign", mine.policy_waits_for)
        with self.assertRefused(UserError, "comes about by itself: The Last Signature"):
            self._as("specialist", case).action_policy_decide()
        first, second = self._new_remedy(case, 20000), self._new_remedy(case, 30000)
        self.assertEqual(self._as("specialist", case).policy_next_action, "submit")
        self._as("specialist", case).action_policy_submit()
        self.assertEqual(self._as("specialist", case).policy_next_action, "wait")
        signer = first.policy_approval_id.eligible_user_ids[:1]
        first.with_user(signer).action_policy_approve("同意")
        self.assertFalse(case.policy_decided_at)
        second.with_user(second.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同意"
        )
        self.assertTrue(case.policy_decided_at)
        self.assertEqual(case.policy_settled_at, case.policy_decided_at)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)], order="id"
        )
        settled = events.filtered(lambda event: event.type == "fact.settled")
        self.assertEqual(settled.actor_id, second.policy_approval_id.decision_ids[-1:].user_id.id)

    def test_nothing_is_submitted_before_the_case_is_ready_for_the_signature(self):
        self._course()
        case = self._case(until="respond")
        self._new_remedy(case, 500)
        with self.assertRefused(UserError, "Decided At: missing first: Solution Proposed"):
            self._as("specialist", case).action_policy_submit()
        self._as("specialist", case).action_policy_propose("退款")
        case.policy_quantity_undetermined = True
        with self.assertRefused(UserError, "determine the quantity before the decision"):
            self._as("specialist", case).action_policy_submit()
        case.policy_quantity_undetermined = False
        self._as("specialist", case).action_policy_submit()
        self.assertEqual(case.policy_remedy_ids.policy_approval_state, "pending")

    def test_shares_that_fit_at_last_settle_what_is_signed(self):
        self._course()
        Share = self.env["crm.policy.responsibility"].with_user(self.users["specialist"])
        Loss = self.env["crm.policy.loss"].with_user(self.users["specialist"])
        other = {"party": "other", "name": "物业"}
        attempts = {
            "create": lambda case, line: Share.create(
                {"ticket_id": case.id, "share": 40, "party": "other", "name": "承运方"}
            ),
            "write": lambda case, line: line.write({"share": 100}),
            "unlink": lambda case, line: line.unlink(),
        }
        for name, attempt in attempts.items():
            with self.subTest(name):
                case = self._case()
                line = Share.create({"ticket_id": case.id, "share": 60, **other})
                remedy = self._new_remedy(case, 20000)
                remedy._policy_guarded_write({"policy_approval_state": "approved"})
                case._policy_bring_about()
                Loss.create({"ticket_id": case.id, "kind": "freight", "amount": 7})
                self.assertFalse(case.policy_decided_at)
                attempt(case, line)
                self.assertTrue(case.policy_settled_at)
                self.assertEqual(case.policy_loss_amount, 7)
                shares = case.policy_responsibility_ids
                self.assertEqual(sum(shares.mapped("decided_amount")), 7 if shares else 0)

    def test_a_rejected_remedy_settles_nothing(self):
        self._course()
        case = self._case()
        remedy = self._new_remedy(case, 20000)
        self._as("specialist", case).action_policy_submit()
        remedy.with_user(remedy.policy_approval_id.eligible_user_ids[:1]).action_policy_reject(
            "依据不足"
        )
        self.assertFalse(case.policy_decided_at)

    def test_what_keeps_the_last_signature_from_settling_is_looked_at_again(self):
        """A signed remedy settles the case once nothing hinders it any more, whatever it was."""
        self._course()
        for end in ("reject", "delete", "quantity"):
            with self.subTest(end):
                case = self._case()
                first = self._new_remedy(case, 20000)
                if end != "delete":
                    other = self._new_remedy(case, 30000)
                self._as("specialist", case).action_policy_submit()
                if end == "delete":
                    other = self._new_remedy(case, 30000)
                if end == "quantity":
                    case.policy_quantity_undetermined = True
                    self._signed(other)
                self._signed(first)
                self.assertFalse(case.policy_decided_at)
                if end == "reject":
                    other.with_user(
                        other.policy_approval_id.eligible_user_ids[:1]
                    ).action_policy_reject("依据不足")
                elif end == "delete":
                    other.with_user(self.users["specialist"]).unlink()
                else:
                    case.policy_quantity_undetermined = False
                self.assertTrue(case.policy_settled_at)

    def _signed(self, remedy):
        remedy.with_user(remedy.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同意"
        )

    def test_a_milestone_with_a_role_is_recorded_by_its_holders_only(self):
        course = self._course()
        self.version._policy_guarded_write({"state": "draft"})
        registered = course.filtered(lambda line: line.fact == "registered")
        registered.role_id = self._role_of("ceo")
        self.version._policy_guarded_write({"state": "effective"})
        case = self._case(until="accept")
        self._as("specialist", case).action_policy_respond("已致电")
        mine = self._as("specialist", case)
        self.assertEqual((mine.policy_next_action, mine.policy_by_role), ("role", False))
        self.assertIn(self.users["ceo"].name, mine.policy_waits_for)
        for role in ("specialist", "supervisor", "director"):
            with self.subTest(role), self.assertRefused(AccessError, "is recorded by"):
                self._as(role, case).action_policy_register()
        theirs = self._as("ceo", case)
        self.assertEqual((theirs.policy_next_action, theirs.policy_by_role), ("register", True))
        theirs.action_policy_register()
        self.assertTrue(case.policy_number)
        # Whoever the case is about records nothing in it.
        own = self._case(until="accept")
        own.policy_accused_user_ids = self.users["ceo"]
        with self.assertRefused(AccessError, "is recorded by"):
            self._as("ceo", own).action_policy_register()

    def test_the_customer_is_told_by_the_channels_of_the_clause(self):
        self._course()
        case = self._case()
        remedy = self._new_remedy(case, 20000)
        self._as("specialist", case).action_policy_submit()
        remedy.with_user(remedy.policy_approval_id.eligible_user_ids[:1]).action_policy_approve(
            "同意"
        )
        mine = self._as("specialist", case)
        with self.assertRefused(UserError, "told by Phone, Letter, not by E-mail"):
            mine.action_policy_reply("同意退款", "email")
        self.assertFalse(case.policy_replied_at)
        self.assertFalse(case.policy_reply_channel)
        mine.action_policy_reply("同意退款", "letter")
        self._receive(remedy)
        mine.action_policy_close()
        self.assertEqual(case.policy_step, "closed")
