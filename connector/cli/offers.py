"""`allmende offer`: assets published under terms; only what is offered can be seen, and only by whom it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from connector.cli.command import Call, Noun
from connector.cli.errors import CommandError
from connector.cli.names import ASSET, CONTRACT, DAYS, FRAME, OFFER, PEER, POLICY, segment
from connector.cli.output import instant, table, tail
from connector.cli.policy.files import FILE, content
from connector.cli.words import either, word

COLUMNS = {
    "short": "offer",
    "asset": "dataset",
    "policy": "policy",
    "outside": "outside these terms",
    "rule": "who agrees",
    "state": "state",
    "published": "published",
    "published_by": "by",
}


@click.group(cls=Noun)
def offer() -> None:
    """Assets published under terms. A request waits for a person, unless a frame contract says otherwise."""


@offer.command(
    "publish",
    examples=[
        "allmende offer publish trees planning --at-once open-data",
        "allmende offer publish counts planning --outside ask --persons 2 --decide-within 7d",
        "allmende offer publish counts planning --bounds limits.toml --at-once open-data",
        "allmende offer publish counts planning --received 5f0c2a91",
    ],
)
@click.argument("asset", type=ASSET)
@click.argument("policy", type=POLICY)
@click.option(
    "--outside",
    type=click.Choice(["counter", "ask", "refuse"]),
    default="counter",
    show_default=True,
    help="What a request outside these terms gets: these terms again, a person's decision, or a refusal.",
)
@click.option(
    "--at-once",
    "frame",
    type=FRAME,
    help="Agree at once, within these terms, to peers that this frame contract covers; see allmende help approval.",
)
@click.option(
    "--persons",
    type=click.IntRange(1, 9),
    default=1,
    show_default=True,
    help="How many people have to agree otherwise; who has published it, or chosen the words, does not count.",
)
@click.option(
    "--decide-within",
    "days",
    type=DAYS,
    default="14d",
    show_default=True,
    help="How long they have (14d, 36h); then the negotiation ends.",
)
@click.option(
    "--bounds",
    type=FILE,
    help="What you would still accept: a policy in the short form. A request outside the terms is answered with the"
    " closest terms within it.",
)
@click.option(
    "--received",
    type=CONTRACT,
    help="The contract under which the data came here: what it says of passing on then has to be kept.",
)
@click.pass_obj
def publish(
    call: Call,
    /,
    asset: str,
    policy: str,
    outside: str,
    frame: str | None,
    persons: int,
    days: float,
    bounds: Path | None,
    received: str | None,
) -> None:
    """Publish ASSET under POLICY, for every peer that the policy does not exclude.

    Without --at-once each contract waits for a person, and never for the one who has published: nobody approves a draft
    of their own. In a small office: allmende operator add NAME --role approver.
    """
    rule = {"persons": persons, "frame": frame, "days": days}
    body = {"asset": asset, "policy": policy, "outside": outside, "approval": rule, **_limits(bounds)}
    body |= {"received": received} if received else {}
    kept = call.remote.post("/offers", body)
    call.answer(
        kept,
        lambda: either(
            f"Published as offer {tail(kept['id'])}: {asset} under {kept['policy']}. Consent: {_rule(kept)}.",
            f"Veröffentlicht als Angebot {tail(kept['id'])}: {asset} unter {kept['policy']}. "
            f"Zustimmung: {_rule(kept)}.",
        ),
    )


def _limits(file: Path | None) -> dict[str, str]:
    """The text of a file of limits; whether it can be used is for the node to say."""
    if file is None:
        return {}
    try:
        return {"bounds": content(file).decode()}
    except UnicodeDecodeError as error:
        raise CommandError(either(f"{file} is no text.", f"{file} ist kein Text."), "file.unreadable") from error


@offer.command("list", examples=["allmende offer list"])
@click.pass_obj
def list_(call: Call) -> None:
    """List the offers, retired ones included."""
    items = call.remote.every("/offers")
    call.answer(
        items,
        lambda: table(
            [_row(one) for one in items],
            COLUMNS,
            "No offers yet. Publish one with: allmende offer publish ASSET POLICY",
        ),
    )


@offer.command("retire", examples=["allmende offer retire 5f0c2a91"])
@click.argument("id", type=OFFER)
@click.pass_obj
def retire(call: Call, id: str) -> None:
    """Take an offer out of the catalogue. Contracts concluded under it stay in force."""
    call.remote.delete(f"/offers/{segment(id)}")
    call.answer(
        {"retired": id},
        lambda: either(
            f"Offer {tail(id)} is no longer published.", f"Das Angebot {tail(id)} ist nicht mehr veröffentlicht."
        ),
    )


@offer.command("send", examples=["allmende offer send 5f0c2a91 nachbarstadt"])
@click.argument("id", type=OFFER)
@click.argument("peer", type=PEER)
@click.pass_obj
def send(call: Call, id: str, peer: str) -> None:
    """Send an offer to a peer without being asked; this begins a negotiation."""
    begun = call.remote.post(f"/offers/{segment(id)}/send", {"peer": peer})
    call.answer(
        begun,
        lambda: either(
            f"Offered to {peer}: negotiation {tail(begun['id'])}.",
            f"{peer} angeboten: Verhandlung {tail(begun['id'])}.",
        ),
    )


def _row(one: Any) -> dict[str, Any]:
    return {
        **one,
        "short": tail(one["id"]),
        "outside": word(one["outside"]),
        "rule": _rule(one),
        "state": word("published" if one["live"] else "retired"),
        "published": instant(one["published"]),
    }


def _rule(one: Any) -> str:
    rule = one["approval"]
    one_person, days = rule["persons"] == 1, f"{rule['days']:g}"
    people = either(
        f"{'one person' if one_person else str(rule['persons']) + ' people'} within {days} days",
        f"{'ein Mensch' if one_person else str(rule['persons']) + ' Menschen'} binnen {days} Tagen",
    )
    if rule["frame"] is None:
        return people
    return either(f"at once under {rule['frame']}, else {people}", f"sofort unter {rule['frame']}, sonst {people}")
