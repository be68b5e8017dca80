import hashlib

from odoo import api, fields, models

from .case_form import COPY_REPORT, FORM_REPORT


class CrmPolicyCasePrint(models.Model):
    """A print of an inner paper: who has made it, when, and by what its file is known again.

    The checksum of the file finds it wherever it is attached, renamed or copied (CMP-FLOW-12).
    """

    _name = "crm.policy.case.print"
    _description = "Print of the Complaint Form"
    _inherit = ["crm.policy.dependent", "crm.policy.protected"]
    _policy_document_field = "ticket_id"
    _order = "id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Case",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    report_name = fields.Char(string="Report", readonly=True)
    copy_id = fields.Many2one(
        "crm.policy.case.copy",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: the form as it stood at that moment.",
    )
    duplicate = fields.Boolean(readonly=True, help="The copy had been printed before.")
    user_id = fields.Many2one(
        "res.users",
        string="Printed By",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    at = fields.Datetime(string="Printed At", required=True, readonly=True)
    checksum = fields.Char(readonly=True, index=True, help="SHA-1 of the file.")

    # === BUSINESS METHODS === #

    @api.model
    def _policy_last_id(self):
        """Return the newest id, to find what a rendering has noted since."""
        return self.sudo().search([], order="id desc", limit=1).id or 0

    @api.model
    def _policy_note_print(self, report_name, docids, content, since):
        """Note that a file was made; once for the steps in which Odoo makes it.

        :param str report_name: one of ``INNER_REPORTS``.
        :param bytes content: the file.
        :param int since: :meth:`_policy_last_id` before it was made.
        """
        checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        noted = self.sudo().search([("id", ">", since), ("user_id", "=", self.env.uid)])
        if noted:  # its pages, before they became one file
            noted._policy_update({"checksum": checksum})
            return
        copies = self.env["crm.policy.case.copy"].sudo()
        if report_name == COPY_REPORT:
            copies = copies.browse(docids)
            places = [(copy.ticket_id, copy, bool(copy.print_count)) for copy in copies]
        else:
            model = self.env["ir.actions.report"]._get_report(report_name).model
            records = self.env[model].sudo().browse(docids)
            cases = records if model == "helpdesk.ticket" else records.ticket_id
            places = [(case, copies, False) for case in cases]
        prints = self.sudo()._policy_insert(
            [
                {
                    "ticket_id": case.id,
                    "company_id": case.company_id.id,
                    "report_name": report_name,
                    "copy_id": copy.id,
                    "duplicate": duplicate,
                    "user_id": self.env.uid,
                    "at": fields.Datetime.now(),
                    "checksum": checksum,
                }
                for case, copy, duplicate in places
            ]
        )
        for line in prints:
            self.env["crm.policy.event"]._policy_log(
                "form.printed",
                line.ticket_id,
                {
                    "report": report_name,
                    "copy": line.copy_id.number,
                    "duplicate": line.duplicate,
                },
                clause=line.copy_id.clause_id or line.ticket_id.policy_version_id,
            )

    def _policy_paper(self):
        """Return what was printed, in the language of the user."""
        return self.env["ir.actions.report"]._get_report(self.report_name or FORM_REPORT).name
