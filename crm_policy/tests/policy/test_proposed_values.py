"""What the sources leave open is marked until the owner of the policy has confirmed it."""

from odoo.exceptions import AccessError, UserError

from ..common import PolicyCommon, at, shanghai


class TestProposedValues(PolicyCommon):
    def _waiting(self, **domain):
        self.env.flush_all()
        lines = self.env["crm.policy.proposed"].search(
            [("company_id", "=", self.company.id), *((key, "=", domain[key]) for key in domain)]
        )
        return lines

    def _parameter(self, version, code):
        return self.env["crm.policy.parameter"].search(
            [("version_id", "=", version.id), ("code", "=", code)]
        )

    def test_they_are_listed_with_their_values(self):
        line = self._waiting(code="similar_days")
        self.assertEqual(line.clause_id.number, "1.3")
        self.assertEqual(line.version_id, self.version)
        self.assertEqual(line.value, "Value 30")
        rule = self.env["crm.policy.deadline.rule"].search(
            [("version_id", "=", self.version.id), ("code", "=", "external-12315")]
        )
        self.assertTrue(rule.is_unconfirmed)
        self.assertIn("5 Working Days", self._waiting(code="external-12315").value)
        self.assertFalse(self._waiting(code="complaint-response"))
        self.assertEqual(
            line.with_user(self.users["director"]).action_policy_open()["res_model"],
            "crm.policy.parameter",
        )

    def test_an_approver_confirms_where_no_department_owns_the_policy(self):
        line = self._waiting(code="similar_days")
        for role in self.users.keys() - {"director", "ceo"}:
            with self.subTest(role), self.assertRefused(AccessError, "director, the CEO or the"):
                line.with_user(self.users[role]).action_policy_confirm()
        with at("2026-03-02 10:00"):
            line.with_user(self.users["director"]).action_policy_confirm()
        parameter = self.env["crm.policy.parameter"].search(
            [("version_id", "=", self.version.id), ("code", "=", "similar_days")]
        )
        self.assertEqual(parameter.confirmed_by_id, self.users["director"])
        self.assertEqual(parameter.confirmed_at, shanghai("2026-03-02 10:00"))
        self.assertFalse(parameter.is_unconfirmed)
        self.assertFalse(self._waiting(code="similar_days"))
        event = self.env["crm.policy.event"].search([("type", "=", "value.confirmed")])
        self.assertEqual((event.clause, event.actor_id), ("1.3", self.users["director"].id))
        self.assertEqual(event.payload, {"code": "similar_days", "value": {"value": 30}})
        with self.assertRaisesRegex(UserError, "confirmed already"):
            self.env["crm.policy.proposed"].with_user(self.users["director"]).browse(
                line.id
            ).action_policy_confirm()

    def test_the_head_of_the_owner_confirms_and_nobody_else(self):
        self.version.policy_id.owner_department_id = self.department
        line = self._waiting(code="similar_days")
        with self.assertRaisesRegex(AccessError, "客户服务部: its head, t_manager"):
            line.with_user(self.users["director"]).action_policy_confirm()
        line.with_user(self.users["manager"]).action_policy_confirm()
        self.assertFalse(self._waiting(code="similar_days"))

    def test_the_mark_itself_is_not_taken_away_by_hand(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        row = self._parameter(draft, "similar_days").with_user(self.users["policy_admin"])
        self.assertTrue(row.is_proposed)
        for vals in ({"is_proposed": False}, {"pack_values": {"value": 30}}):
            for target in (row, row.sudo(), draft.clause_ids[:1]):
                with self.subTest(model=target._name, **vals):
                    with self.assertRaisesRegex(AccessError, "cannot be written"):
                        target.write(vals)
        row.value = 20
        self.assertTrue(row.is_unconfirmed)

    def test_the_trace_is_not_written_by_hand(self):
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = admin._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        version = admin._policy_apply_pack(content, self.company)
        for row in (version.clause_ids[:1], self._parameter(version, "similar_days")):
            row = row.with_user(self.users["policy_admin"])
            for name, value in (("confirmed_at", shanghai("2026-03-02 10:00")),
                                ("confirmed_by_id", self.users["director"].id)):  # fmt: skip
                with self.assertRefused(AccessError, "cannot be written"):
                    row[name] = value

    def test_what_is_confirmed_stays_so_until_its_value_changes(self):
        self._waiting(code="similar_days").with_user(self.users["director"]).action_policy_confirm()
        self._waiting(code="acknowledge_hours").with_user(
            self.users["director"]
        ).action_policy_confirm()
        admin = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = admin._policy_packs()["service"].read_text("utf-8")
        content = content.replace('number: "1"\n  transition', 'number: "2"\n  transition', 1)
        content = content.replace("value: 30", "value: 45", 1)
        version = admin._policy_apply_pack(content, self.company, base=self.version)
        waiting = {line.code for line in self._waiting(version_id=version.id)}
        self.assertIn("similar_days", waiting)
        self.assertNotIn("acknowledge_hours", waiting)
