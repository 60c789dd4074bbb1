"""When whose catalogue is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog.federation import plan
from catalog.federation.plan import SECOND, Periods
from catalog.index.forms import Standing
from policies.model import Reason

PERIODS = Periods()
NOW = 1_800_000_000 * SECOND
DOWN = Reason("peer.unreachable", {"a": "b"})
STANDING = Standing(participant="did:web:x")


def period(standing: Standing) -> float:
    assert standing.asked is not None
    return (standing.next - standing.asked) / SECOND


@given(st.floats(0, 1), st.floats(0, 1_000), st.booleans())
def test_who_signs_is_asked_within_a_minute(jitter: float, took: float, changed: bool) -> None:
    found = plan.asked(STANDING, NOW, took, changed=changed, jitter=jitter, periods=PERIODS)
    assert 40 <= period(found) <= 50
    assert found.seen == NOW
    assert found.changed == (NOW if changed else None)
    assert not plan.due(found, NOW + 40 * SECOND)
    assert plan.due(found, NOW + 50 * SECOND)


def test_who_does_not_is_asked_less_and_less_while_nothing_changes() -> None:
    found, periods = replace(STANDING, foreign=True), []
    for _ in range(8):
        found = plan.asked(found, NOW, 0.1, changed=False, jitter=0.5, periods=PERIODS)
        periods.append(period(found))
    assert periods == sorted(periods)
    assert periods[0] == 45
    assert periods[-1] == 900
    assert period(plan.asked(found, NOW, 0.1, changed=True, jitter=0.5, periods=PERIODS)) == 45


def test_a_long_crawl_is_not_begun_again_at_once() -> None:
    found = plan.asked(replace(STANDING, foreign=True), NOW, 100, changed=True, jitter=0, periods=PERIODS)
    assert period(found) == 2_000


def test_who_fails_is_asked_less_and_less_and_keeps_what_was_read() -> None:
    found, periods = replace(STANDING, seen=5, sequence=7, etag='"x"'), []
    for _ in range(30):
        found = plan.failed(found, NOW, DOWN, jitter=0.5, periods=PERIODS)
        periods.append(period(found))
    assert periods[:4] == [45, 90, 180, 360]
    assert periods[-1] == 3_600
    assert (found.seen, found.sequence, found.etag) == (5, 7, '"x"')
    assert (found.reason, found.params) == ("peer.unreachable", {"a": "b"})
    assert plan.open(found, PERIODS)
    well = plan.asked(found, NOW, 1, changed=False, jitter=0.5, periods=PERIODS)
    assert (well.failures, well.reason, well.params) == (0, "", {})


@pytest.mark.parametrize(("failures", "hush"), [(0, 2), (1, 4), (9, 45)])
def test_a_hint_is_heard_at_once_and_not_twice_within_a_moment(failures: int, hush: int) -> None:
    found = replace(STANDING, asked=NOW, next=NOW + 3_000 * SECOND, failures=failures)
    assert plan.hinted(found, NOW + 50 * SECOND, PERIODS).next == NOW + 50 * SECOND
    assert plan.hinted(found, NOW + SECOND, PERIODS).next == NOW + hush * SECOND
    assert plan.hinted(replace(found, next=NOW), NOW + SECOND, PERIODS).next == NOW
