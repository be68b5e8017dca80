"""Creating tickets with their deadlines: ours, helpdesk_mgmt with its SLA add-on, plain INSERT."""

import sys
from datetime import date, datetime

from common import Row, environments, measure, report

from odoo import Command

ONES, BATCH = 100, 500  # tickets of a measurement, one by one and at once
PLAIN = dict.fromkeys(("tracking_disable", "mail_create_nosubscribe", "mail_create_nolog"), True)


def holidays(calendar):
    """Return a public holiday at the start of each month, this year and the next."""
    year = date.today().year
    return [
        {
            "name": f"Holiday {month}",
            "calendar_id": calendar.id,
            "date_from": datetime(year + month // 12, month % 12 + 1, 1),
            "date_to": datetime(year + month // 12, month % 12 + 1, 2),
        }
        for month in range(24)
    ]


class Side:
    """One of the two databases: its company, people and team, and the tickets it creates."""

    def __init__(self, env, governed):
        company = env.company
        calendar = env["resource.calendar"].search([("company_id", "=", company.id)], limit=1)
        calendar.tz = "Asia/Shanghai"
        company.resource_calendar_id = calendar
        env["resource.calendar.leaves"].create(holidays(calendar))
        groups = ["base.group_user", "helpdesk_mgmt.group_helpdesk_manager"]
        groups += ["crm_policy.group_specialist"] if governed else []
        agent, handler = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": f"Bench {login}",
                        "login": f"bench_{login}",
                        "email": f"{login}@example.com",
                        "group_ids": [Command.set([env.ref(group).id for group in groups])],
                    }
                    for login in ("agent", "handler")
                ]
            )
        )
        self.vals = {
            "description": "<p>150 pieces delaminated</p>",
            "company_id": company.id,
            "partner_id": env["res.partner"].create({"name": "Bench customer"}).id,
            "team_id": self.make_team(env, agent | handler, calendar, governed).id,
        }
        if governed:
            self.vals |= self.govern(env)
        self.handler = handler.id
        self.env = env(user=agent.id, context={"allowed_company_ids": company.ids})
        env.cr.commit()

    def make_team(self, env, users, calendar, governed):
        team = env["helpdesk.ticket.team"].create(
            {"name": "Bench team", "user_ids": [Command.set(users.ids)]}
        )
        if not governed:
            team.write({"use_sla": True, "resource_calendar_id": calendar.id})
            done = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
            env["helpdesk.sla"].create({"name": "48 hours", "hours": 48, "stage_id": done.id})
        return team

    def govern(self, env):
        """Put the shipped policy into force; return what makes a ticket a complaint under it."""
        director = env.ref("base.user_admin")
        director.group_ids += env.ref("crm_policy.group_director")
        version = env["crm.policy"]._policy_install_shipped("service", env.company)
        version.action_policy_draft()
        # The shipped clocks start when a case is accepted. This one starts at once, like the peer's.
        env["crm.policy.deadline.rule"].create(
            {
                "code": "bench-48h",
                "name": "48 hours",
                "clause_id": version.clause_ids[:1].id,
                "model_name": "helpdesk.ticket",
                "start_path": "policy_intake_at",
                "done_path": "policy_closed_at",
                "duration": 48,
            }
        )
        version.action_policy_review()
        version.with_user(director).action_policy_publish()
        kind = env["crm.policy.complaint.type"].search([("code", "=", "quality")], limit=1)
        return {"policy_kind": "complaint", "policy_complaint_type_id": kind.id}

    def tickets(self, number, assigned):
        user = {"user_id": self.handler} if assigned else {}
        return [{"name": f"Ticket {position}", **self.vals, **user} for position in range(number)]

    def one_by_one(self, assigned, **context):
        """A form or a mail at a time, each written before the next one comes."""
        Ticket = self.env["helpdesk.ticket"].with_context(**context)

        def act():
            for vals in self.tickets(ONES, assigned):
                Ticket.create(vals)
                self.env.flush_all()

        return measure(self.env, act, ONES)

    def alone(self, assigned):
        """Each in a transaction of its own: nothing is read yet, nobody to share the end with."""
        Ticket = self.env["helpdesk.ticket"]

        def act():
            for vals in self.tickets(ONES, assigned):
                self.env.invalidate_all()
                Ticket.create(vals)
                self.env.cr.flush()

        return measure(self.env, act, ONES)

    def at_once(self, assigned, **context):
        Ticket = self.env["helpdesk.ticket"].with_context(**context)
        return measure(self.env, lambda: Ticket.create(self.tickets(BATCH, assigned)), BATCH)

    def insert(self, number):
        """The same rows by the database alone."""
        query = """
            INSERT INTO helpdesk_ticket (number, name, description, company_id, partner_id, team_id,
                                         stage_id, active, create_date, write_date)
            SELECT 'HT' || position, 'Ticket ' || position, %s, %s, %s, %s, %s, TRUE, now(), now()
              FROM generate_series(1, %s) position
        """
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new")
        names = ("description", "company_id", "partner_id", "team_id")
        values = [*(self.vals[name] for name in names), stage.id]

        def act():
            for _time in range(BATCH // number):
                self.env.cr.execute(query, [*values, number])

        return measure(self.env, act, BATCH)


def main():
    with environments() as (our_env, peer_env):
        ours, peer = Side(our_env, governed=True), Side(peer_env, governed=False)
        single, block = ours.insert(1), ours.insert(BATCH)

        def row(name, way, limit=None, target=(None, None), **options):
            method = (getattr(side, way)(**options) for side in (ours, peer))
            return Row(name, *method, limit, *target)

        rows = [
            row("1x1, no chatter", "one_by_one", single, (5, 4), assigned=True, **PLAIN),
            row("1x1, chatter, assigned", "one_by_one", single, (8, 4.8), assigned=True),
            row("1x1, chatter", "one_by_one", single, assigned=False),
            row("1x1, alone, assigned", "alone", single, assigned=True),
            row(f"{BATCH}, no chatter", "at_once", block, (0.1, 13), assigned=True, **PLAIN),
            row(f"{BATCH}, chatter", "at_once", block, (0.1, 11), assigned=False),
            row(f"{BATCH}, chatter, assigned", "at_once", block, assigned=True),
        ]
    return report("Creating tickets with their deadlines", rows)


if __name__ == "__main__":
    sys.exit(main())
