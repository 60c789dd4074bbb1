"""Notices between two real sets of services."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from connector.errors import DeliveryError, MessageError, NodeError, RefusedError, UnauthenticatedError, UnknownError
from connector.ports import Caller, Reply, Transaction
from connector.records import Notice, Outgoing
from connector.services.notices import MOST, NoticeMessage, answer_to, read
from connector.services.outbox import Limits, Replied
from tests.connector.services.world import Neighbour, neighbours
from tests.harness.virtual import run

ABOUT = "urn:uuid:018f0000-0000-7000-8000-0000000000a9"
DAY = 86_400.0


async def _tell(one: Neighbour, peer: str, kind: str = "test.fact", **params: str) -> Notice:
    return await one.store.write(lambda tx: one.notices.tell(tx, peer, ABOUT, kind, params))


async def _kept(one: Neighbour) -> list[Notice]:
    return await one.notices.about(ABOUT)


async def _settled(one: Neighbour, seconds: float = 3600.0) -> Notice:
    """The one notice about the thing, when it stands at its end."""
    async with asyncio.timeout(seconds):
        while not (found := [n for n in await _kept(one) if n.state != "open"]):
            await asyncio.sleep(max(0.1, seconds / 5000))
    [notice] = found
    return notice


def _echo(tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str]:
    return {"heard": notice.params.get("word", "")}


def test_a_notice_is_told_once_and_its_answer_is_kept(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        heard: list[str] = []
        city.notices.heard["test.fact"] = lambda tx, notice: heard.append(notice.state)
        await _tell(city, utility.did, word="hello")
        told = await _settled(city)
        assert (told.state, told.ours) == ("answered", True)
        answer = answer_to(told)
        assert answer is not None
        assert (answer.kind, answer.params) == ("accepted", {"heard": "hello"})
        [taken] = await _kept(utility)
        assert (taken.ours, taken.peer, taken.params) == (False, city.did, {"word": "hello"})
        assert taken.answer == told.answer
        assert heard == ["answered"]
        assert not await city.outgoing()
        assert [e for e in await utility.audit() if b"notice.taken" in e.body]
        assert [e for e in await city.audit() if b"notice.settled" in e.body]

    run(story)


def test_a_lost_answer_and_a_repeat_change_nothing_twice(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        calls: list[str] = []

        def count(tx: Transaction, caller: Caller, notice: Notice) -> Mapping[str, str]:
            calls.append(notice.id)
            return {}

        utility.notices.handlers["test.fact"] = count
        losses = iter([True, True, False])
        city.lost = lambda method, url: next(losses)
        await _tell(city, utility.did)
        assert (await _settled(city)).state == "answered"
        assert len(city.sent) == 3
        assert len(calls) == 1

    run(story)


@pytest.mark.parametrize("error", [RefusedError("test.no", why="early"), UnknownError("agreement.unknown")])
def test_a_no_is_an_answer(tmp_path: Path, error: NodeError) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = lambda tx, caller, notice: error
        await _tell(city, utility.did)
        told = await _settled(city)
        answer = answer_to(told)
        assert answer is not None
        assert (told.state, answer.kind, answer.code) == ("answered", "refused", error.reason.code)
        assert answer.params == error.reason.params
        # What is about nothing of the caller's takes no room.
        assert len(await _kept(utility)) == (0 if isinstance(error, UnknownError) else 1)

    run(story)


def test_a_kind_that_nobody_knows_is_told_as_such(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await _tell(city, utility.did, "test.strange")
        assert (await _settled(city)).state == "unsupported"
        assert not await _kept(utility)

    run(story)


def test_a_peer_without_notices_is_sent_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await city.knows(utility, notices=False)
        assert (await _tell(city, utility.did)).state == "unsupported"
        assert (await _tell(city, "did:web:nobody")).state == "unsupported"
        await asyncio.sleep(10)
        assert not city.sent

    run(story)


def test_whoever_gives_notices_takes_them_too(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        await utility.knows(city, notices=False)
        await _tell(city, utility.did)
        await _settled(city)
        city.notices.handlers["test.fact"] = _echo
        told = await _tell(utility, city.did)
        assert told.state == "open"

    run(story)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_place_that_is_not_there_takes_no_notices(tmp_path: Path, status: int) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        city.broken = lambda method, url: Reply(status, b"")
        await _tell(city, utility.did)
        assert (await _settled(city)).state == "unsupported"

    run(story)


def test_an_answer_names_what_it_answers_and_its_bytes_are_kept(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        # What stands between the two may answer as well: it has not told the peer.
        bodies = [b"", b"<html>Welcome</html>", b"{}", b'{"id":"other"}', b"[]"]
        city.broken = lambda method, url: Reply(202, bodies.pop())
        await city.outbox.close()
        notice = await _tell(city, utility.did)
        bodies.insert(0, b'{"id":"%s","thanks":1}' % notice.id.encode())
        await city.outbox.start()
        told = await _settled(city)
        assert (told.state, bodies) == ("told", [])
        assert told.answer == b'{"id":"%s","thanks":1}' % notice.id.encode()

    run(story)


def test_an_unreachable_peer_is_given_up_in_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(give_up=14 * DAY, longest_wait=3600.0))

        def away(method: str, url: str) -> Reply | None:
            raise DeliveryError("peer.unreachable")

        city.broken = away
        await _tell(city, utility.did)
        told = await _settled(city, 15 * DAY)
        assert told.state == "undeliverable"
        assert told.settled is not None
        assert told.settled - told.created > 14 * DAY * 1e6
        assert not await city.outgoing()

    run(story)


def test_what_is_not_committed_is_not_sent(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)

        def act(tx: Transaction) -> None:
            city.notices.tell(tx, utility.did, ABOUT, "test.fact", {})
            raise RefusedError("test.no")

        with pytest.raises(RefusedError):
            await city.store.write(act)
        await asyncio.sleep(10)
        assert not city.sent
        assert not await _kept(city)

    run(story)


def test_a_notice_left_by_a_crash_is_sent_at_the_next_start(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        await city.outbox.close()
        await _tell(city, utility.did)
        assert len(await city.outgoing()) == 1
        await city.outbox.start()
        assert (await _settled(city)).state == "answered"

    run(story)


def test_an_id_belongs_to_one_notice_of_one_peer(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        message = NoticeMessage(id="urn:x:1", about=ABOUT, kind="test.fact", at="2027-01-01T00:00:00Z")
        first = await utility.notices.receive(city.caller(), message)
        assert await utility.notices.receive(city.caller(), message) == first
        for caller, other in (
            (Caller("did:web:thief", "t-1", 10**18), message),
            (city.caller(), msgspec.structs.replace(message, params={"word": "other"})),
        ):
            with pytest.raises(MessageError, match=r"notice\.exists"):
                await utility.notices.receive(caller, other)
        own = await _tell(utility, city.did)
        with pytest.raises(MessageError, match=r"notice\.exists"):
            await utility.notices.receive(city.caller(), msgspec.structs.replace(message, id=own.id))

    run(story)


def test_a_token_is_good_for_one_notice(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        caller = city.caller()
        message = NoticeMessage(id="urn:x:1", about=ABOUT, kind="test.fact", at="2027-01-01T00:00:00Z")
        await utility.notices.receive(caller, message)
        with pytest.raises(UnauthenticatedError):
            await utility.notices.receive(caller, msgspec.structs.replace(message, id="urn:x:2"))
        assert len(await _kept(utility)) == 1

    run(story)


def test_one_peer_cannot_fill_the_store(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        codes = []
        for number in range(MOST + 2):
            message = NoticeMessage(id=f"urn:x:{number}", about=ABOUT, kind="test.fact", at="2027-01-01T00:00:00Z")
            body = await utility.notices.receive(city.caller(), message)
            codes.append(msgspec.json.decode(body)["code"])
        assert codes[-3:] == ["", "notice.many", "notice.many"]
        assert len(await utility.store.read(lambda view: view.select(Notice, limit=1000))) == MOST

    run(story)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"id":"x"}',
        b'{"id":"x","about":"y","kind":"No Kind","at":"2027-01-01T00:00:00Z"}',
        b'{"id":"x","about":"y","kind":"end","at":"yesterday"}',
        b'{"id":"","about":"y","kind":"end","at":"2027-01-01T00:00:00Z"}',
        b'{"id":"x","about":"y","kind":"end","at":"2027-01-01T00:00:00Z","params":{"n":1}}',
        b'{"id":"x","about":"y","kind":"end","at":"2027-01-01T00:00:00Z","params":{"n":"' + b"x" * 5000 + b'"}}',
        b"[" * 60_000,
        b'"' + b"x" * 70_000 + b'"',
    ],
)
def test_what_is_no_notice_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError, match=r"notice\.unreadable"):
        read(body)


def test_an_outbox_item_that_settles_twice_settles_once(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        utility.notices.handlers["test.fact"] = _echo
        await city.outbox.close()
        await _tell(city, utility.did)
        [item] = await city.outgoing()
        reply = await city.send("POST", item.url, body=item.body)
        for body in (reply.body, b"{}"):
            await city.store.write(lambda tx, body=body: city.notices.settle(tx, item, Replied(body)))  # type: ignore[misc]
        [kept] = await _kept(city)
        assert kept.answer == reply.body
        assert await city.store.read(lambda view: view.get(Outgoing, item.id)) is None

    run(story)
