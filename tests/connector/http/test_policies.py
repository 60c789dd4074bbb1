"""The life of policies over the API of whole nodes: four eyes, signatures, versions, contracts that stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from certs.strict import from_base64url
from connector.data.gate import AccessRefusedError, Ask
from connector.node import Node
from connector.protocol.machine import Role
from connector.protocol.messages import JsonObject
from connector.records import Agreement, Asset, PolicyVersion, Right
from connector.services.policies.versions import Policies
from policies.terms import Terms
from tests.connector.data.world import PID, started
from tests.connector.http.nodes import a_node, events, manage, told
from tests.connector.joined import Two, joined

DPV = "https://w3id.org/dpv#"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def does(node: Node, token: str | None, path: str, **body: Any) -> tuple[int, JsonObject]:
    answer = await manage(node, "POST", f"/v1/{path}", body, token=token)
    return answer.status, told(answer)


async def people(node: Node) -> tuple[str, str]:
    """A steward and an approver, by their tokens."""
    _, steward = await node.operators.add("admin", "the-steward", Right.STEWARD)
    _, approver = await node.operators.add("admin", "the-approver", Right.APPROVER)
    return steward, approver


def with_approvals(node: Node, approvals: int) -> None:
    """As the setting would have it."""
    node.policies._approvals = approvals


async def shown(node: Node, name: str) -> JsonObject:
    return told(await manage(node, "GET", f"/v1/policies/{name}"))


async def test_two_people_make_a_policy_usable_and_the_node_signs_it(node: Node) -> None:
    with_approvals(node, 1)
    steward, approver = await people(node)
    stated = {"template": "ml-1-3@1", "reason": "Beschluss 7"}
    status, draft = await does(node, steward, "policies", name="p", terms={"count": 2}, **stated)
    assert (status, draft["state"], draft["needs"], draft["genuine"]) == (201, "draft", 1, None)
    assert (await does(node, steward, "policies/p/approve"))[1]["code"] == "policy.own"
    assert (await does(node, steward, "policies/p/sign"))[1]["code"] == "policy.unapproved"
    assert (await does(node, approver, "policies/p/approve", reason="gelesen"))[1]["state"] == "usable"
    status, signed = await does(node, steward, "policies/p/sign", reason="Beschluss 7, unterschrieben")
    assert (status, signed["state"], signed["genuine"]) == (200, "signed", True)
    said = msgspec.json.decode(_payload(signed["signature"]))
    assert {key: said[key] for key in ("policy", "digest", "template", "reason")} == {
        "policy": "p@1",
        "digest": signed["digest"],
        "template": "ml-1-3@1",
        "reason": "Beschluss 7, unterschrieben",
    }
    (past,) = told(await manage(node, "GET", "/v1/policies/p/history"))["versions"]
    assert (past["genuine"], past["signature"]) == (True, signed["signature"])
    acts = [one for one in await events(node) if one[0].startswith("policy.")]
    assert acts == [
        ("policy.added", "the-steward"),
        ("policy.drafted", "the-steward"),
        ("policy.approved", "the-approver"),
        ("policy.signed", "the-steward"),
    ]


def _payload(token: str) -> bytes:
    return from_base64url(token.split(".")[1].encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"document": {"@type": "Offer", "@id": "urn:x:p", "permission": [{"action": "use"}]}},
        {"document": {"@type": "Offer", "@id": "urn:x:p", "permission": [{"action": "nothing"}]}},
        {"template": "ml-1-3@2"},
        {"reason": "another one"},
        {"created_by": "somebody"},
        {"approvals": ()},
        {"signature": ""},
    ],
)
async def test_a_signature_is_genuine_over_just_what_was_signed(node: Node, changed: dict[str, Any]) -> None:
    with_approvals(node, 1)
    steward, approver = await people(node)
    await does(node, steward, "policies", name="p", terms={"count": 2}, template="ml-1-3@1")
    await does(node, approver, "policies/p/approve")
    await does(node, steward, "policies/p/sign")
    kept = await node.policies.get("p")
    await node.store.write(lambda tx: tx.put(replace(kept, **changed)))
    assert (await shown(node, "p"))["genuine"] is False


async def test_a_signature_outlives_the_key_that_made_it(node: Node) -> None:
    await does(node, None, "policies", name="p", terms={})
    await does(node, None, "policies/p/sign")
    await node.keyring.settle()
    await node.keyring.rotate("admin", "token", revoke=True)
    await does(node, None, "policies", name="q", terms={})
    assert (await does(node, None, "policies/q/sign"))[1]["genuine"] is True
    assert (await shown(node, "p"))["genuine"] is True
    first, second = [(await node.policies.get(name)).signature.split(".")[0] for name in "pq"]
    assert first != second


async def test_after_a_version_is_retired_the_one_before_it_is_not_offered_by_itself(node: Node) -> None:
    await does(node, None, "assets", name="a", kind="live", settings={}, title="A")
    for most in (1, 2):
        await does(node, None, "policies", name="p", terms={"count": most})
    await does(node, None, "policies/p@2/retire", reason="too wide")
    assert (await does(node, None, "offers", asset="a", policy="p"))[1]["code"] == "policy.retired"
    status, offer = await does(node, None, "offers", asset="a", policy="p@1")
    assert (status, offer["policy"]) == (201, "p@1")


# --- a contract keeps its terms ---------------------------------------------------------------------------------------


async def decided(two: Two, contract: str, purpose: str) -> str:
    """What the city's gate says to an access under a contract: the event in its log, or the code of the refusal."""
    gate, asset = two.city.gate, (await two.city.offers.assets())[0]
    assert isinstance(asset, Asset)
    try:
        done = await gate.admit(gate.credential(PID), PID, Ask(asset=asset, etag='"e"', purpose=f"{DPV}{purpose}"))
    except AccessRefusedError as refused:
        return refused.reason.code
    assert done.agreement == contract
    return "permitted"


async def test_a_running_contract_keeps_its_terms_whatever_becomes_of_the_policy(tmp_path: Path) -> None:
    async with joined(tmp_path) as two:
        policies: Policies = two.city.policies
        contract = await two.contract(Terms(purposes=(f"{DPV}ImprovePublicServices",)))
        agreed = await two.city.store.read(lambda view: view.get(Agreement, contract))
        assert agreed is not None
        flow = replace(started(), agreement=contract, dataset=agreed.dataset, peer=two.utility.did, role=Role.PROVIDER)
        await two.city.store.write(lambda tx: tx.put(flow))

        async def now() -> tuple[str, str]:
            """What the city's gate says to an access for the agreed purpose, and for another."""
            return await decided(two, contract, "ImprovePublicServices"), await decided(two, contract, "Marketing")

        assert await now() == ("permitted", "purpose.outside")
        (old,) = await two.city.offers.offers(live=True)
        wider = msgspec.json.decode(msgspec.json.encode(old.document).replace(b"ImprovePublicServices", b"Marketing"))
        offered = {key: wider[key] for key in ("@type", "permission")} | {"@id": "urn:x:policy"}
        await policies.add("mayor", "traffic", offered, follow=True)
        (new,) = await two.city.offers.offers(live=True)
        assert (new.policy, new.replaces) == ("traffic@2", old.id)
        assert await now() == ("permitted", "purpose.outside")
        for version in ("traffic@2", "traffic@1"):
            await policies.retire("mayor", version, offers=True)
        assert await two.city.offers.offers(live=True) == []
        assert await now() == ("permitted", "purpose.outside")
        kept = await two.city.store.read(lambda view: view.get(Agreement, contract))
        assert kept is not None
        assert (kept.hash, kept.in_force) == (agreed.hash, True)
        asked = {**new.document, "target": new.asset}
        refused = await two.utility.negotiations.request("engineer", two.city.did, new.asset, asked)
        found = refused
        while found.state != "TERMINATED":
            found = await two.utility.negotiations.get(found.id, newer_than=found.version, wait=2)
        versions = await two.city.store.read(lambda view: view.select(PolicyVersion, limit=10))
        assert [one.retired is not None for one in versions] == [True, True]
