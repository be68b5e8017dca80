from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, plaintext2html

from ...const import ENDED_OUTCOMES, FACT_ORDER, OUTCOMES
from ...tools import fact_order, numbering
from ...tools.zones import company_zone, day_start

# What people wrote down in the old register and nobody may write afterwards, plus the solution.
TEXTS = frozenset(
    {
        "policy_response_text",
        "policy_solution",
        "policy_reply_text",
        "policy_reply_channel",
        "policy_callback_score",
        "policy_callback_text",
        "policy_recheck_user_id",
        "policy_recheck_text",
    }
)


class CrmPolicyCaseImport(models.AbstractModel):
    """Cases that an old register brings along, with the number, dates and author they had there.

    What an imported case says is what the old register said. An open one has to fit the order of
    its kind, because it goes on from there. A finished one may have gaps: what is not known stays
    empty, and its event and its note name it. A case that had ended before its policy took effect
    has no clocks: that policy did not bind it.
    """

    _name = "crm.policy.case.import"
    _description = "Case of an Old Register"
    _inherit = ["crm.policy.complaint.mixin"]

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
        return super()._policy_running_domain() & Domain("policy_grandfathered", "=", False)

    def _policy_take_in(self, moment):
        """Leave imported cases as they came: their intake may be unknown."""
        return super(
            CrmPolicyCaseImport, self.filtered(lambda case: not case.policy_imported_at)
        )._policy_take_in(moment)

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
            - ``source_ref``: the key of the case in the old system, or None.
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
        cases = silent._policy_guarded_create(vals_list)
        cases._policy_import_authors(rows)
        self.env["crm.policy.deadline"]._policy_accept_overdue(cases)
        self._policy_import_count_on(rows)
        self._policy_import_tell(cases, rows)
        return cases.with_env(self.env)

    @api.model
    def _policy_import_row(self, row):
        """Return a row with all its keys, its text trimmed and its instants without fractions."""
        facts = {}
        for name, value in (row.get("facts") or {}).items():
            if value:
                facts[name] = value.replace(microsecond=0) if isinstance(value, datetime) else value
        vals = dict(row["vals"])
        vals["company_id"] = vals.get("company_id") or self.env.company.id
        return {
            "vals": vals,
            "facts": facts,
            "number": (row.get("number") or "").strip() or None,
            "texts": {name: value for name, value in (row.get("texts") or {}).items() if value},
            "outcome": row.get("outcome") or None,
            "author_id": row.get("author_id") or None,
            "source_ref": (row.get("source_ref") or "").strip() or None,
        }

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
    def _policy_import_versions(self, rows):
        """Return the version in force for each row, empty where there is none."""
        Default = self.env["crm.policy.default"]
        kinds = {row["vals"]["policy_kind"] for row in rows}
        companies = self.env["res.company"].browse({row["vals"]["company_id"] for row in rows})
        defaults = {company.id: Default._policy_for(kinds, company) for company in companies}
        versions = []
        for row in rows:
            vals = row["vals"]
            kind = self._policy_import_type(row)
            policy = kind.policy_id or defaults[vals["company_id"]].get(
                vals["policy_kind"], self.env["crm.policy"].sudo()
            )
            versions.append(
                policy.current_version_id if policy.active_in_company
                else self.env["crm.policy.version"]
            )  # fmt: skip
        return versions

    @api.model
    def _policy_import_type(self, row):
        types = self.env["crm.policy.complaint.type"].sudo()
        return types.browse(row["vals"].get("policy_complaint_type_id") or ())

    @api.model
    def _policy_import_is_finished(self, row):
        return bool(row["facts"].get("policy_closed_at")) or row["outcome"] in ENDED_OUTCOMES

    @api.model
    def _policy_import_is_past(self, row, version):
        """Return whether the case had ended when the version took effect."""
        if not version or not self._policy_import_is_finished(row) or not row["facts"]:
            return False
        ended = row["facts"].get("policy_closed_at") or max(row["facts"].values())
        company = self.env["res.company"].browse(row["vals"]["company_id"])
        return ended < day_start(version.effective_from, company_zone(company))

    @api.model
    def _policy_import_missing(self, row):
        """Return the facts that the order of the kind asks for before those that are there."""
        order = FACT_ORDER[row["vals"]["policy_kind"]]
        return fact_order.missing(order, row["facts"])

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
            bodies[case.id] = " ".join(self._policy_import_note(row, names, missing))
        for version, group in cases.grouped("policy_version_id").items():
            self.env["crm.policy.event"]._policy_log(
                "case.imported", group.with_env(self.env), payloads=payloads, clause=version
            )
        cases.with_env(self.env)._message_log_batch(bodies=bodies)

    @api.model
    def _policy_import_note(self, row, names, missing):
        """Return the sentences of the note: where it comes from, who wrote it, what is not known."""
        key = row["number"] or row["source_ref"] or ""
        yield self.env._("Imported from the old register: %(key)s.", key=key)
        if row["author_id"]:
            yield self.env._("Recorded there by %(author)s.", author=names[row["author_id"]])
        if missing:
            labels = ", ".join(map(self._policy_label, missing))
            yield self.env._("Not known: %(facts)s.", facts=labels)

    # === BUSINESS METHODS - WHAT IS REFUSED === #

    @api.model
    def _policy_import_words(self, rows, problems):
        """Return one line per problem, with the number and the key of its row."""
        for place, sentences in sorted(problems.items()):
            key = rows[place]["number"] or rows[place]["source_ref"] or "-"
            for sentence in sentences:
                yield self.env._(
                    "Row %(row)s (%(key)s): %(problem)s", row=place + 1, key=key, problem=sentence
                )

    @api.model
    def _policy_import_problems(self, rows):
        """Return what keeps rows from being imported; nothing is written.

        The same is refused as step by step, but for the limit of back-dating: what happened before
        the import cannot be recorded in time.

        :param list[dict] rows: as :meth:`_policy_import_row` returns them.
        :return: {index of the row: [sentences]}; rows without problems are not in it.
        """
        problems = {}
        misplaced = self._policy_import_misplaced(rows)
        for place, row in enumerate(rows):
            found = misplaced[self._policy_import_class(row)]
            found = [*found, *self._policy_import_check_form(row)]
            if not found:
                found = [
                    *self._policy_import_check_facts(row),
                    *self._policy_import_check_texts(row),
                ]
            if found:
                problems[place] = found
        sound = [place for place in range(len(rows)) if place not in problems]
        for place, sentence in self._policy_import_check_known(rows, sound):
            problems.setdefault(place, []).append(sentence)
        return problems

    @api.model
    def _policy_import_class(self, row):
        vals = row["vals"]
        return vals["company_id"], vals.get("policy_kind"), vals.get("policy_complaint_type_id")

    @api.model
    def _policy_import_misplaced(self, rows):
        """Return {(company, kind, type): sentences}: rows of one class are judged once."""
        found = {}
        for row in rows:
            key = company_id, kind, type_id = self._policy_import_class(row)
            if key in found:
                continue
            found[key] = []
            try:
                self._policy_check_classification(
                    [{"policy_kind": kind, "policy_complaint_type_id": type_id}]
                )
            except ValidationError as error:
                found[key].append(str(error.args[0]))
                continue
            case_type = self._policy_import_type(row)
            if case_type and (case_type.company_id.id != company_id or not case_type.active):
                found[key].append(
                    self.env._(
                        "%(field)s: %(type)s is not in use in %(company)s.",
                        field=self._policy_label("policy_complaint_type_id"),
                        type=case_type.name,
                        company=self.env["res.company"].browse(company_id).name,
                    )
                )
        return found

    @api.model
    def _policy_import_check_form(self, row):
        """Yield what is wrong with the values themselves."""
        vals = row["vals"]
        guarded = self._policy_guarded_fields().intersection(vals)
        unknown = vals.keys() - self._fields.keys()
        if guarded or unknown:
            names = ", ".join(sorted(guarded | unknown))
            yield self.env._("%(fields)s: not a value of a new case.", fields=names)
            return
        for name in ("policy_kind", "name"):
            if not vals.get(name):
                yield self.env._("%(field)s is missing.", field=self._policy_label(name))
        try:
            self._policy_check_measures([vals])
        except ValidationError as error:
            yield str(error.args[0])
        if (vals.get("policy_quantity") or 0) < (vals.get("policy_defective_quantity") or 0) and (
            vals.get("policy_quantity")
        ):
            yield self.env._("The defective quantity exceeds the quantity delivered.")

    @api.model
    def _policy_import_check_facts(self, row):
        """Yield what is wrong with the instants: their kind, their order, what is missing."""
        facts, order = row["facts"], FACT_ORDER[row["vals"]["policy_kind"]]
        known = {"policy_intake_at", *order}
        now = fields.Datetime.now()
        for name, moment in facts.items():
            if name not in self._policy_fact_fields():
                yield self.env._("%(name)s is no fact of a case.", name=name)
            elif name not in known:
                yield self.env._(
                    "%(fact)s has no place in a case of its kind.", fact=self._policy_label(name)
                )
            elif not isinstance(moment, datetime) or moment.tzinfo:
                yield self.env._(
                    "%(fact)s: %(value)s is no date and time.",
                    fact=self._policy_label(name),
                    value=moment,
                )
            elif moment > now:
                yield self.env._(
                    "%(fact)s: %(value)s lies in the future.",
                    fact=self._policy_label(name),
                    value=moment,
                )
            else:
                continue
            return
        for earlier, later in fact_order.inversions(order, facts):
            yield self.env._(
                "%(later)s lies before %(earlier)s.",
                later=self._policy_label(later),
                earlier=self._policy_label(earlier),
            )
        yield from self._policy_import_check_end(row)

    @api.model
    def _policy_import_check_end(self, row):
        """Yield why the case is neither well open nor well finished."""
        facts, outcome = row["facts"], row["outcome"]
        if outcome and outcome not in dict(OUTCOMES):
            yield self.env._("There is no outcome %(outcome)s.", outcome=outcome)
        elif facts.get("policy_closed_at") and not outcome:
            yield self.env._("It is closed: say its outcome.")
        elif outcome and not self._policy_import_is_finished(row):
            yield self.env._("It has an outcome, but %(fact)s is missing.",
                             fact=self._policy_label("policy_closed_at"))  # fmt: skip
        if self._policy_import_is_finished(row):
            if not facts:
                yield self.env._("Not a single date is known.")
            return
        missing = self._policy_import_missing(row)
        if not facts.get("policy_intake_at"):
            missing = [
                "policy_intake_at",
                *(name for name in missing if name != "policy_intake_at"),
            ]
        if missing:
            yield self.env._(
                "It is still open and goes on from here, so it needs: %(facts)s.",
                facts=", ".join(map(self._policy_label, missing)),
            )

    @api.model
    def _policy_import_check_texts(self, row):
        """Yield what is wrong with the texts of the steps, and what a step asks for."""
        texts, vals, facts = row["texts"], row["vals"], row["facts"]
        unknown = sorted(texts.keys() - TEXTS)
        if unknown:
            yield self.env._("%(name)s is no text of a step.", name=", ".join(unknown))
        score = texts.get("policy_callback_score")
        if score is not None and (isinstance(score, bool) or score not in range(1, 6)):
            yield self.env._(
                "Satisfaction is a whole number from 1 to 5, not %(score)s.", score=score
            )
        channel = texts.get("policy_reply_channel")
        if channel and channel not in self._fields["policy_reply_channel"].get_values(self.env):
            yield self.env._("There is no reply channel %(channel)s.", channel=channel)
        if facts.get("policy_registered_at") and vals["policy_kind"] in ("complaint", "conflict"):
            names = ("policy_complaint_type_id", "partner_id")
            missing = [self._policy_label(name) for name in names if not vals.get(name)]
            if missing:
                yield self.env._(
                    "It cannot be registered without: %(fields)s.", fields=", ".join(missing)
                )
        if self._policy_import_is_finished(row):
            return
        if facts.get("policy_solution_at") and not texts.get("policy_solution"):
            yield self.env._("%(field)s is missing.", field=self._policy_label("policy_solution"))
        if texts.get("policy_recheck_user_id") and (
            texts["policy_recheck_user_id"] == vals.get("user_id")
        ):
            yield self.env._("It is re-checked by another person than its handler.")

    @api.model
    def _policy_import_check_known(self, rows, places):
        """Yield (index, sentence) for numbers and keys used before or twice, and missing policies."""
        companies = {rows[place]["vals"]["company_id"] for place in places}
        taken = self._policy_import_taken(rows, places)
        seen = {}
        for place in places:
            row = rows[place]
            for what in ("number", "source_ref"):
                key = (row["vals"]["company_id"], what, row[what])
                if not row[what]:
                    continue
                if key in taken:
                    yield (
                        place,
                        self.env._(
                            "%(key)s is used already, by %(case)s.", key=row[what], case=taken[key]
                        ),
                    )
                elif key in seen:
                    yield (
                        place,
                        self.env._(
                            "%(key)s stands in row %(row)s already.",
                            key=row[what],
                            row=seen[key] + 1,
                        ),
                    )
                seen.setdefault(key, place)
        versions = self._policy_import_versions([rows[place] for place in places])
        kinds = dict(self._fields["policy_kind"]._description_selection(self.env))
        names = {company.id: company.name for company in self.env["res.company"].browse(companies)}
        for place, version in zip(places, versions, strict=True):
            if not version:
                vals = rows[place]["vals"]
                yield (
                    place,
                    self.env._(
                        "%(company)s has no policy in force for: %(kind)s.",
                        company=names[vals["company_id"]],
                        kind=kinds[vals["policy_kind"]],
                    ),
                )

    @api.model
    def _policy_import_taken(self, rows, places):
        """Return {(company id, "number" | "source_ref", key): title of the case that has it}."""
        numbers = [rows[place]["number"] for place in places if rows[place]["number"]]
        refs = [rows[place]["source_ref"] for place in places if rows[place]["source_ref"]]
        companies = {rows[place]["vals"]["company_id"] for place in places}
        cases = (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [
                    ("company_id", "in", list(companies)),
                    "|", "|",
                    ("policy_number", "in", numbers),
                    ("number", "in", numbers),
                    ("policy_import_ref", "in", refs),
                ],
                ["company_id", "policy_number", "number", "policy_import_ref", "name"],
            )
        )  # fmt: skip
        taken = {}
        for case in cases:
            for what, name in (
                ("number", "number"),
                ("number", "policy_number"),
                ("source_ref", "policy_import_ref"),
            ):
                if case[name]:
                    taken[case.company_id.id, what, case[name]] = case.display_name
        return taken
