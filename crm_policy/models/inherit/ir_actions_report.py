from odoo import api, models

from ..complaint.case_form import INNER_REPORTS


class IrActionsReport(models.Model):
    """Every file that is made of an internal form is noted, so that it is known again."""

    _inherit = "ir.actions.report"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        noted = self._policy_noting(report_ref)
        rendered = super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        return self._policy_note(noted, res_ids, rendered)

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        noted = self._policy_noting(report_ref)
        rendered = super()._render_qweb_html(report_ref, docids, data=data)
        return self._policy_note(noted, docids, rendered)

    @api.model
    def _render_qweb_text(self, report_ref, docids, data=None):
        noted = self._policy_noting(report_ref)
        rendered = super()._render_qweb_text(report_ref, docids, data=data)
        return self._policy_note(noted, docids, rendered)

    @api.model
    def _policy_noting(self, report_ref):
        """Return (name, last print before) of a report whose prints are noted, else None."""
        name = self._get_report(report_ref).report_name
        if name not in INNER_REPORTS:
            return None
        return name, self.env["crm.policy.case.print"]._policy_last_id()

    @api.model
    def _policy_note(self, noted, docids, rendered):
        if noted:
            name, since = noted
            ids = [docids] if isinstance(docids, int) else docids or []
            content = rendered[0]
            content = content.encode() if isinstance(content, str) else bytes(content)
            self.env["crm.policy.case.print"]._policy_note_print(name, ids, content, since)
        return rendered
