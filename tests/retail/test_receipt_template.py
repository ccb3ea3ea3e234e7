"""Templates of receipts: what each line of one means, and which are refused with what sentence."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.language import Language
from retail.receipt import (
    BUILT_IN,
    FIELDS,
    LINE_CHARACTERS_MAX,
    LINES_MAX,
    Block,
    BlockRow,
    IncompleteTemplate,
    NotATemplate,
    ReceiptNumber,
    ReceiptTemplate,
    RuleRow,
    TemplateRow,
    TextRow,
    UnusableTemplate,
    Words,
    lines_of,
)
from retail.refusals import Refusal

NEEDED = ("{receipt}", "[items]", "{total}", "[tenders]")


def first_row(line: str) -> TemplateRow:
    return ReceiptTemplate.read((line, *NEEDED)).rows[0]


def words(text: str) -> Words:
    return Words(((text, ""),))


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("Thank you", TextRow(words("Thank you"))),
        ("^ Thank you", TextRow(words("Thank you"), centred=True)),
        ("* Thank you", TextRow(words("Thank you"), bold=True)),
        ("= Thank you", TextRow(words("Thank you"), bold=True, large=True)),
        ("=^ Thank you", TextRow(words("Thank you"), bold=True, large=True, centred=True)),
        ("^* Thank you", TextRow(words("Thank you"), bold=True, centred=True)),
        ("* left | right", TextRow(words("left"), words("right"), bold=True)),
        ("  indented", TextRow(words("  indented"))),
        ("\\--- a | b", TextRow(words("--- a | b"))),
        ("\\* starred", TextRow(words("* starred"))),
        ("\\[items]", TextRow(words("[items]"))),
        ("a {{brace}}", TextRow(Words((("a {", ""), ("brace}", ""))))),
        ("---", RuleRow("-")),
        ("======", RuleRow("=")),
        ("--", RuleRow("-")),
        ("-", TextRow(words("-"))),
        ("-=-", TextRow(words("-=-"))),
        ("[logo]", BlockRow(Block.LOGO)),
        (" [logo] ", BlockRow(Block.LOGO)),
        ("[items codes]", BlockRow(Block.ITEMS, codes=True)),
        ("[qr]", BlockRow(Block.QR, Words((("", "receipt"),)))),
        ("[qr https://x/{total}]", BlockRow(Block.QR, Words((("https://x/", "total"),)))),
    ],
)
def test_a_line_of_a_template_is_a_line_of_paper(line: str, row: TemplateRow) -> None:
    assert first_row(line) == row


def test_an_empty_line_is_an_empty_line() -> None:
    assert first_row("") == TextRow(Words())


def test_fields_are_filled_with_what_the_sale_says_and_nothing_else_is() -> None:
    row = first_row("No {receipt}, {{total}} | {total}")
    assert isinstance(row, TextRow)
    assert row.right is not None
    values = {"receipt": "S01-1-AAAAAA-000001", "total": "{store}%s{0}"}
    assert row.left.filled(values) == "No S01-1-AAAAAA-000001, {total}"
    assert row.right.filled(values) == "{store}%s{0}"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{price}", "{price} is no field"),
        ("{}", "{} is no field"),
        ("{0}", "is no field"),
        ("{total.__class__}", "is no field"),
        ("{total!r}", "is no field"),
        ("{total:>10}", "is no field"),
        ("{total:{receipt}}", "is no field"),
        ("{total", "brace"),
        ("total}", "brace"),
        ("[goods]", "[goods] is no block"),
        ("[items prices]", "[items] takes nothing"),
        ("[logo {store}]", "[logo] takes nothing"),
        ("[]", "[] is no block"),
        ("[tenders] x", "a line that begins with [ is a block"),
        ("[foo", "a line that begins with [ is a block"),
        ("*Thank you*", "a blank belongs behind *"),
        ("*=^{total}", "a blank belongs behind *=^"),
        ("=== x", "each mark once"),
        ("^ a | b", "^ and | exclude each other"),
        ("｛total｝", "braces are typed { }"),
        ("a | b | c", "more than one |"),
        ("x" * (LINE_CHARACTERS_MAX + 1), f"more than {LINE_CHARACTERS_MAX} characters"),
        (f"[qr {'x' * 101}]", "more than 100 characters"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_its_number(line: str, why: str) -> None:
    with pytest.raises(UnusableTemplate, match=re.escape(why)) as refused:
        ReceiptTemplate.read(("^ {store}", line, *NEEDED))
    assert "line 2" in refused.value.say.en
    assert "第 2 行" in refused.value.say.zh


@pytest.mark.parametrize("lacks", NEEDED)
def test_a_receipt_says_what_was_sold_what_it_comes_to_how_it_was_paid_and_its_number(
    lacks: str,
) -> None:
    template = [line for line in NEEDED if line != lacks]
    with pytest.raises(IncompleteTemplate, match=re.escape(lacks)) as refused:
        ReceiptTemplate.read(template)
    assert "{receipt}" in refused.value.remedy.zh


def test_all_that_is_lacking_is_named_at_once() -> None:
    with pytest.raises(IncompleteTemplate, match=re.escape("{receipt} [items] {total} [tenders]")):
        ReceiptTemplate.read(("words",))


def test_the_number_is_one_that_a_person_can_read() -> None:
    ReceiptTemplate.read(("[barcode]", *NEEDED[1:]))
    with pytest.raises(IncompleteTemplate, match=re.escape("{receipt}")):
        ReceiptTemplate.read(("[qr]", *NEEDED[1:]))


def test_what_must_not_be_missing_does_not_count_on_a_line_that_may_be_left_out() -> None:
    rest = (*NEEDED[:2], *NEEDED[3:])
    ReceiptTemplate.read(("You pay {total} {currency}", *rest))
    with pytest.raises(IncompleteTemplate, match=re.escape("{total}")):
        ReceiptTemplate.read(("You saved {saved} and pay {total}", *rest))


def test_no_template_is_longer_than_any_receipt_should_be() -> None:
    ReceiptTemplate.read((*NEEDED, *[""] * (LINES_MAX - len(NEEDED))))
    with pytest.raises(UnusableTemplate, match=f"more than {LINES_MAX} lines"):
        ReceiptTemplate.read((*NEEDED, *[""] * LINES_MAX))


@pytest.mark.parametrize("language", list(Language))
def test_a_store_without_a_template_has_the_built_in_one_of_its_language(
    language: Language,
) -> None:
    assert ReceiptTemplate.of((), language) == ReceiptTemplate.read(BUILT_IN[language])
    assert ReceiptTemplate.of(NEEDED, language) == ReceiptTemplate.read(NEEDED)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_template_is_read_from_the_editors_that_people_have(encoding: str) -> None:
    lines = BUILT_IN[Language.CHINESE]
    assert lines_of(("\r\n".join(lines) + "\r\n\r\n").encode(encoding)) == [*lines]


@pytest.mark.parametrize(
    "file", [b"\x89PNG\r\n\x1a\n\x00\x00\x00", b"\x00", "^ a".encode("utf-16")]
)
def test_what_is_no_text_is_no_template(file: bytes) -> None:
    with pytest.raises(NotATemplate):
        lines_of(file)


def test_a_file_that_is_far_too_long_is_not_even_read() -> None:
    with pytest.raises(UnusableTemplate):
        lines_of(b"a\n" * 1_000_000)


_MARKS = ("{", "}", "[", "]", "|", "\\", "= ", "^ ", "---", " ", "汉", "{a.b}", "\x1b@", "\n")
_PIECES = st.sampled_from(
    (*(f"{{{field}}}" for field in FIELDS), *(f"[{block}]" for block in Block), *_MARKS)
)


@given(st.lists(st.lists(_PIECES, max_size=8).map("".join), max_size=12))
def test_whatever_is_typed_is_read_or_refused_with_a_sentence(lines: Sequence[str]) -> None:
    rows: Sequence[TemplateRow] = ()
    refused: Refusal | None = None
    try:
        rows = ReceiptTemplate.read([*lines, *NEEDED]).rows
    except Refusal as no:
        refused = no
    assert rows or (refused and refused.say.zh and refused.remedy.en)
    values = dict.fromkeys(FIELDS, "x")
    for row in rows:
        if isinstance(row, TextRow):
            row.left.filled(values)


def test_a_printed_number_is_read_back() -> None:
    number = ReceiptNumber("S01-2", "K7Q2XM", 123)
    assert ReceiptNumber.read(str(number)) == number
