"""What may have come in twice is shown, and merged without losing anything (CMP-DUP-01)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from ..common import PolicyCommon, at

ORDER = {"policy_order_ref": "S00125", "policy_item_ref": "PCB-204"}


class DuplicateCommon(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({"name": "王芳", "parent_id": cls.partner.id})
        cls.stranger = cls.env["res.partner"].create({"name": "杭州别家"})

    def _pair(self, **vals):
        """Return two cases about one order, the first one first."""
        with at("2026-03-02 10:20"):
            first = self._new_case(**ORDER)
        with at("2026-03-03 09:00"):
            return first, self._new_case(**{**ORDER, **vals})

    def _merge(self, case, into, role="supervisor", reason="同一批货，重复来电"):
        with at("2026-03-03 11:00"):
            return self._as(role, case).action_policy_merge(into.id, reason)

    def _shown(self, case, role="specialist"):
        return self._as(role, case).policy_similar or []

    def _hide(self, case, **vals):
        """Let nobody but the administrator see a case; ``vals`` of the rule say more."""
        model = self.env["ir.model"]._get("helpdesk.ticket")
        domain = f"[('id', '!=', {case.id})]"
        self.env["ir.rule"].create(
            {"name": "hide", "model_id": model.id, "domain_force": domain, **vals}
        )


class TestSimilarCases(DuplicateCommon):
    def test_the_same_customer_order_or_item_is_similar(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(**ORDER)
            for vals, same in (
                ({"policy_order_ref": " s00125 "}, ["order"]),
                ({"policy_item_ref": "pcb-204", "partner_id": self.contact.id}, ["item"]),
                (ORDER, ["order", "item"]),
                ({"policy_kind": "inquiry", **ORDER}, ["order", "item"]),
                ({"policy_order_ref": "S00126"}, None),
                ({"policy_order_ref": False}, None),
                ({**ORDER, "partner_id": self.stranger.id}, None),
                ({**ORDER, "partner_id": False}, None),
            ):
                with self.subTest(vals), self.env.cr.savepoint() as savepoint:
                    later = self._new_case(**vals)
                    self.assertEqual(
                        [(one["id"], one["same"]) for one in self._shown(later)],
                        [(case.id, same)] if same else [],
                    )
                    savepoint.rollback()

    def test_it_is_similar_within_the_days_of_the_policy_of_the_case(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(**ORDER)
        with at("2026-04-01 10:20"):
            later = self._new_case(**ORDER)
            self.assertEqual([one["id"] for one in self._shown(later)], [case.id])
        with at("2026-04-01 10:21"):
            later.invalidate_recordset()
            self.assertEqual(self._shown(later), [])
            self._set_parameter("similar_days", 31)
            later.invalidate_recordset()
            self.assertEqual([one["id"] for one in self._shown(later)], [case.id])

    def test_each_pack_for_complaints_says_within_how_many_days(self):
        for pack in ("manufacturer", "furniture", "handbook"):
            version = self._install_policy(pack)
            days = self.env["helpdesk.ticket"]._policy_similar_days(version, self.company)
            self.assertEqual(days, 30, pack)

    def test_of_a_hidden_case_only_the_number_is_shown(self):
        first, second = self._pair()
        first.name = "机密"
        self._hide(first)
        with at("2026-03-03 09:00"):
            self.assertEqual(
                self._shown(second),
                [{"id": 0, "number": first.number, "masked": True, "same": []}],
            )

    def test_what_is_ended_or_belongs_together_is_no_duplicate(self):
        first, second = self._pair()
        with at("2026-03-03 09:00"):
            self.assertTrue(self._shown(second))
            self.assertTrue(self._shown(first))
            second._policy_guarded_write({"policy_origin_id": first.id})
            (first | second).invalidate_recordset()
            self.assertFalse(self._shown(second) or self._shown(first))
            second._policy_guarded_write({"policy_origin_id": False})
            self._as("supervisor", first).action_policy_cancel("误登")
            (first | second).invalidate_recordset()
            self.assertFalse(self._shown(second) or self._shown(first))

    def test_a_closed_case_is_still_shown_on_a_new_one(self):
        with at("2026-03-02 10:20"):
            first = self._new_case(**ORDER)
            self._drive(first, "close")
            second = self._new_case(**ORDER)
            [shown] = self._shown(second)
            self.assertFalse(shown["open"])
            self.assertFalse(self._shown(first))

    def test_other_companies_and_ungoverned_tickets_are_not_shown(self):
        with at("2026-03-02 10:20"):
            first = self._new_case(**ORDER)
            self.env["helpdesk.ticket"].create(
                {
                    "name": "t",
                    "description": "d",
                    "partner_id": self.partner.id,
                    "company_id": self.company.id,
                    **ORDER,
                }
            )
            self.assertEqual(self._shown(first), [])

    def test_it_is_shown_while_the_case_is_being_typed(self):
        with at("2026-03-03 09:00"):
            first = self._new_case(**ORDER)
            Ticket = self.env["helpdesk.ticket"].with_user(self.users["specialist"])
            form = Form(Ticket.with_context(default_policy_kind="complaint"))
            form.partner_id = self.partner
            self.assertFalse(form.policy_similar)
            form.policy_order_ref = "S00125"
            self.assertEqual([one["id"] for one in form.policy_similar], [first.id])

    def test_a_form_pays_for_it_only_where_there_is_something_to_compare(self):
        plain = self._as("specialist", self._new_case())
        known = self._as("specialist", self._new_case(policy_order_ref="S99"))
        for case, ceiling in ((plain, 0), (known, 1)):
            case.sudo().partner_id.commercial_partner_id.mapped("name")
            case.read(["policy_order_ref", "policy_kind", "policy_version_id", "policy_origin_id"])
            case._policy_similar_days(case.sudo().policy_version_id, case.company_id)
            with self.assertQueryCount(ceiling):
                case.read(["policy_similar"])

    def test_customers_do_not_read_it(self):
        field = self.env["helpdesk.ticket"]._fields["policy_similar"]
        case = self._new_case()
        public = self.env.ref("base.public_user")
        self.assertFalse(case.with_user(public)._has_field_access(field, "read"))


class TestMerge(DuplicateCommon):
    def test_the_second_ends_with_its_number_and_goes_on_in_the_first(self):
        first, second = self._pair()
        with at("2026-03-03 10:00"):
            self._as("specialist", second).action_policy_accept()
            self._as("specialist", second).action_policy_register()
        number = second.policy_number
        self._merge(second, first)
        self.assertEqual(second.policy_outcome, "cancelled")
        self.assertEqual(second.policy_successor_id, first)
        self.assertEqual((second.policy_number, bool(number)), (number, True))
        self.assertNotIn("open", second.policy_deadline_ids.mapped("state"))
        self.assertFalse(first.policy_outcome)
        self.assertIn("重复来电", first.message_ids[0].body)
        self.assertIn("重复来电", second.message_ids[0].body)
        event = self.env["crm.policy.event"].search(
            [("res_id", "=", second.id), ("type", "=", "case.merged")]
        )
        self.assertEqual(event.payload["into"], first.id)
        sealed = self.env["crm.policy.sealed"].search([("hash", "=", event.payload["reason"])])
        self.assertEqual(sealed.text, "同一批货，重复来电")

    def test_the_first_never_ends_in_the_second(self):
        """A clock that has run out does not stop by a merge."""
        first, second = self._pair()
        with self.assertRefused(UserError, "came in earlier"):
            self._merge(first, second)

    def test_two_of_the_same_instant_merge_one_way_only(self):
        with at("2026-03-02 10:20"):
            first, second = self._new_case(**ORDER), self._new_case(**ORDER)
        with self.assertRefused(UserError, "came in earlier"):
            self._merge(first, second)
        self._merge(second, first)

    def test_only_a_supervisor_merges_and_says_why(self):
        first, second = self._pair()
        for role in ("specialist", "finance", "ceo", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, second).sudo().action_policy_merge(first.id, "重复")
        for reason in (None, "", "  ", 5, ["x"]):
            with self.subTest(reason), self.assertRefused(ValidationError, "Say why"):
                self._merge(second, first, reason=reason)
        for into in (None, 0, -1, 999_999_999, "1", True, [first.id], {"id": 1}, 1.0):
            with self.subTest(into), self.assertRefused(ValidationError, "into which case"):
                self._as("supervisor", second).action_policy_merge(into, "重复")
        self.assertFalse(second.policy_outcome)

    def test_nobody_merges_into_a_case_that_he_may_not_write(self):
        first, second = self._pair()
        self._hide(first, perm_read=False)
        self.assertTrue(self._as("supervisor", first).has_access("read"))
        with self.assertRaises(AccessError):
            self._merge(second, first)

    def test_cases_of_two_customers_or_companies_stay_apart(self):
        first, _second = self._pair()
        with at("2026-03-03 09:00"):
            for partner in (self.stranger, self.partner.browse()):
                other = self._new_case(partner_id=partner.id)
                with self.assertRefused(ValidationError, "not two cases of one customer"):
                    self._merge(other, first)
            theirs = self._new_case(partner_id=self.contact.id)
        self._merge(theirs, first)
        with self.assertRefused(UserError, "not two cases|ended"):
            self._merge(first, first)

    def test_a_case_of_another_company_is_not_merged(self):
        first, second = self._pair()
        other = self._new_company("杭州分公司")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET company_id = %s, policy_department_id = NULL, "
            "team_id = NULL WHERE id = %s",
            [other.id, first.id],
        )
        self.env.invalidate_all()
        both = self.users["director"]
        both.company_ids += other
        mine = second.with_user(both).with_context(allowed_company_ids=[self.company.id, other.id])
        self.env["crm.policy.case.access"].sudo()._policy_grant(first, both, "manual")
        with self.assertRefused(UserError, "not two cases of one customer|not allowed|access"):
            mine.action_policy_merge(first.id, "重复")

    def test_nothing_goes_on_in_what_has_ended(self):
        first, second = self._pair()
        with at("2026-03-03 10:00"):
            self._drive(first, "close")
        with self.assertRefused(UserError, "Reopen it first"):
            self._merge(second, first)
        third = self._pair()[1]
        self._as("supervisor", third).action_policy_cancel("误登")
        with at("2026-03-04 10:00"):
            fourth = self._new_case(**ORDER)
        with self.assertRefused(UserError, "is ended"):
            self._merge(fourth, third)

    def test_what_is_decided_granted_or_promised_does_not_end(self):
        first, second = self._pair()
        remedy = self._new_remedy(second, 20000)
        with at("2026-03-03 10:00"):
            self._drive(second, "propose")
            self._as("specialist", second).action_policy_submit()
        with self.assertRefused(UserError, "being approved"):
            self._merge(second, first)
        self.assertEqual(remedy.policy_approval_state, "pending")
        decided = self._pair()[1]
        with at("2026-03-03 10:00"):
            self._drive(decided, "decide")
        with self.assertRefused(UserError, "is decided"):
            self._merge(decided, first)
        promised = self._pair()[1]
        with at("2026-03-03 10:00"):
            promised._policy_guarded_write(
                {
                    "policy_caller_number": "13800001111",
                    "policy_call_at": "2026-03-03 01:00:00",
                    "policy_promised_at": "2026-03-03 05:00:00",
                    "policy_call_outcome": "callback",
                }
            )
        with self.assertRefused(UserError, "promised call first"):
            self._merge(promised, first)
        self._merge(self._pair()[1], first)

    def test_a_case_on_which_a_mandate_is_asked_for_does_not_end(self):
        first, second = self._pair()
        ruling = {"ticket_id": second.id, "kind": "mandate", "amount": 100}
        self.env["crm.policy.ruling"]._policy_guarded_create(
            [{**ruling, "policy_approval_state": "pending"}]
        )
        with self.assertRefused(UserError, "being approved"):
            self._merge(second, first)

    def test_a_drafted_remedy_hinders_nothing(self):
        first, second = self._pair()
        self._new_remedy(second, 100)
        self._merge(second, first)

    def test_an_external_case_is_never_the_one_that_ends(self):
        first, _second = self._pair()
        source = self.env["crm.policy.complaint.source"].search(
            [("code", "=", "12315"), ("company_id", "=", self.company.id)]
        )
        with at("2026-03-03 09:00"):
            external = self._new_case(policy_source_id=source.id, policy_external_ref="1", **ORDER)
        for role in ("supervisor", "director"):
            with self.assertRefused(UserError, "waits for its answer"):
                self._merge(external, first, role)

    def test_what_was_severe_about_the_second_is_so_of_the_first(self):
        first, second = self._pair(policy_severity="major", policy_urgency="urgent")
        self._merge(second, first)
        self.assertEqual((first.policy_severity, first.policy_urgency), ("major", "urgent"))
        third = self._pair()[1]
        self._merge(third, first)
        self.assertEqual((first.policy_severity, first.policy_urgency), ("major", "urgent"))

    def test_whom_the_second_is_about_handles_neither(self):
        first, second = self._pair(
            user_id=self.other_specialist.id,
            policy_accused_user_ids=[Command.set(self.users["specialist"].ids)],
        )
        with self.assertRefused(ValidationError, "somebody else handles it"):
            self._merge(second, first)
        first.user_id = self.other_specialist
        self._merge(second, first)
        self.assertEqual(first.policy_accused_user_ids, self.users["specialist"])

    def test_whom_it_is_about_does_not_merge_it(self):
        first, second = self._pair(
            policy_accused_user_ids=[Command.set(self.users["supervisor"].ids)]
        )
        with self.assertRefused(AccessError, "about yourself"):
            self._merge(second, first)

    def test_what_the_customer_says_later_reaches_the_first(self):
        first, second = self._pair()
        second._policy_guarded_write({"policy_customer_wrote_at": "2026-03-03 02:00:00"})
        self._merge(second, first)
        self.assertEqual(str(first.policy_customer_wrote_at), "2026-03-03 02:00:00")
        self.assertFalse(second.policy_customer_wrote_at)
        first._policy_guarded_write({"policy_customer_wrote_at": False})
        said = "还没处理好吗"
        with at("2026-03-04 09:00"):
            second.message_post(
                body=said, author_id=self.partner.id, message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )  # fmt: skip
        self.assertTrue(first.policy_customer_wrote_at)
        self.assertFalse(second.policy_to_sort or second.policy_customer_wrote_at)
        self.assertIn(second.number, first.message_ids[0].body)

    def test_nobody_writes_where_a_case_goes_on(self):
        first, second = self._pair()
        for user in (self.users["director"], self.env.user):
            with self.assertRaises(AccessError):
                second.with_user(user).write({"policy_successor_id": first.id})

    # === THE DIALOGUE === #

    def test_the_dialogue_offers_the_likely_case_and_merges_into_it(self):
        first, second = self._pair()
        with at("2026-03-03 11:00"):
            later = self._new_case(**ORDER)
            Turn = self.env["crm.policy.case.turn"].with_user(self.users["supervisor"])
            context = {"default_ticket_id": second.id, "default_turn": "merge"}
            form = Form(Turn.with_context(**context))
            self.assertEqual(form.into_ids.ids, first.ids)
            self.assertNotIn(later.id, form.into_ids.ids)
            self.assertEqual(form.into_id, first)
            form.reason = "重复"
            form.save().action_policy_confirm()
        self.assertEqual(second.policy_successor_id, first)

    def test_the_dialogue_offers_no_case_that_its_reader_may_not_see(self):
        first, second = self._pair()
        first.user_id = self.other_specialist
        mine = self.users["specialist"]
        self.assertFalse(first.with_user(mine).has_access("read"))
        self.assertTrue(second.with_user(mine).has_access("read"))
        Turn = self.env["crm.policy.case.turn"].with_user(mine)
        vals = {"ticket_id": second.id, "turn": "merge"}
        wizard = Turn.create(vals)
        self.assertFalse(wizard.into_id)
        self.assertFalse(wizard.into_ids)
        # Nor does he name it himself, to be told what it is called.
        with self.assertRaises(AccessError):
            Turn.create({**vals, "into_id": first.id})

    def test_the_dialogue_lends_no_right_and_is_its_owner_s(self):
        first, second = self._pair()
        Turn = self.env["crm.policy.case.turn"]
        vals = {"ticket_id": second.id, "turn": "merge", "into_id": first.id, "reason": "重复"}
        mine = Turn.with_user(self.users["specialist"]).create(vals)
        with self.assertRaises(AccessError):
            mine.action_policy_confirm()
        theirs = Turn.with_user(self.users["supervisor"]).create(vals)
        with self.assertRaises(AccessError):
            theirs.with_user(self.other_specialist).action_policy_confirm()

    def test_the_dialogue_lowers_the_severity(self):
        case = self._new_case(policy_severity="major")
        vals = {"ticket_id": case.id, "turn": "lower", "severity": "general", "reason": "误判"}
        Turn = self.env["crm.policy.case.turn"]
        with self.assertRaises(AccessError):
            Turn.with_user(self.users["specialist"]).create(vals).action_policy_confirm()
        Turn.with_user(self.users["manager"]).create(vals).action_policy_confirm()
        self.assertEqual(case.policy_severity, "general")
