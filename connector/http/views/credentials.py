"""Credentials that this node holds or, as a region, has issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Iri, ReasonView, View
from connector.http.views.region import Kind, Reason


class CredentialView(View, frozen=True, kw_only=True):
    """A credential that this node holds. `state` is `good`, `early` or `ended`; `claims` is what it says."""

    id: str
    kind: str
    issuer: str
    issuer_name: str
    profile: str
    state: str
    begins: int
    ends: int
    received: int
    claims: Mapping[str, Any] = {}
    token: str = ""


class NewRequest(Input, frozen=True, kw_only=True):
    """Ask an issuer (the name of a region, or a DID) for credentials; `code` where it wants one."""

    issuer: Iri
    kinds: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=20)] = ("MembershipCredential",)
    code: Annotated[str, Meta(max_length=100)] = ""


class RequestView(View, frozen=True, kw_only=True):
    """A request of this node. `state` is `open`, `issued` or `rejected`; `why` says why nothing has come."""

    id: str
    issuer: str
    issuer_name: str
    kinds: tuple[str, ...]
    state: str
    created: int
    why: ReasonView | None


class OfferedView(View, frozen=True, kw_only=True):
    """A kind of credential that an issuer offers. `id` is its own name for it."""

    id: str
    kind: str
    profile: str
    issuer: str


class IssuedView(View, frozen=True, kw_only=True):
    """A credential that this node's region has issued; `state` is `good`, `suspended`, `revoked` or `ended`."""

    id: str
    kind: str
    holder: str
    holder_name: str
    profile: str
    state: str
    issued: int
    ends: int
    reason: str


class Revoking(Input, frozen=True, kw_only=True):
    """Why a credential is taken back."""

    reason: Reason = ""
