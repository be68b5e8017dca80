"""A Word file of three pages is uploaded in a real browser and runs as rules, in Chinese."""

import logging
import time

from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon
from ..word_common import policy_docx

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestTourWord(HttpCase, PolicyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users.values():
            user.lang = "zh_CN"
        cls.file = cls.env["ir.attachment"].create(
            {
                "name": "客户投诉管理制度.docx",
                "raw": policy_docx(),
                "url": "/crm_policy/word_tour.docx",
                "type": "binary",
                "public": True,
            }
        )

    def test_from_the_file_to_the_clock(self):
        started = time.monotonic()
        self.start_tour(
            "/odoo/action-crm_policy.word_load_action",
            "crm_policy_word_upload",
            login="t_policy_admin",
        )
        version = self.version.policy_id.version_ids - self.version
        self.assertEqual((version.number, version.state), ("2.0", "review"))
        states = version.suggestion_ids.mapped("state")
        self.assertEqual(
            {state: states.count(state) for state in states},
            {"accepted": 19, "dropped": 2, "open": 4},
        )
        self.start_tour(
            f"/odoo/crm.policy.version/{version.id}", "crm_policy_word_approve", login="t_director"
        )
        self.assertEqual(version.state, "effective")
        self.start_tour(
            "/odoo/action-crm_policy.case_action_mine",
            "crm_policy_word_case",
            login="t_specialist",
        )
        _logger.info("From the Word file to the clock: %.0f s", time.monotonic() - started)
        case = self.env["helpdesk.ticket"].search(
            [("name", "=", "板材分层"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(case.policy_version_id, version)
        self.assertEqual(
            sorted(case.policy_deadline_ids.clause_id.mapped("number")), ["11", "13.1", "8", "9"]
        )
