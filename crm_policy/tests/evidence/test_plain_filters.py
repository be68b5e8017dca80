"""In filters, groups and exports people choose fields by their names, in their own language."""

from collections import defaultdict

from ..common import PolicyCommon

MODELS = ("helpdesk.ticket", "crm.policy.approval", "crm.policy.deadline", "crm.policy.violation")
OFFERED = ("searchable", "groupable", "exportable")
ONLY_LETTERS = {"ID"}


class TestPlainFilters(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")

    def _described(self, name, attributes=None):
        model = self.env[name].with_user(self.users["director"]).with_context(lang="zh_CN")
        return model.fields_get(attributes=attributes)

    def test_what_only_the_machine_reads_is_not_offered(self):
        for name in MODELS:
            described = self._described(name)
            technical = self.env[name]._policy_technical_fields & described.keys()
            self.assertTrue(technical)
            for field in technical:
                with self.subTest(model=name, field=field):
                    self.assertEqual([described[field][key] for key in OFFERED], [False] * 3)
        self.assertTrue(self._described("helpdesk.ticket")["policy_step"]["searchable"])

    def test_each_field_that_is_offered_has_a_chinese_name(self):
        for name in MODELS:
            for field, description in self._described(name, ["string", "searchable"]).items():
                label = description["string"]
                if description["searchable"] and label not in ONLY_LETTERS:
                    with self.subTest(model=name, field=field):
                        self.assertFalse(label.isascii(), label)

    def test_no_two_fields_that_are_offered_have_one_name(self):
        for name in MODELS:
            fields = defaultdict(list)
            for field, described in self._described(name, ["string", "searchable"]).items():
                if described["searchable"]:
                    fields[described["string"]].append(field)
            with self.subTest(model=name):
                self.assertFalse({k: v for k, v in fields.items() if len(v) > 1})

    def test_a_case_is_looked_for_by_one_moment_of_closing(self):
        """That of all tickets: of a governed case it is the moment of its own fact."""
        case = self._new_case(policy_kind="request")
        mine = self._as("specialist", case)
        mine.action_policy_accept()
        mine.action_policy_respond("已答复")
        mine.action_policy_close()
        self.assertTrue(case.closed_date)
        self.assertEqual(case.closed_date, case.policy_closed_at)
        described = self._described("helpdesk.ticket")
        self.assertTrue(described["closed_date"]["searchable"])
        self.assertFalse(described["policy_closed_at"]["searchable"])

    def test_only_what_is_asked_for_is_said(self):
        described = self._described("helpdesk.ticket", ["string"])
        self.assertEqual(described["is_governed"].keys(), {"string"})

    def test_rules_search_by_them_all_the_same(self):
        case = self._new_case()
        Ticket = self.env["helpdesk.ticket"].with_user(self.users["director"])
        self.assertIn(case, Ticket.search([("is_governed", "=", True)]))
