"""Points, what would bring most of them, and whether data are as new as promised."""

from __future__ import annotations

import msgspec
import pytest

from catalog.model import Agent, Contact, Form, Metadata
from catalog.profile import check, freshness, score
from catalog.profile.completeness import CRITERIA, FRESH, SECOND
from connector.sentences import sentence
from policies.model import Reason
from tests.catalog.profile.records import DATASET, record

DAY = 86_400 * SECOND
NOW = 20_000 * DAY
FORM = Form(
    id="urn:form:1",
    access_url="https://daten.example/1",
    download_url="https://daten.example/1.csv",
    format="CSV",
    media_type="text/csv",
    licence="dl-by-de/2.0",
    attribution="Stadt",
    bytes=12,
)
BEST = Metadata(
    title={"de": "Ladesäulen"},
    description={"de": "Alle Ladesäulen der Stadt mit Anschluss, Leistung und Zustand, alle fünfzehn Minuten neu."},
    keywords={"de": ("strom",)},
    themes=("ENER",),
    publisher=Agent(name="Stadt"),
    contacts=(Contact(email="amt@stadt.example"),),
    access="PUBLIC",
    frequency="DAILY",
    issued=0,
    modified=NOW - DAY // 2,
    places=("14612000",),
    since="2024-01-01",
    forms=(FORM,),
)


def test_what_has_everything_has_all_points_and_nothing_to_mend() -> None:
    assert score(BEST, NOW) == msgspec.structs.replace(score(BEST, NOW), points=100, mends=())


def test_what_has_nothing_has_next_to_none() -> None:
    """A record that says nothing breaks no rule that was judged, and that is all it gets."""
    found = score(Metadata(), NOW)

    assert found.points <= 10
    assert [one.code for one in found.mends] == ["score.access_url", "score.keywords", "score.themes"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"keywords": {}}, "score.keywords"),
        ({"themes": ()}, "score.themes"),
        ({"places": ()}, "score.place"),
        ({"since": ""}, "score.time"),
        ({"contacts": ()}, "score.contact"),
        ({"publisher": Agent()}, "score.publisher"),
        ({"access": ""}, "score.access"),
        ({"issued": None}, "score.issued"),
        ({"description": {"de": "Kurz."}}, "score.description"),
        ({"frequency": ""}, "score.frequency"),
        ({"modified": NOW - 3 * DAY}, "score.fresh"),
    ],
)
def test_every_lack_costs_points_and_is_named(changed: dict[str, object], code: str) -> None:
    found = score(msgspec.structs.replace(BEST, **changed), NOW)

    assert found.points < 100
    assert code in [one.code for one in found.mends]
    assert all(int(one.params["gain"]) > 0 for one in found.mends)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"access_url": ""}, "score.access_url"),
        ({"download_url": ""}, "score.download"),
        ({"format": ""}, "score.format"),
        ({"format": "https://elsewhere.example/csv"}, "score.known_format"),
        ({"format": "XLSX"}, "score.open_format"),
        ({"format": "PDF"}, "score.machine_readable"),
        ({"media_type": ""}, "score.media_type"),
        ({"licence": ""}, "score.licence"),
        ({"licence": "https://elsewhere.example/terms"}, "score.known_licence"),
        ({"bytes": None}, "score.bytes"),
        ({"attribution": ""}, "score.attribution"),
    ],
)
def test_every_lack_of_a_distribution_costs_its_share(changed: dict[str, object], code: str) -> None:
    worse = msgspec.structs.replace(FORM, **changed)
    half = score(msgspec.structs.replace(BEST, forms=(FORM, worse)), NOW)
    whole = score(msgspec.structs.replace(BEST, forms=(worse,)), NOW)

    assert whole.points <= half.points <= 100
    assert whole.points < 100
    assert code in [one.code for one in whole.mends]


def test_nobody_asks_for_a_download_of_what_is_restricted() -> None:
    form = msgspec.structs.replace(FORM, download_url="")

    assert score(msgspec.structs.replace(BEST, access="RESTRICTED", forms=(form,)), NOW).points == 100


def test_nobody_asks_whom_to_name_where_the_licence_does_not() -> None:
    form = msgspec.structs.replace(FORM, attribution="", licence="cc-zero")

    assert score(msgspec.structs.replace(BEST, forms=(form,)), NOW).points == 100
    assert score(msgspec.structs.replace(BEST, attribution="Stadt", forms=(form,)), NOW).points == 100


def test_broken_distributions_cost_points() -> None:
    assert score(BEST, NOW, (), frozenset([FORM.id])).mends[0].code == "score.reachable"
    assert score(BEST, NOW, (), frozenset([FORM.download_url])).points < 100
    assert score(BEST, NOW, (), frozenset(["https://elsewhere.example/"])).points == 100


def test_what_keeps_portals_from_taking_it_comes_first_and_once() -> None:
    graph = record()
    del graph[DATASET]["dct:publisher"]
    graph[DATASET]["dcat:theme"] = [{"@value": "Energie"}]
    found = score(msgspec.structs.replace(BEST, themes=(), publisher=None), NOW, check(graph))

    assert found.mends[0].code == "dcat.node"
    assert {one.params["property"] for one in found.mends[:2]} == {"dcat:theme", "dct:publisher"}
    assert "score.themes" not in [one.code for one in found.mends]
    assert len(found.mends) <= 3


def test_every_criterion_is_worth_something() -> None:
    assert all(one.weight > 0 for one in CRITERIA)
    assert len({one.name for one in CRITERIA}) == len(CRITERIA)


@pytest.mark.parametrize(
    ("frequency", "age", "late"),
    [("DAILY", DAY, 0), ("DAILY", 3 * DAY, 2 * DAY), ("ANNUAL", 366 * DAY, 0), ("MONTHLY", 32 * DAY, DAY)],
)
def test_late_is_what_is_older_than_promised(frequency: str, age: int, late: int) -> None:
    found = freshness(msgspec.structs.replace(BEST, frequency=frequency, modified=NOW - age), NOW)

    assert found.late_by == late
    assert found.due == NOW - late or not late


@pytest.mark.parametrize("frequency", ["", "NEVER", "UNKNOWN", "https://elsewhere.example/often"])
def test_who_promises_nothing_is_never_late(frequency: str) -> None:
    assert freshness(msgspec.structs.replace(BEST, frequency=frequency), NOW) == (None, 0)


def test_the_newest_distribution_counts_and_else_the_first_day() -> None:
    form = msgspec.structs.replace(FORM, modified=NOW)
    old = msgspec.structs.replace(BEST, modified=0, forms=(form,))
    never = msgspec.structs.replace(BEST, modified=None, issued=NOW - 2 * DAY)

    assert freshness(old, NOW).late_by == 0
    assert freshness(never, NOW).late_by == DAY
    assert freshness(msgspec.structs.replace(never, issued=None), NOW) == (None, 0)


def test_every_criterion_has_a_sentence() -> None:
    for one in (*CRITERIA, FRESH):
        told = [sentence(Reason(f"score.{one.name}", {"gain": "7"}), language) for language in ("de", "en")]
        assert all("7" in text and "score." not in text for text in told)
