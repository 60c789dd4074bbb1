"""Whose turn it is, what people may ask, and what a search finds meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from catalog.federation.plan import Periods
from catalog.index.forms import Query
from connector.errors import DeliveryError, InputError
from connector.records import CatalogPlace, Participant, Vouch
from connector.services.federation.federation import Federation
from connector.services.federation.targets import Places
from tests.connector.services.federation.world import SECOND, Node, Reader, World, at_once, dataset

MINUTE = 60 * SECOND


class Store:
    """Records by kind and id, as far as these services ask for them."""

    def __init__(self) -> None:
        self.records: dict[tuple[type, str], Any] = {}
        self.events: list[str] = []

    async def read(self, act: Any) -> Any:
        return act(self)

    write = read

    def get(self, kind: type, id: str) -> Any:
        return self.records.get((kind, id))

    def find(self, kind: type, **where: Any) -> Any:
        every = (one for (held, _), one in self.records.items() if held is kind)
        return next((one for one in every if all(getattr(one, key) == value for key, value in where.items())), None)

    def select(self, kind: type, *, after: str = "", limit: int = 100, **_: Any) -> list[Any]:
        return sorted(
            (one for (held, id), one in self.records.items() if held is kind and id > after), key=lambda one: one.id
        )

    def put(self, record: Any) -> None:
        self.records[type(record), record.id] = record

    def delete(self, kind: type, id: str) -> None:
        del self.records[kind, id]

    def record(self, entry: Any) -> None:
        self.events.append(entry.event)


def participant(node: Node, **more: Any) -> Participant:
    target = node.target
    given = {"id": node.did, "name": node.name, "url": target.url, "base": target.base, "keys": target.keys}
    return Participant(**{**given, "words": "", "added": 0, "added_by": "x", **more})


class Setting:
    def __init__(self, tmp_path: Path) -> None:
        self.town = Node("town")
        self.town.put(*(dataset(f"urn:d:{one}", f"Baum {one}") for one in range(3)))
        self.store, self.world = Store(), World(self.town)
        self.reader = Reader(self.world, tmp_path)
        self.clock = self.reader.clock
        self.store.put(participant(self.town))
        self.federation = self.made()

    def made(self, **more: Any) -> Federation:
        store: Any = self.store
        given: dict[str, Any] = {"periods": Periods(), "stale": 30.0, "draw": lambda: 0.5, **more}
        return Federation(
            store=store,
            clock=self.clock,
            index=self.reader.index,
            crawling=self.reader.crawling,
            beside=at_once,
            own="did:web:reader.example",
            **given,
        )

    async def turn(self, seconds: float = 0.0) -> None:
        """Time goes on in seconds, as the node's rounds do, and whatever is begun comes to its end."""
        until = self.clock.at + round(seconds * SECOND)
        while True:
            await self.federation.work()
            await asyncio.gather(*self.federation._going.values())
            if self.clock.at >= until:
                return
            self.clock.at += SECOND


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    made = Setting(tmp_path)
    yield made
    await made.federation.close()
    made.reader.index.close()


async def test_a_change_is_found_within_a_minute(setting: Setting) -> None:
    await setting.turn()
    assert len(setting.reader.titles()) == 3
    await setting.turn(7)
    setting.town.put(dataset("urn:d:9", "Neu"))
    await setting.turn(55)
    assert "Neu" in setting.reader.titles()
    assert len(setting.town.asked) == 2 + 2


async def test_and_with_a_hint_at_once(setting: Setting) -> None:
    await setting.turn(5)
    setting.town.put(dataset("urn:d:9", "Neu"))
    for _ in range(100):
        setting.federation.hint(setting.town.did)
        setting.federation.hint("did:web:nobody.example")
    await setting.turn(2)
    assert "Neu" in setting.reader.titles()
    assert len(setting.town.asked) == 4


async def test_who_does_not_answer_is_asked_less_and_keeps_what_was_read(setting: Setting) -> None:
    await setting.turn()
    setting.town.down = "peer.unreachable"
    setting.town.asked.clear()
    await setting.turn(2 * 3_600)
    assert 5 < len(setting.town.asked) < 12
    assert len(setting.reader.titles()) == 3
    [known] = await setting.federation.known()
    assert (known.standing.reason, known.open) == ("peer.unreachable", True)
    assert setting.federation.trouble() is None
    setting.clock.at += 24 * 60 * MINUTE
    trouble = setting.federation.trouble()
    assert trouble is not None
    assert trouble.params == {"number": "1", "names": "town"}
    setting.town.down = ""
    setting.federation.hint(setting.town.did)
    await setting.turn(2)
    assert setting.federation.trouble() is None
    assert ("catalog_peers", 1, {"state": "read"}) in setting.federation.figures()


async def test_who_is_gone_is_forgotten_and_who_is_only_to_be_judged_again_is_not(setting: Setting) -> None:
    await setting.turn()
    vouch: Any = {"region": "did:web:r.example", "checked": 0, "until": setting.clock.at, "scopes": ("catalog",)}

    setting.store.put(participant(setting.town, pinned=False, vouch=Vouch(**vouch)))
    setting.federation.moved()
    await setting.turn()
    assert len(setting.reader.titles()) == 3
    setting.store.delete(Participant, setting.town.did)
    setting.federation.moved()
    await setting.turn()
    assert setting.reader.titles() == []
    with pytest.raises(InputError):
        await setting.federation.crawl("town")


async def test_what_is_known_outlives_the_node(setting: Setting) -> None:
    await setting.turn()
    again = setting.made()
    assert (await again.crawl("town")).standing.datasets == 3
    assert len(setting.town.asked) == 3


async def test_an_index_that_was_lost_is_filled_again(setting: Setting) -> None:
    await setting.turn()
    setting.reader.index.forget(setting.town.did)
    setting.reader.index.lost += 1
    setting.federation.moved()
    await setting.turn()
    assert len(setting.reader.titles()) == 3


async def test_one_crawl_at_a_time_of_one_participant(setting: Setting) -> None:
    await asyncio.gather(*(setting.federation.crawl(setting.town.did) for _ in range(5)))
    assert len(setting.town.asked) == 2


async def test_a_node_that_reads_nobody(setting: Setting) -> None:
    off = setting.made(on=False)
    await off.work()
    with pytest.raises(InputError):
        await off.crawl("town")
    assert setting.town.asked == []


async def test_a_defect_in_one_crawl_is_no_end(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Any:
        raise ValueError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(setting.reader.crawling, "crawl", broken)
        known = await setting.federation.crawl("town")
        assert known.standing.reason == "catalog.broken"
    assert (await setting.federation.crawl("town")).standing.datasets == 3


async def test_search_is_never_empty_and_never_half_a_catalogue(setting: Setting) -> None:
    """While a whole catalogue becomes another one, whoever looks sees all of the one or all of the other."""
    old = {f"urn:d:{one}" for one in range(60)}
    setting.town.put(*(dataset(id, f"Baum {id}") for id in old - setting.town.shown.keys()))
    await setting.turn()
    seen: set[frozenset[str]] = set()
    stop, looked = threading.Event(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            hits = setting.reader.index.search(Query(now=0, limit=200, facets=False)).hits
            seen.add(frozenset(hit.id for hit in hits))
            looked.set()

    looker = threading.Thread(target=look)
    looker.start()
    for id in list(setting.town.shown):
        setting.town.take(id)
    new = {f"urn:n:{one}" for one in range(700)}
    setting.town.put(*(dataset(id, f"Haus {id}") for id in new))
    looked.wait(10)
    try:
        await setting.federation.crawl("town")
        for _ in range(2):
            looked.clear()
            looked.wait(10)
    finally:
        stop.set()
        looker.join()
    assert frozenset(old) in seen
    assert all(found == old or found <= new for found in seen)
    assert all(len(found) in (60, 200) for found in seen)


class TestPlaces:
    @pytest.fixture
    def places(self, setting: Setting) -> Places:
        store: Any = setting.store
        return Places(store=store, clock=setting.clock)

    async def test_a_peer_is_read_where_it_was_named(self, setting: Setting, places: Places) -> None:
        made = await places.add("anna", "werke", "town", f"{setting.town.url}/other/", broker=True)
        assert made.url == f"{setting.town.url}/other"
        setting.federation.moved()
        [known] = await setting.federation.known()
        assert (known.target.base, known.target.broker, known.target.place) == (made.url, True, "werke")
        assert await places.list() == [made]
        await places.remove("anna", "werke")
        assert setting.store.find(CatalogPlace, id="werke") is None
        assert setting.store.events == ["catalog.place_added", "catalog.place_removed"]

    @pytest.mark.parametrize(
        ("name", "peer", "url", "code"),
        [
            ("Werke!", "town", "", "catalog.place_name"),
            ("werke", "town", "javascript:x", "catalog.place_url"),
            ("werke", "town", "https:///x", "catalog.place_url"),
            ("werke", "nobody", "", "peer.unknown"),
            ("zweite", "town", "", "catalog.place_taken"),
            ("erste", "town", "", "catalog.place_taken"),
        ],
    )
    async def test_what_is_none(self, places: Places, name: str, peer: str, url: str, code: str) -> None:
        await places.add("anna", "erste", "town", "", broker=False)
        with pytest.raises(InputError) as caught:
            await places.add("anna", name, peer, url, broker=False)
        assert caught.value.reason.code == code
        with pytest.raises(InputError):
            await places.remove("anna", "zweite")


async def test_an_answer_that_never_comes_is_no_crawl(setting: Setting) -> None:
    setting.town.down = "peer.timeout"
    with pytest.raises(DeliveryError):
        await setting.reader.crawling.crawl(setting.town.target, (await setting.federation.known())[0].standing)
