"""Who may delegate what to whom, and from which instant until which (ORG-DELEG-01)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import PolicyCommon, at, shanghai


class DelegationCommon(PolicyCommon):
    """The manager goes away; the supervisor, his subordinate, could act for him."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager, cls.supervisor = cls.users["manager"], cls.users["supervisor"]
        cls.manager_role = cls._role_of("manager")
        cls.env.cr.execute("DELETE FROM ir_cron_trigger")

    @classmethod
    def _delegate(cls, start="2026-03-02", stop="2026-03-06", writer=None, **vals):
        """Write a delegation of the manager's as himself, or as ``writer``."""
        values = {
            "from_user_id": cls.manager.id,
            "to_user_id": cls.supervisor.id,
            "date_from": start,
            "date_to": stop,
            **vals,
        }
        principal = cls.env["res.users"].browse(values["from_user_id"])
        model = cls.env["crm.policy.delegation"].with_user(writer or principal)
        return model.create(values).with_env(cls.env)

    def _deputies(self, role=None, amount=0.0, holders=None):
        role = role or self.manager_role
        holders = self.manager if holders is None else holders
        return role._policy_deputies(holders, self.company, amount, self.company.currency_id)


class TestDelegations(DelegationCommon):
    # === WHAT IT SAYS === #

    def test_it_is_numbered_company_by_company(self):
        other = self._new_company("无锡分公司")
        boss = self._new_user("manager", login="t_boss", company=other)
        deputy = self._new_user("specialist", login="t_deputy", company=other)
        role = self._role_of("manager").copy({"company_id": other.id})
        with at("2026-03-01 10:00"):
            lines = [self._delegate(), self._delegate("2026-04-01", "2026-04-01")]
            theirs = (
                self.env["crm.policy.delegation"]
                .with_user(boss)
                .with_context(allowed_company_ids=other.ids)
                .create({"to_user_id": deputy.id, "date_to": "2026-03-02", "role_ids": role.ids})
            )
        self.assertEqual([line.number for line in lines], ["1", "2"])
        self.assertEqual(theirs.number, "1")
        self.assertEqual((theirs.from_user_id, theirs.company_id), (boss, other))
        self.assertEqual(str(theirs.date_from), "2026-03-01")

    def test_it_holds_from_the_first_second_of_its_days_to_the_last(self):
        with at("2026-03-01 10:00"):
            line = self._delegate()
        self.assertEqual(line.starts_at, shanghai("2026-03-02 00:00"))
        self.assertEqual(line.ends_at, shanghai("2026-03-07 00:00"))
        for moment, state in (
            ("2026-03-01 23:59:59", "planned"),
            ("2026-03-02 00:00:00", "active"),
            ("2026-03-06 23:59:59", "active"),
            ("2026-03-07 00:00:00", "ended"),
        ):
            with self.subTest(moment), at(moment):
                line.invalidate_recordset(["state"])
                self.assertEqual(line.state, state)
                self.assertEqual(bool(self._deputies()), state == "active")
                for other in ("planned", "active", "ended", "revoked"):
                    found = line.search([("id", "=", line.id), ("state", "=", other)])
                    self.assertEqual(bool(found), other == state, other)

    def test_one_for_today_holds_from_the_moment_it_is_written(self):
        with at("2026-03-02 15:00"):
            line = self._delegate()
            self.assertEqual(self._deputies(), {self.supervisor: line})
        self.assertEqual(line.starts_at, shanghai("2026-03-02 15:00"))
        with at("2026-03-02 14:59:59"):
            self.assertFalse(self._deputies())

    def test_once_revoked_it_has_no_effect(self):
        with at("2026-03-02 09:00"):
            line = self._delegate()
        with at("2026-03-03 09:00"):
            self.assertTrue(self._deputies())
            self._as("manager", line).action_policy_revoke()
            self.assertFalse(self._deputies())
            self.assertEqual((line.state, line.revoked_by_id), ("revoked", self.manager))
            with self.assertRefused(UserError, "over already"):
                self._as("manager", line).action_policy_revoke()
        with at("2026-03-10 09:00"):
            line.invalidate_recordset(["state"])
            self.assertEqual(line.state, "revoked")

    def test_what_is_over_is_not_revoked(self):
        with at("2026-03-02 09:00"):
            line = self._delegate()
        with at("2026-03-07 00:00"), self.assertRefused(UserError, "over already"):
            self._as("manager", line).action_policy_revoke()

    def test_it_is_neither_changed_nor_deleted(self):
        with at("2026-03-01 10:00"):
            line = self._delegate()
        for user in (self.manager, self.users["policy_admin"], self.env.ref("base.user_root")):
            mine = line.with_user(user)
            for vals in ({"date_to": "2027-01-01"}, {"max_amount": 0}, {"revoked_at": False}):
                with self.assertRaises(UserError):
                    mine.write(vals)
            with self.assertRaises(UserError):
                mine.unlink()
        with self.assertRefused(UserError, "is not changed"):
            line.sudo().write({"reason": "-"})
        with self.assertRefused(UserError, "is evidence"):
            line.sudo().unlink()

    def test_nobody_writes_its_facts(self):
        facts = {
            "number": "99",
            "starts_at": "2020-01-01",
            "ends_at": "2030-01-01",
            "revoked_at": "2026-03-01",
            "revoked_by_id": self.manager.id,
            "opened_at": "2026-03-01",
            "closed_at": "2026-03-01",
        }
        for name, value in facts.items():
            with self.subTest(name), at("2026-03-01 10:00"):
                with self.assertRefused(AccessError, "cannot be written"):
                    self._delegate(**{name: value})
                line = (
                    self.env["crm.policy.delegation"]
                    .with_user(self.manager)
                    .with_context(**{f"default_{name}": value})
                    .create({"to_user_id": self.supervisor.id, "date_to": "2026-03-01"})
                )
                self.assertNotEqual(line.number, "99")
                self.assertEqual(line.starts_at, shanghai("2026-03-01 10:00"))
                self.assertFalse(line.revoked_at or line.closed_at)
                line.action_policy_revoke()

    # === WHOM, WHEN, WHAT === #

    def test_nobody_delegates_to_himself(self):
        with at("2026-03-01 10:00"), self.assertRefused(ValidationError, "to himself"):
            self._delegate(to_user_id=self.manager.id)

    def test_who_cannot_act_for_anybody(self):
        other = self._new_company("无锡分公司")
        stranger = self._new_user("manager", login="t_stranger", company=other)
        gone = self._new_user("manager", login="t_gone")
        gone.active = False
        portal = new_test_user(
            self.env, login="t_portal", groups="base.group_portal",
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        for user in (stranger, gone, portal):
            with self.subTest(user.login), at("2026-03-01 10:00"):
                with self.assertRefused(ValidationError, "does not work for"):
                    self._delegate(to_user_id=user.id)
                with self.assertRefused(ValidationError, "does not work for"):
                    self._delegate(from_user_id=user.id, writer=self.env.ref("base.user_root"))

    def test_whoever_has_left_meanwhile_neither_acts_nor_lets_act(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            for person in (self.manager, self.supervisor):
                person.active = False
                self.assertFalse(self._deputies(), person.login)
                person.active = True
            self.assertTrue(self._deputies())
            other = self._new_company("无锡分公司")
            self.supervisor.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
            self.assertFalse(self._deputies())

    def test_days_that_are_past_or_in_disorder(self):
        with at("2026-03-02 00:00"):
            with self.assertRefused(ValidationError, "is past"):
                self._delegate("2026-03-01", "2026-03-06")
            self._delegate("2026-03-02", "2026-03-02")
            with self.assertRefused(ValidationError, "beyond the calendar"):
                self._delegate("2026-03-06", "9999-12-31")
            with self.assertRefused(ValidationError, "last day is not before"):
                self._delegate("2026-03-06", "2026-03-05")

    def test_today_is_the_day_of_the_company(self):
        """At half past midnight in Shanghai it is still the day before in UTC."""
        with at("2026-03-03 00:30"), self.assertRefused(ValidationError, "is past"):
            self._delegate("2026-03-02", "2026-03-06")

    def test_roles_that_he_does_not_hold(self):
        with at("2026-03-01 10:00"):
            for code in ("director", "ceo", "quality"):
                with self.assertRefused(ValidationError, "does not hold"):
                    self._delegate(role_ids=self._role_of(code).ids)
            line = self._delegate(role_ids=self.manager_role.ids)
        self.assertEqual(line.role_ids, self.manager_role)
        with at("2026-03-02 10:00"):
            self.assertTrue(self._deputies())
            self.assertFalse(self._deputies(self._role_of("supervisor")))

    def test_whoever_holds_nothing_has_nothing_to_delegate(self):
        nobody = new_test_user(
            self.env, login="t_nobody", groups="base.group_user",
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        with at("2026-03-01 10:00"), self.assertRefused(ValidationError, "holds no role"):
            self._delegate(from_user_id=nobody.id)

    def test_a_role_of_another_company(self):
        other = self._new_company("无锡分公司")
        role = self.manager_role.copy({"company_id": other.id})
        with at("2026-03-01 10:00"), self.assertRefused(ValidationError, "one company"):
            self._delegate(role_ids=role.ids, writer=self.env.ref("base.user_root"))

    def test_what_is_delegated_in_one_company_does_not_reach_another(self):
        other = self._new_company("无锡分公司")
        both = self.company | other
        (self.manager | self.supervisor).company_ids = both
        theirs = self.manager_role.copy({"company_id": other.id})
        with at("2026-03-02 10:00"):
            line = self._delegate()
            deputies = theirs._policy_deputies(self.manager, other, 0, other.currency_id)
            self.assertFalse(deputies)
            acting = line._policy_acting(both)
            self.assertEqual(acting, line)
            self.assertFalse(
                theirs._policy_deputies(self.manager, other, 0, other.currency_id, acting)
            )
            self.assertFalse(line._policy_in_force(self.manager, other))
            # Nor does it stand in the way of one there.
            there = self._delegate(
                to_user_id=self.supervisor.id,
                company_id=other.id,
                writer=self.env.ref("base.user_root"),
            )
            self.assertEqual(there._policy_acting(other), there)

    def test_a_role_is_delegated_to_one_person_at_a_time(self):
        director_role = self._role_of("supervisor")
        with at("2026-03-01 10:00"):
            first = self._delegate(role_ids=self.manager_role.ids)
            for start, stop, roles in (
                ("2026-03-06", "2026-03-10", self.manager_role),
                ("2026-03-01", "2026-03-02", self.manager_role),
                ("2026-03-03", "2026-03-04", self.manager_role | director_role),
                ("2026-03-03", "2026-03-04", self.env["crm.policy.role"]),
            ):
                with self.assertRefused(ValidationError, "delegation 1"):
                    self._delegate(start, stop, role_ids=roles.ids,
                                   to_user_id=self.other_specialist.id)  # fmt: skip
            # The next day, another role, and once the first is revoked.
            self._delegate("2026-03-07", "2026-03-10", role_ids=self.manager_role.ids)
            self._delegate(role_ids=director_role.ids)
            self._as("manager", first).action_policy_revoke()
            self._delegate(role_ids=self.manager_role.ids)

    # === IT IS NOT PASSED ON === #

    def test_a_deputy_does_not_delegate_what_he_has_from_another(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            with self.assertRefused(ValidationError, "under delegation 1; what is delegated"):
                self._delegate(
                    from_user_id=self.supervisor.id, to_user_id=self.other_specialist.id,
                    role_ids=self.manager_role.ids,
                )  # fmt: skip

    def test_what_a_deputy_delegates_of_his_own_does_not_carry_his_principals(self):
        third = self.other_specialist
        with at("2026-03-02 10:00"):
            line = self._delegate()
            own = self._delegate(from_user_id=self.supervisor.id, to_user_id=third.id)
            self.assertEqual(self._deputies(), {self.supervisor: line})
            role = self._role_of("supervisor")
            self.assertEqual(self._deputies(role, holders=self.supervisor), {third: own})
            self.assertFalse(self._deputies(holders=self.supervisor.browse()))

    def test_a_substitute_delegates_nothing_of_the_post(self):
        role = self._role_of("quality")
        holder, substitute = self.users["qc"], self.supervisor
        self._new_post("quality", holder, substitute)
        self._new_employee(holder)
        case = self._new_case()
        with at("2026-03-02 10:00"):
            with self.assertRefused(ValidationError, "no substitute"):
                self._delegate(from_user_id=substitute.id, to_user_id=self.other_specialist.id,
                               role_ids=role.ids)  # fmt: skip
            self._delegate(from_user_id=substitute.id, to_user_id=self.other_specialist.id)
            self._away(holder, "2026-03-02 09:00", "2026-03-03 18:00")
            self.assertEqual(role._users_for(case)[case.id], substitute)
            principals = role._policy_principals_for(case)[case.id]
            self.assertEqual(principals, holder)
            self.assertFalse(self._deputies(role, holders=principals))

    # === AMOUNTS === #

    def test_the_cap_itself_is_within_it(self):
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=5000)
            self.assertTrue(self._deputies(amount=5000))
            self.assertFalse(self._deputies(amount=5000.01))

    def test_without_a_cap_any_amount_is_within_it(self):
        with at("2026-03-02 10:00"):
            self._delegate()
            self.assertTrue(self._deputies(amount=9_000_000))

    def test_which_roles_are_delegated(self):
        role = self._role_of("specialist")
        with at("2026-03-01 10:00"):
            some = self._delegate(role_ids=role.ids)
            self.assertEqual(some._policy_roles(), role)
            some.action_policy_revoke()
            everything = self._delegate()
            self.assertLessEqual(role | self.manager_role, everything._policy_roles())

    def test_the_department_of_the_delegate_does_not_matter_to_other_roles(self):
        self.assertFalse(self.manager_role.substitute_required)
        finance = self.users["finance"]
        self.assertFalse(finance.employee_id.department_id)
        with at("2026-03-01 10:00"):
            line = self._delegate(to_user_id=finance.id)
        self.assertEqual(line.to_user_id, finance)

    def test_the_cap_counts_in_its_own_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": dollar.id, "company_id": self.company.id, "name": "2026-01-01",
             "rate": 0.125}
        )  # fmt: skip
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=100, currency_id=dollar.id)
            self.assertTrue(self._deputies(amount=800))
            self.assertFalse(self._deputies(amount=800.1))

    def test_without_a_rate_of_today_nothing_is_within_a_cap(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", dollar.id)]).unlink()
        with at("2026-03-02 10:00"):
            self._delegate(max_amount=5000, currency_id=dollar.id)
            self.assertFalse(self._deputies(amount=1))
            self.env["res.currency.rate"].create(
                {"currency_id": dollar.id, "company_id": self.company.id, "name": "2026-03-03",
                 "rate": 0.125}
            )  # fmt: skip
            self.assertFalse(self._deputies(amount=1))
        with at("2026-03-03 10:00"):
            self.assertTrue(self._deputies(amount=40_000))
            self.assertFalse(self._deputies(amount=40_001))

    def test_a_cap_is_not_negative(self):
        with at("2026-03-01 10:00"), self.assertRefused(ValidationError, "cap is not negative"):
            self._delegate(max_amount=-1)

    # === WHO IS THERE === #

    def test_a_deputy_who_is_away_does_not_act(self):
        self._new_employee(self.supervisor)
        with at("2026-03-01 10:00"):
            line = self._delegate()
            self._away(self.supervisor, "2026-03-03 09:00", "2026-03-03 18:00")
        with at("2026-03-02 10:00"):
            self.assertEqual(self._deputies(), {self.supervisor: line})
        with at("2026-03-03 10:00"):
            self.assertFalse(self._deputies())

    def test_two_may_delegate_to_the_same_person(self):
        director, role = self.users["director"], self.manager_role
        with at("2026-03-02 10:00"):
            first = self._delegate()
            second = self._delegate(from_user_id=director.id)
            both = self.manager | director
            self.assertEqual(self._deputies(holders=both), {self.supervisor: first})
            self.assertEqual(self._deputies(role, holders=director), {self.supervisor: second})

    def test_the_department_of_the_delegate_where_the_role_asks_for_it(self):
        other = self.env["hr.department"].create({"name": "财务部", "company_id": self.company.id})
        self._new_employee(self.users["finance"], department_id=other.id)
        officer, colleague = self.users["specialist"], self.other_specialist
        self._new_post("complaint_officer", officer, colleague)
        role = self._role_of("complaint_officer")
        with at("2026-03-01 10:00"):
            for roles in (role, role.browse()):
                with self.assertRefused(ValidationError, "Clause 9.1.*same department"):
                    self._delegate(from_user_id=officer.id, to_user_id=self.users["finance"].id,
                                   role_ids=roles.ids)  # fmt: skip
            self._delegate(from_user_id=officer.id, to_user_id=colleague.id)

    # === CIRCLES === #

    def test_two_may_act_for_each_other_and_the_check_says_so(self):
        with at("2026-03-01 10:00"):
            self._delegate()
            self.assertNotIn("delegation_circle", self._found())
            self._delegate(
                "2026-03-05", "2026-03-09", from_user_id=self.supervisor.id,
                to_user_id=self.manager.id,
            )  # fmt: skip
            self.assertEqual(self._found()["delegation_circle"], 1)
        with at("2026-03-10 10:00"):
            self.assertNotIn("delegation_circle", self._found())

    def test_three_in_a_circle_are_found_once_and_only_while_they_meet(self):
        third = self.other_specialist
        with at("2026-03-01 10:00"):
            self._delegate()
            self._delegate(from_user_id=self.supervisor.id, to_user_id=third.id)
            apart = self._delegate("2026-03-07", "2026-03-09", from_user_id=third.id,
                                   to_user_id=self.manager.id)  # fmt: skip
            self.assertNotIn("delegation_circle", self._found())
            apart.with_user(third).action_policy_revoke()
            self._delegate(from_user_id=third.id, to_user_id=self.manager.id)
            self.assertEqual(self._found()["delegation_circle"], 1)

    def test_who_stands_before_a_circle_of_others_is_in_none(self):
        """His delegate passes on to somebody who passes back to him: no way leads to the first."""
        third = self.other_specialist
        with at("2026-03-01 10:00"):
            first = self._delegate()
            there = self._delegate(from_user_id=self.supervisor.id, to_user_id=third.id)
            back = self._delegate(from_user_id=third.id, to_user_id=self.supervisor.id)
            self.assertFalse(first._policy_circle())
            self.assertEqual(there._policy_circle(), there | back)

    def test_only_its_state_can_be_asked_for(self):
        Delegation = self.env["crm.policy.delegation"]
        for operator in ("=", "not in", "like"):
            with self.subTest(operator):
                self.assertIs(Delegation._search_state(operator, ["active"]), NotImplemented)

    def test_what_is_over_or_not_written_yet(self):
        self.assertEqual(self.env["crm.policy.delegation"].new().display_name, "New Delegation")
        self._new_employee(self.supervisor)
        with at("2026-03-01 10:00"):
            line = self._delegate()
        self._away(self.supervisor, "2026-03-02 09:00", "2026-03-20 18:00")
        with at("2026-03-03 10:00"):
            self.assertIn("delegate_away", dict(line._policy_doubts()))
        with at("2026-03-10 10:00"):
            self.assertEqual(line._policy_doubts(), [])

    def test_two_who_are_away_together_do_not_act_for_each_other(self):
        self._new_employee(self.supervisor)
        with at("2026-03-01 10:00"):
            self._away(self.manager, "2026-03-02 09:00", "2026-03-04 18:00")
            self._away(self.supervisor, "2026-03-04 09:00", "2026-03-06 18:00")
            self._delegate()
            with self.assertRefused(ValidationError, "away at the same time"):
                self._delegate(from_user_id=self.supervisor.id, to_user_id=self.manager.id)
            self._delegate("2026-03-05", "2026-03-06", from_user_id=self.supervisor.id,
                           to_user_id=self.manager.id)  # fmt: skip

    def _found(self):
        found = {}
        for finding in self.company._policy_organisation_findings():
            found[finding["code"]] = found.get(finding["code"], 0) + 1
        return found

    def test_the_check_names_a_delegate_who_is_away_or_has_left(self):
        self._new_employee(self.supervisor)
        with at("2026-03-01 10:00"):
            line = self._delegate()
            self.assertFalse(line.warning)
            self._away(self.supervisor, "2026-03-03 09:00", "2026-03-03 18:00")
            line.invalidate_recordset(["warning"])
            self.assertIn("has time off", line.warning)
            self.assertEqual(self._found()["delegate_away"], 1)
            self.supervisor.active = False
            self.assertEqual(self._found()["delegation_void"], 1)
        with at("2026-03-07 10:00"):
            self.assertNotIn("delegation_void", self._found())

    # === TIME OFF === #

    def test_a_delegation_stands_in_for_an_officer_whose_substitute_cannot(self):
        officer, deputy = self.users["specialist"], self.users["supervisor"]
        self._new_post("complaint_officer", officer, self.other_specialist)
        with at("2026-03-01 10:00"):
            self._away(self.other_specialist, "2026-03-02 09:00", "2026-03-06 18:00")
            with self.assertRefused(UserError, "at the same time"):
                self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")
            line = self._delegate(
                "2026-03-03", "2026-03-03", from_user_id=officer.id, to_user_id=deputy.id
            )
            with self.assertRefused(UserError, "at the same time"):
                self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")
            self._delegate(
                "2026-03-04", "2026-03-04", from_user_id=officer.id, to_user_id=deputy.id
            )
            savepoint = self.env.cr.savepoint(flush=True)
            self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")
            savepoint.rollback()
            self.env.invalidate_all()
            line.with_user(officer).action_policy_revoke()
            with self.assertRefused(UserError, "at the same time"):
                self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")

    def test_a_delegation_of_another_role_stands_in_for_nobody(self):
        officer = self.users["specialist"]
        self._new_post("complaint_officer", officer, self.other_specialist)
        with at("2026-03-01 10:00"):
            self._away(self.other_specialist, "2026-03-02 09:00", "2026-03-06 18:00")
            self._delegate(from_user_id=officer.id, role_ids=self._role_of("specialist").ids)
            with self.assertRefused(UserError, "at the same time"):
                self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")

    def test_a_delegate_who_is_away_himself_stands_in_for_nobody(self):
        officer, deputy = self.users["specialist"], self.users["supervisor"]
        self._new_post("complaint_officer", officer, self.other_specialist)
        with at("2026-03-01 10:00"):
            self._away(self.other_specialist, "2026-03-02 09:00", "2026-03-06 18:00")
            self._away(deputy, "2026-03-04 09:00", "2026-03-04 18:00")
            self._delegate(from_user_id=officer.id, to_user_id=deputy.id)
            with self.assertRefused(UserError, "at the same time"):
                self._away(officer, "2026-03-03 09:00", "2026-03-04 18:00")
