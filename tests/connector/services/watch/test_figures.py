"""Figures for monitoring: each is documented, right, and of bounded cardinality."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector.node import Node
from connector.records import Agreement, Ask, Question, QuestionState
from connector.services.outbox import Standing
from connector.services.watch import figures as module
from connector.services.watch.figures import FIGURES, Figure
from policies.model import Reason
from tests.connector.http.nodes import PEER, a_node, dsp, manage, message

DAY = 86_400_000_000


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with a_node(tmp_path) as made:
        yield made


def agreement(id: str, **given: Any) -> Agreement:
    fields: dict[str, Any] = {
        "negotiation": f"n-{id}",
        "role": "provider",
        "peer": PEER,
        "dataset": "urn:x",
        "document": {},
        "message": b"",
        "hash": "",
        "concluded": 0,
    }
    return Agreement(id=id, **(fields | given))


async def taken(node: Node) -> dict[str, float]:
    """Figures by name and labels."""
    node.figures._until = -1.0
    return {_key(one): one.value for one in await node.figures.take()}


def _key(one: Figure) -> str:
    return f"{one.name} {' '.join(f'{name}={value}' for name, value in one.labels.items())}".strip()


async def test_what_is_there_is_counted(node: Node) -> None:
    now = node.clock.now()
    kept = [
        agreement("a"),
        agreement("b", expires=now + 5 * DAY),
        agreement("c", ends=now + 20 * DAY, expires=now + 90 * DAY),
        agreement("d", held=Reason("x"), expires=now + 300 * DAY),
        agreement("e", in_force=False, expires=now + DAY),
    ]
    await node.store.write(lambda tx: [tx.put(one) for one in kept])
    asked = Question(id="q", ask=Ask.AGREE, state=QuestionState.OPEN, terms="", needed=1, asked=0, deadline=0)
    await node.store.write(lambda tx: tx.put(asked))
    found = await taken(node)
    assert [found[f"contracts standing={one}"] for one in ("in_force", "held", "ended")] == [3, 1, 1]
    assert [found[f"contracts_expiring days={one}"] for one in (7, 30, 60)] == [1, 2, 2]
    assert (found["questions_open"], found["peers"]) == (1, 1)
    assert found["negotiations state=FINALIZED"] == 0
    assert found["log_entries"] == (await node.happenings.end()) + 1
    assert found["disk_free_bytes"] > 0
    assert found["check_failing check=store"] == 0


async def test_every_figure_is_documented_and_every_documented_one_is_had(node: Node) -> None:
    node.offsets.see("utility.example", "Sat, 21 Nov 2026 07:00:00 GMT")
    found = {one.name for one in await node.figures.take()}
    assert found <= FIGURES.keys()
    assert FIGURES.keys() - found == {"certificate_days"}, "this node has no certificate of its own"


async def test_peers_are_shown_up_to_a_limit(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PEERS", 3)
    now = node.clock.now()
    waiting = [Standing(PEER, 5, 1, now - 60_000_000, 2, None)]
    waiting += [Standing(f"did:web:gone-{n}.example", 1, 0, now - 1_000_000 * n, 0, None) for n in range(40)]
    monkeypatch.setattr(node.figures, "_standing", lambda: waiting)
    found = await taken(node)
    shown = {name: value for name, value in found.items() if name.startswith("outbox")}
    assert shown.keys() == {
        f"outbox_{what} peer={who}" for what in ("waiting", "oldest_seconds") for who in ("utility", "others")
    }
    assert (shown["outbox_waiting peer=utility"], shown["outbox_waiting peer=others"]) == (5, 40)
    assert 59 < shown["outbox_oldest_seconds peer=utility"] < 70


async def test_they_are_served_with_the_counters(node: Node) -> None:
    await dsp(node, "POST", "/catalog/request", message("CatalogRequestMessage"), caller=None)
    text = (await manage(node, "GET", "/metrics")).body.decode()
    assert 'allmende_http_refusals_total{code="token.missing",listener="public"} 1.0' in text
    assert 'allmende_transfers{state="STARTED"} 0.0' in text
    assert "# HELP allmende_peers Pinned peers." in text
    assert (await manage(node, "GET", "/metrics", token="")).status == 401
