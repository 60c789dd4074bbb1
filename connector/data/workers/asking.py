"""The questions of a data process, one Struct each, and the answers that have no Struct of their own."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from connector.data.gate import Ask
from connector.data.ledgers import About
from policies.transforms.ledger import Fresh, Terms


class Opening(Struct, frozen=True):
    """What a transfer is about, asked by whoever has its credential: `Gate.standing`."""

    credential: str
    pid: str


class Allows(Struct, frozen=True):
    """`Gate.allows`."""

    credential: str
    pid: str
    ask: Ask


class Admit(Struct, frozen=True):
    """`Gate.admit`."""

    credential: str
    pid: str
    ask: Ask


class Admitted(Struct, frozen=True):
    """A permitted access; `watch` is the number of a stream, which its cut and its outcome name."""

    agreement: str
    hash: str
    peer: str
    use: int | None
    watch: int | None


class Outcome(Struct, frozen=True):
    """How a stream ended: `Gate.outcome`."""

    watch: int
    event: str
    params: dict[str, str]


class KeyOf(Struct, frozen=True):
    """`Ledgers.key`."""

    agreement: str


class Settle(Struct, frozen=True):
    """`Ledgers.settle`."""

    about: About
    fresh: dict[str, Fresh]
    terms: Terms
    only_again: bool


class Statement(Struct, frozen=True):
    """A statement about data that leave, to be signed."""

    said: dict[str, Any]


class SiloOf(Struct, frozen=True):
    """The record of a silo by its name."""

    name: str


class Serving(Struct, frozen=True):
    """The data process takes requests from now on."""


Question = Opening | Allows | Admit | Outcome | KeyOf | Settle | Statement | SiloOf | Serving
KINDS: dict[str, type[Struct]] = {
    kind.__name__: kind for kind in (Opening, Allows, Admit, Outcome, KeyOf, Settle, Statement, SiloOf, Serving)
}
