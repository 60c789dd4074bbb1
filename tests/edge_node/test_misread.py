"""Tests of edge_node.misread: what msgspec says really."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_node.config import read
from edge_node.errors import SettingsError
from edge_node.misread import settings_error
from edge_node.sentences import TEMPLATES, sentence


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[series.air", "settings.ended", "edge.toml"),
        ("[series.air\n[link]", "settings.toml", "edge.toml"),
        ("colour = 'red'", "settings.unknown", "edge.toml"),
        ("[sources.a]\nkind = 'mqtt'", "settings.needed", "edge.toml.sources.…"),
        ("[buffer]\nbytes = 12", "settings.bound", "edge.toml.buffer.bytes"),
        ("[buffer]\nbytes = 'many'", "settings.whole", "edge.toml.buffer.bytes"),
        ("[buffer]\nkeep_days = 'many'", "settings.number", "edge.toml.buffer.keep_days"),
        ("[buffer]\nfull = 'burn'", "settings.choice", "edge.toml.buffer.full"),
        ("[link]\nproxy = 1", "settings.text", "edge.toml.link.proxy"),
        ("series = 1", "settings.table", "edge.toml.series"),
    ],
)
def test_what_is_wrong_is_told_apart(tmp_path: Path, text: str, code: str, place: str) -> None:
    (tmp_path / "edge.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        read(tmp_path)
    assert (caught.value.code, caught.value.params["place"]) == (code, place)
    for language in ("de", "en"):
        said = sentence(caught.value.code, caught.value.params, language)  # type: ignore[arg-type]
        assert "`" not in said
        assert "$" not in said
        assert "„?“" not in said


def test_what_is_not_known_is_shown_as_it_is() -> None:
    error = settings_error("edge.toml", "something else", "settings.form")
    assert (error.code, error.params) == ("settings.form", {"place": "edge.toml", "why": "something else"})


def test_every_kind_has_a_sentence() -> None:
    from edge_node import misread

    assert set(misread._KINDS.values()) <= TEMPLATES.keys()
