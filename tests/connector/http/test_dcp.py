"""Endpoints of the Decentralized Claims Protocol: nobody is answered who is not proved, and nothing is given away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.http.exchange import Response
from connector.http.problems import HttpError
from connector.protocol import dcp
from tests.connector.services.region.test_issuing import Scene, within
from tests.connector.services.trust.parties import MEMBERSHIP

PATHS = {
    "/dcp/presentations/query": "POST",
    "/dcp/credentials": "POST",
    "/dcp/offers": "POST",
    "/issuer/credentials": "POST",
    "/issuer/requests/urn:uuid:1": "GET",
}
OPEN = ("/issuer/metadata", f"/issuer/schemas/{MEMBERSHIP}", "/status/0", "/status/0/suspension", "/status/0/2021")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def ask(scene: Scene, path: str, authorization: str | None, body: bytes = b"{}") -> Response:
    """The region's answer."""
    headers = {} if authorization is None else {"authorization": authorization}
    return await scene.region.asked(PATHS[path], path, headers, body)


def told(answer: Response) -> Any:
    """The body of an error, which says a code and nothing else."""
    body = json.loads(answer.body)
    assert set(body) <= {"code", "place"}
    assert answer.headers["cache-control"] == "no-store"
    return body["code"]


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_proved_is_told_only_that(folder: Path, path: str) -> None:
    async def test(scene: Scene) -> None:
        good = scene.nord.token(scene.region.did)
        for authorization in (
            None,
            "",
            good.removeprefix("Bearer "),
            good[:-4] + "AAAA",
            scene.nord.token("did:web:x"),
        ):
            answer = await ask(scene, path, authorization)
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert told(answer) == "token.refused"

    within(folder, test)


@pytest.mark.parametrize("path", [path for path, method in PATHS.items() if method == "POST"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"type": 1}', b"\xff", b"[" * 10_000])
def test_a_body_that_is_no_message_is_refused_with_its_place(folder: Path, path: str, body: bytes) -> None:
    async def test(scene: Scene) -> None:
        answer = await ask(scene, path, scene.nord.token(scene.region.did), body)
        assert answer.status == 400
        assert told(answer).startswith("message.")

    within(folder, test)


@pytest.mark.parametrize("path", OPEN)
def test_what_everybody_may_know_needs_no_proof(folder: Path, path: str) -> None:
    async def test(scene: Scene) -> None:
        assert (await scene.region.asked("GET", path, {})).status == 200
        with pytest.raises(HttpError) as caught:
            await scene.region.asked("POST", path, {})
        assert caught.value.status == 405

    within(folder, test)


def test_a_party_that_keeps_no_region_issues_nothing(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(AssertionError):
            await scene.nord.asked("GET", "/issuer/metadata", {})

    within(folder, test)


def test_the_metadata_say_everything_that_the_specification_asks_for(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        found = json.loads((await scene.region.asked("GET", "/issuer/metadata", {})).body)
        assert found["issuer"] == scene.region.did
        assert found["@context"] == [dcp.CONTEXT]
        for one in found["credentialsSupported"]:
            assert set(one) == {
                *("id", "type", "credentialType", "credentialSchema"),
                *("offerReason", "bindingMethods", "profile", "issuancePolicy"),
            }
        assert {one["profile"] for one in found["credentialsSupported"]} == set(dcp.PROFILES)

    within(folder, test)


def test_a_request_is_answered_with_where_its_status_is(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        body = json.dumps(scene.request("urn:uuid:x")).encode()
        answer = await ask(scene, "/issuer/credentials", scene.nord.token(scene.region.did), body)
        assert answer.status == 201
        assert answer.headers["location"].startswith(f"{scene.region.url}/issuer/requests/urn:uuid:")

    within(folder, test)


def test_who_asks_too_much_is_told_when_to_come_again(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await scene.region.issuing.close()  # nothing is delivered any more
        answers = []
        for number in range(9):
            body = json.dumps(scene.request(f"urn:uuid:{number}")).encode()
            answers.append(await ask(scene, "/issuer/credentials", scene.nord.token(scene.region.did), body))
        assert answers[-1].status == 429
        assert answers[-1].headers["retry-after"] == "60"
        await scene.region.issuing.start()

    within(folder, test)
