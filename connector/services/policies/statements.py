"""What this node's operators say about the world: a level of crisis, an event, the state of an environment.

What lives here: stating, withdrawing, what holds now. What does not: what an operand means (`policies.operands`), how
it comes to a decision (the gate). A statement is the node's own word for everybody who asks for data; what a
single peer is, is stated about that peer.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import InputError
from connector.ports import Clock, Store, Transaction
from connector.records import Entry, Statement
from policies import operands
from policies.model import ODRL
from policies.operands import Operand, Origin

OWN = "urn:allmende:"


class Statements:
    """The statements of this node, one for each operand."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def state(
        self, operator: str, name: str, values: Sequence[str], *, until: int | None = None, reason: str = ""
    ) -> Statement:
        """Say that an operand has these values from now on, until an instant. It takes the place of what was said.

        Raises `InputError`: an operand that is none of the node's to state, a value that cannot be read, an end that is
        over.
        """
        operand, now = stateable(name), self._clock.now()
        if until is not None and until <= now:
            raise InputError("statement.over", operand=operand.name)
        made = Statement(
            id=operand.iri,
            values=tuple(dict.fromkeys(_read(operand, value) for value in values)),
            stated=now,
            stated_by=operator,
            until=until,
            reason=reason,
        )

        def act(tx: Transaction) -> None:
            tx.put(made)
            params = {"operand": made.id, "values": " ".join(made.values), "until": str(until or "-")}
            tx.record(Entry(event="statement.made", actor=operator, params={**params, "reason": reason or "-"}))

        await self._store.write(act)
        return made

    async def withdraw(self, operator: str, name: str) -> None:
        """Say nothing about an operand any more: from now on it is unknown. Raises `InputError`."""
        operand = stateable(name)

        def act(tx: Transaction) -> None:
            if not tx.delete(Statement, operand.iri):
                raise InputError("statement.none", operand=operand.name)
            tx.record(Entry(event="statement.withdrawn", actor=operator, params={"operand": operand.iri}))

        await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = 100) -> list[Statement]:
        """Statements in the order of their operands, those that are over included."""
        return await self._store.read(lambda view: view.select(Statement, after=after, limit=limit))

    def holds(self, statement: Statement) -> bool:
        """Does it still?"""
        return statement.until is None or self._clock.now() < statement.until


def stateable(name: str) -> Operand:
    """The operand of this name or IRI. Raises `InputError` where operators of a node cannot state it."""
    found = operands.find(name) or operands.find(f"{OWN}{name}") or operands.find(f"{ODRL}{name}")
    if found is None or found.origin is not Origin.NODE:
        known = sorted(one.name for one in operands.OPERANDS.values() if one.origin is Origin.NODE)
        raise InputError("statement.operand", operand=name, known=", ".join(known))
    return found


def _read(operand: Operand, value: str) -> str:
    """The value in canonical text; a term may be said by its local name. Raises `InputError`."""
    for text in (value, f"{OWN}{value}"):
        try:
            operand.fact(text)
        except ValueError:
            continue
        return text
    raise InputError("statement.value", operand=operand.name, value=value)
