"""What a consumer stands on, as far as a device is told: bits in status lists, and the lists as this node has them.

What lives here: both, from what consumers have shown and from the last good copies, whose signatures were verified when
they were had (`services.trust.lists`). What does not: what a set bit means (`certs.trust`).
Source: W3C Bitstring Status List 1.0. INVARIANT: a list that nobody has is named all the same: whoever depends on it is
refused, not let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from certs import credentials
from certs.vcdm import CredentialError, Status
from connector.data.readings.orders import Standing, StatusBits
from connector.ports import Reading
from connector.records import Presented, StatusCopy


def bits(view: Reading, peer: str) -> Iterator[Standing]:
    """The bits that say whether what a consumer has shown here still stands."""
    return (Standing(list=one.list, index=one.index) for one in _entries(view, peer))


def lists(view: Reading, peers: Iterable[str]) -> dict[str, StatusBits]:
    """The lists that these consumers depend on, by URL; without those that this node has no copy of."""
    found = {one.list: _copy(view, one) for peer in sorted(peers) for one in _entries(view, peer)}
    return {url: one for url, one in found.items() if one is not None}


def _entries(view: Reading, peer: str) -> Iterator[Status]:
    shown = view.get(Presented, peer)
    for token in shown.tokens if shown is not None else ():
        try:
            yield from credentials.read(token).status
        except CredentialError:
            continue


def _copy(view: Reading, entry: Status) -> StatusBits | None:
    copy = view.get(StatusCopy, f"{entry.purpose} {entry.list}")
    if copy is None:
        return None
    try:
        found = credentials.read(copy.token)
    except CredentialError:
        return None
    packed = found.claims.get("encodedList")
    return StatusBits(bits=packed, seen=copy.at, until=found.ends) if isinstance(packed, str) else None
