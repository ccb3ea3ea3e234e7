"""Payment codes that a customer's phone shows, told by their length and first two digits.

WeChat Pay: 18 digits, 10 to 15 (the service's own error text names them). Alipay: 16 to 24 digits,
25 to 30 (open platform, alipay.trade.pay). UnionPay: 19 digits, 62.
"""

import re

from retail.barcode.meaning import PaymentCode, Wallet

_FORMS = {
    Wallet.WECHAT: re.compile(r"1[0-5]\d{16}", re.ASCII),
    Wallet.ALIPAY: re.compile(r"(?:2[5-9]|30)\d{14,22}", re.ASCII),
    Wallet.UNIONPAY: re.compile(r"62\d{17}", re.ASCII),
}


def payment_code_of(digits: str) -> PaymentCode | None:
    """The payment code that has this form; None when none has."""
    for kind, form in _FORMS.items():
        if form.fullmatch(digits):
            return PaymentCode(kind, digits)
    return None
