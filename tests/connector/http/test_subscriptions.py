"""connector/http/v1/subscriptions.py and the service behind it, over the management API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.data.consuming.following import Heard
from connector.http.v1 import subscriptions
from connector.node import Node
from connector.records import Agreement
from policies.model import Reason
from tests.connector.data import world
from tests.connector.http.nodes import PEER, a_node, events, manage, told

CONTRACT = world.AGREEMENT


async def agree(made: Node, **changes: Any) -> None:
    one: Agreement = msgspec.structs.replace(world.agreement(), role="consumer", peer=PEER, **changes)
    await made.store.write(lambda tx: tx.put(one))


async def test_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    async with a_node(tmp_path) as made:
        await agree(made)
        body = {"contract": CONTRACT[-8:], "into": f"files:{tmp_path / 'rows'}", "settings": {"format": "csv"}}
        answer = await manage(made, "POST", "/v1/subscriptions", {**body, "filter": "n > 1", "properties": "n"})
        one = told(answer)
        assert answer.status == 201
        assert (one["into"], one["state"], one["rows"], one["moved"]) == ("files", "running", 0, None)
        assert one["settings"] == {"path": str(tmp_path / "rows"), "format": "csv"}
        kept = await made.subscriptions.get(one["id"])
        assert kept.query == "properties=n&filter=n+%3E+1"
        tail = one["id"][-8:]
        assert told(await manage(made, "POST", f"/v1/subscriptions/{tail}/pause"))["state"] == "paused"
        assert (await manage(made, "POST", f"/v1/subscriptions/{tail}/pause")).status == 400
        listed = told(await manage(made, "GET", "/v1/subscriptions?state=paused"))["items"]
        assert [item["id"] for item in listed] == [one["id"]]
        assert told(await manage(made, "GET", "/v1/subscriptions?state=running"))["items"] == []
        assert told(await manage(made, "POST", f"/v1/subscriptions/{tail}/resume"))["state"] == "running"
        await made.subscriptions.note(one["id"], Reason("peer.unreachable"))
        assert told(await manage(made, "GET", f"/v1/subscriptions/{tail}"))["reason"]["code"] == "peer.unreachable"
        assert (await manage(made, "DELETE", f"/v1/subscriptions/{tail}")).status == 204
        assert (await manage(made, "GET", f"/v1/subscriptions/{tail}")).status == 404
        seen = [event for event, _ in await events(made) if event.startswith("subscription.")]
        assert seen == [f"subscription.{word}" for word in ("made", "paused", "resumed", "removed")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"into": "carrier:pigeon"}, "sink.target"),
        ({"into": "files:relative"}, "subscription.sink"),
        ({"settings": {"format": "xls"}}, "subscription.sink"),
        ({"settings": {"token": "a secret in the open"}}, "subscription.sink"),
        ({"contract": "urn:uuid:none"}, "agreement.unknown"),
    ],
)
async def test_what_is_refused(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    async with a_node(tmp_path) as made:
        await agree(made)
        body = {"contract": CONTRACT, "into": f"files:{tmp_path / 'rows'}", **changes}
        answer = await manage(made, "POST", "/v1/subscriptions", body)
        assert (answer.status, told(answer)["code"]) == (404 if code == "agreement.unknown" else 400, code)
        assert "a secret in the open" not in answer.body.decode()


async def test_into_the_nodes_own_directory_nothing_is_put(tmp_path: Path) -> None:
    async with a_node(tmp_path) as made:
        await agree(made)
        for path in (made.config.directory, made.config.directory / "keys", tmp_path):
            answer = await manage(made, "POST", "/v1/subscriptions", {"contract": CONTRACT, "into": f"files:{path}"})
            assert told(answer)["code"] == "subscription.sink"


async def test_rows_are_passed_on_as_lines_and_why_they_end() -> None:
    class Followed:
        ended = Reason("transfer.state", {"state": "SUSPENDED"})
        closed = False

        async def rows(self) -> Any:
            for one in (Heard(mark='m"0'), Heard(b'{"n":1}', "m1", gap=True)):
                yield one

        async def close(self) -> None:
            self.closed = True

    followed = Followed()
    lines = [line async for line in subscriptions._lines(followed, "en")]  # type: ignore[arg-type]
    found = [msgspec.json.decode(line) for line in lines]
    assert found[:3] == [{"mark": 'm"0'}, {"gap": True}, {"row": {"n": 1}, "mark": "m1"}]
    assert found[3]["end"]["code"] == "transfer.state"
    assert found[3]["end"]["sentence"]
    assert followed.closed
