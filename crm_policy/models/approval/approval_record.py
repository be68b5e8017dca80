from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .approval_changes import Changes, as_rows, columns_of

# What a request and its steps are made of; the rest is null or the database's.
REQUEST_COLUMNS = (
    "name", "company_id", "res_model", "res_id", "subject", "route_id", "clause_id", "amount",
    "currency_id", "requester_id", "requested_at", "fingerprint", "state", "emergency",
)  # fmt: skip
STEP_COLUMNS = (
    "company_id", "policy_version_id", "policy_department_id", "sequence", "role_id", "team_id",
    "person_id", "origin", "replaced_id", "mode", "on_timeout", "state", "opened_at", "user_id",
)  # fmt: skip


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
                row_columns=columns_of(STEP_COLUMNS, "row"),
                uid=self.env.uid,
                now=self.env.cr.now(),
                requests=as_rows([vals for vals, _lines, _users in requests]),
                steps=as_rows(steps),
                documents=[res_id for res_id, _user in people],
                users=[user for _res_id, user in people],
            )
        )
        request_of = {res_id: request_id for res_id, request_id, _step, _state in rows}
        approvals = self.sudo().browse(request_of[vals["res_id"]] for vals, *_rest in requests)
        self._policy_remember(approvals, REQUEST_COLUMNS, [vals for vals, *_rest in requests])
        Step.browse(step_id for _res_id, _request, step_id, _state in rows)._policy_keep_deadlines()
        return approvals

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
        going = self.filtered(lambda approval: approval._policy_steps("waiting"))
        (self - going)._policy_end("approved")
        changes = Changes()
        going._policy_open(changes)
        self._policy_write_changes(changes)
        self._policy_announce(changes.people)

    def _policy_open(self, changes, completed=None):
        """Add to ``changes`` that the next step of each request opens, for those who may sign it.

        :param completed: as :meth:`_policy_places` has it.
        """
        following, now = self._policy_steps("waiting"), fields.Datetime.now()
        seats = self._policy_seats(self._policy_places(following, completed)) if following else []
        for (approval, step), found in zip(following.items(), seats, strict=True):
            users = changes.people[approval] = self._policy_can_now(found)
            changes.steps[step] = {
                "state": "pending",
                "opened_at": now,
                "user_id": users.id if len(users) == 1 else False,
            }

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
        if self:
            changes = Changes()
            self._policy_close(changes, state)
            self._policy_write_changes(changes)
            self._policy_ended(state)

    def _policy_close(self, changes, state):
        """Add to ``changes`` that requests end: nobody decides them any more."""
        approvals, now = self.sudo(), fields.Datetime.now()
        for approval in approvals:
            changes.people[approval] = self.env["res.users"]
            changes.requests[approval] = {"state": state, "decided_at": now}
        if state in ("recalled", "lapsed"):
            for step in approvals.step_ids.filtered(lambda step: step.state == "pending"):
                changes.steps[step] = {"state": "skipped"}

    def _policy_ended(self, state):
        """Let the documents of requests that have ended know."""
        approvals = self.sudo()
        hook = {"approved": "_policy_on_approved", "rejected": "_policy_on_rejected"}.get(state)
        for model_name, group in approvals._policy_installed().grouped("res_model").items():
            documents = self.env[model_name].sudo().browse(group.mapped("res_id"))
            documents._policy_guarded_write({"policy_approval_state": state if hook else "none"})
            if hook:
                getattr(documents, hook)()

    def _policy_lapse(self):
        """End requests whose document is no longer what was asked for, or no longer needs it."""
        self._policy_end("lapsed")
        self._policy_log_requests("approval.lapsed", None)
