from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class CrmPolicyCaseAccused(models.AbstractModel):
    """A case about what a colleague did: he neither handles it nor decides anything on it (S3)."""

    _name = "crm.policy.case.accused"
    _description = "Case about a Colleague"

    policy_accused_user_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_case_accused_rel",
        string="Complaint About",
        copy=False,
        groups="base.group_user",
        help="Colleagues who are complained about. They do not handle the case and decide nothing "
        "on it.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("user_id", "policy_accused_user_ids")
    def _check_policy_accused_handler(self):
        for case in self.sudo():
            if case.user_id & case.policy_accused_user_ids:
                raise ValidationError(
                    self.env._(
                        "%(case)s is a complaint about %(user)s: somebody else handles it.",
                        case=case.display_name,
                        user=case.user_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        if any(vals.get("policy_accused_user_ids") for vals in vals_list):
            cases.sudo().filtered("policy_accused_user_ids")._policy_accused_changed()
        return cases

    def write(self, vals):
        if "policy_accused_user_ids" not in vals:
            return super().write(vals)
        # Neither before nor after: he takes nobody off the list, nor himself.
        self._policy_refuse_accused()
        before = {case.id: case.sudo().policy_accused_user_ids for case in self}
        result = super().write(vals)
        self._policy_refuse_accused()
        changed = self.filtered(lambda case: case.sudo().policy_accused_user_ids != before[case.id])
        changed._policy_accused_changed()
        return result

    # === BUSINESS METHODS === #

    def _policy_check_actor(self, groups):
        self._policy_refuse_accused()
        return super()._policy_check_actor(groups)

    def _policy_refuse_accused(self):
        """Refuse whoever a case is about; sudo() does not help him."""
        for case in self.sudo():
            if self.env.user in case.policy_accused_user_ids:
                raise AccessError(
                    self.env._(
                        "%(case)s is a complaint about yourself: others decide on it.",
                        case=case.display_name,
                    )
                )

    def _policy_accused_changed(self):
        """Leave a trace of who is complained about."""
        people = {case.id: {"users": case.policy_accused_user_ids.ids} for case in self.sudo()}
        self.env["crm.policy.event"]._policy_log("case.accused", self, payloads=people)
