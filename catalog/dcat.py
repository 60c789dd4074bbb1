"""Catalogues in the form of the Dataspace Protocol: plain JSON objects in its strict form, from simple values.

What lives here: dataset, distribution, service, catalogue. What does not: which datasets are shown (`visibility`), the
context and type of a message (its codec), the harvestable DCAT-AP view. Source: Dataspace Protocol 2025-1,
catalog-schema.json and dataset-schema.json: no prefixes, no empty arrays, offers without a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

JsonObject = dict[str, Any]


def service(endpoint: str, id: str) -> JsonObject:
    """The DSP endpoint at which contracts are negotiated."""
    return {"@id": id, "@type": "DataService", "endpointURL": endpoint}


def distribution(format: str, service: Mapping[str, Any]) -> JsonObject:
    """A form in which a dataset is transferred, negotiated at `service`."""
    return {"@type": "Distribution", "format": format, "accessService": dict(service)}


def dataset(
    *,
    id: str,
    title: str,
    description: str = "",
    offers: Iterable[Mapping[str, Any]],
    formats: Iterable[str],
    service: Mapping[str, Any],
    described: str = "",
    rows: Mapping[str, Any] | None = None,
) -> JsonObject:
    """A dataset with its offers; `described` is the URL of its self-description, `rows` says which fields leave and
    what can be asked of them.

    Raises `ValueError` where there is no offer or no format: it must have both.
    """
    found: JsonObject = {
        "@id": id,
        "@type": "Dataset",
        "title": title,
        "hasPolicy": [_offer(offer) for offer in offers],
        "distribution": [distribution(format, service) for format in formats],
    }
    if description:
        found["description"] = description
    if described:
        found["describedBy"] = described
    if rows:
        found["rows"] = dict(rows)
    if not found["hasPolicy"] or not found["distribution"]:
        raise ValueError("a dataset has at least one offer and one distribution")
    return found


def catalog(
    *,
    id: str,
    participant: str,
    service: Mapping[str, Any],
    datasets: Iterable[Mapping[str, Any]] = (),
    described: str = "",
) -> JsonObject:
    """A participant's catalogue, or one page of it; without `dataset` where there is none to show. `described` is the
    URL of the self-description of the service that offers it."""
    found: JsonObject = {"@id": id, "@type": "Catalog", "participantId": participant, "service": [dict(service)]}
    if listed := [dict(one) for one in datasets]:
        found["dataset"] = listed
    if described:
        found["describedBy"] = described
    return found


def _offer(offer: Mapping[str, Any]) -> JsonObject:
    """An offer as a catalogue may hold it: the dataset that it hangs on is its target."""
    return {key: value for key, value in offer.items() if key != "target"}
