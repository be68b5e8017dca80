from odoo import Command, api, models
from odoo.fields import Domain

from ...tools import pack_merge
from .pack_diff import DROPPED, OURS, OWN, REMOVED, THEIRS


class CrmPolicyPackMerger(models.AbstractModel):
    """Carry into a version that a pack has just made what the company wants to keep."""

    _name = "crm.policy.pack.merger"
    _description = "Upgrade of a Policy Pack"

    @api.model
    def _policy_merge(self, lines, version, base):
        """Do what the lines of the difference say; all of it in the draft, or at once where shared.

        :param list[dict] lines: of :meth:`crm.policy.pack.diff._policy_compare`.
        :param version: the draft that the pack has made.
        :param base: the version whose values are kept.
        """
        for line in lines:
            if line["shared"] and line["choice"] == THEIRS:
                self._policy_take_over(line)
        lines = [line for line in lines if not line["shared"]]
        self._policy_keep_rows(
            [line for line in lines if line["kind"] in (OWN, REMOVED) and line["choice"] == OURS],
            version,
        )
        for line in lines:
            if line["field"] and line["choice"] == OURS:
                self._policy_keep_value(line, version)
        self._policy_drop(
            [line for line in lines if line["kind"] == DROPPED and line["choice"] == OURS]
        )
        self._policy_carry_confirmations(version, base)

    @api.model
    def _policy_take_over(self, line):
        """Give a record without versions the value of the pack; it counts at once."""
        record, name, value = line["record"], line["field"], line["theirs"]
        field = record._fields[name]
        if field.translate:
            record.with_context(lang="en_US")[name] = value.get("en_US") or ""
            record._pack_translate(name, {k: v for k, v in value.items() if k != "en_US"})
        elif field.relational:
            record[name] = self._policy_resolve(field, value, record)
        else:
            record[name] = value or False
        [now] = record._pack_snapshots([name]).values()
        record._policy_guarded_write({"pack_values": {**(record.pack_values or {}), **now}})
        self.env["crm.policy.event"]._policy_log(
            "pack.taken_over", record, {"code": line["code"], "field": name}
        )

    @api.model
    def _policy_resolve(self, field, value, record):
        """Return the write value of a link that a pack names by its code."""
        comodel = self.env[field.comodel_name]
        if not value:
            return False
        domain = Domain.FALSE
        for name in ("code", "number", "name"):
            if name in comodel._fields:
                domain = Domain(name, "=", value)
                break
        if "company_id" in comodel._fields:
            domain &= Domain("company_id", "in", [record.company_id.id, False])
        found = comodel.search(domain, order="id desc", limit=1)
        return found.id

    @api.model
    def _policy_keep_value(self, line, version):
        """Write our value over the pack's in the draft."""
        ours, made, name = line["record"], line["made"], line["field"]
        field = made._fields[name]
        if field.translate:
            texts = line["ours"]
            made.with_context(lang="en_US")[name] = texts.get("en_US") or ""
            made._pack_translate(name, {k: v for k, v in texts.items() if k != "en_US"})
        elif field.type == "one2many":
            made[name] = [Command.clear(), *self._policy_copies(ours[name], field)]
        elif field.relational:
            linked = self._policy_in_version(ours[name], version)
            if len(linked) == len(ours[name]):
                made[name] = linked
        else:
            made[name] = ours[name]

    @api.model
    def _policy_in_version(self, records, version):
        """Return the records that stand in ``version`` for these; themselves without versions."""
        if "version_id" not in records._fields or not hasattr(records, "_pack_key"):
            return records
        key = records._pack_key
        return records.search(
            [("version_id", "=", version.id), (key, "in", records.mapped(key))], order="id"
        )

    @staticmethod
    def _policy_copies(lines, field):
        return [
            Command.create({key: value for key, value in vals.items() if key != field.inverse_name})
            for vals in lines.copy_data()
        ]

    @api.model
    def _policy_keep_rows(self, lines, version):
        """Copy our rows that the pack does not bring; their clauses first."""
        clauses = [line["record"] for line in lines if line["section"] == "clauses"]
        for line in lines:
            if line["section"] != "clauses":
                clauses.append(line["record"].clause_id)
        for clause in clauses:
            self._policy_keep_clause(clause, version)
        for line in lines:
            if line["section"] == "clauses":
                continue
            ours = line["record"]
            clause = self._policy_clause_of(ours.clause_id, version)
            links = {
                name: [Command.set(self._policy_in_version(ours[name], version).ids)]
                if ours._fields[name].type == "many2many"
                else self._policy_in_version(ours[name], version).id
                for name in ours._pack_compared_fields()
                if ours._fields[name].type in ("many2one", "many2many")
            }
            self._policy_copy_row(ours, {**links, "clause_id": clause.id, "code": ours.code})

    @api.model
    def _policy_keep_clause(self, clause, version):
        """Return our clause in the draft, copied with those above it where it is not there."""
        there = self._policy_clause_of(clause, version)
        if there or not clause:
            return there
        parent = self._policy_keep_clause(clause.parent_id, version)
        return self._policy_copy_row(
            clause, {"version_id": version.id, "number": clause.number, "parent_id": parent.id}
        )

    @api.model
    def _policy_copy_row(self, row, default):
        """Return a copy of a row, with its texts in all languages."""
        english = row.with_context(lang="en_US")
        [vals] = english.copy_data(default)
        copy = english.create([vals]).with_env(row.env)
        names = [name for name in row._pack_compared_fields() if row._fields[name].translate]
        for name, texts in row._pack_texts(names).get(row.id, {}).items():
            copy._pack_translate(
                name, {lang: text for lang, text in (texts or {}).items() if lang != "en_US"}
            )
        return copy

    @api.model
    def _policy_clause_of(self, clause, version):
        return self.env["crm.policy.clause"].search(
            [("version_id", "=", version.id), ("number", "=", clause.number)], limit=1
        )

    @api.model
    def _policy_drop(self, lines):
        """Take out what the company had deleted; a clause stays while something hangs on it."""
        clauses = self.env["crm.policy.clause"]
        for line in lines:
            if line["section"] == "clauses":
                clauses |= line["made"]
            else:
                line["made"].unlink()
        for clause in clauses.sorted("id", reverse=True):
            if not self._policy_hangs_on(clause):
                clause.unlink()

    @api.model
    def _policy_hangs_on(self, clause):
        """Return whether another record points at a clause."""
        for model_name in self.env.registry:
            model = self.env[model_name]
            if model._abstract or not model._auto or model._transient:
                continue
            names = [
                field.name
                for field in model._fields.values()
                if field.comodel_name == clause._name and field.type == "many2one" and field.store
            ]
            records = model.sudo().with_context(active_test=False)
            if any(records.search_count([(name, "=", clause.id)], limit=1) for name in names):
                return True
        return False

    @api.model
    def _policy_carry_confirmations(self, version, base):
        """What somebody has confirmed stays confirmed where the new version says the same."""
        for model in self.env["crm.policy.pack.section"]._pack_models():
            if "version_id" in model._fields:
                self._policy_carry_rows(model, version, base)
        self._policy_carry_rows(self.env["crm.policy.clause"], version, base)

    @api.model
    def _policy_carry_rows(self, model, version, base):
        confirmed = model.search([("version_id", "=", base.id), ("confirmed_at", "!=", False)])
        key = model._pack_key
        open_rows = model.search(
            [
                ("version_id", "=", version.id),
                (key, "in", confirmed.mapped(key)),
                ("is_proposed", "=", True),
            ]
        )
        before = {row[key]: row for row in confirmed}
        said, says = confirmed._pack_snapshots(), open_rows._pack_snapshots()
        for row in open_rows:
            former = before[row[key]]
            if all(
                pack_merge.same(value, says[row.id].get(name))
                for name, value in said[former.id].items()
            ):
                row._policy_guarded_write(
                    {
                        "confirmed_at": former.confirmed_at,
                        "confirmed_by_id": former.confirmed_by_id.id,
                    }
                )
