from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.zones import local_day

NUMBERS = "EMG-YYYY-NNNN"


class CrmPolicyEmergencyStart(models.AbstractModel):
    """How an emergency begins: its number, its team, the steps of its plan, and who is told."""

    _name = "crm.policy.emergency.start"
    _description = "Start of an Emergency"

    @api.model
    def _policy_start(self, case, route, trigger, reason):
        """Start an emergency of a case whose trigger the caller has found true.

        :param case: the ``helpdesk.ticket``, as superuser.
        :param route: the route of its policy, which says who ratifies and by which clause.
        :return: the emergency, as superuser.
        :raises UserError: it has one, or there is no team.
        :raises PolicyRefusal: the right of the team or its leader is suspended.
        """
        running = self.sudo().search([("ticket_id", "=", case.id), ("closed_at", "=", False)])
        if running:
            raise UserError(
                self.env._(
                    "%(case)s: %(emergency)s is running already.",
                    case=case.display_name,
                    emergency=running.number,
                )
            )
        company, now = case.company_id, fields.Datetime.now()
        team = self.env["crm.policy.team"]._policy_team_of("emergency", company).sudo()
        concerned = case._policy_concerned_users()
        members = team._policy_voters() - concerned
        chair = (team._policy_seats().get(team._policy_chair(), members) - concerned) or members
        if not members:
            raise UserError(
                self.env._(
                    "%(team)s has nobody for %(case)s: whoever is complained about, or is the "
                    "customer himself, does not act in it. Appoint somebody else.",
                    team=team.name,
                    case=case.display_name,
                )
            )
        leader = (chair & self.env.user) or chair[:1]
        self._policy_check_right(team, leader | self.env.user, company)
        day = local_day(now, company)
        counter = self.env["crm.policy.counter"].sudo()
        [number] = counter._policy_reserve(company, NUMBERS, "year", day, 1)
        plan = self.env["crm.policy.emergency.plan"]._policy_plan_for(trigger, company)
        [emergency] = self.sudo()._policy_guarded_create(
            [
                {
                    "number": number,
                    "ticket_id": case.id,
                    "company_id": company.id,
                    "policy_version_id": route.version_id.id,
                    "clause_id": route.clause_id.id,
                    "trigger": trigger,
                    "reason": reason,
                    "plan_id": plan.id,
                    "team_id": team.id,
                    "leader_id": leader.id,
                    "started_by_id": self.env.uid,
                    "member_ids": [(6, 0, members.ids)],
                    "started_at": now,
                }
            ]
        )
        emergency._policy_check_ratifiable(self.env.user)
        self.env["crm.policy.event"]._policy_log(
            "emergency.started",
            emergency,
            {
                "case": case.id,
                "trigger": trigger,
                "team": team.id,
                "leader": leader.id,
                "members": members.ids,
            },
            clause=route.clause_id,
        )
        steps = emergency._policy_copy_plan()
        responsible = steps._policy_responsible_people() - concerned
        people = (team._policy_people() - concerned) | responsible
        self.env["crm.policy.case.access"].sudo()._policy_grant(case, people, "team")
        emergency._policy_tell(members | responsible)
        return emergency

    def _policy_copy_plan(self):
        """Copy the steps of the plan: each is due its minutes after the start (EMG-03)."""
        self.ensure_one()
        return (
            self.env["crm.policy.emergency.step"]
            .sudo()
            ._policy_guarded_create(
                [
                    {
                        "emergency_id": self.id,
                        "ticket_id": self.ticket_id.id,
                        "company_id": self.company_id.id,
                        "policy_version_id": self.policy_version_id.id,
                        "plan_step_id": step.id,
                        "role_id": step.role_id.id,
                        "opened_at": self.started_at,
                        "due_at": fields.Datetime.add(self.started_at, minutes=step.minutes),
                    }
                    for step in self.plan_id.step_ids
                ]
            )
        )

    def _policy_tell(self, users):
        """Tell the team, in each one's language."""
        for lang, group in users.grouped("lang").items():
            there = self.with_context(lang=lang or None)
            there.ticket_id.message_notify(
                partner_ids=group.partner_id.ids,
                subject=there.env._("Emergency %(number)s", number=there.number),
                body=there.env._(
                    "%(clause)s: %(leader)s leads the emergency %(number)s on %(case)s. You are in "
                    "its team: act now, write down what you do and what it costs. It is ratified "
                    "afterwards.",
                    clause=there.clause_id._policy_citation(),
                    leader=there.leader_id.name,
                    number=there.number,
                    case=there.ticket_id.display_name,
                ),
            )
