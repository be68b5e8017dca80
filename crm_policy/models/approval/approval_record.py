import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

# What a request and its steps are made of; the rest is null or the database's.
REQUEST_COLUMNS = (
    "name", "company_id", "res_model", "res_id", "subject", "route_id", "clause_id", "amount",
    "currency_id", "requester_id", "requested_at", "fingerprint", "state", "emergency",
)  # fmt: skip
STEP_COLUMNS = (
    "company_id", "policy_version_id", "policy_department_id", "sequence", "role_id", "team_id",
    "person_id", "origin", "replaced_id", "mode", "on_timeout", "state", "opened_at", "user_id",
)  # fmt: skip
DECISION_COLUMNS = (
    "approval_id", "step_id", "company_id", "user_id", "on_behalf_of_id", "delegation_id",
    "outcome", "to_user_id", "comment", "decided_at",
)  # fmt: skip


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


def columns_of(names):
    return SQL(", ").join(map(SQL.identifier, names))


class CrmPolicyApprovalRecord(models.AbstractModel):
    """How requests, steps and decisions are written: in one statement, however many they are.

    They have no inverse and no default that the ORM would have to add, but its price.
    """

    _name = "crm.policy.approval.record"
    _description = "Record of Approvals"

    @api.model
    def _policy_insert_requests(self, requests):
        """Store requests with their steps and those who may decide the open ones.

        :param requests: list of (request values, list of step values, eligible ``res.users``) of
            one model; each ``res_id`` once.
        :return: the requests in order, as superuser.
        """
        steps = [
            {**step, "approval_id": vals["res_id"]} for vals, lines, _users in requests
            for step in lines
        ]  # fmt: skip
        people = [(vals["res_id"], user) for vals, _lines, users in requests for user in users.ids]
        Step = self.env["crm.policy.approval.step"].sudo()
        rows = self.env.execute_query(
            SQL(
                """
                WITH asked AS (
                    INSERT INTO crm_policy_approval
                                (%(request_columns)s,
                                 create_uid, write_uid, create_date, write_date)
                         SELECT %(request_columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                           FROM jsonb_populate_recordset(NULL::crm_policy_approval, %(requests)s)
                      RETURNING id, res_id
                ), people AS (
                    INSERT INTO crm_policy_approval_eligible_rel
                                (crm_policy_approval_id, res_users_id)
                         SELECT asked.id, row.user_id
                           FROM unnest(%(documents)s::int[], %(users)s::int[])
                                AS row (res_id, user_id)
                           JOIN asked ON asked.res_id = row.res_id
                ), steps AS (
                    INSERT INTO crm_policy_approval_step
                                (%(step_columns)s, approval_id,
                                 create_uid, write_uid, create_date, write_date)
                         SELECT %(row_columns)s, asked.id, %(uid)s, %(uid)s, %(now)s, %(now)s
                           FROM jsonb_populate_recordset(NULL::crm_policy_approval_step, %(steps)s)
                                AS row
                           JOIN asked ON asked.res_id = row.approval_id
                       ORDER BY asked.id, row.sequence
                      RETURNING id, approval_id, state
                )
                SELECT asked.res_id, asked.id, steps.id, steps.state
                  FROM asked JOIN steps ON steps.approval_id = asked.id
                """,
                request_columns=columns_of(REQUEST_COLUMNS),
                step_columns=columns_of(STEP_COLUMNS),
                row_columns=SQL(", ").join(SQL.identifier("row", name) for name in STEP_COLUMNS),
                uid=self.env.uid,
                now=self.env.cr.now(),
                requests=as_rows([vals for vals, _lines, _users in requests]),
                steps=as_rows(steps),
                documents=[res_id for res_id, _user in people],
                users=[user for _res_id, user in people],
            )
        )
        request_of = {res_id: request_id for res_id, request_id, _step, _state in rows}
        opened = sorted(step for _res_id, _request, step, state in rows if state == "pending")
        Step.browse(opened)._policy_keep_deadlines()
        return self.sudo().browse(request_of[vals["res_id"]] for vals, _lines, _users in requests)

    @api.model
    def _policy_insert_steps(self, vals_list):
        """Store further steps of requests that go on; return them as superuser."""
        Step = self.env["crm.policy.approval.step"].sudo()
        columns = (*STEP_COLUMNS, "approval_id")
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_approval_step
                            (%(columns)s, create_uid, write_uid, create_date, write_date)
                     SELECT %(columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                       FROM jsonb_populate_recordset(NULL::crm_policy_approval_step, %(rows)s)
                  RETURNING id
                """,
                columns=columns_of(columns),
                uid=self.env.uid,
                now=self.env.cr.now(),
                rows=as_rows(vals_list),
            )
        )
        self._policy_touch(self.sudo().browse({v["approval_id"] for v in vals_list}), "step_ids")
        return Step.browse(step_id for [step_id] in rows)

    @api.model
    def _policy_insert_decisions(self, vals_list):
        """Store what was signed; return the decisions as superuser."""
        Decision = self.env["crm.policy.decision"].sudo()
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_policy_decision
                            (%(columns)s, create_uid, write_uid, create_date, write_date)
                     SELECT %(columns)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                       FROM jsonb_populate_recordset(NULL::crm_policy_decision, %(rows)s)
                  RETURNING id
                """,
                columns=columns_of(DECISION_COLUMNS),
                uid=self.env.uid,
                now=self.env.cr.now(),
                rows=as_rows(vals_list),
            )
        )
        for name in ("approval_id", "step_id"):
            records = self.env[Decision._fields[name].comodel_name].sudo()
            self._policy_touch(records.browse({vals[name] for vals in vals_list}), "decision_ids")
        return Decision.browse(decision_id for [decision_id] in rows)

    @api.model
    def _policy_write_eligible(self, people):
        """Store who may decide each request now, in one statement.

        :param dict people: {request: ``res.users``}.
        """
        if not people:
            return
        pairs = [(approval.id, user) for approval, users in people.items() for user in users.ids]
        approvals = self.sudo().browse(approval.id for approval in people)
        approvals.flush_recordset(["eligible_user_ids"])
        self.env.execute_query(
            SQL(
                """
                WITH wanted AS (
                    SELECT * FROM unnest(%(requests)s::int[], %(users)s::int[])
                                  AS row (request_id, user_id)
                ), gone AS (
                    DELETE FROM crm_policy_approval_eligible_rel
                          WHERE crm_policy_approval_id IN %(ids)s
                            AND (crm_policy_approval_id, res_users_id) NOT IN (
                                SELECT request_id, user_id FROM wanted
                            )
                )
                INSERT INTO crm_policy_approval_eligible_rel (crm_policy_approval_id, res_users_id)
                     SELECT request_id, user_id FROM wanted
                ON CONFLICT DO NOTHING
                  RETURNING 1
                """,
                requests=[request for request, _user in pairs],
                users=[user for _request, user in pairs],
                ids=tuple(approvals.ids),
            )
        )
        self._policy_touch(approvals, "eligible_user_ids")

    @staticmethod
    def _policy_touch(records, name):
        """Forget what is cached of a field that was stored behind the ORM."""
        records.invalidate_recordset([name], flush=False)
        records.modified([name])

    # === EVENTS === #

    def _policy_log_requests(self, event_type, payloads, on_behalf=None):
        """Write an event for each request, a statement for each clause.

        :param dict payloads: {id: ids, codes and numbers}.
        :param dict on_behalf: {id: for whom}, where it was for somebody else.
        """
        for clause, approvals in self.sudo().grouped("clause_id").items():
            self.env["crm.policy.event"]._policy_log(
                event_type, approvals, payloads=payloads, clause=clause, on_behalf=on_behalf
            )

    # === MOVING ON === #

    def _policy_open_steps(self):
        """Open the next step of each request; those without a further step are approved."""
        approvals, now = self.sudo(), fields.Datetime.now()
        following = approvals._policy_steps("waiting")
        done = approvals.browse(line.id for line in approvals if line not in following)
        done._policy_end("approved")
        opened = list(following.items())
        if opened:
            places = self._policy_places(following)
            people = {}
            by_person = defaultdict(self.env["crm.policy.approval.step"].sudo().browse)
            for (approval, step), seats in zip(opened, self._policy_seats(places), strict=True):
                users = people[approval] = self._policy_can_now(seats)
                by_person[users.id if len(users) == 1 else False] |= step
            self._policy_write_eligible(people)
            for user_id, steps in by_person.items():
                steps._policy_update({"state": "pending", "opened_at": now, "user_id": user_id})
            self._policy_announce(people)

    @api.model
    def _policy_announce(self, people):
        """Let the documents know who is asked; those that ask the same people at once."""
        groups = defaultdict(list)
        for approval, users in people.items():
            if users:
                groups[approval.res_model, users].append(approval.res_id)
        for (model_name, users), ids in groups.items():
            self.env[model_name].sudo().browse(ids)._policy_on_requested(users)

    def _policy_end(self, state):
        """End requests and let their documents know."""
        if not self:
            return
        approvals = self.sudo()
        approvals._policy_write_eligible(
            {approval: self.env["res.users"] for approval in approvals}
        )
        approvals._policy_update({"state": state, "decided_at": fields.Datetime.now()})
        if state in ("recalled", "lapsed"):
            left = approvals.step_ids.filtered(lambda step: step.state == "pending")
            left._policy_update({"state": "skipped"})
        hook = {"approved": "_policy_on_approved", "rejected": "_policy_on_rejected"}.get(state)
        for model_name, group in approvals.grouped("res_model").items():
            documents = self.env[model_name].sudo().browse(group.mapped("res_id"))
            documents._policy_guarded_write({"policy_approval_state": state if hook else "none"})
            if hook:
                getattr(documents, hook)()

    def _policy_lapse(self):
        """End requests whose document is no longer what was asked for, or no longer needs it."""
        self._policy_end("lapsed")
        self._policy_log_requests("approval.lapsed", None)
