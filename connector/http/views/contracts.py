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


class NewTransfer(Input, frozen=True, kw_only=True):
    """Ask for a transfer under a contract (id or unique tail)."""

    contract: Annotated[str, Meta(min_length=8, max_length=2048)]


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
