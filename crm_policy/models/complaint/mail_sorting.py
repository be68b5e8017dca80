from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...words import list_words
from .complaint_mixin import WINDOW

DISMISSERS = ("crm_policy.group_supervisor",)


class CrmPolicyMailSorting(models.AbstractModel):
    """What came in by itself and a person must look at: say what it is, or that it is not ours."""

    _name = "crm.policy.mail.sorting"
    _description = "Sorting of Cases"
    _inherit = ["crm.policy.mail.acknowledgement"]

    def write(self, vals):
        # Doors say it when they create a case; afterwards only the two actions below do.
        sorted_out = "policy_to_sort" in vals and self.filtered(
            lambda case: case.policy_to_sort and not vals["policy_to_sort"]
        )
        if sorted_out or "policy_sort_reason" in vals:
            raise AccessError(
                self.env._(
                    "%(case)s is sorted by its buttons: they check what it needs and leave their "
                    "trace.",
                    case=self[:1].display_name,
                )
            )
        return super().write(vals)

    def action_policy_sorted(self):
        """Say that the cases are sorted: their kind, and of a complaint its type, are set."""
        self._policy_check_to_sort(WINDOW)
        for case in self:
            missing = [name for name in self._policy_sorted_needs(case) if not case[name]]
            if missing:
                raise ValidationError(
                    self.env._(
                        "%(case)s is not sorted yet. Fill in: %(fields)s.",
                        case=case.display_name,
                        fields=list_words(self.env, list(map(self._policy_label, missing))),
                    )
                )
        # Whoever sorts it knows it: it is his unless it is somebody's, and he does not lose sight.
        self.filtered(lambda case: case._policy_is_nobodys()).write({"user_id": self.env.uid})
        self._policy_unmark("case.sorted")
        self._policy_keep_sight("intake")
        return True

    def action_policy_put_aside(self, reason=None):
        """Close what is not ours (advertising, a mistake) with a reason; nothing is deleted."""
        self._policy_check_to_sort(DISMISSERS)
        if not (reason or "").strip():
            raise ValidationError(self.env._("Say why it is not ours."))
        governed = self.filtered("policy_kind")
        if governed:
            governed.action_policy_cancel(reason)
        rest = self - governed
        rest.sudo()._policy_close_ungoverned()
        rest._message_log_batch(
            bodies={case.id: self.env._("Not ours: %(reason)s", reason=reason) for case in rest}
        )
        self._policy_unmark("case.put_aside")
        return True

    def _policy_is_nobodys(self):
        """Return whether neither a person nor a department answers for the case."""
        return not (self.user_id or self.policy_department_id)

    def _policy_sorted_needs(self, case):
        if case.policy_kind in ("complaint", "conflict"):
            return ("policy_kind", "policy_complaint_type_id")
        return ("policy_kind",)

    def _policy_check_to_sort(self, groups):
        self._policy_check_actor(groups)
        self.check_access("write")
        for case in self:
            if not case.policy_to_sort:
                raise UserError(self.env._("%(case)s is sorted already.", case=case.display_name))

    def _policy_unmark(self, event):
        self.sudo()._policy_guarded_write({"policy_to_sort": False, "policy_sort_reason": False})
        self.env["crm.policy.event"]._policy_log(event, self)

    def _policy_close_ungoverned(self):
        """Close tickets that never became cases; the ticket model says how."""
