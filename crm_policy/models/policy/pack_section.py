from odoo import api, models
from odoo.exceptions import ValidationError

from ...tools import pack


class CrmPolicyPackSection(models.AbstractModel):
    """A model whose records a policy pack brings along in a section of its own.

    The pack loader finds these models in the registry, so that rooms above the policy room can be
    filled by it without being known to it.
    """

    _name = "crm.policy.pack.section"
    _description = "Section of a Policy Pack"

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
        """
        vals_list, translations = [], []
        names = [key for key, (kind, _required) in self._pack_schema.items() if kind == "text"]
        for row in rows:
            row = {"name": row["code"], **row}
            texts = {name: pack.texts(row.pop(name)) for name in ("name", *names) if name in row}
            translations.append({name: others for name, (_text, others) in texts.items()})
            vals = {name: text for name, (text, _others) in texts.items() if name in self._fields}
            vals_list.append(vals | self._pack_prepare(version, row, clauses))
        records = self._pack_upsert(version, vals_list)
        for record, others in zip(records, translations, strict=True):
            for name in others:
                record._pack_translate(name, others[name])

    @api.model
    def _pack_prepare(self, version, row, clauses):
        """Return the create values of one row, without its name and other texts."""
        return dict(row, company_id=version.company_id.id)

    @api.model
    def _pack_upsert(self, version, vals_list):
        """Create the records, or find those that the company already has under the same code."""
        records = self.browse()
        for vals in vals_list:
            known = self.with_context(active_test=False).search(
                [("code", "=", vals["code"]), ("company_id", "=", vals["company_id"])], limit=1
            )
            records += known or self.create([vals])
        return records

    def _pack_translate(self, field_name, others):
        """Store the texts of the installed languages among ``others``."""
        for lang, text in others.items():
            if self.env["res.lang"]._lang_get(lang):
                self.with_context(lang=lang)[field_name] = text

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
