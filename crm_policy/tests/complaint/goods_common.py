"""A manufacturer's case that is settled with a return and an allowance (S2.6, S2.10)."""

import base64

from ..approval.authority_common import AuthorityCommon

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"


class GoodsCommon(AuthorityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._install_policy("manufacturer")
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
        cls.kind = cls.env["crm.policy.complaint.type"].search(
            [("company_id", "=", cls.company.id), ("code", "=", "mfr-quality")]
        )

    @classmethod
    def _by(cls, who, records):
        """Return the records as somebody by his role or post."""
        return records.with_user(cls.posts.get(who) or cls.users[who])

    def _case_with(self, *remedies, settle=True, **vals):
        """Return a case with these remedies, decided and settled, and the remedies."""
        vals.setdefault("policy_quantity", 2000)
        vals.setdefault("policy_item_ref", "PCB-204")
        case = self._new_case(policy_complaint_type_id=self.kind.id, **vals)
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
