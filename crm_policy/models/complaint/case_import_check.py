from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import COURSE_ORDER, ENDED_OUTCOMES, FACT_ORDER, OUTCOMES, REMEDIES
from ...tools import fact_order
from ...tools.amounts import is_plausible
from ...words import list_words
from .case_sight import HANDLERS
from .complaint_fields import MEASURES, STEP_TEXTS

# What people wrote down in the old register and nobody may write afterwards, plus the solution.
TEXTS = frozenset({*STEP_TEXTS, "policy_solution"})


class CrmPolicyCaseImportCheck(models.AbstractModel):
    """What keeps a row of an old register from being imported, in sentences; nothing is written.

    The same is refused as step by step, but for the limit of back-dating: what happened before the
    import cannot be recorded in time. ``crm.policy.case.import`` builds on this.
    """

    _name = "crm.policy.case.import.check"
    _description = "Checks of an Old Register"

    # === WHAT A ROW IS === #

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
            "remedies": list(row.get("remedies") or ()),
            "place": row.get("place"),
        }

    @api.model
    def _policy_import_versions(self, rows):
        """Return the version in force for each row, empty where there is none."""
        Default = self.env["crm.policy.default"]
        companies = self.env["res.company"]
        versions = []
        for row in rows:
            vals = row["vals"]
            kind = self._policy_import_type(row)
            policy = kind.policy_id or Default._policy_for(
                vals["policy_kind"], companies.browse(vals["company_id"])
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
    def _policy_import_missing(self, row):
        """Return the facts that the order of the kind asks for before those that are there."""
        order = self._policy_import_order(row["vals"]["policy_kind"])
        return fact_order.missing(order, row["facts"])

    @api.model
    def _policy_import_order(self, kind):
        """Return the order of an old register: that of no policy, but any fact of one may be there.

        :rtype: dict
        """
        order = FACT_ORDER.get(kind, {})
        return order | COURSE_ORDER if "policy_decided_at" in order else order

    # === WHAT IS REFUSED === #

    @api.model
    def _policy_import_words(self, rows, problems):
        """Return one line per problem, with the number and the key of its row."""
        for index, found in sorted(problems.items()):
            row = rows[index]
            for _field, sentence in found:
                yield self.env._(
                    "Row %(row)s (%(key)s): %(problem)s",
                    row=row["place"] or index + 1,
                    key=row["number"] or row["source_ref"] or "-",
                    problem=sentence,
                )

    @api.model
    def _policy_import_problems(self, rows):
        """Return what keeps rows from being imported.

        :param list[dict] rows: as :meth:`_policy_import_row` returns them.
        :return: {index of the row: [(name of the field or None, sentence)]}; rows without problems
            are not in it.
        """
        problems = {}
        misplaced = self._policy_import_misplaced(rows)
        for index, row in enumerate(rows):
            found = [
                *misplaced[self._policy_import_class(row)],
                *self._policy_import_check_form(row),
            ]
            if not found:
                found = [
                    *self._policy_import_check_facts(row),
                    *self._policy_import_check_texts(row),
                    *self._policy_import_check_remedies(row),
                ]
            if found:
                problems[index] = found
        sound = [index for index in range(len(rows)) if index not in problems]
        for check in (
            self._policy_import_check_keys,
            self._policy_import_check_links,
            self._policy_import_check_policy,
        ):
            for index, name, sentence in check(rows, sound):
                problems.setdefault(index, []).append((name, sentence))
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
                field = "policy_kind" if kind not in FACT_ORDER else "policy_complaint_type_id"
                found[key].append((field, str(error.args[0])))
                continue
            case_type = self._policy_import_type(row)
            if case_type and (case_type.company_id.id != company_id or not case_type.active):
                sentence = self.env._(
                    "%(field)s: %(type)s is not in use in %(company)s.",
                    field=self._policy_label("policy_complaint_type_id"),
                    type=case_type.name,
                    company=self.env["res.company"].browse(company_id).name,
                )
                found[key].append(("policy_complaint_type_id", sentence))
        return found

    @api.model
    def _policy_import_check_form(self, row):
        """Yield what is wrong with the values themselves."""
        vals = row["vals"]
        guarded = self._policy_guarded_fields().intersection(vals)
        unknown = vals.keys() - self._fields.keys()
        if guarded or unknown:
            names = list_words(self.env, sorted(guarded | unknown))
            yield None, self.env._("%(fields)s: not a value of a new case.", fields=names)
            return
        for name in ("policy_kind", "name"):
            if not vals.get(name):
                yield name, self.env._("%(field)s is missing.", field=self._policy_label(name))
        for name in MEASURES:
            try:
                self._policy_check_measures([{name: vals.get(name)}])
            except ValidationError as error:
                yield name, str(error.args[0])
        quantity = vals.get("policy_quantity") or 0
        if quantity and (vals.get("policy_defective_quantity") or 0) > quantity:
            yield (
                "policy_defective_quantity",
                self.env._("The defective quantity exceeds the quantity delivered."),
            )

    @api.model
    def _policy_import_check_facts(self, row):
        """Yield what is wrong with the instants: their kind, their order, what is missing."""
        facts, order = row["facts"], self._policy_import_order(row["vals"]["policy_kind"])
        wrong = [
            (name, sentence)
            for name, moment in facts.items()
            if (sentence := self._policy_import_check_fact(name, moment, order))
        ]
        yield from wrong
        if wrong:
            return
        for earlier, later in fact_order.inversions(order, facts):
            yield (
                later,
                self.env._(
                    "%(later)s lies before %(earlier)s.",
                    later=self._policy_label(later),
                    earlier=self._policy_label(earlier),
                ),
            )
        yield from self._policy_import_check_end(row)

    @api.model
    def _policy_import_check_fact(self, name, moment, order):
        """Return what is wrong with one instant, or None."""
        if name not in self._policy_fact_fields():
            return self.env._("%(name)s is no fact of a case.", name=name)
        label = self._policy_label(name)
        if name not in {"policy_intake_at", *order}:
            return self.env._("%(fact)s has no place in a case of its kind.", fact=label)
        if not isinstance(moment, datetime) or moment.tzinfo:
            return self.env._("%(fact)s: %(value)s is no date and time.", fact=label, value=moment)
        if moment > fields.Datetime.now():
            return self.env._("%(fact)s: %(value)s lies in the future.", fact=label, value=moment)
        return None

    @api.model
    def _policy_import_check_end(self, row):
        """Yield why the case is neither well open nor well finished."""
        facts, outcome = row["facts"], row["outcome"]
        finished = self._policy_import_is_finished(row)
        if outcome and outcome not in dict(OUTCOMES):
            sentence = self.env._("There is no outcome %(outcome)s.", outcome=outcome)
            yield "policy_outcome", sentence
        elif facts.get("policy_closed_at") and not outcome:
            yield "policy_outcome", self.env._("It is closed: say its outcome.")
        elif outcome and not finished:
            label = self._policy_label("policy_closed_at")
            sentence = self.env._("It has an outcome, but %(fact)s is missing.", fact=label)
            yield "policy_closed_at", sentence
        if finished:
            if not facts:
                yield "policy_registered_at", self.env._("Not a single date is known.")
            return
        missing = self._policy_import_missing(row)
        if not facts.get("policy_intake_at") and "policy_intake_at" not in missing:
            missing = ["policy_intake_at", *missing]
        if missing:
            labels = list_words(self.env, list(map(self._policy_label, missing)))
            sentence = self.env._(
                "It is still open and goes on from here, so it needs: %(facts)s.", facts=labels
            )
            yield missing[0], sentence

    @api.model
    def _policy_import_check_texts(self, row):
        """Yield what is wrong with the texts of the steps, and what a step asks for."""
        texts, vals, facts = row["texts"], row["vals"], row["facts"]
        unknown = sorted(texts.keys() - TEXTS)
        if unknown:
            yield (
                None,
                self.env._("%(name)s is no text of a step.", name=list_words(self.env, unknown)),
            )
        score = texts.get("policy_callback_score")
        if score is not None and (isinstance(score, bool) or score not in range(1, 6)):
            sentence = self.env._(
                "Satisfaction is a whole number from 1 to 5, not %(score)s.", score=score
            )
            yield "policy_callback_score", sentence
        channel = texts.get("policy_reply_channel")
        if channel and channel not in self._fields["policy_reply_channel"].get_values(self.env):
            sentence = self.env._("There is no reply channel %(channel)s.", channel=channel)
            yield "policy_reply_channel", sentence
        if facts.get("policy_registered_at") and vals["policy_kind"] in ("complaint", "conflict"):
            names = ("policy_complaint_type_id", "partner_id")
            for name in names:
                if not vals.get(name):
                    label = self._policy_label(name)
                    yield (
                        name,
                        self.env._("It cannot be registered without: %(field)s.", field=label),
                    )
        if self._policy_import_is_finished(row):
            return
        if facts.get("policy_solution_at") and not texts.get("policy_solution"):
            label = self._policy_label("policy_solution")
            yield "policy_solution", self.env._("%(field)s is missing.", field=label)
        if texts.get("policy_recheck_user_id") and (
            texts["policy_recheck_user_id"] == vals.get("user_id")
        ):
            sentence = self.env._("It is re-checked by another person than its handler.")
            yield "policy_recheck_user_id", sentence

    @api.model
    def _policy_import_check_remedies(self, row):
        """Yield what is wrong with the remedies."""
        kinds = dict(REMEDIES)
        for remedy in row["remedies"]:
            kind, amount = remedy.get("kind"), remedy.get("amount") or 0.0
            if kind not in kinds:
                yield "policy_remedy_ids", self.env._("There is no remedy %(kind)s.", kind=kind)
            if not is_plausible(amount) or amount < 0:
                sentence = self.env._("An amount of %(amount)s cannot be meant.", amount=amount)
                yield "policy_remedy_ids", sentence

    @api.model
    def _policy_import_check_keys(self, rows, indices):
        """Yield (index, field, sentence) for numbers and keys that are used before or twice."""
        taken = self._policy_import_taken([rows[index] for index in indices])
        seen = {}
        for index in indices:
            row = rows[index]
            for what, field in (("number", "policy_number"), ("source_ref", "policy_import_ref")):
                key = (row["vals"]["company_id"], what, row[what])
                if not row[what]:
                    continue
                if key in taken:
                    sentence = self.env._(
                        "%(key)s is used already, by %(case)s.",
                        key=row[what],
                        case=taken[key].display_name,
                    )
                    yield index, field, sentence
                elif key in seen:
                    sentence = self.env._(
                        "%(key)s stands in row %(row)s already.", key=row[what], row=seen[key]
                    )
                    yield index, field, sentence
                seen.setdefault(key, row["place"] or index + 1)

    @api.model
    def _policy_import_taken(self, rows):
        """Return {(company id, "number" | "source_ref", key): the case that has it}."""
        numbers = [row["number"] for row in rows if row["number"]]
        refs = [row["source_ref"] for row in rows if row["source_ref"]]
        cases = self.sudo().with_context(active_test=False).search_fetch(
            [
                ("company_id", "in", list({row["vals"]["company_id"] for row in rows})),
                "|", "|",
                ("policy_number", "in", numbers),
                ("number", "in", numbers),
                ("policy_import_ref", "in", refs),
            ],
            ["company_id", "policy_number", "number", "policy_import_ref", "name"],
        )  # fmt: skip
        names = {"number": "number", "policy_number": "number", "policy_import_ref": "source_ref"}
        return {
            (case.company_id.id, what, case[name]): case
            for case in cases
            for name, what in names.items()
            if case[name]
        }

    @api.model
    def _policy_import_check_links(self, rows, indices):
        """Yield (index, field, sentence) for customers and people of another company."""
        partners = self.env["res.partner"].sudo().browse(
            {rows[index]["vals"].get("partner_id") for index in indices} - {None, False}
        ).exists()  # fmt: skip
        companies = {partner.id: partner.company_id.id for partner in partners}
        for index in indices:
            vals = rows[index]["vals"]
            partner_id = vals.get("partner_id")
            if partner_id and companies.get(partner_id, -1) not in (False, vals["company_id"]):
                sentence = self.env._("The customer belongs to another company.")
                yield index, "partner_id", sentence
        handlers = self.env["res.users"].sudo().browse(
            {rows[index]["vals"].get("user_id") for index in indices} - {None, False}
        )  # fmt: skip
        posts = {user.id: user._is_superuser() or user.has_group(HANDLERS) for user in handlers}
        for index in indices:
            user_id = rows[index]["vals"].get("user_id")
            if user_id and not posts[user_id]:
                name = handlers.browse(user_id).name
                sentence = self.env._("%(name)s has no post in customer service.", name=name)
                yield index, "user_id", sentence

    @api.model
    def _policy_import_check_policy(self, rows, indices):
        """Yield (index, field, sentence) for kinds that no policy in force governs."""
        versions = self._policy_import_versions([rows[index] for index in indices])
        kinds = dict(self._fields["policy_kind"]._description_selection(self.env))
        for index, version in zip(indices, versions, strict=True):
            if not version:
                vals = rows[index]["vals"]
                sentence = self.env._(
                    "%(company)s has no policy in force for: %(kind)s.",
                    company=self.env["res.company"].browse(vals["company_id"]).name,
                    kind=kinds[vals["policy_kind"]],
                )
                yield index, "policy_kind", sentence
