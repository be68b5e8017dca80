"""The papers of the committee on a quality complaint, as people write them."""

from .common import at
from .route_common import PNG, RouteCommon


class CommitteeCommon(RouteCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.user_id = cls.people["sales_manager"]

    def _paper(self, name, user, **vals):
        attachment = self.env["ir.attachment"].with_user(user)
        return attachment.create({"name": name, "datas": PNG, **vals})

    def _report(self, case, moment, submit=True):
        """Have the sales manager look at it on the spot."""
        user = self.people["sales_manager"]
        with at(moment):
            signed = self._paper("客户签字.png", user)
            report = self.env["crm.policy.field.report"].with_user(user).create(
                {
                    "ticket_id": case.id,
                    "site": "恒达大厦 12 层",
                    "facts": "实木贴面起泡 17 处，最大 40 mm",
                    "signature_ids": [(4, signed.id)],
                }
            )  # fmt: skip
            if submit:
                report.action_policy_submit_report()
        return report.with_env(self.env)

    def _verdict(self, case, moment, factory, customer, budget=6800.0, user="production", **vals):
        with at(moment):
            verdict = self.env["crm.policy.verdict"].with_user(self.people[user]).create(
                {
                    "ticket_id": case.id,
                    "liability": "涂装温度不足",
                    "factory_percent": factory,
                    "customer_percent": customer,
                    "repair_budget": budget,
                    "delivery_date": "2026-03-27",
                    "memo": "返厂重新贴面，03-27 送达",
                    **vals,
                }
            )  # fmt: skip
        return verdict.with_env(self.env)

    def _sign(self, verdict, moment, *names):
        with at(moment):
            for name in names or ("production", "quality", "warehouse"):
                self._by(name, verdict).action_policy_sign()

    def _agree(self, verdict, moment, reason=None):
        user = self.people["sales_manager"]
        with at(moment):
            paper = self._paper("客户确认.png", user)
            verdict.with_user(user).action_policy_agree(paper.ids, reason)

    def _approve(self, verdict, moment):
        with at(moment):
            while verdict.policy_approval_state == "pending":
                user = verdict.policy_approval_id.eligible_user_ids[0]
                verdict.with_user(user).action_policy_approve("同意")

    @classmethod
    def _staff(cls, name):
        """Return the employee of one of the people; made at the first call."""
        user = cls.people[name]
        known = cls.env["hr.employee"].search(
            [("user_id", "=", user.id), ("company_id", "=", cls.company.id)]
        )
        return known or cls.env["hr.employee"].create(
            {"name": name, "user_id": user.id, "company_id": cls.company.id}
        )

    def _accident(self, case, moment, *lines, user="quality", **vals):
        """Have the team on quality accidents write down its decision: (who, kind, amount) each."""
        commands = [
            (0, 0, {"employee_id": self._staff(name).id, "kind": kind, "amount": amount,
                    "fact": "烘干温度未按工艺执行"})
            for name, kind, amount in lines
        ]  # fmt: skip
        with at(moment):
            accident = self.env["crm.policy.accident"].with_user(self.people[user]).create(
                {"ticket_id": case.id, "line_ids": commands, **vals}
            )  # fmt: skip
        return accident.with_env(self.env)

    def _decide_accident(self, case, moment, *lines, **vals):
        """Have the team decide; return the decision."""
        accident = self._accident(case, moment, *lines, **vals)
        with at(moment):
            for name in ("quality", "warehouse"):
                self._by(name, accident).action_policy_sign()
        return accident
