"""Commands that work on a node's directory instead of asking a running node: `init`, `serve` and `region init`.

The one module of the command line that builds a node; it loads one only when a command runs, so that help stays fast.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, labelled, paragraphs, remark, waiting
from connector.cli.words import either

if TYPE_CHECKING:
    from connector.errors import NodeError

DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende init ./node --public-url https://daten.stadt.example",
        "allmende init ./try --public-url http://127.0.0.1:8180 --lab",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option("--public-url", required=True, help="Address at which peers reach this node, for good.")
@click.option("--lab", is_flag=True, help="A laboratory node: allow a loopback address and plain http on it.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port for peers; default: that of a loopback URL, else 8180."
)
@click.option("--management-port", type=click.IntRange(0, 65535), help="Port for operators; default: the next one.")
@click.pass_obj
def init(
    call: Call, directory: Path, public_url: str, lab: bool, port: int | None, management_port: int | None
) -> None:
    """Make a node in DIRECTORY: commented settings, keys, and the credential of its first operator.

    The public URL is permanent: the node's identity (a DID) is made from it, and contracts name it. To change it later
    is to become somebody else.
    """
    told = _founded(call, directory, public_url, lab, port, management_port)
    call.answer(told, lambda: _welcome(directory, told))


def _founded(
    call: Call, directory: Path, public_url: str, lab: bool, port: int | None, management_port: int | None
) -> dict[str, str]:
    """Make a node; who it is."""
    from connector.config import is_loopback
    from connector.errors import NodeError
    from connector.founding import initialise

    parts = urlsplit(public_url)
    if is_loopback(parts.hostname or "") and not lab:
        raise CommandError(
            either(
                f"{public_url} is reachable on this machine only, and the identity made from it would be permanent. "
                "Give the address that peers use, or --lab for a node to try things on.",
                f"{public_url} ist nur auf diesem Rechner erreichbar, und die Identität daraus wäre dauerhaft. "
                "Geben Sie die Adresse an, unter der Gegenstellen kommen, oder --lab zum Ausprobieren.",
            ),
            "init.loopback",
        )
    public_port = port if port is not None else (parts.port if lab and parts.port else 8180)
    try:
        made = initialise(
            directory,
            public_url,
            public_port=public_port,
            management_port=management_port if management_port is not None else public_port + 1,
            lab=lab,
        )
    except NodeError as failure:
        if failure.reason.code == "config.wrong":  # no file was written that a person could look at
            problems = re.sub(r"(?m)^line [0-9]+: ", "", failure.reason.params["problems"])
            said = either(f"This will not do: {problems}", f"So geht es nicht: {problems}")
            raise CommandError(said, failure.reason.code, failure.reason.params) from failure
        raise explained(call, failure, directory) from failure
    return {"directory": str(directory), "public_url": public_url, "id": made.did, "words": made.words}


@click.command(
    "init",
    cls=Leaf,
    node=False,
    examples=[
        'allmende region init ./node --name "Region Elbland"',
        'allmende region init ./region --name "Region Elbland" --public-url https://region.elbland.example',
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option("--name", required=True, help="What the region is called; it stands in every certificate.")
@click.option("--public-url", help="Make the node too: the address at which it is reached, for good.")
@click.option("--lab", is_flag=True, help="A laboratory node: allow a loopback address and plain http on it.")
@click.option("--port", type=click.IntRange(0, 65535), help="As of init, for a node that is made.")
@click.option("--management-port", type=click.IntRange(0, 65535), help="As of init, for a node that is made.")
@click.option(
    "--below", "suffixes", multiple=True, metavar="DOMAIN", help="Members have no hosts but below it; repeatable."
)
@click.pass_obj
def region_init(
    call: Call,
    /,
    directory: Path,
    name: str,
    public_url: str | None,
    lab: bool,
    port: int | None,
    management_port: int | None,
    suffixes: tuple[str, ...],
) -> None:
    """Make the trust domain of a region, kept by the node in DIRECTORY: root, authorities, issuer key, its name.

    Works without a network, and on a directory whose node does not run. The root's key is needed again only when an
    authority ends; take it off the machine and keep it in a safe.
    """
    from connector.errors import NodeError
    from connector.founding import found_region
    from connector.hosting import credentials
    from connector.system import SystemClock

    made_node = public_url is not None and not (directory / "allmende.toml").exists()
    if public_url is not None and made_node:
        _founded(call, directory, public_url, lab, port, management_port)
    try:
        with waiting(either("Making keys", "Schlüssel entstehen")):
            kept = found_region(directory, name, now=SystemClock().now(), credentials=credentials(), suffixes=suffixes)
    except NodeError as failure:
        raise explained(call, failure, directory) from failure
    folder = directory / "keys" / "region"
    told: dict[str, Any] = {"directory": str(directory), "name": name, "id": kept.did, "words": kept.words}
    told |= {"root": kept.root, "keys": str(folder), "made_node": made_node}
    call.answer(told, lambda: _region_made(directory, told))


@click.command(cls=Leaf, node=False, examples=["allmende serve ./node", "allmende serve ./node --workers 2"])
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    help="Processes that send data beside the one that decides and writes; 0: that one sends them too.",
)
@click.pass_obj
def serve(call: Call, directory: Path, workers: int) -> None:
    """Run the node in DIRECTORY until it is stopped (Ctrl-C, SIGTERM). Its log goes to standard error.

    Killed at any moment, it goes on where it was when it is started again.

    With --workers, processes of their own read, change and send data on the public port, which they share; each access
    is still judged, counted and written down by the one process that has the database and the keys. This is meant for
    machines with many cores whose data are large, encrypted or changed on their way; small accesses get no faster.
    What a silo may be asked at once, each of them may ask it. There is no WebSocket then (rows as they come:
    server-sent events), no client certificates, and no Unix socket in the place of the public port.
    """
    from connector.config import load
    from connector.errors import NodeError
    from connector.node import run

    try:
        config = load(directory, os.environ)
        if not call.json:
            url = config.public_url
            starting = f"Starting {url} from {directory}. Stop with Ctrl-C."
            remark(either(starting, f"{url} wird aus {directory} gestartet. Anhalten mit Strg-C."))
        run(config, workers=workers)
    except NodeError as failure:
        raise explained(call, failure, directory) from failure


@click.command(
    "init",
    cls=Leaf,
    node=False,
    examples=[
        "allmende dataplane init ./plane --public-url https://data.city.example",
        "allmende dataplane init ./try --public-url http://127.0.0.1:8180 --lab",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option("--public-url", required=True, help="Address at which consumers fetch and renew, for good.")
@click.option("--lab", is_flag=True, help="For trying things: allow a loopback address and plain http on it.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port for consumers, as of init.")
@click.option("--management-port", type=click.IntRange(0, 65535), help="Port for operators, as of init.")
@click.pass_obj
def dataplane_init(
    call: Call, directory: Path, public_url: str, lab: bool, port: int | None, management_port: int | None
) -> None:
    """Make a data plane in DIRECTORY that works for control planes of others, such as an Eclipse EDC.

    Silos and assets are kept as on a node, over its management port. An asset's id, as `allmende asset show` prints it,
    is the id of the dataset at the control plane.
    """
    told = _founded(call, directory, public_url, lab, port, management_port)
    call.answer(told, lambda: _plane_made(directory, told))


def _plane_made(directory: Path, told: dict[str, str]) -> str:
    return paragraphs(
        either(f"A data plane has been made in {directory}.", f"In {directory} ist eine Datenebene angelegt."),
        labelled([("address", told["public_url"]), ("identity", told["id"])]),
        bullets(
            "Next",
            [
                f"allmende dataplane serve {directory}",
                f"allmende plane add edc --endpoint https://edc.example/signaling --token-file FILE --node {directory}",
                f"allmende source kinds --node {directory}",
            ],
        ),
    )


@click.command("serve", cls=Leaf, node=False, examples=["allmende dataplane serve ./plane"])
@click.argument("directory", type=DIRECTORY)
@click.pass_obj
def dataplane_serve(call: Call, directory: Path) -> None:
    """Run the data plane in DIRECTORY until it is stopped (Ctrl-C, SIGTERM). Its log goes to standard error.

    It speaks Data Plane Signaling with the control planes that are registered (`allmende plane`), and no Dataspace
    Protocol: contracts are made elsewhere, and every access is judged here by what they say.
    """
    from connector.config import load
    from connector.dataplane import run
    from connector.errors import NodeError

    try:
        config = load(directory, os.environ)
        if not call.json:
            url = config.public_url
            starting = f"Starting the data plane {url} from {directory}. Stop with Ctrl-C."
            remark(either(starting, f"Datenebene {url} wird aus {directory} gestartet. Anhalten mit Strg-C."))
        run(config)
    except NodeError as failure:
        raise explained(call, failure, directory) from failure


def explained(call: Call, failure: NodeError, directory: Path) -> CommandError:
    """A failure about the node in a directory, as a sentence."""
    from connector.cli.remote import settings_error
    from connector.sentences import sentence

    reason = failure.reason
    if reason.code == "config.missing":
        text = either(
            f"{directory} holds no node. Make one with: allmende init {directory} ...",
            f"In {directory} ist kein Knoten. Anlegen mit: allmende init {directory} ...",
        )
        return CommandError(text, reason.code, reason.params)
    if reason.code.startswith("config."):
        return settings_error(reason.params)
    return CommandError(sentence(reason, call.lang), reason.code, reason.params)


def _welcome(directory: Path, told: dict[str, str]) -> str:
    return paragraphs(
        either(f"A node has been made in {directory}.", f"In {directory} ist ein Knoten angelegt."),
        labelled([("address", told["public_url"]), ("identity", told["id"]), ("fingerprint", told["words"])]),
        either(
            "Address and identity are permanent: contracts will name them. Neighbours compare the fingerprint words "
            "with you,\nby telephone or in person, before they add this node.",
            "Adresse und Identität sind dauerhaft: Verträge werden sie nennen. Nachbarn vergleichen die Wörter des\n"
            "Fingerabdrucks mit Ihnen, am Telefon oder vor Ort, bevor sie diesen Knoten eintragen.",
        ),
        bullets(
            "Next",
            [
                f"allmende serve {directory}",
                *([f"allmende proxy nginx {directory}"] if told["public_url"].startswith("https:") else []),
                f"allmende status --node {directory}",
                "allmende help start",
            ],
        ),
    )


def _region_made(directory: Path, told: dict[str, Any]) -> str:
    return paragraphs(
        either(
            f"{told['name']} has a trust domain, kept by the node in {directory}.",
            f"{told['name']} hat eine Vertrauensdomäne, geführt vom Knoten in {directory}.",
        ),
        labelled(
            [
                ("identity", told["id"]),
                ("fingerprint", told["words"]),
                ("root certificate", told["root"]),
                ("keys", told["keys"]),
            ]
        ),
        either(
            f"The key of the root ({told['keys']}/root.pem) is not needed while the region runs. Copy it onto a medium "
            "that lies\nin a safe, twice, then delete it here: whoever has it can pose as the region.",
            f"Der Schlüssel der Wurzel ({told['keys']}/root.pem) wird im Betrieb nicht gebraucht. Kopieren Sie ihn auf "
            "einen\nDatenträger im Tresor, zweimal, und löschen Sie ihn hier: wer ihn hat, kann sich als die Region "
            "ausgeben.",
        ),
        bullets(
            "Next",
            [
                either(
                    f"allmende serve {directory}    (start it again if it runs)",
                    f"allmende serve {directory}    (neu starten, falls er läuft)",
                ),
                either(
                    f'allmende region invite "Town of Nachbarsdorf" --node {directory}',
                    f'allmende region invite "Gemeinde Nachbarsdorf" --node {directory}',
                ),
                f"allmende region status --node {directory}",
                "allmende help regions",
            ],
        ),
    )
