"""A chain for the columns of one dataset, and running it: rows in, rows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from policies.model import Policy
from policies.transforms.chain import Chain


class Schema(Struct, frozen=True):
    """What is known of rows beforehand: their columns in order, or that they are JSON objects (`tree`)."""

    columns: tuple[str, ...] = ()
    tree: bool = False


class Given(Struct, frozen=True):
    """What a run needs from outside: the time (microseconds UTC) and the agreement's pseudonym key."""

    now: int
    key: bytes | None = None


class Plan:
    """A chain that can be run over the rows of a schema."""

    chain: Chain
    columns: tuple[str, ...]

    def run(self, rows: Iterable[Any], given: Given) -> Iterator[Any]:
        """The rows that may leave. Raises `PolicyError` at the first that cannot be treated; none follows it."""
        raise NotImplementedError


def plan(policy: Policy | Chain, schema: Schema) -> Plan:
    """How rows of this schema leave. Raises `PolicyError` where a duty cannot be done for them."""
    raise NotImplementedError
