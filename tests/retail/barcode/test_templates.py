"""Store labels: the item, and its price or weight, as a store's templates say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.barcode import BadTemplate, CodeRules, Embedded, Unreadable
from retail.barcode.gtin import check_digit

RULES = CodeRules(
    templates=(
        "21IIIIIVVVVVC price=2",
        "22IIIIIWWWWWC weight=3",
        "2xIIIIIWWWWWPPPPPC",
        "2IIIIIKPPPPC",
        "29IIIIIWWWWWC weight=2",
    )
)


def label(payload: str) -> str:
    return f"{payload}{check_digit(payload)}"


def read(digits: str, rules: CodeRules = RULES) -> Embedded:
    said = rules.label(digits)
    assert isinstance(said, Embedded)
    return said


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_label_says_item_and_price(item: int, fen: int) -> None:
    said = read(label(f"21{item:05d}{fen:05d}"))
    assert said.price_minor == fen
    assert said.grams is None
    assert said.keys[0] == f"21{item:05d}"


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_label_says_item_and_weight(item: int, grams: int) -> None:
    said = read(label(f"22{item:05d}{grams:05d}"))
    assert (said.grams, said.price_minor) == (grams, None)


def test_an_18_digit_label_says_weight_and_price() -> None:
    said = read(label("25" + "00123" + "01250" + "09999"))
    assert (said.grams, said.price_minor) == (1250, 9999)


def test_a_weight_of_two_decimals_is_in_10_grams() -> None:
    assert read(label("29" + "00123" + "00125")).grams == 1250


def test_an_item_is_looked_up_with_prefix_with_zeros_alone_and_without_its_own_zeros() -> None:
    keys = read(label("21" + "00123" + "00500")).keys
    assert keys == ("2100123", label("210012300000"), "00123", "123")


@pytest.mark.parametrize(("zeros", "length"), [("", 12), ("0", 13), ("00", 14)])
def test_a_upc_a_label_is_read_with_the_zeros_scanners_send(zeros: str, length: int) -> None:
    digits = zeros + label("2" + "12345" + "9" + "2875")  # 9 checks 2875 (GS1 GS 7.9.3)
    assert len(digits) == length
    assert read(digits).price_minor == 2875
    assert read(digits).keys[0] == "212345"


@pytest.mark.parametrize("digits", ["2112345005001", label("2" + "12345" + "8" + "2875")])
def test_a_wrong_check_digit_of_a_label_is_told(digits: str) -> None:
    said = RULES.label(digits)
    assert isinstance(said, Unreadable)
    assert said.code == "label_check_digit"


def test_the_template_with_more_fixed_digits_wins() -> None:
    rules = CodeRules(templates=("2xIIIIIPPPPPC", "21IIIIIWWWWWC"))
    assert read(label("211234500500"), rules).grams == 500
    assert read(label("231234500500"), rules).price_minor == 500


def test_a_price_without_option_has_the_currencys_decimals() -> None:
    assert read(label("211234500500"), CodeRules(("21IIIIIPPPPPC",), "JPY")).price_minor == 500
    whole = CodeRules(("21IIIIIPPPPPC price=0",), "CNY")
    assert read(label("211234500500"), whole).price_minor == 50_000


def test_a_store_without_templates_has_no_labels() -> None:
    assert CodeRules().label("2112345005008") is None


@pytest.mark.parametrize("digits", ["", "4011", "3112345005008", "21123450050"])
def test_what_fits_no_template_is_no_label(digits: str) -> None:
    assert RULES.label(digits) is None


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "name digits"),
        ("21ABC", "name digits"),
        ("21VVVVVC price=2", "name digits"),
        ("21CIIIIIPPPPP", "name digits"),
        ("2" * 41, "name digits"),
        ("21IIIIIVVVVVC", "V needs"),
        ("21IIIIIVVVVVC price=2 weight=3", "V needs"),
        ("21IIIIIVVVVVPC price=2", "V needs"),
        ("21IIIIIVVVVVC price=9", "an option is"),
        ("21IIIIIVVVVVC cost=2", "an option is"),
        ("21IIIIIVVVVVC price=2 price=2", "an option is"),
        ("21IIIIIPPPPPC weight=3", "names what it has not"),
        ("21IIPPPPPIIIC", "must stand together"),
        ("21IIIIIC", "neither price nor weight"),
        ("21IIIIIPPPPPC price=3", "finer than the currency"),
        ("21IIIIIWWWWWC weight=4", "finer than a gram"),
        ("21IIIIIKPPPC", "K stands once"),
        ("21IIIIIKKPPPPC", "K stands once"),
        ("21IIIIIPPPPKC", "K stands once"),
        ("21IIIIIKPPPPPPC", "K stands once"),
        ("21IIIIIPPPPPPPPPPC", "more than any shop"),
    ],
)
def test_a_template_that_is_none_is_refused_with_its_reason(template: str, why: str) -> None:
    with pytest.raises(BadTemplate, match=why) as refused:
        CodeRules(templates=(template,))
    assert refused.value.say.zh
    assert "21IIIIIVVVVVC" in refused.value.remedy.zh


@pytest.mark.parametrize(
    "templates",
    [
        ("21IIIIIPPPPPC", "21IIIIIWWWWWC"),
        ("21IIIIIPPPPPC", "21IIIIIPPPPPC"),
        ("2xIIIIIPPPPPC", "x1IIIIIWWWWWC"),
        ("02IIIIIPPPPPC", "2IIIIIWWWWWC"),
    ],
)
def test_two_templates_that_read_one_label_differently_are_refused(
    templates: tuple[str, ...],
) -> None:
    with pytest.raises(BadTemplate, match="reads the same labels"):
        CodeRules(templates=templates)
