"""What the benchmarks sell: products, baskets with a real skew, and tills made of paper.

A paper till has the stream, the chain and the encoders of a real one and no disk, so that a
hundred thousand facts are made in seconds. Everything comes from one seed.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

import msgspec

from journal.chain import hash_of
from journal.envelope import VERSION, Envelope, encode
from journal.signature import Signer, enrol_message, push_message
from journal.stream import STREAM_BEGAN, Head, StreamBegan, StreamId, genesis
from journal.wire import Declared, EnrolRequest, PushRequest
from retail import facts
from retail.basket import Basket
from retail.catalogue import Product
from retail.facts import Fact, SaleCompleted, ShiftOpened
from retail.receipt import ReceiptNumber
from retail.tax import Tax
from retail.tender import Tender

STORE = "S01"
CASHIER = "1001"
PRODUCTS = 20_000
OPENING = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)

#: 1 / (rank + OFFSET) ** EXPONENT: then 500 baskets of 3 lines hold as many different products as
#: in three months of a real supermarket with 22,542 (measured 1,128 there, 1,115 here)
_EXPONENT = 0.9
_OFFSET = 10
_BRANDS = ("农夫山泉", "可口可乐", "伊利", "康师傅", "海天", "清风", "Stabilo", "三只松鼠")
_GOODS = ("饮用天然水", "纯牛奶", "红烧牛肉面", "金标生抽", "原木纯品抽纸", "荧光笔", "每日坚果")
_TAXES = (Tax("VAT13", 130_000), Tax("VAT9", 90_000))


def product(number: int) -> Product:
    """The product of that number, with its EAN-13 of the range 69."""
    name = f"{_BRANDS[number % len(_BRANDS)]} {_GOODS[number % len(_GOODS)]} {number % 997}g"
    return Product(
        product_id=f"P{number:07d}",
        name=name,
        price_minor=150 + number * 37 % 9_000,
        currency="CNY",
        codes=(code(number),),
        tax=_TAXES[number % len(_TAXES)],
    )


def code(number: int) -> str:
    """A GTIN-13 with its check digit (GS1 GS 7.9.1)."""
    digits = f"690{number:09d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)


class Shelf:
    """The products of one store and how often each is bought."""

    def __init__(self, chance: Random, count: int = PRODUCTS) -> None:
        self._chance = chance
        self.products = [product(number) for number in range(count)]
        chance.shuffle(self.products)
        weights = (1 / (rank + _OFFSET) ** _EXPONENT for rank in range(count))
        self._weights = list(accumulate(weights))

    def pick(self, lines: int) -> list[Product]:
        """So many different products, as one customer buys them."""
        picked: dict[str, Product] = {}
        while len(picked) < lines:
            (found,) = self._chance.choices(self.products, cum_weights=self._weights)
            picked[found.product_id] = found
        return list(picked.values())

    def basket(self, lines: int) -> Basket:
        """A basket of so many lines, paid to the fen: two of three by phone, one in cash."""
        basket = Basket("CNY")
        for found in self.pick(lines):
            basket, _ = basket.with_product(found, found.codes[0], None, 999_000)
        name = self._chance.choice(("wechat", "alipay", "cash"))
        return basket.with_tender(Tender(name, name == "cash", basket.total.minor))


class PaperTill:
    """A till of paper: it makes the bytes that a real one would store and send."""

    def __init__(self, till_id: str, seed: int) -> None:
        self.chance = Random(seed)
        self.signer = Signer(self.chance.randbytes(32))
        self.stream = StreamId(till_id, f"{seed:06d}".ljust(26, "Z"))
        self.head = genesis(self.stream)
        self._at = OPENING
        self._number = 0
        self._boot = "5f0c2d9e-58b1-4d8e-9c55-3f3f2c3b7a10"

    def enrolment(self, code: str) -> bytes:
        """The request that trades a code for this till's identity, as JSON."""
        inc, public = self.stream.incarnation, self.signer.public
        sig = self.signer.sign(enrol_message(code, public, inc))
        return msgspec.json.encode(EnrolRequest(code, public, inc, sig))

    def begin(self) -> list[bytes]:
        """The first facts: the stream begins, a shift opens."""
        began = self._fact(STREAM_BEGAN, msgspec.json.encode(StreamBegan("enrolled")), shift=False)
        opened = ShiftOpened(1, CASHIER, date(2026, 6, 3), "CNY", 50_000)
        return [began, self.record(opened)]

    def sell(self, basket: Basket) -> bytes:
        """A completed sale of that basket."""
        self._number += 1
        number = ReceiptNumber(self.stream.till, self.stream.short, self._number)
        return self.record(SaleCompleted.of(basket, str(number)))

    def record(self, fact: Fact, eid: str = "") -> bytes:
        """Any fact; `eid` is that of another, which it repeats."""
        return self._fact(facts.TYPES[type(fact)], facts.encode(fact), eid=eid)

    def push(self, base: Head, batch: list[bytes]) -> PushRequest:
        """The request that sends these facts, the newest of this till, after `base`."""
        return PushRequest(
            till=self.stream.till,
            inc=self.stream.incarnation,
            base=base,
            facts=[msgspec.Raw(data) for data in batch],
            declared=Declared(self.head.seq, self.head.hash, self._at.isoformat()),
            sig=self.signer.sign(push_message(self.stream, self.head, self.head)),
        )

    def _fact(
        self, name: tuple[str, int], body: bytes, *, shift: bool = True, eid: str = ""
    ) -> bytes:
        self._at += timedelta(seconds=41)
        since_opening_ms = int((self._at - OPENING).total_seconds() * 1000)
        envelope = Envelope(
            v=VERSION,
            till=self.stream.till,
            inc=self.stream.incarnation,
            seq=self.head.seq + 1,
            eid=eid or self._fact_id(),
            type=name[0],
            tv=name[1],
            store=STORE,
            at=self._at.isoformat(timespec="milliseconds"),
            mono=since_opening_ms,
            boot=self._boot,
            prev=self.head.hash,
            body=msgspec.Raw(body),
            cashier=CASHIER if shift else "",
            shift=f"{self.stream.short}-1" if shift else "",
            bdate="2026-06-03" if shift else "",
        )
        data = encode(envelope)
        self.head = Head(envelope.seq, hash_of(data))
        return data

    def _fact_id(self) -> str:
        """As RFC 9562 lays a UUIDv7 out: milliseconds, then chance."""
        ms = int(self._at.timestamp() * 1000)
        tail = self.chance.getrandbits(74)
        number = ms << 80 | 7 << 76 | (tail >> 62) << 64 | 2 << 62 | tail & (1 << 62) - 1
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
