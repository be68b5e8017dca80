import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...tools.zones import company_zone, moment_words, reader_zone

_logger = logging.getLogger(__name__)

CHUNK = 500  # deadlines per transaction
# Which deadlines wait for the cron, as its partial indexes ask for them.
UNSEEN = "state = 'open' AND overdue_at IS NULL AND due_at < %s AND paused_at IS NULL"
ALERTED = "state = 'open' AND next_alert_at <= %s AND paused_at IS NULL"
# A breach under a version in force that nobody has looked at as a violation.
BREACHED = (
    "judged_at IS NULL AND is_trial IS NOT TRUE"
    " AND (state = 'late' OR state = 'open' AND overdue_at IS NOT NULL)"
)


class CrmPolicyDeadlineAlert(models.AbstractModel):
    """What happens by itself when time passes: alerts, the overdue mark, violations.

    One cron does all three. Each chunk is a transaction of its own, rows that another node works
    on are skipped, one bad record is logged and left for the next run.
    """

    _name = "crm.policy.deadline.alert"
    _description = "Alerts of Deadlines"
    _inherit = ["crm.policy.deadline.retraction"]

    overdue_at = fields.Datetime(string="Found Overdue", readonly=True)
    next_alert_at = fields.Datetime(
        string="Next Alert", readonly=True, help="When the next warning or escalation fires."
    )
    alerted_at = fields.Datetime(string="Last Told", readonly=True)
    accepted_overdue = fields.Boolean(
        string="Overdue Elsewhere",
        readonly=True,
        help="It was overdue when the case came here: nobody is told, no violation follows.",
    )
    judged_at = fields.Datetime(
        string="Violation Recorded", readonly=True, help="When its breach became a violation."
    )
    excluded = fields.Boolean(
        string="Not Counted",
        readonly=True,
        help="The violation was waived for a fault of the system: it counts as late nowhere.",
    )
    escalation_ids = fields.One2many(
        "crm.policy.escalation", "deadline_id", string="Who Was Told", readonly=True
    )

    # === ACTION METHODS === #

    def action_policy_open_escalations(self):
        """Open who was told of this deadline, and when."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_policy.escalation_action")
        return {**action, "domain": [("deadline_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _policy_update(self, vals):
        result = super()._policy_update(vals)
        if vals.get("state") not in (None, "open"):
            self._policy_end_alerts()
        return result

    def _policy_end_alerts(self):
        """Take back the reminders of clocks that have ended: who was told stays recorded."""
        told = self.filtered("alerted_at")
        if told:
            self.env["mail.activity"].sudo().search(
                [("policy_deadline_id", "in", told.ids)]
            ).unlink()

    def _policy_fired_steps(self):
        """Return the ids of the steps that have fired for this deadline since it last came back.

        :rtype: set[int]
        """
        told = self.sudo().escalation_ids
        return set(told.filtered(lambda row: row.since == self.retracted_at).step_id.ids)

    def _policy_reset_alerts(self):
        """Work out anew when the next alerts fire; for whoever moves dates behind the ORM.

        They come by the ten thousand, when a holiday is entered: what their rules and companies
        say is read once for all, and so is what has fired.
        """
        clocks, moved = self.sudo(), ["state", "start_at", "due_at", "paused_seconds"]
        clocks.invalidate_recordset(moved)
        kept = ["rule_id", "company_id", "is_trial", "accepted_overdue", "retracted_at"]
        clocks.fetch([*moved, *kept, "escalation_ids"])
        moments = {}
        for (rule, company), group in clocks.grouped(
            lambda clock: (clock.rule_id, clock.company_id)
        ).items():
            rule = rule.with_company(company)
            for clock in group.with_company(company):
                vals = rule._policy_alert_vals({"state": clock.state}, clock)
                moments[clock.id] = vals["next_alert_at"]
        self._policy_write_alerts(moments)

    def _policy_write_alerts(self, moments, told_at=None):
        """Write {id: next alert or False} in one statement."""
        if not moments:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_policy_deadline d
                   SET next_alert_at = row.at, alerted_at = COALESCE(%s, d.alerted_at)
                  FROM unnest(%s::int[], %s::timestamp[]) AS row (id, at)
                 WHERE d.id = row.id
             RETURNING d.id
                """,
                told_at,
                list(moments),
                [at or None for at in moments.values()],
            )
        )
        self.browse(moments).invalidate_recordset(["next_alert_at", "alerted_at"], flush=False)

    @api.model
    def _policy_accept_overdue(self, records):
        """Mark the clocks that were breached when ``records`` came here from elsewhere.

        They are shown as late, like any other, but nobody is told what he has known for long, and
        no violation follows.
        """
        now = fields.Datetime.now()
        clocks = self.sudo().search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("accepted_overdue", "=", False),
                "|",
                ("state", "=", "late"),
                "&",
                ("state", "=", "open"),
                ("due_at", "<", now),
            ]
        )
        vals = {"accepted_overdue": True, "judged_at": now, "next_alert_at": False}
        clocks._policy_update(vals)
        clocks.filtered(
            lambda clock: clock.state == "open" and not clock.overdue_at
        )._policy_update({"overdue_at": now})

    @api.model
    def _policy_notice_overdue(self, records):
        """Find what is overdue of ``records`` before they end, as the cron would a little later.

        A record that ends takes its clocks along; a delay that nobody has seen yet would be lost.
        """
        clocks = self.sudo().search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "=", "open"),
                ("due_at", "<", fields.Datetime.now()),
                ("overdue_at", "=", False),
                ("paused_at", "=", False),
            ]
        )
        if not clocks:
            return
        clocks._policy_update({"overdue_at": fields.Datetime.now()})
        self._policy_announce_overdue(clocks)
        counted = clocks.filtered(lambda clock: not clock.is_trial and not clock.judged_at)
        self.env["crm.policy.violation"]._policy_record_breaches(counted)

    # === CRON METHODS === #

    @api.model
    def _cron_mark_overdue(self):
        """Mark what has fallen due, tell people, record violations; each once.

        An idle run is one query on partial indexes, however many deadlines there are.
        """
        failed = {"alerts": set(), "breaches": set()}
        work = self._policy_waiting()
        mail = work.pop("mail")
        while any(work.values()):
            done = self._policy_work_off(work, failed)
            mail = mail or work["alerts"]
            work = self._policy_waiting()
            work.pop("mail")
            # What is left then belongs to another node, or is one of those that failed.
            remaining = CHUNK if done and any(work.values()) else 0
            if not self.env["ir.cron"]._commit_progress(done, remaining=remaining) or not done:
                break
        if mail:
            self.env["crm.policy.escalation"]._policy_mail_digests()

    @api.model
    def _policy_waiting(self):
        """Return what there is to do: {"overdue", "alerts", "breaches", "mail": bool}."""
        self.flush_model()
        now = fields.Datetime.now()
        [row] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT 1 FROM crm_policy_deadline WHERE %s),
                       EXISTS (SELECT 1 FROM crm_policy_deadline WHERE %s),
                       EXISTS (SELECT 1 FROM crm_policy_deadline WHERE %s),
                       EXISTS (SELECT 1 FROM crm_policy_escalation WHERE mailed_at IS NULL)
                """,
                SQL(UNSEEN, now),
                SQL(ALERTED, now),
                SQL(BREACHED),
            )
        )
        return dict(zip(("overdue", "alerts", "breaches", "mail"), row, strict=True))

    @api.model
    def _policy_work_off(self, work, failed):
        """Do one chunk of each kind of work; return how many deadlines were done."""
        done = 0
        if work["overdue"]:
            deadlines = self._policy_mark_overdue(CHUNK)
            self._policy_announce_overdue(deadlines)
            done += len(deadlines)
        if work["alerts"]:
            done += self._policy_fire_alerts(CHUNK, failed["alerts"])
        if work["breaches"] or work["overdue"]:
            done += self._policy_judge_breaches(CHUNK, failed["breaches"])
        return done

    @api.model
    def _policy_mark_overdue(self, limit):
        """Set ``overdue_at`` of up to ``limit`` open deadlines past due; return them."""
        self.flush_model()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE crm_policy_deadline SET overdue_at = %(now)s, write_date = %(now)s
                 WHERE id IN (
                     SELECT id FROM crm_policy_deadline
                      WHERE %(unseen)s
                      ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
                RETURNING id
                """,
                now=now,
                unseen=SQL(UNSEEN, now),
                limit=limit,
            )
        )
        self.invalidate_model(["overdue_at", "write_date"])
        return self.browse(row[0] for row in rows)

    @api.model
    def _policy_take(self, condition, order, limit, failed):
        """Lock and return up to ``limit`` deadlines that wait, without those that failed."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM crm_policy_deadline
                 WHERE %s AND id != ALL(%s)
                 ORDER BY %s LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                condition,
                sorted(failed),
                order,
                limit,
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _policy_fire_alerts(self, limit, failed):
        """Fire the alerts of up to ``limit`` deadlines whose instant has come.

        :param set failed: ids that failed in this run; grows.
        :return: how many deadlines were looked at.
        """
        now = fields.Datetime.now()
        deadlines = self._policy_take(SQL(ALERTED, now), SQL("next_alert_at, id"), limit, failed)
        return self._policy_apart(
            deadlines, self.env["crm.policy.escalation"]._policy_fire, failed, "cannot be told of"
        )

    @api.model
    def _policy_judge_breaches(self, limit, failed):
        """Record violations of up to ``limit`` breached deadlines; return how many."""
        deadlines = self._policy_take(SQL(BREACHED), SQL("id"), limit, failed)
        record = self.env["crm.policy.violation"]._policy_record_breaches
        return self._policy_apart(deadlines, record, failed, "becomes no violation")

    @api.model
    def _policy_apart(self, deadlines, method, failed, words):
        """Call ``method`` with all deadlines; when one fails, with each alone.

        :return: how many went well.
        """
        if not deadlines:
            return 0
        try:
            with self.env.cr.savepoint():
                method(deadlines)
            return len(deadlines)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # no record is bad: another node was faster, the cron comes again
        except Exception:
            if len(deadlines) > 1:
                parts = (self._policy_apart(one, method, failed, words) for one in deadlines)
                return sum(parts)
            _logger.exception(
                "Deadline %s of %s %s %s",
                deadlines.id,
                deadlines.res_model,
                deadlines.res_id,
                words,
            )
            failed.add(deadlines.id)
            return 0

    # === TELLING === #

    def _policy_announce_overdue(self, deadlines):
        """Tell the ledger (one event each) and the chatter of the documents (one note each)."""
        for rule, group in deadlines.grouped("rule_id").items():
            self.env["crm.policy.event"]._policy_log(
                "deadline.overdue",
                group,
                payloads={
                    deadline.id: {"res_model": deadline.res_model, "res_id": deadline.res_id}
                    for deadline in group
                },
                clause=rule.clause_id,
            )
        for company, group in deadlines.grouped("company_id").items():
            group = group.with_context(lang=company.partner_id.lang)
            for same_model in group.grouped("res_model").values():
                same_model._policy_note("overdue")

    def _policy_note(self, what):
        """Write a note on each document; one that cannot take it does not stop the others.

        :param str what: overdue or not_overdue.
        """
        model = self.env.get(self[:1].res_model)
        if not hasattr(model, "_message_log_batch"):
            return
        try:
            with self.env.cr.savepoint():
                bodies = {
                    res_id: Markup("<br/>").join(group._policy_note_lines(what))
                    for res_id, group in self.grouped("res_id").items()
                }
                model.browse(bodies).exists()._message_log_batch(bodies=bodies)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            if len(self) == 1:
                _logger.exception("%s %s takes no note", self.res_model, self.res_id)
                return
            for deadline in self:
                deadline._policy_note(what)

    def _policy_note_lines(self, what):
        lines = []
        for deadline in self:
            values = {
                "clause": deadline.clause_id._policy_citation(),
                "rule": deadline.name,
                "due": deadline._policy_due_words(),
            }
            if what == "overdue":
                line = self.env._("%(clause)s: %(rule)s is overdue since %(due)s.", **values)
            elif deadline.state == "met":
                line = self.env._(
                    "%(clause)s: %(rule)s was done in time after all, it was due %(due)s.", **values
                )
            else:
                line = self.env._(
                    "%(clause)s: %(rule)s is not overdue any more, it is due %(due)s now.", **values
                )
            lines.append(line)
        return lines

    def _policy_due_words(self, reader=None):
        """Return when it is due, with the zone: "2026-03-04 13:30 (Asia/Shanghai)".

        :param reader: the ``res.users`` who reads it on his own wall clock; None: the company's.
        """
        company = self.company_id
        zone = reader_zone(reader, company) if reader else company_zone(company)
        return moment_words(self.due_at, zone)

    def _policy_reminder(self, kind):
        """Return the words of the activity that reminds somebody of this deadline."""
        values = {
            "number": self.clause_id.number,
            "rule": self.name,
            "due": self._policy_due_words(),
        }
        if kind == "warning":
            return self.env._("Clause %(number)s: %(rule)s is due %(due)s", **values)
        return self.env._("Clause %(number)s: %(rule)s is overdue since %(due)s", **values)
