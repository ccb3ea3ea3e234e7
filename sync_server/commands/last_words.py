"""How `sync-server` ends when nobody foresaw it: a sentence, and a report for support."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from traceback import format_exception
from typing import NoReturn

from retail.language import Text

#: in the folder of the system's temporary files
REPORT_FILE = "omnitill-hub-fault.txt"
_NO_TEXT = Text("What was typed is not UTF-8 text.", "输入的内容不是 UTF-8 文本。")
_TYPE_AGAIN = Text("Type it again.", "请重新输入。")
_OUTPUT = Text("Standard output", "标准输出")
_UNUSABLE = Text("{file}: {why}", "无法读写：{file}（{why}）。")
_SEE_TO_IT = Text(
    "See that it can be read and written, then try again.", "请确认其可读写，然后重试。"
)
_FAULT = Text(
    "The hub's program stopped because of a fault of its own: {fault}",
    "总部程序因自身故障停止：{fault}",
)
_TELL_SUPPORT = Text(
    "What was committed is safe: run it again, and give {report} to support.",
    "已提交的数据是安全的：请重新运行，并将 {report} 交给技术支持。",
)


def run_whole(program: Callable[[], object]) -> None:
    """Run the program; whatever it raises is said in both languages, and it leaves with 1."""
    try:
        program()
    except UnicodeEncodeError:
        _leave(_NO_TEXT, _TYPE_AGAIN)
    except OSError as fault:
        where = fault.filename or _OUTPUT
        _leave(_UNUSABLE.filled(file=where, why=fault.strerror or fault), _SEE_TO_IT)
    except Exception as fault:
        report = Path(gettempdir()) / REPORT_FILE
        with suppress(OSError):
            report.write_text("".join(format_exception(fault)), encoding="utf-8")
        _leave(_FAULT.filled(fault=repr(fault)), _TELL_SUPPORT.filled(report=report))


def _leave(what: Text, remedy: Text) -> NoReturn:
    sentences = what.en, remedy.en, what.zh, remedy.zh, ""
    with suppress(OSError):
        sys.stderr.buffer.write("\n".join(sentences).encode(errors="replace"))
        sys.stderr.flush()
    os._exit(1)  # what is still buffered for an output that is full would fail once more
