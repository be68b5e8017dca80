"""A policy whose clocks can stand still, for every test about pauses."""

from odoo.fields import Domain
from odoo.tests import tagged

from .common import PolicyCommon, at

REASONS = """
pause_reasons:
  - code: samples
    clause: "3.3"
    name: {en_US: Waiting for samples, zh_CN: 等待客户样品}
    unit: calendar_days
    max_duration: 5
    max_total: 8
    max_count: 3
    text_required: false
  - code: customer
    clause: "2.2"
    name: {en_US: Waiting for the customer, zh_CN: 等待客户资料}
    unit: working_hours
    max_duration: 16
  - code: group
    clause: "3.3"
    name: {en_US: Consulting the group, zh_CN: 集团会商}
    unit: working_days
    max_duration: 2
    role: manager
"""
CHANGES = (
    ("    duration: 15\n    unit: working_minutes\n", "    pauses: [customer, samples]\n"),
    ("    duration: 1\n    unit: working_hours\n", "    pauses: [customer]\n"),
    ("    duration: 15\n    unit: calendar_days\n", "    pauses: [samples]\n"),
    ("    duration: 48\n    unit: calendar_hours\n    role: handler\n    customer_text",
     "    pauses: [samples, group]\n"),
    ("    duration: 3\n    unit: working_days\n    role: handler\n  - code: external-12345-inquiry",
     "    pauses: [group, customer]\n"),
)  # fmt: skip


@tagged("post_install", "-at_install")
class PauseCommon(PolicyCommon):
    """Version 2 of the service policy knows three more reasons; new cases are under it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.former = cls.version
        cls.version = cls._publish(cls._content("2"))
        cls.Pause = cls.env["crm.policy.pause"]
        cls.Deadline = cls.env["crm.policy.deadline"]

    @classmethod
    def _content(cls, number, transition="keep"):
        """Return the pack with reasons for pauses, under another number."""
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        content = content.replace("    pauses: [customer-material]\n", "")
        pairs = [
            ('number: "1"\n  transition: keep', f'number: "{number}"\n  transition: {transition}')
        ]
        for text, addition in CHANGES:
            head, _unit, tail = text.partition("    unit: ")
            pairs.append((text, f"{head}{addition}    unit: {tail}"))
        for old, new in pairs:
            assert content.count(old) == 1, (old, content.count(old))
            content = content.replace(old, new)
        return content.replace("pause_reasons:\n", REASONS.lstrip("\n"), 1)

    @classmethod
    def _publish(cls, content):
        policy = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        version = policy._policy_apply_pack(content, cls.company)
        cls._hand_over(version)
        version.with_user(cls.users["director"]).action_policy_publish()
        return version.with_env(cls.env)

    def _clock(self, case, code):
        """Return the clock of a case under the version in which it runs now."""
        return self.Deadline.search(
            [
                ("res_id", "=", case.id),
                ("res_model", "=", case._name),
                ("rule_code", "=", code),
                ("rule_id.version_id", "=", case.policy_version_id.id),
            ],
            order="cycle desc",
            limit=1,
        )

    def _request(self, moment, **vals):
        with at(moment):
            return self._new_case(policy_kind="request", **vals)

    def _complaint(self, moment, **vals):
        """Return a complaint that is accepted at a local time."""
        with at(moment):
            case = self._new_case(**vals)
            self._as("specialist", case).action_policy_accept()
        return case

    def _pause(self, case, moment, reason="customer", text="等客户补充资料", role="specialist"):
        with at(moment):
            self._as(role, case).action_policy_pause(reason, text)
        return self.Pause.search([("res_id", "in", case.ids)], limit=len(case))

    def _resume(self, case, moment, role="specialist"):
        with at(moment):
            self._as(role, case).action_policy_resume()

    def _end_pauses(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_end_pauses").method_direct_trigger()
        self.env.invalidate_all()

    def _own_rules(self):
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
            Domain("model_name", "=", "helpdesk.ticket")
        )
        return rules.filtered(lambda rule: rule.company_id == self.company)

    def _assert_in_step(self):
        """Assert that the sweep sees no difference to what the save hooks have written."""
        self.assertFalse(self.Deadline._policy_differences("helpdesk.ticket", self._own_rules()))

    def _sweep(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.env.invalidate_all()
