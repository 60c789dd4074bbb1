"""Which device a command is about, and what it hears from it.

What lives here: finding the directory, and errors of a device as errors of a command.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from connector.cli.command import Call
from connector.cli.errors import CommandError
from connector.cli.words import either
from edge_node import control
from edge_node.config import FILE
from edge_node.errors import EdgeError

INSTALLED: Final = Path("/var/lib/allmende-edge")
DIRECTORY: Final = click.argument(
    "directory", required=False, type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]"
)
"""The directory of a device: what is said, else $ALLMENDE_EDGE, the working directory, the one of the package."""


def found(directory: Path | None) -> Path:
    """The directory of the device. Raises `CommandError` where there is none."""
    named = os.environ.get("ALLMENDE_EDGE")
    if directory is not None or named:
        return directory if directory is not None else Path(str(named))
    for one in (Path(), INSTALLED):
        if (one / FILE).is_file():
            return one
    raise CommandError(
        either(
            "Which device? Name its directory, or set ALLMENDE_EDGE.",
            "Welches Gerät? Das Verzeichnis nennen oder ALLMENDE_EDGE setzen.",
        ),
        "edge.directory",
    )


@contextlib.contextmanager
def told(call: Call) -> Iterator[None]:
    """Errors of a device, in the reader's language."""
    from edge_node.sentences import sentence

    try:
        yield
    except EdgeError as error:
        raise CommandError(sentence(error.code, error.params, call.lang), error.code, error.params) from None


def asked(call: Call, directory: Path | None, name: str, **more: Any) -> dict[str, Any]:
    """The one answer of a running agent. Raises `CommandError`."""
    with told(call):
        return next(control.ask(found(directory), name, **more))
