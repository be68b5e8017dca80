import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, split_every

from ...tools import ledger
from ...tools.zones import company_zone, day_start

_logger = logging.getLogger(__name__)

LEDGER_LOCK = 0x1ED6  # the first key of the advisory locks; the second one is the company
BATCH = 5000  # events per transaction of the chain, and per query of a reader
PROBLEMS = 20  # that are kept with a check: the verifier names all of them


class CrmPolicyLedgerChain(models.AbstractModel):
    """The hash chain over the events of each company: whoever changes one breaks it.

    Writers never wait for it: they leave seq and hash empty, and a job fills them in batches, in
    the order of ids as far as it sees them. What is committed late gets a later place.

    It finds a change, it prevents none: who can write the whole database can write a whole new
    chain. That one shows by a head that was printed, mailed or exported before, and by nothing
    else.
    """

    _name = "crm.policy.ledger.chain"
    _description = "Hash Chain of the Ledger"

    # === CHAINING === #

    @api.model
    def _cron_chain(self):
        """Put the new events of each company into its chain; safe on many nodes at once."""
        self.env["crm.policy.event"]._policy_write_gathered()
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT COALESCE(company_id, 0) FROM crm_policy_event WHERE seq IS NULL")
        )
        if not rows:
            return
        self.env["ir.cron"]._commit_progress(remaining=len(rows))
        for [company_id] in rows:
            while self._policy_try_batch(company_id) == BATCH:
                if not self.env["ir.cron"]._commit_progress():
                    return
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _policy_try_batch(self, company_id):
        """Chain the next events; when another node was faster, leave the company to it."""
        try:
            return self._policy_chain_batch(company_id)
        except (psycopg2.errors.UniqueViolation, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            self.env.cr.rollback()
            _logger.info("Ledger of company %s: another node chains it", company_id)
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Ledger of company %s cannot be chained", company_id)
        return 0

    @api.model
    def _policy_chain_batch(self, company_id):
        """Give the next events of a company their places and hashes.

        The lock ends with the transaction. A node whose snapshot is older than the last batch meets
        rows that have changed since, which PostgreSQL refuses, or the place of another event.

        :param int company_id: 0 for events that belong to none.
        :return: how many; 0 too when another node is at it.
        """
        self.env["crm.policy.event"]._policy_write_gathered()
        [[free]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", LEDGER_LOCK, company_id)
        )
        if not free:
            return 0
        events = self._policy_events(
            SQL("COALESCE(company_id, 0) = %s AND seq IS NULL", company_id), SQL("id"), BATCH
        )
        if not events:  # saves work
            return 0
        seq, digest = self._policy_head(company_id)
        places = ledger.extend(digest, seq, [event for event, _digest in events])
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_policy_event AS event
                   SET seq = place.seq, hash = place.hash
                  FROM unnest(%s::int[], %s::int[], %s::text[]) AS place (id, seq, hash)
                 WHERE event.id = place.id
                """,
                [event["id"] for event, _digest in events],
                [seq for seq, _digest in places],
                [digest for _seq, digest in places],
            )
        )
        return len(events)

    @api.model
    def _policy_head(self, company_id):
        """Return the position and the hash of the last event that is in the chain.

        :return: (0, hash of the genesis) before the first.
        """
        self.env["crm.policy.event"]._policy_write_gathered()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT seq, hash FROM crm_policy_event
                 WHERE COALESCE(company_id, 0) = %s AND seq IS NOT NULL
                 ORDER BY seq DESC LIMIT 1
                """,
                company_id,
            )
        )
        return rows[0] if rows else (0, ledger.genesis(company_id))

    @api.model
    def _policy_waiting(self, company_id):
        """Return how many events are not in the chain yet."""
        self.env["crm.policy.event"]._policy_write_gathered()
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM crm_policy_event "
                "WHERE COALESCE(company_id, 0) = %s AND seq IS NULL",
                company_id,
            )
        )
        return count

    # === READING === #

    @api.model
    def _policy_events(self, condition, order, limit):
        """Return (event as the chain hashes it, hash) of each row that meets ``condition``."""
        columns = SQL(", ").join(
            SQL("payload::text") if name == "payload" else SQL.identifier(name)
            for name in ledger.COLUMNS
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT hash, %s FROM crm_policy_event WHERE %s ORDER BY %s LIMIT %s",
                columns,
                condition,
                order,
                limit,
            )
        )
        events = []
        for digest, *values in rows:
            event = dict(zip(ledger.COLUMNS, values, strict=True))
            event["at"] = event["at"].isoformat()
            events.append((event, digest))
        return events

    @api.model
    def _policy_links(self, company_id, first, last):
        """Yield (event, hash) of the places ``first`` to ``last``, a page in memory at a time."""
        while first <= last:
            page = self._policy_events(
                SQL(
                    "COALESCE(company_id, 0) = %s AND seq IS NOT NULL AND seq BETWEEN %s AND %s",
                    company_id,
                    first,
                    last,
                ),
                SQL("seq"),
                BATCH,
            )
            yield from page
            if len(page) < BATCH:  # saves work
                return
            first = page[-1][0]["seq"] + 1

    @api.model
    def _policy_hash_before(self, company_id, first):
        """Return the hash that the event at ``first`` follows."""
        if first > 1:
            before = self._policy_events(
                SQL("COALESCE(company_id, 0) = %s AND seq = %s", company_id, first - 1),
                SQL("seq"),
                1,
            )
            if before:
                return before[0][1]
        return ledger.genesis(company_id)

    # === CHECKING === #

    @api.model
    def _cron_check(self):
        """Check the chain of each company, every night; see :meth:`_policy_check`."""
        every = self.env["res.company"].sudo().with_context(active_test=False)
        company_ids = [*every.search([]).ids, 0]  # pylint: disable=no-search-all
        self.env["ir.cron"]._commit_progress(remaining=len(company_ids))
        for company_id in company_ids:
            try:
                self._policy_check(company_id)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Ledger of company %s cannot be checked", company_id)
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _policy_check(self, company_id, full=False):
        """Compute the chain anew from the last place that was found right, and compare.

        All places that were noted before are compared, however old. A chain that is broken, or that
        was not checked as a whole for a week, is checked as a whole.

        :param int company_id: 0 for events that belong to none.
        :param bool full: from the first event on.
        :return: the problems in words; [] when the chain holds.
        """
        Anchor = self.env["crm.policy.ledger.anchor"].sudo()
        first, before = (1, None) if full else Anchor._policy_begin(company_id)
        seq, digest = self._policy_head(company_id)
        noted = Anchor._policy_noted(company_id)
        chain = ledger.Chain(
            company_id,
            first,
            before,
            {place: noted_hash for place, noted_hash in noted.items() if place >= first},
        )
        try:
            for event, found in self._policy_links(company_id, first, seq):
                chain.feed(event, found or "")
        except ledger.TooBroken:
            _logger.error("Ledger of company %s: too many breaks to name", company_id)
        problems = [ledger.words_of(problem) for problem in chain.finish(seq)]
        if first > 1:
            problems = [*Anchor._policy_lost(company_id, first), *problems]
        self._policy_conclude(company_id, first, (seq, digest), problems)
        return problems

    @api.model
    def _policy_conclude(self, company_id, first, head, problems):
        """Note the result of a check, and say so when it is a new one."""
        Anchor = self.env["crm.policy.ledger.anchor"].sudo()
        last = Anchor._policy_last_check(company_id)
        text = "\n".join(problems[:PROBLEMS])
        same = last and (last.problems or "") == text
        if same and last.seq == head[0] and (problems or last.first_seq <= first):
            return  # nothing new to note
        check = Anchor._policy_note(
            "check", company_id, first, head, "broken" if problems else "sound", text
        )
        if problems and not same:
            self._policy_announce(check)

    @api.model
    def _policy_announce(self, check):
        """Say that a chain is broken: an event and a message to those who must act.

        A higher room adds its own.
        """
        self.env["crm.policy.event"]._policy_log(
            "ledger.broken", check, {"first": check.first_seq, "last": check.seq}
        )
        groups = ("crm_policy.group_policy_admin", "crm_policy.group_ceo")
        people = self.env["res.users"].union(
            *(self.env.ref(group).sudo().all_user_ids for group in groups)
        )
        company = check.company_id
        people = people.filtered(
            lambda user: user.active and (not company or company in user.company_ids)
        )
        for lang, users in people.grouped("lang").items():
            speaking = self.with_context(lang=lang)
            self.env["mail.thread"].with_company(company).message_notify(
                partner_ids=users.partner_id.ids,
                subject=speaking.env._(
                    "The event ledger is broken: %(company)s", company=check._policy_company_name()
                ),
                body=speaking.env._(
                    "Events of the ledger were changed outside of the system: %(problems)s. Export "
                    "the ledger and keep the export and a backup before anything else.",
                    problems="; ".join(check.problems.split("\n")),
                ),
            )

    # === EXPORTING === #

    @api.model
    def _policy_check_reader(self, company_id):
        """Refuse who may not read the ledger of a company.

        What belongs to no company is for those who work in all of them.
        """
        self.env["crm.policy.event"].check_access("read")
        user = self.env.user
        if user._is_superuser():
            return
        allowed = company_id in user.company_ids.ids if company_id else self._policy_reads_all()
        if not allowed:
            raise AccessError(self.env._("The ledger of another company is not yours to read."))

    @api.model
    def _policy_reads_all(self):
        """Return whether the current user works in all companies."""
        others = [("id", "not in", self.env.user.company_ids.ids)]
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return not companies.search_count(others, limit=1)

    @api.model
    def _policy_export(self, company_id, since=None, until=None):
        """Note an export and say what it holds.

        A period takes all events from the first to the last of it: a chain has no holes.

        :param int company_id: 0 for events that belong to none.
        :param date since: its first day by the company's clock; None for the beginning.
        :param date until: its last day; None for the end.
        :return: what :meth:`_policy_export_lines` needs.
        :rtype: dict
        """
        self._policy_check_reader(company_id)
        head = self._policy_head(company_id)
        first, last = self._policy_range(company_id, since, until, head[0])
        company = self.env["res.company"].sudo().browse(company_id or None)
        anchor = self.env["crm.policy.ledger.anchor"].sudo()._policy_note(
            "export", company_id, first, head
        )  # fmt: skip
        self.env["crm.policy.event"]._policy_log(
            "ledger.exported", anchor, {"first": first, "last": last, "head": head[0]}
        )
        return {
            "company": company_id,
            "name": company.name or "",
            "first": first,
            "last": last,
            "previous": self._policy_hash_before(company_id, first),
            "head": list(head),
        }

    @api.model
    def _policy_range(self, company_id, since, until, last):
        """Return the first and last place of a period."""
        if not (since or until):
            return 1, last
        company = self.env["res.company"].sudo().browse(company_id or None)
        zone = company_zone(company or self.env.company)
        conditions = [SQL("COALESCE(company_id, 0) = %s AND seq <= %s", company_id, last)]
        if since:
            conditions.append(SQL("at >= %s", day_start(since, zone)))
        if until:
            conditions.append(SQL("at < %s", day_start(fields.Date.add(until, days=1), zone)))
        [[first, last]] = self.env.execute_query(
            SQL(
                "SELECT min(seq), max(seq) FROM crm_policy_event WHERE %s",
                SQL(" AND ").join(conditions),
            )
        )
        if not first:
            raise UserError(self.env._("No event of this period is in the chain yet."))
        return first, last

    @api.model
    def _policy_export_lines(self, about):
        """Yield the parts of a file, a page of events each; ``about`` is of :meth:`_policy_export`.

        :rtype: Iterator[bytes]
        """
        yield ledger.header_line(**about).encode()
        count, digest = 0, about["previous"]
        links = self._policy_links(about["company"], about["first"], about["last"])
        for page in split_every(BATCH, links):
            lines = []
            for event, digest in page:  # noqa: B007
                lines.append(ledger.event_line(event, digest))
            count += len(lines)
            yield "".join(lines).encode()
        yield ledger.footer_line(count, about["last"], digest).encode()
