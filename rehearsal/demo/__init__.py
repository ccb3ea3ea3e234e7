"""The demo chain: its stores, cashiers and products, as head office would import them."""

import csv
from pathlib import Path


def demo_rows(kind: str) -> list[dict[str, str]]:
    """The demo chain's stores, cashiers or products."""
    with (Path(__file__).parent / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
