"""The linter: what it finds, what errors stop, and that a second look adds nothing."""

from odoo.exceptions import AccessError, UserError

from ..common import PolicyCommon, at


class TestFindings(PolicyCommon):
    def setUp(self):
        super().setUp()
        self.findings = self.env["crm.policy.finding"]
        self.draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        self.draft = self.draft.with_env(self.env)

    def _rule(self, code, model="crm.policy.deadline.rule"):
        return self.env[model].search([("version_id", "=", self.draft.id), ("code", "=", code)])

    def _found(self, version=None):
        version = version or self.draft
        return {
            (finding.code, finding.severity, finding.res_id)
            for finding in self.findings._policy_refresh(version)
        }

    def _news(self, change):
        """Return what a change makes the linter find, with its records."""
        before = self._found()
        change()
        return self._found() - before

    # === WHAT IS FOUND === #

    def test_the_shipped_policy_has_no_errors(self):
        findings = self.findings._policy_refresh(self.version)
        self.assertFalse(findings.filtered(lambda one: one.severity == "error").mapped("text"))

    def test_a_clause_that_says_nothing(self):
        leaf = (self.draft.clause_ids - self.draft.clause_ids.parent_id)[0]
        self.assertEqual(
            self._news(lambda: leaf.write({"text": " "})),
            {("clause_without_text", "warning", leaf.id)},
        )

    def test_two_rules_that_count_the_same(self):
        rule = self._rule("complaint-response")
        copy = rule.copy({"code": "again"})
        self.assertIn(("deadline_duplicate", "error", copy.id), self._found())
        copy.domain = "[('policy_kind', '=', 'query')]"
        self.assertNotIn("deadline_duplicate", {code for code, *_rest in self._found()})
        copy.domain = "[('policy_kind', 'ilike', 'comp')]"
        self.assertIn(("deadline_duplicate", "warning", copy.id), self._found())

    def test_rules_on_tags_are_not_taken_for_disjoint(self):
        rule = self._rule("complaint-response")
        rule.domain = "[('tag_ids', 'in', [1])]"
        copy = rule.copy({"code": "again", "domain": "[('tag_ids', 'in', [2])]"})
        self.assertIn(("deadline_duplicate", "warning", copy.id), self._found())

    def test_a_solution_before_the_answer_is_impossible(self):
        response, solution = self._rule("complaint-response"), self._rule("complaint-solution")
        self.assertEqual(response.start_path, solution.start_path)
        self.assertEqual(
            self._news(lambda: solution.write({"duration": 12})),
            {("deadline_impossible", "error", solution.id)},
        )
        # working days are compared with hours from wherever in a week they start
        solution.write({"duration": 1, "unit": "working_days"})
        self.assertNotIn("deadline_impossible", {code for code, *_rest in self._found()})

    def test_a_clock_that_runs_backwards(self):
        rule = self._rule("complaint-response")
        rule.start_path, rule.done_path = "policy_closed_at", "policy_accepted_at"
        self.assertIn(("deadline_backwards", "error", rule.id), self._found())

    def test_a_rule_on_a_field_that_is_gone_is_listed(self):
        rule = self._rule("complaint-response")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET done_path = 'gone_at' WHERE id = %s", [rule.id]
        )
        self.env.invalidate_all()
        self.assertIn(("rule_not_running", "error", rule.id), self._found())

    def test_amounts_that_nobody_or_somebody_twice_decides(self):
        lines = self.env["crm.policy.authority"].search([("version_id", "=", self.draft.id)])
        top = lines.filtered(lambda line: line.unlimited and not line.own_cases)[-1:]
        self.assertTrue(top)
        news = self._news(lambda: top.write({"unlimited": False, "max_amount": 5_000_000}))
        self.assertIn("authority_gap", {code for code, *_rest in news})
        twice = top.copy({"code": "twice", "max_amount": 1})
        self.assertIn(("authority_twice", "error", twice.id), self._found())
        other = self._role_of("quality")
        twice.write({"role_id": other.id, "max_amount": 5_000_000})
        self.assertIn(("authority_overlap", "error", twice.id), self._found())

    def test_a_step_that_nobody_can_sign_today(self):
        route = self._rule("remedy", "crm.policy.route")
        ceo = self._role_of("ceo")
        route.write({"step_ids": [(0, 0, {"role_id": ceo.id})], "kind": "sequence"})
        self.assertNotIn("step_without_approver", {code for code, *_rest in self._found()})
        self.users["ceo"].active = False
        self.assertIn(("step_without_approver", "warning", ceo.id), self._found())

    def test_a_step_of_whom_a_document_names_is_not_vacant(self):
        """Only the document says who it is."""
        route = self._rule("remedy", "crm.policy.route")
        vals = {"code": "x-handler", "group_id": False, "kind": "field", "field_path": "user_id"}
        role = self._role_of("ceo").copy(vals)
        self.assertFalse(role._users_for(route)[route.id])
        route.write({"step_ids": [(0, 0, {"role_id": role.id})], "kind": "sequence"})
        self.assertNotIn("step_without_approver", {code for code, *_rest in self._found()})

    def test_the_organisation_check_is_there_too(self):
        self.company.policy_executive_id = False
        self.findings._policy_refresh(self.version)
        found = self.findings.search(
            [("company_id", "=", self.company.id), ("code", "=", "executive_missing")]
        )
        self.assertEqual((found.res_model, found.version_id.id), ("res.company", False))
        self.company.policy_executive_id = self.users["ceo"]
        self.findings._policy_refresh(self.version)
        self.assertFalse(found.exists())

    def test_a_version_that_nobody_has_signed(self):
        day = self.version.acknowledgement_ids[:1].due_on
        late = day.replace(year=day.year + 1)
        with at(f"{late} 09:00"):
            self.assertIn(
                ("version_unsigned", "warning", self.version.id), self._found(self.version)
            )
            mine = self._as("qc", self.version)
            mine.action_policy_read()
            mine.action_policy_sign()
            self.env.invalidate_all()
            self.assertNotIn(
                ("version_unsigned", "warning", self.version.id), self._found(self.version)
            )

    def test_rules_that_no_case_has_come_under(self):
        first = self.version.effective_from
        late = first.replace(year=first.year + 1)
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", self.version.id), ("code", "=", "response-normal")]
        )
        finding = ("rule_never_hit", "note", rule.id)
        self.assertNotIn(finding, self._found(self.version))
        with at(f"{late} 09:00"):
            self.assertIn(finding, self._found(self.version))
            self._new_case(policy_kind="request")
            self.assertNotIn(finding, self._found(self.version))

    # === WHAT FOLLOWS === #

    def test_errors_stop_the_publication_and_warnings_do_not(self):
        rule = self._rule("complaint-response")
        copy = rule.copy({"code": "again"})
        self.draft.clause_ids[-1].text = False
        draft = self.draft.with_user(self.users["policy_admin"])
        with self.assertRaisesRegex(UserError, r"cannot be published(.|\n)*- 3\.2: "):
            self._hand_over(draft)
        copy.unlink()
        self._hand_over(draft)
        self.assertEqual(draft.state, "review")
        # somebody breaks it behind the back of the ORM: the approver is stopped, too
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_deadline_rule SET done_path = 'gone_at' WHERE id = %s", [rule.id]
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "cannot be published"):
            self._as("director", draft).action_policy_publish()
        self.assertFalse(draft.approver_id)

    def test_a_second_look_changes_nothing(self):
        self._rule("complaint-response").copy({"code": "again"})
        for _twice in range(3):
            with self.enter_registry_test_mode():
                self.env.ref("crm_policy.cron_lint_policies").method_direct_trigger()
            self.env.invalidate_all()
            found = self.findings.search([("company_id", "=", self.company.id)])
            if not _twice:
                first = found
        self.assertTrue(first)
        self.assertEqual(found, first)

    def test_one_company_that_fails_does_not_hide_the_others(self):
        copy = self._rule("complaint-response").copy({"code": "again"})
        other = self._new_company("杭州分公司")
        policy = self.env["crm.policy"].create(
            {"code": "H1", "name": "杭州制度", "company_id": other.id}
        )
        policy.version_ids.create({"policy_id": policy.id, "number": "1"})
        Finding = type(self.findings)
        refresh = Finding._policy_refresh

        def stumble(findings, versions):
            if other in versions.company_id:
                raise ValueError("it cannot be read")
            return refresh(findings, versions)

        self.patch(Finding, "_policy_refresh", stumble)
        logger = "odoo.addons.crm_policy.models.policy.finding"
        with self.assertLogs(logger, "ERROR") as log, self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_lint_policies").method_direct_trigger()
        self.assertIn("杭州分公司", log.output[0])
        self.env.invalidate_all()
        self.assertIn(copy.id, self.findings.search([("code", "=", "deadline_duplicate")]).mapped(
            "res_id"))  # fmt: skip

    def test_what_is_put_right_or_displaced_is_forgotten(self):
        copy = self._rule("complaint-response").copy({"code": "again"})
        self._found()
        stored = self.findings.search([("code", "=", "deadline_duplicate")])
        self.assertEqual(stored.res_id, copy.id)
        copy.unlink()
        self._found()
        self.assertFalse(stored.exists())
        self._found(self.version)
        self.assertTrue(self.findings.search([("version_id", "=", self.version.id)]))
        self._hand_over(self.draft)
        self._as("director", self.draft).action_policy_publish()
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_lint_policies").method_direct_trigger()
        self.assertFalse(self.findings.search([("version_id", "=", self.version.id)]))

    def test_it_speaks_the_language_of_its_reader(self):
        if not self.env["res.lang"]._lang_get("zh_CN"):
            self.skipTest("zh_CN is not installed")
        leaf = (self.draft.clause_ids - self.draft.clause_ids.parent_id)[0]
        leaf.text = False
        self._found()
        finding = self.findings.search(
            [("code", "=", "clause_without_text"), ("res_id", "=", leaf.id)]
        )
        self.assertIn("nobody can follow", finding.with_context(lang="en_US").text)
        # that it is the Chinese sentence, the test of the translations sees
        self.assertTrue(finding.with_context(lang="zh_CN").text)

    def test_findings_are_written_by_the_linter_only(self):
        self._found(self.version)
        finding = self.findings.search([("version_id", "=", self.version.id)], limit=1)
        self.assertTrue(finding)
        for role in ("policy_admin", "director", "ceo"):
            mine = self._as(role, finding)
            self.assertTrue(mine.text)
            for change in (lambda mine=mine: mine.write({"severity": "note"}), mine.unlink):
                with self.subTest(role), self.assertRaises(AccessError):
                    change()
        for role in ("specialist", "finance"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, finding).read(["text"])
