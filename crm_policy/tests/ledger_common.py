"""A company whose events are chained, and a superuser of PostgreSQL who changes them."""

import io
import json
from contextlib import contextmanager

from odoo.tools import SQL

from ..tools import ledger
from .common import PolicyCommon


class LedgerCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chain = cls.env["crm.policy.ledger.chain"]
        cls._chain_all()

    @classmethod
    def _log(cls, number, company=None, **payload):
        """Write so many events."""
        teams = cls.env["helpdesk.ticket.team"].browse([cls._team_of(company).id] * number)
        Event = cls.env["crm.policy.event"]
        Event._policy_log("test.event", teams, payload or None)
        cls.env.cr.flush()
        return Event.search([("type", "=", "test.event")], order="id desc", limit=len(teams))[::-1]

    @classmethod
    def _team_of(cls, company=None):
        if not company or company == cls.company:
            return cls.team
        Team = cls.env["helpdesk.ticket.team"]
        return Team.search([("company_id", "=", company.id)], limit=1) or Team.create(
            {"name": "一组", "company_id": company.id}
        )

    @classmethod
    def _chain_all(cls, company=None):
        company_id = cls.company.id if company is None else company
        while cls.chain._policy_chain_batch(company_id):
            pass

    @contextmanager
    def _as_superuser_of_postgresql(self):
        """Nothing holds back whoever owns the table."""
        self.env.cr.flush()
        self.env.cr.execute("ALTER TABLE crm_policy_event DISABLE TRIGGER USER")
        yield self.env.cr
        self.env.cr.execute("ALTER TABLE crm_policy_event ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def _rows(self, company=None):
        self.env.cr.flush()
        return self.env.execute_query_dict(
            SQL(
                "SELECT id, seq, hash, at FROM crm_policy_event "
                "WHERE company_id = %s ORDER BY seq NULLS LAST, id",
                (company or self.company).id,
            )
        )

    def _file(self, company=None, **period):
        about = self.chain._policy_export((company or self.company).id, **period)
        return b"".join(self.chain._policy_export_lines(about))

    def _words(self, content, head=None):
        """Return what the stand-alone verifier finds in a file."""
        return ledger.Verification(io.BytesIO(content), head).words

    def _entries(self, content):
        return [json.loads(line) for line in content.decode().split("\n") if line]
