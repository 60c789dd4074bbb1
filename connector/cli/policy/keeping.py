"""`allmende policy add`, `list` and `show`: policies that a node keeps, over its management API.

What does not live here: what happens to them afterwards (`living`), files alone (the other modules).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.names import PEER, POLICY, segment
from connector.cli.output import bullets, by, labelled, paragraphs
from connector.cli.policy import files
from connector.cli.policy.living import signature
from connector.cli.terms import given_terms, with_terms
from connector.cli.words import either, word


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
    type=files.FILE,
    help="A file in any form: TOML, ODRL as JSON-LD or Turtle, an offer of the protocol as JSON.",
)
@click.option("--template", default="", help="What it was made from, as NAME@VERSION; default: as the file says.")
@click.option("--reason", default="", help="Why; it is kept with the policy and signed along with it.")
@click.option(
    "--with-offers", "offers", is_flag=True, help="Publish live offers under earlier versions anew, under this one."
)
@click.pass_obj
def add(
    call: Call,
    /,
    name: str,
    assignee: str | None,
    file: Path | None,
    template: str,
    reason: str,
    offers: bool,
    **given: Any,
) -> None:
    """Keep terms under NAME. The same NAME again makes a new version; contracts concluded keep theirs.

    Without any option the terms are: any use, by anybody who may see the offer. Where the node asks for further people
    ([policies] approvals), the version is a draft until they have approved it.
    """
    terms = given_terms(**given, assignee=_did(call, assignee))
    if file and terms:
        raise files.alone()
    body: dict[str, Any] = {"terms": terms} if file is None else _of_file(file)
    more = {"template": template, "reason": reason, "offers": offers}
    kept = call.remote.post("/policies", {"name": name, **body, **{key: one for key, one in more.items() if one}})
    call.answer(kept, lambda: paragraphs(_kept(kept), bullets("Terms", kept["sentences"])))


@click.command("list", cls=Leaf, examples=["allmende policy list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the policies."""
    items = call.remote.every("/policies")
    none = "No policies yet. Add one with: allmende policy add NAME"
    call.answer(
        items,
        lambda: (
            paragraphs(*(bullets(f"{one['id']} ({word(one['state'])})", one["sentences"]) for one in items)) or none
        ),
    )


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


def _of_file(file: Path) -> dict[str, Any]:
    """The policy of a file as JSON, and the template that it says it was made from. Raises `CommandError`."""
    from policies import template

    document, policy = files.offered(file)
    origin = template.origin(policy)
    return {"document": document, **({"template": "@".join(origin)} if origin else {})}


def _kept(one: Any) -> str:
    said = either(f"Kept as {one['id']}.", f"Angelegt als {one['id']}.")
    waits = one["needs"] - len(one["approvals"])
    if waits <= 0:
        return said
    return said + either(
        f" A draft: {waits} more {'has' if waits == 1 else 'have'} to approve it: allmende policy approve {one['id']}",
        f" Ein Entwurf: {'eine weitere Person muss' if waits == 1 else f'{waits} weitere Personen müssen'} zustimmen:"
        f" allmende policy approve {one['id']}",
    )


def _text(one: Any) -> str:
    from msgspec import json

    return paragraphs(
        labelled(
            [
                ("policy", one["id"]),
                ("state", word(one["state"])),
                ("since", by(one["created"], one["created_by"])),
                ("template", one["template"]),
                ("reason", one["reason"]),
                ("approved by", [vote["operator"] for vote in one["approvals"]]),
                ("signed", by(one["signed"], one["signed_by"]) if one["signed"] else ""),
                ("signature", signature(one)),
                ("SHA-256", one["digest"]),
            ]
        ),
        bullets("Terms", one["sentences"]),
        json.format(json.encode(one["document"]), indent=2).decode(),
    )
