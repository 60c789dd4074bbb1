"""Stub: signatures that others may call; bodies follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from connector.data.queries.model import Shape
from policies.transforms import Schema


class Writer(Protocol):
    """Bytes of an answer while its rows come: `head`, then `rows` any number of times, then `tail`."""

    media_type: str

    def head(self) -> bytes: ...

    def rows(self, rows: Iterable[Any]) -> Iterator[bytes]: ...

    def tail(self) -> bytes: ...


def writer(form: str, shape: Shape, schema: Schema) -> Writer:
    """A writer of a form ("": the shape's own) for rows that stand as `schema` says (see `holding.Answer`)."""
    raise NotImplementedError
