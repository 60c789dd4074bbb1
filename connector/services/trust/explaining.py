"""Why a party is or is not trusted: the whole chain, link by link, for people.

What lives here: putting together what is known of a party. What does not: judging it (`certs.trust`, `admission`), the
wording (`connector.sentences.trust`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from certs.did import DidError
from certs.trust import Link, Verdict
from connector.errors import InputError, NodeError
from connector.ports import Documents, Reading, Store
from connector.records import Barred, Participant, Presented, Region
from connector.services.trust.places import place
from policies.model import Reason


class Looked(Protocol):
    """What came of looking at credentials (`checking.Found`)."""

    @property
    def verdict(self) -> Verdict: ...


class Judges(Protocol):
    """Judges what parties have shown (`checking`)."""

    async def judged(self, did: str, tokens: Sequence[str], *, fresh: bool = False) -> Looked:
        """What these credentials of a party are worth now; with `fresh` its region's lists are asked for now."""


class Explained(Struct, frozen=True, kw_only=True):
    """`how` is `self`, `pinned`, `vouched`, `barred` or `stranger`; `region` is the name of the region that vouches;
    `checked` when it was judged, `until` from when it has to be judged again, both microseconds UTC."""

    did: str
    name: str
    trusted: bool
    how: str
    region: str = ""
    links: tuple[Link, ...] = ()
    checked: int | None = None
    until: int | None = None


class Explaining:
    """Explains trust in parties. `own` is this node's DID; `refused` tells why a stranger was refused last."""

    def __init__(
        self,
        *,
        store: Store,
        own: str,
        judges: Judges,
        documents: Documents,
        refused: Callable[[str], Reason | None],
    ) -> None:
        self._store, self._own, self._judges, self._documents = store, own, judges, documents
        self._refused = refused

    async def explain(self, party: str, *, now: bool = False) -> Explained:
        """Why `party` (a name, DID or URL) is or is not trusted. With `now` it and its region are asked again; where
        they do not answer, that is a link of its own and the rest is what was known.

        Raises `InputError` `trust.party` for what can be no party.
        """
        known = await self._store.read(lambda view: view.find(Participant, name=party))
        barred = None if known else await self._store.read(lambda view: view.find(Barred, name=party))
        named = known or barred
        did = named.id if named else _place(party)
        known = known or await self._store.read(lambda view: view.get(Participant, did))
        if did == self._own:
            return Explained(did=did, name="", trusted=True, how="self", links=(Link("known", True, "trust.self"),))
        barred = await self._store.read(lambda view: view.get(Barred, did))
        if barred is not None and known is None:
            return _barred(barred)
        failed = await self._asked(did, known) if now else ()
        verdict = await self._judged(did, now)
        if known is not None and known.pinned:
            return _pinned(known, verdict, failed)
        region = await self._store.read(lambda view: _region_name(view, verdict))
        return _vouched(did, known, verdict, failed, region, self._refused(did))

    async def _asked(self, did: str, known: Participant | None) -> tuple[Link, ...]:
        """Whether the party still answers, with the keys that it is known by; links where it does not."""
        try:
            found = await self._documents.document(
                did, url=known.url if known else "", private=known is not None and known.private, fresh=True
            )
        except DidError as error:
            return Link("live", False, "trust.live_failed"), Link("live", False, "peer.document", {"why": error.code})
        except NodeError as error:
            reason = error.reason
            return Link("live", False, "trust.live_failed"), Link("live", False, reason.code, reason.params)
        if known is not None and found.pinned() != known.keys:
            return (Link("live", False, "trust.keys_differ"),)
        return (Link("live", True, "trust.live" if known else "trust.live_stranger"),)

    async def _judged(self, did: str, now: bool) -> Verdict | None:
        """What it has shown, judged; None where it has shown nothing."""
        shown = await self._store.read(lambda view: view.get(Presented, did))
        return None if shown is None else (await self._judges.judged(did, shown.tokens, fresh=now)).verdict


def _place(party: str) -> str:
    try:
        return place(party)[0]
    except InputError:
        raise InputError("trust.party", party=party[:256]) from None


def _region_name(view: Reading, verdict: Verdict | None) -> str:
    found = view.get(Region, verdict.region) if verdict and verdict.region else None
    return found.name if found else ""


def _pinned(known: Participant, verdict: Verdict | None, failed: tuple[Link, ...]) -> Explained:
    """Compared by hand: its credentials add facts and take nothing away."""
    links = [Link("known", True, "trust.pinned", {"by": known.added_by, "at": str(known.added)}), *failed, _keys(known)]
    return Explained(
        did=known.id,
        name=known.name,
        trusted=known.changed is None,
        how="pinned",
        links=(*links, *(verdict.links if verdict else ())),
        checked=known.vouch.checked if known.vouch else None,
        until=known.vouch.until if known.vouch else None,
    )


def _barred(one: Barred) -> Explained:
    """An operator keeps it out: nothing that anybody says of it counts, so nobody is asked."""
    link = Link("known", False, "trust.removed", {"by": one.by, "at": str(one.at), "url": one.url})
    return Explained(did=one.id, name=one.name, trusted=False, how="barred", links=(link,))


def _vouched(
    did: str,
    known: Participant | None,
    verdict: Verdict | None,
    failed: tuple[Link, ...],
    region: str,
    refused: Reason | None,
) -> Explained:
    links: list[Link] = [*failed]
    if known is None and verdict is None and refused is not None:
        then = Link("then", False, refused.code, refused.params)
        links = [Link("known", False, "trust.refused_stranger"), *failed, then]
    elif known is None and verdict is None:
        links.insert(0, Link("known", False, "trust.stranger"))
    elif known is not None:
        links = [Link("known", True, "trust.unpinned"), *failed, _keys(known), *_refused(known, verdict)]
    trusted = verdict is not None and verdict.trusted and (known is None or known.changed is None)
    return Explained(
        did=did,
        name=known.name if known else "",
        trusted=trusted,
        how="stranger" if known is None and not trusted else "vouched",
        region=region,
        links=(*links, *(verdict.links if verdict else ())),
        checked=known.vouch.checked if known and known.vouch else None,
        until=verdict.until if verdict and trusted else None,
    )


def _keys(known: Participant) -> Link:
    """Whether its keys are still those that it became known with."""
    if known.changed is not None:
        return Link("keys", False, known.changed.code, known.changed.params)
    return Link("keys", True, "trust.keys", {"words": known.words})


def _refused(known: Participant, verdict: Verdict | None) -> tuple[Link, ...]:
    """What was found the last time, where no verdict says it anew."""
    if verdict is not None or known.vouch is None or known.vouch.refused is None:
        return ()
    refused = known.vouch.refused
    return Link("then", False, "trust.refused_then"), Link("then", False, refused.code, refused.params)
