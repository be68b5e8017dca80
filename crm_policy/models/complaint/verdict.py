from datetime import datetime, time

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools import shares
from ...tools.amounts import is_plausible
from ...tools.zones import company_zone, to_utc
from ...words import list_words

COMMITTEE = "quality_complaint"
# What the members and the customer agree to.
SIGNED = (
    "held_at",
    "manner",
    "liability",
    "factory_percent",
    "customer_percent",
    "repair_budget",
    "delivery_date",
    "memo",
)
# Lorries leave and arrive during the day; the day counts (CBK-QLT-01).
END_OF_WORK = time(18)


class CrmPolicyVerdict(models.Model):
    """What the committee says about a quality case: whose fault, what the repair costs whom, when
    the repaired goods come (CMP-RTE-06).

    The members sign it, the sales manager takes it to the customer. Objects he, the committee
    meets again; once he agrees it is the consensus, which is approved by its amount (CMP-RTE-07).
    """

    _name = "crm.policy.verdict"
    _description = "Verdict of the Committee"
    _inherit = [
        "crm.policy.verdict.mail",
        "crm.policy.verdict.customer",
        "crm.policy.sealed.paper",
        "crm.policy.case.entry",
        "crm.policy.case.signature",
    ]
    _policy_section = "verdict"
    _policy_scans = "confirmation_ids"
    _order = "ticket_id, cycle, round, id"

    round = fields.Integer(readonly=True, copy=False)
    held_at = fields.Datetime(string="Met At", required=True, default=fields.Datetime.now)
    manner = fields.Selection(
        [("site", "On the Spot"), ("phone", "By Phone")],
        string="Meeting",
        required=True,
        default="site",
    )
    team_id = fields.Many2one(
        "crm.policy.team", string="Committee", readonly=True, copy=False, ondelete="restrict"
    )
    liability = fields.Text(required=True, help="Why it happened, and whose it is.")
    factory_percent = fields.Float(string="Factory (%)", digits=(5, 2), default=100)
    customer_percent = fields.Float(string="Customer (%)", digits=(5, 2))
    repair_budget = fields.Monetary()
    factory_amount = fields.Monetary(
        string="Borne by the Factory",
        compute="_compute_amounts",
        store=True,
        help="The factory takes what rounding leaves.",
    )
    customer_amount = fields.Monetary(
        string="Borne by the Customer", compute="_compute_amounts", store=True
    )
    delivery_date = fields.Date(string="Delivery of the Repaired Goods")
    memo = fields.Text(string="Delivery Memo", help="What is repaired, how it comes back.")
    signature_ids = fields.One2many(
        "crm.policy.verdict.signature", "verdict_id", string="Signatures", readonly=True, copy=False
    )
    signed_at = fields.Datetime(
        readonly=True, copy=False, help="When enough of the members had signed."
    )
    objected_at = fields.Datetime(readonly=True, copy=False)
    objection = fields.Text(readonly=True, copy=False)
    agreed_at = fields.Datetime(string="Consensus At", readonly=True, copy=False)
    told_by_id = fields.Many2one(
        "res.users", string="Settled with the Customer By", readonly=True, copy=False,
        ondelete="restrict",
    )  # fmt: skip
    late_reason = fields.Text(string="Why It Was Late", readonly=True, copy=False)
    confirmation_ids = fields.Many2many(
        "ir.attachment",
        relation="crm_policy_verdict_confirmation_rel",
        string="Customer's Confirmation",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    state = fields.Selection(
        [
            ("draft", "Waiting for Signatures"),
            ("signed", "With the Customer"),
            ("objected", "Customer Objects"),
            ("agreed", "Consensus"),
            ("rejected", "Not Approved"),
        ],
        compute="_compute_state",
        store=True,
    )
    writer_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_verdict_writer_rel",
        string="Written By",
        readonly=True,
        copy=False,
        help="Who has changed it since it was created: none of them decides on it.",
    )
    can_sign = fields.Boolean(compute="_compute_can")
    can_settle = fields.Boolean(compute="_compute_can")

    _round_uniq = models.UniqueIndex(
        "(ticket_id, cycle, round)", "A case has each round of its committee once."
    )
    _one_open = models.UniqueIndex(
        "(ticket_id, cycle) WHERE state IN ('draft', 'signed')",
        "The committee meets again once the customer has objected.",
    )

    # === COMPUTE METHODS === #

    @api.depends("ticket_id.policy_handle", "round")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for verdict in self:
            words = self.env._("verdict, round %(round)s", round=verdict.round)
            parts = (verdict.ticket_id.policy_handle, words)
            verdict.display_name = " ".join(part for part in parts if part)

    @api.depends("factory_percent", "customer_percent", "repair_budget", "currency_id")
    def _compute_amounts(self):
        for verdict in self:
            percents = [verdict.factory_percent, verdict.customer_percent]
            sound = all(percent >= 0 for percent in percents) and sum(percents) > 0
            parts = [0, 0]
            if sound and is_plausible(verdict.repair_budget) and verdict.repair_budget > 0:
                parts = shares.split(verdict.repair_budget, percents)
            verdict.factory_amount, verdict.customer_amount = map(float, parts)

    @api.depends("signed_at", "objected_at", "agreed_at", "policy_approval_state")
    def _compute_state(self):
        for verdict in self:
            rejected = verdict.policy_approval_state == "rejected"
            verdict.state = (
                (rejected and "rejected")
                or (verdict.agreed_at and "agreed")
                or (verdict.objected_at and "objected")
                or (verdict.signed_at and "signed")
                or "draft"
            )

    @api.depends("state", "signature_ids.user_id", "team_id")
    @api.depends_context("uid")
    def _compute_can(self):
        user = self.env.user
        for verdict in self:
            stored = verdict.sudo()
            open_to_sign = stored.state in ("draft", "signed") and verdict._origin
            verdict.can_sign = bool(open_to_sign) and user in (
                stored.team_id._policy_voters()
                - stored.signature_ids.user_id
                - stored.ticket_id.policy_accused_user_ids
            )
            verdict.can_settle = stored.state == "signed" and user in stored._policy_settlers()

    # === CONSTRAINT METHODS === #

    @api.constrains("factory_percent", "customer_percent")
    def _check_percents(self):
        for verdict in self:
            percents = [verdict.factory_percent, verdict.customer_percent]
            sound = all(0 <= percent <= 100 for percent in percents)
            if not sound or not shares.adds_up(percents):
                raise ValidationError(
                    self.env._(
                        "The shares of factory and customer are 100 %% together, not "
                        "%(factory)g + %(customer)g.",
                        factory=percents[0],
                        customer=percents[1],
                    )
                )

    @api.constrains("repair_budget", "delivery_date", "held_at")
    def _check_repair(self):
        for verdict in self:
            budget = verdict.repair_budget
            if not is_plausible(budget) or budget < 0:
                raise ValidationError(
                    self.env._("An amount of %(amount)s cannot be meant.", amount=budget)
                )
            if budget and not verdict.delivery_date:
                raise ValidationError(
                    self.env._("Say on which day the repaired goods are delivered.")
                )
            if verdict.held_at > fields.Datetime.now():
                raise ValidationError(self.env._("The committee has not met yet."))
            day = verdict.delivery_date
            if day and not 0 <= (day - verdict.held_at.date()).days <= 3650:
                raise ValidationError(
                    self.env._(
                        "The repaired goods cannot be delivered on %(day)s.",
                        day=fields.Date.to_string(day),
                    )
                )

    # === CRUD METHODS === #

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "round",
            "team_id",
            "factory_amount",
            "customer_amount",
            "signature_ids",
            "signed_at",
            "objected_at",
            "objection",
            "agreed_at",
            "told_by_id",
            "late_reason",
            "confirmation_ids",
            "state",
            "writer_ids",
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._policy_refuse_second(vals_list)
        # The index on the round that runs looks at the rows: the former one has ended there too.
        self.flush_model(["state"])
        verdicts = super().create(vals_list)
        for verdict in verdicts:
            case = verdict.sudo().ticket_id
            case._policy_check_committee()
            team = self.env["crm.policy.team"].sudo()._policy_team_of(COMMITTEE, case.company_id)
            if case.policy_committee_id != team:
                case._policy_put_before(team)
            former = case._policy_verdicts() - verdict
            verdict.sudo()._policy_guarded_write(
                {"team_id": team.id, "round": max(former.mapped("round"), default=0) + 1}
            )
            verdict.sudo()._policy_log_step("convened", {"round": verdict.round})
        return verdicts

    def _policy_refuse_second(self, vals_list):
        """Name the round that runs instead of letting the database stumble over a second one."""
        ids = [vals.get("ticket_id") for vals in vals_list]
        Ticket = self.env["helpdesk.ticket"]
        known = Ticket.browse([id_ for id_ in ids if type(id_) is int]).exists()
        for case in known._filtered_access("read").sudo():
            running = case._policy_verdicts().filtered(
                lambda verdict: verdict.state in ("draft", "signed")
            )
            if running:
                raise UserError(
                    self.env._(
                        "%(verdict)s: %(state)s. The committee meets again once the customer has "
                        "objected.",
                        verdict=running[0].display_name,
                        state=dict(self._fields["state"]._description_selection(self.env))[
                            running[0].state
                        ],
                    )
                )

    def write(self, vals):
        names = [name for name in SIGNED if name in vals]
        for verdict in self.sudo():
            if names and verdict.signature_ids:
                raise UserError(
                    self.env._(
                        "%(verdict)s is signed: it stays as it is. After an objection the "
                        "committee meets again.",
                        verdict=verdict.display_name,
                    )
                )
        if "ticket_id" in vals:
            raise UserError(self.env._("A verdict stays with its case."))
        result = super().write(vals)
        if names:
            others = self.sudo().filtered(lambda verdict: verdict.create_uid != self.env.user)
            others._policy_guarded_write({"writer_ids": [Command.link(self.env.uid)]})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("A verdict of the committee stays with its case."))

    # === ACTION METHODS === #

    def action_policy_sign(self):
        """Stand by the verdict as a member of the committee; with the quorum it goes to the
        customer (CMP-RTE-06).

        :raises AccessError: the user has no vote there now, or the case is about him.
        """
        for verdict in self:
            stored = verdict._policy_take_step("sign")
            now = fields.Datetime.now()
            self.env["crm.policy.verdict.signature"].sudo()._policy_insert(
                [{"verdict_id": verdict.id, "user_id": self.env.uid, "signed_at": now}]
            )
            stored.invalidate_recordset(["signature_ids"])
            stored._policy_log_step("signed", {"user": self.env.uid})
            voices = stored.signature_ids.user_id - stored.ticket_id.policy_accused_user_ids
            if not stored.signed_at and stored.team_id._policy_has_quorum(voices):
                stored._policy_guarded_write({"signed_at": now})
        return True

    def action_policy_object(self, text=None):
        """Record what the customer says against it; the committee meets again (CMP-RTE-07)."""
        text = self._policy_text(text, self.env._("Write down what the customer objects to."))
        for verdict in self:
            stored = verdict._policy_take_step("settle")
            stored._policy_check_unconfirmed()
            stored._policy_note_objection(text, self.env.user)
        return True

    def action_policy_agree(self, attachment_ids=None, reason=None):
        """Record the consensus: the customer has confirmed it, the sales manager co-signs.

        He confirms on paper, or himself in the portal (:meth:`_policy_customer_decides`).

        The opinion of the department is answered with it, its clock stops; the verdict is submitted
        to whoever is competent for its amount.

        :param list attachment_ids: ids of what the customer has signed: pictures or PDF.
        :param str reason: why it comes late; required then.
        :raises ValidationError: his confirmation, or the reason, is missing.
        """
        self.ensure_one()
        verdict = self._policy_take_step("settle")
        papers = self._policy_papers(attachment_ids)
        lines = verdict.ticket_id._policy_verdict_lines()
        late = any(line.policy_is_late for line in lines)
        reason = reason.strip() if isinstance(reason, str) else ""
        if late and not reason:
            raise ValidationError(
                self.env._(
                    "%(clause)s: the consensus comes late. Say why.",
                    clause=lines[0].step_id.clause_id._policy_citation(),
                )
            )
        with self.env.cr.savepoint():
            verdict._policy_guarded_write(
                {
                    "agreed_at": fields.Datetime.now(),
                    "told_by_id": self.env.uid,
                    "late_reason": reason or False,
                    "confirmation_ids": [fields.Command.set(papers.ids)],
                }
            )
            self._policy_keep_scans()
            verdict._policy_log_step(
                "agreed",
                {
                    "budget": verdict.repair_budget,
                    "factory": verdict.factory_amount,
                    "customer": verdict.customer_amount,
                    "files": papers.sudo().mapped("checksum"),
                    **verdict._policy_confirmation(),
                },
            )
            lines._policy_answer_for(verdict._policy_summary())
            verdict._policy_plan_delivery()
            verdict._policy_submit()
        return True

    # === BUSINESS METHODS === #

    def _policy_note_objection(self, text, user):
        """Keep what the customer says against it, told by ``user``; as superuser."""
        self._policy_guarded_write(
            {"objected_at": fields.Datetime.now(), "objection": text, "told_by_id": user.id}
        )
        seals = self.env["crm.policy.sealed"]._policy_seal(self, "objection", text)
        self._policy_log_step("objected", {"text": seals[self.id]})

    def _policy_open_problem(self, states):
        """Return why nothing is done with it now, or None.

        :raises AccessError: the case is about the user.
        """
        self.ticket_id._policy_refuse_accused()
        problem = self._policy_lock_problem(self.ticket_id)
        if problem:
            return UserError(problem)
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            return UserError(
                self.env._(
                    "%(verdict)s: %(state)s. This step was taken or is not due.",
                    verdict=self.display_name,
                    state=labels[self.state],
                )
            )
        return None

    def _policy_sign_problem(self, user):
        problem = self._policy_open_problem(("draft", "signed"))
        if problem:
            return problem
        voters = self.team_id._policy_voters() if self.team_id else user.browse()
        if user not in voters:
            return AccessError(
                self.env._(
                    "%(verdict)s is signed by the members of %(team)s: %(users)s.",
                    verdict=self.display_name,
                    team=self.team_id.name or "-",
                    users=list_words(self.env, voters.mapped("name")) or "-",
                )
            )
        if user in self.signature_ids.user_id:
            return UserError(
                self.env._("%(verdict)s: you have signed it.", verdict=self.display_name)
            )
        return None

    def _policy_settlers(self):
        """Return who speaks with the customer about it: his sales manager; as superuser."""
        return self.ticket_id._policy_visitors()

    def _policy_settle_problem(self, user):
        problem = self._policy_open_problem(("signed",))
        users = self._policy_settlers()
        if not problem and user not in users:
            problem = AccessError(
                self.env._(
                    "%(verdict)s is settled with the customer by his sales manager: %(users)s.",
                    verdict=self.display_name,
                    users=list_words(self.env, users.mapped("name")) or "-",
                )
            )
        return problem

    def _policy_papers(self, attachment_ids):
        """Return the files that a caller names; he may read them.

        Who has confirmed it himself has nothing to sign.
        """
        if not attachment_ids and self.sudo().confirmed_at:
            return self.env["ir.attachment"]
        ids = attachment_ids if isinstance(attachment_ids, list | tuple) else []
        if not ids or not all(isinstance(id_, int) and id_ > 0 for id_ in ids):
            raise ValidationError(
                self.env._(
                    "%(verdict)s: attach what the customer has signed.", verdict=self.display_name
                )
            )
        papers = self.env["ir.attachment"].browse(ids).exists()
        papers.check_access("read")
        if len(papers) != len(set(ids)):
            raise ValidationError(self.env._("One of the files is not there."))
        return papers

    def _policy_summary(self):
        """Return the consensus in words, as the opinion of the department."""
        currency = self.currency_id
        return self.env._(
            "Round %(round)s: factory %(factory)g %%, %(factory_amount)s; customer %(customer)g "
            "%%, %(customer_amount)s. %(memo)s",
            round=self.round,
            factory=self.factory_percent,
            factory_amount=currency.format(self.factory_amount),
            customer=self.customer_percent,
            customer_amount=currency.format(self.customer_amount),
            memo=self.memo or "",
        )

    def _policy_promised(self):
        """Return until when the memo promises the repaired goods, naive UTC; None: it does not."""
        if not self.delivery_date:
            return None
        zone = company_zone(self.company_id)
        return to_utc(datetime.combine(self.delivery_date, END_OF_WORK), zone)

    def _policy_plan_delivery(self):
        """Let the callback follow the day of the memo (CBK-QLT-01)."""
        promised = self._policy_promised()
        if promised:
            self.ticket_id.write({"policy_repair_delivery_at": promised})

    def _policy_log_step(self, step, details):
        self.env["crm.policy.event"]._policy_log(
            f"verdict.{step}",
            self,
            {"case": self.ticket_id.id, **details},
            clause=self.team_id.clause_id or self.ticket_id.policy_version_id,
        )

    # === APPROVAL === #

    def action_policy_submit(self):
        """Submit again what was recalled: the consensus, and nothing before it."""
        for verdict in self:
            if not verdict.sudo().agreed_at:
                raise UserError(
                    self.env._(
                        "%(verdict)s is submitted once the customer agrees.",
                        verdict=verdict.display_name,
                    )
                )
        return super().action_policy_submit()

    def _policy_approval_values(self):
        return {
            "ticket": self.ticket_id.id,
            "round": self.round,
            "budget": f"{self.repair_budget:.2f}",
            "shares": [f"{self.factory_percent:.2f}", f"{self.customer_percent:.2f}"],
            "delivery": str(self.delivery_date or ""),
            "memo": self.memo or "",
            "liability": self.liability or "",
        }

    def _policy_approval_name(self):
        return self.display_name

    def _policy_approval_amount(self):
        return self.factory_amount

    def _policy_claimed_amount(self):
        """Return nothing: it spends nothing of a limit in total, the remedies do."""
        return 0.0

    def _policy_proposers(self):
        return super()._policy_proposers() | self.writer_ids

    def _policy_on_approved(self):
        result = super()._policy_on_approved()
        for verdict in self:
            verdict._policy_log_step("approved", {"round": verdict.round})
            promised = verdict._policy_promised()
            if promised:
                verdict.ticket_id._policy_plan_repair(promised)
        return result
