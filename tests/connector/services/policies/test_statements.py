"""connector/services/policies/statements.py: only what a node can know, until it is over, and in the log."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError
from connector.records import Statement
from connector.services.policies.statements import OWN, Statements
from tests.connector.services.world import neighbours
from tests.harness.virtual import run

CRISIS = f"{OWN}crisisLevel"
HOUR = 3_600_000_000


def test_a_statement_takes_the_place_of_the_one_before_and_can_be_withdrawn(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        statements = Statements(store=city.store, clock=city.clock)
        await statements.state("mayor", "crisisLevel", ["1"])
        made = await statements.state("mayor", CRISIS, ["2"], until=city.clock.now() + HOUR, reason="flood")
        assert await statements.select() == [made]
        assert (made.id, made.values, made.stated_by) == (CRISIS, ("2",), "mayor")
        assert statements.holds(made)
        await statements.withdraw("anna", "crisisLevel")
        assert await statements.select() == []
        with pytest.raises(InputError, match=r"statement\.none"):
            await statements.withdraw("anna", "crisisLevel")
        log = [msgspec.json.decode(entry.body)["event"] for entry in await city.audit()]
        assert (log.count("statement.made"), log.count("statement.withdrawn")) == (2, 1)

    run(story)


def test_a_statement_holds_until_its_end(tmp_path: Path) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        statements, now = Statements(store=city.store, clock=city.clock), city.clock.now()
        made = Statement(id=CRISIS, values=("2",), stated=now, stated_by="mayor", until=now)
        assert not statements.holds(made)
        with pytest.raises(InputError, match=r"statement\.over"):
            await statements.state("mayor", "crisisLevel", ["2"], until=now)

    run(story)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("purpose", "https://w3id.org/dpv#PublicBenefit", "statement.operand"),
        ("dateTime", "2027-01-01", "statement.operand"),
        ("nonsense", "1", "statement.operand"),
        ("crisisLevel", "not a level", "statement.value"),
    ],
)
def test_nobody_states_what_a_node_cannot_know(tmp_path: Path, name: str, value: str, code: str) -> None:
    async def story() -> None:
        city, _ = await neighbours(tmp_path)
        with pytest.raises(InputError) as wrong:
            await Statements(store=city.store, clock=city.clock).state("mayor", name, [value])
        assert wrong.value.reason.code == code

    run(story)
