"""Versions of a policy: from draft to force, four eyes, and what is published stays as it is."""

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from ..common import PolicyCommon, at

REVISION = "odoo.addons.crm_policy.models.policy.revision"


class TestVersions(PolicyCommon):
    def _pack(self, number="2", **replacements):
        """Return the shipped pack as another version of the same policy."""
        content = self.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        sound = 'number: "1"\n  transition'
        self.assertIn(sound, content)
        content = content.replace(sound, f'number: "{number}"\n  transition', 1)
        for old, new in replacements.values():
            self.assertIn(old, content)
            content = content.replace(old, new, 1)
        return content

    def _draft(self, number="2", **replacements):
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        return policy._policy_apply_pack(self._pack(number, **replacements), self.company)

    def _review(self, number="2"):
        version = self._draft(number)
        self._hand_over(version)
        return version

    def _events(self, version):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", "crm.policy.version"), ("res_id", "=", version.id)], order="id"
        )

    # === WHAT THE CACHE KNOWS OF IT === #

    def test_a_change_of_its_names_is_cited_at_once(self):
        version = self._draft()
        clause = version.clause_ids[0]
        rule = self.env["crm.policy.deadline.rule"].search([("version_id", "=", version.id)])[0]
        self.assertFalse(rule._policy_own_snapshot()["is_trial"])
        for write, vals, words in (
            (clause._policy_guarded_write, {"number": "99"}, "Clause 99 ("),
            (version._policy_guarded_write, {"number": "7"}, " v7)"),
            (version.policy_id.write, {"name": "Guide"}, "(Guide v7)"),
        ):
            self.assertNotIn(words, clause._policy_citation())
            write(vals)
            self.assertIn(words, clause._policy_citation())
        self.assertEqual(clause._policy_trace()["clause"], "99")
        self.assertEqual(clause._policy_trace()["version"], "7")
        version._policy_guarded_write({"enforcement": "trial"})
        self.assertTrue(rule._policy_own_snapshot()["is_trial"])

    # === FROM DRAFT TO FORCE === #

    def test_draft_review_effective(self):
        version = self._draft()
        self.assertEqual(version.state, "draft")
        self.assertEqual(version.author_id, self.users["policy_admin"])
        with self.assertRaisesRegex(UserError, "not waiting for approval"):
            self._as("director", version).action_policy_publish()
        self._hand_over(version)
        self.assertEqual(version.state, "review")
        with self.assertRaisesRegex(UserError, "not a draft"):
            version.action_policy_review()
        version.action_policy_draft()
        self.assertEqual(version.state, "draft")
        version.action_policy_review()
        with at("2026-03-04 00:30"):  # still the 3rd in UTC
            self._as("director", version).action_policy_publish()
        version = version.with_env(self.env)
        self.assertEqual(version.state, "effective")
        self.assertEqual(str(version.effective_from), "2026-03-04")
        self.assertEqual(version.approver_id, self.users["director"])
        self.assertTrue(version.approved_at)
        self.assertEqual(version.content_hash, version._policy_content_hash())
        self.assertEqual(version.policy_id.current_version_id, version)
        self.assertEqual(
            self._events(version).mapped("type"),
            ["pack.loaded", "version.approved", "version.effective"],
        )
        with self.assertRaisesRegex(UserError, "Only a version in review"):
            self._as("policy_admin", version).action_policy_draft()

    def test_a_version_without_clauses_is_not_handed_over(self):
        version = self.env["crm.policy.version"].create(
            {"policy_id": self.version.policy_id.id, "number": "empty"}
        )
        with self.assertRaisesRegex(ValidationError, "no clause"):
            version.action_policy_review()

    def test_the_second_supersedes_the_first_and_open_cases_keep_theirs(self):
        old = self._new_case()
        version = self._review()
        with at("2026-11-02 09:00"):
            self._as("director", version).action_policy_publish()
        self.assertEqual(self.version.state, "superseded")
        self.assertEqual(str(self.version.effective_to), "2026-11-01")
        self.assertEqual(old.policy_version_id, self.version)
        self.assertEqual(self._new_case().policy_version_id, version)
        self._as("specialist", old).action_policy_accept()
        self.assertEqual(old.policy_deadline_ids.rule_id.version_id, self.version)

    def test_a_future_day_waits_for_its_cron(self):
        version = self._draft()
        version.effective_from = "2026-12-01"
        self._hand_over(version)
        with at("2026-11-02 09:00"):
            self._as("director", version).action_policy_publish()
        self.assertEqual(version.state, "review")
        self.assertEqual(self._new_case().policy_version_id, self.version)
        cron = self.env.ref("crm_policy.cron_take_effect")
        for moment, state in (
            ("2026-11-30 23:59:59", "review"),
            ("2026-12-01 00:00:00", "effective"),  # 16:00 of the day before in UTC
            ("2026-12-01 01:00:00", "effective"),
        ):
            with at(moment), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(version.state, state, moment)
        self.assertEqual(self.version.state, "superseded")
        self.assertEqual(str(self.version.effective_to), "2026-11-30")
        self.assertEqual(self._new_case().policy_version_id, version)
        self.assertEqual(self._events(version).mapped("type").count("version.effective"), 1)

    def test_a_policy_does_not_bind_the_past(self):
        version = self._draft()
        version.effective_from = "2026-11-01"
        self._hand_over(version)
        with at("2026-11-02 09:00"), self.assertRaisesRegex(ValidationError, "the past"):
            self._as("director", version).action_policy_publish()
        self.assertFalse(version.approver_id)
        with at("2026-11-01 23:59:59"):
            self._as("director", version).action_policy_publish()
        self.assertEqual(version.state, "effective")

    def test_what_waits_is_neither_changed_nor_approved_again(self):
        version = self._draft()
        version.effective_from = "2026-12-01"
        self._hand_over(version)
        with at("2026-11-02 09:00"):
            self._as("director", version).action_policy_publish()
            with self.assertRaisesRegex(UserError, "not waiting for approval"):
                self._as("ceo", version).action_policy_publish()
            with self.assertRaisesRegex(UserError, "Only a version in review"):
                version.action_policy_draft()
            with self.assertRaisesRegex(UserError, "no longer a draft"):
                version.effective_from = "2026-11-02"

    def test_two_that_wait_take_effect_in_the_order_of_their_days(self):
        """After a standstill both days have come; the later day is in force."""
        versions = []
        for number, day in (("2", "2026-12-01"), ("3", "2026-12-05")):
            version = self._draft(number)
            version.effective_from = day
            self._hand_over(version)
            versions.append(version)
            with at("2026-11-02 09:00"):
                self._as("director", version).action_policy_publish()
        self._run_cron("2026-12-06 09:00")
        self.assertEqual([version.state for version in versions], ["superseded", "effective"])
        self.assertEqual(str(versions[0].effective_to), "2026-12-04")

    def _run_cron(self, moment):
        with at(moment), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_take_effect").method_direct_trigger()
        self.env.invalidate_all()

    def test_a_version_that_fails_does_not_keep_another_policy_waiting(self):
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        handbook = admin._policy_packs()["handbook"].read_bytes()
        versions = [self._draft(), admin._policy_apply_pack(handbook, self.company)]
        self._seat_committee()
        for version, day in zip(versions, ("2026-12-01", "2026-12-02"), strict=True):
            version.effective_from = day
            with at("2026-11-02 09:00"):
                self._hand_over(version)
                self._approve_version(version)
        Version = type(self.version)
        follow = Version._policy_on_effective

        def stumble(version, former):
            if version.id == versions[0].id:
                raise ValueError("bad version")
            return follow(version, former)

        self.patch(Version, "_policy_on_effective", stumble)
        with self.assertLogs(REVISION, "ERROR") as log:
            self._run_cron("2026-12-05 09:00")
        self.assertEqual([version.state for version in versions], ["review", "effective"])
        self.assertEqual(self.version.state, "effective")
        self.assertIn(versions[0].display_name, log.output[0])
        self.patch(Version, "_policy_on_effective", follow)
        self._run_cron("2026-12-05 10:00")
        self.assertEqual(versions[0].state, "effective")

    def test_abolished_without_a_successor(self):
        case = self._new_case()
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            self._as("policy_admin", self.version).action_policy_abolish("x")
        self._as("director", self.version).action_policy_abolish("机构撤销")
        self.assertEqual(self.version.state, "abolished")
        with self.assertRaisesRegex(UserError, "not in force"):
            self._as("director", self.version).action_policy_abolish("机构撤销")
        with self.assertRaisesRegex(UserError, "苏州明远电子 has no policy in force for"):
            self._new_case()
        self._as("specialist", case).action_policy_accept()
        self.assertEqual(len(case.policy_deadline_ids), 2, "its own case goes on")

    def test_its_author_and_its_writers_never_end_it(self):
        director = self.users["director"]
        for vals in ({"author_id": director.id}, {"writer_ids": [Command.link(director.id)]}):
            with self.subTest(vals), self.cr.savepoint() as savepoint:
                if "author_id" in vals:
                    vals["approver_id"] = False
                self.version._policy_guarded_write(vals)
                with self.assertRaises(AccessError):
                    self._as("director", self.version).action_policy_abolish("x")
                with self.assertRaises(AccessError):
                    self._as("director", self.version.policy_id).action_policy_out_of_use()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_only_who_may_end_a_version_takes_its_policy_out_of_use(self):
        policy = self.version.policy_id
        events = self.env["crm.policy.event"]
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            self._as("policy_admin", policy).active_in_company = False
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            self._as("policy_admin", policy).action_policy_out_of_use()
        self.assertTrue(policy.active_in_company)
        self.assertFalse(events.search([("type", "=", "policy.out_of_use")]))
        self._as("director", policy).action_policy_out_of_use()
        self.assertFalse(policy.active_in_company)
        event = events.search([("type", "=", "policy.out_of_use")])
        self.assertEqual((event.res_id, event.actor_id), (policy.id, self.users["director"].id))
        self.assertEqual(event.version, self.version.number)
        self._as("policy_admin", policy).active_in_company = True
        event = events.search([("type", "=", "policy.in_use"), ("res_id", "=", policy.id)], limit=1)
        self.assertEqual(event.actor_id, self.users["policy_admin"].id)

    def test_nor_does_anybody_else_before_its_first_day(self):
        version = self._draft()
        version.effective_from = "2030-01-01"
        self._hand_over(version)
        self._as("director", version).action_policy_publish()
        self.version._policy_guarded_write({"state": "superseded"})
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            self._as("policy_admin", version.policy_id).active_in_company = False

    def test_a_case_without_a_policy_in_force(self):
        self.version.policy_id.active_in_company = False
        for kind in ("complaint", "request"):
            with self.assertRaisesRegex(UserError, "苏州明远电子 has no policy in force for"):
                self._new_case(policy_kind=kind)

    # === FOUR EYES === #

    def test_the_author_never_approves(self):
        admin = self.users["policy_admin"]
        admin.group_ids = [Command.link(self.env.ref("crm_policy.group_director").id)]
        version = self._review()
        for path in (version, version.sudo()):
            with self.assertRaisesRegex(AccessError, "never approves his own"):
                path.action_policy_publish()
        self.assertFalse(version.approver_id)
        self.assertEqual(version.state, "review")
        with self.assertRaisesRegex(Exception, "four_eyes"), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                version.sudo()._policy_guarded_write({"approver_id": admin.id})
                version.flush_recordset()

    def test_whoever_has_written_in_a_draft_does_not_approve_it(self):
        director, admin = self.users["director"], self.users["policy_admin"]
        director.group_ids = [Command.link(self.env.ref("crm_policy.group_policy_admin").id)]
        draft = self._draft()
        clause = draft.clause_ids[0]
        rule = self.env["crm.policy.deadline.rule"].search([("version_id", "=", draft.id)], limit=1)
        changes = [
            (clause, {"text": "mine"}),
            (rule, {"duration": 3}),
            (draft, {"transition": "switch"}),
        ]
        for record, vals in changes:
            with self.subTest(record=record._name):
                draft._policy_guarded_write({"writer_ids": [Command.clear()]})
                record.with_user(director).write(vals)
                self.assertEqual(draft.writer_ids, director)
        clause.with_user(admin).text = "ours"
        self.assertEqual(draft.writer_ids, director | admin)
        self._hand_over(draft)
        for path in (draft, draft.sudo()):
            with self.assertRaisesRegex(AccessError, "does not decide on it"):
                path.with_user(director).action_policy_publish()
        draft.with_user(self.users["ceo"]).action_policy_publish()
        self.assertEqual(draft.approver_id, self.users["ceo"])

    def test_nobody_takes_himself_off_the_writers(self):
        draft = self._draft()
        admin = self.users["policy_admin"]
        for path in (draft.with_user(admin), draft.sudo()):
            with self.assertRaisesRegex(AccessError, "cannot be written"):
                path.write({"writer_ids": [Command.clear()]})
        copied = draft.with_user(admin).copy_data()[0]
        self.assertNotIn("writer_ids", copied)

    def test_only_director_ceo_and_committee_approve(self):
        version = self._review()
        for role in ("specialist", "supervisor", "manager", "finance", "qc", "policy_admin"):
            with (
                self.subTest(role=role),
                self.assertRaisesRegex(AccessError, "decided by a director"),
            ):
                self._as(role, version).action_policy_publish()
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            self._as("specialist", version).sudo().action_policy_publish()
        with self.assertRaisesRegex(AccessError, "decided by a director"):
            version.with_user(self.env.ref("base.user_root")).action_policy_publish()
        self._as("ceo", version).action_policy_publish()
        self.assertEqual(version.state, "effective")

    def test_a_director_of_another_company_does_not_approve(self):
        other = self._new_company("无锡分公司")
        stranger = self._new_user("director", login="t_wuxi_director", company=other)
        version = self._review().with_user(stranger).with_context(allowed_company_ids=other.ids)
        with self.assertRaises(AccessError):
            version.action_policy_publish()

    def test_the_database_keeps_one_version_in_force(self):
        draft = self._draft()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE crm_policy_version SET state = 'effective' WHERE id = %s", [draft.id]
            )

    def test_nor_does_he_decide_on_the_one_in_force(self):
        other = self._new_company("无锡分公司")
        stranger = self._new_user("director", login="t_wuxi_director", company=other)
        version = self.version.with_user(stranger).with_context(allowed_company_ids=other.ids)
        for action in (
            lambda: version.action_policy_abolish("不再适用"),
            lambda: version.action_policy_confirm_review("已看过"),
            version.action_policy_enforce,
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertEqual((self.version.state, self.version.reviewed_on), ("effective", False))

    def test_nobody_writes_the_guarded_fields(self):
        version = self._draft()
        values = {
            "state": "effective",
            "author_id": self.users["director"].id,
            "approver_id": self.users["director"].id,
            "approved_at": "2026-03-04 00:00:00",
            "content_hash": "0" * 64,
            "effective_to": "2030-01-01",
        }
        model = self.env["crm.policy.version"]
        users = [self.users["policy_admin"], self.env.ref("base.user_admin"),
                 self.env.ref("base.user_root")]  # fmt: skip
        for user in users:
            for name, value in values.items():
                with self.subTest(user=user.login, field=name):
                    with self.assertRaisesRegex(AccessError, "cannot be written"):
                        call_kw(model.with_user(user), "write", [version.ids, {name: value}], {})
                    with self.assertRaisesRegex(AccessError, "cannot be written"):
                        vals = {"policy_id": version.policy_id.id, "number": "9", name: value}
                        call_kw(model.with_user(user), "create", [[vals]], {})
        for method in ("_policy_guarded_write", "_policy_take_effect", "_policy_guarded_create"):
            with self.assertRaises(AccessError):
                call_kw(model.with_user(users[0]), method, [version.ids, {}], {})

    def test_neither_context_nor_user_defaults_reach_the_guarded_fields(self):
        director = self.users["director"]
        admin = self.users["policy_admin"]
        self.env["ir.default"].with_user(admin).set(
            "crm.policy.version", "author_id", director.id, user_id=True
        )
        version = (
            self.env["crm.policy.version"]
            .with_user(admin)
            .with_context(default_state="effective", default_author_id=director.id,
                          default_approver_id=director.id, default_content_hash="0")
            .create({"policy_id": self.version.policy_id.id, "number": "9"})
        )  # fmt: skip
        self.assertEqual(version.state, "draft")
        self.assertEqual(version.author_id, admin)
        self.assertFalse(version.approver_id)
        self.assertFalse(version.content_hash)

    # === PUBLISHED IS PUBLISHED === #

    def _published(self):
        """Return a record of each kind that a published version is made of, and a change."""
        version = self.version
        sections = {
            "crm.policy.clause": {"text": "nothing is due"},
            "crm.policy.deadline.rule": {"duration": 999},
            "crm.policy.fact.rule": {"backdate_hours": 999},
            "crm.policy.authority": {"max_amount": 999_999},
            "crm.policy.route": {"kind": "sequence"},
        }
        for model, change in sections.items():
            yield self.env[model].search([("version_id", "=", version.id)], limit=1), change
        route = self.env["crm.policy.route"].search([("version_id", "=", version.id)], limit=1)
        self.env.cr.execute(
            "INSERT INTO crm_policy_route_step (route_id, role_id, mode, sequence, currency_id,"
            " company_id, on_timeout) SELECT %s, id, 'any', 1, %s, company_id, 'remind'"
            " FROM crm_policy_role"
            " WHERE company_id = %s LIMIT 1 RETURNING id",
            [route.id, self.company.currency_id.id, self.company.id],
        )
        [[step_id]] = self.env.cr.fetchall()
        yield self.env["crm.policy.route.step"].browse(step_id), {"amount_from": 999}

    def test_what_is_published_is_not_changed_deleted_or_added_to(self):
        for record, change in self._published():
            for actor in (record, record.sudo(), self._as("policy_admin", record)):
                with self.subTest(model=record._name, user=actor.env.user.login):
                    self.assertTrue(record)
                    before = actor.search_count([])
                    with self.assertRaisesRegex(UserError, "no longer a draft"):
                        actor.write(change)
                    with self.assertRaisesRegex(UserError, "no longer a draft"):
                        actor.unlink()
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        vals = record.copy_data()[0]
                        for name in ("code", "number"):
                            if name in record._fields:
                                vals[name] = "new"
                        actor.create([vals])
                    self.assertEqual(actor.search_count([]), before)
        self.assertEqual(self.version.content_hash, self.version._policy_content_hash())

    def test_nothing_is_moved_into_what_is_published(self):
        draft = self._draft()
        for record, _change in self._published():
            if record._name == "crm.policy.route.step":
                continue
            parent = "version_id" if record._name == "crm.policy.clause" else "clause_id"
            mine = record.search([("version_id", "=", draft.id)], limit=1)
            if "number" in mine._fields:
                mine.number = "9.9"
            elif "code" in mine._fields:
                mine.code = "moved"
            if parent == "clause_id":
                for vals in ({"version_id": self.version.id}, {"company_id": self.company.id}):
                    with self.subTest(model=record._name, **vals):
                        with self.assertRaisesRegex(AccessError, "cannot be written"):
                            mine.write(vals)
            with self.subTest(model=record._name), self.env.cr.savepoint():
                with self.assertRaisesRegex(UserError, "no longer a draft"):
                    mine.write({parent: record[parent].id})
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            self.version.clause_ids = [Command.link(draft.clause_ids[0].id)]
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            draft.clause_ids = [Command.link(self.version.clause_ids[0].id)]

    def test_it_stays_in_its_company_and_under_its_code(self):
        """Else it would bind another company that nobody has approved it for."""
        other = self._new_company("无锡分公司")
        admin = self.users["policy_admin"]
        admin.company_ids |= other
        policy = self.version.policy_id.with_user(admin).with_context(
            allowed_company_ids=(self.company | other).ids
        )
        fresh = policy.create({"code": "N1", "name": "新制度", "company_id": self.company.id})
        fresh.write({"company_id": other.id, "code": "N2"})
        draft = fresh.version_ids.create({"policy_id": fresh.id, "number": "1"})
        self.assertEqual(draft.company_id, other)
        fresh.code = "N3"
        draft._policy_guarded_write({"state": "review"})
        for record in (policy, fresh):
            for vals in ({"company_id": admin.company_id.id}, {"code": "N4"}):
                same = record.company_id == admin.company_id and "company_id" in vals
                value = {"company_id": other.id} if same else vals
                for target in (record, record.sudo()):
                    with self.subTest(policy=record.name, **value):
                        with self.assertRaisesRegex(UserError, "stay as they are once"):
                            target.write(value)
        policy.write({"code": policy.code, "name": "客户投诉处理办法（试行）"})
        self.assertEqual(self.version.company_id, self.company)

    def test_its_translations_stay_too(self):
        """The translation dialog of the web client has a way of its own to the table."""
        for record, _change in self._published():
            names = [name for name, field in record._fields.items() if field.translate]
            for name in names:
                with self.subTest(model=record._name, field=name):
                    with self.assertRaisesRegex(UserError, "no longer a draft"):
                        self._as("policy_admin", record).update_field_translations(
                            name, {"en_US": "Nothing is due"}
                        )

    def test_the_version_itself_stays(self):
        changes = {
            "number": "9",
            "effective_from": "2020-01-01",
            "enforcement": "trial",
            "transition": "switch",
            "policy_id": self.version.policy_id.id,
        }
        for vals in ({name: value} for name, value in changes.items()):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "no longer a draft"):
                self.version.write(vals)
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            self.version.unlink()
        with self.assertRaisesRegex(UserError, "not deleted"):
            self.version.policy_id.unlink()
        self.version.message_post(body=self.version.number)  # a note is no change

    def test_a_draft_is_the_author_s_to_change(self):
        draft = self._draft()
        clause = draft.clause_ids[0]
        clause.text = "another text"
        Rule = self.env["crm.policy.deadline.rule"]
        rule = Rule.search([("version_id", "=", draft.id)], limit=1)
        rule.with_user(self.users["policy_admin"]).write({"duration": 2})
        rule.unlink()
        self._hand_over(draft)
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            clause.text = "while it is under review"

    def test_its_name_is_in_the_language_of_who_asks(self):
        """In one transaction, as when mails go out to people of several languages."""
        english = self.version.display_name
        chinese = self.version.with_context(lang="zh_CN").display_name
        self.assertEqual(
            (english, chinese),
            ("Customer Service and Complaint Policy v1", "客户服务与投诉管理制度 v1"),
        )
        self.assertEqual(self.version.display_name, english)
