"""connector/data/parcels.py over sockets: a part as a request, what its answer means, and where it never goes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiohttp import web

from connector.data.delivery.parcels import Answer, Courier, Parcel, Verdict
from connector.data.stream import digest_field
from connector.http.client import HttpPeer
from connector.ports import Content
from connector.records import Delivery, Endpoint, Participant
from tests.connector.data.world import PEER, PID, open_store

BODY = b"tree;height\n1;2\n"
DELIVERY = Delivery(id=PID, agreement="urn:x:a", peer=PEER, number=3, part=2)


def content(size: int | None = 40, sha256: bytes | None = None) -> Content:
    return Content("text/csv", '"e"', chunks=None, size=size, sha256=sha256, told=(("Allmende-Transforms", "t"),))  # type: ignore[arg-type]


class Application:
    """What a consumer's administrator has named: it answers as it is told and remembers what it got."""

    def __init__(self) -> None:
        self.status, self.headers, self.seen = 204, dict[str, str](), list[Any]()
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(SimpleNamespace(path=request.path, headers=request.headers.copy(), body=await request.read()))
        if self.status != 599:
            return web.Response(status=self.status, headers=self.headers)
        endless = web.StreamResponse(status=500)
        await endless.prepare(request)
        try:
            for _ in range(10_240):  # ten gigabytes
                await endless.write(b"x" * (1 << 20))
        except ConnectionError:
            self.seen.append("cut")
        return endless


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    made = Application()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    made.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/in"  # type: ignore[attr-defined]
    yield made
    await runner.cleanup()


async def sent(
    folder: Path, url: str, *, private: bool = True, parcel: Parcel | None = None, of: Content | None = None,
    properties: dict[str, str] | None = None, lookup: Any = None,
) -> Answer:  # fmt: skip
    store = open_store(folder, threaded=False)
    peer = HttpPeer(**({"lookup": lookup} if lookup else {}))
    secret = msgspec.json.encode({"authorization": "tok", "authType": "bearer"} if properties is None else properties)
    who = Participant(
        id=PEER, name="u", url="https://u", base="https://u", keys={}, words="", added=0, added_by="t", private=private
    )

    def act(tx: Any) -> None:
        tx.put(Endpoint(id=PID, url=url, kind="x", secret=secret))
        tx.put(who)

    await store.write(act)
    try:
        courier = Courier(store=store, peer=peer, unseal=lambda sealed, context: sealed)
        return await courier.send(DELIVERY, parcel or Parcel(BODY, 8), of or content())
    finally:
        await peer.close()
        await store.close()


async def test_a_part_says_what_it_is(tmp_path: Path, application: Application) -> None:
    whole = hashlib.sha256(b"all").digest()
    answer = await sent(tmp_path, application.url, of=content(sha256=whole))
    assert answer == Answer(Verdict.TAKEN, 204)
    [seen] = application.seen
    assert seen.body == BODY
    wanted = {
        "Authorization": "Bearer tok",
        "Content-Type": "text/csv",
        "Content-Range": "bytes 8-23/40",
        "Content-Digest": digest_field(hashlib.sha256(BODY).digest()),
        "Repr-Digest": digest_field(whole),
        "Idempotency-Key": f'"{PID}/3/2"',
        "ETag": '"e"',
        "Allmende-Delivery": "3",
        "Allmende-Part": "2",
        "Allmende-Last": "?0",
        "Allmende-Transforms": "t",
    }
    assert {name: seen.headers.get(name) for name in wanted} == wanted


async def test_what_has_no_length_says_so_until_its_end(tmp_path: Path, application: Application) -> None:
    await sent(tmp_path, application.url, of=content(size=None))
    last = Parcel(BODY, 8, last=True, whole=b"h" * 32, size=24)
    await sent(tmp_path, application.url, of=content(size=None), parcel=last)
    await sent(tmp_path, application.url, of=content(size=0), parcel=Parcel(b"", 0, last=True, size=0))
    first, second, empty = application.seen
    assert (first.headers["Content-Range"], "Repr-Digest" in first.headers) == ("bytes 8-23/*", False)
    assert second.headers["Content-Range"] == "bytes 8-23/24"
    assert (second.headers["Allmende-Last"], second.headers["Repr-Digest"]) == ("?1", digest_field(b"h" * 32))
    assert (empty.headers["Content-Range"], empty.body) == ("bytes */0", b"")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "taken"), (201, "taken"), (301, "refused"), (307, "refused"), (400, "refused"), (401, "refused"),
     (403, "refused"), (404, "refused"), (408, "away"), (409, "anew"), (412, "anew"), (422, "anew"), (429, "away"),
     (500, "away"), (503, "away")],
)  # fmt: skip
async def test_what_an_answer_means(tmp_path: Path, application: Application, status: int, verdict: str) -> None:
    application.status, application.headers = status, {"Location": application.url + "/elsewhere"}
    assert (await sent(tmp_path, application.url)).verdict == verdict
    assert [one.path for one in application.seen] == ["/in"], "a redirect is not followed"


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("999999", 3600), ("soon", 0), ("-1", 0), ("٣", 0)])
async def test_how_long_to_wait(tmp_path: Path, application: Application, said: str, seconds: int) -> None:
    application.status, application.headers = 503, {"Retry-After": said}
    assert (await sent(tmp_path, application.url)).seconds == seconds


async def test_an_answer_of_ten_gigabytes_is_cut(tmp_path: Path, application: Application) -> None:
    application.status = 599
    assert (await sent(tmp_path, application.url)).verdict is Verdict.AWAY
    assert application.seen[-1] == "cut" or len(application.seen) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/in", "https://127.0.0.1:9/in", "https://169.254.169.254/latest", "https://[::1]/in",
     "https://10.0.0.1/in", "https://u.example/in", "http://u.example/in"],
)  # fmt: skip
async def test_nothing_goes_inside_where_it_is_not_allowed_for_this_peer(tmp_path: Path, url: str) -> None:
    """Judged after the name was resolved: a name that leads inside is refused like an address."""

    async def inside(host: str, port: int) -> Sequence[str]:
        return ["10.1.2.3"]

    answer = await sent(tmp_path, url, private=False, lookup=inside)
    assert answer == Answer(Verdict.REFUSED)


async def test_the_address_that_was_judged_is_the_one_that_is_called(tmp_path: Path, application: Application) -> None:
    """A name that is another one the second time is asked for once."""
    asked = list[str]()

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    port = application.url.rpartition(":")[2]
    answer = await sent(tmp_path, f"http://app.example:{port}", lookup=rebinding)
    assert (answer.verdict, len(asked)) == (Verdict.TAKEN, 1)


@pytest.mark.parametrize(
    ("properties", "authorization"),
    [
        ({}, None),
        ({"authorization": "Bearer tok", "authType": "bearer"}, "Bearer tok"),
        ({"authorization": "tok", "authType": "bare"}, "tok"),
    ],
)
async def test_the_token_as_the_other_side_wants_it(
    tmp_path: Path, application: Application, properties: dict[str, str], authorization: str | None
) -> None:
    await sent(tmp_path, application.url, properties=properties)
    assert application.seen[0].headers.get("Authorization") == authorization
