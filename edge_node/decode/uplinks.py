"""Uplinks of LoRaWAN, whoever brought them: what was decoded on the way, or the bytes by a definition of our own.

Pure. What does not live here: how a network writes an uplink (`ttn`, `chirpstack`).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from edge_node.decode import payloads, values
from edge_node.decode.found import Found
from edge_node.decode.payloads import Layout
from edge_node.decode.values import Column, Places
from edge_node.errors import DecodeError
from edge_node.ports import Reading


class UplinkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fields` are pointers into what was decoded, by the network or, where there is one, by `payload`. `simulated`:
    take uplinks as well that a person has made up in the network's console."""

    thing: str
    fields: Places = {}
    payload: tuple[Layout, ...] = ()
    simulated: bool = False


class Uplink(Struct, frozen=True):
    """One uplink: `decoded` as its network made it (None: it did not), `body` in base64."""

    thing: str
    at: Any
    id: str
    port: int
    body: str
    decoded: Any


def reading(uplink: Uplink, layouts: tuple[Layout, ...], wanted: tuple[Column, ...], found: Found) -> None:
    """Add the reading of an uplink; one without a payload, which carries nothing but the radio's own, has none. Raises
    `DecodeError`."""
    if not uplink.body and uplink.decoded is None:
        return
    holder = payloads.read(layouts, _bytes(uplink.body), uplink.port) if layouts else uplink.decoded
    if holder is None:
        raise DecodeError("decode.undecoded", thing=uplink.thing, port=str(uplink.port))
    made = values.row(holder, wanted, found)
    if not made:
        raise DecodeError("decode.nothing")
    found.readings.append(Reading(uplink.thing, made, values.instant(uplink.at), uplink.id))


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise DecodeError("decode.base64") from None


def text(holder: Any, *names: str) -> str:
    """A text below these names; "" where it is missing, as networks leave empty fields out."""
    found = values.at(holder, names)
    return found if isinstance(found, str) else ""


def whole(holder: Any, *names: str) -> int:
    """A number below these names; 0 where it is missing, as networks leave zeros out."""
    found: Any = values.at(holder, names)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def read_settings(settings: Mapping[str, Any], thing: str, names: tuple[str, ...]) -> UplinkSettings:
    """The settings of a network's uplinks; `thing` is the usual one of the `names` that a device has there. Raises
    `ValueError`."""
    made = msgspec.convert({"thing": thing, **settings}, UplinkSettings)
    if made.thing not in names:
        raise ValueError(f"is none of {', '.join(names)} (at `$.thing`)")
    payloads.check(made.payload)
    return made
