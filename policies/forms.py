"""The forms that a policy is written in, and which is which: TOML, JSON-LD, Turtle, JSON of the Dataspace Protocol.

What lives here: guessing a form, reading and writing bytes in each. What does not: the forms themselves (`short`,
`compact`, `graph`, `parse`, `render`).
"""

from __future__ import annotations

from enum import StrEnum

from policies.model import Policy
from policies.nodes import GraphReader, Lookup


class Form(StrEnum):
    """How a policy is written."""

    TOML = "toml"
    JSONLD = "jsonld"
    TURTLE = "ttl"
    DSP = "dsp"


def guess(name: str, data: bytes) -> Form:
    """The form of a file, by its name's ending and else by its first characters. Raises `PolicyError` `form.unknown`."""
    raise NotImplementedError


def read(
    data: bytes,
    form: Form,
    *,
    graph: GraphReader | None = None,
    lenient: bool = False,
    lookup: Lookup | None = None,
) -> tuple[Policy, ...]:
    """The policies that the bytes state; every rule and constraint has an id (its IRI, `_:bN` or `_:cN`).

    `graph` reads Turtle (`catalog.turtle.read_graph`). Raises `PolicyError`; its place is a JSON pointer into the file
    as written, or `line N`.
    """
    raise NotImplementedError


def write(policy: Policy, form: Form) -> bytes:
    """The policy in that form, which `read` reads back to the same. Raises `PolicyError`: the form cannot carry it."""
    raise NotImplementedError
