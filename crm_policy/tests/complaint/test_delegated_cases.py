"""New cases of somebody who has delegated go to his deputy, and say so (ORG-DELEG-01)."""

import yaml

from odoo import Command

from ..common import PolicyCommon, at

RULES = """
  - code: turns
    clause: "1.1"
    name: {en_US: Turns, zh_CN: 轮流}
    any_words: [漏水]
    kind: request
    team: 服务组
    assign: round_robin
  - code: least
    clause: "1.1"
    name: {en_US: Least, zh_CN: 最少}
    any_words: [受潮]
    kind: request
    team: 服务组
    assign: balanced
"""


class TestDelegatedCases(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("anna", "bert", "carl", "dora")
        for name in names:
            cls.users[name] = cls._new_user("specialist", login=f"t_{name}")
            cls._new_employee(cls.users[name])
        cls.anna, cls.bert, cls.carl, cls.dora = (cls.users[name] for name in names)
        cls.env["helpdesk.ticket.team"].create(
            {
                "name": "服务组",
                "company_id": cls.company.id,
                "user_ids": [Command.set((cls.anna | cls.bert | cls.carl).ids)],
            }
        )
        pack = yaml.safe_load(cls.env["crm.policy"]._policy_packs()["service"].read_text())
        pack["version"]["number"] = "2"
        pack["intake_rules"] = yaml.safe_load(RULES)
        admin = cls.env["crm.policy"].with_user(cls.users["policy_admin"])
        version = admin._policy_apply_pack(yaml.safe_dump(pack, allow_unicode=True), cls.company)
        cls._hand_over(version)
        version.with_user(cls.users["director"]).action_policy_publish()

    def _delegate(self, to_user, **vals):
        values = {"to_user_id": to_user.id, "date_to": "2026-03-06", **vals}
        model = self.env["crm.policy.delegation"].with_user(self.anna)
        return model.create(values).with_env(self.env)

    def _come_in(self, *texts):
        tickets = self.env["helpdesk.ticket"]
        prepared = tickets._policy_prepare_intake(
            [
                {"name": text, "description": "x", "company_id": self.company.id,
                 "channel_id": self.phone.id, "partner_id": self.partner.id}
                for text in texts
            ]
        )  # fmt: skip
        door = tickets.with_user(self.users["specialist"]).sudo()
        return door.create(prepared).with_env(self.env)

    def _handlers(self, text, count):
        return [case.user_id for case in self._come_in(*[text] * count)]

    def test_his_turn_goes_to_the_deputy_and_comes_back_when_it_is_over(self):
        with at("2026-03-02 10:00"):
            self._delegate(self.carl)
            self.assertEqual(
                self._handlers("漏水", 4), [self.carl, self.bert, self.carl, self.carl]
            )
        with at("2026-03-06 23:59:59"):
            self.assertEqual(self._handlers("漏水", 2), [self.bert, self.carl])
            self.assertEqual(self._handlers("漏水", 1), [self.carl])
        with at("2026-03-07 00:00:00"):
            self.assertEqual(self._handlers("漏水", 3), [self.bert, self.carl, self.anna])

    def test_who_is_away_has_his_turn_too(self):
        with at("2026-03-02 10:00"):
            self._away(self.anna, "2026-03-02 09:00", "2026-03-06 18:00")
            self.assertEqual(self._handlers("漏水", 2), [self.bert, self.carl])
            self._delegate(self.carl)
            self.assertEqual(self._handlers("漏水", 1), [self.carl])

    def test_the_least_busy_is_counted_by_who_handles_it(self):
        with at("2026-03-02 10:00"):
            self._delegate(self.carl)
            handlers = self._handlers("受潮", 4)
        self.assertNotIn(self.anna, handlers)
        self.assertEqual(handlers.count(self.bert), 2)
        self.assertEqual(handlers.count(self.carl), 2)

    def test_a_deputy_of_another_team_or_who_is_away_gets_none(self):
        """helpdesk would take him off the case: it stays with who is there."""
        with at("2026-03-02 10:00"):
            line = self._delegate(self.dora)
            self.assertEqual(self._handlers("漏水", 1), [self.anna])
            line.with_user(self.anna).action_policy_revoke()
            self._delegate(self.carl)
            self._away(self.carl, "2026-03-02 09:00", "2026-03-06 18:00")
            self.assertEqual(self._handlers("漏水", 2), [self.bert, self.anna])

    def test_one_that_leaves_his_cases_alone(self):
        with at("2026-03-02 10:00"):
            self._delegate(self.carl, takes_cases=False)
            self.assertEqual(self._handlers("漏水", 1), [self.anna])

    def test_the_case_and_the_ledger_say_for_whom(self):
        with at("2026-03-02 10:00"):
            line = self._delegate(self.carl)
            deputy, own = self._come_in("漏水", "漏水")
        notes = deputy.message_ids.mapped("body")
        words = f"{self.carl.name} for {self.anna.name} under delegation 1"
        self.assertEqual(len([note for note in notes if words in note]), 1)
        self.assertFalse([note for note in own.message_ids.mapped("body") if "delegation" in note])
        events = self.env["crm.policy.event"].search(
            [("type", "=", "case.routed"), ("res_id", "in", (deputy | own).ids)], order="id"
        )
        self.assertEqual(
            [(event.payload.get("delegation"), event.payload.get("on_behalf")) for event in events],
            [(line.id, self.anna.id), (None, None)],
        )

    def test_a_case_that_a_person_is_given_by_hand_stays_with_him(self):
        with at("2026-03-02 10:00"):
            self._delegate(self.carl)
            case = self._new_case(user_id=self.anna.id)
        self.assertEqual(case.user_id, self.anna)
