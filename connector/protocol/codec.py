"""Bytes <-> messages: lenient towards what peers write, strict in what is sent.

What lives here: `decode` (text -> plain JSON -> the one spelling -> Struct -> guards) and its opposite, and what is
done with the exact bytes of a message: the agreement in them, digests, keys of repeats. What does not: each of those
stages (`plain`, `lenient`, `messages`, `shapes`), the size limit (the caller's), what a message does (`machine`).
Source: Dataspace Protocol 2025-1, message types and schemas; RFC 8785 for digests.

Policies inside messages stay plain JSON in the one spelling; a key that nobody knows stays in them, so that
`policies.parse` refuses it by name. Unknown keys elsewhere are let pass, as the schemas do.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any, Final, TypeVar, get_args

import msgspec
import rfc8785
from msgspec import Struct

from connector.errors import MessageError
from connector.protocol import lenient, plain, shapes
from connector.protocol.messages import (
    CONTEXT,
    Catalog,
    ContractNegotiation,
    Dataset,
    JsonObject,
    Message,
    ProtocolVersions,
    TransferProcess,
)

M = TypeVar("M")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")


def decode(body: bytes, kind: type[M]) -> M:
    """The message in the bytes. `kind` is one Struct of `messages`, or a union of those with an `@type`.

    Raises `MessageError` with a code and, where one is known, a JSON pointer as `place`: those of `plain.read` and
    `shapes`, `message.type`, `message.context`. A text of a peer is never repeated in it.
    """
    message: M = _strict(_normalised(body, kind), kind, stateless=False)
    return message


def decode_reply(body: bytes, kind: type[M]) -> M | None:
    """The message in an answer, None where the answer is empty. More lenient than `decode`, for any 2xx is an
    acknowledgement: `@context`, `state` and, where `kind` is one Struct, `@type` may be missing.

    Raises `MessageError` as `decode`.
    """
    if not body.strip():
        return None
    document = _normalised(body, kind)
    asked: Any = kind
    kinds = _kinds(asked)
    defaults: JsonObject = {"@context": [CONTEXT]}
    if len(kinds) == 1 and issubclass(kinds[0], Message):
        defaults["@type"] = kinds[0].__name__
    message: M = _strict({**defaults, **document}, kind, stateless=True)
    return message


def strict(document: JsonObject, kind: type[M]) -> M:
    """The Struct of a plain object that has to be in the one spelling already: what the official schemas accept, less
    `shapes.TEXT_RULES`. Raises `MessageError`."""
    message: M = _strict(document, kind, stateless=False)
    return message


def encode(message: Struct) -> bytes:
    """A message as it is sent: the protocol's context and no other, no empty array, checked against the schemas and the
    text-only rules. Raises `MessageError` where it breaks one of them; nothing of the kind must be sent."""
    document = _without_empty(msgspec.to_builtins(message))
    if not isinstance(message, ProtocolVersions):
        document = {**document, "@context": [CONTEXT]}
    check_sent(document, type(message))
    return msgspec.json.encode(document)


def check_sent(document: JsonObject, kind: type[Struct]) -> None:
    """Return where a plain object may be sent as this kind, other members aside. Raises `MessageError`."""
    shapes.check_sent(strict(document, kind))


def agreement_of(body: bytes) -> JsonObject:
    """The agreement object of a ContractAgreementMessage exactly as received, in no way normalised.

    Raises `MessageError` as `decode`, and `message.missing` where there is none.
    """
    document = plain.read(body)
    if isinstance(document, dict):
        for key in ("agreement", "dspace:agreement", lenient.PREFIXES["dspace"] + "agreement"):
            if isinstance(document.get(key), dict):
                found: JsonObject = document[key]
                return found
    raise MessageError("message.missing", place="/agreement")


def digest(document: JsonObject) -> str:
    """SHA-256 over the canonical form (RFC 8785), in hex.

    Raises `MessageError` (`message.number`) for a number that has no canonical form (RFC 7493, section 2.2).
    """
    try:
        return hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    except rfc8785.CanonicalizationError:
        raise MessageError("message.number") from None


def repeat_key(kind: str, pid: str, body: bytes) -> bytes:
    """What a byte-identical repeat is recognised by: message type, process id from the path, bytes."""
    whole = hashlib.sha256()
    for part in (kind.encode(), pid.encode(), body):
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()


# --- stages -----------------------------------------------------------------------------------------------------------

_LONG: Final = frozenset({Catalog, Dataset})
_HOLDERS: Final = frozenset(
    (
        "dataset",
        "servesDataset",
        "distribution",
        "service",
        "accessService",
        "catalog",
        "dataAddress",
        "endpointProperties",
    )
)
"""Fields that hold objects of the messages' own; no policies."""
_ACKS: Final = (ContractNegotiation, TransferProcess)


@cache
def _kinds(kind: Any) -> tuple[type[Struct], ...]:
    """The Structs of a kind that may be a union."""
    return get_args(kind) or (kind,)


@cache
def _names(kind: Any) -> frozenset[str]:
    return frozenset(member.__name__ for member in _kinds(kind))


def _normalised(body: bytes, kind: Any) -> JsonObject:
    limit = plain.MAX_VALUES_REPLY if kind in _LONG else plain.MAX_VALUES
    document = plain.read(body, max_values=limit)
    if not isinstance(document, dict):
        raise MessageError("message.shape", place="/", expected="object")
    return lenient.normalised(document, _kinds(kind)[0].__name__)


def _strict(document: JsonObject, kind: Any, *, stateless: bool) -> Any:
    first = _kinds(kind)[0]
    if issubclass(first, Message):
        _check_type(document, _names(kind))
    if first is not ProtocolVersions:
        _check_context(document)
    message = _converted(document, kind)
    _check_nested_types(message, document, "")
    if not (stateless and isinstance(message, _ACKS)):
        shapes.check(message)
    return message


def _check_type(document: JsonObject, names: frozenset[str]) -> None:
    found = document.get("@type")
    if not isinstance(found, str) or found not in names:
        raise MessageError("message.type", place="/@type", expected=" ".join(sorted(names)))


@cache
def _holders(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name in _HOLDERS)


def _check_nested_types(holder: Struct, document: JsonObject, place: str) -> None:
    """msgspec checks a tag that is there; that a nested object has to have it is said here."""
    for key in _holders(type(holder)):
        plain, member = document.get(key), getattr(holder, key)
        if isinstance(plain, dict):
            _check_nested_type(member, plain, f"{place}/{key}")
        elif isinstance(plain, list):
            for index, (one, item) in enumerate(zip(member, plain, strict=True)):
                _check_nested_type(one, item, f"{place}/{key}/{index}")


def _check_nested_type(member: Struct, document: JsonObject, place: str) -> None:
    if member.__struct_config__.tag is not None and "@type" not in document:
        raise MessageError("message.missing", place=f"{place}/@type")
    _check_nested_types(member, document, place)


def _check_context(document: JsonObject) -> None:
    found = document.get("@context")
    if not isinstance(found, list) or CONTEXT not in found:
        raise MessageError("message.context", place="/@context", expected=CONTEXT)


def _converted(document: JsonObject, kind: Any) -> Any:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None


def _explained(text: str) -> MessageError:
    """msgspec's sentence as a code with a JSON pointer; it names fields and types only, values are left out."""
    parts = _PLACE.match(text)
    assert parts is not None
    pointer = re.sub(r"\[(\d+)\]", r"/\1", (parts["path"] or "").replace(".", "/"))
    if missing := _MISSING.search(parts["what"]):
        return MessageError("message.missing", place=f"{pointer}/{missing['field']}")
    if expected := _EXPECTED.search(parts["what"]):
        return MessageError("message.shape", place=pointer or "/", expected=expected["expected"])
    return MessageError("message.shape", place=pointer or "/")


def _without_empty(value: Any) -> Any:
    """Plain JSON without the empty arrays of the messages' own fields; what lies in policies is left as it is."""
    if isinstance(value, list | tuple):
        return [_without_empty(item) for item in value]
    if not isinstance(value, dict):
        return value
    full = {key: item for key, item in value.items() if item not in ([], ())}
    return {key: _without_empty(item) if key in _HOLDERS else item for key, item in full.items()}
