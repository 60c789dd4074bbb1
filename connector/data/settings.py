"""A setting of a kind of source or sink, as people are told of it.

What does not live here: reading and checking, which each kind does itself. A device imports this without the rest of
the room's ports.
"""

from __future__ import annotations

from msgspec import Struct


class Setting(Struct, frozen=True):
    """One setting of a kind, for people: what it is in English and German. `secret`: never a value, only NAME_file or
    NAME_credential."""

    name: str
    about: str
    ueber: str
    needed: bool = False
    secret: bool = False
    example: str = ""
