"""`allmende asset portray` and `asset portrait`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connector.cli.api import Api
from tests.connector.cli.conftest import Types

SHOWN = {
    "asset": "https://dresden.example/datasets/trees",
    "name": "trees",
    "metadata": {
        "title": {"": "trees"},
        "themes": ["ENVI"],
        "issued": 1_800_000_000_000_000,
        "publisher": {"name": "Stadt", "id": "", "kind": "", "email": "", "homepage": ""},
        "forms": [{"format": "CSV", "title": {}}],
    },
    "findings": [
        {"rule": "r", "severity": "warning", "property": "p", "value": "", "sentence": "Say whom one may ask."},
    ],
    "source": "",
    "changed": 1_800_000_000_000_000,
    "changed_by": "admin",
}


def said(api: Api) -> Any:
    """The last body that was sent."""
    return api.asked[-1].body


def test_options_become_fields(api: Api, types: Types) -> None:
    api.answers["GET /v1/assets/trees/portrait"] = SHOWN
    api.answers["POST /v1/assets/trees/portrait"] = SHOWN
    types(
        *("asset", "portray", "trees", "--theme", "umwelt", "--keyword", "Bäume", "--title", "Bäume"),
        *("--licence", "cc-zero", "--place", "14612000", "--box", "13,50,14,51.5", "--contact", "Amt <a@b.example>"),
        *("--set", 'identifiers=["x"]', "--set", "level=municipality", "--clear", "access", "--anyway"),
    )
    assert said(api) == {
        "fields": {
            "licence": "cc-zero",
            "places": ["14612000"],
            "themes": ["ENVI"],
            "title": {"de": "Bäume"},
            "keywords": {"de": ["Bäume"]},
            "contacts": [{"name": "Amt", "email": "a@b.example"}],
            "box": {"west": 13.0, "south": 50.0, "east": 14.0, "north": 51.5},
            "identifiers": ["x"],
            "level": "municipality",
            "access": None,
        },
        "anyway": True,
    }


def test_what_is_said_in_another_language_stays(api: Api, types: Types) -> None:
    shown = {**SHOWN, "metadata": {"title": {"": "trees", "de": "Bäume"}}}
    api.answers["GET /v1/assets/trees/portrait"] = shown
    api.answers["POST /v1/assets/trees/portrait"] = shown
    types("asset", "portray", "trees", "--title", "Trees", "--in", "en")
    assert said(api)["fields"] == {"title": {"de": "Bäume", "en": "Trees"}}


def test_what_is_said_is_shown(api: Api, types: Types) -> None:
    api.answers["GET /v1/assets/trees/portrait"] = SHOWN
    out = types("asset", "portrait", "trees", "--lang", "de").out
    for part in ("Themen", "ENVI", "Stadt", "CSV", "Ein Portal nähme es so an", "Was besser wäre", "whom one may ask"):
        assert part in out, part


def test_nothing_and_half_a_box_are_refused(api: Api, types: Types) -> None:
    assert types("asset", "portray", "trees").status == 2
    half = types("asset", "portray", "trees", "--box", "1,2")
    assert half.status == 2
    assert "W,S,E,N" in half.err
    assert api.asked == []


@pytest.mark.parametrize(
    ("field", "value", "english", "german"),
    [
        ("themes", ["ENER"], "energy (ENER)", "Energie (ENER)"),
        ("frequency", "HOURLY", "hourly (HOURLY)", "stündlich (HOURLY)"),
        ("hvd", ["c_b79e35eb"], "mobility (c_b79e35eb)", "Mobilität (c_b79e35eb)"),
        ("access", "RESTRICTED", "restricted", "eingeschränkt"),
        ("places", ["14612000"], "14612000 (Dresden", "14612000 (Dresden"),
        ("issued", 1_795_316_337_988_730, "2026-11-22", "22.11.2026"),
        ("box", {"west": 13, "south": 51, "east": 14, "north": 51.5}, "E 14", "O 14"),
        ("contacts", [{"name": "Amt", "email": "a@b.example", "organisation": True}], "Amt <a@b.example>", "Amt <a@b"),
        ("publisher", {"name": "Stadt", "id": "did:web:a", "email": "", "kind": ""}, "Stadt did:web:a", "Stadt did"),
    ],
)
def test_codes_are_told_in_words(api: Api, types: Types, field: str, value: object, english: str, german: str) -> None:
    api.answers["GET /v1/assets/trees/portrait"] = {**SHOWN, "metadata": {field: value}}
    assert english in types("asset", "portrait", "trees").out
    assert german in types("asset", "portrait", "trees", "--lang", "de").out


def test_what_is_said_wins_over_what_is_cleared(api: Api, types: Types) -> None:
    api.answers["POST /v1/assets/trees/portrait"] = SHOWN
    types("asset", "portray", "trees", "--clear", "licence", "--clear", "level", "--licence", "cc-zero")
    assert said(api)["fields"] == {"licence": "cc-zero", "level": None}
