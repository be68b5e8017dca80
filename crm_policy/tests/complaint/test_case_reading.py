"""Opening the form of a case: what is empty is known by one query, and nothing else changes."""

from odoo.fields import Command

from ..common import PolicyCommon

LISTS = ("policy_remedy_ids", "policy_claim_ids", "policy_verdict_ids", "tag_ids")
FORM = {name: {"fields": {"display_name": {}}, "limit": 40, "order": ""} for name in LISTS}


class TestCaseReading(PolicyCommon):
    def _opened(self, case):
        case = self._as("specialist", case)
        self.env.flush_all()
        self.env.invalidate_all()
        return case

    def test_all_empty_lists_cost_one_query(self):
        case = self._opened(self._new_case())
        # The rules of the lists are not even asked for: there is nothing that they could hide.
        case._policy_know_empty_lists(LISTS)
        self.env.invalidate_all()
        case.env.user.share, case.env.user.group_ids  # noqa: B018  who asks
        with self.assertQueryCount(1):
            case._policy_know_empty_lists(LISTS)
            for name in LISTS:
                self.assertFalse(case[name]._ids)

    def test_a_list_with_rows_is_read_as_ever(self):
        case = self._new_case()
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Boxes"})
        case.tag_ids = [Command.link(tag.id)]
        remedy = self.env["crm.policy.remedy"].create({"ticket_id": case.id, "amount": 100})
        (values,) = self._opened(case).web_read(FORM)
        self.assertEqual([line["id"] for line in values["policy_remedy_ids"]], remedy.ids)
        self.assertEqual([line["id"] for line in values["tag_ids"]], tag.ids)
        self.assertEqual(values["policy_claim_ids"], [])

    def test_what_is_added_afterwards_is_there(self):
        case = self._opened(self._new_case())
        case.web_read(FORM)
        remedy = case.env["crm.policy.remedy"].create({"ticket_id": case.id, "amount": 100})
        self.assertEqual(case.policy_remedy_ids, remedy)

    def test_what_waits_in_the_cache_is_kept(self):
        case = self._opened(self._new_case())
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Boxes"})
        case.tag_ids = [Command.link(tag.id)]
        case._policy_know_empty_lists(LISTS)
        self.assertEqual(case.tag_ids, tag)

    def test_lists_that_no_index_finds_are_passed_over(self):
        """Clocks stand in one table for all models: looking for the number alone reads all."""
        case = self._opened(self._new_case())
        for name in ("policy_deadline_ids", "policy_pause_ids"):
            self.assertIsNone(case._policy_place_of(case._fields[name]))
        for name in LISTS:
            self.assertTrue(case._policy_place_of(case._fields[name]))
