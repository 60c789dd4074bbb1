"""Who belongs to a region that this node keeps: places that wait with a one-time code, members, devices.

What lives here: inviting, redeeming a code, whether somebody is a member now, suspending and its relatives. What does
not: the form of codes (`certs.codes`), what is issued to members and taken back again (`issuing`, `revocation`,
`certificates`): those are told of every change in the transaction that makes it.

INVARIANT: a code serves one DID from its first use on, and nobody any more once what it was for has been delivered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from certs import codes
from connector.errors import InputError, RefusedError
from connector.ports import Clock, Ids, Reading, Store, Transaction
from connector.records import Entry, Invite, Member
from connector.services.approval.naming import named

DAY = 86_400_000_000
LONGEST_DAYS = 366.0
ROLES = ("node", "device")
_KEY = re.compile(r"[0-9]{8}|[0-9]{12}", re.ASCII)
"""AGS (8 digits) or ARS (12 digits)."""
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})

Told = Callable[[Transaction, Member], None]
"""Told of a member whose state has changed, in the transaction that changes it."""


class Invited(Struct, frozen=True):
    """A new place, and the code that is shown once: only its hash is kept."""

    invite: Invite
    code: str


class _Move(Struct, frozen=True):
    """An operator's decision about a member: into which state, and from which that is possible."""

    operator: str
    member: str
    reason: str
    to: str
    frm: tuple[str, ...]


class Members:
    """The members of this node's region. `root` gives its root certificate (DER), which every code names."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, root: Callable[[], bytes]) -> None:
        self._store, self._clock, self._ids, self._root = store, clock, ids, root
        self.told: list[Told] = []
        """Who is told of every change of a member's state."""

    # --- places -------------------------------------------------------------------------------------------------------

    async def invite(
        self,
        operator: str,
        name: str,
        *,
        title: str,
        role: str = "node",
        key: str = "",
        private: bool = False,
        days: float = 14.0,
        listed: bool = True,
    ) -> Invited:
        """A place for a node or device; with `name` "" its name is made from the title.

        The code is good for `days`. `key` is the official municipality key (AGS or ARS), `private` says that it may
        have an address in a private network, `listed` that everybody may see it among the members. Raises `InputError`:
        `name.form`, `invite.name_taken`, `invite.title`, `invite.role`, `invite.key`, `invite.days`.
        """
        _checked(title, role, key, days)
        code = codes.make(sha256(self._ids.token().encode()).digest()[: codes.SECRET_BYTES], self._root())

        def act(tx: Transaction) -> Invite:
            place = name or _free(tx, _short(title))
            named(place)
            if _taken(tx, place):
                raise InputError("invite.name_taken", name=place)
            now = self._clock.now()
            invite = Invite(
                id=place,
                title=title.strip(),
                role=role,
                code=code.kept,
                created=now,
                created_by=operator,
                until=now + int(days * DAY),
                key=key,
                private=private,
                listed=listed and role == "node",
            )
            tx.put(invite)
            params = {"place": place, "title": invite.title, "role": role, "key": key}
            tx.record(Entry(event="region.invited", actor=operator, params=params))
            return invite

        return Invited(await self._store.write(act), code.text)

    async def withdraw(self, operator: str, name: str) -> Invite:
        """Take an invitation back that nobody has used. Raises `InputError` `invite.none`, `invite.taken_up`."""

        def act(tx: Transaction) -> Invite:
            invite = tx.get(Invite, name)
            if invite is None:
                raise InputError("invite.none", name=name[:64])
            if invite.did:
                raise InputError("invite.taken_up", name=name, did=invite.did)
            tx.delete(Invite, name)
            tx.record(Entry(event="region.withdrawn", actor=operator, params={"place": name, "title": invite.title}))
            return invite

        return await self._store.write(act)

    # --- in the transactions of those who issue -----------------------------------------------------------------------

    def redeem(self, tx: Transaction, code: str, did: str, *, role: str = "node", proved: bool = True) -> Member:
        """The member that `did` becomes, or is, by this code. The same DID may repeat it until `delivered`.

        `proved` says whether anything but the code shows that it is `did` who brings it. INVARIANT: whoever has a code
        and nothing else never binds it to a DID, and never takes the place of a member that came by another one.
        Raises `RefusedError`: as `opened`, `invite.used` (also by a member that has left), `request.unproved`,
        `request.names`, and `member.suspended`, `member.stolen` where a new code alone changes nothing.
        """
        invite = self.opened(tx, code, did, role=role)
        if did.startswith("did:") and invite.did != did and not proved:
            raise RefusedError("request.unproved", did=did)
        now = self._clock.now()
        known = tx.get(Member, did)
        if known is not None and known.state in ("suspended", "stolen"):
            raise RefusedError(f"member.{known.state}")
        if known is not None and known.state == "active" and known.name != invite.id and not proved:
            raise RefusedError("request.names")
        if known is not None and known.state == "left" and known.name == invite.id:
            raise RefusedError("invite.used")
        if not invite.did:
            tx.put(replace(invite, did=did))
        if known is not None and known.state == "active" and known.name == invite.id:
            return known
        return self._joined(tx, invite, did, now)

    def opened(self, view: Reading, code: str, did: str, *, role: str = "node") -> Invite:
        """The place that this code opens to `did` now. Raises `RefusedError`: `invite.unknown` (also what can be no
        code), `invite.late`, `invite.used`, `invite.other_role`."""
        invite = self.invited(view, code)
        if invite.role != role:
            raise RefusedError("invite.other_role", role=invite.role)
        if invite.did not in ("", did) or invite.used is not None:
            raise RefusedError("invite.used")
        if self._clock.now() >= invite.until:
            raise RefusedError("invite.late")
        return invite

    def invited(self, view: Reading, code: str) -> Invite:
        """The place that a code is for, whoever it serves by now. Raises `RefusedError` `invite.unknown`."""
        return _invited(view, code)

    def delivered(self, tx: Transaction, did: str) -> None:
        """What a code was for has arrived: codes that this DID has used are used up."""
        member = tx.get(Member, did)
        invite = None if member is None else tx.get(Invite, member.name)
        if invite is not None and invite.did == did and invite.used is None:
            tx.put(replace(invite, used=self._clock.now()))

    def standing(self, view: Reading, did: str) -> Member | None:
        """The member where it is an active one; None for everybody else."""
        found = view.get(Member, did)
        return found if found is not None and found.state == "active" else None

    # --- members ------------------------------------------------------------------------------------------------------

    async def select(self, *, after: str = "", limit: int = 100) -> list[Member]:
        """Members and devices in the order of their DIDs."""
        return await self._store.read(lambda view: view.select(Member, after=after, limit=limit))

    async def places(self, *, after: str = "", limit: int = 100) -> list[Invite]:
        """Invitations in the order of their names, used ones included."""
        return await self._store.read(lambda view: view.select(Invite, after=after, limit=limit))

    async def get(self, member: str) -> Member:
        """A member by its name or DID. Raises `InputError` `member.unknown`."""
        return await self._store.read(lambda view: _known(view, member))

    async def suspend(self, operator: str, member: str, reason: str = "") -> Member:
        """What was issued to it counts nothing until it is restored. Raises `InputError` as `get`, `member.state`."""
        move = _Move(operator, member, reason, "suspended", ("active",))
        return await self._store.write(lambda tx: self._decide(tx, move, "member.suspended"))

    async def restore(self, operator: str, member: str, reason: str = "") -> Member:
        """A suspended member counts again. Others need a new invitation. Raises as `suspend`."""
        move = _Move(operator, member, reason, "active", ("suspended",))
        return await self._store.write(lambda tx: self._decide(tx, move, "member.restored"))

    async def leave(self, operator: str, member: str, reason: str = "") -> Member:
        """It is no member any more; what was issued to it is revoked for good. Raises as `suspend`."""
        move = _Move(operator, member, reason, "left", ("active", "suspended"))
        return await self._store.write(lambda tx: self._decide(tx, move, "member.left"))

    async def stolen(self, operator: str, member: str, reason: str = "") -> Member:
        """Its keys are in other hands: everything is revoked, and its name never gets anything. Raises as `suspend`."""
        move = _Move(operator, member, reason, "stolen", ("active", "suspended", "left"))
        return await self._store.write(lambda tx: self._decide(tx, move, "member.stolen"))

    def _decide(self, tx: Transaction, move: _Move, event: str) -> Member:
        known = _known(tx, move.member)
        if known.state not in move.frm:
            raise InputError("member.state", name=known.name, state=known.state)
        moved = replace(known, state=move.to, since=self._clock.now(), reason=move.reason)
        tx.put(moved)
        tx.record(Entry(event=event, actor=move.operator, params=_told_of(moved)))
        self._tell(tx, moved)
        return moved

    def _joined(self, tx: Transaction, invite: Invite, did: str, now: int) -> Member:
        member = Member(
            id=did,
            name=invite.id,
            title=invite.title,
            role=invite.role,
            state="active",
            since=now,
            key=invite.key,
            private=invite.private,
            listed=invite.listed,
        )
        tx.put(member)
        tx.record(Entry(event="member.joined", actor=did, params=_told_of(member)))
        self._tell(tx, member)
        return member

    def _tell(self, tx: Transaction, member: Member) -> None:
        for tell in self.told:
            tell(tx, member)


def _told_of(member: Member) -> dict[str, str]:
    return {"member": member.id, "name": member.name, "title": member.title, "reason": member.reason}


def _invited(view: Reading, code: str) -> Invite:
    """By the code as somebody typed it. Raises `RefusedError` `invite.unknown`: nothing says how wrong it was."""
    try:
        kept = codes.read(code).kept
    except codes.CodeError:
        raise RefusedError("invite.unknown") from None
    found = view.find(Invite, code=kept)
    if found is None:
        raise RefusedError("invite.unknown")
    return found


def _known(view: Reading, member: str) -> Member:
    found = view.get(Member, member) or view.find(Member, name=member)
    if found is None:
        raise InputError("member.unknown", name=member[:256])
    return found


def _checked(title: str, role: str, key: str, days: float) -> None:
    if not 0 < len(title.strip()) <= 200 or not title.isprintable():
        raise InputError("invite.title")
    if role not in ROLES:
        raise InputError("invite.role", role=role[:64])
    if key and not _KEY.fullmatch(key):
        raise InputError("invite.key", key=key[:64])
    if not 0 < days <= LONGEST_DAYS:
        raise InputError("invite.days", days=str(days), most=str(int(LONGEST_DAYS)))


def _short(title: str) -> str:
    """`Gemeinde Nachbarsdorf` -> `gemeinde-nachbarsdorf`; umlauts are written out, other marks are left away."""
    plain = unicodedata.normalize("NFKD", title.strip().lower().translate(_PLAIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].strip("-") or "member"


def _free(view: Reading, name: str) -> str:
    number, found = 1, name
    while _taken(view, found):
        number += 1
        found = f"{name}-{number}"
    return found


def _taken(view: Reading, name: str) -> bool:
    return view.get(Invite, name) is not None or view.find(Member, name=name) is not None
