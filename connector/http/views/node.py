"""The node at a glance."""

from __future__ import annotations

from collections.abc import Mapping

from connector.http.views.forms import ReasonView, View


class CheckView(View, frozen=True, kw_only=True):
    """One thing that is looked after; `reason` says what is wrong, None where it is well."""

    name: str
    reason: ReasonView | None = None


class HealthView(View, frozen=True, kw_only=True):
    """`ok` or `degraded`, and why."""

    status: str
    checks: tuple[CheckView, ...] = ()


class QueueView(View, frozen=True, kw_only=True):
    """A peer's outgoing messages: how many wait, since when (microseconds UTC), and why."""

    peer: str
    name: str | None
    waiting: int
    in_flight: int
    oldest: int | None
    attempts: int
    reason: ReasonView | None


class StatusView(View, frozen=True, kw_only=True):
    """The node at a glance."""

    id: str
    public_url: str
    version: str
    words: str
    health: HealthView
    outbox: tuple[QueueView, ...]
    counts: Mapping[str, int]
