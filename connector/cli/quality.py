"""`allmende catalog quality`: how good the descriptions of this node's own data are, and what would help most."""

from __future__ import annotations

from typing import Any

import click

from connector.cli import ages, found
from connector.cli.command import Call, Leaf
from connector.cli.names import ASSET, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, plain, table
from connector.cli.words import either

COLUMNS = {"name": "asset", "points": "score", "update": "last change", "broken": "trouble", "mend": "what"}


@click.command(
    "quality",
    cls=Leaf,
    examples=[
        "allmende catalog quality",
        "allmende catalog quality trees --lang de",
        "allmende catalog quality --json | jq '.[] | select(.score < 60) | .name'",
    ],
)
@click.argument("asset", type=ASSET, required=False)
@click.pass_obj
def quality(call: Call, asset: str | None) -> None:
    """Show how complete and fresh what this node says of its assets is, the weakest first, with what would help most.

    With ASSET all of it: the three most useful mends, the promised update, addresses that do not answer. Addresses are
    looked at where the setting `[catalog] probe` is on.
    """
    if asset is not None:
        one = call.remote.get(f"/catalog/quality/{segment(asset)}")
        call.answer(one, lambda: text(one))
        return
    items = sorted(call.remote.every("/catalog/quality"), key=lambda one: (one["score"], one["name"]))
    call.answer(items, lambda: table(map(_row, items), COLUMNS, either("No assets.", "Keine Daten.")))


def text(one: Any) -> str:
    """How good one description is."""
    now = ages.now()
    return paragraphs(
        labelled(
            [
                ("asset", one["name"]),
                ("title", one["title"]),
                ("score", either(f"{one['score']} of 100", f"{one['score']} von 100")),
                (either("portals", "Portale"), _portals(one)),
                (either("updated", "aktualisiert"), ages.age(one["modified"], now) if one["modified"] else ""),
                (either("promised", "versprochen"), _promise(one)),
                (either("addresses", "Adressen"), _addresses(one)),
            ]
        ),
        bullets(
            either("What would help most", "Was am meisten helfen würde"), [each["sentence"] for each in one["mends"]]
        ),
        bullets(
            either("Addresses that do not answer", "Adressen, die nicht antworten"),
            [_broken(each) for each in one["broken"]],
        ),
    )


def _row(one: Any) -> dict[str, Any]:
    first = one["mends"][0]["sentence"] if one["mends"] else ""
    return {
        "name": one["name"],
        "points": one["score"],
        "update": found.late(one["late"])
        if one["late"]
        else either("as promised", "wie versprochen")
        if one["due"]
        else "",
        "broken": len(one["broken"]) or "",
        "mend": first,
    }


def _kept(one: Any) -> str:
    """Is what was promised kept?"""
    if one["late"]:
        return found.late(one["late"])
    return either("as promised", "wie versprochen") if one["due"] else ""


def _portals(one: Any) -> str:
    count = one["violations"]
    if count:
        return either(
            f"would refuse it ({count} violation{'' if count == 1 else 's'})",
            f"würden es ablehnen ({count} Verst{'oß' if count == 1 else 'öße'})",
        )
    if not one["shown"]:
        return either("do not see it: it is not offered to everybody", "sehen es nicht: nicht für alle angeboten")
    return either("take it", "nehmen es an")


def _promise(one: Any) -> str:
    promised = found.often(one["frequency"])
    if not promised:
        return either("nothing", "nichts")
    return f"{promised}; {found.late(one['late'])}" if one["late"] else promised


def _addresses(one: Any) -> str:
    if not one["addresses"]:
        return ""
    if not one["probing"]:
        return either(
            f"{one['addresses']}, not looked at (setting [catalog] probe)",
            f"{one['addresses']}, nicht angesehen (Einstellung [catalog] probe)",
        )
    return either(
        f"{one['looked']} of {one['addresses']} looked at", f"{one['looked']} von {one['addresses']} angesehen"
    )


def _broken(one: Any) -> str:
    why = one["why"]["sentence"] if one["why"] else ""
    since = either(f"since {instant(one['since'])}", f"seit {instant(one['since'])}")
    return f"{plain(one['address'])} - {why} ({since})"
