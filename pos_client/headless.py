"""The till as JSON lines: one object a line in, one out (docs/headless.md).

    {"id": 1, "do": "scan", "code": "6901028075022"}
    {"id": 1, "ok": true, "line": {…}, "basket": {…}}
    {"id": 2, "ok": false, "refusal": {"code": "…", "say": "…", "remedy": "…"}}

A line that is not an act is refused and changes nothing. Devices and sync speak unasked as
{"event": …}. End of input closes in order.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Any, BinaryIO

import msgspec

from pos_client import views
from pos_client.acts import DECODER, Act, Id
from pos_client.till import Till
from retail.language import Text
from retail.refusals import Refusal

#: a longer line, its end not counted, is no act; it is refused without being kept whole
LINE_BYTES_MAX = 1024 * 1024
_TOO_LONG = Text(f"a line of more than {LINE_BYTES_MAX} bytes", f"一行超过 {LINE_BYTES_MAX} 字节")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class NotAnAct(Refusal):
    code = "not_an_act"
    sentence = Text("This is not something the till can do: {what}", "无法执行：{what}")
    way_on = Text(
        'Send one JSON object a line, such as {{"id": 1, "do": "help"}}, which lists every act.',
        '请每行发送一个 JSON 对象，例如 {{"id": 1, "do": "help"}} 可列出全部操作。',
    )


class _AnyId(msgspec.Struct, frozen=True):
    """What can be learned of a line that is not an act: whom to answer."""

    id: Id = None


class JsonLines:
    """Answers and events, one a line, whole, in the order they were said."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = Lock()
        self._encoder = msgspec.json.Encoder()

    def say(self, value: dict[str, Any]) -> None:
        """Write one line. A reader that has gone is no reason to stop selling."""
        line = self._encoder.encode(value) + b"\n"
        with self._lock:
            try:
                self._out.write(line)
                self._out.flush()
            except OSError:
                pass


def serve(till: Till, lines: BinaryIO, out: BinaryIO) -> None:
    """Do what the lines say until they end."""
    answers = JsonLines(out)
    answers.say(
        {
            "event": "ready",
            "store": till.who.store,
            "till": till.who.till,
            "incarnation": till.recorder.writer.stream.incarnation,
            "shift": views.shift(till.shift.current) if till.shift.current else None,
            "last_receipt": till.sale.last_receipt,
            "basket": views.basket(till.sale.basket),
        }
    )
    till.start(lambda name, values: answers.say({"event": name, **values}))
    for line in _each(lines):
        if line.strip():
            answers.say(answer(till, line))


def _each(lines: BinaryIO) -> Iterator[bytes]:
    """The lines, whole; of one that is too long the beginning, which is just as much too long.
    A source that breaks has ended."""
    try:
        while line := lines.readline(LINE_BYTES_MAX + 1):
            rest = line
            while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
                rest = lines.readline(LINE_BYTES_MAX + 1)
            yield line
    except OSError:
        return


def answer(till: Till, line: bytes) -> dict[str, Any]:
    """Do the act on one line; a refusal is an answer too."""
    try:
        act = _read(line)
    except NotAnAct as refusal:
        return _refused(till, _id_of(line), refusal)
    try:
        return {"id": act.id, "ok": True, **act.perform(till)}
    except Refusal as refusal:
        return _refused(till, act.id, refusal)


def _read(line: bytes) -> Act:
    if len(line.rstrip(b"\n")) > LINE_BYTES_MAX:
        raise NotAnAct(what=_TOO_LONG)
    try:
        return DECODER.decode(line)
    except _UNREADABLE as fault:
        raise NotAnAct(what=str(fault)) from None


def _id_of(line: bytes) -> int | str | None:
    try:
        return msgspec.json.decode(line, type=_AnyId).id
    except _UNREADABLE:
        return None


def _refused(till: Till, id_: int | str | None, refusal: Refusal) -> dict[str, Any]:
    return {"id": id_, "ok": False, "refusal": views.refusal(refusal, till.language)}
