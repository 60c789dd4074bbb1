"""Spoilt policies and requests in every form: no crash, no hang, and no permit out of what is denied.

Which spoilings must never permit is said in `mangling`. A lenient reading keeps actions of foreign vocabularies by
their IRI, so that garbled actions are left alone there: to do something else may be another duty.
"""

from __future__ import annotations

import json
import time
import tomllib
from collections import Counter
from random import Random

import pytest

from policies import requests
from policies.forms import Form
from policies.model import PolicyError
from policies.report import report
from tests.hostile.policies import mangling
from tests.hostile.policies.mangling import Seed, permits, read, scrambled, seeds, spoil, spoilt

FEW, MANY = 600, 40_000
LONGEST = 10.0
"""Seconds that no machine needs for one small document, however busy it is."""


def tried(seed: Seed, how: str, data: bytes, *, lenient: bool) -> str:
    """What became of a spoilt document: `refused` or `denied`. Fails where it permits."""
    try:
        found = read(data, seed.form, lenient=lenient)
    except PolicyError:
        return "refused"
    permitted = permits(found, seed.denied)
    assert permitted is None, (seed.name, seed.form, how, data.decode(), permitted)
    return "denied"


def policies(seed: int, number: int) -> Counter[str]:
    """Spoilt policies, read strictly and leniently."""
    random, tally = Random(seed), Counter[str]()
    for _ in range(number):
        chosen = random.choice(seeds())
        how, data = spoilt(random, chosen)
        tally[tried(chosen, how, data, lenient=False)] += 1
        if not (how.startswith("garbled_word") and how.endswith("action")):
            tally["lenient " + tried(chosen, how, data, lenient=True)] += 1
    return tally


def asked(seed: int, number: int) -> Counter[str]:
    """Spoilt requests to whole policies."""
    random, tally = Random(seed), Counter[str]()
    whole = [(one, read(one.data, one.form)) for one in seeds() if one.form is Form.TOML and one.denied]
    for _ in range(number):
        chosen, found = random.choice(whole)
        document = requests.document(random.choice(chosen.denied))
        how = spoil(random, document)
        try:
            request = requests.read(json.dumps(document).encode(), None)
        except PolicyError:
            tally["refused"] += 1
            continue
        assert permits(found, (request,)) is None, (chosen.name, how, document)
        tally["denied"] += 1
    return tally


def bytewise(seed: int, number: int) -> tuple[Counter[str], float]:
    """Scrambled policies and requests; the seconds that the slowest took."""
    random, tally, slowest = Random(seed), Counter[str](), 0.0
    for _ in range(number):
        chosen = random.choice(seeds())
        asking = json.dumps(requests.document(chosen.denied[0])).encode()
        policy, request = scrambled(random, chosen.data), scrambled(random, asking)
        began = time.perf_counter()
        try:
            one = requests.read(request, None)
        except PolicyError:
            one = chosen.denied[0]
        try:
            for found in read(policy, chosen.form, lenient=random.random() < 0.5):
                report(found, one.access, one.now, count=one.count)
            tally["read"] += 1
        except PolicyError:
            tally["refused"] += 1
        slowest = max(slowest, time.perf_counter() - began)
    return tally, slowest


def test_the_seeds_are_of_every_form_and_deny() -> None:
    assert {seed.form for seed in seeds()} == set(Form)
    assert len(seeds()) > 3 * len(mangling.TEMPLATES)
    for seed in seeds():
        assert len(seed.denied) > 2
        assert permits(read(seed.data, seed.form), seed.denied) is None


def test_toml_is_written_as_it_is_read() -> None:
    """What the mutator writes says the same before anything is spoilt."""
    for seed in seeds():
        if seed.form is Form.TOML:
            again = mangling.toml_text(tomllib.loads(seed.data.decode())).encode()
            assert read(again, seed.form) == read(seed.data, seed.form)


def test_a_spoilt_policy_never_permits_what_it_denied() -> None:
    tally = policies(1, FEW)
    assert min(tally["denied"], tally["lenient denied"]) > FEW // 100, "what is always refused shows little"


def test_a_spoilt_request_never_gets_what_it_was_denied() -> None:
    tally = asked(2, FEW)
    assert min(tally["denied"], tally["refused"]) > FEW // 10


def test_scrambled_bytes_are_read_or_refused() -> None:
    tally, slowest = bytewise(3, FEW)
    assert min(tally.values()) > FEW // 60
    assert slowest < LONGEST


@pytest.mark.long("fuzz")
def test_a_campaign_of_spoilt_policies() -> None:
    print(dict(policies(11, MANY)))


@pytest.mark.long("fuzz")
def test_a_campaign_of_spoilt_requests() -> None:
    print(dict(asked(12, MANY)))


@pytest.mark.long("fuzz")
def test_a_campaign_of_scrambled_bytes() -> None:
    tally, slowest = bytewise(13, MANY)
    print(dict(tally), f"slowest {slowest:.2f} s")
    assert slowest < LONGEST
