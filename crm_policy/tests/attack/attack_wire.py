"""The same over the wire: real sessions, real JSON-RPC, and the API for programs with its keys."""

import json
import re

from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from . import surface
from .attack_evidence import LOUD
from .attack_methods import reviewed

# Who has a session of his own. An archived user and the public have none.
VISITORS = ("specialist", "policy_admin", "portal", "stranger", "system")
# How a client is told that he is refused; whatever else comes back has stumbled over something.
REFUSED = re.compile(
    r"odoo\.exceptions\.(AccessError|AccessDenied|MissingError|UserError|ValidationError)"
    r"|odoo\.addons\.crm_policy\.exceptions\.PolicyRefusal"
    r"|odoo\.http\.SessionExpiredException"
)
QUIET = (
    "odoo.http", "odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_model",
    "odoo.addons.rpc.controllers.json2", "odoo.addons.base.models.res_users",
)  # fmt: skip


class WireAttacks:
    def _json_rpc(self, name, method, *arguments, **keywords):
        """Return (refused, answer) of a call of a client in his session."""
        params = {"model": name, "method": method, "args": list(arguments), "kwargs": keywords}
        try:
            return False, self.make_jsonrpc_request("/web/dataset/call_kw", params)
        except JsonRpcException as error:
            if not REFUSED.fullmatch(str(error)):
                self.stumbled.setdefault((name, method, str(error)), params)
            return True, error

    def _assert_untouched(self, told):
        after = self._digests()
        changed = {table for table in after if after[table] != self.before[table]}
        self.assertFalse(changed, told)

    @mute_logger(*QUIET)
    def test_what_the_list_does_not_grant_is_refused_over_json_rpc(self):
        """Every method of the reviewed list, by those whose call must change nothing."""
        lines = reviewed()
        for who in VISITORS:
            self._log_in(who)
            told = []
            for (name, method), line in sorted(lines.items()):
                if name not in self.env or line["nature"] == "read" or who in line["own"].split():
                    continue
                if name not in (*surface.evidence_models(self.env), *self._documents()):
                    continue
                arguments = self._arguments(self.env[name], method)
                ids = (
                    []
                    if self._is_model_method(self.env[name], method)
                    else [self._ids("own", name)[:1]]
                )
                context = {"active_model": name, "active_ids": self._ids("own", name)[:1]}
                refused, answer = self._json_rpc(name, method, *ids, **arguments, context=context)
                told.append((name, method, refused or answer))
            self._assert_untouched(told)

    def _documents(self):
        return [*surface.approvable_models(self.env), "helpdesk.ticket"]

    def _log_in(self, who):
        self.authenticate(self.people[who].login, self.people[who].login)

    @mute_logger(*QUIET)
    def test_no_writer_of_odoo_writes_evidence_over_json_rpc(self):
        """Each of them by each visitor, and on each model by one: the ORM's suite has them all."""
        for number, who in enumerate(VISITORS):
            self._log_in(who)
            for place, name in enumerate(surface.evidence_models(self.env)):
                ids = self._ids("own", name)[:1]
                column = self.env[name]._rec_name or "company_id"
                attempts = (
                    ("create", [{column: "x"}]),
                    ("write", ids, {column: "x"}),
                    ("unlink", ids),
                    ("copy", ids),
                    ("web_save", ids, {column: "x"}, {}),
                    ("web_save_multi", ids, [{column: "x"}], {}),
                    ("_policy_insert", [{}]),
                    ("_policy_update", ids, {column: "x"}),
                    ("_policy_guarded_write", ids, {column: "x"}),
                    ("_write", ids, {column: "x"}),
                    ("_create", [{}]),
                    ("sudo", ids),
                    ("with_user", ids, 1),
                    ("browse", ids),
                    ("init",),
                    ("_policy_build_wall",),
                )
                for turn, (method, *arguments) in enumerate(attempts):
                    if (turn + place) % len(VISITORS) != number:
                        continue
                    refused, answer = self._json_rpc(name, method, *arguments)
                    with self.subTest(name, method=method, who=who):
                        self.assertTrue(refused, answer)
                    if method in LOUD:
                        with self.subTest(name, method=method, who=who, told=str(answer)):
                            self.assertIn("AccessError", str(answer))
            self._assert_untouched(who)

    @mute_logger(*QUIET)
    def test_private_methods_of_the_engine_are_not_called(self):
        """Everything that our classes keep for themselves, by its name."""
        self._log_in("policy_admin")
        for name in ("crm.policy.approval", "crm.policy.remedy", "crm.policy.event"):
            methods = {
                method
                for cls in type(self.env[name]).mro()
                if getattr(cls, "_module", None) == "crm_policy"
                for method, value in vars(cls).items()
                if method.startswith("_policy_") and callable(value)
            }
            self.assertTrue(methods)
            for method in sorted(methods):
                refused, answer = self._json_rpc(name, method, self._ids("own", name)[:1])
                with self.subTest(name, method=method):
                    self.assertTrue(refused)
                    self.assertRegex(str(answer), "[Pp]rivate|AccessError")
        self._assert_untouched("private methods")

    @mute_logger(*QUIET)
    def test_the_public_and_archived_users_have_no_door(self):
        self.authenticate(None, None)
        ids = self._ids("own", "crm.policy.approval")[:1]
        for method, *arguments in (
            ("action_policy_approve", ids, "同意"),
            ("read", ids),
            ("search_count", []),
            ("write", ids, {"state": "approved"}),
        ):
            with self.subTest(method):
                self.assertTrue(self._json_rpc("crm.policy.approval", method, *arguments)[0])
        archived = self.people["archived"]
        archived.active = True
        self._log_in("archived")
        archived.active = False
        self.env.cr.flush()
        self.env.registry.clear_cache()
        refused, _answer = self._json_rpc("crm.policy.approval", "read", ids)
        self.assertTrue(refused, "the session of somebody who has left is over")
        self._assert_untouched("public and archived")

    # === THE API FOR PROGRAMS === #

    def _key(self, who):
        user = self.people[who]
        return self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "attack", None)

    def _json_2(self, key, name, method, **payload):
        return self.url_open(
            f"/json/2/{name}/{method}",
            data=json.dumps(payload),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )

    @mute_logger(*QUIET)
    def test_a_key_of_the_api_opens_no_more_than_its_owner_may(self):
        ids = self._ids("own", "crm.policy.approval")[-1:]
        evidence = surface.evidence_models(self.env)
        for who in ("specialist", "stranger", "portal"):
            key = self._key(who)
            for name in evidence:
                mine = self._ids("own", name)[:1]
                column = self.env[name]._rec_name or "company_id"
                for method, payload in (
                    ("create", {"vals_list": [{column: "x"}]}),
                    ("write", {"ids": mine, "vals": {column: "x"}}),
                    ("unlink", {"ids": mine}),
                ):
                    answer = self._json_2(key, name, method, **payload)
                    with self.subTest(name, method=method, who=who):
                        self.assertEqual(answer.status_code, 403, answer.text[:200])
            for method in ("_policy_decide", "_policy_update", "sudo"):
                answer = self._json_2(key, "crm.policy.approval", method, ids=ids)
                with self.subTest(method, who=who):
                    self.assertGreaterEqual(answer.status_code, 400)
            answer = self._json_2(
                key,
                "crm.policy.approval",
                "action_policy_approve",
                ids=ids,
                comment="同意",
                context={"uid": 1, "su": True, "allowed_company_ids": self.company.ids},
            )
            with self.subTest("approve", who=who):
                self.assertGreaterEqual(answer.status_code, 400, answer.text[:200])
            self._assert_untouched(who)

    @mute_logger(*QUIET)
    def test_a_forged_key_and_that_of_an_archived_user_open_nothing(self):
        name, ids = "crm.policy.approval", self._ids("own", "crm.policy.approval")[:1]
        key = self._key("archived")
        for forged in (key, "0" * 40, ""):
            answer = self._json_2(forged, name, "read", ids=ids)
            with self.subTest(key=forged[:4]):
                self.assertIn(answer.status_code, (401, 403))

    @mute_logger(*QUIET)
    def test_over_the_wire_the_manager_does_decide(self):
        """Otherwise all of this would also hold for a door that is bricked up."""
        pending = self.rows["own"]["crm.policy.remedy"].filtered(
            lambda row: row.policy_approval_state == "pending"
        )[:1]
        answer = self._json_2(
            self._key("manager"),
            "crm.policy.approval",
            "action_policy_approve",
            ids=pending.policy_approval_id.ids,
            comment="同意",
            context={"allowed_company_ids": self.company.ids},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:300])
        self.env.invalidate_all()
        self.assertEqual(pending.policy_approval_state, "approved")
