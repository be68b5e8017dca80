from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import ENDED_OUTCOMES


class CrmPolicyCaseEntry(models.AbstractModel):
    """A line that people write into a case: a share of the fault, a loss, a report.

    It is seen by whoever sees the case and written by whoever works on it. Once the case has
    passed :attr:`_policy_locked_by`, has ended, or was reopened since
    (:attr:`_policy_of_one_cycle`), the line stays as it is, for the superuser too (D.3 no. 1 and
    2).
    """

    _name = "crm.policy.case.entry"
    _description = "Line of a Case"
    _inherit = ["crm.policy.dependent", "crm.policy.guarded"]
    _policy_document_field = "ticket_id"
    # The section of the case that a department may be asked to fill with such lines.
    _policy_section = None
    # The fact of the case that locks the line; None: only the end of the case does.
    _policy_locked_by = "policy_decided_at"
    # Whether a reopening of the case locks it; a paper that goes from hand to hand goes on.
    _policy_of_one_cycle = True

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Case", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="ticket_id.policy_currency_id")
    cycle = fields.Integer(
        readonly=True, copy=False, help="How often the case had been reopened when it was written."
    )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"cycle", "company_id"}

    @api.model_create_multi
    def create(self, vals_list):
        # pylint: disable=method-required-super; it is called with the cycle of each case
        self._policy_refuse_guarded({name for vals in vals_list for name in vals})
        default = self.default_get(["ticket_id"]).get("ticket_id")
        vals_list = [{"ticket_id": default, **vals} for vals in vals_list]
        ids = {self._policy_case_id(vals["ticket_id"]) for vals in vals_list}
        known = self.env["helpdesk.ticket"].browse(ids).exists().sudo()
        cycles = {case.id: case.policy_cycle for case in known}
        entries = self._policy_guarded_create(
            [{**vals, "cycle": cycles.get(vals["ticket_id"], 0)} for vals in vals_list]
        )
        entries._policy_check_unlocked()
        return entries

    def _policy_case_id(self, value):
        """Return the id of a case as a caller has given it; name what is none."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError(self.env._("%(value)s is no case.", value=value or "-"))
        return value

    def write(self, vals):
        if "ticket_id" in vals:
            self._policy_case_id(vals["ticket_id"])
        self._policy_check_unlocked()
        result = super().write(vals)
        if "ticket_id" in vals:
            self._policy_check_unlocked()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        self._policy_check_unlocked()

    # === BUSINESS METHODS === #

    def _policy_hidden(self, operation):
        """Let the department write that is asked to, though the case is not its own (D.3 no. 1)."""
        hidden = super()._policy_hidden(operation)
        if operation == "read" or not self._policy_section or not hidden:
            return hidden
        filled = hidden.sudo().ticket_id._policy_filled_by(self.env.user, self._policy_section)
        return hidden.filtered(lambda entry: entry.sudo().ticket_id not in filled)

    def _policy_check_unlocked(self):
        """Refuse lines of cases that have gone on, and whom a case is about.

        :raises AccessError: the case is about the user.
        :raises UserError: the case is not governed, decided, ended, or of a later cycle.
        """
        self.sudo().ticket_id.with_env(self.env)._policy_refuse_accused()
        for entry in self.sudo():
            case = entry.ticket_id
            problem = entry._policy_lock_problem(case)
            if problem:
                raise UserError(problem)

    def _policy_lock_problem(self, case):
        """Return why the line cannot be written any more, or None."""
        self.ensure_one()
        if not case.policy_kind:
            return self.env._("%(case)s is not governed by a policy.", case=case.display_name)
        if case.policy_closed_at or case.policy_outcome in ENDED_OUTCOMES:
            return self.env._("%(case)s is ended.", case=case.display_name)
        if self._policy_of_one_cycle and self.cycle != case.policy_cycle:
            return self.env._(
                "%(entry)s belongs to the time before the case was reopened.",
                entry=self.display_name,
            )
        if self._policy_locked_by and case[self._policy_locked_by]:
            return self.env._(
                "%(case)s: %(entry)s stays as it was when this was recorded: %(fact)s.",
                case=case.display_name,
                entry=self.display_name,
                fact=case._policy_label(self._policy_locked_by),
            )
        return None
