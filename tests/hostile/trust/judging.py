"""What a refusal looks like, whatever was wrong: the status, nothing told, nothing changed, a reason in our own log.

What lives here: judging. What does not: making what is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from msgspec import Struct

from tests.hostile.actors import Answer
from tests.hostile.trust.world import CATALOG, Scene, codes

CONSTANT = {"@context", "@type", "code", "reason", "params"}
NEVER = ("Traceback", "/work", ".py", "eyJ", "127.0.0.1", "Error:")
"""What no answer may hold at all."""
UNPROVED = (*NEVER, "example", "did:", "verify", "signature", "issuer", "kid")
"""What no answer may hold that goes to somebody who has proved nothing."""


class Case(Struct, frozen=True):
    """One row's case: `quiet` where nobody may have been called."""

    row: str
    name: str
    make: Callable[..., Any]
    status: tuple[int, ...] = (401,)
    quiet: bool = True
    code: str = ""

    def __str__(self) -> str:
        return f"{self.row} {self.name}"


def tells_nothing(answer: Answer) -> None:
    """One constant body for all who have proved nothing; a code and a sentence, and no more, for everybody else."""
    if answer.status == 0 or not answer.body:
        return
    text = answer.body.decode()
    words = NEVER if answer.status == 403 else UNPROVED
    assert not [word for word in words if word in text], text
    assert answer.told.keys() <= CONSTANT, text
    if answer.status == 401:
        assert answer.told["code"] == "token.refused", text
        assert answer.headers["www-authenticate"] == "Bearer"


async def refused(world: Scene, case: Case, token: Callable[[], str | None], **more: Any) -> list[str]:
    """Ask with a token that must not be taken; the reasons in the log."""
    before, events = await world.state(), await world.events()
    counted = _counted(world)
    world.net.forget()
    with structlog.testing.capture_logs() as entries:
        answer = await world.ask(token(), more.get("body", CATALOG), more.get("path", "/catalog/request"), **_raw(more))
    assert answer.status in case.status, f"{answer.status} {answer.body!r} {codes(entries)}"
    tells_nothing(answer)
    reasons = codes(entries)
    if case.quiet:
        assert world.net.quiet, f"{world.net.asked} {world.net.called} {reasons}"
    assert await world.state() == before
    if answer.status == 401:
        assert reasons, "the operator's log says why"
        assert _counted(world) > counted
    if answer.status in (400, 401, 413):
        added = (await world.events())[len(events) :]
        assert added in ([], ["peer.refused"]), (
            "whoever has proved nothing writes nothing; a member that is none any more"
        )
    if case.code:
        assert any(one.startswith(case.code) for one in reasons), reasons
    return reasons


def _raw(more: dict[str, Any]) -> dict[str, Any]:
    return {"raw": more["raw"]} if "raw" in more else {}


def _counted(world: Scene) -> float:
    """Refusals that the node has counted."""
    lines = world.city.metrics.text().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if "refusals_total{" in line)
