"""Taking back what this region has issued: credentials, their places in lists, and the lists that everybody may read.

What lives here: places, revoking, suspending, restoring, and the signed lists as they are served. What does not: who is
a member (`members`: its changes are followed here, in their own transaction), the form of a list (`certs.status`).
Source: Bitstring Status List 1.0; Status List 2021; DCP 1.0.1, Verifiable Credential Revocation.

A list has room for 131,072 credentials. A place is drawn at random and never used twice, and a list is left when half
of it is taken: a place says nothing about when a credential was issued, or beside whose.

In the newer model a credential has two entries, one to be revoked by, one to be suspended by. In the older one it has
one, since many readers of it know no second: there what is suspended shows as revoked, and stops doing so when it is
restored.

INVARIANT: a served list is never older than the last change: what was committed is in it from the next request on.
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certs import status
from certs.status import LEAST, Bits
from certs.vcdm import VC11, VC20, Profile, Status
from connector.errors import InputError, UnknownError
from connector.pages import every
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.records import Entry, Issued, Member
from connector.services.trust.presenting import Signer

HOUR = 3_600_000_000
SIZE = LEAST
"""Places in a list."""
FULL = SIZE // 2
"""Places that are given out in a list before the next one is begun."""
EARLY = 60_000_000
"""Microseconds by which a list begins before it is signed: its reader's clock may be behind."""
Form = Literal["revocation", "suspension", "2021"]
FORMS: tuple[Form, ...] = ("revocation", "suspension", "2021")


class _Served(Struct, frozen=True):
    """A signed list, and what it was made from."""

    token: str
    until: int
    version: int


class Revocation:
    """The lists of the region `did`, published below `base`; `signer` gives the issuer's key that is used now.

    `hours` is how long a served list may be used.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        did: str,
        base: str,
        signer: Callable[[], Signer],
        hours: float,
    ) -> None:
        self._store, self._clock, self._ids, self._did = store, clock, ids, did
        self._base, self._signer, self._life = base.rstrip("/"), signer, int(hours * HOUR)
        self._version = 0
        self._out: dict[int, Issued] | None = None
        self._loading = asyncio.Lock()
        self._served: dict[tuple[int, Form], _Served] = {}

    # --- places -------------------------------------------------------------------------------------------------------

    def place(self, tx: Transaction) -> int:
        """A place that nobody has had, drawn at random in the list that is being filled."""
        taken = tx.count(Issued)
        number = taken // FULL
        while True:
            found = number * SIZE + int.from_bytes(sha256(self._ids.token().encode()).digest()[:8]) % SIZE
            # Half of the list is free, so this ends after two draws on average.
            if tx.find(Issued, place=found) is None:
                return found

    def entries(self, issued: Issued) -> list[Status]:
        """What its credential says about where its status stands."""
        number, index = divmod(issued.place, SIZE)
        if issued.profile == VC11:
            return [status.entry(VC11, "revocation", index, self.url(number, "2021"))]
        purposes: tuple[Form, ...] = ("revocation", "suspension")
        return [status.entry(VC20, purpose, index, self.url(number, purpose)) for purpose in purposes]

    def url(self, number: int, form: Form) -> str:
        """Where a list is published."""
        return f"{self._base}/{number}" + ("" if form == "revocation" else f"/{form}")

    # --- lists --------------------------------------------------------------------------------------------------------

    async def served(self, number: int, form: Form) -> str:
        """The signed list as it is now. Raises `UnknownError` `status.unknown` for a list that was never begun."""
        now, found = self._clock.now(), self._served.get((number, form))
        # Signed anew when half of its time is over, so that whoever has it may use it for a while.
        if found is not None and found.version == self._version and now < found.until:
            return found.token
        if not 0 <= number <= await self._store.read(_last):
            raise UnknownError("status.unknown", list=str(number)[:32])
        version, out = await self._taken_back()
        token = self._signed(number, form, _bits(out, number, form), now)
        self._served[number, form] = _Served(token, now + self._life // 2, version)
        return token

    async def _taken_back(self) -> tuple[int, Mapping[int, Issued]]:
        """What is revoked or suspended, by place; read once and then kept up to date."""
        async with self._loading:
            while self._out is None:
                version = self._version
                out = await self._store.read(_all_taken_back)
                # INVARIANT: what was read before a change is never kept after it.
                if version == self._version:
                    self._out = out
            return self._version, self._out

    def _signed(self, number: int, form: Form, bits: Bits, now: int) -> str:
        profile: Profile = VC11 if form == "2021" else VC20
        signer = self._signer()
        return status.list_credential(
            signer.key,
            signer.kid,
            issuer=self._did,
            url=self.url(number, form),
            purpose="suspension" if form == "suspension" else "revocation",
            bits=bits,
            begins=now - EARLY,
            ends=now + self._life,
            profile=profile,
        )

    # --- taking back --------------------------------------------------------------------------------------------------

    async def revoke(self, operator: str, credential: str, reason: str = "") -> Issued:
        """Take a credential back for good. Raises `InputError`: `issued.unknown`, `issued.revoked`."""
        return await self._change(operator, credential, reason, self._revoked)

    async def suspend(self, operator: str, credential: str, reason: str = "") -> Issued:
        """Let a credential count nothing until it is restored. Raises as `revoke`, and `issued.suspended`."""
        return await self._change(operator, credential, reason, self._suspended)

    async def restore(self, operator: str, credential: str, reason: str = "") -> Issued:
        """Let a suspended credential count again. Raises as `revoke`, and `issued.not_suspended`."""
        return await self._change(operator, credential, reason, self._restored)

    async def get(self, credential: str) -> Issued:
        """What was issued under this id. Raises `InputError` `issued.unknown`."""
        return await self._store.read(lambda view: _known(view, credential))

    async def list(self, *, holder: str | None = None, after: str = "", limit: int = 100) -> builtins.list[Issued]:
        """What was issued, to `holder` or to all, in the order of ids."""
        where = {} if holder is None else {"holder": holder}
        return await self._store.read(lambda view: view.select(Issued, after=after, limit=limit, **where))

    def withdraw(self, tx: Transaction, credential: str, reason: str) -> None:
        """Take a credential back in the transaction of somebody else; one that is taken back already stays so."""
        one = tx.get(Issued, credential)
        if one is not None and one.revoked is None:
            self._revoked(tx, self._did, one, reason)

    def member_changed(self, tx: Transaction, member: Member) -> None:
        """What was issued to a member follows what becomes of it: see `members.Members.told`."""
        now = self._clock.now()
        for one in _all(tx, member.id):
            if one.revoked is not None or one.ends <= now:
                continue
            match member.state:
                case "left" | "stolen":
                    self._revoked(tx, self._did, one, member.reason)
                case "suspended" if one.suspended is None:
                    self._suspended(tx, self._did, one, member.reason)
                case "active" if one.suspended is not None:
                    self._restored(tx, self._did, one, member.reason)

    async def _change(self, operator: str, credential: str, reason: str, change: _Change) -> Issued:
        return await self._store.write(lambda tx: change(tx, operator, _known(tx, credential), reason))

    def _revoked(self, tx: Transaction, actor: str, one: Issued, reason: str) -> Issued:
        _check_open(one)
        tx.record(Entry(event="credential.revoked", actor=actor, params=_told(one, reason)))
        return self._put(tx, replace(one, revoked=self._clock.now(), reason=reason))

    def _suspended(self, tx: Transaction, actor: str, one: Issued, reason: str) -> Issued:
        _check_open(one)
        if one.suspended is not None:
            raise InputError("issued.suspended", id=one.id)
        tx.record(Entry(event="credential.suspended", actor=actor, params=_told(one, reason)))
        return self._put(tx, replace(one, suspended=self._clock.now(), reason=reason))

    def _restored(self, tx: Transaction, actor: str, one: Issued, reason: str) -> Issued:
        _check_open(one)
        if one.suspended is None:
            raise InputError("issued.not_suspended", id=one.id)
        tx.record(Entry(event="credential.restored", actor=actor, params=_told(one, reason)))
        return self._put(tx, replace(one, suspended=None, reason=reason))

    def _put(self, tx: Transaction, one: Issued) -> Issued:
        tx.put(one)
        tx.after(lambda: self._changed(one))
        return one

    def _changed(self, one: Issued) -> None:
        self._version += 1
        if self._out is not None:
            self._out[one.place] = one


_Change = Callable[[Transaction, str, Issued, str], Issued]
"""One of the changes, in the transaction that makes it."""


def _check_open(one: Issued) -> None:
    if one.revoked is not None:
        raise InputError("issued.revoked", id=one.id)


def _told(one: Issued, reason: str) -> dict[str, str]:
    return {"credential": one.id, "peer": one.holder, "kind": one.kind, "reason": reason}


def _known(view: Reading, credential: str) -> Issued:
    found = view.get(Issued, credential)
    if found is None:
        raise InputError("issued.unknown", id=credential[:256])
    return found


def _all(view: Reading, holder: str) -> Collection[Issued]:
    return list(every(view, Issued, holder=holder))


def _last(view: Reading) -> int:
    """The number of the list that is being filled."""
    return max(view.count(Issued) - 1, 0) // FULL


def _all_taken_back(view: Reading) -> dict[int, Issued]:
    return {one.place: one for one in every(view, Issued) if one.revoked is not None or one.suspended is not None}


def _bits(out: Mapping[int, Issued], number: int, form: Form) -> Bits:
    """One bit for each credential of this list that counts nothing in this form."""
    bits = Bits(SIZE)
    for place, one in out.items():
        if place // SIZE == number and _set(one, form):
            bits.set(place % SIZE)
    return bits


def _set(one: Issued, form: Form) -> bool:
    match form:
        case "revocation":
            return one.revoked is not None
        case "suspension":
            return one.suspended is not None
        case "2021":
            return one.revoked is not None or one.suspended is not None
