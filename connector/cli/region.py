"""`allmende region`: a region that a node keeps, its places and members, other regions that it vouches for."""

from __future__ import annotations

import sys
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.local import region_init
from connector.cli.names import DAYS, MEMBER, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, table
from connector.cli.trust import seen_words
from connector.cli.words import either, word

MEMBERS = {
    "name": "name",
    "title": "title",
    "role": "role",
    "state": "state",
    "id": "identity",
    "key": "key number",
    "since": "since",
}
PLACES = {"name": "name", "title": "title", "role": "role", "state": "state", "until": "until"}
VOUCHES = {"title": "name", "did": "identity", "types": "for", "ends": "until"}
_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Dark above and below -> the character whose background stands for dark."""
_REASON = click.option("--reason", default="", help="Why; it is kept in the log and told to nobody else.")


@click.group(cls=Noun)
def region() -> None:
    """A region's trust domain, kept by this node: who belongs to it, and what is issued to them.

    Its members are believed by every node that believes the region, without comparing words one by one.
    """


region.add_command(region_init)


@region.command(
    "invite",
    examples=[
        'allmende region invite "Gemeinde Nachbarsdorf" --key 14612000',
        'allmende region invite "Pegel Elbe 7" --device --days 2d --qr',
    ],
)
@click.argument("title")
@click.option("--name", help="Short name of the place; default: made from the title.")
@click.option("--key", default="", help="Official municipality key (AGS or ARS), attested to others.")
@click.option("--device", is_flag=True, help="The place is for a device, not for a node.")
@click.option("--days", type=DAYS, default="14d", show_default=True, help="How long the code is good: 14d, 36h.")
@click.option("--private", is_flag=True, help="Allow an address in a private network for it.")
@click.option("--unlisted", is_flag=True, help="Do not name it among the members that everybody may see.")
@click.option("--qr/--no-qr", default=None, help="Also as a QR code; default: on a terminal.")
@click.pass_obj
def invite(
    call: Call,
    /,
    title: str,
    name: str | None,
    key: str,
    device: bool,
    days: float,
    private: bool,
    unlisted: bool,
    qr: bool | None,
) -> None:
    """Make a place for TITLE and print its one-time code, which is shown this once.

    Give the code to the people of that place by a way that others do not read: in person, by telephone, by letter. It
    also tells their node that it speaks to this region and no other.
    """
    body: dict[str, Any] = {"title": title, "key": key, "days": days, "private": private, "listed": not unlisted}
    made = call.remote.post(
        "/region/invites", {**body, "role": "device" if device else "node", **({"name": name} if name else {})}
    )
    line = f"allmende join {made['url']} {made['code']}" + (" --private" if private else "")
    call.answer(made if device else {**made, "command": line}, lambda: _invited(made, line, device, qr))


def _invited(made: Any, line: str, device: bool, qr: bool | None) -> str:
    place = made["place"]
    shown = sys.stdout.isatty() if qr is None else qr
    typed = f"{made['url']} {made['code']}" if device else line
    there = (
        either("Address and code for the device:", "Adresse und Code für das Gerät:")
        if device
        else either("What the people there type on their node:", "Was die Leute dort an ihrem Knoten eingeben:")
    )
    return paragraphs(
        labelled(
            [
                ("place", place["name"]),
                ("title", place["title"]),
                ("one-time code", made["code"]),
                ("good until", instant(place["until"])),
            ]
        ),
        f"{there}\n  {typed}",
        _qr(typed) if shown else "",
        either(
            f"The code is shown this once. If it is lost: allmende region withdraw {place['name']}, and invite again.",
            f"Der Code wird nur dieses Mal gezeigt. Geht er verloren: allmende region withdraw {place['name']}, "
            "und neu einladen.",
        ),
    )


def _qr(text: str) -> str:
    """The text as a QR code, two modules in one character; drawn for a dark terminal, and readers take it inverted."""
    import segno

    modules = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=2)]
    pairs = zip(modules[::2], [*modules[1::2], *([[0] * len(modules[0])] if len(modules) % 2 else [])], strict=True)
    return "\n".join("".join(_BLOCKS[bool(up), bool(down)] for up, down in zip(*pair, strict=True)) for pair in pairs)


@region.command("withdraw", examples=["allmende region withdraw gemeinde-nachbarsdorf"])
@click.argument("name")
@click.pass_obj
def withdraw(call: Call, name: str) -> None:
    """Take an invitation back that nobody has used."""
    gone = call.remote.delete(f"/region/invites/{segment(name)}")
    call.answer(gone, lambda: either(f"The code of {name} is void.", f"Der Code von {name} gilt nicht mehr."))


@region.command(
    "countersign",
    examples=['allmende region countersign gemeinde-nachbarsdorf --words "lusab-babad-gutih-tugad-..."'],
)
@click.argument("name", type=MEMBER)
@click.option("--words", required=True, help="The words of the member's new keys, as they have told you.")
@click.pass_obj
def countersign(call: Call, name: str, words: str) -> None:
    """Vouch for the new keys of a member that has lost its own: everybody who believes the region follows.

    Let the member's people read their words to you, in person or on a number that you know.
    """
    kept = call.remote.post(f"/region/members/{segment(name)}/keys", {"words": words})
    call.answer(
        kept,
        lambda: either(
            f"The region vouches for the keys of {name}.", f"Die Region bürgt für die Schlüssel von {name}."
        ),
    )


@region.command("members", examples=["allmende region members", "allmende region members --json"])
@click.pass_obj
def members(call: Call) -> None:
    """List members and devices, and places that wait for one."""
    found = call.remote.every("/region/members")
    waiting = [one for one in call.remote.every("/region/invites") if one["state"] in ("open", "late")]
    rows = [{**one, "since": instant(one["since"]), "state": word(one["state"])} for one in found]
    places = [{**one, "until": instant(one["until"]), "state": word(one["state"])} for one in waiting]
    none = 'No members yet. Invite one with: allmende region invite "Town of Nachbarsdorf"'
    call.answer(
        {"members": found, "places": waiting},
        lambda: paragraphs(table(rows, MEMBERS, none), table(places, PLACES, "") if places else ""),
    )


@region.command("show", examples=["allmende region show gemeinde-nachbarsdorf"])
@click.argument("name", type=MEMBER)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one member."""
    one = call.remote.get(f"/region/members/{segment(name)}")
    call.answer(
        one,
        lambda: labelled(
            [
                ("name", one["name"]),
                ("title", one["title"]),
                ("identity", one["id"]),
                ("role", one["role"]),
                ("state", word(one["state"])),
                ("since", instant(one["since"])),
                ("reason", one["reason"]),
                ("key number", one["key"]),
                ("private network", one["private"]),
                ("named to everybody", one["listed"]),
            ]
        ),
    )


@region.command(
    "comply",
    examples=["allmende region comply gemeinde-nachbarsdorf", "allmende region comply gemeinde-nachbarsdorf --check"],
)
@click.argument("name", type=MEMBER)
@click.option("--check", "only", is_flag=True, help="Only judge; attest nothing.")
@click.pass_obj
def comply(call: Call, name: str, only: bool) -> None:
    """Judge a member's descriptions by the rules, and attest which criteria they meet."""
    path = f"/region/members/{segment(name)}"
    found = call.remote.get(f"{path}/compliance") if only else call.remote.post(f"{path}/comply")
    unmet = [one["sentence"] for one in found["unmet"]]
    told = (
        either(f"{name} meets every criterion.", f"{name} erfüllt alle Kriterien.")
        if found["complies"]
        else either(f"{name} does not meet every criterion.", f"{name} erfüllt nicht alle Kriterien.")
    )
    parts = [told, bullets(either("Met:", "Erfüllt:"), found["met"])] if found["met"] else [told]
    if unmet:
        parts.append(bullets(either("To be mended:", "Noch zu tun:"), unmet))
    call.answer(found, lambda: paragraphs(*parts))


@region.command("suspend", examples=["allmende region suspend gemeinde-nachbarsdorf --reason 'no contact'"])
@click.argument("name", type=MEMBER)
@_REASON
@click.pass_obj
def suspend(call: Call, name: str, reason: str) -> None:
    """Let what was issued to a member count nothing until it is restored."""
    _move(call, name, "suspend", reason, f"{name} is suspended.", f"Die Mitgliedschaft von {name} ruht.")


@region.command("restore", examples=["allmende region restore gemeinde-nachbarsdorf"])
@click.argument("name", type=MEMBER)
@_REASON
@click.pass_obj
def restore(call: Call, name: str, reason: str) -> None:
    """Let a suspended member count again."""
    _move(call, name, "restore", reason, f"{name} is a member again.", f"{name} ist wieder Mitglied.")


@region.command("remove", examples=["allmende region remove gemeinde-nachbarsdorf --reason 'merged with the city'"])
@click.argument("name", type=MEMBER)
@_REASON
@click.pass_obj
def remove(call: Call, name: str, reason: str) -> None:
    """A member leaves: what was issued to it is revoked for good. It can come back by a new invitation."""
    _move(call, name, "remove", reason, f"{name} is no member any more.", f"{name} ist kein Mitglied mehr.")


@region.command("stolen", examples=["allmende region stolen pegel-elbe-7 --reason 'device gone'"])
@click.argument("name", type=MEMBER)
@_REASON
@click.pass_obj
def stolen(call: Call, name: str, reason: str) -> None:
    """A member's keys are in other hands: everything is revoked, and its name never gets anything here again."""
    _move(
        call,
        name,
        "stolen",
        reason,
        f"Everything of {name} is revoked.",
        f"Alles, was {name} hatte, ist widerrufen.",
    )


def _move(call: Call, name: str, move: str, reason: str, english: str, german: str) -> None:
    done = call.remote.post(f"/region/members/{segment(name)}/{move}", {"reason": reason})
    call.answer(
        done,
        lambda: (
            f"{either(english, german)} "
            + either(
                "Others hear of it when they ask for the region's lists again, within minutes.",
                "Andere erfahren es, wenn sie die Listen der Region wieder abfragen, in Minuten.",
            )
        ),
    )


@region.command(
    "vouch",
    examples=[
        "allmende region vouch https://region.heide.example",
        'allmende region vouch did:web:region.heide.example --fingerprint "lusab-babad-gutih-tugad-..."',
        "allmende region vouch did:web:region.heide.example --end",
    ],
)
@click.argument("other")
@click.option("--fingerprint", help="The words that the other region told you; other keys are refused.")
@click.option("--type", "types", multiple=True, help="Type of credential to believe it for; repeatable.")
@click.option("--scope", "scopes", multiple=True, help="What its members may do: catalog, negotiate; repeatable.")
@click.option("--days", type=DAYS, default="90d", show_default=True, help="How long this is said: 90d.")
@click.option("--private", is_flag=True, help="Allow addresses in a private network for it.")
@click.option("--yes", is_flag=True, help="Do not ask; the keys found are believed as they are.")
@click.option("--end", is_flag=True, help="Say it no more.")
@click.pass_obj
def vouch(
    call: Call,
    /,
    other: str,
    fingerprint: str | None,
    types: tuple[str, ...],
    scopes: tuple[str, ...],
    days: float,
    private: bool,
    yes: bool,
    end: bool,
) -> None:
    """Vouch for the region OTHER (address or DID).

    Whoever believes this region about others (trust add --vouches) believes the members of OTHER too.
    """
    if end:
        gone = call.remote.delete(f"/region/vouches/{segment(other)}")
        call.answer(
            gone,
            lambda: either(
                f"This region vouches for {gone['title']} no more.",
                f"Diese Region bürgt nicht mehr für {gone['title']}.",
            ),
        )
        return
    words = fingerprint or seen_words(call, other, private, yes)
    body: dict[str, Any] = {"region": other, "words": words, "days": days, "private": private}
    given = call.remote.post(
        "/region/vouches", {**body, **({"types": types} if types else {}), **({"scopes": scopes} if scopes else {})}
    )
    call.answer(
        given,
        lambda: either(
            f"This region now vouches for {given['title']}, until {instant(given['ends'])}.",
            f"Diese Region bürgt jetzt für {given['title']}, bis {instant(given['ends'])}.",
        ),
    )


@region.command(
    "renew", examples=["allmende region renew nodes", "allmende region renew list", "allmende region renew root"]
)
@click.argument("what", type=click.Choice(["nodes", "devices", "list", "root"]))
@click.pass_obj
def renew(call: Call, what: str) -> None:
    """Make an authority, the root's list of revocations, or the root itself anew, before its time is over.

    Needs the root's key: fetch root.pem from the safe, put it back into keys/region, and take it away afterwards. What
    was issued goes on until its end, and members follow by themselves.
    """
    one = call.remote.post("/region/renew", {"what": what})
    call.answer(
        one,
        lambda: paragraphs(
            either("Done; members follow by themselves.", "Erledigt; Mitglieder folgen von selbst."), _standing(one, [])
        ),
    )


@region.command("status", examples=["allmende region status"])
@click.pass_obj
def status(call: Call) -> None:
    """Show how the region is doing: its fingerprint, members, what ends when."""
    one = call.remote.get("/region")
    vouches = call.remote.every("/region/vouches")
    call.answer({**one, "vouches": vouches}, lambda: _standing(one, vouches))


def _standing(one: Any, vouches: list[Any]) -> str:
    rows = [{**given, "ends": instant(given["ends"])} for given in vouches]
    return paragraphs(
        labelled(
            [
                ("region", one["name"]),
                ("address", one["url"]),
                ("identity", one["did"]),
                ("fingerprint", one["words"]),
                ("root certificate", one["root"]),
                ("root ends", instant(one["root_ends"])),
                ("nodes' authority ends", instant(one["nodes_end"])),
                ("devices' authority ends", instant(one["devices_end"])),
                ("members", one["members"]),
                ("suspended", one["suspended"] or None),
                ("open places", one["open_places"]),
                ("credentials issued", one["credentials"]),
            ]
        ),
        either(
            "The root's key lies on this machine (keys/region/root.pem). Copy it to a safe place, then delete it here.",
            "Der Schlüssel der Wurzel liegt auf diesem Rechner (keys/region/root.pem). Sicher verwahren, hier löschen.",
        )
        if one["root_key"]
        else "",
        f"{word('Vouches for')}\n{table(rows, VOUCHES, '')}" if rows else "",
    )
