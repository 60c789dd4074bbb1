"""`allmende negotiate` and `allmende negotiation`: asking, waiting, answering.

A negotiation goes on by itself in the node; waiting for it is only looking. `--wait` ends when the negotiation has
ended, or when people have to decide, on either side.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from connector.cli.catalogs import dataset_id
from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import NEGOTIATION, PEER, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, remark, table, tail
from connector.cli.policy import files
from connector.cli.terms import given_terms, with_terms
from connector.cli.words import either, word

COLUMNS = {
    "short": "negotiation",
    "who": "peer",
    "role": "we are",
    "state": "state",
    "dataset": "dataset",
    "updated": "last change",
}
INBOX = {
    "short": "negotiation",
    "who": "peer",
    "dataset": "dataset",
    "whom": "waits for",
    "votes": "agreed",
    "voters": "who may",
    "since": "since",
    "until": "until",
}
FAR = 10**18
ENDED = ("FINALIZED", "TERMINATED")

POLL = 2.0
"""Longest long poll, in seconds: what a peer tells about its people does not end one."""


@click.command(
    cls=Noun.command_class,
    examples=[
        "allmende negotiate nachbarstadt trees --wait",
        "allmende negotiate nachbarstadt trees --purpose PublicPolicyMaking --until 2027-12-31 --wait",
        "allmende negotiate nachbarstadt trees --file wish.toml --wait",
    ],
)
@click.argument("peer", type=PEER)
@click.argument("dataset")
@click.option("--offer", help="Which of several offers for the dataset, by id.")
@with_terms
@click.option("--file", type=files.FILE, help="All that is wanted, as a policy file: TOML, ODRL, or an offer as JSON.")
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused, or a person has to decide.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def negotiate(
    call: Call,
    /,
    peer: str,
    dataset: str,
    offer: str | None,
    file: Path | None,
    wait: bool,
    timeout: float,
    **given: Any,
) -> None:
    """Ask PEER for DATASET: on the terms of its offer, or on the terms given here.

    DATASET is its id, the end of its id, or its title. Terms given replace those of the same kind in the offer; what a
    file says replaces all of them (how long the data may be kept, say). With --wait the exit status is 0 only where a
    contract came of it.
    """
    wanted = _wanted(file, given)
    body: dict[str, Any] = {"peer": peer, "dataset": dataset_id(call, peer, dataset), **wanted}
    if offer:
        body["offer"] = offer
    begun = call.remote.post("/negotiations", body)
    _follow(call, begun, wait, timeout)


@click.group(cls=Noun)
def negotiation() -> None:
    """Negotiations under way or past, on either side. An id may be shortened to its last eight characters."""


@negotiation.command(
    "list", examples=["allmende negotiation list --waiting", "allmende negotiation list --state REQUESTED"]
)
@click.option("--waiting", is_flag=True, help="The inbox: what is not over, who waits for whom, since and until when.")
@click.option("--state", help="Only those in this state.")
@click.option("--role", type=click.Choice(["provider", "consumer"]), help="Only those where this node is that.")
@click.option("--peer", type=PEER, help="Only those with this peer.")
@click.pass_obj
def list_(call: Call, /, waiting: bool, **which: str | None) -> None:
    """List the negotiations, or with --waiting what has to be decided."""
    if waiting:
        items = sorted(call.remote.every("/negotiations", waiting="true", **which), key=_urgency)
        call.answer(items, lambda: table([_inbox(one) for one in items], INBOX, "Nothing waits for anybody."))
        return
    items = call.remote.every("/negotiations", **which)
    rows = [
        {
            **one,
            "short": tail(one["id"]),
            "who": _who(one),
            "role": word(one["role"]),
            "updated": instant(one["updated"]),
        }
        for one in items
    ]
    call.answer(items, lambda: table(rows, COLUMNS, "No negotiations."))


def _urgency(one: Any) -> tuple[bool, int]:
    """What people here have to decide comes first, the nearest end first."""
    waiting = one["waiting"] or {}
    return waiting.get("whom") != "us", waiting.get("until") or FAR


def _inbox(one: Any) -> dict[str, Any]:
    waiting = one["waiting"] or {}
    given, needed = waiting.get("given"), waiting.get("needed")
    votes = "" if needed is None else either(f"{given} of {needed}", f"{given} von {needed}")
    us, delivery = either("people here", "Menschen hier"), either("delivery", "Zustellung")
    whom = {"us": us, "peer": _who(one), "delivery": delivery}.get(waiting.get("whom", ""), "")
    return {
        **one,
        "short": tail(one["id"]),
        "who": _who(one),
        "whom": whom,
        "votes": votes,
        "voters": ", ".join(waiting.get("voters", ())),
        "since": instant(waiting.get("since")),
        "until": instant(waiting.get("until")),
    }


@negotiation.command(
    "show", examples=["allmende negotiation show 5f0c2a91", "allmende negotiation show 5f0c2a91 --wait --lang de"]
)
@click.argument("id", type=NEGOTIATION)
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused, or a person has to decide.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def show(call: Call, id: str, wait: bool, timeout: float) -> None:
    """Show one negotiation, with what lies between the two sides in words."""
    one = _get(call, id)
    if wait:
        _follow(call, one, wait, timeout)
    else:
        call.answer(one, lambda: text(one))


@negotiation.command(
    "approve",
    examples=[
        "allmende negotiation approve 5f0c2a91 --wait",
        "allmende negotiation approve 5f0c2a91 --seen 3 --reason 'As discussed in the committee'",
    ],
)
@click.argument("id", type=NEGOTIATION)
@click.option("--seen", type=int, metavar="VERSION", help="Only if nothing has changed since this version was shown.")
@click.option("--reason", default="", help="Why, kept with the vote and in the log; the peer does not see it.")
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def approve(call: Call, id: str, seen: int | None, reason: str, wait: bool, timeout: float) -> None:
    """Vote for what lies on the table: what a peer asks, what it offers, or a request of a colleague.

    The last vote needed binds the node. Nobody votes on terms of their own. Once terms have changed, say with --seen
    which ones you have looked at.
    """
    _command(call, id, "approve", {"version": seen, "reason": reason}, wait, timeout)


@negotiation.command("counter", examples=["allmende negotiation counter 5f0c2a91 --until 2026-12-31 --count 10"])
@click.argument("id", type=NEGOTIATION)
@with_terms
@click.option("--file", type=files.FILE, help="All that is wanted, as a policy file: TOML, ODRL, or an offer as JSON.")
@click.option("--seen", type=int, metavar="VERSION", help="Only if nothing has changed since this version was shown.")
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused, or a person has to decide.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def counter(
    call: Call, /, id: str, file: Path | None, seen: int | None, wait: bool, timeout: float, **given: Any
) -> None:
    """Answer with other terms. Those given replace the same kind in what lies on the table, a file all of them.

    You have drafted them then: should the peer accept, somebody else here has to approve.
    """
    wanted = _wanted(file, given)
    if not wanted:
        raise click.UsageError(
            either(
                "Say at least one term, for example --until 2026-12-31",
                "Nennen Sie mindestens eine Bedingung, etwa --until 2026-12-31",
            )
        )
    _command(call, id, "counter", {**wanted, "version": seen}, wait, timeout)


def _wanted(file: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """The terms that are asked for, from a file or in the short form; nothing where none are said."""
    terms = given_terms(**given)
    if file is None:
        return {"terms": terms} if terms else {}
    if terms:
        raise files.alone()
    return {"document": files.offered(file)[0]}


@negotiation.command("decline", examples=["allmende negotiation decline 5f0c2a91 --reason 'No longer needed'"])
@click.argument("id", type=NEGOTIATION)
@click.option("--reason", required=True, help="Why, for the peer to read.")
@click.pass_obj
def decline(call: Call, id: str, reason: str) -> None:
    """Say no, or take back what you asked: the negotiation ends without a contract, and the peer reads why."""
    done = call.remote.post(f"/negotiations/{segment(id)}/decline", {"reason": reason})
    call.answer(done, lambda: text(done))


def _command(call: Call, id: str, command: str, body: dict[str, Any], wait: bool, timeout: float) -> None:
    _follow(call, call.remote.post(f"/negotiations/{segment(id)}/{command}", body), wait, timeout)


def _get(call: Call, id: str, **query: float | int | None) -> Any:
    return call.remote.get(f"/negotiations/{segment(id)}", **query)


def _follow(call: Call, one: Any, wait: bool, timeout: float) -> None:
    """Show where a negotiation stands; with `wait`, when it has come to rest, and only FINALIZED is a success."""
    if wait:
        one = _rest(call, one, timeout)
    failed = wait and one["state"] != "FINALIZED"
    if not (failed and call.json):
        call.answer(one, lambda: text(one))
    if failed:
        raise CommandError(*_unfinished(one), answer=one)


def _rest(call: Call, one: Any, timeout: float) -> Any:
    try:
        return _awaited(call, one, timeout)
    except KeyboardInterrupt as stop:
        short = tail(one["id"])
        sentence = either(
            f"Stopped waiting; negotiation {short} goes on. Look at it: allmende negotiation show {short}. "
            f"End it: allmende negotiation decline {short} --reason ...",
            f"Warten abgebrochen; Verhandlung {short} geht weiter. Ansehen: allmende negotiation show {short}. "
            f"Beenden: allmende negotiation decline {short} --reason ...",
        )
        raise CommandError(sentence, "stopped", {"negotiation": one["id"]}, one) from stop


def _awaited(call: Call, one: Any, timeout: float) -> Any:
    deadline = time.monotonic() + timeout
    while not _at_rest(one) and (left := deadline - time.monotonic()) > 0:
        after = _get(call, one["id"], wait=round(min(left, POLL), 3), version=one["version"])
        if after["state"] != one["state"] and not call.json:
            remark(f"{after['state']} ...")
        one = after
    return one


def _at_rest(one: Any) -> bool:
    """Over, or people have to decide, here or there."""
    waiting = one["waiting"]
    return one["state"] in ENDED or (waiting is not None and waiting["needed"] is not None)


def _unfinished(one: Any) -> tuple[str, str]:
    short, waiting = tail(one["id"]), one["waiting"]
    if one["state"] == "TERMINATED":
        unsaid = either("no reason was given", "es wurde kein Grund genannt")
        why = one["reason"]["sentence"] if one["reason"] else unsaid
        return f"{either('No contract', 'Kein Vertrag')}: {why}", one["reason"]["code"] if one[
            "reason"
        ] else "negotiation.terminated"
    if waiting is not None and waiting["whom"] == "us":
        command = f"allmende negotiation approve {short} --seen {one['version']}"
        return (
            f"{waiting['sentence']} "
            + either(f"Say yes with: {command} (or counter, decline)", f"Zustimmen: {command} (oder counter, decline)"),
            "negotiation.offered" if waiting["ask"] == "accept" else "negotiation.waiting",
        )
    if waiting is not None and waiting["needed"] is not None:
        return (
            f"{waiting['sentence']} "
            + either("The node goes on with it; look again:", "Der Knoten bleibt dran; wieder nachsehen:")
            + f" allmende negotiation show {short} --wait",
            "negotiation.waiting",
        )
    return (
        either(
            "Not concluded yet; the node goes on with it. Look again with:",
            "Noch nicht geschlossen; der Knoten bleibt dran. Wieder nachsehen:",
        )
        + f" allmende negotiation show {short} --wait",
        "negotiation.pending",
    )


def _who(one: Any) -> str:
    return str(one["peer_name"] or one["peer"])


def text(one: Any) -> str:
    """A negotiation as a person reads it."""
    return paragraphs(
        labelled(
            [
                ("negotiation", one["id"]),
                ("peer", _who(one)),
                ("we are", word(one["role"])),
                ("state", one["state"] or either("not yet answered", "noch nicht beantwortet")),
                ("under way", one["pending"]),
                ("dataset", one["dataset"]),
                ("contract", one["contract"]),
                ("replaces the contract", one["replaces"]),
                ("reason", one["reason"] and one["reason"]["sentence"]),
                ("last change", instant(one["updated"])),
                ("version", one["version"]),
                *_decision(one["waiting"]),
            ]
        ),
        bullets("What lies between the two sides", [found["reason"]["sentence"] for found in one["differences"]]),
        bullets("On the table", one["terms"] if one["state"] not in ENDED else ()),
        *(_said(said) for said in one["rounds"] if len(one["rounds"]) > 1),
    )


def _decision(waiting: Any) -> list[tuple[str, Any]]:
    """Who has to decide, by when, and who has."""
    if waiting is None:
        return []
    votes = [f"{vote['operator']} ({instant(vote['at'])}) {vote['reason']}".strip() for vote in waiting["votes"]]
    return [
        ("decision", waiting["sentence"]),
        ("who may", ", ".join(waiting["voters"])),
        ("agreed", "; ".join(votes)),
        ("drafted by", ", ".join(waiting["drafted_by"])),
    ]


def _said(said: Any) -> str:
    at, consumer = instant(said["at"]), said["role"] == "consumer"
    who = either("the consumer" if consumer else "the provider", "der Nehmer" if consumer else "der Geber")
    since = "" if said["current"] else either(" (replaced since)", " (inzwischen ersetzt)")
    return bullets(either(f"{at} {who} said{since}", f"{at} sagte {who}{since}"), said["sentences"])
