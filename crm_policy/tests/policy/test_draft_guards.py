"""Guards of drafts and of their suggestions that no flow meets by itself, one each."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError

from .test_publication import PublicationCommon
from .test_word_upload import WordUploadCommon


class TestDraftGuards(PublicationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls._new_company("杭州分公司")
        stranger = cls._new_user("director", login="t_stranger", company=other)
        cls.theirs = cls.draft.with_user(stranger).with_context(allowed_company_ids=other.ids)

    def test_a_version_that_would_bind_the_past_is_not_published_by_a_signature_before(self):
        """A request also ends where who was waited for has left: nobody presses a button then."""
        self._at_committee()
        today = self.draft._policy_today()
        self.draft._policy_guarded_write({"effective_from": today - timedelta(days=1)})
        with self.assertRefused(ValidationError, "no policy binds the past"):
            self.draft.sudo()._policy_on_approved()
        self.assertEqual(self.draft.state, "review")

    def test_who_may_not_hand_it_over_is_not_told_what_it_lacks(self):
        with self.assertRefused(UserError, "hand it over first"):
            self.draft.action_policy_submit()
        with self.assertRaises(AccessError):
            self.draft.with_user(self.finance).action_policy_submit()

    def test_who_does_not_see_it_is_told_nothing_of_it(self):
        self.assertEqual((self.draft.state, self.theirs.has_access("read")), ("draft", False))
        for method, arguments in {
            "approve": ("x",),
            "forward": (self.finance.id, "x"),
            "execute_emergency": ("x",),
            "withdraw_end": (),
        }.items():
            with self.subTest(method), self.assertRaises(AccessError) as caught:
                getattr(self.theirs, f"action_policy_{method}")(*arguments)
            self.assertNotIn("have not asked", str(caught.exception))

    def test_the_suggestions_of_one_version_are_accepted_at_a_time(self):
        with self.assertRaises(ValueError):
            (self.draft | self.version).sudo().action_policy_accept_complete()
        with self.assertRaises(ValueError):
            self.draft.browse().action_policy_accept_complete()


class TestSuggestionGuards(WordUploadCommon):
    def test_what_is_decided_is_decided_once(self):
        version = self._upload()
        hint = self._hint(version, "24小时内")
        hint.action_policy_accept()
        rule = hint.deadline_rule_id
        for action in (hint.action_policy_accept, hint.action_policy_drop):
            with self.subTest(action.__name__), self.assertRefused(UserError, "is decided"):
                action()
        self.assertEqual((hint.state, hint.deadline_rule_id), ("accepted", rule))
        # Who may not decide on it is not told either.
        for name in ("accept", "drop"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(self._as("director", hint), f"action_policy_{name}")()
        version.action_policy_review()
        with self.assertRaises(AccessError):
            self._as("director", hint).action_policy_reopen()

    def test_what_people_rely_on_keeps_its_suggestions(self):
        version = self._upload()
        hint = self._hint(version, "24小时内")
        version.action_policy_review()
        with self.assertRefused(UserError, "no longer a draft"):
            hint.sudo().unlink()
        self.assertTrue(hint.exists())

    def test_one_suggestion_is_corrected_at_a_time_by_who_sees_it(self):
        hints = self._upload().suggestion_ids
        for wrong in (hints[:2], hints.browse()):
            with self.subTest(len(wrong)), self.assertRaises(ValueError):
                wrong.action_policy_correct()
        self.assertEqual(hints[0].action_policy_correct()["res_id"], hints[0].id)
        hints[0].clause_id.mapped("display_name")
        with self.assertRaises(AccessError):
            self._as("specialist", hints[0]).action_policy_correct()

    def test_a_signature_moves_neither_out_of_what_is_decided_nor_into_it(self):
        version = self._upload()
        decided, free = (
            self._hint(version, words) for words in ("客服经理→财务部→总经理", "客服总监批准")
        )
        step, other = decided.step_ids[0], free.step_ids[0]
        step.write({"sequence": 9})
        self.assertEqual(step.sequence, 9)
        decided.action_policy_drop()
        for moved, target in ((step, free), (other, decided)):
            with self.subTest(moved.words), self.assertRefused(UserError, "is decided"):
                moved.write({"suggestion_id": target.id})
        self.assertEqual((step.suggestion_id, other.suggestion_id), (decided, free))

    def test_a_condition_that_has_no_words_is_shown_as_it_is(self):
        hint = self._hint(self._upload(), "24小时内")
        for domain in ("nonsense(", "[('name', 'in', ['x'])]", "[('no_such', 'in', ['x'])]"):
            hint.domain = domain
            with self.subTest(domain):
                self.assertEqual(hint._policy_domain_words(), domain)

    def test_a_route_by_amount_is_told_without_steps(self):
        hint = self._hint(self._upload(), "500元以内", "route")
        self.assertEqual(hint.route_kind, "competent")
        self.assertRegex(hint._policy_route_words(), "^.+ · The lowest role whose limit covers")

    def test_without_a_model_that_has_deadlines_there_is_no_fact_to_choose(self):
        Hint = self.env["crm.policy.suggestion"]
        self.assertTrue(Hint._selection_facts())
        self.patch(type(Hint), "_policy_deadline_model", None)
        self.assertEqual(Hint._selection_facts(), [])
