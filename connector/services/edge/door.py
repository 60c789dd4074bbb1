"""Which device is calling: a token in CBOR (CWT, RFC 8392) that one of its keys has signed.

What lives here: from the header field to the device and a caller whose token can be used up. What does not: the form of
tokens (`certs.cwt`), using one up (`services.intake.admit`, in the transaction that serves the call).

INVARIANT: a former key of a device proves nothing any more, but for what it has sealed: who has stolen it calls nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from certs import cose, cwt, jwk
from certs.cwt import CwtError
from certs.jwk import PublicKey
from connector.errors import RefusedError, UnauthenticatedError
from connector.ports import Caller, Clock, Reading, Store
from connector.records import Device, Member
from connector.services.intake import admit


class Proved(Struct, frozen=True):
    """A device that has proved who it is, with its token that is to be used up."""

    device: Device
    caller: Caller


class Door:
    """Lets devices of the node `own` in."""

    def __init__(self, *, store: Store, clock: Clock, own: str) -> None:
        self._store, self._clock, self._own = store, clock, own

    async def prove(self, authorization: str | None, *, ended: bool = False) -> Proved:
        """The device whose token stands in a header field Authorization. With `ended`, one whose place is suspended or
        was left, too: it is to hear of that.

        Raises `UnauthenticatedError` `token.missing`, `token.cwt` (with the reason as `why`; also nobody we know), and
        `RefusedError` `edge.inactive`. Whether the token was used before is for the transaction to see.
        """
        if not authorization:
            raise UnauthenticatedError("token.missing")
        try:
            token = cwt.from_bearer(authorization)
            claimed = cwt.peek(token)
            found = await self._store.read(lambda view: _known(view, claimed.issuer))
            if found is None:
                raise UnauthenticatedError("token.cwt", why="cwt.issuer")
            device, state = found
            now, keys = self._clock.now(), keys_of(device)
            proved = cwt.verify(token, keys, issuer=device.id, audience=self._own, now=now)
        except CwtError as error:
            raise UnauthenticatedError("token.cwt", why=error.code) from None
        if state == "stolen" or (state != "active" and not ended):
            raise RefusedError("edge.inactive", name=device.name, state=state)
        ends = proved.ends + cwt.LEEWAY * 1_000_000
        return Proved(device, Caller(device.id, proved.id.hex(), ends, proved.issued, bare=True))

    async def admit(self, authorization: str | None) -> Device:
        """The device that is calling, its token used up: for calls that write nothing of their own into the store.
        Raises as `prove`, and `UnauthenticatedError` `token.replayed`."""
        proved = await self.prove(authorization)
        await self._store.write(lambda tx: admit(tx, proved.caller))
        return proved.device


def keys_of(device: Device) -> Mapping[bytes, PublicKey]:
    """The key of a device that is in use, by its name in messages."""
    return _named(one.jwk for one in device.keys if not one.until)


def seals_of(device: Device) -> Mapping[bytes, PublicKey]:
    """All keys that readings of a device may be sealed with: it had them in their time."""
    return _named(one.jwk for one in device.keys)


def _named(keys: Iterable[Mapping[str, str]]) -> Mapping[bytes, PublicKey]:
    read = map(jwk.read, keys)
    return {cose.kid_of(one.key): one for one in read}


def _known(view: Reading, did: str) -> tuple[Device, str] | None:
    device, member = view.get(Device, did), view.get(Member, did)
    return None if device is None or member is None else (device, member.state)
