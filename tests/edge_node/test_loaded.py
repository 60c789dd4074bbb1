"""What the process of a device has loaded when it has taken, sealed and delivered readings: little memory is there."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Final

import aiohttp

from edge_node import config, control
from edge_node.config import LinkSettings
from edge_node.network.link import opened
from edge_node.network.metering import Unlimited
from edge_node.sources import KINDS
from scripts.lib.ports import free_port
from tests.connector.certified import region
from tests.edge_node import readings
from tests.edge_node.taken import place, take

FORBIDDEN: Final = {"rdflib", "sqlite_utils", "jinja2", "pyshacl", "pycose", "ecdsa", "pydantic", "structlog", "click"}
ELSEWHERE: Final = {"connector.node", "connector.records", "connector.services", "connector.web", "connector.cli"}
LARGE: Final = {"cryptography.x509", "aiohttp.web", "uvloop", "aiomqtt", "pymodbus", "smllib"}
"""Nothing of these is needed before there is a source of the kind, or a certificate is renewed."""

AGENT: Final = """
import json, sys
from pathlib import Path
from edge_node import agent

agent.run(Path(sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""
"""`python -m edge_node`, which at its end says what it has loaded."""

SETTINGS: Final = """
[series.air.fields]
{fields}
[sources.roof]
kind = "http"
series = "air"
with = {{ listen = "127.0.0.1:{port}" }}
[link]
extra_ca = "{authority}"
[buffer]
commit_seconds = 0.05
"""


async def said(port: int) -> None:
    """Sensors report, as soon as somebody listens."""
    body = b"[" + b",".join(readings.as_json(one) for one in readings.samples(500)) + b"]"
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.post(f"http://127.0.0.1:{port}/readings", data=body) as answer:
                    assert answer.status == 204
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)


async def delivered(directory: Path) -> None:
    """Return when the device's own node has everything."""
    while True:
        shown = await asyncio.to_thread(lambda: next(control.ask(directory, "status")))
        if any(one["last"] and not one["waiting"] for one in shown["consumers"]):
            return
        await asyncio.sleep(0.05)


def of(loaded: set[str], unwanted: set[str]) -> set[str]:
    """Modules that are, or are in, packages."""
    return {one for one in loaded if any(f"{one}.".startswith(f"{name}.") for name in unwanted)}


async def test_nothing_is_loaded_that_a_device_does_not_need(tmp_path: Path) -> None:
    directory, port = tmp_path / "device", free_port()
    directory.mkdir()
    async with region(tmp_path / "region") as served:
        assert served.node.edge is not None
        served.node.edge.ordering.start()
        link = opened(LinkSettings(extra_ca=str(served.authority)), meter=Unlimited())
        await take(await place(served), directory, link)
        await link.close()
        fields = "\n".join(
            f"{name} = {{ places = {one.places}, min = {one.min}, max = {one.max} }}"
            for name, one in readings.SETTINGS.fields.items()
        )
        settings = SETTINGS.format(fields=fields, port=port, authority=served.authority)
        (directory / config.FILE).write_text(settings)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", AGENT, str(directory), stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(60):
                await said(port)
                await delivered(directory)
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = await process.communicate()
            await served.node.edge.ordering.close()
    loaded = set(json.loads(output))
    assert {
        "edge_node.delivery.sync",
        "edge_node.ingest.intake",
        "edge_node.seal",
        "policies.evaluate",
        "cbor2",
    } <= loaded
    assert of(loaded, FORBIDDEN) == of(loaded, ELSEWHERE) == of(loaded, LARGE) == set()


async def test_no_kind_of_source_loads_it_either(tmp_path: Path) -> None:
    modules = [*(one.partition(":")[0] for one in KINDS.values()), "aiomqtt", "pymodbus.client", "smllib"]
    kinds = ", ".join(f"import_module({one!r})" for one in modules)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import json, sys; from importlib import import_module; {kinds}; print(json.dumps([*sys.modules]))",
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert of(set(json.loads(output)), FORBIDDEN | ELSEWHERE) == set()
