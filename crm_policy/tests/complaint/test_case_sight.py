"""Who sees and who works on which case: role x operation x own, team, department, others."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from ..common import PolicyCommon

EVERYTHING = {"own", "mate", "pool", "below", "other", "bare", "sort", "settled", "major"}
TEAM = {"own", "mate", "pool", "sort"}
# Who reads what; the cases are described in setUpClass. "plain" is a ticket without a policy.
READ = {
    "specialist": {"own", "pool", "sort"},
    "other specialist": {"mate", "pool", "sort"},
    "supervisor": TEAM,
    "supervisor of team B": {"below", "other", "sort", "settled", "major"},
    "manager": TEAM | {"below"},
    "manager of key accounts": {"other", "sort", "settled", "major"},
    "director": EVERYTHING,
    "ceo": EVERYTHING,
    "qc": EVERYTHING,
    "analyst": EVERYTHING,
    "auditor by post": EVERYTHING,
    "finance": {"settled"},
    "legal": {"major"},
    "committee": set(),
    "hr": set(),
    "policy_admin": set(),
    "employee": set(),
    "helpdesk user": set(),
    "helpdesk manager": set(),
    "system administrator": set(),
    "customer": EVERYTHING - {"other"},
    "another customer": {"other"},
    "director of another company": set(),
}
# Who changes what: nobody but the window, and there only what is his.
WRITE = {
    "specialist": READ["specialist"],
    "other specialist": READ["other specialist"],
    "supervisor": READ["supervisor"],
    "supervisor of team B": READ["supervisor of team B"],
    "manager": READ["manager"],
    "manager of key accounts": READ["manager of key accounts"],
    "director": EVERYTHING,
}
# What is done with a remedy before it is decided.
REMEDY_STEPS = {
    "create": lambda remedy: remedy.create({"ticket_id": remedy.ticket_id.id}),
    "create with the case": lambda remedy: remedy.ticket_id.write(
        {"policy_remedy_ids": [Command.create({"kind": "apology", "amount": 5})]}
    ),
    "write": lambda remedy: remedy.write({"amount": 5}),
    "unlink": lambda remedy: remedy.unlink(),
    "submit": lambda remedy: remedy.action_policy_submit(),
}


class TestCaseSight(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._new_people()
        cls._new_cases()
        cls.env.flush_all()

    @classmethod
    def _new_people(cls):
        Department, Team = cls.env["hr.department"], cls.env["helpdesk.ticket.team"]
        supervisor2 = cls._new_user("supervisor", login="t_supervisor2")
        manager2 = cls._new_user("manager", login="t_manager2")
        cls.specialist3 = cls._new_user("specialist", login="t_specialist3")
        cls.sub_department = Department.create(
            {"name": "一组", "parent_id": cls.department.id, "company_id": cls.company.id}
        )
        cls.key_accounts = Department.create({"name": "大客户部", "company_id": cls.company.id})
        heads = cls._new_employees([manager2, supervisor2, cls.specialist3], cls.key_accounts)
        cls.key_accounts.manager_id = heads[manager2]
        cls.team_b = Team.create(
            {
                "name": "客服二组",
                "company_id": cls.company.id,
                "user_id": supervisor2.id,
                "user_ids": [Command.set(cls.specialist3.ids)],
            }
        )
        elsewhere = cls._new_company("杭州分公司")
        cls.rival = cls.env["res.partner"].create({"name": "宁波永安家居", "is_company": True})
        contacts = cls.env["res.partner"].create(
            [
                {"name": "张工", "parent_id": cls.partner.id},
                {"name": "周工", "parent_id": cls.rival.id},
            ]
        )
        auditor = cls._plain("base.group_user", "t_auditor")
        cls.audit = cls.env["crm.policy.role"].create(
            {
                "code": "audit",
                "name": "内部审计",
                "kind": "user",
                "user_id": auditor.id,
                "sees_all_cases": True,
                "company_id": cls.company.id,
            }
        )
        cls.viewers = {
            **cls.users,
            "other specialist": cls.other_specialist,
            "supervisor of team B": supervisor2,
            "manager of key accounts": manager2,
            "auditor by post": auditor,
            "legal": cls._new_user("legal"),
            "hr": cls._new_user("hr"),
            "committee": cls._new_user("committee"),
            "employee": cls._plain("base.group_user", "t_employee"),
            "helpdesk user": cls._plain("helpdesk_mgmt.group_helpdesk_user", "t_hd_user"),
            "helpdesk manager": cls._plain("helpdesk_mgmt.group_helpdesk_manager", "t_hd_boss"),
            "system administrator": cls._plain("base.group_system", "t_system"),
            "customer": cls._portal("t_customer", contacts[0]),
            "another customer": cls._portal("t_rival", contacts[1]),
            "director of another company": cls._new_user(
                "director", login="t_elsewhere", company=elsewhere
            ),
        }

    @classmethod
    def _plain(cls, groups, login):
        return new_test_user(
            cls.env,
            login=login,
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _portal(cls, login, partner):
        return cls.env["res.users"].create(
            {
                "login": login,
                "partner_id": partner.id,
                "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
            }
        )

    @classmethod
    def _new_cases(cls):
        nobody = {"user_id": False, "policy_department_id": False, "team_id": False}
        service = {"team_id": cls.team.id, "policy_department_id": cls.department.id}
        key = {
            "team_id": cls.team_b.id,
            "policy_department_id": cls.key_accounts.id,
            "user_id": cls.specialist3.id,
        }
        below = {**key, "policy_department_id": cls.sub_department.id}
        wanted = {
            "own": {**service, "user_id": cls.users["specialist"].id},
            "mate": {**service, "user_id": cls.other_specialist.id},
            "pool": {**service, "user_id": False},
            "below": below,
            "other": {**key, "partner_id": cls.rival.id},
            "bare": nobody,
            "sort": {**nobody, "policy_to_sort": True},
            "settled": key,
            "major": {**key, "policy_severity": "major"},
        }
        cls.cases = {
            name: cls._new_case(cls.env.user, name=name, **vals) for name, vals in wanted.items()
        }
        cls.cases["plain"] = cls.env["helpdesk.ticket"].create(
            {"name": "plain", "description": "x", "company_id": cls.company.id}
        )
        settled = cls.cases["settled"]
        for fact in ("accepted", "registered", "responded", "solution", "decided", "settled"):
            settled.policy_solution = "返工"
            settled._policy_set_fact(f"policy_{fact}_at")
        cls.all_cases = cls.env["helpdesk.ticket"].browse([case.id for case in cls.cases.values()])

    def _see(self, records, user):
        """Return the records as a user in his own companies."""
        return records.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)

    def _governed(self, records):
        return set(records.filtered("policy_kind").mapped("name"))

    # === THE MATRIX === #

    def test_who_reads_which_case(self):
        for who, user in self.viewers.items():
            with self.subTest(who):
                self.env.invalidate_all()
                cases = self._see(self.all_cases, user)
                found = cases.search([("id", "in", cases.ids)])
                self.assertEqual(self._governed(found), READ[who], "search")
                self.assertEqual(self._governed(cases._filtered_access("read")), READ[who])
                count = cases.search_count([("id", "in", cases.ids), ("policy_kind", "!=", False)])
                self.assertEqual(count, len(READ[who]), "count")
                for case in cases.filtered(lambda case: case.sudo().policy_kind):
                    if case.sudo().name not in READ[who]:
                        with self.assertRaises(AccessError):
                            case.read(["name"])

    def test_who_changes_which_case(self):
        for who, user in self.viewers.items():
            may = WRITE.get(who, set())
            for name, case in self.cases.items():
                if name == "plain":
                    continue
                with self.subTest(who, case=name):
                    mine = self._see(case, user)
                    self.assertEqual(mine.has_access("write"), name in may)
                    if name not in may:
                        with self.assertRaises(AccessError):
                            mine.write({"policy_order_ref": "S1"})

    def test_who_takes_a_step(self):
        for who, user in self.viewers.items():
            if who in WRITE:
                continue
            for name in ("own", "sort", "major"):
                with self.subTest(who, case=name), self.assertRaises(AccessError):
                    self._see(self.cases[name], user).action_policy_accept()
        with self.assertRaises(AccessError):
            self._as("specialist", self.cases["mate"]).action_policy_accept()
        self._as("specialist", self.cases["pool"]).action_policy_accept()
        self.assertTrue(self.cases["pool"].policy_accepted_at)

    def test_nobody_deletes_a_case(self):
        for who, user in self.viewers.items():
            for name in ("own", "sort"):
                with self.subTest(who, case=name):
                    with self.assertRaises(UserError):  # or its kind AccessError
                        self._see(self.cases[name], user).unlink()

    def test_who_creates_a_case(self):
        for who, user in self.viewers.items():
            may = user.has_group("helpdesk_mgmt.group_helpdesk_user_own")
            with self.subTest(who):
                vals = {"name": who, "description": "x", "policy_kind": "inquiry",
                        "company_id": user.company_id.id, "user_id": False}  # fmt: skip
                if who == "director of another company":
                    vals["company_id"] = self.company.id
                    may = False
                Ticket = self._see(self.env["helpdesk.ticket"], user)
                if not may:
                    with self.assertRaises(AccessError):
                        Ticket.create(vals)
                    continue
                case = Ticket.create(vals)
                self.assertEqual(case.read(["name"])[0]["name"], who, "he sees what he took in")

    def test_what_hangs_on_a_case_is_seen_with_it(self):
        """Clocks, remedies, requests, steps and openings, by search, count and reading."""
        others = [self.cases["other"], self.cases["settled"]]
        for case in others[:1]:
            for fact in ("accepted", "registered", "responded", "solution"):
                case.policy_solution = "返工"
                case._policy_set_fact(f"policy_{fact}_at")
            remedy = self.env["crm.policy.remedy"].create({"ticket_id": case.id, "amount": 900})
            remedy.with_user(self.users["director"]).action_policy_submit()
        request = remedy.policy_approval_id
        asked = request.eligible_user_ids
        opened = self.env["crm.policy.case.access"].search([("ticket_id", "=", others[0].id)])
        self.assertEqual(opened.user_id, asked)
        self.assertEqual(set(opened.mapped("reason")), {"approver"})
        parts = [remedy, request, request.step_ids, others[0].policy_deadline_ids, opened]
        self.env.flush_all()
        for who, user in self.viewers.items():
            sees = "other" in READ[who] or user in asked
            if user.share:
                continue
            for part in parts:
                with self.subTest(who, model=part._name):
                    mine = self._see(part, user)
                    found = mine.search([("id", "in", part.ids)])
                    self.assertEqual(bool(found), sees)
                    self.assertEqual(mine.search_count([("id", "in", part.ids)]), len(found))
                    self.assertEqual(mine[:1].has_access("read"), sees)

    def test_a_customer_reads_nothing_internal_of_his_own_case(self):
        case = self.cases["own"].with_user(self.viewers["customer"])
        case.sudo().policy_solution = "赔付底线 3000"
        readable = {name for name in case.fields_get() if name.startswith("policy_")}
        self.assertIn("policy_step", readable)
        for name in (
            "policy_severity",
            "policy_solution",
            "policy_remedy_ids",
            "policy_outcome",
            "policy_department_id",
            "policy_access_ids",
            "policy_callback_text",
        ):
            with self.subTest(name):
                self.assertNotIn(name, readable)
                with self.assertRaises(AccessError):
                    case.read([name])
                with self.assertRaises(AccessError):
                    case.search([(name, "!=", False)])
                with self.assertRaises(AccessError):
                    case._read_group(
                        [], [name] if name != "policy_solution" else ["policy_outcome"]
                    )
        self.assertEqual(case.read(["policy_step"])[0]["policy_step"], "received")

    def test_public_visitors_reach_no_case(self):
        cases = self.all_cases.with_user(self.env.ref("base.public_user"))
        with self.assertRaises(AccessError):
            cases.search([])
        with self.assertRaises(AccessError):
            cases[0].read(["name"])

    # === REMEDIES === #

    def _new_remedies(self):
        """Return {name of the case: a remedy on it}; that of "settled" was granted before."""
        Remedy = self.env["crm.policy.remedy"]
        remedies = {}
        for name in EVERYTHING:
            vals = {"ticket_id": self.cases[name].id, "kind": "compensation", "amount": 900}
            if name == "settled":
                vals["policy_approval_state"] = "approved"
                remedies[name] = Remedy._policy_import([vals])
            else:
                remedies[name] = Remedy.create(vals)
        self.env.flush_all()
        return remedies

    def _try(self, call, record, user):
        """Return "done" or the name of the refusal, and undo what was done."""
        savepoint = self.env.cr.savepoint()
        try:
            call(self._see(record, user))
            self.env.flush_all()
            return "done"
        except UserError as error:
            return type(error).__name__
        finally:
            savepoint.close(rollback=True)

    def _row(self, who):
        """Return what a viewer gets from each case when he works on its remedies."""
        may = WRITE.get(who, set())
        row = dict.fromkeys(EVERYTHING, "AccessError") | dict.fromkeys(may, "done")
        return row | ({"settled": "UserError"} if "settled" in may else {})

    def _reads_settled(self, who):
        return "settled" in READ[who] and not self.viewers[who].share

    def test_who_enters_changes_and_deletes_a_remedy(self):
        """Who works on the case, while it is not decided; reading it is not enough."""
        remedies = self._new_remedies()
        for who, user in self.viewers.items():
            for step, call in REMEDY_STEPS.items():
                expected = self._row(who)
                if step == "write" and self._reads_settled(who):
                    expected["settled"] = "UserError"  # what is decided says so to its readers
                with self.subTest(who, step=step):
                    found = {
                        name: self._try(call, remedy, user) for name, remedy in remedies.items()
                    }
                    self.assertEqual(found, expected)

    def test_to_whom_a_case_was_opened_reads_its_remedies_only(self):
        """He may enter remedies elsewhere; here he has handed the case over, or is asked."""
        remedy = self._new_remedies()["other"]
        for who in ("specialist", "supervisor", "manager"):
            user = self.viewers[who]
            self.env["crm.policy.case.access"]._policy_grant(remedy.ticket_id, user, "handover")
            self.assertEqual(self._see(remedy, user).read(["amount"])[0]["amount"], 900)
            for step, call in REMEDY_STEPS.items():
                with self.subTest(who, step=step):
                    self.assertEqual(self._try(call, remedy, user), "AccessError")

    def test_a_remedy_moves_between_cases_one_works_on(self):
        remedies = self._new_remedies()
        for who, user in self.viewers.items():
            start = remedies[min(WRITE.get(who, {"own"}))]
            with self.subTest(who):
                found = {
                    name: self._try(
                        lambda remedy, name=name: remedy.write({"ticket_id": self.cases[name].id}),
                        start,
                        user,
                    )
                    for name in remedies
                }
                self.assertEqual(found, self._row(who))

    def test_who_decides_on_a_remedy(self):
        """Those who are asked, whose post opens the case to them; nobody on his own request."""
        remedies = self._new_remedies()
        asked = ("manager", "manager of key accounts")  # 900 is beyond the front line's limit
        for name in EVERYTHING - {"settled"}:
            self._as("director", remedies[name]).action_policy_submit()
        for who, user in self.viewers.items():
            expected = dict.fromkeys(EVERYTHING, "done" if who in asked else "AccessError")
            if who in WRITE and who not in asked:
                expected |= dict.fromkeys(WRITE[who], "PolicyRefusal")
            # Its remedy was never submitted, and says so to its readers.
            expected["settled"] = "UserError" if self._reads_settled(who) else "AccessError"
            for step in ("approve", "reject"):
                with self.subTest(who, step=step):
                    found = {
                        name: self._try(
                            lambda mine, step=step: getattr(mine, f"action_policy_{step}")("依据"),
                            remedy,
                            user,
                        )
                        for name, remedy in remedies.items()
                    }
                    self.assertEqual(found, expected)

    # === WHAT MOVES A CASE === #

    def test_who_hands_a_case_over_goes_on_reading_it(self):
        case = self._as("specialist", self.cases["own"])
        case.write({"user_id": self.specialist3.id, "team_id": self.team_b.id})
        self.assertTrue(case.has_access("read"))
        self.assertFalse(case.has_access("write"))
        with self.assertRaises(AccessError):
            case.action_policy_accept()
        opened = self.cases["own"].policy_access_ids
        self.assertEqual(opened.user_id, self.users["specialist"])
        self.assertEqual(opened.reason, "handover")
        self.assertTrue(self.cases["own"].with_user(self.specialist3).has_access("write"))

    def test_an_approver_reads_and_does_not_change(self):
        self.env["crm.policy.case.access"]._policy_grant(
            self.cases["other"], self.viewers["employee"], "approver"
        )
        case = self.cases["other"].with_user(self.viewers["employee"])
        self.assertEqual(case.read(["name"])[0]["name"], "other")
        self.assertFalse(case.has_access("write"))
        # A second time, and for several at once: still one row each, in one statement.
        users = self.viewers["employee"] | self.viewers["hr"]
        with self.assertQueryCount(1):
            self.env["crm.policy.case.access"]._policy_grant(self.all_cases, users, "team")
        rows = self.env["crm.policy.case.access"].search([("user_id", "in", users.ids)])
        self.assertEqual(len(rows), 2 * len(self.all_cases))

    def test_openings_are_written_by_the_engine_only(self):
        Access = self.env["crm.policy.case.access"]
        Access._policy_grant(self.cases["own"], self.viewers["hr"], "manual")
        row = self.cases["own"].policy_access_ids
        vals = {"ticket_id": self.cases["major"].id, "user_id": self.viewers["hr"].id,
                "company_id": self.company.id, "reason": "manual"}  # fmt: skip
        for user in (*self.viewers.values(), self.env.user):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    Access.with_user(user).create(vals)
                with self.assertRaises(AccessError):
                    row.with_user(user).write({"user_id": user.id})
                with self.assertRaises(AccessError):
                    row.with_user(user).unlink()

    def test_only_the_window_handles_cases(self):
        for who in ("helpdesk user", "employee", "finance"):
            with self.subTest(who), self.assertRaisesRegex(ValidationError, "no post"):
                self.cases["bare"].user_id = self.viewers[who]
        self.cases["plain"].user_id = self.viewers["helpdesk user"]
        self.assertTrue(self.cases["plain"].with_user(self.viewers["helpdesk user"]).name)

    def _foreign(self):
        """Return a department and a team of another company."""
        other = self._new_company("无锡分公司")
        department = self.env["hr.department"].create({"name": "外地", "company_id": other.id})
        team = self.env["helpdesk.ticket.team"].create(
            {
                "name": "外地",
                "company_id": other.id,
                "user_ids": [Command.link(self.users["specialist"].id)],
            }
        )
        return department, team

    def test_nobody_of_another_company_is_put_in_charge(self):
        department, team = self._foreign()
        case = self._new_case()
        for vals in ({"policy_department_id": department.id}, {"team_id": team.id}):
            with self.subTest(**vals):
                with self.assertRaisesRegex(ValidationError, "外地 belongs to another company"):
                    self._as("specialist", case).write(vals)
                with self.assertRaisesRegex(ValidationError, "外地 belongs to another company"):
                    case.sudo().write(vals)
        with self.assertRaisesRegex(ValidationError, "Department in Charge.*another company"):
            self._new_case(policy_department_id=department.id)
        for linked in (department, team):
            linked.company_id = False
        case.write({"policy_department_id": department.id, "team_id": team.id})
        self.assertEqual((case.policy_department_id, case.team_id), (department, team))

    def test_a_ticket_without_a_policy_is_helpdesk_s_affair(self):
        department, team = self._foreign()
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "x", "description": "x", "team_id": self.team.id}
        )
        ticket.write({"policy_department_id": department.id, "team_id": team.id})
        self.assertEqual(ticket.team_id, team)
        with self.assertRaisesRegex(ValidationError, "belongs to another company"):
            ticket.write({"policy_kind": "inquiry"})

    def test_the_handler_s_team_is_one_of_the_company_of_the_case(self):
        _department, foreign = self._foreign()
        foreign.sequence = -9
        self.users["specialist"].company_ids |= foreign.company_id
        case = self._new_case(team_id=False, user_id=False)
        case.user_id = self.users["specialist"]
        self.assertEqual(case.team_id, self.team)

    def test_a_change_of_people_shows_at_once(self):
        mine = self.cases["other"].with_user(self.users["supervisor"])
        self.assertFalse(mine.has_access("read"))
        self.team_b.user_ids += self.users["supervisor"]
        self.assertTrue(mine.has_access("read"))
        self.users["supervisor"].helpdesk_team_ids -= self.team_b
        self.assertFalse(mine.has_access("read"))
        auditor = self.cases["other"].with_user(self.viewers["auditor by post"])
        self.assertTrue(auditor.has_access("read"))
        self.audit.sees_all_cases = False
        self.assertFalse(auditor.has_access("read"))

    def test_an_archived_case_is_seen_by_the_same_people(self):
        self.cases["own"].active = False
        for who in ("specialist", "supervisor", "manager", "director"):
            self.assertTrue(self.cases["own"].with_user(self.viewers[who]).has_access("read"))
        for who in ("other specialist", "finance", "helpdesk manager", "another customer"):
            self.assertFalse(self.cases["own"].with_user(self.viewers[who]).has_access("read"))
        clocks = self.cases["own"].policy_deadline_ids
        Deadline = self.env["crm.policy.deadline"].with_user(self.users["specialist"])
        self.assertEqual(Deadline.search([("id", "in", clocks.ids)]), clocks.with_env(Deadline.env))
