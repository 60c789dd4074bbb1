"""Uplinks of The Things Stack v3, as its MQTT and webhooks bring them (data formats of The Things Industries).

Pure. Empty fields are left out there: a frame counter or port of 0 is not in the message. Messages about anything but
an uplink (joins, downlinks, locations) have no readings.
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


def decoder(settings: Mapping[str, Any], fields: Mapping[str, FieldSettings]) -> TtnDecoder:
    """See `decode.FORMATS`."""
    read = uplinks.read_settings(settings, "device_id", ("device_id", "dev_eui"))
    return TtnDecoder(read, values.columns(read.fields, fields))


class TtnDecoder:
    """See `found.Decoder`."""

    def __init__(self, settings: UplinkSettings, wanted: tuple[Column, ...]) -> None:
        self._settings, self._wanted = settings, wanted

    def read(self, body: bytes, levels: Mapping[str, str], now: int) -> Found:
        """As the port says. An uplink is told from its copies by session and frame counter."""
        message = values.json(body)
        found = Found()
        if not isinstance(message, dict):
            raise DecodeError("decode.row")
        uplink = message.get("uplink_message")
        if uplink is None:
            return found
        if message.get("simulated") and not self._settings.simulated:
            raise DecodeError("decode.simulated")
        thing = uplinks.text(message, "end_device_ids", self._settings.thing)
        if not thing or not isinstance(uplink, dict):
            raise DecodeError("decode.thing", pointer=f"/end_device_ids/{self._settings.thing}")
        session = uplinks.text(uplink, "session_key_id")
        one = Uplink(
            thing,
            uplink.get("received_at") or message.get("received_at"),
            f"{session} {uplinks.whole(uplink, 'f_cnt')}" if session else "",
            uplinks.whole(uplink, "f_port"),
            uplinks.text(uplink, "frm_payload"),
            uplink.get("decoded_payload"),
        )
        uplinks.reading(one, self._settings.payload, self._wanted, found)
        return found
