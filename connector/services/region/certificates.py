"""Certificates of a region's members: who gets one, for which names, until when, and taking them back.

What lives here: first enrolment by a one-time code, renewal by a member that has proved who it is, revocation, each in
one transaction with its audit entry. What does not: codes and standing (`members`), lists (`lists`), the form of
requests (`certs.enrol`) and certificates (`certs.authority`), HTTP (`http.est`).

A code says who was invited and not who somebody is: for a DID it counts with a request that is signed by a key of its
document (`keyholders`), and for a connection's certificate where it serves that DID already. Things that are named by
URNs have no document: there the code is all. So it is for devices of this node, whose documents it makes itself: their
DIDs lie below its own, end in the name of their place, and a request need not know it.

What a request asks for is not what it gets: the certificate says who the member is known to be. A request that asks for
more is refused. Keys of connections are new with every certificate; a node's signing key goes on until it is rotated,
and so does that of a device of this node, which signs its readings.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography import x509
from msgspec import Struct
from msgspec.structs import replace

from certs import did
from certs.authority import BACKDATED, DAY, Authority, Profile, PublicKey, Wanted, instant
from certs.enrol import EnrolError, Request
from certs.enrol import read as read_request
from certs.region import RegionKeys, pem
from certs.x509 import key_hash
from certs.x509 import read as read_certificates
from connector.errors import InputError, MessageError, RefusedError
from connector.pages import every
from connector.ports import Caller, Clock, Documents, Reading, Store, Transaction
from connector.records import Certificate, Entry, Member
from connector.services.intake import admit
from connector.services.region.keyholders import check_holder
from connector.services.region.lists import PAUSED, Lists
from connector.services.region.members import Members

_PAGE = 100


class Lives(Struct, frozen=True):
    """How long certificates last, in days."""

    node: float = 90.0
    signing: float = 365.0
    device: float = 30.0

    def of(self, profile: Profile) -> int:
        """In microseconds."""
        days = {Profile.NODE: self.node, Profile.SIGNING: self.signing, Profile.DEVICE: self.device}
        return int(days[profile] * DAY)


Told = Callable[[Transaction, Member, Profile, PublicKey], None]
"""Told of whom a certificate is given to, of its kind and key, in the transaction that does it."""


class Certificates:
    """The certificates of the region whose keys are `keys()`. `draw` gives serial numbers: 64 random bits at least;
    `documents` those of the DIDs that ask for their first certificate."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], RegionKeys],
        members: Members,
        documents: Documents,
        public_url: str,
        draw: Callable[[], int],
        lives: Lives | None = None,
    ) -> None:
        self._store, self._clock, self._keys, self._members = store, clock, keys, members
        self._documents = documents
        self._url, self._draw, self._lives = public_url, draw, lives or Lives()
        self.lists = Lists(store=store, clock=clock, keys=keys)
        self.told: list[Told] = []
        """Who is told of every certificate that is issued."""
        members.told.append(self._member_changed)

    # --- issuing ------------------------------------------------------------------------------------------------------

    async def enrol(self, code: str, body: bytes, profile: Profile | None) -> x509.Certificate:
        """The first certificate of a kind, for whoever has a one-time code and, where the name is a DID, its keys:
        that for signatures comes first and is asked for with one of them. `body` is a PKCS #10 request as EST has it,
        with one URI: the DID or URN that the certificate is about. Without `profile` it follows from that name.

        The same request may be repeated while the code is good, and has the same answer. Raises `MessageError`
        (`request.*`) for what cannot be read, `RefusedError`: as `Members.redeem`, `invite.used` for another key under
        the same code, `request.names` (names that are not the member's, or are those of another place's),
        `request.key_reused`, `request.profile`, `request.unproved`; `BusyError` where the DID's document is not to be
        had. What is refused uses no code up.
        """
        asked = _read(body)
        unnamed = profile is Profile.DEVICE and not asked.names
        name = await self._place_of(code) if unnamed else _named(asked)
        kind = profile or _profile_of(name)
        role = "device" if kind is Profile.DEVICE else "node"
        if role == "node" and not name.startswith("did:"):
            raise MessageError("request.name")
        proved = kind is Profile.SIGNING
        if proved:
            # INVARIANT: nobody without a code that is good has this region ask anybody anything.
            place = await self._store.read(lambda view: self._members.opened(view, code, name, role=role))
            await check_holder(self._documents, name, asked, private=place.private)

        def act(tx: Transaction) -> x509.Certificate:
            own = kind is Profile.DEVICE and name == self._device(tx, code)
            member = self._members.redeem(tx, code, name, role=role, proved=proved or own)
            mine = _of(tx, member.id, kind)
            if any(one.issued >= member.since and one.key != asked.key_hash and one.revoked is None for one in mine):
                raise RefusedError("invite.used")
            return self._given(tx, member, kind, asked)

        return await self._store.write(act)

    async def _place_of(self, code: str) -> str:
        """The DID of the device that a code is for. Raises `RefusedError` `invite.unknown`."""
        return await self._store.read(lambda view: self._device(view, code))

    def _device(self, view: Reading, code: str) -> str:
        return did.of_device(did.of_url(self._url), self._members.invited(view, code).id)

    async def renew(
        self, name: str, body: bytes, profile: Profile | None, *, proof: Caller | x509.Certificate
    ) -> x509.Certificate:
        """Another certificate for a member that has proved to be `name`: by its message token, which is used up, or by
        its certificate, whose path and revocation were checked.

        Raises as `enrol`, and `RefusedError` `member.inactive` for whoever is no active member: a device that still
        waits, or whose place was taken back, gets nothing for the certificate that it has.
        """
        asked = _read(body)
        if asked.names not in ((), (name,)):
            raise RefusedError("request.names")
        kind = profile or _profile_of(name)

        def act(tx: Transaction) -> x509.Certificate:
            if isinstance(proof, Caller):
                admit(tx, proof)
            member = self._members.standing(tx, name)
            if member is None:
                raise RefusedError("member.inactive")
            if isinstance(proof, x509.Certificate):
                self._check_shown(tx, member, proof, kind, asked)
            return self._given(tx, member, kind, asked)

        return await self._store.write(act)

    def _check_shown(
        self, tx: Transaction, member: Member, shown: x509.Certificate, profile: Profile, asked: Request
    ) -> None:
        """INVARIANT: whatever lists say, what is revoked in our own books renews nothing; and a key of connections
        brings no certificate for signatures, or the other way round."""
        if asked.key_hash == key_hash(shown):
            raise RefusedError("request.key_reused")
        known = tx.get(Certificate, f"{shown.serial_number:x}")
        if known is None or known.member != member.id or known.revoked is not None:
            raise RefusedError("certificate.revoked")
        if known.profile != profile:
            raise RefusedError("request.profile", profile=profile)

    def _given(self, tx: Transaction, member: Member, profile: Profile, asked: Request) -> x509.Certificate:
        """A certificate, or the one that was given for this key lately. Raises `RefusedError`."""
        if (profile is Profile.DEVICE) != (member.role == "device"):
            raise RefusedError("request.profile", profile=profile)
        hosts = _hosts(member.id, profile)
        if not set(asked.hosts) <= set(hosts):
            raise RefusedError("request.names")
        for known in tx.select(Certificate, key=asked.key_hash):
            if (known.member, known.profile) != (member.id, profile) or known.revoked is not None:
                raise RefusedError("request.key_reused")
            if self._clock.now() < due(known.issued, known.ends):
                return read_certificates(known.pem.encode())[0]
            if profile is Profile.NODE or not member.id.startswith("did:"):
                raise RefusedError("request.key_reused")
        return self._issued(tx, member, profile, asked, hosts)

    def _issued(
        self, tx: Transaction, member: Member, profile: Profile, asked: Request, hosts: tuple[str, ...]
    ) -> x509.Certificate:
        now, signer = self._clock.now(), self._signer(profile)
        wanted = Wanted(
            profile=profile,
            member=member.id,
            name=member.name,
            key=asked.key,
            hosts=hosts,
            begins=now - BACKDATED,
            ends=now + self._lives.of(profile),
            serial=self._serial(tx),
        )
        made = signer.issue(wanted, public_url=self._url)
        kept = Certificate(
            id=f"{wanted.serial:x}",
            member=member.id,
            profile=profile,
            key=asked.key_hash,
            issued=now,
            ends=instant(made.not_valid_after_utc),
            pem=pem(made),
            authority=signer.name,
        )
        tx.put(kept)
        tx.record(Entry(event="certificate.issued", actor=member.id, params=_told_of(kept)))
        for tell in self.told:
            tell(tx, member, profile, asked.key)
        return made

    def _signer(self, profile: Profile) -> Authority:
        keys = self._keys()
        return keys.devices if profile is Profile.DEVICE else keys.nodes

    def _serial(self, tx: Transaction) -> int:
        """INVARIANT: no serial number comes twice (RFC 5280, 4.1.2.2)."""
        while tx.get(Certificate, f"{(drawn := self._draw()):x}") is not None:
            pass
        return drawn

    # --- taking back --------------------------------------------------------------------------------------------------

    async def revoke(self, operator: str, serial: str, reason: str) -> Certificate:
        """One certificate, for good, from this moment on. Raises `InputError` `certificate.unknown`."""

        def act(tx: Transaction) -> Certificate:
            known = tx.get(Certificate, serial.lower().replace(":", "").lstrip("0"))
            if known is None:
                raise InputError("certificate.unknown", serial=serial[:64])
            return known if _is_final(known) else self._take_back(tx, known, reason, operator)

        return await self._store.write(act)

    async def select(self, *, member: str = "", after: str = "", limit: int = _PAGE) -> list[Certificate]:
        """Certificates in the order of their serial numbers; of one member where it is named."""
        where = {"member": member} if member else {}
        return await self._store.read(lambda view: view.select(Certificate, after=after, limit=limit, **where))

    def _member_changed(self, tx: Transaction, member: Member) -> None:
        """See `members.Told`: a paused member's certificates are paused, those of one that is gone are revoked."""
        now = self._clock.now()
        for known in _of(tx, member.id):
            if member.state == "active":
                if known.revoked is not None and known.reason == PAUSED:
                    tx.put(replace(known, revoked=None, reason=""))
                    tx.record(Entry(event="certificate.restored", actor="node", params=_told_of(known)))
                    self.lists.give_back(tx, known)
            elif not _is_final(known) and now < known.ends:
                self._take_back(tx, known, f"member.{member.state}", "node")

    def _take_back(self, tx: Transaction, known: Certificate, reason: str, actor: str) -> Certificate:
        now = self._clock.now()
        taken = replace(known, revoked=now, reason=reason)
        tx.put(taken)
        tx.record(Entry(event="certificate.revoked", actor=actor, params={**_told_of(taken), "reason": reason}))
        self.lists.take_back(tx, taken, reason, now)
        return taken


def due(issued: int, ends: int) -> int:
    """From when on a certificate should be renewed: two thirds of its life."""
    return issued + (ends - issued) * 2 // 3


def _is_final(known: Certificate) -> bool:
    return known.revoked is not None and known.reason != PAUSED


def _of(view: Reading, member: str, profile: Profile | None = None) -> list[Certificate]:
    """All certificates of a member, or those of one kind."""
    return [one for one in every(view, Certificate, member=member) if profile is None or one.profile == profile]


def _read(body: bytes) -> Request:
    try:
        return read_request(body)
    except EnrolError as error:
        raise MessageError(error.code) from None


def _named(asked: Request) -> str:
    """Whom a request is about. Raises `MessageError`."""
    if len(asked.names) != 1 or not _is_name(asked.names[0]):
        raise MessageError("request.name")
    return asked.names[0]


def _is_name(name: str) -> bool:
    if name.startswith("urn:"):
        return len(name) <= 255 and name.isascii() and name.isprintable() and " " not in name
    try:
        did.to_url(name)
    except did.DidError:
        return False
    return len(name) <= 1024


def _profile_of(name: str) -> Profile:
    """What somebody gets who does not say: devices are named by URNs."""
    return Profile.DEVICE if name.startswith("urn:") else Profile.NODE


def _hosts(name: str, profile: Profile) -> tuple[str, ...]:
    """The host names that a certificate may give: for a node's connections the one in its DID."""
    if profile is not Profile.NODE:
        return ()
    return (urlsplit(did.to_url(name)).hostname or "",)


def _told_of(known: Certificate) -> dict[str, str]:
    return {"serial": known.id, "member": known.member, "profile": known.profile, "key": known.key}
