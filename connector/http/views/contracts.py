"""Contracts and the transfers under them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.evidence import SignedView
from connector.http.views.forms import Input, ReasonView, View
from connector.http.views.lives import LifeView, NoticeView


class ContractView(View, frozen=True, kw_only=True):
    """An agreement. `hash` is SHA-256 over RFC 8785 of the agreement object; both sides hold the same."""

    id: str
    negotiation: str
    role: str
    peer: str
    peer_name: str | None
    dataset: str
    hash: str
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    concluded: int
    in_force: bool
    ended: ReasonView | None
    signed: SignedView
    life: LifeView
    notices: tuple[NoticeView, ...] = ()
    """What was told about it, the oldest first; only where one contract is shown."""


class OutcomeView(View, frozen=True, kw_only=True):
    """An answer that is over, as its provider says: `bytes` null where he does not know it any more."""

    bytes: int | None
    sha256: str


class NewTransfer(Input, frozen=True, kw_only=True):
    """Ask for a transfer under a contract (id or unique tail). With `push` the provider delivers: into this node's
    inbox, or `to` the URL of an application; once, or `every` so often (a duration such as PT15M). With `dataplane` a
    data plane of somebody else fetches (`allmende plane`): it gets ready before the provider is asked."""

    contract: Annotated[str, Meta(min_length=8, max_length=2048)]
    push: bool = False
    to: Annotated[str, Meta(max_length=2048)] = ""
    every: Annotated[str, Meta(max_length=80)] = ""
    dataplane: Annotated[str, Meta(max_length=80)] = ""


class FlowView(View, frozen=True, kw_only=True):
    """How the data of a transfer move: `kind` is `pull` or `push`. Of a pull, `access` is `lasting` or `renewed`, by
    its token. Of a push: `url` is whereto, `every` seconds between two deliveries, `deliveries` how many were finished;
    of the present one `part` parts and `bytes` have arrived, `total` bytes in all; `due` is when the next begins, `why`
    the code of what it waits for."""

    kind: str
    access: str
    expires: int | None
    renewals: int
    url: str
    every: float
    deliveries: int
    part: int
    bytes: int
    total: int
    finished: int | None
    due: int | None
    why: str


class TransferView(View, frozen=True, kw_only=True):
    """A transfer; fields as in a negotiation."""

    id: str
    peer: str
    peer_name: str | None
    peer_pid: str
    role: str
    state: str | None
    pending: str | None
    version: int
    contract: str
    dataset: str
    format: str
    reason: ReasonView | None
    ending: ReasonView | None
    created: int
    updated: int
    flow: FlowView | None = None
