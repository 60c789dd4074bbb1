"""Listings: whatever happens to assets and offers, each reader is shown the same by page, by feed and one by one."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from catalog.federation import manifest
from connector.ports import Caller, Transaction
from connector.protocol import codec
from connector.protocol.messages import Catalog, CatalogRequestMessage
from connector.records import Asset, CatalogMark, Description, Generation, Listing, Outside, Portrait, PublishedOffer
from connector.services.listings import GENERATION, KEPT, Listings
from connector.services.own_catalog import OwnCatalog
from policies import instants, render
from policies.terms import Terms, to_policy
from tests.connector.services.world import FOREVER, KEYS, Neighbour, neighbours
from tests.harness.virtual import run

HOUR = 3_600_000_000
A, B, STRANGER = "did:web:a", "did:web:b", "did:web:stranger"
ASK = CatalogRequestMessage()
_tokens = iter(range(10**9))


def caller(did: str) -> Caller:
    return Caller(did, f"t{next(_tokens)}", FOREVER)


def asset(name: str, title: str = "") -> Asset:
    id = f"http://city/datasets/{name}"
    return Asset(
        id=id, name=name, title=title or name, kind="file", settings={}, media_type="", created=0, created_by="mayor"
    )


def offer(of: str, number: int, *, assignee: str | None = None, until: int | None = None) -> PublishedOffer:
    id = f"urn:offer:{number:06d}"
    terms = Terms(assignee=assignee, until=None if until is None else instants.stamp(until))
    document = render.to_dsp(to_policy(id, terms))
    document.pop("target", None)
    return PublishedOffer(
        id=id,
        asset=f"http://city/datasets/{of}",
        policy="p@1",
        outside=Outside.REFUSE,
        document=document,
        published=0,
        published_by="mayor",
    )


class Reader:
    """Somebody who follows the feed, as it is meant."""

    def __init__(self, city: Neighbour, did: str) -> None:
        self.city, self.did = city, did
        self.after, self.known = 0, dict[str, str]()
        self.documents: dict[str, bytes] = {}
        self.etag = ""
        self.requests = 0
        self.anew = 0

    async def look(self, limit: int = 500) -> None:
        self.requests += 1
        told = await self.city.catalog.manifest(caller(self.did), self.etag)
        if told.token is None:
            return
        said = manifest.read(told.token.encode()).manifest
        assert said.aud == self.did
        await self._follow(limit)
        if not said.fits(self.known):
            self.anew += 1
            self.after, self.known = 0, {}
            await self._follow(limit)
        assert said.fits(self.known)
        self.etag = told.etag

    async def _follow(self, limit: int) -> None:
        more = True
        while more:
            self.requests += 1
            body = manifest.write_entries(await self.city.catalog.entries(caller(self.did), self.after, limit))
            found = manifest.read_entries(body, self.after)
            for one in found.entries:
                if one.gone:
                    self.known.pop(one.id, None)
                else:
                    self.known[one.id] = one.digest
                    self.documents[one.id] = bytes(one.dataset)
                    assert manifest.digest(bytes(one.dataset)) == one.digest
            assert found.sequence >= self.after
            self.after, more = found.sequence, found.more


class History:
    """Random things that happen to a few assets."""

    def __init__(self, city: Neighbour, seed: int) -> None:
        self.city, self.random = city, random.Random(seed)
        self.number = 0
        self.live: list[PublishedOffer] = []
        self.months = 0

    async def step(self) -> None:
        name = self.random.choice("abcd")
        kinds = ["publish", "publish", "retire", "title", "portrait", "described", "time", "asset", "sweep"]
        match self.random.choice(kinds):
            case "publish":
                await self._put(asset(name))
                self.number += 1
                until = self.city.clock.now() + self.random.randint(1, 5) * HOUR + HOUR // 2
                assignee = self.random.choice([None, A, B])
                made = offer(name, self.number, assignee=assignee, until=self.random.choice([None, until]))
                self.live.append(made)
                await self._put(made)
            case "retire" if self.live:
                gone = self.live.pop(self.random.randrange(len(self.live)))
                await self._put(replace(gone, live=False, retired=1))
            case "title":
                await self._put(asset(name, f"title {self.random.randint(0, 2)}"))
            case "portrait":
                id = asset(name).id
                await self._put(Portrait(id=id, nodes=(), changed=0, changed_by="mayor"))
            case "described":
                url = f"http://city/descriptions/data-{name}"
                if self.random.random() < 0.5:
                    await self._put(Description(id=url, kind="", about="", token="", issued=0, ends=FOREVER))
                else:
                    await self.city.store.write(lambda tx: tx.delete(Description, url))
            case "asset" if not any(one.asset == asset(name).id for one in self.live):
                await self.city.store.write(lambda tx: tx.delete(Asset, asset(name).id))
            case "time":
                await asyncio.sleep(self.random.randint(1, 3) * 3600)
            case "sweep" if self.random.random() < 0.2:
                self.months += 1
                await asyncio.sleep(KEPT / 1e6 + 1)
                await self.city.listings.look()
            case _:
                pass

    async def _put(self, record: Any) -> None:
        await self.city.store.write(lambda tx: tx.put(record))

    async def expected(self, who: str) -> dict[str, set[str]]:
        """Datasets with the offers that somebody could use now."""
        found: dict[str, set[str]] = {}
        assets = {one.id for one in await self.city.store.read(lambda view: view.select(Asset))}
        for one in self.live:
            rule = one.document["permission"][0]
            ends = [c["rightOperand"] for c in rule.get("constraint", []) if c["leftOperand"].endswith("dateTime")]
            over = any(instants.instant(_text(end)) <= self.city.clock.now() for end in ends)
            if one.asset in assets and not over and one.document.get("assignee") in (None, who):
                found.setdefault(one.asset, set()).add(one.id)
        return found


def _text(value: Any) -> str:
    return str(value["@value"]) if isinstance(value, dict) else str(value)


async def pages(city: Neighbour, who: str, limit: int) -> dict[str, bytes]:
    """All pages, each dataset as it is sent."""
    found: dict[str, bytes] = {}
    after: str | None = ""
    while after is not None:
        shown = await city.catalog.catalog(caller(who), ASK, after, limit)
        codec.decode(shown.body, Catalog)
        listed = msgspec.json.decode(shown.body).get("dataset", [])
        assert len(listed) <= limit
        assert not found.keys() & {one["@id"] for one in listed}
        found |= {one["@id"]: msgspec.json.encode(one) for one in listed}
        after = shown.next
    assert list(found) == sorted(found)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_however_somebody_asks_it_is_shown_the_same(tmp_path: Path, seed: int) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        history = History(city, seed)
        readers = [Reader(city, did) for did in (A, B, STRANGER)]
        for _step in range(50):
            await history.step()
            for reader in readers:
                if history.random.random() < 0.3:
                    await reader.look(history.random.choice([1, 2, 500]))
        for reader in readers:
            await reader.look()
            expected = await history.expected(reader.did)
            shown = await pages(city, reader.did, history.random.choice([1, 2, 3, 500]))
            assert {id: _offers(one) for id, one in shown.items()} == expected
            assert {id: manifest.digest(one) for id, one in shown.items()} == reader.known
            for id in shown:
                assert manifest.digest(await city.catalog.dataset(caller(reader.did), id)) == reader.known[id]
            # Only what has gone long ago is not told by the feed any more.
            assert reader.anew <= history.months
        own = Reader(city, city.did)
        await own.look()
        everything = {id for did in (A, B, STRANGER) for id in await history.expected(did)}
        assert own.known.keys() == everything

    run(story)


def _offers(dataset: bytes) -> set[str]:
    return {one["@id"] for one in msgspec.json.decode(dataset)["hasPolicy"]}


def test_a_reader_who_knows_all_asks_once_and_after_a_change_twice(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        for number in range(20):
            await _put(city, asset(f"d{number}"), offer(f"d{number}", number))
        reader = Reader(city, A)
        await reader.look()
        reader.requests = 0
        await reader.look()
        assert reader.requests == 1
        # What is offered to somebody else is no change for this one.
        await _put(city, offer("d1", 101, assignee=B))
        await reader.look()
        assert (reader.requests, len(reader.known)) == (2, 20)
        await _put(city, asset("d3", "another title"))
        await reader.look()
        assert (reader.requests, reader.anew) == (4, 0)
        assert msgspec.json.decode(reader.documents["http://city/datasets/d3"])["title"] == "another title"

    run(story)


async def _put(city: Neighbour, *records: Any) -> None:
    def act(tx: Transaction) -> None:
        for one in records:
            tx.put(one)

    await city.store.write(act)


def test_what_did_not_change_keeps_its_number(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        await _put(city, asset("d"), offer("d", 1), offer("d", 2, assignee=A))
        before = await city.store.read(lambda view: view.select(Listing))
        await _put(city, asset("d"))
        assert await city.store.read(lambda view: view.select(Listing)) == before
        await _put(city, offer("d", 3, assignee=B))
        after = {one.audience: one for one in await city.store.read(lambda view: view.select(Listing))}
        assert set(after) == {"", A, B, city.did}
        assert all(after[one.audience] == one for one in before if one.audience != city.did)

    run(story)


def test_a_transaction_that_fails_leaves_the_catalogue_as_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        heard: list[Any] = []
        city.listings.watching.append(heard.append)

        def act(tx: Transaction) -> None:
            tx.put(asset("d"))
            tx.put(offer("d", 1))
            raise ValueError

        with pytest.raises(ValueError):
            await city.store.write(act)
        assert await city.store.read(lambda view: view.select(Listing)) == []
        await _put(city, asset("d"), offer("d", 1), offer("d", 2, assignee=A))
        await asyncio.sleep(0)
        assert heard == [{"", A, city.did}]

    run(story)


def test_what_is_over_is_not_shown_even_before_anybody_has_looked(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        end = city.clock.now() + HOUR
        await _put(city, asset("d"), offer("d", 1, until=end), offer("d", 2))
        await _put(city, asset("e"), offer("e", 3, until=end))
        assert (await pages(city, A, 10)).keys() == {"http://city/datasets/d", "http://city/datasets/e"}
        await asyncio.sleep(3601)
        shown = await pages(city, A, 10)
        assert {id: _offers(one) for id, one in shown.items()} == {"http://city/datasets/d": {"urn:offer:000002"}}
        reader = Reader(city, B)
        await reader.look()
        assert reader.known.keys() == shown.keys()

    run(story)


def test_long_gone_is_forgotten_but_never_the_last_number(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        made = [offer(name, number) for number, name in enumerate("ab")]
        await _put(city, asset("a"), asset("b"), *made)
        await _put(city, *(replace(one, live=False) for one in made))
        last = (await city.store.read(lambda view: view.listings("").standing())).sequence
        await asyncio.sleep(KEPT / 1e6 + 1)
        await city.listings.look()
        assert len(await city.store.read(lambda view: view.select(Listing))) == 1
        assert (await city.store.read(lambda view: view.listings("").standing())).sequence == last

    run(story)


def _again(city: Neighbour, settings: str = "") -> Listings:
    """The same node's listings after a restart."""
    return Listings(
        store=city.store, clock=city.clock, did=city.did, public_url=city.url, base=city.url, settings=settings
    )


def test_other_settings_and_what_an_older_program_has_left_are_settled_at_the_start(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        await _put(city, asset("d"), offer("d", 1))
        listed = await city.store.read(lambda view: view.select(Listing))
        stale = replace(listed[0], document=b"{}", digest="0" * 64)
        orphan = replace(listed[0], id="http://city/datasets/x ", asset="http://city/datasets/x", sequence=5)
        await _put(city, stale, orphan)
        await _again(city).settle()
        found = {one.asset[-1]: one for one in await city.store.read(lambda view: view.select(Listing))}
        assert found["d"].document == listed[0].document
        assert found["x"].digest == ""
        before = await city.store.read(lambda view: view.select(Listing))
        await _put(city, stale)
        await _again(city).settle()  # nothing has changed since: nothing is looked at
        assert (await city.store.read(lambda view: view.get(Listing, stale.id))) == stale
        await _again(city, "another").settle()
        settled = await city.store.read(lambda view: view.select(Listing))
        assert [one.digest for one in settled] == [one.digest for one in before]

    run(story)


def test_after_a_restore_numbers_go_on_above_all_that_were_drawn(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        await _put(city, asset("d"), offer("d", 1))
        reader = Reader(city, A)
        await reader.look()
        # What follows is lost: the database is as it was before.
        kept = await city.store.read(lambda view: view.select(Listing))
        await _put(city, asset("lost"), offer("lost", 2))
        await reader.look()
        lost = reader.after
        number = 1_800_000_000
        await _put(city, Generation(id=f"{number:015d}", number=number, size=0, note="", at=0, backup=0))
        await city.store.write(
            lambda tx: [tx.delete(Asset, asset("lost").id), tx.delete(Listing, f"{asset('lost').id} ")]
        )
        await _put(city, *kept)
        listings = _again(city)
        await listings.settle()
        city.catalog = OwnCatalog(
            store=city.store,
            clock=city.clock,
            listings=listings,
            did=city.did,
            public_url=city.url,
            base=city.url,
            sign=lambda said: manifest.sign(said, KEYS.token, f"{city.did}#key"),
            asked=lambda _: None,
        )
        await reader.look()
        assert reader.after >= number << GENERATION > lost
        assert reader.after < 1 << 53
        assert reader.known.keys() == {asset("d").id}
        mark = await city.store.read(lambda view: view.get(CatalogMark, city.did))
        assert mark is not None and mark.generation == number

    run(story)
