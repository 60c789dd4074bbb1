"""Fields of series that tests decode into."""

from __future__ import annotations

from typing import Any, Final

from connector.data.readings.model import Kind
from edge_node.config import FieldSettings
from edge_node.decode import decoder
from edge_node.decode.found import Decoder, Found

NOW: Final = 1_800_000_000_000_000

CLIMATE: Final = {
    "temperature": FieldSettings(unit="Cel", places=1),
    "humidity": FieldSettings(unit="%RH", places=1),
    "open": FieldSettings(kind=Kind.FLAG),
    "state": FieldSettings(kind=Kind.TEXT),
}


def made(form: str, settings: dict[str, Any] | None = None, fields: dict[str, FieldSettings] | None = None) -> Decoder:
    """A decoder."""
    return decoder(form, settings or {}, CLIMATE if fields is None else fields, "sources.test.with.decode")


def numbers(*names: str) -> dict[str, FieldSettings]:
    """Fields that are numbers without a unit."""
    return {name: FieldSettings() for name in names}


def read(form: str, body: bytes, settings: dict[str, Any] | None = None, **more: Any) -> Found:
    """What is found in a message."""
    return made(form, settings, more.get("fields")).read(body, more.get("levels", {}), NOW)
