"""Planes of others (Data Plane Signaling): data planes that we drive, control planes that drive us; flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Name, ReasonView, View

Url = Annotated[str, Meta(min_length=1, max_length=2048)]


class NewPlane(Input, frozen=True, kw_only=True):
    """A plane to speak with. `authorization` has a `type` and refers to secrets (`NAME_file`, `NAME_credential`)."""

    name: Name
    endpoint: Url
    authorization: Mapping[str, Any]
    profiles: tuple[str, ...] = ()
    private: bool = False
    agreements: Annotated[str, Meta(max_length=2048)] = ""


class PlaneView(View, frozen=True, kw_only=True):
    """A plane that is known here."""

    name: str
    endpoint: str
    authorization: Mapping[str, Any]
    profiles: tuple[str, ...]
    labels: tuple[str, ...]
    private: bool
    agreements: str
    added: int
    added_by: str


class DataFlowView(View, frozen=True, kw_only=True):
    """A flow that a control plane has begun at this data plane."""

    id: str
    plane: str
    process: str
    role: str
    counterparty: str
    agreement: str
    dataset: str
    profile: str
    state: str
    due: tuple[str, ...]
    reason: ReasonView | None
    created: int
    updated: int
