"""Sources by kind: what cannot be had is told by the asset's name, once, until it is there again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector.data.sources import Sources
from connector.errors import SourceError, UnknownError
from connector.records import Asset
from connector.system import SystemClock


def asset(path: Path, name: str = "trees", kind: str = "file") -> Asset:
    return Asset(
        id=f"urn:{name}", name=name, title=name, kind=kind, settings={"path": str(path)}, created=0, created_by="x"
    )


@pytest.fixture
def sources() -> Sources:
    return Sources(("file", "folder"), clock=SystemClock())


async def test_a_file_that_vanished_is_named_until_it_is_back(tmp_path: Path, sources: Sources) -> None:
    file = tmp_path / "trees.csv"
    trees = asset(file)
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(SourceError, match=r"source\.unreadable"):
                await sources.open(trees, "")
    assert [(one["event"], one["asset"]) for one in logs] == [("source.failing", "trees")]
    assert str(tmp_path) not in str(logs)
    wrong = sources.trouble()
    assert wrong is not None
    assert wrong.params == {"asset": "trees", "cause": "source.unreadable", "assets": "1"}
    file.write_bytes(b"oak")
    (await sources.open(trees, "")).close()
    assert sources.trouble() is None


async def test_a_member_that_there_is_not_is_nobodys_trouble(tmp_path: Path, sources: Sources) -> None:
    with pytest.raises(UnknownError):
        await sources.open(asset(tmp_path, kind="folder"), "nothing")
    assert sources.trouble() is None


async def test_looking_finds_it_before_anybody_asks(tmp_path: Path, sources: Sources) -> None:
    (tmp_path / "there").touch()
    gone, there = asset(tmp_path / "gone", "gone"), asset(tmp_path / "there", "there")
    sources.look([gone, there])
    wrong = sources.trouble()
    assert wrong is not None
    assert (wrong.params["asset"], wrong.params["assets"]) == ("gone", "1")
    sources.forget(["there"])
    assert sources.trouble() is None


async def test_a_kind_that_is_off(tmp_path: Path, sources: Sources) -> None:
    with pytest.raises(SourceError, match=r"source\.unknown"):
        await sources.open(asset(tmp_path, kind="live"), "")
    assert sources.trouble() is not None


def silo_asset(**settings: Any) -> Asset:
    made = {"silo": "cadastre", **settings}
    return Asset(id="urn:x", name="x", title="x", kind="postgres", settings=made, created=0, created_by="x")


def test_an_asset_of_a_silo_passes_with_fields_and_not_without() -> None:
    sources = Sources(("file", "postgres"), clock=SystemClock())
    assert not sources.check("postgres", silo_asset(fields=["id"]).settings)
    assert sources.check("postgres", silo_asset().settings)
    assert "postgres" in sources.check("nonsense", {})[0]
