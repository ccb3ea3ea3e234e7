"""What facts of older versions say, in the words of the next one: a small pure function a step.

Hub and till read a fact of any version that a release recorded (`facts.OLDER`); nobody changes its
bytes. A step gets the older fact and returns what its writer would have recorded with the words of
the version after it.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from retail.facts import ReceiptPrinted


def printed_was_fenced(fact: "ReceiptPrinted") -> "ReceiptPrinted":
    """Tills that gave no `proof` called a receipt printed only once the printer had answered the
    fence behind it: at least its buffer was processed."""
    if fact.outcome == "printed" and fact.proof is None:
        return replace(fact, proof="fenced")
    return fact
