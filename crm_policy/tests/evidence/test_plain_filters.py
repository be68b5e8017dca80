"""In filters, groups and exports people choose fields by their names, in their own language."""

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

    def test_only_what_is_asked_for_is_said(self):
        described = self._described("helpdesk.ticket", ["string"])
        self.assertEqual(described["is_governed"].keys(), {"string"})

    def test_rules_search_by_them_all_the_same(self):
        case = self._new_case()
        Ticket = self.env["helpdesk.ticket"].with_user(self.users["director"])
        self.assertIn(case, Ticket.search([("is_governed", "=", True)]))
