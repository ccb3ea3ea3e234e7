"""What a sale says no to, besides what retail does."""

from retail.language import Text
from retail.refusals import Refusal


class NothingToUndo(Refusal):
    code = "nothing_to_undo"
    sentence = Text("There is nothing to take back.", "没有可撤销的操作。")
    way_on = Text(
        "Change or remove the line itself; after payment it is a return.",
        "请直接修改或删除该行；已付款的请办理退货。",
    )


class BasketFull(Refusal):
    code = "basket_full"
    sentence = Text("One sale takes at most {most} lines.", "一单最多 {most} 行。")
    way_on = Text("Take payment, and go on in a new sale.", "请先收款，其余另开一单。")


class UnknownTender(Refusal):
    code = "unknown_tender"
    sentence = Text("This store does not take {tender}.", "本店不支持 {tender}。")
    way_on = Text("Choose one of: {known}.", "请选择：{known}。")


class NoSuchTender(Refusal):
    code = "no_such_tender"
    sentence = Text("There is no payment {number} to take back.", "没有第 {number} 笔收款可退。")
    way_on = Text("Choose a payment that is shown.", "请选择已收的款项。")


class NothingParked(Refusal):
    code = "nothing_parked"
    sentence = Text("No sale is parked.", "没有挂单。")
    way_on = Text("F6 parks the sale that is open.", "有未完成的销售时，按 F6 挂单。")
