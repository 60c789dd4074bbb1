"""Reading ODRL 2.2 in full: nodes -> policies.

What lives here: what the classes and properties of ODRL say about a policy, its rules and constraints, and the refusal
by name and place of what is not understood. What does not: JSON-LD (`compact`), Turtle (`catalog.turtle`), spreading
and inheriting (`normalise`), values (`operands`). Source: ODRL Information Model 2.2; ODRL Vocabulary 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.model import Policy
from policies.nodes import Lookup, Node


def from_nodes(nodes: Sequence[Node], *, lenient: bool = False, lookup: Lookup | None = None) -> tuple[Policy, ...]:
    """The policies that the nodes tell of, normalised, in the order of the document. Rules that stand without a policy
    are a Set each. Raises `PolicyError` with the name and the place of what is not understood.

    `lenient` keeps actions, operands and parties of foreign vocabularies by their IRI, and lets terms of the Common
    vocabulary pass without a profile that names them.
    """
    raise NotImplementedError
