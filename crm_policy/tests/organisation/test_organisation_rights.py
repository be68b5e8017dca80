"""Who may appoint, set up teams and divide duties: role by operation by record."""

from odoo import Command
from odoo.exceptions import AccessError

from ..common import PolicyCommon

KEEPERS = {"director", "policy_admin"}


class TestOrganisationRights(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for group in ("hr", "legal", "committee"):
            cls.users[group] = cls._new_user(group)
        cls.post = cls._new_post("quality", cls.users["qc"])
        cls.committee = cls.env["crm.policy.team"].search(
            [("company_id", "=", cls.company.id), ("code", "!=", "emergency")]
        )
        cls.duty = cls.env["crm.policy.duty"].search([("company_id", "=", cls.company.id)], limit=1)

    def _allowed(self, role, attempt):
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            attempt(self.users[role])
            self.env.flush_all()
        except AccessError:
            return False
        finally:
            savepoint.rollback()
            self.env.invalidate_all()
        return True

    def test_only_director_and_administrator_keep_the_organisation(self):
        analyst, rd = self.users["analyst"], self._role_of("rd")
        members = [Command.create({"user_id": analyst.id})]
        attempts = {
            "appoint": lambda user: self.post.with_user(user).write(
                {"user_ids": [Command.link(analyst.id)]}
            ),
            "new post": lambda user: self.post.with_user(user).create({"role_id": rd.id}),
            "archive post": lambda user: self.post.with_user(user).write({"active": False}),
            "team": lambda user: self.committee.with_user(user).write({"quorum": 10}),
            "new team": lambda user: self.committee.with_user(user).create(
                {"code": "x", "name": "x", "kind": "warning", "member_ids": members}
            ),
            "seat": lambda user: (
                self.committee.member_ids[0].with_user(user).write({"vote": "advisory"})
            ),
            "drop seat": lambda user: self.committee.member_ids[-1].with_user(user).unlink(),
            "duty": lambda user: self.duty.with_user(user).write({"role_id": rd.id}),
        }
        for name, attempt in attempts.items():
            for role in self.users:
                with self.subTest(name, role=role):
                    self.assertEqual(self._allowed(role, attempt), role in KEEPERS)

    def test_everybody_may_know_whom_to_ask(self):
        for role in self.users:
            for record in (self.post, self.committee, self.committee.member_ids, self.duty):
                with self.subTest(record._name, role=role):
                    self.assertTrue(
                        self._allowed(role, lambda user, record=record: record.with_user(user)
                                      .read(["display_name"]))
                    )  # fmt: skip

    def test_nobody_deletes(self):
        for record in (self.post, self.committee, self.duty):
            for role in self.users:
                with self.subTest(record._name, role=role), self.assertRaises(AccessError):
                    record.with_user(self.users[role]).unlink()

    def test_other_companies_are_out_of_sight(self):
        other = self._new_company("无锡分公司")
        outsider = self._new_user("director", login="t_outsider", company=other)
        for record in (self.post, self.committee, self.committee.member_ids, self.duty):
            with self.subTest(record._name):
                theirs = record.with_user(outsider).with_context(allowed_company_ids=other.ids)
                self.assertFalse(theirs.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    theirs.read(["display_name"])
        Report = self.env["crm.policy.staffing.report"].with_user(outsider)
        self.assertFalse(Report.with_context(allowed_company_ids=other.ids).search([]))
        with self.assertRaises(AccessError):
            Report.with_context(allowed_company_ids=(self.company | other).ids).search([])

    def test_nobody_reaches_into_another_company(self):
        other = self._new_company("无锡分公司")
        outsider = self._new_user("director", login="t_outsider", company=other)
        Post = self.env["crm.policy.post"].with_user(outsider)
        with self.assertRaises(AccessError):
            Post.create({"role_id": self._role_of("rd").id})
        with self.assertRaises(AccessError):
            Post.create({"role_id": self._role_of("rd").id, "company_id": other.id})
        for user in (self.users["director"], self.env.user):
            with self.assertRaises(AccessError):
                self.committee.member_ids[0].with_user(user).write({"company_id": other.id})
        Member = self.env["crm.policy.team.member"].with_user(outsider)
        for vals in ({}, {"company_id": other.id}):
            with self.assertRaises(AccessError):
                Member.create({"team_id": self.committee.id, "user_id": outsider.id, **vals})
