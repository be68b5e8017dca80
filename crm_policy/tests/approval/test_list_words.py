"""Names in a sentence stand as the reader's language has them."""

from odoo.tests import tagged

from ...exceptions import PolicyRefusal
from ...words import clause_words, list_words, with_note
from ..approval_common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestListWords(ApprovalCommon):
    def test_each_language_has_its_own_comma(self):
        chinese, english = self.env(context={"lang": "zh_CN"}), self.env(context={"lang": "en_US"})
        for names, in_chinese, in_english in (
            ([], "", ""),
            (["李强"], "李强", "李强"),
            (["李强", "王芳"], "李强、王芳", "李强, 王芳"),
            (["李强", "{王}芳", "赵静"], "李强、{王}芳、赵静", "李强, {王}芳, 赵静"),
            ({"李强": 1, 2: 2}, "李强、2", "李强, 2"),
        ):
            with self.subTest(names):
                self.assertEqual(list_words(chinese, names), in_chinese)
                self.assertEqual(list_words(english, names), in_english)
        self.assertEqual(list_words(self.env(context={}), ["A", "B"]), "A, B")

    def test_notes_and_parts(self):
        env = self.env(context={"lang": "en_US"})
        self.assertEqual(with_note(env, "Director", "A, B"), "Director (A, B)")
        self.assertEqual(with_note(env, "Director", ""), "Director")
        self.assertEqual(clause_words(env, ["A (B)", "C", "D"]), "A (B); C; D")
        self.assertEqual(clause_words(env, []), "")

    def test_a_refusal_and_the_inbox_in_chinese(self):
        self._set_route("ceo")
        remedy = self._submitted()
        request = remedy.policy_approval_id.with_context(lang="zh_CN")
        names = request.eligible_user_ids.mapped("name")
        self.assertEqual(len(names), 3)
        self.assertEqual(request.waiting_for, "、".join(names))
        mine = self._as("specialist", remedy).with_context(lang="zh_CN")
        with self.assertRaises(PolicyRefusal) as caught:
            mine.action_policy_approve("同意")
        self.assertIn("、".join(names), str(caught.exception))
