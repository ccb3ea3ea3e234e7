"""A cashier whose shift is open."""

import pytest

from pos_client.till import Till
from tests.screen.cashier import Cashier


@pytest.fixture
def cashier(till: Till) -> Cashier:
    """At the till of store S01, float 500.00."""
    till.shift.open("1001", 50_000)
    return Cashier(till)
