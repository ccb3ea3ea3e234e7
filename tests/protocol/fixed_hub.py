"""The hub of the document's examples: its key, its epoch and its clock are fixed, so that it says
the same bytes each time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest

from journal.signature import Signer, fingerprint, plain_code
from retail.catalogue import Cashier
from retail.revision import Recall
from sync_server import lives
from sync_server.sync import records
from tests.builders import STORE, a_product
from tests.served_hub import ServedHub

HUB_SEED, TILL_SEED = bytes(range(32)), bytes([7]) * 32
EPOCH = "9c2d5e7f01a3b486"
CODE = f"7K2MX-Q9T4V-{fingerprint(Signer(HUB_SEED).public)}"
TILL = f"{STORE}-1"


@contextmanager
def fixed_hub(database_url: str) -> Iterator[ServedHub]:
    """Served, with one of each kind of rows, and a code that is for the till S01-1."""
    chance = SimpleNamespace(
        token_bytes=lambda _: HUB_SEED, token_hex=lambda _: EPOCH, choice=secrets.choice
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lives, "secrets", chance)
        hub = ServedHub(database_url)
    with hub:
        hub.add_store(language="en")
        hub.publish_cashiers([Cashier("1001", "王芳")])
        hub.publish([a_product("soda", name="Soda water", codes=("9520417001144",))])
        hub.do(hub.hub.office.recall(Recall("soda", "leaks", "L7"), "office"))
        until = hub.clock.now() + timedelta(minutes=15)
        plain = sha256(plain_code(CODE).encode()).hexdigest()
        hub.write(lambda connection: records.add_code(connection, plain, STORE, TILL, until))
        yield hub
