"""Guards of what hangs on a document and of guarded rows, one each."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..common import at
from ..deadline.test_violations import DAY, ViolationCommon


class TestEvidenceGuards(ViolationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._new_case(name="PCB-1")
        other = cls.other_specialist
        cls.hidden = cls._new_case(name="PCB-2", user=other, user_id=other.id)
        cls.hidden.with_user(other).action_policy_accept()
        cls._as("specialist", cls.own).action_policy_accept()
        cls.remedy = cls._new_remedy(cls.own, 300)
        cls.mine = cls.users["specialist"]

    # === WHAT HANGS ON A DOCUMENT === #

    def test_nothing_is_moved_to_a_document_that_one_does_not_work_on(self):
        self.assertFalse(self.hidden.with_user(self.mine).has_access("read"))
        self.assertTrue(self.remedy.with_user(self.mine).has_access("write"))
        with self.assertRefused(AccessError, "^Remedy: only who works on the document"):
            self.remedy.with_user(self.mine).write({"ticket_id": self.hidden.id})

    def test_a_document_is_searched_for_by_its_name_as_well(self):
        """A search that names documents by their numbers is quicker; others find the same."""
        Remedy = self.env["crm.policy.remedy"].with_user(self.mine)
        other = self._new_remedy(self.hidden, 200, role="director")
        for value in (self.own.id, [self.own.id], "PCB-1", ["PCB-1"]):
            with self.subTest(value):
                operator = "in" if isinstance(value, list) else "="
                self.assertEqual(Remedy.search([("ticket_id", operator, value)]), self.remedy)
        for value in (self.hidden.id, "PCB-2"):
            with self.subTest(value):
                self.assertNotIn(other, Remedy.search([("ticket_id", "=", value)]))

        self.assertIn(self.remedy, Remedy.search([]))
        self.assertNotIn(other, Remedy.search([]))

    def test_who_sees_the_document_sees_what_tells_of_it(self):
        """Also where it may tell of documents of several models."""
        remedy = self._new_remedy(self.own, 5000)
        self._as("specialist", remedy).action_policy_submit()
        request = self._as("supervisor", remedy.policy_approval_id)
        self.assertFalse(request.filtered_domain(request._policy_own_domain()))
        self.assertTrue(request.has_access("read"))
        self.assertEqual(request.search([("id", "=", request.id)]), request)

    def test_what_is_not_stored_yet_hangs_on_nothing(self):
        Remedy = self.env["crm.policy.remedy"].with_user(self.mine)
        fresh = Remedy.new({"ticket_id": self.own.id})
        self.assertTrue(fresh.has_access("write") and Remedy.browse().has_access("read"))

    # === WHAT NAMES ITS DOCUMENT === #

    def _clock(self, case):
        return self.env["crm.policy.deadline"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)], limit=1
        )

    def test_a_document_that_went_away_with_its_module_has_no_name_and_no_form(self):
        clock = self._clock(self.own)
        self.assertEqual(clock.res_name, self.own.display_name)
        self.assertEqual(clock.action_policy_open_document()["res_id"], self.own.id)
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE crm_policy_deadline SET res_model = 'gone.model' WHERE id = %s", clock.id)
        )
        self.env.invalidate_all()
        self.assertEqual(clock.res_name, "")
        with self.assertRefused(UserError, "There is no document to open"):
            clock.action_policy_open_document()

    def test_who_does_not_see_the_row_is_not_led_to_its_document(self):
        """What was read in the same request is in the cache: no search stands before it."""
        clock = self._clock(self.hidden)
        clock.read(["res_model", "res_id"])
        self.assertFalse(clock.with_user(self.mine).has_access("read"))
        name = self.env["ir.model"]._get(clock._name).name
        with self.assertRefused(AccessError, f"^{name}: only who works on the document"):
            clock.with_user(self.mine).action_policy_open_document()

    def test_who_sees_the_row_for_its_own_sake_is_not_led_to_a_hidden_document(self):
        clock = self._clock(self.hidden)
        clock._policy_guarded_write({"user_id": self.mine.id})
        self.assertTrue(clock.with_user(self.mine).has_access("read"))
        self.assertFalse(self.hidden.with_user(self.mine).has_access("read"))
        with self.assertRaises(AccessError):
            clock.with_user(self.mine).action_policy_open_document()

    def test_one_document_is_opened_at_a_time(self):
        clocks = self._clock(self.own) | self._clock(self.hidden)
        for wrong in (clocks, clocks.browse()):
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                wrong.action_policy_open_document()

    # === GUARDED ROWS === #

    def test_a_guarded_field_is_not_given_at_the_creation(self):
        Remedy = self.env["crm.policy.remedy"]
        vals = {"ticket_id": self.own.id, "kind": "compensation", "amount": 5}
        for user in (self.mine, self.env.user):
            with self.subTest(user.login), self.assertRefused(AccessError, "cannot be written"):
                Remedy.with_user(user).create({**vals, "policy_approval_state": "approved"})

    def test_what_is_asked_for_is_a_text(self):
        for text in ("", "  ", None, 5, ["x"]):
            with self.subTest(text), self.assertRefused(ValidationError, "^Say why$"):
                self.remedy._policy_text(text, "Say why")
        self.assertEqual(self.remedy._policy_text(" x ", "Say why"), "x")

    def test_a_step_is_looked_at_with_the_row_held(self):
        """That the second of two waits for it, two processes show (``test_verdict_processes``)."""
        violation = self._new_violation()
        model, order = type(violation), []
        hold, problem = model._policy_hold_rows, model._policy_explain_problem

        def held(rows):
            order.append("held")
            return hold(rows)

        def asked(row, user):
            order.append("asked")
            return problem(row, user)

        with (
            patch.object(model, "_policy_hold_rows", held),
            patch.object(model, "_policy_explain_problem", asked),
            at(f"{DAY} 11:00"),
        ):
            violation.with_user(violation.user_id).action_policy_explain("客户改了要求")
        self.assertEqual(order, ["held", "asked"])
        self.assertEqual(violation.state, "explained")

    def test_a_step_is_for_who_sees_the_record_and_whose_it_is(self):
        violation = self._new_violation()
        stranger = self._new_user("specialist", login="t_stranger")
        self.assertFalse(violation.with_user(stranger).has_access("read"))
        with self.assertRaises(AccessError) as caught:
            self._act(stranger, violation, "explain", "x")
        self.assertNotIn(violation.user_id.name, str(caught.exception))
        with self.assertRefused(AccessError, "only .* explains it"):
            self._act("manager", violation, "explain", "x")
        self.assertEqual(violation.state, "open")
