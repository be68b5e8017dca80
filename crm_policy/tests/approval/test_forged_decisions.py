"""What a client can send over the wire: nothing of it decides anything."""

from odoo.exceptions import AccessError
from odoo.tests import HttpCase
from odoo.tests.common import JsonRpcException
from odoo.tools import SQL, mute_logger

from ..common import PolicyCommon

CONTEXTS = (
    {},
    {
        "skip_validation_check": True,
        "install_mode": True,
        "import_file": True,
        "mail_notrack": True,
        "tracking_disable": True,
        "module": "crm_policy",
        "_force_unlink": True,
    },
    {
        "default_policy_approval_state": "approved",
        "default_state": "approved",
        "default_outcome": "approved",
    },
)
TABLES = ("crm_policy_approval", "crm_policy_approval_step", "crm_policy_decision")


class TestForgedDecisions(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_case()
        cls._as("specialist", cls.case).action_policy_accept()
        cls.remedy = cls._new_remedy(cls.case, 5000)
        cls._as("specialist", cls.remedy).action_policy_submit()
        cls.approval = cls.remedy.policy_approval_id

    def _call(self, model, method, *args, context=None, **kwargs):
        params = {
            "model": model,
            "method": method,
            "args": list(args),
            "kwargs": {**kwargs, "context": context or {}},
        }
        return self.make_jsonrpc_request(f"/web/dataset/call_kw/{model}/{method}", params)

    def _dump(self):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = [
            self.env.execute_query(SQL("SELECT * FROM %s ORDER BY id", SQL.identifier(table)))
            for table in TABLES
        ]
        state = (self.remedy.policy_approval_state, self.remedy.policy_approval_id)
        return rows, state, self.env["crm.policy.event"].search_count([])

    def _refuse_all(self, attempts):
        before = self._dump()
        for model, method, *args in attempts:
            for context in CONTEXTS:
                with self.subTest(f"{model}.{method}", args=args, context=context):
                    with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
                        self._call(model, method, *args, context=context)
                    self.assertEqual(self._dump(), before)

    def test_a_specialist_forges_no_evidence(self):
        self.authenticate("t_specialist", "t_specialist")
        approval, step = self.approval, self.approval.step_ids
        decision = {
            "approval_id": approval.id,
            "step_id": step.id,
            "user_id": self.users["manager"].id,
            "outcome": "approved",
            "decided_at": "2026-03-02 01:00:00",
        }
        ids = [approval.id]
        self._refuse_all(
            [
                ("crm.policy.decision", "create", [decision]),
                ("crm.policy.decision", "web_save", [], decision, {}),
                ("crm.policy.approval", "create", [{"name": "x"}]),
                ("crm.policy.approval", "write", ids, {"state": "approved"}),
                ("crm.policy.approval", "write", ids, {"eligible_user_ids": [[4, 1]]}),
                ("crm.policy.approval", "write", ids, {"decision_ids": [[0, 0, decision]]}),
                ("crm.policy.approval", "web_save", ids, {"state": "approved"}, {}),
                ("crm.policy.approval", "unlink", ids),
                ("crm.policy.approval", "copy", ids),
                ("crm.policy.approval.step", "create", [{"approval_id": approval.id}]),
                ("crm.policy.approval.step", "write", step.ids, {"state": "approved"}),
                ("crm.policy.approval.step", "unlink", step.ids),
                ("crm.policy.event", "create", [{"type": "x", "at": "2026-03-02 01:00:00"}]),
            ]
        )

    def test_a_specialist_forges_no_approval_of_a_remedy(self):
        self.authenticate("t_specialist", "t_specialist")
        ids, free = [self.remedy.id], {"ticket_id": self.case.id, "amount": 9}
        command = [0, 0, {"amount": 9, "policy_approval_state": "approved"}]
        self._refuse_all(
            [
                ("crm.policy.remedy", "write", ids, {"policy_approval_state": "approved"}),
                ("crm.policy.remedy", "write", ids, {"policy_approval_id": False}),
                ("crm.policy.remedy", "web_save", ids, {"policy_approval_state": "approved"}, {}),
                ("crm.policy.remedy", "create", [{**free, "policy_approval_state": "approved"}]),
                ("crm.policy.remedy", "create", [{**free, "policy_approval_id": self.approval.id}]),
                ("crm.policy.remedy", "copy", ids, {"policy_approval_state": "approved"}),
                ("helpdesk.ticket", "write", self.case.ids, {"policy_remedy_ids": [command]}),
                ("crm.policy.remedy", "action_policy_approve", ids, "同意"),
                ("crm.policy.approval", "action_policy_approve", self.approval.ids, "同意"),
            ]
        )

    def test_private_methods_are_not_called_from_outside(self):
        self.authenticate("t_specialist", "t_specialist")
        approval = self.approval.ids
        self._refuse_all(
            [
                ("crm.policy.approval", "_policy_decide", approval, "approved", "x"),
                ("crm.policy.approval", "_policy_end", approval, "approved"),
                ("crm.policy.approval", "_policy_update", approval, {"state": "approved"}),
                ("crm.policy.decision", "_policy_insert", [{}]),
                ("crm.policy.event", "_policy_log", "x", 1),
                ("crm.policy.event", "init"),
                ("crm.policy.decision", "init"),
                (
                    "crm.policy.remedy",
                    "_policy_guarded_write",
                    self.remedy.ids,
                    {"policy_approval_state": "approved"},
                ),
                ("crm.policy.counter", "_policy_reserve", 1, "YYMMNN", "month", "2026-03-02", 5),
                ("helpdesk.ticket", "_policy_set_fact", self.case.ids, "policy_closed_at"),
                ("helpdesk.ticket", "_policy_act", self.case.ids, "policy_closed_at", [], 0, 0),
            ]
        )

    def test_an_import_approves_nothing(self):
        self.authenticate("t_specialist", "t_specialist")
        before = self._dump()
        for fields, row in (
            (["ticket_id/.id", "amount", "policy_approval_state"], [self.case.id, "9", "Approved"]),
            ([".id", "policy_approval_state"], [str(self.remedy.id), "Approved"]),
        ):
            result = self._call(
                "crm.policy.remedy", "load", fields, [[str(value) for value in row]]
            )
            self.assertFalse(result["ids"])
            self.assertEqual(self._dump(), before)

    def test_the_context_approves_no_new_remedy_and_no_request(self):
        self.authenticate("t_specialist", "t_specialist")
        for context in CONTEXTS:
            vals = {"ticket_id": self.case.id, "kind": "compensation", "amount": 600}
            [remedy_id] = self._call("crm.policy.remedy", "create", [vals], context=context)
            remedy = self.env["crm.policy.remedy"].browse(remedy_id)
            self.assertEqual(remedy.policy_approval_state, "none")
            self._call("crm.policy.remedy", "action_policy_submit", remedy.ids, context=context)
            self.env.invalidate_all()
            self.assertEqual(remedy.policy_approval_state, "pending")
            self.assertEqual(remedy.policy_approval_id.state, "pending")
            self.assertEqual(remedy.policy_approval_id.step_ids.state, "pending")

    def test_a_default_of_one_s_own_approves_nothing(self):
        self.authenticate("t_specialist", "t_specialist")
        for name in ("crm.policy.remedy", "crm.policy.approval"):
            field = "policy_approval_state" if name.endswith("remedy") else "state"
            self._call("ir.default", "set", name, field, "approved", user_id=True)
        remedy = self._new_remedy(self.case, 600)
        self.assertEqual(remedy.policy_approval_state, "none")
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(remedy.policy_approval_id.state, "pending")

    def test_the_manager_decides_over_the_wire(self):
        self.authenticate("t_manager", "t_manager")
        self._call("crm.policy.approval", "action_policy_approve", self.approval.ids, "同意")
        self.env.invalidate_all()
        self.assertEqual(self.remedy.policy_approval_state, "approved")
        self.assertEqual(self.approval.decision_ids.user_id, self.users["manager"])

    def test_a_portal_user_reads_nothing_of_it(self):
        portal = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "客户",
                    "login": "t_portal",
                    "password": "t_portal",
                    "partner_id": self.partner.copy().id,
                    "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
                }
            )
        )
        for model in (
            "crm.policy.approval",
            "crm.policy.approval.step",
            "crm.policy.decision",
            "crm.policy.event",
            "crm.policy.remedy",
            "crm.policy.deadline",
            "crm.policy.counter",
            "crm.policy.authority",
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
