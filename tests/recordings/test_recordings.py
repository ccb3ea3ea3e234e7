"""Tills of former releases at today's hub: what each said then is asked again word for word, and
the answers are read with its own eyes (rehearsal.recording)."""

import re
from base64 import b64decode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from journal import wire
from journal.signature import Signer, plain_code, verified
from retail.catalogue import Cashier, Product
from sync_server.sync import records
from tests.hub.books import books, recounted, stored
from tests.recordings.eyes import Eyes, Unreadable
from tests.served_hub import ServedHub

FILES = sorted(Path(__file__).parent.glob("*.json"))
OF_A_RELEASE = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


class ThenTill:
    """A recorded till. What the hub gives at random (nonce, token, cursor) it takes from today's
    answers; all else it says as it did."""

    def __init__(self, hub: ServedHub, told: dict[str, Any]) -> None:
        self.hub, self.told = hub, told
        self.eyes = Eyes(told["eyes"])
        self.signer = Signer(bytes.fromhex(told["seed"]))
        self.http = httpx.Client(base_url=hub.url, trust_env=False)
        self.token = self.nonce = self.cursor = self.hub_key = ""

    def ask(self, shape: str, asked: dict[str, Any], path: str = "", body: bytes = b"") -> Any:
        """The same question -> today's answer as that till reads it."""
        verb, then = asked["ask"].split()
        headers = dict(asked["headers"])
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = body or b64decode(asked.get("bytes", ""))
        with self.http.stream(verb, path or then, content=content, headers=headers) as answer:
            came = b"".join(answer.iter_raw())
        assert (answer.status_code, answer.headers["Omnitill-Sync"]) == (asked["status"], "1"), came
        packed = answer.headers.get("Content-Encoding", "")
        return self.eyes.answer(came, packed, shape, frames="feed=" in then)

    def day(self) -> None:
        """All that it said, in its order."""
        for asked in self.told["passed"]:
            then = msgspec.json.decode(asked["answer"])
            match asked["ask"].split()[1].partition("?")[0]:
                case "/v1/enrol":
                    self.enrol(asked)
                case "/v1/hello":
                    if "HelloReply" in self.told["eyes"]["shapes"]:  # the first asked for none
                        self.ask("HelloReply", asked)
                case "/v1/challenge":
                    self.nonce = self.ask("Challenge", asked)["nonce"]
                case "/v1/token":
                    self.sign(asked)
                case "/v1/push":
                    self.push(asked, then)
                case "/v1/feed":
                    self.pull(asked, then)
                case other:
                    raise AssertionError(f"nobody knows how {other} is asked again")

    def enrol(self, asked: dict[str, Any]) -> None:
        code = sha256(plain_code(self.told["code"]).encode()).hexdigest()
        who = self.told["store"], self.told["till"]
        until = self.hub.clock.now() + timedelta(minutes=1)
        self.hub.write(lambda connection: records.add_code(connection, code, *who, until))
        answer = self.ask("EnrolReply", asked)
        assert (answer["store"], answer["till"]) == who
        self.hub_key = answer["hub_key"]

    def sign(self, asked: dict[str, Any]) -> None:
        said = msgspec.json.decode(asked["body"])
        signature = self.signer.sign(f"omnitill/token/1\n{said['till']}\n{self.nonce}".encode())
        fresh = msgspec.json.encode({**said, "nonce": self.nonce, "sig": signature})
        self.token = self.ask("TokenReply", asked, body=wire.packed(fresh))["token"]

    def push(self, asked: dict[str, Any], then: dict[str, Any]) -> None:
        said = msgspec.json.decode(asked["body"])
        reply = self.ask("PushReply", asked)
        head = reply["head"]
        signed = ("omnitill/head/1", reply["epoch"], said["till"], said["inc"])
        place = (head["seq"], head["hash"], reply.get("safe_seq", 0))
        message = "\n".join(map(str, (*signed, *place))).encode()
        assert verified(self.hub_key, message, reply["head_sig"])
        assert (head, reply.get("verdicts")) == (then["head"], then.get("verdicts"))

    def pull(self, asked: dict[str, Any], then: dict[str, Any]) -> None:
        """What was published then is published; it pulls until its cut is whole."""
        bodies = [row["body"] for row in then["rows"] if row["kind"] == "product"]
        self.hub.publish([msgspec.convert(body, Product) for body in bodies])
        rows: dict[tuple[str, str], Any] = {}
        page: dict[str, Any] = {"up_to_date": False}
        while not page["up_to_date"]:
            path = re.sub("cursor=[^&]*", f"cursor={self.cursor}", asked["ask"].split()[1])
            page = self.ask("FeedPage", asked, path)
            rows |= {(row["kind"], row["key"]): row["body"] for row in page["rows"]}
            self.cursor = page["cursor"]
        for row in then["rows"]:
            if row["kind"] in self.told["eyes"]["shapes"]:
                now = rows[row["kind"], row["key"]]
                self.eyes.read(now, row["kind"])
                if row["kind"] == "product":
                    assert row["body"].items() <= now.items()

    def facts(self) -> list[bytes]:
        """What it pushed, as it stood on its disk."""
        pushes = [each for each in self.told["passed"] if each["ask"] == "POST /v1/push"]
        requests = [wire.unpack(b64decode(each["bytes"]), wire.PushRequest) for each in pushes]
        return [bytes(fact) for request in requests for fact in request.facts]


@OF_A_RELEASE
def test_a_till_of_then_works_its_day_at_todays_hub(database_url: str, file: Path) -> None:
    told = msgspec.json.decode(file.read_bytes())
    with ServedHub(database_url) as hub:
        hub.add_store(told["store"])
        hub.publish_cashiers([Cashier("1001", "王芳")])
        till = ThenTill(hub, told)
        with till.http:
            till.day()
        assert [row.data for row in hub.read(stored)] == till.facts()
        assert {row.verdict for row in hub.read(stored)} == {""}
        assert hub.read(books) == hub.read(recounted) == _books_of_then(told)


def _books_of_then(told: dict[str, Any]) -> tuple[Any, Any]:
    ledgers = (told["books"][name] for name in ("money_ledger", "stock_ledger"))
    money, stock = ({tuple(row[:-2]): (row[-2], row[-1]) for row in rows} for rows in ledgers)
    return money, stock


@OF_A_RELEASE
def test_what_is_kept_to_be_read_is_what_was_sent(file: Path) -> None:
    for asked in msgspec.json.decode(file.read_bytes())["passed"]:
        if "bytes" in asked:
            sent = wire.unpack(b64decode(asked["bytes"]), msgspec.Raw)
            assert bytes(sent).decode() == asked["body"]


@OF_A_RELEASE
def test_the_eyes_of_then_see_what_that_till_could_not_read(file: Path) -> None:
    told = msgspec.json.decode(file.read_bytes())
    eyes = Eyes(told["eyes"])
    (reply, *_) = [each for each in told["passed"] if each["ask"] == "POST /v1/enrol"]
    good = msgspec.json.decode(reply["answer"])
    eyes.read({**good, "of_tomorrow": 1}, "EnrolReply")
    for spoiled in ({"till": 7}, {"till": "a/b"}, {"hub_key": "short"}):
        with pytest.raises(Unreadable):
            eyes.read(good | spoiled, "EnrolReply")
    with pytest.raises(Unreadable):
        eyes.read({name: value for name, value in good.items() if name != "epoch"}, "EnrolReply")
