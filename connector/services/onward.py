"""Passing on: may data that came under a contract be offered under these terms?

What lives here: the question, asked when an offer is published. What does not: what a duty `nextPolicy` demands
(`policies.prove`). Source: ODRL Vocabulary 2.2, `nextPolicy`: what is passed on must come under terms within those that
the duty states. Where that cannot be shown, it is refused.
"""

from __future__ import annotations

from connector.errors import InputError
from connector.ports import Reading
from connector.protocol.machine import Role
from connector.records import Agreement
from policies import parse, prove
from policies.model import Policy, PolicyKind


def permitted(view: Reading, contract: str, *offered: Policy) -> None:
    """Return if all these terms lie within what the contract says of passing on. Raises `InputError`."""
    received = view.get(Agreement, contract)
    if received is None or received.role != Role.CONSUMER:
        raise InputError("onward.contract", id=contract)
    inbound = parse.from_dsp(received.document, PolicyKind.AGREEMENT)
    for terms in offered:
        proof = prove.passed_on(inbound, terms, {})
        if proof.answer is not prove.Answer.HOLDS:
            problem = ", ".join(dict.fromkeys(reason.code for reason in proof.reasons)) or proof.answer.value
            raise InputError("onward.beyond", id=contract, problem=problem)
