"""Silos by kind, and every question to them: opened as their asset says, within limits, with a rest when they fail.

What lives here: the readers that are switched on, opening an asset, reading and watching with budget, time-outs,
breaker and seats around it. What does not: the readers (`connector.data.sources`) and where they are (`kinds`), what
shapes must still have (`shapes`), an asset's own condition (`opened`), the records (`connector.services.silos`).

An asset of a silo has the silo's kind and the settings `silo`, `collection`, `fields` (frozen when it was added),
`where` (CQL2, rows that are shared at all) and `shape` (what was seen then, for people and for offers).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, TypeVar

import msgspec
import structlog

from connector.data.answering import rows
from connector.data.ports import Around, Reader
from connector.data.queries.model import Event, Pushed, Selection, Shape
from connector.data.silos import limits, secrets, shapes
from connector.data.silos.breaker import Breaker, Seat, Seats
from connector.data.silos.kinds import gives_rows, made, problem
from connector.data.silos.opened import ASSET, Opened, asking, own_rows, selection_of
from connector.errors import DeliveryError, NodeError, PeerError, SourceError
from connector.ports import Store
from connector.records import Asset, Silo
from policies.model import Reason

log = structlog.get_logger()
T = TypeVar("T")


TROUBLE: Final = frozenset({"source.unreachable", "source.refused", "source.slow", "source.broken"})
"""What a silo is given a rest for, when it comes again and again."""

_WAYS: Final = {
    "peer.timeout": "source.slow",
    "peer.answer_broken": "source.broken",
    "peer.answer_too_large": "source.budget",
    "peer.address_refused": "source.address",
    "peer.url": "source.address",
}
"""What it means for a silo that it could not be asked over HTTP; anything else is a silo that cannot be reached."""
_OF_THE_SILO: Final = TROUBLE | {"source.resting", "source.busy"}


Find = Callable[[str], Awaitable[Silo | None]]


def kept_in(store: Store) -> Find:
    """Finds the record of a silo by its name."""

    async def find(name: str) -> Silo | None:
        return await store.read(lambda view: view.get(Silo, name))

    return find


class Silos:
    """The silos of this node. `kinds` are those that are switched on; a reader is made when it is first needed. `find`
    gives the record of a silo."""

    def __init__(self, kinds: Iterable[str], *, around: Around, find: Find) -> None:
        self._kinds = tuple(kind for kind in kinds if gives_rows(kind))
        self.around, self.find_record = around, find
        self._readers: dict[str, Reader] = {}
        self._standing: dict[str, _Standing] = {}
        self._drifted: dict[str, str] = {}
        self._unready: dict[str, str] = {}
        self._shapes = shapes.Shapes(around.clock)

    # --- kinds --------------------------------------------------------------------------------------------------------

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of silos that are switched on, in the order of the settings."""
        return self._kinds

    def reader(self, kind: str) -> Reader:
        """The reader of a kind. Raises `SourceError` `source.unknown`, `source.package`."""
        if kind not in self._readers:
            if kind not in self._kinds:
                raise SourceError("source.unknown", kind=kind)
            self._readers[kind] = made(kind, self.around)
        return self._readers[kind]

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with a silo's kind and settings, in plain sentences, without touching it."""
        try:
            reader = self.reader(silo.kind)
        except SourceError as error:
            return [problem(silo.kind, error)]
        found = secrets.exposed(silo.settings)
        return found or [*limits.check(silo.settings), *reader.check(_bare(silo))]

    @staticmethod
    def check_asset(settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with the settings of an asset of a silo, in plain sentences, without looking at the silo."""
        if not isinstance(settings.get("silo"), str):
            return ["silo: name the silo, as in: allmende asset add NAME --from SILO --select COLLECTION"]
        wrong = [f"{name}: unknown setting" for name in sorted(settings.keys() - ASSET)]
        fields = settings.get("fields")
        if not isinstance(fields, list | tuple) or not fields or not all(isinstance(one, str) for one in fields):
            wrong.append("fields: name at least one; what an asset shares is frozen when it is added")
        return wrong

    # --- an asset -----------------------------------------------------------------------------------------------------

    @staticmethod
    def is_of(asset: Asset) -> bool:
        """Is this an asset of a silo?"""
        return "silo" in asset.settings

    async def open(self, asset: Asset) -> Opened:
        """An asset for one access, its fields still being there. Raises `SourceError`."""
        try:
            opened = await self._opened(asset)
        except NodeError as error:
            if error.reason.code not in _OF_THE_SILO:
                self._drifted[asset.name] = error.reason.code
            raise
        self._drifted.pop(asset.name, None)
        return opened

    async def _opened(self, asset: Asset) -> Opened:
        settings = asset.settings
        silo = await self.find(str(settings["silo"]))
        if silo.kind != asset.kind:
            raise SourceError("source.drift", silo=silo.id, field="", problem="the silo is of another kind now")
        selection = selection_of(settings)
        seen = await self._shapes.get(silo, selection, lambda: self.describe(silo, selection))
        try:
            shape = shapes.shared(silo, selection.fields, shapes.frozen(settings), seen)
            return self._with_condition(silo, selection, shape)
        except SourceError:
            self._shapes.forget(silo.id)  # What is put right there shows at once.
            raise
        except PeerError as error:
            # It is the operator's condition, and nothing of it is a peer's business.
            self._shapes.forget(silo.id)
            raise SourceError("source.drift", silo=silo.id, field="", problem=error.reason.code) from None

    async def select(self, silo: Silo, selection: Selection) -> Opened:
        """What is not an asset yet, as it is now: all fields where none is named. Raises `SourceError`, and `PeerError`
        `query.*` for a condition that cannot be."""
        seen = await self.describe(silo, selection)
        fields = selection.fields or tuple(one.name for one in seen.fields)
        chosen = msgspec.structs.replace(selection, fields=fields)
        return self._with_condition(silo, chosen, shapes.shared(silo, fields, None, seen))

    def _with_condition(self, silo: Silo, selection: Selection, shape: Shape) -> Opened:
        reader, bare = self.reader(silo.kind), _bare(silo)
        plain = msgspec.structs.replace(selection, where="")
        own = shapes.condition(selection.where, shape)
        exact = None
        if own is not None:
            asked = reader.split(bare, shape, shapes.only(own))
            exact = asked.pushed.where if asked.left is None and asked.pushed.then is None else None
        asked_for = limits.budget(silo.settings), limits.at_once(silo.settings)
        return Opened(bare, plain, shape, reader, *asked_for, own, exact)

    async def find(self, name: str) -> Silo:
        """The silo of this name. Raises `SourceError` `source.gone`."""
        found = await self.find_record(name)
        if found is None:
            raise SourceError("source.gone", silo=name)
        return found

    # --- questions ----------------------------------------------------------------------------------------------------

    async def collections(self, silo: Silo) -> Sequence[str]:
        """See `Reader.collections`."""
        reader = self.reader(silo.kind)
        return await self.ask(silo, reader.collections)

    async def describe(self, silo: Silo, selection: Selection) -> Shape:
        """See `Reader.describe`; never from memory."""
        reader = self.reader(silo.kind)
        return await self.ask(silo, lambda bare: reader.describe(bare, selection))

    async def ask(self, silo: Silo, question: Callable[[Silo], Awaitable[T]]) -> T:
        """Any short question to a silo, which it has `idle_seconds` to answer. Raises `SourceError`, `BusyError`."""
        async with self._turn(silo, limits.at_once(silo.settings)) as turn:
            try:
                async with asyncio.timeout(limits.idle(silo.settings)):
                    found = await question(_bare(silo))
            except TimeoutError:
                raise SourceError("source.slow", silo=silo.id) from None
            turn.worked()
            return found

    async def read(self, opened: Opened, pushed: Pushed) -> AsyncGenerator[bytes, None]:
        """Rows in the shape's form, as `Reader.read` gives them, those that the asset leaves out being left out.

        Holds a seat of the silo as long as it runs: close it. Who takes rows slowly loses it where others wait for one
        (`source.paced`), and goes on as with any answer that broke off. Raises `SourceError` (`source.resting` while
        the silo is left alone, `source.budget`, `source.slow`, and as the reader does) and `BusyError`.
        """
        silo = opened.silo
        async with self._turn(silo, opened.at_once) as turn:
            budget, seat = opened.budget, turn.seat
            assert seat is not None  # INVARIANT: a turn that waited for a seat has one
            pieces = own_rows(opened, pushed, budget)
            async with aclosing(limits.kept(pieces, budget, self.around.clock, silo)) as within:
                try:
                    async for piece in within:
                        turn.worked()
                        seat.given(len(piece), within.aclose)
                        yield piece
                        await seat.back()
                finally:
                    await seat.settled()
            turn.worked()

    async def watch(self, opened: Opened, pushed: Pushed, after: str) -> AsyncGenerator[Event, None]:
        """Rows as they come, as `Reader.watch` gives them. Takes no seat: what is watched may be silent for days."""
        holds = rows.row_holds(opened.own, opened.shape)
        turn = self._entered(opened.silo)
        try:
            asked = asking(opened, pushed)
            less = rows.less(opened.shape, asked.fields, pushed.fields)
            events = opened.reader.watch(opened.silo, opened.selection, opened.shape, asked, after)
            async with aclosing(events):
                async for event in events:
                    turn.worked()
                    if holds(event.row):
                        yield msgspec.structs.replace(event, row=less(event.row).rstrip(b"\n"))
                    elif event.gap or not event.row:
                        yield msgspec.structs.replace(event, row=b"")
        except Exception as error:
            raise self._judged(opened.silo, turn, error) from error
        finally:
            turn.left()

    @asynccontextmanager
    async def _turn(self, silo: Silo, at_once: int) -> AsyncGenerator[_Turn, None]:
        """One question: waits for a seat, and is judged by how it ends."""
        standing = self._standing_of(silo)
        if standing.seats.at_once != at_once:
            standing.seats = Seats(at_once)
        async with standing.seats.taken() as seat:
            turn = self._entered(silo, seat)
            try:
                yield turn
            except Exception as error:
                raise self._judged(silo, turn, error) from error
            finally:
                turn.left()

    def _entered(self, silo: Silo, seat: Seat | None = None) -> _Turn:
        standing = self._standing_of(silo)
        return _Turn(standing, standing.breaker.enter(), seat)

    def _judged(self, silo: Silo, turn: _Turn, error: Exception) -> NodeError:
        """What a question ended with, as an error of the tree."""
        if isinstance(error, DeliveryError):
            error = SourceError(_WAYS.get(error.reason.code, "source.unreachable"), silo=silo.id)
        elif not isinstance(error, NodeError):
            log.exception("source.defect", silo=silo.id, kind=silo.kind, error=type(error).__name__)
            error = SourceError("source.broken", silo=silo.id, problem=type(error).__name__)
        if error.reason.code in TROUBLE:
            if not turn.standing.failing:
                log.warning("silo.failing", silo=silo.id, code=error.reason.code)
            turn.failed(error.reason.code)
        if error.reason.code == "source.drift":
            self._shapes.forget(silo.id)
        return error

    def _standing_of(self, silo: Silo) -> _Standing:
        known = self._standing.get(silo.id)
        if known is None:
            known = self._standing[silo.id] = _Standing(Breaker(self.around.clock), Seats(limits.AT_ONCE))
        return known

    # --- how they are -------------------------------------------------------------------------------------------------

    def look(self, silos: Iterable[Silo]) -> None:
        """See whether these could be asked, without asking them: their settings, and their secrets. May read files."""
        self._unready = {one.id: code for one in silos if (code := self._unreadiness(one))}

    def _unreadiness(self, silo: Silo) -> str:
        if self.check(silo):
            return "source.unreadable"
        named = {secrets.base(one.name) for one in self.reader(silo.kind).settings if one.secret}
        try:
            for name in sorted(named):
                if secrets.refers(silo.settings, name):
                    self.around.secret(silo.settings, name)
        except SourceError as error:
            return error.reason.code
        return ""

    def trouble(self) -> Reason | None:
        """A silo that cannot be asked or did not answer when it was last asked, else an asset that could not be opened,
        for health; the first of them, and how many there are."""
        failing = self._unready | {name: one.failing for name, one in self._standing.items() if one.failing}
        for code, name, many, found in (
            ("silo.failing", "silo", "silos", failing),
            ("source.failing", "asset", "assets", self._drifted),
        ):
            if found:
                first, cause = next(iter(found.items()))
                return Reason(code, {name: first, "cause": cause, many: str(len(found))})
        return None

    def standing(self, silo: str) -> str:
        """The code of what is wrong with a silo as it was last asked, "" where nothing is."""
        known = self._standing.get(silo)
        return known.failing if known and known.failing else self._unready.get(silo, "")

    def forget(self, silo: str) -> None:
        """A silo was changed or removed: nothing that is remembered of it holds any more."""
        self._shapes.forget(silo)
        self._standing.pop(silo, None)
        self._unready.pop(silo, None)

    def only(self, assets: Iterable[str]) -> None:
        """Only these assets are still there."""
        self._drifted = {name: self._drifted[name] for name in assets if name in self._drifted}

    async def close(self) -> None:
        """Give back what the readers hold."""
        for reader in self._readers.values():
            await reader.close()


class _Standing:
    """How a silo stands."""

    def __init__(self, breaker: Breaker, seats: Seats) -> None:
        self.breaker, self.seats, self.failing = breaker, seats, ""


class _Turn:
    """One question to a silo; the first thing that is said of it counts."""

    def __init__(self, standing: _Standing, turn: int, seat: Seat | None) -> None:
        self.standing, self._turn, self.seat = standing, turn, seat

    def worked(self) -> None:
        """It answers."""
        self.standing.failing = ""
        self.standing.breaker.worked(self._turn)

    def failed(self, code: str) -> None:
        """It does not."""
        self.standing.failing = code
        self.standing.breaker.failed(self._turn)

    def left(self) -> None:
        """Nobody asks any more."""
        self.standing.breaker.left(self._turn)


def _bare(silo: Silo) -> Silo:
    """A silo as its reader knows it: without the settings that every silo can have."""
    return msgspec.structs.replace(silo, settings=limits.others(silo.settings))
