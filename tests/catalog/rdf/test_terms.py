"""Covers catalog/rdf/terms.py: our tables mean what the official files say."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from pyld import jsonld

from catalog.descriptions.rules import CLASSES, PREFIXES
from catalog.rdf import terms
from tests.catalog import samples
from tests.catalog.samples import TRUST, W3C, needs_trust

pytestmark = needs_trust

FILES = {
    terms.V2: W3C / "credentials-v2.w3c-repo.jsonld",
    terms.V1: W3C / "credentials-v1.w3c-repo.jsonld",
    terms.UNDEFINED: W3C / "credentials-undefined-terms-v2.jsonld",
    terms.JWS_2020: W3C / "security-jws-2020-v1.jsonld",
    terms.STATUS_V1: W3C / "bitstring-status-list-v1.jsonld",
    terms.STATUS_2021: W3C / "status-list-2021-v1.jsonld",
    terms.TAGUS: TRUST / "gaia-x" / "tagus-22.10" / "trustframework.context.json",
    terms.GX_DEVELOPMENT: TRUST / "gaia-x" / "development-25.11" / "gx.context.jsonld",
}
"""The official file of every context but that of ontology 2511, which is not to be had; the next older one has the same
terms under another namespace."""


def _official(url: str) -> Any:
    return json.loads(FILES[url].read_bytes())["@context"]


def _meaning(context: Any, document: dict[str, Any]) -> Any:
    try:
        return jsonld.expand(document, {"expandContext": context, "documentLoader": _nothing})
    except jsonld.JsonLdError as error:
        return error.code


def _nothing(url: str, options: Any) -> Any:
    raise AssertionError(url)


def _defined(context: dict[str, Any], outside: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Every term with the types that bring its context along."""
    found = []
    for name, meaning in context.items():
        if name.startswith("@"):
            continue
        found.append((outside, name))
        if isinstance(meaning, dict) and isinstance(meaning.get("@context"), dict):
            found += _defined(meaning["@context"], (*outside, name))
    return found


def _used(context: dict[str, Any], outside: tuple[str, ...], name: str) -> list[Any]:
    """What the term means as property with a text, a number and a node, and as a type, under these types."""
    values = []
    for value in ("x:y", "text", 5, {"id": "urn:a"}, {"@id": "urn:a"}, ["2026-01-01"]):
        inner: Any = {name: value}
        for step in reversed(outside):
            inner = {"@type": step, **inner} if step[:1].isupper() else {step: inner}
        values.append(_meaning(context, inner))
    return [*values, _meaning(context, {"@id": "urn:a", "@type": name})]


@pytest.mark.parametrize("url", [url for url in FILES if url != terms.GX_DEVELOPMENT])
def test_every_term_of_ours_means_what_the_official_file_says(url: str) -> None:
    own, official = terms.CONTEXTS[url], _official(url)
    for outside, name in _defined(own):
        assert _used(own, outside, name) == _used(official, outside, name), (outside, name)


@pytest.mark.parametrize("url", [terms.V2, terms.STATUS_2021, terms.TAGUS, terms.UNDEFINED, terms.JWS_2020])
def test_every_term_of_the_official_file_is_ours(url: str) -> None:
    assert {name for _, name in _defined(_official(url))} <= {name for _, name in _defined(terms.CONTEXTS[url])}


def test_terms_of_gaia_x_mean_what_the_official_context_says() -> None:
    own, official = terms.CONTEXTS[terms.GX_DEVELOPMENT], _official(terms.GX_DEVELOPMENT)
    known = [path.split(":")[1] for rules in CLASSES.values() for path in rules]
    names = {name for _, name in _defined(own)} | {name for name in known if name in official}
    for name in sorted(names):
        for value in ("x:y", {"@id": "urn:a"}):
            document = {name: value}
            assert _meaning(own, document) == _meaning(official, document), name
    assert len(names) > 70


def test_our_descriptions_mean_the_same_under_the_official_context() -> None:
    def moved(context: Any) -> Any:
        return json.loads(json.dumps(context).replace(terms.GX_DEVELOPMENT, terms.GX))

    def meaning(first: Any, second: Any, subject: Any) -> Any:
        return jsonld.expand({"@context": [first, second], **subject}, {"documentLoader": _nothing})

    for subject in samples.subjects():
        ours = meaning(terms.CONTEXTS[terms.V2], terms.CONTEXTS[terms.GX], subject)
        theirs = meaning(_official(terms.V2), moved(_official(terms.GX_DEVELOPMENT)), subject)
        assert ours == theirs
        assert json.dumps(ours).count(PREFIXES["gx"]) >= 2


def test_pins_are_those_of_the_official_bytes() -> None:
    for url, pin in terms.PINS.items():
        assert sha256(FILES[url].read_bytes()).hexdigest() == pin
