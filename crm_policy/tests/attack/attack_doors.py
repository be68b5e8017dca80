"""The side doors: parents, attachments, messages, activities, and Odoo's own settings."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from . import surface

PEOPLE = ("specialist", "director", "policy_admin", "helpdesk_manager", "system", "employee")
FILE = {"name": "forged.txt", "raw": b"forged"}
QUIET = ("odoo.sql_db", "odoo.addons.base.models.ir_model", "odoo.models")


class DoorAttacks:
    def _holes(self, shots):
        """Return those of (who, model, method, arguments) that changed evidence."""
        holes = []
        for who, name, method, *arguments in shots:
            _error, changed = self._shot(self.people[who], name, method, *arguments)
            # A person's own fields may move; what counts is what was stored of the evidence.
            if changed:
                holes.append((who, name, method, str(arguments), sorted(changed)))
        return holes

    # === THROUGH PARENTS === #

    def _parent_fields(self):
        """Return [(model, field)] of whatever points at evidence from elsewhere, and back again."""
        evidence = set(surface.evidence_models(self.env))
        return sorted(
            (name, field.name)
            for name, model in self.env.registry.items()
            if not model._abstract and model._auto and not model._transient
            for field in model._fields.values()
            if field.type in ("one2many", "many2many")
            and field.comodel_name in evidence
            and name not in evidence
        )

    def _commands(self, name):
        row = self._ids("own", name)[0]
        other = self._ids("other company", name)[0]
        wanted = {"state": "approved", "company_id": self.company.id}
        values = {key: wanted[key] for key in wanted if key in self.env[name]._fields}
        return (
            Command.create(values),
            Command.update(row, values),
            Command.delete(row),
            Command.unlink(row),
            Command.link(other),
            Command.clear(),
            Command.set([other]),
        )

    @mute_logger(*QUIET)
    def test_no_parent_carries_a_change_to_evidence(self):
        fields = self._parent_fields()
        self.assertIn(("helpdesk.ticket", "policy_pause_ids"), fields)
        self.assertFalse(self._holes(self._parent_shots(fields)))

    def _parent_shots(self, fields):
        for name, field_name in fields:
            model = self.env[name]
            comodel = model._fields[field_name].comodel_name
            own = self.rows["own"].get(name)
            record = own[:1] if own else surface.some_record(self.env, name, self.company)
            if not record:
                continue
            for who in PEOPLE:
                for command in self._commands(comodel):
                    yield who, name, "write", record.ids[:1], {field_name: [command]}

    @mute_logger(*QUIET)
    def test_no_related_field_is_a_pipe_into_evidence(self):
        self.assertFalse(self._holes(self._related_shots()))

    def _related_shots(self):
        guarded = {*surface.evidence_models(self.env), *surface.guarded_models(self.env)}
        for name, model in sorted(self.env.registry.items()):
            if model._abstract or not model._auto or model._transient:
                continue
            for field in model._fields.values():
                if not (field.related and field.related_field):
                    continue
                target = field.related_field
                if target.model_name not in guarded or field.comodel_name == "res.users":
                    continue
                inner = self.env[target.model_name]._policy_guarded_fields()
                if target.name not in inner or "." not in field.related:
                    continue
                record = self.rows["own"].get(name) or surface.some_record(
                    self.env, name, self.company
                )
                value = surface.forged_value(self.env, field, self.company)
                for who in ("policy_admin", "director", "system"):
                    yield who, name, "write", record.ids[:1], {field.name: value}

    @mute_logger(*QUIET)
    def test_what_evidence_tells_of_is_not_pulled_away(self):
        """Deleting a document, a clause, a role or a person deletes or empties no evidence."""
        shots, holes = [], []
        for name in surface.evidence_models(self.env):
            row = self.env[name].browse(self._ids("own", name)[:1])
            for field in self.env[name]._fields.values():
                if field.type != "many2one" or not field.store or not row[field.name]:
                    continue
                if field.name not in ("create_uid", "write_uid"):
                    shots.append((name, row[field.name]))
        for name in surface.approvable_models(self.env) + ["helpdesk.ticket"]:
            shots += [(name, row) for row in self.rows["own"][name]]
        for name, target in shots:
            if (name, target._name) in FORGOTTEN or target._name in surface.evidence_models(
                self.env
            ):
                continue
            for who in ("policy_admin", "director", "helpdesk_manager", "system"):
                user = self.people[who]
                _error, changed = self._shot(user, target._name, "unlink", target.ids)
                table = self.env[name]._table
                if table in changed:
                    holes.append((who, name, target))
        self.assertFalse(holes)

    @mute_logger(*QUIET)
    def test_no_record_is_moved_to_a_document_that_one_does_not_work_on(self):
        """A remedy of one's own case, written over to a colleague's; or made there at once."""
        case = self.rows["own"]["crm.policy.remedy"].ticket_id.filtered(
            lambda case: not case.policy_decided_at
        )[:1]
        free = self._new_remedy(case, 7)
        vals = {"ticket_id": case.id, "kind": "compensation", "amount": 7}
        for scope in ("other team", "other company"):
            foreign = self.rows[scope]["crm.policy.remedy"].ticket_id[:1]
            for name, method, *arguments in (
                ("crm.policy.remedy", "write", free.ids, {"ticket_id": foreign.id}),
                ("crm.policy.remedy", "create", [{**vals, "ticket_id": foreign.id}]),
                ("crm.policy.remedy", "copy", free.ids, {"ticket_id": foreign.id}),
            ):
                error, _changed = self._shot(self.people["specialist"], name, method, *arguments)
                with self.subTest(scope, method=method):
                    self.assertIsNotNone(error)

    # === FILES, MESSAGES, ACTIVITIES === #

    @mute_logger(*QUIET)
    def test_nobody_hangs_files_on_evidence_or_takes_them_off(self):
        taken = []
        for name in surface.evidence_models(self.env):
            model = self.env[name]
            id_ = self._ids("own", name)[0]
            theirs = {**FILE, "res_model": name, "res_id": id_}
            kept = self.env["ir.attachment"].create(theirs)
            free = self.env["ir.attachment"].create(FILE)
            for who in (*PEOPLE, "portal", "stranger"):
                user = self.people[who]
                may = who in self._who_may_post(model)
                for method, *arguments in (
                    ("create", [theirs]),
                    ("write", kept.ids, {"name": "x"}),
                    ("write", kept.ids, {"res_model": False, "res_id": False}),
                    ("unlink", kept.ids),
                    ("write", free.ids, {"res_model": name, "res_id": id_}),
                ):
                    error, _changed = self._shot(user, "ir.attachment", method, *arguments)
                    if error is None and not may:
                        taken.append((name, method, who, str(arguments)))
        self.assertFalse(taken, "\n".join(map(str, taken)))

    def _who_may_post(self, model):
        """Return those whom a model lets speak on its rows although nobody writes them."""
        if getattr(model, "_mail_post_access", "write") == "write":
            return ()
        return self.people

    @mute_logger(*QUIET)
    def test_who_does_not_see_a_document_says_nothing_on_it(self):
        """Neither a message, a follower, an activity nor a file, on what is another company's."""
        models = surface.evidence_models(self.env) + surface.guarded_models(self.env)
        threads = [
            name
            for name in models
            if "message_ids" in self.env[name]._fields and name != "res.users"
        ]
        self.assertIn("helpdesk.ticket", threads)
        taken = []
        for name in threads:
            ids = self._ids("own", name)[:1]
            model_id = self.env["ir.model"]._get_id(name)
            partner = self.people["stranger"].partner_id.ids
            activity = {"res_model_id": model_id, "res_id": ids[0], "summary": "x"}
            for who in ("stranger", "portal", "public"):
                user = self.people[who]
                for model_name, method, *arguments in (
                    (name, "message_post", ids),
                    (name, "message_subscribe", ids, partner),
                    (name, "message_unsubscribe", ids, partner),
                    (name, "message_update", ids, {}),
                    (name, "activity_schedule", ids),
                    (name, "activity_feedback", ids, ["mail.mail_activity_data_todo"]),
                    (name, "activity_unlink", ids, ["mail.mail_activity_data_todo"]),
                    ("mail.activity", "create", [{**activity, "user_id": user.id}]),
                    ("mail.message", "create", [{"model": name, "res_id": ids[0], "body": "x"}]),
                    (
                        "mail.followers",
                        "create",
                        [{"res_model": name, "res_id": ids[0], "partner_id": partner[0]}],
                    ),
                    ("ir.attachment", "create", [{**FILE, "res_model": name, "res_id": ids[0]}]),
                ):
                    if not hasattr(type(self.env[model_name]), method):
                        continue
                    counts = self._talk(name, ids[0])
                    error, changed = self._after(user, model_name, method, *arguments)
                    if changed != counts:
                        taken.append((name, model_name, method, who, error))
        self.assertFalse(taken, "\n".join(map(str, taken)))

    def _talk(self, name, id_):
        """Return how much is said, asked and hung on a document."""
        at = [("res_model", "=", name), ("res_id", "=", id_)]
        said = [("model", "=", name), ("res_id", "=", id_)]
        return (
            self.env["mail.message"].sudo().search_count(said),
            self.env["mail.followers"].sudo().search_count(at),
            self.env["mail.activity"].sudo().with_context(active_test=False).search_count(at),
            self.env["ir.attachment"].sudo().search_count(at),
        )

    def _after(self, user, name, method, *arguments):
        """Call, count what is said on the document of the first argument, and undo."""
        document = arguments[0]
        shot = self.env.cr.savepoint(flush=True)
        error = None
        try:
            self._call(user, name, method, *arguments)
        except Exception as caught:
            error = caught
            self._refused(error, name, method, arguments)
            shot.rollback()
        if isinstance(document[0], dict):
            vals = document[0]
            at = (
                vals.get("res_model")
                or vals.get("model")
                or self.env["ir.model"].browse(vals["res_model_id"]).model,
                vals["res_id"],
            )
        else:
            at = (name, document[0])
        counts = self._talk(*at)
        shot.close(rollback=True)
        return error, counts

    # === SETTINGS === #

    def _settings(self):
        """Return [(model, method, arguments)] by which an administrator of Odoo opens doors."""
        decision = self.env["ir.model"]._get_id("crm.policy.decision")
        access = self.env.ref("crm_policy.access_crm_policy_decision_user")
        rule = self.env["ir.rule"].search([("model_id", "=", decision)], limit=1)
        code = "env['crm.policy.decision'].sudo()._policy_insert([{}])"
        group = self.env.ref("crm_policy.group_ceo")
        field = self.env["ir.model.fields"]._get("crm.policy.approval", "state")
        return [
            ("ir.model.access", "write", access.ids, {"perm_write": True, "perm_unlink": True}),
            ("ir.model.access", "create", [
                {"name": "x", "model_id": decision, "perm_write": True, "perm_read": True}
            ]),
            ("ir.rule", "write", rule.ids, {"domain_force": "[(1, '=', 1)]"}),
            ("ir.rule", "unlink", rule.ids),
            ("ir.rule", "create", [{"name": "x", "model_id": decision, "domain_force": "[]"}]),
            ("ir.actions.server", "create", [
                {"name": "x", "model_id": decision, "state": "code", "code": code}
            ]),
            ("ir.cron", "create", [
                {"name": "x", "model_id": decision, "state": "code", "code": code,
                 "interval_number": 1, "interval_type": "days"}
            ]),
            ("ir.model.fields", "write", field.ids, {"readonly": False}),
            ("ir.ui.view", "create", [
                {"name": "x", "model": "crm.policy.decision", "arch": "<list/>"}
            ]),
            ("ir.config_parameter", "set_param", "database.secret", "x"),
            ("ir.sequence", "create", [{"name": "x", "code": "x"}]),
            ("res.groups", "write", group.ids, {"user_ids": [Command.link(self.env.uid)]}),
            ("res.users", "write", self.people["specialist"].ids, {
                "group_ids": [Command.link(group.id)]
            }),
            ("ir.module.module", "button_immediate_uninstall", self.env.ref(
                "base.module_crm_policy"
            ).ids),
            ("ir.model.data", "toggle_noupdate", "crm.policy.decision", 1),
        ]  # fmt: skip

    @mute_logger(*QUIET)
    def test_no_role_of_ours_administers_odoo(self):
        """Rights, rules, code, jobs, groups: for the administrator of the system alone."""
        taken = []
        for name, method, *arguments in self._settings():
            for who, user in self.people.items():
                if who == "system":
                    continue
                error, _changed = self._shot(user, name, method, *arguments)
                if error is None:
                    taken.append((name, method, who))
        self.assertFalse(taken)

    @mute_logger(*QUIET)
    def test_rights_granted_by_mistake_open_nothing(self):
        """Whoever writes rights can write them all: evidence refuses all the same."""
        for name in surface.evidence_models(self.env):
            self.env["ir.model.access"].create(
                {
                    "name": "mistake",
                    "model_id": self.env["ir.model"]._get_id(name),
                    "group_id": self.env.ref("base.group_user").id,
                    **dict.fromkeys(
                        ("perm_read", "perm_write", "perm_create", "perm_unlink"), True
                    ),
                }
            )
        for name in surface.evidence_models(self.env):
            ids = self._ids("own", name)[:1]
            for method, *arguments in (
                ("create", [{}]),
                ("write", ids, {"company_id": self.company.id}),
                ("unlink", ids),
                ("copy", ids),
            ):
                words = "" if method == "copy" else "is evidence"  # a copy reads first
                with self.subTest(name, method=method):
                    with self.assertRaisesRegex(AccessError, words):
                        self._call(self.people["director"], name, method, *arguments)

    def test_our_rights_let_nobody_write_evidence(self):
        """The lines of ir.model.access.csv: read, and nothing else."""
        for name in surface.evidence_models(self.env):
            for who, user in self.people.items():
                for operation in ("write", "create", "unlink"):
                    with self.subTest(name, who=who, operation=operation):
                        self.assertFalse(self.env[name].with_user(user).has_access(operation))

    def test_evidence_depends_on_no_setting_of_one_s_own(self):
        for name in surface.evidence_models(self.env) + surface.guarded_models(self.env):
            model = self.env[name]
            for field_name in surface.guarded_names(model):
                with self.subTest(name, field=field_name):
                    self.assertFalse(model._fields[field_name].company_dependent)


# Pointers that are no evidence themselves: a list of who sees a case, links, counters.
FORGOTTEN = {
    ("crm.policy.case.access", "helpdesk.ticket"),
    ("crm.policy.case.access", "res.users"),
    ("crm.policy.follow.link", "helpdesk.ticket"),
}
