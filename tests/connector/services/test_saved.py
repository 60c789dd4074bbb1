"""Saved searches tell of what is new, and of nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from catalog.index.forms import Origin
from connector.errors import InputError, UnknownError
from connector.records import SavedSearch
from connector.services import saved
from connector.services.saved import Saved
from connector.services.wanted import Question
from connector.services.watch.happenings import Happening, Happenings
from tests.catalog.index.entries import CITY, DAY, UTILITY, entry, fill
from tests.connector.services.seen import FREE, ME, OVER, Seen


class Keeping(Seen):
    """With saved searches."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.saved = Saved(store=self.store, clock=self.clock, search=self.search)
        self.moves = 0

    def comes(self, title: str, participant: str = UTILITY, **said: object) -> None:
        """A dataset is seen for the first time, or anew."""
        self.moves += 1
        at = self.clock.at + self.moves
        fill(self.index, entry(title, participant, changed=at, seen=at, **{"terms": (FREE,), **said}))
        self.stand(participant, changed=at)

    async def told(self) -> list[Happening]:
        """What people have been told."""
        found = await Happenings(store=self.store, clock=self.clock).read(-1)
        return [one for one in found.happenings if one.event == "catalog.found"]


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Keeping]:
    made = Keeping(tmp_path)
    await made.know()
    yield made
    await made.close()


LADEN = Question(words="Ladesäulen")


async def test_what_is_there_is_known_and_what_comes_is_told_once(node: Keeping) -> None:
    await node.saved.save("anna", "laden", LADEN)
    await node.saved.look()
    assert await node.told() == []
    node.comes("Ladesäulen am Bahnhof")
    node.comes("Ladesäulen am Markt")
    node.comes("Bäume am Markt")
    await node.saved.look()
    (one,) = await node.told()
    assert one.params == {"search": "laden", "found": "2", "title": "Ladesäulen am Markt", "peer": "stadtwerke"}
    await node.saved.look()
    node.comes("Bäume im Park")
    node.comes("Ladesäulen am Markt", modified=node.clock.at)
    await node.saved.look()
    assert len(await node.told()) == 1


async def test_nobody_is_asked_while_no_catalogue_has_changed(node: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    await node.saved.save("anna", "laden", LADEN)
    await node.saved.look()
    asked = list[Question]()
    find = node.search.find

    async def counting(question: Question, **more: object) -> object:
        asked.append(question)
        return await find(question, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(node.search, "find", counting)
    await node.saved.look()
    assert asked == []
    node.comes("Anderes")
    await node.saved.look()
    assert len(asked) == 1


async def test_only_what_could_be_used_is_told_where_that_was_asked(node: Keeping) -> None:
    await node.saved.save("anna", "laden", msgspec.structs.replace(LADEN, mine=True))
    node.comes("Ladesäulen, vorbei", terms=(OVER,))
    await node.saved.look()
    assert await node.told() == []


async def test_own_data_are_no_news(node: Keeping) -> None:
    await node.saved.save("anna", "laden", LADEN)
    node.comes("Ladesäulen von uns", ME, origin=Origin.OWN)
    await node.saved.look()
    assert await node.told() == []


async def test_a_search_that_can_be_asked_no_more_disturbs_no_other(node: Keeping) -> None:
    await node.saved.save("anna", "a", Question(words="Ladesäulen", peer="stadtwerke"))
    later = SavedSearch(id="b", query={"words": "x", "of a later version": 1}, created=0, created_by="x")
    await node.store.write(lambda tx: tx.put(later))
    await node.saved.save("anna", "c", LADEN)
    await node.store.write(lambda tx: tx.delete(type(later), "nothing"))
    node.comes("Ladesäulen am Ring", CITY)
    await node.saved.look()
    assert [one.params["search"] for one in await node.told()] == ["c"]


async def test_what_is_remembered_is_bounded(node: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "REMEMBERED", 8)
    await node.saved.save("anna", "laden", LADEN)
    for number in range(12):
        node.comes(f"Ladesäulen {number}")
        await node.saved.look()
    (one,) = await node.saved.select()
    assert len(one.known) == 8
    assert len(await node.told()) == 12


async def test_names_are_taken_questions_read_and_numbers_bounded(
    node: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await node.saved.save("anna", "laden", Question(words="Ladesäulen", within="2km", near="51,13"))
    assert made.query == {"words": "Ladesäulen", "within": "2km", "near": "51,13"}
    with pytest.raises(InputError, match=r"search\.taken"):
        await node.saved.save("anna", "laden", LADEN)
    with pytest.raises(InputError, match=r"search\.place"):
        await node.saved.save("anna", "x", Question(place="Atlantis"))
    monkeypatch.setattr(saved, "SEARCHES", 1)
    with pytest.raises(InputError, match=r"search\.many"):
        await node.saved.save("anna", "x", LADEN)


async def test_asking_and_removing(node: Keeping) -> None:
    await node.saved.save("anna", "laden", LADEN)
    assert (await node.saved.run("laden", limit=2)).total == 6
    await node.saved.remove("anna", "laden")
    with pytest.raises(UnknownError, match=r"search\.unknown"):
        await node.saved.run("laden")
    with pytest.raises(UnknownError, match=r"search\.unknown"):
        await node.saved.remove("anna", "laden")
    node.clock.at += DAY
    node.comes("Ladesäulen am Ende")
    await node.saved.look()
    assert await node.told() == []
