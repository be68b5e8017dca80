from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import hmac

from ...tools import shares
from ...tools.draw import drawn_percent

# The parameter by which a policy wants shares before each decision.
REQUIRED = "shares_required"
PROPOSERS = ("crm_policy.group_supervisor",)
# A case that began with it is not closed before it is decided (CMP-RTE-02).
DECIDED_BEFORE_CLOSING = "grievance_unknown"
WITH_SHARES = ("complaint", "conflict")


class CrmPolicyCaseBlame(models.AbstractModel):
    """Whose fault a case was, what it has cost, and what follows (002 篇一 第九条（六）)."""

    _name = "crm.policy.case.blame"
    _description = "Responsibility and Loss of a Case"

    # What this part needs of the others; their own definitions stay as they are.
    policy_currency_id = fields.Many2one("res.currency")
    policy_cycle = fields.Integer()

    policy_responsibility_ids = fields.One2many(
        "crm.policy.responsibility",
        "ticket_id",
        string="Shares of the Responsibility",
        copy=False,
        groups="base.group_user",
    )
    policy_loss_ids = fields.One2many(
        "crm.policy.loss", "ticket_id", string="Losses", copy=False, groups="base.group_user"
    )
    policy_sanction_ids = fields.One2many(
        "crm.policy.sanction",
        "ticket_id",
        string="Sanctions",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_blame_review_ids = fields.One2many(
        "crm.policy.blame.review",
        "ticket_id",
        string="Reviews of the Judgement",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_loss_amount = fields.Monetary(
        string="Loss in Total",
        currency_field="policy_currency_id",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="What the case has cost us, without VAT.",
    )
    policy_share_total = fields.Float(
        string="Shares Together (%)",
        digits=(6, 2),
        compute="_compute_policy_share_total",
        groups="base.group_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("policy_responsibility_ids.share", "policy_cycle")
    def _compute_policy_share_total(self):
        for case in self:
            case.policy_share_total = sum(case._policy_present_shares().mapped("share"))

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "policy_loss_amount",
            "policy_sanction_ids",
            "policy_blame_review_ids",
        }

    # === ACTION METHODS === #

    def action_policy_open_blame(self):
        """Open the shares, the losses and the sanctions of the case."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Responsibility and Loss"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("crm_policy.case_blame_view_form").id, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_policy_propose_sanctions(self):
        """Propose what the policy says for the shares of decided cases; once.

        :return: the action that shows the sanctions.
        :raises UserError: a case is not decided, or nothing follows from its shares.
        """
        self._policy_check_actor(PROPOSERS)
        self._policy_check_governed()
        sanctions = self.env["crm.policy.sanction"]
        for case in self:
            if not case.policy_decided_at:
                raise UserError(
                    self.env._(
                        "%(case)s: sanctions follow from its shares once it is decided.",
                        case=case.display_name,
                    )
                )
            sanctions |= sanctions._policy_propose_for_case(case).with_env(self.env)
        if not sanctions:
            raise UserError(
                self.env._("Nothing follows from the shares: the policy proposes no sanction.")
            )
        return {
            **self.env["ir.actions.actions"]._for_xml_id("crm_policy.sanction_action"),
            "domain": [("ticket_id", "in", self.ids)],
        }

    # === BUSINESS METHODS === #

    def _policy_present_shares(self):
        """Return the shares that the next decision is about."""
        return self.policy_responsibility_ids.filtered(
            lambda line: line.cycle == line.ticket_id.policy_cycle
        )

    def _policy_judgement_number(self):
        """Return by which number the judgement is drawn for a review, from 0 up to 100."""
        self.ensure_one()
        basis = (self.company_id.id, self.id, self.policy_cycle)
        return drawn_percent(hmac(self.env(su=True), "crm_policy.judgement", basis))

    def _policy_loss_to_split(self):
        """Return the loss that the present shares divide: not what was divided before."""
        self.ensure_one()
        lines = self.policy_loss_ids.filtered(lambda line: line.cycle == self.policy_cycle)
        return sum(lines.mapped("amount"))

    def _policy_sum_losses(self):
        """Keep what each case has cost; as superuser."""
        for case in self:
            total = case.policy_currency_id.round(sum(case.policy_loss_ids.mapped("amount")))
            if case.policy_currency_id.compare_amounts(total, case.policy_loss_amount):
                case._policy_guarded_write({"policy_loss_amount": total})
                case._policy_keep_severity()

    def _policy_loss(self):
        # What it has cost counts where that is more than what somebody had expected (CMP-CLS-03).
        return max(super()._policy_loss(), self.policy_loss_amount)

    def _policy_decide_problems(self):
        return super()._policy_decide_problems() + self._policy_share_problems()

    def _policy_close_problems(self):
        user = self.env.user
        waiting = self.sudo().policy_sanction_ids.filtered(
            lambda sanction: (
                sanction.family == DECIDED_BEFORE_CLOSING
                and sanction.state in ("proposed", "opinion")
            )
        )
        # Nobody learns of his own before it is decided (RWD-DIS-01).
        own = waiting.filtered(lambda sanction: user in sanction._policy_concerned())
        problems = super()._policy_close_problems() + [
            self.env._(
                "%(clause)s: %(sanction)s is decided first.",
                clause=sanction.clause_id._policy_citation(),
                sanction=sanction.display_name,
            )
            for sanction in waiting - own
        ]
        if own:
            problems.append(self.env._("Another decision on the case is taken first."))
        return problems

    def _policy_fill_problems(self, section):
        problems = super()._policy_fill_problems(section)
        if section == "responsibility":
            problems += self._policy_share_problems(required=True)
        return problems

    def _policy_share_problems(self, required=False):
        """Return why the shares do not bear a decision.

        :param bool required: there must be some, whatever the policy says of decisions.
        """
        case = self.sudo()
        lines = case._policy_present_shares()
        if lines:
            percents = lines.mapped("share")
            if shares.adds_up(percents):
                return []
            return [
                self.env._(
                    "The shares of the responsibility are %(total)g percent together; they have "
                    "to be 100.",
                    total=sum(percents),
                )
            ]
        demanded = case.policy_kind in WITH_SHARES and case._policy_parameter(REQUIRED)
        if required or demanded:
            return [self.env._("Say who is responsible, in shares that are 100 percent together.")]
        return []

    def _policy_parameter(self, code):
        """Return the number that the version of the case gives, 0 where it does not say one."""
        return self._policy_parameters(self.policy_version_id.id).get(code, 0.0)

    @api.model
    @tools.ormcache("version_id")
    def _policy_parameters(self, version_id):
        """Return {code: value} of a version."""
        found = (
            self.env["crm.policy.parameter"].sudo().search([("version_id", "=", version_id)])
            if version_id
            else ()
        )
        return {parameter.code: parameter.value for parameter in found}

    def _policy_fact_vals(self, name, moment):
        vals = super()._policy_fact_vals(name, moment)
        if name == "policy_decided_at":
            self.sudo()._policy_present_shares()._policy_keep_amounts()
        return vals
