"""What the benchmarks share: two databases in one process, costs per record, a table of verdicts.

Ours and the peer run in turn in the same process on the same machine, so that their ratio holds on
a busy one too. Judged are statements, which do not depend on the machine, and processor time:
that of this process and of the PostgreSQL process that works for it.
"""

import contextlib
import gc
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

TICKS = os.sysconf("SC_CLK_TCK")
REPEATS = 5
# Small documents that only a measurement needs, one add-on for each side.
ADDONS = Path(__file__).resolve().parent / "addons"


@dataclass
class Cost:
    """What one record costs: processor and wall time in ms, SQL statements."""

    cpu: float
    wall: float
    queries: float


@dataclass
class Row:
    """A line of the table; without a target it is told, not judged."""

    name: str
    ours: Cost
    peer: Cost | None = None
    limit: Cost | None = None
    max_queries: float | None = None
    min_ratio: float | None = None
    max_cpu: float | None = None
    max_limit: float | None = None  # how many times the limit

    @property
    def ratio(self):
        return self.peer.cpu / self.ours.cpu if self.peer else None

    @property
    def missed(self):
        """What of the target is missed."""
        missed = []
        if self.max_queries is not None and round(self.ours.queries, 2) > self.max_queries:
            missed.append("queries")
        if self.min_ratio is not None and self.ratio < self.min_ratio:
            missed.append("ratio")
        if self.max_cpu is not None and self.ours.cpu > self.max_cpu:
            missed.append("time")
        if self.max_limit is not None and self.ours.cpu > self.max_limit * self.limit.cpu:
            missed.append("limit")
        return missed


@contextlib.contextmanager
def environments(peer_modules=(), our_modules=()):
    """Give two superuser environments: a database with our add-on, one with the peers only.

    :param peer_modules: modules that the peers need for the comparison: standard ones, or of the
        folder ``addons``.
    :param our_modules: likewise for ours.
    """
    peers = Path(os.environ["CRM_POLICY_PEERS"], "odoo", "addons")
    config.parse_config(["--log-level=error", "--max-cron-threads=0"])
    config["addons_path"] = [*config["addons_path"], str(peers), str(ADDONS)]
    odoo.netsvc.init_logger()
    initialize_sys_path()
    names = sorted(path.name for path in peers.iterdir() if (path / "__manifest__.py").exists())
    names += peer_modules
    ours = os.environ["CRM_POLICY_DATABASE"]
    registries = [
        Registry.new(ours, update_module=True, install_modules=our_modules)
        if our_modules
        else Registry(ours),
        Registry.new(
            os.environ["CRM_POLICY_PEER_DATABASE"], update_module=True, install_modules=names
        ),
    ]
    with registries[0].cursor() as ours, registries[1].cursor() as peer:
        yield [api.Environment(cr, SUPERUSER_ID, {}) for cr in (ours, peer)]


def backend_cpu(env):
    """Return the processor seconds of the PostgreSQL process of this connection, if it is here."""
    try:
        text = Path(f"/proc/{env.cr._cnx.get_backend_pid()}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(env, action, records, repeats=REPEATS):
    """Return what ``action`` costs for each of its ``records``: the median of all repeats.

    The first time does not count. Each time everything is written, the hooks that run before a
    commit included, and then rolled back.
    """
    costs = []
    for number in range(repeats + 1):
        env.invalidate_all()
        gc.collect()
        queries, backend = env.cr.sql_log_count, backend_cpu(env)
        cpu, wall = time.process_time(), time.perf_counter()
        action()
        env.cr.flush()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        queries, backend = env.cr.sql_log_count - queries, backend_cpu(env) - backend
        env.cr.rollback()
        if number:
            costs.append((1000 * (cpu + backend), 1000 * wall, queries))
    return Cost(*(statistics.median(column) / records for column in zip(*costs, strict=True)))


def report(title, rows, unit="record"):
    """Print the table; return 1 when a target is missed, else 0.

    :param str unit: what the costs are of.
    """
    heads = ("", "q", "cpu ms", "wall ms", "peer q", "cpu ms", "ratio", "limit", "target", "")
    lines = [heads]
    for row in rows:
        peer, limit = row.peer, row.limit
        target = []
        if row.max_queries is not None:
            target.append(f"<={row.max_queries:g} q")
        if row.min_ratio is not None:
            target.append(f">={row.min_ratio:g}x")
        if row.max_cpu is not None:
            target.append(f"<={row.max_cpu:g} ms")
        if row.max_limit is not None:
            target.append(f"<={row.max_limit:g} limits")
        verdict = "" if not target else f"MISSED {', '.join(row.missed)}" if row.missed else "met"
        lines.append(
            (
                row.name,
                f"{row.ours.queries:.2f}",
                f"{row.ours.cpu:.2f}",
                f"{row.ours.wall:.2f}",
                f"{peer.queries:.2f}" if peer else "",
                f"{peer.cpu:.2f}" if peer else "",
                f"{row.ratio:.1f}x" if peer else "",
                f"{limit.cpu:.3f}" if limit else "",
                " ".join(target),
                verdict,
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"{title} (per {unit}; medians of {REPEATS}; ratio of processor times)\n")
    for name, *cells in lines:
        cells = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        print(f"{name.ljust(widths[0])}  {'  '.join(cells)}".rstrip())
    return int(any(row.missed for row in rows))
