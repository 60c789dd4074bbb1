"""Tests of connector.identity.dcp: the ports' contracts, and in which order somebody is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from certs import did, jwt, keys
from certs.did import Document
from certs.keys import NodeKeys
from connector.errors import MessageError, RefusedError, TooOftenError, UnauthenticatedError
from connector.identity.dcp import DcpIdentity
from connector.identity.resolver import Resolver
from connector.records import Participant, Region, Vouch
from connector.store.sqlite import SqliteStore
from connector.system import SystemIds
from policies.model import Reason
from tests.connector.identity.test_pinned import CITY, KEYS, NOW, TOWN, UTILITY, Clock, Counted, participant
from tests.connector.identity.test_resolver import Web
from tests.ports.identity import IdentityContract
from tests.ports.proofs import ProofsContract
from tests.ports.signatures import SignaturesContract

STRANGER = "did:web:stranger.example"
KEYS[STRANGER] = keys.generate()
REGION = Region(id="did:web:r", name="r", title="R", url="https://r", words="", added=0, added_by="x")


def document(name: str, own: NodeKeys) -> bytes:
    url = did.to_url(name)
    return json.dumps(did.document(url, url + "/dsp", {"token": own.token_jwk, "audit": own.audit_jwk})).encode()


class Parties:
    """Remembers whom it was asked about; `renewed` and `admitted` may do something."""

    def __init__(self) -> None:
        self.admissions: list[tuple[str, str]] = []
        self.renewals: list[tuple[str, str, bool]] = []
        self.calls: list[tuple[str, str]] = []
        self.renewed: Any = None
        self.taken: Any = None
        self.refusal: Exception | None = None

    async def admit(self, document: Document, grant: str) -> None:
        self.admissions.append((document.id, grant))
        if self.refusal is not None:
            raise self.refusal
        if self.taken is not None:
            await self.taken()

    async def renew(self, did: str, *, lacking: str = "", fresh: bool = False) -> None:
        self.renewals.append((did, lacking, fresh))
        if self.renewed is not None:
            await self.renewed()

    def heard(self, did: str, grant: str) -> None:
        self.calls.append((did, grant))


class Around(SimpleNamespace):
    """Identities of several DIDs over one store, and what is around them."""

    store: Counted
    web: Web
    parties: Parties

    def identity(self, own: str, **change: Any) -> DcpIdentity:
        clock = Clock()
        options: dict[str, Any] = {
            "store": self.store,
            "clock": clock,
            "ids": SystemIds(),
            "own": own,
            "keys": KEYS[own],
            "documents": Resolver(self.web, clock),
            "passes": lambda audience, now, jti: f"pass for {audience}",
            "room": lambda: None,
            "pace": lambda did: None,
            "fresh": 300.0,
        }
        made = DcpIdentity(**{**options, **change})
        made.parties = self.parties
        return made

    async def put(self, *records: Any) -> None:
        def act(tx: Any) -> None:
            for one in records:
                tx.put(one)

        await self.store.write(act)

    def token(self, name: str, own: NodeKeys | None = None, **change: Any) -> str:
        values = {"issuer": name, "audience": CITY, "now": NOW, "jti": "j", "token": "pass", **change}
        return "Bearer " + jwt.issue((own or KEYS[STRANGER]).token, f"{name}#token", **values)


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Around]:
    opened = SqliteStore.open(tmp_path / "state.db", clock=Clock(), sign_head=lambda *_: "", threaded=False)
    counted, web = Counted(opened), Web()
    web.pages = {did.document_url(did.to_url(name)): document(name, own) for name, own in KEYS.items() if name != TOWN}
    made = Around(store=counted, web=web, parties=Parties())
    await made.put(participant(UTILITY, KEYS[UTILITY]))
    yield made
    await opened.close()


@pytest.fixture
def pair(around: Around) -> SimpleNamespace:
    made = around.identity
    return SimpleNamespace(here=made(CITY), here_id=CITY, there=made(UTILITY), there_id=UTILITY, stranger=made(TOWN))


@pytest.fixture
def strangers(around: Around) -> SimpleNamespace:
    here, there, hidden = (around.identity(name) for name in (CITY, STRANGER, TOWN))
    return SimpleNamespace(here=here, here_id=CITY, there=there, there_id=STRANGER, hidden=hidden)


class TestDcpIdentity(IdentityContract):
    """The contract, with what the store holds."""


class TestDcpSignatures(SignaturesContract):
    """The contract, with what the store holds."""


class TestDcpProofs(ProofsContract):
    """The contract, with documents."""


async def test_our_tokens_bring_a_pass(around: Around) -> None:
    caller = await around.identity(CITY).verify(await around.identity(UTILITY).token(CITY))
    assert (caller.grant, caller.code, caller.bare) == (f"pass for {CITY}", "", False)


def admitting(around: Around, here: DcpIdentity, **change: Any) -> Any:
    """What an admission does that ends well."""

    async def act() -> None:
        await around.put(participant(STRANGER, KEYS[STRANGER], **change))
        here.forget()

    return act


async def test_a_stranger_is_admitted_after_its_did_is_proved(around: Around) -> None:
    await around.put(REGION)
    here = around.identity(CITY)
    around.parties.taken = admitting(around, here)
    caller = await here.verify(around.token(STRANGER))
    assert (caller.id, caller.grant) == (STRANGER, "pass")
    assert around.parties.admissions == [(STRANGER, "pass")]


async def test_a_stranger_who_is_refused_is_no_caller(around: Around) -> None:
    await around.put(REGION)
    around.parties.refusal = RefusedError("trust.no_membership")
    with pytest.raises(RefusedError):
        await around.identity(CITY).verify(around.token(STRANGER))


async def test_an_admission_that_leaves_nothing_behind_makes_no_caller(around: Around) -> None:
    """Whoever was removed while it was asked again is nobody, whatever became of the question."""
    await around.put(REGION)
    with pytest.raises(UnauthenticatedError, match=r"token\.issuer"):
        await around.identity(CITY).verify(around.token(STRANGER))
    assert around.parties.admissions


async def test_an_admission_that_was_taken_back_at_once_makes_no_caller(around: Around) -> None:
    await around.put(REGION)
    here = around.identity(CITY)
    vouch = Vouch(region="", checked=NOW, until=NOW + 1, refused=Reason("trust.revoked"), proved=False)
    around.parties.taken = admitting(around, here, pinned=False, vouch=vouch)
    with pytest.raises(UnauthenticatedError, match=r"trust\.revoked"):
        await here.verify(around.token(STRANGER))


@pytest.mark.parametrize(
    ("token", "wrong", "code"),
    [
        ({"token": ""}, UnauthenticatedError, "token.grant"),
        ({"audience": UTILITY}, UnauthenticatedError, "token.audience"),
        ({"now": NOW - 7_200_000_000}, UnauthenticatedError, "token.expired"),
        ({"name": "did:web:a b"}, MessageError, "did.form"),
        ({"name": "did:web:good.example%40evil.example"}, MessageError, "did.form"),
        ({"name": "did:web:10.0.0.1"}, MessageError, "did.form"),
        ({"name": "did:key:z6Mk"}, RefusedError, "did.method"),
    ],
)
async def test_nobody_is_asked_for_a_token_that_is_not_right(
    around: Around, token: dict[str, Any], wrong: type[Exception], code: str
) -> None:
    await around.put(REGION)
    token = dict(token)
    with pytest.raises(wrong, match=code.replace(".", r"\.")):
        await around.identity(CITY).verify(around.token(token.pop("name", STRANGER), **token))
    assert not around.web.asked
    assert not around.parties.admissions


async def test_a_stranger_without_the_key_of_its_did_is_not_asked_for_credentials(around: Around) -> None:
    await around.put(REGION)
    with pytest.raises(UnauthenticatedError, match=r"token\.signature"):
        await around.identity(CITY).verify(around.token(STRANGER, KEYS[TOWN]))
    assert not around.parties.admissions


async def test_where_no_region_is_believed_a_stranger_is_nobody(around: Around) -> None:
    with pytest.raises(UnauthenticatedError, match=r"token\.issuer"):
        await around.identity(CITY).verify(around.token(STRANGER))
    assert not around.web.asked


@pytest.mark.parametrize("name", ["did:web:127.0.0.1%3A8181", "did:web:localhost%3A9200", "did:web:a.localhost"])
async def test_a_region_with_members_inside_leads_no_stranger_to_this_machine(around: Around, name: str) -> None:
    await around.put(replace(REGION, private=True))
    with pytest.raises(UnauthenticatedError, match=r"did\.unresolved"):
        await around.identity(CITY).verify(around.token(name))
    assert not around.web.asked


async def test_a_stranger_too_many_has_nobody_asked(around: Around) -> None:
    def full() -> None:
        raise TooOftenError("rate.exceeded", seconds="1")

    await around.put(REGION)
    with pytest.raises(TooOftenError):
        await around.identity(CITY, room=full).verify(around.token(STRANGER))
    assert not around.web.asked


async def test_who_proves_its_did_and_nothing_else_may_not_do_so_all_the_time(around: Around) -> None:
    paced: list[str] = []

    def pace(did: str) -> None:
        paced.append(did)
        if len(paced) > 1:
            raise TooOftenError("rate.exceeded", seconds="1")

    here = around.identity(CITY, pace=pace)
    with pytest.raises(UnauthenticatedError):
        await here.bare(around.token(STRANGER, KEYS[TOWN]))
    assert not paced, "nobody uses up another's share"
    assert (await here.bare(around.token(STRANGER))).bare
    with pytest.raises(TooOftenError):
        await here.bare(around.token(STRANGER))
    assert paced == [STRANGER, STRANGER]


async def test_a_key_that_follows_is_found_and_a_false_one_is_not_believed(around: Around) -> None:
    here, followed = around.identity(CITY), keys.generate()

    async def follow() -> None:
        await around.put(participant(UTILITY, followed))
        here.forget()

    with pytest.raises(UnauthenticatedError, match=r"token\.signature"):
        await here.verify(around.token(UTILITY, followed))
    assert around.parties.renewals == [(UTILITY, UTILITY + "#token", True)]
    around.parties.renewed = follow
    assert (await here.verify(around.token(UTILITY, followed))).id == UTILITY


async def test_a_known_did_is_not_proved_by_a_document_with_other_keys(around: Around) -> None:
    thief = keys.generate()
    around.web.pages[did.document_url(did.to_url(UTILITY))] = document(UTILITY, thief)
    for look in (around.identity(CITY).bare, around.identity(CITY).verify):
        with pytest.raises(UnauthenticatedError, match=r"token\.signature"):
            await look(around.token(UTILITY, thief))


def vouched(**change: Any) -> Participant:
    vouch = Vouch(**{"region": REGION.id, "checked": NOW, "until": NOW + 1, **change.pop("vouch", {})})
    return participant(UTILITY, KEYS[UTILITY], **{"pinned": False, "vouch": vouch, "seen": NOW, **change})


async def test_whoever_is_vouched_for_costs_no_look_until_it_is_time(around: Around) -> None:
    await around.put(vouched())
    here = around.identity(CITY)
    assert (await here.verify(await around.identity(UTILITY).token(CITY))).id == UTILITY
    assert not around.parties.renewals
    here._clock.at += 1  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match=r"trust\.lapsed"):
        await here.verify(await around.identity(UTILITY).token(CITY))
    assert around.parties.renewals == [(UTILITY, "", False)]


async def test_a_key_that_is_found_to_be_revoked_serves_not_even_for_that_call(around: Around) -> None:
    here, followed = around.identity(CITY), keys.generate()
    await around.put(vouched(seen=NOW - 10**12))

    async def follow() -> None:
        await around.put(participant(UTILITY, followed))
        here.forget()

    around.parties.renewed = follow
    with pytest.raises(UnauthenticatedError, match=r"token\.(key|signature)"):
        await here.verify(around.token(UTILITY, KEYS[UTILITY]))
    assert len(around.parties.renewals) == 1


@pytest.mark.parametrize(
    ("stands", "wrong"),
    [
        ({"vouch": {"refused": Reason("trust.revoked"), "proved": False}}, UnauthenticatedError),
        ({"vouch": {"refused": Reason("trust.no_membership")}}, RefusedError),
        ({"vouch": {"until": NOW}}, RefusedError),
        ({"changed": Reason("peer.keys_changed")}, UnauthenticatedError),
        ({"pinned": True, "changed": Reason("peer.keys_changed")}, UnauthenticatedError),
    ],
)
async def test_how_somebody_is_refused(around: Around, stands: dict[str, Any], wrong: type[Exception]) -> None:
    await around.put(vouched(**stands))
    with pytest.raises(wrong):
        await around.identity(CITY).verify(await around.identity(UTILITY).token(CITY))


async def test_what_a_region_no_longer_says_takes_nothing_from_a_pinned_peer(around: Around) -> None:
    await around.put(vouched(pinned=True, vouch={"refused": Reason("trust.revoked")}))
    assert (await around.identity(CITY).verify(await around.identity(UTILITY).token(CITY))).id == UTILITY


async def test_data_is_given_after_a_verdict_that_has_ended_was_made_anew(around: Around) -> None:
    await around.put(vouched(vouch={"until": NOW}))
    here = around.identity(CITY)
    await here.settle(UTILITY)
    assert around.parties.renewals == [(UTILITY, "", False)]
    assert around.parties.calls == [(UTILITY, "")]
    await here.settle(STRANGER)
    assert len(around.parties.renewals) == 1
