from textwrap import shorten

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# Who answers: those who write the text, and those who decide on it.
ANSWERERS = (
    "crm_policy.group_policy_admin",
    "crm_policy.group_director",
    "crm_policy.group_ceo",
    "crm_policy.group_committee",
)


class CrmPolicyConsultation(models.Model):
    """What a customer says about a clause of a draft, and what he is answered (POL-CON-01)."""

    _name = "crm.policy.consultation"
    _description = "Comment of a Customer"
    _inherit = ["crm.policy.protected"]
    _order = "version_id desc, state desc, id"
    _rec_names_search = ["comment", "partner_id.name"]

    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    clause_id = fields.Many2one(
        "crm.policy.clause",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: about the text as a whole.",
    )
    clause_number = fields.Char(readonly=True, help="As the customer saw it; a draft may change.")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users", string="Said By", required=True, readonly=True, index=True,
        ondelete="restrict",
    )  # fmt: skip
    number = fields.Integer(readonly=True, help="Of this customer's comments on this version.")
    comment = fields.Text(required=True, readonly=True)
    commented_at = fields.Datetime(string="Said At", required=True, readonly=True)
    answer = fields.Selection(
        [("accepted", "Adopted"), ("partly", "Partly Adopted"), ("rejected", "Not Adopted")],
        readonly=True,
    )
    reason = fields.Text(readonly=True)
    answered_by_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null",
        ondelete="restrict",
    )  # fmt: skip
    answered_at = fields.Datetime(readonly=True)
    state = fields.Selection(
        [("open", "Not Answered"), ("answered", "Answered")],
        compute="_compute_state",
        store=True,
        index=True,
    )

    # Two sent at once do not get past the limit.
    _number_uniq = models.Constraint(
        "UNIQUE(version_id, partner_id, number)", "A customer's comments are numbered."
    )

    # === COMPUTE METHODS === #

    @api.depends("answer")
    def _compute_state(self):
        for line in self:
            line.state = "answered" if line.answer else "open"

    @api.depends("clause_number", "partner_id.name", "comment")
    def _compute_display_name(self):
        for line in self:
            words = shorten(line.comment or "", 40, placeholder="…")
            parts = (line.clause_number, line.partner_id.sudo().name, words)
            line.display_name = " ".join(filter(None, parts))

    # === ACTION METHODS === #

    def action_policy_answer(self, answer=None, reason=None):
        """Answer what customers have said; they read it on their page.

        :param str answer: "accepted", "partly" or "rejected".
        :param str reason: why, or how; always needed.
        """
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in ANSWERERS):
            raise AccessError(
                self.env._(
                    "Customers are answered by the policy administrator or by who decides on the "
                    "version."
                )
            )
        reason = reason.strip() if isinstance(reason, str) else ""
        if answer not in dict(self._fields["answer"].selection) or not reason:
            raise ValidationError(
                self.env._("Say whether it is adopted, partly adopted or not adopted, and why.")
            )
        for line in self.sudo():
            if line.answer:
                raise UserError(
                    self.env._("%(comment)s is answered already.", comment=line.display_name)
                )
            line._policy_update(
                {
                    "answer": answer,
                    "reason": reason,
                    "answered_by_id": self.env.uid,
                    "answered_at": fields.Datetime.now(),
                }
            )
            self.env["crm.policy.event"]._policy_log(
                "consultation.answered", line, {"answer": answer}, clause=line.version_id
            )
        self.version_id.invalidate_recordset(["consultation_unanswered"])
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _policy_limits(self):
        """Return what keeps a customer from flooding a round: comments, and characters of each.

        :rtype: dict[str, int]
        """
        get = self.env["ir.config_parameter"].sudo().get_param
        return {
            name: int(get(f"crm_policy.consultation_{name}", 0))
            for name in ("max_comments", "max_text")
        }

    @api.model
    def _policy_say(self, user, version_id, clause_id, text):
        """Keep what a customer says of a version that he is asked about now.

        :param user: ``res.users`` of the portal, the one who is asking.
        :param int version_id: of the version.
        :param int clause_id: of the clause, or None for the text as a whole.
        :param str text: as it was typed.
        :raises AccessError: the round is not open to him, or the clause is not of it.
        :raises UserError: nothing was said, or more than the limits allow.
        """
        version = self.env["crm.policy.version"]._policy_open_to(user)
        version = version.filtered(lambda open_one: open_one.id == version_id)
        clause = version.clause_ids.filtered(lambda line: line.id == clause_id)
        if not version or (clause_id and not clause):
            raise AccessError(self.env._("You are not asked about this text, or no longer."))
        limits = self._policy_limits()
        partner = user.partner_id.commercial_partner_id
        text = (text or "").strip()
        said = self.sudo().search(
            [("version_id", "=", version.id), ("partner_id", "=", partner.id)]
        )
        if not text:
            raise UserError(self.env._("Write something first."))
        if len(text) > limits["max_text"]:
            raise UserError(
                self.env._(
                    "Your comment has %(count)s characters; at most %(limit)s can be sent.",
                    count=len(text),
                    limit=limits["max_text"],
                )
            )
        if len(said) >= limits["max_comments"]:
            raise UserError(
                self.env._(
                    "You have sent %(count)s comments; more cannot be sent in this round.",
                    count=len(said),
                )
            )
        line = self.sudo()._policy_insert(
            [
                {
                    "version_id": version.id,
                    "clause_id": clause.id,
                    "clause_number": clause.number,
                    "partner_id": partner.id,
                    "user_id": user.id,
                    "number": len(said) + 1,
                    "comment": text,
                    "commented_at": fields.Datetime.now(),
                }
            ]
        )
        self.env["crm.policy.event"]._policy_log(
            "consultation.commented", line, clause=clause or version
        )
        return line

    @api.model
    def _policy_said_by(self, user):
        """Return, as superuser, what a customer's company has said, with the answers.

        Where one person was asked and not his company, his colleagues do not read it.
        """
        partner = user.partner_id.commercial_partner_id
        return self.sudo().search(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "in", user.company_ids.ids),
                "|",
                ("user_id", "=", user.id),
                ("version_id.consulted_partner_ids", "in", (user.partner_id | partner).ids),
            ]
        )
