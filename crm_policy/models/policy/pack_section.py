from psycopg2 import DataError, IntegrityError

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools import pack

# What the values of a row can set off: the messages of our checks, those of the database, and of
# Python where a text is something that nobody thought of.
_BAD_ROW = (
    UserError,
    IntegrityError,
    DataError,
    ValueError,
    TypeError,
    LookupError,
    SyntaxError,
    ArithmeticError,
)


class CrmPolicyPackSection(models.AbstractModel):
    """A model whose records a policy pack brings along in a section of its own.

    The pack loader finds these models in the registry, so that rooms above the policy room can be
    filled by it without being known to it.
    """

    _name = "crm.policy.pack.section"
    _description = "Section of a Policy Pack"
    _inherit = ["crm.policy.pack.row"]

    # Name of the section in the YAML file; its fields as tools.pack.check() wants them; the order
    # in which sections are loaded, so that a row may name a row of an earlier section.
    _pack_section = None
    _pack_schema = {}
    _pack_sequence = 50
    _pack_needs_clause = False

    @api.model
    def _pack_models(self):
        """Return the models with a section, in loading order.

        :rtype: list[models.Model]
        """
        sections = [
            self.env[name]
            for name in self.env.registry.descendants(["crm.policy.pack.section"], "_inherit")
            if self.env.registry[name]._pack_section
        ]
        return sorted(sections, key=lambda model: (model._pack_sequence, model._name))

    @api.model
    def _pack_load(self, version, rows, clauses):
        """Create the rows of this section; a room overrides :meth:`_pack_prepare`, not this.

        :param version: draft ``crm.policy.version`` they belong to.
        :param list[dict] rows: rows checked against ``_pack_schema``.
        :param dict clauses: number -> ``crm.policy.clause``.
        :return: the rows as (code, record, new, values that the pack gives to a record that was
            there), and the problems, one sentence each with its place; with one of them nothing of
            the section is worth keeping.
        """
        if not rows:
            return [], []
        try:
            with self.env.cr.savepoint():
                return self._pack_load_rows(version, rows, clauses), []
        except AccessError:
            raise
        except _BAD_ROW:
            # Once more, one by one: each row with a mistake is named.
            return [], self._pack_find_problems(version, rows, clauses)

    @api.model
    def _pack_find_problems(self, version, rows, clauses):
        problems = []
        for number, row in enumerate(rows, start=1):
            try:
                with self.env.cr.savepoint():
                    self._pack_load_rows(version, [row], clauses)
            except AccessError:
                raise
            except _BAD_ROW as error:
                place = f"{self._pack_section}[{number}] ({row['code']})"
                words = str(error)
                if isinstance(error, IntegrityError):
                    words = self._sql_error_to_message(error)
                elif not isinstance(error, UserError):
                    words = self.env._("cannot be read: %(error)s", error=words.splitlines()[0])
                problems.append(f"{place}: {words}")
        if not problems:
            problems.append(self.env._("%s: the rows do not go together", self._pack_section))
        return problems

    @api.model
    def _pack_load_rows(self, version, rows, clauses):
        texts_of, vals_list, proposed = [], [], []
        names = [key for key, (kind, _required) in self._pack_schema.items() if kind == "text"]
        for row in rows:
            row = {"name": row["code"], **row}
            proposed.append(bool(row.pop("proposed", False)))
            texts = {name: pack.texts(row.pop(name)) for name in ("name", *names) if name in row}
            texts_of.append({key: texts[key] for key in texts if key in self._fields})
            vals = {name: text for name, (text, _others) in texts_of[-1].items()}
            vals_list.append(vals | self._pack_prepare(version, row, clauses))
        found = [self._pack_known(vals) for vals in vals_list]
        missing = [place for place, record in enumerate(found) if not record]
        english = self.with_context(lang="en_US")
        records = english._pack_upsert(version, [vals_list[place] for place in missing])
        records = records.with_env(self.env)
        for place, record in zip(missing, records, strict=True):
            for name, (_text, others) in texts_of[place].items():
                record._pack_translate(name, others)
        snapshots = records._pack_snapshots()
        for place, record in zip(missing, records, strict=True):
            names = self._pack_given(vals_list[place])
            record._policy_guarded_write(
                {
                    "pack_values": {name: snapshots[record.id][name] for name in names},
                    "is_proposed": proposed[place],
                }
            )
            found[place] = record
        self.env.flush_all()
        return [
            (row["code"], record, place in missing, None)
            if place in missing
            else (row["code"], record, False, self._pack_said(vals_list[place], texts_of[place]))
            for place, (row, record) in enumerate(zip(rows, found, strict=True))
        ]

    @api.model
    def _pack_said(self, vals, texts):
        """Return what a pack says of a record that is there already, as plain values."""
        names = self._pack_given(vals)
        [values] = self.new(vals)._pack_snapshots(names).values()
        for name, (text, others) in texts.items():
            values[name] = {"en_US": text, **others}
        return values

    @api.model
    def _pack_given(self, vals):
        """Return the compared fields whose values are the pack's: of shared records those in it."""
        return [name for name in self._pack_compared_fields() if name in vals]

    @api.model
    def _pack_prepare(self, version, row, clauses):
        """Return the create values of one row, without its name and other texts."""
        return dict(row, company_id=version.company_id.id)

    @api.model
    def _pack_upsert(self, version, vals_list):
        """Create the records that the company does not have yet."""
        return self.create(vals_list)

    @api.model
    def _pack_in_order(self, vals_list):
        """Return the values with a sequence: the order of the pack is that of the policy."""
        return [{"sequence": 10 * n, **vals} for n, vals in enumerate(vals_list, start=1)]

    @api.model
    def _pack_known(self, vals):
        """Return the record that the company has already under the code of these values.

        It stays as it is. It has no versions, and whoever changed it would change it for the
        version in force: what a later pack says of it is shown, and taken over by somebody who
        says so.
        """
        return self.with_context(active_test=False).search(
            [("code", "=", vals["code"]), ("company_id", "=", vals["company_id"])], limit=1
        )

    @api.model
    def _pack_reference(self, model_name, version, place, called, by="code"):
        """Return the record that a row calls by its code, or by another field.

        :raises ValidationError: the company has none; names the place in the pack and the code.
        """
        model = self.env[model_name]
        domain = [(by, "=", called)]
        if "company_id" in model._fields:
            domain.append(("company_id", "in", [version.company_id.id, False]))
        record = model.search(domain, limit=1)
        if not record:
            raise ValidationError(
                self.env._(
                    "Policy pack, %(place)s: there is no %(model)s %(code)s.",
                    place=place,
                    model=self.env["ir.model"]._get(model_name).name,
                    code=called,
                )
            )
        return record
