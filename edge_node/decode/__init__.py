"""Bytes that sensors and their networks send, as readings. Pure: no clock, no network, no code out of a definition.

What lives here: the formats, one module each, and the table of them. What does not: how the bytes came
(`sources`), ranges and copies (`ingest.intake`). A definition of a payload is data: places, types and factors,
which are checked when the settings are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from edge_node.config import FieldSettings
from edge_node.decode.found import Decoder
from edge_node.errors import SettingsError
from edge_node.misread import settings_error

Making = Callable[[Mapping[str, Any], Mapping[str, FieldSettings]], Decoder]

FORMATS: Final[Mapping[str, str]] = {
    "chirpstack": "edge_node.decode.chirpstack",
    "plain": "edge_node.decode.plain",
    "senml": "edge_node.decode.senml",
    "ttn": "edge_node.decode.ttn",
}
"""Modules by format; each has `decoder(settings, fields)`, which raises `ValueError` with what is wrong where."""


def decoder(form: str, settings: Mapping[str, Any], fields: Mapping[str, FieldSettings], place: str) -> Decoder:
    """What reads a format into the fields of a series. Raises `SettingsError` `settings.format`, `settings.source`;
    `place` is where in the file the settings stand."""
    if form not in FORMATS:
        raise SettingsError("settings.format", place=f"{place}.format", format=form, formats=", ".join(FORMATS))
    making: Making = import_module(FORMATS[form]).decoder
    try:
        return making(settings, fields)
    except ValueError as error:  # `msgspec.ValidationError` is one
        raise settings_error(place, str(error), "settings.source") from None
