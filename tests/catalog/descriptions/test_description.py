"""Covers catalog/descriptions/description.py: what a node says of itself fits the full official shapes."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.descriptions.description import TERMS_HASH, Place
from catalog.rdf import contexts, terms
from catalog.rdf.contexts import Shapes
from tests.catalog import samples
from tests.catalog.samples import PARTY, WHO, needs_trust


def _fits(shapes: Shapes, subjects: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    meaning = contexts.read({"@context": [terms.V2, terms.GX], "@graph": subjects})
    return list(shapes.check(meaning.canonical, meaning.subjects))


@needs_trust
@pytest.mark.parametrize("register", samples.NUMBERS)
def test_descriptions_fit_the_full_shapes(shapes: Shapes, register: Any) -> None:
    party = samples.Party(
        name="A", seat=samples.PLACE, office=Place(country="DEU"), register=register, number=samples.NUMBERS[register]
    )
    assert _fits(shapes, samples.subjects(party)) == []
    assert _fits(shapes, samples.subjects(party)[:1]) != []


@needs_trust
def test_an_empty_description_does_not(shapes: Shapes) -> None:
    found = _fits(shapes, samples.subjects(samples.Party()))
    assert {(path, component) for _, path, component in found} == {
        ("gx:countryCode", "MinCountConstraintComponent"),
        ("gx:local", "MinCountConstraintComponent"),
    }


def test_ids_of_credentials_and_subjects_all_differ() -> None:
    drafts = [*samples.drafts(), WHO.own(PARTY, ["did:web:region.example"])]
    ids = [id for draft in drafts for id in (WHO.url(draft.name), draft.subject["id"])]
    assert len(set(ids)) == len(ids) == 12


def test_what_the_shapes_have_no_word_for_stands_apart() -> None:
    said = WHO.own(PARTY, ["did:web:region.example"]).subject
    assert said["urn:allmende:municipalityKey"] == "14628110"
    assert said["urn:allmende:memberOf"] == [{"id": "did:web:region.example"}]
    assert not any(key.startswith("urn:") for one in samples.subjects() for key in one)


def test_a_municipal_key_says_which_register_it_is_of() -> None:
    assert WHO.registration(PARTY).subject["gx:local"] == "AGS 14628110"
    longer = samples.Party(number="146280110110")
    assert WHO.registration(longer).subject["gx:local"] == "ARS 146280110110"


def test_an_issuer_agrees_to_the_terms_by_their_hash() -> None:
    assert WHO.issuer().subject["gx:gaiaxTermsAndConditions"] == TERMS_HASH
