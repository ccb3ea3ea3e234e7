"""Receipts: how they are numbered, and the templates by which a store lays them out.

A template is text, and a line of it is a line of paper:

    [logo]                     the till's picture, where it has one
    =^ {store}                 = large, * bold, ^ in the middle: any of them, then a blank
    小票号 | {receipt}          what is left of | at the left edge, what is right of it at the right
    顾客 | {customer}           a line with a field that is empty is left out
    ---                        a rule right across, of that sign: - = * or .
    [items]                    what was sold; [items codes] with the code below each
    [tenders]                  rounding, what was paid and how, the change
    [taxes]                    each rate and what it came to, below a rule; nothing without
    [qr {receipt}]             a code to scan, of these words; [barcode {receipt}] as bars
    \\--- or \\[so]              as it stands behind the backslash; {{ and }} are braces

Blank lines above the first words are left out. Wherever the paper is too narrow a line is folded.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from string import Formatter
from typing import Final, NamedTuple, Self

from retail.base32 import LETTERS
from retail.language import Language, Text
from retail.refusals import Refusal

#: a till's id is part of file names too
_NUMBER = re.compile(rf"([0-9A-Za-z._-]{{1,64}})-([{LETTERS}]{{6}})-(\d{{6,12}})", re.ASCII)


class ReceiptNumber(NamedTuple):
    """The number printed on a receipt: `TILL-INCARNATION-NUMBER`, as `S01-2-K7Q2XM-000123`.

    A till's id opens with its store's; `number` is dense from 1 in each incarnation. The
    incarnation's short form stands in it, so two copies of one till's disk can never issue the
    same one.
    """

    till_id: str
    incarnation: str
    number: int

    def __str__(self) -> str:
        return f"{self.till_id}-{self.incarnation}-{self.number:06d}"

    @classmethod
    def read(cls, printed: str) -> Self | None:
        """The number as it stands on paper, None when it is none."""
        found = _NUMBER.fullmatch(printed)
        number = cls(found[1], found[2], int(found[3])) if found else None
        return number if str(number) == printed else None


#: what `{…}` puts in
FIELDS: Final = (
    "store", "till", "receipt", "date", "time", "business_date", "cashier", "customer",
    "pieces", "total", "currency", "saved",
)  # fmt: skip
LINES_MAX: Final = 120
LINE_CHARACTERS_MAX: Final = 200
FILE_BYTES_MAX: Final = LINES_MAX * LINE_CHARACTERS_MAX * 4
#: the words of a code to scan, without what its fields put in: no phone reads more off narrow paper
CODE_CHARACTERS_MAX: Final = 100

#: fields that a sale may have nothing to say of
_MAY_BE_EMPTY: Final = frozenset(("store", "customer", "saved"))

_MARKED: Final = re.compile(r"(?P<marks>[=*^]+)(?P<blank> ?)(?P<rest>.*)", re.DOTALL)
_RULE: Final = re.compile(r"([-=*.])\1+")
_BLOCK: Final = re.compile(r"\s*\[(?P<name>\w*)(?: (?P<rest>.*))?\]", re.DOTALL)


class UnusableTemplate(Refusal):
    code = "unusable_template"
    sentence = Text("Receipt template, line {line}: {why}", "小票模板第 {line} 行：{why}")
    way_on = Text(
        "Correct that line; docs/receipts.md lists what a template may hold.",
        "请更正该行；模板写法见 docs/receipts.md。",
    )


class IncompleteTemplate(Refusal):
    code = "incomplete_template"
    sentence = Text("The receipt template lacks {what}.", "小票模板缺少 {what}。")
    way_on = Text(
        "A receipt says what was sold, what it comes to, how it was paid, and its number: [items], "
        "{{total}}, [tenders] and {{receipt}}.",
        "小票必须包含商品、合计、支付方式与小票号：[items]、{{total}}、[tenders]、{{receipt}}。",
    )


class NotATemplate(Refusal):
    code = "not_a_template"
    sentence = Text(
        "This file is no receipt template: it is not text.", "该文件不是小票模板（不是文本）。"
    )
    way_on = Text(
        "Save it as plain text in UTF-8; see docs/receipts.md.",
        "请另存为 UTF-8 纯文本，写法见 docs/receipts.md。",
    )


def lines_of(file: bytes) -> list[str]:
    """The lines of a template's file, in UTF-8 or GB18030. Raises NotATemplate, and
    UnusableTemplate for one that is longer than any template."""
    if len(file) > FILE_BYTES_MAX:
        raise UnusableTemplate(line=LINES_MAX + 1, why=_TOO_MANY.filled(most=LINES_MAX))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = file.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.rstrip().splitlines()
    raise NotATemplate


class Block(StrEnum):
    """What a line in brackets stands for."""

    LOGO = "logo"
    ITEMS = "items"
    TENDERS = "tenders"
    TAXES = "taxes"
    QR = "qr"
    BARCODE = "barcode"


_CODES: Final = "codes"
_TO_SCAN: Final = (Block.QR, Block.BARCODE)


class Words(NamedTuple):
    """Text with fields in it: `parts` are pieces of text, each with the name of the field behind
    it, empty where there is none."""

    parts: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for _, field in self.parts if field)

    @property
    def fixed_characters(self) -> int:
        return sum(len(text) for text, _ in self.parts)

    def filled(self, values: Mapping[str, str]) -> str:
        """With the values of its fields."""
        return "".join(text + (values[field] if field else "") for text, field in self.parts)


class TextRow(NamedTuple):
    """A line of words: `right`, where there is any, ends at the right edge."""

    left: Words
    right: Words | None = None
    bold: bool = False
    large: bool = False
    centred: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return self.left.fields + (self.right.fields if self.right else ())


class RuleRow(NamedTuple):
    """A rule across the paper."""

    sign: str

    @property
    def fields(self) -> tuple[str, ...]:
        return ()


class BlockRow(NamedTuple):
    """A part that is as long as the sale makes it. `words` are what a code to scan holds,
    `codes` whether each article's code stands below it."""

    block: Block
    words: Words = Words()
    codes: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return self.words.fields


TemplateRow = TextRow | RuleRow | BlockRow


class ReceiptTemplate(NamedTuple):
    """A template that was read, line by line."""

    rows: tuple[TemplateRow, ...]

    @classmethod
    def read(cls, lines: Sequence[str]) -> Self:
        """The template these lines are. Raises UnusableTemplate with the number of the line, or
        IncompleteTemplate."""
        if len(lines) > LINES_MAX:
            raise UnusableTemplate(line=LINES_MAX + 1, why=_TOO_MANY.filled(most=LINES_MAX))
        template = cls(tuple(_row(line, number) for number, line in enumerate(lines, start=1)))
        template._must_be_complete()
        return template

    @staticmethod
    def of(lines: Sequence[str], language: Language) -> "ReceiptTemplate":
        """The template of a store: the built-in one of its language where it has none. Raises as
        `read` does."""
        return _read_once(tuple(lines) or BUILT_IN[language])

    def _must_be_complete(self) -> None:
        there: set[str] = set()
        for row in self.rows:
            if isinstance(row, BlockRow):
                there.add(f"[{row.block}]")
            if not _MAY_BE_EMPTY.intersection(row.fields):
                there.update(f"{{{field}}}" for field in row.fields if _is_read(row))
        lacking = [needed for needed in _NEEDED if needed not in there]
        if lacking:
            raise IncompleteTemplate(what=" ".join(lacking))


#: what every receipt says: what was sold, what it comes to, how it was paid, and its number
_NEEDED: Final = ("{receipt}", "[items]", "{total}", "[tenders]")


def _is_read(row: TemplateRow) -> bool:
    """Whether a person can read what its fields say: nobody reads a QR code."""
    return not isinstance(row, BlockRow) or row.block is Block.BARCODE


@lru_cache(maxsize=4)
def _read_once(lines: tuple[str, ...]) -> ReceiptTemplate:
    """Every receipt asks for its store's."""
    return ReceiptTemplate.read(lines)


_TOO_MANY = Text("more than {most} lines", "超过 {most} 行")
_TOO_LONG = Text("more than {most} characters", "超过 {most} 个字符")
_NO_FIELD = Text(
    "{{{field}}} is no field; there are {fields}", "没有字段 {{{field}}}；可用：{fields}"
)
_NO_BLOCK = Text("[{block}] is no block; there are {blocks}", "没有区块 [{block}]；可用：{blocks}")
_BRACES = Text(
    "a brace without its other half; write {{{{ for a brace", "花括号不成对；要印花括号请写 {{{{"
)
_BARE = Text("[{block}] takes nothing behind its name", "[{block}] 后面不能有内容")
_BRACKET = Text(
    "a line that begins with [ is a block, alone on its line; \\ before it prints it as it stands",
    "以 [ 开头的行是区块，须独占一行；要原样印出请在行首加 \\",
)
_ONE_BAR = Text("more than one |", "不止一个 |")
_MIDDLE = Text("^ and | exclude each other", "^ 与 | 不能同时使用")
_MARKS = Text(
    "a blank belongs behind {marks}, each mark once; \\ before it prints it as it stands",
    "{marks} 后面须有一个空格，每种符号只用一次；要原样印出请在行首加 \\",
)
_WIDE = Text("braces are typed { }, not ｛ ｝", "花括号请用半角 { }，不要用全角 ｛ ｝")


def _row(line: str, number: int) -> TemplateRow:
    if len(line) > LINE_CHARACTERS_MAX:
        raise UnusableTemplate(line=number, why=_TOO_LONG.filled(most=LINE_CHARACTERS_MAX))
    line = line.rstrip()
    if line.startswith("\\"):
        return TextRow(_words(line[1:], number))
    if rule := _RULE.fullmatch(line):
        return RuleRow(rule[1])
    if block := _BLOCK.fullmatch(line):
        return _block(block["name"], (block["rest"] or "").strip(), number)
    if line.lstrip().startswith("["):
        raise UnusableTemplate(line=number, why=_BRACKET)
    marks = ""
    if marked := _MARKED.fullmatch(line):
        marks, line = marked["marks"], marked["rest"]
        if not marked["blank"] or len(set(marks)) < len(marks):
            raise UnusableTemplate(line=number, why=_MARKS.filled(marks=marks))
    return _text_row(marks, line, number)


def _text_row(marks: str, line: str, number: int) -> TextRow:
    left, bar, right = line.partition("|")
    if "|" in right:
        raise UnusableTemplate(line=number, why=_ONE_BAR)
    if bar and "^" in marks:
        raise UnusableTemplate(line=number, why=_MIDDLE)
    return TextRow(
        _words(left.rstrip() if bar else left, number),
        _words(right.strip(), number) if bar else None,
        bold="*" in marks or "=" in marks,
        large="=" in marks,
        centred="^" in marks,
    )


def _block(name: str, rest: str, number: int) -> BlockRow:
    if name not in list(Block):
        known = " ".join(f"[{each}]" for each in Block)
        raise UnusableTemplate(line=number, why=_NO_BLOCK.filled(block=name, blocks=known))
    block = Block(name)
    if block in _TO_SCAN:
        words = _words(rest or "{receipt}", number)
        if words.fixed_characters > CODE_CHARACTERS_MAX:
            raise UnusableTemplate(line=number, why=_TOO_LONG.filled(most=CODE_CHARACTERS_MAX))
        return BlockRow(block, words)
    codes = block is Block.ITEMS and rest == _CODES
    if rest and not codes:
        raise UnusableTemplate(line=number, why=_BARE.filled(block=name))
    return BlockRow(block, codes=codes)


def _words(text: str, number: int) -> Words:
    if "｛" in text or "｝" in text:
        raise UnusableTemplate(line=number, why=_WIDE)
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        raise UnusableTemplate(line=number, why=_BRACES.filled()) from None
    for _, field, form, conversion in parsed:
        if field is not None and (field not in FIELDS or form or conversion):
            known = " ".join(FIELDS)
            raise UnusableTemplate(line=number, why=_NO_FIELD.filled(field=field, fields=known))
    return Words(tuple((literal, field or "") for literal, field, _, _ in parsed))


#: how receipts look where a store has no template of its own
BUILT_IN: Final = {
    Language.CHINESE: (
        "[logo]",
        "=^ {store}",
        "",
        "小票号 | {receipt}",
        "{date} {time} | 收银员 {cashier}",
        "顾客 | {customer}",
        "---",
        "[items]",
        "---",
        "件数 | {pieces}",
        "= 合计 | {total}",
        "[tenders]",
        "[taxes]",
        "---",
        "[qr]",
        "^ {receipt}",
    ),
    Language.ENGLISH: (
        "[logo]",
        "=^ {store}",
        "",
        "Receipt | {receipt}",
        "{date} {time} | Cashier {cashier}",
        "Customer | {customer}",
        "---",
        "[items]",
        "---",
        "Items | {pieces}",
        "= TOTAL | {total}",
        "[tenders]",
        "[taxes]",
        "---",
        "[qr]",
        "^ {receipt}",
    ),
}
