"""The customer does not accept: a new case with the old form, by one way (CMP-FLOW-10)."""

# What is said here nobody reads.
# pylint: disable=translation-required

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import at, shanghai
from ..flows.test_shipped_packs import ManufacturerFlow


class TestCaseRefusal(ManufacturerFlow):
    def _told(self, case=None, moment="2026-03-04 15:00"):
        """Return a case of which the customer was told the decision."""
        case = case or self._registered(policy_order_ref="SO-1", policy_quantity=2000)
        with at(moment):
            self._drive_on(case)
        return case

    def _refuse(self, case, moment="2026-03-05 09:00", **vals):
        vals = {"position": "reject", "text": "返工后仍分层", **vals}
        with at(moment):
            action = self._as("specialist", case).action_policy_not_accept(**vals)
        return self.env["helpdesk.ticket"].browse(action["res_id"])

    def _go_on(self, case, moment="2026-03-05 10:00"):
        with at(moment):
            self._as("specialist", case).action_policy_accept()
            case.with_user(self.people["gm_office"]).action_policy_register()

    def test_a_new_case_goes_on(self):
        old = self._told()
        new = self._refuse(old)
        self.assertNotEqual(new, old)
        self.assertEqual((old.policy_outcome, old.policy_successor_id), ("not_accepted", new))
        self.assertFalse(old.policy_closed_at)
        self.assertFalse(old.policy_next_action)
        self.assertEqual(new.policy_origin_id, old)
        self.assertEqual(new.policy_intake_at, shanghai("2026-03-05 09:00"))
        for name in ("name", "partner_id", "user_id", "policy_kind", "policy_complaint_type_id",
                     "policy_order_ref", "policy_quantity", "policy_version_id"):  # fmt: skip
            self.assertEqual(new[name], old[name], name)
        self.assertFalse(new.policy_solution or new.policy_remedy_ids or new.policy_copy_ids)
        self.assertEqual(new.policy_refusals, 1)
        self.assertFalse(
            old.policy_deadline_ids.filtered(lambda clock: clock.state == "open"),
            "its clocks stop",
        )
        self._go_on(new)
        self.assertNotEqual(new.policy_number, old.policy_number)
        self.assertEqual(self._dues(new)["settle"], shanghai("2026-03-20 23:59:59"))
        [word] = old._policy_customer_words()
        self.assertEqual((word.outcome, word.user_id), ("refused", self.users["specialist"]))
        event = self.env["crm.policy.event"].search(
            [("type", "=", "case.not_accepted"), ("res_id", "=", old.id)]
        )
        self.assertEqual(event.clause, "5.3")
        self.assertEqual(event.payload, {"position": "reject", "into": new.id, "refusals": 1})

    def test_the_old_form_is_attached_inside(self):
        old = self._told()
        new = self._refuse(old)
        note = new.message_ids.filtered("attachment_ids")
        self.assertTrue(note.subtype_id.internal)
        self.assertIn("返工后仍分层", note.body)
        [form] = note.attachment_ids
        self.assertIn(old.policy_number, form.name)
        self.assertIn(old.policy_number.encode(), form.raw)
        self.assertIn(form.checksum, old.policy_print_ids.mapped("checksum"))
        with self.assertRefused(UserError, "leaves the house in no way"):
            self._as("specialist", new).message_post(
                body="x", subtype_xmlid="mail.mt_comment", attachment_ids=form.sudo().copy().ids
            )

    def test_the_superior_is_told_from_the_second_on(self):
        def told(case):
            return case.activity_ids.filtered(lambda activity: "5.3" in (activity.summary or ""))

        self._chain(self.users["specialist"], self.users["manager"])
        first = self._refuse(self._told())
        self.assertFalse(told(first))
        self._go_on(first)
        second = self._refuse(self._told(first, "2026-03-05 15:00"), "2026-03-06 09:00")
        self.assertEqual(second.policy_refusals, 2)
        self.assertEqual(told(second).user_id, self.users["manager"])
        self._set_parameter("refusals_told_from", 4)
        self._go_on(second, "2026-03-06 10:00")
        with at("2026-03-06 15:00"):
            self._drive_on(second)
        third = self._refuse(second, "2026-03-07 09:00")
        self.assertEqual(third.policy_refusals, 3)
        self.assertFalse(told(third))

    def test_the_customer_s_own_refusal_is_the_same_way(self):
        old = self._told()
        portal = new_test_user(self.env, login="t_refusing", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        with at("2026-03-05 09:00"):
            problems = old.with_user(portal)._policy_customer_answers(
                {"saying": "refuse", "words": "不同意"}, "portal", portal.partner_id
            )
        self.assertEqual(problems, [])
        new = old.policy_successor_id
        self.assertEqual((old.policy_outcome, new.policy_origin_id), ("not_accepted", old))
        self.assertTrue(new.policy_customer_wrote_at)
        self.assertTrue(new.message_ids.attachment_ids)
        self.assertEqual(old._policy_customer_status()[0], "continued")
        self.assertIn("another one", old._policy_customer_next())
        with at("2026-03-05 09:10"), self.assertRaises(UserError):
            self._as("specialist", old).action_policy_not_accept("reject", text="x")
        # What he says later on the old case is heard on the new one.
        with at("2026-03-05 10:00"):
            old._policy_customer_says("补充照片", author=portal.partner_id)
        self.assertIn("补充照片", " ".join(new.message_ids.mapped("body")))

    def test_where_the_policy_has_no_new_form_the_case_begins_anew(self):
        self._set_parameter("new_case_on_refusal", 0)
        old = self._told()
        same = self._refuse(old)
        self.assertEqual(same, old)
        self.assertEqual((old.policy_cycle, old.policy_outcome), (1, False))

    def test_what_is_refused(self):
        case = self._registered()
        with self.assertRefused(UserError, "5.3.*refuses what he was told"):
            self._refuse(case)
        self._told(case)
        with self.assertRefused(UserError, "not before that"):
            self._refuse(case, at=shanghai("2026-03-04 14:00"))
        with self.assertRefused(ValidationError, "in the future"):
            self._refuse(case, at=shanghai("2026-03-06 14:00"))
        with self.assertRefused(ValidationError, "Write down"):
            self._refuse(case, text="  ")
        for position in ("accept", None, 3):
            with self.assertRefused(ValidationError, "in part, or rejects"):
                self._refuse(case, position=position)
        with self.assertRaises(AccessError):
            case.with_user(self.people["quality"]).action_policy_not_accept("reject", text="x")
        self._refuse(case)
        with self.assertRefused(UserError, "is ended"):
            self._refuse(case)
        with self.assertRefused(UserError, "is not closed"):
            self._as("supervisor", case).action_policy_reopen("x")

    def test_the_wizard(self):
        case = self._told()
        with at("2026-03-05 09:00"):
            wizard = self.env["crm.policy.case.refuse"].with_user(self.users["specialist"]).create(
                {"ticket_id": case.id, "text": "不同意"}
            )  # fmt: skip
            wizard.action_policy_confirm()
        self.assertEqual(case.policy_outcome, "not_accepted")

    def test_what_he_has_accepted_he_does_not_refuse(self):
        case = self._told()
        portal = new_test_user(self.env, login="t_agreed", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        with at("2026-03-05 09:00"):
            case.with_user(portal)._policy_customer_answers(
                {"saying": "confirm"}, "portal", portal.partner_id
            )
        with self.assertRefused(UserError, "has said already"):
            self._refuse(case, "2026-03-05 09:10")
        self.assertFalse(case.policy_outcome or case.policy_successor_id)

    def test_a_ticket_of_no_policy_and_a_colleague_who_is_complained_about(self):
        ticket = self.env["helpdesk.ticket"].create({"name": "x", "description": "x"})
        with self.assertRefused(UserError, "not governed"):
            ticket.action_policy_not_accept("reject", text="x")
        case = self._told()
        case.sudo().policy_accused_user_ids = self.users["supervisor"]
        with at("2026-03-05 09:00"), self.assertRefused(AccessError, "about yourself"):
            self._as("supervisor", case).action_policy_not_accept("reject", text="x")
        self.assertFalse(case.policy_outcome)

    def test_a_caller_s_defaults_do_not_open_the_old_form(self):
        case = self._told()
        mine = self._as("specialist", case).with_context(default_public=True, default_type="url")
        with at("2026-03-05 09:00"):
            # Nobody chooses the key of the new case.
            with self.assertRefused(AccessError, "access_token"):
                mine.with_context(default_access_token="x").action_policy_not_accept(
                    "reject", text="不同意"
                )
            mine.action_policy_not_accept("reject", text="不同意")
        file = case.policy_successor_id.message_ids.attachment_ids
        self.assertEqual((file.public, file.access_token, file.type), (False, False, "binary"))

    def test_a_superior_who_is_complained_about_is_not_told(self):
        self._set_parameter("refusals_told_from", 1)
        self._chain(self.users["specialist"], self.users["manager"])
        case = self._told()
        case.sudo().policy_accused_user_ids = self.users["manager"]
        new = self._refuse(case)
        new.sudo().policy_accused_user_ids = self.users["manager"]
        self.assertNotIn(self.users["manager"], case.activity_ids.user_id)
        new.activity_ids.unlink()
        new.sudo()._policy_tell_refusals(2)
        self.assertFalse(new.activity_ids)
        new.sudo().policy_accused_user_ids = False
        new.sudo()._policy_tell_refusals(2)
        self.assertEqual(new.activity_ids.user_id, self.users["manager"])

    def test_without_a_policy_for_a_new_one(self):
        """Who talks with him is told; the customer himself is heard all the same."""
        case = self._told()
        self.env["crm.policy.default"].search([("company_id", "=", self.company.id)]).unlink()
        case.policy_complaint_type_id.sudo().active = False
        self.version.policy_id.active_in_company = False
        with self.assertRaises(UserError):
            self._refuse(case)
        self.assertFalse(case.policy_outcome)
        portal = new_test_user(self.env, login="t_refusing", groups="base.group_portal")
        portal.partner_id.parent_id = self.partner
        with at("2026-03-05 10:00"):
            problems = case.with_user(portal)._policy_customer_answers(
                {"saying": "refuse", "words": "不同意"}, "portal", portal.partner_id
            )
        self.assertEqual(problems, [])
        self.assertFalse(case.policy_successor_id)
        self.assertEqual(case._policy_customer_words().mapped("outcome"), ["refused"])

    def test_the_wizard_shows_nothing_of_a_hidden_case(self):
        case = self._told()
        stranger = new_test_user(
            self.env,
            login="t_refusal_stranger",
            groups="base.group_user,crm_policy.group_specialist",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.assertFalse(case.with_user(stranger).has_access("read"))
        with self.assertRaises(AccessError):
            self.env["crm.policy.case.refuse"].with_user(stranger).create(
                {"ticket_id": case.id, "text": "x"}
            )
