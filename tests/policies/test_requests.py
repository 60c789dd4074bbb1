"""Covers policies/requests.py: strict reading, and writing what reads back to the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from policies import requests
from policies.compile import compiled
from policies.evaluate import evaluate
from policies.model import ODRL, Access, Atomic, Deed, Operator, Policy, PolicyError, PolicyKind, Rule, RuleKind
from policies.operands import COUNT, DATE_TIME, PURPOSE
from policies.requests import Request
from policies.vocabulary import XSD
from tests.policies.samples import HOUR, ME, NOW, TARGET

CLOCK = NOW + HOUR


def read(found: Any, clock: int | None = CLOCK) -> Request:
    return requests.read(msgspec.json.encode(found), clock)


def refused(found: Any) -> tuple[str, str]:
    with pytest.raises(PolicyError) as refusal:
        read(found)
    return refusal.value.reason.code, refusal.value.where


def test_a_whole_request() -> None:
    found = read(
        {
            "action": "odrl:read",
            "assignee": ME,
            "target": TARGET,
            "now": "2027-01-15T08:00:00Z",
            "values": {"odrl:purpose": "urn:one", "urn:kinds": ["a", 1, 2.5, True], COUNT: {"@value": 3}},
            "members": {ME: ["urn:cities"], TARGET: "urn:shelf"},
            "performed": [{"duty": "urn:duty", "by": ME, "at": "2027-01-15T07:00:00Z"}],
            "violated": [{"action": "odrl:delete"}],
        }
    )
    assert found == Request(
        Access(
            ODRL + "read",
            ME,
            TARGET,
            {PURPOSE: ("urn:one",), "urn:kinds": ("a", "1", "2.5", "true")},
            members={ME: ("urn:cities",), TARGET: ("urn:shelf",)},
            performed=(Deed(duty="urn:duty", by=ME, at=NOW - HOUR),),
            violated=(Deed(action=ODRL + "delete"),),
        ),
        NOW,
        2,
    )
    assert requests.read(msgspec.json.encode(requests.document(found))) == found


def test_what_is_absent_or_null_is_unknown() -> None:
    empty = Request(Access("", "", ""), CLOCK, None)
    assert read({}) == empty
    nothing = dict.fromkeys(("action", "assignee", "target", "values", "members", "performed", "violated"))
    assert read(nothing) == empty
    assert read({"values": {PURPOSE: None, "urn:a": ["x", None], "urn:b": [], COUNT: None}}) == empty
    assert read({"values": {PURPOSE: {"@id": "urn:one"}}}).access.values == {PURPOSE: ("urn:one",)}


def test_the_time_is_stated_or_the_clocks_and_null_is_unknown() -> None:
    assert read({}).now == CLOCK
    assert read({"now": None}).now is None
    assert read({"now": "2027-01-15T09:00:00+01:00"}).now == NOW
    assert read({"now": "2027-01-15T09:00:00"}).now == NOW
    assert read({"now": "2027-01-15"}).now == NOW - 9 * HOUR
    assert read({"values": {DATE_TIME: "2027-01-15T08:00:00Z"}}).now == NOW
    assert read({"values": {DATE_TIME: None}}).now is None
    assert read({"now": "2027-01-15T08:00:00Z", "values": {DATE_TIME: "2027-01-15T08:00:00Z"}}).now == NOW
    assert requests.read(b"{}").now is None


def test_the_number_of_the_use_that_is_asked_for() -> None:
    assert [read({"values": {COUNT: value}}).count for value in (1, "4", 0)] == [0, 3, -1]


@pytest.mark.parametrize(
    ("found", "code", "where"),
    [
        ([], "form.object", ""),
        ({"acton": "x"}, "term.unknown", "/acton"),
        ({"action": "read"}, "form.identifier", "/action"),
        ({"assignee": 7}, "form.identifier", "/assignee"),
        ({"target": "urn:a b"}, "form.identifier", "/target"),
        ({"values": []}, "form.object", "/values"),
        ({"values": {"purpose": "x"}}, "form.identifier", "/values/purpose"),
        ({"values": {"urn:a/b": [[1]]}}, "value.form", "/values/urn:a~1b"),
        ({"values": {"urn:a": {"@value": 1, "x": 2}}}, "term.unknown", "/values/urn:a/x"),
        ({"values": {COUNT: "many"}}, "value.unreadable", "/values/" + COUNT.replace("/", "~1")),
        ({"values": {COUNT: [1, 2]}}, "value.unreadable", "/values/" + COUNT.replace("/", "~1")),
        ({"now": "soon"}, "value.unreadable", "/now"),
        ({"now": "2027-01-15T09:00:00+99:00"}, "value.unreadable", "/now"),
        ({"now": "2027-01-15", "values": {DATE_TIME: "2027-01-16"}}, "request.times", "/now"),
        ({"members": {ME: [None]}}, "form.identifier", f"/members/{ME}"),
        ({"performed": [{}]}, "term.missing", "/performed/0"),
        ({"performed": [{"duty": "urn:a", "what": 1}]}, "term.unknown", "/performed/0/what"),
        ({"violated": [{"duty": "urn:a"}, {"duty": "urn:a", "at": 5}]}, "value.unreadable", "/violated/1/at"),
    ],
)
def test_what_is_not_understood_is_refused_by_name_and_place(found: Any, code: str, where: str) -> None:
    assert refused(found) == (code, where)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"\xbf": 1}', b'{"a":' + b"[" * 100_000, b"[" * 200_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(PolicyError) as refusal:
        requests.read(data)
    assert refusal.value.reason.code == "form.json"


def test_times_without_an_offset_are_compared_as_they_stand() -> None:
    limit = Atomic(DATE_TIME, Operator.LT, ("2027-06-30T12:00:00",), datatype=XSD + "dateTime")
    policy = Policy("urn:p", PolicyKind.SET, (Rule(RuleKind.PERMISSION, ODRL + "use", (limit,)),))
    for now, expected in (
        ("2027-06-30T11:59:59", True),
        ("2027-06-30T12:00:00", False),
        ("2027-06-30T11:59:59Z", False),
        ("2027-06-29T11:59:59Z", True),
    ):
        asked = read({"action": ODRL + "use", "now": now})
        for decided in (evaluate(policy, asked.access, asked.now), compiled(policy).decide(asked.access, asked.now)):
            assert decided.permit is expected, (now, decided)
    assert asked.now is not None
    other = replace(asked.access, values={DATE_TIME: ("2020-01-01T00:00:00",)})
    assert not evaluate(policy, other, asked.now + 3 * 86_400_000_000).permit, (
        "nobody can talk himself into another hour"
    )
