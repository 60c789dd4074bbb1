"""`allmende policy`: terms of use, named and versioned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import PEER, POLICY, segment
from connector.cli.output import bullets, by, labelled, paragraphs
from connector.cli.terms import given_terms, with_terms
from connector.cli.words import either


@click.group(cls=Noun)
def policy() -> None:
    """Terms of use, named and versioned. What a node does not understand, it refuses by name."""


@policy.command(
    "add",
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
    "--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="ODRL offer as JSON."
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
    body: dict[str, Any] = {"document": _read(file)} if file else {"terms": terms}
    kept = call.remote.post("/policies", {"name": name, **body})
    call.answer(kept, lambda: paragraphs(f"Kept as {kept['id']}.", bullets("Terms", kept["sentences"])))


@policy.command("list", examples=["allmende policy list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the policies."""
    items = call.remote.every("/policies")
    none = "No policies yet. Add one with: allmende policy add NAME"
    call.answer(items, lambda: paragraphs(*(bullets(one["id"], one["sentences"]) for one in items)) or none)


@policy.command("show", examples=["allmende policy show planning", "allmende policy show planning --lang de"])
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


def _read(file: Path) -> Any:
    from msgspec import DecodeError, json

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
