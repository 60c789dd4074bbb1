"""S15 to S17: a message token is good once, by issuer and id, across restarts; a flood makes none forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.protocol.negotiation import Negotiation
from tests.hostile.actors import BASE, message
from tests.hostile.trust.conftest import Names
from tests.hostile.trust.world import Holder, Scene, number, scene

CALLERS = ("pinned", "stranger")


async def caller(world: Scene, kind: str) -> Holder:
    """Somebody whom the node would serve."""
    if kind == "pinned":
        trent = world.holder("trent.example")
        await world.pin(trent)
        return trent
    return world.mallory


@pytest.mark.parametrize("kind", CALLERS)
async def test_S15_again(world: Scene, kind: str) -> None:
    who = await caller(world, kind)
    token = who.token()
    assert (await world.ask(token)).status == 200
    before = await world.state()
    for path in ("/catalog/request", "/negotiations/request", "/catalog/request"):
        assert (await world.ask(token, path=path)).status == 401
    # The same id in another token of the same issuer is the same use.
    jti = number()
    assert [(await world.ask(who.token(jti=jti))).status for _ in range(2)] == [200, 401]
    assert await world.state() == before
    assert (await world.ask(who.token())).status == 200


@pytest.mark.parametrize("known", [False, True], ids=["first contact", "known"])
@pytest.mark.parametrize("kind", CALLERS)
async def test_S15_at_once(world: Scene, kind: str, known: bool) -> None:
    """Many copies side by side, also while the node is still finding out who that is: exactly one is served."""
    who = await caller(world, kind)
    if known:
        assert (await world.ask(who.token())).status == 200
    token = who.token()
    answers = await asyncio.gather(*(world.ask(token) for _ in range(12)))
    found = sorted(one.status for one in answers)
    assert found.count(200) == 1, found
    assert set(found) <= {200, 401, 429, 503}


async def test_S15_at_once_with_an_effect(world: Scene) -> None:
    """Twelve copies of one request for a contract, each with words of its own: one negotiation at most."""
    who, token = world.mallory, world.mallory.token()

    def body() -> bytes:
        return message(
            "ContractRequestMessage",
            consumerPid=f"urn:x:{number()}",
            offer={"@id": "urn:x:offer", "@type": "Offer", "target": "urn:x:nothing", "permission": []},
            callbackAddress=who.url + BASE,
        )

    answers = await asyncio.gather(*(world.ask(token, body(), "/negotiations/request") for _ in range(12)))
    assert len([one for one in answers if one.status not in (401, 429, 503)]) == 1
    assert await world.city.store.read(lambda view: view.count(Negotiation)) <= 1


@pytest.mark.parametrize("kind", CALLERS)
async def test_S15_after_a_restart(tmp_path: Path, names: Names, kind: str) -> None:
    async with scene(tmp_path, names.pair, names.authority.certificate) as world:
        who = await caller(world, kind)
        token, broken = who.token(), who.token()
        assert (await world.ask(token)).status == 200
        assert (await world.ask(broken, b"{")).status == 400
    async with scene(tmp_path, names.pair, names.authority.certificate, again=True) as world:
        again = world.holder(who.host)
        again.key, again.document, again.credentials = who.key, who.document, [world.region.member(who.did)]
        for used in (token, broken):
            assert (await world.ask(used)).status == 401
        assert (await world.ask(again.token())).status == 200


async def test_S16(world: Scene) -> None:
    """Nobody can use up another's ids."""
    trent = world.holder("trent.example")
    await world.pin(trent)
    other = world.holder("victim.example")
    jti = number()
    for who in (world.mallory, trent, other):
        assert (await world.ask(who.token(jti=jti))).status == 200
    for who in (world.mallory, trent, other):
        assert (await world.ask(who.token(jti=jti))).status == 401


@pytest.mark.parametrize("kind", CALLERS)
async def test_S17(tmp_path: Path, names: Names, kind: str) -> None:
    """Room for forty: whoever comes then waits, all that live are remembered, the end of some makes room."""
    async with scene(tmp_path, names.pair, names.authority.certificate, live_tokens=40) as world:
        who = await caller(world, kind)
        now = int(world.clock.seconds())
        tokens = [who.token(exp=now + (60 if number % 2 else 500)) for number in range(60)]
        answers = [await world.ask(token) for token in tokens]
        served = [token for token, answer in zip(tokens, answers, strict=True) if answer.status == 200]
        turned = [answer for answer in answers if answer.status != 200]
        assert 30 <= len(served) <= 40
        assert {one.status for one in turned} <= {429, 503}
        assert all("retry-after" in one.headers for one in turned)
        for token in served:
            assert (await world.ask(token)).status in (401, 429, 503), "never served twice, however full it is"
        world.clock.ahead += 250
        while await world.city.store.sweep(world.clock.now()):
            pass
        assert (await world.ask(who.token())).status == 200, "there is room again"
        for token in served:
            assert (await world.ask(token)).status == 401, "and those that live are remembered"
