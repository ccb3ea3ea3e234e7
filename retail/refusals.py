"""Every rule that can say no: a stable code, a sentence, and what to do next.

    Refusal
      UnknownBarcode  NeedsWeight  NeedsMeasure  NotWeighed  NotSellable         scanning
      CatalogueNotHere  UnknownProduct
      AbsurdQuantity  NoSuchLine  BasketFull  AbsurdPrice  AbsurdRate            the basket
      ReasonNeeded  TooMuchAtOnce  AmountOrRate  NotInBasket  NothingToUndo
      SerialOnce
      BasketEmpty  PaymentBegun  UnknownTender  TenderTooLarge  AbsurdPayment    paying
      NoSuchTender  NoPrinter  NothingParked  PaperNotInQuestion  NoSuchReceipt
      ReceiptGone
      NoShiftOpen  ShiftAlreadyOpen  SaleOpen  UnknownCashier                    the shift
      BusinessDateUnexpected  AbsurdAmount  CountsDisagree  NoSaleYet
      NotAnAct  NotAnAmount  NotAQuantity                                        what was asked
      DeliveryIncomplete                                                         a delivery
      NoLocker  NoSuchCompartment  CompartmentTaken  CompartmentEmpty            the locker
      CompartmentOutOfService  ParcelStoredAlready  DoorUnderWay
      DiskFull  DiskUnusable  DatabaseBusy  DatabaseDamaged  DatabaseNewer       the till's own disk
      PriceBookDamaged

A refusal changes nothing. The cashier reads `say` and `remedy`; programs read `code`.
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


class UnknownBarcode(Refusal):
    code = "unknown_barcode"
    sentence = Text("{code} is not in the catalogue.", "{code} 不在目录中。")
    way_on = Text(
        "F8 finds it by its name; or scan again. Head office lists what is new.",
        "按 F8 按品名查找，或重新扫码；新品请联系总部建档。",
    )


class UnknownProduct(Refusal):
    code = "unknown_product"
    sentence = Text("{product} is no product of the catalogue.", "目录中没有商品 {product}。")
    way_on = Text("Find it by its name.", "请按品名查找。")


class CatalogueNotHere(Refusal):
    code = "catalogue_not_here"
    sentence = Text(
        "This till has not yet heard from head office what it sells.",
        "本机尚未从总部取得商品目录。",
    )
    way_on = Text(
        "See that the line is in and wait a moment; the first time needs it.",
        "请检查网络并稍候；首次使用需要联网。",
    )


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


class UnknownTender(Refusal):
    code = "unknown_tender"
    sentence = Text("This store does not take {tender}.", "本店不支持 {tender}。")
    way_on = Text("Choose one of: {known}.", "请选择：{known}。")


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


class NoSuchTender(Refusal):
    code = "no_such_tender"
    sentence = Text("There is no payment {number} to take back.", "没有第 {number} 笔收款可退。")
    way_on = Text("Choose a payment that is shown.", "请选择已收的款项。")


class NoShiftOpen(Refusal):
    code = "no_shift_open"
    sentence = Text("No shift is open at this till.", "本机尚未开班。")
    way_on = Text("Open a shift with cashier and float.", "请先开班：收银员与备用金。")


class ShiftAlreadyOpen(Refusal):
    code = "shift_already_open"
    sentence = Text(
        "The shift of {cashier}, business date {business_date}, is open.",
        "{cashier} 的班次（营业日 {business_date}）尚未结束。",
    )
    way_on = Text("Close it first.", "请先交班。")


class SaleOpen(Refusal):
    code = "sale_open"
    sentence = Text("A sale is not finished.", "有未完成的销售。")
    way_on = Text("Take payment or void it first.", "请先收款或作废。")


class NothingParked(Refusal):
    code = "nothing_parked"
    sentence = Text("No sale is parked.", "没有挂单。")
    way_on = Text("F6 parks the sale that is open.", "有未完成的销售时，按 F6 挂单。")


class UnknownCashier(Refusal):
    code = "unknown_cashier"
    sentence = Text("{cashier} is not a cashier of this store.", "{cashier} 不是本店收银员。")
    way_on = Text(
        "Type your number again; head office adds new cashiers.",
        "请重新输入工号；新员工由总部添加。",
    )


class BusinessDateUnexpected(Refusal):
    code = "business_date_unexpected"
    sentence = Text(
        "{business_date} is not expected: the last business date here was {last}, the clock says"
        " {today}.",
        "营业日 {business_date} 异常：上一营业日为 {last}，本机日期为 {today}。",
    )
    way_on = Text(
        "Check the date and the till's clock; confirm if it is right.",
        "请核对日期与本机时钟；无误请确认。",
    )


class AbsurdAmount(Refusal):
    code = "absurd_amount"
    sentence = Text("{amount} is not an amount for {what}.", "{amount} 不能作为{what}。")
    way_on = Text("Type an amount from 0.", "请输入不小于 0 的金额。")


class CountsDisagree(Refusal):
    code = "counts_disagree"
    sentence = Text(
        "The notes and coins come to {counts}, the amount says {amount}.",
        "纸币和硬币合计 {counts}，金额为 {amount}。",
    )
    way_on = Text("Count again, or give the amount alone.", "请重新清点，或只输入金额。")


class NoSaleYet(Refusal):
    code = "no_sale_yet"
    sentence = Text("This till has not sold anything yet.", "本机尚无销售。")
    way_on = Text("Complete a sale first.", "请先完成一笔销售。")


class NoPrinter(Refusal):
    code = "no_printer"
    sentence = Text("This till has no printer.", "本机没有打印机。")
    way_on = Text(
        "Set the printer's address in till.toml; the receipt can be read here, the drawer opens by"
        " its key.",
        "请在 till.toml 中设置打印机地址；小票可在此查看，钱箱请用钥匙打开。",
    )


class NoSuchReceipt(Refusal):
    code = "no_such_receipt"
    sentence = Text("Receipt {receipt} is none of this till.", "本机没有小票 {receipt}。")
    way_on = Text(
        "See the number on the paper; F7 shows this till's receipts.",
        "请核对纸上的小票号；按 F7 查看本机小票。",
    )


class ReceiptGone(Refusal):
    code = "receipt_gone"
    sentence = Text(
        "Receipt {receipt} is older than what this till keeps.",
        "小票 {receipt} 已超出本机的保存期限。",
    )
    way_on = Text("Ask head office: it keeps them all.", "请联系总部查询；总部保存全部记录。")


class PaperNotInQuestion(Refusal):
    code = "paper_not_in_question"
    sentence = Text(
        "What became of receipt {receipt} is known.", "小票 {receipt} 的打印结果已明确。"
    )
    way_on = Text("F7 prints a copy.", "按 F7 可补打副本。")


class NoLocker(Refusal):
    code = "no_locker"
    sentence = Text("This till has no pickup locker.", "本机没有连接自提柜。")
    way_on = Text(
        "Set it up on the page of devices (Ctrl+D).", "请在设备页（Ctrl+D）中设置自提柜。"
    )


class NoSuchCompartment(Refusal):
    code = "no_such_compartment"
    sentence = Text(
        "There is no compartment {compartment}: they are 1 to {last}.",
        "没有 {compartment} 号格口：格口号为 1 至 {last}。",
    )
    way_on = Text("Look at the number on the door.", "请核对柜门上的号码。")


class CompartmentTaken(Refusal):
    code = "compartment_taken"
    sentence = Text(
        "Compartment {compartment} holds parcel {parcel}.",
        "{compartment} 号格口已存放包裹 {parcel}。",
    )
    way_on = Text("Choose an empty one.", "请选择空格口。")


class CompartmentEmpty(Refusal):
    code = "compartment_empty"
    sentence = Text(
        "Compartment {compartment} holds no parcel.",
        "{compartment} 号格口中没有包裹。",
    )
    way_on = Text("Look for the parcel by its number.", "请按包裹号查找。")


class CompartmentOutOfService(Refusal):
    code = "compartment_out_of_service"
    sentence = Text(
        "Compartment {compartment} is out of service: {reason}.",
        "{compartment} 号格口已停用：{reason}。",
    )
    way_on = Text(
        "Put it back into service first, or use another.", "请先恢复使用，或改用其他格口。"
    )


class ParcelStoredAlready(Refusal):
    code = "parcel_stored_already"
    sentence = Text(
        "Parcel {parcel} lies in compartment {compartment}.",
        "包裹 {parcel} 已在 {compartment} 号格口。",
    )
    way_on = Text("Take it out there first.", "请先从该格口取出。")


class DoorUnderWay(Refusal):
    code = "door_under_way"
    sentence = Text("Compartment {compartment} is being opened.", "{compartment} 号格口正在开门。")
    way_on = Text("Wait a moment for its door.", "请稍候，等待开门结果。")


class DeliveryIncomplete(Refusal):
    code = "delivery_incomplete"
    sentence = Text(
        "A delivery has the number of its note and at least one product.",
        "收货须有送货单号和至少一种商品。",
    )
    way_on = Text("Type what is missing, then do it again.", "请补全后重试。")


class NotAnAct(Refusal):
    code = "not_an_act"
    sentence = Text("This is not something the till can do: {what}", "无法执行：{what}")
    way_on = Text(
        'Send one JSON object a line, such as {{"id": 1, "do": "help"}}, which lists every act.',
        '请每行发送一个 JSON 对象，例如 {{"id": 1, "do": "help"}} 可列出全部操作。',
    )


_TYPE_LIKE = Text("Type it like {example}.", "请按此格式输入：{example}。")


class NotAnAmount(Refusal):
    code = "not_an_amount"
    sentence = Text("{text} is not an amount.", "“{text}” 不是金额。")
    way_on = _TYPE_LIKE


class NotAQuantity(Refusal):
    code = "not_a_quantity"
    sentence = Text("{text} is not a quantity.", "“{text}” 不是数量。")
    way_on = _TYPE_LIKE


class DiskFull(Refusal):
    code = "disk_full"
    sentence = Text(
        "The till's disk is full: nothing was recorded.", "本机磁盘已满：本次操作未记录。"
    )
    way_on = Text("Free some space, then do it again.", "请清理磁盘空间后重试。")


class DiskUnusable(Refusal):
    code = "disk_unusable"
    sentence = Text("The till cannot use its own disk: {why}", "无法使用本机磁盘：{why}")
    way_on = Text(
        "Let this program read and write its data and state folders, then try again.",
        "请授予本程序对数据与状态文件夹的读写权限后重试。",
    )


class DatabaseBusy(Refusal):
    code = "database_busy"
    sentence = Text(
        "Another program holds the till's database: nothing was recorded.",
        "数据库被其他程序占用：本次操作未记录。",
    )
    way_on = Text("Close the other program, then do it again.", "请关闭占用程序后重试。")


class DatabaseDamaged(Refusal):
    code = "database_damaged"
    sentence = Text(
        "The till's database cannot be read or written: {detail}.",
        "本机数据库无法读写：{detail}。",
    )
    way_on = Text(
        "Stop selling here, keep the disk as it is and call support: sold goods can be recovered.",
        "请停止使用本机，保留磁盘原样并联系技术支持：已售数据可恢复。",
    )


class PriceBookDamaged(Refusal):
    code = "price_book_damaged"
    sentence = Text(
        "The price book on this till's disk cannot be read: {why}.",
        "本机价目簿无法读取：{why}。",
    )
    way_on = Text(
        "It is being fetched anew from head office; what was sold is safe. Try again in a moment.",
        "正在从总部重新获取，已售数据不受影响；请稍候重试。",
    )


class DatabaseNewer(Refusal):
    code = "database_newer"
    sentence = Text(
        "The till's database was written by a newer version of this program.",
        "本机数据库由更新版本的程序写入。",
    )
    way_on = Text(
        "Install that version again; nothing was changed.", "请重新安装该版本；数据未作改动。"
    )
