"""Continuation tokens: round trip, what is forged or broken, links both ways."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import MessageError
from connector.http.paging import TRAIL, Position, links


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=TRAIL).map(tuple))
def test_a_position_survives_its_token(after: str, before: tuple[str, ...]) -> None:
    position = Position(after, before)
    token = position.token()
    assert re.fullmatch(r"[A-Za-z0-9_-]*", token)
    assert Position.read(token) == position


@given(st.text(max_size=200))
def test_anything_else_is_a_position_or_refused(token: str) -> None:
    with contextlib.suppress(MessageError):
        assert isinstance(Position.read(token), Position)


def test_no_token_is_the_first_page() -> None:
    assert Position.read("") == Position()


def followed(link: str, rel: str) -> Position | None:
    found = re.search(rf'<([^>]*)>; rel="{rel}"', link)
    if found is None:
        return None
    return Position.read(found[1].partition("continuationToken=")[2])


def test_links_lead_there_and_back() -> None:
    first = Position()
    assert links("/c", first, None) == ""
    second = followed(links("/c", first, "k2"), "next")
    assert second == Position("k2", ("",))
    third = followed(links("/c", second, "k4"), "next")
    assert third == Position("k4", ("", "k2"))
    assert followed(links("/c", third, None), "next") is None
    assert followed(links("/c", third, None), "previous") == second
    assert followed(links("/c", second, None), "previous") == first


def test_the_trail_is_bounded() -> None:
    here = Position()
    for index in range(100):
        following = followed(links("/c", here, f"urn:uuid:{index:036}"), "next")
        assert following is not None
        here = following
    assert len(here.before) == TRAIL
    assert len(links("/c", here, "x" * 45)) < 4_000


@pytest.mark.parametrize("after", ['"', "ä", "\u2028", ">"])
def test_nothing_of_a_cursor_gets_into_the_header(after: str) -> None:
    assert links("/c", Position(), after).isascii()
