from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...tools.periods import span_before
from ...tools.zones import company_zone, day_end, day_start, local_day
from .petition import SHARE_TRIGGERS

# The numbers of the policy: how many months are looked at together, and which share of them.
MONTHS = "responsibility_recheck_months"
SHARE = "responsibility_recheck_percent"


class CrmPolicyBlameReview(models.Model):
    """The team for responsibility looks again at who was found responsible (CFL-RSP-02).

    Of the conflicts that were judged in the last span some are drawn, at least one; the team votes
    whether the judgement stands. Where it does not, what follows from it falls: the sanctions are
    revoked, and nobody loses points by it. Who judged, and whom it is about, has no vote.
    """

    _name = "crm.policy.blame.review"
    _description = "Review of a Judgement"
    _inherit = ["crm.policy.dependent", "crm.policy.case.document", "crm.policy.route.decided"]
    _policy_document_field = "ticket_id"
    _order = "id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Conflict",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    # The roles of a route find the persons of the case here.
    user_id = fields.Many2one(related="ticket_id.user_id", string="Handler of the Case")
    policy_department_id = fields.Many2one(related="ticket_id.policy_department_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id")
    policy_version_id = fields.Many2one(
        "crm.policy.version",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The version under which it was drawn.",
    )
    cycle = fields.Integer(readonly=True, help="How often the case had been reopened.")
    judged_at = fields.Datetime(readonly=True)
    judge_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_blame_review_judge_rel",
        string="Judged By",
        readonly=True,
    )
    period_start = fields.Date(string="Judged From", readonly=True)
    period_end = fields.Date(string="Judged Until", readonly=True)
    drawn_at = fields.Datetime(readonly=True)
    drawn_value = fields.Float(
        string="Drawn Number",
        digits=(5, 2),
        readonly=True,
        aggregator=None,
        help="Between 0 and 100; what lies below the share of the policy is drawn, or else the "
        "lowest of the span.",
    )
    responsibility_ids = fields.Many2many(
        "crm.policy.responsibility", string="Shares", compute="_compute_responsibility_ids"
    )
    outcome = fields.Selection(
        [
            ("waiting", "Not Submitted"),
            ("pending", "Being Reviewed"),
            ("upheld", "Judgement Stands"),
            ("overturned", "Judgement Overturned"),
        ],
        compute="_compute_outcome",
    )
    decision_text = fields.Text(string="Reasons", compute="_compute_outcome")

    _once = models.UniqueIndex("(ticket_id, cycle)", "A judgement is reviewed once.")

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle", "period_start")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "Judgement on %(case)s", case=review.ticket_id.policy_handle or ""
            )

    @api.depends("ticket_id.policy_responsibility_ids", "cycle")
    def _compute_responsibility_ids(self):
        for review in self:
            review.responsibility_ids = review.ticket_id.policy_responsibility_ids.filtered(
                lambda line, review=review: line.is_decided and line.cycle == review.cycle
            )

    @api.depends("policy_approval_state")
    def _compute_outcome(self):
        words = {"none": "waiting", "approved": "upheld", "rejected": "overturned"}
        for review in self:
            review.outcome = words.get(review.policy_approval_state, "pending")
            said = review.sudo().policy_approval_id.decision_ids.filtered("comment")[-1:]
            decided = review.outcome in ("upheld", "overturned")
            review.decision_text = said.comment if decided else False

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "ticket_id",
            "company_id",
            "policy_version_id",
            "cycle",
            "judged_at",
            "judge_ids",
            "period_start",
            "period_end",
            "drawn_at",
            "drawn_value",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was asked and decided stays with the case."))

    # === DRAWING === #

    @api.model
    def _cron_draw(self):
        """Draw the judgements of the last span where a policy has a route for their review; once.

        Daily: a judgement of the span that is recorded late is drawn, too, and what nobody could
        be asked about is asked again.
        """
        routes = (
            self.env["crm.policy.route"]
            .sudo()
            .search(
                [
                    ("model_name", "=", self._name),
                    ("version_id.state", "=", "effective"),
                    ("version_id.policy_id.active_in_company", "=", True),
                ]
            )
        )
        for version in routes.version_id:
            self._policy_draw(version)
        waiting = Domain("policy_approval_state", "=", "none")
        known = Domain("policy_version_id", "in", routes.version_id.ids)
        for review in self.sudo().search(waiting & known, order="id"):
            review._policy_ask()

    @api.model
    def _policy_draw(self, version):
        """Draw among the judgements of the last span under a version; as superuser."""
        parameter = self.env["crm.policy.parameter"]._policy_of
        months, share = (int(parameter(version, MONTHS).value), parameter(version, SHARE).value)
        if months < 1:
            return self
        company = version.company_id
        span = span_before(local_day(fields.Datetime.now(), company), months)
        numbers = {
            case: case._policy_judgement_number()
            for case in self._policy_judged(version, *span)
        }  # fmt: skip
        lowest = min(numbers, key=numbers.get, default=None)
        drawn = [case for case, value in numbers.items() if value < share or case == lowest]
        known = {
            (review.ticket_id, review.cycle)
            for review in self.sudo().search(
                [("ticket_id", "in", [case.id for case in drawn])]
            )
        }  # fmt: skip
        judges = self._policy_judges(drawn)
        reviews = self.sudo()._policy_guarded_create(
            [
                {
                    "ticket_id": case.id,
                    "policy_version_id": version.id,
                    "cycle": case.policy_cycle,
                    "judged_at": case.policy_decided_at,
                    "judge_ids": [Command.set(judges.get(case.id, ()))],
                    "period_start": span[0],
                    "period_end": span[1],
                    "drawn_at": fields.Datetime.now(),
                    "drawn_value": numbers[case],
                }
                for case in drawn
                if (case, case.policy_cycle) not in known
            ]
        )
        clause = parameter(version, MONTHS).clause_id
        self.env["crm.policy.event"]._policy_log(
            "judgement.drawn",
            reviews,
            payloads={
                review.id: {"ticket": review.ticket_id.id, "number": review.drawn_value}
                for review in reviews
            },
            clause=clause,
        )
        return reviews

    @api.model
    def _policy_judged(self, version, start, end):
        """Return the conflicts of a policy that were judged from ``start`` to ``end``."""
        company = version.company_id
        zone = company_zone(company)
        return (
            self.env["helpdesk.ticket"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("policy_kind", "=", "conflict"),
                    ("policy_version_id.policy_id", "=", version.policy_id.id),
                    ("policy_decided_at", ">=", day_start(start, zone)),
                    ("policy_decided_at", "<=", day_end(end, zone)),
                ],
                order="id",
            )
            .filtered(lambda case: any(case._policy_present_shares().mapped("is_decided")))
        )

    @api.model
    def _policy_judges(self, cases):
        """Return {id of a case: ids of the users who have decided it}."""
        events = self.env["crm.policy.event"].sudo().search(
            [
                ("res_model", "=", "helpdesk.ticket"),
                ("res_id", "in", [case.id for case in cases]),
                ("type", "=", "fact.decided"),
            ]
        )  # fmt: skip
        return {
            res_id: set(found.mapped("actor_id"))
            for res_id, found in events.grouped("res_id").items()
        }

    def _policy_ask(self):
        """Ask the team; what hinders it is said on the case the first time, and tried again."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._policy_submit()
        except UserError as error:
            if not self._policy_hindered():
                self.ticket_id._message_log(body=str(error))
                self.env["crm.policy.event"]._policy_log(
                    "judgement.hindered", self, clause=self.policy_version_id
                )

    def _policy_hindered(self):
        """Return whether the case says already what hinders the review."""
        events = self.env["crm.policy.event"].sudo()
        return events.search_count(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("type", "=", "judgement.hindered"),
            ],
            limit=1,
        )

    # === APPROVAL === #

    def _policy_approval_values(self):
        return {
            "ticket": self.ticket_id.id,
            "cycle": self.cycle,
            "shares": [
                [line.id, line._policy_party_name(), f"{line.share:.2f}"]
                for line in self.responsibility_ids.sorted("id")
            ],
        }

    def _policy_approval_barred_users(self):
        lines = self.responsibility_ids
        concerned = lines.employee_id.user_id | lines.department_id.manager_id.user_id
        return self.judge_ids | self.ticket_id.policy_accused_user_ids | concerned

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        for review in self.sudo():
            review._policy_note_outcome("judgement.upheld", self.env._("stands"))
        return result

    def _policy_on_rejected(self):
        result = super()._policy_on_rejected()
        for review in self.sudo():
            review._policy_overturn()
        return result

    # === BUSINESS METHODS === #

    def _policy_overturn(self):
        """Let fall what follows from the judgement: points and sanctions."""
        lines = self.responsibility_ids
        lines._policy_guarded_write({"is_overturned": True})
        sanctions = self.ticket_id.policy_sanction_ids.filtered(
            lambda sanction: (
                sanction.cycle == self.cycle
                and (not sanction.rule_id or sanction.rule_id.trigger in SHARE_TRIGGERS)
                and sanction.state not in ("revoked", "rejected")
            )
        )
        words = self._policy_note_outcome("judgement.overturned", self.env._("is overturned"))
        for sanction in sanctions:
            sanction._policy_revoke(words)
        # Whom it was decided about learns that it is no more.
        sanctions.filtered("decided_at")._policy_tell()

    def _policy_note_outcome(self, code, outcome):
        """Leave the trace of the decision, on the case too, and return it in words."""
        request = self.policy_approval_id
        words = self.env._(
            "%(clause)s: the judgement on %(case)s %(outcome)s. %(comment)s",
            clause=request.clause_id._policy_citation(),
            case=self.ticket_id.policy_handle,
            outcome=outcome,
            comment=self.decision_text or "",
        ).strip()
        self.env["crm.policy.event"]._policy_log(
            code, self, {"ticket": self.ticket_id.id, "cycle": self.cycle}, clause=request.clause_id
        )
        self.ticket_id._message_log(body=words)
        return words
