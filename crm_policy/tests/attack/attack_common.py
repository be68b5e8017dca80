"""A small world full of evidence, people who want to forge it, and one shot at it at a time."""

import inspect
from collections import defaultdict
from datetime import datetime

import psycopg2

from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.service.model import call_kw
from odoo.sql_db import Savepoint
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from ..common import OTHERS, ROLES, PolicyCommon
from . import surface

# Managers who have something of their own in it, or nothing any more.
INTERESTED = ("requester", "beneficiary", "archived")
# Those whose work none of the evidence is.
OUTSIDERS = ("portal", "public", "archived", "stranger")
EVERY_GROUP = [f"crm_policy.group_{role}" for role in (*ROLES, "legal", "hr", "committee")]
# Of how many requests of a model each is tried.
LIMIT = 6
# Where a reason is a code.
REASONS = {
    "action_policy_pause": "customer-material",
    "action_policy_waive": "other",
    "action_policy_grant": "other",
}
SCOPES = ("own", "other team", "other company")
# What Odoo tells people when it refuses; PostgreSQL's refusals it words itself.
REFUSALS = (UserError, RedirectWarning, psycopg2.IntegrityError)


class AttackCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = dict(cls.users)
        for name, groups in OTHERS.items():
            cls.people[name] = cls._new_person(name, groups)
        for name in INTERESTED:
            cls.people[name] = cls._new_user("manager", login=f"t_attack_{name}")
        cls._new_employees([cls.people[name] for name in INTERESTED], cls.department)
        cls.elsewhere = cls._new_company("杭州分公司")
        cls._install_elsewhere()
        cls.people["stranger"] = cls._new_person(
            "stranger",
            ",".join(["helpdesk_mgmt.group_helpdesk_manager", *EVERY_GROUP]),
            cls.elsewhere,
        )
        cls.rows = defaultdict(dict)
        for scope in SCOPES:
            cls._populate(scope)
        cls.people["archived"].active = False
        cls.companies = {user.id: user.company_ids.ids for user in cls.people.values()}
        cls.evidence = cls._tables()
        cls.before = cls._digests()

    @classmethod
    def _new_person(cls, name, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=f"t_attack_{name}",
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    # === THE WORLD === #

    @classmethod
    def _install_elsewhere(cls):
        """Give the other company the same policy, with people of its own."""
        director = cls._new_user("director", login="t_attack_director2", company=cls.elsewhere)
        author = cls._new_user("policy_admin", login="t_attack_admin2", company=cls.elsewhere)
        author_env = (
            cls.env["crm.policy"]
            .with_user(author)
            .with_context(allowed_company_ids=cls.elsewhere.ids)
        )
        version = author_env._policy_install_shipped("service", cls.elsewhere)
        version.with_user(director).action_policy_publish()

    @classmethod
    def _populate(cls, scope):
        """Leave evidence in one scope: what the flows leave, then a row of whatever is missing."""
        evidence = surface.evidence_models(cls.env)
        models = evidence + surface.guarded_models(cls.env)
        bound = {*evidence, *surface.concrete(cls.env, "crm.policy.dependent")}
        last = {name: cls._last_id(name) for name in models}
        company = cls.elsewhere if scope == "other company" else cls.company
        case = cls._play(scope, company)
        cls.env.cr.flush()
        for name in models:
            model = cls.env[name].with_context(active_test=False)
            left = cls._of_company(
                model.search([("id", ">", last[name])], order="id desc"), company
            )
            if not left and name not in bound:  # a rule, which came with the pack
                left = cls._of_company(model.search([], order="id desc"), company)[:1]
            if name == "crm.policy.version":  # the draft, and what people rely on
                left = cls._of_company(model.search([], order="id desc"), company)
                left = cls._one_per_state(left)[:3]
            elif name in surface.approvable_models(cls.env) or name.startswith(
                "crm.policy.approval"
            ):
                # Each request has another requester and beneficiary; what waits comes first.
                state = "state" if "requester_id" in left._fields else "policy_approval_state"
                if state in left._fields:
                    waits = left.filtered_domain([(state, "=", "pending")]).sorted("id")
                    left = waits + (left - waits)
                left = left[:LIMIT]
            else:
                left = cls._one_per_state(left)[:3]
            cls.rows[scope][name] = left or cls._fabricate(name, company, case)

    @classmethod
    def _of_company(cls, rows, company):
        if "company_id" not in rows._fields:
            return rows
        if rows._fields["company_id"].type == "integer":
            return rows.filtered(lambda row: row.company_id == company.id)
        return rows.filtered(lambda row: row.company_id == company)

    @classmethod
    def _last_id(cls, name):
        table = SQL.identifier(cls.env[name]._table)
        [[last]] = cls.env.execute_query(SQL("SELECT COALESCE(max(id), 0) FROM %s", table))
        return last

    @classmethod
    def _one_per_state(cls, rows):
        states = {"policy_approval_state", "state", "policy_step"} & rows._fields.keys()
        if not states:
            return rows[:1]
        groups = rows.grouped(lambda row: tuple(row[state] for state in sorted(states))).values()
        return rows.browse(group[0].id for group in groups)

    @classmethod
    def _play(cls, scope, company):
        """Work on a case so that every engine leaves its traces; return it."""
        if scope == "own":
            clerk, asker = cls.users["specialist"], cls.people["requester"]
            department, team = cls.department, cls.team
        else:
            word = scope.replace(" ", "_")
            clerk, asker, head, boss = (
                cls._new_user(role, login=f"t_attack_{word}_{number}", company=company)
                for number, role in enumerate(("specialist", "manager", "manager", "director"))
            )
            department = cls.env["hr.department"].create({"name": scope, "company_id": company.id})
            people = cls._new_employees([clerk, asker, head, boss], department)
            department.manager_id = people[head]
            team = cls.env["helpdesk.ticket.team"].create(
                {
                    "name": scope,
                    "company_id": company.id,
                    "user_id": head.id,
                    "user_ids": [Command.set(clerk.ids)],
                }
            )
        kinds = cls.env["crm.policy.complaint.type"].search(
            [("company_id", "=", company.id), ("code", "=", "quality")]
        )
        channel = cls.env["helpdesk.ticket.channel"].create(
            {"name": f"电话 {scope}", "company_id": company.id}
        )
        context = {"allowed_company_ids": company.ids}
        Case = cls.env["helpdesk.ticket"].with_user(clerk).with_context(**context)
        cls._leave_conflict(Case, clerk, team, department, channel)
        cases = Case.create(
            [
                {
                    "name": f"{scope} {number}",
                    "description": "x",
                    "policy_kind": "complaint",
                    "policy_complaint_type_id": kinds.id,
                    "partner_id": cls.partner.id,
                    "company_id": company.id,
                    "user_id": clerk.id,
                    "team_id": team.id,
                    "policy_department_id": department.id,
                    "channel_id": channel.id,
                }
                for number in range(7)
            ]
        )
        # Not among the rows that stand for their state.
        urgent, settled, cases = cases[0], cases[1], cases[2:]
        if scope == "own":
            cls.first_case = urgent  # what is said to be the same came in later
        cls._leave_copy_rule(settled.sudo().policy_version_id)
        cls._leave_goods(settled)
        for case in cases[:4]:
            case.action_policy_accept()
            case.action_policy_register()
        if scope == "own":
            cases[3].action_policy_respond("已致电客户")
            cases[3].action_policy_propose("返工并补发")
            cases[3].action_policy_decide()
            cases[3].action_policy_settle()
            cls._leave_draft(cases.sudo().policy_version_id)
        cls._leave_course(cases.sudo().policy_version_id)
        clause = cases.sudo().policy_version_id.clause_ids[:1]
        # Before anything is signed: shares and losses stay from then on.
        cls._leave_blame(cases[1], clerk, team.user_id, clause)
        cls._leave_improvement(cases[1], clerk)
        cls._leave_conflict_review(cases.sudo().policy_version_id)
        Remedy = cls.env["crm.policy.remedy"].with_context(**context)
        first = Remedy.with_user(clerk).create(
            {
                "ticket_id": cases[0].id,
                "kind": "compensation",
                "amount": 5000,
                "beneficiary_id": cls.people["beneficiary"].partner_id.id,
            }
        )
        second = Remedy.with_user(asker).create(
            {"ticket_id": cases[1].id, "kind": "compensation", "amount": 5000}
        )
        third = Remedy.with_user(asker).create(
            {"ticket_id": cases[2].id, "kind": "compensation", "amount": 800}
        )
        for remedy in first | second | third:
            remedy.with_user(remedy.create_uid).action_policy_submit()
        decider = third.policy_approval_id.sudo().eligible_user_ids - cls.people["archived"]
        third.with_user(decider[0]).action_policy_approve("同意")
        wanted = department.create({"name": f"技术 {scope}", "company_id": company.id})
        rotation = cls.env["crm.policy.rotation"].with_user(clerk).with_context(**context)
        rotation.create(
            {"to_department_id": wanted.id, "wanted_from": "2027-01-01", "reason": "x"}
        ).action_policy_submit()
        cases[1].action_policy_pause("customer-material", "等样品")
        # Reported, explained, upheld.
        Violation = cls.env["crm.policy.violation"].with_context(**context)
        reporter, judge = (
            Violation.with_user(team.user_id),
            Violation.with_user(department.manager_id.user_id),
        )
        report = (clause.id, "helpdesk.ticket", cases[0].id, "没有登记", clerk.id)
        violations = [
            Violation.browse(reporter.action_policy_report(*report)["res_id"])
            for _number in range(3 if scope == "own" else 1)
        ]
        for violation in violations[1:]:
            violation.with_user(clerk).action_policy_explain("系统当时打不开")
        for violation in violations[2:]:
            violation.with_user(judge.env.user).action_policy_uphold("成立")
        cls._leave_notices(clerk, team.user_id, department, clause)
        cls._start_emergency(urgent, department.manager_id.user_id)
        mail = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nx"
        cls.env["crm.policy.mail.lost"]._policy_keep(mail, company, "refused")
        return cases[0].with_env(cls.env)

    @classmethod
    def _leave_conflict(cls, Case, clerk, team, department, channel):
        """Leave a conflict that is talked about; older than the rows that stand for a step."""
        conflict = Case.create(
            {
                "name": "conflict",
                "description": "x",
                "policy_kind": "conflict",
                "partner_id": cls.partner.id,
                "company_id": department.company_id.id,
                "user_id": clerk.id,
                "team_id": team.id,
                "policy_department_id": department.id,
                "channel_id": channel.id,
            }
        )
        Case.env["crm.policy.mediation"].create({"ticket_id": conflict.id, "text": "x"})

    @classmethod
    def _leave_notices(cls, clerk, reporter, department, clause):
        """Leave a notice that is being drafted, and one that somebody has spread by himself."""
        company = department.company_id
        Notice = cls.env["crm.policy.notice"].with_context(allowed_company_ids=company.ids)
        shared = {"notice_class": "price", "body": "x", "company_id": company.id}
        Notice.with_user(reporter).create(
            {
                **shared,
                "name": "spread",
                "kind": "unauthorised",
                "person_ids": [Command.set(clerk.ids)],
                "occurred_on": "2026-03-02",
                "clause_id": clause.id,
            }
        )
        draft = Notice.with_user(clerk).create(
            {**shared, "name": "draft", "policy_department_id": department.id}
        )
        draft.action_policy_address(cls.partner.ids)

    @classmethod
    def _leave_goods(cls, case):
        """Settle a case with a payment, goods that came back with their proof, and an allowance."""
        case.action_policy_accept()
        case.action_policy_register()
        case.action_policy_respond("已致电客户")
        case.action_policy_propose("退货、折让并补偿")
        goods = {"ticket_id": case.id, "quantity": 5, "price_unit": 10}
        back, allowance, _paid = case.env["crm.policy.remedy"].create(
            [
                {**goods, "kind": "return"},
                {**goods, "kind": "allowance"},
                {"ticket_id": case.id, "kind": "compensation", "amount": 100},
            ]
        )
        case.action_policy_decide()
        case.action_policy_settle()
        case.env["crm.policy.allowance"].create({"remedy_id": allowance.id})
        note = case.env["crm.policy.return.note"].create({"remedy_id": back.id})
        # This policy has no route for them.
        moment = datetime(2026, 3, 2)
        facts = ("policy_approved_at", "policy_sent_at", "policy_received_at")
        note.sudo()._policy_guarded_write({**dict.fromkeys(facts, moment), "actual_quantity": 5})
        scan = case.env["ir.attachment"].create({"name": "发票.pdf", "raw": b"%PDF-1.4"})
        case.env["crm.policy.proof"].create(
            {
                "return_id": note.id,
                "type": "original_invoice",
                "invoice_ref": "1",
                "invoice_date": "2026-03-01",
                "sealed": True,
                "attachment_ids": [Command.link(scan.id)],
            }
        )

    @classmethod
    def _leave_blame(cls, case, clerk, boss, clause):
        """Say whose fault a case was and what it has cost, and propose a warning for the clerk."""
        company = case.company_id
        context = {"allowed_company_ids": company.ids}
        department = case.policy_department_id
        models = {
            "crm.policy.responsibility": {"department_id": department.id, "share": 60},
            "crm.policy.loss": {"kind": "freight", "amount": 50},
            "crm.policy.production.finding": {"unit": "压合车间"},
        }
        for name, vals in models.items():
            cls.env[name].with_user(clerk).with_context(**context).create(
                {"ticket_id": case.id, **vals}
            )
        # A third party bears the rest, and is asked for some of it.
        third = {"ticket_id": case.id, "party": "supplier", "partner_id": cls.partner.id}
        Share = cls.env["crm.policy.responsibility"].with_user(clerk).with_context(**context)
        Share.create({**third, "share": 40})
        Claim = cls.env["crm.policy.claim"].with_user(clerk).with_context(**context)
        Claim.create({**third, "amount": 10, "basis": "x", "text": "x"})
        Sanction = cls.env["crm.policy.sanction"].with_user(boss).with_context(**context)
        Sanction.create(
            {
                "kind": "warning",
                "employee_id": clerk.sudo().with_company(company).employee_id.id,
                "ticket_id": case.id,
                "clause_id": clause.id,
                "fact": "未登记",
            }
        )
        # The service policy has no rule on sanctions.
        rule = {"code": "x", "name": "x", "trigger": "person_share", "kind": "warning"}
        Rule = cls.env["crm.policy.sanction.rule"].with_context(**context)
        if not Rule.search([("company_id", "=", company.id)]):
            Rule._policy_guarded_create([{**rule, "clause_id": clause.id}])

    @classmethod
    def _leave_improvement(cls, case, clerk):
        """Leave a plan for a case that is being signed, one that is a draft, and an 8D report."""
        context = {"allowed_company_ids": case.company_id.ids}
        Plan = cls.env["crm.policy.improvement"].with_user(clerk).with_context(**context)
        shared = {
            "name": "x",
            "user_id": clerk.id,
            "policy_department_id": case.policy_department_id.id,
            "problem": "x",
            "root_cause": "x",
        }
        lines = {
            "goal_ids": [Command.create({"indicator": "x", "baseline": 2, "target": 1})],
            "action_ids": [Command.create({"name": "x", "user_id": clerk.id, "due": "2027-01-01"})],
        }
        Plan.create({**shared, **lines, "ticket_id": case.id}).action_policy_submit()
        Plan.create({**shared, **lines})
        Report = cls.env["crm.policy.eightd"].with_user(clerk).with_context(**context)
        Report._policy_draw_up(case)

    @classmethod
    def _leave_conflict_review(cls, version):
        """Leave an analysis of conflicts that can be confirmed."""
        Review = cls.env["crm.policy.conflict.review"]
        year = 2000 + Review.search_count([("policy_id", "=", version.policy_id.id)])
        review = Review._policy_guarded_create(
            [
                {
                    "company_id": version.company_id.id,
                    "policy_id": version.policy_id.id,
                    "policy_version_id": version.id,
                    "period_start": f"{year}-01-01",
                    "period_end": f"{year}-03-31",
                    "conclusion": "x",
                    "none_reason": "x",
                }
            ]
        )
        review._policy_count()
        review.line_ids._policy_put(review, {"degree_high": (0, 0.0)})
        review._policy_set_fact("opened_at")

    @classmethod
    def _start_emergency(cls, case, leader):
        """Send the emergency team of the company to a case; ``leader`` is its first member."""
        team = cls.env["crm.policy.team"].search(
            [("kind", "=", "emergency"), ("company_id", "=", case.company_id.id)]
        )
        if not team.member_ids:
            team.member_ids = [Command.create({"user_id": leader.id, "sequence": 1})]
        case.sudo().policy_severity = "crisis"
        mine = case.with_user(leader)
        mine.action_policy_start_emergency("crisis", "客户产线停产")
        mine.policy_emergency_id.action_policy_act("空运替换件", 100)

    @classmethod
    def _leave_copy_rule(cls, version):
        """Have a copy of the complaint form handed out with each settlement."""
        Rule = cls.env["crm.policy.copy.rule"]
        if not Rule.search([("version_id", "=", version.id)]):
            role = cls.env["crm.policy.role"].search(
                [("company_id", "=", version.company_id.id)], limit=1
            )
            row = {"code": "attack", "name": "x", "number": 1, "role_id": role.id}
            Rule._policy_guarded_create([{**row, "clause_id": version.clause_ids[:1].id}])

    @classmethod
    def _leave_course(cls, version):
        """Leave a course on which none of the cases here goes."""
        Milestone = cls.env["crm.policy.milestone"]
        if not Milestone.search([("version_id", "=", version.id)]):
            row = {"code": "attack", "clause_id": version.clause_ids[:1].id, "fact": "accepted"}
            Milestone._policy_guarded_create([{**row, "kind": "conflict"}])

    @classmethod
    def _leave_draft(cls, version):
        """Leave a later version that is being written."""
        author = cls._as("policy_admin", version).with_context(allowed_company_ids=cls.company.ids)
        author.action_policy_new_version()

    @classmethod
    def _fabricate(cls, name, company, case):
        """Write a row of a model that the flows leave empty, as its own methods would."""
        model = cls.env[name].with_context(allowed_company_ids=company.ids)
        for attempt in range(5):
            vals = cls._fabricated_values(model, company, case, attempt)
            try:
                with mute_logger("odoo.sql_db"), cls.env.cr.savepoint():
                    row = model._policy_guarded_create([vals])
                    cls.env.cr.flush()
                    return row.with_env(cls.env)
            except (UserError, ValueError, psycopg2.Error) as error:
                cls.env.invalidate_all()
                last = error
        raise AssertionError(
            f"The attack suite has no row of {name}: let AttackCommon._play leave one ({last})"
        )

    @classmethod
    def _fabricated_values(cls, model, company, case, attempt):
        """Return values of a row that points at a case, as far as the fields tell."""
        pointers = {
            field.model_field
            for field in model._fields.values()
            if field.type == "many2one_reference"
        }
        vals = {}
        for name, field in model._fields.items():
            if not field.store or field.related or name in ("id", "create_uid", "write_uid"):
                continue
            if name in pointers or name == "res_model":
                vals[name] = case._name
            elif field.type == "many2one_reference" or name == "res_id":
                vals[name] = case.id
            elif name == "company_id":
                vals[name] = company.id
            elif field.comodel_name == case._name and field.type == "many2one":
                vals[name] = case.id
            elif field.required and not (field.compute and not field.readonly):
                if not field.default or field.type == "many2one":
                    vals[name] = cls._fabricated_value(field, company, case, attempt)
        return vals

    @classmethod
    def _fabricated_value(cls, field, company, case, attempt):
        """Return another value at each attempt, where a constraint may want another one."""
        if field.type == "many2one":
            comodel = cls.env[field.comodel_name].with_context(active_test=False)
            domain = []
            if "company_id" in comodel._fields and comodel._fields["company_id"].store:
                domain = [("company_id", "in", [company.id, False])]
            found = comodel.search(domain, order="id desc", limit=1, offset=attempt)
            found = found or comodel.search(domain, limit=1)
            if not found and field.comodel_name.startswith("crm.policy."):
                found = cls._fabricate(field.comodel_name, company, case)
            return found.id
        if field.type in ("date", "datetime"):
            return datetime(2026, 3, 2 + attempt)
        if field.type == "char":
            return f"attack-{attempt}-{company.id}-{case.id}"
        return surface.forged_value(cls.env, field, company)

    # === WHAT MUST NOT CHANGE === #

    @classmethod
    def _tables(cls):
        """Return {table: what of it is evidence}, for all models and relation tables."""
        tables = {}
        for name in surface.evidence_models(cls.env):
            model = cls.env[name]
            tables[model._table] = SQL("t::text")
            for field in model._fields.values():
                if field.type == "many2many" and field.store and field.relation:
                    tables[field.relation] = SQL("t::text")
        for name in surface.guarded_models(cls.env):
            model = cls.env[name]
            columns = [
                field_name
                for field_name in surface.guarded_names(model)
                if model._fields[field_name].store and model._fields[field_name].column_type
            ]
            parts = SQL(", ").join(SQL("t.%s", SQL.identifier(c)) for c in ["id", *columns])
            tables[model._table] = SQL("ROW(%s)::text", parts)
        return tables

    @classmethod
    def _written(cls):
        """Return {table: rows written so far}, as PostgreSQL counts them; undone ones count too.

        Far cheaper than to read the evidence: what nobody has written need not be compared.
        """
        names, query = sorted(cls.evidence), []
        for counter in ("inserted", "updated", "deleted"):
            query.append(SQL("%s(oid)", SQL.identifier(f"pg_stat_get_xact_tuples_{counter}")))
        rows = cls.env.execute_query(
            SQL(
                "SELECT relname, %s FROM pg_class"
                " WHERE oid = ANY(SELECT to_regclass(name) FROM unnest(%s) AS name)",
                SQL(" + ").join(query),
                names,
            )
        )
        return dict(rows)

    @classmethod
    def _digests(cls, names=None):
        """Return {table: (rows, hash of the evidence in it)}, of all tables or of some."""
        cls.env.cr.flush()
        query = SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s, count(*), md5(string_agg(x, '|' ORDER BY x)) FROM"
                " (SELECT %s AS x FROM %s t) r",
                table,
                text,
                SQL.identifier(table),
            )
            for table, text in sorted(cls.evidence.items())
            if names is None or table in names
        )
        return {table: tuple(rest) for table, *rest in cls.env.execute_query(query)}

    # === ONE SHOT === #

    def _env_of(self, user):
        return self.env(user=user.id, su=False, context={})

    def _call(self, user, model, method, /, *args, context=None, **kwargs):
        """Do what /web/dataset/call_kw does after the log-in."""
        env = self._env_of(user)
        env.invalidate_all()  # a request finds nothing that others have read
        companies = self.companies.get(user.id) or user.company_ids.ids
        context = {"allowed_company_ids": companies, "lang": "en_US", **(context or {})}
        return call_kw(env[model], method, list(args), {**kwargs, "context": context})

    def _shot(self, user, model, method, /, *args, **kwargs):
        """Call, look and undo. Return (error or None, names of the tables it changed).

        A refusal is one of Odoo's errors for users. Whatever else a call ends with has refused
        nothing: it stumbled, and with other arguments it might not; see :meth:`_refused`.
        """
        shot = Savepoint(self.env.cr)
        error, changed = None, set()
        try:
            self._call(user, model, method, *args, **kwargs)
            self.env.cr.flush()
        except Exception as caught:  # whatever it is, the request is rolled back
            error = caught
            self._refused(error, model, method, args, kwargs)
        else:
            after = self._written()
            touched = {table for table in after if after[table] != self.written.get(table)}
            self.written = after
            if touched:
                now = self._digests(touched)
                changed = {table for table in touched if now[table] != self.before[table]}
        self.env.cr.clear()
        shot.close(rollback=True)
        return error, changed

    def setUp(self):
        super().setUp()
        self.stumbled, self.written = {}, self._written()
        self.addCleanup(self._assert_nothing_stumbled)

    def _refused(self, error, model, method, *what):
        """Remember what ended otherwise than by a refusal."""
        if not isinstance(error, REFUSALS):
            self.stumbled.setdefault((model, method, repr(error)[:200]), what)

    def _assert_nothing_stumbled(self):
        told = "\n".join(f"{key}: {what}" for key, what in self.stumbled.items())
        self.assertFalse(self.stumbled, f"Neither obeyed nor refused:\n{told}")

    def _ids(self, scope, name):
        return self.rows[scope][name].ids

    # === ARGUMENTS === #

    def _argument(self, name, method):
        """Return what somebody would pass for a parameter of this name."""
        company = self.company
        values = {
            "comment": "同意", "text": "同意", "opinion": "同意", "reason": "同意", "note": "同意",
            "description": "同意", "at": None, "due_at": None, "day": None, "kind": None,
            "score": 5, "channel": "phone", "severity": "minor", "before": False,
            "amount": 1.0, "caller": "13800000000", "rings": 1, "ref": "x",
            "res_model": "helpdesk.ticket", "res_id": self._ids("own", "helpdesk.ticket")[0],
            "into_id": self.first_case.id,
            "user_id": self.people["manager"].id, "user_ids": self.people["manager"].ids,
            "step_id": None,
            "clause_id": self.version.clause_ids[0].id,
        }  # fmt: skip
        if name == "reason" and method in REASONS:
            return REASONS[method]
        if name in values:
            return values[name]
        if name.endswith("_id"):
            comodel = f"crm.policy.{name[:-3].replace('_', '.')}"
            if comodel in self.env:
                return surface.some_record(self.env, comodel, company).id
            return 1
        if name.endswith("_ids"):
            return []
        if name in ("vals", "values", "default", "custom_values", "msg_dict"):
            return {}
        if name == "domain":
            return []
        if name in ("code", "name"):
            return "x"
        return None

    def _arguments(self, model, name):
        """Return plausible keyword arguments for a public method."""
        parameters = list(inspect.signature(getattr(type(model), name)).parameters.values())[1:]
        return {
            parameter.name: self._argument(parameter.name, name)
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        }

    def _is_model_method(self, model, name):
        return getattr(getattr(type(model), name), "_api_model", False)
