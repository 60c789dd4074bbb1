"""Every endpoint of the protocol on a real node: status, bodies, error forms, paging, tokens, what is kept."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from connector.errors import StoreError
from connector.http.dsp import NEGOTIATION_PATHS, TRANSFER_PATHS
from connector.http.exchange import Response
from connector.http.problems import UNKNOWN_PID
from connector.http.throttle import Throttle
from connector.node import Node
from connector.protocol import codec
from connector.protocol.messages import Catalog, CatalogError, ContractNegotiationError, TransferError
from connector.services.proof.heads import HeadOffer
from tests.connector.http.nodes import PEER, a_node, dsp, events, manage, message, publish, told

PID = "urn:uuid:018f0000-0000-7000-8000-000000000000"
THEIRS = "urn:uuid:018f0000-0000-7000-8000-00000000000a"
CALLBACK = "https://utility.example/dsp"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


def request(offer: dict[str, Any], **more: Any) -> bytes:
    target = {"target": offer["asset"]}
    asked = {**offer["document"], **target}
    return message("ContractRequestMessage", consumerPid=THEIRS, offer=asked, callbackAddress=CALLBACK, **more)


async def begun(node: Node) -> str:
    """A negotiation that waits for a person, and our pid of it."""
    body = {"asset": "trees", "policy": "trees", "outside": "ask"}
    await publish(node, purposes=["PublicBenefit"], count=1)
    offer = told(await manage(node, "POST", "/v1/offers", body))
    asked = dict(offer["document"])
    permission = dict(asked["permission"][0])
    permission["constraint"] = [one for one in permission["constraint"] if "count" not in str(one)]
    asked["permission"] = [permission]
    answer = await dsp(node, "POST", "/negotiations/request", request({**offer, "document": asked}))
    assert answer.status == 201, answer.body
    return str(told(answer)["providerPid"])


# --- open documents ---------------------------------------------------------------------------------------------------


async def test_the_version_document_and_the_did_are_open(node: Node) -> None:
    versions = told(await dsp(node, "GET", "//city/.well-known/dspace-version", caller=None))
    assert versions["protocolVersions"][0]["path"] == "/dsp/2025-1"
    assert versions["protocolVersions"][0]["version"] == "2025-1"
    assert "@context" not in versions
    document = told(await dsp(node, "GET", "//city/did.json", caller=None))
    assert document["id"] == node.did
    assert await events(node) == [("operator.added", "node")]


# --- who is calling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/catalog/request", "/negotiations/request", "/transfers/x/start", "/nowhere"])
async def test_without_a_token_401_and_no_audit_entry(node: Node, path: str) -> None:
    answer = await dsp(node, "POST", path, b"{}", caller=None)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert told(answer)["code"] == "token.refused"
    assert [event for event, actor in await events(node) if actor == PEER] == []
    assert 'code="token.missing",listener="public"} 1.0' in node.metrics.text().decode()


async def test_a_token_serves_once_whatever_came_of_the_request(node: Node) -> None:
    assert (await dsp(node, "POST", "/catalog/request", b"{", jti="one")).status == 400
    again = await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage"), jti="one")
    assert again.status == 401
    assert told(again)["code"] == "token.refused"
    assert (await dsp(node, "GET", "/elsewhere", jti="two")).status == 404
    assert (await dsp(node, "GET", "/elsewhere", jti="two")).status == 401


# --- the form of errors -----------------------------------------------------------------------------------------------

BAD: dict[str, tuple[bytes, str]] = {
    "no json": (b"{", "message.json"),
    "nothing": (b"", "message.json"),
    "not utf-8": (b'{"a":"\xff"}', "message.encoding"),
    "a list": (b"[]", "message.shape"),
    "twice": (b'{"a":1,"a":2}', "message.duplicate"),
    "deep": (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "message.depth"),
    "another message": (message("DatasetRequestMessage", dataset="x"), "message.type"),
}
PATHS = [
    "/catalog/request",
    *(f"/negotiations/{path.replace('{pid}', quote(PID, safe=''))}" for path in NEGOTIATION_PATHS),
    *(f"/transfers/{path.replace('{pid}', quote(PID, safe=''))}" for path in TRANSFER_PATHS),
]


def error(answer: Response, path: str) -> Any:
    """The error message, read strictly as the kind that belongs to the path."""
    if "/negotiations" in path:
        return codec.decode(answer.body, ContractNegotiationError)
    return codec.decode(answer.body, TransferError if "/transfers" in path else CatalogError)


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_400_in_the_protocols_form_and_is_kept(node: Node, name: str) -> None:
    body, code = BAD[name]
    for path in PATHS:
        answer = await dsp(node, "POST", path, body, content_type="application/json")
        assert answer.status == 400, path
        assert answer.headers["content-type"] == "application/json"
        assert error(answer, path).code == code, path
    assert (await events(node)).count(("refused", PEER)) == len(PATHS)


async def test_another_media_type_is_415(node: Node) -> None:
    for path in PATHS:
        answer = await dsp(node, "POST", path, b"{}", content_type="text/plain")
        assert answer.status == 415, path
        assert error(answer, path).code == "http.media_type"


async def test_an_error_names_the_pids_that_the_message_or_the_path_gives(node: Node) -> None:
    unread = error(await dsp(node, "POST", f"/negotiations/{PID}/termination", b"{"), "/negotiations")
    assert (unread.providerPid, unread.consumerPid) == (PID, UNKNOWN_PID)
    body = message("ContractNegotiationTerminationMessage", providerPid=PID, consumerPid=THEIRS)
    answer = await dsp(node, "POST", f"/negotiations/{PID}/termination", body)
    assert answer.status == 404
    read = error(answer, "/negotiations")
    assert (read.providerPid, read.consumerPid) == (PID, THEIRS)
    first = error(await dsp(node, "POST", "/transfers/request", b"null"), "/transfers")
    assert (first.providerPid, first.consumerPid) == (UNKNOWN_PID, UNKNOWN_PID)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/negotiations/" + PID, 404, "process.unknown"),
        ("GET", "/transfers/" + PID, 404, "process.unknown"),
        ("GET", "/catalog/datasets/urn%3Ax", 404, "dataset.unknown"),
        ("GET", "/negotiations", 404, "http.path"),
        ("GET", "/negotiations/", 404, "http.path"),
        ("POST", "/transfers/a/b/c", 404, "http.path"),
        ("GET", "/catalog/request", 405, "http.method"),
        ("DELETE", "/negotiations/x", 405, "http.method"),
        ("HEAD", "/transfers/x", 405, "http.method"),
        ("GET", "/negotiations/%ff", 400, "request.path"),
        ("GET", "/nowhere", 404, "http.path"),
    ],
)
async def test_what_is_not_there(node: Node, method: str, path: str, status: int, code: str) -> None:
    answer = await dsp(node, method, path)
    assert (answer.status, error(answer, path).code) == (status, code)
    if status == 405:
        assert answer.headers["allow"] in ("POST", "GET")


async def test_the_unexpected_is_a_500_without_text(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(node.negotiations, "state", broken)
    answer = await dsp(node, "GET", f"/negotiations/{PID}")
    assert answer.status == 500
    assert b"secret" not in answer.body
    read = error(answer, "/negotiations")
    assert read.code == "internal"
    assert read.reason[1]["params"]["correlation"]


async def test_of_our_own_trouble_a_peer_learns_only_that_there_is_some(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: Any) -> None:
        raise StoreError("store.damaged", file="/srv/private/state.db")

    monkeypatch.setattr(node.catalogs.own, "dataset", locked)
    answer = await dsp(node, "GET", "/catalog/datasets/x")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert error(answer, "/catalog").code == "unavailable"
    assert b"state.db" not in answer.body


# --- catalogue --------------------------------------------------------------------------------------------------------


async def test_catalog_and_dataset(node: Node) -> None:
    offer = await publish(node, count=3)
    answer = await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage"))
    assert answer.status == 200
    catalog = codec.decode(answer.body, Catalog)
    assert catalog.dataset is not msgspec.UNSET
    assert [one.id for one in catalog.dataset] == [offer["asset"]]
    one = await dsp(node, "GET", f"/catalog/datasets/{quote(offer['asset'], safe='')}")
    assert (one.status, told(one)["@id"]) == (200, offer["asset"])
    assert {("catalog.read", PEER), ("dataset.read", PEER)} <= set(await events(node))


async def test_a_filter_is_refused(node: Node) -> None:
    answer = await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage", filter=[{"a": "b"}]))
    assert (answer.status, error(answer, "/catalog").code) == (400, "catalog.filter")
    assert ("refused", PEER) in await events(node)


@pytest.mark.parametrize(
    ("accepted", "coded"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("gzip;q=0", False),
        ("br", False),
        ("*;q=0", False),
    ],
)
async def test_gzip_where_it_is_asked_for(node: Node, accepted: str, coded: bool) -> None:
    await publish(node, purposes=["PublicBenefit"])
    plain = await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage"))
    answer = await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage"), accept_encoding=accepted)
    assert ("content-encoding" in answer.headers) is coded
    assert answer.headers["vary"] == "Accept-Encoding"
    body = gzip.decompress(answer.body) if "content-encoding" in answer.headers else answer.body
    assert codec.decode(body, Catalog) == codec.decode(plain.body, Catalog)


LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')


async def test_pages_lead_forward_and_back(node: Node) -> None:
    node.dsp._page = 2
    names = [f"asset-{index}" for index in range(5)]
    for name in names:
        await publish(node, name)
    forward: list[list[str]] = []
    path, query = "/catalog/request", ""
    walked: list[tuple[str, dict[str, str]]] = []
    while True:
        answer = await dsp(node, "POST", path, message("CatalogRequestMessage"), query=query)
        forward.append([one["@id"].rpartition("/")[2] for one in told(answer).get("dataset", [])])
        found = {rel: target for target, rel in LINK.findall(answer.headers.get("link", ""))}
        walked.append((query, found))
        if "next" not in found:
            break
        full, _, query = found["next"].partition("?")
        assert full == "/city/dsp/2025-1/catalog/request"
    assert [name for page in forward for name in page] == names
    assert "previous" not in walked[0][1]
    back = walked[-1][1]["previous"].partition("?")[2]
    again = told(await dsp(node, "POST", path, message("CatalogRequestMessage"), query=back))
    assert [one["@id"].rpartition("/")[2] for one in again["dataset"]] == forward[-2]


@pytest.mark.parametrize("token", ["x", "!!!", "W10x", "e30", "WyJhIiwiYiJd", "a" * 8000])
async def test_a_broken_continuation_is_400(node: Node, token: str) -> None:
    answer = await dsp(
        node, "POST", "/catalog/request", message("CatalogRequestMessage"), query=f"continuationToken={token}"
    )
    assert (answer.status, error(answer, "/catalog").code) == (400, "catalog.cursor")


# --- processes --------------------------------------------------------------------------------------------------------


async def test_creation_is_201_and_what_follows_200(node: Node) -> None:
    pid = await begun(node)
    state = await dsp(node, "GET", f"/negotiations/{quote(pid, safe='')}")
    assert (state.status, told(state)["state"]) == (200, "REQUESTED")
    body = message("ContractNegotiationTerminationMessage", providerPid=pid, consumerPid=THEIRS)
    ended = await dsp(node, "POST", f"/negotiations/{quote(pid, safe='')}/termination", body)
    assert (ended.status, told(ended)["state"]) == (200, "TERMINATED")
    late = await dsp(node, "POST", f"/negotiations/{quote(pid, safe='')}/termination", body + b" ")
    assert late.status == 400
    assert error(late, "/negotiations").code == "transition.illegal"


async def test_another_peers_process_is_not_there(node: Node) -> None:
    pid = await begun(node)
    answer = await dsp(node, "GET", f"/negotiations/{quote(pid, safe='')}", caller="did:web:town.example")
    assert (answer.status, error(answer, "/negotiations").code) == (404, "process.unknown")


async def test_after_hands_messages_to_the_outbox(node: Node) -> None:
    offer = await publish(node)
    answer = await dsp(node, "POST", "/negotiations/request", request(offer))
    assert answer.status == 201
    assert node.outbox.standing() == []
    answer.after()
    assert [(one.peer, one.waiting) for one in node.outbox.standing()] == [(PEER, 1)]


async def test_a_counter_request_has_to_name_the_process(node: Node) -> None:
    pid = await begun(node)
    answer = await dsp(
        node,
        "POST",
        f"/negotiations/{quote(pid, safe='')}/request",
        message(
            "ContractRequestMessage",
            consumerPid=THEIRS,
            callbackAddress=CALLBACK,
            offer={"@id": "urn:x", "@type": "Offer", "target": "urn:y", "permission": [{"action": "use"}]},
        ),
    )
    assert (answer.status, error(answer, "/negotiations").code) == (400, "message.missing")


# --- how often --------------------------------------------------------------------------------------------------------


async def test_a_call_too_many_is_429_in_the_protocols_form_and_leaves_nothing(node: Node) -> None:
    node.dsp._throttle = Throttle(0.5, 2.0, node.clock.monotonic)
    before = len(await events(node))
    body = message("CatalogRequestMessage")
    for path in ("/catalog/request", "/catalog/request"):
        assert (await dsp(node, "POST", path, body)).status == 200
    for path in ("/catalog/request", "/negotiations/request", f"/transfers/{PID}/start"):
        answer = await dsp(node, "POST", path, body, jti="once")
        assert (answer.status, error(answer, path).code) == (429, "rate.exceeded")
        assert 1 <= int(answer.headers["retry-after"]) <= 3
    assert (await dsp(node, "GET", "//city/heads", jti="once")).headers["retry-after"]
    assert len(await events(node)) == before + 2
    assert (await dsp(node, "POST", "/catalog/request", body, caller="did:web:other.example")).status == 200
    node.dsp._throttle = Throttle(100.0, 100.0, node.clock.monotonic)
    assert (await dsp(node, "POST", "/catalog/request", body, jti="once")).status == 200, "the token serves again"


async def test_a_stranger_is_not_counted(node: Node) -> None:
    node.dsp._throttle = Throttle(0.5, 1.0, node.clock.monotonic)
    for _ in range(5):
        assert (await dsp(node, "GET", "/negotiations/x", caller=None)).status == 401
    assert (await dsp(node, "GET", "//city/heads")).status == 200


# --- tree heads -------------------------------------------------------------------------------------------------------


async def test_heads_are_served_and_their_errors_are_plain(node: Node) -> None:
    kept = await dsp(node, "GET", "//city/heads")
    assert (kept.status, told(kept)) == (200, {"size": 0, "note": ""})
    assert (await dsp(node, "POST", "//city/heads", b"{}")).status == 400
    refused = await dsp(node, "POST", "//city/heads", msgspec.json.encode(HeadOffer(note="none")))
    assert (refused.status, told(refused)["code"]) == (403, "head.no_key")
    assert (await dsp(node, "GET", "//city/heads", caller=None)).status == 401
