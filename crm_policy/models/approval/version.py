from odoo import api, fields, models
from odoo.exceptions import UserError

READERS = (
    "crm_policy.group_policy_admin,crm_policy.group_director,crm_policy.group_ceo,"
    "crm_policy.group_committee"
)


class CrmPolicyVersion(models.Model):
    """The rules that the sentences of a draft may mean, and who signs a version in force."""

    _name = "crm.policy.version"
    # The publication first: what it overrides stands in the version's own class.
    _inherit = ["crm.policy.publication", "crm.policy.version"]

    suggestion_ids = fields.One2many(
        "crm.policy.suggestion", "version_id", string="Suggested Rules", groups=READERS
    )
    suggestion_count = fields.Integer(compute="_compute_suggestion_count", groups=READERS)
    suggestion_open_count = fields.Integer(
        string="Undecided", compute="_compute_suggestion_count", groups=READERS
    )
    suggestion_ready_count = fields.Integer(
        string="Complete", compute="_compute_suggestion_count", groups=READERS
    )

    @api.depends("suggestion_ids.state", "suggestion_ids.missing")
    def _compute_suggestion_count(self):
        for version in self:
            hints = version.suggestion_ids
            waiting = hints.filtered(lambda hint: hint.state == "open")
            version.suggestion_count = len(hints)
            version.suggestion_open_count = len(waiting)
            version.suggestion_ready_count = len(waiting.filtered(lambda hint: not hint.missing))

    # === ACTION METHODS === #

    def action_policy_suggest(self):
        """Look for rules in the clauses that have no suggestion yet, of a draft."""
        self.check_access("write")
        clauses = self.clause_ids.filtered(lambda clause: not clause.suggestion_ids)
        if not self.env["crm.policy.suggestion"]._policy_suggest(clauses):
            raise UserError(
                self.env._("No sentence speaks of a time, an amount or an order of signatures.")
            )
        return True

    def action_policy_accept_complete(self):
        """Accept all suggestions that lack nothing; say what was refused."""
        self.ensure_one()
        self.check_access("write")
        self._policy_check_draft()
        accepted, refused = self.suggestion_ids._policy_accept_complete()
        message = self.env._("%(count)s rules were made.", count=accepted)
        if refused:
            message = "\n".join([message, *refused])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "message": message,
                "sticky": bool(refused),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _policy_audience(self):
        """Where nobody approves unsigned, those who approve are asked to sign."""
        users = super()._policy_audience()
        if self.company_id.policy_sign_gate:
            limits = self.env["crm.policy.authority"].sudo().search([("version_id", "=", self.id)])
            routes = self.env["crm.policy.route"].sudo().search([("version_id", "=", self.id)])
            users |= (limits.role_id | routes.step_ids.role_id)._policy_holders()
        return users
