"""The parts of the W3C data model of credentials that are read here: names, dates, contexts, status entries, schemas.

What lives here: the two generations (Verifiable Credentials Data Model 1.1 and 2.0) as far as they are understood, and
the errors. What does not: signed tokens (`credentials`), lists of revocations (`status`).

Reading is plain JSON under a fixed table of contexts: within these, the terms that are used here mean what they mean
here. Any other context is refused and nothing is ever fetched, since an unknown one could give a term another meaning.
The same goes for schemas: those of the table are known by heart, a reference to any other is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

SECOND: Final = 1_000_000
FOREVER: Final = 253_402_300_799 * SECOND
"""The end of what has none (the last second of the year 9999)."""

Profile = Literal["vc20-bssl/jwt", "vc11-sl2021/jwt"]
VC20: Final[Profile] = "vc20-bssl/jwt"
"""Data model 2.0, Bitstring Status List."""
VC11: Final[Profile] = "vc11-sl2021/jwt"
"""Data model 1.1, StatusList2021."""

V1: Final = "https://www.w3.org/2018/credentials/v1"
V2: Final = "https://www.w3.org/ns/credentials/v2"
UNDEFINED: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"
STATUS_2021: Final = "https://w3id.org/vc/status-list/2021/v1"
CONTEXTS: Final = frozenset(
    {
        V1,
        V2,
        UNDEFINED,
        STATUS_2021,
        "https://www.w3.org/ns/credentials/status/v1",
        "https://w3id.org/security/suites/jws-2020/v1",
        "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld",
        "https://identity.foundation/presentation-exchange/submission/v1",
    }
)
"""Contexts under which the terms that are read here mean what they mean here."""

MEMBERSHIP_SCHEMA: Final = "urn:allmende:schema:membership"
ENTRIES: Final[Mapping[Profile, str]] = {VC20: "BitstringStatusListEntry", VC11: "StatusList2021Entry"}
"""Types of status entries by profile. An issuer may use the newer one in the older model too."""
PURPOSES: Final = ("revocation", "suspension")
"""Purposes of status lists that are understood; an entry with any other refuses its credential."""

_MAX_TEXT, _MAX_ITEMS = 2_048, 16
_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CredentialError(Exception):
    """A credential, presentation or status list that proves nothing; `code` says why, `params` name what."""

    def __init__(self, code: str, /, **params: str) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params = params


class Status(Struct, frozen=True, kw_only=True):
    """Where a credential's status stands: the place `index` in the list that is published at the URL `list`."""

    type: str
    purpose: str
    index: int
    list: str
    id: str = ""


class Membership(Struct, frozen=True):
    """What a region says of a member (schema `MEMBERSHIP_SCHEMA`)."""

    id: Annotated[str, Meta(min_length=1, max_length=_MAX_TEXT)]
    name: Annotated[str, Meta(min_length=1, max_length=_MAX_TEXT)]
    memberOf: Annotated[str, Meta(min_length=1, max_length=_MAX_TEXT)]
    municipalityKey: Annotated[str, Meta(pattern=r"^[0-9]{2,12}\Z")] = ""


SCHEMAS: Final[Mapping[str, type[Struct]]] = {MEMBERSHIP_SCHEMA: Membership}
"""Schemas that are known, by their reference."""


def write_date(instant: int) -> str:
    """An instant (microseconds UTC) as xsd:dateTimeStamp in whole seconds."""
    return f"{_EPOCH + timedelta(seconds=instant // SECOND):%Y-%m-%dT%H:%M:%SZ}"


def read_date(value: object, code: str) -> int:
    """The instant of an xsd:dateTimeStamp, microseconds UTC; raises `CredentialError` with `code`."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CredentialError(code, date=str(value)[:64])
    seconds, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(seconds + zone)
    except ValueError as error:
        raise CredentialError(code, date=str(value)[:64]) from error
    return (moment - _EPOCH) // timedelta(microseconds=1) + int((fraction or "0")[:6].ljust(6, "0"))


def text(value: object, code: str) -> str:
    """A text of bounded length that says something; raises `CredentialError` with `code`."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise CredentialError(code)
    return value


def aliased(value: Mapping[str, Any], name: Literal["id", "type"], code: str) -> Any:
    """A member that JSON-LD knows by two names, `id` and `@id`; None where it is absent. Raises `CredentialError` with
    `code` where it stands there twice."""
    if "@" + name not in value:
        return value.get(name)
    if name in value:
        raise CredentialError(code)
    return value["@" + name]


def identified(value: object, code: str) -> str:
    """The id of a thing that is written as its id or as an object with one; raises `CredentialError` with `code`."""
    return text(aliased(value, "id", code) if isinstance(value, dict) else value, code)


def several(value: object, code: str) -> list[Any]:
    """A value that may be written alone or in a list; raises `CredentialError` with `code` where there are too many."""
    items = value if isinstance(value, list) else [value]
    if len(items) > _MAX_ITEMS:
        raise CredentialError(code)
    return items


def check_contexts(document: Mapping[str, Any], first: str, known: frozenset[str]) -> None:
    """Return if a document's contexts are `first` and then known ones; raises `CredentialError`."""
    contexts = several(document.get("@context"), "credential.context")
    for context in contexts:
        if not isinstance(context, str) or context not in known:
            raise CredentialError("credential.context", context=str(context)[:256])
    if not contexts or contexts[0] != first:
        raise CredentialError("credential.context", context=str(contexts[:1])[:256])


def read_types(document: Mapping[str, Any], wanted: str) -> tuple[str, ...]:
    """A document's types, `wanted` among them; raises `CredentialError`."""
    found = several(aliased(document, "type", "credential.type"), "credential.type")
    types = tuple(text(kind, "credential.type") for kind in found)
    if wanted not in types:
        raise CredentialError("credential.type", type=" ".join(types)[:256])
    return types


def read_status(document: Mapping[str, Any]) -> tuple[Status, ...]:
    """Every status entry; one that is not understood could be the one that revokes, so it refuses the credential."""
    entries = several(document.get("credentialStatus", []), "credential.status")
    return tuple(map(_read_entry, entries))


def _read_entry(entry: object) -> Status:
    if not isinstance(entry, dict) or entry.get("type") not in ENTRIES.values():
        raise CredentialError("credential.status")
    index, purpose = entry.get("statusListIndex"), entry.get("statusPurpose")
    # One bit a credential: a `statusSize` above one means messages, which nobody here could judge.
    if purpose not in PURPOSES or entry.get("statusSize", 1) != 1:
        raise CredentialError("credential.status", purpose=str(purpose)[:64])
    if not isinstance(index, str) or _INDEX.fullmatch(index) is None:
        raise CredentialError("credential.index", index=str(index)[:64])
    url = text(entry.get("statusListCredential"), "credential.status")
    if not url.startswith(("https://", "http://")):
        raise CredentialError("credential.status", list=url[:256])
    id = entry.get("id", "")
    return Status(type=entry["type"], purpose=purpose, index=int(index), list=url, id=id if isinstance(id, str) else "")


def write_status(status: Status) -> dict[str, Any]:
    """A status entry as it stands in a credential."""
    return {
        "id": status.id or f"{status.list}#{status.index}",
        "type": status.type,
        "statusPurpose": status.purpose,
        "statusListIndex": str(status.index),
        "statusListCredential": status.list,
    }


def read_schemas(document: Mapping[str, Any], subject: Mapping[str, Any]) -> tuple[str, ...]:
    """The schemas that a credential names, all of them known and kept; raises `CredentialError`."""
    found = several(document.get("credentialSchema", []), "credential.schema")
    schemas = tuple(identified(schema, "credential.schema") for schema in found)
    for schema in schemas:
        if schema not in SCHEMAS:
            raise CredentialError("credential.schema", schema=schema[:256])
        try:
            msgspec.convert(subject, SCHEMAS[schema])
        except msgspec.ValidationError as error:
            raise CredentialError("credential.schema", schema=schema) from error
    return schemas
