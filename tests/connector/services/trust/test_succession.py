"""connector/services/trust/succession.py: a town goes on under another name; its contracts move where both agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from certs import handover, jwk, keys, verifier
from certs.handover import Both
from connector.errors import InputError, NodeError, RefusedError, UnknownError
from connector.http.exchange import Request
from connector.node import Node
from connector.ports import Caller, Reading, Transaction
from connector.protocol.messages import TransferState
from connector.records import Agreement, Asset, Barred, Entry, Handover, Notice, Participant, SeenDocument, Signed
from connector.services.trust import succession
from connector.services.trust.succession import Page, Taking
from tests.connector.joined import Two, _node, joined

DISTRICT = "https://district.example"


class Three:
    """The city shares and leaves, the district goes on, the utility uses."""

    def __init__(self, two: Two, district: Node) -> None:
        self.two, self.city, self.utility, self.district = two, two.city, two.utility, district

    async def quiet(self) -> None:
        """Until nothing is on its way."""
        async with asyncio.timeout(10):
            while await self.two.waiting() or self.utility.trust.handovers._looking:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)

    async def taken(self) -> None:
        await self.city.trust.successions.propose("mayor", "district")
        await self.district.trust.successions.begin("boss", "city")
        await self.quiet()


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Three]:
    async with joined(tmp_path) as two, _node(tmp_path / "district", DISTRICT, two.road, True) as district:
        await two.city.peers.add("mayor", DISTRICT, "district")
        await district.peers.add("boss", two.city.config.public_url, "city")
        yield Three(two, district)


async def contract(node: Node) -> Agreement:
    (found,) = await node.contracts.select()
    return found


async def logged(node: Node, event: str) -> list[Entry]:
    found = await node.audit.log(limit=1000)
    return [Entry(event=one.event, actor=one.actor, params=one.params) for one in found if one.event == event]


async def test_a_contract_moves_with_the_consent_of_both(three: Three) -> None:
    city, utility, district = three.city, three.utility, three.district
    await three.two.contract()
    transfer = await utility.transfers.request("engineer", (await contract(utility)).id)
    await three.quiet()
    assert (await utility.transfers.get(transfer.id)).state == TransferState.STARTED
    await three.taken()
    here = await contract(district)
    assert (here.peer, here.own, here.role) == (utility.did, city.did, "provider")
    assert here.held is not None
    assert here.held.code == "succession.waiting"
    assert (await contract(utility)).peer == city.did, "nobody there has agreed"
    (proposed,) = await utility.trust.successions.list()
    assert (proposed.state, proposed.id, proposed.successor, proposed.ours) == (
        "proposed",
        city.did,
        district.did,
        False,
    )
    done = await utility.trust.successions.agree("engineer", "city")
    assert (done.state, done.decided_by) == ("agreed", "engineer")
    await three.quiet()
    there = await contract(utility)
    assert (there.peer, there.named, there.hash) == (district.did, city.did, here.hash)
    assert (await contract(district)).held is None
    assert (await utility.peers.get(district.did)).pinned
    assert (await utility.transfers.get(transfer.id)).state == TransferState.TERMINATED
    (moved,) = await logged(utility, "contract.moved")
    assert (moved.actor, moved.params["from"], moved.params["to"]) == ("engineer", city.did, district.did)
    again = await utility.transfers.request("engineer", there.id)
    await three.quiet()
    assert (await utility.transfers.get(again.id)).state == TransferState.STARTED, "under the new peer"
    assert again.peer == district.did


async def test_the_evidence_says_so_and_still_verifies(three: Three) -> None:
    utility = three.utility
    await three.two.contract()
    await three.taken()
    await utility.trust.successions.agree("engineer", "city")
    bundle = await utility.evidence.write("engineer", (await contract(utility)).id, "en")
    report = verifier.verify(bundle.body)
    assert not report.faults, report.lines
    assert bundle.signers.both
    said = [line for line in report.lines if f"{three.city.did} goes on as {three.district.did}" in line]
    assert len(said) == 2, "signed by both"


async def test_a_successor_of_the_consumer_stands_where_the_text_names_the_consumer(tmp_path: Path) -> None:
    """The utility leaves: at the city, the district is the assignee of the contract from then on."""
    from connector.data.gate import Ask

    async with joined(tmp_path) as two, _node(tmp_path / "district", DISTRICT, two.road, True) as district:
        city, utility = two.city, two.utility
        await utility.peers.add("engineer", DISTRICT, "district")
        await district.peers.add("boss", utility.config.public_url, "utility")
        await two.contract()
        await utility.trust.successions.propose("engineer", "district")
        await district.trust.successions.begin("boss", "utility")
        three = Three(two, district)
        await three.quiet()
        await city.trust.successions.agree("mayor", "utility")
        await three.quiet()
        moved = await contract(city)
        assert moved.document["assignee"] == utility.did
        transfer = await district.transfers.request("boss", moved.id)
        await three.quiet()
        assert (await district.transfers.get(transfer.id)).state == TransferState.STARTED
        (theirs,) = await city.transfers.select(peer=district.did)
        asset = await city.gate.asset(theirs.id)
        assert asset is not None
        ask = Ask(asset=asset, etag="e")
        admitted = await city.gate.admit(city.gate.credential(theirs.id), theirs.id, ask)
        assert admitted.peer == district.did


async def test_who_declines_keeps_the_contract_as_it_is(three: Three) -> None:
    await three.two.contract()
    before = await contract(three.utility)
    await three.taken()
    await three.utility.trust.successions.decline("engineer", three.city.did)
    assert await contract(three.utility) == before
    with pytest.raises(InputError, match=r"succession\.decided"):
        await three.utility.trust.successions.agree("engineer", "city")
    held = (await contract(three.district)).held
    assert held is not None


async def test_nobody_takes_what_was_not_left_to_him(three: Three) -> None:
    city, district, utility = three.city, three.district, three.utility
    await three.two.contract()
    with pytest.raises(InputError, match=r"succession\.none"):
        await district.trust.successions.begin("boss", "city")
    taking = Taking(taking="x")
    with pytest.raises(RefusedError, match=r"succession\.not_you"):
        await city.trust.successions.hand_over(Caller(utility.did, "j", city.clock.now() + 10**9, bare=True), taking)
    await city.trust.successions.propose("mayor", "district")
    with pytest.raises(RefusedError, match=r"succession\.not_you"):
        await city.trust.successions.hand_over(Caller(utility.did, "k", city.clock.now() + 10**9, bare=True), taking)
    with pytest.raises(RefusedError, match=r"succession\.taking"):
        await city.trust.successions.hand_over(Caller(district.did, "l", city.clock.now() + 10**9, bare=True), taking)
    assert not await district.contracts.select()
    request = Request("POST", "/succession", "", {}, msgspec.json.encode(taking))
    assert (await city.dsp.handle(request)).status == 401


async def test_a_forged_succession_is_nothing(three: Three) -> None:
    """By a stranger's key, by the successor alone, or told by somebody whom it does not concern."""
    city, utility, district = three.city, three.utility, three.district
    await three.two.contract()
    await three.city.trust.successions.propose("mayor", "district")
    kept = await city.store.read(lambda view: view.get(Handover, city.did))
    assert kept is not None
    leaving = msgspec.json.decode(kept.statement, type=Both).leaving
    said = handover.succession(
        Both(leaving=leaving),
        {f"{city.did}#token": jwk.read(city.keys.token_jwk)},
        taking=False,
    )
    thief = handover.sign_succession(keys.draw("token"), f"{city.did}#token", said)
    taking = handover.sign_succession(district.keys.token, f"{district.did}#token", said)

    async def tell(by: str, params: dict[str, str], about: str = city.did) -> object:
        notice = Notice(
            id=by, peer=by, about=about, kind="succession.announced", params=params, ours=False, state="", created=1
        )
        return await utility.store.write(lambda tx: utility.trust.successions._announced(tx, Caller(by, by, 1), notice))

    for wrong in (
        await tell(city.did, {"leaving": thief, "taking": taking}),
        await tell(city.did, {"leaving": leaving}),
        await tell(city.did, {"leaving": leaving, "taking": leaving}),
        await tell("did:web:else.example", {"leaving": leaving, "taking": taking}),
        await tell(city.did, {"leaving": leaving, "taking": taking}, about="did:web:else.example"),
    ):
        assert isinstance(wrong, NodeError)
    assert not await utility.trust.successions.list()
    with pytest.raises(UnknownError):
        await utility.trust.successions.agree("engineer", "city")
    assert await tell(district.did, {"leaving": leaving, "taking": taking}) == {}, "the successor may say it too"


async def test_a_successor_with_other_keys_than_were_named_is_not_followed(three: Three) -> None:
    await three.two.contract()
    await three.taken()
    other = keys.generate()
    three.district.keys.turn(other.private, other.ring)
    with pytest.raises(InputError, match=r"succession\.keys"):
        await three.utility.trust.successions.agree("engineer", "city")
    assert (await contract(three.utility)).peer == three.city.did
    found = await three.utility.store.read(lambda view: view.get(Participant, three.district.did))
    assert found is None


async def test_taking_over_may_be_repeated(three: Three) -> None:
    await three.two.contract()
    await three.taken()
    await three.utility.trust.successions.agree("engineer", "city")
    await three.quiet()
    assert await three.district.trust.successions.begin("boss", "city") == 1
    assert (await contract(three.district)).held is None, "what is here already is left alone"


async def test_who_leaves_plants_nothing_with_the_successor(three: Three) -> None:
    """What the leaving node sends is its word about contracts: no evidence, file, permission or other peer comes by."""
    city, district, utility = three.city, three.district, three.utility
    await three.two.contract()
    await city.trust.successions.propose("mayor", "district")
    kept = await city.store.read(lambda view: view.get(Handover, city.did))
    assert kept is not None
    both = msgspec.json.decode(kept.statement, type=Both)
    said = handover.succession(both, {f"{city.did}#token": jwk.read(city.keys.token_jwk)}, taking=False)
    page = await city.store.read(lambda view: succession._page(view, ""))
    (one,), (peer,) = page.contracts, page.peers
    assert one.asset is not None
    assert one.negotiation is not None
    letter = replace(one.letters[0], id=f"{one.negotiation.id}#9", body=b"never said")
    document = SeenDocument(id="0" * 64, did=utility.did, body=b"seen by the district", at=1)

    def keep(tx: Transaction) -> None:
        tx.put(document)
        tx.put(letter)

    await district.store.write(keep)
    stranger = replace(peer, id="did:web:stranger.example", name="stranger")
    forged = Page(
        contracts=(
            replace(
                one,
                asset=replace(one.asset, kind="file", settings={"path": "/etc/passwd"}),
                letters=(*one.letters, replace(letter, body=b"said otherwise"), replace(letter, id="keys x#1")),
            ),
        ),
        peers=(replace(peer, private=True, facts={"urn:x:role": ("mayor",)}), stranger),
        documents=(replace(document, body=b"replaced"), replace(document, id="1" * 64)),
    )
    await district.store.write(
        lambda tx: district.trust.successions._take(tx, operator="boss", said=said, both=both, page=forged)
    )
    assert (await contract(district)).id == one.contract.id

    def read(view: Reading) -> list[object]:
        signed = [view.get(Signed, id) for id in (letter.id, "keys x#1")]
        seen = [view.get(SeenDocument, id) for id in (document.id, "1" * 64)]
        return [*signed, *seen, view.get(Participant, stranger.id), view.get(Asset, one.asset.id)]  # type: ignore[union-attr]

    assert await district.store.read(read) == [letter, None, document, None, None, None]
    taken = await district.store.read(lambda view: view.get(Participant, utility.did))
    assert taken is not None
    assert (taken.private, taken.facts, taken.words) == (False, {}, peer.words)
    assert [one.params["peer"] for one in await logged(district, "peer.added")] == [city.did, utility.did]


async def test_what_a_contract_is_about_is_what_the_successor_shares_under_that_name(
    three: Three, tmp_path: Path
) -> None:
    city, district = three.city, three.district
    await three.two.contract()
    (asset,) = await city.offers.assets()
    await three.taken()
    assert await district.store.read(lambda view: view.get(Asset, asset.id)) is None
    (tmp_path / "district.csv").write_text("a,b\n")
    settings = {"path": str(tmp_path / "district.csv")}
    own = await district.offers.add_asset("boss", name=asset.name, title="", kind="file", settings=settings)
    await district.trust.successions.begin("boss", "city")
    there = await district.store.read(lambda view: view.get(Asset, asset.id))
    assert there is not None
    assert (there.settings, there.name) == (own.settings, f"{asset.name}-2")


async def test_a_successor_that_signs_its_messages_takes_over(three: Three) -> None:
    await three.two.contract()
    peer = await three.city.peers.get(three.district.did)
    await three.city.store.write(lambda tx: tx.put(replace(peer, signs=1)))
    await three.city.trust.successions.propose("mayor", "district")
    assert await three.district.trust.successions.begin("boss", "city") == 1


async def test_whom_an_operator_keeps_out_comes_back_by_no_succession(three: Three) -> None:
    city, utility, district = three.city, three.utility, three.district
    await three.two.contract()

    def bar(out: Node, at: Node) -> Barred:
        return Barred(id=out.did, name="out", url="", keys={}, tokens=(), at=1, by="x" + at.did)

    await district.store.write(lambda tx: tx.put(bar(utility, district)))
    await three.taken()
    assert await district.store.read(lambda view: view.get(Participant, utility.did)) is None
    await utility.store.write(lambda tx: tx.put(bar(district, utility)))
    with pytest.raises(InputError, match=r"trust\.barred"):
        await utility.trust.successions.agree("engineer", "city")
    assert (await contract(utility)).peer == city.did
