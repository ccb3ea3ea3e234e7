"""The chain: whatever is changed, lost, moved or slipped in is found, and named by its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.chain import ChainBroken, hash_of, link
from journal.envelope import encode
from journal.stream import Head, StreamId, genesis
from tests.journal.streams import STREAM, a_chain, an_envelope, followed, with_bit_flipped

LENGTH = 8
CHAIN = a_chain(LENGTH)
BYTES = sum(len(data) for data in CHAIN.facts)
START = genesis(STREAM)


def test_a_whole_chain_ends_at_its_head() -> None:
    assert followed(CHAIN.facts) == CHAIN.head == Head(LENGTH, hash_of(CHAIN.facts[-1]))
    assert followed([]) == START
    assert followed(CHAIN.facts[3:], Head(3, CHAIN.hashes[2])) == CHAIN.head


def test_a_fact_is_read_while_it_is_checked() -> None:
    envelope, head = link(STREAM, START, CHAIN.facts[0])
    assert (envelope.seq, head) == (1, Head(1, CHAIN.hashes[0]))


@given(st.integers(0, BYTES - 1), st.integers(0, 7))
@settings(max_examples=600)
def test_a_flipped_bit_anywhere_is_found_or_changes_the_head(place: int, bit: int) -> None:
    flipped = with_bit_flipped(CHAIN.facts, place, bit)
    assert flipped != CHAIN.facts
    changed = next(n for n in range(LENGTH) if flipped[n] != CHAIN.facts[n]) + 1
    try:
        head = followed(flipped)
    except ChainBroken as broken:
        found_at = broken.seq
    else:
        assert changed == LENGTH  # only the last fact has no successor that names its hash
        assert head != CHAIN.head
        return
    assert found_at in (changed, changed + 1)


@given(st.data())
def test_swapped_facts_are_found_at_the_first_of_them(data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.sets(st.integers(0, LENGTH - 1), min_size=2, max_size=2)))
    facts = list(CHAIN.facts)
    facts[one], facts[other] = facts[other], facts[one]
    _broken_at(one + 1, facts)


@given(st.integers(0, LENGTH - 2))
def test_a_missing_fact_is_found_where_it_is_missing(gone: int) -> None:
    _broken_at(gone + 1, CHAIN.facts[:gone] + CHAIN.facts[gone + 1 :])


@given(st.integers(0, LENGTH - 1), st.integers(0, LENGTH))
def test_a_fact_that_comes_twice_is_found(again: int, place: int) -> None:
    facts = [*CHAIN.facts[:place], CHAIN.facts[again], *CHAIN.facts[place:]]
    with pytest.raises(ChainBroken):
        followed(facts)


@given(st.integers(0, LENGTH - 1))
def test_a_fact_of_another_stream_or_another_history_is_found(place: int) -> None:
    for stranger in (
        a_chain(LENGTH, StreamId("S01-2", STREAM.incarnation)),
        a_chain(LENGTH, StreamId(STREAM.till, "another")),
    ):
        facts = list(CHAIN.facts)
        facts[place] = stranger.facts[place]
        assert "belongs to" in _broken_at(place + 1, facts)
    if place < LENGTH - 1:
        facts[place] = a_chain(LENGTH, said="other").facts[place]
        # the first fact of another history may stand alone; its successor tells
        _broken_at(place + 1 if place else 2, facts)


def test_a_tail_cut_off_shows_in_the_head_only() -> None:
    assert followed(CHAIN.facts[:5]) == Head(5, CHAIN.hashes[4]) != CHAIN.head


def test_what_is_no_envelope_is_found_where_it_stands() -> None:
    assert "is not an envelope" in _broken_at(4, [*CHAIN.facts[:3], b"{}", *CHAIN.facts[4:]])


def test_a_fact_that_names_another_place_or_predecessor_is_told_apart() -> None:
    moved = encode(an_envelope(2, prev=START.hash))
    assert "calls itself 2" in _broken_at(1, [moved])
    orphan = encode(an_envelope(1, prev="f" * 64))
    assert "does not follow" in _broken_at(1, [orphan])


def test_a_chain_starts_at_its_own_streams_beginning() -> None:
    heads = {
        genesis(StreamId(till, incarnation)).hash
        for till in ("S01-1", "S01-11", "S01")
        for incarnation in ("A", "AB", "1A")
    }
    assert len(heads) == 9
    assert START.seq == 0


def _broken_at(seq: int, facts: list[bytes]) -> str:
    with pytest.raises(ChainBroken) as broken:
        followed(facts)
    assert broken.value.seq == seq
    return broken.value.why
