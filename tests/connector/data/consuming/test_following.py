"""connector/data/following.py: Server-Sent Events as a peer may send them, read with care."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from connector.data.consuming.following import Asking, Followed, Following, Heard
from connector.data.consuming.pull import Order
from connector.errors import DeliveryError
from connector.records import Written
from policies.model import Reason
from tests.connector.data import world


class Stream:
    status = 200

    def __init__(self, body: bytes, kind: str = "text/event-stream; charset=utf-8", size: int = 7) -> None:
        self.headers = {"Content-Type": kind}
        self._body, self._size, self.closed = body, size, False

    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._size):
            yield self._body[start : start + self._size]

    async def close(self) -> None:
        self.closed = True


async def heard(folder: Path, stream: Stream) -> tuple[list[Heard], Followed, list[Written]]:
    """What is read of a stream to its end, and what the log says then."""
    store = world.open_store(folder, threaded=False)
    try:
        followed, told = Followed(stream, "urn:t", "admin", store), list[Heard]()  # type: ignore[arg-type]
        try:
            async for one in followed.rows():
                told.append(one)
        except DeliveryError as error:
            followed.ended = error.reason
        log = await store.read(lambda view: view.log(limit=10))
        return told, followed, [msgspec.json.decode(entry.body, type=Written) for entry in log]
    finally:
        await store.close()


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_rows_marks_gaps_and_the_end(tmp_path: Path, size: int) -> None:
    body = (
        b'retry: 2000\n\nid: m0\n\n: beat\n\nid:m1\r\ndata: {"n":1}\r\n\r\nevent: gap\ndata: {}\n\n'
        b'id: m2\ndata: {"n":2}\n\nevent: end\ndata: {"code":"transfer.state","params":{"state":"SUSPENDED"}}\n\n'
    )
    told, followed, log = await heard(tmp_path, Stream(body, size=size))
    assert [(one.row, one.mark, one.gap) for one in told if one.row or one.mark] == [
        (b"", "m0", False), (b'{"n":1}', "m1", False), (b'{"n":2}', "m2", True)
    ]  # fmt: skip
    assert followed.ended == Reason("transfer.state", {"state": "SUSPENDED"})
    (entry,) = log
    assert (entry.event, entry.params["rows"], entry.params["reason"]) == ("data.received", "2", "transfer.state")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'id: x\ndata: {"n":1}\n', "peer.disconnected"),
        (b"", "peer.disconnected"),
        (b"data: {\n\n", "peer.answer_unclear"),
        (b"data: 1\ndata: 2\n\n", "peer.answer_unclear"),
        (b"event: end\ndata: [1]\n\n", "peer.ended"),
        (b"x\n" * ((1 << 22) + 9), "peer.answer_too_large"),
    ],
)
async def test_what_is_no_stream(tmp_path: Path, body: bytes, code: str) -> None:
    stream = Stream(body, size=1 << 16)
    told, followed, log = await heard(tmp_path, stream)
    assert not [one for one in told if one.row]
    assert followed.ended is not None
    assert followed.ended.code == code
    assert stream.closed
    assert len(log) == 1


async def test_what_is_asked_for(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []

    class Peer:
        kind = "text/event-stream"

        async def open(self, url: str, **more: Any) -> Stream:
            asked.append((url, more["headers"]))
            return Stream(b"", self.kind)

    async def order(operator: str, contract: str) -> Any:
        return SimpleNamespace(id="urn:t"), Order(url="https://p/data/x", authorization="Bearer t", transfer="urn:t")

    store, peer = world.open_store(tmp_path, threaded=False), Peer()
    following = Following(fetching=SimpleNamespace(order=order), peer=peer, store=store, clock=world.SetClock())  # type: ignore[arg-type]
    followed = await following.open("admin", "urn:c", Asking(query="limit=1", after="m1", purpose="urn:p"))
    await followed.close()
    ((url, headers),) = asked
    assert url == "https://p/data/x?limit=1"
    assert (headers["Accept"], headers["Last-Event-ID"], headers["Allmende-Purpose"]) == (
        "text/event-stream", "m1", "urn:p"
    )  # fmt: skip
    peer.kind = "text/csv"
    with pytest.raises(DeliveryError) as caught:
        await following.open("admin", "urn:c", Asking())
    assert caught.value.reason.code == "peer.not_live"
    await store.close()
