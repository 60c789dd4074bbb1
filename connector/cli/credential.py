"""`allmende credential`: what this node can prove of itself, and what its region has issued to others."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.names import CREDENTIAL, REGION, segment
from connector.cli.output import cell, instant, labelled, paragraphs, table, tail
from connector.cli.words import either, word

HELD = {"id": "credential", "kind": "kind", "issuer_name": "from", "profile": "form", "state": "state", "ends": "until"}
ISSUED = {"id": "credential", "kind": "kind", "holder_name": "to", "profile": "form", "state": "state", "ends": "until"}
REQUESTS = {"issuer_name": "from", "kinds": "kind", "state": "state", "created": "since", "why": "why"}
OFFERED = {"kind": "kind", "profile": "form", "id": "identifier"}
_NONE = "No credentials yet. Join a region with: allmende join URL CODE"


@click.group(cls=Noun)
def credential() -> None:
    """Signed statements of regions about their members: held here, or issued from here.

    What this node holds is shown to whoever it calls, renewed in time, and replaced by itself.
    """


@credential.command("list", examples=["allmende credential list", "allmende credential list --issued"])
@click.option("--issued", is_flag=True, help="What the region of this node has issued, instead of what it holds.")
@click.pass_obj
def list_(call: Call, issued: bool) -> None:
    """List the credentials that this node holds, and its open requests; or, with --issued, its region's."""
    if issued:
        given = call.remote.every("/region/credentials")
        call.answer(given, lambda: table(map(_row, given), ISSUED, "Nothing issued yet."))
        return
    held = call.remote.every("/credentials")
    open_ = [one for one in call.remote.every("/credential-requests") if one["state"] == "open"]
    rows = [_request(one) for one in open_]
    call.answer(
        {"credentials": held, "requests": open_},
        lambda: paragraphs(table(map(_row, held), HELD, _NONE), table(rows, REQUESTS, "") if rows else ""),
    )


@credential.command("show", examples=["allmende credential show 5f0c71aa"])
@click.argument("id", type=CREDENTIAL)
@click.option("--token", is_flag=True, help="Print it as it is signed, and nothing else.")
@click.pass_obj
def show(call: Call, id: str, token: bool) -> None:
    """Show one credential: who says what of whom, until when."""
    one = call.remote.get(f"/credentials/{segment(id)}")
    call.answer(one, lambda: one["token"] if token else _text(one))


@credential.command(
    "request",
    examples=[
        "allmende credential request region-elbland",
        "allmende credential request did:web:issuer.example --kind SupplierCredential --code 8f2c...",
    ],
)
@click.argument("issuer", metavar="REGION|DID", type=REGION)
@click.option("--kind", "kinds", multiple=True, help="Type of credential; default: MembershipCredential; repeatable.")
@click.option("--code", default="", help="What the issuer gave you beforehand, where it wants one.")
@click.pass_obj
def request(call: Call, issuer: str, kinds: tuple[str, ...], code: str) -> None:
    """Ask an issuer for credentials; they come by themselves when it has issued them."""
    body = {"issuer": issuer, "code": code, **({"kinds": kinds} if kinds else {})}
    asked = call.remote.post("/credential-requests", body)
    call.answer(
        asked,
        lambda: either(
            f"{asked['issuer_name']} has been asked. See: allmende credential list",
            f"{asked['issuer_name']} ist gefragt. Siehe: allmende credential list",
        ),
    )


@credential.command("offers", examples=["allmende credential offers region-elbland"])
@click.argument("issuer", metavar="REGION|DID", type=REGION)
@click.pass_obj
def offers(call: Call, issuer: str) -> None:
    """List the credentials that an issuer says it has; it is asked now."""
    items = call.remote.get(f"/issuers/{segment(issuer)}/offers")["items"]
    call.answer(items, lambda: table(items, OFFERED, "It offers nothing that is understood here."))


@credential.command("revoke", examples=["allmende credential revoke 5f0c71aa --reason 'issued by mistake'"])
@click.argument("id")
@click.option("--reason", default="", help="Why; it is kept in the log and told to nobody else.")
@click.pass_obj
def revoke(call: Call, id: str, reason: str) -> None:
    """Take back, for good, a credential that the region of this node has issued. To pause: allmende region suspend."""
    done = call.remote.post(f"/region/credentials/{segment(id)}/revoke", {"reason": reason})
    call.answer(
        done,
        lambda: either(
            f"The {done['kind']} of {done['holder_name']} is revoked.",
            f"{done['kind']} von {done['holder_name']} ist widerrufen.",
        ),
    )


def _row(one: Any) -> dict[str, Any]:
    return {**one, "id": tail(one["id"]), "state": word(one["state"]), "ends": instant(one["ends"])}


def _request(one: Any) -> dict[str, Any]:
    why = one["why"]["sentence"] if one["why"] else ""
    return {**one, "state": word(one["state"]), "created": instant(one["created"]), "why": why}


def _text(one: Any) -> str:
    claims = {name: value for name, value in one["claims"].items() if name != "id"}
    return labelled(
        [
            ("credential", one["id"]),
            ("kind", one["kind"]),
            ("from", one["issuer_name"]),
            ("issuer", one["issuer"]),
            ("says", cell(claims)),
            ("form", one["profile"]),
            ("state", word(one["state"])),
            ("since", instant(one["begins"])),
            ("until", instant(one["ends"])),
            ("received", instant(one["received"])),
        ]
    )
