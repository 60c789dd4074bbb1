"""A stolen device, or one of a malicious provider, posts readings: what it may cost, and what is left behind.

Each row is a post whose seals are right. Whatever it says, the answer is a code, the work is bounded before it is done,
and an honest device is served and its readings can be read as if nothing had been.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from msgspec.structs import replace

from certs import cose
from connector.data.readings import columns, legends, opening
from connector.data.readings.columns import FORM_COLUMNS, FORM_GAPS, FORM_LEGEND, FORM_ROW, FORM_ZSTD
from connector.data.readings.keeping import Window
from connector.data.readings.model import MOST_VALUE, Batch, Field, Gap, Gaps, Legend, Rows, Series
from connector.data.readings.receiving import MOST_RANGES
from connector.data.readings.rows import lines
from connector.data.readings.shelf import Shelf
from connector.errors import NodeError
from connector.records import DeviceReadings
from connector.records.readings import readings_id
from tests.connector.data.readings.posts import NOON, Box, held
from tests.connector.data.readings.test_receiving import World

TEXTS = sum(1 << (2 * place) for place in range(64)).to_bytes(16, "little")
HOLES = sum(2 << (2 * place) for place in range(64)).to_bytes(16, "little")


def sealed(box: Box, payload: bytes) -> bytes:
    return cose.sign(box._key, box.kid, payload)


def packed(raw: bytes) -> bytes:
    return bytes((FORM_ZSTD,)) + columns._packed(raw, columns._plain()[0])


def zeros(rows: int = 10_000, fields: int = 64) -> bytes:
    return packed(cbor2.dumps([1, 1, 1, rows, fields, 0, *[0] * (rows * (2 + fields))]))


def text(length: int) -> bytes:
    column = [["a" * length], *[0] * 10_000]
    return packed(cbor2.dumps([1, 1, 1, 10_000, 64, 16, TEXTS, *[0] * 20_000, *[column] * 64]))


def nothing_measured() -> bytes:
    column = [bytes(1250)]
    return packed(cbor2.dumps([1, 1, 1, 10_000, 64, 16, HOLES, *[0] * 20_000, *[column] * 64]))


def flat(*numbers: Any) -> bytes:
    return bytes((FORM_COLUMNS,)) + cbor2.dumps(list(numbers))


def row(first: int, at: int = NOON, thing: int = 1) -> bytes:
    return columns.encode(Batch(1, 1, first, Rows([at], [thing], [[1], ["x"], [True]])))


def gaps(*found: Gap) -> bytes:
    return legends.encode(Gaps(found))


def scattered(count: int) -> bytes:
    return gaps(Gap(1, 1, tuple((n, n) for n in range(1000, 1000 + 2 * count, 2)), "x", NOON))


def shared(levels: int) -> bytes:
    """A list of itself, twice in each level (tags 28 and 29): a few bytes that stand for 2 to the power of `levels`."""
    one: Any = [0]
    for _ in range(levels):
        one = [one, one]
    return bytes((FORM_COLUMNS,)) + cbor2.dumps(one, value_sharing=True)


def said(legend: Legend) -> bytes:
    return legends.encode(legend)


def things(first: int, last: int) -> bytes:
    return said(Legend(last, 0, (), tuple((n, f"{n:0250}") for n in range(first, last))))


AIR: Series = Series("air", (Field("x"),))

POSTS: dict[str, tuple[Callable[[], list[bytes]], str]] = {
    "a bomb": (lambda: [zeros()] * 200, "readings.size"),
    "a bomb of what nobody reads": (lambda: [packed(cbor2.dumps([0] * ((8 << 20) - 6)))], "readings.size"),
    "a bomb beyond all bounds": (lambda: [packed(bytes(64 << 20))], "readings.form"),
    "long texts": (lambda: [text(30_000)], "readings.size"),
    "texts in every reading": (lambda: [text(200)], "readings.size"),
    "nothing, often": (lambda: [nothing_measured()] * 50, "readings.size"),
    "itself, twice": (lambda: [shared(40)], "readings.form"),
    "deep": (lambda: [bytes((FORM_COLUMNS,)) + b"\x81" * 100_000], "readings.form"),
    "a billion rows": (lambda: [flat(1, 1, 1, 10**9, 1, 0)], "readings.form"),
    "a billion fields": (lambda: [flat(1, 1, 1, 1, 10**9, 0)], "readings.form"),
    "no rows": (lambda: [flat(1, 1, 1, 0, 0, 0)], "readings.form"),
    "fewer than none": (lambda: [flat(1, 1, 1, -1, 0, 0)], "readings.form"),
    "before all time": (lambda: [flat(1, 1, 1, 1, 0, 0, -1, 1)], "readings.form"),
    "the year 9999": (lambda: [flat(1, 1, 1, 1, 0, 4, 253_402_300_799, 1)], "readings.form"),
    "huge numbers": (lambda: [flat(1, 1, 1, 2, 1, 0, NOON, 0, 1, 0, 2**63, 2**63)], "readings.form"),
    "negative numbers": (lambda: [flat(1, 1, -5, 1, 0, 0, NOON, 1)], "readings.form"),
    "a number beyond": (lambda: [flat(1, 1, 2**64 - 1, 1, 0, 0, NOON, 1)], "readings.form"),
    "a row without end": (lambda: [bytes((FORM_ROW,)) + b"\xff" * 100_000], "readings.form"),
    "a million gaps": (lambda: [gaps(*(Gap(n, 1, ((n, n),), "x", 1) for n in range(1, 20_000)))], "readings.size"),
    "gaps in pieces": (lambda: [scattered(MOST_RANGES + 1)], "readings.scattered"),
    "gaps of no numbers": (lambda: [bytes((FORM_GAPS,)) + cbor2.dumps([[[1, 1, [[-(2**63), 2**64 - 1]], "", 1]]])],
                           "readings.form"),
    "gaps backwards": (lambda: [gaps(Gap(1, 1, ((5, 1),), "x", 1))], "readings.form"),
    "another meaning": (lambda: [said(Legend(9, 0, ((1, AIR),)))], "readings.legend_other"),
    "another thing": (lambda: [said(Legend(9, 0, (), ((1, "b"),)))], "readings.legend_other"),
    "a legend that jumps": (lambda: [said(Legend(MOST_VALUE, MOST_VALUE - 1))], "readings.legend"),
    "a legend of no number": (lambda: [bytes((FORM_LEGEND,)) + cbor2.dumps([2**63, 0, [], []])], "readings.form"),
    "too many things": (lambda: [things(9, 2500), things(2500, 5000)], "readings.legend_size"),
    "too many series": (lambda: [said(Legend(9, 0, tuple((n, Series(f"s{n}", ())) for n in range(9, 1500))))],
                        "readings.legend_size"),
    "a field that breaks columns": (lambda: [said(Legend(9, 0, ((2, Series("x", (Field("a\0b"),))),)))],
                                    "readings.name"),
    "a field that is the device": (lambda: [said(Legend(9, 0, ((2, Series("x", (Field("device"),))),)))],
                                   "readings.name"),
}  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.store.close()


async def honest(world: World) -> None:
    """Another device, in the same log, is served; all that is there can be read."""
    other = Box("did:web:city.example:edge:honest")
    taken = await world.take(other.legend(), other.batch(1, 10), box=other)
    assert (taken.held, taken.refused) == (held((1, 10)), ())
    shelf = Shelf(store=world.store, folder=world.folder, changes=world.changes)
    known = await shelf.known("", "air")
    assert known is not None
    told = [line for rows in shelf.rows(known, Window()) for line in lines(rows, ("device", "thing", "at", "pm25"), 0)]
    assert sum(other.did.encode() in line for _, line in told) == 10


@pytest.mark.parametrize(("post", "code"), POSTS.values(), ids=POSTS.keys())
async def test_it_is_refused_with_a_code_and_nobody_notices(
    world: World, post: Callable[[], list[bytes]], code: str
) -> None:
    await world.take(world.box.legend(), world.box.batch(1, 3))
    assert await world.refused(*(sealed(world.box, one) for one in post())) == code
    assert (await world.receiving.held(world.sender())).held == held((1, 3))
    await honest(world)


async def test_what_is_made_of_a_post_has_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are counted before they are made: of a post of 100 kB that stands for 500 million, none are."""
    spent: list[int] = []
    before = columns.Allowance.spend

    def spend(self: columns.Allowance, more: int) -> None:
        before(self, more)
        spent.append(more)

    monkeypatch.setattr(columns.Allowance, "spend", spend)
    body = sealed(world.box, zeros()) * 800
    assert len(body) < 200_000
    assert await world.refused(body) == "readings.size"
    assert sum(spent) <= opening.MADE + opening.MADE_PER_BYTE * len(body)


TAKEN: dict[str, Callable[[], bytes]] = {
    "a number that jumps": lambda: row(MOST_VALUE),
    "the latest time there is": lambda: row(50, at=MOST_VALUE),
    "thinned out to nothing": lambda: columns.encode(
        Batch(1, 1, 50, Rows([NOON] * 2, [1, 2], [[1, 2], ["x", "y"], [True, None]]), span=MOST_VALUE - 50)
    ),
    "a thing that nobody has named": lambda: row(50, thing=77),
}


@pytest.mark.parametrize("payload", TAKEN.values(), ids=TAKEN.keys())
async def test_what_harms_the_device_alone_harms_nobody_else(world: World, payload: Callable[[], bytes]) -> None:
    await world.take(world.box.legend(), sealed(world.box, payload()))
    await honest(world)


async def test_many_holes_end_somewhere(world: World) -> None:
    box = world.box
    await world.take(box.legend())
    known = await world.store.read(lambda view: view.get(DeviceReadings, readings_id("", box.did)))
    assert known is not None
    many = tuple((n, n) for n in range(1, 2 * 4000, 2))
    await world.store.write(lambda tx: tx.put(replace(known, held={1: many})))
    taken = await world.take(*(sealed(box, row(n)) for n in range(8001, 8001 + 400, 2)))
    assert {code for *_, code in taken.refused} == {"readings.scattered"}
    assert sum(map(len, taken.held.values())) == MOST_RANGES
    filled = await world.take(sealed(box, row(2)))
    assert not filled.refused, "who fills holes goes on"
    await honest(world)


async def test_a_device_writes_into_its_own_numbers_alone(world: World) -> None:
    """Two devices of one node in one log, and under one contract."""
    other = Box("did:web:city.example:edge:other")
    await world.take(world.box.legend(), world.box.batch(1, 5))
    assert await world.refused(world.box.batch(6, 9), box=other) == "readings.seal"
    taken = await world.take(other.legend(), other.batch(3, 4), box=other)
    assert taken.held == held((3, 4))
    assert await world.numbers() == [1, 2, 3, 4, 5]
    assert await world.numbers(box=other) == [3, 4]


async def test_one_post_that_fails_takes_no_other_with_it(world: World) -> None:
    """They are kept by one write."""
    import asyncio

    other = Box("did:web:city.example:edge:other")
    bad = sealed(world.box, bytes((FORM_GAPS,)) + cbor2.dumps([[[1, 1, [[1, 2**63]], "", 1]]]))
    found = await asyncio.gather(
        world.take(world.box.legend(), bad),
        world.take(other.legend(), other.batch(1, 5), box=other),
        return_exceptions=True,
    )
    assert isinstance(found[0], NodeError)
    assert not isinstance(found[1], BaseException)
    assert found[1].held == held((1, 5))
