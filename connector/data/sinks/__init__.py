"""Sinks by kind: where rows that were fetched are put.

What lives here: the static table of kinds, and finding one's adapter. What does not: the adapters, one file a kind;
when something is put (`connector.data.consuming.subscribing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from msgspec import Struct

from connector.data.ports import Around, Sink
from connector.data.silos import secrets
from connector.errors import InputError, SourceError


class Place(Struct, frozen=True):
    """Where a kind's sink is; `target` is the setting that stands behind the colon of `KIND:TARGET`."""

    where: str
    target: str


_SINKS: Final = "connector.data.sinks."
KINDS: Final[Mapping[str, Place]] = {
    "files": Place(_SINKS + "files:FilesSink", "path"),
    "mqtt": Place(_SINKS + "mqtt:MqttSink", "url"),
    "http": Place(_SINKS + "http:HttpSink", "url"),
    "postgres": Place(_SINKS + "sql:PostgresSink", "url"),
    "mariadb": Place(_SINKS + "sql:MariadbSink", "url"),
    "sqlite": Place(_SINKS + "sql:SqliteSink", "path"),
}


class Sinks:
    """The sinks of a node; one is made when it is first needed."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._made: dict[str, Sink] = {}

    def get(self, kind: str) -> Sink:
        """The sink of a kind. Raises `SourceError` `sink.unknown`."""
        if kind not in self._made:
            if (place := KINDS.get(kind)) is None:
                raise SourceError("sink.unknown", kind=kind)
            module, _, name = place.where.partition(":")
            try:
                factory: Callable[[Around], Sink] = getattr(import_module(module), name)
            except (ImportError, AttributeError):
                raise SourceError("sink.unknown", kind=kind) from None
            self._made[kind] = factory(self._around)
        return self._made[kind]

    def check(self, kind: str, settings: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with a kind and its settings, in plain sentences."""
        try:
            sink = self.get(kind)
        except SourceError:
            return [f"into: {kind} is not one of {', '.join(KINDS)}"]
        return [*secrets.exposed(settings), *sink.check(settings)]

    async def close(self) -> None:
        """Give back what is open."""
        for sink in self._made.values():
            await sink.close()


def read(into: str, more: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Kind and settings of `KIND:TARGET` or a URL (`mqtt://`, `http://`, `postgres://`). Raises `InputError`."""
    kind, colon, target = into.partition(":")
    kind = {"https": "http", "mqtts": "mqtt", "postgresql": "postgres"}.get(kind, kind)
    place = KINDS.get(kind)
    if not colon or not target or place is None:
        raise InputError("sink.target", into=into[:200], kinds=", ".join(KINDS))
    return kind, {place.target: into if target.startswith("//") else target, **more}
