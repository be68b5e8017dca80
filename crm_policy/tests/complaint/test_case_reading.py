"""Opening the form of a case: what is empty is known by one query, and nothing else changes."""

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tools.safe_eval import safe_eval

from ..common import PolicyCommon

LISTS = ("policy_remedy_ids", "policy_claim_ids", "policy_verdict_ids", "tag_ids")
COUNTS = (
    "policy_violation_count",
    "policy_violation_open",
    "policy_emergency_count",
    "policy_improvement_count",
    "policy_eightd_count",
)
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

    def test_typing_in_reads_no_list_that_is_empty(self):
        case = self._opened(self._new_case())
        case.web_read(FORM)
        statements = []
        execute = type(self.env.cr).execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        self.env.invalidate_all()
        with patch.object(type(self.env.cr), "execute", listen):
            case.onchange({"name": "Boxes"}, ["name"], FORM)
        for name in LISTS[:3]:
            table = case[name]._table
            read = [code for code in statements if f'FROM "{table}"' in code]
            self.assertEqual(len(read), 1)
            self.assertIn("EXISTS", read[0], "the one question for all lists")

    def test_of_a_hidden_case_not_even_an_empty_list_is_told(self):
        other = self.other_specialist
        case = self._opened(self._new_case(user=other, user_id=other.id))
        self.assertFalse(case.has_access("read"))
        for spec in (FORM, dict.fromkeys(LISTS, {}), dict.fromkeys(COUNTS, {})):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                case.web_read(spec)
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                case.onchange({"name": "Boxes"}, ["name"], {"name": {}, **spec})

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

    def _place(self, case, name):
        return case._policy_place_of(case._fields[name], case._policy_counts())

    def test_lists_that_no_index_finds_are_passed_over(self):
        case = self._opened(self._new_case())
        for name in ("message_ids", "partner_id", "policy_kind"):
            self.assertIsNone(self._place(case, name), name)
        for name in LISTS:
            self.assertTrue(self._place(case, name), name)

    def test_rows_of_all_models_are_found_by_model_and_number(self):
        """Clocks stand in one table for all models: looking for the number alone reads all."""
        case = self._opened(self._new_case())
        for name in ("policy_deadline_ids", "policy_pause_ids", "policy_violation_count"):
            place = self._place(case, name)
            self.assertIn('"res_id" = %s AND "res_model" = %s', place.code, name)
            self.assertEqual(place.params, [case.id, "helpdesk.ticket"], name)

    def test_what_a_field_is_computed_from_is_looked_at_too(self):
        case = self._opened(self._new_case())
        case._policy_know_empty_lists(["policy_pages"])
        with self.assertQueryCount(0):
            self.assertFalse(case.sudo().policy_responsibility_ids)

    def test_pauses_and_merged_cases_are_looked_at_too(self):
        case = self._opened(self._new_case())
        case._policy_know_empty_lists(["policy_pause_state", "policy_pages"])
        with self.assertQueryCount(0):
            self.assertFalse(case.sudo()._policy_merged_cases())
            self.assertFalse(case.sudo().policy_pause_ids)

    def test_customer_and_clerk_are_read_together(self):
        case = self._opened(self._new_case(user_id=self.users["specialist"].id))
        statements = []
        execute = type(self.env.cr).execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        named = {"fields": {"display_name": {}}}
        with patch.object(type(self.env.cr), "execute", listen):
            (values,) = case.web_read({"partner_id": named, "user_id": named})
        self.assertEqual(values["partner_id"]["id"], case.partner_id.id)
        self.assertEqual(values["user_id"]["display_name"], self.users["specialist"].name)
        people = [code for code in statements if 'FROM "res_partner" WHERE' in code]
        self.assertEqual(len(people), 1)

    def test_numbers_of_rows_are_counted_where_there_are_any(self):
        case = self._new_case()
        self.env["crm.policy.eightd"]._policy_guarded_create([{"ticket_id": case.id}])
        (values,) = self._opened(case).web_read(dict.fromkeys(COUNTS, {}))
        self.assertEqual(values.pop("policy_eightd_count"), 1)
        del values["id"]
        self.assertEqual(set(values.values()), {0})

    def test_numbers_known_to_be_0_cost_one_query(self):
        case = self._opened(self._new_case())
        case._policy_know_empty_lists(COUNTS)
        self.env.invalidate_all()
        case.env.user.share, case.env.user.group_ids  # noqa: B018  who asks
        with self.assertQueryCount(1):
            case._policy_know_empty_lists(COUNTS)
            self.assertFalse(any(case[name] for name in COUNTS))

    def test_a_handler_is_chosen_among_the_team_without_reading_it(self):
        """The form names no members: for each one their companies were read, too."""
        arch = etree.fromstring(self.env["helpdesk.ticket"].get_view(view_type="form")["arch"])
        self.assertTrue(arch.findall(".//field[@name='user_id']"))
        self.assertFalse(arch.xpath("//field[@name='user_ids'][not(ancestor::field)]"))
        chosen_from = self.env["helpdesk.ticket"]._fields["user_id"].domain
        people = self.env["res.users"].with_user(self.users["specialist"])

        def offered(team):
            return people.search(Domain(safe_eval(chosen_from, {"team_id": team})))

        self.assertEqual(offered(self.team.id), self.team.user_ids)
        employees = people.search([("share", "=", False)])
        self.assertEqual(offered(False), employees)
        self.assertGreater(employees, self.team.user_ids)
