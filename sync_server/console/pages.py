"""/hq: each store and till in step or not, and what it took; Chinese and English.

Served to this machine only, until the console has passwords.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from retail.language import Language, Text
from retail.money import Money
from sync_server.console.records import Takings, TillStanding
from sync_server.hub import Hub
from sync_server.settings import IN_STEP_S, is_loopback

_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(
    files("sync_server.console").joinpath("templates/status.html").read_text(encoding="utf-8")
)

WORDS = {
    "title": Text("Stores and tills", "门店与终端"),
    "store": Text("Store", "门店"),
    "till": Text("Till", "终端"),
    "state": Text("State", "状态"),
    "contact": Text("Last contact", "最近联系"),
    "facts": Text("Facts here", "已收记录"),
    "day": Text("Business date", "营业日"),
    "sales": Text("Sales", "笔数"),
    "takings": Text("Takings", "营业额"),
    "none": Text("No till enrolled yet", "尚无终端"),
    "no_stores": Text(
        "No stores yet. Import them: sync-server import stores FILE.csv",
        "尚无门店。请导入：sync-server import stores FILE.csv",
    ),
    "unsettled": Text("{facts} to be settled", "{facts}记录待处理"),
    "all_well": Text("All tills in step", "全部同步"),
    "some_not": Text("{count} of {all} tills not in step", "{all} 台终端中 {count} 台未同步"),
    "as_of": Text("as of {time}", "截至 {time}"),
    "other": Text("中文", "English"),
}
#: what proxies say of those they speak for (RFC 7239, and the names before it)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
#: nothing but its own style: the page has no script and asks nobody else for anything
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_NOT_HERE = Text(
    "This page is served to the hub's own machine only, until passwords are set up.",
    "设置密码之前，此页面仅限本机访问。",
)


class State(StrEnum):
    """How a till stands with the hub."""

    IN_STEP = "in_step"
    CLOSED = "closed"
    BEHIND = "behind"
    SILENT = "silent"
    NEVER = "never"
    FORKED = "forked"
    REVOKED = "revoked"


_STATES = {
    State.IN_STEP: Text("in step", "同步"),
    State.CLOSED: Text("closed, in step", "已交班，同步"),
    State.BEHIND: Text("{facts} outstanding{since}", "{since}{facts}待传"),
    State.SILENT: Text(
        "silent since {contact}, last declared head {declared}",
        "{contact} 起无联系，最后声明 {declared}",
    ),
    State.NEVER: Text("has never spoken", "从未联系"),
    State.FORKED: Text("forked: two histories", "记录分叉"),
    State.REVOKED: Text("revoked", "已停用"),
}
_SINCE = Text(" since {time}", "{time} 起 ")
_MARKS = {
    State.IN_STEP: "●",
    State.CLOSED: "●",
    State.BEHIND: "◐",
    State.SILENT: "○",
    State.NEVER: "–",
    State.FORKED: "▲",
    State.REVOKED: "✕",
}
_WELL = {State.IN_STEP, State.CLOSED}


class TillView(NamedTuple):
    """One row of the page, in the reader's language."""

    till_id: str
    state: str
    mark: str
    said: str
    contact: str
    head: str
    day: str
    sales: str
    takings: str


class StoreView(NamedTuple):
    """One store of the page."""

    store_id: str
    name: str
    day: str
    takings: str
    tills: list[TillView]


def routes(hub: Callable[[], Hub]) -> list[Route]:
    """The console's routes."""

    async def status(request: Request) -> Response:
        return await _status(hub(), request)

    return [Route("/hq", _local_only(status), methods=["GET"])]


def _local_only(
    page: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        if not _is_local(request):
            return HTMLResponse(f"<p>{_NOT_HERE.en}</p><p>{_NOT_HERE.zh}</p>", status_code=403)
        return await page(request)

    return guarded


def _is_local(request: Request) -> bool:
    """Whether the reader sits at this machine and asked for it by such a name: a proxy speaks for
    somebody else, and any web site may give its own name this machine's address."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.client.host if request.client else ""
    return is_loopback(peer) and is_loopback(request.url.hostname or "")


async def _status(hub: Hub, request: Request) -> Response:
    language = _language(request)
    standings, takings, unsettled = await hub.overview()
    now = hub.now()
    states = [
        state_of(standing, now)
        for standing in standings
        if standing.till_id and not standing.revoked
    ]
    behind = sum(state not in _WELL for state in states)
    headline = (
        WORDS["some_not"].filled(count=behind, all=len(states)) if behind else WORDS["all_well"]
    )
    html = _TEMPLATE.render(
        language=language,
        other="en" if language is Language.CHINESE else "zh",
        words={name: text.to(language) for name, text in WORDS.items()},
        headline=headline.to(language) if states else "",
        well=not behind,
        unsettled=WORDS["unsettled"].filled(facts=_facts(unsettled)).to(language)
        if unsettled
        else "",
        as_of=WORDS["as_of"].filled(time=now.astimezone().strftime("%H:%M:%S %Z")).to(language),
        stores=_stores(standings, takings, language, now),
    )
    return HTMLResponse(html, headers=_HEADERS)


def _language(request: Request) -> Language:
    asked = request.query_params.get("lang", "")
    if asked in list(Language):
        return Language(asked)
    first = request.headers.get("accept-language", "zh")
    return Language.ENGLISH if first.lower().startswith("en") else Language.CHINESE


def state_of(standing: TillStanding, now: datetime) -> State:
    """Whether a till is in step: it declared the head we have and spoke within IN_STEP_S, or has no
    shift open (design: a closed till owes nothing until the store opens)."""
    if standing.revoked:
        return State.REVOKED
    if not standing.last_contact:
        return State.NEVER
    if standing.forked:
        return State.FORKED
    caught_up = standing.declared_seq <= standing.head_seq
    if caught_up and not standing.open_shift:
        return State.CLOSED
    silent_s = (now - datetime.fromisoformat(standing.last_contact)).total_seconds()
    if silent_s > IN_STEP_S:
        return State.SILENT
    return State.IN_STEP if caught_up else State.BEHIND


def _stores(
    standings: list[TillStanding], takings: dict[str, Takings], language: Language, now: datetime
) -> list[StoreView]:
    views = []
    for store_id, of_store in groupby(standings, key=lambda standing: standing.store_id):
        tills = list(of_store)
        first = tills[0]
        day, taken = _day(
            [takings[standing.till_id] for standing in tills if standing.till_id in takings]
        )
        views.append(
            StoreView(
                store_id,
                first.store_name,
                day,
                _amount(taken, first.currency) if day else "",
                [_till(standing, takings, language, now) for standing in tills if standing.till_id],
            )
        )
    return views


def _day(taken: list[Takings]) -> tuple[str, int]:
    """The latest business date of any of them, and what was taken on it; empty without any."""
    day = max((each.business_date for each in taken), default="")
    return day, sum(each.minor for each in taken if each.business_date == day)


def _till(
    standing: TillStanding, takings: dict[str, Takings], language: Language, now: datetime
) -> TillView:
    taken = takings.get(standing.till_id or "")
    state = state_of(standing, now)
    contact = _clock(standing.last_contact, standing.timezone, now)
    since = _clock(standing.waiting_since, standing.timezone, now)
    said = _STATES[state].filled(
        facts=_facts(standing.declared_seq - standing.head_seq),
        since=_SINCE.filled(time=since) if since else "",
        contact=contact,
        declared=f"{standing.declared_seq:,}",
    )
    return TillView(
        standing.till_id or "",
        state,
        _MARKS[state],
        said.to(language),
        contact,
        f"{standing.head_seq:,}",
        taken.business_date if taken else "",
        f"{taken.sales:,}" if taken else "",
        _amount(taken.minor, standing.currency) if taken else "",
    )


def _facts(count: int) -> Text:
    return Text(f"{count:,} fact{'s' if count != 1 else ''}", f"{count:,} 条")


def _amount(minor: int, currency: str) -> str:
    return f"{currency} {_grouped(Money(minor, currency).plain)}"


def _grouped(plain: str) -> str:
    whole, dot, part = plain.removeprefix("-").partition(".")
    sign = "-" if plain.startswith("-") else ""
    return f"{sign}{int(whole):,}{dot}{part}"


def _clock(at: str, timezone: str, now: datetime) -> str:
    """A time as the store's wall clock shows it; with the date when it is not today's."""
    if not at:
        return ""
    zone = ZoneInfo(timezone)
    when = datetime.fromisoformat(at).astimezone(zone)
    if when.date() == now.astimezone(zone).date():
        return when.strftime("%H:%M:%S")
    return when.strftime("%Y-%m-%d %H:%M")
