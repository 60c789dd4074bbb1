"""Tests of connector.identity.resolver: when documents are fetched, on virtual time; and that the guard stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from certs import did, keys
from certs.did import DidError
from connector.errors import BusyError, DeliveryError
from connector.http.client import HttpPeer
from connector.identity.resolver import Limits, Resolver
from connector.system import SystemClock
from tests.harness.virtual import VirtualClock, run
from tests.ports.documents import DocumentsContract

CITY = "did:web:city.example"
KEYS, OTHERS = keys.generate(), keys.generate()
LIMITS = Limits(fresh=300, stale=3_600, missing=15, again=30, deadline=10, parallel=2, waiting=3, most=5)


def document(host: str = "city.example", own: keys.NodeKeys = KEYS) -> bytes:
    url = f"https://{host}"
    return json.dumps(did.document(url, url + "/dsp", {"token": own.token_jwk, "audit": own.audit_jwk})).encode()


class Web:
    """Serves what it is told to, and remembers who has asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Exception] = {"https://city.example/.well-known/did.json": document()}
        self.asked: list[tuple[str, bool]] = []
        self.seconds = 0.0
        self.at_once = self.most = 0

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        self.asked.append((url, private))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        page = self.pages.get(url, DeliveryError("peer.unreachable"))
        if isinstance(page, Exception):
            raise page
        return page

    def city(self, page: bytes | Exception) -> None:
        self.pages["https://city.example/.well-known/did.json"] = page


Act = Callable[[Web, Resolver], Awaitable[None]]


def world(act: Act, **options: Any) -> Web:
    """Run `act` on virtual time."""
    web = Web()

    async def main() -> None:
        resolver = Resolver(web, VirtualClock(), limits=options.pop("limits", LIMITS), **options)
        await act(web, resolver)
        await resolver.close()

    run(main)
    return web


@pytest.fixture
def library() -> SimpleNamespace:
    web = Web()
    return SimpleNamespace(documents=Resolver(web, SystemClock()), there=CITY, asked=lambda: len(web.asked))


class TestResolver(DocumentsContract):
    """The contract, over a web of one page."""


async def wrong(call: Awaitable[Any]) -> str:
    """The code with which a call fails."""
    with pytest.raises((DidError, DeliveryError, BusyError)) as caught:
        await call
    return caught.value.code if isinstance(caught.value, DidError) else caught.value.reason.code


def test_a_document_is_used_again_until_it_is_old() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        first = await resolver.document(CITY)
        assert first.tokens == (CITY + "#token",)
        assert first.body == document()
        await asyncio.sleep(299)
        assert await resolver.document(CITY) is first
        await asyncio.sleep(1)
        await resolver.document(CITY)

    assert world(act).asked == [("https://city.example/.well-known/did.json", False)] * 2


def test_all_who_ask_at_once_share_one_fetch() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.seconds = 1
        found = await asyncio.gather(*(resolver.document(CITY) for _ in range(1000)))
        assert len({id(one) for one in found}) == 1

    assert len(world(act).asked) == 1


def test_whoever_goes_away_takes_the_answer_from_nobody() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.seconds = 1
        leaving, staying = (asyncio.create_task(resolver.document(CITY)) for _ in range(2))
        await asyncio.sleep(0.5)
        leaving.cancel()
        assert (await staying).id == CITY

    assert len(world(act).asked) == 1


def test_a_document_serves_on_while_it_cannot_be_had_and_then_no_more() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        await resolver.document(CITY)
        web.city(DeliveryError("peer.timeout"))
        await asyncio.sleep(3_000)
        assert (await resolver.document(CITY)).id == CITY
        await asyncio.sleep(899)
        assert (await resolver.document(CITY)).id == CITY
        await asyncio.sleep(1)
        assert await wrong(resolver.document(CITY)) == "peer.timeout"
        web.city(document())
        await asyncio.sleep(15)
        assert (await resolver.document(CITY)).id == CITY

    world(act)


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (json.dumps({"id": "did:web:other.example"}).encode(), "did.other"),
        (json.dumps({"id": CITY, "verificationMethod": []}).encode(), "did.no_key"),
        (DeliveryError("peer.status", status="410"), "peer.status"),
    ],
)
def test_an_answer_that_ends_a_document_counts_at_once(page: bytes | Exception, code: str) -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        await resolver.document(CITY)
        web.city(page)
        await asyncio.sleep(300)
        assert await wrong(resolver.document(CITY)) == code

    world(act)


@pytest.mark.parametrize("page", [b"<html>hotel</html>", b"[]", DeliveryError("peer.status", status="502")])
def test_what_is_no_document_ends_none(page: bytes | Exception) -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        await resolver.document(CITY)
        web.city(page)
        await asyncio.sleep(300)
        assert (await resolver.document(CITY)).id == CITY

    world(act)


def test_a_failure_is_remembered_for_a_while() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.city(DeliveryError("peer.tls"))
        for _ in range(10):
            assert await wrong(resolver.document(CITY)) == "peer.tls"
        assert len(web.asked) == 1
        await asyncio.sleep(15)
        assert await wrong(resolver.document(CITY)) == "peer.tls"

    assert len(world(act).asked) == 2


def test_unknown_keys_make_it_fetch_once_in_a_while() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        await resolver.document(CITY)
        await asyncio.sleep(60)
        for number in range(500):
            await resolver.document(CITY, lacking=f"{CITY}#{number}")
        assert len(web.asked) == 2
        await asyncio.sleep(30)
        await asyncio.gather(*(resolver.document(CITY, lacking=f"{CITY}#{number}") for number in range(500)))
        assert len(web.asked) == 3
        await asyncio.sleep(30)
        assert (await resolver.document(CITY, lacking=f"{CITY}#token")).id == CITY
        assert len(web.asked) == 3, "it has this one"

    world(act)


def test_a_key_that_was_added_is_found_at_once() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        await resolver.document(CITY)
        await asyncio.sleep(31)
        web.city(document(own=OTHERS))
        assert (await resolver.document(CITY, fresh=True)).keys[CITY + "#token"] == OTHERS.token_jwk

    assert len(world(act).asked) == 2


def test_few_are_fetched_at_once_and_a_storm_is_refused() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.seconds = 1
        asked = [resolver.document(f"did:web:h{number}.example") for number in range(1000)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, BusyError) for one in found) == 995
        assert sum(isinstance(one, DeliveryError) for one in found) == 5
        assert len(resolver._kept) == 5

    web = world(act)
    assert (len(web.asked), web.most) == (5, 2)


def test_little_is_kept_however_many_are_asked_for() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        for number in range(50):
            web.pages[f"https://h{number}.example/.well-known/did.json"] = document(f"h{number}.example")
            await resolver.document(f"did:web:h{number}.example")
            assert resolver._bytes == sum(len(one.document.body) for one in resolver._kept.values() if one.document)
        assert list(resolver._kept) == [f"did:web:h{number}.example" for number in (48, 49)]

    world(act, limits=Limits(most_bytes=2 * len(document("h99.example"))))


def test_a_slow_server_is_given_up() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.seconds = 3_600
        assert await wrong(resolver.document(CITY)) == "peer.timeout"
        assert asyncio.get_running_loop().time() == 10

    world(act)


@pytest.mark.parametrize("name", ["did:key:z6Mk", "did:jwk:eyJ9", "https://city.example", "", "did:web:"])
def test_nothing_but_a_did_web_is_looked_up(name: str) -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        assert await wrong(resolver.document(name)) in ("did.method", "did.form")

    assert not world(act, lab=True).asked


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3%3A8180", "a.localhost"])
def test_loopback_is_for_laboratories(host: str) -> None:
    async def refused(web: Web, resolver: Resolver) -> None:
        assert await wrong(resolver.document("did:web:" + host)) == "peer.address_refused"

    async def asked(web: Web, resolver: Resolver) -> None:
        assert await wrong(resolver.document("did:web:" + host)) == "peer.unreachable"

    assert not world(refused).asked
    where = f"http://{host.replace('%3A', ':')}/.well-known/did.json"
    assert world(asked, lab=True).asked == [(where, True)]


@pytest.mark.parametrize("addresses", [["10.0.0.7"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["::1"]])
async def test_the_address_is_judged_after_the_name_was_resolved(addresses: Sequence[str]) -> None:
    looked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[str]:
        looked.append(host)
        return addresses

    client = HttpPeer(lookup=lookup)
    resolver = Resolver(client, VirtualClock(), lab=True)
    assert await wrong(resolver.document(CITY)) == "peer.address_refused"
    assert looked == ["city.example"]
    await resolver.close()
    await client.close()


def test_who_may_go_inside_does_not_wait_for_a_refusal_of_before() -> None:
    async def act(web: Web, resolver: Resolver) -> None:
        web.city(DeliveryError("peer.address_refused"))
        with pytest.raises(DeliveryError):
            await resolver.document(CITY)
        web.city(document())
        with pytest.raises(DeliveryError):
            await resolver.document(CITY)
        assert (await resolver.document(CITY, private=True)).keys

    assert [private for _, private in world(act).asked] == [False, True]
