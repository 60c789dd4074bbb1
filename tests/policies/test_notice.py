"""Covers policies/notice.py, and the notice period through parse, render, compare, terms and explain."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from policies import compare, explain, notice, parse, render
from policies.evaluate import evaluate
from policies.instants import instant
from policies.model import Access, PolicyError, PolicyKind
from policies.terms import Terms, restate, to_policy
from policies.vocabulary import READ

PLAIN = to_policy("urn:offer", Terms(count=3))
THIRTY = to_policy("urn:offer", Terms(count=3, notice="P30D"))


@pytest.mark.parametrize(
    ("text", "canonical"), [("P30D", "P30D"), ("P4W", "P28D"), ("P03M", "P3M"), ("P1Y", "P1Y"), ("P0D", "P0D")]
)
def test_a_period_has_one_spelling(text: str, canonical: str) -> None:
    assert notice.read(text) == canonical
    assert notice.read(canonical) == canonical


@pytest.mark.parametrize(
    "text", ["", "P", "30D", "P30", "P-3D", "P1Y2M", "PT5H", "P3661D", "P٣D", "P1.5D", "p30d", "P11Y"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        notice.read(text)


@pytest.mark.parametrize(
    ("given", "period", "end"),
    [
        ("2027-03-01T10:00:00Z", "P30D", "2027-03-31T22:00:00Z"),  # summer time begins in between
        ("2027-03-01T23:30:00Z", "P1D", "2027-03-03T23:00:00Z"),  # in Berlin it was the 2nd already
        ("2027-01-31T10:00:00Z", "P1M", "2027-02-28T23:00:00Z"),
        ("2028-02-29T10:00:00Z", "P1Y", "2029-02-28T23:00:00Z"),
        ("2027-12-15T10:00:00Z", "P1M", "2028-01-15T23:00:00Z"),
        ("2027-06-01T10:00:00Z", "P0D", "2027-06-01T22:00:00Z"),
    ],
)
def test_the_last_day_is_a_whole_one(given: str, period: str, end: str) -> None:
    assert notice.end_after(instant(given), period) == instant(end)


def test_it_goes_over_the_wire_and_back() -> None:
    document = render.to_dsp(THIRTY)
    assert parse.from_dsp(document) == THIRTY
    [rule] = document["permission"]
    assert rule["constraint"][-1] == {
        "leftOperand": "urn:allmende:noticePeriod",
        "operator": "eq",
        "rightOperand": {"@value": "P30D", "@type": "xsd:duration"},
    }


def test_it_never_hinders_an_access() -> None:
    access = Access(READ, "did:web:a", "urn:x")
    only = to_policy("urn:offer", Terms(notice="P30D"))
    assert evaluate(only, access, 0).permit
    assert evaluate(THIRTY, access, 0) == evaluate(PLAIN, access, 0)


def test_another_period_is_another_contract() -> None:
    sixty = to_policy("urn:offer", Terms(count=3, notice="P60D"))
    assert compare.within(THIRTY, THIRTY).within
    assert compare.same_terms(THIRTY, THIRTY)
    for asked, offered in ((PLAIN, THIRTY), (THIRTY, PLAIN), (sixty, THIRTY), (THIRTY, sixty)):
        found = compare.within(asked, offered)
        assert not found.within
        assert [one.reason.code for one in found.differences] == ["beyond.notice"]
        assert not compare.same_terms(asked, offered)


def test_people_read_it_in_words() -> None:
    assert explain.policy(THIRTY, "de")[-1] == "Kündigungsfrist für beide Seiten: 30 Tage [durchgesetzt]."
    assert explain.policy(to_policy("urn:o", Terms(notice="P1M")), "en")[-1] == (
        "Either side may end it by notice of 1 month [enforced]."
    )
    [found] = compare.within(PLAIN, THIRTY).differences
    assert explain.sentence(found.reason, "en") == "Notice period: asked nothing stated; offered 30 days."


def test_restating_keeps_or_replaces_it() -> None:
    assert restate(THIRTY, Terms(count=2)).notice == "P30D"
    assert restate(THIRTY, Terms(notice="P2W")).notice == "P14D"
    with pytest.raises(PolicyError, match=r"terms\.unreadable"):
        to_policy("urn:o", Terms(notice="a while"))


def _with(constraint: Any, **more: Any) -> dict[str, Any]:
    return {"@type": "Offer", "@id": "urn:o", "permission": [{"action": "use", "constraint": constraint}], **more}


TERM = {"leftOperand": notice.NOTICE, "operator": "eq", "rightOperand": "P30D"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_with([TERM, {**TERM, "rightOperand": "P60D"}]), "notice.unclear"),
        (_with([TERM, TERM]), "notice.unclear"),
        (_with([{"or": [TERM]}]), "operand.unknown"),
        (_with([{**TERM, "operator": "lteq"}]), "operator.unfit"),
        (_with([{**TERM, "rightOperand": "soon"}]), "value.unreadable"),
        (_with([{**TERM, "rightOperand": 30}]), "value.unreadable"),
        (_with([{**TERM, "rightOperand": {"@value": "P30D", "@type": "xsd:string"}}]), "value.datatype"),
        (_with([{**TERM, "more": "x"}]), "term.unknown"),
        (_with([], prohibition=[{"action": "read", "constraint": [TERM]}]), "operand.unknown"),
        (
            {**_with([TERM]), "permission": [{"action": "use", "constraint": [TERM]}, {"action": "read"}]},
            "notice.unclear",
        ),
    ],
)
def test_where_nobody_could_say_what_it_means_the_policy_is_refused(document: dict[str, Any], code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse.from_dsp(document)
    assert caught.value.reason.code == code


def test_an_agreement_carries_it() -> None:
    agreed = replace(
        THIRTY, kind=PolicyKind.AGREEMENT, target="urn:x", assigner="did:web:a", assignee="did:web:b", timestamp=0
    )
    assert parse.from_dsp(render.to_dsp(agreed), PolicyKind.AGREEMENT) == agreed
