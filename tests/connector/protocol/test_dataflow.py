"""connector/protocol/dataflow.py: which signal is legal when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import TransitionError
from connector.protocol import dataflow
from connector.protocol.dataflow import ENDS, TABLE, DataFlow, Signal, done, moved, owing
from connector.protocol.machine import Role
from connector.protocol.signaling import Direction, FlowState

S = FlowState
FIGURE = {
    (S.PREPARING, S.PREPARED),
    (S.PREPARED, S.STARTING),
    (S.STARTING, S.STARTED),
    (S.STARTED, S.SUSPENDED),
    (S.STARTED, S.COMPLETED),
    (S.SUSPENDED, S.STARTED),
    (S.INITIALIZED, S.PREPARING),
    (S.INITIALIZED, S.STARTING),
    (S.PREPARED, S.STARTED),
}
"""The arrows of the specification, the compact form among them; any state leads to TERMINATED."""


def flow(state: FlowState = S.INITIALIZED) -> DataFlow:
    return DataFlow(
        id="f",
        plane="p",
        process="t",
        role=Role.PROVIDER,
        participant="a",
        counterparty="b",
        agreement="g",
        dataset="d",
        profile="http-pull",
        direction=Direction.PULL,
        context="c",
        claims={},
        created=1,
        updated=1,
        state=state,
    )


def test_the_table_is_the_figure() -> None:
    assert set(TABLE) == set(FlowState)
    arrows = {(state, to) for state, row in TABLE.items() for to in row.values() if to is not state}
    ending = {(state, S.TERMINATED) for state in FlowState if state not in ENDS}
    assert arrows == FIGURE | ending


@given(st.lists(st.sampled_from(Signal), max_size=30))
def test_an_end_is_final_and_versions_grow(signals: list[Signal]) -> None:
    now = flow()
    for at, signal in enumerate(signals, 2):
        try:
            after = moved(now, signal, at)
        except TransitionError:
            assert signal not in TABLE[now.state]
            continue
        assert (after is now) == (after.state == now.state)
        assert after.version == now.version + (after.state != now.state)
        assert now.state not in ENDS or after is now
        now = after


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        (S.COMPLETED, Signal.RESUME),
        (S.TERMINATED, Signal.COMPLETED),
        (S.SUSPENDED, Signal.COMPLETED),
        (S.STARTING, Signal.SUSPEND),
        (S.PREPARED, Signal.SUSPEND),
        (S.STARTED, Signal.START),
    ],
)
def test_what_is_illegal(state: FlowState, signal: Signal) -> None:
    with pytest.raises(TransitionError, match=r"flow\.state"):
        dataflow.leads(state, signal)


def test_what_is_due_is_done_in_order_and_an_end_owes_nothing_but_news() -> None:
    now = owing(owing(flow(S.STARTING), "ready"), "started")
    assert now.waiting
    assert done(now, "ready").due == ("started",)
    assert not done(done(now, "ready"), "started").waiting
    assert done(now, "nothing").due == now.due
    ended = moved(owing(now, "errored"), Signal.TERMINATE, 5)
    assert ended.due == ("errored",)
    assert not moved(now, Signal.TERMINATE, 5).waiting
