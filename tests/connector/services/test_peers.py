"""Tests of connector.services.peers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs import did, keys, words
from certs.keys import NodeKeys
from connector.errors import DeliveryError, InputError, UnknownError
from connector.records import Barred, Participant, Region
from connector.services.peers import Peers
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock

URL = "https://utility.example"
DID = "did:web:utility.example"
KEYS, OTHER = keys.generate(), keys.generate()
WORDS = words.fingerprint(KEYS.thumbprints)
VERSIONS = {"protocolVersions": [{"version": "2025-1", "path": "/dsp/2025-1", "binding": "HTTPS"}]}


class Web:
    """A Fetch from memory: pages of nodes, all of them reachable."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.private: list[bool] = []

    def node(self, url: str, own: NodeKeys, versions: Any = VERSIONS) -> None:
        document = did.document(url, url + "/dsp/2025-1", own.published())
        self.pages[did.document_url(url)] = json.dumps(document).encode()
        self.pages[url + "/.well-known/dspace-version"] = json.dumps(versions).encode()

    async def fetch(self, url: str, *, private: bool = False, limit: int = did.MAX_DOCUMENT) -> bytes:
        self.private.append(private)
        if url not in self.pages:
            raise DeliveryError("peer.status", status="404")
        return self.pages[url]


@pytest.fixture
def web() -> Web:
    found = Web()
    found.node(URL, KEYS)
    return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "state.db", clock=SystemClock(), sign_head=lambda *_: "", threaded=False)
    yield opened
    await opened.close()


class Told:
    """Counts how often the identity was told to forget."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def peers(store: SqliteStore, web: Web, told: Told) -> Peers:
    return Peers(store=store, fetch=web, clock=SystemClock(), own="did:web:city.example", changed=lambda _did: told())


async def entries(store: SqliteStore) -> list[dict[str, Any]]:
    """What the audit says, oldest first."""
    return [msgspec.json.decode(logged.body) for logged in await store.read(lambda view: view.log())]


async def refused(call: Any) -> tuple[str, dict[str, str]]:
    with pytest.raises(InputError) as caught:
        await call
    return caught.value.reason.code, dict(caught.value.reason.params)


async def test_looking_finds_who_is_there_and_keeps_nothing(peers: Peers, store: SqliteStore, web: Web) -> None:
    seen = await peers.look("https://Utility.example/", private=True)
    assert (seen.did, seen.words, seen.url, seen.base) == (DID, WORDS, URL, URL + "/dsp/2025-1")
    assert set(seen.keys) == {DID + "#token", DID + "#audit"}
    assert seen.tokens == (DID + "#token",)
    assert web.private == [True, True]
    assert await peers.list() == []
    assert await entries(store) == []


async def test_adding_pins_what_was_seen(peers: Peers, store: SqliteStore, told: Told) -> None:
    spelled = WORDS.upper().replace("-", " ")
    added = await peers.add("anna", URL, "utility", words=spelled, private=True, facts={"urn:x": ("a",)})
    assert added == await peers.get("utility") == await peers.get(DID)
    assert await peers.list() == [added]
    assert (added.keys[DID + "#token"], added.tokens) == (KEYS.token_jwk, (DID + "#token",))
    assert (added.words, added.added_by, added.private, dict(added.facts)) == (WORDS, "anna", True, {"urn:x": ("a",)})
    assert told.times == 1
    (entry,) = await entries(store)
    assert "peer.added" in str(entry)
    for part in ("anna", DID, "utility", WORDS, "'compared': 'yes'"):
        assert part in str(entry)


async def test_trust_without_comparing_is_on_record(peers: Peers, store: SqliteStore) -> None:
    await peers.add("anna", URL, "utility")
    assert "'compared': 'no'" in str(await entries(store))


async def test_other_words_are_refused(peers: Peers, store: SqliteStore, told: Told) -> None:
    other = words.fingerprint(OTHER.thumbprints)
    code, params = await refused(peers.add("anna", URL, "utility", words=other))
    assert (code, params["told"], params["found"]) == ("peer.words", other, WORDS)
    code, params = await refused(peers.add("anna", URL, "utility", words="lusab quick"))
    assert (code, params) == ("peer.words_form", {"word": "quick"})
    assert (await peers.list(), told.times) == ([], 0)


async def test_a_pin_is_never_moved(peers: Peers, web: Web, told: Told) -> None:
    """Other keys at the same DID: refused with both fingerprints until the peer is removed."""
    before = await peers.add("anna", URL, "utility")
    assert (await refused(peers.add("anna", URL, "again")))[0] == "peer.exists"
    web.node(URL, OTHER)
    found = words.fingerprint(OTHER.thumbprints)
    code, params = await refused(peers.add("anna", URL, "utility", words=found))
    assert (code, params) == (
        "peer.keys_changed",
        {"peer": DID, "name": "utility", "pinned": WORDS, "found": found},
    )
    assert await peers.get(DID) == before
    await peers.remove("anna", "utility")
    assert (await peers.add("anna", URL, "utility", words=found)).words == found
    assert told.times == 3


async def test_names_are_taken_once(peers: Peers, web: Web) -> None:
    await peers.add("anna", URL, "utility")
    web.node("https://town.example", OTHER)
    assert await refused(peers.add("anna", "https://town.example", "utility")) == (
        "peer.name_taken",
        {"name": "utility"},
    )


@pytest.mark.parametrize("name", ["", "Utility", "a b", "-a", "a-", "ü", "a" * 64, "did:web:x", "a/b", "a\n", "a."])
async def test_names_are_short_and_plain(peers: Peers, web: Web, name: str) -> None:
    assert (await refused(peers.add("anna", URL, name)))[0] == "peer.name"
    assert web.private == [], "nobody is asked"


async def test_a_node_is_no_peer_of_itself(peers: Peers, web: Web) -> None:
    web.node("https://city.example", OTHER)
    assert (await refused(peers.add("anna", "https://city.example", "me")))[0] == "peer.self"


@pytest.mark.parametrize("removed_by", ["utility", DID])
async def test_removing_unpins(peers: Peers, store: SqliteStore, told: Told, removed_by: str) -> None:
    await peers.add("anna", URL, "utility")
    assert (await peers.remove("bert", removed_by)).id == DID
    assert told.times == 2
    assert await peers.list() == []
    entry = str((await entries(store))[-1])
    assert all(part in entry for part in ("peer.removed", "bert", DID, "utility"))
    for call in (peers.get("utility"), peers.get(DID), peers.remove("bert", "utility")):
        with pytest.raises(UnknownError):
            await call


async def test_lists_are_paged(peers: Peers, web: Web) -> None:
    for name in ("a", "b", "c"):
        web.node(f"https://{name}.example", keys.generate())
        await peers.add("anna", f"https://{name}.example", name)
    first = await peers.list(limit=2)
    rest = await peers.list(after=first[-1].id, limit=2)
    assert [peer.name for peer in first + rest] == ["a", "b", "c"]
    assert all(isinstance(peer, Participant) for peer in first)


@pytest.mark.parametrize(
    "url", ["", "utility.example", "file:///x", "https://u@utility.example", "https://10.0.0.1", URL + "?x"]
)
async def test_other_urls_are_refused_before_anybody_is_asked(peers: Peers, web: Web, url: str) -> None:
    assert (await refused(peers.look(url)))[0] == "peer.url"
    assert web.private == []


async def test_nobody_there_is_said_so(peers: Peers) -> None:
    with pytest.raises(DeliveryError):
        await peers.look("https://nobody.example")


async def test_a_document_that_proves_nothing_is_refused(peers: Peers, web: Web) -> None:
    web.pages[did.document_url(URL)] = web.pages[did.document_url(URL)].replace(b"utility", b"other")
    code, params = await refused(peers.look(URL))
    assert (code, params) == ("peer.document", {"url": URL, "why": "did.other"})


def offers(**change: Any) -> dict[str, Any]:
    return {"protocolVersions": [VERSIONS["protocolVersions"][0] | change]}


@pytest.mark.parametrize(
    "versions",
    [
        {},
        [],
        {"protocolVersions": []},
        offers(version="2024-1"),
        offers(binding="GRPC"),
        offers(path="dsp"),
        offers(path="/../admin"),
        offers(path="//evil.example"),
        offers(path="/dsp?x"),
        offers(path="/dsp#x"),
        offers(path="@evil.example/"),
        offers(path=".evil.example/"),
        offers(path=":80/"),
        offers(path="/%2e%2e/"),
        offers(path=7),
    ],
)
async def test_without_our_version_below_the_root_there_is_no_peer(peers: Peers, web: Web, versions: Any) -> None:
    web.node(URL, KEYS, versions)
    assert await refused(peers.look(URL)) == ("peer.version", {"url": URL, "want": "2025-1"})


@pytest.mark.parametrize(("path", "base"), [("", ""), ("/", ""), ("/dsp/", "/dsp"), ("/a/b.c/2025-1", "/a/b.c/2025-1")])
async def test_our_version_is_found_among_others(peers: Peers, web: Web, path: str, base: str) -> None:
    other = {"version": "2024-1", "path": "/old", "binding": "HTTPS", "serviceId": "x"}
    web.node(URL, KEYS, {"protocolVersions": [other, *offers(path=path)["protocolVersions"]]})
    assert (await peers.look(URL)).base == URL + base


async def test_a_node_below_a_path_is_found(peers: Peers, web: Web) -> None:
    web.node("https://city-hall.example/node", OTHER)
    seen = await peers.look("https://city-hall.example/node/")
    assert (seen.did, seen.base) == (
        "did:web:city-hall.example:node",
        "https://city-hall.example/node/dsp/2025-1",
    )


def believed() -> Region:
    """Some region."""
    return Region(
        id="did:web:region.example", name="r", title="R", url="https://region.example", words="", added=0, added_by="x"
    )


async def test_without_regions_whoever_is_removed_is_a_stranger_and_no_more(peers: Peers, store: SqliteStore) -> None:
    await peers.add("anna", URL, "utility")
    await peers.remove("bert", "utility")
    assert (await peers.barred(), await peers.keeps_out(URL)) == ([], False)


async def test_where_regions_are_believed_whoever_is_removed_stays_out_until_it_is_added(
    peers: Peers, store: SqliteStore
) -> None:
    added = await peers.add("anna", URL, "utility")
    await store.write(lambda tx: tx.put(believed()))
    await peers.remove("bert", "utility")
    (out,) = await peers.barred()
    assert (out.id, out.name, out.url, out.by, out.tokens) == (DID, "utility", URL, "bert", added.tokens)
    assert out.keys == added.keys
    assert await peers.keeps_out(URL + "/")
    await peers.add("anna", URL, "utility", words=WORDS)
    assert (await peers.barred(), await peers.keeps_out(URL)) == ([], False)
    events = [part for one in await entries(store) for part in ("peer.barred", "peer.let_in") if part in str(one)]
    assert events == ["peer.barred", "peer.let_in"]


async def test_whoever_is_kept_out_stays_so_where_nobody_vouches_after_all(peers: Peers, store: SqliteStore) -> None:
    await peers.add("anna", URL, "utility")
    await store.write(lambda tx: tx.put(believed()))
    await peers.remove("bert", "utility")
    assert (await refused(peers.add("anna", URL, "utility", pin=False)))[0] == "peer.not_vouched"
    assert await store.read(lambda view: view.get(Barred, DID)) is not None
    assert await peers.list() == []
