import logging
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...const import ENDED_OUTCOMES
from ...exceptions import PolicyRefusal
from ...tools.periods import span_before, spans_since
from ...tools.zones import company_zone, day_end, day_start, local_day
from ...words import list_words
from .conflict_review_line import FIELDS, UNSAID

_logger = logging.getLogger(__name__)

# How many months are analysed together: a number of the policy.
MONTHS = "conflict_review_months"
DAY = 24 * 60 * 60  # seconds
# What a person writes; all the rest is worked out.
WRITTEN = frozenset({"conclusion", "improvement_ids", "none_reason"})
# Who prepares it beside whoever the policy names.
WRITERS = "crm_policy.group_manager"


class CrmPolicyConflictReview(models.Model):
    """What the conflicts of a quarter teach (CFL-IMP-01, 001 第6章 六6.2).

    When a span of the policy is over, the conflicts that were archived in it are counted. Managers
    write what they teach and what is improved, or why nothing has to be; whoever the policy names
    confirms it, and from then on it stays as it is. A span without conflicts has its record, too:
    one that is missing could not be told from one that was forgotten.
    """

    _name = "crm.policy.conflict.review"
    _description = "Analysis of Conflicts"
    _inherit = ["crm.policy.subject", "mail.thread", "mail.activity.mixin"]
    _order = "period_end desc, id desc"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    policy_id = fields.Many2one(
        "crm.policy", required=True, readonly=True, index=True, ondelete="restrict"
    )
    period_start = fields.Date(string="Archived From", required=True, readonly=True)
    period_end = fields.Date(string="Archived Until", required=True, readonly=True)
    opened_at = fields.Datetime(readonly=True, copy=False)
    counted_at = fields.Datetime(readonly=True, copy=False)
    case_ids = fields.Many2many(
        "helpdesk.ticket",
        relation="crm_policy_conflict_review_case_rel",
        string="Conflicts",
        readonly=True,
        copy=False,
        context={"active_test": False},
    )
    line_ids = fields.One2many(
        "crm.policy.conflict.review.line",
        "review_id",
        string="Figures",
        domain=[("case_count", ">", 0)],
        readonly=True,
        copy=False,
    )
    received_count = fields.Integer(
        string="New Conflicts",
        readonly=True,
        copy=False,
        help="What came in during the span, archived or not.",
    )
    case_count = fields.Integer(string="Archived Conflicts", readonly=True, copy=False)
    average_days = fields.Float(
        string="Days on Average",
        digits=(12, 1),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From the intake to the archiving, calendar days.",
    )
    previous_count = fields.Integer(
        string="Archived Before",
        compute="_compute_previous_count",
        aggregator=None,
        help="How many were archived in the span before.",
    )
    conclusion = fields.Text(copy=False, help="What the figures of this span teach.")
    improvement_ids = fields.Many2many(
        "crm.policy.improvement",
        relation="crm_policy_conflict_review_improvement_rel",
        string="Improvement Plans",
        copy=False,
        help="What is improved because of it.",
    )
    none_reason = fields.Text(
        string="Why No Improvement Is Needed", copy=False, help="Where there is no plan."
    )
    reader_ids = fields.Many2many(
        "res.users",
        relation="crm_policy_conflict_review_reader_rel",
        string="Opened For",
        readonly=True,
        copy=False,
    )
    confirmed_at = fields.Datetime(readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    state = fields.Selection(
        [("open", "To Be Analysed"), ("confirmed", "Confirmed")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    can_write = fields.Boolean(compute="_compute_can")
    can_confirm = fields.Boolean(compute="_compute_can")

    _once = models.UniqueIndex("(company_id, policy_id, period_start)", "A span is analysed once.")

    # === COMPUTE METHODS === #

    @api.depends("period_start", "period_end")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "Conflicts %(start)s to %(end)s",
                start=str(review.period_start or ""),
                end=str(review.period_end or ""),
            )

    @api.depends("confirmed_at")
    def _compute_state(self):
        for review in self:
            review.state = "confirmed" if review.confirmed_at else "open"

    @api.depends("period_start", "policy_id")
    def _compute_previous_count(self):
        before = self._policy_before()
        for review in self:
            review.previous_count = before[review.id].case_count if review.id in before else 0

    @api.depends("confirmed_at")
    @api.depends_context("uid")
    def _compute_can(self):
        for review in self:
            open_ = not review.confirmed_at
            review.can_confirm = open_ and self.env.user in review.sudo()._policy_responsible()
            review.can_write = open_ and (review.can_confirm or self.env.user.has_group(WRITERS))

    # === CONSTRAINT METHODS === #

    @api.constrains("improvement_ids")
    def _check_improvements(self):
        for review in self.sudo():
            plans = review.improvement_ids
            foreign = plans.filtered(
                lambda plan, review=review: plan.company_id != review.company_id
            )
            if foreign:
                raise ValidationError(
                    self.env._(
                        "%(plan)s belongs to another company than %(review)s.",
                        plan=foreign[0].display_name,
                        review=review.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model
    def _policy_open_domain(self):
        """What is confirmed stays under the version it was confirmed under."""
        return super()._policy_open_domain() & Domain("confirmed_at", "=", False)

    def _policy_fact_fields(self):
        return super()._policy_fact_fields() | {"opened_at", "confirmed_at"}

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "company_id",
            "policy_id",
            "period_start",
            "period_end",
            "counted_at",
            "case_ids",
            "line_ids",
            "received_count",
            "case_count",
            "average_days",
            "reader_ids",
            "confirmed_by_id",
            "state",
        }

    def write(self, vals):
        if not WRITTEN.intersection(vals):
            return super().write(vals)
        for review in self:
            review._policy_check_open()
            review._policy_check_may("can_write")
        self._policy_forget_seen()
        result = super().write(vals)
        self._policy_forget_seen()
        return result

    def _policy_forget_seen(self):
        """Read links anew: in the cache may be all of them, or those alone that somebody sees."""
        self.invalidate_recordset(["case_ids", "improvement_ids"])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("An analysis of conflicts is kept, not deleted."))

    # === ACTION METHODS === #

    def action_policy_confirm(self):
        """Confirm the analysis; it stays as it is from now on.

        :raises AccessError: the policy names somebody else.
        :raises PolicyRefusal: something is missing, or the figures are not those of today.
        """
        self.check_access("write")  # saves work
        self._policy_forget_seen()
        for review in self:
            review._policy_check_open()
            review._policy_check_may("can_confirm")
            stored = review.sudo()
            missing = stored._policy_missing()
            if missing:
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: %(review)s cannot be confirmed. Missing: %(missing)s. It is "
                        "confirmed by: %(users)s.",
                        clause=stored._policy_citation_of(),
                        review=review.display_name,
                        missing=list_words(self.env, missing),
                        users=stored._policy_responsible_words(),
                    )
                )
            stored._policy_guarded_write({"confirmed_by_id": self.env.uid})
            stored._policy_set_fact("confirmed_at")
            stored._policy_log_confirmed()
        return True

    def action_policy_count(self):
        """Count anew: a conflict was reopened or taken over since."""
        self.check_access("write")  # saves work
        self._policy_forget_seen()
        for review in self:
            review._policy_check_open()
            review._policy_check_may("can_write")
            review.sudo()._policy_count()
        return True

    def action_policy_open_cases(self):
        """Open the conflicts that were counted, as far as the user sees them."""
        self.check_access("read")
        self._policy_forget_seen()
        seen = (
            self.env["helpdesk.ticket"]
            .with_context(active_test=False)
            .search([("id", "in", self.sudo().case_ids.ids)])
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
            "domain": [("id", "in", seen.ids)],
            "context": {"active_test": False, "create": False},
            "name": self.env._("Archived Conflicts"),
        }

    # === OPENING === #

    @api.model
    def _cron_open(self):
        """Open the records of the spans that are over wherever a policy asks for them; once each.

        Daily, and safe at any time and on several nodes. One policy that fails does not stop the
        others; spans that were missed while nothing ran are made up for.
        """
        versions = self.sudo()._policy_asking(Domain("version_id.state", "=", "effective"))
        Cron = self.env["ir.cron"]
        Cron._commit_progress(remaining=len(versions))
        for version in versions:
            self.sudo()._policy_attempt(version)
            if not Cron._commit_progress(1):
                return

    @api.model
    def _policy_attempt(self, version):
        try:
            with self.env.cr.savepoint():
                self._policy_open(version)
        except (UniqueViolation, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            _logger.info("Analysis of conflicts under %s: another node opens it", version.id)
        except Exception:
            _logger.exception("No analysis of conflicts was opened under %s", version.id)

    @api.model
    def _policy_asking(self, domain):
        """Return the versions of policies in use that ask for an analysis, among ``domain``."""
        return (
            self.env["crm.policy.parameter"]
            .sudo()
            .search(
                Domain("code", "=", MONTHS)
                & Domain("value", ">=", 1)
                & Domain("version_id.policy_id.active_in_company", "=", True)
                & Domain("company_id.active", "=", True)
                & domain,
                order="id",
            )
            .version_id
        )

    @api.model
    def _policy_open(self, version):
        """Open the records that a version asks for and that are not there; as superuser."""
        company = version.company_id
        today = local_day(fields.Datetime.now(), company)
        months = int(self.env["crm.policy.parameter"]._policy_value_under(version.id, MONTHS))
        place = {"company_id": company.id, "policy_id": version.policy_id.id}
        last = self.search([(name, "=", id_) for name, id_ in place.items()], limit=1)
        begin = (
            last.period_end + timedelta(days=1) if last else span_before(today, months)[0]
        )  # fmt: skip
        reviews = self._policy_guarded_create(
            [
                {
                    **place,
                    "policy_version_id": version.id,
                    "period_start": start,
                    "period_end": end,
                }
                for start, end in spans_since(begin, today, months)
                if self._policy_asked_in(version, start, end)
            ]
        )
        reviews._policy_count()
        for review in reviews:
            review._policy_open_for(review._policy_responsible())
        reviews._policy_set_fact("opened_at")
        return reviews

    @api.model
    def _policy_asked_in(self, version, start, end):
        """Return whether the policy asked for an analysis in the span: before, nobody owed one."""
        return bool(
            self._policy_asking(
                Domain("version_id.policy_id", "=", version.policy_id.id)
                & Domain("version_id.effective_from", "<=", end)
                & (
                    Domain("version_id.effective_to", "=", False)
                    | Domain("version_id.effective_to", ">=", start)
                )
            )
        )

    def _policy_open_for(self, users):
        """Let ``users``, who are to confirm them or are told of them, read the analyses."""
        for review in self.sudo():
            new = users - review.reader_ids
            if new:
                review._policy_guarded_write(
                    {"reader_ids": [Command.link(user.id) for user in new]}
                )

    # === COUNTING === #

    def _policy_in_span(self, name):
        """Return the conflicts of the policy of which a fact lies in the span."""
        zone = company_zone(self.company_id)
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("policy_kind", "=", "conflict")
            & Domain("policy_version_id.policy_id", "=", self.policy_id.id)
            & Domain(name, ">=", day_start(self.period_start, zone))
            & Domain(name, "<=", day_end(self.period_end, zone))
        )

    def _policy_figures(self):
        """Work out what the analysis shows; as superuser.

        :return: the conflicts, the values of the analysis, and {value: (number, days)} of its
            lines.
        """
        self.ensure_one()
        Case = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        cases = Case.search(self._policy_in_span("policy_closed_at"), order="id")
        # What was cancelled is another case's, or none.
        received = self._policy_in_span("policy_intake_at") & Domain(
            "policy_outcome", "!=", "cancelled"
        )
        vals = {
            "received_count": Case.search_count(received),
            "case_count": len(cases),
            "average_days": self._policy_days(cases),
        }
        figures = {}
        for dimension, name in FIELDS.items():
            by = self._policy_outcome_of if dimension == "outcome" else name
            for code, found in cases.grouped(by).items():
                figures[f"{dimension}_{code or UNSAID}"] = (len(found), self._policy_days(found))
        return cases, vals, figures

    def _policy_count(self):
        """Write the figures of today; as superuser."""
        for review in self:
            cases, vals, figures = review._policy_figures()
            review._policy_guarded_write(
                {
                    **vals,
                    "case_ids": [Command.set(cases.ids)],
                    "counted_at": fields.Datetime.now(),
                }
            )
            review.line_ids._policy_put(review, figures)
            review.invalidate_recordset(["line_ids"])

    def _policy_is_current(self):
        """Return whether counting today would bring the same figures."""
        cases, vals, figures = self._policy_figures()
        return (
            cases == self.case_ids.sorted("id")
            and all(round(self[name] - value, 1) == 0 for name, value in vals.items())
            and figures == {
                line.value: (line.case_count, round(line.average_days, 1))
                for line in self.line_ids
            }
        )  # fmt: skip

    @api.model
    def _policy_outcome_of(self, case):
        """Return how a conflict has ended: its outcome, or the means by which it was settled."""
        agreed = case.policy_mediation_ids.filtered(
            lambda round_: round_.result == "agreed" and round_.cycle == case.policy_cycle
        )
        ended = case.policy_outcome in ENDED_OUTCOMES
        return case.policy_outcome if ended else agreed[-1:].method or case.policy_outcome

    @api.model
    def _policy_days(self, cases):
        """Return the average of the days from intake to archiving, to a tenth; 0 of none."""
        seconds = [
            (case.policy_closed_at - case.policy_intake_at).total_seconds() for case in cases
        ]
        return round(sum(seconds) / len(seconds) / DAY, 1) if seconds else 0.0

    def _policy_before(self):
        """Return {id of an analysis: that of the span before}, where there is one."""
        known = {
            (review.company_id, review.policy_id, review.period_end): review
            for review in self.sudo().search([("policy_id", "in", self.sudo().policy_id.ids)])
        }
        found = {
            review.id: known.get(
                (review.company_id, review.policy_id, review.period_start - timedelta(days=1))
            )
            for review in self.sudo()
        }
        return {id_: review for id_, review in found.items() if review}

    # === BUSINESS METHODS === #

    def _policy_citation_of(self):
        """Return the words of the clause that asks for the analysis."""
        version = self.policy_version_id
        clause = self.env["crm.policy.parameter"]._policy_of(version, MONTHS).clause_id
        return clause._policy_citation() if clause else version.display_name

    def _policy_responsible(self):
        """Return who confirms it: the role of its deadline, else the directors."""
        self.ensure_one()
        rule = (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("version_id", "=", self.policy_version_id.id),
                    ("model_name", "=", self._name),
                    ("done_path", "=", "confirmed_at"),
                ],
                limit=1,
            )
        )
        if rule.role_id:
            return rule.role_id._users_for(self)[self.id]
        directors = self.env.ref("crm_policy.group_director").sudo().all_user_ids
        return directors.filtered(lambda user: self.company_id in user.company_ids)

    def _policy_responsible_words(self):
        return list_words(self.env, self._policy_responsible().mapped("name")) or "-"

    def _policy_check_open(self):
        """Refuse whatever would change what is confirmed, whoever asks."""
        if self.sudo().confirmed_at:
            raise UserError(
                self.env._("%(review)s is confirmed: it stays as it is.", review=self.display_name)
            )

    def _policy_check_pauser(self):
        for review in self:
            review._policy_check_may("can_write")
        return super()._policy_check_pauser()  # saves work

    def _policy_check_may(self, right):
        """Refuse whoever neither prepares nor confirms it.

        :param str right: can_write or can_confirm.
        """
        if self.env.su or self[right]:
            return
        stored = self.sudo()
        words = {
            "clause": stored._policy_citation_of(),
            "review": self.display_name,
            "users": stored._policy_responsible_words(),
        }
        if right == "can_confirm":
            raise AccessError(
                self.env._("%(clause)s: %(review)s is confirmed by: %(users)s.", **words)
            )
        group = self.env.ref(WRITERS).sudo().display_name
        raise AccessError(
            self.env._(
                "%(clause)s: %(review)s is written by %(group)s or by who confirms it: %(users)s.",
                group=group,
                **words,
            )
        )

    def _policy_missing(self):
        """Return the words of what is missing to confirm it."""
        missing = []
        if not (self.conclusion or "").strip():
            missing.append(self.env._("the conclusion"))
        plans = self.improvement_ids.filtered(lambda plan: not plan.cancelled_at)
        if not plans and not (self.none_reason or "").strip():
            missing.append(self.env._("an improvement plan, or why none is needed"))
        if not self._policy_is_current():
            missing.append(
                self.env._("the figures of today: conflicts have changed, count them anew")
            )
        return missing

    def _policy_log_confirmed(self):
        """Keep the figures in the ledger, and what was written as hashes."""
        seal = self.env["crm.policy.sealed"]._policy_seal
        texts = {name: self[name] or "" for name in ("conclusion", "none_reason")}
        clause = self.env["crm.policy.parameter"]._policy_of(self.policy_version_id, MONTHS)
        self.env["crm.policy.event"]._policy_log(
            "conflict_review.confirmed",
            self,
            {
                "start": str(self.period_start),
                "end": str(self.period_end),
                "received": self.received_count,
                "archived": self.case_count,
                "days": f"{self.average_days:.1f}",
                "figures": [
                    [line.value, line.case_count, f"{line.average_days:.1f}"]
                    for line in self.line_ids
                ],
                "cases": sorted(self.case_ids.ids),
                "improvements": sorted(self.improvement_ids.ids),
                **{name: seal(self, name, text)[self.id] for name, text in texts.items() if text},
            },
            clause=clause.clause_id or self.policy_version_id,
        )
