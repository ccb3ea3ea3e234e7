"""What the till knows of its goods: found by words as they are typed, one of them in full, and
which of two a code is.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pos_client.catalogue.finding import Hit, matched
from pos_client.catalogue.reading import AmbiguousCode
from pos_client.catalogue.service import InForce
from pos_client.screen import prices, words
from pos_client.screen.digits import HEIGHT, large
from pos_client.screen.page import (
    ESC,
    MOVES,
    Desk,
    KeyLabel,
    Landing,
    Page,
    Size,
    function_number,
)
from pos_client.screen.question import Question
from pos_client.screen.rows import (
    BLANK,
    Ink,
    Row,
    Span,
    clip,
    fit,
    folded,
    right,
    row,
    shown,
    width,
)
from retail.article import NO_LABEL, Label
from retail.barcode import EightDigits
from retail.catalogue import Product
from retail.expiry import recall_of, recalled_batches
from retail.language import Text
from retail.money import Money
from retail.quantity import plain
from retail.revision import Recall

_KEY_COLUMNS: Final = 4
_MARK_COLUMNS: Final = 2
_PRICE_COLUMNS: Final = 10
_STOCK_COLUMNS: Final = 11
_LABEL_COLUMNS: Final = 12
#: rows of a list that have a key of their own
_KEYS: Final = 9

_FOUND = Text("Found", "查找结果")
_PRICE = Text("Price", "单价")
_STOCK = Text("Stock here", "本机账面")
_NONE = Text("Nothing is called {text}.", "没有名称含“{text}”的商品。")
_TYPE = Text(
    "Type a part of the name, its pinyin, category or barcode; apart by blanks.",
    "可输入品名、拼音、类别、条码的一部分，以空格分隔",
)


class SearchPage(Page):
    """Type words, choose with arrows or F1 and on, Enter. A scan lands in the basket.

    Digits are part of what is looked for (330, a barcode), so keys choose by their F numbers, as
    on every other page.
    """

    title = Text("Find a product", "查找商品")
    ask = Text("A part of its name; Enter puts it in", "输入品名或拼音；按回车加入本单")
    follows_entry = True

    def __init__(self, desk: Desk, entry: str, take: Callable[[Product], object]) -> None:
        """`entry` is what was typed before the key; `take` puts a product into the basket."""
        super().__init__(desk)
        self._typed = entry
        self._take = take
        self._place = 0
        self._first = 0
        self._asked = ""

    @property
    def _hits(self) -> tuple[Hit, ...]:
        return self.till.catalogue.finder.answer.hits

    @property
    def _marked(self) -> int:
        """The place that Enter takes: a newer answer may be shorter."""
        return min(self._place, max(0, len(self._hits) - 1))

    def opened(self) -> None:
        self.desk.entry = self._typed
        self.till.catalogue.finder.begin()
        self.edited()

    def uncovered(self) -> None:
        self.desk.entry = self._asked

    def edited(self) -> None:
        text = self.desk.entry.strip()
        if text != self._asked:
            self._place = self._first = 0
            self._asked = text
            self.till.catalogue.finder.ask(text)

    # What it shows

    def rows(self, size: Size) -> list[Row]:
        answer = self.till.catalogue.finder.answer
        name = size.columns - _MARK_COLUMNS - _KEY_COLUMNS - _PRICE_COLUMNS - _STOCK_COLUMNS - 1
        heads = fit("", _MARK_COLUMNS + _KEY_COLUMNS) + fit(self.say(_FOUND), name)
        heads += right(self.say(_PRICE), _PRICE_COLUMNS) + right(self.say(_STOCK), _STOCK_COLUMNS)
        rows: list[Row] = [self.heading(), row(Span(heads, Ink.FAINT))]
        if answer.no is not None:
            return [*rows, *self._told(self.say(answer.no.say), size)]
        if not self._asked:
            return [*rows, *self._told(self.say(_TYPE), size)]
        if answer.words == self._asked and not answer.hits:
            return [*rows, *self._told(self.say(_NONE, text=words.code(self._asked)), size)]
        room = max(1, size.rows - len(rows))
        marked = self._marked
        if not self._first <= marked < self._first + room:
            self._first = max(0, marked - room // 2)
        in_view = list(enumerate(answer.hits))[self._first : self._first + room]
        return [*rows, *(self._hit(place, hit, answer.words or "", name) for place, hit in in_view)]

    def _told(self, said: str, size: Size) -> list[Row]:
        lines = folded(said, size.columns - 6)
        return [BLANK, *(row("      ", Span(line, Ink.FAINT)) for line in lines)]

    def _hit(self, place: int, hit: Hit, text: str, columns: int) -> Row:
        chosen = place == self._marked
        ink = Ink.CHOSEN if chosen else Ink.TEXT
        product = hit.product
        key = f"F{place + 1}" if place < _KEYS else ""
        amounts = right(product.price.plain, _PRICE_COLUMNS)
        amounts += right(plain(hit.stock, product.unit), _STOCK_COLUMNS)
        named = _inked(shown(product.name), text, ink)
        left = columns - sum(width(span.text) for span in named)
        spec = Span(fit(f"  {product.spec}" if product.spec else "", max(0, left)), ink)
        return row(
            Span("▌ ", Ink.CHOSEN) if chosen else Span(" " * _MARK_COLUMNS),
            Span(fit(key, _KEY_COLUMNS), Ink.CHOSEN if chosen else Ink.KEY),
            *(_clipped(named, columns) if left < 0 else (*named, spec)),
            Span(amounts, ink),
            Span(" ", ink),
        )

    def keys(self) -> Sequence[KeyLabel]:
        return (
            ESC,
            KeyLabel("↑↓ F1–F9", Text("Choose", "选择")),
            KeyLabel("→", Text("In full", "详情")),
            KeyLabel("Enter", Text("Into the basket", "加入本单")),
        )

    # What keys do

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002  the list is what is chosen from
        last = len(self._hits) - 1
        number = function_number(key)
        if key in MOVES:
            self._place = min(max(self._marked + MOVES[key], 0), max(last, 0))
        elif 1 <= number <= _KEYS:
            self._place = min(number - 1, max(last, 0))
        elif key == "right" and last >= 0:
            product = self._hits[self._marked].product
            self.desk.open(ProductPage(self.desk, product, lambda: self._take(product)))
        else:
            return False
        return True

    def enter(self, text: str) -> None:
        """Only what was shown is taken: what is typed too fast for it is shown first."""
        finder = self.till.catalogue.finder
        self.desk.entry = text
        if finder.answer.words != text:
            finder.settle()
        elif self._hits:
            product = self._hits[self._marked].product
            self.desk.go_home()
            self._take(product)


def _inked(name: str, text: str, ink: Ink) -> list[Span]:
    """The name, what of it was found in the accent."""
    spans: list[Span] = []
    for char, found in zip(name, matched(name, text), strict=True):
        its = Ink.ACCENT if found else ink
        if spans and spans[-1].ink is its:
            spans[-1] = Span(spans[-1].text + char, its)
        else:
            spans.append(Span(char, its))
    return spans


def _clipped(spans: list[Span], columns: int) -> list[Span]:
    """As much of the spans as fits, in exactly that many columns."""
    kept: list[Span] = []
    for span in spans:
        room = columns - sum(width(each.text) for each in kept)
        kept.append(Span(clip(span.text, room), span.ink))
        if width(span.text) >= room:
            break
    left = columns - sum(width(each.text) for each in kept)
    return [*kept, Span(" " * left)]


_BRAND = Text("Brand", "品牌")
_CATEGORY = Text("Category", "类别")
_LISTS = Text("Price lists", "价目")
_TAX = Text("Tax", "税率")
_ON_TOP = Text("{rate} % on top", "{rate} % 另计")
_WITHIN = Text("{rate} % included", "{rate} % 含在价内")
_NO_TAX = Text("none", "无")
_CODES = Text("Codes", "条码")
_PACKS = Text("Packs", "箱包装")
_HERE_SAID = Text("{stock} at {time}, other tills left out", "{stock}（{time}，不含其他收银机）")
_SOLD = Text("Sold here", "本机已售")
_RECALL = Text("Recalled", "召回")
_WHOLE = Text("all of it: {reason}", "全部：{reason}")
_BATCH_SAID = Text("batch {batch}: {reason}", "批次 {batch}：{reason}")
_THIS = Text("This piece", "本件")
_REVISION = Text("Revision", "价格版本")


class _Shown(NamedTuple):
    """A product, what its code said, and what the disk knew of it then."""

    product: Product
    label: Label
    on_hand: tuple[int, int]
    at: datetime
    in_force: InForce


class ProductPage(Page):
    """One product in full. A scan shows the next one; Enter sells it where that was meant."""

    title = Text("Product", "商品资料")
    scan = Landing.ANSWERS
    ask = Text("Scan or type a code", "扫码或输入编号")
    _sells = Text("Enter sells it; or the next code", "回车加入本单，或继续扫码")
    _shows = Text("Esc goes back; or the next code", "Esc 返回，或继续扫码")

    def __init__(
        self,
        desk: Desk,
        product: Product | None = None,
        sell: Callable[[], object] | None = None,
        label: Label = NO_LABEL,
    ) -> None:
        """`sell` puts it into the basket; without it Enter goes back."""
        super().__init__(desk)
        self._sell = sell
        self._shown: _Shown | None = None
        if product is not None:
            self._show(product, label)

    def _show(self, product: Product, label: Label) -> None:
        """Look up once what the disk knows of it: a picture asks no disk."""
        till = self.till
        at = till.recorder.clock.read().at.astimezone(till.recorder.zone)
        on_hand = till.stock.on_hand(product.product_id)
        self._shown = _Shown(product, label, on_hand, at, till.catalogue.in_force)

    # What it shows

    def rows(self, size: Size) -> list[Row]:
        if self._shown is None:
            return [BLANK, self.heading()]
        product = self._shown.product
        name = f"{product.name}  {product.spec}" if product.spec else product.name
        rows: list[Row] = [row("  ", Span(clip(name, size.columns - 3), Ink.STRONG)), BLANK]
        for label, said, ink in self._known(self._shown):
            for place, line in enumerate(folded(said, max(1, size.columns - _LABEL_COLUMNS - 3))):
                head = Span(fit("" if place else self.say(label), _LABEL_COLUMNS), Ink.FAINT)
                rows.append(row("  ", head, Span(line, ink)))
        digits = large(product.price.plain)
        if len(rows) + HEIGHT + 1 <= size.rows and width(digits[0]) < size.columns - 2:
            rows += [BLANK, *(row(Span("  " + line, Ink.STRONG)) for line in digits)]
        return rows[: size.rows]

    def _known(self, shown: "_Shown") -> Iterator[tuple[Text, str, Ink]]:
        """What is known, as label, words and ink; what is not known is left out."""
        product, unit = shown.product, self.say(shown.product.unit.label)
        stock, sold = (f"{plain(each, product.unit)} {unit}" for each in shown.on_hand)
        known = [
            (_THIS, " · ".join(map(self.say, shown.label.says)), Ink.TEXT),
            *((_RECALL, said, Ink.BAD) for said in self._recalls(product)),
            (_BRAND, product.brand, Ink.TEXT),
            (_CATEGORY, product.category.replace("/", " / "), Ink.TEXT),
            (_PRICE, f"{product.price.plain} / {unit}", Ink.STRONG),
            (_LISTS, self._lists(product), Ink.TEXT),
            (_TAX, self._tax(product), Ink.TEXT),
            (_STOCK, self.say(_HERE_SAID, stock=stock, time=f"{shown.at:%H:%M}"), Ink.TEXT),
            (_SOLD, sold, Ink.TEXT),
            (_CODES, "  ".join(product.codes), Ink.TEXT),
            (_PACKS, self._packs(product), Ink.TEXT),
            (_REVISION, self.say(prices.named(shown.in_force, shown.at)), Ink.FAINT),
        ]
        return (each for each in known if each[1])

    def _recalls(self, product: Product) -> list[str]:
        recalls = self.till.catalogue.recalls
        whole = recall_of(product.product_id, NO_LABEL, recalls)
        batches: list[Recall] = recalled_batches(product.product_id, recalls)
        said = [self.say(_WHOLE, reason=whole.reason)] if whole else []
        return said + [self.say(_BATCH_SAID, batch=b.batch, reason=b.reason) for b in batches]

    def _lists(self, product: Product) -> str:
        """The prices of other lists, the store's own marked."""
        own = self.till.catalogue.settings.price_list
        said = []
        for name, minor in sorted(product.prices.items()):
            mark = "● " if name == own else ""
            said.append(f"{mark}{name} {Money(minor, product.currency).plain}")
        return "   ".join(said)

    def _tax(self, product: Product) -> str:
        tax = product.tax
        if not tax.rate_ppm:
            return self.say(_NO_TAX)
        return self.say(_WITHIN if tax.included else _ON_TOP, rate=f"{tax.rate_ppm / 10_000:g}")

    def _packs(self, product: Product) -> str:
        said = []
        for pack in product.packs:
            whole = pack.price_minor
            price = "" if whole is None else f" {Money(whole, product.currency).plain}"
            said.append(f"{pack.code} ×{plain(pack.quantity, product.unit)}{price}")
        return "   ".join(said)

    def prompt(self) -> str:
        if self._shown is None:
            return self.say(self.ask)
        return self.say(self._sells if self._sell else self._shows)

    def keys(self) -> Sequence[KeyLabel]:
        sells = KeyLabel("Enter", Text("Into the basket", "加入本单"))
        return (ESC, sells) if self._shown and self._sell else (ESC,)

    # What keys do

    def enter(self, text: str) -> None:
        if text:
            self.scanned(text)
        elif self._shown is not None and self._sell is not None:
            sell = self._sell
            self.desk.go_home()
            sell()
        else:
            self.desk.close()

    def scanned(self, code: str) -> None:
        """Show the next one, which Enter then sells. What is two things is asked for once."""
        try:
            self.look_up(code)
        except AmbiguousCode as which:
            self.desk.open(CodeQuestion(self.desk, which, lambda: self.scanned(code)))

    def look_up(self, code: str) -> None:
        """Show what a code names, which Enter then sells. Raises AmbiguousCode among others."""
        article = self.till.catalogue.article(code)
        self._show(article.product, article.label)
        self._sell = lambda: self.desk.page.scanned(code)


class CodeQuestion(Question):
    """Which of two products 8 digits are, asked once and remembered. Scans wait."""

    title = Text("This code is two things", "此码有两种读法")
    scan = Landing.WAITS
    ask = Text("1 or 2, then Enter: the till remembers it", "输入 1 或 2，再按回车；本机会记住")
    _code = Text("Code", "条码")
    _one_of_two = Text("Look at the goods: is it 1 or 2?", "请看实物：是 1 还是 2？")
    _readings = (EightDigits.EAN8, EightDigits.UPCE)

    def __init__(self, desk: Desk, which: AmbiguousCode, again: Callable[[], object]) -> None:
        """`again` does what was asked when the code came."""
        super().__init__(desk)
        self._digits = str(which.values["code"])
        self._products = [str(which.values["ean8"]), str(which.values["upce"])]
        self._again = again

    def about(self) -> list[tuple[str, str]]:
        return [(self.say(self._code), self._digits)]

    def choices(self, size: Size) -> list[Row]:
        return [
            row("  ", Span(fit(str(place), 5), Ink.KEY), clip(product, size.columns - 8))
            for place, product in enumerate(self._products, start=1)
        ]

    def enter(self, text: str) -> None:
        if text not in ("1", "2"):
            self.desk.refuse(self.say(self._one_of_two))
            return
        self.till.sale.decide_code(self._digits, self._readings[int(text) - 1])
        self.desk.close(then=self._again)
