"""The headless till's lines: what is no act is refused once, changes nothing, and the next line is
read as if it had not been there."""

import io
import json
import os
import signal
from pathlib import Path

import pytest

from pos_client import headless
from pos_client.till import Till
from tests.builders import open_till
from tests.till.child import a_child, run
from tests.till.counter import COLA, Reply, assert_in_order, begin, did, disk

HELP = b'{"id": "after", "do": "basket"}\n'
MIB = 1024 * 1024

NO_ACTS: dict[str, bytes] = {
    "empty object": b"{}",
    "no object": b"[1, 2]",
    "a number": b"42",
    "null": b"null",
    "words": b"scan 6901028075022",
    "half a line": b'{"id": 1, "do": "scan", "code": "69010',
    "two in one": b'{"id": 1, "do": "basket"} {"id": 2, "do": "basket"}',
    "no such act": b'{"id": 1, "do": "sell"}',
    "act of another type": b'{"id": 1, "do": 7}',
    "field missing": b'{"id": 1, "do": "scan"}',
    "field unknown": b'{"id": 1, "do": "scan", "code": "6901028075022", "qty": 2000}',
    "number as text": b'{"id": 1, "do": "scan", "code": "6901028075022", "quantity": "2"}',
    "text as number": b'{"id": 1, "do": "scan", "code": 6901028075022}',
    "half a piece": b'{"id": 1, "do": "scan", "code": "6901028075022", "quantity": 0.5}',
    "true as number": b'{"id": 1, "do": "quantity", "quantity": true}',
    "no day of the year": b'{"do": "open_shift", "cashier": "1001", "business_date": "2026-02-30"}',
    "a number without end": b'{"id": 1, "do": "close_shift", "counted": ' + b"9" * 5000 + b"}",
    "a number past 64 bits": b'{"id": 1, "do": "close_shift", "counted": 99999999999999999999}',
    "an id past 64 bits": b'{"id": 99999999999999999999, "do": "basket"}',
    "an id that is a list": b'{"id": [1], "do": "basket"}',
    "a novel as reason": b'{"id": 1, "do": "void", "reason": "' + b"x" * 10_000 + b'"}',
    "not UTF-8": b'{"id": 1, "do": "scan", "code": "\xff\xfe"}',
    "not UTF-8 at all": bytes(range(128, 256)),
    "half a surrogate pair": b'{"id": 1, "do": "scan", "code": "\\ud800"}',
    "NUL bytes": b"\0" * 100,
    "a hundred thousand brackets": b'{"id": 1, "do": "basket", "x": ' + b"[" * 100_000,
    "as deep, and closed": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b', "do": "basket"}',
    "a mark of byte order": b'\xef\xbb\xbf{"id": 1, "do": "basket"}',
    "a line longer than 1 MiB": b'{"id": 1, "do": "scan", "code": "' + b"1" * MIB + b'"}',
    "three MiB of noise": b"\xaa" * 3 * MIB,
    "exactly one byte too long": b" " * (MIB - 24) + b'{"id": 1, "do": "basket"}',
}


def served(till: Till, lines: bytes) -> list[Reply]:
    """What the till says to these bytes, from `ready` to the end of input."""
    out = io.BytesIO()
    headless.serve(till, io.BytesIO(lines), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("line", NO_ACTS.values(), ids=NO_ACTS)
def test_what_is_no_act_is_refused_once_and_changes_nothing(till: Till, line: bytes) -> None:
    begin(till)
    did(till, "scan", code=COLA)
    before = disk(till)
    ready, refusal, after, *more = served(till, line + b"\n" + HELP)
    assert ready["event"] == "ready"
    assert refusal["ok"] is False
    assert refusal["refusal"]["code"] == "not_an_act"
    assert refusal["refusal"]["remedy"]
    assert after["id"] == "after"
    assert after["basket"]["lines"][0]["quantity"] == 1000
    assert more == []
    assert disk(till) == before


@pytest.mark.parametrize("name", ["field unknown", "no such act", "number as text"])
def test_a_line_that_is_no_act_is_answered_under_its_own_id(till: Till, name: str) -> None:
    _, refusal = served(till, NO_ACTS[name])
    assert refusal["id"] == 1


def test_the_refusal_names_the_field_that_is_wrong(till: Till) -> None:
    _, refusal = served(till, NO_ACTS["number as text"])
    assert "$.quantity" in refusal["refusal"]["say"]
    _, refusal = served(till, NO_ACTS["three MiB of noise"])
    assert f"{MIB}" in refusal["refusal"]["say"]


def test_the_longest_line_that_is_an_act_is_done(till: Till) -> None:
    act = b'{"id": 1, "do": "basket"}'
    for end in (b"\n", b""):
        _, answer = served(till, b" " * (MIB - len(act)) + act + end)
        assert answer["ok"] is True


def test_empty_lines_are_passed_over(till: Till) -> None:
    said = served(till, b"\n  \n\r\n\t\n" + HELP + b"\n\n")
    assert [each.get("id", each.get("event")) for each in said] == ["ready", "after"]


def test_a_line_may_end_as_on_windows_or_with_the_input(till: Till) -> None:
    said = served(till, b'{"id": 1, "do": "basket"}\r\n{"id": 2, "do": "basket"}')
    assert [each.get("id") for each in said[1:]] == [1, 2]


def test_an_act_without_id_is_answered_without(till: Till) -> None:
    _, answer = served(till, b'{"do": "basket"}')
    assert answer["id"] is None
    assert answer["ok"] is True


def test_an_input_that_breaks_has_ended(till: Till) -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    out = io.BytesIO()
    headless.serve(till, Broken(), out)
    assert json.loads(out.getvalue())["event"] == "ready"


@pytest.mark.slow
def test_a_real_child_stays_in_step_through_all_of_it(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    lines = b"".join(line + b"\n" + HELP for line in NO_ACTS.values())
    ended = run(tmp_path, "--headless", said=lines)
    assert ended.code == 0
    assert ended.err == ""
    said = [json.loads(line) for line in ended.out.splitlines()][1:]
    said = [each for each in said if "event" not in each]
    assert [each["ok"] for each in said] == [False, True] * len(NO_ACTS)
    assert {each["refusal"]["code"] for each in said[::2]} == {"not_an_act"}
    assert {each["id"] for each in said[1::2]} == {"after"}


@pytest.mark.slow
def test_a_child_whose_reader_is_gone_sells_on_and_ends_in_order(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    acts = [
        {"do": "open_shift", "cashier": "1001", "confirm": True},
        {"do": "scan", "code": COLA},
        {"do": "pay"},
    ]
    reading, writing = os.pipe()
    os.close(reading)
    lines = "\n".join(json.dumps(act) for act in acts).encode()
    ended = run(tmp_path, "--headless", said=lines, stdout=writing)
    os.close(writing)
    assert ended.code == 0
    assert ended.err == ""
    till = open_till(tmp_path)
    assert till.sale.last_sale().fact.total_minor == 350
    assert_in_order(till)
    till.close()


def test_the_first_line_says_that_the_till_is_there(till: Till) -> None:
    """What sync and devices have to say unasked comes behind it."""
    till.start = lambda on_event: on_event("sync.offline", {})  # type: ignore[method-assign]
    out = io.BytesIO()
    headless.serve(till, io.BytesIO(HELP), out)
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("event", "") for line in said] == ["ready", "sync.offline", ""]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_till_that_is_told_to_stop_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    open_till(tmp_path).close()
    with a_child(tmp_path) as child:
        child.act("open_shift", cashier="1001", confirm=True)
        child.act("scan", code=COLA)
        child.send_signal(number)
        assert child.wait() == 0
        assert child.stderr_tail == ""
    till = open_till(tmp_path)
    assert [line.code for line in till.sale.basket.lines] == [COLA]
    till.close()
