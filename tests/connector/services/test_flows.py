"""connector/services/flows.py: a city's control plane drives somebody else's data plane; its peer fetches there.

Two nodes and a data plane by itself, all real, joined by calls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from connector import config, dataplane, founding
from connector.errors import DeliveryError
from connector.http.exchange import Request
from connector.ports import Reply
from connector.protocol import transfer
from connector.protocol.messages import TransferState
from connector.protocol.signaling import HTTP_PULL, DataFlowStatusMessage, FlowState
from connector.protocol.transfer import Transfer
from connector.records import Asset, Endpoint, Flow, Plane
from connector.services import flows
from policies.model import Reason
from policies.terms import Terms
from tests.connector import joined
from tests.connector.joined import Road, Two

SECRET = "a secret that both sides have"
PLANE, SIGNALS = "plane.example", "signals.example"


class Street(Road):
    """The road, with the signaling endpoints of the data plane and of the city beside the protocol's."""

    def __init__(self) -> None:
        super().__init__()
        self.plane: dataplane.DataPlaneProcess | None = None
        self.said: list[str] = []
        self.broken: Callable[[str], int] = lambda path: 0

    async def send(self, method: str, url: str, **given: Any) -> Reply:
        """See `ports.Peer.send`."""
        parts = urlsplit(url)
        if parts.netloc not in (PLANE, SIGNALS):
            return await super().send(method, url, **given)
        await asyncio.sleep(0)
        self.said.append(f"{method} {parts.path.rpartition('/')[2]}")
        status = self.broken(parts.path)
        if status == -1 or self.plane is None:
            raise DeliveryError("peer.unreachable")
        if status:
            return Reply(status, b"", {})
        headers = {"content-type": "application/json", "authorization": given.get("authorization") or ""}
        request = Request(method, parts.path, parts.query, headers, given.get("body") or b"")
        there = self.plane.signaling if parts.netloc == PLANE else self.nodes["city.example"].signaling
        answer = await there.handle(request)
        return Reply(answer.status, answer.body, answer.headers)


class Driven:
    """The two nodes under a contract about what the data plane serves; `id` is the contract's."""

    def __init__(self, two: Two, road: Street, plane: dataplane.DataPlaneProcess, id: str) -> None:
        self.two, self.road, self.plane, self.id = two, road, plane, id

    async def requested(self) -> Transfer:
        """A transfer that the utility has asked for."""
        return await self.two.utility.transfers.request("engineer", self.id, format=HTTP_PULL)

    async def until(self, pid: str, state: str) -> Transfer:
        """The utility's transfer, as soon as it stands there and nothing is under way."""
        async with asyncio.timeout(10):
            found = await self.two.utility.transfers.get(pid)
            while found.state != state or found.pending is not None:
                found = await self.two.utility.transfers.get(pid, newer_than=found.version, wait=1)
            while await self.two.waiting():
                await asyncio.sleep(0.001)
        return found

    async def running(self) -> Transfer:
        return await self.until((await self.requested()).id, TransferState.STARTED)

    async def ours(self) -> Transfer:
        """The city's side of the only transfer."""
        (found,) = await self.two.city.transfers.select(agreement=self.id)
        return found

    async def flow(self) -> Flow:
        """As the city knows it."""
        pid = (await self.ours()).id
        found = await self.two.city.store.read(lambda view: view.get(Flow, pid))
        assert found is not None
        return found

    async def flow_until(self, ready: Callable[[Flow], bool]) -> Flow:
        """As the city knows it, as soon as it is so."""
        async with asyncio.timeout(10):
            while not ready(found := await self.flow()):
                await asyncio.sleep(0.002)
        return found

    async def served(self) -> FlowState:
        """As the data plane knows it."""
        (found,) = await self.plane.flows.select()
        return found.state


@pytest.fixture
async def driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Driven]:
    road = Street()
    monkeypatch.setattr(joined, "Road", lambda: road)
    secret, file = tmp_path / "secret", tmp_path / "trees.csv"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    file.write_text("id\n1\n")
    directory = tmp_path / "plane"
    founding.initialise(directory, "http://127.0.0.1:18199", public_port=0, management_port=0, lab=True)
    road.plane = plane = dataplane.build(config.load(directory, {}), peer=road, threaded=False)
    async with joined.joined(tmp_path) as two:
        id = await two.contract(Terms())
        contract = await two.utility.contracts.get(id)
        said = {"type": "bearer", "token_file": str(secret)}
        known = Plane(id="geo", endpoint=f"https://{PLANE}", authorization=said, added=0, added_by="mayor")

        def as_city(tx: Any) -> None:
            tx.put(replace(known, profiles=(HTTP_PULL,)))
            asset = tx.get(Asset, contract.dataset)
            tx.put(replace(asset, kind="dataplane", settings={"dataplane": "geo"}))

        def as_plane(tx: Any) -> None:
            tx.put(replace(known, id="city", endpoint=f"https://{SIGNALS}"))
            settings = {"path": str(file)}
            asset = Asset(
                id=contract.dataset, name="t", title="T", kind="file", settings=settings, created=0, created_by="m"
            )
            tx.put(asset)

        await two.city.store.write(as_city)
        await plane.store.write(as_plane)
        two.city.flows.start()
        plane.flows.start()
        yield Driven(two, road, plane, id)
        await two.city.flows.close()
        await plane.flows.close()
        await plane.gate.close()
        await plane.client.close()
        await plane.store.close()


async def test_a_pull_is_started_by_the_data_plane_at_its_own_address(driven: Driven) -> None:
    mine = await driven.running()
    assert driven.road.said[:2] == ["POST start", "GET agreement"]
    endpoint = await driven.two.utility.store.read(lambda view: view.get(Endpoint, mine.id))
    assert endpoint is not None
    assert endpoint.url.startswith("http://127.0.0.1:18199/data/")
    assert endpoint.kind == HTTP_PULL
    assert await driven.served() is FlowState.STARTED
    assert (await driven.flow()).address != b""
    assert b"refreshToken" not in (await driven.flow()).address


async def test_suspension_and_resumption_reach_the_data_plane(driven: Driven) -> None:
    mine = await driven.running()
    await driven.two.utility.transfers.command("engineer", mine.id, transfer.Suspend(Reason("operator")))
    await driven.until(mine.id, TransferState.SUSPENDED)
    await driven.flow_until(lambda flow: flow.state is FlowState.SUSPENDED)
    assert await driven.served() is FlowState.SUSPENDED
    await driven.two.utility.transfers.command("engineer", mine.id, transfer.Start())
    await driven.until(mine.id, TransferState.STARTED)
    await driven.flow_until(lambda flow: flow.state is FlowState.STARTED)
    assert await driven.served() is FlowState.STARTED


async def test_a_consumer_that_resumes_hears_of_the_address_of_the_data_plane(driven: Driven) -> None:
    mine = await driven.running()
    first = await driven.two.utility.store.read(lambda view: view.get(Endpoint, mine.id))
    await driven.two.utility.transfers.command("engineer", mine.id, transfer.Suspend(Reason("operator")))
    await driven.until(mine.id, TransferState.SUSPENDED)
    await driven.flow_until(lambda flow: flow.state is FlowState.SUSPENDED)
    await driven.two.utility.transfers.command("engineer", mine.id, transfer.Start())
    async with asyncio.timeout(10):
        while (now := await driven.two.utility.store.read(lambda view: view.get(Endpoint, mine.id))) == first:
            await asyncio.sleep(0.002)
    assert first is not None
    assert now is not None
    assert (now.url, now.kind) == (first.url, HTTP_PULL)
    assert (await driven.until(mine.id, TransferState.STARTED)).pending is None


class Slow:
    """Calls of the data plane's, whose answer to a start says "not yet"; `address` is what it says when it is asked."""

    def __init__(self, road: Street) -> None:
        self.road, self.address, self.asked, self.gives = road, None, 0, True

    async def send(self, method: str, url: str, **given: Any) -> Reply:
        """See `ports.Peer.send`."""
        reply = await self.road.send(method, url, **given)
        said = json.loads(reply.body) if reply.body else {}
        if url.endswith("/dataflows/start"):
            self.address = said.pop("dataAddress")
            return Reply(202, json.dumps(said | {"state": "STARTING"}).encode(), {})
        if url.endswith("/status"):
            self.asked += 1
            address = {"dataAddress": self.address} if self.gives and self.asked > 2 else {}
            return Reply(200, json.dumps(said | address).encode(), {})
        return reply


async def test_a_data_plane_that_never_calls_back_is_asked(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "FIRST_ASKED", 0.005)
    slow = Slow(driven.road)
    driven.two.city.signals._sends = slow
    mine = await driven.running()
    assert slow.asked == 3
    assert (await driven.flow()).due == ()
    assert await driven.two.utility.store.read(lambda view: view.get(Endpoint, mine.id)) is not None


async def test_a_data_plane_that_gives_no_address_is_given_up(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "FIRST_ASKED", 0.005)
    monkeypatch.setattr(flows, "PATIENCE", 0.05)
    slow = Slow(driven.road)
    slow.gives = False
    driven.two.city.signals._sends = slow
    mine = await driven.requested()
    ended = await driven.until(mine.id, TransferState.TERMINATED)
    assert "flow.unserved" in str(ended.reason)
    assert (await driven.flow()).error == Reason("flow.silent", {"plane": "geo", "state": "STARTING"})


class Receiver:
    """A data plane that receives for the utility: everything at once, and `said` is what it was told."""

    def __init__(self, road: Street) -> None:
        self.road, self.said = road, list[tuple[str, dict[str, Any]]]()

    async def send(self, method: str, url: str, **given: Any) -> Reply:
        """See `ports.Peer.send`."""
        signal = url.rpartition("/")[2]
        self.said.append((signal, json.loads(given.get("body") or b"{}")))
        state = {"prepare": "PREPARED", "suspend": "SUSPENDED"}.get(signal, "STARTED")
        return Reply(200, json.dumps({"dataFlowId": "f1", "state": state, "messageId": "m"}).encode(), {})


async def test_a_consumers_data_plane_is_resumed_once_with_the_new_address(driven: Driven) -> None:
    """Consumer Pull - Consumer Suspend/Start: first the other control plane, then our data plane."""
    receiver, utility = Receiver(driven.road), driven.two.utility
    utility.signals._sends = receiver
    (there,) = await driven.two.city.planes.select()
    await utility.store.write(lambda tx: tx.put(replace(there, id="ours", endpoint="https://ours.example")))
    utility.flows.start()
    try:
        asked = await utility.transfers.request("engineer", driven.id, format=HTTP_PULL, dataplane="ours")
        await driven.until(asked.id, TransferState.STARTED)
        await utility.transfers.command("engineer", asked.id, transfer.Suspend(Reason("operator")))
        await driven.until(asked.id, TransferState.SUSPENDED)
        await driven.flow_until(lambda flow: flow.state is FlowState.SUSPENDED)
        await utility.transfers.command("engineer", asked.id, transfer.Start())
        async with asyncio.timeout(5):
            while receiver.said[-1][0] != "resume":
                await asyncio.sleep(0.002)
    finally:
        await utility.flows.close()
    assert [signal for signal, _ in receiver.said] == ["prepare", "started", "suspend", "resume"]
    started, resumed = (said["dataAddress"] for signal, said in receiver.said if signal in ("started", "resume"))
    assert resumed["endpoint"] == started["endpoint"]
    assert resumed["endpointProperties"] != started["endpointProperties"], "with tokens of its own"


async def test_our_own_resumption_waits_for_the_data_plane(driven: Driven) -> None:
    mine = await driven.running()
    first = await driven.flow()
    ours = await driven.ours()
    await driven.two.city.transfers.command("mayor", ours.id, transfer.Suspend(Reason("operator")))
    await driven.until(mine.id, TransferState.SUSPENDED)
    await driven.flow_until(lambda flow: flow.state is FlowState.SUSPENDED)
    driven.road.broken = lambda path: -1 if path.endswith("/resume") else 0
    held = await driven.two.city.transfers.command("mayor", ours.id, transfer.Start())
    assert held.state == TransferState.SUSPENDED
    assert (await driven.flow()).resuming
    driven.road.broken = lambda path: 0
    await driven.until(mine.id, TransferState.STARTED)
    assert (await driven.flow()).address != first.address


@pytest.mark.parametrize(
    ("command", "state", "flow"),
    [
        (transfer.Complete(), TransferState.COMPLETED, FlowState.COMPLETED),
        (transfer.Terminate(Reason("operator")), TransferState.TERMINATED, FlowState.TERMINATED),
    ],
)
async def test_an_end_reaches_the_data_plane(
    driven: Driven, command: transfer.Command, state: str, flow: FlowState
) -> None:
    mine = await driven.running()
    await driven.two.utility.transfers.command("engineer", mine.id, command)
    await driven.until(mine.id, state)
    await driven.flow_until(lambda found: found.state is flow)
    assert await driven.served() is flow


async def test_what_the_data_plane_completes_is_completed(driven: Driven) -> None:
    mine = await driven.running()
    (flow,) = await driven.plane.flows.select()
    await driven.plane.flows.complete("mayor", flow.id)
    await driven.until(mine.id, TransferState.COMPLETED)
    assert "POST completed" in driven.road.said


async def test_an_error_of_the_data_plane_is_told_here_and_nowhere_else(driven: Driven) -> None:
    mine = await driven.running()
    (flow,) = await driven.plane.flows.select()
    before = len(driven.road.seen)
    await driven.plane.store.write(lambda tx: driven.plane.flows.failing(tx, flow.id, Reason("source.broken")))
    found = await driven.flow_until(lambda found: found.error is not None)
    assert found.error is not None
    assert found.error.code == "flow.errored"
    assert (await driven.two.utility.transfers.get(mine.id)).state == TransferState.STARTED
    assert len(driven.road.seen) == before
    log = await driven.two.city.store.read(lambda view: view.log(limit=1000))
    assert any(b'"flow.errored"' in one.body for one in log)


async def test_a_refusal_ends_the_transfer_and_tells_the_peer_no_more(driven: Driven) -> None:
    driven.road.broken = lambda path: 403 if path.endswith("/start") else 0
    mine = await driven.requested()
    ended = await driven.until(mine.id, TransferState.TERMINATED)
    assert ended.reason is not None
    assert "flow.unserved" in str(ended.reason)
    assert "geo" not in str(ended.reason)
    assert (await driven.flow()).error == Reason("flow.refused", {"plane": "geo", "signal": "start", "status": "403"})


async def test_a_signal_waits_for_a_data_plane_that_is_away_also_over_a_kill(driven: Driven) -> None:
    driven.road.broken = lambda path: -1
    mine = await driven.requested()
    await driven.until(mine.id, TransferState.REQUESTED)
    assert (await driven.flow()).waiting
    await driven.two.city.flows.close()  # What is in memory is gone; the store has what is due.
    driven.road.broken = lambda path: 0
    driven.two.city.flows.start()
    await driven.until(mine.id, TransferState.STARTED)
    assert len(await driven.plane.flows.select()) == 1


async def test_a_lost_answer_begins_no_second_flow(driven: Driven) -> None:
    lost: list[str] = []
    real = driven.road.send

    async def send(method: str, url: str, **given: Any) -> Reply:
        answer = await real(method, url, **given)
        if url.endswith("/dataflows/start") and not lost:
            lost.append(url)
            raise DeliveryError("peer.timeout")
        return answer

    driven.two.city.signals._sends = type("Lossy", (), {"send": staticmethod(send)})()
    mine = await driven.requested()
    await driven.until(mine.id, TransferState.STARTED)
    assert lost
    assert len(await driven.plane.flows.select()) == 1


async def test_a_data_plane_tells_of_its_own_transfers_alone(driven: Driven) -> None:
    await driven.running()
    stranger = Plane(id="stranger", endpoint="https://x", authorization={}, added=0, added_by="m")
    with pytest.raises(Exception, match=r"flow\.unknown"):
        await driven.two.city.flows.agreement(stranger, (await driven.ours()).id)
    with pytest.raises(Exception, match=r"flow\.unknown"):
        await driven.two.city.flows.told(
            stranger, (await driven.ours()).id, "completed", DataFlowStatusMessage(state=FlowState.COMPLETED)
        )


async def test_a_data_plane_that_is_removed_ends_its_transfers(driven: Driven) -> None:
    mine = await driven.running()
    await driven.two.city.planes.remove("mayor", "geo")
    await driven.until(mine.id, TransferState.TERMINATED)


async def test_without_its_data_plane_a_transfer_does_not_start(driven: Driven) -> None:
    await driven.two.city.store.write(lambda tx: tx.delete(Plane, "geo"))
    mine = await driven.requested()
    ended = await driven.until(mine.id, TransferState.TERMINATED)
    assert "flow.unserved" in str(ended.reason)
    assert "geo" not in str(ended.reason)
