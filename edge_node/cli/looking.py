"""`allmende edge status|sources|tail|queue|drain`: what a running agent says of itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.output import bullets, instant, labelled, paragraphs, plain, say, say_json, size, table
from connector.cli.words import either, word
from edge_node import control
from edge_node.cli.device import DIRECTORY, asked, found, told

SOURCES = {
    "name": "name",
    "kind": "kind",
    "series": "series",
    "readings": "readings",
    "spoiled": "put aside",
    "last": "last",
    "trouble": "trouble",
}
QUEUE = {
    "consumer": "consumer",
    "series": "series",
    "waiting": "waiting",
    "oldest": "oldest",
    "last": "last delivered",
    "receipt": "last receipt",
}
HOURS_IN_DAYS = 48
LATELY = 20


@click.command(cls=Leaf, node=False, examples=["allmende edge status", "allmende edge status ./cabinet --json"])
@DIRECTORY
@click.pass_obj
def status(call: Call, directory: Path | None) -> None:
    """How the device is doing: what is kept, hours of buffer left, the oldest reading unsent, clock, wear, network."""
    one = asked(call, directory, "status")
    call.answer(one, lambda: _status(call, one))


def _status(call: Call, one: Mapping[str, Any]) -> str:
    kept, clock, wear, link, orders = (one[part] for part in ("buffer", "clock", "wear", "link", "orders"))
    return paragraphs(
        labelled(
            [
                ("device", one["device"]),
                ("node", one["node"]),
                ("version", one["version"]),
                ("wanted version", _update(one.get("update", {}))),
                ("kept readings", f"{kept['readings']} ({size(kept['bytes'])} / {size(kept['most'])})"),
                ("buffer left", left(kept["hours_left"])),
                ("oldest unsent", instant(kept["oldest_unsent"])),
                ("last written", instant(kept["last_fsync"])),
                ("when it is full", full(kept["full"])),
                ("forgotten", kept["forgotten"]),
                ("damaged", kept["damaged"]),
                ("put aside", one["spoiled"]),
                ("clock", either("set", "gestellt") if clock["trusted"] else either("not set", "nicht gestellt")),
                ("written", f"{size(wear['bytes'])} ({wear['per_reading']:.1f} B / {either('reading', 'Messung')})"),
                ("written in all", size(wear["ever"])),
                ("network today", _today(link)),
                ("orders", f"{orders['number']} ({instant(orders['issued'])})" if orders["number"] else "-"),
            ]
        ),
        _troubles(call, one),
    )


def _update(told: Mapping[str, Any]) -> str | None:
    """What is ordered, and how far it is; None for nothing."""
    return f"{told['wanted']} ({word(told['state'])})" if told.get("state") else None


def _today(link: Mapping[str, Any]) -> str:
    used = size(link["today"])
    return f"{used} / {size(link['budget'])}" if link["budget"] else used


def full(policy: str) -> str:
    """What is done when there is no room any more, for a person."""
    return {
        "oldest": either("the oldest readings are forgotten", "die ältesten Messungen werden vergessen"),
        "thin": either("older readings are thinned out", "ältere Messungen werden ausgedünnt"),
        "refuse": either("new readings are refused", "neue Messungen werden abgelehnt"),
    }[policy]


def left(hours: float | None) -> str:
    """How long readings can still be kept, for a person."""
    if hours is None:
        return "-"
    if hours > HOURS_IN_DAYS:
        return either(f"{hours / 24:.0f} days", f"{hours / 24:.0f} Tage")
    return either(f"{hours:.1f} hours", f"{hours:.1f} Stunden")


def _troubles(call: Call, one: Mapping[str, Any]) -> str:
    lines = [f"{where}: {said}" for where, said in troubles(one, call.lang)]
    return bullets(either("What is not well:", "Was nicht in Ordnung ist:"), lines) if lines else ""


def troubles(one: Mapping[str, Any], language: Any) -> Iterator[tuple[str, str]]:
    """What is wrong now by where, in sentences."""
    from edge_node.sentences import sentence

    refused = {part["name"]: part["trouble"] for part in one["series"]}
    for part in (*one["sources"], *one["consumers"]):
        # A source that waits because its series takes nothing: the series says why, and better.
        if part["trouble"] and part["trouble"] != refused.get(part["series"]):
            yield _called(part), sentence(part["trouble"], part.get("params", {}), language)
    for part in one["series"]:
        if part["trouble"]:
            yield part["name"], sentence(part["trouble"], part.get("params", {}), language)
    if (update := one.get("update", {})).get("trouble"):
        yield either("update", "Aktualisierung"), sentence(update["trouble"], update["params"], language)
    if one["link"]["trouble"]:
        yield either("network", "Netz"), sentence(one["link"]["trouble"], one["link"].get("params", {}), language)


@click.command(cls=Leaf, node=False, examples=["allmende edge sources", "allmende edge sources --aside"])
@DIRECTORY
@click.option("--aside", is_flag=True, help="What was put aside lately, with its reason and its beginning.")
@click.pass_obj
def sources(call: Call, directory: Path | None, aside: bool) -> None:
    """Where readings come from, how many have come, what was put aside."""
    one = asked(call, directory, "status")
    items = one["sources"]
    if aside:
        lately = list(put_aside(found(directory)))
        call.answer(lately, lambda: _put_aside(call, lately))
        return
    shown = [{**item, "last": instant(item["last"])} for item in items]
    call.answer(
        items,
        lambda: paragraphs(
            table(shown, SOURCES, "No source is set up."),
            _troubles(call, {**one, "consumers": [], "series": [], "link": {"trouble": ""}}),
        ),
    )


def put_aside(directory: Path) -> Iterator[dict[str, Any]]:
    """What the device could not read lately, the newest last; what is kept of it is bounded."""
    import msgspec

    from edge_node.agent import BUFFER
    from edge_node.buffer.spoiled import FILE, OLD

    for name in (OLD, FILE):
        try:
            lines = (directory / BUFFER / name).read_bytes().splitlines()
        except OSError:
            continue
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                yield msgspec.json.decode(line, type=dict[str, Any])


def _put_aside(call: Call, lately: Sequence[Mapping[str, Any]]) -> str:
    from edge_node.sentences import sentence

    lines = []
    for one in lately[-LATELY:]:
        lines.append(f"{instant(one['at'])}  {one['source']}: {sentence(one['code'], one['params'], call.lang)}")
        if began := one.get("text") or one.get("hex"):
            lines.append(f"    {plain(str(began))}")
    return "\n".join(lines) or either("Nothing was put aside.", "Nichts wurde beiseitegelegt.")


def _called(part: Mapping[str, Any]) -> str:
    """A source or a consumer in words; the device's own node takes all series."""
    if "name" in part:
        return str(part["name"])
    return ", ".join(filter(None, (str(part["consumer"]), str(part["series"]))))


@click.command(cls=Leaf, node=False, examples=["allmende edge tail", "allmende edge tail --series air --json"])
@DIRECTORY
@click.option("--series", help="Of this series alone.")
@click.option("--count", type=click.IntRange(1), help="End after so many readings.")
@click.pass_obj
def tail(call: Call, directory: Path | None, series: str | None, count: int | None) -> None:
    """Readings as they are stored, until interrupted: what is shown has been through the duties at collection."""
    if series is not None:
        known = [one["name"] for one in asked(call, directory, "status")["series"]]
        if series not in known:
            said = ", ".join(known) or "-"
            raise CommandError(
                either(
                    f'There is no series "{series}" here, only: {said}.',
                    f"Eine Reihe „{series}“ gibt es hier nicht, nur: {said}.",
                ),
                "edge.series",
                {"series": series},
            )
    with told(call):
        for n, one in enumerate(control.ask(found(directory), "tail", series=series or ""), 1):
            if call.json:
                from msgspec import json

                say_json(json.encode(one).decode())
            else:
                say(_reading(one))
            if count is not None and n >= count:
                return


def _reading(one: Mapping[str, Any]) -> str:
    values = " ".join(f"{name}={value}" for name, value in one["values"].items() if value is not None)
    return f"{instant(one['at'])}  {one['series']}  {one['thing']}  {values}"


@click.command(cls=Leaf, node=False, examples=["allmende edge queue"])
@DIRECTORY
@click.pass_obj
def queue(call: Call, directory: Path | None) -> None:
    """What waits for whom: the node, and every consumer that has a contract."""
    items = asked(call, directory, "status")["consumers"]
    shown = [{**one, **{name: instant(one.get(name)) for name in ("oldest", "last", "receipt")}} for one in items]
    none = either("The node has ordered no delivery yet.", "Der Knoten hat noch keine Lieferung aufgetragen.")
    call.answer(items, lambda: table(shown, QUEUE, none))


@click.command(cls=Leaf, node=False, examples=["allmende edge drain"])
@DIRECTORY
@click.pass_obj
def drain(call: Call, directory: Path | None) -> None:
    """Deliver now what waits, and say when nothing does any more."""
    last: dict[str, Any] = {}
    with told(call):
        for last in control.ask(found(directory), "drain"):
            if not call.json:
                say(either(f"{last['waiting']} readings wait", f"{last['waiting']} Messungen warten"))
    left = asked(call, directory, "status") if last.get("waiting") else None
    why = _troubles(call, {**left, "sources": [], "series": []}) if left is not None else ""
    call.answer(last, lambda: why)
