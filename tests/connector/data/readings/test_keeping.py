"""connector/data/readings/keeping.py: what was written is read, whole and from any place, or told to be damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.data import durable
from connector.data.readings import keeping
from connector.data.readings.keeping import Body, Frame, Window
from connector.errors import SourceError, StoreError
from connector.records import ReadingLog

LOG = ReadingLog(id=" air", scope="", series="air", epoch=1)


def frame(n: int, count: int = 10) -> Frame:
    return Frame(n, count, n * 100, n * 100 + 90, Body("did:web:a", n, 5, bytes(f"message {n}", "ascii")))


def put(folder: Path, *frames: Frame, log: ReadingLog = LOG) -> ReadingLog:
    data = b"".join(map(keeping.framed, frames))
    after, offset = keeping.grown(log, list(frames), len(data))
    where = keeping.place(folder, after, after.files[-1].number)
    durable.write(where, offset, data, short=StoreError("readings.missing"), folders=3)
    return after


def numbers(folder: Path, log: ReadingLog, window: Window | None = None) -> list[int]:
    return [
        one.n
        for file in log.files
        for one in keeping.frames(keeping.place(folder, log, file.number), file.bytes, window or Window())
    ]


def test_frames_come_back(tmp_path: Path) -> None:
    log = put(tmp_path, frame(1), frame(11))
    log = put(tmp_path, frame(21), log=log)
    [file] = log.files
    assert (log.next, file.readings, file.begin, file.end) == (31, 30, 100, 2190)
    found = list(keeping.frames(keeping.place(tmp_path, log, 1), file.bytes, Window()))
    assert found == [frame(1), frame(11), frame(21)]


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (Window(behind=10), [11, 21]),
        (Window(behind=9), [1, 11, 21]),
        (Window(behind=30), []),
        (Window(last=11), [1, 11]),
        (Window(since=1191), [21]),
        (Window(since=1190), [11, 21]),
        (Window(until=1099), [1]),
        (Window(until=1100), [1, 11]),
        (Window(since=200, until=1099), []),
    ],
)
def test_only_what_may_be_wanted_is_read(tmp_path: Path, window: Window, found: list[int]) -> None:
    log = put(tmp_path, frame(1), frame(11), frame(21))
    assert numbers(tmp_path, log, window) == found


def test_a_file_that_is_large_enough_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FILE_BYTES", 100)
    log = put(tmp_path, frame(1), frame(11))
    log = put(tmp_path, frame(21), log=log)
    assert [(one.number, one.first, one.readings) for one in log.files] == [(1, 1, 20), (2, 21, 10)]
    assert numbers(tmp_path, log) == [1, 11, 21]


def test_what_was_not_counted_is_written_over(tmp_path: Path) -> None:
    log = put(tmp_path, frame(1))
    put(tmp_path, frame(11), frame(21), log=log)
    log = put(tmp_path, frame(11, 5), log=log)
    assert numbers(tmp_path, log) == [1, 11]
    assert keeping.place(tmp_path, log, 1).stat().st_size == log.files[0].bytes


def test_a_file_that_has_lost_what_was_counted_takes_nothing(tmp_path: Path) -> None:
    log = put(tmp_path, frame(1))
    keeping.place(tmp_path, log, 1).write_bytes(b"")
    with pytest.raises(StoreError, match=r"readings\.missing"):
        put(tmp_path, frame(11), log=log)


def test_every_bit_counts(tmp_path: Path) -> None:
    log = put(tmp_path, frame(1))
    path = keeping.place(tmp_path, log, 1)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        with pytest.raises(SourceError, match=r"source\.broken"):
            numbers(tmp_path, log)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    log = put(tmp_path, frame(1))
    keeping.place(tmp_path, log, 1).unlink()
    with pytest.raises(SourceError, match=r"source\.unreachable"):
        numbers(tmp_path, log)


def test_scopes_and_series_lie_apart_and_names_lead_nowhere_else(tmp_path: Path) -> None:
    names = [("", "air"), ("", "water"), ("urn:a", "air"), ("../..", "../../etc"), ("own", "air")]
    logs = [ReadingLog(id=f"{scope} {name}", scope=scope, series=name, epoch=1) for scope, name in names]
    places = {keeping.place(tmp_path, log, 1) for log in logs}
    assert len(places) == len(names)
    assert all(one.resolve().is_relative_to(tmp_path) for one in places)
