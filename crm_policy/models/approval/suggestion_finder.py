import json
from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

from ...tools import rule_hints


class CrmPolicySuggestionFinder(models.AbstractModel):
    """What the texts of clauses suggest: from :mod:`rule_hints` to records."""

    _name = "crm.policy.suggestion.finder"
    _description = "Finder of Suggested Rules"

    @api.model
    def _policy_suggest(self, clauses):
        """Create the suggestions that the texts of ``clauses`` of a draft give.

        :return: the suggestions.
        """
        clauses.version_id._policy_check_draft()
        roles = self._policy_roles_by_name(clauses.company_id)
        vals_list = []
        for clause in clauses:
            hints = self._policy_find(clause, clause.parent_id, roles)
            vals_list += [
                {
                    "clause_id": clause.id,
                    "sequence": number,
                    **self._policy_hint_values(hint, roles),
                }
                for number, hint in enumerate(hints, start=1)
            ]
        found = self.sudo()._policy_guarded_create(vals_list).with_env(self.env)
        return found + found._policy_suggest_route()

    @api.model
    def _policy_find(self, clause, parent, roles):
        """Return what :func:`rule_hints.find` sees in a clause, a record or one just read."""
        lead = parent and parent.text or ""
        return rule_hints.find(clause.text or clause.name, list(roles), lead, clause.name)

    def _policy_suggest_route(self):
        """Suggest that the limits decide who signs where no general route is suggested."""
        limits = self.filtered(lambda hint: hint.kind == "limit")
        general = self.filtered(lambda hint: hint.kind == "route" and hint.any_subject)
        vals_list = []
        for version, found in limits.grouped("version_id").items():
            if version not in general.version_id:
                first = found[0]
                vals_list.append(
                    {
                        "clause_id": first.clause_id.id,
                        "sequence": 100,
                        "kind": "route",
                        "route_kind": "competent",
                        "any_subject": True,
                        "sentence": first.sentence,
                        "words": first.words,
                        "words_at": first.words_at,
                        "name": first.clause_id.name,
                        "note_codes": json.dumps(["competent"]),
                    }
                )
        return self.sudo()._policy_guarded_create(vals_list).with_env(self.env)

    @api.model
    def _policy_roles_by_name(self, company):
        """Return {name: role} of a company, in all languages; a name of two roles is none's."""
        roles = self.env["crm.policy.role"].search([("company_id", "in", company.ids)])
        by_name = defaultdict(set)
        for code, _label in self.env["res.lang"].get_installed():
            for role in roles.with_context(lang=code):
                by_name[role.name].add(role.id)
        return {
            name: self.env["crm.policy.role"].browse(ids)
            for name, ids in by_name.items()
            if len(ids) == 1
        }

    @api.model
    def _policy_hint_values(self, hint, roles):
        """Return the create values of what :mod:`rule_hints` found in a sentence."""
        values = hint.values
        role = values.get("role")
        vals = {
            "kind": hint.kind,
            "sentence": hint.sentence,
            "words": hint.words,
            "words_at": hint.span[0],
            "note_codes": json.dumps(list(dict.fromkeys(hint.notes))),
            "role_words": role,
            "role_id": roles[role].id if role in roles else False,
        }
        same = ("name", "duration", "unit", "count_from", "window", "subject", "any_subject",
                "max_amount", "unlimited", "own_cases")  # fmt: skip
        vals |= {name: values[name] for name in same if name in values}
        facts = {name for name, _label in self._selection_facts()}
        for name in ("start", "done"):
            if values.get(name) in facts:
                vals[f"{name}_path"] = values[name]
        if "domain" in values:
            vals["domain"] = repr(self._policy_sound_domain(values["domain"]))
        if "steps" in values:
            vals["step_ids"] = [
                Command.create(
                    {
                        "sequence": number,
                        "words": word,
                        "role_id": roles[word].id if word in roles else False,
                        "amount_from": amount,
                    }
                )
                for number, (word, amount) in enumerate(values["steps"], start=1)
            ]
        return vals

    @api.model
    def _policy_sound_domain(self, conditions):
        """Return those conditions whose field the governed model has."""
        model = self.env.get(self._policy_deadline_model or "")
        return [
            tuple(each) for each in conditions if model is not None and each[0] in model._fields
        ]
