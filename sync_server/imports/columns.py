"""Which of their columns is which of ours, by the names that other systems give them.

The mapping that was found is shown as a small TOML file, one line a column, with an example; the
same file, edited, says it the other way round (`--map`):

    "商品条码" = "barcodes"  # 6901028075022
    "产地" = ""  # 上海
"""

import csv
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from retail.language import Text
from retail.refusals import Refusal

#: what a rejects file says of a row, before the row itself
TOLD = ["line", "reason"]
#: our column for the price of a list is this and the list's name
PRICE_OF_LIST = "price:"
_EXAMPLE_CHARACTERS_MAX = 40
_MAP_BYTES_MAX = 1024 * 1024
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_SEPARATORS = re.compile(r"[\W_]+")


class UnusableMap(Refusal):
    code = "unusable_map"
    sentence = Text(
        "The mapping in {file} cannot be used: {why}", "无法使用 {file} 中的列对应：{why}"
    )
    way_on = Text(
        'Write lines like "article" = "name" in it, as --show-map does. Ours are: {columns}.',
        '请逐行填写，如 "品名" = "name"；--show-map 可输出这样的文件。可用的列：{columns}。',
    )


class Column(NamedTuple):
    """A column of ours, and what others call it: of two names the better one comes first."""

    name: str
    others: str = ""

    @property
    def names(self) -> list[str]:
        """All its names as `key` has them."""
        return [key(name) for name in (self.name, *self.others.split(","))]


def key(name: str) -> str:
    """A name without case, width, brackets and what stands between its words: `零售价（元）` is
    `零售价`, `Item_Name` is `itemname`."""
    plain = unicodedata.normalize("NFKC", name).lower()
    return _SEPARATORS.sub("", _BRACKETS.sub("", plain)) or _SEPARATORS.sub("", plain)


class Found(NamedTuple):
    """What was found in a header: where our columns stand, and of each of theirs what it is."""

    theirs: tuple[str, ...]
    #: our name by place; the others are not used
    ours: dict[int, str]
    #: by place: the column of ours that a better one is already
    taken: dict[int, str]
    #: a column of ours that two of theirs claim by the same name
    twice: str = ""

    @property
    def at(self) -> dict[str, int]:
        """Where each of our columns stands."""
        return {name: place for place, name in self.ours.items()}

    def shown(self, examples: Iterable[Sequence[str]]) -> Iterator[str]:
        """The lines of the mapping as a TOML file, each with an example of what stands there."""
        rows = list(examples)
        for place, name in enumerate(self.theirs):
            seen = (row[place] for row in rows if place < len(row) and row[place].strip())
            example = " ".join(next(seen, "").split())[:_EXAMPLE_CHARACTERS_MAX]
            better = f"({self.taken[place]} is another column)" if place in self.taken else ""
            said = " ".join(part for part in (example, better) if part)
            line = f"{_quoted(name)} = {_quoted(self.ours.get(place, ''))}"
            yield f"{line}  # {said}" if said else line


def found(
    header: Sequence[str], columns: Sequence[Column], given: Mapping[str, str] | None = None
) -> Found:
    """Our columns in their header. What is `given` counts, by `key` of their name; the rest is
    known by its names, as far as ours are still free."""
    known = {
        name: (column.name, rank)
        for column in columns
        for rank, name in enumerate(column.names)
        if name
    }
    given = given or {}
    ours: dict[int, str] = {}
    best: dict[str, tuple[int, int]] = {}
    rivals: list[tuple[int, str]] = []
    twice = ""
    for place, name in enumerate(map(key, header)):
        if name in given:
            if given[name]:
                twice = twice or (given[name] if given[name] in ours.values() else "")
                ours[place] = given[name]
        elif name in known and known[name][0] not in given.values():
            our, rank = known[name]
            rivals.append((place, our))
            if our in best and best[our][0] == rank:
                twice = twice or name
            best[our] = min(best.get(our, (rank, place)), (rank, place))
    ours |= {place: our for our, (_, place) in best.items()}
    taken = {place: our for place, our in rivals if place not in ours}
    return Found(tuple(header), ours, taken, twice)


def read_map(file: Path, columns: Sequence[Column]) -> dict[str, str]:
    """A mapping out of a TOML file or a CSV file of two columns: ours by `key` of theirs, empty
    for one that is not used. Raises UnusableMap."""
    names = [column.name for column in columns]
    try:
        pairs = _pairs(file)
        given = {key(theirs): ours.strip() for theirs, ours in pairs.items()}
        wrong = [ours for ours in given.values() if ours and not _is_ours(ours, names)]
        if wrong:
            raise ValueError(f"{wrong[0]} is no column of ours")
    except (OSError, ValueError, csv.Error) as fault:
        why = getattr(fault, "strerror", None) or fault
        raise UnusableMap(file=file.name, why=why, columns=", ".join(names)) from None
    return given


def _pairs(file: Path) -> dict[str, str]:
    with file.open("rb") as stream:
        text = stream.read(_MAP_BYTES_MAX).decode("utf-8-sig")
    if file.suffix.lower() == ".csv":
        rows = [row for row in csv.reader(text.splitlines()) if row]
        if any(len(row) != 2 for row in rows):
            raise ValueError("a line of it has not two columns")
        return {row[0]: row[1] for row in rows}
    pairs = tomllib.loads(text)
    if not all(isinstance(ours, str) for ours in pairs.values()):
        raise ValueError('a line of it is not like "theirs" = "ours"')
    return pairs


def _is_ours(name: str, names: Sequence[str]) -> bool:
    of_list = name.startswith(PRICE_OF_LIST) and len(name) > len(PRICE_OF_LIST)
    return name in names or of_list


def _quoted(text: str) -> str:
    """A TOML basic string, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
