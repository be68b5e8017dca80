"""Evidence grows and never changes: by the ORM for everybody, by PostgreSQL for the rest."""

import json
import re

from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError
from odoo.tools import SQL, mute_logger

from ..common import ROLES, PolicyCommon

EVIDENCE = (
    "crm.policy.event",
    "crm.policy.decision",
    "crm.policy.approval",
    "crm.policy.approval.step",
    "crm.policy.deadline",
    "crm.policy.counter",
)
WALLED = ("crm_policy_event", "crm_policy_decision")
# What a client may send along in the hope that some code listens to it.
CONTEXT = {
    "skip_validation_check": True,
    "install_mode": True,
    "import_file": True,
    "mail_notrack": True,
    "tracking_disable": True,
    "_force_unlink": True,
    "module": "crm_policy",
}
PERSONAL = (
    "李四光",
    "深圳路12号",
    "张三丰",
    "请尽快赔偿",
    "同意,下不为例",
    "客户很满意",
    "复核完毕",
)


class TestAppendOnly(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._new_case(name="张三丰", description="<p>深圳路12号</p>")
        mine = cls._as("specialist", cls.case)
        mine.action_policy_accept()
        mine.action_policy_register()
        mine.action_policy_respond("请尽快赔偿")
        cls.remedy = cls._new_remedy(cls.case, 3000)
        mine.action_policy_propose("请尽快赔偿")
        mine.action_policy_submit()
        cls._as("manager", cls.remedy).action_policy_approve("同意,下不为例")
        mine.action_policy_decide()
        mine.action_policy_settle()
        mine.action_policy_reply("请尽快赔偿", "phone")
        mine.action_policy_callback(5, "客户很满意")
        cls._as("qc", cls.case).action_policy_recheck("复核完毕")
        cls._receive(cls.remedy, "李四光")
        mine.action_policy_close()
        cls.env.flush_all()

    def _everybody(self):
        yield "superuser", self.env["base"]
        admin = self.env.ref("base.user_admin")
        admin.company_ids += self.company
        yield "admin", self.env["base"].with_user(admin)
        yield "admin sudo", self.env["base"].with_user(admin).sudo()
        for role in ROLES:
            yield role, self.env["base"].with_user(self.users[role])
            yield f"{role} sudo", self.env["base"].with_user(self.users[role]).sudo()

    def _row(self, model_name):
        row = self.env[model_name].search([], limit=1)
        self.assertTrue(row, f"{model_name}: no row to try it on")
        return row

    def _dump(self, model_name):
        table = SQL.identifier(self.env[model_name]._table)
        return self.env.execute_query(SQL("SELECT * FROM %s ORDER BY id", table))

    def test_no_public_method_writes_evidence_whoever_calls_it(self):
        for model_name in EVIDENCE:
            row, before = self._row(model_name), self._dump(model_name)
            for who, base in self._everybody():
                mine = row.with_env(base.env).with_context(**CONTEXT)
                attempts = {
                    "create": lambda mine=mine: mine.create([{}]),
                    "write": lambda mine=mine: mine.write({"company_id": False}),
                    "empty write": lambda mine=mine: mine.write({}),
                    "unlink": lambda mine=mine: mine.unlink(),
                    "copy": lambda mine=mine: mine.copy(),
                    "web_save of a row": lambda mine=mine: mine.web_save({"company_id": 1}, {}),
                    "web_save of a new one": lambda mine=mine: mine.browse().web_save({}, {}),
                }
                for name, attempt in attempts.items():
                    with self.subTest(model_name, who=who, attempt=name):
                        with self.assertRaises(AccessError):
                            attempt()
            self.assertEqual(self._dump(model_name), before)

    def test_an_import_writes_no_evidence(self):
        for model_name in EVIDENCE:
            before = self._dump(model_name)
            name = self.env[model_name]._rec_name or "company_id"
            for who, base in self._everybody():
                result = base.env[model_name].with_context(**CONTEXT).load([name], [["x"]])
                with self.subTest(model_name, who=who):
                    self.assertFalse(result["ids"])
                    self.assertTrue(result["messages"])
            self.assertEqual(self._dump(model_name), before)

    def test_a_value_assigned_to_a_row_is_refused(self):
        with self.assertRaises(AccessError):
            self._row("crm.policy.event").type = "case.forged"
        with self.assertRaises(AccessError):
            self._row("crm.policy.decision").outcome = "rejected"
        with self.assertRaises(AccessError):
            self._row("crm.policy.approval").eligible_user_ids += self.users["specialist"]

    def test_the_context_and_user_defaults_fill_no_column_of_an_event(self):
        forged = {"default_hash": "f" * 64, "default_seq": 7, "default_on_behalf_id": 1}
        self.env["ir.default"].with_user(self.users["specialist"]).set(
            "crm.policy.event", "hash", "e" * 64, user_id=True
        )
        case = self._new_case()
        self._as("specialist", case).with_context(**forged).action_policy_accept()
        event = self.env["crm.policy.event"].search([("res_id", "=", case.id)], limit=1)
        self.assertEqual(event.type, "fact.accepted")
        self.assertEqual((event.hash, event.seq, event.on_behalf_id), (False, 0, 0))

    # === THE LAST WALL === #

    def _refused(self, query):
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(RestrictViolation, "append-only"):
            with self.env.cr.savepoint():
                self.env.cr.execute(query)

    def test_postgresql_refuses_update_delete_and_truncate(self):
        for name in WALLED:
            table = SQL.identifier(name)
            with self.subTest(name):
                self._refused(SQL("UPDATE %s SET company_id = 0", table))
                self._refused(SQL("DELETE FROM %s", table))
                self._refused(SQL("TRUNCATE %s CASCADE", table))

    def test_the_chain_fills_seq_and_hash_once(self):
        [[event_id]] = self.env.execute_query(SQL("SELECT max(id) FROM crm_policy_event"))
        change = "UPDATE crm_policy_event SET %s WHERE id = %s"
        self._refused(SQL(change, SQL("seq = 1, type = 'forged'"), event_id))
        self._refused(SQL(change, SQL("hash = 'a', actor_id = 1"), event_id))
        self.env.cr.execute(SQL(change, SQL("seq = 1, hash = 'a'"), event_id))
        for later in ("seq = 2", "hash = 'b'", "seq = NULL", "hash = NULL", "seq = 2, hash = 'b'"):
            with self.subTest(later):
                self._refused(SQL(change, SQL(later), event_id))

    def test_only_the_columns_of_the_chain_are_open_and_only_in_the_ledger(self):
        self._refused(SQL("UPDATE crm_policy_decision SET comment = 'x'"))
        self._refused(SQL("UPDATE crm_policy_decision SET on_behalf_of_id = 1"))
        self._refused(SQL("UPDATE crm_policy_event SET on_behalf_id = 1"))

    # === WHAT AN EVENT SAYS === #

    def test_an_event_names_policy_version_clause_and_actor(self):
        events = self.env["crm.policy.event"].search(
            [("res_model", "=", "crm.policy.approval"), ("res_id", "=", self._approval.id)]
        )
        self.assertEqual(
            [(event.type, event.actor_id) for event in events.sorted("id")],
            [
                ("approval.submitted", self.users["specialist"].id),
                ("approval.approved", self.users["manager"].id),
            ],
        )
        for event in events:
            self.assertEqual((event.policy, event.version, event.clause), ("SVC", "1", "4.2"))
        fact = self.env["crm.policy.event"].search(
            [("type", "=", "fact.closed"), ("res_id", "=", self.case.id)]
        )
        self.assertEqual((fact.policy, fact.version), ("SVC", "1"))
        self.assertEqual(fact.company_id, self.company.id)

    @property
    def _approval(self):
        return self.remedy.policy_approval_id

    def _leaves(self, value):
        """Return the single values of a payload, whatever lists and groups they are in."""
        if isinstance(value, dict | list):
            parts = value.values() if isinstance(value, dict) else value
            return [leaf for part in parts for leaf in self._leaves(part)]
        return [value]

    def test_no_event_holds_personal_text(self):
        rows = self.env["crm.policy.event"].search([]).read()
        people = [user.name for user in self.users.values()] + [self.partner.name]
        stored = (
            self.env["crm.policy.event"]
            .search([])
            .mapped(
                lambda event: [event.type, event.policy, event.version, event.clause, event.payload]
            )
        )
        text = json.dumps(stored, ensure_ascii=False, default=str)
        self.assertTrue(rows)
        for words in (*PERSONAL, *people):
            self.assertNotIn(words, text)
        seals = set(self.env["crm.policy.sealed"].search([]).mapped("hash"))
        for row in rows:
            for value in self._leaves(row["payload"] or {}):
                plain = isinstance(value, int | float | bool)
                coded = isinstance(value, str) and re.fullmatch(r"[\w.:, -]{1,40}", value, re.A)
                # A text that was typed enters as what seals it, and nothing else is as long.
                coded = coded or value in seals
                self.assertTrue(plain or coded, f"{row['type']}: {value!r}")

    def test_an_event_outlives_its_actor_its_document_and_its_company(self):
        self.assertFalse(
            self.env.execute_query(
                SQL(
                    "SELECT conname FROM pg_constraint WHERE contype = 'f' "
                    "AND conrelid = 'crm_policy_event'::regclass"
                )
            )
        )
        user = self._new_user("specialist", login="t_leaver")
        partner = self.env["res.partner"].create({"name": "Leaver", "company_id": False})
        Event = self.env["crm.policy.event"]
        Event.with_user(user)._policy_log("case.received", partner)
        event = Event.search([], limit=1)
        fields = ["at", "type", "res_model", "res_id", "actor_id"]
        self.env.flush_all()
        before = event.read(fields)
        partner.unlink()
        user.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(event.read(fields), before)
        self.assertEqual(event.actor_name, str(event.actor_id))

    def test_deleting_a_company_leaves_its_events(self):
        company = self.env["res.company"].create({"name": "短命公司"})
        department = self.env["hr.department"].create({"name": "一", "company_id": company.id})
        Event = self.env["crm.policy.event"]
        Event._policy_log("case.received", department)
        event = Event.search([], limit=1)
        self.env.flush_all()
        company_id = company.id
        department.unlink()
        company.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(event.company_id, company_id)

    # === WHO READS IT === #

    def test_who_reads_the_ledger(self):
        for role in ROLES:
            allowed = role in ("director", "ceo", "qc", "policy_admin")
            events = self.env["crm.policy.event"].with_user(self.users[role])
            with self.subTest(role):
                self.assertEqual(events.has_access("read"), allowed)

    def test_nobody_reads_the_evidence_of_another_company(self):
        other = self._new_company("杭州分公司")
        for model_name, role in (
            ("crm.policy.event", "director"),
            ("crm.policy.decision", "director"),
            ("crm.policy.approval", "director"),
            ("crm.policy.approval.step", "director"),
            ("crm.policy.deadline", "director"),
            ("crm.policy.counter", "policy_admin"),
            ("crm.policy.remedy", "director"),
        ):
            login = f"t_other_{model_name}"
            stranger = self._new_user(role, login=login, company=other)
            rows = self.env[model_name].with_user(stranger).with_context(allowed_company_ids=[])
            theirs = self.env[model_name].search([("company_id", "=", self.company.id)], limit=1)
            with self.subTest(model_name):
                self.assertTrue(theirs)
                self.assertFalse(rows.search([("id", "in", theirs.ids)]))
                with self.assertRaises(AccessError):
                    theirs.with_user(stranger).with_context(allowed_company_ids=other.ids).read()
