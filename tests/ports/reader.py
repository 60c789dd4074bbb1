"""What every Reader must do: a base class for the tests of each adapter, and for plug-ins.

A subclass gives the fixtures `reader`, `silo` and `selection` (at least three rows, a key, two fields or more), and
overrides the hooks that its server can do; a test whose hook is not there is skipped and says so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, NoReturn

import msgspec
import pytest

from connector.data.ports import Reader
from connector.data.queries.model import Budget, Kind, Pushed, Query, Selection, Shape, Work
from connector.errors import SourceError
from connector.records import Silo
from tests.harness.proxy import Proxy

Row = dict[str, Any]
PIECE = 1 << 20
WRONG = {"source.unreachable", "source.refused", "source.slow", "source.broken"}
"""What a silo that cannot be read is told as."""


def decoded(shape: Shape, body: bytes, fields: Sequence[str]) -> list[Row]:
    """Rows by field: texts of a table, values of lines of JSON, members of features."""
    if shape.media_type == "text/csv":
        heading, *rows = csv.reader(io.StringIO(body.decode()))
        assert heading == list(fields)
        return [dict(zip(heading, row, strict=True)) for row in rows]
    lines = [msgspec.json.decode(line) for line in body.splitlines() if line]
    if not shape.features:
        return lines
    assert all(line["type"] == "Feature" for line in lines)
    return [_flat(shape, line) for line in lines]


def _flat(shape: Shape, feature: Row) -> Row:
    flat = dict(feature.get("properties") or {})
    if "id" in feature and shape.field("id") is not None:
        flat["id"] = feature["id"]
    if shape.geometry and "geometry" in feature:
        flat[shape.geometry] = feature["geometry"]
    return flat


async def whole(
    reader: Reader,
    silo: Silo,
    selection: Selection,
    shape: Shape,
    pushed: Pushed | None = None,
    budget: Budget = Budget(),  # noqa: B008 - frozen
) -> bytes:
    """Everything that a reader gives."""
    asked = pushed or everything(shape)
    async with aclosing(reader.read(silo, selection, shape, asked, budget)) as pieces:
        return b"".join([piece async for piece in pieces])


def everything(shape: Shape) -> Pushed:
    """All fields of a shape, and nothing that is left out."""
    return Pushed(fields=tuple(one.name for one in shape.fields))


class ReaderContract:
    """What holds for every reader, whatever its silo is."""

    secret: str = ""
    """A secret that the silo is read with, which no error may show."""

    # --- hooks --------------------------------------------------------------------------------------------------------

    async def add(self, count: int) -> None:
        """Put so many new rows into the collection, among those that are there and behind them."""
        self.lacks("add")

    async def drop(self, field: str) -> None:
        """Take a field away from the collection."""
        self.lacks("drop")

    async def grow(self, field: str) -> None:
        """Give the collection a new field."""
        self.lacks("grow")

    async def disorder(self) -> None:
        """From now on the server gives some rows twice, and rows out of order."""
        self.lacks("disorder")

    async def overload(self, status: int, retry_after: str) -> None:
        """The next answer is this status (429, 503) with this Retry-After; then it answers again."""
        self.lacks("overload")

    async def skew(self, seconds: float) -> None:
        """The server's clock is so many seconds ahead."""
        self.lacks("skew")

    async def asked(self) -> list[str]:
        """What the server was asked since this was called last: statements, URLs, as its own log shows them."""
        self.lacks("asked")

    async def busy(self) -> int:
        """How many of our questions the server works on right now."""
        self.lacks("busy")

    def moved(self) -> Silo:
        """The silo under the same name, with settings that lead to where nobody answers."""
        self.lacks("moved")

    def proxied(self) -> AbstractAsyncContextManager[tuple[Proxy, Silo]]:
        """A fault proxy before the server, and the silo that goes through it."""
        self.lacks("proxied")

    def lacks(self, hook: str) -> NoReturn:
        """Skips the test."""
        pytest.skip(f"this silo's test has no hook `{hook}`")

    slow_to_read: int = 0
    """Rows that `add` has to be called with so that a server cannot be done with an answer before it is read; with a
    sixth of them it comes in several pieces. 0: the silo is small."""

    # --- settings and shapes ------------------------------------------------------------------------------------------

    async def test_its_settings_pass(self, reader: Reader, silo: Silo) -> None:
        assert list(reader.check(silo)) == []
        assert reader.kind == silo.kind

    async def test_unknown_settings_do_not_pass(self, reader: Reader, silo: Silo) -> None:
        strange = msgspec.structs.replace(silo, settings={**silo.settings, "no such setting": "1"})
        assert reader.check(strange)

    async def test_settings_are_told_in_both_languages(self, reader: Reader) -> None:
        assert all(one.about and one.ueber and one.about != one.ueber for one in reader.settings)
        assert all(one.secret == one.name.endswith(("_file", "_credential")) for one in reader.settings if one.secret)

    async def test_what_is_needed_is_said(self, reader: Reader, silo: Silo) -> None:
        for one in reader.settings:
            if one.needed and one.name in silo.settings:
                less = {name: value for name, value in silo.settings.items() if name != one.name}
                assert reader.check(msgspec.structs.replace(silo, settings=less))

    async def test_collections_are_named_in_order(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        names = list(await reader.collections(silo))
        assert selection.collection in names
        assert names == sorted(names)

    async def test_a_shape_has_what_is_selected(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        every = await reader.describe(silo, Selection(collection=selection.collection))
        some = await reader.describe(silo, selection)
        names = {one.name for one in every.fields}
        assert len(names) == len(every.fields)
        assert {one.name for one in some.fields} == set(selection.fields or names)
        assert set(every.key) <= names
        for name in (every.time, every.geometry):
            assert not name or name in names
        if every.geometry:
            assert every.field(every.geometry).kind is Kind.GEOMETRY  # type: ignore[union-attr]

    async def test_an_unknown_collection_is_no_empty_one(self, reader: Reader, silo: Silo) -> None:
        with pytest.raises(SourceError) as caught:
            await reader.describe(silo, Selection(collection="no_such_collection"))
        assert caught.value.reason.code in {"source.drift", *WRONG}

    async def test_a_field_that_is_not_there_is_drift(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        gone = msgspec.structs.replace(selection, fields=(*selection.fields, "no_such_field"))
        with pytest.raises(SourceError) as caught:
            await reader.describe(silo, gone)
        assert caught.value.reason.code == "source.drift"
        assert "no_such_field" in caught.value.reason.params.get("field", "")

    async def test_a_new_field_is_not_read(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        before = await reader.describe(silo, selection)
        await self.grow("added_later")
        assert {one.name for one in (await reader.describe(silo, selection)).fields} == set(selection.fields)
        assert b"added_later" not in await whole(reader, silo, selection, before)

    async def test_a_field_that_goes_is_drift(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        name = next(one.name for one in reversed(shape.fields) if one.name not in shape.key)
        await self.drop(name)
        with pytest.raises(SourceError) as caught:
            await whole(reader, silo, selection, shape)
        assert caught.value.reason.code == "source.drift"

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def test_rows_have_the_fields_and_no_others(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        names = tuple(one.name for one in shape.fields)
        rows = decoded(shape, await whole(reader, silo, selection, shape), names)
        assert len(rows) >= 3
        for row in rows:
            assert set(row) <= set(names)

    async def test_fewer_fields_are_read_where_fewer_are_asked(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        first = shape.fields[0].name
        rows = decoded(shape, await whole(reader, silo, selection, shape, Pushed(fields=(first,))), (first,))
        assert all(set(row) <= {first} for row in rows)

    async def test_what_is_not_selected_is_never_asked_for(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        every = await reader.describe(silo, Selection(collection=selection.collection))
        shape = await reader.describe(silo, selection)
        hidden = [one.name for one in every.fields if one.name not in selection.fields and len(one.name) > 3]
        assert hidden, "the test's collection needs a field that is not selected"
        await self.asked()
        await whole(reader, silo, selection, shape)
        told = "\n".join(await self.asked())
        assert not [name for name in hidden if name in told], told

    async def test_pieces_are_bounded(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        async with aclosing(reader.read(silo, selection, shape, everything(shape), Budget())) as pieces:
            async for piece in pieces:
                assert 0 < len(piece) <= PIECE

    async def test_rows_come_in_the_order_of_their_key(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        if not shape.key:
            pytest.skip("this collection has no key")
        keys = await self.keys(reader, silo, selection, shape)
        assert len(keys) == len(set(keys))
        assert keys == sorted(keys)

    async def keys(self, reader: Reader, silo: Silo, selection: Selection, shape: Shape) -> list[Any]:
        """The keys of all rows as they come; numbers of a table as numbers."""
        names = tuple(one.name for one in shape.fields)
        rows = decoded(shape, await whole(reader, silo, selection, shape), names)
        return [tuple(_value(shape, name, row[name]) for name in shape.key) for row in rows]

    async def test_an_unwatched_change_repeats_and_loses_nothing(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        if not shape.key:
            pytest.skip("this collection has no key")
        if self.slow_to_read:
            await self.add(self.slow_to_read // 6)
        names = tuple(one.name for one in shape.fields)
        before = set(await self.keys(reader, silo, selection, shape))
        body = b""
        async with aclosing(reader.read(silo, selection, shape, everything(shape), Budget())) as pieces:
            async for piece in pieces:
                if not body:
                    await self.add(7)
                body += piece
        rows = decoded(shape, body, names)
        keys = [tuple(_value(shape, name, row[name]) for name in shape.key) for row in rows]
        assert len(keys) == len(set(keys))
        assert before <= set(keys)

    async def test_duplicates_and_disorder_are_put_right(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        before = await self.keys(reader, silo, selection, shape)
        await self.disorder()
        after = await self.keys(reader, silo, selection, shape)
        assert len(after) == len(set(after))
        assert set(after) == set(before)

    async def test_a_clock_that_is_wrong_changes_nothing(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        before = await self.keys(reader, silo, selection, shape)
        for seconds in (86_400.0, -86_400.0):
            await self.skew(seconds)
            assert await self.keys(reader, silo, selection, shape) == before

    # --- limits and ends ----------------------------------------------------------------------------------------------

    async def test_rows_beyond_the_budget_end_it(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        with pytest.raises(SourceError) as caught:
            await whole(reader, silo, selection, shape, budget=Budget(rows=2))
        assert caught.value.reason.code == "source.budget"

    async def test_closing_stops_the_work(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        if self.slow_to_read:
            await self.add(self.slow_to_read)
        shape = await reader.describe(silo, selection)
        pieces = reader.read(silo, selection, shape, everything(shape), Budget())
        assert await anext(pieces)
        await pieces.aclose()
        assert await self.busy() == 0
        assert decoded(shape, await whole(reader, silo, selection, shape), [one.name for one in shape.fields])

    async def test_a_silo_that_is_away_is_unreachable(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        async with self.proxied() as (proxy, behind):
            shape = await reader.describe(behind, selection)
            proxy.faults.refuse = True
            await proxy.drop()
            with pytest.raises(SourceError) as caught:
                await whole(reader, behind, selection, shape)
            assert caught.value.reason.code in WRONG
            self.tells_nothing(caught.value)
            proxy.faults.refuse = False
            assert await whole(reader, behind, selection, shape)

    async def test_a_silo_with_other_settings_is_another_one(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        assert await whole(reader, silo, selection, shape)
        moved = self.moved()
        assert moved.id == silo.id
        with pytest.raises(SourceError) as caught:
            await whole(reader, moved, selection, shape)
        assert caught.value.reason.code in {*WRONG, "source.drift"}
        assert await whole(reader, silo, selection, shape)

    @pytest.mark.parametrize("reset", [False, True])
    async def test_a_body_that_is_cut_never_looks_whole(
        self, reader: Reader, silo: Silo, selection: Selection, reset: bool
    ) -> None:
        async with self.proxied() as (proxy, behind):
            shape = await reader.describe(behind, selection)
            size = len(await whole(reader, behind, selection, shape))
            proxy.faults.reset = reset
            for cut in (1, size // 3, size - 1):
                proxy.faults.cut_reply = max(cut, 1)
                await proxy.drop()
                with pytest.raises(SourceError) as caught:
                    await whole(reader, behind, selection, shape)
                assert caught.value.reason.code in WRONG
                self.tells_nothing(caught.value)
            proxy.faults.cut_reply = None
            assert await whole(reader, behind, selection, shape)

    @pytest.mark.parametrize("status", [429, 503])
    async def test_who_is_asked_to_wait_waits(
        self, reader: Reader, silo: Silo, selection: Selection, status: int
    ) -> None:
        shape = await reader.describe(silo, selection)
        before = await whole(reader, silo, selection, shape)
        await self.overload(status, "1")
        assert await whole(reader, silo, selection, shape) == before

    async def test_who_is_asked_to_wait_too_long_gives_up(
        self, reader: Reader, silo: Silo, selection: Selection
    ) -> None:
        shape = await reader.describe(silo, selection)
        await self.overload(503, "86400")
        with pytest.raises(SourceError) as caught:
            await whole(reader, silo, selection, shape)
        assert caught.value.reason.code in {"source.slow", "source.unreachable"}

    def tells_nothing(self, error: SourceError) -> None:
        """No secret in an error."""
        assert not self.secret or self.secret not in str(error)

    # --- splits -------------------------------------------------------------------------------------------------------

    async def test_what_is_pushed_is_shared(self, reader: Reader, silo: Silo, selection: Selection) -> None:
        shape = await reader.describe(silo, selection)
        names = {one.name for one in shape.fields}
        for query in (Query(), Query(properties=(shape.fields[0].name,)), Query(limit=1)):
            split = reader.split(silo, shape, Work(query=query))
            assert set(split.pushed.fields) <= names
            rows = await whole(reader, silo, selection, shape, split.pushed)
            assert rows or shape.media_type != "text/csv"


def _value(shape: Shape, name: str, value: Any) -> Any:
    """A value that can be ordered as its silo orders it."""
    field = shape.field(name)
    return float(value) if field is not None and field.kind is Kind.NUMBER else value
