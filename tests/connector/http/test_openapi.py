"""The description against what is served: the same endpoints, valid, and answers that keep to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from connector.http import openapi, views
from connector.http.server import Listener, names_of
from connector.telemetry import Metrics
from tests.connector.http.nodes import a_node, manage, told


async def test_everything_served_is_described_and_the_other_way_round(tmp_path: Path) -> None:
    async with a_node(tmp_path) as node:
        document = told(await manage(node, "GET", "/openapi.json", token=""))
        served = {(one.method, one.path) for one in node.management.endpoints}
        routed = {(method, path) for method, path in served if _routed(node, method, path)}
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == served == routed


def _routed(node: Any, method: str, path: str) -> bool:
    found = node.management._router.find(path.replace("{", "").replace("}", ""))
    return found is not None and method in found.routes


async def test_each_operation_names_its_role_and_its_failures(tmp_path: Path) -> None:
    async with a_node(tmp_path) as node:
        document = openapi.document(node.management.endpoints, "1")
    assert document["openapi"] == "3.1.0"
    ids = set()
    for path, item in document["paths"].items():
        for operation in item.values():
            ids.add(operation["operationId"])
            assert operation["summary"].endswith((".", "?")), path
            assert operation["x-role"] in ("open", "auditor", "approver", "steward", "admin")
            assert (operation["security"] == []) is (operation["x-role"] == "open")
            assert "default" in operation["responses"]
    assert len(ids) == sum(len(item) for item in document["paths"].values())


async def test_every_reference_leads_somewhere(tmp_path: Path) -> None:
    async with a_node(tmp_path) as node:
        document = openapi.document(node.management.endpoints, "1")
    shapes = document["components"]["schemas"]
    text = msgspec.json.encode(document).decode()
    for piece in text.split('"$ref":"#/components/schemas/')[1:]:
        assert piece.partition('"')[0] in shapes
    assert set(views.NegotiationView.__struct_fields__) == set(shapes["NegotiationView"]["properties"])


class Served:
    """A node whose management side listens, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ready, self._stop = folder, threading.Event(), asyncio.Event()
        self.url, self.token = "", ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with a_node(self._folder) as node:
            listener = Listener(
                "management",
                serve=node.management.handle,
                refuse=node.management.refuse,
                hosts=names_of("127.0.0.1"),
                metrics=Metrics(),
            )
            await listener.start("127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{listener.port}"
            self.token = (node.config.directory / "token").read_text().strip()
            self._ready.set()
            await self._stop.wait()
            await listener.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as one:
        yield one


CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_answers_keep_to_the_description(served: Served) -> None:
    """A few requests to each endpoint, well and badly formed; those that would look at other hosts are left out."""
    schemathesis.checks.load_all_checks()
    checks = schemathesis.checks.CHECKS.get_by_names(list(CHECKED))
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    asked, seen = set[str](), set[int]()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/v1/peers") and operation.method.upper() == "POST":
            continue

        @FEW
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def ask(case: Any) -> None:
            headers = {"Authorization": f"Bearer {served.token}"}
            seen.add(case.call_and_validate(headers=headers, checks=checks, timeout=20).status_code)

        ask()
        asked.add(f"{operation.method.upper()} {operation.path}")
    assert len(asked) > 40
    assert {200, 201, 400, 404} <= seen
    assert 401 not in seen
