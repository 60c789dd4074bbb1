"""`allmende negotiate` and `allmende negotiation`: asking, waiting, answering.

A negotiation goes on by itself in the node; waiting for it is only looking. `--wait` ends when the negotiation has
ended, or when a person has to decide.
"""

from __future__ import annotations

import time
from typing import Any

import click

from connector.cli.catalogs import dataset_id
from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import NEGOTIATION, PEER, segment
from connector.cli.output import bullets, instant, labelled, paragraphs, remark, table, tail
from connector.cli.terms import given_terms, with_terms

COLUMNS = {
    "short": "negotiation",
    "who": "peer",
    "role": "we are",
    "state": "state",
    "dataset": "dataset",
    "updated": "last change",
}
ENDED = ("FINALIZED", "TERMINATED")
OURS = {("consumer", "OFFERED"), ("provider", "REQUESTED")}
"""Where this side has to move, and does so by itself unless a person has to decide."""

POLL = 20.0
"""Longest long poll, in seconds."""


@click.command(
    cls=Noun.command_class,
    examples=[
        "allmende negotiate nachbarstadt trees --wait",
        "allmende negotiate nachbarstadt trees --purpose PublicPolicyMaking --until 2027-12-31 --wait",
    ],
)
@click.argument("peer", type=PEER)
@click.argument("dataset")
@click.option("--offer", help="Which of several offers for the dataset, by id.")
@with_terms
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused, or a person has to decide.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def negotiate(
    call: Call, /, peer: str, dataset: str, offer: str | None, wait: bool, timeout: float, **given: Any
) -> None:
    """Ask PEER for DATASET: on the terms of its offer, or on the terms given here.

    DATASET is its id, the end of its id, or its title. Terms given replace those of the same kind in the offer. With
    --wait the exit status is 0 only where a contract came of it.
    """
    body: dict[str, Any] = {"peer": peer, "dataset": dataset_id(call, peer, dataset)}
    if offer:
        body["offer"] = offer
    if terms := given_terms(**given):
        body["terms"] = terms
    begun = call.remote.post("/negotiations", body)
    _follow(call, begun, wait, timeout)


@click.group(cls=Noun)
def negotiation() -> None:
    """Negotiations under way or past, on either side. An id may be shortened to its last eight characters."""


@negotiation.command(
    "list", examples=["allmende negotiation list", "allmende negotiation list --state REQUESTED --role provider"]
)
@click.option("--state", help="Only those in this state.")
@click.option("--role", type=click.Choice(["provider", "consumer"]), help="Only those where this node is that.")
@click.option("--peer", type=PEER, help="Only those with this peer.")
@click.pass_obj
def list_(call: Call, /, **which: str | None) -> None:
    """List the negotiations."""
    items = call.remote.every("/negotiations", **which)
    rows = [{**one, "short": tail(one["id"]), "who": _who(one), "updated": instant(one["updated"])} for one in items]
    call.answer(items, lambda: table(rows, COLUMNS, "No negotiations."))


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


@negotiation.command("accept", examples=["allmende negotiation accept 5f0c2a91 --wait"])
@click.argument("id", type=NEGOTIATION)
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.option("--seen", type=int, metavar="VERSION", help="Only if nothing has changed since this version was shown.")
@click.pass_obj
def accept(call: Call, id: str, wait: bool, timeout: float, seen: int | None) -> None:
    """Accept what the peer offered last. Only for the side that asked."""
    _command(call, id, "accept", {"version": seen}, wait, timeout)


@negotiation.command("agree", examples=["allmende negotiation agree 5f0c2a91"])
@click.argument("id", type=NEGOTIATION)
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.option("--seen", type=int, metavar="VERSION", help="Only if nothing has changed since this version was shown.")
@click.pass_obj
def agree(call: Call, id: str, wait: bool, timeout: float, seen: int | None) -> None:
    """Agree to what the peer asked last, also outside the published terms. Only for the side that offers."""
    _command(call, id, "agree", {"version": seen}, wait, timeout)


@negotiation.command("counter", examples=["allmende negotiation counter 5f0c2a91 --until 2026-12-31 --count 10"])
@click.argument("id", type=NEGOTIATION)
@with_terms
@click.option("--wait", is_flag=True, help="Wait until it is concluded or refused, or a person has to decide.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to --wait.")
@click.pass_obj
def counter(call: Call, /, id: str, wait: bool, timeout: float, **given: Any) -> None:
    """Answer with other terms. Those given replace the same kind in what lies on the table."""
    terms = given_terms(**given)
    if not terms:
        raise click.UsageError("Say at least one term, for example --until 2026-12-31")
    _command(call, id, "counter", {"terms": terms}, wait, timeout)


@negotiation.command("terminate", examples=["allmende negotiation terminate 5f0c2a91 --reason 'No longer needed'"])
@click.argument("id", type=NEGOTIATION)
@click.option("--reason", default="", help="Why, for the peer to read.")
@click.pass_obj
def terminate(call: Call, id: str, reason: str) -> None:
    """End a negotiation without a contract."""
    done = call.remote.post(f"/negotiations/{segment(id)}/terminate", {"reason": reason})
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
        sentence = (
            f"Stopped waiting; negotiation {short} goes on. Look at it: allmende negotiation show {short}. "
            f"End it: allmende negotiation terminate {short}"
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
    return one["state"] in ENDED or (not one["pending"] and (one["role"], one["state"]) in OURS)


def _unfinished(one: Any) -> tuple[str, str]:
    short = tail(one["id"])
    if one["state"] == "TERMINATED":
        why = one["reason"]["sentence"] if one["reason"] else "no reason was given"
        return f"No contract: {why}", one["reason"]["code"] if one["reason"] else "negotiation.terminated"
    if (one["role"], one["state"]) == ("consumer", "OFFERED"):
        return (
            f"{_who(one)} offers other terms. Accept them with: "
            f"allmende negotiation accept {short} --seen {one['version']}",
            "negotiation.offered",
        )
    if (one["role"], one["state"]) == ("provider", "REQUESTED"):
        return (
            f"It is for you to decide: allmende negotiation agree {short} --seen {one['version']} "
            "(or counter, terminate)",
            "negotiation.requested",
        )
    return (
        f"Not concluded yet; the node goes on with it. Look again with: allmende negotiation show {short} --wait",
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
                ("we are", one["role"]),
                ("state", one["state"] or "not yet answered"),
                ("under way", one["pending"]),
                ("dataset", one["dataset"]),
                ("contract", one["contract"]),
                ("reason", one["reason"] and one["reason"]["sentence"]),
                ("last change", instant(one["updated"])),
                ("version", one["version"]),
            ]
        ),
        bullets("What lies between the two sides", [found["reason"]["sentence"] for found in one["differences"]]),
    )
