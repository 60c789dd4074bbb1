"""Paths are matched as they came; queries are read once."""

from __future__ import annotations

import pytest

from connector.errors import MessageError
from connector.http.exchange import Router, arguments


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router()
    for method, path in (
        ("GET", "/a/{id}"),
        ("POST", "/a/request"),
        ("POST", "/a/{id}/request"),
        ("GET", "/a/{one}/b/{two}"),
        ("GET", "/a"),
    ):
        made.add(method, path, f"{method} {path}")
    return made


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/a", "GET /a", ()),
        ("/a/x", "GET /a/{id}", ("x",)),
        ("/a/urn%3Auuid%3A1", "GET /a/{id}", ("urn:uuid:1",)),
        ("/a/https%3A%2F%2Fx%2Fy", "GET /a/{id}", ("https://x/y",)),
        ("/a/x/b/y%20z", "GET /a/{one}/b/{two}", ("x", "y z")),
    ],
)
def test_found(router: Router[str], path: str, route: str, values: tuple[str, ...]) -> None:
    found = router.find(path)
    assert found is not None
    assert (found.routes["GET"], found.values) == (route, values)


def test_a_literal_goes_before_a_name(router: Router[str]) -> None:
    found = router.find("/a/request")
    assert found is not None
    assert found.routes == {"POST": "POST /a/request"}


@pytest.mark.parametrize("path", ["", "/", "/b", "/a/", "/a//", "/a/x/", "/a/x/c", "/a/x/b", "/a/x/b/", "//a", "/A"])
def test_not_found(router: Router[str], path: str) -> None:
    assert router.find(path) is None


@pytest.mark.parametrize("path", ["/a/%ff", "/a/%c3%28"])
def test_unreadable(router: Router[str], path: str) -> None:
    with pytest.raises(MessageError):
        router.find(path)


def test_arguments() -> None:
    assert arguments("") == {}
    assert arguments("a=1&b=%C3%A4+c&c=") == {"a": "1", "b": "ä c", "c": ""}


@pytest.mark.parametrize("query", ["a=1&a=2", "a=%ff", "&".join(f"a{index}=1" for index in range(100))])
def test_unreadable_arguments(query: str) -> None:
    with pytest.raises(MessageError):
        arguments(query)
