"""GS1 codes: fields behind each other, printed in brackets, or in a web address."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.barcode import CodeRules, Goods, Gs1Key, LabelPrice, Meaning, Pallet, Unreadable, read
from retail.barcode.elements import printed_date

TODAY = date(2026, 11, 28)
GTIN = "06901028075022"
GS = "\x1d"


def meant(scan: str, *separators: str) -> Meaning:
    return read(scan, CodeRules(separators=separators), TODAY)


def goods(scan: str, *separators: str) -> Goods:
    meaning = meant(scan, *separators)
    assert isinstance(meaning, Goods)
    return meaning


def why(scan: str) -> str:
    meaning = meant(scan)
    assert isinstance(meaning, Unreadable)
    assert meaning.keys
    return meaning.code


@pytest.mark.parametrize("aim", ["]C1", "]e0", "]d2", "]Q3", "]J1", ""])
def test_a_product_batch_and_dates_are_read_from_every_gs1_carrier(aim: str) -> None:
    said = goods(f"{aim}01{GTIN}11260100152612151627010117270131" + f"10A/7{GS}21S-9")
    assert said.keys[1:] == ("6901028075022", GTIN)
    assert (said.batch, said.serial) == ("A/7", "S-9")
    assert said.best_before == date(2026, 12, 15)
    assert (said.sell_by, said.expires) == (date(2027, 1, 1), date(2027, 1, 31))
    assert said.elements["11"] == "260100"


@pytest.mark.parametrize(
    ("field", "grams"),
    [
        ("3100000002", 2000),
        ("3103001250", 1250),
        ("3105012345", 123),
        ("3105012350", 124),
        ("3202000100", 454),
        ("3201000010", 454),
        ("3560000001", 31),
    ],
)
def test_a_net_weight_is_in_grams_half_away_from_zero(field: str, grams: int) -> None:
    assert goods(f"]C101{GTIN}{field}").net_grams == grams


def test_a_weight_given_in_both_units_is_taken_in_kilograms() -> None:
    assert goods(f"]C101{GTIN}32010000113103000500").net_grams == 500


def test_a_variable_count_is_read() -> None:
    assert goods(f"]C101{GTIN}3012").count == 12


@pytest.mark.parametrize(
    ("field", "price", "in_fen"),
    [
        ("3922001999", LabelPrice(1999, 2), 1999),
        ("392015", LabelPrice(15, 0), 1500),
        ("3932156001999", LabelPrice(1999, 2, "156"), 1999),
        ("39231999", LabelPrice(1999, 3), None),
        ("39231990", LabelPrice(1990, 3), 199),
    ],
)
def test_a_price_is_read_as_it_is_printed(
    field: str, price: LabelPrice, in_fen: int | None
) -> None:
    said = goods(f"]C101{GTIN}{field}").price
    assert said == price
    assert price.minor(2) == in_fen


def test_every_field_is_kept_by_its_identifier() -> None:
    assert goods(f"]d201{GTIN}240SPARE{GS}91X").elements == {"01": GTIN, "240": "SPARE", "91": "X"}


@pytest.mark.parametrize("separator", ["~", "|", "{GS}"])
def test_another_separator_is_one_where_the_store_says_so(separator: str) -> None:
    scan = f"]C101{GTIN}10A{separator}3103000500"
    assert goods(scan, separator).net_grams == 500
    assert why(scan) == "wrong_field"
    own_number = goods(f"A{separator}B", separator)
    assert own_number.elements == {}


def test_brackets_as_printed_are_read_with_spaces_between() -> None:
    said = goods(f"(01) {GTIN} (3103) 000500 (10) A\\(1)")
    assert (said.net_grams, said.batch) == (500, "A(1)")


@pytest.mark.parametrize(
    "link",
    [
        "https://id.gs1.org/01/06901028075022/10/A%2F7?3103=000500&brand=x",
        "HTTP://EXAMPLE.COM:8080/CN/01/6901028075022/10/A%2F7?3103=000500",
        "]Q1https://shop.example/01/06901028075022/10/A%2F7?a&3103=000500;b=1#top",
        "]d1https://[2001:db8::1]/01/faux/01/06901028075022/10/A%2F7/?3103=000500",
    ],
)
def test_a_digital_link_says_the_same_on_any_domain_and_stem(link: str) -> None:
    said = goods(link)
    assert said.keys[1:] == ("6901028075022", GTIN)
    assert (said.batch, said.net_grams) == ("A/7", 500)


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        (f"]C101{GTIN[:-1]}3", "wrong_field"),
        (f"]C101{GTIN[:9]}", "wrong_field"),
        (f"]C101{GTIN}17261301", "wrong_field"),
        (f"]C101{GTIN}17260231", "wrong_field"),
        (f"]C101{GTIN}10" + "A" * 21, "wrong_field"),
        (f"]C101{GTIN}10", "wrong_field"),
        (f"]C101{GTIN}89123", "unknown_field"),
        (f"(01){GTIN}(89)5", "unknown_field"),
        (f"(01){GTIN}(1)5", "wrong_field"),
        (f"]C101{GTIN}01{GTIN}0100000096385074", "contradiction"),
        (f"]C101{GTIN}02{GTIN}3712", "contradiction"),
        (f"]C101{GTIN}31030005003102000500", "contradiction"),
        (f"]C101{GTIN}3922100{GS}3932156100", "contradiction"),
        ("]C110BATCH", "names_nothing"),
        (f"]C102{GTIN}", "names_nothing"),
        ("]C1", "empty"),
        (f"]C1{GS}", "empty"),
        ("https://example.com/menu", "web_address"),
        ("https://example.com/01/", "web_address"),
        ("https://example.com/01/06901028075023", "wrong_field"),
        ("https://example.com/01/06901028075022/21/S/10/B", "half"),
        ("https://example.com/01/06901028075022/99/S", "half"),
        ("https://example.com/01/06901028075022?10=A&10=A", "contradiction"),
        ("https://example.com/01/06901028075022?999=1", "unknown_field"),
        ("https://example.com/01/06901028075022?10=A%00B", "wrong_field"),
        ("https://exa mple.com/01/06901028075022", "web_address"),
        (f"01{GTIN[:-1]}9", "wrong_field"),
    ],
)
def test_a_gs1_code_that_cannot_be_trusted_says_why(scan: str, code: str) -> None:
    meaning = meant(scan)
    assert isinstance(meaning, Unreadable)
    assert meaning.code == code


def test_a_pallet_is_for_the_delivery_with_what_is_on_it() -> None:
    pallet = meant("00006141411234567890")
    assert pallet == Pallet("006141411234567890")
    whole = meant(f"]C10000614141123456789002{GTIN}3724")
    assert isinstance(whole, Pallet)
    assert whole.content
    assert (whole.content.keys[1], whole.content.count) == ("6901028075022", 24)
    part = meant(f"]C102{GTIN}3724")
    assert isinstance(part, Pallet)
    assert part.sscc == ""


@pytest.mark.parametrize(
    ("scan", "ai"), [("]C14149520123456788", "414"), ("https://a/8004/9520614141234567", "8004")]
)
def test_another_gs1_key_is_no_product(scan: str, ai: str) -> None:
    meaning = meant(scan)
    assert isinstance(meaning, Gs1Key)
    assert meaning.ai == ai


@pytest.mark.parametrize(
    "digits", ["96385074", "9521234543213", "10614141543219", "00614141543212"]
)
def test_plain_digits_that_check_are_a_gtin_and_no_message(digits: str) -> None:
    assert goods(digits).elements == {}


@given(st.dates(date(1951, 1, 1), date(2160, 1, 1)), st.integers(-49 * 365, 49 * 365))
def test_a_printed_year_is_the_one_nearest_to_today(today: date, days: int) -> None:
    day = today + timedelta(days)
    assert printed_date(f"{day:%y%m%d}", today) == day


@pytest.mark.parametrize(
    ("today", "printed", "day"),
    [
        (date(2026, 1, 1), "760526", date(2076, 5, 26)),
        (date(2026, 1, 1), "770526", date(1977, 5, 26)),
        (date(2060, 1, 1), "100101", date(2110, 1, 1)),
        (date(2060, 1, 1), "110101", date(2011, 1, 1)),
        (date(2026, 1, 1), "280200", date(2028, 2, 29)),
        (date(2026, 1, 1), "270200", date(2027, 2, 28)),
        (date(2026, 1, 1), "000000", None),
        (date(2026, 1, 1), "270229", None),
        (date(2026, 1, 1), "261301", None),
    ],
)
def test_centuries_and_last_days_are_those_of_the_standard(
    today: date, printed: str, day: date | None
) -> None:
    assert printed_date(printed, today) == day


def test_a_composite_says_fields_of_the_product_beside_it() -> None:
    said = goods("]E06901028075022|]e01726123110B7")
    assert said.keys == ("6901028075022", GTIN)
    assert (said.expires, said.batch) == (date(2026, 12, 31), "B7")
    assert goods(f"]C101{GTIN}|]e010B7").batch == "B7"
    assert why("]E06901028075022|]e00100000096385074") == "contradiction"
    assert why("]E0ABC|]e010B7") == "half"
    assert why("]E06901028075023|]e010B7") == "check_digit"
