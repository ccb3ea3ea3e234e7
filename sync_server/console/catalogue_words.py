"""What the catalogue's pages say, in both languages."""

from retail.language import Text
from retail.quantity import Unit

UNITS = {
    Unit.PIECE: Text("piece", "件"),
    Unit.KILOGRAM: Text("kilogram", "千克"),
    Unit.LITRE: Text("litre", "升"),
    Unit.METRE: Text("metre", "米"),
}

WORDS = {
    "title": Text("Catalogue", "商品目录"),
    "head_office": Text("Head office", "总部"),
    "board": Text("Stores and tills", "门店与终端"),
    "periods": Text("Periods", "日结"),
    "catalogue": Text("Catalogue", "商品目录"),
    "other": Text("中文", "English"),
    "find": Text("Find a product", "查找商品"),
    "find_hint": Text("name, pinyin, category, number or barcode", "品名、拼音、类别、编号或条码"),
    "search": Text("Find", "查找"),
    "product": Text("Product", "商品"),
    "new_product": Text("New product", "新增商品"),
    "product_id": Text("Number", "编号"),
    "price": Text("Price", "售价"),
    "nothing_found": Text("No product with these words.", "没有符合的商品。"),
    "empty": Text(
        "No products yet. Import them: sync-server import products FILE.csv",
        "尚无商品。请导入：sync-server import products FILE.csv",
    ),
    "filling": Text(
        "The hub is still filling its price book. Try again in a moment.",
        "总部正在建立商品索引，请稍后再试。",
    ),
    "book_away": Text(
        "The hub's price book cannot be read. See that its disk is well and has room.",
        "无法读取总部的商品索引。请检查磁盘是否正常、是否已满。",
    ),
    "more": Text("More were found; give another word.", "结果较多，请补充关键词。"),
    "last_changed": Text("Changed last", "最近变更"),
    "pending": Text("Drafts and plans", "草稿与排期"),
    "no_pending": Text("Nothing drafted, nothing planned.", "没有草稿，也没有排期。"),
    "pending_hint": Text(
        "Edit a product: what you change goes into a draft first.",
        "编辑商品：所作更改先进入草稿。",
    ),
    "history": Text("Revisions", "版本"),
    "no_history": Text("Nothing published yet.", "尚未发布。"),
    "all_history": Text("all revisions", "全部版本"),
    "older": Text("older", "更早"),
    "newest": Text("newest", "最新"),
    "stands": Text("stands now", "当前版本"),
    "recalls": Text("Recalls", "召回"),
    "no_recalls": Text("Nothing is recalled.", "没有召回的商品。"),
    "recall": Text("Recall", "召回"),
    "recall_hint": Text("Tills refuse it as soon as they hear of it.", "终端收到后立即拒绝销售。"),
    "batch": Text("Batch", "批号"),
    "batch_hint": Text("empty: all of it", "留空表示全部"),
    "all_batches": Text("all of it", "全部"),
    "reason": Text("Reason", "原因"),
    "lift": Text("Lift", "解除"),
    "by": Text("By", "操作人"),
    "by_hint": Text("your name", "您的姓名"),
    "note": Text("Note", "备注"),
    "changes": Text("Changes", "变更"),
    "no_changes": Text("It changes nothing any more.", "已没有任何变更。"),
    "next": Text("next", "下一页"),
    "first": Text("first", "首页"),
    "publish": Text("Publish now", "立即发布"),
    "publish_hint": Text(
        "Tills that are online have it within about a second.", "在线终端约一秒内收到。"
    ),
    "plan": Text("Schedule", "定时生效"),
    "plan_hint": Text(
        "Tills hear of it now and change by their own clocks, also with the line dead.",
        "终端提前收到，到时按本机时钟切换，断网亦然。",
    ),
    "effective": Text("in force from", "生效时间"),
    "withdraw": Text("Withdraw", "撤回"),
    "roll_back": Text("Roll back to this", "回滚到此版本"),
    "roll_back_hint": Text(
        "You see first what that changes; nothing is published yet.",
        "先查看将发生的变更，暂不发布。",
    ),
    "leave": Text("Leave as it is", "不作更改"),
    "about": Text("What it is", "商品信息"),
    "prices": Text("Prices", "价格"),
    "selling": Text("How it is sold", "销售方式"),
    "codes": Text("Barcodes and packs", "条码与箱装"),
    "codes_hint": Text("one on each line", "每行一个"),
    "new_list": Text("Another list", "其他价格表"),
    "new_list_hint": Text("member, wholesale …", "member、wholesale 等"),
    "pack_code": Text("Barcode of the pack", "箱码"),
    "pack_quantity": Text("holds", "数量"),
    "pack_price": Text("Price of the pack", "箱价"),
    "pack_price_hint": Text("as so many", "按单价"),
    "yes": Text("yes", "是"),
    "no": Text("no", "否"),
    "into": Text("Into", "存入"),
    "new_draft": Text("a new draft", "新草稿"),
    "save": Text("Put into the draft", "存入草稿"),
    "remove": Text("Take it out of the catalogue", "从目录中移除"),
    "upcoming": Text("Coming changes", "待生效变更"),
    "stock": Text("Stock", "库存"),
    "store": Text("Store", "门店"),
    "on_hand": Text("On hand", "账面"),
    "opening_stock": Text("Opening", "期初"),
    "cost": Text("Cost", "成本"),
    "past": Text("What was changed", "变更记录"),
    "drafted": Text("drafted; in force:", "草稿；现行："),
    "nothing": Text("nothing", "无"),
    "name_hint": Text("its name at the tills", "终端上显示的名称"),
    "not_standing": Text("It is not in the catalogue now.", "当前目录中没有此商品。"),
    "sells_by": Text("Tills sell by", "终端在用版本"),
    "sells_by_hint": Text("by the latest sale of each", "按各终端最近一笔销售"),
}

#: what the values of some fields are called
VALUES: dict[str, dict[str, Text]] = {
    "unit": {unit.value: text for unit, text in UNITS.items()},
    "tax_included": {"yes": WORDS["yes"], "no": WORDS["no"]},
}
#: over a product as a draft has it
DRAFTED = Text(
    "What is marked ◇ is in draft {number} alone. It is not published: tills sell by what is in"
    " force.",
    "带 ◇ 的内容仅在草稿 {number} 中，尚未发布；终端仍按现行内容销售。",
)
DRAFTED_NEW = Text(
    "All of it is in draft {number} alone. It is not published: no till sells it.",
    "以下内容仅在草稿 {number} 中，尚未发布；终端不能销售此商品。",
)
DRAFTED_OUT = Text(
    "Draft {number} takes it out of the catalogue. The draft is not published: tills go on selling"
    " the product.",
    "草稿 {number} 将其从目录中移除，尚未发布；终端仍可销售此商品。",
)
COMES = Text("new", "新增")
GOES = Text("taken out", "移除")
ZONE = Text("this machine's time, UTC{offset}", "本机时间 UTC{offset}")
TILLS = Text("{count} tills", "{count} 台")
ONE_TILL = Text("1 till", "1 台")

#: what has been done, by the word that the address carries
DONE = {
    "drafted": Text("It is in the draft; nothing is published yet.", "已存入草稿，尚未发布。"),
    "left": Text("The draft leaves it as it is.", "草稿已不再更改此商品。"),
    "published": Text("Published: it stands now.", "已发布，现行生效。"),
    "planned": Text("Scheduled: tills hear of it now.", "已排期，终端即将收到。"),
    "withdrawn": Text("Withdrawn: it will not go into force.", "已撤回，不会生效。"),
    "back": Text(
        "This is what the roll-back changes. Publish it to let it stand.",
        "以下为回滚将产生的变更。确认无误后请发布。",
    ),
    "recalled": Text("Recalled: tills refuse it.", "已召回，终端将拒绝销售。"),
    "lifted": Text("Lifted: it is sold again.", "已解除，恢复销售。"),
}


def products(count: int) -> Text:
    """So many products."""
    return Text(f"{count:,} product{'s' if count != 1 else ''}", f"{count:,} 个商品")
