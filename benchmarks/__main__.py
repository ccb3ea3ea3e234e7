"""`python -m benchmarks all` or one by its name; `make bench BENCH=name` does the same."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks import (
    catalogue_import,
    catalogue_snapshot,
    catch_up,
    feed_delta,
    hub_push,
    idle_counter,
    lookup,
    news_to_till,
    receipt_bytes,
    sale_commit,
    scan_decode,
    search,
    till_keys,
    till_opening,
    till_scan,
    till_start,
    waiting_tills,
    week_drained,
)
from benchmarks.measure import WHOLE, Benchmark, Result, Scale, save, show

BENCHMARKS: dict[str, Benchmark] = {
    "sale_commit": sale_commit.run,
    "lookup": lookup.run,
    "hub_push": hub_push.run,
    "till_scan": till_scan.run,
    "till_keys": till_keys.run,
    "till_start": till_start.run,
    "till_opening": till_opening.run,
    "catalogue_import": catalogue_import.run,
    "catalogue_snapshot": catalogue_snapshot.run,
    "feed_delta": feed_delta.run,
    "catch_up": catch_up.run,
    "week_drained": week_drained.run,
    "waiting_tills": waiting_tills.run,
    "news_to_till": news_to_till.run,
    "search": search.run,
    "receipt_bytes": receipt_bytes.run,
    "scan_decode": scan_decode.run,
    "idle_counter": idle_counter.run,
}
RESULTS = Path(__file__).parent / "results"
_WIDTH_WITHOUT_TERMINAL = 160


def main(words: list[str], scale: Scale = WHOLE, results: Path = RESULTS) -> int:
    """Run what is named, show it, keep it as JSON in `results` -> exit code."""
    wanted = words[0] if words else "all"
    if wanted != "all" and wanted not in BENCHMARKS:
        print(f"There is no benchmark {wanted}. Name one of: all {' '.join(BENCHMARKS)}")
        return 1
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL)
    came_out: list[Result] = []
    for name in BENCHMARKS if wanted == "all" else [wanted]:
        with tempfile.TemporaryDirectory(prefix="omnitill-bench-") as folder:
            for one in BENCHMARKS[name](scale, Path(folder)):
                print(f"{one.name}: {one.ratio:.2f}", file=sys.stderr, flush=True)
                save(one, results)
                came_out.append(one)
    show(came_out, console)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
