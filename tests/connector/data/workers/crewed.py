"""A node in this process with data processes of its own, and a contract under which a file may be had."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from connector.config import load
from connector.founding import initialise
from connector.node import Node, build
from connector.ports import Transaction
from connector.records import Participant, Written
from scripts.lib.ports import free_port
from tests.connector.data.world import PEER, PID, agreement, asset, started


@asynccontextmanager
async def crewed(
    folder: Path, content: bytes, *constraints: Mapping[str, Any], workers: int = 2
) -> AsyncIterator[tuple[Node, aiohttp.ClientSession, str]]:
    """The node, a session that proves itself, and the URL of the data."""
    port = free_port()
    initialise(folder / "n", f"http://127.0.0.1:{port}", public_port=port, management_port=free_port(), lab=True)
    file = folder / "data.bin"
    file.write_bytes(content)
    node = build(load(folder / "n", {}), workers=workers)
    await put(
        node,
        Participant(id=PEER, name="utility", url="http://u", base="http://u", keys={}, words="", added=0, added_by="a"),
        started(),
        agreement(*constraints),
        asset("file", path=str(file)),
    )
    await node.start()
    headers = {"Authorization": f"Bearer {node.gate.credential(PID)}", "Accept-Encoding": "identity"}
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    try:
        async with aiohttp.ClientSession(headers=headers, connector=connector, auto_decompress=False) as session:
            yield node, session, f"http://127.0.0.1:{port}/data/{PID}"
    finally:
        await node.close()


async def put(node: Node, *records: Any) -> None:
    """Have these in the node's store."""

    def act(tx: Transaction) -> None:
        for record in records:
            tx.put(record)

    await node.store.write(act)


async def events(node: Node) -> list[tuple[str, str]]:
    """What stands in the log of accesses, with its reason."""
    kept = await node.store.read(lambda view: view.log(limit=10_000))
    entries = [msgspec.json.decode(entry.body, type=Written) for entry in kept]
    return [(one.event, one.params.get("reason", "")) for one in entries if one.event.startswith("access.")]
