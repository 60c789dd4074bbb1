"""Searching what was seen of others' catalogues."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from catalog.index.forms import Origin, Query
from connector.errors import BusyError, InputError, StoreError, UnknownError
from connector.services.search import WAITING, Search
from connector.services.wanted import Question
from tests.catalog.index.entries import DAY, UTILITY, entry, fill
from tests.connector.services.seen import FREE, ME, Seen


@pytest_asyncio.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Seen]:
    made = Seen(tmp_path)
    await made.know()
    yield made
    await made.close()


async def test_each_hit_says_whether_it_could_be_used(seen: Seen) -> None:
    found = await seen.search.find(Question(words="Ladesäulen"))
    verdicts = {one.hit.title: one.verdict for one in found.seen}
    codes = {title: "yes" if one is None or one.usable else one.why and one.why.code for title, one in verdicts.items()}
    assert codes == {
        "Ladesäulen in der Stadt": "yes",
        "Ladepunkte der Stadtwerke": "yes",
        "Ladesäulen von früher": "usable.over",
        "Ladesäulen, rätselhaft": "usable.unclear",
        "Ladesäulen für Leipzig": "usable.other_party",
        "Ladesäulen ohne Angebot": "usable.no_offer",
    }


async def test_of_several_offers_the_one_that_could_be_used_is_shown(seen: Seen) -> None:
    (one,) = (await seen.search.find(Question(words="Ladepunkte", theme="ENER"))).seen
    assert (one.offer, one.offers, one.name) == ("urn:offer:2", 2, "stadtwerke")


async def test_mine_to_use_shows_only_that_and_counts_why_the_rest_is_not(seen: Seen) -> None:
    found = await seen.search.find(Question(words="Ladesäulen", mine=True), why=2)
    assert {one.hit.title for one in found.seen} == {"Ladesäulen in der Stadt", "Ladepunkte der Stadtwerke"}
    assert found.total == 2
    assert found.others is not None
    assert (found.others.total, found.others.looked, len(found.others.first)) == (4, 4, 2)
    assert {why.code: count for why, count in found.others.reasons} == {
        "usable.over": 1,
        "usable.unclear": 1,
        "usable.other_party": 1,
        "usable.no_offer": 1,
    }
    assert found.unjudged == 0


async def test_for_a_purpose_that_is_not_permitted_it_is_not_ours_to_use(seen: Seen) -> None:
    asked = Question(words="Ladesäulen", mine=True, purpose="Marketing")
    found = await seen.search.find(asked)
    assert [one.hit.title for one in found.seen] == ["Ladesäulen in der Stadt"]
    assert found.others is not None
    assert "usable.purpose" in {why.code for why, _ in found.others.reasons}


async def test_own_datasets_have_no_verdict(seen: Seen) -> None:
    fill(seen.index, entry("Ladesäulen von uns", ME, terms=(FREE,), origin=Origin.OWN))
    (one,) = (await seen.search.find(Question(words="Ladesäulen", peer="own"))).seen
    assert one.own
    assert one.verdict is None


async def test_late_against_the_promised_interval(seen: Seen) -> None:
    late = {one.hit.title: one.late for one in (await seen.search.find(Question(words="Ladesäulen"))).seen}
    assert late["Ladesäulen in der Stadt"] == 0
    assert late["Ladesäulen von früher"] == 8 * DAY
    assert late["Ladesäulen ohne Angebot"] is None


async def test_whose_catalogues_stand_behind_it(seen: Seen) -> None:
    reach = (await seen.search.find(Question(words="nichts davon"))).reach
    assert (reach.catalogs, reach.silent) == (2, 1)
    assert reach.oldest is not None


async def test_pages_follow_each_other_and_others_are_told_once(seen: Seen) -> None:
    asked, titles, after, others = Question(words="Ladesäulen"), list[str](), "", 0
    while True:
        page = await seen.search.find(asked, limit=2, after=after)
        titles += [one.hit.title for one in page.seen]
        others += page.others is not None
        after = page.next
        if not after:
            break
    assert len(titles) == len(set(titles)) == 6
    mine = await seen.search.find(Question(words="Ladesäulen", mine=True), limit=1)
    following = await seen.search.find(Question(words="Ladesäulen", mine=True), limit=1, after=mine.next)
    assert mine.others is not None
    assert following.others is None
    with pytest.raises(InputError, match=r"search\.after"):
        await seen.search.find(asked, after="made up")


async def test_a_dataset_as_it_was_seen(seen: Seen) -> None:
    found = await seen.search.known("urn:x:Ladepunkte der Stadtwerke")
    assert found.name == "stadtwerke"
    assert [verdict.usable for _, _, verdict in found.offers] == [True, False]
    with pytest.raises(UnknownError, match=r"search\.unseen"):
        await seen.search.known("urn:x:nothing")
    with pytest.raises(UnknownError, match=r"search\.unseen"):
        await seen.search.known("urn:x:Ladepunkte der Stadtwerke", peer="own")
    fill(seen.index, entry("Ladepunkte der Stadtwerke", terms=(FREE,)))
    with pytest.raises(InputError, match=r"search\.several"):
        await seen.search.known("urn:x:Ladepunkte der Stadtwerke")
    assert (await seen.search.known("urn:x:Ladepunkte der Stadtwerke", "stadtwerke")).entry.participant == UTILITY


async def test_the_end_of_an_id_will_do(seen: Seen) -> None:
    for end in ("Ladepunkte der Stadtwerke", "der Stadtwerke"):
        assert (await seen.search.known(end)).entry.participant == UTILITY
    fill(seen.index, entry("a/trees", terms=(FREE,)), entry("b/trees", terms=(FREE,)), entry("forest", terms=(FREE,)))
    assert (await seen.search.known("forest")).entry.id == "urn:x:forest"
    assert (await seen.search.known("a/trees")).entry.id == "urn:x:a/trees"
    with pytest.raises(InputError, match=r"search\.unclear"):
        await seen.search.known("trees")
    # Short ends are whole parts of an id; signs of patterns are signs.
    for end in ("orest", "%", "_", "Ladepunkte_der_Stadtwerke"):
        with pytest.raises(UnknownError, match=r"search\.unseen"):
            await seen.search.known(end)


class Stuck:
    """An index that does not come back before it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def standings(self) -> list[None]:
        self.go.wait()
        return []


async def test_who_comes_when_too_many_wait_is_sent_away(seen: Seen) -> None:
    stuck = Stuck()
    search = Search(store=seen.store, clock=seen.clock, index=stuck, did=ME)  # type: ignore[arg-type]
    waiting = [asyncio.create_task(search.moved()) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await search.moved()
    stuck.go.set()
    assert await asyncio.gather(*waiting) == [0] * WAITING
    assert await search.moved() == 0


async def test_an_index_that_cannot_be_read_is_said_so(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    from catalog.index.file import IndexFileError

    def broken(query: Query) -> None:
        raise IndexFileError("a path that nobody should see")

    monkeypatch.setattr(seen.index, "search", broken)
    with pytest.raises(StoreError) as failed:
        await seen.search.find(Question(words="x"))
    assert failed.value.reason.code == "index.unusable"
    assert not failed.value.reason.params
