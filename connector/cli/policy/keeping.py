"""`allmende policy add`, `list` and `show`: policies that a node keeps, over its management API.

What does not live here: what happens to them afterwards (`living`), files alone (the other modules).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.names import PEER, POLICY, segment
from connector.cli.output import bullets, by, labelled, paragraphs
from connector.cli.policy import files
from connector.cli.terms import given_terms, with_terms
from connector.cli.words import either


@click.command(
    "add",
    cls=Leaf,
    examples=[
        "allmende policy add planning --purpose PublicPolicyMaking --until 2027-12-31",
        "allmende policy add trial --count 3",
        "allmende policy add waterworks --assignee stadtwerke --spatial 05515000",
        "allmende policy add mine --file policy.json",
    ],
)
@click.argument("name")
@with_terms
@click.option("--assignee", type=PEER, help="The only one who may use it: a peer's name or DID.")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file in any form: TOML, ODRL as JSON-LD or Turtle, an offer of the protocol as JSON.",
)
@click.pass_obj
def add(call: Call, /, name: str, assignee: str | None, file: Path | None, **given: Any) -> None:
    """Keep terms under NAME. The same NAME again makes a new version; contracts concluded keep theirs.

    Without any option the terms are: any use, by anybody who may see the offer.
    """
    terms = given_terms(**given, assignee=_did(call, assignee))
    if file and terms:
        raise click.UsageError(
            either(
                "--file says it all; give no other terms beside it",
                "--file sagt alles; nennen Sie daneben keine weiteren Bedingungen",
            )
        )
    body: dict[str, Any] = {"document": _document(file)} if file else {"terms": terms}
    kept = call.remote.post("/policies", {"name": name, **body})
    call.answer(kept, lambda: paragraphs(f"Kept as {kept['id']}.", bullets("Terms", kept["sentences"])))


@click.command("list", cls=Leaf, examples=["allmende policy list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the policies."""
    items = call.remote.every("/policies")
    none = "No policies yet. Add one with: allmende policy add NAME"
    call.answer(items, lambda: paragraphs(*(bullets(one["id"], one["sentences"]) for one in items)) or none)


@click.command("show", cls=Leaf, examples=["allmende policy show planning", "allmende policy show planning --lang de"])
@click.argument("name", type=POLICY)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show a policy in sentences and in the form of the protocol."""
    one = call.remote.get(f"/policies/{segment(name)}")
    call.answer(one, lambda: _text(one))


def _did(call: Call, name: str | None) -> str | None:
    if name is None or name.startswith("did:"):
        return name
    return str(call.remote.get(f"/peers/{segment(name)}")["id"])


def _document(file: Path) -> Any:
    """The policy of a file as JSON. What is JSON already goes as it stands: the node refuses by name and place."""
    from msgspec import DecodeError, json

    if file.suffix.lower() in (".toml", ".ttl"):
        from policies import forms

        return json.decode(files.written(files.one(file, None, lenient=False), forms.Form.DSP, str(file)))
    try:
        return json.decode(file.read_bytes())
    except DecodeError as wrong:
        raise CommandError(
            either(f"{file} is not JSON: {wrong}.", f"{file} ist kein JSON: {wrong}."), "policy.unreadable"
        ) from wrong


def _text(one: Any) -> str:
    from msgspec import json

    return paragraphs(
        labelled([("policy", one["id"]), ("since", by(one["created"], one["created_by"]))]),
        bullets("Terms", one["sentences"]),
        json.format(json.encode(one["document"]), indent=2).decode(),
    )
