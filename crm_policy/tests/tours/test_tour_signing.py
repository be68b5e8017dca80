"""An employee signs the policy in a real browser, in Chinese."""

from odoo.tests import HttpCase, tagged

from ..common import PolicyCommon


@tagged("post_install", "-at_install")
class TestTourSigning(HttpCase, PolicyCommon):
    def test_who_reads_and_signs_is_counted(self):
        user = self.users["specialist"]
        user.lang = "zh_CN"
        rows = self.version.acknowledgement_ids
        mine = rows.filtered(lambda row: row.user_id == user)
        # Two are asked: the share is easy to see.
        two = user | self.users["manager"]
        rows.filtered(lambda row: row.user_id not in two)._policy_update({"active": False})
        self.start_tour(
            "/odoo/action-crm_policy.version_action", "crm_policy_signing", login="t_specialist"
        )
        self.assertEqual((mine.state, mine.content_hash), ("signed", self.version.content_hash))
        self.assertEqual(
            (self.version.signed_count, self.version.sign_count, self.version.sign_rate),
            (1, 2, 50),
        )
