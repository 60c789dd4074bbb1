"""The outbox: patience, order, isolation of peers, restart."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.errors import BusyError, DeliveryError
from connector.ports import Reading, Reply
from connector.protocol import negotiation
from connector.protocol.negotiation import Negotiation
from connector.records import Outside
from connector.services.outbox import Limits
from policies.model import Reason
from policies.terms import Terms
from tests.connector.services.world import FINAL, Neighbour, neighbours, settled
from tests.harness.virtual import run


async def _begin(city: Neighbour, utility: Neighbour, count: int = 1) -> list[Negotiation]:
    offer = await city.publish(Terms(count=3))
    wanted = await utility.terms_of(city, offer)
    return [await utility.negotiations.request("jo", city.did, offer.asset, wanted) for _ in range(count)]


def test_a_peer_that_is_away_for_three_days_is_served_soon_after_its_return(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(longest_wait=60))
        tries: list[float] = []
        away = True

        def gone(method: str, url: str) -> None:
            if away:
                tries.append(asyncio.get_running_loop().time())
                raise DeliveryError("peer.unreachable")

        utility.broken = gone
        ns = await _begin(city, utility, 20)
        await asyncio.sleep(72 * 3600)
        [standing] = utility.outbox.standing()
        assert (standing.waiting, standing.reason.code if standing.reason else "") == (20, "peer.unreachable")
        assert standing.oldest == ns[0].created
        gaps = [b - a for a, b in itertools.pairwise(tries) if b > a]
        assert max(gaps) < 61
        assert len(tries) < 72 * 60 + 100
        away = False
        back = asyncio.get_running_loop().time()
        for n in ns:
            assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert asyncio.get_running_loop().time() - back <= 62
        assert utility.outbox.standing() == []

    run(story)


def test_a_dead_peer_never_slows_another(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        town = Neighbour("town", tmp_path / "town", city.world)
        await town.outbox.start()
        await town.knows(utility)
        await utility.knows(town)

        def dead(method: str, url: str) -> None:
            if url.startswith(city.url):
                raise DeliveryError("peer.timeout")

        utility.broken = dead
        stuck = await _begin(city, utility, 50)
        start = asyncio.get_running_loop().time()
        [n] = await _begin(town, utility)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert asyncio.get_running_loop().time() - start < 1
        assert (await utility.negotiations.get(stuck[0].id)).state is None

    run(story)


def test_a_refusal_is_retried_a_few_times_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        refused: dict[str, int] = {}

        def not_yet(method: str, url: str) -> Reply | None:
            if "agreement" in url and "verification" not in url:
                refused[url] = refused.get(url, 0) + 1
                return Reply(404, b"") if refused[url] < 4 else None
            return None

        city.broken = not_yet
        ns = await _begin(city, utility, 3)
        for n in ns:
            assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert set(refused.values()) == {4}

    run(story)


def test_garbage_is_no_acknowledgement(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        answers = iter([Reply(200, b"<html>sign in</html>"), Reply(200, b""), Reply(201, b'{"a":1}'), None])
        utility.broken = lambda method, url: next(answers, None) if url.endswith("/negotiations/request") else None
        [n] = await _begin(city, utility)
        await asyncio.sleep(0.1)
        assert (await utility.negotiations.get(n.id)).state is None
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_a_refusal_that_cannot_be_read_is_a_refusal(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)

        def nested(method: str, url: str) -> Reply | None:
            return Reply(400, b'{"code":' + b"[" * 100_000) if url.endswith("/negotiations/request") else None

        utility.broken = nested
        [n] = await _begin(city, utility)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "TERMINATED"
        assert utility.outbox.standing() == []

    run(story)


def test_a_defect_of_ours_leaves_no_message_behind(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
        tries = 0

        def defective(method: str, url: str) -> None:
            nonlocal tries
            tries += url.endswith("/negotiations/request")
            if tries in (1, 2):
                raise ZeroDivisionError

        utility.broken = defective
        [n] = await _begin(city, utility)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        gc.collect()
        assert [type(one) for one in told] == [ZeroDivisionError] * 2

    run(story)


def test_unclear_answers_never_add_up_to_a_refusal(tmp_path: Path) -> None:
    """The peer has taken the message; what is said in its place is a sign-in page, an error, and once a refusal."""

    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        [n] = await _begin(city, utility)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        answers = [Reply(200, b"<html>"), Reply(301, b""), Reply(500, b""), *[Reply(200, b"")] * 9, Reply(401, b"")]
        [offer] = await city.offers.offers()
        wanted = await utility.terms_of(city, offer)

        async def unclear(method: str, url: str, **given: Any) -> Reply:
            reply = await passed(method, url, **given)
            return answers.pop(0) if answers and url.endswith("/negotiations/request") else reply

        passed, utility.send = utility.send, unclear  # type: ignore[method-assign]
        m = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        assert (await settled(utility.negotiations, m.id, FINAL)).state == "FINALIZED"

    run(story)


def test_what_is_beyond_memory_is_read_from_the_store(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(in_memory=4, in_flight=2))
        ns = await _begin(city, utility, 40)
        for n in ns:
            assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert utility.outbox.standing() == city.outbox.standing() == []

    run(story)


def test_a_store_that_cannot_be_read_for_a_while_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(in_memory=4, in_flight=2))
        read, refused = utility.store.read, 0

        async def busy(act: Callable[[Reading], object]) -> object:
            nonlocal refused
            if "_refill" in act.__qualname__ and refused < 3:
                refused += 1
                raise BusyError("store.busy")
            return await read(act)

        monkeypatch.setattr(utility.store, "read", busy)
        ns = await _begin(city, utility, 12)
        for n in ns:
            assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert refused == 3

    run(story)


def test_withdrawn_messages_beyond_memory_are_counted_off(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(in_memory=4, in_flight=2))
        offer = await city.publish(Terms(count=3), Outside.ASK)
        wanted = await utility.terms_of(city, offer, Terms(count=9))
        ns = [await utility.negotiations.request("jo", city.did, offer.asset, wanted) for _ in range(20)]
        ns = [await settled(utility.negotiations, n.id, ("REQUESTED",)) for n in ns]
        await asyncio.sleep(1)  # until the city has told that people have to decide
        city.broken = lambda method, url: Reply(503, b"")
        for n in ns:
            p = await city.negotiations.get(n.peer_pid)
            await city.approvals.approve("anna", p.id)
        assert city.outbox.standing()[0].waiting == 20
        for n in ns:
            await utility.negotiations.command("jo", n.id, negotiation.Terminate(Reason("operator.request")))
        for n in ns:
            assert (await settled(utility.negotiations, n.id, FINAL)).state == "TERMINATED"
        city.broken = lambda method, url: None
        await asyncio.sleep(600)
        assert await city.outgoing() == []
        assert city.outbox.standing() == []

    run(story)


def test_a_restart_takes_up_what_the_store_holds(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.broken = lambda method, url: Reply(503, b"")
        [n] = await _begin(city, utility)
        await asyncio.sleep(1)
        await utility.outbox.close()
        await utility.store.close()
        again = Neighbour("utility", tmp_path / "u", city.world)
        await again.outbox.start()
        assert (await settled(again.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_what_is_committed_while_the_outbox_starts_is_sent_once(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await utility.outbox.close()
        [n] = await _begin(city, utility)
        assert utility.outbox.standing() == []
        await utility.outbox.start()
        assert utility.outbox.standing()[0].waiting == 1
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"
        assert len([body for url, body in utility.sent if url.endswith("/negotiations/request")]) == 1
        assert utility.outbox.standing() == []

    run(story)


def test_a_message_that_never_gets_through_ends_its_process(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(give_up=3600.0))
        utility.broken = lambda method, url: Reply(503, b"")
        [n] = await _begin(city, utility)
        ended = await settled(utility.negotiations, n.id, FINAL, seconds=7200)
        assert ended.state == "TERMINATED"
        assert ended.reason is not None
        assert ended.reason.code == "peer.busy"

    run(story)


def test_a_peer_that_calls_much_and_takes_nothing_is_not_called_as_much(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        calls = 0

        def busy(method: str, url: str) -> Reply:
            nonlocal calls
            calls += 1
            return Reply(429, b"")

        utility.broken = busy
        await _begin(city, utility)
        await asyncio.sleep(600)
        before = calls
        for _ in range(1000):
            utility.outbox.reached(city.did)
            await asyncio.sleep(0.01)
        assert calls - before <= 22, "ten seconds: each call ends a back-off of half a second at most once a second"

    run(story)


def test_a_call_from_the_peer_ends_the_back_off(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.broken = lambda method, url: Reply(503, b"")
        [n] = await _begin(city, utility)
        await asyncio.sleep(600)
        utility.broken = lambda method, url: None
        start = asyncio.get_running_loop().time()
        utility.outbox.reached(city.did)
        await settled(utility.negotiations, n.id, FINAL)
        assert asyncio.get_running_loop().time() - start < 1

    run(story)
