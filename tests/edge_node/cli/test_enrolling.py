"""Tests of `allmende edge enrol`, with a running node that keeps a region."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from edge_node import config
from edge_node.cli.enrolling import enrol as command
from tests.connector.certified import Region, region

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Region]:
    async with region(tmp_path_factory.mktemp("enrolling")) as one:
        yield one


async def run(*arguments: str, typed: str = "") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, command, [*arguments, "--lang", "de"], input=typed)


async def test_a_machine_becomes_a_device(served: Region, tmp_path: Path) -> None:
    typed = f"{await served.code()}@{served.url}\n"
    given = ("-", str(tmp_path / "cabinet"), "--key", "P-256", "--extra-ca", str(served.authority))
    done = await run(*given, "--json", typed=typed)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["device"].startswith("did:web:localhost%3A")
    assert config.read(tmp_path / "cabinet") == config.Settings(), "what is begun can be read"


async def test_settings_that_are_there_stay(served: Region, tmp_path: Path) -> None:
    said = f'[link]\nextra_ca = "{served.authority}"\n'
    (tmp_path / "edge.toml").write_text(said)
    done = await run(f"{await served.code()}@{served.url}", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "edge.toml").read_text() == said
    assert f"allmende edge run {tmp_path}" in done.output.replace("\n", "")


async def test_a_node_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "allmende.toml").write_text("")
    done = await run("7K3QX-00000-00000-00000-00003@city.example", str(tmp_path))
    assert "ein Knoten" in str(done.exception)
    assert not (tmp_path / "edge.toml").exists()


async def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = await run("7K3QX-00000-00000-00000-00003@city.example", str(tmp_path / "file" / "cabinet"))
    assert "anlegen" in str(done.exception)


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    done = await run("7K3QX@city.example", str(tmp_path / "new"))
    assert done.exit_code != 0
    assert "25 Zeichen" in str(done.exception or "") + done.output
    assert not (tmp_path / "new").exists()
