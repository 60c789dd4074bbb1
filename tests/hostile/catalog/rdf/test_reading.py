"""Documents that want more than to be read, through the worker: each is refused by name or is harmless, nobody is asked
anything on the network, and the next document is read."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from catalog.graph import Graph
from catalog.rdf.reading import MAX_STATEMENTS
from catalog.rdf.worker import GRAPH_BYTES, Worker, WorkerError

GOOD = b"<urn:a> <http://purl.org/dc/terms/title> 'Baeume' ."
TURTLE, N_TRIPLES = "text/turtle", "application/n-triples"
XML, JSON = "application/rdf+xml", "application/ld+json"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/"'


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker.of_portals(seconds=60)
    yield made
    made.close()


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """Listens; it is a mistake if anybody comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


def _url(ear: socket.socket) -> str:
    return f"http://127.0.0.1:{ear.getsockname()[1]}/context.jsonld"


def _refused(worker: Worker, data: str | bytes, form: str) -> tuple[str, str]:
    with pytest.raises(WorkerError) as error:
        worker.graph(data if isinstance(data, bytes) else data.encode(), form, "https://a.example/c")
    # The next one is read, by the same process or a new one.
    assert worker.graph(GOOD, TURTLE)["urn:a"]
    reason = error.value.reason
    return reason.code, str(reason.params["what"])


def _read(worker: Worker, data: str | bytes, form: str) -> Graph:
    return worker.graph(data if isinstance(data, bytes) else data.encode(), form, "https://a.example/c")


def _outcome(worker: Worker, data: str, form: str) -> str:
    try:
        _read(worker, data, form)
    except WorkerError as error:
        return error.reason.code
    return "read"


# --- contexts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        '{"@context":"URL","@id":"urn:a","urn:p":"x"}',
        '{"@context":[{"a":"urn:a"},"URL"],"@id":"urn:a"}',
        '[{"@id":"urn:a","urn:p":{"@context":"URL","@id":"urn:b"}}]',
        '{"@context":{"@import":"URL"},"@id":"urn:a"}',
        '{"@context":{"T":{"@id":"urn:T","@context":"URL"}},"@id":"urn:a","@type":"T"}',
        '{"@context":{"p":{"@id":"urn:p","@context":["URL",{"x":"urn:x"}]}},"@id":"urn:a","p":{"x":1}}',
        '{"@graph":[{"@context":{"@context":"URL"},"@id":"urn:a"}]}',
    ],
)
def test_a_context_from_elsewhere_is_refused_by_its_url_and_never_asked_for(
    worker: Worker, ear: socket.socket, document: str
) -> None:
    assert _refused(worker, document.replace("URL", _url(ear)), JSON) == ("rdf.context", _url(ear))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "data:application/json,{}", "", "../up"])
def test_a_context_is_no_file_of_this_machine(worker: Worker, url: str) -> None:
    assert _refused(worker, '{"@context":"URL","@id":"urn:a"}'.replace("URL", url), JSON) == ("rdf.context", url)


@pytest.mark.parametrize(
    "document",
    [
        '{"@context":{"a":"b:x","b":"c:y","c":"a:z"},"@id":"urn:a","a":"1"}',
        '{"@context":{"a":{"@id":"b"},"b":{"@id":"a"}},"@id":"urn:a","a":"1"}',
        '{"@context":{"@vocab":"@vocab","@base":"@base"},"@id":"urn:a","a":"1"}',
    ],
)
def test_a_context_of_itself_ends(worker: Worker, document: str) -> None:
    assert _outcome(worker, document, JSON) in ("read", "rdf.form", "rdf.large")
    assert worker.graph(GOOD, TURTLE)


# --- XML --------------------------------------------------------------------------------------------------------------


def _xml(doctype: str, title: str) -> str:
    return (
        f'<?xml version="1.0"?>{doctype}<rdf:RDF {RDF}><rdf:Description rdf:about="urn:a">'
        f"<dct:title>{title}</dct:title></rdf:Description></rdf:RDF>"
    )


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.mark.parametrize(
    ("doctype", "title"),
    [
        (f"<!DOCTYPE r [{BOMB}]>", "&e11;"),
        ('<!DOCTYPE r [<!ENTITY e0 SYSTEM "file:///etc/passwd">]>', "&e0;"),
        ('<!DOCTYPE r [<!ENTITY e0 SYSTEM "URL">]>', "&e0;"),
        ('<!DOCTYPE r [<!ENTITY % e0 SYSTEM "URL"> %e0;]>', "x"),
        (f'<!DOCTYPE r [<!ENTITY e0 "{"a" * 100_000}">]>', "&e0;" * 1_000),
    ],
)
def test_entities_are_refused_by_name(worker: Worker, ear: socket.socket, doctype: str, title: str) -> None:
    assert _refused(worker, _xml(doctype, title).replace("URL", _url(ear)), XML) == ("rdf.entity", "e0")


def test_a_dtd_from_elsewhere_is_not_asked_for(worker: Worker, ear: socket.socket) -> None:
    assert _refused(worker, _xml(f'<!DOCTYPE r SYSTEM "{_url(ear)}">', "x"), XML) == ("rdf.entity", _url(ear))
    assert _read(worker, _xml("<!DOCTYPE rdf:RDF>", "x"), XML)["urn:a"]["dct:title"] == [{"@value": "x"}]


def test_xinclude_and_stylesheets_are_text(worker: Worker, ear: socket.socket) -> None:
    document = (
        f'<?xml-stylesheet href="{_url(ear)}"?><rdf:RDF {RDF}><rdf:Description rdf:about="urn:a"><dct:title '
        f'rdf:parseType="Literal"><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{_url(ear)}"/></dct:title>'
        "</rdf:Description></rdf:RDF>"
    )
    (title,) = _read(worker, document, XML)["urn:a"]["dct:title"]
    assert title["@type"] == "rdf:XMLLiteral"
    assert _url(ear) in title["@value"]


# --- size -------------------------------------------------------------------------------------------------------------


def test_a_million_statements_are_refused_and_the_node_goes_on(worker: Worker) -> None:
    many = b"".join(b'<s:%d> <p:> "%d" .\n' % (n % 1000, n) for n in range(1_000_000))
    assert len(many) < GRAPH_BYTES
    assert _refused(worker, many, N_TRIPLES) == ("rdf.large", f"{MAX_STATEMENTS} statements")


def test_a_document_that_is_too_long_is_not_even_handed_over(worker: Worker) -> None:
    before = worker.pid
    assert _refused(worker, b" " * (GRAPH_BYTES + 1), TURTLE) == ("rdf.large", f"{GRAPH_BYTES + 1} bytes")
    assert worker.pid in (before, worker.pid)


@pytest.mark.parametrize(
    ("data", "form", "codes"),
    [
        ("[" * 100_000, JSON, {"rdf.form", "rdf.large"}),
        ('{"urn:p":' * 900 + "1" + "}" * 900, JSON, {"rdf.large"}),
        ("<urn:a> <urn:b> " + "[<urn:b> " * 50_000, TURTLE, {"rdf.form", "rdf.large"}),
        ("<urn:a> <urn:b> " + "(" * 50_000, TURTLE, {"rdf.form", "rdf.large"}),
        (f"<rdf:RDF {RDF}>" + "<dct:a><dct:b>" * 10_000, XML, {"rdf.form", "rdf.large"}),
        ("@prefix a: <urn:" + "x" * 20_000 + "> . a:b a:c a:d .", TURTLE, {"rdf.large"}),
    ],
)
def test_depth_and_long_names_are_refused(worker: Worker, data: str, form: str, codes: set[str]) -> None:
    assert _refused(worker, data, form)[0] in codes


def test_a_deep_document_that_is_whole_is_read_or_refused(worker: Worker) -> None:
    deep = f"<rdf:RDF {RDF}>" + "<dct:A><dct:b>" * 1_500 + "</dct:b></dct:A>" * 1_500 + "</rdf:RDF>"
    assert len(_read(worker, deep, XML)) == 1_500


def test_one_line_of_a_million_characters_is_one_line(worker: Worker) -> None:
    assert _refused(worker, "<urn:a> <urn:b> " + "x" * 1_000_000, N_TRIPLES) == ("rdf.form", "line 1")
    found = _read(worker, '<urn:a> <urn:b> "' + "x" * 1_000_000 + '" .', N_TRIPLES)
    assert len(found["urn:a"]["urn:b"][0]["@value"]) == 1_000_000


def test_nodes_that_all_look_alike_are_named_in_time(worker: Worker) -> None:
    """A graph that the canonical form would take for ever to name: every node leads to every other."""
    clique = "\n".join(f"_:n{a} <urn:p> _:n{b} ." for a in range(60) for b in range(60) if a != b)
    found = _read(worker, clique, N_TRIPLES)
    assert len(found) == 60
    ring = "\n".join(f"_:n{a} <urn:p> _:n{(a + 1) % 4_000} ." for a in range(4_000))
    assert len(_read(worker, ring, N_TRIPLES)) == 4_000


def test_too_little_memory_or_time_is_said(worker: Worker) -> None:
    hasty = Worker.of_portals(seconds=0.8)
    many = b"".join(b'<urn:s%d> <urn:p> "%d" .\n' % (n, n) for n in range(200_000))
    try:
        assert _refused(hasty, GOOD.replace(b".", b"; <urn:q> 1 ."), XML)[0] == "rdf.form"
        with pytest.raises(WorkerError) as error:
            hasty.graph(many, N_TRIPLES)
        assert error.value.reason.code == "rdf.time"
        assert hasty.pid is None
    finally:
        hasty.close()
    small = Worker.of_portals(memory=220 << 20, seconds=30)
    try:
        with pytest.raises(WorkerError) as error:
            small.graph(many, N_TRIPLES)
        assert error.value.reason.code in ("rdf.large", "rdf.time")
    finally:
        small.close()


# --- charsets and characters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "form", "named"),
    [
        (b"<urn:a> <urn:b> '\xe4' .", "text/turtle", "utf-8"),
        (b"<urn:a> <urn:b> '\xe4' .", "text/turtle; charset=us-ascii", "us-ascii"),
        (b"<urn:a> <urn:b> '\xe4' .", "text/turtle; charset=rot13", "rot13"),
        (b"<urn:a> <urn:b> '\xe4' .", "text/turtle; charset=unicode_escape", "unicode_escape"),
        (b'<?xml version="1.0" encoding="ebcdic"?><a>\xe4</a>', XML, "ebcdic"),
        (b"\xff\xfe<\x00\xd8", TURTLE, "utf-16"),
    ],
)
def test_a_wrong_charset_is_refused_by_its_name(worker: Worker, data: bytes, form: str, named: str) -> None:
    assert _refused(worker, data, form) == ("rdf.charset", named)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (r"<urn:a> <urn:p> '\uD800\u0000' .", TURTLE),
        (r'<urn:a> <urn:p> "\uD800\u0000" .', N_TRIPLES),
        ('<urn:a> <urn:p> "x\0" .', N_TRIPLES),
        (r'{"@id":"urn:a","urn:p":"x\u0000"}', JSON),
    ],
)
def test_characters_that_nobody_can_keep_are_marked(worker: Worker, data: str, form: str) -> None:
    assert _outcome(worker, data, form) in ("read", "rdf.form")
    for node in _read(worker, data, form).values() if _outcome(worker, data, form) == "read" else ():
        assert "\ufffd" in node["urn:p"][0]["@value"]


@pytest.mark.parametrize("form", ["text/html", "application/n-quads", "application/trig", "", "text/csv", "x" * 10_000])
def test_other_forms_are_refused_by_name(worker: Worker, form: str) -> None:
    assert _refused(worker, GOOD, form) == ("rdf.media_type", form[:80])
