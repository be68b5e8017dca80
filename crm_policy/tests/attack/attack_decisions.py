"""The approval engine under attack: who never decides, when nothing is to be decided any more."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from . import surface
from .attack_common import OUTSIDERS

NEVER = (*OUTSIDERS, "employee", "hr", "system", "policy_admin")
SIGN = ("action_policy_approve", "action_policy_reject")


class DecisionAttacks:
    @property
    def pending(self):
        remedies = self.rows["own"]["crm.policy.remedy"]
        return remedies.filtered(lambda row: row.policy_approval_state == "pending")

    @property
    def ended(self):
        decided = self.rows["own"]["crm.policy.remedy"] - self.pending
        # Others were decided by their handler's own authority: nobody was asked.
        return decided.filtered("policy_approval_id")

    @property
    def favoured(self):
        return self.pending.filtered("beneficiary_id")

    @property
    def asked(self):
        return self.pending - self.favoured

    def _doors(self, document):
        """Return (model, id) of the ways to a decision: the document and its request."""
        return [
            (document._name, document.id),
            ("crm.policy.approval", document.policy_approval_id.id),
        ]

    def _methods_of(self, name):
        return [
            method
            for method in surface.public_methods(self.env[name])
            if method.startswith("action_policy_")
        ]

    def _obeys(self, document, who, methods=SIGN):
        """Return the doors and methods by which somebody changed something."""
        found = []
        for name, id_ in self._doors(document):
            for method in methods:
                if method not in self._methods_of(name):
                    continue
                arguments = self._arguments(self.env[name], method)
                _error, changed = self._shot(self.people[who], name, method, [id_], **arguments)
                if changed:
                    found.append((name, method))
        return found

    @mute_logger("odoo.sql_db")
    def test_the_requester_does_not_decide_his_own(self):
        self.assertEqual(self.asked.policy_approval_id.requester_id, self.people["requester"])
        self.assertFalse(self._obeys(self.asked, "requester"))
        self.assertTrue(self._obeys(self.favoured, "requester"), "he is a manager elsewhere")

    @mute_logger("odoo.sql_db")
    def test_the_beneficiary_does_not_decide_what_he_gets(self):
        self.assertFalse(self._obeys(self.favoured, "beneficiary"))
        self.assertTrue(self._obeys(self.asked, "beneficiary"), "he is a manager elsewhere")

    @mute_logger("odoo.sql_db")
    def test_whoever_is_not_asked_does_nothing_at_all_to_a_request(self):
        """No method of the engine, by no door; forwarding, returning, adding among them."""
        for document in (self.asked, self.ended, self.rows["own"]["crm.policy.rotation"]):
            for who in NEVER:
                methods = {m for name, _id in self._doors(document) for m in self._methods_of(name)}
                methods -= HIS_RIGHTS.get((document._name, who), set())
                with self.subTest(document, who=who):
                    self.assertFalse(self._obeys(document, who, sorted(methods)))

    def test_nobody_from_outside_is_ever_among_those_who_are_asked(self):
        """Whatever role is asked, and whoever was appointed to it: not only refused at the door."""
        outside = self.env["res.users"].union(*(self.people[who] for who in OUTSIDERS))
        posts = [("group", "group_id", self.env.ref("crm_policy.group_manager"))]
        posts += [("group", "group_id", self.env.ref("base.group_portal"))]
        posts += [("user", "user_id", user) for user in outside]
        for number, (kind, name, holder) in enumerate(posts):
            role = self.env["crm.policy.role"].create(
                {
                    "code": f"attack_{number}",
                    "name": "attack",
                    "company_id": self.company.id,
                    "kind": kind,
                    name: holder.id,
                }
            )
            with self.subTest(kind, holder=holder.display_name):
                self.assertFalse(role._users_for(self.asked)[self.asked.id] & outside)

    @mute_logger("odoo.sql_db")
    def test_what_is_decided_is_not_decided_again(self):
        for document in self.ended:
            for who in self.people:
                with self.subTest(document, who=who):
                    self.assertFalse(self._obeys(document, who))

    def test_nobody_signs_twice(self):
        document = self.asked
        self._as("manager", document).action_policy_approve("同意")
        before = self._digests()
        for method in SIGN:
            for name, id_ in self._doors(document):
                with self.subTest(name, method=method), self.assertRaises(UserError):
                    self._call(self.people["manager"], name, method, [id_], "再来一次")
        self.assertEqual(self._digests(), before)
        self.assertEqual(len(document.policy_approval_id.decision_ids), 1)

    def test_a_request_that_was_replaced_decides_nothing(self):
        document = self.asked
        old = document.policy_approval_id
        document.with_user(self.people["requester"]).write({"amount": 1})
        self.assertEqual(old.state, "lapsed")
        document.with_user(self.people["requester"]).action_policy_submit()
        before = self._digests()
        for method in SIGN:
            with self.assertRaises(UserError):
                self._call(self.people["manager"], "crm.policy.approval", method, old.ids, "同意")
        self.assertEqual(self._digests(), before)

    def test_no_client_points_a_document_at_another_s_approval(self):
        approved, target = self.ended.policy_approval_id, self.asked
        for who, user in self.people.items():
            for vals in (
                {"policy_approval_id": approved.id},
                {"policy_approval_state": "approved"},
                {"policy_approval_id": approved.id, "policy_approval_state": "approved"},
            ):
                error, changed = self._shot(user, target._name, "write", target.ids, vals)
                with self.subTest(who=who, vals=vals):
                    self.assertIsNotNone(error)
                    self.assertFalse(changed)

    def test_a_list_with_one_foreign_request_decides_none(self):
        foreign = self.rows["other company"]["crm.policy.remedy"]
        ids = [self.asked.id, *foreign.ids]
        for method in SIGN:
            error, changed = self._shot(
                self.people["director"], "crm.policy.remedy", method, ids, "同意"
            )
            self.assertIsNotNone(error)
            self.assertFalse(changed)

    def test_who_becomes_eligible_by_his_own_hand_does_not(self):
        """Nobody makes himself a decider by writing what the search for deciders reads."""
        user = self.people["specialist"]
        role = self.asked.policy_approval_id.step_ids.role_id[:1]
        company = self.company.id
        for name, method, *arguments in (
            ("crm.policy.role", "write", role.ids, {"user_id": user.id}),
            ("crm.policy.authority", "create", [{"code": "x", "role_id": role.id}]),
            ("hr.department", "write", self.department.ids, {"manager_id": user.employee_id.id}),
            ("hr.employee", "write", user.employee_id.ids, {"department_id": False}),
            ("res.users", "write", user.ids, {"group_ids": [Command.clear()]}),
            ("res.users", "write", user.ids, {"company_ids": [Command.link(company)]}),
            ("crm.policy.post", "create", [{"role_id": role.id, "user_ids": user.ids}]),
            ("crm.policy.team.member", "create", [{"user_id": user.id}]),
        ):
            with self.subTest(name, method=method), mute_logger("odoo.sql_db"):
                error, _changed = self._shot(user, name, method, *arguments)
                self.assertIsNotNone(error)


# What somebody may do although he decides nothing: who serves applications withdraws them.
HIS_RIGHTS = {
    ("crm.policy.rotation", who): {"action_policy_cancel"} for who in ("hr", "policy_admin")
}
