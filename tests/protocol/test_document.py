"""docs/protocol.md is what till and hub do: its examples come out byte for byte, and its tables
name every field."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from journal import wire
from journal.envelope import Envelope, decode, encode
from journal.push import follow
from journal.signature import Signer, fingerprint, verified
from journal.stream import Head, Predecessor, StreamBegan, StreamId, genesis
from retail import article, basket, catalogue, facts, revision, tax, tender
from retail.facts import TYPES
from tests.protocol import document
from tests.protocol.document import Example
from tests.protocol.fixed_hub import CODE, EPOCH, HUB_SEED, TILL, TILL_SEED, fixed_hub
from tests.served_hub import ServedHub

EXAMPLES = document.examples()
NAMES = ["enrol", "challenge", "token", "push", "gap", "facts", "feed", "wait", "hello"]
ASKED: dict[str, type] = {
    "enrol": wire.EnrolRequest,
    "token": wire.TokenRequest,
    "push": wire.PushRequest,
    "gap": wire.PushRequest,
    "hello": wire.HelloRequest,
}
ANSWERED: dict[str, type] = {
    "enrol": wire.EnrolReply,
    "challenge": wire.Challenge,
    "token": wire.TokenReply,
    "push": wire.PushReply,
    "gap": wire.Problem,
    "facts": wire.StreamFacts,
    "wait": wire.FeedChange,
    "hello": wire.HelloReply,
}
OF = dict(zip(NAMES, EXAMPLES, strict=True))
TILL_KEY, HUB_KEY = Signer(TILL_SEED).public, Signer(HUB_SEED).public


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with fixed_hub(f"sqlite:///{tmp_path_factory.mktemp('hub') / 'hub.db'}") as served:
        yield served


def test_every_example_comes_out_as_written(hub: ServedHub) -> None:
    """One after the other, as the document has them: what is fixed here is random elsewhere."""
    headers = {"Accept-Encoding": "identity", "Omnitill-Sync": "1"}
    with httpx.Client(base_url=hub.url, headers=headers, trust_env=False) as till:
        for name, example in OF.items():
            answer = till.request(example.verb, example.path, content=example.asked)
            came = (answer.status_code, answer.headers["Omnitill-Sync"], answer.content)
            assert came == (example.status, "1", example.answer), name
            if name == "token":
                till.headers["Authorization"] = f"Bearer {answer.json()['token']}"


@pytest.mark.parametrize("name", NAMES)
def test_our_programs_write_the_same_bytes(name: str) -> None:
    example: Example = OF[name]
    for body, kinds in ((example.asked, ASKED), (example.answer, ANSWERED)):
        if name in kinds:
            assert msgspec.json.encode(wire.read(body, kinds[name])) == body


def lines(*parts: object) -> bytes:
    return "\n".join(map(str, parts)).encode()


def message(name: str) -> Any:
    return msgspec.json.decode(OF[name].asked)


def test_the_signatures_are_of_the_lines_that_the_document_names() -> None:
    enrol, token, push = message("enrol"), message("token"), message("push")
    assert (enrol["code"], enrol["public_key"]) == (CODE, TILL_KEY)
    assert CODE.endswith(fingerprint(HUB_KEY))
    told = lines("omnitill/enrol/1", CODE, TILL_KEY, enrol["inc"])
    assert verified(TILL_KEY, told, enrol["sig"])
    assert verified(TILL_KEY, lines("omnitill/token/1", TILL, token["nonce"]), token["sig"])
    declared = push["declared"]["seq"], push["declared"]["hash"]
    told = lines("omnitill/push/1", TILL, enrol["inc"], *declared, *declared)
    assert verified(TILL_KEY, told, push["sig"])
    for name in ("push", "gap", "facts"):
        answer = msgspec.json.decode(OF[name].answer)
        head = answer["head"]["seq"], answer["head"]["hash"]
        told = lines("omnitill/head/1", EPOCH, TILL, enrol["inc"], *head, 0)
        assert verified(HUB_KEY, told, answer["head_sig"]), name


def test_the_facts_of_the_example_are_a_chain_from_genesis() -> None:
    request = wire.read(OF["push"].asked, wire.PushRequest)
    stream = StreamId(request.till, request.inc)
    begin = sha256(lines("omnitill/stream/1", TILL, request.inc)).hexdigest()
    assert request.base == genesis(stream) == Head(0, begin)
    arrived = follow(stream, request.base, request.facts)
    assert [encode(decode(fact.data)) for fact in arrived] == [fact.data for fact in arrived]
    assert arrived[-1].head == request.declared.head


# Its tables

_MODULES = (wire, article, basket, catalogue, facts, revision, tax, tender)
STRUCTS: dict[str, type[msgspec.Struct]] = {
    **{kind.__name__: kind for kind in (Envelope, Predecessor, Head)},
    **{
        name: kind
        for module in _MODULES
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not name.startswith("_")
    },
    "stream.began": StreamBegan,
    **{name: fact for fact, (name, _) in TYPES.items()},
}
#: what never travels, and what stands under the name of its type
_NOT_SENT = {
    *("Article", "Label", "Basket", "Line", "LinePrice", "Discount", "TaxTotal", "Money"),
    *("CodeRules", "Embedded", "Goods", "LabelPrice"),
}
_BY_TYPE = {fact.__name__ for fact in TYPES}
SENT = sorted(STRUCTS.keys() - _NOT_SENT - _BY_TYPE)


@pytest.mark.parametrize("name", SENT)
def test_every_field_of_what_travels_is_in_its_table(name: str) -> None:
    optional = {
        field.encode_name: not field.required for field in msgspec.structs.fields(STRUCTS[name])
    }
    assert document.fields()[name] == optional


def test_the_tables_name_nothing_else() -> None:
    assert document.fields().keys() <= set(SENT)


def test_every_type_of_fact_stands_there_with_its_version() -> None:
    text = Path(document.FILE).read_text(encoding="utf-8")
    for name, version in TYPES.values():
        assert f"\n| `{name}` | {version} |" in text
