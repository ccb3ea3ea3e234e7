"""Which fault met a machine in which states, and which pairs were never reached."""

from collections import Counter

Covered = Counter[tuple[str, str]]

#: what a fault may find
TILL_STATES = (
    "in step",
    "sale open",
    "facts wait",
    "long backlog",
    "no shift",
    "fork in repair",
    "till down",
)
HUB_STATES = ("hub serving", "hub down")


def table(covered: Covered, faults: list[str]) -> list[str]:
    """Lines: a fault a row, a state a column; then what was never reached, by name."""
    lines: list[str] = []
    missed: list[str] = []
    for states, of_hub in ((TILL_STATES, False), (HUB_STATES, True)):
        rows = [fault for fault in faults if fault.startswith("hub") is of_hub]
        width = max(map(len, rows))
        lines.append("  ".join([" " * width, *states]))
        for fault in rows:
            counts = [covered[fault, state] for state in states]
            cells = [f"{count:{len(state)}}" for count, state in zip(counts, states, strict=True)]
            lines.append("  ".join([f"{fault:{width}}", *cells]))
            pairs = zip(counts, states, strict=True)
            missed += [f"{fault} × {state}" for count, state in pairs if not count]
    return [*lines, f"never reached: {'; '.join(missed) or 'nothing'}"]
