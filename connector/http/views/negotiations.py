"""Negotiations, and what people decide about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Iri, ReasonView, View
from policies.terms import Terms


class NewNegotiation(Input, frozen=True, kw_only=True):
    """Ask a peer for a dataset.

    `offer` picks one of several offers by id. `terms` in the short form restates what is wanted; without it the offer
    is taken as it stands.
    """

    peer: Iri
    dataset: Iri
    offer: Iri | None = None
    terms: Terms | None = None


class CounterRequest(Input, frozen=True, kw_only=True):
    """Answer with other terms: `terms` in the short form restate what lies on the table."""

    terms: Terms


class Seen(Input, frozen=True, kw_only=True):
    """What a decision is about: the `version` that was looked at. Without it the newest is decided upon unseen."""

    version: int | None = None


class Ending(Input, frozen=True, kw_only=True):
    """Why a process is ended or suspended, for the peer to read."""

    reason: Annotated[str, Meta(max_length=500)] = ""


class Nothing(Input, frozen=True, kw_only=True):
    """An empty object."""


class DifferenceView(View, frozen=True, kw_only=True):
    """One way in which what was asked exceeds what is offered."""

    reason: ReasonView
    asked: str | None
    offered: str | None


class NegotiationView(View, frozen=True, kw_only=True):
    """A negotiation. `pending` is a move of ours that the peer has not acknowledged; `version` grows with each change.

    `asked` and `offered` are the two sides' last words, `differences` what lies between them; `contract` is the
    agreement's id once there is one. `ending` is a wish of ours to end it that waits for the pending move.
    """

    id: str
    peer: str
    peer_name: str | None
    peer_pid: str
    role: str
    state: str | None
    pending: str | None
    version: int
    dataset: str
    asked: Mapping[str, Any] | None
    offered: Mapping[str, Any] | None
    differences: tuple[DifferenceView, ...]
    contract: str | None
    reason: ReasonView | None
    ending: ReasonView | None
    created: int
    updated: int
