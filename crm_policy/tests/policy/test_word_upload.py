"""A Word file of three pages becomes clauses, suggestions, rules, and clocks that run."""

import base64
import json

from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import PolicyCommon, at, shanghai
from ..word_common import POLICY, as_bytes, policy_docx, policy_document

COMPLAINT = "[('policy_kind', 'in', ['complaint', 'conflict'])]"


class TestWordUpload(PolicyCommon):
    def _wizard(self, content=None, role="policy_admin", **vals):
        content = policy_docx() if content is None else content
        return (
            self.env["crm.policy.word.load"]
            .with_user(self.users[role])
            .with_context(lang="en_US")
            .create({"file": base64.b64encode(content), "filename": "投诉制度.docx", **vals})
        )

    def _upload(self, content=None, **vals):
        wizard = self._wizard(content, **vals)
        wizard.action_policy_check()
        action = wizard.action_policy_apply()
        return self.env["crm.policy.version"].browse(action["res_id"])

    def _hint(self, version, words):
        return self._as(
            "policy_admin",
            version.suggestion_ids.filtered(lambda hint: hint.words == words),
        )

    def test_preview(self):
        wizard = self._wizard()
        wizard.action_policy_check()
        print(wizard.name, wizard.code, wizard.number, wizard.clause_count, wizard.deadline_count, wizard.limit_count, wizard.route_count, wizard.remarks)
        version = self._upload()
        for h in version.suggestion_ids:
            print((h.clause_id.number, h.kind, h.words, h.rule_words, h.missing, h.certainty, h.notes))
        v = version.with_user(self.users["policy_admin"])
        print(v.action_policy_accept_complete())
