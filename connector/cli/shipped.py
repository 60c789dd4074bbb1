"""`allmende proxy` and `allmende service`: what stands in front of a node and what keeps it running, ready to be used.

The texts are made from the node's settings file by `connector.proxy`; a running node is not asked, and nothing is
written anywhere but to standard output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.command import Call, Leaf, Noun
from connector.cli.words import either

if TYPE_CHECKING:
    from connector.config import Config

DIRECTORY = click.Path(file_okay=False, path_type=Path)
PEM = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Noun)
def proxy() -> None:
    """Configurations of a web server in front of a node, which ends TLS and passes everything else on unchanged."""


@proxy.command(
    node=False,
    examples=[
        "allmende proxy nginx ./node > /etc/nginx/conf.d/allmende.conf",
        "allmende proxy nginx ./node --certificate /etc/ssl/stadt.pem --key /etc/ssl/private/stadt.key",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--certificate", type=PEM, help="PEM file with the chain; default: certbot's for the host, /etc/letsencrypt/live."
)
@click.option("--key", type=PEM, help="PEM file with its key.")
@click.pass_obj
def nginx(call: Call, directory: Path, certificate: Path | None, key: Path | None) -> None:
    """Print a configuration for nginx in front of the node in DIRECTORY.

    It is complete and commented: TLS, the node's path and nothing else, its limits, streams that are cut when a
    contract ends.
    """
    from connector.proxy import shipped

    _print(call, directory, lambda config: shipped.nginx(config, **_pair(certificate, key)))


@proxy.command(
    node=False,
    examples=[
        "allmende proxy caddy ./node > /etc/caddy/Caddyfile",
        "allmende proxy caddy ./node --certificate /etc/ssl/stadt.pem --key /etc/ssl/private/stadt.key",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option("--certificate", type=PEM, help="PEM file with the chain; default: Caddy gets one by itself (ACME).")
@click.option("--key", type=PEM, help="PEM file with its key.")
@click.pass_obj
def caddy(call: Call, directory: Path, certificate: Path | None, key: Path | None) -> None:
    """Print a Caddyfile for Caddy in front of the node in DIRECTORY."""
    from connector.proxy import shipped

    _print(call, directory, lambda config: shipped.caddy(config, **_pair(certificate, key)))


@click.command(cls=Leaf, node=False, examples=["allmende service /srv/node > /etc/systemd/system/allmende.service"])
@click.argument("directory", type=DIRECTORY)
@click.option("--user", default="allmende", show_default=True, help="The user that the node works as.")
@click.pass_obj
def service(call: Call, directory: Path, user: str) -> None:
    """Print a systemd unit that keeps the node in DIRECTORY running, shut in as far as it can be."""
    from connector.proxy import shipped

    program = Path(sys.argv[0]).resolve()
    _print(call, directory, lambda config: shipped.service(config, program=program, user=user))


def _pair(certificate: Path | None, key: Path | None) -> dict[str, Path | None]:
    """Both or none, as absolute paths: the server reads them from somewhere else."""
    if (certificate is None) != (key is None):
        raise click.UsageError(
            either("--certificate and --key belong together", "--certificate und --key gehören zusammen")
        )
    return {
        "certificate": None if certificate is None else certificate.absolute(),
        "key": None if key is None else key.absolute(),
    }


def _print(call: Call, directory: Path, make: Callable[[Config], str]) -> None:
    from connector.cli.local import explained
    from connector.config import load
    from connector.errors import NodeError

    try:
        text = make(load(directory, os.environ))
    except NodeError as failure:
        raise explained(call, failure, directory) from failure
    call.answer({"text": text}, lambda: text.rstrip("\n"))
