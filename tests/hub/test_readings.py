"""What a cashier said a code is, the other tills of the store hear, and no other store."""

import msgspec

from retail.barcode import EightDigits
from retail.facts import CodeDecided
from tests.hand_till import HandTill
from tests.hub.conftest import TillMaker
from tests.hub.test_feed import keys_of, rows_of
from tests.served_hub import ServedHub

CODE = "01234565"


def decided(till: HandTill, code: str, reading: EightDigits) -> None:
    if not till.facts:
        till.begin()
    till.record(CodeDecided(code, reading))


def said(till: HandTill) -> dict[str, str]:
    rows = [row for row in rows_of(till.pull_all()) if row.kind == "reading"]
    return {row.key: msgspec.json.decode(row.body) for row in rows}


def test_what_one_till_was_told_its_store_knows(hub: ServedHub, a_till: TillMaker) -> None:
    hub.add_store("S02", name="成都太古里店")
    first, second, elsewhere = a_till(), a_till(), a_till("S02")
    decided(first, CODE, EightDigits.UPCE)
    assert first.push().is_success
    assert said(second) == {CODE: "upce"}
    assert keys_of(elsewhere.pull_all(), "reading") == []
    decided(second, CODE, EightDigits.EAN8)
    assert second.push().is_success
    assert said(first) == {CODE: "ean8"}


def test_what_is_no_such_code_or_comes_from_a_revoked_till_is_not_passed_on(
    hub: ServedHub, a_till: TillMaker
) -> None:
    first, second = a_till(), a_till()
    for code in ("1", "9" * 5_000, "０１２３４５６５", "\x00" * 8):
        decided(first, code, EightDigits.UPCE)
    assert first.push().is_success
    assert said(second) == {}
    hub.do(hub.hub.revoke(first.stream.till))
    decided(first, CODE, EightDigits.UPCE)
    first.push()
    assert said(second) == {}
