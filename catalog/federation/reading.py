"""A dataset of somebody's catalogue, ours or a foreign one's, read into what the index keeps: bounded and harmless.

What lives here: where peers put what they say of a dataset, and which of it is kept. What does not: getting it (the
node's crawler), the one spelling of messages, which its caller has made (`normal`), cleaning one text (`harmless`),
what a graph means (`portal.metadata`), rules (`profile`). Sources: Dataspace Protocol 2025-1, Catalog Protocol; DCAT 3.

Nodes of ours write properties with prefixes or as full IRIs. Eclipse EDC puts the properties of an asset directly into
the dataset, in its own namespace, shortened or not; others write plain names. All are taken; nothing is dereferenced:
`@context` is never looked at, and names that are in no table here are kept as they are or left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from catalog.dcat import FILES
from catalog.federation import harmless
from catalog.federation.manifest import ManifestError, digest
from catalog.graph import PREFIXES, Graph, Node, Value, short
from catalog.index.forms import Terms
from policies import canonical
from policies.model import ODRL, Policy, PolicyError, RuleKind
from policies.parse import from_dsp

JsonObject = dict[str, Any]

MAX_BYTES: Final = 262_144
"""Bytes of one dataset; of a larger one no more is kept than its id and title."""
MAX_NODES: Final = 1_000
MAX_VALUES: Final = 200
"""Values of one property."""
MAX_FILES: Final = 500
"""Of one dataset; as many as `portal` understands."""
MAX_DEPTH: Final = 12
MAX_TEXT: Final = 10_000
MAX_TITLE: Final = 300
MAX_ID: Final = 2_048
MAX_OFFERS: Final = 32
LARGE: Final = "entry.large"
"""More than anybody needs to know of a dataset: cut, or nothing but its title kept."""
UNREAD: Final = "terms.unread"
"""Terms that are not understood here, so not usable."""

NUMBER: Final = "entry.number"
"""A number that two programs would read differently."""

_TITLES: Final = frozenset({"dct:title", "foaf:name", "vcard:fn", "dcat:keyword"})
_EDC: Final = "https://w3id.org/edc/v0.0.1/ns/"
_WRITTEN: Final[Mapping[str, str]] = {
    **PREFIXES,
    "dcterms": PREFIXES["dct"],
    "dc": PREFIXES["dct"],
    "edc": _EDC,
    "sdo": PREFIXES["schema"],
}
"""Prefixes that peers write, beside those that are written here."""
_PLAIN: Final[Mapping[str, str]] = {
    "title": "dct:title",
    "name": "dct:title",
    "label": "dct:title",
    "description": "dct:description",
    "keyword": "dcat:keyword",
    "keywords": "dcat:keyword",
    "tags": "dcat:keyword",
    "theme": "dcat:theme",
    "themes": "dcat:theme",
    "license": "dct:license",
    "licence": "dct:license",
    "publisher": "dct:publisher",
    "creator": "dct:creator",
    "language": "dct:language",
    "issued": "dct:issued",
    "modified": "dct:modified",
    "spatial": "dct:spatial",
    "temporal": "dct:temporal",
    "identifier": "dct:identifier",
    "landingPage": "dcat:landingPage",
    "landingpage": "dcat:landingPage",
    "contactPoint": "dcat:contactPoint",
    "accrualPeriodicity": "dct:accrualPeriodicity",
    "frequency": "dct:accrualPeriodicity",
    "conformsTo": "dct:conformsTo",
    "version": "dcat:version",
    "accessURL": "dcat:accessURL",
    "downloadURL": "dcat:downloadURL",
    "mediaType": "dcat:mediaType",
    "contenttype": "dcat:mediaType",
    "contentType": "dcat:mediaType",
    "byteSize": "dcat:byteSize",
}
"""What names without a namespace mean, and those of Eclipse EDC's."""
_APART: Final = frozenset({"@context", "@id", "@type", "hasPolicy", "odrl:hasPolicy", "rows", "describedBy"})
"""Read elsewhere, or never."""
_DISTRIBUTION: Final = "dcat:distribution"
_OF_FILES: Final = frozenset({"dcat:accessURL", "dcat:downloadURL", "dcat:mediaType", "dct:title", "dct:license"})
"""Who has one of these is a distribution of DCAT; the protocol's own are forms of transfer."""
_OF_ONE_FILE: Final = ("dcat:accessURL", "dcat:downloadURL", "dcat:mediaType", "dcat:byteSize", "dct:format")
"""What peers say of a dataset, and mean its only file."""
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\"{}|\\^`]+")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x85\u2028\u2029]")


class Told(Struct, frozen=True, kw_only=True):
    """What a dataset says. `document` is its JSON as it came, `digest` as in a manifest; `graph` has the root `id`.
    `restricted`: nothing in its terms lets it be told to others."""

    id: str
    document: bytes
    digest: bytes
    graph: Graph
    terms: tuple[Terms, ...]
    formats: tuple[str, ...]
    faults: tuple[str, ...]
    restricted: bool


def read(document: bytes, raw: JsonObject, normal: JsonObject) -> Told | None:
    """What a dataset says: its JSON as it came, what that holds, and the same in the protocol's one spelling. None
    where it has no id that could be asked for again."""
    id = raw.get("@id")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID or not _is_name(id):
        return None
    reader = _Reader(id)
    if len(document) > MAX_BYTES:
        return _stub(id, document, raw, reader)
    reader.dataset(raw)
    reader.one_file()
    terms, free = _terms(normal, reader.faults)
    return Told(
        id=id,
        document=document,
        digest=_digest(document, raw, reader.faults),
        graph=reader.graph,
        terms=terms,
        formats=_formats(normal),
        faults=tuple(sorted(reader.faults)),
        restricted=not free,
    )


def _is_name(id: str) -> bool:
    """Can it be asked for again, and stand in a command that somebody copies? Others than ours have blanks in ids."""
    return (
        id == id.strip() and _BREAKS.search(id) is None and not harmless.clean(id, MAX_ID)[1] and not harmless.runs(id)
    )


def _stub(id: str, document: bytes, raw: JsonObject, reader: _Reader) -> Told:
    """What is kept of a dataset that is too large: that there is one."""
    reader.faults.add(LARGE)
    reader.dataset({key: raw[key] for key in ("title", "dct:title") if isinstance(raw.get(key), str)})
    hashed = _digest(document, raw, reader.faults)
    told = tuple(sorted(reader.faults))
    return Told(
        id=id, document=b"{}", digest=hashed, graph=reader.graph, terms=(), formats=(), faults=told, restricted=True
    )


def _digest(document: bytes, raw: JsonObject, faults: set[str]) -> bytes:
    """That of a manifest; of the bytes themselves where they have no canonical form."""
    held = {key: value for key, value in raw.items() if key != "@context"} if "@context" in raw else raw
    plain = msgspec.json.encode(held, order="sorted")
    if not plain.translate(None, _NO_ASTRAL) and _NUMBERS.search(_outside(plain)) is None:
        return hashlib.sha256(plain).digest()
    try:
        return bytes.fromhex(digest(document))
    except ManifestError:
        faults.add(NUMBER)
        return hashlib.sha256(document).digest()


_NUMBERS: Final = re.compile(rb"[0-9](?:[.eE]|[0-9]{15})")
_NO_ASTRAL: Final = bytes(range(0xF0)) + bytes(range(0xF5, 0x100))
"""What may be a number that is no small integer, or a character beyond the basic plane: everything else is written the
same by RFC 8785 and by the encoder that is written in C."""


def _outside(text: bytes) -> bytes:
    """A JSON text without its strings."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(text.split(b'"')[::2])


# --- properties -------------------------------------------------------------------------------------------------------


class _Reader:
    """One dataset on its way into a graph. INVARIANT: bounded in depth, nodes, values and text, whatever comes."""

    def __init__(self, id: str) -> None:
        self.root: Node = {"@id": id, "@type": ["dcat:Dataset"]}
        self.graph: Graph = {id: self.root}
        self.faults: set[str] = set()
        self._left = MAX_NODES

    def dataset(self, raw: JsonObject) -> None:
        """Everything that is said of the root."""
        for key, value in raw.items():
            if key in _APART:
                continue
            name = _name(key)
            if name.endswith("properties") and isinstance(value, dict):
                self.dataset({inner: held for inner, held in value.items() if _name(inner) != name})
            elif name in (_DISTRIBUTION, FILES):
                self._distributions(value, files=name == FILES)
            elif name and not name.startswith("odrl:"):
                self._put(self.root, name, _split(key, value), 0)

    def one_file(self) -> None:
        """What was said of the dataset although it is said of files: of its only one, where no file was told of."""
        said: Node = {name: self.root.pop(name) for name in _OF_ONE_FILE if name in self.root}
        if said and not self.root.get(_DISTRIBUTION):
            id = "_:file"
            self.graph[id] = {"@id": id, "@type": ["dcat:Distribution"], **said}
            self.root[_DISTRIBUTION] = [{"@id": id}]

    def _distributions(self, value: Any, *, files: bool) -> None:
        held = _several(value)
        if len(held) > MAX_FILES:
            self.faults.add(LARGE)
        for one in held[:MAX_FILES]:
            if isinstance(one, dict) and one.keys() == {"@id"}:
                self._add(self.root, _DISTRIBUTION, self._value(_DISTRIBUTION, one, 1), MAX_FILES)
            elif isinstance(one, dict) and one and (files or not _OF_FILES.isdisjoint(map(_name, one))):
                kept = {key: said for key, said in one.items() if _name(key) not in _TRANSFER}
                self._add(self.root, _DISTRIBUTION, self._node(kept, 1, "dcat:Distribution"), MAX_FILES)

    def _put(self, node: Node, name: str, value: Any, depth: int) -> None:
        if value.__class__ is dict and ("@id" in value or "@value" in value):  # as most are
            self._add(node, name, self._value(name, value, depth))
            return
        held = _several(value)
        if len(held) > MAX_VALUES:
            self.faults.add(LARGE)
        for one in held[:MAX_VALUES]:
            self._add(node, name, self._value(name, one, depth))

    def _add(self, node: Node, name: str, value: Value | None, most: int = MAX_VALUES) -> None:
        if value is not None:
            known: list[Value] | None = node.get(name)
            if known is None:
                node[name] = [value]
                return
            # There are many ways to one property, and values are compared with each other.
            if len(known) >= most:
                self.faults.add(LARGE)
            elif value not in known:
                known.append(value)

    def _value(self, name: str, one: Any, depth: int) -> Value | None:
        """A value of a graph, None where there is none that could be kept."""
        if isinstance(one, dict):
            held, id = one.get("@value"), one.get("@id")
            if isinstance(held, str | int | float):
                return self._literal(name, held, one)
            return self._named(id) if isinstance(id, str) and len(one) == 1 else self._node(one, depth + 1)
        match one:
            case str():
                return self._text(name, one)
            case bool():
                return {"@value": "true" if one else "false", "@type": "xsd:boolean"}
            case int():
                return {"@value": str(one), "@type": "xsd:integer"}
            case float():
                return {"@value": repr(one), "@type": "xsd:double"}
        return None

    def _text(self, name: str, text: str) -> Value | None:
        if harmless.runs(text):
            self.faults.add(harmless.ADDRESS)
            return None
        shown, found = harmless.clean(text, MAX_TITLE if name in _TITLES else MAX_TEXT)
        self.faults.update(found)
        return {"@value": shown} if shown.strip() else None

    def _literal(self, name: str, held: str | float, one: JsonObject) -> Value | None:
        value = self._text(name, held if isinstance(held, str) else msgspec.json.encode(held).decode())
        language, type = one.get("@language"), one.get("@type")
        if value is None:
            return None
        if isinstance(language, str) and language and len(language) <= 35 and language.isascii():
            return {**value, "@language": language.lower()}
        if isinstance(type, str) and (datatype := _name(type)) not in ("", "xsd:string"):
            return {**value, "@type": datatype}
        return value

    def _named(self, id: str) -> Value | None:
        value, found = _known(id) if len(id) <= _USUAL else _named(id)
        if found:
            self.faults.update(found)
        return value

    def _node(self, one: JsonObject, depth: int, type: str = "") -> Value | None:
        """A node of its own, known by its id where it has one and it is no node that is there."""
        if depth > MAX_DEPTH or self._left <= 0:
            self.faults.add(LARGE)
            return None
        self._left -= 1
        named = self._named(one["@id"]) if isinstance(one.get("@id"), str) else None
        id = named["@id"] if named and "@id" in named else f"_:n{MAX_NODES - self._left}"
        if id in self.graph:
            return {"@id": id}
        types = [_name(held) for held in _several(one.get("@type"))[:8] if isinstance(held, str)]
        node: Node = {"@id": id, "@type": [held for held in types if held] or ([type] if type else [])}
        self.graph[id] = node
        for key, value in one.items():
            if key not in _APART and (name := _name(key)) and not name.startswith("odrl:"):
                self._put(node, name, value, depth)
        return {"@id": id}


_TRANSFER: Final = frozenset({"dcat:accessService", "odrl:hasPolicy"})


@lru_cache(maxsize=1_024)
def _name(key: str) -> str:
    """The name of a property or type in a graph; empty where it says nothing here."""
    if len(key) > MAX_ID or key.startswith("@"):
        return ""
    prefix, colon, rest = key.partition(":")
    iri = _WRITTEN[prefix] + rest if colon and prefix in _WRITTEN else key
    if iri.startswith(_EDC):
        iri = iri.removeprefix(_EDC)
    if ":" in iri:
        return short(iri) if _IRI.fullmatch(iri) else ""
    if iri in ("properties", "privateProperties"):
        return "properties" if iri == "properties" else ""
    if iri in ("distribution", "accessService", "Distribution", "Dataset"):
        return f"dcat:{iri}"
    return _PLAIN.get(iri, "")


def _named(id: str) -> tuple[Value | None, tuple[str, ...]]:
    """An id as a value, None where it must not be kept, and what was wrong with it. Nobody changes a value."""
    if harmless.runs(id):
        return None, (harmless.ADDRESS,)
    if len(id) <= MAX_ID and _IRI.fullmatch(id) is not None:
        return {"@id": _iri(id)}, ()
    shown, found = harmless.clean(id[:MAX_ID], MAX_TEXT)
    return ({"@value": shown} if shown.strip() else None), found


_USUAL: Final = 256
_known = lru_cache(maxsize=4_096)(_named)
"""Most ids are an authority's, and stand in many datasets."""


def _iri(id: str) -> str:
    """A full IRI, where one was shortened by a prefix that is known."""
    prefix, colon, rest = id.partition(":")
    return _WRITTEN[prefix] + rest if colon and prefix in _WRITTEN and not rest.startswith("//") else id


def _several(value: Any) -> Sequence[Any]:
    """An array; a single value is one of one, and `@set` and `@list` are what they hold."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("@set", value.get("@list", value))
    if isinstance(value, list):
        return value
    return () if value is None else (value,)


def _split(key: str, value: Any) -> Any:
    """Keywords that somebody has written into one text."""
    if isinstance(value, str) and "," in value and key.rpartition("/")[2].rpartition(":")[2] in ("keywords", "tags"):
        return [one.strip() for one in value.split(",")]
    return value


# --- terms ------------------------------------------------------------------------------------------------------------


def _terms(normal: JsonObject, faults: set[str]) -> tuple[tuple[Terms, ...], bool]:
    """The offers with the digests of what they say, and whether one of them lets the dataset be told to anybody."""
    found, open = list[Terms](), False
    offers = normal.get("hasPolicy")
    offers = offers if isinstance(offers, list) else []
    if len(offers) > MAX_OFFERS:
        faults.add(LARGE)
    for offer in offers[:MAX_OFFERS]:
        if not isinstance(offer, dict) or not isinstance(offer.get("@id"), str) or len(offer["@id"]) > MAX_ID:
            faults.add(UNREAD)
            continue
        document = msgspec.json.encode(offer)
        said = msgspec.json.encode({key: value for key, value in offer.items() if key not in _PARTIES}, order="sorted")
        hashed, understood, told = _said(said)
        if not understood:
            faults.add(UNREAD)
        open = open or (told and "assignee" not in offer)
        found.append(Terms(offer["@id"], hashed, document))
    return tuple(found), open


_PARTIES: Final = frozenset({"@id", "target", "assigner"})
"""Of an offer: who makes it of what under which name says nothing of its terms."""


@lru_cache(maxsize=4_096)
def _said(said: bytes) -> tuple[str, bool, bool]:
    """The digest of the terms in an offer, whether they are understood, and whether they let anybody pass on what they
    are about. Terms that are not understood are known by their text."""
    document = msgspec.json.decode(said)
    try:
        policy = from_dsp({**document, "@id": "urn:offer"})
        policy = replace(policy, target=None, assigner=None)
    except (PolicyError, RecursionError):
        return hashlib.sha256(b"unread\n" + said).hexdigest(), False, False
    return canonical.digest(policy), True, _free(policy)


def _free(policy: Policy) -> bool:
    """Does a rule without any condition permit passing it on, and no other forbid a thing?"""
    return all(rule.kind is RuleKind.PERMISSION for rule in policy.rules) and any(
        rule.action == ODRL + "distribute" and not (rule.constraints or rule.duties or rule.refinements)
        for rule in policy.rules
    )


def _formats(normal: JsonObject) -> tuple[str, ...]:
    """The forms in which it is transferred."""
    held = normal.get("distribution")
    named = [one.get("format") for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    kept = (one for one in named[:MAX_VALUES] if isinstance(one, str) and 0 < len(one) <= 100)
    return tuple(dict.fromkeys(harmless.clean(one, 100)[0] for one in kept))
