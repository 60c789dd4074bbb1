"""Silos of databases for the tests of this folder: a table with columns of many types, readers, rows to and fro."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.data.ports import Around, Reader
from connector.data.queries import holding
from connector.data.queries.model import Budget, Pushed, Selection, Shape, Work
from connector.records import Silo
from connector.system import SystemClock
from policies.transforms import Given, Schema

NOW = 1_790_000_000_000_000


def around() -> Around:
    """What readers are made with; their secret is the content of the file."""

    def secret(settings: Mapping[str, Any], name: str) -> str:
        return Path(settings[f"{name}_file"]).read_text()

    return Around(clock=SystemClock(), peer=None, secret=secret)  # type: ignore[arg-type]


def silo(kind: str, url: str, folder: Path, **more: Any) -> Silo:
    """The silo behind a URL with a password."""
    parts = urlsplit(url)
    password = folder / f"{parts.username}.password"
    password.write_text(parts.password or "")
    settings = {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path[1:],
        "user": parts.username,
        "password_file": str(password),
        **more,
    }
    return Silo(id="air", kind=kind, settings=settings, created=0, created_by="me")


async def answered(reader: Reader, silo: Silo, selection: Selection, shape: Shape, pushed: Pushed) -> bytes:
    """All that is read."""
    async with aclosing(reader.read(silo, selection, shape, pushed, Budget())) as pieces:
        return b"".join([piece async for piece in pieces])


def every(shape: Shape) -> Pushed:
    """All rows as they are."""
    return Pushed(fields=tuple(one.name for one in shape.fields))


class Body:
    """A table that was read, as the node has it."""

    media_type = "text/csv"

    def __init__(self, data: bytes) -> None:
        self.heading, *self.rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
        self.schema = Schema(tuple(self.heading), decimals=(".",) * len(self.heading))

    def __iter__(self) -> Iterator[list[str]]:
        return (list(row) for row in self.rows)

    def written(self, rows: Any, plan: Any) -> Iterator[bytes]:
        raise NotImplementedError


def node_way(data: bytes, shape: Shape, work: Work) -> list[list[str]]:
    """What the node makes of rows as they are, headings first."""
    answer = holding.over(Body(data), shape, work, Given(work.now))
    return [[one.name for one in answer.shape.fields], *map(list, answer.rows)]


def rows_of(data: bytes) -> list[list[str]]:
    """The rows of a table that was read, headings first."""
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def written(rows: list[list[str]]) -> bytes:
    """Rows as the node writes them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
