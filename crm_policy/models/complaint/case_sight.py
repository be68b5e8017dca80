from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# What decides who sees a case (the global rule on cases, security/case_rules.xml).
SIGHT_FIELDS = frozenset({"user_id", "team_id", "policy_department_id", "company_id"})
# What that rule reads of a case.
RULE_FIELDS = SIGHT_FIELDS | {
    "commercial_partner_id",
    "policy_kind",
    "policy_settled_at",
    "policy_severity",
    "policy_to_sort",
}
HANDLERS = "crm_policy.group_specialist"
EMPLOYEES = "base.group_user"
# Helpdesk's fields that name clerks, or files that may be ours: no customer reads them over RPC.
INNER_FIELDS = frozenset({"user_id", "user_ids", "attachment_ids", "create_uid", "write_uid"})
# What a customer may read of his own case; every other field of ours is for employees, also what
# we have found of his loss (D.3 no. 4).
PORTAL_FIELDS = frozenset(
    {
        "policy_kind",
        "policy_complaint_type_id",
        "policy_number",
        "policy_handle",
        "policy_step",
        "policy_order_ref",
        "policy_item_ref",
        "policy_lot_ref",
        "policy_shipped_on",
        "policy_quantity",
        "policy_quantity_undetermined",
        "policy_remedy_sought",
        "policy_currency_id",
        "policy_intake_at",
        "policy_closed_at",
        "policy_reply_text",
        "policy_reply_channel",
    }
)


class CrmPolicyCaseSight(models.AbstractModel):
    """Who sees a governed case beside those who work on it: whoever took it in or handed it over.

    The rest is the record rule's: the handler, his supervisor by the team, the manager by the
    department, directors, inspectors and auditors by their post.
    """

    _name = "crm.policy.case.sight"
    _description = "Sight of Governed Cases"

    policy_access_ids = fields.One2many(
        "crm.policy.case.access",
        "ticket_id",
        string="Opened For",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_opened = fields.Boolean(
        compute="_compute_policy_opened",
        search="_search_policy_opened",
        export_string_translation=False,
    )
    # Odoo asks the conditions of a rule in the order of their names: this one before helpdesk's on
    # followers, who are then not read for each page of governed cases.
    is_governed = fields.Boolean(
        compute="_compute_is_governed",
        search="_search_is_governed",
        export_string_translation=False,
        groups=EMPLOYEES,
    )

    @api.depends("policy_kind")
    def _compute_is_governed(self):
        governed = self.filtered("policy_kind")
        governed.is_governed = True
        (self - governed).is_governed = False

    @api.model
    def _search_is_governed(self, operator, value):
        if operator != "in":
            return NotImplemented
        governed = Domain("policy_kind", "!=", False)
        return (governed if True in value else Domain.FALSE) | (
            ~governed if False in value else Domain.FALSE
        )

    @api.depends_context("uid")
    def _compute_policy_opened(self):
        """Whether the case was opened for the current user."""
        rows = self.env["crm.policy.case.access"].sudo().search_fetch(
            [("ticket_id", "in", self.ids), ("user_id", "=", self.env.uid)], ["ticket_id"]
        )  # fmt: skip
        opened = set(rows.ticket_id.ids)
        for case in self:
            case.policy_opened = case.id in opened

    @api.model
    def _search_policy_opened(self, operator, value):
        """Say it so that PostgreSQL knows how few they are and takes the index.

        As a sub-select within the rule's OR it would be a filter on all rows: 15 times slower to
        count 100,000 cases.
        """
        if operator != "in":
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = ANY(ARRAY(SELECT ticket_id FROM crm_policy_case_access WHERE user_id = %s))",
                SQL.identifier(alias, "id"),
                model.env.uid,
            ),
            predicate=lambda case: case.policy_opened,
        )

    @api.constrains("user_id", "policy_kind")
    def _check_policy_handler(self):
        """Governed cases are handled at the window: helpdesk users without a post never see one."""
        for case in self.filtered("policy_kind"):
            handler = case.user_id.sudo()
            if handler and not (handler._is_superuser() or handler.has_group(HANDLERS)):
                raise ValidationError(
                    self.env._(
                        "%(user)s has no post in customer service: %(case)s cannot be assigned "
                        "to this person.",
                        user=handler.name,
                        case=case.display_name,
                    )
                )

    @api.model
    def _has_field_access(self, field, operation):
        # Odoo asks for each field of each fetch, over a thousand times per form: in this order.
        if self.env.su:
            return True
        if self.env.user.share:
            if field.name in INNER_FIELDS or (
                field.name.startswith("policy_") and field.name not in PORTAL_FIELDS
            ):
                return False
        elif not field.groups or field.groups == EMPLOYEES:
            return True  # whoever is no outsider is an employee, and most fields are for them
        return super()._has_field_access(field, operation)

    @api.model
    @api.private
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        """Fetch along what the rule reads: to check it, Odoo would fetch whole rows afterwards."""
        if field_names and not (self.env.su or self.env.user.share):
            field_names = [*field_names, *RULE_FIELDS.difference(field_names)]
        return super().search_fetch(domain, field_names, offset=offset, limit=limit, order=order)

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        handed_over = cases.filtered(lambda case: case.user_id != self.env.user)
        # No need to ask for whom a new case was opened; rules are checked as superuser.
        self._fields["policy_opened"]._update_cache(handed_over.sudo(), False)
        handed_over._policy_keep_sight("intake")
        return cases

    def write(self, vals):
        result = super().write(vals)
        if SIGHT_FIELDS.intersection(vals):
            self._policy_keep_sight("handover")
        return result

    def _policy_open_for(self, users):
        self.env["crm.policy.case.access"].sudo()._policy_grant(self, users, "escalation")

    def _policy_keep_sight(self, reason):
        """Open to the acting user those cases that he has just moved out of his own sight."""
        user = self.env.user
        governed = self.filtered("policy_kind")
        if not governed or self.env.su or user._is_superuser() or user.share:
            return
        lost = governed - governed._filtered_access("read")
        self.env["crm.policy.case.access"].sudo()._policy_grant(lost, user, reason)
