"""The day of a clerk, his manager and the director at 200,000 cases: ours, helpdesk_mgmt, SQL."""

import argparse
import re
import sys
from pathlib import Path

import visibility
from common import Row, environments, measure, report
from lxml import etree

from odoo import Command
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

CASES = 200_000
PAGE, COUNTED = 80, 10_000  # what the web client asks for, where the view says nothing else
FRESH = 10  # cases that are made as people make them: opened, saved and moved on
# In the order of the steps.
FACTS = {
    name: f"policy_{fact}_at"
    for name, fact in {
        "accepted": "accepted",
        "registered": "registered",
        "investigated": "investigated",
        "proposed": "solution",
        "mandated": "mandated",
        "decided": "decided",
        "settled": "settled",
        "replied": "replied",
        "executed": "executed",
        "called_back": "callback",
    }.items()
}
SOURCES = Path(__file__).resolve().parent.parent / "crm_policy" / "static" / "src"
X2MANY_LIMIT = 40
NEARBY = SQL("now() AT TIME ZONE 'utc' + (t.id %% 40 - 10) * interval '1 hour'")


# === WHAT THE WEB CLIENT ASKS FOR === #


def widget_fields():
    """Return {widget: the fields that it reads besides its own}, as our scripts declare them."""
    found = {}
    for path in SOURCES.rglob("*.js"):
        for entry in path.read_text().split('category("fields").add(')[1:]:
            declared = re.search(r"fieldDependencies: \[(.*?)\]", entry, re.S)
            names = re.findall(r'name: "(\w+)"', declared.group(1)) if declared else []
            found[entry.split('"')[1]] = names
    return found


class Views:
    """The specifications of a model's views, as the web client builds them of their arch."""

    def __init__(self):
        self.widgets = widget_fields()

    def specification(self, model, arch):
        specification = {}
        for node in arch.iterfind(".//field"):
            if next(node.iterancestors("field"), None) is not None:
                continue
            name, field = node.get("name"), model._fields[node.get("name")]
            if field.type in ("one2many", "many2many"):
                specification[name] = self.lines(model.env[field.comodel_name], node)
            elif field.type in ("many2one", "reference"):
                shown = {} if self.is_hidden(node) else {"display_name": {}}
                specification[name] = {"fields": shown}
            else:
                specification[name] = {}
            for other in self.widgets.get(node.get("widget"), ()):
                specification.setdefault(other, {})
        return specification

    @staticmethod
    def is_hidden(node):
        return any(node.get(name) in ("1", "True") for name in ("invisible", "column_invisible"))

    def lines(self, model, node):
        inner = next((child for child in node if child.tag in ("list", "kanban")), None)
        if inner is None:
            return {"fields": {"display_name": {}}}
        if self.is_hidden(node):
            return {}
        return {"fields": self.subview(model, inner), "limit": X2MANY_LIMIT, "order": ""}

    def subview(self, model, inner):
        whole = etree.Element("view")
        whole.extend([etree.fromstring(etree.tostring(inner))])
        return self.specification(model, whole)

    def of(self, model, kind, view_id=None):
        """Return the specification of a view as the user of ``model`` gets it."""
        return self.specification(model, self.arch(model, kind, view_id))

    @staticmethod
    def arch(model, kind, view_id=None):
        return etree.fromstring(model.get_view(view_id, kind)["arch"])


# === THE TWO DATABASES === #


class Work(visibility.Side):
    """What both sides do; each names its views, steps and rows."""

    cases = CASES
    list_view = board_view = form_view = None
    bars = None  # of the board: field and the values that are counted

    def prepare(self):
        """Make the cases that are worked on, the statistics, and the views."""
        self.views = Views()
        self.handler = self.specialists[0]
        self.fresh = self.make_fresh()
        self.settle()

    def ask(self, user, action, records=None):
        """Measure ``action(model)``: several times with an empty cache, as requests come."""
        model = self.model(user)
        if records is None:
            return self.repeat(lambda: action(model))
        return measure(self.env, lambda: self.one_by_one(model, action, records), len(records))

    def one_by_one(self, model, action, records):
        for record in records:
            self.env.flush_all()
            self.env.invalidate_all()
            action(model.browse(record.id))

    def page(self, user, domain):
        arch = self.views.arch(self.model(user), "list", self.view(self.list_view))
        specification = self.views.specification(self.model(user), arch)
        counted = int(arch.get("count_limit", COUNTED)) + 1
        return self.ask(
            user,
            lambda model: model.web_search_read(
                domain, specification, limit=PAGE, count_limit=counted
            ),
        )

    def count(self, user, domain):
        return self.ask(user, lambda model: model.search_count(domain))

    def board(self, user, domain):
        model = self.model(user)
        specification = self.views.of(model, "kanban", self.view(self.board_view))
        bars = self.bars and {"field": self.bars[0], "colors": self.bars[1]}

        def act(model):
            if bars:
                model.read_progress_bar(domain, self.columns, bars)
            model.with_context(read_group_expand=True).web_read_group(
                domain,
                [self.columns],
                ["__count"],
                auto_unfold=True,
                unfold_read_specification=specification,
                unfold_read_default_limit=20,
            )

        return self.ask(user, act)

    def open_form(self, user):
        specification = self.views.of(self.model(user), "form", self.view(self.form_view))
        return self.ask(user, lambda case: case.web_read(specification), self.fresh)

    def save_form(self, user):
        specification = self.views.of(self.model(user), "form", self.view(self.form_view))
        customer = self.customers[1].id

        def act(case):
            case.onchange({"partner_id": customer}, ["partner_id"], specification)
            case.web_save({"partner_id": customer, "name": "Edges delaminate"}, specification)

        return self.ask(user, act, self.fresh)

    def view(self, name):
        return name and self.env.ref(name).id

    def search_domains(self):
        """What people type into the search box: a number, a customer, a word of the subject."""
        number = f"HT{self.cases // 2:06}"
        return {
            "a number": [*self.number_domain(number)],
            "a customer": [("partner_id", "child_of", "Customer 77")],
            "a text": [("name", "ilike", f"Ticket {self.cases // 3}")],
        }

    def number_domain(self, number):
        return [("number", "ilike", number)]

    # === PLAIN SQL === #

    def plain(self, condition, page=True):
        columns = SQL("count(*)")
        tail = SQL("")
        if page:
            columns = SQL("t.id, t.number, t.name, t.partner_id, t.user_id, t.create_date")
            tail = SQL("ORDER BY %s LIMIT %s", visibility.ORDER, PAGE)
        query = SQL(
            "SELECT %s FROM helpdesk_ticket t WHERE t.active IS TRUE AND %s %s",
            columns,
            condition,
            tail,
        )
        return self.repeat(lambda: self.env.execute_query(query))

    def plain_groups(self, condition):
        query = SQL(
            "SELECT policy_step, count(*) FROM helpdesk_ticket t "
            "WHERE t.active IS TRUE AND %s GROUP BY policy_step",
            condition,
        )
        return self.repeat(lambda: self.env.execute_query(query))

    def plain_row(self, write=""):
        row_id = self.fresh[0].id
        query = SQL("SELECT * FROM helpdesk_ticket WHERE id = %s", row_id)
        if write:
            query = SQL(
                "UPDATE helpdesk_ticket SET name = %s, write_date = now() WHERE id = %s",
                write,
                row_id,
            )
        return self.repeat(lambda: self.env.cr.execute(query))


class Ours(Work, visibility.Ours):
    pack = "manufacturer"
    list_view = "crm_policy.case_view_list"
    board_view = "crm_policy.case_view_kanban"
    columns = "policy_step"

    def make_people(self):
        result = super().make_people()
        director = self.users["director"]
        if self.version.state == "review":
            self.version.with_user(director).action_policy_publish()
        self.types = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id)]
        )
        role = self.env["crm.policy.role"].search(
            [("code", "=", "gm_office"), ("company_id", "=", self.company.id)]
        )
        role.substitute_required = False
        self.registrar = self.make_users(["registrar"], "base.group_user")
        post = self.env["crm.policy.post"].search([("role_id", "=", role.id)], limit=1)
        vals = {"user_ids": [Command.set(self.registrar.ids)]}
        if post:
            post.write(vals)
        else:
            post.create({"role_id": role.id, **vals})
        return result

    def case_columns(self):
        """Half are closed; the others stand at every step. Three in ten are no complaints."""
        course = SQL("(g / 2 %% 11)")
        intake = SQL("(now() AT TIME ZONE 'utc' - g * interval '8 minutes')")
        complaint = SQL("(g %% 10 < 7)")
        facts = {}
        for place, name in enumerate(FACTS.values(), 1):
            facts[name] = SQL(
                "CASE WHEN (%s OR %s) AND (g %% 2 = 0 OR %s >= %s) "
                "THEN %s + %s * interval '9 h' END",
                complaint,
                name == "policy_accepted_at",
                course,
                place,
                intake,
                place,
            )
        steps = SQL(", ").join(SQL("%s", step) for step in ["received", *FACTS])
        return {
            **super().case_columns(),
            **facts,
            "policy_kind": SQL(
                "CASE WHEN %s THEN 'complaint' WHEN g %% 10 < 9 THEN 'request' ELSE 'inquiry' END",
                complaint,
            ),
            "policy_complaint_type_id": SQL(
                "CASE WHEN %s THEN (%s)[1 + g %% %s] END",
                complaint,
                self.types.ids,
                len(self.types),
            ),
            "policy_version_id": SQL("%s", self.version.id),
            "policy_severity": SQL(
                "CASE WHEN g %% 200 = 0 THEN 'crisis' WHEN g %% 40 = 0 THEN 'major' "
                "ELSE 'general' END"
            ),
            "policy_urgency": SQL("CASE WHEN g %% 9 = 0 THEN 'urgent' ELSE 'normal' END"),
            "policy_intake_at": intake,
            "policy_closed_at": SQL(
                "CASE WHEN g %% 2 = 0 THEN %s + interval '20 days' END", intake
            ),
            "policy_outcome": SQL("CASE WHEN g %% 2 = 0 THEN 'accepted' END"),
            "policy_cycle": SQL("CASE WHEN g %% 50 = 1 THEN 1 ELSE 0 END"),
            "policy_step": SQL(
                "CASE WHEN g %% 2 = 0 THEN 'closed' WHEN %s THEN (ARRAY[%s])[1 + %s] "
                "WHEN %s > 0 THEN 'accepted' ELSE 'received' END",
                complaint,
                steps,
                course,
                course,
            ),
            "policy_item_ref": SQL("'PCB-' || g %% 500"),
        }

    def insert_deadlines(self):
        """Three clocks for each case: all met once it is closed, else one open, some late."""
        rules = self.env["crm.policy.deadline.rule"].search(
            [
                ("clause_id.version_id", "=", self.version.id),
                ("model_name", "=", "helpdesk.ticket"),
            ],
            limit=visibility.DEADLINES,
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_deadline
                       (rule_id, rule_code, clause_id, company_id, res_model, res_id, cycle,
                        partner_id, department_id, user_id, start_at, due_at, done_at, state)
                SELECT r.id, r.code, r.clause_id, t.company_id, 'helpdesk.ticket', t.id, 0,
                       t.partner_id, t.policy_department_id, t.user_id, t.policy_intake_at,
                       CASE WHEN met THEN t.policy_intake_at + interval '2 days' ELSE %s END,
                       CASE WHEN met THEN t.policy_intake_at + interval '1 day' END,
                       CASE WHEN met THEN 'met' ELSE 'open' END
                  FROM helpdesk_ticket t CROSS JOIN crm_policy_deadline_rule r
                       CROSS JOIN LATERAL (
                           SELECT t.policy_closed_at IS NOT NULL OR r.id != %s
                       ) AS state (met)
                 WHERE r.id IN %s
                """,
                NEARBY,
                rules.ids[-1],
                tuple(rules.ids),
            )
        )
        self.insert_details()

    def insert_details(self):
        """A remedy for each second complaint, two opinions, four events of the ledger."""
        self.env.cr.execute(
            """
            INSERT INTO crm_policy_remedy (ticket_id, company_id, kind, amount, cycle,
                                           policy_approval_state)
            SELECT id, company_id, 'compensation', 100 + id % 9000, 0,
                   CASE WHEN policy_closed_at IS NOT NULL THEN 'approved'
                        WHEN id % 5 = 0 THEN 'pending' ELSE 'none' END
              FROM helpdesk_ticket WHERE policy_kind = 'complaint' AND id % 2 = 0
            """
        )
        steps = self.env["crm.policy.countersign.step"].search(
            [("version_id", "=", self.version.id)], limit=2
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_countersign (ticket_id, company_id, step_id, step_code,
                       role_id, cycle, policy_asked_at, policy_answered_at, opinion)
                SELECT t.id, t.company_id, s.id, s.code, s.role_id, 0, t.policy_registered_at,
                       CASE WHEN t.policy_closed_at IS NOT NULL THEN t.policy_registered_at END,
                       'Checked'
                  FROM helpdesk_ticket t CROSS JOIN crm_policy_countersign_step s
                 WHERE s.id IN %s AND t.policy_registered_at IS NOT NULL
                """,
                tuple(steps.ids),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_event (at, type, company_id, res_model, res_id, actor_id,
                                              policy, version, clause)
                SELECT t.policy_intake_at + n * interval '9 h', 'fact.accepted', t.company_id,
                       'helpdesk.ticket', t.id, t.user_id, 'MFR', '1', '2.1'
                  FROM helpdesk_ticket t CROSS JOIN generate_series(1, 4) n
                """
            )
        )

    def make_fresh(self):
        kind = self.types.filtered(lambda kind: kind.code == "mfr-quality")[:1] or self.types[:1]
        model = self.model(self.handler)
        return model.create(
            [
                {
                    "name": f"Edges delaminate {number}",
                    "description": "<p>150 pieces delaminate at the edges after soldering</p>",
                    "policy_kind": "complaint",
                    "policy_complaint_type_id": kind.id,
                    "partner_id": self.customers[number].id,
                    "team_id": self.teams[0].id,
                    "channel_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
                    "user_id": self.handler.id,
                    # What the policy wants to know before a case is registered.
                    "policy_order_ref": "SO-2026-118",
                    "policy_item_ref": "PCB-204",
                    "policy_shipped_on": "2026-02-20",
                    "policy_occurred_on": "2026-03-01",
                    "policy_place": "SMT line of the customer",
                    "policy_quantity": 2000,
                    "policy_defective_quantity": 150,
                    "policy_remedy_sought": "replacement",
                    "policy_sample": "attached",
                    "policy_sales_opinion": "True; take them back",
                }
                for number in range(FRESH)
            ]
        ).sudo()

    def number_domain(self, number):
        # The search view's own, with what somebody has typed.
        arch = etree.fromstring(self.env.ref("crm_policy.case_view_search").arch)
        node = arch.find("field[@name='policy_number']")
        return safe_eval(node.get("filter_domain"), {"self": number})

    def step(self, user, name, prepare=None, **arguments):
        """Measure a button, on cases that have come as far as it."""
        for case in self.fresh if prepare else ():
            getattr(self.model(prepare[0]).browse(case.id), prepare[1])()
        self.env.cr.flush()
        self.env.cr.commit()
        return self.ask(user, lambda case: getattr(case, name)(**arguments), self.fresh)


class Peer(Work, visibility.Peer):
    columns = "stage_id"

    def case_columns(self):
        stages = {
            name: self.env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{name}").id
            for name in ("new", "in_progress", "awaiting", "done")
        }
        return {
            **super().case_columns(),
            "stage_id": SQL(
                "CASE WHEN g %% 2 = 0 THEN %s ELSE (%s)[1 + g / 2 %% 3] END",
                stages["done"],
                [stages["new"], stages["in_progress"], stages["awaiting"]],
            ),
            "closed_date": SQL("CASE WHEN g %% 2 = 0 THEN now() AT TIME ZONE 'utc' END"),
        }

    def make_fresh(self):
        return self.env["helpdesk.ticket"].create(
            [
                {
                    "name": f"Edges delaminate {number}",
                    "description": "<p>150 pieces</p>",
                    "partner_id": self.customers[number].id,
                    "team_id": self.teams[0].id,
                    "user_id": self.handler.id,
                }
                for number in range(FRESH)
            ]
        )

    def step(self, user):
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress").id
        return self.ask(user, lambda case: case.write({"stage_id": stage}), self.fresh)

    def number_domain(self, number):
        return [("number", "ilike", number)]


OPEN = [("policy_closed_at", "=", False), ("policy_step", "!=", "cancelled")]
OURS = [("policy_kind", "!=", False), *OPEN]
THEIRS = [("closed_date", "=", False)]
OPEN_SQL = SQL(
    "t.policy_kind IS NOT NULL AND t.policy_closed_at IS NULL AND t.policy_step != 'cancelled'"
)
# Who opens a menu, as whom of the peer, with what beside the open cases.
MENUS = {
    "my cases, specialist": ("specialist", "own", "user_id"),
    "my team, supervisor": ("supervisor", "team", "team_id"),
    "all, manager": ("manager, mid", "mid", None),
    "all, director": ("director", "all", None),
}
PAGE_TARGET = {"max_cpu": 30}
COUNT_TARGET = {"max_cpu": 20}
FORM_TARGET = {"max_cpu": 25, "max_queries": 13}


def menus(ours, peer):
    """Measure page, count and board of each menu; the limits come last, they need indexes."""
    measured = {}
    for label, (user, other, mine) in MENUS.items():
        user, other = ours.users[user], peer.users[other]
        value = {"user_id": user.id, "team_id": ours.teams[0].id}.get(mine)
        like = {"user_id": other.id, "team_id": peer.teams[0].id}.get(mine)
        our_domain = [*OURS, *([(mine, "=", value)] if mine else ())]
        peer_domain = [*THEIRS, *([(mine, "=", like)] if mine else ())]
        measured[label] = {
            kind: (getattr(ours, kind)(user, our_domain), getattr(peer, kind)(other, peer_domain))
            for kind in ("page", "count", "board")
        }
    return measured


def searches(ours, peer):
    director, everything = ours.users["director"], peer.users["all"]
    theirs = peer.search_domains()
    return {
        what: (
            ours.page(director, [*OURS[:1], *domain]),
            peer.page(everything, theirs[what]),
        )
        for what, domain in ours.search_domains().items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    Work.cases = parser.parse_args().cases
    with environments(peer_modules=["hr"]) as (our_env, peer_env):
        ours, peer = Ours(our_env), Peer(peer_env)
        ours.prepare()
        peer.prepare()
        lists = menus(ours, peer)
        found = searches(ours, peer)
        handler, other = ours.handler, peer.handler
        forms = {
            "open a form": (ours.open_form(handler), peer.open_form(other)),
            "change the customer and save": (ours.save_form(handler), peer.save_form(other)),
        }
        stage = peer.step(other)
        steps = {
            "accept": ours.step(handler, "action_policy_accept"),
            "register": ours.step(
                ours.registrar, "action_policy_register", (handler, "action_policy_accept")
            ),
            "respond": ours.step(handler, "action_policy_respond", text="We look into it"),
        }
        ours.make_ideal_indexes()
        conditions = {
            "my cases, specialist": SQL("t.user_id = %s AND %s", handler.id, OPEN_SQL),
            "my team, supervisor": SQL("t.team_id = %s AND %s", ours.teams[0].id, OPEN_SQL),
            "all, manager": SQL("%s AND %s", ours.conditions()["manager, mid"], OPEN_SQL),
            "all, director": OPEN_SQL,
        }
        rows = []
        for label, kinds in lists.items():
            condition = conditions[label]
            limits = (
                ours.plain(condition),
                ours.plain(condition, page=False),
                ours.plain_groups(condition),
            )
            targets = (PAGE_TARGET, COUNT_TARGET, {})
            for (kind, pair), limit, target in zip(kinds.items(), limits, targets, strict=True):
                rows.append(Row(f"{label}: {kind}", *pair, limit, **target))
        for what, pair in found.items():
            rows.append(Row(f"all, director: search {what}", *pair))
        limits = (ours.plain_row(), ours.plain_row("Edges delaminate"))
        targets = (FORM_TARGET, {})
        for (what, pair), limit, target in zip(forms.items(), limits, targets, strict=True):
            rows.append(Row(what, *pair, limit, **target))
        for what, cost in steps.items():
            rows.append(Row(f"step: {what}", cost, stage, limits[1]))
    return report(f"Work at {Work.cases} cases", rows, unit="request")


if __name__ == "__main__":
    sys.exit(main())
