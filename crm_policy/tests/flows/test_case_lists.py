"""Lists, boards and the bar of steps: where a case stands, on its own course (screens 3, 4)."""

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from ..common import PolicyCommon, at, shanghai
from .test_shipped_packs import ManufacturerFlow


class TestStepBar(ManufacturerFlow):
    def _bar(self, case):
        return self._as("specialist", case).policy_step_dates

    def test_the_steps_are_those_of_the_case_s_own_course(self):
        with at("2026-03-02 10:20"):
            case = self._new_case(policy_complaint_type_id=self.types["mfr-quality"].id)
            request = self._new_case(policy_kind="request")
        self.assertEqual(
            list(self._bar(case)),
            [
                "received", "accepted", "registered", "investigated", "proposed", "mandated",
                "decided", "settled", "replied", "executed", "called_back", "closed",
            ],
        )  # fmt: skip
        self.assertEqual(list(self._bar(request)), ["received", "accepted", "closed"])

    def test_a_step_that_waits_for_departments_is_due_when_the_first_of_them_is(self):
        case = self._registered()
        with at("2026-03-04 10:00"):
            place = self._bar(case)["investigated"]
            self.assertEqual((place["at"], place["late"]), (False, False))
            self.assertEqual(shanghai("2026-03-06 23:59:59"), self._at(place["due"]))
        with at("2026-03-07 00:00"):
            self.env.invalidate_all()
            self.assertTrue(self._bar(case)["investigated"]["late"])
            self._answer(self._line(case, "quality"), "quality")
            # Production is asked now and has its own days.
            place = self._bar(case)["investigated"]
            self.assertEqual(self._at(place["due"]), shanghai("2026-03-09 23:59:59"))
            self.assertFalse(place["late"])

    def _at(self, text):
        return self.env["helpdesk.ticket"]._fields["policy_intake_at"].to_datetime(text)


class TestCaseStanding(ManufacturerFlow):
    """At 2026-03-04 10:00 one case of each standing."""

    def setUp(self):
        super().setUp()
        self.cases = {}
        with at("2026-03-02 10:20"):
            self.cases["overdue"] = self._new_mfr_case()
            self._as("specialist", self.cases["overdue"]).action_policy_accept()
        with at("2026-03-03 16:00"):
            self.cases["today"] = self._new_mfr_case()
            self._as("specialist", self.cases["today"]).action_policy_accept()
        with at("2026-03-04 09:00"):
            self.cases["none"] = self._new_mfr_case()
            for standing in ("later", "paused"):
                case = self.cases[standing] = self._new_mfr_case()
                self._as("specialist", case).action_policy_accept()
                case.with_user(self.people["gm_office"]).action_policy_register()
                self._as("specialist", case).action_policy_respond("已联系")
                self._as("specialist", case).action_policy_propose("退货")
        self.ids = [case.id for case in self.cases.values()]
        with at("2026-03-04 09:30"):
            paused = self.cases["paused"]
            self._as("specialist", paused).action_policy_pause("customer-material", "等样品")
            pause = paused.policy_pause_ids
            if pause.state == "asked":
                self._as("supervisor", pause).action_policy_approve("同意")

    def _found(self, domain, role="specialist"):
        Case = self.env["helpdesk.ticket"].with_user(self.users[role])
        found = Case.search([("id", "in", self.ids), *domain])
        return {key for key, case in self.cases.items() if case.id in found.ids}

    def test_the_list_the_filter_and_the_board_say_the_same(self):
        with at("2026-03-04 10:00"):
            self.env.invalidate_all()
            Case = self.env["helpdesk.ticket"].with_user(self.users["specialist"])
            for standing, case in self.cases.items():
                with self.subTest(standing):
                    self.assertEqual(case.with_env(Case.env).policy_standing, standing)
                    self.assertEqual(self._found([("policy_standing", "=", standing)]), {standing})
            groups = Case.formatted_read_group(
                [("id", "in", self.ids)], ["policy_standing"], ["__count"]
            )
            self.assertEqual(
                {group["policy_standing"]: group["__count"] for group in groups},
                dict.fromkeys(self.cases, 1),
            )
            self.assertEqual(
                self._found([("policy_standing", "in", ("overdue", "none"))]), {"overdue", "none"}
            )
            self.assertEqual(
                self._found([("policy_standing", "!=", "none")]), set(self.cases) - {"none"}
            )
            bars = Case.read_progress_bar(
                [("id", "in", self.ids)],
                "policy_step",
                {"field": "policy_standing", "colors": {"overdue": "danger", "today": "warning"}},
            )
            self.assertEqual(bars["accepted"], {"overdue": 1, "today": 1})

    def test_the_filters_of_the_search_view(self):
        arch = self.env.ref("crm_policy.case_view_search")._get_combined_arch()
        user = self.users["specialist"]

        def found(name, role="specialist"):
            domain = arch.find(f".//filter[@name='{name}']").get("domain")
            return self._found(safe_eval(domain, {"uid": self.users[role].id}), role)

        everything = set(self.cases)
        with at("2026-03-04 10:00"):
            self.assertEqual(found("mine"), everything)
            self.cases["none"].user_id = self.other_specialist
            self.assertEqual(found("mine"), everything - {"none"})
            self.assertEqual(self.cases["none"].team_id.user_id, self.users["supervisor"])
            self.assertIn(user, self.cases["none"].team_id.user_ids)
            self.assertEqual(found("my_team", "supervisor"), everything)
            self.assertEqual(found("my_team", "director"), set())
            self.assertEqual(found("late"), {"overdue"})
            self.assertEqual(found("due_today"), {"today"})
            self.assertEqual(found("waiting_customer"), {"paused"})
            self.assertEqual(found("this_month", "supervisor"), everything)
            self._new_remedy(self.cases["later"], 500)
            self.assertEqual(found("waiting_approval"), set())
        with at("2026-04-01 09:00"):
            self.assertEqual(found("this_month", "supervisor"), set())

    def test_by_clause(self):
        self.assertEqual(self._found([("policy_clause_number", "=", "4.1")]), {"later", "paused"})
        self.assertEqual(self._found([("policy_clause_number", "=", "9.9")]), set())
        self.assertIn("2.3", self._as("specialist", self.cases["today"]).policy_clause_number)

    def test_a_customer_learns_nothing_of_it(self):
        customer = new_test_user(
            self.env, login="t_standing", groups="base.group_portal", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        Case = self.env["helpdesk.ticket"].with_user(customer)
        for domain in ([("policy_standing", "=", "overdue")], [("policy_clause_number", "=", "1")]):
            with self.assertRaises(AccessError):
                Case.search(domain)
        with self.assertRaises(AccessError):
            Case.formatted_read_group([], ["policy_standing"], ["__count"])


class TestListQueries(PolicyCommon):
    """What a page asks of the database does not depend on how many rows it has."""

    def _cost(self, number):
        self.env.flush_all()
        Case = self.env["helpdesk.ticket"].with_user(self.users["specialist"])
        view = self.env.ref("crm_policy.case_view_list")
        arch = Case.get_view(view.id, "list")["arch"]
        names = self._names(arch)
        self.env.invalidate_all()
        self.env.user.has_group("base.group_user")
        before = self.env.cr.sql_log_count
        rows = Case.web_search_read([("policy_kind", "!=", False)], names, limit=number)
        self.assertEqual(len(rows["records"]), number)
        return self.env.cr.sql_log_count - before

    def _names(self, arch):
        fields = self.env["helpdesk.ticket"]._fields
        return {
            node.get("name"): {"fields": {"display_name": {}}}
            if fields[node.get("name")].type == "many2one"
            else {}
            for node in etree.fromstring(arch).iterfind(".//field")
        }

    def test_first_page(self):
        for number in range(12):
            case = self._new_case(name=f"外箱破损 {number}")
            self._as("specialist", case).action_policy_accept()
            self._new_remedy(case, 100)
        self._cost(2)  # what a registry reads once
        small, large = self._cost(5), self._cost(10)
        self.assertEqual(small, large)
        self.assertLessEqual(large, 16)


class TestNamedDocuments(PolicyCommon):
    """Lines of a document that a search names: seen with it, hidden with it."""

    def setUp(self):
        super().setUp()
        self.mine = self._new_case()
        self.theirs = self._new_case(
            user=self.users["director"],
            user_id=False,
            team_id=False,
            policy_department_id=False,
        )
        for case in (self.mine, self.theirs):
            self._new_remedy(case, 100, role="director")

    def _seen(self, domain):
        Remedy = self.env["crm.policy.remedy"].with_user(self.users["specialist"])
        return Remedy.search(domain).ticket_id

    def test_what_is_named_is_not_what_is_seen(self):
        specialist = self.users["specialist"]
        self.assertTrue(self.mine.with_user(specialist).has_access("read"))
        self.assertFalse(self.theirs.with_user(specialist).has_access("read"))
        both = (self.mine | self.theirs).ids
        self.assertEqual(self._seen([("ticket_id", "=", self.mine.id)]), self.mine)
        self.assertFalse(self._seen([("ticket_id", "=", self.theirs.id)]))
        self.assertEqual(self._seen([("ticket_id", "in", both)]), self.mine)
        self.assertEqual(self._seen([("ticket_id", "in", [*both, 2**31 - 2])]), self.mine)
        self.assertFalse(self._seen([("ticket_id", "=", False)]))
        either = ["|", ("ticket_id", "=", self.mine.id), ("ticket_id", "=", self.theirs.id)]
        self.assertEqual(self._seen(either), self.mine)
        self.assertEqual(self._seen([("ticket_id", "!=", self.mine.id)]), self.mine.browse())

    def test_so_are_clocks_by_model_and_id(self):
        for case in (self.mine, self.theirs):
            self._as("director", case).action_policy_accept()
        Clock = self.env["crm.policy.deadline"].with_user(self.users["specialist"])

        def seen(*ids):
            clocks = Clock.search([("res_model", "=", "helpdesk.ticket"), ("res_id", "in", ids)])
            return set(clocks.mapped("res_id"))

        self.assertEqual(seen(self.mine.id), {self.mine.id})
        self.assertEqual(seen(self.theirs.id), set())
        self.assertEqual(seen(self.mine.id, self.theirs.id), {self.mine.id})
        self.assertFalse(
            Clock.search([("res_id", "=", self.theirs.id)]), "no model is named: as always"
        )

    def test_the_lines_of_a_form_cost_the_same_however_many(self):
        counts = []
        case = self.mine.with_user(self.users["specialist"])
        for _time in range(2):
            for _number in range(3):
                self._new_remedy(self.mine, 50)
            self.env.flush_all()
            for _again in range(2):  # the first time a registry reads what it keeps
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                [told] = case.web_read(
                    {
                        "policy_remedy_ids": {"fields": {"amount": {}, "note": {}}},
                        "policy_step_dates": {},
                        "policy_standing": {},
                    }
                )
            counts.append((len(told["policy_remedy_ids"]), self.env.cr.sql_log_count - before))
        (few, cost), (many, again) = counts
        self.assertEqual((few, many), (4, 7))
        self.assertEqual(cost, again)
        self.assertLessEqual(cost, 13)
