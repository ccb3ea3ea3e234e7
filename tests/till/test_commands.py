"""What a person at the machine meets: commands that end with a sentence and never a traceback."""

import os
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pos_client.folder import LOCK_FILE, AlreadyRunning, Hold
from tests.builders import enrol_till, open_till
from tests.till.child import ENDS_S, Ended, a_child, run, sentences, tried, where
from tests.till.counter import COLA, assert_in_order, begin, overwrite, sell

NOWHERE = "http://127.0.0.1:9"

# One program at a time


def test_a_second_till_on_the_same_folder_is_refused_and_the_first_sells_on(
    tmp_path: Path,
) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        with pytest.raises(AlreadyRunning) as refusal:
            open_till(tmp_path)
        assert all((*refusal.value.say, *refusal.value.remedy))
        sell(till)
        assert_in_order(till)
    open_till(tmp_path).close()


def test_a_folder_is_let_go_whatever_went_wrong_at_the_start(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    key = tmp_path / "data/till.key"
    kept = key.read_bytes()
    key.write_bytes(b"damaged")
    for _ in range(2):
        with pytest.raises(Exception, match="key"):
            open_till(tmp_path)
    key.write_bytes(kept)
    open_till(tmp_path).close()


def test_a_lock_file_left_by_a_kill_is_no_lock(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    (tmp_path / "data" / LOCK_FILE).write_bytes(b"999999\n")
    with closing(open_till(tmp_path)) as till:
        begin(till)
    hold = Hold(tmp_path / "data")
    hold.close()
    hold.close()


@pytest.mark.slow
def test_a_second_process_is_refused_while_others_look_and_may_start_after_a_kill(
    tmp_path: Path,
) -> None:
    open_till(tmp_path).close()
    with a_child(tmp_path) as child:
        child.act("open_shift", cashier="1001", confirm=True)
        assert f"process {child.pid}" in sentences(run(tmp_path, "--headless"))
        enrolling = tried(tmp_path, "enrol", "--hub", NOWHERE, "--code", "X")
        assert f"process {child.pid}" in sentences(enrolling)
        child.act("scan", code=COLA)
        assert "2 facts, 2 waiting" in tried(tmp_path, "status").out
        assert tried(tmp_path, "journal", "verify").code == 0
        child.act("pay")
        child.kill()
    ended = run(tmp_path, "--headless", said=b'{"do": "last_receipt"}\n')
    assert (ended.code, ended.err) == (0, "")
    assert "S01-1-000001-000001" in ended.out


# Sentences


def test_a_till_that_is_not_enrolled_says_how_to_be(tmp_path: Path) -> None:
    for command in (("--headless",), ("status",), ("journal", "verify"), ("journal", "export")):
        assert "pos-client enrol" in sentences(tried(tmp_path, *command))


@pytest.mark.slow
def test_a_wrong_setting_ends_with_its_name(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    assert "heartbeat_s" in sentences(tried(tmp_path, "status", heartbeat_s="often"))
    assert "PRINTR" in sentences(run(tmp_path, "--headless", printr="sim://printer"))
    (tmp_path / "data/till.toml").write_text("printer = sim://printer")
    assert "till.toml" in sentences(tried(tmp_path, "--headless"))


def test_a_printer_address_that_is_none_ends_with_how_to_write_one(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    said = sentences(tried(tmp_path, "--headless", "--printer", "epson"))
    assert "epson" in said
    assert "escpos+tcp://" in said


@pytest.mark.slow
def test_a_damaged_disk_ends_with_whom_to_call(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
    overwrite(tmp_path / "data/till.db", 0, b"\xa5" * 4096)
    assert "call support" in sentences(run(tmp_path, "--headless"))
    for command in (("status",), ("journal", "verify"), ("journal", "export")):
        assert "call support" in sentences(tried(tmp_path, *command))
    (tmp_path / "data/till.db").unlink()
    (tmp_path / "data/till.db").mkdir()
    assert sentences(tried(tmp_path, "--headless"))
    assert sentences(tried(tmp_path, "status"))


def test_a_key_that_is_damaged_ends_with_where_it_lies(tmp_path: Path) -> None:
    enrol_till(tmp_path)
    (tmp_path / "data/till.key").write_bytes(b"damaged")
    assert "till.key" in sentences(tried(tmp_path, "--headless"))


@pytest.mark.slow
def test_a_database_that_breaks_while_selling_refuses_and_ends_in_order(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
    with a_child(tmp_path) as child:
        child.act("scan", code=COLA)
        file = tmp_path / "data/till.db"
        overwrite(file, 0, b"\xa5" * file.stat().st_size)
        (file.parent / "till.db-wal").write_bytes(b"\xa5" * 40_000)
        for act in ("scan", "pay", "status", "x_report", "last_receipt", "scan"):
            fields = {"code": COLA} if act == "scan" else {}
            answer = child.try_act(act, **fields)
            assert answer["ok"] or answer["refusal"]["say"]
        child.close_input()
        assert child.wait() == 0
        assert "Traceback" not in child.stderr_tail


def test_a_data_folder_that_cannot_be_one_ends_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in its place")
    for command in (("--headless",), ("enrol", "--hub", NOWHERE, "--code", "X")):
        assert "data and state folders" in sentences(tried(tmp_path, *command))


def test_wrong_usage_ends_with_two(tmp_path: Path) -> None:
    for command in (("sell",), ("enrol",), ("--headless", "--printr", "x"), ("journal", "burn")):
        assert tried(tmp_path, *command).code == 2, command


def test_a_hub_address_that_is_none_or_silent_ends_with_a_sentence(tmp_path: Path) -> None:
    for url in ("http://[::1", "hub", NOWHERE):
        ended = tried(tmp_path, "enrol", "--hub", url, "--code", "7K3QX-9M2TB-H4D8E")
        assert url in sentences(ended)


def test_export_to_a_place_that_cannot_be_written_ends_with_a_sentence(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    nowhere = tmp_path / "no" / "such" / "folder.jsonl"
    assert "folder.jsonl" in sentences(tried(tmp_path, "journal", "export", str(nowhere)))
    there = tmp_path / "all.jsonl"
    assert tried(tmp_path, "journal", "export", str(there)).code == 0
    assert there.read_bytes().count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="a shell closes what is to be closed")
@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_headless_till_without_input_or_output_ends_with_a_sentence(
    tmp_path: Path, closed: str
) -> None:
    enrol_till(tmp_path)
    words = [sys.executable, "-m", "pos_client", "--headless", *where(tmp_path)]
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {shlex.join(words)} {closed}"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=ENDS_S,
        check=False,
    )
    assert "both open" in sentences(Ended(done.returncode, "", done.stderr.decode()))


# Output that cannot be written, and faults that nobody foresaw


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs an output that is always full")
@pytest.mark.parametrize("command", [("status",), ("journal", "verify"), ("--help",)])
def test_a_full_output_is_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    open_till(tmp_path).close()
    with Path("/dev/full").open("wb") as full:
        ended = run(tmp_path, *command, stdout=full.fileno())
    assert "Standard output: No space left on device" in sentences(ended)


@pytest.mark.slow
def test_a_fault_that_nobody_foresaw_is_a_sentence_and_a_report_for_support(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    stumbling = (
        "from pos_client import __main__, headless\n"
        "def stumble(*_): raise ZeroDivisionError('by nothing')\n"
        "headless.serve = stumble\n"
        "__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", stumbling, "--headless", *where(tmp_path)],
        capture_output=True,
        timeout=ENDS_S,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    said = sentences(Ended(done.returncode, "", done.stderr.decode()))
    report = tmp_path / "omnitill-till-fault.txt"
    assert "by nothing" in said
    assert str(report) in said
    assert "stumble" in report.read_text()
    open_till(tmp_path).close()


@pytest.mark.slow
def test_a_code_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    ended = run(tmp_path, "enrol", "--hub", NOWHERE, "--code", "\udcff")
    assert "not UTF-8" in sentences(ended)


@pytest.mark.parametrize("target", ["data/till.db", "data/till.key", "data/new/facts", "state/x"])
def test_an_export_overwrites_nothing_of_the_tills_own(tmp_path: Path, target: str) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    before = _files(tmp_path / "data")
    for place in (tmp_path / target, tmp_path / target.replace("data", "link")):
        assert "own folder" in sentences(tried(tmp_path, "journal", "export", str(place)))
    assert _files(tmp_path / "data") == before


def _files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
