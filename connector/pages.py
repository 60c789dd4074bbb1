"""Going through kept records of one kind, however many there are.

What lives here: the one loop over the pages of `ports.Reading`. What does not: which records matter, giving others
their turn between two pages (who has to, reads page by page).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import Struct

from connector.ports import Reading

R = TypeVar("R", bound=Struct)
PAGE = 500


def every(view: Reading, kind: type[R], /, **where: Any) -> Iterator[R]:
    """The records whose indexed attributes equal `where`, in the order of their ids.

    It reads as it is gone through: to be used up while `view` is open. A record that is put meanwhile may be seen.
    """
    after = ""
    while page := view.select(kind, after=after, limit=PAGE, **where):
        yield from page
        after = page[-1].id  # type: ignore[attr-defined]  # what is kept has an id: `records.INDEXED`
