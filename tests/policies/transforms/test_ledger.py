"""policies/transforms/ledger.py: what may be told when something was told before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from policies.model import PolicyError
from policies.transforms.ledger import MOST, Before, Fresh, Terms, Told, settle

TERMS = Terms("division", 5, repeats=True)
ROWS = Terms("division", 5, repeats=False)
NOISY = Terms("division", 1, repeats=True, epsilon="0.5", budget="1", sensitivities=("1",))


def fresh(units: int, of: str = "x", value: str = "1", **more: object) -> Fresh:
    return Fresh(units, (value,), print=of, **more)  # type: ignore[arg-type]


def before(*, windows: dict[str, int] | None = None, **cells: Told) -> Before:
    return Before("division", cells, count=len(cells), windows=windows or ({"": len(cells)} if cells else {}))


def code(had: Before, now: dict[str, Fresh], terms: Terms = TERMS) -> str:
    with pytest.raises(PolicyError) as caught:
        settle(had, now, terms)
    return caught.value.reason.code


def test_only_what_enough_stand_behind_is_told() -> None:
    answer = settle(Before(), {"a": fresh(5), "b": fresh(4), "c": fresh(6, ended=False)}, TERMS)
    assert answer.told == answer.news == {"a": Told(5, ("1",), "x")}
    assert answer.division == "division"


def test_the_first_answer_fixes_the_division_also_where_it_told_nothing() -> None:
    assert settle(Before(), {"a": fresh(1)}, TERMS).division == "division"
    assert code(replace(before(), division="other"), {"a": fresh(5)}) == "release.division"


def test_a_statistic_stays_as_it_was_told() -> None:
    answer = settle(before(a=Told(5, ("1",), "x")), {"a": fresh(9, "y", "7")}, TERMS)
    assert answer.told == {"a": Told(5, ("1",), "x")}
    assert not answer.news


def test_rows_leave_again_only_where_nothing_has_changed() -> None:
    had = before(a=Told(5, (), "x"))
    assert settle(had, {"a": fresh(5, "x")}, ROWS).told
    assert not settle(had, {"a": fresh(6, "y")}, ROWS).told


def test_who_asks_for_more_gets_nothing_that_had_fewer() -> None:
    had = before(a=Told(5, ("1",), "x"))
    assert not settle(had, {"a": fresh(50, "x")}, replace(TERMS, least=6)).told
    assert settle(had, {"a": fresh(50, "x")}, replace(TERMS, least=4)).told


def test_a_new_cell_comes_from_the_state_that_the_others_came_from() -> None:
    had = before(a=Told(5, ("1",), "x"))
    assert set(settle(had, {"a": fresh(5, "x"), "b": fresh(5, "z")}, TERMS).told) == {"a", "b"}
    assert set(settle(had, {"a": fresh(5, "y"), "b": fresh(5, "z")}, TERMS).told) == {"a"}
    assert not settle(had, {"b": fresh(6, "z")}, TERMS).told, "all who were in a may be in b now"


def test_each_window_of_time_has_its_own_state() -> None:
    had = before(windows={"1": 1}, a=Told(5, ("1",), "x"))
    now = {"a": fresh(6, "y", window="1"), "b": fresh(5, window="1"), "c": fresh(5, window="2")}
    assert set(settle(had, now, TERMS).told) == {"a", "c"}


def test_another_file_of_the_folder_speaks_only_of_the_same_rows() -> None:
    had = before(a=Told(5, ("1",), "x", "one"))
    assert not settle(had, {"a": fresh(9, "y")}, replace(TERMS, part="two")).told
    assert settle(had, {"a": fresh(5, "x")}, replace(TERMS, part="two")).told
    assert settle(had, {"a": fresh(9, "y")}, replace(TERMS, part="one")).told


def test_what_continues_a_use_is_told_nothing_new() -> None:
    answer = settle(before(a=Told(5, ("1",), "x")), {"a": fresh(5), "b": fresh(5)}, TERMS, only_again=True)
    assert set(answer.told) == {"a"}
    assert not answer.news


def test_two_ledgers_about_the_same_tell_nothing_more() -> None:
    assert code(Before(mixed=True), {"a": fresh(5)}) == "release.overlap"


def test_there_is_an_end_to_what_is_remembered() -> None:
    assert code(Before("division", count=MOST), {"a": fresh(5)}) == "release.many"
    assert settle(Before("division", {"a": Told(5, ("1",), "x")}, count=MOST), {"a": fresh(5)}, TERMS).told


def test_noise_is_drawn_once_a_cell_and_paid_once_an_answer() -> None:
    drawn: list[tuple[Decimal, Decimal, Decimal]] = []

    def draw(value: Decimal, sensitivity: Decimal, epsilon: Decimal) -> Decimal:
        drawn.append((value, sensitivity, epsilon))
        return value + 3

    terms = replace(NOISY, sensitivities=("1", "50"))
    now = {name: Fresh(1, ("10", "200"), print=name) for name in ("a", "b")}
    answer = settle(Before(), now, terms, draw)
    assert answer.spent == "0.5"
    assert answer.told["a"].values == ("13", "203")
    assert drawn == [(Decimal(n), Decimal(s), Decimal("0.25")) for n, s in ((10, 1), (200, 50))] * 2
    drawn.clear()
    had = Before("division", answer.told, answer.spent, 2, {"": 2})
    again = settle(had, now, terms, draw)
    assert again.told == answer.told
    assert again.spent == "0.5"
    assert not drawn, "asking twice gives no second sample"


def test_the_budget_is_never_exceeded() -> None:
    had = Before("division", spent="0.6")
    with pytest.raises(PolicyError, match=r"release\.budget"):
        settle(had, {"a": fresh(1)}, NOISY, lambda value, *_: value)
    exact = Before("division", spent="0.5")
    assert settle(exact, {"a": fresh(1)}, NOISY, lambda value, *_: value).spent == "1"


def test_where_nobody_draws_noise_nothing_is_told() -> None:
    assert code(Before(), {"a": fresh(1)}, NOISY) == "transform.noise"
