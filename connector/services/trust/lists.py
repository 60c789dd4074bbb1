"""Lists of revocations of others: fetched once for all members of a region, used as long as they may be.

What lives here: when a list is fetched, and until when the last good copy serves. What does not: the form of a list and
its signature (`certs.status`), what a set bit means (`checking`, `certs.trust`). Sources: Bitstring Status List 1.0,
Status List 2021; DCP 1.0.1, Credential Revocation (a list's `ttl` is ignored).

A list is used for `seconds`, and fetched anew after a quarter of them where somebody asks; while it cannot be had it is
used until it ends by itself, and then nobody passes. The last copy is kept across a restart, so that a region that is
away for a while takes nobody with it. INVARIANT: a list is never followed by an older one, which would give back what
was taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from msgspec import Struct

from certs.did import Fetch
from certs.jwk import PublicKey
from certs.status import List, read_list
from certs.vcdm import CredentialError
from connector.errors import DeliveryError, NodeError
from connector.ports import Clock, Store
from connector.records import StatusCopy
from connector.services.trust.places import allowed_inside

log = structlog.get_logger()

LARGEST = 1_048_576
"""Bytes of a list as it is fetched."""
DEADLINE = 10.0
AGAIN = 15.0
"""Seconds after which a list that could not be had is asked for again."""
MOST = 256
"""Lists that are kept in memory."""
SECOND = 1_000_000


class Wanted(Struct, frozen=True):
    """A list that a credential names: where, for which purpose, whose, and the issuer's keys."""

    url: str
    purpose: str
    issuer: str
    keys: Mapping[str, PublicKey]
    private: bool = False


class Copy(Struct, frozen=True):
    """A list that may be used until an instant (microseconds UTC)."""

    list: List
    until: int


class _Kept(Struct):
    """The last good copy, when it was had, and how the last attempt went. Seconds are those of `Clock.monotonic`."""

    list: List | None = None
    had: int = 0
    asked: float = 0.0
    failed: bool = False


class StatusLists:
    """Has the lists of issuers. `lab`: this is a laboratory node, whose peers are on loopback."""

    def __init__(self, *, store: Store, fetch: Fetch, clock: Clock, seconds: float, lab: bool) -> None:
        self._store, self._fetch, self._clock, self._seconds, self._lab = store, fetch, clock, seconds, lab
        # INVARIANT: what is kept for one issuer is nothing that a credential of another can spoil.
        self._kept: dict[tuple[str, str, str], _Kept] = {}
        self._flights: dict[tuple[str, str, str], asyncio.Task[_Kept]] = {}

    async def get(self, wanted: Wanted, *, fresh: bool = False) -> Copy | None:
        """The list, or None where none may be used. With `fresh` it is asked for now."""
        key = (wanted.issuer, wanted.url, wanted.purpose)
        kept = self._kept.get(key)
        if kept is None or fresh or self._due(kept):
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = asyncio.get_running_loop().create_task(self._ask(wanted, kept))
                flight.add_done_callback(lambda _: self._flights.pop(key, None))
            kept = await asyncio.shield(flight)
        return self._usable(kept, wanted)

    async def close(self) -> None:
        """Ask for nothing more."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _due(self, kept: _Kept) -> bool:
        age = self._clock.monotonic() - kept.asked
        quarter = self._seconds / 4
        return age >= (min(AGAIN, quarter) if kept.failed else quarter)

    def _usable(self, kept: _Kept, wanted: Wanted) -> Copy | None:
        """What is kept, unless it has ended or was signed by a key that counts no more."""
        found = kept.list
        if found is None or self._clock.now() >= found.ends or found.issuer != wanted.issuer:
            return None
        return Copy(found, found.ends if kept.failed else min(found.ends, kept.had + round(self._seconds * SECOND)))

    async def _ask(self, wanted: Wanted, kept: _Kept | None) -> _Kept:
        """Fetch the list once. Raises nothing: what was wrong is in what is kept."""
        made = kept or _Kept(list=await self._before(wanted))
        made.asked, made.failed = self._clock.monotonic(), True
        try:
            token = await self._fetched(wanted)
            found = _later(made.list, self._read(token, wanted))
        except (NodeError, CredentialError, UnicodeDecodeError) as error:
            log.warning("trust.list_not_had", issuer=wanted.issuer, error=str(error)[:200])
        else:
            await self._keep(wanted, token, made.list, found)
            made.list, made.had, made.failed = found, self._clock.now(), False
        self._kept[wanted.issuer, wanted.url, wanted.purpose] = made
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return made

    async def _fetched(self, wanted: Wanted) -> str:
        private = allowed_inside(wanted.url, wanted.private, self._lab)
        try:
            async with asyncio.timeout(DEADLINE):
                body = await self._fetch.fetch(wanted.url, private=private, limit=LARGEST)
        except TimeoutError:
            raise DeliveryError("peer.timeout") from None
        return body.decode("ascii").strip()

    def _read(self, token: str, wanted: Wanted) -> List:
        return read_list(
            token,
            url=wanted.url,
            purpose=wanted.purpose,
            issuer_keys=wanted.keys,
            now=self._clock.now(),
            allowed_issuers=(wanted.issuer,),
        )

    # --- across a restart ---------------------------------------------------------------------------------------------

    async def _before(self, wanted: Wanted) -> List | None:
        """The copy from before the restart, judged again."""
        copy = await self._store.read(lambda view: view.get(StatusCopy, _name(wanted)))
        if copy is None:
            return None
        try:
            return self._read(copy.token, wanted)
        except CredentialError:
            return None

    async def _keep(self, wanted: Wanted, token: str, before: List | None, found: List) -> None:
        """Keep a list that says something else than the one before, or lasts longer."""
        if before is not None and (before.begins, before.ends) == (found.begins, found.ends):
            return
        copy = StatusCopy(id=_name(wanted), token=token, at=self._clock.now())
        await self._store.write(lambda tx: tx.put(copy))


def _later(before: List | None, found: List) -> List:
    """The list that was found, unless it is older than the one before. Raises `CredentialError` `status.older`."""
    if before is not None and found.begins < before.begins:
        raise CredentialError("status.older", list=found.url[:256])
    return found


def _name(wanted: Wanted) -> str:
    return f"{wanted.purpose} {wanted.url}"
