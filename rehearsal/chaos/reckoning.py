"""What must hold when all is calm: read afresh from the databases, by plain SQL."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rehearsal.books import differences, hub_books, merged, till_books
from rehearsal.shop import TillHome, try_command
from rehearsal.snapshot import Query, read

_FACTS = "SELECT eid, type, verdict, data FROM journal"
_SALE = "sale.completed"


def wrong(
    database_url: str, homes: Sequence[TillHome], promised: Mapping[str, Iterable[str]]
) -> list[str]:
    """Everything that is not as it must be, as sentences. `promised` are receipts by till."""
    tills = merged(till_books(home.database_file) for home in homes)
    found = [
        difference.say("tills", "hub") for difference in differences(tills, hub_books(database_url))
    ]
    eids, receipts = Counter[str](), Counter[str]()

    def take(eid: str, kind: str, verdict: str, data: bytes) -> None:
        eids[eid] += 1
        if verdict:
            found.append(f"fact {eid} ({kind}) is {verdict}")
        if kind == _SALE:
            receipts[msgspec.json.decode(data)["body"]["receipt"]] += 1

    read(database_url, [Query(_FACTS, take)])
    found += [f"fact {eid} is there {count} times" for eid, count in eids.items() if count > 1]
    found += [f"receipt {name} was given out {n} times" for name, n in receipts.items() if n > 1]
    for till, names in promised.items():
        lost = sorted(set(names) - receipts.keys())
        found += [f"{till} gave out receipt {name}, which is in no book" for name in lost]
    for home in homes:
        found += _verified(home)
    return found


def _verified(home: TillHome) -> list[str]:
    """What `pos-client journal verify` finds wrong."""
    ended = try_command("pos_client", "journal", "verify", *home.options)
    if ended.returncode == 0:
        return []
    return [f"journal of {home.till_id}: {line}" for line in ended.stderr.splitlines()]
