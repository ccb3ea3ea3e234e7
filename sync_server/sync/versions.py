"""Which feed till and hub speak with each other, whichever of the two is newer (decision 0028).

The schema of the feed is a number: what its kinds, and the bodies of each, mean. A kind or an
optional field that is added changes nothing for a till that does not know it; whatever else
changes is the next schema, and the hub goes on speaking the older ones down to `OLDEST_SPOKEN`.
"""

from functools import cache
from importlib.metadata import version
from typing import Final

from journal import wire
from journal.wire import FEED_SCHEMA
from retail.language import Text
from sync_server.problems import WireProblem, problem
from sync_server.voice import Voice

#: the oldest schema that this hub still speaks
OLDEST_SPOKEN = 1
#: what a till reads that does not say it: those of before there was a hello
UNSAID: Final = "1"
#: nothing changes before somebody has installed another program
TOO_OLD_RETRY_S: Final = 600


@cache
def program() -> str:
    """This program's version, as tills are told it."""
    return version("omnitill")


def hello(voice: Voice, request: wire.HelloRequest, backoff_ms: int) -> wire.HelloReply:
    """The newest schema that both know, 0 where there is none; and what else a till begins with."""
    both = min(request.feed_max, FEED_SCHEMA)
    return wire.HelloReply(
        program=program(),
        feed_min=OLDEST_SPOKEN,
        feed_max=FEED_SCHEMA,
        feed=both if both >= max(request.feed_min, OLDEST_SPOKEN) else 0,
        epoch=voice.epoch,
        backoff_ms=backoff_ms,
    )


def check(asked: str) -> None:
    """Raises 426 for a schema that this hub does not speak: no more, or not yet."""
    try:
        schema = int(asked)
    except ValueError:
        schema = 0
    if schema > FEED_SCHEMA:
        raise _hub_too_old()
    if schema < OLDEST_SPOKEN:
        raise _till_too_old()


def _hub_too_old() -> WireProblem:
    return problem(
        426,
        "hub_too_old",
        Text(
            "The hub's program is too old to publish anything to this till.",
            "总部服务的程序版本过旧，无法向本机发布内容。",
        ),
        Text("Go on selling; head office is to update the hub.", "可继续销售；请总部更新其程序。"),
        retry_after_s=TOO_OLD_RETRY_S,
    )


def _till_too_old() -> WireProblem:
    return problem(
        426,
        "till_too_old",
        Text(
            "This till's program is too old for what head office publishes now.",
            "本机程序版本过旧，无法接收总部现在发布的内容。",
        ),
        Text(
            "Update it. Until then it sells by the prices it has, and what it sells is sent.",
            "请更新本机程序。更新前仍按已有价格销售，销售记录照常上传。",
        ),
        retry_after_s=TOO_OLD_RETRY_S,
    )
