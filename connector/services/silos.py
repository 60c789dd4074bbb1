"""The silos that this node reads from: names, kinds, settings; who may be rid of which.

What lives here: keeping them, changing their settings, every such act in the log. What does not: asking them
(`connector.data.silos.registry`), secrets (settings say only where one lies), the assets that are made of them
(`offers`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Asset, Entry, Silo
from connector.services.approval.naming import named

PAGE = 100


class Reads(Protocol):
    """Who reads silos: says what is wrong with settings, and has to be told when they change."""

    def check(self, silo: Silo) -> Sequence[str]:
        """What is wrong with a silo's kind and settings, in plain sentences, without touching it."""

    def forget(self, silo: str) -> None:
        """Nothing that is remembered of it holds any more."""


class SiloRegister:
    """The silos of this node, by name."""

    def __init__(self, *, store: Store, clock: Clock, reads: Reads) -> None:
        self._store, self._clock, self._reads = store, clock, reads

    async def add(self, operator: str, name: str, kind: str, settings: Mapping[str, Any]) -> Silo:
        """Keep a silo. Raises `InputError` where the name is taken, or the settings are wrong or hold a secret."""
        named(name)
        silo = Silo(id=name, kind=kind, settings=dict(settings), created=self._clock.now(), created_by=operator)
        self._checked(silo)

        def act(tx: Transaction) -> None:
            if tx.get(Silo, name) is not None:
                raise InputError("silo.exists", name=name)
            tx.put(silo)
            params = {"silo": name, "kind": kind, "settings": _names(settings)}
            tx.record(Entry(event="silo.added", actor=operator, params=params))

        await self._store.write(act)
        self._reads.forget(name)
        return silo

    async def change(
        self, operator: str, name: str, settings: Mapping[str, Any], without: Collection[str] = ()
    ) -> Silo:
        """Change some settings, and leave out those that are named; assets of the silo go on with the new ones. Raises
        `InputError`."""
        before = await self.get(name)
        kept = {key: value for key, value in before.settings.items() if key not in without}
        after = replace(before, settings={**kept, **settings})
        self._checked(after)

        def act(tx: Transaction) -> None:
            if known(tx, name) != before:
                raise InputError("silo.changed", name=name)
            tx.put(after)
            params = {"silo": name, "settings": _names(settings), "without": _names(without)}
            tx.record(Entry(event="silo.changed", actor=operator, params=params))

        await self._store.write(act)
        self._reads.forget(name)
        return after

    async def select(self, *, after: str = "", limit: int = PAGE) -> list[Silo]:
        """Silos in the order of their names."""
        return await self._store.read(lambda view: view.select(Silo, after=after, limit=limit))

    async def get(self, name: str) -> Silo:
        """Raises `InputError` where there is none."""
        return await self._store.read(lambda view: known(view, name))

    async def assets(self, name: str) -> list[Asset]:
        """The assets that are made of a silo."""
        return await self._store.read(lambda view: list(_assets(view, name)))

    async def looked(self, operator: str, silo: str, what: str) -> None:
        """Somebody here is about to see rows of a silo; into the log before they do."""
        entry = Entry(event="silo.looked", actor=operator, params={"silo": silo, "what": what})
        await self._store.write(lambda tx: tx.record(entry))

    async def remove(self, operator: str, name: str) -> None:
        """Forget a silo; it is not touched itself. Raises `InputError` where an asset of it is left."""

        def act(tx: Transaction) -> None:
            known(tx, name)
            if (used := next(_assets(tx, name), None)) is not None:
                raise InputError("silo.used", name=name, asset=used.name)
            tx.delete(Silo, name)
            tx.record(Entry(event="silo.removed", actor=operator, params={"silo": name}))

        await self._store.write(act)
        self._reads.forget(name)

    def _checked(self, silo: Silo) -> None:
        if wrong := self._reads.check(silo):
            raise InputError("silo.settings", name=silo.id, problem="; ".join(wrong))


def known(view: Reading, name: str) -> Silo:
    """Raises `InputError` where there is no such silo."""
    found = view.get(Silo, name)
    if found is None:
        raise InputError("silo.unknown", name=name)
    return found


def _assets(view: Reading, silo: str) -> Iterator[Asset]:
    """All assets of a silo. Looks through every asset: they are few, and this is asked seldom."""
    after = ""
    while found := view.select(Asset, after=after, limit=PAGE):
        yield from (one for one in found if one.settings.get("silo") == silo)
        after = found[-1].id


def _names(settings: Collection[str]) -> str:
    """The names of settings, for the log; their values are told by the record."""
    return " ".join(sorted(settings)) or "-"
