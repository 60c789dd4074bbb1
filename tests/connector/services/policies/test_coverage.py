"""connector/services/policies/coverage.py: what was true and false, by rule and constraint, and what was left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import InputError
from connector.services.policies import coverage
from connector.services.policies.coverage import Coverage
from policies import parse
from policies.model import ODRL, Access, PolicyKind
from policies.terms import Terms
from policies.vocabulary import READ
from tests.connector.services.contracting import contracted
from tests.connector.services.world import Neighbour, neighbours
from tests.harness.virtual import run

PURPOSE = f"{ODRL}purpose"
PLANNING = "https://w3id.org/dpv#PublicPolicyMaking"
SELLING = "https://w3id.org/dpv#CommercialPurpose"


async def seen(city: Neighbour, coverage: Coverage, agreement: str, purpose: str | None, count: int) -> None:
    (offer,) = await city.offers.offers(live=True)
    values = {} if purpose is None else {PURPOSE: (purpose,)}
    access = Access(READ, "did:web:utility", offer.asset, values)
    coverage.note(agreement, parse.from_dsp(offer.document, PolicyKind.OFFER), access, city.clock.now(), count)


def test_rules_and_constraints_are_counted_by_contract_and_told_by_policy(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, Terms(purposes=("PublicBenefit",), count=2))
        city = pair.city
        counts = Coverage(store=city.store, clock=city.clock)
        await seen(city, counts, pair.id, PLANNING, 0)
        await seen(city, counts, pair.id, SELLING, 0)
        await seen(city, counts, pair.id, None, 2)
        found = await counts.of("traffic")
        hits = {key: (one.held, one.failed, one.unknown) for key, one in found.counts.items()}
        assert (found.accesses, found.left_out, found.policy.id) == (3, 0, "traffic@1")
        assert hits == {
            ("permission/0", ""): (1, 2, 0),
            ("permission/0", "count lteq 2"): (2, 1, 0),
            ("permission/0", "purpose isA https://w3id.org/dpv#PublicBenefit"): (1, 1, 1),
        }
        assert (await counts.of("traffic@1")).accesses == 3

    run(story)


def test_a_policy_without_accesses_shows_what_was_never_asked(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        await city.publish(Terms(count=2))
        counts = Coverage(store=city.store, clock=city.clock)
        found = await counts.of("traffic")
        assert set(found.counts) == {("permission/0", ""), ("permission/0", "count lteq 2")}
        assert not any(one.held or one.failed or one.unknown for one in found.counts.values())
        with pytest.raises(InputError, match=r"policy\.unknown"):
            await counts.of("nothing")

    run(story)


def test_what_comes_too_fast_is_told_as_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(coverage, "WAITING", 2)
        city, _ = await neighbours(tmp_path)
        await city.publish(Terms(count=2))
        counts = Coverage(store=city.store, clock=city.clock)
        for _ in range(5):
            await seen(city, counts, "urn:x", PLANNING, 0)
        assert (await counts.of("traffic")).left_out == 3

    run(story)
