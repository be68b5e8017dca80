"""Loading a policy pack: all of it or nothing, by a policy administrator, never twice."""

import base64
import re

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import PolicyCommon

TABLES = (
    "crm.policy",
    "crm.policy.version",
    "crm.policy.clause",
    "crm.policy.role",
    "crm.policy.authority",
    "crm.policy.route",
    "crm.policy.route.step",
    "crm.policy.fact.rule",
    "crm.policy.deadline.rule",
    "crm.policy.complaint.type",
    "crm.policy.default",
    "crm.policy.event",
)


class TestPackLoading(PolicyCommon):
    def setUp(self):
        super().setUp()
        self.policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        self.content = self.policy._policy_packs()["service"].read_text("utf-8")

    def _other(self, *replacements):
        """Return the shipped pack as a policy of its own, with parts of it replaced."""
        content = self.content.replace("code: SVC", "code: NEW", 1)
        for old, new in replacements:
            self.assertIn(old, content)
            content = content.replace(old, new, 1)
        return content

    def _counts(self):
        self.env.invalidate_all()
        return {
            name: self.env[name].sudo().with_context(active_test=False).search_count([])
            for name in TABLES
        }

    def test_a_pack_becomes_a_draft_of_its_loader(self):
        version = self.policy._policy_apply_pack(self._other(), self.company)
        self.assertEqual(version.state, "draft")
        self.assertEqual(version.author_id, self.users["policy_admin"])
        self.assertEqual(version.company_id, self.company)
        self.assertEqual(version.policy_id.pack_version, "1.0")
        parents = {clause.number: clause.parent_id.number for clause in version.clause_ids}
        self.assertEqual((parents["2.1"], parents["1"]), ("2", False))
        rules = self.env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)])
        written = self.content.partition("\ndeadline_rules:\n")[2]
        self.assertEqual(len(rules), written.count("\n    unit:"))
        self.assertEqual(rules.clause_id.version_id, version)

    def test_the_names_are_there_in_both_languages(self):
        if not self.env["res.lang"]._lang_get("zh_CN"):
            self.skipTest("zh_CN is not installed")
        policy = self.version.policy_id
        clause = self.version.clause_ids.filtered(lambda clause: clause.number == "2.1")
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", self.version.id), ("code", "=", "response-urgent")]
        )
        kind = self.types["quality"]
        rows = [
            (policy, "name", "Customer Service and Complaint Policy", "客户服务与投诉管理制度"),
            (clause, "name", "First response to urgent issues", "紧急问题首次响应"),
            (rule, "name", "First response (urgent)", "首次响应（紧急）"),
            (kind, "name", "Product Quality", "产品质量"),
        ]
        for record, name, english, chinese in rows:
            with self.subTest(model=record._name):
                self.assertEqual(record.with_context(lang="en_US")[name], english)
                self.assertEqual(record.with_context(lang="zh_CN")[name], chinese)
        self.assertIn("15分钟", clause.with_context(lang="zh_CN").text)

    def test_a_second_version_adds_rules_and_shares_roles_and_types(self):
        before = self._counts()
        content = self.content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        version = self.policy._policy_apply_pack(content, self.company)
        self.assertEqual(version.policy_id, self.version.policy_id)
        after = self._counts()
        for name in ("crm.policy", "crm.policy.role", "crm.policy.complaint.type",
                     "crm.policy.default"):  # fmt: skip
            self.assertEqual(after[name], before[name], name)
        for name in ("crm.policy.clause", "crm.policy.deadline.rule", "crm.policy.authority"):
            self.assertGreater(after[name], before[name], name)

    def test_a_version_number_is_loaded_once(self):
        before = self._counts()
        with self.assertRaisesRegex(ValidationError, "has a version 1 already"):
            self.policy._policy_apply_pack(self.content, self.company)
        self.assertEqual(self._counts(), before)

    def test_only_a_policy_administrator_loads(self):
        before = self._counts()
        for role in self.users.keys() - {"policy_admin"}:
            policy = self.env["crm.policy"].with_user(self.users[role])
            for actor in (policy, policy.sudo()):
                with self.subTest(role=role, su=actor.env.su):
                    with self.assertRaisesRegex(AccessError, "Only a policy administrator"):
                        actor._policy_apply_pack(self._other(), self.company)
            with self.assertRaises(AccessError):
                self.env["crm.policy.pack.load"].with_user(self.users[role]).create({})
        self.assertEqual(self._counts(), before)

    @mute_logger("odoo.sql_db")
    def test_a_pack_with_a_mistake_writes_nothing(self):
        rows = [
            # found before anything is written
            ((' zh_CN: 一线权限}', ' zh_CN: 一线权限'), "not YAML"),
            (('  - number: "3"\n', '  - number: "2"\n'), "clause 2 is there twice"),
            (('parent: "2"', 'parent: "7"'), "parent clause 7 does not come before"),
            (('clause: "4.1"', 'clause: "9.9"'), "the policy has no clause 9.9"),
            (("code: front-line, clause:", "code: front-line, klause:"), "clause is missing"),
            (('required: true, clause: "9.1"', 'required: true, clause: "9.7"'),
             r"roles.*\(complaint_officer\): the policy has no clause 9.7"),
            (("of: open_work", "of: moons"), "staffing .specialist.*no Policy Role moons"),
            (("    unit: working_minutes", "    unit: moons"), "unit must be one of"),
            (("fact_rules:", "fact_rule:"), "unknown section fact_rule"),
            (("max_amount: 500,", 'max_amount: "500",'), "max_amount must be a number"),
            # found half way
            (("default_for: [inquiry,", "default_for: [enquiry,"), "unknown kinds enquiry"),
            (("group: specialist}", "group: wizard}"), "there is no group wizard"),
            (("role: specialist,", "role: clerk,"), "front-line.*no Policy Role clerk"),
            (("start: policy_intake_at", "start: no_field"), "response-urgent: no_field is no"),
            (("duration: 15\n    unit: working", "duration: 0\n    unit: working"),
             "response-urgent: 0 is no duration"),
            (("[policy_urgency,", "[urgency,"), "response-urgent: the condition"),
            (("code: backdate, clause: \"3.1\", model: helpdesk.ticket",
              "code: backdate, clause: \"3.1\", model: res.partner"), "backdate: res.partner"),
            (("backdate_hours: 24}", "backdate_hours: -1}"), "limit is not negative"),
            (("max_amount: 500,", "max_amount: -1,"), "limit is not negative"),
        ]  # fmt: skip
        before = self._counts()
        for (old, new), problem in rows:
            with self.subTest(new=new):
                with self.assertRaisesRegex(ValidationError, problem):
                    self.policy._policy_apply_pack(self._other((old, new)), self.company)
                self.assertEqual(self._counts(), before)

    def test_a_bad_numbering_pattern_writes_nothing(self):
        content = self._other(
            ("  - code: quality\n", "  - code: quality2\n"),
            ("number_pattern: YYMMNN", "number_pattern: MMNN"),
        )
        before = self._counts()
        with self.assertRaisesRegex(ValidationError, "number pattern MMNN cannot be used"):
            self.policy._policy_apply_pack(content, self.company)
        self.assertEqual(self._counts(), before)

    def test_a_kind_named_twice_is_offered_once(self):
        content = self._other(
            ("default_for: [inquiry,", "default_for: [inquiry, inquiry,"),
        )
        other = self._new_company("无锡分公司")
        self.users["policy_admin"].company_ids += other
        policy = self.policy.with_context(allowed_company_ids=other.ids)
        policy._policy_apply_pack(content, other)
        kinds = self.env["crm.policy.default"].search([("company_id", "=", other.id)])
        self.assertEqual(len(kinds.filtered(lambda line: line.kind == "inquiry")), 1)

    def test_the_wizard_checks_without_writing(self):
        wizard = self.env["crm.policy.pack.load"].with_user(self.users["policy_admin"]).create(
            {"file": base64.b64encode(self._other().encode()), "company_id": self.company.id}
        )  # fmt: skip
        before = self._counts()
        wizard.action_policy_check()
        self.assertIn("The pack is sound: version 1 of NEW", wizard.finding)
        self.assertEqual(self._counts(), before)
        action = wizard.action_policy_apply()
        self.assertEqual(
            self.env["crm.policy.version"].browse(action["res_id"]).policy_id.code, "NEW"
        )

    def test_the_wizard_names_what_is_wrong(self):
        Wizard = self.env["crm.policy.pack.load"].with_user(self.users["policy_admin"])
        company = {"company_id": self.company.id}
        wizard = Wizard.create({**company, "file": base64.b64encode(b"\xff\xfe")})
        wizard.action_policy_check()
        self.assertEqual(wizard.state, "problems")
        self.assertRegex(wizard.finding, r"changed\.\s+- .* is not UTF-8")
        with self.assertRaisesRegex(ValidationError, r"changed\.\s+- .* is not UTF-8"):
            wizard.action_policy_apply()
        with self.assertRaisesRegex(UserError, "Choose a pack or a file"):
            Wizard.create(company).action_policy_check()

    def test_the_shipped_packs_are_offered_by_the_names_of_their_policies(self):
        Wizard = self.env["crm.policy.pack.load"]
        offered = dict(Wizard._fields["shipped"]._description_selection(Wizard.env))
        self.assertEqual(set(offered), set(self.env["crm.policy"]._policy_packs()))
        self.assertEqual(offered["service"], "Customer Service and Complaint Policy (service)")
        chinese = Wizard.with_context(lang="zh_CN")
        offered = dict(Wizard._fields["shipped"]._description_selection(chinese.env))
        self.assertEqual(offered["service"], "客户服务与投诉管理制度 (service)")

    @mute_logger("odoo.sql_db")
    def test_all_problems_are_named_at_once(self):
        content = self._other(
            ("group: specialist}", "group: wizard}"),
            ("start: policy_intake_at", "start: no_field"),
            ("max_amount: 10000,", "max_amount: -1,"),
            ("max_amount: 50000,", "max_amount: -2,"),
        )
        before = self._counts()
        with self.assertRaises(ValidationError) as caught:
            self.policy._policy_apply_pack(content, self.company)
        problems = str(caught.exception).splitlines()[1:]
        places = [
            r"roles\[3\] \(specialist\): .*no group wizard",
            r"authorities\[5\] \(manager\): .*not negative",
            r"authorities\[6\] \(director\): .*not negative",
            r"deadline_rules\[2\] \(response-urgent\): .*no_field is no",
        ]
        for place in places:
            self.assertEqual(len([line for line in problems if re.search(place, line)]), 1, place)
        self.assertEqual(self._counts(), before)

    def test_a_number_that_is_none_for_a_database_is_named_with_its_row(self):
        content = self._other(("offset: 80,", f"offset: {10**400},"))
        before = self._counts()
        with self.assertRaisesRegex(ValidationError, r"deadline_rules\[\d+\] \(response-urgent\)"):
            self.policy._policy_apply_pack(content, self.company)
        self.assertEqual(self._counts(), before)

    def test_a_step_of_a_route_is_checked_too(self):
        for step in (
            "{role: manager, mode: some}",
            "{role: manager, from: 5}",
            "{role: manager, amount_from: -1}",
            "{role: manager, amount_from: much}",
        ):
            content = self._other(("kind: competent", f"kind: sequence\n    steps: [{step}]"))
            with self.subTest(step=step):
                before = self._counts()
                with self.assertRaisesRegex(ValidationError, r"routes \(remedy\) step 1"):
                    self.policy._policy_apply_pack(content, self.company)
                self.assertEqual(self._counts(), before)
