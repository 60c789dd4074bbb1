"""The official schemas as an oracle for messages: which schema judges which Struct. Tests only."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs

from connector.protocol import messages
from tests.standards import schemas

PLAIN = ("Catalog", "Dataset", "ProtocolVersions")
SPECIAL = {"ProtocolVersions": "protocol-version"}


def kind_of(document: dict[str, Any]) -> Any:
    """The Struct of an official example, None where it is no message (a DID service entry)."""
    name = "ProtocolVersions" if "protocolVersions" in document else document.get("@type", "")
    return getattr(messages, name, None)


@cache
def _validators() -> dict[str, Any]:
    found = schemas()
    registry = jsonschema_rs.Registry(list(found.items()))
    return {
        id.rsplit("/", 1)[1].removesuffix("-schema.json"): jsonschema_rs.Draft201909Validator(schema, registry=registry)
        for id, schema in found.items()
    }


def accepts(document: Any, kind: Any) -> bool:
    """The verdict of the official schema for messages of this kind."""
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
    return bool(_validators()[SPECIAL.get(kind.__name__, kebab)].is_valid(document))
