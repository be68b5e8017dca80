import logging
from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...exceptions import PolicyRefusal
from ...tools.pauses import Stop
from ...tools.zones import company_zone, moment_words
from ...words import list_words

_logger = logging.getLogger(__name__)

CHUNK = 200  # pauses that end in one transaction of the cron


class LoggedStop(NamedTuple):
    """A pause as the clocks read it: its reason's code, a mark of its facts, the time itself."""

    code: str
    mark: str
    stop: Stop


class CrmPolicyPause(models.Model):
    """One time during which the clocks of a document stand still, for a reason that a clause gives.

    It is asked for, allowed, and ends: by hand, by itself at its limit, or with the document. It
    begins when it is allowed, never earlier. What it does to a deadline follows from it; nothing
    is kept anywhere else (U10).
    """

    _name = "crm.policy.pause"
    _description = "Pause"
    _inherit = [
        "crm.policy.pause.request",
        "crm.policy.named.document",
        "crm.policy.dependent",
        "crm.policy.protected",
    ]
    _policy_document_mixin = "crm.policy.subject"
    _order = "id desc"

    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    reason_id = fields.Many2one(
        "crm.policy.pause.reason", required=True, readonly=True, index=True, ondelete="restrict"
    )
    # What the reason said when it was asked for.
    reason_code = fields.Char(required=True, readonly=True)
    clause_id = fields.Many2one("crm.policy.clause", readonly=True, index=True, ondelete="restrict")
    clause_number = fields.Char(string="Clause No.", readonly=True)
    text = fields.Text(string="What For", readonly=True)
    state = fields.Selection(
        [
            ("asked", "Asked For"),
            ("running", "Running"),
            ("ended", "Ended"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        default="asked",
    )
    requested_by = fields.Many2one("res.users", readonly=True, index=True, ondelete="restrict")
    requested_at = fields.Datetime(readonly=True)
    role_id = fields.Many2one(
        "crm.policy.role", string="Approved by Role", readonly=True, index=True, ondelete="restrict"
    )
    approved_by = fields.Many2one(
        "res.users", string="Decided By", readonly=True, index=True, ondelete="restrict"
    )
    comment = fields.Text(readonly=True, help="What was said when it was decided.")
    from_at = fields.Datetime(string="From", readonly=True)
    limit_at = fields.Datetime(
        string="At the Latest Until", readonly=True, help="Then it ends by itself."
    )
    to_at = fields.Datetime(string="Until", readonly=True)
    end_reason = fields.Selection(
        [
            ("resumed", "Resumed"),
            ("limit", "Limit Reached"),
            ("document", "Document Ended"),
            ("withdrawn", "Taken Back"),
        ],
        readonly=True,
    )
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _document_idx = models.Index("(res_model, res_id)")
    _one_at_a_time = models.UniqueIndex(
        "(res_model, res_id) WHERE state IN ('asked', 'running')",
        "A document has one pause at a time.",
    )
    _limit_idx = models.Index("(limit_at) WHERE state = 'running'")
    _times_in_order = models.Constraint(
        "CHECK(from_at <= limit_at AND from_at <= to_at AND to_at <= limit_at)",
        "A pause ends after its beginning and not after its limit.",
    )

    # === COMPUTE METHODS === #

    @api.depends("reason_id", "res_name")
    def _compute_display_name(self):
        for pause in self:
            pause.display_name = f"{pause.res_name or ''} {pause.reason_id.name or ''}".strip()

    @api.depends_context("uid")
    @api.depends("state", "role_id", "requested_by")
    def _compute_can_decide(self):
        asked = self.filtered(lambda pause: pause.state == "asked")
        (self - asked).can_decide = False
        for pause in asked:
            pause.can_decide = self.env.user in pause._policy_deciders()

    # === WHO SEES IT === #

    @api.model
    def _policy_own_domain(self):
        return Domain("requested_by", "=", self.env.uid)

    def _policy_document(self):
        """Return the document of the pauses of one model, as superuser."""
        return self.env[self[:1].res_model].sudo().browse(self.mapped("res_id"))

    # === ACTION METHODS === #

    def action_policy_approve(self, comment=None):
        """Allow pauses that were asked for; they begin now.

        :raises PolicyRefusal: the role of the clause is somebody else's; says whose.
        """
        self._policy_check_decider()
        now = fields.Datetime.now()
        for pause in self.sudo():
            document = pause._policy_document()
            document._policy_check_pausable()
            limits = self._policy_limits(pause.reason_id, document, now)
            pause._policy_update(
                {
                    "state": "running",
                    "approved_by": self.env.uid,
                    "comment": comment,
                    "from_at": now,
                    "limit_at": limits[document.id],
                }
            )
        self.sudo()._policy_begun()
        return True

    def action_policy_refuse(self, comment=None):
        """Refuse pauses that were asked for.

        :param str comment: why; required.
        """
        self._policy_check_decider()
        if not isinstance(comment, str) or not comment.strip():
            raise ValidationError(self.env._("Say why the pause is refused."))
        self.sudo()._policy_update(
            {"state": "refused", "approved_by": self.env.uid, "comment": comment}
        )
        self.sudo()._policy_tell("pause.refused")
        return True

    def _policy_deciders(self):
        """Return who may decide on a pause; nobody on his own."""
        self.ensure_one()
        role = self.sudo().role_id
        users = role._users_for(self._policy_document())[self.res_id] if role else role.user_id
        return users - self.sudo().requested_by

    def _policy_check_decider(self):
        self.check_access("read")
        user = self.env.user
        for pause in self:
            if pause.state != "asked":
                raise UserError(
                    self.env._("%(pause)s: this is decided already.", pause=pause.display_name)
                )
            deciders = pause._policy_deciders()
            if user not in deciders and not user._is_superuser():
                raise PolicyRefusal(
                    self.env._(
                        "%(clause)s: a pause for %(reason)s is decided by %(role)s, and by nobody "
                        "who asked for it himself: %(users)s.",
                        clause=pause.sudo().clause_id._policy_citation(),
                        reason=pause.reason_id.name,
                        role=pause.sudo().role_id.name,
                        users=list_words(self.env, deciders.sudo().mapped("name"))
                        or self.env._("nobody at present"),
                    )
                )

    # === BUSINESS METHODS - ASKING AND BEGINNING === #

    @api.model
    def _policy_ask(self, documents, code, text):
        """Ask for a pause of each document; those that nobody has to allow begin at once.

        :param documents: records of one governed model that the caller may pause.
        :param str code: of a reason of the version of each document.
        :param str text: what for.
        :return: the pauses, as superuser.
        :raises PolicyRefusal: the limit of the reason is used up; names clause and limit.
        """
        now, documents = fields.Datetime.now(), documents.sudo()
        self._policy_check_free(documents)
        vals_list = []
        for version, group in documents.grouped("policy_version_id").items():
            reason = self.env["crm.policy.pause.reason"]._policy_for(version, code)
            reason._policy_check_text(text)
            waits = bool(reason.role_id)
            limits = self._policy_limits(reason, group, now)
            vals_list += [
                {
                    "res_model": document._name,
                    "res_id": document.id,
                    "company_id": document.company_id.id,
                    "reason_id": reason.id,
                    "reason_code": reason.code,
                    "clause_id": reason.clause_id.id,
                    "clause_number": reason.clause_id.number,
                    "role_id": reason.role_id.id,
                    "text": text,
                    "state": "asked" if waits else "running",
                    "requested_by": self.env.uid,
                    "requested_at": now,
                    "from_at": False if waits else now,
                    "limit_at": False if waits else limits[document.id],
                }
                for document in group
            ]
        pauses = self.sudo()._policy_insert(vals_list)
        running = pauses.filtered("from_at")
        (pauses - running)._policy_tell("pause.asked")
        (pauses - running)._policy_ask_deciders()
        running._policy_begun()
        return pauses

    @api.model
    def _policy_current(self, documents, states=("asked", "running")):
        """Return the pauses of documents that run or are asked for, as superuser."""
        return self.sudo().search(
            [
                ("res_model", "=", documents._name),
                ("res_id", "in", documents.ids),
                ("state", "in", states),
            ]
        )

    @api.model
    def _policy_check_free(self, documents):
        for pause in self._policy_current(documents):
            names = {"document": pause.res_name, "reason": pause.reason_id.name}
            if pause.state == "asked":
                raise UserError(
                    self.env._("%(document)s: a pause is asked for already: %(reason)s.", **names)
                )
            raise UserError(self.env._("%(document)s stands still already: %(reason)s.", **names))

    @api.model
    def _policy_limits(self, reason, documents, now):
        """Return {document id: until when a pause that begins now may last}, in one query.

        :raises PolicyRefusal: nothing is left of the limits of the reason.
        """
        former = defaultdict(list)
        for pause in self.sudo().search(
            [
                ("res_model", "=", documents._name),
                ("res_id", "in", documents.ids),
                ("reason_code", "=", reason.code),
                ("from_at", "!=", False),
            ]
        ):
            former[pause.res_id].append((pause.from_at, pause.to_at or pause.limit_at))
        return {
            document.id: reason._policy_limit(document, former[document.id], now)
            for document in documents
        }

    def _policy_begun(self):
        """Let the clocks of pauses that have just begun stand still, and the cron end them."""
        if not self:
            return
        cron = self.env.ref("crm_policy.cron_end_pauses", raise_if_not_found=False)
        if cron:
            cron._trigger(at=sorted(set(self.mapped("limit_at"))))
        self._policy_keep_clocks()
        self._policy_tell("pause.began")

    # === BUSINESS METHODS - ENDING === #

    @api.model
    def _policy_end(self, documents, end_reason):
        """End what runs and drop what is asked for on documents; nothing happens to the others.

        :param str end_reason: "resumed" or "document".
        :return: the pauses that ended, as superuser.
        """
        current = self._policy_current(documents)
        if not current:
            return current
        running = current.filtered(lambda pause: pause.state == "running")
        running._policy_stop(end_reason)
        asked = current - running
        if asked:
            why = "withdrawn" if end_reason == "resumed" else end_reason
            asked._policy_update({"state": "refused", "end_reason": why})
            asked._policy_tell("pause.refused")
        return current

    def _policy_stop(self, end_reason):
        """End running pauses now; one whose limit has come has ended then, whoever says so."""
        now = fields.Datetime.now()
        for limit, pauses in self.grouped(lambda pause: min(pause.limit_at, now)).items():
            at_limit = pauses.filtered(lambda pause, limit=limit: pause.limit_at <= limit)
            for group, why in ((at_limit, "limit"), (pauses - at_limit, end_reason)):
                if group:
                    group._policy_update({"state": "ended", "to_at": limit, "end_reason": why})
        self._policy_keep_clocks()
        self._policy_tell("pause.ended")

    @api.model
    def _cron_end_pauses(self):
        """End what has reached its limit, at exactly that instant however late this runs."""
        failed = set()
        while pauses := self._policy_expired(failed):
            try:
                with self.env.cr.savepoint():
                    pauses._policy_stop("limit")
            except Exception:
                for pause in pauses:
                    if not pause._policy_stop_alone():
                        failed.add(pause.id)
            if not self.env["ir.cron"]._commit_progress(len(pauses)):
                break

    @api.model
    def _policy_expired(self, failed):
        """Return the next pauses past their limit, locked; none that another node works on."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM crm_policy_pause
                 WHERE state = 'running' AND limit_at <= %(now)s AND id != ALL(%(failed)s)
                 ORDER BY limit_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
                """,
                now=fields.Datetime.now(),
                failed=list(failed),
                limit=CHUNK,
            )
        )
        return self.sudo().browse(row[0] for row in rows)

    def _policy_stop_alone(self):
        try:
            with self.env.cr.savepoint():
                self._policy_stop("limit")
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            return False  # its document is being saved: the next run
        except Exception:
            _logger.exception("The pause %s cannot be ended", self.id)
            return False
        return True

    # === BUSINESS METHODS - WHAT FOLLOWS === #

    def _policy_keep_clocks(self):
        """Let the deadlines of the documents say what the pauses say."""
        for same_model in self.grouped("res_model").values():
            documents = same_model._policy_document().exists()
            documents._policy_keep_paused(set(same_model.mapped("reason_code")))

    def _policy_tell(self, event):
        """Tell the ledger and the chatter of the documents what became of pauses (U20)."""
        for (_model, clause), pauses in self.grouped(
            lambda pause: (pause.res_model, pause.clause_id)
        ).items():
            documents = pauses._policy_document().exists()
            payloads = {
                pause.res_id: {
                    "pause": pause.id,
                    "reason": pause.reason_code,
                    "from": str(pause.from_at or ""),
                    "limit": str(pause.limit_at or ""),
                    "to": str(pause.to_at or ""),
                    "end": pause.end_reason or "",
                }
                for pause in pauses
            }
            self.env["crm.policy.event"]._policy_log(
                event, documents, payloads=payloads, clause=clause
            )
            if hasattr(documents, "_message_log_batch"):
                words = {pause.res_id: pause._policy_words(event) for pause in pauses}
                documents._message_log_batch(
                    bodies={document.id: words[document.id] for document in documents}
                )

    def _policy_words(self, event):
        """Return the note on a document of what became of its pause, in the company's language."""
        self = self.with_context(lang=self.company_id.partner_id.lang)
        zone = company_zone(self.company_id)
        values = {
            "clause": self.clause_id._policy_citation(),
            "reason": self.reason_id.name,
            "limit": self.limit_at and moment_words(self.limit_at, zone),
            "end": self.to_at and moment_words(self.to_at, zone),
            "role": self.role_id.name,
        }
        sentence = {
            "pause.asked": self.env._(
                "%(clause)s: a pause is asked for: %(reason)s. %(role)s decides.", **values
            ),
            "pause.began": self.env._(
                "%(clause)s: the clocks stand still: %(reason)s, until %(limit)s at the latest.",
                **values,
            ),
            "pause.refused": self.env._("%(clause)s: no pause: %(reason)s.", **values),
            "pause.ended": self.env._(
                "%(clause)s: the clocks run again since %(end)s: %(reason)s.", **values
            ),
        }[event]
        said = self.comment if event in ("pause.began", "pause.refused") else ""
        asked = self.text if event in ("pause.asked", "pause.began") else ""
        return "\n".join(part for part in (sentence, asked, said) if part)

    @api.model
    def _policy_log_of(self, documents):
        """Return {document id: its pauses in order, as the clocks read them}, in one query.

        :rtype: dict[int, list[LoggedStop]]
        """
        log, now = defaultdict(list), fields.Datetime.now()
        pauses = self.sudo().search_fetch(
            [
                ("res_model", "=", documents._name),
                ("res_id", "in", documents.ids),
                ("from_at", "!=", False),
            ],
            ["res_id", "reason_code", "from_at", "to_at", "limit_at"],
            order="from_at, id",
        )
        for pause in pauses:
            stop = Stop(
                pause.from_at,
                pause.to_at or pause.limit_at,
                not pause.to_at and pause.limit_at > now,
            )
            mark = f"{stop.start:%Y%m%d%H%M%S}-{stop.stop:%Y%m%d%H%M%S}"
            mark += "" if pause.to_at else "*"
            log[pause.res_id].append(LoggedStop(pause.reason_code, mark, stop))
        return log

    @api.model
    def _policy_log_sql(self, model_name):
        """Return SELECT rule_id, res_id, log: the marks of :meth:`_policy_log_of` of each rule."""
        return SQL(
            """
            SELECT rel.rule_id, pause.res_id,
                   string_agg(
                       to_char(pause.from_at, 'YYYYMMDDHH24MISS') || '-'
                       || to_char(COALESCE(pause.to_at, pause.limit_at), 'YYYYMMDDHH24MISS')
                       || CASE WHEN pause.to_at IS NULL THEN '*' ELSE '' END,
                       ';' ORDER BY pause.from_at, pause.id) AS log
              FROM crm_policy_pause pause
              JOIN crm_policy_pause_reason reason ON reason.code = pause.reason_code
              JOIN crm_policy_deadline_rule_pause_reason_rel rel ON rel.reason_id = reason.id
             WHERE pause.res_model = %s AND pause.from_at IS NOT NULL
             GROUP BY rel.rule_id, pause.res_id
            """,
            model_name,
        )
