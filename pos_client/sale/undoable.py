"""The acts on the open sale that can be taken back, by the words a cashier reads."""

from enum import StrEnum

from retail.language import Text


class Undoable(StrEnum):
    """An act on the open sale that can be taken back, by the code programs read."""

    SCAN = "scan"
    QUANTITY = "quantity"
    LINE_PRICE = "line_price"
    DISCOUNT = "discount"
    TAKE_OUT = "take_out"
    REMOVE_LINE = "remove_line"
    CUSTOMER = "customer"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Undoable.SCAN: Text("scan", "扫码"),
    Undoable.QUANTITY: Text("quantity", "数量"),
    Undoable.LINE_PRICE: Text("line price", "改价"),
    Undoable.DISCOUNT: Text("discount", "优惠"),
    Undoable.TAKE_OUT: Text("take-out", "退件"),
    Undoable.REMOVE_LINE: Text("removal", "删行"),
    Undoable.CUSTOMER: Text("customer", "顾客"),
}
