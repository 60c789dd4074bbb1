"""How pages follow each other: pointers, links, numbers, cursors."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest

from connector.data.sources.paging import Course, Paging, PagingError, at, pointer, with_parameters

URL = "http://silo.example/api?f=json"


def here(link: str, base: str) -> str:
    return urljoin(base, link)


def following(paging: Paging, document: Any = None, headers: dict[str, str] | None = None, rows: int = 5) -> str:
    """The page behind the first one."""
    return paging.after(paging.begin(URL), document or {}, headers or {}, rows, here).url


@pytest.mark.parametrize(
    ("text", "document", "found"),
    [
        ("", {"a": 1}, {"a": 1}),
        ("/a", {"a": 1}, 1),
        ("a", {"a": 1}, 1),
        ("/a/0/b", {"a": [{"b": 2}]}, 2),
        ("/a/1", {"a": [1]}, None),
        ("/a/-", {"a": [1]}, None),
        ("/a/b", {"a": "text"}, None),
        ("/a~1b/m~0n", {"a/b": {"m~n": 8}}, 8),
        ("/", {"": 0}, 0),
    ],
)
def test_pointers_lead_where_rfc_6901_says(text: str, document: Any, found: Any) -> None:
    assert at(document, pointer(text, "rows")) == found


def test_a_pointer_that_is_none_is_refused() -> None:
    with pytest.raises(PagingError, match="rows"):
        pointer("/a~2", "rows")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<http://silo.example/2>; rel="next"', "http://silo.example/2"),
        ("</2>; rel=next", "http://silo.example/2"),
        ('</1>; rel="prev", </2>; title="a; b, c"; rel="last next"', "http://silo.example/2"),
        ('</2>; REL="NEXT"', "http://silo.example/2"),
        ('</2>; rel="nextpage"', ""),
        ('</2>; rel="prev"; title="rel=next"', ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_link_that_says_next_is_followed(header: str, expected: str) -> None:
    assert following(Paging(way="link"), headers={"link": header}) == expected


@pytest.mark.parametrize(("found", "expected"), [("/2", "http://silo.example/2"), (None, ""), ("", ""), (False, "")])
def test_a_next_url_in_the_page_is_followed(found: Any, expected: str) -> None:
    assert following(Paging(way="next", next=("n",)), {"n": found}) == expected


@pytest.mark.parametrize("found", [5, {"a": 1}, ["x"], True])
def test_a_next_url_that_is_none_is_told(found: Any) -> None:
    with pytest.raises(PagingError):
        following(Paging(way="next", next=("n",)), {"n": found})


def test_numbers_count_pages_and_offsets_count_rows() -> None:
    page = Paging(way="page", parameter="p", first=0, size_parameter="n", size=5)
    assert page.begin(URL).url == URL + "&n=5&p=0"
    assert following(page) == URL + "&n=5&p=1"
    offset = Paging(way="offset", parameter="skip", first=0)
    assert following(offset, rows=3) == URL + "&skip=3"
    assert following(page, rows=0) == following(offset, rows=0) == ""


@pytest.mark.parametrize(
    ("found", "expected"), [("a&b", URL + "&c=a%26b"), (17, URL + "&c=17"), (None, ""), ("", ""), (False, "")]
)
def test_a_cursor_goes_into_its_parameter(found: Any, expected: str) -> None:
    assert following(Paging(way="cursor", next=("n",), parameter="c"), {"n": found}) == expected


def test_one_page_is_the_last() -> None:
    assert following(Paging()) == ""


def test_pages_without_end_end() -> None:
    paging = Paging(way="page", parameter="p")
    with pytest.raises(PagingError):
        paging.after(Course(URL, URL, 5, 100_000), {}, {}, 5, here)


def test_a_parameter_takes_the_place_of_the_one_that_is_there() -> None:
    assert with_parameters("http://x/a?b=1&c=&b=2", {"b": "ü&"}) == "http://x/a?c=&b=%C3%BC%26"
    assert with_parameters("http://x/a?b=1", {}) == "http://x/a?b=1"


@pytest.mark.parametrize(
    "given",
    [
        {"paging": "x"},
        {"paging": "next"},
        {"paging": "cursor"},
        {"next": "/a"},
        {"parameter": "p"},
        {"paging": "link", "parameter": "p"},
        {"paging": "page", "first": "one"},
        {"paging": "next", "next": "/~"},
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(PagingError):
        Paging.read(given, 500)
