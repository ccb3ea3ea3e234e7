"""`make bench-peers`: the same sales to our hub, to Kinto and to PouchDB Server.

They are installed from their registries into a scratch folder, which may be kept for the next time.
Each gets sales by one client over loopback in the way that serves it best: our hub signed pushes of
500 facts, on SQLite and on PostgreSQL; Kinto batches of 100 records on PostgreSQL; PouchDB Server
the replication of a local PouchDB in batches of 1,000. What is counted is records a second, by the
clock; a record is the body of a completed sale with three lines.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from shutil import which
from statistics import median

from rich.console import Console

from benchmarks import goods, pushes
from benchmarks.goods import STORE, PaperTill
from benchmarks.hub_push import start_hub
from benchmarks.measure import Result, Rounds, Scale, result, show
from journal.envelope import decode
from journal.wire import PUSH_FACTS_MAX
from rehearsal.postgresql import PostgreSQL, running_postgresql
from rehearsal.processes import Child, free_port, wait_until

KINTO = ("kinto[postgresql]==26.5.0", "psycopg2-binary==2.9.13", "waitress==3.0.2")
POUCHDB = ("pouchdb@9.0.0", "express-pouchdb@4.2.0", "express@4.22.3")
#: at least a hundred times Kinto's records a second, and four times PouchDB Server's
KINTO_GOAL, POUCHDB_GOAL = 1 / 100, 1 / 4
SALES = {"kinto": 1_000, "pouchdb": 10_000, "ours": 10_000}
ROUNDS = 5
LINES = 3
UNIT = "µs/record"
_KINTO_BATCH, _POUCHDB_BATCH = 100, 1_000
_REFERENCE = Path(__file__).parent / "reference"
_INSTALL_S, _STARTS_S, _ROUND_S = 600, 60.0, 120.0
_KINTO_INI = """
[app:main]
use = egg:kinto
kinto.userid_hmac_secret = benchmark
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.cache_backend = kinto.core.cache.memory
kinto.batch_max_requests = {batch}
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy

[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
"""

#: so many records -> seconds
Move = Callable[[int], float]


def main() -> int:
    """Exit code 0 when they could be measured."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    options.add_argument("--scratch", type=Path, help="where the peers are installed, and stay")
    scratch = options.parse_args().scratch
    with tempfile.TemporaryDirectory(prefix="omnitill-peers-") as folder:
        show(list(run(Scale(rounds_min=ROUNDS), Path(folder), scratch or Path(folder))), Console())
    return 0


def run(scale: Scale, folder: Path, scratch: Path) -> Iterator[Result]:
    """Each peer against our hub on both databases."""
    kinto, pouchdb = _install_kinto(scratch / "kinto"), _install_pouchdb(scratch / "pouchdb")
    settings = {"autovacuum": "off", "max_wal_size": "8GB"}
    with ExitStack() as undo, running_postgresql(folder, settings=settings) as server:
        ours = {
            "sqlite": undo.enter_context(_OurHub(folder / "ours", f"sqlite:///{folder}/hub.db")),
            "postgresql": undo.enter_context(
                _OurHub(folder / "ours-too", server.create_database("hub"), server)
            ),
        }
        peers: dict[str, tuple[float, Move]] = {
            "kinto": (KINTO_GOAL, undo.enter_context(_Kinto(kinto, folder, server)).move),
            "pouchdb": (POUCHDB_GOAL, undo.enter_context(_PouchDb(pouchdb, folder)).move),
        }
        rounds = {(mine, peer): Rounds() for mine in ours for peer in peers}
        for number in range(1 + scale.rounds_min):
            mine_us = {name: _each_us(hub.move, SALES["ours"]) for name, hub in ours.items()}
            for peer, (_, move) in peers.items():
                peer_us = _each_us(move, SALES[peer])
                for name in ours if number else ():  # the first round warms up
                    rounds[name, peer].ours.append(mine_us[name])
                    rounds[name, peer].reference.append(peer_us)
    for (name, peer), measured in rounds.items():
        rates = {
            "records/s": 1e6 / median(measured.ours),
            "theirs": 1e6 / median(measured.reference),
            "times": median(measured.reference) / median(measured.ours),
        }
        goal = peers[peer][0]
        yield result(f"hub on {name} : {peer}", UNIT, goal, measured, SALES[peer], **rates)


def _each_us(move: Move, count: int) -> float:
    return 1e6 * move(count) / count


# Ours


class _OurHub:
    """`sync-server serve` and one till of paper that pushes."""

    def __init__(self, folder: Path, url: str, server: PostgreSQL | None = None) -> None:
        folder.mkdir()
        self._till = PaperTill(f"{STORE}-1", 1)
        self._shelf = goods.Shelf(Random(7))
        first = pushes.first(self._till)
        self._server = start_hub(folder, url, [self._till], [first], server)

    def __enter__(self) -> "_OurHub":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def move(self, count: int) -> float:
        load = [
            pushes.sales(self._till, 1, self._shelf, PUSH_FACTS_MAX, LINES)
            for _ in range(count // PUSH_FACTS_MAX)
        ]
        began_s = time.monotonic()
        self._server.take([(push.hub, push.facts) for push in load])
        return time.monotonic() - began_s


def _records(count: int) -> list[bytes]:
    """Bodies of sales."""
    till, shelf = PaperTill(f"{STORE}-1", 1), goods.Shelf(Random(7))
    return [bytes(decode(till.sell(shelf.basket(LINES))).body) for _ in range(count)]


# Kinto


def _install_kinto(folder: Path) -> Path:
    """-> its folder of programs."""
    programs = folder / "bin"
    if not (programs / "kinto").exists():
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(programs / "pip"), "install", "--quiet", *KINTO)
    return programs


class _Kinto:
    """Kinto with its default server, on PostgreSQL."""

    def __init__(self, programs: Path, folder: Path, server: PostgreSQL) -> None:
        self._port, self._made = free_port(), 0
        url = server.create_database("kinto")
        ini = folder / "kinto.ini"
        ini.write_text(_KINTO_INI.format(url=url, batch=_KINTO_BATCH, port=self._port))
        _run(str(programs / "kinto"), "migrate", "--ini", str(ini))
        self._process = Child([str(programs / "kinto"), "start", "--ini", str(ini)])
        self._records = _records(SALES["kinto"])

    def __enter__(self) -> "_Kinto":
        wait_until(self._listens, _STARTS_S, "Kinto answers")
        self._ask("PUT", "/v1/buckets/bench", {})
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def _listens(self) -> bool:
        if self._process.ended:
            raise self._process.ended_error()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/v1/", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def move(self, count: int) -> float:
        self._made += 1
        collection = f"/buckets/bench/collections/sales{self._made}"
        self._ask("PUT", f"/v1{collection}", {})
        bodies = [
            {
                "defaults": {"method": "PUT"},
                "requests": [
                    {
                        "path": f"{collection}/records/{first + number:08d}",
                        "body": {"data": json.loads(record)},
                    }
                    for number, record in enumerate(self._records[first : first + _KINTO_BATCH])
                ],
            }
            for first in range(0, count, _KINTO_BATCH)
        ]
        began_s = time.monotonic()
        for body in bodies:
            said = self._ask("POST", "/v1/batch", body)
            assert all(each["status"] == 201 for each in said["responses"]), said
        return time.monotonic() - began_s

    def _ask(self, method: str, path: str, body: object) -> dict[str, list[dict[str, int]]]:
        word = b64encode(b"benchmark:benchmark").decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {word}"}
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=_ROUND_S)) as line:
            line.request(method, path, json.dumps(body).encode(), headers)
            answer = line.getresponse()
            said = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{path}: {answer.status} {said.decode(errors='replace')}")
        told: dict[str, list[dict[str, int]]] = json.loads(said)
        return told


# PouchDB Server


def _install_pouchdb(folder: Path) -> Path:
    """-> the folder with its modules."""
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        _run("npm", "install", "--no-audit", "--no-fund", "--silent", *POUCHDB, cwd=folder)
    return folder / "node_modules"


class _PouchDb:
    """PouchDB Server on LevelDB, and a PouchDB that replicates to it."""

    def __init__(self, modules: Path, folder: Path) -> None:
        node = which("node")
        assert node, "PouchDB needs node"
        port = free_port()
        env = {"NODE_PATH": str(modules)}
        for name in ("server", "client"):
            (folder / name).mkdir()
        script = str(_REFERENCE / "pouchdb_server.js")
        self._server = Child([node, script, str(port), str(folder / "server")], env=env)
        wait_until(lambda: self._server.read_line(_STARTS_S) == "ready", _STARTS_S, "it listens")
        url = f"http://127.0.0.1:{port}"
        script = str(_REFERENCE / "pouchdb_client.js")
        options = [str(folder / "client"), url, str(_POUCHDB_BATCH)]
        self._client = Child([node, script, *options], env=env)
        self._file = folder / "sales.jsonl"
        self._file.write_bytes(b"\n".join(_records(SALES["pouchdb"])))

    def __enter__(self) -> "_PouchDb":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._server.close()

    def move(self, count: int) -> float:
        assert count == SALES["pouchdb"]
        self._client.send_line(str(self._file))
        return float(self._client.read_line(_ROUND_S))


def _run(*words: str, cwd: Path | None = None) -> None:
    subprocess.run(words, cwd=cwd, check=True, timeout=_INSTALL_S, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
