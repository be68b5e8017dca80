from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, plaintext2html

from ...tools import fact_order, numbering
from ...tools.zones import company_zone, day_start
from ...words import list_words

# Without these no case goes on.
BEGINNING = ("policy_intake_at", "policy_accepted_at")


class CrmPolicyCaseImport(models.AbstractModel):
    """Cases that an old register brings along, with the number, dates and author they had there.

    What an imported case says is what the old register said. An open one has to fit the order of
    its kind, because it goes on from there. A finished one may have gaps: what is not known stays
    empty, and its event and its note name it. A case that had ended before its policy took effect
    has no clocks: that policy did not bind it.
    """

    _name = "crm.policy.case.import"
    _description = "Case of an Old Register"
    _inherit = ["crm.policy.case.import.check"]

    policy_imported_at = fields.Datetime(
        string="Imported At", readonly=True, copy=False, index="btree_not_null"
    )
    policy_import_ref = fields.Char(
        string="Key in the Old Register", readonly=True, copy=False, help="As it was called there."
    )
    policy_grandfathered = fields.Boolean(
        string="Ended before the Policy",
        readonly=True,
        copy=False,
        help="It had ended before its policy took effect: no clock runs for it.",
    )

    _policy_import_ref_uniq = models.UniqueIndex(
        "(company_id, policy_import_ref) WHERE policy_import_ref IS NOT NULL",
        "A case of the old register is imported once.",
    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_imported_at",
            "policy_import_ref",
            "policy_grandfathered",
        }

    @api.model
    def _policy_running_domain(self):
        # Once it is taken up again it is a case of today.
        bound = Domain("policy_grandfathered", "=", False) | Domain("policy_cycle", ">", 0)
        return super()._policy_running_domain() & bound

    def _policy_take_in(self, moment):
        """Leave imported cases as they came: their intake may be unknown."""
        return super(
            CrmPolicyCaseImport, self.filtered(lambda case: not case.policy_imported_at)
        )._policy_take_in(moment)

    def _policy_reopen(self, reason):
        """Let a case whose beginning is unknown begin with its reopening: it goes on from there."""
        result = super()._policy_reopen(reason)
        for case in self.filtered("policy_imported_at"):
            names = [name for name in BEGINNING if not case[name]]
            if names:
                moment = case.policy_reopened_at
                case._policy_guarded_write(dict.fromkeys(names, moment))
                payload = {fact_order.short(name): str(moment) for name in names}
                self.env["crm.policy.event"]._policy_log(
                    "case.taken_in", case, payload, clause=case.policy_version_id
                )
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _policy_import_cases(self, rows):
        """Create the cases of an old register; all of them or none.

        The caller has checked the person. Each case keeps its author as ``create_uid``, is stamped
        with the version in force today, gets one event ``case.imported`` (the instants of its facts
        in the payload) and one note. Counters go on behind the imported numbers. A clock that is
        overdue already is marked as found, so that nobody is alarmed by what he knew.

        :param list[dict] rows: of

            - ``vals``: create values of the ticket, none of them guarded; ``policy_kind`` and
              ``name`` at least; the company is ``company_id`` or the current one,
            - ``facts``: {name of a fact: naive UTC datetime},
            - ``number``: case number, or None,
            - ``texts``: {one of TEXTS: value},
            - ``outcome``: code of the outcome, or None; a closed case has one,
            - ``author_id``: id of the user who recorded it, archived ones too, or None,
            - ``source_ref``: the key of the case in the old system, or None,
            - ``remedies``: list of {"kind", "amount", "note"}; as granted once it was decided,
            - ``place``: number of the row for the words of a refusal, or None.
        :return: the cases, in the order of ``rows``.
        :raises ValidationError: every problem, with the number of its row (from 1).
        """
        rows = [self._policy_import_row(row) for row in rows]
        problems = self._policy_import_problems(rows)
        if problems:
            raise ValidationError("\n".join(self._policy_import_words(rows, problems)))
        now = fields.Datetime.now()
        versions = self._policy_import_versions(rows)
        vals_list = [
            self._policy_import_vals(row, version, now)
            for row, version in zip(rows, versions, strict=True)
        ]
        # Thousands of "created" messages and followers would be noise; the note below says it all.
        silent = self.sudo().with_context(tracking_disable=True)
        self._policy_default_source(vals_list)
        cases = silent._policy_guarded_create(vals_list)
        cases._policy_import_authors(rows)
        self.env["crm.policy.deadline"]._policy_accept_overdue(cases)
        self._policy_import_remedies(cases, rows)
        self._policy_import_count_on(rows)
        self._policy_import_tell(cases, rows)
        return cases.with_env(self.env)

    @api.model
    def _policy_import_vals(self, row, version, now):
        """Return the create values of a case, its facts and everything guarded among them."""
        facts = {}
        for name, moment in row["facts"].items():
            facts |= self.browse()._policy_fact_vals(name, moment)
        vals = {
            "description": plaintext2html(row["vals"]["name"]),
            **row["vals"],
            **row["texts"],
            **facts,
            "policy_outcome": row["outcome"],
            "policy_version_id": version.id,
            "policy_imported_at": now,
            "policy_import_ref": row["source_ref"],
            "policy_grandfathered": self._policy_import_is_past(row, version),
        }
        if row["number"]:
            # Whoever knows the case knows it by this number: helpdesk shows no second one.
            vals |= {"policy_number": row["number"], "number": row["number"]}
        return vals

    @api.model
    def _policy_import_is_past(self, row, version):
        """Return whether the case had ended when the version took effect."""
        if not version or not self._policy_import_is_finished(row) or not row["facts"]:
            return False
        ended = row["facts"].get("policy_closed_at") or max(row["facts"].values())
        company = self.env["res.company"].browse(row["vals"]["company_id"])
        return ended < day_start(version.effective_from, company_zone(company))

    def _policy_import_authors(self, rows):
        """Enter those who recorded the cases as their authors; one statement."""
        pairs = [
            SQL("(%s, %s)", case.id, row["author_id"])
            for case, row in zip(self, rows, strict=True)
            if row["author_id"]
        ]
        if not pairs:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s AS ticket SET create_uid = author.user_id
                  FROM (VALUES %s) AS author (id, user_id)
                 WHERE ticket.id = author.id
                """,
                SQL.identifier(self._table),
                SQL(", ").join(pairs),
            )
        )
        self.invalidate_recordset(["create_uid"])

    @api.model
    def _policy_import_remedies(self, cases, rows):
        """Enter the remedies; what was decided in the old register needs no approval here."""
        vals_list = []
        for case, row in zip(cases, rows, strict=True):
            granted = {"policy_decided_at", "policy_settled_at", "policy_closed_at"}
            state = "approved" if granted & row["facts"].keys() else "none"
            vals_list += [
                {
                    "ticket_id": case.id,
                    "kind": remedy["kind"],
                    "amount": remedy.get("amount") or 0.0,
                    "note": remedy.get("note") or False,
                    "policy_approval_state": state,
                }
                for remedy in row["remedies"]
            ]
        self.env["crm.policy.remedy"].sudo()._policy_import(vals_list)

    @api.model
    def _policy_import_count_on(self, rows):
        """Let the counters go on behind the imported numbers (CMP-NUM-01, -02)."""
        by_company = {}
        for row in rows:
            if row["number"]:
                by_company.setdefault(row["vals"]["company_id"], []).append(row)
        Counter = self.env["crm.policy.counter"]
        for company_id, numbered in by_company.items():
            schemes = self._policy_import_schemes(company_id)
            reached = {}
            for row in numbered:
                kind = self._policy_import_type(row)
                own = (kind.number_pattern, kind.number_reset) if kind else None
                for period, serial in numbering.counters_of(row["number"], own, schemes):
                    reached[period] = max(serial, reached.get(period, 0))
            Counter._policy_advance(self.env["res.company"].browse(company_id), reached)

    @api.model
    def _policy_import_schemes(self, company_id):
        """Return how the types of a company are numbered: (pattern, reset), each once."""
        types = (
            self.env["crm.policy.complaint.type"]
            .sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", company_id)])
        )
        return sorted({(kind.number_pattern, kind.number_reset) for kind in types})

    @api.model
    def _policy_import_tell(self, cases, rows):
        """Write the event and the note of each case."""
        payloads, bodies = {}, {}
        authors = self.env["res.users"].sudo().browse({row["author_id"] for row in rows} - {None})
        names = {author.id: author.name for author in authors}
        for case, row in zip(cases, rows, strict=True):
            missing = self._policy_import_missing(row)
            payload = {
                "number": row["number"],
                "source_ref": row["source_ref"],
                "outcome": row["outcome"],
                "author": row["author_id"],
                "facts": {fact_order.short(name): str(at) for name, at in row["facts"].items()},
                "missing": [fact_order.short(name) for name in missing],
                "before_policy": case.policy_grandfathered,
            }
            payloads[case.id] = {name: value for name, value in payload.items() if value}
            told = self.with_context(lang=case.company_id.partner_id.lang)
            bodies[case.id] = " ".join(told._policy_import_note(row, names, missing))
        for version, group in cases.grouped("policy_version_id").items():
            self.env["crm.policy.event"]._policy_log(
                "case.imported", group, payloads=payloads, clause=version
            )
        cases.with_env(self.env).sudo()._message_log_batch(bodies=bodies)

    @api.model
    def _policy_import_note(self, row, names, missing):
        """Yield the sentences of the note: where it comes from, who wrote it, what is unknown."""
        key = row["number"] or row["source_ref"]
        if key:
            yield self.env._("Imported from the old register: %(key)s.", key=key)
        else:
            yield self.env._("Imported from the old register.")
        if row["author_id"]:
            yield self.env._("Recorded there by %(author)s.", author=names[row["author_id"]])
        if missing:
            labels = list_words(self.env, list(map(self._policy_label, missing)))
            yield self.env._("Not known: %(facts)s.", facts=labels)
