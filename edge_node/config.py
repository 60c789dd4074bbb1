"""The settings of a device, `edge.toml` in its directory: sources, series, what is kept, how much the link may carry.

What lives here: their shape and reading them strictly. What does not: what the node tells the device
(`connector.data.readings.orders`), which survives no hand edit.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from connector.data.readings.model import Field, Kind
from edge_node.errors import SettingsError
from edge_node.misread import settings_error

FILE: Final = "edge.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}", re.ASCII)
RESERVED: Final = frozenset({"thing", "at", "n", "device", "unsure"})
"""What is said of every reading anyhow, here or where it arrives."""


class FieldSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A field of a series: what is outside `min` and `max` is put aside (numbers alone)."""

    unit: str = ""
    places: Annotated[int, Meta(ge=0, le=9)] = 2
    kind: Kind = Kind.NUMBER
    min: float | None = None
    max: float | None = None


class SeriesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Readings that are shared as one. `collection` is a policy file whose duties are done before anything is stored,
    beside those that the node orders."""

    fields: dict[str, FieldSettings]
    collection: str = ""


class SourceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where readings come from: `kind` is an adapter in `edge_node.sources`, `with` are its own settings."""

    kind: str
    series: str
    with_: dict[str, Any] = msgspec.field(name="with", default_factory=dict)


class BufferSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept while the link is down. `full`: what is done at `bytes`: forget the oldest, thin out what is older
    (every second reading of a thing), or refuse new ones. `keep_days`: delivered readings are kept so long. `encrypt`:
    what is kept is closed with the credential `buffer.key` (`edge_node.buffer.hiding`)."""

    bytes: Annotated[int, Meta(ge=1 << 20)] = 1_000_000_000
    full: Literal["oldest", "thin", "refuse"] = "oldest"
    commit_seconds: Annotated[float, Meta(gt=0, le=1)] = 1.0
    batch: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    keep_days: Annotated[float, Meta(ge=0)] = 0.0
    encrypt: bool = False


class LinkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the network is used. `bytes_per_day` (0: no limit) is for everything that is sent and received; `proxy` an
    HTTP proxy; `extra_ca` a file of further certificate authorities."""

    bytes_per_day: Annotated[int, Meta(ge=0)] = 0
    proxy: str = ""
    extra_ca: str = ""
    post_bytes: Annotated[int, Meta(ge=4096, le=4 << 20)] = 1 << 20


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `edge.toml`."""

    series: dict[str, SeriesSettings] = {}
    sources: dict[str, SourceSettings] = {}
    buffer: BufferSettings = BufferSettings()
    link: LinkSettings = LinkSettings()


def read(directory: Path) -> Settings:
    """The settings of a device. Raises `SettingsError` `settings.missing`, `settings.name`, `settings.range`,
    `settings.series` (a source names one that is not there), and as `misread.settings_error`."""
    try:
        data = (directory / FILE).read_bytes()
    except OSError:
        raise SettingsError("settings.missing", place=FILE) from None
    try:
        found = msgspec.toml.decode(data, type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise settings_error(FILE, str(error), "settings.form") from None
    _check(found)
    return found


def _check(found: Settings) -> None:
    for name, one in found.series.items():
        _named(name, f"series.{name}", _NAME)
        for field, kept in one.fields.items():
            _named(field, f"series.{name}.fields.{field}", _FIELD)
            if field in RESERVED:
                raise SettingsError("settings.name", place=f"series.{name}.fields.{field}")
            if (low := kept.min) is not None and (high := kept.max) is not None and low > high:
                raise SettingsError("settings.range", place=f"series.{name}.fields.{field}")
    for name, source in found.sources.items():
        _named(name, f"sources.{name}", _NAME)
        if source.series not in found.series:
            raise SettingsError("settings.series", place=f"sources.{name}.series", series=source.series)


def _named(name: str, place: str, pattern: re.Pattern[str]) -> None:
    if pattern.fullmatch(name) is None:
        raise SettingsError("settings.name", place=place)


def fields_of(one: SeriesSettings) -> tuple[Field, ...]:
    """The columns of a series, in the order in which they stand in the file."""
    return tuple(
        Field(name, field.unit, field.places if field.kind is Kind.NUMBER else 0, field.kind)
        for name, field in one.fields.items()
    )
