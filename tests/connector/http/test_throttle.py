"""How often one peer may call."""

from __future__ import annotations

import pytest

from connector.errors import TooOftenError
from connector.http import throttle
from connector.http.throttle import Throttle


class Time:
    """Seconds that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(one: Throttle, caller: str, most: int = 1000) -> int:
    """How many calls in a row are let through."""
    for count in range(most):
        try:
            one.take(caller)
        except TooOftenError:
            return count
    return most


def test_a_burst_then_the_rate() -> None:
    time = Time()
    one = Throttle(10.0, 20.0, time)
    assert taken(one, "did:web:a") == 20
    time.now += 0.5
    assert taken(one, "did:web:a") == 5
    time.now += 3600
    assert taken(one, "did:web:a") == 20


def test_one_caller_takes_nothing_from_another() -> None:
    one = Throttle(1.0, 2.0, Time())
    assert taken(one, "did:web:a") == 2
    assert taken(one, "did:web:b") == 2


def test_it_is_told_when_there_is_room() -> None:
    time = Time()
    one = Throttle(0.1, 1.0, time)
    one.take("did:web:a")
    with pytest.raises(TooOftenError) as refused:
        one.take("did:web:a")
    time.now += int(refused.value.reason.params["seconds"])
    one.take("did:web:a")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST", 10)
    one = Throttle(1.0, 2.0, Time())
    for n in range(100):
        one.take(f"did:web:{n}")
    assert len(one._left) == 10
