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
    is taken as it stands. `document` says all that is wanted instead, as an offer of the protocol.
    """

    peer: Iri
    dataset: Iri
    offer: Iri | None = None
    terms: Terms | None = None
    document: Mapping[str, Any] | None = None


class CounterRequest(Input, frozen=True, kw_only=True):
    """Answer with other terms: `terms` in the short form restate what lies on the table, or `document` says all, as an
    offer of the protocol. `version` as in approving."""

    terms: Terms | None = None
    document: Mapping[str, Any] | None = None
    version: int | None = None


class Approving(Input, frozen=True, kw_only=True):
    """A vote for what lies on the table. `version` is what was looked at: where it has moved since, nothing is decided.

    It may be left out only while no side has changed its terms. `reason` is kept with the vote.
    """

    version: int | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


class Declining(Input, frozen=True, kw_only=True):
    """A no that ends the negotiation, and why, for the peer to read."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


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


class VoteView(View, frozen=True, kw_only=True):
    """What one person has decided."""

    operator: str
    approves: bool
    at: int
    reason: str


class WaitingView(View, frozen=True, kw_only=True):
    """What a negotiation waits for. `whom` is `us` (people here), `peer` (people there, as the peer says) or
    `delivery` (a message of ours has no answer yet).

    For people: `needed` and `given` votes, the end in `until`. For people here also what is asked (`agree`, `accept`,
    `request`), the votes, who drafted the terms, and who may still vote.
    """

    whom: str
    sentence: str
    since: int
    until: int | None = None
    needed: int | None = None
    given: int | None = None
    ask: str | None = None
    votes: tuple[VoteView, ...] = ()
    drafted_by: tuple[str, ...] = ()
    voters: tuple[str, ...] = ()


class RoundView(View, frozen=True, kw_only=True):
    """What one side said, clause by clause."""

    role: str
    at: int
    sentences: tuple[str, ...]
    current: bool


class NegotiationView(View, frozen=True, kw_only=True):
    """A negotiation. `pending` is a move of ours that the peer has not acknowledged; `version` grows with each change.

    `asked` and `offered` are the two sides' last words, `differences` what lies between them; `contract` is the
    agreement's id once there is one. `ending` is a wish of ours to end it that waits for the pending move. `waiting` is
    whom it waits for, `terms` what would be agreed to, clause by clause, `rounds` who has said what, the oldest first.
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
    replaces: str | None
    """The contract that the one of this negotiation would take the place of."""

    reason: ReasonView | None
    ending: ReasonView | None
    waiting: WaitingView | None
    terms: tuple[str, ...]
    rounds: tuple[RoundView, ...]
    created: int
    updated: int
