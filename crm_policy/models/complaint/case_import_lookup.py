from odoo import api, models

from ...tools.cell_values import plain


class CrmPolicyCaseImportLookup(models.AbstractModel):
    """Finds the customers, people, departments and types that an old register names.

    One query for each sort of name, whatever the number of rows. It looks as superuser, and only
    among what the company has or shares.
    """

    _name = "crm.policy.case.import.lookup"
    _description = "Names of an Old Register"

    @api.model
    def _policy_langs(self):
        """Return the languages in which labels are understood."""
        installed = self.env["res.lang"]._get_data
        langs = ["en_US", "zh_CN", self.env.lang or "en_US"]
        return [lang for lang in dict.fromkeys(langs) if lang == "en_US" or installed(code=lang)]

    @api.model
    def _policy_label_codes(self, model_name, field_name):
        """Return {label in any understood language, or code: code} of a selection."""
        field = self.env[model_name]._fields[field_name]
        codes = {}
        for lang in self._policy_langs():
            env = self.with_context(lang=lang).env
            for code, label in field._description_selection(env):
                codes |= {self._policy_name_key(code): code, self._policy_name_key(label): code}
        return codes

    @api.model
    def _policy_name_key(self, text):
        return plain(text).casefold()

    @api.model
    def _policy_types(self, company):
        """Return {code or name: id} of the complaint types in use."""
        found = {}
        for lang in self._policy_langs():
            types = self.env["crm.policy.complaint.type"].sudo().with_context(lang=lang)
            for kind in types.search([("company_id", "=", company.id)]):
                found |= {self._policy_name_key(kind.code): kind.id}
                found |= {self._policy_name_key(kind.name): kind.id}
        return found

    @api.model
    def _policy_departments(self, company):
        """Return {name: ids} of the departments of a company and the shared ones."""
        departments = self.env["hr.department"].sudo().search(
            [("company_id", "in", [company.id, False])]
        )  # fmt: skip
        found = {}
        for department in departments:
            found.setdefault(department.name, []).append(department.id)
        return found

    @api.model
    def _policy_people(self, names, company):
        """Return {login, e-mail or name: users}; whoever has left is among them.

        A login is meant before an e-mail address, and that before a name.
        """
        names = {name for name in names if name}
        lowered = {name.lower() for name in names}
        users = self.env["res.users"].sudo().with_context(active_test=False).search(
            [
                ("share", "=", False),
                ("company_ids", "in", company.ids),
                "|", "|",
                ("login", "in", list(names | lowered)),
                ("partner_id.email_normalized", "in", list(lowered)),
                ("partner_id.name", "in", list(names)),
            ]
        )  # fmt: skip
        ways = (
            lambda user, name: user.login.lower() == name.lower(),
            lambda user, name: (user.partner_id.email_normalized or "") == name.lower(),
            lambda user, name: user.name == name,
        )
        found = {}
        for name in names:
            matches = users.browse()
            for way in ways:
                matches = users.filtered(lambda user, name=name, way=way: way(user, name))
                if matches:
                    break
            # Two of one name, one of whom has left: who is here is meant no more than who was.
            found[name] = matches
        return found

    @api.model
    def _policy_customers(self, pairs, company):
        """Return {(code, name): customers}: by reference or tax number, else by the exact name.

        :param pairs: (code, name), each may be "".
        """
        codes = {code for code, _name in pairs if code}
        names = {name for code, name in pairs if name and not code}
        partners = self.env["res.partner"].sudo().with_context(active_test=False).search(
            [
                ("company_id", "in", [company.id, False]),
                "|", "|", "|",
                ("ref", "in", list(codes)),
                ("vat", "in", list(codes)),
                ("name", "in", list(names)),
                ("complete_name", "in", list(names)),
            ]
        )  # fmt: skip
        index = {}
        for partner in partners:
            for key in {("code", partner.ref), ("code", partner.vat), ("name", partner.name),
                        ("name", partner.complete_name)}:  # fmt: skip
                index.setdefault(key, []).append(partner.id)
        found = {}
        for code, name in pairs:
            matches = partners.browse(index.get(("code", code) if code else ("name", name), ()))
            found[code, name] = self._policy_likeliest(matches)
        return found

    @api.model
    def _policy_likeliest(self, partners):
        """Return those in use before archived ones, and companies before their contacts."""
        for narrower in (
            lambda partner: partner.active,
            lambda partner: not partner.parent_id,
        ):
            partners = partners.filtered(narrower) or partners
        return partners
