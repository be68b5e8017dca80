import json

from odoo import api, fields, models
from odoo.tools import SQL

COLUMNS = (
    "at", "type", "company_id", "res_model", "res_id", "actor_id", "on_behalf_id", "payload",
    "policy", "version", "clause",
)  # fmt: skip


class CrmPolicyEvent(models.Model):
    """The ledger: what happened, under which clause, by whom. It can only grow.

    It speaks in codes and ids and has no foreign keys, so that nothing that is destroyed later
    takes its trace along. A payload holds ids, codes and numbers, never personal text.
    """

    _name = "crm.policy.event"
    _inherit = ["crm.policy.gathered"]
    _description = "Policy Event"
    _order = "id desc"
    _rec_name = "type"
    _log_access = False

    at = fields.Datetime(required=True, readonly=True, index=True)
    type = fields.Char(required=True, readonly=True, index=True)
    company_id = fields.Integer(string="Company ID", readonly=True, index=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Integer(string="Document ID", readonly=True)
    policy = fields.Char(readonly=True, help="Code of the policy.")
    version = fields.Char(
        string="Version Number", readonly=True, help="Number of the policy version."
    )
    clause = fields.Char(readonly=True, help="Number of the clause that asked for it.")
    actor_id = fields.Integer(string="Actor ID", readonly=True)
    on_behalf_id = fields.Integer(string="On Behalf of ID", readonly=True)
    payload = fields.Json(readonly=True)
    seq = fields.Integer(string="Chain Position", readonly=True)
    hash = fields.Char(readonly=True)
    actor_name = fields.Char(string="Actor", compute="_compute_actor_name")
    payload_text = fields.Char(string="Details", compute="_compute_payload_text")

    _document_idx = models.Index("(res_model, res_id, id)")
    _unchained_idx = models.Index("((COALESCE(company_id, 0)), id) WHERE seq IS NULL")
    _chain_uniq = models.UniqueIndex(
        "((COALESCE(company_id, 0)), seq) WHERE seq IS NOT NULL",
        "A place of the chain is taken once.",
    )

    # === COMPUTE METHODS === #

    def _compute_actor_name(self):
        users = self.env["res.users"].sudo().browse({event.actor_id for event in self}).exists()
        names = {user.id: user.name for user in users}
        for event in self:
            event.actor_name = names.get(event.actor_id, str(event.actor_id))

    def _compute_payload_text(self):
        for event in self:
            pairs = (event.payload or {}).items()
            event.payload_text = ", ".join(f"{key}: {value}" for key, value in pairs)

    # === BUSINESS METHODS === #

    @api.model
    def _policy_log(
        self, event_type, records, payload=None, clause=None, payloads=None, on_behalf=None
    ):
        """Note one event for each of ``records``; a transaction writes all by one statement.

        :param str event_type: dotted code, "case.accepted".
        :param records: the documents it happened to; may carry ``company_id``, or be companies.
        :param dict payload: the same for all; ids, codes, numbers only.
        :param clause: the ``crm.policy.clause`` record (or any record with ``policy_trace()``
            giving policy, version and clause codes) that asked for it.
        :param dict payloads: id -> payload, instead of one for all.
        :param dict on_behalf: id -> the ``res.users`` for whom the actor has done it, if for any.
        """
        if not records:  # saves work
            return
        trace = clause._policy_trace() if clause else {}
        if records._name == "res.company":
            companies = records.ids
        elif "company_id" in records:
            companies = [record["company_id"].id or None for record in records]
        else:
            companies = [None] * len(records)
        shared = {
            "at": fields.Datetime.to_string(fields.Datetime.now()),
            "type": event_type,
            "res_model": records._name,
            "actor_id": self.env.uid,
            **{name: trace.get(name) or None for name in ("policy", "version", "clause")},
        }
        rows = []
        for record_id, company_id in zip(records._ids, companies, strict=True):
            principal = on_behalf and on_behalf.get(record_id)
            rows.append(
                {
                    **shared,
                    "company_id": company_id,
                    "res_id": record_id,
                    "on_behalf_id": principal.id if principal else None,
                    "payload": (payloads[record_id] if payloads else payload) or None,
                }
            )
        self._policy_gather(rows)

    @api.model
    def _policy_store(self, rows):
        # The ORM would take ten times as long for what has no inverse, no default and no compute.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_policy_event (%(columns)s)
                     SELECT %(columns)s
                       FROM jsonb_populate_recordset(NULL::crm_policy_event, %(rows)s)
                            WITH ORDINALITY
                   ORDER BY ordinality
                """,
                columns=SQL(", ").join(map(SQL.identifier, COLUMNS)),
                rows=json.dumps(rows),
            )
        )

    def _get_redirect_suggested_company(self):
        # The standard takes company_id for a record when it words an access error.
        return self.env["res.company"].browse(self.mapped("company_id")).exists()

    # === DATABASE === #

    def init(self):
        result = super().init()
        # The hash chain fills these two later, once.
        self._policy_build_wall("seq", "hash")
        return result
