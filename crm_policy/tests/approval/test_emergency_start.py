"""EMG-01: who sends the emergency team, when, and what makes a case an emergency."""

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .emergency_common import EmergencyCommon


class TestEmergencyStart(EmergencyCommon):
    # === TRIGGERS === #

    def test_a_crisis_is_an_emergency(self):
        case = self._new_crisis()
        emergency = self._start(case)
        self.assertEqual(emergency.state, "activated")
        self.assertEqual(emergency.leader_id, self.users["manager"])
        self.assertEqual(emergency.member_ids, self.users["manager"] | self.users["supervisor"])
        self.assertEqual(emergency.team_id, self.emergency_team)
        self.assertEqual(emergency.clause_id.number, "6.1")
        self.assertTrue(case.policy_in_emergency)
        [event] = self._events("emergency.started", emergency)
        self.assertEqual(
            event.payload,
            {
                "case": case.id,
                "trigger": "crisis",
                "team": self.emergency_team.id,
                "leader": self.users["manager"].id,
                "members": emergency.member_ids.ids,
            },
        )
        self.assertEqual((event.clause, event.actor_id), ("6.1", self.users["manager"].id))

    def test_a_loss_is_major_from_the_parameter_on(self):
        for amount, is_one in ((49999.99, False), (50000, True)):
            with self.subTest(amount):
                case = self._new_case(policy_claim_amount=amount)
                if is_one:
                    self.assertTrue(self._start(case, "major_loss"))
                    continue
                with self.assertRefused(ValidationError, r"6\.1.*from a claim.*50,000.*49,999.99"):
                    self._start(case, "major_loss")

    def test_remedies_count_as_a_loss_and_the_company_sets_the_limit(self):
        case = self._new_case()
        self._new_remedy(case, 20000)
        with self.assertRefused(ValidationError, "20,000"):
            self._start(case, "major_loss")
        self._set_parameter("emergency_loss_from", 20000)
        self.assertTrue(self._start(case, "major_loss"))

    def test_without_a_limit_no_loss_is_major(self):
        self.env.cr.execute("DELETE FROM crm_policy_parameter WHERE code = 'emergency_loss_from'")
        self.env.invalidate_all()
        with self.assertRefused(ValidationError, "does not say from which loss"):
            self._start(self._new_case(policy_claim_amount=90000), "major_loss")

    def test_a_complaint_of_a_key_customer_is_one(self):
        grade = self.env["crm.policy.grade"].create(
            {"code": "A", "name": "A级", "company_id": self.company.id}
        )
        self.env["crm.policy.customer"].create(
            {
                "partner_id": self.partner.id,
                "company_id": self.company.id,
                "grade_id": grade.id,
            }
        )
        case = self._new_case()
        with self.assertRefused(ValidationError, r"6\.1.*key grade; this one has: A级"):
            self._start(case, "key_customer")
        grade.is_key = True
        request = self._new_case(policy_kind="request", policy_complaint_type_id=False)
        with self.assertRefused(ValidationError, "complaint of a key customer"):
            self._start(request, "key_customer")
        self.assertTrue(self._start(case, "key_customer"))

    def test_a_leak_is_what_has_a_type_for_it(self):
        case = self._new_case()
        with self.assertRefused(ValidationError, r"6\.1.*leaks of personal data"):
            self._start(case, "data_leak")
        leak = self._new_case(policy_complaint_type_id=self.types["data-leak"].id)
        self.assertEqual(self._start(leak, "data_leak").plan_id.code, "data-leak")

    def test_what_is_no_crisis_is_told_so(self):
        for severity in ("general", "major"):
            with self.assertRefused(ValidationError, r"6\.1.*severity Crisis; its severity is"):
                self._start(self._new_case(policy_severity=severity))

    def test_an_unknown_trigger_or_no_reason(self):
        case = self._new_crisis()
        for trigger in (None, "flood", "x; DROP"):
            with self.assertRefused(ValidationError, "Say what makes the case an emergency"):
                self._start(case, trigger)
        for reason in (None, "  ", 5):
            with self.assertRefused(ValidationError, "Say what has happened"):
                self._start(case, reason=reason)

    # === WHO === #

    def test_a_manager_or_above_starts_it(self):
        for role in ("specialist", "supervisor", "finance", "qc", "analyst", "policy_admin"):
            with self.subTest(role), self.assertRefused(AccessError, "taken by.*Manager"):
                self._start(self._new_crisis(), role=role)
        self._new_user("ceo", login="t_ceo2")
        for role in ("manager", "director", "ceo"):
            with self.subTest(role):
                self.assertTrue(self._start(self._new_crisis(), role=role))

    def test_who_does_not_see_the_case_does_not_start_it(self):
        other = self._new_company("杭州分公司")
        stranger = self._new_user("director", login="t_stranger", company=other)
        portal = new_test_user(self.env, login="t_portal", groups="base.group_portal")
        case = self._new_crisis()
        for user in (stranger, portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                case.with_user(user).action_policy_start_emergency("crisis", "停产")
        self.assertFalse(case.policy_emergency_id)

    def test_the_leader_is_the_chair(self):
        """Whoever starts it leads it only where he sits in the chair."""
        emergency = self._start(self._new_crisis(), role="director")
        self.assertEqual(emergency.leader_id, self.users["manager"])
        self.assertEqual(emergency.started_by_id, self.users["director"])

    def test_the_team_sees_the_case_and_is_told(self):
        member = self._new_user("hr", login="t_member")
        self.emergency_team.member_ids = [Command.create({"user_id": member.id, "sequence": 9})]
        case = self._new_crisis()
        with self.assertRaises(AccessError):
            case.with_user(member).read(["name"])
        emergency = self._start(case)
        self.assertTrue(case.with_user(member).read(["name"]))
        self.assertEqual(emergency.with_user(member).reason, "客户产线停产")
        note = self.env["mail.message"].search(
            [("partner_ids", "in", member.partner_id.ids), ("model", "=", "helpdesk.ticket")]
        )
        self.assertIn(emergency.number, note.body)
        late = self._new_user("specialist", login="t_late")
        self.emergency_team.member_ids = [Command.create({"user_id": late.id, "sequence": 10})]
        self.assertTrue(case.with_user(late).read(["name"]))

    # === ONE AT A TIME === #

    def test_a_case_has_one_at_a_time(self):
        case = self._new_crisis()
        emergency = self._start(case)
        with self.assertRefused(UserError, f"{emergency.number} is running already"):
            self._start(case)

    def test_the_database_refuses_a_second_one(self):
        case = self._new_crisis()
        emergency = self._start(case)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            emergency._policy_guarded_create(
                [
                    {
                        "number": "EMG-X",
                        "ticket_id": case.id,
                        "company_id": self.company.id,
                        "policy_version_id": emergency.policy_version_id.id,
                        "clause_id": emergency.clause_id.id,
                        "trigger": "crisis",
                        "reason": "x",
                        "team_id": emergency.team_id.id,
                        "leader_id": emergency.leader_id.id,
                        "started_by_id": emergency.leader_id.id,
                    }
                ]
            )

    def test_no_team_no_emergency(self):
        self.emergency_team.active = False
        with self.assertRefused(UserError, "no team for Emergency"):
            self._start(self._new_crisis())

    def test_no_policy_with_a_route_no_emergency(self):
        self.env.cr.execute(
            "DELETE FROM crm_policy_route WHERE model_name = 'crm.policy.emergency'"
        )
        self.env.invalidate_all()
        with self.assertRefused(UserError, "No policy in force.*who ratifies"):
            self._start(self._new_crisis())

    def test_an_ended_or_ungoverned_case_has_none(self):
        case = self._new_crisis()
        self._as("supervisor", case).action_policy_cancel("重复登记")
        with self.assertRefused(UserError, "is ended"):
            self._start(case)
        plain = self.env["helpdesk.ticket"].create(
            {
                "name": "x",
                "description": "x",
                "policy_kind": False,
                "company_id": self.company.id,
                "user_id": self.users["manager"].id,
            }
        )
        with self.assertRefused(UserError, "not governed"):
            self._start(plain)

    def test_another_policy_of_the_company_may_know_emergencies(self):
        """What happens in an emergency may be written once for the whole company."""
        self._install_policy("manufacturer")
        kind = self.env["crm.policy.complaint.type"].search(
            [("code", "=", "mfr-quality"), ("company_id", "=", self.company.id)]
        )
        case = self._new_crisis(policy_complaint_type_id=kind.id)
        self.assertEqual(case.policy_version_id.policy_id.code, "MFR")
        emergency = self._start(case)
        self.assertEqual(emergency.policy_version_id, self.version)

    def test_an_action_without_a_document_opens_none(self):
        emergency = self._start(self._new_crisis())
        self._act(emergency)
        with self.assertRefused(UserError, "no document to open"):
            self._as("supervisor", emergency.action_ids).action_policy_open_document()
