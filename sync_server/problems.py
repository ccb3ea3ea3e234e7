"""What the wire says instead of yes: a status, and a problem with its remedy, in both languages.

Only structure is refused (docs/protocol.md: not an envelope 422, signature 401, gap or fork 409,
size 413); never what a fact says. Here is what a problem is, and those that several rooms tell.
"""

from typing import NamedTuple

from journal import wire
from journal.stream import Head
from retail.language import Text

#: a till is asked to wait this long when the hub has too much to do or its database is away
BUSY_RETRY_S = 5


class WireProblem(Exception):
    """An answer on the wire that is not yes: status, and the problem to send."""

    def __init__(self, status: int, problem: wire.Problem, retry_after_s: int = 0) -> None:
        super().__init__(problem.code)
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s


class Echo(NamedTuple):
    """How far the hub has a stream, counter-signed; up to `safe_seq` it lies in a backup too."""

    epoch: str = ""
    head: Head | None = None
    head_sig: str = ""
    safe_seq: int = 0


_NO_ECHO = Echo()


def problem(
    status: int,
    code: str,
    title: Text,
    remedy: Text,
    *,
    echo: Echo = _NO_ECHO,
    retry_after_s: int = 0,
) -> WireProblem:
    told = wire.Problem(code, title.en, title.zh, remedy.en, remedy.zh, *echo)
    return WireProblem(status, told, retry_after_s)


def unknown_till() -> WireProblem:
    return problem(
        401,
        "unknown_till",
        Text("This till is not enrolled here.", "本机未在总部登记。"),
        Text("Enrol it with a code from head office.", "请用总部的登记码重新登记。"),
    )


def wrong_signature() -> WireProblem:
    return problem(
        401,
        "wrong_signature",
        Text("The signature is not this till's.", "签名与本机密钥不符。"),
        Text("Enrol the till again if its disk was replaced.", "若更换过磁盘，请重新登记。"),
    )


def revoked() -> WireProblem:
    return problem(
        403,
        "revoked",
        Text("Head office has revoked this till.", "总部已停用本机。"),
        Text(
            "What it sells is still kept; ask head office for a new code.",
            "销售记录仍会保留；请向总部索取新的登记码。",
        ),
    )


def busy() -> WireProblem:
    return problem(
        503,
        "busy",
        Text("The hub cannot take more just now.", "总部服务繁忙。"),
        Text("The till tries again by itself.", "本机会自动重试。"),
        retry_after_s=BUSY_RETRY_S,
    )


def too_large() -> WireProblem:
    return problem(
        413,
        "too_large",
        Text("This is more than one push may hold.", "单次推送超出上限。"),
        Text("Send fewer facts at once.", "请减少单次推送的数量。"),
    )
