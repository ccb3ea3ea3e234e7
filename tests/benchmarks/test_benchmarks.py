"""Each benchmark runs, on a small part of what it measures: no figure is asserted."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks import (
    catalogue_import,
    catalogue_snapshot,
    catch_up,
    feed_delta,
    hub_push,
    idle_counter,
    lookup,
    news_to_till,
    receipt_bytes,
    sale_commit,
    scan_decode,
    search,
    till_keys,
    till_opening,
    till_scan,
    till_start,
    waiting_tills,
    week_drained,
)
from benchmarks.__main__ import main
from benchmarks.measure import Result, Scale

SMALL = Scale(part=0.001, rounds_min=2, rounds_max=2, warms_up=False)
_OURS = {"pos_client", "retail", "journal", "hardware", "pricebook"}


def are_whole(results: list[Result], names: set[str]) -> bool:
    """Whether these came out, each with figures of both sides."""
    return {one.name for one in results} >= names and all(
        one.ours > 0 and one.reference > 0 and one.n >= one.rounds == 2 for one in results
    )


@pytest.mark.slow
def test_a_sale_is_measured_against_plain_sqlite(tmp_path: Path) -> None:
    results = list(sale_commit.run(SMALL, tmp_path))
    assert are_whole(results, {f"sale_commit {lines} lines" for lines in (1, 3, 7)})
    assert all(one.also.get("syncs a sale", 1) >= 1 for one in results)


@pytest.mark.slow
def test_what_a_till_missed_is_measured_against_a_plain_select(tmp_path: Path) -> None:
    assert are_whole(list(catch_up.run(SMALL, tmp_path)), {"catch_up"})


@pytest.mark.slow
def test_a_week_that_is_drained_is_measured_against_a_bare_endpoint(tmp_path: Path) -> None:
    assert are_whole(list(week_drained.run(SMALL, tmp_path)), {"week_drained"})


@pytest.mark.slow
def test_tills_that_wait_are_measured_against_a_bare_long_poll(tmp_path: Path) -> None:
    whom = {f"waiting_tills {whom}" for whom in ("memory", "one", "store", "all")}
    assert are_whole(list(waiting_tills.run(SMALL, tmp_path)), whom)


@pytest.mark.slow
def test_the_way_of_news_is_measured_against_a_process_that_asks_without_end(
    tmp_path: Path,
) -> None:
    assert are_whole(list(news_to_till.run(SMALL, tmp_path)), {"news_to_till sqlite"})


@pytest.mark.slow
def test_a_look_up_is_measured_against_plain_sqlite(tmp_path: Path) -> None:
    assert are_whole(list(lookup.run(SMALL, tmp_path)), {"lookup any", "lookup busy"})


def test_a_receipt_s_bytes_are_measured_against_python_escpos(tmp_path: Path) -> None:
    assert are_whole(list(receipt_bytes.run(Scale(0.02, 2, 2), tmp_path)), {"receipt_bytes"})


def test_a_scan_s_decoding_is_measured_against_a_plain_split(tmp_path: Path) -> None:
    ways = {f"scan_decode {way}" for way in ("line", "burst", "report", "keys")}
    assert are_whole(list(scan_decode.run(SMALL, tmp_path)), ways)


@pytest.mark.slow
def test_an_idle_counter_is_measured_against_threads_that_sleep_and_ask(tmp_path: Path) -> None:
    assert are_whole(list(idle_counter.run(SMALL, tmp_path)), {"idle_counter"})


@pytest.mark.slow
def test_a_push_is_measured_against_a_bare_endpoint_with_the_same_books(tmp_path: Path) -> None:
    """On PostgreSQL too where it can be had."""
    sizes = ("50x3", "50x7", "500x3", "500x7")
    results = list(hub_push.run(SMALL, tmp_path))
    assert are_whole(results, {f"hub_push sqlite {size}" for size in sizes})


@pytest.mark.slow
def test_a_scan_is_measured_on_a_terminal_against_a_stock_table(tmp_path: Path) -> None:
    results = list(till_scan.run(SMALL, tmp_path))
    assert are_whole(results, {"till_scan at once", "till_scan wedge", "till_scan serial"})
    assert all(0 < one.also["bytes median"] <= one.also["bytes most"] for one in results)


@pytest.mark.slow
def test_every_page_of_the_till_is_measured_against_an_app_that_says_the_key(
    tmp_path: Path,
) -> None:
    pages = {f"till_keys {key.name}" for key in till_keys.SELLING + till_keys.OPENING}
    assert are_whole(list(till_keys.run(SMALL, tmp_path)), pages)


@pytest.mark.slow
def test_a_start_is_measured_against_an_app_with_the_same_libraries(tmp_path: Path) -> None:
    results = list(till_start.run(SMALL, tmp_path))
    assert are_whole(results, {"till_start", "till_start memory"})


@pytest.mark.slow
def test_an_import_is_measured_against_the_rows_it_leaves(tmp_path: Path) -> None:
    assert are_whole(list(catalogue_import.run(SMALL, tmp_path)), {"catalogue_import"})


@pytest.mark.slow
def test_a_snapshot_is_measured_against_rows(tmp_path: Path) -> None:
    assert are_whole(list(catalogue_snapshot.run(SMALL, tmp_path)), {"catalogue_snapshot"})


@pytest.mark.slow
def test_news_for_many_tills_are_measured_against_a_select_each(tmp_path: Path) -> None:
    assert are_whole(list(feed_delta.run(SMALL, tmp_path)), {"feed_delta"})


@pytest.mark.slow
def test_an_opening_is_measured_with_many_products_against_few(tmp_path: Path) -> None:
    assert are_whole(list(till_opening.run(SMALL, tmp_path)), {"till_opening million"})


@pytest.mark.slow
def test_a_search_is_measured_against_like(tmp_path: Path) -> None:
    names = {f"search {question.name}" for question in search.QUESTIONS}
    assert are_whole(list(search.run(SMALL, tmp_path)), names)


@pytest.mark.slow
def test_the_app_the_start_is_measured_against_loads_no_library_the_till_does_not() -> None:
    """Nor leaves one out: else the ratio would say less or more than it seems to."""
    till = _libraries("pos_client.__main__, pos_client.app")
    assert _libraries("benchmarks.reference.empty_app") == till


def _libraries(modules: str) -> set[str]:
    """The installed libraries that are there after these imports in a fresh process."""
    program = f"import sys, {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    installed = set(importlib.metadata.packages_distributions()) - _OURS
    return installed.intersection(loaded.stdout.decode().split())


@pytest.mark.slow
def test_the_command_shows_a_table_and_keeps_a_file_a_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lookup"], SMALL, tmp_path) == 0
    assert "lookup busy" in capsys.readouterr().out
    kept = [msgspec.json.decode(file.read_bytes()) for file in sorted(tmp_path.iterdir())]
    assert [one["name"] for one in kept] == ["lookup any", "lookup busy"]
