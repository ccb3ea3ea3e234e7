"""A till's screen as one writes it first: a stock table, a stock input, a total.

    python -m benchmarks.reference.datatable_till PRODUCTS.json LINES

Sells what is in the file, an object from code to [name, price in minor units], from memory and
keeps nothing; the first LINES of it lie in the basket already.
"""

import json
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Input, Static

READY = "Scan or type a code"


class DataTableTill(App[None]):
    """The basket above, the total below it, the input at the bottom."""

    CSS = "DataTable { height: 1fr; }"

    def __init__(self, products: dict[str, tuple[str, int]], lines: int) -> None:
        super().__init__()
        self._products = products
        self._lines = lines
        self._total = 0

    def compose(self) -> ComposeResult:
        yield DataTable[str](cursor_type="row")
        yield Static(id="total")
        yield Input(placeholder=READY)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("#", "Item", "Price", "Qty", "Amount")
        for code in list(self._products)[: self._lines]:
            self._sell(code)
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.clear()
        self._sell(event.value)

    def _sell(self, code: str) -> None:
        name, price = self._products[code]
        amount = f"{price / 100:,.2f}"
        table = self.query_one(DataTable)
        table.add_row(str(table.row_count + 1), name, amount, "1", amount)
        table.move_cursor(row=table.row_count - 1)
        self._total += price
        self.query_one("#total", Static).update(f"Total {self._total / 100:,.2f}")


if __name__ == "__main__":
    DataTableTill(json.loads(Path(sys.argv[1]).read_bytes()), int(sys.argv[2])).run()
