"""The balancer: connections in turn, past a hub that is not there."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rehearsal.balancer import Balancer
from rehearsal.processes import free_port

BIG_BYTES = 1_000_000


class _Echo(socketserver.BaseRequestHandler):
    """Says its own port, then all it hears."""

    request: socket.socket

    def handle(self) -> None:
        self.request.sendall(f"{self.request.getsockname()[1]}\n".encode())
        while data := self.request.recv(65_536):
            self.request.sendall(data)


@contextmanager
def echo() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()


def who_answers(balancer: Balancer) -> int:
    with socket.create_connection(("127.0.0.1", balancer.port)) as line:
        return int(line.makefile().readline() or 0)


def test_connections_go_to_each_in_turn_and_past_who_is_not_there() -> None:
    with ExitStack() as hubs:
        first, second = (hubs.enter_context(echo()) for _ in range(2))
        with Balancer([first, free_port(), second]) as balancer:
            answered = [who_answers(balancer) for _ in range(6)]
    assert answered == [first, second] * 3
    assert balancer.carried == {first: 3, second: 3}


def test_nobody_there_ends_the_connection() -> None:
    with Balancer([free_port(), free_port()]) as balancer:
        assert who_answers(balancer) == 0


def test_what_is_said_comes_through_whole_both_ways() -> None:
    with (
        echo() as hub,
        Balancer([hub]) as balancer,
        socket.create_connection(("127.0.0.1", balancer.port)) as line,
    ):
        heard = line.makefile("rb")
        heard.readline()
        said = bytes(range(256)) * (BIG_BYTES // 256)
        threading.Thread(target=line.sendall, args=(said,), daemon=True).start()
        assert heard.read(len(said)) == said
