"""Frame contracts: what has to be said, whom they cover, until when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.errors import InputError
from connector.records import Approval, Frame, Outside
from connector.services.approval.frames import in_force
from policies.terms import Terms
from tests.connector.services.world import neighbours
from tests.harness.virtual import run

GIVEN: dict[str, Any] = {"title": "Water", "file_number": "20.1", "hash": "0" * 64, "signatories": ["A"]}


def frame(**changes: Any) -> Frame:
    given = {**GIVEN, "signatories": ("A",), "parties": ("did:web:u",), "added": 0, "added_by": "boss", **changes}
    return Frame(id="f", **given)


@pytest.mark.parametrize(
    ("changes", "party", "now", "covers"),
    [
        ({}, "did:web:u", 5, True),
        ({}, "did:web:other", 5, False),
        ({"anybody": True, "parties": ()}, "did:web:other", 5, True),
        ({"until": 6}, "did:web:u", 5, True),
        ({"until": 5}, "did:web:u", 5, False),
        ({"retired": 4}, "did:web:u", 5, False),
        ({"retired": 4, "anybody": True}, "did:web:u", 5, False),
    ],
)
def test_whom_it_covers_when(changes: dict[str, Any], party: str, now: int, covers: bool) -> None:
    assert in_force(frame(**changes), party, now) is covers


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"hash": "0" * 63}, "frame.hash"),
        ({"hash": "G" * 64}, "frame.hash"),
        ({"signatories": []}, "frame.signatories"),
        ({"parties": []}, "frame.parties"),
        ({"anybody": True}, "frame.parties"),
        ({"parties": ["did:web:stranger"]}, "peer.unknown"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, wrong: dict[str, Any], code: str) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        with pytest.raises(InputError) as refused:
            await city.frames.add("boss", "f", **{**GIVEN, "parties": [utility.did], **wrong})
        assert refused.value.reason.code == code
        assert await city.frames.select() == []

    run(story)


def test_a_name_is_used_once_and_retiring_is_for_good(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        kept = await city.frames.add("boss", "f", parties=[utility.did], **GIVEN)
        assert city.frames.stands(kept)
        retired = await city.frames.retire("boss", "f")
        assert not city.frames.stands(retired)
        for act in (city.frames.retire("boss", "f"), city.frames.add("boss", "f", anybody=True, **GIVEN)):
            with pytest.raises(InputError, match=r"frame\.(retired|exists)"):
                await act
        with pytest.raises(InputError, match=r"frame\.unknown"):
            await city.frames.get("g")

    run(story)


def test_an_offer_names_a_frame_that_is_there(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        for name in ("none", "f"):
            if name == "f":
                await city.frames.add("boss", "f", anybody=True, **GIVEN)
                await city.frames.retire("boss", "f")
            with pytest.raises(InputError, match=r"frame\.(unknown|retired)"):
                await city.publish(Terms(count=1), Outside.ASK, name=f"asset-{name}", approval=Approval(frame=name))

    run(story)
