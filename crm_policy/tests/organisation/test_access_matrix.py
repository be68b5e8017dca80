"""Model x role x operation of the whole add-on, and companies apart, read from the registry.

The expected rights stand in data/access_matrix.csv: R read, W write, C create, D delete. A model
without a line there fails, so that nobody forgets to think about a new one.
"""

import csv
from pathlib import Path

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from ..common import OTHERS, ROLES, PolicyCommon

MATRIX = Path(__file__).parent.parent / "data" / "access_matrix.csv"
OPERATIONS = {"R": "read", "W": "write", "C": "create", "D": "unlink"}


class TestAccessMatrix(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = dict(cls.users)
        for name, groups in OTHERS.items():
            cls.people[name] = new_test_user(
                cls.env,
                login=f"t_matrix_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )

    def _models(self):
        """Return the names of our models that have a table."""
        return sorted(
            name
            for name, model in self.env.registry.items()
            if name.startswith("crm.policy") and not model._abstract
        )

    def test_every_model_has_its_line_and_every_line_holds(self):
        with MATRIX.open(encoding="utf-8") as file:
            lines = {line.pop("model"): line for line in csv.DictReader(file)}
        self.assertEqual(set(next(iter(lines.values()))), {*ROLES, *OTHERS})
        self.assertEqual(sorted(lines), self._models())
        for name, line in lines.items():
            found = {
                who: "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if self.env[name].with_user(user).has_access(operation)
                )
                for who, user in self.people.items()
            }
            with self.subTest(name):
                self.assertEqual(found, line)

    def test_every_model_carries_its_company(self):
        """What belongs to a company is not seen from another one, whatever the groups."""
        other = self._new_company("杭州分公司")
        groups = [f"crm_policy.group_{role}" for role in (*ROLES, "legal", "hr", "committee")]
        stranger = new_test_user(
            self.env,
            login="t_everything",
            groups=",".join(["helpdesk_mgmt.group_helpdesk_manager", *groups]),
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        case = self._new_case()
        self._drive(case, "register")
        remedy = self._new_remedy(case, 900)
        self._as("specialist", remedy).action_policy_submit()
        self._as("manager", remedy).action_policy_approve()
        checked = set()
        for name in [*self._models(), "helpdesk.ticket"]:
            model = self.env[name]
            if "company_id" not in model._fields or model._transient:
                continue
            field = model._fields["company_id"]
            self.assertTrue(field.store, name)
            ours = model.with_context(active_test=False).search(
                [("company_id", "=", self.company.id)], limit=5
            )
            if not ours:
                continue
            checked.add(name)
            theirs = ours.with_user(stranger).with_context(allowed_company_ids=other.ids)
            with self.subTest(name):
                self.assertFalse(theirs.search([("id", "in", ours.ids)]))
                if model._auto:  # a report reads what it lists, nothing else
                    with self.assertRaises(AccessError):
                        theirs.read(["company_id"])
        self.assertGreaterEqual(len(checked), 15, checked)

    def _global_rules(self, name):
        """Return the rules of a model that hold for everybody and every operation."""
        operations = [(f"perm_{operation}", "=", True) for operation in OPERATIONS.values()]
        return self.env["ir.rule"].search(
            [("model_id.model", "=", name), ("groups", "=", False), *operations]
        )

    def _keeps(self, rule, user, vals):
        """Return whether a rule lets ``user`` at a record with these values."""
        rule = rule.with_user(user).with_context(allowed_company_ids=user.company_ids.ids).sudo()
        domain = safe_eval(rule.domain_force, rule._eval_context())
        return bool(self.env[rule.model_id.model].new(vals).filtered_domain(domain))

    def test_each_model_keeps_its_companies_apart_by_a_rule(self):
        """Whether there is a record of it or not."""
        user = self.users["policy_admin"]
        other = self._new_company("杭州分公司")
        for name in self._models():
            field = self.env[name]._fields.get("company_id")
            if field is None or self.env[name]._transient:
                continue
            values = (self.company.id, other.id)
            with self.subTest(name):
                self.assertTrue(
                    any(
                        [self._keeps(rule, user, {"company_id": value}) for value in values]
                        == [True, False]
                        for rule in self._global_rules(name)
                    )
                )
