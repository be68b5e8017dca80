"""Two contacts are merged: one row of the policy stays, and the clocks follow it."""

from ..common import at, shanghai
from .test_grades import GradeCommon


class TestCustomerMerge(GradeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twin = cls.env["res.partner"].create({"name": "苏州恒达有限公司", "is_company": True})
        cls.other = cls._new_company("苏州分公司")

    def _merge(self, kept, *gone, moment="2026-03-04 10:00"):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        partners = kept.concat(*gone)
        with at(moment):
            wizard._merge(partners.ids, kept)
        self.env.invalidate_all()

    def _rows(self, partner):
        rows = self.Customer.search([("partner_id", "=", partner.id)], order="id")
        return [(row.company_id, row.grade_id.code) for row in rows]

    def _events(self):
        return self.env["crm.policy.event"].search([("type", "=", "customer.merged")], order="id")

    def _case(self, partner):
        with at("2026-03-04 09:00"):
            return self._new_case(policy_kind="request", partner_id=partner.id)

    def test_the_row_of_who_stays_goes_before(self):
        self._grade("C")
        gone = self._grade("A", self.twin)
        mine, moved = self._case(self.partner), self._case(self.twin)
        self.assertEqual(self._clock(moved).due_at, shanghai("2026-03-04 09:30"), "half an hour")
        twin_id = self.twin.id
        self._merge(self.partner, self.twin, moment="2026-03-04 09:10")
        self.assertFalse(gone.exists() or self.twin.exists())
        self.assertEqual(self._rows(self.partner), [(self.company, "C")])
        [event] = self._events()
        self.assertEqual(
            event.payload,
            {
                "partner": self.partner.id,
                "grade": "C",
                "merged": [{"partner": twin_id, "grade": "A"}],
            },
        )
        self.assertEqual(event.res_model, "crm.policy.customer")
        self.assertEqual(moved.partner_id, self.partner)
        clock = self._clock(moved)
        self.assertEqual((clock.factor, clock.due_at), (1, shanghai("2026-03-04 10:00")))
        self.assertEqual(clock.partner_id, self.partner)
        self.assertEqual(self._clock(mine).due_at, shanghai("2026-03-04 10:00"))
        self._in_step()

    def test_who_has_none_takes_the_other_s(self):
        row = self._grade("A", self.twin)
        mine, moved = self._case(self.partner), self._case(self.twin)
        self._merge(self.partner, self.twin, moment="2026-03-04 09:10")
        self.assertEqual(row.partner_id, self.partner)
        self.assertEqual(self._rows(self.partner), [(self.company, "A")])
        for case in (mine, moved):
            self.assertEqual(self._clock(case).due_at, shanghai("2026-03-04 09:30"))
        self._in_step()

    def test_each_company_has_its_own(self):
        self._grade("C")
        self.Customer.create({"partner_id": self.twin.id, "company_id": self.other.id})
        self._grade("A", self.twin)
        self.Customer.create({"partner_id": self.twin.id, "company_id": False})
        self._merge(self.partner, self.twin)
        none = self.env["res.company"]
        self.assertEqual(
            set(self._rows(self.partner)),
            {(self.company, "C"), (self.other, False), (none, False)},
        )
        self.assertEqual(len(self._events()), 3)

    def test_several_that_are_merged_leave_one(self):
        third = self.env["res.partner"].create({"name": "恒达电子", "is_company": True})
        self._grade(None, self.twin)
        self._grade("B", third)
        self._merge(self.partner, self.twin, third)
        self.assertEqual(self._rows(self.partner), [(self.company, "B")])

    def test_a_contact_of_one_company_takes_no_row_of_another(self):
        self.partner.company_id = self.company
        self.Customer.create({"partner_id": self.twin.id, "company_id": self.other.id})
        self._merge(self.partner, self.twin)
        self.assertEqual(self._rows(self.partner), [])
        [event] = self._events()
        self.assertEqual((event.res_model, event.res_id), ("res.partner", self.partner.id))

    def test_merged_into_a_person_of_a_customer(self):
        self._grade("A", self.twin)
        self._merge(self.contact, self.twin)
        self.assertEqual(self._rows(self.contact), [])
        self.assertEqual(self._rows(self.partner), [(self.company, "A")])

    def test_no_clock_moves_to_and_fro_on_the_way(self):
        """Without any grade it would not be overdue, which nobody may believe for a moment."""
        self._grade("A")
        self._grade("A", self.twin)
        case = self._case(self.twin)
        with at("2026-03-04 09:40"), self.enter_registry_test_mode():
            self.env.ref("crm_policy.cron_mark_overdue").method_direct_trigger()
        self.env.invalidate_all()
        self._merge(self.partner, self.twin, moment="2026-03-04 09:50")
        clock = self._clock(case)
        self.assertEqual(clock.overdue_at, shanghai("2026-03-04 09:40"))
        self.assertFalse(clock.retracted_at)
        violation = self.env["crm.policy.violation"].search([("deadline_id", "=", clock.id)])
        self.assertEqual(violation.state, "open")

    def test_contacts_that_the_policy_knows_nothing_of(self):
        self._merge(self.partner, self.twin)
        self.assertFalse(self._events())
