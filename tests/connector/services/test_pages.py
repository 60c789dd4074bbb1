"""Covers connector/services/pages.py: where the next page is, as peers write it, and what leads nowhere."""

from __future__ import annotations

import pytest

from connector.ports import Reply
from connector.services.pages import following, joined, refused, same_origin
from policies.model import Reason

BASE = "https://city.example/dsp/catalog/request"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ('<?after=2>; rel="next"', "?after=2"),
        ("<?after=2>;rel=next", "?after=2"),
        ('<?first>; rel="first", <?ids=1,2;3>; title="on"; rel="next"', "?ids=1,2;3"),
        ('<?first>; rel="first"', ""),
        ('<?other>; rel="next-archive"', ""),
        ("next", ""),
        ("", ""),
    ],
)
def test_the_next_page_is_what_the_link_says(link: str, target: str) -> None:
    assert following(Reply(200, b"", headers={"link": link} if link else {})) == target


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("?after=2", f"{BASE}?after=2"),
        ("https://city.example/other", "https://city.example/other"),
        ("https://elsewhere.example/x", ""),
        ("//elsewhere.example/x", ""),
        ("http://city.example/dsp", ""),
        ("https://[city.example/", ""),
    ],
)
def test_a_link_stays_at_its_origin(link: str, found: str) -> None:
    assert joined(BASE, link) == found


def test_what_is_no_address_is_of_no_origin() -> None:
    assert not same_origin("https://[x", "https://[x")


def test_who_says_no_without_a_word_is_told_by_the_status() -> None:
    assert refused(Reply(503, b"<html>")) == Reason("peer.refused", {"status": "503"})
