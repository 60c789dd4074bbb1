"""What is said to peers and how they answered.

What does not live here: how often it was tried (`connector.services.outbox` alone knows).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Notice(Struct, frozen=True, kw_only=True):
    """Something that one node tells another about a contract or a negotiation, outside the protocol's two machines.

    `about` is the agreement's id, or the receiver's pid of the negotiation. `state` is `open` (not delivered yet),
    `told` (the peer has it), `answered`, `undeliverable` (given up) or `unsupported` (the peer takes no notices).
    `answer` holds the exact bytes of the peer's answer.
    """

    id: str
    peer: str
    about: str
    kind: str
    params: Mapping[str, str]
    ours: bool
    state: str
    created: int
    settled: int | None = None
    answer: bytes = b""


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message in the outbox. `id` is `pid#version`, unique; `process` is `negotiation`, `transfer` or `notice`;
    `first` marks the one whose answer tells the peer's pid.

    How often it was tried, and why in vain, is known to the running outbox alone.
    """

    id: str
    peer: str
    process: str
    pid: str
    move: str
    kind: str
    url: str
    body: bytes
    created: int
    first: bool = False


class Answer(Struct, frozen=True):
    """What a peer's message was answered with; kept so that a byte-identical repeat gets the same."""

    status: int
    body: bytes
