"""The ledger as a chain of hashes, and the verifier of its exports.

    python3 ledger.py FILE [--head SEQ:HASH]

This file is all that a verification needs: neither Odoo nor a database nor any library, so that
somebody who trusts none of them can read it and run it. The add-on writes its chain with the same
functions.

One event is one line of JSON with the keys of :data:`COLUMNS` in alphabetic order, without blanks,
in UTF-8; ``payload`` is the text that PostgreSQL prints for it, kept as a string, so that no reader
has to agree with PostgreSQL about numbers. The hash of an event is

    SHA-256(hash of the event before + "\\n" + line)

and the first event of a company follows the hash of a line that names the company. An export adds
each event's hash to its line, a header before and a footer behind.
"""

import argparse
import hashlib
import json
import sys
from collections import namedtuple

FORMAT = "crm_policy ledger 1"
ALGORITHM = "sha256"
COLUMNS = (
    "actor_id",
    "at",
    "clause",
    "company_id",
    "id",
    "on_behalf_id",
    "payload",
    "policy",
    "res_id",
    "res_model",
    "seq",
    "type",
    "version",
)
LONGEST_LINE = 64 * 2**20  # bytes; no event of ours comes near
MOST_GAPS = 1000  # more than that is no ledger with holes but something else
MOST_NAMED = 200  # problems that are printed

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

# === THE CHAIN === #


def sha256(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def canonical(event):
    """Return the line of an event that is hashed.

    :param dict event: a value for each of :data:`COLUMNS`: int, str or None.
    """
    return _encode({name: event[name] for name in COLUMNS})


def genesis(company):
    """Return the hash before the first event of a company.

    :param int company: its id; 0 for events that belong to none.
    """
    return sha256(f"{FORMAT} company {company}")


def link(previous, event):
    """Return the hash of an event, given that of the one before."""
    return sha256(f"{previous}\n{canonical(event)}")


def extend(previous, seq, events):
    """Give each of ``events`` its place in the chain, behind the event ``seq`` with its hash.

    :return: the (seq, hash) of each, in order.
    """
    places = []
    for event in events:
        seq += 1
        previous = link(previous, {**event, "seq": seq})
        places.append((seq, previous))
    return places


# === AN EXPORT === #


def event_line(event, digest):
    return _encode({**event, "hash": digest}) + "\n"


def header_line(**about):
    """Return the first line of an export.

    :param about: ``company`` (id, 0 for none), ``name``, ``first`` and ``last`` (positions),
        ``previous`` (hash before the first), ``head`` ([position, hash] of the whole chain then).
    """
    fixed = {"ledger": FORMAT, "algorithm": ALGORITHM, "genesis": genesis(about["company"])}
    return _encode({**fixed, **about}) + "\n"


def footer_line(count, last, digest):
    return _encode({"end": True, "count": count, "last": last, "hash": digest}) + "\n"


# === LOOKING FOR BREAKS === #

Row = namedtuple("Row", "line seq event digest")
# What is wrong with the events first..last, in the lines from..to (None in a database).
Problem = namedtuple("Problem", "kind first last from_line to_line")

WORDS = {
    "altered": "altered",
    "exchanged": "exchanged",
    "missing": "missing",
    "misplaced": "out of order",
    "twice": "there already, a second time",
    "foreign": "of another company",
    "head": "not the event of the head that was noted",
}


class TooBroken(Exception):
    """There is no point in naming more."""


class Chain:
    """Follows a chain event by event and notes where it breaks, in constant memory.

    After a break it goes on with the hash that it finds, so that each break is named once.

    :param int company: 0 for events that belong to none.
    :param int first: position of the first event that is expected.
    :param str previous: the hash before it; the company's genesis by default.
    :param dict heads: {position: hash} noted elsewhere, which must be found again.
    """

    def __init__(self, company, first=1, previous=None, heads=None):
        self.company = company
        self.first = first
        self.next = first
        self.digest = previous or genesis(company)
        self.heads = dict(heads or {})
        self.count = 0
        self.problems = []
        self._gaps = []  # [first, last, hash before]
        self._loose = {}  # seq: the row there, whose predecessor was not seen yet
        self._held = None  # an altered row and the hash before: it may have changed places
        self._before = None  # the row before, wherever it belongs

    def feed(self, event, digest, line=None):
        """Take the next event.

        :param dict event: a value for each of :data:`COLUMNS`.
        :param str digest: the hash that stands with it.
        :param int line: where it stands in a file.
        """
        row = Row(line, event["seq"], event, digest)
        self.count += 1
        if (event["company_id"] or 0) != self.company:
            self._note("foreign", row)
            return
        if row.seq == self.next:
            self._follow(row)
        elif row.seq > self.next:
            self._skip(row)
        else:
            self._put_back(row)
        if self.heads.get(row.seq, digest) != digest:
            self._note("head", row)
        self._before = row

    def finish(self, last=None):
        """Take the end; return all problems by position.

        :param int last: the position up to which there should be events.
        """
        expected = max([last or 0, *self.heads])
        if expected >= self.next:
            self._gaps.append([self.next, expected, None])
        for gap in self._gaps:
            self.problems.append(Problem("missing", gap[0], gap[1], None, None))
        for seq in self.heads:
            if seq < self.first:
                self.problems.append(Problem("missing", seq, seq, None, None))
        return sorted(self.problems, key=lambda problem: (problem.first, problem.from_line or 0))

    def _follow(self, row):
        if link(self.digest, row.event) == row.digest:
            self._held = None
        elif self._held and self._exchanged(row):
            return
        else:
            self._note("altered", row)
            self._held = (row, self.digest)
        self.digest = row.digest
        self.next = row.seq + 1

    def _exchanged(self, row):
        """See whether this row and the one before stand in each other's place."""
        held, before = self._held
        earlier = {**row.event, "seq": held.seq}
        later = {**held.event, "seq": row.seq}
        for digests in ((row.digest, held.digest), (held.digest, row.digest)):
            if link(before, earlier) == digests[0] and link(digests[0], later) == digests[1]:
                last = self.problems.pop()
                if last.first < held.seq:  # what was altered before it stays so
                    earlier_line = last.to_line and last.to_line - 1
                    self.problems.append(last._replace(last=held.seq - 1, to_line=earlier_line))
                self.problems.append(Problem("exchanged", held.seq, row.seq, held.line, row.line))
                self._held = None
                self.digest = digests[1]
                self.next = row.seq + 1
                return True
        return False

    def _skip(self, row):
        """Go on behind a gap: the hash before this row is not known (yet)."""
        if len(self._gaps) >= MOST_GAPS:
            raise TooBroken
        self._gaps.append([self.next, row.seq - 1, self.digest])
        self._loose[row.seq] = row
        self._held = None
        self.digest = row.digest
        self.next = row.seq + 1

    def _put_back(self, row):
        """Take a row that comes too late: it fills a gap, or is there already."""
        gap = next((gap for gap in self._gaps if gap[0] <= row.seq <= gap[1]), None)
        if gap is None:
            self._note("twice", row)
            return
        alone = gap[0] == gap[1] and self._before and self._before.seq == row.seq + 1
        if alone:
            self.problems.append(
                Problem("exchanged", row.seq, row.seq + 1, self._before.line, row.line)
            )
        else:
            self._note("misplaced", row)
        if row.seq == gap[0]:
            known = gap[2]
        else:
            known = self._before.digest if self._before.seq == row.seq - 1 else None
        if known is None:
            self._loose[row.seq] = row
        elif link(known, row.event) != row.digest:
            self._note("altered", row)
        following = self._loose.pop(row.seq + 1, None)
        if following and link(row.digest, following.event) != following.digest:
            self._note("altered", following)
        self._gaps.remove(gap)
        parts = [[gap[0], row.seq - 1, gap[2]], [row.seq + 1, gap[1], row.digest]]
        self._gaps.extend(part for part in parts if part[0] <= part[1])
        if len(self._gaps) > MOST_GAPS or len(self._loose) > MOST_GAPS:
            raise TooBroken

    def _note(self, kind, row):
        """Note a problem, together with the one before where the two are neighbours."""
        last = self.problems[-1] if self.problems else None
        if last and last.kind == kind and last.last + 1 == row.seq:
            if row.line is None or last.to_line + 1 == row.line:
                self.problems[-1] = last._replace(last=row.seq, to_line=row.line)
                return
        self.problems.append(Problem(kind, row.seq, row.seq, row.line, row.line))


def words_of(problem):
    """Return a problem in words: "line 812, seq 811: altered"."""
    kind, first, last, from_line, to_line = problem
    if kind == "exchanged":
        seqs = f"seq {first} and {last}"
        lines = f"lines {from_line} and {to_line}"
    else:
        seqs = f"seq {first}" if first == last else f"seq {first}-{last}"
        lines = f"line {from_line}" if first == last else f"lines {from_line}-{to_line}"
    place = seqs if from_line is None else f"{lines}, {seqs}"
    return f"{place}: {WORDS[kind]}"


# === VERIFYING A FILE === #


class Unreadable(Exception):
    """The file is no export of a ledger at all."""


def read_lines(file):
    """Yield (number, line) of a binary file; None for a line that is too long to be one of ours."""
    number = 0
    while True:
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        number += 1
        if len(line) <= LONGEST_LINE:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
        yield number, None


def parse(line):
    """Return the object of a line; None when it is no JSON object."""
    if line is None:
        return None
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_count(value, least=0):
    return type(value) is int and value >= least


def read_header(lines):
    """Return the header; it says what the file holds and which hash comes before.

    :raises Unreadable: with the reason.
    """
    number_and_line = next(lines, None)
    if number_and_line is None:
        raise Unreadable("the file is empty")
    header = parse(number_and_line[1])
    if not header or header.get("ledger") != FORMAT or header.get("algorithm") != ALGORITHM:
        raise Unreadable(f"line 1 is not the header of an export ({FORMAT}, {ALGORITHM})")
    company, first, head = (header.get(name) for name in ("company", "first", "head"))
    sound = (
        is_count(company)
        and is_count(first, 1)
        and is_count(header.get("last"))
        and isinstance(header.get("previous"), str)
        and header.get("genesis") == genesis(company)
        and (first > 1 or header["previous"] == genesis(company))
        and isinstance(head, list)
        and len(head) == 2
        and is_count(head[0])
        and isinstance(head[1], str)
    )
    if not sound:
        raise Unreadable("line 1: the header contradicts itself")
    return header


class Verification:
    """One pass over a file.

    :ivar list words: what is wrong, in words; empty when everything holds.
    :ivar Chain chain: how far it came.
    """

    def __init__(self, file, head=None):
        """Read the whole file.

        :param file: opened for reading bytes.
        :param tuple head: (position, hash) as it was printed, mailed or written down elsewhere.
        """
        lines = read_lines(file)
        self.header = read_header(lines)
        heads = dict([head] if head else [])
        own = self.header["head"]
        if 0 < own[0] <= self.header["last"]:
            heads.setdefault(own[0], own[1])
        self.chain = Chain(
            self.header["company"], self.header["first"], self.header["previous"], heads
        )
        self.times = []
        self._others = []  # (line, what is wrong with it)
        self._footer = None
        self._too_broken = None
        try:
            for number, line in lines:
                self._take(number, line)
        except TooBroken:
            self._too_broken = number
        self.words = self._conclude()

    def _take(self, number, line):
        if self._footer:
            self._others.append((number, "stands behind the end"))
            return
        entry = parse(line)
        if entry is None:
            reason = "is longer than any event" if line is None else "is no JSON object"
            self._others.append((number, reason))
        elif "end" in entry:
            self._footer = entry
        elif not self._is_event(entry):
            self._others.append((number, "is no event"))
        else:
            self._take_event(number, line, entry)

    def _is_event(self, entry):
        return (
            set(entry) == {*COLUMNS, "hash"}
            and is_count(entry["seq"], 1)
            and isinstance(entry["hash"], str)
            and all(type(value) in (int, str, type(None)) for value in entry.values())
        )

    def _take_event(self, number, line, entry):
        # Another order of keys, blanks or a key that stands there twice are not ours.
        if _encode(entry) != line.decode().rstrip("\r\n"):
            self._others.append((number, f"(seq {entry['seq']}) is not written as we write it"))
        digest = entry.pop("hash")
        at = str(entry["at"])
        self.times = (
            [min(*self.times[:1], at), max(*self.times[1:], at)] if self.times else [at, at]
        )
        self.chain.feed(entry, digest, number)

    def _conclude(self):
        others = [f"line {number} {reason}" for number, reason in self._others]
        if self._too_broken:
            others.append(f"line {self._too_broken}: too many breaks, not read any further")
        if self._footer is None:
            if not self._too_broken:
                others.append(
                    f"the end is missing: the file stops behind seq {self.chain.next - 1}"
                )
        elif self._footer.get("count") != self.chain.count:
            others.append(
                f"the end counts {self._footer.get('count')} events, the file has "
                f"{self.chain.count}"
            )
        problems = self.chain.finish(None if self._too_broken else self.header["last"])
        return [*map(words_of, problems), *others]


def conclusion(found, head):
    """Return the lines that say what was found; they end with what no file can say of itself."""
    header, chain = found.header, found.chain
    what = f"{chain.count} events of company {header['company']}"
    if found.words:
        named = [f"  {words}" for words in found.words[:MOST_NAMED]]
        more = len(found.words) - len(named)
        return [f"BROKEN: {what}", *named, *([f"  ... and {more} more"] if more else [])]
    lines = [f"OK: {what}"]
    if chain.count:
        lines[0] += f", seq {header['first']}-{chain.next - 1}, {found.times[0]} to "
        lines[0] += f"{found.times[1]} (UTC)"
    lines.append(f"head {chain.next - 1}:{chain.digest}")
    if header["first"] > 1:
        lines.append(f"The events before seq {header['first']} are not in this file.")
    if head:
        lines.append(f"The head {head[0]}:{head[1]} was found again.")
    else:
        lines.append(
            "Not compared with a head from outside. Who can write the whole database can write a "
            "whole new chain:\ncompare with a head that was printed or mailed: --head SEQ:HASH"
        )
    return lines


def read_head(text):
    seq, _colon, digest = text.partition(":")
    if not seq.isdigit() or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text}: give SEQ:HASH as it was printed")
    return int(seq), digest


def say(text):
    sys.stdout.write(text + "\n")


def main(arguments=None):
    """Verify a file; return 0 when it holds, 1 when it is broken, 2 when it is no export."""
    parser = argparse.ArgumentParser(
        prog="verify", description="Verify an export of the event ledger."
    )
    parser.add_argument("file", metavar="FILE", help="an export, .jsonl")
    parser.add_argument("--head", type=read_head, metavar="SEQ:HASH", help="as printed on a report")
    options = parser.parse_args(arguments)
    try:
        with open(options.file, "rb") as file:
            found = Verification(file, options.head)
    except OSError as error:
        say(f"UNREADABLE: {options.file}: {error.strerror}")
        return 2
    except Unreadable as error:
        say(f"UNREADABLE: {options.file}: {error}")
        return 2
    say("\n".join(conclusion(found, options.head)))
    return 1 if found.words else 0


if __name__ == "__main__":
    sys.exit(main())
