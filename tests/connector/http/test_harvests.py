"""Portals and records at the management API: kept, asked, taken from, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from catalog.portal import turtle
from connector.http.client import HttpPeer
from connector.node import Node
from tests.catalog.repair.records import ID, sound
from tests.connector.http.nodes import a_node, events, manage, told


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    peer = HttpPeer(inner=True)
    async with a_node(tmp_path, peer=peer) as made:
        yield made
    await peer.close()


@pytest.fixture
async def portal() -> AsyncIterator[str]:
    """A portal with one record, which redirects to its catalogue."""

    async def shown(request: web.Request) -> web.Response:
        return web.Response(body=turtle.write(sound()), content_type="text/turtle")

    async def led(request: web.Request) -> web.Response:
        raise web.HTTPFound("/catalog.ttl")

    made = web.Application()
    made.router.add_get("/catalog.ttl", shown)
    made.router.add_get("/", led)
    runner = web.AppRunner(made)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_a_portal_is_kept_asked_and_removed(node: Node, portal: str) -> None:
    body = {"name": "land", "url": portal, "private": True}
    assert (await manage(node, "POST", "/v1/harvests", body)).status == 201
    assert told(await manage(node, "POST", "/v1/harvests", body))["code"] == "harvest.exists"
    ran = told(await manage(node, "POST", "/v1/harvests/land/run", {}))
    assert (ran["added"], ran["refused"], ran["reason"]) == (1, 0, None), ran
    again = told(await manage(node, "POST", "/v1/harvests/land/run", {}))
    assert (again["added"], again["same"], again["items"]) == (0, 1, [])
    (one,) = told(await manage(node, "GET", "/v1/harvests"))["items"]
    assert (one["name"], one["datasets"], one["reason"]) == ("land", 1, None)
    assert (await manage(node, "DELETE", "/v1/harvests/land")).status == 204
    assert told(await manage(node, "POST", "/v1/harvests/land/run", {}))["code"] == "harvest.unknown"
    told_of = [event for event, _ in await events(node)]
    assert {"harvest.added", "asset.harvest_added", "harvest.removed"} <= set(told_of)


async def test_a_portal_in_a_network_of_ones_own_is_asked_only_where_that_was_said(node: Node, portal: str) -> None:
    answer = await manage(node, "POST", "/v1/harvests", {"name": "land", "url": portal})
    if answer.status == 201:
        ran = told(await manage(node, "POST", "/v1/harvests/land/run", {}))
        assert ran["added"] == 0 and ran["reason"] is not None
    else:
        assert answer.status == 400


async def test_records_of_a_file_are_taken_and_what_is_none_is_refused(node: Node) -> None:
    body = {"records": [{"id": ID, "nodes": list(sound().values())}], "source": "datei.ttl"}
    taken = told(await manage(node, "POST", "/v1/imports", body))
    assert taken["added"] == 1, taken
    assert told(await manage(node, "POST", "/v1/imports", body))["same"] == 1
    wrong = {"records": [{"id": ID, "nodes": [{"@id": 3}]}]}
    assert told(await manage(node, "POST", "/v1/imports", wrong))["code"] == "import.form"
    other = {"records": [{"id": "https://x.example/other", "nodes": list(sound().values())}]}
    assert told(await manage(node, "POST", "/v1/imports", other))["code"] == "import.root"
