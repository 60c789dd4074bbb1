"""connector/data/sinks/files.py: each row once, whatever happens."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from connector.data.ports import Around, Batch
from connector.data.sinks.files import FilesSink
from connector.errors import SourceError
from connector.system import SystemClock
from tests.ports.sink import ONE, SinkContract, batch

DAY = 86_400 * 10**6


class Later(SystemClock):
    """A clock that can be set."""

    at = 1_800_000_000_000_000

    def now(self) -> int:
        return self.at


class KilledError(BaseException):
    """The process is gone."""


def a_sink(clock: Any = None, **more: Any) -> FilesSink:
    around = Around(clock=clock or SystemClock(), peer=None, secret=lambda *_: "", closed=(Path("/node"),))  # type: ignore[arg-type]
    return FilesSink(around, **more)


def rows(folder: Path) -> list[int]:
    """What stands in the files, by their names."""
    found: list[int] = []
    for file in sorted(folder.glob("*.*")):
        if file.suffix == ".ndjson":
            found += [json.loads(line)["n"] for line in file.read_text().splitlines()]
        elif file.suffix == ".csv":
            found += [int(row["n"]) for row in csv.DictReader(io.StringIO(file.read_text(), newline=""))]
    return found


class TestFiles(SinkContract):
    @pytest.fixture(params=["ndjson day", "csv day", "ndjson batch", "csv batch"])
    def settings(self, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
        form, each = request.param.split()
        self.folder = tmp_path / "rows"
        return {"path": str(self.folder), "format": form, "each": each}

    @pytest.fixture
    def sink(self, settings: dict[str, Any]) -> FilesSink:
        return a_sink()

    async def there(self) -> list[int]:
        return rows(self.folder)

    async def away(self) -> None:
        self.folder.rename(self.folder.with_name("elsewhere"))
        self.folder.write_text("no folder")

    async def back(self) -> None:
        self.folder.unlink()
        self.folder.with_name("elsewhere").rename(self.folder)

    async def again(self) -> FilesSink:
        return a_sink()

    @pytest.mark.parametrize("point", ["sink.half", "sink.written", "sink.renaming", "sink.renamed", "sink.kept"])
    async def test_killed_at_any_point(self, settings: dict[str, Any], point: str) -> None:
        """The rows of the batch that was under way may come otherwise divided; each is there once."""
        await a_sink().write(settings, ONE, batch(1, 1, 2))
        armed = [True]

        def fault(at: str) -> None:
            if at == point and armed:
                raise KilledError

        try:
            await a_sink(fault=fault).write(settings, ONE, batch(2, 3, 4, 5))
        except KilledError:
            pass
        else:
            assert (settings["each"], point[:9]) in {("batch", "sink.half"), ("batch", "sink.writ")}
        survivor = a_sink()
        found = await survivor.position(settings, ONE)
        assert found is not None
        last = 2 if found.number == 1 else 5
        await survivor.write(settings, ONE, batch(found.number + 1, *range(last + 1, 8)))
        assert rows(self.folder) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_new_day_begins_a_new_file_and_a_clock_that_goes_back_does_not(tmp_path: Path) -> None:
    clock, settings = Later(), {"path": str(tmp_path)}
    sink = a_sink(clock)
    for number, ahead in ((1, 0), (2, DAY), (3, 0), (4, DAY)):
        clock.at = Later.at + ahead
        await sink.write(settings, ONE, batch(number, number))
    files = sorted(tmp_path.glob("*.ndjson"))
    assert [file.name[:10] for file in files] == ["2027-01-15", "2027-01-16"]
    assert rows(tmp_path) == [1, 2, 3, 4]


async def test_other_columns_begin_another_file(tmp_path: Path) -> None:
    settings = {"path": str(tmp_path), "format": "csv"}
    sink = a_sink()
    await sink.write(settings, ONE, Batch(1, (b'{"n":1,"b":true}', b'{"b":null,"n":2}', b'{"n":3,"c":[1]}'), "x"))
    await sink.write(settings, ONE, Batch(2, (b'{"n":4,"c":[2]}',), "y"))
    assert [file.read_text() for file in sorted(tmp_path.glob("*.csv"), key=lambda one: len(one.name))] == [
        "n,b\n1,true\n2,\n",
        "n,c\n3,[1]\n4,[2]\n",
    ]


@pytest.mark.parametrize("path", ["relative", "/node", "/node/keys", "/"])
def test_folders_that_are_none_to_write_to(path: str) -> None:
    assert a_sink().check({"path": path})


async def test_a_position_that_cannot_be_read_stops_it(tmp_path: Path) -> None:
    settings = {"path": str(tmp_path)}
    await a_sink().write(settings, ONE, batch(1, 1))
    (beside,) = tmp_path.glob(".allmende-*.json")
    beside.write_text("{")
    for act in (a_sink().position(settings, ONE), a_sink().write(settings, ONE, batch(2, 2))):
        with pytest.raises(SourceError) as caught:
            await act
        assert caught.value.reason.code == "sink.unreadable"
    assert rows(tmp_path) == [1]


async def test_line_ends_of_all_kinds_within_a_cell_begin_no_row(tmp_path: Path) -> None:
    texts = ["\r", "a\rb", "a\nb", "a\r\nb", '"\r', "x\r1,2"]
    found = Batch(1, tuple(json.dumps({"n": n, "te\rxt": text}).encode() for n, text in enumerate(texts)), "w")
    await a_sink().write({"path": str(tmp_path), "format": "csv"}, "urn:uuid:1", found)
    (file,) = tmp_path.glob("*.csv")
    written = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline=""), strict=True))
    assert written == [["n", "te\rxt"], *([str(n), text] for n, text in enumerate(texts))]
