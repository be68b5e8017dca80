"""Reading what is not one's own: every reading method, every secret field, search as an oracle."""

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from . import surface
from .attack_methods import reviewed

# They answer the same whatever the rows hold: names of fields, views, rights.
OF_THE_MODEL = frozenset(
    {
        "check_access_rights", "check_access_rule", "check_field_access_rights", "default_get",
        "fields_get", "get_base_url", "get_empty_list_help", "get_external_id",
        "get_formview_action", "get_formview_id", "get_import_templates",
        "get_property_definition", "get_view",
        "get_views", "has_access", "is_transient", "mail_allowed_qweb_expressions",
        "mail_get_partner_fields", "onchange", "view_header_get",
    }
)  # fmt: skip
DIFFERENT = ("=", "!=", ">", "ilike", "in")


class ReadingAttacks:
    def _readers(self, model, ids):
        """Return {method: arguments} of all by which Odoo shows rows."""
        mine = [("id", "in", ids)]
        stored = [n for n, f in model._fields.items() if f.store and not f.groups and n != "id"]
        name = next((n for n in stored if model._fields[n].type in ("char", "selection")), "id")
        group = next(
            (n for n in stored if model._fields[n].type in ("many2one", "selection", "char")), name
        )
        spec = {name: {}, "display_name": {}}
        bar = {"field": group, "colors": {"x": "danger"}}
        return {
            "read": (ids, [name]),
            "web_read": (ids, spec),
            "search": (mine,),
            "search_count": (mine,),
            "search_read": (mine, [name]),
            "web_search_read": (mine, spec),
            "name_search": ("", mine),
            "web_name_search": ("", {"display_name": {}}, mine),
            "export_data": (ids, ["id", name]),
            "read_group": (mine, ["id:count_distinct"], [group]),
            "formatted_read_group": (mine, [group], ["__count"]),
            "formatted_read_grouping_sets": (mine, [[group]], ["__count"]),
            "web_read_group": (mine, [group], ["__count"]),
            "read_progress_bar": (mine, group, bar),
            "search_panel_select_range": (group,),
            "search_panel_select_multi_range": (group,),
            "get_metadata": (ids,),
            "copy_data": (ids,),
            "get_field_translations": (ids[:1], name),
            "hierarchy_read": (mine, {"display_name": {}}, group),
        }

    def test_every_reader_of_odoo_is_tried(self):
        listed = {
            method
            for (model, method), line in reviewed().items()
            if (model, line["nature"]) == ("base", "read")
        }
        tried = set(self._readers(self.env["crm.policy.event"], [1]))
        self.assertEqual(tried | OF_THE_MODEL, listed)
        self.assertFalse(tried & OF_THE_MODEL)

    def _shown(self, answer):
        """Return whether an answer tells of a row."""
        if isinstance(answer, list) and answer and isinstance(answer[0], dict):
            # Metadata of an id without a creator: what the caller has said himself.
            said = {"id": 0, "xmlid": False, "noupdate": False, "xmlids": []}
            answer = [each for each in answer if {**each, "id": 0} != said]
        if isinstance(answer, dict):
            if {"records", "length"} & set(answer):
                return bool(answer.get("records") or answer.get("length"))
            if "datas" in answer:
                return bool(answer["datas"])
            if "groups" in answer:
                return any(group.get("__count") for group in answer["groups"])
            return bool(answer)
        if isinstance(answer, tuple):  # of translations: what there is, and how
            return bool(answer[0])
        if isinstance(answer, list):
            return any(
                self._shown(each)
                if isinstance(each, list)
                else (each.get("__count", 1) if isinstance(each, dict) else each)
                for each in answer
            )
        return bool(answer)

    def _reads(self, user, name, method, *arguments, **more):
        """Return the answer, or None when it was refused."""
        try:
            with self.env.cr.savepoint(flush=False):
                return self._call(user, name, method, *arguments, **more)
        except Exception as error:
            self._refused(error, name, method, arguments, more)
            return None

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_who_stands_outside_reads_no_evidence(self):
        """The customer and the public none at all; another company's people none of ours."""
        for name in self._with_company():
            model = self.env[name]
            ids = self._ids("own", name)
            for who in ("portal", "public", "stranger"):
                for method, arguments in self._readers(model, ids).items():
                    if method.startswith("search_panel") and who == "stranger":
                        continue  # without a domain: of his own company
                    answer = self._reads(self.people[who], name, method, *arguments)
                    with self.subTest(name, method=method, who=who):
                        self.assertFalse(self._shown(answer), answer)

    def _with_company(self):
        """Return the models whose rows belong to a company, and that no customer's page shows."""
        names = surface.evidence_models(self.env) + surface.guarded_models(self.env)
        return [
            name
            for name in names
            if name.startswith("crm.policy") and "company_id" in self.env[name]._fields
        ]

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_the_companies_that_a_client_claims_open_nothing(self):
        stranger = self.people["stranger"]
        for name in self._with_company():
            ids = self._ids("own", name)
            for claimed in (self.company.ids, (self.company | self.elsewhere).ids, [], [None]):
                context = {"allowed_company_ids": claimed, "force_company": self.company.id}
                for method in ("read", "search", "search_read", "formatted_read_group"):
                    arguments = self._readers(self.env[name], ids)[method]
                    answer = self._reads(stranger, name, method, *arguments, context=context)
                    with self.subTest(name, method=method, claimed=claimed):
                        self.assertFalse(self._shown(answer), answer)

    def _hidden_from(self, name, user):
        """Return the rows that hang on documents which a user does not see."""
        rows = self.env[name].browse(self._ids("own", name) + self._ids("other team", name))
        pointer = rows._fields[rows._policy_document_field]
        context = {"allowed_company_ids": user.company_ids.ids}

        def is_hidden(row):
            target = row[pointer.name]
            if pointer.type != "many2one":
                target = self.env[row[pointer.model_field]].browse(target)
            target = target.with_user(user).with_context(**context)
            return not target._filtered_access("read")

        own = self.env[name].with_user(user)._policy_own_domain()
        hidden = rows.filtered(is_hidden)
        return hidden - hidden.filtered_domain(own)

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_evidence_of_a_case_is_hidden_with_its_case(self):
        tried = set()
        for name in surface.concrete(self.env, "crm.policy.dependent"):
            for who in ("specialist", "supervisor", "employee", "hr", "requester"):
                user = self.people[who]
                hidden = self._hidden_from(name, user)
                for method, arguments in self._readers(hidden, hidden.ids).items():
                    if not hidden or method.startswith("search_panel"):
                        continue
                    tried.add(name)
                    answer = self._reads(user, name, method, *arguments)
                    with self.subTest(name, method=method, who=who):
                        self.assertFalse(self._shown(answer), answer)
        self.assertGreaterEqual(tried, {"crm.policy.deadline", "crm.policy.remedy"})

    def test_no_right_reaches_evidence_of_a_hidden_case(self):
        """What was read in the same request is in the cache: no search stands before it."""
        tried = set()
        for name in surface.concrete(self.env, "crm.policy.dependent"):
            column = self.env[name]._rec_name or "id"
            for who in ("specialist", "employee", "requester", "stranger"):
                user = self.people[who]
                for row in self._hidden_from(name, user):
                    tried.add(name)
                    row.sudo().read([column])
                    mine = row.with_user(user).with_context(
                        allowed_company_ids=self.companies[user.id]
                    )
                    with self.subTest(name, who=who):
                        with self.assertRaises(AccessError):
                            mine.read([column])
                        for operation in ("read", "write", "unlink"):
                            self.assertFalse(mine.has_access(operation), operation)
        self.assertGreaterEqual(tried, {"crm.policy.deadline", "crm.policy.remedy"})

    def test_who_sees_a_case_of_others_changes_nothing_that_hangs_on_it(self):
        """A supervisor may write remedies, and reads this case because it was handed over."""
        who, remedy = self.people["supervisor"], self.rows["other team"]["crm.policy.remedy"][:1]
        self.env["crm.policy.case.access"]._policy_grant(remedy.ticket_id, who, "handover")
        remedy = remedy.with_user(who)
        self.assertTrue(remedy.has_access("read"))
        self.assertFalse(remedy.ticket_id.has_access("write"))
        self.assertTrue(remedy.browse().has_access("write"))
        for operation in ("write", "unlink"):
            self.assertFalse(remedy.has_access(operation), operation)

    # === SECRET FIELDS === #

    def _secrets(self):
        """Return [(model, field)] of fields of ours that only some groups may see."""
        found = []
        for name, model in self.env.registry.items():
            if model._abstract or not model._auto or model._transient:
                continue
            for field in model._fields.values():
                ours = name.startswith("crm.policy") or field.name.startswith("policy_")
                if ours and field.groups and field.groups != "base.group_user":
                    found.append((name, field.name))
        return sorted(found)

    def _guesses(self, row, field):
        """Return what is stored, and what is not."""
        value = row[field.name] if row else False
        if field.relational:
            return [value[:1].id or 1, 2**31 - 1]
        if field.type in ("integer", "float", "monetary"):
            return [value or 1, 987654]
        return [str(value), "nothing of the kind"]

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_a_secret_field_is_told_to_nobody_else_by_no_way(self):
        secrets, ours = self._secrets(), self.company.ids
        grade = self.env["crm.policy.grade"].search([("company_id", "=", self.company.id)], limit=1)
        customer = {"partner_id": self.partner.id, "company_id": self.company.id}
        self.env["crm.policy.customer"].create({**customer, "grade_id": grade.id})
        self.assertTrue(secrets)
        for name, field_name in secrets:
            model = self.env[name]
            field = model._fields[field_name]
            model = model.sudo().with_context(active_test=False, allowed_company_ids=ours)
            domain = [(field_name, "!=", False)] if field._description_searchable else []
            row = model.search(domain, limit=1) or model.search([], limit=1)
            for who in ("employee", "specialist", "portal", "public", "hr"):
                user = self.people[who]
                if user.has_groups(field.groups):
                    continue
                attempts = {
                    "read": (row.ids, [field_name]),
                    "web_read": (row.ids, {field_name: {}}),
                    "export_data": (row.ids, [field_name]),
                    "search_read": ([], [field_name]),
                    "formatted_read_group": ([], [field_name], ["__count"]),
                    "web_read_group": ([], [field_name], ["__count"]),
                    "read_progress_bar": (
                        [],
                        field_name,
                        {"field": field_name, "colors": {"x": 1}},
                    ),
                    "search_panel_select_range": (field_name,),
                    "search_panel_select_multi_range": (field_name,),
                }
                for method, arguments in attempts.items():
                    answer = self._reads(user, name, method, *arguments)
                    with self.subTest(name, field=field_name, method=method, who=who):
                        self.assertNotIn(field_name, str(answer or ""))
                for operator in DIFFERENT:
                    # The same answer whatever is asked: it tells nothing.
                    answers = {
                        str(
                            self._reads(
                                user,
                                name,
                                "search_count",
                                [(field_name, operator, [v] if operator == "in" else v)],
                            )
                        )
                        for v in self._guesses(row, field)
                    }
                    with self.subTest(name, field=field_name, operator=operator, who=who):
                        self.assertEqual(len(answers), 1, answers)
                orders = [
                    self._reads(user, name, "search", [], order=f"{field_name} {way}, id")
                    for way in ("asc", "desc")
                ]
                with self.subTest(name, field=field_name, order=True, who=who):
                    self.assertEqual(*orders)
