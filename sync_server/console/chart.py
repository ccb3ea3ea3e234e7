"""Takings by the hour as bars of a chart: pure geometry and words, no markup.

Heights are percent of the plot. The chart spans at least `HOURS_MIN` hours and only ever grows
through the day, so that bars keep their places.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from retail.language import Language
from sync_server.console.words import OTHER_HOURS, OTHER_STORES, WORDS
from sync_server.overview.records import HourTaken
from sync_server.words import amount, decimals, grouped

HOURS_MIN = 12
#: a business date may end in the next morning; hours beyond stand together in a column of their own
HOURS_MAX = 36
#: a chart of more colours cannot be read: further stores share the last
COLOURS = 6
_TICKS = 4
_ELSEWHERE = HOURS_MAX


class Segment(NamedTuple):
    """One store's part of a bar; `colour` counts from 1."""

    colour: int
    height: str


class Bar(NamedTuple):
    """One hour: its label below, its total above, its parts from the bottom up."""

    hour: str
    total: str
    label: str
    told: str
    segments: tuple[Segment, ...]


class Tick(NamedTuple):
    """A line of the grid."""

    height: str
    label: str


class Key(NamedTuple):
    """What a colour stands for, and what was taken there."""

    colour: int
    name: str
    takings: str


class Chart(NamedTuple):
    """One currency's day."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    keys: tuple[Key, ...]


def chart(
    taken: Iterable[HourTaken], names: dict[str, str], day: str, currency: str, language: Language
) -> Chart:
    """The takings of one currency; `names` are all stores' by id, in the order of colours."""
    taken = list(taken)
    by_place: dict[int, list[HourTaken]] = defaultdict(list)
    for each in taken:
        by_place[_place(each.hour, day)].append(each)
    colours = _colours(taken, names)
    totals = {place: sum(each.minor for each in of) for place, of in by_place.items()}
    top, step = _axis(max(totals.values(), default=0), currency)
    bars = []
    for place in _places(by_place):
        of_hour = by_place.get(place, [])
        parts: dict[int, int] = defaultdict(int)
        for each in of_hour:
            parts[colours[each.store_id]] += each.minor
        hour = when = OTHER_HOURS.to(language)
        if place != _ELSEWHERE:
            hour, when = f"{place % 24:02}", f"{place % 24:02}:00"
        total = amount(totals.get(place, 0), currency)
        sales = sum(each.sales for each in of_hour)
        bars.append(
            Bar(
                hour,
                total if of_hour else "",
                _short(totals[place], top, currency) if of_hour else "",
                f"{when}  {total} · {WORDS['sales'].to(language)} {sales:,}" if of_hour else "",
                tuple(Segment(part, _percent(parts[part], top)) for part in sorted(parts)),
            )
        )
    ticks = tuple(
        Tick(_percent(line, top), _short(line, top, currency))
        for line in range(0, top + 1, step or 1)
    )
    return Chart(tuple(bars), ticks, _keys(taken, colours, names, currency, language))


def _place(hour: str, day: str) -> int:
    """How many hours after the midnight that the business date begins with."""
    try:
        at = datetime.fromisoformat(hour)
        place = (at.date() - date.fromisoformat(day)).days * 24 + at.hour
    except ValueError:
        return _ELSEWHERE
    return place if 0 <= place < HOURS_MAX else _ELSEWHERE


def _places(known: Iterable[int]) -> list[int]:
    hours = [place for place in known if place != _ELSEWHERE]
    first = min([*hours, HOURS_MAX - HOURS_MIN])
    last = max([*hours, first + HOURS_MIN - 1])
    return [*range(first, last + 1), *([_ELSEWHERE] if _ELSEWHERE in known else [])]


def _colours(taken: list[HourTaken], names: dict[str, str]) -> dict[str, int]:
    """A store's colour, from 1: in the order of the stores, whatever they take. Where there are
    more stores than colours, those who took least share the last."""
    sums: dict[str, int] = defaultdict(int)
    for each in taken:
        sums[each.store_id] += each.minor
    order = [store for store in names if store in sums]
    order += [store for store in sums if store not in names]
    if len(order) > COLOURS:
        most = sorted(order, key=lambda store: -sums[store])[: COLOURS - 1]
        order = [store for store in order if store in most]
    return {store: order.index(store) + 1 if store in order else COLOURS for store in sums}


def _keys(
    taken: list[HourTaken],
    colours: dict[str, int],
    names: dict[str, str],
    currency: str,
    language: Language,
) -> tuple[Key, ...]:
    sums: dict[int, int] = defaultdict(int)
    for each in taken:
        sums[colours[each.store_id]] += each.minor
    stores: dict[int, list[str]] = defaultdict(list)
    for store, colour in colours.items():
        stores[colour].append(names.get(store, store))
    shared = OTHER_STORES.to(language)
    return tuple(
        Key(
            colour,
            stores[colour][0] if len(stores[colour]) == 1 else shared,
            grouped(total, currency),
        )
        for colour, total in sorted(sums.items())
    )


def _axis(most: int, currency: str) -> tuple[int, int]:
    """The top of the axis and the step of its lines: 1, 2 or 5 of some power of ten."""
    if most <= 0:
        return 0, 0
    step = 10 ** decimals(currency)
    while step * _TICKS < most:
        for times in (2, 5, 10):
            if step * times * _TICKS >= most:
                break
        step *= times
    return -(-most // step) * step, step


def _percent(minor: int, top: int) -> str:
    return f"{max(0, minor) * 100 / top:.2f}" if top else "0"


def _short(minor: int, top: int, currency: str) -> str:
    """As many digits as a bar is wide: without the small coins where the day is large."""
    unit: int = 10 ** decimals(currency)
    if top < 20 * unit and minor % unit:
        return grouped(minor, currency)
    return f"{round(minor / unit):,}"
