"""What a question is about, and whose votes count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.protocol import negotiation
from connector.protocol.machine import Role
from connector.protocol.negotiation import Negotiation
from connector.records import Ask, Question, QuestionState, Right, Vote
from connector.services.approval.questions import counted, stands, terms_hash, voters
from policies.model import Reason
from tests.connector.services.world import neighbours
from tests.harness.virtual import run


def record(role: Role, state: str | None, **changes: Any) -> Negotiation:
    blank = negotiation.blank(id="urn:x", role=role, peer="did:web:p", callback="", dataset="urn:d", now=0)
    return msgspec.structs.replace(blank, state=state, asked={"n": 1}, offered={"n": 2}, **changes)


def question(n: Negotiation, ask: Ask, **changes: Any) -> Question:
    about = terms_hash(n, ask, changes.get("draft"))
    made = Question(id=n.id, ask=ask, state=QuestionState.OPEN, terms=about, needed=1, asked=0, deadline=9)
    return msgspec.structs.replace(made, **changes)


@pytest.mark.parametrize(
    ("role", "state", "ask"),
    [
        (Role.PROVIDER, "REQUESTED", Ask.AGREE),
        (Role.PROVIDER, "ACCEPTED", Ask.AGREE),
        (Role.CONSUMER, "OFFERED", Ask.ACCEPT),
        (Role.CONSUMER, "OFFERED", Ask.REQUEST),
        (Role.CONSUMER, None, Ask.REQUEST),
    ],
)
def test_it_stands_only_while_nothing_has_moved(role: Role, state: str | None, ask: Ask) -> None:
    n = record(role, state)
    asked = question(n, ask, draft={"n": 3} if ask is Ask.REQUEST else None)
    assert stands(n, asked)
    moved: list[dict[str, Any]] = [
        {"pending": "offer"},
        {"ending": Reason("x")},
        {"state": "TERMINATED"},
        {"state": "AGREED"},
    ]
    moved.append({"asked": {"n": 9}} if ask is Ask.AGREE else {"offered": {"n": 9}})
    for changes in moved:
        assert not stands(msgspec.structs.replace(n, **changes), asked), changes
    assert not stands(msgspec.structs.replace(n, role=role.other), asked)


def test_the_same_words_for_another_purpose_are_another_matter() -> None:
    n = msgspec.structs.replace(record(Role.CONSUMER, "OFFERED"), asked={"n": 2})
    assert (
        len({terms_hash(n, Ask.AGREE, None), terms_hash(n, Ask.ACCEPT, None), terms_hash(n, Ask.REQUEST, {"n": 2})})
        == 3
    )


@pytest.mark.parametrize(
    ("votes", "count"),
    [
        ((), 0),
        (("anna",), 1),
        (("anna", "anna"), 1),
        (("anna", "jo"), 2),
        (("maria",), 0),
        (("eve", "stranger"), 0),
        (("anna", "maria", "eve"), 1),
    ],
)
def test_votes_count_once_for_each_who_may(tmp_path: Path, votes: tuple[str, ...], count: int) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        await city.people("maria", role=Right.ADMIN)
        await city.people("eve", role=Right.AUDITOR)
        cast = tuple(Vote(operator=name, approves=True, at=city.clock.now()) for name in votes)
        no = Vote(operator="jo", approves=False, at=city.clock.now())
        asked = question(record(Role.PROVIDER, "REQUESTED"), Ask.AGREE, votes=(*cast, no), drafted_by=("maria",))
        assert await city.store.read(lambda view: counted(view, asked)) == count
        fresh = question(record(Role.PROVIDER, "REQUESTED"), Ask.AGREE, votes=cast, drafted_by=("maria",))
        left = {"anna", "jo"} - set(votes)
        assert set(await city.store.read(lambda view: voters(view, fresh))) == left

    run(story)
