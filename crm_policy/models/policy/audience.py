from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CrmPolicyAudience(models.AbstractModel):
    """Whom and what a version is for, and who of them has signed it."""

    _name = "crm.policy.audience"
    _description = "Audience of a Policy"
    _inherit = ["crm.policy.guarded"]

    # === SCOPE (POL-SCOPE-01) === #

    department_ids = fields.Many2many(
        "hr.department",
        string="Departments",
        help="Their people, and those of the departments below, sign. With neither departments "
        "nor jobs, everybody who has a role in the policy signs.",
    )
    job_ids = fields.Many2many("hr.job", string="Jobs")
    scope_activity_ids = fields.Many2many(
        "crm.policy.term",
        relation="crm_policy_version_activity_rel",
        string="Activities Covered",
        domain=[("kind", "=", "activity")],
    )
    customer_type_ids = fields.Many2many(
        "crm.policy.term",
        relation="crm_policy_version_customer_type_rel",
        string="Customer Types",
        domain=[("kind", "=", "customer_type")],
    )
    channel = fields.Selection(
        [("both", "Online and Offline"), ("online", "Online"), ("offline", "Offline")],
        default="both",
        required=True,
    )

    # === SIGNATURES (POL-ACK-01) === #

    text_html = fields.Html(string="Text", compute="_compute_text_html", sanitize=False)
    acknowledgement_ids = fields.One2many(
        "crm.policy.acknowledgement", "version_id", string="Acknowledgements"
    )
    sign_count = fields.Integer(string="To Sign", compute="_compute_signatures")
    signed_count = fields.Integer(string="Signed", compute="_compute_signatures")
    sign_rate = fields.Float(string="Signed (%)", compute="_compute_signatures")
    my_sign_state = fields.Selection(
        [("pending", "Not Signed"), ("signed", "Signed")], compute="_compute_my_sign_state"
    )
    my_sign_due_on = fields.Date(compute="_compute_my_sign_state")
    my_signed_at = fields.Datetime(compute="_compute_my_sign_state")

    # === COMPUTE METHODS === #

    def _compute_text_html(self):
        for version in self:
            version.text_html = self.env["ir.qweb"]._render(
                "crm_policy.version_text", {"version": version}
            )

    def _compute_signatures(self):
        counts = {}
        groups = (
            self.env["crm.policy.acknowledgement"]
            .sudo()
            ._read_group(
                [("version_id", "in", self.ids), ("user_id.active", "=", True)],
                ["version_id", "state"],
                ["__count"],
            )
        )
        for version, state, count in groups:
            counts[version.id, state] = count
        for version in self:
            signed = counts.get((version.id, "signed"), 0)
            asked = signed + counts.get((version.id, "pending"), 0)
            version.sign_count = asked
            version.signed_count = signed
            version.sign_rate = 100.0 * signed / asked if asked else 0.0

    @api.depends_context("uid")
    def _compute_my_sign_state(self):
        mine = self._policy_own_row()
        for version in self:
            row = mine.filtered(lambda row, version=version: row.version_id.id == version.id)
            version.my_sign_state = row.state
            version.my_sign_due_on = row.due_on
            version.my_signed_at = row.signed_at

    # === ACTION METHODS === #

    def action_policy_read(self):
        """Open the text to read it; from here on the reader can sign."""
        self.ensure_one()
        self.check_access("read")
        self._policy_own_row()._policy_note_opened()
        return {
            "name": self.display_name,
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("crm_policy.version_view_form_read").id, "form")],
            "target": "new",
        }

    def action_policy_sign(self):
        """Sign for oneself that one has read and understood the text."""
        self.check_access("read")
        for version in self:
            row = version._policy_own_row()
            if not row:
                raise UserError(
                    self.env._(
                        "%(version)s: you are not asked to sign it.", version=version.display_name
                    )
                )
            row.with_env(self.env).action_policy_sign()
        return True

    def action_policy_open_signatures(self):
        """List who has signed and who has not."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.acknowledgement_action")
        return action | {
            "domain": [("version_id", "=", self.id)],
            "context": {"search_default_group_state": 1},
        }

    # === BUSINESS METHODS === #

    def _policy_own_row(self):
        """Return what the current user is asked to sign of these versions, as superuser."""
        return (
            self.env["crm.policy.acknowledgement"]
            .sudo()
            .search([("version_id", "in", self.ids), ("user_id", "=", self.env.uid)])
        )

    def _policy_unsigned_by(self, user):
        """Return those of these versions that ``user`` was asked to sign and has not."""
        rows = (
            self.env["crm.policy.acknowledgement"]
            .sudo()
            .search(
                [
                    ("version_id", "in", self.ids),
                    ("user_id", "=", user.id),
                    ("state", "=", "pending"),
                ]
            )
        )
        return rows.version_id.with_env(self.env)

    def _policy_audience(self):
        """Return who has to sign this version: internal users of its company in its scope."""
        self.ensure_one()
        version = self.sudo()
        company = version.company_id
        users = self.env["res.users"].sudo()
        here = Domain("company_ids", "in", company.id) & Domain("share", "=", False)
        if version.department_ids or version.job_ids:
            employees = (
                self.env["hr.employee"]
                .sudo()
                .search(
                    Domain("company_id", "=", company.id)
                    & Domain("user_id", "!=", False)
                    & (
                        Domain("department_id", "child_of", version.department_ids.ids)
                        | Domain("job_id", "in", version.job_ids.ids)
                    )
                )
            )
            return users.search(here & Domain("id", "in", employees.user_id.ids))
        privilege = self.env.ref("crm_policy.privilege")
        groups = self.env["res.groups"].sudo().search([("privilege_id", "=", privilege.id)])
        return users.search(here & Domain("all_group_ids", "in", groups.ids))

    def _policy_sign_due_on(self):
        """Return the day by which who is asked today has signed."""
        self.ensure_one()
        return self._policy_today() + timedelta(days=self.company_id.policy_sign_days)
