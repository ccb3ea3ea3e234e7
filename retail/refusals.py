"""A rule that says no: a stable code, a sentence, and what to do next.

    Refusal
      NeedsWeight  NeedsMeasure  NotWeighed  NotSellable  AbsurdQuantity         goods
      NoSuchLine  NotInBasket  SerialOnce  AbsurdPrice  AbsurdRate               the basket
      AmountOrRate  ReasonNeeded  TooMuchAtOnce
      BasketEmpty  PaymentBegun  TenderTooLarge  AbsurdPayment                   paying

Others stand beside the rule that raises them. A refusal changes nothing. The cashier reads `say`
and `remedy`; programs read `code`.
"""

from typing import ClassVar

from retail.language import Text


class Refusal(Exception):
    """A rule said no, and nothing was changed. Keyword values fill the sentence's marks."""

    code: ClassVar[str] = ""
    sentence: ClassVar[Text]
    way_on: ClassVar[Text]

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.say.en)

    @property
    def say(self) -> Text:
        return self.sentence.filled(**self.values)

    @property
    def remedy(self) -> Text:
        return self.way_on.filled(**self.values)


class NeedsWeight(Refusal):
    code = "needs_weight"
    sentence = Text("{name} is sold by weight.", "{name} 按重量销售。")
    way_on = Text("Put it on the scale, or type its weight in grams.", "请称重，或输入克数。")


class NeedsMeasure(Refusal):
    code = "needs_measure"
    sentence = Text("{name} is sold by the {unit}.", "{name} 按{unit}销售。")
    way_on = Text("Type how much of it, such as 0.5.", "请输入数量，例如 0.5。")


class NotWeighed(Refusal):
    code = "not_weighed"
    sentence = Text("{name} is sold by the piece.", "{name} 按件销售。")
    way_on = Text("Type a whole number of pieces.", "请输入整数件数。")


class NotSellable(Refusal):
    code = "not_sellable"
    sentence = Text(
        "{name} is priced in {currency}, this store sells in {store_currency}.",
        "{name} 以 {currency} 标价，本店以 {store_currency} 销售。",
    )
    way_on = Text("Ask head office for a price of this store.", "请联系总部设置本店价格。")


class AbsurdQuantity(Refusal):
    code = "absurd_quantity"
    sentence = Text("A quantity of {quantity} cannot be right.", "数量 {quantity} 不合理。")
    way_on = Text(
        "Type a quantity above 0 and up to {most}; take more in several parts.",
        "请输入大于 0、不超过 {most} 的数量；更多请分几次办理。",
    )


class NoSuchLine(Refusal):
    code = "no_such_line"
    sentence = Text("The basket has no line {line}.", "没有第 {line} 行。")
    way_on = Text("Choose a line that is shown.", "请选择屏幕上的行。")


class NotInBasket(Refusal):
    code = "not_in_basket"
    sentence = Text("There is no {name} to take out.", "没有可退出的 {name}。")
    way_on = Text(
        "Look at the basket: a line whose price was changed is removed or set as a line.",
        "请查看购物篮：改过价的行请按行删除或改数量。",
    )


class SerialOnce(Refusal):
    code = "serial_once"
    sentence = Text(
        "There is only one {name} with serial {serial}.", "序列号 {serial} 的 {name} 只有一件。"
    )
    way_on = Text(
        "Scan each piece by itself, once. Two pieces with one serial: show the manager.",
        "请逐件扫码，每件一次；如有两件序列号相同，请交店长查看。",
    )


class AbsurdPrice(Refusal):
    code = "absurd_price"
    sentence = Text("{amount} cannot be the price of this line.", "{amount} 不能作为本行金额。")
    way_on = Text(
        "Type an amount from 0; a discount may take at most the whole line.",
        "请输入不小于 0 的金额；折扣不能超过本行金额。",
    )


class AbsurdRate(Refusal):
    code = "absurd_rate"
    sentence = Text("This is no rate of discount.", "折扣率不合理。")
    way_on = Text("Type a rate above 0 and up to 100 %.", "请输入大于 0、不超过 100% 的折扣率。")


class AmountOrRate(Refusal):
    code = "amount_or_rate"
    sentence = Text("A discount is an amount or a rate.", "折扣须为金额或折扣率之一。")
    way_on = Text("Type one of the two, above 0.", "请输入其中一项，且大于 0。")


class ReasonNeeded(Refusal):
    code = "reason_needed"
    sentence = Text("This needs a reason.", "此操作需要原因。")
    way_on = Text("Say in a few words why, then do it again.", "请输入原因后重试。")


class TooMuchAtOnce(Refusal):
    code = "too_much_at_once"
    sentence = Text("This is more than one record can hold.", "超出单笔记录的上限。")
    way_on = Text(
        "Do it in several parts: less at once, and in fewer words.",
        "请分几次办理：每次少一些，文字简短些。",
    )


class BasketEmpty(Refusal):
    code = "basket_empty"
    sentence = Text("There is nothing in the basket.", "尚无商品。")
    way_on = Text("Scan something first.", "请先扫描商品。")


class PaymentBegun(Refusal):
    code = "payment_begun"
    sentence = Text("Part of this sale is paid already.", "本单已收部分款项。")
    way_on = Text("Take the payment back first, or pay the rest.", "请先退回已收款项，或收齐余款。")


class TenderTooLarge(Refusal):
    code = "tender_too_large"
    sentence = Text(
        "{tender} gives no change: {due} is due, {amount} is too much.",
        "{tender} 不找零：应付 {due}，{amount} 过多。",
    )
    way_on = Text("Take {due} or less.", "请输入不超过 {due} 的金额。")


class AbsurdPayment(Refusal):
    code = "absurd_payment"
    sentence = Text("{amount} is no payment for {due}.", "应付 {due}，收款 {amount} 不合理。")
    way_on = Text("Type the amount the customer gave.", "请输入顾客实付金额。")
