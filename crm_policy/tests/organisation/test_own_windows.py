"""What somebody is filling in is nobody else's to read, whatever his groups."""

from odoo.exceptions import AccessError

from ..common import PolicyCommon


class TestOwnWindows(PolicyCommon):
    def _windows(self):
        """Return our transient models; a line of one belongs to whoever opened it."""
        return [
            self.env[name]
            for name, model in self.env.registry.items()
            if name.startswith("crm.policy") and not model._abstract and model._transient
        ]

    def test_each_window_has_a_rule_for_its_owner(self):
        models = self._windows()
        self.assertGreaterEqual(len(models), 18)
        for model in models:
            rules = self.env["ir.rule"].search(
                [("model_id", "=", self.env["ir.model"]._get_id(model._name))]
            )
            own = rules.filtered(
                lambda rule: not rule.groups and "('create_uid', '=', user.id)" in rule.domain_force
            )
            with self.subTest(model._name):
                self.assertTrue(own, "add it to security/wizard_rules.xml")

    def test_an_opinion_that_is_being_written_is_hidden_from_everybody_else(self):
        Turn = self.env["crm.policy.countersign.turn"]
        mine = Turn.with_user(self.users["specialist"]).create(
            {"ticket_id": self._new_case().id, "opinion": "模具有裂纹"}
        )
        self.assertEqual(mine.opinion, "模具有裂纹")
        for role in ("finance", "director", "other"):
            user = self.other_specialist if role == "other" else self.users[role]
            theirs = mine.with_user(user)
            with self.subTest(role):
                self.assertFalse(theirs.search([]))
                with self.assertRaises(AccessError):
                    theirs.read(["opinion"])
                with self.assertRaises(AccessError):
                    theirs.action_policy_confirm()
