"""The life of a contract: what people may do about it, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from connector.http.views.forms import Input, ReasonView, Text, View
from connector.http.views.queries import PageQuery
from policies.terms import Terms

Words = Annotated[str, Meta(max_length=500)]
When = Annotated[str, Meta(max_length=40, description="a day, the whole of it in Europe/Berlin, or an instant")]


class ContractQuery(PageQuery, frozen=True, kw_only=True):
    """Which contracts to list: with a peer, and those in force that will have ended in so many days."""

    peer: str | None = None
    expiring: Annotated[float, Meta(ge=0, le=36_500)] | None = None


class EndContract(Input, frozen=True, kw_only=True):
    """End a contract: by notice under its terms, by agreement (the other side has to consent), or for a cause, at once.

    `at` is the last day; without it as soon as may be. `reason` is told to the other side, and a cause needs one.
    """

    how: Literal["notice", "agreement", "cause"]
    at: When | None = None
    reason: Words = ""


class Consenting(Input, frozen=True, kw_only=True):
    """Consent to a proposed end. `seen` is the proposal that was looked at, by its id or a tail of it; it is needed
    where one took the place of another."""

    seen: Annotated[str, Meta(max_length=128)] = ""


class Holding(Input, frozen=True, kw_only=True):
    """Why a contract is held; kept, and told with the suspension of its transfers."""

    reason: Words = ""


class Amendment(Input, frozen=True, kw_only=True):
    """What is to be different in the contract that takes the place of this one, in the short form of terms."""

    terms: Terms


class NoticeView(View, frozen=True, kw_only=True):
    """What one side has told the other about a contract, and what came of it, in words too.

    `state` is `open`, `told`, `answered`, `undeliverable` or `unsupported`; `answer` what the other side said to it.
    """

    id: str
    kind: str
    ours: bool
    state: str
    at: int
    settled: int | None
    params: Mapping[str, Text]
    answer: ReasonView | None
    sentence: str


class LifeView(View, frozen=True, kw_only=True):
    """How a contract stands. `states` says it in words. `ends` is the instant at which it will end as far as that is
    certain, `expires` that at which its terms end; `earliest` the end that a notice given now would have, None where
    nobody can end it by notice. `proposed` is a proposal of the other side to end it that waits for people here."""

    states: tuple[ReasonView, ...]
    ends: int | None
    expires: int | None
    earliest: int | None
    closed: int | None
    held: ReasonView | None
    proposed: str
    replaces: str
    replaced: str
    amending: str


class BegunView(View, frozen=True, kw_only=True):
    """The negotiation that was begun, and the contract that its own would take the place of."""

    negotiation: str
    replaces: str
