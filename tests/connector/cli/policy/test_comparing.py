"""`allmende policy conflicts` and `diff`: what is not understood is unknown, and never compatible or equal."""

from __future__ import annotations

from pathlib import Path

from tests.connector.cli.conftest import Types


def test_of_a_file_that_is_not_understood_nothing_is_known(files: Path, types: Types) -> None:
    (files / "strange.toml").write_text('policy = "urn:example:x"\n[[permission]]\naction = "levitate"\n')
    said = types("policy", "conflicts", "traffic.toml", "strange.toml", "--json")
    assert (said.status, said.json["verdict"], said.json["pairs"]) == (1, "unknown", [])
    assert said.json["error"]["params"]["place"]
    said = types("policy", "diff", "traffic.toml", "strange.toml", "--json")
    assert (said.status, said.json["relation"], said.json["a_only"], said.json["b_only"]) == (1, "unknown", [], [])
