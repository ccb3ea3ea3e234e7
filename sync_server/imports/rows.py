"""Rows as they stand in a file, and what became of them; the refusal of a file that has none."""

from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from retail.language import Text
from retail.refusals import Refusal

T = TypeVar("T")


class UnreadableFile(Refusal):
    code = "unreadable_file"
    sentence = Text("{file} cannot be read: {why}", "无法读取 {file}：{why}")
    way_on = Text(
        "Give a CSV, Parquet or Excel file (.xlsx) with a line that names the columns: {columns}."
        " --map FILE says which column is which, --encoding how the text is written.",
        "请提供 CSV、Parquet 或 Excel（.xlsx）文件，其中一行为列名：{columns}。"
        "可用 --map 指定列的对应关系，--encoding 指定文字编码。",
    )


class BadFile(Exception):
    """Why a file is no table; an `UnreadableFile` is made of it where the columns are known."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class BadCell(ValueError):
    """Why a row is not understood."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.why = Text(en, zh)


class Row(NamedTuple):
    """A row as it stands at a line of the file; `why` says what makes it none."""

    line: int
    cells: Sequence[str]
    why: Text | None = None


class BadRow(NamedTuple):
    """A row that stays out: its line in the file, what stood there, and why."""

    line: int
    row: Sequence[str]
    why: Text


class GoodRow(NamedTuple, Generic[T]):
    """A row that was understood."""

    line: int
    row: Sequence[str]
    value: T


class Table(Protocol):
    """A file as rows of cells. The first rows may be a title; one of them names the columns."""

    #: how its text is written, empty where the kind of file says so itself
    encoding: str
    #: whether rows leave out their last cells when nothing stands there
    ragged: bool

    def sheets(self) -> Iterator[Iterator[Row]]:
        """Its sheets, each read once; a file that is no workbook is one. Raises BadFile."""
        ...

    @property
    def progress(self) -> tuple[int, int | None]:
        """How much was read and how much there is, in bytes or rows; None when nobody knows."""
        ...

    def close(self) -> None: ...
