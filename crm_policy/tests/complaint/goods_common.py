"""A case that is settled with a return and an allowance (S2.6, S2.10)."""

import base64

from odoo import Command

from ..approval.authority_common import AuthorityCommon

# A course that wants to know when all is carried out: fact, what lies before, who says it.
COURSE = (
    ("accepted", "", "person"),
    ("registered", "accepted", "person"),
    ("responded", "accepted", "person"),
    ("solution", "registered, responded", "person"),
    ("decided", "solution", "person"),
    ("settled", "decided", "person"),
    ("executed", "settled", "execution"),
    ("closed", "executed", "person"),
)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"


class ExecutionCommon(AuthorityCommon):
    @classmethod
    def _ask_for_execution(cls):
        """Give the policy in force a course in which the case says itself what is carried out."""
        cls.version._policy_guarded_write({"state": "draft"})
        cls.env["crm.policy.milestone"].create(
            [
                {
                    "code": fact,
                    "clause_id": cls._line("manager").clause_id.id,
                    "sequence": number,
                    "fact": fact,
                    "after": after,
                    "set_by": set_by,
                }
                for number, (fact, after, set_by) in enumerate(COURSE)
            ]
        )
        cls.version._policy_guarded_write({"state": "effective"})


class GoodsCommon(ExecutionCommon):
    """The service company, which signs returns and allowances as the manufacturer's pack says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manufacturer = cls._install_policy("manufacturer")
        cls.posts = {}
        for code in ("manager_office", "deputy_gm", "sales_manager", "warehouse"):
            user = cls.env["res.users"].with_context(no_reset_password=True).create(
                {
                    "name": f"t_{code}",
                    "login": f"t_{code}",
                    "company_id": cls.company.id,
                    "company_ids": [(6, 0, cls.company.ids)],
                    "tz": "Asia/Shanghai",
                }
            )  # fmt: skip
            cls._new_post(code, user)
            cls.posts[code] = user
        cls._take_over_routes()

    @classmethod
    def _take_over_routes(cls):
        """Put the manufacturer's routes and ratio into the version in force, on one clause."""
        clause = cls._line("manager").clause_id
        cls.version._policy_guarded_write({"state": "draft"})
        of_manufacturer = [("version_id", "=", cls.manufacturer.id)]
        Route = cls.env["crm.policy.route"]
        for route in Route.search([*of_manufacturer, ("code", "in", ["return-note", "allowance"])]):
            Route.create(
                {
                    "code": route.code,
                    "clause_id": clause.id,
                    "name": route.name,
                    "model_name": route.model_name,
                    "kind": route.kind,
                    "step_ids": [
                        Command.create(
                            {
                                "sequence": step.sequence,
                                "role_id": step.role_id.id,
                                "amount_from": step.amount_from,
                            }
                        )
                        for step in route.step_ids
                    ],
                }
            )
        Parameter = cls.env["crm.policy.parameter"]
        ratio = Parameter.search([*of_manufacturer, ("code", "=", "over_receipt_percent")])
        Parameter.create(
            {
                "code": ratio.code,
                "clause_id": clause.id,
                "name": ratio.name,
                "value": ratio.value,
            }
        )
        cls.version._policy_guarded_write({"state": "effective"})
        cls.env.registry.clear_cache()

    @classmethod
    def _by(cls, who, records):
        """Return the records as somebody by his role or post."""
        return records.with_user(cls.posts.get(who) or cls.users[who])

    def _case_with(self, *remedies, settle=True, **vals):
        """Return a case with these remedies, decided and settled, and the remedies."""
        vals.setdefault("policy_quantity", 2000)
        vals.setdefault("policy_item_ref", "PCB-204")
        case = self._new_case(**vals)
        self._drive(case, "respond")
        Remedy = self.env["crm.policy.remedy"].with_user(self.users["specialist"])
        lines = Remedy.create([{"ticket_id": case.id, **line} for line in remedies])
        self._as("specialist", case).action_policy_propose("退货并折让")
        self._as("specialist", case).action_policy_submit()
        for line in lines:
            decider = line.sudo().policy_approval_id.eligible_user_ids[:1]
            line.with_user(decider).action_policy_approve("同意")
        if settle:
            self._as("specialist", case).action_policy_decide()
            self._as("specialist", case).action_policy_settle()
        return case, *lines.with_env(self.env)

    @classmethod
    def _scan(cls, content=PDF, who="specialist", name="证明.pdf"):
        Attachment = cls.env["ir.attachment"].with_user(cls.users[who])
        return Attachment.create({"name": name, "datas": base64.b64encode(content)})

    @classmethod
    def _issue(cls, model_name, remedy, who="specialist", **vals):
        Model = cls.env[model_name].with_user(cls.users[who])
        vals.setdefault("reason", "分层")
        return Model.create({"remedy_id": remedy.id, **vals}).with_env(cls.env)
