"""Grades of customers: who reads them, and what they do to deadlines (S1 d)."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import PolicyCommon, at, shanghai

GRADES = """
grades:
  - {code: A, name: {en_US: Grade A, zh_CN: A级客户}, sequence: 1, sla_factor: 0.5, clause: "2.2"}
  - {code: B, name: {en_US: Grade B, zh_CN: B级客户}, sequence: 2, sla_factor: 0.5, clause: "2.2"}
  - {code: C, name: {en_US: Grade C, zh_CN: C级客户}, sequence: 3}
  - {code: D, name: {en_US: Grade D, zh_CN: D级客户}, sequence: 4}
"""
RESOLVE = """  - code: resolve-normal
    clause: "2.2"
    name: Resolution
    model: helpdesk.ticket
    start: policy_intake_at
    done: policy_closed_at
    domain: [[policy_kind, in, [inquiry, query, request]], [policy_urgency, "=", normal]]
    duration: 8
    unit: working_hours
    factor: commercial_partner_id.policy_sla_factor
    role: handler
"""
FACTOR = "    factor: commercial_partner_id.policy_sla_factor\n"
FIELDS = ("policy_customer_ids", "policy_customer_id", "policy_grade_id", "policy_sla_factor")


class TestGrades(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.version = cls._graded_policy(cls.company, "2")
        cls.grades = {
            grade.code: grade
            for grade in cls.env["crm.policy.grade"].search([("company_id", "=", cls.company.id)])
        }
        cls.Customer = cls.env["crm.policy.customer"]
        cls.contact = cls.env["res.partner"].create(
            {"name": "王工", "parent_id": cls.partner.id, "type": "contact"}
        )

    @classmethod
    def _graded_policy(cls, company, number):
        content = cls.env["crm.policy"]._policy_packs()["service"].read_text("utf-8")
        for old, new in (
            ('number: "1"\n  transition', f'number: "{number}"\n  transition'),
            ("    duration: 1\n    unit: working_hours\n",
             f"    duration: 1\n    unit: working_hours\n{FACTOR}"),
            ("deadline_rules:\n", f"{GRADES.lstrip()}deadline_rules:\n{RESOLVE}"),
        ):  # fmt: skip
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        policy = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        if company != cls.company:
            policy = policy.with_context(allowed_company_ids=company.ids)
        version = policy._policy_apply_pack(content, company)
        cls._hand_over(version)
        version.with_user(cls.users["director"]).action_policy_publish()
        return version.with_env(cls.env)

    def _grade(self, code, partner=None, company=None):
        return self.Customer.create(
            {
                "partner_id": (partner or self.partner).id,
                "grade_id": self.grades[code].id if code else False,
                "company_id": (company or self.company).id,
            }
        )

    def _clock(self, case, code="response-normal"):
        return case.policy_deadline_ids.filtered(lambda clock: clock.rule_code == code)

    def _in_step(self):
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
            Domain("model_name", "=", "helpdesk.ticket")
        )
        model = "helpdesk.ticket"
        self.assertFalse(self.env["crm.policy.deadline"]._policy_differences(model, rules))

    def _request(self, moment, partner=None):
        with at(moment):
            return self._new_case(policy_kind="request", partner_id=(partner or self.contact).id)

    # === CLOCKS === #

    def test_s1_d_half_the_time_for_grade_a(self):
        self._grade("A")
        case = self._request("2026-03-04 11:45")
        clock, resolve = self._clock(case), self._clock(case, "resolve-normal")
        self.assertEqual((clock.factor, clock.due_at), (0.5, shanghai("2026-03-04 13:15")))
        self.assertEqual(resolve.due_at, shanghai("2026-03-04 16:45"))
        self._in_step()

    def test_without_a_grade_and_with_grade_c_the_whole_time(self):
        case = self._request("2026-03-04 11:45")
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:45"))
        row = self._grade("C")
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:45"))
        row.grade_id = False
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:45"))
        self._in_step()

    def test_a_grade_that_changes_moves_open_clocks_at_once(self):
        row = self._grade("C")
        case, met = self._request("2026-03-04 11:45"), self._request("2026-03-04 11:45")
        with at("2026-03-04 11:50"):
            met._policy_set_fact("policy_accepted_at")
            met._policy_set_fact("policy_responded_at")
            row.grade_id = self.grades["A"]
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        self.assertEqual(self._clock(case, "resolve-normal").due_at, shanghai("2026-03-04 16:45"))
        self.assertEqual((self._clock(met).factor, self._clock(met).due_at),
                         (1, shanghai("2026-03-04 13:45")))  # fmt: skip
        self._in_step()
        row.unlink()
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:45"))
        self._in_step()
        self._grade("B")
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        self._in_step()

    def _merged(self, *partners):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([partner.id for partner in partners], partners[0], extra_checks=False)
        self.env.invalidate_all()

    def test_merged_contacts_keep_the_grade_that_asks_for_more(self):
        twin = self.env["res.partner"].create({"name": "苏州恒达", "is_company": True})
        kept = self._grade("A", twin)
        dropped = self._grade("C")
        case = self._request("2026-03-04 11:45", self.partner)
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:45"))
        with at("2026-03-04 11:50"):
            self._merged(self.partner, twin)
        self.assertFalse(dropped.exists())
        self.assertEqual((kept.partner_id, kept.grade_id), (self.partner, self.grades["A"]))
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        [event] = self.env["crm.policy.event"].search([("type", "=", "customer.merged")])
        self.assertEqual(event.payload["dropped"], ["C"])
        self.assertEqual(event.res_id, kept.id)
        self._in_step()

    def test_the_grade_stays_where_only_the_vanishing_contacts_have_one(self):
        twins = self.env["res.partner"].create(
            [{"name": "恒达一", "is_company": True}, {"name": "恒达二", "is_company": True}]
        )
        self._grade("C", twins[0])
        kept = self._grade("B", twins[1])
        self._merged(self.partner, *twins)
        self.assertEqual(self.Customer.search([("partner_id", "=", self.partner.id)]), kept)
        self.assertEqual(kept.grade_id, self.grades["B"])

    def test_merged_contacts_without_a_grade(self):
        twin = self.env["res.partner"].create({"name": "苏州恒达", "is_company": True})
        self._merged(self.partner, twin)
        self.assertFalse(twin.exists())
        self.assertFalse(self.Customer.search([("partner_id", "=", self.partner.id)]))

    def test_a_grade_changed_behind_the_orm_is_found_by_the_sweep(self):
        row = self._grade("C")
        case = self._request("2026-03-04 11:45")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_policy_customer SET grade_id = %s WHERE id = %s",
            [self.grades["A"].id, row.id],
        )
        self.env.invalidate_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_sweep_deadlines").method_direct_trigger()
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        self._in_step()

    def test_a_factor_that_changes_calls_the_sweep(self):
        self._grade("A")
        case = self._request("2026-03-04 11:45")
        cron = self.env.ref("crm_policy.cron_sweep_deadlines")
        trigger = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(trigger)
        self.grades["A"].sla_factor = 0.25
        self.assertEqual(self.env["ir.cron.trigger"].search_count(trigger), before + 1)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 12:00"))
        self._in_step()

    def test_another_customer_of_the_case(self):
        self._grade("A")
        other = self.env["res.partner"].create({"name": "另一客户", "is_company": True})
        case = self._request("2026-03-04 11:45", other)
        self.assertEqual(self._clock(case).factor, 1)
        case.partner_id = self.contact
        self.assertEqual(self._clock(case).factor, 0.5)
        self._in_step()

    # === COMPANIES === #

    def test_each_company_has_its_own_grade_of_a_shared_customer(self):
        other = self._new_company("无锡分公司")
        for user in ("policy_admin", "director"):
            self.users[user].company_ids = [Command.link(other.id)]
        self._graded_policy(other, "1x")
        theirs = self.env["crm.policy.grade"].search(
            [("company_id", "=", other.id), ("code", "=", "A")]
        )
        self.assertTrue(theirs)
        mine = self._grade("C")
        self.Customer.create(
            {"partner_id": self.partner.id, "grade_id": theirs.id, "company_id": other.id}
        )
        self.assertEqual(self.contact.policy_customer_id, mine)
        there = self.contact.with_company(other)
        self.assertEqual(there.policy_grade_id, theirs)
        self.assertEqual(there.policy_sla_factor, 0.5)
        clerk = self._new_user("specialist", login="t_wuxi", company=other)
        with at("2026-03-04 11:45"):
            case = (
                self.env["helpdesk.ticket"]
                .with_user(clerk)
                .with_context(allowed_company_ids=other.ids)
                .create(
                    {"name": "x", "description": "x", "policy_kind": "request",
                     "partner_id": self.contact.id}
                )
            ).with_env(self.env)  # fmt: skip
            own = self._new_case(policy_kind="request", partner_id=self.contact.id)
        self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        self.assertEqual(self._clock(own).due_at, shanghai("2026-03-04 13:45"))
        self._in_step()
        # Whoever brings them up to date, each company's grade counts.
        for company in (self.company, other):
            clocks = self.env["crm.policy.deadline"].with_company(company)
            self.env.invalidate_all()
            clocks._policy_sync(self._clock(case).rule_id, case.with_company(company))
            self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 13:15"))
        Deadline = self.env["crm.policy.deadline"].with_company(other)
        rules = self.env["crm.policy.deadline.rule"]._policy_running_rules(
            Domain("model_name", "=", "helpdesk.ticket")
        )
        self.assertFalse(Deadline._policy_differences("helpdesk.ticket", rules))

    def test_a_row_of_the_group_counts_where_a_company_has_none(self):
        grade = self.env["crm.policy.grade"].create(
            {"code": "A", "name": "A", "company_id": False, "sla_factor": 0.5}
        )
        row = self.Customer.create(
            {"partner_id": self.partner.id, "company_id": False, "grade_id": grade.id}
        )
        self.assertEqual(self.contact.policy_customer_id, row)
        own = self._grade("C")
        self.assertEqual(self.contact.policy_customer_id, own)
        own.unlink()
        self.assertEqual(self.contact.policy_customer_id, row)

    def test_another_company_does_not_see_our_grades(self):
        other = self._new_company("无锡分公司")
        clerk = self._new_user("manager", login="t_wuxi", company=other)
        row = self._grade("A")
        for record in (row, self.grades["A"]):
            theirs = record.with_user(clerk).with_context(allowed_company_ids=other.ids)
            self.assertFalse(theirs.search([("id", "=", record.id)]))
            with self.assertRaises(AccessError):
                theirs.read(["company_id"])
        partner = self.partner.with_user(clerk).with_context(allowed_company_ids=other.ids)
        self.assertFalse(partner.policy_grade_id)
        self.assertFalse(partner.search([("policy_grade_id", "=", self.grades["A"].id)]))

    # === WHO READS THEM === #

    def test_they_are_found_sorted_and_grouped(self):
        self._grade("A")
        other = self.env["res.partner"].create({"name": "另一客户", "is_company": True})
        self._grade("C", other)
        ungraded = self.env["res.partner"].create({"name": "未评级", "is_company": True})
        Partner = self._as("specialist", self.env["res.partner"])
        ours = ("id", "in", (self.partner + self.contact + other + ungraded).ids)
        for domain, found in (
            ([("policy_grade_id.code", "=", "A")], self.partner + self.contact),
            ([("policy_grade_id", "=", self.grades["C"].id)], other),
            ([("policy_grade_id", "=", False)], ungraded),
            ([("policy_grade_id", "!=", False)], self.partner + self.contact + other),
            ([("policy_sla_factor", "<", 1), ("policy_customer_id", "!=", False)],
             self.partner + self.contact),
            ([("policy_customer_id", "=", False)], ungraded),
            ([("policy_customer_id", "in", self.partner.policy_customer_id.ids)],
             self.partner + self.contact),
            ([("policy_customer_id", "not in", self.partner.policy_customer_id.ids)],
             other + ungraded),
        ):  # fmt: skip
            with self.subTest(domain):
                self.assertEqual(set(Partner.search([*domain, ours]).ids), set(found.ids))
        groups = Partner._read_group([ours], ["policy_grade_id"], ["__count"])
        self.assertEqual({grade.code: count for grade, count in groups}, {"A": 2, "C": 1, False: 1})
        first = Partner.search(
            [ours, ("policy_grade_id", "!=", False)], order="policy_grade_id, id"
        )
        self.assertEqual(first.mapped("policy_grade_id.code"), ["A", "C"])

    def test_portal_and_plain_user_read_nothing(self):
        self._grade("A")
        other = self.env["res.partner"].create({"name": "另一客户", "is_company": True})
        plain = new_test_user(self.env, login="t_plain", groups="base.group_user",
                              company_id=self.company.id,
                              company_ids=[Command.set(self.company.ids)])  # fmt: skip
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal",
                               company_id=self.company.id,
                               company_ids=[Command.set(self.company.ids)])  # fmt: skip
        # The customer himself, and somebody whom he may read as well.
        portal.partner_id.parent_id = self.partner
        other.parent_id = portal.partner_id
        self.assertEqual(self._as("specialist", self.partner).policy_grade_id, self.grades["A"])
        for user in (plain, portal):
            partner = self.partner.with_user(user)
            for domain in (
                [("policy_grade_id.code", "=", "A")],
                [("policy_grade_id.code", "!=", "A")],
                [("policy_grade_id", "=", self.grades["A"].id)],
                [("policy_grade_id", "!=", self.grades["A"].id)],
                [("policy_grade_id", "in", [self.grades["A"].id, False])],
                [("policy_grade_id", "!=", False)],
                [("policy_sla_factor", "=", 0.5)],
                [("policy_sla_factor", "<", 1)],
                [("policy_customer_id", "!=", False)],
                [("policy_customer_id.grade_id.code", "=", "A")],
                [("policy_customer_ids.grade_id.code", "=", "A")],
                [("child_ids.policy_grade_id.code", "=", "A")],
                [("commercial_partner_id.policy_grade_id.code", "=", "A")],
            ):
                with self.subTest(user=user.login, domain=domain):
                    self.assertFalse(self._tells(partner, other, domain))
            for name in FIELDS:
                with self.subTest(user=user.login, field=name):
                    with self.assertRaises(AccessError):
                        partner.read([name])
                    with self.assertRaises(AccessError):
                        partner._read_group([], [name], ["__count"])
                    with self.assertRaises(UserError):
                        partner.export_data([name])
                    self.assertNotIn(name, partner.fields_get())
                    self.assertNotIn(
                        name, str(partner.get_views([(False, "form")])["views"]["form"]["arch"])
                    )
            with self.assertRaises(AccessError):
                self.Customer.with_user(user).search([])

    @staticmethod
    def _tells(partner, other, domain):
        """Return whether a search tells a graded customer from another one."""
        found = []
        for one in (partner, other.with_env(partner.env)):
            try:
                found.append(one.search_count([*domain, ("id", "=", one.id)]))
            except AccessError:
                found.append(None)
        return found[0] != found[1]

    def test_who_grades(self):
        row = self._grade("C")
        for role in ("specialist", "supervisor", "finance", "qc", "analyst"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, row).grade_id = self.grades["A"]
        self._as("manager", row).grade_id = self.grades["A"]
        event = self.env["crm.policy.event"].search([("type", "=", "customer.graded")], limit=1)
        self.assertEqual(event.payload, {"partner": self.partner.id, "grade": "A"})
        self.assertEqual(event.actor_id, self.users["manager"].id)

    # === BAD INPUT === #

    @mute_logger("odoo.sql_db")
    def test_nonsense_is_refused(self):
        self._grade("A")
        other = self._new_company("无锡分公司")
        foreign = self.env["res.partner"].create(
            {"name": "无锡客户", "is_company": True, "company_id": other.id}
        )
        segment = self.env["crm.policy.grade"].create(
            {"code": "gold", "name": "金", "scheme": "segment", "company_id": self.company.id}
        )
        free = self.env["res.partner"].create({"name": "新客户", "is_company": True})
        for vals, words in (
            ({"partner_id": self.partner.id}, "each customer once"),
            ({"partner_id": self.contact.id}, "it is the latter that is graded"),
            ({"partner_id": foreign.id}, "contact of another company"),
            ({"partner_id": free.id, "company_id": other.id, "grade_id": self.grades["A"].id},
             "that of another company"),
            ({"partner_id": free.id, "company_id": False, "grade_id": self.grades["A"].id},
             "that of another company"),
            ({"partner_id": free.id, "grade_id": segment.id}, "is no grade"),
        ):  # fmt: skip
            with self.subTest(vals), self.assertRaises(Exception) as caught:
                with self.env.cr.savepoint():
                    self.Customer.create({"company_id": self.company.id, **vals})
                    self.env.flush_all()
            self.assertRegex(str(caught.exception) + self._words_of(caught.exception), words)
        for factor in (0, -1, 101):
            with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
                self.grades["A"].sla_factor = factor
                self.env.flush_all()
            self.grades["A"].invalidate_recordset()

    def _words_of(self, error):
        if hasattr(error, "diag"):
            return self.Customer._sql_error_to_message(error)
        return ""

    @mute_logger("odoo.sql_db")
    def test_a_pack_with_unsound_grades_is_refused(self):
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        base = 'pack_version: "1"\npolicy: {code: T, name: T}\nversion: {number: "1"}\n'
        base += 'clauses: [{number: "1", name: One}]\ngrades:\n'
        for row, words in (
            ("{code: E, name: E, sla_factor: 0}", "more than zero"),
            ("{code: E, name: E, sla_factor: -2}", "more than zero"),
            ("{code: E, name: E, sla_factor: many}", "sla_factor must be a number"),
            ("{code: E, name: E, scheme: caste}", "scheme must be one of"),
            ("{name: E}", "code is missing"),
            ('{code: E, name: E, clause: "9"}', "the policy has no clause 9"),
        ):
            with self.subTest(row), self.assertRefused(ValidationError, words):
                policy._policy_apply_pack(f"{base}  - {row}\n", self.company)
