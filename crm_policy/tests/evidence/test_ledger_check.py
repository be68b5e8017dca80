"""What somebody with the rights of PostgreSQL's superuser changes is found and named."""

from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tools import SQL, mute_logger

from ...models.evidence import ledger_chain
from ...tools import ledger
from ..ledger_common import LedgerCommon


class TestLedgerCheck(LedgerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._log(30)
        cls._chain_all()
        cls.last = cls.chain._policy_head(cls.company.id)[0]

    def setUp(self):
        super().setUp()
        self.place = self.last - 10

    def _check(self, full=True):
        return self.chain._policy_check(self.company.id, full=full)

    def _anchors(self, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env["crm.policy.ledger.anchor"].search(
            [("company_id", "=", self.company.id), *domain]
        )

    def _change(self, query, *values):
        with self._as_superuser_of_postgresql() as cr:
            cr.execute(SQL(query, *values))

    def _assert_found(self, *problems):
        """The check in the database and the verifier of the export name the same."""
        content = self._file()
        self.assertEqual(self._check(), list(problems))
        words = [words.split(", ", 1)[-1] for words in self._words(content)]
        self.assertEqual([word for word in words if not word.startswith("the end")], list(problems))

    # === EACH KIND OF CHANGE === #

    def test_a_check_whose_time_is_up_leaves_the_other_companies_to_the_next(self):
        Anchor = self.env["crm.policy.ledger.anchor"]
        before = Anchor.search_count([("kind", "=", "check")])
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 0)
        self.chain._cron_check()
        self.assertEqual(Anchor.search_count([("kind", "=", "check")]), before + 1)

    def test_a_sound_chain_holds(self):
        self._assert_found()

    def test_one_changed_byte_of_each_column_is_named(self):
        change = "UPDATE crm_policy_event SET %s WHERE company_id = %s AND seq = %s"
        for assignment in (
            "type = 'test.evenT'",
            "at = at + interval '1 second'",
            "at = at + interval '1 microsecond'",
            "actor_id = actor_id + 1",
            "on_behalf_id = 1",
            "res_id = res_id + 1",
            "res_model = 'helpdesk.ticket.tean'",
            "payload = '{}'",
            "policy = ''",
            "version = '2'",
            "clause = '9'",
            "hash = upper(hash)",
        ):
            with self.subTest(assignment), self.env.cr.savepoint() as savepoint:
                self._change(change, SQL(assignment), self.company.id, self.place)
                problems = self._check()
                self.assertEqual(
                    problems[0],
                    f"seq {self.place}: altered"
                    if "hash" not in assignment
                    else f"seq {self.place}-{self.place + 1}: altered",
                )
                savepoint.rollback()
                self.env.invalidate_all()

    def test_an_altered_event_is_named(self):
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            self.company.id,
            self.place,
        )
        self._assert_found(f"seq {self.place}: altered")

    def test_a_deleted_event_is_named(self):
        self._change(
            "DELETE FROM crm_policy_event WHERE company_id = %s AND seq BETWEEN %s AND %s",
            self.company.id,
            self.place,
            self.place + 3,
        )
        self._assert_found(f"seq {self.place}-{self.place + 3}: missing")

    def test_a_deleted_first_event_is_named(self):
        self._change(
            "DELETE FROM crm_policy_event WHERE company_id = %s AND seq = 1", self.company.id
        )
        self._assert_found("seq 1: missing")

    def test_exchanged_events_are_named(self):
        for kept in (SQL("seq = -event.seq"), SQL("seq = -event.seq, hash = other.hash")):
            with self.subTest(kept), self.env.cr.savepoint() as savepoint:
                self._change(
                    """
                    UPDATE crm_policy_event AS event SET %s
                      FROM crm_policy_event AS other
                     WHERE event.company_id = %s AND event.seq IN (%s, %s)
                       AND other.company_id = event.company_id AND other.seq IN (%s, %s)
                       AND other.seq != event.seq
                    """,
                    kept,
                    *(self.company.id, self.place, self.place + 1, self.place, self.place + 1),
                )
                self._change(
                    "UPDATE crm_policy_event SET seq = %s + seq WHERE seq < 0",
                    2 * self.place + 1,
                )
                self._assert_found(f"seq {self.place} and {self.place + 1}: exchanged")
                savepoint.rollback()

    def test_a_forged_event_with_the_next_number_is_named(self):
        self._change(
            "INSERT INTO crm_policy_event (at, type, company_id, seq, hash) "
            "VALUES (now(), 'forged', %s, %s, %s)",
            *(self.company.id, self.last + 1, "f" * 64),
        )
        self._assert_found(f"seq {self.last + 1}: altered")

    def test_a_forged_event_in_between_is_named(self):
        """It takes the place of another one, which moves on with all behind it."""
        self._change(
            "UPDATE crm_policy_event SET seq = -seq WHERE company_id = %s AND seq >= %s",
            self.company.id,
            self.place,
        )
        self._change("UPDATE crm_policy_event SET seq = 1 - seq WHERE seq < 0")
        self._change(
            "INSERT INTO crm_policy_event (at, type, company_id, seq, hash) "
            "SELECT at, 'forged', company_id, seq - 1, hash FROM crm_policy_event "
            "WHERE company_id = %s AND seq = %s",
            self.company.id,
            self.place + 1,
        )
        self._assert_found(f"seq {self.place}-{self.last + 1}: altered")

    def test_an_event_that_moves_to_another_company_is_missed(self):
        other = self._new_company("杭州分公司")
        self._change(
            "UPDATE crm_policy_event SET company_id = %s WHERE company_id = %s AND seq = %s",
            *(other.id, self.company.id, self.place),
        )
        self._assert_found(f"seq {self.place}: missing")

    def test_an_event_that_is_taken_out_and_chained_again_is_missed(self):
        self._change(
            "UPDATE crm_policy_event SET seq = NULL, hash = NULL "
            "WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        self._chain_all()
        self._assert_found(f"seq {self.place}: missing")

    # === WHAT ONLY A NOTED HEAD FINDS === #

    def _rewrite(self, first):
        """Change an event and compute the chain anew from there on, as an owner of all can."""
        before = self.chain._policy_hash_before(self.company.id, first)
        with self._as_superuser_of_postgresql() as cr:
            cr.execute(
                "UPDATE crm_policy_event SET type = 'forged' WHERE company_id = %s AND seq = %s",
                [self.company.id, first],
            )
            for event, _digest in list(self.chain._policy_links(self.company.id, first, self.last)):
                before = ledger.link(before, event)
                cr.execute(
                    "UPDATE crm_policy_event SET hash = %s WHERE id = %s", [before, event["id"]]
                )

    def test_a_chain_that_is_written_anew_is_found_by_a_noted_head_only(self):
        self._rewrite(self.place)
        self._assert_found()

    def test_a_chain_that_is_written_anew_behind_a_noted_head_is_found(self):
        old = self._file()
        head = self.chain._policy_head(self.company.id)
        self._rewrite(self.place)
        named = f"seq {self.last}: not the event of the head that was noted"
        self.assertEqual(self._check(), [named])
        content = self._file()
        self.assertEqual(self._words(content), [])
        self.assertEqual(self._words(content, head), [f"line {self.last + 1}, {named}"])
        self.assertEqual(self._words(old, head), [])

    def test_a_tail_that_is_cut_off_is_found_by_a_noted_head(self):
        head = self.chain._policy_head(self.company.id)
        self._file()
        self._change(
            "DELETE FROM crm_policy_event WHERE company_id = %s AND (seq > %s OR seq IS NULL)",
            *(self.company.id, self.place),
        )
        named = f"seq {self.place + 1}-{self.last}: missing"
        self.assertEqual(self._check(), [named])
        self._change(
            "DELETE FROM crm_policy_event WHERE company_id = %s AND seq IS NULL", self.company.id
        )
        self.assertEqual(self._words(self._file(), head), [named])

    # === WHEN IT LOOKS WHERE === #

    def test_a_later_check_begins_where_the_last_one_ended(self):
        self.assertEqual(self._check(), [])
        self._log(5)
        self._chain_all()
        with patch.object(ledger.Chain, "feed", autospec=True) as feed:
            feed.side_effect = lambda chain, event, digest: setattr(chain, "next", event["seq"] + 1)
            self._check(full=False)
        self.assertEqual(feed.call_count, 5)
        checks = self._anchors(kind="check")
        self.assertEqual(
            [(check.first_seq, check.seq) for check in checks],
            [(self.last + 1, self.last + 5), (1, self.last)],
        )

    def test_a_check_goes_on_from_the_hash_that_was_found_right(self):
        self.assertEqual(self._check(), [])
        self._log(5)
        self._chain_all()
        self.assertEqual(self._check(full=False), [])
        self.last = self._log(5) and self.last + 5
        self._chain_all()
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.last + 1),
        )
        self.assertEqual(self._check(full=False), [f"seq {self.last + 1}: altered"])

    def test_every_check_compares_all_noted_heads(self):
        self.assertEqual(self._check(), [])
        self._log(5)
        self._chain_all()
        self._change(
            "UPDATE crm_policy_event SET hash = %s WHERE company_id = %s AND seq = %s",
            *("f" * 64, self.company.id, self.last),
        )
        self.assertEqual(
            self._check(full=False),
            [f"seq {self.last}: not the event of the head that was noted"],
        )

    def test_an_old_event_is_looked_at_once_a_week(self):
        self.assertEqual(self._check(), [])
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        self.assertEqual(self._check(full=False), [])
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.assertEqual(self._check(full=False), [f"seq {self.place}: altered"])

    def test_a_broken_chain_stays_broken(self):
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        for _night in range(2):
            self.assertEqual(self._check(full=False), [f"seq {self.place}: altered"])
            self._log(1)
            self._chain_all()

    def test_a_check_reads_in_pages(self):
        with patch.object(ledger_chain, "BATCH", 7):
            self.assertEqual(self._check(), [])
        self.env.invalidate_all()
        for number in (200, 400):
            self._log(number)
            self._chain_all()
            # A page, the head, noted heads, the last check, the row of this one.
            with self.assertQueryCount(7):
                self.assertEqual(self._check(), [])

    def test_a_check_of_nothing_new_leaves_no_line(self):
        self._check()
        before = len(self._anchors())
        self._check(full=False)
        self.assertEqual(len(self._anchors()), before)

    def test_that_the_whole_was_looked_at_is_noted_although_nothing_is_new(self):
        """Otherwise each night of the next week would begin at the first event again."""
        self.assertEqual(self._check(), [])
        self._log(5)
        self._chain_all()
        self.assertEqual(self._check(full=False), [])
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.assertEqual(self._check(full=False), [])
            latest = self._anchors(kind="check")[:1]
            self.assertEqual((latest.first_seq, latest.seq), (1, self.last + 5))
            begin = self.env["crm.policy.ledger.anchor"]._policy_begin(self.company.id)
            self.assertEqual(begin, (self.last + 6, latest.hash))

    def test_checks_of_what_is_new_put_off_none_of_the_whole(self):
        self.assertEqual(self._check(), [])
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        now = fields.Datetime.now()
        for days in (3, 6):
            with freeze_time(now + timedelta(days=days)):
                self._log(1)
                self._chain_all()
                self.assertEqual(self._check(full=False), [])
        with freeze_time(now + timedelta(days=8)):
            self.assertEqual(self._check(full=False), [f"seq {self.place}: altered"])

    def test_only_a_check_of_the_same_chain_is_one(self):
        """An export notes a head and has compared nothing; nor has a check of another company."""
        Anchor, other = self.env["crm.policy.ledger.anchor"], self._new_company("杭州分公司")
        self.assertEqual(self._check(), [])
        begin = Anchor._policy_begin(self.company.id)
        self.assertEqual(begin[0], self.last + 1)
        head = (self.last + 9, "f" * 64)
        Anchor._policy_note("check", other.id, 1, head, "sound", "")
        self.assertEqual(Anchor._policy_begin(self.company.id), begin)
        Anchor._policy_note("export", self.company.id, 1, head)
        self.assertEqual(Anchor._policy_begin(self.company.id), begin)

    def test_who_may_not_read_the_ledger_exports_none(self):
        other = self._new_company("杭州分公司")
        reader = self._new_user("qc", login="t_far_reader", company=other)
        for user in (self.users["specialist"], self.users["manager"], reader):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.chain.with_user(user)._policy_export(self.company.id)
        with self.assertRaises(AccessError):
            self.chain.with_user(reader)._policy_export(0)
        export = self.chain.with_user(self.users["qc"])._policy_export(self.company.id)
        event = self.env["crm.policy.event"].search([("type", "=", "ledger.exported")], limit=1)
        self.assertEqual(event.payload["last"], export["last"])
        self.assertEqual(event.actor_id, self.users["qc"].id)

    # === WHO IS TOLD === #

    def test_a_broken_chain_is_an_event_a_finding_and_a_message(self):
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        self.env.ref("crm_policy.cron_check_ledger")
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_check_ledger").method_direct_trigger()
        self.env.invalidate_all()
        event = self.env["crm.policy.event"].search([("type", "=", "ledger.broken")])
        self.assertEqual(event.company_id, self.company.id)
        self.assertEqual(event.payload, {"first": 1, "last": self.last})
        finding = self.env["crm.policy.finding"].search([("code", "=", "ledger_broken")])
        self.assertEqual((finding.company_id, finding.severity), (self.company, "error"))
        self.assertIn(f"seq {self.place}: altered", finding.text)
        self.assertEqual(
            finding.with_user(self.users["policy_admin"]).action_policy_open()["res_id"],
            self._anchors(kind="check").id,
        )
        messages = self.env["mail.message"].search([("subject", "like", self.company.name)])
        told = messages.notified_partner_ids
        self.assertEqual(
            told & self.env["res.users"].union(*self.users.values()).partner_id,
            (self.users["policy_admin"] | self.users["ceo"]).partner_id,
        )
        self.assertIn(f"seq {self.place}: altered", messages[0].body)
        # The next night finds the same: nobody is told again.
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_check_ledger").method_direct_trigger()
        self.assertEqual(
            self.env["crm.policy.event"].search_count([("type", "=", "ledger.broken")]), 1
        )

    def test_the_finding_goes_when_the_backup_is_back(self):
        where = (self.company.id, self.place)
        change = (
            "UPDATE crm_policy_event SET res_id = res_id + %s WHERE company_id = %s AND seq = %s"
        )
        self._change(change, 1, *where)
        self._check()
        self._change(change, -1, *where)
        self.assertEqual(self._check(), [])
        self.assertFalse(self.env["crm.policy.finding"].search([("code", "=", "ledger_broken")]))

    # === THE SCREEN === #

    def test_the_screen_shows_head_and_breaks(self):
        page = self.env["crm.policy.ledger"].with_user(self.users["qc"]).create({})
        self.assertEqual((page.company_id, page.state), (self.company, "unchecked"))
        page.action_policy_check()
        page.invalidate_recordset()
        seq, digest = self.chain._policy_head(self.company.id)
        self.assertEqual((page.state, page.head, page.seq), ("sound", f"{seq}:{digest}", seq))
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 WHERE company_id = %s AND seq = %s",
            *(self.company.id, self.place),
        )
        page.action_policy_check()
        self.env.invalidate_all()
        self.assertEqual((page.state, page.problems), ("broken", f"seq {self.place}: altered"))
        self.assertEqual(page.anchor_ids.mapped("state"), ["broken", "sound"])
        self.assertEqual(page.anchor_ids.mapped("actor_id"), self.users["qc"].ids * 2)

    def test_the_screen_is_for_readers_of_the_ledger_and_their_companies(self):
        for role in ("specialist", "manager", "finance", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crm.policy.ledger"].with_user(self.users[role]).create({})
        other = self._new_company("杭州分公司")
        Page = self.env["crm.policy.ledger"].with_user(self.users["director"])
        page = Page.create({"company_id": other.id})
        for attempt in (
            page.action_policy_check,
            page.action_policy_export,
            lambda: page.read(["head"]),
        ):
            with self.assertRaises(AccessError):
                attempt()
        theirs = Page.create({}).with_user(self.users["ceo"])
        with self.assertRaises(AccessError):
            self.assertTrue(theirs.sudo().company_id)  # what is cached is not asked for again
            theirs.action_policy_check()

    def test_the_events_of_no_company_are_shown_to_who_works_in_all_companies(self):
        self.env["crm.policy.event"]._policy_log("test.event", self.env.ref("base.group_user"))
        self._chain_all(0)
        Page = self.env["crm.policy.ledger"]
        boss = self._new_user("director", login="t_boss")
        boss.company_ids = self.env["res.company"].with_context(active_test=False).search([])
        page = Page.with_user(boss).create({"without_company": True})
        self.assertTrue(page.reads_all)
        seq, digest = self.chain._policy_head(0)
        self.assertGreater(seq, 0)
        self.assertEqual((page.head, page.seq, page.waiting), (f"{seq}:{digest}", seq, 0))
        page.action_policy_check()
        self.env.invalidate_all()
        self.assertEqual((page.state, page.problems or ""), ("sound", ""))
        action = page.action_policy_export()
        self.assertEqual(action["url"], "/policy/ledger/0/export?")
        about = self.chain.with_user(boss)._policy_export(0)
        lines = b"".join(self.chain._policy_export_lines(about))
        self.assertEqual(len(lines.splitlines()), seq + 2)
        self.env.invalidate_all()
        [row] = page.web_read({"anchor_ids": {"fields": {"kind": {}}}})
        self.assertEqual([anchor["kind"] for anchor in row["anchor_ids"][:2]], ["export", "check"])
        self._change(
            "UPDATE crm_policy_event SET res_id = 9 "
            "WHERE company_id IS NULL AND %s IS NOT NULL AND seq = %s",
            *(1, seq),
        )
        page.action_policy_check()
        self.env.invalidate_all()
        self.assertEqual((page.state, page.problems), ("broken", f"seq {seq}: altered"))

    def test_the_events_of_no_company_are_not_shown_to_who_works_in_one(self):
        self.env["crm.policy.event"]._policy_log("test.event", self.env.ref("base.group_user"))
        self._chain_all(0)
        self.chain._policy_check(0, full=True)
        for role in ("director", "qc", "policy_admin"):
            page = self.env["crm.policy.ledger"].with_user(self.users[role]).create({})
            self.assertFalse(page.reads_all)
            page.write({"without_company": True})
            for attempt in (
                page.action_policy_check,
                page.action_policy_export,
                lambda page=page: page.read(["head"]),
            ):
                with self.subTest(role), self.assertRaises(AccessError):
                    attempt()
            page.write({"without_company": False, "company_id": self.company.id})
            Anchor = self.env["crm.policy.ledger.anchor"].with_user(self.users[role])
            self.assertFalse(Anchor.search([("company_id", "=", False)]))

    def test_noted_heads_are_evidence(self):
        self._check()
        anchor = self._anchors(kind="check")
        for attempt in (
            lambda: anchor.write({"hash": "x"}),
            lambda: anchor.unlink(),
            lambda: anchor.create({}),
            lambda: anchor.copy(),
        ):
            with self.assertRaises(AccessError):
                attempt()
        for query in (
            "UPDATE crm_policy_ledger_anchor SET hash = 'x'",
            "DELETE FROM crm_policy_ledger_anchor",
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query)
