from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools.mimetypes import guess_mimetype

# A seal is seen on a picture or on a scanned page.
SCANS = frozenset(
    {"application/pdf", *(f"image/{kind}" for kind in ("jpeg", "png", "gif", "webp", "tiff"))}
)


class CrmPolicySealedPaper(models.AbstractModel):
    """A record that rests on a paper with somebody's seal, of which it keeps the scans.

    The scans cannot be deleted while the record is there (their relation restricts it), and their
    checksums stand in the ledger.
    """

    _name = "crm.policy.sealed.paper"
    _description = "Record with a Sealed Paper"
    _policy_scans = "attachment_ids"

    # === CONSTRAINT METHODS === #

    @api.constrains(lambda self: [self._policy_scans])
    def _check_scans(self):
        """Refuse what shows no seal, whatever its name says."""
        for scan in self.sudo()[self._policy_scans]:
            if scan.type != "binary" or guess_mimetype(scan.raw or b"") not in SCANS:
                raise ValidationError(
                    self.env._("%(file)s is neither a picture nor a PDF.", file=scan.name)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._policy_keep_scans()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._policy_scans in vals:
            self._policy_keep_scans()
        return result

    # === BUSINESS METHODS === #

    def _policy_keep_scans(self):
        """Let whoever sees the record see what was just uploaded for it."""
        for record in self:
            loose = record.sudo()[self._policy_scans].filtered(
                lambda scan: not scan.res_id and scan.create_uid == self.env.user
            )
            loose.write({"res_model": self._name, "res_id": record.id})

    def _policy_checksums(self):
        return self.sudo()[self._policy_scans].mapped("checksum")
