"""Signing what goes out: over which address, with which fields, and on the wire of the real client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web

from certs import did, jwk, keys, signatures
from certs.signatures import Covered
from connector.errors import DeliveryError
from connector.http.client import HttpPeer
from connector.http.signing import SigningPeer, origin, target
from connector.identity.pinned import PinnedIdentity
from connector.store.sqlite import SqliteStore
from connector.system import SystemClock, SystemIds

CITY = "did:web:city.example"
KEYS = keys.generate()
KNOWN = {did.token_key(CITY): jwk.of(KEYS.token.public_key())}

ADDRESSES: Mapping[str, str] = {
    "https://city.example/a": "https://city.example/a",
    "https://city.example:443/a": "https://city.example/a",
    "http://127.0.0.1:80/a": "http://127.0.0.1/a",
    "https://city.example:8443/a": "https://city.example:8443/a",
    "https://city.example:80/a": "https://city.example:80/a",
    "https://city.example": "https://city.example/",
    "https://city.example/a?b=c&d=%20": "https://city.example/a?b=c&d=%20",
    "https://city.example/urn%3Auuid%3A1/%2F/x": "https://city.example/urn%3Auuid%3A1/%2F/x",
    "http://[::1]:80/a": "http://[::1]/a",
    "http://[::1]:8080/a": "http://[::1]:8080/a",
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_the_address_is_that_which_the_receiver_makes(url: str) -> None:
    assert target(url) == ADDRESSES[url]


@pytest.mark.parametrize(
    ("public_url", "before"),
    [
        ("https://city.example", "https://city.example"),
        ("https://city.example:443/data/", "https://city.example"),
        ("http://127.0.0.1:8180/city", "http://127.0.0.1:8180"),
    ],
)
def test_what_comes_before_the_path_is_the_nodes_own(public_url: str, before: str) -> None:
    assert origin(public_url) == before


@pytest.mark.parametrize("url", ["ftp://city.example/", "https://a@city.example/", "https://city.example/#x", "x"])
async def test_no_address_is_signed_that_would_not_be_asked(url: str, peer: SigningPeer) -> None:
    with pytest.raises(DeliveryError, match=r"peer\.url"):
        await peer.send("POST", url, authorization="Bearer a.b.c", body=b"{}")


@pytest.fixture
async def peer(tmp_path: Path) -> SigningPeer:
    store = SqliteStore.open(tmp_path / "state.db", clock=SystemClock(), sign_head=lambda *_: "", threaded=False)
    identity = PinnedIdentity(store=store, clock=SystemClock(), ids=SystemIds(), own=CITY, keys=KEYS)
    return SigningPeer(HttpPeer(deadline=5), identity)


async def test_what_arrives_is_signed_over_what_arrives(peer: SigningPeer) -> None:
    came: list[tuple[str, str, Mapping[str, str], bytes]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        came.append((request.method, request.raw_path, request.headers, await request.read()))
        return web.Response()

    runner = web.ServerRunner(web.Server(take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    for method, body in (("POST", b'{"a":"\xc3\xa4"}'), ("GET", None)):
        reply = await peer.send(
            method, root + "/x/urn%3Auuid%3A1?q=%20", authorization="Bearer a.b.c", body=body, private=True
        )
        method_, path, headers, read = came.pop()
        covered = Covered(method_, root + path, headers["Authorization"], read)
        assert signatures.verify(headers, covered, KNOWN).keyid == did.token_key(CITY)
        assert ("Content-Digest" in headers) == (body is not None)
        assert dict(reply.signed) == {name: headers[name] for name in reply.signed}
        assert set(reply.signed) >= {"authorization", "signature", "signature-input"}
    reply = await peer.send("GET", root + "/x", private=True)
    assert not reply.signed
    assert "Signature" not in came.pop()[2], "what carries no token says nothing in our name"
    await runner.cleanup()
