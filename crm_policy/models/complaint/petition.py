from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.zones import company_zone, to_local
from ...words import list_words

# What follows from the shares.
SHARE_TRIGGERS = ("department_share", "person_share")
DAYS = "petition_days"  # the parameter of the clause on petitions: working days


class CrmPolicyPetition(models.Model):
    """A department disagrees with what was decided about its share (CMP-FLOW-11, E.12).

    Nobody types one in: the head asks for other shares within the days of the clause, the general
    manager upholds the decision (he rejects) or changes it (he approves). What the customer gets
    goes on meanwhile: only the shares change, and with them the parts of the loss.
    """

    _name = "crm.policy.petition"
    _description = "Petition against a Decision"
    _inherit = ["crm.policy.dependent", "crm.policy.case.document", "crm.policy.route.decided"]
    _policy_document_field = "ticket_id"
    _order = "ticket_id, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Case", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    # The roles of a route find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(
        "hr.department", string="Department", readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="ticket_id.partner_id")
    petitioner_id = fields.Many2one("res.users", readonly=True, index=True, ondelete="restrict")
    filed_at = fields.Datetime(string="Petitioned At", readonly=True)
    text = fields.Text(string="Reasons", readonly=True)
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    line_ids = fields.One2many(
        "crm.policy.petition.line", "petition_id", string="Shares", readonly=True
    )
    outcome = fields.Selection(
        [
            ("pending", "Being Decided"),
            ("changed", "Shares Changed"),
            ("upheld", "Decision Stands"),
        ],
        compute="_compute_outcome",
    )
    decision_text = fields.Text(string="Decision", compute="_compute_outcome")

    _once = models.UniqueIndex(
        "(ticket_id, cycle, policy_department_id)", "A department petitions once about a decision."
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_department_id", "ticket_id.policy_handle")
    def _compute_display_name(self):
        for petition in self:
            parts = (petition.ticket_id.policy_handle, petition.policy_department_id.sudo().name)
            petition.display_name = " ".join(part for part in parts if part)

    @api.depends("policy_approval_state")
    def _compute_outcome(self):
        words = {"approved": "changed", "rejected": "upheld"}
        for petition in self:
            petition.outcome = words.get(petition.policy_approval_state, "pending")
            decision = petition.sudo().policy_approval_id.decision_ids[-1:]
            petition.decision_text = decision.comment if petition.outcome != "pending" else False

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "ticket_id",
            "company_id",
            "policy_department_id",
            "petitioner_id",
            "filed_at",
            "text",
            "cycle",
            "line_ids",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was asked and decided stays with the case."))

    # === APPROVAL === #

    def _policy_approval_values(self):
        return {
            "ticket": self.ticket_id.id,
            "text": self.text or "",
            "shares": [[line.responsibility_id.id, line.share_after] for line in self.line_ids],
        }

    def _policy_approval_version(self):
        return self.ticket_id.policy_version_id

    def _policy_approval_name(self):
        return self.display_name

    def _policy_proposers(self):
        return super()._policy_proposers() | self.petitioner_id

    def _policy_approval_barred_users(self):
        return self.petitioner_id | self.ticket_id.policy_accused_user_ids

    def _policy_approval_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _policy_on_approved(self):
        for petition in self:
            petition._policy_refuse_outlived()
        result = super()._policy_on_approved()
        for petition in self.sudo():
            petition._policy_change_shares()
            petition._policy_note_outcome(self.env._("changed"))
        return result

    def _policy_on_rejected(self):
        result = super()._policy_on_rejected()
        for petition in self.sudo():
            petition._policy_note_outcome(self.env._("upheld"))
        return result

    # === BUSINESS METHODS === #

    def _policy_refuse_outlived(self):
        """Refuse to change shares that are not those which the petition was about."""
        stale = any(line.responsibility_id.share != line.share_before for line in self.line_ids)
        if stale or self.cycle != self.ticket_id.policy_cycle:
            raise UserError(
                self.env._(
                    "%(petition)s: the shares have changed meanwhile. Take the request back.",
                    petition=self.display_name,
                )
            )

    def _policy_change_shares(self):
        """Write the shares that were granted, and work the parts of the loss out anew."""
        shares = self.line_ids.responsibility_id
        for line in self.line_ids:
            line.responsibility_id._policy_guarded_write({"share": line.share_after})
        shares._policy_keep_amounts()
        shares._policy_entry_written("changed")
        self._policy_change_sanctions()

    def _policy_change_sanctions(self):
        """Work out anew what a rule proposes and nobody has begun to sign; name the others.

        What is decided is revoked by whoever may, with a reason: not by a petition.
        """
        case = self.ticket_id
        sanctions = case.policy_sanction_ids.filtered(
            lambda sanction: (
                sanction.rule_id.trigger in SHARE_TRIGGERS
                and sanction.cycle == case.policy_cycle
                and sanction.state not in ("revoked", "rejected")
            )
        )
        fixed = sanctions.filtered(lambda sanction: sanction.state != "proposed")
        (sanctions - fixed)._policy_follow_shares(case)
        if fixed:
            case._message_log(
                body=self.env._(
                    "These sanctions rest on the former shares, and are signed or being signed: "
                    "%(sanctions)s. A director revokes what is wrong.",
                    sanctions=list_words(self.env, fixed.mapped("number")),
                )
            )

    def _policy_note_outcome(self, outcome):
        request = self.policy_approval_id
        decision = request.decision_ids[-1:]
        words = [
            f"{line.party}: {line._policy_words()}"
            for line in self.line_ids
            if line.share_before != line.share_after
        ]
        self.ticket_id._message_log(
            body=self.env._(
                "%(clause)s: petition of %(department)s %(outcome)s by %(user)s. %(shares)s "
                "%(comment)s",
                clause=request.clause_id._policy_citation(),
                department=self.policy_department_id.name,
                outcome=outcome,
                user=decision._policy_signer_words(),
                shares="; ".join(words),
                comment=decision.comment or "",
            )
        )

    def _policy_printed(self):
        """Return the petitions for the print; each leaves a trace."""
        self.check_access("read")
        self.ticket_id._policy_check_form_reader()
        self.env["crm.policy.event"]._policy_log("petition.printed", self.sudo())
        return self.sudo()

    def _policy_moment_words(self, moment):
        zone = company_zone(self.company_id)
        return moment and f"{to_local(moment, zone):%Y-%m-%d %H:%M}" or ""
