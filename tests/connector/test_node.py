"""The composition root: a new node, its life, what refuses to start."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession

from connector import config, founding, node
from connector.errors import InputError, StoreError
from connector.records import Operator, Right
from tests.harness.scripted import free_port


def make(folder: Path) -> config.Config:
    port = free_port()
    founding.initialise(folder, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    return config.load(folder, {})


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


async def test_it_serves_says_who_it_is_and_closes(tmp_path: Path) -> None:
    settings = make(tmp_path / "node")
    running = node.build(settings)
    await running.start()
    try:
        async with ClientSession() as session:
            async with session.get(settings.public_url + "/.well-known/did.json") as answer:
                assert (await answer.json())["id"] == running.did
            url = f"http://127.0.0.1:{running.management_listener.port}"
            async with session.get(url + "/ready") as answer:
                assert answer.status == 200
            async with session.get(url + "/v1/status") as answer:
                assert answer.status == 401
            token = (tmp_path / "node" / "token").read_text().strip()
            async with session.get(url + "/v1/status", headers={"Authorization": f"Bearer {token}"}) as answer:
                assert msgspec.json.decode(await answer.read())["id"] == running.did
        first = await running.store.read(lambda view: view.get(Operator, founding.FIRST_OPERATOR))
        assert first is not None
        assert first.role is Right.ADMIN
    finally:
        await running.close()
    again = node.build(settings)
    await again.start()
    assert (await again.audit.verify()).ok
    await again.close()


async def test_a_directory_in_use_and_a_lost_key_are_said(tmp_path: Path) -> None:
    settings = make(tmp_path / "node")
    running = node.build(settings)
    with pytest.raises(StoreError, match=r"store\.locked"):
        node.build(settings)
    await running.close()
    for key in (tmp_path / "node" / "keys").iterdir():
        key.chmod(0o644)
    with pytest.raises(InputError):
        node.build(settings)


async def test_an_address_in_use_is_said(tmp_path: Path) -> None:
    settings = make(tmp_path / "one")
    running = node.build(settings)
    await running.start()
    founding.initialise(
        tmp_path / "two", settings.public_url, public_port=settings.public.port, management_port=0, lab=True
    )
    second = node.build(config.load(tmp_path / "two", {}))
    with pytest.raises(InputError, match=r"listen\.address"):
        await second.start()
    await second.close()
    await running.close()
