from odoo import api, models
from odoo.exceptions import ValidationError

from ..complaint.case_form import INNER_REPORTS


class MailTemplate(models.Model):
    """No template mails a complaint form: whoever used it would not even see that it does."""

    _name = "mail.template"
    _inherit = ["mail.template", "crm.policy.inner.paper"]

    @api.constrains("report_template_ids", "attachment_ids")
    def _check_policy_inner(self):
        for template in self.sudo():
            inner = template.report_template_ids.filtered(
                lambda report: report.report_name in INNER_REPORTS
            )
            if inner:
                raise ValidationError(
                    self.env._(
                        "%(template)s: %(report)s is internal and leaves the house in no way; no "
                        "template attaches it.",
                        template=template.name,
                        report=inner[0].name,
                    )
                )
            attached = self._policy_inner_print(template.attachment_ids)
            if attached:
                self._policy_refuse_to_send(attached)
