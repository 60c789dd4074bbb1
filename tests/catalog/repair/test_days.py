"""Covers `catalog/repair/days.py`, `addresses.py`, `plain.py`: what is read, and what is not for want of certainty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.repair import addresses, days, plain


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2021-01-28 GMT 01:51:03.34919300", "2021-01-28T01:51:03.349193Z"),
        ("2021-01-28T01:51", "2021-01-28T01:51:00"),
        ("2021-01-28T01:51:03+0100", "2021-01-28T01:51:03+01:00"),
        ("3. März 2020", "2020-03-03"),
        ("1.2.2020 8:05 Uhr", "2020-02-01T08:05:00"),
        ("20200102", "2020-01-02"),
        ("2020/01/02", "2020-01-02"),
        ("2020-05", "2020-05"),
        ("1999", "1999"),
    ],
)
def test_dates(said: str, read: str) -> None:
    found = days.read(said)
    assert found is not None and found["@value"] == read


@pytest.mark.parametrize("said", ["01/02/2020", "2020-13-01", "31.2.2020", "gestern", "0000", "2020-01-01T25:00", ""])
def test_what_is_no_date_or_two(said: str) -> None:
    assert days.read(said) is None


@given(st.text(max_size=40))
def test_no_text_is_too_odd(said: str) -> None:
    days.read(said)
    days.period(said)
    plain.plain(said)
    for found in (addresses.web(said), addresses.mail(said), addresses.telephone(said)):
        assert not any(one in found for one in ' <>"{}|\\^`\n')


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://x.example/a b.pdf", "https://x.example/a%20b.pdf"),
        ("<https://x.example>", "https://x.example"),
        ("urn:isbn:123", "urn:isbn:123"),
        ("siehe https://x.example", ""),
        ("https://x.example/a und https://y.example/b.pdf", ""),
        ("x.example", ""),
        ("amt@x.example", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_addresses_of_the_web(said: str, address: str) -> None:
    assert addresses.web(said) == address


def test_scripts_are_no_text() -> None:
    assert plain.plain("<p>a<script>alert(1)</script> b &lt;3</p>") == "a b <3"
    assert plain.plain('<a href="https://x.example/">hier</a>') == "hier (https://x.example/)"
    assert not plain.is_marked("5 < 6 und 7 > 3, R&D")
