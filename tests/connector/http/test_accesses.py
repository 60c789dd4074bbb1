"""What a request proves and states, read from its line and headers."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from connector.errors import UnauthenticatedError, UnknownError
from connector.http import accesses


def asked(path: str = "/data/pid", *fields: tuple[str, str]) -> web.Request:
    return make_mocked_request("GET", path, CIMultiDict((("Authorization", "Bearer t"), *fields)))


@pytest.mark.parametrize(
    ("path", "pid", "member", "query"),
    [
        ("/data/pid", "pid", "", ""),
        ("/data/urn%3Auuid%3A1", "urn:uuid:1", "", ""),
        ("/data/pid/a/b%20c?limit=3&f=csv", "pid", "a/b c", "limit=3&f=csv"),
    ],
)
def test_a_place_is_a_transfer_and_a_member(path: str, pid: str, member: str, query: str) -> None:
    read = accesses.read(asked(path), "/data/")
    assert (read.pid, read.member, read.query) == (pid, member, query)


@pytest.mark.parametrize("path", ["/data/pid/a%2Fb", "/data/pid/%ff"])
def test_a_segment_never_makes_a_level(path: str) -> None:
    with pytest.raises(UnknownError) as caught:
        accesses.read(asked(path), "/data/")
    assert caught.value.reason.code == "data.unknown"


@pytest.mark.parametrize(("field", "token"), [("Bearer t", "t"), ("bearer  t", "t"), ("t", "t")])
def test_a_token_comes_with_its_scheme_or_without(field: str, token: str) -> None:
    request = make_mocked_request("GET", "/data/pid", {"Authorization": field})
    assert accesses.read(request, "/data/").credential == token


@pytest.mark.parametrize("field", ["", "Basic t"])
def test_what_is_no_token_proves_nothing(field: str) -> None:
    with pytest.raises(UnauthenticatedError):
        accesses.read(make_mocked_request("GET", "/data/pid", {"Authorization": field}), "/data/")


def test_of_two_statements_neither_counts() -> None:
    one = accesses.read(asked("/data/pid", ("Allmende-Purpose", "a")), "/data/")
    two = accesses.read(asked("/data/pid", ("Allmende-Purpose", "a"), ("Allmende-Purpose", "b")), "/data/")
    assert (one.purpose, two.purpose, one.spatial) == ("a", "", None)


def test_what_is_asked_of_the_gate_is_what_was_stated() -> None:
    read = accesses.read(asked("/data/pid/m", ("Allmende-Purpose", "a"), ("Allmende-Spatial", "b")), "/data/")
    ask = read.ask(None, "digest")
    assert (ask.member, ask.chain, ask.purpose, ask.spatial) == ("m", "digest", "a", "b")
    assert ask.draws
    assert not ask.streamed


@pytest.mark.parametrize(("accepted", "language"), [("de-DE,de;q=0.9", "de"), ("en", "en"), ("fr", "en"), ("", "en")])
def test_sentences_are_german_or_english(accepted: str, language: str) -> None:
    assert accesses.language(asked("/data/pid", ("Accept-Language", accepted))) == language
