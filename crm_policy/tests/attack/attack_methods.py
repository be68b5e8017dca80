"""Every public method of every model that holds evidence, called by everybody on everything.

What each may change, and for whom, stands in data/public_methods.csv. It is read by people: a
method that is not there fails, and so does one that obeys more people than the list says.
"""

import csv
from pathlib import Path

from odoo.tools import mute_logger

from . import surface
from .attack_common import INTERESTED, SCOPES

LIST = Path(__file__).parent.parent / "data" / "public_methods.csv"
NATURES = ("read", "checks", "refuses")
# Reading is tried by one who works here, one who governs, and all who stand outside.
READERS = ("specialist", "policy_admin", "system", "portal", "public", "stranger")
# Those who might reach another team's or company's documents, or should not by any means.
AFAR = ("specialist", "supervisor", "manager", "director", "policy_admin", "portal", "stranger")


def reviewed():
    """Return {(model, method): line} of the reviewed list."""
    with LIST.open(encoding="utf-8") as file:
        return {(line["model"], line["method"]): line for line in csv.DictReader(file)}


class MethodAttacks:
    def _methods(self):
        """Return {(model that introduces it, method): [models that have it]}."""
        found = {}
        for name in surface.evidence_models(self.env) + surface.guarded_models(self.env):
            for method, owner in surface.public_methods(self.env[name]).items():
                # The accounts of Odoo itself hold one guarded field; the rest is Odoo's.
                if owner != "res.users":
                    found.setdefault((owner, method), []).append(name)
        return found

    def test_every_public_method_has_been_reviewed(self):
        found, lines = set(self._methods()), reviewed()
        fresh = "\n".join(f"{model},{method},?" for model, method in sorted(found - set(lines)))
        self.assertFalse(
            fresh,
            f"Public methods that nobody has reviewed: RPC reaches them. Look at what each checks "
            f"and add a line to {LIST.name}:\n{fresh}",
        )
        gone = {key for key in set(lines) - found if key[0].startswith("crm.policy")}
        self.assertFalse(gone, f"{LIST.name} names methods that are gone")
        self.assertLessEqual({line["nature"] for line in lines.values()}, set(NATURES))

    def _people_for(self, name, nature):
        if nature == "read":
            return {who: self.people[who] for who in READERS}
        # Where nobody is asked to decide, these are managers like another one, or log in no more.
        asked = name in (*surface.approvable_models(self.env), "crm.policy.approval")
        return {who: user for who, user in self.people.items() if asked or who not in INTERESTED}

    def _who_changes(self, name, method, nature):
        """Return {scope: people whose call changed evidence}."""
        model = self.env[name]
        arguments = self._arguments(model, method)
        changed = {}
        on_model = self._is_model_method(model, method)
        for scope in SCOPES:
            changed[scope] = set()
            if scope != "own" and (on_model or nature == "read"):
                continue
            ids = self._ids(scope, name)
            targets = [()] if on_model else [([id_],) for id_ in ids]
            people = self._people_for(name, nature)
            if scope != "own" or nature == "read":
                targets = targets[:1]
            if scope != "own" or name == "helpdesk.ticket":
                people = {who: people[who] for who in people if who in AFAR}
            for who, user in people.items():
                # Who reads nothing of the model is told so at the first row.
                reads = model.with_user(user).has_access("read")
                for target in targets if reads else targets[:1]:
                    # A client says as well on which rows he stands.
                    context = {"active_model": name, "active_ids": [id_ for [id_] in target]}
                    _error, tables = self._shot(
                        user, name, method, *target, **arguments, context=context
                    )
                    if tables:
                        changed[scope].add(who)
        return changed

    @mute_logger("odoo.sql_db")
    def test_each_method_obeys_those_whom_the_list_names(self):
        lines, holes = reviewed(), []
        for (owner, method), names in sorted(self._methods().items()):
            if owner not in names:
                continue  # what Odoo introduces has its own attacks
            line = lines.get((owner, method))
            nature = line["nature"] if line else "checks"
            changed = self._who_changes(owner, method, nature)
            found = [" ".join(sorted(changed[scope])) for scope in SCOPES]
            expected = [line[scope.replace(" ", "_")] for scope in SCOPES] if line else None
            if found != expected:
                holes.append(",".join([owner, method, nature, *found]))
        self.assertFalse(
            holes,
            f"Whose call changes evidence (own, other team, other company), other than reviewed in "
            f"{LIST.name}:\n" + "\n".join(holes),
        )

    def test_what_only_reads_or_refuses_obeys_nobody(self):
        for key, line in reviewed().items():
            if line["nature"] != "checks":
                with self.subTest(key):
                    self.assertFalse(line["own"] + line["other_team"] + line["other_company"])
