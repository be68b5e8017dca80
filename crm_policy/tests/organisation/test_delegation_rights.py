"""Who may write, read and revoke a delegation, and who never may."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..common import at
from .test_delegations import DelegationCommon


class TestDelegationRights(DelegationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role in ("hr", "committee", "legal"):
            cls.users[role] = cls._new_user(role)
        cls.users["employee"] = new_test_user(
            cls.env, login="t_employee", groups="base.group_user",
            company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)],
        )  # fmt: skip
        cls.other = cls._new_company("无锡分公司")
        cls.users["stranger"] = cls._new_user("director", login="t_stranger", company=cls.other)
        cls.users["portal"] = new_test_user(cls.env, login="t_portal", groups="base.group_portal")
        # The director stands above the manager, the manager above the specialist.
        employees = {name: cls._new_employee(cls.users[name]) for name in
                     ("director", "manager", "specialist", "supervisor")}  # fmt: skip
        employees["manager"].parent_id = employees["director"]
        employees["specialist"].parent_id = employees["manager"]
        cls.helper = cls.other_specialist

    def _write_for_manager(self, name):
        return self._delegate(writer=self.users[name], to_user_id=self.helper.id)

    def test_who_delegates_for_somebody_else(self):
        with at("2026-03-01 10:00"):
            for name in sorted({*self.users} - {"director", "manager"}):
                with self.subTest(name), self.assertRaises(AccessError):
                    self._write_for_manager(name)
            self._write_for_manager("director").sudo().action_policy_revoke()
            self._write_for_manager("manager").sudo().action_policy_revoke()

    def test_clerks_delegate_for_who_is_away_and_for_nobody_else(self):
        self._away(self.manager, "2026-03-04 09:00", "2026-03-05 18:00")
        with at("2026-03-01 10:00"):
            for name in ("hr", "policy_admin"):
                self._write_for_manager(name).sudo().action_policy_revoke()
            for name in ("supervisor", "specialist", "ceo", "finance", "qc", "employee"):
                with self.subTest(name), self.assertRaises(AccessError):
                    self._write_for_manager(name)
            with self.assertRefused(AccessError, "time off is entered"):
                self._delegate("2026-03-06", "2026-03-09", writer=self.users["hr"])

    def test_nobody_gives_himself_the_powers_of_another(self):
        self._away(self.manager, "2026-03-04 09:00", "2026-03-05 18:00")
        for name in ("director", "hr", "policy_admin", "supervisor"):
            with self.subTest(name), at("2026-03-01 10:00"):
                with self.assertRefused(AccessError, "Nobody gives himself"):
                    self._delegate(writer=self.users[name], to_user_id=self.users[name].id)

    def test_a_manager_above_who_is_in_another_company_has_no_say(self):
        boss = self.users["stranger"]
        with at("2026-03-01 10:00"), self.assertRaises(AccessError):
            self._delegate(writer=boss, to_user_id=self.helper.id)

    def test_who_reads_which(self):
        with at("2026-03-01 10:00"):
            of_manager = self._delegate(to_user_id=self.helper.id, reason="住院")
            of_specialist = self._delegate(
                from_user_id=self.users["specialist"].id, to_user_id=self.supervisor.id
            )
        everything = of_manager | of_specialist
        seen = {
            "specialist": of_specialist,
            "supervisor": of_specialist,
            "manager": everything,
            "director": everything,
            "ceo": everything,
            "qc": everything,
            "committee": everything,
            "hr": everything,
            "policy_admin": everything,
        }
        for name, user in {**self.users, "helper": self.helper}.items():
            expected = of_manager if name == "helper" else seen.get(name, everything.browse())
            with self.subTest(name):
                if name == "portal":
                    with self.assertRaises(AccessError):
                        everything.with_user(user).search([])
                    continue
                mine = everything.with_user(user).with_context(
                    allowed_company_ids=user.company_ids.ids
                )
                self.env.invalidate_all()
                self.assertEqual(mine.search([("id", "in", everything.ids)]), expected)
                for line in mine - expected:
                    with self.assertRaises(AccessError):
                        line.read(["reason"])

    def test_who_cannot_read_it_is_told_nothing_of_it(self):
        stranger = self.users["stranger"]
        with at("2026-03-01 10:00"):
            line = self._delegate(to_user_id=self.helper.id)
            mine = line.with_user(stranger).with_context(allowed_company_ids=self.other.ids)
            with self.assertRaises(AccessError) as caught:
                mine.action_policy_revoke()
        for name in (self.manager.name, self.helper.name):
            self.assertNotIn(name, str(caught.exception))

    def test_who_revokes_what_he_can_read(self):
        allowed = {"manager", "helper", "director", "hr", "policy_admin"}
        people = {**self.users, "helper": self.helper}
        for name, user in people.items():
            with self.subTest(name), at("2026-03-01 10:00"):
                line = self._delegate(to_user_id=self.helper.id)
                self.env.invalidate_all()
                mine = line.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
                if name in allowed:
                    self.assertTrue(mine.can_revoke)
                    mine.action_policy_revoke()
                else:
                    with self.assertRaises(AccessError):
                        mine.action_policy_revoke()
                    line.sudo().action_policy_revoke()
                self.assertEqual(line.state, "revoked")

    def test_who_wrote_it_revokes_it_even_when_he_stands_above_no_longer(self):
        with at("2026-03-01 10:00"):
            line = self._write_for_manager("director")
            self.manager.employee_id.parent_id = False
            self._as("director", line).action_policy_revoke()
        self.assertTrue(line.revoked_at)

    def test_nobody_changes_or_deletes_one_whatever_his_groups(self):
        with at("2026-03-01 10:00"):
            line = self._delegate(to_user_id=self.helper.id)
        for name, user in {**self.users, "helper": self.helper}.items():
            mine = line.with_user(user)
            with self.subTest(name):
                self.assertFalse(mine.has_access("write") or mine.has_access("unlink"))
                with self.assertRaises(UserError):
                    mine.write({"to_user_id": user.id})
                with self.assertRaises(UserError):
                    mine.unlink()

    def test_a_copy_is_a_new_one_that_is_checked_and_carries_no_facts(self):
        with at("2026-03-01 10:00"):
            line = self._delegate(to_user_id=self.helper.id)
            line.sudo().action_policy_revoke()
            twin = self._as("manager", line).copy()
            self.assertEqual((twin.number, twin.state), ("2", "planned"))
            self.assertFalse(twin.revoked_at)
            with self.assertRaises(AccessError):
                self._as("ceo", line).copy()
        with at("2026-03-03 10:00"), self.assertRefused(UserError, "is past"):
            self._as("manager", line).copy()

    def test_the_import_of_a_file_is_checked_in_the_same_way(self):
        names = ["from_user_id/.id", "to_user_id/.id", "date_from", "date_to"]
        row = [str(self.users["ceo"].id), str(self.supervisor.id), "2026-03-02", "2026-03-06"]
        with at("2026-03-01 10:00"):
            model = self.env["crm.policy.delegation"].with_user(self.supervisor)
            answer = model.load(names, [row])
        self.assertFalse(answer["ids"])
        self.assertIn("Nobody gives himself", answer["messages"][0]["message"])
