"""Any text at all has a meaning, and a misread digit never sells another product."""

from contextlib import suppress
from datetime import date
from typing import get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from retail.barcode import (
    BadTemplate,
    CodeRules,
    Family,
    Goods,
    Meaning,
    Unreadable,
    Where,
    families,
    issue,
    read,
)
from retail.barcode.digital_link import parse as parse_link
from retail.barcode.elements import parse, parse_printed
from retail.barcode.gtin import canonical, check_digit
from retail.barcode.templates import Template
from retail.barcode.templates import parse as parse_template

TODAY = date(2026, 11, 28)
MEANINGS = get_args(Meaning)
GTIN = "6901028075022"
VALID = [
    GTIN,
    "96385074",
    "01234565",
    "]E0" + GTIN,
    "]C101069010280750223103001250392200199917270100\x1d10AB",
    "(01)06901028075022(3103)001250(10)A",
    "https://id.gs1.org/01/06901028075022/10/A%2F7?17=270100&3103=000500",
    "]E06901028075022|]e01726123110B7",
    "]E3690102807502205",
    "2112345005008",
    "13" + "00123" + "01250" + "09999" + "1",
    "134567890123456789",
    "00006141411234567890",
    "S01-1-716RNN-000001",
    issue(Family.PICKUP, "A-1024"),
    issue(Family.VOUCHER, "V-1", "c2ln"),
    "M12345",
]
RULES = [
    CodeRules(),
    CodeRules(
        templates=("21IIIIIVVVVVC price=2", "2IIIIIKPPPPC", "13IIIIIWWWWWPPPPPC"),
        separators=("~", "{GS}"),
        member_prefix="M",
    ),
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid code with up to three pieces cut out, put in, or put in place of others."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 4)))
        text = text[:start] + draw(st.text(max_size=3) | st.sampled_from(VALID)) + text[end:]
    return text


anything = st.text(max_size=200) | mutated() | st.text("0123456789()]\x1d/.%ECQ", max_size=60)


@given(anything, st.sampled_from(RULES), st.dates(), st.sampled_from(Where))
def test_any_text_has_a_meaning(scan: str, rules: CodeRules, today: date, where: Where) -> None:
    meaning = read(scan, rules, today, where)
    assert isinstance(meaning, MEANINGS)
    assert msgspec.json.decode(msgspec.json.encode(meaning))
    if isinstance(meaning, Goods):
        assert all(meaning.keys)


@given(anything)
def test_no_parser_stumbles_over_any_text(text: str) -> None:
    families.read(text)
    parse(text, TODAY)
    parse_printed(text, TODAY)
    parse_link(text, TODAY)
    canonical(text)
    RULES[1].label(text)


@given(st.text(max_size=60) | st.text("21xIPWVKC =price", max_size=40))
def test_a_template_is_understood_or_refused(text: str) -> None:
    with suppress(BadTemplate):
        assert isinstance(parse_template(text, 2), Template)


@given(st.text("0123456789", min_size=12, max_size=12), st.data())
def test_a_misread_digit_never_names_another_product(payload: str, data: st.DataObject) -> None:
    whole = f"{payload}{check_digit(payload)}"
    place = data.draw(st.integers(0, 12))
    digit = data.draw(st.sampled_from([each for each in "0123456789" if each != whole[place]]))
    misread = whole[:place] + digit + whole[place + 1 :]
    meaning = read(misread, RULES[0], TODAY)
    assert isinstance(meaning, Unreadable)
    assert meaning.keys == (misread,)


@given(st.text("0123456789", min_size=12, max_size=12))
def test_a_product_is_found_by_every_symbol_that_carries_its_number(payload: str) -> None:
    whole = f"{payload}{check_digit(payload)}"
    long = whole.zfill(14)
    for scan in (whole, long, f"]E0{whole}", f"]C101{long}", f"(01){long}", f"http://a/01/{long}"):
        meaning = read(scan, RULES[0], TODAY)
        assert isinstance(meaning, Goods)
        assert {whole, long} <= set(meaning.keys)
