"""Two real catalogues, where they are at hand: every row is accounted for."""

import os
from collections import Counter
from pathlib import Path

import pytest

from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.rows import BadRow
from sync_server.imports.totals import Totals

SHARED = Path(os.environ.get("OMNITILL_TEST_DATA", Path(__file__).parents[4] / "shared/data"))
CATALOGUES = SHARED / "catalog_gtin"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CATALOGUES.is_dir(), reason="the real catalogues are not at hand"),
]


def counted(name: str) -> tuple[int, Counter[int], Totals]:
    """How many rows were good, how many bad by the length of their code, and the totals."""
    good, bad, totals = 0, Counter[int](), Totals()
    with ImportFile(CATALOGUES / name, products("CNY", "9.90")) as file:
        for row in file:
            if isinstance(row, BadRow):
                bad[len(row.row[0])] += 1
            else:
                good += 1
                totals.add(row.value)
    return good, bad, totals


def test_every_code_of_a_clean_catalogue_is_right_also_275_upc_e() -> None:
    good, bad, totals = counted("uhtt_gtin_sample.parquet")
    assert (good, bad) == (363_467, Counter())
    assert (totals.products, totals.barcodes) == (363_467, 363_467)


def test_of_a_raw_catalogue_the_mistyped_codes_stay_out() -> None:
    """7,186 fail as GTIN: 1,521 of them are UPC-E, 2,150 of other lengths are a shop's own."""
    good, bad, totals = counted("off2019_gtin_names.parquet")
    assert bad == {13: 1_722, 12: 658, 8: 572, 11: 447, 14: 116}
    assert good == 546_033 - 3_515
    assert (totals.products, totals.repeated) == (546_028 - 3_515, 5)
