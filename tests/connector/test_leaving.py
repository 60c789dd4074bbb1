"""Two whole nodes: what the city's terms demand is done to its data; the utility gets what may leave, nothing else."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace
from yarl import URL

from connector.data.consuming.pull import Pull
from connector.errors import InputError, RefusedError
from connector.protocol.messages import NegotiationState
from connector.records import Approval, Outside, Pseudonyms, Written
from connector.services.life.endings import How
from policies.model import PolicyKind
from policies.parse import from_dsp
from policies.transforms import chain
from tests.connector.data.test_egress import THREE, duty, least
from tests.connector.joined import CITY, FRAME, Two, joined

OFFER = {"@id": "urn:x:policy", "@type": "Offer", "profile": "urn:allmende:profile:municipal:1"}
TABLE = "Zähler;Zeit;Straße;kWh\nDE-1;01.07.2026 14:35;Am Markt 1;1,5\nDE-2;01.07.2026 15:05;Ring 7;2\n"


class Carried:
    """A provider's answer, as the Peer port gives it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status, self.headers = response.status, response.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        async for piece in self._response.content.iter_any():
            yield piece

    async def close(self) -> None:
        self._response.close()


@asynccontextmanager
async def carrying(folder: Path) -> AsyncIterator[Two]:
    """Both nodes, with a road for data too."""
    async with joined(folder) as two:
        app = web.Application()
        app.router.add_route("*", "/data/{tail:.*}", two.city.data_plane.handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        near = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:

            async def opened(url: str, *, headers: Any, method: str = "GET", **more: Any) -> Any:
                asked = URL(near + url.removeprefix(CITY), encoded=True)
                return Carried(await session.request(method, asked, headers=headers))

            two.road.open = opened  # type: ignore[method-assign]
            yield two
        await runner.cleanup()


async def contract(two: Two, asset: str, name: str, *duties: Mapping[str, Any]) -> str:
    """A contract about an asset under these duties; its id."""
    city, utility = two.city, two.utility
    rules = {**OFFER, "permission": [{"action": "use", "duty": list(duties)}]}
    await city.policies.add("mayor", name, rules)
    offer = await city.offers.publish("mayor", asset, name, Outside.COUNTER)
    await city.store.write(lambda tx: tx.put(FRAME))
    await city.store.write(lambda tx: tx.put(replace(offer, approval=Approval(frame=FRAME.id))))
    asked = {**offer.document, "target": offer.asset}
    started = await utility.negotiations.request("engineer", city.did, offer.asset, asked)
    async with asyncio.timeout(10):
        process = await utility.negotiations.get(started.id)
        while process.state != NegotiationState.FINALIZED or process.pending:
            assert process.state != NegotiationState.TERMINATED, process.reason
            process = await utility.negotiations.get(process.id, newer_than=process.version, wait=1)
        while await two.waiting():
            await asyncio.sleep(0.001)
    (found,) = await utility.contracts.select(negotiation=started.id)
    return found.id


async def pulled(two: Two, agreement: str, **more: Any) -> tuple[Pull, bytes]:
    async with asyncio.timeout(10):
        _, got = await two.utility.fetching.open("engineer", agreement, **more)
        return got, b"".join([piece async for piece in got.chunks()])


async def share(two: Two, folder: Path, name: str = "readings", text: str = TABLE) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(text)
    await two.city.offers.add_asset(
        "mayor", name=name, title=name, kind="file", settings={"path": str(path)}, media_type="text/csv"
    )
    return path


async def entries(node: Any, event: str) -> list[Written]:
    kept = await node.store.read(lambda view: view.log(limit=10_000))
    return [one for one in (msgspec.json.decode(entry.body, type=Written) for entry in kept) if one.event == event]


def read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline=""), delimiter=";"))


async def test_the_consumer_gets_what_may_leave_and_is_told_what_was_done(tmp_path: Path) -> None:
    async with carrying(tmp_path) as two:
        await share(two, tmp_path)
        one = await contract(two, "readings", "careful", *THREE)
        got, body = await pulled(two, one)
        rows = read(body)
        assert rows[0] == ["Zähler", "Zeit", "kWh"]
        assert [row[1:] for row in rows[1:]] == [["01.07.2026 14:00", "1,5"], ["01.07.2026 15:00", "2"]]
        for raw in ("DE-1", "DE-2", "Markt", "Ring", ":35", ":05"):
            assert raw not in body.decode()

        agreement = await two.city.contracts.get(one)
        wanted = chain(from_dsp(agreement.document, PolicyKind.AGREEMENT))
        assert wanted is not None
        assert got.transforms == wanted.text
        (permitted,) = await entries(two.city, "access.permitted")
        assert permitted.params["transforms_sha256"] == wanted.digest
        assert permitted.params["sha256"] == hashlib.sha256(body).hexdigest()
        (received,) = await entries(two.utility, "data.received")
        assert received.params["transforms"] == wanted.text
        assert received.params["sha256"] == permitted.params["sha256"]

        _, again = await pulled(two, one)
        assert again == body
        _, part = await pulled(two, one, range="bytes=10-40")
        assert part == body[10:41]


async def test_another_contract_has_other_pseudonyms_and_the_end_of_one_destroys_its_key(tmp_path: Path) -> None:
    async with carrying(tmp_path) as two:
        await share(two, tmp_path)
        one = await contract(two, "readings", "careful", *THREE)
        other = await contract(two, "readings", "careful-too", *THREE)
        (_, ours), (_, theirs) = await pulled(two, one), await pulled(two, other)
        assert not {row[0] for row in read(ours)[1:]} & {row[0] for row in read(theirs)[1:]}
        assert [row[1:] for row in read(ours)] == [row[1:] for row in read(theirs)]

        await two.city.contracts.get(one)
        await two.city.endings.end("mayor", one, How.CAUSE, text="Vertragsbruch")
        await two.city.ledgers.destroy_ended()
        assert await two.city.store.read(lambda view: view.get(Pseudonyms, one)) is None
        assert await two.city.store.read(lambda view: view.get(Pseudonyms, other)) is not None
        (destroyed,) = await entries(two.city, "pseudonyms.destroyed")
        assert destroyed.params == {"agreement": one}
        with pytest.raises(RefusedError):
            await pulled(two, one)
        assert (await pulled(two, other))[1] == theirs


async def test_small_groups_stay_hidden_across_contracts(tmp_path: Path) -> None:
    async with carrying(tmp_path) as two:
        text = "Ort;Art\n" + "Nord;a\n" * 6 + "Süd;a\n" * 2 + "Süd;b\n" * 3
        await share(two, tmp_path, "people", text)
        by_place = duty("aggregate", groupBy="Ort")
        one = await contract(two, "people", "by-place", by_place, least(3))
        assert (await pulled(two, one))[1].decode() == "Ort;count\nNord;6\nSüd;5\n"
        only = duty("filterRows", field="Art", fieldValue="b")
        other = await contract(two, "people", "by-place-and-kind", by_place, only, least(3))
        with pytest.raises(RefusedError) as refused:
            await pulled(two, other)
        assert refused.value.reason.code == "release.division"
        (unserved,) = await entries(two.city, "access.unserved")
        assert unserved.params["reason"] == "release.division"


async def test_what_could_never_be_done_is_not_published(tmp_path: Path) -> None:
    async with carrying(tmp_path) as two:
        city = two.city
        (tmp_path / "plan.pdf").write_bytes(b"%PDF")
        await city.offers.add_asset(
            "mayor", name="plan", title="", kind="file", settings={"path": str(tmp_path / "plan.pdf")},
            media_type="application/pdf",
        )  # fmt: skip
        rules: dict[str, Any] = {**OFFER, "permission": [{"action": "use", "duty": [THREE[0]]}]}
        await city.policies.add("mayor", "careful", rules)
        with pytest.raises(InputError) as refused:
            await city.offers.publish("mayor", "plan", "careful", Outside.COUNTER)
        assert refused.value.reason.code == "transform.media"
        rules["permission"][0]["duty"] = [duty("coarsen", temporalResolution="PT7M", timeField="t")]
        with pytest.raises(InputError):
            await city.policies.add("mayor", "odd", rules)
        rules["permission"][0]["duty"] = [duty("sign")]
        await city.policies.add("mayor", "signed", rules)
        await city.offers.publish("mayor", "plan", "signed", Outside.COUNTER)


async def test_questions_choose_among_what_may_leave(tmp_path: Path) -> None:
    async with carrying(tmp_path) as two:
        await share(two, tmp_path)
        one = await contract(two, "readings", "careful", *THREE)
        got, body = await pulled(two, one, query="filter=kWh%3C2&properties=Zeit,kWh&f=ndjson")
        assert msgspec.json.decode(body) == {"Zeit": "2026-07-01T12:00:00Z", "kWh": 1.5}
        assert "suppress" in got.transforms
        _, body = await pulled(two, one, query="explain=true")
        assert msgspec.json.decode(body)["contract"][0] == {"step": "suppress", "fields": ["Straße"]}
        for query in ("filter=Stra%C3%9Fe%20LIKE%20'%25'", "properties=Stra%C3%9Fe"):
            with pytest.raises(InputError, match=r"query\.field"):
                await pulled(two, one, query=query)
        assert len(await entries(two.city, "access.unserved")) == 2
        (received,) = [one for one in await entries(two.utility, "data.received") if "transforms" in one.params][:1]
        assert received.params["complete"] == "yes"
