"""F23: a contract that is ended, held or over in the middle of a stream, between two real processes.

Covered: the stream ends with an error within a second and never looks complete, no byte leaves the provider afterwards,
both sides write down how many bytes it was, running transfers are terminated (or suspended) on both sides with the
reason, and both say of the contract that it is over. The cut through a proxy's buffers is `tests.connector.proxy`'s.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from policies import instants
from tests.faults.processes import QUICK, NodeProcess, RefusedError, until
from tests.faults.world import NEGOTIATIONS, TRANSFERS, World
from tests.harness import frames

pytestmark = pytest.mark.process
PIECE, PAUSE = 1 << 20, 0.05
SIZE = 256 * PIECE
"""Bytes of the file: more than a reader that takes its time gets within a test."""
SOON = 8.0
"""A second for the cut, and a busy machine; the whole file takes longer than that."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two running neighbours; what is shared is large."""
    made = World(tmp_path_factory.mktemp("ends"), settings=QUICK)
    try:
        made.start()
        path = made.provider.directory.parent / "large.bin"
        path.write_bytes(os.urandom(PIECE) * (SIZE // PIECE))
        asset = {"name": "large", "kind": "file", "title": "large", "settings": {"path": str(path)}}
        made.datasets["large"] = made.provider.call("POST", "/v1/assets", asset)["id"]
        yield made
    finally:
        made.close()


def agreed(world: World, name: str, terms: dict[str, Any]) -> str:
    """A contract about the large file on these terms."""
    world.provider.call("POST", "/v1/policies", {"name": name, "terms": terms})
    offer = world.provider.call(
        "POST", "/v1/offers", {"asset": "large", "policy": name, "approval": {"frame": frames.NAME}}
    )
    body = {"peer": "city", "dataset": world.datasets["large"], "offer": offer["id"]}
    pid = world.begun(NEGOTIATIONS, body)
    world.wait(NEGOTIATIONS, pid, "FINALIZED")
    contract: str = world.consumer.call("GET", f"{NEGOTIATIONS}/{pid}")["contract"]
    return contract


class Reader(threading.Thread):
    """Fetches the data of a contract through the consumer's node, a little at a time, until it breaks off."""

    def __init__(self, node: NodeProcess, contract: str) -> None:
        super().__init__(daemon=True)
        self._node, self._contract = node, contract
        self.received, self.complete, self.ended = 0, False, 0.0

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._node._token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self._node.management_port, timeout=30)
        try:
            connection.request("GET", f"/v1/contracts/{self._contract}/data", headers=headers)
            answer = connection.getresponse()
            while piece := answer.read(PIECE):
                self.received += len(piece)
                time.sleep(PAUSE)
            self.complete = self.received == SIZE
        except (OSError, http.client.HTTPException):
            pass
        finally:
            self.ended = time.monotonic()
            connection.close()


def reading(world: World, contract: str) -> Reader:
    """A stream under way."""
    reader = Reader(world.consumer, contract)
    reader.start()
    until(lambda: reader.received > PIECE, "no stream")
    return reader


def entries(node: NodeProcess, event: str, contract: str) -> list[dict[str, str]]:
    """The parameters of the audit entries of this kind that are about a contract, or about a transfer under one."""
    moved = {one["id"] for one in node.listed(TRANSFERS) if one["contract"] == contract}
    lines = node.look(lambda view: view.log(limit=100_000))
    found = [msgspec.json.decode(line.body) for line in lines]
    return [
        one["params"]
        for one in found
        if one["event"] == event
        and (one["params"].get("agreement") == contract or one["params"].get("transfer") in moved)
    ]


def cut(world: World, reader: Reader, contract: str, since: float, reasons: set[str]) -> None:
    """The stream was cut in time, and both sides have written down how far it came."""
    reader.join(timeout=10)
    assert not reader.is_alive()
    assert not reader.complete
    assert reader.ended - since < SOON
    [provided] = until(lambda: entries(world.provider, "access.cut", contract), "no cut is written down")
    assert provided["reason"] in reasons
    [received] = until(lambda: entries(world.consumer, "data.received", contract), "nothing is written down")
    assert received["complete"] == "no"
    assert 0 < int(received["bytes"]) <= int(provided["bytes"]) < SIZE


def stands(world: World, contract: str, state: str, code: str | None) -> None:
    """Transfers are so on both sides, for the same reason where there is one."""
    for node in world.nodes:

        def there(node: NodeProcess = node) -> bool:
            found = [one for one in node.listed(TRANSFERS) if one["contract"] == contract]
            return bool(found) and all(one["state"] == state and one["pending"] is None for one in found)

        until(there, f"{node.directory.name}: transfers are not {state}")
    if code is None:
        return
    told = [one["reason"] for one in world.consumer.listed(TRANSFERS) if one["contract"] == contract]
    assert all(code in (one["code"], one["params"].get("code")) for one in told)


def over(world: World, contract: str, code: str) -> None:
    """Both sides say of the contract that it is over, and why; nothing more is to be had."""
    for node in world.nodes:

        def ended(node: NodeProcess = node) -> dict[str, Any] | None:
            one: dict[str, Any] = node.call("GET", f"/v1/contracts/{contract}")
            return None if one["in_force"] else one

        assert until(ended, "not over")["ended"]["code"] == code
    with pytest.raises(RefusedError):
        world.consumer.call("GET", f"/v1/contracts/{contract}/data")


@pytest.mark.parametrize("ender", ["provider", "consumer"])
def test_an_end_for_cause_cuts_the_stream(world: World, ender: str) -> None:
    contract = agreed(world, f"cause-{ender}", {"count": 100})
    reader = reading(world, contract)
    node: NodeProcess = getattr(world, ender)
    since = time.monotonic()
    life = node.call("POST", f"/v1/contracts/{contract}/end", {"how": "cause", "reason": "passed on"})
    assert life["states"][0]["code"] == "contract.for_cause"
    cut(world, reader, contract, since, {"contract.for_cause", "transfer.state"})
    stands(world, contract, "TERMINATED", "contract.for_cause")
    over(world, contract, "contract.for_cause")
    [told] = world.consumer.call("GET", f"/v1/contracts/{contract}")["notices"]
    assert (told["ours"], told["state"]) == (ender == "consumer", "answered")


def test_terms_that_end_cut_the_stream(world: World) -> None:
    end = time.time() + 8  # a contract and the beginning of a stream have to fit in, on a busy machine too
    until_ = instants.stamp(int(end * 1_000_000))
    contract = agreed(world, "dated", {"until": until_})
    reader = reading(world, contract)
    since = time.monotonic() + (end - time.time())
    cut(world, reader, contract, since, {"time.over", "contract.expired"})
    assert reader.ended >= since - 0.1
    stands(world, contract, "TERMINATED", "contract.expired")
    over(world, contract, "contract.expired")


def test_holding_cuts_the_stream_and_releasing_lets_it_go_on(world: World) -> None:
    contract = agreed(world, "held", {"count": 50})
    reader = reading(world, contract)
    since = time.monotonic()
    world.provider.call("POST", f"/v1/contracts/{contract}/hold", {"reason": "looks odd"})
    cut(world, reader, contract, since, {"contract.held"})
    stands(world, contract, "SUSPENDED", "contract.held")
    with pytest.raises(RefusedError):
        world.consumer.call("GET", f"/v1/contracts/{contract}/data")
    world.provider.call("POST", f"/v1/contracts/{contract}/release", {})
    stands(world, contract, "STARTED", None)
    again = reading(world, contract)
    world.provider.call("POST", f"/v1/contracts/{contract}/end", {"how": "cause", "reason": "enough"})
    again.join(timeout=10)
    over(world, contract, "contract.for_cause")
