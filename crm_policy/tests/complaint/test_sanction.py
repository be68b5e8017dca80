"""Sanctions from the proposal to the execution (C.12, RWD-FIN-04, RWD-ADM-02, S2.9, S6)."""

from contextlib import suppress

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import at, shanghai
from .blame_common import BlameCommon

STEPS_OF_BUTTONS = {
    "execute": ("action_policy_execute",),
    "revoke": ("action_policy_revoke", "x"),
    "appeal": ("action_policy_appeal", "x"),
    "answer": ("action_policy_confirm", "x"),
}


class Undone(Exception):
    """A step was taken and is not kept."""


class SanctionCommon(BlameCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clause = cls.governing.clause_ids.filtered(lambda clause: clause.number == "7.5")

    def _proposed(self, case, role="supervisor"):
        self._as(role, case).action_policy_propose_sanctions()
        return case.policy_sanction_ids.sorted("id")

    def _handmade(self, case, role="supervisor", **vals):
        values = {
            "kind": "warning",
            "employee_id": self.zhao_employee.id,
            "ticket_id": case.id,
            "clause_id": self.clause.id,
            "fact": "未按工艺卡操作",
            **vals,
        }
        Sanction = self.env["crm.policy.sanction"].with_user(self.users[role])
        return Sanction.create(values).with_env(self.env)

    def _violation(self, case):
        values = {
            "company_id": case.company_id.id,
            "clause_id": self.clause.id,
            "severity": "serious",
            "res_model": case._name,
            "res_id": case.id,
            "user_id": self.users["supervisor"].id,
            "department_id": False,
        }
        return (
            self.env["crm.policy.violation"]
            ._policy_open([values], fields.Datetime.now())
            .with_env(self.env)
        )

    def _approve(self, sanctions, opinion="情况属实"):
        for sanction in sanctions:
            if sanction.state == "proposed":
                sanction.with_user(self.hr).action_policy_submit()
            sanction.with_user(self.deputy).action_policy_approve(opinion)
            self._as("ceo", sanction).action_policy_approve("同意")
        return sanctions

    def _sees(self, user, sanction):
        return bool(sanction.with_user(user).search([("id", "=", sanction.id)]))


class TestSanctionOfACase(SanctionCommon):
    def test_s2_line_9(self):
        case = self._decided()
        with at("2026-03-13 14:00"):
            sanctions = self._proposed(case)
        departments = sanctions.filtered("department_id")
        self.assertEqual(departments.department_id, self.manufacturing | self.quality)
        self.assertEqual(sorted(departments.mapped("amount")), [107.40, 429.60])
        self.assertEqual(set(departments.mapped("kind")), {"performance_deduction"})
        person = sanctions - departments
        self.assertEqual((person.employee_id, person.user_id), (self.zhao_employee, self.zhao))
        self.assertEqual((person.kind, person.amount), ("warning", 0))
        self.assertEqual(person.base_amount, 4296.00)
        self.assertEqual(sanctions.mapped("number"), [f"SC-2026-000{n}" for n in (1, 2, 3)])
        self.assertEqual(person.proposed_at, shanghai("2026-03-13 14:00"))
        self.assertEqual(person.clause_number, "7.5")
        self.assertEqual(set(sanctions.mapped("state")), {"proposed"})

    def test_who_decides_finds_the_buttons_on_its_form(self):
        arch = etree.fromstring(self.env["crm.policy.sanction"].get_view(view_type="form")["arch"])
        buttons = arch.xpath("//header/button[@invisible='not policy_can_decide']")
        outcomes = [button.get("context").split("'")[-2] for button in buttons]
        self.assertEqual(outcomes, ["approve", "reject"])
        # What it is comes first, then who decides on it.
        names = [node.get("name") for node in arch.xpath("//sheet//field")]
        self.assertLess(names.index("number"), names.index("policy_approval_chain"))

    def test_each_button_is_shown_by_its_own_right(self):
        arch = etree.fromstring(self.env["crm.policy.sanction"].get_view(view_type="form")["arch"])
        shown = {}
        for button in arch.iterfind(".//header/button"):
            step = button.get("context", "").split("'default_step': '")[1:]
            name = step[0].split("'")[0] if step else button.get("name")
            shown[name] = button.get("invisible")
        rights = {
            "action_policy_execute": "not can_execute",
            "appeal": "not can_appeal",
            "confirm": "not can_answer",
            "grant": "not can_answer",
            "revoke": "not can_revoke",
        }
        self.assertEqual({name: shown.get(name) for name in rights}, rights)

    def _steps_open(self, sanction):
        """Return who is shown which button; of each he may take the step, of no other."""
        found = set()
        for user in (self.zhao, self.hr, self.deputy, *self.users.values()):
            mine = sanction.with_user(user)
            for step, (method, *text) in STEPS_OF_BUTTONS.items():
                shown = mine.has_access("read") and mine[f"can_{step}"]
                taken = True
                try:
                    with suppress(Undone), self.env.cr.savepoint():
                        getattr(mine, method)(*text)
                        raise Undone()
                except (AccessError, UserError):
                    taken = False
                self.env.invalidate_all()
                self.assertEqual(shown, taken, f"{sanction.state}: {user.login}, {step}")
                if shown:
                    found.add((user, step))
        return found

    def test_who_is_shown_a_button_may_take_the_step_and_nobody_else_may(self):
        users = self.users
        sanction = self._handmade(self._decided())
        top = {(users["director"], "revoke"), (users["ceo"], "revoke")}
        self.assertEqual(self._steps_open(sanction), {(users["supervisor"], "revoke")} | top)
        self._approve(sanction)
        executors = {
            (user, "execute")
            for user in (self.hr, users["finance"], users["director"], users["ceo"])
        }
        self.assertEqual(self._steps_open(sanction), executors | top | {(self.zhao, "appeal")})
        sanction.with_user(self.zhao).action_policy_appeal("不是我的班次")
        # The CEO has signed it.
        self.assertEqual(self._steps_open(sanction), top | {(users["director"], "answer")})
        self._as("director", sanction).action_policy_confirm("班次属实")
        self.assertEqual(self._steps_open(sanction), executors | top)
        self._as("finance", sanction).action_policy_execute()
        self.assertEqual(self._steps_open(sanction), top)
        self._as("director", sanction).action_policy_revoke("查明无责任")
        self.assertFalse(self._steps_open(sanction))

    def test_a_policy_without_rules_proposes_nothing(self):
        """Not even for departments: no band fits them."""
        case = self._decided()
        rules = self.env["crm.policy.sanction.rule"].search(
            [("version_id", "=", case.policy_version_id.id)]
        )
        self.env.cr.execute("DELETE FROM crm_policy_sanction_rule WHERE id IN %s", [rules._ids])
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        with self.assertRefused(UserError, "the policy proposes no sanction"):
            self._as("supervisor", case).action_policy_propose_sanctions()
        self.assertFalse(case.policy_sanction_ids)

    def test_again_nothing_is_proposed_twice(self):
        case = self._decided()
        first = self._proposed(case)
        self._approve(first[0])
        action = self._as("manager", case).action_policy_propose_sanctions()
        self.assertEqual(case.policy_sanction_ids.sorted("id"), first)
        self.assertEqual(action["res_model"], "crm.policy.sanction")

    def test_before_the_decision_and_without_shares_nothing_is_proposed(self):
        case = self._quality_case()
        self._losses(case)
        self._shares(case)
        with self.assertRefused(UserError, "once it is decided"):
            self._proposed(case)
        with self.assertRefused(AccessError, "This step is taken by"):
            self._proposed(self._decided(), "specialist")
        other = self._new_case()
        self._drive(other, "decide")
        with self.assertRefused(UserError, "Nothing follows from the shares"):
            self._proposed(other)

    def test_the_departments_of_a_case_share_a_cap(self):
        case = self._quality_case()
        self.env["crm.policy.loss"].create(
            {"ticket_id": case.id, "kind": "other", "amount": 100000}
        )
        self._shares(case)
        self._as("specialist", case).action_policy_decide()
        amounts = {s.department_id: s.amount for s in self._proposed(case) if s.department_id}
        # 8,000 and 2,000 would be 10,000.
        self.assertEqual(amounts, {self.manufacturing: 4000, self.quality: 1000})

    def test_a_customer_bears_a_share_and_no_sanction(self):
        case = self._quality_case()
        self._losses(case)
        self._share(case, 100, party="customer", partner_id=self.partner.id)
        self._as("specialist", case).action_policy_decide()
        with self.assertRefused(UserError, "Nothing follows"):
            self._proposed(case)

    def test_the_whole_way(self):
        case = self._decided()
        sanction = self._proposed(case).filtered("employee_id")
        with at("2026-03-16 09:00"):
            self._as("supervisor", sanction).action_policy_submit()
        self.assertEqual(sanction.state, "opinion")
        with at("2026-03-16 10:00"):
            sanction.with_user(self.deputy).action_policy_approve("操作失误,同意警告")
        with at("2026-03-16 11:00"):
            self._as("ceo", sanction).action_policy_approve("同意")
        self.assertEqual(sanction.state, "approved")
        self.assertEqual(sanction.opinion, "操作失误,同意警告")
        self.assertEqual(sanction.decided_at, shanghai("2026-03-16 11:00"))
        self.assertEqual(sanction.appeal_until, shanghai("2026-03-21 11:00"))
        self.assertIn(self.zhao, sanction.activity_ids.user_id)
        with at("2026-03-23 09:00"):
            sanction.with_user(self.hr).action_policy_execute()
        self.assertEqual(sanction.state, "executed")
        self.assertEqual(sanction.executed_by_id, self.hr)
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", sanction._name), ("res_id", "=", sanction.id)], order="id"
        )
        self.assertEqual(
            events.mapped("type"),
            ["sanction.proposed", "fact.decided", "fact.executed"],
        )

    def test_the_opinion_is_written(self):
        case = self._decided()
        sanction = self._proposed(case)[0]
        self._as("supervisor", sanction).action_policy_submit()
        theirs = sanction.with_user(self.deputy)
        for words in (None, "", "   "):
            with self.assertRefused(UserError, "write your opinion"):
                theirs.action_policy_approve(words)
            with self.assertRefused(UserError, "write your opinion"):
                sanction.policy_approval_id.with_user(self.deputy).action_policy_approve(words)
        with self.assertRefused(UserError, "once the opinion is written"):
            sanction.with_user(self.hr).action_policy_execute()
        theirs.action_policy_approve("情况属实")
        with self.assertRefused(UserError, "once the opinion is written"):
            sanction.with_user(self.hr).action_policy_execute()
        # The last word needs none.
        self._as("ceo", sanction).action_policy_approve()
        self.assertEqual(sanction.state, "approved")

    def test_who_was_asked_first_has_said_nothing(self):
        """What comes to its last signature by another way is not approved without an opinion."""
        case = self._decided()
        sanction = self._proposed(case)[0]
        self._as("supervisor", sanction).action_policy_submit()
        sanction.with_user(self.deputy).action_policy_approve("x")
        decision = sanction.policy_approval_id.decision_ids
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE crm_policy_decision DISABLE TRIGGER USER")
        decision._policy_update({"comment": False})
        self.env.flush_all()
        with self.assertRefused(UserError, "has no opinion yet"):
            self._as("ceo", sanction).action_policy_approve("同意")

    def test_only_the_route_decides(self):
        case = self._decided()
        sanction = self._proposed(case)[0]
        self._as("supervisor", sanction).action_policy_submit()
        for role in ("director", "ceo", "supervisor", "manager"):
            with self.assertRaises(UserError):
                self._as(role, sanction).action_policy_approve("同意")
        sanction.with_user(self.deputy).action_policy_approve("属实")
        with self.assertRaises(UserError):
            sanction.with_user(self.deputy).action_policy_approve("同意")
        self._as("ceo", sanction).action_policy_reject("证据不足")
        self.assertEqual(sanction.state, "rejected")
        with self.assertRefused(UserError, "is decided"):
            self._as("supervisor", sanction).action_policy_submit()
        with self.assertRefused(UserError, "not due"):
            sanction.with_user(self.hr).action_policy_execute()

    def test_nobody_decides_on_himself(self):
        case = self._decided()
        self.zhao.write({"group_ids": [(4, self.env.ref("crm_policy.group_ceo").id)]})
        sanction = self._proposed(case).filtered("employee_id")
        self._as("supervisor", sanction).action_policy_submit()
        sanction.with_user(self.deputy).action_policy_approve("属实")
        self.assertNotIn(self.zhao, sanction.policy_approval_id.eligible_user_ids)
        with self.assertRaises(AccessError):
            sanction.with_user(self.zhao).action_policy_approve("同意")
        with self.assertRaises(UserError):
            sanction.with_user(self.zhao).sudo().policy_approval_id._policy_decide(
                "approved", "同意"
            )
        self._as("ceo", sanction).action_policy_approve("同意")
        self.assertEqual(sanction.state, "approved")

    def test_the_head_of_the_department_decides_nothing_on_it(self):
        case = self._decided()
        sanction = self._proposed(case).filtered(
            lambda sanction: sanction.department_id == self.manufacturing
        )
        self._new_post("deputy_gm", self.deputy | self.head)
        self._as("supervisor", sanction).action_policy_submit()
        self.assertEqual(sanction.policy_approval_id.eligible_user_ids, self.deputy)

    def test_a_change_needs_a_reason(self):
        case = self._decided()
        sanction = self._proposed(case).filtered("employee_id")
        mine = self._as("supervisor", sanction)
        with self.assertRefused(ValidationError, "is not what the rule proposes. Give a reason"):
            mine.kind = "demerit"
        mine.write({"kind": "demerit", "reason_changed": "第二次"})
        self.assertEqual((sanction.kind, sanction.proposed_kind), ("demerit", "warning"))
        with self.assertRefused(ValidationError, "Give a reason"):
            mine.reason_changed = "  "
        penalty = self._as("supervisor", case.policy_sanction_ids.filtered("department_id")[0])
        with self.assertRefused(ValidationError, "Give a reason"):
            penalty.amount = 1
        mine.action_policy_submit()
        mine.reason_changed = "第三次"
        self.assertEqual(sanction.state, "proposed", "what is signed has changed")
        self._approve(sanction)
        with self.assertRefused(UserError, "is decided"):
            mine.kind = "warning"

    def test_cash_is_a_setting(self):
        case = self._decided()
        sanction = self._as("supervisor", self._proposed(case).filtered("department_id")[0])
        with self.assertRefused(ValidationError, "allows no fines in cash"):
            sanction.write({"kind": "cash", "reason_changed": "x"})
        self.company.policy_cash_fines = True
        sanction.write({"kind": "cash", "reason_changed": "x"})

    def test_money_has_an_amount_and_a_warning_none(self):
        case = self._decided()
        for vals in ({"amount": 1}, {"kind": "bonus"}, {"kind": "performance_deduction"}):
            with self.assertRefused(ValidationError, "money has an amount"):
                self._handmade(case, **vals)
        for amount in (-1, "x", float("inf"), [1], 1e12):
            with self.assertRefused(ValidationError, "cannot be meant"):
                self._handmade(case, kind="bonus", amount=amount)

    def test_by_hand(self):
        case = self._decided()
        sanction = self._handmade(case)
        self.assertEqual((sanction.user_id, sanction.rule_id.id), (self.zhao, False))
        self.assertEqual(sanction.policy_version_id, self.governing)
        for vals, words in (
            ({"employee_id": False}, "name one of the two"),
            ({"department_id": self.quality.id}, "name one of the two"),
            ({"ticket_id": False}, "Name the case or the violation"),
            ({"clause_id": False}, "Name a clause"),
            ({"fact": "  "}, "Say what happened"),
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, words):
                self._handmade(case, **vals)
        own = self.users["supervisor"].with_company(self.company).employee_id
        with self.assertRefused(UserError, "Nobody proposes his own"):
            self._handmade(case, employee_id=own.id, kind="bonus", amount=100)
        other = self._new_company("杭州分公司")
        stranger = self.env["hr.employee"].create({"name": "钱", "company_id": other.id})
        with self.assertRefused(ValidationError, "does not work for"):
            self._handmade(case, employee_id=stranger.id)
        with self.assertRefused(UserError, "Propose another one"):
            self._as("supervisor", sanction).employee_id = own
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            self._handmade(case, "specialist")
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            self._as("supervisor", sanction).unlink()

    def test_only_what_a_person_says_is_taken(self):
        """The rest would be written by the superuser: messages of others, activities."""
        case = self._decided()
        words = "原话"
        message = case.message_post(body=words)
        rewrite = [Command.update(message.id, {"body": "改写"})]
        for vals in (
            {"message_ids": rewrite},
            {"activity_ids": [Command.create({"user_id": self.zhao.id})]},
            {"message_follower_ids": []},
            {"nonsense": 1},
        ):
            with self.subTest(vals), self.assertRefused(ValidationError, "proposed with"):
                self._handmade(case, **vals)
        self.assertIn("原话", message.body)

    def test_defaults_of_the_caller_are_not_taken(self):
        case, other = self._decided(), self._decided()
        words = "原话"
        message = case.message_post(body=words)
        rewrite = [Command.update(message.id, {"body": "改写", "res_id": 0})]
        Sanction = self.env["crm.policy.sanction"].with_user(self.users["supervisor"])
        sanction = Sanction.with_context(
            default_message_ids=rewrite, default_ticket_id=other.id, default_activity_ids=rewrite
        ).create(
            {
                "kind": "warning",
                "employee_id": self.zhao_employee.id,
                "ticket_id": case.id,
                "clause_id": self.clause.id,
                "fact": "x",
            }
        )
        self.assertEqual(sanction.ticket_id, case)
        self.assertFalse(sanction.message_ids & message)
        self.assertIn("原话", message.body)

    def test_what_is_no_record(self):
        case = self._decided()
        for name in ("clause_id", "employee_id", "department_id", "ticket_id", "violation_id"):
            for value in ("x", "1", [1], [(4, 1)], {"id": 1}, True, -1, 2**40, 1.5):
                vals = {name: value}
                if name == "department_id":
                    vals["employee_id"] = False
                with self.subTest(vals), self.assertRefused(ValidationError, "is no record"):
                    self._handmade(case, **vals)
        with self.assertRefused(ValidationError, "Name the case or the violation"):
            self._handmade(case, ticket_id=2**31 - 1)

    def test_both_documents_are_checked(self):
        case = self._decided()
        violation = self._violation(case)
        self.assertEqual(self._handmade(case, violation_id=violation.id).violation_id, violation)
        other = self._new_company("杭州分公司")
        theirs = self.env["helpdesk.ticket"].create(
            {"name": "x", "description": "x", "company_id": other.id}
        )
        values = {"kind": "warning", "employee_id": self.zhao_employee.id, "fact": "x"}
        values |= {"clause_id": self.clause.id, "ticket_id": theirs.id}
        with self.assertRefused(ValidationError, "Name the case or the violation"):
            self.env["crm.policy.sanction"].create({**values, "violation_id": violation.id})
        with self.assertRaises(AccessError):
            self._handmade(case, violation_id=violation.id, ticket_id=theirs.id)

    def test_whom_it_concerns_changes_nothing(self):
        sanctions = self._proposed(self._decided())
        person = sanctions.filtered("employee_id")
        penalty = sanctions.filtered(lambda sanction: sanction.department_id == self.manufacturing)
        group = self.env.ref("crm_policy.group_hr")
        (self.zhao | self.head).write({"group_ids": [Command.link(group.id)]})
        for sanction, user in ((person, self.zhao), (penalty, self.head)):
            for vals in ({"fact": "没有过错"}, {"amount": 0}, {"reason_changed": "x"}):
                with self.subTest(vals), self.assertRaises(AccessError):
                    sanction.with_user(user).write(vals)
                with self.assertRefused(AccessError, "others say what"):
                    sanction.with_user(user).sudo().write(vals)

    def test_nobody_signs_his_own_figure(self):
        sanction = self._proposed(self._decided()).filtered(
            lambda sanction: sanction.department_id == self.manufacturing
        )
        self._as("ceo", sanction).write({"amount": 1, "reason_changed": "初犯"})
        self.assertEqual(sanction.writer_ids, self.users["ceo"])
        with self.assertRefused(UserError, "nobody can sign as CEO"):
            self._approve(sanction)
        self._as("supervisor", sanction).fact = "x"
        self.assertEqual(sanction.writer_ids, self.users["ceo"], "who has proposed it is known")

    def test_what_a_rule_proposes_is_not_taken_back(self):
        case = self._decided()
        sanction = self._proposed(case).filtered("employee_id")
        mine = self._as("supervisor", sanction)
        self.assertFalse(mine.can_revoke)
        with self.assertRefused(AccessError, "what a rule proposes"):
            mine.action_policy_revoke("重复")
        self.assertEqual(sanction.state, "proposed")
        own = self._handmade(case)
        self._as("supervisor", own).action_policy_revoke("重复")
        self.assertEqual(own.state, "revoked")
        self._as("director", sanction).action_policy_revoke("查明无责任")
        self.assertEqual(sanction.state, "revoked")

    def test_a_policy_on_trial_sanctions_nobody(self):
        case = self._decided()
        self.governing._policy_guarded_write({"enforcement": "trial"})
        with self.assertRefused(UserError, "runs on trial"):
            self._handmade(case)
        with self.assertRefused(UserError, "Nothing follows"):
            self._proposed(case)

    def test_who_reads_it_and_when(self):
        case = self._decided()
        sanction = self._proposed(case).filtered("employee_id")
        Sees = self._sees
        self.assertFalse(Sees(self.zhao, sanction))
        self.assertFalse(Sees(self.users["finance"], sanction))
        self.assertFalse(Sees(self.deputy, sanction))
        self.assertFalse(Sees(self.head, sanction))
        self.assertFalse(Sees(self.other_specialist, sanction))
        for user in (self.hr, self.users["director"], self.users["qc"], self.users["supervisor"]):
            self.assertTrue(Sees(user, sanction))
        # Not even a director reads his own before it is decided.
        self.zhao.write({"group_ids": [(4, self.env.ref("crm_policy.group_director").id)]})
        self.assertFalse(Sees(self.zhao, sanction))
        self.zhao.write({"group_ids": [(3, self.env.ref("crm_policy.group_director").id)]})
        self._as("supervisor", sanction).action_policy_submit()
        self.assertTrue(Sees(self.deputy, sanction))
        self._approve(sanction)
        for user in (self.zhao, self.users["finance"], self.head):
            self.assertTrue(Sees(user, sanction))
        self.assertFalse(Sees(self.other_specialist, sanction))

    def test_a_rejected_one_stays_hidden(self):
        sanction = self._proposed(self._decided()).filtered("employee_id")
        self._as("supervisor", sanction).action_policy_submit()
        sanction.with_user(self.deputy).action_policy_reject("不属实")
        self.assertEqual(sanction.state, "rejected")
        self.assertFalse(self._sees(self.zhao, sanction))

    def test_who_executes(self):
        sanction = self._approve(self._proposed(self._decided()).filtered("employee_id"))
        for user in (self.users["supervisor"], self.zhao):
            with self.assertRefused(AccessError, "never by whom it concerns"):
                sanction.with_user(user).action_policy_execute()
        self.zhao.write({"group_ids": [(4, self.env.ref("crm_policy.group_hr").id)]})
        with self.assertRefused(AccessError, "never by whom it concerns"):
            sanction.with_user(self.zhao).action_policy_execute()
        self._as("finance", sanction).action_policy_execute()
        with self.assertRefused(UserError, "was taken"):
            self._as("finance", sanction).action_policy_execute()

    def _asked(self, sanction):
        """Return who is asked to answer the appeal."""
        kind = self.env.ref("crm_policy.activity_appeal")
        return sanction.activity_ids.filtered(lambda line: line.activity_type_id == kind).user_id

    def test_who_has_read_it_learns_that_it_is_revoked(self):
        case = self._decided()
        proposed = self._handmade(case)
        self._as("supervisor", proposed).action_policy_revoke("重复")
        self.assertFalse(proposed.activity_ids, "he never knew of it")
        other = self._proposed(self._decided()).filtered("employee_id")
        sanction = self._approve(other)
        self.assertIn("Read", sanction.activity_ids.summary)
        self._as("director", sanction).action_policy_revoke("查明无责任")
        self.assertEqual(sanction.activity_ids.user_id, self.zhao)
        self.assertIn("is revoked", sanction.activity_ids.summary)

    def test_an_appeal_that_is_granted(self):
        sanction = self._proposed(self._decided()).filtered("employee_id")
        with at("2026-03-16 11:00"):
            self._approve(sanction)
        mine = sanction.with_user(self.zhao)
        with at("2026-03-17 09:00"):
            with self.assertRefused(AccessError, "only whom it concerns"):
                sanction.with_user(self.hr).action_policy_appeal("x")
            with self.assertRefused(ValidationError, "Say why"):
                mine.action_policy_appeal(" ")
            mine.action_policy_appeal("设备故障所致")
            with self.assertRefused(UserError, "was taken"):
                mine.action_policy_appeal("再次")
            with self.assertRefused(UserError, "appeal is answered first"):
                sanction.with_user(self.hr).action_policy_execute()
            # Who has signed it, whom it concerns, and who has proposed it do not answer.
            for user in (self.users["ceo"], self.zhao, self.users["supervisor"], self.hr):
                with self.assertRefused(AccessError, "who did not sign"):
                    sanction.with_user(user).action_policy_grant("成立")
            self.assertEqual(self._asked(sanction), self.users["director"])
            self._as("director", sanction).action_policy_grant("成立")
        self.assertEqual(sanction.state, "revoked")
        self.assertEqual(sanction.appeal_decision_text, "成立")
        self.assertFalse(self._asked(sanction))
        self.assertIn("is answered", sanction.activity_ids.summary)
        self.assertEqual(sanction.activity_ids.user_id, self.zhao)
        with self.assertRefused(UserError, "not due"):
            sanction.with_user(self.hr).action_policy_execute()

    def test_an_appeal_that_is_rejected_or_late(self):
        first, second = self._proposed(self._decided()).filtered("employee_id"), None
        second = self._proposed(self._decided()).filtered("employee_id")
        with at("2026-03-16 11:00"):
            self._approve(first | second)
        with at("2026-03-21 11:00"):  # the last instant
            first.with_user(self.zhao).action_policy_appeal("设备故障所致")
        with at("2026-03-21 11:01"), self.assertRefused(UserError, "is over"):
            second.with_user(self.zhao).action_policy_appeal("设备故障所致")
        self.assertEqual(self._asked(first), self.users["director"])
        self._as("director", first).action_policy_confirm("不成立")
        self.assertEqual(first.state, "approved")
        self.assertFalse(self._asked(first), "nobody is asked any more")
        self.assertIn(
            "Your appeal against", first.activity_ids.filtered(
                lambda line: line.user_id == self.zhao
            ).mapped("summary")[-1]
        )  # fmt: skip
        with self.assertRefused(UserError, "not due"):
            self._as("director", first).action_policy_grant("成立")
        first.with_user(self.hr).action_policy_execute()

    def test_the_head_appeals_for_the_department(self):
        sanction = self._proposed(self._decided()).filtered(
            lambda sanction: sanction.department_id == self.manufacturing
        )
        self._approve(sanction)
        with self.assertRefused(AccessError, "only whom it concerns"):
            sanction.with_user(self.hr).action_policy_appeal("x")
        sanction.with_user(self.head).action_policy_appeal("供应商来料问题")
        self.assertTrue(sanction.appealed_at)

    def test_the_original_and_three_copies(self):
        sanction = self._proposed(self._decided()).filtered("employee_id")
        report = self.env["ir.actions.report"].with_user(self.hr)
        with self.assertRaisesRegex(UserError, "printed once it is approved"):
            report._render_qweb_html("crm_policy.sanction_notice", sanction.ids)
        self.assertFalse(sanction.copy_ids)
        with at("2026-03-16 11:00"):
            self._approve(sanction)
        copies = sanction.copy_ids
        self.assertEqual(copies.mapped("label"), ["original", "issuer", "accounting", "department"])
        self.assertEqual(
            [copy.user_id for copy in copies],
            [self.zhao, self.users["supervisor"], self.env["res.users"], self.head],
        )
        self.assertEqual(set(copies.mapped("sent_at")), {shanghai("2026-03-16 11:00")})
        page = report._render_qweb_html("crm_policy.sanction_notice", sanction.ids)[0].decode()
        self.assertEqual(page.count("o_policy_sanction_notice"), 4)
        self.assertIn("情况属实", page)
        for label in ("Original", "Copy for the Issuer", "Copy for Accounting"):
            self.assertIn(label, page)
        self.assertEqual(page.count(self.deputy.name), 4, "who has signed stands on each")
        self.assertNotIn("Revoked", page)
        self._as("director", sanction).action_policy_revoke("查明无责任")
        page = report._render_qweb_html("crm_policy.sanction_notice", sanction.ids)[0].decode()
        self.assertEqual(page.count("查明无责任"), 4)
        self.assertEqual(page.count(self.deputy.name), 4, "the decision stays to be seen")
        theirs = self.env["ir.actions.report"].with_user(self.other_specialist)
        with self.assertRaises(AccessError):
            theirs._render_qweb_html("crm_policy.sanction_notice", sanction.ids)
        # A rejected one has none.
        other = self._proposed(self._decided()).filtered("employee_id")
        self._as("supervisor", other).action_policy_submit()
        other.with_user(self.deputy).action_policy_reject("不属实")
        self.assertFalse(other.copy_ids)

    def test_revoking(self):
        case = self._decided()
        by_rule, second, third = self._proposed(case)
        first = self._handmade(case)
        with self.assertRefused(ValidationError, "Say why"):
            self._as("supervisor", first).action_policy_revoke()
        with self.assertRefused(AccessError, "who has proposed it takes it back"):
            first.with_user(self.hr).action_policy_revoke("误")
        self._as("supervisor", first).action_policy_submit()
        request = first.policy_approval_id
        self._as("supervisor", first).action_policy_revoke("重复")
        self.assertEqual((first.state, request.state), ("revoked", "lapsed"))
        with self.assertRefused(UserError, "is decided"):
            self._as("supervisor", first).action_policy_submit()
        self._approve(second)
        with self.assertRefused(AccessError, "a director revokes it"):
            self._as("supervisor", second).action_policy_revoke("误")
        second.with_user(self.hr).action_policy_execute()
        self._as("director", second).action_policy_revoke("查明无责任")
        self.assertEqual(second.state, "revoked")
        self.zhao.write({"group_ids": [(4, self.env.ref("crm_policy.group_director").id)]})
        person = third if third.employee_id else by_rule
        self._approve(person)
        with self.assertRefused(AccessError, "never whom it concerns"):
            person.with_user(self.zhao).action_policy_revoke("无责任")

    def test_what_happened_is_not_written_by_hand(self):
        sanction = self._proposed(self._decided())[0]
        for vals in (
            {"state": "executed"}, {"decided_at": "2026-01-01"}, {"user_id": False},
            {"proposed_amount": 0}, {"rule_id": False}, {"opinion": "x"}, {"reader_ids": [(5,)]},
            {"policy_approval_state": "approved"}, {"company_id": self.env.company.id},
        ):  # fmt: skip
            with self.subTest(vals), self.assertRaises(AccessError):
                sanction.sudo().write(vals)
