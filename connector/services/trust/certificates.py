"""This node's own certificates: for its connections (`tls.crt`) and for its signatures (`signing.crt`).

What lives here: getting them from a region that this node is a member of, renewing them at two thirds of their life,
taking new ones into use without a restart. What does not: the region's side (`connector.services.region`), what is done
with them (`connector.http`), certificates of others (`chains`).

The key of the connections is new with every certificate. That of the signatures is the key of the message tokens: when
that is another, so is the certificate.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography import x509

from certs import did as dids
from certs import enrol, jwk, keyfiles, pairs
from certs.authority import BACKDATED, Profile
from certs.enrol import EnrolError, PrivateKey
from certs.jwk import Jwk
from certs.keys import KeyFileError
from certs.x509 import CertificateError, Purpose, begins, ends, is_for, members, path, read, text
from connector.errors import DeliveryError, InputError, NodeError
from connector.pages import every
from connector.ports import Clock, Proofs, Reading, Reply, Sends, Store, Transaction
from connector.records import Entry, Region, SeenDocument
from connector.services.trust.chains import Chains
from policies import instants
from policies.model import Reason

log = structlog.get_logger()
EST = "/.well-known/est"
TLS, SIGNING = "tls", "signing"
CHAIN = "/.well-known/x509CertificateChain.pem"
WARN = 14 * 86_400_000_000
"""How long before its end a certificate that could not be renewed is told of."""
DEADLINE = 20.0
_SPREAD = 20
"""Renewals of a region's members are spread over one part in so many of a certificate's life."""
_PROFILES = {TLS: Profile.NODE, SIGNING: Profile.SIGNING}


class OwnCertificates:
    """Kept in `folder` beside the keys. `token` gives the key of the message tokens, `jitter` numbers from 0 to 1,
    `document` the DID document as it is served; `changed` is told when another certificate is in use."""

    def __init__(
        self,
        *,
        folder: Path,
        did: str,
        public_url: str,
        token: Callable[[], PrivateKey],
        store: Store,
        clock: Clock,
        peer: Sends,
        proofs: Proofs,
        chains: Chains,
        jitter: Callable[[], float],
        document: Callable[[], bytes],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._did, self._url, self._token = folder, did, public_url, token
        self._store, self._clock, self._peer, self._proofs = store, clock, peer, proofs
        self._chains, self._jitter, self._changed = chains, jitter, changed
        self._document = document
        self._spread: dict[int, float] = {}
        self._wrong: Reason | None = None
        self._held = {name: self._read(name) for name in (TLS, SIGNING)}

    # --- what there is ------------------------------------------------------------------------------------------------

    def held(self, name: str) -> tuple[x509.Certificate, ...]:
        """The chain in use, end certificate first; empty where there is none."""
        return self._held[name]

    def shown(self) -> tuple[Path, Path] | None:
        """The files of chain and key for connections; None where there are none."""
        return (self._folder / f"{TLS}.crt", self._folder / f"{TLS}.pem") if self._held[TLS] else None

    def chain(self) -> bytes | None:
        """The chain of the signing certificate as PEM, None where there is none that counts."""
        held = self._held[SIGNING]
        return text(held).encode() if held and self._clock.now() < ends(held[0]) else None

    def published(self, key: Jwk) -> Jwk:
        """A public key as the DID document has it: with its algorithm, and where its certificate is, if it has one."""
        held = self._held[SIGNING]
        if not held or self.chain() is None or not is_for(held[0], jwk.read(key)):
            return key
        return {**key, "alg": jwk.read(key).algorithm, "x5u": self._url + CHAIN}

    def trouble(self) -> Reason | None:
        """What people should know: a certificate that ends soon and could not be renewed."""
        last = min((ends(held[0]) for held in self._held.values() if held), default=None)
        if last is None or self._clock.now() < last - WARN:
            return None
        why = self._wrong.code if self._wrong else ""
        return Reason("certificate.ends", {"until": instants.stamp(last), "why": why})

    async def has(self, region: Region) -> bool:
        """Does this node have certificates that count, of this region or another one that it is a member of?"""
        roots = await self._store.read(_own_roots)
        return all(self._counts(name, roots) for name in (TLS, SIGNING))

    def _counts(self, name: str, roots: tuple[x509.Certificate, ...]) -> bool:
        held = self._held[name]
        if not held or (name == SIGNING and not self._fits(held[0])):
            return False
        try:
            path(held[0], held[1:], roots=roots, now=self._clock.now(), purpose=_purpose(name))
        except CertificateError:
            return False
        return True

    def _fits(self, certificate: x509.Certificate) -> bool:
        return certificate.public_key() == self._token().public_key()

    def _read(self, name: str) -> tuple[x509.Certificate, ...]:
        """Raises `KeyFileError` for a file that is there and cannot be read."""
        pairs.settle(self._folder, name)
        place = self._folder / f"{name}.crt"
        if not place.exists():
            return ()
        try:
            return read(keyfiles.read_public(place))
        except CertificateError:
            raise KeyFileError("key.content", path=str(place), want="X.509") from None

    # --- getting and renewing -----------------------------------------------------------------------------------------

    async def enrol(self, region: Region, code: str) -> None:
        """Get both certificates with a one-time code; what was got already is got again as it was.

        Raises `DeliveryError` (no answer, or one that is none), `InputError` `enrol.refused`.
        """
        basic = "Basic " + base64.b64encode(f"code:{code}".encode()).decode()
        for name in (SIGNING, TLS):
            await self._get(region, name, "simpleenroll", basic)

    async def look(self) -> None:
        """Renew what is due. What fails is tried again the next time; until the end the old ones count."""
        self._wrong = None
        for name in (TLS, SIGNING):
            if self._is_due(name):
                try:
                    await self.renew(name)
                except NodeError as error:
                    self._wrong = error.reason
                    log.warning("certificates.not_renewed", name=name, code=error.reason.code)

    async def renew(self, name: str) -> None:
        """Another certificate in the place of the one in use, from the region that it is of.

        Raises as `enrol`, and `InputError` `certificate.no_region`.
        """
        region = await self._region_of(name)
        authorization = await self._proofs.introduce(region.id)
        await self._get(region, name, "simplereenroll", authorization)

    def _is_due(self, name: str) -> bool:
        held = self._held[name]
        if not held:
            return False
        if name == SIGNING and not self._fits(held[0]):
            return True
        issued, ended = begins(held[0]) + BACKDATED, ends(held[0])
        spread = self._spread.setdefault(held[0].serial_number, self._jitter())
        life = ended - issued
        return self._clock.now() >= issued + life * 2 // 3 + int(life * spread) // _SPREAD

    async def _region_of(self, name: str) -> Region:
        """A region that this node is a member of, first the one whose root the certificate leads to."""
        regions = await self._store.read(_own_regions)
        held = self._held[name]
        for region in regions:
            try:
                path(
                    held[0],
                    held[1:],
                    roots=read(region.root.encode()),
                    now=min(self._clock.now(), ends(held[0]) - 1),
                    purpose=_purpose(name),
                )
            except CertificateError:
                continue
            return region
        if not regions:
            raise InputError("certificate.no_region")
        return regions[0]

    async def _get(self, region: Region, name: str, operation: str, authorization: str) -> None:
        key = self._key(name)
        hosts = (urlsplit(dids.to_url(self._did)).hostname or "",) if name == TLS else ()
        reply = await self._peer.send(
            "POST",
            f"{region.url.rstrip('/')}{EST}/{_PROFILES[name]}/{operation}",
            authorization=authorization,
            body=enrol.request(key, self._did, hosts),
            private=region.private,
            deadline=DEADLINE,
            fields={"Content-Type": "application/pkcs10", "Accept": "application/pkcs7-mime"},
        )
        if reply.status != 200:
            raise _refused(region, reply)
        chain = await self._checked(region, name, key, reply.body)
        await self._use(name, chain)

    def _key(self, name: str) -> PrivateKey:
        """The key that the next certificate is for. Raises `InputError`."""
        try:
            return pairs.next_key(self._folder, TLS) if name == TLS else self._token()
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None

    async def _checked(self, region: Region, name: str, key: PrivateKey, body: bytes) -> tuple[x509.Certificate, ...]:
        """The chain without its root. INVARIANT: nothing is taken into use that does not fit our key and our DID, and
        does not lead to the root of this region."""
        others = await self._chains.authorities(region)
        try:
            leaf = enrol.read_certificates(body)[0]
            roots = read(region.root.encode())
            found = path(leaf, others, roots=roots, now=self._clock.now(), purpose=_purpose(name))
        except (EnrolError, CertificateError) as error:
            raise DeliveryError("enrol.answer", why=error.code) from error
        if leaf.public_key() != key.public_key() or members(leaf) != (self._did,):
            raise DeliveryError("enrol.answer", why="certificate.other")
        return found.certificates[:-1]

    async def _use(self, name: str, chain: tuple[x509.Certificate, ...]) -> None:
        """From now on; handshakes under way end as they began."""
        try:
            if name == TLS:
                pairs.adopt(self._folder, TLS, text(chain))
            else:
                keyfiles.replace(self._folder / f"{name}.crt", text(chain).encode(), keyfiles.PUBLIC)
        except KeyFileError as error:
            raise InputError(error.code, **error.params) from None
        self._held[name] = chain
        self._changed()
        params = {"name": name, "serial": f"{chain[0].serial_number:x}", "until": instants.stamp(ends(chain[0]))}
        body = self._document()
        shown = SeenDocument(id=sha256(body).hexdigest(), did=self._did, body=body, at=self._clock.now())

        def act(tx: Transaction) -> None:
            tx.record(Entry(event="certificate.taken", actor="node", params=params))
            # Whoever reads an old message later needs the document as it was served then.
            if tx.get(SeenDocument, shown.id) is None:
                tx.put(shown)

        await self._store.write(act)


def _purpose(name: str) -> Purpose:
    return Purpose.CLIENT if name == TLS else Purpose.SIGNING


def _own_regions(view: Reading) -> list[Region]:
    """Regions that this node is a member of and that have a root."""
    return [one for one in every(view, Region) if one.own and one.root and one.changed is None]


def _own_roots(view: Reading) -> tuple[x509.Certificate, ...]:
    return tuple(root for region in _own_regions(view) for root in read(region.root.encode()))


def _refused(region: Region, reply: Reply) -> NodeError:
    """A region that does not want to, or one that is not able to just now."""
    if 400 <= reply.status < 500 and reply.status != 429:
        return InputError("enrol.refused", region=region.title, status=str(reply.status))
    return DeliveryError("peer.status", status=str(reply.status))
