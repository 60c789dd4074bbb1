"""Rows as they come (connector/http/live.py, connector/data/answering), over a real socket and a real broker."""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64encode
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from certs.keys import Sealer
from connector.http.exchange import Request, Response
from connector.http.server import Listener, names_of
from connector.records import Silo
from connector.telemetry import Metrics
from policies.model import ODRL
from tests.connector.data.test_egress import duty, under
from tests.connector.data.watched import SEAL, Heard, listening, shared, silo, watched
from tests.connector.data.world import DATASET, PID, agreement, asset, count, started
from tests.servers.mosquitto import READER, Mosquitto

TOPICS = "sensors/{district}/{device}"
FIELDS = ("district", "device", "received", "value", "at")


def broker(mosquitto: Mosquitto, folder: Path, **more: Any) -> Silo:
    (folder / "password").write_text(READER)
    (folder / "password").chmod(0o600)
    return silo(
        host=mosquitto.host, port=str(mosquitto.port), user="reader", password_file=str(folder / "password"),
        topics=TOPICS, fields="value:number=/v at:instant=/at", **more,
    )  # fmt: skip


async def say(mosquitto: Mosquitto, district: str, value: int, **more: Any) -> None:
    payload = f'{{"v":{value},"at":"2027-05-01T10:00:{value % 60:02}Z"}}'
    await asyncio.to_thread(mosquitto.publish, f"sensors/{district}/a", payload, **more)


def values(heard: Heard) -> list[int]:
    return [row["value"] for row in heard.rows]


async def test_rows_come_as_they_are_published_and_a_stream_is_taken_up_again(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    records = (started(), agreement(count(1)), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with listening(w) as heard:
            await heard.marked()
            for value in range(3):
                await say(mosquitto, "7", value)
            await heard.until(3)
            assert values(heard) == [0, 1, 2]
            assert heard.rows[0]["district"] == "7"
            mark = heard.mark
        for value in range(3, 6):
            await say(mosquitto, "7", value)
        async with listening(w, mark) as heard:
            await heard.until(3)
            assert values(heard) == [3, 4, 5]
            assert not heard.gaps
        async with w.session.get(w.address(), headers=w.headers(Accept="text/event-stream")) as response:
            assert response.status == 403  # the one use was drawn; taking it up again was none


async def test_what_a_mark_is_good_for(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Sealed, and for this agreement and dataset alone."""
    records = (started(), agreement(), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with listening(w) as heard:
            mark = await heard.marked()
        other = Sealer(SEAL).seal(msgspec.msgpack.encode(["x", "y:1"]), b"live urn:other " + DATASET.encode())
        for forged in ("x", mark[:-4] + "AAAA", mark.lower(), urlsafe_b64encode(other).decode()):
            headers = w.headers(Accept="text/event-stream", Last_Event_ID=forged)
            async with w.session.get(w.address(), headers=headers) as response:
                assert (response.status, (await response.json())["code"]) == (400, "live.watermark")
        entry = await w.until_event("access.unserved")
        assert entry.params["reason"] == "live.watermark"


async def test_a_chain_is_done_to_each_row_and_a_query_to_what_leaves(tmp_path: Path, mosquitto: Mosquitto) -> None:
    duties = [
        duty("suppress", field="device"),
        duty("filterRows", field="district", fieldValue="7"),
        duty("coarsen", timeField="at", temporalResolution="PT1H"),
    ]
    records = (started(), under(*duties), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with listening(w, query="?filter=value%20%3E%201&properties=value,at") as heard:
            await heard.marked()
            for district, value in (("7", 1), ("8", 5), ("7", 2)):
                await say(mosquitto, district, value)
            await heard.until(1)
            assert heard.rows == [{"value": 2, "at": "2027-05-01T10:00:00Z"}]
            assert "suppress" in heard.response.headers["Allmende-Transforms"]
        for query, code in (("?filter=device%3D%27a%27", "query."), ("?properties=device", "query.")):
            headers = w.headers(Accept="text/event-stream")
            async with w.session.get(w.address() + query, headers=headers) as response:
                assert response.status == 400
                assert (await response.json())["code"].startswith(code)
        # The contract keeps one district, so no other was ever asked of the broker.
        asked = [line for line in mosquitto.log.read_text().splitlines() if "sensors/" in line and "(QoS 1)" in line]
        assert asked
        assert all("sensors/7/+" in line for line in asked), asked


async def test_nobody_learns_when_rows_came_that_do_not_leave(tmp_path: Path, mosquitto: Mosquitto) -> None:
    records = (
        started(),
        under(duty("filterRows", field="value", fieldValue="2")),
        shared("mqtt", TOPICS, *FIELDS),
        broker(mosquitto, tmp_path),
    )
    async with watched(tmp_path, *records) as w, listening(w) as heard:
        first = await heard.marked()
        for value in (1, 3, 1, 2):
            await say(mosquitto, "7", value)
        # The next that is told at all is the row that leaves, with its own mark.
        await heard.one()
        assert values(heard) == [2]
        assert heard.mark != first


@pytest.mark.parametrize("name", ["aggregate", "delay"])
async def test_what_needs_all_rows_or_the_future_refuses_a_stream(
    tmp_path: Path, mosquitto: Mosquitto, name: str
) -> None:
    duties = {
        "aggregate": [duty("aggregate", groupBy="district")],
        "delay": [duty("delay", timeField="at", **{f"{ODRL}delayPeriod": "PT1H"})],
    }[name]
    records = (started(), under(*duties), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with (
        watched(tmp_path, *records) as w,
        w.session.get(w.address(), headers=w.headers(Accept="text/event-stream")) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (403, "transform.endless")


async def test_a_stream_that_may_not_go_on_is_cut_with_the_reason(tmp_path: Path, mosquitto: Mosquitto) -> None:
    records = (started(), agreement(), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with listening(w) as heard:
            await heard.marked()
            await say(mosquitto, "7", 1)
            await heard.until(1)
            mark = heard.mark
            await w.put(started(state="SUSPENDED"))
            await w.say("transfer", PID)
            ended = await heard.out()
            assert ended is not None
            assert ended["code"] == "transfer.state"
        entry = await w.until_event("access.cut")
        assert (entry.params["rows"], entry.params["reason"]) == ("1", "transfer.state")
        await say(mosquitto, "7", 2)
        await w.put(started())
        async with listening(w, mark) as heard:
            await heard.until(1)
            assert values(heard) == [2]


async def test_websocket(tmp_path: Path, mosquitto: Mosquitto) -> None:
    records = (started(), agreement(), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        async with w.session.ws_connect(w.address(), headers=w.headers(), protocols=["allmende.rows"]) as socket:
            assert socket.protocol == "allmende.rows"
            mark = (await socket.receive_json())["id"]
            await say(mosquitto, "7", 3)
            told = await socket.receive_json()
            assert told["row"]["value"] == 3
            assert told["id"] != mark
            await w.put(started(state="SUSPENDED"))
            await w.say("transfer", PID)
            assert (await socket.receive_json())["end"]["code"] == "transfer.state"
            closing = await socket.receive()
            assert (closing.type, closing.data, closing.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "transfer.state")
        await w.put(started())
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await w.session.ws_connect(w.address(), headers={**w.headers(), "Cookie": "a=b"})
        assert refused.value.status == 400


async def test_the_machine_itself(tmp_path: Path) -> None:
    async with watched(tmp_path, started(), agreement(), asset("live")) as w, listening(w) as heard:
        await heard.until(2)
        assert "load" in heard.rows[0]


async def test_two_hundred_streams_are_cut_by_one_revocation(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Each of them is told why. Times and memory are measured by the bench."""
    records = (started(), agreement(), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(w)) for _ in range(200)]
        await asyncio.gather(*(one.marked() for one in streams))
        await say(mosquitto, "7", 1)
        await asyncio.gather(*(one.until(1) for one in streams))
        begun = time.monotonic()
        await w.put(started(state="TERMINATED"))
        await w.say("transfer", PID)
        ends = await asyncio.gather(*(one.out() for one in streams))
        print("cut of 200 streams (s):", round(time.monotonic() - begun, 3))
        assert {end["code"] for end in ends if end} == {"transfer.state"}
        assert None not in ends


async def test_over_the_listener_websocket_is_for_data_alone(tmp_path: Path, mosquitto: Mosquitto) -> None:
    async def serve(request: Request) -> Response:
        return Response(404, {})

    records = (started(), agreement(), shared("mqtt", TOPICS, *FIELDS), broker(mosquitto, tmp_path))
    async with watched(tmp_path, *records) as w:
        listener = Listener(
            "public", serve=serve, refuse=lambda path, headers, error: Response(400, {}), hosts=names_of("127.0.0.1"),
            metrics=Metrics(), streams={"/data/": w.plane.handler}, upgrades="/data/",
        )  # fmt: skip
        await listener.start("127.0.0.1", 0)
        address = w.address().replace(w.url, f"http://127.0.0.1:{listener.port}")
        try:
            async with w.session.ws_connect(address, headers=w.headers(), protocols=["allmende.rows"]) as socket:
                assert (await socket.receive_json())["id"]
                await say(mosquitto, "7", 3)
                assert (await socket.receive_json())["row"]["value"] == 3
            await w.until_event("access.broken")
            for url, headers in (
                (address.replace("/data/", "/dsp/"), w.headers()),
                (address, {"Authorization": "Bearer x"}),
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await w.session.ws_connect(url, headers=headers)
                assert refused.value.status in (400, 401)
            headers = w.headers(Upgrade="websocket", Connection="Upgrade")
            async with w.session.post(address, headers=headers, data=b"x") as response:
                assert response.status == 400
        finally:
            await w.gate.close()
            await listener.close()
