"""One sale, end to end, in one process."""

from pos_client.till import Till
from retail.money import Money


def test_a_sale_is_sold_paid_and_counted(till: Till) -> None:
    till.shift.open("1001", 50_000)
    till.sale.scan("6901028075022")
    till.sale.weigh("2100001", 655)
    paid = till.sale.pay("cash", Money(2000, "CNY"))
    assert paid.change == Money(812, "CNY")
    assert till.shift.figures().expected_cash_minor == 50_000 + 350 + 838
