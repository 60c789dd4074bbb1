"""`edge.toml`, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.data.readings.model import Field, Kind
from edge_node.config import FILE, fields_of, read
from edge_node.errors import SettingsError

WHOLE = """
[series.air]
collection = "air.json"
fields.pm25 = { unit = "ug/m3", places = 1, min = 0, max = 1000 }
fields.state = { kind = "text" }
[sources.roof]
kind = "mqtt"
series = "air"
with = { url = "mqtt://127.0.0.1" }
[buffer]
bytes = 2000000
full = "refuse"
[link]
bytes_per_day = 1000000
"""


def _written(directory: Path, text: str) -> Path:
    (directory / FILE).write_text(text)
    return directory


def test_everything_is_read(tmp_path: Path) -> None:
    found = read(_written(tmp_path, WHOLE))
    assert found.sources["roof"].with_ == {"url": "mqtt://127.0.0.1"}
    assert (found.buffer.full, found.link.bytes_per_day) == ("refuse", 1_000_000)
    assert found.series["air"].fields["pm25"].max == 1000


def test_fields_keep_their_order_and_text_has_no_places(tmp_path: Path) -> None:
    found = read(_written(tmp_path, WHOLE))
    assert fields_of(found.series["air"]) == (Field("pm25", "ug/m3", 1), Field("state", "", 0, Kind.TEXT))


def test_a_directory_without_settings_is_no_device(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path)
    assert caught.value.code == "settings.missing"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[series.air", "settings.ended", FILE),
        ("colour = 'red'", "settings.unknown", FILE),
        ("[series.air]\nfields.a = { min = 2, max = 1 }", "settings.range", "series.air.fields.a"),
        ("[series.Air]\nfields = {}", "settings.name", "series.Air"),
        ("[series.air]\nfields.thing = {}", "settings.name", "series.air.fields.thing"),
        ("[series.air]\nfields.'1 2' = {}", "settings.name", "series.air.fields.1 2"),
        ("[sources.roof]\nkind = 'mqtt'\nseries = 'air'", "settings.series", "sources.roof.series"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path: Path, text: str, code: str, place: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(_written(tmp_path, text))
    assert (caught.value.code, caught.value.params["place"]) == (code, place)
