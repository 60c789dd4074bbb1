"""Keys and names of others that have changed."""

from __future__ import annotations

from connector.http.views.forms import Input, View


class ComparedWords(Input, frozen=True, kw_only=True):
    """The words of the new keys, as the other side has told them by telephone or in person."""

    words: str


class ComparedKeysView(View, frozen=True, kw_only=True):
    """Whose keys are believed from now on, and their words."""

    id: str
    name: str
    words: str


class SuccessionPeer(Input, frozen=True, kw_only=True):
    """The other side of a succession, by name or DID."""

    peer: str


class SuccessionView(View, frozen=True, kw_only=True):
    """That the participant `id` goes on as `successor`; `state` is `proposed`, `agreed` or `declined`, `ours`: this
    node is one of the two."""

    id: str
    successor: str
    state: str
    at: int
    ours: bool
    decided_by: str


class TakenView(View, frozen=True, kw_only=True):
    """How many contracts were taken over; each is held until its other side has agreed."""

    contracts: int
