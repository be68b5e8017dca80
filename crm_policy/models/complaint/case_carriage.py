from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.mimetypes import guess_mimetype

from .sealed_paper import SCANS

PAPERS = "policy_damage_photo_ids"


class CrmPolicyCaseCarriage(models.AbstractModel):
    """A case about packaging: which carrier, under which clause of his contract, what the damage
    looks like (CMP-RTE-13); and one about what a colleague did (CMP-RTE-14)."""

    _name = "crm.policy.case.carriage"
    _description = "Case of Packaging or Service"

    # The field of the case; an amount wants one of its own model.
    policy_currency_id = fields.Many2one("res.currency")
    policy_carrier_id = fields.Many2one(
        "res.partner",
        string="Carrier",
        copy=False,
        tracking=True,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )
    policy_carrier_clause = fields.Char(
        string="Clause of the Carriage Contract", copy=False, groups="base.group_user"
    )
    policy_carrier_claim = fields.Monetary(
        string="Claim against the Carrier",
        currency_field="policy_currency_id",
        copy=False,
        tracking=True,
        groups="base.group_user",
    )
    policy_damage_photo_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_case_damage_photo_rel",
        string="Photos of the Damage",
        copy=False,
        ondelete="restrict",
        groups="base.group_user",
    )

    @api.constrains("policy_damage_photo_ids")
    def _check_policy_damage_photos(self):
        for photo in self.sudo().policy_damage_photo_ids:
            if photo.type != "binary" or guess_mimetype(photo.raw or b"") not in SCANS:
                raise ValidationError(
                    self.env._("%(file)s is neither a picture nor a PDF.", file=photo.name)
                )

    @api.constrains("policy_carrier_claim")
    def _check_policy_carrier_claim(self):
        for case in self.sudo():
            if case.policy_carrier_claim < 0:
                raise ValidationError(self.env._("The claim against the carrier is not negative."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        if any(vals.get(PAPERS) for vals in vals_list):
            cases._policy_keep_damage()
        return cases

    def write(self, vals):
        result = super().write(vals)
        if PAPERS in vals:
            self._policy_keep_damage()
        return result

    def _policy_keep_damage(self):
        """Let whoever sees the case see what was just uploaded for it."""
        for case in self:
            loose = case.sudo()[PAPERS].filtered(
                lambda scan: not scan.res_id and scan.create_uid == self.env.user
            )
            loose.write({"res_model": case._name, "res_id": case.id})

    # === BUSINESS METHODS === #

    @api.model
    def _policy_measures(self):
        return (*super()._policy_measures(), "policy_carrier_claim")

    @api.model
    def _policy_needs(self):
        return {
            **super()._policy_needs(),
            "carrier": "_policy_need_carrier",
            "accused": "_policy_need_accused",
        }

    def _policy_need_carrier(self):
        return self._policy_lacking("policy_carrier_id", "policy_carrier_clause", PAPERS)

    def _policy_need_accused(self):
        return self._policy_lacking("policy_accused_user_ids")

    def _policy_accused_changed(self):
        """Put a case into the department whose head treats it: the one of who is complained about,
        or above it where it is the head himself (CMP-RTE-14)."""
        result = super()._policy_accused_changed()
        for case in self.sudo():
            if not case._policy_clause_of_need("accused") or case.policy_handed_at:
                continue
            people = case.policy_accused_user_ids.with_company(case.company_id)
            department = people.employee_id.department_id[:1]
            while department and department.manager_id.user_id in people:
                department = department.parent_id
            if department and department != case.policy_department_id:
                case.policy_department_id = department
        return result
