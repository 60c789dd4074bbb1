"""Where readings come from: one adapter a kind, opened from the settings of a device.

What lives here: the table of kinds, reading a kind's own settings strictly, opening. What does not: the adapters, which
are imported when a source of their kind is opened, with the libraries that they need. An adapter is a function
`open_source(place: Place) -> ports.Source` that does no IO: what is outside is touched in `Source.run` alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from edge_node.config import FieldSettings, Settings
from edge_node.errors import SettingsError
from edge_node.misread import settings_error
from edge_node.ports import Source

KINDS: Final[Mapping[str, str]] = {
    "host": "edge_node.sources.host:open_source",
    "http": "edge_node.sources.http:open_source",
    "modbus": "edge_node.sources.modbus:open_source",
    "mqtt": "edge_node.sources.mqtt:open_source",
    "pins": "edge_node.sources.pins:open_source",
    "sml": "edge_node.sources.sml:open_source",
}
"""Where the adapter of a kind is: module and function."""

T = TypeVar("T")


def wall() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1000


class Place(Struct, frozen=True):
    """What an adapter is made with: the name of the source, the series that its readings belong to with its fields, its
    own settings (`with`), the directory of the device, below which relative paths stand, and what says how late it is
    (microseconds UTC)."""

    name: str
    series: str
    fields: Mapping[str, FieldSettings]
    settings: Mapping[str, Any]
    directory: Path
    now: Callable[[], int] = wall

    @property
    def where(self) -> str:
        """Its settings' place in the file."""
        return f"sources.{self.name}.with"

    def read(self, shape: type[T]) -> T:
        """The settings in this shape (a Struct that forbids unknown fields). Raises `SettingsError`
        `settings.source` with the place and what is wrong there."""
        try:
            return msgspec.convert(dict(self.settings), shape)
        except msgspec.ValidationError as error:
            raise self.wrong("", str(error)) from None

    def wrong(self, setting: str, why: str) -> SettingsError:
        """The error for one of the settings; what msgspec says is told in words (`misread`)."""
        return settings_error(f"{self.where}.{setting}" if setting else self.where, why, "settings.source")

    def path(self, text: str) -> Path:
        """A path of the settings; a relative one is below the device's directory."""
        return self.directory / text


def open_sources(settings: Settings, directory: Path) -> list[Source]:
    """All sources of a device, none of them running. Raises `SettingsError` `settings.kind` (there is no such kind),
    `settings.source`."""
    return [open_source(place_of(settings, name, directory), one.kind) for name, one in settings.sources.items()]


def open_source(place: Place, kind: str) -> Source:
    """One source, not running yet. Raises as `open_sources` does."""
    if kind not in KINDS:
        raise SettingsError("settings.kind", place=f"sources.{place.name}.kind", kind=kind, kinds=", ".join(KINDS))
    module, _, function = KINDS[kind].partition(":")
    opener: Callable[[Place], Source] = getattr(import_module(module), function)
    return opener(place)


def place_of(settings: Settings, name: str, directory: Path) -> Place:
    """What the adapter of a source is made with."""
    one = settings.sources[name]
    return Place(name, one.series, settings.series[one.series].fields, one.with_, directory)


def form_settings(place: Place, given: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The settings of a format: those of a TOML file (a definition of a device's payload that many use), and what is
    `given` beside it. Raises `SettingsError` `settings.source`."""
    if not file:
        return dict(given)
    try:
        found: dict[str, Any] = msgspec.toml.decode(place.path(file).read_bytes(), type=dict[str, Any])
    except OSError:
        raise place.wrong("decode_file", f"{file} cannot be opened") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise place.wrong("decode_file", f"{file}: {error}") from None
    return found | dict(given)
