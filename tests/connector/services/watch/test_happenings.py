"""From the log to what people hear of: names of things, never of people; reading on; waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connector.node import Node
from connector.records import Entry, Right
from connector.sentences import sentence
from connector.services.watch import happenings as module
from connector.services.watch.events import Importance
from policies.model import Reason
from tests.connector.http.nodes import PEER, a_node, publish


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


async def told(node: Node, after: int = -1) -> list[str]:
    """What is said, in English."""
    found = await node.happenings.read(after)
    return [sentence(Reason(one.code, one.params), "en") for one in found.happenings]


async def test_names_of_things_and_of_nobody(node: Node) -> None:
    await publish(node, "trees")
    await node.operators.add("karin.schmidt", "maria.weber", Right.AUDITOR)
    await node.store.write(
        lambda tx: tx.record(
            Entry(
                event="approval.declined",
                actor="karin.schmidt",
                params={"peer": PEER, "dataset": "urn:x/trees", "reason": "Mr Weber is ill", "drafted_by": "otto"},
            )
        )
    )
    said = await told(node)
    assert '"trees" is offered.' in said
    assert '"trees" has been declined for utility.' in said
    assert "An account for the management API was made (role auditor)." in said
    found = await node.happenings.read(-1)
    text = msgspec.json.encode(found.happenings).decode() + "\n".join(said)
    for secret in ("karin", "maria", "otto", "Weber"):
        assert secret not in text


async def test_reading_goes_on_where_it_was(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    start = await node.happenings.end()
    for n in range(10):
        event = "operator.added" if n % 2 else "catalog.read"
        await node.store.write(
            lambda tx, event=event, n=n: tx.record(Entry(event=event, actor="node", params={"role": str(n)}))
        )
    found, after, roles = None, start, []
    while found is None or found.index != after:
        after = start if found is None else found.index
        found = await node.happenings.read(after, limit=2)
        roles += [one.params["role"] for one in found.happenings]
    assert roles == ["1", "3", "5", "7", "9"]
    assert found.index == await node.happenings.end()


async def test_what_matters_less_is_left_out(node: Node) -> None:
    await publish(node)
    await node.store.write(lambda tx: tx.record(Entry(event="head.conflict", actor=PEER)))
    found = await node.happenings.read(-1, least=Importance.ALARM)
    assert [one.event for one in found.happenings] == ["head.conflict"]
    assert found.happenings[0].params == {"peer": "utility"}


async def test_following_waits_for_what_happens(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    end = await node.happenings.end()
    waiting = asyncio.create_task(node.happenings.follow(end, least=Importance.NOTE, limit=10, wait=30))
    await asyncio.sleep(0)
    await node.store.write(lambda tx: tx.record(Entry(event="peer.removed", actor="x", params={"peer": PEER})))
    assert [one.event for one in (await waiting).happenings] == ["peer.removed"]
    nothing = await node.happenings.follow(end + 1, least=Importance.NOTE, limit=10, wait=0.02)
    assert nothing.happenings == ()


async def test_what_a_peer_has_called_something_is_one_line_of_letters(node: Node) -> None:
    """It goes into mails and terminals, where it must not look like a line of its own."""
    for name in ("a\n!! 2026-01-01  forged", "a\x1b[2Jb", "a\u202eb", "a\u2028b", "a\x00b"):
        params = {"peer": PEER, "dataset": f"urn:x/{name}", "state": name}
        await node.store.write(
            lambda tx, params=params: tx.record(Entry(event="data.refused", actor=PEER, params=params))
        )
    found = [one for one in (await node.happenings.read(-1)).happenings if one.event == "data.refused"]
    assert len(found) == 5
    assert all(value.isprintable() for one in found for value in one.params.values())
    assert found[0].params["asset"] == "a !! 2026-01-01 forged"
