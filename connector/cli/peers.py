"""`allmende peer`: participants that this node knows and trusts, each pinned by the fingerprint of its keys."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import PEER, segment
from connector.cli.output import by, instant, labelled, remark, table
from connector.cli.words import either, word

COLUMNS = {
    "name": "name",
    "url": "address",
    "words": "fingerprint",
    "known": "known by",
    "added": "added",
    "added_by": "by",
}
BARRED = {"name": "name", "url": "address", "at": "removed", "by": "by"}


@click.group(cls=Noun)
def peer() -> None:
    """Participants that this node knows and trusts.

    A peer is found by its address and kept with the keys that answered there. Compare the fingerprint words with the
    peer by telephone or in person: they are what protects from an impostor.
    """


@peer.command(
    "add",
    examples=[
        "allmende peer add https://daten.nachbarstadt.example --name nachbarstadt",
        'allmende peer add https://daten.nachbarstadt.example --fingerprint "lusab-babad-gutih-tugad-..."',
    ],
)
@click.argument("url")
@click.option("--name", help="Short name to call the peer by; default: the first part of its host name.")
@click.option("--fingerprint", help="The words that the peer told you; other keys are refused.")
@click.option("--private", is_flag=True, help="Allow addresses in a private network for this peer.")
@click.option("--pin", is_flag=True, help="Compare words also where a region vouches for the peer.")
@click.option("--yes", is_flag=True, help="Do not ask; the keys found are trusted as they are.")
@click.pass_obj
def add(
    call: Call, /, url: str, name: str | None, fingerprint: str | None, private: bool, pin: bool, yes: bool
) -> None:
    """Look at the node at URL and keep it as a peer, once a region vouches for it or you have compared its fingerprint.

    Where a region that this node believes vouches for it, no words are compared. Else they are shown on a terminal and
    you are asked; without a terminal give --fingerprint, or --yes.
    """
    name = name or (urlsplit(url).hostname or "peer").split(".")[0]
    try:
        if not (pin or fingerprint or yes) and (vouched := _vouched(call, url, name, private)) is not None:
            _let_in(vouched)
            call.answer(vouched, lambda: _welcomed(vouched))
            return
        words = fingerprint or _look(call, url, name, private, yes)
        kept = call.remote.post("/peers", {"url": url, "name": name, "words": words, "private": private})
    except CommandError as refusal:
        if refusal.code == "peer.address_refused":
            own = "If it is your own network, or this machine, say --private."
            refusal.sentence += " " + either(own, "Ist es Ihr eigenes Netz oder dieser Rechner: --private.")
        raise
    _let_in(kept)
    call.answer(kept, lambda: f"{name} {either('is now a peer of this node.', 'ist jetzt eine Gegenstelle.')}")


@peer.command("list", examples=["allmende peer list", "allmende peer list --barred"])
@click.option("--barred", is_flag=True, help="Those who were removed and are kept out until they are added again.")
@click.pass_obj
def list_(call: Call, barred: bool) -> None:
    """List the peers."""
    if barred:
        out = call.remote.every("/barred")
        left = [{**one, "at": instant(one["at"])} for one in out]
        call.answer(out, lambda: table(left, BARRED, "Nobody is kept out."))
        return
    items = call.remote.every("/peers")
    rows = [{**one, "added": instant(one["added"]), "known": _known(one)} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "No peers yet. Add one with: allmende peer add URL"))


@peer.command("show", examples=["allmende peer show nachbarstadt"])
@click.argument("name", type=PEER)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one peer."""
    one = call.remote.get(f"/peers/{segment(name)}")
    call.answer(one, lambda: _text(one))


@peer.command("remove", examples=["allmende peer remove nachbarstadt"])
@click.argument("name", type=PEER)
@click.pass_obj
def remove(call: Call, name: str) -> None:
    """Stop trusting a peer. Contracts and the log stay, but no data flows under them.

    It is a stranger from now on; where regions are believed it is also kept out until it is added again, whatever its
    region says (allmende peer list --barred).
    """
    left = sum(one["in_force"] for one in call.remote.every("/contracts", peer=name))
    gone = call.remote.delete(f"/peers/{segment(name)}")
    if gone["kept_out"]:
        remark(
            either(
                f"{name} is kept out, whatever a region says, until: allmende peer add {gone['url']}",
                f"{name} bleibt draußen, was immer eine Region bezeugt, bis: allmende peer add {gone['url']}",
            )
        )
    if left:
        remark(
            either(
                f"Contracts in force with {name}: {left}. No data flows under them until it is added again.",
                f"Geltende Verträge mit {name}: {left}. Daten fließen erst wieder, wenn sie eingetragen ist.",
            )
        )
    call.answer(
        {"removed": name}, lambda: either(f"{name} is no longer a peer.", f"{name} ist keine Gegenstelle mehr.")
    )


@peer.command(
    "accept-keys",
    examples=['allmende peer accept-keys nachbarstadt --words "lusab-babad-gutih-tugad-..."'],
)
@click.argument("name", type=PEER)
@click.option("--words", required=True, help="The words of the new keys, as the peer has told you.")
@click.option("--region", is_flag=True, help="NAME is a region that this node believes.")
@click.pass_obj
def accept_keys(call: Call, name: str, words: str, region: bool) -> None:
    """Believe a peer's new keys, for which nobody has vouched: its contracts go on.

    Call the peer on a number that you know, not on one from a message, and let them read their words to you.
    """
    kept = call.remote.post(f"/{'regions' if region else 'peers'}/{segment(name)}/keys", {"words": words})
    call.answer(
        kept,
        lambda: either(
            f"The keys of {kept['name']} are believed from now on; what was held for them goes on.",
            f"Die Schlüssel von {kept['name']} gelten jetzt; was ihretwegen ruhte, geht weiter.",
        ),
    )


def _let_in(one: Any) -> None:
    """Say so where it had been kept out until now."""
    if one["kept_out"]:
        remark(
            either(
                f"{one['name']} had been kept out since somebody removed it; that is over.",
                f"{one['name']} war draußen, seit jemand sie entfernt hat; das ist vorbei.",
            )
        )


def _vouched(call: Call, url: str, name: str, private: bool) -> Any:
    """The peer where a region that is believed vouches for it, else None."""
    if not call.remote.get("/regions")["items"]:
        return None
    try:
        return call.remote.post("/peers", {"url": url, "name": name, "private": private, "pin": False})
    except CommandError as refusal:
        if refusal.code != "peer.not_vouched":
            raise
        remark(refusal.sentence)
        return None


def _welcomed(one: Any) -> str:
    return either(
        f"{one['name']} is now a peer of this node; {one['region']} vouches for it, so no words were compared.",
        f"{one['name']} ist jetzt eine Gegenstelle; {one['region']} bürgt dafür, Wörter waren nicht zu vergleichen.",
    )


def _look(call: Call, url: str, name: str, private: bool, yes: bool) -> str:
    """The fingerprint of the node at `url`, once the person has said that it is the right one."""
    seen = call.remote.post("/peers/look", {"url": url, "private": private})
    remark(labelled([("identity", seen["id"]), ("fingerprint", seen["words"])]))
    _agree(name, yes)
    return str(seen["words"])


def _agree(name: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            either(
                "The fingerprint has not been compared. Give the words that the peer told you with --fingerprint, "
                "or --yes to trust what answers.",
                "Der Fingerabdruck ist nicht verglichen. Geben Sie die Wörter der Gegenstelle mit --fingerprint an, "
                "oder --yes, um dem zu trauen, was antwortet.",
            ),
            "peer.unconfirmed",
        )
    if not click.confirm(
        either(f"Are these the words that {name} told you?", f"Sind das die Wörter, die {name} Ihnen genannt hat?"),
        err=True,
    ):
        raise CommandError(
            either("The peer was not added.", "Die Gegenstelle wurde nicht eingetragen."), "peer.declined"
        )


def _known(one: Any) -> str:
    """How it is known that it is who it says."""
    if one["barred"]:
        return word("not trusted now")
    return word("compared words") if one["pinned"] else one["region"]


def _text(one: Any) -> str:
    return labelled(
        [
            ("name", one["name"]),
            ("identity", one["id"]),
            ("address", one["url"]),
            ("protocol", one["base"]),
            ("fingerprint", one["words"]),
            ("known by", _known(one)),
            ("why", one["barred"]["sentence"] if one["barred"] else None),
            ("private network", one["private"]),
            ("facts", one["facts"]),
            ("added", by(one["added"], one["added_by"])),
        ]
    )
