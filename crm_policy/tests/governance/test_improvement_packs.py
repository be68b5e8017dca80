"""The rows on improvement work in another pack as well, with its own posts."""

import yaml

from ..common import at, shanghai
from .improvement_common import ImprovementCommon

SECTIONS = ("routes", "parameters", "deadline_rules")


def with_improvement(packs, name, number, role):
    """Return a copy of a pack with the rows on improvement of the service pack.

    :param str number: of its new clause, instead of 10.
    :param str role: who approves plans and checks their effect there.
    """
    source = yaml.safe_load(packs["service"].read_bytes())
    target = yaml.safe_load(packs[name].read_bytes())
    clauses = [row for row in source["clauses"] if row["number"].split(".")[0] == "10"]
    for row in clauses:
        row["number"] = row["number"].replace("10", number, 1)
        row["parent"] = row.get("parent") and number
    target["clauses"] += [{k: v for k, v in row.items() if v} for row in clauses]
    for section in SECTIONS:
        for row in source[section]:
            if row.get("clause", "").split(".")[0] != "10":
                continue
            row["clause"] = row["clause"].replace("10", number, 1)
            row.update({"steps": [role]} if "steps" in row else {})
            row.update({"role": role} if row.get("role") == "qc" else {})
            row.pop("alerts", None)
            target[section].append(row)
    return yaml.safe_dump(target, allow_unicode=True).encode()


class TestImprovementPacks(ImprovementCommon):
    def _install_copy(self, name, number, role):
        policy = self.env["crm.policy"].with_user(self.users["policy_admin"])
        content = with_improvement(policy._policy_packs(), name, number, role)
        version = policy._policy_apply_pack(content, self.company)
        if version.publication_route_id:
            self._seat_committee()
        version.action_policy_review()
        self._approve_version(version)
        return version.with_env(self.env)

    def test_the_gm_office_of_a_manufacturer_approves_and_confirms(self):
        governing = self._install_copy("manufacturer", "8", "gm_office")
        office = self._new_person("t_gm_office")
        self._new_post("gm_office", office)
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "mfr-quality")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        with at("2026-03-16 09:00"):
            plan = self._plan(user=self.users["director"], ticket_id=case.id)
            self.assertEqual(plan.policy_version_id, governing)
            plan.with_user(self.head).action_policy_submit()
            self.assertEqual(plan.policy_approval_id.eligible_user_ids, office)
            self.assertEqual(plan.policy_approval_id.clause_id.number, "8.1")
            plan.with_user(office).action_policy_approve("同意")
            plan.with_user(self.head).action_policy_start()
        self._done(plan)
        self.assertEqual(
            self._clocks(plan)["improvement-effect"], (shanghai("2026-06-30 23:59:59"), "open")
        )
        with at("2026-06-30 09:00"):
            # He sees all cases; that he may write what he measures follows from his office.
            plan.goal_ids.with_user(office).actual = 200
            plan.with_user(office).action_policy_check("三个月统计")
            plan.with_user(office).action_policy_close("achieved", "目标达成")
        self.assertEqual(plan.state, "achieved")

    def test_the_director_under_the_handbook(self):
        governing = self._install_copy("handbook", "8", "director")
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "hbk-complaint")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        plan = self._plan(user=self.users["qc"], ticket_id=case.id)
        self.assertEqual(plan.policy_version_id, governing)
        plan.with_user(self.head).action_policy_submit()
        self.assertEqual(plan.policy_approval_id.eligible_user_ids, self.users["director"])

    def test_a_case_of_a_pack_without_them_takes_the_policy_in_force(self):
        self._install_policy("manufacturer")
        kind = self.env["crm.policy.complaint.type"].search(
            [("company_id", "=", self.company.id), ("code", "=", "mfr-quality")]
        )
        case = self._new_case(policy_complaint_type_id=kind.id)
        known = self.env["crm.policy.route"].search(
            [("model_name", "=", "crm.policy.improvement"),
             ("version_id", "=", case.policy_version_id.id)]
        )  # fmt: skip
        plan = self._plan(user=self.users["qc"], ticket_id=case.id)
        self.assertEqual(plan.policy_version_id, known.version_id or self.version)
