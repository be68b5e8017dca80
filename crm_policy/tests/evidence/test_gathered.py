"""Events that a transaction writes together: whoever looks finds them, a rollback takes them."""

from ..common import PolicyCommon


class TestGathered(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Event = cls.env["crm.policy.event"]
        cls.env.cr.flush()

    def _note(self, *types):
        for code in types:
            self.Event._policy_log(code, self.company)

    def _types(self, limit):
        return self.Event.search([], limit=limit, order="id desc").mapped("type")[::-1]

    def test_whoever_searches_finds_them_in_their_order(self):
        self._note("test.one", "test.two")
        self.assertEqual(self._types(2), ["test.one", "test.two"])
        self._note("test.three")
        self.assertEqual(self.Event.search_count([("type", "=like", "test.%")]), 3)
        groups = self.Event._read_group([("type", "=like", "test.%")], ["type"], ["__count"])
        self.assertEqual(len(groups), 3)

    def test_a_transaction_writes_them_by_one_statement(self):
        before = self.env.cr.sql_log_count
        self._note("test.one", "test.two", "test.three")
        self.assertEqual(self.env.cr.sql_log_count, before)
        self.env.cr.flush()
        self.assertEqual(self.env.cr.sql_log_count, before + 1)
        self.env.cr.flush()
        self.assertEqual(self.env.cr.sql_log_count, before + 1)
        self.assertEqual(self._types(3), ["test.one", "test.two", "test.three"])

    def test_what_is_undone_takes_its_events_along(self):
        self._note("test.kept")
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._note("test.undone")
            raise ZeroDivisionError
        self._note("test.after")
        self.assertEqual(self._types(2), ["test.kept", "test.after"])
        self.assertFalse(self.Event.search([("type", "=", "test.undone")]))

    def test_each_says_who_and_where(self):
        user = self.users["manager"]
        self.Event.with_user(user)._policy_log("test.one", self.company, {"amount": 1.5})
        self.Event._policy_log("test.two", user.partner_id, on_behalf={user.partner_id.id: user})
        one, two = self.Event.search([("type", "=like", "test.%")], order="id")
        self.assertEqual((one.actor_id, one.company_id), (user.id, self.company.id))
        self.assertEqual(one.payload, {"amount": 1.5})
        self.assertEqual((two.actor_id, two.on_behalf_id), (self.env.uid, user.id))
        self.assertFalse(two.payload)
