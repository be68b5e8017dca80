"""A company under the furniture pack, with the people of its routes (S3)."""

from odoo import Command
from odoo.tests import new_test_user

from .common import PolicyCommon, at

# A picture of one pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
POSTS = ("complaint_officer", "production", "quality", "warehouse", "sales_manager", "deputy_gm")


class RouteCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.governing = cls._install_policy("furniture")
        cls.people = {name: cls._person(name) for name in (*POSTS, "ma")}
        cls._role_of("complaint_officer").substitute_required = False
        for name in POSTS:
            cls._new_post(name, cls.people[name])
        cls.types = {
            kind.code: kind
            for kind in cls.env["crm.policy.complaint.type"].search(
                [("company_id", "=", cls.company.id)]
            )
        }

    @classmethod
    def _person(cls, name, groups="base.group_user"):
        return new_test_user(
            cls.env,
            login=f"t_{name}",
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            tz="Asia/Shanghai",
        )

    def _by(self, name, records):
        return records.with_user(self.people[name])

    def _furniture(self, moment, code="quality", **vals):
        with at(moment):
            return self._new_case(policy_complaint_type_id=self.types[f"frn-{code}"].id, **vals)

    def _registered(self, moment, code="quality", **vals):
        case = self._furniture(moment, code, **vals)
        with at(moment):
            mine = self._as("specialist", case)
            mine.action_policy_accept()
            mine.action_policy_register()
        return case

    def _handed(self, case, given, received, to="production"):
        """Have a hand-over approved and signed for; return the sheet."""
        with at(given):
            mine = self._as("specialist", case)
            mine.action_policy_ask_transfer(self.people[to].id, "受理单、照片")
            self._as("ceo", case.policy_ruling_ids[-1:]).action_policy_approve("同意转交")
        sheet = case.policy_handover_ids[-1:]
        with at(received):
            self._by(to, sheet).action_policy_receive()
        return sheet

    def _opinion(self, case, step):
        return case.policy_countersign_ids.filtered(lambda line: line.step_code == step)

    def _clock(self, record, code):
        return record.policy_deadline_ids.filtered(
            lambda clock: clock.rule_code == code and clock.state != "cancelled"
        )
