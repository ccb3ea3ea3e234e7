"""The envelope: one shape, bounded names, and nothing but a verdict for what is none."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.envelope import VERSION, Envelope, MalformedEnvelope, decode, encode
from journal.stream import NAME_CHARACTERS_MAX
from tests.journal.streams import an_envelope, with_bit_flipped

names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)
whole = st.integers(-(2**53), 2**53)


def changed(**fields: object) -> bytes:
    """A good envelope's bytes with some fields set to what no program of ours would write."""
    raw: Mapping[str, object] = msgspec.json.decode(encode(an_envelope()))
    return msgspec.json.encode({**raw, **fields})


@given(
    envelope=st.builds(
        Envelope,
        v=st.just(VERSION),
        till=names,
        inc=names,
        seq=st.integers(0, 2**63 - 1),
        eid=names,
        type=names,
        tv=whole,
        store=st.text(),
        at=st.text(),
        mono=whole,
        boot=st.text(),
        prev=st.text(),
        body=st.dictionaries(st.text(), st.none() | st.integers(0, 9) | st.text())
        .map(msgspec.json.encode)
        .map(msgspec.Raw),
        cashier=st.text(),
        shift=st.just("") | names,
        bdate=st.just("") | names,
        seen=st.text(),
        refs=st.lists(st.text(), max_size=3).map(tuple),
    )
)
@settings(max_examples=50)
def test_an_envelope_is_the_same_bytes_there_and_back(envelope: Envelope) -> None:
    data = encode(envelope)
    back = decode(data)
    assert encode(back) == data
    assert bytes(back.body) == bytes(envelope.body)
    assert msgspec.structs.replace(back, body=envelope.body) == envelope
    assert encode(decode(msgspec.Raw(data))) == data


def test_the_bytes_of_version_1_never_change() -> None:
    assert encode(an_envelope(prev="p")).decode() == (
        '{"v":1,"till":"S01-1","inc":"K7Q2XM0000000000000000000A","seq":1,"eid":"0197--000001",'
        '"type":"sale.completed","tv":1,"store":"S01","at":"2026-06-03T09:00:00.000+08:00",'
        '"mono":41000,"boot":"boot-1","prev":"p","body":{"name":"苹果","total_minor":838},'
        '"cashier":"1001","shift":"K7Q2XM-1","bdate":"2026-06-03","seen":"cursor",'
        '"refs":["0197-earlier"]}'
    )


def test_what_a_fact_has_no_word_for_is_left_out() -> None:
    bare = an_envelope(cashier="", shift="", bdate="", seen="", refs=())
    assert b"cashier" not in encode(bare)
    assert decode(encode(bare)) == bare


def test_fields_of_the_future_are_left_out_but_a_newer_version_is_not_read() -> None:
    assert encode(decode(changed(zone="x", deep=[{}]))) == encode(an_envelope())
    for version in (0, 2, -1):
        with pytest.raises(MalformedEnvelope, match=f"version {version} is not known"):
            decode(changed(v=version))


@pytest.mark.parametrize("field", ["till", "inc", "eid", "type", "shift", "bdate"])
@pytest.mark.parametrize(
    "word",
    ["\x00", "a\x00b", "a\nb", "\x7f", "收银机", "é", "x" * (NAME_CHARACTERS_MAX + 1)],
    ids=repr,
)
def test_a_name_that_a_database_or_a_signed_line_cannot_hold_is_malformed(
    field: str, word: str
) -> None:
    assert decode(changed(**{field: "x" * NAME_CHARACTERS_MAX}))
    with pytest.raises(MalformedEnvelope):
        decode(changed(**{field: word}))


@pytest.mark.parametrize("field", ["till", "inc", "eid", "type"])
def test_a_fact_that_cannot_be_named_is_malformed(field: str) -> None:
    with pytest.raises(MalformedEnvelope):
        decode(changed(**{field: ""}))


@pytest.mark.parametrize("field", ["v", "seq", "tv", "mono"])
@pytest.mark.parametrize("number", [10**30, -(10**30), 10**4000, 1.5, "1", None])
def test_a_number_that_no_place_or_clock_has_is_malformed(field: str, number: object) -> None:
    if isinstance(number, int):
        number = msgspec.Raw(str(number).encode())
    with pytest.raises(MalformedEnvelope):
        decode(changed(**{field: number}))


@pytest.mark.parametrize("field", [field.name for field in msgspec.structs.fields(Envelope)][:13])
def test_an_envelope_without_one_of_its_fields_is_malformed(field: str) -> None:
    raw = msgspec.json.decode(encode(an_envelope()))
    del raw[field]
    with pytest.raises(MalformedEnvelope):
        decode(msgspec.json.encode(raw))


@pytest.mark.parametrize(
    "data",
    [
        *[b"", b"{}", b"[]", b"null", b"\x00", b"\xff\xfe{}", b'{"v":1}'],
        encode(an_envelope())[:-1],
        encode(an_envelope()) + b"x",
        encode(an_envelope()).replace("苹果".encode(), b"\xff"),
        encode(an_envelope()).replace(b"S01-1", b"S01-\xff"),
        encode(an_envelope())[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_noise_is_malformed(data: bytes) -> None:
    try:
        envelope = decode(data)
    except MalformedEnvelope:
        return
    assert b"\xff" in bytes(envelope.body)  # a body is bytes here; its own reader finds it


@given(st.binary(max_size=100))
def test_any_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        decode(data)


@given(st.data())
@settings(max_examples=300)
def test_a_damaged_envelope_is_an_envelope_or_malformed(data: st.DataObject) -> None:
    whole_bytes = encode(an_envelope())
    place = data.draw(st.integers(0, len(whole_bytes) - 1))
    (damaged,) = with_bit_flipped([whole_bytes], place, data.draw(st.integers(0, 7)))
    assert damaged != whole_bytes
    try:
        decode(damaged)
    except MalformedEnvelope:
        return
