from odoo.http import route

from odoo.addons.web.controllers.report import ReportController

from ..models.complaint.case_form import INNER_REPORTS


class ReportPages(ReportController):
    """Reports by their address; one whose prints are noted asks for a cursor that may write."""

    def _policy_reads_only(self, rule, args):
        return args["reportname"] not in INNER_REPORTS

    @route(readonly=_policy_reads_only)
    def report_routes(self, *args, **kw):
        return super().report_routes(*args, **kw)
