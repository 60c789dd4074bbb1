"""`allmende edge enrol CODE@NODE`: a device takes its place."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from connector.cli.command import Call, Leaf
from connector.cli.output import labelled, paragraphs
from connector.cli.words import either
from edge_node.cli.device import INSTALLED, told

if TYPE_CHECKING:
    from edge_node.config import LinkSettings
    from edge_node.place.identity import Algorithm, Pins
    from edge_node.place.joining import Place

NODE_FILE: Final = "allmende.toml"
"""The settings of a node: where they are, keys and database of a node are too."""
_STARTER: Final = """\
# Settings of this device. Sections: [series.NAME], [sources.NAME], [buffer], [link].
#
# [series.air.fields]
# pm2_5 = { unit = "ug/m3", places = 1, min = 0, max = 1000 }
#
# [sources.broker]
# kind = "mqtt"
# series = "air"
"""


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende edge enrol 7K3QX-00000-00000-00000-00000@daten.stadt.example ./cabinet",
        "allmende edge enrol - ./cabinet",
    ],
)
@click.argument("place", metavar="CODE@NODE")
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]")
@click.option("--key", type=click.Choice(["Ed25519", "P-256"]), default="Ed25519", show_default=True, help="Its kind.")
@click.option(
    "--extra-ca",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Further certificate authorities (PEM) for the node's connection.",
)
@click.pass_obj
def enrol(call: Call, place: str, directory: Path | None, key: Algorithm, extra_ca: Path | None) -> None:
    """Make this machine a device of a node: a key is made here, certified with the one-time code, the node is pinned.

    CODE@NODE is what `allmende edge invite` shows on the node; `-` reads it from standard input, where no list of
    processes shows it.
    """
    where = directory or INSTALLED
    with told(call):
        from edge_node.place.joining import read_place

        known = read_place(sys.stdin.readline() if place == "-" else place)
        pins = _enrolled(known, where, key, extra_ca)
    called = {"device": pins.device, "name": pins.name, "node": pins.node, "directory": str(where)}
    call.answer(called, lambda: _said(pins, where))


def _enrolled(place: Place, directory: Path, key: Algorithm, extra_ca: Path | None) -> Pins:
    from edge_node.network.link import opened
    from edge_node.network.metering import Unlimited
    from edge_node.place.joining import take_place

    settings = _settings(directory, extra_ca)

    async def take() -> Pins:
        link = opened(settings, meter=Unlimited())
        try:
            now = time.time_ns() // 1000
            return await take_place(place, directory, link, now=now, draw=secrets.token_bytes, algorithm=key)
        finally:
            await link.close()

    return asyncio.run(take())


def _settings(directory: Path, extra_ca: Path | None) -> LinkSettings:
    """How the network is used: as the settings say where there are any, which are begun otherwise."""
    from msgspec.structs import replace

    from edge_node import config
    from edge_node.errors import EnrolmentError

    if (directory / NODE_FILE).exists():
        raise EnrolmentError("enrol.node")
    if not (directory / config.FILE).exists():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / config.FILE).write_text(_STARTER, "utf-8")
        except OSError:
            raise EnrolmentError("enrol.directory", path=str(directory)) from None
    settings = config.read(directory).link
    return replace(settings, extra_ca=str(extra_ca)) if extra_ca else settings


def _said(pins: Pins, directory: Path) -> str:
    return paragraphs(
        labelled([("device", pins.device), ("node", pins.node), ("directory", str(directory))]),
        either(
            f"Its sources stand in {directory / 'edge.toml'}. Then: allmende edge run {directory}",
            f"Seine Quellen stehen in {directory / 'edge.toml'}. Dann: allmende edge run {directory}",
        ),
    )
