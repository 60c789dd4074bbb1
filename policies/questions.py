"""Questions about policies in words, German or English: "no contract gives personal data for a commercial purpose".

What lives here: reading such a sentence. What does not: answering it (`prove`).

    no contract|agreement|policy|offer gives|permits|allows|shares  WHAT [PART ...] [where CONDITION [and ...]]
    kein(e) Vertrag|Vereinbarung|Policy|Angebot gibt|erlaubt|teilt  WAS [PART ...] [wobei BEDINGUNG [und ...]] [heraus]

WHAT is a class of data (`personal data`), an action (`distribute`), both with a blank between, or `anything`. A PART is
`for a ... purpose` (a purpose by what people call it, or by its name), `to IRI`, `in PLACE` (a key, or the name of a
Land or a state), `before DATE`, `after DATE`. A CONDITION is `OPERAND OPERATOR VALUE` in the words of the short form
(`purpose isA CommercialPurpose`). A sentence of which one word is not understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final, NoReturn

from policies.facts import operand_of
from policies.model import ODRL, Atomic, Constraint, Operator, PolicyError, Reason
from policies.operands import DATE_TIME, OPERANDS, PURPOSE, SPATIAL
from policies.places import from_digits
from policies.short import action_iri, meant, operand_names
from policies.vocabulary import ACTIONS, DPV, LOC, OWN, names

DATA_CLASS: Final = OWN + "dataClass"

_SENTENCE: Final = re.compile(
    r"(?:no (?:contract|agreement|policy|offer) (?:gives|permits|allows|shares)"
    r"|keine? (?:vertrag|vereinbarung|policy|angebot) (?:gibt|erlaubt|teilt))\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_WHERE: Final = re.compile(r"\s+(?:where|wobei)\s+", re.IGNORECASE)
_AND: Final = re.compile(r"\s+(?:and|und)\s+|\s*&\s*", re.IGNORECASE)
_PART: Final = re.compile(r"(?:^|\s+)(for|für|zu|to|an|in|before|vor|after|nach)\s+", re.IGNORECASE)
_FILLING: Final = re.compile(r"an?|any|the|some|of|von|(?:irgend)?eine?[nmrs]?|d(?:er|ie|as|en|em|es)", re.IGNORECASE)
_CLOSING: Final = re.compile(r"\s+(?:heraus|weiter|frei|ab|away|out)$", re.IGNORECASE)
_ENDINGS: Final = re.compile(r"(?:en|er|em|es|e|n|s)$")
_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    ODRL + "distribute": ("Weitergabe", "Weiterverbreitung", "Verteilen", "Veröffentlichung", "distribution"),
    ODRL + "sell": ("Verkauf", "Weiterverkauf", "sale"),
    ODRL + "read": ("Lesen", "reading"),
    DATA_CLASS + ":special": ("besondere personenbezogene Daten", "sensible Daten", "special data", "sensitive data"),
}
"""What people also say for an action or a class of data."""

_ANYTHING: Final = frozenset({"anything", "data", "etwas", "daten", "irgendetwas"})
_SYMBOLS: Final[Mapping[str, Operator]] = {
    "=": Operator.EQ,
    "!=": Operator.NEQ,
    "<": Operator.LT,
    "<=": Operator.LTEQ,
    ">": Operator.GT,
    ">=": Operator.GTEQ,
    **{one.value.casefold(): one for one in Operator},
}
_PLACES: Final[Mapping[str, str]] = {
    name: key
    for key, named in {
        "01": "schleswig-holstein", "02": "hamburg", "03": "niedersachsen lower-saxony", "04": "bremen",
        "05": "nordrhein-westfalen north-rhine-westphalia nrw", "06": "hessen hesse",
        "07": "rheinland-pfalz rhineland-palatinate", "08": "baden-württemberg", "09": "bayern bavaria",
        "10": "saarland", "11": "berlin", "12": "brandenburg", "13": "mecklenburg-vorpommern", "14": "sachsen saxony",
        "15": "sachsen-anhalt saxony-anhalt", "16": "thüringen thuringia",
    }.items()
    for name in named.split()
}  # fmt: skip

Found = tuple[str | None, str | None, tuple[Constraint, ...]]
"""Action, assignee, constraints."""


def read(text: str) -> Found:
    """What must never be permitted: the action, the party (None: any), and the constraints that all hold then.

    Raises `PolicyError` `query.unknown` with the words that are not understood.
    """
    found = _SENTENCE.fullmatch(" ".join(text.strip().rstrip(".").split()))
    if found is None:
        _refuse(text)
    head, *conditions = _WHERE.split(_CLOSING.sub("", found["rest"]))
    what, *parts = _PART.split(head)
    action, constraints = _what(what)
    assignee = None
    for word, value in zip(parts[::2], parts[1::2], strict=True):
        if word.lower() in ("to", "an"):
            assignee = value if ":" in value and " " not in value else _refuse(f"{word} {value}")
        else:
            constraints.append(_part(word.lower(), value))
    constraints += [_condition(one) for listed in conditions for one in _AND.split(listed)]
    return action, assignee, tuple(constraints)


def _refuse(words: str) -> NoReturn:
    raise PolicyError(Reason("query.unknown", {"words": words.strip()[:200]}))


def _what(text: str) -> tuple[str | None, list[Constraint]]:
    """Classes of data and actions, one after the other."""
    action: str | None = None
    constraints: list[Constraint] = []
    words = [word for word in text.split() if not _FILLING.fullmatch(word)]
    if " ".join(words).lower() in _ANYTHING or not words:
        return None, []
    while words:
        size = next((n for n in range(len(words), 0, -1) if _named(words[:n], _subjects())), 0)
        term = _named(words[:size], _subjects())
        if term is None:
            _refuse(" ".join(words))
        if term in ACTIONS and action is None:
            action = term
        elif term not in ACTIONS:
            constraints.append(Atomic(DATA_CLASS, Operator.IS_A, (term,)))
        else:
            _refuse(" ".join(words))
        words = words[size:]
    return action, constraints


def _part(word: str, value: str) -> Constraint:
    match word:
        case "for" | "für" | "zu":
            words = [one for one in value.split() if not _FILLING.fullmatch(one)]
            term = _named(words, _purposes()) or _named([*words[:-1]], _purposes())
            return Atomic(PURPOSE, Operator.IS_A, (term,)) if term else _refuse(f"{word} {value}")
        case "in":
            return Atomic(SPATIAL, Operator.IS_PART_OF, (_place(value),))
        case "before" | "vor":
            return _atom(DATE_TIME, Operator.LT, value)
        case _:
            return _atom(DATE_TIME, Operator.GT, value)


def _place(text: str) -> str:
    state = _states().get(_stems(text.split()))
    if state is not None:
        return state
    try:
        return from_digits(_PLACES.get(text.lower().replace(" ", "-"), text))
    except ValueError:
        _refuse(f"in {text}")


def _condition(text: str) -> Constraint:
    """`OPERAND OPERATOR VALUE`; several values with commas between."""
    parts = text.split(maxsplit=2)
    operator = _SYMBOLS.get(parts[1].casefold()) if len(parts) == 3 else None
    if operator is None:
        _refuse(text)
    return _atom(operand_names().get(parts[0], parts[0]), operator, parts[2])


def _atom(left: str, operator: Operator, text: str) -> Atomic:
    operand = OPERANDS.get(left)
    if operand is None or operator not in operand.operators:
        _refuse(f"{left} {operator} {text}")
    try:
        values = [operand.read(meant(operand, value.strip())) for value in text.split(",")]
    except ValueError:
        _refuse(text)
    found = Atomic(left, operator, tuple(sorted(set(values))))
    assert operand_of(found) is operand
    return found


# --- terms by what people call them -----------------------------------------------------------------------------------


@cache
def _purposes() -> Mapping[tuple[str, ...], str]:
    return dict(_called({iri: said for iri, said in names().items() if iri.startswith(DPV)}))


@cache
def _subjects() -> Mapping[tuple[str, ...], str]:
    known = {iri: names()[iri] for iri in names() if iri in ACTIONS or iri.startswith(DATA_CLASS + ":")}
    return {**dict(_called(known)), **dict(_called(_SAID))}


@cache
def _states() -> Mapping[tuple[str, ...], str]:
    return dict(_called({iri: said for iri, said in names().items() if iri.startswith(LOC)}))


def _called(terms: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], str]]:
    for iri, said in terms.items():
        for name in (*said, re.split(r"[#/:]", iri)[-1]):
            yield _stems(name.split()), iri
            if name.endswith((" data", " Daten")):
                yield _stems(name.split()[:-1]), iri


def _named(words: Iterable[str], table: Mapping[tuple[str, ...], str]) -> str | None:
    found = list(words)
    iri = action_iri(found[0]) if len(found) == 1 else ""
    return iri if iri in table.values() else table.get(_stems(found))


def _stems(words: Iterable[str]) -> tuple[str, ...]:
    """Words without what German inflects."""
    return tuple(_ENDINGS.sub("", word.casefold()) if len(word) > 4 else word.casefold() for word in words)
