"""What pseudonyms are made with: on no disk but in its own file, in no log, and gone with the contract."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from certs import keys
from connector.records import Pseudonyms
from policies.transforms import pseudonyms
from tests.connector.data.test_egress import TABLE, THREE, under
from tests.connector.data.world import AGREEMENT, asset, started, world

SECRET = b"s" * 32


def written(secret: bytes) -> list[bytes]:
    """A secret as it is, and as it could have been written down."""
    return [secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret)[:40]]


def found(folder: Path, *secrets: bytes) -> list[str]:
    """Files below a folder that hold one of these."""
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [
        path.name for path, text in texts.items() if any(one in text for secret in secrets for one in written(secret))
    ]


async def test_the_keys_of_pseudonyms_are_nowhere_and_go_with_the_contract(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    agreement = under(*THREE)
    async with world(tmp_path, agreement, started(), asset("file", path=str(path))) as made:
        status, _, body = await made.get()
        assert status == 200
        kept = await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT))
        key = pseudonyms.derive(SECRET, kept.salt, AGREEMENT)
        assert key == await made.ledgers.key(AGREEMENT)
        of_now = pseudonyms.of_period(key, 0, "")
        assert pseudonyms.maker(of_now)("DE-1").encode() in body
        assert found(tmp_path, SECRET, key, of_now) == []
        assert "state.db" in found(tmp_path, kept.salt)[0]
        said = "".join([caplog.text, *capsys.readouterr(), *(repr(entry) for entry in await made.log())])
        assert not any(one.decode() in said for one in written(key)[1:] + written(SECRET)[1:] + written(kept.salt)[1:])

        ended = msgspec.structs.replace(agreement, in_force=False, closed=1)
        await made.put(ended)
        await made.ledgers.destroy_ended()
        assert await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT)) is None
        assert (await made.get())[0] == 403
        assert await made.store.read(lambda view: view.get(Pseudonyms, AGREEMENT)) is None
    assert found(tmp_path, kept.salt, SECRET, key) == []


def test_the_secret_of_the_node_is_its_owners_alone(tmp_path: Path) -> None:
    keys.held(tmp_path, "pseudonyms.key")
    path = tmp_path / "pseudonyms.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(keys.KeyFileError):
        keys.held(tmp_path, "pseudonyms.key")
    path.chmod(0o600)
    other = tmp_path / "other"
    path.rename(other)
    path.symlink_to(other)
    with pytest.raises(keys.KeyFileError):
        keys.held(tmp_path, "pseudonyms.key")
