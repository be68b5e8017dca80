"""A ticket without a policy is exactly helpdesk's."""

from ..common import PolicyCommon


class TestUngovernedTickets(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls._new_user("specialist", login="t_agent")
        cls.agent.group_ids = cls.env.ref("base.group_user") | cls.env.ref(
            "helpdesk_mgmt.group_helpdesk_manager"
        )
        cls.Ticket = cls.env["helpdesk.ticket"].with_user(cls.agent)
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")

    def _ticket(self, **vals):
        return self.Ticket.create(
            {"name": "t", "description": "d", "company_id": self.company.id, **vals}
        )

    def test_it_is_created_numbered_moved_closed_and_deleted(self):
        ticket = self._ticket()
        self.assertNotEqual(ticket.number, "/")
        self.assertFalse(ticket.stage_id.closed)
        ticket.stage_id = self.done
        self.assertTrue(ticket.closed and ticket.closed_date)
        ticket.write({"number": "HT1", "closed_date": False})
        self.assertEqual((ticket.number, ticket.closed_date), ("HT1", False))
        ticket.unlink()

    def test_it_is_created_in_the_stage_that_is_asked_for(self):
        self.assertEqual(self._ticket(stage_id=self.done.id).stage_id, self.done)
        by_context = self.Ticket.with_context(default_stage_id=self.done.id)
        ticket = by_context.create({"name": "t", "description": "d"})
        self.assertEqual(ticket.stage_id, self.done)

    def test_it_has_no_facts_clocks_events_or_number_of_ours(self):
        before = self.env["crm.policy.event"].search_count([])
        ticket = self._ticket()
        ticket.stage_id = self.done
        ticket.copy()
        self.assertFalse(ticket.policy_step or ticket.policy_version_id or ticket.policy_number)
        self.assertFalse(ticket.sudo().policy_deadline_ids)
        self.assertEqual(ticket.policy_handle, ticket.number)
        self.assertEqual(self.env["crm.policy.event"].search_count([]), before)

    def test_its_stage_follows_the_team_as_before(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "组", "company_id": self.company.id}
        )
        stage = self.env["helpdesk.ticket.stage"].create(
            {"name": "组内", "sequence": -1, "team_ids": [(6, 0, team.ids)], "company_id": False}
        )
        ticket = self._ticket(team_id=team.id)
        self.assertEqual(ticket.stage_id, stage)
        ticket.team_id = False
        self.assertNotEqual(ticket.stage_id, stage)

    def test_its_stage_may_change_its_meaning(self):
        stage = self.env["helpdesk.ticket.stage"].create({"name": "s", "company_id": False})
        self._ticket(stage_id=stage.id)
        stage.with_user(self.agent).write({"closed": True})
        stage.with_user(self.agent).write({"active": False})

    def test_an_agent_without_our_roles_creates_tickets(self):
        ticket = self._ticket()
        self.assertFalse(self.agent.has_group("crm_policy.group_specialist"))
        ticket.write({"name": "改名", "priority": "3"})
