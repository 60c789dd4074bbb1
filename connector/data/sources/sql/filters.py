"""Filters of a chain as SQL, whichever database does them.

What lives here: what a filter says of a row, what counts as a blank. What does not: making them (`postgres_steps`,
`text_steps`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from policies.model import Operator

FOUND: Final = frozenset({Operator.EQ, Operator.IS_ANY_OF})
NOT_FOUND: Final = frozenset({Operator.NEQ, Operator.IS_NONE_OF})
BLANKS: Final = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""What the node strips from a text."""


class Filter(Struct, frozen=True):
    """A condition on rows; where `bad` holds nobody can say whether `exact` does, and `fails` fails."""

    exact: str
    bad: str = ""
    fails: str = ""
