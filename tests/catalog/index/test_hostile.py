"""Whatever is asked, and whatever others say of their data, the index answers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.index.engine import Index
from catalog.index.forms import Order, Query
from catalog.index.pages import PageError
from catalog.model import Box, Form
from tests.catalog.index.entries import CITY, NOW, ask, entry, fill, filled, titles

QUESTIONS = [
    '"',
    '"baum',
    "baum*",
    "^baum",
    "title : baum",
    "{title} : baum",
    "-title:baum",
    "NEAR(baum haus, 2)",
    "baum AND",
    "AND OR NOT",
    "(baum",
    "baum) OR (haus",
    "baum; DROP TABLE card",
    "'; DROP TABLE card; --",
    "baum\x00haus",
    "\x00",
    "🌳🚗",
    "👩‍👩‍👧",
    "\ud800",
    "a" * 10_000,
    "ä" * 10_000,
    "baum " * 10_000,
    "-" * 10_000,
    "a-" * 5_000,
    "\u202ebaum\u202c",
    "b\u0301\u0301\u0301aum",
    "ﬁnanzen",
    "½ ² ㎡",
    "中文 日本語 العربية",
    "%_%",
    "[a-z]+",
    "\n\t\r",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return filled(tmp_path_factory.mktemp("hostile"), entry("Baumkataster"), entry("Haushalt", text="Finanzen"))


@pytest.mark.parametrize("words", QUESTIONS)
def test_no_question_does_harm(index: Index, words: str) -> None:
    found = ask(index, words)
    assert found.total <= 2
    index.suggest(words)
    assert titles(index, "baum") == ["Baumkataster"]


@given(words=st.text(max_size=60), place=st.text(max_size=12), theme=st.text(max_size=12))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_question_is_answered(index: Index, words: str, place: str, theme: str) -> None:
    assert ask(index, words).total <= 2
    assert ask(index, words, places=(place,), themes=(theme,)).total <= 2
    index.suggest(words)


@given(
    numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=7, max_size=7),
    order=st.sampled_from(Order),
    words=st.sampled_from(["", "baum"]),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_numbers_are_taken(index: Index, numbers: list[float], order: Order, words: str) -> None:
    box = Box(*numbers[:4])
    ask(index, words, box=box, order=order)
    ask(index, words, near=(numbers[4], numbers[5]), within=numbers[6], order=order)


@given(after=st.text(max_size=80))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_end_of_a_page_is_refused_or_taken(index: Index, after: str) -> None:
    try:
        ask(index, "baum", after=after)
    except PageError:
        assert after


def test_instants_beyond_all_bounds(index: Index) -> None:
    for instant in (-(1 << 62), 1 << 62):
        index.search(Query(now=instant, fresh=True, changed_since=instant, seen_since=instant))


def test_what_others_say_may_be_anything(tmp_path: Path) -> None:
    wild = "\x00<script>\u202e" + "x" * 70_000 + " ä-ö-ü '\"; DROP " + "wort " * 40_000
    index = Index.open(tmp_path / "catalog.db")
    one = entry(
        "Wild",
        id="urn:x:" + "i" * 5_000,
        title={"de": wild, "": wild},
        text=wild,
        keywords=tuple(f"wort{number}" for number in range(5_000)),
        themes=tuple(f"https://x.example/{number}" for number in range(500)),
        places=("14612000", wild, ""),
        box=Box(5.0, math.inf, -math.inf, 0.0),
        modified=1 << 62,
        forms=tuple(Form(format=f"F{number}", licence=wild) for number in range(300)),
    )
    fill(index, one)
    assert index.entry(CITY, one.id) == one
    assert ask(index, "script").total == 1
    with index.crawl(CITY) as crawl:
        crawl.gone(one.id, NOW)
    assert ask(index, "script").total == 0 and ask(index).total == 0


def test_a_peer_may_not_speak_for_another(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "catalog.db")
    with pytest.raises(ValueError), index.crawl("did:web:evil.example") as crawl:
        crawl.put(entry("Haushalt", CITY))
    assert ask(index).total == 0
