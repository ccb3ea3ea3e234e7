"""Our reader beside GS1's own engine and biip: their published cases, and where we differ and why.

python -m tests.retail.barcode.agreement     the table of docs/barcodes.md, afresh
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from retail.barcode import CodeRules, Goods, LabelPrice, Pallet, Unreadable, read
from retail.barcode.digital_link import parse as parse_link
from retail.barcode.elements import DATES, Elements, parse, parse_printed, printed_date
from retail.barcode.gtin import canonical, check_digit, equal_forms, is_upce, upce_expanded, upce_of

ROOT: Final = Path(__file__).parents[3]
DATA: Final = ROOT / "../shared/data/gs1"
DOCUMENT: Final = ROOT / "docs/barcodes.md"
TODAY: Final = date(2026, 11, 28)
RULES: Final = CodeRules()
NO_CODE: Final = "no code"

Case: TypeAlias = dict[str, Any]

#: national schemes of labels as biip has them, written as our templates
_SHORT_WEIGHTS = tuple(f"2{n}IIIIIIWWWWC weight={6 - n}" for n in (3, 4, 5))
_NORDIC = (*(f"2{n}IIIIIIPPPPC price={2 - n}" for n in (0, 1, 2)), *_SHORT_WEIGHTS)
REGIONS: Final = {
    "baltics": _SHORT_WEIGHTS,
    "denmark": (
        *(f"2{n}IIIIPPPPPPC price=2" for n in (1, 2, 3, 4)),
        *(f"2{n}IIIIWWWWWWC weight=3" for n in (6, 8)),
        "27IIIIIWWWWWC weight=3",
    ),
    "finland": _SHORT_WEIGHTS,
    "germany": (
        *(f"2{n}IIIIKPPPPPC price=2" for n in (2, 3)),
        *(f"2{n}IIIIKWWWWWC weight=3" for n in (8, 9)),
    ),
    "great_britain": ("20IIIIIKPPPPC price=2",),
    "norway": _NORDIC,
    "sweden": _NORDIC,
}
_BY_CODE = {"ee": "baltics", "lv": "baltics", "lt": "baltics", "fi": "finland", "de": "germany"}
_BY_CODE |= {"no": "norway", "se": "sweden", "dk": "denmark", "gb": "great_britain"}


class Compared(NamedTuple):
    """A case: what was read, what they and we say of it."""

    group: str
    scan: str
    theirs: object
    ours: object

    @property
    def agree(self) -> bool:
        return self.theirs == self.ours


def compared() -> list[Compared]:
    """Every case that applies to a reader, in the order of the files."""
    engine = json.loads((DATA / "gs1_syntax_engine_vectors.json").read_text(encoding="utf-8"))
    biip = json.loads((DATA / "biip_vectors.json").read_text(encoding="utf-8"))
    return [*_engine(engine["cases"]), *_biip(biip["cases"])]


# GS1's engine


def _engine(cases: dict[str, list[Case]]) -> Iterator[Compared]:
    for case in cases["scan_data_process"]:
        yield Compared("engine: scan data", case["scan_data"], _their_data(case), _our_data(case))
    for case in cases["element_string_valid"]:
        told = parse(_separated(case["input"]), TODAY)
        ours = not isinstance(told, Unreadable)
        yield Compared("engine: element strings", case["input"], case["valid"], ours)
    for case in cases["digital_link_parse"]:
        link = parse_link(case["input"], TODAY)
        theirs = _their_elements(case["expected_element_string"])
        yield Compared("engine: Digital Links", case["input"], theirs, _elements(link))
    for case in cases["ai_association_rules"]:
        ours = not isinstance(read(case["input"], RULES, TODAY), Unreadable)
        yield Compared("engine: fields together", case["input"], case["valid"], ours)
    for case in cases["bracketed_to_element_string"]:
        theirs = _their_elements(case["expected_element_string"])
        printed = parse_printed(case["input"], TODAY)
        yield Compared("engine: printed brackets", case["input"], theirs, _elements(printed))
    for case in cases["ai_component_errors"]:
        ours = not isinstance(parse_printed(case["input"], TODAY), Unreadable)
        yield Compared("engine: fields", case["input"], case["expected_error"] is None, ours)


def _separated(element_string: str) -> str:
    return element_string.replace("^", "\x1d")


def _elements(told: Elements | Unreadable) -> object:
    return None if isinstance(told, Unreadable) else told


def _their_elements(expected: str | None) -> object:
    if not expected:
        return None
    told = parse(_separated(expected), TODAY)
    return expected if isinstance(told, Unreadable) else told


def _their_data(case: Case) -> object:
    data: str | None = case["expected_data"]
    if data is None:
        return NO_CODE
    if data.startswith("^"):
        return _their_elements(data)
    if "://" in data:
        return _elements(parse_link(data, TODAY))
    return data.replace("\\^", "^").replace("\\\\", "\\")


def _our_data(case: Case) -> object:
    meant = read(case["scan_data"], RULES, TODAY)
    if isinstance(meant, Goods):
        return meant.elements or meant.keys[0]
    return NO_CODE


# biip


def _biip(files: dict[str, dict[str, list[Case]]]) -> Iterator[Compared]:
    for case in files["tests/test_parse.py"]["test_parse"]:
        theirs, scan = _their_number(case["expected"]), case["value"]
        yield Compared("biip: any code", scan, theirs, _our_number(scan))
    yield from _biip_elements(files["tests/test_gs1_element_strings.py"])
    yield from _biip_messages(files["tests/test_gs1_messages.py"])
    links = files["tests/test_gs1_digital_link_uris.py"]
    for case in links["test_parse"]:
        fields = {each["ai"]: each["value"] for each in case["expected"]["element_strings"]}
        told = _elements(parse_link(case["value"], TODAY))
        yield Compared("biip: Digital Links", case["value"], fields, told)
    for case in links["test_parse_error"]:
        told = _elements(parse_link(case["value"], TODAY))
        yield Compared("biip: Digital Links", case["value"], None, told)
    yield from _biip_gtins(files)
    yield from _biip_labels(files)


def _their_number(expected: Case) -> str | None:
    """The number that biip found, of its several readings the GTIN first."""
    if "gtin" in expected:
        return canonical(expected["gtin"]["value"])
    sscc: Case = expected.get("sscc", {})
    return sscc.get("value")


def _our_number(scan: str) -> str | None:
    meant = read(scan, RULES, TODAY)
    if isinstance(meant, Goods):
        return next(filter(None, map(canonical, meant.keys)), None)
    return meant.sscc if isinstance(meant, Pallet) else None


def _biip_elements(tests: dict[str, list[Case]]) -> Iterator[Compared]:
    for name, cases in tests.items():
        for case in cases if name.startswith("test_extract") else ():
            scan = case.get("value") or case["bad_value"]
            scan = (
                scan
                if "value" in case or scan.startswith(case["ai_code"])
                else case["ai_code"] + scan
            )
            told = parse(scan, TODAY)
            group = "biip: element strings"
            if "fails" in name or "nested_error" in name:
                yield Compared(group, scan, None, _elements(told))
            elif not isinstance(told, Unreadable):
                yield Compared(group, scan, *_values(case, told))


def _values(case: Case, told: Elements) -> tuple[object, object]:
    """Their value of the one field and ours: a day, a price, a weight; else the field itself."""
    ((ai, value),) = told.items()
    expected = case.get("expected_date") or case.get("expected_decimal") or case["expected"]
    if isinstance(expected, dict):
        return (expected["ai"], expected["value"]), (ai, value)
    if ai in DATES:
        return expected, str(printed_date(value, TODAY))
    meant = read(f"]C10106901028075022{ai}{value}", RULES, TODAY)
    price = meant.price if isinstance(meant, Goods) else None
    if price:
        return expected, _plain(price)
    return ai, ai


def _plain(price: LabelPrice) -> str:
    digits = str(price.amount).rjust(price.decimals + 1, "0")
    return f"{digits[: -price.decimals]}.{digits[-price.decimals :]}" if price.decimals else digits


def _biip_messages(tests: dict[str, list[Case]]) -> Iterator[Compared]:
    for name in ("test_parse_with_separator_char", "test_parse_ignores_redundant_separator_chars"):
        for case in tests[name]:
            message = case["value"].replace("|", "\x1d")
            theirs = _elements(parse_printed(case["expected_hri"], TODAY))
            yield Compared("biip: messages", message, theirs, _elements(parse(message, TODAY)))
    for case in tests["test_parse_fails_if_unparsed_data_left"]:
        told = parse(case["value"], TODAY)
        yield Compared("biip: messages", case["value"], None, _elements(told))
    for case in tests["test_parse_hri"]:
        theirs = {each["ai"]: each["value"] for each in case["expected"]["element_strings"]}
        printed = _elements(parse_printed(case["value"], TODAY))
        yield Compared("biip: messages", case["value"], theirs, printed)
    for name, cases in tests.items():
        for case in cases if name.startswith("test_parse_hri_fails") else ():
            printed = _elements(parse_printed(case["value"], TODAY))
            yield Compared("biip: messages", case["value"], None, printed)


def _biip_gtins(files: dict[str, dict[str, list[Case]]]) -> Iterator[Compared]:
    group = "biip: GTIN, UPC, check digits"
    for case in files["tests/test_checksums.py"]["test_gs1_standard_check_digit"]:
        yield Compared(group, case["value"], case["expected"], check_digit(case["value"]))
    for name, cases in files["tests/gtin/test_parse.py"].items():
        for case in cases:
            yield Compared(group, case["value"], name, name if canonical(case["value"]) else None)
    for file in ("tests/gtin/test_encode.py", "tests/upc/test_encode.py"):
        for name, cases in files[file].items():
            for case in (case for case in cases if "expected" in case):
                ours = _in_form(name, case["value"], case["expected"])
                yield Compared(group, case["value"], case["expected"], ours)
    for case in files["tests/upc/test_parse.py"]["test_parse_upc_e"]:
        yield Compared(group, case["value"], True, is_upce(case["value"]))


def _in_form(name: str, value: str, expected: str) -> str | None:
    """`value` in the form that a test of biip asks for."""
    if name == "test_as_upc_e":
        return value if is_upce(value) else upce_of(value)
    if name == "test_as_upc_a":
        return upce_expanded(value)
    number = canonical(upce_expanded(value) if is_upce(value) else value)
    return (
        next((form for form in equal_forms(number) if form == expected), None) if number else None
    )


def _biip_labels(files: dict[str, dict[str, list[Case]]]) -> Iterator[Compared]:
    for name, cases in files["tests/rcn/test_rules.py"].items():
        rules = CodeRules(REGIONS[name.removeprefix("test_region_")], currency="EUR")
        for case in cases:
            label = rules.label(case["value"])
            ours: tuple[int | None, int | None] = (None, None)
            if label is not None and not isinstance(label, Unreadable):
                ours = (label.price_minor, label.grams)
            theirs = (_times(case["price"], 100), _times(case["weight"], 1000))
            yield Compared("biip: store labels", case["value"], theirs, ours)
    tests = files["tests/rcn/test_without_variable_measure.py"]
    for case in tests["test_without_variable_measure_strips_variable_parts"]:
        label = CodeRules(REGIONS[_BY_CODE[case["rcn_region"]]]).label(case["value"])
        keys = () if label is None else label.keys
        ours_key = case["expected"] if case["expected"] in keys else None
        yield Compared("biip: store labels", case["value"], case["expected"], ours_key)


def _times(decimal: str | None, factor: int) -> int | None:
    return None if decimal is None else round(float(decimal) * factor)


# Why we differ

_TILL: Final = "Valid data that names nothing to sell or receive: a till has nothing to look up."
_LENIENT: Final = "A rule of form that changes no number: we read on, a sale is not held up."
_SHORT: Final = "A GTIN without its leading zeros is the same number: we read it."
_PLAIN: Final = "Text from a scanner that sends no AIM identifier: a shop's own number."
_UNDECLARED: Final = "No check digit, or nothing that says what it is: we do not guess a product."
_SHORT_NAMES: Final = "Short names of AIs in a path, which GS1's engine reads only when asked to."
_UNUSED: Final = "The content of a field that no till acts on is not checked."
_UNKNOWN: Final = "A field of an unknown AI could hide what follows it: we refuse."
_EMPTY: Final = "Nothing was encoded: nothing to look up."


#: fields that a till acts on, by AI or by the first three digits of one that counts decimals
_ACTED_ON: Final = frozenset("00 01 02 10 11 13 15 16 17 21 30 37 7003 310 320 356 392 393".split())
_SHORT_GTIN = re.compile(r"01[/=](\d{8}|\d{12,13})(?!\d)")


def _is_unused(case: Compared) -> bool:
    ais = re.findall(r"\((\d+)\)", case.scan)
    return case.group == "engine: fields" and not any(
        ai in _ACTED_ON or (len(ai) == 4 and ai[:3] in _ACTED_ON) for ai in ais
    )


_REASONS: Final[tuple[tuple[str, Callable[[Compared], bool]], ...]] = (
    (_EMPTY, lambda case: case.theirs == "" or case.scan == ""),
    (_PLAIN, lambda case: case.group == "engine: scan data" and not case.scan.startswith("]")),
    (_SHORT_NAMES, lambda case: "/gtin/" in case.scan),
    (_UNKNOWN, lambda case: "(89)" in case.scan or "&89=" in case.scan),
    (_TILL, lambda case: case.group == "engine: fields together" and case.theirs is True),
    (_SHORT, lambda case: _SHORT_GTIN.search(case.scan) is not None),
    (_LENIENT, lambda case: case.group in ("engine: Digital Links", "engine: fields together")),
    (_UNUSED, _is_unused),
    (_UNDECLARED, lambda case: case.scan.isdigit() and not case.ours),
)


def reason(case: Compared) -> str:
    """Why we differ. Raises LookupError when nobody said yet."""
    for why, applies in _REASONS:
        if applies(case):
            return why
    raise LookupError(case)


def table(cases: list[Compared]) -> str:
    """The counts of each group, and every case where we differ under its reason."""
    lines = ["| cases | agree | differ |", "|---|---:|---:|"]
    for group in dict.fromkeys(case.group for case in cases):
        agree = [case.agree for case in cases if case.group == group]
        lines.append(f"| {group} | {sum(agree)} | {len(agree) - sum(agree)} |")
    differ = [(reason(case), case) for case in cases if not case.agree]
    for why in dict.fromkeys(why for why, _ in differ):
        lines += ["", why, ""]
        scans = (
            f"{case.group}: `{case.scan or '(empty)'}`" for each, case in differ if each == why
        )
        lines += [f"- {scan.replace('|', chr(92) + '|')}" for scan in dict.fromkeys(scans)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compared()))
