from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.http import Controller, Response, content_disposition, request, route
from odoo.modules.registry import Registry

from .posted import day_of


class LedgerExport(Controller):
    """The ledger as a file, for whoever verifies it without us."""

    @route("/policy/ledger/<int:company_id>/export", type="http", auth="user", methods=["GET"])
    def policy_ledger_export(self, company_id, since=None, until=None, **kw):
        """Send the events of a period, a page in memory at a time; the export is noted itself.

        What is sent was fixed before: only what is in the chain, up to the head that was noted.
        """
        chain = request.env["crm.policy.ledger.chain"]
        about = chain._policy_export(company_id, since and day_of(since), until and day_of(until))
        name = f"ledger-{company_id}-{about['first']}-{about['last']}.jsonl"
        return Response(
            self._policy_stream(request.db, about),
            headers={
                "Content-Type": "application/x-ndjson; charset=utf-8",
                "Content-Disposition": content_disposition(name),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _policy_stream(self, database, about):
        """Yield the file when the request, with its cursor, is over; the reader was checked."""
        with Registry(database).cursor() as cr:
            chain = Environment(cr, SUPERUSER_ID, {})["crm.policy.ledger.chain"]
            yield from chain._policy_export_lines(about)
