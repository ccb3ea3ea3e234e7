"""Standing at a till: acts as lines, what is on its disk, and what must hold after any act."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from journal.envelope import Envelope, decode
from pos_client import headless, inspection
from pos_client.database import DATABASE_FILE
from pos_client.sale import records
from pos_client.till import Till
from retail import facts
from retail.basket import Basket
from retail.facts import Fact, SaleCompleted, ShiftClosed, ShiftOpened
from retail.refusals import Refusal
from retail.shift import Figures

COLA = "6901028075022"
WATER = "6921168509256"
PEN = "4006381333931"
APPLES = "2100001"

Reply = dict[str, Any]


def say(till: Till, act: dict[str, Any]) -> Reply:
    """Say one act as a line, as a front end would; the answer as it would be read."""
    line = json.dumps({"id": 7, **act}).encode() + b"\n"
    return as_read(headless.answer(till, line))


def do(till: Till, what: str, **fields: object) -> Reply:
    """The same, by name."""
    return say(till, {"do": what, **fields})


def as_read(answer: Reply) -> Reply:
    said: Reply = json.loads(msgspec.json.encode(answer))
    return said


def did(till: Till, what: str, **fields: object) -> Reply:
    """The same, and it must be a yes."""
    answer = do(till, what, **fields)
    assert answer["ok"] is True, answer
    return answer


def refused(till: Till, what: str, **fields: object) -> str:
    """The same, and it must be a no that changed nothing; the code of the refusal."""
    before = disk(till), till.sale.basket, till.shift.current, till.recorder.head
    answer = do(till, what, **fields)
    assert answer["ok"] is False, answer
    assert (disk(till), till.sale.basket, till.shift.current, till.recorder.head) == before
    code: str = answer["refusal"]["code"]
    return code


def begin(till: Till, float_minor: int = 50_000) -> None:
    did(till, "open_shift", cashier="1001", float=float_minor)


def sell(till: Till, *codes: str, tender: str = "cash") -> Reply:
    """Sell a piece of each; the sale as answered."""
    for code in codes or (COLA,):
        did(till, "scan", code=code)
    sale: Reply = did(till, "pay", tender=tender)["sale"]
    return sale


# What is on the disk


def database_file(till: Till) -> Path:
    return till.settings.data / DATABASE_FILE


@contextmanager
def other_program(till: Till) -> Iterator[sqlite3.Connection]:
    """The till's file opened by somebody else."""
    with closing(sqlite3.connect(database_file(till), isolation_level=None, timeout=60)) as other:
        yield other


@contextmanager
def other_reader_of_the_book(till: Till) -> Iterator[sqlite3.Connection]:
    """The price book in force, opened by somebody else."""
    file = till.catalogue.books.book.file
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
        yield other


def disk(till: Till) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the file, table by table, as another program sees it."""
    with other_program(till) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        return {
            name: sorted(other.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in tables.fetchall()
        }


def recorded(till: Till) -> list[tuple[Envelope, Fact]]:
    """Every fact of the till in the order it was recorded, but for what opens a stream."""
    with other_program(till) as other:
        rows = other.execute("SELECT data FROM journal ORDER BY stream_no, seq").fetchall()
    envelopes = [decode(data) for (data,) in rows]
    return [
        (envelope, facts.decode(envelope.type, envelope.tv, envelope.body))
        for envelope in envelopes
        if envelope.type != "stream.began"
    ]


def types(till: Till) -> list[str]:
    return [envelope.type for envelope, _ in recorded(till)]


def kept_basket(till: Till) -> Basket:
    """The open sale as the next start would find it."""
    with other_program(till) as other:
        return records.load_basket(other) or Basket(till.sale.basket.currency)


# What must hold


def assert_in_order(till: Till) -> None:
    """Memory and disk agree, the books agree with the journal, and each of them balances."""
    findings = inspection.verify(till.database, till.who)
    assert findings.wrong == []
    assert kept_basket(till) == till.sale.basket
    with other_program(till) as other:
        for ledger, item in (("money_ledger", "currency"), ("stock_ledger", "product")):
            sums = other.execute(f"SELECT {item}, sum(amount) FROM {ledger} GROUP BY 1")
            assert [row for row in sums if row[1]] == []
        (waiting,) = other.execute("SELECT count(*) FROM journal").fetchone()
    assert till.sync.state().waiting == waiting
    _assert_receipts_dense(till)


def _assert_receipts_dense(till: Till) -> None:
    """1, 2, 3, … in each incarnation."""
    given: dict[str, int] = {}
    for envelope, fact in recorded(till):
        if isinstance(fact, SaleCompleted):
            given[envelope.inc] = given.get(envelope.inc, 0) + 1
            number = f"{envelope.till}-{envelope.inc[:6]}-{given[envelope.inc]:06d}"
            assert fact.receipt == number


def counted_by_hand(till: Till) -> Figures:
    """The X report of the open shift, added up from its sales without any ledger."""
    shift = till.shift.required()
    tenders: dict[str, int] = {}
    taxes: dict[str, int] = {}
    sales = net = rounding = 0
    for envelope, fact in recorded(till):
        if envelope.shift != shift.context.shift or not isinstance(fact, SaleCompleted):
            continue
        sales += 1
        for line in fact.lines:
            on_top = 0 if line.tax.included else line.tax_minor
            net += line.total_minor + on_top - line.tax_minor
            if line.tax_minor:
                taxes[line.tax.code] = taxes.get(line.tax.code, 0) + line.tax_minor
        for tender in fact.tenders:
            kept = tender.given_minor - tender.change_minor
            name = "cash" if tender.is_cash else tender.name
            tenders[name] = tenders.get(name, 0) + kept
            rounding += tender.rounding_minor
    takings, cash = sum(tenders.values()), tenders.pop("cash", 0)
    return Figures(
        sales=sales,
        takings_minor=takings,
        net_minor=net,
        taxes=dict(sorted(taxes.items())),
        rounding_minor=rounding,
        tenders={"cash": cash, **dict(sorted(tenders.items()))},
        expected_cash_minor=shift.float_minor + cash,
        float_minor=shift.float_minor,
        currency=shift.currency,
    )


def shifts(till: Till) -> list[ShiftOpened | ShiftClosed]:
    return [fact for _, fact in recorded(till) if isinstance(fact, (ShiftOpened, ShiftClosed))]


# What goes wrong


def says_why(refusal: Refusal) -> bool:
    """A sentence and a remedy in both languages."""
    texts = (*refusal.say, *refusal.remedy)
    return all(texts) and not any("{" in text for text in texts)


def overwrite(file: Path, at: int, data: bytes) -> None:
    with file.open("r+b") as out:
        out.seek(at)
        out.write(data)
