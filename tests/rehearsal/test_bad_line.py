"""The bad line is tried with a real client and a hub that notes what arrives, in which order."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from rehearsal.bad_line import BadLine, Trouble, table
from rehearsal.processes import free_port, wait_until

PATIENCE_S = 30.0
ANSWER = b'{"head": 17}' * 20


class _Desk(BaseHTTPRequestHandler):
    server: "Hub"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            self.server.torn.append(body)
            return
        self.server.asked.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        pass


class Hub(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.asked: list[bytes] = []
        self.torn: list[bytes] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def server_close(self) -> None:
        self.shutdown()
        self._thread.join()
        super().server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


def ask(line: BadLine, body: bytes = b"facts") -> bytes:
    """What a till hears: an answer, another status, or the kind of failure."""
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as till:
        try:
            answer = till.post(f"http://127.0.0.1:{line.port}/v1/push?x=1", content=body)
        except httpx.RemoteProtocolError:
            return b"broken off"
    return answer.content if answer.is_success else str(answer.status_code).encode()


def test_what_meets_no_trouble_passes_unchanged(hub: Hub) -> None:
    with BadLine(hub.server_port, 1) as line:
        body = bytes(range(256)) * 4_000
        assert ask(line, body) == ANSWER
    assert hub.asked == [body]
    assert not line.met


@pytest.mark.parametrize(
    ("trouble", "heard", "arrived"),
    [
        (Trouble.LOST, b"broken off", 0),
        (Trouble.ANSWER_LOST, b"broken off", 1),
        (Trouble.LATE, ANSWER, 1),
        (Trouble.ANSWER_LATE, ANSWER, 1),
        (Trouble.DOUBLED, ANSWER, 2),
        (Trouble.AGAIN, ANSWER, 2),
        (Trouble.OVERTAKEN, b"broken off", 1),
        (Trouble.TORN, b"broken off", 0),
        (Trouble.ANSWER_TORN, b"broken off", 1),
        (Trouble.GATEWAY, b"502", 0),
    ],
)
def test_each_trouble_does_what_it_says(
    hub: Hub, trouble: Trouble, heard: bytes, arrived: int
) -> None:
    with BadLine(hub.server_port, 1, (trouble,)) as line:
        line.badness = 1.0
        assert ask(line) == heard
        line.calm()
        assert ask(line, b"after the calm") == ANSWER
    assert hub.asked == [b"facts"] * arrived + [b"after the calm"]
    assert line.met == {(trouble, "push"): 1}


def test_a_question_is_overtaken_by_the_next(hub: Hub) -> None:
    with BadLine(hub.server_port, 1, (Trouble.OVERTAKEN,)) as line:
        line.badness = 1.0
        ask(line, b"first")
        line.badness = 0.0
        ask(line, b"second")
        line.calm()
    assert hub.asked == [b"second", b"first"]


def test_a_torn_question_ends_in_the_middle(hub: Hub) -> None:
    body = b"f" * 100_000
    with BadLine(hub.server_port, 1, (Trouble.TORN,)) as line:
        line.badness = 1.0
        assert ask(line, body) == b"broken off"
        wait_until(lambda: hub.torn, PATIENCE_S, "the hub saw the end")
    assert 0 < len(hub.torn[0]) < len(body)
    assert not hub.asked


def test_where_no_hub_is_the_till_is_broken_off() -> None:
    with BadLine(free_port(), 1) as line:
        assert ask(line) == b"broken off"


def test_what_happened_is_told_by_state() -> None:
    met = {("till killed", "pay"): 2, ("till killed", "scan"): 1_000, ("hub killed", "at rest"): 3}
    assert table(met) == [
        "      3  hub killed: at rest 3",
        "  1,002  till killed: pay 2, scan 1,000",
    ]
