"""A node's own certificates: got by a code, renewed at two thirds of their life, exchanged so that none is lost."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certs import enrol, jwk, pairs, region, rollover
from certs.authority import BACKDATED, DAY, Profile
from certs.did import Document
from certs.x509 import ends, members, read
from connector.errors import DeliveryError, InputError, NodeError, RefusedError
from connector.ports import Caller, Reply
from connector.records import Region, SeenDocument
from connector.services.region.certificates import Certificates, Lives
from connector.services.region.members import Members
from connector.services.trust.certificates import SIGNING, TLS, OwnCertificates
from connector.services.trust.chains import Chains
from connector.store.sqlite import SqliteStore
from tests.harness.trustdomain import between, issue, made
from tests.harness.virtual import EPOCH, SeededIds, VirtualClock

URL, DID = "https://region.example", "did:web:town.example"
LIFE = 90 * DAY


class World:
    """A region and one node that wants certificates of it, on one clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at = folder, EPOCH
        self.clock = VirtualClock()
        self.clock.now = lambda: self.at  # type: ignore[method-assign]
        self.store, self.theirs = self._store("own"), self._store("theirs")
        self.keys = made(folder / "region", now=EPOCH)
        self.members = Members(store=self.theirs, clock=self.clock, ids=SeededIds("pki"), root=lambda: b"root")
        self.issues = Certificates(
            store=self.theirs,
            clock=self.clock,
            keys=lambda: self.keys,
            members=self.members,
            documents=self,
            public_url=URL,
            draw=itertools.count(1000).__next__,
            lives=Lives(node=90, signing=365),
        )
        self.tokens = itertools.count()
        self.away, self.forged, self.told = False, b"", 0
        self.asked: list[str] = []
        self.token = ec.generate_private_key(ec.SECP256R1())
        self.region = Region(
            id="did:web:region.example",
            name="region",
            title="Region Elbland",
            url=URL,
            words="",
            added=0,
            added_by="admin",
            root=region.pem(self.keys.root),
            own=True,
        )
        self.own = self.node()

    def _store(self, name: str) -> SqliteStore:
        (self.folder / name).mkdir()
        return SqliteStore.open(
            self.folder / name / "state.db", clock=self.clock, sign_head=lambda size, root, at: "note", threaded=False
        )

    def node(self) -> OwnCertificates:
        """The node as it is after a start."""
        folder = self.folder / "keys"
        folder.mkdir(exist_ok=True)
        self.chains = Chains(store=self.store, clock=self.clock, fetch=self, own=lambda: None)
        return OwnCertificates(
            folder=folder,
            did=DID,
            public_url="https://town.example",
            token=lambda: self.token,
            store=self.store,
            clock=self.clock,
            peer=self,
            proofs=self,
            chains=self.chains,
            jitter=lambda: 0.5,
            document=lambda: b"{}",
            changed=self._changed,
        )

    def _changed(self) -> None:
        self.told += 1

    # --- the region, as it is reached ---------------------------------------------------------------------------------

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """See `ports.Proofs`."""
        return f"Bearer {next(self.tokens)}"

    async def bare(self, authorization: str | None) -> Caller:
        """See `ports.Proofs`."""
        raise NotImplementedError

    async def document(
        self, did: str, *, url: str = "", private: bool = False, lacking: str = "", fresh: bool = False
    ) -> Document:
        """See `ports.Documents`: the node's own, as the region has it."""
        kid = f"{DID}#token"
        return Document(id=DID, keys={kid: jwk.write(self.token.public_key())}, tokens=(kid,))

    def keeps(self, did: str) -> bool:
        """See `ports.Documents`."""
        raise NotImplementedError

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        if self.away:
            raise DeliveryError("peer.unreachable")
        if url.endswith("/cacerts"):
            return enrol.certs_only([self.keys.root, *between(self.keys), *self.keys.former_roots])
        name = url.rpartition("/")[2].removesuffix(".crl")
        await self.issues.lists.look()
        return await self.issues.lists.body(name) or b""

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Sends`."""
        if self.away:
            raise DeliveryError("peer.unreachable")
        assert fields is not None
        assert fields["Content-Type"] == "application/pkcs10"
        label, operation = urlsplit(url).path.split("/")[3:]
        self.asked.append(f"{label}/{operation}")
        profile, scheme, said = Profile(label), *(authorization or "").split(" ")
        try:
            if scheme == "Basic":
                code = base64.b64decode(said).decode().removeprefix("code:")
                found = await self.issues.enrol(code, body or b"", profile)
            else:
                caller = Caller(id=DID, jti=said, expires=self.at + DAY)
                found = await self.issues.renew(DID, body or b"", profile, proof=caller)
        except RefusedError:
            return Reply(403, b"")
        return Reply(200, self.forged or enrol.certs_only([found]))

    async def joined(self) -> None:
        await self.store.write(lambda tx: tx.put(self.region))
        code = (await self.members.invite("admin", "", title="Gemeinde Nachbarsdorf")).code
        await self.own.enrol(self.region, code)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = World(tmp_path)
    yield opened
    await opened.store.close()
    await opened.theirs.close()


def serial(world: World, name: str = TLS) -> int:
    return world.own.held(name)[0].serial_number


async def test_a_node_gets_both_certificates_and_uses_them_at_once(world: World) -> None:
    assert not await world.own.has(world.region)
    assert world.own.shown() is None
    await world.joined()
    assert await world.own.has(world.region)
    assert world.asked == ["signing/simpleenroll", "node/simpleenroll"]
    assert [len(world.own.held(name)) for name in (TLS, SIGNING)] == [2, 2]
    assert members(world.own.held(TLS)[0]) == (DID,)
    assert world.own.shown() == (world.folder / "keys" / "tls.crt", world.folder / "keys" / "tls.pem")
    assert world.told == 2
    assert await world.store.read(lambda view: view.select(SeenDocument, did=DID))


async def test_the_signing_certificate_is_published_with_the_key_that_it_is_for(world: World) -> None:
    mine, other = jwk.write(world.token.public_key()), jwk.write(ec.generate_private_key(ec.SECP256R1()).public_key())
    assert world.own.chain() is None
    assert world.own.published(mine) == mine
    await world.joined()
    shown = world.own.published(mine)
    assert shown == {**mine, "alg": "ES256", "x5u": "https://town.example/.well-known/x509CertificateChain.pem"}
    assert jwk.thumbprint(shown) == jwk.thumbprint(mine)
    assert world.own.published(other) == other
    assert read(world.own.chain() or b"")[0].public_key() == world.token.public_key()


async def test_what_was_broken_off_is_asked_for_again_with_the_same_key(world: World) -> None:
    key = pairs.next_key(world.folder / "keys", TLS)
    world.own = world.node()
    await world.joined()
    assert world.own.held(TLS)[0].public_key() == key.public_key()


async def test_at_two_thirds_of_its_life_a_certificate_is_renewed_with_another_key(world: World) -> None:
    await world.joined()
    first = world.own.held(TLS)[0]
    world.at = EPOCH + LIFE * 2 // 3
    await world.own.look()
    assert serial(world) == first.serial_number
    world.at += LIFE // 20
    await world.own.look()
    second = world.own.held(TLS)[0]
    assert second.serial_number != first.serial_number
    assert second.public_key() != first.public_key()
    assert pairs.read_key(world.folder / "keys" / "tls.pem").public_key() == second.public_key()
    assert world.told == 3
    assert world.own.trouble() is None


async def test_another_token_key_gets_another_signing_certificate(world: World) -> None:
    await world.joined()
    before = serial(world, SIGNING)
    world.token = ec.generate_private_key(ec.SECP256R1())
    assert not await world.own.has(world.region)
    await world.own.look()
    assert serial(world, SIGNING) != before
    assert await world.own.has(world.region)


async def test_while_the_region_is_away_the_old_one_counts_and_people_are_told_in_time(world: World) -> None:
    await world.joined()
    world.away, world.at = True, EPOCH + LIFE - 10 * DAY
    before = serial(world)
    await world.own.look()
    assert serial(world) == before
    trouble = world.own.trouble()
    assert trouble is not None
    assert (trouble.code, trouble.params["why"]) == ("certificate.ends", "peer.unreachable")
    world.away = False
    await world.own.look()
    assert world.own.trouble() is None


@pytest.mark.parametrize("days", [30, 100, 400])
async def test_a_node_that_was_away_for_long_comes_back_by_itself(world: World, days: int) -> None:
    await world.joined()
    world.at += days * DAY + LIFE * 7 // 10
    await world.own.look()
    assert ends(world.own.held(TLS)[0]) == world.at + LIFE
    assert await world.own.has(world.region)


@pytest.mark.parametrize("days", [-2, 2])
async def test_a_node_whose_clock_is_two_days_off_has_good_certificates(world: World, days: int) -> None:
    await world.joined()
    world.at += days * DAY
    assert await world.own.has(world.region)


async def test_renewals_go_on_over_a_change_of_authority_and_root(world: World) -> None:
    await world.joined()
    for change in range(3):
        world.at += LIFE * 3 // 4
        if change:
            world.keys = rollover.renew_root(world.folder / "region", public_url=URL, now=world.at)
        else:
            world.keys = rollover.renew_authority(world.folder / "region", "ca", public_url=URL, now=world.at)
        await world.chains.refresh()
        await world.own.look()
        assert ends(world.own.held(TLS)[0]) == world.at + LIFE
        kept = await world.store.read(lambda view: view.get(Region, world.region.id))
        assert kept is not None
        assert len(read(kept.root.encode())) == max(1, change + 1)
        assert await world.own.has(kept)


@pytest.mark.parametrize("what", ["another region", "another key", "another member", "nothing"])
async def test_what_does_not_fit_is_never_taken_into_use(world: World, tmp_path: Path, what: str) -> None:
    key = pairs.next_key(world.folder / "keys", TLS)
    other = made(tmp_path / "other", now=EPOCH)
    match what:
        case "another region":
            world.forged = enrol.certs_only([issue(other.nodes, key=world.token, now=EPOCH)])
        case "another key":
            world.forged = enrol.certs_only([issue(world.keys.nodes, Profile.SIGNING, key=key, now=EPOCH)])
        case "another member":
            leaf = issue(world.keys.nodes, Profile.SIGNING, key=world.token, member="did:web:evil.example", now=EPOCH)
            world.forged = enrol.certs_only([leaf])
        case _:
            world.forged = b"AAAA"
    with pytest.raises(DeliveryError) as caught:
        await world.joined()
    assert caught.value.reason.code == "enrol.answer"
    assert world.own.shown() is None
    assert not (world.folder / "keys" / "signing.crt").exists()


async def test_a_refused_code_is_told_to_the_operator(world: World) -> None:
    await world.store.write(lambda tx: tx.put(world.region))
    with pytest.raises(InputError) as caught:
        await world.own.enrol(world.region, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")
    assert caught.value.reason.code == "enrol.refused"


async def test_whoever_is_in_no_region_renews_nothing(world: World) -> None:
    await world.joined()
    await world.store.write(lambda tx: tx.delete(Region, world.region.id))
    with pytest.raises(InputError) as caught:
        await world.own.renew(TLS)
    assert caught.value.reason.code == "certificate.no_region"


async def test_a_member_that_is_suspended_gets_nothing_and_one_that_is_restored_does(world: World) -> None:
    await world.joined()
    await world.members.suspend("admin", DID)
    with pytest.raises(NodeError):
        await world.own.renew(TLS)
    await world.members.restore("admin", DID)
    before = serial(world)
    await world.own.renew(TLS)
    assert serial(world) != before


async def test_a_crash_between_the_files_loses_neither_pair(world: World) -> None:
    await world.joined()
    keys = world.folder / "keys"
    old = serial(world)
    # Killed after the request was answered and before anything was kept: the next key waits, the old pair serves.
    pairs.next_key(keys, TLS)
    world.own = world.node()
    assert serial(world) == old
    # Killed between the two renames: the start finishes it.
    await world.own.renew(TLS)
    new = serial(world)
    (keys / "tls.crt").rename(keys / "tls.crt.next")
    world.own = world.node()
    assert serial(world) == new
    assert pairs.read_key(keys / "tls.pem").public_key() == world.own.held(TLS)[0].public_key()


async def test_a_backdated_beginning_is_no_part_of_a_life(world: World) -> None:
    await world.joined()
    leaf = world.own.held(TLS)[0]
    assert ends(leaf) - LIFE == EPOCH
    assert BACKDATED > 2 * DAY
