"""Devices that belong to this node: what they are known by, what they were told, how they are.

What does not live here: their place in the region (`region.Invite`, `region.Member`), their certificates
(`region.Certificate`), what they send (`connector.data.readings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class DeviceKey(Struct, frozen=True):
    """A public key of a device as JWK; `until` is when the next one took its place, 0 while it is in use. What was
    sealed with a former one is still to be verified."""

    jwk: Mapping[str, str]
    since: int
    until: int = 0


class DeviceRelease(Struct, frozen=True):
    """The version of the program that a device should run (`orders.Release`)."""

    version: str
    url: str
    sha256: str


class Device(Struct, frozen=True, kw_only=True):
    """A device of this node. `id` is its DID, below that of this node; `keys` are all that it ever had, the one in use
    last.

    `collection` names, by series, the version of a policy whose duties are done before anything is stored. `number` is
    that of the last orders and `digest` the SHA-256 of what they say. `seen` is when the device last asked, `told` the
    number of the orders that it has then, `status` what it said of itself. `agreements` are those that it was told to
    deliver under and that were not over when it was told so.
    """

    id: str
    name: str
    title: str
    joined: int
    keys: tuple[DeviceKey, ...]
    collection: Mapping[str, str] = {}
    release: DeviceRelease | None = None
    number: int = 0
    digest: str = ""
    agreements: tuple[str, ...] = ()
    seen: int = 0
    told: int = 0
    status: Mapping[str, Any] = {}
    retired: int | None = None


class Sending(Struct, frozen=True, kw_only=True):
    """That readings of a series go from a device to a consumer by a transfer, whose pid this id is. What the device is
    told of it is made anew each time, of the transfer, its agreement and where they are to go. `begun` is when it was
    first told to deliver (0: never), `use` the use that this is where the terms count them (0: they do not)."""

    id: str
    device: str
    series: str
    begun: int = 0
    use: int = 0
