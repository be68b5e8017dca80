import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, split_every

from .deadline_plan import SECONDS

_logger = logging.getLogger(__name__)

CHUNK = 20_000  # deadlines of a transaction
PYTHON_CHUNK = 500  # of those that Python plans, at a time
CHANGES = 1_000  # that one run of the job looks at
TRIES = 3  # of a chunk in which somebody else was faster
WORKING = (*SECONDS, "working_days")
ELAPSED = ("calendar_days", "calendar_months", "day_of_month")
# A due day that was rolled backwards lies before the day whose change moves it.
ROLLED_BACK = timedelta(days=31)


class CrmPolicyReplan(models.Model):
    """A change of a calendar for which the open deadlines are still to be planned anew.

    The change itself only leaves a line here, whatever the number of deadlines; one job plans them
    from the fact on which they started, by the calendar as it is now. Doing that again gives the
    same, so a job that was killed, or a second one, does no harm. What was met or late stays.
    """

    _name = "crm.policy.replan"
    _description = "Calendar Change to Plan For"
    _order = "id"

    calendar_id = fields.Many2one(
        "resource.calendar", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="calendar_id.company_id", store=True, index=True)
    since = fields.Datetime(
        required=True, readonly=True, help="Deadlines that are due before do not move."
    )
    is_zone = fields.Boolean(readonly=True, help="The days begin at another instant, too.")
    after_id = fields.Integer(readonly=True, help="The deadlines up to this one are planned.")

    # === BUSINESS METHODS - ASKING === #

    @api.model
    def _policy_request(self, calendars, since, zone=False):
        """Have the open deadlines planned anew that count in ``calendars``, soon.

        :param datetime since: naive UTC; what is due before does not move.
        :param bool zone: the calendars' days begin at another instant.
        """
        used = self._policy_used(calendars)
        if not used:
            return
        self.sudo().create(
            [{"calendar_id": calendar.id, "since": since, "is_zone": zone} for calendar in used]
        )
        self.env["crm.policy.event"]._policy_log(
            "calendar.changed", used, {"since": str(since), "zone": zone}
        )
        cron = self.env.ref("crm_policy.cron_replan", raise_if_not_found=False)
        if cron:  # else the add-on is being installed
            cron.sudo()._trigger()

    @api.model
    def _policy_used(self, calendars):
        """Return those of ``calendars`` in which a company or a rule counts."""
        rules = self.env["crm.policy.deadline.rule"].sudo()
        companies = self.env["res.company"].sudo()
        used = rules.search([("calendar_id", "in", calendars.ids)]).calendar_id
        used |= companies.search(
            [("resource_calendar_id", "in", calendars.ids)]
        ).resource_calendar_id
        return calendars.sudo() & used

    # === CRON METHODS === #

    @api.model
    def _cron_replan(self):
        """Plan anew for each change that waits, a transaction for each chunk of deadlines."""
        waiting = self.sudo().search([], limit=CHANGES)
        if not waiting:
            return
        # The message that caches are stale may still be on its way to this process.
        self.env.registry.clear_cache()
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for calendar, changes in waiting.grouped("calendar_id").items():
            since, zone = min(changes.mapped("since")), any(changes.mapped("is_zone"))
            after = min(changes.mapped("after_id"))
            while after := self._policy_try_chunk(calendar, since, zone, after):
                changes.after_id = after
                if not self.env["ir.cron"]._commit_progress():
                    return
            changes.unlink()
            if not self.env["ir.cron"]._commit_progress(len(changes)):
                return

    @api.model
    def _policy_try_chunk(self, calendar, since, zone, after):
        """Plan a chunk; once more when somebody has saved one of its deadlines meanwhile."""
        for _time in range(TRIES - 1):
            try:
                return self._policy_replan_chunk(calendar, since, zone, after)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
        return self._policy_replan_chunk(calendar, since, zone, after)

    @api.model
    def _policy_replan_chunk(self, calendar, since, zone, after=0):
        """Plan the next open deadlines anew.

        :param int after: the id of the last deadline of the chunk before.
        :return: the id of the last deadline of this one, or None when there are no more.
        """
        Deadline = self.env["crm.policy.deadline"].sudo()
        Deadline.flush_model()
        [[last]] = self.env.execute_query(
            SQL(
                """
                SELECT max(id) FROM (
                    SELECT id FROM crm_policy_deadline
                     WHERE state = 'open' AND id > %s ORDER BY id LIMIT %s) chunk
                """,
                after,
                CHUNK,
            )
        )
        if not last:
            return None
        for (rule, company), from_due in self._policy_targets(
            calendar, since, zone, SQL("id > %s AND id <= %s", after, last)
        ).items():
            chosen = SQL(
                "d.rule_id = %s AND d.company_id = %s AND d.state = 'open' AND d.due_at >= %s"
                " AND d.id > %s AND d.id <= %s",
                rule.id,
                company.id,
                from_due,
                after,
                last,
            )
            moved = self._policy_replan_rule(rule, company, chosen)
            self._policy_tell(rule, calendar, since, moved)
            Deadline.invalidate_model()
            if moved:
                clocks = Deadline.browse(row[0] for row in moved)
                clocks._policy_retract_overdue()
                if rule._policy_steps():
                    clocks._policy_reset_alerts()
        return last

    @api.model
    def _policy_targets(self, calendar, since, zone, chunk):
        """Return {(rule, company): since} of the open deadlines that a calendar may move.

        :param SQL chunk: which ones to look at; not all of them again for each chunk.
        """
        pairs = self.env.execute_query(
            SQL(
                "SELECT DISTINCT rule_id, company_id FROM crm_policy_deadline"
                " WHERE state = 'open' AND due_at >= %s AND %s",
                since - ROLLED_BACK,
                chunk,
            )
        )
        targets = {}
        for rule_id, company_id in sorted(pairs):
            rule = self.env["crm.policy.deadline.rule"].sudo().browse(rule_id)
            company = self.env["res.company"].sudo().browse(company_id)
            own = calendar == (rule.calendar_id or company.resource_calendar_id)
            counts = own and (
                rule.unit in WORKING or (rule.unit in ELAPSED and rule.roll != "none")
            )
            days = rule.unit in ELAPSED or rule.window == "day"
            if counts or (zone and days and calendar == company.resource_calendar_id):
                back = ROLLED_BACK if rule.roll == "previous_workday" else timedelta()
                targets[rule, company] = since - back
        return targets

    # === BUSINESS METHODS - PLANNING === #

    @api.model
    def _policy_replan_rule(self, rule, company, chosen):
        """Plan deadlines of a rule and a company anew; return [id, old due, new due] of the moved.

        One statement for those that are a length of working time from a start; Python for all that
        has more to it, and for what lies beyond the years that the statement knows.

        :param SQL chosen: which deadlines ``d``.
        """
        if rule.unit not in WORKING or rule.due_path or rule.window != "any":
            rows = self.env.execute_query(
                SQL("SELECT d.id FROM crm_policy_deadline d WHERE %s ORDER BY d.id", chosen)
            )
            return self._policy_replan_slowly(rule, company, [row_id for [row_id] in rows])
        try:
            with self.env.cr.savepoint():
                moved, rest = self._policy_replan_at_once(rule, company, chosen)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.exception("Deadline rule %s: its deadlines cannot be planned", rule.code)
            return []
        return moved + self._policy_replan_slowly(rule, company, rest)

    @api.model
    def _policy_replan_at_once(self, rule, company, chosen):
        """Return the moved, and the ids that are left for Python."""
        calendar = rule._policy_calendar(company)
        [[first, last]] = self.env.execute_query(
            SQL(
                "SELECT EXTRACT(YEAR FROM min(start_at))::int, EXTRACT(YEAR FROM max(due_at))::int"
                "  FROM crm_policy_deadline d WHERE %s",
                chosen,
            )
        )
        if not first:
            return [], []
        factor = SQL("COALESCE(NULLIF(d.factor, 0), 1)")
        plain = SQL("d.pause_log IS NULL")
        if rule.unit in SECONDS:
            amount = SQL(
                "ROUND(%s::double precision * %s * %s)::bigint",
                rule.duration,
                factor,
                SECONDS[rule.unit],
            )
        else:
            plain = SQL("%s AND %s = 1", plain, factor)
            amount = SQL("%s::bigint", int(rule.duration))
        rows = SQL(
            "SELECT d.id, d.due_at AS old, FLOOR(date_part('epoch', d.start_at))::bigint AS at,"
            " CASE WHEN %s THEN %s END AS amount FROM crm_policy_deadline d WHERE %s",
            plain,
            amount,
            chosen,
        )
        first, last = first - 1, last + 2
        if rule.unit in SECONDS:
            planned = calendar._policy_add_work_sql(rows, first, last)
        else:
            same_day = rule.count_from == "same_day"
            planned = calendar._policy_nth_day_end_sql(rows, first, last, same_day)
        [[moved, rest]] = self.env.execute_query(
            SQL(
                """
                WITH planned AS MATERIALIZED (
                    SELECT id, old, due AS new FROM (%(planned)s) AS row
                     WHERE due IS NULL OR due != old
                ), moved AS (
                    UPDATE crm_policy_deadline d
                       SET due_at = p.new, write_date = %(now)s, write_uid = %(uid)s
                      FROM planned p
                     WHERE d.id = p.id AND p.new IS NOT NULL
                 RETURNING d.id, p.old, p.new
                )
                SELECT (SELECT json_agg(json_build_array(id, old, new)) FROM moved),
                       (SELECT array_agg(id) FROM planned WHERE new IS NULL)
                """,
                planned=planned,
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        return moved or [], rest or []

    @api.model
    def _policy_replan_slowly(self, rule, company, ids):
        """Plan by the rule's own method; a document that fails is logged and left as it was."""
        moved = []
        for chunk in split_every(PYTHON_CHUNK, ids, list):
            deadlines = self.env["crm.policy.deadline"].sudo().browse(chunk)
            deadlines.invalidate_recordset()
            try:
                with self.env.cr.savepoint():
                    moved += self._policy_replan_documents(rule, company, deadlines)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                if len(ids) == 1:
                    _logger.exception("Deadline %s cannot be planned anew", chunk)
                    continue
                for row_id in chunk:
                    moved += self._policy_replan_slowly(rule, company, [row_id])
        return moved

    @api.model
    def _policy_replan_documents(self, rule, company, deadlines):
        model = self.env[rule.model_name].sudo().with_context(active_test=False)
        by_document = {deadline.res_id: deadline for deadline in deadlines}
        # Of a former cycle, gone or not begun any more: the sweep's matter.
        documents = (
            model.browse(by_document)
            .exists()
            .filtered(
                lambda record: (
                    record.policy_cycle == by_document[record.id].cycle
                    and rule._policy_start(record)
                )
            )
        )
        moved = []
        for record, plan in zip(documents, rule._policy_plan(documents, company), strict=True):
            deadline, old = by_document[record.id], by_document[record.id].due_at
            if plan["due_at"] == old and plan["earliest_at"] == deadline.earliest_at:
                continue
            deadline._policy_update(plan)
            moved.append([deadline.id, old.isoformat(), plan["due_at"].isoformat()])
        deadlines.flush_recordset()
        return moved

    @api.model
    def _policy_tell(self, rule, calendar, since, moved):
        """Write one event for all deadlines of a rule that a chunk has moved."""
        if moved:
            self.env["crm.policy.event"]._policy_log(
                "deadline.replanned",
                rule,
                {"calendar": calendar.id, "since": since.isoformat(), "moved": moved},
                clause=rule.clause_id,
            )
