from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...const import KINDS
from ...tools.qr import qr_svg
from .follow_link import is_token, new_token

LIMITS = (
    "min_text",
    "max_files",
    "max_file_mb",
    "hourly_page",
    "hourly_visitor",
    "follow_days",
)


class CrmPolicyIntakePage(models.Model):
    """A public page, reached by a QR code, on which anybody reports something without an account.

    One may hang as a poster, another belong to one delivery note. It gives away nothing of what we
    know: not whose page it is, not what else came in.
    """

    _name = "crm.policy.intake.page"
    _description = "Intake Page"
    _inherit = ["crm.policy.guarded"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, help="For us; the visitor does not see it.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    token = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: new_token(), index=True
    )
    url = fields.Char(string="Address", compute="_compute_url")
    expires_at = fields.Datetime(string="Valid Until", help="Empty: until it is archived.")

    kind = fields.Selection(KINDS, required=True, default="complaint")
    type_id = fields.Many2one(
        "crm.policy.complaint.type", check_company=True, index=True, ondelete="restrict"
    )
    department_id = fields.Many2one(
        "hr.department", check_company=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        index=True,
        ondelete="restrict",
        help="Whose delivery it is. Without a customer, somebody sorts what comes in.",
    )
    delivery_ref = fields.Char(string="Delivery Note")
    order_ref = fields.Char(string="Order")
    item_ref = fields.Char(string="Item")
    lot_ref = fields.Char(string="Lot")

    min_text = fields.Integer(
        string="Shortest Text",
        required=True,
        default=lambda self: self._policy_limit("min_text"),
        help="In characters.",
    )
    max_files = fields.Integer(
        string="Photos at Most", required=True, default=lambda self: self._policy_limit("max_files")
    )
    max_file_mb = fields.Integer(
        string="Megabytes per Photo",
        required=True,
        default=lambda self: self._policy_limit("max_file_mb"),
    )
    hourly_page = fields.Integer(
        string="Submissions per Hour",
        required=True,
        default=lambda self: self._policy_limit("hourly_page"),
    )
    hourly_visitor = fields.Integer(
        string="Submissions per Hour and Visitor",
        required=True,
        default=lambda self: self._policy_limit("hourly_visitor"),
    )
    follow_days = fields.Integer(
        string="Days to Follow",
        required=True,
        default=lambda self: self._policy_limit("follow_days"),
        help="How long the visitor's link to his case works.",
    )
    submission_count = fields.Integer(string="Submissions", compute="_compute_submission_count")

    _token_uniq = models.Constraint("UNIQUE(token)", "A token opens one page.")

    # === COMPUTE METHODS === #

    @api.depends("token")
    def _compute_url(self):
        for page in self:
            page.url = f"{page.get_base_url()}/policy/qr/{page.token}"

    def _compute_submission_count(self):
        tickets = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        domain = [("policy_intake_page_id", "in", self.ids)]
        counts = dict(tickets._read_group(domain, ["policy_intake_page_id"], ["__count"]))
        for page in self:
            page.submission_count = counts.get(page, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains(*LIMITS)
    def _check_limits(self):
        for page in self:
            for name in LIMITS:
                if page[name] <= 0:
                    raise ValidationError(
                        self.env._(
                            "%(page)s: %(field)s must be more than zero.",
                            page=page.name,
                            field=self._fields[name].get_description(self.env, ["string"])[
                                "string"
                            ],
                        )
                    )

    @api.constrains("partner_id", "company_id")
    def _check_partner_company(self):
        for page in self:
            owner = page.partner_id.sudo().company_id
            if owner and owner != page.company_id:
                raise ValidationError(
                    self.env._(
                        "%(page)s: the customer belongs to %(company)s.",
                        page=page.name,
                        company=owner.name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {"token"}

    # === ACTION METHODS === #

    def action_policy_renew(self):
        """Give the pages new addresses: what is printed so far leads nowhere any more."""
        if not self.env.user.has_group("crm_policy.group_supervisor"):
            raise AccessError(self.env._("A supervisor renews the address of an intake page."))
        self.check_access("write")
        for page in self:
            page._policy_guarded_write({"token": new_token()})
        self.env["crm.policy.event"]._policy_log("intake_page.renewed", self)
        return True

    def action_policy_open_submissions(self):
        """Show what came in by these pages."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "domain": [("policy_intake_page_id", "in", self.ids)],
            "name": self.env._("Submissions"),
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _policy_limit(self, name):
        """Return the company-wide value that new pages and the portal begin with."""
        value = self.env["ir.config_parameter"].sudo().get_param(f"crm_policy.intake_{name}")
        return int(value) if value and value.isdecimal() else 0

    @api.model
    def _policy_limits(self):
        return {name: self._policy_limit(name) for name in LIMITS}

    @api.model
    def _policy_find(self, token):
        """Return the page of a token, as superuser; none if it is unknown, expired or archived."""
        if not is_token(token):
            return self.sudo().browse()
        page = self.sudo().search([("token", "=", token)], limit=1)
        expired = page.expires_at and page.expires_at <= fields.Datetime.now()
        return page.browse() if expired else page

    def _policy_qr(self):
        """Return the QR code of the page's address, drawn as SVG.

        The standard's /report/barcode would need a picture library, and would have the token in
        the server's log.
        """
        self.ensure_one()
        return Markup(qr_svg(self.url))  # nothing but numbers and colours

    def _policy_intake_vals(self):
        """Return what the page itself says of a case; it outweighs what a visitor sends."""
        self.ensure_one()
        vals = {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "policy_intake_page_id": self.id,
            "policy_department_id": self.department_id.id,
            "policy_delivery_ref": self.delivery_ref,
        }
        if self.partner_id:
            vals |= {"policy_kind": self.kind, "policy_complaint_type_id": self.type_id.id}
        else:
            vals |= {
                "policy_to_sort": True,
                "policy_sort_reason": self.env._(
                    "It came in by the page %(page)s, which has no customer.", page=self.name
                ),
            }
        for name in ("order_ref", "item_ref", "lot_ref"):
            if self[name]:
                vals[f"policy_{name}"] = self[name]
        return vals
