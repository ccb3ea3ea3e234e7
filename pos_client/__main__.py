"""The command `pos-client`."""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hardware.fault import Fault
from hardware.printer import dots
from hardware.printer.profile import COLUMNS
from journal.signature import fingerprint, plain_code
from pos_client import backup as backups
from pos_client import headless, identity, inspection
from pos_client.clock import HUB_TIME_FILE, HubTime, RandomIds, SystemClock
from pos_client.commands.last_words import run_whole
from pos_client.commands.running import (
    Data,
    State,
    complain,
    looking_into,
    refuse,
    say,
    settings_of,
    show,
    stop,
)
from pos_client.database import Database
from pos_client.folder import Hold
from pos_client.sale.receipt import as_text
from pos_client.sale.sample import draw, sample_parts
from pos_client.screen import ask_for_quick_frames
from pos_client.settings import TillSettings
from pos_client.standing import standing
from pos_client.sync.hub import Answer, Hub, NoAnswer, program, protected
from pos_client.sync.line import in_words
from pos_client.till import Till, open_database
from retail.language import Language, Text
from retail.receipt import BUILT_IN, ReceiptTemplate, lines_of
from retail.refusals import Refusal

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    help="The till. Example: pos-client --headless --data /var/lib/omnitill",
)
journal = typer.Typer(
    no_args_is_help=True, help="The till's journal. Example: pos-client journal verify"
)
app.add_typer(journal, name="journal")

#: statuses of a hub that has too much to do, or no database, for now
_BUSY = {429, 503}
_NO_TERMINAL = Text("The screen needs a terminal.", "屏幕界面需要终端。")
_NO_TERMINAL_REMEDY = Text(
    "Start it in one; or run: pos-client --headless",
    "请在终端中启动，或运行：pos-client --headless",
)
_NO_STREAMS = Text(
    "The headless till needs standard input and output.", "无界面收银程序需要标准输入与输出。"
)
_NO_STREAMS_REMEDY = Text("Start it with both open.", "请在两者打开的情况下启动。")
_NO_SUCH_PAPER = Text("No paper is {columns} columns wide.", "没有 {columns} 列宽的纸。")
_NO_SUCH_PAPER_REMEDY = Text("Choose one of {widths}.", "请选择 {widths} 列。")
_NO_FILE = Text("{file}: {why}", "无法读写文件 {file}（{why}）。")
_NO_FILE_REMEDY = Text("Choose another file.", "请选择其他文件。")
_OUTPUT = Text("standard output", "标准输出")
_UNWRITABLE = Text("{file}: {why}", "无法写入 {file}（{why}）。")
_UNWRITABLE_REMEDY = Text("Choose a place that can be written.", "请选择可写入的位置。")
_TILLS_OWN = Text(
    "{file} lies in the till's own folder, where nothing may be overwritten.",
    "{file} 位于本机数据文件夹内，不可覆盖。",
)
_TILLS_OWN_REMEDY = Text("Choose a place outside it.", "请选择其他位置。")
_ENROLLED = Text("store {store}, till {till}", "门店 {store}，收银机 {till}")
_HUB_MOVED = Text("till {till}: the hub is at {url}", "{till} 的总部服务地址为 {url}")
_BACKED_UP = Text(
    "{file}: {facts} facts, read again; keep it safe, the till's key is in it",
    "{file}：{facts} 条记录，已复读核对；内含本机密钥，请妥善保管",
)
_RESTORED = Text("till {till} is restored: {facts} facts", "{till} 已恢复：{facts} 条记录")
_HUB_SILENT = Text("The hub at {url} did not answer: {why}", "总部服务 {url} 无应答：{why}")
_HUB_SILENT_REMEDY = Text(
    "Check the address and the line, then try again.", "请检查地址与网络后重试。"
)
_UNTRUSTED_REMEDY = Text(
    "If the certificate is the shop's own, name the PEM file of its authority by"
    " OMNITILL_TILL_HUB_CA, or by hub_ca in till.toml, then try again.",
    "若为自签或自建机构的证书，请用 OMNITILL_TILL_HUB_CA 或 till.toml 中的 hub_ca"
    " 指定签发机构的 PEM 文件，然后重试。",
)
_HUB_BUSY_REMEDY = Text("Run this again in a moment.", "请稍后重新运行此命令。")
_BROUGHT = Text(
    "{new} facts brought in, {known} were here already. They go to the hub when the till runs.",
    "已导入 {new} 条记录，另有 {known} 条已存在。收银程序运行时将上传至总部。",
)
_LEFT_THERE = Text(
    "What comes before it was brought in. Keep that disk, and give it to support.",
    "此前的记录已导入。请保留该磁盘并交给技术支持。",
)
_WRONG_HUB = Text(
    "The hub that answered is not the one that made this code.",
    "应答的服务不是签发此登记码的总部。",
)
_WRONG_HUB_REMEDY = Text(
    "Compare the last five letters of the code with head office before you go on.",
    "请先与总部核对登记码末五位。",
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pos-client {program()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def till(
    context: typer.Context,
    as_lines: Annotated[
        bool, typer.Option("--headless", help="JSON lines on standard input and output")
    ] = False,
    data: Data = None,
    state: State = None,
    printer: Annotated[str | None, typer.Option(help="device URL of the printer")] = None,
    clock_start: Annotated[str | None, typer.Option(help="start the clock here (ISO 8601)")] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="show the version"),
    ] = False,
) -> None:
    """Sell. With --headless as JSON lines (docs/headless.md)."""
    if context.invoked_subcommand is not None:
        return
    if not as_lines and not all(
        # it is drawn on standard error: without that it would sell unseen
        stream and stream.isatty()
        for stream in (sys.stdin, sys.stdout, sys.stderr)
    ):
        stop(_NO_TERMINAL, _NO_TERMINAL_REMEDY)
    if sys.stdin is None or sys.stdout is None:
        stop(_NO_STREAMS, _NO_STREAMS_REMEDY)
    settings = settings_of(data=data, state=state, printer=printer, clock_start=clock_start)
    try:
        opened = Till.open(settings)
    except (Refusal, Fault) as no:
        refuse(no)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service that is told to stop
    if not as_lines:
        _on_screen(opened)
        return
    try:
        headless.serve(opened, sys.stdin.buffer, sys.stdout.buffer)
    except KeyboardInterrupt:
        pass
    finally:
        opened.close()
        _let_go_of_a_reader_that_is_gone()


def _let_go_of_a_reader_that_is_gone() -> None:
    """What nobody read any more would be offered once more at the end of the program, and fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _on_screen(opened: Till) -> None:
    """The screen, until the cashier leaves it."""
    ask_for_quick_frames()
    from pos_client.app import TillApp  # noqa: PLC0415  the headless till does without

    screen = TillApp(opened, opened.settings.theme)
    try:
        screen.run()
    finally:
        opened.close()
    if screen.fault is not None:
        raise screen.fault


@app.command()
def enrol(
    hub: Annotated[str, typer.Option(help="address of the hub")],
    code: Annotated[str, typer.Option(help="one-time code from head office")],
    data: Data = None,
    state: State = None,
) -> None:
    """Make this machine a till of a store.

    Example: pos-client enrol --hub https://hub.example --code 7K3QX-9M2TB-H4D8E
    """
    settings = settings_of(data=data, state=state)
    try:
        with (
            closing(_line(hub, settings)) as with_hub,
            closing(Hold(settings.data)),
            closing(open_database(settings)) as database,
        ):
            _enrol(with_hub, hub, code, database, settings)
    except Refusal as no:
        refuse(no)


def _line(url: str, settings: TillSettings) -> Hub:
    return Hub.of(protected(url), settings)


def _enrol(with_hub: Hub, hub: str, code: str, database: Database, settings: TillSettings) -> None:
    signer = identity.make_signer(settings.data)
    ids = RandomIds()
    incarnation = ids.incarnation()
    former = identity.load(database)
    match with_hub.enrol(code, signer, incarnation, former.till if former else ""):
        case Answer(reply):
            if not plain_code(code).endswith(fingerprint(reply.hub_key)):
                stop(_WRONG_HUB, _WRONG_HUB_REMEDY)
            who = identity.Identity(reply.store, reply.till, hub, reply.hub_key, reply.epoch)
            identity.enrol(database, who, incarnation, settings.state, ids)
            say(_ENROLLED.filled(store=reply.store, till=reply.till))
        case NoAnswer(why, untrusted):
            remedy = _UNTRUSTED_REMEDY if untrusted else _HUB_SILENT_REMEDY
            stop(_HUB_SILENT.filled(url=hub, why=why), remedy)
        case refused:
            said, remedy = in_words(refused.problem)
            if refused.status in _BUSY:
                remedy = _HUB_BUSY_REMEDY  # the hub speaks to a till that runs, and tries by itself
            stop(said, remedy)


@app.command("hub")
def hub_address(
    url: Annotated[
        str | None, typer.Argument(help="its new address; shows the present one else")
    ] = None,
    data: Data = None,
    state: State = None,
) -> None:
    """Find the hub this till was enrolled with at another address.

    Example: pos-client hub https://new.example
    """
    settings = settings_of(data=data, state=state)
    with looking_into(settings) as (_, who):
        if url is None:
            typer.echo(who.hub_url)
            return
    try:
        _line(url, settings).close()
        with closing(Hold(settings.data)), closing(open_database(settings)) as database:
            identity.find_hub_at(database, url)
    except Refusal as no:
        refuse(no)
    say(_HUB_MOVED.filled(till=who.till, url=url))


@app.command()
def status(data: Data = None, state: State = None) -> None:
    """Who this till is, what waits, how hub, shift and prices stand. Example: pos-client status"""
    settings = settings_of(data=data, state=state)
    hub_time = HubTime(SystemClock(settings.clock_start), settings.state / HUB_TIME_FILE)
    with looking_into(settings) as (database, who):
        show(standing(database, who, settings, hub_time.off_s))
    try:
        identity.load_signer(settings.data)
    except Refusal as no:
        refuse(no)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="file to write; it holds the till's key")],
    data: Data = None,
    state: State = None,
) -> None:
    """Write this till's backup, also while it sells.

    Example: pos-client backup /media/usb/S01-1.zip
    """
    settings = settings_of(data=data, state=state)
    _outside_the_tills_own(file, settings)
    try:
        facts = backups.back_up(settings, file)
    except Refusal as no:
        refuse(no)
    say(_BACKED_UP.filled(file=file, facts=facts))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what pos-client backup wrote")],
    data: Data = None,
    state: State = None,
    replace: Annotated[bool, typer.Option("--replace", help="move what is there aside")] = False,
) -> None:
    """Put a till's backup into an empty data folder.

    Example: pos-client restore S01-1.zip --data /var/lib/omnitill
    """
    try:
        done = backups.restore(file, settings_of(data=data, state=state).data, replace=replace)
    except Refusal as no:
        refuse(no)
    say(_RESTORED.filled(till=done.till, facts=done.facts))
    given = {"--data": data, "--state": state}
    folders = [word for name, path in given.items() if path for word in (name, str(path))]
    for said in backups.what_next(done, folders):
        say(said, beside=True)


@app.command()
def receipt(
    template: Annotated[
        Path | None, typer.Argument(help="a template; the built-in one else")
    ] = None,
    columns: Annotated[int, typer.Option(help="how wide the paper is: 48, 42 or 32")] = 48,
    language: Annotated[Language, typer.Option(help="of the store")] = Language.CHINESE,
    small: Annotated[bool, typer.Option(help="one article, no discount, no member")] = False,
    logo: Annotated[Path | None, typer.Option(help="the till's logo, a PNG file")] = None,
    picture: Annotated[Path | None, typer.Option(help="draw it into this PNG file")] = None,
) -> None:
    """Show what a receipt template prints of a made-up sale (docs/receipts.md).

    Example: pos-client receipt receipt.txt --columns 32 --picture receipt.png
    """
    if columns not in COLUMNS:
        widths = ", ".join(map(str, COLUMNS))
        stop(_NO_SUCH_PAPER.filled(columns=columns), _NO_SUCH_PAPER_REMEDY.filled(widths=widths))
    try:
        lines = lines_of(template.read_bytes()) if template else BUILT_IN[language]
        ReceiptTemplate.read(lines)  # an empty file is none
        drawn = dots.logo(logo, columns) if logo else None
        parts = sample_parts(lines, language, columns, small=small, logo=drawn)
        typer.echo(as_text(parts, columns))
        if picture is not None:
            draw(parts, columns, picture)
    except OSError as fault:
        stop(_NO_FILE.filled(file=fault.filename, why=fault.strerror), _NO_FILE_REMEDY)
    except (Refusal, Fault) as no:
        refuse(no)


@journal.command()
def verify(data: Data = None, state: State = None) -> None:
    """Follow every chain, and recount the books. Example: pos-client journal verify"""
    with looking_into(settings_of(data=data, state=state)) as (database, who):
        findings = inspection.verify(database, who)
    show(findings.checked)
    for wrong in findings.wrong:
        complain(wrong.what, wrong.todo)
    raise typer.Exit(1 if findings.wrong else 0)


@journal.command("import")
def import_journal(
    folder: Annotated[Path, typer.Argument(help="data folder of this till's other disk")],
    data: Data = None,
    state: State = None,
) -> None:
    """Bring in what another disk of this till still holds, for the hub.

    Example: pos-client journal import /mnt/old-disk/omnitill
    """
    settings = settings_of(data=data, state=state)
    try:
        with closing(Till.open(settings, sync=False)) as till:
            brought = till.bring_in(folder)
    except (Refusal, Fault) as no:
        refuse(no)
    say(_BROUGHT.filled(new=brought.facts, known=brought.known))
    for wrong in brought.wrong:
        complain(wrong, _LEFT_THERE)
    raise typer.Exit(1 if brought.wrong else 0)


@journal.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="file to write; standard output else")] = None,
    data: Data = None,
    state: State = None,
) -> None:
    """Write every fact, one a line, as it was recorded.

    Example: pos-client journal export all.jsonl
    """
    settings = settings_of(data=data, state=state)
    if file is not None:
        _outside_the_tills_own(file, settings)
    try:
        with (
            looking_into(settings) as (database, _),
            file.open("wb") if file else os.fdopen(os.dup(1), "wb") as out,
        ):
            for fact in inspection.stored_facts(database):
                out.write(fact + b"\n")
    except BrokenPipeError:  # who read has enough
        raise typer.Exit(1) from None
    except OSError as fault:
        stop(_UNWRITABLE.filled(file=file or _OUTPUT, why=fault.strerror), _UNWRITABLE_REMEDY)


def _outside_the_tills_own(file: Path, settings: TillSettings) -> None:
    own = settings.data.resolve(), settings.state.resolve()
    if any(file.resolve().is_relative_to(folder) for folder in own):
        stop(_TILLS_OWN.filled(file=file), _TILLS_OWN_REMEDY)


def main() -> None:
    """Run the command line."""
    run_whole(app)


if __name__ == "__main__":
    main()
