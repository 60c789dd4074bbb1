"""Who delivers readings under a contract: a device of the provider, known by the document that the provider serves.

What lives here: from a transfer and the DID that a device names to a scope and the keys that may seal. What does not:
whether the caller may deliver at all (the token of the transfer's inbox), own devices (`connector.services.edge`).

INVARIANT: a device counts only under its provider's own did:web. What seals for it stands in its document there, under
`assertionMethod`; it is looked at again after a while, and sooner where a message is sealed with another key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from certs import cose, did, jwk
from certs.did import MAX_DOCUMENT, DidError, Fetch
from certs.jwk import PublicKey
from connector.data.readings.receiving import Sender
from connector.errors import DeliveryError, RefusedError, UnknownError
from connector.ports import Clock, Reading, Store
from connector.protocol.machine import Role
from connector.protocol.transfer import Transfer
from connector.records import Participant
from connector.services.formats import READINGS_PUSH

LIFE: Final = 600_000_000
"""Microseconds for which a document is used."""
LONGEST: Final = 86_400_000_000
"""For how long one is used that cannot be had any more."""
AGAIN: Final = 60_000_000
"""One that lacks a key is looked at again after so many."""
_MOST: Final = 10_000
_GONE: Final = ("404", "410")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}", re.ASCII)


class _Known(Struct, frozen=True):
    """What was read at an instant, and when it was last asked for."""

    keys: Mapping[bytes, PublicKey]
    at: int
    tried: int


class Senders:
    """Devices of providers. `fetch` is guarded."""

    def __init__(self, *, store: Store, fetch: Fetch, clock: Clock) -> None:
        self._store, self._fetch, self._clock = store, fetch, clock
        self._known: dict[str, _Known] = {}

    async def of(self, pid: str, device: str, *, again: bool = False) -> Sender:
        """The sender for a transfer; `again` where its keys were not enough.

        Raises `UnknownError` `transfer.unknown` where no device delivers by it, `RefusedError` `readings.device`, or as
        the participant is barred; `DeliveryError` where its document cannot be had.
        """
        moved, peer = await self._store.read(lambda view: _parties(view, pid))
        barred = peer.barred(self._clock.now())
        if barred is not None:
            raise RefusedError(barred.code, **barred.params)
        name = device.removeprefix(f"{peer.id}:{did.DEVICES}:")
        if name == device or not _NAME.fullmatch(name):
            raise RefusedError("readings.device")
        keys = await self._keys(device, peer, AGAIN if again else LIFE)
        return Sender(device=device, keys=keys, scope=moved.agreement, transfer=pid)

    async def _keys(self, device: str, peer: Participant, life: int) -> Mapping[bytes, PublicKey]:
        known, now = self._known.get(device), self._clock.now()
        if known is None or not 0 <= now - known.tried < life:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[device] = known = await self._anew(device, peer, known, now)
        return known.keys

    async def _anew(self, device: str, peer: Participant, known: _Known | None, now: int) -> _Known:
        """INVARIANT: a device whose document is gone, since it was stolen, delivers nothing any more; one whose
        document nobody gives does so for a while."""
        try:
            return _Known(await self._read(device, peer), now, now)
        except DeliveryError as error:
            if error.reason.params.get("status") in _GONE:
                self._known.pop(device, None)
                raise RefusedError("readings.device") from None
            if known is None or not 0 <= now - known.at < LONGEST:
                raise
            return replace(known, tried=now)

    async def _read(self, device: str, peer: Participant) -> Mapping[bytes, PublicKey]:
        scheme = "http" if peer.url.startswith("http://") else "https"
        try:
            url = did.document_url(did.to_url(device, scheme))
            body = await self._fetch.fetch(url, private=peer.private, limit=MAX_DOCUMENT)
            document = did.read(body, device, speaks=False)
        except DidError:
            raise RefusedError("readings.device") from None
        read = [jwk.read(document.keys[id]) for id in document.assertions]
        return {cose.kid_of(one.key): one for one in read}


def _parties(view: Reading, pid: str) -> tuple[Transfer, Participant]:
    moved = view.get(Transfer, pid)
    if moved is None or moved.role is not Role.CONSUMER or moved.format != READINGS_PUSH:
        raise UnknownError("transfer.unknown")
    peer = view.get(Participant, moved.peer)
    if peer is None:
        raise UnknownError("transfer.unknown")
    return moved, peer
