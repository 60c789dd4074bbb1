"""The lists know what the official files know."""

from __future__ import annotations

import re

import pytest

from catalog.profile import vocabularies as lists
from catalog.profile.vocabularies import VOCABULARIES, Vocabulary
from tests.catalog.dcat_samples import DCAT, needs_standards

GERMAN = DCAT / "dcat-ap-de-3.0" / "vocab"


def about(path: str, stem: str) -> set[str]:
    """The codes of the concepts that a file tells of."""
    text = (DCAT / path).read_text("utf-8")
    return {one.removeprefix(stem) for one in re.findall(r'about="([^"]+)"', text) if one.startswith(stem)}


@needs_standards
@pytest.mark.parametrize(
    ("path", "listed", "complete"),
    [
        ("vocab/eu-data-theme-skos.rdf", lists.THEMES, True),
        ("vocab/eu-filetypes-skos.rdf", lists.FILE_TYPES, False),
        ("dcat-ap-de-3.0/vocab/dcat-ap-de-licenses-open.rdf", lists.LICENCES, True),
        ("dcat-ap-de-3.0/vocab/dcat-ap-de-contributors.rdf", lists.CONTRIBUTORS, False),
    ],
)
def test_every_code_of_the_file_is_known(path: str, listed: Vocabulary, complete: bool) -> None:
    codes = about(path, listed.stem)

    assert len(codes) > 10
    assert {code for code in codes if not listed.holds(listed.iri(code))} == set()
    assert not complete or codes == listed.known


@needs_standards
def test_open_licences_are_those_that_the_file_calls_open() -> None:
    text = (GERMAN / "dcat-ap-de-licenses-open.rdf").read_text("utf-8")
    told = {
        one.removeprefix(lists.LICENCES.stem) for one in re.findall(r"http://dcat-ap.de/def/licenses/[^\"<]+", text)
    }

    assert told >= lists.OPEN
    assert lists.OPEN >= lists.FREE


@pytest.mark.parametrize("listed", VOCABULARIES, ids=lambda one: one.name)
def test_a_list_holds_its_own_and_nothing_else(listed: Vocabulary) -> None:
    for code in listed.known:
        assert listed.holds(listed.iri(code))
        assert listed.code(listed.iri(code)) == code
    for wrong in ("", listed.stem, listed.scheme, listed.stem + "no such/ code", "urn:x", listed.stem.upper() + "X"):
        assert not listed.holds(wrong)
        assert listed.code(wrong) == ""


@pytest.mark.parametrize("code", ["GER", "FRE", "DE", "deu", "de-DE"])
def test_languages_are_not_spelt_like_this(code: str) -> None:
    assert not lists.LANGUAGES.holds(lists.LANGUAGES.iri(code))
    assert lists.LANGUAGES.holds(lists.LANGUAGES.iri("DEU"))


def test_codes_that_programs_know_are_codes() -> None:
    assert lists.FREQUENCIES.known >= lists.SECONDS.keys()
    assert lists.FILE_TYPES.known >= lists.OPEN_FORMATS | lists.MACHINE_READABLE
    assert lists.LICENCES.known >= lists.OPEN | lists.ATTRIBUTED
    assert sorted(lists.SECONDS.values()) != [] and min(lists.SECONDS.values()) > 0
