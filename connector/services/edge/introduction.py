"""What is said of a device: to itself when it joins, to everybody who asks for its document or description.

What lives here: what the welcome of a device says, its DID document, its self-description. What does not: the form of
documents (`certs.did`), credentials (`certs.credentials`) and the welcome (`certs.welcome`), and reading it
(`edge_node.place.enrol`). Sources: DID Core 1.0; Verifiable Credentials Data Model 2.0.

The description says what a device measures as far as anybody may read of it: series that are offered to everybody.

A device that has been stolen has no document any more: nothing that its keys sign is to be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from catalog import visibility
from certs import credentials, did
from certs.jwk import Jwk
from certs.welcome import Welcome
from connector.errors import UnknownError
from connector.ports import Clock, Ids, Reading, Store
from connector.records import Asset, Device, Member, PublishedOffer
from connector.services.decisions import Published
from connector.services.formats import DEVICES
from connector.services.trust.presenting import Signer

SECOND = 1_000_000
DAY = 86_400 * SECOND
FRESH = DAY // 24
"""How long a description is given as it was made."""
LIFE = 30 * DAY
"""How long a description counts."""
KEPT = 1_000
"""Descriptions that are kept made."""
_PAGE = 200
Fields = Callable[[Reading, str], Mapping[str, Sequence[Mapping[str, str]]]]
"""By the DID of a device: what its series consist of, each field with name, unit and kind, as it has said itself."""


class Introduction:
    """Documents about devices of the node `own` with this root URL. `keys` are its published keys for messages, `sign`
    makes the message of a welcome, `signer` signs descriptions, `fields` knows what devices have said of series."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        own: str,
        url: str,
        keys: Callable[[], Mapping[str, Jwk]],
        sign: Callable[[Welcome], bytes],
        signer: Callable[[], Signer],
        fields: Fields,
    ) -> None:
        self._store, self._clock, self._ids, self._own, self._url = store, clock, ids, own, url
        self._keys, self._sign, self._signer, self._fields = keys, sign, signer, fields
        self._published = Published()
        self._described: dict[tuple[str, str, str], tuple[int, str]] = {}

    def welcome(self, device: Device) -> bytes:
        """What a device is told when it has joined, and whenever the node's keys have changed, signed by the authority
        for devices, which it knows from its own certificate."""
        keys = tuple(key for name, key in self._keys().items() if name.partition("-")[0] == "token")
        said = Welcome(node=self._own, keys=keys, device=device.id, name=device.name, at=self._clock.now())
        return self._sign(said)

    async def document(self, name: str) -> dict[str, Any]:
        """The DID document of a device. Raises `UnknownError` `edge.unknown`."""
        device = await self._known(name)
        return did.device_document(self._own, device.name, [dict(one.jwk) for one in device.keys], self._at(name))

    async def description(self, name: str) -> str:
        """What this node says of a device, as a signed credential. Raises `UnknownError` `edge.unknown`."""
        device, signer = await self._known(name), self._signer()
        key = (device.id, device.title, signer.kid)
        made, now = self._described.get(key), self._clock.now()
        if made is None or now - made[0] > FRESH:
            measures = await self._store.read(lambda view: list(self._measures(view, device.id, now)))
            if len(self._described) >= KEPT:
                self._described.clear()
            made = self._described[key] = now, self._credential(device, measures, signer, now)
        return made[1]

    def _measures(self, view: Reading, device: str, now: int) -> Iterator[dict[str, Any]]:
        """The series of a device that are offered to everybody: what somebody in particular may have is told to him
        alone."""
        fields, after = self._fields(view, device), ""
        while assets := view.select(Asset, after=after, limit=_PAGE):
            for asset in assets:
                if asset.kind != DEVICES or asset.settings.get("device") != device:
                    continue
                offers = view.select(PublishedOffer, asset=asset.id, live=True)
                if any(visibility.visible(self._published.policy(one), "", now) for one in offers):
                    series = str(asset.settings.get("series"))
                    yield {"series": series, "dataset": asset.id, "fields": list(fields.get(series, ()))}
            after = assets[-1].id

    def _credential(self, device: Device, measures: Sequence[Mapping[str, Any]], signer: Signer, now: int) -> str:
        claims = {
            "name": device.title,
            "node": self._own,
            "document": f"{self._url}/edge/{device.name}/did.json",
            "measures": measures,
        }
        return credentials.issue(
            *signer,
            issuer=self._own,
            subject=device.id,
            id=self._ids.pid(),
            kind="DeviceDescription",
            claims=claims,
            begins=now,
            ends=now + LIFE,
        )

    def _at(self, name: str) -> str:
        return f"{self._url}/edge/{name}/description"

    async def _known(self, name: str) -> Device:
        found = await self._store.read(lambda view: _shown(view, did.of_device(self._own, name)))
        if found is None:
            raise UnknownError("edge.unknown", name=name[:64])
        return found


def _shown(view: Reading, id: str) -> Device | None:
    device, member = view.get(Device, id), view.get(Member, id)
    return None if member is None or member.state == "stolen" else device
