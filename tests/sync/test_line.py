"""The line as the till sees it: whatever answers, selling goes on, nothing counts as acknowledged
that the hub did not sign for, and sync mends itself when the hub is back."""

import threading
from collections.abc import Callable, Iterable, Iterator

import msgspec
import pytest

from journal import wire
from journal.push import NOT_OUR_HUB
from journal.signature import Signer, head_message
from journal.stream import Head
from journal.wire import FeedPage, FeedRow, Problem, PushReply
from pos_client import views
from pos_client.sync import records
from pos_client.sync.hub import Hub
from pos_client.till import Till
from rehearsal.cable import Cable
from tests.builders import a_product
from tests.served_hub import ServedHub
from tests.sync.conftest import COLA, Heard, pull_all, push_all, sell
from tests.sync.false_hub import FalseHub, Says, http, message, packed

PROBLEM = Problem("busy", "The hub cannot take more just now.")
EPOCH = "another life"
#: a till that has no more patience hangs up long before the last one
DROPS = 2_000


def acked(till: Till) -> Head:
    """Up to where this till knows its facts to be safe."""
    with till.database.reader() as connection:
        return records.streams(connection, till.who.till)[-1].acked


@pytest.fixture
def instead(cable: Cable, hub: ServedHub) -> Iterator[Callable[[Says], FalseHub]]:
    """Puts somebody else behind the hub's address; afterwards the hub is back."""
    with FalseHub() as somebody:

        def put(says: Says) -> FalseHub:
            somebody.say(says)
            cable.pull()
            cable.set_target(somebody.port)
            cable.plug()
            return somebody

        yield put


def hub_is_back(cable: Cable, hub: ServedHub, till: Till) -> None:
    """Behind the same address; and the till has patience again."""
    cable.pull()
    cable.set_target(hub.port)
    cable.plug()
    new_line(till)


def new_line(till: Till, patience_s: float = 60.0) -> None:
    """Give the till a line that knows nobody yet and waits no longer than this."""
    till.sync.hub.close()
    till.sync.hub = Hub(till.who.hub_url, patience_s, patience_s)


def without_end(_: bytes) -> Iterator[bytes]:
    yield http(200, b"", length=10**12)
    while True:
        yield b" " * 65_536


def drop_by_drop(_: bytes) -> Iterator[bytes]:
    yield http(200, b"", length=DROPS)
    for _drop in range(DROPS):
        threading.Event().wait(0.01)
        yield b" "


def head_drop_by_drop(_: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX: "
    for _drop in range(DROPS):
        threading.Event().wait(0.01)
        yield b"x"


def silent(_: bytes) -> Iterator[bytes]:
    threading.Event().wait(DROPS / 100)
    yield b""


def moved(_: bytes) -> Iterable[bytes]:
    yield http(302, b"", {"Location": "http://127.0.0.1:9/v1/push"}, ours=False)


SHORT = b'{"epoch":"e","head":{"seq":1,"hash":"x"},"head_sig":"","safe_seq":0}'
NOBODY: dict[str, Says] = {
    "hangs up": lambda _: (),
    "noise": lambda _: (b"\x00\xff" * 100,),
    "another protocol": lambda _: (b"220 mail.example ESMTP\r\n",),
    "a failure": lambda _: (http(500, b"Internal Server Error", ours=False),),
    "a failure of ours without a problem": lambda _: (http(500, b"oops"),),
    "a portal": lambda _: (http(200, b"<html>Please log in</html>", ours=False),),
    "a portal that copies our header": lambda _: (http(200, b"<html>Please log in</html>"),),
    "somewhere else": moved,
    "half a body": lambda _: (http(200, SHORT[:20], length=len(SHORT)),),
    "half a head": lambda _: (b"HTTP/1.1 200 OK\r\nOmnitill-Sy",),
    "nothing in it": lambda _: (http(200, b""),),
    "no json": lambda _: (http(200, b"{'epoch': 1}"),),
    "another message": lambda _: (http(200, b'{"nonce":"n"}'),),
    "a list of lists": lambda _: (http(200, b"[" * 100_000),),
    "right but for our header": lambda _: (http(200, SHORT, ours=False),),
    "another version of the wire": lambda _: (http(200, SHORT, {wire.HEADER: "2"}, ours=False),),
    "no zstd": lambda _: (http(200, SHORT, {"Content-Encoding": "zstd"}),),
    "half a frame": lambda _: (http(200, packed(SHORT)[:-5], {"Content-Encoding": "zstd"}),),
    "an encoding nobody asked for": lambda _: (http(200, SHORT, {"Content-Encoding": "br"}),),
    "a redirect of ours": lambda _: (http(302, SHORT, {"Location": "/"}),),
    "a huge body": without_end,
    "a body drop by drop": drop_by_drop,
    "a head drop by drop": head_drop_by_drop,
    "nothing at all": silent,
}


@pytest.mark.parametrize("who", NOBODY)
def test_who_is_not_the_hub_leaves_the_till_selling_offline(
    who: str,
    hub: ServedHub,
    cable: Cable,
    till: Till,
    heard: Heard,
    instead: Callable[[Says], FalseHub],
) -> None:
    before, cursor = acked(till), till.catalogue.next_cursor
    new_line(till, 0.2)
    instead(NOBODY[who])
    sell(till)
    for step in (till.sync.push_once, till.sync.pull_once, till.sync.wait_for_news):
        wait_s = step()
        assert wait_s is not None
    assert acked(till) == before
    assert till.catalogue.next_cursor == cursor
    state = till.sync.state()
    assert (state.online, state.forked, state.problem, state.waiting) == (False, False, "", 1)
    assert state.why
    assert heard.events == [("sync.offline", {"why": heard.events[0][1]["why"]})]
    assert heard.names == ["sync.offline"]
    assert sell(till) == 350

    hub_is_back(cable, hub, till)
    push_all(till)
    pull_all(till)
    state = till.sync.state()
    assert (state.online, state.waiting, state.problem, state.why) == (True, 0, "", "")
    assert acked(till) == till.recorder.head
    assert heard.names == ["sync.offline", "sync.online", "sync.met"]


def test_a_body_without_end_is_not_taken_in(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    somebody = instead(without_end)
    sell(till)
    assert till.sync.push_once() is not None
    assert somebody.sent_bytes < 4 * wire.MESSAGE_BYTES_MAX  # the rest lay in the sockets


@pytest.mark.parametrize("says", [drop_by_drop, head_drop_by_drop])
def test_what_comes_drop_by_drop_is_given_up(
    says: Says, till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    """Each drop comes in time, and the last would come after twenty seconds."""
    somebody = instead(says)
    new_line(till, 0.2)
    sell(till)
    assert till.sync.push_once()
    assert not till.sync.state().online
    assert somebody.sent_bytes < DROPS


def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    bomb = packed(b" " * (64 * 1024 * 1024))
    instead(lambda _: (http(200, bomb, {"Content-Encoding": "zstd"}),))
    sell(till)
    assert till.sync.push_once() is not None
    assert not till.sync.state().online


def test_a_redirect_is_not_followed(till: Till, instead: Callable[[Says], FalseHub]) -> None:
    with FalseHub() as elsewhere:
        moved_to = {"Location": f"{elsewhere.url}/v1/push"}
        instead(lambda _: (http(307, b"", moved_to, ours=False),))
        sell(till)
        till.sync.push_once()
        assert elsewhere.asked == []


def signed_by(seed: int, till: Till, head: Head) -> Says:
    """A reply that is right in all but the key it is signed with."""
    message_ = head_message(EPOCH, till.recorder.writer.stream, head, 0)
    reply = PushReply(EPOCH, head, Signer(bytes([seed]) * 32).sign(message_))
    return lambda _: (message(reply),)


def test_a_head_that_the_hub_did_not_sign_moves_nothing_and_is_told(
    hub: ServedHub,
    cable: Cable,
    till: Till,
    heard: Heard,
    instead: Callable[[Says], FalseHub],
) -> None:
    before = acked(till)
    sell(till)
    for head in (till.recorder.head, Head(999, "x"), before):
        instead(signed_by(9, till, head))
        assert till.sync.push_once() is not None
        assert acked(till) == before
        assert till.sync.state()[2:6] == (True, False, "not_our_hub", "")
    told = {"code": "not_our_hub", "say": NOT_OUR_HUB.title_zh, "remedy": NOT_OUR_HUB.remedy_zh}
    assert heard.events == [("sync.refused", told)]
    hub_is_back(cable, hub, till)
    push_all(till)
    assert heard.names == ["sync.refused", "sync.online"]


def serving(page: bytes) -> Says:
    """Someone who gives tokens to everybody, and this page of the feed."""

    def says(asked: bytes) -> Iterable[bytes]:
        if asked.startswith(b"POST /v1/hello"):
            return (message(wire.HelloReply("0", 1, 1, 1, EPOCH)),)
        if asked.startswith(b"GET /v1/challenge"):
            return (message(wire.Challenge("nonce")),)
        if asked.startswith(b"POST /v1/token"):
            return (message(wire.TokenReply("token", 60)),)
        return (page,)

    return says


def test_a_page_of_the_feed_that_ends_nowhere_is_not_asked_for_in_a_circle(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    endless = FeedPage(EPOCH, till.catalogue.next_cursor, [], up_to_date=False)
    somebody = instead(serving(message(endless)))
    new_line(till)
    waits = [till.sync.pull_once() for _ in range(5)]
    assert all(waits)
    assert sum(asked.startswith(b"GET /v1/feed?") for asked in somebody.asked) == 5


def test_a_page_without_our_header_changes_no_price(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    cheap = msgspec.json.encode(a_product("cola", codes=(COLA,), price_minor=1))
    page = FeedPage(
        EPOCH, "cursor", [FeedRow("catalogue", "product", "cola", msgspec.Raw(cheap))], True
    )
    somebody = instead(serving(http(200, msgspec.json.encode(page), ours=False)))
    new_line(till)
    assert till.sync.pull_once()
    assert somebody.asked[-1].startswith(b"GET /v1/feed?")
    assert sell(till) == 350
    instead(serving(message(page)))
    assert till.sync.pull_once() is None  # with it, it would
    assert sell(till) == 1


def test_a_cursor_that_is_always_lost_is_not_asked_for_in_a_circle(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    instead(lambda _: (message(Problem("cursor", "Lost"), 410),))
    new_line(till)
    waits = [till.sync.pull_once() for _ in range(5)]
    assert waits[0] == 0.0  # once from the beginning
    assert all(waits[1:])


@pytest.mark.parametrize(
    ("status", "retry_after", "least_s", "most_s"),
    [
        (503, "5", 5.0, 10.0),
        (429, "20", 20.0, 40.0),
        (503, "1e9", 600.0, 1200.0),
        (503, "nan", 0.0, 2.0),
        (503, "-5", 0.0, 2.0),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", 0.0, 2.0),
        (503, "", 0.0, 2.0),
    ],
)
def test_a_busy_hub_is_given_the_time_it_asks_for(
    till: Till,
    heard: Heard,
    instead: Callable[[Says], FalseHub],
    status: int,
    retry_after: str,
    least_s: float,
    most_s: float,
) -> None:
    before = acked(till)
    instead(lambda _: (message(PROBLEM, status, {"Retry-After": retry_after}),))
    sell(till)
    wait_s = till.sync.push_once()
    assert wait_s is not None
    assert least_s <= wait_s <= most_s
    assert acked(till) == before
    assert till.sync.state()[2:6] == (True, False, "busy", "")
    said = {"say": PROBLEM.title, "remedy": ""}  # of a hub that has it in English alone
    assert heard.events == [("sync.refused", {"code": "busy", **said})]


def test_a_hub_may_ask_for_patience_after_a_success_but_not_for_ever(
    till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    """A wait that no clock can hold would end the thread that pushes."""
    sell(till)
    body = b'{"epoch":"e","head":{"seq":1,"hash":"x"},"head_sig":"","backoff_ms":1e15}'
    instead(lambda _: (http(200, body),))
    wait_s = till.sync.push_once()
    assert wait_s is not None
    assert wait_s < 60.0


def test_another_hub_behind_the_same_address_is_refused_and_told(
    hub: ServedHub, cable: Cable, till: Till, heard: Heard, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = acked(till)
    folder = tmp_path_factory.mktemp("other")
    with ServedHub(f"sqlite:///{folder / 'hub.db'}") as other:
        other.add_store()
        cable.pull()
        cable.set_target(other.port)
        cable.plug()
        sell(till)
        assert till.sync.push_once() is not None
        assert till.sync.state()[2:6] == (True, False, "unknown_till", "")
        assert acked(till) == before
        assert [heard.events[0][1][word] for word in ("code", "say")] == [
            "unknown_till",
            "本机未在总部登记。",
        ]
        assert heard.names == ["sync.refused"]
        assert sell(till) == 350
    hub_is_back(cable, hub, till)
    push_all(till)
    assert till.sync.state()[:1] + till.sync.state()[2:6] == (0, True, False, "", "")
    assert heard.names == ["sync.refused", "sync.online"]


def test_a_till_closes_while_the_hub_is_drop_by_drop(
    enrol: Callable[..., object], till: Till, instead: Callable[[Says], FalseHub]
) -> None:
    """Nothing that hangs on the line keeps the till from ending in order."""
    instead(drop_by_drop)
    sell(till)
    pushing = threading.Thread(target=till.sync.push_once)
    pushing.start()
    till.sync.close()
    pushing.join(60.0)
    assert not pushing.is_alive()


def test_why_the_line_is_dead_is_told_and_stays_known(
    cable: Cable, till: Till, heard: Heard, instead: Callable[[Says], FalseHub]
) -> None:
    instead(NOBODY["a portal"])
    till.sync.push_once()
    why = "status 200 from somebody who is not the hub"
    assert heard.events == [("sync.offline", {"why": why})]
    assert views.sync(till.sync.state())["why"] == why
    cable.pull()
    till.sync.push_once()
    assert till.sync.state().why.startswith("ConnectError")
    assert len(heard.events) == 1  # offline it is all the same
