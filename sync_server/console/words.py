"""What the console says, in both languages; one word for one thing, as on the till."""

from retail.language import Text

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
BACKUP = Text("last backup {age}", "最近备份：{age}")
#: a person said so (`backups note`); nobody read it again
BACKUP_NOTED = Text("last backup {age}, not read again", "最近备份：{age}，未复核")
BACKUP_LATE = Text(
    "Last backup {age}. Take one: sync-server backup FILE",
    "最近备份：{age}。请备份：sync-server backup FILE",
)
NO_BACKUP = Text(
    "There is no backup. Take one: sync-server backup FILE",
    "尚无备份。请备份：sync-server backup FILE",
)
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
#: the hub's disk is full or read-only, in the database's own words
DISK = Text(
    "The hub keeps nothing that tills send: its disk takes nothing ({why}).",
    "总部无法保存收银机发来的数据：磁盘无法写入（{why}）。",
)
DISK_TODO = Text(
    "Tills sell on and nothing is lost: they keep it and send it again. Make room on the hub's"
    " disk, or let it be written again; then the hub goes on by itself.",
    "门店可继续销售，数据不会丢失：收银机会保留并自动补发。请清理总部磁盘空间或恢复写入权限，"
    "之后总部会自动恢复。",
)
OTHER_STORES = Text("other stores", "其他门店")
OTHER_HOURS = Text("other", "其他")
SHIFT_NONE = Text("no shift", "未开班")
SHIFT_OPEN = Text("shift {number}", "第 {number} 班")

NOT_HERE = Text(
    "This page is served to the hub's own machine only, until passwords are set up.",
    "设置密码之前，此页面仅限本机访问。",
)
NO_PAGE = Text("There is no page at this address.", "此地址没有页面。")
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
