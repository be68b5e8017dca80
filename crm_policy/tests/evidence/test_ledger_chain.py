"""Events become a chain: in batches, per company, once; and come out as they went in."""

import json
from unittest.mock import patch

import psycopg2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.modules.registry import Registry
from odoo.tools import SQL, mute_logger

from ...models.evidence import ledger_chain
from ...models.evidence.ledger_chain import LEDGER_LOCK
from ...tools import ledger
from ..ledger_common import LedgerCommon

NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from((0, -0.0, 1.0, 1e3, 1e300, 1e-300, 0.1 + 0.2, 10**20, 2**63)),
)
# What PostgreSQL's jsonb can hold: no NUL, no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
PAYLOADS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


class TestLedgerChain(LedgerCommon):
    # === FORM === #

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(PAYLOADS, max_size=5))
    def test_what_the_database_gives_and_a_file_holds_and_a_reader_reads_is_one(self, payloads):
        with self.env.cr.savepoint() as savepoint:
            for payload in payloads:
                self._log(1, **{"payload": payload})
            self._chain_all()
            content = self._file()
            self.assertEqual(self._words(content), [])
            self.assertEqual(self.chain._policy_check(self.company.id, full=True), [])
            savepoint.rollback()

    def test_numbers_stay_as_the_ledger_has_them(self):
        """Other JSON readers make 1.0 of 1, 1e20 of 10**20 and round long fractions."""
        raw = '{"a": 1.0, "b": 1e3, "c": 100000000000000000000, "d": 0.10000000000000000001}'
        [[event_id]] = self.env.execute_query(
            SQL(
                "INSERT INTO crm_policy_event (at, type, company_id, payload) "
                "VALUES ('2026-03-02 01:00:00.5', 'test', %s, %s) RETURNING id",
                self.company.id,
                raw,
            )
        )
        self._chain_all()
        content = self._file()
        self.assertEqual(self._words(content), [])
        [entry] = [line for line in self._entries(content) if line.get("id") == event_id]
        self.assertEqual(entry["payload"], raw.replace("1e3", "1000"))
        self.assertEqual(entry["at"], "2026-03-02T01:00:00.500000")
        self.assertEqual(entry["actor_id"], None)
        with self._as_superuser_of_postgresql() as cr:
            cr.execute(
                "UPDATE crm_policy_event SET payload = %s WHERE id = %s",
                [raw.replace("01}", "02}"), event_id],
            )
        self.assertEqual(
            self.chain._policy_check(self.company.id, full=True), [f"seq {entry['seq']}: altered"]
        )

    def test_a_payload_however_deep_does_not_stop_the_chain(self):
        raw = "[" * 3000 + "]" * 3000
        self.env.cr.execute(
            "INSERT INTO crm_policy_event (at, type, company_id, payload) "
            "VALUES (now(), 'test', %s, %s)",
            [self.company.id, raw],
        )
        self._chain_all()
        self.assertEqual(self._words(self._file()), [])

    def test_the_hashes_follow_each_other_from_the_company_s_genesis(self):
        rows = self._rows()
        self.assertEqual([row["seq"] for row in rows], list(range(1, len(rows) + 1)))
        before = ledger.genesis(self.company.id)
        for (event, digest), row in zip(
            self.chain._policy_links(self.company.id, 1, len(rows)), rows, strict=True
        ):
            self.assertEqual(ledger.link(before, event), digest)
            self.assertEqual(digest, row["hash"])
            before = digest
        self.assertEqual(self.chain._policy_head(self.company.id), (len(rows), before))

    # === BATCHES === #

    def test_new_events_wait_and_get_the_next_places_in_their_order(self):
        seq, _digest = self.chain._policy_head(self.company.id)
        events = self._log(7)
        self.assertEqual(events.mapped("seq"), [0] * 7)
        self.assertEqual(self.chain._policy_waiting(self.company.id), 7)
        with patch.object(ledger_chain, "BATCH", 3):
            sizes = [self.chain._policy_chain_batch(self.company.id) for _time in range(4)]
        self.assertEqual(sizes, [3, 3, 1, 0])
        self.env.invalidate_all()
        self.assertEqual(events.mapped("seq"), list(range(seq + 1, seq + 8)))
        self.assertEqual(self.chain._policy_waiting(self.company.id), 0)
        self.assertEqual(self.chain._policy_check(self.company.id, full=True), [])

    def test_an_event_that_is_committed_late_gets_a_later_place(self):
        [[early]] = self.env.execute_query(SQL("SELECT nextval('crm_policy_event_id_seq')"))
        self._log(2)
        self._chain_all()
        seq, _digest = self.chain._policy_head(self.company.id)
        self.env.cr.execute(
            "INSERT INTO crm_policy_event (id, at, type, company_id) VALUES (%s, now(), 'x', %s)",
            [early, self.company.id],
        )
        self._chain_all()
        self.assertEqual(self.env["crm.policy.event"].browse(early).seq, seq + 1)
        self.assertEqual(self.chain._policy_check(self.company.id, full=True), [])

    def test_each_company_has_its_own_chain_and_so_have_events_of_none(self):
        other = self._new_company("杭州分公司")
        self._log(2, other)
        nobody = self.env["res.partner"].create({"name": "x", "company_id": False})
        self.env["crm.policy.event"]._policy_log("test.event", nobody)
        before = self.chain._policy_head(self.company.id)
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_chain_ledger").method_direct_trigger()
        self.assertEqual(self.chain._policy_head(self.company.id), before)
        self.assertEqual(self.chain._policy_head(other.id)[0], len(self._rows(other)))
        self.assertGreaterEqual(self.chain._policy_head(0)[0], 1)
        for company_id in (self.company.id, other.id, 0):
            self.assertEqual(self.chain._policy_waiting(company_id), 0)
            self.assertEqual(self.chain._policy_check(company_id, full=True), [])
        first = next(self.chain._policy_links(other.id, 1, 1))
        self.assertEqual(first[1], ledger.link(ledger.genesis(other.id), first[0]))

    def test_an_event_about_a_company_belongs_to_it(self):
        Event = self.env["crm.policy.event"]
        Event._policy_log("test.event", self.company)
        event = Event.search([], limit=1)
        self.assertEqual(event.company_id, self.company.id)

    def test_a_run_without_new_events_asks_once(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_chain_ledger").method_direct_trigger()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.chain._cron_chain()

    def test_a_batch_takes_as_many_queries_for_twice_as_many_events(self):
        for number in (100, 200):
            self._log(number)
            with self.assertQueryCount(4):
                self.assertEqual(self.chain._policy_chain_batch(self.company.id), number)

    def test_a_company_that_another_node_chains_is_left_to_it(self):
        nowhere = 999_999
        self.env.cr.execute(
            "INSERT INTO crm_policy_event (at, type, company_id) VALUES (now(), 'x', %s)", [nowhere]
        )
        with Registry(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LEDGER_LOCK, nowhere])
            self.assertEqual(self.chain._policy_chain_batch(nowhere), 0)
        self.assertEqual(self.chain._policy_chain_batch(nowhere), 1)

    def test_a_company_that_cannot_be_chained_does_not_stop_the_others(self):
        other = self._new_company("杭州分公司")
        self._log(1)
        self._log(1, other)
        head = type(self.chain)._policy_head

        def broken(chain, company_id):
            if company_id == self.company.id:
                raise ValueError("broken on purpose")
            return head(chain, company_id)

        with (
            patch.object(type(self.chain), "_policy_head", broken),
            self.assertLogs(ledger_chain._logger, "ERROR") as log,
            self.enter_registry_test_mode(),
        ):
            self.env.ref("crm_policy.cron_chain_ledger").method_direct_trigger()
        self.assertIn("broken on purpose", log.output[0])
        self.assertEqual(self.chain._policy_waiting(self.company.id), 1)
        self.assertEqual(self.chain._policy_waiting(other.id), 0)

    def _let_time_be_up(self):
        Cron = type(self.env["ir.cron"])
        self.patch(Cron, "_commit_progress", lambda *_args, **_options: 0)

    def test_a_run_whose_time_is_up_leaves_the_other_companies_to_the_next(self):
        other = self._new_company("杭州分公司")
        self._log(1)
        self._log(1, other)
        self._let_time_be_up()
        query = SQL(
            "SELECT COUNT(DISTINCT COALESCE(company_id, 0)) FROM crm_policy_event WHERE seq IS NULL"
        )
        [[before]] = self.env.execute_query(query)
        self.chain._cron_chain()
        self.assertEqual(self.env.execute_query(query), [(before - 1,)])

    def test_a_run_whose_time_is_up_leaves_the_next_batch_to_the_next(self):
        self.env.flush_all()
        for [company] in self.env.execute_query(
            SQL("SELECT DISTINCT COALESCE(company_id, 0) FROM crm_policy_event WHERE seq IS NULL")
        ):
            self._chain_all(company)
        self._log(3)
        self._let_time_be_up()
        self.patch(ledger_chain, "BATCH", 1)
        self.chain._cron_chain()
        self.assertEqual(self.chain._policy_waiting(self.company.id), 2)

    # === WALLS === #

    @mute_logger("odoo.sql_db")
    def test_no_place_is_given_twice(self):
        self._log(1)
        [row] = self._rows()[-1:]
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "UPDATE crm_policy_event SET seq = 1, hash = 'x' WHERE id = %s", [row["id"]]
            )

    def test_the_writer_fills_neither_place_nor_hash(self):
        self._log(1, seq=5, hash="x")
        [row] = self._rows()[-1:]
        self.assertEqual((row["seq"], row["hash"]), (None, None))

    # === WHAT LEAVES IT WHOLE === #

    def test_destroying_what_events_speak_of_leaves_the_chain_whole(self):
        user = self._new_user("specialist", login="t_leaver")
        partner, twin = self.env["res.partner"].create(
            [{"name": "张三丰", "email": "z@example.com", "company_id": self.company.id}] * 2
        )
        self.env["crm.policy.event"].with_user(user)._policy_log("test.event", partner)
        self._chain_all()
        content = self._file()
        user.active = False
        partner.write({"name": "anonymous", "email": False})
        partner.active = False
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((partner | twin).ids, twin)
        user.unlink()
        twin.unlink()
        self.env.flush_all()
        self._chain_all()
        self.assertEqual(self.chain._policy_check(self.company.id, full=True), [])
        self.assertEqual(self._words(self._file()), [])
        self.assertEqual(self._words(content), [])
        self.assertNotIn("张三丰", self._file().decode())
        self.assertTrue(json.loads(content.split(b"\n")[1])["hash"])
