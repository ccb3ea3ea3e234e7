"""What is wrong with a setting, for a person: the kinds of errors by which pydantic names it.

Settings are read by pydantic in till and hub; its words are English and speak of input. Here they
are the shop's, in both languages, with what was given and what is expected.
"""

from collections.abc import Mapping
from typing import Final

from retail.language import Text

NO_SUCH: Final = Text("there is no such setting", "没有此设置项")
_MISSING = Text("it is not given", "未给出")
_UNFIT = Text("it must be {expected}, not {given}", "应为{expected}，而不是 {given}")
_OTHER = Text(
    "{given} does not fit here ({words})", "{given} 不符合要求（{words}）"
)  # pydantic's own words: of a kind that nothing below knows

_WHOLE_NUMBER = Text("a whole number", "整数")
_NUMBER = Text("a number", "数字")
_WORDS = Text("text", "文本")
_YES_OR_NO = Text("true or false", " true 或 false")
_TIME = Text("a time such as 2026-12-01T08:00:00+08:00", "时间，例如 2026-12-01T08:00:00+08:00 ")
#: marks are the limits of the error
_EXPECTED: Final = {
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": Text("a finite number", "有限的数字"),
    "greater_than": Text("more than {gt}", "大于 {gt} 的数字"),
    "greater_than_equal": Text("{ge} or more", "不小于 {ge} 的数字"),
    "less_than": Text("less than {lt}", "小于 {lt} 的数字"),
    "less_than_equal": Text("{le} or less", "不大于 {le} 的数字"),
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "string_type": _WORDS,
    "string_unicode": _WORDS,
    "path_type": Text("the name of a file or folder", "文件或文件夹名"),
    "literal_error": Text("one of {expected}", "以下之一（{expected}）"),
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
}
#: of what was given: a slip is seen by then
_CHARACTERS_MAX = 60


def wrong(fault: Mapping[str, object]) -> tuple[str, Text]:
    """The setting's name, and what is wrong with it. `fault` is one of pydantic's
    `ValidationError.errors()`: `type`, `loc`, `input`, perhaps `ctx`, and its own words, `msg`."""
    place, kind = fault["loc"], str(fault["type"])
    assert isinstance(place, tuple)
    return ".".join(map(str, place)), _why(fault, kind)


def _why(fault: Mapping[str, object], kind: str) -> Text:
    if kind == "extra_forbidden":
        return NO_SUCH
    if kind == "missing":
        return _MISSING
    given = _shown(fault["input"])
    if (expected := _EXPECTED.get(kind)) is None:
        return _OTHER.filled(given=given, words=fault["msg"])
    limits = fault.get("ctx") or {}
    assert isinstance(limits, Mapping)
    limits = {name: _limit(value) for name, value in limits.items()}
    return _UNFIT.filled(expected=expected.filled(**limits), given=given)


def _shown(given: object) -> str:
    """As it would stand in a file of settings, and no longer than a person reads."""
    shown = repr(given)
    return shown if len(shown) <= _CHARACTERS_MAX else f"{shown[: _CHARACTERS_MAX - 1]}…"


def _limit(value: object) -> str:
    """`3600` where pydantic has 3600.0, and `'dark', 'light', 'contrast'` where it has an `or`."""
    return f"{value:.15g}" if isinstance(value, float) else str(value).replace(" or ", ", ")
