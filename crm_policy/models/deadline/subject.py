from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...exceptions import PolicyRefusal
from ...tools.cell_values import FIRST_YEAR, LAST_YEAR
from .deadline import WAITING

# Nearly due: less than this share of the time is left. It colours a chip; nothing follows from it.
NEARLY = 0.2
NEXT_DUE = (
    "policy_next_due_at",
    "policy_next_warn_at",
    "policy_next_due_name",
    "policy_next_paused",
    "policy_next_clock",
    "policy_is_late",
)


class CrmPolicySubject(models.AbstractModel):
    """Whatever a policy governs: it has facts, a version, and clocks that follow from them.

    A fact is the instant at which something happened. Nobody types one in: methods record them in
    their order, now or within the back-dating limit of a clause.
    """

    _name = "crm.policy.subject"
    _description = "Governed Document"
    _inherit = ["crm.policy.guarded", "crm.policy.pausable"]

    # Fields that stop or restart the clocks, beside those that the rules read.
    _policy_clock_fields = ()
    # The record that carries the activities of its clocks; None: it does itself, where it can.
    _policy_reminded_field = None
    # Whether its clocks may be kept at the end of the transaction, those of many records together:
    # for a model whose rows stay for ever and of which nothing else is worked out from its clocks.
    _policy_clocks_wait = False

    policy_version_id = fields.Many2one(
        "crm.policy.version",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="The version that governs this case since its intake.",
    )
    policy_switched_at = fields.Datetime(
        string="Under This Version Since",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When a new version took the case over. What was done before is not asked again.",
    )
    policy_cycle = fields.Integer(
        string="Times Reopened", readonly=True, copy=False, help="0: never reopened."
    )
    policy_reopened_at = fields.Datetime(string="Reopened At", readonly=True, copy=False)
    policy_deadline_ids = fields.One2many(
        "crm.policy.deadline",
        "res_id",
        string="Deadlines",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    policy_next_due_at = fields.Datetime(string="Next Due", compute="_compute_policy_next_due")
    policy_next_warn_at = fields.Datetime(
        string="Nearly Due From",
        compute="_compute_policy_next_due",
        help="From here on less than a fifth of the time is left.",
    )
    policy_next_due_name = fields.Char(string="What Is Due", compute="_compute_policy_next_due")
    policy_next_paused = fields.Boolean(
        string="Next Due Stands Still", compute="_compute_policy_next_due"
    )
    policy_next_clock = fields.Integer(
        string="ID of the Next Deadline", compute="_compute_policy_next_due", aggregator=None
    )
    policy_is_late = fields.Boolean(
        string="Overdue",
        compute="_compute_policy_next_due",
        search="_search_policy_is_late",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "policy_deadline_ids.state", "policy_deadline_ids.due_at", "policy_deadline_ids.paused_at"
    )
    def _compute_policy_next_due(self):
        first = self._policy_first_due()
        now = fields.Datetime.now()
        # By groups where many have the same: a page of a list sets six fields of eighty records.
        due = self.filtered(lambda record: record.id in first)
        for name in NEXT_DUE:
            (self - due)[name] = False
        for record in due:
            deadline = first[record.id]
            record.policy_next_due_at = deadline.due_at
            # What stands still is not nearly due: its date is when it is due at the latest.
            share = 0 if deadline.paused_at else NEARLY
            record.policy_next_warn_at = (
                deadline.due_at - (deadline.due_at - deadline.start_at) * share
            )
            record.policy_next_clock = deadline.id
        for rule, records in due.grouped(lambda record: first[record.id].rule_id).items():
            records.policy_next_due_name = rule.name
        for name, holds in {
            "policy_next_paused": lambda record: bool(first[record.id].paused_at),
            "policy_is_late": lambda record: first[record.id].due_at < now,
        }.items():
            for value, records in due.grouped(holds).items():
                records[name] = value

    def _policy_first_due(self, domain=Domain.TRUE):
        """Return {id: its open deadline that falls due first}, among those of ``domain``."""
        deadlines = (
            self.env["crm.policy.deadline"]
            .sudo()
            .search_fetch(
                Domain("res_model", "=", self._name)
                & Domain("res_id", "in", self.ids)
                & Domain("state", "=", "open")
                & domain,
                ["res_id", "start_at", "due_at", "rule_id", "paused_at"],
                order="due_at desc",
            )
        )
        return {deadline.res_id: deadline for deadline in deadlines}

    def _search_policy_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = self.env["crm.policy.deadline"]._search(
            [("res_model", "=", self._name), ("is_overdue", "=", True)]
        )
        return [("id", "in", late.subselect("res_id"))]

    # === CRUD METHODS === #

    def _policy_fact_fields(self):
        """Return the names of the facts of this model.

        :rtype: frozenset[str]
        """
        return frozenset()

    def _policy_guarded_fields(self):
        return (
            super()._policy_guarded_fields()
            | self._policy_fact_fields()
            | {
                "policy_version_id",
                "policy_switched_at",
                "policy_cycle",
                "policy_reopened_at",
            }
        )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._policy_keep_deadlines()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._policy_keep_deadlines(vals)
        return result

    def _policy_guarded_create(self, vals_list):
        records = super()._policy_guarded_create(vals_list)
        records._policy_keep_deadlines()
        return records

    def _policy_guarded_write(self, vals):
        result = super()._policy_guarded_write(vals)
        self._policy_keep_deadlines(vals)
        return result

    # === BUSINESS METHODS - CLOCKS === #

    @api.model
    def _policy_running_domain(self):
        """Return which records have running clocks; a model with an end of its own overrides it.

        :rtype: Domain
        """
        return Domain.TRUE

    @api.model
    def _policy_open_domain(self):
        """Return which records are still worked on: they may be paused, or change their version.

        :rtype: Domain
        """
        return self._policy_running_domain()

    def _policy_shown(self):
        """Return the record that people open instead of one that has no face of its own."""
        return self

    def _policy_listed_name(self):
        """Return its name in a list of deadlines, where nothing says what it belongs to."""
        self.ensure_one()
        return self.display_name

    def _policy_open_for(self, users):
        """Let ``users``, who are told of these records, read them; a model with its own sight
        overrides it."""

    def _policy_keep_deadlines(self, names=None):
        """Bring the deadlines up to date after a save.

        Of a model whose clocks may wait this is done at the end of the transaction, or before
        anybody searches for a deadline.

        :param names: fields that were written; None for a creation.
        """
        if not self._policy_clocks_wait:
            return self._policy_keep_now(names)
        precommit = self.env.cr.precommit
        if WAITING not in precommit.data:
            precommit.add(self.env["crm.policy.deadline"].sudo()._policy_keep_waiting)
            precommit.data[WAITING] = {}
        waiting = precommit.data[WAITING].setdefault(self._name, {})
        for record_id in self._ids:
            waiting.setdefault(record_id, set()).update([""] if names is None else names)

    def _policy_keep_now(self, names):
        if names and "policy_version_id" in names:
            self.env["crm.policy.deadline"]._policy_leave_versions(self)
        Rule = self.env["crm.policy.deadline.rule"]
        by_field = Rule._policy_rules_by_field(self._name)
        fresh = names is None
        pairs = {pair for name in ([""] if fresh else names) for pair in by_field.get(name, ())}
        governed = self.filtered("policy_version_id")
        if not pairs or not governed:
            return
        versions = set(governed.policy_version_id._ids)
        rule_ids = sorted(rule_id for version_id, rule_id in pairs if version_id in versions)
        self.env["crm.policy.deadline"]._policy_sync(
            Rule.sudo().browse(rule_ids), governed, fresh=fresh
        )

    def _policy_switch_to(self, version):
        """Put open records under another version of their policy.

        Their clocks under the former one stop; what was done is not asked again, the rest counts
        from where it began. Nobody breaches by the switch itself: what is overdue then is shown,
        but not announced.
        """
        former = {record.id: record.policy_version_id.id for record in self}
        self._policy_guarded_write(
            {"policy_version_id": version.id, "policy_switched_at": fields.Datetime.now()}
        )
        self.env["crm.policy.deadline"]._policy_accept_overdue(self)
        self.env["crm.policy.event"]._policy_log(
            "version.switched", version, {"model": self._name, "from": former}, clause=version
        )

    # === BUSINESS METHODS - FACTS === #

    @api.model
    def _policy_fact_orders(self, version):
        """Return the orders in which documents under a version take their facts; none by default.

        :rtype: list[dict]
        :return: mappings like those of :mod:`crm_policy.const`.
        """
        return []

    def _policy_set_fact(self, name, at=None, reason=None):
        """Record that something happened.

        :param str name: a field of :meth:`_policy_fact_fields`.
        :param datetime at: naive UTC; now by default. Earlier than now only within the limit that
            a clause gives, and with a reason.
        :param str reason: why it is recorded late.
        :raises UserError: recorded already, or out of order.
        :raises PolicyRefusal: dated back further than the clause allows.
        :raises ValidationError: ``at`` is no point in time, or lies in the future.
        """
        if name not in self._policy_fact_fields():
            raise ValidationError(
                self.env._("%(model)s has no fact %(name)s.", model=self._description, name=name)
            )
        now = fields.Datetime.now()
        moment = self._policy_moment(name, at, now)
        clauses = {}
        for record in self:
            record._policy_check_fact(name, moment)
            if moment < now:
                clauses[record.id] = record._policy_check_backdating(name, moment, now, reason)
        self._policy_guarded_write(self._policy_fact_vals(name, moment))
        details = {record.id: {"at": str(moment)} for record in self}
        if moment < now:
            seals = self.env["crm.policy.sealed"]._policy_seal(self, name, reason)
            for record_id, seal in seals.items():
                details[record_id] |= {"backdated": True, "reason": seal}
        sources = self.grouped(lambda record: clauses.get(record.id) or record.policy_version_id)
        for source, records in sources.items():
            self.env["crm.policy.event"]._policy_log(
                f"fact.{name.removeprefix('policy_').removesuffix('_at')}",
                records,
                payloads=details,
                clause=source,
            )

    def _policy_moment(self, name, at, now):
        """Return ``at`` as a naive UTC datetime without fractions of a second."""
        if not at:
            return now
        try:
            moment = fields.Datetime.to_datetime(at)
        except (TypeError, ValueError, LookupError):
            moment = None
        if not isinstance(moment, datetime) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValidationError(
                self.env._(
                    "%(fact)s: %(value)s is no date and time.",
                    fact=self._policy_label(name),
                    value=at,
                )
            )
        if moment > now:
            raise ValidationError(
                self.env._(
                    "%(fact)s: %(value)s lies in the future.",
                    fact=self._policy_label(name),
                    value=moment,
                )
            )
        return moment.replace(microsecond=0)

    def _policy_fact_vals(self, name, moment):
        """Return what is written along with a fact; models override it to project it elsewhere."""
        return {name: moment}

    def _policy_check_fact(self, name, moment):
        """Refuse a fact that is there already; models override it to add their order."""
        self.ensure_one()
        if self[name]:
            raise UserError(
                self.env._(
                    "%(record)s: %(fact)s is recorded already.",
                    record=self.display_name,
                    fact=self._policy_label(name),
                )
            )

    def _policy_check_after(self, name, moment, before):
        """Refuse a fact that would lie before one of those that come first.

        :param datetime moment: when it is said to have happened.
        :param before: names of the facts that come first; those that are not there do not count.
        """
        latest = max((self[fact] for fact in before if self[fact]), default=None)
        if moment and latest and moment < latest:
            raise ValidationError(
                self.env._(
                    "%(case)s: %(fact)s cannot lie before %(before)s.",
                    case=self.display_name,
                    fact=self._policy_label(name),
                    before=fields.Datetime.to_string(latest),
                )
            )

    def _policy_check_backdating(self, name, moment, now, reason):
        """Refuse to date a fact back further than the clause allows; return the clause."""
        self.ensure_one()
        # What was done before is not asked again: a fact dated behind it would stop a clock.
        begun = max(filter(None, (self.policy_reopened_at, self.policy_switched_at)), default=None)
        if begun and moment < begun:
            raise PolicyRefusal(
                self.env._(
                    "%(record)s, %(fact)s: it is worked on anew since %(begun)s, by a reopening or "
                    "under %(version)s. Nothing is dated back behind that.",
                    record=self.display_name,
                    fact=self._policy_label(name),
                    begun=begun,
                    version=self.policy_version_id.display_name,
                )
            )
        rule = self.env["crm.policy.fact.rule"]._policy_for_fact(self, name)
        hours = (now - moment).total_seconds() / 3600
        if not rule:
            raise PolicyRefusal(
                self.env._(
                    "%(record)s, %(fact)s: no clause of %(version)s allows back-dating.",
                    record=self.display_name,
                    fact=self._policy_label(name),
                    version=self.policy_version_id.display_name,
                )
            )
        if hours > rule.backdate_hours:
            raise PolicyRefusal(
                self.env._(
                    "%(clause)s: %(fact)s would be dated back by %(hours).1f hours; the limit is "
                    "%(limit)g hours.",
                    clause=rule.clause_id._policy_citation(),
                    fact=self._policy_label(name),
                    hours=hours,
                    limit=rule.backdate_hours,
                )
            )
        if not (reason or "").strip():
            raise ValidationError(
                self.env._(
                    "%(clause)s: give a reason for recording %(fact)s late.",
                    clause=rule.clause_id._policy_citation(),
                    fact=self._policy_label(name),
                )
            )
        return rule.clause_id

    def _policy_fact_clause(self, name):
        """Return the clause under which a fact is recorded, for the words of a refusal."""
        self.ensure_one()
        exact = self.env["crm.policy.fact.rule"]._policy_for_fact(self, name)
        if exact.fact_name:
            return exact.clause_id
        rules = self.env["crm.policy.deadline.rule"].sudo().search(
            [
                ("version_id", "=", self.policy_version_id.id),
                ("model_name", "=", self._name),
                ("done_path", "=", name),
            ]
        )  # fmt: skip
        matching = rules.filtered(lambda rule: self.filtered_domain(rule._policy_domain()))
        return matching[:1].clause_id

    def _policy_label(self, name):
        return self._fields[name].get_description(self.env, ["string"])["string"]
