"""Alerts: telling people what is overdue, recording the violation; beside Odoo's own ways."""

import sys
from datetime import UTC, datetime, timedelta

from common import Row, environments, report
from deadlines import LADDER, Ours, Peer, costs

from odoo import Command

TOLD = 500  # a chunk of the cron
LOOP = 50  # of the peers, who take one at a time


class Told(Ours):
    """Deadlines of a specialist that fall due: his manager is told, the ledger, the chatter."""

    def __init__(self, env):
        super().__init__(env, TOLD, TOLD)
        self.fill(TOLD)
        self.climb(LADDER)
        handler, manager = self.people()
        env.cr.execute(
            "UPDATE crm_policy_deadline SET user_id = %s, start_at = %s, due_at = %s",
            [handler.id, *self.past()],
        )
        env.cr.execute("UPDATE helpdesk_ticket SET user_id = %s", [handler.id])
        env.cr.commit()
        env.invalidate_all()
        self.clocks = env["crm.policy.deadline"].search([])
        assert len(self.clocks) == TOLD
        self.clocks._policy_reset_alerts()
        env.cr.commit()

    def people(self):
        env = self.env
        users = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": f"Bench {login}",
                        "login": f"bench_{login}",
                        "email": f"{login}@example.com",
                        "group_ids": [Command.link(env.ref(f"crm_policy.group_{login}").id)],
                    }
                    for login in ("specialist", "supervisor")
                ]
            )
        )
        vals_list = [{"name": user.name, "user_id": user.id} for user in users]
        worker, boss = env["hr.employee"].create(vals_list)
        worker.parent_id = boss
        return users

    @staticmethod
    def past():
        """Return a start and a due date that let two of the ladder's steps fire at once."""
        due = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(days=10)
        return due - timedelta(days=3), due

    def overdue(self):
        """The mark, an event of the ledger and a note on the document."""
        Deadline = self.env["crm.policy.deadline"]

        def act():
            Deadline._policy_announce_overdue(Deadline._policy_mark_overdue(TOLD))

        return costs(self.env, act, TOLD)

    def overdue_by_hand(self):
        query = """
            WITH late AS (
                UPDATE crm_policy_deadline SET overdue_at = now() AT TIME ZONE 'UTC'
                 WHERE state = 'open' AND overdue_at IS NULL AND due_at < now() AT TIME ZONE 'UTC'
             RETURNING res_id)
            INSERT INTO mail_message (model, res_id, message_type, body, date, author_id,
                                      create_uid, create_date, write_uid, write_date)
            SELECT 'helpdesk.ticket', res_id, 'notification', 'Overdue', now(), %s,
                   1, now(), 1, now()
              FROM late
        """
        author = self.env.user.partner_id.id
        return costs(self.env, lambda: self.env.cr.execute(query, [author]), TOLD)

    def fire(self):
        """Two steps of each: the person and the manager are told, with an activity each."""
        Deadline = self.env["crm.policy.deadline"]

        def act():
            assert Deadline._policy_fire_alerts(TOLD, set()) == TOLD
            assert self.env["crm.policy.escalation"].search_count([]) == 2 * TOLD

        return costs(self.env, act, 2 * TOLD)

    def judge(self):
        """A violation of each, with its number, event, readers, own clock and activity."""
        Deadline = self.env["crm.policy.deadline"]
        Deadline._policy_mark_overdue(TOLD)
        self.env.cr.commit()

        def act():
            assert Deadline._policy_judge_breaches(TOLD, set()) == TOLD

        return costs(self.env, act, TOLD)

    def activity_by_hand(self):
        query = """
            INSERT INTO mail_activity (res_model_id, res_model, res_id, user_id, summary,
                                       date_deadline, active, automated)
            SELECT %s, 'helpdesk.ticket', res_id, user_id, 'Overdue', current_date, TRUE, TRUE
              FROM crm_policy_deadline
        """
        model = self.env["ir.model"]._get_id("helpdesk.ticket")
        return costs(self.env, lambda: self.env.cr.execute(query, [model]), TOLD)


class Loop(Peer):
    """Odoo's own ways on the peers' tickets, as add-ons use them: one record after the other."""

    def __init__(self, env):
        super().__init__(env)
        self.tickets = self.tickets[:LOOP]
        login = {"name": "Bench handler", "login": "bench_handler", "email": "handler@example.com"}
        group = env.ref("helpdesk_mgmt.group_helpdesk_manager")
        self.handler = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create({**login, "group_ids": [Command.link(group.id)]})
        )
        env.cr.commit()

    def post(self):
        """A cron that writes a mark and posts a note."""

        def act():
            for ticket in self.tickets:
                ticket.write({"priority": "3"})
                ticket.message_post(body="Overdue")

        return costs(self.env, act, LOOP)

    def schedule(self):
        def act():
            for ticket in self.tickets:
                ticket.activity_schedule(
                    "mail.mail_activity_data_todo", summary="Overdue", user_id=self.handler.id
                )

        return costs(self.env, act, LOOP)


def main():
    with environments() as (our_env, peer_env):
        peer, ours = Loop(peer_env), Told(our_env)
        post, schedule = peer.post(), peer.schedule()
        by_hand = ours.activity_by_hand()
        rows = [
            Row(
                "overdue, event and note",
                ours.overdue(),
                post,
                ours.overdue_by_hand(),
                None,
                6,
                1500,
            ),
            Row("alert that tells somebody", ours.fire(), schedule, by_hand, 1000, 7, 2500),
            Row("violation with its activity", ours.judge(), schedule, by_hand),
        ]
    return report("What time brings", rows, "thousand")


if __name__ == "__main__":
    sys.exit(main())
