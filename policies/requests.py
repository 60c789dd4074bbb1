"""Requests as people and programs write them: one JSON object -> an access, an instant, a count; and back.

What lives here: the strict reading of such a file, every key of it understood or refused by name, and its writing.
What does not: judging (`evaluate`, `report`).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from policies.model import Access


class Request(Struct, frozen=True):
    """A request: the access, when it happens, and how many uses were drawn before it; None where that is unknown."""

    access: Access
    now: int | None
    count: int | None


def read(data: bytes, clock: int | None = None) -> Request:
    """The request that a JSON text states. `clock` (microseconds UTC) is the time where the text says none.

    Raises `PolicyError` with the reason and the place (a JSON pointer) of what is not understood.
    """
    raise NotImplementedError


def document(request: Request) -> dict[str, Any]:
    """The request as plain JSON, in the form that `read` reads."""
    raise NotImplementedError
