"""The chart of the day: which hours, which colours, which lines, whatever was taken."""

import pytest

from retail.language import Language
from sync_server.console.chart import COLOURS, HOURS_MIN, Chart, chart
from sync_server.overview.records import HourTaken

DAY = "2026-06-03"
NAMES = {f"S{number:02}": f"店 {number}" for number in range(1, 10)}


def taken(hour: str, minor: int = 1_000, store: str = "S01", currency: str = "CNY") -> HourTaken:
    return HourTaken(store, currency, hour, minor, 1)


def drawn(*hours: HourTaken, currency: str = "CNY") -> Chart:
    return chart(hours, NAMES, DAY, currency, Language.ENGLISH)


def hours_of(shown: Chart) -> list[str]:
    return [bar.hour for bar in shown.bars]


def test_a_day_begins_with_its_first_sale_and_has_room_to_grow() -> None:
    shown = drawn(taken(f"{DAY}T07"))
    assert hours_of(shown) == [f"{hour:02}" for hour in range(7, 7 + HOURS_MIN)]
    longer = drawn(taken(f"{DAY}T07"), taken(f"{DAY}T21"))
    assert hours_of(longer) == [f"{hour:02}" for hour in range(7, 22)]


def test_a_night_goes_on_after_midnight() -> None:
    shown = drawn(taken(f"{DAY}T20"), taken("2026-06-04T01"))
    assert hours_of(shown) == "20 21 22 23 00 01 02 03 04 05 06 07".split()


@pytest.mark.parametrize("hour", ["", "1970-01-01T00", "2026-06-02T23", "2026-06-04T12", "x"])
def test_what_a_wrong_clock_sold_stands_apart(hour: str) -> None:
    shown = drawn(taken(f"{DAY}T09"), taken(hour, 500))
    assert len(shown.bars) == HOURS_MIN + 1
    assert (shown.bars[-1].hour, shown.bars[-1].total) == ("other", "CNY 5.00")
    assert shown.bars[-1].told.startswith("other  CNY 5.00")
    assert shown.bars[0].told.startswith("09:00  ")
    assert hours_of(drawn(taken(hour)))[-1] == "other"


def test_a_business_date_that_is_none_spoils_nothing() -> None:
    assert chart([taken(f"{DAY}T09")], NAMES, "day one", "CNY", Language.CHINESE).bars[-1].hour == (
        "其他"
    )


@pytest.mark.parametrize(
    ("most", "currency", "lines"),
    [
        (1_00, "CNY", ["0", "1"]),
        (14_00, "CNY", ["0", "5", "10", "15"]),
        (5_605_00, "CNY", ["0", "2,000", "4,000", "6,000"]),
        (8_000_00, "CNY", ["0", "2,000", "4,000", "6,000", "8,000"]),
        (4_001, "JPY", ["0", "2,000", "4,000", "6,000"]),
        (0, "CNY", ["0"]),
        (-5_00, "CNY", ["0"]),
    ],
)
def test_lines_are_round_and_the_highest_bar_fits(
    most: int, currency: str, lines: list[str]
) -> None:
    shown = drawn(taken(f"{DAY}T09", most, currency=currency), currency=currency)
    assert [tick.label for tick in shown.ticks] == lines
    assert all(float(part.height) <= 100 for bar in shown.bars for part in bar.segments)


def test_a_store_keeps_its_colour_whatever_it_takes() -> None:
    small = drawn(taken(f"{DAY}T09", 1, "S02"), taken(f"{DAY}T09", 9_999, "S01"))
    large = drawn(taken(f"{DAY}T09", 99_999, "S02"), taken(f"{DAY}T09", 9_999, "S01"))
    for shown in (small, large):
        assert [(key.colour, key.name) for key in shown.keys] == [(1, "店 1"), (2, "店 2")]


def test_of_many_stores_those_who_take_least_share_a_colour() -> None:
    shown = drawn(*(taken(f"{DAY}T09", 1_000 * n, f"S{n:02}") for n in range(1, 10)))
    assert [key.name for key in shown.keys] == [
        "店 5",
        "店 6",
        "店 7",
        "店 8",
        "店 9",
        "other stores",
    ]
    assert shown.keys[-1] == (COLOURS, "other stores", "100.00")
    assert sum(float(part.height) for part in shown.bars[0].segments) == pytest.approx(75)
