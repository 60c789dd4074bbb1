"""Behind nginx and Caddy with the printed configurations: everything that two nodes do with each other, and forgery."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
import pytest

from connector.http.exchange import Request, Response
from connector.node import Node
from connector.protocol.negotiation import Negotiation
from tests.connector.http.nodes import manage, told
from tests.connector.proxy.fronted import (
    befriended,
    content,
    contract,
    fronted,
    grant,
    request,
    said,
    shared,
    status,
    trusting,
)
from tests.harness.authority import Authority
from tests.harness.front import needs

BODY = os.urandom(3 << 20)
PAIRS = [("nginx", "/stadt", "caddy", ""), ("caddy", "/stadt/daten", "nginx", "")]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(part.strip("/") or "root" for part in pair))
async def pair(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority
) -> AsyncIterator[tuple[Node, Node]]:
    """A city that shares a file, and a utility; each behind its own web server, with a path and without."""
    front, prefix, other_front, other_prefix = request.param
    needs("nginx")
    needs("caddy")
    (tmp_path / "trees.bin").write_bytes(BODY)
    async with (
        fronted(tmp_path / "city", front, prefix, authority) as city,
        fronted(tmp_path / "utility", other_front, other_prefix, authority) as utility,
    ):
        await befriended(city, utility, "utility")
        await befriended(utility, city, "city")
        await shared(city, "trees", "file", {"path": str(tmp_path / "trees.bin")})
        yield city, utility


async def fetch(consumer: Node, agreement: str, **headers: str) -> Response:
    token = (consumer.config.directory / "token").read_text().strip()
    named = {"authorization": f"Bearer {token}", **headers}
    path = f"/v1/contracts/{quote(agreement, safe='')}/data"
    return await consumer.management.handle(Request("GET", path, "", named, b""))


async def whole(answer: Response) -> bytes:
    assert answer.chunks is not None, answer.body
    return b"".join([piece async for piece in answer.chunks])


async def test_the_whole_walk(pair: tuple[Node, Node]) -> None:
    """Catalogue, one dataset by its encoded IRI, negotiation, data, ranges, suspension; both logs verify."""
    city, utility = pair
    agreement = await contract(utility, "city", "trees")
    assert await whole(await fetch(utility, agreement)) == BODY
    part = await fetch(utility, agreement, range="bytes=1000-1999999")
    assert (part.status, part.headers["content-range"]) == (206, f"bytes 1000-1999999/{len(BODY)}")
    assert await whole(part) == BODY[1000:2_000_000]
    listed = told(await manage(city, "GET", "/v1/transfers"))["items"]
    assert (await manage(city, "POST", f"/v1/transfers/{listed[0]['id']}/suspend", {"reason": "r"})).status == 200
    assert (await fetch(utility, agreement)).status == 403
    for one in pair:
        assert told(await manage(one, "GET", "/v1/audit/verify"))["ok"]


async def test_paths_arrive_as_they_were_sent(pair: tuple[Node, Node], authority: Authority) -> None:
    """Encoded slashes and colons stay within their segment, in members too; codings and entity tags are the node's."""
    city, utility = pair
    there = await grant(utility, await contract(utility, "city", "trees"))
    assert quote(city.config.public_url, safe="") not in there.url
    headers = {"Authorization": there.authorization, "Accept-Encoding": "gzip, zstd"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(authority))) as session:
        async with session.head(there.url, headers=headers) as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(BODY)))
            etag = answer.headers["ETag"]
        async with session.get(there.url, headers={**headers, "If-None-Match": etag}) as answer:
            assert answer.status == 304
        async with session.get(there.url, headers={**headers, "Range": "bytes=7-9", "If-Range": etag}) as answer:
            assert (answer.status, await answer.read()) == (206, BODY[7:10])
    for tail, code in (("/a%2Fb", 404), ("//a", 404), ("/%2e%2e/x", 400), ("/%00", 400)):
        line = request(there.url + tail, f"Authorization: {there.authorization}")
        found = status(await said(there.url, authority, line))
        assert found == code or found == 404, tail


async def test_nothing_that_is_forged_stands_in_an_address(
    pair: tuple[Node, Node], authority: Authority, tmp_path: Path
) -> None:
    city, utility = pair
    root = city.config.public_url
    forged = [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Prefix: /evil",
        "X-Forwarded-Port: 666",
        "X-Original-URL: /evil.example",
        "X-Rewrite-URL: /evil.example",
        'Forwarded: host="evil.example";proto=http',
    ]
    document = "/did.json" if city.dsp._prefix else "/.well-known/did.json"
    for tail in (document, "/.well-known/dspace-version"):
        honest = await said(root, authority, request(root + tail))
        false = await said(root, authority, request(root + tail, *forged))
        assert status(honest) == status(false) == 200
        assert content(false) == content(honest)
        assert b"evil" not in false
        elsewhere = await said(root, authority, request(root + tail, "Host: evil.example"))
        assert status(elsewhere) == 421
        assert b"evil" not in elsewhere
    token = await utility.identity.token(city.did)
    body = msgspec.json.encode({"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                                "@type": "CatalogRequestMessage"})  # fmt: skip
    lines = (f"Authorization: {token}", "Content-Type: application/json", *forged)
    answer = await said(root, authority, request(f"{city.base}/catalog/request", *lines, method="POST", body=body))
    assert status(answer) == 200
    assert root.encode() in answer
    assert b"evil" not in answer
    agreement = await contract(utility, "city", "trees")
    assert (await grant(utility, agreement)).url.startswith(f"{root}/data/")
    for one, other in ((city, utility), (utility, city)):
        (kept,) = await one.store.read(lambda view: view.select(Negotiation))
        assert kept.callback == other.base or kept.callback.startswith(other.config.public_url)


async def test_only_the_node_is_reached(pair: tuple[Node, Node], authority: Authority) -> None:
    """Not its management API, by any path or name, and nothing else of the host."""
    for made in pair:
        root = made.config.public_url
        origin = root.removesuffix(made.dsp._prefix)
        prefix = made.dsp._prefix
        token = (made.config.directory / "token").read_text().strip()
        for target in ("/v1/status", f"{prefix}/v1/status", f"{prefix}/health", "/metrics", f"{prefix}/../v1/status",
                       f"{prefix}/%2e%2e/v1/status", f"{prefix}//v1/status", "/"):  # fmt: skip
            for host in ("", f"Host: 127.0.0.1:{made.management_listener.port}"):
                lines = [f"Authorization: Bearer {token}", *([host] if host else [])]
                answer = await said(origin, authority, request(origin, *lines, target=target))
                # The root leads people to what the node shows to everybody.
                shown = target == "/" and status(answer) == 303 and answer.lower().find(b"/dcat\r\n") > 0
                assert shown or status(answer) in (400, 401, 404, 421), (target, host, answer)
                assert b'"messages"' not in answer
        if prefix:
            for target in (prefix, "/", "/other", f"{prefix}x/did.json"):
                assert status(await said(origin, authority, request(origin, target=target))) == 404, target
