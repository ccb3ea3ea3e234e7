"""Another till, written from docs/protocol.md alone: of this project it knows nothing else.

It enrols, records facts, pushes them and believes no head but one that the hub signed and its own
journal has; it pulls until its cut is whole and adds up, and goes on from its cursor.
"""

import base64
import hashlib
import http.client
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FACTS_MAX = 500
TIME_OUT_S = 60.0


class NotTheHub(Exception):
    """An answer without the header, a key that is not the pinned one, a head that is not ours."""


class Refused(Exception):
    """The hub's no."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem['code']}")
        self.status, self.problem = status, problem


class OtherTill:
    """One till with a new key and one stream."""

    def __init__(self, host: str, port: int) -> None:
        self._line = http.client.HTTPConnection(host, port, timeout=TIME_OUT_S)
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = base64.b64encode(raw).decode()
        self.inc = "".join(secrets.choice(LETTERS) for _ in range(26))
        self.store = self.till = self.hub_key = self.epoch = ""
        self._token = ""
        #: the journal: bytes that nobody changes
        self.facts: list[bytes] = []
        self.acked = 0
        self.verdicts: list[dict[str, Any]] = []
        self.feed_schema = 1
        self.cursor = ""
        #: by scope, kind and key: what is in force
        self.rows: dict[tuple[str, str, str], Any] = {}
        self._staged: dict[tuple[str, str, str], Any] = {}

    def close(self) -> None:
        self._line.close()

    # The line

    def ask(self, verb: str, path: str, message: Any = None, **headers: str) -> Any:
        body = None if message is None else json.dumps(message, ensure_ascii=False).encode()
        return self._send(verb, path, body, headers)

    def _send(self, verb: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        self._line.request(verb, path, body, {"Omnitill-Sync": "1", **headers})
        answer = self._line.getresponse()
        told = answer.read()
        if answer.headers["Omnitill-Sync"] != "1":
            raise NotTheHub(answer.status)
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, json.loads(told))
        return json.loads(told)

    def _sign(self, *lines: object) -> str:
        return base64.b64encode(self._key.sign(_joined(*lines))).decode()

    def _with_token(self, path: str) -> Any:
        head = {"seq": len(self.facts), "hash": self.hash_at(len(self.facts))}
        for fresh in (False, True):
            if fresh or not self._token:
                nonce = self.ask("GET", "/v1/challenge")["nonce"]
                sig = self._sign("omnitill/token/1", self.till, nonce)
                request = {"till": self.till, "nonce": nonce, "sig": sig}
                self._token = self.ask("POST", "/v1/token", request)["token"]
            headers = {"Authorization": f"Bearer {self._token}", "Till-Incarnation": self.inc}
            try:
                return self.ask("GET", path, **headers, **{"Till-Head": json.dumps(head)})
            except Refused as no:
                if no.status != 401 or fresh:
                    raise
        raise AssertionError

    # Enrolment

    def hello(self) -> None:
        told = self.ask(
            "POST", "/v1/hello", {"program": "other till", "feed_min": 1, "feed_max": 1}
        )
        self.feed_schema = told["feed"] or 1

    def enrol(self, code: str) -> None:
        sig = self._sign("omnitill/enrol/1", code, self.public, self.inc)
        request = {"code": code, "public_key": self.public, "inc": self.inc, "sig": sig}
        told = self.ask("POST", "/v1/enrol", request)
        number = int.from_bytes(hashlib.sha256(told["hub_key"].encode()).digest()[:4]) >> 7
        letters = "".join(LETTERS[number >> place & 31] for place in (20, 15, 10, 5, 0))
        if code.rpartition("-")[2] != letters:
            raise NotTheHub(letters)
        self.store, self.till = told["store"], told["till"]
        self.hub_key, self.epoch = told["hub_key"], told["epoch"]

    # Facts

    def hash_at(self, seq: int) -> str:
        if seq == 0:
            return _sha(_joined("omnitill/stream/1", self.till, self.inc))
        return _sha(self.facts[seq - 1])

    def record(self, name: str, tv: int, body: Any, refs: tuple[str, ...] = ()) -> str:
        """Append a fact -> its id."""
        seq = len(self.facts) + 1
        eid = _uuid7()
        fact = {
            "v": 1,
            "till": self.till,
            "inc": self.inc,
            "seq": seq,
            "eid": eid,
            "type": name,
            "tv": tv,
            "store": self.store,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mono": time.monotonic_ns() // 1_000_000,
            "boot": "b-1",
            "prev": self.hash_at(seq - 1),
            "body": body,
            "cashier": "1001",
            "shift": f"{self.inc[:6]}-1",
            "bdate": "2026-06-03",
            "refs": list(refs),
        }
        self.facts.append(json.dumps(fact, ensure_ascii=False).encode())
        return eid

    # Push

    def push(self) -> None:
        """Send until the hub has everything; after a gap, from where the hub stands."""
        while self.acked < len(self.facts):
            try:
                self._take(self._push_some())
            except Refused as no:
                if no.problem["code"] != "gap":
                    raise
                self._take(no.problem)

    def _push_some(self) -> Any:
        facts = self.facts[self.acked : self.acked + FACTS_MAX]
        last, declared = self.acked + len(facts), len(self.facts)
        heads = (declared, self.hash_at(declared), last, self.hash_at(last))
        envelope = {
            "till": self.till,
            "inc": self.inc,
            "base": {"seq": self.acked, "hash": self.hash_at(self.acked)},
            "facts": [],
            "declared": {"seq": declared, "hash": self.hash_at(declared)},
            "sig": self._sign("omnitill/push/1", self.till, self.inc, *heads),
        }
        # the facts' own bytes, which no encoder may touch
        before, after = json.dumps(envelope).encode().split(b'"facts": []')
        body = before + b'"facts": [' + b",".join(facts) + b"]" + after
        return self._send("POST", "/v1/push", body, {})

    def _take(self, reply: dict[str, Any]) -> None:
        head = self._believed(reply)
        if head["seq"] > len(self.facts) or self.hash_at(head["seq"]) != head["hash"]:
            raise NotTheHub("a fork")
        self.acked, self.epoch = head["seq"], reply["epoch"]
        self.verdicts += reply.get("verdicts", [])

    def _believed(self, reply: dict[str, Any]) -> Any:
        """The head of an answer, if the pinned key signed it."""
        head = reply["head"]
        place = (head["seq"], head["hash"], reply.get("safe_seq", 0))
        told = _joined("omnitill/head/1", reply["epoch"], self.till, self.inc, *place)
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.hub_key))
            key.verify(base64.b64decode(reply["head_sig"]), told)
        except InvalidSignature:
            raise NotTheHub(head) from None
        return head

    def at_the_hub(self) -> int:
        """How many facts of this stream the hub holds, each compared with the journal's."""
        seen = 0
        while True:
            told = self._with_token(f"/v1/streams/{self.inc}/facts?after={seen}")
            for fact in told["facts"]:
                if fact != json.loads(self.facts[seen]):
                    raise NotTheHub(f"fact {seen + 1}")
                seen += 1
            if seen >= self._believed(told)["seq"]:
                return seen

    # Feed

    def pull(self) -> None:
        """Page by page until the cut is whole; what does not add up is pulled anew, once."""
        for _ in range(2):
            contents = self._pull_cut()
            cut = {**self.rows, **self._staged}
            cut = {place: body for place, body in cut.items() if body is not None}
            if all(_contents(cut, scope) == told for scope, told in contents.items()):
                self.rows, self._staged = cut, {}
                return
            self.rows, self.cursor = {}, ""
        raise NotTheHub("what was pulled does not add up")

    def _pull_cut(self) -> dict[str, str]:
        self._staged = {}
        while True:
            query = f"feed={self.feed_schema}&cursor={self.cursor}"
            try:
                page = self._with_token(f"/v1/feed?{query}")
            except Refused as no:
                if no.status != 410 or not self.cursor:
                    raise
                self.rows, self.cursor, self._staged = {}, "", {}
                continue
            for row in page["rows"]:
                place = (row["scope"], row["kind"], row["key"])
                self._staged[place] = row.get("body")
            self.cursor = page["cursor"]
            if page["up_to_date"]:
                contents: dict[str, str] = page["contents"]
                return contents

    def moved(self, wait_s: int) -> list[str]:
        """Which scopes moved past the cursor, at the latest after so long."""
        query = f"feed={self.feed_schema}&cursor={self.cursor}&wait={wait_s}"
        changed: list[str] = self._with_token(f"/v1/feed/wait?{query}")["changed"]
        return changed

    def of_kind(self, kind: str) -> Iterator[Any]:
        return (body for (_, of, _), body in self.rows.items() if of == kind)

    @property
    def revision(self) -> str:
        """The name of what the catalogue holds."""
        digest = hashlib.sha256(_contents(self.rows, "catalogue").encode()).digest()
        number = int.from_bytes(digest[:10])
        return "".join(LETTERS[number >> place & 31] for place in range(75, -1, -5))


def _joined(*lines: object) -> bytes:
    return "\n".join(str(line) for line in lines).encode()


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _uuid7() -> str:
    """RFC 9562, 5.7."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(3 << 62) | 2 << 62))


def _contents(rows: dict[tuple[str, str, str], Any], scope: str) -> str:
    own = {place: body for place, body in rows.items() if place[0] == scope}
    total = sum(
        int.from_bytes(hashlib.sha256(f"{kind}\0{key}\0{_compact(body)}".encode()).digest())
        for (_, kind, key), body in own.items()
    )
    return f"{len(own)}:{total % 2**256:064x}"


def _compact(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
