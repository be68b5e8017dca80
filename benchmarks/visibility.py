"""What each role sees of 100,000 cases, page and count: ours, helpdesk_mgmt, plain SQL."""

import sys

from common import Row, environments, measure, report

from odoo import Command
from odoo.tools import SQL

CASES, DEADLINES, CUSTOMERS = 100_000, 3, 1_000  # deadlines of each case
TEAMS, MEMBERS = 10, 10
MIDDLE, LEAVES = 10, 100  # departments below the top
OPENED = 200  # cases opened for each user by name
PAGE = 80
READS = 10  # repetitions within a measurement: the system counts processor time in ticks of 10 ms
COLUMNS = ("number", "name", "partner_id", "user_id", "team_id", "create_date")
RELATIONS = {"partner_id": "res_partner", "user_id": "res_users", "team_id": "helpdesk_ticket_team"}
ORDER = SQL("t.priority DESC, t.sequence, t.number DESC, t.id DESC")


class Side:
    """One of the two databases: people, teams, customers and the cases, the same in both."""

    cases = CASES

    def __init__(self, env):
        self.env = env
        self.company = env.company
        self.users = {}
        self.specialists = self.make_users(
            [f"s{number}" for number in range(TEAMS * MEMBERS)], *self.handler_groups
        )
        self.teams = env["helpdesk.ticket.team"].create(
            [
                {
                    "name": f"Team {number}",
                    "company_id": self.company.id,
                    "user_ids": [
                        Command.set(self.specialists[number * MEMBERS :][:MEMBERS].ids),
                    ],
                }
                for number in range(TEAMS)
            ]
        )
        self.customers = env["res.partner"].create(
            [{"name": f"Customer {number}", "is_company": True} for number in range(CUSTOMERS)]
        )
        self.make_departments()
        self.make_people()
        env.flush_all()
        self.insert_cases()
        env.cr.commit()
        self.settle()

    def make_users(self, logins, *groups, **vals):
        groups = [self.env.ref(group).id for group in groups]
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": login,
                        "login": f"bench_{login}",
                        "group_ids": [Command.set(groups)],
                        "company_id": self.company.id,
                        "company_ids": [Command.set(self.company.ids)],
                        **vals,
                    }
                    for login in logins
                ]
            )
        )

    def make_departments(self):
        Department, company_id = self.env["hr.department"], self.company.id
        self.top = Department.create({"name": "Top", "company_id": company_id})
        self.middle = Department.create(
            [
                {"name": f"Middle {number}", "parent_id": self.top.id, "company_id": company_id}
                for number in range(MIDDLE)
            ]
        )
        each = LEAVES // MIDDLE
        self.leaves = Department.create(
            [
                {
                    "name": f"Leaf {number}",
                    "parent_id": self.middle[number // each].id,
                    "company_id": company_id,
                }
                for number in range(LEAVES)
            ]
        )

    def make_manager(self, department, login, *groups):
        user = self.make_users([login], "base.group_user", *groups)
        employee = {"name": login, "user_id": user.id, "department_id": department.id}
        department.manager_id = self.env["hr.employee"].create(
            {**employee, "company_id": self.company.id}
        )
        return user

    def settle(self):
        """Do what autovacuum does in a database that is in use; count processor time whole."""
        cr = self.env.cr
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE")
        # Helpers would work in processes of their own, whose time nobody counts.
        cr.execute("SET max_parallel_workers_per_gather = 0")
        cr._cnx.autocommit = False
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    def insert_cases(self):
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new")
        names = {
            "number": SQL("'HT' || lpad(g::text, 6, '0')"),
            "name": SQL("'Ticket ' || g"),
            "description": SQL("'<p>150 pieces delaminated</p>'"),
            "company_id": SQL("%s", self.company.id),
            "team_id": SQL("(%s)[1 + g %% %s / %s]", self.teams.ids, TEAMS * MEMBERS, MEMBERS),
            "user_id": SQL("(%s)[1 + g %% %s]", self.specialists.ids, TEAMS * MEMBERS),
            "partner_id": SQL("(%s)[1 + g * 7 %% %s]", self.customers.ids, CUSTOMERS),
            "commercial_partner_id": SQL("(%s)[1 + g * 7 %% %s]", self.customers.ids, CUSTOMERS),
            "stage_id": SQL("%s", stage.id),
            "priority": SQL("floor(random() * 4)::int::text"),
            "sequence": SQL("10"),
            "active": SQL("TRUE"),
            "create_uid": SQL("1"),
            "write_uid": SQL("1"),
            "create_date": SQL("now() AT TIME ZONE 'utc' - g * interval '1 minute'"),
            "write_date": SQL("now() AT TIME ZONE 'utc'"),
            **self.case_columns(),
        }
        self.env.cr.execute("SELECT setseed(0.5)")
        self.env.cr.execute(
            SQL(
                "INSERT INTO helpdesk_ticket (%s) SELECT %s FROM generate_series(1, %s) g",
                SQL(", ").join(map(SQL.identifier, names)),
                SQL(", ").join(names.values()),
                self.cases,
            )
        )

    def case_columns(self):
        return {}

    # === MEASURED === #

    def model(self, user, name="helpdesk.ticket"):
        context = {"allowed_company_ids": self.company.ids, "lang": "en_US", "tz": "Asia/Shanghai"}
        return self.env(user=user.id, context=context)[name]

    def repeat(self, action):
        def act():
            for _time in range(READS):
                self.env.invalidate_all()
                action()

        return measure(self.env, act, READS)

    def page(self, user, name="helpdesk.ticket", columns=()):
        model = self.model(user, name)
        columns = columns or (*COLUMNS, *self.more_columns)
        specification = {
            column: {"fields": {"display_name": {}}} if column.endswith("_id") else {}
            for column in columns
            if not (user.share and column == "user_id")  # customers do not see who handles it
        }
        return self.repeat(
            lambda: model.web_search_read([], specification, limit=PAGE, count_limit=PAGE + 1)
        )

    def count(self, user, name="helpdesk.ticket"):
        model = self.model(user, name)
        return self.repeat(lambda: model.search_count([]))

    def seen(self, user, name="helpdesk.ticket"):
        return self.model(user, name).search_count([])


class Ours(Side):
    handler_groups = ("base.group_user", "crm_policy.group_specialist")
    more_columns = ("policy_step", "policy_number")
    pack = "service"

    def make_people(self):
        self.version = self.env["crm.policy"]._policy_install_shipped(self.pack, self.company)
        self.users["specialist"] = self.specialists[0]
        for role in ("supervisor", "director", "ceo", "finance"):
            self.users[role] = self.make_users(
                [role], "base.group_user", f"crm_policy.group_{role}"
            )
        self.teams[0].user_id = self.users["supervisor"]
        for name, department in (
            ("leaf", self.leaves[0]),
            ("mid", self.middle[0]),
            ("top", self.top),
        ):
            user = self.make_manager(department, name, "crm_policy.group_manager")
            self.users[f"manager, {name}"] = user
        self.users["helpdesk only"] = self.make_users(["hd"], "helpdesk_mgmt.group_helpdesk_user")
        self.users["customer"] = self.make_users(
            ["customer"], "base.group_portal", partner_id=self.customers[0].id
        )

    def case_columns(self):
        return {
            "policy_kind": SQL("'complaint'"),
            "policy_step": SQL("'received'"),
            "policy_urgency": SQL("'normal'"),
            "policy_severity": SQL("CASE WHEN g %% 50 = 0 THEN 'major' ELSE 'general' END"),
            "policy_number": SQL("lpad(g::text, 7, '0')"),
            "policy_department_id": SQL("(%s)[1 + g * 13 %% %s]", self.leaves.ids, LEAVES),
            "policy_intake_at": SQL("now() AT TIME ZONE 'utc' - g * interval '1 minute'"),
            # One in ten is settled: finance sees those.
            "policy_settled_at": SQL("CASE WHEN g %% 10 = 0 THEN now() AT TIME ZONE 'utc' END"),
        }

    def insert_cases(self):
        super().insert_cases()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_case_access (ticket_id, user_id, company_id, reason)
                SELECT t.id, u.id, t.company_id, 'handover'
                  FROM helpdesk_ticket t CROSS JOIN res_users u
                 WHERE t.id %% %s = 0 AND u.login LIKE 'bench!_%%' ESCAPE '!' AND NOT u.share
                """,
                self.cases // OPENED,
            )
        )
        self.insert_deadlines()

    def insert_deadlines(self):
        rules = self.env["crm.policy.deadline.rule"].search(
            [
                ("clause_id.version_id", "=", self.version.id),
                ("model_name", "=", "helpdesk.ticket"),
            ],
            limit=DEADLINES,
        )
        # Nine of ten are done with.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_deadline
                       (rule_id, rule_code, clause_id, company_id, res_model, res_id, cycle,
                        partner_id, department_id, user_id, start_at, due_at, done_at, state)
                SELECT r.id, r.code, r.clause_id, t.company_id, 'helpdesk.ticket', t.id, 0,
                       t.partner_id, t.policy_department_id, t.user_id, t.policy_intake_at,
                       t.policy_intake_at + r.id * interval '1 hour',
                       CASE WHEN t.id %% 10 > 0 THEN t.policy_intake_at END,
                       CASE WHEN t.id %% 10 > 0 THEN 'met' ELSE 'open' END
                  FROM helpdesk_ticket t CROSS JOIN crm_policy_deadline_rule r
                 WHERE r.id IN %s
                """,
                tuple(rules.ids),
            )
        )

    # === PLAIN SQL === #

    def make_ideal_indexes(self):
        """For the limit only: what the database would need for nothing but these questions."""
        for column in ("user_id", "team_id", "policy_department_id", "commercial_partner_id"):
            self.env.cr.execute(
                SQL(
                    "CREATE INDEX ON helpdesk_ticket (%s, company_id) WHERE active IS TRUE",
                    SQL.identifier(column),
                )
            )
        self.env.cr.execute("CREATE INDEX ON helpdesk_ticket (id) WHERE active IS TRUE")
        self.settle()

    def plain(self, condition):
        """The same rows by the database alone: the page with its names, and the count."""
        names = [SQL("t.%s", SQL.identifier(name)) for name in (*COLUMNS, *self.more_columns)]
        joins = SQL(" ").join(
            SQL(
                "LEFT JOIN %s %s ON %s = t.%s",
                SQL.identifier(table),
                SQL.identifier(name),
                SQL.identifier(name, "id"),
                SQL.identifier(name),
            )
            for name, table in RELATIONS.items()
        )
        page = SQL(
            "SELECT t.id, %s, partner_id.complete_name, user_id.login, team_id.name "
            "FROM helpdesk_ticket t %s WHERE t.active IS TRUE AND %s ORDER BY %s LIMIT %s",
            SQL(", ").join(names),
            joins,
            condition,
            ORDER,
            PAGE,
        )
        count = SQL(
            "SELECT count(*) FROM helpdesk_ticket t WHERE t.active IS TRUE AND %s", condition
        )
        return [
            self.repeat(lambda query=query: self.env.execute_query(query))
            for query in (page, count)
        ]

    def conditions(self):
        own, team = self.specialists[0], self.teams[0]

        def departments(name):
            ids = self.users[name].policy_department_ids.ids
            return SQL("t.policy_department_id IN %s", tuple(ids))

        return {
            "specialist": SQL("t.user_id = %s", own.id),
            "supervisor": SQL("t.team_id = %s", team.id),
            "manager, leaf": departments("manager, leaf"),
            "manager, mid": departments("manager, mid"),
            "manager, top": departments("manager, top"),
            "director": SQL("TRUE"),
            "ceo": SQL("TRUE"),
            "finance": SQL("t.policy_settled_at IS NOT NULL"),
            "customer": SQL("t.commercial_partner_id = %s", self.customers[0].id),
        }


class Peer(Side):
    handler_groups = ("helpdesk_mgmt.group_helpdesk_user_own",)
    more_columns = ("priority", "sequence")

    def make_people(self):
        self.users["own"] = self.specialists[0]
        self.users["team"] = self.make_users(["team"], "helpdesk_mgmt.group_helpdesk_user_team")
        self.teams[0].user_ids += self.users["team"]
        self.users["all"] = self.make_users(["all"], "helpdesk_mgmt.group_helpdesk_user")
        self.users["customer"] = self.make_users(
            ["customer"], "base.group_portal", partner_id=self.customers[0].id
        )
        self.make_department_rule()
        for name, department in (
            ("leaf", self.leaves[0]),
            ("mid", self.middle[0]),
            ("top", self.top),
        ):
            self.users[name] = self.make_manager(
                department,
                name,
                "helpdesk_mgmt.group_helpdesk_user_own",
                "crm_policy_bench.group_department",
            )

    def make_department_rule(self):
        """Add what helpdesk_mgmt does not have, as it is usually added: a field and a rule."""
        env = self.env
        model = env["ir.model"]._get("helpdesk.ticket")
        env["ir.model.fields"].create(
            {
                "name": "x_department_id",
                "field_description": "Department",
                "model_id": model.id,
                "ttype": "many2one",
                "relation": "hr.department",
                "index": True,
            }
        )
        group = env["res.groups"].create({"name": "Department tickets"})
        env["ir.model.data"].create(
            {
                "module": "crm_policy_bench",
                "name": "group_department",
                "model": group._name,
                "res_id": group.id,
            }
        )
        env["ir.rule"].create(
            {
                "name": "Department tickets",
                "model_id": model.id,
                "groups": [Command.set(group.ids)],
                "domain_force": (
                    "[('x_department_id', 'child_of', user.employee_id.department_id.ids)]"
                ),
            }
        )

    def case_columns(self):
        return {"x_department_id": SQL("(%s)[1 + g * 13 %% %s]", self.leaves.ids, LEAVES)}


# Who of the peer's sees as much. Its departments are ours, made as they are usually made.
LIKE = {
    "specialist": "own",
    "supervisor": "team",
    "manager, leaf": "leaf",
    "manager, mid": "mid",
    "manager, top": "top",
    "director": "all",
    "ceo": "all",
    "finance": "team",
    "customer": "customer",
}
TARGETS = {
    "manager, mid": ({"max_cpu": 30, "min_ratio": 4}, {"max_cpu": 20, "min_ratio": 5}),
}
DEADLINE_COLUMNS = ("name", "res_name", "clause_number", "user_id", "start_at", "due_at", "state")


def main():
    with environments(peer_modules=["hr"]) as (our_env, peer_env):
        ours, peer = Ours(our_env), Peer(peer_env)
        theirs = {name: (peer.page(user), peer.count(user)) for name, user in peer.users.items()}
        measured = {name: (ours.page(user), ours.count(user)) for name, user in ours.users.items()}
        seen = {name: ours.seen(user) for name, user in ours.users.items()}
        names = ("specialist", "manager, mid")
        deadlines = {
            name: (
                ours.page(ours.users[name], "crm.policy.deadline", DEADLINE_COLUMNS),
                ours.count(ours.users[name], "crm.policy.deadline"),
            )
            for name in names
        }
        ours.make_ideal_indexes()
        limits = {name: ours.plain(condition) for name, condition in ours.conditions().items()}

        rows = []
        for name, (page, count) in measured.items():
            pair = theirs.get(LIKE.get(name)) or (None, None)
            limit = limits.get(name) or (None, None)
            targets = TARGETS.get(name, ({}, {}))
            label = f"{name} ({seen[name]})"
            rows.append(Row(f"{label}: page", page, pair[0], limit[0], **targets[0]))
            rows.append(Row(f"{label}: count", count, pair[1], limit[1], **targets[1]))
        for name, (page, count) in deadlines.items():
            number = ours.seen(ours.users[name], "crm.policy.deadline")
            label = f"deadlines, {name} ({number})"
            rows.append(Row(f"{label}: page", page, max_cpu=50))
            rows.append(Row(f"{label}: count", count, max_cpu=50))
    return report(f"What each role sees of {CASES} cases", rows, unit="request")


if __name__ == "__main__":
    sys.exit(main())
