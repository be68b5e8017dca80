"""One company whose notice cannot be drawn up does not keep the others without theirs."""

from unittest.mock import patch

from ..common import at
from .test_sanction import SanctionCommon


class TestNoticesApart(SanctionCommon):
    def test_one_that_fails_stops_no_other(self):
        case = self._decided()
        with at("2026-03-13 11:00"):
            self._as("specialist", case).action_policy_settle()
        with at("2026-03-16 11:00"):
            self._approve(self._proposed(case))
        Notice = self.env["crm.policy.personnel.notice"]
        prepare = self.registry[Notice._name]._policy_prepare_notice
        tried = []

        def broken(records, company, kind, version):
            tried.append(kind)
            if len(tried) == 1:
                raise ValueError("no such company")
            return prepare(records, company, kind, version)

        with (
            patch.object(self.registry[Notice._name], "_policy_prepare_notice", broken),
            self.assertLogs(
                "odoo.addons.crm_policy.models.complaint.personnel_notice", "ERROR"
            ) as logged,
            at("2026-04-01 05:00"),
        ):
            Notice._cron_prepare_notices()
        self.assertEqual(len(logged.output), 1)
        made = Notice.search([("company_id", "=", self.company.id)])
        self.assertEqual(len(made), len(tried) - 1)
        self.assertTrue(made)
        with at("2026-04-02 05:00"):
            Notice._cron_prepare_notices()  # tried again
        self.assertEqual(
            Notice.search_count([("company_id", "=", self.company.id)]), len(set(tried))
        )
