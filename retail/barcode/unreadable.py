"""Codes that cannot be read: why, and what the cashier can do.

No sentence shows the code itself: it may be a secret of the customer.
"""

from typing import Final

import msgspec

from retail.language import Text

_AGAIN = Text("Scan it again, or type the digits below the bars.", "请重扫，或输入条码下方的数字。")
_OTHER_CODE = Text(
    "Scan the product's other barcode, or type the digits below the bars.",
    "请扫描商品上的另一条码，或输入条码下方的数字。",
)


class Unreadable(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """A code without meaning. `code` is for programs, `reason` and `remedy` for the cashier.

    `keys` are what a catalogue may list all the same, such as a shop's own number that looks like
    a mistyped GTIN: a product found under exactly one of them is sold, else the reason is shown.
    """

    code: str
    reason: Text
    remedy: Text
    keys: tuple[str, ...] = ()

    def unless(self, *keys: str) -> "Unreadable":
        """The same, unless the catalogue lists one of `keys`."""
        return msgspec.structs.replace(self, keys=tuple(dict.fromkeys(keys)))

    def __repr__(self) -> str:
        return f"Unreadable({self.code!r})"


EMPTY: Final = Unreadable("empty", Text("Nothing was read.", "未读到条码。"), _AGAIN)
TOO_LONG: Final = Unreadable(
    "too_long",
    Text("This is longer than any code.", "内容过长，不是条码。"),
    Text("Scan one code at a time.", "请一次只扫一个条码。"),
)
NOT_TEXT: Final = Unreadable(
    "not_text",
    Text("The code came with characters that no code has.", "条码中含有无效字符。"),
    Text(
        "Scan again with the English keyboard; if it stays so, set the scanner up again.",
        "请切换到英文输入法后重扫；仍不行请重新设置扫码枪。",
    ),
)
HALF: Final = Unreadable(
    "half", Text("Only a part of the code was read.", "只读到条码的一部分。"), _AGAIN
)
CHECK_DIGIT: Final = Unreadable(
    "check_digit",
    Text(
        "The check digit is wrong: one digit was misread or mistyped.",
        "校验码不符：有一位数字读错或输错。",
    ),
    _AGAIN,
)
LABEL_CHECK_DIGIT: Final = Unreadable(
    "label_check_digit",
    Text(
        "The check digit of this store label is wrong: a digit was misread or mistyped.",
        "店内码校验不符：有一位数字读错或输错。",
    ),
    Text(
        "Scan it again or type all its digits; else print a new label at the scale.",
        "请重扫或输入全部数字；仍不行请在秤上重新打印标签。",
    ),
)
WEB_ADDRESS: Final = Unreadable(
    "web_address",
    Text("This is a web address that names no product.", "这是网址，不含商品信息。"),
    Text("Scan the product's barcode.", "请扫描商品条码。"),
)
NAMES_NOTHING: Final = Unreadable(
    "names_nothing",
    Text("This code tells of a product, but not which one.", "此码未注明是哪种商品。"),
    Text("Scan the code beside it too.", "请扫描旁边的另一条码。"),
)
OWN_CODE: Final = Unreadable(
    "own_code",
    Text("This code is torn or mistyped.", "此码残缺或输入有误。"),
    Text(
        "Scan it again in full; else look it up by its number.",
        "请完整重扫；仍不行请按号码查询。",
    ),
)


def payment_among_goods(masked: str, code: str) -> Unreadable:
    """A payment code shown where goods are asked for; only `masked` is ever shown."""
    reason = Text("This is a payment code ({masked}).", "这是付款码（{masked}）。")
    remedy = Text(
        "Finish the goods, choose how to pay, then scan it.", "请先录完商品，选择支付方式后再扫。"
    )
    return Unreadable("payment_code", reason.filled(masked=masked), remedy, (code,))


def unknown_field(start: str) -> Unreadable:
    """A GS1 message that goes on with no application identifier."""
    reason = Text(
        "The code has a field that GS1 does not know, from {start}.",
        "码中有 GS1 未定义的字段，始于 {start}。",
    )
    return Unreadable("unknown_field", reason.filled(start=start), _OTHER_CODE)


def wrong_field(ai: str) -> Unreadable:
    """A field of a GS1 message that has not the form or check digit its identifier asks for."""
    reason = Text("Field ({ai}) of the code is not as it must be.", "码中 ({ai}) 字段不合规。")
    return Unreadable("wrong_field", reason.filled(ai=ai), _OTHER_CODE)


def contradiction(ai: str, other: str) -> Unreadable:
    """Two fields of a GS1 message that cannot both be true."""
    reason = Text(
        "Fields ({ai}) and ({other}) of the code contradict each other.",
        "码中 ({ai}) 与 ({other}) 字段互相矛盾。",
    )
    return Unreadable("contradiction", reason.filled(ai=ai, other=other), _OTHER_CODE)
