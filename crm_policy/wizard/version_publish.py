from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

ASKED = (
    "revision_reason",
    "change_summary",
    "effective_from",
    "transition",
    "enforcement",
)


class CrmPolicyVersionPublish(models.TransientModel):
    """What a version will change, on one page, before it goes to its approver or is approved."""

    _name = "crm.policy.version.publish"
    _description = "Publish a Policy Version"

    version_id = fields.Many2one(
        "crm.policy.version", string="Policy Version", required=True, readonly=True
    )
    state = fields.Selection(related="version_id.state")
    former_id = fields.Many2one(
        "crm.policy.version", string="Version in Force", compute="_compute_former_id"
    )
    finding_ids = fields.Many2many(
        "crm.policy.finding", string="Findings", compute="_compute_finding_ids"
    )
    error_count = fields.Integer(compute="_compute_finding_ids")
    diff = fields.Html(compute="_compute_diff", sanitize=False)
    open_count = fields.Integer(string="Open Cases", compute="_compute_open_count")
    sign_count = fields.Integer(string="People to Sign", compute="_compute_sign_count")
    # Who approves it, where one signature does not do; and what is missing for that.
    publication_route_id = fields.Many2one(related="version_id.publication_route_id")
    can_decide = fields.Boolean(related="version_id.policy_can_decide")
    chain = fields.Html(compute="_compute_chain", sanitize=False)
    # What the author decides; the version keeps it.
    revision_reason = fields.Selection(
        [
            ("environment", "Business Environment"),
            ("customer_need", "Customer Needs"),
            ("practice", "Management Practice"),
            ("law", "Law"),
            ("other", "Other"),
        ],
        string="Reason for the Revision",
    )
    change_summary = fields.Text(string="What Changes")
    effective_from = fields.Date()
    transition = fields.Selection(
        [
            ("keep", "Open cases keep their version"),
            ("switch", "Open cases switch to this version"),
        ],
        required=True,
        default="keep",
    )
    enforcement = fields.Selection(
        [("trial", "Trial: warn only"), ("enforced", "Enforced")],
        required=True,
        default="enforced",
    )

    # === COMPUTE METHODS === #

    @api.depends("version_id")
    def _compute_former_id(self):
        for page in self:
            former = page.version_id.policy_id.current_version_id
            page.former_id = former if former != page.version_id else False

    @api.depends("version_id")
    def _compute_finding_ids(self):
        for page in self:
            findings = self.env["crm.policy.finding"].search(
                [("version_id", "=", page.version_id.id)]
            )
            page.finding_ids = findings
            page.error_count = len(findings.filtered(lambda one: one.severity == "error"))

    @api.depends("version_id")
    def _compute_diff(self):
        for page in self:
            former = page.former_id
            page.diff = self.env["ir.qweb"]._render(
                "crm_policy.version_diff",
                {
                    "former": former,
                    "version": page.version_id,
                    "diff": page.version_id._policy_diff(former) if former else None,
                    "marked": self._policy_marked,
                },
            )

    @api.model
    def _policy_marked(self, pieces):
        """Return the pieces of a sentence as one text: a template would put breaks in between."""
        tags = {"same": "span", "gone": "del"}
        return Markup().join(
            Markup("<{0}>{1}</{0}>").format(tags.get(kind, "ins"), text) for kind, text in pieces
        )

    @api.depends("version_id")
    def _compute_open_count(self):
        for page in self:
            page.open_count = page._policy_open_cases(page.former_id) if page.former_id else 0

    @api.depends("version_id")
    def _compute_sign_count(self):
        for page in self:
            page.sign_count = len(page.version_id._policy_audience())

    @api.depends("version_id")
    def _compute_chain(self):
        for page in self:
            version = page.version_id
            page.chain = self.env["ir.qweb"]._render(
                "crm_policy.version_chain",
                {
                    "version": version,
                    "rows": version._policy_chain(),
                    "gaps": version._policy_chain_gaps(),
                },
            )

    # === ACTION METHODS === #

    @api.model
    def action_policy_open(self, version):
        """Look the version over once more and show the page.

        :param version: ``crm.policy.version`` that the user may read.
        """
        self.check_access("create")
        version = self.env["crm.policy.version"].browse(int(version)).exists()
        version.ensure_one()
        version.check_access("read")
        self.env["crm.policy.finding"]._policy_refresh(version)
        page = self.create([{"version_id": version.id, **{name: version[name] for name in ASKED}}])
        return {
            "name": version.display_name,
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": page.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_policy_hand_over(self):
        """Write the decisions into the draft and hand it over to its approver."""
        self.ensure_one()
        version = self.version_id
        if version.state != "draft":
            raise UserError(self.env._("%(version)s is not a draft.", version=version.display_name))
        version.write({name: self[name] for name in ASKED})
        version.action_policy_review()
        return {"type": "ir.actions.act_window_close"}

    def action_policy_approve(self):
        """Approve what was handed over, or sign it; the version itself checks who may."""
        self.ensure_one()
        if self.publication_route_id:
            self.version_id.action_policy_approve()
        else:
            self.version_id.action_policy_publish()
        return {"type": "ir.actions.act_window_close"}

    # === BUSINESS METHODS === #

    def _policy_open_cases(self, version):
        """Return how many open records of all kinds ``version`` governs."""
        count = 0
        for name in self.env.registry.descendants(["crm.policy.subject"], "_inherit"):
            model = self.env[name].sudo().with_context(active_test=False)
            if model._abstract:
                continue
            domain = model._policy_open_domain() & Domain("policy_version_id", "=", version.id)
            count += model.search_count(domain)
        return count
