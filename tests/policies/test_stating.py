"""What an access states of itself, on its way and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import stating

TEXTS = st.text(max_size=20).filter(lambda text: text.isprintable())


@given(st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4))
def test_what_is_written_is_read(values: dict[str, tuple[str, ...]]) -> None:
    text = stating.written(values)
    assert text.isascii() and " " not in text and text.isprintable()
    assert stating.read(text) == values


@pytest.mark.parametrize("text", ["", "a", "a=%ff", "&", "a=b;&", "a=" + "b" * 5000, "&".join(["a=b"] * 65)])
def test_what_cannot_be_read_states_nothing(text: str) -> None:
    assert stating.read(text) == {}
