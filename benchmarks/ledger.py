"""The ledger: what an event costs its writer, and what the hash chain costs the night."""

import argparse
import io
import sys

from common import Row, environments, measure, report

REPEATS = 2  # of a hundred thousand events each
WRITTEN = 1000  # events of a save, as in a big import
PLAIN = "bench_plain"  # the ledger's table as it would be without a chain


class Ours:
    """A company with events that wait for the chain."""

    def __init__(self, env, events):
        self.env = env
        self.events = events
        self.company = env["res.company"].create({"name": "Bench ledger"})
        self.chain = env["crm.policy.ledger.chain"]
        self.log(events)
        env.cr.execute(f"CREATE TABLE {PLAIN} (LIKE crm_policy_event INCLUDING ALL)")
        env.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%seq IS%%'",
            [PLAIN],
        )
        indexes = [name for [name] in env.cr.fetchall()]
        assert len(indexes) == 2, indexes
        for name in indexes:
            env.cr.execute(f'DROP INDEX "{name}"')
        env.cr.execute("ANALYZE crm_policy_event")
        env.cr.commit()

    def log(self, number):
        """Write events as a save of so many documents does."""
        documents = self.company.browse([self.company.id] * number)
        self.env["crm.policy.event"]._policy_log(
            "fact.accepted", documents, {"at": "2026-03-02 01:00:00"}
        )

    def cost(self, action, number):
        """Return what a thousand events cost."""
        return measure(self.env, action, number / 1000, repeats=REPEATS)

    def write(self):
        return self.cost(lambda: self.log(WRITTEN), WRITTEN)

    def insert(self, table):
        """The rows of :meth:`write`, by a statement that knows no more."""
        query = f"""
            INSERT INTO {table} (id, at, type, company_id, res_model, res_id, actor_id, payload)
            SELECT nextval('crm_policy_event_id_seq'), now(), 'fact.accepted', %s,
                   'res.company', number, 1, '{{"at": "2026-03-02 01:00:00"}}'
              FROM generate_series(1, %s) AS number
        """
        values = [self.company.id, WRITTEN]
        return self.cost(lambda: self.env.cr.execute(query, values), WRITTEN)

    def link_all(self):
        count = 0
        while found := self.chain._policy_chain_batch(self.company.id):
            count += found
        assert count >= self.events, count

    def link(self):
        return self.cost(self.link_all, self.events)

    def link_by_hand(self):
        """One statement that numbers and hashes the rows; it does not even link them."""
        query = """
            UPDATE crm_policy_event AS event
               SET seq = place.seq, hash = encode(sha256(convert_to(place.text, 'UTF8')), 'hex')
              FROM (SELECT id, row_number() OVER (ORDER BY id) AS seq,
                           concat_ws('|', at, type, res_model, res_id, actor_id, payload) AS text
                      FROM crm_policy_event WHERE company_id = %s) AS place
             WHERE event.id = place.id
        """
        return self.cost(lambda: self.env.cr.execute(query, [self.company.id]), self.events)

    def idle(self):
        return measure(self.env, self.chain._cron_chain, 1)

    def check(self):
        def act():
            assert self.chain._policy_check(self.company.id, full=True) == []

        return self.cost(act, self.events)

    def export_all(self):
        about = self.chain._policy_export(self.company.id)
        file = io.BytesIO()
        file.writelines(self.chain._policy_export_lines(about))
        return file

    def export(self):
        return self.cost(self.export_all, self.events)

    def verify(self):
        # Odoo knows its add-ons only once it has read its configuration.
        from odoo.addons.crm_policy.tools import ledger

        file = self.export_all()
        self.env.cr.rollback()

        def act():
            file.seek(0)
            assert ledger.Verification(file).words == []

        return self.cost(act, self.events)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="to be chained")
    options = parser.parse_args()
    with environments() as (our_env, _peer_env):
        # Parallel helpers' time would be nobody's.
        our_env.cr.execute("SET max_parallel_workers_per_gather = 0")
        ours = Ours(our_env, options.events)
        plain = ours.insert(PLAIN)
        rows = [
            Row("write, as a save does", ours.write(), None, plain, 2),
            Row("write by hand, chain's indexes", ours.insert("crm_policy_event"), None, plain),
            Row("chain", ours.link(), None, ours.link_by_hand(), 1, None, 250, 3),
        ]
        ours.link_all()
        our_env.cr.commit()
        while any(ours.chain._policy_chain_batch(company) for company in (our_env.company.id, 0)):
            our_env.cr.commit()
        rows += [
            Row("check the whole chain", ours.check()),
            Row("export", ours.export()),
            Row("verify the file", ours.verify()),
        ]
        idle = Row("a run with nothing to do", ours.idle(), None, None, 1)
        print(f"chained: {1_000_000 / rows[2].ours.wall:,.0f} events per second\n")
    worst = report("The ledger", rows, "thousand events")
    print()
    return report("The ledger's job", [idle], "run") or worst


if __name__ == "__main__":
    sys.exit(main())
