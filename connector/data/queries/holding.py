"""Stub: signatures that others may call; bodies follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from connector.data.queries.model import Condition, Shape, Work
from policies.transforms import Given, Schema
from policies.transforms.media import Body


class Answer(Struct, frozen=True):
    """Rows as they are given to a writer: their shape (fields in order), how they stand (`schema`: a table's lists, or
    JSON objects), and the rows."""

    shape: Shape
    schema: Schema
    rows: Iterator[Any]


def holds(condition: Condition, shape: Shape, schema: Schema) -> Callable[[Any], bool]:
    """Does a row fulfil it? `schema` says how rows stand (`Schema(columns)` lists of texts, `Schema(tree=True)` JSON)."""
    raise NotImplementedError


def over(body: Body, shape: Shape, work: Work, given: Given) -> Answer:
    """The chain, then the query, done to a body's rows. Raises `PolicyError` as `transforms.plan` does."""
    raise NotImplementedError
