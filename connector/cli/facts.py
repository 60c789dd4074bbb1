"""Facts as people type them on the command line: `OPERAND=VALUE`, by short names, checked before anything is sent.

What lives here: finding the operand and reading the value, with what may have been meant where there is no such thing.
What does not: who may state which fact (the gate), what a value means (`policies.operands`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from connector.cli.errors import CommandError
from connector.cli.words import either

if TYPE_CHECKING:
    from policies.model import Reason
    from policies.operands import Operand


def pair(text: str) -> tuple[str, str]:
    """Both sides of NAME=VALUE. Raises `click.UsageError`."""
    left, mark, right = text.partition("=")
    if not mark:
        raise click.UsageError(
            either(f"{text!r} names no value; say NAME=VALUE.", f"{text!r} nennt keinen Wert; sagen Sie NAME=VALUE.")
        )
    return left.strip(), right.strip()


def unreadable(reason: Reason) -> CommandError:
    """A purpose or a place that nobody knows, as a failure of the command, with what may have been meant."""
    from connector.sentences import Language, sentence

    language: Language = "de" if either("en", "de") == "de" else "en"
    return CommandError(sentence(reason, language), reason.code, reason.params)


def stated(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of each operand, by its IRI. Raises `click.UsageError` for an operand or value that cannot be read."""
    found: dict[str, tuple[str, ...]] = {}
    for left, value in map(pair, texts):
        iri, canonical = _fact(left, value)
        found[iri] = (*found.get(iri, ()), canonical)
    return found


def action(name: str) -> str:
    """The IRI of an action, by its name or as it is. Raises `click.UsageError`."""
    from policies import meaning, short

    iri = short.action_iri(name.removeprefix("odrl:"))
    if ":" not in iri:
        raise click.UsageError(
            _unknown(f"There is no action {name!r}", f"Eine Handlung {name!r} gibt es nicht", meaning.actions(name))
        )
    return iri


def _fact(left: str, value: str) -> tuple[str, str]:
    from policies import meaning, operands, short

    iri = short.operand_names().get(left.removeprefix("odrl:"), left)
    operand = operands.find(iri)
    if operand is None:
        if ":" in iri:
            return iri, value
        raise click.UsageError(
            _unknown(f"There is no operand {left!r}", f"Einen Operanden {left!r} gibt es nicht", meaning.operands(left))
        )
    text = short.meant(operand, value)
    try:
        operand.fact(text)
    except ValueError as wrong:
        raise click.UsageError(_unreadable(operand, value)) from wrong
    return iri, text


def _unreadable(operand: Operand, value: str) -> str:
    from policies import meaning

    en, de = meaning.form(operand, value)[::-1]
    return either(f"{value!r} is no value of {operand.name}. {en}", f"{value!r} ist kein Wert für {operand.name}. {de}")


def _unknown(en: str, de: str, near: Sequence[str]) -> str:
    meant = ", ".join(near)
    return either(en, de) + (either(f"; did you mean {meant}?", f"; meinten Sie {meant}?") if near else ".")
