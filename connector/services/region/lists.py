"""What a region's authorities have revoked, as others read it: lists that are signed every day, and live answers.

What lives here: CRLs and OCSP responses (RFC 5280, 5; RFC 6960), durable and numbered. What does not: who decides about
a certificate (`certificates`), the signing itself (`certs.authority`), the way out (`http.est`).

INVARIANT: the numbers of a list only grow, also where a node goes on from an older state of itself: a number is never
smaller than the second in which it was drawn.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certs.authority import DAY, SECOND, Authority, Revoked, Standing
from certs.region import RegionKeys
from connector.errors import MessageError
from connector.ports import Clock, Store, Transaction
from connector.records import Certificate, Entry, Revocations, TakenBack

EVERY = DAY
LASTS = 4 * DAY
"""How long a list counts: with another one every day, readers whose clock is two days off still have a good one."""
ANSWER_LASTS = 3_600 * SECOND
MAX_ASKED = 4_096
"""Bytes of an OCSP request."""
_REASONS = {
    "member.stolen": x509.ReasonFlags.key_compromise,
    "member.left": x509.ReasonFlags.cessation_of_operation,
    "member.suspended": x509.ReasonFlags.certificate_hold,
}
PAUSED = "member.suspended"


class Lists:
    """The lists of a region whose keys are `keys()`."""

    def __init__(self, *, store: Store, clock: Clock, keys: Callable[[], RegionKeys]) -> None:
        self._store, self._clock, self._keys = store, clock, keys

    # --- making -------------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Sign what is due: a list for each authority, at least every day."""
        if await self._store.read(lambda view: any(self._is_due(view.get(Revocations, a.name)) for a in self._live())):
            await self._store.write(self._make_due)

    def take_back(self, tx: Transaction, certificate: Certificate, reason: str, at: int) -> None:
        """From now on it stands in its authority's list, whose next edition is made at once."""
        entry = TakenBack(serial=certificate.id, at=at, ends=certificate.ends, reason=reason)
        known = self._entries(tx, certificate.authority)
        self._make(tx, certificate.authority, (*(one for one in known if one.serial != entry.serial), entry))

    def give_back(self, tx: Transaction, certificate: Certificate) -> None:
        """It was only paused, and counts again."""
        known = self._entries(tx, certificate.authority)
        self._make(tx, certificate.authority, tuple(one for one in known if one.serial != certificate.id))

    def _live(self) -> list[Authority]:
        return [one for one in self._keys().authorities if self._clock.now() < one.ends]

    def _is_due(self, known: Revocations | None) -> bool:
        now = self._clock.now()
        # A clock that was set back makes no list due; one that runs again does.
        return known is None or now >= known.made + EVERY or now >= known.until

    def _make_due(self, tx: Transaction) -> None:
        for one in self._live():
            known = tx.get(Revocations, one.name)
            if self._is_due(known):
                self._make(tx, one.name, known.entries if known else ())

    def _entries(self, tx: Transaction, name: str) -> tuple[TakenBack, ...]:
        known = tx.get(Revocations, name)
        return known.entries if known else ()

    def _make(self, tx: Transaction, name: str, entries: tuple[TakenBack, ...]) -> None:
        """The next edition. What has ended long ago is left out: it was in one after its end (RFC 5280, 3.3)."""
        signer = next((one for one in self._live() if one.name == name), None)
        if signer is None:
            return
        now, known = self._clock.now(), tx.get(Revocations, name)
        kept = tuple(one for one in entries if now < one.ends + LASTS)
        number = max(known.number + 1 if known else 1, now // SECOND)
        until = now + LASTS
        body = signer.revocations([_revoked(one) for one in kept], number=number, made=now, until=until)
        tx.put(Revocations(id=name, number=number, made=now, until=until, body=body, entries=kept))
        params = {"authority": name, "number": str(number), "entries": str(len(kept))}
        tx.record(Entry(event="region.list_signed", actor="node", params=params))

    # --- reading ------------------------------------------------------------------------------------------------------

    async def body(self, name: str) -> bytes | None:
        """The latest list of an authority or root of this region in DER; None for any other name."""
        keys = self._keys()
        if (fixed := keys.root_lists.get(name)) is not None:
            return fixed
        if name not in {one.name for one in keys.authorities}:
            return None
        found = await self._store.read(lambda view: view.get(Revocations, name))
        if found is None:  # an authority that is new since the last look
            await self.look()
            found = await self._store.read(lambda view: view.get(Revocations, name))
        return found.body if found else None

    async def answer(self, body: bytes) -> bytes:
        """The OCSP response in DER to a request. Raises `MessageError` `ocsp.form` for what is none.

        About certificates of others the response is `unauthorized` (RFC 6960, 2.3): nothing is known of them.
        """
        try:
            asked = ocsp.load_der_ocsp_request(body) if len(body) <= MAX_ASKED else None
            signer = None if asked is None else next((one for one in self._live() if one.is_asked(asked)), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            asked = signer = None
        if asked is None:
            raise MessageError("ocsp.form")
        if signer is None:
            return _UNAUTHORIZED
        serial, now = f"{asked.serial_number:x}", self._clock.now()
        found = await self._store.read(lambda view: view.get(Certificate, serial))
        return signer.answer(asked, _status(found, signer.name), made=now, until=now + ANSWER_LASTS)


_UNAUTHORIZED = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(
    Encoding.DER
)


def _status(found: Certificate | None, authority: str) -> Standing | Revoked:
    if found is None or found.authority != authority:
        return Standing.UNKNOWN
    if found.revoked is None:
        return Standing.GOOD
    return Revoked(int(found.id, 16), found.revoked, _flag(found.reason))


def _revoked(one: TakenBack) -> Revoked:
    return Revoked(int(one.serial, 16), one.at, _flag(one.reason))


def _flag(reason: str) -> x509.ReasonFlags:
    return _REASONS.get(reason, x509.ReasonFlags.unspecified)
