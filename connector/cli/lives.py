"""What a person does about the life of a contract: end it, hold it, amend it, renew it. Part of `allmende contract`.

What lives here: the commands. What does not: whether the terms let a contract end (the node judges), deciding about the
negotiation that an amendment is (`allmende negotiation`).
"""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.names import CONTRACT, segment
from connector.cli.output import tail
from connector.cli.terms import given_terms, with_terms
from connector.cli.words import either


@click.command(
    cls=Leaf,
    examples=[
        "allmende contract end 5f0c2a91 --notice --at 2027-06-30",
        'allmende contract end 5f0c2a91 --by-agreement --reason "the project is over"',
        'allmende contract end 5f0c2a91 --for-cause "data was passed on"',
        "allmende contract end 5f0c2a91 --consent",
    ],
)
@click.argument("id", type=CONTRACT)
@click.option("--notice", is_flag=True, help="Give notice: ends it after the notice period that its terms name.")
@click.option("--by-agreement", is_flag=True, help="Propose an end; it ends when a person of the other side consents.")
@click.option("--for-cause", metavar="REASON", help="End it at once, for this reason.")
@click.option("--consent", is_flag=True, help="Consent to the end that the other side proposes.")
@click.option("--seen", metavar="ID", help="With --consent: only if this proposal is still the one on the table.")
@click.option("--decline", is_flag=True, help="Decline the end that the other side proposes.")
@click.option("--at", metavar="DAY|INSTANT", help="The last day; without it as soon as may be.")
@click.option("--reason", default="", help="Why, for the other side to read.")
@click.pass_obj
def end(call: Call, /, id: str, **given: Any) -> None:
    """End a contract, in one of the ways there are.

    Until the end all goes on as agreed; at the end running transfers are terminated and streams are cut. The other side
    is told, and what it answers is shown by contract show. By notice the period runs from the day on which the other
    side has the notice. Where it cannot be told, the contract ends on this side all the same.
    """
    path, body = _ending(given)
    _act(call, id, path, body)


def _ending(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Path and body of the one way that was chosen. Raises `click.UsageError`."""
    ways = [name for name in ("notice", "by_agreement", "for_cause", "consent", "decline") if given[name]]
    if len(ways) != 1:
        raise click.UsageError(
            either(
                "Choose one of --notice, --by-agreement, --for-cause REASON, --consent and --decline.",
                "Wählen Sie eines: --notice, --by-agreement, --for-cause GRUND, --consent oder --decline.",
            )
        )
    [way] = ways
    if given["at"] and way not in ("notice", "by_agreement"):
        raise click.UsageError(
            either("--at goes with --notice and --by-agreement.", "--at gehört zu --notice und --by-agreement.")
        )
    if given["reason"] and way in ("for_cause", "consent"):
        raise click.UsageError(
            either(
                "--reason goes with --notice, --by-agreement and --decline.",
                "--reason gehört zu --notice, --by-agreement und --decline.",
            )
        )
    at = {"at": given["at"]} if given["at"] else {}
    if given["seen"] and way != "consent":
        raise click.UsageError("--seen goes with --consent.")
    match way:
        case "consent":
            return "consent", {"seen": given["seen"]} if given["seen"] else {}
        case "decline":
            return "decline", {"reason": given["reason"]}
        case "for_cause":
            return "end", {"how": "cause", "reason": given["for_cause"]}
        case _:
            how = "notice" if way == "notice" else "agreement"
            return "end", {"how": how, "reason": given["reason"], **at}


@click.command(cls=Leaf, examples=['allmende contract hold 5f0c2a91 --reason "an access looks odd"'])
@click.argument("id", type=CONTRACT)
@click.option("--reason", default="", help="Why; the other side reads it where a transfer is suspended.")
@click.pass_obj
def hold(call: Call, id: str, reason: str) -> None:
    """Stop the data of a contract at once without ending it: streams are cut, transfers suspended, nothing begins."""
    _act(call, id, "hold", {"reason": reason})


@click.command(cls=Leaf, examples=["allmende contract release 5f0c2a91"])
@click.argument("id", type=CONTRACT)
@click.pass_obj
def release(call: Call, id: str) -> None:
    """Let a held contract go on, whoever or whatever has held it; what was suspended with it is resumed."""
    _act(call, id, "release", {})


@click.command(cls=Leaf, examples=["allmende contract amend 5f0c2a91 --count 500"])
@click.argument("id", type=CONTRACT)
@with_terms
@click.pass_obj
def amend(call: Call, /, id: str, **given: Any) -> None:
    """Negotiate a contract that takes the place of this one: its terms, with those given here in place.

    Either side may begin; the other side's people decide as about any request or offer. Until it is concluded this one
    goes on. Then this one ends, its running transfers with it, and uses are counted anew.
    """
    _begin(call, id, given_terms(**given))


@click.command(cls=Leaf, examples=["allmende contract renew 5f0c2a91 --until 2028-12-31"])
@click.argument("id", type=CONTRACT)
@click.option("--until", required=True, metavar="DAY|INSTANT", help="The new last day of use.")
@click.pass_obj
def renew(call: Call, id: str, until: str) -> None:
    """Negotiate the same contract again, until another day; see contract amend."""
    _begin(call, id, {"until": until})


def _begin(call: Call, id: str, terms: dict[str, Any]) -> None:
    if not terms:
        raise click.UsageError(either("Say what is to change.", "Sagen Sie, was sich ändern soll."))
    begun = call.remote.post(f"/contracts/{segment(id)}/amend", {"terms": terms})
    short = tail(begun["negotiation"])
    call.answer(
        begun,
        lambda: (
            either(
                f"Negotiation {short} has begun. See how it goes: ", f"Die Verhandlung {short} hat begonnen. Ansehen: "
            )
            + f"allmende negotiation show {short} --wait"
        ),
    )


def _act(call: Call, id: str, path: str, body: dict[str, Any]) -> None:
    life = call.remote.post(f"/contracts/{segment(id)}/{path}", body)
    call.answer(life, lambda: "\n".join(state["sentence"] for state in life["states"]))
