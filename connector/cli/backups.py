"""`allmende backup` and `restore`: one encrypted file that is the whole node, and the node again from it.

They work on a directory, beside a running node or without one. The passphrase comes from a file, a credential of the
service manager or the terminal, never from an argument or the environment, where others of the machine may see it.
"""

from __future__ import annotations

import os
import stat
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, instant, labelled, paragraphs
from connector.cli.words import either

if TYPE_CHECKING:
    from connector.backup.restore import Restored

DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
CREDENTIAL = "backup-passphrase"
"""Name of the service manager's credential (systemd `LoadCredential=backup-passphrase:...`)."""

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Its first line is the passphrase; else the service credential {CREDENTIAL}, else the terminal is asked.",
)


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende backup ./node -o city.backup",
        "allmende backup /var/lib/allmende -o /mnt/usb/city.backup --passphrase-file /etc/allmende/passphrase",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.option("-o", "--output", required=True, type=FILE, metavar="FILE", help="The new file; none is written over.")
@passphrase_option
@click.pass_obj
def backup(call: Call, directory: Path, output: Path, passphrase_file: Path | None) -> None:
    """Write the node in DIRECTORY into one encrypted file, while it runs: settings, keys, database.

    Data that is shared is not in it: it stays where it lies. Without the passphrase nobody can read the file, you
    neither; keep the two apart, and try a restore now and then.
    """
    from connector.backup.backup import back_up
    from connector.system import SystemClock

    passphrase = _passphrase(passphrase_file, new=True)
    done = explained(
        call,
        lambda: back_up(
            directory,
            output,
            passphrase,
            now=SystemClock().now(),
            environment=os.environ,
            credentials=credentials(),
        ),
    )
    told = {"file": str(output), "id": done.did, "bytes": done.bytes, "rows": done.rows, "outside": done.outside}
    call.answer(told, lambda: _backed_up(told))


@click.command(
    cls=Leaf,
    node=False,
    examples=["allmende restore city.backup ./node", "allmende restore --here ./node"],
)
@click.argument("places", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE DIRECTORY")
@click.option(
    "--here", is_flag=True, help="The database in DIRECTORY is an older one, put there by hand: go on from it."
)
@passphrase_option
@click.pass_obj
def restore(call: Call, places: tuple[Path, ...], here: bool, passphrase_file: Path | None) -> None:
    """Make the node of the backup FILE in the new or empty DIRECTORY: the same participant, with its keys.

    What happened after the backup is missing. So the node compares itself with each peer before it does anything with
    it: contracts are held until then; those whose uses are counted, and those that come back from a peer, until a
    person releases them. Its log goes on in a new generation, and the people of its peers are told. Stop the old node
    for good before: two nodes cannot be one participant.
    """
    from connector.backup.restore import declare
    from connector.backup.restore import restore as make
    from connector.system import SystemClock

    if len(places) != (1 if here else 2):
        raise click.UsageError(
            either(
                "Give a backup FILE and a DIRECTORY, or --here and a DIRECTORY.",
                "Nennen Sie eine Sicherung FILE und ein DIRECTORY, oder --here und ein DIRECTORY.",
            )
        )
    directory = places[-1]
    if here:
        done = explained(call, lambda: declare(directory, clock=SystemClock(), environment=os.environ))
    else:
        passphrase = _passphrase(passphrase_file, new=False)
        done = explained(call, lambda: make(places[0], directory, passphrase, clock=SystemClock()))
    call.answer({"directory": str(directory), **_told(done)}, lambda: _restored(call, directory, done))


def _passphrase(file: Path | None, *, new: bool) -> bytes:
    """The passphrase, from where it may come. Raises `CommandError`."""
    folder = credentials()
    if file is None and folder is not None and (folder / CREDENTIAL).exists():
        file = folder / CREDENTIAL
    if file is not None:
        return _first_line(file)
    if not sys.stdin.isatty():
        said = either(
            "No passphrase: give --passphrase-file, or call from a terminal.",
            "Keine Passphrase: --passphrase-file angeben oder von einem Terminal aus aufrufen.",
        )
        raise CommandError(said, "backup.no_passphrase")
    told: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True)
    return _spelt(told)


def _spelt(passphrase: str) -> bytes:
    """One spelling of a letter with dots, whichever keyboard or file it came from (Unicode NFC)."""
    return unicodedata.normalize("NFC", passphrase).encode(errors="surrogateescape")


def _first_line(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            found = os.fstat(opened.fileno())
            if stat.S_ISREG(found.st_mode) and found.st_mode & stat.S_IRWXO:
                text = either(
                    f"{file} can be read by everybody on this machine; chmod 600 it and choose another passphrase.",
                    f"{file} ist für alle auf diesem Rechner lesbar; chmod 600, und wählen Sie eine andere Passphrase.",
                )
                raise CommandError(text, "backup.passphrase_mode", {"path": str(file)})
            return _spelt(opened.readline(4096).rstrip(b"\r\n").decode(errors="surrogateescape"))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.", "backup.no_passphrase", {"path": str(file)}) from None


def credentials() -> Path | None:
    """Where the service manager puts a service's credentials, if it does."""
    found = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(found) if found else None


def explained(call: Call, act: Any) -> Any:
    """What `act` returns. Raises `CommandError` in place of the node's own errors."""
    from connector.cli.remote import settings_error
    from connector.errors import NodeError
    from connector.sentences import sentence

    try:
        return act()
    except NodeError as failure:
        reason = failure.reason
        if reason.code in ("config.wrong", "config.unreadable"):
            raise settings_error(reason.params) from failure
        raise CommandError(sentence(reason, call.lang), reason.code, dict(reason.params)) from failure


def _backed_up(told: dict[str, Any]) -> str:
    outside = [
        either(
            f"{path}: named by the settings, lies outside the directory",
            f"{path}: in den Einstellungen genannt, liegt außerhalb des Verzeichnisses",
        )
        for path in told["outside"]
    ]
    return paragraphs(
        labelled([("file", told["file"]), ("identity", told["id"]), ("bytes", told["bytes"])]),
        bullets("Not in the backup", outside),
    )


def _told(done: Restored) -> dict[str, Any]:
    return {
        "id": done.did,
        "backup": done.backup,
        "entries": done.entries,
        "generation": done.generation,
        "held": done.held,
        "findings": [{"code": one.code, "params": one.params} for one in done.findings],
    }


def _restored(call: Call, directory: Path, done: Restored) -> str:
    from connector.sentences import sentence

    return paragraphs(
        labelled(
            [
                ("identity", done.did),
                ("stands as of", instant(done.backup)),
                ("log entries", done.entries),
                ("contracts held", done.held),
            ]
        ),
        bullets("Something is wrong with the log", [sentence(one, call.lang) for one in done.findings]),
        bullets("Next", [f"allmende serve {directory}", "allmende status", "allmende audit reconcile PEER"]),
    )
