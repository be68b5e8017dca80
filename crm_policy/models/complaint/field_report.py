from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mimetypes import guess_mimetype

from ...words import list_words
from .sealed_paper import SCANS

# What was found on the spot; what was sealed stays provable.
CONTENT = ("site", "visited_on", "facts")
PAPERS = ("photo_ids", "signature_ids")


class CrmPolicyFieldReport(models.Model):
    """What the sales manager found at the customer's: the basic-data sheet (CMP-RTE-04).

    Facts only, signed by the customer. Once submitted it is sealed: a later edit needs no leave,
    but leaves what was changed, by whom, and the seal of what it said before.
    """

    _name = "crm.policy.field.report"
    _description = "Field Report"
    _inherit = ["crm.policy.sealed.paper", "crm.policy.case.entry"]
    _policy_section = "field_report"
    _policy_scans = "signature_ids"
    _order = "ticket_id, id"

    site = fields.Char(required=True, help="Where it was looked at.")
    visited_on = fields.Date(required=True, default=fields.Date.context_today)
    facts = fields.Text(required=True, help="What was seen and measured, without judgement.")
    photo_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_field_report_photo_rel",
        string="Photos",
        copy=False,
        ondelete="restrict",
    )
    signature_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_field_report_signature_rel",
        string="Signed by the Customer",
        copy=False,
        ondelete="restrict",
        help="The sheet that the customer has signed: a picture or a PDF.",
    )
    submitted_at = fields.Datetime(readonly=True, copy=False)
    submitted_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    change_count = fields.Integer(
        string="Changed Since", readonly=True, copy=False, help="Edits after it was submitted."
    )
    state = fields.Selection(
        [("draft", "Being Written"), ("submitted", "Submitted")], compute="_compute_state"
    )

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle")
    @api.depends_context("lang")
    def _compute_display_name(self):
        name = self.env["ir.model"]._get(self._name).name
        for report in self:
            parts = (report.ticket_id.policy_handle, name)
            report.display_name = " ".join(part for part in parts if part)

    @api.depends("submitted_at")
    def _compute_state(self):
        for report in self:
            report.state = "submitted" if report.submitted_at else "draft"

    # === CONSTRAINT METHODS === #

    @api.constrains("visited_on", "ticket_id")
    def _check_visited_on(self):
        for report in self.sudo():
            if report.visited_on > fields.Date.context_today(report):
                raise ValidationError(
                    self.env._(
                        "%(day)s lies in the future.",
                        day=fields.Date.to_string(report.visited_on),
                    )
                )

    @api.constrains("photo_ids")
    def _check_photos(self):
        for photo in self.sudo().photo_ids:
            if photo.type != "binary" or guess_mimetype(photo.raw or b"") not in SCANS:
                raise ValidationError(
                    self.env._("%(file)s is neither a picture nor a PDF.", file=photo.name)
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "submitted_at",
            "submitted_by_id",
            "change_count",
        }

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        reports._policy_keep_photos()
        return reports

    def write(self, vals):
        sealed = self.filtered("submitted_at")
        names = [name for name in (*CONTENT, *PAPERS) if name in vals]
        if sealed and "ticket_id" in vals:
            raise UserError(self.env._("A submitted field report stays with its case."))
        before = {report.id: report._policy_said() for report in sealed} if names else {}
        papers = {report.id: report.sudo()._policy_papers() for report in sealed}
        result = super().write(vals)
        self._policy_keep_photos()
        for report in sealed if names else ():
            if papers[report.id] - report.sudo()._policy_papers():
                raise UserError(
                    self.env._(
                        "%(report)s is submitted: photos and signatures are added, none is taken "
                        "away.",
                        report=report.display_name,
                    )
                )
            report.sudo()._policy_note_change(before[report.id], names)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if any(report.submitted_at for report in self):
            raise UserError(self.env._("A submitted field report stays with its case."))

    def _policy_keep_photos(self):
        for report in self:
            loose = report.sudo().photo_ids.filtered(
                lambda scan: not scan.res_id and scan.create_uid == self.env.user
            )
            loose.write({"res_model": self._name, "res_id": report.id})

    # === ACTION METHODS === #

    def action_policy_submit_report(self):
        """Submit the sheet: from now on what it says is sealed (CMP-RTE-04).

        :raises AccessError: the user has not written it and does not work on the case.
        :raises ValidationError: neither photo nor the customer's signature is there.
        """
        self.check_access("write")
        for report in self:
            report.ticket_id._policy_refuse_accused()
            report.sudo()._policy_check_unlocked()
            if report.submitted_at:
                raise UserError(
                    self.env._("%(report)s is submitted already.", report=report.display_name)
                )
            if not report.sudo().signature_ids:
                raise ValidationError(
                    self.env._(
                        "%(report)s: attach the sheet that the customer has signed.",
                        report=report.display_name,
                    )
                )
        for report in self.sudo():
            report._policy_guarded_write(
                {"submitted_at": fields.Datetime.now(), "submitted_by_id": self.env.uid}
            )
            report._policy_log_seal("submitted", {})
        return True

    # === BUSINESS METHODS === #

    def _policy_said(self):
        """Return what the sheet says as one text."""
        self.ensure_one()
        return "\n".join(str(self[name] or "") for name in CONTENT)

    def _policy_papers(self):
        return self.photo_ids | self.signature_ids

    def _policy_log_seal(self, step, details):
        seals = self.env["crm.policy.sealed"]._policy_seal(self, "facts", self._policy_said())
        self.env["crm.policy.event"]._policy_log(
            f"field_report.{step}",
            self,
            {
                "case": self.ticket_id.id,
                "facts": seals[self.id],
                "files": self._policy_papers().mapped("checksum"),
                **details,
            },
            clause=self.ticket_id.policy_version_id,
        )

    def _policy_note_change(self, before, names):
        """Leave on the case and in the ledger what was changed in a sealed sheet."""
        said = self._policy_said()
        labels = list_words(self.env, [self._fields[name].get_description(
            self.env, ["string"])["string"] for name in names])  # fmt: skip
        self._policy_guarded_write({"change_count": self.change_count + 1})
        self._policy_log_seal("changed", {"names": names, "changes": self.change_count})
        body = self.env._(
            "%(report)s was changed after its submission: %(fields)s.",
            report=self.display_name,
            fields=labels,
        )
        if before != said:
            body += "\n" + self.env._("It said before: %(before)s", before=before)
        self.ticket_id._message_log(body=body)
