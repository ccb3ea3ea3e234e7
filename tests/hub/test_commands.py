"""The command `sync-server`: what it does, its exit codes, and a sentence where it cannot."""

import re
import socket
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from rehearsal.postgresql import PostgreSQL
from sync_server.__main__ import app
from tests.hand_till import HandTill
from tests.served_hub import ServedHub

STORES = "store_id,name\nS01,静安店\nS02,徐汇店\n"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Head:
    """Head office at its terminal, with one database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url

    def runs(self, *words: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run a command on the database; a traceback fails the test."""
        database = () if "--database" in words else ("--database", self.database_url)
        result = CliRunner().invoke(app, [*words, *database], env=dict(env or {}))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return Ended(result.exit_code, result.stdout, result.stderr)

    def imports(self, kind: str, text: str) -> Ended:
        file = self.folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        return self.runs("import", kind, str(file))

    def rejected(self, kind: str) -> list[str]:
        """The rejects file's lines, without the first."""
        file = self.folder / f"{kind}.csv.rejects.csv"
        return file.read_text(encoding="utf-8").splitlines()[1:]


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    return Head(tmp_path, database_url)


@pytest.fixture
def sqlite_head(tmp_path: Path) -> Head:
    return Head(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")


def test_a_file_is_imported_and_a_second_time_changes_nothing(head: Head) -> None:
    products = "product_id,name,price\n1,可乐,3.50\n2,水,2\n"
    cashiers = "store_id,cashier_id,name\nS01,1001,王芳\nS02,2001,李强\n"
    for kind, text in (("stores", STORES), ("cashiers", cashiers), ("products", products)):
        first = head.imports(kind, text)
        assert (first.code, first.out) == (0, "2 rows taken, 2 changed something, 0 rejected\n")
        again = head.imports(kind, text)
        assert (again.code, again.out) == (0, "2 rows taken, 0 changed something, 0 rejected\n")


def test_good_rows_go_in_and_bad_ones_are_named(head: Head) -> None:
    text = "product_id,name,price\n1,可乐,3.50\n2,水,free\n3,茶,4\n4,酒\n"
    ended = head.imports("products", text)
    assert ended.code == 1
    assert ended.out == "2 rows taken, 2 changed something, 2 rejected\n"
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
    assert (ended.code, ended.out) == (1, "2 rows taken, 2 changed something, 2 rejected\n")
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


def test_products_with_very_many_barcodes_are_imported(head: Head) -> None:
    """More of them than a statement may have marks."""
    rows = "".join(
        f"p{number},n,1,{' '.join(f'{number}-{place}' for place in range(10))}\n"
        for number in range(4_000)
    )
    ended = head.imports("products", f"product_id,name,price,barcodes\n{rows}")
    assert (ended.code, ended.out) == (0, "4000 rows taken, 4000 changed something, 0 rejected\n")


def test_a_cashier_of_no_store_is_named(head: Head) -> None:
    head.imports("stores", STORES)
    text = "store_id,cashier_id,name\nS09,1,甲\nS01,2,乙\nS09,3,丙\n"
    ended = head.imports("cashiers", text)
    assert (ended.code, ended.out) == (1, "1 rows taken, 1 changed something, 2 rejected\n")
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
        ("mysql://root:secret@localhost/hub", "mysql is not supported"),
        ("sqlite://", "it names no file"),
        ("sqlite:///:memory:", "it names no file"),
        ("sqlite:////no/such/folder/hub.db", "unable to open database file"),
        ("postgresql://omnitill:secret@127.0.0.1:9/hub", "Connect call failed"),
        ("postgresql://omnitill:secret@no.such.host.invalid/hub", ""),
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


def test_a_database_of_a_newer_version_is_left_alone(sqlite_head: Head) -> None:
    assert sqlite_head.runs("migrate").code == 0
    file = sqlite_head.folder / "hub.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    ended = sqlite_head.runs("migrate")
    assert ended.code == 1
    assert "newer version" in ended.err


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
    assert f"Setting {name.lower()}:" in ended.err


def test_a_setting_that_is_none_is_named(sqlite_head: Head) -> None:
    ended = sqlite_head.runs("migrate", env={"OMNITILL_HUB_PROT": "8701"})
    assert ended.code == 1
    assert "OMNITILL_HUB_PROT: there is no such setting" in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example", ""])
def test_the_hub_does_not_listen_off_this_machine_without_tls(sqlite_head: Head, host: str) -> None:
    ended = sqlite_head.runs("serve", "--host", host)
    assert ended.code == 1
    assert "Without TLS the hub listens on loopback only" in ended.err
    assert not (sqlite_head.folder / "hub.db").exists()


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


def test_no_words_are_a_wrong_use(sqlite_head: Head) -> None:
    assert sqlite_head.runs("sell").code == 2
    assert sqlite_head.runs("enrol-code").code == 2
