"""`allmende edge invite`, `edge fleet`, `edge collect`: the devices of a node, as its operators look after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from connector.cli.command import Call, Leaf, Noun
from connector.cli.names import CONTRACT, DAYS, Name, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, size, table
from connector.cli.words import either, word

DEVICE = Name("device", "/edge/devices", "name")
SENTENCES = "allmende.edge.sentences"
"""Under this name the context of the command has who says codes of devices in sentences (`edge_node.cli`): they are no
part of the connector."""
COLUMNS = {
    "name": "name",
    "title": "title",
    "state": "state",
    "version": "version",
    "seen": "seen",
    "deliveries": "deliveries",
    "health": "health",
    "gaps": "gaps",
    "hours_left": "room in hours",
}
ARRIVED_COLUMNS = {
    "device": "device",
    "contract": "contract",
    "series": "series",
    "here": "here",
    "awaited": "awaited",
    "gone": "will never come",
    "why": "why",
    "latest": "last",
}
HOURS_IN_DAYS = 48


@click.command(
    "invite",
    cls=Leaf,
    examples=['allmende edge invite "Cabinet at the bridge"', 'allmende edge invite "Roof" --name roof --days 2d'],
)
@click.argument("title")
@click.option("--name", help="Short name, the end of its identity for good; default: made from TITLE.")
@click.option("--days", type=DAYS, default="14d", show_default=True, help="How long the code is good: 14d, 36h.")
@click.pass_obj
def invite(call: Call, title: str, name: str | None, days: float) -> None:
    """Make a place for a device, and the one-time code that opens it. The node has to keep a region."""
    made = call.remote.post("/edge/devices", {"title": title, "days": days, **({"name": name} if name else {})})
    place, line = made["place"], f"allmende edge enrol {made['code']}@{made['url']} DIR"
    call.answer({**made, "command": line}, lambda: _invited(place, line))


def _invited(place: Any, line: str) -> str:
    name, until = place["name"], instant(place["until"])
    return paragraphs(
        either(
            f"A place for {place['title']} ({name}), until {until}. On the device:",
            f"Ein Platz für {place['title']} ({name}), bis {until}. Am Gerät:",
        )
        + f"\n  {line}",
        either(
            f"The code is shown this once. If it is lost: allmende region withdraw {name}, and invite again.",
            f"Der Code wird nur dieses Mal gezeigt. Geht er verloren: allmende region withdraw {name}, und neu "
            "einladen.",
        ),
    )


@click.group("fleet", cls=Noun)
def fleet() -> None:
    """The devices of this node: how they are, which version they run, ending one."""


@fleet.command("list", examples=["allmende edge fleet list", "allmende edge fleet list --json"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the devices, when each was there last, which are not well or miss readings, and for how many hours without
    a link each has room."""
    found = call.remote.every("/edge/devices")
    rows = [
        {
            **one,
            "state": word(one["state"]),
            "seen": instant(one["seen"]) if one["seen"] else "-",
            "health": _health(_said(one, "health")),
            "gaps": _lost(one["status"]),
            "hours_left": _said(one, "hours_left"),
        }
        for one in found
    ]
    none = either(
        'No devices yet. Invite one with: allmende edge invite "Cabinet at the bridge". Places that nobody has taken: '
        "allmende region members",
        'Noch keine Geräte. Einladen mit: allmende edge invite "Kasten an der Brücke". Plätze, die noch niemand '
        "eingenommen hat: allmende region members",
    )
    call.answer(found, lambda: table(rows, COLUMNS, none))


def _lost(said: Any) -> int | None:
    """Readings that a device had and that will never come; None where it has said nothing of it."""
    found = [said[name] for name in ("forgotten", "damaged") if isinstance(said.get(name), int)]
    return sum(found) if found else None


def _health(said: str) -> str:
    known = {"well": either("well", "wohlauf"), "unwell": either("unwell", "gestört")}
    return known.get(said, said)


def _said(one: Any, name: str) -> str:
    """What a device has said of itself; "" where it has said nothing of the kind."""
    found = one["status"].get(name, "")
    return f"{found:.0f}" if isinstance(found, float) else str(found) if isinstance(found, str | int) else ""


@fleet.command("show", examples=["allmende edge fleet show cabinet-at-the-bridge"])
@click.argument("name", type=DEVICE)
@click.pass_obj
def show(call: Call, name: str) -> None:
    """Show one device, with what it has said of itself."""
    one = call.remote.get(f"/edge/devices/{segment(name)}")
    call.answer(one, lambda: _text(one))


def _text(one: Any) -> str:
    waits = either("not yet", "noch nicht") if one["told"] != one["number"] else either("yes", "ja")
    return paragraphs(
        labelled(
            [
                ("name", one["name"]),
                ("title", one["title"]),
                ("identity", one["id"]),
                ("state", word(one["state"])),
                ("joined", instant(one["joined"])),
                ("seen", instant(one["seen"]) if one["seen"] else None),
                ("version", one["version"]),
                ("wanted version", _wanted(one)),
                ("deliveries", one["deliveries"]),
                ("has its orders", waits if one["seen"] else None),
                ("done at collection", one["collection"]),
                ("keys", one["keys"]),
                ("retired", instant(one["retired"]) if one["retired"] else None),
            ]
        ),
        _of_itself(one["status"]),
    )


def _wanted(one: Any) -> str | None:
    """The version that is ordered, and how far the device is with it: as it says, once it has heard of the order."""
    if not one["wanted"]:
        return None
    said = one["status"].get("update") if one["told"] == one["number"] else ""
    state = "running" if one["wanted"] == one["version"] else said if said == "fetched" else "ordered"
    return f"{one['wanted']} ({word(state)})"


def _of_itself(said: Any) -> str:
    """What a device has said of itself. Members of other kinds than are expected are those of another version: left
    out."""
    numbers = {name: value for name, value in said.items() if isinstance(value, int | float)}
    told = labelled(
        [
            ("health", _health(str(said.get("health", "")))),
            ("running for", _hours(numbers["running"] / 3600) if "running" in numbers else None),
            ("kept readings", numbers.get("kept")),
            ("oldest", instant(int(numbers["oldest"])) if numbers.get("oldest") else None),
            ("buffer left", _hours(numbers["hours_left"]) if "hours_left" in numbers else None),
            ("put aside", numbers.get("spoiled")),
            ("forgotten", numbers.get("forgotten")),
            ("damaged", numbers.get("damaged")),
            ("thinned out", numbers.get("thinned")),
            ("clock", _clock(said.get("clock"))),
            ("written in all", size(int(numbers["written"])) if "written" in numbers else None),
            ("memory", f"{numbers['memory']:.0f} MiB" if "memory" in numbers else None),
        ]
    )
    wrong = list(_wrong(said.get("troubles")))
    return paragraphs(f"{word('It says of itself')}\n{told}" if told else "", bullets("What is wrong there", wrong))


def _wrong(said: Any) -> Iterator[str]:
    """What is not well, in sentences where this program knows them: the device may be newer."""
    speak = click.get_current_context().meta.get(SENTENCES, lambda code, params, language: code)
    for one in said if isinstance(said, list) else []:
        if isinstance(one, dict) and {"where", "code"} <= one.keys() and isinstance(one.get("params"), dict):
            params = {str(key): str(value) for key, value in one["params"].items()}
            yield f"{one['where']}: {speak(str(one['code']), params, either('en', 'de'))}"


def _hours(hours: float) -> str:
    if hours > HOURS_IN_DAYS:
        return either(f"{hours / 24:.0f} days", f"{hours / 24:.0f} Tage")
    return either(f"{hours:.1f} hours", f"{hours:.1f} Stunden")


def _clock(said: Any) -> str | None:
    if not isinstance(said, bool):
        return None
    return either("set", "gestellt") if said else either("not set", "nicht gestellt")


@fleet.command(
    "update",
    examples=[
        "allmende edge fleet update cabinet --version 0.9.1 --url https://data.town.example/files/allmende-edge.deb "
        "--sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    ],
)
@click.argument("name", type=DEVICE)
@click.option("--version", required=True, help="Version that the device should run.")
@click.option("--url", required=True, help="Where its package is.")
@click.option("--sha256", required=True, help="SHA-256 of the package, in hex: another one is not installed.")
@click.pass_obj
def update(call: Call, name: str, version: str, url: str, sha256: str) -> None:
    """Have a device run a version; it fetches the package, checks it, and goes back where it does not start."""
    body = {"version": version, "url": url, "sha256": sha256}
    one = call.remote.post(f"/edge/devices/{segment(name)}/update", body)
    call.answer(
        one,
        lambda: either(
            f"{name} is told to run {version}; it runs {one['version'] or 'an unknown version'}.",
            f"{name} soll {version} ausführen; jetzt läuft {one['version'] or 'eine unbekannte Fassung'}.",
        ),
    )


@fleet.command("retire", examples=['allmende edge fleet retire cabinet --reason "stolen in May"'])
@click.argument("name", type=DEVICE)
@click.option("--reason", default="", help="Why; it is kept with the decision.")
@click.pass_obj
def retire(call: Call, name: str, reason: str) -> None:
    """End a device for good: its certificate is revoked, its transfers end, and it is told to stop.

    A device whose keys are in other hands: allmende region stolen NAME.
    """
    one = call.remote.post(f"/edge/devices/{segment(name)}/retire", {"reason": reason})
    call.answer(one, lambda: either(f"{name} is retired.", f"{name} ist außer Dienst."))


@click.command(
    "received",
    cls=Leaf,
    examples=["allmende edge received", "allmende edge received --contract 5f0c2a91", "allmende edge received --own"],
)
@click.option("--contract", type=CONTRACT, help="Under this contract alone.")
@click.option("--own", is_flag=True, help="Of this node's own devices alone.")
@click.pass_obj
def received(call: Call, contract: str | None, own: bool) -> None:
    """What devices have brought to this node: readings that are here, that are awaited, and that will never come.

    Readings are numbered, so that what is missing is known. What will never come the device has signed, with why.
    """
    if contract and own:
        raise click.UsageError(either("Give --contract ID or --own", "Nennen Sie --contract ID oder --own"))
    found = call.remote.every("/edge/readings", contract=contract, own="true" if own else None)
    rows = [
        {**one, **part, "latest": instant(one["latest"]) if one["latest"] else "-", "why": _why(part["why"])}
        for one in found
        for part in one["series"]
    ]
    none = "No device has brought anything yet."
    call.answer(found, lambda: table(rows, ARRIVED_COLUMNS, none))


def _why(code: str) -> str:
    """Why readings are gone, in words where this program knows them."""
    known = {
        "full": either("there was no room", "es war kein Platz"),
        "damaged": either("damaged on the medium", "auf dem Datenträger beschädigt"),
        "thinned": either("thinned out for want of room", "aus Platzmangel ausgedünnt"),
    }
    return known.get(code.rpartition(".")[2], code)


@click.command(
    "collect",
    cls=Leaf,
    examples=["allmende edge collect cabinet counts --policy hourly", "allmende edge collect cabinet counts --nothing"],
)
@click.argument("device", type=DEVICE)
@click.argument("series")
@click.option("--policy", help="The policy whose duties are done, in its latest version.")
@click.option("--nothing", is_flag=True, help="Nothing any more; what the device's own settings want stays.")
@click.pass_obj
def collect(call: Call, device: str, series: str, policy: str | None, nothing: bool) -> None:
    """Have duties of a policy done at DEVICE before it stores anything of SERIES: what must not leave is never kept."""
    if bool(policy) == nothing:
        raise click.UsageError(either("Give --policy NAME, or --nothing", "Nennen Sie --policy NAME oder --nothing"))
    path = f"/edge/devices/{segment(device)}/collect"
    one = call.remote.post(path, {"series": series, "policy": policy or ""})
    done = one["collection"].get(series, "")
    call.answer(
        one,
        lambda: either(
            f"At {device}, {done or 'nothing'} is done to {series} at collection, as soon as it has its orders.",
            f"Bei {device} wird an {series} bei der Erhebung {done or 'nichts'} getan, sobald es davon weiß.",
        ),
    )
