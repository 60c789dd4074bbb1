"""Real nginx and Caddy in front of a node, started with exactly the text that `allmende proxy` prints.

What lives here: the processes and the little around the text that an installed server has anyway (nginx's main file).
What does not: what they are asked. Where a program is not installed, tests that need it skip and say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.lib.leash import leashed
from scripts.lib.ports import free_port

MAIN = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/allmende.conf;
}}
"""
"""What stands in /etc/nginx/nginx.conf of an installed nginx; everything about the node is in the printed file."""


def needs(program: str) -> None:
    """Skip the test, visibly, where a program is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def version(program: str) -> tuple[int, ...]:
    """The version that a program says it has."""
    flag = "-v" if program == "nginx" else "version"
    said = subprocess.run([program, flag], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said.stdout + said.stderr)
    assert found is not None, said
    return tuple(map(int, found.groups()))


class Front(NamedTuple):
    """How a server is started: command, environment, folder of its files."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


def nginx(text: str, folder: Path) -> Front:
    """nginx with the printed text. Skips where it is not installed."""
    needs("nginx")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "allmende.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    return Front(command, {}, folder)


def caddy(text: str, folder: Path) -> Front:
    """Caddy with the printed text. Skips where it is not installed."""
    needs("caddy")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Caddyfile").write_text(text)
    environment = {
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
    }
    return Front(["caddy", "run", "--config", str(folder / "Caddyfile")], environment, folder)


FRONTS = {"nginx": nginx, "caddy": caddy}


@asynccontextmanager
async def listening(front: Front, port: int) -> AsyncIterator[None]:
    """The server, as soon as it listens on a port of the loopback."""
    with (front.folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *leashed(front.command),
            stdout=output,
            stderr=output,
            cwd=front.folder,
            env={**os.environ, **front.environment},
        )
    try:
        await _listens(process, front.folder, port)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _listens(process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
    async with asyncio.timeout(20):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
    raise AssertionError((folder / "output").read_text())
