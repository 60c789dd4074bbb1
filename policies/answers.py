"""Answers to the questions of templates: what may be said to each kind of question, and how it stands in the file.

What lives here: checking an answer with a plain error, writing it as a TOML value. What does not: the questions
(`template`), values of policies (`operands`). An answer becomes one quoted TOML value, or a list of them: what somebody
types is never more than a value of the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from policies import calendars, durations, instants, rates
from policies.model import PolicyError, Reason
from policies.taxonomy import read_iri
from policies.vocabulary import DPV, PURPOSES
from policies.vocabulary.law import GDPR, LEGAL_BASES


class Kind(StrEnum):
    """What sort of answer a question wants."""

    IRI = "iri"
    WORD = "word"
    """One word: a name, a media type, an address."""

    FIELDS = "fields"
    """Names of columns or JSON paths, separated by commas."""

    NUMBER = "number"
    DATE = "date"
    PERIOD = "period"
    RATE = "rate"
    SEASON = "season"
    PURPOSES = "purposes"
    """Names or IRIs of purposes, separated by commas."""

    BASIS = "basis"


_LONGEST: Final = 500
_WORD = re.compile(r"\S+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def toml(kind: Kind, key: str, answer: str, least: int | None = None, most: int | None = None) -> str:
    """The answer as a TOML value: one text, one number, one day, or a list. `least` and `most` bound a number.

    Raises `PolicyError` `template.KIND` with the answer, `template.range` for a number out of bounds, `template.long`.
    """
    if len(answer) > _LONGEST:
        raise _refused("template.long", key, answer, limit=str(_LONGEST))
    several = kind in (Kind.FIELDS, Kind.PURPOSES)
    values = [one for one in re.split(r"[,\s]+", answer) if one] if several else [answer]
    if not values or not all(_reads(kind, one) for one in values):
        raise _refused(_CODES[kind], key, answer)
    if kind is Kind.NUMBER:
        low, high = least or 0, 10**12 if most is None else most
        if not low <= int(answer) <= high:
            raise _refused("template.range", key, answer, least=str(low), most=str(high))
        return str(int(answer))
    if kind is Kind.DATE:
        return answer
    said = [quoted(value) for value in dict.fromkeys(values)]
    return said[0] if len(said) == 1 else f"[{', '.join(said)}]"


def not_before(key: str, answer: str, other: str, bound: str) -> None:
    """The day `answer` comes no earlier than the day `bound`, both days. Raises `PolicyError` `template.early`."""
    if answer < bound:
        raise _refused("template.early", key, answer, other=other, bound=bound)


def _refused(code: str, key: str, answer: str, **params: str) -> PolicyError:
    return PolicyError(Reason(code, {"key": key, "value": answer[:200], **params}), f"/{key}")


def quoted(value: str) -> str:
    """A text as a basic string of TOML."""
    # A basic string of TOML escapes as JSON does; of control characters JSON leaves DEL alone.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _reads(kind: Kind, value: str) -> bool:
    try:
        _READ[kind](value)
    except (ValueError, OverflowError):
        return False
    return True


def _word(value: str) -> None:
    """Raises `ValueError`."""
    if not _WORD.fullmatch(value) or not value.isprintable():
        raise ValueError("not one word")


def _number(value: str) -> None:
    """Raises `ValueError`."""
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        raise ValueError("not a whole number")


def _day(value: str) -> None:
    """Raises `ValueError`."""
    if not _DATE.fullmatch(value):
        raise ValueError("not a day")
    instants.read(value)


def _period(value: str) -> None:
    """Raises `ValueError`."""
    if durations.length(durations.read(value)) == (0, 0):
        raise ValueError("no time at all")


def _purpose(value: str) -> None:
    """Raises `ValueError`."""
    if value not in PURPOSES and value.removeprefix("dpv:") not in PURPOSES:
        read_iri(value)
        if value.startswith(DPV):
            _purpose(value.removeprefix(DPV))


def _basis(value: str) -> None:
    """Raises `ValueError`."""
    if value.removeprefix(GDPR) not in LEGAL_BASES:
        raise ValueError("not a legal basis")


_READ: Final[Mapping[Kind, Callable[[str], object]]] = {
    Kind.IRI: read_iri,
    Kind.WORD: _word,
    Kind.FIELDS: _word,
    Kind.NUMBER: _number,
    Kind.DATE: _day,
    Kind.PERIOD: _period,
    Kind.RATE: rates.read,
    Kind.SEASON: calendars.SEASONS.read,
    Kind.PURPOSES: _purpose,
    Kind.BASIS: _basis,
}
_CODES: Final[Mapping[Kind, str]] = {
    Kind.IRI: "template.iri",
    Kind.WORD: "template.word",
    Kind.FIELDS: "template.word",
    Kind.NUMBER: "template.number",
    Kind.DATE: "template.date",
    Kind.PERIOD: "template.period",
    Kind.RATE: "template.rate",
    Kind.SEASON: "template.season",
    Kind.PURPOSES: "template.purpose",
    Kind.BASIS: "template.basis",
}
