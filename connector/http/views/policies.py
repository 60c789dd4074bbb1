"""Named policies and their lives; what operators state about the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Iri, Name, Text, View
from policies.terms import Terms

Label = Annotated[str, Meta(max_length=120)]


class NewPolicy(Input, frozen=True, kw_only=True):
    """A policy: `terms` in the short form, or a whole `document` in the form of the protocol; one of the two.

    `template` is the template and its version that it was made from, `reason` why it is drafted. `offers`: live offers
    under earlier versions are published anew under it as soon as it may be used.
    """

    name: Name
    terms: Terms | None = None
    document: Mapping[str, Any] | None = None
    template: Label = ""
    reason: Text = ""
    offers: bool = False


class Reasoned(Input, frozen=True, kw_only=True):
    """Why it is done; kept with the policy and in the log."""

    reason: Text = ""


class Retiring(Reasoned, frozen=True, kw_only=True):
    """`offers`: also take the live offers under it out of the catalogue."""

    offers: bool = False


class SanctionView(View, frozen=True, kw_only=True):
    """That somebody agreed to a version."""

    operator: str
    at: int
    reason: str


class PolicyView(View, frozen=True, kw_only=True):
    """One version of a policy, as rules and as sentences.

    `state` is `draft` (`needs` people have to approve it, who are in `approvals` so far), `usable`, `signed`, or
    `retired`. `digest` is the canonical SHA-256 of what it says, `signature` the node's JWS over that, template and
    reason; `genuine`: it is by a key of this node and over just this (null where there is none).
    """

    id: str
    name: str
    version: int
    document: Mapping[str, Any]
    sentences: tuple[str, ...]
    created: int
    created_by: str
    state: str
    digest: str
    template: str
    reason: str
    needs: int
    approvals: tuple[SanctionView, ...]
    signature: str
    genuine: bool | None
    signed: int | None
    signed_by: str
    retired: int | None
    retired_by: str


class PastView(View, frozen=True, kw_only=True):
    """A version of a policy without its text; `offers` live offers are under it, `genuine` as there."""

    id: str
    state: str
    created: int
    created_by: str
    digest: str
    template: str
    reason: str
    approvals: tuple[SanctionView, ...]
    signature: str
    genuine: bool | None
    signed: int | None
    signed_by: str
    retired: int | None
    retired_by: str
    offers: int


class HistoryView(View, frozen=True, kw_only=True):
    """Every version of a policy, from the first on."""

    name: str
    versions: tuple[PastView, ...]


class HitsView(View, frozen=True, kw_only=True):
    """How often a rule (`constraint` is empty) or a constraint of it held, did not, or could not be said."""

    rule: str
    constraint: str
    held: int
    failed: int
    unknown: int


class CoverageView(View, frozen=True, kw_only=True):
    """What was true and false in accesses under a policy since the node started; `left_out` accesses, of all policies
    together, came too fast to be counted."""

    policy: str
    since: int
    accesses: int
    left_out: int
    hits: tuple[HitsView, ...]


class NewStatement(Input, frozen=True, kw_only=True):
    """What holds from now on; `until` is an instant or a day (the whole of it)."""

    operand: Iri
    values: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=100)]
    until: Text | None = None
    reason: Text = ""


class StatementView(View, frozen=True, kw_only=True):
    """What is stated about the world: the operand's IRI and its values."""

    operand: str
    values: tuple[str, ...]
    stated: int
    stated_by: str
    until: int | None
    reason: str
    holds: bool
