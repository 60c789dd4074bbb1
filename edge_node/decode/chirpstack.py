"""Uplinks of ChirpStack v4 in JSON, as its MQTT and HTTP integrations bring them.

Pure. Its other form, Protobuf, is not read: set `json = true` at the integration. Empty fields are left out there as
well. Events about anything but an uplink (joins, acknowledgements, states, locations, logs) have no readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_node.config import FieldSettings
from edge_node.decode import uplinks, values
from edge_node.decode.found import Found
from edge_node.decode.uplinks import Uplink, UplinkSettings
from edge_node.decode.values import Column
from edge_node.errors import DecodeError


def decoder(settings: Mapping[str, Any], fields: Mapping[str, FieldSettings]) -> ChirpstackDecoder:
    """See `decode.FORMATS`."""
    read = uplinks.read_settings(settings, "devEui", ("devEui", "deviceName"))
    return ChirpstackDecoder(read, values.columns(read.fields, fields))


class ChirpstackDecoder:
    """See `found.Decoder`."""

    def __init__(self, settings: UplinkSettings, wanted: tuple[Column, ...]) -> None:
        self._settings, self._wanted = settings, wanted

    def read(self, body: bytes, levels: Mapping[str, str], now: int) -> Found:
        """As the port says. An uplink is told from its copies by `deduplicationId`."""
        message = values.json(body)
        found = Found()
        if not isinstance(message, dict):
            raise DecodeError("decode.row")
        # Of all events this one alone says who has received it.
        if "rxInfo" not in message:
            return found
        thing = uplinks.text(message, "deviceInfo", self._settings.thing)
        if not thing:
            raise DecodeError("decode.thing", pointer=f"/deviceInfo/{self._settings.thing}")
        one = Uplink(
            thing,
            message.get("time"),
            uplinks.text(message, "deduplicationId"),
            uplinks.whole(message, "fPort"),
            uplinks.text(message, "data"),
            message.get("object"),
        )
        uplinks.reading(one, self._settings.payload, self._wanted, found)
        return found
