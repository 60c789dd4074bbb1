"""Negotiations between two real sets of services."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from connector.errors import BusyError, InputError, TransitionError, UnauthenticatedError, UnknownError
from connector.ports import Caller, Reply
from connector.protocol import codec
from connector.protocol.messages import NegotiationMessage
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, Outside, PublishedOffer
from connector.services.outbox import Limits
from policies.model import Reason
from policies.terms import Terms
from tests.connector.services.world import FINAL, FOREVER, Neighbour, neighbours, settled
from tests.harness.virtual import run

TERMS = Terms(purposes=("ImproveTransportMobility",), count=3)
ASKED = Terms(purposes=("ImproveTransportMobility",))


async def _asked(utility: Neighbour, city: Neighbour, offer: PublishedOffer, terms: Terms = ASKED) -> Negotiation:
    wanted = await utility.terms_of(city, offer, terms)
    return await utility.negotiations.request("jo", city.did, offer.asset, wanted)


async def _agreements(node: Neighbour) -> list[Agreement]:
    return await node.store.read(lambda view: view.select(Agreement))


def test_a_request_within_the_offer_is_agreed_and_both_keep_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        n = await settled(utility.negotiations, (await _asked(utility, city, offer)).id, FINAL)
        p = await settled(city.negotiations, n.peer_pid, FINAL)
        assert (n.state, p.state) == ("FINALIZED", "FINALIZED")
        [ours], [theirs] = await _agreements(utility), await _agreements(city)
        assert ours.message == theirs.message
        assert ours.hash == theirs.hash == codec.digest(codec.agreement_of(ours.message))
        assert ours.document["assigner"] == city.did
        assert ours.document["assignee"] == utility.did
        assert await city.outgoing() == await utility.outgoing() == []

    run(story)


def test_outside_the_terms_the_owners_setting_decides(tmp_path: Path) -> None:
    async def story(outside: Outside, folder: Path) -> tuple[Negotiation, Negotiation]:
        city, utility = await neighbours(folder)
        offer = await city.publish(TERMS, outside)
        n = await _asked(utility, city, offer, Terms(count=30))
        await asyncio.sleep(5)
        n = await utility.negotiations.get(n.id)
        return n, await city.negotiations.get(n.peer_pid)

    n, p = run(lambda: story(Outside.COUNTER, tmp_path / "counter"))
    assert (n.state, p.state, p.pending) == ("OFFERED", "OFFERED", None)
    assert n.offered is not None
    n, p = run(lambda: story(Outside.ASK, tmp_path / "ask"))
    assert (n.state, p.state, p.pending) == ("REQUESTED", "REQUESTED", None)
    n, p = run(lambda: story(Outside.REFUSE, tmp_path / "refuse"))
    assert (n.state, p.state) == ("TERMINATED", "TERMINATED")
    assert p.reason is not None
    assert p.reason.code == "terms.outside"


def test_a_counter_offer_that_is_accepted_becomes_the_agreement(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        n = await settled(
            utility.negotiations, (await _asked(utility, city, offer, Terms(count=30))).id, ("OFFERED", *FINAL)
        )
        await utility.approvals.approve("jo", n.id)
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "FINALIZED"
        [agreement] = await _agreements(city)
        assert '"3"' in msgspec.json.encode(agreement.document).decode()

    run(story)


def test_the_provider_may_begin(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        p = await settled(
            city.negotiations, (await city.negotiations.offer("mayor", utility.did, offer.id)).id, ("OFFERED",)
        )
        await utility.approvals.approve("jo", p.peer_pid)
        p = await settled(city.negotiations, p.id, FINAL)
        n = await settled(utility.negotiations, p.peer_pid, FINAL)
        assert (n.state, p.state) == ("FINALIZED", "FINALIZED")

    run(story)


def test_an_altered_agreement_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        take = utility.take

        async def altered(caller: Caller, path: str, body: bytes) -> Reply:
            return await take(caller, path, body.replace(b'"3"', b'"2"'))

        utility.take = altered  # type: ignore[method-assign]
        n = await settled(utility.negotiations, (await _asked(utility, city, offer)).id, FINAL)
        assert n.state == "TERMINATED"
        assert n.reason == Reason("agreement.differs", {"parts": "terms"})
        p = await settled(city.negotiations, n.peer_pid, FINAL)
        assert p.state == "TERMINATED"
        assert await _agreements(utility) == await _agreements(city) == []

    run(story)


def test_a_repeat_gets_the_stored_answer_and_nothing_else_happens(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK)
        n = await settled(utility.negotiations, (await _asked(utility, city, offer, Terms(count=9))).id, ("REQUESTED",))
        _url, body = utility.sent[0]
        message = codec.decode(body, NegotiationMessage)
        first = await city.negotiations.receive(utility.caller(), message, body, None)
        again = await city.negotiations.receive(utility.caller(), message, body, None)
        assert (first.status, first.body) == (again.status, again.body)
        assert first.status == 201
        assert len(await city.negotiations.select()) == 1
        changed = msgspec.structs.replace(message, id="urn:x:another")
        with pytest.raises(TransitionError, match=r"process\.exists"):
            await city.negotiations.receive(utility.caller(), changed, codec.encode(changed), None)
        assert (await city.negotiations.get(n.peer_pid)).version == 1

    run(story)


def test_a_token_is_good_once(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK)
        n = await settled(utility.negotiations, (await _asked(utility, city, offer, Terms(count=9))).id, ("REQUESTED",))
        token = Caller(utility.did, "captured", FOREVER)
        assert await city.negotiations.state(token, n.peer_pid)
        with pytest.raises(UnauthenticatedError, match=r"token\.replayed"):
            await city.negotiations.state(token, n.peer_pid)

    run(story)


def test_somebody_elses_process_is_unknown(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS, Outside.ASK)
        n = await settled(utility.negotiations, (await _asked(utility, city, offer, Terms(count=9))).id, ("REQUESTED",))
        with pytest.raises(UnknownError):
            await city.negotiations.state(Caller("did:web:stranger", "1", FOREVER), n.peer_pid)
        refused = [one for one in await city.audit() if b'"refused"' in one.body]
        assert len(refused) == 1

    run(story)


def test_lost_answers_and_a_deaf_peer_end_well(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        lost: set[str] = set()

        def first_answer(method: str, url: str) -> bool:
            fresh = url not in lost
            lost.add(url)
            return fresh

        utility.lost = city.lost = first_answer
        n = await settled(utility.negotiations, (await _asked(utility, city, offer)).id, FINAL)
        p = await settled(city.negotiations, n.peer_pid, FINAL)
        assert (n.state, p.state) == ("FINALIZED", "FINALIZED")
        assert len(await _agreements(city)) == len(await _agreements(utility)) == 1

    run(story)


def test_a_definite_refusal_ends_the_negotiation_on_this_side_too(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        wanted = await utility.terms_of(city, offer)
        utility.broken = lambda method, url: Reply(400, b'{"code":"no"}')
        n = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "TERMINATED"
        assert n.reason == Reason("peer.refused", {"said": "peer.says_code", "status": "400", "code": "no"})
        assert await utility.outgoing() == []

    run(story)


def test_a_full_queue_refuses_before_anything_is_kept(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path, Limits(waiting=2))
        offer = await city.publish(TERMS)
        wanted = await utility.terms_of(city, offer)
        utility.broken = lambda method, url: Reply(503, b"")
        for _ in range(2):
            await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        with pytest.raises(BusyError, match=r"outbox\.full"):
            await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        assert len(await utility.negotiations.select()) == 2

    run(story)


def test_a_contract_is_never_replaced_by_another_one(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        first = await settled(utility.negotiations, (await _asked(utility, city, offer)).id, FINAL)
        [kept] = await _agreements(utility)
        city.ids.pid = lambda: kept.id  # type: ignore[method-assign]  # the provider uses an id a second time
        wanted = await utility.terms_of(city, offer, ASKED)
        second = await utility.negotiations.request("jo", city.did, offer.asset, wanted)
        second = await settled(utility.negotiations, second.id, FINAL)
        assert (first.state, second.state) == ("FINALIZED", "TERMINATED")
        assert await _agreements(utility) == [kept]

    run(story)


def test_nobody_accepts_what_has_moved_unseen(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        n = await settled(utility.negotiations, (await _asked(utility, city, offer, Terms(count=30))).id, ("OFFERED",))
        with pytest.raises(TransitionError, match=r"process\.moved"):
            await utility.approvals.approve("jo", n.id, seen=n.version - 1)
        await utility.approvals.approve("jo", n.id, seen=n.version)
        assert (await settled(utility.negotiations, n.id, FINAL)).state == "FINALIZED"

    run(story)


def test_unknown_parties_and_offers_are_named(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        offer = await city.publish(TERMS)
        wanted = await utility.terms_of(city, offer)
        with pytest.raises(InputError, match=r"peer\.unknown"):
            await utility.negotiations.request("jo", "did:web:nobody", offer.asset, wanted)
        with pytest.raises(InputError, match=r"offer\.unknown"):
            await city.negotiations.offer("mayor", utility.did, "urn:x:none")
        n = await utility.negotiations.request("jo", city.did, offer.asset, {**wanted, "@id": "urn:x:none"})
        n = await settled(utility.negotiations, n.id, FINAL)
        assert n.state == "TERMINATED"

    run(story)
