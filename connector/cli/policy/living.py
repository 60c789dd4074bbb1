"""`allmende policy history`, `approve`, `sign`, `retire` and `coverage`: the life of a policy in a node.

What lives here: asking the node, the answer for a person. What does not: who may do what, and what follows
(`connector.services.policies`).
"""

from __future__ import annotations

from typing import Any

import click

from connector.cli.command import Call, Leaf
from connector.cli.names import POLICY, segment
from connector.cli.output import by, instant, labelled, paragraphs, table
from connector.cli.words import either, word

VERSION_COLUMNS = {
    "id": "policy",
    "state": "state",
    "drafted": "drafted",
    "approved_by": "approved by",
    "signed": "signed",
    "signature": "signature",
    "offers": "offers",
    "reason": "reason",
}
HIT_COLUMNS = {
    "rule": "rule",
    "constraint": "constraint",
    "held": "satisfied",
    "failed": "not satisfied",
    "unknown": "unknown",
}
_REASON = click.option("--reason", default="", help="Why; it is kept with the policy and in the log.")


@click.command("history", cls=Leaf, examples=["allmende policy history planning"])
@click.argument("name", type=POLICY)
@click.pass_obj
def history(call: Call, name: str) -> None:
    """Show every version of a policy: who drafted, approved, signed and retired it, and what is offered under it."""
    found = call.remote.get(f"/policies/{segment(name)}/history")
    rows = [
        {
            **one,
            "state": word(one["state"]),
            "signature": signature(one),
            "drafted": by(one["created"], one["created_by"]),
            "approved_by": [vote["operator"] for vote in one["approvals"]],
            "signed": by(one["signed"], one["signed_by"]) if one["signed"] else "",
        }
        for one in found["versions"]
    ]
    call.answer(found, lambda: table(rows, VERSION_COLUMNS, "No versions."))


@click.command(
    "approve",
    cls=Leaf,
    examples=[
        "allmende policy approve planning",
        'allmende policy approve planning@3 --reason "as the council decided"',
    ],
)
@click.argument("name", type=POLICY)
@_REASON
@click.pass_obj
def approve(call: Call, name: str, reason: str) -> None:
    """Agree that a version of a policy may be used. Whoever has drafted it cannot; how many it takes is a setting."""
    one = call.remote.post(f"/policies/{segment(name)}/approve", {"reason": reason})
    call.answer(one, lambda: _standing(one))


@click.command(
    "sign", cls=Leaf, examples=['allmende policy sign planning --reason "Beschluss 2027/114 of the council"']
)
@click.argument("name", type=POLICY)
@_REASON
@click.pass_obj
def sign(call: Call, name: str, reason: str) -> None:
    """Sign a version of a policy with the node's key: what it says, its template and version, and the reason.

    Only a version that nobody has to approve any more is signed.
    """
    one = call.remote.post(f"/policies/{segment(name)}/sign", {"reason": reason})
    call.answer(one, lambda: _standing(one))


@click.command(
    "retire", cls=Leaf, examples=["allmende policy retire planning@1", "allmende policy retire planning --with-offers"]
)
@click.argument("name", type=POLICY)
@click.option("--with-offers", "offers", is_flag=True, help="Also take the offers under it out of the catalogue.")
@_REASON
@click.pass_obj
def retire(call: Call, name: str, offers: bool, reason: str) -> None:
    """Publish nothing more under a version of a policy. Contracts under it stand."""
    one = call.remote.post(f"/policies/{segment(name)}/retire", {"reason": reason, "offers": offers})
    call.answer(one, lambda: _standing(one))


@click.command("coverage", cls=Leaf, examples=["allmende policy coverage planning"])
@click.argument("name", type=POLICY)
@click.pass_obj
def coverage(call: Call, name: str) -> None:
    """Show which rules and constraints of a policy were true and false in accesses since the node started.

    What was never true may be missing in practice, what was never false may be worthless. NAME stands for the contracts
    under all its versions, NAME@VERSION for those under one.
    """
    found = call.remote.get(f"/policies/{segment(name)}/coverage")
    call.answer(
        found,
        lambda: paragraphs(
            labelled(
                [
                    ("policy", found["policy"]),
                    ("since", instant(found["since"])),
                    ("accesses", found["accesses"]),
                    ("not counted", found["left_out"] or None),
                ]
            ),
            table([_in_words(one, call.lang) for one in found["hits"]], HIT_COLUMNS, "No rules."),
        ),
    )


def _in_words(hit: dict[str, Any], lang: str) -> dict[str, Any]:
    """A line of the table with its rule and its constraint in words; what is not known here stays as it is."""
    from policies import clauses, short
    from policies.model import Operator
    from policies.operands import SET_OPERATORS

    kind, _, number = hit["rule"].partition("/")
    rule = f"{word(kind)} {int(number) + 1}" if number.isdecimal() else hit["rule"]
    left, _, rest = hit["constraint"].partition(" ")
    name, _, value = rest.partition(" ")
    try:
        operator = Operator(name)
        values = tuple(value.split(" ")) if operator in SET_OPERATORS else (value,)
        said = clauses.core(short.operand_names().get(left, left), operator, values, lang)
    except ValueError:
        said = hit["constraint"]
    return {**hit, "rule": rule, "constraint": said}


def _standing(one: Any) -> str:
    waits = one["needs"] - len(one["approvals"])
    more = either(f"{waits} more have to approve it", f"{waits} müssen noch zustimmen") if waits > 0 else ""
    return labelled(
        [
            ("policy", one["id"]),
            ("state", word(one["state"])),
            ("approved by", [vote["operator"] for vote in one["approvals"]]),
            ("waits for", more),
            ("signed", by(one["signed"], one["signed_by"]) if one["signed"] else ""),
            ("signature", signature(one)),
            ("SHA-256", one["digest"]),
        ]
    )


def signature(one: Any) -> str:
    """How the node has found its signature on a version; empty where there is none."""
    if one["genuine"] is None:
        return ""
    good = either("genuine, over just this text", "echt, über genau diesen Text")
    return good if one["genuine"] else either("NOT over this text", "NICHT über diesen Text")
