"""The hub: database, identity and what tills say and ask, joined; no HTTP in here.

    hub = await Hub.open(settings)
    reply = await hub.push(request)
    await hub.office.overview()

The same object serves HTTP, the command line, the simulator and the benchmarks.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.clock import ahead_s
from journal.push import is_signed
from journal.stream import StreamId
from journal.wire import Declared
from sync_server import lives, migrations, put_back
from sync_server.catalogue import acts
from sync_server.catalogue.acts import Act
from sync_server.catalogue.book import HubBook
from sync_server.chores import attempt, repeat
from sync_server.database import (
    FAULTS,
    Database,
    NoHubDatabase,
    open_database,
    unusable,
    without_password,
)
from sync_server.feed import records as feed_records
from sync_server.feed import service as feed
from sync_server.feed.news import News
from sync_server.feed.service import PackedPage, Pages
from sync_server.head_office import PROJECTION, HeadOffice, Now
from sync_server.jobs import Jobs
from sync_server.problems import busy, wrong_signature
from sync_server.recorder import NotApplied
from sync_server.settings import HubSettings
from sync_server.sync import contacts, enrolment, service, tokens, versions
from sync_server.sync.admission import Admission, Gone, Rank, rank_of, stays
from sync_server.sync.service import ForkFound, LostFacts, Signed
from sync_server.sync.tokens import Bearer
from sync_server.voice import Voice

#: what one of several hubs does for all
_PLANS, _GONE = "plans", "gone"

P = ParamSpec("P")
T = TypeVar("T")


def system_now() -> datetime:
    """The hub's wall time, UTC."""
    return datetime.now(UTC)


@contextmanager
def _options_of(url: str) -> Iterator[None]:
    """What a driver says of options and ports that it does not know is DatabaseUnusable too."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as fault:
        raise unusable(url, fault) from fault


class Hub:
    """One hub process. Close it."""

    def __init__(self, settings: HubSettings, database: Database, voice: Voice, now: Now) -> None:
        self.settings = settings
        self.database = database
        self.voice = voice
        self.now = now
        #: whether its database was made when it was opened
        self.is_new = False
        self.news = News(self.heads, settings.feed_look_every_s)
        self.book = HubBook(settings.book_folder, voice, database, settings.snapshot_from_rows)
        self._feed_pages = Pages(settings.feed_pages_bytes_max)
        #: by till, so that there are never more of them than tills; so are its keys
        self._contacts: dict[str, contacts.Contact] = {}
        self._keys: dict[str, str] = {}
        self._writing_contacts = asyncio.Lock()
        self.admission = Admission(settings, min(settings.push_slots, database.writes_max))
        self.jobs = Jobs(database, (_PLANS, _GONE), settings.job_held_s)
        self._memory = put_back.Memory(settings.book_folder, voice.signer.public)
        self.office = HeadOffice(database, self.news, now, self.write_contacts, settings)

    @classmethod
    async def open(
        cls,
        settings: HubSettings,
        now: Now = system_now,
        database_of: Callable[[str, float, int], Database] = open_database,
        *,
        makes: bool = True,
    ) -> "Hub":
        """Open the database, migrate it, and find or make the hub's identity. Time and disk may
        be handed in. Raises NoHubDatabase where there is none, unless it `makes` one."""
        url = settings.database
        with _options_of(url):
            database = database_of(url, settings.database_wait_s, settings.connections_max)
        try:
            with _options_of(url):
                is_new = not await migrations.is_there(database, url)
                if is_new and not makes:
                    raise NoHubDatabase(url=without_password(url))
                await database.read(lambda _: None)  # the first connection
            await migrations.upgrade(database, url)
            identity = await database.read(lives.hub_identity)
            if identity is None:
                identity = await database.write(lives.own_identity)
            hub = cls(settings, database, Voice.of(identity), now)
            hub.is_new = is_new
            await hub._look()
        except BaseException:
            await database.close()
            raise
        return hub

    async def keep_going(self) -> None:
        """What a hub that serves does by itself, until its news end."""
        settings, end_within = self.settings, self.news.end_within
        again = partial(repeat, end_within)
        await asyncio.gather(
            self.news.watch(),
            attempt(partial(self.database.listen, self.news.wake, end_within)),
            again(self.jobs.keep, settings.job_held_s / 3, at_once=True),
            again(self.write_contacts, settings.contact_noted_every_s),
            again(self.look_at_itself, settings.itself_looked_at_every_s),
            again(self._publish_plans, settings.plans_looked_at_every_s),
            again(self._forget_gone, settings.gone_looked_at_every_s),
            again(
                self.office.quarantine.take_up, settings.unsettled_looked_at_every_s, at_once=True
            ),
        )

    async def look_at_itself(self) -> None:
        """See whether the database is the one that it was. When an older copy of it was put back a
        new epoch begins: tills send again what they hold. What was seen is remembered."""
        self._memory.keep(await self._look())

    async def _look(self) -> put_back.Seen:
        why, seen = await self._read(put_back.look, self._memory.seen)
        if why:
            last = self._memory.seen or seen
            await self._begin_epoch(seen.epoch, why, last.epoch)
            _, seen = await self._read(put_back.look, None)
        self.voice = self.voice._replace(epoch=seen.epoch)
        return seen

    async def _begin_epoch(self, after: str, why: str, instead_of: str) -> None:
        epoch = await self._write(put_back.begin, after, why, self.now(), instead_of)
        self.voice = self.voice._replace(epoch=epoch)

    async def close(self) -> None:
        with suppress(*FAULTS):
            await self.write_contacts()
            await self.jobs.give_up()
        await self.book.close()
        await self.database.close()

    async def _write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.database.write(lambda connection: work(connection, *args, **kwargs))

    async def _read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.database.read(lambda connection: work(connection, *args, **kwargs))

    # Tills

    async def enrol_code(self, store_id: str, till_id: str | None = None) -> tuple[str, str]:
        """A one-time code for a new till of the store, or for a machine that replaces `till_id`;
        and the till's id. Raises NoSuchStore or NoSuchTill."""
        expires_at = self.now() + timedelta(seconds=self.settings.enrol_code_valid_s)
        return await self._write(enrolment.make_code, self.voice, store_id, till_id, expires_at)

    async def enrol(self, request: wire.EnrolRequest) -> wire.EnrolReply:
        await self._read(enrolment.check, request, self.now())
        async with self.admission.turn(request.public_key, Rank.HELLO):
            return await self._write(enrolment.enrol, self.voice, request, self.now())

    async def revoke(self, till_id: str, author: str = "?") -> enrolment.Revocation | None:
        """Refuse a till service from now on; None where there is no such till."""

        def work(connection: Connection) -> enrolment.Revocation | None:
            revoked = enrolment.revoke(connection, till_id, self.now())
            if revoked and revoked.is_new:
                acts.tell(connection, self.now(), author, Act.REVOKED, till_id)
            return revoked

        return await self.database.write(work)

    async def spoke_at(self, till_id: str) -> datetime | None:
        """When a till spoke last; None before it ever did."""
        return await self._read(enrolment.spoke_at, till_id)

    def hello(self, request: wire.HelloRequest) -> wire.HelloReply:
        """What a till begins a conversation with; nothing that it may not do without."""
        pause_ms = self.admission.pause_ms(Rank.HELLO)
        return versions.hello(self.voice, request, pause_ms)

    def challenge(self) -> wire.Challenge:
        return tokens.challenge(self.voice, self.now(), self.settings.nonce_valid_s)

    async def token(self, request: wire.TokenRequest) -> wire.TokenReply:
        valid_s = self.settings.token_valid_s
        return await self._read(tokens.token, self.voice, request, self.now(), valid_s)

    def bearer(self, token: str) -> Bearer:
        return tokens.bearer(self.voice, token, self.now())

    async def push(self, request: wire.PushRequest, gone: Gone = stays) -> wire.PushReply:
        """Accept a run of facts when its turn has come, unless its till is `gone` by then. Raises
        WireProblem, or what `gone` raises."""
        service.check_size(request)
        rank = rank_of(request)
        ahead = ahead_s(request.declared.at, self.now())
        signed = await self._signed(request)
        async with self.admission.turn(request.till, rank, gone):
            reply = await self._store(signed, ahead)
        if request.declared.seq <= reply.head.seq:
            return reply
        return msgspec.structs.replace(reply, backoff_ms=self.admission.pause_ms(rank))

    async def _signed(self, request: wire.PushRequest) -> Signed:
        """What its till has signed: nobody else comes to a turn, or takes the place of one that
        waits for its own. Raises WireProblem."""
        known = self._keys.get(request.till)
        if known is not None and is_signed(request, known):
            return Signed(request, known)
        key = (await self._read(enrolment.enrolled, request.till)).public_key
        if key == known or not is_signed(request, key):
            raise wrong_signature()
        self._keys[request.till] = key
        return Signed(request, key)

    async def _store(self, signed: Signed, ahead: int | None) -> wire.PushReply:
        """What the database refuses of a batch is found fact by fact in a second transaction; a
        fork is noted for head office. Raises WireProblem."""
        till = signed.request.till
        self._contacts.pop(till, None)  # the push says newer things of the till
        now = self.now()
        try:
            accepted = await self._accept(signed, now, ahead)
        except LostFacts as proof:
            await self._begin_epoch(proof.epoch, lives.PROVED, proof.epoch)
            accepted = await self._accept(signed, now, ahead)
        except ForkFound as fork:
            await self._write(fork.note)
            raise
        with suppress(*FAULTS):  # the facts are kept; the next push counts them with its own
            await self.office.quarantine.note(till, *accepted.came_to)
        return accepted.reply

    async def _accept(self, signed: Signed, now: datetime, ahead: int | None) -> service.Accepted:
        pushed = (self.voice, signed, now, PROJECTION)
        try:
            return await self._write(service.push, *pushed, ahead_s=ahead)
        except NotApplied:
            return await self._write(service.push, *pushed, ahead_s=ahead, carefully=True)

    # What tills read

    async def facts(self, stream: StreamId, after: int) -> wire.StreamFacts:
        """What a till's own stream holds here after that seq."""
        return await self._read(service.facts_of_stream, self.voice, stream, after)

    async def feed_page(self, who: Bearer, cursor: str) -> PackedPage:
        return await self._read(feed.page, who, cursor, self._feed_pages)

    async def wait_for_news(self, who: Bearer, cursor: str, wait_s: float) -> wire.FeedChange:
        """Answer when a scope of the till has moved past its cursor, or when the wait is over."""
        positions = await self._read(feed.positions, who, cursor)
        bounded_s = min(wait_s, self.settings.feed_wait_s_max) if wait_s > 0 else 0.0
        moved = await self.news.past(positions, bounded_s)
        if self.news.ended and not moved:
            raise busy()  # an answer would be followed by the next question at once
        return wire.FeedChange(moved)

    def note_contact(self, who: StreamId, declared: Declared, program: str) -> None:
        """A till spoke; it waits for no database, which hears of it a little later."""
        now = self.now()
        ahead = ahead_s(declared.at, now)
        self._contacts[who.till] = contacts.Contact(who, declared, now, ahead, program)

    async def write_contacts(self) -> None:
        """Write down who spoke; what the database does not take now it is told again."""
        async with self._writing_contacts:
            heard, self._contacts = self._contacts, {}
            if not heard:
                return
            try:
                await self._write(contacts.note_contacts, list(heard.values()))
            except BaseException:
                self._contacts = heard | self._contacts
                raise

    async def _publish_plans(self) -> None:
        if self.jobs.holds(_PLANS):
            await self.office.publish_due()

    async def _forget_gone(self) -> None:
        """Forget what went longer ago than any till may be away without starting over."""
        if self.jobs.holds(_GONE):
            before = self.now() - timedelta(days=self.settings.gone_kept_days)
            await self._write(feed_records.forget_gone, before.isoformat(timespec="seconds"))

    async def snapshot(self, who: Bearer) -> wire.Snapshot:
        """Everything that is published to all stores, as a file in chunks."""
        await self._read(enrolment.in_service, who.till_id)
        return await self.book.snapshot()

    async def chunk(self, who: Bearer, name: str) -> bytes:
        """A chunk of that file, by its name."""
        await self._read(enrolment.in_service, who.till_id)
        return await asyncio.to_thread(self.book.chunk, name)

    async def heads(self) -> dict[str, int]:
        return await self._read(feed_records.all_positions)

    async def ready(self) -> None:
        """Returns once the database has answered; raises what it raises."""
        await self.heads()
