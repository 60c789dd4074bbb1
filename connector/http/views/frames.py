"""Frame contracts: what lets a node bind itself at once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, View

Line = Annotated[str, Meta(min_length=1, max_length=300)]


class NewFrame(Input, frozen=True, kw_only=True):
    """A frame contract on paper. `hash` is the SHA-256 of the signed document in hex; the document stays where it is.

    `parties` are peers (names or DIDs); or `anybody`, where sharing with all was decided. `until` is its
    last day (the whole of it in Europe/Berlin) or an instant with an offset.
    """

    name: Name
    title: Line
    file_number: Line
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    signatories: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=20)]
    parties: Annotated[tuple[Iri, ...], Meta(max_length=1000)] = ()
    anybody: bool = False
    until: Annotated[str, Meta(max_length=64)] | None = None


class FrameView(View, frozen=True, kw_only=True):
    """A frame contract; `in_force`: it could carry something new now, for one of its parties."""

    name: str
    title: str
    file_number: str
    hash: str
    signatories: tuple[str, ...]
    parties: tuple[str, ...]
    party_names: tuple[str, ...]
    anybody: bool
    until: int | None
    added: int
    added_by: str
    retired: int | None
    in_force: bool
