"""Approvals: asking three people in turn and their signatures; ours, base_tier_validation, SQL."""

import sys

from common import Row, environments, measure, report

from odoo import Command, fields

NUMBER = 60  # documents of a measurement
PLAIN = 1200  # of the plain statements, which are over before a processor tick is
LOGINS = ("bench_asker", "bench_first", "bench_second", "bench_third")


def make_people(env, groups):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": login,
                    "login": login,
                    "email": f"{login}@example.com",
                    "group_ids": [Command.set([env.ref(group).id for group in groups])],
                }
                for login in LOGINS
            ]
        )
    )


class Side:
    """One of the two databases, with the same people and the same documents."""

    def __init__(self, env, groups):
        self.env = env
        self.asker, *self.signers = make_people(env, groups)
        self.vals = self.govern()
        env.cr.commit()

    def fresh(self, model_name, number=NUMBER):
        """Return documents that are there for all repeats."""
        Document = self.env[model_name].with_user(self.asker)
        made = Document.create(
            [{"name": f"Document {place}", "amount": 100.0, **self.vals} for place in range(number)]
        )
        self.env.flush_all()
        self.env.cr.commit()
        return made

    def request(self, model_name, bulk):
        made = self.fresh(model_name)

        def act():
            for part in [made] if bulk else made:
                self.ask(part)
                self.env.flush_all()

        return measure(self.env, act, NUMBER)

    def sign(self, model_name, bulk, apart=False):
        """All levels of documents that were submitted before.

        :param apart: each signature as a click of its own, with its end of a transaction and with
            nothing that an earlier one has read.
        """
        made = self.fresh(model_name)
        self.ask(made)
        self.env.cr.commit()

        def act():
            for signer in self.signers:
                for part in [made] if bulk else made:
                    self.approve(part.with_user(signer))
                    self.env.flush_all()
                    if apart:
                        self.env.cr.flush()
                        self.env.transaction.clear()
            assert self.is_approved(made)

        return measure(self.env, act, NUMBER)


class Ours(Side):
    def __init__(self, env):
        super().__init__(env, ["base.group_user", "crm_policy.group_specialist"])

    def govern(self):
        """Put a policy into force whose route asks the three one after the other."""
        env = self.env
        director = env.ref("base.user_admin")
        director.group_ids += env.ref("crm_policy.group_director")
        version = env["crm.policy"]._policy_install_shipped("service", env.company)
        version.action_policy_draft()
        roles = env["crm.policy.role"].create(
            [
                {"code": user.login, "name": user.name, "kind": "user", "user_id": user.id}
                for user in self.signers
            ]
        )
        env["crm.policy.route"].create(
            [
                {
                    "code": model_name,
                    "name": "Three signatures",
                    "clause_id": version.clause_ids[:1].id,
                    "model_name": model_name,
                    "kind": "sequence",
                    "step_ids": [
                        Command.create({"role_id": role.id, "sequence": place})
                        for place, role in enumerate(roles)
                    ],
                }
                for model_name in ("bench.document", "bench.chatter")
            ]
        )
        version.action_policy_review()
        version.with_user(director).action_policy_publish()
        return {"policy_version_id": version.id}

    def ask(self, documents):
        documents.action_policy_submit()

    def approve(self, documents):
        documents.action_policy_approve()

    def is_approved(self, documents):
        return set(documents.mapped("policy_approval_state")) == {"approved"}

    # === LIMITS === #

    def bare_request(self):
        """A request and its three steps for each document, by two statements."""
        made = self.fresh("bench.document", PLAIN)
        query = """
            WITH request AS (
                INSERT INTO crm_policy_approval (name, company_id, res_model, res_id, route_id,
                                                 requester_id, requested_at, state)
                SELECT 'x', %(company)s, 'bench.document', id, %(route)s, %(user)s, now(), 'pending'
                  FROM unnest(%(ids)s) AS id RETURNING id)
            INSERT INTO crm_policy_approval_step (approval_id, company_id, role_id, mode, state,
                                                  origin, on_timeout, sequence)
            SELECT request.id, %(company)s, role.id, 'any', 'waiting', 'route', 'remind', role.place
              FROM request, unnest(%(roles)s) WITH ORDINALITY AS role (id, place)
        """
        route = self.env["crm.policy.route"].search([("model_name", "=", "bench.document")])
        values = {
            "company": self.env.company.id,
            "route": route[:1].id,
            "user": self.asker.id,
            "ids": made.ids,
            "roles": route[:1].step_ids.role_id.ids,
        }
        return measure(self.env, lambda: self.env.cr.execute(query, values), PLAIN)

    def bare_signatures(self, bulk):
        """Three signatures and the new states of step and request: two statements per level."""
        made = self.fresh("bench.document", PLAIN)
        self.ask(made)
        self.env.cr.commit()
        sign = """
            INSERT INTO crm_policy_decision (approval_id, step_id, company_id, user_id, outcome,
                                             decided_at)
            SELECT step.approval_id, step.id, step.company_id, %(user)s, 'approved', now()
              FROM crm_policy_approval_step step JOIN crm_policy_approval request
                ON request.id = step.approval_id
             WHERE request.res_model = 'bench.document' AND request.res_id = ANY(%(ids)s)
               AND step.sequence = %(level)s
        """
        move = """
            UPDATE crm_policy_approval_step SET state = 'approved'
              FROM crm_policy_approval request
             WHERE request.id = approval_id AND request.res_model = 'bench.document'
               AND request.res_id = ANY(%(ids)s) AND sequence = %(level)s
        """

        def act():
            for level, signer in enumerate(self.signers, start=1):
                for ids in [made.ids] if bulk else [[id_] for id_ in made.ids]:
                    values = {"user": signer.id, "level": level, "ids": ids}
                    self.env.cr.execute(sign, values)
                    self.env.cr.execute(move, values)

        return measure(self.env, act, PLAIN)


class Peer(Side):
    def __init__(self, env):
        super().__init__(env, ["base.group_user"])

    def govern(self):
        Definition = self.env["tier.definition"]
        for model_name in ("bench.document", "bench.chatter"):
            for place, signer in enumerate(self.signers):
                Definition.create(
                    {
                        "name": f"Level {place}",
                        "model_id": self.env["ir.model"]._get_id(model_name),
                        "review_type": "individual",
                        "reviewer_id": signer.id,
                        "sequence": 100 - place,
                        "approve_sequence": True,
                        "notify_on_create": model_name == "bench.chatter",
                        "notify_on_accepted": model_name == "bench.chatter",
                    }
                )
        return {}

    def ask(self, documents):
        documents.request_validation()

    def approve(self, documents):
        # It knows no decision on several documents.
        for document in documents:
            document.invalidate_recordset()
            document.validate_tier()

    def is_approved(self, documents):
        documents.invalidate_recordset()
        return set(documents.mapped("validation_status")) == {"validated"}


class Floor(Side):
    """The rows that ours leaves behind, by plain ``create`` and ``write``, and nothing else.

    Nobody is looked for, asked, checked, told or refused: what Odoo alone takes for the rows.
    """

    def __init__(self, env, people):
        self.env = env
        self.asker, *self.signers = people
        self.vals = {}
        self.group = env.ref("base.group_user")

    def ask(self, documents):
        env, now = documents.sudo().env, fields.Datetime.now()
        requests = env["bench.floor.request"].create(
            [
                {
                    "name": document.name,
                    "company_id": document.company_id.id,
                    "res_model": document._name,
                    "res_id": document.id,
                    "subject": "general",
                    "route_id": self.group.id,
                    "clause_id": self.group.id,
                    "amount": document.amount,
                    "currency_id": document.company_id.currency_id.id,
                    "requester_id": env.uid,
                    "requested_at": now,
                    "fingerprint": "0" * 64,
                    "state": "pending",
                    "emergency": False,
                    "user_ids": [Command.set(self.signers[0].ids)],
                }
                for document in documents.sudo()
            ]
        )
        steps = env["bench.floor.step"].create(
            [
                {
                    "request_id": request.id,
                    "company_id": request.company_id.id,
                    "version_id": self.group.id,
                    "sequence": place,
                    "role_id": self.group.id,
                    "origin": "route",
                    "mode": "any",
                    "on_timeout": "remind",
                    "state": "waiting" if place else "pending",
                    "opened_at": False if place else now,
                    "user_id": False if place else signer.id,
                }
                for request in requests
                for place, signer in enumerate(self.signers)
            ]
        )
        for document, request in zip(documents.sudo(), requests, strict=True):
            document.write({"state": "pending", "request_id": request.id})
        self.start(steps.filtered(lambda step: step.state == "pending"), now)
        self.log("approval.submitted", requests, now)

    def approve(self, documents):
        env, now = documents.sudo().env, fields.Datetime.now()
        requests = documents.sudo().request_id
        steps = env["bench.floor.step"].search([("request_id", "in", requests.ids)], order="id")
        place = self.signers.index(env.user)
        mine = steps.filtered(lambda step: step.sequence == place)
        following = steps.filtered(lambda step: step.sequence == place + 1)
        env["bench.floor.signature"].create(
            [
                {
                    "request_id": step.request_id.id,
                    "step_id": step.id,
                    "company_id": step.company_id.id,
                    "user_id": env.uid,
                    "outcome": "approved",
                    "decided_at": now,
                }
                for step in mine
            ]
        )
        mine.write({"state": "approved", "decided_at": now})
        clocks = env["bench.floor.clock"].search([("res_id", "in", mine.ids)])
        clocks.write({"state": "met", "done_at": now})
        if following:
            signer = self.signers[place + 1]
            following.write({"state": "pending", "opened_at": now, "user_id": signer.id})
            requests.write({"user_ids": [Command.set(signer.ids)]})
            self.start(following, now)
        else:
            vals = {"state": "approved", "decided_at": now, "user_ids": [Command.clear()]}
            requests.write(vals)
            documents.sudo().write({"state": "approved"})
        self.log("approval.approved", requests, now)

    def start(self, steps, now):
        steps.env["bench.floor.clock"].create(
            [
                {
                    "rule_id": self.group.id,
                    "rule_code": "sign",
                    "clause_id": self.group.id,
                    "clause_number": "1",
                    "version_label": "1",
                    "company_id": step.company_id.id,
                    "res_model": step._name,
                    "res_id": step.id,
                    "user_id": step.user_id.id,
                    "start_at": now,
                    "due_at": now,
                    "factor": 1,
                    "state": "open",
                    "lateness_seconds": 0,
                    "next_alert_at": now,
                }
                for step in steps
            ]
        )

    def log(self, event_type, requests, now):
        requests.env["bench.floor.event"].create(
            [
                {
                    "at": now,
                    "type": event_type,
                    "company_id": request.company_id.id,
                    "res_model": request._name,
                    "res_id": request.id,
                    "actor_id": requests.env.uid,
                    "payload": {"amount": request.amount},
                    "policy": "service",
                    "version": "1",
                    "clause": "1",
                }
                for request in requests
            ]
        )

    def is_approved(self, documents):
        return set(documents.mapped("state")) == {"approved"}


def main():
    with environments(["bench_tier", "bench_floor"], ["bench_policy"]) as (our_env, peer_env):
        ours, peer = Ours(our_env), Peer(peer_env)
        floor, rows_only = Floor(peer_env, [peer.asker, *peer.signers]), "bench.floor.document"
        plain, chatter = "bench.document", "bench.chatter"
        bare = ours.bare_request()
        ask_one, ask_bulk = peer.request(plain, False), peer.request(plain, True)
        sign, sign_logged = peer.sign(plain, False), peer.sign(chatter, False)
        rows = [
            Row("request one by one", ours.request(plain, False), ask_one, bare, 3, 6, 1.5),
            Row("request in bulk", ours.request(plain, True), ask_bulk, bare, None, 13, 0.4),
            Row(
                "3 signatures one by one",
                ours.sign(plain, False),
                sign,
                ours.bare_signatures(False),
                6,
                2.5,
                5,
            ),
            Row(
                "3 signatures one by one, logged",
                ours.sign(chatter, False),
                sign_logged,
                None,
                10,
                5,
                20,
            ),
            Row(
                "3 signatures, a click each, logged",
                ours.sign(chatter, False, apart=True),
                peer.sign(chatter, False, apart=True),
            ),
            Row(
                "3 signatures in bulk",
                ours.sign(plain, True),
                sign,
                ours.bare_signatures(True),
                None,
                18,
                0.7,
            ),
            Row(
                "3 signatures in bulk, logged",
                ours.sign(chatter, True),
                sign_logged,
                None,
                None,
                30,
                3.5,
            ),
            # Told beside the peer, as ours is: what its framework takes for rows like ours alone.
            Row("rows alone: request one by one", floor.request(rows_only, False), ask_one),
            Row("rows alone: request in bulk", floor.request(rows_only, True), ask_bulk),
            Row("rows alone: 3 signatures one by one", floor.sign(rows_only, False), sign),
            Row("rows alone: 3 signatures in bulk", floor.sign(rows_only, True), sign),
        ]
    return report("Approvals of three levels", rows, "document")


if __name__ == "__main__":
    sys.exit(main())
