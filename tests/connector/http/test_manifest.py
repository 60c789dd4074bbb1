"""The manifest, the feed and hints on a real node: status, headers, who is let in, what stays small."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from catalog.federation import manifest
from certs import did, jwk
from connector.node import Node
from connector.ports import Transaction
from connector.records import Participant, Vouch
from tests.connector.http.nodes import FOREVER, PEER, a_node, dsp, events, publish, told

ROOT = "//city/catalog"
OTHER = "did:web:other.example"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def test_the_did_document_says_where_it_is(node: Node) -> None:
    answer = await dsp(node, "GET", "//city/did.json", caller=None)
    found = did.read(answer.body, node.did)
    assert found.services[manifest.SERVICE] == "http://127.0.0.1:18180/city/catalog"
    ids = [one["id"] for one in told(answer)["service"]]
    assert len(set(ids)) == len(ids)


async def test_a_manifest_is_signed_for_who_has_asked(node: Node) -> None:
    offer = await publish(node, count=3)
    answer = await dsp(node, "GET", f"{ROOT}/manifest")
    assert (answer.status, answer.headers["content-type"]) == (200, manifest.MEDIA)
    received = manifest.read(answer.body)
    keys = did.read((await dsp(node, "GET", "//city/did.json", caller=None)).body, node.did).keys
    key = jwk.read(keys[received.kid])
    now = node.clock.now()
    said = manifest.check(received, key, issuer=node.did, audience=PEER, now=now)
    feed = await dsp(node, "GET", f"{ROOT}/entries", query="after=0")
    entries = manifest.read_entries(feed.body, 0)
    assert said.fits({one.id: one.digest for one in entries.entries})
    assert [one.id for one in entries.entries] == [offer["asset"]]
    assert entries.sequence == said.sequence
    one = await dsp(node, "GET", f"/catalog/datasets/{offer['asset'].replace('/', '%2F')}")
    assert manifest.digest(one.body) == entries.entries[0].digest


async def test_what_is_known_is_not_told_again(node: Node) -> None:
    await publish(node, count=3)
    first = await dsp(node, "GET", f"{ROOT}/manifest")
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await dsp(node, "GET", f"{ROOT}/manifest", if_none_match=known)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert (await dsp(node, "GET", f"{ROOT}/manifest", if_none_match='"x"')).status == 200
    await publish(node, "wells", count=3)
    assert (await dsp(node, "GET", f"{ROOT}/manifest", if_none_match=etag)).status == 200


async def test_what_is_offered_to_somebody_else_changes_nothing(node: Node) -> None:
    await publish(node, count=3)
    before = (await dsp(node, "GET", f"{ROOT}/manifest")).headers["etag"]
    await publish(node, "wells", count=3, assignee=OTHER)
    assert (await dsp(node, "GET", f"{ROOT}/manifest")).headers["etag"] == before
    entries = manifest.read_entries((await dsp(node, "GET", f"{ROOT}/entries", query="after=0")).body, 0)
    assert len(entries.entries) == 1
    theirs = manifest.read_entries((await dsp(node, "GET", f"{ROOT}/entries", caller=OTHER)).body, 0)
    assert len(theirs.entries) == 2


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=" + "9" * 40, "limit=x", "after=1.5", "after=٣"])
async def test_what_is_no_number_is_refused(node: Node, query: str) -> None:
    answer = await dsp(node, "GET", f"{ROOT}/entries", query=query)
    assert (answer.status, told(answer)["code"]) == (400, "catalog.cursor")


async def test_pages_of_the_feed_are_bounded_and_packed(node: Node) -> None:
    for name in ("a", "b", "c"):
        await publish(node, name, count=3)
    first = await dsp(node, "GET", f"{ROOT}/entries", query="after=0&limit=2", accept_encoding="gzip")
    assert first.headers["content-encoding"] == "gzip"
    entries = manifest.read_entries(gzip.decompress(first.body), 0)
    assert (len(entries.entries), entries.more) == (2, True)
    rest = await dsp(node, "GET", f"{ROOT}/entries", query=f"after={entries.sequence}&limit=0")
    assert not manifest.read_entries(rest.body, entries.sequence).more


@pytest.mark.parametrize(("method", "path"), [("GET", "manifest"), ("GET", "entries"), ("POST", "hint")])
async def test_nobody_is_let_in_who_is_not_proved_and_no_token_serves_twice(node: Node, method: str, path: str) -> None:
    body = b"{}" if method == "POST" else b""
    assert (await dsp(node, method, f"{ROOT}/{path}", body, caller=None)).status == 401
    assert (await dsp(node, method, f"{ROOT}/{path}", body, jti="once")).status in (200, 204)
    assert (await dsp(node, method, f"{ROOT}/{path}", body, jti="once")).status == 401
    assert (await dsp(node, "PUT", f"{ROOT}/{path}", b"{}")).status == 405


@pytest.mark.parametrize(("method", "path"), [("GET", "manifest"), ("GET", "entries"), ("POST", "hint")])
async def test_who_is_not_vouched_for_so_far_is_refused_and_it_is_noted(node: Node, method: str, path: str) -> None:
    def act(tx: Transaction) -> None:
        known = tx.get(Participant, PEER)
        assert known is not None
        vouch = Vouch(region="did:web:region.example", checked=0, until=FOREVER)
        tx.put(replace(known, pinned=False, vouch=vouch))

    await publish(node, count=3)
    await node.store.write(act)
    answer = await dsp(node, method, f"{ROOT}/{path}", b"{}" if method == "POST" else b"")
    assert (answer.status, told(answer)["code"]) == (403, "trust.scope_missing")
    assert ("refused", PEER) in await events(node)


async def test_only_what_tells_of_datasets_stands_in_the_audit(node: Node) -> None:
    await publish(node, count=3)
    for _ in range(3):
        await dsp(node, "GET", f"{ROOT}/manifest")
        await dsp(node, "POST", f"{ROOT}/hint", b"{}")
    assert ("catalog.read", PEER) not in await events(node)
    await dsp(node, "GET", f"{ROOT}/entries")
    assert [one for one in await events(node) if one[1] == PEER] == [("catalog.read", PEER)]


async def test_a_hint_is_passed_on(node: Node) -> None:
    heard: list[str] = []
    node.catalogs.hints.heard.append(heard.append)
    assert (await dsp(node, "POST", f"{ROOT}/hint", b"{}")).status == 204
    assert heard == [PEER]
