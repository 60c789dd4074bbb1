"""Covers catalog/rdf/terms_dcat.py: each term means what it means in the official file, and none is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog.rdf import terms_dcat
from tests.catalog.dcat_samples import STANDARDS, needs_standards

_SPOKEN = {"@container", "@version", "@protected", "@propagate", "@import"}
"""What says how a document is written, and nothing of what it means."""
_CATALOGUE = {"xsd", "dct", "dcat", "odrl", "dspace", "Catalog", "Dataset", "Distribution", "DataService"}


def _official(path: str) -> dict[str, Any]:
    context: dict[str, Any] = json.loads((STANDARDS / path).read_bytes())["@context"]
    return context


def _meaning(context: dict[str, Any], prefixes: dict[str, str]) -> dict[str, Any]:
    """Term -> what it says, without prefixes."""

    def iri(name: str) -> str:
        prefix, colon, rest = name.partition(":")
        return prefixes[prefix] + rest if colon and isinstance(prefixes.get(prefix), str) else name

    found: dict[str, Any] = {}
    for term, told in context.items():
        if term in _SPOKEN:
            continue
        entry: dict[str, Any] = {"@id": told} if isinstance(told, str) else told
        found[term] = (
            iri(entry["@id"]),
            iri(entry.get("@type", "")),
            _meaning(entry.get("@context", {}), prefixes),
        )
    return found


@needs_standards
@pytest.mark.parametrize("url", terms_dcat.DCAT_AP)
def test_every_term_of_dcat_ap_means_what_it_officially_means(url: str) -> None:
    official = _official("dcat/dcat-ap-3.0.1/context/dcat-ap.jsonld")
    assert _meaning(terms_dcat.CONTEXTS[url], {}) == _meaning(official, {})
    assert len(official) > 40


@needs_standards
def test_every_term_of_high_value_datasets_means_what_it_officially_means() -> None:
    official = _official("dcat/dcat-ap-hvd-3.0.0/hvd.jsonld")
    assert _meaning(terms_dcat.CONTEXTS[terms_dcat.HVD], {}) == _meaning(official, {})


@needs_standards
def test_every_term_of_a_catalogue_of_the_protocol_means_what_it_officially_means() -> None:
    official, odrl = _official("dsp/context/dspace.jsonld"), _official("dsp/context/odrl.jsonld")
    wanted = {name: official[name] for name in _CATALOGUE}
    profile = {"odrl": odrl["odrl"]}
    assert _meaning(terms_dcat.CONTEXTS[terms_dcat.ODRL_PROFILE], profile) == _meaning(odrl, profile)
    prefixes = {name: told for name, told in official.items() if isinstance(told, str) and told.startswith("http")}
    ours = _meaning(terms_dcat.CONTEXTS[terms_dcat.DSPACE], prefixes)
    for name in _CATALOGUE - {"Dataset"}:
        assert ours[name] == _meaning(wanted, prefixes)[name], name
    assert ours["Dataset"][2] == {
        **_meaning(odrl, prefixes),
        **_meaning(wanted["Dataset"]["@context"], prefixes),
    }


def test_a_context_imports_no_other() -> None:
    assert "@import" not in json.dumps(list(terms_dcat.CONTEXTS.values()))
