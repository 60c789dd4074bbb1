"""What assets of silos were frozen as, and whether their silos still hold it.

What lives here: shapes in an asset's settings, drift, a short memory of what silos look like, an asset's own
condition. What does not: asking a silo (`connector.data.silos.registry`), the rows that are left out (`rows`).

INVARIANT: a field that an asset did not have when it was added is never in its shape, whatever its silo has by now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from connector.data.queries.model import All, Condition, Query, Selection, Shape, Work
from connector.errors import SourceError
from connector.ports import Clock
from connector.records import Silo

KEPT_SECONDS: Final = 60.0
"""How long a shape that was seen is taken as it was; a read may notice a change earlier."""
_MOST: Final = 1024


class Shapes:
    """What silos look like, remembered for a moment; each is asked once at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, Selection], tuple[Silo, float, Shape]] = {}
        self._asking: dict[tuple[str, Selection], asyncio.Lock] = {}

    async def get(self, silo: Silo, selection: Selection, describe: Callable[[], Awaitable[Shape]]) -> Shape:
        """The shape of a selection. Raises as `describe` does; that is not remembered."""
        key = (silo.id, selection)
        if (known := self._fresh(key, silo)) is not None:
            return known
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            if (known := self._fresh(key, silo)) is not None:
                return known
            shape = await describe()
            if len(self._seen) >= _MOST:
                self._seen.clear()
                self._asking.clear()
            self._seen[key] = (silo, self._clock.monotonic() + KEPT_SECONDS, shape)
            return shape

    def _fresh(self, key: tuple[str, Selection], silo: Silo) -> Shape | None:
        known = self._seen.get(key)
        if known is None or known[0] != silo or self._clock.monotonic() >= known[1]:
            return None
        return known[2]

    def forget(self, silo: str) -> None:
        """Ask this silo anew."""
        for key in [key for key in self._seen if key[0] == silo]:
            del self._seen[key]


def plain(shape: Shape) -> dict[str, Any]:
    """A shape as it stands in settings."""
    made: dict[str, Any] = msgspec.to_builtins(shape)
    return made


def frozen(settings: Mapping[str, Any]) -> Shape | None:
    """The shape that an asset was frozen with; None where its settings have none. Raises `SourceError` where it cannot
    be read."""
    if (kept := settings.get("shape")) is None:
        return None
    try:
        return msgspec.convert(kept, Shape)
    except msgspec.ValidationError:
        raise SourceError("source.drift", field="", problem="the asset's own shape cannot be read") from None


def chosen(shape: Shape, names: tuple[str, ...]) -> Shape:
    """A shape with these fields alone, in this order; key, time and geometry only where they are among them. Raises
    `SourceError` `source.drift` with every field that is not there."""
    missing = [name for name in names if shape.field(name) is None]
    if missing:
        raise SourceError("source.drift", field=", ".join(missing), problem="is not there")
    there = tuple(field for name in names if (field := shape.field(name)) is not None)
    return msgspec.structs.replace(
        shape,
        fields=there,
        key=shape.key if set(shape.key) <= set(names) else (),
        time=shape.time if shape.time in names else "",
        geometry=shape.geometry if shape.geometry in names else "",
    )


def shared(silo: Silo, names: tuple[str, ...], kept: Shape | None, seen: Shape) -> Shape:
    """What an asset shares of what was just seen. Raises `SourceError` `source.drift` where a field is gone, or holds
    something else than it did when the asset was added."""
    try:
        shape = chosen(seen, names)
    except SourceError as error:
        raise SourceError("source.drift", silo=silo.id, **error.reason.params) from None
    if kept is None:
        return shape
    if seen.guessed:
        fields = tuple(kept.field(one.name) or one for one in shape.fields)
        return msgspec.structs.replace(shape, fields=fields)
    changed = [one.name for one in shape.fields if (was := kept.field(one.name)) and was.kind is not one.kind]
    if changed or shape.media_type != kept.media_type:
        what = ", ".join(changed) or "the form of rows"
        raise SourceError("source.drift", silo=silo.id, field=what, problem="is of another kind than it was")
    return shape


def condition(where: str, shape: Shape) -> Condition | None:
    """An asset's own condition, in CQL2. Raises `PeerError` `query.*` for what is wrong with it."""
    if not where:
        return None
    from connector.data.queries import fitting

    return fitting.where(where, shape)


def only(where: Condition) -> Work:
    """Nothing but this condition, to ask a reader what it can do."""
    return Work(query=Query(where=where))


def both(one: Condition, other: Condition | None) -> Condition:
    """Both of two conditions."""
    return one if other is None else All((one, other))
