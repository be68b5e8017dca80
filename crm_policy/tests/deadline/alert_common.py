"""A complaint whose clocks run, the managers of its handler, and the cron that tells people."""

from ..common import PolicyCommon, at


class AlertCommon(PolicyCommon):
    """Chain of managers: specialist, supervisor, manager, director, CEO."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["ceo"].email = "ceo@example.com"
        order = ("specialist", "supervisor", "manager", "director", "ceo")
        people = [cls._new_employee(cls.users[role]) for role in order]
        for employee, boss in zip(people, people[1:], strict=False):
            employee.parent_id = boss
        cls.employees = dict(zip(order, people, strict=True))
        cls.rules = {
            rule.code: rule
            for rule in cls.env["crm.policy.deadline.rule"].search(
                [("version_id", "=", cls.version.id)]
            )
        }

    @classmethod
    def _set_alerts(cls, code, *alerts, **vals):
        """Give a rule of the version in force these alerts alone, as another version would."""
        rule = cls.rules[code]
        version = rule.version_id
        version._policy_guarded_write({"state": "draft"})
        rule.write(vals)
        rule.alert_ids.unlink()
        rule.write({"alert_ids": [(0, 0, cls._alert(**alert)) for alert in alerts]})
        version._policy_guarded_write({"state": "effective"})
        return rule.alert_ids

    @classmethod
    def _alert(cls, kind="escalation", offset=0, unit="working_days", tell="responsible", **vals):
        role = vals.pop("role", None)
        if role:
            vals |= {"role_id": cls._role_of(role).id}
            tell = "role"
        if vals.get("levels"):
            tell = "manager"
        return {"kind": kind, "offset": offset, "unit": unit, "tell": tell, **vals}

    def _request(self, moment, **vals):
        """Create a request: its clock "response-normal" is one working hour."""
        with at(moment):
            return self._new_case(policy_kind="request", team_id=self.team.id, **vals)

    def _run(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()

    def _clocks(self, cases, code="response-normal"):
        return self.env["crm.policy.deadline"].search(
            [
                ("res_model", "=", cases._name),
                ("res_id", "in", cases.ids),
                ("rule_code", "=", code),
            ]
        )

    def _told(self, cases, code="response-normal"):
        """Return [(login, how)] in the order in which people were told of the cases' clocks."""
        rows = self.env["crm.policy.escalation"].search(
            [("deadline_id", "in", self._clocks(cases, code).ids)], order="id"
        )
        return [(row.user_id.login.removeprefix("t_"), row.how or "") for row in rows]

    def _logins(self, cases, code="response-normal"):
        return [login for login, _how in self._told(cases, code)]

    def _violations(self, cases):
        return self.env["crm.policy.violation"].search(
            [("res_model", "=", cases._name), ("res_id", "in", cases.ids)], order="id"
        )

    def _new_cases(self, number):
        with at("2026-03-05 09:00"):
            return self.env["helpdesk.ticket"].create(
                [
                    {
                        "name": f"case {position}",
                        "description": "x",
                        "policy_kind": "request",
                        "partner_id": self.partner.id,
                        "company_id": self.company.id,
                        "user_id": self.users["specialist"].id,
                        "team_id": self.team.id,
                        "channel_id": self.phone.id,
                    }
                    for position in range(number)
                ]
            )
