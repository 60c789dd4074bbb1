"""Contracts that take the place of others, between two real sets of services."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.errors import DeliveryError, InputError, TransitionError
from connector.protocol.messages import Catalog, Dataset
from connector.protocol.negotiation import Negotiation
from connector.records import Agreement, PublishedOffer
from connector.services.life.contracts import Contracts, policy_of
from connector.services.life.endings import How
from connector.services.life.renewals import Renewals
from policies import instants
from policies.terms import Terms
from tests.connector.services.contracting import DAY, Pair, contracted
from tests.connector.services.world import FINAL, Neighbour, settled
from tests.harness.virtual import run

DATED = Terms(until="2027-03-31", notice="P30D", count=5)
LATER = instants.instant("2028-03-31T22:00:00Z")


class Shown:
    """A Discovery that asks the other neighbour directly."""

    def __init__(self, one: Neighbour, other: Neighbour) -> None:
        self._one, self._other = one, other

    async def dataset(self, peer: str, id: str) -> Dataset:
        assert peer == self._other.did
        return await self._other.shown_dataset(self._one.caller(), id)

    async def catalog(self, peer: str, after: str = "") -> Catalog:
        raise NotImplementedError


def _renewals(one: Neighbour, other: Neighbour) -> Renewals:
    return Renewals(
        store=one.store,
        contracts=Contracts(store=one.store, clock=one.clock),
        negotiations=one.negotiations,
        discovery=Shown(one, other),  # type: ignore[arg-type]
    )


async def _contract(one: Neighbour, id: str) -> Agreement:
    found = await one.store.read(lambda view: view.get(Agreement, id))
    assert found is not None
    return found


async def _made(one: Neighbour, pid: str) -> str:
    """The id of the contract that a negotiation has made."""
    n = await settled(one.negotiations, pid, FINAL)
    assert n.state == "FINALIZED", n.reason
    assert n.agreement is not None
    return str(n.agreement["@id"])


async def _told(one: Neighbour, replaces: str, state: str) -> Negotiation:
    """The other side's record of a negotiation that is to replace a contract, as soon as it stands so."""
    async with asyncio.timeout(60):
        while True:
            for n in await one.negotiations.select():
                if n.replaces == replaces and n.state == state and n.pending is None:
                    return n
            await asyncio.sleep(0.1)


async def _linked(pair: Pair, new: str) -> None:
    """Both sides have the one in the place of the other."""
    for one in (pair.city, pair.utility):
        old = await pair.until(one, lambda a: not a.in_force)
        assert (old.replaced, old.amending) == (new, "")
        assert old.ended is not None
        assert old.ended.code == "contract.replaced"
        made = await _contract(one, new)
        assert (made.in_force, made.replaces, made.replaced) == (True, pair.id, "")


def test_a_consumer_asks_for_more_time_and_the_new_contract_takes_the_place_of_the_old(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        renewals = _renewals(pair.utility, pair.city)
        begun = await renewals.amend("jo", pair.id, Terms(until="2028-03-31"))
        assert begun.replaces == pair.id
        # Beyond what is published, and no published terms in answer: people there decide about what was asked.
        theirs = await _told(pair.city, pair.id, "REQUESTED")
        assert (await pair.at(pair.utility)).amending == begun.id
        assert (await pair.at(pair.city)).amending == theirs.id
        assert all(one.in_force for one in await pair.both())
        assert t.state == "STARTED"
        await pair.city.people("ada")
        await pair.city.approvals.approve("ada", theirs.id)
        new = await _made(pair.utility, begun.id)
        await _linked(pair, new)
        assert (await _contract(pair.city, new)).expires == LATER

    run(story)


def test_a_renewal_within_the_published_terms_binds_and_ends_the_old_one(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        t = await pair.transfer()
        begun = await _renewals(pair.utility, pair.city).amend("jo", pair.id, Terms(count=3))
        new = await _made(pair.utility, begun.id)
        await _linked(pair, new)
        await settled(pair.utility.transfers, t.id, ("TERMINATED",))
        await settled(pair.city.transfers, t.peer_pid, ("TERMINATED",))
        made = policy_of(await _contract(pair.city, new))
        assert made.notice == "P30D"  # what was not named stays as agreed
        assert (await _contract(pair.utility, new)).expires == (await pair.at(pair.city)).expires

    run(story)


def test_a_provider_offers_another_year_and_the_consumers_people_decide(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        begun = await _renewals(pair.city, pair.utility).amend("jo", pair.id, Terms(until="2028-03-31"))
        theirs = await _told(pair.utility, pair.id, "OFFERED")
        assert (await pair.at(pair.utility)).amending == theirs.id
        await pair.utility.approvals.approve("anna", theirs.id, seen=theirs.version)
        # Beyond the published terms: somebody other than who offered it has to agree here too.
        waiting = await settled(pair.city.negotiations, begun.id, ("ACCEPTED",))
        await pair.city.approvals.approve("anna", begun.id, seen=waiting.version)
        new = await _made(pair.utility, theirs.id)
        await _linked(pair, new)
        assert [(await _contract(one, new)).expires for one in (pair.city, pair.utility)] == [LATER, LATER]

    run(story)


def test_uses_are_counted_anew(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        await pair.city.store.write(lambda tx: tx.draw(f"uses:{pair.id}"))
        begun = await _renewals(pair.utility, pair.city).amend("jo", pair.id, Terms(count=3))
        new = await _made(pair.utility, begun.id)
        assert await pair.city.store.read(lambda view: view.drawn(f"uses:{new}")) == 0

    run(story)


def test_what_comes_to_nothing_leaves_the_contract_as_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        begun = await _renewals(pair.city, pair.utility).amend("jo", pair.id, Terms(until="2028-03-31"))
        theirs = await _told(pair.utility, pair.id, "OFFERED")
        await pair.utility.approvals.decline("anna", theirs.id, reason="too long")
        await settled(pair.city.negotiations, begun.id, ("TERMINATED",))
        assert all(one.in_force and not one.replaced for one in await pair.both())
        # And another one may begin.
        again = await _renewals(pair.utility, pair.city).amend("jo", pair.id, Terms(count=2))
        await _linked(pair, await _made(pair.utility, again.id))

    run(story)


def test_both_begin_at_once_and_the_providers_counts(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        asked, offered = await asyncio.gather(
            _renewals(pair.utility, pair.city).amend("jo", pair.id, Terms(count=3)),
            _renewals(pair.city, pair.utility).amend("jo", pair.id, Terms(count=4)),
        )
        refused = await settled(pair.utility.negotiations, asked.id, FINAL)
        assert refused.state == "TERMINATED"
        theirs = await _told(pair.utility, pair.id, "OFFERED")
        await pair.utility.approvals.approve("anna", theirs.id, seen=theirs.version)
        await settled(pair.city.negotiations, offered.id, ("ACCEPTED", "FINALIZED"))
        n = await pair.city.negotiations.get(offered.id)
        if n.state == "ACCEPTED":
            await pair.city.approvals.approve("anna", n.id, seen=n.version)
        await _linked(pair, await _made(pair.utility, theirs.id))

    run(story)


def test_a_second_one_is_refused_while_one_is_under_way(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        renewals = _renewals(pair.city, pair.utility)
        await renewals.amend("jo", pair.id, Terms(count=4))
        with pytest.raises(TransitionError, match=r"contract\.amending"):
            await renewals.amend("jo", pair.id, Terms(count=3))

    run(story)


def test_a_notice_that_crosses_an_amendment(tmp_path: Path) -> None:
    """The contract is replaced before its notice takes effect: the new one stands, on its own terms, on both sides."""

    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        _, begun = await asyncio.gather(
            pair.city.endings.end("anna", pair.id, How.NOTICE, text="over"),
            _renewals(pair.utility, pair.city).amend("jo", pair.id, Terms(count=3)),
        )
        new = await _made(pair.utility, begun.id)
        await asyncio.sleep(5)
        await _linked(pair, new)
        await asyncio.sleep(40 * DAY)
        assert (await _contract(pair.city, new)).in_force
        assert (await _contract(pair.utility, new)).in_force
        assert not await pair.city.outgoing()

    run(story)


def test_an_expired_contract_can_be_renewed_late(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        await asyncio.sleep(80 * DAY)
        assert not (await pair.at(pair.city)).in_force
        await _renewals(pair.city, pair.utility).amend("jo", pair.id, Terms(until="2028-03-31"))
        theirs = await _told(pair.utility, pair.id, "OFFERED")
        await pair.utility.approvals.approve("anna", theirs.id, seen=theirs.version)
        waiting = await _told(pair.city, pair.id, "ACCEPTED")
        await pair.city.approvals.approve("anna", waiting.id, seen=waiting.version)
        new = await _made(pair.utility, theirs.id)
        old = await pair.at(pair.utility)
        assert old.ended is not None
        assert (old.ended.code, old.replaced) == ("contract.expired", new)

    run(story)


def test_what_cannot_be_amended_is_said(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        ours, theirs = _renewals(pair.utility, pair.city), _renewals(pair.city, pair.utility)
        with pytest.raises(InputError, match=r"contract\.nothing_amended"):
            await ours.amend("jo", pair.id, Terms())
        with pytest.raises(InputError, match=r"terms\.unreadable"):
            await ours.amend("jo", pair.id, Terms(until="soon"))
        with pytest.raises(InputError, match=r"agreement\.unknown"):
            await ours.amend("jo", "urn:x:none", Terms(count=3))
        begun = await ours.amend("jo", pair.id, Terms(count=3))
        await _made(pair.utility, begun.id)
        for one in (ours, theirs):
            with pytest.raises(TransitionError, match=r"contract\.replaced"):
                await one.amend("jo", pair.id, Terms(count=2))

    run(story)


def test_a_stranger_replaces_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)
        thief = Neighbour("thief", tmp_path / "thief", pair.city.world)
        await thief.knows(pair.city)
        await pair.city.knows(thief)
        await thief.outbox.start()
        stolen = await pair.at(pair.utility)
        await thief.store.write(lambda tx: tx.put(stolen))
        [offer] = await pair.city.store.read(lambda view: view.select(PublishedOffer))
        wanted = await thief.terms_of(pair.city, offer)
        begun = await thief.negotiations.request("jo", pair.city.did, offer.asset, wanted, replaces=pair.id)
        assert (await settled(thief.negotiations, begun.id, FINAL)).state == "TERMINATED"
        assert (await pair.at(pair.city)).amending == ""

    run(story)


def test_a_consumer_that_cannot_ask_the_provider_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        pair = await contracted(tmp_path, DATED)

        class Away:
            async def dataset(self, peer: str, id: str) -> Dataset:
                raise DeliveryError("peer.unreachable")

        renewals = Renewals(
            store=pair.utility.store,
            contracts=Contracts(store=pair.utility.store, clock=pair.utility.clock),
            negotiations=pair.utility.negotiations,
            discovery=Away(),  # type: ignore[arg-type]
        )
        with pytest.raises(DeliveryError):
            await renewals.amend("jo", pair.id, Terms(count=3))

    run(story)
