"""`allmende edge install`, `image` and `update`: a machine becomes a device, and stays up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, labelled, paragraphs
from connector.cli.words import either
from edge_node.cli.device import INSTALLED, told

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(cls=Leaf, node=False, examples=["allmende edge install", "allmende edge install --print"])
@click.argument("directory", required=False, type=FOLDER, metavar="[DIR]")
@click.option("--user", default="allmende-edge", show_default=True, help="The user that the device works as.")
@click.option("--print", "printed", is_flag=True, help="Print the unit and change nothing.")
@click.pass_obj
def install(call: Call, directory: Path | None, user: str, printed: bool) -> None:
    """Have systemd run a device on this machine: its user, its directory, its unit.

    For a program that was installed from wheels; the .deb package brings all of this with it.
    """
    from connector.errors import NodeError
    from connector.proxy import shipped
    from connector.sentences import sentence
    from edge_node.packages.installing import install as act

    place, program = (directory or INSTALLED).absolute(), Path(sys.argv[0]).resolve()
    try:
        if printed:
            text = shipped.device_service(place, program=program, user=user)
            call.answer({"text": text}, lambda: text.rstrip("\n"))
            return
        with told(call):
            unit = act(place, program, user)
    except NodeError as failure:
        raise CommandError(sentence(failure.reason, call.lang), failure.reason.code, failure.reason.params) from None
    enrol = f"sudo -u {user} {program} edge enrol CODE@NODE {place}"
    call.answer(
        {"unit": str(unit), "directory": str(place), "user": user},
        lambda: paragraphs(
            labelled([("file", unit), ("directory", place)]),
            bullets("Next", [enrol, "sudo systemctl start allmende-edge"]),
        ),
    )


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende edge image /mnt/pi allmende-edge_0.1.0_arm64.deb",
        "allmende edge image /mnt/pi allmende-edge_0.1.0_arm64.deb --enrol -",
    ],
)
@click.argument("root", type=FOLDER)
@click.argument("package", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--enrol", metavar="CODE@NODE", help="It enrols by itself at its first start; - reads standard input.")
@click.pass_obj
def image(call: Call, root: Path, package: Path, enrol: str | None) -> None:
    """Put the device's PACKAGE into the system of a memory card or an image that is mounted at ROOT.

    Nothing of that system is run, so that it may be one for another processor.
    """
    from edge_node.packages.installing import put_in_image

    invitation = sys.stdin.readline().strip() if enrol == "-" else enrol or ""
    with told(call):
        release = put_in_image(root, package, invitation)
    call.answer(
        {"root": str(root), "release": release, "enrols": bool(invitation)},
        lambda: labelled(
            [("directory", root), ("version", release), ("settings", root / "etc/allmende-edge/edge.toml")]
        ),
    )


@click.command(
    cls=Leaf,
    node=False,
    examples=[
        "allmende edge update /media/usb/allmende-edge_0.2.0_arm64.deb",
        "allmende edge update ./allmende-edge_0.2.0_arm64.deb --keys ./keys",
    ],
)
@click.argument("package", type=FILE)
@click.option("--keys", type=FOLDER, help="Who may sign, as PEM files; default: /etc/allmende-edge/update-keys.")
@click.option("--older", is_flag=True, help="Also one that is not newer than what is installed.")
@click.pass_obj
def update(call: Call, package: Path, keys: Path | None, older: bool) -> None:
    """Install PACKAGE if the file PACKAGE.release beside it is signed by a key that this machine believes.

    The version before is kept, and runs again where the new one does not get ready.
    """
    from edge_node.packages.announced import KEYS
    from edge_node.packages.installing import update as act

    with told(call):
        done = act(package, keys=keys or KEYS, older=older)
    said = either(f"{done.package} {done.version} is installed.", f"{done.package} {done.version} ist installiert.")
    call.answer({"package": done.package, "version": done.version}, lambda: said)
