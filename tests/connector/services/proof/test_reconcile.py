"""connector/services: reconcile, statements, differences, reinstating and continuity between two joined nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from certs import checkpoint
from connector.errors import BusyError, DeliveryError, MessageError, StoreError
from connector.http.exchange import Request, Response
from connector.node import Node
from connector.protocol.messages import NegotiationState
from connector.protocol.negotiation import Move, Negotiation
from connector.records import Agreement, Entry, Head, Participant, Reconciliation, Signed
from connector.services.proof import differences, generations, reconcile, reinstating, statements
from connector.services.proof.statements import Envelope, Line, Statement
from policies.terms import Terms
from tests.connector.joined import Two, joined


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path) as made:
        yield made


async def peer_of(node: Node, other: Node) -> Participant:
    found = await node.store.read(lambda view: view.get(Participant, other.did))
    assert found is not None
    return found


async def events(node: Node) -> list[str]:
    return [one.event for one in await node.audit.log(limit=1000)]


async def agreement(node: Node, id: str) -> Agreement | None:
    return await node.store.read(lambda view: view.get(Agreement, id))


async def went_back(node: Node) -> None:
    """As a restore marks a node, but with nothing lost yet."""
    now = node.clock.now()
    number = generations.following(await node.store.read(generations.generations), now)
    node._generation = number
    await node.store.write(lambda tx: generations.begin(tx, number, now, now))
    await node.continuity.start()


async def forgotten(node: Node, id: str) -> None:
    """A contract, its negotiation and its letters were after the backup."""
    known = await agreement(node, id)
    assert known is not None
    letters = await node.store.read(lambda view: view.select(Signed, process=known.negotiation))
    await node.store.write(lambda tx: [tx.delete(Signed, one.id) for one in letters])
    await node.store.write(lambda tx: (tx.delete(Agreement, id), tx.delete(Negotiation, known.negotiation)))


# --- comparing --------------------------------------------------------------------------------------------------------


async def test_what_is_alike_is_said_to_be_and_nothing_is_changed(two: Two) -> None:
    id = await two.contract()
    done = await two.city.reconcile.compare("mayor", await peer_of(two.city, two.utility))
    assert (done.supported, done.contracts, done.differences, done.released, done.ended) == (True, 1, [], [], [])
    assert (await events(two.city))[-1] == "reconcile.done"
    for node in (two.city, two.utility):
        known = await agreement(node, id)
        assert known is not None
        assert (known.in_force, known.held) == (True, None)


def line(id: str, **given: Any) -> Line:
    return Line(**{"id": id, "hash": "h", "in_force": True, "role": "provider", **given})


def test_in_what_two_sides_can_differ() -> None:
    ours = [
        line("alike"),
        line("text"),
        line("ended here", in_force=False),
        line("ended there"),
        line("ours"),
        line("role"),
        line("over", in_force=False),
    ]
    theirs = [line(one, role="consumer") for one in ("alike", "ended here", "theirs")]
    theirs += [line("text", role="consumer", hash="x"), line("ended there", role="consumer", in_force=False)]
    theirs += [line("role"), line("gone", role="consumer", in_force=False)]
    found = {id: reason.code for id, reason in differences.between(ours, theirs).items()}
    assert found == {
        "text": "reconcile.other_terms",
        "role": "reconcile.other_terms",
        "ended here": "reconcile.ended_here",
        "ended there": "reconcile.ended_there",
        "ours": "reconcile.unknown_there",
        "theirs": "reconcile.unknown_here",
    }


async def test_many_contracts_are_compared_some_at_a_time(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [await two.contract(name=f"traffic{number}") for number in range(5)]
    monkeypatch.setattr(statements, "CONTRACTS", 2)
    await forgotten(two.utility, ids[3])
    done = await two.city.reconcile.compare("mayor", await peer_of(two.city, two.utility))
    assert done.contracts == 4
    assert [(one.code, one.params["contract"]) for one in done.differences] == [("reconcile.unknown_there", ids[3])]
    assert [one.event for one in await two.utility.audit.log(limit=1000)].count("reconcile.differs") == 1


async def test_a_peer_that_knows_no_reconciling_is_said_to_be_one(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    id = await two.contract()
    await went_back(two.city)
    answer = two.utility.dsp.handle

    async def older(request: Request) -> Response:
        return Response(404, {}) if request.path.endswith("/reconcile") else await answer(request)

    monkeypatch.setattr(two.utility.dsp, "handle", older)
    peer = await peer_of(two.city, two.utility)
    done = await two.city.reconcile.compare("node", peer)
    assert not done.supported
    mark = await two.city.store.read(lambda view: view.get(Reconciliation, peer.id))
    assert mark is not None
    assert mark.state == "unsupported"
    known = await agreement(two.city, id)
    assert known is not None
    assert known.held is not None, "a person has to look"


async def test_a_peer_that_goes_on_for_ever_is_left(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contracts without end, a page behind every page: the comparison ends, and nothing is taken for settled."""
    city, peer = two.city, await peer_of(two.city, two.utility)
    await went_back(city)
    monkeypatch.setattr(reconcile, "MOST_PAGES", 20)
    pages = 0

    async def endless(to: Participant, asked: Statement) -> tuple[Statement, Envelope]:
        nonlocal pages
        pages += 1
        assert pages <= 200
        lost = () if asked.wanted else (line(f"urn:x:{pages:06d}", role="consumer"),)
        upto = "" if asked.wanted else f"urn:x:{pages:06d}"
        return Statement(at=1, contracts=lost, upto=upto, processes=()), Envelope(said="", note="")

    monkeypatch.setattr(city.reconcile, "_say", endless)
    with pytest.raises(DeliveryError, match=r"reconcile\.unproved"):
        await city.reconcile.compare("node", peer)
    mark = await city.store.read(lambda view: view.get(Reconciliation, peer.id))
    assert mark is not None
    assert mark.state == "open"


async def test_a_peer_that_takes_its_time_holds_nobody_up(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer just in time, and always something more to prove: others wait to be compared with too."""
    city, peer = two.city, await peer_of(two.city, two.utility)
    await went_back(city)
    asked, passed = 0, [0.0]
    monkeypatch.setattr(type(city.clock), "monotonic", lambda self: passed[0])

    async def slow(to: Participant, said: Statement) -> tuple[Statement, Envelope]:
        nonlocal asked
        asked += 1
        assert asked < 200
        passed[0] += reconcile.DEADLINE
        ids = () if said.wanted else range(statements.CONTRACTS)
        lost = tuple(line(f"urn:x:{number:06d}", role="consumer") for number in ids)
        return Statement(at=1, contracts=lost, upto="", processes=()), Envelope(said="", note="")

    monkeypatch.setattr(city.reconcile, "_say", slow)
    with pytest.raises(DeliveryError, match=r"peer\.timeout"):
        await city.reconcile.compare("node", peer)
    assert asked <= reconcile.WHOLE / reconcile.DEADLINE + 1


# --- after a restore --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["city", "utility"])
async def test_a_lost_contract_comes_back_held_with_our_own_signature(two: Two, who: str) -> None:
    node: Node = getattr(two, who)
    other = two.utility if node is two.city else two.city
    id = await two.contract(Terms(until="2099-12-31"))
    before = await agreement(node, id)
    assert before is not None
    assert before.expires is not None
    await forgotten(node, id)
    await went_back(node)
    done = await node.reconcile.compare("node", await peer_of(node, other))
    assert (done.reinstated, done.released, done.differences) == ([id], [], [])
    back = await agreement(node, id)
    assert back is not None
    assert back.held is not None
    assert back.held.code == "contract.reinstated"
    same = ("hash", "message", "role", "peer", "dataset", "negotiation", "in_force", "expires")
    assert [getattr(back, name) for name in same] == [getattr(before, name) for name in same]
    process = await node.negotiations.get(before.negotiation)
    theirs = await other.negotiations.get(process.peer_pid)
    assert (process.state, theirs.peer_pid) == (NegotiationState.FINALIZED, process.id)
    assert await node.store.read(lambda view: view.select(Signed, process=process.id)), "and the proof with it"


async def test_what_is_counted_waits_for_a_person_and_the_rest_goes_on(two: Two) -> None:
    plain, counted = await two.contract(), await two.contract(Terms(count=3), name="counted")
    await went_back(two.city)
    for id in (plain, counted):
        known = await agreement(two.city, id)
        assert known is not None
        assert known.held is not None
    done = await two.city.reconcile.compare("node", await peer_of(two.city, two.utility))
    assert (done.released, done.held) == ([plain], [counted])
    await went_back(two.utility)
    done = await two.utility.reconcile.compare("node", await peer_of(two.utility, two.city))
    assert sorted(done.released) == sorted([plain, counted]), "uses are counted where the data is"


async def test_a_proof_is_ours_or_it_is_none(two: Two) -> None:
    id = await two.contract()
    city, utility = two.city, two.utility
    peer = await peer_of(city, utility)
    proof = await utility.store.read(lambda view: statements.proof(view, city.did, id))
    assert proof is not None
    own = city.reconcile._own
    now = city.clock.now()
    assert reinstating.reinstated(proof, peer, city.did, own, now) is not None
    (letter,) = [one for one in proof.letters if one.kind == "ContractAgreementMessage"]
    others = tuple(one for one in proof.letters if one is not letter)
    theirs = await city.store.read(lambda view: statements.proof(view, utility.did, id))
    assert theirs is not None
    changed = proof.message.replace(b'"use"', b'"own"')
    wrong = [
        replace(proof, letters=()),
        replace(proof, letters=others),
        replace(proof, letters=theirs.letters),
        replace(proof, id="urn:other"),
        replace(proof, message=changed),
        replace(proof, message=changed, letters=(replace(letter, body=changed),)),
        replace(proof, letters=(replace(letter, headers={}),)),
        replace(proof, letters=(replace(letter, url=letter.url + "x"),)),
        replace(proof, message=b"{}"),
    ]
    for one in wrong:
        assert reinstating.reinstated(one, peer, city.did, own, now) is None
    stranger = replace(peer, id="did:web:stranger.example")
    assert reinstating.reinstated(proof, stranger, city.did, own, now) is None
    assert reinstating.reinstated(proof, peer, "did:web:stranger.example", own, now) is None


async def test_a_consumer_has_signed_the_hash_and_no_other_text(two: Two) -> None:
    id = await two.contract()
    city, utility = two.city, two.utility
    peer, now = await peer_of(utility, city), utility.clock.now()
    proof = await city.store.read(lambda view: statements.proof(view, utility.did, id))
    assert proof is not None
    own = utility.reconcile._own
    assert reinstating.reinstated(proof, peer, utility.did, own, now) is not None
    changed = proof.message.replace(b'"use"', b'"own"')
    assert changed != proof.message
    assert reinstating.reinstated(replace(proof, message=changed), peer, utility.did, own, now) is None
    requests = tuple(one for one in proof.letters if one.kind == "ContractRequestMessage")
    assert requests
    assert reinstating.reinstated(replace(proof, letters=requests), peer, utility.did, own, now) is None


async def test_a_contract_of_another_text_is_not_released(two: Two) -> None:
    id = await two.contract()
    known = await agreement(two.utility, id)
    assert known is not None
    await two.utility.store.write(lambda tx: tx.put(replace(known, hash="0" * 64)))
    await went_back(two.city)
    done = await two.city.reconcile.compare("node", await peer_of(two.city, two.utility))
    assert (done.released, done.held) == ([], [id])
    held = await agreement(two.city, id)
    assert held is not None
    assert held.held is not None
    assert held.held.code == "reconcile.other_terms"


async def test_a_peer_that_says_it_was_restored_keeps_no_contract_that_was_replaced(two: Two) -> None:
    """A consumer that has the new contract, and says before acknowledging it that it has lost everything."""
    old, new = await two.contract(), await two.contract(name="instead")
    known = await agreement(two.city, new)
    assert known is not None
    n = await two.city.negotiations.get(known.negotiation)
    under_way = replace(n, state=NegotiationState.VERIFIED, pending=Move.FINALIZE, replaces=old)
    await two.city.store.write(lambda tx: tx.put(under_way))
    said = Statement(at=1, restored=True, processes=())
    await two.city.store.write(lambda tx: two.city.answering._other_was_restored(tx, two.utility.did, said))
    assert (await two.city.negotiations.get(n.id)).state == NegotiationState.FINALIZED
    before, after = await agreement(two.city, old), await agreement(two.city, new)
    assert before is not None
    assert after is not None
    assert (before.replaced, after.replaces) == (new, old)
    assert before.ending is not None
    assert before.ending.code == "contract.replaced"
    assert after.in_force


# --- statements -------------------------------------------------------------------------------------------------------


async def test_only_what_the_peer_has_signed_for_us_is_read(two: Two) -> None:
    city, utility = two.city, two.utility
    said = Statement(at=1)
    good = statements.enclosed(said, city.did, utility.did, city.keys)
    public = city.keys.head_public

    def read(one: Envelope, teller: str = city.did, reader: str = utility.did) -> Statement:
        return statements.opened(one, teller, reader, (public,), checkpoint.ed25519)

    assert read(good) == said
    forged = statements.enclosed(said, city.did, utility.did, utility.keys)
    for wrong in (replace(good, said=good.said + " "), replace(good, note="x"), forged):
        with pytest.raises(MessageError, match=r"statement\.unproved"):
            read(wrong)
    with pytest.raises(MessageError, match=r"statement\.unproved"):
        read(good, reader="did:web:else.example")
    strange = Envelope(said="[]", note="")
    signed = checkpoint.note(statements._text("[]", city.did, utility.did), city.did, public, city.keys.sign_head)
    with pytest.raises(MessageError, match=r"statement\.unreadable"):
        read(replace(strange, note=signed))


async def test_a_statement_that_proves_nothing_is_refused_on_either_side(two: Two) -> None:
    await two.contract()
    peer = await peer_of(two.city, two.utility)

    def spoilt(request: Request) -> Request:
        if not request.path.endswith("/reconcile"):
            return request
        envelope = msgspec.json.decode(request.body, type=Envelope)
        headers = {k: v for k, v in request.headers.items() if not k.startswith(("signature", "content-digest"))}
        body = msgspec.json.encode(replace(envelope, said=envelope.said.replace('"restored":false', '"restored":true')))
        return replace(request, body=body, headers=headers)

    await two.utility.store.write(lambda tx: tx.put(replace(_here(tx, two.city.did), signs=0)))
    two.road.changed = spoilt
    with pytest.raises(DeliveryError, match=r"reconcile\.answer"):
        await two.city.reconcile.compare("mayor", peer)
    assert "reconcile.done" not in await events(two.city)
    assert "peer.restored" not in await events(two.utility)


def _here(view: Any, did: str) -> Participant:
    found = view.get(Participant, did)
    assert isinstance(found, Participant)
    return found


# --- continuity -------------------------------------------------------------------------------------------------------


async def test_a_peer_that_keeps_more_stops_everything_and_reading_goes_on(two: Two) -> None:
    city, utility = two.city, two.utility
    await two.contract()
    assert await city.heads.push(await peer_of(city, utility)) is None
    await city.continuity.sure(utility.did)
    kept = await utility.store.read(lambda view: view.get(Head, city.did))
    assert kept is not None
    note = checkpoint.signed(
        checkpoint.Checkpoint(city.did, kept.size + 5, b"\x01" * 32), city.keys.head_public, city.keys.sign_head
    )
    more = replace(kept, size=kept.size + 5, root=b"\x01" * 32, note=note)
    await utility.store.write(lambda tx: tx.put(more))
    city.continuity.forget(utility.did)
    with pytest.raises(StoreError, match=r"node\.rolled_back"):
        await city.continuity.sure(utility.did)
    with pytest.raises(StoreError, match=r"node\.rolled_back"):
        await city.store.write(lambda tx: tx.record(Entry(event="e", actor="node")))
    assert city.store.suspect is not None
    assert city.store.suspect.params["kept"] == str(more.size)
    assert await city.audit.log()


async def test_a_forged_head_stops_nobody(two: Two) -> None:
    city, utility = two.city, two.utility
    await two.contract()
    await city.heads.push(await peer_of(city, utility))
    kept = await utility.store.read(lambda view: view.get(Head, city.did))
    assert kept is not None
    note = checkpoint.signed(
        checkpoint.Checkpoint(city.did, 10**6, b"\x01" * 32), utility.keys.head_public, utility.keys.sign_head
    )
    await utility.store.write(lambda tx: tx.put(replace(kept, size=10**6, note=note)))
    city.continuity.forget(utility.did)
    await city.continuity.sure(utility.did)
    assert city.continuity.broken is None


async def test_a_silent_peer_hinders_nobody_and_a_restored_node_waits_for_it(two: Two) -> None:
    city, utility = two.city, two.utility
    id = await two.contract()
    await city.heads.push(await peer_of(city, utility))
    away = two.road.nodes.pop("utility.example")
    city.continuity.forget(utility.did)
    await city.continuity.sure(utility.did)
    await went_back(city)
    with pytest.raises(BusyError, match=r"node\.restored"):
        await city.continuity.sure(utility.did)
    assert city.continuity.trouble() is not None
    two.road.nodes["utility.example"] = away
    await city.continuity.go_on()
    await city.continuity.sure(utility.did)
    assert city.continuity.trouble() is None
    known = await agreement(city, id)
    assert known is not None
    assert known.held is None
    assert "head.generation" in await events(utility)
    await city.continuity.close()
