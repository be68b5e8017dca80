"""Guards of requests that no flow meets by itself, one each."""

from odoo.exceptions import AccessError, UserError

from ...exceptions import PolicyRefusal
from ..approval_common import ApprovalCommon
from ..policy.test_publication import PublicationCommon


class TestRequestGuards(ApprovalCommon):
    def test_what_is_decided_offers_nobody_for_a_turn(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        for turn in ("forward", "add", "copy"):
            self.assertTrue(self._as("manager", request)._policy_offer(turn), turn)
        self._sign(remedy, "manager")
        for turn in ("forward", "add", "copy"):
            with self.subTest(turn):
                self.assertFalse(self._as("manager", request)._policy_offer(turn))

    def test_who_has_a_front_line_only_is_told_of_no_limit_that_he_keeps(self):
        """The amount is within what he decides in his own cases; this one he is not asked for."""
        mine = self._as("supervisor", self._submitted(400))
        with self.assertRefused(AccessError, "^Clause 4.2 .*you are not asked to decide .*t_manag"):
            mine.action_policy_approve("同意")
        mine = self._as("supervisor", self._submitted(500.01))
        with self.assertRefused(PolicyRefusal, r"500\.01 exceeds your limit of .*500\.00"):
            mine.action_policy_approve("同意")

    def test_what_does_not_wait_for_me_is_found_as_such(self):
        waits, done = self._submitted(), self._submitted()
        self._sign(done, "manager")
        Request = self._as("manager", self.env["crm.policy.approval"])
        both = (waits | done).policy_approval_id
        for operator, value, found in (
            ("=", True, waits),
            ("=", False, done),
            ("!=", True, done),
            ("!=", False, waits),
        ):
            domain = [("id", "in", both.ids), ("can_decide", operator, value)]
            with self.subTest(operator, value=value):
                self.assertEqual(Request.search(domain), found.policy_approval_id)

    def test_who_does_not_see_the_request_is_not_led_to_its_document(self):
        """What was read in the same request is in the cache: no search stands before it."""
        remedy = self._submitted()
        request = remedy.policy_approval_id
        stranger = self._new_user("legal", login="t_stranger")
        mine = request.with_user(stranger)
        mine._fields["res_model"]._insert_cache(mine, [request.res_model])
        mine._fields["res_id"]._insert_cache(mine, [request.res_id])
        for call in (mine.action_policy_open_document, mine.action_policy_approve):
            with (
                self.subTest(call.__name__),
                self.assertRefused(
                    AccessError, "^Approval Request: only who works on the document"
                ),
            ):
                call()

    def test_who_has_a_copy_is_not_led_to_a_document_that_he_does_not_see(self):
        remedy = self._submitted()
        request = remedy.policy_approval_id
        reader = self._new_user("legal", login="t_reader")
        self._as("specialist", remedy).action_policy_copy([reader.id])
        self.assertTrue(request.with_user(reader).has_access("read"))
        with self.assertRaises(AccessError):
            request.with_user(reader).action_policy_open_document()
        action = self._as("manager", request).action_policy_open_document()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("helpdesk.ticket", remedy.ticket_id.id)
        )

    def test_who_has_a_copy_is_told_nothing_of_a_document_that_he_does_not_see(self):
        """Nor that it was asked for anew: that is said to those who may see the document."""
        remedy = self._submitted()
        request = remedy.policy_approval_id
        reader = self._new_user("legal", login="t_reader")
        self._as("specialist", remedy).action_policy_copy([reader.id])
        self._as("specialist", remedy).write({"amount": 9000})
        self._as("specialist", remedy).action_policy_submit()
        with self.assertRefused(AccessError, "^Remedy: only who works on the document"):
            request.with_user(reader).action_policy_approve("同意")
        with self.assertRefused(UserError, "replaced by a new request"):
            self._as("manager", request).action_policy_approve("同意")

    # === WHO DECIDES === #

    def test_what_was_handed_on_within_the_limits_waits_for_him_alone(self):
        self._set_route()
        remedy = self._submitted(5000)
        self._as("manager", remedy).action_policy_forward(self.users["director"].id, "请总监定")
        self.assertEqual(self._who(remedy), ["director"])
        with self.assertRefused(AccessError, "you are not asked to decide"):
            self._sign(remedy, "manager")

    def test_what_has_grown_past_the_place_is_decided_by_whoever_stands_above(self):
        """A director is a manager as well: that he sits at the manager's place bars no higher."""
        self._set_route()
        case = self._new_case()
        remedy = self._new_remedy(case, 9000)
        self._as("specialist", remedy).action_policy_submit()
        self.assertEqual(self._who(remedy), ["director", "manager"])
        self._new_remedy(case, 9000)
        remedy.policy_approval_id._policy_keep_deciders()
        self.assertEqual(self._who(remedy), ["ceo", "ceo2", "ceo3", "director"])
        self._sign(remedy, "ceo2")
        self.assertEqual(remedy.policy_approval_state, "approved")

    # === WHAT COUNTS === #

    def test_whose_sums_are_counted_are_held_until_the_end(self):
        """That the second of two waits for it, two processes show (``test_total_processes``)."""
        Lock = self.env["crm.policy.authority.lock"].sudo()
        mine = [("company_id", "=", self.company.id)]
        self.assertFalse(Lock.search(mine))
        self._set_route()
        self._sign(self._submitted(), "manager")
        manager = self.users["manager"]
        self.assertEqual(
            set(Lock.search(mine).mapped("name")),
            {f"approver {manager.id}", f"customer {self.partner.id}"},
        )

    def test_an_oral_yes_holds_the_sums_of_who_has_said_it(self):
        remedy = self._submitted()
        self._as("specialist", remedy).action_policy_oral_yes(self.users["manager"].id)
        Lock = self.env["crm.policy.authority.lock"].sudo()
        self.assertEqual(
            set(Lock.search([("company_id", "=", self.company.id)]).mapped("name")),
            {f"approver {self.users['manager'].id}", f"customer {self.partner.id}"},
        )

    def test_the_sums_of_a_contact_are_those_of_its_company(self):
        contact = self.partner.create({"name": "李工", "parent_id": self.partner.id})
        emergency = self.env["crm.policy.emergency"].new({"partner_id": contact.id})
        self.assertEqual(emergency._policy_approval_customer(), self.partner)
        self.assertFalse(self.version._policy_approval_customer())

    def test_what_costs_nothing_counts_against_no_limit(self):
        self._set_route()
        for amount, counted in ((5000, 1), (0, 0)):
            remedy = self._submitted(5000)
            self.patch(type(remedy), "_policy_claimed_amount", lambda record, sum=amount: sum)
            self._sign(remedy, "manager")
            found = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
            with self.subTest(amount):
                self.assertEqual(remedy.policy_approval_state, "approved")
                self.assertEqual(len(found), counted)

    def test_a_deputy_uses_the_limit_of_his_principal(self):
        self._set_route()
        manager, deputy = self.users["manager"], self.users["qc"]
        self._new_employee(deputy)
        self.env["crm.policy.delegation"].with_user(manager).create(
            {
                "from_user_id": manager.id,
                "to_user_id": deputy.id,
                "company_id": self.company.id,
                "date_to": "2099-12-31",
                "currency_id": self.company.currency_id.id,
            }
        )
        remedy = self._submitted(5000)
        remedy.with_user(deputy).action_policy_approve("同意")
        use = self.env["crm.policy.authority.use"].search([("res_id", "=", remedy.id)])
        self.assertEqual((use.user_id, use.authority_id.code), (manager, "manager"))

    def test_a_first_signature_says_its_opinion_where_it_is_wanted(self):
        """Of a fine, which is of another room; here of a remedy that wants one as well."""
        remedy = self._submitted()
        self.patch(type(remedy), "_policy_wants_opinion", True)
        with self.assertRefused(UserError, "^Clause 4.2 .*: write your opinion"):
            self._as("manager", remedy).action_policy_approve(" ")
        self.assertEqual(remedy.policy_approval_state, "pending")
        self._sign(remedy, "manager")
        self.assertEqual(remedy.policy_approval_state, "approved")


class TestHiddenDocument(PublicationCommon):
    """What no room of its own stands before: a draft of the policy."""

    def test_each_turn_is_for_who_sees_the_document(self):
        request = self._handed_over()
        other = self._new_company("杭州分公司")
        stranger = self._new_user("director", login="t_stranger", company=other)
        draft = self.draft.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertFalse(draft.has_access("read"))
        for method, arguments in {
            "approve": ("x",),
            "reject": ("x",),
            "return": (None, "x"),
            "recall": (),
            "add_signer": (self.finance.id,),
            "forward": (self.finance.id, "x"),
            "copy": ([self.finance.id],),
            "remind": (),
        }.items():
            with self.subTest(method), self.assertRaises(AccessError) as caught:
                getattr(draft, f"action_policy_{method}")(*arguments)
            # He learns nothing of what it is about, nor of the people.
            for name in (request.name, self.legal.name, self.admin.name):
                self.assertNotIn(name, str(caught.exception))
