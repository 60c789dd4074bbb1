"""Answering SPARQL queries about the public catalogue, in a process of its own with a child for each query.

What lives here: which queries are let in, asking the process, and what it does (pyoxigraph, read only). What does not:
who may ask (`connector.services.querying`), HTTP. Sources: SPARQL 1.1 Query Language; SPARQL 1.1 Protocol.

pyoxigraph answers whatever it is asked for as long as it takes, and opens connections for SERVICE. So nobody counts
steps: the process holds the catalogue, and each query is answered by a child of it that has so many seconds, so much
memory and so many bytes, and is ended where it needs more; what the process holds is not touched by that.

INVARIANT: a query reaches nothing but the catalogue. SERVICE is refused before a child is made, and in the child the
system itself opens nothing more: no file descriptor is left for it.
"""

from __future__ import annotations

import os
import re
import resource
import selectors
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog.graph import Graph
from catalog.portal import ntriples
from catalog.portal.dcat_ap_de import Shelf, catalogue
from catalog.portal.own import House
from catalog.rdf.worker import LONGEST, Question, Worker, WorkerError, say, seclude

SECONDS: Final = 5.0
"""How long one query may take."""
LOADING: Final = 60.0
MEMORY: Final = 2 << 30
"""Bytes of address space of the process."""
QUERY_MEMORY: Final = 256 << 20
"""Bytes that a query may need beside the catalogue."""
MAX_QUERY: Final = 16_384
"""Characters of a query."""
MAX_RESULT: Final = 8 << 20
"""Bytes of an answer: more is refused, and never the first part of it given for all."""
MAX_LOAD: Final = 256 << 20

RESULTS: Final[Mapping[str, str]] = {
    "application/sparql-results+json": "JSON",
    "application/sparql-results+xml": "XML",
    "text/csv": "CSV",
    "text/tab-separated-values": "TSV",
}
"""Forms of what SELECT and ASK find, by media type; the first where nobody says which."""
GRAPHS: Final[Mapping[str, str]] = {
    "text/turtle": "TURTLE",
    "application/n-triples": "N_TRIPLES",
    "application/rdf+xml": "RDF_XML",
}
"""Forms of what CONSTRUCT and DESCRIBE make."""
_ALIASES: Final[Mapping[str, str]] = {
    "application/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
}

_NO_WORD = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*>"""  # an IRI
    r"""|'''(?:[^'\\]|\\.|''?(?!'))*'''|'(?:[^'\\\n\r]|\\.)*'"""  # texts
    r'''|"""(?:[^"\\]|\\.|""?(?!"))*"""|"(?:[^"\\\n\r]|\\.)*"'''
    r"""|\#[^\n\r]*"""  # a comment
    r"""|[?$]\w+"""  # a variable
    r"""|(?:(?<![\w.-])[^\W\d_][\w.-]*+)?:(?:[\w:%-](?:[\w:%.-]*[\w:%-])?)?""",  # a name with a prefix
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Loaded(Struct, frozen=True):
    """What can be asked about: the catalogue around datasets, and each with its IRI and the nodes of its graph."""

    shelf: Shelf
    house: House
    datasets: list[tuple[str, bytes]]


class Answered(Struct, frozen=True):
    """An answer, in one of the forms."""

    media_type: str
    body: bytes


class Sparql(Worker):
    """The process that answers. Blocks, one query at a time: to be called beside an event loop, in a thread."""

    start = "from catalog.rdf.sparql import serve; serve()"

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, result: int = MAX_RESULT) -> None:
        super().__init__(seconds=LOADING, memory=memory)
        self._most, self._answer = MAX_LOAD, 2 * result + 65_536
        self._limits = f"{seconds} {result}"

    def load(self, loaded: Loaded) -> int:
        """Answer about this from now on: the number of statements. Raises `WorkerError`: `sparql.large`,
        `sparql.time`, `sparql.worker` where the process does not start (pyoxigraph is not there)."""
        return int(self._ask(Question("load", msgspec.json.encode(loaded), seconds=LOADING), "sparql")["statements"])

    def ask(self, query: str, accepted: tuple[str, ...] = ()) -> Answered:
        """The answer to a query, in the first of the media types that fits what it asks for.

        Raises `WorkerError`: `sparql.syntax` (with line and column), `sparql.time`, `sparql.large`, `sparql.empty`
        where the process is a new one that knows nothing yet, and the codes of `admit`.
        """
        question = Question("ask", admit(query).encode(), " ".join(accepted), self._limits)
        return msgspec.convert(self._ask(question, "sparql"), Answered)


def admit(query: str) -> str:
    """The query without escapes, where it may be asked: who uses SERVICE learns why that is not answered.

    Raises `WorkerError`: `sparql.long`, `sparql.service`.
    """
    if len(query) > MAX_QUERY:
        raise WorkerError("sparql.long", str(MAX_QUERY))
    plain = _ESCAPE.sub(lambda found: _character(found[1] or found[2]), query)
    if "SERVICE" in _NO_WORD.sub(" ", plain).upper():
        raise WorkerError("sparql.service")
    return plain


def _character(digits: str) -> str:
    """A character by its number; a mark for what is none."""
    number = int(digits, 16)
    return "\ufffd" if number > sys.maxunicode or 0xD800 <= number <= 0xDFFF else chr(number)


# --- in the process ---------------------------------------------------------------------------------------------------


def serve() -> None:
    """What the process does: limits for itself, its library, then one answer a line."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from pyoxigraph import Store

    store = None
    seclude(forks=True)
    say({})
    for line in sys.stdin.buffer:
        question = msgspec.json.decode(line, type=Question)
        signal.setitimer(signal.ITIMER_REAL, question.seconds or LONGEST)
        if question.task == "load":
            # The old one goes before the new one comes: there is not room for both.
            store = None
            store = Store()
            say(_load(store, question.body))
        else:
            say({"error": "sparql.empty", "what": ""} if store is None else _apart(store, question))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _load(store: Any, body: bytes) -> Mapping[str, Any]:
    from pyoxigraph import RdfFormat

    loaded = msgspec.json.decode(body, type=Loaded)
    graphs = ((id, _nodes(packed)) for id, packed in loaded.datasets)
    try:
        text = ntriples.write(catalogue(loaded.shelf, loaded.house, graphs))
        store.load(text, RdfFormat.N_TRIPLES, lenient=True)
    except MemoryError:
        return {"error": "sparql.large", "what": "memory"}
    return {"statements": len(store)}


def _nodes(packed: bytes) -> Graph:
    nodes: list[dict[str, Any]] = msgspec.json.decode(packed)
    return {node["@id"]: node for node in nodes}


def _apart(store: Any, question: Question) -> Mapping[str, Any]:
    """The answer of a child, which is ended where it takes too long or says too much."""
    seconds, most = (float(limit) for limit in question.base.split())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(store, question, writing, seconds, int(most))
    os.close(writing)
    answer = _heard(reading, time.monotonic() + seconds, 2 * int(most) + 4_096)
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return {"error": "sparql.time", "what": f"{seconds:g}"} if answer is None else answer


def _heard(reading: int, until: float, most: int) -> Mapping[str, Any] | None:
    """What the child says, None where it is silent too long, says too much or is gone before it has said all."""
    parts, size = list[bytes](), 0
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0 and size <= most and selector.select(left):
            part = os.read(reading, 65_536)
            if not part:
                return msgspec.json.decode(b"".join(parts), type=dict[str, Any]) if parts else None
            parts.append(part)
            size += len(part)
    return None


def _child(store: Any, question: Question, writing: int, seconds: float, most: int) -> None:
    """Answer and end. Nothing can be opened from here on, and little more memory be had."""
    try:
        seclude()
        room = min(_used() + QUERY_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[0])
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        rest = memoryview(msgspec.json.encode(_answer(store, question, most)))
        while rest:
            rest = rest[os.write(writing, rest) :]
    finally:
        os._exit(0)


def _used() -> int:
    """Bytes of address space that are in use."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


class _Full(Exception):
    """An answer is longer than it may be."""


class _Bounded:
    """Takes the answer down."""

    def __init__(self, most: int) -> None:
        self.parts, self._left = list[bytes](), most

    def write(self, part: bytes) -> int:
        self._left -= len(part)
        if self._left < 0:
            raise _Full
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """There is nothing to flush."""


def _answer(store: Any, question: Question, most: int) -> Mapping[str, Any]:
    import pyoxigraph

    accepted = [_ALIASES.get(one, one) for one in question.media_type.split()]
    sink = _Bounded(most)
    try:
        found = store.query(question.body.decode())
        made = isinstance(found, pyoxigraph.QueryTriples)
        forms, kinds = (GRAPHS, pyoxigraph.RdfFormat) if made else (RESULTS, pyoxigraph.QueryResultsFormat)
        media_type = next((one for one in accepted if one in forms), next(iter(forms)))
        found.serialize(sink, format=getattr(kinds, forms[media_type]))
    except _Full:
        return {"error": "sparql.large", "what": f"{most} bytes"}
    except MemoryError:
        return {"error": "sparql.large", "what": "memory"}
    except SyntaxError as error:
        at = re.search(r"\d+:\d+", str(error))
        return {"error": "sparql.syntax", "what": at[0] if at else ""}
    except Exception:
        # Whatever else the library refuses is a query that is not answered; its words are not for strangers.
        return {"error": "sparql.failed", "what": ""}
    return {"media_type": media_type, "body": b"".join(sink.parts)}
