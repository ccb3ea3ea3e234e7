"""The pictures of the till in the documents: what its pages say, drawn as a terminal draws it, and
the receipt as the simulated printer printed it. Only when asked to (`make pictures`)."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from hardware.printer.receipt_bytes import receipt
from hardware.simulator.printer.machine import SimulatedPrinter
from pos_client.sale.receipt import receipt_parts
from pos_client.sale.sample import draw, sample_parts
from pos_client.screen.colours import Name
from pos_client.sync.service import SyncState
from retail.catalogue import StoreSettings
from retail.language import Language
from retail.receipt import BUILT_IN
from tests.browser.terminal_picture import page
from tests.builders import open_till, publish
from tests.screen.cashier import LARGE, Cashier
from tests.screen.stages import STAGES
from tests.till.test_receipt_templates import documented

_IN_STEP = SyncState(0, "", True, False, "", "")
_PICTURES: list[tuple[str, str, Language, Name]] = [
    ("till-zh", "basket", Language.CHINESE, "dark"),
    ("till-en", "payment", Language.ENGLISH, "light"),
    ("till-change-zh", "change", Language.CHINESE, "contrast"),
    ("devices-zh", "devices", Language.CHINESE, "dark"),
    ("locker-en", "locker", Language.ENGLISH, "light"),
]


@pytest.mark.parametrize(("name", "stage", "language", "theme"), _PICTURES)
def test_the_pictures_of_the_till_are_taken(
    pictures: Path,
    tmp_path: Path,
    browser: Browser,
    name: str,
    stage: str,
    language: Language,
    theme: Name,
) -> None:
    till = open_till(tmp_path, language=language.value)
    cashier = Cashier(till, LARGE)
    cashier.face.sync = _IN_STEP
    STAGES[stage](cashier)
    html = page(cashier.rows(), theme)
    till.close()
    window = browser.new_page(device_scale_factor=2, viewport={"width": 1000, "height": 700})
    window.set_content(html)
    window.locator("#screen").screenshot(path=pictures / f"{name}.png", omit_background=True)
    window.close()


def test_the_picture_of_a_template_is_taken(pictures: Path, tmp_path: Path) -> None:
    strips = []
    for columns in (48, 32):
        file = tmp_path / f"{columns}.png"
        draw(sample_parts(documented(), Language.CHINESE, columns), columns, file)
        strips.append(Image.open(file).convert("L"))
    wide, narrow = strips
    both = Image.new("L", (wide.width + narrow.width + 30, max(wide.height, narrow.height)), 200)
    both.paste(wide, (0, 0))
    both.paste(narrow, (wide.width + 30, 0))
    both.save(pictures / "receipt-template-zh.png", optimize=True)


def test_the_picture_of_the_receipt_is_taken(pictures: Path, tmp_path: Path) -> None:
    till = open_till(tmp_path, language="zh")
    built_in = BUILT_IN[Language.CHINESE]
    settings = StoreSettings(
        store_name="上海静安店",
        receipt_template=(
            *built_in[:2],
            "^ 南京西路店 · 收银小票",
            *built_in[2:-2],
            "^ 谢谢惠顾，欢迎再来 Thank you",
            *built_in[-2:],
        ),
    )
    publish(till, settings=settings)
    cashier = Cashier(till)
    STAGES["change"](cashier)
    sold = till.sale.last_sale()
    printer = SimulatedPrinter()
    printer.feed(receipt(receipt_parts(sold, settings, 48, 0)))
    till.close()
    printer.picture().save(pictures / "receipt-zh.png", optimize=True)
