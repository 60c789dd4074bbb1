"""Covers connector/http/sparql.py and connector/services/querying.py: everybody asks about what everybody may see."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
import pytest_asyncio

from catalog.rdf.sparql import Answered, Loaded, Sparql
from catalog.rdf.worker import WorkerError
from connector import founding, node
from connector.config import load
from connector.errors import BusyError
from connector.http import sparql
from connector.http.exchange import Request, Response
from connector.http.sparql import accepted
from connector.node import Node
from connector.services.querying import MOST, Querying
from tests.connector.http.nodes import ROOT, Claimed, Silent, a_node, publish

PATH = urlsplit(ROOT).path + "/sparql"
TITLES = (
    "PREFIX dct: <http://purl.org/dc/terms/> SELECT ?d ?t { ?d a <http://www.w3.org/ns/dcat#Dataset> ; dct:title ?t }"
)


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        querying = Querying(made.catalogs.portal, Sparql())
        sparql.publish(made.publications, querying)
        yield made
        await querying.close()


async def get(city: Node, query: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await city.dsp.handle(Request("GET", PATH, f"query={quote(query)}", named, b""))


async def post(city: Node, body: str | bytes, form: str, query: str = "") -> Response:
    data = body if isinstance(body, bytes) else body.encode()
    return await city.dsp.handle(Request("POST", PATH, query, {"content-type": form}, data))


async def test_what_is_offered_to_everybody_can_be_asked_about_and_nothing_else(city: Node) -> None:
    await publish(city, "trees")
    await publish(city, "secret", assignee="did:web:utility.example")
    answer = await get(city, TITLES, accept="text/csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert f"{ROOT}/datasets/trees" in answer.body.decode()
    assert "secret" not in (await get(city, "SELECT * { ?s ?p ?o }")).body.decode()


async def test_what_is_new_is_found(city: Node) -> None:
    await publish(city, "trees")
    assert b"benches" not in (await get(city, TITLES)).body
    await publish(city, "benches")
    city.catalogs.portal._looked = -(10**12)
    assert b"benches" in (await get(city, TITLES)).body


async def test_a_query_comes_in_three_ways(city: Node) -> None:
    await publish(city, "trees")
    expected = (await get(city, TITLES)).body
    assert b"trees" in expected
    assert (await post(city, TITLES, "application/sparql-query; charset=utf-8")).body == expected
    assert (await post(city, urlencode({"query": TITLES}), "application/x-www-form-urlencoded")).body == expected
    head = await city.dsp.handle(Request("HEAD", PATH, f"query={quote(TITLES)}", {}, b""))
    assert (head.status, head.body) == (200, b"")


async def test_what_is_no_query_is_refused_by_name(city: Node) -> None:
    for answer, status, code in (
        (await get(city, ""), 400, "sparql.missing"),
        (await get(city, "SELECT ?x {"), 400, "sparql.syntax"),
        (await get(city, "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"), 400, "sparql.service"),
        (await get(city, "ASK {}" + " " * 20_000), 413, "sparql.long"),
        (await post(city, "DROP ALL", "application/sparql-update"), 415, "sparql.update"),
        (await post(city, "update=DROP+ALL", "application/x-www-form-urlencoded"), 400, "sparql.update"),
        (await post(city, "ASK {}", "text/plain"), 415, "sparql.form"),
        (await post(city, b"\xff", "application/sparql-query"), 400, "request.query"),
        (await post(city, "ASK {}", "application/sparql-query", "default-graph-uri=urn:g"), 400, "sparql.dataset"),
    ):
        assert answer.status == status
        assert code in answer.body.decode()
    answer = await city.dsp.handle(Request("DELETE", PATH, "", {}, b""))
    assert answer.status == 405


def test_media_types_are_wished_for_in_their_order() -> None:
    accept = "text/html;q=0.5, text/csv, */*;q=0.1, text/turtle;q=0.8, application/json;q=0, x/y;q=nan"
    assert accepted({"accept": accept}) == ("text/csv", "text/turtle", "text/html")
    assert accepted({}) == ()
    assert len(accepted({"accept": "a/b," * 1_000})) == 16


class Slow:
    """Answers when it is told to; the first `lost` times as a process that has just begun."""

    def __init__(self, lost: int = 0) -> None:
        self.go, self.loads, self._lost = threading.Event(), 0, lost

    def load(self, loaded: Loaded) -> int:
        self.loads += 1
        return 0

    def ask(self, query: str, accepted: tuple[str, ...] = ()) -> Answered:
        self.go.wait(10)
        if self._lost:
            self._lost -= 1
            raise WorkerError("sparql.empty")
        return Answered("text/csv", b"")

    def close(self) -> None:
        return None


async def test_too_many_who_wait_are_sent_away(tmp_path: Path) -> None:
    async with a_node(tmp_path) as city:
        slow = Slow()
        querying = Querying(city.catalogs.portal, slow)
        waiting = [asyncio.create_task(querying.ask("ASK {}")) for _ in range(MOST)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await querying.ask("ASK {}")
        slow.go.set()
        assert len(await asyncio.gather(*waiting)) == MOST
        assert slow.loads == 1
        await querying.ask("ASK {}")


async def test_a_process_that_was_lost_is_told_again_what_there_is(tmp_path: Path) -> None:
    async with a_node(tmp_path) as city:
        slow = Slow(lost=1)
        slow.go.set()
        querying = Querying(city.catalogs.portal, slow)
        await querying.ask("ASK {}")
        assert slow.loads == 2
        again = Querying(city.catalogs.portal, Slow(lost=5))
        again._answers.go.set()  # type: ignore[attr-defined]
        with pytest.raises(BusyError):
            await again.ask("ASK {}")


@pytest.mark.parametrize(
    ("setting", "package", "status"), [("true", True, 200), ("true", False, 501), ("false", True, 401)]
)
async def test_it_is_there_where_the_setting_and_the_package_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, package: bool, status: int
) -> None:
    directory = tmp_path / "node"
    founding.initialise(directory, ROOT, public_port=0, management_port=0, lab=True)
    if not package:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    config = load(directory, {"ALLMENDE_CATALOG__SPARQL": setting})
    parts: dict[str, Any] = {"identity": Claimed(), "peer": Silent()}
    made = node.build(config, threaded=False, **parts)
    try:
        answer = await get(made, "ASK {}")
        assert answer.status == status
        if not package:
            assert b"allmende[sparql]" in answer.body
    finally:
        await made.catalogs.close()
        await made.gate.close()
        await made.client.close()
        await made.store.close()
