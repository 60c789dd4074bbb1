"""Batches as bytes: nothing is lost, little is written, and nothing foreign gets through."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data.readings import columns
from connector.data.readings.model import MOST_FIELDS, MOST_ROWS, MOST_VALUE, Batch, FormError, Rows
from tests.connector.data.readings import posts
from tests.edge_node import readings

NUMBER = st.integers(-MOST_VALUE, MOST_VALUE)
COLUMN = (
    NUMBER,
    st.integers(-200, 200),
    st.one_of(st.none(), NUMBER),
    st.one_of(st.none(), st.text(max_size=5)),
    st.one_of(st.none(), st.booleans()),
)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    count = draw(st.integers(1, 12))
    step = draw(st.sampled_from((1, 1000, 1_000_000)))
    whole = st.integers(0, MOST_VALUE // step)
    rows = Rows(
        [one * step for one in draw(st.lists(whole, min_size=count, max_size=count))],
        draw(st.lists(st.integers(0, 9), min_size=count, max_size=count)),
        [draw(st.lists(kind, min_size=count, max_size=count)) for kind in draw(st.lists(st.sampled_from(COLUMN)))],
    )
    span = draw(st.sampled_from((0, count, count + 7)))
    return Batch(draw(st.integers(0, 99)), draw(st.integers(0, 99)), draw(whole), rows, draw(st.booleans()), span)


@given(batches())
@settings(max_examples=300, deadline=None)
def test_a_batch_is_read_as_it_was_written(batch: Batch) -> None:
    back = columns.decode(columns.encode(batch))
    assert back == batch
    # True and 1 are equal: the types are looked at, too.
    assert [[type(one) for one in column] for column in back.rows.columns] == [
        [type(one) for one in column] for column in batch.rows.columns
    ]


@pytest.mark.parametrize("count", [1, 2, 10, 100, 400, 401, 1000, MOST_ROWS])
def test_every_form_reads_back(count: int) -> None:
    batch = readings.batch(list(readings.samples(count)), first=3)
    assert columns.decode(columns.encode(batch)) == batch


def test_the_form_follows_the_size() -> None:
    found = list(readings.samples(1000))
    forms = [columns.encode(readings.batch(found[:count]))[0] for count in (1, 2, 10, 1000)]
    assert forms == [columns.FORM_ROW, columns.FORM_COLUMNS, columns.FORM_DICTIONARY, columns.FORM_ZSTD]


def test_single_readings_with_holes_and_text_are_columns() -> None:
    batch = Batch(1, 1, 1, Rows([5], [1], [[None], ["a"], [True], [3]]))
    payload = columns.encode(batch)
    assert payload[0] == columns.FORM_COLUMNS
    assert columns.decode(payload) == batch


@pytest.mark.parametrize(
    "batch",
    [
        Batch(1, 1, 1, Rows([], [], [])),
        Batch(1, 1, 1, Rows([1] * (MOST_ROWS + 1), [1] * (MOST_ROWS + 1), [])),
        Batch(1, 1, 1, Rows([1], [1], [[1]] * (MOST_FIELDS + 1))),
        Batch(1, 1, 1, Rows([1], [1, 2], [])),
        Batch(1, 1, 1, Rows([1], [1], [[1, 2]])),
        Batch(1, 1, 1, Rows([-1], [1], [])),
        Batch(1, 1, 1, Rows([1], [-1], [])),
        Batch(1, 1, 1, Rows([1, 2], [1, 1], []), span=1),
        Batch(1, 1, 1, Rows([1], [1], [[MOST_VALUE + 1]])),
        Batch(1, 1, 1, Rows([1, 1], [1, 1], [[0, -MOST_VALUE - 1]])),
        Batch(1, 1, 1, Rows([1, 1], [1, 1], [[None, MOST_VALUE + 1]])),
    ],
)
def test_what_cannot_be_read_is_not_written(batch: Batch) -> None:
    with pytest.raises(FormError, match=r"batch\.shape"):
        columns.encode(batch)


@pytest.mark.parametrize("payload", [b"", b"\x00", b"\x05", b"\x02", b"\x03", b"\x04", b"\x04\x02abc", b"\x01\x80"])
def test_bytes_that_are_no_batch(payload: bytes) -> None:
    with pytest.raises(FormError, match=r"batch\.form"):
        columns.decode(payload)


def test_a_frame_that_claims_more_than_a_batch_holds_is_not_opened() -> None:
    import zstandard

    settings = zstandard.ZstdCompressionParameters.from_level(3, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    bomb = zstandard.ZstdCompressor(compression_params=settings).compress(bytes(64 << 20))
    assert len(bomb) < 10_000
    with pytest.raises(FormError, match=r"batch\.form"):
        columns.decode(b"\x03" + bomb)


@pytest.mark.parametrize("count", [1, 7, 40, 500])
def test_changed_bytes_are_refused_or_another_batch_within_bounds(count: int) -> None:
    draw = random.Random(count)
    whole = columns.encode(readings.batch(list(readings.samples(count))))
    refused = 0
    for _ in range(1500):
        changed = bytearray(whole)
        for _ in range(draw.choice((1, 1, 2, 5))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        if draw.random() < 0.2:
            del changed[draw.randrange(len(changed)) :]
        try:
            batch = columns.decode(bytes(changed))
        except FormError:
            refused += 1
            continue
        # Whatever gets through can be written again: it is within all bounds.
        assert columns.decode(columns.encode(batch)) == batch
    assert refused


def test_bytes_a_reading() -> None:
    """The seal adds 81 bytes to a batch."""
    found = list(readings.samples(3000, seed=23, begin=readings.BEGIN + 86400 * 200))
    whole = readings.batch(found)
    bounds = {1: 112, 10: 26, 100: 11.5, 1000: 5.9}
    for count, most in bounds.items():
        size = 0
        for begin, end in pairwise(range(0, 3001, count)):
            rows = Rows(
                whole.rows.times[begin:end],
                whole.rows.things[begin:end],
                [column[begin:end] for column in whole.rows.columns],
            )
            size += len(columns.encode(Batch(1, 1, 100_000 + begin, rows))) + 81
        assert size / 3000 <= most


def test_what_devices_have_written_stays_readable() -> None:
    """The forms and the dictionary are on disks and on the wire: these bytes do not change."""
    row = Batch(1, 2, 3, Rows([1_700_000_000_000_000], [4], [[-5], [600]]), unsure=True)
    assert columns.encode(row).hex() == "0101020305" + "80e2cfaa06" + "04" + "09" + "b009"
    two = Batch(1, 2, 3, Rows([5000, 6000], [9, 8], [[1, 3], [None, 7], ["x", "x"]]), span=4)
    assert columns.encode(two).hex() == (
        "02"
        + "90"
        + "010203"
        + "0203"
        + "181a"
        + "04"
        + "4118"
        + "0501"
        + "0920"
        + "0321"
        + "82410107"
        + "8381617800"
        + "00"
    )
    from hashlib import sha256
    from importlib.resources import files

    dictionary = files("connector.data.readings").joinpath("dictionary_1.zstd").read_bytes()
    assert sha256(dictionary).hexdigest() == "01163545ccc068481cd94447d53707c2f8a52c218e494f34972ceaa565754b59"


def test_threads_do_not_get_in_each_others_way() -> None:
    """What packs and unpacks is made once, and belongs to no thread."""
    made = [posts.batch(1, count) for count in (5, 50, 500)] * 100

    def there_and_back(one: Batch) -> bool:
        return columns.decode(columns.encode(one)) == one

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(there_and_back, made))
