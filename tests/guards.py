"""./run guards: for every guard there is a test that fails when the guard is removed.

A plugin of pytest (``-p guards --guards=FILE``). It takes the guards of the files away one by one,
in one process, by another ``__code__`` of the function they stand in, and runs the tests that have
seen the guard at work: first the quickest, those of one class one after the other, so that what
the class sets up is set up once.

Where the result would be the same and only more work, its line says ``# saves work``.

A guard is a ``raise``; a condition after which the rest is not done (``if ...: return``); a call of
something whose name says that it checks, refuses or holds. With ``--guard-parts`` also each operand
of such a condition and of what is returned, and what a list is filtered by.
"""

import ast
import collections
import contextlib
import copy
import gc
import re
import signal
import time
import types
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

CHECKS = re.compile(
    r"(^|_)(check|checks|checked|refuse|ensure|require|assert|lock|hold|forbid|deny|take)(_|$)"
)
LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)
FINE = ("killed", "saves work only")
PROBE = "__guard_probe__"


class Guard:
    """One guard: where it stands, and the file's tree without it or with a probe in its place.

    ``spot`` is the statement or expression that is replaced. ``neutral`` is None for a statement;
    for an expression the value it has when it has no say.
    """

    def __init__(self, path, number, kind, spot, neutral=None):
        self.path, self.number, self.kind, self.neutral = path, number, kind, neutral
        self.spot, self.line = spot, spot.lineno
        self.killer = None
        self.tried, self.spent = [], 0.0

    def removed(self, node):
        """Return ``node`` without its effect; still there, so that the function keeps its cells."""
        if self.neutral is None:
            return ast.If(test=ast.Constant(0), body=[node], orelse=[])
        if self.neutral:
            return ast.BoolOp(ast.Or(), [node, ast.Constant(1)])
        return ast.BoolOp(ast.And(), [node, ast.Constant(0)])

    def probed(self, node):
        """Return ``node`` with a call that says it was reached, and whether it had a say."""
        name = ast.Name(PROBE, ast.Load())
        number = ast.Constant(self.number)
        if self.neutral is not None:
            return ast.Call(name, [number, ast.Constant(self.neutral), node], [])

        def note(effect):
            value = ast.Constant(effect)
            return ast.Expr(ast.Call(name, [number, ast.Constant(False), value], []))

        if isinstance(node, ast.Raise):
            return ast.If(test=ast.Constant(1), body=[note(True), node], orelse=[])
        handler = ast.ExceptHandler(
            type=ast.Name("BaseException", ast.Load()), name=None, body=[note(True), ast.Raise()]
        )
        return ast.Try(body=[note(False), node], handlers=[handler], orelse=[], finalbody=[])

    def text(self):
        return self.path.read_text().splitlines()[self.line - 1].strip()

    def words(self):
        text = self.text()
        part = ""
        if self.kind == "part":
            part = f"   [{ast.unparse(self.spot)}]"
        return f"{self.path}:{self.line}  {text}{part}"


def name_of(call):
    function = call.func
    return getattr(function, "attr", None) or getattr(function, "id", "")


def find_guards(tree, parts=False):
    """Yield (kind, node, neutral value) of each guard in a function of the file."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            nodes = list(own_nodes(function))
            for kind, node, neutral in find_statements(nodes):
                # What only our own code calls with one record asserts that, and guards nothing.
                if kind == "call" and function.name.startswith("_"):
                    if name_of(node.value) == "ensure_one":
                        continue
                yield kind, node, neutral
            if parts:
                yield from find_parts(nodes)


def find_statements(nodes):
    raised = set()
    for node in nodes:
        if leaves(node):
            raised.add(node.body[-1])
            yield "if", node.test, False
        elif isinstance(node, ast.Raise) and node not in raised:
            yield "raise", node, None
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if CHECKS.search(name_of(node.value)):
                yield "call", node, None


def find_parts(nodes):
    for node in nodes:
        if leaves(node):
            yield from operands(node.test)
        elif isinstance(node, ast.Return) and node.value:
            yield from operands(node.value)
        elif isinstance(node, ast.comprehension):
            yield from (("part", condition, True) for condition in node.ifs)
        elif isinstance(node, ast.Call) and name_of(node) == "filtered":
            if isinstance(node.args[0], ast.Lambda):
                yield "part", node.args[0].body, True


def leaves(node):
    """Return whether it is an ``if`` after which the rest is not done."""
    return isinstance(node, ast.If) and isinstance(node.body[-1], LEAVES)


def own_nodes(function):
    """Yield what stands in a function, outer statements first; not what functions in it hold."""
    waiting = collections.deque(function.body)
    while waiting:
        node = waiting.popleft()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def operands(test):
    """Yield the operands of and/or: each is removed by the value that leaves it to the others."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from operands(test.operand)
    if isinstance(test, ast.BoolOp):
        for operand in test.values:
            yield "part", operand, isinstance(test.op, ast.And)
            yield from operands(operand)


class Swap(ast.NodeTransformer):
    """Replaces nodes, given {node: function of the node}; inner ones first."""

    def __init__(self, changes):
        self.changes = changes

    def visit(self, node):
        change = self.changes.get(id(node))
        self.generic_visit(node)
        return change(node) if change else node


class Source:
    """One file, its guards, and the functions that were made of it."""

    def __init__(self, path, first, parts):
        self.path = path
        self.text = path.read_text()
        self.tree = ast.parse(self.text)
        found = find_guards(self.tree, parts)
        found = sorted(found, key=lambda guard: (guard[1].lineno, guard[1].col_offset))
        self.guards = [Guard(path, first + at, *guard) for at, guard in enumerate(found)]
        self.functions = self.codes = None

    def find_functions(self):
        """Find what Python has made of the file, and how it is before we touch it."""
        live = collections.defaultdict(list)
        for function in gc.get_objects():
            if isinstance(function, types.FunctionType):
                code = function.__code__
                if code.co_filename.endswith(".py") and Path(code.co_filename) == self.path:
                    live[code.co_qualname, code.co_firstlineno].append(function)
        self.functions = live
        self.codes = {key: found[0].__code__ for key, found in live.items()}
        if self.guards and not live:
            raise pytest.UsageError(f"{self.path}: no test has imported it")

    def compile(self, changes):
        """Return the code of each function of the file when nodes are changed."""
        # The changed nodes are found again in a copy, by their place in the walk.
        tree = copy.deepcopy(self.tree)
        places = dict(zip(map(id, ast.walk(self.tree)), ast.walk(tree), strict=True))
        tree = Swap({id(places[node]): change for node, change in changes.items()}).visit(tree)
        module = compile(ast.fix_missing_locations(tree), str(self.path), "exec")
        found, waiting = {}, [module]
        while waiting:
            code = waiting.pop()
            found[code.co_qualname, code.co_firstlineno] = code
            waiting += [one for one in code.co_consts if isinstance(one, types.CodeType)]
        return found

    def put(self, codes):
        for key, functions in self.functions.items():
            for function in functions:
                if key in codes and function.__code__ is not codes[key]:
                    function.__code__ = codes[key]

    def restore(self):
        self.put(self.codes)

    @contextlib.contextmanager
    def without(self, guard):
        self.put(self.compile({id(guard.spot): guard.removed}))
        try:
            yield
        finally:
            self.restore()

    def install_probe(self, probe):
        self.put(self.compile({id(guard.spot): guard.probed for guard in self.guards}))
        for functions in self.functions.values():
            functions[0].__globals__[PROBE] = probe


class TooLong(BaseException):
    """A test of which the guard was taken away does not come to an end."""


class Plugin:
    """Runs the tests, first with probes and then without each guard."""

    def __init__(self, config):
        first, self.sources = 0, []
        self.most = config.getoption("--guard-tests")
        self.limit = config.getoption("--guard-seconds")
        for name in config.getoption("--guards"):
            source = Source(Path(name).resolve(), first, config.getoption("--guard-parts"))
            first += len(source.guards)
            self.sources.append(source)
        self.guards = [guard for source in self.sources for guard in source.guards]
        self.source_of = {guard: s for s in self.sources for guard in s.guards}
        # {number of the guard: {test or class that set up: whether the guard had a say}}
        self.seen = collections.defaultdict(dict)
        self.now = None
        self.failed = self.torn = False
        self.seconds = {}

    def probe(self, number, neutral, value):
        if self.now:
            seen = self.seen[number]
            seen[self.now] = bool(value) != neutral or seen.get(self.now, False)
        return value

    # === RUNNING ONE TEST === #

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        self.now = item.parent  # what it sees now its class sets up, for all of them
        try:
            return (yield)
        finally:
            self.now = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        self.now = item
        try:
            return (yield)
        finally:
            self.now = None

    def pytest_runtest_logreport(self, report):
        self.failed |= report.failed  # a failed subtest says so only here

    def run(self, item, nextitem, limit=None):
        """Run a test; return whether it failed."""
        self.failed = self.torn = False
        signal.signal(signal.SIGALRM, self.stop)
        started = time.monotonic()
        # Again and again: the code under test may have caught the first one.
        signal.setitimer(signal.ITIMER_REAL, limit or 0, 2 if limit else 0)
        try:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        except TooLong:
            item.session._setupstate.teardown_exact(None)
            reports = []
            self.failed = self.torn = True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.last = time.monotonic() - started
        self.problem = next((str(one.longrepr) for one in reports if one.failed), "")
        return self.failed or any(report.failed for report in reports)

    @staticmethod
    def stop(*_arguments):
        raise TooLong

    # === THE TWO PHASES === #

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if session.testsfailed:
            return None
        terminal = session.config.pluginmanager.getplugin("terminalreporter")
        self.say = terminal.write_line
        session.config.pluginmanager.unregister(terminal)
        try:
            bad = self.look(session.items)
            if bad:
                session.testsfailed = bad
            else:
                self.try_all()
                session.testsfailed = self.report()
        finally:
            session.config.pluginmanager.register(terminal, "terminalreporter")
        return True

    def look(self, items):
        """Run all tests as they are, with probes; return how many failed."""
        for source in self.sources:
            source.find_functions()
            source.install_probe(self.probe)
        bad = 0
        for item, following in zip(items, [*items[1:], None], strict=True):
            if self.run(item, following):
                self.say(f"FAILED unchanged: {item.nodeid}\n{self.problem}")
                bad += 1
            if following is None or following.parent is not item.parent:
                self.say(f"unchanged: {item.parent.nodeid}")
            self.seconds[item] = self.last  # the first of a class pays for what it sets up
        for source in self.sources:
            source.restore()
        total = sum(self.seconds.values())
        self.say(f"{len(items)} tests in {total:.0f} s; {len(self.guards)} guards")
        for guard in self.guards:
            if True not in self.seen[guard.number].values():
                self.say(f"    {self.verdict(guard)}: {guard.words()}")
        return bad

    def tests_of(self, guard):
        """Return the tests in which it has a say, the quickest first.

        Where it has none, a test cannot see it gone; only a call that checks may do more than that.
        """
        seen = self.seen[guard.number]
        sure = [item for item in self.seconds if seen.get(item)]
        sure.sort(key=self.seconds.get)
        if guard.kind != "call":
            return sure
        return sure + sorted(
            (i for i in self.seconds if seen.get(i) is False), key=self.seconds.get
        )

    def try_all(self):
        """Try each guard on its best test, then those left on a few more, then on more."""
        for upto in sorted({1, min(3, self.most), self.most}):
            turns = collections.defaultdict(list)
            for guard in self.guards:
                if guard.killer or guard.spent > self.limit:
                    continue
                for item in self.tests_of(guard)[:upto]:
                    if item not in guard.tried:
                        turns[item.parent].append((guard, item))
            for number, (parent, pairs) in enumerate(turns.items(), 1):
                self.try_class(pairs)
                left = sum(1 for guard in self.guards if not guard.killer)
                name = parent.nodeid
                self.say(f"up to {upto} tests: {number}/{len(turns)}  {left} guards left  {name}")
            for guard in self.guards:
                if not guard.killer and 1 < upto < self.most:
                    self.say(f"    left after {len(guard.tried)} tests: {guard.words()}")
        self.try_setups()

    def try_class(self, pairs):
        """Try guards on tests of one class, which is set up once, with all its guards."""
        # What stays set up after a test is what its parent, the class, needs.
        killed, parent = [], pairs[0][1].parent
        self.run(min((item for _guard, item in pairs), key=self.seconds.get), parent)
        for guard, item in pairs:
            if guard.killer or guard.spent > self.limit:
                continue
            guard.tried.append(item)
            if self.torn:  # the class is set up with all its guards
                self.run(item, parent)
            with self.source_of[guard].without(guard):
                if self.run(item, parent, limit=20 + 10 * self.seconds[item]):
                    guard.killer = item
                    killed.append((guard, item))
            guard.spent += self.last
        if not killed:
            self.end(pairs[0][1])
        elif self.run(killed[-1][1], None):
            # One of them has left something behind: each of them again, in a class set up anew.
            for guard, item in killed:
                guard.killer = None
                self.run(item, parent)
                with self.source_of[guard].without(guard):
                    if self.run(item, parent, limit=20 + 10 * self.seconds[item]):
                        guard.killer = item
                self.end(item)

    def end(self, item):
        item.session._setupstate.teardown_exact(None)

    def try_setups(self):
        """Those that only what a class sets up has seen: the class is set up without them."""
        for guard in self.guards:
            seen = self.seen[guard.number]
            if guard.killer or self.tests_of(guard):
                continue
            classes = [one for one, effect in seen.items() if one not in self.seconds and effect]
            for parent in classes[:2]:
                items = [item for item in self.seconds if item.parent is parent][:3]
                with self.source_of[guard].without(guard):
                    for item in items:
                        if not guard.killer and self.run(item, parent, limit=120):
                            guard.killer = item
                        guard.tried.append(item)
                    self.end(item)

    def verdict(self, guard):
        if guard.killer:
            return "killed"
        if guard.text().endswith("# saves work"):
            return "saves work only"
        if guard.tried:
            return "SURVIVES"
        return "never has a say" if self.seen[guard.number] else "not reached"

    def report(self):
        """Say which guards no test would miss; return how many."""
        counts = collections.Counter()
        for source in self.sources:
            for guard in source.guards:
                verdict = self.verdict(guard)
                counts[verdict] += 1
                if verdict not in FINE:
                    self.say(f"{verdict}: {guard.words()}  ({len(guard.tried)} tests)")
        for source in self.sources:
            killed = sum(1 for guard in source.guards if guard.killer)
            self.say(f"{source.path.name:32} {len(source.guards):4} guards {killed:4} killed")
        words = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        self.say(f"{len(self.guards)} guards: {words}")
        return sum(count for verdict, count in counts.items() if verdict not in FINE)


def pytest_addoption(parser):
    parser.addoption("--guards", action="append", default=[], help="a file to take guards from")
    parser.addoption("--guard-parts", action="store_true", help="also parts of conditions")
    parser.addoption("--guard-tests", type=int, default=25, help="so many tests for each")
    parser.addoption("--guard-seconds", type=int, default=60, help="or so long")


def pytest_configure(config):
    if config.getoption("--guards"):
        config.pluginmanager.register(Plugin(config), "guards-at-work")
