"""Kinds of silos: what there are, where the reader of each is, and what it needs to be installed.

What lives here: the static table, making a reader. What does not: the readers (`connector.data.sources`). Nothing of a
kind is imported before it is used; kinds of other packages come by the entry point group `allmende.sources`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Final

from msgspec import Struct

from connector.data.ports import Around, Reader
from connector.errors import SourceError

GROUP: Final = "allmende.sources"


class Place(Struct, frozen=True):
    """Where a kind's reader is, which modules it needs beyond the node's own, and the extra that installs them."""

    target: str
    modules: tuple[str, ...] = ()
    extra: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that are not installed."""
        return tuple(name for name in self.modules if find_spec(name) is None)


_SOURCES: Final = "connector.data.sources."
KINDS: Final[Mapping[str, Place]] = {
    "files": Place(_SOURCES + "tables:FilesReader"),
    "postgres": Place(_SOURCES + "sql.postgres:PostgresReader", ("asyncpg",), "allmende[postgres]"),
    "mariadb": Place(_SOURCES + "sql.mariadb:MariadbReader", ("pymysql",), "allmende[mariadb]"),
    "sqlite": Place(_SOURCES + "sql.sqlite:SqliteReader"),
    "wfs": Place(_SOURCES + "wfs:WfsReader", ("lxml", "pyproj"), "allmende[geo]"),
    "features": Place(_SOURCES + "features:FeaturesReader"),
    "sensorthings": Place(_SOURCES + "sensorthings:SensorThingsReader"),
    "mqtt": Place(_SOURCES + "mqtt:MqttReader", ("aiomqtt",), "allmende[mqtt]"),
    "http": Place(_SOURCES + "httpjson:HttpReader"),
    "readings": Place(_SOURCES + "readings:ReadingsReader"),
}
"""The kinds that come with this program; further ones by the entry point group `allmende.sources`."""


def gives_rows(kind: str) -> bool:
    """Is this a kind of silo: one of the table's, or a plug-in that can describe what it has?"""
    if kind in KINDS:
        return True
    found = list(entry_points(group=GROUP, name=kind))
    return len(found) == 1 and hasattr(found[0].load(), "describe")


def made(kind: str, around: Around) -> Reader:
    """A reader of this kind. Raises `SourceError`."""
    if (place := KINDS.get(kind)) is None:
        return _plugged(kind, around)
    module, _, name = place.target.partition(":")
    try:
        factory: Callable[[Around], Reader] = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        if place.missing:
            raise SourceError("source.package", package=place.extra) from None
        raise SourceError("source.unknown", kind=kind) from None
    return factory(around)


def _plugged(kind: str, around: Around) -> Reader:
    found = list(entry_points(group=GROUP, name=kind))
    if len(found) != 1:
        raise SourceError("source.unknown" if not found else "source.ambiguous", kind=kind)
    factory: Callable[[Around], Reader] = found[0].load()
    return factory(around)


def problem(kind: str, error: SourceError) -> str:
    """Why a kind cannot be used, in a plain sentence."""
    package = error.reason.params.get("package", "")
    return f"kind: {kind} needs a package that is not installed: {package}" if package else f"kind: {kind} is unknown"
