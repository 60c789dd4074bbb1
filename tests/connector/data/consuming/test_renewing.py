"""Access tokens that end, between two whole nodes: the consumer renews, the provider lets no old one live."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec.structs import replace

from connector.data.tokens import Generation
from connector.errors import DeliveryError
from connector.node import Node
from connector.ports import Reply
from connector.protocol.transfer import Transfer
from connector.records import Endpoint, TokenUse, Written
from connector.services.formats import HTTP_PULL, PULL_PROFILE
from tests.connector.data.consuming.test_fetching import DATA, contract, fetch, pair, whole
from tests.connector.http.nodes import manage, told

__all__ = ["pair"]
STORM = 200


async def started(utility: Node, id: str) -> tuple[Transfer, Endpoint, dict[str, str]]:
    """A transfer of the utility's with the address that it has."""
    assert await whole(await fetch(utility, id, range="bytes=0-9")) == DATA[:10]
    [moved] = await utility.store.read(lambda view: view.select(Transfer))
    return moved, *(await held(utility, moved.id))


async def held(utility: Node, pid: str) -> tuple[Endpoint, dict[str, str]]:
    endpoint = await utility.store.read(lambda view: view.get(Endpoint, pid))
    assert endpoint is not None
    opened = utility.keys.sealer().open(endpoint.secret, pid.encode())
    return endpoint, msgspec.json.decode(opened, type=dict[str, str])


async def ask(
    consumer: Node, provider: Node, said: dict[str, str], *, token: str = "", audience: str = "", **form: str
) -> Reply:
    """A renewal request as it goes over the wire."""
    authorization = await consumer.trust.identity.introduce(
        audience or provider.did, grant=token or said["authorization"]
    )
    body = urlencode({"grant_type": "refresh_token", "refresh_token": said["refreshToken"], **form})
    return await consumer.client.send(
        "POST",
        said["refreshEndpoint"],
        authorization=authorization,
        body=body.encode(),
        private=True,
        fields={"Content-Type": "application/x-www-form-urlencoded"},
    )


async def events(node: Node, event: str) -> list[Written]:
    kept = await node.store.read(lambda view: view.log(limit=10_000))
    found = [msgspec.json.decode(entry.body, type=Written) for entry in kept]
    return [one for one in found if one.event == event]


async def get(city: Node, endpoint: Endpoint, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    stream = await city.client.open(endpoint.url, headers=headers, private=True, method="HEAD")
    await stream.close()
    return stream.status


async def test_the_address_is_the_profiles_and_its_names_are(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    moved, endpoint, said = await started(utility, await contract(utility))
    assert (moved.format, endpoint.kind) == (PULL_PROFILE, PULL_PROFILE)
    assert said.keys() == {"authorization", "authType", "refreshToken", "expiresIn", "refreshEndpoint"}
    assert (said["authType"], said["expiresIn"]) == ("bearer", "3600")
    assert said["refreshEndpoint"].startswith(f"{city.config.public_url}/tokens/")
    assert endpoint.expires > utility.clock.now()
    shown = told(await manage(utility, "GET", f"/v1/transfers/{moved.id}"))["flow"]
    assert (shown["kind"], shown["access"], shown["expires"]) == ("pull", "renewed", endpoint.expires)


async def test_a_renewal_on_the_wire(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    moved, endpoint, said = await started(utility, await contract(utility))
    first = await ask(utility, city, said)
    again = await ask(utility, city, said)
    assert first.status == again.status == 200, first.body
    assert first.headers["cache-control"] == "no-store"
    one, other = (msgspec.json.decode(reply.body) for reply in (first, again))
    assert (one["access_token"], one["refresh_token"]) == (other["access_token"], other["refresh_token"])
    assert one["token_type"] == "Bearer"
    assert 0 < one["expires_in"] <= 3600
    assert one["access_token"] != said["authorization"]
    assert await get(city, endpoint, said["authorization"]) == 200, "the old one is good until the new one is used"
    assert await get(city, endpoint, one["access_token"]) == 200
    assert await get(city, endpoint, said["authorization"]) == 401
    late = await ask(utility, city, said)
    assert (late.status, msgspec.json.decode(late.body)) == (400, {"error": "invalid_grant"})
    assert await events(city, "token.renewed")
    assert (await events(city, "token.not_renewed"))[-1].params["reason"] == "token.replaced"
    assert told(await manage(city, "GET", "/v1/audit/verify"))["ok"]
    assert moved.peer == city.did


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"refresh_token": "never-issued"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"token": "nothing"}, 400, "invalid_grant"),
        ({"audience": "did:web:somebody.example"}, 401, "invalid_client"),
    ],
)
async def test_what_is_wrong_is_said_in_oauths_words(
    pair: tuple[Node, Node], change: dict[str, str], status: int, error: str
) -> None:
    city, utility = pair
    _, _, said = await started(utility, await contract(utility))
    reply = await ask(utility, city, said, **change)
    assert (reply.status, msgspec.json.decode(reply.body)) == (status, {"error": error})
    assert (await ask(utility, city, said)).status == 200, "nothing was changed by it"


async def test_somebody_else_cannot_renew_and_a_proof_is_good_once(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    _, endpoint, said = await started(utility, await contract(utility))
    thief = await ask(city, city, said)  # It holds the pair, and keys of its own.
    assert (thief.status, msgspec.json.decode(thief.body)["error"]) == (400, "invalid_grant")
    authorization = await utility.trust.identity.introduce(city.did, grant=said["authorization"])
    form = urlencode({"grant_type": "refresh_token", "refresh_token": said["refreshToken"]}).encode()
    found = [
        (
            await city.client.send(
                "POST", said["refreshEndpoint"], authorization=authorization, body=form, private=True,
                fields={"Content-Type": "application/x-www-form-urlencoded"},
            )
        ).status
        for _ in range(2)
    ]  # fmt: skip
    assert found == [200, 401]
    assert await get(city, endpoint, "") == 401


async def test_the_consumer_renews_before_the_end_and_after_a_401(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    id = await contract(utility)
    moved, endpoint, said = await started(utility, id)
    # Before its end: the one that is here is about to end.
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=utility.clock.now() + 1_000_000)))
    assert await utility.fetching._renewing.token(moved.id) != said["authorization"]
    endpoint, fresh = await held(utility, moved.id)
    assert fresh["authorization"] != said["authorization"]
    assert endpoint.expires > utility.clock.now() + 3_000_000_000
    # After a 401: somebody has used a later one, which never arrived here.
    used = Generation(int(fresh["authorization"].split(".")[0]), 1)
    lost = city.gate.tokens.access(moved.peer_pid, used, city.gate.tokens.ending())
    assert fresh["authorization"] == lost
    city.gate.tokens.life = 0.0
    expired = city.gate.tokens.access(moved.peer_pid, used, city.clock.now() - 1_000_000)
    kept = utility.keys.sealer().seal(msgspec.json.encode({**fresh, "authorization": expired}), moved.id.encode())
    await utility.store.write(lambda tx: tx.put(replace(endpoint, secret=kept)))
    city.gate.tokens.life = 3600.0
    assert await whole(await fetch(utility, id)) == DATA
    assert len(await events(utility, "token.renewed")) == 2


async def test_ten_at_once_renew_once(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    moved, endpoint, _ = await started(utility, await contract(utility))
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=utility.clock.now() + 1_000_000)))
    got = await asyncio.gather(*(utility.fetching._renewing.token(moved.id) for _ in range(10)))
    assert len(set(got)) == 1
    assert len(await events(city, "token.renewed")) == 1


async def test_an_answer_that_is_lost_locks_nobody_out(pair: tuple[Node, Node], monkeypatch: Any) -> None:
    """The provider has renewed, the consumer never hears of it, and asks again; meanwhile the old one is good."""
    city, utility = pair
    id = await contract(utility)
    moved, endpoint, _said = await started(utility, id)
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=utility.clock.now() + 1_000_000)))
    send, lost = utility.client.send, list[int]()

    async def losing(*args: Any, **named: Any) -> Reply:
        reply = await send(*args, **named)
        lost.append(reply.status)
        raise DeliveryError("peer.disconnected")

    monkeypatch.setattr(utility.client, "send", losing)
    assert await utility.fetching._renewing.token(moved.id) == _said["authorization"]
    assert lost == [200]
    monkeypatch.setattr(utility.client, "send", send)
    assert await whole(await fetch(utility, id, range="bytes=0-4")) == DATA[:5]
    assert len(await events(city, "token.renewed")) == 2
    used = await city.store.read(lambda view: view.get(TokenUse, moved.peer_pid))
    assert used is not None
    assert used.renewal == 1


@pytest.mark.parametrize("left", [1_000_000, 0])
async def test_a_proof_that_is_not_taken_is_no_word_on_the_token(pair: tuple[Node, Node], left: int) -> None:
    """A clock is minutes off: nothing was said about the refresh token. While the access token is good it is used."""
    _, utility = pair
    moved, endpoint, said = await started(utility, await contract(utility))
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=utility.clock.now() + left * 60)))
    identity = utility.trust.identity
    real = identity.introduce

    async def wrong(peer: str, token: str) -> str:
        return f"{await real(peer, grant=token)}x"

    renewing = utility.fetching._renewing
    renewing._introduce = wrong
    if left:
        assert await renewing.token(moved.id) == said["authorization"]
    else:
        with pytest.raises(DeliveryError, match=r"peer\.token_refused"):
            await renewing.token(moved.id)
    assert (await held(utility, moved.id))[1] == said


async def test_an_answer_that_is_lost_twice_renews_once(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    _, endpoint, said = await started(utility, await contract(utility))
    answers = [msgspec.json.decode((await ask(utility, city, said)).body) for _ in range(3)]
    assert len({one["access_token"] for one in answers}) == len({one["refresh_token"] for one in answers}) == 1
    assert await get(city, endpoint, answers[0]["access_token"]) == 200


async def test_a_start_that_comes_during_a_renewal_is_not_overwritten(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, utility = pair
    moved, endpoint, _ = await started(utility, await contract(utility))
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=utility.clock.now() + 1_000_000)))
    renewing = utility.fetching._renewing
    fresh = replace(endpoint, url=f"{endpoint.url}/elsewhere", expires=utility.clock.now() + 3_600_000_000)
    real = renewing._ask

    async def meanwhile(*given: Any) -> Reply:
        reply = await real(*given)
        await utility.store.write(lambda tx: tx.put(fresh))
        return reply

    monkeypatch.setattr(renewing, "_ask", meanwhile)
    await renewing.token(moved.id)
    assert (await held(utility, moved.id))[0] == fresh


async def test_two_hundred_transfers_renew_at_once(pair: tuple[Node, Node]) -> None:
    """Each once, and all of them get their next pair."""
    city, utility = pair
    id = await contract(utility)
    asked = [await utility.transfers.request("mayor", id, format=PULL_PROFILE) for _ in range(STORM)]
    for one in asked:
        await stands(utility, one.id, "STARTED")
    before = [(await held(utility, one.id))[1]["authorization"] for one in asked]
    got = await asyncio.gather(
        *(utility.fetching._renewing.token(one.id, token) for one, token in zip(asked, before, strict=True))
    )
    assert not set(got) & set(before)
    assert len(set(got)) == len(await events(city, "token.renewed")) == STORM


async def test_a_transfer_that_is_over_renews_nothing(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    moved, _, said = await started(utility, await contract(utility))
    assert (await manage(utility, "POST", f"/v1/transfers/{moved.id}/complete", {})).status == 200
    async with asyncio.timeout(20):
        while (one := told(await manage(utility, "GET", f"/v1/transfers/{moved.id}")))["state"] != "COMPLETED":
            await manage(utility, "GET", f"/v1/transfers/{moved.id}?wait=5&version={one['version']}")
    reply = await ask(utility, city, said)
    assert (reply.status, msgspec.json.decode(reply.body)) == (400, {"error": "invalid_grant"})


async def test_another_grant_key_ends_what_is_out_and_another_transfer_follows(pair: tuple[Node, Node]) -> None:
    city, utility = pair
    id = await contract(utility)
    moved, _, _ = await started(utility, id)
    assert (await manage(city, "POST", "/v1/keys/grant/rotate", {})).status in (200, 201)
    answer = await fetch(utility, id)
    assert answer.status == 200, answer.body
    assert await whole(answer) == DATA
    assert answer.headers["allmende-transfer"] != moved.id


async def test_who_names_the_older_format_gets_a_token_that_lasts(pair: tuple[Node, Node], monkeypatch: Any) -> None:
    _, utility = pair
    id = await contract(utility)

    async def older(peer: str, dataset: str) -> tuple[str, ...]:
        return (HTTP_PULL,)

    monkeypatch.setattr(utility.fetching, "_offered", older)
    moved, endpoint, said = await started(utility, id)
    assert (moved.format, endpoint.expires) == (HTTP_PULL, 0)
    assert "refreshToken" not in said


class Ahead:
    """A clock that goes before another one, in seconds."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def now(self) -> int:
        return int(self._clock.now()) + round(self._seconds * 1_000_000)


async def test_a_token_that_ends_in_mid_stream(pair: tuple[Node, Node], tmp_path: Path) -> None:
    """What began with a good token is finished; the next request with it is refused, and our consumer renews."""
    city, utility = pair
    large = DATA * 80
    (tmp_path / "trees.csv").write_bytes(large)
    id = await contract(utility)
    answer = await fetch(utility, id)
    assert answer.status == 200
    assert answer.chunks is not None
    first = await anext(answer.chunks)
    [moved] = await utility.store.read(lambda view: view.select(Transfer))
    endpoint, said = await held(utility, moved.id)
    city.gate.tokens._clock = Ahead(city.clock, 4000)  # type: ignore[assignment]
    rest = [piece async for piece in answer.chunks]
    assert first + b"".join(rest) == large
    stream = await city.client.open(
        endpoint.url, headers={"Authorization": f"Bearer {said['authorization']}"}, private=True
    )
    assert stream.status == 401
    told_why = msgspec.json.decode(b"".join([piece async for piece in stream.chunks()]))
    assert told_why["code"] == "token.expired"
    assert await whole(await fetch(utility, id, range="bytes=0-9")) == large[:10]
    assert (await held(utility, moved.id))[1]["authorization"] != said["authorization"]


@pytest.mark.parametrize("who", ["consumer", "provider"])
async def test_a_suspension_that_outlives_the_token_costs_nothing(pair: tuple[Node, Node], who: str) -> None:
    """Taken up again, the pair that is here still opens the same transfer; the use goes on where it was."""
    city, utility = pair
    id = await contract(utility)
    moved, endpoint, _ = await started(utility, id)
    node, pid = (utility, moved.id) if who == "consumer" else (city, moved.peer_pid)
    assert (await manage(node, "POST", f"/v1/transfers/{pid}/suspend", {"reason": "noon"})).status == 200
    await stands(utility, moved.id, "SUSPENDED")
    refused = await fetch(utility, id)
    assert (refused.status, told(refused)["code"]) == (403, "transfer.suspended")
    # Days later, to the token.
    await utility.store.write(lambda tx: tx.put(replace(endpoint, expires=1)))
    city.gate.tokens._clock = Ahead(city.clock, 4000)  # type: ignore[assignment]
    assert (await manage(node, "POST", f"/v1/transfers/{pid}/resume", {})).status == 200
    await stands(utility, moved.id, "STARTED")
    await stands(city, moved.peer_pid, "STARTED")
    city.gate.tokens._clock = city.clock
    etag = (await fetch(utility, id, range="bytes=0-4")).headers["etag"]
    assert etag
    # Whoever resumes: the provider says anew where the data are to be had, with a pair of its own.
    assert not await events(city, "token.renewed")
    [only] = await utility.store.read(lambda view: view.select(Transfer))
    assert only.id == moved.id


async def stands(node: Node, pid: str, state: str) -> None:
    """Wait until a transfer stands so, with nothing under way."""
    async with asyncio.timeout(20):
        one = told(await manage(node, "GET", f"/v1/transfers/{pid}"))
        while one["state"] != state or one["pending"]:
            one = told(await manage(node, "GET", f"/v1/transfers/{pid}?wait=5&version={one['version']}"))
