"""Numbers of a clause that are neither deadlines nor limits: in force with their version only."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..common import PolicyCommon


class TestParameters(PolicyCommon):
    def _value(self, code="ring_max", company=None):
        return self.env["crm.policy.parameter"]._policy_value((company or self.company).id, code)

    def test_the_value_of_the_version_in_force_counts(self):
        self.assertEqual(self._value(), 3)
        self.assertEqual(self._value("nonsense"), 0)
        self.assertEqual(self._value(company=self._new_company("杭州分公司")), 0)
        self.version.policy_id.active_in_company = False
        self.assertEqual(self._value(), 0)
        self.version.policy_id.active_in_company = True
        self.assertEqual(self._value(), 3)

    def test_a_draft_does_not_count_and_what_is_published_stays(self):
        admin = self.users["policy_admin"]
        parameter = self.env["crm.policy.parameter"].search(
            [("code", "=", "ring_max"), ("company_id", "=", self.company.id)]
        )
        with self.assertRaises(UserError):
            parameter.with_user(admin).value = 9
        draft = self.env["crm.policy.version"].with_user(admin).create(
            {"policy_id": self.version.policy_id.id, "number": "2"}
        )  # fmt: skip
        clause = self.env["crm.policy.clause"].with_user(admin).create(
            {"version_id": draft.id, "number": "1", "name": "x"}
        )  # fmt: skip
        other = self.env["crm.policy.parameter"].with_user(admin).create(
            {"clause_id": clause.id, "code": "ring_max", "name": "x", "value": 9}
        )  # fmt: skip
        self.assertEqual(self._value(), 3)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            other.copy()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            other.value = -1
            other.flush_recordset()
