"""Who uses a command wrongly hears so in their language, the same in both."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli import wrong
from tests.connector.cli.conftest import Types

SAID = (
    (["asset", "add", "x", "./none.csv"], "does not exist", "'./none.csv' gibt es nicht"),
    (["operator", "add", "x", "--role", "boss", "--token-file", "t"], "is not one of", "möglich ist 'auditor'"),
    (["policy", "add", "x", "--count", "0"], "not in the range", "0 liegt außerhalb von x>=1"),
    (["policy", "add", "x", "--count", "many"], "not a valid integer", "'many' ist keine Zahl"),
    (["policy", "add", "x", "--untl", "y"], "No such option", "Eine Option --untl gibt es nicht. Meinten Sie --"),
    (["negotiation", "decline", "0a0b0c0d"], "Missing option", "Es fehlt: --reason"),
    (["contract", "end", "0a0b0c0d"], "Choose one of", "Wählen Sie eines"),
    (["contract", "list", "--expiring", "60x"], "no length of time", "keine Dauer"),
    (["contract", "show", "0a0b0c0d", "more"], "unexpected extra", "Das ist zu viel: more"),
    (["policy", "add", "x", "--until"], "requires an argument", "--until braucht genau einen Wert"),
    (["sreve"], "Did you mean 'serve'?", "Einen Befehl 'sreve' gibt es nicht. Meinten Sie 'serve'?"),
)


@pytest.mark.parametrize(("args", "english", "german"), SAID)
def test_a_wrong_command_line(
    types: Types, monkeypatch: pytest.MonkeyPatch, args: list[str], english: str, german: str
) -> None:
    for lang, told, see in (("en", english, "See: allmende"), ("de", german, "Siehe: allmende")):
        monkeypatch.setenv("ALLMENDE_LANG", lang)
        said = types(*args)
        assert said.status == 2
        assert told in said.err
        assert see in said.err


def test_the_language_is_known_before_the_options_are_read(types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLMENDE_LANG", "de")
    assert wrong.wanted(["x", "--lang", "en"]) == wrong.wanted(["--lang=en"]) == "en"
    assert wrong.wanted(["x", "--lang"]) == wrong.wanted(["x", "--lang", "fr"]) == "de"
    assert "Es fehlt" in types("--lang", "de", "negotiation", "decline", "0a0b0c0d").err
    monkeypatch.setenv("ALLMENDE_LANG", "en")
    assert "gibt es nicht" in types("--lang", "de", "help", "nothing").err
    assert "gibt es nicht" in types("help", "nothing", "--lang", "de").err
    assert "Es fehlt" in types("negotiation", "decline", "0a0b0c0d", "--lang", "de").err


def test_what_the_system_refuses(types: Types, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("")
    for failure, english, german in (
        (FileNotFoundError(2, "No such file or directory", "x"), "x: No such file or directory.", "x gibt es nicht."),
        (OSError(5, "Input/output error", "x"), "x: Input/output error.", "x: Input/output error."),
        (OSError(5, "Input/output error"), "Input/output error.", "Input/output error."),
    ):
        for lang, told in (("en", english), ("de", german)):
            types("help", "nothing", "--lang", lang)
            assert wrong.system(failure) == told


def test_an_address_that_does_not_do_names_no_file(types: Types, tmp_path: Path) -> None:
    said = types("init", str(tmp_path / "node"), "--public-url", "http://city.example", "--lang", "de")
    assert said.status == 1
    assert "So geht es nicht: public_url" in said.err
    assert "toml" not in said.err
