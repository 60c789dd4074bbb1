"""Streams take the memory of a piece, however long they are; what groups need is bounded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from policies.model import PolicyError
from policies.transforms import cells, delimited, documents, media, plan, pseudonyms, times
from tests.bench import transforming
from tests.policies.transforms.duties import KEY, NOW, Memory, at_least, duty, given, hourly, left, policy
from tests.policies.transforms.duties import suppress as suppressed

TERMS = policy(suppressed("address"), hourly("read_at"), duty("pseudonymise", field="meter"))


def table(rows: int) -> Iterator[bytes]:
    yield b"meter,read_at,address,kwh\n"
    for start in range(0, rows, 500):
        lines = (f"m{n},2026-07-{1 + n // 9000:02d}T10:{n % 60:02d}:00Z,Ring {n},{n % 7}\n" for n in
                 range(start, min(rows, start + 500)))  # fmt: skip
        yield "".join(lines).encode()


def lines(rows: int) -> Iterator[bytes]:
    for n in range(rows):
        yield b'{"meter":"m%d","read_at":"2026-07-01T10:00:00Z","address":{"street":"x"},"kwh":1}\n' % n


def array(rows: int) -> Iterator[bytes]:
    yield b"["
    for n, line in enumerate(lines(rows)):
        yield (b"," if n else b"") + line
    yield b"]"


def peak(media_type: str, made: object, rows: int) -> int:
    """The most memory that a run took, in bytes; what leaves is thrown away."""
    body = media.body(media_type, lambda: made(rows))  # type: ignore[operator]
    planned = plan(TERMS, body.schema)
    tracemalloc.start()
    try:
        size = sum(map(len, body.written(planned.run(body, given(now=NOW, key=KEY)), planned)))
        assert size > rows * 20
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


KINDS = pytest.mark.parametrize(
    ("media_type", "made"),
    [("text/csv", table), ("application/x-ndjson", lines), ("application/json", array)],
)


@KINDS
def test_ten_times_the_rows_take_no_more_memory(media_type: str, made: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small pieces and a short memory, so that few rows are many."""
    for remembered in (pseudonyms, times):
        monkeypatch.setattr(remembered, "_KEPT", 200)
    monkeypatch.setattr(documents, "_PIECE", 1 << 13)
    monkeypatch.setattr(delimited, "_BATCH", 64)
    few, many = (peak(media_type, made, rows) for rows in (800, 8_000))
    assert many < few * 1.25 + 50_000, (few, many)


@pytest.mark.long("memory")
@KINDS
def test_two_hundred_thousand_rows_take_no_more_memory_than_twenty_thousand(media_type: str, made: object) -> None:
    """Both have more different values than are remembered."""
    few, many = (peak(media_type, made, rows) for rows in (20_000, 200_000))
    assert many < few * 1.25 + 500_000, (few, many)


def test_too_many_groups_or_units_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST", 3)
    text = "ort,id\n" + "".join(f"o{n % 4},{n}\n" for n in range(8))
    with pytest.raises(PolicyError, match=r"transform\.many"):
        left(text, "text/csv", policy(duty("aggregate", groupBy="ort")))
    monkeypatch.setattr(cells, "MOST", 4)
    monkeypatch.setattr(cells, "MOST_UNITS", 7)
    assert left(text, "text/csv", policy(duty("aggregate", groupBy="ort")))
    with pytest.raises(PolicyError, match=r"transform\.many"):
        left(text, "text/csv", policy(duty("aggregate", groupBy="ort"), at_least(2, unitField="id")))
    memory = Memory()
    assert left(text, "text/csv", policy(duty("aggregate", groupBy="ort"), at_least(2)), given(settle=memory.settle))


def test_the_yardstick_does_the_same() -> None:
    for meters in (transforming.FEW, transforming.MANY):
        data = transforming.table(300, meters)
        assert transforming.planned(data) == transforming.by_hand(data)
