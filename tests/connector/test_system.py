"""The small adapters: clock, ids, facts."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connector.records import Participant, Vouch
from connector.system import KnownFacts, SystemClock, SystemIds
from policies.model import Reason
from tests.connector.services.world import neighbours
from tests.harness.virtual import run

NOW = 1_800_000_000_000_000
SPATIAL = "http://www.w3.org/ns/odrl/2/spatial"


def test_the_clock_tells_microseconds() -> None:
    clock = SystemClock()
    assert abs(clock.now() / 1e6 - time.time()) < 5
    before = clock.monotonic()
    asyncio.run(clock.sleep(0))
    assert clock.monotonic() >= before


def test_ids_are_in_the_order_of_their_making_and_tokens_are_long() -> None:
    ids = SystemIds()
    drawn = [ids.pid() for _ in range(200)]
    assert drawn == sorted(set(drawn))
    assert {uuid.UUID(pid.removeprefix("urn:uuid:")).version for pid in drawn} == {7}
    tokens = {ids.token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32


def test_facts_are_what_an_operator_has_stated(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        facts = KnownFacts(city.clock)
        assert await city.store.read(lambda view: facts.of(view, utility.did)) == {}
        assert await city.store.read(lambda view: facts.of(view, "did:web:stranger")) == {}
        stated = Participant(
            id="did:web:town",
            name="town",
            url="http://town",
            base="http://town",
            keys={},
            words="",
            added=0,
            added_by="mayor",
            facts={SPATIAL: ("05515000",)},
        )
        await city.store.write(lambda tx: tx.put(stated))
        assert await city.store.read(lambda view: facts.of(view, "did:web:town")) == {SPATIAL: ("05515000",)}

    run(story)


@pytest.mark.parametrize(
    ("vouch", "facts"),
    [
        ({}, {SPATIAL: ("05515000",), "urn:x:member": ("region",)}),
        ({"facts": {SPATIAL: ("01",)}}, {SPATIAL: ("05515000",)}),
        ({"until": NOW}, {SPATIAL: ("05515000",)}),
        ({"refused": Reason("trust.revoked")}, {SPATIAL: ("05515000",)}),
    ],
    ids=["both", "the operator's word stands", "ended", "refused"],
)
def test_credentials_add_facts_as_long_as_they_stand(vouch: dict[str, Any], facts: dict[str, Any]) -> None:
    said = {"region": "did:web:r", "checked": 0, "until": NOW + 1, "facts": {"urn:x:member": ("region",)}}
    peer = Participant(
        id="did:web:town",
        name="town",
        url="http://town",
        base="http://town",
        keys={},
        words="",
        added=0,
        added_by="mayor",
        facts={SPATIAL: ("05515000",)},
        vouch=Vouch(**{**said, **vouch}),
    )
    view: Any = SimpleNamespace(get=lambda kind, id: peer)
    clock: Any = SimpleNamespace(now=lambda: NOW)
    assert KnownFacts(clock).of(view, peer.id) == facts
