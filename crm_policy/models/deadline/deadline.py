import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, split_every

_logger = logging.getLogger(__name__)

CHUNK = 500  # records per transaction of the sweep
WAITING = "crm.policy.deadline.waiting"  # where a transaction keeps whose clocks it has to keep


class CrmPolicyDeadline(models.Model):
    """One clock of one record under one clause: when it started, when it is due, how it ended."""

    _name = "crm.policy.deadline"
    _description = "Deadline"
    _inherit = [
        "crm.policy.deadline.alert",
        "crm.policy.explain",
        "crm.policy.standing",
        "crm.policy.named.document",
        "crm.policy.plain.filters",
        "crm.policy.dependent",
        "crm.policy.protected",
    ]
    _policy_technical_fields = frozenset(
        {"lateness_seconds", "pause_log", "paused_seconds", "res_id", "res_model"}
    )
    _policy_document_mixin = "crm.policy.subject"
    _order = "due_at, id"

    # Found by the unique key below: each index less is a write less for each date that moves.
    rule_id = fields.Many2one(
        "crm.policy.deadline.rule", required=True, readonly=True, ondelete="restrict"
    )
    # What the rule said when the clock started: kept although rules come and go.
    rule_code = fields.Char(readonly=True)
    clause_id = fields.Many2one("crm.policy.clause", readonly=True, index=True, ondelete="restrict")
    clause_number = fields.Char(string="Clause No.", readonly=True)
    version_label = fields.Char(string="Policy Version", readonly=True)
    is_trial = fields.Boolean(string="Trial", readonly=True)
    name = fields.Char(related="rule_id.name")
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    cycle = fields.Integer(default=0, readonly=True, help="Counts reopenings of the document.")
    partner_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null")
    role_id = fields.Many2one(
        "crm.policy.role", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    department_id = fields.Many2one("hr.department", readonly=True, index="btree_not_null")
    user_id = fields.Many2one(
        "res.users", string="Responsible", readonly=True, index="btree_not_null"
    )
    start_at = fields.Datetime(string="From", required=True, readonly=True)
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    earliest_at = fields.Datetime(
        string="Counts From", readonly=True, help="What is done before this does not count."
    )
    factor = fields.Float(
        readonly=True, default=1, aggregator=None, help="By which the duration was stretched."
    )
    done_at = fields.Datetime(string="Done", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("met", "Met"), ("late", "Late"), ("cancelled", "Cancelled")],
        default="open",
        required=True,
        readonly=True,
    )
    cancel_reason = fields.Char(readonly=True)
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")
    lateness_seconds = fields.Integer(
        readonly=True, aggregator="avg", help="Working time between due and done."
    )
    paused_at = fields.Datetime(
        string="Stands Still Since",
        readonly=True,
        help="Its due date is then the one that it has if nobody resumes before the limit.",
    )
    paused_seconds = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="For how long it stood still, in its own time: working time or around the clock.",
    )
    # What the due date was worked out from, for the sweep to see a pause that nobody told it.
    pause_log = fields.Char(readonly=True)

    _cycle_uniq = models.Constraint(
        "UNIQUE(rule_id, res_id, cycle)", "A rule runs once per document and cycle."
    )
    _document_idx = models.Index("(res_model, res_id)")
    # The list in its own order: without it the database sorts all that somebody may see.
    _order_idx = models.Index("(due_at, id)")
    _open_due_idx = models.Index("(due_at) WHERE state = 'open'")
    # "My Deadlines" in its order.
    _mine_idx = models.Index("(user_id, due_at, id) WHERE state = 'open'")
    _unseen_idx = models.Index("(due_at) WHERE state = 'open' AND overdue_at IS NULL")
    # What the cron waits for: as good as empty, so that an idle run costs nothing.
    _alert_idx = models.Index(
        "(next_alert_at, id) WHERE state = 'open' AND next_alert_at IS NOT NULL"
    )
    _breach_idx = models.Index(
        "(id) WHERE judged_at IS NULL AND is_trial IS NOT TRUE"
        " AND (state = 'late' OR state = 'open' AND overdue_at IS NOT NULL)"
    )

    # === COMPUTE METHODS === #

    @api.depends("rule_code", "res_name")
    def _compute_display_name(self):
        for deadline in self:
            deadline.display_name = f"{deadline.res_name or ''} {deadline.name or ''}".strip()

    def _policy_hidden_name(self, env):
        """Name the kind of document and the clause: what whoever sees the clock reads on it."""
        return env._(
            "%(kind)s, clause %(number)s",
            kind=env["ir.model"]._get(self.res_model).name,
            number=self.clause_number,
        )

    @api.depends("state", "due_at")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for deadline in self:
            deadline.is_overdue = deadline.state == "open" and deadline.due_at < now

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("state", "=", "open"), ("due_at", "<", fields.Datetime.now())]

    # === WHO SEES IT === #

    @api.model
    def _policy_own_domain(self):
        return Domain("user_id", "=", self.env.uid)

    # === BUSINESS METHODS - KEEPING THEM === #

    @api.model
    def _policy_keep_waiting(self):
        """Bring the deadlines up to date that were left for the end of the transaction."""
        waiting = self.env.cr.precommit.data.pop(WAITING, {})
        for model_name, saved in waiting.items():
            self.env[model_name].sudo().browse(saved)._policy_keep_now(set().union(*saved.values()))

    @api.model
    def _search(self, domain, *args, **kwargs):
        self._policy_keep_waiting()
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _policy_sync(self, rules, records, fresh=False):
        """Make the deadlines of ``records`` under ``rules`` say what the records' facts say.

        One SELECT, one INSERT and one UPDATE whatever the number of records; met and late ones
        never move. Both the save hook and the sweep end here.

        :param bool fresh: the records have just been created and have no deadlines to look for.
        """
        rules, records = rules.sudo(), records.sudo()
        existing = {} if fresh else self._policy_present(rules, records)
        created, begun = [], {}
        stops = {}
        if not fresh and any(rule._policy_pause_codes() for rule in rules):
            stops = records._policy_pause_log()
        for rule in rules:
            # Whether the clock has started is quickly seen; the condition takes its time.
            key = (rule.version_id, rule.start_path)
            if key not in begun:
                begun[key] = records.filtered(
                    lambda record, rule=rule: (
                        record.policy_version_id == rule.version_id
                        and rule._policy_at(record, "start")
                    )
                )
            if not begun[key] and not existing:
                continue  # nothing to begin, nothing to end: so are most rules of a new case
            started = begun[key].filtered(rule._policy_start)
            running = started.filtered_domain(rule._policy_condition())
            users = rule.role_id._users_for(running) if rule.role_id and running else {}
            for company, group in running.grouped("company_id").items():
                created += self._policy_sync_rule(rule, company, group, users, existing, stops)
            for record in records - running if existing else ():
                deadline = existing.get((rule.id, record.id))
                if deadline and deadline.state == "open":
                    deadline._policy_cancel(self._policy_why_not(rule, record))
        found = self.browse(deadline.id for deadline in existing.values())
        if back := found.filtered("overdue_at").filtered(lambda clock: clock._policy_is_back()):
            back._policy_retract_overdue()._policy_reset_alerts()
        if created and not fresh:
            # Of two who record a fact at once the second waits for its row, and is told in the
            # words of the document; here he would stumble over the clock that it starts.
            records.flush_recordset()
        return self._policy_insert_started(created, records)

    @api.model
    def _policy_present(self, rules, records):
        """Return {(rule id, record id): its deadline of the present cycle}; end older ones."""
        found = self.sudo().search_fetch(
            [("rule_id", "in", rules.ids), ("res_id", "in", records.ids)], order="cycle, id"
        )
        cycles = {record.id: record.policy_cycle for record in records}
        present = found.filtered(lambda deadline: deadline.cycle == cycles[deadline.res_id])
        (found - present).filtered(lambda deadline: deadline.state == "open")._policy_cancel(
            "reopened"
        )
        return {(deadline.rule_id.id, deadline.res_id): deadline for deadline in present}

    @staticmethod
    def _policy_why_not(rule, record):
        """Return why a rule does not apply to a record any more."""
        switched = record.policy_switched_at and record.policy_version_id != rule.version_id
        return "switched" if switched else "not_applicable"

    @api.model
    def _policy_leave_versions(self, records):
        """Stop the clocks of records that run under a version that governs them no more."""
        records = records.sudo()
        versions = {record.id: record.policy_version_id for record in records}
        found = self.sudo().search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "=", "open"),
            ]
        )
        left = found.filtered(lambda clock: clock.rule_id.version_id != versions[clock.res_id])
        by_record = {record.id: record for record in records}
        for why, clocks in left.grouped(
            lambda clock: self._policy_why_not(clock.rule_id, by_record[clock.res_id])
        ).items():
            clocks._policy_cancel(why)

    def _policy_cancel(self, reason):
        """Stop clocks for good; a breach that was found stays on them."""
        self._policy_update({"state": "cancelled", "cancel_reason": reason, "paused_at": False})

    @api.model
    def _policy_insert_started(self, vals_list, records):
        """Insert new deadlines of ``records`` in one statement; return them as superuser.

        They come by the thousand and have nothing that the ORM would add but its price.
        """
        deadlines = self.sudo()
        if not vals_list:
            return deadlines.browse()
        names = list(vals_list[0])
        flags = {name for name in names if self._fields[name].type == "boolean"}
        rows = [
            {
                name: value if value is not False or name in flags else None
                for name, value in vals.items()
            }
            for vals in vals_list
        ]
        columns = SQL(", ").join(map(SQL.identifier, names))
        ids = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_deadline
                            (%(columns)s, create_uid, write_uid, create_date, write_date)
                     SELECT %(columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                       FROM jsonb_populate_recordset(NULL::crm_policy_deadline, %(rows)s)
                  RETURNING id
                """,
                columns=columns,
                uid=self.env.uid,
                now=self.env.cr.now(),
                rows=json.dumps(rows, default=str),
            )
        )
        inverse = [
            field.name
            for field in records._fields.values()
            if field.type == "one2many" and field.comodel_name == self._name
        ]
        records.invalidate_recordset(inverse, flush=False)
        records.modified(inverse)
        return deadlines.browse(row_id for [row_id] in ids)

    @api.model
    def _policy_sync_rule(self, rule, company, records, users, existing, log):
        """Update the deadlines of one rule; return the create values of those not there yet.

        :param dict log: what :meth:`_policy_pause_log` says of the records.
        """
        created, stale, changes = [], [], {}
        stops, codes = {}, rule._policy_pause_codes()
        if log and codes:
            stops = {
                record.id: [pause for pause in log.get(record.id, ()) if pause.code in codes]
                for record in records
            }
        for record in records:
            deadline = existing.get((rule.id, record.id))
            if not deadline or deadline.state in ("open", "cancelled"):
                stale.append((record, deadline))
        # The due date is worked out only where there is none yet or what it follows has moved.
        fresh = records.browse(
            record.id
            for record, deadline in stale
            if not deadline or rule._policy_has_moved(record, deadline, stops.get(record.id, ()))
        )
        plans = dict(zip(fresh.ids, rule._policy_plan(fresh, company, stops), strict=True))
        for record, deadline in stale:
            vals = plans.get(record.id, {})
            own = stops.get(record.id, ())
            vals = {**vals, **rule._policy_outcome(record, vals or deadline, company, own)}
            vals |= rule._policy_responsible(record, users.get(record.id))
            if not deadline:
                vals = {**rule._policy_snapshot(record), **vals}
                created.append(vals | rule._policy_alert_vals(vals))
                continue
            if deadline.state == "cancelled":
                vals["cancel_reason"] = False
            changed = {
                name: value
                for name, value in vals.items()
                if deadline._fields[name].convert_to_write(deadline[name], deadline) != value
            }
            if changed:
                changed |= rule._policy_alert_vals(changed, deadline)
                # What happened to many at once is written to all of them at once.
                changes.setdefault(tuple(sorted(changed.items())), []).append(deadline.id)
        for changed, ids in changes.items():
            self.sudo().browse(ids)._policy_update(dict(changed))
        return created

    # === CRON METHODS === #

    @api.model
    def _cron_sweep(self, hours=None):
        """Compare governed records with their deadlines and mend the differences.

        The truth behind the save hooks: it also sees facts of linked records, computed fields and
        rows changed behind the ORM. One bad record is logged and skipped.

        :param hours: look at the records that were saved in the last hours; None for all. Every few
            minutes the last hour, with room for a cron that comes late; at night all of them.
        """
        since = hours and fields.Datetime.now() - timedelta(hours=hours)
        running = self.env["crm.policy.deadline.rule"]._policy_running_rules()
        for model_name, rules in running.grouped("model_name").items():
            pairs = self._policy_differences(model_name, rules, since)
            self.env["ir.cron"]._commit_progress(remaining=len(pairs))
            for chunk in split_every(CHUNK, pairs, list):
                self._policy_sweep_chunk(model_name, chunk)
                if not self.env["ir.cron"]._commit_progress(len(chunk)):
                    return

    @api.model
    def _policy_sweep_chunk(self, model_name, pairs):
        """Sync (rule id, record id) pairs; fall back to one by one when one of them fails."""
        rules = self.env["crm.policy.deadline.rule"].browse({rule for rule, _record in pairs})
        ids = {record for _rule, record in pairs}
        records = self.env[model_name].browse(ids).exists()
        try:
            with self.env.cr.savepoint():
                self._policy_cancel_gone(rules, ids.difference(records.ids))
                self._policy_sync(rules, records)
        except Exception as error:
            if len(ids) > 1:
                for record_id in sorted(ids):
                    alone = [pair for pair in pairs if pair[1] == record_id]
                    self._policy_sweep_chunk(model_name, alone)
            elif isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                _logger.info("%s %s is being saved: the next sweep", model_name, *ids)
            else:
                _logger.exception("%s %s: its deadlines cannot be kept", model_name, *ids)

    @api.model
    def _policy_cancel_gone(self, rules, res_ids):
        """Stop the clocks of documents that are no more."""
        self.sudo().search(
            [
                ("rule_id", "in", rules.ids),
                ("res_id", "in", list(res_ids)),
                ("state", "=", "open"),
            ]
        )._policy_cancel("document_deleted")

    @api.model
    def _policy_differences(self, model_name, rules, since=None):
        """Return (rule id, record id) where the deadlines do not say what the facts say.

        One statement per model, all its rules in it.

        :param since: only records saved since then; naive UTC.
        """
        model = self.env[model_name].sudo().with_context(active_test=False)
        self.flush_model()
        self.env["crm.policy.pause"].flush_model()
        recent = self._policy_recent(model_name, since) if since else Domain.TRUE
        wanted = SQL(" UNION ALL ").join(rule._policy_wanted_sql(model, recent) for rule in rules)
        among = SQL("TRUE")
        if since:
            among = SQL("d.res_id IN %s", model._search(recent).subselect())
        return self.env.execute_query(
            SQL(
                """
                WITH wanted AS (%(wanted)s), paused AS (%(paused)s)
                SELECT w.rule_id, w.res_id
                  FROM wanted w
                  LEFT JOIN crm_policy_deadline d
                    ON d.rule_id = w.rule_id AND d.res_id = w.res_id AND d.cycle = w.cycle
                  LEFT JOIN paused p ON p.rule_id = w.rule_id AND p.res_id = w.res_id
                 WHERE w.start_at IS NOT NULL
                   AND (d.id IS NULL
                        OR d.state = 'cancelled'
                        OR d.state = 'open'
                           AND (d.start_at != w.start_at
                                OR d.due_at != w.due_at
                                OR d.factor != w.factor
                                OR d.pause_log IS DISTINCT FROM p.log
                                OR w.done_at >= COALESCE(d.earliest_at, w.done_at)))
                UNION
                SELECT d.rule_id, d.res_id
                  FROM crm_policy_deadline d
                  LEFT JOIN wanted w
                    ON d.rule_id = w.rule_id AND d.res_id = w.res_id AND d.cycle = w.cycle
                 WHERE d.state = 'open' AND d.rule_id IN %(rules)s AND w.start_at IS NULL
                   AND %(among)s
                 ORDER BY 2
                """,
                wanted=wanted,
                paused=self.env["crm.policy.pause"]._policy_log_sql(model_name),
                rules=tuple(rules.ids),
                among=among,
            )
        )

    @api.model
    def _policy_recent(self, model_name, since):
        """Return which records were saved since, or stood still or went on."""
        paused = (
            self.env["crm.policy.pause"]
            .sudo()
            .search([("res_model", "=", model_name), ("write_date", ">=", since)])
        )
        saved = Domain("write_date", ">=", since)
        return saved | Domain("id", "in", paused.mapped("res_id")) if paused else saved
