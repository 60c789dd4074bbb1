"""Tests of certs.keys."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certs import keys
from certs.keys import KeyFileError, SealError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.create(tmp_path / "keys")
    return tmp_path / "keys"


def test_keys_are_kept_and_loaded(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys")
    assert keys.load(tmp_path / "keys").files() == made.files()


def test_only_the_owner_may_read_them(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        keys.FILES, 0o600
    )


def test_they_are_never_overwritten(folder: Path) -> None:
    before = keys.load(folder).files()
    with pytest.raises(KeyFileError) as caught:
        keys.create(folder)
    assert caught.value.code == "keys.exist"
    assert keys.load(folder).files() == before
    assert [path.name for path in folder.parent.iterdir()] == ["keys"], "nothing half-made stays"


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    calls = iter([real, real])

    def failing(descriptor: int) -> None:
        try:
            next(calls)(descriptor)
        except StopIteration:
            raise OSError(28, "No space left on device") from None

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(KeyFileError) as caught:
        keys.create(tmp_path / "keys")
    assert caught.value.code == "keys.write"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", keys.FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o700, 0o660])
def test_a_wider_mode_is_refused(folder: Path, name: str, mode: int) -> None:
    (folder / name).chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert caught.value.code == "key.mode"
    assert caught.value.params == {"path": str(folder / name), "mode": f"{mode:04o}", "want": "0600"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_owner_is_refused(folder: Path) -> None:
    os.chown(folder / keys.TOKEN, 12345, 12345)
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert caught.value.code == "key.owner"


def test_links_and_other_kinds_of_files_are_refused(folder: Path) -> None:
    (folder / keys.SEAL).rename(folder / "real")
    (folder / keys.SEAL).symlink_to(folder / "real")
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert caught.value.code == "key.unreadable"
    (folder / keys.SEAL).unlink()
    os.mkfifo(folder / keys.SEAL, 0o600)
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert caught.value.code == "key.kind"


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / keys.GRANT).unlink()
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert (caught.value.code, caught.value.params["path"]) == ("key.missing", str(folder / keys.GRANT))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (keys.TOKEN, b"nonsense"),
        (keys.TOKEN, b""),
        (keys.SEAL, b"ab" * 31),
        (keys.SEAL, b"ab" * 33),
        (keys.SEAL, b"zz" * 32),
        (keys.GRANT, b"\xff" * 64),
    ],
)
def test_damaged_content_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder)
    assert caught.value.code == "key.content"


def test_keys_in_each_others_place_are_refused(folder: Path) -> None:
    token, audit = (folder / keys.TOKEN).read_bytes(), (folder / keys.AUDIT).read_bytes()
    (folder / keys.TOKEN).write_bytes(audit)
    with pytest.raises(KeyFileError, match="P-256"):
        keys.load(folder)
    (folder / keys.TOKEN).write_bytes(token)
    (folder / keys.AUDIT).write_bytes(token)
    with pytest.raises(KeyFileError, match="Ed25519"):
        keys.load(folder)


def test_a_credentials_directory_comes_first(folder: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    other = keys.generate()
    path = credentials / keys.SEAL
    path.write_bytes(other.files()[keys.SEAL])
    path.chmod(0o440)
    loaded = keys.load(folder, credentials)
    assert loaded.files()[keys.SEAL] == other.files()[keys.SEAL]
    assert loaded.files()[keys.TOKEN] == (folder / keys.TOKEN).read_bytes()
    path.chmod(0o444)
    with pytest.raises(KeyFileError) as caught:
        keys.load(folder, credentials)
    assert caught.value.code == "key.mode"


def test_their_text_form_shows_no_secret() -> None:
    made = keys.generate()
    assert repr(made) == f"NodeKeys({', '.join(made.thumbprints)})"


def test_tree_heads_are_signed_with_the_audit_key() -> None:
    made = keys.generate()
    public = Ed25519PublicKey.from_public_bytes(made.head_public)
    public.verify(made.sign_head(b"note"), b"note")
    with pytest.raises(InvalidSignature):
        public.verify(made.sign_head(b"note"), b"Note")


def test_sealed_secrets_open_only_as_they_were_sealed() -> None:
    sealer = keys.generate().sealer()
    sealed = sealer.seal(b"secret", b"transfer 1")
    assert sealer.open(sealed, b"transfer 1") == b"secret"
    assert b"secret" not in sealed
    assert sealer.seal(b"secret", b"transfer 1") != sealed, "a fresh nonce each time"
    with pytest.raises(SealError):
        sealer.open(sealed, b"transfer 2")
    with pytest.raises(SealError):
        keys.generate().sealer().open(sealed, b"transfer 1")
    for at in range(len(sealed)):
        with pytest.raises(SealError):
            sealer.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], b"transfer 1")
        with pytest.raises(SealError):
            sealer.open(sealed[:at], b"transfer 1")


def test_a_secret_is_drawn_when_it_is_asked_for_the_first_time_and_stays(tmp_path: Path) -> None:
    first = keys.held(tmp_path, "pseudonyms.key")
    assert len(first) == 32
    assert keys.held(tmp_path, "pseudonyms.key") == first
    assert (tmp_path / "pseudonyms.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "pseudonyms.key").chmod(0o644)
    with pytest.raises(KeyFileError) as caught:
        keys.held(tmp_path, "pseudonyms.key")
    assert caught.value.code == "key.mode"
