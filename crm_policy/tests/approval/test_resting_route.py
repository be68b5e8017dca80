"""A route for the documents of another app rests until something there asks for it."""

from pathlib import Path

import yaml

from odoo.exceptions import UserError

from ..common import PolicyCommon

PACK = Path(__file__).parents[2] / "packs" / "service_department.yaml"


class TestRestingRoute(PolicyCommon):
    def _load(self, model):
        pack = yaml.safe_load(PACK.read_text())
        route = next(row for row in pack["routes"] if row["code"] == "purchase")
        route["model"] = model
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = yaml.safe_dump(pack, allow_unicode=True)
        return admin._policy_apply_pack(content, self.company)

    def _severities(self, version):
        findings = self.env["crm.policy.finding"]._policy_refresh(version)
        found = findings.filtered(lambda finding: finding.code == "rule_not_running")
        return found.mapped("severity")

    def test_a_model_of_an_app_that_is_not_installed(self):
        version = self._load("no.such.app")
        self.assertEqual(self._severities(version), ["warning"])
        version.action_policy_review()
        version.with_user(self.users["director"]).action_policy_publish()
        self.assertEqual(version.state, "effective")

    def test_a_model_that_asks_for_no_approval(self):
        self.assertEqual(self._severities(self._load("res.partner")), ["warning"])

    def test_a_model_that_is_there_and_asks(self):
        self.assertEqual(self._severities(self._load("crm.policy.remedy")), [])

    def test_a_slip_in_the_name_of_a_model_of_ours(self):
        version = self._load("crm.policy.remdy")
        self.assertEqual(self._severities(version), ["error"])
        with self.assertRaisesRegex(UserError, "there is no model crm.policy.remdy"):
            version.action_policy_review()
