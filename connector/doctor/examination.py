"""The order of an examination: what everything else stands on comes first, what will only be wrong soon comes last.

What lives here: the order, what is left out where the ground for it is missing, and the two ways to be examined: a
running node examines itself (`Doctor`), a stopped one is examined from its directory (`of_directory`). What does not:
the examinations.

INVARIANT: the first finding is the one to mend first. What follows may be its consequence.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from certs import did, keys
from certs.keys import NodeKeys
from connector import config as settings
from connector.config import Config
from connector.data.sources import Sources
from connector.doctor import machine, memory, program, surroundings, trust
from connector.doctor.memory import Check
from connector.doctor.surroundings import Kept, Surroundings, Visit
from connector.doctor.trust import PATIENCE
from connector.errors import InputError, NodeError, StoreError
from connector.http.client import HttpPeer, client_of
from connector.http.road import SOON_CODE, Road
from connector.http.signing import SigningPeer
from connector.identity.pinned import PinnedIdentity
from connector.ports import Clock, Ids, Reading
from connector.protocol.messages import JsonObject
from connector.records import Asset, Participant
from connector.services.proof.heads import Heads
from connector.services.trust.regions import all_regions
from connector.store.inspection import Inspection, log_damage
from connector.store.lock import DirectoryLock
from policies.model import Reason

T = TypeVar("T")


class Reads(Protocol):
    """The reading half of a store."""

    async def read(self, act: Callable[[Reading], T]) -> T: ...


class Examined(Struct, frozen=True, kw_only=True):
    """What was found, the first to mend first; `running` tells whether the node ran meanwhile."""

    findings: tuple[Reason, ...]
    running: bool


class Doctor:
    """Examines a node whose settings can be read. `trouble` is what the running node itself has noticed."""

    def __init__(
        self,
        *,
        config: Config,
        own: NodeKeys | None,
        reads: Reads | None,
        around: Surroundings,
        clock: Clock,
        credentials: Path | None,
        running: bool,
        check: Check,
        trouble: Callable[[], Iterable[Reason]] = tuple,
    ) -> None:
        self._config, self._own, self._reads, self._around = config, own, reads, around
        self._clock, self._credentials, self._running, self._trouble = clock, credentials, running, trouble
        self._check = check

    async def examine(self) -> Examined:
        """Look at everything. Takes some seconds where others have to be waited for."""
        found: list[Reason] = []
        seen: set[str] = set()
        async for one in self._all():
            key = f"{one.code} {sorted(one.params.items())}"
            if key not in seen:
                seen.add(key)
                found.append(one)
        return Examined(findings=tuple(found), running=self._running)

    async def _all(self) -> AsyncIterator[Reason]:
        # A disk or a mount that hangs must not hold up the node that asks.
        for one in await asyncio.to_thread(lambda: [*self._ground()]):
            yield one
        peers: list[Participant] = []
        async for one in self._remembered(peers):
            yield one
        visits = await self._around.visits(peers)
        if (wrong := surroundings.offset(visits)) is not None:
            yield wrong
        later: list[Reason] = []
        async for one in self._reached():
            if one.code == SOON_CODE:
                later.append(one)
            else:
                yield one
        async for one in self._about(peers, visits):
            yield one
        for one in (*later, *self._trouble()):
            yield one

    def _ground(self) -> Iterable[Reason]:
        """What needs neither database nor network."""
        directory = self._config.directory
        yield from program.python()
        yield from program.packages()
        yield from machine.files(directory, self._credentials)
        yield from machine.disk(directory)
        yield from program.listeners(self._config)
        yield from trust.root_key(self._config)
        if not self._running and not is_running(directory):
            yield from program.taken(self._config)

    async def _remembered(self, peers: list[Participant]) -> AsyncIterator[Reason]:
        """The database; `peers` gets those that it names."""
        if self._reads is None:
            return
        config, now = self._config, self._clock.now()

        def look(view: Reading) -> list[Reason]:
            peers.extend(memory.participants(view))
            wrong = log_damage(view)
            return [
                *([wrong] if wrong is not None else ()),
                *memory.identity(view, config),
                *(memory.signature(view, config, self._own.heads()) if self._own else ()),
                *memory.clock(view, now),
                *memory.lab(view, config),
                *trust.changed(view),
                *trust.credentials(view, now),
                *trust.description(view),
                *memory.devices(view, now),
            ]

        try:
            for one in await self._reads.read(look):
                yield one
        except NodeError as error:
            yield error.reason

    async def _reached(self) -> AsyncIterator[Reason]:
        """Certificate files, then the node at its own address."""
        wrong = list(machine.certificate(self._config, self._clock.now()))
        for one in wrong:
            yield one
        if self._own is None or any(one.code != SOON_CODE for one in wrong):
            return
        async for one in self._around.own(_documented(self._config, self._own), running=self._running):
            if one.code != SOON_CODE or not wrong:
                yield one

    async def _about(self, peers: list[Participant], visits: list[Visit]) -> AsyncIterator[Reason]:
        """Peers: changed keys, what they keep of our log, who is silent; and what waits for whom."""
        for one in surroundings.changed(visits):
            yield one
        if self._reads is None:
            return
        answering = [one.peer for one in visits if one.keys is not None]
        witnessed = await self._around.witnesses(answering, self._reads.read)
        for _, one in sorted(witnessed, key=lambda pair: pair[1].code == "doctor.witness_silent"):
            yield one
        assets = await self._reads.read(memory.assets)
        async for one in self._shared(assets):
            yield one
        for one in await self._around.regions(await self._reads.read(all_regions)):
            yield one
        for one in await self._reads.read(lambda view: [*memory.outbox(view, self._clock.now())]):
            yield one
        for one in surroundings.gone(visits):
            yield one

    async def _shared(self, assets: Sequence[Asset]) -> AsyncIterator[Reason]:
        """What is shared, one after the other. Of silos that hang the first is told: each would be waited for."""
        told = 0
        for asset in assets:
            try:
                async with asyncio.timeout(PATIENCE):
                    found = await _beside(lambda: [*memory.sources([asset], self._check)])  # noqa: B023 - awaited here
            except TimeoutError:
                yield Reason("doctor.source", {"asset": asset.name, "problem": f"no answer within {PATIENCE:.0f} s"})
                return
            for one in found:
                yield one
            told += len(found)
            if told >= memory.MOST:
                return


async def _beside(act: Callable[[], T]) -> T:
    """What `act` returns, from a thread that nobody waits for at the end: a mount that hangs may do so for good."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[T] = loop.create_future()

    def tell(found: T | None, error: BaseException | None) -> None:
        if told.done():
            return
        if error is not None:
            told.set_exception(error)
        else:
            told.set_result(found)  # type: ignore[arg-type]

    def run() -> None:
        try:
            found, error = act(), None
        except BaseException as wrong:
            found, error = None, wrong
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(tell, found, error)

    threading.Thread(target=run, daemon=True).start()
    return await told


def _documented(config: Config, own: NodeKeys) -> Mapping[str, JsonObject]:
    """The keys that stand in the node's DID document."""
    who = did.of_url(config.public_url)
    return {f"{who}#{name}": key for name, key in own.published().items()}


# --- a node that is stopped -------------------------------------------------------------------------------------------


async def of_directory(
    directory: Path, environment: Mapping[str, str], *, clock: Clock, ids: Ids, lookup: Any = None
) -> Examined:
    """Examine a stopped node from its directory. What cannot be read ends the examination there."""
    try:
        config = settings.load(directory, environment)
    except InputError as error:
        return Examined(findings=(error.reason,), running=False)
    found = environment.get("CREDENTIALS_DIRECTORY")
    credentials = Path(found) if found else None
    own = _own(directory, credentials)
    looked, wrong = _inspected(directory)
    client = _client(config, lookup)
    try:
        around = _around(config, client, looked, own, clock, ids)
        doctor = Doctor(
            config=config,
            own=own,
            reads=looked,
            around=around,
            clock=clock,
            credentials=credentials,
            running=False,
            check=_sources(config, clock),
        )
        done = await doctor.examine()
    finally:
        await client.close()
        if looked is not None:
            looked.close()
    return done if wrong is None else Examined(findings=_with(done.findings, wrong), running=False)


def _sources(config: Config, clock: Clock) -> Check:
    """What the node's sources say about assets; a kind whose plug-in is gone can serve none."""
    try:
        return Sources(config.sources.kinds, clock=clock, closed=[config.directory]).check
    except InputError as error:
        problem = f"{error.reason.code} ({error.reason.params.get('kind', '?')})"
        return lambda kind, settings: [problem]


def is_running(directory: Path) -> bool:
    """Does a process hold the node's directory?"""
    try:
        DirectoryLock(os.fspath(directory)).release()
    except StoreError as error:
        return error.reason.code == "store.locked"
    return False


def _own(directory: Path, credentials: Path | None) -> NodeKeys | None:
    """The keys, None where they cannot be used; why is found among the files."""
    try:
        return keys.load(directory / "keys", credentials)
    except keys.KeyFileError:
        return None


def _inspected(directory: Path) -> tuple[Inspection | None, Reason | None]:
    """The database of a stopped node, or what is wrong with it. A node that never ran has none."""
    path = directory / "state.db"
    if not path.exists():
        return None, None
    try:
        looked = Inspection(path)
    except StoreError as error:
        return None, error.reason
    if (wrong := looked.damage()) is not None:
        looked.close()
        return None, wrong
    return looked, None


def _with(findings: tuple[Reason, ...], wrong: Reason) -> tuple[Reason, ...]:
    """A damaged database, behind what is wrong with program, files and disk."""
    ground = sum(not _beyond(one.code) for one in findings)
    return (*findings[:ground], wrong, *findings[ground:])


def _beyond(code: str) -> bool:
    return code.startswith("reach.") or code in ("doctor.clock_off", "doctor.tls_missing", "doctor.tls_key")


def _client(config: Config, lookup: Any) -> HttpPeer:
    return client_of(config.network) if lookup is None else client_of(config.network, lookup=lookup)


def _around(
    config: Config, client: HttpPeer, looked: Inspection | None, own: NodeKeys | None, clock: Clock, ids: Ids
) -> Surroundings:
    """Looks around with the stopped node's own keys."""
    return Surroundings(
        config=config,
        peer=client,
        clock=clock,
        road=Road(peer=client, context=client.context, proxied=bool(config.network.proxy)),
        kept=_keeps(config, client, looked, own, clock, ids),
    )


def _keeps(
    config: Config, client: HttpPeer, looked: Inspection | None, own: NodeKeys | None, clock: Clock, ids: Ids
) -> Kept:
    if own is None or looked is None:

        async def nothing(peer: Participant) -> None:
            return None

        return nothing
    store: Any = looked  # only its reading half is used
    who = did.of_url(config.public_url)
    identity = PinnedIdentity(store=store, clock=clock, ids=ids, own=who, keys=own)
    peer = SigningPeer(client, identity)
    heads = Heads(store=store, clock=clock, peer=peer, identity=identity, did=who, publics=own.heads)
    return heads.kept_of_us
