import logging
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...tools.zones import company_zone, day_end, local_day
from ...words import list_words
from .sanction_rule import MONEY

_logger = logging.getLogger(__name__)

WRITERS = ("supervisor", "hr", "director", "ceo")
PUBLISHERS = ("hr",)
LISTED = ("approved", "executed")


class CrmPolicyPersonnelNotice(models.Model):
    """The sanctions of a month: of persons, published by Personnel, or those of departments.

    It lists what was approved for cases settled until the end of the month and was on no earlier
    one; when it is handed over it stays as it is (RWD-ADM-01; 002 篇一 第九条（九）).
    """

    _name = "crm.policy.personnel.notice"
    _description = "Personnel Notice"
    _inherit = ["crm.policy.subject"]
    _order = "period_start desc, kind, id desc"

    kind = fields.Selection(
        [("personnel", "Personnel Notice"), ("department", "Penalties of the Departments")],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    period_start = fields.Date(string="First Day", required=True, readonly=True)
    period_end_at = fields.Datetime(
        string="End of the Month", required=True, readonly=True, help="Its last second."
    )
    to_hr_at = fields.Datetime(string="Given to Personnel At", readonly=True)
    published_at = fields.Datetime(readonly=True, index=True)
    state = fields.Selection(
        [("draft", "Draft"), ("to_hr", "Handed Over"), ("published", "Published")],
        compute="_compute_state",
    )
    line_ids = fields.One2many(
        "crm.policy.personnel.notice.line", "notice_id", string="Lines", readonly=True
    )
    sanction_ids = fields.Many2many(
        "crm.policy.sanction",
        string="Sanctions to List",
        compute="_compute_sanction_ids",
        help="What would be handed over now, as far as you see it.",
    )

    _once = models.Constraint(
        "UNIQUE(company_id, kind, period_start)", "A company has one of each notice for a month."
    )

    # === COMPUTE METHODS === #

    @api.depends("to_hr_at", "published_at")
    def _compute_state(self):
        for notice in self:
            notice.state = (
                (notice.published_at and "published") or (notice.to_hr_at and "to_hr") or "draft"
            )

    @api.depends("to_hr_at")
    @api.depends_context("uid")
    def _compute_sanction_ids(self):
        for notice in self:
            found = self.env["crm.policy.sanction"].sudo()
            if not notice.to_hr_at:
                # Who reads the sanctions need not see the cases.
                found = found.search(notice.sudo()._policy_listed_domain())
            notice.sanction_ids = found.with_env(self.env)._filtered_access("read")

    @api.depends("kind", "period_start")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for notice in self:
            month = f"{notice.period_start:%Y-%m}" if notice.period_start else ""
            notice.display_name = f"{kinds.get(notice.kind, '')} {month}".strip()

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        return frozenset({"period_end_at", "to_hr_at", "published_at"})

    def _policy_guarded_fields(self):
        return super()._policy_guarded_fields() | {
            "kind",
            "company_id",
            "period_start",
            "period_end_at",
            "to_hr_at",
            "published_at",
            "line_ids",
            "policy_version_id",
        }

    # === ACTION METHODS === #

    def action_policy_hand_over(self):
        """Hand the list over to Personnel: from now on it stays as it is."""
        for notice in self:
            notice._policy_check_one_of(WRITERS)
            stored = notice.sudo()
            if stored.to_hr_at:
                raise UserError(
                    self.env._("%(notice)s is handed over already.", notice=notice.display_name)
                )
            sanctions = self.env["crm.policy.sanction"].sudo().search(
                stored._policy_listed_domain()
            )  # fmt: skip
            if not sanctions:
                raise UserError(
                    self.env._("%(notice)s has nothing to list.", notice=notice.display_name)
                )
            self.env["crm.policy.personnel.notice.line"]._policy_list(stored, sanctions)
            stored._policy_set_fact("to_hr_at")
        return True

    def action_policy_publish(self):
        """Publish it: Personnel only, and only names, sanctions and dates."""
        for notice in self:
            notice._policy_check_one_of(PUBLISHERS)
            stored = notice.sudo()
            if stored.kind != "personnel" or not stored.to_hr_at:
                raise UserError(
                    self.env._(
                        "%(notice)s: only a personnel notice that was handed over is published.",
                        notice=notice.display_name,
                    )
                )
            stored._policy_set_fact("published_at")
        return True

    def _policy_check_one_of(self, groups):
        """Refuse whoever does not see the notice or holds none of these groups."""
        self.check_access("read")
        user = self.env.user
        if not any(user.has_group(f"crm_policy.group_{name}") for name in groups):
            names = [
                self.env.ref(f"crm_policy.group_{name}").sudo().display_name for name in groups
            ]
            raise AccessError(
                self.env._("This step is taken by: %(groups)s.", groups=list_words(self.env, names))
            )

    # === BUSINESS METHODS === #

    def _policy_listed_domain(self):
        """Return what the notice lists: for what was settled by then, and on none before."""
        self.ensure_one()
        return self._policy_candidates(self.company_id, self.kind, self.period_end_at)

    def _policy_printable(self):
        """Return the notices, for print.

        :raises UserError: one of them is a draft, whose list still changes.
        """
        self.check_access("read")
        for notice in self:
            if not notice.to_hr_at:
                raise UserError(
                    self.env._(
                        "%(notice)s is printed once it is handed over: until then its list "
                        "still changes.",
                        notice=notice.display_name,
                    )
                )
        return self

    @api.model
    def _policy_candidates(self, company, kind, until):
        listed = (
            self.env["crm.policy.personnel.notice.line"]
            .sudo()
            ._search([("company_id", "=", company.id)])
            .subselect("sanction_id")
        )
        # Where a violation alone has led to it, its own decision counts; a case that was reopened
        # comes with its next settlement.
        alone = Domain("ticket_id", "=", False) & Domain("decided_at", "<=", until)
        domain = (
            Domain("company_id", "=", company.id)
            & Domain("state", "in", LISTED)
            & (Domain("ticket_id.policy_settled_at", "<=", until) | alone)
            & Domain("id", "not in", listed)
        )
        if kind == "department":
            return domain & Domain("department_id", "!=", False) & Domain("kind", "in", MONEY)
        return domain & Domain("department_id", "=", False) & Domain("kind", "not in", MONEY)

    @api.model
    def _cron_prepare_notices(self):
        """Draw up the notices of last month where there is something to list; once.

        For each company whose policy in force has a deadline for them. Daily, as a sanction for a
        case of last month may be approved after the first.
        """
        rules = (
            self.env["crm.policy.deadline.rule"]
            .sudo()
            .search(
                [
                    ("model_name", "=", self._name),
                    ("version_id.state", "=", "effective"),
                    ("version_id.policy_id.active_in_company", "=", True),
                ]
            )
        )
        for rule in rules:
            for kind in self._fields["kind"].get_values(self.env):
                self._policy_try_prepare(rule, kind)

    @api.model
    def _policy_try_prepare(self, rule, kind):
        """Draw up a notice; whatever is wrong with one company, the others get theirs."""
        rule_id = rule.id
        try:
            with self.env.cr.savepoint():
                if self.new({"kind": kind}).filtered_domain(rule._policy_domain()):
                    self._policy_prepare_notice(rule.company_id, kind, rule.version_id)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # nothing is bad: another node was faster, the cron comes again
        except Exception:
            _logger.exception("The %s notice by rule %s cannot be drawn up", kind, rule_id)

    @api.model
    def _policy_prepare_notice(self, company, kind, version):
        """Return the notice of last month, a new one where something waits for it; as superuser."""
        notices = self.sudo()
        today = local_day(fields.Datetime.now(), company)
        start = today + relativedelta(months=-1, day=1)
        known = notices.search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", kind),
                ("period_start", "=", start),
            ]
        )
        until = self._policy_last_second(start, company)
        candidates = self._policy_candidates(company, kind, until)
        if known or not self.env["crm.policy.sanction"].sudo().search_count(candidates, limit=1):
            return known
        notice = notices._policy_guarded_create(
            [
                {
                    "kind": kind,
                    "company_id": company.id,
                    "period_start": start,
                    "period_end_at": until,
                    "policy_version_id": version.id,
                }
            ]
        )
        self.env["crm.policy.event"]._policy_log(
            "notice.prepared", notice, {"month": f"{start:%Y-%m}", "kind": kind}, clause=version
        )
        return notice

    @api.model
    def _policy_last_second(self, start, company):
        """Return the last second of the month that begins on ``start``, naive UTC."""
        last = start + relativedelta(months=1) - timedelta(days=1)
        return day_end(last, company_zone(company))
