"""Hints: who reads is told once a round that there is something new, and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.errors import DeliveryError, UnauthenticatedError
from connector.ports import Caller, Reply
from connector.services.hints import READS_FOR, Hints
from tests.connector.services.world import FOREVER, Neighbour, Token, neighbours
from tests.harness.virtual import run

UTILITY = "did:web:utility"


class Wire:
    """A peer that answers as it is told to."""

    def __init__(self, answer: Reply | DeliveryError | None = None) -> None:
        self.answer = answer or Reply(204, b"")
        self.sent: list[str] = []

    async def send(self, method: str, url: str, *, authorization: str, **_: object) -> Reply:
        self.sent.append(f"{method} {url} {authorization}")
        if isinstance(self.answer, DeliveryError):
            raise self.answer
        return self.answer


def hints(city: Neighbour, wire: Wire) -> Hints:
    return Hints(store=city.store, clock=city.clock, peer=wire, identity=Token())  # type: ignore[arg-type]


def test_a_reader_is_told_once_however_much_has_changed(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        wire = Wire()
        ours = hints(city, wire)
        ours.changed({""})
        await ours.work()
        assert wire.sent == []
        ours.asked(utility.did)
        for _ in range(5):
            ours.changed({"", "did:web:x"})
        await ours.work()
        await ours.work()
        assert wire.sent == [f"POST {utility.url}/catalog/hint Bearer {utility.did}"]
        ours.changed({utility.did})
        await ours.work()
        assert len(wire.sent) == 2

    run(story)


def test_after_a_start_every_peer_counts_as_a_reader(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        wire = Wire()
        ours = hints(city, wire)
        await ours.begin()
        ours.changed({""})
        await ours.work()
        assert wire.sent == [f"POST {utility.url}/catalog/hint Bearer {utility.did}"]

    run(story)


def test_what_is_not_for_a_reader_is_not_hinted_at(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        wire = Wire()
        ours = hints(city, wire)
        ours.asked(utility.did)
        ours.changed({"did:web:other"})
        await ours.work()
        assert wire.sent == []

    run(story)


@pytest.mark.parametrize("answer", [Reply(404, b""), DeliveryError("peer.unreachable")])
def test_who_takes_no_hints_is_told_no_more_until_it_asks_again(tmp_path: Path, answer: Reply | DeliveryError) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        wire = Wire(answer)
        ours = hints(city, wire)
        ours.asked(utility.did)
        for _ in range(3):
            ours.changed({""})
            await ours.work()
        assert len(wire.sent) == 1
        ours.asked(utility.did)
        ours.changed({""})
        await ours.work()
        assert len(wire.sent) == 2

    run(story)


def test_who_has_not_asked_for_long_and_who_is_no_peer_is_not_told(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        wire = Wire()
        ours = hints(city, wire)
        ours.asked(utility.did)
        ours.asked("did:web:nobody")
        await asyncio.sleep(1)
        ours.changed({""})
        await asyncio.sleep(READS_FOR)
        await ours.work()
        assert wire.sent == []

    run(story)


def test_a_hint_is_heard_once_for_each_token(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        ours = hints(city, Wire())
        heard: list[str] = []
        ours.heard.append(heard.append)
        await ours.receive(Caller(utility.did, "once", FOREVER))
        with pytest.raises(UnauthenticatedError):
            await ours.receive(Caller(utility.did, "once", FOREVER))
        assert heard == [utility.did]

    run(story)
