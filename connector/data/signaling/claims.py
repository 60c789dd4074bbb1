"""What a control plane says of the counterparty, as facts that policies are judged by.

What lives here: which claim is which left operand. What does not: whether a control plane is to be believed: it has
proved itself, and its operator is ours. Source: Data Plane Signaling 1.0-RC3, `claims`: "the DSP claims of the
counterparty as verified by the control plane"; their names are not defined there.

INVARIANT: a claim becomes a fact only for an operand that is about parties: a control plane cannot say what time it is,
how often something was used, or what a request wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from policies.operands import OPERANDS, Origin, find

_MOST, _LONGEST = 64, 1024
_NAMES: Final[Mapping[str, str]] = {
    iri.replace("#", ":").replace("/", ":").rpartition(":")[2]: iri
    for iri, operand in OPERANDS.items()
    if operand.origin is Origin.CREDENTIAL
}
"""The last part of an operand's IRI -> the operand; for claims that are named shortly."""


def facts(claims: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Left operand IRI -> values. What is neither text, number nor truth, nor a list of these, is left out, and so is
    everything beyond a bound: what is unknown refuses."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in list(claims.items())[:_MOST]:
        left, values = _NAMES.get(name, name), _values(value)
        operand = find(left)
        if values and operand is not None and operand.origin is Origin.CREDENTIAL:
            found[left] = values
    return found


def _values(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for one in value[:_MOST] for text in _values(one) if not isinstance(one, list))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        text = str(value)
        return (text,) if 0 < len(text) <= _LONGEST else ()
    return ()
