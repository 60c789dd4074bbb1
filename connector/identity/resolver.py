"""DID documents of others: fetched under guard, kept for a while, asked for once at a time (did:web Method
Specification).

What lives here: when a document is fetched, and how many at once. What does not: the guard on addresses, redirects,
size and certificates (`certs.did.Fetch`: `connector.http.client`), the form of documents (`certs.did`), whose keys
count (`dcp`), whether other keys are believed (`connector.services.trust`).

Only did:web is looked up, over https; plain http is for loopback hosts, which only a laboratory node looks up by
itself. A document is used for `fresh` seconds, and while it cannot be had for `stale` seconds more: an answer that is a
document with other content counts at once. That a document cannot be had is remembered for `missing` seconds, and a key
that is not in it makes it be fetched anew only every `again` seconds, so that nobody sends this node out by inventing
names and keys. INVARIANT: per DID one fetch is under way, in all `parallel`; `waiting` more may wait for their turn,
everything beyond that is refused.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from certs import did as dids
from certs.did import DidError, Document, Fetch
from connector.errors import BusyError, DeliveryError
from connector.ports import Clock

_LOOPBACK_NAMES = ("localhost",)
_PREFIX = "did:web:"


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds and numbers; see the module."""

    fresh: float = 300.0
    stale: float = 3_600.0
    missing: float = 15.0
    again: float = 30.0
    deadline: float = 10.0
    parallel: int = 16
    waiting: int = 256
    most: int = 4_096
    most_bytes: int = 16_777_216


class _Kept(Struct):
    """What is known of a DID: its document and when it was had, and how the last fetch went and when. Seconds are those
    of `Clock.monotonic`."""

    document: Document | None = None
    had: float = 0.0
    wrong: DidError | DeliveryError | None = None
    asked: float = 0.0

    def size(self) -> int:
        """Bytes that it takes up, roughly."""
        return 0 if self.document is None else len(self.document.body)


class Resolver:
    """See `ports.Documents`. `lab`: this is a laboratory node, whose peers are on loopback."""

    def __init__(self, fetch: Fetch, clock: Clock, *, lab: bool = False, limits: Limits | None = None) -> None:
        self._fetch, self._clock, self._lab, self._limits = fetch, clock, lab, limits or Limits()
        self._kept: dict[str, _Kept] = {}
        self._flights: dict[str, asyncio.Task[_Kept]] = {}
        self._bytes = 0
        self._turn = asyncio.Semaphore(self._limits.parallel)

    async def document(
        self, did: str, *, url: str = "", private: bool = False, lacking: str = "", fresh: bool = False
    ) -> Document:
        """See `ports.Documents.document`."""
        kept = self._kept.get(did)
        if kept is None or (private and _was_kept_out(kept)) or self._due(kept, lacking, fresh):
            kept = await self._flight(did, url, private)
        return self._usable(kept)

    def keeps(self, did: str) -> bool:
        """See `ports.Documents.keeps`."""
        kept = self._kept.get(did)
        return did in self._flights or (kept is not None and not self._due(kept, "", False))

    async def close(self) -> None:
        """Fetch nothing more."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _due(self, kept: _Kept, lacking: str, fresh: bool) -> bool:
        """Must it be fetched?"""
        now, limits = self._clock.monotonic(), self._limits
        if kept.wrong is not None and now - kept.asked < limits.missing:
            return False
        if kept.document is None or now - kept.had >= limits.fresh:
            return True
        wanted = fresh or (bool(lacking) and lacking not in kept.document.keys)
        return wanted and now - kept.asked >= limits.again

    def _usable(self, kept: _Kept) -> Document:
        """The document, unless it is too old or was replaced by one that cannot be used. Raises what was wrong."""
        age = self._clock.monotonic() - kept.had
        bound = self._limits.fresh if kept.wrong is None else self._limits.fresh + self._limits.stale
        if kept.document is not None and age < bound:
            return kept.document
        raise kept.wrong or DeliveryError("peer.unreachable")

    # --- one fetch ----------------------------------------------------------------------------------------------------

    async def _flight(self, did: str, url: str, private: bool) -> _Kept:
        """Wait for the one fetch of `did` that is under way, begun now where there is none."""
        flight = self._flights.get(did)
        if flight is None:
            where, inside = self._place(did, url, private)
            if len(self._flights) >= self._limits.parallel + self._limits.waiting:
                raise BusyError("trust.busy", under_way=str(len(self._flights)))
            flight = self._flights[did] = asyncio.get_running_loop().create_task(self._ask(did, where, inside))
            flight.add_done_callback(lambda _: self._flights.pop(did, None))
        # Whoever waits may go away; the others still want the answer.
        return await asyncio.shield(flight)

    def _place(self, did: str, url: str, private: bool) -> tuple[str, bool]:
        """Where the document is, and whether private addresses are allowed there. Raises before anything is asked."""
        if not did.startswith(_PREFIX):
            raise DidError("did.method", did=did[:256])
        root = url or dids.to_url(did)
        host = urlsplit(root).hostname or ""
        # Names below `localhost` are loopback too (RFC 6761, 6.3).
        if host in _LOOPBACK_NAMES or host.endswith(".localhost") or host.startswith("127."):
            if not (self._lab or private):
                raise DeliveryError("peer.address_refused")
            root, private = url or dids.to_url(did, "http"), True
        return dids.document_url(root), private

    async def _ask(self, did: str, where: str, private: bool) -> _Kept:
        """Fetch once and keep what came of it, which says what was wrong."""
        async with self._turn:
            document, wrong = await self._fetched(did, where, private)
        kept = self._taken(did) or _Kept()
        kept.asked, kept.wrong = self._clock.monotonic(), wrong
        if document is not None:
            kept.document, kept.had = document, kept.asked
        elif _says_so(wrong):
            kept.document = None
        self._keep(did, kept)
        return kept

    async def _fetched(
        self, did: str, where: str, private: bool
    ) -> tuple[Document | None, DidError | DeliveryError | None]:
        try:
            async with asyncio.timeout(self._limits.deadline):
                body = await self._fetch.fetch(where, private=private, limit=dids.MAX_DOCUMENT)
            return replace(dids.read(body, did, speaks=False), body=body, at=self._clock.now()), None
        except TimeoutError:
            return None, DeliveryError("peer.timeout")
        except (DidError, DeliveryError) as error:
            return None, error

    def _keep(self, did: str, kept: _Kept) -> None:
        """Keep this as the latest; what was asked for longest ago makes room."""
        self._kept[did] = kept
        self._bytes += kept.size()
        while len(self._kept) > self._limits.most or self._bytes > self._limits.most_bytes:
            self._taken(next(iter(self._kept)))

    def _taken(self, did: str) -> _Kept | None:
        """What was kept of a DID, and is no more."""
        kept = self._kept.pop(did, None)
        self._bytes -= 0 if kept is None else kept.size()
        return kept


def _was_kept_out(kept: _Kept) -> bool:
    """Was nobody asked, since the address is private? Whoever has the permission need not wait for the next look."""
    return isinstance(kept.wrong, DeliveryError) and kept.wrong.reason.code == "peer.address_refused"


def _says_so(wrong: DidError | DeliveryError | None) -> bool:
    """Did somebody answer for the DID, and what is kept is over? What is no document at all may come from anything on
    the way; a document with other keys or about another, and that there is none any more (410), is an answer."""
    match wrong:
        case DidError(code="did.document"):
            return False
        case DidError():
            return True
        case DeliveryError(reason=reason):
            return reason.code == "peer.status" and reason.params.get("status") == "410"
    return False
