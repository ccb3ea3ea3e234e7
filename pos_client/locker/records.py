"""What lies in the pickup locker, and what became of decisions to open its doors."""

import sqlite3
from typing import NamedTuple


class Contents(NamedTuple):
    """A compartment as the books have it: the parcel in it and since when (ISO 8601), and why it
    is out of service; empty texts where there is none."""

    parcel: str = ""
    since: str = ""
    withdrawn: str = ""


class Opening(NamedTuple):
    """A decision to open a door; `outcome` is None while nobody knows what the door did."""

    decision: str
    compartment: int
    at: str
    reason: str
    outcome: str | None


def contents(driver: sqlite3.Connection) -> dict[int, Contents]:
    """Every compartment of which there is something to say."""
    rows = driver.execute("SELECT number, parcel, since, withdrawn FROM compartment")
    return {number: Contents(*rest) for number, *rest in rows}


def keep(driver: sqlite3.Connection, number: int, now: Contents) -> None:
    driver.execute("INSERT OR REPLACE INTO compartment VALUES (?, ?, ?, ?)", (number, *now))


def decided(driver: sqlite3.Connection, opening: Opening) -> None:
    driver.execute("INSERT INTO door_opening VALUES (?, ?, ?, ?, ?)", opening)


def ended(driver: sqlite3.Connection, decision: str, outcome: str) -> None:
    driver.execute("UPDATE door_opening SET outcome = ? WHERE decision = ?", (outcome, decision))


def under_way(driver: sqlite3.Connection) -> list[Opening]:
    """Decisions whose end is not known."""
    rows = driver.execute(
        "SELECT decision, compartment, at, reason, outcome FROM door_opening WHERE outcome IS NULL"
    )
    return [Opening(*row) for row in rows]


def newest(driver: sqlite3.Connection, most: int) -> list[Opening]:
    """The last decisions, the newest first."""
    rows = driver.execute(
        "SELECT decision, compartment, at, reason, outcome FROM door_opening"
        " ORDER BY rowid DESC LIMIT ?",
        (most,),
    )
    return [Opening(*row) for row in rows]
