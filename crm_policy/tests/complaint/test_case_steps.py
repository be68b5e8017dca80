"""The steps of a case: in which order, by whom, with what."""

import contextlib

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import SQL

from ..common import PolicyCommon

# After a step, what may be taken next (cancelling apart).
COMPLAINT = {
    "start": {"accept"},
    "accept": {"register", "respond"},
    "register": {"respond"},
    "respond": {"propose"},
    "propose": {"decide"},
    "decide": {"settle"},
    "settle": {"reply"},
    "reply": {"callback", "recheck"},
    "callback": {"recheck"},
    "recheck": {"close"},
    "close": set(),
}
CANCELLABLE = ("start", "accept", "register", "respond", "propose", "decide")
LIGHT = {
    "start": {"accept"},
    "accept": {"register", "respond"},
    "respond": {"register", "close"},
    "close": set(),
}
ARGUMENTS = {
    "respond": ("回应",),
    "propose": ("方案",),
    "reply": ("答复", "email"),
    "callback": (4, "满意"),
    "recheck": ("无误",),
    "cancel": ("误登",),
}
ACTIONS = (*list(COMPLAINT)[1:], "cancel")
WINDOW = {"specialist", "supervisor", "manager", "director"}
ALLOWED = {
    **dict.fromkeys(ACTIONS, WINDOW),
    "recheck": {"supervisor", "manager", "director", "qc"},
    "cancel": {"supervisor", "manager", "director"},
}


class RolledBack(Exception):
    pass


class TestCaseSteps(PolicyCommon):
    def test_what_was_decided_is_not_rewritten(self):
        case = self._new_case()
        self._drive(case, "propose")
        self._as("specialist", case).policy_solution = "改为全额退款"
        self._as("specialist", case).action_policy_decide()
        with self.assertRaisesRegex(UserError, "is decided"):
            self._as("specialist", case).policy_solution = "不予处理"
        self.assertEqual(case.policy_solution, "改为全额退款")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users |= {
            "plain": new_test_user(
                cls.env,
                login="t_plain",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            ),
            "portal": new_test_user(cls.env, login="t_portal", groups="base.group_portal"),
            "public": cls.env.ref("base.public_user"),
        }

    def _take(self, action, case):
        return getattr(case, f"action_policy_{action}")(*ARGUMENTS.get(action, ()))

    def _at(self, step, **vals):
        case = self._new_case(**vals)
        if vals.get("policy_kind", "complaint") == "complaint":
            if step != "start":
                self._drive(case, step)
            return case
        for action in list(LIGHT)[1 : list(LIGHT).index(step) + 1]:
            self._take(action, self._as("specialist", case))
        return case

    def _picture(self, case):
        self.env.cr.flush()
        queries = (
            SQL("SELECT * FROM helpdesk_ticket WHERE id = %s", case.id),
            SQL("SELECT * FROM crm_policy_deadline WHERE res_id = %s ORDER BY id", case.id),
            SQL("SELECT count(*) FROM crm_policy_event"),
            SQL("SELECT * FROM crm_policy_counter ORDER BY id"),
            SQL("SELECT count(*) FROM mail_message WHERE res_id = %s", case.id),
        )
        picture = [self.env.execute_query(query) for query in queries]
        self.env.invalidate_all()
        return picture

    def _try(self, action, case):
        """Take the step, take it back, and return whether it was possible."""
        try:
            with self.env.cr.savepoint():
                self._take(action, case)
                raise RolledBack
        except RolledBack:
            return True
        except UserError:
            return False

    # === THE ORDER === #

    def _walk(self, table, cancellable, **vals):
        for step, allowed in table.items():
            case = self._at(step, **vals)
            before = self._picture(case)
            for action in ACTIONS:
                role = "supervisor" if action in ("recheck", "cancel") else "specialist"
                possible = self._try(action, self._as(role, case))
                expected = step in cancellable if action == "cancel" else action in allowed
                with self.subTest(f"{action} after {step}"):
                    self.assertEqual(possible, expected)
                    self.assertEqual(self._picture(case), before, "something was left behind")

    def test_a_complaint_goes_its_steps_and_no_other_way(self):
        self._walk(COMPLAINT, CANCELLABLE)

    def test_an_inquiry_is_answered_and_closed_and_nothing_else(self):
        for kind in ("inquiry", "query", "request", "suggestion"):
            self._walk(LIGHT, ("start", "accept", "respond"), policy_kind=kind)

    def test_a_cancelled_case_takes_no_step(self):
        case = self._at("register")
        self._as("supervisor", case).action_policy_cancel("误登")
        before = self._picture(case)
        for action in ACTIONS:
            with self.subTest(action):
                self.assertFalse(self._try(action, self._as("supervisor", case)))
        self.assertEqual(self._picture(case), before)
        self.assertEqual((case.policy_step, case.policy_outcome), ("cancelled", "cancelled"))
        self.assertTrue(case.policy_number, "its number is kept")
        self.assertNotIn("open", case.policy_deadline_ids.mapped("state"))

    def test_a_ticket_without_a_policy_takes_no_step(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "t", "description": "d"})
        before = self._picture(ticket)
        for action in ACTIONS:
            with self.subTest(action), self.assertRaisesRegex(UserError, "not governed"):
                self._take(action, ticket)
        self.assertEqual(self._picture(ticket), before)
        self.assertFalse(ticket.policy_step or ticket.policy_outcome)

    # === WHO === #

    def test_each_step_is_taken_by_its_roles_and_by_nobody_else(self):
        steps = list(COMPLAINT)
        for action in ACTIONS:
            state = "propose" if action == "cancel" else steps[steps.index(action) - 1]
            case = self._at(state)
            before = self._picture(case)
            for role in self.users:
                for mine in (self._as(role, case), self._as(role, case).sudo()):
                    possible = self._try(action, mine)
                    with self.subTest(f"{role} {action}", sudo=mine.env.su):
                        self.assertEqual(possible, role in ALLOWED[action])
            self.assertEqual(self._picture(case), before)

    def test_a_refused_person_gets_an_access_error(self):
        case = self._at("propose")
        for role in ("finance", "ceo", "analyst", "policy_admin", "plain", "portal", "public"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).sudo().action_policy_decide()

    def test_nobody_acts_on_a_case_of_another_company(self):
        case = self._at("start")
        other = self._new_company("杭州分公司")
        stranger = self._new_user("director", login="t_stranger", company=other)
        theirs = case.with_user(stranger).with_context(allowed_company_ids=other.ids)
        case.read()
        # What is cached is not checked by reading it, and assertRaises() would empty the cache.
        with contextlib.suppress(AccessError):
            theirs.action_policy_accept()
            self.fail("a step on a case of another company")
        with self.assertRaises(AccessError):
            case.with_user(stranger).action_policy_accept()

    def test_who_sees_the_clocks_of_a_case(self):
        case = self._at("accept")
        action = self._as("specialist", case).action_policy_open_deadlines()
        self.assertIn(("res_id", "=", case.id), action["domain"])
        for role in ("plain", "portal", "public"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, case).action_policy_open_deadlines()

    # === THE RE-CHECK === #

    def test_the_handler_does_not_recheck_his_own_case(self):
        case = self._at("callback")
        case.user_id = self.users["supervisor"]
        with self.assertRaisesRegex(UserError, "another person than its handler"):
            self._take("recheck", self._as("supervisor", case))
        self._take("recheck", self._as("qc", case))
        self.assertEqual(case.policy_recheck_user_id, self.users["qc"])

    def test_handing_the_case_over_does_not_make_its_handler_another_person(self):
        case = self._at("settle")
        self._take("reply", self._as("supervisor", case))
        self._take("callback", self._as("supervisor", case))
        for handler in ("specialist", False):
            case.user_id = self.users.get(handler, False)
            with self.subTest(handler), self.assertRaisesRegex(UserError, "another person"):
                self._take("recheck", self._as("supervisor", case))
        self._take("recheck", self._as("manager", case))

    # === WITH WHAT === #

    def test_satisfaction_is_a_whole_number_from_1_to_5(self):
        case = self._as("specialist", self._at("reply"))
        before = self._picture(case)
        for score in (0, 6, -1, "4", "", 4.5, 4.0, True, False, None, [4], {"score": 4}):
            with self.subTest(score), self.assertRaisesRegex(ValidationError, "from 1 to 5"):
                case.action_policy_callback(score, "满意")
        for text in ("", "  ", None, False, 5, ["x"]):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                case.action_policy_callback(4, text)
        self.assertEqual(self._picture(case), before)
        for score in (3, 5):
            with self.env.cr.savepoint() as savepoint:
                case.action_policy_callback(score, "满意")
                self.assertEqual(case.policy_callback_score, score)
                savepoint.rollback()

    def test_a_reply_has_a_text_and_a_known_channel(self):
        case = self._as("specialist", self._at("settle"))
        before = self._picture(case)
        for text, channel in (
            ("", "phone"),
            ("  ", "phone"),
            (None, "phone"),
            (7, "phone"),
            ("答复", None),
            ("答复", ""),
            ("答复", "fax"),
            ("答复", "Phone"),
            ("答复", True),
            ("答复", ["phone"]),
        ):
            with self.subTest(text=text, channel=channel), self.assertRaises(ValidationError):
                case.action_policy_reply(text, channel)
        self.assertEqual(self._picture(case), before)

    def test_a_proposal_needs_a_solution_and_a_recheck_a_text(self):
        case = self._at("respond")
        for text in (None, "", "   "):
            with self.subTest(text), self.assertRaises(ValidationError):
                self._as("specialist", case).action_policy_propose(text)
        case = self._at("callback")
        for text in (None, "", "   "):
            with self.subTest(text), self.assertRaises(ValidationError):
                self._as("qc", case).action_policy_recheck(text)

    def test_cancelling_needs_a_reason(self):
        case = self._at("accept")
        for reason in (None, "", "  "):
            with self.subTest(reason), self.assertRaisesRegex(ValidationError, "Say why"):
                self._as("supervisor", case).action_policy_cancel(reason)
        self.assertEqual(case.policy_step, "accepted")

    def test_a_text_is_kept_only_with_its_fact(self):
        """The texts are written before the fact: a refusal of the fact takes them back."""
        case = self._as("specialist", self._at("respond"))
        before = self._picture(case)
        for attempt in (
            lambda: case.action_policy_reply("过早的答复", "phone"),
            lambda: case.action_policy_callback(5, "过早的回访"),
            lambda: case.action_policy_propose("新方案", at="2099-01-01 00:00:00"),
            lambda: case.action_policy_propose("新方案", at="no date"),
        ):
            try:  # assertRaises() would roll back itself
                attempt()
            except UserError:
                continue
            self.fail("a fact out of order was recorded")
        self.assertEqual(self._picture(case), before)
        for name in ("policy_reply_text", "policy_callback_text", "policy_solution"):
            self.assertFalse(case[name])

    def test_a_text_that_was_recorded_is_not_replaced(self):
        case = self._at("callback")
        mine = self._as("specialist", case)
        for attempt in (
            lambda: mine.action_policy_respond("改写"),
            lambda: mine.action_policy_propose("改写"),
            lambda: mine.action_policy_reply("改写", "visit"),
            lambda: mine.action_policy_callback(1, "改写"),
        ):
            with self.assertRaisesRegex(UserError, "recorded already"):
                attempt()
        self.assertEqual(case.policy_callback_score, 4)
        self.assertEqual(case.policy_reply_channel, "phone")

    def test_a_complaint_is_registered_with_type_and_customer(self):
        for missing in ("policy_complaint_type_id", "partner_id"):
            case = self._at("accept", **{missing: False})
            with self.subTest(missing), self.assertRaisesRegex(ValidationError, "without"):
                self._as("specialist", case).action_policy_register()
            self.assertFalse(case.policy_number)

    def test_an_undetermined_quantity_is_determined_before_the_decision(self):
        case = self._at("propose", policy_quantity_undetermined=True)
        with self.assertRaisesRegex(UserError, "determine the quantity"):
            self._as("specialist", case).action_policy_decide()
        case.policy_quantity_undetermined = False
        self._as("specialist", case).action_policy_decide()

    def test_a_fact_does_not_lie_before_the_one_it_follows(self):
        case = self._at("accept")
        case.flush_recordset()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET policy_accepted_at = policy_accepted_at "
            "- interval '1 hour' WHERE id = %s",
            [case.id],
        )
        self.env.invalidate_all()
        early = case.policy_accepted_at.replace(microsecond=0)
        with self.assertRaisesRegex(ValidationError, "cannot lie before"):
            self._as("specialist", case).action_policy_respond(
                "回应", at=str(early.replace(year=early.year - 1)), reason="补录"
            )
        self._as("specialist", case).action_policy_respond("回应", at=str(early), reason="补录")
        self.assertEqual(case.policy_responded_at, early)


class TestCaseIntake(PolicyCommon):
    # === WHAT A CASE IS === #

    def test_an_unknown_kind_or_type_is_named(self):
        for kind in ("nonsense", "Complaint", 5, ["complaint"]):
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, "no kind"):
                self._new_case(policy_kind=kind)
        for kind in (999_999_999, "quality"):
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, str(kind)):
                self._new_case(policy_complaint_type_id=kind)

    def test_the_type_is_in_use_in_the_company_of_the_case(self):
        other = self._new_company("杭州分公司")
        policy = self.env["crm.policy"].create({"code": "X", "name": "X", "company_id": other.id})
        foreign = self.env["crm.policy.complaint.type"].create(
            {"code": "x", "name": "别家的", "company_id": other.id, "policy_id": policy.id}
        )
        with self.assertRaises(UserError):
            self._new_case(policy_complaint_type_id=foreign.id)
        archived = self.types["packaging"]
        archived.active = False
        with self.assertRaisesRegex(ValidationError, "not in use"):
            self._new_case(policy_complaint_type_id=archived.id)
        case = self._new_case()
        for kind in (foreign, archived):
            with self.assertRaises(UserError):
                case.policy_complaint_type_id = kind

    def test_absurd_measures_are_refused(self):
        case = self._new_case()
        for name in ("policy_claim_amount", "policy_quantity", "policy_defective_quantity"):
            for value in (-0.01, -1, 1e10, 1e300, float("nan"), float("inf"), "many"):
                with self.subTest(name, value=value):
                    with self.assertRaises(ValidationError):
                        self._new_case(**{name: value})
                    with self.assertRaises(ValidationError):
                        case.write({name: value})

    def test_absurd_measures_do_not_come_from_defaults(self):
        for name in ("policy_claim_amount", "policy_quantity", "policy_defective_quantity"):
            context = {f"default_{name}": -5}
            with self.subTest(name), self.assertRaises(ValidationError):
                self.env["helpdesk.ticket"].with_context(**context).create(
                    {"name": "t", "description": "d", "policy_kind": "inquiry"}
                )

    def test_no_more_is_defective_than_was_delivered(self):
        with self.assertRaisesRegex(ValidationError, "exceeds the quantity"):
            self._new_case(policy_quantity=10, policy_defective_quantity=10.01)
        case = self._new_case(policy_quantity=10, policy_defective_quantity=10)
        with self.assertRaises(ValidationError):
            case.policy_quantity = 9
        self._new_case(policy_quantity=0, policy_defective_quantity=5)

    def test_no_policy_in_force_is_said_at_the_intake(self):
        self.version.policy_id.active_in_company = False
        with self.assertRaisesRegex(UserError, "no policy in force"):
            self._new_case()

    # === WHAT DOES NOT CHANGE ANY MORE === #

    def test_the_kind_changes_until_the_case_is_accepted(self):
        case = self._new_case(policy_kind="inquiry")
        case.policy_kind = "complaint"
        self._as("specialist", case).action_policy_accept()
        for user in (self.users["specialist"], self.users["director"], self.env.user):
            with self.assertRaisesRegex(UserError, "is accepted"):
                case.with_user(user).write({"policy_kind": "inquiry"})

    def test_the_type_changes_until_the_case_is_numbered(self):
        case = self._new_case()
        self._as("specialist", case).action_policy_accept()
        case.policy_complaint_type_id = self.types["packaging"]
        self._as("specialist", case).action_policy_register()
        with self.assertRaisesRegex(UserError, "does not change any more"):
            case.policy_complaint_type_id = self.types["quality"]
        case.policy_complaint_type_id = self.types["packaging"]

    def test_the_company_of_an_accepted_case_stays(self):
        other = self._new_company("杭州分公司")
        case = self._new_case(policy_kind="inquiry")
        with self.assertRaisesRegex(UserError, "another company"), self.env.cr.savepoint():
            case.company_id = other
        with self.assertRaisesRegex(UserError, "no policy in force"), self.env.cr.savepoint():
            case.write({"company_id": other.id, "policy_department_id": False, "team_id": False})
        self._as("specialist", case).action_policy_accept()
        with self.assertRaisesRegex(UserError, "does not change any more"):
            case.company_id = other

    def test_a_case_numbered_at_its_intake_keeps_type_and_company(self):
        self.types["quality"].number_event = "intake"
        case = self._new_case()
        self.assertTrue(case.policy_number)
        with self.assertRaisesRegex(UserError, "does not change any more"):
            case.policy_complaint_type_id = self.types["packaging"]

    def test_a_ticket_comes_under_the_policy_later(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "t", "description": "d", "company_id": self.company.id}
        )
        self.assertFalse(ticket.policy_step or ticket.policy_intake_at)
        ticket.policy_kind = "inquiry"
        self.assertEqual(ticket.policy_step, "received")
        self.assertEqual(ticket.policy_intake_at, ticket.create_date.replace(microsecond=0))
        self.assertEqual(ticket.policy_version_id, self.version)
