"""Till and hub of different ages: what both know is spoken, and who is too old is told what to do.
Facts travel whatever happens to the feed."""

import httpx
import pytest

from journal import wire
from pos_client.sync import service
from pos_client.till import Till
from retail.language import Language
from sync_server.sync import versions
from tests.builders import a_product
from tests.hand_till import problem_of
from tests.served_hub import ServedHub
from tests.sync.conftest import COLA, Heard, pull_all, push_all, sell


def said(hub: ServedHub, feed_min: int, feed_max: int) -> wire.HelloReply:
    request = wire.HelloRequest("9.9", feed_min, feed_max)
    answer = httpx.post(
        f"{hub.url}/v1/hello",
        content=wire.pack(request),
        headers={"Content-Encoding": "zstd"},
        trust_env=False,
    )
    assert answer.headers[wire.HEADER] == wire.PROTOCOL
    return wire.read(answer.content, wire.HelloReply)


def spoken(monkeypatch: pytest.MonkeyPatch, oldest: int, newest: int) -> None:
    """The hub speaks these schemas of the feed from now on."""
    monkeypatch.setattr(versions, "OLDEST_SPOKEN", oldest)
    monkeypatch.setattr(versions, "FEED_SCHEMA", newest)


@pytest.mark.parametrize(
    ("reads", "speaks", "both"),
    [
        ((1, 1), (1, 1), 1),
        ((1, 3), (1, 2), 2),  # a newer till works by what the hub knows
        ((1, 2), (1, 3), 2),  # and a newer hub by what the till knows
        ((1, 1), (2, 3), 0),
        ((3, 4), (1, 2), 0),
    ],
)
def test_the_newest_that_both_know_is_spoken(
    hub: ServedHub,
    monkeypatch: pytest.MonkeyPatch,
    reads: tuple[int, int],
    speaks: tuple[int, int],
    both: int,
) -> None:
    spoken(monkeypatch, *speaks)
    told = said(hub, *reads)
    assert (told.feed, (told.feed_min, told.feed_max)) == (both, speaks)
    assert told.epoch == hub.hub.voice.epoch


def test_a_till_says_hello_once_and_again_when_the_hub_was_away(hub: ServedHub, till: Till) -> None:
    heard = Heard(till)
    pull_all(till)
    assert heard.events == []  # it had met its hub before
    hub.close()
    assert till.sync.pull_once()
    with ServedHub(hub.settings.database, hub.clock, hub.port):
        pull_all(till)
    assert ("sync.met", {"program": "0.1.0"}) in heard.events


@pytest.mark.parametrize("language", list(Language))
def test_a_till_too_old_for_the_feed_still_sells_and_pushes_and_says_so(
    hub: ServedHub, till: Till, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    hub.add_store(language=language)
    pull_all(till)
    till.sale.between_sales()
    heard = Heard(till)
    spoken(monkeypatch, wire.FEED_SCHEMA + 1, wire.FEED_SCHEMA + 2)
    hub.publish([a_product("cola", price_minor=400, codes=(COLA,))])
    wait_s = till.sync.pull_once()
    assert wait_s is not None
    assert wait_s >= versions.TOO_OLD_RETRY_S
    ((name, values), refused) = heard.events
    assert (name, values["code"]) == ("sync.too_old", "till_too_old")
    begins = {Language.ENGLISH: "Update it.", Language.CHINESE: "请更新本机程序。"}
    assert str(values["remedy"]).startswith(begins[language])
    assert refused == ("sync.refused", values)
    assert till.sync.state().problem == "till_too_old"
    assert till.sync.pull_once()  # told once
    assert len(heard.events) == 3  # hello, again
    assert sell(till) == 350
    push_all(till)
    assert till.sync.state().waiting == 0


def test_a_till_that_was_updated_pulls_what_waited(
    hub: ServedHub, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken(monkeypatch, wire.FEED_SCHEMA + 1, wire.FEED_SCHEMA + 1)
    assert till.sync.pull_once()
    monkeypatch.setattr(wire, "FEED_SCHEMA", wire.FEED_SCHEMA + 1)
    pull_all(till)
    assert till.sync.hub.feed_schema == wire.FEED_SCHEMA
    assert till.sync.state().problem == ""


def test_a_till_that_no_longer_reads_what_the_hub_speaks_says_that_the_hub_is_old(
    hub: ServedHub, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = wire.FEED_SCHEMA + 1
    spoken(monkeypatch, wire.FEED_SCHEMA, wire.FEED_SCHEMA)
    monkeypatch.setattr(service, "OLDEST_READ", newer)
    monkeypatch.setattr(wire, "FEED_SCHEMA", newer)
    till.sync._has_met = False
    assert till.sync.pull_once()
    assert till.sync.state().problem == "hub_too_old"
    sell(till)
    push_all(till)


def test_a_hub_of_before_there_was_a_hello_is_asked_for_the_first_feed(
    hub: ServedHub, till: Till
) -> None:
    routes = hub.app.router.routes
    routes[:] = [route for route in routes if getattr(route, "path", "") != "/v1/hello"]
    till.sync._has_met = False
    pull_all(till)
    assert till.sync.hub.feed_schema == 1


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/feed/wait", "/v1/snapshot"])
@pytest.mark.parametrize(
    ("asked", "code"), [("0", "till_too_old"), ("99", "hub_too_old"), ("x", "till_too_old")]
)
def test_every_pull_in_a_feed_that_is_not_spoken_is_refused_and_only_pulls_are(
    hub: ServedHub, till: Till, path: str, asked: str, code: str
) -> None:
    headers = {"Authorization": f"Bearer {till.sync.hub._token}"}
    answer = httpx.get(f"{hub.url}{path}?feed={asked}", headers=headers, trust_env=False)
    assert answer.status_code == 426
    assert problem_of(answer).code == code
    assert answer.headers["Upgrade"] == f"Omnitill-Sync-Feed/{wire.FEED_SCHEMA}"
    assert answer.headers["Retry-After"] == str(versions.TOO_OLD_RETRY_S)
