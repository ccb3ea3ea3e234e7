"""One scan, one meaning: which question is asked first, and what a bad code is told."""

from datetime import date

import msgspec
import pytest

from retail.barcode import (
    CodeRules,
    Family,
    Goods,
    Meaning,
    MemberCode,
    PaymentCode,
    PickupCode,
    ReceiptCode,
    Unreadable,
    VoucherCode,
    Wallet,
    Where,
    issue,
    read,
)
from retail.barcode.gtin import check_digit

TODAY = date(2026, 11, 28)
RULES = CodeRules()
LABELS = CodeRules(templates=("21IIIIIVVVVVC price=2", "13IIIIIWWWWWPPPPPC"))
WECHAT, ALIPAY, UNIONPAY = "134567890123456789", "2812345678901234", "6212345678901234567"


def meant(scan: str, rules: CodeRules = RULES, where: Where = Where.GOODS) -> Meaning:
    return read(scan, rules, TODAY, where)


def goods(scan: str, rules: CodeRules = RULES) -> Goods:
    meaning = meant(scan, rules)
    assert isinstance(meaning, Goods)
    return meaning


def unreadable(scan: str, rules: CodeRules = RULES) -> Unreadable:
    meaning = meant(scan, rules)
    assert isinstance(meaning, Unreadable)
    assert all((*meaning.reason, *meaning.remedy))
    return meaning


# Goods by number


@pytest.mark.parametrize(
    ("scan", "keys"),
    [
        ("6901028075022", ("6901028075022", "06901028075022")),
        ("06901028075022", ("06901028075022", "6901028075022")),
        ("]E06901028075022", ("6901028075022", "06901028075022")),
        ("]I116901028075029", ("16901028075029",)),
        ("614141000036", ("614141000036", "0614141000036", "00614141000036")),
        ("96385074", ("96385074", "0000096385074", "00000096385074", "000096385074")),
        ("04252614", ("04252614", "0042100005264", "00042100005264", "042100005264")),
    ],
)
def test_a_gtin_is_looked_up_as_it_came_and_then_in_its_other_forms(
    scan: str, keys: tuple[str, ...]
) -> None:
    assert goods(scan).keys == keys


@pytest.mark.parametrize(
    "typed",
    [
        "978-7-111-12345-",
        "690 1028 075022",
        "690–1028–075022",
        "６９０１０２８０７５０２２",
        "\ufeff6901028075022\r\n",
    ],
)
def test_a_number_may_be_typed_with_spaces_dashes_or_wide_digits(typed: str) -> None:
    if typed.startswith("978"):
        typed += str(check_digit("978711112345"))
    keys = goods(typed).keys
    assert keys[0] == typed.strip()
    assert keys[1] in ("6901028075022", typed.replace("-", ""))


@pytest.mark.parametrize("plu", ["4011", "94011", "3000"])
def test_a_plu_number_is_looked_up_exactly(plu: str) -> None:
    assert goods(plu) == Goods((plu,))


@pytest.mark.parametrize("own", ["A-17", "苹果", "123456789", "]", "]?1", "M12345"])
def test_what_no_rule_knows_is_the_shops_own_number(own: str) -> None:
    assert goods(own) == Goods((own,))


def test_an_add_on_is_told_apart_from_its_magazine() -> None:
    assert goods("]E3690102807502205").keys[:2] == ("690102807502205", "6901028075022")


@pytest.mark.parametrize("scan", ["]J16901028075022", "]XX6901028075022", "]A06901028075022"])
def test_an_aim_identifier_that_says_nothing_here_does_no_harm(scan: str) -> None:
    meaning = meant(scan)
    assert isinstance(meaning, Goods | Unreadable)
    assert meaning.keys[0] == "6901028075022"


def test_a_code_128_of_the_shop_is_not_told_that_its_check_digit_is_wrong() -> None:
    assert goods("]C012345678").keys == ("12345678",)


# 8 digits


def test_8_digits_that_are_two_things_offer_both() -> None:
    said = goods("01234565")
    assert said.keys[:2] == ("01234565", "0000001234565")
    assert said.upce_keys[0] == "0012345000065"


@pytest.mark.parametrize(("scan", "upce"), [("]E401234565", False), ("]E001234565", True)])
def test_a_scanner_that_knows_decides_about_8_digits(scan: str, upce: bool) -> None:
    said = goods(scan)
    assert said.upce_keys == ()
    assert ("0012345000065" in said.keys) is upce
    assert ("0000001234565" in said.keys) is not upce


# Labels, members, own codes


def label(payload: str) -> str:
    return f"{payload}{check_digit(payload)}"


def test_a_label_is_read_beside_the_exact_number() -> None:
    said = goods(label("211234500500"), LABELS)
    assert said.keys[0] == label("211234500500")
    assert said.embedded
    assert said.embedded.price_minor == 500


def test_a_label_with_a_wrong_check_digit_may_still_be_listed_exactly() -> None:
    said = unreadable("2112345005001", LABELS)
    assert (said.code, said.keys) == ("label_check_digit", ("2112345005001",))


def test_an_18_digit_label_of_the_store_wins_over_a_payment_code_and_gs1_fields() -> None:
    scan = label("13" + "00123" + "01250" + "09999")
    said = goods(scan, LABELS)
    assert said.embedded
    assert (said.embedded.grams, said.embedded.price_minor) == (1250, 9999)
    assert unreadable(scan).code == "payment_code"
    as_gs1 = CodeRules(templates=("01IIIIIWWWWWPPPPPC",))
    assert goods(label("01" + "00123" + "01250" + "09999"), as_gs1).embedded


def test_a_plain_member_card_is_one_only_where_the_store_has_them() -> None:
    cards = CodeRules(member_prefix="M")
    assert meant("M12345", cards) == MemberCode("M12345")
    assert meant("]C0M12345", cards) == MemberCode("M12345")
    assert goods("M123", cards)
    assert goods("MILK-12345", cards)
    assert goods("]E06901028075022", cards)


def test_own_codes_are_known_everywhere() -> None:
    for where in Where:
        assert meant(f"]Q1{issue(Family.PICKUP, 'A1')}", where=where) == PickupCode("A1")
        assert meant(issue(Family.VOUCHER, "V1"), where=where) == VoucherCode("V1")
        assert isinstance(meant("S01-1-716RNN-000001", where=where), ReceiptCode)
    assert unreadable("PK1.A1").code == "own_code"


# Payment codes


@pytest.mark.parametrize(
    ("scan", "kind"),
    [
        (WECHAT, Wallet.WECHAT),
        ("]Q1" + ALIPAY, Wallet.ALIPAY),
        ("30" + "1" * 22, Wallet.ALIPAY),
        ("1345 6789 0123 456789", Wallet.WECHAT),
        (UNIONPAY, Wallet.UNIONPAY),
    ],
)
def test_a_payment_code_is_one_where_payment_is_asked_for(scan: str, kind: Wallet) -> None:
    paid = meant(scan, where=Where.PAYMENT)
    assert isinstance(paid, PaymentCode)
    assert paid.kind is kind
    assert paid.code.isdigit()


def test_payment_codes_are_told_by_length_and_first_two_digits_alone() -> None:
    forms = {Wallet.WECHAT: [18], Wallet.ALIPAY: range(16, 25), Wallet.UNIONPAY: [19]}
    begin = {Wallet.WECHAT: range(10, 16), Wallet.ALIPAY: range(25, 31), Wallet.UNIONPAY: [62]}
    every = {
        (first, length): kind for kind in Wallet for first in begin[kind] for length in forms[kind]
    }
    for first in range(10, 100):
        for length in range(15, 26):
            paid = meant(f"{first}{'7' * (length - 2)}", where=Where.PAYMENT)
            kind = paid.kind if isinstance(paid, PaymentCode) else None
            assert kind == every.get((first, length))


@pytest.mark.parametrize("code", [WECHAT, ALIPAY, UNIONPAY])
def test_a_payment_code_among_the_goods_is_refused_and_never_shown_in_full(code: str) -> None:
    said = unreadable(code)
    assert said.code == "payment_code"
    assert said.keys == (code,)
    paid = meant(code, where=Where.PAYMENT)
    assert isinstance(paid, PaymentCode)
    shown = f"{said!r} {said.reason} {said.remedy} {paid!r} {paid.masked}"
    assert code not in shown
    assert code[4:-4] not in shown
    assert f"{code[:4]}…{code[-4:]}" in said.reason.zh


def test_goods_are_still_goods_where_payment_is_asked_for() -> None:
    assert isinstance(meant("6901028075022", where=Where.PAYMENT), Goods)


# Bad input


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("]", None),
        ("]E0", "empty"),
        ("x" * 10_000, "too_long"),
        ("690\x07102807", "not_text"),
        ("690\ud800", "not_text"),
        ("6901028075023", "check_digit"),
        ("690102807502", "check_digit"),
        ("16901028075022", "check_digit"),
        ("24252615", "check_digit"),
        ("]I116901028075020", "check_digit"),
        ("]E06901028", "half"),
        ("]E4690102", "half"),
        ("]E0ABC", "half"),
    ],
)
def test_a_bad_code_says_what_is_wrong(scan: str, code: str | None) -> None:
    meaning = meant(scan)
    assert (meaning.code if isinstance(meaning, Unreadable) else None) == code


def test_a_shops_own_number_that_looks_mistyped_may_be_listed_exactly() -> None:
    assert unreadable("690-1028-075023").keys == ("690-1028-075023", "6901028075023")


def test_rules_travel_as_json_and_bad_ones_do_not_arrive() -> None:
    assert msgspec.json.decode(msgspec.json.encode(LABELS), type=CodeRules) == LABELS
    with pytest.raises(msgspec.ValidationError, match="no template"):
        msgspec.json.decode(b'{"templates": ["21"]}', type=CodeRules)
    with pytest.raises(ValueError, match="ISO 4217"):
        CodeRules(currency="RMB")
