"""Facts on the wire: the same bytes there and back, and nothing but a verdict for what is none."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.article import CodePrice
from retail.barcode import EightDigits
from retail.basket import Discount, RemovedLine
from retail.facts import (
    TYPES,
    CodeDecided,
    CompartmentReturned,
    CompartmentWithdrawn,
    DenominationCount,
    DoorOpeningDecided,
    DoorOpeningEnded,
    DoorOutcome,
    DrawerOpened,
    Fact,
    MalformedFact,
    ParcelStored,
    ParcelTaken,
    PrintOutcome,
    ReceiptPrinted,
    ReceivedLine,
    SaleCompleted,
    SaleLine,
    SaleVoided,
    ShiftClosed,
    ShiftOpened,
    StockReceived,
    UnknownFact,
    decode,
    encode,
)
from retail.money import AMOUNT_MAX, Money
from retail.quantity import ONE
from retail.tax import Tax
from retail.tender import Tender
from tests.builders import a_product, apples
from tests.retail.goods import Scan, facts, sales, scanned

LINE = SaleLine(
    *("apple", "2100001", "散装红富士苹果", "kg"),
    quantity=655,
    unit_price_minor=1280,
    total_minor=754,
    tax=Tax("VAT9", 90_000),
    tax_minor=62,
    discount_minor=84,
    price_reason="bruised",
    discount_reason="regular",
    discount_by_rule=True,
    batch="L7",
    serial="0001",
    expires=date(2026, 6, 6),
    best_before=date(2026, 6, 5),
    code_price=CodePrice(655, 838),
)
COUNTS = (DenominationCount(10_000, 507), DenominationCount(100, 3))
GONE = RemovedLine("cola", 1000, 350)

#: one of each, with nothing left at its default
FULL: list[Fact] = [
    ShiftOpened(7, "1001", date(2026, 6, 3), "CNY", 50_000, COUNTS),
    ShiftClosed(7, "CNY", 50_754, 50_700, 12, COUNTS),
    SaleCompleted(
        *("S01-1-K7Q2XM-000001", "CNY", (LINE,)),
        tenders=(Tender("cash", True, 1000, 250, -4),),
        total_minor=754,
        customer="C-1",
        removed=(GONE,),
    ),
    SaleVoided("left", "CNY", (LINE,), 754, (GONE,)),
    ReceiptPrinted(
        "eid", "S01-1-K7Q2XM-000001", PrintOutcome.UNKNOWN, "printer.no_reply", 2, "cashier"
    ),
    StockReceived("DN-7", (ReceivedLine("cola", 24_000),)),
    DrawerOpened("change for the till next door"),
    CodeDecided("01234053", EightDigits.UPCE),
    DoorOpeningDecided(3, "customer collects", "PK1.8F3A"),
    DoorOpeningEnded("eid", 3, DoorOutcome.WRONG_DOOR, (5,), "locker.wrong_door"),
    ParcelStored("PK1.8F3A", 3),
    ParcelTaken("PK1.8F3A", 3, "put back"),
    CompartmentWithdrawn(3, "door jams"),
    CompartmentReturned(3),
]
each = pytest.mark.parametrize("fact", FULL, ids=lambda fact: TYPES[type(fact)][0])


def test_one_of_each_is_every_type() -> None:
    assert {type(fact) for fact in FULL} == set(TYPES)
    assert len(set(TYPES.values())) == len(TYPES)


# There and back


@given(facts())
def test_every_fact_is_the_same_bytes_there_and_back(fact: Fact) -> None:
    body = encode(fact)
    back = decode(*TYPES[type(fact)], body)
    assert back == fact
    assert type(back) is type(fact)
    assert encode(back) == body
    assert decode(*TYPES[type(fact)], msgspec.Raw(body)) == fact


@given(sales())
def test_what_a_till_can_sell_a_hub_can_read(sale: SaleCompleted) -> None:
    assert decode("sale.completed", 1, encode(sale)) == sale


@pytest.mark.parametrize(
    ("fact", "body"),
    [
        (
            ShiftOpened(7, "1001", date(2026, 6, 3), "CNY", 50_000),
            (
                b'{"number":7,"cashier":"1001","business_date":"2026-06-03","currency":"CNY",'
                b'"float_minor":50000}'
            ),
        ),
        (FULL[6], b'{"reason":"change for the till next door"}'),
        (FULL[7], b'{"code":"01234053","reading":"upce"}'),
        (
            ShiftClosed(7, "CNY", 50_754, 50_700, 12),
            (
                b'{"number":7,"currency":"CNY","expected_minor":50754,"counted_minor":50700,'
                b'"sales":12}'
            ),
        ),
        (FULL[5], b'{"reference":"DN-7","lines":[{"product_id":"cola","quantity":24000}]}'),
        (
            ReceiptPrinted("e", "r", PrintOutcome.PRINTED),
            b'{"sale":"e","receipt":"r","outcome":"printed"}',
        ),
    ],
)
def test_the_bytes_of_a_version_never_change(fact: Fact, body: bytes) -> None:
    assert encode(fact) == body


def test_a_sales_fact_is_complete_in_itself() -> None:
    basket = scanned([Scan(apples(), 655), Scan(a_product("cola"), ONE), Scan(a_product("x"), ONE)])
    basket, _ = basket.with_line_price(1, Money(800, "CNY"), "bruised")
    basket, _ = basket.with_discount(1, Discount("regular", rate_ppm=100_000))
    basket, _ = basket.without_line(3)
    paid = basket.for_customer("C-1").with_tender(Tender("cash", True, 1_500, 430))
    sale = SaleCompleted.of(paid, "S01-1-K7Q2XM-000001")
    apple = SaleLine(
        *("apple", "2100001", "散装红富士苹果", "kg"),
        quantity=655,
        unit_price_minor=1280,
        total_minor=720,
        tax=Tax("VAT9", 90_000),
        tax_minor=59,
        discount_minor=80,
        price_reason="bruised",
        discount_reason="regular",
    )
    cola = a_product("cola")
    assert sale == SaleCompleted(
        receipt="S01-1-K7Q2XM-000001",
        currency="CNY",
        lines=(
            apple,
            SaleLine("cola", cola.codes[0], cola.name, "piece", ONE, 350, 350, cola.tax, 40),
        ),
        tenders=(Tender("cash", True, 1_500, 430),),
        total_minor=1_070,
        customer="C-1",
        removed=(RemovedLine("x", ONE, 350),),
    )
    assert sale.change_minor == 430


# Newer programs


@each
def test_fields_of_a_newer_version_are_left_out(fact: Fact) -> None:
    for grown in _grown(msgspec.json.decode(encode(fact))):
        assert decode(*TYPES[type(fact)], msgspec.json.encode(grown)) == fact


def _grown(body: Any) -> Iterator[Any]:
    """The body with an unknown field in each of its objects in turn."""
    for place in _objects(body):
        copy = deepcopy(body)
        _at(copy, place)["from_the_future"] = {"deep": [1, "x", None]}
        yield copy


def _objects(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in inner:
        if isinstance(child, dict | list):
            yield from _objects(child, (*place, key))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


@each
def test_a_type_or_version_of_the_future_is_unknown_not_malformed(fact: Fact) -> None:
    name, version = TYPES[type(fact)]
    for unknown in ((name, version + 1), (name, 0), (name, 10**30), (f"{name}.v2", version)):
        with pytest.raises(UnknownFact):
            decode(*unknown, encode(fact))
        with pytest.raises(UnknownFact):
            decode(*unknown, b"noise")


# What is no fact


@each
def test_a_fact_without_one_of_its_fields_is_malformed(fact: Fact) -> None:
    body = msgspec.json.decode(encode(fact))
    for field in msgspec.structs.fields(type(fact)):
        if field.required:
            torn = {name: value for name, value in body.items() if name != field.name}
            with pytest.raises(MalformedFact):
                decode(*TYPES[type(fact)], msgspec.json.encode(torn))


@each
@pytest.mark.parametrize("number", [10**30, -(10**30), AMOUNT_MAX + 1, -AMOUNT_MAX - 1, 10**4000])
def test_a_number_beyond_all_shops_is_malformed_wherever_it_stands(fact: Fact, number: int) -> None:
    body = msgspec.json.decode(encode(fact))
    for place in _numbers(body):
        hostile = deepcopy(body)
        _at(hostile, place[:-1])[place[-1]] = msgspec.Raw(str(number).encode())
        with pytest.raises(MalformedFact):
            decode(*TYPES[type(fact)], msgspec.json.encode(hostile))


def _numbers(body: Any) -> list[tuple[Any, ...]]:
    """Where a body holds whole numbers."""
    return [
        (*place, key)
        for place in _objects(body)
        for key, value in _at(body, place).items()
        if type(value) is int
    ]


@pytest.mark.parametrize("rate_ppm", [-1, -1_000_000, 1_000_001])
def test_a_tax_rate_that_divides_by_nothing_is_malformed(rate_ppm: int) -> None:
    body = msgspec.json.decode(encode(FULL[2]))
    body["lines"][0]["tax"]["rate_ppm"] = rate_ppm
    with pytest.raises(MalformedFact):
        decode("sale.completed", 1, msgspec.json.encode(body))


@pytest.mark.parametrize("name_version", TYPES.values(), ids=lambda name: name[0])
@pytest.mark.parametrize(
    "body",
    [
        *[b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"{}{}", b"\xef\xbb\xbf{}"],
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"reference":"\xff","receipt":"\xff","reason":"\xff","cashier":"\xff","currency":"\xff"}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_noise_is_malformed(name_version: tuple[str, int], body: bytes) -> None:
    with pytest.raises(MalformedFact):
        decode(*name_version, body)


@given(st.sampled_from(list(TYPES.values())), st.binary(max_size=200))
def test_any_bytes_are_a_fact_or_malformed(name_version: tuple[str, int], body: bytes) -> None:
    _decoded_or_malformed(name_version, body)


@given(st.sampled_from(FULL), st.data())
@settings(max_examples=300)
def test_a_damaged_fact_is_a_fact_or_malformed(fact: Fact, data: st.DataObject) -> None:
    body = bytearray(encode(fact))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not body:
            break
    _decoded_or_malformed(TYPES[type(fact)], bytes(body))


def _decoded_or_malformed(name_version: tuple[str, int], body: bytes) -> None:
    try:
        fact = decode(*name_version, body)
    except MalformedFact as fault:
        said = str(fault)
    else:
        assert decode(*name_version, encode(fact)) == fact
        return
    assert said.isascii()
    assert said.isprintable()


def test_what_is_wrong_is_said_without_what_a_hostile_body_says() -> None:
    body = b'{"sale":"e","receipt":"r","outcome":"\\u0000' + b"x" * 5000 + b'"}'
    with pytest.raises(MalformedFact) as fault:
        decode("receipt.printed", 1, body)
    assert len(str(fault.value)) < 300
    assert str(fault.value).isprintable()
