"""How a version follows another: reason, sections, copy, comparison, trial, review."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at

NOT_IN_THE_PACK = (
    "crm.policy.copy.rule",
    "crm.policy.countersign.step",
    "crm.policy.milestone",
    "crm.policy.pause.reason",
    "crm.policy.sanction.rule",
)


class TestRevisions(PolicyCommon):
    def _draft(self):
        return self.version.with_user(self.users["policy_admin"])._policy_new_version()

    def _publish(self, draft, **vals):
        draft.write(vals)
        self._hand_over(draft)
        self._as("director", draft).action_policy_publish()
        return draft.with_env(self.env)

    def _types(self, version):
        return self.env["crm.policy.event"].search(
            [("res_model", "=", "crm.policy.version"), ("res_id", "=", version.id)], order="id"
        ).mapped("type")  # fmt: skip

    # === REASON AND SECTIONS === #

    def test_a_later_version_says_why_it_is_there(self):
        draft = self._draft()
        for vals, missing in (
            ({}, "Reason for the Revision, What Changes"),
            ({"revision_reason": "law"}, "fill in What Changes"),
            ({"revision_reason": False, "change_summary": "x"}, "fill in Reason for the Revision"),
            ({"revision_reason": "law", "change_summary": "  "}, "fill in What Changes"),
        ):
            draft.write(vals)
            with self.subTest(**vals), self.assertRaisesRegex(ValidationError, missing):
                draft.action_policy_review()
        draft.change_summary = "15分钟改为10分钟"
        draft.action_policy_review()
        self.assertEqual(draft.state, "review")

    def test_sections_are_asked_for_where_the_company_wants_them(self):
        draft = self._draft()
        draft.write({"revision_reason": "law", "change_summary": "x"})
        self.company.policy_sections_required = True
        with self.assertRaisesRegex(UserError, "Sections are missing: Purpose, Scope, "):
            draft.action_policy_review()
        sections = self.env["crm.policy.term"]._policy_sections(self.company)
        self.assertEqual(len(sections), 8)
        leaves = draft.clause_ids - draft.clause_ids.parent_id
        clauses = leaves[: len(sections)]
        for clause, section in zip(clauses, sections, strict=True):
            clause.section_id = section
        clauses[0].text = " "
        with self.assertRaisesRegex(UserError, "Sections are missing: Purpose. "):
            draft.action_policy_review()
        # a heading is there when a clause below it says something
        below = leaves.filtered("text")[-1:]
        clauses[0].section_id = False
        below.parent_id.section_id = sections[0]
        self.assertFalse(draft._policy_missing_sections())
        sections[-1].active = False
        self.assertEqual(len(self.env["crm.policy.term"]._policy_sections(self.company)), 7)
        draft.action_policy_review()
        self.assertEqual(draft.state, "review")

    # === A NEW VERSION === #

    def test_a_new_version_has_the_text_and_the_rules_of_every_kind(self):
        draft = self._draft()
        self.assertEqual((draft.number, draft.state), ("2", "draft"))
        self.assertEqual(draft.author_id, self.users["policy_admin"])
        for lang in ("en_US", "zh_CN"):
            if self.env["res.lang"]._lang_get(lang):
                old, new = (
                    [
                        (c.number, c.name, c.text, c.parent_id.number, c.source)
                        for c in version.with_context(lang=lang).clause_ids
                    ]
                    for version in (self.version, draft)
                )
                self.assertEqual(old, new, lang)
        self.assertEqual(draft.clause_ids.parent_id.version_id, draft)
        for model in self.env["crm.policy.rule.mixin"]._policy_rule_models():
            old, new = (
                model.search([("version_id", "=", version.id)], order="id")
                for version in (self.version, draft)
            )
            with self.subTest(model._name):
                # What this pack has nothing of, other packs have.
                self.assertTrue(old or model._name in NOT_IN_THE_PACK)
                self.assertEqual(old.mapped("code"), new.mapped("code"))
                for lang in ("en_US", "zh_CN"):
                    there = [rules.with_context(lang=lang) for rules in (old, new)]
                    self.assertEqual(
                        *([rule._policy_content() for rule in rules] for rules in there)
                    )
                self.assertLessEqual(new.version_id, draft)
        self.assertEqual(draft._policy_content_hash(), self.version.content_hash)
        self.assertEqual(self._draft().number, "3", "a number that is taken is not given again")

    def test_only_a_policy_administrator_writes_versions(self):
        for role in self.users.keys() - {"policy_admin"}:
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.version).action_policy_new_version()

    def test_the_comparison_names_what_changes(self):
        draft = self._draft()
        self.assertEqual(
            draft._policy_diff(self.version),
            {"clauses": [], "rules": [], "unchanged": len(self.version.clause_ids)},
        )
        by_number = {clause.number: clause for clause in draft.clause_ids}
        by_number["3.2"].text = "A complaint is answered within 12 hours of its acceptance."
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", draft.id), ("code", "=", "complaint-response")]
        )
        rule.duration = 12
        self.env["crm.policy.parameter"].search(
            [("version_id", "=", draft.id), ("code", "=", "similar_days")]
        ).unlink()
        draft.clause_ids = [Command.create({"number": "99", "name": "New", "text": "Something"})]
        diff = draft._policy_diff(self.version)
        rows = {row["number"]: row for row in diff["clauses"]}
        self.assertEqual(
            {number: row["kind"] for number, row in rows.items()}, {"3.2": "changed", "99": "added"}
        )
        self.assertIn(("gone", "24"), rows["3.2"]["text"])
        self.assertIn(("new", "12"), rows["3.2"]["text"])
        self.assertEqual(diff["unchanged"], len(self.version.clause_ids) - 1)
        changed = {row["name"]: row for row in diff["rules"]}
        self.assertEqual(
            (changed[rule.name]["kind"], changed[rule.name]["values"]),
            ("changed", [("Duration", "24", "12")]),
        )
        self.assertEqual([row["kind"] for row in diff["rules"]], ["changed", "removed"])

    # === PUBLISHED IS PUBLISHED === #

    def test_rules_of_every_kind_stay_once_published(self):
        """Model by model, whoever asks: changed, deleted, added, moved in, translated."""
        draft = self._draft()
        actors = (self.env.ref("base.user_root"), self.users["policy_admin"])
        models = self.env["crm.policy.rule.mixin"]._policy_rule_models()
        self.assertGreaterEqual(len(models), 6)
        for model in [*models, self.env["crm.policy.clause"]]:
            if model._name in NOT_IN_THE_PACK:
                continue
            published = model.search([("version_id", "=", self.version.id)], limit=1)
            mine = model.search([("version_id", "=", draft.id)], limit=1)
            key, parent = ("number", "version_id") if "number" in model._fields else (
                "code", "clause_id")  # fmt: skip
            vals = {**published.copy_data()[0], key: "new"}
            for user in actors:
                record = published.with_user(user)
                with self.subTest(model=model._name, user=user.login):
                    self.assertTrue(published)
                    moved = {key: "new", parent: published[parent].id}
                    attempts = [
                        (record, "write", [{key: "new"}]),
                        (record, "unlink", []),
                        (record, "create", [[vals]]),
                        (mine.with_user(user), "write", [moved]),
                    ]
                    attempts += [
                        (record, "update_field_translations", [name, {"en_US": "Nothing"}])
                        for name, field in model._fields.items()
                        if field.translate
                    ]
                    for target, method, arguments in attempts:
                        with (
                            self.assertRaisesRegex(UserError, "no longer a draft"),
                            self.env.cr.savepoint(),
                        ):
                            getattr(target, method)(*arguments)
        self.assertEqual(self.version.content_hash, self.version._policy_content_hash())

    # === COMPANIES APART === #

    def test_a_rule_names_nobody_of_another_company(self):
        draft = self._draft()
        other = self._new_company("杭州分公司")
        foreign = {
            "crm.policy.role": self.env["crm.policy.role"].create(
                {"code": "hz", "name": "杭州主管", "company_id": other.id, "kind": "group",
                 "group_id": self.env.ref("crm_policy.group_supervisor").id}
            ),
            "resource.calendar": other.resource_calendar_id,
        }  # fmt: skip
        models = [*self.env["crm.policy.rule.mixin"]._policy_rule_models()]
        seen = set()
        for model in [*models, self.env["crm.policy.route.step"]]:
            parent = "route_id.version_id" if "route_id" in model._fields else "version_id"
            rule = model.search([(parent, "=", draft.id)], limit=1)
            for name, field in model._fields.items():
                if not rule or field.related or field.type != "many2one" or not field.store:
                    continue
                if field.comodel_name in foreign:
                    seen.add((model._name, name))
                    with self.subTest(model=model._name, field=name):
                        with self.assertRaisesRegex(ValidationError, "another company than"):
                            rule[name] = foreign[field.comodel_name]
        self.assertGreaterEqual(
            seen,
            {
                ("crm.policy.authority", "role_id"),
                ("crm.policy.deadline.rule", "calendar_id"),
                ("crm.policy.deadline.rule", "role_id"),
                ("crm.policy.route.step", "role_id"),
            },
        )

    def test_a_company_is_governed_by_its_own_policies(self):
        other = self._new_company("杭州分公司")
        department = self.env["hr.department"].create({"name": "外地", "company_id": other.id})
        policy = self.env["crm.policy"].create(
            {"code": "H1", "name": "杭州制度", "company_id": other.id}
        )
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        default = self.env["crm.policy.default"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        for record, vals in (
            (default, {"policy_id": policy.id}),
            (kind, {"policy_id": policy.id}),
            (self.version.policy_id, {"owner_department_id": department.id}),
        ):
            for target in (record, self._as("policy_admin", record).sudo()):
                with self.subTest(model=record._name):
                    with self.assertRaisesRegex(UserError, "another company"):
                        target.write(vals)

    def test_scope_and_terms_of_what_is_published_stay(self):
        department = self.env["hr.department"].create({"name": "质量部"})
        section = self.env["crm.policy.term"]._policy_sections(self.company)[0]
        for vals in (
            {"department_ids": [Command.set(department.ids)]},
            {"job_ids": [Command.clear()]},
            {"customer_type_ids": [Command.clear()]},
            {"scope_activity_ids": [Command.clear()]},
            {"channel": "online"},
            {"transition": "switch"},
            {"enforcement": "trial"},
            {"revision_reason": "law"},
            {"change_summary": "x"},
        ):
            for user in (self.env.ref("base.user_root"), self.users["policy_admin"]):
                with self.subTest(user=user.login, **vals):
                    with self.assertRaisesRegex(UserError, "no longer a draft"):
                        self.version.with_user(user).write(vals)
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            self.version.clause_ids[0].section_id = section
        for name in ("superseded_by_id", "abolish_reason", "enforced_from", "reviewed_on",
                     "next_review_on", "review_reminded_on"):  # fmt: skip
            draft = self._draft()
            with self.subTest(name), self.assertRaisesRegex(AccessError, "cannot be written"):
                draft.write({name: False})

    # === EFFECT === #

    def test_who_displaces_whom_is_written_down(self):
        seen = []
        draft = self._draft()
        self.patch(type(draft), "_policy_on_effective", lambda new, former: seen.append(
            (new.id, former.id, new.env.su)))  # fmt: skip
        self._publish(draft)
        self.assertEqual(self.version.superseded_by_id, draft)
        self.assertEqual(seen, [(draft.id, self.version.id, True)])
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_take_effect").method_direct_trigger()
        self.assertEqual(len(seen), 1)

    def test_a_day_that_is_none_ends_no_trial(self):
        version = self._publish(self._draft(), enforcement="trial")
        for day in ("soon", "2026-13-45", 7, ["2026-12-01"]):
            with self.subTest(day=day), self.assertRaisesRegex(ValidationError, "no such date"):
                self._as("director", version).action_policy_enforce(day)
        self.assertFalse(version.enforced_from)

    def test_a_review_is_confirmed_in_words(self):
        for note in (None, 5, ["x"], " "):
            with self.subTest(note=note), self.assertRaisesRegex(ValidationError, "looked at"):
                self._as("director", self.version).action_policy_confirm_review(note)

    def test_abolishing_needs_a_reason(self):
        for reason in (None, "", "  ", 5, ["x"]):
            with self.subTest(reason=reason), self.assertRaisesRegex(ValidationError, "Say why"):
                self._as("director", self.version).action_policy_abolish(reason)
        wizard = self.env["crm.policy.version.step"].with_user(self.users["director"]).create(
            {"version_id": self.version.id, "step": "abolish", "reason": "业务终止"}
        )  # fmt: skip
        wizard.action_policy_do()
        self.assertEqual(
            (self.version.state, self.version.abolish_reason), ("abolished", "业务终止")
        )

    def test_a_trial_ends_by_an_approver_on_its_day(self):
        with at("2026-11-02 09:00"):
            version = self._publish(self._draft(), enforcement="trial")
            with self.assertRaises(AccessError):
                self._as("policy_admin", version).action_policy_enforce()
            with self.assertRaisesRegex(ValidationError, "the past"):
                self._as("director", version).action_policy_enforce("2026-11-01")
            self._as("ceo", version).action_policy_enforce("2026-12-01")
        self.assertEqual(version.enforcement, "trial")
        for moment, enforcement in (
            ("2026-11-30 23:59:59", "trial"),
            ("2026-12-01 00:00:00", "enforced"),
            ("2026-12-01 01:00:00", "enforced"),
        ):
            with at(moment), self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_take_effect").method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(version.enforcement, enforcement, moment)
        self.assertEqual(self._types(version)[-2:], ["version.trial_ends", "version.enforced"])
        self.assertEqual(self._types(version).count("version.enforced"), 1)
        with self.assertRaisesRegex(UserError, "not on trial"):
            self._as("director", version).action_policy_enforce()

    def test_the_author_never_ends_his_own_trial(self):
        self.users["policy_admin"].group_ids += self.env.ref("crm_policy.group_committee")
        version = self._publish(self._draft(), enforcement="trial")
        with self.assertRaisesRegex(AccessError, "author never"):
            self._as("policy_admin", version).action_policy_enforce()
        self._as("director", version).action_policy_enforce()
        self.assertEqual(version.enforcement, "enforced")

    def test_who_approves_ends_a_trial_and_nobody_else(self):
        version = self._publish(self._draft(), enforcement="trial")
        for role in ("specialist", "supervisor", "manager", "qc", "policy_admin"):
            for target in (self._as(role, version), self._as(role, version).sudo()):
                with self.subTest(role):
                    with self.assertRaisesRegex(AccessError, "decided by a director"):
                        target.action_policy_enforce()
        self.assertEqual((version.enforcement, version.enforced_from), ("trial", False))

    # === REVIEW === #

    def test_the_review_is_asked_for_once_before_its_day(self):
        with at("2026-03-04 09:00"):
            version = self._publish(self._draft())
        self.assertEqual(str(version.next_review_on), "2027-03-04")
        cron = self.env.ref("crm_policy.cron_remind_reviews")
        kind = self.env.ref("crm_policy.activity_type_review")
        for moment, count, overdue in (
            ("2027-02-01 23:00", 0, False),
            ("2027-02-02 00:30", 1, False),
            ("2027-02-03 00:30", 1, False),
            ("2027-03-04 12:00", 1, False),
            ("2027-03-05 00:30", 1, True),
            ("2027-03-05 12:00", 1, True),
        ):
            with at(moment), self.enter_registry_test_mode():
                cron.method_direct_trigger()
                self.env.invalidate_all()
                asked = self.env["mail.activity"].search(
                    [("activity_type_id", "=", kind.id), ("res_id", "=", version.id)]
                )
                self.assertEqual((len(asked), version.is_review_overdue), (count, overdue), moment)
                found = version.search([("is_review_overdue", "=", True), ("id", "=", version.id)])
                self.assertEqual(bool(found), overdue)
        self.assertEqual(asked.user_id, self.users["policy_admin"])
        with at("2027-03-10 09:00"):
            with self.assertRaises(AccessError):
                self._as("policy_admin", version).action_policy_confirm_review("ok")
            with self.assertRaisesRegex(ValidationError, "what was looked at"):
                self._as("director", version).action_policy_confirm_review(" ")
            self._as("director", version).action_policy_confirm_review("抽查30件，条款仍适用")
            self.assertFalse(version.is_review_overdue)
        self.assertEqual(str(version.next_review_on), "2028-03-10")
        self.assertFalse(asked.exists())

    def test_a_review_that_cannot_be_asked_for_does_not_stop_the_others(self):
        with at("2026-03-04 09:00"):
            version = self._publish(self._draft())
            other = self._install_policy("handbook")
        Version = type(version)
        schedule = Version._policy_schedule

        def stumble(asked, kind, users, day):
            if asked.id == version.id:
                raise ValueError("bad version")
            return schedule(asked, kind, users, day)

        self.patch(Version, "_policy_schedule", stumble)
        logger = "odoo.addons.crm_policy.models.policy.revision"
        with (
            at("2027-02-05 09:00"),
            self.enter_registry_test_mode(),
            self.assertLogs(logger, "ERROR"),
        ):
            self.env.ref("crm_policy.cron_remind_reviews").method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(version.review_reminded_on)
        self.assertEqual(str(other.review_reminded_on), "2027-03-04")

    def test_a_policy_without_review_months_is_never_asked_for(self):
        self.version.policy_id.review_months = 0
        self.assertFalse(self.version.next_review_on)

    # === THE PAGE BEFORE PUBLISHING === #

    def test_the_page_shows_what_will_happen_and_hands_over(self):
        self._new_case()
        draft = self._draft()
        draft.clause_ids[0].text = "<b>An answer</b>"
        page = self.env["crm.policy.version.publish"].with_user(self.users["policy_admin"])
        page = page.browse(page.action_policy_open(draft.id)["res_id"])
        self.assertEqual(page.former_id, self.version)
        self.assertEqual((page.open_count, page.sign_count), (1, 10))
        self.assertIn("&lt;b&gt;", str(page.diff))
        self.assertRegex(str(page.diff), "</del><ins>|</span><(ins|del)>")
        self.assertNotIn("<b>An", str(page.diff))
        with self.assertRaisesRegex(ValidationError, "fill in"):
            page.action_policy_hand_over()
        page.write(
            {
                "revision_reason": "law",
                "change_summary": "x",
                "effective_from": "2030-01-01",
                "transition": "switch",
                "enforcement": "trial",
            }
        )
        page.action_policy_hand_over()
        self.assertEqual((draft.state, draft.transition, draft.enforcement),
                         ("review", "switch", "trial"))  # fmt: skip
        with self.assertRaises(AccessError):
            page.action_policy_approve()
        page = self.env["crm.policy.version.publish"].with_user(self.users["director"])
        page = page.browse(page.action_policy_open(draft.id)["res_id"])
        page.action_policy_approve()
        self.assertEqual(draft.approver_id, self.users["director"])

    def test_who_neither_writes_nor_approves_has_no_page(self):
        draft = self._draft()
        for role in ("specialist", "manager", "finance", "qc"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.env["crm.policy.version.publish"]).action_policy_open(draft.id)
