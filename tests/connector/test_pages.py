"""connector/pages.py: every record once, in the order of ids, over any number of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import pages
from connector.records import Asset, Tombstone
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
async def test_every_record_once_in_the_order_of_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    store = SqliteStore.open(tmp_path / "state.db", clock=SystemClock(), sign_head=lambda *_: "", threaded=False)
    kept = [Tombstone(id=f"{n}", owner="a" if n % 2 else "b", name="token", at=n) for n in range(count)]
    for one in reversed(kept):
        await store.write(lambda tx, one=one: tx.put(one))  # type: ignore[misc]
    assert await store.read(lambda view: list(pages.every(view, Tombstone))) == kept
    assert await store.read(lambda view: list(pages.every(view, Tombstone, owner="a"))) == kept[1::2]
    assert await store.read(lambda view: list(pages.every(view, Asset))) == []
    await store.close()
