"""What is laid side by side when a day closes: X reports, and both sides' books.

Owns the columns and the last line. Refuses to read or to compare: that is `rehearsal.books`.
"""

from rehearsal.books import Books, Difference, differences, outcome
from rehearsal.demo import demo_rows
from rehearsal.processes import Reply
from rehearsal.store_day.cashiers import money
from rehearsal.store_day.telling import BAD, GOOD, Telling
from retail.quantity import Unit, plain

SHELF = ("cola", "apples", "bread")
"""Products whose stock is shown."""


def x_rows(figures: list[Reply]) -> list[list[str]]:
    """X reports side by side: what was sold, what was paid, what lies in the drawer."""
    taxes = dict.fromkeys(name for each in figures for name in each["taxes"])
    tenders = dict.fromkeys(name for each in figures for name in each["tenders"])
    return [
        ["sales", *(str(each["sales"]) for each in figures)],
        ["goods before tax", *(money(each["net"]) for each in figures)],
        *([tax, *(money(each["taxes"].get(tax, 0)) for each in figures)] for tax in taxes),
        ["rounding", *(money(each["rounding"]) for each in figures)],
        ["customers paid", *(money(each["takings"]) for each in figures)],
        *([name, *(money(each["tenders"].get(name, 0)) for each in figures)] for name in tenders),
        ["float", *(money(each["float"]) for each in figures)],
        ["expected in drawer", *(money(each["expected_cash"]) for each in figures)],
    ]


def close_books(tills: Books, hub: Books, telling: Telling) -> bool:
    """Show both sides' books; the last line says whether they agree, and it comes back too."""
    found = differences(tills, hub)
    differing = {_whose(difference) for difference in found}
    headings = ["", "", " sales", " takings", " cash", " other", " in drawer", " facts", ""]
    rows = []
    for till in sorted({key[0] for key in (*tills.streams, *hub.streams)}):
        rows += _both(till, differing, *(_till_cells(books, till) for books in (tills, hub)))
    telling.table(headings, rows)
    rows = []
    for store in sorted({key[0] for key in (*tills.on_hand, *hub.on_hand)}):
        rows += _both(store, differing, *(_shelf_cells(books, store) for books in (tills, hub)))
    telling.table(["", "", " products", *(f" {name} left" for name in SHELF), ""], rows)
    *details, last = outcome([difference.say("tills", "hub") for difference in found])
    telling.line("")
    for detail in details:
        telling.line(f"    {detail}", BAD)
    telling.line(last, BAD if found else GOOD)
    return not found


def _whose(difference: Difference) -> str:
    """The till or the store whose row of the table the difference belongs to."""
    match difference.book, difference.key:
        case "accounts", ("money", _, till, *_):
            return till
        case "accounts", ("stock", store, *_):
            return store
        case _, (whose, *_):
            return whose
    return ""


def _both(whose: str, differing: set[str], ours: list[str], theirs: list[str]) -> list[list[str]]:
    """The two sides of one till or store, one above the other."""
    mark = "≠" if whose in differing else "="
    return [[whose, "till" if "-" in whose else "tills", *ours, ""], ["", "hub", *theirs, mark]]


def _till_cells(books: Books, till: str) -> list[str]:
    """One till's books over all its days."""
    cash = sum(paid for key, paid in books.tenders.items() if key[0] == till and key[2] == "cash")
    paid = sum(paid for key, paid in books.tenders.items() if key[0] == till)
    return [
        str(sum(count for key, count in books.sales.items() if key[0] == till)),
        money(sum(taken for key, taken in books.takings.items() if key[0] == till)),
        money(cash),
        money(paid - cash),
        money(books.drawer.get(till, 0)),
        str(sum(stream.facts for key, stream in books.streams.items() if key[0] == till)),
    ]


def _shelf_cells(books: Books, store: str) -> list[str]:
    """How many products a store keeps books of, and what is left of some."""
    units = {row["product_id"]: Unit(row["unit"]) for row in demo_rows("products")}
    left = [plain(books.on_hand.get((store, name), 0), units[name]) for name in SHELF]
    return [str(sum(key[0] == store for key in books.on_hand)), *left]
