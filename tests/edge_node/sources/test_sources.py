"""The table of kinds: every one of them opens, and mistakes are told with their place."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from edge_node import sources
from edge_node.config import FILE, FieldSettings, SeriesSettings, Settings, SourceSettings, read
from edge_node.decode import payloads
from edge_node.errors import SettingsError
from edge_node.sources import KINDS, Place, form_settings, open_sources

AIR = {"air": SeriesSettings(fields={"v": FieldSettings()})}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_adapter(kind: str) -> None:
    module, _, function = KINDS[kind].partition(":")
    assert callable(getattr(import_module(module), function))


def test_sources_are_opened_as_they_stand_and_touch_nothing_yet(tmp_path: Path) -> None:
    settings = Settings(
        series=AIR,
        sources={
            "roof": SourceSettings("mqtt", "air", {"host": "broker", "topics": ["a/{b}"]}),
            "door": SourceSettings("http", "air"),
        },
    )
    opened = open_sources(settings, tmp_path)
    assert [(one.name, one.kind, one.trouble() != "") for one in opened] == [
        ("roof", "mqtt", True),
        ("door", "http", True),
    ]
    assert not list(tmp_path.iterdir())


def test_a_kind_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    settings = Settings(series=AIR, sources={"roof": SourceSettings("telex", "air")})
    with pytest.raises(SettingsError) as caught:
        open_sources(settings, tmp_path)
    assert caught.value.code == "settings.kind"
    assert caught.value.params["place"] == "sources.roof.kind"
    assert "mqtt" in caught.value.params["kinds"]


def test_the_examples_that_people_copy_can_be_followed(tmp_path: Path) -> None:
    text = (Path(sources.__file__).parent / "README.md").read_text("utf-8")
    device, *_, payload = (one.encode() for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    (tmp_path / FILE).write_bytes(device)
    (tmp_path / "sensor.toml").write_bytes(payload)
    settings = read(tmp_path)
    settings.sources["ttn"].with_["decode_file"] = "sensor.toml"
    assert [one.name for one in open_sources(settings, tmp_path)] == ["ttn"]
    layouts = form_settings(place(tmp_path, {}), {}, "sensor.toml")["payload"]
    assert payloads.read(msgspec.convert(layouts, tuple[payloads.Layout, ...]), bytes.fromhex("04d2e60001"), 2) == {
        "level": pytest.approx(1.234),
        "temperature": pytest.approx(23.0),
        "lid": "open",
    }


class _Shape(Struct, forbid_unknown_fields=True):
    depth: int = 0


def place(directory: Path, settings: dict[str, object]) -> Place:
    return Place("roof", "air", AIR["air"].fields, settings, directory)


def test_settings_are_read_strictly(tmp_path: Path) -> None:
    assert place(tmp_path, {"depth": 3}).read(_Shape).depth == 3
    for wrong in ({"depth": "3"}, {"dept": 3}):
        with pytest.raises(SettingsError) as caught:
            place(tmp_path, wrong).read(_Shape)
        assert caught.value.params["place"].startswith("sources.roof.with")
        assert "dept" in "".join(caught.value.params.values())


def test_a_definition_in_a_file_and_what_stands_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "device.toml"
    file.write_text('thing = "dev_eui"\n[fields]\nv = "/a"\n')
    made = form_settings(place(tmp_path, {}), {"thing": "device_id"}, "device.toml")
    assert made == {"thing": "device_id", "fields": {"v": "/a"}}
    for text in ("thing = ", "\udcff"):
        file.write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(SettingsError) as caught:
            form_settings(place(tmp_path, {}), {}, "device.toml")
        assert caught.value.params["place"] == "sources.roof.with.decode_file"
