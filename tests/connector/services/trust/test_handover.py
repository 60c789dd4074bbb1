"""connector/services/trust/handover.py and continuing.py: other keys at the same DID, and what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from certs import did, handover, jwk, keys, words
from certs.handover import Accepted, Change
from certs.keys import NodeKeys
from connector.errors import DeliveryError, InputError, UnauthenticatedError
from connector.node import Node
from connector.ports import Caller
from connector.records import Agreement, Entry, Notice, Participant, Region, Vouch
from connector.services.trust.handover import CHANGED, about, judge_change, subject, vouching_keys
from policies.model import Reason
from tests.connector.joined import Two, joined

REGION = "did:web:region.example"


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with joined(tmp_path) as made:
        yield made


def shows(node: Node, other: NodeKeys) -> None:
    """From now on somebody else sits at the node's address: valid TLS, valid document, all keys new."""
    node.keys.turn(other.private, other.ring)


async def look(at: Node, who: Node) -> Participant:
    at.trust.documents._kept.clear()
    found = await at.trust.handovers.look(who.did)
    assert found is not None
    return found


async def held(node: Node) -> list[Reason | None]:
    return [one.held for one in await node.contracts.select()]


async def logged(node: Node, event: str) -> list[Entry]:
    found = await node.audit.log(limit=1000)
    return [Entry(event=one.event, actor=one.actor, params=one.params) for one in found if one.event == event]


async def test_keys_that_nobody_vouches_for_stop_everything(two: Two) -> None:
    city, utility = two.city, two.utility
    await two.contract()
    known, other = await utility.peers.get(city.did), keys.generate()
    shows(city, other)
    kept = await look(utility, city)
    found = words.fingerprint(other.thumbprints)
    assert kept.changed is not None
    assert (kept.changed.code, kept.changed.params["pinned"], kept.changed.params["found"]) == (
        CHANGED,
        known.words,
        found,
    )
    assert (kept.keys, kept.words) == (known.keys, known.words), "what was believed stays what is believed"
    assert await held(utility) == [kept.changed]
    with pytest.raises(UnauthenticatedError):
        await utility.identity.verify(await city.identity.token(utility.did))
    with pytest.raises(DeliveryError, match=r"peer\.keys_changed"):
        await utility.identity.token(city.did)
    (entry,) = await logged(utility, CHANGED)
    assert (entry.params["contracts"], entry.params["pinned"], entry.params["found"]) == ("1", known.words, found)
    await look(utility, city)
    assert len(await logged(utility, CHANGED)) == 1, "once"


async def test_the_old_keys_prove_nothing_meanwhile(two: Two) -> None:
    city, utility = two.city, two.utility
    mine = city.keys.private, city.keys.ring
    shows(city, keys.generate())
    await look(utility, city)
    city.keys.turn(*mine)
    with pytest.raises(UnauthenticatedError):
        await utility.identity.verify(await city.identity.token(utility.did))
    kept = await look(utility, city)
    assert kept.changed is None, "the domain is the town's again"
    assert (await utility.identity.verify(await city.identity.token(utility.did))).id == city.did


async def test_contracts_go_on_when_a_person_has_compared(two: Two) -> None:
    city, utility = two.city, two.utility
    await two.contract()
    other = keys.generate()
    shows(city, other)
    await look(utility, city)
    with pytest.raises(InputError, match=r"peer\.words"):
        await utility.trust.handovers.accept("boss", "city", words.fingerprint(keys.generate().thumbprints))
    with pytest.raises(InputError, match=r"peer\.words_form"):
        await utility.trust.handovers.accept("boss", "city", "nonsense")
    assert (await held(utility))[0] is not None
    kept = await utility.trust.handovers.accept("boss", "city", words.fingerprint(other.thumbprints).upper())
    assert (kept.changed, kept.pinned, kept.words) == (None, True, words.fingerprint(other.thumbprints))
    assert await held(utility) == [None]
    assert (await utility.identity.verify(await city.identity.token(utility.did))).id == city.did


async def test_what_was_held_for_another_reason_stays_held(two: Two) -> None:
    city, utility = two.city, two.utility
    contract = await two.contract()
    why = Reason("contract.held", {"text": "-"})
    agreement = await utility.contracts.get(contract)
    await utility.store.write(lambda tx: tx.put(replace(agreement, held=why)))
    other = keys.generate()
    shows(city, other)
    await look(utility, city)
    assert await held(utility) == [why]
    await utility.trust.handovers.accept("boss", "city", words.fingerprint(other.thumbprints))
    assert await held(utility) == [why]


async def test_a_hint_is_looked_into_and_nothing_more(two: Two) -> None:
    city, utility = two.city, two.utility
    await city.keyring.rotate("mayor", "token")
    utility.trust.documents._kept.clear()
    params = {"number": "1"}
    notice = Notice(
        id="n", peer=city.did, about=city.did, kind="key.changed", params=params, ours=False, state="", created=1
    )
    said = await utility.store.write(lambda tx: utility.trust.handovers.heard(tx, Caller(city.did, "j", 1), notice))
    assert said == {}
    while utility.trust.handovers._looking:
        await utility.clock.sleep(0.001)
    assert f"{city.did}#token-2" in (await utility.peers.get(city.did)).keys
    foreign = replace(notice, about=utility.did)
    refused = await utility.store.write(lambda tx: utility.trust.handovers.heard(tx, Caller(city.did, "k", 1), foreign))
    assert not isinstance(refused, dict)


# --- regions ----------------------------------------------------------------------------------------------------------

ISSUER = keys.draw("issuer")


def region(**change: object) -> Region:
    key = keys.public_jwk(ISSUER)
    made = Region(
        id=REGION,
        name="region",
        title="Region",
        url="https://region.example",
        words="-",
        added=1,
        added_by="boss",
        keys={f"{REGION}#issuer": key},
    )
    return replace(made, **change)


def spoken(did: str, other: NodeKeys, number: int = 1) -> str:
    after = tuple(handover.named(f"{did}#{name}", key) for name, key in other.published().items())
    change = Change(did=did, before=(), after=after, at=1, number=number)
    return handover.sign_change(ISSUER, f"{REGION}#issuer", change)


VOUCHED = Vouch(region=REGION, checked=1, until=2)


@pytest.mark.parametrize(
    ("believed", "vouch", "counts"),
    [
        ([region()], None, True),
        ([region()], VOUCHED, True),
        ([region()], replace(VOUCHED, region="did:web:another.example"), False),
        ([region(vouched_by="did:web:another.example")], None, False),
        ([region(vouched_by="did:web:another.example")], VOUCHED, True),
        ([region(changed=Reason("x"))], VOUCHED, False),
        ([], None, False),
    ],
    ids=["an operator's", "its own", "another's", "on a word", "its own on a word", "in doubt", "none"],
)
async def test_which_region_may_speak(two: Two, believed: list[Region], vouch: Vouch | None, counts: bool) -> None:
    city, utility, other = two.city, two.utility, keys.generate()
    for one in believed:
        await utility.store.write(lambda tx: tx.put(one))  # noqa: B023
    known = replace(await utility.peers.get(city.did), vouch=vouch)
    shows(city, other)
    document = did.read(city.document.body(), city.did)
    may = await utility.store.read(lambda view: vouching_keys(view, known))
    judged = judge_change(known, document, [spoken(city.did, other)], may)
    assert isinstance(judged, Accepted) is counts


async def test_a_member_that_has_lost_everything_goes_on_with_its_regions_word(two: Two) -> None:
    """The utility is the region: it has compared; a third would follow by what it publishes."""
    city, utility = two.city, two.utility
    await two.contract()
    other = keys.generate()
    shows(city, other)
    assert (await look(utility, city)).changed is not None
    await utility.store.write(lambda tx: tx.put(region(url=utility.config.public_url)))
    from connector.services.trust.handover import keep_statement

    await utility.store.write(lambda tx: keep_statement(tx, city.did, spoken(city.did, other), 1, 1))
    kept = await look(utility, city)
    assert (kept.changed, kept.words) == (None, words.fingerprint(other.thumbprints))
    assert await held(utility) == [None]
    found = await utility.store.read(lambda view: about(view, subject(city.did)))
    assert found == [spoken(city.did, other)] or len(found) == 1


async def test_the_keys_of_a_region_follow_each_other_too(two: Two) -> None:
    city, utility = two.city, two.utility
    folder = city.config.directory / "keys" / "region"
    folder.mkdir(mode=0o700)
    (folder / "issuer.pem").write_bytes(keys._pem(keys.draw("issuer")))
    (folder / "issuer.pem").chmod(0o600)
    again = keys.load(folder.parent)
    city.keys.turn(again.private, again.ring)
    await city.keyring.settle()
    shown = {f"{city.did}#issuer": city.keys.published()["issuer"]}
    prints = words.fingerprint(map(jwk.thumbprint, shown.values()))
    believed = region(id=city.did, url=city.config.public_url, keys=shown, words=prints)
    await utility.store.write(lambda tx: tx.put(believed))

    async def now() -> Region:
        utility.trust.documents._kept.clear()
        await utility.trust.handovers.look_at_regions()
        found = await utility.store.read(lambda view: view.get(Region, city.did))
        assert found is not None
        return found

    assert await now() == believed
    await city.keyring.rotate("mayor", "token")
    assert await now() == believed, "what does not sign credentials does not matter"
    await city.keyring.rotate("mayor", "issuer")
    kept = await now()
    assert set(kept.keys) == {f"{city.did}#issuer", f"{city.did}#issuer-2"}
    assert kept.changed is None
    other = keys.generate()
    private = {**other.private, "issuer": keys.draw("issuer")}
    stranger = replace(city.keys.ring.signing("issuer"), name="issuer", jwk=keys.public_jwk(private["issuer"]))  # type: ignore[type-var]
    city.keys.turn(private, replace(other.ring, keys=(*other.ring.keys, stranger)))
    kept = await now()
    assert kept.changed is not None
    assert (await logged(utility, "trust.keys_changed"))[0].params["region"] == city.did
    told = words.fingerprint([jwk.thumbprint(city.keys.published()["issuer"])])
    kept = await utility.trust.handovers.accept_region("boss", city.did, told)
    assert (kept.changed, kept.words) == (None, told)


async def test_a_contract_is_never_held_twice_for_it(two: Two) -> None:
    city, utility = two.city, two.utility
    await two.contract()
    shows(city, keys.generate())
    first = await look(utility, city)
    shows(city, keys.generate())
    second = await look(utility, city)
    assert first.changed != second.changed, "a person sees the words of now"
    (agreement,) = await utility.contracts.select()
    assert isinstance(agreement, Agreement)
    assert agreement.held is not None
