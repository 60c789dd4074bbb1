"""The devices of this node: inviting them, what they are known by, what is wanted of them, retiring them.

What lives here: acts of operators on devices, and what follows for a device from what its region does with its place:
a certificate with another key, a suspension, an end. What does not: places and codes (`services.region.members`), what
a device is told (`orders`), who is calling (`door`).

INVARIANT: a device that has left its place delivers under no contract any more: its transfers end in the transaction
that takes the place away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from certs import did, jwk
from certs.authority import Profile, PublicKey
from connector.errors import InputError, RefusedError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol.transfer import Transfer
from connector.records import Device, DeviceKey, DeviceRelease, Entry, Member, Sending
from connector.services.changes import Change, Changes
from connector.services.policies.kept import for_offers
from connector.services.region.members import Invited, Members
from connector.services.transfers import Transfers
from policies import parse
from policies.model import PolicyKind, Reason
from policies.transforms import chain

KIND = "device"
"""What changes of devices are published as."""
PAGE = 100
MOST_KEYS = 60
"""Keys of one device: its document names them all."""
_MOST_SENDINGS = 10_000
_ROOM = 1_000


class Fleet:
    """The devices of the node with this DID, whose region keeps their places."""

    def __init__(
        self, *, store: Store, clock: Clock, changes: Changes, own: str, members: Members, transfers: Transfers
    ) -> None:
        self._store, self._clock, self._changes = store, clock, changes
        self._own, self._members, self._transfers = own, members, transfers
        members.told.append(self.member_changed)

    # --- what operators do --------------------------------------------------------------------------------------------

    async def invite(self, operator: str, name: str, *, title: str, days: float = 14.0) -> Invited:
        """A place for a device and the code that opens it; with `name` "" its name is made from the title. Raises as
        `Members.invite`."""
        return await self._members.invite(operator, name, title=title, role="device", days=days, listed=False)

    async def select(self, *, after: str = "", limit: int = PAGE) -> list[Device]:
        """Devices in the order of their DIDs, retired ones included."""
        return await self._store.read(lambda view: view.select(Device, after=after, limit=limit))

    async def get(self, name: str) -> Device:
        """A device by its name or DID. Raises `InputError` `edge.unknown`."""
        return await self._store.read(lambda view: known(view, name))

    async def standing(self, devices: Sequence[Device]) -> Mapping[str, tuple[str, int]]:
        """The state of the places of these devices, and how many transfers they deliver under, by DID."""

        def look(view: Reading) -> dict[str, tuple[str, int]]:
            return {one.id: (_state(view, one), view.count(Sending, device=one.id)) for one in devices}

        return await self._store.read(look)

    async def update(self, operator: str, name: str, release: DeviceRelease) -> Device:
        """Have a device run this version. Raises `InputError` `edge.unknown`, `edge.retired`."""
        told = {"version": release.version, "sha256": release.sha256}
        return await self._change(operator, name, "edge.updated", told, lambda tx, one: replace(one, release=release))

    async def collect(self, operator: str, name: str, series: str, policy: str) -> Device:
        """Have the duties of a policy, in its latest version that may be used, done at a device before it stores
        anything of a series; with "" none any more.

        Raises `InputError`: `edge.unknown`, `edge.retired`, `edge.collects_nothing` where the policy demands nothing of
        data, and as `for_offers`.
        """

        def act(tx: Transaction, one: Device) -> Device:
            kept = {key: value for key, value in one.collection.items() if key != series}
            if not policy:
                return replace(one, collection=kept)
            terms = for_offers(tx, policy)
            if chain(parse.from_dsp(terms.document, PolicyKind.OFFER)) is None:
                raise InputError("edge.collects_nothing", policy=policy)
            return replace(one, collection={**kept, series: terms.id})

        told = {"series": series, "policy": policy or "-"}
        return await self._change(operator, name, "edge.collecting", told, act)

    async def retire(self, operator: str, name: str, reason: str = "") -> Device:
        """End a device for good: its certificate is revoked, its transfers end, and it is told to stop. Raises
        `InputError` `edge.unknown`, `member.state`."""
        device = await self.get(name)
        await self._members.leave(operator, device.id, reason)
        return await self.get(device.id)

    async def _change(self, operator: str, name: str, event: str, told: dict[str, str], act: Any) -> Device:
        def change(tx: Transaction) -> Device:
            before = known(tx, name)
            if before.retired is not None:
                raise InputError("edge.retired", name=before.name)
            after: Device = act(tx, before)
            tx.put(after)
            tx.record(Entry(event=event, actor=operator, params={"device": after.id, **told}))
            self._tell(tx, after.id)
            return after

        return await self._store.write(change)

    # --- what follows from places and certificates --------------------------------------------------------------------

    def certified(self, tx: Transaction, member: Member, profile: Profile, key: PublicKey) -> None:
        """See `certificates.Told`: the key of a device's certificate is the one that it seals readings with. Raises
        `RefusedError` `edge.keys` where it has had too many."""
        if profile is not Profile.DEVICE or member.id != did.of_device(self._own, member.name):
            return
        now, found = self._clock.now(), tx.get(Device, member.id)
        shown = jwk.write(key)
        if found is None:
            found = Device(id=member.id, name=member.name, title=member.title, joined=now, keys=())
            tx.record(Entry(event="edge.joined", actor=member.id, params={"device": member.id}))
        elif found.keys and found.keys[-1].jwk == shown:
            return
        if len(found.keys) >= MOST_KEYS:
            raise RefusedError("edge.keys", most=str(MOST_KEYS))
        former = tuple(one if one.until else replace(one, until=now) for one in found.keys)
        tx.put(replace(found, keys=(*former, DeviceKey(jwk=shown, since=now))))
        self._tell(tx, member.id)

    def member_changed(self, tx: Transaction, member: Member) -> None:
        """See `members.Told`."""
        found = tx.get(Device, member.id)
        if found is None:
            return
        if member.state in ("left", "stolen") and found.retired is None:
            tx.put(replace(found, retired=self._clock.now()))
            params = {"device": found.id, "reason": member.reason}
            tx.record(Entry(event="edge.retired", actor="node", params=params))
            self._end(tx, found)
        self._tell(tx, found.id)

    def _end(self, tx: Transaction, device: Device) -> None:
        why = Reason("edge.retired", {"name": device.name})
        for sending in tx.select(Sending, device=device.id, limit=_MOST_SENDINGS):
            moved = tx.get(Transfer, sending.id)
            if moved is not None:
                self._transfers.end_under(tx, moved.agreement, why, _ROOM)

    def _tell(self, tx: Transaction, device: str) -> None:
        tx.after(lambda: self._changes.publish(Change(KIND, device)))


def known(view: Reading, name: str) -> Device:
    """A device by its name or DID. Raises `InputError` `edge.unknown`."""
    found = view.get(Device, name) or view.find(Device, name=name)
    if found is None:
        raise InputError("edge.unknown", name=name[:256])
    return found


def _state(view: Reading, device: Device) -> str:
    member = view.get(Member, device.id)
    return member.state if member is not None else "left"
