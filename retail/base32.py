"""Numbers in letters that are not mistaken for each other: Crockford's base 32, without I, L, O, U.

The journal has the alphabet too (`journal.clock`): neither of the two packages knows the other.

>>> letters(1_048_572, 4)
'ZZZW'
"""

from typing import Final

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISTAKEN = str.maketrans("OIL", "011")


def letters(number: int, count: int) -> str:
    """The lowest 5 bits of the number for each of so many letters, the highest first."""
    return "".join([LETTERS[number >> place & 31] for place in range(5 * (count - 1), -1, -5)])


def as_meant(text: str) -> str:
    """Letters as somebody typed them: lower case, O for 0, I or L for 1."""
    return text.upper().translate(_MISTAKEN)
