"""What stands behind the till before it opens: the hub with its chain, and the till's place in it.

Owns what a kept folder holds and how it is taken up again. Refuses to own how that is told.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from pos_client.settings import load
from pos_client.till import look_into
from rehearsal.demo import demo_rows
from rehearsal.shop import Shop, TillHome
from retail.language import Text
from retail.refusals import Refusal

STORE: Final = "S01"
CASHIERS: Final = tuple(
    row["cashier_id"] for row in demo_rows("cashiers") if row["store_id"] == STORE
)
_HUB_FILE = "hub.db"

#: told of each step before it is taken
Step = Callable[[Text], object]

IMPORTING: Final = Text("head office lists {what}", "总部登记{what}")
KINDS: Final = {
    "stores": Text("its stores", "门店"),
    "cashiers": Text("its cashiers", "收银员"),
    "products": Text("its products", "商品"),
}
HUB: Final = Text("the hub starts", "总部服务启动")
ENROLLING: Final = Text("the till is enrolled", "收银机登记")
TAKING_UP: Final = Text("the till of last time", "沿用上次的收银机")
STEPS: Final = len(KINDS) + 2


class SomebodyElses(Refusal):
    code = "shop_floor.folder_in_use"
    sentence = Text("{folder} holds something that is no shop floor.", "{folder} 中已有其他内容。")
    way_on = Text("Give an empty folder, or a new one.", "请指定空文件夹或新文件夹。")


class PortTaken(Refusal):
    code = "shop_floor.port_taken"
    sentence = Text(
        "The till of this folder looks for its hub at port {port}, which is somebody else's now.",
        "该文件夹的收银机通过端口 {port} 连接总部，该端口已被占用。",
    )
    way_on = Text(
        "End what holds the port, or give a new folder.", "请释放该端口，或指定新文件夹。"
    )


@contextmanager
def floor_folder(keep: Path | None) -> Iterator[Path]:
    """A folder that stays, empty or left by an earlier shop floor; else a temporary one."""
    if keep is None:
        with TemporaryDirectory(prefix="omnitill-floor-") as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()) and not (keep / _HUB_FILE).exists():
        raise SomebodyElses(folder=keep)
    yield keep.absolute()


@contextmanager
def opened_shop(folder: Path, step: Step) -> Iterator[tuple[Shop, TillHome]]:
    """The hub served and one till enrolled with it, as the folder knows them or new."""
    with Shop(folder, f"sqlite:///{folder / _HUB_FILE}") as shop:
        for kind, what in KINDS.items():
            step(IMPORTING.filled(what=what))
            shop.import_csv(kind, demo_rows(kind))
        step(HUB)
        hub = shop.start_hub()
        try:
            yield shop, _home(shop, step)
        finally:
            hub.stop()


def _home(shop: Shop, step: Step) -> TillHome:
    for folder in sorted(shop.folder.glob(f"{STORE}-*/")):
        data, state = shop.folders(folder.name)
        try:
            database, who = look_into(load(data=data, state=state))
        except Refusal:  # it never got as far as to be enrolled
            continue
        with closing(database):
            step(TAKING_UP)
            port = urlsplit(who.hub_url).port or 0
            try:
                return shop.home(folder.name, at=port)
            except OSError:
                raise PortTaken(port=port) from None
    step(ENROLLING)
    return shop.enrol(STORE)
