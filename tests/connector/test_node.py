"""The composition root: a node's life, what refuses to start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession

from connector import config, founding, node
from connector.errors import InputError, StoreError
from connector.records import Operator, Right
from scripts.lib.ports import free_port

LATER = ("asyncpg", "pymysql", "aiomqtt", "paho", "pyarrow", "lxml", "pyproj", "cql2", "rdflib", "opendp", "z3")
"""Libraries of one adapter each: a machine at the edge carries only those that it uses."""


def test_nothing_heavy_is_there_before_it_is_needed() -> None:
    code = f"import sys, connector.node; print([name for name in {LATER!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def make(folder: Path) -> config.Config:
    port = free_port()
    founding.initialise(folder, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    return config.load(folder, {})


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
