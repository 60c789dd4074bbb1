"""Which media types have rows, and what reads and writes them.

What lives here: the table from media type to reader. What does not: the readers (`delimited`, `documents`). What is not
in the table cannot be treated, and leaves only where nothing has to be done to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from policies.model import PolicyError, Reason
from policies.transforms.delimited import Delimited, Opened
from policies.transforms.documents import Features, Lines, text_of
from policies.transforms.rows import Plan, Schema

_DELIMITED: Final = frozenset({"text/csv", "application/csv", "text/comma-separated-values"})
_LINES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_FEATURES: Final = frozenset({"application/geo+json", "application/vnd.geo+json"})
_JSON: Final = "application/json"
WITH_ROWS: Final = _DELIMITED | _LINES | _FEATURES | {_JSON}
"""Media types that steps over rows can be done to."""


class Body(Protocol):
    """A text that has rows, as often as they are asked for, and how to write rows the same way."""

    @property
    def schema(self) -> Schema: ...

    @property
    def media_type(self) -> str: ...

    def __iter__(self) -> Iterator[Any]: ...

    def written(self, rows: Iterable[Any], plan: Plan) -> Iterator[bytes]: ...


def essence(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def has_rows(media_type: str) -> bool:
    """Can steps over rows be done to such data?"""
    return essence(media_type) in WITH_ROWS


def body(media_type: str, opened: Opened) -> Body:
    """The text as rows; `opened` gives its bytes from the beginning, as often as it is called.

    Raises `PolicyError`: `transform.media` for a type without rows, `transform.shape` and `transform.encoding` for a
    text that is not what its type says.
    """
    kind = essence(media_type)
    if kind in _DELIMITED:
        return Delimited(opened, _charset(media_type))
    if kind in _LINES:
        return Lines(opened)
    if kind in _FEATURES:
        return Features(opened)
    if kind == _JSON:
        return text_of(opened)
    raise PolicyError(Reason("transform.media", {"media_type": kind[:100]}))


def left_as(made: Body, plan: Plan) -> str:
    """The media type of what leaves: statistics of features are none."""
    return _JSON if plan.summarises and isinstance(made, Features) else made.media_type


def _charset(media_type: str) -> str:
    for parameter in media_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return ""
