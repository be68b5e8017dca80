from odoo import api, fields, models
from odoo.exceptions import ValidationError

SECTION = "field_report"


class CrmPolicyCaseFieldReport(models.AbstractModel):
    """A case that somebody looks at on the spot before the committee meets (CMP-RTE-04, -05)."""

    _name = "crm.policy.case.field.report"
    _description = "Case with Field Reports"

    policy_field_report_ids = fields.One2many(
        "crm.policy.field.report", "ticket_id", string="Field Reports", copy=False
    )

    policy_can_report = fields.Boolean(
        compute="_compute_policy_can_report", groups="base.group_user"
    )

    @api.depends(
        "policy_handed_at", "policy_accepted_at", "policy_decided_at", "partner_id", "create_uid"
    )
    @api.depends_context("uid")
    def _compute_policy_can_report(self):
        for case in self:
            asked = case.sudo()._origin._policy_filled_by(self.env.user, SECTION)
            case.policy_can_report = bool(asked) and not case.policy_decided_at

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._policy_check_reported_by_sales()
        return cases

    def _policy_check_reported_by_sales(self):
        """Refuse a case that a sales manager files for his customer without his sheet (RTE-05)."""
        for case in self.sudo():
            clause = case._policy_clause_of_need(SECTION)
            if not clause or case.policy_field_report_ids:
                continue
            if self.env.user not in case._policy_visitors():
                continue
            raise ValidationError(
                self.env._(
                    "%(clause)s: who files a complaint about the quality of goods for his customer "
                    "hands in the basic-data sheet with it: fill in %(field)s.",
                    clause=clause._policy_citation(),
                    field=case._policy_label("policy_field_report_ids"),
                )
            )

    # === BUSINESS METHODS === #

    def _policy_visitors(self):
        """Return who looks at it on the spot: the customer's sales manager; as superuser."""
        self.ensure_one()
        own = self.partner_id.user_id or self.partner_id.commercial_partner_id.user_id
        if own:
            return own - self.policy_accused_user_ids
        role = (
            self.env["crm.policy.role"]
            .sudo()
            .search([("code", "=", "sales_manager"), ("company_id", "=", self.company_id.id)])
        )
        people = role._users_for(self)[self.id] if role else self.env["res.users"].sudo()
        return people - self.policy_accused_user_ids

    def _policy_signed_for(self, sheet):
        """Send the sales manager to the customer at once (CMP-RTE-04)."""
        result = super()._policy_signed_for(sheet)
        if sheet.direction == "transfer" and self._policy_clause_of_need(SECTION):
            visitors = self._policy_visitors()
            self.env["crm.policy.case.access"]._policy_grant(self, visitors, "countersign")
            if not self._policy_submitted_reports():
                for user in visitors:
                    words = self.with_context(lang=user.lang)
                    sheet._policy_tell(
                        user,
                        words.env._(
                            "Look at %(case)s on the spot and fill in the field report",
                            case=words.display_name,
                        ),
                    )
        return result

    def _policy_submitted_reports(self):
        return self.sudo().policy_field_report_ids.filtered(
            lambda report: report.submitted_at and report.cycle == self.policy_cycle
        )

    def _policy_filled_by(self, user, section):
        filled = super()._policy_filled_by(user, section)
        if section != SECTION:
            return filled
        # Who was sent there writes down what he has found; so does who files it for his customer.
        return filled | self.filtered(
            lambda case: (
                (case.policy_handed_at or (case.create_uid == user and not case.policy_accepted_at))
                and case._policy_clause_of_need(SECTION)
                and user in case._policy_visitors()
            )
        )

    @api.model
    def _policy_needs(self):
        return {**super()._policy_needs(), SECTION: "_policy_need_field_report"}

    def _policy_need_field_report(self):
        """Return what is missing before the committee meets (CMP-RTE-04)."""
        reports = self._policy_submitted_reports()
        return [] if reports else [self.env._("a submitted field report")]
