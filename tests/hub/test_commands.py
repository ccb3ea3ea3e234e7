"""The command `sync-server`: what it does, its exit codes, and a sentence where it cannot."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from pricebook.rows import CATALOGUE
from rehearsal.postgresql import PostgreSQL
from rehearsal.processes import wait_until
from retail.catalogue import Product
from sync_server.__main__ import app
from sync_server.catalogue.records import barcode
from sync_server.catalogue.stores import settings_of
from sync_server.feed.records import published
from sync_server.stores import store
from tests.hand_till import HandTill
from tests.served_hub import ServedHub, put_new

#: generous: a test waits for the event, not for the time
WAIT_S = 60.0
STORES = "store_id,name\nS01,静安店\nS02,徐汇店\n"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return in_english(self.out)


def in_english(out: str) -> str:
    """The one sentence that was said, which stands there in both languages."""
    english, chinese = out.splitlines()
    assert english.isascii()
    assert not chinese.isascii()
    return english


class Head:
    """Head office at its terminal, with one database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url

    def runs(self, *words: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run a command on the database; a traceback fails the test."""
        database = () if "--database" in words else ("--database", self.database_url)
        book = {"OMNITILL_HUB_PRICE_BOOK": str(self.folder / "price-book")}
        result = CliRunner().invoke(app, [*words, *database], env=book | dict(env or {}))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return Ended(result.exit_code, result.stdout, result.stderr)

    def imports(self, kind: str, text: str) -> Ended:
        file = self.folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        return self.runs("import", kind, str(file))

    def spoil(self, table: str) -> None:
        """Take a table away from a database on SQLite."""
        with closing(sqlite3.connect(self.folder / "hub.db", timeout=WAIT_S)) as other:
            other.execute(f"DROP TABLE {table}")
            other.commit()

    def count(self, table: str) -> int:
        """How many rows a table on SQLite has."""
        with closing(sqlite3.connect(self.folder / "hub.db", timeout=WAIT_S)) as other:
            return int(other.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])

    def rejected(self, kind: str) -> list[str]:
        """The rejects file's lines, without the first."""
        file = self.folder / f"{kind}.csv.rejects.csv"
        return file.read_text(encoding="utf-8").splitlines()[1:]


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    put_new(database_url)
    return Head(tmp_path, database_url)


@pytest.fixture
def sqlite_head(tmp_path: Path, sqlite_url: str) -> Head:
    put_new(sqlite_url)
    return Head(tmp_path, sqlite_url)


def test_a_file_is_imported_and_a_second_time_changes_nothing(head: Head) -> None:
    products = "product_id,name,price\n1,可乐,3.50\n2,水,2\n"
    cashiers = "store_id,cashier_id,name\nS01,1001,王芳\nS02,2001,李强\n"
    for kind, text in (("stores", STORES), ("cashiers", cashiers), ("products", products)):
        first = head.imports(kind, text)
        assert (first.code, first.said) == (0, "2 rows taken, 2 changed something, 0 rejected")
        again = head.imports(kind, text)
        assert (again.code, again.said) == (0, "2 rows taken, 0 changed something, 0 rejected")


def test_good_rows_go_in_and_bad_ones_are_named(head: Head) -> None:
    text = "product_id,name,price\n1,可乐,3.50\n2,水,free\n3,茶,4\n4,酒\n"
    ended = head.imports("products", text)
    assert ended.code == 1
    assert ended.said == "2 rows taken, 2 changed something, 2 rejected"
    assert "2 rows were not taken" in ended.err
    assert "products.csv.rejects.csv" in ended.err
    assert head.rejected("products") == [
        "3,'free' is not a number,2,水,free",
        "5,2 cells where the first line names 3,4,酒",
    ]
    assert head.imports("products", text.replace("free", "2").replace("酒", "酒,9")).code == 0
    assert not (head.folder / "products.csv.rejects.csv").exists()


def test_a_barcode_belongs_to_one_product(head: Head) -> None:
    columns = "product_id,name,price,barcodes\n"
    assert head.imports("products", f"{columns}1,a,1,690\n2,b,1,691\n").code == 0
    ended = head.imports("products", f"{columns}3,c,1,690\n4,d,1,700\n5,e,1,700\n2,b,9,691\n")
    assert (ended.code, ended.said) == (1, "2 rows taken, 2 changed something, 2 rejected")
    assert head.rejected("products") == [
        "2,barcode 690 belongs to product 1,3,c,1,690",
        "4,barcode 700 belongs to product 4,5,e,1,700",
    ]


def test_a_barcode_may_move_to_another_product(head: Head) -> None:
    columns = "product_id,name,price,barcodes\n"
    assert head.imports("products", f"{columns}1,a,1,690 691\n").code == 0
    assert head.imports("products", f"{columns}1,a,1,691\n2,b,1,690\n").code == 0
    assert head.imports("products", f"{columns}2,b,1,690\n1,a,1,690\n").code == 1
    assert head.imports("products", f"{columns}2,b,1,692\n").code == 0
    assert head.imports("products", f"{columns}1,a,1,690\n").code == 0


def test_a_barcode_that_its_owner_was_not_let_give_up_stays_taken(head: Head) -> None:
    columns = "product_id,name,price,barcodes\n"
    head.imports("products", f"{columns}1,a,1,A\n2,b,1,B\n")
    ended = head.imports("products", f"{columns}3,c,1,A\n4,d,1,C\n1,a,1,B\n5,e,1,C\n")
    assert (ended.code, ended.said) == (1, "1 rows taken, 1 changed something, 3 rejected")
    assert head.rejected("products") == [
        "2,barcode A belongs to product 1,3,c,1,A",
        "4,barcode B belongs to product 2,1,a,1,B",
        "5,barcode C belongs to product 4,5,e,1,C",
    ]
    assert codes_of(head) == {"A": "1", "B": "2", "C": "4"}


def test_a_chain_of_barcodes_whose_last_is_taken_is_refused_as_a_whole(head: Head) -> None:
    columns = "product_id,name,price,barcodes\n"
    head.imports("products", columns + "".join(f"{n},n,1,c{n}\n" for n in range(50)))
    moved_up = columns + "".join(f"{n},n,1,c{n + 1}\n" for n in range(49))
    assert head.imports("products", moved_up).out.startswith("0 rows taken")
    assert head.imports("products", f"{moved_up}49,n,1,c50\n").out.startswith("50 rows taken")
    assert codes_of(head) == {f"c{n + 1}": f"{n}" for n in range(50)}


def test_of_a_product_named_twice_the_latter_row_counts(head: Head) -> None:
    columns = "product_id,name,price,barcodes\n"
    assert head.imports("products", f"{columns}1,a,1,A\n1,a,2,B\n2,b,1,A\n").code == 0
    assert codes_of(head) == {"A": "2", "B": "1"}


def codes_of(head: Head) -> dict[str, str]:
    """Which product each barcode belongs to; the products as they are published say the same."""

    def read(connection: Connection) -> dict[str, str]:
        owners = {row.code: row.product_id for row in connection.execute(select(barcode))}
        bodies = published(connection, CATALOGUE, "product", list(set(owners.values())))
        for key, body in bodies.items():
            product = msgspec.json.decode(body, type=Product)
            assert {code for code, owner in owners.items() if owner == key} == {*product.codes}
        return owners

    with ServedHub(head.database_url) as hub:
        return hub.read(read)


def test_products_with_very_many_barcodes_are_imported(head: Head) -> None:
    """More of them than a statement may have marks."""
    rows = "".join(
        f"p{number},n,1,{' '.join(f'{number}-{place}' for place in range(10))}\n"
        for number in range(4_000)
    )
    ended = head.imports("products", f"product_id,name,price,barcodes\n{rows}")
    assert (ended.code, ended.said) == (0, "4000 rows taken, 4000 changed something, 0 rejected")


def test_a_cashier_of_no_store_is_named(head: Head) -> None:
    head.imports("stores", STORES)
    text = "store_id,cashier_id,name\nS09,1,甲\nS01,2,乙\nS09,3,丙\n"
    ended = head.imports("cashiers", text)
    assert (ended.code, ended.said) == (1, "1 rows taken, 1 changed something, 2 rejected")
    assert head.rejected("cashiers") == [
        "2,There is no store S09.,S09,1,甲",
        "4,There is no store S09.,S09,3,丙",
    ]


def test_a_store_keeps_the_settings_its_file_does_not_name(head: Head) -> None:
    head.imports("stores", "store_id,name,currency,cash_step\nS01,Zürich,CHF,0.05\n")
    head.imports("stores", "store_id,name,currency,cash_step\nS01,Zürich HB,CHF,0.05\n")
    with ServedHub(head.database_url) as hub, HandTill(hub.url) as till:
        till.enrol(hub.enrol_code())
        (row,) = till.pull().rows
    assert b'"store_name":"Z\xc3\xbcrich HB"' in bytes(row.body)
    assert b'"cash_step_minor":5' in bytes(row.body)


def test_a_second_file_changes_only_what_it_names(head: Head) -> None:
    columns = "store_id,name,timezone,currency,language,cash_step,quantity_max"
    head.imports("stores", f"{columns}\nS01,Zürich,Europe/Zurich,CHF,en,0.05,50\n")
    first = ("S01", "Zürich", "Europe/Zurich", "CHF", "en", 5, 50_000)
    assert the_store(head) == first
    assert head.imports("stores", "store_id,name\nS01,Zürich HB\n").code == 0
    assert the_store(head) == ("S01", "Zürich HB", *first[2:])
    assert head.imports("stores", "store_id,name,cash_step,language\nS01,HB,0.10,\n").code == 0
    assert the_store(head) == ("S01", "HB", "Europe/Zurich", "CHF", "en", 10, 50_000)


def the_store(head: Head) -> tuple[object, ...]:
    """The only store's row, and what is published of its settings beside."""

    def read(connection: Connection) -> tuple[object, ...]:
        (row,) = connection.execute(select(store)).all()
        settings = settings_of(connection, row.store_id)
        assert settings is not None
        assert (settings.store_name, settings.timezone, settings.currency) == tuple(row[1:])
        return (*row, settings.language, settings.cash_step_minor, settings.quantity_max)

    with ServedHub(head.database_url) as hub:
        return hub.read(read)


def test_a_smallest_coin_that_the_stores_currency_has_not_is_a_bad_row(head: Head) -> None:
    head.imports("stores", "store_id,name,currency\nS01,大阪,JPY\nS02,静安店,\n")
    ended = head.imports("stores", "store_id,name,cash_step\nS01,大阪,0.05\nS02,静安店,0.05\n")
    assert (ended.code, ended.said) == (1, "1 rows taken, 1 changed something, 1 rejected")
    (why,) = head.rejected("stores")
    assert why.startswith("2,cash_step 0.05 is not an amount of JPY.")
    assert head.imports("stores", "store_id,name,currency\nS02,静安店,JPY\n").code == 1
    assert "cash_step 0.05 CNY is not an amount of JPY." in head.rejected("stores")[0]
    assert head.imports("stores", "store_id,name,currency,cash_step\nS02,x,JPY,1\n").code == 0


def test_a_file_that_cannot_be_imported_is_a_sentence(sqlite_head: Head) -> None:
    folder = sqlite_head.folder
    empty = folder / "empty.csv"
    empty.touch()
    for file, why in ((empty, "it is empty"), (folder / "none.csv", "No such file"), (folder, "")):
        ended = sqlite_head.runs("import", "products", str(file))
        assert ended.code == 1
        assert f"{file.name} cannot be read: {why}" in ended.err
        assert "无法读取" in ended.err
    assert sqlite_head.runs("import", "fruit", str(empty)).code == 2


def test_a_rejects_file_that_cannot_be_written_is_a_sentence(sqlite_head: Head) -> None:
    (sqlite_head.folder / "products.csv.rejects.csv").mkdir()
    ended = sqlite_head.imports("products", "product_id,name,price\n1,a,x\n")
    assert ended.code == 1
    assert "1 rows were not taken" in ended.err
    assert "line 2, 'x' is not a number" in ended.err


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "it is no database URL"),
        ("", "it is no database URL"),
        ("postgresql://host:port/name", "it is no database URL"),
        ("postgresql://omnitill:secret@host:port/name", "it is no database URL"),
        ("postgresql:omnitill:secret@host", "it is no database URL"),
        ("postgresql://omnitill:secret", "it is no database URL"),
        ("sqlite://omnitill:secret@", "it names no file"),
        ("postgresql://omnitill@127.0.0.1:9/hub?password=secret", ""),
        ("mysql://root:secret@localhost/hub", "mysql is not supported"),
        ("sqlite://", "it names no file"),
        ("sqlite:///:memory:", "it names no file"),
        ("sqlite:////no/such/folder/hub.db", "unable to open database file"),
        ("postgresql://omnitill:secret@127.0.0.1:9/hub", "Connect call failed"),
        ("postgresql://omnitill:secret@no.such.host.invalid/hub", ""),
        ("postgresql://omnitill:secret@127.0.0.1:99999/hub", ""),
        ("postgresql://omnitill:secret@127.0.0.1:9/hub?bogus=1", "bogus"),
        ("postgresql://omnitill:secret@127.0.0.1:9/hub?timeout=abc", ""),
        ("sqlite:///hub.db?timeout=soon", ""),
        ("sqlite://host/hub.db", ""),
    ],
)
def test_a_database_that_cannot_be_used_is_a_sentence(
    sqlite_head: Head, url: str, why: str
) -> None:
    ended = sqlite_head.runs("migrate", "--database", url)
    assert ended.code == 1
    assert re.search(f"The database .* cannot be used: .*{re.escape(why)}", ended.err)
    assert "无法使用" in ended.err
    assert "secret" not in ended.err


@pytest.mark.slow
def test_what_postgresql_says_no_to_is_a_sentence(
    sqlite_head: Head, postgresql: PostgreSQL
) -> None:
    url = postgresql.create_database("refusing")
    for wrong, why in (
        (url.replace("/refusing?", "/absent?"), 'database "absent" does not exist'),
        (url.replace("postgres@", "nobody:secret@"), 'role "nobody" does not exist'),
    ):
        ended = sqlite_head.runs("migrate", "--database", wrong)
        assert ended.code == 1
        assert why in ended.err
        assert "secret" not in ended.err


def test_a_file_that_is_no_database_is_a_sentence_and_stays_as_it_was(sqlite_head: Head) -> None:
    file = sqlite_head.folder / "letter.db"
    file.write_bytes(b"Dear head office, " * 100)
    ended = sqlite_head.runs("migrate", "--database", f"sqlite:///{file}")
    assert ended.code == 1
    assert "file is not a database" in ended.err
    assert file.read_bytes() == b"Dear head office, " * 100


@pytest.mark.parametrize(
    ("url", "why"),
    [("nonsense", "不是数据库地址"), ("sqlite://", "未指定文件"), ("mysql://x/y", "不支持 mysql")],
)
def test_a_cause_that_is_ours_is_said_in_chinese_too(sqlite_head: Head, url: str, why: str) -> None:
    ended = sqlite_head.runs("migrate", "--database", url)
    assert f"无法使用：{why}\n" in ended.err


def test_a_database_of_a_newer_version_is_left_alone(sqlite_head: Head) -> None:
    assert sqlite_head.runs("migrate").code == 0
    file = sqlite_head.folder / "hub.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    ended = sqlite_head.runs("migrate")
    assert ended.code == 1
    assert "newer version" in ended.err
    assert "由更新版本的程序写入" in ended.err


def test_a_database_that_fails_a_command_after_it_opened_is_a_sentence(sqlite_head: Head) -> None:
    sqlite_head.imports("stores", STORES)
    sqlite_head.spoil("enrol_code")
    ended = sqlite_head.runs("enrol-code", "S01")
    assert ended.code == 1
    assert "cannot be used: no such table: enrol_code" in ended.err
    assert "无法使用" in ended.err


def test_rows_found_bad_before_the_database_failed_are_written_all_the_same(
    sqlite_head: Head,
) -> None:
    """The database fails between two batches: the rows come through a pipe, the second batch
    only when the first is in the books and the database is spoiled."""
    assert sqlite_head.runs("migrate").code == 0
    pipe = sqlite_head.folder / "products.csv"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("w") as rows:
            rows.write("product_id,name,price\n0,x,free\n")
            rows.writelines(f"{number},n,1\n" for number in range(1, 5_000))
            rows.flush()
            wait_until(
                lambda: sqlite_head.count("revision_change") == 4_999, WAIT_S, "the first are in"
            )
            sqlite_head.spoil("barcode")
            rows.write("5000,n,1\n5001,x,free\n")

    with ThreadPoolExecutor(1) as other:
        writing = other.submit(write)
        ended = sqlite_head.runs("import", "products", str(pipe))
        writing.result(WAIT_S)
    assert (ended.code, ended.said) == (1, "4999 rows taken, nothing was changed, 2 rejected")
    assert "cannot be used: no such table: barcode" in ended.err
    assert "2 rows were not taken" in ended.err
    assert [row.split(",")[0] for row in sqlite_head.rejected("products")] == ["2", "5003"]


def test_an_import_that_never_began_leaves_the_rejects_of_the_last_one(sqlite_head: Head) -> None:
    sqlite_head.imports("products", "product_id,name,price\n1,a,x\n")
    ended = sqlite_head.imports("products", "")
    assert (ended.code, ended.out) == (1, "")
    assert len(sqlite_head.rejected("products")) == 1


def test_a_code_or_a_revocation_for_nobody_is_a_sentence(sqlite_head: Head) -> None:
    sqlite_head.imports("stores", STORES)
    for words, why in (
        (("enrol-code", "S09"), "no store S09"),
        (("enrol-code", "S01", "--till", "S02-1"), "no till S02-1"),
        (("revoke", "S01-1"), "no till S01-1"),
    ):
        ended = sqlite_head.runs(*words)
        assert ended.code == 1
        assert why in ended.err
    assert re.fullmatch(
        r"[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}  for till S01-1\n",
        sqlite_head.runs("enrol-code", "S01").out,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "99999"), ("FEED_LOOK_EVERY_S", "0"), ("TOKEN_VALID_S", "nan")],
)
def test_a_setting_that_is_wrong_is_named(sqlite_head: Head, name: str, value: str) -> None:
    ended = sqlite_head.runs("migrate", env={f"OMNITILL_HUB_{name}": value})
    assert ended.code == 1
    assert f"Setting {name.lower()}: it must be " in ended.err
    assert f"设置项 {name.lower()} 有误：应为" in ended.err
    assert len(ended.err.splitlines()) == 4


def test_a_setting_that_is_none_is_named(sqlite_head: Head) -> None:
    ended = sqlite_head.runs("migrate", env={"OMNITILL_HUB_PROT": "8701"})
    assert ended.code == 1
    assert "OMNITILL_HUB_PROT: there is no such setting" in ended.err
    assert "OMNITILL_HUB_PROT 有误：没有此设置项" in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example", ""])
def test_the_hub_does_not_listen_off_this_machine_without_tls(
    tmp_path: Path, sqlite_url: str, host: str
) -> None:
    ended = Head(tmp_path, sqlite_url).runs("serve", "--host", host)
    assert ended.code == 1
    assert "Without TLS the hub listens on loopback only" in ended.err
    assert not (tmp_path / "hub.db").exists()


def test_a_certificate_that_cannot_be_used_is_a_sentence(sqlite_head: Head) -> None:
    torn = sqlite_head.folder / "cert.pem"
    torn.write_text("-----BEGIN CERTIFICATE-----\n")
    for file in (sqlite_head.folder / "none.pem", torn):
        ended = sqlite_head.runs("serve", "--host", "0.0.0.0", "--tls-cert", str(file))
        assert ended.code == 1
        assert "The TLS certificate or its key cannot be used" in ended.err


def test_a_port_that_is_taken_is_a_sentence(sqlite_head: Head) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = sqlite_head.runs("serve", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "Address already in use" in ended.err


def test_a_command_that_only_looks_waits_for_nobody_who_writes(sqlite_head: Head) -> None:
    sqlite_head.imports("stores", STORES)
    with closing(sqlite3.connect(sqlite_head.folder / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = sqlite_head.runs("periods", "list", env={"OMNITILL_HUB_DATABASE_WAIT_S": "0.01"})
        assert (ended.code, ended.err) == (0, "")


def test_a_command_on_a_file_loads_nothing_that_only_migrations_and_postgresql_need(
    sqlite_head: Head,
) -> None:
    program = "import sys; from sync_server.__main__ import app; app(standalone_mode=False)\n"
    words = ["enrol-code", "S01", "--database", sqlite_head.database_url]
    sqlite_head.imports("stores", STORES)
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}print(*sys.modules)", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.split())
    assert "sqlalchemy" in loaded
    assert not {"alembic", "sqlalchemy.ext.asyncio", "sqlalchemy.orm"} & loaded


def test_no_words_are_a_wrong_use(sqlite_head: Head) -> None:
    assert sqlite_head.runs("sell").code == 2
    assert sqlite_head.runs("enrol-code").code == 2
