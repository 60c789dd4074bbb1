"""Descriptions: what is said of this node's participant, what is missing, what is published, what others publish."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from connector.http.views.forms import Input, ReasonView, Text, Url, View

_Short = Annotated[str, Meta(max_length=200)]
_Hash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]


class NewParticulars(Input, frozen=True, kw_only=True):
    """What is to be said of the participant; what is left out stays as it is. `register` says which register `number`
    is of: municipality, vat, lei, eori, euid, tax. Empty `terms` are the node's own."""

    name: _Short | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    country: _Short | UnsetType = UNSET
    region: _Short | UnsetType = UNSET
    locality: _Short | UnsetType = UNSET
    postcode: _Short | UnsetType = UNSET
    street: _Short | UnsetType = UNSET
    register: _Short | UnsetType = UNSET
    number: _Short | UnsetType = UNSET
    terms: Url | UnsetType = UNSET
    terms_hash: _Hash | UnsetType = UNSET


class ParticularsView(View, frozen=True, kw_only=True):
    """What would be published: the participant as it stands now, and what is wrong with that."""

    name: str
    description: str
    country: str
    region: str
    locality: str
    postcode: str
    street: str
    register: str
    number: str
    terms: str
    published: bool
    complete: bool
    findings: tuple[ReasonView, ...]


class Attesting(Input, frozen=True, kw_only=True):
    """What a clearing house is asked for: `number`, or a level of its labels, such as `standard-compliance`."""

    what: _Short = "number"


class DescriptionView(View, frozen=True, kw_only=True):
    """One published description. `issuer` is the participant itself, or the region that attests it."""

    id: str
    name: str
    kind: str
    issuer: str
    attested: bool
    issued: int
    ends: int


class LookAtDescriptions(Input, frozen=True, kw_only=True):
    """Whose descriptions are to be verified, by DID or root URL."""

    peer: Url
    private: bool = False


class OlderDescription(Input, frozen=True, kw_only=True):
    """A description of the older generation (22.10), as it is kept in a file."""

    document: dict[str, Any]


class OlderView(View, frozen=True, kw_only=True):
    """What came of verifying it: form, document and signature; nothing more can be said of these."""

    holds: bool
    steps: tuple[StepView, ...]


class StepView(View, frozen=True, kw_only=True):
    """One of the ten steps for one credential; `passed` is null where there was nothing to look at."""

    number: int
    name: str
    credential: str
    passed: bool | None
    reason: ReasonView | None


class VerifiedView(View, frozen=True, kw_only=True):
    """What came of looking at the descriptions of another node."""

    id: str
    holds: bool
    regional: bool
    steps: tuple[StepView, ...]


class ComplianceView(View, frozen=True, kw_only=True):
    """What the region finds in a member's descriptions, and whether it has attested that."""

    member: str
    complies: bool
    attested: bool
    met: tuple[str, ...]
    unmet: tuple[ReasonView, ...]
