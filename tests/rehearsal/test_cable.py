"""The cable is tried with real sockets on both sides: a hub that notes every byte, a plain till."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest

from rehearsal.cable import Cable
from rehearsal.processes import free_port, wait_until

PATIENCE_S = 30.0
REPLY_BODY = b'{"head": 17}' * 200
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(REPLY_BODY), REPLY_BODY)


class _Talk(socketserver.BaseRequestHandler):
    """Notes what arrives and how it ends; answers each request that ends in the word `end`."""

    server: "Hub"

    def handle(self) -> None:
        self.server.talks.append(self)
        self.received = b""
        self.last = ""
        try:
            while data := self.request.recv(65536):
                self.received += data
                if self.received.endswith(b"end"):
                    self.request.sendall(self.server.reply)
            self.last = "goodbye"
        except ConnectionError:
            self.last = "reset"


class Hub(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 50

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.talks: list[_Talk] = []
        self.reply = REPLY
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def first_talk(self) -> _Talk:
        wait_until(lambda: self.talks, PATIENCE_S, "the hub was called")
        return self.talks[0]

    def server_close(self) -> None:
        self.shutdown()
        self._thread.join()
        super().server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


@pytest.fixture
def cable(hub: Hub) -> Iterator[Cable]:
    with Cable("127.0.0.1", hub.port) as plugged:
        yield plugged


def call(cable: Cable) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=PATIENCE_S)


def push(size: int = 2_000) -> bytes:
    body = b"f" * (size - 3) + b"end"
    return b"POST /v1/push HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n%b" % (size, body)


def read_until_cut(till: socket.socket) -> tuple[bytes, str]:
    received = b""
    try:
        while data := till.recv(65536):
            received += data
    except ConnectionError:
        return received, "reset"
    return received, "goodbye"


def read_reply(till: socket.socket) -> bytes:
    received = b""
    while len(received) < len(REPLY):
        data = till.recv(65536)
        assert data, "the reply was cut"
        received += data
    return received


def test_large_bodies_pass_unchanged_both_ways_and_are_counted(hub: Hub, cable: Cable) -> None:
    request = push(3_000_000)
    body = bytes(range(256)) * 10_000
    hub.reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with closing(call(cable)) as till:
        till.sendall(request)
        received = b""
        while len(received) < len(hub.reply):
            received += till.recv(65536)
    assert received == hub.reply
    assert hub.first_talk().received == request
    assert (cable.bytes_to_hub, cable.bytes_to_till) == (len(request), len(hub.reply))
    assert (cable.connections, cable.pulls, cable.interrupted) == (1, 0, [])


def test_a_real_client_speaks_through_it(hub: Hub, cable: Cable) -> None:
    with httpx.Client(base_url=cable.url, timeout=PATIENCE_S, trust_env=False) as till:
        for _ in range(3):
            assert till.post("/v1/push", content=b"facts end").content == REPLY_BODY
    assert cable.connections == 1


@pytest.mark.parametrize("count", [0, 1, 59, 812, 2_059])
def test_it_is_cut_after_exactly_so_many_bytes_of_a_request(
    hub: Hub, cable: Cable, count: int
) -> None:
    with closing(call(cable)) as till:
        cable.pull_after(bytes_to_hub=count)
        till.sendall(push())
        assert read_until_cut(till) == (b"", "reset")
    wait_until(lambda: hub.first_talk().last, PATIENCE_S, "the hub saw the end")
    assert hub.first_talk().received == push()[:count]
    assert hub.first_talk().last == "reset"
    assert cable.pulled
    assert cable.bytes_to_hub == count


def test_it_says_which_request_it_cut_and_where(hub: Hub, cable: Cable) -> None:
    with closing(call(cable)) as till:
        cable.pull_after(bytes_to_hub=812)
        till.sendall(push())
        read_until_cut(till)
    assert cable.interrupted == [f"request POST /v1/push after 812 of {len(push()):,} bytes"]


def test_it_is_cut_after_exactly_so_many_bytes_of_a_reply(hub: Hub, cable: Cable) -> None:
    cable.pull_after(bytes_to_till=1_000)
    with closing(call(cable)) as till:
        till.sendall(push())
        assert read_until_cut(till) == (REPLY[:1_000], "reset")
    assert cable.interrupted == [f"reply to POST /v1/push after 1,000 of {len(REPLY):,} bytes"]
    assert hub.first_talk().received == push()


def test_a_pulled_cable_refuses_calls_and_works_again_at_the_same_port(
    hub: Hub, cable: Cable
) -> None:
    port = cable.port
    with closing(call(cable)) as till:
        till.sendall(push())
        assert read_reply(till) == REPLY
        cable.pull()
        assert read_until_cut(till) == (b"", "reset")
    assert cable.interrupted == []
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            call(cable)
    with socket.socket() as thief, pytest.raises(OSError, match="in use"):
        thief.bind(("127.0.0.1", port))
    cable.plug()
    with closing(call(cable)) as till:
        till.sendall(push())
        assert read_reply(till) == REPLY
    assert (cable.port, cable.pulls, cable.pulled) == (port, 1, False)


def test_a_count_does_not_outlive_the_cut_it_was_made_for(hub: Hub, cable: Cable) -> None:
    cable.pull_after(bytes_to_hub=10, bytes_to_till=10)
    with closing(call(cable)) as till:
        till.sendall(push())
        read_until_cut(till)
    cable.plug()
    with closing(call(cable)) as till:
        till.sendall(push())
        assert read_reply(till) == REPLY


def test_a_request_gets_through_while_its_reply_is_held_and_lost(hub: Hub, cable: Cable) -> None:
    cable.hold_replies()
    with closing(call(cable)) as till:
        till.sendall(push())
        wait_until(lambda: cable.withheld_bytes, PATIENCE_S, "a reply is held")
        assert hub.first_talk().received == push()
        cable.pull()
        assert read_until_cut(till) == (b"", "reset")
    assert cable.interrupted == ["reply to POST /v1/push before its first byte"]
    assert (cable.withheld_bytes, cable.bytes_to_till) == (0, 0)


def test_a_held_reply_arrives_when_it_is_released(hub: Hub, cable: Cable) -> None:
    cable.hold_replies()
    with closing(call(cable)) as till:
        till.sendall(push())
        wait_until(lambda: cable.withheld_bytes, PATIENCE_S, "a reply is held")
        cable.release()
        assert read_reply(till) == REPLY
        till.sendall(push())
        assert read_reply(till) == REPLY


def test_a_held_reply_dies_with_the_till_that_waited_for_it(hub: Hub, cable: Cable) -> None:
    cable.hold_replies()
    with closing(call(cable)) as till:
        till.sendall(push())
        wait_until(lambda: cable.withheld_bytes, PATIENCE_S, "a reply is held")
    wait_until(lambda: not cable.withheld_bytes, PATIENCE_S, "the reply was dropped")
    wait_until(lambda: hub.first_talk().last, PATIENCE_S, "the hub saw the end")


def test_what_a_dying_end_broke_off_is_told_apart_from_what_a_pull_cut(
    hub: Hub, cable: Cable
) -> None:
    with closing(call(cable)) as till:
        till.sendall(push()[:100])
        wait_until(lambda: cable.bytes_to_hub == 100, PATIENCE_S, "it has begun")
        story = f"request POST /v1/push after 100 of {len(push()):,} bytes"
        assert cable.under_way() == [story]
    wait_until(lambda: cable.broken_off, PATIENCE_S, "the cable saw the till's end")
    assert (cable.broken_off, cable.interrupted, cable.under_way()) == ([story], [], [])
    with closing(call(cable)) as till:
        till.sendall(push()[:100])
        wait_until(lambda: cable.bytes_to_hub == 200, PATIENCE_S, "it has begun again")
        cable.pull()
    assert (cable.broken_off, cable.interrupted) == ([story], [story])


def test_two_tills_are_cut_by_one_pull(hub: Hub, cable: Cable) -> None:
    with closing(call(cable)) as one, closing(call(cable)) as two:
        for till in (one, two):
            till.sendall(push()[:100])
        wait_until(lambda: cable.bytes_to_hub == 200, PATIENCE_S, "both have begun")
        cable.pull()
        assert read_until_cut(one) == read_until_cut(two) == (b"", "reset")
    assert cable.interrupted == [f"request POST /v1/push after 100 of {len(push()):,} bytes"] * 2


def test_it_follows_messages_of_every_kind_on_one_connection(hub: Hub, cable: Cable) -> None:
    hub.reply = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"
    with closing(call(cable)) as till:
        till.sendall(b"POST /v1/hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        till.sendall(b"GET /healthz?cursor=a HTTP/1.1\r\nHost: hub\r\n\r\n")
        till.sendall(b"POST /v1/pull HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nend")
        received = b""
        while len(received) < len(hub.reply):
            received += till.recv(65536)
        till.sendall(b"\r\n0\r\n\r\n")
        till.sendall(b"PUT /v1/what HT")
        wait_until(lambda: hub.first_talk().received.endswith(b" HT"), PATIENCE_S, "all came")
        cable.pull()
    assert cable.interrupted == [
        "reply to GET /healthz before its first byte",
        "reply to POST /v1/pull before its first byte",
        "request (no request line yet) after 15 of an unknown number of bytes",
    ]


def test_bytes_that_are_no_http_pass_all_the_same(hub: Hub, cable: Cable) -> None:
    noise = bytes(range(256)) * 1_000 + b"end"
    with closing(call(cable)) as till:
        till.sendall(noise)
        assert read_reply(till) == REPLY
    assert hub.first_talk().received == noise


def test_a_hub_that_came_back_at_another_port_is_found(hub: Hub, cable: Cable) -> None:
    with Hub() as successor:
        cable.set_target(successor.port)
        with closing(call(cable)) as till:
            till.sendall(push())
            assert read_reply(till) == REPLY
        assert successor.first_talk().received == push()
    assert not hub.talks


def test_without_a_hub_the_till_is_reset() -> None:
    with Cable("127.0.0.1", free_port()) as cable:
        with suppress(ConnectionResetError), closing(call(cable)) as till:
            assert read_until_cut(till) == (b"", "reset")  # or the call itself was reset
        assert cable.connections == 0


@pytest.mark.parametrize("end", ["goodbye", "reset"])
def test_the_till_sees_the_end_as_the_hub_made_it(end: str) -> None:
    reply_passed = threading.Event()

    def hang_up(listener: socket.socket) -> None:
        caller, _ = listener.accept()
        while not caller.recv(65536).endswith(b"end"):
            pass
        caller.sendall(REPLY)
        reply_passed.wait(PATIENCE_S)
        if end == "reset":
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        brief_hub = threading.Thread(target=hang_up, args=(listener,))
        brief_hub.start()
        with Cable("127.0.0.1", listener.getsockname()[1]) as wire, closing(call(wire)) as till:
            till.sendall(push())
            assert read_reply(till) == REPLY
            reply_passed.set()
            assert read_until_cut(till) == (b"", end)
        brief_hub.join()


def test_a_closed_cable_gives_its_port_back_and_says_so(hub: Hub) -> None:
    before = threading.active_count()
    cable = Cable("127.0.0.1", hub.port)
    with closing(call(cable)) as till:
        till.sendall(push()[:50])
        cable.close()
        cable.close()
        assert read_until_cut(till) == (b"", "reset")
    with socket.create_server(("127.0.0.1", cable.port)):
        pass
    with pytest.raises(RuntimeError, match="closed"):
        cable.plug()
    wait_until(lambda: threading.active_count() == before, PATIENCE_S, "its thread has ended")
