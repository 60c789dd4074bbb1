"""`allmende trust`: the regions that this node believes, and why a party is or is not trusted."""

from __future__ import annotations

import sys
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import REGION, segment
from connector.cli.output import bullets, by, instant, labelled, paragraphs, remark, table
from connector.cli.words import either, word

COLUMNS = {
    "name": "name",
    "title": "title",
    "how": "how",
    "types": "for",
    "scopes": "members may",
    "until": "until",
}
LISTED = {"title": "title", "url": "address", "key": "key number", "did": "identity"}
_NONE = "No regions yet. Join one with: allmende join URL CODE; or believe one: allmende trust add URL"


@click.group(cls=Noun)
def trust() -> None:
    """Whom this node believes about others: regions, each for named credentials; several side by side.

    A member of a region that is believed here needs no comparing of words. What it may then do is what offers, frame
    contracts and people say, as with everybody.
    """


@trust.command("list", examples=["allmende trust list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the regions that this node believes."""
    items = call.remote.every("/regions")
    rows = [{**one, "how": _how(one), "until": instant(one["until"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, _NONE))


@trust.command("show", examples=["allmende trust show region-elbland"])
@click.argument("name", type=REGION)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one region, and the members that it names now."""
    one = call.remote.get(f"/regions/{segment(name)}")
    try:
        members = call.remote.get(f"/regions/{segment(name)}/members")["items"]
    except CommandError as silent:
        members = []
        remark(silent.sentence)
    call.answer({**one, "members": members}, lambda: _text(one, members))


@trust.command(
    "add",
    examples=[
        "allmende trust add https://region.heide.example",
        'allmende trust add did:web:region.heide.example --fingerprint "lusab-babad-gutih-tugad-..." --vouches',
        "allmende trust add did:web:region.heide.example --scope catalog",
    ],
)
@click.argument("other", metavar="URL|DID")
@click.option("--name", help="Short name to call the region by; default: made from what it is called.")
@click.option("--fingerprint", help="The words that the region told you; other keys are refused.")
@click.option("--type", "types", multiple=True, help="Type of credential to believe it for; repeatable.")
@click.option("--scope", "scopes", multiple=True, help="What its members may do: catalog, negotiate; repeatable.")
@click.option("--vouches", is_flag=True, help="Believe what it says about other regions too.")
@click.option("--private", is_flag=True, help="Allow addresses in a private network for it and its members.")
@click.option("--yes", is_flag=True, help="Do not ask; the keys found are believed as they are.")
@click.pass_obj
def add(
    call: Call,
    /,
    other: str,
    name: str | None,
    fingerprint: str | None,
    types: tuple[str, ...],
    scopes: tuple[str, ...],
    vouches: bool,
    private: bool,
    yes: bool,
) -> None:
    """Believe the region at an address or DID. Typed again for the same region, it changes for what.

    Compare the fingerprint words with the region by telephone or in person, once for all its members. On a terminal the
    words are shown and you are asked. Without a terminal give --fingerprint, or --yes.
    """
    words = fingerprint or seen_words(call, other, private, yes)
    body: dict[str, Any] = {"region": other, "words": words, "vouches": vouches, "private": private}
    more = {"types": types, "scopes": scopes, "name": name}
    kept = call.remote.post("/regions", {**body, **{key: value for key, value in more.items() if value}})
    call.answer(
        kept,
        lambda: paragraphs(
            either(
                f"This node now believes {kept['title']} ({kept['name']}).",
                f"Dieser Knoten glaubt jetzt {kept['title']} ({kept['name']}).",
            ),
            bullets("Next", [f"allmende trust show {kept['name']}", "allmende peer add URL"]),
        ),
    )


@trust.command("remove", examples=["allmende trust remove region-heide"])
@click.argument("name", type=REGION)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Believe a region no more, nor those on its word alone. Nothing flows to its members; their contracts stand."""
    gone = call.remote.delete(f"/regions/{segment(name)}")
    call.answer(
        gone,
        lambda: either(
            f"This node does not believe {gone['title']} any more.", f"Dieser Knoten glaubt {gone['title']} nicht mehr."
        ),
    )


@trust.command(
    "explain",
    examples=["allmende trust explain nachbarstadt", "allmende trust explain did:web:daten.nachbarsdorf.example --now"],
)
@click.argument("party", metavar="PEER|DID|URL")
@click.option("--now", is_flag=True, help="Ask the party and its region again instead of telling what is known.")
@click.pass_obj
def explain(call: Call, party: str, now: bool) -> None:
    """Say why a party is or is not trusted: each link of the chain, what was checked, when it ends."""
    found = call.remote.get(f"/trust/{segment(party)}", now="true" if now else "false")
    call.answer(found, lambda: _chain(found))


def seen_words(call: Call, other: str, private: bool, yes: bool) -> str:
    """The fingerprint of the region at `other`, once the person has said that it is the right one."""
    try:
        seen = call.remote.post("/regions/look", {"region": other, "private": private})
    except CommandError as refusal:
        if refusal.code == "peer.address_refused":
            own = "If it is your own network, or this machine, say --private."
            refusal.sentence += " " + either(own, "Ist es Ihr eigenes Netz oder dieser Rechner: --private.")
        raise
    remark(labelled([("region", seen["title"]), ("identity", seen["did"]), ("fingerprint", seen["words"])]))
    if yes:
        return str(seen["words"])
    if not sys.stdin.isatty():
        raise CommandError(
            either(
                "The fingerprint has not been compared. Give the words that the region told you with --fingerprint, "
                "or --yes to believe what answers.",
                "Der Fingerabdruck ist nicht verglichen. Geben Sie die Wörter der Region mit --fingerprint an, "
                "oder --yes, um dem zu glauben, was antwortet.",
            ),
            "region.unconfirmed",
        )
    asked = either(
        f"Are these the words that {seen['title']} told you?", f"Sind das die Wörter, die {seen['title']} nannte?"
    )
    if not click.confirm(asked, err=True):
        raise CommandError(either("Nothing was changed.", "Es wurde nichts geändert."), "region.declined")
    return str(seen["words"])


def _how(one: Any) -> str:
    if one["changed"]:
        return word("keys changed")
    if one["vouched_by"]:
        return either(f"vouched for by {one['vouched_by']}", f"verbürgt von {one['vouched_by']}")
    return either("joined", "beigetreten") if one["own"] else either("decided here", "hier entschieden")


def _text(one: Any, members: list[Any]) -> str:
    told = labelled(
        [
            ("region", one["title"]),
            ("name", one["name"]),
            ("identity", one["did"]),
            ("address", one["url"]),
            ("fingerprint", one["words"]),
            ("believed for", one["types"]),
            ("members may", one["scopes"]),
            ("also about other regions", one["vouches"]),
            ("private network", one["private"]),
            ("this node is a member", one["own"]),
            ("vouched for by", one["vouched_by"]),
            ("until", instant(one["until"])),
            ("added", by(one["added"], one["added_by"])),
        ]
    )
    listed = f"{word('Members that it names')}\n{table(members, LISTED, '')}" if members else ""
    return paragraphs(told, one["changed"]["sentence"] if one["changed"] else "", listed)


def _chain(found: Any) -> str:
    who = found["name"] or found["did"]
    if found["how"] == "self":
        verdict = either("This is this node itself.", "Das ist dieser Knoten selbst.")
    elif found["trusted"]:
        verdict = either(f"{who} is trusted.", f"{who} wird vertraut.")
    else:
        verdict = either(f"{who} is NOT trusted.", f"{who} wird NICHT vertraut.")
    lines = [f"{'✓' if link['ok'] else '✗'} {link['sentence']}" for link in found["links"]]
    return paragraphs(
        verdict,
        bullets("The chain", lines),
        labelled(
            [
                ("identity", found["did"]),
                ("region", found["region"]),
                ("judged", instant(found["checked"])),
                ("judged again after", instant(found["until"])),
            ]
        ),
    )
