"""What decoding a message gives: readings, and what of it could not be read.

Pure. What does not live here: formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from edge_node.errors import DecodeError
from edge_node.ports import Reading

MOST_READINGS: Final = 10_000
"""In one message."""
SAMPLE: Final = 256
"""Bytes of what could not be read that are told."""


class Problem(Struct, frozen=True):
    """A part of a message that nobody can read: a code, its parameters and the beginning of the part."""

    code: str
    params: Mapping[str, str]
    sample: bytes


class Found(Struct):
    """What was in a message. Both are empty where it says nothing about measurements, as a device's joining does."""

    readings: list[Reading] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)

    def failed(self, error: DecodeError, sample: bytes) -> None:
        """Note a part that cannot be read."""
        if len(self.problems) < MOST_READINGS:
            self.problems.append(Problem(error.code, error.params, sample[:SAMPLE]))


class Decoder(Protocol):
    """Reads one format for one series."""

    def read(self, body: bytes, levels: Mapping[str, str], now: int) -> Found:
        """The readings in a message. `levels` are names from where it came (the levels of a topic); `now` in
        microseconds UTC is what relative times are relative to. Raises `edge_node.errors.DecodeError` where nothing of
        it can be read."""
