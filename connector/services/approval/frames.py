"""Frame contracts between institutions, signed on paper: what lets a node bind itself at once.

What lives here: keeping and retiring them, whether one is in force for a party, whether a file is the signed document.
What does not: which offers bind under one (`records.Approval`), the moment at which it is looked at
(`services.decisions`). The document itself stays with its owner; here is its SHA-256, as the file number is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.records import Entry, Frame, Participant
from connector.services.approval.naming import named

_HASH = re.compile(r"[0-9a-f]{64}")


def in_force(frame: Frame, party: str, now: int) -> bool:
    """Does this frame cover the party at this instant? Retired, ended and for others are three ways to no."""
    if frame.retired is not None or (frame.until is not None and now >= frame.until):
        return False
    return frame.anybody or party in frame.parties


class Frames:
    """The frame contracts of this node. A name is used once: what was concluded under it must stay readable."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def add(
        self,
        operator: str,
        name: str,
        *,
        title: str,
        file_number: str,
        hash: str,
        signatories: Sequence[str],
        parties: Sequence[str] = (),
        anybody: bool = False,
        until: int | None = None,
    ) -> Frame:
        """Keep a frame contract; `parties` are DIDs of peers. Raises `InputError` with what is missing or wrong."""
        named(name)
        if not _HASH.fullmatch(hash):
            raise InputError("frame.hash")
        if not signatories:
            raise InputError("frame.signatories")
        if bool(parties) == anybody:
            raise InputError("frame.parties")
        frame = Frame(
            id=name,
            title=title,
            file_number=file_number,
            hash=hash,
            signatories=tuple(signatories),
            parties=tuple(parties),
            anybody=anybody,
            until=until,
            added=self._clock.now(),
            added_by=operator,
        )

        def act(tx: Transaction) -> Frame:
            if tx.get(Frame, name) is not None:
                raise InputError("frame.exists", name=name)
            for party in frame.parties:
                if tx.get(Participant, party) is None:
                    raise InputError("peer.unknown", id=party)
            tx.put(frame)
            params = {"frame": name, "file_number": file_number, "hash": hash}
            tx.record(Entry(event="frame.added", actor=operator, params=params))
            return frame

        return await self._store.write(act)

    async def select(self, *, after: str = "", limit: int = 100) -> list[Frame]:
        """Frame contracts in the order of their names, retired ones included."""
        return await self._store.read(lambda view: view.select(Frame, after=after, limit=limit))

    async def get(self, name: str) -> Frame:
        """Raises `InputError` where there is none."""
        return await self._store.read(lambda view: known(view, name))

    def stands(self, frame: Frame) -> bool:
        """Could it carry something new now?"""
        return any(in_force(frame, party, self._clock.now()) for party in frame.parties or ("",))

    async def retire(self, operator: str, name: str) -> Frame:
        """Bind nothing more under it. Contracts concluded under it stand. Raises `InputError`."""

        def act(tx: Transaction) -> Frame:
            frame = known(tx, name)
            if frame.retired is not None:
                raise InputError("frame.retired", name=name)
            retired = replace(frame, retired=self._clock.now())
            tx.put(retired)
            tx.record(Entry(event="frame.retired", actor=operator, params={"frame": name}))
            return retired

        return await self._store.write(act)


def known(view: Reading, name: str) -> Frame:
    """Raises `InputError` where there is no such frame contract."""
    found = view.get(Frame, name)
    if found is None:
        raise InputError("frame.unknown", name=name)
    return found
