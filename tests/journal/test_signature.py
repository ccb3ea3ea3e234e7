"""Signatures: who said it, what for, and every word of it."""

import re
from base64 import b64decode
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.clock import CROCKFORD
from journal.signature import (
    SEED_LENGTH,
    Signer,
    enrol_message,
    fingerprint,
    head_message,
    plain_code,
    push_message,
    token_message,
    verified,
)
from journal.stream import Head, StreamId
from retail.base32 import LETTERS

TILL = Signer(bytes(range(SEED_LENGTH)))
STRANGER = Signer(bytes(SEED_LENGTH))
STREAM = StreamId("S01-1", "INC")
words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
heads = st.builds(Head, st.integers(0, 20), words)

#: each message from six words, as far as it takes them
MESSAGES: dict[str, Callable[[str, str, str, str, str], bytes]] = {
    "push": lambda a, b, c, d, e: push_message(StreamId(a, b), Head(1, c), Head(2, d)),
    "head": lambda a, b, c, d, e: head_message(a, StreamId(b, c), Head(1, d), 2),
    "enrol": lambda a, b, c, d, e: enrol_message(a, b, c, d),
    "token": lambda a, b, c, d, e: token_message(a, b),
}


def test_the_signed_bytes_never_change() -> None:
    assert push_message(STREAM, Head(9, "d"), Head(5, "l")) == (
        b"omnitill/push/1\nS01-1\nINC\n9\nd\n5\nl"
    )
    assert head_message("e1", STREAM, Head(5, "l"), 3) == (
        b"omnitill/head/1\ne1\nS01-1\nINC\n5\nl\n3"
    )
    assert enrol_message("CODE", "KEY", "INC") == b"omnitill/enrol/1\nCODE\nKEY\nINC"
    assert enrol_message("CODE", "KEY", "INC", "S01-1") == (
        b"omnitill/enrol/1\nCODE\nKEY\nINC\nS01-1"
    )
    assert token_message("S01-1", "N") == b"omnitill/token/1\nS01-1\nN"


def test_ed25519_signs_as_rfc_8032_says() -> None:
    """Test 2 of RFC 8032, 7.1: one byte."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert b64decode(Signer(seed).public).hex() == public
    assert b64decode(Signer(seed).sign(b"\x72")).hex() == signature


@given(words, words, words, words, words)
def test_no_two_purposes_ever_share_their_bytes(a: str, b: str, c: str, d: str, e: str) -> None:
    said = {name: message(a, b, c, d, e) for name, message in MESSAGES.items()}
    for one, other in combinations(said, 2):
        assert said[one] != said[other]
        signature = TILL.sign(said[one])
        assert verified(TILL.public, said[one], signature)
        assert not verified(TILL.public, said[other], signature)


@given(st.tuples(words, words, heads, heads), st.tuples(words, words, heads, heads))
def test_a_push_is_signed_word_for_word(
    one: tuple[str, str, Head, Head], other: tuple[str, str, Head, Head]
) -> None:
    def message(till: str, incarnation: str, declared: Head, last: Head) -> bytes:
        return push_message(StreamId(till, incarnation), declared, last)

    assert (message(*one) == message(*other)) == (one == other)


@given(st.tuples(words, words, heads, st.integers(0, 9)), st.data())
def test_a_head_is_signed_word_for_word(
    one: tuple[str, str, Head, int], data: st.DataObject
) -> None:
    other = data.draw(st.just(one) | st.tuples(words, words, heads, st.integers(0, 9)))

    def message(epoch: str, incarnation: str, head: Head, safe_seq: int) -> bytes:
        return head_message(epoch, StreamId("S01-1", incarnation), head, safe_seq)

    assert (message(*one) == message(*other)) == (one == other)


def test_only_the_key_that_signed_is_believed() -> None:
    signature = TILL.sign(b"x")
    assert verified(TILL.public, b"x", signature)
    assert not verified(STRANGER.public, b"x", signature)
    assert not verified(TILL.public, b"y", signature)
    assert not verified(TILL.public, b"x", STRANGER.sign(b"x"))


@pytest.mark.parametrize(
    "word", ["", "x", "收", "\x00", "====", "QUJD", TILL.public[:-4], TILL.public + "AAAA"]
)
def test_a_malformed_key_or_signature_is_a_no(word: str) -> None:
    assert not verified(word, b"x", TILL.sign(b"x"))
    assert not verified(TILL.public, b"x", word)


@pytest.mark.parametrize("noise", ["\n", " ", "*", "\x00"])
def test_a_signature_has_one_spelling(noise: str) -> None:
    assert not verified(TILL.public, b"x", TILL.sign(b"x") + noise)
    assert not verified(noise + TILL.public, b"x", TILL.sign(b"x"))


@given(st.text(), st.text())
def test_any_key_and_signature_are_a_no_and_nothing_else(public: str, signature: str) -> None:
    assert not verified(public, b"x", TILL.sign(b"x"))
    assert not verified(TILL.public, b"x", signature)


def test_a_signer_is_its_seed() -> None:
    assert Signer(bytes(SEED_LENGTH)).public == STRANGER.public != TILL.public


def test_a_fingerprint_is_five_letters_that_can_be_read_over_the_phone() -> None:
    prints = {fingerprint(Signer(bytes([n]) * SEED_LENGTH).public) for n in range(64)}
    assert len(prints) == 64
    assert all(re.fullmatch(f"[{CROCKFORD}]{{5}}", each) for each in prints)
    assert not set(CROCKFORD) & set("ILOU")


def test_enrolment_codes_and_receipt_numbers_are_of_the_same_letters() -> None:
    assert CROCKFORD == LETTERS


@pytest.mark.parametrize(
    "heard", ["K7Q2X-01M1A-00000", "k7q2x o1mIa ooooo", " K7Q2X01MLA00000\t", "k7q2x-OiM1a-0O0o0"]
)
def test_a_code_is_the_same_however_a_person_types_it(heard: str) -> None:
    assert plain_code(heard) == "K7Q2X01M1A00000"
