"""Stub: signatures that others may call; bodies follow."""

from __future__ import annotations

from msgspec import Struct

from connector.data.queries.model import Condition, Query, Shape
from connector.data.queries.reading import Asked
from policies.transforms import Chain


class Narrowing(Struct, frozen=True):
    """What a chain keeps, about values as they stand in the silo; `exact`: the same rows, else more of them."""

    where: Condition | None
    exact: bool


def released(shape: Shape, chain: Chain | None) -> Shape:
    """The shape as it leaves."""
    raise NotImplementedError


def fit(asked: Asked, shape: Shape, chain: Chain | None) -> Query:
    """The query. `shape` is the silo's (before the chain). Raises `MessageError` `query.*`."""
    raise NotImplementedError


def narrowing(chain: Chain | None, shape: Shape, now: int, *, trimmed: bool = False) -> Narrowing:
    """Keep and Delay steps over raw values. `trimmed`: the reader knows that texts have no blanks around them (then
    equality is pushed, else a pattern that is wider)."""
    raise NotImplementedError


def commutes(condition: Condition, chain: Chain | None) -> bool:
    """Does it mean the same before the chain as behind it?"""
    raise NotImplementedError


def widened(condition: Condition, chain: Chain | None, shape: Shape) -> Condition | None:
    """A condition over raw values that every row fulfils that fulfils this one behind the chain; None: no such."""
    raise NotImplementedError
