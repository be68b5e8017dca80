import functools
import json
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import SQL

# What a decision is made of; the rest is the database's.
DECISION_COLUMNS = (
    "approval_id", "step_id", "company_id", "user_id", "on_behalf_of_id", "delegation_id",
    "outcome", "to_user_id", "comment", "decided_at",
)  # fmt: skip
# What changes of them afterwards.
STEP_MOVES = ("state", "opened_at", "decided_at", "user_id")
REQUEST_MOVES = ("state", "decided_at")


@dataclass
class Changes:
    """What a turn changes of requests: gathered, then written by one statement."""

    decisions: list = field(default_factory=list)  # create values, one for a step
    steps: dict = field(default_factory=dict)  # step -> values
    requests: dict = field(default_factory=dict)  # request -> values, {} to hold its row only
    people: dict = field(default_factory=dict)  # request -> res.users who may decide it now


def as_rows(vals_list):
    """Return create values as JSON for ``jsonb_populate_recordset``: False is null."""
    return json.dumps(
        [
            {
                name: value if value is not False or name == "emergency" else None
                for name, value in vals.items()
            }
            for vals in vals_list
        ],
        default=str,
    )


@functools.cache
def columns_of(names, table=None):
    identifiers = (SQL.identifier(table, name) if table else SQL.identifier(name) for name in names)
    return SQL(", ").join(identifiers)


@functools.cache
def moves_of(names):
    return SQL(", ").join(
        SQL("%s = %s", SQL.identifier(name), SQL.identifier("row", name)) for name in names
    )


class CrmPolicyApprovalChanges(models.AbstractModel):
    """How a turn of requests is written: in one statement, however many they are."""

    _name = "crm.policy.approval.changes"
    _description = "Changes of Requests"

    @api.model
    def _policy_write_changes(self, changes):
        """Store a turn of requests in one statement; return whose requests to decide changed.

        The rows of the requests are held until the end of the transaction. Of two who decide at
        the same time the second waits here. Once the first has committed, PostgreSQL refuses his
        snapshot and Odoo repeats his call, as it does where two who decide on many wait for each
        other: he sees what the first has signed.

        :rtype: res.users
        """
        Step = self.env["crm.policy.approval.step"].sudo()
        steps = Step.browse(step.id for step in changes.steps)
        requests = self.sudo().browse(request.id for request in changes.requests)
        approvals = self.sudo().browse(request.id for request in changes.people)
        steps.flush_recordset(STEP_MOVES)
        requests.flush_recordset(REQUEST_MOVES)
        approvals.flush_recordset(["eligible_user_ids"])
        parts, results = {}, []
        if requests:
            parts["held"] = SQL(
                "SELECT id FROM crm_policy_approval WHERE id IN %s ORDER BY id FOR UPDATE",
                requests._ids,
            )
            parts["kept"] = self._policy_moves(requests, REQUEST_MOVES, changes.requests, "held")
        if steps:
            parts["moved"] = self._policy_moves(steps, STEP_MOVES, changes.steps)
        if changes.decisions:
            parts["signed"] = self._policy_signatures(changes.decisions)
            results.append(SQL("SELECT id, step_id FROM signed"))
        if approvals:
            pairs = [(one.id, user) for one, users in changes.people.items() for user in users.ids]
            parts |= self._policy_eligible_parts(approvals, pairs)
            results += [SQL("SELECT res_users_id, NULL FROM %s", SQL(n)) for n in ("gone", "come")]
        if not parts:
            return self.env["res.users"]
        rows = self.env.execute_query(
            SQL(
                "WITH %s %s",
                SQL(", ").join(SQL(f"{name} AS (%s)", part) for name, part in parts.items()),
                SQL(" UNION ALL ").join(results) if results else SQL("SELECT NULL, NULL LIMIT 0"),
            )
        )
        self._policy_remember_moves(requests, changes.requests)
        self._policy_remember_moves(steps, changes.steps)
        self._policy_remember_decisions(
            changes.decisions, {step_id: row_id for row_id, step_id in rows if step_id}
        )
        self._policy_remember_people(changes.people)
        signed = requests.browse(vals["approval_id"] for vals in changes.decisions)
        touched = requests | approvals | signed
        touched._policy_modified((*REQUEST_MOVES, "eligible_user_ids", "decision_ids"))
        signed = Step.browse(vals["step_id"] for vals in changes.decisions)
        (steps | signed)._policy_modified((*STEP_MOVES, "decision_ids"))
        steps._policy_keep_deadlines(STEP_MOVES)
        return self.env["res.users"].browse({row_id for row_id, step_id in rows if not step_id})

    @api.model
    def _policy_moves(self, records, names, changes, held=None):
        """Return the statement that changes ``records``: each its own values, others as they are.

        :param str held: a part of the statement that must have taken the rows first.
        """
        rows = [
            {"id": one.id, **{name: one._fields[name].convert_to_write(one[name], one)
                              for name in names if name not in changes[one]}, **changes[one]}
            for one in records
        ]  # fmt: skip
        return SQL(
            """
            UPDATE %(table)s AS kept
               SET %(moves)s, write_uid = %(uid)s, write_date = %(now)s
              FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s) AS row %(held)s
             WHERE kept.id = row.id AND kept.id IN %(ids)s
            """,
            table=SQL.identifier(records._table),
            moves=moves_of(names),
            rows=as_rows(rows),
            uid=self.env.uid,
            now=self.env.cr.now(),
            held=SQL("JOIN %(held)s ON %(held)s.id = row.id", held=SQL(held)) if held else SQL(),
            # PostgreSQL takes any set of JSON for a hundred rows, and would read the whole table.
            ids=records._ids,
        )

    @api.model
    def _policy_signatures(self, decisions):
        return SQL(
            """
            INSERT INTO crm_policy_decision
                        (%(columns)s, create_uid, write_uid, create_date, write_date)
                 SELECT %(columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                   FROM jsonb_populate_recordset(NULL::crm_policy_decision, %(rows)s)
              RETURNING id, step_id
            """,
            columns=columns_of(DECISION_COLUMNS),
            uid=self.env.uid,
            now=self.env.cr.now(),
            rows=as_rows(decisions),
        )

    @api.model
    def _policy_eligible_parts(self, approvals, pairs):
        return {
            "wanted": SQL(
                "SELECT * FROM unnest(%s::int[], %s::int[]) AS row (request_id, user_id)",
                [request for request, _user in pairs],
                [user for _request, user in pairs],
            ),
            "gone": SQL(
                """
                DELETE FROM crm_policy_approval_eligible_rel
                      WHERE crm_policy_approval_id IN %s
                        AND (crm_policy_approval_id, res_users_id) NOT IN (
                            SELECT request_id, user_id FROM wanted
                        )
                  RETURNING res_users_id
                """,
                approvals._ids,
            ),
            "come": SQL(
                """
                INSERT INTO crm_policy_approval_eligible_rel (crm_policy_approval_id, res_users_id)
                     SELECT request_id, user_id FROM wanted
                ON CONFLICT DO NOTHING
                  RETURNING res_users_id
                """
            ),
        }

    # === WHAT THE CACHE KNOWS OF IT === #

    @staticmethod
    def _policy_remember(records, names, vals_list):
        """Put into the cache what was written behind the ORM, which need not be read again."""
        for name in names:
            values = [vals[name] or None for vals in vals_list]
            if records._fields[name].type in ("boolean", "monetary"):
                values = [vals[name] for vals in vals_list]
            records._fields[name]._insert_cache(records, values)

    @staticmethod
    def _policy_remember_moves(records, changes):
        for record in records:
            for name, value in changes[record].items():
                record._fields[name]._update_cache(record, value or None)
        records.invalidate_recordset(["write_uid", "write_date"], flush=False)

    @api.model
    def _policy_remember_decisions(self, decisions, id_of_step):
        """Let the cache know of new decisions, those of their requests and steps included."""
        if not decisions:  # saves work
            return
        lines = self.env["crm.policy.decision"].sudo()
        lines = lines.browse(id_of_step[vals["step_id"]] for vals in decisions)
        self._policy_remember(lines, DECISION_COLUMNS, decisions)
        for name in ("approval_id", "step_id"):
            owners = self.env[lines._fields[name].comodel_name].sudo()
            owners = owners.browse(vals[name] for vals in decisions)
            known = owners._fields["decision_ids"]._get_cache(owners.env)
            for owner_id, line_id in zip(owners._ids, lines._ids, strict=True):
                if owner_id in known:
                    known[owner_id] += (line_id,)

    @api.model
    def _policy_remember_people(self, people):
        """Let the cache know of who may decide now; of several the database knows the order."""
        for approval, users in people.items():
            approval = approval.sudo()
            if len(users) > 1:
                approval.invalidate_recordset(["eligible_user_ids"], flush=False)
            else:
                approval._fields["eligible_user_ids"]._update_cache(approval, users._ids)

    @staticmethod
    def _policy_touch(records, name):
        """Forget what is cached of a field that was stored behind the ORM."""
        records.invalidate_recordset([name], flush=False)
        records._policy_modified((name,))
