"""The management API on a real node: who may do what, bad input with its place, the endpoints one after the other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.http.exchange import Response
from connector.node import Node
from connector.protocol.messages import Catalog, DataService, Dataset, Distribution
from connector.records import Right
from connector.services.discovery import Page
from connector.services.operators import includes
from connector.store.sqlite import SqliteStore
from policies.model import Reason
from tests.connector.http.nodes import PEER, a_node, dsp, events, manage, message, publish, told

THEIR_DATA = "https://utility.example/datasets/load"
OFFER = {"@id": "urn:uuid:0f", "@type": "Offer", "permission": [{"action": "use"}]}


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def token_of(node: Node, role: Right) -> str:
    answer = await manage(node, "POST", "/v1/operators", {"name": f"the-{role}", "role": role})
    assert answer.status == 201
    return str(told(answer)["token"])


def offering(monkeypatch: pytest.MonkeyPatch, node: Node) -> None:
    """The peer has one dataset under one offer."""
    service = DataService(id="urn:x:service", endpointURL="https://utility.example/dsp")
    found = Dataset(
        id=THEIR_DATA,
        hasPolicy=(OFFER,),
        distribution=(Distribution(accessService=service, format="HttpData-PULL"),),
        title="Load",
    )

    async def dataset(peer: str, id: str) -> Dataset:
        assert (peer, id) == (PEER, THEIR_DATA)
        return found

    async def catalog(peer: str, after: str = "") -> Any:
        return Page(Catalog(id="urn:x", participantId=peer, dataset=(found,)), None)

    monkeypatch.setattr(node.discovery, "dataset", dataset)
    monkeypatch.setattr(node.discovery, "catalog", catalog)


# --- who may do what --------------------------------------------------------------------------------------------------

ROLES: dict[str, Right | None] = {
    "GET /health": None,
    "GET /ready": None,
    "GET /openapi.json": None,
    "GET /metrics": Right.AUDITOR,
    "GET /v1/status": Right.AUDITOR,
    "GET /v1/operators": Right.AUDITOR,
    "POST /v1/operators": Right.ADMIN,
    "DELETE /v1/operators/{name}": Right.ADMIN,
    "POST /v1/peers/look": Right.STEWARD,
    "GET /v1/peers": Right.AUDITOR,
    "POST /v1/peers": Right.ADMIN,
    "GET /v1/peers/{peer}": Right.AUDITOR,
    "DELETE /v1/peers/{peer}": Right.ADMIN,
    "POST /v1/peers/{peer}/keys": Right.ADMIN,
    "POST /v1/regions/{region}/keys": Right.ADMIN,
    "POST /v1/region/members/{member}/keys": Right.ADMIN,
    "GET /v1/barred": Right.AUDITOR,
    "GET /v1/trust/{party}": Right.AUDITOR,
    "POST /v1/regions/look": Right.STEWARD,
    "GET /v1/regions": Right.AUDITOR,
    "POST /v1/regions": Right.ADMIN,
    "GET /v1/regions/{region}": Right.AUDITOR,
    "GET /v1/regions/{region}/members": Right.AUDITOR,
    "DELETE /v1/regions/{region}": Right.ADMIN,
    "POST /v1/regions/join": Right.ADMIN,
    "GET /v1/region": Right.AUDITOR,
    "POST /v1/region/renew": Right.ADMIN,
    "GET /v1/region/invites": Right.AUDITOR,
    "POST /v1/region/invites": Right.ADMIN,
    "DELETE /v1/region/invites/{name}": Right.ADMIN,
    "GET /v1/region/members": Right.AUDITOR,
    "GET /v1/region/members/{member}": Right.AUDITOR,
    "POST /v1/region/members/{member}/suspend": Right.ADMIN,
    "POST /v1/region/members/{member}/restore": Right.ADMIN,
    "POST /v1/region/members/{member}/remove": Right.ADMIN,
    "POST /v1/region/members/{member}/stolen": Right.ADMIN,
    "GET /v1/region/members/{name}/compliance": Right.AUDITOR,
    "POST /v1/region/members/{name}/comply": Right.ADMIN,
    "GET /v1/region/credentials": Right.AUDITOR,
    "POST /v1/region/credentials/{credential}/revoke": Right.ADMIN,
    "GET /v1/region/vouches": Right.AUDITOR,
    "POST /v1/region/vouches": Right.ADMIN,
    "DELETE /v1/region/vouches/{region}": Right.ADMIN,
    "GET /v1/credentials": Right.AUDITOR,
    "GET /v1/credentials/{credential}": Right.AUDITOR,
    "GET /v1/credential-requests": Right.AUDITOR,
    "POST /v1/credential-requests": Right.ADMIN,
    "GET /v1/issuers/{issuer}/offers": Right.AUDITOR,
    "GET /v1/descriptions/own": Right.AUDITOR,
    "POST /v1/descriptions/own": Right.STEWARD,
    "GET /v1/descriptions": Right.AUDITOR,
    "POST /v1/descriptions/publish": Right.STEWARD,
    "POST /v1/descriptions/attest": Right.STEWARD,
    "POST /v1/descriptions/withdraw": Right.STEWARD,
    "POST /v1/descriptions/look": Right.STEWARD,
    "POST /v1/descriptions/older": Right.STEWARD,
    "GET /v1/successions": Right.AUDITOR,
    "POST /v1/successions": Right.ADMIN,
    "POST /v1/successions/take": Right.ADMIN,
    "POST /v1/successions/{peer}/agree": Right.APPROVER,
    "POST /v1/successions/{peer}/decline": Right.APPROVER,
    "GET /v1/source-kinds": Right.AUDITOR,
    "GET /v1/sources": Right.AUDITOR,
    "POST /v1/sources": Right.ADMIN,
    "GET /v1/sources/{name}": Right.AUDITOR,
    "POST /v1/sources/{name}/change": Right.ADMIN,
    "DELETE /v1/sources/{name}": Right.ADMIN,
    "POST /v1/sources/{name}/check": Right.STEWARD,
    "POST /v1/sources/{name}/assets": Right.STEWARD,
    "GET /v1/assets/{name}/rows": Right.STEWARD,
    "GET /v1/assets": Right.AUDITOR,
    "POST /v1/assets": Right.STEWARD,
    "GET /v1/assets/{name}": Right.AUDITOR,
    "DELETE /v1/assets/{name}": Right.STEWARD,
    "GET /v1/assets/{name}/portrait": Right.AUDITOR,
    "POST /v1/assets/{name}/portrait": Right.STEWARD,
    "DELETE /v1/assets/{name}/portrait": Right.STEWARD,
    "GET /v1/policies": Right.AUDITOR,
    "POST /v1/policies": Right.STEWARD,
    "GET /v1/policies/{name}": Right.AUDITOR,
    "GET /v1/policies/{name}/history": Right.AUDITOR,
    "GET /v1/policies/{name}/coverage": Right.AUDITOR,
    "POST /v1/policies/{name}/approve": Right.APPROVER,
    "POST /v1/policies/{name}/sign": Right.STEWARD,
    "POST /v1/policies/{name}/retire": Right.STEWARD,
    "GET /v1/statements": Right.AUDITOR,
    "POST /v1/statements": Right.STEWARD,
    "DELETE /v1/statements/{operand}": Right.STEWARD,
    "GET /v1/offers": Right.AUDITOR,
    "POST /v1/offers": Right.STEWARD,
    "GET /v1/frames": Right.AUDITOR,
    "POST /v1/frames": Right.ADMIN,
    "GET /v1/frames/{name}": Right.AUDITOR,
    "DELETE /v1/frames/{name}": Right.ADMIN,
    "GET /v1/offers/{id}": Right.AUDITOR,
    "DELETE /v1/offers/{id}": Right.STEWARD,
    "POST /v1/offers/{id}/send": Right.STEWARD,
    "GET /v1/search": Right.AUDITOR,
    "GET /v1/search/dataset": Right.AUDITOR,
    "GET /v1/search/saved": Right.AUDITOR,
    "POST /v1/search/saved": Right.STEWARD,
    "GET /v1/search/saved/{name}": Right.AUDITOR,
    "DELETE /v1/search/saved/{name}": Right.STEWARD,
    "GET /v1/catalog/quality": Right.AUDITOR,
    "GET /v1/catalog/quality/{asset}": Right.AUDITOR,
    "GET /v1/harvests": Right.AUDITOR,
    "POST /v1/harvests": Right.ADMIN,
    "POST /v1/harvests/{name}/run": Right.STEWARD,
    "DELETE /v1/harvests/{name}": Right.ADMIN,
    "POST /v1/imports": Right.STEWARD,
    "GET /v1/catalog-graph": Right.AUDITOR,
    "GET /v1/crawls": Right.AUDITOR,
    "POST /v1/crawls": Right.STEWARD,
    "GET /v1/catalog-places": Right.AUDITOR,
    "POST /v1/catalog-places": Right.STEWARD,
    "DELETE /v1/catalog-places/{name}": Right.STEWARD,
    "GET /v1/catalog/{peer}": Right.AUDITOR,
    "GET /v1/catalog/{peer}/{dataset}": Right.AUDITOR,
    "GET /v1/negotiations": Right.AUDITOR,
    "POST /v1/negotiations": Right.STEWARD,
    "GET /v1/negotiations/{pid}": Right.AUDITOR,
    "POST /v1/negotiations/{pid}/approve": Right.APPROVER,
    "POST /v1/negotiations/{pid}/counter": Right.APPROVER,
    "POST /v1/negotiations/{pid}/decline": Right.APPROVER,
    "GET /v1/contracts": Right.AUDITOR,
    "GET /v1/contracts/{id}": Right.AUDITOR,
    "GET /v1/contracts/{id}/data": Right.STEWARD,
    "GET /v1/contracts/{id}/data/outcome": Right.STEWARD,
    "GET /v1/contracts/{id}/received": Right.STEWARD,
    "GET /v1/contracts/{id}/live": Right.STEWARD,
    "GET /v1/subscriptions": Right.AUDITOR,
    "POST /v1/subscriptions": Right.STEWARD,
    "GET /v1/subscriptions/{id}": Right.AUDITOR,
    "POST /v1/subscriptions/{id}/pause": Right.STEWARD,
    "POST /v1/subscriptions/{id}/resume": Right.STEWARD,
    "DELETE /v1/subscriptions/{id}": Right.STEWARD,
    "POST /v1/contracts/{id}/end": Right.APPROVER,
    "POST /v1/contracts/{id}/consent": Right.APPROVER,
    "POST /v1/contracts/{id}/decline": Right.APPROVER,
    "POST /v1/contracts/{id}/hold": Right.APPROVER,
    "POST /v1/contracts/{id}/release": Right.APPROVER,
    "POST /v1/contracts/{id}/amend": Right.STEWARD,
    "GET /v1/transfers": Right.AUDITOR,
    "POST /v1/transfers": Right.STEWARD,
    "GET /v1/transfers/{pid}": Right.AUDITOR,
    "POST /v1/transfers/{pid}/suspend": Right.STEWARD,
    "POST /v1/transfers/{pid}/resume": Right.STEWARD,
    "POST /v1/transfers/{pid}/complete": Right.STEWARD,
    "POST /v1/transfers/{pid}/terminate": Right.STEWARD,
    "GET /v1/planes": Right.AUDITOR,
    "POST /v1/planes": Right.ADMIN,
    "GET /v1/planes/{name}": Right.AUDITOR,
    "DELETE /v1/planes/{name}": Right.ADMIN,
    "GET /v1/dataflows": Right.AUDITOR,
    "GET /v1/edge/devices": Right.AUDITOR,
    "POST /v1/edge/devices": Right.ADMIN,
    "GET /v1/edge/devices/{name}": Right.AUDITOR,
    "GET /v1/edge/readings": Right.AUDITOR,
    "POST /v1/edge/devices/{name}/update": Right.ADMIN,
    "POST /v1/edge/devices/{name}/collect": Right.STEWARD,
    "POST /v1/edge/devices/{name}/retire": Right.ADMIN,
    "POST /v1/edge/devices/{name}/assets": Right.STEWARD,
    "GET /v1/audit": Right.AUDITOR,
    "GET /v1/events": Right.AUDITOR,
    "GET /v1/contracts/{id}/evidence": Right.AUDITOR,
    "GET /v1/keys": Right.AUDITOR,
    "POST /v1/keys/{name}/rotate": Right.ADMIN,
    "POST /v1/peers/{peer}/reconcile": Right.STEWARD,
    "POST /v1/doctor": Right.STEWARD,
    "POST /v1/peers/{peer}/probe": Right.STEWARD,
    "GET /v1/audit/verify": Right.AUDITOR,
    "GET /v1/audit/export": Right.AUDITOR,
}


async def test_the_role_table(node: Node) -> None:
    assert {f"{one.method} {one.path}": one.right for one in node.management.endpoints} == ROLES


async def test_each_endpoint_takes_its_role_and_refuses_those_below(node: Node) -> None:
    tokens = {role: await token_of(node, role) for role in Right}
    await token_of_spare_admin(node)
    for line, needed in ROLES.items():
        method, path = line.split(" ")
        target = re.sub(r"\{\w+\}", "nothing-of-that-name", path)
        if needed is None:
            assert (await manage(node, method, target, token="")).status == 200
            continue
        assert (await manage(node, method, target, {}, token="")).status == 401
        for role, token in tokens.items():
            answer = await manage(node, method, target, {}, token=token)
            refused = answer.status == 403 and told(answer)["code"] == "role.missing"
            assert refused is not includes(role, needed), (line, role, answer.body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/subscriptions", {"contract": "x", "into": "https://elsewhere.example/rows"}),
        ("/v1/assets", {"name": "x", "title": "x", "description": "x", "kind": "proxy"}),
    ],
)
@pytest.mark.parametrize("name", ["token_file", "password_credential"])
async def test_who_names_a_secret_and_a_server_is_an_admin(node: Node, path: str, body: Any, name: str) -> None:
    steward, admin = await token_of(node, Right.STEWARD), await token_of(node, Right.ADMIN)
    for token, settings, refused in (
        (steward, {name: "/etc/cadastre"}, True),
        (steward, {"url": "https://x.example"}, False),
        (admin, {name: "/etc/cadastre"}, False),
    ):
        answer = await manage(node, "POST", path, {**body, "settings": settings}, token=token)
        assert (answer.status == 403 and told(answer)["code"] == "role.missing") is refused, answer.body


async def token_of_spare_admin(node: Node) -> None:
    await manage(node, "POST", "/v1/operators", {"name": "spare", "role": "admin"})


@pytest.mark.parametrize("token", ["wrong", "Bearer", "ä", " "])
async def test_an_unknown_credential_is_refused(node: Node, token: str) -> None:
    answer = await manage(node, "GET", "/v1/status", token=token)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert told(answer)["code"] in ("token.unknown", "token.missing")


async def test_a_removed_operator_is_out_at_once(node: Node) -> None:
    token = await token_of(node, Right.STEWARD)
    assert (await manage(node, "GET", "/v1/status", token=token)).status == 200
    assert (await manage(node, "DELETE", "/v1/operators/the-steward")).status == 200
    assert (await manage(node, "GET", "/v1/status", token=token)).status == 401


async def test_audit_entries_carry_the_operators_name(node: Node) -> None:
    token = await token_of(node, Right.STEWARD)
    body = {"name": "trees", "kind": "live"}
    assert (await manage(node, "POST", "/v1/assets", body, token=token)).status == 201
    assert ("asset.added", "the-steward") in await events(node)


# --- requests that are not well meant ---------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://"])
async def test_a_page_of_another_origin_is_refused(node: Node, origin: str) -> None:
    answer = await manage(node, "GET", "/health", origin=origin)
    assert (answer.status, told(answer)["code"]) == (403, "http.origin")


async def test_a_page_of_ours_is_not(node: Node) -> None:
    assert (await manage(node, "GET", "/health", origin="http://localhost:8181")).status == 200
    assert (await manage(node, "GET", "/health", origin="http://[::1]:8181")).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_that_a_form_could_send_is_refused(node: Node, kind: str) -> None:
    answer = await manage(node, "POST", "/v1/assets", {"name": "x", "kind": "live"}, content_type=kind)
    assert (answer.status, told(answer)["code"]) == (415, "http.media_type")


WRONG: dict[str, tuple[str, Any, str]] = {
    "no json": ("/v1/assets", b"{", "-"),
    "not utf-8": ("/v1/assets", b'{"name":"\xff"}', "-"),
    "a list": ("/v1/assets", [], "/"),
    "missing": ("/v1/assets", {"name": "x"}, "/"),
    "unknown": ("/v1/assets", {"name": "x", "kind": "live", "colour": "red"}, "/"),
    "another type": ("/v1/assets", {"name": 3, "kind": "live"}, "/name"),
    "a bad name": ("/v1/assets", {"name": "a/b", "kind": "live"}, "/name"),
    "a bad role": ("/v1/operators", {"name": "x", "role": "king"}, "/role"),
    "a bad address": ("/v1/peers/look", {"url": "file:///etc/passwd"}, "/url"),
    "deep": ("/v1/policies", {"name": "x", "terms": {"purposes": ["a", 3]}}, "/terms/purposes/1"),
    "a bad term": ("/v1/policies", {"name": "x", "terms": {"until": "tomorrow"}}, "/until"),
    "both": ("/v1/policies", {"name": "x", "terms": {}, "document": {}}, "-"),
    "neither": ("/v1/policies", {"name": "x"}, "-"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_bad_input_is_400_with_its_place_and_changes_nothing(node: Node, name: str) -> None:
    path, body, place = WRONG[name]
    answer = await manage(node, "POST", path, body)
    problem = told(answer)
    assert answer.status == 400, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["params"].get("place", "-") == place, problem
    assert problem["sentence"]
    assert await events(node) == [("operator.added", "node")]


@pytest.mark.parametrize(
    "target",
    ["/v1/assets?limit=0", "/v1/assets?limit=x", "/v1/assets?x=1", "/v1/status?x=1", "/v1/assets?limit=1&limit=2"],
)
async def test_bad_queries(node: Node, target: str) -> None:
    assert (await manage(node, "GET", target)).status == 400


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/assets/", 404),
        ("GET", "/v2/assets", 404),
        ("PUT", "/v1/assets", 405),
        ("GET", "/v1/assets/none", 404),
        ("GET", "/v1/peers/none", 404),
        ("GET", "/v1/negotiations/short", 400),
        ("GET", "/v1/negotiations/long-enough", 404),
        ("GET", "/v1/contracts/long-enough", 404),
        ("GET", "/v1/contracts/long-enough/data", 404),
        ("GET", "/v1/transfers/long-enough", 404),
        ("GET", "/v1/offers/long-enough", 404),
        ("DELETE", "/v1/operators/none", 404),
        ("DELETE", "/v1/operators/admin", 400),
    ],
)
async def test_what_is_not_there(node: Node, method: str, target: str, status: int) -> None:
    answer = await manage(node, method, target, {})
    assert answer.status == status, answer.body
    assert set(told(answer)) == {"status", "title", "code", "params", "sentence"}


async def test_sentences_in_the_readers_language(node: Node) -> None:
    german = told(await manage(node, "GET", "/v1/assets/none", accept_language="de-DE,de;q=0.9"))
    english = told(await manage(node, "GET", "/v1/assets/none"))
    assert german["sentence"] == "Ein Datenbestand „none“ ist nicht angelegt."
    assert english["sentence"] == 'There is no asset "none".'


async def test_the_unexpected_is_a_500_without_text(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(**_: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(node.offers, "assets", broken)
    answer = await manage(node, "GET", "/v1/assets")
    assert (answer.status, told(answer)["code"]) == (500, "internal")
    assert b"secret" not in answer.body


# --- the endpoints ----------------------------------------------------------------------------------------------------


async def test_health_and_readiness(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[Reason] = []
    monkeypatch.setattr(SqliteStore, "suspect", property(lambda store: wrong[0] if wrong else None))
    assert told(await manage(node, "GET", "/health", token=""))["status"] == "ok"
    wrong.append(Reason("store.closed"))
    health = await manage(node, "GET", "/health", token="", accept_language="de")
    assert (health.status, told(health)["status"]) == (200, "degraded")
    assert told(health)["checks"][0]["reason"]["sentence"] == "Der Knoten wird gerade beendet."
    assert (await manage(node, "GET", "/ready", token="")).status == 503


async def test_assets_policies_and_offers(node: Node) -> None:
    offer = await publish(node, count=3, purposes=["PublicBenefit"])
    assert offer["live"]
    assert len(offer["sentences"]) >= 3
    listed = told(await manage(node, "GET", "/v1/offers"))
    assert [one["id"] for one in listed["items"]] == [offer["id"]]
    assert listed["next"] is None
    assert told(await manage(node, "GET", f"/v1/offers/{offer['id'][-8:]}"))["id"] == offer["id"]
    assert (await manage(node, "DELETE", "/v1/assets/trees")).status == 400
    assert told(await manage(node, "DELETE", f"/v1/offers/{offer['id']}"))["live"] is False
    gone = await manage(node, "DELETE", "/v1/assets/trees")
    assert (gone.status, gone.body) == (204, b"")
    document = told(await manage(node, "GET", "/v1/policies/trees"))["document"]
    second = told(await manage(node, "POST", "/v1/policies", {"name": "trees", "document": document}))
    assert (second["id"], second["version"]) == ("trees@2", 2)


async def test_pages_of_a_list(node: Node) -> None:
    for index in range(5):
        await manage(node, "POST", "/v1/assets", {"name": f"a{index}", "kind": "live"})
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = told(await manage(node, "GET", f"/v1/assets?limit=2&after={after}"))
        found += [one["name"] for one in page["items"]]
        after = page["next"]
    assert found == [f"a{index}" for index in range(5)]


async def test_a_peers_catalogue(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, node)
    page = told(await manage(node, "GET", "/v1/catalog/utility"))
    assert [one["id"] for one in page["items"]] == [THEIR_DATA]
    assert page["items"][0]["offers"][0]["sentences"]
    one = told(await manage(node, "GET", "/v1/catalog/utility/https%3A%2F%2Futility.example%2Fdatasets%2Fload"))
    assert (one["title"], one["formats"]) == ("Load", ["HttpData-PULL"])


async def test_a_negotiation_from_the_consumers_side(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, node)
    body = {"peer": "utility", "dataset": THEIR_DATA, "terms": {"count": 3}}
    begun = told(await manage(node, "POST", "/v1/negotiations", body))
    assert (begun["role"], begun["state"], begun["pending"]) == ("consumer", None, "request")
    assert begun["peer_name"] == "utility"
    tail = begun["id"][-8:]
    assert told(await manage(node, "GET", f"/v1/negotiations/{tail}"))["id"] == begun["id"]
    accepted = await manage(node, "POST", f"/v1/negotiations/{tail}/approve", {})
    assert (accepted.status, told(accepted)["code"]) == (400, "approval.nothing")
    ended = told(await manage(node, "POST", f"/v1/negotiations/{tail}/decline", {"reason": "a slip"}))
    assert ended["ending"]["sentence"] == "Ended by a person: a slip"
    assert [one["id"] for one in told(await manage(node, "GET", "/v1/negotiations?peer=utility"))["items"]] == [
        begun["id"]
    ]
    assert told(await manage(node, "GET", "/v1/negotiations?role=provider"))["items"] == []


async def test_a_negotiation_from_the_providers_side_waits_for_a_person(node: Node) -> None:
    offer = await asked_outside(node)
    listed = told(await manage(node, "GET", "/v1/negotiations?state=REQUESTED"))["items"]
    assert len(listed) == 1
    pid = listed[0]["id"]
    assert listed[0]["offered"]["@id"] == offer["id"]
    assert [one["reason"]["code"] for one in listed[0]["differences"]] == ["beyond.count"]
    assert told(await manage(node, "GET", "/v1/status"))["counts"]["waiting_for_you"] == 1
    countered = told(await manage(node, "POST", f"/v1/negotiations/{pid}/counter", {"terms": {"count": 5}}))
    assert countered["pending"] == "offer"
    assert countered["differences"], offer


async def asked_outside(node: Node) -> Any:
    await publish(node, count=2)
    offer = told(await manage(node, "POST", "/v1/offers", {"asset": "trees", "policy": "trees", "outside": "ask"}))
    asked = {**offer["document"], "permission": [{"action": "use"}], "target": offer["asset"]}
    sent = message(
        "ContractRequestMessage", consumerPid="urn:x:1", offer=asked, callbackAddress="https://utility.example/dsp"
    )
    answer = await dsp(node, "POST", "/negotiations/request", sent)
    assert answer.status == 201, answer.body
    return offer


async def test_a_long_poll_returns_when_something_moves_and_when_time_is_up(node: Node) -> None:
    await asked_outside(node)
    one = told(await manage(node, "GET", "/v1/negotiations"))["items"][0]
    target = f"/v1/negotiations/{one['id']}?version={one['version']}"
    assert told(await manage(node, "GET", target + "&wait=0.05"))["version"] == one["version"]
    polling = asyncio.create_task(manage(node, "GET", target + "&wait=30"))
    await asyncio.sleep(0.02)
    assert not polling.done()
    await manage(node, "POST", f"/v1/negotiations/{one['id']}/approve", {})
    async with asyncio.timeout(5):
        assert told(await polling)["version"] > one["version"]


async def test_an_offer_is_sent_unasked(node: Node) -> None:
    offer = await publish(node)
    begun = told(await manage(node, "POST", f"/v1/offers/{offer['id']}/send", {"peer": PEER}))
    assert (begun["role"], begun["pending"], begun["dataset"]) == ("provider", "offer", offer["asset"])


async def test_operators(node: Node) -> None:
    issued = told(await manage(node, "POST", "/v1/operators", {"name": "maria", "role": "auditor"}))
    assert len(issued["token"]) >= 32
    assert (await manage(node, "POST", "/v1/operators", {"name": "maria", "role": "auditor"})).status == 400
    listed = await manage(node, "GET", "/v1/operators")
    assert [one["name"] for one in told(listed)["items"]] == ["admin", "maria"]
    assert issued["token"].encode() not in listed.body
    assert b"hash" not in listed.body


async def test_peers(node: Node) -> None:
    listed = told(await manage(node, "GET", "/v1/peers"))["items"]
    assert [one["name"] for one in listed] == ["utility"]
    assert told(await manage(node, "GET", "/v1/peers/did%3Aweb%3Autility.example"))["name"] == "utility"
    assert (await manage(node, "DELETE", "/v1/peers/utility")).status == 200
    assert (await manage(node, "GET", "/v1/peers/utility")).status == 404


async def whole(answer: Response) -> bytes:
    assert answer.chunks is not None
    return b"".join([piece async for piece in answer.chunks])


async def test_audit(node: Node) -> None:
    await publish(node)
    page = told(await manage(node, "GET", "/v1/audit?limit=2"))
    assert [one["index"] for one in page["items"]] == [0, 1]
    after = told(await manage(node, "GET", f"/v1/audit?after={page['next']}"))
    assert after["items"][0]["index"] == 2
    export = await manage(node, "GET", "/v1/audit/export")
    lines = [msgspec.json.decode(line) for line in (await whole(export)).splitlines()]
    assert [line["index"] for line in lines[:-1]] == list(range(len(lines) - 1))
    assert "head" in lines[-1]
    verdict = told(await manage(node, "GET", "/v1/audit/verify"))
    assert (verdict["ok"], verdict["entries"]) == (True, len(lines) - 1)


async def test_status_tells_what_waits(node: Node) -> None:
    offer = await publish(node)
    await manage(node, "POST", f"/v1/offers/{offer['id']}/send", {"peer": "utility"})
    status = told(await manage(node, "GET", "/v1/status"))
    assert status["id"] == node.did
    assert status["counts"] == {
        "peers": 1,
        "assets": 1,
        "offers": 1,
        "negotiations": 1,
        "contracts": 0,
        "transfers": 0,
        "waiting_for_you": 0,
    }
    assert [(one["name"], one["waiting"]) for one in status["outbox"]] == [("utility", 1)]


@pytest.mark.parametrize("path", ["/v1/negotiations", "/v1/transfers"])
async def test_a_state_that_there_is_not_is_refused_with_the_choices(node: Node, path: str) -> None:
    for query, choice in (("state=FOO", "TERMINATED"), ("role=boss", "provider")):
        answer = await manage(node, "GET", f"{path}?{query}")
        assert (answer.status, told(answer)["code"]) == (400, "input.choice")
        assert choice in told(answer)["sentence"]
        assert "FOO" not in told(answer)["sentence"]
    assert (await manage(node, "GET", f"{path}?state=terminated&role=provider")).status == 200
