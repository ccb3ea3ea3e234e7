"""A till that is killed at any step of a swap sells by the one revision or by the other, whole."""

import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pricebook.rows import CATALOGUE
from tests.till.swapping import PRODUCTS, books, contents, swap_in

#: so many kills over the whole, and one at each of the last steps, where the revision changes
FEW, LAST = 6, 12


def run(folder: Path, how: str, step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.till.swapping", str(folder), how, str(step)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
@pytest.mark.parametrize("how", ["change", "anew"])
def test_a_till_killed_at_any_step_of_a_swap_finds_one_whole_revision(
    tmp_path: Path, how: str
) -> None:
    before = tmp_path / "before"
    with closing(books(before)) as opened:
        swap_in(opened, "change", 1)
    whole = run(shutil.copytree(before, tmp_path / "whole"), how, 0)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    assert steps > 20
    names = {1: contents(1).name, 2: contents(2).name}
    seen: list[int] = []
    for step in sorted({*range(1, steps, steps // FEW), *range(steps - LAST, steps + 1)}):
        folder = shutil.copytree(before, tmp_path / f"{step}")
        assert run(folder, how, step).returncode == -signal.SIGKILL
        with closing(books(folder)) as opened:
            opened.audit()
            in_force = opened.book.contents(CATALOGUE).name
            price = next(price for price, name in names.items() if name == in_force)
            products = [opened.book.product(f"p{number}") for number in range(PRODUCTS)]
            assert {product and product.price_minor for product in products} == {price}
            seen.append(price)
            swap_in(opened, "change", 3)
            assert opened.book.contents(CATALOGUE) == contents(3)
        shutil.rmtree(folder)
    assert seen == sorted(seen)
    assert set(seen) == {1, 2} or how == "change"
