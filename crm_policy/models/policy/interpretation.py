from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

SEQUENCE = "crm.policy.interpretation"
COMMITTEE = "crm_policy.group_committee"
# What somebody has written, and another one approves.
SAID = frozenset({"version_id", "clause_id", "question", "answer"})


class CrmPolicyInterpretation(models.Model):
    """What a clause means, said by the committee in a numbered paper (POL-OWN-02).

    Only the committee sees it before it is published; who wrote it never approves it.
    """

    _name = "crm.policy.interpretation"
    _description = "Interpretation"
    _inherit = ["crm.policy.guarded", "mail.thread"]
    _order = "published_at desc, id desc"
    _rec_names_search = ["number", "question"]

    version_id = fields.Many2one(
        "crm.policy.version",
        string="Policy Version",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    policy_id = fields.Many2one(related="version_id.policy_id", store=True, index=True)
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    clause_id = fields.Many2one(
        "crm.policy.clause",
        domain="[('version_id', '=', version_id)]",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: it is about the policy as a whole.",
    )
    number = fields.Char(readonly=True, copy=False)
    question = fields.Text(string="What Was Asked", required=True)
    answer = fields.Text(required=True)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("published", "Published")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    author_id = fields.Many2one(
        "res.users", required=True, readonly=True, default=lambda self: self.env.user, copy=False
    )
    approver_id = fields.Many2one("res.users", readonly=True, copy=False)
    published_at = fields.Datetime(readonly=True, copy=False)

    _number_uniq = models.Constraint(
        "UNIQUE(company_id, number)", "An interpretation number is given once."
    )
    _four_eyes = models.Constraint(
        "CHECK(approver_id IS NULL OR approver_id != author_id)",
        "The author of an interpretation never approves it.",
    )
    _numbered = models.Constraint(
        "CHECK(state != 'published' OR number IS NOT NULL)",
        "What is published has a number.",
    )

    # === COMPUTE METHODS === #

    @api.depends("number", "question")
    def _compute_display_name(self):
        for paper in self:
            first = (paper.question or "").strip().partition("\n")[0]
            paper.display_name = " ".join(part for part in (paper.number, first) if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("version_id", "clause_id")
    def _check_clause(self):
        for paper in self:
            if paper.clause_id and paper.clause_id.version_id != paper.version_id:
                raise ValidationError(
                    self.env._(
                        "Clause %(number)s does not belong to %(version)s.",
                        number=paper.clause_id.number,
                        version=paper.version_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "number",
            "state",
            "author_id",
            "approver_id",
            "published_at",
            "company_id",
            "policy_id",
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_check_committee()
        return super().create(vals_list)

    def write(self, vals):
        if not vals.keys() <= {"message_follower_ids"}:
            self._policy_check_draft()
        if SAID.intersection(vals):
            self._policy_check_author()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._policy_check_draft()

    def _policy_check_draft(self):
        for paper in self:
            if paper.state != "draft":
                raise UserError(
                    self.env._(
                        "%(paper)s is no longer a draft: it stays as it is.",
                        paper=paper.display_name,
                    )
                )

    def _policy_check_author(self):
        """Refuse to change what another one has written: one could approve one's own words."""
        for paper in self:
            if paper.author_id != self.env.user and not self.env.user._is_superuser():
                raise AccessError(
                    self.env._(
                        "%(paper)s: only %(author)s, who wrote it, changes it. Approve it, or "
                        "write another one.",
                        paper=paper.display_name,
                        author=paper.author_id.name,
                    )
                )

    def _policy_check_committee(self):
        """The right to interpret belongs to the committee alone, whatever the rights say."""
        if not (self.env.su and self.env.user._is_superuser()) and not self.env.user.has_group(
            COMMITTEE
        ):
            raise AccessError(self.env._("Only the committee interprets a policy."))

    # === ACTION METHODS === #

    def action_policy_approve(self):
        """Approve a draft that another member has written."""
        self.check_access("write")
        self._policy_check_committee()
        self._policy_check_draft()
        if self.env.user in self.author_id:
            raise AccessError(self.env._("The author of an interpretation never approves it."))
        self._policy_guarded_write({"state": "approved", "approver_id": self.env.uid})
        self.env["crm.policy.event"]._policy_log("interpretation.approved", self.sudo())
        return True

    def action_policy_draft(self):
        """Take an approved interpretation back to its author; a published one stays."""
        self.check_access("write")
        self._policy_check_committee()
        self._policy_check_approved()
        self._policy_guarded_write({"state": "draft", "approver_id": False})
        return True

    def action_policy_publish(self):
        """Number an approved interpretation and show it to everybody."""
        self.check_access("write")
        self._policy_check_committee()
        self._policy_check_approved()
        for paper in self:
            paper._policy_guarded_write(
                {
                    "state": "published",
                    "published_at": fields.Datetime.now(),
                    "number": paper._policy_next_number(),
                }
            )
            self.env["crm.policy.event"]._policy_log(
                "interpretation.published",
                paper.sudo(),
                {"number": paper.number},
                clause=paper.clause_id or paper.version_id,
            )
        return True

    def _policy_check_approved(self):
        for paper in self:
            if paper.state != "approved":
                raise UserError(self.env._("%(paper)s is not approved.", paper=paper.display_name))

    def _policy_next_number(self):
        """Return the next number of the company's year: INT-2026-0001; never given again."""
        Sequence = self.env["ir.sequence"].sudo()
        company = self.company_id
        sequence = Sequence.search(
            [("code", "=", SEQUENCE), ("company_id", "=", company.id)], limit=1
        )
        if not sequence:
            sequence = Sequence.create(
                [
                    {
                        "name": self.env._("Interpretations (%(company)s)", company=company.name),
                        "code": SEQUENCE,
                        "company_id": company.id,
                        "prefix": "INT-%(range_year)s-",
                        "padding": 4,
                        "use_date_range": True,
                    }
                ]
            )
        return sequence.next_by_id(sequence_date=self.version_id._policy_today())
