"""What every Peer must do. An adapter's test module subclasses `PeerContract` and gives the fixtures."""

from __future__ import annotations

import pytest

from connector.errors import DeliveryError
from connector.ports import Peer


class PeerContract:
    """Fixtures: `peer` is the adapter; `echo` the root URL of a server on loopback that answers

    `POST /echo` with 200, the body it got and the Authorization it got in the field `Seen`; `GET /status/N` with
    status N and the body `N`; `GET /long` with 300,000 bytes `x`; and `dead` the root URL of nobody.
    """

    async def test_a_message_arrives_as_it_was_sent(self, peer: Peer, echo: str) -> None:
        reply = await peer.send("POST", echo + "/echo", authorization="Bearer a.b.c", body=b'{"a":1}', private=True)
        assert (reply.status, reply.body, reply.headers["seen"]) == (200, b'{"a":1}', "Bearer a.b.c")

    @pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 400, 401, 404, 500, 503])
    async def test_any_answer_at_all_is_returned(self, peer: Peer, echo: str, status: int) -> None:
        reply = await peer.send("GET", f"{echo}/status/{status}", private=True)
        assert reply.status == status

    async def test_nobody_there_is_a_delivery_error(self, peer: Peer, dead: str) -> None:
        with pytest.raises(DeliveryError):
            await peer.send("POST", dead + "/echo", body=b"{}", private=True)
        with pytest.raises(DeliveryError):
            await peer.open(dead + "/long", headers={}, private=True)

    async def test_inward_addresses_need_permission(self, peer: Peer, echo: str) -> None:
        with pytest.raises(DeliveryError):
            await peer.send("POST", echo + "/echo", body=b"{}")
        with pytest.raises(DeliveryError):
            await peer.open(echo + "/long", headers={})

    async def test_a_stream_gives_the_whole(self, peer: Peer, echo: str) -> None:
        stream = await peer.open(echo + "/long", headers={"Allmende-Purpose": "x"}, private=True)
        assert stream.status == 200
        assert b"".join([piece async for piece in stream.chunks()]) == b"x" * 300_000
        await stream.close()
