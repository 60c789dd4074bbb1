"""The domain of a town is in other hands: the certificate is good, the DID document is, all keys in it are new.

Two whole nodes as processes; the third takes the place of one of them, at its address, with nothing else of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certs import keys
from connector import founding
from connector.records import Agreement, Participant
from tests.faults.processes import QUICK, NodeProcess, RefusedError, until
from tests.faults.world import CONTENT, World

pytestmark = pytest.mark.process

SOON = {**QUICK, "ALLMENDE_TRUST__DOCUMENT_SECONDS": "0.5", "ALLMENDE_TRUST__STALE_SECONDS": "1"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, settings=SOON)
    try:
        made.start()
        yield made
    finally:
        made.close()


def taken_over(node: NodeProcess, aside: Path) -> None:
    """Somebody else serves the node's address from now on: a fresh node with fresh keys, who knows the neighbours."""
    node.close()
    shutil.move(node.directory, aside)
    founding.initialise(node.directory, node.url, public_port=node.port, management_port=node.management_port, lab=True)
    node._token = (node.directory / "token").read_text().strip()
    node.start()


def given_back(node: NodeProcess, aside: Path) -> None:
    node.close()
    shutil.rmtree(node.directory)
    shutil.move(aside, node.directory)
    node._token = (node.directory / "token").read_text().strip()
    node.start()


def peer(node: NodeProcess, name: str) -> Participant:
    found = node.look(lambda view: view.find(Participant, name=name))
    assert found is not None
    return found


def held(node: NodeProcess) -> list[str | None]:
    found = node.look(lambda view: view.select(Agreement, in_force=True))
    return [one.held and one.held.code for one in found]


def told(node: NodeProcess, event: str) -> list[dict[str, Any]]:
    return [one for one in node.call("GET", "/v1/events", limit="500")["items"] if one["event"] == event]


@pytest.mark.parametrize("who", ["provider", "consumer"])
def test_T70(world: World, tmp_path: Path, who: str) -> None:
    taken: NodeProcess = getattr(world, who)
    victim, name = (world.consumer, "city") if who == "provider" else (world.provider, "utility")
    contract = world.contract()
    assert world.fetch(contract) == CONTENT
    known, aside = peer(victim, name), tmp_path / "aside"
    taken_over(taken, aside)
    mine = keys.load(taken.directory / "keys")

    # The thief calls, and is nobody; what it sees of the victim is what everybody sees.
    taken.call("POST", "/v1/peers", {"url": victim.url, "name": "victim", "private": True})
    with pytest.raises(RefusedError):
        taken.call("GET", "/v1/peers/victim/catalog", timeout=30.0)

    # The victim notices by itself: nothing flows in either direction, the contract is held and stands.
    until(lambda: peer(victim, name).changed, "not noticed")
    now = peer(victim, name)
    assert (now.keys, now.words) == (known.keys, known.words), "nothing of the thief's is believed"
    assert held(victim) == ["peer.keys_changed"]
    with pytest.raises(RefusedError):
        if who == "provider":
            victim.call("GET", f"/v1/contracts/{contract}/data", timeout=30.0)
        else:
            world.fetch(contract)
    assert held(taken) == [], "the thief has got no contract"

    # A person sees both fingerprints, as words.
    (event,) = told(victim, "peer.keys_changed")
    assert event["importance"] == "alarm"
    from certs.words import fingerprint

    for words in (known.words, fingerprint(mine.thumbprints)):
        assert words in event["sentence"]
    with pytest.raises(RefusedError, match=r"peer\.words"):
        victim.call("POST", f"/v1/peers/{name}/keys", {"words": known.words}, timeout=30.0)

    # The town has its domain again: everything goes on by itself.
    given_back(taken, aside)
    until(lambda: peer(victim, name).changed is None, "not noticed that it is itself again")
    assert held(victim) == [None]
    assert until(lambda: _fetched(world, contract), "no data again") == CONTENT


def _fetched(world: World, contract: str) -> bytes | None:
    try:
        return world.fetch(contract)
    except RefusedError:
        return None
