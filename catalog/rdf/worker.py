"""The process in which documents of strangers are read: bounded in time, memory and size, and not missed when it dies.

What lives here: starting it, asking it, ending it, and what it does. What does not: RDF itself, which it alone imports
(`contexts`). A node imports this module and no library of RDF with it.

Canonicalising takes time that grows exponentially with nodes that look alike (RDFC-1.0, 7.1), JSON-LD and shapes have
their own ways of never ending; so nobody counts steps: the process has so many seconds and so much memory, and whoever
needs more is refused. The next question gets a new process.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from catalog.graph import Graph
from catalog.rdf.shapes import Told
from policies.model import Reason

SECONDS: Final = 0.9
"""How long one document may take."""
STARTING: Final = 30.0
"""How long the process may take to load its libraries."""
LONGEST: Final = 30.0
"""How long the process lets one document take by itself: it may outlive the node that would have ended it."""
MEMORY: Final = 1 << 30
"""Bytes of address space that it may have."""
MAX_BYTES: Final = 262_144
"""Bytes of a document."""
MAX_ANSWER: Final = 16 << 20

GRAPH_SECONDS: Final = 120.0
"""How long one document of a portal may take, of which the largest hold thousands of datasets."""
GRAPH_MEMORY: Final = 2 << 30
GRAPH_BYTES: Final = 50_000_000
"""As much as harvesters of others read (`ckanext-dcat`)."""
GRAPH_ANSWER: Final = 128 << 20
LARGE: Final = 1 << 20
"""Bytes of a document after which a process is not kept: what it needed stays with it."""

JsonObject = dict[str, Any]


class WorkerError(Exception):
    """The document is refused: `reason` says why, with a code and what it is about."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.reason = Reason(code, {"what": what})


class Read(Struct, frozen=True):
    """What a document says (`contexts.Meaning`)."""

    canonical: str
    nodes: tuple[JsonObject, ...]
    subjects: tuple[str, ...]


class Question(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What the process is asked: `task` about `body`; `base` is its URL, or the folder of the shapes that it is judged
    by; `seconds` after which the process ends by itself."""

    task: str
    body: bytes
    media_type: str = ""
    base: str = ""
    seconds: float = 0.0


class Worker:
    """One process at a time, kept between questions. Blocks: to be called beside an event loop, in a thread.

    `shapes` and `classes` are files of official SHACL shapes and of their classes, "" for none. `Worker.of_portals()`
    has the limits that documents of portals need; descriptions are read by one with the usual ones.
    """

    start = "from catalog.rdf.worker import serve; serve()"
    """What the process runs."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, shapes: str = "", classes: str = "") -> None:
        self._seconds, self._memory, self._files = seconds, memory, (shapes, classes)
        self._most, self._answer = MAX_BYTES, MAX_ANSWER
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @classmethod
    def of_portals(cls, *, seconds: float = GRAPH_SECONDS, memory: int = GRAPH_MEMORY) -> Worker:
        """One that reads documents of portals (`graph`)."""
        made = cls(seconds=seconds, memory=memory)
        made._most, made._answer = GRAPH_BYTES, GRAPH_ANSWER
        return made

    def graph(self, document: bytes, media_type: str, base: str = "") -> Graph:
        """What a portal's document in Turtle, N-Triples, RDF/XML or JSON-LD says (`reading.read_graph`). `media_type`
        is that of the answer it came in, with its charset where it has one; `base` the URL it came from, "" for none.

        Raises `WorkerError`: `rdf.time`, `rdf.large` and the codes of `reading.read_graph`.
        """
        asked = Question("graph", document, media_type[:200], base, max(self._seconds, LONGEST))
        found: Graph = self._ask(asked, "rdf")["graph"]
        if len(document) > LARGE:
            self._leave()
        return found

    def judge(self, graph: Graph, folder: str) -> list[Told]:
        """What the official composition in a folder finds in a graph (`shapes.Composition`).

        Raises `WorkerError`: `rdf.shapes` with the file that is missing, `rdf.time`, `rdf.large`, `rdf.form`.
        """
        body = msgspec.json.encode(graph)
        asked = Question("judge", body, base=folder, seconds=max(self._seconds, LONGEST))
        return msgspec.convert(self._ask(asked, "rdf")["found"], list[Told])

    def read(self, document: bytes) -> Read:
        """What a JSON-LD document says. Raises `WorkerError`: `jsonld.time`, `jsonld.large`, `jsonld.form` and the
        codes of `contexts.read`."""
        return msgspec.convert(self._ask(Question("read", document)), Read)

    def canonical(self, quads: bytes, *, sha384: bool = False) -> str:
        """RDFC-1.0 of N-Quads. Raises `WorkerError`."""
        return str(self._ask(Question("canonical-384" if sha384 else "canonical", quads))["canonical"])

    def fits(self, document: bytes) -> list[tuple[str, str, str]]:
        """What of a document does not fit the official shapes: node, property, constraint. Raises `WorkerError`, also
        where there are no shapes."""
        return [(one[0], one[1], one[2]) for one in self._ask(Question("shapes", document))["found"]]

    @property
    def pid(self) -> int | None:
        """The process that answers, None where there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process, also in the middle of a question: who asked it is told that it took too long."""
        process = self._process
        if process is not None:
            process.kill()
        self._leave()

    def _leave(self) -> None:
        """End the process when nobody asks it anything."""
        with self._lock:
            self._end()

    def _ask(self, question: Question, about: str = "jsonld") -> JsonObject:
        """Its answer. `about` is what the codes of refusals begin with."""
        if len(question.body) > self._most:
            raise WorkerError(
                f"{about}.large", str(len(question.body)) if about == "jsonld" else f"{len(question.body)} bytes"
            )
        with self._lock:
            process = self._running(about)
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(msgspec.json.encode(question) + b"\n")
                process.stdin.flush()
            line = self._line(process, self._seconds)
        answer = None if line is None else msgspec.json.decode(line, type=dict[str, Any])
        if answer is None:
            raise WorkerError(f"{about}.time")
        if "error" in answer:
            raise WorkerError(answer["error"], answer["what"])
        return answer

    def _running(self, about: str) -> subprocess.Popen[bytes]:
        """The process, ready for a question."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        command = [sys.executable, "-c", self.start, str(self._memory), *self._files]
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and nothing of the document
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT
        )
        if self._line(self._process, STARTING) is None:
            raise WorkerError(f"{about}.worker")
        return self._process

    def _line(self, process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
        """One line of its answer. Where there is none in time, or too much of it, the process is ended: None."""
        assert process.stdout is not None
        until, parts, size = time.monotonic() + seconds, list[bytes](), 0
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0 and size <= self._answer and selector.select(left):
                part = os.read(process.stdout.fileno(), 65_536)
                parts.append(part)
                size += len(part)
                if not part:
                    break
                if part.endswith(b"\n"):
                    return b"".join(parts)
        self._end()
        return None

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_ROOT: Final = str(Path(__file__).resolve().parents[2])


# --- in the process ---------------------------------------------------------------------------------------------------


def serve() -> None:
    """What the process does: limits for itself, its libraries, then one answer a line."""
    memory, shapes, classes = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from catalog.rdf import contexts

    seclude()
    fitting = contexts.Shapes(Path(shapes).read_bytes(), Path(classes).read_bytes()) if shapes else None
    say({})
    for line in sys.stdin.buffer:
        question = msgspec.json.decode(line, type=Question)
        # Nobody handles this signal: it ends the process, whatever library it is in.
        signal.setitimer(signal.ITIMER_REAL, question.seconds or LONGEST)
        if question.task in ("graph", "judge"):
            say(_about_graphs(question))
        else:
            say(_answer(contexts, fitting, question.task, question.body))
        signal.setitimer(signal.ITIMER_REAL, 0)


_FORBIDDEN: Final = ("socket.", "subprocess.", "urllib.", "http.client.", "ftplib.", "os.system", "os.exec", "os.fork")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def seclude(forks: bool = False) -> None:
    """From now on nobody in this process talks to anybody, starts anything or writes a file; with `forks` it may have
    children of its own.

    INVARIANT: whatever a library would like to: an audit hook cannot be taken away. It raises `PermissionError`.
    """
    sys.addaudithook(_alone_with_children if forks else _alone)


def _alone_with_children(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "os.fork":
        _alone(event, arguments)


def _alone(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN) or (event == "open" and arguments[2] & _WRITES):
        raise PermissionError(event)


def _answer(contexts: Any, fitting: Any, task: str, body: bytes) -> Mapping[str, Any]:
    try:
        if task.startswith("canonical"):
            return {"canonical": contexts.canonical_form(body.decode(), task.endswith("384"))}
        meaning = contexts.read(msgspec.json.decode(body, type=dict[str, Any]))
        if task == "read":
            return msgspec.to_builtins(meaning)  # type: ignore[no-any-return]
        if fitting is None:
            return {"error": "jsonld.shapes", "what": ""}
        return {"found": fitting.check(meaning.canonical, meaning.subjects)}
    except contexts.ContextError as error:
        return {"error": error.code, "what": error.what}
    except MemoryError:
        return {"error": "jsonld.large", "what": "memory"}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return {"error": "jsonld.form", "what": ""}


def _about_graphs(question: Question) -> Mapping[str, Any]:
    from catalog.rdf import reading, shapes

    try:
        if question.task == "judge":
            graph = msgspec.json.decode(question.body, type=dict[str, dict[str, Any]])
            return {"found": msgspec.to_builtins(_composition(question.base).judge(graph))}
        return {"graph": reading.read_graph(question.body, question.media_type, question.base)}
    except reading.ReadingError as error:
        return {"error": error.code, "what": error.what}
    except shapes.ShapesError as error:
        return {"error": "rdf.shapes", "what": error.missing}
    except MemoryError:
        return {"error": "rdf.large", "what": "memory"}
    except Exception:
        # Whatever a library stumbles over in a stranger's document is a document that cannot be read.
        return {"error": "rdf.form", "what": ""}


@lru_cache(maxsize=1)
def _composition(folder: str) -> Any:
    from catalog.rdf.shapes import Composition

    return Composition(Path(folder))


def say(answer: Mapping[str, Any]) -> None:
    """Answer what was asked, on a line."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
