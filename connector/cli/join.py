"""`allmende join`: take a place in a region with a one-time code."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.errors import CommandError
from connector.cli.names import segment
from connector.cli.output import bullets, labelled, paragraphs, remark, waiting
from connector.cli.words import either

MOST_CALLS = 8
"""Calls after which joining is left for later; a region that issues at once needs one a step."""
SHOWN = 10
"""Members that are named at the end."""


@click.command(
    cls=Leaf,
    examples=[
        "allmende join https://region.elbland.example 7KQ2M-...",
        "allmende join http://127.0.0.1:8180 7KQ2M-... --private",
    ],
)
@click.argument("region_url")
@click.argument("code")
@click.option("--private", is_flag=True, help="Allow addresses in a private network for the region and its members.")
@click.pass_obj
def join(call: Call, region_url: str, code: str, private: bool) -> None:
    """Join the region at REGION_URL with the one-time CODE that it gave you.

    Keys are made here and stay here. Stopped or killed in between, type it again: what is done is not done twice.
    """
    told: set[str] = set()
    for _ in range(MOST_CALLS):
        one = _step(call, region_url, code, private)
        for step in one["steps"]:
            if step["done"] and step["step"] not in told:
                told.add(step["step"])
                if not call.json:
                    remark(f"✓ {step['sentence']}")
        waits = one["waiting"]["sentence"] if one["waiting"] else ""
        if waits and waits not in told and not call.json:
            told.add(waits)
            remark(waits)
        if one["joined"]:
            _answer(call, one, private)
            return
    again = either("Type the same command again later.", "Geben Sie denselben Befehl später noch einmal ein.")
    raise CommandError(f"{waits} {again}".strip(), "join.unfinished")


def _answer(call: Call, one: Any, private: bool) -> None:
    members = _members(call, one)
    call.answer({**one, "members": members}, lambda: _joined(one, members, " --private" if private else ""))


def _step(call: Call, url: str, code: str, private: bool) -> Any:
    with waiting(either(f"Waiting for {url}", f"Warte auf {url}")):
        try:
            return call.remote.post("/regions/join", {"url": url, "code": code, "private": private})
        except CommandError as refusal:
            if refusal.code == "peer.address_refused":
                own = "If it is your own network, or this machine, say --private."
                refusal.sentence += " " + either(own, "Ist es Ihr eigenes Netz oder dieser Rechner: --private.")
            raise


def _members(call: Call, one: Any) -> list[Any]:
    """Whom the region names beside us; joining has worked also where it does not answer now."""
    try:
        found = call.remote.get(f"/regions/{segment(one['name'])}/members")["items"]
        own = call.remote.get("/status")["id"]
    except CommandError:
        return []
    return [member for member in found if member["did"] != own]


def _joined(one: Any, members: list[Any], permission: str) -> str:
    shown = [f"{member['title']}: allmende peer add {member['url']}{permission}" for member in members[:SHOWN]]
    return paragraphs(
        either(
            f"This node is a member of {one['title']}.",
            f"Dieser Knoten ist Mitglied von {one['title']}.",
        ),
        either(
            "Other members know it as one by themselves, and it knows them: no words need to be compared. Its\n"
            "credential and certificates are renewed without anybody doing anything.",
            "Andere Mitglieder erkennen ihn von selbst als eines, und er sie: Wörter sind nicht zu vergleichen.\n"
            "Nachweis und Zertifikate werden von selbst erneuert.",
        ),
        bullets("Members", shown),
        labelled([("and more", len(members) - SHOWN)]) if len(members) > SHOWN else "",
        bullets(
            "Next",
            [
                *([] if members else [f"allmende peer add URL{permission}"]),
                "allmende catalog list PEER",
                "allmende credential list",
                f"allmende trust show {one['name']}",
            ],
        ),
    )
