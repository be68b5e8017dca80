"""Who is away and who acts is read once in a transaction, and is never out of date in it."""

from datetime import datetime

from ..common import PolicyCommon, at


class TestRemembered(PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Leaves = cls.env["resource.calendar.leaves"]
        cls.user = cls.users["manager"]

    def _is_there(self):
        return self.user in self.Leaves._policy_present(self.user, self.company)

    def test_it_is_read_once(self):
        self._is_there()
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self._is_there()
        self.assertEqual(self.env.cr.sql_log_count, before)

    def test_who_goes_and_comes_back_meanwhile_is_seen(self):
        with at("2026-03-02 10:00"):
            self.assertTrue(self._is_there())
            leave = self._away(self.user, "2026-03-01 08:00", "2026-03-05 08:00")
            self.assertFalse(self._is_there())
            leave.date_to = datetime(2026, 3, 1, 12)
            self.assertTrue(self._is_there())
            leave.date_to = datetime(2026, 3, 5)
            self.assertFalse(self._is_there())
            leave.unlink()
            self.assertTrue(self._is_there())

    def test_time_that_passes_is_seen(self):
        self._away(self.user, "2026-03-02 10:30", "2026-03-02 10:40")
        self._away(self.user, "2026-03-03 12:00", "2026-03-03 13:00")
        for moment, there in (
            ("2026-03-02 10:00", True),
            ("2026-03-02 10:35", False),
            ("2026-03-02 10:45", True),
            ("2026-03-03 10:35", True),
            ("2026-03-03 12:30", False),
            ("2026-03-02 10:31", False),
        ):
            with at(moment):
                self.assertEqual(self._is_there(), there, moment)

    def test_what_a_savepoint_undoes_is_forgotten(self):
        with at("2026-03-02 10:00"):
            with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
                self._away(self.user, "2026-03-01 08:00", "2026-03-05 08:00")
                self.assertFalse(self._is_there())
                raise ZeroDivisionError
            self.assertTrue(self._is_there())
