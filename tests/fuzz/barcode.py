"""Fuzz what a scan means: `python -m tests.fuzz.barcode --runs 20000`."""

from contextlib import suppress
from datetime import date
from typing import get_args

from tests.fuzz.harness import main, watched

with watched("retail.barcode"):
    from retail import barcode
    from retail.barcode.templates import parse

TODAY = date(2026, 11, 28)
RULES = (
    barcode.CodeRules(),
    barcode.CodeRules(
        templates=("21IIIIIVVVVVC price=2", "2xIIIIIWWWWWPPPPPC", "2IIIIIKPPPPC"),
        separators=("~",),
        member_prefix="M",
    ),
)


def read(data: bytes) -> None:
    """Any text has a meaning, and is a template or refused as one."""
    text = data.decode(errors="replace")
    for rules in RULES:
        for where in barcode.Where:
            meaning = barcode.read(text, rules, TODAY, where)
            assert isinstance(meaning, get_args(barcode.Meaning))
    with suppress(barcode.BadTemplate):
        parse(text, 2)


if __name__ == "__main__":
    main("barcode", read)
