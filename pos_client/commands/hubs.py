"""`pos-client enrol` and `hub`: with which hub this till is in step."""

from contextlib import closing
from typing import Annotated

import typer

from journal.signature import fingerprint, plain_code
from pos_client import identity
from pos_client.clock import RandomIds
from pos_client.commands.running import (
    Data,
    State,
    looking_into,
    refuse,
    say,
    settings_of,
    stop,
)
from pos_client.database import Database
from pos_client.folder import Hold
from pos_client.settings import TillSettings
from pos_client.sync.hub import Answer, Hub, NoAnswer, protected
from pos_client.sync.line import in_words
from pos_client.till import open_database
from retail.language import Text
from retail.refusals import Refusal

#: statuses of a hub that has too much to do, or no database, for now
_BUSY = {429, 503}
_ENROLLED = Text("store {store}, till {till}", "门店 {store}，收银机 {till}")
_HUB_MOVED = Text("till {till}: the hub is at {url}", "{till} 的总部服务地址为 {url}")
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
_WRONG_HUB = Text(
    "The hub that answered is not the one that made this code.",
    "应答的服务不是签发此登记码的总部。",
)
_WRONG_HUB_REMEDY = Text(
    "Compare the last five letters of the code with head office before you go on.",
    "请先与总部核对登记码末五位。",
)


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
