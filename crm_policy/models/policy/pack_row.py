from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import pack_merge

# What is not the row's own: its place, its trace, and what this model itself keeps.
_NOT_COMPARED = frozenset(
    {
        *models.MAGIC_COLUMNS,
        "company_id",
        "version_id",
        "policy_id",
        "active",
        "sequence",
        "parent_path",
        "pack_values",
        "is_proposed",
        "confirmed_at",
        "confirmed_by_id",
    }
)
# What a copy in a new version carries along, and nobody changes by hand.
_MARKS = frozenset({"is_proposed", "pack_values"})
_NOTHING = (None, False, "", 0)

_NUMBERS = ("float", "integer", "monetary")


class Number(NamedTuple):
    """A number that a row fixes.

    :ivar str path: the field, or "steps.2.amount" for that of its second line.
    :ivar str label: what people call it.
    :ivar str unit: in words; empty where the label says it.
    :ivar value: int or float.
    :ivar bool whole: no fractions.
    """

    path: str
    label: str
    unit: str
    value: float
    whole: bool


def _name_of(record):
    """Return what names a record in any database: its code, its clause number, its name."""
    for name in ("code", "number"):
        if record._fields.get(name) and record[name]:
            return record[name]
    return record.display_name


def _plain(record, field):
    """Return the value of one field as JSON keeps it."""
    value = record[field.name]
    if field.type == "many2one":
        return _name_of(value) if value else None
    if field.type == "many2many":
        return sorted(map(_name_of, value))
    if field.type == "one2many":
        names = [name for name in _own_fields(value) if name != field.inverse_name]
        return [{name: _plain(line, line._fields[name]) for name in names} for line in value]
    if field.type in ("float", "monetary"):
        return round(value, 6)
    if field.type in ("boolean", "integer"):
        return value
    return str(value) if value else None


def _own_fields(model):
    """Return the names of the fields that make up what a record says."""
    return [
        name
        for name, field in model._fields.items()
        if name not in _NOT_COMPARED
        and field.store
        and not field.related
        and not field.compute
        and field.type not in ("binary", "many2one_reference", "json")
        and (field.type not in ("one2many", "many2many") or field.copy)
    ]


def _words(model, name, value):
    """Return a plain value of a field as people read it."""
    field = model._fields[name]
    if isinstance(value, dict):
        lang = model.env.lang or "en_US"
        value = value.get(lang) or value.get("en_US") or next(iter(value.values()), "")
    if field.type == "selection":
        return dict(field._description_selection(model.env)).get(value, value or "")
    if field.type == "boolean":
        return model.env._("yes") if value else model.env._("no")
    if field.type == "one2many":
        lines = model.env[field.comodel_name]
        return "; ".join(
            " ".join(_words(lines, key, item) for key, item in line.items() if item not in _NOTHING)
            for line in value or []
        )
    if field.type == "many2many":
        return ", ".join(value or [])
    if isinstance(value, int | float):
        return f"{value:g}"
    return value or ""


def _numbers_of(record, names):
    """Return the numbers among some fields of a record; what is neither needed nor said is none."""
    labels = record.fields_get(names, ["string"])
    numbers = []
    for name in names:
        field, value = record._fields[name], record[name]
        said = value or (field.required and not (name == "duration" and record["unit"] == "given"))
        if field.type not in _NUMBERS or not said or name not in labels:
            continue
        numbers.append(
            Number(name, labels[name]["string"], _unit_of(record, field), value,
                   field.type == "integer")
        )  # fmt: skip
    return numbers


def _unit_of(record, field):
    if field.type == "monetary":
        return record[field.get_currency_field(record)].name or ""
    if field.name == "duration" and "unit" in record:
        return dict(record._fields["unit"]._description_selection(record.env))[record["unit"]]
    return ""


class CrmPolicyPackRow(models.AbstractModel):
    """A record that a policy pack has brought: what the pack said stays beside what we made of it.

    So an upgrade knows which values the company has changed, and which are only proposed.
    """

    _name = "crm.policy.pack.row"
    _description = "Row of a Policy Pack"
    _inherit = ["crm.policy.guarded"]

    # The field that names the row within its section, the same in all versions of the pack.
    _pack_key = "code"

    pack_values = fields.Json(
        string="Values of the Pack", readonly=True, help="Empty: it did not come from a pack."
    )
    policy_changed_by_company = fields.Boolean(
        string="Changed by Us",
        compute="_compute_policy_changed_by_company",
        help="It differs from the policy pack that brought it. An upgrade leaves it as it is.",
    )
    is_proposed = fields.Boolean(
        string="Proposed",
        readonly=True,
        help="The sources of the policy do not fix this value: somebody has to confirm it.",
    )
    confirmed_at = fields.Datetime(readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    is_unconfirmed = fields.Boolean(
        string="To Confirm", compute="_compute_is_unconfirmed", search="_search_is_unconfirmed"
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: ["pack_values", *self._pack_compared_fields()])
    def _compute_policy_changed_by_company(self):
        snapshots = self._pack_snapshots()
        for row in self:
            was, now = row.pack_values, snapshots.get(row.id, {})
            row.policy_changed_by_company = bool(was) and any(
                name in now and not pack_merge.same(value, now[name]) for name, value in was.items()
            )

    @api.depends("is_proposed", "confirmed_at")
    def _compute_is_unconfirmed(self):
        for row in self:
            row.is_unconfirmed = row.is_proposed and not row.confirmed_at

    def _search_is_unconfirmed(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("is_proposed", "=", True), ("confirmed_at", "=", False)]

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"confirmed_at", "confirmed_by_id"}

    def write(self, vals):
        self._policy_refuse_guarded(vals, _MARKS)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _pack_compared_fields(self):
        """Return the names of the fields that make up what a row says."""
        return [name for name in _own_fields(self) if name != self._pack_key]

    def _pack_snapshots(self, names=None):
        """Return {id: {field: plain value}} of these rows, as :mod:`tools.pack_merge` wants them.

        One query for the translations, whatever the number of rows.

        :param names: fields to look at; all of :meth:`_pack_compared_fields` by default.
        """
        names = self._pack_compared_fields() if names is None else names
        rows = self.sudo().with_context(lang="en_US", active_test=False)
        translated = [name for name in names if self._fields[name].translate]
        texts = rows._pack_texts(translated)
        return {
            row.id: {
                name: texts.get(row.id, {}).get(name)
                if name in translated
                else _plain(row, self._fields[name])
                for name in names
            }
            for row in rows
        }

    def _pack_texts(self, names):
        """Return {id: {field: {language: text}}} of translated fields."""
        ids = [row_id for row_id in self._ids if isinstance(row_id, int)]
        if not names or not ids:
            return {}
        self.flush_recordset(names)
        columns = SQL(", ").join(SQL.identifier(name) for name in names)
        rows = self.env.execute_query(
            SQL("SELECT id, %s FROM %s WHERE id IN %s", columns, SQL.identifier(self._table),
                tuple(ids))
        )  # fmt: skip
        return {row_id: dict(zip(names, values, strict=True)) for row_id, *values in rows}

    @api.model
    def _pack_words(self, name, value):
        """Return a plain value of a field as people read it, in the user's language."""
        return _words(self, name, value)

    def _pack_translate(self, field_name, others):
        """Store the texts of the installed languages among ``others``."""
        for lang, text in others.items():
            if self.env["res.lang"]._lang_get(lang):
                self.with_context(lang=lang)[field_name] = text

    def _pack_numbers(self):
        """Return the numbers that this row fixes.

        :rtype: list[Number]
        """
        self.ensure_one()
        numbers = _numbers_of(self, _own_fields(self))
        for name in _own_fields(self):
            field = self._fields[name]
            if field.type == "one2many":
                for place, line in enumerate(self[name], start=1):
                    own = [key for key in _own_fields(line) if key != field.inverse_name]
                    numbers += [
                        number._replace(
                            path=f"{name}.{place}.{number.path}",
                            label=f"{line.display_name}: {number.label}",
                        )
                        for number in _numbers_of(line, own)
                    ]
        return numbers

    def _pack_value_words(self):
        """Return the numbers of this row as people read them."""
        return "; ".join(
            " ".join(filter(None, (number.label, f"{number.value:g}", number.unit)))
            for number in self._pack_numbers()
        )
