"""backup, restore, export and import as commands: where the passphrase comes from, and every failure a sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from connector.backup.backup import back_up
from tests.connector.cli.conftest import Types

LAB = ("--public-url", "http://127.0.0.1:18180", "--lab")
SECRET = "a passphrase for tests"


@pytest.fixture(autouse=True)
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: Types) -> None:
    """A node that has never run but has a database, and a file with a passphrase."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ALLMENDE_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    assert types("init", "city", *LAB).status == 0
    from connector.store import migrations

    migrations.create("city/state.db")
    Path("secret").write_text(f"{SECRET}\nnot this line\n")
    Path("secret").chmod(0o600)


def backup(types: Types) -> None:
    assert types("backup", "city", "-o", "city.backup", "--passphrase-file", "secret").status == 0


def test_there_and_back_again(types: Types) -> None:
    told = types("backup", "city", "-o", "city.backup", "--passphrase-file", "secret", "--json").json
    assert told["id"] == "did:web:127.0.0.1%3A18180"
    assert Path("city.backup").stat().st_size == told["bytes"]
    made = types("restore", "city.backup", "again", "--passphrase-file", "secret", "--json").json
    assert made["id"] == told["id"]
    assert made["findings"] == []
    assert stat.S_IMODE(Path("again").stat().st_mode) == 0o700
    assert types("restore", "--here", "again").status == 0


def test_what_goes_wrong_is_a_sentence_and_leaves_nothing(types: Types) -> None:
    backup(types)
    Path("wrong").write_text("another passphrase")
    Path("wrong").chmod(0o600)
    for line, text in (
        (("restore", "city.backup", "again", "--passphrase-file", "wrong"), "passphrase is wrong"),
        (("restore", "city.backup", "city", "--passphrase-file", "secret"), "is not empty"),
        (("restore", "secret", "again", "--passphrase-file", "secret"), "no backup"),
        (("restore", "nothing", "again", "--passphrase-file", "secret"), "cannot be read"),
        (("backup", "city", "-o", "city.backup", "--passphrase-file", "secret"), "exists already"),
        (("backup", "nobody", "-o", "x", "--passphrase-file", "secret"), "no settings"),
        (("backup", "city", "-o", "x", "--passphrase-file", "nothing"), "No such file"),
    ):
        said = types(*line)
        assert said.status == 1
        assert text in said.err, line
    content = Path("city.backup").read_bytes()
    Path("city.backup").write_bytes(content[:-20] + b"x" * 20)
    said = types("restore", "city.backup", "again", "--passphrase-file", "secret")
    assert (said.status, "damaged" in said.err) == (1, True)
    assert not Path("again").exists()
    assert not Path("x").exists()
    assert types("restore", "city.backup").status == 2
    assert types("restore", "--here", "a", "b").status == 2


def test_a_passphrase_that_everybody_can_read_is_none(types: Types) -> None:
    Path("secret").chmod(0o604)
    said = types("backup", "city", "-o", "x", "--passphrase-file", "secret")
    assert (said.status, "read by everybody" in said.err) == (1, True)


def test_a_letter_with_dots_is_the_same_from_every_keyboard(types: Types) -> None:
    backup(types)
    for spelling in ("Gr\u00fc\u00dfe aus der Stadt", "Gru\u0308\u00dfe aus der Stadt"):
        Path("secret").write_text(spelling, "utf-8")
        if not Path("other.backup").exists():
            assert types("backup", "city", "-o", "other.backup", "--passphrase-file", "secret").status == 0
    assert types("restore", "other.backup", "again", "--passphrase-file", "secret").status == 0


def test_the_service_manager_may_give_it(types: Types, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "backup-passphrase").write_text(SECRET)
    (folder / "backup-passphrase").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert types("backup", "city", "-o", "city.backup").status == 0
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert types("restore", "city.backup", "again", "--passphrase-file", "secret").status == 0


def test_without_a_terminal_nobody_is_asked(types: Types) -> None:
    said = types("backup", "city", "-o", "x")
    assert (said.status, "No passphrase" in said.err) == (1, True)


def test_export_and_import(types: Types) -> None:
    told = types("export", "city", "out", "--json").json
    assert told["files"] > 5
    made = types("import", "out", "again", "--json").json
    assert (made["id"], made["entries"]) == (told["id"], 0)
    assert Path("again/keys/token.pem").read_bytes() == Path("city/keys/token.pem").read_bytes()
    Path("out/token").write_text("x")
    said = types("import", "out", "third")
    assert (said.status, "token" in said.err) == (1, True)
    assert "missing or was changed" in said.err


def test_the_library_takes_the_same_passphrase(types: Types) -> None:
    back_up(Path("city"), Path("city.backup"), SECRET.encode(), now=1, environment={})
    assert types("restore", "city.backup", "again", "--passphrase-file", "secret").status == 0
