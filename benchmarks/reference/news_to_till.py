"""The soonest that another process can know: it asks the database for the feed's head without end.

    python -m benchmarks.reference.news_to_till URL

Says `ready`, then the monotonic time at which it saw each move of a head, in seconds.
"""

import asyncio
import sqlite3
import sys
from time import monotonic, sleep

import asyncpg

HEADS = "SELECT sum(position) FROM scope_head"


def on_sqlite(file: str) -> None:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    (seen,) = connection.execute(HEADS).fetchone()
    print("ready", flush=True)
    while True:
        (now,) = connection.execute(HEADS).fetchone()
        if now != seen:
            print(monotonic(), flush=True)
            seen = now
        sleep(0.0005)


async def on_postgresql(url: str) -> None:
    connection = await asyncpg.connect(url)
    seen = await connection.fetchval(HEADS)
    print("ready", flush=True)
    while True:
        now = await connection.fetchval(HEADS)
        if now != seen:
            print(monotonic(), flush=True)
            seen = now
        await asyncio.sleep(0.0005)


if __name__ == "__main__":
    url = sys.argv[1]
    if url.startswith("sqlite:///"):
        on_sqlite(url.removeprefix("sqlite:///"))
    else:
        asyncio.run(on_postgresql(url))
