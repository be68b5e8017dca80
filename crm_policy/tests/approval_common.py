"""What tests of approvals share: a route of their own choosing, requests, events."""

from odoo import Command

from .common import PolicyCommon


class ApprovalCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in (2, 3):
            cls.users[f"ceo{number}"] = cls._new_user("ceo", login=f"t_ceo{number}")
        cls.ceos = cls.users["ceo"] | cls.users["ceo2"] | cls.users["ceo3"]
        cls.case = cls._new_case()

    @classmethod
    def _set_route(cls, *steps, **vals):
        """Give the remedies of the version in force a route of these steps, as a pack would.

        :param steps: codes of roles, or dicts with role or team (records), mode and so on.
        """
        route = cls.env["crm.policy.route"].search(
            [("version_id", "=", cls.version.id), ("model_name", "=", "crm.policy.remedy")]
        )
        lines = []
        for number, step in enumerate(steps, start=1):
            step = dict(step) if isinstance(step, dict) else {"role": step}
            if role := step.pop("role", None):
                step["role_id"] = cls._role_of(role).id
            lines.append(Command.create({"sequence": number, **step}))
        cls.version._policy_guarded_write({"state": "draft"})
        kind = "sequence" if steps else "competent"
        route.write({"step_ids": [Command.clear(), *lines], "kind": kind, **vals})
        cls.version._policy_guarded_write({"state": "effective"})
        cls.env.registry.clear_cache()
        return route

    @classmethod
    def _submitted(cls, amount=5000, role="specialist", **vals):
        """Return a remedy that was submitted."""
        remedy = cls._new_remedy(cls._new_case(), amount, **vals)
        cls._as(role, remedy).action_policy_submit()
        return remedy

    @classmethod
    def _sign(cls, remedy, *roles):
        for role in roles:
            cls._as(role, remedy).action_policy_approve("同意")

    def _steps(self, remedy):
        """Return [(who signs, state)] of the request in order."""
        return [
            (step.role_id.code or step.team_id.code or step.person_id.login, step.state)
            for step in remedy.policy_approval_id.step_ids
        ]

    def _who(self, remedy):
        """Return the logins, without "t_", of who may decide now."""
        logins = remedy.policy_approval_id.eligible_user_ids.mapped("login")
        return sorted(login.removeprefix("t_") for login in logins)

    def _events(self, remedy_or_request, kind):
        requests = (
            remedy_or_request
            if remedy_or_request._name == "crm.policy.approval"
            else remedy_or_request.policy_approval_id
        )
        return self.env["crm.policy.event"].search(
            [
                ("type", "=", kind),
                ("res_model", "=", "crm.policy.approval"),
                ("res_id", "in", requests.ids),
            ]
        )
