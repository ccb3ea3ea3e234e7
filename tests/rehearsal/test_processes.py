"""Children are real programs: small Python scripts, started, spoken with and killed."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from rehearsal import processes
from rehearsal.processes import (
    Child,
    ChildEnded,
    HeadlessTill,
    Refused,
    free_port,
    processor_time_s,
    wait_until,
)

pytestmark = pytest.mark.slow

ECHO = """
import sys
for line in sys.stdin:
    print("heard", line.strip(), flush=True)
print("bye", flush=True)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
BUSY = """
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < 0.5: pass"
subprocess.run([sys.executable, "-c", burn])
print("burnt", flush=True)
time.sleep(600)
"""
TILL = """
import json, os, sys
for line in sys.stdin:
    act = json.loads(line)
    match act["do"]:
        case "scan" if act["code"] == "6901028075022":
            print(json.dumps({"event": "printer.paper_low"}))
            answer = {"ok": True, "basket": {"lines": [act["code"]], "note": act.get("note")}}
        case "scan":
            answer = {"ok": False, "refusal": {"code": "unknown_barcode",
                      "say": "没有这个条码。", "remedy": "请查价。"}}
        case "twice":
            print(json.dumps({"id": act["id"], "ok": True, "which": "first"}), flush=True)
            continue
        case "nonsense":
            print("I am no JSON", flush=True)
            continue
        case "die":
            print("the disk is full", file=sys.stderr, flush=True)
            os._exit(3)
    print(json.dumps({"id": act["id"], **answer}, ensure_ascii=False), flush=True)
"""


def python(script: str) -> Child:
    return Child([sys.executable, "-c", script])


def till() -> HeadlessTill:
    return HeadlessTill([sys.executable, "-c", TILL], env={"PYTHONUTF8": "1"})


def is_gone(pid: int) -> bool:
    """Also true of a zombie that nobody has reaped yet."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_lines_go_both_ways_and_end_of_input_ends_the_child_in_order() -> None:
    with python(ECHO) as child:
        child.send_line("一条")
        assert child.read_line() == "heard 一条"
        child.close_input()
        assert child.read_line() == "bye"
        assert child.wait() == 0


def test_a_dead_child_is_told_by_its_command_its_exit_code_and_its_last_words() -> None:
    script = "import sys; print('last line', flush=True); sys.exit('no room left')"
    with python(script) as child:
        assert child.read_line() == "last line"
        with pytest.raises(ChildEnded) as told:
            child.read_line()
        assert told.value.exit_code == 1
        assert told.value.stderr_tail == "no room left"
        assert script in str(told.value)
        assert "exit code 1" in str(told.value)
        with pytest.raises(ChildEnded):
            child.send_line("anyone there?")
        with pytest.raises(ChildEnded):
            child.processor_time_s()


def test_only_the_last_lines_of_stderr_are_kept() -> None:
    with python("import sys\nfor n in range(1000): print(n, file=sys.stderr)") as child:
        child.wait()
        wait_until(lambda: child.stderr_tail.endswith("999"), 30, "all was read")
        assert child.stderr_tail.splitlines() == [str(n) for n in range(800, 1000)]


def test_a_child_that_says_too_much_has_to_wait_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "LINES_LIMIT", 10)
    with python("for n in range(100_000): print(n)") as child:
        wait_until(lambda: len(child._lines) == 10, 30, "the buffer is full")
        read = [child.read_line() for _ in range(20_000)]
        assert read == [str(n) for n in range(20_000)]
        assert len(child._lines) <= 10
        assert not child.ended


def test_several_lines_are_waited_for_at_once_and_fewer_come_when_the_child_ends() -> None:
    with python(ECHO) as child:
        child.send_line("one\ntwo\nthree")
        assert child.read_lines(3) == ["heard one", "heard two", "heard three"]
        child.send_line("four")
        child.close_input()
        assert child.read_lines(9) == ["heard four", "bye"]
        with pytest.raises(ChildEnded):
            child.read_lines(9)


def test_acts_are_said_in_one_breath_and_answered_in_order_past_events() -> None:
    with till() as headless:
        acts = [
            {"do": "scan", "code": code, "note": note}
            for note, code in enumerate(["6901028075022", "1", "6901028075022"])
        ]
        ids = headless.ask_all(acts)
        answers = headless.answers(ids)
        assert [answer["id"] for answer in answers] == [1, 2, 3] == list(ids)
        assert [answer["ok"] for answer in answers] == [True, False, True]
        assert answers[2]["basket"]["note"] == 2
        assert len(headless.events) == 2


def test_silence_is_a_time_out_and_the_child_lives_on() -> None:
    with python(ECHO) as child:
        with pytest.raises(TimeoutError, match="said nothing"):
            child.read_line(timeout_s=0.01)
        child.send_line("now")
        assert child.read_line() == "heard now"


def test_a_line_that_is_no_json_object_is_shown() -> None:
    with python("print('[1, 2]')") as child, pytest.raises(ValueError, match=r"\[1, 2\]"):
        child.read_json()


def test_a_power_cut_takes_the_childs_own_children_with_it() -> None:
    with python(PARENT) as child:
        grandchild = int(child.read_line())
        assert child.kill() == -signal.SIGKILL
        wait_until(lambda: is_gone(grandchild), 30, "the grandchild is gone")
        assert child.kill() == -signal.SIGKILL


def test_a_child_that_ignores_the_request_to_stop_is_killed() -> None:
    with python(STUBBORN) as child:
        assert child.read_line() == "ready"
        assert child.stop(timeout_s=0.05) == -signal.SIGKILL
        assert child.ended


def test_closing_an_unread_living_child_leaves_no_thread_and_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "LINES_LIMIT", 10)
    child = python("while True: print('x' * 1000)")
    wait_until(lambda: len(child._lines) == 10, 30, "the buffer is full")
    child.close()
    child.close()
    assert child.exit_code == -signal.SIGKILL
    assert not any(reader.is_alive() for reader in child._readers)


def test_processor_time_counts_children_that_have_ended() -> None:
    with python(BUSY) as child:
        child.read_line()
        # the kernel rounds each of a process's times down to its tick, so less than was burnt
        assert child.processor_time_s() >= 0.4
        assert child.rss_bytes > 1_000_000
    assert processor_time_s(os.getpid()) > 0


DRIVER = """
import sys
from rehearsal.processes import Child
child = Child([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("way", ["killed", "ended"])
def test_a_child_does_not_outlive_its_driver(way: str) -> None:
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with Child([sys.executable, "-c", DRIVER], env=env) as driver:
        grandchild = int(driver.read_line())
        assert not is_gone(grandchild)
        if way == "killed":
            os.kill(driver.pid, signal.SIGKILL)
        else:
            driver.close_input()
        wait_until(lambda: is_gone(grandchild), 30, "the child of the ended driver is gone")


def test_a_free_port_can_be_listened_on() -> None:
    serve = f"import socket; socket.create_server(('127.0.0.1', {free_port()}))"
    subprocess.run([sys.executable, "-c", serve], check=True)


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(TimeoutError, match="until the cows came home"):
        wait_until(lambda: False, 0.02, "the cows came home")


def test_an_act_gets_its_own_answer_and_events_are_kept_aside() -> None:
    with till() as counter:
        assert counter.act("scan", code="6901028075022", note="赠品")["basket"] == {
            "lines": ["6901028075022"],
            "note": "赠品",
        }
        assert list(counter.events) == [{"event": "printer.paper_low"}]
        first, second = counter.ask("twice"), counter.ask("twice")
        assert counter.answer(second)["id"] == second
        assert counter.answer(first)["id"] == first
        assert counter.next_event("printer.paper_low") == {"event": "printer.paper_low"}
        assert not counter.events
        with pytest.raises(TimeoutError):
            counter.next_event("printer.paper_low", timeout_s=0.01)


def test_a_refusal_carries_code_sentence_and_remedy() -> None:
    with till() as counter:
        assert counter.try_act("scan", code="1")["ok"] is False
        with pytest.raises(Refused) as told:
            counter.act("scan", code="1")
        assert (told.value.code, told.value.say, told.value.remedy) == (
            "unknown_barcode",
            "没有这个条码。",
            "请查价。",
        )
        assert counter.act("scan", code="6901028075022")["ok"] is True


def test_a_till_that_dies_in_an_act_says_how() -> None:
    with till() as counter:
        with pytest.raises(ChildEnded, match="the disk is full") as told:
            counter.act("die")
        assert told.value.exit_code == 3


def test_a_till_that_talks_nonsense_is_shown_saying_it() -> None:
    with till() as counter, pytest.raises(ValueError, match="I am no JSON"):
        counter.act("nonsense")
