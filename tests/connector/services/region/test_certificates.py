"""Certificates of a region's members: who gets one, for which names, for how long, and what takes them back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certs import enrol, jwk, rollover
from certs.authority import DAY, Profile, name_of
from certs.did import DidError, Document
from certs.revocation import read_answer, read_list
from certs.x509 import hosts, members
from connector.errors import (
    BusyError,
    DeliveryError,
    InputError,
    MessageError,
    NodeError,
    RefusedError,
    UnauthenticatedError,
)
from connector.ports import Caller
from connector.records import Certificate, Revocations
from connector.services.region.certificates import Certificates, due
from connector.services.region.lists import EVERY, LASTS
from connector.services.region.members import Members
from connector.store.sqlite import SqliteStore
from tests.harness.trustdomain import made
from tests.harness.virtual import EPOCH, SeededIds, VirtualClock

TOWN, OTHER, DEVICE = "did:web:town.example", "did:web:other.example", "urn:dev:pi7"
Key = ec.EllipticCurvePrivateKey


def fresh() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


class World:
    """A region with its store, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.at = EPOCH
        self.clock = VirtualClock()
        self.clock.now = lambda: self.at  # type: ignore[method-assign]
        self.store = SqliteStore.open(
            folder / "state.db", clock=self.clock, sign_head=lambda size, root, at: "note", threaded=False
        )
        self.keys = made(folder / "region", now=EPOCH)
        self.members = Members(store=self.store, clock=self.clock, ids=SeededIds("pki"), root=lambda: b"root")
        self.published: dict[str, Key] = {}
        self.renewed: dict[str, Key] = {}
        self.fetched: list[tuple[str, bool]] = []
        self.serials: Callable[[], int] = itertools.count(1000).__next__
        self.certificates = Certificates(
            store=self.store,
            clock=self.clock,
            keys=lambda: self.keys,
            members=self.members,
            documents=self,
            public_url="https://region.example",
            draw=lambda: self.serials(),
        )

    async def document(
        self, did: str, *, url: str = "", private: bool = False, lacking: str = "", fresh: bool = False
    ) -> Document:
        """See `ports.Documents`: what is published, and what anew where it is asked for."""
        self.fetched.append((did, private))
        key = (self.renewed.get(did) if fresh else None) or self.published.get(did)
        if key is None:
            raise DeliveryError("peer.unreachable")
        kid = f"{did}#token"
        return Document(id=did, keys={kid: jwk.write(key.public_key())}, tokens=(kid,))

    def keeps(self, did: str) -> bool:
        """See `ports.Documents`."""
        raise NotImplementedError

    async def code(self, role: str = "node", *, bound: str = "", private: bool = False) -> str:
        """A code; with `bound` the one who has proved that DID has used it."""
        code = (await self.members.invite("admin", "", title="Gemeinde Nachbarsdorf", role=role, private=private)).code
        if bound:
            await self.store.write(lambda tx: self.members.redeem(tx, code, bound, role=role))
        return code

    async def joined(
        self, name: str = TOWN, key: Key | None = None, profile: Profile | None = None
    ) -> x509.Certificate:
        role, key = "device" if name.startswith("urn:") else "node", key or fresh()
        if profile is Profile.SIGNING:
            self.published[name] = key
        code = await self.code(role, bound="" if role == "device" or profile is Profile.SIGNING else name)
        return await self.certificates.enrol(code, enrol.request(key, name, []), profile)

    async def kept(self) -> list[Certificate]:
        return await self.certificates.select()

    async def events(self) -> list[str]:
        return [msgspec.json.decode(one.body)["event"] for one in await self.store.read(lambda view: view.log())]

    async def listed(self, name: str | None = None) -> set[str]:
        """Serial numbers in the list of the nodes' authority."""
        signer = self.keys.nodes if name is None else next(one for one in self.keys.authorities if one.name == name)
        body = await self.certificates.lists.body(signer.name)
        assert body is not None
        return {f"{one:x}" for one in read_list(body, signer.certificate, now=self.at).revoked}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = World(tmp_path)
    await opened.certificates.lists.look()
    yield opened
    await opened.store.close()


async def refused(call: object, kind: type[NodeError] = RefusedError) -> str:
    with pytest.raises(kind) as caught:
        await call  # type: ignore[misc]
    return caught.value.reason.code


def token(name: str = TOWN, jti: str = "1") -> Caller:
    return Caller(id=name, jti=jti, expires=EPOCH + 10**12)


# --- first enrolment --------------------------------------------------------------------------------------------------


async def test_a_code_gets_a_certificate_that_says_who_the_member_is_and_not_what_was_asked_for(world: World) -> None:
    found = await world.joined()
    assert (members(found), hosts(found)) == ((TOWN,), ("town.example",))
    (kept,) = await world.kept()
    assert (kept.id, kept.member, kept.profile) == (f"{found.serial_number:x}", TOWN, "node")
    assert kept.ends == EPOCH + 90 * DAY
    assert "certificate.issued" in await world.events()


@pytest.mark.parametrize(
    ("name", "profile", "names", "days"),
    [
        (TOWN, Profile.SIGNING, (), 365),
        (TOWN, Profile.NODE, ("town.example",), 90),
        (DEVICE, Profile.DEVICE, (), 30),
        (DEVICE, None, (), 30),
        ("did:web:127.0.0.1%3A8443:node", None, ("127.0.0.1",), 90),
    ],
)
async def test_each_kind_has_its_names_and_its_life(
    world: World, name: str, profile: Profile | None, names: tuple[str, ...], days: int
) -> None:
    found = await world.joined(name, profile=profile)
    assert hosts(found) == names
    assert (await world.kept())[0].ends == EPOCH + days * DAY


async def test_the_same_request_may_be_repeated_and_gives_nothing_new(world: World) -> None:
    world.published[TOWN] = fresh()
    code = await world.code()
    for number, (profile, key) in enumerate([(Profile.SIGNING, world.published[TOWN]), (Profile.NODE, fresh())], 1):
        body = enrol.request(key, TOWN, [])
        first = await world.certificates.enrol(code, body, profile)
        assert await world.certificates.enrol(code, body, profile) == first
        assert len(await world.kept()) == number


async def test_x4_a_code_that_was_used_gives_nothing_to_another_key_and_nothing_to_another_party(world: World) -> None:
    code = await world.code(bound=TOWN)
    await world.certificates.enrol(code, enrol.request(fresh(), TOWN, []), None)
    again = world.certificates.enrol(code, enrol.request(fresh(), TOWN, []), None)
    assert await refused(again) == "invite.used"
    stranger = world.certificates.enrol(code, enrol.request(fresh(), OTHER, []), None)
    assert await refused(stranger) == "invite.used"
    assert len(await world.kept()) == 1


async def test_x4_a_key_serves_one_member_and_one_purpose(world: World) -> None:
    key, code = fresh(), await world.code(bound=TOWN)
    world.published[TOWN] = key
    await world.certificates.enrol(code, enrol.request(key, TOWN, []), Profile.NODE)
    assert await refused(world.joined(OTHER, key)) == "request.key_reused"
    assert await refused(world.certificates.enrol(code, enrol.request(key, TOWN, []), Profile.SIGNING)) == (
        "request.key_reused"
    )
    assert len(await world.kept()) == 1


@pytest.mark.parametrize("asked", [["other.example"], ["town.example", "other.example"], ["10.0.0.1"]])
async def test_x4_names_that_are_not_the_members_are_refused(world: World, asked: list[str]) -> None:
    call = world.certificates.enrol(await world.code(bound=TOWN), enrol.request(fresh(), TOWN, asked), None)
    assert await refused(call) == "request.names"
    assert await world.kept() == []


@pytest.mark.parametrize("name", ["https://town.example", "did:key:z6Mk", "mailto:a@b", "urn:a b", "did:web:a%40b"])
async def test_x4_a_request_that_is_about_nobody_is_refused(world: World, name: str) -> None:
    call = world.certificates.enrol(await world.code(), enrol.request(fresh(), name, []), None)
    assert await refused(call, MessageError) == "request.name"


@pytest.mark.parametrize("role", ["node", "device"])
async def test_x4_a_code_gets_nothing_in_the_name_of_another_member(world: World, role: str) -> None:
    """Whoever was invited knows the names of all members; a code proves none of them."""
    await world.joined()
    (before,) = await world.members.select()
    profile = Profile.DEVICE if role == "device" else Profile.NODE
    call = world.certificates.enrol(await world.code(role), enrol.request(fresh(), TOWN, []), profile)
    assert await refused(call) == "request.unproved"
    assert await world.members.select() == [before]
    assert len(await world.kept()) == 1


async def test_x4_a_code_whose_member_has_left_gets_nothing_any_more(world: World) -> None:
    code = await world.code("device")
    await world.certificates.enrol(code, enrol.request(fresh(), DEVICE, []), None)
    await world.members.leave("admin", DEVICE)
    assert await refused(world.certificates.enrol(code, enrol.request(fresh(), DEVICE, []), None)) == "invite.used"
    assert (await world.members.get(DEVICE)).state == "left"


async def test_x4_a_node_is_named_by_its_did(world: World) -> None:
    call = world.certificates.enrol(await world.code(), enrol.request(fresh(), DEVICE, []), Profile.NODE)
    assert await refused(call, MessageError) == "request.name"


async def test_x4_what_is_no_request_uses_no_code_up(world: World) -> None:
    code = await world.code(bound=TOWN)
    assert await refused(world.certificates.enrol(code, b"AAAA", None), MessageError) == "request.form"
    assert members(await world.certificates.enrol(code, enrol.request(fresh(), TOWN, []), None)) == (TOWN,)


async def test_a_code_that_nobody_gave_out_gets_nothing(world: World) -> None:
    call = world.certificates.enrol("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", enrol.request(fresh(), TOWN, []), None)
    assert await refused(call) == "invite.unknown"


# --- a code proves no DID ---------------------------------------------------------------------------------------------


def asked(name: str = TOWN, key: Key | None = None) -> bytes:
    return enrol.request(key or fresh(), name, [])


@pytest.mark.parametrize("name", [TOWN, "did:web:region.example"])
@pytest.mark.parametrize("profile", [*Profile, None])
async def test_a_code_alone_gets_nothing_in_the_name_of_a_did_and_stays_good(
    world: World, name: str, profile: Profile | None
) -> None:
    """Whoever it was that had the code: the one whom it was for joins with it, as the one who holds its keys."""
    world.published[name] = fresh()
    role = "device" if profile is Profile.DEVICE else "node"
    code = await world.code(role)
    assert await refused(world.certificates.enrol(code, asked(name), profile)) == "request.unproved"
    assert (await world.kept(), await world.members.select()) == ([], [])
    assert [one.did for one in await world.members.places()] == [""]
    if role == "node":
        signing = await world.certificates.enrol(code, asked(name, world.published[name]), Profile.SIGNING)
        connection = await world.certificates.enrol(code, asked(name), Profile.NODE)
        assert members(signing) == members(connection) == (name,)


async def test_with_a_key_of_its_own_nobody_binds_a_code_to_another(world: World) -> None:
    world.published = {TOWN: fresh(), OTHER: fresh()}
    code = await world.code()
    stolen = world.certificates.enrol(code, asked(TOWN, world.published[OTHER]), Profile.SIGNING)
    assert await refused(stolen) == "request.unproved"
    await world.certificates.enrol(code, asked(OTHER, world.published[OTHER]), Profile.SIGNING)
    assert await refused(world.certificates.enrol(code, asked(TOWN), Profile.NODE)) == "invite.used"


async def test_a_code_that_is_bound_signs_for_no_key_but_those_of_the_document(world: World) -> None:
    world.published[TOWN] = fresh()
    code = await world.code(bound=TOWN)
    assert await refused(world.certificates.enrol(code, asked(), Profile.SIGNING)) == "request.unproved"


async def test_while_the_document_is_away_the_code_stays_good(world: World) -> None:
    code, key = await world.code(), fresh()
    call = world.certificates.enrol(code, asked(key=key), Profile.SIGNING)
    assert await refused(call, BusyError) == "request.no_document"
    assert [one.did for one in await world.members.places()] == [""]
    world.published[TOWN] = key
    assert members(await world.certificates.enrol(code, asked(key=key), Profile.SIGNING)) == (TOWN,)


async def test_a_document_that_cannot_be_used_proves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forged(did: str, **more: object) -> Document:
        raise DidError("did.other", id=OTHER)

    monkeypatch.setattr(world, "document", forged)
    assert await refused(world.certificates.enrol(await world.code(), asked(), Profile.SIGNING)) == "request.unproved"


async def test_a_key_that_is_newer_than_the_document_that_is_kept_is_found(world: World) -> None:
    world.published[TOWN], world.renewed[TOWN] = fresh(), fresh()
    body = asked(key=world.renewed[TOWN])
    assert members(await world.certificates.enrol(await world.code(), body, Profile.SIGNING)) == (TOWN,)


async def test_nobody_is_asked_for_a_document_because_of_a_code_that_is_not_good(world: World) -> None:
    used, device = await world.code(bound=OTHER), await world.code("device")
    for code in ("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", used, device):
        await refused(world.certificates.enrol(code, asked(), Profile.SIGNING))
    world.at += 15 * DAY
    await refused(world.certificates.enrol(await world.code(), asked(), Profile.NODE))
    assert world.fetched == []


@pytest.mark.parametrize(
    ("name", "private", "inside"),
    [
        (TOWN, False, False),
        (TOWN, True, True),
        ("did:web:127.0.0.1%3A1", True, False),
        ("did:web:localhost", True, False),
    ],
)
async def test_private_addresses_are_asked_as_the_invitation_says_and_never_this_machine(
    world: World, name: str, private: bool, inside: bool
) -> None:
    code = await world.code(private=private)
    await refused(world.certificates.enrol(code, asked(name), Profile.SIGNING), BusyError)
    assert world.fetched == [(name, inside)]


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "name", "profile"), [("device", TOWN, Profile.NODE), ("node", DEVICE, Profile.DEVICE)]
)
async def test_a_place_for_a_device_is_none_for_a_node(world: World, role: str, name: str, profile: Profile) -> None:
    call = world.certificates.enrol(await world.code(role), enrol.request(fresh(), name, []), profile)
    assert await refused(call) == "invite.other_role"


async def test_a_serial_number_never_comes_twice(world: World) -> None:
    drawn = iter([7, 7, 7, 8])
    world.serials = lambda: next(drawn)
    found = [await world.joined(), await world.joined(OTHER)]
    assert [one.serial_number for one in found] == [7, 8]


# --- renewal ----------------------------------------------------------------------------------------------------------


async def test_a_certificate_renews_itself_with_another_key(world: World) -> None:
    first = await world.joined(DEVICE)
    world.at += 20 * DAY
    second = await world.certificates.renew(DEVICE, enrol.request(fresh(), DEVICE, []), None, proof=first)
    assert members(second) == (DEVICE,)
    assert (await world.kept())[-1].ends == world.at + 30 * DAY


async def test_x4_a_renewal_with_the_same_key_is_refused(world: World) -> None:
    key = fresh()
    first = await world.joined(DEVICE, key)
    world.at = due(EPOCH, EPOCH + 30 * DAY)
    body = enrol.request(key, DEVICE, [])
    assert await refused(world.certificates.renew(DEVICE, body, None, proof=first)) == "request.key_reused"
    town = fresh()
    await world.joined(TOWN, town)
    world.at += 80 * DAY
    body = enrol.request(town, TOWN, [])
    assert await refused(world.certificates.renew(TOWN, body, None, proof=token())) == "request.key_reused"


async def test_x4_the_key_of_connections_brings_no_certificate_for_signatures(world: World) -> None:
    first = await world.joined()
    body = enrol.request(fresh(), TOWN, [])
    assert await refused(world.certificates.renew(TOWN, body, Profile.SIGNING, proof=first)) == "request.profile"
    assert members(await world.certificates.renew(TOWN, body, Profile.NODE, proof=first)) == (TOWN,)


async def test_a_lost_answer_is_given_again(world: World) -> None:
    await world.joined()
    world.at += 70 * DAY
    body = enrol.request(fresh(), TOWN, [])
    once = await world.certificates.renew(TOWN, body, Profile.NODE, proof=token())
    assert await world.certificates.renew(TOWN, body, Profile.NODE, proof=token(jti="2")) == once


async def test_a_signing_key_goes_on_with_a_new_certificate(world: World) -> None:
    key = fresh()
    first = await world.joined(key=key, profile=Profile.SIGNING)
    body = enrol.request(key, TOWN, [])
    assert await world.certificates.renew(TOWN, body, Profile.SIGNING, proof=token()) == first
    world.at = due(EPOCH, EPOCH + 365 * DAY)
    second = await world.certificates.renew(TOWN, body, Profile.SIGNING, proof=token(jti="2"))
    assert second != first
    assert second.public_key() == first.public_key()


async def test_a_token_renews_once(world: World) -> None:
    await world.joined()
    await world.certificates.renew(TOWN, enrol.request(fresh(), TOWN, []), None, proof=token())
    again = world.certificates.renew(TOWN, enrol.request(fresh(), TOWN, []), None, proof=token())
    assert await refused(again, UnauthenticatedError) == "token.replayed"


async def test_a_member_whose_certificate_has_ended_long_ago_comes_back_by_its_token(world: World) -> None:
    await world.joined()
    world.at += 400 * DAY
    found = await world.certificates.renew(TOWN, enrol.request(fresh(), TOWN, []), Profile.NODE, proof=token())
    assert members(found) == (TOWN,)


async def test_nobody_renews_for_another(world: World) -> None:
    await world.joined()
    await world.joined(OTHER)
    body = enrol.request(fresh(), OTHER, [])
    assert await refused(world.certificates.renew(TOWN, body, None, proof=token())) == "request.names"


@pytest.mark.parametrize("way", ["suspend", "leave", "stolen"])
async def test_x6_whoever_is_suspended_gone_or_stolen_renews_nothing(world: World, way: str) -> None:
    first = await world.joined(DEVICE)
    await getattr(world.members, way)("admin", DEVICE, "")
    body = enrol.request(fresh(), DEVICE, [])
    assert await refused(world.certificates.renew(DEVICE, body, None, proof=first)) == "member.inactive"
    assert len(await world.kept()) == 1


async def test_x6_a_device_that_still_waits_renews_nothing(world: World) -> None:
    await world.code("device")
    body = enrol.request(fresh(), DEVICE, [])
    assert await refused(world.certificates.renew(DEVICE, body, None, proof=token(DEVICE))) == "member.inactive"


async def test_x6_a_revoked_certificate_renews_nothing_although_its_member_is_active(world: World) -> None:
    first = await world.joined(DEVICE)
    await world.certificates.revoke("admin", f"{first.serial_number:x}", "lost")
    body = enrol.request(fresh(), DEVICE, [])
    assert await refused(world.certificates.renew(DEVICE, body, None, proof=first)) == "certificate.revoked"


async def test_a_nodes_certificate_renews_no_devices(world: World) -> None:
    first = await world.joined()
    body = enrol.request(fresh(), TOWN, [])
    assert await refused(world.certificates.renew(TOWN, body, Profile.DEVICE, proof=first)) == "request.profile"


# --- taking back ------------------------------------------------------------------------------------------------------


async def test_what_is_revoked_stands_in_the_list_at_once(world: World) -> None:
    found = await world.joined()
    assert await world.listed() == set()
    taken = await world.certificates.revoke("admin", f"{found.serial_number:X}", "lost")
    assert (taken.revoked, taken.reason) == (EPOCH, "lost")
    assert await world.listed() == {f"{found.serial_number:x}"}
    assert "certificate.revoked" in await world.events()
    assert await world.certificates.revoke("admin", taken.id, "again") == taken
    assert await refused(world.certificates.revoke("admin", "99", ""), InputError) == "certificate.unknown"


async def test_a_member_that_is_suspended_and_restored_has_its_certificates_again(world: World) -> None:
    found = await world.joined()
    await world.members.suspend("admin", TOWN)
    assert await world.listed() == {f"{found.serial_number:x}"}
    await world.members.restore("admin", TOWN)
    assert await world.listed() == set()


async def test_what_was_stolen_never_counts_again(world: World) -> None:
    found = await world.joined()
    await world.members.suspend("admin", TOWN)
    await world.members.stolen("admin", TOWN)
    assert (await world.kept())[0].reason == "member.stolen"
    assert await world.listed() == {f"{found.serial_number:x}"}


async def test_numbers_of_lists_only_grow_whatever_the_clock_does(world: World) -> None:
    name, numbers = world.keys.nodes.name, []
    await world.joined()
    for step in (EVERY, EVERY, -5 * DAY, EVERY, 10 * DAY):
        world.at += step
        await world.certificates.lists.look()
        kept = await world.store.read(lambda view: view.get(Revocations, name))
        assert kept is not None
        numbers.append(kept.number)
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 3  # a clock that was set back makes no list; the next that is due does


async def test_a_list_is_signed_every_day_and_lasts_four(world: World) -> None:
    made_before = await world.certificates.lists.body(world.keys.nodes.name)
    world.at += EVERY - 1
    await world.certificates.lists.look()
    assert await world.certificates.lists.body(world.keys.nodes.name) == made_before
    world.at += 1
    await world.certificates.lists.look()
    body = await world.certificates.lists.body(world.keys.nodes.name)
    assert body is not None
    assert body != made_before
    assert read_list(body, world.keys.nodes.certificate, now=world.at).until == world.at + LASTS


async def test_what_has_ended_leaves_the_list_after_it_has_stood_there_once(world: World) -> None:
    found = await world.joined()
    await world.certificates.revoke("admin", f"{found.serial_number:x}", "lost")
    world.at += 90 * DAY + EVERY
    await world.certificates.lists.look()
    assert len(await world.listed()) == 1
    world.at += LASTS
    await world.certificates.lists.look()
    assert await world.listed() == set()


async def test_an_authority_that_is_new_has_its_list_when_it_is_asked_for(world: World, tmp_path: Path) -> None:
    world.keys = rollover.renew_authority(tmp_path / "region", "ca", public_url="https://region.example", now=world.at)
    assert await world.listed() == set()


async def test_lists_are_had_by_the_names_of_authorities_and_roots_alone(world: World) -> None:
    lists = world.certificates.lists
    assert await lists.body(name_of(world.keys.root)) == world.keys.root_lists[name_of(world.keys.root)]
    assert await lists.body(world.keys.devices.name) is not None
    assert await lists.body("0" * 16) is None


# --- live answers -----------------------------------------------------------------------------------------------------


def question(about: x509.Certificate, issuer: x509.Certificate) -> bytes:
    form = ocsp.OCSPRequestBuilder().add_certificate(about, issuer, hashes.SHA256())
    return form.build().public_bytes(Encoding.DER)


async def test_an_answer_says_what_the_books_say(world: World) -> None:
    found, issuer = await world.joined(), world.keys.nodes.certificate
    ask = question(found, issuer)
    good = await world.certificates.lists.answer(ask)
    assert read_answer(good, found, issuer, now=world.at).revoked is None
    await world.certificates.revoke("admin", f"{found.serial_number:x}", "lost")
    bad = await world.certificates.lists.answer(ask)
    assert read_answer(bad, found, issuer, now=world.at).revoked == EPOCH


async def test_about_others_nothing_is_said(world: World, tmp_path: Path) -> None:
    other = made(tmp_path / "other", now=EPOCH)
    found = await world.joined()
    answer = await world.certificates.lists.answer(question(found, other.nodes.certificate))
    assert ocsp.load_der_ocsp_response(answer).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    unknown = await world.certificates.lists.answer(question(other.nodes.certificate, world.keys.nodes.certificate))
    assert ocsp.load_der_ocsp_response(unknown).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize("body", [b"", b"x", b"\x30\x00", b"0" * 5000])
async def test_what_is_no_question_is_refused(world: World, body: bytes) -> None:
    assert await refused(world.certificates.lists.answer(body), MessageError) == "ocsp.form"
