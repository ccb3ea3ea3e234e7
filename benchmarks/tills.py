"""An open till with a full shelf, without hub, printer or threads."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmarks.goods import STORE
from journal.signature import Signer
from pos_client import identity
from pos_client.clock import RandomIds
from pos_client.settings import load
from pos_client.till import Till, open_database
from retail.catalogue import Product

_NOBODY = "http://127.0.0.1:9"


def open_till(folder: Path, products: Iterable[Product]) -> Till:
    """A newly enrolled till that sells these products, in any order. Close it."""
    settings = load(data=folder / "data", state=folder / "state")
    database = open_database(settings)
    hub_key = Signer(bytes(32)).public
    who = identity.Identity(STORE, f"{STORE}-1", _NOBODY, hub_key, "epoch-1")
    identity.enrol(database, who, RandomIds().incarnation(), settings.state)
    encoder = msgspec.json.Encoder()
    with database.write() as driver:
        driver.executemany(
            "INSERT INTO product VALUES (?, ?)",
            ((product.product_id, encoder.encode(product)) for product in products),
        )
        driver.execute(
            "INSERT INTO barcode SELECT code.value, product.product_id"
            " FROM product, json_each(product.body, '$.codes') code ORDER BY 1"
        )
    database.close()
    return Till.open(settings, sync=False)
