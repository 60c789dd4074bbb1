"""Covers catalog/rdf/worker.py: the official vectors of RDFC-1.0 through the process, and row J3 of hostile cases."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.rdf import terms
from catalog.rdf.worker import MAX_BYTES, Worker, WorkerError
from connector.sentences import rdf
from tests.catalog import samples
from tests.catalog.dcat_samples import DCAT, needs_standards
from tests.catalog.samples import LOIRE, TRUST, needs_trust

ROOT = Path(terms.__file__).parent
CANON = TRUST / "rdf-canon"
GOOD = msgspec.json.encode({"@context": [terms.V2, terms.GX], "@graph": samples.subjects()})


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def _code(error: pytest.ExceptionInfo[WorkerError]) -> str:
    return error.value.reason.code


def _vectors() -> list[dict[str, Any]]:
    manifest = CANON / "manifest.jsonld"
    entries = json.loads(manifest.read_bytes())["entries"] if manifest.is_file() else []
    return [one for one in entries if one["type"] == "rdfc:RDFC10EvalTest"]


@needs_trust
def test_all_official_vectors_have_their_canonical_form(worker: Worker) -> None:
    vectors = _vectors()
    for one in vectors:
        found = worker.canonical((CANON / one["action"]).read_bytes(), sha384=one.get("hashAlgorithm") == "SHA384")
        assert found == "".join(sorted((CANON / one["result"]).read_text().splitlines(keepends=True))), one["id"]
    assert len(vectors) == 64


@needs_trust
def test_j3_a_poison_graph_ends_the_worker_and_not_the_node(worker: Worker) -> None:
    poison = (CANON / "rdfc10" / "test074-in.nq").read_bytes()
    assert worker.canonical(b"") == ""
    before = worker.pid
    assert before is not None
    with pytest.raises(WorkerError) as error:
        worker.canonical(poison)
    assert _code(error) == "jsonld.time"
    assert worker.pid is None
    assert not _lives(before)
    assert len(worker.read(GOOD).subjects) > 5
    assert worker.pid not in (None, before)


@needs_trust
def test_j3_a_worker_that_has_outlived_its_node_ends_by_itself() -> None:
    """Nobody is there any more to end it: the node was killed while a poison graph was read."""
    start = "import catalog.rdf.worker as worker; worker.LONGEST = 0.5; worker.serve()"
    process = subprocess.Popen(
        [sys.executable, "-c", start, str(1 << 30), "", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"{}\n"
    for task in (b"", (CANON / "rdfc10" / "test074-in.nq").read_bytes()):
        process.stdin.write(msgspec.json.encode(["canonical", task]) + b"\n")
    process.stdin.flush()
    assert msgspec.json.decode(process.stdout.readline()) == {"canonical": ""}
    assert process.stdout.readline() == b""
    assert process.wait(30) == -signal.SIGALRM
    process.stdin.close()
    process.stdout.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_document_says_comes_back(worker: Worker) -> None:
    found = worker.read(GOOD)
    kinds = {kind for node in found.nodes for kind in node["type"]}
    assert {"gx:LegalPerson", "gx:Address", "gx:ServiceOffering", "gx:DataProduct"} <= kinds
    assert found.canonical.count("\n") > 40


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"{", "jsonld.form"),
        (b"[]", "jsonld.form"),
        (b"\xff", "jsonld.form"),
        (b"[" * 100_000, "jsonld.form"),
        (b'{"@context":"https://evil.example"}', "jsonld.unknown"),
        (b" " * (MAX_BYTES + 1), "jsonld.large"),
    ],
)
def test_what_is_no_document_is_refused_by_name(worker: Worker, document: bytes, code: str) -> None:
    with pytest.raises(WorkerError) as error:
        worker.read(document)
    assert _code(error) == code


def test_memory_is_bounded() -> None:
    small = Worker(memory=1 << 20)
    with pytest.raises(WorkerError) as error:
        small.read(GOOD)
    assert _code(error) == "jsonld.worker"
    assert small.pid is None


def test_a_worker_that_died_is_replaced(worker: Worker) -> None:
    worker.read(GOOD)
    assert worker.pid is not None
    os.kill(worker.pid, 9)
    for _ in range(2):
        try:
            assert worker.read(GOOD).subjects
        except WorkerError:
            continue
    assert worker.read(GOOD).subjects


@needs_trust
def test_official_shapes_are_asked_in_the_worker_too(worker: Worker) -> None:
    with pytest.raises(WorkerError) as error:
        worker.fits(GOOD)
    assert _code(error) == "jsonld.shapes"
    simple = Worker(seconds=30, shapes=str(LOIRE / "xfsc-test-shapes.ttl"), classes=str(LOIRE / "ontology-classes.ttl"))
    try:
        assert isinstance(simple.fits(GOOD), list)
    finally:
        simple.close()


def test_f34_a_million_statements_are_refused_before_they_are_read(worker: Worker) -> None:
    before = worker.pid
    with pytest.raises(WorkerError) as error:
        worker.canonical(b'<urn:a> <urn:b> "c" .\n' * 1_000_000)
    assert _code(error) == "jsonld.large"
    small = b"".join(b'_:%x<a:>"" .\n' % n for n in range(18_000))
    with pytest.raises(WorkerError) as error:
        worker.canonical(small[:MAX_BYTES])
    assert _code(error) in ("jsonld.large", "jsonld.form")
    assert worker.pid in (before, worker.pid)


def test_f34_an_expression_that_never_ends_ends_the_worker(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<urn:shape> a sh:NodeShape ; sh:targetClass <https://w3id.org/gaia-x/2511#EUID> ;\n"
        '  sh:property [ sh:path <https://w3id.org/gaia-x/2511#euid> ; sh:pattern "^(a+)+$" ] .\n'
    )
    empty = tmp_path / "classes.ttl"
    empty.write_text("")
    slow = Worker(shapes=str(shapes), classes=str(empty))
    node = {"@context": [terms.V2, terms.GX], "id": "urn:a", "type": "gx:EUID", "gx:euid": "a" * 64 + "!"}
    try:
        with pytest.raises(WorkerError) as error:
            slow.fits(msgspec.json.encode(node))
        assert _code(error) == "jsonld.time"
        assert slow.pid is None
    finally:
        slow.close()


@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 1)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1/')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('x', 'w')",
        "import os; os.open('x', os.O_CREAT)",
        "import rdflib; rdflib.Graph().parse('http://127.0.0.1:1/')",
        "import rdflib; rdflib.Graph().parse(data='{\"@context\":\"http://127.0.0.1:1/\"}', format='json-ld')",
    ],
)
def test_nobody_in_the_process_talks_to_anybody(deed: str, tmp_path: Path) -> None:
    code = f"import catalog.rdf.worker; catalog.rdf.worker.seclude()\n{deed}"
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=where)
    assert done.returncode == 1
    assert "PermissionError" in done.stderr
    assert list(tmp_path.iterdir()) == []


@needs_standards
def test_a_graph_is_judged_by_the_official_composition_in_a_folder(tmp_path: Path) -> None:
    worker = Worker.of_portals()
    document = b"@prefix dcat: <http://www.w3.org/ns/dcat#> . <urn:d> a dcat:Dataset ; dcat:theme <urn:t> ."
    try:
        graph = worker.graph(document, "text/turtle")
        found = {(one.severity, one.path, one.constraint) for one in worker.judge(graph, str(DCAT))}
        assert ("violation", "dct:title", "MinCount") in found
        with pytest.raises(WorkerError) as error:
            worker.judge(graph, str(tmp_path))
        assert (_code(error), error.value.reason.params["what"]) == ("rdf.shapes", "dcat-ap-SHACL-DE.ttl")
    finally:
        worker.close()


def test_every_reason_not_to_read_a_document_has_a_sentence() -> None:
    codes = set(
        re.findall(r'"(rdf\.[a-z_]+)"', "".join((ROOT / name).read_text() for name in ("reading.py", "worker.py")))
    )
    assert codes | {"rdf.time", "rdf.worker"} <= rdf.TEMPLATES.keys()
    assert len(codes) >= 6


def test_a_node_imports_no_rdf() -> None:
    code = (
        "import sys, connector.node;"
        "print([m for m in sys.modules if m.split('.')[0] in ('rdflib', 'pyshacl', 'pyoxigraph', 'pyld')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
