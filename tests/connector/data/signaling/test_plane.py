"""connector/data/signaling and connector/dataplane.py: flows of somebody else's control plane, enforced by our gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connector import dataplane
from connector.protocol.signaling import HTTP_PULL
from connector.records import Asset, Delivery, Plane
from tests.connector.data.signaling import site as sites
from tests.connector.data.signaling.site import CONSUMER, DATA, DATASET, Site, a_site, properties

ODRL = "http://www.w3.org/ns/odrl/2/"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with a_site(tmp_path) as made:
        yield made


def limited(left: str, operator: str, right: str) -> list[dict[str, Any]]:
    """A permission under one condition."""
    return [
        {
            "action": "use",
            "constraint": [{"leftOperand": left, "operator": operator, "rightOperand": right}],
        }
    ]


# --- enforcement ------------------------------------------------------------------------------------------------------


async def test_data_leave_while_the_flow_runs_and_not_otherwise(site: Site) -> None:
    flow, said, endpoint = await site.started()
    token = said["authorization"]
    assert (await site.get(endpoint, token)).body == DATA
    assert (await site.get(endpoint, "another")).status == 401
    assert (await site.say(f"/dataflows/{flow}/suspend", {"messageId": "s"})).status == 200
    assert (await site.get(endpoint, token)).status == 403
    echo = {"endpointType": HTTP_PULL, "endpoint": endpoint}
    resumed = await site.say(f"/dataflows/{flow}/resume", {"messageId": "r", "dataAddress": echo})
    assert resumed.said["state"] == "STARTED"
    fresh = properties(resumed.said["dataAddress"])["authorization"]
    assert (await site.get(endpoint, fresh)).body == DATA
    # The address that was handed out before dies with the first use of the one after it.
    assert (await site.get(endpoint, token)).status == 401
    assert (await site.say(f"/dataflows/{flow}/terminate", {"messageId": "t", "reason": "over"})).status == 200
    assert (await site.get(endpoint, fresh)).status == 403
    assert await site.state(flow) == "TERMINATED"
    assert (await site.plane.audit.verify()).ok


async def test_a_limit_of_uses_in_the_agreement_counts(site: Site) -> None:
    site.terms = limited("odrl:count", "lteq", "1")
    _, said, endpoint = await site.started()
    assert (await site.get(endpoint, said["authorization"])).status == 200
    refused = await site.get(endpoint, said["authorization"])
    assert refused.status == 403
    assert "count" in str(refused.said)


async def test_terms_that_nobody_understands_refuse_the_flow_with_the_reason(site: Site) -> None:
    site.terms = limited("https://elsewhere.example/moon-phase", "eq", "full")
    begun = await site.say("/dataflows/start", site.message())
    assert begun.status == 403
    assert begun.said["code"] == "operand.unknown"
    assert "moon-phase" in begun.said["params"]["operand"]


@pytest.mark.parametrize("name", ["urn:allmende:role", "role"])
async def test_what_the_control_plane_says_of_the_counterparty_counts(site: Site, name: str) -> None:
    site.terms = limited("urn:allmende:role", "eq", "municipality")
    _, said, endpoint = await site.started(claims={name: "municipality"})
    assert (await site.get(endpoint, said["authorization"])).status == 200
    _, said, endpoint = await site.started(claims={name: ["supplier"]})
    assert (await site.get(endpoint, said["authorization"])).status == 403
    _, said, endpoint = await site.started(claims={})
    assert (await site.get(endpoint, said["authorization"])).status == 403


async def test_a_claim_cannot_say_what_is_not_about_parties(site: Site) -> None:
    site.terms = limited("odrl:dateTime", "lteq", "2020-01-01T00:00:00Z")
    _, said, endpoint = await site.started(claims={f"{ODRL}dateTime": "2019-01-01T00:00:00Z"})
    assert (await site.get(endpoint, said["authorization"])).status == 403


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"@id": "another"}, 403, "flow.agreement_differs"),
        ({"assignee": "did:web:somebody.example"}, 403, "flow.agreement_differs"),
        ({"target": "urn:another"}, 403, "flow.agreement_differs"),
        ({"permission": [{"action": "fly"}]}, 403, None),
        (None, 403, "flow.no_agreement"),
    ],
)
async def test_an_agreement_that_does_not_carry_the_flow_refuses_it(
    site: Site, changed: dict[str, Any] | None, status: int, code: str | None
) -> None:
    message = site.message()
    if changed is None:
        del site.agreements[message["processId"]]
    else:
        site.agreements[message["processId"]].update(changed)
    begun = await site.say("/dataflows/start", message)
    assert begun.status == status, begun.body
    assert code is None or begun.said["code"] == code


async def test_an_unknown_dataset_is_said(site: Site) -> None:
    begun = await site.say("/dataflows/start", site.message(datasetId="urn:nothing"))
    assert (begun.status, begun.said["code"]) == (404, "flow.dataset")


async def test_nobody_changes_an_agreement_under_its_id(site: Site) -> None:
    message = site.message()
    assert (await site.say("/dataflows/start", message)).status == 200
    again = site.message(agreementId=message["agreementId"])
    site.agreements[again["processId"]]["permission"] = limited("odrl:count", "lteq", "9")
    begun = await site.say("/dataflows/start", again)
    assert (begun.status, begun.said["code"]) == (403, "flow.agreement_other")


# --- who calls --------------------------------------------------------------------------------------------------------


async def test_nobody_is_heard_without_proof(site: Site) -> None:
    assert (await site.say("/dataflows/start", site.message(), secret="a guess")).status == 401
    assert (await site.say("/dataflows/x/status", method="GET", secret="")).status == 401


async def test_a_control_plane_moves_its_own_flows_alone(site: Site, tmp_path: Path) -> None:
    flow, _, _ = await site.started()
    other = tmp_path / "other"
    other.write_text("another secret of another plane")
    other.chmod(0o600)
    plane = Plane(
        id="other",
        endpoint="http://127.0.0.1:1",
        authorization={"type": "bearer", "token_file": str(other)},
        added=0,
        added_by="mayor",
    )
    await site.plane.store.write(lambda tx: tx.put(plane))
    for path in ("suspend", "terminate", "completed", "resume"):
        answer = await site.say(f"/dataflows/{flow}/{path}", {}, secret=other.read_text())
        assert (answer.status, answer.said["code"]) == (404, "flow.unknown")
    assert await site.state(flow) == "STARTED"


async def test_a_plane_that_is_removed_takes_its_flows_with_it(site: Site) -> None:
    _, said, endpoint = await site.started()
    await site.plane.registered.remove("mayor", "city")
    assert (await site.get(endpoint, said["authorization"])).status == 403
    assert (await site.say("/dataflows/start", site.message())).status == 401


async def test_a_plane_says_where_it_is_now_and_no_secrets(site: Site) -> None:
    moved = {"controlplaneId": "city", "endpoint": f"{site.control}/cp/", "authorization": {"type": "bearer"}}
    assert (await site.say("/controlplanes", moved, method="PUT")).status == 200
    assert (await site.say("/controlplanes", {**moved, "controlplaneId": "x"}, method="PUT")).status == 403
    other = {**moved, "authorization": {"type": "none"}}
    assert (await site.say("/controlplanes", other, method="PUT")).status == 400
    kept = await site.plane.registered.get("city")
    assert kept.authorization["token_file"]
    assert (await site.say("/controlplanes/city", method="DELETE")).status == 204
    assert (await site.say("/controlplanes/city", method="DELETE")).status == 401


# --- repeats, time, kills ---------------------------------------------------------------------------------------------


async def test_a_start_whose_answer_was_lost_is_the_same_flow(site: Site) -> None:
    message = site.message()
    first = await site.say("/dataflows/start", message)
    again = await site.say("/dataflows/start", message)
    assert first.said["dataFlowId"] == again.said["dataFlowId"]
    other = await site.say("/dataflows/start", {**message, "messageId": "another"})
    assert (other.status, other.said["code"]) == (400, "flow.exists")


async def test_a_flow_is_found_by_the_control_planes_own_id(site: Site) -> None:
    """Eclipse EDC calls flows by the ids of its transfer processes."""
    message = site.message()
    begun = await site.say("/dataflows/start", message)
    assert (await site.say(f"/dataflows/{message['processId']}/suspend", {})).status == 200
    assert await site.state(begun.said["dataFlowId"]) == "SUSPENDED"


async def test_a_flow_that_takes_its_time_is_told_when_it_runs(site: Site) -> None:
    site.delay.clear()
    begun = await site.say("/dataflows/start", site.message())
    assert (begun.status, begun.said["state"]) == (202, "STARTING")
    assert begun.headers["Location"] == f"/dataflows/{begun.said['dataFlowId'].replace(':', '%3A')}/status"
    site.delay.set()
    told = await site.callback("started")
    assert told["state"] == "STARTED"
    said = properties(told["dataAddress"])
    assert (await site.get(told["dataAddress"]["endpoint"], said["authorization"])).body == DATA


async def test_a_late_refusal_is_told_as_an_error(site: Site) -> None:
    site.delay.clear()
    site.terms = limited("https://elsewhere.example/moon-phase", "eq", "full")
    begun = await site.say("/dataflows/start", site.message())
    assert begun.status == 202
    site.delay.set()
    told = await site.callback("errored")
    assert "moon-phase" in told["error"]


async def test_what_is_due_survives_the_process(site: Site) -> None:
    """Killed while the agreement was asked for; the next process asks again and tells."""
    site.delay.clear()
    message = site.message()
    begun = await site.say("/dataflows/start", message)
    assert begun.status == 202
    await site.plane.close()
    site.delay.set()
    site.plane = dataplane.build(sites.settings(site.folder))
    await site.plane.start()
    told = await site.callback("started")
    assert told["dataFlowId"] == begun.said["dataFlowId"]


async def test_a_callback_is_repeated_until_it_is_taken(site: Site) -> None:
    tries: list[str] = []

    def busy(what: str) -> int:
        tries.append(what)
        return 200 if len(tries) > 2 else 503

    site.answers = busy
    flow, _, _ = await site.started()
    await site.plane.flows.complete("mayor", flow)
    assert (await site.callback("completed"))["state"] == "COMPLETED"
    assert tries == ["completed"] * 3
    assert len(site.told) == 1


# --- addresses --------------------------------------------------------------------------------------------------------


async def test_who_may_bring_an_address(site: Site) -> None:
    address = {"endpointType": "https://w3id.org/idsa/v4.1/HTTP", "endpoint": f"{site.control}/sink"}
    pulled = await site.say("/dataflows/start", site.message(dataAddress=address))
    assert (pulled.status, pulled.said["code"]) == (400, "flow.address_given")
    pushed = await site.say("/dataflows/start", site.message(profile="http-push"))
    assert (pushed.status, pushed.said["code"]) == (400, "message.missing")


async def test_a_consumers_address_must_be_renewable(site: Site) -> None:
    begun = await site.say("/dataflows/prepare", site.message(provides=False))
    assert begun.said["state"] == "PREPARED"
    assert "dataAddress" not in begun.said
    flow = begun.said["dataFlowId"]
    properties = [{"name": "authorization", "value": "x"}, {"name": "authType", "value": "bearer"}]
    address = {"endpointType": HTTP_PULL, "endpoint": "https://p.example/d", "endpointProperties": properties}
    bare = await site.say(f"/dataflows/{flow}/started", {"messageId": "1", "dataAddress": address})
    assert (bare.status, bare.said["code"]) == (400, "flow.not_renewable")
    plain = {**address, "endpoint": "http://p.example/d"}
    refused = await site.say(f"/dataflows/{flow}/started", {"messageId": "2", "dataAddress": plain})
    assert (refused.status, refused.said["code"]) == (400, "flow.plain")
    assert await site.state(flow) == "PREPARED"
    properties += [{"name": "refreshToken", "value": "r"}, {"name": "expiresIn", "value": "300"}]
    full = await site.say(f"/dataflows/{flow}/started", {"messageId": "3", "dataAddress": address})
    assert full.status == 200
    assert await site.state(flow) == "STARTED"


async def test_we_deliver_and_say_that_it_is_done(site: Site) -> None:
    address = {"endpointType": "https://w3id.org/idsa/v4.1/HTTP", "endpoint": f"{site.control}/sink"}
    begun = await site.say("/dataflows/start", site.message(profile="http-push", dataAddress=address))
    assert begun.status == 200, begun.body
    assert "dataAddress" not in begun.said
    told = await site.callback("completed")
    assert told["state"] == "COMPLETED"
    assert site.delivered == DATA
    found = await site.plane.store.read(lambda view: view.get(Delivery, begun.said["dataFlowId"]))
    assert found is not None
    assert found.state == "over"


async def test_the_inbox_of_a_consumer_is_in_its_address(site: Site) -> None:
    begun = await site.say("/dataflows/prepare", site.message(provides=False, profile="http-push"))
    address = begun.said["dataAddress"]
    assert address["endpoint"].startswith(site.plane.config.public_url + "/inbox/")
    assert properties(address)["authorization"] == site.plane.gate.tokens.inbox(begun.said["dataFlowId"])


@pytest.mark.parametrize("path", ["/dataflows/nothing/status", "/nothing"])
async def test_what_is_not_there(site: Site, path: str) -> None:
    assert (await site.say(path, method="GET")).status == 404


@pytest.mark.parametrize("body", [[], {"messageId": 1}, {"processId": "x"}, {"profile": "x" * 9}])
async def test_a_message_that_cannot_be_read(site: Site, body: Any) -> None:
    answer = await site.say("/dataflows/start", body)
    assert answer.status == 400
    assert CONSUMER not in answer.body.decode()


async def test_operators_see_it_at_a_glance_and_are_told_what_is_elsewhere(site: Site) -> None:
    base = f"http://127.0.0.1:{site.plane.management_listener.port}"
    token = (site.plane.config.directory / "token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    async with site.session.get(f"{base}/v1/status", headers=headers) as answer:
        told = await answer.json()
    assert (answer.status, told["outbox"]) == (200, [])
    assert told["counts"] == {"assets": 1, "planes": 1, "flows": 0, "flows_with_something_due": 0}
    async with site.session.get(f"{base}/v1/contracts/x/data", headers=headers) as answer:
        told = await answer.json()
    assert (answer.status, told["code"]) == (404, "dataplane.alone")
    assert "control plane" in told["sentence"]


async def test_rows_as_they_come_of_a_plane_by_itself(site: Site) -> None:
    def act(tx: Any) -> None:
        asset = tx.get(Asset, DATASET)
        tx.put(replace(asset, kind="live", settings={}))

    await site.plane.store.write(act)
    flow, held, endpoint = await site.started()
    asked = {"Authorization": f"Bearer {held['authorization']}", "Accept": "text/event-stream"}
    async with site.session.get(endpoint, headers=asked) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        line = b""
        while not line.startswith(b"data:"):
            line = await asyncio.wait_for(answer.content.readline(), 10)
        assert isinstance(msgspec.json.decode(line.removeprefix(b"data:")), dict)
        await site.say(f"/dataflows/{flow}/terminate", {"reason": "over"})
        rest = await asyncio.wait_for(answer.content.read(), 10)
        assert b"event: end" in rest, "it is cut with the reason"
