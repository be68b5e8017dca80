"""Forging evidence by Odoo's own doors: every writer, field by type and context, by all."""

import csv
from itertools import cycle
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from . import surface
from .attack_common import SCOPES
from .attack_methods import reviewed

GUARDED = Path(__file__).parent.parent / "data" / "guarded_fields.csv"
# Those whose rights reach furthest, one who works, and one who should see nothing.
FEW = ("specialist", "policy_admin", "system", "portal")
# Those who have documents and policies of their own to write.
WRITERS = ("specialist", "policy_admin")
# They have something to write, so they refuse aloud.
LOUD = ("create", "write", "unlink", "copy", "web_save", "web_save_multi")
# Where Odoo itself falls over another type.
ODD_CONTEXT = {"allowed_company_ids": ([1], []), "lang": ("zh_CN", "xx", True)}
SWITCHES = ("action_archive", "action_unarchive", "toggle_active")
ODD_IDS = ("1", -1, 2**31 - 1, 2**70, {"id": 1}, None, [1], "1; DROP TABLE crm_policy_event", 1.5)


class EvidenceAttacks:
    # === THE WRITERS OF ODOO === #

    def _writers(self, model, ids):
        """Return {method: arguments} of all that Odoo offers to write with."""
        name = model._rec_name or "company_id"
        values = {name: "x"}
        row = [str(ids[0]), "x"]
        return {
            "create": [([values],), ([{}],), (values,)],
            "write": [(ids, values), (ids, {})],
            "unlink": [(ids,)],
            "copy": [(ids,), (ids, values)],
            "load": [([".id", name], [row]), ([name], [["x"]])],
            "name_create": [("x",)],
            "web_save": [(ids, values, {}), ([], values, {})],
            "web_save_multi": [(ids, [values], {})],
            "web_resequence": [(ids, {}, name)],
            "update_field_translations": [(ids, name, {"en_US": "x"})],
            "web_override_translations": [(ids, {name: "x"})],
            "copy_translations": [(ids, ids)],
            "action_archive": [(ids,)],
            "action_unarchive": [(ids,)],
            "toggle_active": [(ids,)],
        }

    def _has_no(self, model, method):
        """Return whether Odoo has nothing to do by ``method`` on such rows, nor words to say so."""
        return method in SWITCHES and not model._active_name

    def test_every_writer_of_odoo_is_tried(self):
        listed = {
            method
            for (model, method), line in reviewed().items()
            if (model, line["nature"]) == ("base", "refuses")
        }
        self.assertEqual(set(self._writers(self.env["crm.policy.event"], [1])), listed)

    def _all_contexts(self):
        """Return a context with every key at once."""
        context = dict.fromkeys(surface.context_keys(), True)
        return context | {"lang": "en_US", "tz": "UTC", "allowed_company_ids": self.company.ids}

    @mute_logger("odoo.sql_db", "odoo.models")
    def test_no_writer_of_odoo_writes_evidence_whoever_calls_it(self):
        holes, context = [], self._all_contexts()
        for name in surface.evidence_models(self.env):
            ids = self._ids("own", name)[:1]
            for method, attempts in self._writers(self.env[name], ids).items():
                if self._has_no(self.env[name], method):
                    continue
                for who in self.people if method in ("create", "write", "unlink") else FEW:
                    # The other spellings of the same by one who has work to do.
                    for arguments in attempts if who == "specialist" else attempts[:1]:
                        error, changed = self._shot(
                            self.people[who], name, method, *arguments, context=context
                        )
                        if changed or (error is None and method in LOUD):
                            holes.append((name, method, who, arguments, changed))
        self.assertFalse(holes, "\n".join(map(str, holes)))

    def test_an_import_tells_that_it_wrote_nothing(self):
        for name in surface.evidence_models(self.env):
            ids = self._ids("own", name)[:1]
            for arguments in self._writers(self.env[name], ids)["load"]:
                for who in ("policy_admin", "system", "director"):
                    if not self.env[name].with_user(self.people[who]).has_access("read"):
                        continue
                    with self.subTest(name, who=who):
                        result = self._call(self.people[who], name, "load", *arguments)
                        self.assertFalse(result["ids"])
                        self.assertTrue(result["messages"])
        self.assertEqual(self._digests(), self.before)

    # === FIELD BY FIELD === #

    def test_no_field_has_lost_its_guard(self):
        """The attacks ask each model what it guards: this list says what that must be."""
        guards = {
            (name, field)
            for name in surface.guarded_models(self.env)
            for field in surface.guarded_names(self.env[name])
        }
        with GUARDED.open(encoding="utf-8") as file:
            listed = {tuple(row) for row in csv.reader(file)}
        ours = {(name, field) for name, field in listed if name in self.env}
        lost = sorted(ours - guards)
        self.assertFalse(lost, f"Anybody who may write the record may write these: {lost}")
        fresh = "\n".join(map(",".join, sorted(guards - listed)))
        self.assertFalse(fresh, f"Guarded, and not in {GUARDED.name}:\n{fresh}")

    def _taken(self, who, name, method, *arguments, **more):
        """Return what went wrong when somebody forged something, or None when it was refused."""
        error, changed = self._shot(self.people[who], name, method, *arguments, **more)
        if changed or error is None:
            return (name, method, who, arguments, more, changed)
        return None

    def _assert_refused(self, shots):
        holes = [str(hole) for hole in shots if hole]
        self.assertFalse(holes, "Taken:\n" + "\n".join(holes))

    @mute_logger("odoo.sql_db")
    def test_no_field_of_evidence_is_written_by_anybody(self):
        self._assert_refused(self._field_shots())

    def _field_shots(self):
        for name in surface.evidence_models(self.env):
            [id_] = self._ids("own", name)[:1]
            fields = self.env[name]._fields
            forged = {
                field_name: surface.forged_value(self.env, field, self.company)
                for field_name, field in fields.items()
                if field_name not in ("id", "display_name")
            }
            for who in self.people:
                yield self._taken(who, name, "write", [id_], forged)
            # All of them refuse all fields at once; each field alone is for one of them to try.
            types = set()
            for who, (field_name, value) in zip(cycle(FEW), forged.items(), strict=False):
                field = fields[field_name]
                yield self._taken(who, name, "write", [id_], {field_name: value})
                for odd in surface.odd_values(self.env, field) if field.type not in types else ():
                    yield self._taken("specialist", name, "write", [id_], {field_name: odd})
                types.add(field.type)

    @mute_logger("odoo.sql_db")
    def test_no_guarded_field_is_written_by_anybody(self):
        self._assert_refused(self._guarded_shots())

    def _guarded_shots(self):
        for name in surface.guarded_models(self.env):
            model = self.env[name]
            [id_] = self._ids("own", name)[:1]
            forged = {
                field_name: surface.forged_value(self.env, model._fields[field_name], self.company)
                for field_name in surface.guarded_names(model)
            }
            for who in self.people:
                yield self._taken(who, name, "write", [id_], forged)
            types = set()
            for who, (field_name, value) in zip(cycle(WRITERS), forged.items(), strict=False):
                vals, field = {field_name: value}, model._fields[field_name]
                yield self._taken(who, name, "write", [id_], vals)
                if name == "helpdesk.ticket":
                    continue  # fifty facts, all behind the same door
                yield self._taken(who, name, "web_save", [id_], vals, {})
                yield self._taken(who, name, "web_save_multi", [id_], [vals], {})
                yield self._taken(who, name, "create", [vals])
                yield self._taken(who, name, "copy", [id_], vals)
                if name in surface.approvable_models(self.env) and field.type not in types:
                    for odd in surface.odd_values(self.env, field):
                        yield self._taken("specialist", name, "write", [id_], {field_name: odd})
                types.add(field.type)

    @mute_logger("odoo.sql_db")
    def test_what_is_created_whole_takes_no_forged_field(self):
        """With everything else right, so that only the guard of creation is in the way."""
        for name, vals in self._creatable().items():
            model = self.env[name]
            error, changed = self._shot(self.people["specialist"], name, "create", [vals])
            self.assertFalse(error, f"{name}: the plain record cannot be created")
            self.assertTrue(changed)
            self._assert_refused(
                self._taken(
                    "specialist",
                    name,
                    "create",
                    [{**vals, field_name: surface.forged_value(self.env, field, self.company)}],
                )
                for field_name in surface.guarded_names(model)
                for field in [model._fields[field_name]]
            )

    def _creatable(self):
        """Return {model: create values} of documents that a specialist may make."""
        [remedy] = self.rows["own"]["crm.policy.remedy"][:1]
        rotation = self.rows["own"]["crm.policy.rotation"][0]
        open_case = self.rows["own"]["helpdesk.ticket"].filtered(
            lambda case: case.policy_registered_at and not case.policy_decided_at
        )[0]
        return {
            "crm.policy.remedy": {"ticket_id": open_case.id, "kind": remedy.kind, "amount": 5},
            "crm.policy.rotation": {
                "to_department_id": rotation.to_department_id.id,
                "wanted_from": "2027-01-01",
                "reason": "x",
            },
            "helpdesk.ticket": {"name": "x", "description": "x", "policy_kind": "request"},
        }

    # === DEFAULTS, FORMS, CONTEXTS === #

    def test_no_default_of_a_caller_reaches_a_guarded_field(self):
        """Neither from the context, nor one's own."""
        evidence = surface.evidence_models(self.env)
        user = self.people["specialist"]
        before = {
            name: self._call(user, name, "create", [vals])
            for name, vals in self._creatable().items()
        }
        for name in surface.evidence_models(self.env) + surface.guarded_models(self.env):
            model = self.env[name].with_user(user)
            if not model.has_access("read" if name in evidence else "create"):
                continue
            # Of evidence every field, whatever its model calls guarded.
            guarded = model._fields if name in evidence else surface.guarded_names(model)
            names = [
                n
                for n in guarded
                if model._fields[n].store and model._has_field_access(model._fields[n], "read")
            ]
            plain = self._call(user, name, "default_get", names)
            for field_name in names:
                field = model._fields[field_name]
                value = surface.forged_value(self.env, field, self.company)
                settable = field.type not in ("one2many", "many2many", "binary")
                if settable and model._has_field_access(field, "write"):
                    self._call(user, "ir.default", "set", name, field_name, value, user_id=True)
                context = {f"default_{field_name}": value}
                with self.subTest(name, field=field_name):
                    found = self._call(user, name, "default_get", names, context=context)
                    self.assertEqual(found, plain)
        for name, vals in self._creatable().items():
            model = self.env[name]
            names = [
                n
                for n in surface.guarded_names(model)
                if model._fields[n].store and not model._fields[n].groups
            ]
            context = {
                f"default_{n}": surface.forged_value(self.env, model._fields[n], self.company)
                for n in names
            }
            made = self._call(user, name, "create", [vals], context=context)
            first, second = model.browse(made), model.browse(before[name])
            for field_name in set(names) - {"policy_number"}:
                with self.subTest(name, field=field_name):
                    self.assertEqual(str(first[field_name])[:10], str(second[field_name])[:10])

    def test_a_form_stores_nothing(self):
        """The values that a client claims to have on his screen are not believed."""
        holes = []
        for name in surface.evidence_models(self.env) + surface.guarded_models(self.env):
            model = self.env[name]
            values = {
                field_name: surface.forged_value(self.env, field, self.company)
                for field_name, field in model._fields.items()
                if field.store and field_name != "id"
            }
            spec = {field_name: {} for field_name in values}
            for who in ("specialist", "policy_admin"):
                for ids in ([], self._ids("own", name)[:1]):
                    for first in (list(values), list(values)[-1:]):
                        _error, changed = self._shot(
                            self.people[who], name, "onchange", ids, values, first, spec
                        )
                        holes += [(name, who, ids, changed)] if changed else []
        self.assertFalse(holes)

    def test_no_context_opens_a_guarded_field(self):
        """Each key that our own source or another add-on listens to, alone."""
        self._assert_refused(self._context_shots())

    def _context_shots(self):
        remedy = self.rows["own"]["crm.policy.remedy"][:1]
        approval = remedy.policy_approval_id
        for who, key in zip(cycle(WRITERS), surface.context_keys(), strict=False):
            values = ODD_CONTEXT.get(key, (True, self.elsewhere.ids))
            for value in values:
                for name, method, *arguments in (
                    ("crm.policy.remedy", "write", remedy.ids, {"policy_approval_id": 1}),
                    ("crm.policy.approval", "write", approval.ids, {"state": "approved"}),
                    ("crm.policy.approval", "action_policy_approve", approval.ids, "x"),
                ):
                    yield self._taken(who, name, method, *arguments, context={key: value})

    # === NUMBERS THAT ARE NONE === #

    @mute_logger("odoo.sql_db")
    def test_odd_ids_reach_no_evidence(self):
        """Odoo does not check what kind of an id it gets: it may stumble, and changes nothing."""
        holes = []
        methods = ("write", "unlink", "action_policy_approve", "action_policy_reject")
        models = [*surface.evidence_models(self.env), *surface.approvable_models(self.env)]
        for name in models:
            for method in methods:
                if not hasattr(type(self.env[name]), method):
                    continue
                argument = {"write": ({"company_id": 1},)}.get(method, ())
                for odd in ODD_IDS:
                    for ids in (odd, [odd]):
                        user = self.people["specialist"]
                        _error, changed = self._shot(user, name, method, ids, *argument)
                        holes += [(name, method, ids, changed)] if changed else []
        self.stumbled.clear()
        self.assertFalse(holes)

    def test_the_superuser_of_a_helper_is_no_key(self):
        """What only a careless `sudo()` in Python could reach: evidence refuses that as well."""
        for name in surface.evidence_models(self.env):
            row = self.env[name].browse(self._ids("own", name)[:1]).sudo()
            for attempt in (
                lambda row=row: row.create([{}]),
                lambda row=row: row.write({"company_id": False}),
                lambda row=row: row.unlink(),
                lambda row=row: row.copy(),
            ):
                with self.subTest(name), self.assertRaises(AccessError):
                    attempt()
        for name in surface.guarded_models(self.env):
            model = self.env[name]
            row = model.browse(self._ids("own", name)[:1]).sudo()
            for field_name in surface.guarded_names(model):
                value = surface.forged_value(self.env, model._fields[field_name], self.company)
                # Some models refuse every change before it comes to the field.
                with self.subTest(name, field=field_name), self.assertRaises(UserError):
                    row.write({field_name: value})

    def test_every_scope_has_something_to_attack(self):
        for scope in SCOPES:
            for name in surface.evidence_models(self.env) + surface.guarded_models(self.env):
                self.assertTrue(self._ids(scope, name), (scope, name))
