"""What the console says, in both languages; one word for one thing, as on the till."""

from datetime import datetime
from zoneinfo import ZoneInfo

from retail.clocks import clock_off
from retail.language import Text
from retail.money import Money
from sync_server.periods.standing import State, TillStanding, state_of

WORDS = {
    "title": Text("Head office", "总部"),
    "catalogue": Text("Catalogue", "商品目录"),
    "periods": Text("Periods", "日结"),
    "whole_to": Text("Complete to", "数据齐至"),
    "closed_to": Text("closed to", "已日结至"),
    "day": Text("Business date", "营业日"),
    "takings": Text("Takings", "营业额"),
    "sales": Text("Sales", "笔数"),
    "average": Text("Average sale", "客单价"),
    "in_step": Text("Tills in step", "同步终端"),
    "by_hour": Text("Takings by the hour", "分时营业额"),
    "hour": Text("Hour", "时段"),
    "as_table": Text("as a table", "数据表"),
    "no_sales": Text("No sales yet", "尚无销售"),
    "till": Text("Till", "终端"),
    "contact": Text("Last contact", "最近联系"),
    "facts": Text("Facts here", "已收记录"),
    "none": Text("No till enrolled yet", "尚无终端"),
    "no_stores": Text(
        "No stores yet. Import them: sync-server import stores FILE.csv",
        "尚无门店。请导入：sync-server import stores FILE.csv",
    ),
    "discrepancies": Text("To be settled", "待处理"),
    "what": Text("What", "事项"),
    "since": Text("Since", "起始"),
    "remedy": Text("What to do", "处理办法"),
    "nothing": Text(
        "Nothing to settle: every fact is in the books, every drawer came out even.",
        "无待处理事项：记录全部入账，钱箱全部相符。",
    ),
    "stale": Text("No answer from the hub", "总部服务无应答"),
    "as_of": Text("as of", "截至"),
    "other": Text("中文", "English"),
}
ALL_WELL = Text("All tills in step", "全部同步")
SOME_NOT = Text("{count} of {all} tills not in step", "{all} 台终端中 {count} 台未同步")
UNSETTLED = Text("{facts} to be settled", "{facts}记录待处理")
DIFFERENCES = Text("{count} over or short", "{count} 笔长短款")
NOTHING = Text("", "")
#: the hub applies nothing: since when, and how many of how many facts failed
STOPPED = Text(
    "Facts are kept, but nothing goes into the books since {since}: {why} of the last facts came to"
    " quarantine.",
    "{since} 起只保存记录、暂停入账：最近的记录中 {why} 被隔离。",
)
STOPPED_TODO = Text(
    "Tills sell on and nothing is lost. See what fails: sync-server quarantine list. Go back to the"
    " program of before, or mend this one; then: sync-server quarantine resume",
    "门店可继续销售，数据不会丢失。查看原因：sync-server quarantine list。请退回此前的程序版本"
    "或修复当前版本，然后运行：sync-server quarantine resume",
)
OTHER_STORES = Text("other stores", "其他门店")
OTHER_HOURS = Text("other", "其他")
SHIFT_NONE = Text("no shift", "未开班")
SHIFT_OPEN = Text("shift {number}", "第 {number} 班")

OUTSTANDING = Text("{facts} outstanding{since}", "{since}{facts}待传")
SILENT_SINCE = Text(
    "silent since {contact}, last declared head {declared}",
    "{contact} 起无联系，最后声明 {declared}",
)
NEVER_SPOKE = Text("has never spoken", "从未联系")
_STATES = {
    State.IN_STEP: Text("in step", "同步"),
    State.CLOSED: Text("closed, in step", "已交班，同步"),
    State.BEHIND: OUTSTANDING,
    State.SILENT: SILENT_SINCE,
    State.NEVER: NEVER_SPOKE,
    State.FORKED: Text("forked: two histories", "记录分叉"),
    State.REVOKED: Text("revoked", "已停用"),
}
_SINCE = Text(" since {time}", "{time} 起 ")

NOT_HERE = Text(
    "This page is served to the hub's own machine only, until passwords are set up.",
    "设置密码之前，此页面仅限本机访问。",
)
NOT_FROM_HERE = Text(
    "Nothing was changed: this form was not sent by a page of this hub. Load the page again.",
    "未作任何更改：此表单并非由本页面提交。请刷新页面后重试。",
)
NO_FORM = Text(
    "Nothing was changed: this is no form. Load the page again.",
    "未作任何更改：表单无效。请刷新页面后重试。",
)
TOO_LONG = Text(
    "Nothing was changed: the form is too long. Go back and shorten it.",
    "未作任何更改：表单内容过长。请返回并缩短。",
)
DATABASE_AWAY = Text(
    "The hub's database does not answer. See that it runs, then load this page again.",
    "总部数据库无应答。请确认其已启动，然后刷新本页。",
)


def facts_of(count: int) -> Text:
    """So many facts."""
    return Text(f"{count:,} fact{'s' if count != 1 else ''}", f"{count:,} 条")


def age(since: str, now: datetime) -> Text:
    """How long ago something was, in the largest unit that it fills."""
    minutes = int((now - datetime.fromisoformat(since)).total_seconds()) // 60
    for unit, en, zh in ((1440, "d", "天"), (60, "h", "小时"), (1, "min", "分钟")):
        if minutes >= unit:
            return Text(f"{minutes // unit} {en} ago", f"{minutes // unit} {zh}前")
    return Text("just now", "刚刚")


_CLOCK = Text("clock {off}", "时钟{off}")


def clock_said(standing: TillStanding) -> Text:
    """That the till's clock is off and by how much; nothing while it is right."""
    if not standing.clock_is_wrong or standing.revoked:
        return NOTHING
    return _CLOCK.filled(off=clock_off(standing.clock_ahead_s or 0))


def grouped(minor: int, currency: str) -> str:
    """An amount in digits, its thousands set apart: `88,930.00`."""
    plain = Money(minor, currency).plain
    whole, dot, part = plain.removeprefix("-").partition(".")
    sign = "-" if plain.startswith("-") else ""
    return f"{sign}{int(whole):,}{dot}{part}"


def thousandths(milli: int) -> str:
    """A quantity in 1/1000 of some unit, in digits: `-1`, `0.25`."""
    whole, rest = divmod(abs(milli), 1000)
    part = f".{rest:03}".rstrip("0") if rest else ""
    return f"{'-' if milli < 0 else ''}{whole}{part}"


def amount(minor: int, currency: str) -> str:
    """An amount with its currency: `CNY 88,930.00`."""
    return f"{currency} {grouped(minor, currency)}"


def clock(at: str, timezone: str, now: datetime) -> str:
    """A time as the store's wall clock shows it; with the date when it is not today's."""
    if not at:
        return ""
    zone = ZoneInfo(timezone)
    when = datetime.fromisoformat(at).astimezone(zone)
    if when.date() == now.astimezone(zone).date():
        return when.strftime("%H:%M:%S")
    return when.strftime("%Y-%m-%d %H:%M")


def since_of(standing: TillStanding, now: datetime) -> Text:
    """Since when the till's oldest fact waits: ` since 09:12`; empty where nobody knows."""
    since = clock(standing.owes_since, standing.timezone, now)
    return _SINCE.filled(time=since) if since else NOTHING


def said_of(standing: TillStanding, now: datetime) -> Text:
    """How a till stands, for a reader of the store's wall clock."""
    return _STATES[state_of(standing, now)].filled(
        facts=facts_of(standing.owed),
        since=since_of(standing, now),
        contact=clock(standing.last_contact, standing.timezone, now),
        declared=f"{standing.declared_seq:,}",
    )
