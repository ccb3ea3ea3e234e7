"""The shop's own codes: issued, read back, and never mistaken when torn or mistyped."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retail import base32
from retail.barcode import (
    Family,
    MemberCode,
    PickupCode,
    ReceiptCode,
    Unreadable,
    VoucherCode,
    families,
    issue,
)
from retail.receipt import ReceiptNumber

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"
ids = st.text(LETTERS, min_size=1, max_size=80)
RECEIPT = ReceiptNumber("S01-1", "716RNN", 1)


@given(ids)
def test_a_code_is_read_back_as_the_family_and_id_it_was_issued_for(identity: str) -> None:
    assert families.read(issue(Family.PICKUP, identity)) == PickupCode(identity)
    assert families.read(issue(Family.MEMBER, identity)) == MemberCode(identity)
    assert families.read(issue(Family.VOUCHER, identity)) == VoucherCode(identity)


@given(ids, st.text(LETTERS + "=", min_size=1, max_size=200))
def test_a_signature_behind_it_is_handed_on_as_it_is(identity: str, signature: str) -> None:
    code = issue(Family.VOUCHER, identity, signature)
    assert families.read(code) == VoucherCode(identity, signature)


def test_a_receipt_is_known_by_its_own_code_and_by_its_plain_number() -> None:
    assert families.read("S01-1-716RNN-000001") == ReceiptCode(RECEIPT)
    assert families.read(issue(Family.RECEIPT, str(RECEIPT))) == ReceiptCode(RECEIPT)


@given(
    st.builds(
        ReceiptNumber,
        st.text(LETTERS, min_size=1, max_size=64),
        st.text(base32.LETTERS, min_size=6, max_size=6),
        st.integers(1, 10**9),
    )
)
def test_every_receipt_number_is_read_back(receipt: ReceiptNumber) -> None:
    assert ReceiptNumber.read(str(receipt)) == receipt
    assert families.read(str(receipt)) == ReceiptCode(receipt)


@pytest.mark.parametrize(
    "text",
    [
        "S01-1-716RNN-1",
        "S01-1-716RNN-0000001",
        "S01-1-716RNO-000001",
        "S01-1-716RNN-٠٠٠٠٠١",
        "s01-1-716rnn-000001",
        "S01-1-716RNN- 00001",
        "S01-1-716RNN-+00001",
        "S01-1-716RNN-00_001",
        "S01-1-000001",
        "000001",
        "",
        "6901028075022",
    ],
)
def test_what_only_looks_like_a_receipt_number_is_none(text: str) -> None:
    assert ReceiptNumber.read(text) is None
    assert families.read(text) is None


def unread(code: str) -> None:
    meaning = families.read(code)
    assert isinstance(meaning, Unreadable)
    assert meaning.code == "own_code"


@given(ids, st.data())
def test_one_or_two_mistyped_neighbours_are_found(identity: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(identity) - 1))
    typed = data.draw(st.text(LETTERS, min_size=1, max_size=2))
    wrong = (identity[:place] + typed + identity[place + len(typed) :])[: len(identity)]
    code = issue(Family.PICKUP, identity)
    assume(wrong not in (identity, identity.upper()) and wrong.upper() != identity)
    unread(code.replace(f".{identity}.", f".{wrong}."))


@given(ids.filter(lambda text: len(text) > 1), st.data())
def test_two_swapped_neighbours_are_found(identity: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(identity) - 2))
    swapped = list(identity)
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    wrong = "".join(swapped)
    assume(wrong != identity and wrong.upper() != identity)
    unread(issue(Family.MEMBER, identity).replace(f".{identity}.", f".{wrong}."))


@pytest.mark.parametrize(
    "code", [issue(Family.PICKUP, "A-1024"), issue(Family.PICKUP, "A.B.C", "sig")]
)
def test_a_torn_code_is_found_wherever_it_tears(code: str) -> None:
    for length in range(4, len(code)):
        whole = families.read(code[:length])
        assert not isinstance(whole, PickupCode) or whole.pickup == "A.B.C"


@pytest.mark.parametrize("typed", ["pk1.a-1024.njnj", "Pk1.A-1024.NJNJ", "PK1.a-1024.njnj"])
def test_a_code_typed_in_small_letters_is_the_same(typed: str) -> None:
    assert families.read(typed) == PickupCode("A-1024")


def test_letters_that_look_like_digits_may_be_typed_in_the_check() -> None:
    code = next(
        code for code in (issue(Family.PICKUP, f"A{n}") for n in range(100)) if code[-1] == "1"
    )
    assert families.read(code[:-1] + "l") == families.read(code)


def test_one_family_is_never_taken_for_another() -> None:
    code = issue(Family.VOUCHER, "A-1024")
    unread(code.replace("VC1", "PK1"))


@pytest.mark.parametrize(
    ("family", "identity", "signature"),
    [
        (Family.PICKUP, "", ""),
        (Family.PICKUP, "A B", ""),
        (Family.PICKUP, "会员", ""),
        (Family.PICKUP, "A" * 81, ""),
        (Family.RECEIPT, "A-1", ""),
        (Family.PICKUP, "A", "a b"),
    ],
)
def test_what_could_not_be_read_back_is_not_issued(
    family: Family, identity: str, signature: str
) -> None:
    with pytest.raises(ValueError, match="is no"):
        issue(family, identity, signature)
