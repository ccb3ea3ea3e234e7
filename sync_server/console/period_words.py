"""What the page of periods says, in both languages."""

from retail.language import Text
from sync_server.console import catalogue_words

WORDS = {
    **catalogue_words.WORDS,
    "title": Text("Periods", "日结"),
    "intro": Text(
        "A business date closes with all before it. What comes later is in the books under its own"
        " date, and listed below.",
        "日结后，该营业日及此前各日即告结束；之后到达的记录仍按原营业日入账，并列于下方。",
    ),
    "whole_to": Text("Complete to", "数据齐至"),
    "closed_to": Text("Closed to", "已日结至"),
    "close": Text("Close", "日结"),
    "close_anyway": Text("Close anyway", "强制日结"),
    "look": Text("Show", "查看"),
    "other_date": Text("Another date", "其他日期"),
    "reason_hint": Text("why it is not complete", "数据不全的原因"),
    "business_date": Text("Business date", "营业日"),
    "takings": Text("Takings", "营业额"),
    "sales": Text("Sales", "笔数"),
    "nothing_taken": Text("Nothing was sold on these dates.", "上述日期没有销售。"),
    "kept_open": Text("Not complete", "数据不全"),
    "complete": Text(
        "Complete: all that its tills declared is here.", "数据齐全：各终端声明的记录均已收到。"
    ),
    "till": Text("Till", "终端"),
    "late": Text("Came late", "迟到记录"),
    "late_hint": Text(
        "after their period was closed; to be booked in the next one",
        "日结之后到达，请计入下一期",
    ),
    "no_late": Text("Nothing came late.", "没有迟到记录。"),
    "what": Text("What", "事项"),
    "stock_moved": Text("Stock", "库存"),
    "money_moved": Text("Takings", "营业额"),
    "came_at": Text("Came at", "到达"),
    "no_stores": Text("No stores yet.", "尚无门店。"),
}
#: from which date to which it closes
SPAN = Text("{first} to {last}", "{first} 至 {last}")
CLOSE_DATE = Text("Close {date} …", "日结 {date} …")
CLOSED_BY = Text("{author}, {at}", "{author}，{at}")
UNSETTLED = Text(
    "{facts} of these dates are kept, but not in the books: sync-server quarantine list",
    "上述日期有{facts}记录已保存但未入账：sync-server quarantine list",
)
MORE_LATE = Text(
    "{count} more: sync-server periods late --limit {all}",
    "另有 {count} 条：sync-server periods late --limit {all}",
)
UNMOVING = Text(
    "{facts} more came late that move neither money nor stock.",
    "另有{facts}迟到记录不涉及资金与库存。",
)
DONE = {"closed": Text("Closed.", "已日结。")}
