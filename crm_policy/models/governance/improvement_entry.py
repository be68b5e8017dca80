from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class CrmPolicyImprovementEntry(models.AbstractModel):
    """A line of an improvement plan: seen by whoever sees the plan, changed as long as it may be.

    What was signed stays as it was signed, for the superuser too.
    """

    _name = "crm.policy.improvement.entry"
    _description = "Line of an Improvement Plan"
    _inherit = ["crm.policy.dependent", "crm.policy.guarded"]
    _policy_document_field = "improvement_id"
    # What the signature on the plan stands for.
    _policy_signed = ()

    improvement_id = fields.Many2one(
        "crm.policy.improvement",
        string="Improvement Plan",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="improvement_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # pylint: disable=method-required-super; it is called with what this method has added
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        default = self.default_get(["improvement_id"]).get("improvement_id")
        vals_list = [{"improvement_id": default, **vals} for vals in vals_list]
        for vals in vals_list:
            self._policy_plan_of(vals["improvement_id"])
        lines = self._policy_new_lines(vals_list)
        lines._policy_check_added()
        lines._policy_note_writer()
        return lines

    def write(self, vals):
        if "improvement_id" in vals:
            raise UserError(self.env._("A line stays with its improvement plan."))
        if set(self._policy_signed).intersection(vals):
            self._policy_check_open()
            self._policy_note_writer()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self._policy_check_open()
        self._policy_note_writer()

    # === BUSINESS METHODS === #

    def _policy_plan_of(self, value):
        """Return the plan that a caller has given; name what is none."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError(
                self.env._("%(value)s is no improvement plan.", value=value or "-")
            )
        return self.env["crm.policy.improvement"].browse(value)

    def _policy_new_lines(self, vals_list):
        """Create lines whose values were checked; models add what follows from the plan."""
        return self._policy_guarded_create(vals_list)

    def _policy_check_added(self):
        """Refuse new lines of a plan that is signed or being signed."""
        self._policy_check_open()

    def _policy_note_writer(self):
        """Remember who rewrites the plan through its lines; what the policy adds, nobody wrote."""
        if not self.env.su:
            self.improvement_id._policy_note_writer()

    def _policy_check_open(self):
        self.sudo().improvement_id._policy_check_unlocked()
