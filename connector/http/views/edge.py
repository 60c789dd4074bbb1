"""Devices of this node: places for them, how they are, what is wanted of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from connector.http.views.forms import Input, Name, Text, View
from connector.http.views.queries import PageQuery

Series = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")]


class NewDevice(Input, frozen=True, kw_only=True):
    """A place for a device. Its `name`, made from the title where it is missing, is the end of its DID, for good. The
    code is good for `days`."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Name | None = None
    days: Annotated[float, Meta(gt=0, le=366)] = 14.0


class DeviceView(View, frozen=True, kw_only=True):
    """A device. `state` is that of its place: `active`, `suspended`, `left` or `stolen`. `number` is that of its orders
    as it was last told them, `told` the one that it has; `seen` is when it last asked (0: never), `status` what it has
    said of itself. `deliveries` counts transfers that it delivers under."""

    id: str
    name: str
    title: str
    state: str
    joined: int
    seen: int
    number: int
    told: int
    deliveries: int
    version: str
    wanted: str
    collection: Mapping[str, str]
    status: Mapping[str, Any]
    keys: int
    retired: int | None


class ArrivalQuery(PageQuery, frozen=True, kw_only=True):
    """Under one contract alone, or of this node's own devices alone."""

    contract: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    own: bool = False


class ArrivedView(View, frozen=True, kw_only=True):
    """Of a series: readings that are `here`, that are missing before the newest and `awaited`, and that are `gone`: the
    device has signed that they will never come, `why` as its code."""

    series: str
    here: int
    awaited: int
    gone: int
    why: str


class ArrivalsView(View, frozen=True, kw_only=True):
    """What has come from a device, under a contract ("": an own one); `latest` is when (0: never)."""

    device: str
    contract: str
    latest: int
    series: tuple[ArrivedView, ...]


class DeviceUpdate(Input, frozen=True, kw_only=True):
    """The version of the program that a device should run: `sha256` of the package in hex, which is at `url`."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    url: Annotated[str, Meta(pattern=r"^https?://", max_length=2048)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class DeviceCollection(Input, frozen=True, kw_only=True):
    """What is done to readings of a series at the device, before anything is stored; "" for nothing any more."""

    series: Series
    policy: Annotated[str, Meta(max_length=128)] = ""


class DeviceRetirement(Input, frozen=True, kw_only=True):
    """Why a device is retired."""

    reason: Text = ""


class DeviceAsset(Input, frozen=True, kw_only=True):
    """Share a series of a device, which delivers it itself to whoever has a contract."""

    name: Name
    series: Series
    title: Text = ""
    description: Text = ""
