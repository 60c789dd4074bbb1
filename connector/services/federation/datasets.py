"""Answers of peers -> rows of the index: the heavy part of a crawl, as pure functions over bytes.

What lives here: taking an answer apart, ours (`catalog.federation.manifest`) or a page of the Dataspace Protocol; what
becomes of each dataset. What does not: where it runs (`apart`), asking (`asking`), one dataset (`catalog.federation`).

A catalogue is taken apart here and not by `codec`: one dataset that breaks the schema must not hide the others. Source:
Dataspace Protocol 2025-1, Catalog Protocol: catalogues hold catalogues, whose participant is that of the outer one; a
broker's hold those of others, with participants of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog.federation import manifest, reading
from catalog.federation.manifest import ManifestError
from catalog.federation.reading import UNREAD, JsonObject, Told
from catalog.index.crawling import pack
from catalog.index.forms import Entry, Origin, Trust
from catalog.index.rows import Row, row
from catalog.portal import metadata
from catalog.profile.checks import check
from catalog.profile.completeness import points
from connector.errors import MessageError, NodeError
from connector.protocol import lenient, plain
from connector.protocol.messages import CONTEXT
from policies.model import Reason

DEPTH: Final = 8
MOST_CATALOGS: Final = 256
MOST_VALUES: Final = 1_000_000
MOST_DATASETS: Final = 5_000
"""Datasets on one page: as many as there is room for in a megabyte, where they say something."""
_DID: Final = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2}){0,2048}[A-Za-z0-9._-]", re.ASCII)
_DATASET: Final = ("dataset", "dcat:dataset", "http://www.w3.org/ns/dcat#dataset")
_CATALOG: Final = ("catalog", "dcat:catalog", "http://www.w3.org/ns/dcat#catalog")
_SERVICE: Final = ("service", "dcat:service", "http://www.w3.org/ns/dcat#service")
_DISTRIBUTION: Final = ("distribution", "dcat:distribution", "http://www.w3.org/ns/dcat#distribution")
_POLICY: Final = ("hasPolicy", "odrl:hasPolicy", "http://www.w3.org/ns/odrl/2/hasPolicy")
_ENDPOINT: Final = ("endpointURL", "dcat:endpointURL", "http://www.w3.org/ns/dcat#endpointURL")
_WHO: Final = ("participantId", "dspace:participantId", "https://w3id.org/dspace/2025/1/participantId")


class Question(Struct, frozen=True, kw_only=True):
    """An answer of `source` to be read: of the feed behind `after`, or a page where that is None. `known` are digests
    that need not be read again, one behind the other; `participants` are those that this node deals with itself. `own`:
    the source is this node.
    """

    source: str
    body: bytes
    now: int
    after: int | None = None
    trust: Trust = Trust.TOLD
    broker: bool = False
    own: bool = False
    known: bytes = b""
    participants: frozenset[str] = frozenset()


class Found(Struct, frozen=True, kw_only=True):
    """One dataset: its digest, and its row where it was not known. `gone`: it is there no longer."""

    id: str
    participant: str
    digest: bytes = b""
    row: Row | None = None
    gone: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """What was in it. `sequence` and `more` are the feed's; `elsewhere` are endpoints that catalogues in it are at;
    `left_out` counts datasets that had no usable id or were of others for whom `source` must not speak. `wrong`: it
    could not be read at all."""

    found: tuple[Found, ...] = ()
    sequence: int = 0
    more: bool = False
    elsewhere: tuple[str, ...] = ()
    left_out: int = 0
    wrong: Reason | None = None


def answer(question: Question) -> Answer:
    """What is in an answer of a peer. Never raises for anything that a peer may send."""
    try:
        held = question.known
        known = frozenset(held[at : at + 32] for at in range(0, len(held), 32))
        return _page(question, known) if question.after is None else _feed(question, question.after, known)
    except ManifestError as error:
        return Answer(wrong=Reason("catalog.feed", {"why": error.code}))
    except RecursionError:
        return Answer(wrong=Reason("catalog.unread", {"problem": "message.depth"}))
    except NodeError as error:
        return Answer(wrong=Reason("catalog.unread", {"problem": error.reason.code}))


# --- the feed of a node of ours ---------------------------------------------------------------------------------------


def _feed(question: Question, after: int, known: frozenset[bytes]) -> Answer:
    read = manifest.read_entries(question.body, after)
    found, left_out = list[Found](), 0
    for one in read.entries:
        if one.gone:
            found.append(Found(id=one.id, participant=question.source, gone=True))
            continue
        document = bytes(one.dataset)
        digest = bytes.fromhex(one.digest)
        made = _made(question, question.source, document, _object(document), known)
        if made is None or made.id != one.id:
            left_out += 1
        elif made.digest != digest:
            # INVARIANT: what is signed is the digest of what was shown, or the whole answer proves nothing.
            raise ManifestError("digest")
        else:
            found.append(made)
    return Answer(found=tuple(found), sequence=read.sequence, more=read.more, left_out=left_out)


def _object(document: bytes) -> JsonObject:
    """The object in a JSON text. Whatever two programs may read differently in it has another digest than the one that
    is signed. Raises `ManifestError`."""
    try:
        return msgspec.json.decode(document, type=JsonObject)
    except (msgspec.MsgspecError, ValueError):
        raise ManifestError("form") from None


# --- a page of the protocol -------------------------------------------------------------------------------------------


def _page(question: Question, known: frozenset[bytes]) -> Answer:
    read = plain.read(question.body, max_values=MOST_VALUES)
    # A broker of Eclipse's answers with an array of catalogues.
    outer = [one for one in read if isinstance(one, dict)] if isinstance(read, list) else [read]
    if not outer or not all(isinstance(one, dict) and _is_catalog(one) for one in outer):
        raise MessageError("message.type")
    found: dict[tuple[str, str], Found] = {}
    elsewhere: dict[str, None] = {}
    left_out = 0
    for catalog, who in _catalogs(outer, question.source, elsewhere):
        for dataset in _objects(catalog, _DATASET):
            if len(found) >= MOST_DATASETS:
                return Answer(wrong=Reason("catalog.too_much", {"what": "datasets"}))
            heard = _speaks(question, who)
            made = _made(question, who, msgspec.json.encode(dataset), dataset, known) if heard else None
            if made is None or (made.id, who) in found:
                left_out += 1
            else:
                found[made.id, who] = made
    return Answer(found=tuple(found.values()), elsewhere=tuple(elsewhere), left_out=left_out)


def _is_catalog(one: JsonObject) -> bool:
    types = one.get("@type")
    held = types if isinstance(types, list) else [types]
    return any(isinstance(type, str) and type.rpartition("#")[2].rpartition(":")[2] == "Catalog" for type in held)


def _catalogs(outer: list[JsonObject], source: str, elsewhere: dict[str, None]) -> Iterator[tuple[JsonObject, str]]:
    """Every catalogue in an answer, with whose it is. INVARIANT: bounded in depth and number."""
    open = [(one, source, 0) for one in reversed(outer)]
    seen = 0
    while open and seen < MOST_CATALOGS:
        catalog, who, depth = open.pop()
        seen += 1
        named = _first(catalog, _WHO)
        who = named if isinstance(named, str) and named else who
        yield catalog, who
        if depth < DEPTH:
            open += [(one, who, depth + 1) for one in reversed(_objects(catalog, _CATALOG))]
        if depth and not _objects(catalog, _DATASET):
            for service in _objects(catalog, _SERVICE):
                endpoint = _first(service, _ENDPOINT)
                if isinstance(endpoint, str) and len(elsewhere) < MOST_CATALOGS:
                    elsewhere[endpoint[:2_048]] = None


def _speaks(question: Question, who: str) -> bool:
    """May the source tell of this participant's datasets?"""
    return who == question.source or (question.broker and len(who) <= 2_048 and _DID.fullmatch(who) is not None)


def _first(one: JsonObject, names: tuple[str, ...]) -> Any:
    value = next((one[name] for name in names if name in one), None)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("@id", value.get("@value"))
    return value


def _objects(one: JsonObject, names: tuple[str, ...]) -> list[JsonObject]:
    """The objects under a property, in whichever of its spellings."""
    found = list[JsonObject]()
    for name in names:
        value = one.get(name)
        if isinstance(value, dict) and len(value) == 1:
            value = value.get("@set", value.get("@list", value))
        found += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
    return found


# --- one dataset ------------------------------------------------------------------------------------------------------


def _made(question: Question, who: str, document: bytes, raw: JsonObject, known: frozenset[bytes]) -> Found | None:
    """What a dataset becomes, None where it has no id that could be asked for again."""
    normal, wrong = _normal(raw)
    told = reading.read(document, raw, normal)
    if told is None:
        return None
    if told.digest in known:
        return Found(id=told.id, participant=who, digest=told.digest)
    entry = _entry(question, who, told, (UNREAD,) if wrong else ())
    return Found(id=told.id, participant=who, digest=told.digest, row=row(entry, pack(entry)))


def _normal(raw: JsonObject) -> tuple[JsonObject, bool]:
    """The terms and the forms of transfer in the protocol's one spelling, and whether they could not be read."""
    offers, forms = _objects(raw, _POLICY), _objects(raw, _DISTRIBUTION)
    transfers = [one for one in forms if _first(one, ("accessService", "dcat:accessService")) or "format" in one]
    document = {"@context": [CONTEXT], "@id": str(raw.get("@id")), "hasPolicy": offers, "distribution": transfers}
    try:
        return lenient.normalised(document, "Dataset"), False
    except (MessageError, RecursionError, TypeError, AttributeError):
        return {}, True


def _entry(question: Question, who: str, told: Told, more: tuple[str, ...]) -> Entry:
    own = who == question.source
    said = metadata.read(told.graph, told.id)
    trust = question.trust if own else Trust.TOLD if who in question.participants else Trust.UNVOUCHED
    return Entry(
        id=told.id,
        participant=who,
        document=told.document,
        digest=told.digest,
        metadata=said,
        terms=told.terms,
        seen=question.now,
        changed=question.now,
        origin=Origin.OWN if question.own else Origin.DIRECT if own else Origin.BROKER,
        via="" if own else question.source,
        trust=trust,
        formats=told.formats,
        score=points(said, question.now, check(told.graph)),
        faults=tuple(sorted({*told.faults, *more})),
        restricted=told.restricted,
    )
