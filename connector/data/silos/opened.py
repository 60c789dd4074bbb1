"""An asset of a silo, opened for one access: what it shares, who does which part, what its silo is asked.

What lives here: `Opened`, and the asset's own condition around every question. What does not: asking (`silos`), whether
the silo still has what is shared (`shapes`).

INVARIANT: rows that an asset leaves out are left out whatever a reader does: it is asked to, and where it cannot do so
exactly its rows are looked at here, before anything else is done to them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

import msgspec
from msgspec import Struct

from connector.data.answering import rows
from connector.data.ports import Reader
from connector.data.queries import splitting
from connector.data.queries.model import Budget, Condition, Pushed, Selection, Shape, Split, Work
from connector.data.silos import limits, shapes
from connector.errors import SourceError
from connector.records import Silo

ASSET: Final = frozenset({"silo", "collection", "fields", "where", "shape"})
"""The settings of an asset of a silo."""


class Opened(Struct, frozen=True):
    """An asset of a silo for one access: `shape` has the fields that are shared and no others. `own` is the asset's own
    condition; ask `split` and `Silos.read`, which see to it, and not the reader."""

    silo: Silo
    selection: Selection
    shape: Shape
    reader: Reader
    budget: Budget = Budget()
    at_once: int = limits.AT_ONCE
    own: Condition | None = None
    exact: Condition | None = None
    """What the silo is asked for the sake of `own`; None with an `own` where the node has to look at every row."""

    def split(self, work: Work) -> Split:
        """Who does which part; see `Reader.split`. What the asset leaves out is left out before the work begins."""
        split = self.reader.split(self.silo, self.shape, work)
        if self.own is None or self.exact is not None:
            return split
        pushed = split.pushed
        if pushed.chain is None and pushed.limit is None and pushed.then is None and not pushed.shown:
            return split
        # Rows have to be looked at before the chain and before any are counted, so nothing of it can be the silo's.
        fields = tuple(one.name for one in self.shape.fields)
        return Split(pushed=Pushed(fields=fields, where=pushed.where, after=pushed.after), left=work)


async def own_rows(opened: Opened, pushed: Pushed, budget: Budget) -> AsyncGenerator[bytes, None]:
    """The reader's rows, less those that the asset leaves out."""
    asked = asking(opened, pushed)
    pieces = opened.reader.read(opened.silo, opened.selection, opened.shape, asked, budget)
    if opened.own is not None and opened.exact is None:
        pieces = rows.kept(pieces, opened.own, opened.shape, asked.fields, pushed.fields)
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece


def asking(opened: Opened, pushed: Pushed) -> Pushed:
    """What the silo is asked: nothing that is not shared, and of the asset's own condition as much as it can."""
    shared = {one.name for one in opened.shape.fields}
    if not shared.issuperset(pushed.fields):
        raise SourceError("source.drift", silo=opened.silo.id, field=", ".join(sorted({*pushed.fields} - shared)))
    if opened.own is None:
        return pushed
    if opened.exact is not None:
        return msgspec.structs.replace(pushed, where=shapes.both(opened.exact, pushed.where))
    # INVARIANT: what is looked at here are rows as they stand in the silo, all of them.
    if pushed.chain is not None or pushed.then is not None or pushed.shown:
        raise SourceError("source.drift", silo=opened.silo.id, field="", problem="work before the asset's own")
    looked_at = sorted(splitting.fields_of(opened.own) - {*pushed.fields})
    # As much of it as the silo can is asked of it all the same: it gives some rows more, and none less.
    wide = opened.reader.split(opened.silo, opened.shape, shapes.only(opened.own)).pushed.where
    where = shapes.both(wide, pushed.where) if wide is not None else pushed.where
    return msgspec.structs.replace(pushed, fields=(*pushed.fields, *looked_at), where=where, limit=None)


def selection_of(settings: Mapping[str, Any]) -> Selection:
    """What an asset's settings select."""
    return Selection(
        collection=str(settings.get("collection", "")),
        fields=tuple(str(name) for name in settings.get("fields", ())),
        where=str(settings.get("where", "")),
    )
