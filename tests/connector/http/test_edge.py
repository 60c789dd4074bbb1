"""connector/http/edge.py, introduction.py: what devices are answered and what everybody may read of them; and over the
management API who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from certs import cose, credentials, did, jwk, welcome
from connector.data.readings.model import Field, Kind, Legend, Series
from connector.http.exchange import Request
from connector.ports import Transaction
from connector.records import DeviceReadings, Outside, Right
from connector.records.readings import readings_id
from policies import render
from policies.terms import Terms, to_policy
from tests.connector.devices import BASE, Cabinet, cabinet, problem
from tests.connector.http.test_regions import Desk, desk
from tests.connector.joined import Two, joined

ANYBODY = render.to_dsp(to_policy("urn:x:policy", Terms()))
UPDATE = {"version": "1.1", "url": "https://city.example/edge.deb", "sha256": "0" * 64}


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path, region="Region Elbland") as made:
        yield made


@pytest.fixture
async def device(two: Two, tmp_path: Path) -> Cabinet:
    return await cabinet(two.city, tmp_path / "cabinet")


def put(one: DeviceReadings, tx: Transaction) -> None:
    tx.put(one)


async def get(two: Two, path: str, **headers: str) -> tuple[int, str, bytes]:
    found = await two.city.dsp.handle(Request("GET", path, "", headers, b""))
    return found.status, found.headers.get("content-type", ""), found.body


async def test_everybody_reads_the_document_of_a_device(two: Two, device: Cabinet) -> None:
    where = did.to_url(device.did).removeprefix(BASE) + "/did.json"
    status, media, body = await get(two, where)
    assert (status, media) == (200, "application/did+json")
    found = did.read(body, device.did, speaks=False)
    (key,) = found.keys.values()
    assert jwk.read(key).key == device.identity.key.public_key()
    assert found.tokens == ()
    assert found.assertions == (f"{device.did}#key-1",)
    assert found.services["AllmendeDevice"] == f"{BASE}/edge/{device.name}/description"


async def test_the_document_names_former_keys_behind_their_numbers(two: Two, device: Cabinet) -> None:
    assert two.city.edge is not None
    kept = await two.city.edge.fleet.get(device.name)
    other = jwk.write(device.identity.key.public_key())
    more = replace(kept, keys=(replace(kept.keys[0], until=1), replace(kept.keys[0], jwk=other)))
    await two.city.store.write(lambda tx: tx.put(more))
    found = await two.city.edge.introduction.document(device.name)
    assert found["assertionMethod"] == [f"{device.did}#key-1", f"{device.did}#key-2"]


async def test_a_device_is_described_by_its_node(two: Two, device: Cabinet) -> None:
    path = f"/edge/{device.name}/description"
    status, media, body = await get(two, path)
    assert (status, media) == (200, "application/vc+jwt")
    found = credentials.read(body.decode())
    assert (found.issuer, found.subject) == (two.city.did, device.did)
    assert found.claims["name"] == "Schrank an der Brücke"
    keys = {f"{two.city.did}#{name}": jwk.read(key) for name, key in two.city.keys.published().items()}
    credentials.prove(found, keys, two.city.clock.now())
    # Who asks again and again has nothing signed anew.
    assert (await get(two, path))[2] == body


async def test_what_is_offered_to_everybody_of_a_device_is_described(two: Two, device: Cabinet) -> None:
    """With its fields and units, as the device has said them; not what is for one consumer alone, nor of others."""
    said = Legend(1, 0, ((1, Series("air", (Field("pm25", "ug/m3", 1), Field("state", kind=Kind.TEXT)))),))
    kept = DeviceReadings(
        id=readings_id("", device.did), scope="", device=device.did, legend=msgspec.msgpack.encode(said), known=1
    )
    await two.city.store.write(lambda tx: tx.put(kept))
    for name, series, other, rules in (
        ("air", "air", "", ANYBODY),
        ("noise", "noise", "", ANYBODY),
        ("quiet", "air", "", {**ANYBODY, "assignee": two.utility.did}),
        ("others", "air", "x", ANYBODY),
    ):
        settings = {"device": device.did + other, "series": series}
        await two.city.offers.add_asset("mayor", name=name, title=name, kind="edge", settings=settings)
        await two.city.policies.add("mayor", name, rules)
        await two.city.offers.publish("mayor", name, name, Outside.COUNTER)
    await two.city.offers.add_asset(
        "mayor", name="mine", title="x", kind="edge", settings={"device": device.did, "series": "air"}
    )
    found = credentials.read((await get(two, f"/edge/{device.name}/description"))[2].decode())
    measures = {one["series"]: one for one in found.claims["measures"]}
    assert len(found.claims["measures"]) == len(measures) == 2
    assert measures["air"]["fields"] == [
        {"name": "pm25", "unit": "ug/m3", "kind": "number"},
        {"name": "state", "unit": "", "kind": "text"},
    ]
    assert measures["noise"]["fields"] == []
    assets = {one.name: one.id for one in await two.city.offers.assets()}
    assert {name: one["dataset"] for name, one in measures.items()} == {"air": assets["air"], "noise": assets["noise"]}


@pytest.mark.parametrize("what", ["did.json", "description"])
async def test_of_nobody_and_of_what_was_stolen_there_is_nothing(two: Two, device: Cabinet, what: str) -> None:
    assert (await get(two, f"/edge/nobody/{what}"))[0] == 404
    region = two.city.trust.services.region
    assert region is not None
    await region.members.leave("mayor", device.did)
    assert (await get(two, f"/edge/{device.name}/{what}"))[0] == 200
    await region.members.stolen("mayor", device.did)
    assert (await get(two, f"/edge/{device.name}/{what}"))[0] == 404


async def test_the_welcome_names_the_keys_of_the_node_and_is_the_authoritys(two: Two, device: Cabinet) -> None:
    token = device.token()
    status, media, body = await get(two, "/edge/welcome", authorization=token)
    assert (status, media.partition(";")[0]) == (200, "application/cose")
    region = two.city.trust.services.region
    assert region is not None
    said = welcome.read(body, [region.domain.keys().devices.certificate])
    assert (said.node, said.device, said.name) == (two.city.did, device.did, device.name)
    assert [dict(one) for one in said.keys] == [two.city.keys.token_jwk]
    assert (await get(two, "/edge/welcome", authorization=token))[0] == 401
    assert (await get(two, "/edge/welcome"))[0] == 401


async def test_a_problem_says_a_code_and_a_sentence_and_no_more(two: Two, device: Cabinet) -> None:
    found = await device.ask(token="Bearer AAAA")
    assert (found.status, problem(found)) == (401, "token.refused")
    assert set(msgspec.json.decode(found.body)) == {"code", "params", "sentence"}


async def test_a_node_without_a_region_has_no_devices(tmp_path: Path) -> None:
    async with joined(tmp_path) as made:
        assert made.city.edge is None
        status, found = await (await desk(made.city)).asks("GET", "/edge/devices")
        assert (status, found["code"]) == (400, "region.not_kept")
        assert (await get(made, "/edge/x/did.json"))[0] in (401, 404)


# --- operators --------------------------------------------------------------------------------------------------------


async def test_the_whole_way_of_an_operator(two: Two, device: Cabinet) -> None:
    at = await desk(two.city)
    made = await at.posts("/edge/devices", {"title": "Dach", "name": "roof", "days": 2})
    assert (made["place"]["role"], made["place"]["name"], made["place"]["listed"]) == ("device", "roof", False)
    await device.orders(status={"version": "1.0"})
    (one,) = (await at.gets("/edge/devices"))["items"]
    assert one == await at.gets(f"/edge/devices/{device.name}")
    assert (one["state"], one["version"], one["wanted"], one["deliveries"]) == ("active", "1.0", "", 0)
    assert one["seen"] > 0
    changed = await at.posts(f"/edge/devices/{device.name}/update", UPDATE)
    assert changed["wanted"] == "1.1"
    asset = await at.posts(f"/edge/devices/{device.name}/assets", {"name": "air", "series": "air"})
    assert (asset["kind"], asset["settings"]) == ("edge", {"device": device.did, "series": "air"})
    gone = await at.posts(f"/edge/devices/{device.name}/retire", {"reason": "worn out"})
    assert (gone["state"], gone["retired"] > 0) == ("left", True)
    status, found = await at.asks("POST", f"/edge/devices/{device.name}/assets", {"name": "air2", "series": "air"})
    assert (status, found["code"]) == (400, "edge.retired")


async def test_only_those_may_who_may(two: Two, device: Cabinet) -> None:
    path = f"/edge/devices/{device.name}"
    acts: list[tuple[str, Any, set[Right]]] = [
        ("/edge/devices", {"title": "Dach"}, {Right.ADMIN}),
        (f"{path}/update", UPDATE, {Right.ADMIN}),
        (f"{path}/retire", {}, {Right.ADMIN}),
        (f"{path}/collect", {"series": "air"}, {Right.ADMIN, Right.STEWARD}),
    ]
    for role in (Right.AUDITOR, Right.STEWARD, Right.ADMIN):
        at: Desk = await desk(two.city, role)
        assert (await at.asks("GET", path))[0] == 200
        for where, body, allowed in acts:
            if where.endswith("retire") and role is Right.ADMIN:
                continue
            status, _ = await at.asks("POST", where, body)
            assert (status == 403) is (role not in allowed), (role, where)


@pytest.mark.parametrize("body", [{**UPDATE, "sha256": "x"}, {**UPDATE, "url": "file:///etc"}, {**UPDATE, "more": 1}])
async def test_a_release_is_named_in_full(two: Two, device: Cabinet, body: dict[str, Any]) -> None:
    status, _ = await (await desk(two.city)).asks("POST", f"/edge/devices/{device.name}/update", body)
    assert status == 400


async def test_orders_are_the_nodes_own_words(two: Two, device: Cabinet) -> None:
    answer = await device.ask()
    found = cose.read(answer.body)
    assert found.kid == cose.kid_of(two.city.keys.token.public_key())
    assert answer.headers["content-type"].startswith("application/cose")


async def test_people_see_what_has_come_and_what_never_will(two: Two, device: Cabinet) -> None:
    """Also on a node without a region, of what comes under its contracts."""
    agreed = await two.contract(None, "air", "edge", device=device.did, series="air")
    said = msgspec.msgpack.encode(Legend(1, 0, ((1, Series("air", (Field("pm25"),))),)))
    for scope in ("", agreed):
        kept = DeviceReadings(
            id=readings_id(scope, device.did),
            scope=scope,
            device=device.did,
            legend=said,
            known=1,
            held={1: ((1, 8),)},
            gone={1: ((9, 10),)},
            why={1: "full"},
            latest=5,
        )
        await two.utility.store.write(partial(put, kept))
    asks = (await desk(two.utility)).asks
    air = {"series": "air", "here": 8, "awaited": 0, "gone": 2, "why": "full"}
    of = [{"device": device.did, "contract": scope, "latest": 5, "series": [air]} for scope in ("", agreed)]
    status, found = await asks("GET", "/edge/readings")
    assert (status, found["items"]) == (200, of)
    assert (await asks("GET", "/edge/readings", query="own=true"))[1]["items"] == of[:1]
    assert (await asks("GET", "/edge/readings", query=f"contract={agreed}"))[1]["items"] == of[1:]
    assert (await asks("GET", "/edge/readings", query="contract=nothing"))[0] >= 400
