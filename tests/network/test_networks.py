"""Two nodes in networks of their own: the whole walk, partitions in one direction, and what the guard allows there.

F10: messages of one side get lost, of the other not; both come together again by themselves, without a second effect.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from connector.records import Written
from tests.faults.invariants import check
from tests.faults.processes import NodeProcess, RefusedError, until
from tests.faults.world import CONTENT
from tests.network.spaces import ADDRESSES, CITY, UTILITY
from tests.network.world import DEADLINE, LARGE, PlacedWorld, closed_world, open_world

pytestmark = pytest.mark.process
SECONDS, TIMES = 1.5, 2


@pytest.fixture(scope="module", params=[open_world, closed_world], ids=["open", "closed"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlacedWorld]:
    with request.param(tmp_path_factory.mktemp("network")) as made:
        yield made


def walk(world: PlacedWorld) -> None:
    """A contract, and a transfer with all its moves."""
    contract = world.contract()
    by = {"suspend": world.provider, "restart": world.provider, "complete": world.consumer}
    world.transfer_story(contract, lambda message: None, by)


def test_the_whole_walk(world: PlacedWorld) -> None:
    walk(world)
    check(world)
    if world.via:
        # Nothing but tunnels has led from one network to the other, to judged addresses.
        asked = set((world.directory / "proxy" / "output").read_text().split()) - {"ready"}
        assert asked == {f"{address}:443" for address in ADDRESSES.values()}


def test_uses_are_counted_once(world: PlacedWorld) -> None:
    contract = world.contract("thrice")
    for _ in range(3):
        assert world.fetch(contract) == CONTENT
    with pytest.raises(RefusedError, match="count"):
        world.fetch(contract)
    for one in world.consumer.listed("/v1/transfers"):
        if one["state"] == "STARTED":
            world.command(world.consumer, one["id"], "complete", "COMPLETED")
    check(world)


def test_private_addresses_are_for_the_peers_that_may_have_them(world: PlacedWorld) -> None:
    """The permission is one peer's: the same address is refused where it was not given."""
    url = world.provider.url
    assert world.consumer.call("POST", "/v1/peers/look", {"url": url, "private": True})["id"] == world.provider.did
    with pytest.raises(RefusedError) as refused:
        world.consumer.call("POST", "/v1/peers/look", {"url": url, "private": False})
    assert refused.value.code == "peer.address_refused"


@pytest.mark.parametrize("silent", [CITY, UTILITY])
def test_a_partition_in_one_direction(world: PlacedWorld, silent: str) -> None:
    """Down and up and down again while contracts are made and data flows; then everything is as it should be."""
    over = threading.Event()

    def flap() -> None:
        for _ in range(TIMES):
            with world.spaces.silenced(silent):
                time.sleep(SECONDS)
            if over.wait(SECONDS / 2):
                return

    flapping = threading.Thread(target=flap)
    began = time.monotonic()
    flapping.start()
    try:
        while flapping.is_alive():
            walk(world)
    finally:
        over.set()
        flapping.join()
    healed = time.monotonic()
    check(world)
    print(f"{silent} silent: walks for {healed - began:.1f} s, together again after {time.monotonic() - healed:.1f} s")


@pytest.mark.parametrize("silent", [CITY, UTILITY])
def test_what_was_begun_before_a_partition_ends_after_it(world: PlacedWorld, silent: str) -> None:
    """A move is asked for while half of the network is gone for longer than a message may take."""
    contract = world.contract()
    pid = world.begun("/v1/transfers", {"contract": contract})
    world.wait("/v1/transfers", pid, "STARTED")
    with world.spaces.silenced(silent):
        world.consumer.call("POST", f"/v1/transfers/{pid}/complete", {})
        time.sleep(DEADLINE + 0.5)
        assert world.consumer.call("GET", f"/v1/transfers/{pid}")["pending"] == "complete"
    world.wait("/v1/transfers", pid, "COMPLETED")
    check(world)


@pytest.mark.parametrize("end", ["suspend", "terminate"])
def test_a_stream_between_networks_is_cut(world: PlacedWorld, end: str) -> None:
    """In full flow: over at both ends at once, and both have written down how much it was."""
    contract = world.contract(world.share_large(f"large-{end}"))
    failures: list[Exception] = []

    def fetch() -> None:
        try:
            world.read_slowly(f"/v1/contracts/{contract}/data")
        except (OSError, http.client.HTTPException) as error:
            failures.append(error)

    fetching = threading.Thread(target=fetch)
    fetching.start()
    (permitted,) = until(lambda: events(world.provider, "access.permitted", contract), "no access")
    began = time.monotonic()
    world.provider.call("POST", f"/v1/transfers/{permitted['transfer']}/{end}", {"reason": "r"})
    (cut,) = until(lambda: events(world.provider, "access.cut", contract), "not cut")
    at_the_provider = time.monotonic() - began
    fetching.join()
    assert len(failures) == 1
    pids = {one["id"] for one in world.consumer.listed("/v1/transfers")}
    (received,) = [
        one for one in events(world.consumer, "data.received") if one["complete"] == "no" and one["transfer"] in pids
    ][-1:]
    sent, got = int(cut["bytes"]), int(received["bytes"])
    print(
        f"{end}: cut after {at_the_provider:.3f} s, over after {time.monotonic() - began:.3f} s, {sent} sent, {got} got"
    )
    assert got <= sent < LARGE
    assert sent - got < 8 << 20
    for one in world.provider.listed("/v1/transfers"):
        if one["state"] in ("STARTED", "SUSPENDED"):
            world.command(world.provider, one["id"], "terminate", "TERMINATED")
    check(world)


def events(node: NodeProcess, name: str, agreement: str = "") -> list[dict[str, str]]:
    """The parameters of every audit entry of this name, about one agreement or any."""
    written = node.look(lambda view: [msgspec.json.decode(one.body, type=Written) for one in view.log(limit=100_000)])
    found = [dict(one.params) for one in written if one.event == name]
    return [one for one in found if not agreement or one.get("agreement") == agreement]
