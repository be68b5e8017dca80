"""Deadlines: planning, overdue marking, re-planning and the sweep; ours, the peers, plain SQL."""

import argparse
import sys
from datetime import UTC, date, datetime, timedelta

from common import Row, environments, measure, report

from odoo import Command

SINGLE, BATCH = 200, 10_000  # deadlines of a measurement, one by one and at once
PEER = 100  # of the peers, who plan one at a time
START = datetime(date.today().year, 3, 2, 1)
DURATION = 12  # working hours
LADDER = (
    {"kind": "warning", "offset": 2, "unit": "working_hours"},
    {"kind": "escalation", "offset": 0, "unit": "working_hours"},
    {"kind": "escalation", "offset": 1, "tell": "manager", "levels": 1},
)


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


def prepare_calendar(env):
    company = env.company
    calendar = env["resource.calendar"].search([("company_id", "=", company.id)], limit=1)
    calendar.tz = "Europe/Paris"
    company.resource_calendar_id = calendar
    env["resource.calendar.leaves"].create(holidays(calendar))
    return calendar


def costs(env, action, number, **options):
    """Return what ``action`` costs for a thousand of its ``number`` deadlines."""
    return measure(env, action, number / 1000, **options)


def starts(number):
    """Return instants that are spread over a year, whatever their number."""
    return [START + timedelta(seconds=place * 7919 % (300 * 86_400)) for place in range(number)]


class Ours:
    """A policy in force, and deadlines by the hundred thousand that were started by nobody."""

    def __init__(self, env, number, swept):
        self.env, self.number, self.swept = env, number, swept
        self.calendar = prepare_calendar(env)
        self.rule = self.govern()
        env.cr.commit()

    def govern(self):
        """Put the shipped policy into force with a rule of our own; return the rule."""
        env = self.env
        director = env.ref("base.user_admin")
        director.group_ids += env.ref("crm_policy.group_director")
        version = env["crm.policy"]._policy_install_shipped("service", env.company)
        version.action_policy_draft()
        env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)]).unlink()
        rule = env["crm.policy.deadline.rule"].create(
            {
                "code": "bench",
                "name": "12 hours",
                "clause_id": version.clause_ids[:1].id,
                "model_name": "helpdesk.ticket",
                "start_path": "policy_intake_at",
                "done_path": "policy_closed_at",
                "duration": DURATION,
                "unit": "working_hours",
            }
        )
        version.action_policy_review()
        version.with_user(director).action_policy_publish()
        return rule

    # === PLANNING === #

    def single(self):
        """As a save does: one start at a time, the intervals in the registry's cache."""
        moments = starts(SINGLE)
        self.calendar._policy_add_work(moments[:1], DURATION * 3600)

        def act():
            for moment in moments:
                self.calendar._policy_add_work([moment], DURATION * 3600)

        return costs(self.env, act, SINGLE)

    def batch(self):
        moments = starts(BATCH)
        return costs(
            self.env, lambda: self.calendar._policy_add_work(moments, DURATION * 3600), BATCH
        )

    def select(self):
        """The limit: the same by one statement, as plain SQL over a table of intervals."""
        self.fill_intervals()
        rows = f"SELECT {DUE} AS due FROM unnest(%(starts)s) d (start_at) {JOIN}"
        query = f"SELECT count(due) FROM ({rows}) x"
        moments = starts(BATCH)
        return costs(
            self.env,
            lambda: self.env.cr.execute(query, {"seconds": DURATION * 3600, "starts": moments}),
            BATCH,
        )

    def fill_intervals(self):
        index = self.calendar._policy_work_index(START.year - 1, START.year + 2)
        self.env.cr.execute(
            "CREATE TABLE IF NOT EXISTS bench_interval"
            " (start timestamp PRIMARY KEY, stop timestamp, done bigint UNIQUE);"
            " TRUNCATE bench_interval"
        )
        self.env.cr.execute(
            "INSERT INTO bench_interval SELECT to_timestamp(a) AT TIME ZONE 'UTC',"
            " to_timestamp(b) AT TIME ZONE 'UTC', c"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS row (a, b, c)",
            [list(column) for column in index],
        )
        self.env.cr.execute("ANALYZE bench_interval")
        self.env.cr.commit()

    # === STORED DEADLINES === #

    def fill(self, number):
        """Make more tickets and their open deadlines: what the save hooks would have written."""
        env = self.env
        Ticket, Deadline = env["helpdesk.ticket"], env["crm.policy.deadline"]
        [model] = Ticket.create(
            [
                {
                    "name": "Bench",
                    "description": "x",
                    "policy_kind": "request",
                    "company_id": env.company.id,
                }
            ]
        )
        env.flush_all()
        names = f"'B{model.id}-' || place"
        self.copy(Ticket._table, model.id, number, {"policy_intake_at": MOMENT, "number": names})
        clock = Deadline.search([("res_id", "=", model.id)])
        self.copy(
            Deadline._table,
            clock.id,
            number,
            {"res_id": f"{model.id} + place", "start_at": MOMENT, "due_at": MOMENT},
        )
        # The model's own row is one too many and has another start.
        env.cr.execute("DELETE FROM crm_policy_deadline WHERE id = %s", [clock.id])
        env.cr.execute(
            "UPDATE helpdesk_ticket SET policy_kind = NULL, policy_version_id = NULL WHERE id = %s",
            [model.id],
        )
        env.invalidate_all()
        self.plan_all()
        env.cr.commit()
        env.cr._cnx.autocommit = True
        for table in (Ticket._table, Deadline._table):
            env.cr.execute(f"VACUUM ANALYZE {table}")
        env.cr._cnx.autocommit = False

    def copy(self, table, model_id, number, changed):
        """Copy a row ``number`` times, with consecutive ids after its own."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        names = [name for [name] in self.env.cr.fetchall()]
        changed = {"id": f"{model_id} + place", **changed}
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(changed.get(name, f't."{name}"') for name in names)
        self.env.cr.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values}"
            f" FROM {table} t, generate_series(1, {number}) place WHERE t.id = {model_id}"
        )
        self.env.cr.execute(f"SELECT setval('{table}_id_seq', {model_id + number})")

    def plan_all(self):
        """Plan every open deadline, as the job does."""
        plan = self.env["crm.policy.replan"]._policy_replan_chunk
        last = 0
        while last is not None:
            last = plan(self.calendar, datetime(2000, 1, 1), False, last)

    def replan(self):
        """Another holiday has come in the middle: all deadlines are looked at, most move."""
        leaves = self.env["resource.calendar.leaves"]
        span = {"date_from": START + timedelta(hours=1), "date_to": START + timedelta(hours=4)}

        def act():
            leaves.create({"name": "Holiday", "calendar_id": self.calendar.id, **span})
            self.env["crm.policy.replan"].search([]).unlink()
            self.plan_all()

        return costs(self.env, act, self.number)

    def replan_shift(self):
        """Work begins an hour later on all days: every deadline moves."""
        lines = self.calendar.attendance_ids.filtered(lambda line: line.hour_from < 10)

        def act():
            lines.hour_from = 9
            self.plan_all()

        return costs(self.env, act, self.number)

    def update(self):
        """The limit of re-planning: one UPDATE by hand that moves every row."""
        self.fill_intervals()
        query = f"""
            UPDATE crm_policy_deadline SET due_at = x.due + interval '1 hour'
              FROM (SELECT d.id, {DUE} AS due FROM crm_policy_deadline d {JOIN}
                     WHERE d.state = 'open') x
             WHERE crm_policy_deadline.id = x.id
        """
        return costs(
            self.env,
            lambda: self.env.cr.execute(query, {"seconds": DURATION * 3600}),
            self.number,
        )

    def replan_ladder(self):
        """The same under a rule with a warning and two escalations: their instants move, too."""
        self.climb(LADDER)
        cost = self.replan_shift()
        self.climb([])
        return cost

    def climb(self, steps):
        """Give the rule these alerts alone, as another version of the policy would."""
        version = self.rule.version_id
        version._policy_guarded_write({"state": "draft"})
        self.rule.write({"alert_ids": [Command.clear(), *(Command.create(step) for step in steps)]})
        version._policy_guarded_write({"state": "effective"})
        self.env.cr.commit()

    # === OVERDUE === #

    def overdue(self, number):
        """Make ``number`` deadlines overdue, and mark them."""
        Deadline = self.env["crm.policy.deadline"]
        late = "UPDATE crm_policy_deadline SET due_at = %s WHERE id IN"
        late += " (SELECT id FROM crm_policy_deadline WHERE state = 'open' ORDER BY id LIMIT %s)"
        self.env.cr.execute("UPDATE crm_policy_deadline SET due_at = due_at + interval '5 years'")
        self.env.cr.execute(late, [START - timedelta(days=900), number])
        self.env.cr.commit()

        def mark():
            Deadline._policy_mark_overdue(number)

        def orm():
            """Odoo's customary way: search what is late and write the mark."""
            now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
            domain = [("state", "=", "open"), ("overdue_at", "=", False), ("due_at", "<", now)]
            Deadline.search(domain)._policy_update({"overdue_at": now})

        by_hand = """
            UPDATE crm_policy_deadline SET overdue_at = now() AT TIME ZONE 'UTC'
             WHERE state = 'open' AND overdue_at IS NULL AND due_at < now() AT TIME ZONE 'UTC'
        """
        marked, peer = costs(self.env, mark, number), costs(self.env, orm, number)
        limit = costs(self.env, lambda: self.env.cr.execute(by_hand), number)
        self.env.cr.execute(
            "UPDATE crm_policy_deadline SET due_at = %s WHERE due_at < now()",
            [datetime(START.year + 5, 1, 1)],
        )
        self.env.cr.commit()
        return marked, peer, limit

    def idle(self):
        """The cron's run when nothing has fallen due."""
        act = self.env["crm.policy.deadline"]._policy_mark_overdue
        return measure(self.env, lambda: act(500), 1)

    # === SWEEP === #

    def sweep(self):
        """Compare all cases with all their deadlines; nothing differs, as on most nights."""
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules()
        Deadline = self.env["crm.policy.deadline"]

        def act():
            found = Deadline._policy_differences("helpdesk.ticket", rules)
            assert not found, len(found)

        return costs(self.env, act, self.swept, repeats=2)


MOMENT = f"timestamp '{START}' + interval '1 second' * (place::bigint * 7919 % (300 * 86400))"
# Hand-written: worked until the start, then the interval in which the work is done.
JOIN = """
    LEFT JOIN LATERAL (
        SELECT i.done - GREATEST(EXTRACT(EPOCH FROM i.stop - d.start_at), 0) AS worked
          FROM bench_interval i WHERE i.start <= d.start_at ORDER BY i.start DESC LIMIT 1
    ) w ON TRUE
    JOIN LATERAL (
        SELECT i.stop, i.done FROM bench_interval i
         WHERE i.done >= COALESCE(w.worked, 0) + %(seconds)s ORDER BY i.done LIMIT 1
    ) e ON TRUE
"""
DUE = "e.stop - interval '1 second' * (e.done - COALESCE(w.worked, 0) - %(seconds)s)"


class Peer:
    """The peers' database: Odoo's own planning, and helpdesk_mgmt_sla on it."""

    def __init__(self, env):
        self.env = env
        self.calendar = prepare_calendar(env)
        team = env["helpdesk.ticket.team"].create(
            {
                "name": "Bench team",
                "user_ids": [Command.set(env.user.ids)],
                "use_sla": True,
                "resource_calendar_id": self.calendar.id,
            }
        )
        done = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        env["helpdesk.sla"].create({"name": "12 hours", "hours": DURATION, "stage_id": done.id})
        self.tickets = env["helpdesk.ticket"].create(
            [{"name": f"{place}", "description": "x", "team_id": team.id} for place in range(PEER)]
        )
        self.lines = env["helpdesk.ticket.sla"].search([("ticket_id", "in", self.tickets.ids)])
        env.cr.commit()

    def plan_hours(self):
        moments = [moment.replace(tzinfo=UTC) for moment in starts(PEER)]

        def act():
            for moment in moments:
                self.calendar.plan_hours(DURATION, moment, compute_leaves=True)

        return costs(self.env, act, PEER)

    def sla_deadline(self):
        """Its stored deadlines computed again: what a changed holiday would need."""
        field = self.lines._fields["deadline"]

        def act():
            self.env.add_to_compute(field, self.lines)
            self.lines.mapped("deadline")

        return costs(self.env, act, len(self.lines))

    def sla_overdue(self):
        """It has no cron: whether a ticket is late is found out by whoever looks."""

        def act():
            self.tickets.invalidate_recordset()
            self.tickets.mapped("sla_expired")

        return costs(self.env, act, PEER)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deadlines", type=int, default=100_000, help="to be planned anew")
    parser.add_argument("--swept", type=int, default=1_000_000, help="to be compared at night")
    options = parser.parse_args()
    with environments() as (our_env, peer_env):
        # Parallel helpers' time would be nobody's.
        our_env.cr.execute("SET max_parallel_workers_per_gather = 0")
        peer = Peer(peer_env)
        ours = Ours(our_env, options.deadlines, options.swept)
        plan, sla = peer.plan_hours(), peer.sla_deadline()
        select = ours.select()
        # The first question of a transaction may read the user and his company.
        rows = [
            Row("plan one by one", ours.single(), plan, select, 2 / SINGLE * 1000, 800, 5),
            Row(f"plan {BATCH:,} at once", ours.batch(), plan, select, 0.5, 800, 5, 1.5),
            Row("the same, peer: helpdesk_mgmt_sla", ours.batch(), sla, select, 0.5, 800, 5),
        ]
        ours.fill(options.deadlines)
        update, count = ours.update(), f"{options.deadlines:,}"
        few, every = ours.replan(), ours.replan_shift()
        rows += [
            Row(f"re-plan {count}, a few move", few, plan, update, None, 380, 11, 1.5),
            Row(f"re-plan {count}, all move", every, plan, update, None, 380, 11, 1.5),
        ]
        marked, written, limit = ours.overdue(min(BATCH, options.deadlines))
        looked = peer.sla_overdue()
        rows += [
            Row("mark overdue, peer: the ORM's write", marked, written, limit, None, 1.8, 60, 1.7),
            Row("the same, peer: helpdesk_mgmt_sla", marked, looked, limit, None, 1.8, 60, 1.7),
        ]
        rows.append(Row("idle run of the cron (one)", ours.idle(), None, None, 2, None, 3))
        rows.append(
            Row(f"re-plan {count}, all move, ladder", ours.replan_ladder(), plan, update, None, 10)
        )
        if options.swept > options.deadlines:
            ours.fill(options.swept - options.deadlines)
        rows.append(Row(f"sweep of {options.swept:,}, nothing differs", ours.sweep()))
    return report("Deadlines", rows, "thousand deadlines")


if __name__ == "__main__":
    sys.exit(main())
