"""`allmende watch`, `allmende subscribe`, `allmende subscription`: rows as they come.

What does not live here: what may leave of them, and trying again for months; that is done by nodes. `watch` tries
again as long as somebody looks, behind the last row that was shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from connector.cli import asking
from connector.cli.command import Call, Leaf, Noun
from connector.cli.data import _purpose, is_looked_at
from connector.cli.errors import CommandError
from connector.cli.names import CONTRACT, SUBSCRIPTION, segment
from connector.cli.output import instant, labelled, plain, remark, say, say_json, table, tail
from connector.cli.words import either, word

AGAIN: Final = ("peer.", "data.", "node.closing", "unavailable", "remote.", "transfer.waiting")
"""Codes that begin like this are no end: they are waited for."""
_PAUSE, _LONGEST = 2.0, 30.0
COLUMNS = {
    "short": "subscription",
    "contract": "contract",
    "into": "into",
    "state": "state",
    "rows": "rows",
    "gaps": "gaps",
    "moved": "last rows",
    "why": "why",
}


@click.command(
    "watch",
    cls=Leaf,
    examples=[
        "allmende watch 5f0c2a91",
        "allmende watch 5f0c2a91 --where \"district = '7'\" --columns device,value",
        "allmende watch 5f0c2a91 --json | jq .value",
    ],
)
@click.argument("contract", type=CONTRACT)
@click.option("--where", default="", metavar="CQL2", help="Only rows of which this holds.")
@click.option("--columns", default="", metavar="NAME,NAME", help="Only these columns.")
@click.option("--bbox", default="", metavar="W,S,E,N", help="Only rows in this box, in degrees.")
@click.option("--limit", type=click.IntRange(1), help="End after so many rows.")
@click.option("--purpose", help="What this access is for, where the contract leaves several.")
@click.pass_obj
def watch(
    call: Call, contract: str, where: str, columns: str, bbox: str, limit: int | None, purpose: str | None
) -> None:
    """Show rows of CONTRACT as they come, until stopped (Ctrl-C) or the contract ends.

    On a terminal each row is a line of a table; into a pipe, or with --json, a line of JSON.
    """
    shown = _Shown(call.json or not is_looked_at())
    query = {"filter": where, "properties": columns, "bbox": bbox, "purpose": _purpose(purpose)}
    asked: dict[str, Any] = {name: value for name, value in query.items() if value}
    pause = _PAUSE
    try:
        while True:
            left = {} if limit is None else {"limit": limit - shown.rows}
            before = shown.rows
            why = _once(call, contract, {**asked, **left, "after": shown.mark or None}, shown)
            if why["code"] == "live.done":
                return
            if not str(why["code"]).startswith(AGAIN):
                raise CommandError(str(why["sentence"]), str(why["code"]), dict(why.get("params", {})))
            remark(either(f"{why['sentence']} Trying again ...", f"{why['sentence']} Neuer Versuch ..."))
            pause = _PAUSE if shown.rows > before else min(2 * pause, _LONGEST)
            time.sleep(pause)
    except KeyboardInterrupt:
        remark(either(f"Stopped after {shown.rows} rows.", f"Nach {shown.rows} Zeilen beendet."))


def _once(call: Call, contract: str, query: Mapping[str, Any], shown: _Shown) -> Mapping[str, Any]:
    """One stream to its end; returns why it ended."""
    from msgspec import json

    try:
        with call.remote.stream(f"/contracts/{segment(contract)}/live", query) as answer:
            left = b""
            for piece in answer.chunks():
                *lines, left = (left + piece).split(b"\n")
                for line in lines:
                    told = json.decode(line)
                    if "end" in told:
                        ended: Mapping[str, Any] = told["end"]
                        return ended
                    shown.take(told)
    except CommandError as broken:
        if not broken.code.startswith(AGAIN):
            raise
        return {"code": broken.code, "sentence": broken.sentence}
    return {"code": "data.truncated", "sentence": either("The connection broke.", "Die Verbindung brach ab.")}


class _Shown:
    """What was shown so far: rows as lines of a table whose columns are those of the first one, or as JSON."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._widths: dict[str, int] = {}
        self.mark, self.rows = "", 0

    def take(self, told: Mapping[str, Any]) -> None:
        """Show what was told."""
        if told.get("gap"):
            remark(either("Rows may be missing here.", "Hier können Zeilen fehlen."))
        if "row" in told:
            self._show(told["row"])
            self.rows += 1
            sys.stdout.flush()
        self.mark = told.get("mark") or self.mark

    def _show(self, row: Any) -> None:
        if self._json:
            from msgspec import json

            say_json(json.encode(row).decode())
            return
        cells = asking.cells(row)
        if self._widths.keys() != cells.keys():
            self._widths = {name: max(len(name), len(text)) for name, text in cells.items()}
            say("  ".join(plain(name).ljust(width) for name, width in self._widths.items()))
        say("  ".join(plain(text).ljust(self._widths[name]) for name, text in cells.items()))


@click.command(
    "subscribe",
    cls=Leaf,
    examples=[
        "allmende subscribe 5f0c2a91 --into files:/srv/air",
        "allmende subscribe 5f0c2a91 --into mqtt://broker:1883/city/{district} --set user=bridge"
        " --set password_file=/etc/bridge",
        "allmende subscribe 5f0c2a91 --into https://app.example/rows --where \"district = '7'\"",
        "allmende subscribe 5f0c2a91 --push inbox --every PT15M",
        "allmende subscribe 5f0c2a91 --push https://app.example/deliveries",
    ],
)
@click.argument("contract", type=CONTRACT)
@click.option("--into", default="", metavar="KIND:TARGET", help="Where to put rows: files:/FOLDER, or a URL.")
@click.option("--push", default="", metavar="URL", help="Let the provider deliver instead: to URL, or inbox.")
@click.option("--every", default="", metavar="DURATION", help="With --push: again and again, such as PT15M.")
@click.option("--set", "more", multiple=True, metavar="NAME=VALUE", help="A further setting of it; repeatable.")
@click.option("--where", default="", metavar="CQL2", help="Only rows of which this holds.")
@click.option("--columns", default="", metavar="NAME,NAME", help="Only these columns.")
@click.option("--purpose", help="What the access is for, where the contract leaves several.")
@click.pass_obj
def subscribe(
    call: Call,
    contract: str,
    into: str,
    push: str,
    every: str,
    more: Sequence[str],
    where: str,
    columns: str,
    purpose: str | None,
) -> None:
    """Put rows of CONTRACT somewhere as they come, until it ends. The node goes on with it, also after a restart.

    INTO is files:/FOLDER, postgres://..., sqlite:/FILE, mqtt://BROKER/TOPIC or https://HOST/PATH. Secrets are named
    by files (--set password_file=...).

    With --push the provider delivers all of the data, once or every so often: to the URL of an application, or into
    this node's inbox (then: allmende get CONTRACT --received -o FILE).
    """
    if bool(into) == bool(push) or (every and not push) or (push and (more or where or columns or purpose)):
        wrong = either("Say --into, or --push (with --every)", "Nennen Sie --into oder --push (mit --every)")
        raise click.UsageError(wrong)
    if push:
        _delivered(call, contract, "" if push == "inbox" else push, every)
        return
    body = {"contract": contract, "into": into, "settings": _settings(more), "filter": where, "properties": columns}
    made = call.remote.post("/subscriptions", {**body, **({"purpose": _purpose(purpose)} if purpose else {})})
    call.answer(
        made,
        lambda: either(
            f"Subscription {tail(made['id'])} runs. Look: allmende subscription show {tail(made['id'])}",
            f"Abonnement {tail(made['id'])} läuft. Ansehen: allmende subscription show {tail(made['id'])}",
        ),
    )


def _delivered(call: Call, contract: str, to: str, every: str) -> None:
    """Ask the provider to deliver."""
    asked = call.remote.post("/transfers", {"contract": contract, "push": True, "to": to, "every": every})
    look = f"allmende transfer show {tail(asked['id'])}"
    call.answer(
        asked,
        lambda: either(
            f"The provider is asked to deliver (transfer {tail(asked['id'])}). Look: {look}",
            f"Der Anbieter ist um Lieferung gebeten (Übertragung {tail(asked['id'])}). Ansehen: {look}",
        ),
    )


def _settings(pairs: Sequence[str]) -> dict[str, str]:
    found = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(found) != len(pairs):
        raise click.UsageError(either("--set takes NAME=VALUE, each name once", "--set erwartet NAME=WERT, je einmal"))
    return found


@click.group(cls=Noun)
def subscription() -> None:
    """What is put somewhere as it comes. They begin with: allmende subscribe CONTRACT --into ..."""


@subscription.command("list", examples=["allmende subscription list", "allmende subscription list --state running"])
@click.option("--state", type=click.Choice(["running", "paused", "ended"]), help="Only those in this state.")
@click.pass_obj
def list_(call: Call, state: str | None) -> None:
    """List the subscriptions."""
    items = call.remote.every("/subscriptions", state=state)
    rows = [
        {
            **one,
            "short": tail(one["id"]),
            "contract": tail(one["contract"]),
            "state": word(one["state"]),
            "moved": instant(one["moved"]),
            "why": (one["reason"] or {}).get("code", ""),
        }
        for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, "No subscriptions."))


@subscription.command("show", examples=["allmende subscription show 5f0c2a91"])
@click.argument("id", type=SUBSCRIPTION)
@click.pass_obj
def show(call: Call, id: str) -> None:
    """Show one subscription."""
    one = call.remote.get(f"/subscriptions/{segment(id)}")
    call.answer(one, lambda: _text(one))


@subscription.command("pause", examples=["allmende subscription pause 5f0c2a91"])
@click.argument("id", type=SUBSCRIPTION)
@click.pass_obj
def pause(call: Call, id: str) -> None:
    """Put nothing for the time being. What comes meanwhile is fetched later, as far as the provider still has it."""
    _act(call, id, "pause")


@subscription.command("resume", examples=["allmende subscription resume 5f0c2a91"])
@click.argument("id", type=SUBSCRIPTION)
@click.pass_obj
def resume(call: Call, id: str) -> None:
    """Go on behind what was put last."""
    _act(call, id, "resume")


@subscription.command("remove", examples=["allmende subscription remove 5f0c2a91"])
@click.argument("id", type=SUBSCRIPTION)
@click.pass_obj
def remove(call: Call, id: str) -> None:
    """Forget a subscription. What it has put somewhere stays there."""
    call.remote.delete(f"/subscriptions/{segment(id)}")
    call.answer({"removed": id}, lambda: either("It is gone.", "Es ist entfernt."))


def _act(call: Call, id: str, what: str) -> None:
    one = call.remote.post(f"/subscriptions/{segment(id)}/{what}")
    call.answer(one, lambda: _text(one))


def _text(one: Any) -> str:
    pairs = [
        ("subscription", one["id"]),
        ("contract", one["contract"]),
        ("into", " ".join([one["into"], *(f"{name}={value}" for name, value in sorted(one["settings"].items()))])),
        ("state", word(one["state"])),
        ("rows", one["rows"]),
        ("gaps", one["gaps"]),
        ("last rows", instant(one["moved"])),
    ]
    if one["reason"]:
        pairs.append(("why", one["reason"]["sentence"]))
    return labelled(pairs)
