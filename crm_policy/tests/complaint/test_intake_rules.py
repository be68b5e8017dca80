"""What comes in is recognised by the rules of its company and given to somebody who is there."""

from datetime import timedelta

import yaml

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at, shanghai

RULES = """
  - {code: acme, clause: "1.1", name: Acme, sender_domains: [acme.cn], kind: request}
  - code: vip
    clause: "1.1"
    name: VIP
    partner_category: 重点客户
    urgency: urgent
    kind: complaint
  - {code: chat, clause: "1.1", name: Chat, channel: chat, kind: inquiry}
  - code: item
    clause: "1.1"
    name: Item
    item_prefixes: [PCB-]
    kind: complaint
    complaint_type: quality
    team: 质量组
    assign: round_robin
  - code: both
    clause: "1.1"
    name: Both
    all_words: [外箱, 受潮]
    kind: complaint
    complaint_type: packaging
  - code: hurt
    clause: "1.2"
    name: Hurt
    any_words: [触电]
    severity: major
    kind: complaint
    urgency: urgent
  - code: leak
    clause: "1.1"
    name: Leak
    any_words: [漏水, Leak, 滲水]
    kind: request
    team: 服务组
    assign: balanced
"""


class TestIntakeRules(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vip = cls.env["res.partner.category"].create({"name": "重点客户"})
        cls.members = cls.env["res.users"]
        for number in range(3):
            cls.members += cls._new_user("specialist", login=f"t_member{number}")
        cls.service_team = cls._new_team("服务组", cls.members)
        cls.quality_team = cls._new_team("质量组", cls.members)
        cls.department = cls.env["hr.department"].create(
            {"name": "客服部", "company_id": cls.company.id}
        )
        cls.company.policy_default_department_id = cls.department
        cls.company.policy_default_team_id = cls.service_team
        cls.version2 = cls._publish(RULES)
        cls.rules = {rule.code: rule for rule in cls._rules_of(cls.version2)}

    @classmethod
    def _new_team(cls, name, users, company=None):
        return cls.env["helpdesk.ticket.team"].create(
            {
                "name": name,
                "company_id": (company or cls.company).id,
                "user_ids": [Command.set(users.ids)],
            }
        )

    @classmethod
    def _rules_of(cls, version):
        return cls.env["crm.policy.intake.rule"].search([("version_id", "=", version.id)])

    @classmethod
    def _draft(cls, rules, number="2"):
        pack = yaml.safe_load(cls.env["crm.policy"]._policy_packs()["service"].read_text())
        pack["version"]["number"] = number
        pack["intake_rules"] = yaml.safe_load(rules)
        for sequence, row in enumerate(pack["intake_rules"]):
            row["name"] = {"en_US": row["name"], "zh_CN": f"{sequence} {row['name']}"}
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        return admin._policy_apply_pack(yaml.safe_dump(pack, allow_unicode=True), cls.company)

    @classmethod
    def _publish(cls, rules, number="2"):
        version = cls._draft(rules, number)
        cls._hand_over(version)
        version.with_user(cls.users["director"]).action_policy_publish()
        return version.with_env(cls.env)

    def _prepare(self, *texts, **vals):
        """Return what the rules make of texts."""
        return self.env["helpdesk.ticket"]._policy_prepare_intake(
            [
                {"name": text, "description": "<p>x</p>", "company_id": self.company.id, **vals}
                for text in texts
            ]
        )

    def _take(self, text, **vals):
        """Return the code of the rule that takes a text."""
        [vals] = self._prepare(text, **vals)
        rule = self.env["crm.policy.intake.rule"].browse(int(vals["policy_intake_rule_id"]))
        return rule.code

    def _come_in(self, *texts, **vals):
        door = self.env["helpdesk.ticket"].with_user(self.users["specialist"]).sudo()
        vals.setdefault("partner_id", self.partner.id)
        prepared = self._prepare(*texts, channel_id=self.phone.id, **vals)
        return door.create(prepared).with_env(self.env)

    def _events(self, event_type, case):
        return (
            self.env["crm.policy.event"]
            .sudo()
            .search([("type", "=", event_type), ("res_id", "=", case.id)], order="id")
        )

    # === RECOGNISING === #

    def test_words_are_found_in_running_text_whatever_their_width_and_case(self):
        self.assertEqual(self._take("昨天新装的阀门漏水了"), "leak")
        self.assertEqual(self._take("valve LEAKS"), "leak")
        self.assertEqual(self._take("valve leaks"), "leak")
        self.assertFalse(self._take("阀门很好"))

    def test_words_are_found_in_the_text_but_not_in_its_tags(self):
        self.assertEqual(self._take("您好", description="<p>厨房<b>漏</b>水</p>"), "leak")
        self.assertFalse(self._take("您好", description='<p class="leak">厨房</p>'))

    def test_all_words(self):
        self.assertEqual(self._take("外箱破损,货物受潮"), "both")
        self.assertFalse(self._take("外箱破损"))

    def test_the_sender(self):
        self.assertEqual(self._take("您好", partner_email="李 <li@ACME.cn>"), "acme")
        self.assertEqual(self._take("您好", partner_email="li@mail.acme.cn"), "acme")
        self.assertFalse(self._take("您好", partner_email="li@notacme.cn"))
        self.assertFalse(self._take("您好", partner_email="acme.cn"))

    def test_the_tag_of_the_customer_or_his_company_or_one_below_it(self):
        below = self.env["res.partner.category"].create({"name": "省内", "parent_id": self.vip.id})
        person = self.env["res.partner"].create({"name": "王芳", "parent_id": self.partner.id})
        self.assertFalse(self._take("您好", partner_id=person.id))
        self.partner.category_id = below
        self.assertEqual(self._take("您好", partner_id=person.id), "vip")

    def test_the_channel_and_the_item(self):
        chat = self.env.ref("crm_policy.channel_chat")
        self.assertEqual(self._take("您好", channel_id=chat.id), "chat")
        self.assertFalse(self._take("您好", channel_id=self.phone.id))
        self.assertEqual(self._take("您好", policy_item_ref="pcb-204"), "item")
        self.assertFalse(self._take("您好", policy_item_ref="X-PCB-204"))

    def test_the_first_that_fits_decides_alone(self):
        self.assertEqual(
            [rule.code for rule in self._rules_of(self.version2)],
            ["acme", "vip", "chat", "item", "both", "hurt", "leak"],
        )
        self.assertEqual(self._take("触电,因为漏水"), "hurt")
        [vals] = self._prepare("触电,因为漏水")
        self.assertNotIn("team_id", vals)

    def test_what_was_said_stays_and_a_rule_for_another_kind_does_not_fit(self):
        self.assertFalse(self._take("漏水", policy_kind="complaint"))
        self.assertEqual(self._take("漏水", policy_kind="request"), "leak")
        type_id = self.types["service"].id
        self.assertFalse(
            self._take("外箱受潮", policy_kind="complaint", policy_complaint_type_id=type_id)
        )
        other = self._new_team("其他组", self.members)
        [vals] = self._prepare(
            "漏水", team_id=other.id, user_id=self.users["supervisor"].id, policy_urgency="urgent"
        )
        self.assertEqual(vals["policy_kind"], "request")
        self.assertEqual(vals["team_id"], other.id)
        self.assertEqual(vals["user_id"], self.users["supervisor"].id)
        self.assertEqual(vals["policy_urgency"], "urgent")

    def test_the_severity_is_only_raised(self):
        for said, becomes in ((None, "major"), ("general", "major"), ("crisis", "crisis")):
            [vals] = self._prepare("触电", **({"policy_severity": said} if said else {}))
            self.assertEqual(vals["policy_severity"], becomes)

    def test_what_nobody_recognises_goes_to_the_default_with_its_tag(self):
        [vals] = self._prepare("天气很好")
        self.assertEqual(vals["policy_intake_rule_id"], 0)
        self.assertNotIn("policy_kind", vals)
        self.assertEqual(vals["policy_department_id"], self.department.id)
        self.assertEqual(vals["team_id"], self.service_team.id)
        case = self._come_in("天气很好", policy_kind="inquiry")
        self.assertEqual(case.tag_ids, self.env.ref("crm_policy.tag_unclassified"))
        self.assertFalse(case.policy_intake_rule_id)
        self.assertEqual(self._events("case.routed", case).payload["rule"], False)

    def test_what_was_archived_since_is_left_out(self):
        self.service_team.active = False
        [vals] = self._prepare("漏水")
        self.assertEqual(vals["policy_kind"], "request")
        self.assertNotIn("team_id", vals)
        self.assertNotIn("user_id", vals)

    def test_rules_of_other_companies_drafts_and_old_versions_are_not_used(self):
        self.assertFalse(self._take("请问报价"))  # a rule of the first version, superseded
        self._draft('[{code: new, clause: "1.1", name: New, any_words: [雨伞], kind: query}]', "3")
        self.assertFalse(self._take("雨伞"))
        other = self._new_company("上海别家")
        self.assertFalse(self._take("漏水", company_id=other.id))
        self.version2.policy_id.active_in_company = False
        self.assertFalse(self._take("漏水"))
        self.version2.policy_id.active_in_company = True
        self.assertEqual(self._take("漏水"), "leak")

    # === GIVING IT TO SOMEBODY === #

    def test_balanced_by_open_cases_then_by_who_waits_longest(self):
        first, second, third = self.members
        with at("2026-03-02 09:00"):
            self._new_case(policy_kind="request", user_id=first.id)
        with at("2026-03-02 10:00"):
            self._new_case(policy_kind="request", user_id=second.id)
        with at("2026-03-02 11:00"):
            for _number in range(2):
                self._new_case(policy_kind="request", user_id=third.id)
        with at("2026-03-02 12:00"):
            given = [vals["user_id"] for vals in self._prepare(*["漏水"] * 5)]
            # After one each all have two, and the third has waited since eleven.
            self.assertEqual(given, [first.id, second.id, third.id, first.id, second.id])

    def test_a_case_that_ended_is_no_load(self):
        first, second, third = self.members
        with at("2026-03-02 09:00"):
            for user in (second, third):
                self._new_case(policy_kind="request", user_id=user.id)
            case = self._new_case(policy_kind="request", user_id=first.id)
            self._as("director", case).action_policy_cancel("误录")
        with at("2026-03-02 10:00"):
            self.assertEqual(self._prepare("漏水")[0]["user_id"], first.id)

    def test_in_turn_over_calls_and_versions(self):
        ids = self.members.ids
        given = [self._prepare("x", policy_item_ref="PCB-1")[0]["user_id"] for _n in range(4)]
        self.assertEqual(given, [*ids, ids[0]])
        given = [vals["user_id"] for vals in self._prepare("x", "y", policy_item_ref="PCB-1")]
        self.assertEqual(given, ids[1:])
        self._publish(RULES, "3")
        self.assertEqual(self._prepare("x", policy_item_ref="PCB-1")[0]["user_id"], ids[0])

    def test_only_who_is_there_and_may(self):
        first, second, third = self.members
        self.assertEqual(self._pool(), {first, second, third})
        first.active = False
        self.assertEqual(self._pool(), {second, third})
        second.group_ids -= self.env.ref("crm_policy.group_specialist")
        self.assertEqual(self._pool(), {third})
        other = self._new_company("上海别家")
        third.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(self._pool(), set())
        self.assertNotIn("user_id", self._prepare("漏水")[0])

    def _pool(self):
        """Return who gets something of six cases."""
        users = self.env["res.users"]
        given = [vals.get("user_id") for vals in self._prepare(*["漏水"] * 6)]
        return set(users.browse(filter(None, given)))

    def test_who_is_absent_gets_nothing_until_he_is_back(self):
        first = self.members[0]
        employee = self.env["hr.employee"].create(
            {"name": "first", "user_id": first.id, "company_id": self.company.id}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "resource_id": employee.resource_id.id,
                "company_id": self.company.id,
                "date_from": shanghai("2026-03-02 09:00"),
                "date_to": shanghai("2026-03-02 18:00"),
            }
        )
        for moment, gets in (
            ("2026-03-02 08:59", True),
            ("2026-03-02 09:00", False),
            ("2026-03-02 18:00", False),
            ("2026-03-02 18:01", True),
        ):
            with self.subTest(moment=moment), at(moment):
                self.assertEqual(first in self._pool(), gets)

    def test_without_a_team_from_the_department(self):
        employee = self.env["hr.employee"].create(
            {
                "name": "second",
                "user_id": self.members[1].id,
                "company_id": self.company.id,
                "department_id": self.department.id,
            }
        )
        self.assertEqual(employee.department_id, self.department)
        self.rules["leak"].write({"team_id": False, "department_id": self.department.id})
        [vals] = self._prepare("漏水")
        self.assertEqual(vals["user_id"], self.members[1].id)
        self.assertEqual(vals["policy_department_id"], self.department.id)

    # === EVIDENCE === #

    def test_the_case_and_the_ledger_say_which_rule_decided(self):
        case = self._come_in("漏水")
        self.assertEqual(case.policy_intake_rule_id, self.rules["leak"])
        self.assertEqual(case.team_id, self.service_team)
        self.assertIn(case.user_id, self.members)
        event = self._events("case.routed", case)
        self.assertEqual((event.clause, event.version), ("1.1", "2"))
        self.assertEqual(
            event.payload,
            {
                "rule": "leak",
                "policy_kind": "request",
                "policy_complaint_type_id": False,
                "policy_department_id": case.policy_department_id.id,
                "user_id": case.user_id.id,
                "team_id": self.service_team.id,
            },
        )

    def test_nobody_forges_the_rule(self):
        rule_id = self.rules["leak"].id
        vals = {"name": "x", "description": "x", "policy_kind": "request"}
        Ticket = self.env["helpdesk.ticket"]
        for model in (Ticket.with_user(self.users["director"]), Ticket.sudo()):
            with self.assertRaisesRegex(AccessError, "Routed By"):
                model.create({**vals, "policy_intake_rule_id": rule_id})
        case = self._come_in("天气", policy_kind="inquiry")
        with self.assertRaisesRegex(AccessError, "Routed By"):
            self._as("director", case).write({"policy_intake_rule_id": rule_id})

    def test_a_change_by_hand_is_in_the_ledger(self):
        case = self._come_in("漏水")
        old = case.user_id
        before = case.policy_department_id.id
        mine = self._as("director", case)
        mine.write({"policy_department_id": self.department.id, "name": "y"})
        self.assertEqual(
            self._events("case.rerouted", case).payload,
            {"policy_department_id": [before, self.department.id]},
        )
        new = self.members - old
        mine.write({"user_id": new[0].id})
        event = self._events("case.rerouted", case)[-1]
        self.assertEqual(event.payload, {"user_id": [old.id, new[0].id]})
        self.assertEqual((event.clause, event.actor_id), ("1.1", self.users["director"].id))
        mine.write({"user_id": new[0].id})
        self.assertEqual(len(self._events("case.rerouted", case)), 2)

    # === RULES === #

    def test_a_published_rule_stays_but_for_who_works_on_it(self):
        rule = self.rules["leak"].with_user(self.users["policy_admin"])
        for vals in ({"any_words": "雨"}, {"kind": "query"}, {"team_id": False, "kind": "query"}):
            with self.assertRaisesRegex(UserError, "no longer a draft"):
                rule.write(vals)
        rule.write({"team_id": self.quality_team.id, "assign_method": "none"})
        [vals] = self._prepare("漏水")
        self.assertEqual(vals["team_id"], self.quality_team.id)
        self.assertNotIn("user_id", vals)
        event = self._events("intake_rule.changed", rule)
        self.assertEqual(event.payload["team"], self.quality_team.id)
        for role in ("specialist", "director"):
            with self.assertRaises(AccessError):
                rule.with_user(self.users[role]).write({"assign_method": "balanced"})

    def test_unsound_rules_are_refused(self):
        rule = self.rules["leak"]
        with self.assertRaisesRegex(ValidationError, "from which team or department"):
            rule.write({"team_id": False})
        other = self._new_company("上海别家")
        foreign = self._new_team("别家组", self.members, other)
        with self.assertRaises(UserError):
            rule.write({"team_id": foreign.id})
        for rows, words in (
            ('[{code: a, clause: "1.1", name: A, channel: pigeon}]', "no channel pigeon"),
            ('[{code: a, clause: "1.1", name: A, team: 没有}]', "没有"),
            ('[{code: a, clause: "1.1", name: A, complaint_type: none}]', "none"),
            ('[{code: a, clause: "9.9", name: A}]', "no clause 9.9"),
        ):
            with self.assertRaisesRegex(ValidationError, words):
                self._draft(rows, "4")

    def test_the_trial_shows_the_result_and_keeps_nothing(self):
        before = self._prepare("x", policy_item_ref="PCB-1")[0]["user_id"]
        Try = self.env["crm.policy.intake.try"].with_user(self.users["policy_admin"])
        after = self.members.filtered(lambda user: user.id > before)[0]
        for _time in range(2):
            trial = Try.create({"subject": "x", "item_ref": "PCB-9"})
            self.assertEqual(trial.rule_id.code, "item")
            self.assertEqual(trial.clause_id.number, "1.1")
            self.assertEqual(trial.policy_kind, "complaint")
            self.assertEqual(trial.policy_complaint_type_id, self.types["quality"])
            self.assertEqual(trial.user_id, after)
        self.assertEqual(self._prepare("x", policy_item_ref="PCB-1")[0]["user_id"], after.id)
        empty = Try.create({})
        self.assertFalse(empty.rule_id)
        self.assertFalse(empty.is_asked)
        with self.assertRaises(AccessError):
            Try.with_user(self.users["director"]).create({})

    def test_nobody_writes_a_turn(self):
        self._prepare("x", policy_item_ref="PCB-1")
        turn = self.env["crm.policy.intake.turn"].search([("company_id", "=", self.company.id)])
        self.assertEqual((turn.code, turn.last_user_id), ("item", self.members[0].id))
        for change in (
            lambda: turn.write({"last_user_id": 0}),
            turn.unlink,
            lambda: turn.create({"code": "x", "company_id": self.company.id}),
        ):
            with self.assertRaises(AccessError):
                change()

    # === CHANNEL === #

    def test_a_complaint_is_registered_and_the_rest_accepted_with_its_channel(self):
        case = self._new_case(channel_id=False)
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        with self.assertRaisesRegex(ValidationError, "Channel"):
            mine.action_policy_register()
        mine.channel_id = self.phone
        mine.action_policy_register()
        self.assertTrue(case.policy_number)
        request = self._as("specialist", self._new_case(policy_kind="request", channel_id=False))
        with self.assertRaisesRegex(ValidationError, "Channel"):
            request.action_policy_accept()
        request.channel_id = self.phone
        request.action_policy_accept()
        self.assertTrue(request.policy_accepted_at)

    # === COST === #

    def test_ten_times_the_cases_cost_the_same_queries(self):
        self.partner.category_id = self.vip
        partners = self.env["res.partner"].create([{"name": f"p{n}"} for n in range(500)])
        rows = "".join(
            f'  - {{code: r{n}, clause: "1.1", name: r{n}, any_words: [词{n}甲, 词{n}乙],'
            f" kind: request, team: 服务组, assign: {'balanced' if n % 2 else 'round_robin'}}}\n"
            for n in range(50)
        )
        self._publish(RULES + rows, "3")

        def prepare(number):
            self.env.invalidate_all()
            vals_list = [
                {
                    "name": f"来件 {n}",
                    "description": f"<p>词{n % 50}乙</p>",
                    "company_id": self.company.id,
                    "partner_id": partners[n].id,
                }
                for n in range(number)
            ]
            before = self.env.cr.sql_log_count
            prepared = self.env["helpdesk.ticket"]._policy_prepare_intake(vals_list)
            self.assertEqual({vals["policy_kind"] for vals in prepared}, {"request"})
            self.assertTrue(all(vals["user_id"] for vals in prepared))
            return self.env.cr.sql_log_count - before

        prepare(50)
        few, many = prepare(50), prepare(500)
        self.assertEqual(few, many)
        self.assertLessEqual(many, 25)

    def test_who_got_one_just_now_comes_last(self):
        with at("2026-03-02 09:00"):
            cases = self._come_in("漏水") + self._come_in("漏水") + self._come_in("漏水")
            self.assertEqual(cases.user_id, self.members)
            self.assertEqual(
                max(cases.mapped("policy_intake_at")) - min(cases.mapped("policy_intake_at")),
                timedelta(0),
            )
