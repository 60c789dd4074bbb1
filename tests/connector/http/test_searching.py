"""Searching over the management API: on a real node whose index was filled with what others offer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.index.forms import Terms
from connector.http.searching import in_one_sentence
from connector.node import Node
from connector.services.usable import read
from policies.model import Policy, Reason
from tests.catalog.index.entries import entry, fill
from tests.connector.http.nodes import PEER, a_node, manage, publish, told
from tests.connector.services.seen import FOREIGN, FREE, OVER, RESEARCH, constraint, terms


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        now = made.clock.now()
        about: dict[str, Any] = {"seen": now, "changed": now}
        fill(
            made.catalogs.index,
            entry("Ladesäulen", PEER, terms=(FREE,), themes=("ENER",), **about),
            entry("Ladesäulen zur Forschung", PEER, terms=(RESEARCH,), **about),
            entry("Ladesäulen, vorbei", PEER, terms=(OVER,), faults=("entry.html",), **about),
            entry("Ladesäulen, rätselhaft", PEER, terms=(FOREIGN,), **about),
        )
        yield made


async def ask(node: Node, target: str, **headers: str) -> Any:
    answer = await manage(node, "GET", target, **headers)
    assert answer.status == 200, answer.body
    return told(answer)


async def test_hits_with_terms_in_a_sentence_in_both_languages(node: Node) -> None:
    found = await ask(node, "/v1/search?words=ladesaeulen&theme=energy")
    (one,) = found["items"]
    assert (one["peer"], one["peer_name"], one["use"]["usable"], one["understood"]) == (PEER, "utility", True, True)
    assert one["terms"] == "use, without further condition"
    german = await ask(node, "/v1/search?words=ladesaeulen&theme=Energie", accept_language="de")
    assert german["items"][0]["terms"] == "Nutzung, ohne weitere Bedingung"
    assert found["names"][PEER] == "utility"
    assert found["facets"]["participants"] == {PEER: 1}


async def test_mine_to_use(node: Node) -> None:
    found = await ask(node, "/v1/search?words=ladesaeulen&mine=true&why=5")
    assert {one["title"] for one in found["items"]} == {"Ladesäulen", "Ladesäulen zur Forschung"}
    assert found["others"]["total"] == 2
    assert {one["why"]["code"]: one["count"] for one in found["others"]["reasons"]} == {
        "usable.over": 1,
        "usable.unclear": 1,
    }
    assert {one["title"] for one in found["others"]["items"]} == {"Ladesäulen, vorbei", "Ladesäulen, rätselhaft"}
    unclear = next(one for one in found["others"]["items"] if not one["understood"])
    assert "urn:foreign:operand" in unclear["terms"]
    mine = await ask(node, "/v1/search?words=ladesaeulen&mine=true&purpose=Marketing")
    assert [one["title"] for one in mine["items"]] == ["Ladesäulen"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/v1/search?place=Atlantis", "search.place"),
        ("/v1/search?purpose=Unfug", "search.no_purpose"),
        ("/v1/search?near=a", "search.near"),
        ("/v1/search?words=x&after=nothing", "search.after"),
        ("/v1/search?peer=nobody", "peer.unknown"),
        ("/v1/search?used_at=a%20b", "terms.unreadable"),
        ("/v1/search?order=best", "input.wrong"),
        ("/v1/search?limit=1000", "input.wrong"),
        ("/v1/search?colour=red", "input.wrong"),
        ("/v1/search/dataset?id=urn:none", "search.unseen"),
        ("/v1/search/saved/none", "search.unknown"),
        ("/v1/catalog/quality/none", "asset.unknown"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_sentence(node: Node, target: str, code: str) -> None:
    answer = await manage(node, "GET", target)
    assert answer.status in (400, 404), answer.body
    assert told(answer)["code"] == code
    assert told(answer)["sentence"] != code


@pytest.mark.parametrize(
    "words", ["%22", "%27%20OR%201%3D1", "NEAR(a%20b)", "*", "%00", "%F0%9F%9A%97", "a" * 900, "-"]
)
async def test_hostile_words_break_nothing(node: Node, words: str) -> None:
    assert (await manage(node, "GET", f"/v1/search?words={words}")).status == 200


async def test_one_dataset_as_it_was_seen(node: Node) -> None:
    found = await ask(node, "/v1/search/dataset?id=urn:x:Lades%C3%A4ulen%20zur%20Forschung&purpose=Marketing")
    assert found["metadata"]["title"] == {"de": "Ladesäulen zur Forschung"}
    (offer,) = found["offers"]
    assert offer["use"]["why"]["code"] == "usable.purpose"
    assert any("research" in one for one in offer["sentences"])


async def test_a_search_is_saved_asked_told_of_and_removed(node: Node) -> None:
    saved = await manage(node, "POST", "/v1/search/saved", {"name": "laden", "query": {"words": "laden", "mine": True}})
    assert saved.status == 201
    assert told(saved)["query"] == {"words": "laden", "mine": True}
    assert (await manage(node, "POST", "/v1/search/saved", {"name": "laden", "query": {}})).status == 400
    assert [one["name"] for one in (await ask(node, "/v1/search/saved"))["items"]] == ["laden"]
    assert (await ask(node, "/v1/search/saved/laden?limit=1"))["total"] == 2
    assert (await manage(node, "DELETE", "/v1/search/saved/laden")).status == 204
    assert (await manage(node, "DELETE", "/v1/search/saved/laden")).status == 404


async def test_quality_of_what_is_offered(node: Node) -> None:
    await publish(node)
    (one,) = (await ask(node, "/v1/catalog/quality"))["items"]
    again = await ask(node, f"/v1/catalog/quality/{one['name']}", accept_language="de")
    assert again["score"] == one["score"]
    assert len(again["mends"]) == 3
    assert all(mend["sentence"] != mend["code"] for mend in again["mends"])
    assert (one["probing"], one["looked"], one["broken"]) == (False, 0, [])


def sentence_of(given: Terms, language: Any = "en") -> str:
    return in_one_sentence(read(given.document), language)


def test_terms_in_one_sentence() -> None:
    duty = terms("urn:o", permission=[{"action": "use", "duty": [{"action": "attribute"}]}])
    assert sentence_of(duty) == "use, without further condition: Duty: attribute the source"
    two = terms("urn:o", permission=[{"action": "use"}, {"action": "distribute"}])
    assert sentence_of(two).count("Permission: ") == 2
    assert sentence_of(terms("urn:o", prohibition=[{"action": "distribute"}]), "de").endswith("Bedingung")
    assert sentence_of(terms("urn:o", assignee="did:web:x.example")).startswith("Only for did:web:x.example; ")


def test_long_terms_are_cut_and_what_is_no_policy_says_why() -> None:
    many = [constraint("purpose", "isAnyOf", [f"https://x.example/{n}/{'y' * 80}" for n in range(20)])]
    found = sentence_of(terms("urn:o", *many))
    assert len(found) <= 400
    assert found.endswith("…")
    assert in_one_sentence(Reason("operand.unknown", {"operand": "urn:x"}), "de") != "operand.unknown"


def test_no_policy_is_shown_with_a_line_break_in_its_sentence() -> None:
    policy = read(terms("urn:o", assignee="did:web:x.example").document)
    assert isinstance(policy, Policy)
    named = msgspec.structs.replace(policy, assignee="did:web:x\n.example")
    assert "\n" not in in_one_sentence(named, "en")
