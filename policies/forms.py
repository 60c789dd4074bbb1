"""The forms that a policy is written in, and which is which: TOML, JSON-LD, Turtle, JSON of the Dataspace Protocol.

What lives here: guessing a form, reading and writing bytes in each. What does not: the forms themselves (`short`,
`compact` and `graph`, `linked`, `parse` and `render`). Turtle is read by whoever calls (`catalog.rdf.turtle`), because
no library of RDF belongs in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, assert_never

import msgspec

from policies import compact, keys, linked, parse, render, short, shortening
from policies.gathering import framed
from policies.graph import from_nodes
from policies.labels import bare, labelled
from policies.model import ODRL, Policy, PolicyError, PolicyKind, Reason
from policies.nodes import GraphReader, Lookup, Node
from policies.render import carried


class Form(StrEnum):
    """How a policy is written."""

    TOML = "toml"
    JSONLD = "jsonld"
    TURTLE = "ttl"
    DSP = "dsp"


MOST: Final = 1 << 20
"""Bytes of a document."""
DEPTH: Final = 64
"""How deep objects and arrays of JSON may nest."""
_ENDINGS: Final[Mapping[str, Form]] = {".toml": Form.TOML, ".ttl": Form.TURTLE, ".jsonld": Form.JSONLD}
_TURTLE: Final = re.compile(rb"(?:@?prefix\s+[\w.-]*:\s*<|@?base\s+<|<[^>\n]*>\s)", re.IGNORECASE)
_REMARKS: Final = re.compile(rb"(?:\s++|#[^\n]*+)*+")
_MARK: Final = b"\xef\xbb\xbf"
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def guess(name: str, data: bytes) -> Form:
    """The form of a file, by its name's ending and else by how it begins. Raises `PolicyError` `form.unknown`, and
    `form.json` where it begins as JSON and is none."""
    for ending, form in _ENDINGS.items():
        if name.lower().endswith(ending):
            return form
    text = data.removeprefix(_MARK)
    start = text.lstrip()[:1]
    if start == b"{" or (start == b"[" and not re.match(rb"\[+\s*[A-Za-z\"']", text.lstrip())):
        return _json_form(decoded(data))
    beyond = _REMARKS.match(text)
    if _TURTLE.match(text, beyond.end() if beyond else 0):
        return Form.TURTLE
    if start:
        return Form.TOML
    raise PolicyError(Reason("form.unknown", {"form": name[-64:]}))


def _json_form(document: Any) -> Form:
    """JSON of the protocol, unless it says that it is more: another context, a graph, ODRL's own key for a name."""
    if not isinstance(document, dict) or document.keys() & {"@graph", "uid", "type"}:
        return Form.JSONLD
    contexts = document.get("@context", [])
    named = contexts if isinstance(contexts, list) else [contexts]
    if any(not str(one).startswith(compact.DSPACE) for one in named):
        return Form.JSONLD
    prefixed = any(key.startswith(("odrl:", ODRL)) for key in document)
    return Form.JSONLD if prefixed else Form.DSP


def read(
    data: bytes,
    form: Form,
    *,
    graph: GraphReader | None = None,
    lenient: bool = False,
    lookup: Lookup | None = None,
) -> tuple[Policy, ...]:
    """The policies that the bytes state; every rule and constraint has an id (its IRI, `_:bN` or `_:cN`).

    `graph` reads Turtle (`catalog.rdf.turtle.read_graph`). Raises `PolicyError`; its place is a JSON pointer into the
    file as written, or `line N`.
    """
    _bounded(data)
    match form:
        case Form.TOML:
            return (labelled(short.read(_text(data), lenient=lenient)),)
        case Form.DSP:
            return tuple(labelled(policy) for policy in _from_dsp(decoded(data)))
        case Form.JSONLD:
            return from_nodes(compact.to_nodes(decoded(data)), lenient=lenient, lookup=lookup)
        case Form.TURTLE:
            if graph is None:
                raise PolicyError(Reason("form.graph"))
            return from_nodes(graph(data), lenient=lenient, lookup=lookup)
        case _:
            assert_never(form)


def nodes(data: bytes, form: Form, *, graph: GraphReader | None = None) -> Sequence[Node]:
    """What the bytes say as nodes, whatever the form. Raises `PolicyError` as `read` does."""
    _bounded(data)
    match form:
        case Form.TOML:
            return short.to_nodes(_text(data))
        case Form.DSP | Form.JSONLD:
            return compact.to_nodes(decoded(data))
        case Form.TURTLE:
            if graph is None:
                raise PolicyError(Reason("form.graph"))
            return graph(data)
        case _:
            assert_never(form)


def _from_dsp(document: Any) -> Iterator[Policy]:
    """The policies of a document: one object, or a list of them."""
    found = document if isinstance(document, list) else [document]
    for n, one in enumerate(found):
        at = f"/{n}" if isinstance(document, list) else ""
        if not isinstance(one, dict):
            raise PolicyError(Reason("form.object"), at)
        name = str(one.get("@type", "")).removeprefix(ODRL).removeprefix("odrl:")
        kinds = (PolicyKind.OFFER, PolicyKind.AGREEMENT, PolicyKind.SET)
        yield parse.from_dsp(one, PolicyKind(name) if name in kinds else PolicyKind.OFFER, at)


def decoded(data: bytes) -> Any:
    """JSON as plain values; a number with a fraction is a `Decimal`. Raises `PolicyError`: `form.json` and
    `form.duplicate` (a key twice in one object) at their lines, `form.deep`, `form.large`."""
    _bounded(data)
    text = data.removeprefix(_MARK)
    _shallow(text)
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, ArithmeticError) as error:
        found = re.search(r"byte (\d+)", str(error))
        line = (text[: int(found[1])] if found else text.rstrip()).count(b"\n") + 1
        raise PolicyError(Reason("form.json"), f"line {line}") from None
    if (twice := keys.repeated(text, value)) is not None:
        raise PolicyError(Reason("form.duplicate", {"key": twice[0][:200]}), f"line {twice[1]}")
    return value


def _bounded(data: bytes) -> None:
    if len(data) > MOST:
        raise PolicyError(Reason("form.large", {"limit": str(MOST)}))


def _shallow(text: bytes) -> None:
    """Return if brackets nest no deeper than anybody writes them; what is no JSON is told so elsewhere."""
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    brackets = b"".join(plain.split(b'"')[::2]).translate(_BRACKETS, _NOT_BRACKETS)
    for _ in range(DEPTH):
        brackets = brackets.replace(b"[]", b"")
    if b"[]" in brackets or brackets.startswith(b"[" * DEPTH):
        raise PolicyError(Reason("form.deep", {"limit": str(DEPTH)}))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PolicyError(Reason("form.utf8"), f"line {line}") from None


def write(policy: Policy, form: Form) -> bytes:
    """The policy in that form, which `read` reads back to the same. Raises `PolicyError`: `form.carry` with the name
    and the place of what the form cannot carry, `form.large`."""
    data = _written(policy, form)
    _bounded(data)
    _returns(policy, data, form)
    return data


def _returns(policy: Policy, data: bytes, form: Form) -> None:
    """Return if what was written reads back to the same. Raises `PolicyError` `form.carry`.

    Turtle and JSON-LD are spellings of one tree, so that the one answers for the other.
    """
    try:
        if form is Form.TURTLE:
            found = from_nodes(compact.to_nodes(linked.to_jsonld(policy)), lenient=True)
        else:
            found = read(data, form, lenient=True)
    except PolicyError as error:
        term = next(iter(error.reason.params.values()), error.reason.code)
        raise PolicyError(Reason("form.carry", {"term": term}), error.where) from None
    meant = carried(policy) if form is Form.DSP else framed(policy)
    if [bare(one) for one in found] != [bare(meant)]:
        raise PolicyError(Reason("form.carry", {"term": policy.id[:200]}))


def _written(policy: Policy, form: Form) -> bytes:
    match form:
        case Form.TOML:
            return shortening.write(policy).encode()
        case Form.DSP:
            return msgspec.json.format(msgspec.json.encode(render.to_dsp(policy)), indent=2) + b"\n"
        case Form.JSONLD:
            return msgspec.json.format(msgspec.json.encode(linked.to_jsonld(policy)), indent=2) + b"\n"
        case Form.TURTLE:
            return linked.to_turtle(policy).encode()
        case _:
            assert_never(form)
