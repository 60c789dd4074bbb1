"""A new node, and that it comes back as the same one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from connector import config, founding, node
from connector.errors import InputError
from connector.records import SeenDocument
from scripts.lib.ports import free_port


def test_a_new_node_has_its_secrets_to_itself(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    made = founding.initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)
    assert made.did == "did:web:127.0.0.1%3A9"
    assert len(made.words.split("-")) == 8
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for secret in (folder / "token", *(folder / "keys").iterdir()):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(InputError, match=r"node\.exists"):
        founding.initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)


def test_what_cannot_be_an_address_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.wrong"):
        founding.initialise(tmp_path / "node", "http://data.example.org", public_port=9, management_port=10, lab=False)
    with pytest.raises(InputError, match=r"node\.loopback"):
        founding.initialise(tmp_path / "node", "http://127.0.0.1:9", public_port=9, management_port=10, lab=False)
    assert not (tmp_path / "node").exists()


async def test_a_node_that_would_be_another_one_does_not_start(tmp_path: Path) -> None:
    port, other = free_port(), free_port()
    founding.initialise(tmp_path, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    running = node.build(config.load(tmp_path, {}))
    await running.start()
    kept = await running.store.read(lambda view: view.select(SeenDocument))
    assert [(one.did, b"publicKeyJwk" in one.body) for one in kept] == [(running.did, True)]
    await running.close()
    again = node.build(config.load(tmp_path, {"ALLMENDE_PUBLIC_URL": f"http://127.0.0.1:{other}"}))
    with pytest.raises(InputError, match=r"node\.identity"):
        await again.start()
    await again.close()
