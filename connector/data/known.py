"""What is known of an access, each fact from where it comes; looked up only where the terms ask for it.

What lives here: the request's own word, what the agreement states by being used, credentials and what operators said of
the peer, what the provider says of the dataset, what its operators say of the world. What does not: clock, counter and
agreement (`policies.facts`), what a fact means (`policies.operands`).

INVARIANT: a fact is taken only from the source that its operand names. A request cannot state a membership, a dataset
no purpose, and nobody but the node's operators a crisis.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.data.agreed import PURPOSE, SPATIAL, Agreed
from connector.ports import Facts, Reading
from connector.records import Asset, Statement
from policies.operands import Origin

Values = Mapping[str, tuple[str, ...]]


class Known:
    """Finds facts. `facts` is what is known about parties."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def of(self, view: Reading, party: str, agreed: Agreed, said: Values, now: int) -> Values:
        """The facts of an access of `party` at `now` that says `said` of itself."""
        asked = agreed.asked
        theirs = asked.get(Origin.REQUEST, frozenset()) | {PURPOSE, SPATIAL}
        words = {left: value for left, value in said.items() if left in theirs} if said else said
        values = {**agreed.stated, **words} if words else agreed.stated
        if operands := asked.get(Origin.CREDENTIAL):
            found = self._facts.of(view, party)
            values = {**values, **{left: found[left] for left in operands if left in found}}
        if operands := asked.get(Origin.DATASET):
            asset = view.get(Asset, agreed.agreement.dataset)
            found = {} if asset is None else asset.facts
            values = {**values, **{left: found[left] for left in operands if left in found}}
        if operands := asked.get(Origin.NODE):
            values = {**values, **_stated(view, operands, now)}
        return values


def _stated(view: Reading, operands: frozenset[str], now: int) -> Values:
    """What the node's operators say of the world, as long as it stands."""
    found = ((left, view.get(Statement, left)) for left in operands)
    return {left: said.values for left, said in found if said is not None and (said.until is None or now < said.until)}
