"""What a till of some release says to its hub, kept word for word: so that every later hub can be
asked the same, and its answers read with that release's own eyes (tests/recordings).

    python -m rehearsal.recording 2026-06 --of folder

plays a small day with the programs in `folder` (the released source; this one unless told) through
a door that writes down each question and answer, and prints the recording as JSON. A release keeps
its own: `> tests/recordings/NAME.json`.
"""

import argparse
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx
import msgspec
import zstandard

from rehearsal.processes import HeadlessTill, environment, free_port, wait_until
from rehearsal.shop import HUB_STARTS_S, settings_alone, write_csv

STORES = [{"store_id": "S01", "name": "上海静安店", "timezone": "Asia/Shanghai"}]
CASHIERS = [{"store_id": "S01", "cashier_id": "1001", "name": "王芳"}]
SODA = {
    "product_id": "soda",
    "name": "苏打水 Soda water",
    "price": "4.50",
    "barcodes": "9520417001144",
    "unit": "piece",
    "tax_rate": "13",
    "tax_included": "yes",
}
APPLES = {
    "product_id": "apple",
    "name": "散装苹果 Loose apples",
    "price": "12.80",
    "barcodes": "2100001",
    "unit": "kg",
    "tax_rate": "9",
    "tax_included": "yes",
}
#: what it costs from noon on
DEARER = {**SODA, "price": "5.00"}
#: of a question, what the hub reads
_HEADERS = ("Content-Type", "Content-Encoding", "Accept-Encoding", "Omnitill-Sync")
_DECLARED = ("Till-Incarnation", "Till-Head")
_LEDGERS = ("money_ledger", "stock_ledger")
_SYNC_S = 60.0
#: run among the released programs: what their till's decoders need of each answer
_EYES = """
import json
import msgspec._json_schema
from journal import wire
from retail.catalogue import Cashier, Product, StoreSettings
kinds = {"product": Product, "cashier": Cashier, "settings": StoreSettings}
answers = "EnrolReply Challenge TokenReply PushReply FeedPage FeedChange HelloReply".split()
answers = [name for name in answers if hasattr(wire, name)]
msgspec._json_schema.to_builtins = lambda default, **_: None  # which no schema needs to be read by
every = {**{name: getattr(wire, name) for name in answers}, **kinds}
shapes, parts = msgspec.json.schema_components(every.values(), ref_template="#/parts/{name}")
told = {"shapes": dict(zip(every, shapes)), "parts": parts}
print(json.dumps(told))
"""


class Door:
    """Stands before a hub and writes down what passes. Close it."""

    def __init__(self, hub_port: int) -> None:
        self.passed: list[dict[str, Any]] = []
        self._hub = httpx.Client(base_url=f"http://127.0.0.1:{hub_port}", trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                door.pass_on(self)

            def do_POST(self) -> None:
                door.pass_on(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name there
                pass

        return Passing

    def pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in asked.headers.items() if name != "Host"}
        try:
            with self._hub.stream(
                asked.command, asked.path, content=body, headers=headers, timeout=_SYNC_S
            ) as answer:
                came = b"".join(answer.iter_raw())
        except (httpx.HTTPError, OSError):  # the hub was stopped
            asked.close_connection = True
            return
        told = {name: headers[name] for name in (*_HEADERS, *_DECLARED) if name in headers}
        question = {"ask": f"{asked.command} {asked.path}", "headers": told}
        if body:
            question |= {"body": _text(body), "bytes": b64encode(body).decode()}
        self.passed.append({**question, "status": answer.status_code, "answer": _text(came)})
        asked.send_response_only(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() != "transfer-encoding":
                asked.send_header(name, value)
        if "content-length" not in answer.headers:
            asked.send_header("Content-Length", str(len(came)))
        asked.end_headers()
        asked.wfile.write(came)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._hub.close()


def _text(body: bytes) -> str:
    """A message as JSON text, however it was packed."""
    if not body.startswith(zstandard.FRAME_HEADER):
        return body.decode()
    unpacker = zstandard.ZstdDecompressor()
    return unpacker.stream_reader(body, read_across_frames=True).read().decode()


class Release:
    """The programs of one release, and a folder for what they keep."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._source, self.folder = source, folder
        self.hub_file = folder / "hub.db"
        self._database = ["--database", f"sqlite:///{self.hub_file}"]
        self._env = {**settings_alone(), "PYTHONPATH": str(source)}

    def run(self, *words: str) -> str:
        """Run one of its commands to its end."""
        ended = subprocess.run(
            [sys.executable, *words],
            env=environment(self._env),
            cwd=self._source,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise SystemExit(f"{' '.join(words)}: exit {ended.returncode}\n{ended.stderr}")
        return ended.stdout

    def hub(self, *words: str) -> str:
        return self.run("-m", "sync_server", *words, *self._database)

    def publish(self, kind: str, rows: list[dict[str, str]]) -> None:
        file = self.folder / f"{kind}.csv"
        write_csv(file, rows)
        self.hub("import", kind, str(file))

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Its hub, as long as it is wanted, and its port."""
        port = free_port()
        argv = [sys.executable, "-m", "sync_server", "serve", "--port", str(port), *self._database]
        silent = subprocess.DEVNULL
        env = environment(self._env)
        with subprocess.Popen(argv, env=env, cwd=self._source, stdout=silent, stderr=silent) as hub:
            try:
                wait_until(lambda: _is_ready(port), HUB_STARTS_S, "the hub was ready")
                yield port
            finally:
                hub.terminate()

    def till(self, *words: str) -> HeadlessTill:
        argv = [sys.executable, "-m", "pos_client", "--headless", *words]
        return HeadlessTill(argv, env=self._env, cwd=self._source)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def record(name: str, source: Path, folder: Path) -> dict[str, Any]:
    """Play a small day with the programs of a release -> what it said, and what it came to."""
    release = Release(source, folder)
    data, state = folder / "till", folder / "state"
    options = ["--data", str(data), "--state", str(state)]
    for kind, rows in (("stores", STORES), ("cashiers", CASHIERS), ("products", [SODA, APPLES])):
        release.publish(kind, rows)
    with release.serving() as port, closing(Door(port)) as door:
        code, *_, till_id = release.hub("enrol-code", "S01").split()
        enrol = ["enrol", "--hub", door.url, "--code", code, *options]
        release.run("-m", "pos_client", *enrol)
        with release.till(*options) as till:
            till.next_event("catalogue.swapped")
            a_morning(till)
            _in_step(till)
            release.publish("products", [DEARER])
            till.next_event("catalogue.swapped")
            till.act("scan", code=SODA["barcodes"])
            till.act("pay", amount=1000)
            till.act("close_shift", counted=51_600)  # 12 fen too much
            _in_step(till)
            till.close_input()
            till.wait()
    return {
        "name": name,
        "store": "S01",
        "till": till_id,
        "code": code,
        "seed": (data / "till.key").read_bytes().hex(),
        "passed": [each for each in door.passed if "/feed/wait" not in each["ask"]],
        "books": _books(release.hub_file),
        "eyes": _plain(msgspec.json.decode(release.run("-c", _EYES))),
    }


def a_morning(till: HeadlessTill) -> None:
    """A bit of all that every release can do."""
    till.act("open_shift", cashier="1001", float=50_000)
    lines = [{"code": SODA["barcodes"], "quantity": 24_000}]
    till.act("receive", reference="DN-1", lines=lines)
    till.act("scan", code=SODA["barcodes"], quantity=3000)
    till.act("weigh", code=APPLES["barcodes"], weight_g=655)
    till.act("line_discount", reason="bruised", amount=100)
    till.act("pay", tender="wechat", amount=1000)
    till.act("pay", amount=2000)
    till.act("scan", code=SODA["barcodes"])
    till.act("void", reason="left")


def _in_step(till: HeadlessTill) -> None:
    wait_until(lambda: not till.act("status")["sync"]["waiting"], _SYNC_S, "the hub has all")


def _books(file: Path) -> dict[str, list[list[Any]]]:
    """The accounts as that release's hub kept them: key, sum, number of postings."""
    with closing(sqlite3.connect(file)) as database:
        return {
            ledger: [list(row) for row in database.execute(f"SELECT * FROM {ledger} ORDER BY 1, 2")]
            for ledger in _LEDGERS
        }


def _plain(value: Any) -> Any:
    """A schema without words."""
    if isinstance(value, dict):
        words = ("title", "description", "default")
        return {
            name: _plain(each)
            for name, each in value.items()
            if name not in words or (isinstance(each, dict) and name != "default")
        }
    return [_plain(each) for each in value] if isinstance(value, list) else value


def main() -> None:
    words = argparse.ArgumentParser(prog="rehearsal.recording", description=__doc__)
    words.add_argument("name", help="what the release is called")
    words.add_argument("--of", type=Path, default=Path.cwd(), help="its source (here unless told)")
    given = words.parse_args()
    with TemporaryDirectory(prefix="recording-") as folder:
        told = record(given.name, given.of.resolve(), Path(folder))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n")


if __name__ == "__main__":
    main()
