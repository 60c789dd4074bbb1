"""A region that this node keeps: places, members, regions that it vouches for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, View

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Kind = Annotated[str, Meta(min_length=1, max_length=100)]
Days = Annotated[float, Meta(gt=0, le=366)]


class NewInvite(Input, frozen=True, kw_only=True):
    """A place in the region. `name` is short, made from the title where it is missing; `key` is the official
    municipality key (AGS or ARS); `private` allows an address in a private network; `listed`: everybody may see it
    among the members."""

    title: Title
    name: Name | None = None
    role: Literal["node", "device"] = "node"
    key: str = ""
    private: bool = False
    days: Days = 14.0
    listed: bool = True


class InviteView(View, frozen=True, kw_only=True):
    """A place; `state` is `open`, `late`, `taken` (its code was used) or `done` (what it was for was delivered)."""

    name: str
    title: str
    role: str
    key: str
    private: bool
    listed: bool
    state: str
    did: str
    until: int
    created: int
    created_by: str


class InvitedView(View, frozen=True, kw_only=True):
    """A new place with its one-time code, which is shown this once and kept nowhere; `url` is what goes with it."""

    place: InviteView
    code: str
    url: str


class MemberView(View, frozen=True, kw_only=True):
    """A member or device of the region. `state` is `active`, `suspended`, `left` or `stolen`."""

    id: str
    name: str
    title: str
    role: str
    state: str
    since: int
    key: str
    private: bool
    listed: bool
    reason: str


class MoveMember(Input, frozen=True, kw_only=True):
    """Why a member is suspended, restored, removed."""

    reason: Reason = ""


class RegionView(View, frozen=True, kw_only=True):
    """How the region of this node is doing. `words` are the fingerprint of the keys with which it signs credentials;
    `root` is the SHA-256 of the root certificate; `root_key`: the root's key lies on this machine."""

    did: str
    name: str
    url: str
    words: str
    root: str
    root_key: bool
    root_ends: int
    nodes_end: int
    devices_end: int
    members: int
    suspended: int
    open_places: int
    credentials: int
    neighbours: int


class RenewRegion(Input, frozen=True, kw_only=True):
    """What is made anew: the root, the authority for nodes or devices, or the list of what the root has revoked."""

    what: Literal["root", "nodes", "devices", "list"]


class NewVouch(Input, frozen=True, kw_only=True):
    """Another region, by URL or DID, whose members are to be believed. With `words` its keys must have that
    fingerprint."""

    region: Iri
    words: str | None = None
    types: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=20)] = ("MembershipCredential",)
    scopes: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=20)] = ("catalog", "negotiate")
    days: Days = 90.0
    private: bool = False


class VouchView(View, frozen=True, kw_only=True):
    """A region that this one vouches for."""

    did: str
    title: str
    url: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    issued: int
    issued_by: str
    ends: int
