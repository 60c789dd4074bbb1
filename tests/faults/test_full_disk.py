"""F13, and F01 with a full disk in the place of a kill: no room to write at each of the 54 named points.

What lives here: a directory on a small file system that is filled up under a running node, and writes of SQLite that
find no room from a named point on. Whatever is asked meanwhile is refused or comes later; nobody dies, nothing is half
done, and when there is room again everything finishes by itself. The long campaign `full` walks all 54 points.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import check
from tests.faults.node import FULL
from tests.faults.processes import NodeProcess, RefusedError, until
from tests.faults.test_kill_points import POINTS, Point, story, victim_of
from tests.faults.world import NEGOTIATIONS, World
from tests.harness.disks import small_disk
from tests.harness.syscalls import writes

pytestmark = pytest.mark.process
MEBIBYTE = 1 << 20
THREE = "size=3m"
SHORT = POINTS[::9]
"""One point of each of six messages."""


def fill_up(place: Path) -> Path:
    """Leave no room in a file system; the file to take away."""
    ballast = place / "ballast"
    for size in (MEBIBYTE, 4096, 1):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(bytes(size)) == size:
                pass
    return ballast


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[World]:
    """Two neighbours, of whom the provider's directory lies on a small disk."""
    with small_disk(tmp_path / "city", THREE):
        made = World(tmp_path)
        try:
            made.start()
            yield made
        finally:
            made.close()


def refused(node: NodeProcess, method: str, path: str, body: object) -> tuple[int, str]:
    """Status and code with which the management API refuses."""
    with pytest.raises(RefusedError) as error:
        node.call(method, path, body)
    return error.value.status, error.value.code


def test_a_full_disk_stops_writing_alone(cramped: World) -> None:
    """F13: 503 for what would change something, reading goes on, health says so; with room again it all goes on."""
    city = cramped.provider
    contract = cramped.contract()
    grant = cramped.started(contract)
    assert cramped.access(grant) == 200
    body = {"peer": "city", "dataset": cramped.datasets["plain"]}
    under_way = [cramped.begun(NEGOTIATIONS, body) for _ in range(3)]
    ballast = fill_up(city.directory)
    policy = {"name": "another", "terms": {}}
    # What SQLite has of its files already is still written to; then there is no room.
    until(lambda: _until_refused(city, policy), "the disk never gets full")
    assert refused(city, "POST", "/v1/policies", policy) == (503, "store.full")
    assert city.call("GET", "/health")["status"] == "degraded"
    named = [one["name"] for one in city.call("GET", "/health")["checks"] if one["reason"]]
    assert "disk" in named
    assert "store" not in named
    assert city.call("GET", "/ready")
    for path in ("/v1/policies", "/v1/assets", "/v1/peers", "/v1/audit", "/v1/status", NEGOTIATIONS):
        assert city.call("GET", path) is not None
    # A small entry may still find room where a large one did not; no access goes unlogged.
    until(lambda: cramped.access(grant) == 503, "an access that cannot be logged")
    before = city.call("GET", "/v1/status")["counts"]
    ballast.unlink()
    for pid in under_way:
        cramped.wait(NEGOTIATIONS, pid, "FINALIZED")
    assert city.call("GET", "/v1/status")["counts"]["negotiations"] >= before["negotiations"]
    assert cramped.access(grant) == 200
    cramped.finish()
    assert city.deaths == []
    check(cramped)


def _until_refused(node: NodeProcess, body: dict[str, object]) -> bool:
    try:
        node.call("POST", "/v1/policies", body)
    except RefusedError as error:
        return (error.status, error.code) == (503, "store.full")
    return False


@pytest.fixture(scope="module")
def contract(world: World) -> str:
    """A contract under which all transfers of this module run."""
    if writes() is None:
        pytest.skip("Python has been built with a SQLite of its own")
    return world.contract()


def without_room(world: World, contract: str, point: Point, seconds: float) -> None:
    """No room from the point on, for a while; nobody dies, and every invariant holds afterwards."""
    victim = victim_of(world, point)
    lived, pid = len(victim.deaths), victim.pid
    with victim.without_room(seconds):
        story(world, contract, point, lambda: victim.order(point.fault, FULL))
    assert (victim.deaths[lived:], victim.pid) == ([], pid)
    check(world)


@pytest.mark.parametrize("point", SHORT, ids=str)
def test_no_room_at_a_point(world: World, contract: str, point: Point) -> None:
    """Half a second without room."""
    without_room(world, contract, point, 0.5)


@pytest.mark.long("full")
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_no_room_at_each_point(world: World, contract: str, point: Point) -> None:
    """Two seconds, at every point."""
    without_room(world, contract, point, 2.0)


def test_the_short_list_has_every_kind_of_moment() -> None:
    assert {point.fault.partition(".")[0] for point in SHORT} == {"send", "receive"}
    assert os.path.basename(FULL) == FULL
