"""Where the rows of a silo really come from, whatever the silo is called.

What lives here: one text for what a person would call the same source. What does not: files, folders and other sources
of bytes (`sources`), what was told of a source (`ledgers`).

INVARIANT: two silos that lead to the same rows have the same origin, as far as their settings tell; whoever has data of
both is told out of one ledger. Two sources that are taken for one are told more strictly than they need to be, never
less.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from connector.data.queries.model import Selection
from connector.records import Silo

_PORTS: Final = {"postgres": 5432, "mariadb": 3306, "mqtt": 1883}
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_WITHOUT_CASE: Final = frozenset({"mariadb", "sqlite"})
"""Whose tables have names that upper and lower case do not tell apart everywhere."""


def origin(silo: Silo, selection: Selection) -> str:
    """The same for two selections of the same collection, whichever fields and rows, and for a file that is shared by
    itself as well. May read the file system."""
    settings, collection = silo.settings, selection.collection
    if silo.kind in _WITHOUT_CASE:
        collection = collection.casefold()
    if isinstance(path := settings.get("path"), str) and path:
        return _file(silo.kind, path, collection)
    if settings.get("host"):
        return f"{_server(silo.kind, settings)} {collection}"
    if isinstance(url := settings.get("url"), str) and url:
        return f"{_service(url)} {collection}"
    return f"silo {silo.id} {collection}"


def _file(kind: str, path: str, collection: str) -> str:
    if kind != "files":
        return f"{os.path.realpath(path)} {collection}"
    return os.path.realpath(os.path.join(path, collection) if os.path.isdir(path) else path)


def _server(kind: str, settings: Mapping[str, Any]) -> str:
    host = str(settings["host"]).lower().rstrip(".")
    port = str(settings.get("port") or _PORTS.get(kind, ""))
    within = f"{settings.get('database', '')}/{settings.get('schema', 'public') if kind == 'postgres' else ''}"
    return f"{kind} {'localhost' if host in _HERE else host}:{port}/{within}"


def _service(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{'localhost' if host in _HERE else host}{port}{parts.path.rstrip('/')}{query}"
