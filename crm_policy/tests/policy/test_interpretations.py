"""Interpretations: by the committee alone, with four eyes, numbered, then seen by all."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tools import SQL, mute_logger

from ..common import PolicyCommon, at


class TestInterpretations(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["committee"] = cls._new_user("committee")
        cls.users["committee2"] = cls._new_user("committee", login="t_committee2")
        cls.clause = cls.version.clause_ids.filtered(lambda clause: clause.number == "3.2")

    def _paper(self, **vals):
        model = self.env["crm.policy.interpretation"].with_user(self.users["committee"])
        return model.create(
            {
                "version_id": self.version.id,
                "clause_id": self.clause.id,
                "question": "24小时从何时起算？",
                "answer": "自受理之时起算。",
                **vals,
            }
        )

    def _published(self, day="2026-11-24"):
        paper = self._paper()
        other = paper.with_user(self.users["committee2"])
        other.action_policy_approve()
        with at(f"{day} 09:00"):
            other.action_policy_publish()
        return paper

    def test_from_draft_to_published(self):
        paper = self._paper()
        self.assertFalse(paper.number)
        with self.assertRaisesRegex(UserError, "not approved"):
            paper.action_policy_publish()
        with self.assertRaisesRegex(AccessError, "author of an interpretation never"):
            paper.action_policy_approve()
        other = paper.with_user(self.users["committee2"])
        other.action_policy_approve()
        other.action_policy_draft()
        self.assertFalse(paper.approver_id)
        other.action_policy_approve()
        with self.assertRaisesRegex(UserError, "stays as it is"):
            paper.answer = "another"
        other.action_policy_publish()
        self.assertEqual((paper.state, paper.approver_id), ("published", self.users["committee2"]))
        for change in (other.action_policy_draft, other.action_policy_publish, paper.unlink):
            with self.assertRaises(UserError):
                change()
        event = self.env["crm.policy.event"].search([("type", "=", "interpretation.published")])
        self.assertEqual((event.clause, event.payload), ("3.2", {"number": paper.number}))

    def test_nobody_changes_what_he_then_approves(self):
        paper = self._paper()
        other = paper.with_user(self.users["committee2"])
        for vals in ({"answer": "自登记之时起算。"}, {"question": "?"}, {"clause_id": False}):
            for target in (other, other.sudo()):
                with self.subTest(**vals):
                    with self.assertRaisesRegex(AccessError, "only t_committee .*who wrote it"):
                        target.write(vals)
        paper.answer = "自登记之时起算。"
        other.action_policy_approve()
        self.assertEqual(paper.answer, "自登记之时起算。")

    def test_numbers_by_company_and_year_never_twice(self):
        numbers = [
            self._published(day).number
            for day in ("2026-11-24", "2026-12-31", "2027-01-01", "2027-01-02")
        ]
        self.assertEqual(
            numbers, ["INT-2026-0001", "INT-2026-0002", "INT-2027-0001", "INT-2027-0002"]
        )

    def test_only_the_committee_writes_and_publishes(self):
        paper = self._paper()
        vals = {"version_id": self.version.id, "question": "?", "answer": "!"}
        model = self.env["crm.policy.interpretation"]
        for role in self.users.keys() - {"committee", "committee2"}:
            user = self.users[role]
            with self.subTest(role):
                for target in (model.with_user(user), model.with_user(user).sudo()):
                    with self.assertRaises(AccessError):
                        target.create(vals)
                with self.assertRaises(AccessError):
                    paper.with_user(user).write({"answer": "mine"})
                for step in ("approve", "draft", "publish"):
                    with self.assertRaises(AccessError):
                        getattr(paper.with_user(user), f"action_policy_{step}")()
                    with self.assertRaises(AccessError):
                        getattr(paper.with_user(user).sudo(), f"action_policy_{step}")()

    def test_staff_sees_what_is_published_only(self):
        draft, published = self._paper(), self._published()
        for role in ("specialist", "manager", "director", "ceo", "policy_admin"):
            seen = self.env["crm.policy.interpretation"].with_user(self.users[role]).search([])
            with self.subTest(role):
                self.assertEqual(seen, published)
                self.assertEqual(self._as(role, self.clause).interpretation_ids, published)
                with self.assertRaises(AccessError):
                    self._as(role, draft).read(["answer"])
        seen = self.env["crm.policy.interpretation"].with_user(self.users["committee2"]).search([])
        self.assertEqual(seen, draft | published)

    def test_state_and_number_cannot_be_written(self):
        paper = self._paper()
        model = self.env["crm.policy.interpretation"].with_user(self.users["committee"])
        for change in (
            {"state": "published"},
            {"number": "INT-2026-0009"},
            {"approver_id": self.users["committee2"].id},
            {"author_id": self.users["committee2"].id},
        ):
            with self.subTest(**change):
                with self.assertRaisesRegex(AccessError, "cannot be written"):
                    call_kw(model, "write", [paper.ids, change], {})
                with self.assertRaisesRegex(AccessError, "cannot be written"):
                    vals = {"version_id": self.version.id, "question": "?", "answer": "!"}
                    call_kw(model, "create", [[{**vals, **change}]], {})

    def test_the_database_keeps_four_eyes_and_the_number(self):
        paper = self._paper()
        for change in ("approver_id = author_id", "state = 'published'"):
            with (
                self.subTest(change),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(
                    SQL(
                        "UPDATE crm_policy_interpretation SET %s WHERE id = %s",
                        SQL(change),
                        paper.id,
                    )
                )

    def test_the_clause_is_one_of_the_version(self):
        draft = self.version.with_user(self.users["policy_admin"])._policy_new_version()
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            self._paper(version_id=draft.id)
