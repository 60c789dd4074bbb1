"""Certificates that others show: paths to the roots of regions that this node believes, and what those have revoked.

What lives here: roots and lists in memory, getting the lists in time, following a region to its next root, judging a
path once until the first thing it rests on ends. What does not: the judging itself (`certs.x509`, `certs.revocation`),
which regions are believed (`regions`), what follows from a certificate (`connector.identity.mutual_tls`, `http.est`).

No address in a certificate is followed: where a region's lists are had follows from where the region is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

import structlog
from cryptography import x509
from msgspec import Struct
from msgspec.structs import replace

from certs import enrol, revocation, rollover
from certs.authority import name_of
from certs.did import Fetch
from certs.region import RegionKeys
from certs.revocation import MAX_LIST, RevocationList
from certs.x509 import CertificateError, Chain, Purpose, check_authority, path, read, text
from connector.errors import DeliveryError, NodeError
from connector.pages import every
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Entry, Region, Revocations

log = structlog.get_logger()
CACERTS = "/.well-known/est/cacerts"
_KEPT = 1024
"""How many judged paths are kept."""
_ANSWER = 1_048_576


class Ground(Struct, frozen=True, eq=False):
    """What paths are judged by: roots, and lists by authority."""

    roots: tuple[x509.Certificate, ...] = ()
    lists: Mapping[str, RevocationList] = {}


class Chains:
    """`own` gives the keys of the region that this node keeps itself, `changed` is told when there are other roots."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        fetch: Fetch,
        own: Callable[[], RegionKeys | None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._clock, self._fetch, self._own, self._changed = store, clock, fetch, own, changed
        self._ground, self._lacking = Ground(), False
        self._judged: OrderedDict[bytes, tuple[Chain, int]] = OrderedDict()

    @property
    def roots(self) -> tuple[str, ...]:
        """The roots that are believed, as PEM."""
        return tuple(text([one]) for one in self._ground.roots)

    # --- judging ------------------------------------------------------------------------------------------------------

    def verify(
        self, shown: Sequence[bytes], purpose: Purpose, *, roots: Sequence[x509.Certificate] | None = None
    ) -> Chain:
        """The good path of an end certificate in DER, with those that came along; `roots` narrows whom to believe.

        Looks at memory alone, and costs a hash where the path was judged before. Raises `CertificateError` as
        `certs.x509.path` and `certs.revocation.check`, `certificate.form`.
        """
        believed = self._ground.roots if roots is None else tuple(roots)
        mark = sha256(b"".join((purpose.value.encode(), *(sha256(one).digest() for one in shown))))
        for one in believed if roots is not None else ():
            mark.update(one.signature)
        now, key = self._clock.now(), mark.digest()
        if (known := self._judged.get(key)) is not None and now < known[1]:
            return known[0]
        certificates = [one for der in shown for one in read(der)]
        if not certificates:
            raise CertificateError("certificate.form")
        found = path(certificates[0], certificates[1:], roots=believed, now=now, purpose=purpose)
        try:
            until = revocation.check(found, lists=self._ground.lists, now=now)
        except CertificateError as error:
            # A region may have an authority since this morning: its list is asked for soon, and not by each caller.
            self._lacking |= error.code in ("revocation.missing", "revocation.stale")
            raise
        self._judged[key] = (found, until)
        if len(self._judged) > _KEPT:
            self._judged.popitem(last=False)
        return found

    def believe(self, chain: Sequence[x509.Certificate], now: int, also: Sequence[x509.Certificate] = ()) -> None:
        """See `catalog.descriptions.verifier.Believe`: the path of a chain for signatures, nothing in it revoked."""
        roots = [*self._ground.roots, *also]
        found = path(chain[0], chain[1:], roots=roots, now=now, purpose=Purpose.SIGNING)
        revocation.check(found, lists=self._ground.lists, now=now)

    # --- what is judged by --------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take roots and lists as the store has them now; to be called at the start and when regions have changed."""
        regions, kept = await self._store.read(_stored)
        own = self._own()
        roots = [one for region in regions if region.changed is None for one in _roots(region)]
        lists = {one.id: revocation.parse(one.body, one.id) for one in kept}
        if own is not None:
            roots += [own.root, *own.former_roots]
            lists |= {name: revocation.parse(body, name) for name, body in own.root_lists.items()}
        fresh = Ground(tuple(dict.fromkeys(roots)), lists)
        # A region that is believed since a moment ago: its lists are had soon, and not with the next round.
        self._lacking |= any(name_of(one) not in lists for one in fresh.roots)
        # INVARIANT: no path outlives what it was judged by.
        self._judged.clear()
        others = set(fresh.roots) != set(self._ground.roots)
        self._ground = fresh
        if others:
            self._changed()

    async def catch_up(self) -> None:
        """Get the lists now where one was missing lately."""
        if self._lacking:
            await self.refresh()

    async def refresh(self) -> None:
        """Get the lists of all believed regions anew; each by itself, so that one that is away stops no other."""
        self._lacking = False
        regions, _ = await self._store.read(_stored)
        got = await asyncio.gather(*(self._refresh(one) for one in regions), return_exceptions=True)
        for region, wrong in zip(regions, got, strict=True):
            if isinstance(wrong, NodeError):
                log.warning("certificates.no_lists", region=region.id, code=wrong.reason.code)
            elif isinstance(wrong, BaseException):
                log.error("certificates.lists_failed", region=region.id, exc_info=wrong)
        await self.load()

    async def _refresh(self, region: Region) -> None:
        roots = _roots(region)
        offered = await self.authorities(region)
        now = self._clock.now()
        later = rollover.successors(roots, offered, now=now)
        if later:
            await self._store.write(lambda tx: _follow(tx, region, later))
        signers = _signers((*roots, *later), offered, now)
        for issuer in signers:
            url = f"{region.url.rstrip('/')}/crl/{name_of(issuer)}.crl"
            try:
                body = await self._fetch.fetch(url, private=region.private, limit=_LIST)
                await self._keep(region, body, issuer)
            except CertificateError as error:
                log.warning("certificates.list_refused", region=region.id, url=url, code=error.code)
            except DeliveryError as error:
                log.warning("certificates.no_list", region=region.id, url=url, code=error.reason.code)

    async def authorities(self, region: Region) -> tuple[x509.Certificate, ...]:
        """What a region says its roots and authorities are; nothing is proved by it. Raises `DeliveryError`."""
        body = await self._fetch.fetch(region.url.rstrip("/") + CACERTS, private=region.private, limit=_ANSWER)
        try:
            return enrol.read_certificates(body)
        except enrol.EnrolError as error:
            raise DeliveryError(error.code) from error

    async def _keep(self, region: Region, body: bytes, issuer: x509.Certificate) -> None:
        found = revocation.read_list(body, issuer, now=self._clock.now())

        def act(tx: Transaction) -> None:
            known = tx.get(Revocations, found.authority)
            # INVARIANT: no list takes the place of a later one, whoever serves it.
            if known is None or (known.region and known.number < found.number):
                tx.put(
                    Revocations(
                        id=found.authority,
                        number=found.number,
                        made=found.made,
                        until=found.until,
                        body=body,
                        region=region.id,
                    )
                )

        await self._store.write(act)


_LIST = min(MAX_LIST, _ANSWER)


def _stored(view: Reading) -> tuple[list[Region], list[Revocations]]:
    """Regions that have a root, and every list."""
    return [one for one in every(view, Region) if one.root], list(every(view, Revocations))


def _roots(region: Region) -> tuple[x509.Certificate, ...]:
    """A region's roots; none where what is kept cannot be read."""
    try:
        return read(region.root.encode())
    except CertificateError:
        log.warning("certificates.root_unreadable", region=region.id)
        return ()


def _signers(
    roots: Sequence[x509.Certificate], offered: Iterable[x509.Certificate], now: int
) -> list[x509.Certificate]:
    """The roots, and the authorities that one of them has certified; one for each key."""
    found = {name_of(one): one for one in roots}
    for one in offered:
        try:
            check_authority(one, roots=roots, below=0, now=now)
        except CertificateError:
            continue
        found.setdefault(name_of(one), one)
    return list(found.values())


def _follow(tx: Transaction, region: Region, later: Sequence[x509.Certificate]) -> None:
    """The region has another root, and a root that is believed says so."""
    known = tx.get(Region, region.id)
    if known is None or known.root != region.root:
        return
    tx.put(replace(known, root=text(later) + known.root))
    params = {"region": region.id, "root": ", ".join(name_of(one) for one in later)}
    tx.record(Entry(event="region.root_followed", actor=region.id, params=params))
