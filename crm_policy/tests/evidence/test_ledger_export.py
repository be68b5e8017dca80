"""The ledger as a file: for whom, of what, and that it is noted."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ...models.evidence import ledger_chain
from ..common import ROLES, shanghai
from ..ledger_common import LedgerCommon

READERS = ("director", "ceo", "qc", "policy_admin")


@tagged("post_install", "-at_install")
class TestLedgerExport(LedgerCommon, HttpCase):
    def _on(self, day, number):
        """Write and chain events of a day of Shanghai."""
        events = self._log(number)
        with self._as_superuser_of_postgresql() as cr:
            cr.execute(
                SQL(
                    "UPDATE crm_policy_event SET at = %s WHERE id IN %s",
                    shanghai(f"{day} 00:00"),
                    events._ids,
                )
            )
        self._chain_all()
        return events

    def test_the_whole_ledger_begins_with_the_genesis_and_ends_with_the_head(self):
        seq, digest = self.chain._policy_head(self.company.id)
        with patch.object(ledger_chain, "BATCH", 7):
            content = self._file()
        header, *rows, footer = self._entries(content)
        self.assertEqual(self._words(content, (seq, digest)), [])
        self.assertEqual((header["first"], header["last"], header["head"]), (1, seq, [seq, digest]))
        self.assertEqual((header["previous"], header["name"]), (header["genesis"], "苏州明远电子"))
        self.assertEqual(len(rows), seq)
        self.assertEqual(footer, {"end": True, "count": seq, "last": seq, "hash": digest})

    def test_a_period_holds_its_days_by_the_company_s_clock(self):
        for day in ("2019-03-01", "2019-03-02", "2019-03-03"):
            self._on(day, 3)
        content = self._file(since=date(2019, 3, 2), until=date(2019, 3, 2))
        header, *rows, _footer = self._entries(content)
        self.assertEqual({row["at"] for row in rows}, {"2019-03-01T16:00:00"})
        self.assertEqual((len(rows), header["last"] - header["first"]), (3, 2))
        self.assertEqual(self._words(content), [])
        with self.assertRaisesRegex(UserError, "No event of this period"):
            self._file(since=date(2018, 1, 1), until=date(2018, 1, 2))

    def test_a_chain_without_events_is_exported_as_it_is(self):
        nowhere = 999_999
        self.assertEqual(self.chain._policy_range(nowhere, None, None, 0), (1, 0))

    def test_a_job_of_the_superuser_reads_every_ledger(self):
        """He works in no company."""
        other = self._new_company("杭州分公司")
        self.env.user.company_ids -= other
        self.assertTrue(self.env.user._is_superuser())
        self.chain._policy_check_reader(other.id)
        self.chain._policy_check_reader(0)

    def test_an_export_is_noted_and_an_event(self):
        seq, digest = self.chain._policy_head(self.company.id)
        chain = self.chain.with_user(self.users["qc"])
        chain._policy_export(self.company.id)
        event = self.env["crm.policy.event"].search([("type", "=", "ledger.exported")])
        self.assertEqual(event.payload, {"first": 1, "last": seq, "head": seq})
        self.assertEqual(event.actor_id, self.users["qc"].id)
        anchor = self.env["crm.policy.ledger.anchor"].search([("kind", "=", "export")])
        self.assertEqual((event.res_model, event.res_id), (anchor._name, anchor.id))
        self.assertEqual((anchor.seq, anchor.hash), (seq, digest))

    def test_who_exports_and_which_companies(self):
        other = self._new_company("杭州分公司")
        self._log(1, other)
        for role in ROLES:
            chain = self.chain.with_user(self.users[role])
            for company_id, allowed in (
                (self.company.id, role in READERS),
                (other.id, False),
                (0, False),
                (-1, False),
            ):
                with self.subTest(role, company=company_id):
                    if allowed:
                        self.assertTrue(chain._policy_export(company_id))
                    else:
                        with self.assertRaises(AccessError):
                            chain._policy_export(company_id)
        everywhere = self.users["policy_admin"]
        everywhere.company_ids = self.env["res.company"].search([])
        self.assertTrue(self.chain.with_user(everywhere)._policy_export(0))

    def test_the_page_sends_a_file_that_verifies(self):
        page = self.env["crm.policy.ledger"].with_user(self.users["ceo"]).create({})
        url = page.action_policy_export()["url"]
        self.assertEqual(url.rstrip("?"), f"/policy/ledger/{self.company.id}/export")
        self.authenticate("t_ceo", "t_ceo")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(".jsonl", answer.headers["Content-Disposition"])
        self.assertNotIn("Content-Length", answer.headers)
        self.assertEqual(self._words(answer.content), [])
        event = self.env["crm.policy.event"].search([("type", "=", "ledger.exported")])
        self.assertEqual(event.actor_id, self.users["ceo"].id)

    def test_the_page_takes_a_period(self):
        self._on("2019-03-02", 3)
        page = self.env["crm.policy.ledger"].with_user(self.users["ceo"]).create(
            {"since": "2019-03-02", "until": "2019-03-02"}
        )  # fmt: skip
        self.authenticate("t_ceo", "t_ceo")
        answer = self.url_open(page.action_policy_export()["url"])
        self.assertEqual(len(self._entries(answer.content)), 5)
        page.until = "2019-03-01"
        with self.assertRaisesRegex(UserError, "lies before"):
            page.action_policy_export()

    def test_the_page_says_itself_that_there_is_nothing_to_send(self):
        Page = self.env["crm.policy.ledger"].with_user(self.users["ceo"])
        page = Page.create({"since": "2018-01-01", "until": "2018-01-31"})
        with self.assertRaisesRegex(UserError, "No event of this period"):
            page.action_policy_export()
        branch = self._new_company("杭州分公司")
        everywhere = self.users["policy_admin"]
        everywhere.company_ids |= branch
        with self.assertRaisesRegex(UserError, "No event is in the chain yet"):
            page.with_user(everywhere).create({"company_id": branch.id}).action_policy_export()

    def test_the_page_bears_the_name_of_its_chain(self):
        page = self.env["crm.policy.ledger"].new({})
        self.assertEqual(page.display_name, f"Ledger Chain: {self.env.company.name}")
        page.without_company = True
        self.assertEqual(page.display_name, "Ledger Chain of No Company")

    @mute_logger("odoo.http")
    def test_the_page_refuses_everybody_else(self):
        other = self._new_company("杭州分公司")
        ours = f"/policy/ledger/{self.company.id}/export"
        before = self.env["crm.policy.ledger.anchor"].search_count([])
        self.authenticate("t_specialist", "t_specialist")
        self.assertEqual(self.url_open(ours).status_code, 403)
        self.authenticate("t_director", "t_director")
        self.assertEqual(self.url_open(f"/policy/ledger/{other.id}/export").status_code, 403)
        self.assertEqual(self.url_open("/policy/ledger/0/export").status_code, 403)
        self.assertEqual(self.url_open("/policy/ledger/999999/export").status_code, 403)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(ours).url)
        self.assertEqual(self.env["crm.policy.ledger.anchor"].search_count([]), before)
