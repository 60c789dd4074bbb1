"""kill -9 at every step of a key that another follows; an old backup that brings a revoked key back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.records import Participant, Tombstone
from tests.faults.processes import QUICK, AwayError, NodeProcess, RefusedError, until
from tests.faults.test_backup import backed_up, lost_and_restored, reconciled
from tests.faults.world import CONTENT, World

pytestmark = pytest.mark.process

SOON = {**QUICK, "ALLMENDE_TRUST__DOCUMENT_SECONDS": "0.5", "ALLMENDE_TRUST__STALE_SECONDS": "1"}
"""Settings with which a key that was published signs within seconds."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("keys"), settings=SOON)
    try:
        made.start()
        yield made
    finally:
        made.close()


def rotate(node: NodeProcess, name: str, *, revoke: bool = False) -> None:
    """Whether or not the answer comes: the process may be gone, or the next key on its way already."""
    with contextlib.suppress(AwayError, RefusedError):
        node.call("POST", f"/v1/keys/{name}/rotate", {"revoke": revoke})


def listed(node: NodeProcess) -> dict[str, Any]:
    return {one["name"]: one for one in node.call("GET", "/v1/keys")["items"]}


def signing(node: NodeProcess, kind: str) -> str:
    return next(
        one["name"] for one in listed(node).values() if one["state"] == "signs" and one["name"].startswith(kind)
    )


def believed(node: NodeProcess, who: str) -> Participant:
    found = node.look(lambda view: view.get(Participant, who))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "revoke"),
    [("token", False), ("token", True), ("audit", False)],
    ids=["token", "token revoked", "audit"],
)
@pytest.mark.parametrize("point", ["key.made", "key.turned", "key.noted"])
def test_killed_while_a_key_is_followed(pair: World, kind: str, revoke: bool, point: str) -> None:
    city, utility = pair.provider, pair.consumer
    before = signing(city, kind)
    city.order(point)
    rotate(city, kind, revoke=revoke)
    until(city.executed, f"never came to {point}")
    until(lambda: city.call("GET", "/ready"), "does not come back")
    if point == "key.made":
        assert signing(city, kind) == before, "it was never begun"
        rotate(city, kind, revoke=revoke)
    until(lambda: signing(city, kind) != before, "the next key never signs")
    now = f"{city.did}#{signing(city, kind)}"
    until(lambda: now in believed(utility, city.did).keys, "the peer does not follow")
    assert believed(utility, city.did).changed is None
    assert pair.fetch(pair.contract()) == CONTENT
    until(lambda: city.call("GET", "/v1/audit/verify", timeout=30.0)["ok"], "the log is one")


def test_a_revoked_key_that_a_backup_brings_back_never_signs_again(tmp_path: Path) -> None:
    world = World(tmp_path, settings=SOON)
    try:
        world.start()
        city, utility = world.provider, world.consumer
        assert world.fetch(world.contract()) == CONTENT
        source, stolen = backed_up(city), listed(city)["token"]["thumbprint"]
        rotate(city, "token", revoke=True)
        until(lambda: f"{city.did}#token-2" in believed(utility, city.did).keys, "the peer does not follow")
        until(lambda: utility.look(lambda view: view.count(Tombstone, owner=city.did)) > 0, "the peer is not told")
        lost_and_restored(city, source)
        until(lambda: "token-3" in listed(city), "the node does not learn that its key is gone", patience=60.0)
        assert stolen not in {one["thumbprint"] for one in listed(city).values() if one["state"] != "gone"}
        until(lambda: f"{city.did}#token-3" in believed(utility, city.did).keys, "the peer does not follow")
        reconciled(world, city)
        assert world.fetch(world.contract()) == CONTENT
    finally:
        world.close()
