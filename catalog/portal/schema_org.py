"""What is told of a dataset, as schema.org has it: for the search engines that read a landing page.

What lives here: the mapping. What does not: the page (`landing`). Source: schema.org, Dataset and DataDownload.
"""

from __future__ import annotations

from typing import Any

from catalog.model import Agent, Box, Form, Metadata
from catalog.portal import names
from policies import instants


def dataset(said: Metadata, id: str, page: str, language: str) -> dict[str, Any]:
    """A dataset as JSON-LD of schema.org; texts in one language."""
    found = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": id,
        "url": page,
        "name": spoken(said.title, language),
        "description": spoken(said.description, language),
        "keywords": [word for words in said.keywords.values() for word in words],
        "identifier": list(said.identifiers),
        "license": _iri(said.licence, names.LICENCE),
        "isAccessibleForFree": True if said.access == "PUBLIC" else None,
        "datePublished": _stamp(said.issued),
        "dateModified": _stamp(said.modified),
        "temporalCoverage": f"{said.since or '..'}/{said.until or '..'}" if said.since or said.until else "",
        "spatialCoverage": _place(said),
        "publisher": _agent(said.publisher),
        "creator": [_agent(one) for one in said.creators],
        "distribution": [_download(form, language) for form in said.forms],
    }
    return {name: value for name, value in found.items() if value not in ("", None, [])}


def spoken(texts: Any, language: str) -> str:
    """A text in a language, in none, or in any that there is."""
    return str(texts.get(language) or texts.get("") or next(iter(texts.values()), ""))


def _download(form: Form, language: str) -> dict[str, Any]:
    found = {
        "@type": "DataDownload",
        "name": spoken(form.title, language),
        "url": form.access_url,
        "contentUrl": form.download_url,
        "encodingFormat": form.media_type or form.format,
        "license": _iri(form.licence, names.LICENCE),
        "contentSize": "" if form.bytes is None else str(form.bytes),
    }
    return {name: value for name, value in found.items() if value}


def _agent(agent: Agent | None) -> dict[str, str] | None:
    if agent is None:
        return None
    found = {"@type": "Organization", "@id": agent.id, "name": agent.name, "url": agent.homepage}
    return {name: value for name, value in found.items() if value}


def _place(said: Metadata) -> dict[str, Any] | None:
    if said.box is None and not said.place_names and not said.places:
        return None
    place: dict[str, Any] = {"@type": "Place"}
    if name := ", ".join(said.place_names or said.places):
        place["name"] = name
    if said.box is not None:
        place["geo"] = {"@type": "GeoShape", "box": _corners(said.box)}
    return place


def _corners(box: Box) -> str:
    return f"{box.south} {box.west} {box.north} {box.east}"


def _iri(code: str, authority: str) -> str:
    return names.value(code, authority).get("@id", "") if code else ""


def _stamp(at: int | None) -> str:
    return "" if at is None else instants.stamp(at)
