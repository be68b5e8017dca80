from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...const import MEDIATIONS, codes_of
from ...words import list_words

RANKS = codes_of(MEDIATIONS)
# To these nobody is driven: both sides agree to them first (001 第6章 二2.1).
VOLUNTARY = ("third_party", "arbitration")


class CrmPolicyMediation(models.Model):
    """A round in which a conflict is to be settled: by ourselves, by a third party, by arbitration.

    The next means is tried when one before has failed; nobody is driven to a third party, and
    arbitration is checked by Legal first (CFL-MED-01, CFL-LGL-01). How a round ended stays as it
    was written down.
    """

    _name = "crm.policy.mediation"
    _description = "Round of Mediation"
    _inherit = ["crm.policy.case.entry"]
    _policy_locked_by = "policy_settled_at"
    _order = "ticket_id, cycle, at, id"

    method = fields.Selection(MEDIATIONS, required=True, default="negotiation")
    at = fields.Datetime(string="Mediated At", required=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users",
        string="For Us",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who speaks for the company.",
    )
    mediator = fields.Char(
        help="Who mediates: an association, a lawyer, an adviser, the arbitration commission."
    )
    our_consent = fields.Boolean(string="We Agree", help="The company wants this means.")
    customer_consent = fields.Boolean(
        string="Customer Agrees", help="The customer wants this means; nobody is driven to it."
    )
    result = fields.Selection(
        [("open", "Under Way"), ("failed", "Failed"), ("agreed", "Agreed")],
        required=True,
        default="open",
    )
    text = fields.Text(
        string="What Came of It", help="What each side has said, and what was agreed."
    )

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle", "method")
    @api.depends_context("lang")
    def _compute_display_name(self):
        methods = dict(self._fields["method"]._description_selection(self.env))
        for round_ in self:
            parts = (round_.ticket_id.policy_handle, methods.get(round_.method))
            round_.display_name = " ".join(part for part in parts if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("method", "result", "mediator", "our_consent", "customer_consent", "text")
    def _check_round(self):
        for round_ in self.sudo():
            problem = round_._policy_problem()
            if problem:
                clause = round_.ticket_id._policy_fact_clause("policy_settled_at")
                raise ValidationError(
                    self.env._(
                        "%(clause)s: %(round)s: %(problem)s",
                        clause=(clause and clause._policy_citation())
                        or round_.ticket_id.policy_version_id.display_name,
                        round=round_.display_name,
                        problem=problem,
                    )
                )

    @api.constrains("at", "ticket_id")
    def _check_at(self):
        for round_ in self.sudo():
            case, now = round_.ticket_id, fields.Datetime.now()
            moment = case._policy_moment("policy_settled_at", round_.at, now)
            if case.policy_intake_at and moment < case.policy_intake_at:
                raise ValidationError(
                    self.env._(
                        "%(case)s: nobody mediates before the conflict is known.",
                        case=case.display_name,
                    )
                )

    def _policy_problem(self):
        """Return what is wrong with the round, a sentence, or None."""
        self.ensure_one()
        case = self.ticket_id
        if case.policy_kind != "conflict":
            return self.env._("Only a conflict is mediated.")
        if case._policy_is_missing("policy_investigated_at"):
            return self.env._("The conflict is assessed first.")
        others = case.policy_mediation_ids - self
        if self.result == "open" and others.filtered(
            lambda other: other.result == "open" and other.cycle == self.cycle
        ):
            return self.env._("The round before is not ended yet.")
        if self.result != "open" and not (self.text or "").strip():
            return self.env._("Write down what came of it.")
        return self._policy_means_problem(others) if self.method in VOLUNTARY else None

    def _policy_means_problem(self, others):
        """Return why nobody goes to a third party or to arbitration now, or None."""
        case = self.ticket_id
        methods = dict(self._fields["method"]._description_selection(self.env))
        if not others.filtered(self._policy_has_failed):
            return self.env._(
                "It comes after an earlier means has failed. These are tried in this order: "
                "%(negotiation)s, %(third_party)s, %(arbitration)s.",
                **methods,
            )
        if not self.our_consent or not self.customer_consent:
            return self.env._(
                "Both sides agree to it first; record the consent of the customer and our own."
            )
        if not (self.mediator or "").strip():
            return self.env._("Say who mediates.")
        if self.method == "arbitration":
            missing = case._policy_missing_legal() + case._policy_need_rights()
            if missing:
                return self.env._(
                    "Still needed before: %(missing)s.", missing=list_words(self.env, missing)
                )
        return None

    def _policy_has_failed(self, other):
        """Return whether ``other`` is an earlier means that brought nothing that has lasted."""
        return RANKS.index(other.method) < RANKS.index(self.method) and (
            other.result == "failed" or other.cycle < self.cycle
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rounds = super().create(vals_list)
        rounds._policy_note_rounds()
        return rounds

    def write(self, vals):
        self._policy_refuse_ended()
        result = super().write(vals)
        self._policy_note_rounds()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ended(self):
        self._policy_refuse_ended()

    def _policy_refuse_ended(self):
        """Keep rounds as they ended; what was tried afterwards is another round."""
        for round_ in self.sudo().filtered(lambda round_: round_.result != "open"):
            raise UserError(
                self.env._(
                    "%(round)s has ended: it stays as it was written down. What was tried "
                    "afterwards is another round.",
                    round=round_.display_name,
                )
            )

    def _policy_note_rounds(self):
        """Leave a trace of which means was tried, and how it ended."""
        for round_ in self.sudo():
            case = round_.ticket_id
            self.env["crm.policy.event"]._policy_log(
                f"mediation.{round_.result}",
                round_,
                {
                    "ticket": case.id,
                    "method": round_.method,
                    "our_consent": round_.our_consent,
                    "customer_consent": round_.customer_consent,
                },
                clause=case._policy_fact_clause("policy_settled_at") or case.policy_version_id,
            )
