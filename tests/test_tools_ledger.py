"""The chain of hashes and its verifier: what holds passes, and each break is named by its place."""

import io
import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from conftest import ADDON, ROOT
from hypothesis import given
from hypothesis import strategies as st

from crm_policy.tools import ledger

COMPANY = 7
EVENTS = 40


def event(number, **values):
    return {
        "actor_id": 2,
        "at": f"2026-03-02T01:{number // 60:02}:{number % 60:02}",
        "clause": "3.1",
        "company_id": COMPANY,
        "id": 100 + number,
        "on_behalf_id": None,
        "payload": '{"at": "2026-03-02 01:00:00", "n": 1.50}',
        "policy": "SVC",
        "res_id": number,
        "res_model": "helpdesk.ticket",
        "type": "case.接单",
        "version": "1",
        **values,
    }


def chained(events, first=1, previous=None):
    """Return the events with their places and hashes, as the add-on would export them."""
    places = ledger.extend(previous or ledger.genesis(COMPANY), first - 1, events)
    return [
        {**row, "seq": seq, "hash": digest}
        for row, (seq, digest) in zip(events, places, strict=True)
    ]


def file_of(rows, first=1, previous=None, head=None, footer=True, company=COMPANY, last=None):
    last = last or (rows[-1]["seq"] if rows else first - 1)
    own = [last, rows[-1]["hash"]] if rows else [0, ledger.genesis(company)]
    text = ledger.header_line(
        company=company,
        name="苏州明远电子",
        first=first,
        last=last,
        previous=previous or ledger.genesis(company),
        head=head or own,
    )
    for row in rows:
        values = dict(row)
        text += ledger.event_line(values, values.pop("hash"))
    if footer:
        text += ledger.footer_line(len(rows), last, own[1])
    return text.encode()


def look(content, head=None):
    return ledger.Verification(io.BytesIO(content), head)


def words(content, head=None):
    return look(content, head).words


@pytest.fixture
def rows():
    return chained([event(number) for number in range(1, EVENTS + 1)])


@pytest.fixture
def whole(rows):
    """The export of a sound ledger, which a broken one is told from."""
    return file_of(rows), [rows[-1]["seq"], rows[-1]["hash"]]


# === WHAT HOLDS === #


def test_a_sound_ledger_holds(rows):
    found = look(file_of(rows))
    assert found.words == []
    assert (found.chain.count, found.chain.next, found.chain.digest) == (40, 41, rows[-1]["hash"])


def test_the_form_of_the_chain_is_fixed(rows):
    """Whoever changes it makes every ledger that is there unverifiable."""
    assert ledger.genesis(1) == "003628dc86692715768758809b676181d0c1ae05b6c0b081be97d2907d434c18"
    line = ledger.canonical(rows[0])
    assert line == (
        '{"actor_id":2,"at":"2026-03-02T01:00:01","clause":"3.1","company_id":7,"id":101,'
        '"on_behalf_id":null,"payload":"{\\"at\\": \\"2026-03-02 01:00:00\\", \\"n\\": 1.50}",'
        '"policy":"SVC","res_id":1,"res_model":"helpdesk.ticket","seq":1,"type":"case.接单",'
        '"version":"1"}'
    )
    assert rows[0]["hash"] == "cbc07216b3fd69bfac0a3198c4543c06061e09fe694ad82cba07a42bafa09516"


def test_a_part_holds_from_the_hash_that_its_header_names(rows):
    part = file_of(rows[9:20], first=10, previous=rows[8]["hash"], head=[40, rows[-1]["hash"]])
    assert words(part) == []
    wrong = file_of(rows[9:20], first=10, previous=rows[7]["hash"], head=[40, rows[-1]["hash"]])
    assert words(wrong) == ["line 2, seq 10: altered"]


def test_a_ledger_without_events_holds():
    assert words(file_of([])) == []


def test_events_of_no_company_are_a_chain_of_their_own():
    rows = [event(1, company_id=None)]
    [(seq, digest)] = ledger.extend(ledger.genesis(0), 0, rows)
    assert words(file_of([{**rows[0], "seq": seq, "hash": digest}], company=0)) == []


TEXTS = st.text(max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers()), max_size=8))
def test_whatever_an_event_says_it_comes_out_of_a_file_as_it_went_in(values):
    events = [
        event(number, type=kind, payload=payload, res_id=res_id)
        for number, (kind, payload, res_id) in enumerate(values, 1)
    ]
    assert words(file_of(chained(events))) == []


# === WHAT IS BROKEN === #


def test_each_altered_value_is_named_with_line_and_place(rows):
    for name in ledger.COLUMNS:
        if name in ("seq", "company_id"):
            continue
        broken = [dict(row) for row in rows]
        broken[11][name] = "forged"
        assert words(file_of(broken)) == ["line 13, seq 12: altered"], name


@pytest.mark.parametrize("position", [1, 2, EVENTS // 2, EVENTS])
def test_one_changed_byte_is_named(whole, position):
    content, head = whole
    lines = content.split(b"\n")
    lines[position] = lines[position].replace(b"1.50", b"1.51")
    assert words(b"\n".join(lines)) == [f"line {position + 1}, seq {position}: altered"]


def test_what_is_altered_and_hashed_anew_shows_at_the_next_event(rows):
    rows[11]["type"] = "forged"
    rows[11]["hash"] = ledger.link(rows[10]["hash"], rows[11])
    assert words(file_of(rows)) == ["line 14, seq 13: altered"]


def test_missing_events_are_named_wherever_they_were(rows):
    head = [40, rows[-1]["hash"]]
    assert words(file_of(rows[:29] + rows[33:])) == ["seq 30-33: missing"]
    assert words(file_of(rows[:29] + rows[30:])) == ["seq 30: missing"]
    assert words(file_of(rows[3:])) == ["seq 1-3: missing"]
    assert words(file_of(rows[:35], head=head, last=40)) == ["seq 36-40: missing"]


def test_a_truncated_tail_is_named(rows):
    content = file_of(rows)
    lines = content.splitlines(keepends=True)
    cut = b"".join(lines[:31])
    assert words(cut) == ["seq 31-40: missing", "the end is missing: the file stops behind seq 30"]
    half = content[: len(content) - len(lines[-1]) - 50]
    assert words(half) == [
        "seq 40: missing",
        "line 41 is no JSON object",
        "the end is missing: the file stops behind seq 39",
    ]


def test_a_tail_that_was_cut_with_a_new_end_shows_by_the_head(rows):
    short = file_of(rows[:30])
    assert words(short) == []
    assert words(short, (40, rows[-1]["hash"])) == ["seq 31-40: missing"]
    assert words(short, (30, rows[29]["hash"])) == []


def test_a_chain_that_was_written_anew_shows_by_the_head_only(rows):
    noted = (20, rows[19]["hash"])
    forged = [
        event(number, **({"type": "forged"} if number == 15 else {})) for number in range(1, 41)
    ]
    forged = chained(forged)
    assert words(file_of(forged)) == []
    assert words(file_of(forged), noted) == [
        "line 21, seq 20: not the event of the head that was noted"
    ]
    assert words(file_of(forged), (14, rows[13]["hash"])) == []


def test_exchanged_lines_are_named(rows):
    rows[11], rows[12] = rows[12], rows[11]
    assert words(file_of(rows)) == ["lines 13 and 14, seq 12 and 13: exchanged"]


@pytest.mark.parametrize("first", [0, 11, EVENTS - 2])
def test_events_that_change_places_in_the_database_are_named(rows, first):
    """Their numbers are exchanged, and the hashes stay with them or go along."""
    one, other = rows[first], rows[first + 1]
    place = first + 1
    named = [f"lines {place + 1} and {place + 2}, seq {place} and {place + 1}: exchanged"]
    for kept in (("seq",), ("seq", "hash")):
        moved = [dict(row) for row in rows]
        moved[first] = {**other, **{name: one[name] for name in kept}}
        moved[first + 1] = {**one, **{name: other[name] for name in kept}}
        assert words(file_of(moved)) == named


def test_two_altered_neighbours_are_not_called_exchanged(rows):
    rows[11]["type"] = rows[12]["type"] = "forged"
    assert words(file_of(rows)) == ["lines 13-14, seq 12-13: altered"]


def test_an_exchange_behind_an_altered_event_leaves_that_one_named(rows):
    rows[10]["type"] = "forged"
    rows[11], rows[12] = {**rows[12], "seq": 12}, {**rows[11], "seq": 13}
    assert words(file_of(rows)) == [
        "line 12, seq 11: altered",
        "lines 13 and 14, seq 12 and 13: exchanged",
    ]


def test_lines_far_from_their_place_are_named(rows):
    moved = rows[:9] + rows[12:25] + rows[9:12] + rows[25:]
    assert words(file_of(moved)) == ["lines 24-26, seq 10-12: out of order"]


def test_an_altered_line_out_of_order_is_both(rows):
    rows[10]["type"] = "forged"
    moved = rows[:9] + rows[12:25] + rows[9:12] + rows[25:]
    assert words(file_of(moved)) == [
        "lines 24-25, seq 10-11: out of order",
        "line 25, seq 11: altered",
        "line 26, seq 12: out of order",
    ]


def test_the_event_behind_a_gap_that_is_filled_later_is_checked(rows):
    rows[12]["type"] = "forged"  # the first behind the gap
    moved = rows[:9] + rows[12:25] + rows[9:12] + rows[25:]
    assert "line 11, seq 13: altered" in words(file_of(moved))


def test_a_second_event_of_a_place_is_named(rows):
    assert words(file_of(rows[:12] + [rows[11]] + rows[12:])) == [
        "line 14, seq 12: there already, a second time"
    ]


def test_a_forged_event_with_the_next_number_breaks_what_follows(rows):
    forged = chained([event(99, type="forged")], first=21, previous=rows[19]["hash"])
    assert words(file_of(rows[:20] + forged + rows[20:])) == [
        "line 23, seq 21: there already, a second time",
        "line 24, seq 22: altered",
    ]


def test_the_events_of_another_company_are_named(rows):
    rows[4]["company_id"] = 8
    assert words(file_of(rows)) == ["seq 5: missing", "line 6, seq 5: of another company"]


def test_lines_that_are_no_events_are_named(rows):
    lines = file_of(rows).splitlines(keepends=True)
    for junk, reason in (
        (b"junk\n", "line 5 is no JSON object"),
        (b"\n", "line 5 is no JSON object"),
        (b"\xff\xfe\n", "line 5 is no JSON object"),
        (b"[1]\n", "line 5 is no JSON object"),
        (b"[" * 100_000 + b"\n", "line 5 is no JSON object"),
        (b'{"seq":4}\n', "line 5 is no event"),
        (lines[4].replace(b'"seq":4', b'"seq":"4"'), "line 5 is no event"),
        (lines[4].replace(b'"seq":4', b'"seq":true'), "line 5 is no event"),
        (lines[4].replace(b'"seq":4', b'"seq":' + b"9" * 5000), "line 5 is no JSON object"),
    ):
        found = words(b"".join([*lines[:4], junk, *lines[4:]]))
        assert reason in found and len(found) == 1, (junk[:30], found)


def test_a_line_that_no_event_can_be_is_not_read_into_memory(rows, monkeypatch):
    monkeypatch.setattr(ledger, "LONGEST_LINE", 5000)
    lines = file_of(rows).splitlines(keepends=True)
    content = b"".join([*lines[:4], b"x" * 20_000 + b"\n", *lines[4:]])
    assert words(content) == ["line 5 is longer than any event"]


def test_a_line_is_taken_as_it_is_written_only(rows):
    """A key that stands there twice could tell a reader something else than the verifier."""
    lines = file_of(rows).splitlines(keepends=True)
    doubled = lines[4].replace(b'{"actor_id":2', b'{"actor_id":9,"actor_id":2')
    blank = lines[4].replace(b'"actor_id":2', b'"actor_id": 2')
    for line in (doubled, blank):
        assert words(b"".join([*lines[:4], line, *lines[5:]])) == [
            "line 5 (seq 4) is not written as we write it"
        ]
    assert words(b"".join(line.replace(b"\n", b"\r\n") for line in lines)) == []


def test_what_stands_behind_the_end_is_named(rows):
    content = file_of(rows)
    assert words(content + content.splitlines(keepends=True)[3]) == [
        "line 43 stands behind the end"
    ]


def test_an_end_that_counts_otherwise_is_named(rows):
    content = file_of(rows).replace(b'"count":40', b'"count":41')
    assert words(content) == ["the end counts 41 events, the file has 40"]


def test_a_file_of_noise_ends_soon(rows):
    some = chained([event(number) for number in range(1, 5000)])
    random.Random(1).shuffle(some)
    found = words(file_of(some))
    assert any("too many breaks" in line for line in found)


@given(st.data())
def test_any_change_of_the_order_or_number_of_lines_is_noticed(data):
    rows = chained([event(number) for number in range(1, 9)])
    picked = data.draw(st.lists(st.sampled_from(range(8)), max_size=12))
    content = file_of([rows[index] for index in picked], last=8, head=[8, rows[-1]["hash"]])
    assert bool(words(content)) == (picked != list(range(8)))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_any_changed_byte_of_an_event_is_noticed(place, value):
    rows = chained([event(number) for number in range(1, 9)])
    content = file_of(rows)
    start = content.index(b"\n") + 1
    stop = content.rindex(b"\n", 0, len(content) - 1)
    place = start + place % (stop - start)
    changed = content[:place] + bytes([value]) + content[place + 1 :]
    same = changed == content
    # A line may end as Windows does; nothing else may be different.
    assert (words(changed) == []) == same


# === WHAT IS NO EXPORT === #


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "the file is empty"),
        (b"\n", "line 1 is not the header"),
        (b"{}\n", "line 1 is not the header"),
        (b"\x00\x01PK", "line 1 is not the header"),
        (b'{"ledger":"crm_policy ledger 2"}\n', "line 1 is not the header"),
    ],
)
def test_a_file_without_its_header_is_none(content, reason):
    with pytest.raises(ledger.Unreadable, match=reason):
        look(content)


@pytest.mark.parametrize(
    "change",
    [
        {"company": 8},
        {"company": True},
        {"first": 0},
        {"first": "1"},
        {"previous": "f" * 64},
        {"previous": None},
        {"genesis": "f" * 64},
        {"head": None},
        {"head": ["40", "x"]},
        {"last": None},
    ],
)
def test_a_header_that_contradicts_itself_is_none(rows, change):
    header, *rest = file_of(rows).splitlines(keepends=True)
    forged = json.dumps({**json.loads(header), **change}).encode() + b"\n"
    with pytest.raises(ledger.Unreadable, match="contradicts itself"):
        look(b"".join([forged, *rest]))


# === THE COMMAND === #


def verify(script, *arguments):
    """Run a script with nothing of this environment but Python."""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
    )
    assert not answer.stderr or answer.returncode == 2, answer.stderr
    return answer.returncode, answer.stdout


@pytest.fixture(params=["beside", "checkout"])
def auditor(request, tmp_path):
    """A folder with the script and the verifier only."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    place = {"beside": tmp_path, "checkout": tmp_path / "crm_policy" / "tools"}[request.param]
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(ADDON / "tools" / "ledger.py", place)
    return tmp_path


def test_run_verifies_with_nothing_but_python(auditor, rows):
    file = auditor / "ledger.jsonl"
    file.write_bytes(file_of(rows))
    head = f"40:{rows[-1]['hash']}"
    code, output = verify(auditor / "run", "verify", file, "--head", head)
    assert code == 0
    assert output.splitlines() == [
        "OK: 40 events of company 7, seq 1-40, 2026-03-02T01:00:01 to 2026-03-02T01:00:40 (UTC)",
        f"head {head}",
        f"The head {head} was found again.",
    ]
    rows[11]["type"] = "forged"
    file.write_bytes(file_of(rows[:29] + rows[33:]))
    code, output = verify(auditor / "run", "verify", file)
    assert code == 1
    assert output.splitlines() == [
        "BROKEN: 36 events of company 7",
        "  line 13, seq 12: altered",
        "  seq 30-33: missing",
    ]


def test_what_cannot_be_verified_ends_with_2(auditor):
    run = auditor / "run"
    assert verify(run, "verify", auditor / "nowhere") == (
        2,
        f"UNREADABLE: {auditor / 'nowhere'}: No such file or directory\n",
    )
    empty = auditor / "empty"
    empty.write_text("")
    assert verify(run, "verify", empty) == (2, f"UNREADABLE: {empty}: the file is empty\n")
    assert verify(run, "verify", auditor)[0] == 2
    assert verify(run, "verify")[0] == 2
    assert verify(run, "verify", empty, "--head", "40:abc")[0] == 2


def test_the_verifier_is_named_when_it_is_not_there(tmp_path):
    shutil.copy(ROOT / "run", tmp_path / "run")
    answer = subprocess.run(
        [sys.executable, str(tmp_path / "run"), "verify", "x"], capture_output=True, text=True
    )
    assert answer.returncode == 1 and "ledger.py" in answer.stderr


def test_the_verifier_runs_by_itself(tmp_path, rows):
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(file_of(rows))
    code, output = verify(ADDON / "tools" / "ledger.py", file)
    assert code == 0 and "Not compared with a head from outside" in output
