"""Upgrading a policy pack: what we have changed stays, and is shown; nothing published moves."""

import base64

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon

PACK = """
pack_version: "{pack_version}"
policy:
  code: UPG
  name: {{en_US: Upgrades, zh_CN: 升级制度}}
version: {{number: "{number}"}}
clauses:
  - number: "1"
    name: {{en_US: Answers, zh_CN: 答复}}
    text: {{en_US: "{text}", zh_CN: 三日内答复}}
  - {{number: "2", name: {{en_US: Limits, zh_CN: 权限}}}}
{clauses}
roles:
  - {{code: clerk, name: {{en_US: "{clerk}", zh_CN: 文员}}, kind: group, group: specialist}}
authorities:
  - {{code: clerk, clause: "2", role: clerk, max_amount: {limit}}}
parameters:
  - code: tries
    clause: "1"
    name: {{en_US: Tries, zh_CN: 次数}}
    value: {tries}
    proposed: true
{parameters}
deadline_rules:
  - code: answer
    clause: "1"
    name: {{en_US: Answer, zh_CN: 答复}}
    model: helpdesk.ticket
    start: policy_accepted_at
    done: policy_responded_at
    domain: [[policy_kind, "=", suggestion]]
    duration: {days}
    unit: working_days
    role: clerk
{rules}
"""
DEFAULTS = {
    "pack_version": "1.0",
    "number": "1",
    "text": "An answer comes within three days.",
    "clauses": "",
    "clerk": "Clerk",
    "limit": 100,
    "tries": 3,
    "parameters": "",
    "days": 3,
    "rules": "",
}
SECOND = """  - code: second
    clause: "2"
    name: {en_US: Second, zh_CN: 第二}
    model: helpdesk.ticket
    start: policy_accepted_at
    done: policy_closed_at
    duration: 9
    unit: calendar_days
"""


def written(**values):
    return PACK.format(**{**DEFAULTS, **values})


class TestPackUpgrade(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        cls.first = cls.admin._policy_apply_pack(
            written(parameters='  - {code: gone, clause: "1", name: Gone, value: 7}'), cls.company
        )

    def _publish(self, version):
        version.action_policy_review()
        version.with_user(self.users["director"]).action_policy_publish()

    def _row(self, version, model, code):
        key = "number" if model == "crm.policy.clause" else "code"
        return self.env[model].with_user(self.users["policy_admin"]).search(
            [("version_id", "=", version.id), (key, "=", code)]
        )  # fmt: skip

    def _wizard(self, company=None, **values):
        content = written(**{"pack_version": "1.1", "number": "2", **values})
        return self.env["crm.policy.pack.load"].with_user(self.users["policy_admin"]).create(
            {"file": base64.b64encode(content.encode()), "company_id": (company or self.company).id}
        )  # fmt: skip

    def _checked(self, **values):
        wizard = self._wizard(**values)
        wizard.action_policy_check()
        self.assertEqual(wizard.state, "sound", wizard.finding)
        return wizard

    def _shown(self, wizard):
        return {
            (line.code, line.field or ""): (line.kind, line.was or "", line.ours or "",
                                            line.theirs or "", line.choice or "")
            for line in wizard.line_ids
        }  # fmt: skip

    def _applied(self, wizard):
        action = wizard.action_policy_apply()
        return self.env["crm.policy.version"].browse(action["res_id"])

    # === WHAT IS SHOWN === #

    def test_a_new_policy_has_nothing_to_compare_with(self):
        content = written().replace("code: UPG", "code: UPG2")
        wizard = self._wizard()
        wizard.file = base64.b64encode(content.encode())
        wizard.action_policy_check()
        self.assertIn("does not have this policy yet", wizard.finding)
        self.assertFalse(wizard.base_version_id)
        self.assertEqual(wizard.number, "1")

    def test_what_the_pack_changed_is_shown_and_nothing_is_written(self):
        versions = self.env["crm.policy.version"].search_count([])
        wizard = self._checked(
            days=5, text="An answer comes within five days.", rules=SECOND,
            clauses='  - {number: "3", name: More}',
        )  # fmt: skip
        self.assertEqual(self.env["crm.policy.version"].search_count([]), versions)
        self.assertIn("Compared with Upgrades v1 (Draft): 2 new, 2 changed, 1 removed",
                      wizard.finding)  # fmt: skip
        self.assertEqual(
            self._shown(wizard),
            {
                ("1", "Text"): ("changed", "An answer comes within three days.",
                                "An answer comes within three days.",
                                "An answer comes within five days.", ""),
                ("3", ""): ("new", "", "", "", ""),
                ("gone", ""): ("removed", "", "", "", "theirs"),
                ("answer", "Duration"): ("changed", "3", "3", "5", ""),
                ("second", ""): ("new", "", "", "", ""),
            },
        )  # fmt: skip

    def test_it_is_compared_with_the_version_in_force(self):
        self._publish(self.first)
        draft = self.admin._policy_apply_pack(written(number="1a", days=8), self.company)
        wizard = self._checked(days=5)
        self.assertEqual(wizard.base_version_id, self.first)
        wizard.base_version_id = draft
        wizard.action_policy_check()
        self.assertEqual(self._shown(wizard)["answer", "Duration"][1:4], ("8", "8", "5"))

    # === WHAT BECOMES OF OURS === #

    def test_ours_stays_where_only_we_changed_it(self):
        self._row(self.first, "crm.policy.deadline.rule", "answer").duration = 2
        rule = self._row(self.first, "crm.policy.deadline.rule", "answer")
        self.assertTrue(rule.policy_changed_by_company)
        wizard = self._checked()
        self.assertEqual(self._shown(wizard)["answer", "Duration"], ("kept", "3", "2", "3", "ours"))
        version = self._applied(wizard)
        rule = self._row(version, "crm.policy.deadline.rule", "answer")
        self.assertEqual(rule.duration, 2)
        self.assertEqual(rule.pack_values["duration"], 3)
        self.assertTrue(rule.policy_changed_by_company)

    def test_where_both_changed_it_ours_stays_until_somebody_chooses(self):
        self._row(self.first, "crm.policy.deadline.rule", "answer").duration = 2
        self._row(self.first, "crm.policy.authority", "clerk").max_amount = 250
        wizard = self._checked(days=5, limit=300)
        shown = self._shown(wizard)
        self.assertEqual(shown["answer", "Duration"], ("kept", "3", "2", "5", "ours"))
        self.assertEqual(shown["clerk", "Max Amount"], ("kept", "100", "250", "300", "ours"))
        wizard.line_ids.filtered(lambda line: line.code == "clerk").choice = "theirs"
        version = self._applied(wizard)
        self.assertEqual(self._row(version, "crm.policy.deadline.rule", "answer").duration, 2)
        limit = self._row(version, "crm.policy.authority", "clerk")
        self.assertEqual((limit.max_amount, limit.policy_changed_by_company), (300, False))

    def test_ours_survives_a_chain_of_upgrades(self):
        self._row(self.first, "crm.policy.deadline.rule", "answer").duration = 2
        self._applied(self._checked(days=5))
        wizard = self._wizard(pack_version="1.2", number="3", days=6)
        wizard.base_version_id = self.first.policy_id.version_ids.filtered(
            lambda version: version.number == "2"
        )
        wizard.action_policy_check()
        self.assertEqual(self._shown(wizard)["answer", "Duration"], ("kept", "5", "2", "6", "ours"))
        version = self._applied(wizard)
        self.assertEqual(self._row(version, "crm.policy.deadline.rule", "answer").duration, 2)

    def test_our_words_of_a_clause_stay(self):
        clause = self._row(self.first, "crm.policy.clause", "1")
        clause.with_context(lang="en_US").text = "We answer at once."
        wizard = self._checked(text="An answer comes within five days.")
        self.assertEqual(self._shown(wizard)["1", "Text"][0], "kept")
        version = self._applied(wizard)
        kept = self._row(version, "crm.policy.clause", "1")
        self.assertEqual(kept.with_context(lang="en_US").text, "We answer at once.")
        self.assertEqual(clause.with_context(lang="en_US").text, "We answer at once.")

    def test_what_we_added_goes_along_with_its_clause(self):
        clause = self.env["crm.policy.clause"].with_user(self.users["policy_admin"]).create(
            {"version_id": self.first.id, "number": "9.1", "name": "Ours"}
        )  # fmt: skip
        self.env["crm.policy.parameter"].with_user(self.users["policy_admin"]).create(
            {"code": "ours", "clause_id": clause.id, "name": "Ours", "value": 4}
        )
        wizard = self._checked()
        self.assertEqual(self._shown(wizard)["ours", ""][0], "own")
        version = self._applied(wizard)
        copy = self._row(version, "crm.policy.parameter", "ours")
        self.assertEqual((copy.value, copy.clause_id.number), (4, "9.1"))
        self.assertEqual(copy.clause_id.version_id, version)

    def test_what_we_deleted_stays_deleted_unless_we_take_it(self):
        self._row(self.first, "crm.policy.parameter", "tries").unlink()
        wizard = self._checked(tries=4)
        self.assertEqual(self._shown(wizard)["tries", ""][0], "dropped")
        self.assertFalse(self._row(self._applied(wizard), "crm.policy.parameter", "tries"))
        wizard = self._wizard(pack_version="1.2", number="3", tries=4)
        wizard.base_version_id = self.first
        wizard.action_policy_check()
        wizard.line_ids.filtered(lambda line: line.code == "tries").choice = "theirs"
        self.assertTrue(self._row(self._applied(wizard), "crm.policy.parameter", "tries"))

    def test_what_the_pack_drops_goes_unless_we_have_made_it_ours(self):
        version = self._applied(self._checked())
        self.assertFalse(self._row(version, "crm.policy.parameter", "gone"))
        self._row(self.first, "crm.policy.parameter", "gone").value = 8
        wizard = self._wizard(pack_version="1.2", number="3")
        wizard.base_version_id = self.first
        wizard.action_policy_check()
        self.assertEqual(self._shown(wizard)["gone", ""][0::4], ("removed", "ours"))
        kept = self._row(self._applied(wizard), "crm.policy.parameter", "gone")
        self.assertEqual(kept.value, 8)

    # === WHAT HAS NO VERSIONS === #

    def test_a_role_that_is_there_stays_until_somebody_takes_the_pack_s(self):
        role = self._role_of("clerk").with_context(lang="en_US")
        wizard = self._checked(clerk="Desk")
        line = wizard.line_ids.filtered("shared")
        self.assertEqual((line.kind, line.theirs, line.choice), ("changed", "Desk", "ours"))
        self._applied(wizard)
        self.assertEqual(role.name, "Clerk")
        wizard = self._wizard(pack_version="1.2", number="3", clerk="Desk")
        wizard.action_policy_check()
        wizard.line_ids.filtered("shared").choice = "theirs"
        self._applied(wizard)
        self.assertEqual(role.name, "Desk")
        self.assertFalse(role.policy_changed_by_company)
        event = self.env["crm.policy.event"].search([("type", "=", "pack.taken_over")])
        self.assertEqual(event.res_id, role.id)

    def test_a_dry_run_leaves_no_new_role_behind(self):
        role = "  - {code: extra, name: Extra, kind: group, group: manager}\nauthorities:"
        content = written(pack_version="1.1", number="2").replace("authorities:", role, 1)
        wizard = self._wizard()
        wizard.file = base64.b64encode(content.encode())
        wizard.action_policy_check()
        self.assertFalse(self._role_of("extra"))
        self._applied(wizard)
        self.assertTrue(self._role_of("extra"))

    # === AGAIN, BACK, ELSEWHERE === #

    def test_the_same_pack_twice_changes_nothing_and_says_so(self):
        self._applied(self._checked())
        wizard = self._wizard()
        wizard.action_policy_check()
        self.assertEqual(wizard.state, "problems")
        self.assertIn("Upgrades v2 was loaded from it", wizard.finding)
        with self.assertRaisesRegex(ValidationError, "would change nothing"):
            wizard.action_policy_apply()

    def test_an_older_pack_is_refused(self):
        self._applied(self._checked(pack_version="1.10", days=5))
        wizard = self._wizard(pack_version="1.9", number="3", days=4)
        wizard.action_policy_check()
        self.assertEqual(wizard.state, "problems")
        self.assertIn("Pack 1.9 is older than pack 1.10", wizard.finding)

    def test_another_text_under_the_same_number_is_remarked(self):
        wizard = self._checked(pack_version="1.0", days=5)
        self.assertIn("A pack 1.0 was loaded before", wizard.finding)

    def test_a_version_number_that_is_taken_gives_way(self):
        wizard = self._checked(number="1", days=5)
        self.assertEqual(wizard.number, "2")
        self.assertEqual(self._applied(wizard).number, "2")

    def test_a_published_version_is_not_touched(self):
        self._publish(self.first)
        before = self.first._policy_content_hash()
        rule = self._row(self.first, "crm.policy.deadline.rule", "answer")
        version = self._applied(self._checked(days=5, text="Other words."))
        self.assertEqual((version.state, self.first.state), ("draft", "effective"))
        self.assertEqual((rule.duration, self.first._policy_content_hash()), (3, before))
        self.assertEqual(self.first.policy_id.current_version_id, self.first)

    def test_what_changed_since_the_check_is_not_overwritten_unseen(self):
        wizard = self._checked(days=5)
        self._row(self.first, "crm.policy.deadline.rule", "answer").duration = 2
        versions = self.env["crm.policy.version"].search_count([])
        with self.assertRaisesRegex(UserError, "changed since the pack was checked"):
            wizard.action_policy_apply()
        self.assertEqual(self.env["crm.policy.version"].search_count([]), versions)

    def test_who_applies_at_once_is_shown_what_he_has_to_choose(self):
        self._row(self.first, "crm.policy.deadline.rule", "answer").duration = 2
        wizard = self._wizard(days=5)
        action = wizard.action_policy_apply()
        self.assertEqual(action["res_model"], "crm.policy.pack.load")
        self.assertEqual(wizard.choice_count, 2)  # and the parameter that the pack drops
        self.assertEqual(self._applied(wizard).number, "2")

    def test_the_policies_of_another_company_are_its_own(self):
        other = self._new_company("无锡分公司")
        wizard = self._wizard(company=other)
        with self.assertRaisesRegex(AccessError, "You do not work for 无锡分公司"):
            wizard.action_policy_check()
        with self.assertRaisesRegex(AccessError, "You do not work for 无锡分公司"):
            wizard.action_policy_apply()
        self.users["policy_admin"].company_ids += other
        wizard = self._wizard(company=other, days=9)
        version = self._applied(wizard)
        self.assertEqual(version.company_id, other)
        self.assertNotEqual(version.policy_id, self.first.policy_id)
        self.assertEqual(self._row(self.first, "crm.policy.deadline.rule", "answer").duration, 3)
        roles = self.env["crm.policy.role"].search([("code", "=", "clerk")])
        self.assertEqual(roles.company_id, self.company | other)

    def test_kinds_that_another_policy_governs_are_named(self):
        content = written().replace(
            "zh_CN: 升级制度}\n", "zh_CN: 升级制度}\n  default_for: [complaint]\n", 1
        ).replace("UPG", "UPG3")  # fmt: skip
        wizard = self._wizard()
        wizard.file = base64.b64encode(content.encode())
        wizard.action_policy_check()
        self.assertIn("Complaint: stay with SVC", wizard.finding)


class TestNewVersion(PolicyCommon):
    """A version made by hand from one that a pack brought."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.former = cls._install_policy("manufacturer")

    def _rows(self, version, model):
        return self.env[model].search([("version_id", "=", version.id)])

    def test_its_rules_point_at_its_own_rows(self):
        action = self.former.with_user(self.users["policy_admin"]).action_policy_new_version()
        draft = self.env["crm.policy.version"].browse(action["res_id"])
        for model in self.env["crm.policy.pack.section"]._pack_models():
            if "version_id" not in model._fields:
                continue
            rows = self._rows(draft, model._name)
            self.assertEqual(len(rows), len(self._rows(self.former, model._name)), model._name)
            for name, field in model._fields.items():
                if not field.store or field.type not in ("many2one", "many2many"):
                    continue
                linked = rows[name]
                if "version_id" in linked._fields:
                    self.assertLessEqual(linked.version_id, draft, f"{model._name}.{name}")
        settle = self._rows(draft, "crm.policy.deadline.rule").filtered(
            lambda rule: rule.code == "settle"
        )
        self.assertEqual(settle.pause_reason_ids.mapped("code"), ["customer-material"])

    def test_it_remembers_the_pack_and_what_is_confirmed(self):
        self.env.flush_all()
        line = self.env["crm.policy.proposed"].search(
            [("version_id", "=", self.former.id), ("code", "=", "check"),
             ("res_model", "=", "crm.policy.deadline.rule")]
        )  # fmt: skip
        line.with_user(self.users["director"]).action_policy_confirm()
        action = self.former.with_user(self.users["policy_admin"]).action_policy_new_version()
        draft = self.env["crm.policy.version"].browse(action["res_id"])
        rules = self._rows(draft, "crm.policy.deadline.rule")
        rule = rules.filtered(lambda rule: rule.code == "check")
        self.assertEqual(rule.confirmed_by_id, self.users["director"])
        self.assertTrue(all(rules.mapped("pack_values")))
        self.assertFalse(rules.filtered("policy_changed_by_company"))
        rule.with_user(self.users["policy_admin"]).duration = 3
        self.assertTrue(rule.policy_changed_by_company)
