"""connector/data/tokens.py: a generation dies only when a later one is used; nothing but the grant key makes tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.data import tokens
from connector.data.tokens import SECOND, Generation, Tokens
from connector.errors import RefusedError, UnauthenticatedError
from connector.records import TokenUse
from tests.connector.data.world import KEY, PID, SetClock, open_store


class Kept:
    """A transaction of one kind of record."""

    def __init__(self) -> None:
        self.records: dict[str, TokenUse] = {}

    def get(self, kind: type[TokenUse], id: str) -> TokenUse | None:
        return self.records.get(id)

    def put(self, record: TokenUse) -> None:
        self.records[record.id] = record


def made(ahead: int = 0) -> tuple[Tokens, SetClock]:
    clock = SetClock()
    clock.ahead = ahead
    return Tokens(KEY, clock, 60.0), clock


def code(act: Any) -> str:
    with pytest.raises((UnauthenticatedError, RefusedError)) as wrong:
        act()
    return wrong.value.reason.code


def test_a_token_is_good_for_its_transfer_and_its_time() -> None:
    maker, clock = made()
    pair = maker.pair(PID, Generation(3, 1), maker.ending())
    assert maker.read(pair.access, PID) == Generation(3, 1)
    assert maker.refreshing(pair.refresh, PID) == Generation(3, 1)
    assert code(lambda: maker.read(pair.access, "urn:uuid:other")) == "token.unknown"
    assert code(lambda: maker.refreshing(pair.refresh, "urn:uuid:other")) == "token.unknown"
    assert code(lambda: maker.refreshing(pair.access, PID)) == "token.unknown"
    assert code(lambda: maker.read(pair.refresh, PID)) == "token.unknown"
    clock.ahead = 61 * SECOND
    assert code(lambda: maker.read(pair.access, PID)) == "token.expired"
    assert maker.generation(pair.access, PID)[0] == Generation(3, 1), "it may still say what it was"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120))
def test_nothing_else_is_a_token(text: str) -> None:
    maker, _ = made()
    for read in (maker.read, maker.refreshing):
        assert code(lambda: read(text, PID)) == "token.unknown"  # noqa: B023


def test_an_end_or_a_generation_that_was_changed_is_noticed() -> None:
    maker, _ = made()
    start, renewal, ends, mac = maker.access(PID, Generation(3, 1), maker.ending()).split(".")
    for forged in (f"4.{renewal}.{ends}.{mac}", f"{start}.2.{ends}.{mac}", f"{start}.{renewal}.{int(ends) + 9}.{mac}"):
        assert code(lambda: maker.read(forged, PID)) == "token.unknown"  # noqa: B023


def test_another_key_ends_everything() -> None:
    maker, _ = made()
    pair, lasting, inbox = maker.pair(PID, Generation(1), maker.ending()), maker.lasting(PID), maker.inbox(PID)
    maker.rekey(b"other" * 8)
    assert code(lambda: maker.read(pair.access, PID)) == "token.unknown"
    assert code(lambda: maker.refreshing(pair.refresh, PID)) == "token.unknown"
    assert maker.lasting(PID) != lasting
    assert maker.inbox(PID) != inbox


def test_the_three_kinds_are_never_each_other() -> None:
    maker, _ = made()
    pair = maker.pair(PID, Generation(0), maker.ending())
    assert len({maker.lasting(PID), maker.inbox(PID), pair.access, pair.refresh}) == 4


def test_the_old_one_dies_when_the_new_one_is_used_and_not_before() -> None:
    tx: Any = Kept()
    first = Generation(3)
    tokens.note(tx, PID, first)
    second, ends = tokens.renew(tx, PID, first, now=10, ending=100)
    assert (second, ends) == (Generation(3, 1), 100)
    tokens.note(tx, PID, first)
    tokens.check(tx, PID, first)
    assert tokens.renew(tx, PID, first, now=20, ending=200) == (second, 100), "a lost answer is given again"
    tokens.note(tx, PID, second)
    assert code(lambda: tokens.note(tx, PID, first)) == "token.replaced"
    assert code(lambda: tokens.check(tx, PID, first)) == "token.replaced"
    assert code(lambda: tokens.renew(tx, PID, first, now=30, ending=300)) == "token.replaced"


def test_a_repeat_after_the_new_one_has_ended_gives_one_that_has_not() -> None:
    tx: Any = Kept()
    assert tokens.renew(tx, PID, Generation(3), now=10, ending=100) == (Generation(3, 1), 100)
    assert tokens.renew(tx, PID, Generation(3), now=100, ending=190) == (Generation(3, 1), 190)


def test_a_refresh_token_that_is_used_shows_that_its_pair_has_arrived() -> None:
    tx: Any = Kept()
    tokens.renew(tx, PID, Generation(3), now=10, ending=100)
    assert tokens.renew(tx, PID, Generation(3, 1), now=20, ending=120) == (Generation(3, 2), 120)
    assert code(lambda: tokens.note(tx, PID, Generation(3))) == "token.replaced"


def test_another_address_begins_anew_and_ends_what_came_before_when_it_is_used() -> None:
    tx: Any = Kept()
    tokens.note(tx, PID, Generation(3, 7))
    tokens.check(tx, PID, Generation(5))
    tokens.check(tx, PID, Generation(3, 7))
    tokens.note(tx, PID, Generation(5))
    assert code(lambda: tokens.note(tx, PID, Generation(3, 8))) == "token.replaced"


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(["use", "renew"]), st.integers(0, 5)), max_size=40))
def test_a_consumer_who_keeps_its_last_pair_is_never_locked_out(steps: list[tuple[str, int]]) -> None:
    """Whatever answers were lost: with the newest pair that ever arrived it can go on; and what was used does not come
    back."""
    tx: Any = Kept()
    held = [Generation(1)]
    for now, (step, lost) in enumerate(steps):
        if step == "use":
            tokens.note(tx, PID, held[-1])
            continue
        following, _ = tokens.renew(tx, PID, held[-1], now=now, ending=now + 10)
        if lost > 2:
            held.append(following)
    tokens.check(tx, PID, held[-1])
    used = tx.get(TokenUse, PID)
    for earlier in held[:-1]:
        if used is not None and earlier < Generation(used.start, used.renewal):
            assert code(lambda: tokens.check(tx, PID, earlier)) == "token.replaced"  # noqa: B023


async def test_what_is_kept_of_it_is_no_secret(tmp_path: Path) -> None:
    store = open_store(tmp_path, threaded=False)
    await store.write(lambda tx: tokens.note(tx, PID, Generation(2, 5)))
    kept = await store.read(lambda view: view.get(TokenUse, PID))
    assert kept == TokenUse(id=PID, start=2, renewal=5)
    await store.close()
