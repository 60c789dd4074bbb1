"""The management API described: OpenAPI 3.1, made from the route table and the Structs.

What lives here: the document. What does not: any knowledge of an endpoint beyond its line in the table, so nothing can
be served that is not described.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from connector.http.endpoints import Endpoint
from connector.http.exchange import JSON
from connector.http.views import Input, Problem
from connector.records import Right

PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{name}"
_NAMED = re.compile(r"\{(\w+)\}")
_INTRO = """\
The management API of one node. Every endpoint but those marked as open takes an operator's credential as bearer token
and a role: auditor < approver < steward < admin. Instants are microseconds UTC. Errors are problem documents (RFC 9457)
with a stable `code`, its `params`, and a `sentence` in the language of Accept-Language (de or en)."""

Document = dict[str, Any]


def document(endpoints: Sequence[Endpoint], version: str) -> Document:
    """The whole description."""
    kinds = {kind for one in endpoints for kind in (one.body, one.answer) if kind and not isinstance(kind, str)}
    kinds.add(Problem)
    ordered = sorted(kinds, key=str)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    shapes = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, Document] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Allmende management API", "version": version, "description": _INTRO},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Endpoint, shapes: Mapping[Any, Document]) -> Document:
    operation: Document = {
        "summary": one.about,
        "operationId": _id(one),
        "tags": [one.path.removeprefix("/v1").split("/")[1]],
        "description": "Open." if one.right is None else f"Role: {one.right}.",
        "parameters": [*_path_parameters(one), *_query_parameters(one.query)],
        "responses": _responses(one, shapes),
        "security": [] if one.right is None else [{"operator": []}],
        "x-role": one.right or "open",
    }
    if one.body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": shapes[one.body]}}}
    return operation


def _id(one: Endpoint) -> str:
    words = re.findall(r"\w+", one.path.removeprefix("/v1"))
    return "_".join([one.method.lower(), *words])


def _path_parameters(one: Endpoint) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _NAMED.findall(one.path)
    ]


def _query_parameters(query: type[Input] | None) -> list[Document]:
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=_REF)
    properties = components[query.__name__].get("properties", {})
    return [
        {"name": name, "in": "query", "required": False, "schema": _plain(schema)}
        for name, schema in properties.items()
    ]


def _plain(schema: Document) -> Document:
    """A query parameter that is absent is not null."""
    if "anyOf" not in schema:
        return schema
    options = [option for option in schema["anyOf"] if option != {"type": "null"}]
    return options[0] if len(options) == 1 else {"anyOf": options}


def _responses(one: Endpoint, shapes: Mapping[Any, Document]) -> Document:
    good: Document = {"description": HTTPStatus(one.status).phrase}
    if isinstance(one.answer, str):
        good["content"] = {one.answer.partition(";")[0]: {}}
    elif one.answer is not None:
        good["content"] = {JSON: {"schema": shapes[one.answer]}}
    found = {str(one.status): good}
    for status, about in one.also.items():
        found[str(status)] = {**good, "description": about}
    wrong = {"content": {PROBLEM: {"schema": shapes[Problem]}}}
    for status in _failures(one):
        found.setdefault(str(status), {"description": HTTPStatus(status).phrase, **wrong})
    found["default"] = {"description": "Any other failure", **wrong}
    return found


def _failures(one: Endpoint) -> list[int]:
    """The statuses that an endpoint may well fail with."""
    found = [400]
    if one.right is not None:
        found.append(401)
    if one.right not in (None, Right.AUDITOR):
        found.append(403)
    if "{" in one.path:
        found.append(404)
    if one.body is not None:
        found += [413, 415]
    return [*found, 503]
