"""`allmende dataplane`: a data plane by itself. `allmende plane`: planes of others (Data Plane Signaling)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.local import dataplane_init, dataplane_serve
from connector.cli.names import segment
from connector.cli.output import by, instant, labelled, table
from connector.cli.words import either

COLUMNS = {"name": "name", "endpoint": "address", "proof": "proof", "added": "added", "added_by": "by"}
FLOWS = {"id": "id", "plane": "plane", "dataset": "dataset", "counterparty": "with", "state": "state"}
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Noun)
def dataplane() -> None:
    """A data plane by itself, for control planes of others: enforcement, silos and audit of a node without contracts of
    its own.
    """


dataplane.add_command(dataplane_init)
dataplane.add_command(dataplane_serve)


@dataplane.command("flows", examples=["allmende dataplane flows"])
@click.pass_obj
def flows(call: Call) -> None:
    """What control planes have begun at this data plane, and where it stands."""
    items = call.remote.every("/dataflows")
    call.answer(items, lambda: table(items, FLOWS, "No control plane has begun anything yet."))


@click.group(cls=Noun)
def plane() -> None:
    """Planes of others that this node, or this data plane, speaks Data Plane Signaling with.

    A node drives data planes: an asset of the kind dataplane is served by the one that it names. A data plane by itself
    is driven by control planes. Both prove themselves with a secret that lies in a file on either side.
    """


@plane.command(
    "add",
    examples=[
        "allmende plane add geo --endpoint https://geo.example/signaling --token-file /etc/allmende/geo.secret",
        "allmende plane add edc --endpoint https://edc.example/signaling --token-url https://edc.example/token "
        "--client-id allmende --secret-file /etc/allmende/edc.secret --keys-url https://edc.example/jwks",
    ],
)
@click.argument("name")
@click.option("--endpoint", required=True, help="Base URL of its signaling API.")
@click.option("--token-file", type=FILE, help="File with the secret that it shows to us; mode 0600.")
@click.option("--own-token-file", type=FILE, help="File with the secret that we show to it; default: the same.")
@click.option("--token-url", help="OAuth 2: its token endpoint, instead of a shared secret.")
@click.option("--client-id", help="OAuth 2: our client id there.")
@click.option("--secret-file", type=FILE, help="OAuth 2: file with our client secret; mode 0600.")
@click.option("--keys-url", help="OAuth 2: where the keys of its own tokens are (JWKS).")
@click.option("--profile", "profiles", multiple=True, help="Transfer profile that it serves; repeatable.")
@click.option("--private", is_flag=True, help="Allow addresses in a private network for it.")
@click.option("--agreements", default="", help="Where a control plane gives agreements: a URL with {agreement} in it.")
@click.option("--key-file", type=FILE, help="File with the API key that is shown there (X-Api-Key); mode 0600.")
@click.pass_obj
def add(
    call: Call,
    /,
    name: str,
    endpoint: str,
    token_file: Path | None,
    own_token_file: Path | None,
    token_url: str | None,
    client_id: str | None,
    secret_file: Path | None,
    keys_url: str | None,
    profiles: tuple[str, ...],
    private: bool,
    agreements: str,
    key_file: Path | None,
) -> None:
    """Know a data plane or a control plane of somebody else as NAME, which is also the id that it has of itself.

    Secrets are read by the running node when they are needed; only where they lie is kept. The files have to be on the
    machine of the node. Eclipse EDC has no endpoint for agreements but that of its management API: --agreements.
    """
    said: dict[str, Any] = {"type": "oauth2_client_credentials" if token_url else "bearer"}
    files = {
        "token_file": token_file,
        "own_file": own_token_file,
        "clientSecret_file": secret_file,
        "key_file": key_file,
    }
    said |= {key: str(path.absolute()) for key, path in files.items() if path is not None}
    said |= {
        key: value
        for key, value in (("tokenEndpoint", token_url), ("clientId", client_id), ("jwksUri", keys_url))
        if value
    }
    body = {"name": name, "endpoint": endpoint, "authorization": said, "profiles": profiles, "private": private}
    body |= {"agreements": agreements}
    kept = call.remote.post("/planes", body)
    call.answer(kept, lambda: either(f"{name} is known.", f"{name} ist eingetragen."))


@plane.command("list", examples=["allmende plane list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the planes."""
    items = call.remote.every("/planes")
    rows = [{**one, "added": instant(one["added"]), "proof": one["authorization"].get("type", "")} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "No planes yet. Add one with: allmende plane add"))


@plane.command("show", examples=["allmende plane show geo"])
@click.argument("name")
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one plane."""
    one = call.remote.get(f"/planes/{segment(name)}")
    shown = [
        ("name", one["name"]),
        ("address", one["endpoint"]),
        ("proof", str(one["authorization"].get("type", ""))),
        ("profiles", ", ".join(one["profiles"])),
        ("added", by(one["added"], one["added_by"])),
    ]
    call.answer(one, lambda: labelled(shown))


@plane.command("remove", examples=["allmende plane remove geo"])
@click.argument("name")
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Know a plane no longer. What it has under way ends."""
    call.remote.delete(f"/planes/{segment(name)}")
    call.answer({"name": name}, lambda: either(f"{name} is not known any more.", f"{name} ist ausgetragen."))
