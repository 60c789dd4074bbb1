"""Places of devices at a running node, as tests of a device take them; a link that answers as a test says."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from connector.system import SystemClock
from edge_node.errors import EdgeError
from edge_node.network.link import Answer, Link
from edge_node.place.identity import Pins
from edge_node.place.joining import Place, read_place, take_place
from tests.connector.certified import Region


def now() -> int:
    return SystemClock().now()


async def place(served: Region) -> Place:
    return read_place(f"{await served.code()}@{served.url}")


async def take(one: Place, folder: Path, link: Link, **given: Any) -> Pins:
    return await take_place(one, folder, link, **({"now": now(), "draw": secrets.token_bytes} | given))


async def code(pending: Awaitable[object]) -> tuple[str, str]:
    with pytest.raises(EdgeError) as caught:
        await pending
    return caught.value.code, caught.value.params.get("why", "")


class Scripted:
    """A link that answers as the real one, but for what a test puts in its place."""

    def __init__(self, real: Link, **answers: Answer) -> None:
        self._real, self._answers = real, answers

    async def get(self, url: str, **given: Any) -> Answer:
        return self._answers.get(url.rpartition("/")[2]) or await self._real.get(url, **given)

    async def post(self, url: str, body: bytes, **given: Any) -> Answer:
        return self._answers.get(url.rpartition("/")[2]) or await self._real.post(url, body, **given)


def said(body: bytes, status: int = 200) -> Answer:
    return Answer(status, {}, body)
