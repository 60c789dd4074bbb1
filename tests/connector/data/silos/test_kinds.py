"""Kinds of silos: the table, what is missing for one, and those of other packages."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from connector.data.ports import Around
from connector.data.silos import kinds, secrets
from connector.data.silos.kinds import KINDS, Place
from connector.errors import SourceError
from connector.system import SystemClock
from tests.connector.data.silo import MemoryReader

AROUND = Around(clock=SystemClock(), peer=None, secret=secrets.reading(None))  # type: ignore[arg-type]
OPTIONAL = ("asyncpg", "pymysql", "aiomqtt", "pyarrow", "pyproj", "cql2")


def plugged(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    def found(*, group: str, name: str) -> EntryPoints:
        assert group == "allmende.sources"
        return EntryPoints(point for point in points if point.name == name)

    monkeypatch.setattr(kinds, "entry_points", found)


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="allmende.sources")


def test_a_kind_of_another_package_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged(monkeypatch, point("theirs", "tests.connector.data.silo:MemoryReader"))
    assert kinds.gives_rows("theirs")
    assert isinstance(kinds.made("theirs", AROUND), MemoryReader)


def test_what_gives_bytes_or_is_there_twice_gives_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    live = "connector.data.sources.live:LiveSource"
    plugged(monkeypatch, point("bytes", live), point("twice", live), point("twice", live))
    assert not kinds.gives_rows("bytes")
    assert not kinds.gives_rows("twice")
    assert not kinds.gives_rows("nothing")
    for kind, code in (("twice", "source.ambiguous"), ("nothing", "source.unknown")):
        with pytest.raises(SourceError) as caught:
            kinds.made(kind, AROUND)
        assert caught.value.reason.code == code


def test_a_module_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place("no_such_module.x:Y", ("msgspec", "no_such_module"), "allmende[none]")
    assert place.missing == ("no_such_module",)
    monkeypatch.setitem(KINDS, "lacking", place)
    with pytest.raises(SourceError) as caught:
        kinds.made("lacking", AROUND)
    assert caught.value.reason.code == "source.package"
    assert "allmende[none]" in kinds.problem("lacking", caught.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_a_kind_needs_is_known_without_it(kind: str) -> None:
    """Settings are told, and no optional library is loaded for that."""
    code = (
        "import sys\n"
        "from connector.data.silos import kinds, secrets\n"
        "from connector.data.ports import Around\n"
        "from connector.system import SystemClock\n"
        f"made = kinds.made({kind!r}, Around(clock=SystemClock(), peer=None, secret=secrets.reading(None)))\n"
        f"assert made.kind == {kind!r} and made.settings\n"
        f"print([name for name in {OPTIONAL!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
