"""One atomic constraint as one phrase, and the phrase back as the constraint.

What lives here: filling the registry's phrases in, finding which constraint a phrase states, the general form for what
has no phrase of its own. What does not: values (`saying`), the structure of a policy (`controlled`).

INVARIANT: a phrase is written only where exactly one constraint can be read from it; else the general form is, which
names the operand in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from policies import saying
from policies.model import Atomic, Operator
from policies.operands import OPERANDS, SET_OPERATORS, find
from policies.saying import ITEM, Both, pick

OPERATORS: Final[Mapping[Operator, Both]] = {
    Operator.EQ: ("genau", "exactly"),
    Operator.NEQ: ("nicht", "not"),
    Operator.LT: ("kleiner als", "less than"),
    Operator.LTEQ: ("höchstens", "at most"),
    Operator.GT: ("größer als", "greater than"),
    Operator.GTEQ: ("mindestens", "at least"),
    Operator.IS_A: ("von der Art", "of the kind"),
    Operator.HAS_PART: ("umfasst", "includes"),
    Operator.IS_PART_OF: ("innerhalb von", "within"),
    Operator.IS_ALL_OF: ("alle von", "all of"),
    Operator.IS_ANY_OF: ("eines von", "one of"),
    Operator.IS_NONE_OF: ("keines von", "none of"),
}
"""Operators in the general form."""

_WORDS: Final[Mapping[str, Both]] = {
    "operand": ("Angabe", "Property"),
    "reference": ("der Wert unter", "the value at"),
    "nothing": ("ohne Wert", "no value"),
    "unit": ("Einheit", "unit"),
    "datatype": ("Datentyp", "datatype"),
    "status": ("bisher", "so far"),
}
_EXTRAS: Final = ("unit", "datatype", "status")


def write(atom: Atomic, lang: str) -> str:
    """The phrase for a constraint; `read` makes the same constraint of it, without its id."""
    said = _phrase(atom, lang)
    if said is not None and len(_candidates(said, lang)) == 1:
        return said
    return _general(atom, lang)


def read(text: str, lang: str) -> Atomic:
    """The constraint that a phrase states. Raises `ValueError` where it states none, or several."""
    found = _candidates(text, lang)
    if len(found) != 1:
        raise ValueError("not one constraint")
    return found[0]


def core(left: str, operator: Operator, right: tuple[str, ...], lang: str) -> str:
    """The phrase for an operator and its values alone."""
    return write(Atomic(left, operator, right), lang)


# --- writing ----------------------------------------------------------------------------------------------------------


def _phrase(atom: Atomic, lang: str) -> str | None:
    operand = find(atom.left)
    if operand is None or atom.operator not in operand.clauses:
        return None
    before, after = _halves(pick(operand.clauses[atom.operator], lang))
    return f"{before}{_values(atom, lang)}{after}{_extras(atom, lang)}"


def _general(atom: Atomic, lang: str) -> str:
    lead = f"{_word('operand', lang)} {saying.name(atom.left, lang)}, {pick(OPERATORS[atom.operator], lang)}: "
    return f"{lead}{_values(atom, lang)}{_extras(atom, lang)}"


def _values(atom: Atomic, lang: str) -> str:
    if atom.reference:
        return f"{_word('reference', lang)} {saying.name(atom.reference, lang)}"
    return ", ".join(saying.value(atom.left, one, lang) for one in atom.right) or _word("nothing", lang)


def _extras(atom: Atomic, lang: str) -> str:
    said = ((part, getattr(atom, part)) for part in _EXTRAS)
    return "".join(f" – {_word(part, lang)}: {saying.name(text, lang)}" for part, text in said if text)


def _word(key: str, lang: str) -> str:
    return pick(_WORDS[key], lang)


# --- reading ----------------------------------------------------------------------------------------------------------


def _candidates(text: str, lang: str) -> tuple[Atomic, ...]:
    """Every constraint that is said like this."""
    return tuple(dict.fromkeys(_stated(text, lang)))


def _stated(text: str, lang: str) -> Iterator[Atomic]:
    found = _tail(lang).fullmatch(text)
    if found is None:
        return
    main = found["main"]
    extras = {part: saying.unname(found[part]) or "" for part in _EXTRAS if found[part]}
    for left, operator, before, after in _phrases(saying.german(lang)):
        if main.startswith(before) and main.endswith(after) and len(main) > len(before) + len(after):
            for atom in _heard(left, operator, main[len(before) : len(main) - len(after)], extras, lang):
                if all(_canonical(left, one) for one in atom.right):
                    yield atom
    if (general := _lead(lang).fullmatch(main)) is not None:
        named = saying.unname(general["left"])
        operator = {pick(both, lang): one for one, both in OPERATORS.items()}[general["operator"]]
        if named is not None:
            for atom in _heard(named, operator, general["values"], extras, lang):
                if all(_canonical(named, one) is not False for one in atom.right):
                    yield atom


def _heard(left: str, operator: Operator, said: str, extras: Mapping[str, str], lang: str) -> Iterator[Atomic]:
    reference = _word("reference", lang) + " "
    if said.startswith(reference):
        name = saying.unname(said.removeprefix(reference))
        if name:
            yield Atomic(left, operator, (), reference=name, **extras)
    elif said == _word("nothing", lang):
        yield Atomic(left, operator, (), **extras)
    else:
        parts = _parts(said) if operator in SET_OPERATORS else [said]
        right = [saying.hear(left, part, lang) for part in parts]
        known = tuple(one for one in right if one is not None)
        if len(known) == len(right):
            yield Atomic(left, operator, known, **extras)


def _canonical(left: str, text: str) -> bool | None:
    """Is the text the canonical one of a value? None where it is no value of the operand, or nobody knows."""
    operand = find(left)
    if operand is None:
        return None
    try:
        if operand.read(operand.write(text)[0]) == text:
            return True
    except (ValueError, OverflowError, KeyError):
        pass
    try:
        operand.read(text)
    except (ValueError, OverflowError, KeyError):
        return None
    return False


def _parts(said: str) -> list[str]:
    """The values of a list: what commas separate, outside of quotes and brackets."""
    parts, depth, quoted, escaped, start = [], 0, False, False, 0
    for n, c in enumerate(said):
        if quoted:
            quoted, escaped = escaped or c not in "“”", c == "\\" and not escaped
        elif c in "„“":
            quoted, escaped = True, False
        elif c in "()":
            depth += 1 if c == "(" else -1
        elif depth == 0 and said.startswith(", ", n):
            parts.append(said[start:n])
            start = n + 2
    return [*parts, said[start:]]


@lru_cache(maxsize=2)
def _phrases(in_german: bool) -> tuple[tuple[str, Operator, str, str], ...]:
    """Every phrase of the registry: operand, operator, what stands before the values, and behind them."""
    return tuple(
        (operand.iri, operator, *_halves(both[0 if in_german else 1]))
        for operand in OPERANDS.values()
        for operator, both in operand.clauses.items()
    )


def _halves(template: str) -> tuple[str, str]:
    before, _, after = template.partition("{}")
    return before, after


@lru_cache(maxsize=8)
def _tail(lang: str) -> re.Pattern[str]:
    extras = "".join(f"(?: – {_word(part, lang)}: (?P<{part}>{ITEM}))?" for part in _EXTRAS)
    return re.compile(f"(?P<main>.+?){extras}")


@lru_cache(maxsize=8)
def _lead(lang: str) -> re.Pattern[str]:
    operators = "|".join(re.escape(pick(both, lang)) for both in OPERATORS.values())
    return re.compile(f"{_word('operand', lang)} (?P<left>{ITEM}), (?P<operator>{operators}): (?P<values>.+)")
