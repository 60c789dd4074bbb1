"""Searching the catalogues of all whom this node knows: what people ask, in their words, and what they are shown.

What lives here: asking the index beside the loop, what could be used of what was found and why the rest could not.
What does not: reading a question (`wanted`), the index (`catalog.index`), the verdict on terms (`usable`), questions
that are asked again (`saved`), the wording (`http.searching`).

The index is asked in threads, few at a time; who comes when too many wait is sent away. What it answers is one
snapshot: nobody sees half a catalogue.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from catalog.index.file import IndexFileError
from catalog.index.forms import Entry, Found, Hit, Origin, Query, Standing
from catalog.index.pages import PageError
from catalog.model import Metadata
from catalog.profile.completeness import freshness
from certs import trust
from connector.errors import BusyError, InputError, StoreError, UnknownError
from connector.ports import Clock, Reading, Store
from connector.records import Participant
from connector.services import wanted
from connector.services.usable import Aim, Offered, Own, Usability, Verdict, own_facts, place_of
from connector.services.wanted import OURS, Question
from policies import terms
from policies.model import Policy, Reason

MOST: Final = 100
"""Hits of one page."""
EXAMINED: Final = 100
"""Hits that are looked at for why they are not usable."""
JUDGED: Final = 20_000
"""Kinds of terms that are judged for one question."""
AT_ONCE: Final = 2
"""Questions that the index answers at once."""
WAITING: Final = 32
REACH_SECONDS: Final = 5.0
"""For how long it is not counted again whose catalogues there are."""

T = TypeVar("T")


class Index(Protocol):
    """The index, as far as searching needs it (`catalog.index`). Blocking."""

    def search(self, query: Query) -> Found: ...

    def entry(self, participant: str, id: str) -> Entry | None: ...

    def entries(self, id: str) -> Sequence[Entry]: ...

    def terms(self) -> Iterable[tuple[str, bytes, int]]: ...

    def standings(self) -> Iterable[Standing]: ...


class Seen(Struct, frozen=True, kw_only=True):
    """A hit with what this node makes of it. `name` is what operators call its participant, "" where they do not know
    it. `verdict` is that on the offer that comes nearest to being usable, `terms` what this says, or why it is not
    understood; both None where there is no offer, and `verdict` where it is the node's own. `offer` is its id, `offers`
    how many there are. `late`: by how many microseconds it is older than promised; None where nothing is promised."""

    hit: Hit
    name: str = ""
    verdict: Verdict | None = None
    terms: Policy | Reason | None = None
    offer: str = ""
    offers: int = 0
    late: int | None = None

    @property
    def own(self) -> bool:
        """Is it this node's?"""
        return self.hit.origin is Origin.OWN


class Others(Struct, frozen=True, kw_only=True):
    """What else was found but could not be used: how many in all, how many of those were looked at, the reasons by how
    often they were met among these, and the first of them."""

    total: int
    looked: int
    reasons: tuple[tuple[Reason, int], ...] = ()
    first: tuple[Seen, ...] = ()


class Reach(Struct, frozen=True, kw_only=True):
    """Whose catalogues were searched: how many, how many of them did not answer lately, and since when the longest."""

    catalogs: int = 0
    silent: int = 0
    oldest: int | None = None


class Results(Struct, frozen=True, kw_only=True):
    """What was found; as `Found`, with the view of this node. `others` on the first page of what could be used.
    `unjudged`: kinds of terms that were too many to be looked at, and count as not usable. `names`: what operators call
    the participants in it."""

    seen: tuple[Seen, ...]
    total: int
    capped: bool
    facets: Mapping[str, Mapping[str, int]]
    next: str
    also: tuple[str, ...]
    reach: Reach
    others: Others | None = None
    unjudged: int = 0
    names: Mapping[str, str] = {}


class Known(Struct, frozen=True, kw_only=True):
    """A dataset as it was last seen, with the verdict on each of its offers."""

    entry: Entry
    name: str
    offers: tuple[tuple[str, Policy | Reason, Verdict], ...]
    late: int | None


class Search:
    """Finds. `did` and `place` are the node's own: its DID, and the key of the municipality that it belongs to; where
    the settings say none, that of its credential. `threads` runs what would hold up the loop."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        index: Index,
        did: str,
        place: str = "",
        threads: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self._store, self._clock, self._index, self._threads = store, clock, index, threads
        self._did, self._place = did, place
        self._usability = Usability()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._reached: tuple[float, Reach] | None = None

    async def find(
        self, question: Question, *, limit: int = 20, after: str = "", facets: bool = True, why: int = 0
    ) -> Results:
        """What fits the question, a page of it. `why`: how many are shown of what could not be used.

        Raises `InputError` for what cannot be read, `UnknownError` for a peer, `BusyError`.
        """
        now = self._clock.now()
        asked = await self._store.read(lambda view: self._asked(view, question, now))
        query = replace(asked.query, limit=min(limit, MOST), after=after, facets=facets)
        found = await self._beside(lambda: self._find(replace(asked, query=query), question.mine, why))
        hits = (one.hit.participant for one in (*found.seen, *_first(found)))
        names = await self._named((*hits, *found.facets.get("participants", ())))
        others = found.others and replace(found.others, first=_call(found.others.first, names))
        return replace(found, seen=_call(found.seen, names), others=others, names=names)

    async def known(self, id: str, peer: str = "", purpose: str = "") -> Known:
        """A dataset as it was last seen, by its id or the end of it. Raises as `find`, and `UnknownError` where it was
        never seen, `InputError` where several are meant."""
        now = self._clock.now()
        asked = await self._store.read(lambda view: self._asked(view, Question(peer=peer, purpose=purpose), now))
        found = await self._beside(lambda: list(self._index.entries(id)))
        meant = [one for one in found if not asked.query.participants or one.participant in asked.query.participants]
        if not meant:
            raise UnknownError("search.unseen", id=id[:256])
        ids = dict.fromkeys(one.id for one in meant)
        if len(ids) > 1:
            raise InputError("search.unclear", id=id[:256], ids=", ".join([one[:256] for one in ids][:5]))
        if len(meant) > 1:
            raise InputError("search.several", id=id[:256], peers=", ".join(one.participant for one in meant[:5]))
        names = await self._named([meant[0].participant])
        return self._judged(meant[0], names, asked)

    async def read(self, question: Question) -> None:
        """Raises as `find` where the question cannot be asked."""
        now = self._clock.now()
        await self._store.read(lambda view: self._asked(view, question, now))

    async def moved(self) -> int:
        """When any catalogue has last changed as it was seen here; 0 where none has been."""
        standings = await self._beside(lambda: list(self._index.standings()))
        return max((one.changed or 0 for one in standings), default=0)

    def _asked(self, view: Reading, question: Question, now: int) -> _Asked:
        """The question in the words of the index, and as whom it is asked."""
        proved, stated = own_facts(view, now)
        purpose = wanted.purpose(question.purpose) if question.purpose else ""
        keys = (self._place, *proved.get(trust.MUNICIPALITY_FACT, ()))
        place = next((found for key in keys if (found := place_of(key))), "")
        own = Own(did=self._did, proved=proved, stated=stated, place=place)
        aim = Aim(purpose=purpose, place=terms.place(question.used_at) if question.used_at else "")
        dids = wanted.participants(view, question.peer, self._did)
        return _Asked(query=wanted.query(question, dids, now), own=own, aim=aim)

    async def _named(self, dids: Iterable[str]) -> Mapping[str, str]:
        meant = set(dids)

        def read(view: Reading) -> dict[str, str]:
            found = (view.get(Participant, one) for one in meant)
            ours = dict.fromkeys(meant & {self._did}, OURS)
            return ours | {one.id: one.name for one in found if one is not None}

        return await self._store.read(read)

    # --- beside the loop ----------------------------------------------------------------------------------------------

    async def _beside(self, act: Callable[[], T]) -> T:
        """Ask the index in a thread, when it is our turn. Raises `BusyError` where too many wait, `InputError` for
        an `after` of no page, `StoreError`."""
        if self._waiting >= WAITING:
            raise BusyError("search.busy")
        self._waiting += 1
        try:
            async with self._turns:
                found: T = await self._threads(act)
                return found
        except PageError:
            raise InputError("search.after") from None
        except IndexFileError:
            raise StoreError("index.unusable") from None
        finally:
            self._waiting -= 1

    def _find(self, asked: _Asked, mine: bool, why: int) -> Results:
        verdicts: dict[str, Verdict] = {}
        query, unjudged = asked.query, 0
        if mine:
            verdicts, unjudged = self._all(asked)
            query = replace(query, terms=frozenset(digest for digest, one in verdicts.items() if one.usable))
        found = self._index.search(query)
        return Results(
            seen=tuple(self._seen(hit, asked) for hit in found.hits),
            total=found.total,
            capped=found.capped,
            facets=found.facets,
            next=found.next,
            also=found.also,
            reach=self._reach(),
            others=self._others(asked, found, verdicts, why) if mine and not query.after else None,
            unjudged=unjudged,
        )

    def _reach(self) -> Reach:
        """Whose catalogues stand behind an answer; there may be very many, so they are counted now and then."""
        now, known = self._clock.monotonic(), self._reached
        if known is None or now >= known[0]:
            known = self._reached = (now + REACH_SECONDS, _reach(self._index.standings()))
        return known[1]

    def _all(self, asked: _Asked) -> tuple[dict[str, Verdict], int]:
        """The verdict on every kind of terms that was seen anywhere, and how many there were too many."""
        offered = (Offered(digest, document) for digest, document, _ in self._index.terms())
        judged = self._usability.verdicts(islice(offered, JUDGED), asked.own, asked.aim, asked.query.now)
        return judged, sum(1 for _ in offered)

    def _others(self, asked: _Asked, mine: Found, verdicts: Mapping[str, Verdict], why: int) -> Others:
        """What fits the question and could not be used."""
        every = self._index.search(replace(asked.query, limit=EXAMINED, facets=False))
        unusable = [hit for hit in every.hits if not any(_usable(verdicts, one) for one in hit.terms)]
        found = (_best([verdicts.get(one, _UNJUDGED) for one in hit.terms]).why for hit in unusable)
        counted = Counter(why.code for why in found if why is not None)
        return Others(
            total=max(every.total - mine.total, len(unusable)),
            looked=len(unusable),
            reasons=tuple((Reason(code), times) for code, times in counted.most_common()),
            first=tuple(self._seen(hit, asked) for hit in unusable[:why]),
        )

    def _seen(self, hit: Hit, asked: _Asked) -> Seen:
        now = asked.query.now
        entry = self._index.entry(hit.participant, hit.id) if hit.terms else None
        late = _late(Metadata(frequency=hit.frequency, modified=hit.modified), now)
        if entry is None or not entry.terms:
            return Seen(hit=hit, late=late, verdict=None if hit.origin is Origin.OWN else _NO_OFFER)
        judged = self._offers(entry, asked)
        best = _best([verdict for _, _, verdict in judged])
        offer, said, _ = next(one for one in judged if one[2] is best)
        return Seen(
            hit=hit,
            verdict=None if hit.origin is Origin.OWN else best,
            terms=said,
            offer=offer,
            offers=len(judged),
            late=late,
        )

    def _offers(self, entry: Entry, asked: _Asked) -> list[tuple[str, Policy | Reason, Verdict]]:
        offered = [Offered(one.digest, one.document) for one in entry.terms]
        verdicts = self._usability.verdicts(offered, asked.own, asked.aim, asked.query.now)
        return [
            (one.offer, self._usability.policy(which), verdicts[one.digest])
            for one, which in zip(entry.terms, offered, strict=True)
        ]

    def _judged(self, entry: Entry, names: Mapping[str, str], asked: _Asked) -> Known:
        return Known(
            entry=entry,
            name=names.get(entry.participant, ""),
            offers=tuple(self._offers(entry, asked)),
            late=_late(entry.metadata, asked.query.now),
        )


class _Asked(Struct, frozen=True, kw_only=True):
    """A question as it goes to the index, and by whom and for what."""

    query: Query
    own: Own
    aim: Aim


_NO_OFFER: Final = Verdict(usable=False, why=Reason("usable.no_offer"))
_UNJUDGED: Final = Verdict(usable=False, why=Reason("usable.other"))


def _usable(verdicts: Mapping[str, Verdict], digest: str) -> bool:
    return digest in verdicts and verdicts[digest].usable


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that comes nearest to being usable: what is meant for others tells nobody anything."""
    return min(verdicts, key=_distance, default=_NO_OFFER)


def _distance(one: Verdict) -> tuple[bool, bool, int, int]:
    foreign = one.why is not None and one.why.code in ("usable.other_party", "usable.nothing")
    return not one.usable, foreign, one.begins or 0, len(one.reasons)


def _late(metadata: Metadata, now: int) -> int | None:
    """By how much data are older than their promised interval; None where none is promised."""
    found = freshness(metadata, now)
    return None if found.due is None else found.late_by


def _reach(standings: Iterable[Standing]) -> Reach:
    """Whose catalogues stand behind an answer."""
    found = list(standings)
    silent = [one for one in found if one.failures]
    return Reach(
        catalogs=len(found), silent=len(silent), oldest=min((one.seen or 0 for one in silent), default=None) or None
    )


def _first(found: Results) -> tuple[Seen, ...]:
    return () if found.others is None else found.others.first


def _call(seen: Iterable[Seen], names: Mapping[str, str]) -> tuple[Seen, ...]:
    """With the names of whose they are."""
    return tuple(replace(one, name=names.get(one.hit.participant, "")) for one in seen)
