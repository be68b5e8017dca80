"""Signatures: who is asked, who signs, that it is for good, and who is reminded (POL-ACK-01)."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import ROLES, PolicyCommon, at


class TestAcknowledgements(PolicyCommon):
    def _rows(self, version=None, **kw):
        version = version or self.version
        rows = self.env["crm.policy.acknowledgement"].with_context(active_test=False)
        return rows.search([("version_id", "=", version.id)], **kw)

    def _row(self, role, version=None):
        return self._rows(version).filtered(lambda row: row.user_id == self.users[role])

    def _sign(self, role, version=None):
        version = self._as(role, version or self.version)
        version.action_policy_read()
        version.action_policy_sign()

    def _scoped(self, **scope):
        """Put a second version with a scope in force."""
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        draft.write(scope)
        self._hand_over(draft)
        self._as("director", draft).action_policy_publish()
        return draft.with_env(self.env)

    # === WHO IS ASKED === #

    def test_with_no_scope_everybody_with_a_role_is_asked(self):
        asked = self._rows().user_id
        self.assertEqual(
            asked, self.env["res.users"].union(*self.users.values(), self.other_specialist)
        )
        self.assertEqual(self.version.sign_count, len(ROLES) + 1)
        self.assertEqual(set(self._rows().mapped("state")), {"pending"})

    def test_departments_with_those_below_and_jobs(self):
        below = self.env["hr.department"].create(
            {"name": "客服一组", "company_id": self.company.id, "parent_id": self.department.id}
        )
        job = self.env["hr.job"].create({"name": "质检员", "company_id": self.company.id})
        plain = new_test_user(self.env, "t_plain", groups="base.group_user",
                              company_id=self.company.id,
                              company_ids=[Command.set(self.company.ids)])  # fmt: skip
        self._new_employee(self.users["specialist"], department_id=below.id)
        self._new_employee(self.users["qc"], job_id=job.id)
        self._new_employee(plain, department_id=below.id)
        version = self._scoped(
            department_ids=[Command.set(self.department.ids)], job_ids=[Command.set(job.ids)]
        )
        expected = {"specialist", "supervisor", "manager", "director", "qc"}
        people = self.env["res.users"].union(*(self.users[role] for role in expected))
        self.assertEqual(self._rows(version).user_id, people | self.other_specialist | plain)
        self.assertEqual(
            {row.department_id for row in self._rows(version) if row.user_id == plain}, {below}
        )

    def test_another_company_is_not_asked(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("specialist", login="t_stranger", company=other)
        self.env["crm.policy.acknowledgement"]._policy_keep(self.version)
        self.assertNotIn(stranger, self._rows().user_id)

    def test_newcomers_are_asked_and_leavers_no_longer(self):
        self._new_employee(self.users["qc"], department_id=self.department.id)
        version = self._scoped(department_ids=[Command.set(self.department.ids)])
        newcomer = self._new_user("specialist", login="t_new")
        self._new_employees([newcomer], self.department)
        self._new_employee(self.users["qc"], department_id=False)
        for _twice in range(2):
            with at("2026-11-30 09:00"), self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_remind_signatures").method_direct_trigger()
        self.env.invalidate_all()
        fresh = self._rows(version).filtered(lambda row: row.user_id == newcomer)
        self.assertEqual((len(fresh), str(fresh.due_on)), (1, "2026-12-07"))
        self.assertFalse(self._row("qc", version).active)
        with self.assertRaisesRegex(UserError, "not asked"):
            self._as("qc", version).action_policy_sign()
        self._new_employee(self.users["qc"], department_id=self.department.id)
        self.env["crm.policy.acknowledgement"]._policy_keep(version)
        self.assertTrue(self._row("qc", version).active)

    # === SIGNING === #

    def test_who_has_read_signs_for_himself(self):
        version = self._as("specialist", self.version)
        self.assertEqual(version.my_sign_state, "pending")
        with self.assertRaisesRegex(UserError, "read it before you sign"):
            version.action_policy_sign()
        version.action_policy_read()
        with at("2026-11-24 10:00"):
            version.action_policy_sign()
        row = self._row("specialist")
        self.assertEqual((row.state, str(row.signed_at)), ("signed", "2026-11-24 02:00:00"))
        self.assertEqual(row.content_hash, self.version.content_hash)
        self.assertEqual(row.content_hash, self.version._policy_content_hash())
        version.invalidate_recordset()
        self.assertEqual(version.my_sign_state, "signed")
        self.assertEqual(self.version.signed_count, 1)
        self.assertEqual(self.version.sign_rate, 10.0)
        with self.assertRaisesRegex(UserError, "You have signed"):
            version.action_policy_sign()
        event = self.env["crm.policy.event"].search([("type", "=", "acknowledgement.signed")])
        self.assertEqual((event.res_id, event.payload["hash"]), (row.id, row.content_hash))

    def test_nobody_signs_for_another(self):
        row = self._row("specialist")
        self._as("specialist", self.version).action_policy_read()
        for role in ("manager", "policy_admin", "director", "ceo"):
            for actor in (self._as(role, row), self._as(role, row).sudo()):
                with self.subTest(role=role, su=actor.env.su), self.assertRaises(AccessError):
                    actor.action_policy_sign()
        with self.assertRaises(AccessError):
            row.with_user(self.env.ref("base.user_root")).action_policy_sign()
        self.assertEqual(row.state, "pending")

    def test_a_text_that_is_not_the_published_one_is_not_signed(self):
        self._as("specialist", self.version).action_policy_read()
        clause = self.version.clause_ids[:1]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_clause SET text = text || %s WHERE id = %s",
            ['{"zh_CN": "改过的文本"}', clause.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "no longer the one that was published"):
            self._as("specialist", self.version).action_policy_sign()

    def test_what_is_displaced_is_not_signed(self):
        self._as("specialist", self.version).action_policy_read()
        self._scoped()
        with self.assertRaisesRegex(UserError, "no longer in force"):
            self._as("specialist", self.version).action_policy_sign()
        self.assertFalse(self._row("specialist").is_overdue)

    # === FOR GOOD === #

    def test_nobody_writes_signatures_by_hand(self):
        self._sign("specialist")
        model = self.env["crm.policy.acknowledgement"]
        users = [*self.users.values(), self.env.ref("base.user_admin"),
                 self.env.ref("base.user_root")]  # fmt: skip
        signed, pending = self._row("specialist"), self._row("manager")
        vals = {"version_id": self.version.id, "user_id": self.users["ceo"].id, "state": "signed"}
        for user in users:
            for row in (signed, pending):
                for change in ({"state": "signed"}, {"signed_at": False}, {"active": False}):
                    with self.subTest(user=user.login, **change), self.assertRaises(AccessError):
                        call_kw(model.with_user(user), "write", [row.ids, change], {})
                with self.assertRaises(AccessError):
                    call_kw(model.with_user(user), "unlink", [row.ids], {})
            with self.assertRaises(AccessError):
                call_kw(model.with_user(user), "create", [[vals]], {})
        with self.assertRaises(AccessError):
            signed._policy_update({"signed_at": "2020-01-01 00:00:00"})
        with self.assertRaises(UserError):
            self.version.acknowledgement_ids = [Command.clear()]
        with self.assertRaises(AccessError):
            call_kw(model.with_user(self.users["specialist"]), "_policy_update",
                    [signed.ids, {}], {})  # fmt: skip

    def test_each_sees_his_own_and_who_follows_up_sees_all(self):
        for role in ("specialist", "supervisor", "manager", "finance", "analyst"):
            rows = self.env["crm.policy.acknowledgement"].with_user(self.users[role]).search([])
            with self.subTest(role):
                self.assertEqual(rows.user_id, self.users[role])
                with self.assertRaises(AccessError):
                    self._as(role, self._row("ceo")).read(["state"])
        for role in ("director", "ceo", "qc", "policy_admin"):
            rows = self.env["crm.policy.acknowledgement"].with_user(self.users[role]).search([])
            self.assertEqual(len(rows), len(ROLES) + 1, role)

    # === COVERAGE AND REMINDERS === #

    def test_archived_users_drop_out_of_the_coverage(self):
        self._sign("specialist")
        self._sign("qc")
        self.assertEqual((self.version.sign_count, self.version.signed_count), (10, 2))
        self.users["qc"].active = False
        self.users["analyst"].active = False
        self.version.invalidate_recordset()
        self.assertEqual((self.version.sign_count, self.version.signed_count), (8, 1))
        self.assertEqual(self.version.sign_rate, 12.5)

    def test_coverage_is_one_query_for_any_number_of_versions(self):
        versions = self.version | self._scoped()
        self.env.flush_all()
        for group in (versions[:1], versions):
            group.invalidate_recordset()
            with self.assertQueryCount(1):
                group.mapped("sign_count")
                group.mapped("signed_count")

    def test_each_is_asked_once_and_reminded_once(self):
        activity_type = self.env.ref("crm_policy.activity_type_sign")
        asked = self.env["mail.activity"].search([("activity_type_id", "=", activity_type.id)])
        mine = asked.filtered(lambda activity: activity.res_id == self.version.id)
        self.assertEqual(len(mine), len(ROLES) + 1)
        self._sign("specialist")
        self.assertNotIn(self.users["specialist"], mine.exists().user_id)
        due = self._row("manager").due_on
        late = due.replace(year=due.year + 1)
        rows = self._rows()
        for day, overdue in ((due, 0), (late, len(ROLES)), (late, len(ROLES))):
            with at(f"{day} 12:00"), self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_remind_signatures").method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(len(rows.filtered("reminded_at")), overdue, day)
        notes = self.env["mail.message"].search(
            [("model", "=", "crm.policy.version"), ("res_id", "=", self.version.id),
             ("subject", "ilike", "sign")]
        )  # fmt: skip
        self.assertEqual(
            sum(self.users["manager"].partner_id in note.notified_partner_ids for note in notes), 1
        )
        self.assertNotIn(self.users["specialist"].partner_id, notes.notified_partner_ids)
        with at(f"{late} 12:00"):
            found = rows.search([("is_overdue", "=", True), ("id", "in", rows.ids)])
            self.assertEqual(found, rows.filtered("is_overdue"))
            self.assertEqual(len(found), len(ROLES))

    def test_it_is_overdue_when_the_day_is_over_where_the_company_works(self):
        row = self._row("specialist")
        for day, overdue in ((row.due_on, False), (row.due_on + timedelta(days=1), True)):
            for user in (self.env.user, self.env.ref("base.user_admin")):
                # Whoever looks, and whatever day it is where he sits.
                user.tz = "Pacific/Honolulu"
                with self.subTest(day, user=user.login), at(f"{day} 00:30"):
                    row.invalidate_recordset()
                    rows = row.with_user(user).sudo()
                    self.assertEqual(rows.is_overdue, overdue)
                    domain = [("is_overdue", "=", True), ("id", "=", row.id)]
                    self.assertEqual(bool(rows.search(domain)), overdue)

    def test_one_version_that_fails_does_not_keep_the_others_waiting(self):
        policy = self.env["crm.policy"].create(
            {"code": "A0", "name": "另一制度", "company_id": self.company.id}
        )
        bad = policy.version_ids.create({"policy_id": policy.id, "number": "1"})
        bad._policy_guarded_write(
            {"state": "effective", "approver_id": self.users["director"].id,
             "effective_from": "2026-11-22"}
        )  # fmt: skip
        newcomer = self._new_user("specialist", login="t_new")
        Acknowledgement = type(self.env["crm.policy.acknowledgement"])
        keep = Acknowledgement._policy_keep

        def stumble(rows, version):
            if version == bad:
                raise ValueError("nobody is found")
            return keep(rows, version)

        self.patch(Acknowledgement, "_policy_keep", stumble)
        logger = "odoo.addons.crm_policy.models.policy.acknowledgement"
        with self.assertLogs(logger, "ERROR") as log, self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_remind_signatures").method_direct_trigger()
        self.assertIn("另一制度", log.output[0])
        self.env.invalidate_all()
        self.assertIn(newcomer, self._rows().user_id)

    def test_the_database_keeps_signatures_whole_and_single(self):
        row = self._row("specialist")
        for statement in (
            "UPDATE crm_policy_acknowledgement SET state = 'signed' WHERE id = %s",
            "INSERT INTO crm_policy_acknowledgement (version_id, user_id, state, asked_at, due_on)"
            " SELECT version_id, user_id, state, asked_at, due_on"
            " FROM crm_policy_acknowledgement WHERE id = %s",
        ):
            with (
                self.subTest(statement),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [row.id])

    def test_a_displaced_version_asks_nobody(self):
        self._scoped()
        activity_type = self.env.ref("crm_policy.activity_type_sign")
        left = self.env["mail.activity"].search(
            [("activity_type_id", "=", activity_type.id), ("res_id", "=", self.version.id)]
        )
        self.assertFalse(left)
