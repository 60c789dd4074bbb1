"""When whose catalogue is asked, and when no longer: pure, with the time and the jitter given in.

What lives here: periods, back-off, the breaker, what a hint does, and the bounds of one crawl. What does not: asking
(`connector.services.federation`), what is kept of it (`catalog.index`).

- Who signs manifests is asked every `poll` seconds, give or take a tenth: an unchanged catalogue costs one answer
  without a body, so a change is seen within a minute.
- Who does not has to be read page by page. The period doubles while nothing changes, from `poll` up to `quiet`, and is
  never shorter than `share` times the duration of the last crawl.
- Who fails is asked again after `poll`, twice that, and so on up to `silent`; from `breaks` failures on the breaker is
  open, and one request is all that is tried.
- Who hints that something has changed is asked at once, but not again within `hush` seconds, twice that after a
  failure, and so on up to `poll`; a hint shows that somebody is there, so it is heard behind an open breaker too.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from catalog.index.forms import Standing
from policies.model import Reason

SECOND: Final = 1_000_000


class Periods(Struct, frozen=True, kw_only=True):
    """Seconds and numbers; see the module."""

    poll: float = 45.0
    quiet: float = 900.0
    share: float = 20.0
    silent: float = 3_600.0
    breaks: int = 5
    hush: float = 2.0


class Bounds(Struct, frozen=True, kw_only=True):
    """How much one crawl of one catalogue may be. `pages` counts answers, `depth` and `catalogs` what is nested, `wait`
    is the seconds for the whole of it."""

    datasets: int = 100_000
    bytes: int = 512 << 20
    pages: int = 4_000
    depth: int = 8
    catalogs: int = 256
    wait: float = 900.0


def due(standing: Standing, now: int) -> bool:
    """Is it time to ask?"""
    return now >= standing.next


def open(standing: Standing, periods: Periods) -> bool:
    """Has it failed so often that one request is all that is tried?"""
    return standing.failures >= periods.breaks


def asked(standing: Standing, now: int, took: float, *, changed: bool, jitter: float, periods: Periods) -> Standing:
    """After an answer that was read to its end. `took` is its duration in seconds, `jitter` between 0 and 1."""
    period = periods.poll * (0.9 + 0.2 * jitter)
    if standing.foreign:
        before = 0.0 if standing.asked is None else (standing.next - standing.asked) / SECOND
        slower = period if changed else min(periods.quiet, max(period, 2 * before)) * (0.9 + 0.2 * jitter)
        period = max(slower, periods.share * took)
    return replace(
        standing,
        asked=now,
        seen=now,
        changed=now if changed else standing.changed,
        next=now + round(period * SECOND),
        failures=0,
        reason="",
        params={},
    )


def failed(standing: Standing, now: int, reason: Reason, *, jitter: float, periods: Periods) -> Standing:
    """After one that was not: what was read before stays."""
    period = min(periods.silent, periods.poll * 2 ** min(standing.failures, 16)) * (0.9 + 0.2 * jitter)
    return replace(
        standing,
        asked=now,
        next=now + round(period * SECOND),
        failures=standing.failures + 1,
        reason=reason.code,
        params=dict(reason.params),
    )


def hinted(standing: Standing, now: int, periods: Periods) -> Standing:
    """It says that something has changed: its turn comes now, or as soon as it may. Who hints at what then cannot be
    had is believed a little later each time."""
    hush = min(max(periods.poll, periods.hush), periods.hush * 2 ** min(standing.failures, 16))
    soon = now if standing.asked is None else max(now, standing.asked + round(hush * SECOND))
    return standing if soon >= standing.next else replace(standing, next=soon)
