"""A till of the first schema is updated while the line is dead: it goes on selling by what it was
published to."""

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from pos_client.catalogue import inheritance
from pos_client.database import DATABASE_FILE
from retail.catalogue import Cashier, StoreSettings
from tests.builders import STORE, enrol_till, open_till, the_shelf
from tests.till.counter import COLA, begin, did, sell


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a till as the first schema left it: enrolled, with a shelf."""
    settings = enrol_till(tmp_path)
    file = settings.data / DATABASE_FILE
    with closing(sqlite3.connect(file)) as now:
        who, streams = (
            now.execute(f"SELECT * FROM {table}").fetchall() for table in ("identity", "stream")
        )
        facts = now.execute("SELECT * FROM journal").fetchall()
    for left in settings.data.glob(f"{DATABASE_FILE}*"):
        left.unlink()
    script = files("pos_client.migrations").joinpath("0001_spine.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(file)) as then:
        then.executescript(script)
        then.execute("PRAGMA user_version = 1")
        then.executemany("INSERT INTO identity VALUES (?, ?, ?, ?, ?, ?)", who)
        of_then = [row[:8] for row in streams]  # before anything was pruned
        then.executemany("INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?)", of_then)
        then.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", facts)
        for product in the_shelf():
            body = msgspec.json.encode(product)
            then.execute("INSERT INTO product VALUES (?, ?)", (product.product_id, body))
            codes = [(code, product.product_id) for code in product.codes]
            then.executemany("INSERT INTO barcode VALUES (?, ?)", codes)
        said = {
            ("settings", STORE): StoreSettings(store_name="上海静安店"),
            ("cashier", "1001"): Cashier("1001", "王芳"),
        }
        for (kind, key), value in said.items():
            row = kind, key, msgspec.json.encode(value)
            then.execute("INSERT INTO published VALUES (?, ?, ?)", row)
        then.execute("UPDATE feed SET cursor = 'old', staged_cursor = 'old'")
        then.commit()
    return tmp_path


def test_an_updated_till_sells_by_what_it_knew_and_pulls_on_from_there(old: Path) -> None:
    with closing(open_till(old)) as till:
        begin(till)
        assert sell(till)["total"] == 350
        assert till.catalogue.settings.store_name == "上海静安店"
        assert till.catalogue.next_cursor == "old"
        assert did(till, "price_check", code=COLA)["product"]["product_id"] == "cola"
    with closing(open_till(old)) as till:
        assert till.catalogue.known_products == 4


def test_an_update_that_is_killed_in_the_middle_is_done_again(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inheritance, "_GONE", ("former_product", "no_such_table"))
    with pytest.raises(Exception, match="no such table"):
        open_till(old)
    monkeypatch.undo()
    with closing(open_till(old)) as till:
        assert till.catalogue.known_products == 4
        assert did(till, "status")["products"] == 4
