"""Tests of connector.services.trust.standing over whole nodes and virtual days: how a verdict ends, and comes back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from certs import did, jwt, keys
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Reply
from tests.connector.services.trust.test_admission import ask, known, two
from tests.connector.vouched import DAY, World, world


async def reason(who: Node, whom: Node) -> str:
    """Why nothing may happen with somebody, "" where it may."""
    peer = await known(who, whom.did)
    assert peer is not None
    why = peer.barred(who.clock.now())
    return "" if why is None else why.code


def test_whoever_calls_now_and_then_never_waits(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        for _ in range(20):
            await asyncio.sleep(171)
            one.asked.clear()
            assert (await ask(one, utility, city)).status == 200
            assert one.count("status") + one.count("did.json") == 0, "it was looked at before"

    world(tmp_path, act)


def test_a_revocation_takes_effect_within_the_stated_time_and_is_forgotten_when_it_is_taken_back(
    tmp_path: Path,
) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        place = await one.join(utility, region, name="Werke")
        assert (await ask(one, utility, city)).status == 200
        region.bits.set(place)
        began = asyncio.get_running_loop().time()
        while (await ask(one, utility, city)).status == 200:
            await asyncio.sleep(5)
        assert asyncio.get_running_loop().time() - began <= 305, "asked every five seconds"
        assert await reason(city, utility) == "trust.revoked"
        assert (await ask(one, utility, city)).status == 401
        region.bits.clear(place)
        await asyncio.sleep(330)
        assert (await ask(one, utility, city)).status == 200
        events = [entry.event for entry in await city.audit.log()]
        assert (events.count("peer.refused"), events.count("peer.vouched")) == (1, 1)

    world(tmp_path, act)


def test_a_region_that_is_believed_no_more_takes_its_members_with_it_at_once(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await ask(one, utility, city)
        told: list[str] = []
        city.changes.subscribe(lambda change: told.append(change.id))
        await one.disbelieve(city, region)
        await asyncio.sleep(1)
        assert await reason(city, utility) == "trust.issuer_unknown"
        assert utility.did in told, "whatever stands on it is judged again now"
        assert (await ask(one, utility, city)).status == 403
        await one.believe(city, region)
        await asyncio.sleep(1)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_a_region_that_is_away_takes_nobody_with_it_until_its_list_has_ended(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await ask(one, utility, city)
        one.away.add(region.host)
        for _ in range(7):
            await asyncio.sleep(3 * 3_600)
            assert (await ask(one, utility, city)).status == 200
        await asyncio.sleep(4 * 3_600)
        assert (await ask(one, utility, city)).status == 401
        assert await reason(city, utility) == "trust.status_unknown"
        one.away.clear()
        await asyncio.sleep(60)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_the_last_list_serves_after_a_restart_too(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await ask(one, utility, city)
        await one.stop("city")
        one.away.add(region.host)
        await asyncio.sleep(3_600)
        city = await one.node("city")
        assert (await ask(one, utility, city)).status == 200
        await one.stop("city")
        await asyncio.sleep(DAY)
        city = await one.node("city")
        assert (await ask(one, utility, city)).status == 401

    world(tmp_path, act)


def test_a_restart_keeps_a_verdict_until_it_ends(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await ask(one, utility, city)
        await one.stop("city")
        one.away |= {region.host, "utility.example"}
        city = await one.node("city")
        one.asked.clear()
        assert (await ask(one, utility, city)).status == 200
        assert one.count("presentations") == 0

    world(tmp_path, act)


def test_everything_comes_back_by_itself_after_thirty_days(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await one.stop("city")
        await one.stop("utility")
        await asyncio.sleep(30 * DAY)
        city, utility = await one.node("city"), await one.node("utility")
        assert (await ask(one, utility, city)).status == 200
        assert await reason(city, utility) == ""

    world(tmp_path, act)


def test_a_credential_that_has_ended_is_asked_for_anew(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        await one.join(utility, region, days=0.1)
        assert (await ask(one, utility, city)).status == 200
        await asyncio.sleep(0.15 * DAY)
        assert (await ask(one, utility, city)).status in (401, 403)
        await one.join(utility, region, days=0.1)
        await asyncio.sleep(60)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_a_document_that_cannot_be_had_ends_a_verdict_but_not_at_once(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one, document_seconds=300.0, stale_seconds=3_600.0)
        await ask(one, utility, city)
        one.away.add("utility.example")
        for _ in range(5):
            await asyncio.sleep(600)
            assert (await ask(one, utility, city)).status == 200
        await asyncio.sleep(1_500)
        assert (await ask(one, utility, city)).status == 403
        assert await reason(city, utility) == "trust.lapsed"
        one.away.clear()
        await asyncio.sleep(30)
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)


def test_one_list_is_fetched_for_all_members(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, region = await two(one)
        others = [await one.node(f"town{number}") for number in range(4)]
        for other in others:
            await one.believe(other, region)
            await one.join(other, region)
        for _ in range(10):
            for who in (utility, *others):
                assert (await ask(one, who, city)).status == 200
            await asyncio.sleep(60)
        for name in ("utility", *(f"town{number}" for number in range(4))):
            await one.stop(name)
        one.asked.clear()
        await asyncio.sleep(600)
        assert one.count("https://region.example/status/1") <= 600 / 75

    world(tmp_path, act)


def test_nobody_is_looked_at_on_whom_nothing_depends(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await one.stop("utility")
        await asyncio.sleep(900)
        before = await known(city, utility.did)
        await asyncio.sleep(3_600)
        after = await known(city, utility.did)
        assert before is not None
        assert after is not None
        assert after.vouch == before.vouch

    world(tmp_path, act)


def test_whoever_takes_over_a_domain_is_not_proved_whatever_a_region_says(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        honest, thief = one.stations["utility.example"], keys.generate()
        made = did.document(
            "https://utility.example", utility.base, {"token": thief.token_jwk, "audit": thief.audit_jwk}
        )

        async def taken_over(request: Request) -> Reply:
            if request.path == "/.well-known/did.json":
                return Reply(200, json.dumps(made).encode())
            return Reply(404, b"") if request.path == "/keys" else await honest(request)

        one.stations["utility.example"] = taken_over
        stolen = jwt.issue(
            thief.token,
            utility.did + "#token",
            issuer=utility.did,
            audience=city.did,
            now=city.clock.now(),
            jti="stolen",
            token="pass",
        )
        await asyncio.sleep(31)
        assert (await ask(one, utility, city, "Bearer " + stolen)).status == 401
        assert await reason(city, utility) == "peer.keys_changed", "a false key is a reason to look"
        assert (await ask(one, utility, city)).status == 401
        one.stations["utility.example"] = honest
        await asyncio.sleep(31)
        assert (await ask(one, utility, city)).status == 200, "it is who it was"

    world(tmp_path, act)


def test_tokens_that_prove_nothing_have_nobody_judged_time_and_again(tmp_path: Path) -> None:
    async def act(one: World) -> None:
        city, utility, _ = await two(one)
        await ask(one, utility, city)
        await asyncio.sleep(60)
        thief, judged = keys.generate(), 0
        honest = city.trust.standing._judge

        async def counted(*given: Any) -> None:
            nonlocal judged
            judged += 1
            await honest(*given)

        city.trust.standing._judge = counted  # type: ignore[assignment, method-assign]
        one.asked.clear()
        for number in range(40):
            name = f"#token-{number}" if number % 2 else "#token"
            said = {"issuer": utility.did, "audience": city.did, "now": city.clock.now(), "jti": str(number)}
            forged = jwt.issue(thief.token, utility.did + name, **said, token="pass")  # type: ignore[arg-type]
            assert (await ask(one, utility, city, "Bearer " + forged)).status == 401
        assert judged == 1
        assert one.count("GET https://utility.example/.well-known/did.json") == 1
        assert (await ask(one, utility, city)).status == 200

    world(tmp_path, act)
