"""Covers catalog/dcat.py."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from catalog import dcat
from policies.model import Operator
from policies.operands import COUNT
from policies.render import to_dsp
from tests.policies.samples import atom, permission, policy

STANDARDS = Path(os.environ.get("ALLMENDE_STANDARDS", "../shared/standards"))
CONTEXT = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"]}
SERVICE = dcat.service("https://city.example/dsp/2025-1", "urn:uuid:service")
OFFER = to_dsp(policy(permission(atom(COUNT, Operator.LTEQ, "3"))))


def dataset(**changes: Any) -> dict[str, Any]:
    values = {
        "id": "urn:d",
        "title": "Counts",
        "description": "Bicycles",
        "offers": [OFFER],
        "formats": ["HttpData-PULL"],
    }
    return dcat.dataset(**{**values, "service": SERVICE, **changes})


def test_a_self_description_is_linked_where_there_is_one() -> None:
    assert dataset(described="https://city.example/d")["describedBy"] == "https://city.example/d"
    catalog = dcat.catalog(
        id="urn:c", participant="did:web:city.example", service=SERVICE, described="https://x.example/n"
    )
    assert catalog["describedBy"] == "https://x.example/n"
    assert "describedBy" not in dataset()


def test_a_dataset_has_its_offers_and_distributions() -> None:
    assert dataset() == {
        "@id": "urn:d",
        "@type": "Dataset",
        "title": "Counts",
        "description": "Bicycles",
        "hasPolicy": [OFFER],
        "distribution": [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": SERVICE}],
    }
    assert "description" not in dataset(description="")


def test_an_offer_in_a_catalogue_has_no_target() -> None:
    assert dataset(offers=[{**OFFER, "target": "urn:d"}])["hasPolicy"] == [OFFER]


@pytest.mark.parametrize("part", ["offers", "formats"])
def test_a_dataset_without_offers_or_formats_is_refused(part: str) -> None:
    with pytest.raises(ValueError):
        dataset(**{part: []})


def test_an_empty_catalogue_has_no_datasets_at_all() -> None:
    found = dcat.catalog(id="urn:c", participant="did:web:city.example", service=SERVICE)
    assert found == {"@id": "urn:c", "@type": "Catalog", "participantId": "did:web:city.example", "service": [SERVICE]}


@pytest.mark.parametrize("datasets", [[], [dataset()], [dataset(), dataset(id="urn:e", description="")]])
def test_catalogues_are_valid_under_the_official_schemas(datasets: list[dict[str, Any]]) -> None:
    folder = STANDARDS / "dsp"
    if not folder.exists():
        pytest.skip(f"no standards at {STANDARDS}")
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    schemas = [json.loads(path.read_bytes()) for path in folder.rglob("*-schema.json")]
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas if "$id" in schema])
    (schema,) = (schema for schema in schemas if schema.get("$id", "").endswith("/catalog/catalog-schema.json"))
    found = dcat.catalog(id="urn:c", participant="did:web:city.example", service=SERVICE, datasets=datasets)
    jsonschema_rs.validator_for(schema, registry=registry).validate({**CONTEXT, **found})
