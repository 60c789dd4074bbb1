"""Looking at a silo: what is found, what is shown of it, what an asset is frozen as."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from connector.data.queries.model import Field, Kind, Selection, Shape
from connector.data.silos import looking
from connector.data.silos.registry import Silos
from connector.errors import InputError, SourceError
from connector.records import Silo
from policies.model import Reason
from tests.connector.data.silo import ROWS, SILO, TREES, MemoryReader, asset, silos
from tests.harness.virtual import VirtualClock, run


def virtually(main: Callable[[Silos, MemoryReader], Coroutine[Any, Any, None]]) -> None:
    async def within() -> None:
        await main(*silos(VirtualClock()))

    run(within)


@pytest.mark.parametrize("form", ["text/csv", "application/x-ndjson"])
def test_a_collection_is_shown_with_three_rows_and_who_does_what(form: str) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.media_type = form
        reader.rows = [{**row, "species": "x" * 100} for row in ROWS]
        found = await looking.look(made, SILO)
        assert found.collections == ("trees",)
        [seen] = found.seen
        assert seen.wrong is None
        assert seen.sample is not None
        assert seen.sample.fields == tuple(one.name for one in TREES)
        assert seen.sample.rows[1] == ("1", "x" * 39 + "…", "Nord", "0.5")
        assert len(seen.sample.rows) == 3
        assert seen.parts == {"columns": "silo", "limit": "silo", "text": "node", "number": "node"}
        assert [one.code for one in seen.lacks] == ["shape.time", "shape.geometry", "shape.snapshot"]

    virtually(main)


def test_what_the_silo_does_exactly_is_said() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.exact = True
        [seen] = (await looking.look(made, SILO, "trees")).seen
        assert set(seen.parts.values()) == {"silo"}

    virtually(main)


def test_one_collection_that_is_wrong_does_not_hide_the_others() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        describe = reader.describe

        async def some(silo: Silo, selection: Selection) -> Shape:
            if selection.collection == "wells":
                raise SourceError("source.broken")
            return await describe(silo, selection)

        async def both(silo: Silo) -> Sequence[str]:
            return ["trees", "wells"]

        reader.describe, reader.collections = some, both  # type: ignore[method-assign]
        found = await looking.look(made, SILO)
        assert [(one.collection, one.wrong) for one in found.seen] == [
            ("trees", None),
            ("wells", Reason("source.broken", {"silo": SILO.id})),
        ]

    virtually(main)


def test_a_silo_that_is_away_cannot_be_looked_at() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.wrong = SourceError("source.unreachable")
        with pytest.raises(SourceError, match="unreachable"):
            await looking.look(made, SILO)

    virtually(main)


def test_what_is_not_well_although_it_answers_is_asked_for() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        async def concerns(silo: Silo) -> Sequence[Reason]:
            return [Reason("source.may_write")]

        assert (await looking.look(made, SILO)).concerns == ()
        reader.concerns = concerns  # type: ignore[attr-defined]
        assert (await looking.look(made, SILO)).concerns == (Reason("source.may_write"),)

    virtually(main)


def test_features_are_shown_flat() -> None:
    fields = (Field("id"), Field("name"), Field("place", Kind.GEOMETRY))
    shape = Shape(fields=fields, features=True, geometry="place")
    place = {"type": "Point", "coordinates": [8, 50]}
    row = {"type": "Feature", "id": "a", "geometry": place, "properties": {"name": "x"}}
    assert looking.flat(shape, row) == {"id": "a", "place": place, "name": "x"}
    assert looking.flat(shape, {"type": "Feature", "properties": None}) == {"id": None, "place": None}
    assert looking.flat(shape, "no feature") == {}


def test_an_asset_is_frozen_as_it_was_chosen_or_as_all_there_is() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        chosen = await looking.freeze(
            made, SILO, Selection(collection="trees", fields=("height", "id"), where="id > 3")
        )
        assert chosen.settings["fields"] == ["height", "id"]
        assert chosen.settings["where"] == "id > 3"
        assert chosen.media_type == "application/x-ndjson"
        every = await looking.freeze(made, SILO, Selection(collection="trees"))
        assert every.settings["fields"] == [one.name for one in TREES]
        assert "where" not in every.settings
        assert not Silos.check_asset(every.settings)
        kept = asset(**{name: value for name, value in every.settings.items() if name != "fields"})
        reader.fields = (*TREES, Field("owner"))
        assert (await made.open(kept)).shape.fields == TREES

    virtually(main)


@pytest.mark.parametrize(
    ("selection", "code", "said"),
    [
        (Selection(collection="trees", fields=("id", "hight", "x")), "asset.fields", "hight, x"),
        (Selection(collection="trees", fields=("id",), where="height > 3"), "asset.where", "height"),
        (Selection(collection="trees", where="hight > 3"), "query.field", "hight"),
        (Selection(collection="trees", where="height >"), "query.", ""),
    ],
)
def test_what_cannot_be_frozen_is_told_with_its_place(selection: Selection, code: str, said: str) -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        with pytest.raises(InputError) as caught:
            await looking.freeze(made, SILO, selection)
        assert caught.value.reason.code.startswith(code)
        assert said in " ".join(caught.value.reason.params.values())

    virtually(main)


def test_a_preview_reads_no_more_than_it_shows() -> None:
    async def main(made: Silos, reader: MemoryReader) -> None:
        reader.rows = ROWS * 10_000
        reader.piece = 1000
        shown = await looking.preview(made, asset(where="district = 'Nord'"), 5)
        assert [row[0] for row in shown.rows] == ["1", "3", "5", "7", "9"]
        assert reader.open == 0
        with pytest.raises(InputError, match=r"asset\.rows"):
            await looking.preview(made, replace(asset(), settings={"path": "/x"}), 5)

    virtually(main)


def test_what_was_never_shared_cannot_have_gone() -> None:
    """A collection, or an address, that is not there is told as that, with what there is."""

    async def main(made: Silos, reader: MemoryReader) -> None:
        describe = reader.describe

        async def some(silo: Silo, selection: Selection) -> Shape:
            if selection.collection in ("treees", ""):
                raise SourceError("source.drift", field="treees")
            return await describe(silo, selection)

        async def both(silo: Silo) -> Sequence[str]:
            return ["trees", "wells"]

        async def nothing(silo: Silo) -> Sequence[str]:
            raise SourceError("source.drift", field="", problem="nothing is there")

        reader.describe, reader.collections = some, both  # type: ignore[method-assign]
        told = {"collection": "treees", "there": "trees, wells"}
        found = await looking.look(made, SILO, "treees")
        assert [one.wrong for one in found.seen] == [Reason("source.collection", told)]
        with pytest.raises(InputError) as refused:
            await looking.freeze(made, SILO, Selection(collection="treees", fields=("id",)))
        assert refused.value.reason == Reason("source.collection", told)
        with pytest.raises(InputError) as unnamed:
            await looking.freeze(made, SILO, Selection(collection=""))
        assert unnamed.value.reason == Reason("source.choose", {"there": "trees, wells"})
        reader.collections = nothing  # type: ignore[method-assign]
        with pytest.raises(SourceError) as away:
            await looking.look(made, SILO)
        assert away.value.reason == Reason("source.nothing", {"silo": SILO.id})

    virtually(main)
